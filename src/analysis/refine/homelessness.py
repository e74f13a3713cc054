"""Counts of people experiencing homelessness by tract, places that serve them, and requests about encampments.

Three years of counts come in three layouts. Three things make them alike: the year 2015 is on the
tracts of 2000, so every row names the ground it covers in both vintages; a separate count of youth is in the
published totals of 2015 and 2016 and not in that of 2017, so ``outdoors`` leaves it out everywhere; and
a tract that nobody counted has no number, which is not zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.refine.contracts import GEOID, Field, Table
from analysis.refine.parsing import dates, listed, numbers
from analysis.refine.vintages import geoids, recoded_2010

if TYPE_CHECKING:
    from analysis.refine.workbench import Workbench

DWELLINGS = ("cars", "vans", "campers", "tents", "makeshift")
"""What volunteers count instead of people; how many live in one is estimated."""
SEEN = ("singles", "family_members")
STREET = (*SEEN, *DWELLINGS, *(f"people_in_{kind}" for kind in DWELLINGS))
_BEFORE = ("Car", "Van", "Camper", "Tent", "Encamp")

COLUMNS: dict[int, dict[str, str | tuple[str, ...]]] = {
    2015: {
        "tract": "Tract", "city": "City", "singles": ("Street Singles", "Street_UYouth"),
        "family_members": "Street Family", "cars": "Cars", "vans": "Vans", "campers": "Campers", "tents": "Tents",
        "makeshift": "Encampments", "people_in_cars": "Car People", "people_in_vans": "VanPeople",
        "people_in_campers": "Camper People", "people_in_tents": "Tent People",
        "people_in_makeshift": "Encamp People", "youth_count": "YouthCount15", "unsheltered": "Unsheltered",
        "sheltered": "Sheltered", "sheltered_families": ("ES_Family", "TH_Family"),
        "sheltered_youth": ("ES_UYouth", "TH_UYouth"), "people": "2015_Total",
    },
    2016: {
        "tract": "censusTract", "city": "City", "district": "CD", "singles": "totStreetSingAdult",
        "family_members": "totStreetFamMemb", "cars": "totCars", "vans": "totVans", "campers": "totCampers",
        "tents": "totTents", "makeshift": "totEncamp",
        **{f"people_in_{ours}": f"tot{theirs}People" for ours, theirs in zip(DWELLINGS, _BEFORE, strict=True)},
        "youth_count": ("totYouthIndiv", "totYouthUnaccKid", "totYouthFamMemb"), "unsheltered": "totUnsheltPeople",
        "sheltered": "totSheltPeople",
        "sheltered_families": ("totEsAdultFamMemb", "totEsYouthFamMemb", "totThAdultFamMemb", "totThYouthFamMemb",
                               "totShAdultFamMemb", "totShYouthFamMemb"),
        "sheltered_youth": ("totEsYouthSingYouth", "totEsYouthUnaccYouth", "totThYouthSingYouth",
                            "totThYouthUnaccYouth", "totShYouthSingYouth", "totShYouthUnaccYouth"),
        "people": "totPeople",
    },
    2017: {
        "tract": "tract", "city": "City", "district": "CD", "singles": "totStreetSingAdult",
        "family_members": "totStreetFamMem", "cars": "totCars", "vans": "totVans", "campers": "totCampers",
        "tents": "totTents", "makeshift": "totEncamp",
        **{f"people_in_{ours}": f"tot{theirs}People" for ours, theirs in zip(DWELLINGS, _BEFORE, strict=True)},
        "family_in_dwellings": tuple(f"Fam{theirs}People" for theirs in _BEFORE), "unsheltered": "totUnsheltPeople",
        "sheltered": "totSheltPeople",
        "sheltered_families": ("totESAdultFamMem", "totESYouthFamMem", "totTHAdultFamMem", "totTHYouthFamMem",
                               "totSHAdultFamMem", "totSHYouthFamMem"),
        "sheltered_youth": ("totESYouthSingYouth", "totESYouthUnaccYouth", "totTHYouthSingYouth",
                            "totTHYouthUnaccYouth", "totSHYouthSingYouth", "totSHYouthUnaccYouth"),
        "people": "totPeople",
    },
}  # fmt: skip
"""Our column and the publisher's, by year; several of theirs are added up."""
LAYER = "homeless_count_2017_city_tracts"
REQUESTS = "encampment_requests"
PLACES = "homeless_shelters"
SAME_GROUND = 0.02
"""A smaller share of an old tract's residents in a new tract is a border correction, not a common ground."""
AGREE = 0.5
"""Map layer and workbook of one year may differ by this many people in a tract: rounding."""


