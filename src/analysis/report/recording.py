"""What a run used, said by the kernel that ran it.

The last, hidden cell of every run calls :func:`show`. It leaves one output that names the modules of this package
that were really imported, with the hash of each file, and the tables that were really loaded.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

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
    return sorted(
        name
        for name, module in list(sys.modules.items())
        if (name == "analysis" or name.startswith("analysis."))
        and not any(name == tool or name.startswith(tool + ".") for tool in _TOOLS)
        and getattr(module, "__file__", None)
    )


def record() -> dict[str, Any]:
    """Modules with the hash of their bytes, and the tables loaded, as plain JSON."""
    from analysis.report.storage import digest

    modules = {name: digest(Path(str(sys.modules[name].__file__)).read_bytes()) for name in imported_modules()}
    return {"modules": modules, "tables": _tables()}


def _tables() -> list[dict[str, Any]]:
    provenance = sys.modules.get("analysis.provenance")
    uses = provenance.loads() if provenance else []
    return [{"table": use.table, "sha256": use.sha256, "datasets": _ids(use.datasets)} for use in uses]


def _ids(datasets: Any) -> list[str]:
    return sorted(str(asdict(d)["id"] if is_dataclass(d) and not isinstance(d, type) else d["id"]) for d in datasets)


def show() -> None:
    """Leave the record of this kernel as an output of the running cell."""
    from IPython.display import display

    display({MIME: record(), "text/plain": "what this run used"}, raw=True)  # type: ignore[no-untyped-call]
