"""Memory of a process and all its descendants together: proportional set size, sampled.

A page that several processes share is counted once in the sum, in equal parts; adding up resident sizes would count
the stack once for every worker that was forked from one parent.
"""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from types import TracebackType

PROC = Path("/proc")
_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)


def pss(rollup: str) -> int:
    """Bytes of a process by the text of its ``smaps_rollup``; 0 of a process that has no memory any more.

    >>> pss("Rss:  300 kB\\nPss:  120 kB\\nPss_Anon:  90 kB\\n")
    122880
    """
    found = _PSS.search(rollup)
    return 1024 * int(found[1]) if found else 0


def parents(proc: Path = PROC) -> dict[int, int]:
    """The parent of every process there is."""
    found = {}
    for folder in proc.iterdir():
        if folder.name.isdigit():
            text = _read(folder / "stat")
            if text:
                # The name, in brackets, may hold spaces and brackets itself.
                found[int(folder.name)] = int(text.rpartition(")")[2].split()[1])
    return found


def tree(root: int, above: dict[int, int]) -> list[int]:
    """A process and all its descendants.

    >>> tree(2, {1: 0, 2: 1, 3: 2, 4: 3, 5: 1})
    [2, 3, 4]
    """
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop(0)
        found.append(process)
        waiting += sorted(child for child, parent in above.items() if parent == process)
    return found


def held(root: int, proc: Path = PROC) -> int:
    """Bytes that a process and its descendants hold together now."""
    return sum(pss(_read(proc / str(process) / "smaps_rollup")) for process in tree(root, parents(proc)))


def around(name: str, value: str, proc: Path = PROC) -> list[int]:
    """Processes in whose environment a variable has that value."""
    sought = f"{name}={value}"
    folders = [folder for folder in proc.iterdir() if folder.name.isdigit()]
    return sorted(int(folder.name) for folder in folders if sought in _read(folder / "environ").split("\0"))


def _read(path: Path) -> str:
    """The text of a file of a process; empty where the process ended meanwhile."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""


class Peak:
    """Samples the memory of a process tree while a block runs; ``bytes`` is the most that was seen."""

    def __init__(self, root: int, every: float = 0.25) -> None:
        self.bytes = 0
        self.samples = 0
        self._root = root
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.is_set():
            begun = time.perf_counter()
            self.bytes = max(self.bytes, held(self._root))
            self.samples += 1
            # Reading is not free: never let it take more than a tenth of a processor.
            self._ended.wait(max(self._every, 9 * (time.perf_counter() - begun)))
