"""The card behind each number: everything a sceptic asks, ready to be shown, cited and downloaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.provenance import INVENTED_BY
from analysis.publish import phrases, units
from analysis.publish.findings import Finding
from analysis.publish.wording import as_label, contracted, said, term
from analysis.report.methodology import Method

SHORT = 12
"""Digits of a hash that are shown; enough to tell files apart, few enough to read aloud."""

_CITED = 3


@dataclass(frozen=True)
class DatasetView:
    """A dataset as the page names it; ``grade`` runs from A to D.

    ``untold`` are the fields that stay in English for want of a translation.
    """

    id: str
    title: str
    publisher: str
    licence: str
    landing_page: str
    retrieved: str
    rows: int
    period: str
    grade: str
    grade_reason: str
    known_dirt: tuple[str, ...]
    sha256: str
    untold: frozenset[str] = frozenset()

    @property
    def short_hash(self) -> str:
        """The first digits of the hash of its bytes."""
        return self.sha256[:SHORT]


@dataclass(frozen=True)
class MethodView:
    """How a number was made. ``link`` leads to the code on the web where a repository is stated."""

    name: str
    summary: str
    place: str
    link: str | None


@dataclass(frozen=True)
class Evidence:
    """The datasets behind a finding, and the worst grade among them; ``untold`` says that its reason is in English."""

    datasets: tuple[DatasetView, ...]
    grade: str
    reason: str
    untold: bool


@dataclass(frozen=True)
class Card:
    """Everything behind one finding, in words. ``facts`` are label and text, in reading order.

    Many cards of a page share a method and their evidence.
    """

    name: str
    anchor: str
    value: str
    uncertainty: str
    about: str
    facts: tuple[tuple[str, str], ...]
    method: MethodView | None
    evidence: Evidence
    cell: int
    export: dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """What the cards of one page share: title, place of the page among others, version of code, link to it."""

    title: str
    series: str
    report: str
    version: str
    blob: str | None
    methods: Mapping[str, Method]
    areas: Mapping[str, str]
    cells: Mapping[str, int]


def card(found: Finding, origin: Origin) -> Card:
    """The card of one finding."""
    value = phrases.value(found)
    uncertainty = uncertainty_words(found)
    facts = tuple((label, text) for label, text in _facts(found, origin) if text)
    return Card(
        name=found.name,
        anchor=f"finding-{found.name}",
        value=value,
        uncertainty=uncertainty,
        about=_about(found, uncertainty, origin),
        facts=facts,
        method=_method(found, origin),
        evidence=_evidence(datasets_of(found.tables)),
        cell=origin.cells[found.name],
        export=_export(found, value),
    )


def _evidence(datasets: tuple[DatasetView, ...]) -> Evidence:
    grade, reason = worst_grade(datasets)
    return Evidence(datasets, grade, reason, any({"title", "grade_reason"} & dataset.untold for dataset in datasets))


def uncertainty_words(found: Finding) -> str:
    """The interval in words, or why there is none."""
    if found.status != "ok":
        return ""
    if found.interval is not None:
        return phrases.interval_words(found)
    return str(said("no_interval")).format(reason=term(found.no_interval)) if found.no_interval else ""


def _facts(found: Finding, origin: Origin) -> Iterable[tuple[str, str]]:
    wording = units.Wording(found.noun, found.year, found.real)
    kind = units.unit_named(found.unit)
    words = said("facts")
    yield words["unit"], units.after(kind, wording) or (term(found.unit) if kind.kind == "number" else "")
    yield words["denominator"], term(found.denominator or "")
    yield words["area"], _area(found, origin)
    yield words["period"], period_words(found.period or "")
    yield words["based_on"], words["observations"].format(n=f"{found.n:,}") if found.n is not None else ""
    yield words["direction"], words.get(found.higher_is, "")
    yield words["thresholds"], ", ".join(f"{limit:g}" for limit in found.threshold)
    yield words["design"], term(found.design or "")
    yield words["apart"], ", ".join(found.group) if found.group and len(found.group) > 1 else ""
    yield words["note"], term(found.note or "")


def _about(found: Finding, uncertainty: str, origin: Origin) -> str:
    """One sentence for a screen reader that stops on the number."""
    of = contracted(said("facts", "of").format(denominator=term(found.denominator))) if found.denominator else ""
    parts = [part for part in (uncertainty, of, _area(found, origin), period_words(found.period or "")) if part]
    return "; ".join(parts) or str(said("facts", "recorded"))


def _area(found: Finding, origin: Origin) -> str:
    return as_label(origin.areas.get(found.area) or term(found.area, needed=False)) if found.area else ""


def period_words(period: str, *, needed: bool = True) -> str:
    """A period in the language being spoken; two ends joined by "to" are no words of the notebook's own.

    >>> from analysis.publish.wording import speaking
    >>> with speaking("es"):
    ...     period_words("2000 to 2014–18"), period_words("2020-03-01 to 2020-11-30")
    ('2000 a 2014–18', '2020-03-01 a 2020-11-30')
    """
    ends = period.split(" to ")
    if all(_END.fullmatch(end) for end in ends):
        return str(said("span")).format(low=ends[0], high=ends[1]) if len(ends) == 2 else period
    return term(period, needed=needed)


_END = re.compile(r"\d[\d–-]*|")


def _method(found: Finding, origin: Origin) -> MethodView | None:
    if not found.method:
        return None
    name = str(found.method["name"])
    known = origin.methods.get(name)
    summary = known.summary if known else str(found.method.get("summary") or "")
    if known is None:
        return MethodView(name, summary, "", None)
    link = f"{origin.blob}/{known.file}#L{known.line}" if origin.blob else None
    place = said("facts", "place").format(file=known.file, line=known.line)
    return MethodView(name, summary, place, link)


def citation(origin: Origin, evidence: Iterable[Evidence]) -> dict[str, Any]:
    """What the page's script puts together as the citation of a number.

    ``parts`` stand before the finding's name and before its value, ``data`` are the words for each kind of evidence,
    ``code`` ends every citation.
    """
    words = said("facts")
    before, rest = words["citation"].split("{name}")
    told = before.format(series=origin.series, title=origin.title, report=origin.report).replace("\u00a0", " ")
    return {
        "parts": [told, rest.split("{said}")[0]],
        "data": [_cited(each.datasets) for each in evidence],
        "code": words["cited_code"].format(version=origin.version),
    }


def _cited(datasets: tuple[DatasetView, ...]) -> str:
    words = said("facts")
    each = [words["cited_dataset"].format(title=d.title, publisher=d.publisher, date=d.retrieved) for d in datasets]
    sources = "; ".join(each[:_CITED])
    if len(datasets) > _CITED:
        sources = words["cited_more"].format(sources=sources, n=len(datasets) - _CITED)
    return str(words["cited_data"].format(sources=sources)) if sources else ""


def _export(found: Finding, value: str) -> dict[str, Any]:
    """The finding as a reader downloads it: payload and words, with tables and datasets by name."""
    data = found.to_json()
    data["text"] = value.replace("\u00a0", " ")
    data["datasets"] = [dataset.id for dataset in datasets_of(found.tables)]
    data["tables"] = [use["table"] for use in found.tables]
    data["method"] = found.method["name"] if found.method else None
    return data


def datasets_of(loads: Iterable[Mapping[str, Any]]) -> tuple[DatasetView, ...]:
    """The datasets behind some loaded tables, each once, by title."""
    found: dict[str, DatasetView] = {}
    for use in loads:
        for raw in use.get("datasets", ()):
            found.setdefault(str(raw["id"]), _dataset(raw))
    return tuple(sorted(found.values(), key=lambda dataset: (dataset.title, dataset.id)))


def _dataset(raw: Mapping[str, Any]) -> DatasetView:
    english = {
        "title": (str(raw["title"]),),
        "licence": (str(raw["licence"]),),
        "grade_reason": (str(raw["grade_reason"]).rstrip(". "),),
        "known_dirt": tuple(str(text).rstrip(". ") for text in raw.get("known_dirt", ())),
    }
    spoken = {name: tuple(term(text, needed=False) for text in texts) for name, texts in english.items()}
    return DatasetView(
        id=str(raw["id"]),
        title=spoken["title"][0],
        publisher=publisher_words(str(raw["publisher"])),
        licence=spoken["licence"][0],
        landing_page=str(raw["landing_page"]),
        retrieved=str(raw["retrieved_at"])[:10],
        rows=int(raw["rows"]),
        period=period_words(str(raw["period"]), needed=False),
        grade=str(raw["grade"]),
        grade_reason=spoken["grade_reason"][0],
        known_dirt=spoken["known_dirt"],
        sha256=str(raw["sha256"]),
        untold=frozenset(name for name, texts in english.items() if spoken[name] == texts),
    )


def publisher_words(name: str) -> str:
    """A publisher's own name, said to be invented where it is."""
    rest = name.removeprefix(f"{INVENTED_BY} ")
    return name if rest == name else f"{term(INVENTED_BY, needed=False)} {rest}"


def worst_grade(datasets: Iterable[DatasetView]) -> tuple[str, str]:
    """The worst grade among datasets, which is the page's, with its reason and the dataset it comes from."""
    graded = sorted((d for d in datasets if d.grade), key=lambda d: (d.grade, d.title))
    if not graded:
        return "", ""
    worst = graded[-1]
    return worst.grade, f"{worst.title}: {worst.grade_reason}"
