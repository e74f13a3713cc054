"""Code as the page shows it: coloured by class, never by style attribute."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from markupsafe import Markup

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
    Markup('<span class="n">x</span> <span class="o">=</span> <span class="mi">1</span>\\n')
    """
    return CodeView(cell.number, coloured(cell.source), cell.source.count("\n") + 1)


@lru_cache(maxsize=1024)
def coloured(source: str) -> Markup:
    """Python as HTML with the short class names of Pygments; many pages show the same cells."""
    from pygments import highlight  # type: ignore[import-untyped]

    lexer, formatter = _tools()
    return Markup(highlight(source, lexer, formatter).replace('<span class="w"> </span>', " "))


@cache
def _tools() -> tuple[Any, Any]:
    from pygments.formatters.html import HtmlFormatter  # type: ignore[import-untyped]
    from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]

    return PythonLexer(), HtmlFormatter(nowrap=True)
