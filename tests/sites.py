"""Copies of the checkout for tests that look at data and finished pages: made once and shared by the workers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

BUILD_MINUTES = 15

BRIEFED = ("city", "cd-02", "cd-12", "nc-harbor-1", "nc-harbor-12", "nc-weaver-square")
"""Places of the sample that tests ask briefs of: confusable keys, and a council of two tracts."""


def copy_checkout(root: Path, folder: Path) -> Path:
    """Copy what git tracks (or would) of ``root`` to ``folder``; no data, no reports, no environment."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target)
    return folder


def analysis(checkout: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line of the copied checkout, with its own source first on the path."""
    return subprocess.run(
        [sys.executable, "-m", "analysis.cli", *words],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout / "src"), "ANALYSIS_ROOT": str(checkout), "CI": "true"}
        | environment,
        capture_output=True,
        text=True,
        timeout=60 * BUILD_MINUTES,
        check=False,
    )


def run(checkout: Path, *words: str) -> None:
    """Run the command line of the copied checkout; raises with what was printed if it fails."""
    done = analysis(checkout, *words)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
