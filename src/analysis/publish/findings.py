"""A finding: one number, date, name or list with everything a sceptic asks about it.

Findings are checked when they are made, in the notebook, where the person who computed the value can answer: an
interval or the reason why there is none, a denominator for a share, the year and kind of dollars, no count of
people small enough to reveal one of them.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Protocol

from analysis.project import AnalysisError
from analysis.publish import session
from analysis.publish.evidence import method_behind, near, source_line, tables_behind
from analysis.publish.payload import FINDING, Json, Payload
from analysis.publish.policy import Policy, current_policy
from analysis.publish.rounding import most_decimals_for
from analysis.publish.units import Unit, unit_named, written_date
from analysis.publish.wording import ENGLISH, said

Status = Literal["ok", "no_data", "suppressed", "not_applicable", "failed"]
HigherIs = Literal["neither", "better", "worse"]
Value = float | int | str | tuple[str, ...] | None

STATUSES = ("ok", "no_data", "suppressed", "not_applicable", "failed")
TEMPLATE_NAMES = frozenset({"area", "cite", "fig", "lit", "map", "table", "term", "loop", "true", "false", "none"})


@dataclass(frozen=True, kw_only=True)
class Finding(Payload):
    """One recorded result. ``value`` is None exactly when ``status`` is not ``ok``; dates are ISO text.

    ``interval`` is in the unit of the value at confidence (or credibility) ``level``; without one,
    ``no_interval`` says why. Where the ends are no such interval, ``interval_is`` names what they are ("range over the
    quarters") and there is no level. ``change`` tells a change over time (may "rise" or "fall") from a level.
    ``threshold``: limits that rounding must not cross. ``group``: for a named place, the places it cannot be told
    apart from, itself included. ``outside``: why the interval does not contain the value, where it does not.
    ``method`` is ``{"name", "module", "summary", "file", "line"}``; ``tables`` are the table uses of
    :mod:`analysis.provenance` as JSON (each with its ``datasets``).
    """

    mime: ClassVar[str] = FINDING
    name: str
    value: Value
    unit: str
    status: Status = "ok"
    interval: tuple[float, float] | None = None
    level: float | None = None
    interval_is: str | None = None
    no_interval: str | None = None
    outside: str | None = None
    n: int | None = None
    denominator: str | None = None
    area: str | None = None
    period: str | None = None
    higher_is: HigherIs = "neither"
    change: bool = False
    threshold: tuple[float, ...] = ()
    decimals: int | None = None
    design: str | None = None
    note: str | None = None
    noun: str | None = None
    year: int | None = None
    real: bool | None = None
    group: tuple[str, ...] | None = None
    method: Json | None = None
    tables: tuple[Json, ...] = ()

    @property
    def number(self) -> float:
        """The value as a number; an error for texts, lists, dates and missing values."""
        if isinstance(self.value, (int, float)):
            return self.value
        raise AnalysisError(f"finding {self.name!r} is not a number: it is {self.unit} with status {self.status}")


def finding(
    name: str,
    value: float | int | str | date | Sequence[str] | None,
    *,
    unit: str,
    interval: tuple[float, float] | None = None,
    level: float = 0.95,
    interval_is: str | None = None,
    no_interval: str | None = None,
    outside: str | None = None,
    n: int | None = None,
    denominator: str | None = None,
    area: str | None = None,
    period: str | None = None,
    higher_is: HigherIs = "neither",
    change: bool | None = None,
    threshold: float | Sequence[float] | None = None,
    method: Callable[..., Any] | str | None = None,
    tables: Sequence[str] | None = None,
    decimals: int | None = None,
    design: str | None = None,
    note: str | None = None,
    noun: str | None = None,
    year: int | None = None,
    real: bool | None = None,
    group: Sequence[str] | None = None,
    status: Status = "ok",
) -> Finding:
    """Record one result under ``name`` so that prose may say it as ``{{ name }}``.

    Parameters
    ----------
    value
        In ``unit``: 39.2 percent is 39.2, a date is a date or ISO text, a list is of texts; None with a ``status``.
    unit
        One of :data:`analysis.publish.units.UNITS`: percent, points (a difference of percentages), dollars, people, …
    interval, level
        Bounds in the unit of the value (not half widths) and their level, 0.90 for ACS margins; or
        ``no_interval``, the reason why there is none ("complete count", "published figure without a margin").
    interval_is
        What the bounds are where no level can be promised for them ("range over the quarters").
    n
        Records or persons behind the value; ``denominator`` says of what a share is one.
    change
        True for a change over time, which prose may let rise or fall. Points are changes unless told otherwise.
    threshold
        Limits that matter to a decision: rounding never moves the value across one.
    design
        The causal design and its assumption; without it no causal verb may stand in the same sentence.
    noun
        What is counted, in the singular ("census tract"); for dollars what follows ("a month").
    year, real
        Of dollars: the year they are of, and whether adjusted for inflation to it.

    Raises
    ------
    AnalysisError
        Naming the finding and what to state; nothing is recorded then.
    """
    found = Finding(
        name=name,
        value=_plain_value(name, value, unit),
        unit=unit,
        status=status,
        interval=_bounds(name, interval),
        level=level if interval is not None and interval_is is None else None,
        interval_is=interval_is,
        no_interval=no_interval,
        outside=outside,
        n=None if n is None else int(n),
        denominator=denominator,
        area=area,
        period=period,
        higher_is=higher_is,
        change=unit == "points" if change is None else change,
        threshold=_limits(threshold),
        decimals=decimals,
        design=design,
        note=note,
        noun=noun,
        year=None if year is None else int(year),
        real=real,
        group=None if group is None else tuple(str(place) for place in group),
        method=method_behind(method),
        tables=tables_behind(tables),
    )
    require_sound(found, current_policy())
    session.record(found, card=finding_card(found), text=summary(found))
    return found


def _plain_value(name: str, value: Any, unit: str) -> Value:
    kind = unit_named(unit).kind
    if value is None:
        return None
    if kind == "date":
        return value if isinstance(value, str) else str(value.isoformat())[:10]
    if kind == "text":
        return str(value)
    if kind == "list":
        if isinstance(value, str):
            raise AnalysisError(f"finding {name!r}: a list needs a list of texts, not one text")
        return tuple(str(item) for item in value)
    if type(value) is not bool and isinstance(value, Integral):
        return int(value)
    if type(value) is not bool and isinstance(value, Real):
        return float(value)
    raise AnalysisError(f"finding {name!r}: {unit} needs a number, not {type(value).__name__} {value!r}")


def _bounds(name: str, interval: Any) -> tuple[float, float] | None:
    if interval is None:
        return None
    try:
        low, high = (float(bound) for bound in interval)
    except (TypeError, ValueError):
        raise AnalysisError(f"finding {name!r}: interval={interval!r} must be two numbers, low and high") from None
    return low, high


def _limits(threshold: float | Sequence[float] | None) -> tuple[float, ...]:
    if threshold is None:
        return ()
    return (float(threshold),) if isinstance(threshold, (int, float)) else tuple(float(limit) for limit in threshold)


def require_sound(found: Finding, policy: Policy) -> None:
    """Raise :class:`AnalysisError` with every reason why this finding cannot be published as stated."""
    unit = unit_named(found.unit)
    reasons = [*_name_faults(found), *_status_faults(found)]
    if found.status == "ok" and found.value is not None and not reasons:
        reasons += _number_faults(found, unit, policy) if unit.kind == "number" else _word_faults(found, unit)
    if reasons:
        raise AnalysisError(f"finding {found.name!r}: " + "; ".join(reasons))


def _name_faults(found: Finding) -> list[str]:
    faults = []
    if not found.name.isidentifier() or found.name.startswith("_") or keyword.iskeyword(found.name):
        faults.append("the name must be a plain identifier such as rent_change")
    if found.name in TEMPLATE_NAMES:
        faults.append(f"{found.name!r} is a word of the templates: choose another name")
    if found.noun is not None and re.search(r"\d", found.noun):
        faults.append("noun must not contain digits: a number in prose comes from a value")
    if found.higher_is not in ("neither", "better", "worse"):
        faults.append(f"higher_is={found.higher_is!r}: use neither, better or worse")
    if found.design is not None and not found.design.strip():
        faults.append("design is empty: name the design and its assumption, or leave it out")
    return faults


def _status_faults(found: Finding) -> list[str]:
    if found.status not in STATUSES:
        return [f"status={found.status!r}{near(found.status, STATUSES)}: use one of {', '.join(STATUSES)}"]
    if found.status == "ok" and found.value is None:
        return ["the value is missing: say which kind of missing it is with status="]
    if found.status != "ok" and (found.value is not None or found.interval is not None):
        return [f"status={found.status} must come without value and interval: they would reach the page"]
    return []


def _word_faults(found: Finding, unit: Unit) -> list[str]:
    faults = []
    if found.interval is not None:
        faults.append(f"{unit.name} has no interval")
    if unit.kind == "text" and not str(found.value).strip():
        faults.append("the text is empty: say which kind of missing it is with status=")
    if unit.kind == "date":
        written_date(str(found.value))
    if found.group is not None and unit.kind == "text" and found.value not in found.group:
        faults.append("group must contain the place itself")
    return faults


def _number_faults(found: Finding, unit: Unit, policy: Policy) -> list[str]:
    value = found.number
    if not math.isfinite(value):
        return ["the value is not finite: say which kind of missing it is with status="]
    return [
        *_interval_faults(found, value),
        *_bound_faults(found, unit, value),
        *_denominator_faults(found, policy),
        *_dollar_faults(found),
        *_disclosure_faults(found, unit, value, policy),
        *_precision_faults(found),
    ]


def _interval_faults(found: Finding, value: float) -> list[str]:
    if found.interval is None:
        if not (found.no_interval or "").strip():
            return ["state interval=(low, high), or no_interval='why there is none'"]
        return []
    faults = []
    low, high = found.interval
    if found.no_interval is not None:
        faults.append("state either interval or no_interval, not both")
    if not (math.isfinite(low) and math.isfinite(high)) or low > high:
        return [*faults, f"interval ({low}, {high}) must be finite, low first"]
    if not low <= value <= high and not (found.outside or "").strip():
        faults.append(f"interval ({low}, {high}) does not contain {value}: correct it, or state outside='why'")
    if found.interval_is is None and (found.level is None or not 0.5 <= found.level < 1):
        faults.append(f"level={found.level} must be a share such as 0.90 or 0.95")
    return faults


def _bound_faults(found: Finding, unit: Unit, value: float) -> list[str]:
    if found.change:
        return []
    faults = []
    for label, number in (("value", value), *zip(("low bound", "high bound"), found.interval or (), strict=False)):
        if unit.low is not None and number < unit.low:
            faults.append(
                f"{label} {number:g} is below {unit.low:g}, impossible for a level in {unit.name}: cut the interval "
                "there, or state change=True if this is a change"
            )
        if unit.high is not None and number > unit.high:
            faults.append(
                f"{label} {number:g} is above {unit.high:g}, impossible for a level in {unit.name}: state change=True "
                "if this is a change, or use unit='ratio'"
            )
    return faults


def _denominator_faults(found: Finding, policy: Policy) -> list[str]:
    faults = []
    if found.unit in {"percent", "per_100k", "per_1000"}:
        if not found.change and not (found.denominator or "").strip():
            faults.append("state denominator='of what': a share without one cannot be checked")
        if found.n is not None and found.n < policy.minimum_events:
            faults.append(
                f"n={found.n} is below the policy's {policy.minimum_events}: publish the level, not a rate or a "
                "percent change"
            )
    if found.n is not None and found.n < 0:
        faults.append("n is negative")
    return faults


def _dollar_faults(found: Finding) -> list[str]:
    if found.unit == "dollars" and (found.year is None or found.real is None):
        return ["dollars need year= and real=True (adjusted for inflation to that year) or real=False"]
    if found.real is not None and found.year is None:
        return ["real= needs year=: the year of the dollars"]
    return []


def _disclosure_faults(found: Finding, unit: Unit, value: float, policy: Policy) -> list[str]:
    counted = found.noun or found.unit
    people = unit.people or (
        unit.name == "count" and counted.split()[-1].lower() in said("people_nouns", language=ENGLISH)
    )
    if people and found.interval is None and not found.change and 0 < value < policy.minimum_count:
        return [
            f"a count of people ({counted}) from 1 to {policy.minimum_count - 1} is not published: state value=None, "
            "status='suppressed'"
        ]
    return []


def _precision_faults(found: Finding) -> list[str]:
    if found.decimals is None or found.interval is None or found.interval[0] == found.interval[1]:
        return []
    most = most_decimals_for((found.interval[1] - found.interval[0]) / 2)
    if found.decimals > max(most, 0):
        return [f"decimals={found.decimals} is false precision: the interval supports {max(most, 0)}"]
    return []


def summary(found: Finding) -> str:
    """One line for logs and plain consoles."""
    from analysis.publish import phrases  # phrases speak of findings, so they import this module

    bounds = f" ({phrases.interval_words(found)})" if found.interval is not None else ""
    return f"{found.name}: {phrases.value(found)}{bounds}".replace("\u00a0", " ")


class Estimated(Protocol):
    """What a method hands over: a value with its ends, or the reason why there is none."""

    @property
    def value(self) -> float: ...
    @property
    def interval(self) -> tuple[float, float] | None: ...
    @property
    def level(self) -> float: ...
    @property
    def n(self) -> int | None: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str: ...


def estimate(name: str, found: Estimated, *, unit: str, **facts: Any) -> Finding:
    """Record a method's estimate whole: value, interval, level and size, or its status with the reason.

    ``facts`` are those of :func:`finding` (denominator, area, period, method, …). An estimate without an interval says
    in its ``reason`` why; one on fewer cases than the policy's minimum becomes ``not_applicable``, which is what
    ``{% if name.ok %}`` in prose asks about.
    """
    few = found.n is not None and found.n < current_policy().minimum_events and unit in {"percent", "points"}
    if found.status != "ok" or few:
        reason = found.reason if found.status != "ok" else f"it would rest on {found.n} cases only"
        status = found.status if found.status != "ok" else "not_applicable"
        return finding(name, None, unit=unit, status=status, **{**facts, "note": reason})  # type: ignore[arg-type]
    if found.interval is None:
        facts.setdefault("no_interval", found.reason)
        return finding(name, found.value, unit=unit, n=found.n, **facts)
    return finding(name, found.value, unit=unit, interval=found.interval, level=found.level, n=found.n, **facts)


def finding_card(found: Finding) -> str:
    """The compact HTML card shown in JupyterLab: value, interval, denominator, source."""
    from analysis.publish import phrases

    facts = [
        ("interval", phrases.interval_words(found) or (f"none: {found.no_interval}" if found.no_interval else "")),
        ("n", "" if found.n is None else f"{found.n:,}"),
        ("of", found.denominator or ""),
        ("where", found.area or ""),
        ("when", found.period or ""),
        ("design", found.design or ""),
        ("method", found.method["name"] if found.method else ""),
        ("source", (source_line(found.tables) or "").removeprefix("Source: ")),
        ("note", found.note or ""),
    ]
    return session.card(phrases.value(found), facts, lead=found.name)