def common_grounds(crosswalk: pd.DataFrame, least: float = SAME_GROUND) -> tuple[pd.Series, pd.Series]:
    """The smallest groups of tracts that cover the same ground in both vintages: label by old and by new tract.

    ``crosswalk`` has source_geoid, geoid and share (of the old tract's residents in the new one). Tracts tied by
    a share of at least ``least`` are one ground, named after its first new tract.

    >>> table = pd.DataFrame({"source_geoid": ["a", "a", "b", "b"], "geoid": ["a1", "a2", "b", "a2"],
    ...                       "share": [0.6, 0.4, 0.99, 0.01]})
    >>> old, new = common_grounds(table)
    >>> old.to_dict(), new.to_dict()
    ({'a': 'a1', 'b': 'b'}, {'a1': 'a1', 'a2': 'a1', 'b': 'b'})
    """
    from scipy import sparse

    tied = crosswalk[crosswalk["share"] >= least]
    old, olds = pd.factorize(tied["source_geoid"], sort=True)
    new, news = pd.factorize(tied["geoid"], sort=True)
    size = len(olds) + len(news)
    graph = sparse.coo_array((np.ones(len(tied)), (old, new + len(olds))), shape=(size, size))
    label = sparse.csgraph.connected_components(graph, directed=False)[1]
    first = pd.Series(news, index=label[len(olds) :]).groupby(level=0).min()
    names = first.reindex(label).to_numpy()
    return pd.Series(names[: len(olds)], index=olds), pd.Series(names[len(olds) :], index=news)


def build_homeless_counts(bench: Workbench) -> pd.DataFrame:
    """One row a year and tract of the year's own vintage, in one layout."""
    crosswalk = bench.refined("tract_crosswalk")
    old, new = common_grounds(crosswalk[crosswalk["vintage"] == "2000"])
    frames = []
    for year in COLUMNS:
        frame = _year(bench, year)
        frame["ground"] = frame["tract"].map(old if year == 2015 else new)
        alone = frame["ground"].isna()
        bench.tally(f"homeless_count_{year}", "flagged", "tract without a common ground in 2000 and 2010: no change",
                    frame.loc[alone, "tract"])  # fmt: skip
        frames.append(frame)
    _compare_layer(bench, frames[-1])
    found = pd.concat(frames, ignore_index=True)
    order = [field.name for field in COUNT_FIELDS]
    return found.reindex(columns=order).sort_values(["year", "tract"], ignore_index=True)


def _year(bench: Workbench, year: int) -> pd.DataFrame:
    dataset, columns = f"homeless_count_{year}", COLUMNS[year]
    needed = [name for theirs in columns.values() for name in ([theirs] if isinstance(theirs, str) else theirs)]
    raw = bench.raw(dataset, [*needed, "Year", *(["Counted", "STCOFIPS"] if year == 2015 else [])])
    if set(raw["Year"]) != {str(year)}:
        raise AnalysisError(f"{dataset}: column 'Year' reads {listed(sorted(set(raw['Year'])))}: another year's file")
    code = bench.city.county_fips + raw[str(columns["tract"])].str.zfill(6)
    frame = pd.DataFrame({"year": year, "tract": geoids(code.rename("tract"), dataset)})
    if year != 2015:
        frame["tract"] = recoded_2010(frame["tract"])
    frame["vintage"] = "2000" if year == 2015 else "2010"
    frame["city"] = raw["City"].str.strip()
    bench.tally(dataset, "kept", "row of a tract", frame["tract"])
    for ours in columns:
        if ours not in ("tract", "city", "district"):
            frame[ours] = _summed(bench, raw, dataset, columns[ours], frame["tract"])
    frame["district"] = _districts(raw, dataset, columns)
    return _joined(bench, dataset, _counted(bench, dataset, frame, raw))


