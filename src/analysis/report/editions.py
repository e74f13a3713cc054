"""Which pages there are: what ``data/catalog/editions.yml`` asks for, and what was issued by hand before.

A notebook that the file does not name is issued whole with its defaults, so a new one needs no entry.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Any

from analysis.catalog.editions import AREA, CUTS, FILE, Issue, load_issues
from analysis.project import AnalysisError, Project
from analysis.report.areas import WHOLE_CITY, Area, chosen, known_areas
from analysis.report.notebook import Notebook, read_notebook
from analysis.report.parameters import Parameter, declared, filled, written
from analysis.report.storage import canonical, digest, read_json

WHOLE, BRIEF = CUTS
NUMBERED = re.compile(r"\d\d_[a-z0-9_]+")
_PLAIN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Edition:
    """One page to issue: a notebook, how much of it, and the value of each of its parameters.

    ``name`` is the file name of the page without ending, ``varied`` the parameters that differ from their defaults,
    ``scenario`` what the file calls their values, ``listed`` whether the file asks for this page at all.
    """

    notebook: str
    name: str
    values: tuple[tuple[str, Any], ...] = ()
    varied: tuple[str, ...] = ()
    cut: str = WHOLE
    scenario: str = ""
    listed: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """The values by name."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self.values}

    @property
    def place(self) -> str | None:
        """The area this edition is about where that is not the default: the value of a varied parameter ``area``."""
        return str(self.parameters[AREA]) if AREA in self.varied else None


def whole_paper(project: Project, source: str, name: str, notebook: str, cut: str) -> str:
    """The name of the page that a brief is cut from, as far as there is one: of its own values, else of the defaults.

    Empty for a whole paper, and where neither page is in place.
    """
    if cut == WHOLE:
        return ""
    pages = (name.removesuffix(f"--{cut}"), notebook)
    return next((page for page in pages if (project.reports(source) / f"{page}.html").is_file()), "")


def edition(notebook: Notebook, given: Mapping[str, Any] | None = None, cut: str = WHOLE) -> Edition:
    """The edition of a notebook for some given parameters.

    Raises AnalysisError for unknown, unused or wrongly typed parameters.
    """
    return _made(notebook.stem, declared(notebook), given or {}, cut)


def _made(
    stem: str,
    parameters: Sequence[Parameter],
    given: Mapping[str, Any],
    cut: str,
    scenario: str = "",
    listed: bool = False,
) -> Edition:
    values = filled(stem, parameters, given)
    varied = tuple(one.name for one in parameters if values[one.name] != one.default)
    parts = [stem, *(_part(key, values[key], values) for key in varied), *([cut] if cut != WHOLE else [])]
    frozen = tuple((key, tuple(value) if isinstance(value, list) else value) for key, value in values.items())
    return Edition(stem, "--".join(parts), frozen, varied, cut, scenario, listed)


def _part(name: str, value: Any, among: Mapping[str, Any]) -> str:
    """A part of a file name that no other value of any parameter of the notebook shares; an area goes by its own key.

    What precedes the first hyphen is the name of the parameter, which holds none; an area whose key could be read so
    gets its parameter's name, too. A value is written plainly where that can be read back, else with a hash behind a
    mark that plain ones never hold.

    >>> among = {"area": "", "share": 0}
    >>> _part("area", "cd-01", among), _part("share", 0.25, among), _part("area", "cd-1; rm", among)
    ('cd-01', 'share-0p25', 'area-cd-1-rm_f111c71dcfd71417')
    >>> _part("area", "share-0p25", among)
    'area-share-0p25'
    """
    text = _written(value)
    bare = name == AREA and text == value and text.split("-")[0] not in {*among, *CUTS}
    return text if bare else f"{name}-{text}"


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        # Adding nothing turns the other zero, which equals this one, into it.
        return repr(value + 0).replace("-", "m").replace("+", "").replace(".", "p")
    text = str(value)
    if isinstance(value, str) and _PLAIN.fullmatch(text) and len(text) <= 60:
        return text
    readable = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:30]
    return f"{readable}_{digest(canonical(value))[:16]}"


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


