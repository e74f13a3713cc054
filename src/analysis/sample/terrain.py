"""The lie of the land: coast, harbour, islands, hills, limits, and where people live.

Everything is in drawing units of 700 metres east (x) and north (y) of longitude −128,
latitude 33: a few corner points drawn by hand, smoothed and roughened here. The
sea lies to the west and south. A long bay ends at a headland; east of the headland
the harbour cuts into the land, with a port island in it and downtown at its head.
A range of hills without residents separates the basin from the valley in the north.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from shapely.geometry import Polygon

from analysis.sample.randomness import Flags, Floats, stream

# South-east to north-west, land on the right hand.
_COAST = (
    (37.0, -25.0), (32.0, -23.0), (27.6, -22.8), (24.6, -20.8), (24.4, -18.0),
    (22.6, -16.4), (20.8, -17.8), (20.4, -20.4), (16.5, -20.8),
    (11.5, -18.6), (7.6, -18.4), (4.6, -16.8), (3.4, -13.8), (3.0, -10.8), (1.6, -8.4), (-0.6, -7.9), (-2.0, -10.2),
    (-2.6, -13.6), (-5.0, -16.6), (-9.0, -19.6), (-13.6, -21.0), (-18.2, -19.8), (-19.6, -16.8), (-17.4, -14.0),
    (-13.6, -11.6), (-11.6, -8.2), (-12.6, -4.4), (-15.8, -1.4), (-20.0, 0.6), (-24.6, 1.4), (-28.6, 3.2),
    (-30.6, 7.0), (-30.2, 11.6), (-32.4, 15.6), (-31.4, 20.6), (-33.8, 25.0),
)  # fmt: skip
# The county line inland: surveyed straight, with one crest in the north-east.
_INLAND = ((-31.0, 25.6), (-14.0, 25.6), (-14.0, 27.2), (4.0, 27.2), (8.0, 28.6), (15.0, 27.0), (21.0, 27.4),
           (26.0, 24.0), (29.0, 23.0), (31.5, 18.0), (33.6, 14.0), (34.0, 6.0), (32.5, 6.0), (32.5, -8.0), (35.5, -8.0),
           (35.5, -16.0))  # fmt: skip
_PORT_ISLAND = ((0.2, -11.4), (1.4, -11.2), (2.0, -13.0), (2.2, -14.8), (0.8, -15.6), (-0.8, -14.8), (-0.6, -13.0))
_FAR_ISLAND = ((-31.8, -12.6), (-29.0, -11.4), (-26.2, -12.8), (-25.0, -15.6), (-26.8, -16.8), (-28.4, -15.0),
               (-31.0, -15.2))  # fmt: skip
_ISLET = ((-24.0, -18.2), (-23.0, -18.0), (-22.7, -18.9), (-23.6, -19.2))

# The range between basin and valley, a ridge over the headland, a rough corner in the north-east.
_PRESERVE = ((-29.4, 9.6), (-24.0, 10.6), (-17.0, 9.8), (-10.0, 10.4), (-4.6, 9.2), (-3.4, 7.6), (-8.0, 6.4),
             (-14.0, 6.9), (-20.0, 6.0), (-26.6, 6.0))  # fmt: skip
_CITY_PARK = ((1.6, 7.6), (4.4, 8.2), (5.6, 6.4), (4.2, 4.6), (1.8, 5.2))
_RANGE_PARK = ((13.0, 22.6), (20.5, 23.6), (28.5, 20.4), (31.5, 13.0), (26.5, 14.6), (20.0, 18.4))
_AIRPORT = ((-12.2, -4.2), (-8.8, -3.6), (-8.2, -5.4), (-11.4, -6.2))
_CITY = (
    (5.6, -22.0), (6.6, -14.0), (8.8, -10.4), (11.6, -7.4), (12.4, -2.6), (10.8, 2.2), (12.0, 6.4), (9.8, 11.4),
    (12.4, 15.4), (10.2, 20.2), (3.0, 23.4), (-6.0, 24.0), (-14.0, 23.2), (-20.6, 21.0), (-23.8, 15.0),
    (-22.4, 9.4), (-27.0, 8.4), (-34.0, 8.0), (-34.0, -3.0), (-22.0, -4.0), (-15.0, -6.0), (-12.6, -9.0),
    (-9.0, -10.6), (-6.6, -12.4), (-4.4, -14.8), (-4.0, -22.0),
)  # fmt: skip
# A town that the city grew around and never annexed.
_ENCLAVE = ((-10.4, 3.0), (-7.0, 3.6), (-5.2, 1.8), (-6.6, -0.4), (-9.6, 0.2))

# Where people live: x, y, people a square unit at the centre, reach in units.
_CENTRES = (
    (-0.4, -4.6, 11500.0, 3.0), (-5.5, -2.0, 7000.0, 4.5), (4.5, -1.0, 6500.0, 4.5), (7.0, -12.5, 5600.0, 3.2),
    (-17.0, 3.2, 5200.0, 3.4), (-9.0, 16.0, 4600.0, 6.0), (3.0, 17.0, 4200.0, 5.0), (16.0, -5.0, 4800.0, 5.5),
    (18.0, -16.0, 5600.0, 4.6), (20.0, 6.0, 3600.0, 6.0), (-10.5, -14.0, 2600.0, 4.0), (-27.0, 17.0, 2200.0, 4.0),
)  # fmt: skip

DOWNTOWN = (-0.4, -4.6)
METRES = 700.0
"""Metres in one drawing unit."""


@dataclass(frozen=True)
class Terrain:
    """Outlines in drawing units; ``land`` is the mainland, then the islands, largest first."""

    land: tuple[Polygon, ...]
    city: Polygon
    preserves: tuple[Polygon, ...]
    airport: Polygon
    port: Polygon


@cache
def terrain() -> Terrain:
    """The invented coast and everything laid out on it."""
    coast = _rough(_smooth(_COAST, closed=False), "coast", 0.32)
    mainland = Polygon([*coast, *_INLAND])
    islands = [Polygon(_rough(_smooth(ring, closed=True), name, 0.14)) for name, ring in _islands()]
    city = Polygon(_smooth(_CITY, closed=True)).difference(Polygon(_smooth(_ENCLAVE, closed=True)))
    parks = (("preserve", _PRESERVE), ("city park", _CITY_PARK), ("range park", _RANGE_PARK))
    return Terrain(
        land=(mainland, *islands),
        city=city,
        preserves=tuple(Polygon(_rough(_smooth(ring, closed=True), name, 0.4)) for name, ring in parks),
        airport=Polygon(_AIRPORT),
        port=islands[1],
    )


def _islands() -> tuple[tuple[str, tuple[tuple[float, float], ...]], ...]:
    return (("far island", _FAR_ISLAND), ("port island", _PORT_ISLAND), ("islet", _ISLET))


def inside(polygon: Polygon, points: Floats) -> Flags:
    """Which points, rows of x and y, lie in the polygon."""
    flags: Flags = shapely.contains_xy(polygon, points[:, 0], points[:, 1])
    return flags


def density(points: Floats) -> Floats:
    """People a square drawing unit at each point, as the hills, the parks and the centres make it."""
    people = np.full(len(points), 240.0)
    for x, y, peak, reach in _CENTRES:
        distance = np.hypot(points[:, 0] - x, points[:, 1] - y)
        people = people + peak * np.exp(-0.5 * (distance / reach) ** 2)
    rim = np.hypot(points[:, 0] + 2.0, points[:, 1] - 0.0)
    people = people + 1900.0 / (1.0 + np.exp((rim - 24.0) / 2.5))
    return np.where(special_use(points) == "", people, 0.0)


def special_use(points: Floats) -> np.ndarray:
    """``preserve``, ``park``, ``range``, ``airport`` or ``port`` where nobody lives, else empty text."""
    ground = terrain()
    use = np.full(len(points), "", dtype="<U8")
    for name, polygon in zip(("preserve", "park", "range"), ground.preserves, strict=True):
        use[inside(polygon, points)] = name
    use[inside(ground.airport, points)] = "airport"
    use[inside(ground.port, points)] = "port"
    return use


def _smooth(corners: tuple[tuple[float, float], ...], *, closed: bool, steps: int = 12) -> Floats:
    """A curve through the corners (Catmull–Rom)."""
    points = np.array(corners)
    if closed:
        points = np.vstack([points[-1:], points, points[:2]])
    else:
        points = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.arange(steps)[:, None] / steps
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(points, points[1:], points[2:], points[3:], strict=False)
    ]
    curve: Floats = np.vstack(pieces if closed else [*pieces, points[-2:-1]])
    return curve


def _rough(curve: Floats, name: str, height: float) -> Floats:
    """The curve pushed sideways by waves of several lengths, so that it looks washed by water."""
    step = np.diff(curve, axis=0, append=curve[-1:])
    step[-1] = step[-2]
    length = np.cumsum(np.hypot(step[:, 0], step[:, 1]))
    normal = np.stack([-step[:, 1], step[:, 0]], axis=1) / np.hypot(step[:, 0], step[:, 1])[:, None]
    draw = stream(name)
    push = np.zeros(len(curve))
    for wave in (9.0, 4.6, 2.3, 1.2):
        push += height * (wave / 9.0) ** 0.8 * np.sin(2 * np.pi * (length / wave + draw.random()))
    # Both ends stay where they are drawn: there the curve meets another line.
    fade = np.minimum(1.0, np.minimum(length, length[-1] - length) / 1.5)
    pushed: Floats = curve + normal * (push * fade)[:, None]
    return pushed
