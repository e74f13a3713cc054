"""What may be said about a finding: words chosen from value and interval, never typed.

Every function takes a finding and gives plain text. A finding whose status is not ``ok`` gives its phrase and
never a digit; a direction is stated only where the whole interval lies on one side of zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from statistics import NormalDist
from typing import Any

from analysis.project import AnalysisError
from analysis.publish import units
from analysis.publish.findings import Finding
from analysis.publish.rounding import decimals_for, default_decimals, readable_decimals
from analysis.publish.units import Style, Unit, unit_named
from analysis.publish.wording import ENGLISH, language, said, term

NBSP = units.NBSP


def value(found: Finding, *, style: Style = "words") -> str:
    """The value with its unit: "39 percent", "$1,390 a month in 2018 dollars", "March 4, 2020"."""
    return _value(found, style=style)


def brief(found: Finding) -> str:
    """The value without noun and year of dollars, for a second mention: "$1,390", "1,204"."""
    return _value(found, bare=True)


def interval_range(found: Finding, *, bare: bool = False) -> str:
    """The interval with its unit, "35 to 43 percent"; the value where there is none."""
    if found.status != "ok":
        return _absent(found)
    if found.interval is None:
        return _value(found, bare=bare)
    return _span(found, *found.interval, bare=bare)


def interval_words(found: Finding) -> str:
    """Level and interval: "95 percent interval: 35 to 43 percent"; empty without an interval."""
    if found.status != "ok" or found.interval is None:
        return ""
    if found.level is None:
        return str(said("interval_is")).format(what=term(found.interval_is or ""), range=interval_range(found))
    return str(said("interval")).format(level=f"{100 * found.level:g}", range=interval_range(found))


def signed(found: Finding) -> str:
    """The value with its sign; a change that cannot be told from none carries its interval, too.

    A bare sign would state a direction, and the interval does not support one.
    """
    if found.status != "ok":
        return _absent(found)
    if sign(found) == 0 and found.interval is not None:
        return f"{_value(found, plus=True)} ({interval_range(found, bare=True)})"
    return _value(found, plus=True)


def direction(found: Finding, verb: str | None = None, *, judged: bool = False) -> str:
    """The verb alone: "rose", "fell", "did not measurably change"; judged: "improved" or "worsened"."""
    _require_change(found, "direction")
    if found.status != "ok":
        return _said_of(verb, found.status) or str(said("status_moved", found.status))
    side = sign(found)
    if side == 0:
        unmoved = "still" if found.interval is None else "unchanged"
        return _said_of(verb, unmoved) or str(said("moved", unmoved))
    up, down = _verbs(found, verb, judged)
    return up if side > 0 else down


def moved(found: Finding, verb: str | None = None, *, judged: bool = False, span: bool = False) -> str:
    """Verb and size: "rose 39 percent", "fell 3 percentage points", "did not measurably change".

    ``span`` adds the interval in words of the same direction: "fell 5 percent (3 to 7 percent)".
    """
    phrase = direction(found, verb, judged=judged)
    if found.status != "ok":
        return phrase
    if sign(found) == 0:
        return f"{phrase} ({interval_range(found, bare=True)})" if span and found.interval else phrase
    size = _worded(found, abs(found.number), bare=False, style="words", plus=False)
    if not span or found.interval is None:
        return f"{phrase} {size}"
    low, high = sorted(abs(bound) for bound in found.interval)
    return f"{phrase} {size} ({_span(found, low, high, bare=True)})"


def compared(found: Finding, other: Finding, *, form: str | None = None) -> str:
    """How one level stands to another: "higher than", "lower than", "not measurably different from".

    ``form`` is the adjective's, where a language has several ("alta").

    The interval of the difference comes from the two intervals by the method of variance estimates recovery
    (Zou and Donner 2008, Statistics in Medicine 27), for independent estimates; where the two move together, as a
    district and its city do, it is too wide, so that a difference is missed rather than made up.
    """
    for side in (found, other):
        if side.status != "ok":
            return str(said("status_compared", side.status))
    if found.unit != other.unit or (found.year, found.real) != (other.year, other.real):
        raise AnalysisError(f"{found.name!r} and {other.name!r} are not in the same unit: they cannot be compared")
    low, high = _difference(found, other)
    exact = found.interval is None and other.interval is None
    higher, lower, same, equal = _form("compared", form)
    return str(higher if low > 0 else lower if high < 0 else equal if exact else same)


def _form(entry: str, form: str | None) -> Any:
    """The wording of one grammatical form, of the language's usual one unless it is stated."""
    forms = said(entry, "forms")
    wanted = form or said(entry, "default")
    if wanted not in forms:
        raise AnalysisError(f"no form {wanted!r}: use one of {', '.join(forms)}")
    return forms[wanted] if isinstance(forms, dict) else wanted


