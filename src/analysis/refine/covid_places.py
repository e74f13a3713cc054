"""The places for which COVID-19 was counted: their days, and who lives there.

The publisher changed layout on 13 July 2020. Before, a place is one row a day, and
names with a hyphen are cut at it (``Adams`` for ``Adams-Normandie``). From then on a
place that lies in two jurisdictions is repeated with the same counts. Here every
place has one name and one row a day, the larger of the counts where they differ.

The populations are those of the countywide statistical areas. The crosswalk of the
Mayor's Office gives the population of a larger region, repeated for each place in it;
it is a table of its own and no denominator for a single place. Areas were
computed in Web Mercator, which makes Los Angeles half as large again; they are brought
back to the ground with the latitude of the place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.refine.contracts import Field, Table
from analysis.refine.geographies import slug
from analysis.refine.parsing import dates, numbers, suppressed
from analysis.refine.revisions import DATE, DAYS, resolved_columns, series_fields, tally_series

if TYPE_CHECKING:
    from analysis.refine.workbench import Workbench

SERIES = "covid_neighborhoods"
NO_PLACES = ("City", "County")
# The files about statistical areas were written by R, which spells an empty cell so.
R_EMPTY = "NA"
SQUARE_MILE_KM2 = 2.589988110336
# A survey total this many times above or below the population means that tracts were cut badly.
DOUBTFUL = 1.5


def place_rows(bench: Workbench) -> pd.DataFrame:
    """The published rows with the place's full name: place, name, date, counts, jurisdiction, point."""
    raw = bench.raw(SERIES, ["Region", "date", "cases", "deaths", "LCITY", "Longitude", "Latitude"])
    frame = pd.DataFrame(
        {
            "name": raw["Region"].str.strip(),
            "date": dates(raw["date"], SERIES, "ms"),
            "cases": numbers(raw["cases"], SERIES, suppressed(raw["cases"])),
            "deaths": numbers(raw["deaths"], SERIES, suppressed(raw["deaths"])),
            "jurisdiction": jurisdictions(raw["LCITY"], bench.city.city),
            "longitude": numbers(raw["Longitude"], SERIES),
            "latitude": numbers(raw["Latitude"], SERIES),
        }
    )
    bench.tally(SERIES, "changed", "count printed as 'fewer than', read as missing",
                frame.loc[raw["cases"].isin(suppressed(raw["cases"])), "name"], topic="missing")  # fmt: skip
    total = frame["name"].isin(NO_PLACES) | frame["name"].isna()
    bench.tally(SERIES, "dropped", "total of the city or county, not a place", frame.loc[total, "name"])
    frame = frame[~total]
    full = full_names(frame)
    changed = frame["name"].isin(set(full))
    bench.tally(SERIES, "changed", "name cut at a hyphen or spelt with other blanks, joined to the full name",
                frame.loc[changed, "name"])  # fmt: skip
    name = frame["name"].replace(full)
    return frame.assign(name=name, place=name.map(slug))


def jurisdictions(column: pd.Series, city: str) -> pd.Series:
    """city, other_city or unincorporated, from the name of the city a place lies in; missing where none is given.

    >>> jurisdictions(pd.Series(["Los Angeles", "City of Burbank", "Unincorporated", None]), "Los Angeles").tolist()
    ['city', 'other_city', 'unincorporated', nan]
    """
    name = column.astype("str").str.strip().str.removeprefix("City of ")
    words = np.select([name == city, name == "Unincorporated"], ["city", "unincorporated"], "other_city")
    return pd.Series(words, index=column.index, dtype="str").mask(name.isna())


def full_names(frame: pd.DataFrame) -> dict[str, str]:
    """Which names are a shorter spelling of another, by name.

    A name is short for another if the other goes on with a hyphen, begins when the
    first ends, and with no lower count; or if both are the same without blanks and
    never stand on the same day (two places may have names that differ by a blank).

    >>> day = pd.to_datetime(["2020-07-12", "2020-07-13", "2020-07-13"])
    >>> rows = pd.DataFrame({"name": ["Adams", "Adams", "Adams-Normandie"], "date": day, "cases": [127.0, 130, 130]})
    >>> full_names(rows)
    {'Adams': 'Adams-Normandie'}
    """
    ordered = frame.sort_values(["name", "date"])
    ends = ordered.groupby("name").agg(
        first=("date", "first"), last=("date", "last"), start=("cases", "first"), end=("cases", "last"),
        rows=("cases", "size"),
    )  # fmt: skip
    names = list(ends.index)
    found: dict[str, str] = {}
    for short in names:
        here = ends.loc[short]
        longer = ends.loc[[name for name in names if name.startswith(f"{short}-")]]
        follows = longer[(longer["first"] >= here["last"]) & ~(longer["start"] < here["end"])]
        if len(follows) == 1:
            found[short] = follows.index[0]
    return found | _other_spellings(ordered, {str(name): int(rows) for name, rows in ends["rows"].items()})


