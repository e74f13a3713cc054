"""Which colour each place gets, and how its number is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from analysis.project import AnalysisError
from analysis.publish import theme
from analysis.publish.figures.numbers import Scribe, axis_label, scribe
from analysis.publish.maps.classes import (
    Class,
    Floats,
    Scheme,
    breaks_of,
    class_of,
    diverging_classes,
    group_classes,
    sequential_classes,
    symmetric_breaks,
)


class Judged(Protocol):
    """What is known of places, in the order of their rows: numbers or texts, bounds, and a status each."""

    @property
    def column(self) -> str: ...
    @property
    def values(self) -> Floats: ...
    @property
    def texts(self) -> tuple[str, ...]: ...
    @property
    def low(self) -> Floats: ...
    @property
    def high(self) -> Floats: ...
    @property
    def measurable(self) -> npt.NDArray[np.bool_] | None: ...
    @property
    def status(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Shading:
    """Classes, the class of each place (−1: none), status of each place, and the writer of numbers (none for text)."""

    classes: tuple[Class, ...]
    place: npt.NDArray[np.int64]
    status: tuple[str, ...]
    scribe: Scribe | None

    @property
    def counts(self) -> list[int]:
        """Places in each class."""
        return [int((self.place == i).sum()) for i in range(len(self.classes))]

    @property
    def empty(self) -> dict[str, int]:
        """Places without a class, by status."""
        return {s: self.status.count(s) for s in sorted(set(self.status) - {"ok"})}

    @property
    def bounds(self) -> list[dict[str, str]]:
        """Each class: its token, and where it begins and ends as written, or its own name."""
        if self.scribe is None:
            return [{"token": c.token, "name": c.label} for c in self.classes]
        inner = sorted({edge for c in self.classes for edge in (c.low, c.high) if np.isfinite(edge)})
        unit, plus = self.scribe.unit.name, self.scribe.plus

        def text(edge: float) -> str:
            return axis_label(unit, inner, edge, plus=plus) if np.isfinite(edge) else ""

        return [
            {"token": c.token, "name": "" if np.isfinite([c.low, c.high]).any() else c.label}
            | {"from": text(c.low), "to": text(c.high)}
            for c in self.classes
        ]

    def trimmed(self, values: Floats) -> Floats:
        """Two digits more than are shown: enough to compute with, no noise of binary fractions."""
        return values if self.scribe is None else np.round(values, max(self.scribe.decimals, 0) + 2) + 0.0

    @property
    def format(self) -> dict[str, Any]:
        """How the page's script writes a number: signs before and after it, and decimals."""
        if self.scribe is None:
            return {}
        name = self.scribe.unit.name
        return {
            "before": "$" if name == "dollars" else "",
            "after": "%" if name == "percent" else "",
            "decimals": max(self.scribe.decimals, 0),
            "plus": self.scribe.plus,
        }


def shade(
    places: Judged,
    *,
    unit: str,
    classes: int | None,
    breaks: Sequence[float] | None,
    scheme: Scheme,
    palette: str,
    middle: float,
    groups: Sequence[str] | None,
) -> Shading:
    """Classes of a map and the class of every place."""
    if palette == "groups":
        return _groups(places, groups)
    known = places.values[np.isfinite(places.values)]
    if not known.size:
        raise AnalysisError(f"map of {places.column!r}: every place is without a number; there is nothing to colour")
    low, high = float(known.min()), float(known.max())
    widths = ((places.high - places.low) / 2).tolist()
    if palette == "sequential":
        inner = sorted(breaks) if breaks is not None else breaks_of(known, classes or 5, scheme)
        held = sequential_classes(inner, unit, low, high)
        return Shading(tuple(held), class_of(places.values, held), places.status, scribe(unit, known, widths))
    if palette != "diverging":
        raise AnalysisError(f"map palette {palette!r}: use sequential, diverging or groups")
    arms = max((classes or 4) // 2, 1)
    inner = sorted(breaks) if breaks is not None else symmetric_breaks(known, middle, arms)
    still = _still(places, middle)
    words = theme.words()["keys"]["no_measurable_change"] if still is not None else None
    held = diverging_classes(inner, middle, unit, low, high, still=words)
    place = class_of(places.values, held)
    if still is not None:
        place[still] = next(i for i, c in enumerate(held) if c.token == "middle")
    return Shading(tuple(held), place, places.status, scribe(unit, known, widths, plus=middle == 0))


def _still(places: Judged, middle: float) -> npt.NDArray[np.bool_] | None:
    """Places with a number that is not measurably on one side of the middle; nothing if nobody can say."""
    ok = np.isfinite(places.values)
    if places.measurable is not None:
        return ok & ~places.measurable
    if np.isfinite(places.low).any():
        return np.asarray(ok & (places.low <= middle) & (places.high >= middle), dtype=bool)
    return None


def _groups(places: Judged, groups: Sequence[str] | None) -> Shading:
    present = sorted({t for t in places.texts if t})
    names = [str(g) for g in groups] if groups is not None else present
    unknown = sorted(set(present) - set(names))
    if unknown:
        raise AnalysisError(f"map of {places.column!r}: `groups` does not name {', '.join(unknown)}")
    held = group_classes(names)
    order = {name: i for i, name in enumerate(names)}
    place = np.array([order.get(t, -1) if t else -1 for t in places.texts], dtype=np.int64)
    return Shading(tuple(held), place, places.status, None)
