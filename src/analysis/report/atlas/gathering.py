"""Which measures of places are published: read from the executed notebooks whose pages are in place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.project import Project
from analysis.publish.payload import DOWNLOAD, FIGURE, MAP, TABLE, Json
from analysis.publish.wording import ENGLISH, language
from analysis.report.atlas import measure_id
from analysis.report.cards import DatasetView, datasets_of, worst_grade
from analysis.report.editions import WHOLE, Edition
from analysis.report.execution import places
from analysis.report.printing import page_file
from analysis.report.storage import digest
from analysis.report.summary import Summary, read_summary


@dataclass(frozen=True)
class Paper:
    """A whitepaper about the whole city, printed as it was executed."""

    name: str
    number: str
    summary: Summary

    @property
    def href(self) -> str:
        """Its page in the language being spoken, in English where it is not told in that."""
        return page_file(self.name, language() if language() in self.summary.others else ENGLISH)

    @property
    def title(self) -> str:
        """Its title in the language being spoken, or in English."""
        other = self.summary.others.get(language())
        return other.title if other else self.summary.title


@dataclass(frozen=True)
class Shown:
    """One measure and where it is published: ``kind`` is figure, table or download, ``number`` that on the page.

    ``measure`` is as :mod:`analysis.publish.measures` recorded it.
    """

    paper: Paper
    kind: str
    exhibit: str
    number: int
    measure: Json
    datasets: tuple[DatasetView, ...]

    @property
    def id(self) -> str:
        """A name that stays: of paper, exhibit and column."""
        return measure_id(self.paper.name, self.exhibit, str(self.measure["column"]))

    @property
    def href(self) -> str:
        """The place on the page of the paper where it is published."""
        anchor = "section-data" if self.kind == "download" else f"{self.kind}-{self.exhibit}"
        return f"{self.paper.href}#{anchor}"

    @property
    def grade(self) -> tuple[str, str]:
        """The worst grade of the data behind it, with its reason."""
        return worst_grade(self.datasets)


@dataclass(frozen=True)
class Gathered:
    """What the papers of a site publish of places, in the order of papers and pages; ``maps`` are those with shapes."""

    measures: tuple[Shown, ...]
    maps: tuple[Json, ...]


def mapped_papers(project: Project, source: str, editions: Sequence[Edition]) -> list[Paper]:
    """The papers about the whole city, with default parameters, whose pages are in place."""
    found = []
    for edition in editions:
        place = places(project, source, edition.name)
        if edition.cut == WHOLE and not edition.varied and place.page.is_file():
            summary = read_summary(place.summary)
            if summary is not None:
                found.append(Paper(edition.name, edition.notebook.split("_")[0], summary))
    return found


def gather(project: Project, source: str, papers: Sequence[Paper]) -> Gathered:
    """Every measure the papers publish; a paper whose page was printed from another run is left out until it is not."""
    measures: list[Shown] = []
    maps: list[Json] = []
    for paper in papers:
        content = places(project, source, paper.name).executed.read_bytes()
        if digest(content) != paper.summary.executed:
            continue
        for kind, number, payload in _exhibits(json.loads(content)):
            if payload.get("ground"):
                maps.append(payload)
            datasets = datasets_of(payload.get("tables", ())) if payload.get("measures") else ()
            measures += [
                Shown(paper, kind, str(payload["name"]), number, measure, datasets)
                for measure in payload.get("measures", ())
            ]
    return Gathered(tuple(measures), tuple(maps))


_KINDS = {FIGURE: "figure", MAP: "figure", TABLE: "table", DOWNLOAD: "download"}


def _exhibits(notebook: Mapping[str, Any]) -> Iterator[tuple[str, int, Json]]:
    """Kind, number within its kind, and payload of everything published."""
    counts = dict.fromkeys(_KINDS.values(), 0)
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            for mime, payload in output.get("data", {}).items():
                if mime in _KINDS:
                    kind = _KINDS[mime]
                    counts[kind] += 1
                    yield kind, counts[kind], payload
