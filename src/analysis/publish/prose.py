"""Markdown cells become prose: Jinja with findings, checked, then HTML.

``render`` gives HTML or plain text, ``check`` the problems that stop a build, ``words`` the length and reading
grade. All three take the Markdown cells of a notebook and a :class:`Context`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Literal

from markdown_it.token import Token

from analysis.project import AnalysisError
from analysis.publish import literals, reading
from analysis.publish.findings import Finding
from analysis.publish.markdown import Document, Reader
from analysis.publish.payload import Published
from analysis.publish.policy import Policy, current_policy
from analysis.publish.references import Reference
from analysis.publish.templates import TOKEN, Fault, Piece, Pieces, Speaker, TemplateFault, Vocabulary
from analysis.publish.wording import ENGLISH, language, said

Mode = Literal["html", "text"]

# Cells whose words are not the argument: they are read by those who check, not counted against the reader's time.
UNCOUNTED = frozenset({"notes", "parameters", "provenance"})
# The section that says what is not claimed may name causes, to deny them.
DISCLAIMING = frozenset({"not-shown"})


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
    ``glossary`` explains terms; ``places`` are names of areas that a superlative must not single out unless a
    finding states their rank group. ``policy`` is the checkout's unless given. ``anchors`` are those of the headings of
    each cell where they come from the same text in another language, so that an address keeps its place.
    """

    notebook: str
    findings: Mapping[str, Finding]
    figures: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, int] = field(default_factory=dict)
    references: Mapping[str, Reference] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)
    glossary: Mapping[str, str] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    policy: Policy | None = None
    anchors: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def rules(self) -> Policy:
        """The policy in force."""
        return self.policy or current_policy()

    @property
    def ranked(self) -> frozenset[str]:
        """Names that a superlative must not single out by hand: the given places and all members of rank groups."""
        groups = (found.group for found in self.findings.values() if found.group)
        return self.places.union(*groups)


@dataclass(frozen=True)
class Heading:
    """A heading for the contents: level 1 to 6, anchor, its text and its inline HTML."""

    level: int
    anchor: str
    text: str
    html: str


@dataclass(frozen=True)
class Rendered:
    """One rendered cell: ``html`` (or plain text in text mode), its headings and the findings it used."""

    number: int
    tags: tuple[str, ...]
    html: str
    headings: tuple[Heading, ...] = ()
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prose:
    """All cells, the footnotes of the page (an ``ol``, or empty), references and findings in order of first use.

    ``declared`` are the literals that the text declares, each with its reason.
    """

    cells: tuple[Rendered, ...]
    footnotes: str
    cited: tuple[str, ...]
    used: tuple[str, ...]
    declared: tuple[tuple[str, str], ...] = ()

    @property
    def title(self) -> Heading | None:
        """The first heading of level 1."""
        return next((h for cell in self.cells for h in cell.headings if h.level == 1), None)


@dataclass(frozen=True)
class Problem:
    """Why a build stops: where, the offending text, what to do. ``cell`` 0 is a title or caption of an exhibit."""

    notebook: str
    cell: int
    line: int
    text: str
    message: str

    def __str__(self) -> str:
        return f"{self.notebook}, cell {self.cell}, line {self.line}: {self.message}"


