"""Businesses from the city's tax register: how long each stayed at a place, and what ended that.

The register lists locations. Nothing in it says that a business moved: a move is an end
at one location and, within ``MOVE_DAYS``, a start at another of the same account. It is
left-truncated: who ended before it began to keep ends is not in it, so a location older
than that has been under observation only since, which ``entry`` says and every estimate
of survival has to respect (delayed entry; Klein and Moeschberger 2003, section 3.4).

Rows are about single businesses, many of them one person. No row of these tables may be
published, only counts that pass disclosure control; accounts are replaced by digests, so
that none is printed by mistake. A digest of a public register hides nothing from whoever
holds the register, and is no anonymity.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.refine.contracts import GEOID_PATTERN, Field, Table
from analysis.refine.parsing import dates, numbers
from analysis.refine.parsing import listed as listed_values

if TYPE_CHECKING:
    from analysis.refine.workbench import Workbench

ALL, ACTIVE = "businesses_all", "businesses_active"
FORM = "%Y-%m-%dT%H:%M:%S.%f"
# The keys of a point come sorted, whatever else it holds.
POINT = r'"latitude": "([^"]*)", "longitude": "([^"]*)"'
ACCOUNT = r"^(\d{10})-(\d{4})-\d$"
# Starts this old are what a clerk entered who did not know.
KNOWN_FROM = pd.Timestamp("1901-01-01")
# The office asks for a notice of change within a month; half of that again for those who are late.
MOVE_DAYS = 45
LEGACY_YEARS = 20
DAYS_A_YEAR = 365.25
# A year in which fewer ends were kept than this part of the usual number is from before the office kept them.
KEPT_PART = 0.25

SECTORS = {
    "11": "Agriculture", "21": "Mining", "22": "Utilities", "23": "Construction", "31": "Manufacturing",
    "32": "Manufacturing", "33": "Manufacturing", "42": "Wholesale trade", "44": "Retail trade", "45": "Retail trade",
    "48": "Transportation and warehousing", "49": "Transportation and warehousing", "51": "Information",
    "52": "Finance and insurance", "53": "Real estate", "54": "Professional services", "55": "Management of companies",
    "56": "Administrative support", "61": "Education", "62": "Health care and social assistance",
    "71": "Arts and recreation", "72": "Accommodation and food", "81": "Other services", "92": "Public administration",
}  # fmt: skip
"""Two-digit sectors of the North American Industry Classification System, in the Census Bureau's names, shortened."""
UNKNOWN_INDUSTRY = "Not stated"


def digest(account: str) -> str:
    """A business under another name, the same every time.

    >>> digest("0000000150")
    'b-36fe9b0d3565'
    """
    return "b-" + hashlib.sha256(f"business {account}".encode()).hexdigest()[:12]


def sector(naics: pd.Series) -> pd.Series:
    """Sector of an industry code of six digits; the words for none where there is no code or an unknown one.

    >>> sector(pd.Series(["722110", "999999", None])).tolist()
    ['Accommodation and food', 'Not stated', 'Not stated']
    """
    found: pd.Series = naics.astype("str").str.strip().str[:2].map(SECTORS).fillna(UNKNOWN_INDUSTRY)
    return found


def listed(bench: Workbench) -> pd.DataFrame:
    """One row a location: account, place (its number), start, end, industry, district, point, as listed, once each."""
    raw = bench.raw(ALL, ["location_account", "naics", "council_district", "location_start_date",
                          "location_end_date", "location"])  # fmt: skip
    parts = raw["location_account"].astype("str").str.strip().str.extract(ACCOUNT)
    unreadable = parts[0].isna()
    bench.tally(ALL, "dropped", "location without a readable account", raw.index[unreadable], topic="missing")
    raw, parts = raw[~unreadable], parts[~unreadable]
    twice = raw["location_account"].duplicated()
    bench.tally(ALL, "dropped", "location stands again: the first row is kept", _years(raw[twice]), topic="repeat")
    raw, parts = raw[~twice], parts[~twice]
    point = raw["location"].astype("str").str.extract(POINT)
    strange = raw["location"].notna() & point[0].isna()
    if strange.any():
        raise AnalysisError(
            f"{ALL}: column 'location' has {int(strange.sum()):,} values without latitude and longitude "
            f"({listed_values(raw.loc[strange, 'location'])}): the portal changed the type of the column; "
            "read the new form in refine/businesses.py"
        )
    return pd.DataFrame(
        {
            "location": raw["location_account"],
            "account": parts[0],
            "place": parts[1].astype("int64"),
            "start": dates(raw["location_start_date"], ALL, FORM),
            "end": dates(raw["location_end_date"], ALL, FORM),
            "industry": sector(raw["naics"]),
            "district": numbers(raw["council_district"], ALL),
            "latitude": numbers(point[0].rename("location"), ALL),
            "longitude": numbers(point[1].rename("location"), ALL),
        }
    ).reset_index(drop=True)


