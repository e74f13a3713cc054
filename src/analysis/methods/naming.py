"""Which places may be named, and what is said about them together.

A name steers people to a place, so it needs more than one lucky tract: see :func:`councils`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.methods import margins_of_error
from analysis.methods.estimate import Estimate
from analysis.methods.tract_areas import main_areas
from analysis.project import AnalysisError

MEDIANS = ("median_household_income", "median_gross_rent", "median_home_value")


def councils(areas: pd.DataFrame, named: pd.Index, *, least_tracts: int = 3, least_share: float = 0.5) -> list[str]:
    """Neighborhood councils in which enough of the tracts are named, most first, each with its named tracts and all.

    ``areas`` is the crosswalk of tracts to areas (geoid, kind, area_id, area_name, weight_area, in_city). A tract
    belongs to a council by the rule of :func:`analysis.methods.tract_areas.main_areas`. A council is listed when at
    least ``least_tracts`` of its tracts and at least ``least_share`` (0 to 1) of them are named.

    >>> table = pd.DataFrame({"geoid": list("abcde"), "kind": "neighborhood_council", "weight_area": 1.0,
    ...                       "in_city": 1.0, "area_id": ["nc-x"] * 4 + ["nc-y"],
    ...                       "area_name": ["Exeter"] * 4 + ["Yarrow"]})
    >>> councils(table, pd.Index(list("abce")))
    ['Exeter (3/4)']
    """
    names = areas.drop_duplicates("area_id").set_index("area_id")["area_name"]
    main = main_areas(areas, "neighborhood_council").to_frame("area_id")
    main["area_name"] = main["area_id"].map(names)
    main["here"] = main.index.isin(named).astype(int)
    counts = main.groupby(["area_id", "area_name"])["here"].agg(["sum", "count"]).reset_index()
    enough = counts[(counts["sum"] >= least_tracts) & (counts["sum"] >= least_share * counts["count"])]
    ordered = enough.sort_values(["sum", "area_name"], ascending=[False, True])
    rows = zip(ordered["area_name"], ordered["sum"], ordered["count"], strict=True)
    return [f"{name} ({here}/{tracts})" for name, here, tracts in rows]


def household_shares(
    counted: pd.Series, households: pd.Series, groups: Mapping[str, pd.Index], *, factor: float
) -> dict[str, Estimate]:
    """Percent of the households of each group of tracts that ``counted`` counts, pooled, with its 90 percent interval.

    The margin is the survey's, by its design factor ``factor`` (see
    :func:`analysis.methods.margins_of_error.design_factor`): for a few tracts it is several points. A group without
    households gives ``not_applicable``.

    >>> found = household_shares(pd.Series({"a": 300.0, "b": 100.0}), pd.Series({"a": 600.0, "b": 400.0}),
    ...                          {"both": pd.Index(["a", "b"]), "none": pd.Index([])}, factor=5.0)
    >>> found["both"].value, [round(end, 1) for end in found["both"].interval], found["none"].status
    (40.0, [34.5, 45.5], 'not_applicable')
    """
    found: dict[str, Estimate] = {}
    for name, tracts in groups.items():
        known = counted.reindex(tracts).dropna()
        base = households.reindex(known.index).fillna(0.0)
        total = float(base.sum())
        if total <= 0:
            found[name] = Estimate.empty("not_applicable", "there are no households to pool", level=0.9)
            continue
        own = margins_of_error.of_share_without_margin(known / base, base, factor)
        margin = 100 * float(np.sqrt(np.nansum((own * base.to_numpy()) ** 2))) / total
        value = 100 * float(known.sum()) / total
        found[name] = Estimate(value, max(value - margin, 0.0), min(value + margin, 100.0), 0.9)
    return found


def at_least(values: pd.Series, mark: float) -> pd.Index[str]:
    """Codes whose value is known and at least ``mark``; a missing value is never counted as either.

    >>> list(at_least(pd.Series({"a": 0.4, "b": np.nan, "c": 0.2}), 0.3))
    ['a']
    """
    if not np.isfinite(mark):
        raise AnalysisError("there is no mark to compare with: the value of the middle tract is missing")
    kept: pd.Index[str] = values.index[values.notna() & (values >= mark)]
    return kept


def sum_with_margin(values: pd.Series, margins: pd.Series) -> Estimate:
    """Sum of survey estimates with its 90 percent margin, in their unit; ``not_applicable`` when there are none.

    >>> found = sum_with_margin(pd.Series([100.0, 50.0]), pd.Series([30.0, 40.0]))
    >>> found.value, found.interval, found.level
    (150.0, (100.0, 200.0), 0.9)
    """
    known = values.dropna()
    if known.empty:
        return Estimate.empty("not_applicable", "there are no tracts to add")
    margin = float(margins_of_error.of_sum(margins.reindex(known.index), known))
    total = float(known.sum())
    return Estimate(total, max(total - margin, 0.0), total + margin, 0.9, len(known))


def with_published_medians(periods: pd.DataFrame) -> pd.DataFrame:
    """The tract table with the medians of the crosswalk file as published, to see what they would change.

    >>> table = pd.DataFrame({name: [800.0] for name in MEDIANS} | {f"{name}_udp": [400.0] for name in MEDIANS})
    >>> with_published_medians(table)["median_gross_rent"].tolist()
    [400.0]
    """
    return periods.assign(**{name: periods[f"{name}_udp"] for name in MEDIANS})
