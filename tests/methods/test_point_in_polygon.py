"""Every point lands where the one-by-one test puts it: on borders, corners, in holes, overlaps and outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods import point_in_polygon
from analysis.methods.point_in_polygon import AreaIndex


def by_one(shapes: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The plain answer: each point against every shape, with nothing prepared and no index."""
    found = np.full(len(x), -1)
    for number in reversed(range(len(shapes))):
        found[shapely.intersects(shapely.from_wkb(shapely.to_wkb(shapes[number])), shapely.points(x, y))] = number
    return found


def tessellation(seed: int, count: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    frame = shapely.box(-118.7, 33.7, -118.1, 34.4)
    seeds = draw.uniform((-118.7, 33.7), (-118.1, 34.4), (count, 2))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=frame))
    return shapely.intersection(cells, frame)[: count - count // 10]


def awkward_points(shapes: Any, seed: int, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Random points, all corners, middles of all sides, the neighbors of both in floating point, and cell edges."""
    draw = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(shapes)
    corners = shapely.get_coordinates(shapes)
    middles = (corners[1:] + corners[:-1]) / 2
    hard = np.vstack([corners, middles])
    near = [np.nextafter(hard, to) for to in (-np.inf, np.inf)]
    edges_x = west + (east - west) * draw.integers(-1, cells + 2, 500) / cells
    edges_y = south + (north - south) * draw.integers(-1, cells + 2, 500) / cells
    spread = draw.uniform((west - 0.1, south - 0.1), (east + 0.1, north + 0.1), (4000, 2))
    everything = np.vstack([hard, *near, np.column_stack([edges_x, edges_y]), spread])
    return everything[:, 0].copy(), everything[:, 1].copy()


@pytest.mark.parametrize(("count", "cells"), [(5, 7), (60, 64), (300, 256)])
def test_a_tessellation_is_answered_as_one_by_one(count: int, cells: int) -> None:
    shapes = tessellation(count, count)
    x, y = awkward_points(shapes, 1, cells)
    index = AreaIndex(shapes, cells)
    expected = by_one(shapes, x, y)
    assert (expected >= 0).sum() > 1000 < (expected < 0).sum()
    assert np.array_equal(index._by_grid(x, y), expected)
    assert np.array_equal(index.first_touched(x, y), expected)


def test_most_cells_are_settled_without_a_test() -> None:
    grid = AreaIndex(tessellation(3, 300))._grid
    assert (grid.state == point_in_polygon._BORDER).mean() < 0.15


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), count=st.integers(1, 12), cells=st.integers(1, 40), tiny=st.sampled_from([1, 1e-7])
)
def test_overlaps_holes_parts_and_slivers_are_answered_as_one_by_one(
    seed: int, count: int, cells: int, tiny: float
) -> None:
    draw = np.random.default_rng(seed)
    shapes = []
    for _ in range(count):
        # Corners on a coarse lattice: shared corners, sides on cell edges, flat slivers.
        ring = draw.integers(0, 9, (int(draw.integers(3, 7)), 2)) * tiny
        shape = shapely.make_valid(shapely.Polygon(ring)).buffer(0)
        hole = shapely.box(*np.sort(draw.integers(0, 9, (2, 2)), axis=0).ravel() * tiny)
        shapes.append(shapely.difference(shape, hole) if draw.random() < 0.5 else shape)
    shapes[0] = shapely.box(0, 0, 8 * tiny, 8 * tiny) if draw.random() < 0.2 else shapes[0]
    if shapely.is_empty(shapes).all():
        return
    lattice = np.stack(np.meshgrid(np.arange(-1, 10, 0.5), np.arange(-1, 10, 0.5)), -1).reshape(-1, 2)
    points = np.vstack([lattice, draw.uniform(-1, 10, (300, 2))]) * tiny
    x, y = points[:, 0].copy(), points[:, 1].copy()
    assert np.array_equal(AreaIndex(shapes, cells)._by_grid(x, y), by_one(shapes, x, y))


def test_a_large_question_takes_the_grid_and_a_small_one_does_not() -> None:
    shapes = tessellation(8, 40)
    draw = np.random.default_rng(2)
    many = draw.uniform((-118.8, 33.6), (-118.0, 34.5), (point_in_polygon.WORTH_A_GRID, 2))
    index = AreaIndex(shapes)
    few = index.locate(many[:100, 0], many[:100, 1])
    assert "_grid" not in index.__dict__
    found = index.locate(many[:, 0], many[:, 1])
    assert "_grid" in index.__dict__
    assert np.array_equal(found, by_one(shapes, many[:, 0], many[:, 1]))
    assert np.array_equal(found[:100], few)


@pytest.mark.parametrize("shapes", [[], [None, shapely.Polygon()]])
def test_no_areas_hold_no_point(shapes: list[Any]) -> None:
    x = np.zeros(point_in_polygon.WORTH_A_GRID)
    assert set(AreaIndex(shapes).locate(x, x).tolist()) == {-1}


def test_missing_and_endless_coordinates_are_nowhere() -> None:
    odd = np.array([np.nan, np.inf, -np.inf, 0.5, 0.5])
    index = AreaIndex([shapely.box(0, 0, 1, 1)], 4)
    expected = [-1, -1, -1, 0, 0]
    assert index._by_grid(odd, np.full(5, 0.5)).tolist() == expected
    assert index.first_touched(odd, np.full(5, 0.5)).tolist() == expected


@pytest.mark.parametrize(
    ("shape", "says"),
    [(shapely.Point(0, 0), "position 1 is no polygon"),
     (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "position 1 is not valid")],
)  # fmt: skip
def test_a_shape_that_is_no_area_is_refused(shape: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        AreaIndex([shapely.box(0, 0, 1, 1), shape])
