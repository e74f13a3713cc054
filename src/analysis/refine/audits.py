"""Questions about the data that no table answers: what raw rows say of the way from them to the tables.

A table holds what was made; here is asked what was lost on the way, whether the
repair of the crosswalk files can be trusted, and what a careless join would do.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from analysis.project import Project, current_project, current_source
from analysis.refine.attribution import attribution
from analysis.refine.building import in_order
from analysis.refine.census_tracts import CENSUS_MEDIANS
from analysis.refine.crosswalk import MEDIANS, PAIRS, originals, spread
from analysis.refine.grading import FILE, Rules, judge, quality, read_rules, spans
from analysis.refine.parsing import numbers
from analysis.refine.registry import table_named, tables
from analysis.refine.storage import read_table
from analysis.refine.vintages import joined_geoids, meeting, recoded_2010
from analysis.refine.workbench import Shelf, Workbench
from analysis.sources.manifest import has_edition

PEOPLE = {"1990": "pop_90", "2000": "pop_00"}
# Less than this part of a tract's homes cannot move its median far.
NOTABLE_PART = 0.01


def catalogue(project: Project | None = None, source: str | None = None) -> pd.DataFrame:
    """One row a dataset that the catalogue names, fetched or not, in the catalogue's order.

    Columns: dataset, title, subject, sensitivity (public, internal or restricted), cadence, held (whether it is in
    data/raw of this source).
    """
    project, source = project or current_project(), source or current_source()
    shelf = Shelf(project, source)
    rows = [
        {
            "dataset": name,
            "title": attribution(shelf, name).title,
            "subject": shelf.catalog.subjects[entry.subject].title,
            "sensitivity": entry.sensitivity,
            "cadence": entry.cadence,
            "held": has_edition(project.raw(source, name)),
        }
        for name, entry in shelf.catalog.items()
    ]
    return pd.DataFrame(rows, columns=["dataset", "title", "subject", "sensitivity", "cadence", "held"])


def recency(project: Project | None = None, source: str | None = None) -> pd.DataFrame:
    """How old the last thing each dataset says was on the day it was fetched; one row a dataset that is held.

    Columns: dataset, cadence, dated (whether the tables made from it are dated by day), last (last day in them, else
    the end of the period in the catalogue, perhaps a month or year), fetched (day), years (from the end of last to
    fetched; 0 where the period is open), intervals (the same in steps of the publisher's cadence; missing where it has
    no rhythm).
    """
    project, source = project or current_project(), source or current_source()
    shelf = Shelf(project, source)
    covers, steps = spans(project, source), read_rules(project.catalog / FILE).cadence_days
    rows = []
    for name in (name for name in shelf.catalog if has_edition(project.raw(source, name))):
        entry, fetched = shelf.catalog[name], shelf.manifest(name).retrieved_at[:10]
        last = covers[name][1] if name in covers else entry.period.end or fetched
        days = max((date.fromisoformat(fetched) - date.fromisoformat(last_day(last))).days, 0)
        step = steps.get(entry.cadence)
        rows.append((name, entry.cadence, name in covers, last, fetched, days / 365.25, days / step if step else None))
    columns = ["dataset", "cadence", "dated", "last", "fetched", "years", "intervals"]
    return pd.DataFrame(rows, columns=columns)


def last_day(period: str) -> str:
    """The last day of a year, a month or a day.

    >>> last_day("2018"), last_day("2020-02"), last_day("2020-08-29")
    ('2018-12-31', '2020-02-29', '2020-08-29')
    """
    return str(pd.Period(period, freq={4: "Y", 7: "M"}.get(len(period), "D")).end_time.date())


def regraded(factor: float, project: Project | None = None, source: str | None = None) -> pd.DataFrame:
    """The grades that datasets would get were every limit ``factor`` times as wide; columns dataset and grade.

    Whether dirt is known that nobody handles is a yes or no, so that limit stays.
    """
    project, source = project or current_project(), source or current_source()
    rules = read_rules(project.catalog / FILE)
    wider = Rules(
        tuple(
            one
            if one.name == "unhandled_dirt"
            else replace(one, limits=(factor * one.limits[0], factor * one.limits[1], factor * one.limits[2]))
            for one in rules.criteria
        ),
        rules.cadence_days,
    )
    names = [one.name for one in rules.criteria]
    rows = [
        (record["dataset"], judge(wider, record["dataset"], {name: float(record[name]) for name in names}).grade)
        for record in quality(project, source).to_dict("records")
    ]
    return pd.DataFrame(rows, columns=["dataset", "grade"])


def conservation(project: Project | None = None, source: str | None = None) -> pd.DataFrame:
    """Whether people and figures survive the way from old tracts to those of 2010; one row a census.

    Columns: vintage; counted and carried, the residents of the county's old tracts and of the tracts of 2010
    in the crosswalk file; lost, their difference; tracts of 2010 in that file; recovered, those whose shares were
    found; old_tracts, and whole, those whose shares add up to 1 within 1 percent; checked, figures of the file
    that took no part when shares were found once more from every second count alone; matched, those of
    them that these shares give back to within half a person or home.
    """
    project, source = project or current_project(), source or current_source()
    shares = read_table(project, source, "tract_crosswalk")
    rows = []
    for vintage in PAIRS:
        old, new = _counts(_bench(project, source), vintage)
        here = shares[shares["vintage"] == vintage]
        totals = here.groupby("source_geoid")["share"].sum().reindex(old.index).fillna(0.0)
        checked, matched = _held_out(old, new)
        counted, carried = old[PEOPLE[vintage]].sum(), new[PEOPLE[vintage]].sum()
        rows.append(
            {
                "vintage": vintage,
                "counted": round(float(counted)),
                "carried": round(float(carried)),
                "lost": round(float(counted - carried)),
                "tracts": len(new),
                "recovered": int(new.index.isin(set(here["geoid"])).sum() + (new.sum(axis=1) == 0).sum()),
                "old_tracts": len(old),
                "whole": int(((totals - 1).abs() <= NOTABLE_PART).sum()),
                "checked": checked,
                "matched": matched,
            }
        )
    return pd.DataFrame(rows)


def _bench(project: Project, source: str) -> Workbench:
    return Workbench(table_named("tract_crosswalk"), Shelf(project, source))


def _counts(bench: Workbench, vintage: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Counts of one vintage on its own tracts and on those of 2010, in the same columns."""
    columns = {column: name for column, name in PAIRS[vintage].items() if column not in MEDIANS[vintage]}
    old = originals(bench, vintage).set_index("geoid")[list(columns.values())].set_axis(list(columns), axis=1)
    return old, spread(bench, vintage).set_index("geoid")[list(columns)]


