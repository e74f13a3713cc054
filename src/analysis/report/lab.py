"""JupyterLab with the project's kernel, registered in the project's own environment and nowhere else."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.project import Project
from analysis.report.storage import put

DISPLAY_NAME = "Angeleno (Python 3)"
KERNEL = "angeleno"


def register_kernel(prefix: Path | None = None) -> Path:
    """Write the kernel's specification under the environment's prefix; returns its file.

    The kernel finds the checkout from the notebook's folder, so the specification names no path but the interpreter.
    """
    folder = (prefix or Path(sys.prefix)) / "share" / "jupyter" / "kernels" / KERNEL
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    specification = {"argv": argv, "display_name": DISPLAY_NAME, "language": "python", "metadata": {"debugger": True}}
    put(folder / "kernel.json", json.dumps(specification, indent=1, sort_keys=True) + "\n")
    return folder / "kernel.json"


def open_lab(project: Project, options: Sequence[str]) -> None:
    """Replace this process by JupyterLab on the notebooks of the project."""
    register_kernel()
    # A kernel of the same name in the user's home must not win over ours.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={project.root}"]
    start = f"--LabApp.default_url=/lab/tree/{project.notebooks.name}"
    # Offices without the internet, and people who want to work: no look for news or updates.
    quiet = ("--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate")
    os.execv(sys.executable, [*command, start, *quiet, *options])
