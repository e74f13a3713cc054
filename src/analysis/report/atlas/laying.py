"""The numbers of each measure laid on the shapes of the page, the same in every language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analysis.report.atlas.gathering import Shown
from analysis.report.atlas.shapes import Ground, Shapes
from analysis.report.atlas.standing import Standing, standings
from analysis.report.packing import shortest

NOT_COVERED = "absent"
"""Status of a shape that a measure says nothing about, because it is about fewer places."""


@dataclass(frozen=True)
class Laid:
    """A measure in the order of the shapes; ``values`` are numbers, or texts of named groups."""

    shown: Shown
    shapes: Shapes
    values: tuple[Any, ...]
    low: tuple[Any, ...]
    high: tuple[Any, ...]
    status: tuple[str, ...]
    place: tuple[int, ...]

    @property
    def numeric(self) -> bool:
        """Whether it is in numbers; else in named groups."""
        return bool(self.shown.measure["format"])

    @property
    def known(self) -> int:
        """How many places have a value."""
        return self.status.count("ok")

    @property
    def standings(self) -> list[Standing | None]:
        """How each place stands to the others; None without an interval."""
        return standings(self.low, self.high) if self.low else [None] * len(self.status)


def laid(shown: Shown, ground: Ground) -> Laid | None:
    """A measure laid on the shapes of the page; None where there are no shapes for it."""
    measure = shown.measure
    shapes = ground.of(measure)
    if shapes is None:
        return None
    rows = shapes.rows(measure["keys"])
    if not any(row >= 0 for row in rows):
        return None

    def placed(column: Sequence[Any], empty: Any) -> tuple[Any, ...]:
        found = [empty] * len(shapes.keys)
        for row, value in zip(rows, column, strict=True):
            if row >= 0:
                found[row] = value
        return tuple(found)

    return Laid(
        shown=shown,
        shapes=shapes,
        values=placed(measure["values"], None),
        low=placed(measure["low"], None) if measure["low"] else (),
        high=placed(measure["high"], None) if measure["high"] else (),
        status=placed(measure["status"], NOT_COVERED),
        place=placed(measure["place"], -1),
    )


class Columns:
    """Packed columns, equal ones once; a measure names them by number."""

    def __init__(self) -> None:
        self.held: list[Any] = []
        self._places: dict[str, int] = {}

    def put(self, values: Sequence[Any]) -> int:
        """The number of a column; −1 for an empty one."""
        if not values:
            return -1
        form, text = shortest(values)
        if text not in self._places:
            self._places[text] = len(self.held)
            self.held.append(form)
        return self._places[text]

    def of(self, one: Laid) -> dict[str, int]:
        """The columns of a measure. Named groups need no values: their class is what they are called."""
        return {
            "values": self.put(one.values) if one.numeric else -1,
            "low": self.put(one.low),
            "high": self.put(one.high),
            "status": self.put(one.status),
            "place": self.put(one.place),
        }