def _held_out(old: pd.DataFrame, new: pd.DataFrame) -> tuple[int, int]:
    """Figures that shares found from every second count should give back, and how many they do."""
    from analysis.methods.crosswalk_recovery import recover_weights

    used, kept_back = list(old.columns[::2]), list(old.columns[1::2])
    weights = recover_weights(old[used], new[used]).weights
    parts = old.loc[weights["source"], kept_back].mul(weights["weight"].to_numpy(), axis=0)
    given_back = parts.groupby(weights["target"].to_numpy()).sum().reindex(new.index).fillna(0.0)
    close = (given_back - new[kept_back]).abs() <= 0.5
    return int(close.size), int(close.to_numpy().sum())


def median_bounds(project: Project | None = None, source: str | None = None) -> pd.DataFrame:
    """What the medians of old tracts allow on tracts of 2010; one row a census, tract of 2010 and median.

    Columns, in dollars: lowest and highest, of the old tracts that hold at least 1 percent of the tract's homes
    (parts: how many those are); as_counts, what the crosswalk file gets by treating medians like counts; and
    vintage, geoid, measure. The median of a mixture lies between those of its parts, so lowest and
    highest are what merging leaves open; that the pieces of a cut tract are alike is assumed.
    """
    project, source = project or current_project(), source or current_source()
    shares = read_table(project, source, "tract_crosswalk")
    bench, found = _bench(project, source), []
    for vintage, measures in CENSUS_MEDIANS.items():
        old = originals(bench, vintage).set_index("geoid")
        here = shares[shares["vintage"] == vintage]
        for measure, (_, median, universe) in measures.items():
            dollars, homes = (here["source_geoid"].map(old[name]) for name in (median, universe))
            parts = here.assign(dollars=dollars, homes=homes * here["share"], scaled=dollars * here["share"])
            as_counts = parts.groupby("geoid")["scaled"].sum()
            parts = parts[(parts["dollars"] > 0) & (parts["homes"] > 0)]
            notable = parts["homes"] >= NOTABLE_PART * parts.groupby("geoid")["homes"].transform("sum")
            span = parts[notable].groupby("geoid")["dollars"].agg(lowest="min", highest="max", parts="size")
            found.append(span.assign(as_counts=as_counts, vintage=vintage, measure=measure).reset_index())
    columns = ["vintage", "geoid", "measure", "lowest", "highest", "parts", "as_counts"]
    frame: pd.DataFrame = pd.concat(found, ignore_index=True)[columns]
    return frame


