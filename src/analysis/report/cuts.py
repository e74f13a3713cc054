"""How much of a notebook a page shows: the whole paper, or the cells tagged for its brief.

A cell tagged ``brief`` stands in both; a Markdown cell tagged ``brief-only`` in the brief alone. The parameters stand
in every cut, and so does the title unless the brief has one of its own. What a cut leaves out becomes an empty cell, so
that cells keep the author's numbers.

A brief may not rest on what it leaves out: kept code that reads a variable, and kept prose that uses a finding or an
exhibit, of a cell that is left out stop the build with both cells named. So what a brief says, the whole paper says.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.catalog.editions import CUTS
from analysis.project import AnalysisError
from analysis.report.mentions import EXHIBITS, FINDING, mentions
from analysis.report.notebook import TERMS, Cell, Notebook, python_tree, read_notebook
from analysis.report.variables import Uses, uses

WHOLE, BRIEF = CUTS
KEPT, ONLY = "brief", "brief-only"
TITLE = "title"


def read_cut(path: Path, cut: str) -> Notebook:
    """A notebook from disk as far as a cut keeps it; raises AnalysisError as reading it and :func:`cut_of` do."""
    return cut_of(read_notebook(path), cut)


def cut_of(notebook: Notebook, cut: str) -> Notebook:
    """The notebook with every cell that the cut leaves out empty, and without the tags that say so.

    Raises AnalysisError for a brief of a notebook without cells for it, and for code that only the brief would run.

    >>> cells = (Cell("code", "x = 1", ("brief",), 1), Cell("code", "y = 2", (), 2))
    >>> [cell.source for cell in cut_of(Notebook(Path("01_a.ipynb"), "01_a", cells), "brief").cells]
    ['x = 1', '']
    """
    if cut == BRIEF and not any({KEPT, ONLY} & set(cell.tags) for cell in notebook.cells):
        raise AnalysisError(
            f"{notebook.stem} has no brief: tag the cells it shows {KEPT!r}, "
            f"and Markdown cells that only it shows {ONLY!r}"
        )
    for cell in notebook.cells:
        if ONLY in cell.tags and cell.kind != "markdown":
            raise AnalysisError(
                f"{notebook.stem}, cell {cell.number}: code that only the brief runs could say what the whole paper "
                f"does not: tag it {KEPT!r}"
            )
    kept = _numbers(notebook, cut)
    return replace(
        notebook, cells=tuple(_bare(cell) if cell.number in kept else _empty(cell) for cell in notebook.cells)
    )


def _bare(cell: Cell) -> Cell:
    return replace(cell, tags=tuple(tag for tag in cell.tags if tag not in {KEPT, ONLY}))


def _empty(cell: Cell) -> Cell:
    return Cell("raw", "", (), cell.number)


def _numbers(notebook: Notebook, cut: str) -> set[int]:
    """The numbers of the cells that a cut keeps."""
    if cut == WHOLE:
        return {cell.number for cell in notebook.cells if ONLY not in cell.tags}
    own_title = any({ONLY, TITLE} <= set(cell.tags) for cell in notebook.cells)
    always = {"parameters", TERMS} if own_title else {"parameters", TERMS, TITLE}
    return {cell.number for cell in notebook.cells if {KEPT, ONLY, *always} & set(cell.tags)}


@dataclass(frozen=True)
class _Cut:
    """The cells of a notebook, and which of them a cut keeps."""

    notebook: Notebook
    kept: tuple[Cell, ...]
    dropped: tuple[Cell, ...]

    @classmethod
    def of(cls, notebook: Notebook, cut: str) -> _Cut:
        numbers = _numbers(notebook, cut)
        kept = tuple(cell for cell in notebook.cells if cell.number in numbers)
        return cls(notebook, kept, tuple(cell for cell in notebook.cells if cell.number not in numbers))


def check_code(notebook: Notebook, cut: str) -> None:
    """Raise AnalysisError where a kept cell reads a variable that a cell left out was the last to make or change.

    ``notebook`` is the whole one. Only a brief leaves code out. Variables are found by reading the code, not by running
    it, so a change through a function or an alias is not seen.
    """
    if cut != BRIEF:
        return
    kept = {cell.number for cell in _Cut.of(notebook, cut).kept}
    last: dict[str, int] = {}
    problems = []
    for cell in notebook.code:
        tree = python_tree(cell.source)
        found = uses(tree) if tree is not None else Uses()
        if cell.number in kept:
            for name in sorted(found.reads):
                if last.get(name, cell.number) not in {cell.number, *kept}:
                    problems.append(_told(notebook, cell.number, f"reads `{name}`", last[name], "makes or changes"))
        last |= dict.fromkeys(found.writes, cell.number)
    if problems:
        raise AnalysisError("\n".join(problems))


def check_words(notebook: Notebook, cut: str, published: Collection[str]) -> None:
    """Raise AnalysisError where kept prose uses a finding or exhibit that only a cell left out publishes.

    ``notebook`` is the whole one, ``published`` what the run of the cut has published. A name that no cell left out
    publishes either is an ordinary misspelling, which rendering complains of.
    """
    if cut != BRIEF:
        return
    parts = _Cut.of(notebook, cut)
    problems = []
    for cell in parts.kept:
        for name in sorted(_spoken(cell) - set(published)):
            maker = next((one for one in parts.dropped if one.kind == "code" and _may_publish(one, name)), None)
            if maker is not None:
                problems.append(_told(notebook, cell.number, f"uses {name!r}", maker.number, "publishes"))
    if problems:
        raise AnalysisError("\n".join(problems))


def _told(notebook: Notebook, cell: int, use: str, maker: int, makes: str) -> str:
    return (
        f"{notebook.stem}, cell {cell} {use}, which cell {maker} {makes}, but the brief leaves cell {maker} out: "
        f"tag cell {maker} {KEPT!r}, or do without it in the brief"
    )


def _spoken(cell: Cell) -> set[str]:
    """Names of findings and exhibits that the templates of a cell use; none of a template that cannot be read."""
    texts = [cell.source] if cell.kind == "markdown" else [s for s in _strings(cell) if "{{" in s or "{%" in s]
    return {name for text in texts for kind, name in mentions(text) if kind == FINDING or kind in EXHIBITS}


def _strings(cell: Cell) -> Iterator[str]:
    tree = python_tree(cell.source)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _may_publish(cell: Cell, name: str) -> bool:
    """Whether a cell holds the name as a text of its own, as a keyword, or as something an f-string can give."""
    tree = python_tree(cell.source)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Constant) and node.value == name:
            return True
        if isinstance(node, ast.JoinedStr) and _matches(node, name):
            return True
    return False


def _matches(node: ast.JoinedStr, name: str) -> bool:
    texts = [str(part.value) if isinstance(part, ast.Constant) else None for part in node.values]
    pattern = "".join(r"\w*" if text is None else re.escape(text) for text in texts)
    return any(re.search("[A-Za-z]", text or "") for text in texts) and re.fullmatch(pattern, name) is not None