def _other_spellings(rows: pd.DataFrame, count: dict[str, int]) -> dict[str, str]:
    """Names that equal another without blanks; the more frequent spelling is kept."""
    days = rows.groupby("name")["date"].agg(set)
    alike: dict[str, list[str]] = {}
    for name in days.index:
        alike.setdefault(name.replace(" ", "").lower(), []).append(name)
    found: dict[str, str] = {}
    for names in alike.values():
        most = max(names, key=lambda name: (count[name], name))
        found |= {name: most for name in names if name != most and not days[name] & days[most]}
    return found


def build_place_daily(bench: Workbench) -> pd.DataFrame:
    """Cases and deaths of each place by day, sorted by place and date."""
    rows = place_rows(bench)
    undated = rows["date"].isna()
    bench.tally(SERIES, "dropped", "row without a date", rows.loc[undated, "name"])
    rows = rows[~undated]
    key = ["place", "date"]
    twice = rows.duplicated(key)
    label = rows["name"] + " " + rows["date"].dt.date.astype("str")
    bench.tally(SERIES, "dropped", "place and day stand again: one row is kept, with the largest of its counts",
                label[twice], topic="repeat")  # fmt: skip
    groups = rows.groupby(key)
    differ = groups["cases"].transform("nunique") > 1
    bench.tally(SERIES, "flagged", "place and day stand again with other cases", label[differ & twice])
    largest = groups[["cases", "deaths"]].max().reset_index()
    largest = largest.rename(columns={"cases": "cases_cumulative", "deaths": "deaths_cumulative"})
    series = [
        resolved_columns(one, ("cases", "deaths"), f"{SERIES}: {place}") for place, one in largest.groupby("place")
    ]
    frame = pd.concat(series, ignore_index=True)
    tally_series(bench, SERIES, frame, "place")
    return frame


def build_places(bench: Workbench) -> pd.DataFrame:
    """Every place once, with population, jurisdiction and the shares of its residents, sorted by place."""
    rows = place_rows(bench)
    groups = rows.groupby("place")
    # The last known point: the early layout put places whose name it had cut elsewhere.
    frame = pd.DataFrame(
        {
            "name": groups["name"].first(),
            "longitude": groups["longitude"].last(),
            "latitude": groups["latitude"].last(),
        }
    )
    kinds = {place: sorted(set(values.dropna())) for place, values in groups["jurisdiction"]}
    frame["in_city"] = ["city" in kinds[place] for place in frame.index]
    frame["jurisdiction"] = [_one_kind(kinds[place]) for place in frame.index]
    bench.tally(SERIES, "flagged", "place in more than one jurisdiction: its counts cannot be told apart",
                frame.loc[frame["jurisdiction"] == "mixed", "name"])  # fmt: skip
    frame = frame.join(_population_and_area(bench)).join(_crowding(bench)).join(_poverty(bench)).join(_race(bench))
    frame = frame.join(_age(bench))
    areas = set(bench.raw("csa_area", ["hood.name"])["hood.name"].str.strip().dropna().map(slug))
    bench.tally("csa_area", "flagged", "place of the daily counts that is not in the file",
                [place for place in frame.index if place not in areas], topic="missing")  # fmt: skip
    ratio = frame["people_race_known"] / frame["population"]
    doubtful = (ratio > DOUBTFUL) | (ratio < 1 / DOUBTFUL)
    bench.tally("csa_race", "flagged",
                f"survey total and population differ by more than a factor of {DOUBTFUL}: shares are doubtful",
                frame.loc[doubtful, "name"])  # fmt: skip
    words = np.select([ratio.isna(), doubtful], ["missing", "doubtful"], "ok")
    area = ground_area(frame["mercator_square_miles"], frame["latitude"])
    return frame.assign(shares_flag=words, area_km2=area).reset_index().sort_values("place", ignore_index=True)


def _one_kind(kinds: list[str]) -> str:
    return kinds[0] if len(kinds) == 1 else "mixed" if kinds else "unknown"


