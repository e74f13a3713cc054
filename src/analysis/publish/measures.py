"""Measures of places: what a published column says of every tract or district, ready for the map of all of them.

Only what is published anyway becomes a measure: the numbers are taken after disclosure control, from the map, figure,
table or download that a page shows, and the map leads back to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish.evidence import near
from analysis.publish.findings import STATUSES, HigherIs
from analysis.publish.payload import Json, plain
from analysis.publish.units import unit_named

if TYPE_CHECKING:
    from analysis.publish.maps.shading import Judged, Shading

Floats = npt.NDArray[np.float64]
MANY = 50
"""Places from which five classes are made where a measure does not say how many."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What one column of a figure, table or download says of places.

    ``label`` names it; two measures of a paper with one label and different ``period`` are the same measure at two
    times. ``statistic`` says what of it is shown where that is not its level: its ``change``, or the ``typical_change``
    over tracts. ``key`` is the column that names the places, by code or by name; ``places`` what they are, ``vintage``
    the year of their borders. ``low`` and ``high`` are columns of bounds and ``interval`` says of what kind (by default
    an interval of ``level``); a number without them states its reason in ``no_interval``. ``status`` names a column of
    ok/no_data/suppressed/not_applicable/failed. ``denominator`` says of what. Dollars need ``year`` and ``real``.
    ``palette``, ``middle``, ``classes``, ``breaks``, ``groups`` and ``measurable`` are those of a map.
    """

    label: str
    statistic: Literal["", "change", "typical_change"] = ""
    unit: str = "text"
    period: str
    key: str = "geoid"
    places: str = "tract"
    vintage: str = ""
    low: str | None = None
    high: str | None = None
    level: float = 0.95
    interval: str = ""
    no_interval: str = ""
    status: str | None = None
    higher_is: HigherIs = "neither"
    denominator: str = ""
    year: int | None = None
    real: bool | None = None
    palette: Literal["sequential", "diverging", "groups"] = "sequential"
    middle: float = 0.0
    classes: int | None = None
    breaks: Sequence[float] | None = None
    groups: Sequence[str] | None = None
    measurable: str | None = None


@dataclass(frozen=True)
class _Column:
    """One column, as the shading of maps asks for it."""

    column: str
    values: Floats
    texts: tuple[str, ...]
    low: Floats
    high: Floats
    measurable: npt.NDArray[np.bool_] | None
    status: tuple[str, ...]


def recorded(
    what: str,
    frame: pd.DataFrame,
    measures: Mapping[str, Measure] | None,
    statuses: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Json, ...]:
    """The measures among the columns of a frame that is published as it is.

    ``statuses`` are those of cells already judged, by column: what is not ``ok`` there has no number here.
    Raises :class:`AnalysisError` for a column that is not there, a place named twice, and a number without interval or
    reason.
    """
    return tuple(
        _recorded(f"{what}, measure {column!r}", frame, column, measure, (statuses or {}).get(column))
        for column, measure in (measures or {}).items()
    )


def _recorded(what: str, frame: pd.DataFrame, column: str, measure: Measure, judged: Sequence[str] | None) -> Json:
    from analysis.publish.maps.shading import shade

    _check(what, frame, column, measure)
    keys = [str(key) for key in frame[measure.key]]
    text = measure.palette == "groups"
    status = _statuses(what, frame, column, measure, judged)
    known = np.array([s == "ok" for s in status])
    given = _Column(
        column=column,
        values=np.full(len(frame), np.nan) if text else _numbers(frame, column, known),
        texts=tuple(str(v) if ok else "" for v, ok in zip(frame[column], known, strict=True)) if text else (),
        low=_numbers(frame, measure.low, known),
        high=_numbers(frame, measure.high, known),
        measurable=None if measure.measurable is None else frame[measure.measurable].fillna(False).to_numpy(dtype=bool),
        status=status,
    )
    several = measure.classes or (5 if len(frame) >= MANY else 4)
    shading = shade(
        given, unit=measure.unit, classes=several, breaks=measure.breaks, scheme="quantile", palette=measure.palette,
        middle=measure.middle, groups=measure.groups,
    )  # fmt: skip
    return {**described(column, measure), **shown(keys, given, shading)}


def described(column: str, measure: Measure) -> Json:
    """What a measure is, without its numbers."""
    bounded = measure.low is not None
    level = f"{100 * measure.level:g}"
    return {
        "column": column,
        "label": measure.label,
        "statistic": measure.statistic,
        "unit": measure.unit,
        "year": measure.year,
        "real": measure.real,
        "period": measure.period,
        "places": measure.places,
        "vintage": measure.vintage,
        "higher_is": measure.higher_is,
        "denominator": measure.denominator,
        "interval": measure.interval if bounded else "",
        "level": level if bounded and not measure.interval else "",
        "no_interval": "" if bounded else measure.no_interval,
    }


def shown(keys: Sequence[str], given: Judged, shading: Shading) -> Json:
    """The numbers of a measure and the class of each place.

    A class has its token and what bounds it, written; or the name it has by itself.
    """
    result: Json = plain(
        {
            "keys": list(keys),
            "values": list(given.texts if shading.scribe is None else shading.trimmed(given.values)),
            "low": list(shading.trimmed(given.low)) if np.isfinite(given.low).any() else [],
            "high": list(shading.trimmed(given.high)) if np.isfinite(given.high).any() else [],
            "status": list(given.status),
            "classes": shading.bounds,
            "place": list(shading.place),
            "format": shading.format,
        }
    )
    return result


def _check(what: str, frame: pd.DataFrame, column: str, measure: Measure) -> None:
    named = (column, measure.key, measure.low, measure.high, measure.status, measure.measurable)
    for one in named:
        if one is not None and one not in frame.columns:
            raise AnalysisError(f"{what}: no column {one!r}{near(one, map(str, frame.columns))}")
    keys = frame[measure.key]
    if keys.isna().any() or keys.duplicated().any():
        twice = sorted(map(str, keys[keys.duplicated()]))[:5]
        raise AnalysisError(f"{what}: {measure.key!r} must name every place once; repeated: {', '.join(twice)}")
    unit = unit_named(measure.unit)
    if (measure.palette == "groups") != (unit.kind == "text"):
        raise AnalysisError(f"{what}: groups are of unit text, and numbers need a unit")
    if (measure.low is None) != (measure.high is None):
        raise AnalysisError(f"{what}: give both `low` and `high`, or neither")
    if unit.kind == "number" and measure.low is None and not measure.no_interval:
        raise AnalysisError(f"{what}: give `low` and `high`, or say in no_interval why there are none")
    if unit.name == "dollars" and (measure.year is None or measure.real is None):
        raise AnalysisError(f"{what}: it is in dollars: state year= and real=True or False")


def _statuses(
    what: str, frame: pd.DataFrame, column: str, measure: Measure, judged: Sequence[str] | None
) -> tuple[str, ...]:
    stated = [str(s) for s in frame[measure.status]] if measure.status else ["ok"] * len(frame)
    found = []
    for value, own, cell in zip(frame[column], stated, judged or stated, strict=True):
        status = cell if cell != "ok" else own
        if status not in STATUSES:
            raise AnalysisError(f"{what}: status {status!r}{near(status, STATUSES)}")
        found.append("no_data" if status == "ok" and pd.isna(value) else status)
    return tuple(found)


def _numbers(frame: pd.DataFrame, column: str | None, known: npt.NDArray[np.bool_]) -> Floats:
    """A column without the numbers that are withheld; nothing known of a column that is not given."""
    if column is None:
        return np.full(len(frame), math.nan)
    values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float)
    return np.where(known, values, math.nan)
