"""How the files of a report made elsewhere get into place: in the order of issuing them, the page last."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from analysis.project import AnalysisError
from analysis.report import archive
from analysis.report.storage import PARTIAL, put, read_json


def rank(file: str) -> tuple[int, str]:
    """Where a file stands in the order of issuing: notebook, its record, downloads and logs, summary, page, index.

    >>> sorted(["01.html", "executed/01.page.json", "downloads/01_a.csv", "executed/01.ipynb", "index.html"], key=rank)
    ['executed/01.ipynb', 'downloads/01_a.csv', 'executed/01.page.json', '01.html', 'index.html']
    """
    path = PurePosixPath(file)
    if path.parent.name == "executed":
        kind = 0 if path.suffix == ".ipynb" else 3 if path.name.endswith(".page.json") else 1
    elif path.suffix == ".html":
        kind = 5 if path.name.startswith("index.") else 4
    else:
        kind = 2
    return kind, file


def files_of(folder: Path, name: str) -> list[str]:
    """The files of the report called ``name`` that lie in a folder of reports, in the order of issuing.

    A download belongs to the report whose summary names it.
    """
    found = [path for path in (folder / "executed").glob("*") if _belongs(path, name)]
    found += [path for path in (folder / "logs").glob("*") if _belongs(path, name)]
    found += [path for path in folder.glob(f"{name}.*") if re.fullmatch(r"(\.[a-z]{2})?\.html", path.name[len(name) :])]
    found += [folder / "downloads" / file for file in downloads(folder, name)]
    return sorted((path.relative_to(folder).as_posix() for path in found if path.is_file()), key=rank)


def downloads(folder: Path, name: str) -> list[str]:
    """The files that the summary of a report names as its downloads."""
    summary = read_json(folder / "executed" / f"{name}.page.json")
    return sorted(summary.get("downloads", {})) if isinstance(summary, dict) else []


def _belongs(path: Path, name: str) -> bool:
    # "01_rent" has 01_rent.page.json; 01_rent--cd-01.json is another report's.
    return path.name.startswith(f"{name}.") and not path.name.endswith((".partial", ".tmp"))


def land(folder: Path, name: str, files: Mapping[str, bytes]) -> None:
    """Put the files of one report in place, each in one step and the page last, and drop what it no longer has.

    Raises AnalysisError, with nothing written, for a file that is not one of this report's.
    """
    _checked(name, files)
    before = set(downloads(folder, name))
    if f"{name}.html" in files:
        set_aside_page(folder, name)
    for file in sorted(files, key=rank):
        put(folder / file, files[file])
    if f"{name}.html" in files:  # it was made: what an earlier attempt left behind says nothing any more
        for left in ("failed.json", "failed.ipynb"):
            if f"executed/{name}.{left}" not in files:
                (folder / "executed" / f"{name}.{left}").unlink(missing_ok=True)
        for file in before - set(downloads(folder, name)):
            (folder / "downloads" / file).unlink(missing_ok=True)


def set_aside_page(folder: Path, name: str) -> None:
    """Keep the page of a report, if it is the one that was printed, before another takes its place."""
    summary = read_json(folder / "executed" / f"{name}.page.json")
    if isinstance(summary, dict) and {"html", "downloads"} <= set(summary):
        archive.set_aside(folder, name, summary["html"], summary["downloads"], summary.get("others", {}))


def place(file: Path, target: Path) -> None:
    """Let a file appear at its place in one step, as a second name of it where the disk allows, else as a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}{PARTIAL}")
    partial.unlink(missing_ok=True)
    try:
        try:
            os.link(file, partial)
        except OSError:
            shutil.copyfile(file, partial)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def _checked(name: str, files: Iterable[str]) -> None:
    for file in files:
        path = PurePosixPath(file)
        ours = path.name.startswith((f"{name}.", f"{name}_")) and len(path.parts) <= 2
        if not ours or (len(path.parts) == 2 and path.parts[0] not in {"executed", "downloads", "logs"}):
            raise AnalysisError(f"{name}: a worker sent {file!r}, which is no file of this report; nothing was written")
