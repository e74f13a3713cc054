"""Markdown cells become prose: Jinja with findings, checked, then HTML.

``render`` gives HTML or plain text, ``check`` the problems that stop a build, ``words`` the length and reading
grade. All three take the Markdown cells of a notebook and a :class:`Context`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from analysis.publish.findings import Finding


@dataclass(frozen=True)
class Cell:
    """One Markdown cell: ``number`` is its 1-based place among all cells of the notebook."""

    number: int
    source: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """What prose may speak of.

    ``figures`` and ``tables`` give the number of each exhibit by name (see ``Published.figure_numbers``);
    ``references`` come from :func:`analysis.publish.references.load_references`; ``areas`` names area codes;
    ``glossary`` explains terms; ``places`` are names of areas that prose must not single out without a finding.
    """

    notebook: str
    findings: Mapping[str, Finding]
    figures: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, int] = field(default_factory=dict)
    references: Mapping[str, Any] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)
    glossary: Mapping[str, str] = field(default_factory=dict)
    places: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Heading:
    """A heading for the contents: level 1 to 6, anchor, text without controls."""

    level: int
    anchor: str
    text: str


@dataclass(frozen=True)
class Rendered:
    """One rendered cell: ``html`` (or text in text mode), its headings, the findings and references it used."""

    number: int
    tags: tuple[str, ...]
    html: str
    headings: tuple[Heading, ...] = ()
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prose:
    """All cells, the footnotes of the page and the references it cites in order of first use."""

    cells: tuple[Rendered, ...]
    footnotes: str
    cited: tuple[str, ...]


@dataclass(frozen=True)
class Problem:
    """Why a build stops: where, the offending text, what to do."""

    notebook: str
    cell: int
    line: int
    text: str
    message: str

    def __str__(self) -> str:
        return f"{self.notebook}, cell {self.cell}, line {self.line}: {self.message}"


def markdown_cells(notebook: Mapping[str, Any]) -> list[Cell]:
    """The Markdown cells of a notebook (nbformat 4 as a mapping)."""
    raise NotImplementedError


def render(cells: Sequence[Cell], context: Context, *, mode: Literal["html", "text"] = "html") -> Prose:
    """Render cells; raises :class:`AnalysisError` with every problem if there is one."""
    raise NotImplementedError


def render_text(template: str, context: Context, *, cell: int = 0, mode: Literal["html", "text"] = "text") -> str:
    """Render one line (title, subtitle, caption, alt) under the same check."""
    raise NotImplementedError


def check(cells: Sequence[Cell], context: Context) -> list[Problem]:
    """Every reason why this prose may not be published, in order."""
    raise NotImplementedError


@dataclass(frozen=True)
class Length:
    """Words of prose and Flesch–Kincaid grade; ``remarks`` say which limit of the policy is missed."""

    words: int
    grade: float
    remarks: tuple[str, ...] = ()


def words(cells: Sequence[Cell], context: Context) -> Length:
    """Length and reading grade of the prose: no code, tables, captions, notes."""
    raise NotImplementedError
