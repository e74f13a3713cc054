"""Small merchants open and their revenue in 2020 and 2021, from card processing, in two vintages.

The publisher gives changes against January 2020; here they are indexes, 1 for January
2020. A merchant counts as open when the processor saw a sale, so the series follows one
processor's clients, not all businesses (Chetty et al. 2024, Quarterly Journal of Economics
139:829-889). The row named after a city may be its county: the table says so where the
two series are the same, or the population is the county's.

The series was revised: the vintage of 2021 said far more had shut than the last one
does. Both are kept, side by side, so that a page can show how much of a fall was revised away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.refine.contracts import Field, Table
from analysis.refine.parsing import listed, numbers

if TYPE_CHECKING:
    from analysis.refine.workbench import Workbench

CITIES, COUNTIES, ZIPS = "small_business_city", "small_business_county", "small_business_zip"
OLD = "small_business_city_daily_2020"
CITY_IDS, COUNTY_IDS = "city_ids", "county_ids"
PLACES = "certificates_of_occupancy"
DOT = (".",)
# A ZIP area with fewer certificates than this may be a wrong number in the city's books.
ENOUGH = 10
OWNERS = {"all": "", "ss40": "_sector40", "ss60": "_sector60", "ss65": "_sector65", "ss70": "_sector70"}


def index_of(column: pd.Series, dataset: str) -> pd.Series:
    """A published change against January 2020 as an index, 1 for January 2020; a dot is missing.

    >>> index_of(pd.Series(["-.25", ".", "0"], name="merchants_all"), "small_business_city").tolist()
    [0.75, nan, 1.0]
    """
    return (1.0 + numbers(column, dataset, DOT)).round(9)


def days(raw: pd.DataFrame, dataset: str, day: str) -> pd.Series:
    """The day of each row from its year, month and day.

    >>> days(pd.DataFrame({"year": ["2020"], "month": ["3"], "d": ["22"]}), "small_business_city", "d").dt.day.tolist()
    [22]
    """
    parts = {
        name: numbers(raw[column], dataset) for name, column in (("year", "year"), ("month", "month"), ("day", day))
    }
    found: pd.Series = pd.to_datetime(pd.DataFrame(parts)).astype("datetime64[us]")
    return found


def cities(bench: Workbench) -> pd.DataFrame:
    """The tracker's cities by cityid: area_id, area_name, state, population, is_home (the city of this project).

    Raises AnalysisError when the city is not there once.
    """
    raw = bench.raw(CITY_IDS, ["cityid", "cityname", "statename", "city_pop2019"])
    frame = pd.DataFrame(
        {
            "area_id": "city-" + raw["cityid"].str.zfill(2),
            "area_name": raw["cityname"].str.strip(),
            "state": raw["statename"].str.strip(),
            "population": numbers(raw["city_pop2019"], CITY_IDS),
        }
    ).set_index(raw["cityid"])
    frame["is_home"] = (frame["area_name"] == bench.city.city) & (frame["state"] == bench.city.state)
    if frame["is_home"].sum() != 1:
        raise AnalysisError(
            f"{CITY_IDS}: {bench.city.city}, {bench.city.state} stands {int(frame['is_home'].sum())} times in column "
            f"'cityname' ({listed(frame['area_name'], 6)}): compare the names with data/catalog/cities.yml"
        )
    return frame


def counties(bench: Workbench) -> pd.DataFrame:
    """The counties of the project's state by countyfips, with the columns of ``cities``."""
    raw = bench.raw(COUNTY_IDS, ["countyfips", "countyname", "statename", "county_pop2019"])
    fips = raw["countyfips"].str.zfill(5)
    frame = pd.DataFrame(
        {
            "area_id": "county-" + fips,
            "area_name": raw["countyname"].str.strip(),
            "state": raw["statename"].str.strip(),
            "population": numbers(raw["county_pop2019"], COUNTY_IDS),
            "is_home": fips == bench.city.county_fips,
        }
    ).set_index(raw["countyfips"])
    found: pd.DataFrame = frame[fips.str.startswith(bench.city.state_fips).to_numpy()]
    return found


