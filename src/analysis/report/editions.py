"""Which pages there are: every numbered notebook with its defaults, and each set of parameters issued before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from analysis.project import AnalysisError, Project
from analysis.report.notebook import Notebook, read_notebook
from analysis.report.parameters import declared, resolve
from analysis.report.storage import canonical, digest, read_json

NUMBERED = re.compile(r"\d\d_[a-z0-9_]+")
_PLAIN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Edition:
    """One page to issue: a notebook and the value of each of its parameters.

    ``name`` is the file name of the page without ending, ``varied`` the parameters that differ from their defaults.
    """

    notebook: str
    name: str
    values: tuple[tuple[str, Any], ...] = ()
    varied: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """The values by name."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self.values}

    @property
    def place(self) -> str | None:
        """The area this edition is about where that is not the default: the value of a varied parameter ``area``."""
        return str(self.parameters["area"]) if "area" in self.varied else None


def edition(notebook: Notebook, given: Mapping[str, Any] | None = None) -> Edition:
    """The edition of a notebook for some given parameters.

    Raises AnalysisError for unknown, unused or wrongly typed parameters.
    """
    values = resolve(notebook, given or {})
    defaults = {parameter.name: parameter.default for parameter in declared(notebook)}
    varied = tuple(name for name in values if values[name] != defaults[name])
    name = "--".join([notebook.stem, *(_slug(key, values[key]) for key in varied)])
    frozen = tuple((key, tuple(value) if isinstance(value, list) else value) for key, value in values.items())
    return Edition(notebook.stem, name, frozen, varied)


def _slug(name: str, value: Any) -> str:
    """A part of a file name that no other value shares; an area goes by its own key.

    >>> _slug("area", "cd-01"), _slug("weights", "equal"), _slug("area", "cd-1; rm")
    ('cd-01', 'weights-equal', 'area-cd-1-rm-f111c71d')
    """
    text = str(value)
    if isinstance(value, str) and _PLAIN.fullmatch(text) and len(text) <= 40:
        return text if name == "area" else f"{name}-{text}"
    readable = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:30]
    return f"{name}-{readable}-{digest(canonical(value))[:8]}"


def notebooks(project: Project) -> tuple[Path, ...]:
    """The numbered notebooks, in order."""
    return tuple(sorted(p for p in project.notebooks.glob("*.ipynb") if NUMBERED.fullmatch(p.stem)))


def find_notebook(project: Project, wanted: str) -> Notebook:
    """The notebook meant by ``01``, ``01_neighborhood_change`` or a path to it.

    Raises AnalysisError naming the nearest one when there is none, and all when there are several.
    """
    stem = Path(wanted).name.removesuffix(".ipynb")
    known = {path.stem: path for path in notebooks(project)}
    exact = [known[stem]] if stem in known else []
    found = exact or [path for name, path in known.items() if name.split("_")[0] == stem.zfill(2)]
    if len(found) > 1:
        raise AnalysisError(f"{wanted!r} is {' and '.join(p.stem for p in found)}: give the whole name")
    if not found:
        nearest = get_close_matches(stem, known, n=1, cutoff=0.4)
        hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(known) or 'none yet'}"
        raise AnalysisError(f"there is no notebook {wanted!r} in notebooks/: {hint}")
    return read_notebook(found[0])


def issued(project: Project, source: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Notebook and given parameters of every edition issued so far, by name, from the records of their runs."""
    folder = project.reports(source) / "executed"
    # Records are called NAME.json; what lies beside them has another dot in its name.
    records = {path.stem: read_json(path) for path in sorted(folder.glob("*.json")) if "." not in path.stem}
    return {name: (r["notebook"], r["given"]) for name, r in records.items() if isinstance(r, dict) and "given" in r}


def withdrawn(project: Project, source: str) -> tuple[str, ...]:
    """Names of issued editions whose notebook is gone or no longer has their parameters."""
    current = {edition.name for edition in planned(project, source)}
    return tuple(name for name in issued(project, source) if name not in current)


def planned(project: Project, source: str) -> tuple[Edition, ...]:
    """Every edition a full build issues, in the order of their names.

    A notebook whose parameters cell is at fault is planned with none: building it then says what is wrong.
    """
    found: dict[str, Edition] = {}
    read = {path.stem: read_notebook(path) for path in notebooks(project)}
    for stem, notebook in read.items():
        found[stem] = _edition_or_bare(notebook)
    for stem, given in issued(project, source).values():
        if stem in read and given:
            again = _edition_or_none(read[stem], given)
            if again is not None:
                found[again.name] = again
    return tuple(found[name] for name in sorted(found))


def _edition_or_bare(notebook: Notebook) -> Edition:
    try:
        return edition(notebook)
    except AnalysisError:
        return Edition(notebook.stem, notebook.stem)


def _edition_or_none(notebook: Notebook, given: Mapping[str, Any]) -> Edition | None:
    try:
        return edition(notebook, given)
    except AnalysisError:
        return None
