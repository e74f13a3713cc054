"""Removing what can be made again. What earlier editions said cannot: the inputs they were made from are gone."""

from __future__ import annotations

import shutil
from pathlib import Path

from analysis.project import SOURCES, Project
from analysis.report import archive

LEDGER = "ledger.db"


def clean(project: Project, *, fetched: bool = False, history: bool = False) -> list[Path]:
    """Remove reports, refined tables and the sample; with ``fetched`` the live data, too. Returns what was removed.

    The ledger and the archive of earlier editions stay unless ``history`` is to go as well: with them, the next build
    compares with the editions before, without them it makes first editions.
    """
    removed = []
    for source in SOURCES:
        folder = project.reports(source)
        if folder.is_dir() and _emptied(folder, history):
            removed.append(folder)
    folders = [project.processed(source) for source in SOURCES] + [project.raw("sample")]
    for folder in [*folders, project.raw("live")] if fetched else folders:
        if folder.is_dir():
            shutil.rmtree(folder)
            removed.append(folder)
    return removed


def kept(project: Project) -> list[Path]:
    """What of earlier editions is there."""
    found = [project.reports(source) / name for source in SOURCES for name in (LEDGER, archive.FOLDER)]
    return [path for path in found if path.exists()]


def _emptied(folder: Path, history: bool) -> bool:
    """Empty a folder of reports; returns whether anything was in it that had to go."""
    stays = set() if history else {LEDGER, *([archive.FOLDER] if archive.files(folder) else [])}
    goes = [path for path in sorted(folder.iterdir()) if path.name not in stays]
    for path in goes:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    if archive.FOLDER in stays:
        for listed in (folder / archive.FOLDER).glob("index*.html"):
            listed.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
    return bool(goes)
