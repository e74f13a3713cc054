"""Blocks, and the areas that are made of them.

The land is cut into city blocks: cells around the points of a street grid, which
turns by a quarter downtown and is looser where few people live. Tracts, council
districts and neighbourhood councils are sets of whole blocks, so their borders
follow the same streets, are exactly shared and never overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Voronoi, cKDTree
from shapely.geometry import Polygon

from analysis.sample.randomness import Flags, Floats, Ints, settled, stream
from analysis.sample.terrain import DOWNTOWN, density, inside, special_use, terrain

BLOCK = 0.32
"""Distance between streets in drawing units, about 220 metres."""
LOOSE_BELOW = 700.0
"""People a square unit under which every second street is missing."""
MAIN_TURN, DOWNTOWN_TURN = np.radians(9.0), np.radians(-31.0)


@dataclass(frozen=True)
class Blocks:
    """City blocks: centre and outline in drawing units, residents, neighbours."""

    centre: Floats
    outline: np.ndarray
    area: Floats
    people: Floats
    use: np.ndarray
    land: Ints
    first: Ints
    second: Ints
    border: Floats

    def graph(self, label: Ints | None = None) -> csr_matrix:
        """Who touches whom, weighted by the shared border; only within a label where one is given."""
        keep = np.ones(len(self.first), dtype=bool) if label is None else label[self.first] == label[self.second]
        a, b, w = self.first[keep], self.second[keep], self.border[keep]
        size = len(self.centre)
        return coo_matrix((np.r_[w, w], (np.r_[a, b], np.r_[b, a])), shape=(size, size)).tocsr()


@cache
def blocks() -> Blocks:
    """All blocks of the county."""
    points, kept = _points()
    cells = Voronoi(np.vstack([points, _frame()]))
    index = np.flatnonzero(kept)
    vertices = settled(cells.vertices, 5)
    outline = np.array([_cell(vertices, cells.regions[cells.point_region[i]]) for i in index], dtype=object)
    position = np.full(len(cells.points), -1)
    position[index] = np.arange(len(index))
    pairs = position[cells.ridge_points]
    ends = vertices[np.array(cells.ridge_vertices)]
    both = (pairs >= 0).all(axis=1)
    border = np.hypot(*(ends[:, 0] - ends[:, 1]).T)
    both &= border > 1e-6
    centre = shapely.get_coordinates(shapely.centroid(outline))
    area = shapely.area(outline)
    return Blocks(
        centre=centre,
        outline=outline,
        area=area,
        people=settled(density(centre) * area, 6),
        use=special_use(centre),
        land=_land_of(centre),
        first=pairs[both, 0],
        second=pairs[both, 1],
        border=border[both],
    )


def _cell(vertices: Floats, region: list[int]) -> Polygon:
    ring = vertices[region]
    return Polygon(ring[(ring != np.roll(ring, 1, axis=0)).any(axis=1)])


def _land_of(centre: Floats) -> Ints:
    where = np.zeros(len(centre), dtype=np.int64)
    for number, island in enumerate(terrain().land[1:], 1):
        where[inside(island.buffer(0.15), centre)] = number
    return where


def _points() -> tuple[Floats, Flags]:
    """Block centres; the second array says which are on land.

    Along every shore a pair of points faces each other across the line, so that the
    border of their cells is the shore and no cell has to be cut.
    """
    pairs, streets = [], []
    for shape in terrain().land:
        line = shape.exterior
        spots = shapely.line_interpolate_point(line, np.arange(0.0, line.length, 0.19))
        ahead = shapely.line_interpolate_point(line, np.arange(0.0, line.length, 0.19) + 0.02)
        at = shapely.get_coordinates(spots)
        along = shapely.get_coordinates(ahead) - at
        along /= np.hypot(along[:, 0], along[:, 1])[:, None]
        side = np.stack([-along[:, 1], along[:, 0]], axis=1) * 0.095
        pairs += [at + side, at - side]
        streets.append(_streets(shape, line))
    grid = np.vstack(streets)
    shore = np.vstack(pairs)
    near = cKDTree(shore).query(grid)[0] < 0.16
    points = settled(np.vstack([grid[~near], shore]), 5)
    _, unique = np.unique(points, axis=0, return_index=True)
    points = points[np.sort(unique)]
    on_land = np.any([inside(shape, points) for shape in terrain().land], axis=0)
    return points, on_land


def _streets(shape: Polygon, line: shapely.LinearRing) -> Floats:
    west, south, east, north = shape.bounds
    span = np.arange(-60.0, 60.0, BLOCK)
    column, row = (grid.ravel() for grid in np.meshgrid(np.arange(len(span)), np.arange(len(span))))
    shake = stream("streets").uniform(-0.16, 0.16, size=(len(column), 2)) * BLOCK
    layers = []
    for turn, downtown in ((MAIN_TURN, False), (DOWNTOWN_TURN, True)):
        raw = np.stack([span[column], span[row]], axis=1) + shake
        cos, sin = np.cos(turn), np.sin(turn)
        spots = np.stack([raw[:, 0] * cos - raw[:, 1] * sin, raw[:, 0] * sin + raw[:, 1] * cos], axis=1)
        box = (spots[:, 0] > west) & (spots[:, 0] < east) & (spots[:, 1] > south) & (spots[:, 1] < north)
        close = np.hypot(spots[:, 0] - DOWNTOWN[0], spots[:, 1] - DOWNTOWN[1]) < 4.4
        take = box & (close == downtown)
        kept, even = spots[take], ((column + row) % 2 == 0)[take] & (row % 2 == 0)[take]
        layers.append(kept[even | (density(kept) > LOOSE_BELOW)])
    spots = np.vstack(layers)
    return spots[inside(shape, spots)]


def _frame() -> Floats:
    """Points far out at sea that close the outermost cells."""
    angle = np.arange(0.0, 2 * np.pi, np.pi / 40)
    return settled(np.stack([120 * np.cos(angle), 120 * np.sin(angle)], axis=1), 5)


def in_one_piece(label: Ints, allowed: Flags | None = None) -> Ints:
    """Labels changed so that each holds together: splinters go to the neighbour they border most.

    ``allowed`` limits what may change; a splinter without a neighbour keeps its label.
    """
    ground = blocks()
    label = label.copy()
    for _ in range(12):
        count, piece = connected_components(ground.graph(label), directed=False)
        weight = np.bincount(piece, weights=ground.area, minlength=count)
        owner = np.zeros(count, dtype=np.int64)
        owner[piece] = label
        order = np.lexsort((np.arange(count), -weight, owner))
        main = np.zeros(count, dtype=bool)
        main[order[np.r_[True, owner[order][1:] != owner[order][:-1]]]] = True
        loose = ~main[piece] & (label >= 0) & (True if allowed is None else allowed)
        if not loose.any():
            break
        changed = _given_away(label, piece, loose)
        if (changed == label).all():
            break
        label = changed
    return label


def _given_away(label: Ints, piece: Ints, loose: Flags) -> Ints:
    ground = blocks()
    a, b = np.r_[ground.first, ground.second], np.r_[ground.second, ground.first]
    w = np.r_[ground.border, ground.border]
    edge = loose[a] & (piece[a] != piece[b]) & (label[b] >= 0)
    votes = coo_matrix((w[edge], (piece[a[edge]], label[b[edge]])), shape=(piece.max() + 1, label.max() + 1)).tocsr()
    changed = label.copy()
    for number in np.unique(piece[loose]):
        row = votes.getrow(number)
        if row.nnz:
            changed[piece == number] = row.indices[np.argmax(row.data)]
    return changed
