"""Numbers on drawings and in their descriptions: one number of decimals a figure, never more than its spread bears."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.publish import theme
from analysis.publish.rounding import decimals_for
from analysis.publish.units import Unit, unit_named, written, written_date
from analysis.publish.wording import said, told


@dataclass(frozen=True)
class Scribe:
    """Writes numbers of one unit with a fixed number of decimals.

    >>> scribe = Scribe(unit_named("percent"), 0)
    >>> scribe.label(38.2), scribe.words(38.2), scribe.span(35.1, 41.4)
    ('38%', '38 percent', '35 to 41 percent')
    """

    unit: Unit
    decimals: int
    plus: bool = False

    def label(self, value: float) -> str:
        """As written beside a mark; empty for a missing number."""
        if not math.isfinite(value):
            return ""
        style = "symbol" if self.unit.name in {"percent", "dollars"} else "words"
        if style == "symbol":
            return _plain(written(value, self.unit, self.decimals, style="symbol", plus=self.plus))
        return _digits(value, self.decimals, self.plus)

    def words(self, value: float) -> str:
        """As written in a sentence."""
        return _plain(written(value, self.unit, self.decimals, plus=self.plus, bare=True))

    def span(self, low: float, high: float) -> str:
        """A range in a sentence, the unit once."""
        first = self.words(low) if self.unit.name == "dollars" else _digits(low, self.decimals, self.plus)
        return str(said("span")).format(low=first, high=self.words(high))

    def bearing(self, half_width: float) -> Scribe:
        """A scribe for one value with that half width: it writes no digits that the interval does not bear.

        >>> Scribe(unit_named("count"), 0).bearing(165).label(1176)
        '1,180'
        """
        if not (math.isfinite(half_width) and half_width > 0):
            return self
        return replace(self, decimals=min(self.decimals, decimals_for(half_width)))

    def interval(self, value: float, low: float, high: float) -> str:
        """A value with its interval in a sentence; the interval is left out where there is none.

        >>> Scribe(unit_named("percent"), 0).interval(38, 35, 41)
        '38 percent (35 to 41)'
        """
        if not (math.isfinite(low) and math.isfinite(high)):
            return self.words(value)
        own = self.bearing((high - low) / 2)
        bounds = own.words if own.unit.name == "dollars" else lambda v: _digits(v, own.decimals, own.plus)
        return f"{own.words(value)} ({str(said('span')).format(low=bounds(low), high=bounds(high))})"


def scribe(unit: str, values: Iterable[float], half_widths: Iterable[float] = (), *, plus: bool = False) -> Scribe:
    """A scribe with as many decimals as tell the values apart, and no more than their intervals bear.

    >>> scribe("percent", [14.2, 38.9]).decimals, scribe("ratio", [0.71, 1.42]).decimals
    (0, 2)
    >>> scribe("ratio", [0.71, 1.42], [0.4, 0.5]).decimals
    1
    """
    known = unit_named(unit)
    found = np.array([v for v in values if math.isfinite(v)])
    decimals = 0
    if found.size and not known.whole and not np.all(found == np.round(found)):
        spread = float(np.ptp(found)) or abs(float(found[0]))
        largest = float(np.abs(found).max())
        wanted = max(known.significant - 1 - math.floor(math.log10(largest)), 1 - math.floor(math.log10(spread)))
        decimals = max(0, min(wanted, 4))
    widths = sorted(w for w in half_widths if math.isfinite(w) and w > 0)
    if widths:
        decimals = min(decimals, decimals_for(widths[len(widths) // 2]))
    return Scribe(known, decimals, plus)


def axis_label(unit: str, ticks: Sequence[float], value: float, *, plus: bool = False) -> str:
    """A tick's number, with the decimals its step needs and in millions where all of them are large.

    >>> [axis_label("dollars", [0, 500, 1000], v) for v in (0, 1000)]
    ['$0', '$1,000']
    >>> axis_label("people", [0, 1_000_000, 2_500_000], 2_500_000)
    '2.5m'
    """
    known = unit_named(unit)
    size = max((abs(t) for t in ticks), default=0.0)
    large = ((scale, str(said("short", name))) for scale, name in ((1e9, "billion"), (1e6, "million")) if size >= scale)
    scale, suffix = next(large, (1.0, ""))
    shown = value / scale
    scaled = [t / scale for t in (*ticks, value)]
    decimals = next((d for d in range(7) if all(abs(round(t, d) - t) < 1e-9 * max(abs(t), 1) for t in scaled)), 6)
    text = _digits(shown, decimals, plus)
    if value == 0:
        suffix = ""
    if known.name == "dollars":
        sign = text[0] if text[0] in "+−" else ""
        return f"{sign}${text.removeprefix(sign)}{suffix}"
    return text + suffix + ("%" if known.name == "percent" else "")


def counted(number: int, noun: str) -> str:
    """A small number of things in words.

    >>> counted(3, "place"), counted(1, "place"), counted(41, "place"), counted(0, "place")
    ('three places', 'one place', '41 places', 'none of the places')
    """
    from analysis.publish.units import plural

    if number == 0:
        return told("none of the {nouns}", nouns=plural(noun))
    return f"{in_words(number)} {plural(noun, number)}"


def in_words(number: int) -> str:
    """A count as a sentence writes it.

    >>> in_words(0), in_words(3), in_words(1200)
    ('none', 'three', '1,200')
    """
    names = theme.words()["numbers"]
    return str(names[number]) if number < len(names) else f"{number:,}"


def capitalized(words: str) -> str:
    """The first letter large, the others as they are.

    >>> capitalized("one CSA")
    'One CSA'
    """
    return words[:1].upper() + words[1:]


def once(words: str, label: str) -> str:
    """``words`` without the unit that ``label`` has just said.

    >>> once("441 to 3,328 per 100,000 residents", "Cases per 100,000 residents")
    '441 to 3,328'
    """
    unit = str(said("units", "per_100k")[2])
    if unit in label:
        return re.sub(rf" {unit}(?: {said('per_noun')})?", "", words)
    return words


def when(value: object) -> str:
    """A date, a year or a period as written in a sentence.

    >>> when(pd.Timestamp("2020-05-01")), when(2012.0), when(-3), when("2014–18")
    ('May 1, 2020', '2012', '−3', '2014–18')
    """
    if isinstance(value, (int, float, np.integer, np.floating)) and float(value).is_integer():
        return str(int(value)).replace("-", str(said("minus")))
    if isinstance(value, pd.Timestamp):
        return _plain(written_date(value.date().isoformat()))
    if hasattr(value, "isoformat"):
        return _plain(written_date(value.isoformat()))
    return str(value)


def _digits(value: float, decimals: int, plus: bool) -> str:
    # A unit without a word of its own is written as bare digits.
    return _plain(written(value, unit_named("ratio"), decimals, plus=plus))


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ")
