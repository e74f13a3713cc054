"""Census tracts at four points in time, all on the boundaries of 2010.

The long form of 1990 and 2000 reaches 2010 boundaries through the crosswalk files
of the Urban Displacement Project. Those files spread counts correctly, but treat
medians like counts: a median is halved where a tract was split in half, and two
medians are added where tracts were merged. Columns ending in ``_udp`` keep the
medians as in those files, to reproduce figures published from them; the plain
columns hold the medians of the original tracts, averaged with the shares of
``tract_crosswalk`` and the number of households, renters or owners as weights.
A weighted mean of medians is not the median of the merged tract; for a tract
that was only split it is the median of the tract it came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.refine.contracts import FLAGS, GEOID, Field, Table
from analysis.refine.crosswalk import (
    CROSSWALK,
    INCOME_BOUNDS,
    INCOME_BOUNDS_2000,
    INCOME_COLUMNS,
    bracket_bounds,
    originals,
    spread,
)
from analysis.refine.parsing import listed, numbers
from analysis.refine.vintages import check_vintage, joined_geoids

if TYPE_CHECKING:
    from analysis.refine.workbench import Workbench

PERIODS = ("1990", "2000", "2012", "2018")
DOLLAR_YEARS = {"1990": 1989, "2000": 1999, "2012": 2012, "2018": 2018}
HOUSING_DOLLAR_YEARS = {"1990": 1990, "2000": 2000, "2012": 2012, "2018": 2018}
SURVEYS = {"2012": "acs5_2012", "2018": "acs5_2018"}

# A carried median counts as cut off when this share of its homes is in tracts whose median is.
CUT_OFF_SHARE = 0.01

# A published median this far from the restored one was scaled, not rounded.
NOTICEABLE = 0.01

NO_ESTIMATE = -666_666_666
NO_MARGIN = -222_222_222
CODED_MARGIN = -333_333_333
CONTROLLED_MARGIN = -555_555_555

PERIOD = Field(
    "period", "text",
    "1990 and 2000: decennial census; 2012 and 2018: last year of the five-year American Community Survey",
    "label", choices=PERIODS,
)  # fmt: skip
DOLLAR_YEAR = Field(
    "dollar_year", "integer",
    "Calendar year whose dollars incomes are in: a census asks for the income of the year before it",
    "year", minimum=1980, maximum=2100,
)  # fmt: skip
HOUSING_DOLLAR_YEAR = Field(
    "housing_dollar_year", "integer",
    "Calendar year whose dollars rents, values and housing costs are in: a census asks for those of its own April",
    "year", minimum=1980, maximum=2100,
)  # fmt: skip

# name, meaning, unit, denominator
COUNTS: tuple[tuple[str, str, str, str], ...] = (
    ("population", "Residents", "people", "all residents of the tract"),
    ("households", "Households", "households", "all households of the tract"),
    ("white_nonhispanic", "White residents who are not Hispanic", "people", "population"),
    ("black_nonhispanic", "Black residents who are not Hispanic", "people", "population"),
    ("asian_nonhispanic", "Asian residents who are not Hispanic", "people", "population"),
    ("hispanic", "Hispanic or Latino residents of any race", "people", "population"),
    ("adults_25plus", "Residents aged 25 and over", "people", "population"),
    ("bachelors_plus", "Adults with a bachelor's or higher degree", "people", "adults_25plus"),
    ("housing_units", "Housing units, occupied and vacant", "homes", "all homes of the tract"),
    ("vacant_units", "Vacant housing units", "homes", "housing_units"),
    ("owner_occupied", "Homes lived in by their owner", "homes", "occupied homes"),
    ("renter_occupied", "Homes lived in by renters", "homes", "occupied homes"),
    ("built_before_1950", "Housing units built before 1950", "homes", "housing_units"),
    ("movers_with_income", "People with income who moved into their home within a year", "people", "population 15+"),
    ("college_students", "Residents enrolled in college or graduate school", "people", "population aged 3 and over"),
)
MEDIANS: tuple[tuple[str, str, str, str], ...] = (
    ("median_household_income", "Median household income of a year", "dollars", "households"),
    ("median_gross_rent", "Median gross rent of a month", "dollars", "renter households paying cash rent"),
    ("median_home_value", "Median value of owner-occupied homes", "dollars", "owner-occupied homes"),
    ("median_housing_costs", "Median housing costs of a month", "dollars", "occupied homes"),
    ("median_individual_income", "Median income of a person in a year", "dollars", "people 15+ with income"),
)
UDP_MEDIANS = ("median_household_income", "median_gross_rent", "median_home_value")

# Counts of a survey: the variables whose estimates add up to the count. Margins ("M") are asked for only where held.
_MOVED_BY_ORIGIN = (25, 36, 47, 58)
SURVEY_COUNTS: dict[str, tuple[str, ...]] = {
    "population": ("B03002_001",),
    "households": ("B19001_001",),
    "white_nonhispanic": ("B03002_003",),
    "black_nonhispanic": ("B03002_004",),
    "asian_nonhispanic": ("B03002_006",),
    "hispanic": ("B03002_012",),
    "adults_25plus": ("B15003_001",),
    "bachelors_plus": ("B15003_022", "B15003_023", "B15003_024", "B15003_025"),
    "housing_units": ("B25001_001",),
    "vacant_units": ("B25002_003",),
    "owner_occupied": ("B25003_002",),
    "renter_occupied": ("B25003_003",),
    "built_before_1950": ("B25034_010", "B25034_011"),
    "movers_with_income": tuple(f"B07010_{number:03d}" for number in _MOVED_BY_ORIGIN),
    "college_students": ("B14007_017", "B14007_018"),
}
SURVEY_MEDIANS = {
    "median_household_income": "B19013_001",
    "median_gross_rent": "B25064_001",
    "median_home_value": "B25077_001",
    "median_housing_costs": "B25105_001",
    "median_individual_income": "B06011_001",
}
# The value printed instead of a median below the lowest or above the highest bracket, by year.
# Source: technical documentation of each file, "jam values" of medians.
CODES: dict[str, dict[str, tuple[int, int]]] = {
    "1990": {
        "median_household_income": (4_999, 150_001),
        "median_gross_rent": (99, 1_001),
        "median_home_value": (14_999, 500_001),
    },
    "2000": {
        "median_household_income": (2_499, 200_001),
        "median_gross_rent": (99, 2_001),
        "median_home_value": (9_999, 1_000_001),
    },
    "2012": {
        "median_household_income": (2_499, 250_001),
        "median_gross_rent": (99, 2_001),
        "median_home_value": (9_999, 1_000_001),
        "median_housing_costs": (99, 4_001),
        "median_individual_income": (2_499, 250_001),
    },
    "2018": {
        "median_household_income": (2_499, 250_001),
        "median_gross_rent": (99, 3_501),
        "median_home_value": (9_999, 2_000_001),
        "median_housing_costs": (99, 4_001),
        "median_individual_income": (2_499, 250_001),
    },
}
# Column of the crosswalk file, variable of the census with the median, variable of the census with its universe.
CENSUS_MEDIANS = {
    "1990": {
        "median_household_income": ("hinc_90", "P080A001", "P0050001"),
        "median_gross_rent": ("mrent_90", "H043A001", "H0080002"),
        "median_home_value": ("mhval_90", "H061A001", "H0080001"),
    },
    "2000": {
        "median_household_income": ("hinc_00", "P053001", "P052001"),
        "median_gross_rent": ("mrent_00", "H063001", "H004003"),
        "median_home_value": ("mhval_00", "H085001", "H004002"),
    },
}
CENSUS_COUNTS: dict[str, dict[str, tuple[str, ...]]] = {
    "1990": {
        "population": ("pop_90",),
        "households": ("hh_90",),
        "white_nonhispanic": ("white_90",),
        "adults_25plus": tuple(f"total_25_col_{level}_90" for level in ("9th", "12th", "hs", "sc", "ad", "bd", "gd")),
        "bachelors_plus": ("total_25_col_bd_90", "total_25_col_gd_90"),
        "owner_occupied": ("ohu_90",),
        "renter_occupied": ("rhu_90",),
    },
    "2000": {
        "population": ("pop_00",),
        "households": ("hh_00",),
        "white_nonhispanic": ("white_00",),
        "adults_25plus": ("total_25_00",),
        "bachelors_plus": tuple(
            f"{sex}_25_col_{level}_00" for sex in ("male", "female") for level in ("bd", "md", "psd", "phd")
        ),
        "owner_occupied": ("ohu_00",),
        "renter_occupied": ("rhu_00",),
    },
}
MOVER_BOUNDS = (0, 10_000, 15_000, 25_000, 35_000, 50_000, 65_000, 75_000)


@dataclass(frozen=True)
class Estimate:
    """Values by tract with why each is as it is, and the margin where one is published."""

    value: pd.Series
    flag: pd.Series
    moe: pd.Series | None = None


def build_tract_periods(bench: Workbench) -> pd.DataFrame:
    """Counts and medians of every tract in the four periods, sorted by tract and period."""
    surveys = {period: survey_rows(bench, dataset) for period, dataset in SURVEYS.items()}
    tracts = surveys["2018"].index
    check_vintage(surveys["2012"].index, tracts, dataset="acs5_2012", vintage="2010")
    shares = bench.refined("tract_crosswalk")
    frames = []
    for period in ("1990", "2000"):
        estimates, published = census_estimates(bench, period, shares, tracts)
        frames.append(_assemble(tracts, period, estimates, published))
    for period, rows in surveys.items():
        estimates = survey_estimates(bench, period, rows)
        published = {name: estimates[name].value for name in UDP_MEDIANS if name in estimates}
        frames.append(_assemble(tracts, period, estimates, published))
    return pd.concat(frames, ignore_index=True).sort_values(["geoid", "period"], ignore_index=True)


def survey_rows(bench: Workbench, dataset: str) -> pd.DataFrame:
    """A survey's text rows of the city's county by tract code, in order of the code."""
    raw = bench.raw(dataset, ["state", "county", "tract"])
    code = joined_geoids(raw, dataset)
    here = code.str.startswith(bench.city.county_fips)
    bench.tally(dataset, "dropped", f"tract outside {bench.city.county}", code[~here], topic="outside")
    twice = code[here & code.duplicated()]
    if len(twice):
        raise AnalysisError(f"{dataset}: tract codes stand twice ({listed(twice)}): fetch it again")
    frame: pd.DataFrame = raw[here].assign(geoid=code[here]).set_index("geoid").sort_index()
    bench.tally(dataset, "kept", "tract read", frame.index)
    return frame


def survey_estimates(bench: Workbench, period: str, rows: pd.DataFrame) -> dict[str, Estimate]:
    """Every estimate that the survey of this period holds."""
    dataset = SURVEYS[period]
    found: dict[str, Estimate] = {}
    for name, variables in SURVEY_COUNTS.items():
        if all(f"{variable}E" in rows for variable in variables):
            found[name] = _survey_count(rows, dataset, variables)
    for name, variable in SURVEY_MEDIANS.items():
        if f"{variable}E" in rows:
            found[name] = survey_median(rows, dataset, variable, CODES[period][name])
            _tally_flags(bench, dataset, name, found[name].flag)
    return found


def _survey_count(rows: pd.DataFrame, dataset: str, variables: tuple[str, ...]) -> Estimate:
    values = pd.DataFrame({name: numbers(rows[f"{name}E"], dataset) for name in variables})
    if (values < 0).any(axis=None):
        bad = values.index[(values < 0).any(axis=1)]
        raise AnalysisError(
            f"{dataset}: a count of {listed(variables)} is negative in tracts {listed(bad)}: "
            "counts have no sentinel; fetch it again"
        )
    moe = None
    if all(f"{name}M" in rows for name in variables):
        margins = pd.DataFrame({name: survey_margin(rows[f"{name}M"], dataset) for name in variables})
        # The handbook's rule for a sum: root of the sum of squares.
        moe = (margins**2).sum(axis=1, skipna=False) ** 0.5
    return Estimate(values.sum(axis=1), pd.Series("ok", index=rows.index, dtype="str"), moe)


def survey_margin(column: pd.Series, dataset: str) -> pd.Series:
    """A margin at 90 percent; NaN where none is published, 0 for controlled totals.

    >>> survey_margin(pd.Series(["120", "-222222222", "-333333333", "-555555555"]), "acs5_2018").tolist()
    [120.0, nan, nan, 0.0]
    """
    margin = numbers(column, dataset)
    known = margin.replace({CONTROLLED_MARGIN: 0.0, NO_MARGIN: np.nan, CODED_MARGIN: np.nan})
    if (known < 0).any():
        raise AnalysisError(
            f"{dataset}: column {column.name!r} has unknown codes ({listed(sorted(set(known[known < 0])))}): "
            "look them up in the Bureau's notes on ACS estimate and annotation values and add them here"
        )
    return known


def survey_median(rows: pd.DataFrame, dataset: str, variable: str, codes: tuple[int, int]) -> Estimate:
    """A median with its flag: sentinel, bottom-coded, top-coded or ok.

    A median whose margin says "open-ended" is coded even at a value not foreseen.

    >>> rows = pd.DataFrame({"X_001E": ["-666666666", "3501", "900"], "X_001M": ["-222222222", "-333333333", "80"]})
    >>> survey_median(rows, "acs5_2018", "X_001", (99, 3501)).flag.tolist()
    ['missing_sentinel', 'top_coded', 'ok']
    """
    value = numbers(rows[f"{variable}E"], dataset)
    unknown = (value < 0) & (value != NO_ESTIMATE)
    if unknown.any():
        raise AnalysisError(
            f"{dataset}: column '{variable}E' has unknown codes ({listed(sorted(set(value[unknown])))}, first in "
            f"tract {value.index[unknown][0]}): add them to the sentinels in refine/census_tracts.py"
        )
    moe = survey_margin(rows[f"{variable}M"], dataset) if f"{variable}M" in rows else None
    open_ended = pd.Series(False, index=rows.index)
    if moe is not None:
        open_ended = numbers(rows[f"{variable}M"], dataset) == CODED_MARGIN
    missing = value == NO_ESTIMATE
    bottom, top = codes
    upper = value > value[~missing].median()
    flag = np.select(
        [missing, (value >= top) | (open_ended & upper), (value <= bottom) | open_ended],
        ["missing_sentinel", "top_coded", "bottom_coded"],
        "ok",
    )
    return Estimate(value.mask(missing), pd.Series(flag, index=rows.index, dtype="str"), moe)


def census_estimates(
    bench: Workbench, period: str, shares: pd.DataFrame, tracts: pd.Index
) -> tuple[dict[str, Estimate], dict[str, pd.Series]]:
    """Counts and medians of a decennial census on 2010 tracts, and the medians as the crosswalk file has them."""
    dataset = CROSSWALK[period]
    carried = spread(bench, period).set_index("geoid")
    check_vintage(carried.index, tracts, dataset=dataset, vintage="2010")
    absent = tracts.difference(carried.index)
    bench.tally(dataset, "flagged", f"tract of 2010 without figures of {period}: not in the crosswalk file", absent)
    ok = pd.Series("ok", index=carried.index, dtype="str")
    estimates = {
        name: Estimate(carried[list(columns)].sum(axis=1), ok) for name, columns in CENSUS_COUNTS[period].items()
    }
    old = originals(bench, period).set_index("geoid")
    here = shares[shares["vintage"] == period]
    published = {}
    for name, (column, median, universe) in CENSUS_MEDIANS[period].items():
        found = carried_median(old[median], old[universe], here, carried.index, CODES[period][name])
        # A tract without residents has no shares to recover and no median to miss.
        empty = (estimates["population"].value == 0) & (found.flag == "missing_crosswalk")
        found = Estimate(found.value, found.flag.mask(empty, "missing_zero"))
        estimates[name] = found
        _tally_flags(bench, dataset, name, found.flag)
        scaled = (carried[column] - found.value).abs() > NOTICEABLE * found.value
        bench.tally(dataset, "changed", f"{name}: scaled by shares of tracts in the file, restored",
                    carried.index[scaled], topic="replaced")  # fmt: skip
        bench.tally(dataset, "changed", f"{name}: zero in the crosswalk file read as missing in {name}_udp",
                    carried.index[carried[column] == 0], topic="missing")  # fmt: skip
        published[name] = carried[column].mask(carried[column] == 0)
    return estimates, published


def carried_median(
    median: pd.Series, universe: pd.Series, shares: pd.DataFrame, tracts: pd.Index, codes: tuple[int, int]
) -> Estimate:
    """Medians of old tracts on new tracts, in whole dollars, with the reason where one is missing or cut off.

    ``median`` and ``universe`` (its households, renters or owners) are by old tract; a
    median of 0 means "none". The mean is that of ``methods.crosswalk_recovery.carry_median``.
    A median that rests on top- or bottom-coded ones is flagged as such.

    >>> shares = pd.DataFrame({"source_geoid": ["a", "a", "b"], "geoid": ["x", "y", "y"], "share": [0.5, 0.5, 1.0]})
    >>> old = pd.DataFrame({"rent": [700.0, 2001.0], "homes": [100.0, 50.0]}, index=["a", "b"])
    >>> found = carried_median(old["rent"], old["homes"], shares, pd.Index(["x", "y", "z"]), (99, 2001))
    >>> found.value.tolist(), found.flag.tolist()
    ([700.0, 1350.0, nan], ['ok', 'top_coded', 'missing_crosswalk'])
    """
    from analysis.methods.crosswalk_recovery import RecoveredCrosswalk, carry_median

    weights = shares.rename(columns={"source_geoid": "source", "geoid": "target", "share": "weight"})
    crosswalk = RecoveredCrosswalk(weights, pd.Series(0.0, index=tracts), ())
    known = median.mask(median <= 0)
    value = carry_median(crosswalk, known, universe).round()
    each = weights["source"].map(known)
    bottom, top = codes
    parts = {
        "all": _homes_where(weights, universe, each.notna() | each.isna()),
        "top": _homes_where(weights, universe, each >= top),
        "bottom": _homes_where(weights, universe, each <= bottom),
    }
    sums = pd.DataFrame(parts).reindex(tracts)
    flag = np.select(
        [
            sums["all"].isna(),
            value.isna(),
            sums["top"] > CUT_OFF_SHARE * sums["all"],
            sums["bottom"] > CUT_OFF_SHARE * sums["all"],
        ],
        ["missing_crosswalk", "missing_zero", "top_coded", "bottom_coded"],
        "ok",
    )
    return Estimate(value, pd.Series(flag, index=tracts, dtype="str"))


def _homes_where(weights: pd.DataFrame, universe: pd.Series, chosen: pd.Series) -> pd.Series:
    homes = (weights["weight"] * weights["source"].map(universe)).where(chosen, 0.0)
    return homes.groupby(weights["target"]).sum()


_FLAG_REASONS = {
    "missing_sentinel": "no estimate (-666666666), read as missing",
    "missing_zero": "a median of 0 means none was published, read as missing; too few homes have one",
    "missing_crosswalk": "the tract's shares could not be recovered, median missing",
    "top_coded": "top-coded: the true median is higher",
    "bottom_coded": "bottom-coded: the true median is lower",
}


def _tally_flags(bench: Workbench, dataset: str, name: str, flag: pd.Series) -> None:
    for word, reason in _FLAG_REASONS.items():
        missing = word in ("missing_sentinel", "missing_zero")
        action, topic = ("changed", "missing") if missing else ("flagged", "")
        bench.tally(dataset, action, f"{name}: {reason}", flag.index[flag == word], topic)


def _assemble(
    tracts: pd.Index, period: str, estimates: dict[str, Estimate], published: dict[str, pd.Series]
) -> pd.DataFrame:
    """All columns of one period in their declared order; what the period does not publish is missing and says so."""
    columns: dict[str, object] = {
        "geoid": tracts.astype("str"),
        "period": pd.Series(period, index=tracts, dtype="str"),
        "dollar_year": DOLLAR_YEARS[period],
        "housing_dollar_year": HOUSING_DOLLAR_YEARS[period],
    }
    nothing = pd.Series(np.nan, index=tracts)
    for name, *_ in (*COUNTS, *MEDIANS):
        found = estimates.get(name)
        if found is None:
            columns |= {name: nothing, f"{name}_moe": nothing, f"{name}_flag": "not_published"}
            continue
        columns[name] = found.value.reindex(tracts)
        columns[f"{name}_moe"] = nothing if found.moe is None else found.moe.reindex(tracts)
        columns[f"{name}_flag"] = found.flag.reindex(tracts).fillna("missing_crosswalk")
    for name in UDP_MEDIANS:
        columns[f"{name}_udp"] = published[name].reindex(tracts) if name in published else nothing
    return pd.DataFrame(columns).reset_index(drop=True)


def build_income_brackets(bench: Workbench) -> pd.DataFrame:
    """Households by bracket of household income, sorted by tract, period and bracket."""
    rows = survey_rows(bench, "acs5_2018")
    tracts = rows.index
    parts = []
    for period, columns in INCOME_COLUMNS.items():
        carried = spread(bench, period).set_index("geoid")
        check_vintage(carried.index, tracts, dataset=CROSSWALK[period], vintage="2010")
        bounds = bracket_bounds(INCOME_BOUNDS[period])
        parts.append(_brackets(carried[list(columns)], period, bounds, "households"))
    bounds = bracket_bounds(INCOME_BOUNDS_2000)
    counts = pd.DataFrame(
        {low: numbers(rows[f"B19001_{number:03d}E"], "acs5_2018") for number, (low, _) in enumerate(bounds, 2)}
    )
    parts.append(_brackets(counts, "2018", bounds, "households"))
    return _stacked(parts)


def build_mover_brackets(bench: Workbench) -> pd.DataFrame:
    """Recent movers by bracket of individual income, added up over where they came from."""
    bounds = bracket_bounds(MOVER_BOUNDS)
    parts = []
    for period, dataset in SURVEYS.items():
        rows = survey_rows(bench, dataset)
        counts = {
            low: sum(
                numbers(rows[f"B07010_{first + number:03d}E"], dataset) for first in _MOVED_BY_ORIGIN
            )
            for number, (low, _) in enumerate(bounds, 1)
        }  # fmt: skip
        parts.append(_brackets(pd.DataFrame(counts), period, bounds, "movers"))
    return _stacked(parts)


def _brackets(counts: pd.DataFrame, period: str, bounds: list[tuple[float, float]], what: str) -> pd.DataFrame:
    """One row a tract and bracket, from one column a bracket."""
    blocks = [
        pd.DataFrame(
            {
                "geoid": counts.index.astype("str"),
                "period": period,
                "dollar_year": DOLLAR_YEARS[period],
                "bracket_low": low,
                "bracket_high": high,
                what: counts[column].to_numpy(),
            }
        )
        for column, (low, high) in zip(counts.columns, bounds, strict=True)
    ]
    return pd.concat(blocks, ignore_index=True)


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True).sort_values(["geoid", "period", "bracket_low"], ignore_index=True)


def _estimate_fields(name: str, meaning: str, unit: str, denominator: str) -> tuple[Field, ...]:
    return (
        Field(name, "number", meaning, unit, denominator, nullable=True, minimum=0),
        Field(
            f"{name}_moe", "number", f"Margin of error at 90 percent of: {meaning}", unit, denominator,
            nullable=True, minimum=0,
        ),
        Field(
            f"{name}_flag", "text", f"Why this value is as it is, or why it is missing: {meaning}", "label",
            choices=FLAGS,
        ),
    )  # fmt: skip


def _period_fields() -> tuple[Field, ...]:
    estimates = (field for named in (*COUNTS, *MEDIANS) for field in _estimate_fields(*named))
    as_published = (
        Field(
            f"{name}_udp", "number",
            f"{meaning}, for 1990 and 2000 as in the Urban Displacement Project's crosswalk file, which scales "
            "medians by shares of tracts: only for reproducing figures made from that file",
            unit, denominator, nullable=True, minimum=0,
        )
        for name, meaning, unit, denominator in MEDIANS
        if name in UDP_MEDIANS
    )  # fmt: skip
    return (GEOID, PERIOD, DOLLAR_YEAR, HOUSING_DOLLAR_YEAR, *estimates, *as_published)


_BRACKETS = (
    Field("bracket_low", "number", "Lower bound of the income bracket", "dollars", minimum=0),
    Field("bracket_high", "number", "Upper bound, missing for the open bracket", "dollars", nullable=True, minimum=0),
)

TABLES = (
    Table(
        name="tract_periods",
        title="Census tracts of 2010 at four points in time",
        key=("geoid", "period"),
        fields=_period_fields(),
        build=build_tract_periods,
        inputs=(
            "acs5_2012", "acs5_2018", "crosswalk_1990_2010", "crosswalk_2000_2010",
            "sf1_2000", "sf3_1990", "sf3_2000",
        ),
        tables=("tract_crosswalk",),
        period="period",
    ),
    Table(
        name="tract_income_brackets",
        title="Households of each tract by bracket of household income",
        key=("geoid", "period", "bracket_low"),
        fields=(
            GEOID, PERIOD, DOLLAR_YEAR, *_BRACKETS,
            Field("households", "number", "Households in the bracket", "households", "households of the tract",
                  minimum=0),
        ),
        build=build_income_brackets,
        inputs=("acs5_2018", "crosswalk_1990_2010", "crosswalk_2000_2010"),
        period="period",
    ),
    Table(
        name="tract_mover_brackets",
        title="People who moved into each tract within a year by bracket of their income",
        key=("geoid", "period", "bracket_low"),
        fields=(
            GEOID, PERIOD, DOLLAR_YEAR, *_BRACKETS,
            Field("movers", "number", "People with income who moved within a year", "people", "movers with income",
                  minimum=0),
        ),
        build=build_mover_brackets,
        inputs=("acs5_2012", "acs5_2018"),
        period="period",
    ),
)  # fmt: skip