def _by_place(bench: Workbench, dataset: str, columns: dict[str, str]) -> pd.DataFrame:
    """Numbers of a file about statistical areas, by place; ``columns`` maps its headings to ours."""
    raw = bench.raw(dataset, ["hood.name", *columns])
    raw = raw.mask(raw == R_EMPTY)
    blank = raw["hood.name"].isna()
    bench.tally(dataset, "dropped", "row without a name", raw.index[blank])
    raw = raw[~blank]
    hidden = raw[list(columns)].apply(lambda column: column.isin(suppressed(column))).any(axis=1)
    bench.tally(dataset, "changed", "figure printed as 'fewer than', read as missing", raw.loc[hidden, "hood.name"],
                topic="missing")  # fmt: skip
    frame = pd.DataFrame({ours: numbers(raw[name], dataset, suppressed(raw[name])) for name, ours in columns.items()})
    frame.index = pd.Index(raw["hood.name"].str.strip().map(slug), name="place")
    twice = frame.index.duplicated()
    bench.tally(dataset, "dropped", "place stands twice: the first row is kept", frame.index[twice], topic="repeat")
    return frame[~twice]


def ground_area(square_miles: pd.Series, latitude: pd.Series) -> pd.Series:
    """Square kilometres on the ground of an area measured in square miles of Web Mercator.

    The projection stretches lengths by 1 over the cosine of the latitude in both directions.
    Beverly Hills measures 5.71 square miles; the file says 8.35.

    >>> ground_area(pd.Series([8.349]), pd.Series([34.073])).round(1).tolist()
    [14.8]
    """
    shrunk: pd.Series = square_miles * SQUARE_MILE_KM2 * np.cos(np.radians(latitude)) ** 2
    return shrunk.round(6)


def _population_and_area(bench: Workbench) -> pd.DataFrame:
    frame = _by_place(bench, "csa_area", {"population": "population", "area": "mercator_square_miles"})
    zero = frame["population"] == 0
    bench.tally("csa_area", "changed", "population of 0, read as missing: no rate can be formed", frame.index[zero],
                topic="missing")  # fmt: skip
    return frame.assign(population=frame["population"].mask(zero))


def build_place_regions(bench: Workbench) -> pd.DataFrame:
    """The larger region that the Mayor's Office put each place in, and that region's population, sorted by place."""
    dataset = "covid_place_population"
    rows = place_rows(bench)
    short = full_names(rows)
    raw = bench.raw(dataset, ["Region", "aggregate_region", "population", "neighborhood"])
    unnamed = raw["Region"].isna()
    bench.tally(dataset, "dropped", "second region of a place that lies in two", raw.loc[unnamed, "neighborhood"])
    raw = raw[~unnamed]
    cut = full_names_from(rows, raw["Region"].str.strip())
    frame = pd.DataFrame(
        {
            "aggregate_region": raw["aggregate_region"].str.strip(),
            "aggregate_population": numbers(raw["population"], dataset, suppressed(raw["population"])),
        }
    )
    frame.index = pd.Index(raw["Region"].str.strip().replace(short | cut).map(slug), name="place")
    twice = frame.index.duplicated()
    bench.tally(dataset, "dropped", "place stands again with a region: the first row is kept", frame.index[twice],
                topic="repeat")  # fmt: skip
    frame = frame[~twice]
    unknown = ~frame.index.isin(rows["place"])
    bench.tally(dataset, "dropped", "place that is not among the daily counts", frame.index[unknown])
    return frame[~unknown].reset_index().sort_values("place", ignore_index=True)


def full_names_from(rows: pd.DataFrame, names: pd.Series) -> dict[str, str]:
    """Names that are no place but the beginning, up to a hyphen, of exactly one place.

    >>> full_names_from(pd.DataFrame({"name": ["Mid-city", "Palms"]}), pd.Series(["Mid", "Palms"]))
    {'Mid': 'Mid-city'}
    """
    known = sorted(set(rows["name"]))
    found = {}
    for name in sorted(set(names) - set(known)):
        longer = [place for place in known if place.startswith(f"{name}-")]
        if len(longer) == 1:
            found[name] = longer[0]
    return found


def _crowding(bench: Workbench) -> pd.DataFrame:
    frame = _by_place(bench, "csa_crowded", {"total": "households", "crowded": "crowded_households"})
    return frame.assign(crowded_share=_share(frame["crowded_households"], frame["households"]))


def _poverty(bench: Workbench) -> pd.DataFrame:
    frame = _by_place(bench, "csa_poverty", {"total": "people_poverty_known", "pct.below.poverty": "poverty_share"})
    return frame.assign(people_in_poverty=(frame["people_poverty_known"] * frame["poverty_share"]).round(6))


def _race(bench: Workbench) -> pd.DataFrame:
    columns = {
        "total": "people_race_known",
        "pct.asian": "asian_share",
        "pct.black": "black_share",
        "pct.latino": "hispanic_share",
        "pct.white": "white_share",
        "pct.other": "other_share",
    }
    frame = _by_place(bench, "csa_race", columns)
    shares = frame[list(columns.values())[1:]]
    off = (shares.sum(axis=1, skipna=False) - 1).abs() > 0.001
    bench.tally("csa_race", "flagged", "shares of the groups do not add up to 1", frame.index[off])
    known = shares.notna().all(axis=1)
    largest = shares[known].idxmax(axis=1).astype("str").str.removesuffix("_share")
    return frame.assign(largest_group=largest.reindex(frame.index))