def _years(raw: pd.DataFrame) -> pd.Series:
    """What names a row in the tally: the year of its start, never the business."""
    year: pd.Series = raw["location_start_date"].astype("str").str[:4].fillna("none")
    return year


def dated(bench: Workbench, rows: pd.DataFrame, fetched: pd.Timestamp) -> pd.DataFrame:
    """Locations whose start and end can be; a start nobody knew becomes missing, an end still to come none."""
    year = rows["start"].dt.year.astype("Int64").astype("str").fillna("none")
    backwards = rows["end"] < rows["start"]
    bench.tally(ALL, "dropped", "end before start", year[backwards], topic="missing")
    unborn = rows["start"] > fetched
    bench.tally(ALL, "dropped", "start after the day of the fetch", year[unborn], topic="outside")
    rows = rows[~backwards & ~unborn]
    coming = rows["end"] > fetched
    bench.tally(ALL, "changed", "end after the day of the fetch, read as still open", year[rows.index][coming])
    unknown = rows["start"].isna() | (rows["start"] < KNOWN_FROM)
    reason = f"start missing or before {KNOWN_FROM.year}, which stands for unknown: read as missing"
    bench.tally(ALL, "changed", reason, year[rows.index][unknown], topic="missing")
    return rows.assign(start=rows["start"].mask(unknown), end=rows["end"].mask(coming))


def kept_from(ends: pd.Series) -> pd.Timestamp:
    """First day of the first year in which the register kept ends as in other years.

    Before it only survivors are listed. A year counts as kept when it has at least a
    quarter of the median number of ends of all years that have any; the first year of
    the unbroken run up to the last is the one.

    >>> days = pd.Series(pd.to_datetime(["1950-03-01", *["1994-06-01"] * 9, *["1995-06-01"] * 8]))
    >>> kept_from(days)
    Timestamp('1994-01-01 00:00:00')
    """
    counts = ends.dropna().dt.year.value_counts().sort_index()
    if counts.empty:
        raise AnalysisError(
            f"{ALL}: no location has an end: column 'location_end_date' is empty, so nothing can be said of survival; "
            "compare the listing with its landing page"
        )
    counts = counts.reindex(range(counts.index[0], counts.index[-1] + 1), fill_value=0)
    thin = counts.index[counts < KEPT_PART * counts[counts > 0].median()]
    # The year under way may be thin because it has only begun.
    before = [year for year in thin if year < counts.index[-1]]
    return pd.Timestamp(max(before) + 1 if before else counts.index[0], 1, 1)


def moves(rows: pd.DataFrame) -> pd.Series:
    """For each location that ended by a move the index of the location moved to; the others are left out.

    Of several starts near the end the nearest counts, and no location is moved to twice.
    """
    several = rows[rows["account"].duplicated(keep=False)]
    ended = several[several["end"].notna()].reset_index(names="origin")
    begun = several[several["start"].notna()].reset_index(names="target")
    pairs = ended[["origin", "account", "start", "end"]].merge(
        begun[["target", "account", "start"]], on="account", suffixes=("", "_there")
    )
    gap = (pairs["start_there"] - pairs["end"]).dt.days.abs()
    later = ~(pairs["start_there"] <= pairs["start"])
    near = pairs[(pairs["origin"] != pairs["target"]) & later & (gap <= MOVE_DAYS)].assign(gap=gap)
    near = near.sort_values(["gap", "origin", "target"]).drop_duplicates("origin").drop_duplicates("target")
    found: pd.Series = near.set_index("origin")["target"].sort_index()
    return found


def placed(bench: Workbench, rows: pd.DataFrame) -> pd.DataFrame:
    """Tract and council district of each location: by its point, else by the district that the office wrote."""
    import geopandas

    zero = (rows["latitude"] == 0) & (rows["longitude"] == 0)
    bench.tally(ALL, "changed", "point at latitude and longitude 0, read as missing", rows.index[zero],
                topic="missing")  # fmt: skip
    known = rows["latitude"].notna() & ~zero
    points = geopandas.GeoSeries.from_xy(rows.loc[known, "longitude"], rows.loc[known, "latitude"], crs="EPSG:4326")
    frame = geopandas.GeoDataFrame(index=rows.index[known], geometry=points)
    found = {
        name: _within(frame, bench.refined(table), name)
        for name, table in (("geoid", "tract_shapes"), ("area_id", "council_districts"))
    }
    names = {number: f"cd-{number:02d}" for number in range(1, len(bench.refined("council_districts")) + 1)}
    by_office = rows["district"].map(names)
    by_point = found["area_id"].reindex(rows.index)
    # A point outside every district is better evidence than the number: offices keep old numbers.
    area = by_point.where(known, by_office)
    differ = by_point.notna() & by_office.notna() & (by_point != by_office)
    bench.tally(ALL, "flagged", "point and listed council district differ: the point counts", by_office[differ])
    how = np.select([by_point.notna(), ~known & by_office.notna()], ["point", "listed"], "outside")
    return rows.assign(geoid=found["geoid"].reindex(rows.index), area_id=area, place_flag=how)


