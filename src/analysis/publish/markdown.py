"""Markdown to inert HTML: no raw HTML, no outside picture, no address that runs, no style attribute.

The cells of a notebook are read as one document, so that a footnote may be defined in the notes and used in a
section; a paragraph of private-use characters marks where each cell begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from html import escape
from types import MethodType
from typing import Any, cast
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from analysis.project import AnalysisError
from analysis.publish.templates import TOKEN, Piece, Pieces

_MARK = "\uf000"
_MARKED = re.compile(f"{_MARK}(\\d+){_MARK}")
_WEB = re.compile(r"(?:https?://|mailto:)[^\s]+\Z", re.IGNORECASE)
_PAGE = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*\.html(?:#[^\s]*)?\Z")


@dataclass(frozen=True)
class Block:
    """One cell (or the footnotes) as Markdown tokens; ``line`` is the document line on which its text begins."""

    number: int
    tokens: list[Token]
    line: int


@dataclass(frozen=True)
class Document:
    """The cells of a notebook, read."""

    cells: tuple[Block, ...]
    footnotes: tuple[Token, ...]
    env: dict[str, Any] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    unclosed: tuple[int, ...] = ()

    def place(self, line: int) -> tuple[int, int]:
        """Cell number and line in that cell of a line of the document."""
        block = max((b for b in self.cells if b.line <= line), key=lambda b: b.line, default=self.cells[0])
        return block.number, line - block.line + 1


class _Markdown(MarkdownIt):
    """A parser that asks the reader who has it which links it admits, and what formulas and pieces look like."""

    reader: Reader

    def validateLink(self, url: str) -> bool:
        """Whether a link may stand."""
        return self.reader.admits(url)


@cache
def _parser() -> _Markdown:
    """The one parser of this process: putting one together takes as long as reading a page."""
    settings = {"html": False, "typographer": True, "quotes": "“”‘’"}
    made = _Markdown("commonmark", settings)
    made.enable(["table", "strikethrough", "smartquotes"]).use(footnote_plugin, inline=True)
    made.use(
        dollarmath_plugin, allow_digits=False, allow_space=False, allow_labels=False,
        renderer=lambda latex, options: made.reader.math(latex, options),
    )  # fmt: skip
    rules = {kind: partial(_asked, made, kind) for kind in Reader(Pieces()).rules}
    cast(RendererHTML, made.renderer).rules.update(cast(dict[str, MethodType], rules))
    return made


def _asked(md: _Markdown, kind: str, *told: Any) -> str:
    return md.reader.rules[kind](*told)


class Reader:
    """Reads and renders the Markdown of one notebook."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._refused: list[str] = []
        self.rules = self._rules()

    @property
    def _md(self) -> _Markdown:
        md = _parser()
        md.reader = self
        return md

    @property
    def _html(self) -> RendererHTML:
        return cast(RendererHTML, self._md.renderer)

    def read(self, cells: Sequence[tuple[int, str]]) -> Document:
        """Parse cells (number, text with tokens) as one document."""
        text, starts = "", {}
        for number, source in cells:
            text += f"\n\n{_MARK}{number}{_MARK}\n\n"
            starts[number] = text.count("\n")
            text += source
        env: dict[str, Any] = {}
        self._refused.clear()
        tokens = self._md.parse(text, env)
        blocks, footnotes = _split(tokens, starts)
        missing = tuple(number for number, _ in cells if number not in {block.number for block in blocks})
        for token in tokens:
            _mark_links(token)
        return Document(tuple(blocks), tuple(footnotes), env, tuple(self._refused), missing)

    def html(self, tokens: Sequence[Token], env: dict[str, Any]) -> str:
        """HTML of block tokens; tokens of pieces left anywhere (attributes, formulas) become plain text."""
        rendered = self._html.render(list(tokens), self._md.options, env)
        return TOKEN.sub(lambda match: escape(self._pieces.of(match).text), str(rendered))

    def inline_html(self, token: Token, env: dict[str, Any]) -> str:
        """HTML of the inline content of one token, such as a heading's."""
        rendered = self._html.renderInline(token.children or [], self._md.options, env)
        return TOKEN.sub(lambda match: escape(self._pieces.of(match).text), str(rendered))

    def admits(self, url: str) -> bool:
        """Web and mail addresses, anchors of this page, other pages beside it; nothing else."""
        if url.startswith("#") or _WEB.match(url) or (_PAGE.match(url) and ".." not in url):
            return True
        self._refused.append(url)
        return False

    def _rules(self) -> dict[str, Callable[..., str]]:
        return {
            "text": self._text,
            "code_inline": self._code,
            "image": self._image,
            "heading_open": self._heading,
            "th_open": self._aligned,
            "td_open": self._aligned,
            "footnote_ref": _footnote_ref,
            "footnote_block_open": lambda *_: '<ol class="footnotes">\n',
            "footnote_block_close": lambda *_: "</ol>\n",
            "footnote_open": lambda tokens, i, *_: f'<li id="fn{tokens[i].meta["id"] + 1}">',
            "footnote_anchor": _footnote_anchor,
        }

    def _text(self, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
        token = tokens[index]
        plain_only = bool(token.meta.get("in_link"))
        return _substituted(token.content, self._pieces, lambda piece: piece_html(piece, plain_only=plain_only))

    def _code(self, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
        content = _substituted(tokens[index].content, self._pieces, lambda piece: escape(piece.text))
        return f"<code>{content}</code>"

    def _image(self, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
        return escape(self._pieces.spoken(tokens[index].content))

    def _heading(self, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
        anchor = tokens[index].meta.get("anchor", "")
        return f'<{tokens[index].tag} id="{escape(anchor)}">' if anchor else f"<{tokens[index].tag}>"

    def _aligned(self, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
        """Cells of Markdown tables: alignment as a class, since the page admits no style attribute."""
        match = re.search(r"text-align:(left|center|right)", str(tokens[index].attrGet("style") or ""))
        head = ' scope="col"' if tokens[index].tag == "th" else ""
        return f"<{tokens[index].tag}{head}" + (f' class="align-{match[1]}">' if match else ">")

    def math(self, latex: str, options: dict[str, Any]) -> str:
        """A formula as MathML, its pieces in words."""
        return mathml(self._pieces.spoken(latex), display=bool(options["display_mode"]))


def piece_html(piece: Piece, *, plain_only: bool = False) -> str:
    """What a piece becomes in the page. A finding is a control that opens its card; inside a link it is text."""
    text = escape(piece.text)
    if plain_only:
        return text
    if piece.kind == "finding" and piece.finding is not None:
        name = escape(piece.name)
        state = "" if piece.finding.status == "ok" else f' data-status="{escape(piece.finding.status)}"'
        return (
            f'<button type="button" class="finding" data-finding="{name}"{state} aria-haspopup="dialog" '
            f'aria-describedby="about-{name}">{text}</button>'
        )
    if piece.kind == "exhibit":
        return f'<a class="exhibit" href="{escape(piece.href)}">{text}</a>'
    if piece.kind == "cite":
        return f'<a class="cite" href="{escape(piece.href)}">{text}</a>'
    if piece.kind == "term":
        return f'<button type="button" class="term" data-term="{escape(piece.name)}">{text}</button>'
    if piece.kind == "missing":
        return f'<mark class="missing">{text}</mark>'
    return text


_MATHML = "http://www.w3.org/1998/Math/MathML"
_MATH_ELEMENTS = frozenset(
    {
        *("math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "msub", "msup", "msubsup", "munder", "mover"),
        *("munderover", "mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose"),
        *("mmultiscripts", "mprescripts", "none"),
    }
)
_MATH_ATTRIBUTES = frozenset(
    {
        *("display", "mathvariant", "stretchy", "fence", "separator", "form", "lspace", "rspace", "accent"),
        *("accentunder", "columnalign", "rowalign", "columnspacing", "rowspacing", "columnlines", "rowlines"),
        *("linethickness", "scriptlevel", "displaystyle", "movablelimits", "minsize", "maxsize", "symmetric"),
        *("largeop", "width", "height", "depth", "notation"),
    }
)


def mathml(latex: str, *, display: bool) -> str:
    """A formula as MathML, cut down to elements and attributes that neither link nor style.

    >>> mathml("x", display=False)
    '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline"><mrow><mi>x</mi></mrow></math>'
    """
    try:
        tree = ElementTree.fromstring(convert(latex, display="block" if display else "inline"))
    except (ElementTree.ParseError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise AnalysisError(f"formula {latex!r} cannot be set: {type(error).__name__} {error}") from error
    for element in tree.iter():
        element.tag = element.tag.removeprefix(f"{{{_MATHML}}}")
        if element.tag not in _MATH_ELEMENTS:
            element.tag = "mrow"
        element.attrib = {key: element.attrib[key] for key in element.attrib if key in _MATH_ATTRIBUTES}
    tree.set("xmlns", _MATHML)
    ordered = {"xmlns": _MATHML, "display": "block" if display else "inline"}
    tree.attrib = {**ordered, **{key: tree.attrib[key] for key in sorted(tree.attrib) if key not in ordered}}
    return ElementTree.tostring(tree, encoding="unicode")


def _substituted(text: str, pieces: Pieces, shown: Callable[[Piece], str]) -> str:
    out, end = [], 0
    for match in TOKEN.finditer(text):
        out += [escape(text[end : match.start()]), shown(pieces.of(match))]
        end = match.end()
    return "".join(out) + escape(text[end:])


def _split(tokens: Sequence[Token], starts: dict[int, int]) -> tuple[list[Block], list[Token]]:
    """Tokens of each cell, and those of the footnotes at the end."""
    blocks: list[Block] = []
    footnotes: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.type == "footnote_block_open":
            footnotes = list(tokens[index:])
            break
        if token.type == "paragraph_open" and (mark := _MARKED.fullmatch(tokens[index + 1].content)):
            number = int(mark[1])
            blocks.append(Block(number, [], starts[number]))
            index += 3
            continue
        blocks[-1].tokens.append(token)
        index += 1
    return blocks, footnotes


def _mark_links(token: Token) -> None:
    """Text inside a link is told so: a control may not stand in a link."""
    depth = 0
    for child in token.children or []:
        depth += (child.type == "link_open") - (child.type == "link_close")
        if depth > 0 and child.type == "text":
            child.meta["in_link"] = True


def _footnote_ref(tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    meta = tokens[index].meta
    number, again = meta["id"] + 1, meta.get("subId", 0)
    anchor = f"fnref{number}" + (f"-{again}" if again else "")
    return f'<sup class="footnote-ref"><a href="#fn{number}" id="{anchor}" role="doc-noteref">{number}</a></sup>'


def _footnote_anchor(tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    meta = tokens[index].meta
    number, again = meta["id"] + 1, meta.get("subId", 0)
    anchor = f"fnref{number}" + (f"-{again}" if again else "")
    label = f"Back to note {number} in the text"
    return f' <a href="#{anchor}" role="doc-backlink" class="footnote-back" aria-label="{label}">\u21a9\ufe0e</a>'