def share(found: Finding, *, form: str | None = None) -> str:
    """A share in words, "about one in four", where the interval admits it; else the value.

    ``form`` agrees with what is shared out, where a language asks for it ("una").

    A fraction is said only when it lies in the interval, within 2 points and a tenth of the value, and on the same
    side of every stated threshold.
    """
    if found.status != "ok":
        return _absent(found)
    if found.change or found.unit not in {"percent", "probability"}:
        raise AnalysisError(f"{found.name!r} is not a share: the filter share is for levels in percent")
    scale = 100 if found.unit == "percent" else 1
    low, high = found.interval or (-math.inf, math.inf)
    best: tuple[float, str] | None = None
    for text, words in said("shares", "fractions").items():
        candidate = float(Fraction(text)) * scale
        gap = abs(candidate - found.number)
        near = gap <= min(0.02 * scale, 0.1 * found.number) and low <= candidate <= high
        same_side = all(_side(candidate, limit) == _side(found.number, limit) for limit in found.threshold)
        if near and same_side and (best is None or gap < best[0]):
            best = gap, words
    if best is None:
        return _value(found)
    exact = best[0] == 0 and found.interval is None
    words = best[1].format(one=_form("shares", form))
    return words if exact else str(said("shares", "about")).format(share=words)


def counted(found: Finding, noun: str) -> str:
    """The value with a noun that agrees with it: "1 tract", "3 tracts", "no tracts"."""
    if found.status != "ok":
        return _absent(found)
    if unit_named(found.unit).kind != "number" or found.unit in {"percent", "points", "dollars"}:
        raise AnalysisError(f"{found.name!r} is in {found.unit}: the filter plural is for counts")
    if found.number == 0:
        return f"{said('zero')} {_prose_noun(noun, 0)}"
    text = _number_alone(found)
    return f"{text}{NBSP}{_prose_noun(noun, found.number)}"


def _prose_noun(noun: str, number: float) -> str:
    """A noun typed in prose, in the language of the prose."""
    if language() == ENGLISH:
        return units.plural(noun, number)
    from analysis.publish import spanish

    return spanish.plural(noun, number)


def listed(found: Finding, *, most: int | None = None, joiner: str = "and") -> str:
    """A list in words: "A, B and C"; the rest beyond ``most`` as a number: "A, B and 4 more"."""
    if found.status != "ok":
        return _absent(found)
    return enumeration(_items(found), most=most, joiner=joiner)


def rank_group(found: Finding) -> str:
    """The places that share a rank: one name, a few that the data cannot tell apart, or how many they are."""
    if found.status != "ok":
        return _absent(found)
    group = found.group or _items(found)
    if len(group) <= 1:
        return enumeration(group)
    if len(group) <= 5:
        return str(said("rank_group", "few")).format(places=enumeration(group, joiner="or"))
    return str(said("rank_group", "many")).format(n=len(group))


def enumeration(items: Sequence[str], *, most: int | None = None, joiner: str = "and") -> str:
    """Names joined as in a sentence.

    >>> enumeration(["Aldea", "Bahía", "Cerro"])
    'Aldea, Bahía and Cerro'
    >>> enumeration(["Aldea", "Bahía", "Cerro"], most=1)
    'Aldea and 2 more'
    """
    names = list(items)
    if most is not None and len(names) > most:
        names = [*names[:most], str(said("listed", "more")).format(n=len(names) - most)]
    if not names:
        return str(said("listed", "none"))
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} {_conjunction(joiner, names[-1])} {names[-1]}"


def _conjunction(joiner: str, before: str) -> str:
    if language() == ENGLISH:
        return str(said("listed", joiner))
    from analysis.publish import spanish

    return spanish.conjunction(joiner, before)


def decimals(found: Finding) -> int:
    """Decimals the finding shows: as stated, else from its interval, else from unit and base."""
    if found.decimals is not None:
        return found.decimals
    unit = unit_named(found.unit)
    if found.interval is not None and found.interval[0] < found.interval[1]:
        supported = decimals_for((found.interval[1] - found.interval[0]) / 2)
        # A very narrow interval would support more digits than anyone reads.
        readable = 0 if unit.whole else readable_decimals(found.number, unit.significant + 1)
        return _money(found, min(supported, readable))
    base = found.n if found.unit in {"percent", "points"} else None
    return _money(found, default_decimals(found.number, whole=unit.whole, n=base, significant=unit.significant))


def _money(found: Finding, wanted: int) -> int:
    """Dollars have cents or none, never a tenth."""
    if found.unit != "dollars" or wanted != 1:
        return wanted
    return 0 if abs(found.number) >= 10 else 2


def _value(found: Finding, *, style: Style = "words", bare: bool = False, plus: bool = False) -> str:
    if found.status != "ok":
        return _absent(found)
    kind = unit_named(found.unit).kind
    if kind == "date":
        return units.written_date(str(found.value))
    if kind == "list":
        return enumeration(_items(found))
    if kind == "text":
        return named(found, str(found.value))
    return _worded(found, found.number, bare=bare, style=style, plus=plus)


