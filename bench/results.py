"""What was measured: kept line by line, so that a session can be resumed, and the arithmetic over it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Row:
    """One thing measured once.

    ``seconds`` are of the wall, ``processor`` of all processes together, ``load`` what the machine was busy with
    before (average over the last minute); ``error`` is why there are none. ``more`` is what only some measure.
    """

    participant: str
    measure: str
    round: int
    size: tuple[int, int, int]
    seconds: float | None = None
    processor: float | None = None
    load: float | None = None
    error: str | None = None
    when: str = ""
    more: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Summary:
    """Several rounds of one measure: the median, least and most seconds, of how many."""

    median: float
    least: float
    most: float
    rounds: int


def read(path: Path) -> list[Row]:
    """All rows; none where there is no file yet."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_row(json.loads(line)) for line in lines if line.strip()]


def _row(raw: dict[str, Any]) -> Row:
    return Row(**(raw | {"size": tuple(raw["size"])}))


def append(path: Path, row: Row) -> None:
    """Keep one row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(row)) + "\n")


def measured(rows: Iterable[Row], participant: str, measure: str) -> list[float]:
    """Seconds of every round of one measure of one participant."""
    found = [row for row in rows if row.participant == participant and row.measure == measure]
    return [row.seconds for row in found if row.seconds is not None]


def summary(seconds: Sequence[float]) -> Summary | None:
    """Median and range; None of nothing.

    >>> summary([3.0, 1.0, 2.0])
    Summary(median=2.0, least=1.0, most=3.0, rounds=3)
    """
    return Summary(median(seconds), min(seconds), max(seconds), len(seconds)) if seconds else None


def ratio(seconds: float | None, to: float | None) -> float | None:
    """How many times as long; None where either is missing.

    >>> ratio(30.0, 12.0)
    2.5
    """
    return seconds / to if seconds is not None and to else None


def fastest(found: Mapping[str, Summary | None], without: Iterable[str]) -> str | None:
    """The participant with the least median, of those not left out.

    >>> fastest({"a": Summary(2, 2, 2, 1), "b": Summary(3, 3, 3, 1), "c": None}, without=["a"])
    'b'
    """
    left_out = set(without)
    there = {name: made.median for name, made in found.items() if made is not None and name not in left_out}
    return min(there, key=lambda name: there[name]) if there else None


def slope(sizes: Sequence[int], amounts: Sequence[float]) -> list[float]:
    """What one more costs between each size and the next.

    >>> slope([10, 100, 1000], [5.0, 14.0, 104.0])
    [0.1, 0.1]
    """
    pairs = list(zip(sizes, amounts, strict=True))
    return [(b - a) / (m - n) for (n, a), (m, b) in pairwise(pairs)]
