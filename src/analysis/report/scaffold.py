"""A new notebook that runs at once: the structure of a whitepaper around one finding, one figure and one table."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from analysis.project import AnalysisError, Project
from analysis.report.editions import notebooks
from analysis.report.storage import put


def scaffold(project: Project, name: str) -> Path:
    """Write the next numbered notebook, ``NN_<name>.ipynb``; returns its path.

    Raises AnalysisError for a name that is no name, that another notebook bears, or when all numbers are taken.
    """
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower().removesuffix(".ipynb")).strip("_")
    if not re.match(r"[a-z]", slug):
        raise AnalysisError(f"{name!r} is no name for a notebook: use words such as tenant_protection")
    taken = {path.stem.split("_")[0]: path.stem for path in notebooks(project)}
    same = [stem for stem in taken.values() if stem.partition("_")[2] == slug]
    if same:
        raise AnalysisError(f"there is {same[0]} already: choose another name, or edit that one")
    number = max((int(known) for known in taken), default=-1) + 1
    if number > 99:
        raise AnalysisError("notebooks are numbered 00 to 99 and 99 is taken")
    template = files("analysis.report").joinpath("templates", "new_notebook.ipynb").read_text(encoding="utf-8")
    path = project.notebooks / f"{number:02d}_{slug}.ipynb"
    put(path, template.replace("@subject@", slug.replace("_", " ")))
    return path
