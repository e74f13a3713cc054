"""Which version of the code a page names: the last commit that changed anything the run used.

Commits to other files do not change it, so a page names the same version in every clone, whatever came after.
"""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from analysis.project import Project
from analysis.report.execution import Record
from analysis.report.fingerprint import PACKAGE, module_file
from analysis.report.surroundings import SETTINGS

UNTRACKED = "not under version control"


def code_version(project: Project, record: Record) -> str:
    """The first 12 digits of the last commit that touched what the run used, and whether it was changed since."""
    files = [module_file(name) for name in record.modules]
    inside = [path.relative_to(project.root).as_posix() for path in files if path.is_relative_to(project.root)]
    catalog = project.catalog.relative_to(project.root).as_posix()
    used = [f"notebooks/{record.notebook}.ipynb", "requirements.lock", *inside, *(f"{catalog}/{s}" for s in SETTINGS)]
    return _last_commit(project.root, tuple(sorted(used)))


def repository(project: Project) -> str | None:
    """The web address of the repository, from ``[project.urls] Repository`` of pyproject.toml; None when not stated."""
    path = project.root / "pyproject.toml"
    if not path.is_file():
        return None
    import tomllib

    urls = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {}).get("urls", {})
    found = urls.get("Repository")
    return str(found).rstrip("/") if found and str(found).startswith("https://") else None


@cache
def _last_commit(root: Path, files: tuple[str, ...]) -> str:
    if _git(root, "rev-parse", "--show-toplevel").strip() not in {str(root), str(root.resolve())}:
        return UNTRACKED
    commit = _git(root, "log", "-1", "--format=%H", "--", *files).strip()[:12]
    changed = _git(root, "status", "--porcelain", "--", *files).strip()
    if not commit:
        return UNTRACKED
    return f"{commit} with uncommitted changes" if changed else commit


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), "--no-optional-locks", *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return ""  # no git on this machine, or no checkout: the page says so


def package_path(path: Path) -> str:
    """A file of the package as written from the root of the checkout.

    >>> package_path(module_file("analysis.project"))
    'src/analysis/project.py'
    """
    return f"src/analysis/{path.relative_to(PACKAGE).as_posix()}"
