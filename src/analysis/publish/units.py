"""What a unit is: how it is written, what values it admits, how it rounds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from analysis.project import AnalysisError
from analysis.publish.rounding import digits, rounded
from analysis.publish.wording import ENGLISH, language, said, term, terms

NBSP = "\u00a0"
Style = Literal["words", "symbol"]


@dataclass(frozen=True)
class Unit:
    """One unit.

    ``whole``: exact values are whole numbers. ``people``: the value counts persons or households, so small ones are
    suppressed. ``low`` and ``high`` bound a level (a change has no bounds). ``significant``: digits shown at least
    when there is no interval.
    """

    name: str
    kind: Literal["number", "text", "list", "date"] = "number"
    whole: bool = False
    people: bool = False
    low: float | None = None
    high: float | None = None
    significant: int = 2


_ALL = (
    Unit("percent", low=0, high=100),
    Unit("points", low=-100, high=100),
    Unit("dollars", significant=3),
    Unit("people", whole=True, people=True, low=0),
    Unit("households", whole=True, people=True, low=0),
    Unit("count", whole=True, low=0),
    Unit("rows", whole=True, low=0),
    Unit("ratio", significant=3),
    Unit("index", significant=3),
    Unit("score", significant=3),
    Unit("per_100k", low=0, significant=3),
    Unit("per_1000", low=0),
    Unit("minutes"),
    Unit("hours"),
    Unit("days"),
    Unit("weeks"),
    Unit("years"),
    Unit("correlation", low=-1, high=1),
    Unit("probability", low=0, high=1),
    Unit("km"),
    Unit("square_km"),
    Unit("miles"),
    Unit("bytes", whole=True, low=0),
    Unit("date", kind="date"),
    Unit("text", kind="text"),
    Unit("list", kind="list"),
)
UNITS = {unit.name: unit for unit in _ALL}


def unit_named(name: str) -> Unit:
    """The unit of that name.

    >>> unit_named("percent").high
    100
    """
    if name not in UNITS:
        raise AnalysisError(f"unknown unit {name!r}: use one of {', '.join(sorted(UNITS))}")
    return UNITS[name]


@dataclass(frozen=True)
class Wording:
    """How a quantity is worded around its number: the noun counted, the year and kind of dollars."""

    noun: str | None = None
    year: int | None = None
    real: bool | None = None


def plural(noun: str, number: float | None = None) -> str:
    """An English noun of the code in the form that agrees with ``number`` (plural when there is none).

    In another language the notebook's terms give both forms.

    >>> plural("census tract"), plural("city"), plural("person", 1), plural("child", 3), plural("bus")
    ('census tracts', 'cities', 'person', 'children', 'buses')
    """
    single = number is not None and abs(number) == 1
    if language() != ENGLISH:
        return terms().noun(noun)[0 if single else 1]
    if single:
        return noun
    head, blank, last = noun.rpartition(" ")
    irregular: dict[str, str] = said("plurals")
    if last.lower() in irregular:
        return head + blank + irregular[last.lower()]
    if re.search(r"[^aeiou]y$", last):
        return head + blank + last[:-1] + "ies"
    return head + blank + last + ("es" if re.search(r"(s|x|z|ch|sh)$", last) else "s")


def written(
    value: float,
    unit: Unit,
    decimals: int,
    *,
    wording: Wording | None = None,
    thresholds: Iterable[float] = (),
    style: Style = "words",
    plus: bool = False,
    bare: bool = False,
) -> str:
    """A number with its unit. ``bare`` leaves out nouns and the year of dollars, never the unit itself.

    >>> written(39.2, UNITS["percent"], 0).replace(NBSP, " ")
    '39 percent'
    >>> written(1390, UNITS["dollars"], -1, wording=Wording("a month", 2018, True)).replace(NBSP, " ")
    '$1,390 a month in 2018 dollars'
    """
    wording = wording or Wording()
    if unit.name == "bytes":
        return _bytes(value)
    number, used = rounded(value, decimals, thresholds)
    text, scaled = _number(number, used, plus)
    if unit.name == "dollars":
        sign = text[0] if text[0] in "+" + said("minus") else ""
        text = sign + "$" + text.removeprefix(sign)
        return text if bare or style == "symbol" else _joined(text, term(wording.noun or ""), _dollars(wording))
    if style == "symbol":
        sign = said("units", unit.name)[2] if unit.name in said("units") else ""
        return text + (sign if sign in {"", "%"} else NBSP + sign)
    single = abs(number) == 1 and not scaled and used <= 0
    return _joined(text, _after(unit, wording, single=single, bare=bare))


def after(unit: Unit, wording: Wording) -> str:
    """What follows a number of that unit in words, plural; empty for bare numbers.

    >>> after(UNITS["points"], Wording())
    'percentage points'
    """
    if unit.name == "dollars":
        return " ".join(part for part in (term(wording.noun or ""), _dollars(wording)) if part)
    return _after(unit, wording, single=False, bare=False)


def _after(unit: Unit, wording: Wording, *, single: bool, bare: bool) -> str:
    if unit.name in said("units"):
        phrase: str = said("units", unit.name)[0 if single else 1]
        if unit.people and wording.noun:
            phrase = "" if bare else plural(wording.noun, 1 if single else None)
        return phrase.format(noun=term(wording.noun) if wording.noun else said("per_noun"))
    if wording.noun and not bare:
        return plural(wording.noun, 1 if single else None)
    return ""


def _dollars(wording: Wording) -> str:
    if wording.year is None:
        return ""
    phrase: str = said("dollars", "real" if wording.real else "nominal")
    return phrase.format(year=wording.year)


def _joined(*parts: str) -> str:
    """Number and unit held together; further words may wrap."""
    text = " ".join(part for part in parts if part)
    return text.replace(" ", NBSP, 1)


def _number(number: Decimal, decimals: int, plus: bool) -> tuple[str, bool]:
    """Digits, in millions or billions where rounding leaves only zeros below."""
    for name, power in (("billion", 9), ("million", 6)):
        if abs(number) >= Decimal(10) ** power and decimals <= 2 - power:
            scaled = number.scaleb(-power)
            one, many = said("big", name)
            word = one if abs(scaled) == 1 and decimals <= -power else many
            return digits(scaled, decimals + power, plus=plus) + NBSP + word, True
    return digits(number, decimals, plus=plus), False


def _bytes(value: float) -> str:
    names: list[str] = said("bytes")
    size, index = float(value), 0
    while abs(size) >= 999.5 and index < len(names) - 1:
        size, index = size / 1000, index + 1
    number, used = rounded(size, 0 if index == 0 or abs(size) >= 10 else 1)
    return digits(number, used) + NBSP + names[index]


def written_date(iso: str) -> str:
    """An ISO date in words; a month alone or a year alone stays one.

    >>> written_date("2020-03-04").replace(NBSP, " "), written_date("2020-03").replace(NBSP, " ")
    ('March 4, 2020', 'March 2020')
    """
    months: list[str] = said("months")
    if re.fullmatch(r"\d{4}", iso):
        return iso
    if match := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", iso):
        text = str(said("date_month")).format(month=months[int(match[2]) - 1], year=match[1])
        return text.replace(" ", NBSP)
    try:
        day = date.fromisoformat(iso[:10])
    except ValueError:
        raise AnalysisError(f"{iso!r} is not a date: give a date, or ISO text such as 2020-03-04") from None
    return str(said("date")).format(month=months[day.month - 1], day=day.day, year=day.year).replace(" ", NBSP, 1)
