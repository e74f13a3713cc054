"""How good a dataset is, A to D, by rules that stand in ``data/catalog/quality.yml``.

Each criterion measures one thing and gives a grade; the dataset gets the worst.
The reason names the criterion that decided, with its figure. The clock plays no
part: a dataset is late against the end that the catalogue promises, or against the
day it was fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.catalog import Dataset
from analysis.plain_yaml import read_yaml
from analysis.project import AnalysisError, Project, current_project, current_source
from analysis.provenance import Tally
from analysis.refine.attribution import attribution
from analysis.refine.profiles import Profile, ensure_profiles
from analysis.refine.registry import tables
from analysis.refine.storage import read_meta
from analysis.refine.tallying import rows_read, tallies_of
from analysis.refine.workbench import Shelf
from analysis.sources.manifest import has_edition

FILE = "quality.yml"
LETTERS = "ABCD"
CRITERIA = ("key_missing", "key_repeated", "repeated", "empty", "revised", "altered", "late", "unhandled_dirt")


@dataclass(frozen=True)
class Criterion:
    """One thing that is measured, the limits of A, B and C, and how the reason is worded."""

    name: str
    measures: str
    limits: tuple[float, float, float]
    says: str

    def letter(self, value: float) -> str:
        """The grade of a value.

        >>> Criterion("late", "intervals", (3.0, 10.0, 50.0), "").letter(4.0)
        'B'
        """
        return LETTERS[sum(value > limit for limit in self.limits)]


@dataclass(frozen=True)
class Grade:
    """The grade of a dataset, the reason in words, and every measured value."""

    dataset: str
    grade: str
    reason: str
    values: dict[str, float]


@dataclass(frozen=True)
class Rules:
    """The criteria in order, and the days between two editions by cadence."""

    criteria: tuple[Criterion, ...]
    cadence_days: dict[str, int]


@cache
def read_rules(path: Path) -> Rules:
    """The rules of the project.

    Raises AnalysisError when a criterion is unknown or missing, or its limits do not rise.
    """
    content = read_yaml(path.read_text(encoding="utf-8"))
    found = content.get("criteria", {})
    if set(found) != set(CRITERIA):
        raise AnalysisError(f"{FILE}: 'criteria' must be exactly {', '.join(CRITERIA)}, found {', '.join(found)}")
    criteria = []
    for name in CRITERIA:
        limits = tuple(float(limit) for limit in found[name]["limits"])
        if len(limits) != 3 or list(limits) != sorted(limits):
            raise AnalysisError(f"{FILE}: {name}: 'limits' must be three numbers that rise, found {list(limits)}")
        criteria.append(Criterion(name, " ".join(found[name]["measures"].split()), limits, found[name]["says"]))
    return Rules(tuple(criteria), dict(content.get("cadence_days", {})))


def judge(rules: Rules, dataset: str, values: dict[str, float]) -> Grade:
    """The worst grade of all criteria; among equals the first decides.

    >>> rules = Rules((Criterion("late", "", (3.0, 10.0, 50.0), "{value:.0f} days late"),), {})
    >>> judge(rules, "counts", {"late": 12.0}).grade, judge(rules, "counts", {"late": 0.0}).reason
    ('C', 'nothing found against it')
    """
    letters = {one.name: one.letter(values[one.name]) for one in rules.criteria}
    worst = max(letters.values())
    if worst == "A":
        return Grade(dataset, "A", "nothing found against it", values)
    said = [one.says.format(value=values[one.name]) for one in rules.criteria if letters[one.name] == worst]
    return Grade(dataset, worst, "; ".join(said), values)


def grades(shelf: Shelf, datasets: Iterable[str]) -> dict[str, Grade]:
    """The grades of datasets that were fetched, by id."""
    names = list(datasets)
    rules = read_rules(shelf.project.catalog / FILE)
    profiles = ensure_profiles(shelf, names)
    tallies = list(tallies_of(shelf.project, shelf.source))
    read = rows_read(shelf.project, shelf.source)
    covers = spans(shelf.project, shelf.source)
    found = {}
    for name in names:
        entry = shelf.catalog[name]
        fetched = shelf.manifest(name).retrieved_at[:10]
        values = {
            **_from_profile(profiles[name]),
            **_from_tallies([one for one in tallies if one.dataset == name], read.get(name, 0), profiles[name]),
            "late": _late(shelf, entry, covers.get(name), fetched, rules),
            "unhandled_dirt": float(bool(entry.known_dirt) and name not in read),
        }
        found[name] = judge(rules, name, values)
    return found


def _late(shelf: Shelf, entry: Dataset, covers: tuple[str, str] | None, fetched: str, rules: Rules) -> float:
    # The catalogue promises for the real dataset; an invented one has promised nothing.
    if shelf.city.synthetic or covers is None:
        return 0.0
    return intervals_late(entry, covers[1], fetched, rules.cadence_days)


def _from_profile(profile: Profile) -> dict[str, float]:
    rows = max(profile.rows, 1)
    return {
        "key_missing": profile.key_missing / rows,
        "key_repeated": profile.key_repeated / rows,
        "empty": profile.empty_cells,
    }


def _from_tallies(tallies: Sequence[Tally], rows: int, profile: Profile) -> dict[str, float]:
    """Shares of rows by topic: the largest single reason, since one row can be counted for several.

    Rows about other places say nothing about ours and do not count.
    """
    rows -= sum(one.rows for one in tallies if one.topic == "outside")

    def largest(*topics: str) -> float:
        return max((one.rows / rows for one in tallies if rows > 0 and one.topic in topics), default=0.0)

    return {
        "repeated": max(largest("repeat"), profile.repeated / max(profile.rows, 1)),
        "revised": largest("revision"),
        "altered": largest("missing", "replaced"),
    }


def spans(project: Project, source: str) -> dict[str, tuple[str, str]]:
    """By dataset: first and last day in the tables made from it, where a table is dated by day."""
    found: dict[str, tuple[str, str]] = {}
    for name, table in tables().items():
        meta = read_meta(project, source, name)
        if meta and table.period == "date":
            days = meta["period"].split(" to ")
            for dataset in table.inputs:
                first, last = found.get(dataset, (days[0], days[-1]))
                found[dataset] = (min(first, days[0]), max(last, days[-1]))
    return found


def intervals_late(entry: Dataset, through: str, fetched: str, cadence_days: dict[str, int]) -> float:
    """How many intervals of its cadence a dataset ends before it should; 0 where that cannot be told.

    It should end where the catalogue says, or, where the period is open, on the day of the fetch.
    """
    step = cadence_days.get(entry.cadence)
    if step is None:
        return 0.0
    promised = entry.period.end or fetched
    if len(promised) < 10:
        return 0.0
    return max((date.fromisoformat(promised) - date.fromisoformat(through)).days / step, 0.0)


def quality(project: Project | None = None, source: str | None = None) -> pd.DataFrame:
    """One row a dataset that was fetched: dataset, title, grade, reason, and every measured value.

    What each column measures stands in data/catalog/quality.yml. Sorted by dataset.
    """
    project, source = project or current_project(), source or current_source()
    shelf = Shelf(project, source)
    held = [name for name in sorted(shelf.catalog) if has_edition(project.raw(source, name))]
    rows: list[dict[str, Any]] = [
        {
            "dataset": name,
            "title": attribution(shelf, name).title,
            "grade": one.grade,
            "reason": one.reason,
            **one.values,
        }
        for name, one in grades(shelf, held).items()
    ]
    return pd.DataFrame(rows, columns=["dataset", "title", "grade", "reason", *CRITERIA])
