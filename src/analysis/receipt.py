"""Nothing has changed: the answer to most builds, given before anything is imported.

After a build that left everything fresh, a receipt notes size and time of every file that could make a report stale:
the notebooks, the catalogue, this package, the lock, the data, the pages themselves, and the commit they name. As long
as all of that stands as noted, the next build has nothing to do. Whatever differs, even a file that was only touched,
goes the exact way, by content; the receipt decides nothing by itself but that nobody wrote anything.

It imports next to nothing, because a process has to start, look and end in a tenth of a second.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping

FILE, GROUND = ".receipt.json", ".ground.json"
_EDITION = 1
_TICK = 0.02
"""Seconds the time of a file may lag behind the clock: two ticks of the slowest clock a kernel is built with."""

Stand = dict[str, list[int]]
"""Size and time (nanoseconds) by path."""

_PASSED_OVER = {"__pycache__", "logs", "archive", ".lock", ".warm.json", FILE, GROUND}
# What the archive holds makes nothing stale: which edition a page is compared with, the ledger says.


def stand(root: str, source: str) -> Stand:
    """Size and time of every file that can make a report of a source stale."""
    package = os.path.dirname(os.path.abspath(__file__))
    folders = [
        os.path.join(root, "notebooks"),
        os.path.join(root, "data", "catalog"),
        *(os.path.join(root, *parts, source) for parts in (("data", "raw"), ("data", "processed"), ("reports",))),
        package,
    ]
    found: Stand = {}
    for folder in folders:
        for path, status in _files(folder):
            found[path] = [status.st_size, status.st_mtime_ns]
    for name in ("requirements.lock", "pyproject.toml"):
        path = os.path.join(root, name)
        if os.path.exists(path):
            status = os.stat(path)
            found[path] = [status.st_size, status.st_mtime_ns]
    return found


def ground(root: str, source: str) -> Stand:
    """Size and time of every file that decides whether a table has to be made."""
    return {path: noted for path, noted in settled_stand(root, source).items() if not _of_reports(root, path)}


def _of_reports(root: str, path: str) -> bool:
    own = (os.path.join(root, "reports"), os.path.join(root, "notebooks"), os.path.join(root, "requirements.lock"))
    return path.startswith(own)


def note_ground(root: str, source: str, before: Stand) -> None:
    """Note that every table was found to be fresh, unless anything was written since ``before``."""
    if ground(root, source) == before:
        _put(os.path.join(root, "reports", source, GROUND), {"edition": _EDITION, "files": before})


def ground_holds(root: str, source: str) -> bool:
    """Whether everything that decides about tables stands as it did when all of them were fresh."""
    try:
        with open(os.path.join(root, "reports", source, GROUND), encoding="utf-8") as file:
            noted = json.load(file)
        return bool(noted["edition"] == _EDITION and noted["files"] == ground(root, source))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _put(place: str, value: object) -> None:
    partial = f"{place}.{os.getpid()}.partial"
    with open(partial, "w", encoding="utf-8") as file:
        file.write(json.dumps(value))
    os.replace(partial, place)


def files_of_package() -> Iterator[tuple[str, os.stat_result]]:
    """Every file of this package, with its size and time."""
    return _files(os.path.dirname(os.path.abspath(__file__)))


def _files(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            if entry.name in _PASSED_OVER or entry.name.endswith(".pyc"):
                continue
            if entry.is_dir():
                yield from _files(entry.path)
            else:
                yield entry.path, entry.stat()


def surroundings(root: str) -> list[str]:
    """What else a report or an index depends on: the commit, this Python, where it is installed, the site's address."""
    return [_commit(root), sys.version, sys.prefix, os.environ.get("ANALYSIS_SITE_URL", "")]


def _commit(root: str) -> str:
    """The commit that is checked out, without asking git; empty where there is none."""
    place = os.path.join(root, ".git")
    if os.path.isfile(place):  # a linked work tree
        place = os.path.join(root, _text(place).partition("gitdir:")[2].strip())
    head = _text(os.path.join(place, "HEAD"))
    if not head.startswith("ref:"):
        return head
    name = head.partition(":")[2].strip()
    common = os.path.join(place, _text(os.path.join(place, "commondir")).strip() or ".")
    packed = [line for line in _text(os.path.join(common, "packed-refs")).splitlines() if line.endswith(f" {name}")]
    return _text(os.path.join(common, name)) or "".join(packed)


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def settled_stand(root: str, source: str) -> Stand:
    """The stand, once the clock has passed the time of the last file written: a later write has a later time."""
    found = stand(root, source)
    newest = max((moment for _, moment in found.values()), default=0)
    wait = newest / 1e9 + _TICK - time.time()
    if 0 < wait <= _TICK:
        time.sleep(wait)
    return found


def write(root: str, source: str, before: Mapping[str, list[int]], own: set[str], said: str) -> bool:
    """Write a receipt that says ``said``, unless anything but the files in ``own`` was written since ``before``.

    ``before`` is the stand when everything was found to be fresh, ``own`` what this build wrote after that.
    """
    now = settled_stand(root, source)
    others = {path: noted for path, noted in now.items() if path not in own}
    if others != {path: noted for path, noted in before.items() if path not in own}:
        return False
    noted = {"edition": _EDITION, "around": surroundings(root), "files": now, "said": said}
    _put(os.path.join(root, "reports", source, FILE), noted)
    return True


def held(root: str, source: str) -> str | None:
    """What the receipt says, if everything stands as it notes; None otherwise."""
    try:
        with open(os.path.join(root, "reports", source, FILE), encoding="utf-8") as file:
            noted = json.load(file)
        same = noted["edition"] == _EDITION and noted["around"] == surroundings(root)
        return str(noted["said"]) if same and noted["files"] == stand(root, source) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