def issued(project: Project, source: str, but: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """What the records of all runs so far say of their editions, by name, those named in ``but`` left out.

    A record holds ``notebook``, ``given``, and, where it is not the whole paper or the file asked for it, ``cut`` and
    ``listed``.
    """
    folder = project.reports(source) / "executed"
    # Records are called NAME.json; what lies beside them has another dot in its name.
    names = [name.removesuffix(".json") for name in _files(folder) if name.endswith(".json") and name.count(".") == 1]
    records = {name: read_json(folder / f"{name}.json") for name in sorted(names) if name not in (but or ())}
    return {name: r for name, r in records.items() if isinstance(r, dict) and "given" in r}


def _files(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


def withdrawn(project: Project, source: str) -> tuple[str, ...]:
    """Names of issued editions that the file no longer asks for, or whose notebook, parameters or area are gone."""
    current = {edition.name: edition for edition in planned(project, source)}
    return tuple(issued(project, source, but=current))


def planned(project: Project, source: str, cut: str | None = None) -> tuple[Edition, ...]:
    """Every edition a full build issues, or those of one cut, in the order of their names.

    A notebook whose parameters cell is at fault is planned with none: building it then says what is wrong. An edition
    that the file does not ask for is kept as long as a run of it by hand left a record.

    Raises AnalysisError ``editions.yml:line: …`` for an unknown notebook, parameter or area, a value of the wrong type,
    and an edition that is asked for twice.
    """
    forms = {path.stem: _form(read_notebook(path)) for path in notebooks(project)}
    issues, areas = load_issues(project), known_areas(project, source)
    asked = {issue.notebook for issue in issues}
    found = {stem: _default(stem, form) for stem, form in forms.items() if stem not in asked or form is None}
    found |= _asked(issues, forms, areas, source)
    for record in issued(project, source, but=found).values():
        form = forms.get(record["notebook"])
        if form is not None and record["given"] and not record.get("listed") and _has_area(record["given"], areas):
            again = _again(record, form)
            if again is not None:
                found.setdefault(again.name, again)
    return tuple(found[name] for name in sorted(found) if cut in (None, found[name].cut))


def as_planned(project: Project, source: str, wanted: Edition) -> Edition:
    """The edition as the plan holds it, so that building it by hand changes nothing about who asked for it."""
    return next((one for one in planned(project, source) if one.name == wanted.name), wanted)


def in_areas(
    project: Project, source: str, editions: Sequence[Edition], areas: Sequence[str] | None
) -> tuple[Edition, ...]:
    """The editions about the given areas, by exact key or kind; one without the parameter is about the city.

    Raises AnalysisError for an area the source does not have, naming the nearest, and where none has an edition.
    """
    if areas is None:
        return tuple(editions)
    keys = chosen(known_areas(project, source), areas, "--areas")
    found = tuple(one for one in editions if str(one.parameters.get(AREA, WHOLE_CITY)) in keys)
    if not found:
        raise AnalysisError(f"--areas: data/catalog/{FILE} asks for nothing in {', '.join(areas)}: add an issue there")
    return found


def _form(notebook: Notebook) -> tuple[Parameter, ...] | None:
    """The parameters of a notebook, read once for all its editions; None where their cell is at fault.

    Whether later cells use them is asked when it runs: reading all code would take longer than the rest of planning.
    """
    try:
        return written(notebook)
    except AnalysisError:
        return None


def _default(stem: str, form: tuple[Parameter, ...] | None) -> Edition:
    return Edition(stem, stem) if form is None else _made(stem, form, {}, WHOLE)


def _again(record: Mapping[str, Any], form: tuple[Parameter, ...]) -> Edition | None:
    try:
        return _made(record["notebook"], form, record["given"], record.get("cut", WHOLE))
    except AnalysisError:
        return None


def _has_area(given: Mapping[str, Any], areas: Mapping[str, Area]) -> bool:
    return not areas or given.get(AREA, WHOLE_CITY) in {WHOLE_CITY, *areas}


def _asked(
    issues: Sequence[Issue],
    forms: Mapping[str, tuple[Parameter, ...] | None],
    areas: Mapping[str, Area],
    source: str,
) -> dict[str, Edition]:
    """The editions the file asks for in a source, by name; every issue is checked, also of the other source."""
    found: dict[str, Edition] = {}
    first: dict[str, Issue] = {}
    for issue in issues:
        if issue.notebook not in forms:
            raise AnalysisError(_no_notebook(issue, list(forms)))
        form = forms[issue.notebook]
        if form is None:
            continue
        for one in _combinations(issue, form, areas if source in issue.sources else {}):
            again = first.get(one.name)
            # A sweep may pass over the defaults; any other page is asked for once.
            if again is not None and (again is issue or one.varied):
                raise AnalysisError(
                    f"{issue.defined_at}: {issue.notebook}: asks for {one.name} again (first at {again.defined_at}): "
                    "keep one"
                )
            first.setdefault(one.name, issue)
            if source in issue.sources:
                found.setdefault(one.name, one)
    return found


def _combinations(issue: Issue, form: tuple[Parameter, ...], areas: Mapping[str, Area]) -> Iterator[Edition]:
    """Every combination of the areas, scenarios and swept values of an issue."""
    named = {one.name for one in form}
    if issue.areas and AREA not in named:
        raise AnalysisError(
            f"{issue.at('areas')}: {issue.notebook} has no parameter {AREA!r}, so it cannot be issued by area: leave "
            "areas out, or give the notebook one"
        )
    places = [{AREA: key} for key in chosen(areas, issue.areas, f"{issue.at('areas')}: {issue.notebook}")]
    scenarios = list(issue.scenarios.items()) or [("", {})]
    grid = [dict(zip(issue.sweep, values, strict=True)) for values in product(*issue.sweep.values())]
    for place, (scenario, given), swept in product(places if issue.areas else [{}], scenarios, grid):
        try:
            yield _made(issue.notebook, form, {**place, **given, **swept}, issue.cut, scenario, listed=True)
        except AnalysisError as error:
            where = issue.at(f"scenarios.{scenario}") if set(given) - named or not swept else issue.at("sweep")
            raise AnalysisError(f"{where}: {error}") from None


def _no_notebook(issue: Issue, known: list[str]) -> str:
    nearest = get_close_matches(issue.notebook, known, n=1, cutoff=0.4)
    hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(known) or 'none yet'}"
    return f"{issue.defined_at}: there is no notebook {issue.notebook!r} in notebooks/: {hint}"