def _joined(bench: Workbench, dataset: str, frame: pd.DataFrame) -> pd.DataFrame:
    """One row a tract: parts that stand under an old and a corrected code were counted apart and are added."""
    twice = frame["tract"].duplicated()
    bench.tally(dataset, "changed", "tract stands under its old and its corrected code: both rows are added up",
                frame.loc[twice, "tract"])  # fmt: skip
    if not twice.any():
        return frame
    figures = frame.columns[frame.dtypes == "float64"]
    groups = frame.groupby("tract", sort=False)
    added = groups[list(figures)].sum(min_count=1)
    found = frame[~twice].set_index("tract")
    found[figures] = added.reindex(found.index)
    return found.reset_index()


def _summed(
    bench: Workbench, raw: pd.DataFrame, dataset: str, theirs: str | tuple[str, ...], tract: pd.Series
) -> pd.Series:
    total = pd.Series(0.0, index=raw.index)
    for name in (theirs,) if isinstance(theirs, str) else theirs:
        value = numbers(raw[name], dataset)
        below = value < 0
        bench.tally(dataset, "changed", f"{name} below zero, read as zero", tract[below], topic="replaced")
        total += value.mask(below, 0.0)
    return total


def _districts(raw: pd.DataFrame, dataset: str, columns: dict[str, str | tuple[str, ...]]) -> pd.Series:
    """District as the publisher assigned it; missing outside the city and in 2015, which names none."""
    if "district" not in columns:
        return pd.Series(None, index=raw.index, dtype="str")
    number = numbers(raw[str(columns["district"])], dataset).fillna(0).astype(int)
    return pd.Series([f"cd-{each:02d}" if each else None for each in number], index=raw.index, dtype="str")


def _counted(bench: Workbench, dataset: str, frame: pd.DataFrame, raw: pd.DataFrame) -> pd.DataFrame:
    """Whether volunteers were in the tract; without them its street figures are missing, not zero."""
    counted = raw["Counted"].str.strip().eq("Yes") if "Counted" in raw else pd.Series(True, index=raw.index)
    frame["counted"] = counted
    street = [name for name in STREET if name in frame]
    frame["outdoors"] = frame[[*SEEN, *(f"people_in_{kind}" for kind in DWELLINGS)]].sum(axis=1).round(3)
    gap = (frame["outdoors"] + frame.get("youth_count", 0.0) - frame["unsheltered"]).abs() > AGREE
    bench.tally(dataset, "flagged", "people counted outdoors do not add up to the published total",
                frame.loc[gap & counted, "tract"])  # fmt: skip
    bench.tally(dataset, "changed", "tract that nobody counted: its zeros are read as missing",
                frame.loc[~counted, "tract"], topic="missing")  # fmt: skip
    frame.loc[~counted, [*street, "outdoors"]] = np.nan
    zeros = (frame["outdoors"] == 0) & counted
    bench.tally(
        dataset, "kept", "counted tract with nobody outdoors: a zero that was counted", frame.loc[zeros, "tract"]
    )
    return frame


