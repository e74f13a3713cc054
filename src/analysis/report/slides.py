"""Slides of a paper: its title, then one finding of "In short" a slide with its figure and evidence, then the methods.

Everything on them is the page's own: the same sentences, recorded findings and drawings, in one file that needs no
network. A slide leads to the paper beside it, where its numbers can be questioned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from analysis.project import AnalysisError, Project
from analysis.report.cards import Card, MethodView, worst_grade
from analysis.report.editions import Edition
from analysis.report.execution import places, read_record, with_current_prose, without_injected
from analysis.report.exhibits import FigureView, TableView
from analysis.report.handouts import Handout, Kind, hand_out
from analysis.report.page import Page, Setting, compose, compose_others
from analysis.report.printing import page_file, print_slides
from analysis.report.storage import digest
from analysis.report.versions import code_version, repository

MOST_ROWS = 10
"""Rows of a table that a room can read; a longer one is named only."""

_SAID = re.compile(r"<(li|p)>(.*?)</\1>", re.DOTALL)
_NUMBER = re.compile(r'<button [^>]*data-finding="([\w-]+)"[^>]*>(.*?)</button>', re.DOTALL)
_BUTTON = re.compile(r"</?button[^>]*>")
_WITHIN = re.compile(r' href="#')
_OUTLINE = re.compile(r'<path id="([^"]+)" d="([^"]*)"/>')
_AGAIN = re.compile(r'<use href="#([^"]+)"([^>]*?)/>')
_NAMED = re.compile(r'\b(id|aria-labelledby|aria-describedby)="([^"]+)"')
_REFERRED = re.compile(r'(url\(#|href="#)([^")]+)')


@dataclass(frozen=True)
class Slide:
    """One finding: the sentence, the cards of its numbers, the exhibit it names, and what its data are worth.

    ``wide`` and ``narrow`` are its drawings, empty where the sentence names no figure.
    """

    number: int
    told: Markup
    cards: tuple[Card, ...]
    exhibit: FigureView | TableView | None
    wide: Markup
    narrow: Markup
    grade: str
    reason: str

    @property
    def values(self) -> tuple[Card, ...]:
        """The cards to show beside the sentence: those with an interval, or else those of numbers."""
        ranged = tuple(card for card in self.cards if card.export["interval"] is not None)
        return ranged or tuple(card for card in self.cards if isinstance(card.export["value"], int | float))


@dataclass(frozen=True)
class Deck:
    """The slides of a page in one language; ``paper`` is the address of the page from the folder of slides."""

    page: Page
    paper: str
    title: Markup
    standfirst: Markup
    slides: tuple[Slide, ...]

    @property
    def methods(self) -> tuple[MethodView, ...]:
        """The methods behind the numbers of the slides, each once."""
        return tuple(dict.fromkeys(c.method for slide in self.slides for c in slide.cards if c.method is not None))


def make_slides(project: Project, source: str, notebook: str | None = None) -> Iterator[Handout]:
    """Write ``slides/`` beside the pages, of every fresh page or those of one notebook; see :func:`hand_out`.

    Raises AnalysisError for a paper whose "In short" says nothing.
    """

    def make(edition: Edition, pages: Mapping[str, bytes]) -> Mapping[str, bytes]:
        composed = _composed(project, source, edition)
        return {language: print_slides(deck(composed[language])).encode() for language in pages}

    return hand_out(project, source, notebook, Kind("slides", ".html", _recipe()), make)


def _recipe() -> str:
    templates = files("analysis.report").joinpath("templates")
    parts = [templates.joinpath(f"slides.{ending}").read_bytes() for ending in ("html.j2", "css", "js")]
    return digest(b"\0".join([Path(__file__).read_bytes(), *parts]))


def _composed(project: Project, source: str, edition: Edition) -> dict[str, Page]:
    record = read_record(places(project, source, edition.name))
    if record is None:
        raise AnalysisError(f"{edition.name}: its run vanished; run analysis reports --source {source}")
    executed, record = with_current_prose(project, source, record)
    setting = Setting(project, code_version(project, record), repository(project))
    english = compose(without_injected(executed), setting)
    return {english.language: english} | compose_others(without_injected(executed), setting, english)


def deck(page: Page) -> Deck:
    """The slides of a composed page; raises AnalysisError where its "In short" says nothing."""
    short = [block.prose for part in page.sections if part.role == "in-short" for block in part.blocks if block.prose]
    told = [found[2].strip() for prose in short for found in _SAID.finditer(str(prose))]
    if not told:
        raise AnalysisError(f"{page.name}: there is nothing under “In short”, so there are no slides")
    paper = f"../{page_file(page.name, page.language)}"
    slides = tuple(_slide(page, number, text, paper) for number, text in enumerate(told, start=1))
    return Deck(page, paper, _spoken(page.head.title, paper), _spoken(page.head.standfirst, paper), slides)


def _slide(page: Page, number: int, told: str, paper: str) -> Slide:
    cards = {card.name: card for card in page.cards}
    named = [cards[name] for name in dict.fromkeys(found[1] for found in _NUMBER.finditer(told))]
    exhibit = next((e for e in page.exhibits if f'href="#{e.anchor}"' in told and _fits(e)), None)
    datasets = {dataset.id: dataset for card in named for dataset in card.evidence.datasets}
    grade, reason = worst_grade(datasets.values())
    drawings = (exhibit.wide, exhibit.narrow) if isinstance(exhibit, FigureView) else ("", "")
    wide, narrow = (_alone(drawing, page, f"s{number}") for drawing in drawings)
    return Slide(number, _spoken(told, paper), tuple(named), exhibit, wide, narrow, grade, reason)


def _fits(exhibit: FigureView | TableView) -> bool:
    return isinstance(exhibit, FigureView) or len(exhibit.rows) <= MOST_ROWS


def _spoken(markup: str, paper: str) -> Markup:
    """Prose without what only the page can do: numbers are plain, and what it leads to is in the paper.

    >>> _spoken('<button type="button" data-finding="a">1</button>, <a href="#figure-b">Figure 1</a>', "../p.html")
    Markup('<b class="number">1</b>, <a href="../p.html#figure-b">Figure 1</a>')
    """
    plain = _BUTTON.sub("", _NUMBER.sub(r'<b class="number">\2</b>', str(markup)))
    return Markup(_WITHIN.sub(f' href="{paper}#', plain))


def _alone(drawing: str, page: Page, suffix: str) -> Markup:
    """A drawing that refers to no other of its page, and shares no id with one on another slide."""
    outlines = dict(_outlines(page.exhibits))
    whole = _OUTLINE.sub(r'<path d="\2"/>', str(drawing))
    whole = _AGAIN.sub(lambda use: f'<path d="{outlines[use[1]]}"{use[2]}/>' if use[1] in outlines else use[0], whole)
    whole = _NAMED.sub(lambda n: f'{n[1]}="{" ".join(f"{name}-{suffix}" for name in n[2].split())}"', whole)
    return Markup(_REFERRED.sub(rf"\1\2-{suffix}", whole))


def _outlines(exhibits: Iterable[FigureView | TableView]) -> Iterator[tuple[str, str]]:
    for exhibit in exhibits:
        if isinstance(exhibit, FigureView):
            yield from _OUTLINE.findall(str(exhibit.wide))
