"""Removing what can be made again."""

from __future__ import annotations

import shutil
from pathlib import Path

from analysis.project import SOURCES, Project

KEPT = ".gitkeep"


def clean(project: Project, *, fetched: bool = False) -> list[Path]:
    """Remove reports, refined tables and the sample; with ``fetched`` the live data, too. Returns what was removed."""
    folders = [folder for source in SOURCES for folder in (project.reports(source), project.processed(source))]
    folders.append(project.raw("sample"))
    if fetched:
        folders.append(project.raw("live"))
    removed = []
    for folder in folders:
        if folder.is_dir():
            shutil.rmtree(folder)
            removed.append(folder)
    return removed