def _compare_layer(bench: Workbench, now: pd.DataFrame) -> None:
    """The city's map layer of 2017 should repeat the workbook."""
    raw = bench.raw(LAYER, ["Tract", "totUnshelt"])
    code = recoded_2010(geoids((bench.city.county_fips + raw["Tract"].str.zfill(6)).rename("Tract"), LAYER))
    layer = pd.Series(numbers(raw["totUnshelt"], LAYER).to_numpy()).groupby(code.to_numpy()).sum()
    book = now.set_index("tract")["unsheltered"]
    bench.tally(LAYER, "kept", "tract of the map layer, compared with the workbook", layer.index)
    absent = ~layer.index.isin(book.index)
    bench.tally(LAYER, "flagged", "tract of the layer that the workbook lacks", layer.index[absent])
    gap = (layer[~absent] - book.reindex(layer.index[~absent])).abs() > AGREE
    bench.tally(LAYER, "flagged", "layer and workbook differ: the workbook is used", gap.index[gap])


def build_service_places(bench: Workbench) -> Any:
    """Points of shelters and services, without names and addresses."""
    import geopandas

    raw = bench.raw(PLACES, ["OBJECTID", "date_updated", "geometry"])
    empty = raw.geometry.isna() | raw.geometry.is_empty
    bench.tally(PLACES, "dropped", "place without a point", raw.loc[empty, "OBJECTID"], topic="missing")
    raw = raw[~empty]
    county = bench.refined("tract_shapes").to_crs(bench.city.projected_crs)
    points = geopandas.GeoSeries(raw.geometry, crs=raw.crs).to_crs(bench.city.projected_crs)
    inside = points.sindex.query(county.geometry, predicate="contains", sort=True)[1]
    here = pd.Series(np.isin(np.arange(len(raw)), inside), index=raw.index)
    bench.tally(PLACES, "dropped", f"place outside the tracts of {bench.city.county}", raw.loc[~here, "OBJECTID"],
                topic="outside")  # fmt: skip
    raw = raw[here]
    again = raw.geometry.to_wkb().duplicated()
    bench.tally(PLACES, "dropped", "place on the same point as another: one is kept, distances do not change",
                raw.loc[again, "OBJECTID"], topic="repeat")  # fmt: skip
    raw = raw[~again]
    bench.tally(PLACES, "kept", "place of a shelter or service", raw["OBJECTID"])
    frame = geopandas.GeoDataFrame(
        {"place": raw["OBJECTID"].astype("str"), "updated": dates(raw["date_updated"], PLACES, "ms")},
        geometry=raw.geometry, crs=raw.crs,
    )  # fmt: skip
    return frame.sort_values("place", ignore_index=True)


def build_encampment_requests(bench: Workbench) -> pd.DataFrame:
    """Requests by tract and month; neither point nor hour is kept, since people live there."""
    raw = bench.raw(REQUESTS, ["GEOID10", "Month", "LATITUDE", "LONGITUDE"])
    frame = pd.DataFrame({"geoid": recoded_2010(geoids(raw["GEOID10"], REQUESTS)),
                          "month": numbers(raw["Month"], REQUESTS).astype("int64")})  # fmt: skip
    known = frame["geoid"].isin(set(bench.refined("tract_shapes")["geoid"]))
    bench.tally(REQUESTS, "dropped", "request in a tract without an outline", frame.loc[~known, "geoid"],
                topic="outside")  # fmt: skip
    frame["repeat"] = raw.duplicated()
    bench.tally(REQUESTS, "flagged", "request that repeats another in every column (no date tells them apart)",
                frame.loc[frame["repeat"], "geoid"], topic="repeat")  # fmt: skip
    frame = frame[known]
    bench.tally(REQUESTS, "kept", "request with a tract and a month", frame["geoid"])
    found = frame.groupby(["geoid", "month"])["repeat"].agg(requests="size", repeats="sum").reset_index()
    return found.astype({"requests": "int64", "repeats": "int64"}).sort_values(["geoid", "month"], ignore_index=True)


def _people(name: str, meaning: str, note: str = "") -> Field:
    out_of = "people experiencing homelessness in the tract on the night of the count"
    return Field(name, "number", f"{meaning}{note}", "people", out_of, nullable=True, minimum=0)


