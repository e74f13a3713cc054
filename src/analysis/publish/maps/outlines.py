"""Shapes as small integer paths: projected, simplified without gaps, put on a grid, written as relative steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from analysis.project import AnalysisError

Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Window:
    """The part of the ground a map shows, and the grid it is drawn on: ``width`` by ``height`` whole units."""

    left: float
    top: float
    unit: float
    width: int
    height: int

    @property
    def field(self) -> Any:
        """The ground the window shows, as a box."""
        return shapely.box(self.left, self.top - self.height * self.unit, self.left + self.width * self.unit, self.top)

    def grid(self, points: npt.NDArray[np.float64]) -> Ints:
        """Ground coordinates on the grid; y runs down."""
        across = np.rint((points[:, 0] - self.left) / self.unit)
        down = np.rint((self.top - points[:, 1]) / self.unit)
        return np.column_stack([across, down]).astype(np.int64)


# Units of the grid on the longer side: a map 650 px high then shows two units a pixel.
LONGER = 1200
MARGIN = 8


def window(bounds: Sequence[float], *, pad: float = 0.0) -> Window:
    """The window around ``bounds`` (left, bottom, right, top), widened by the share ``pad``.

    >>> window((0, 0, 1000, 2000))
    Window(left=-13.5..., top=2013.5..., unit=1.68..., width=608, height=1200)
    """
    left, bottom, right, top = (float(b) for b in bounds)
    longer = max(right - left, top - bottom)
    if not longer > 0:
        raise AnalysisError("a map needs shapes with an extent")
    reach = longer * pad
    left, bottom, right, top = left - reach, bottom - reach, right + reach, top + reach
    unit = max(right - left, top - bottom) / (LONGER - 2 * MARGIN)
    width = int(np.ceil((right - left) / unit)) + 2 * MARGIN
    height = int(np.ceil((top - bottom) / unit)) + 2 * MARGIN
    return Window(left - MARGIN * unit, top + MARGIN * unit, unit, width, height)


def simplified(geometries: Geometries, tolerance: float) -> Geometries:
    """Polygons with fewer corners; borders shared before are shared afterwards (Visvalingam on the coverage).

    Raises :class:`AnalysisError` for anything but polygons.
    """
    kinds = set(shapely.get_type_id(geometries).tolist())
    if not kinds <= {3, 6}:
        raise AnalysisError("a map needs polygons: lines, points or empty shapes were given")
    if tolerance <= 0:
        return geometries
    return np.asarray(shapely.coverage_simplify(valid(geometries), tolerance), dtype=object)


def valid(geometries: Geometries) -> Geometries:
    """The shapes with those repaired that cross themselves; sound ones stay as they are, borders and all."""
    sound = shapely.is_valid(geometries)
    if sound.all():
        return geometries
    return np.array([g if ok else areal(shapely.make_valid(g)) for g, ok in zip(geometries, sound, strict=True)])


def areal(shape: Any) -> Any:
    """The polygons in a shape, without stray lines and points."""
    parts = [p for p in shapely.get_parts(shapely.get_parts(shape)) if p.geom_type == "Polygon"]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def path(geometry: Any, frame: Window) -> str:
    """Path data of a polygon on the grid; a shape too small for the grid becomes a dot of two units.

    >>> path(shapely.box(10, 10, 20, 30), Window(0, 40, 1, 40, 40))
    'M20 30v-20h-10v20z'
    """
    rings = [_ring(np.asarray(ring.coords)[:, :2], frame) for ring in _rings(geometry)]
    drawn = [ring for ring in rings if len(ring) >= 3]
    if not drawn:
        spot = frame.grid(np.asarray(geometry.representative_point().coords)[:, :2])[0]
        return f"M{spot[0] - 1} {spot[1] - 1}h2v2h-2z"
    pieces, at = [], None
    for ring in drawn:
        pieces.append(_move(ring[0], at) + _steps(ring) + "z")
        at = ring[0]  # a closed ring ends where it began
    return "".join(pieces)


def line_path(geometry: Any, frame: Window) -> str:
    """Path data of lines on the grid.

    >>> line_path(shapely.LineString([(0, 0), (0, 10), (5, 10)]), Window(0, 10, 1, 10, 10))
    'M0 10v-10h5'
    """
    merged = shapely.line_merge(geometry)
    parts = sorted(shapely.get_parts(merged), key=lambda part: part.wkb)
    pieces = []
    for part in parts:
        points = _thinned(frame.grid(np.asarray(part.coords)[:, :2]), closed=False)
        if len(points) >= 2:
            pieces.append(_move(points[0], None) + _steps(points))
    return "".join(pieces)


def _rings(geometry: Any) -> list[Any]:
    polygons = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]


def _ring(points: npt.NDArray[np.float64], frame: Window) -> Ints:
    return _thinned(frame.grid(points), closed=True)


def _thinned(points: Ints, *, closed: bool) -> Ints:
    """Grid points without repeats and without points on a straight line between their neighbours."""
    kept: list[tuple[int, int]] = []
    for x, y in points.tolist():
        if kept and kept[-1] == (x, y):
            continue
        while len(kept) >= 2 and _straight(kept[-2], kept[-1], (x, y)):
            kept.pop()
        kept.append((x, y))
    if closed and len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop()
    if closed:
        while len(kept) >= 3 and _straight(kept[-2], kept[-1], kept[0]):
            kept.pop()
    return np.array(kept, dtype=np.int64).reshape(-1, 2)


def _straight(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    return (b[0] - a[0]) * (c[1] - b[1]) == (b[1] - a[1]) * (c[0] - b[0])


def _move(to: Ints, at: Ints | None) -> str:
    if at is None:
        return f"M{to[0]} {to[1]}"
    return "m" + _pair(int(to[0] - at[0]), int(to[1] - at[1]))


def _steps(points: Ints) -> str:
    """Relative steps: ``h`` and ``v`` where straight, ``l`` else, letters left out where they repeat."""
    pieces, letter = [], ""
    for dx, dy in np.diff(points, axis=0).tolist():
        now = "v" if dx == 0 else "h" if dy == 0 else "l"
        words = str(dy) if now == "v" else str(dx) if now == "h" else _pair(dx, dy)
        if now != letter:
            pieces.append(now + words)
        else:
            pieces.append(words if words.startswith("-") else " " + words)
        letter = now
    return "".join(pieces)


def _pair(x: int, y: int) -> str:
    return f"{x}{y}" if y < 0 else f"{x} {y}"


def neighbours(geometries: Geometries, reach: float = 0.0) -> list[list[int]]:
    """For each shape the later ones within ``reach`` of it, borders and corners included; each pair once.

    >>> neighbours(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(5, 5, 6, 6)]))
    [[1], [], []]
    """
    tree = shapely.STRtree(geometries)
    pairs = tree.query(geometries, predicate="dwithin", distance=reach)
    near: list[list[int]] = [[] for _ in geometries]
    for a, b in sorted(zip(pairs[0].tolist(), pairs[1].tolist(), strict=True)):
        if a < b:
            near[a].append(b)
    return near


def label_point(geometry: Any) -> tuple[float, float]:
    """The middle of the largest circle inside a shape: where its name has most room.

    >>> label_point(shapely.box(0, 0, 10, 10))
    (5.0, 5.0)
    """
    largest = max(shapely.get_parts(geometry), key=lambda part: (part.area, part.wkb))
    circle = shapely.maximum_inscribed_circle(largest, tolerance=max(largest.length / 2000, 1e-9))
    x, y = circle.coords[0]
    return round(float(x), 3), round(float(y), 3)