def _worded(found: Finding, number: float, *, bare: bool, style: Style, plus: bool) -> str:
    return units.written(
        number,
        unit_named(found.unit),
        decimals(found),
        wording=_wording(found),
        thresholds=_thresholds(found, number),
        style=style,
        plus=plus,
        bare=bare,
    )


def _span(found: Finding, low: float, high: float, *, bare: bool) -> str:
    """Two numbers and their unit once; both rounded alike unless a threshold needs more."""
    unit = unit_named(found.unit)
    whole = _worded(found, high, bare=bare, style="words", plus=False)
    if unit.name in {"dollars", "bytes"} or low == high:
        first = units.written(low, unit, decimals(found), thresholds=_thresholds(found, low), bare=True)
        return whole if low == high else str(said("range")).format(low=first, high=whole)
    first = units.written(
        low, Unit("ratio"), decimals(found), thresholds=_thresholds(found, low), wording=units.Wording(), bare=True
    )
    return str(said("range")).format(low=first, high=whole)


def _number_alone(found: Finding) -> str:
    return units.written(
        found.number, Unit("count"), decimals(found), thresholds=_thresholds(found, found.number), bare=True
    )


def _wording(found: Finding) -> units.Wording:
    return units.Wording(found.noun, found.year, found.real)


def _thresholds(found: Finding, number: float) -> tuple[float, ...]:
    """Stated limits, and the ends of the scale: 99.96 percent is not 100. Sizes of falls mirror the limits."""
    unit = unit_named(found.unit)
    ends = tuple(end for end in (unit.low, unit.high) if end is not None and not found.change)
    mirrored = tuple(-limit for limit in found.threshold) if number != found.value else ()
    return (*found.threshold, *mirrored, *ends)


def _absent(found: Finding) -> str:
    return str(said("status", found.status))


def named(found: Finding, text: str) -> str:
    """A text of a finding in the language being spoken; names stay as they are."""
    proper = found.group is not None or (found.no_interval or "") in NAMES
    return term(text, needed=not proper)


NAMES = frozenset({"a name", "names"})
"""Reasons why a finding has no interval that make it a proper name, the same in every language."""


def _items(found: Finding) -> tuple[str, ...]:
    if isinstance(found.value, tuple):
        return tuple(named(found, item) for item in found.value)
    if isinstance(found.value, str) and unit_named(found.unit).kind == "text":
        return (named(found, found.value),)
    raise AnalysisError(f"{found.name!r} is in {found.unit}: the filter is for lists of names")


def _require_change(found: Finding, what: str) -> None:
    if not found.change:
        raise AnalysisError(
            f"{found.name!r} is a level, so it has no {what}: state change=True in publish.finding if it is a change"
        )


def _said_of(verb: str | None, what: str) -> str:
    """What is said in place of a verb in the plural; empty where one sentence serves every verb."""
    plural: dict[str, str] = said("moved", "plural")
    return plural[what] if plural and verb and verb.endswith(plural["ending"]) else ""


def _verbs(found: Finding, verb: str | None, judged: bool) -> tuple[str, str]:
    verb = verb or str(said("moved", "default"))
    if judged:
        if found.higher_is == "neither":
            raise AnalysisError(f"{found.name!r} has no better and worse: state higher_is in publish.finding")
        judgements: dict[str, str] = said("moved", "judged")
        better = verb if verb in judgements else next(iter(judgements))
        pair = better, judgements[better]
        return pair if found.higher_is == "better" else pair[::-1]
    pairs: dict[str, str] = said("moved", "verbs")
    if verb not in pairs:
        raise AnalysisError(f"no verb pair {verb!r}: use one of {', '.join(sorted(pairs))}")
    return verb, pairs[verb]


def sign(found: Finding) -> int:
    """+1 or −1 where the whole interval (or, for exact values, the value) lies on that side of zero, else 0.

    The value must lie there as well: a bias-corrected interval need not contain it.
    """
    low, high = found.interval or (found.number, found.number)
    if low > 0 and found.number > 0:
        return 1
    return -1 if high < 0 and found.number < 0 else 0


def _side(number: float, limit: float) -> int:
    return (number > limit) - (number < limit)


def _difference(found: Finding, other: Finding) -> tuple[float, float]:
    level = max(side.level or 0.5 for side in (found, other))
    first, second = _at_level(found, level), _at_level(other, level)
    gap = found.number - other.number
    low = gap - math.hypot(found.number - first[0], second[1] - other.number)
    high = gap + math.hypot(first[1] - found.number, other.number - second[0])
    return low, high


def _at_level(found: Finding, level: float) -> tuple[float, float]:
    """The interval widened from its own level to a higher one, as for a normal estimate."""
    if found.interval is None:
        return found.number, found.number
    if found.level is None:
        return found.interval
    normal = NormalDist()
    factor = normal.inv_cdf((1 + level) / 2) / normal.inv_cdf((1 + found.level) / 2)
    low, high = found.interval
    return found.number - factor * (found.number - low), found.number + factor * (high - found.number)