_STREET = "; missing where nobody counted"
_NAMES = {"cars": "cars", "vans": "vans", "campers": "campers", "tents": "tents", "makeshift": "makeshift shelters"}

COUNT_FIELDS = (
    Field("year", "integer", "January of this year", "year", minimum=2015),
    Field("tract", "text", "Census tract of the stated vintage, 11 characters", "code", pattern=r"^\d{11}$"),
    Field("vintage", "text", "Vintage of the tracts: the count of 2015 is on those of 2000", "label",
          choices=("2000", "2010")),
    Field("ground", "text", "Smallest group of tracts that covers the same ground in 2000 and 2010, named after its "
          "first tract of 2010; missing where there is none", "code", nullable=True),
    Field("city", "text", "City or unincorporated community as published", "name"),
    Field("district", "text", "Council district as published; missing outside the city and in 2015", "code",
          nullable=True, pattern=r"^cd-\d{2}$"),
    Field("counted", "truth", "Volunteers counted the streets of the tract", "yes or no"),
    _people("singles", "Adults and youth seen alone on the street", _STREET),
    _people("family_members", "Members of families seen on the street", _STREET),
    *(Field(kind, "number", f"Inhabited {words} seen{_STREET}", "dwellings", "dwellings in the tract", nullable=True,
            minimum=0) for kind, words in _NAMES.items()),
    *(_people(f"people_in_{kind}", f"People estimated to live in {words}: dwellings times an average", _STREET)
      for kind, words in _NAMES.items()),
    _people("family_in_dwellings", "Members of families estimated to live in those dwellings", "; of 2017 only"),
    _people("outdoors", "People outdoors, in vehicles, tents and makeshift shelters, without the separate count of "
            "youth: the figure that is alike in all years", _STREET),
    _people("youth_count", "People under 25 found by a separate count", "; not in the file of 2017"),
    _people("unsheltered", "Unsheltered people as published: with the count of youth in 2015 and 2016, without in "
            "2017"),
    _people("sheltered", "People in emergency shelter, transitional housing and safe havens"),
    _people("sheltered_families", "Of these, members of families"),
    _people("sheltered_youth", "Of these, people under 25 without family (unaccompanied minors only in 2015)"),
    _people("people", "All people as published"),
)  # fmt: skip

TABLES = (
    Table(
        name="homeless_counts",
        title="People experiencing homelessness by census tract, January 2015, 2016 and 2017",
        key=("year", "tract"),
        fields=COUNT_FIELDS,
        build=build_homeless_counts,
        inputs=(*(f"homeless_count_{year}" for year in COLUMNS), LAYER),
        tables=("tract_crosswalk",),
        notes={"tract": "2015 is on tracts of 2000: join years by ground, never by tract"},
    ),
    Table(
        name="service_places",
        title="Points of shelters and services for people experiencing homelessness",
        key=("place",),
        fields=(
            Field("place", "text", "Number of the place in the County's layer", "code"),
            Field("updated", "date", "When the entry was last changed", "date", nullable=True),
            Field("geometry", "geometry", "Point in longitude and latitude (EPSG:4326); for distances only: some "
                  "places shelter people who must not be found", "degrees"),
        ),
        build=build_service_places,
        inputs=(PLACES,),
        tables=("tract_shapes",),
        spatial=True,
    ),
    Table(
        name="encampment_requests",
        title="Requests about encampments by census tract and month",
        key=("geoid", "month"),
        fields=(
            GEOID,
            Field("month", "integer", "Month of the year, 1 to 12; the year is not stated", "month", minimum=1,
                  maximum=12),
            Field("requests", "integer", "About encampments", "requests", "requests to the city in the tract",
                  minimum=1),
            Field("repeats", "integer", "Of these, requests that repeat another in every column", "requests",
                  "requests of the row", minimum=0),
        ),
        build=build_encampment_requests,
        inputs=(REQUESTS,),
        tables=("tract_shapes",),
    ),
)  # fmt: skip
