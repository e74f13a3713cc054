"""A notebook's cells in the order of a whitepaper: title, then sections with their exhibits and code."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from analysis.project import AnalysisError
from analysis.publish.prose import Rendered
from analysis.publish.wording import said
from analysis.report.code_blocks import CodeView, code_view
from analysis.report.exhibits import FigureView, TableView
from analysis.report.notebook import Notebook

ROLES = ("in-short", "decision", "sure", "not-shown", "approach", "notes")
"""Tags of cells with a fixed place; the wording has the heading such a cell gets when it brings none."""

REQUIRED = {"whole": ("in-short", "decision", "sure", "not-shown", "approach"), "brief": ("in-short", "sure")}
"""What each cut of a notebook must hold."""

_H1 = re.compile(r"<h1[^>]*>(?P<title>.*?)</h1>\s*(?P<rest>.*)", re.DOTALL)
_SECOND = re.compile(r"(?=<h2[ >])")


@dataclass(frozen=True)
class Block:
    """One thing in a section: prose, an exhibit or code; ``of`` says which exhibits the code made."""

    prose: Markup | None = None
    exhibit: FigureView | TableView | None = None
    code: tuple[CodeView, ...] = ()
    of: str = ""


@dataclass
class Section:
    """A part of the page under one heading; ``role`` is the tag of its first cell, empty for the author's own."""

    role: str
    anchor: str
    title: str
    heading: Markup
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Head:
    """Title and standfirst, as markup and as text."""

    title: Markup
    title_text: str
    standfirst: Markup
    standfirst_text: str


@dataclass(frozen=True)
class Material:
    """What the sections are made of, by number of the cell."""

    rendered: Mapping[int, Rendered]
    texts: Mapping[int, str]
    exhibits: Mapping[int, Sequence[FigureView | TableView]]


def head(notebook: Notebook, material: Material) -> Head:
    """The title cell; raises AnalysisError when the notebook does not begin with one."""
    first = next((cell for cell in notebook.cells if cell.kind == "markdown"), None)
    if first is None or "title" not in first.tags:
        raise AnalysisError(
            f"{notebook.stem}: the first Markdown cell must be tagged title: `# title`, then a standfirst"
        )
    match = _H1.match(material.rendered[first.number].html.strip())
    if match is None:
        raise AnalysisError(f"{notebook.stem}, cell {first.number}: the title cell must begin with a line `# …`")
    lines = [line for line in material.texts[first.number].splitlines() if line.strip()]
    rest = " ".join(lines[1:])
    return Head(Markup(match["title"]), _bare(lines[0]), Markup(match["rest"].strip()), _bare(rest))


def _bare(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ")).strip(" #")


def sections(notebook: Notebook, material: Material) -> list[Section]:
    """Everything after the title, one section a second-level heading.

    The code behind an exhibit stands under it; all other code stands together at the end of the approach, so that the
    text can be read without it.
    """
    found: list[Section] = []
    waiting: list[CodeView] = []
    loose: list[CodeView] = []
    for cell in notebook.cells:
        if cell.kind == "markdown" and "title" not in cell.tags:
            loose += waiting
            waiting.clear()
            _add_prose(found, cell.tags, material.rendered[cell.number])
        elif cell.kind == "code" and cell.source.strip():
            waiting.append(code_view(cell))
            exhibits = material.exhibits.get(cell.number, ())
            if exhibits and found:
                _add_exhibits(found[-1], exhibits, waiting)
    loose += waiting
    if loose and found:
        home = next((section for section in found if section.role == "approach"), found[-1])
        home.blocks.append(Block(code=tuple(loose)))
    return found


def _add_exhibits(section: Section, exhibits: Sequence[FigureView | TableView], waiting: list[CodeView]) -> None:
    section.blocks += [Block(exhibit=exhibit) for exhibit in exhibits]
    of = said("page", "joined").join(f"{said(exhibit.kind)} {exhibit.number}" for exhibit in exhibits)
    section.blocks.append(Block(code=tuple(waiting), of=of))
    waiting.clear()


def _add_prose(found: list[Section], tags: tuple[str, ...], rendered: Rendered) -> None:
    role = next((tag for tag in tags if tag in ROLES), "")
    headings = iter(heading for heading in rendered.headings if heading.level == 2)
    for part in _SECOND.split(rendered.html.strip()):
        text = part.strip()
        if not text:
            continue
        if text.startswith("<h2"):
            heading = next(headings)
            end = text.index("</h2>") + len("</h2>")
            found.append(Section(role, heading.anchor, heading.text, Markup(text[:end])))
            text = text[end:].strip()
        elif role or not found:
            found.append(_own_heading(role))
        if text:
            found[-1].blocks.append(Block(prose=Markup(text)))


def _own_heading(role: str) -> Section:
    title, anchor = said("sections", role or "introduction"), f"section-{role or 'introduction'}"
    return Section(role, anchor, title, Markup('<h2 id="{}">{}</h2>').format(anchor, title))


def missing_roles(notebook: Notebook, cut: str) -> list[str]:
    """Parts of a whitepaper, or of a brief, that no cell is tagged as."""
    tags = {tag for cell in notebook.cells for tag in cell.tags}
    return [str(said("sections", role)) for role in REQUIRED[cut] if role not in tags]
