"""Code as the page shows it: coloured by class, never by style attribute, and no more marks than looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from typing import Any

from markupsafe import Markup, escape

from analysis.report.notebook import Cell


@dataclass(frozen=True)
class CodeView:
    """The code of one cell."""

    number: int
    html: Markup
    lines: int


def code_view(cell: Cell) -> CodeView:
    """A code cell, coloured.

    >>> code_view(Cell("code", "x = 1", (), 3)).html
    Markup('x = <i class="n">1</i>\\n')
    """
    return CodeView(cell.number, coloured(cell.source), cell.source.count("\n") + 1)


@lru_cache(maxsize=1024)
def coloured(source: str) -> Markup:
    """Python as HTML: what the style sheet colours is marked, with one mark for neighbours of one look.

    Many pages show the same cells, and a mark on every name and sign would be a tenth of a page.

    >>> coloured("if a < b: print(f'{a}')")
    Markup('<i class="k">if</i> a &lt; b: print(<i class="s">f&#39;{</i>a<i class="s">}&#39;</i>)\\n')
    """
    lexer, look = _tools()
    runs = groupby(lexer.get_tokens(source), key=lambda token: look(token[0]))
    return Markup("").join(
        Markup('<i class="{}">{}</i>').format(name, text) if name else escape(text)
        for name, text in ((name, "".join(text for _, text in run)) for name, run in runs)
    )


@cache
def _tools() -> tuple[Any, Callable[[Any], str]]:
    from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]
    from pygments.token import Token  # type: ignore[import-untyped]

    looks = (
        ("k", (Token.Keyword, Token.Operator.Word)),
        ("s", (Token.Literal.String,)),
        ("c", (Token.Comment,)),
        ("n", (Token.Literal.Number, Token.Name.Function, Token.Name.Class, Token.Name.Decorator)),
    )

    @cache
    def look(kind: Any) -> str:
        return next((name for name, kinds in looks if any(kind in each for each in kinds)), "")

    return PythonLexer(), look
