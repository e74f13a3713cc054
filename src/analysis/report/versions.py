"""Which version of the code a page names: the last commit that changed anything the run used.

Commits to other files do not change it, so a page names the same version in every clone, whatever came after. A folder
that is no checkout, such as the one a report is made in on another machine, can carry the history of its files along
as ``.history.json``; pages made there name the same version.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from analysis.project import Project
from analysis.report.execution import Record
from analysis.report.fingerprint import PACKAGE, module_file
from analysis.report.surroundings import SETTINGS

UNTRACKED = "not under version control"
CARRIED = ".history.json"


@dataclass(frozen=True)
class History:
    """When each file of a checkout was last changed, as far as it can be on a page.

    ``commits`` has the last commit that touched each file and its rank (0 is the newest commit of all), ``changed``
    the files that differ from it now.

    >>> known = History({"a.py": (3, "aa11"), "b.py": (1, "bb22")}, frozenset({"a.py"}))
    >>> known.version(["b.py"]), known.version(["a.py", "b.py"]), known.version(["c.py"])
    ('bb22', 'bb22 with uncommitted changes', 'not under version control')
    """

    commits: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()

    def version(self, files: Iterable[str]) -> str:
        """The newest commit among those that last touched the files, and whether one was changed since."""
        used = set(files)
        touched = [self.commits[file] for file in used if file in self.commits]
        if not touched:
            return UNTRACKED
        commit = min(touched)[1]
        return f"{commit} with uncommitted changes" if used & self.changed else commit

    def to_json(self) -> str:
        """The history as text, the same for the same history."""
        commits = {name: list(known) for name, known in self.commits.items()}
        return json.dumps({"commits": commits, "changed": sorted(self.changed)}, sort_keys=True)


def code_version(project: Project, record: Record) -> str:
    """The first 12 digits of the last commit that touched what the run used, and whether it was changed since."""
    files = [module_file(name) for name in record.modules]
    inside = [path.relative_to(project.root).as_posix() for path in files if path.is_relative_to(project.root)]
    catalog = project.catalog.relative_to(project.root).as_posix()
    used = [f"notebooks/{record.notebook}.ipynb", "requirements.lock", *inside, *(f"{catalog}/{s}" for s in SETTINGS)]
    return history(project.root).version(used)


def repository(project: Project) -> str | None:
    """The web address of the repository, from ``[project.urls] Repository`` of pyproject.toml; None when not stated."""
    path = project.root / "pyproject.toml"
    return _repository(path, path.stat().st_mtime_ns) if path.is_file() else None


@cache
def _repository(path: Path, _changed: int) -> str | None:
    import tomllib

    urls = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {}).get("urls", {})
    found = urls.get("Repository")
    return str(found).rstrip("/") if found and str(found).startswith("https://") else None


@cache
def history(root: Path) -> History:
    """The history of the files that results can depend on, looked up once a process."""
    carried = root / CARRIED
    if carried.is_file():
        known = json.loads(carried.read_bytes())
        commits = {name: (int(rank), str(commit)) for name, (rank, commit) in known["commits"].items()}
        return History(commits, frozenset(known["changed"]))
    if _git(root, "rev-parse", "--show-toplevel").strip() not in {str(root), str(root.resolve())}:
        return History()
    parts = ("notebooks", "requirements.lock", "src/analysis", "data/catalog")
    # Every commit counts, on whichever side of a merge; of a merge itself only what it changed on both sides.
    log = _git(root, "log", "--format=%x01%H", "--name-only", "--no-renames", "--full-history", "--diff-merges=cc",
               "--", *parts)  # fmt: skip
    commits = {}
    for rank, block in enumerate(log.split("\x01")[1:]):
        commit, *names = block.split("\n")
        for name in filter(None, names):
            commits.setdefault(name, (rank, commit[:12]))
    changed = _git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *parts)
    return History(commits, frozenset(entry[3:] for entry in changed.split("\0") if entry))


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), "-c", "core.quotePath=false", "--no-optional-locks", *arguments]
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
