"""The measures of the map in words, in the language being spoken."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.publish import theme
from analysis.publish.payload import Json
from analysis.publish.wording import said, term
from analysis.publish.wording import told as sentence
from analysis.report.atlas.gathering import Shown
from analysis.report.atlas.laying import NOT_COVERED, Laid


@dataclass(frozen=True)
class Told:
    """A measure as the page words it."""

    laid: Laid
    label: str
    unit: str
    period: str
    uncertainty: str
    where: str
    classes: tuple[tuple[str, str], ...]

    @property
    def shown(self) -> Shown:
        """Where it is published."""
        return self.laid.shown

    def text(self, row: int) -> str:
        """The value of a place, or why there is none."""
        if self.laid.status[row] != "ok":
            return status_words(self.laid.status[row])
        return self.number(self.laid.values[row]) if self.laid.numeric else self.classes[self.laid.place[row]][1]

    def span(self, row: int) -> str:
        """The interval of a place; empty without one."""
        low, high = (column[row] if column else None for column in (self.laid.low, self.laid.high))
        return "" if low is None or high is None else _span(self.number(low), self.number(high))

    def number(self, value: float) -> str:
        """A number of this measure as it is written."""
        form = self.shown.measure["format"]
        text = f"{abs(value):,.{form['decimals']}f}"
        zero = not any(digit in "123456789" for digit in text)
        sign = "" if zero else said("minus") if value < 0 else "+" if form["plus"] else ""
        return f"{sign}{form['before']}{text}{form['after']}"


def told(laid: Laid) -> Told:
    """A measure in words."""
    measure = laid.shown.measure
    return Told(
        laid=laid,
        label=_label(measure),
        unit=_unit(measure),
        period=term(measure["period"], needed=False),
        uncertainty=_uncertainty(measure),
        where=_where(laid.shown),
        classes=tuple((one["token"], _class(one)) for one in measure["classes"]),
    )


def _label(measure: Json) -> str:
    label = term(measure["label"], needed=False)
    statistic = measure["statistic"]
    return str(said("atlas", "statistics", statistic)).format(label=label) if statistic else label


def status_words(status: str) -> str:
    """A kind of emptiness in words.

    >>> status_words("suppressed"), status_words("absent")
    ('suppressed to protect people', 'not part of this measure')
    """
    return str(said("atlas", "absent") if status == NOT_COVERED else said("status", status))


def _span(low: str, high: str) -> str:
    return str(said("span")).format(low=low, high=high)


def _unit(measure: Json) -> str:
    """What a number counts, where its sign does not say it already."""
    unit = measure["unit"]
    if unit == "dollars" and measure["year"] is not None:
        return str(said("dollars", "real" if measure["real"] else "nominal")).format(year=measure["year"])
    return "" if unit == "percent" or unit not in said("units") else str(said("units", unit)[2])


def _uncertainty(measure: Json) -> str:
    if measure["level"]:
        return str(said("atlas", "level")).format(level=measure["level"])
    if measure["interval"]:
        return term(measure["interval"], needed=False)
    reason = term(measure["no_interval"], needed=False)
    return str(said("atlas", "no_interval")).format(reason=reason) if reason else str(said("atlas", "not_stated"))


def _where(shown: Shown) -> str:
    if shown.kind == "download":
        return str(said("atlas", "download")).format(file=f"{shown.exhibit}.csv")
    return str(said("page", shown.kind)).format(n=shown.number)


def _class(one: Json) -> str:
    """A class by its bounds, or by its own name.

    >>> [_class({"token": "", "name": "", "from": a, "to": b}) for a, b in (("", "20%"), ("20%", "30%"), ("30%", ""))]
    ['under 20%', '20 to 30%', '30% and over']
    """
    if one.get("name"):
        still = one["token"] == "middle"
        return str(theme.words()["keys"]["no_measurable_change"]) if still else term(one["name"], needed=False)
    low, high = one["from"], one["to"]
    if low and high:
        return _span(low.removesuffix("%"), high.removeprefix("$"))
    return sentence("{limit} and over", limit=low) if low else sentence("under {limit}", limit=high)
