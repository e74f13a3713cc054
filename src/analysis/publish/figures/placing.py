"""Where labels go so that none lies on another."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.project import AnalysisError
from analysis.publish.figures.sheet import Box


def spread(wanted: Sequence[float], heights: Sequence[float], top: float, bottom: float) -> list[float]:
    """Middles of labels in one column, as near to where they are wanted as fits between ``top`` and ``bottom``.

    Labels keep the order of their wishes. Clusters of labels that would overlap move together
    (pool adjacent violators: the least-squares solution).

    >>> spread([50, 52, 90], [10, 10, 10], 0, 100)
    [46.0, 56.0, 90.0]
    >>> spread([98, 99], [10, 10], 0, 100)
    [85.0, 95.0]
    """
    if sum(heights) > bottom - top + 1e-9:
        raise AnalysisError(
            f"{len(wanted)} labels do not fit beside the figure: draw fewer series, name fewer with `highlight`, "
            "or use small multiples"
        )
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    clusters: list[tuple[list[int], float]] = []  # members, top of the cluster
    for i in order:
        members, start = [i], wanted[i] - heights[i] / 2
        while True:
            size = sum(heights[m] for m in members)
            start = min(max(start, top), bottom - size)
            if not clusters or clusters[-1][1] + sum(heights[m] for m in clusters[-1][0]) <= start + 1e-9:
                break
            members = clusters.pop()[0] + members
            start = _best_start(members, wanted, heights)
        clusters.append((members, start))
    placed = [0.0] * len(wanted)
    for members, start in clusters:
        for m in members:
            placed[m] = round(start + heights[m] / 2, 6)
            start += heights[m]
    return placed


def _best_start(members: Sequence[int], wanted: Sequence[float], heights: Sequence[float]) -> float:
    before, total = 0.0, 0.0
    for m in members:
        total += wanted[m] - heights[m] / 2 - before
        before += heights[m]
    return total / len(members)


def rows(spans: Sequence[tuple[float, float]], gap: float) -> list[int]:
    """The lowest row for each label, left to right, so that labels of one row stay ``gap`` apart.

    >>> rows([(0, 50), (40, 90), (60, 80)], 4)
    [0, 1, 0]
    """
    ends: list[float] = []
    placed = []
    for start, end in spans:
        row = next((r for r, last in enumerate(ends) if last + gap <= start), len(ends))
        if row == len(ends):
            ends.append(end)
        else:
            ends[row] = end
        placed.append(row)
    return placed


# Around a point, nearest first: to the right, left, above, below, then the corners.
_SIDES = ((1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (0.8, -0.8), (-0.8, -0.8), (0.8, 0.8), (-0.8, 0.8))


def beside_points(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    taken: Sequence[Box],
    frame: Box,
    *,
    better_free: Sequence[Box] = (),
    distance: float = 7.0,
) -> list[Box | None]:
    """A free box of each size near each point, inside ``frame`` and clear of ``taken`` and of each other.

    Among the free ones the nearest that covers fewest of ``better_free`` is taken. A label for which there is no room
    near its point gets ``None``: better unnamed than unreadable.

    >>> beside_points([(50, 50)], [(20, 10)], [], Box(0, 0, 100, 100))
    [Box(left=57.0, top=45.0, right=77.0, bottom=55.0)]
    """
    occupied = list(taken)
    placed: list[Box | None] = []
    for point, size in zip(points, sizes, strict=True):
        free = [b for b in _around(point, size, distance) if _inside(b, frame) and not _hit(b, occupied)]
        best = min(free, key=lambda b: sum(b.meets(other) for other in better_free), default=None)
        if best:
            occupied.append(best)
        placed.append(best)
    return placed


def _around(point: tuple[float, float], size: tuple[float, float], distance: float) -> list[Box]:
    (x, y), (width, height) = point, size
    found = []
    for reach in (distance, 2 * distance, 3.5 * distance):
        for dx, dy in _SIDES:
            across, down = x + dx * (reach + width / 2), y + dy * (reach + height / 2)
            found.append(Box(across - width / 2, down - height / 2, across + width / 2, down + height / 2))
    return found


def _inside(box: Box, frame: Box) -> bool:
    return box.left >= frame.left and box.right <= frame.right and box.top >= frame.top and box.bottom <= frame.bottom


def _hit(box: Box, occupied: Sequence[Box]) -> bool:
    return any(box.meets(other, 1.0) for other in occupied)
