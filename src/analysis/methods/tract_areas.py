"""Which tracts an area is made of, and how well they fit it.

Surveys count by tract, and lines of districts and neighborhood councils cut through tracts. Tracts are given whole: a
tract belongs to the one area of a kind that holds the largest part of it. Two kinds of tract belong to none: one that
lies mostly outside the city, and one of which a larger part lies in no area of the kind than in any. Parts are shares
of land, because residents by block are not held; :func:`fit` says what the rule costs in residents.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from analysis.project import AnalysisError

WHOLE_CITY = "city"
SLACK = 1e-6  # shares of land are stored to six digits


@dataclass(frozen=True)
class AreaFit:
    """How well the tracts given to an area fit it, by residents of the census the crosswalk was made with.

    ``tracts`` counts them. ``covered`` is the percent of the area's residents who live in these tracts, ``beyond`` the
    percent of the residents of these tracts who live outside the area; None where there is nobody to count.
    """

    tracts: int
    covered: float | None
    beyond: float | None


def tracts_of(areas: pd.DataFrame, area: str, *, least: float = 0.5) -> pd.Index[str]:
    """Codes of the tracts that lie mostly in the city, or that belong to one of its districts or councils, sorted.

    ``areas`` is the crosswalk of tracts to areas (columns geoid, kind, area_id, weight_area: share of the tract in the
    area, in_city: share of the tract in the city). ``area`` is ``city`` or an area_id such as ``cd-01``, exactly. The
    rule is that of :func:`main_areas`, so no tract belongs to two areas of a kind; an area may have none.

    Raises AnalysisError for an area that does not exist, naming some that do.

    >>> table = pd.DataFrame({"geoid": ["a", "b", "b"], "kind": "council_district", "in_city": [1.0, 0.9, 0.9],
    ...                       "area_id": ["cd-01", "cd-01", "cd-12"], "weight_area": [1.0, 0.2, 0.7]})
    >>> list(tracts_of(table, "cd-12")), list(tracts_of(table, "city"))
    (['b'], ['a', 'b'])
    """
    if area == WHOLE_CITY:
        inside = areas.loc[areas["in_city"] >= least, "geoid"]
        return _codes(inside)
    main = main_areas(areas, _kind(areas, area), least=least)
    return _codes(main.index[main == area])


def main_areas(areas: pd.DataFrame, kind: str, *, least: float = 0.5) -> pd.Series[str]:
    """The one area of a kind that each tract belongs to: area_id by geoid, tracts that belong to none left out.

    ``areas`` as in :func:`tracts_of`. A tract needs ``least`` of its land in the city. Of two areas with the same part
    of it the later key has it; a part that lies in no area of the kind counts like one, and has it at a tie.

    >>> table = pd.DataFrame({"geoid": ["a", "a", "b"], "kind": "neighborhood_council", "in_city": 1.0,
    ...                       "area_id": ["nc-x", "nc-xy", "nc-x"], "weight_area": [0.3, 0.4, 0.2]})
    >>> main_areas(table, "neighborhood_council").to_dict()
    {'a': 'nc-xy'}
    """
    parts = areas[(areas["kind"] == kind) & (areas["in_city"] >= least)].sort_values(["weight_area", "area_id"])
    by_tract = parts.groupby("geoid")
    largest = by_tract[["area_id", "weight_area"]].last()
    nowhere = (by_tract["in_city"].last() - by_tract["weight_area"].sum()).clip(lower=0)
    held: pd.Series[str] = largest.loc[largest["weight_area"] > nowhere + SLACK, "area_id"]
    return held


def council_names(areas: pd.DataFrame) -> pd.Series[str]:
    """The neighborhood council that each tract belongs to, by name: what residents call where they live.

    ``areas`` as in :func:`tracts_of`, with ``area_name``; the rule is that of :func:`main_areas`.

    >>> table = pd.DataFrame({"geoid": ["a", "b"], "kind": "neighborhood_council", "in_city": 1.0,
    ...                       "area_id": ["nc-x", "nc-y"], "area_name": ["Xan", "Yps"], "weight_area": [0.9, 0.2]})
    >>> council_names(table).to_dict()
    {'a': 'Xan'}
    """
    names = areas.drop_duplicates("area_id").set_index("area_id")["area_name"]
    found: pd.Series[str] = main_areas(areas, "neighborhood_council").map(names)
    return found


def fit(areas: pd.DataFrame, area: str) -> AreaFit:
    """How well the tracts of an area fit it; ``areas`` as in :func:`tracts_of`, with ``people`` in the shared part.

    Raises AnalysisError for an area that does not exist.

    >>> table = pd.DataFrame({"geoid": ["a", "b", "b"], "kind": "council_district", "in_city": 1.0,
    ...                       "area_id": ["cd-01", "cd-01", "cd-12"], "weight_area": [1.0, 0.25, 0.75],
    ...                       "people": [60.0, 20.0, 60.0]})
    >>> fit(table, "cd-01")
    AreaFit(tracts=1, covered=75.0, beyond=0.0)
    >>> fit(table, "cd-12")
    AreaFit(tracts=1, covered=100.0, beyond=25.0)
    """
    tracts = tracts_of(areas, area)
    kind = "council_district" if area == WHOLE_CITY else _kind(areas, area)
    own = areas[(areas["kind"] == kind) & ((areas["area_id"] == area) | (area == WHOLE_CITY))]
    inside = float(own.loc[own["geoid"].isin(tracts), "people"].sum())
    everyone = float(own["people"].sum())
    # Any part of a tract tells how many live in all of it.
    parts = areas[areas["geoid"].isin(tracts) & (areas["weight_area"] > 0)].drop_duplicates("geoid")
    whole = float((parts["people"] / parts["weight_area"]).sum())
    return AreaFit(
        len(tracts),
        100 * inside / everyone if everyone > 0 else None,
        100 * max(0.0, 1 - inside / whole) if whole > 0 else None,
    )


def _kind(areas: pd.DataFrame, area: str) -> str:
    rows = areas.loc[areas["area_id"] == area, "kind"]
    if rows.empty:
        known = ", ".join(sorted(areas["area_id"].unique())[:5])
        raise AnalysisError(f"there is no area {area!r}: use {WHOLE_CITY!r} or an area_id such as {known}")
    return str(rows.iloc[0])


def mean_by_area(values: pd.Series, weights: pd.Series, areas: pd.DataFrame, kind: str) -> pd.Series:
    """Weighted mean of a figure of tracts over the areas of a kind, such as ``council_district``, by area_id.

    ``values`` and ``weights`` (households, say) are indexed by geoid; ``areas`` is the crosswalk of
    :func:`tracts_of`. A tract counts in each area by its share there. Tracts without a value are left out.

    >>> table = pd.DataFrame({"geoid": ["a", "b", "b"], "kind": "council_district",
    ...                       "area_id": ["cd-01", "cd-01", "cd-02"], "weight_area": [1.0, 0.5, 0.5]})
    >>> mean_by_area(pd.Series({"a": 1.0, "b": 4.0}), pd.Series({"a": 10, "b": 20}), table, "council_district").tolist()
    [2.5, 4.0]
    """
    rows = areas[areas["kind"] == kind].assign(value=lambda frame: frame["geoid"].map(values))
    rows["weight"] = rows["geoid"].map(weights) * rows["weight_area"]
    known = rows[rows["value"].notna() & (rows["weight"] > 0)]
    total = known["weight"].groupby(known["area_id"]).sum()
    found: pd.Series = (known["value"] * known["weight"]).groupby(known["area_id"]).sum() / total
    return found.sort_index()


def _codes(found: Iterable[str]) -> pd.Index[str]:
    codes: pd.Index[str] = pd.Index(sorted(set(found)), name="geoid")
    return codes


def district_of(areas: pd.DataFrame) -> pd.Series:
    """The council district that holds most of each tract of the city, by tract; as :func:`tracts_of` decides.

    >>> table = pd.DataFrame({"geoid": ["a", "b", "b"], "kind": "council_district", "in_city": [1.0, 0.9, 0.9],
    ...                       "area_id": ["cd-01", "cd-01", "cd-12"], "weight_area": [1.0, 0.2, 0.7]})
    >>> district_of(table).to_dict()
    {'a': 'cd-01', 'b': 'cd-12'}
    """
    names = sorted(areas.loc[areas["kind"] == "council_district", "area_id"].unique())
    parts = {name: tracts_of(areas, name) for name in names}
    return pd.Series({tract: name for name, tracts in parts.items() for tract in tracts}, name="district").sort_index()
