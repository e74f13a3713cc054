"""Which tracts an area is made of."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from analysis.project import AnalysisError

WHOLE_CITY = "city"


def tracts_of(areas: pd.DataFrame, area: str, *, least: float = 0.5) -> pd.Index[str]:
    """Codes of the tracts that lie mostly in the city, or mostly in one of its districts or councils, sorted.

    ``areas`` is the crosswalk of tracts to areas (columns geoid, kind, area_id, weight_area: share of the tract in the
    area, in_city: share of the tract in the city). ``area`` is ``city`` or an area_id such as ``cd-01``, exactly; a
    tract belongs to the area that holds most of it, so no tract belongs to two districts.

    Raises AnalysisError for an area that does not exist, naming some that do.

    >>> table = pd.DataFrame({"geoid": ["a", "b", "b"], "kind": "council_district", "in_city": [1.0, 0.9, 0.9],
    ...                       "area_id": ["cd-01", "cd-01", "cd-12"], "weight_area": [1.0, 0.2, 0.7]})
    >>> list(tracts_of(table, "cd-12")), list(tracts_of(table, "city"))
    (['b'], ['a', 'b'])
    """
    if area == WHOLE_CITY:
        inside = areas.loc[areas["in_city"] >= least, "geoid"]
        return _codes(inside)
    if not (areas["area_id"] == area).any():
        known = ", ".join(sorted(areas["area_id"].unique())[:5])
        raise AnalysisError(f"there is no area {area!r}: use {WHOLE_CITY!r} or an area_id such as {known}")
    kind = areas.loc[areas["area_id"] == area, "kind"].iloc[0]
    same_kind = areas[(areas["kind"] == kind) & (areas["in_city"] >= least)]
    main = same_kind.sort_values(["weight_area", "area_id"]).groupby("geoid")["area_id"].last()
    return _codes(main.index[main == area])


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
