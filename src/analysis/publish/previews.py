"""Seeing the prose while writing it."""

from __future__ import annotations

import json
import os
import sys
from html import escape
from pathlib import Path
from typing import Any

from analysis.project import AnalysisError
from analysis.publish import session
from analysis.publish.payload import Figure, Table
from analysis.publish.prose import Cell, Context, check, markdown_cells, render, words
from analysis.publish.references import load_references


def preview(notebook: str | Path | None = None) -> None:
    """Show the Markdown cells of the notebook being worked on as they will read, with what would stop the build.

    Reads the notebook as last saved, and the findings published in this kernel so far: those still to come show their
    name. ``notebook`` is its path where the frontend does not tell it.

    Raises :class:`AnalysisError` when the notebook cannot be found.
    """
    file = Path(notebook) if notebook is not None else _current_notebook()
    if not file.is_file():
        raise AnalysisError(f"no notebook at {file}: save it first, or say preview('path/to/notebook.ipynb')")
    html, text = previewed(json.loads(file.read_text(encoding="utf-8")), file.name)
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        print(text)
        return
    shell.display_pub.publish(data={"text/html": html, "text/plain": text}, metadata={})


def previewed(notebook: dict[str, Any], name: str) -> tuple[str, str]:
    """HTML and text of the prose of a notebook over the findings of this session."""
    cells = markdown_cells(notebook)
    context = _context(name)
    problems = check(cells, context)
    prose = render(cells, context, lenient=True)
    parts = []
    for cell in prose.cells:
        stops = "".join(f"<li>line {p.line}: {escape(p.message)}</li>" for p in problems if p.cell == cell.number)
        parts.append(cell.html + (f'<ul class="problems">{stops}</ul>' if stops else ""))
    length = _length([cell for cell in cells if cell.number not in {p.cell for p in problems}], context)
    text = "\n".join([length, *(str(problem) for problem in problems)])
    html = "\n".join(parts) + prose.footnotes
    return f'<div class="angeleno-preview">{html}<p><em>{escape(length)}</em></p></div>', text


def _length(cells: list[Cell], context: Context) -> str:
    measured = words(cells, context)
    return f"{measured.words} words, reading grade {measured.grade:.1f}"


def _context(name: str) -> Context:
    exhibits = {**session.recorded("figure"), **session.recorded("table")}
    return Context(
        notebook=name,
        findings=session.recorded("finding"),
        figures=_numbered([key for key, value in exhibits.items() if isinstance(value, Figure)]),
        tables=_numbered([key for key, value in exhibits.items() if isinstance(value, Table)]),
        references=load_references(),
    )


def _numbered(names: list[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names, start=1)}


def _current_notebook() -> Path:
    """Where the frontend says the notebook lies: Jupyter's session name, or VS Code's variable."""
    told = os.environ.get("JPY_SESSION_NAME", "")
    if told.endswith(".ipynb"):
        return Path(told)
    main = sys.modules.get("__main__")
    told = str(getattr(main, "__vsc_ipynb_file__", ""))
    if told:
        return Path(told)
    raise AnalysisError("the frontend does not say which notebook this is: say preview('path/to/notebook.ipynb')")
