"""How places stand to one another: by whether their intervals overlap, never by rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Standing:
    """Of the other places with an interval: how many are surely lower, surely higher, and not told apart."""

    above: int
    below: int
    apart: int


def standings(low: Sequence[float | None], high: Sequence[float | None]) -> list[Standing | None]:
    """The standing of each place; None where it has no interval. Intervals that touch are not told apart.

    Two intervals that do not overlap differ; some that overlap differ, too, and are left together rather than ranked.

    >>> [s and (s.above, s.below, s.apart) for s in standings([1, 2, 8, None], [3, 4, 9, None])]
    [(0, 1, 1), (0, 1, 1), (2, 0, 0), None]
    """
    known = [(a, b) if a is not None and b is not None else None for a, b in zip(low, high, strict=True)]
    found: list[Standing | None] = []
    for place, mine in enumerate(known):
        if mine is None:
            found.append(None)
            continue
        others = [one for at, one in enumerate(known) if one is not None and at != place]
        above = sum(one[1] < mine[0] for one in others)
        below = sum(one[0] > mine[1] for one in others)
        found.append(Standing(above, below, len(others) - above - below))
    return found
