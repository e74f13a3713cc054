"""What a run used, said by the kernel that ran it.

The last, hidden cell of every run calls :func:`show`. It leaves one output that names the modules of this package
that were really imported, with the hash of each file, and the tables that were really loaded.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from analysis.provenance import asked, loads
from analysis.report.storage import digest
from analysis.report.warm.shelf import Shelf, of_package

MIME = "application/vnd.angeleno.record+json"
TAG = "angeleno-record"
CELL = "from analysis.report import recording\n\nrecording.show()"

# The tools that run and print notebooks are no part of what a notebook computes.
_TOOLS = ("analysis.report", "analysis.cli")


def imported_modules() -> list[str]:
    """The modules of this package that this process has imported, tools excepted, sorted.

    >>> import analysis.project
    >>> "analysis.project" in imported_modules()
    True
    """
    shelf = _shelf()
    # A fork knows which modules of the package were asked for; to look through all names would copy their memory.
    names = [name for name in sys.modules if of_package(name)] if shelf is None else list(shelf.asked)
    return sorted(
        name
        for name in names
        if not any(name == tool or name.startswith(tool + ".") for tool in _TOOLS)
        and getattr(sys.modules.get(name), "__file__", None)
    )


def _shelf() -> Shelf | None:
    return next((finder for finder in sys.meta_path if isinstance(finder, Shelf)), None)


def record() -> dict[str, Any]:
    """Modules and loaded tables with the hash of their bytes, and datasets loaded and asked for, as plain JSON."""
    shelf = _shelf()
    warm = shelf.digests if shelf is not None else {}
    modules = {
        # A module a warm process imported is what its file was then, whatever the file is now.
        name: warm.get(name) or digest(Path(str(sys.modules[name].__file__)).read_bytes())
        for name in imported_modules()
    }
    uses = loads()
    return {
        "modules": modules,
        "tables": {use.table: use.sha256 for use in uses},
        "datasets": sorted({dataset.id for use in uses for dataset in use.datasets}),
        "asked": asked(),
    }


def show() -> None:
    """Leave the record of this kernel as an output of the running cell."""
    from IPython.display import display

    display({MIME: record(), "text/plain": "what this run used"}, raw=True)  # type: ignore[no-untyped-call]