class ProseError(AnalysisError):
    """Prose that may not be published; ``problems`` are all reasons, one a line in the message."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Length:
    """Words of prose and Flesch–Kincaid grade (INFLESZ index in Spanish); ``remarks``: limits of the policy missed."""

    words: int
    grade: float
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Passage:
    """One inline run of text with tokens: its kind (paragraph, heading, table), line of each character, its cell."""

    kind: str
    text: str
    lines: tuple[int, ...]
    cell: int
    footnote: bool


@dataclass(frozen=True)
class Quote:
    """A sentence that says findings, in order: the cell it stands in and its kind (paragraph, heading, table)."""

    cell: int
    kind: str
    text: str
    findings: tuple[str, ...]


def markdown_cells(notebook: Mapping[str, Any]) -> list[Cell]:
    """The Markdown cells of a notebook (nbformat 4 as a mapping); numbers count all cells from 1.

    >>> markdown_cells({"cells": [{"cell_type": "code", "source": ""}, {"cell_type": "markdown", "source": ["# A"]}]})
    [Cell(number=2, source='# A', tags=())]
    """
    return [
        Cell(number, "".join(cell["source"]), tuple(cell.get("metadata", {}).get("tags", ())))
        for number, cell in enumerate(notebook["cells"], start=1)
        if cell["cell_type"] == "markdown"
    ]


def context_of(notebook: str, published: Published, **more: Any) -> Context:
    """The context of an executed notebook: its findings and the numbers of its exhibits; ``more`` as in Context."""
    return Context(
        notebook=notebook,
        findings=published.findings,
        figures=published.figure_numbers,
        tables=published.table_numbers,
        **more,
    )


def render(
    cells: Sequence[Cell], context: Context, *, mode: Mode = "html", lenient: bool = False, checked: bool = False
) -> Prose:
    """Render cells; raises :class:`ProseError` with every problem if there is one.

    ``lenient`` (for previews) renders what can be rendered: unknown findings show their name. ``checked`` says that
    these cells have passed in this context before, in another mode.
    """
    if not lenient and not checked:
        problems = check(cells, context)
        if problems:
            raise ProseError(problems)
    session = _Session(context, lenient=lenient)
    document, _ = session.read(cells)
    session.anchor(document)
    rendered = tuple(session.rendered(cell, document, mode) for cell in cells)
    footnotes = session.shown(document.footnotes, document, mode) if document.footnotes else ""
    said = list(session.spoken)
    return Prose(
        rendered,
        footnotes,
        cited=_names(said, "cite"),
        used=_names(said, "finding"),
        declared=tuple(dict.fromkeys((piece.text, piece.reason) for piece in said if piece.kind == "lit")),
    )


def render_text(template: str, context: Context, *, cell: int = 0, mode: Mode = "text") -> str:
    """Render one line (title, subtitle, caption, alt) under the same check; HTML without a paragraph around it."""
    prose = render([Cell(cell, _one_line(template))], context, mode=mode)
    return prose.cells[0].html.strip().removeprefix("<p>").removesuffix("</p>")


def check_text(template: str, context: Context, *, cell: int = 0) -> list[Problem]:
    """The problems of one line (title, subtitle, caption, alt)."""
    return check([Cell(cell, _one_line(template))], context)


def check(cells: Sequence[Cell], context: Context) -> list[Problem]:
    """Every reason why this prose may not be published, in order."""
    session = _Session(context)
    faults = [(cell.number, fault) for cell in cells for fault in session.speaker.faults(cell.source)]
    sound = [cell for cell in cells if cell.number not in {number for number, _ in faults}]
    readable = tuple(cell for cell in cells if session.speaker.readable(cell.source))
    faults += _typed_faults(readable, context.rules.literal_names, language())
    document, unrendered = session.read(sound)
    faults += unrendered
    faults += session.said_faults(document, sound)
    seen: dict[tuple[int, int, str, str], Problem] = {}
    for number, fault in sorted(faults, key=lambda pair: (pair[0], pair[1].line)):
        problem = Problem(context.notebook, number, fault.line, fault.text, fault.message)
        seen.setdefault((number, fault.line, fault.text, fault.message), problem)
    return list(seen.values())


def editorial(cells: Sequence[Cell], context: Context) -> list[Problem]:
    """What the editorial standard asks of title and summary: the title and every sentence in short state a finding.

    Not part of :func:`check`: whether a draft may be built without them is for the caller to say. The cells must
    be sound.
    """
    session = _Session(context)
    wanted = [cell for cell in cells if {"title", "in-short"} & set(cell.tags)]
    document, _ = session.read(wanted)
    tags = {cell.number: set(cell.tags) for cell in wanted}
    found: list[Problem] = []
    for passage in session.passages(document):
        for sentence in literals.sentences(passage.text, session.speaker.pieces):
            if any(piece.finding is not None for piece in sentence.pieces):
                continue
            line, text = passage.lines[sentence.start], session.speaker.pieces.spoken(sentence.raw).strip()
            if passage.kind == "heading" and "title" in tags[passage.cell]:
                found.append(Problem(context.notebook, passage.cell, line, text, "the title states no finding"))
            elif passage.kind == "paragraph" and "in-short" in tags[passage.cell]:
                told = f"a sentence in short states no finding: {text!r}"
                found.append(Problem(context.notebook, passage.cell, line, text, told))
    return found


def words(cells: Sequence[Cell], context: Context) -> Length:
    """Length and reading grade of the prose: no code, formulas, headings, tables, footnotes, notes.

    Cells that cannot be rendered are an error: render or check them first.
    """
    session = _Session(context)
    document, _ = session.read([cell for cell in cells if not UNCOUNTED & set(cell.tags)])
    spoken = [
        session.speaker.pieces.spoken(sentence.raw)
        for passage in session.passages(document)
        if passage.kind == "paragraph" and not passage.footnote
        for sentence in literals.sentences(passage.text, session.speaker.pieces)
    ]
    measure = reading.measured(spoken)
    english = language() == ENGLISH
    return Length(
        measure.words,
        measure.grade if english else measure.ease,
        _remarks(measure, context.rules.read_in(language()), english=english),
    )


def quotes(cells: Sequence[Cell], context: Context) -> tuple[Quote, ...]:
    """Every sentence that says a finding, in order, as plain text.

    Figures and tables that it points to in parentheses are left out.

    Cells that cannot be rendered are an error: render or check them first.
    """
    session = _Session(context)
    document, _ = session.read(cells)
    found = []
    for passage in session.passages(document):
        for sentence in literals.sentences(passage.text, session.speaker.pieces):
            if names := _names(sentence.pieces, "finding"):
                text = _PARENTHESES.sub(partial(_without_pointers, session.speaker.pieces), sentence.raw)
                told = re.sub(r"[ \n]+", " ", session.speaker.pieces.spoken(text)).strip()
                found.append(Quote(passage.cell, passage.kind, told, names))
    return tuple(found)


_PARENTHESES = re.compile(r"\s*\([^()]*\)")


def _without_pointers(pieces: Pieces, aside: re.Match[str]) -> str:
    """A text in parentheses without the figures and tables it points to; nothing where it does nothing else."""
    text = TOKEN.sub(lambda token: "" if pieces.of(token).kind == "exhibit" else token[0], aside[0])
    return re.sub(r"[\s,;]+(?=\))", "", text) if re.search(r"[^\s(),;]", text) else ""


def _remarks(measure: reading.Measure, policy: Policy, *, english: bool) -> tuple[str, ...]:
    remarks = []
    if measure.words < policy.minimum_words:
        remarks.append(said("length", "few").format(words=measure.words, limit=policy.minimum_words))
    if measure.words > policy.maximum_words:
        remarks.append(said("length", "many").format(words=measure.words, limit=policy.maximum_words))
    level = measure.grade if english else measure.ease
    if level > policy.reading_grade if english else level < policy.reading_grade:
        remarks.append(said("length", "hard").format(grade=f"{level:.1f}", limit=f"{policy.reading_grade:g}"))
    return tuple(remarks)


def _one_line(template: str) -> str:
    return " ".join(template.split("\n")).strip()


def _names(pieces: Sequence[Piece], kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(piece.name for piece in pieces if piece.kind == kind))


@lru_cache(maxsize=256)
def _typed_faults(cells: tuple[Cell, ...], names: tuple[str, ...], spoken: str) -> tuple[tuple[int, Fault], ...]:
    """What is typed depends on text, policy and language alone: all editions of a notebook share the answer."""
    return tuple(_Session(Context("", {}, policy=Policy(literal_names=names))).typed_faults(cells))


class _Session:
    """One pass over the cells: a speaker for the templates, a reader for the Markdown."""

    def __init__(self, context: Context, *, lenient: bool = False) -> None:
        vocabulary = Vocabulary(context.figures, context.tables, context.references, context.areas, context.glossary)
        self.speaker = Speaker(context.findings, vocabulary, lenient=lenient)
        self.reader = Reader(self.speaker.pieces)
        self.spoken: list[Piece] = []
        self._context, self._lenient = context, lenient
        self._anchors: set[str] = set()

    def read(self, cells: Sequence[Cell]) -> tuple[Document, list[tuple[int, Fault]]]:
        """Templates to text with tokens, then to Markdown tokens; what could not be rendered is left out."""
        texts, faults = [], []
        for cell in cells:
            try:
                texts.append((cell.number, self.speaker.render(cell.source)))
            except TemplateFault as error:
                faults.append((cell.number, error.fault))
        return self.reader.read(texts), faults

    def anchor(self, document: Document) -> None:
        """Give every heading an anchor made of its typed words, so that it stays when the data move."""
        for block in document.cells:
            given = iter(self._context.anchors.get(block.number, ()))
            for opening, inline in zip(block.tokens, block.tokens[1:], strict=False):
                if opening.type == "heading_open":
                    opening.meta["anchor"] = next(given, None) or self._anchor(inline.content)

    def rendered(self, cell: Cell, document: Document, mode: Mode) -> Rendered:
        """One cell of a document as HTML or text."""
        block = next((block for block in document.cells if block.number == cell.number), None)
        if block is None:
            return Rendered(cell.number, cell.tags, "")
        before = len(self.spoken)
        html = self.shown(block.tokens, document, mode)
        headings = tuple(
            Heading(
                int(opening.tag[1]), opening.meta["anchor"], self._plain(inline), self.reader.inline_html(inline, {})
            )
            for opening, inline in zip(block.tokens, block.tokens[1:], strict=False)
            if opening.type == "heading_open"
        )
        return Rendered(cell.number, cell.tags, html, headings, _names(self.spoken[before:], "finding"))

    def shown(self, tokens: Sequence[Token], document: Document, mode: Mode) -> str:
        """HTML or plain text of block tokens; remembers the pieces in them."""
        for token in tokens:
            self.spoken += self.speaker.pieces.within(token.content)
        if mode == "html":
            return self.reader.html(tokens, document.env)
        return "\n\n".join(self._plain(token) for token in tokens if token.type == "inline" or token.type in _CODE)

    def passages(self, document: Document) -> Iterator[_Passage]:
        """Every inline run of the cells and footnotes, with the line in its cell of each character."""
        groups = [*((block.tokens, False) for block in document.cells), (list(document.footnotes), True)]
        for tokens, footnote in groups:
            kind, row = "paragraph", 0
            for token in tokens:
                if token.type in {"heading_open", "heading_close", "table_open", "table_close"}:
                    name, _, edge = token.type.partition("_")
                    kind = name if edge == "open" else "paragraph"
                row = token.map[0] if token.map else row
                if token.type == "inline":
                    yield self._passage(token, kind, row, document, footnote)

    def _passage(self, token: Token, kind: str, row: int, document: Document, footnote: bool) -> _Passage:
        line = token.map[0] if token.map else row
        cell, first = document.place(line)
        text, lines = "", []
        for child in token.children or []:
            part = _READ_AS.get(child.type, child.content if child.type == "text" else "")
            text += part
            lines += [first] * len(part)
            first += child.type in {"softbreak", "hardbreak"}
        return _Passage(kind, text, tuple(lines), cell, footnote)

    def typed_faults(self, cells: Sequence[Cell]) -> list[tuple[int, Fault]]:
        """Numbers typed into any branch of the templates, before rendering."""
        document = self.reader.read([(cell.number, self.speaker.skeleton(cell.source)) for cell in cells])
        faults: list[tuple[int, Fault]] = []
        for passage in self.passages(document):
            claims = literals.literals(passage.text, self._context.rules, heading=passage.kind == "heading")
            claims += literals.repeated_units(passage.text)
            faults += [(passage.cell, _fault(passage, claim)) for claim in claims]
        sources = {cell.number: cell.source for cell in cells}
        for url in document.refused:
            told = f"link to {url!r} is refused: http(s), mailto, #anchor or another page only"
            faults.append(_found(sources, url, told))
        for number in document.unclosed:
            before = max((cell for cell in sources if cell < number), default=number)
            faults.append((before, Fault(1, "", "a code fence or a $$ formula is not closed")))
        for block in document.cells:
            if any(child.type == "image" for token in block.tokens for child in token.children or []):
                told = "a picture in the text is refused: publish it with publish.figure, which has alt text"
                faults.append(_found({block.number: sources[block.number]}, "![", told))
        return faults

    def said_faults(self, document: Document, cells: Sequence[Cell]) -> list[tuple[int, Fault]]:
        """What the rendered sentences claim beyond their findings."""
        disclaiming = {cell.number for cell in cells if DISCLAIMING & set(cell.tags)}
        pieces, context = self.speaker.pieces, self._context
        faults: list[tuple[int, Fault]] = []
        for passage in self.passages(document):
            for piece in pieces.within(passage.text):
                if piece.kind == "typed" and literals.literals(piece.text, context.rules):
                    told = f"{piece.text!r} comes from an expression that is no finding: publish it as one"
                    faults.append((passage.cell, Fault(passage.lines[0], piece.text, told)))
            for sentence in literals.sentences(passage.text, pieces):
                claims = literals.sentence_claims(
                    sentence, context.rules, context.ranked, disclaims=passage.cell in disclaiming
                )
                offset = _offsets(passage.text, sentence)
                faults += [(passage.cell, _fault(passage, claim, offset[claim.start])) for claim in claims]
        for token in (*(token for block in document.cells for token in block.tokens), *document.footnotes):
            faults += self._formula_faults(token, document)
        return faults

    def _formula_faults(self, token: Token, document: Document) -> list[tuple[int, Fault]]:
        faults = []
        for item in [token, *(token.children or [])]:
            if item.type.startswith("math"):
                try:
                    self.reader.html([item], {})
                except AnalysisError as error:
                    number, line = document.place(token.map[0] if token.map else 0)
                    faults.append((number, Fault(line, item.content, str(error))))
        return faults

    def _plain(self, token: Token) -> str:
        """Text without controls; formulas as typed."""
        if token.type in _CODE:
            return self.speaker.pieces.spoken(token.content).strip()
        parts = [" " if child.type in {"softbreak", "hardbreak"} else child.content for child in token.children or []]
        return self.speaker.pieces.spoken("".join(parts))

    def _anchor(self, content: str) -> str:
        plain = unicodedata.normalize("NFKD", TOKEN.sub(" ", content)).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "section"
        anchor, number = slug, 2
        while anchor in self._anchors:
            anchor, number = f"{slug}-{number}", number + 1
        self._anchors.add(anchor)
        return anchor


_CODE = frozenset({"fence", "code_block", "math_block"})
# Code and formulas are not read as prose; they hold their place so that words around them do not join.
_HOLE = "\ufffb"
_READ_AS = {"softbreak": " ", "hardbreak": " ", "code_inline": _HOLE, "math_inline": _HOLE, "math_inline_double": _HOLE}


def _fault(passage: _Passage, claim: literals.Claim, start: int | None = None) -> Fault:
    place = claim.start if start is None else start
    return Fault(passage.lines[min(place, len(passage.lines) - 1)], claim.text, claim.message)


def _offsets(text: str, sentence: literals.Sentence) -> list[int]:
    """For each character of a sentence its place in the raw passage."""
    masked = literals.masked(text)
    places = [i for i in range(sentence.start, len(masked)) if masked[i] != "\ufff9"]
    return places[: len(sentence.text) + 1]


def _found(sources: Mapping[int, str], text: str, message: str) -> tuple[int, Fault]:
    """Where a text stands in the sources of the cells; the first cell if it was written otherwise there."""
    for number, source in sources.items():
        if text in source:
            return number, Fault(source.count("\n", 0, source.index(text)) + 1, text, message)
    return next(iter(sources), 0), Fault(1, text, message)
