"""A notebook as its author wrote it: cells, tags and sources, without outputs or editor metadata."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from analysis.project import AnalysisError
from analysis.report.storage import canonical, digest

LANGUAGE, TERMS = "lang-", "terms"
"""Tags of Markdown cells: of another language than English, and the list of the code's words in it."""


@dataclass(frozen=True)
class Cell:
    """One cell; ``number`` counts all cells of the notebook from 1.

    A cell in another language has the tag ``lang-es`` besides those of its English twin, the cell before it, and
    ``twin``, the first digits of the hash of that cell as it was when the translation was checked.
    """

    kind: str
    source: str
    tags: tuple[str, ...]
    number: int
    twin: str = field(default="", repr=False)

    @property
    def language(self) -> str:
        """The language a Markdown cell is tagged with; empty for English and for code.

        >>> Cell("markdown", "# Hola", ("lang-es", "title"), 2).language
        'es'
        """
        tagged = (tag.removeprefix(LANGUAGE) for tag in self.tags if tag.startswith(LANGUAGE))
        return next(tagged, "") if self.kind == "markdown" else ""

    @property
    def first_line(self) -> str:
        """The first line that says something, for messages."""
        lines = [line.strip() for line in self.source.splitlines() if line.strip()]
        return lines[0] if lines else ""


@dataclass(frozen=True)
class Notebook:
    """The written part of one notebook; ``stem`` is its file name without ending."""

    path: Path
    stem: str
    cells: tuple[Cell, ...]

    @property
    def code(self) -> tuple[Cell, ...]:
        """The code cells."""
        return tuple(cell for cell in self.cells if cell.kind == "code")

    def code_hash(self) -> str:
        """Hash of what can change a result: source and tags of every code cell."""
        return digest(canonical([[cell.source, sorted(cell.tags)] for cell in self.code]))

    def prose_hash(self) -> str:
        """Hash of what changes the page only: the Markdown cells, and where they stand between the code."""
        said = [["", ""] if c.kind == "code" else [c.source, *sorted(c.tags)] for c in self.cells]
        return digest(canonical([*said, *(cell.twin for cell in self.cells if cell.twin)]))


def read_notebook(path: Path) -> Notebook:
    """Read a notebook from disk.

    Raises AnalysisError when the file is no notebook of format 4.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise AnalysisError(f"{path.name}: there is no such notebook") from None
    except ValueError as error:
        raise AnalysisError(
            f"{path.name} is not a notebook ({error}): repair it, or take it from version control"
        ) from error
    return parse_notebook(content, path)


def parse_notebook(content: Any, path: Path) -> Notebook:
    """The written part of a notebook given as parsed JSON.

    >>> raw = {"nbformat": 4, "cells": [{"cell_type": "markdown", "metadata": {"tags": ["title"]}, "source": ["# A"]}]}
    >>> parse_notebook(raw, Path("01_a.ipynb")).cells
    (Cell(kind='markdown', source='# A', tags=('title',), number=1),)
    """
    if not isinstance(content, dict) or content.get("nbformat") != 4 or not isinstance(content.get("cells"), list):
        raise AnalysisError(f"{path.name} is not a notebook of format 4: open and save it in JupyterLab")
    cells = [
        Cell(raw["cell_type"], _text(raw["source"]), tuple(about.get("tags", ())), number, str(about.get("twin", "")))
        for number, raw in enumerate(content["cells"], start=1)
        for about in [raw.get("metadata", {})]
    ]
    return Notebook(path, path.stem, tuple(_with_roles(cells)))


def _with_roles(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Cells in another language take part in whatever the English cell before them takes part in."""
    english: tuple[str, ...] = ()
    for cell in cells:
        if cell.language and TERMS not in cell.tags:
            yield replace(cell, tags=(f"{LANGUAGE}{cell.language}", *english))
        else:
            english = english if cell.language else cell.tags if cell.kind == "markdown" else ()
            yield cell


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def python_tree(source: str) -> ast.Module | None:
    """The syntax tree of a code cell, magics set aside; None where it is not Python.

    >>> ast.unparse(python_tree("%matplotlib inline\\nx = area"))
    'x = area'
    """
    lines = ["" if line.lstrip().startswith(("%", "!", "?")) else line for line in source.splitlines()]
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError:
        return None
