"""Whole builds for tests that look at finished pages: a copy of the checkout, built once and shared by the workers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

BUILD_MINUTES = 15


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


def build_sample(root: Path, folder: Path) -> Path:
    """A copy of ``root`` in ``folder`` with every sample report built; raises with what was printed if one fails."""
    checkout = copy_checkout(root, folder)
    done = analysis(checkout, "reports", "--source", "sample")
    if done.returncode != 0:
        raise RuntimeError(f"the sample reports do not build:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return checkout
