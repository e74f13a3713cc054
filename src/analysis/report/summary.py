"""What a page says and what it was printed from, kept beside it for the portfolio, the ledger and the next build."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.report.fingerprint import Mark
from analysis.report.storage import put_json, read_json


@dataclass(frozen=True)
class Length:
    """Length of the prose: words, minutes to read, reading grade (US school years), and limits that are missed."""

    words: int
    minutes: int
    grade: float
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lead:
    """The finding a page leads with: its value and uncertainty in words, and the sentence in short that says it."""

    finding: str
    value: str
    uncertainty: str
    text: str


@dataclass(frozen=True)
class Passage:
    """What a search finds on a page: the first finding it says, which is its place, and a sentence.

    Where no sentence says the finding, ``text`` says what it is of and ``value`` what it is.
    """

    finding: str
    text: str
    value: str = ""


@dataclass(frozen=True)
class Offer:
    """A file offered beside a page; ``tables`` are those of the page's loads that it was made of."""

    title: str
    description: str
    rows: int
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """What a page says in another language; ``html`` is the hash of the page in it."""

    html: str
    title: str
    standfirst: str
    subject: str
    place: str
    data_through: str
    length: Length
    lead: Lead | None
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Summary:
    """One printed page.

    ``cut`` says how much of the notebook it shows, ``whole`` names the page it leads to as the whole paper, if any;
    ``html`` and ``executed`` are hashes of the page and of the executed notebook, ``prose`` of the Markdown cells;
    ``printer`` marks the printing code and templates, ``settings`` references and glossary, ``methods`` what the page
    says of each method (summary, file, line), ``version`` the commit it names. The rest is what the page says:
    ``findings`` and ``loads`` are payloads as published, ``lead`` and ``passages`` what the index says of them;
    ``downloads`` maps files to hashes, ``offers`` files to what is said of them, ``others`` languages to what the page
    in them says.

    ``content`` is the hash of what the page says (:mod:`analysis.report.contents`), ``since`` tells the edition it is
    compared with, ``changes`` how it differs from that; ``cells`` and ``by_period`` are what the next edition will be
    compared by: the code cells, and the hashes by period of each table by the table's own.
    """

    name: str
    notebook: str
    cut: str
    whole: str
    html: str
    executed: str
    prose: str
    printer: dict[str, Mark]
    settings: dict[str, Mark]
    methods: dict[str, list[Any]]
    version: str
    title: str
    standfirst: str
    subject: str
    place: str
    varied: dict[str, Any]
    parameters: dict[str, Any]
    data_through: str
    quality: str
    quality_reason: str
    length: Length
    lead: Lead | None
    passages: tuple[Passage, ...]
    findings: tuple[dict[str, Any], ...]
    loads: tuple[dict[str, Any], ...]
    downloads: dict[str, str]
    offers: dict[str, Offer]
    content: str
    since: str
    changes: dict[str, Any]
    cells: tuple[tuple[int, str], ...]
    by_period: dict[str, Any]
    others: dict[str, Told] = field(default_factory=dict)


def write_summary(path: Path, summary: Summary) -> None:
    """Store a summary; it is written before the page whose hash it names."""
    put_json(path, summary)


def _said(raw: dict[str, Any]) -> dict[str, Any]:
    """What a page says in one language, read back."""
    return {
        **raw,
        "length": Length(**{**raw["length"], "remarks": tuple(raw["length"]["remarks"])}),
        "lead": Lead(**raw["lead"]) if raw["lead"] else None,
        "passages": tuple(Passage(**passage) for passage in raw["passages"]),
    }


def _offer(raw: dict[str, Any]) -> Offer:
    return Offer(**{**raw, "tables": tuple(raw["tables"])})


def read_summary(path: Path) -> Summary | None:
    """A stored summary, or None where there is none of this form."""
    raw = read_json(path)
    if not isinstance(raw, dict):
        return None
    try:
        for group in ("printer", "settings"):
            raw[group] = {name: Mark(**mark) for name, mark in raw[group].items()}
        raw["others"] = {name: Told(**_said(told)) for name, told in raw.get("others", {}).items()}
        raw["offers"] = {file: _offer(offer) for file, offer in raw["offers"].items()}
        return Summary(**{**_said(raw), "findings": tuple(raw["findings"]), "loads": tuple(raw["loads"])})
    except (KeyError, TypeError):
        return None  # written by another version of this program: the page is printed again
