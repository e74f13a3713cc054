"""The test set: plain papermill notebooks, written from the papers beside this file.

A paper is a Python file in the percent format: ``# %%`` begins a code cell, ``# %% [markdown]`` a cell of prose, and
``tags: NAME`` may follow either. What stands before the first cell is not part of the notebook.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAPERS = Path(__file__).parent / "papers"
VARIED = "03_district_brief"
"""The notebook that is issued for many values of its parameter."""

PARAMETER = "district"
"""The name of that parameter."""

TOUCHED = "05_collisions"
"""The notebook whose code is edited where one notebook is touched."""

_CELL = re.compile(r"# %%(?P<prose> \[markdown\])?(?: tags: (?P<tags>[\w -]+))?")
_REVISION = re.compile(r"^revision = \d+", re.MULTILINE)
_KERNEL = {"name": "angeleno", "display_name": "Angeleno (Python 3)", "language": "python"}


@dataclass(frozen=True)
class Cell:
    """One cell of a paper."""

    kind: str
    source: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One notebook to execute and print: with its defaults, or for one ``district``."""

    notebook: str
    district: str | None = None

    @property
    def name(self) -> str:
        """The name of its files without ending, as the project names them.

        >>> Run("03_district_brief", "d07").name
        '03_district_brief--district-d07'
        """
        return f"{self.notebook}--{PARAMETER}-{self.district}" if self.district else self.notebook


def papers() -> tuple[str, ...]:
    """The names of all papers, in order."""
    return tuple(sorted(path.stem for path in PAPERS.glob("[0-9][0-9]_*.py")))


def chosen(notebooks: int) -> tuple[str, ...]:
    """So many papers, always with the varied and the touched one among them.

    >>> chosen(2)
    ('03_district_brief', '05_collisions')
    """
    first = [VARIED, TOUCHED]
    rest = [name for name in papers() if name not in first]
    return tuple(sorted((first + rest)[: max(notebooks, len(first))]))


def runs(notebooks: int, values: int) -> tuple[Run, ...]:
    """Every run of a test set: each notebook once, and the varied one for so many districts more.

    >>> len(runs(12, 30))
    42
    """
    once = [Run(name) for name in chosen(notebooks)]
    return tuple(once + [Run(VARIED, district) for district in districts(values)])


def districts(values: int) -> tuple[str, ...]:
    """The values of the parameter.

    >>> districts(2)
    ('d01', 'd02')
    """
    return tuple(f"d{number:02d}" for number in range(1, values + 1))


def cells(text: str) -> tuple[Cell, ...]:
    """The cells of a paper in the percent format.

    >>> cells("# %% [markdown] tags: title\\n# # A\\n# %%\\nx = 1\\n")
    (Cell(kind='markdown', source='# A', tags=('title',)), Cell(kind='code', source='x = 1', tags=()))
    """
    found: list[tuple[str, tuple[str, ...], list[str]]] = []
    for line in text.splitlines():
        begins = _CELL.fullmatch(line)
        if begins:
            kind = "markdown" if begins["prose"] else "code"
            found.append((kind, tuple((begins["tags"] or "").split()), []))
        elif found:
            prose = found[-1][0] == "markdown"
            found[-1][2].append(line.removeprefix("#").removeprefix(" ") if prose else line)
    return tuple(Cell(kind, "\n".join(lines).strip("\n"), tags) for kind, tags, lines in found)


def notebook(text: str) -> dict[str, Any]:
    """A paper as a notebook of format 4.5, without outputs; the same text gives the same notebook."""
    made: list[dict[str, Any]] = []
    for number, cell in enumerate(cells(text), start=1):
        raw: dict[str, Any] = {
            "id": f"cell-{number:03d}",
            "cell_type": cell.kind,
            "metadata": {"tags": list(cell.tags)} if cell.tags else {},
            "source": cell.source,
        }
        made.append(raw | ({"outputs": [], "execution_count": None} if cell.kind == "code" else {}))
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": _KERNEL}, "cells": made}


def write(folder: Path, names: tuple[str, ...]) -> None:
    """Write the named papers as notebooks into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        put(folder / f"{name}.ipynb", notebook((PAPERS / f"{name}.py").read_text(encoding="utf-8")))


def put(path: Path, content: dict[str, Any]) -> None:
    """Write a notebook the way Jupyter does."""
    path.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def edit(path: Path, revision: int) -> None:
    """Edit one code cell of a notebook on disk: the constant that it prints beside its result."""
    content = json.loads(path.read_text(encoding="utf-8"))
    changed = 0
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["source"], count = _REVISION.subn(f"revision = {revision}", "".join(cell["source"]))
            changed += count
    if changed != 1:
        raise ValueError(f"{path.name}: {changed} cells set the revision; one should")
    put(path, content)


def with_district(content: dict[str, Any], district: str) -> dict[str, Any]:
    """A copy of the varied notebook with its parameter set, for tools that know no parameters.

    The cell stands where papermill would put it: after the one tagged ``parameters``.
    """
    copied: dict[str, Any] = json.loads(json.dumps(content))
    at = next(i for i, cell in enumerate(copied["cells"]) if "parameters" in cell["metadata"].get("tags", []))
    injected: dict[str, Any] = {
        "id": "injected",
        "cell_type": "code",
        "metadata": {"tags": ["injected-parameters"]},
        "source": f'{PARAMETER} = "{district}"',
        "outputs": [],
        "execution_count": None,
    }
    copied["cells"].insert(at + 1, injected)
    return copied


def code(content: dict[str, Any]) -> tuple[str, ...]:
    """The sources of the code cells of a notebook."""
    return tuple("".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code")


def load(path: Path) -> dict[str, Any]:
    """Read a notebook."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
