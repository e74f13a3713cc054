"""The machine that was measured on, in words that name nobody's files."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

STACK = ("pandas", "numpy", "scipy", "scikit-learn", "statsmodels", "matplotlib", "seaborn", "papermill", "nbconvert")


def description() -> str:
    """Processor, memory, system and the versions that matter, as one paragraph."""
    versions = ", ".join(f"{name} {version(name)}" for name in STACK)
    return (
        f"{os.cpu_count()} × {processor(_text('/proc/cpuinfo'))}, {memory(_text('/proc/meminfo'))} of memory, "
        f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}; {versions}."
    )


def processor(text: str) -> str:
    """The model of the processor.

    >>> processor("processor: 0\\nmodel name\\t: Some CPU @ 2 GHz\\n")
    'Some CPU @ 2 GHz'
    """
    named = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return named[0] if named else platform.machine()


def memory(text: str) -> str:
    """All memory there is.

    >>> memory("MemTotal:       16384000 kB\\n")
    '16 GB'
    """
    kilobytes = [int(line.split()[1]) for line in text.splitlines() if line.startswith("MemTotal")]
    return f"{kilobytes[0] / 1024**2:.0f} GB" if kilobytes else "an unknown amount"


def _text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8") if Path(path).is_file() else ""
