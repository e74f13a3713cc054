"""Outlines in longitude and latitude, borders of a layer point for point the same.

The map is first cut into faces, the smallest pieces any layer needs; the faces are
straightened together and only then put together to tracts, districts and councils.
Within a layer borders are exact; between layers they differ by metres, as if drawn
from other surveys, so that an overlay meets slivers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyproj
import shapely

from analysis.sample.areas import areas
from analysis.sample.randomness import Floats, Ints, settled, stream
from analysis.sample.terrain import METRES
from analysis.sample.tessellation import blocks

DECIMALS = 5
"""Decimals of a degree, about a metre: as fine as a street line needs."""
STRAIGHTEN = 0.0003
"""Bends smaller than this, in degrees, are taken out of borders."""
SURVEY_ERROR = 6.0
"""Metres by which the city's layers lie beside the county's: they were drawn from other surveys."""
PROJECTION = "+proj=laea +lat_0=33 +lon_0=-128 +datum=WGS84 +units=m +no_defs"


@dataclass(frozen=True)
class Outlines:
    """Polygons in longitude and latitude, one a label, and block areas in square metres."""

    tracts: np.ndarray
    districts: np.ndarray
    neighborhoods: np.ndarray
    neighborhoods_2020: np.ndarray
    area: Floats


@cache
def outlines() -> Outlines:
    """All layers, from one set of straightened faces."""
    label = areas()
    parts = np.stack(
        [label.tract, label.district, label.neighborhood, label.neighborhood_2020, label.in_city], axis=1
    ).astype(np.int64)
    kinds, face = np.unique(parts, axis=0, return_inverse=True)
    faces = shapely.coverage_simplify(_joined(_degrees(blocks().outline), face.ravel()), STRAIGHTEN)
    return Outlines(
        tracts=_joined(faces, kinds[:, 0]),
        districts=_surveyed(_joined(faces, kinds[:, 1]), "survey of districts"),
        neighborhoods=_surveyed(_joined(faces, kinds[:, 2]), "survey of councils"),
        neighborhoods_2020=_surveyed(_joined(faces, kinds[:, 3]), "survey of councils"),
        area=blocks().area * METRES**2,
    )


def _joined(pieces: np.ndarray, label: Ints) -> np.ndarray:
    """Pieces of the same label as one shape each, in order of the label; −1 is left out."""
    order = np.argsort(label, kind="stable")
    order = order[label[order] >= 0]
    starts = np.flatnonzero(np.r_[True, np.diff(label[order]) > 0])
    groups: Iterable[np.ndarray] = np.split(pieces[order], starts[1:])
    return np.array([shapely.normalize(shapely.coverage_union_all(group)) for group in groups], dtype=object)


def _surveyed(shapes: np.ndarray, name: str) -> np.ndarray:
    """Shapes pushed about by a few metres, neighbours alike: exact among themselves, not against another layer."""
    phase = stream(name).uniform(0, 2 * np.pi, 4)
    size = SURVEY_ERROR / 111_000.0

    def pushed(points: Floats) -> Floats:
        east = np.sin(points[:, 1] * 160.0 + phase[0]) + np.sin(points[:, 0] * 90.0 + phase[1])
        north = np.sin(points[:, 0] * 140.0 + phase[2]) + np.sin(points[:, 1] * 110.0 + phase[3])
        return settled(points + 0.5 * size * np.stack([east, north], axis=1), DECIMALS + 1)

    moved: np.ndarray = shapely.normalize(shapely.transform(shapes, pushed))
    return moved


def in_degrees(points: Floats) -> Floats:
    """Points in drawing units, rows of x and y, as longitude and latitude."""
    project = pyproj.Transformer.from_crs(PROJECTION, "EPSG:4326", always_xy=True)
    longitude, latitude = project.transform(points[:, 0] * METRES, points[:, 1] * METRES)
    return settled(np.stack([longitude, latitude], axis=1), DECIMALS)


def _degrees(outline: np.ndarray) -> np.ndarray:
    moved: np.ndarray = shapely.transform(outline, in_degrees)
    return moved


def in_metres(shapes: np.ndarray) -> np.ndarray:
    """Shapes in the city's projected reference system, for areas and lengths."""
    project = pyproj.Transformer.from_crs("EPSG:4326", PROJECTION, always_xy=True)
    flat: np.ndarray = shapely.transform(
        shapes, lambda points: np.stack(project.transform(points[:, 0], points[:, 1]), axis=1)
    )
    return flat