def _within(points: Any, shapes: Any, name: str) -> pd.Series:
    """The code of the shape each point lies in, by index of the points; on a border the first."""
    joined = points.sjoin(shapes[[name, "geometry"]], predicate="intersects")
    found: pd.Series = joined.loc[~joined.index.duplicated(), name]
    return found


def build_business_spells(bench: Workbench) -> pd.DataFrame:
    """One row a location in the city that was open at some time under observation, sorted by spell."""
    fetched = pd.Timestamp(bench.shelf.manifest(ALL).retrieved_at[:10])
    rows = dated(bench, listed(bench), fetched)
    begins = kept_from(rows["end"])
    early = rows["end"] < begins
    reason = f"ended before the register kept ends (from {begins.year}): others of that time are not listed"
    bench.tally(ALL, "dropped", reason, rows.loc[early, "end"].dt.year)
    rows = placed(bench, rows[~early])
    target = moves(rows)
    moved = rows.index.isin(target.index)
    _check_active(bench, rows)
    there = rows["area_id"].reindex(target.to_numpy()).set_axis(target.index).reindex(rows.index)
    rows = rows.assign(
        event=np.select([moved, rows["end"].notna()], ["moved", "closed"], "open"),
        destination=_destination(rows["area_id"], there, moved),
        end=rows["end"].fillna(fetched),
        entry=rows["start"].where(rows["start"] > begins, begins),
        start_flag=np.where(rows["start"].isna(), "missing", np.where(rows["start"] < begins, "before_register", "ok")),
    )
    rows = _seniority(rows, begins)
    outside = rows["area_id"].isna()
    bench.tally(ALL, "dropped", "location outside the city", rows.index[outside], topic="outside")
    bench.tally(ALL, "flagged", "location in the city without a point: no tract", rows.loc[
        ~outside & rows["geoid"].isna(), "area_id"], topic="missing")  # fmt: skip
    bench.tally(ALL, "flagged", "no industry code, or an unknown one",
                rows.loc[~outside & (rows["industry"] == UNKNOWN_INDUSTRY), "area_id"], topic="missing")  # fmt: skip
    rows = rows[~outside]
    named = {account: digest(account) for account in rows["account"].unique()}
    business = rows["account"].map(named)
    frame = rows.assign(business=business, spell=business + "-" + rows["place"].astype("str"))
    return frame.sort_values("spell", ignore_index=True)


def _destination(here: pd.Series, there: pd.Series, moved: Any) -> Any:
    """Where a move went: the same district, another, or out of the city; empty words for no move."""
    return np.select([~moved, there.isna(), there == here], ["none", "outside_city", "same_district"], "other_district")


def _seniority(rows: pd.DataFrame, begins: pd.Timestamp) -> pd.DataFrame:
    """First known start of the business at any of its locations, and whether it is known to be 20 years old."""
    first = rows["start"].where(rows["start"].notna(), begins).groupby(rows["account"]).transform("min")
    unknown = rows["start"].isna().groupby(rows["account"]).transform("any")
    years = (rows["end"] - first).dt.days / DAYS_A_YEAR
    return rows.assign(known_since=first, known_since_flag=np.where(unknown, "at_least", "ok"),
                       legacy=years >= LEGACY_YEARS)  # fmt: skip


def _check_active(bench: Workbench, rows: pd.DataFrame) -> None:
    """Hold the listing of active businesses against this one; the listing of all has the word."""
    active = bench.raw(ACTIVE, ["location_account"])["location_account"].astype("str").str.strip()
    twice = active.duplicated()
    bench.tally(ACTIVE, "dropped", "location stands again", active.index[twice], topic="repeat")
    ended = rows.loc[rows["end"].notna(), "location"]
    bench.tally(ACTIVE, "flagged", "active here, ended in the listing of all businesses: taken as ended",
                active.index[active.isin(set(ended)) & ~twice])  # fmt: skip
    opened = rows.loc[rows["end"].isna(), "location"]
    bench.tally(ACTIVE, "flagged", "open in the listing of all businesses, not active here: taken as open",
                opened.index[~opened.isin(set(active))])  # fmt: skip


