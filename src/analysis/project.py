"""Where the project lies and which source it works on.

Everything that touches the disk asks this module for its folder, so that no
other file holds a path and a notebook runs the same from any working directory.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SOURCES = ("sample", "live")

ONE_THREAD = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
"""Set to 1 in every process that computes: with more threads, sums come out in another order."""


class AnalysisError(Exception):
    """An error whose message names the thing and says what to do next.

    The command line prints the message alone, without a traceback.
    """


@dataclass(frozen=True)
class Project:
    """One checkout of the project.

    >>> Project(Path("/city")).processed("sample").as_posix()
    '/city/data/processed/sample'
    """

    root: Path

    @property
    def catalog(self) -> Path:
        """Folder of the dataset catalogue, one YAML file a subject."""
        return self.root / "data" / "catalog"

    @property
    def notebooks(self) -> Path:
        """Folder of the numbered notebooks."""
        return self.root / "notebooks"

    def raw(self, source: str, dataset: str | None = None) -> Path:
        """Folder of the bytes as fetched, of one source or of one dataset."""
        folder = self.root / "data" / "raw" / checked_source(source)
        return folder / dataset if dataset else folder

    def processed(self, source: str) -> Path:
        """Folder of the refined tables of one source."""
        return self.root / "data" / "processed" / checked_source(source)

    def reports(self, source: str) -> Path:
        """Folder of the published pages and the ledger of one source."""
        return self.root / "reports" / checked_source(source)


def checked_source(source: str) -> str:
    """Return ``source`` if it is ``sample`` or ``live``.

    >>> checked_source("sample")
    'sample'
    """
    if source not in SOURCES:
        raise AnalysisError(f"unknown source {source!r}: use one of {', '.join(SOURCES)}")
    return source


def current_project() -> Project:
    """The checkout in use: ``ANALYSIS_ROOT``, or the nearest folder upwards with ``data/catalog``."""
    named = os.environ.get("ANALYSIS_ROOT")
    if named:
        root = Path(named).resolve()
        if not (root / "data" / "catalog").is_dir():
            raise AnalysisError(f"ANALYSIS_ROOT={named} has no data/catalog folder: point it at a checkout")
        return Project(root)
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / "data" / "catalog").is_dir() and (folder / "pyproject.toml").is_file():
            return Project(folder)
    raise AnalysisError(
        f"{here} is not inside a checkout of the project (no data/catalog here or above): "
        "change into it, or set ANALYSIS_ROOT"
    )


def current_source() -> str:
    """The source in use, ``ANALYSIS_SOURCE``; the embedded sample unless told otherwise."""
    return checked_source(os.environ.get("ANALYSIS_SOURCE") or "sample")