@dataclass(frozen=True)
class Trap:
    """What a join of 2020 tracts to 2010 tracts by code does: codes that do not meet, and the people behind them.

    ``new`` codes exist only in 2020, ``gone`` ones only in 2010; ``people_lost`` of ``people`` live in new ones.
    """

    tracts_2010: int
    tracts_2020: int
    new: int
    gone: int
    people: int
    people_lost: int


def vintage_trap(project: Project | None = None, source: str | None = None) -> Trap | None:
    """Count the vintage trap on ``acs5_2020``; None where that dataset is not held."""
    project, source = project or current_project(), source or current_source()
    if not has_edition(project.raw(source, "acs5_2020")):
        return None
    shelf = Shelf(project, source)
    raw = shelf.raw("acs5_2020")
    people = pd.Series(
        numbers(raw["B01003_001E"], "acs5_2020").to_numpy(), index=joined_geoids(raw, "acs5_2020").to_numpy()
    )
    known = recoded_2010(joined_geoids(shelf.raw("sf1_2010"), "sf1_2010"))
    met = meeting(known, people.index)
    lost = people[list(met.only_right)].sum()
    return Trap(met.left, met.right, len(met.only_right), len(met.only_left), round(people.sum()), round(lost))


def papers(project: Project | None = None) -> pd.DataFrame:
    """Which notebook loads which table by name; one row a pair, with columns paper, title and table, sorted.

    Read from the notebooks' code, so it needs no run. Tables that a loaded one rests on count as used. A notebook or
    cell that cannot be read uses nothing: its own report says what is wrong with it.
    """
    project = project or current_project()
    rows = []
    for path in sorted(project.notebooks.glob("[0-9]*_*.ipynb")):
        loaded = sorted({name for cell in _code_cells(path) for name in _loaded(cell)} & set(tables()))
        number, _, words = path.stem.partition("_")
        title = f"{number} {words.replace('_', ' ').capitalize()}"
        rows += [(path.stem, title, table.name) for table in in_order(loaded)]
    return pd.DataFrame(rows, columns=["paper", "title", "table"])


def _code_cells(notebook: Path) -> list[str]:
    """The sources of a notebook's code cells, lines for the shell set aside."""
    try:
        cells = json.loads(notebook.read_bytes())["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError):
        return []
    return ["\n".join(line for line in text.splitlines() if not re.match(r"\s*[%!?]", line)) for text in sources]


def _loaded(source: str) -> Iterator[str]:
    """The names that a cell passes to ``load`` as plain text.

    >>> sorted(_loaded('rents, homes = load("tract_periods"), load("tract_shapes", ["geoid"])'))
    ['tract_periods', 'tract_shapes']
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "load":
            yield from (str(given.value) for given in node.args[:1] if isinstance(given, ast.Constant))