def build_business_years(bench: Workbench) -> pd.DataFrame:
    """Locations by council district, industry and year: open on 1 January, opened, closed, moved; legacy ones."""
    spells = bench.refined("business_spells")
    first, last = spells["entry"].min().year, spells["end"].max().year
    key = ["area_id", "industry"]
    counted: list[pd.DataFrame] = []
    for year in range(first, last + 1):
        begin, end = pd.Timestamp(year, 1, 1), pd.Timestamp(year + 1, 1, 1)
        within = spells["end"].between(begin, end, inclusive="left")
        there = (spells["entry"] <= begin) & (spells["end"] >= begin)
        senior = (begin - spells["known_since"]).dt.days >= LEGACY_YEARS * DAYS_A_YEAR
        marks = spells[key].assign(
            open=there,
            legacy_open=there & senior,
            opened=spells["start"].between(begin, end, inclusive="left"),
            closed=within & (spells["event"] == "closed"),
            moved=within & (spells["event"] == "moved"),
            moved_out=within & (spells["destination"] == "outside_city"),
        )
        counted.append(marks.groupby(key, as_index=False).sum().assign(year=year))
    frame = pd.concat(counted, ignore_index=True)
    frame = frame[frame.drop(columns=[*key, "year"]).sum(axis=1) > 0]
    return frame.sort_values([*key, "year"], ignore_index=True)


_AREA = Field("area_id", "text", "Council district, as in council_districts", "code", pattern=r"^cd-\d{2}$")
_INDUSTRY = Field("industry", "text", "Sector of the North American Industry Classification System", "label",
                  choices=(*dict.fromkeys(SECTORS.values()), UNKNOWN_INDUSTRY))  # fmt: skip


def _count(name: str, meaning: str) -> Field:
    return Field(name, "integer", meaning, "locations", "locations of the district and industry", minimum=0)


TABLES = (
    Table(
        name="business_spells",
        title="How long each business stayed at each of its places, and what ended that: rows are not for publication",
        key=("spell",),
        fields=(
            Field("spell", "text", "One stay of one business at one place: a digest, not for publication", "code"),
            Field("business", "text", "The business, the same in all its stays: a digest, not for publication", "code"),
            _AREA,
            Field("geoid", "text", "Census tract of 2010 by the location's point; missing without a usable point",
                  "code", nullable=True, pattern=GEOID_PATTERN),
            Field("place_flag", "text", "What the district rests on: the location's point, or the number the office "
                  "listed where there is no point", "label", choices=("point", "listed")),
            _INDUSTRY,
            Field("start", "date", "Day the business began at this place; missing where the office did not know it",
                  "day", nullable=True),
            Field("start_flag", "text", "ok; before_register: began before ends were kept, so it is here only because "
                  "it lasted that long; missing: also from before, day unknown", "label",
                  choices=("ok", "before_register", "missing")),
            Field("entry", "date", "Day from which the stay was under observation: its start, or the day the register "
                  "began to keep ends if that is later (delayed entry)", "day"),
            Field("end", "date", "Day the stay ended, or the day of the fetch where it had not (event is open)", "day"),
            Field("event", "text", "How it ended: closed; moved (another location of the account began within "
                  f"{MOVE_DAYS} days); open: not by the day of the fetch (censored)", "label",
                  choices=("closed", "moved", "open")),
            Field("destination", "text", "Where a move went", "label",
                  choices=("same_district", "other_district", "outside_city", "none")),
            Field("known_since", "date", "First day the business is known to have been at any of its locations", "day"),
            Field("known_since_flag", "text", "ok, or at_least: a start of the business is unknown, it is older",
                  "label", choices=("ok", "at_least")),
            Field("legacy", "truth", f"Known for {LEGACY_YEARS} years or more by the end of the stay (or by the fetch)",
                  "yes or no"),
        ),
        build=build_business_spells,
        inputs=(ALL, ACTIVE),
        tables=("council_districts", "tract_shapes"),
        period="end",
        notes={"disclosure": "Rows are about single businesses: publish counts that pass disclosure control only."},
    ),
    Table(
        name="business_years",
        title="Business locations by council district, industry and year",
        key=("area_id", "industry", "year"),
        fields=(
            _AREA,
            _INDUSTRY,
            Field("year", "integer", "Calendar year; the last one is the part of it before the fetch", "year"),
            _count("open", "Locations open on 1 January"),
            _count("legacy_open", f"Of them, those of businesses known for {LEGACY_YEARS} years or more"),
            _count("opened", "Locations that began in the year"),
            _count("closed", "Locations that closed in the year"),
            _count("moved", "Locations that a business left for another in the year"),
            _count("moved_out", "Of them, those left for a place outside the city"),
        ),
        build=build_business_years,
        tables=("business_spells",),
        period="year",
        notes={"disclosure": "Cells are as counted: suppress small ones, and what would reveal them, on publication."},
    ),
)  # fmt: skip