def build_merchants_weekly(bench: Workbench) -> pd.DataFrame:
    """Merchants open and revenue by week, of the tracker's cities and the counties of the state."""
    known = cities(bench)
    parts = [
        _weekly(bench, CITIES, "cityid", known, "city"),
        _weekly(bench, COUNTIES, "countyfips", counties(bench), "county"),
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.assign(stands_for_county=_stands_for_county(bench, frame))
    return frame.sort_values(["area_kind", "area_id", "week"], ignore_index=True)


def _weekly(bench: Workbench, dataset: str, column: str, known: pd.DataFrame, kind: str) -> pd.DataFrame:
    raw = bench.raw(dataset, ["year", "month", "day_endofweek", column, "merchants_all", "revenue_all"])
    here = raw[column].isin(known.index)
    bench.tally(dataset, "dropped", f"{kind} that is not in the list of names, or of another state",
                raw.loc[~here, column], topic="outside")  # fmt: skip
    raw = raw[here]
    frame = known.loc[raw[column]].reset_index(drop=True)
    frame = frame.assign(
        area_kind=kind,
        week=days(raw, dataset, "day_endofweek").to_numpy(),
        merchants=index_of(raw["merchants_all"], dataset).to_numpy(),
        revenue=index_of(raw["revenue_all"], dataset).to_numpy(),
    )
    label = frame["area_name"] + " " + frame["week"].dt.date.astype("str")
    twice = frame.duplicated(["area_id", "week"])
    bench.tally(dataset, "dropped", "area and week stand again: the first row is kept", label[twice], topic="repeat")
    for name in ("merchants", "revenue"):
        bench.tally(dataset, "flagged", f"no {name} published (a dot)", label[frame[name].isna()], topic="missing")
    found: pd.DataFrame = frame[~twice]
    return found


def _stands_for_county(bench: Workbench, frame: pd.DataFrame) -> pd.Series:
    """Whether the city of this project is its county under another name: the series are the same."""
    home = frame[frame["is_home"]].pivot(index="week", columns="area_kind", values=["merchants", "revenue"])
    same = all(
        {"city", "county"} <= set(home[name].columns) and np.allclose(home[name]["city"], home[name]["county"])
        for name in ("merchants", "revenue")
    )
    mine = frame["is_home"] & (frame["area_kind"] == "city") & same
    bench.tally(CITIES, "flagged", "the city's series is that of its whole county", frame.loc[mine, "area_name"])
    return mine


def build_merchants_daily_vintage(bench: Workbench) -> pd.DataFrame:
    """Merchants open by day as the vintage of 2021 had them, beside the last vintage on days that end a week."""
    known = cities(bench)
    raw = bench.raw(OLD, ["year", "month", "day", "cityid", *(f"merchants_{name}" for name in OWNERS)])
    here = raw["cityid"].isin(known.index)
    bench.tally(OLD, "dropped", "city that is not in the list of names", raw.loc[~here, "cityid"], topic="outside")
    raw = raw[here]
    frame = known.loc[raw["cityid"], ["area_id", "area_name", "is_home"]].reset_index(drop=True)
    frame = frame.assign(
        date=days(raw, OLD, "day").to_numpy(),
        **{f"merchants_2021{name}": index_of(raw[f"merchants_{own}"], OLD).to_numpy() for own, name in OWNERS.items()},
    )
    key = ["area_id", "date"]
    twice = frame.duplicated(key)
    label = frame["area_name"] + " " + frame["date"].dt.date.astype("str")
    bench.tally(OLD, "dropped", "city and day stand again: the first row is kept", label[twice], topic="repeat")
    bench.tally(OLD, "flagged", "a sector's merchants not published (a dot)",
                label[frame.filter(like="_sector").isna().any(axis=1)], topic="missing")  # fmt: skip
    last = bench.refined("merchants_weekly").query("area_kind == 'city'").rename(columns={"week": "date"})
    frame = frame[~twice].merge(last[[*key, "merchants"]], on=key, how="left")
    frame = frame.rename(columns={"merchants": "merchants_last"})
    revision = (frame["merchants_last"] - frame["merchants_2021"]).round(9)
    moved = frame.loc[revision.abs() > 0.05, "area_name"]
    bench.tally(OLD, "flagged", "week end whose share of merchants open was revised by more than 5 points", moved,
                topic="revision")  # fmt: skip
    found: pd.DataFrame = frame.assign(revision=revision).sort_values(key, ignore_index=True)
    return found


def build_merchants_zip(bench: Workbench) -> pd.DataFrame:
    """Revenue of small merchants in April and July 2020 by ZIP area of the city, with the district it mostly serves."""
    raw = bench.raw(ZIPS, ["zcta", "revenue_all_apr2020", "revenue_all_jul2020"])
    frame = pd.DataFrame(
        {
            "zcta": raw["zcta"].str.zfill(5),
            "revenue_april_2020": index_of(raw["revenue_all_apr2020"], ZIPS),
            "revenue_july_2020": index_of(raw["revenue_all_jul2020"], ZIPS),
        }
    )
    where = zip_districts(bench)
    away = ~frame["zcta"].isin(where.index)
    bench.tally(ZIPS, "dropped", "ZIP area outside the city, or with too few certificates of occupancy to say",
                frame.loc[away, "zcta"], topic="outside")  # fmt: skip
    bench.tally(ZIPS, "flagged", "ZIP area of the city without revenue", sorted(set(where.index) - set(frame["zcta"])),
                topic="missing")  # fmt: skip
    frame = frame[~away].join(where, on="zcta")
    for name in ("revenue_april_2020", "revenue_july_2020"):
        bench.tally(ZIPS, "flagged", f"no {name.replace('_', ' ')} published (a dot)",
                    frame.loc[frame[name].isna(), "zcta"], topic="missing")  # fmt: skip
    return frame.sort_values("zcta", ignore_index=True)


def zip_districts(bench: Workbench) -> pd.DataFrame:
    """By ZIP code: the council district that most of its certificates of occupancy are in, their share and number.

    The city's own certificates are the only data held that have both a ZIP code and a point. They
    say where building went on, not where merchants are, and nothing of the ZIP area beyond the city.
    """
    import geopandas

    raw = bench.raw(PLACES, ["cofo_number", "zip_code", "lat", "lon"])
    twice = raw["cofo_number"].duplicated()
    bench.tally(PLACES, "dropped", "certificate stands again", raw.loc[twice, "cofo_number"], topic="repeat")
    raw = raw[~twice]
    east, north = numbers(raw["lon"], PLACES), numbers(raw["lat"], PLACES)
    points = geopandas.GeoDataFrame(
        {"zip": raw["zip_code"].astype("str").str.strip().str[:5]},
        geometry=geopandas.GeoSeries.from_xy(east, north, index=raw.index, crs="EPSG:4326"),
    )
    inside: Any = points.sjoin(bench.refined("council_districts")[["area_id", "geometry"]], predicate="within")
    bench.tally(PLACES, "dropped", "certificate whose point is in no council district",
                raw["cofo_number"][~raw.index.isin(inside.index)], topic="outside")  # fmt: skip
    counts = inside.groupby(["zip", "area_id"]).size().rename("certificates").reset_index()
    total = counts.groupby("zip")["certificates"].transform("sum")
    counts = counts.assign(district_share=(counts["certificates"] / total).round(6), certificates=total)
    best = counts.sort_values(["zip", "district_share", "area_id"], ascending=[True, False, True]).drop_duplicates(
        "zip"
    )
    few = best["certificates"] < ENOUGH
    bench.tally(PLACES, "flagged", f"ZIP code with fewer than {ENOUGH} certificates: not placed", best.loc[few, "zip"])
    found: pd.DataFrame = best[~few].set_index("zip")
    return found


_ID = Field("area_id", "text", "City of the tracker, city- and its number, or county- and its FIPS code", "code",
            pattern=r"^(city-\d{2}|county-\d{5})$")  # fmt: skip
_NAME = Field("area_name", "text", "Name of the city or county", "name")
_HOME = Field("is_home", "truth", "The city or county of this project", "yes or no")


def _index(name: str, meaning: str) -> Field:
    return Field(name, "number", f"{meaning}, 1 for January 2020", "index", "January 2020", nullable=True, minimum=0)


TABLES = (
    Table(
        name="merchants_weekly",
        title="Small merchants open and their revenue by week: large cities, and the counties of the state",
        key=("area_kind", "area_id", "week"),
        fields=(
            Field("area_kind", "text", "City or county", "label", choices=("city", "county")),
            _ID,
            _NAME,
            Field("state", "text", "State of the area", "name"),
            Field("population", "number", "Residents in 2019 by the tracker's list; for some cities the county's",
                  "people", "residents", minimum=0),
            _HOME,
            Field("stands_for_county", "truth", "The row is named after the city but its series is the whole county's",
                  "yes or no"),
            Field("week", "date", "Sunday that ends the week", "day"),
            _index("merchants", "Small merchants with a sale"),
            _index("revenue", "Revenue of small merchants"),
        ),
        build=build_merchants_weekly,
        inputs=(CITIES, COUNTIES, CITY_IDS, COUNTY_IDS),
        period="week",
    ),
    Table(
        name="merchants_daily_vintage",
        title="Small merchants open by day in the vintage of 2021, beside the last vintage",
        key=("area_id", "date"),
        fields=(
            _ID,
            _NAME,
            _HOME,
            Field("date", "date", "Day of the vintage of 2021", "day"),
            _index("merchants_2021", "Small merchants with a sale, vintage of 2021"),
            _index("merchants_2021_sector40", "The same, trade, transportation and utilities (supersector 40)"),
            _index("merchants_2021_sector60", "The same, professional and business services (supersector 60)"),
            _index("merchants_2021_sector65", "The same, education and health services (supersector 65)"),
            _index("merchants_2021_sector70", "The same, leisure and hospitality (supersector 70)"),
            _index("merchants_last", "Small merchants with a sale, last vintage; only on days that end a week"),
            Field("revision", "number", "merchants_last less merchants_2021: what was revised, in January 2020's",
                  "index", "January 2020", nullable=True),
        ),
        build=build_merchants_daily_vintage,
        inputs=(OLD, CITY_IDS),
        tables=("merchants_weekly",),
        period="date",
    ),
    Table(
        name="merchants_zip",
        title="Revenue of small merchants by ZIP area of the city, April and July 2020",
        key=("zcta",),
        fields=(
            Field("zcta", "text", "ZIP Code Tabulation Area, five digits", "code", pattern=r"^\d{5}$"),
            _index("revenue_april_2020", "Revenue of small merchants in April 2020"),
            _index("revenue_july_2020", "Revenue of small merchants in July 2020"),
            Field("area_id", "text", "Council district in which most of the ZIP code's certificates of occupancy are",
                  "code", pattern=r"^cd-\d{2}$"),
            Field("district_share", "number", "Share of them in that district; a low one means that the ZIP area "
                  "belongs to several", "share", "certificates", minimum=0, maximum=1),
            Field("certificates", "integer", "Certificates of occupancy by which the ZIP area was placed",
                  "certificates", "the ZIP code in the city", minimum=ENOUGH),
        ),
        build=build_merchants_zip,
        inputs=(ZIPS, PLACES),
        tables=("council_districts",),
    ),
)  # fmt: skip
