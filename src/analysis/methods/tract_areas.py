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
