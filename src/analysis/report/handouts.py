"""Handouts: PDF and slides, made from pages that are fresh, and made again only when the page changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.project import Project
from analysis.publish.wording import ENGLISH
from analysis.report.editions import WHOLE, Edition, find_notebook, planned
from analysis.report.execution import Places, places
from analysis.report.printing import page_file
from analysis.report.staleness import judged
from analysis.report.storage import digest, put, put_json, read_json, sole_builder
from analysis.report.summary import read_summary

NOTE = "made.json"
"""What each file in a folder of handouts was made from."""

Maker = Callable[[Edition, Mapping[str, bytes]], Mapping[str, bytes]]
"""Makes the handouts of an edition, by language, from its pages, by language."""


@dataclass(frozen=True)
class Kind:
    """A kind of handout: the folder beside the pages, the ending of its files, a digest of how they are made."""

    folder: str
    ending: str
    recipe: str


@dataclass(frozen=True)
class Handout:
    """What became of one file, or of an edition that was refused: made, fresh or refused, and ``why``."""

    name: str
    action: str
    why: str = ""

    @property
    def line(self) -> str:
        """The outcome in one line.

        >>> Handout("01_permits", "refused", "stale: the prose changed").line
        '01_permits  refused, its page is stale: the prose changed'
        """
        return f"{self.name}  {self.action}" + (f", its page is {self.why}" if self.why else "")


def hand_out(project: Project, source: str, notebook: str | None, kind: Kind, make: Maker) -> Iterator[Handout]:
    """Make what is to be made of all whole papers, or of one ``notebook``, in every language of each, one by one.

    A page that is stale, failed or missing is refused; what was handed out of it before stays.

    Raises AnalysisError for an unknown notebook, and while a build writes the pages.
    """
    stem = find_notebook(project, notebook).stem if notebook else None
    editions = [edition for edition in planned(project, source, WHOLE) if stem in (None, edition.notebook)]
    with sole_builder(project.reports(source)):
        for name, verdict in judged(project, source, editions).items():
            if not verdict.fresh:
                yield Handout(name, "refused", verdict.words)
                continue
            edition = next(one for one in editions if one.name == name)
            yield from _of_edition(
                project.reports(source) / kind.folder, edition, places(project, source, name), kind, make
            )


def _of_edition(folder: Path, edition: Edition, place: Places, kind: Kind, make: Maker) -> Iterator[Handout]:
    summary = read_summary(place.summary)
    pages = {ENGLISH: place.page.read_bytes()}
    pages |= {language: place.page_in(language).read_bytes() for language in sorted(summary.others if summary else ())}
    files = {language: Path(page_file(edition.name, language)).stem + kind.ending for language in pages}
    noted = read_json(folder / NOTE) or {}
    held = {
        language: _holds(folder / files[language], noted.get(files[language]), pages[language], kind)
        for language in pages
    }
    made = {} if all(held.values()) else make(edition, pages)
    for language, file in files.items():
        if not held[language]:
            put(folder / file, made[language])
            noted[file] = {"page": digest(pages[language]), "recipe": kind.recipe, "sha256": digest(made[language])}
            put_json(folder / NOTE, noted)
        yield Handout(f"{kind.folder}/{file}", "fresh" if held[language] else "made")


def _holds(path: Path, noted: Mapping[str, str] | None, page: bytes, kind: Kind) -> bool:
    """Whether a handout is there as it was made, from this page and in this way."""
    if noted is None or not path.is_file():
        return False
    made = {"page": digest(page), "recipe": kind.recipe, "sha256": digest(path.read_bytes())}
    return made == noted
