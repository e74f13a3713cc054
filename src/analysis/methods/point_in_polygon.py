"""In which area a point lies, for many points at once.

A spatial index answers the question for one point in about a microsecond, which is
long when there are twenty million of them. Here a grid is laid over the areas
once. A cell that no border touches lies wholly inside or outside of every area, so
one test settles all of its points; only points in cells with a border are tested
one by one. The answer is that of the one-by-one test for every point, not an
approximation: see :meth:`AreaIndex.locate` for why.

The index is the sort-tile-recursive tree of Leutenegger, Lopez and Edgington
(STR: A Simple and Efficient Algorithm for R-Tree Packing, ICDE 1997) in Shapely.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

CELLS = 1024
"""Cells on each side of the grid: four megabytes, which a processor's cache nearly holds."""
WORTH_A_GRID = 20_000
"""With fewer points than this, laying the grid costs more than it saves."""
NOWHERE = -1
_BORDER = -2
# In widths of a cell; far above the rounding of coordinates and far below anything that would cost points.
_MARGIN = 1e-6

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class AreaIndex:
    """Areas made ready to be asked where points lie.

    ``shapes`` are valid Shapely polygons or multipolygons (None and empty ones hold no
    point) in the reference system of the points. Areas may overlap: a point belongs to
    the first that it touches. A point on a border touches both sides of it. One thread asks at
    a time: prepared shapes are not made for more (libgeos issue 825).

    Raises ValueError for a shape that is no polygon or not valid, naming its position.

    >>> import shapely
    >>> index = AreaIndex([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    >>> index.locate([0.5, 1.0, 1.5, 9.0, float("nan")], [0.5, 0.5, 0.5, 0.5, 0.5]).tolist()
    [0, 0, 1, -1, -1]
    """

    shapes: Any
    cells: int = CELLS

    def __post_init__(self) -> None:
        import shapely

        shapes = np.asarray(self.shapes, dtype=object)
        held = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        flat = held & ~np.isin(shapely.get_type_id(shapes), (3, 6))
        crooked = held & ~shapely.is_valid(shapes)
        for what, bad in (("no polygon", flat), ("not valid (use shapely.make_valid)", crooked)):
            if bad.any():
                raise ValueError(f"the area at position {int(np.flatnonzero(bad)[0])} is {what}")
        shapely.prepare(shapes[held])
        object.__setattr__(self, "shapes", shapes)

    def locate(self, x: ArrayLike, y: ArrayLike) -> Ints:
        """Position of the area that holds each point; −1 for none and for a missing coordinate.

        Equal to ``first_touched`` for every point. Where no border meets a cell (grown by
        a margin above the rounding error), the set of areas that hold a point is constant
        over the cell, because leaving an area means crossing its border; the same holds
        from such a cell to the next. So one point tells for all in the run of cells. Cells
        that a border may meet are answered by ``first_touched``.
        """
        east, north = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if len(east) < WORTH_A_GRID and "_grid" not in self.__dict__:
            return self.first_touched(east, north)
        return self._by_grid(east, north)

    def first_touched(self, x: Floats, y: Floats) -> Ints:
        """The same by the tree alone: each point against the areas whose box holds it."""
        import shapely

        found = np.full(len(x), len(self.shapes), dtype=np.int64)
        known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        point, area = self._tree.query(shapely.points(x[known], y[known]))
        touched = shapely.intersects_xy(self.shapes[area], x[known[point]], y[known[point]])
        np.minimum.at(found, known[point[touched]], area[touched])
        found[found == len(self.shapes)] = NOWHERE
        return found

    def _by_grid(self, x: Floats, y: Floats) -> Ints:
        grid = self._grid
        column, row = (x - grid.west) * grid.per_x, (y - grid.south) * grid.per_y
        # A missing coordinate compares as false and stays outside.
        inside = (column >= 0) & (column < grid.columns) & (row >= 0) & (row < grid.rows)
        column, row = np.where(inside, column, 0.0), np.where(inside, row, 0.0)
        cell = row.astype(np.int64) * grid.columns + column.astype(np.int64)
        found: Ints = np.where(inside, grid.state[cell], NOWHERE).astype(np.int64)
        border = np.flatnonzero(found == _BORDER)
        found[border] = self.first_touched(x[border], y[border])
        return found

    @cached_property
    def _tree(self) -> Any:
        import shapely

        return shapely.STRtree(self.shapes)

    @cached_property
    def _grid(self) -> _Grid:
        import shapely

        if not len(self.shapes) or np.isnan(bounds := shapely.total_bounds(self.shapes)).any():
            return _Grid(0.0, 0.0, 1.0, 1.0, 1, 1, np.full(1, NOWHERE, dtype=np.int32))
        # A free row and column around, so that no point of an area lies on the grid's own edge.
        width, height = ((bounds[2:] - bounds[:2]) / self.cells).tolist()
        side = self.cells + 2
        west, south = float(bounds[0]) - width, float(bounds[1]) - height
        grid = _Grid(west, south, 1 / width, 1 / height, side, side, np.zeros(side * side, dtype=np.int32))
        border = _border_cells(self.shapes, grid)
        open_cell = ~border
        first = open_cell.copy()
        first.reshape(side, side)[:, 1:] &= border.reshape(side, side)[:, :-1]
        row, column = np.divmod(np.flatnonzero(first), side)
        state = self.first_touched(west + (column + 0.5) * width, south + (row + 0.5) * height)
        grid.state[:] = _BORDER
        grid.state[open_cell] = state[np.cumsum(first)[open_cell] - 1]
        return grid


@dataclass(frozen=True)
class _Grid:
    """Which area a cell lies in, row by row from the south-west; −1 none, −2 a border may pass."""

    west: float
    south: float
    per_x: float
    per_y: float
    columns: int
    rows: int
    state: NDArray[np.int32]


def _border_cells(shapes: Any, grid: _Grid) -> NDArray[np.bool_]:
    """Cells that a border may touch: every segment in pieces of half a cell, each by its box and the margin."""
    import shapely

    rings = shapely.get_rings(shapely.get_parts(shapes))
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    scaled = (corners - (grid.west, grid.south)) * (grid.per_x, grid.per_y)
    same = ring[1:] == ring[:-1]
    start, step = scaled[:-1][same], np.diff(scaled, axis=0)[same]
    pieces = np.maximum(np.ceil(2 * np.abs(step).max(axis=1)), 1).astype(np.int64)
    owner = np.repeat(np.arange(len(start)), pieces)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    ends = [start[owner] + step[owner] * ((number + more) / pieces[owner])[:, None] for more in (0, 1)]
    low = np.floor(np.minimum(*ends) - _MARGIN).astype(np.int64)
    high = np.floor(np.maximum(*ends) + _MARGIN).astype(np.int64)
    border = np.zeros(grid.rows * grid.columns, dtype=np.bool_)
    for column in (low[:, 0], high[:, 0]):
        for row in (low[:, 1], high[:, 1]):
            border[np.clip(row, 0, grid.rows - 1) * grid.columns + np.clip(column, 0, grid.columns - 1)] = True
    return border
