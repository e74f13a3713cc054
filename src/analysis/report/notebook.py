"""A notebook as its author wrote it: cells, tags and sources, without outputs or editor metadata."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.project import AnalysisError
from analysis.report.storage import canonical, digest


@dataclass(frozen=True)
class Cell:
    """One cell; ``number`` counts all cells of the notebook from 1."""

    kind: str
    source: str
    tags: tuple[str, ...]
    number: int

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
        return digest(canonical([["", ""] if c.kind == "code" else [c.source, *sorted(c.tags)] for c in self.cells]))


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
    cells = tuple(
        Cell(raw["cell_type"], _text(raw["source"]), tuple(raw.get("metadata", {}).get("tags", ())), number)
        for number, raw in enumerate(content["cells"], start=1)
    )
    return Notebook(path, path.stem, cells)


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