def _age(bench: Workbench) -> pd.DataFrame:
    frame = _by_place(bench, "csa_age_65", {"gte65": "people_65plus", "total": "people_age_known"})
    return frame.assign(share_65plus=_share(frame["people_65plus"], frame["people_age_known"]))


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    return (part / whole.where(whole > 0)).round(9)


def _number(name: str, meaning: str, unit: str, denominator: str) -> Field:
    return Field(name, "number", meaning, unit, denominator, nullable=True, minimum=0)


def _share_field(name: str, meaning: str, denominator: str) -> Field:
    return Field(name, "number", meaning, "share", denominator, nullable=True, minimum=0, maximum=1)


_PLACE = "residents of the place"
_ALL = "all residents of the place"

TABLES = (
    Table(
        name="covid_place_daily",
        title="COVID-19 cases and deaths of each place by day",
        key=("place", "date"),
        fields=(
            Field("place", "text", "Place, as in covid_places", "code"),
            DATE, DAYS,
            *series_fields("cases", "Confirmed cases", _PLACE),
            *series_fields("deaths", "Deaths", _PLACE),
        ),
        build=build_place_daily,
        inputs=(SERIES,),
        period="date",
    ),
    Table(
        name="covid_places",
        title="Places for which COVID-19 was counted: who lives there, and how",
        key=("place",),
        fields=(
            Field("place", "text", "Place: its name in small letters with hyphens", "code", pattern=r"^[a-z0-9-]+$"),
            Field("name", "text", "Name of the place", "name"),
            Field("jurisdiction", "text",
                  "Whether the place is in the city, another city, outside any city, or in more than one", "label",
                  choices=("city", "other_city", "unincorporated", "mixed", "unknown")),
            Field("in_city", "truth", "At least a part of the place is a neighborhood of the city", "yes or no"),
            _number("population", "Residents, the denominator of rates", "people", _ALL),
            _number("households", "Households whose crowding is known", "households", "all households of the place"),
            _number("crowded_households", "Households with more than one person a room", "households", "households"),
            _share_field("crowded_share", "Share of households with more than one person a room", "households"),
            _number("people_poverty_known", "People whose poverty status is known", "people", _ALL),
            _number("people_in_poverty", "People in households below the poverty line", "people",
                    "people_poverty_known"),
            _share_field("poverty_share", "Share of people below the poverty line", "people_poverty_known"),
            _number("people_race_known", "People counted by race in the five-year survey", "people", _ALL),
            _share_field("asian_share", "Share of residents who are Asian, not Hispanic", "people_race_known"),
            _share_field("black_share", "Share of residents who are Black, not Hispanic", "people_race_known"),
            _share_field("hispanic_share", "Share of residents who are Hispanic or Latino", "people_race_known"),
            _share_field("white_share", "Share of residents who are White, not Hispanic", "people_race_known"),
            _share_field("other_share", "Share of residents of any other group", "people_race_known"),
            Field("largest_group", "text", "Largest of the five groups", "label", nullable=True,
                  choices=("asian", "black", "hispanic", "other", "white")),
            _number("people_age_known", "People counted by age in the five-year survey", "people", _ALL),
            _number("people_65plus", "Residents aged 65 and over", "people", "people_age_known"),
            _share_field("share_65plus", "Share of residents aged 65 and over", "people_age_known"),
            Field("shares_flag", "text",
                  "ok; doubtful: survey total and population differ by more than half, because tracts were cut by "
                  "area; missing: no population or no survey total", "label", choices=("ok", "doubtful", "missing")),
            _number("area_km2", "Area on the ground", "km2", ""),
            Field("longitude", "number", "Longitude of the place's point", "degrees", nullable=True),
            Field("latitude", "number", "Latitude of the place's point", "degrees", nullable=True),
        ),
        build=build_places,
        inputs=(SERIES, "csa_age_65", "csa_area", "csa_crowded", "csa_poverty", "csa_race"),
    ),
    Table(
        name="covid_place_regions",
        title="The larger region of each place for which COVID-19 was counted",
        key=("place",),
        fields=(
            Field("place", "text", "Place, as in covid_places", "code"),
            Field("aggregate_region", "text", "Larger region the Mayor's Office put the place in", "name",
                  nullable=True),
            _number("aggregate_population", "Residents of that larger region: no denominator for the place", "people",
                    "all residents of the region"),
        ),
        build=build_place_regions,
        inputs=(SERIES, "covid_place_population"),
    ),
)  # fmt: skip
