"""The six measures of neighbourhood change, by tract, with their sampling errors and reasons where there is none.

The measures are those the City's Innovation Team named for its Los Angeles Index
of Neighborhood Change (2016): the ratio of low- to high-income households, the
shares of adults with a bachelor's degree and of White non-Hispanic residents, real
median household income, real median rent and average household size. The team
worked with ZIP codes and tax filers; here the places are census tracts, and low and
high incomes are below 80 and above 120 percent of the area's median household
income of the same year, so that inflation alone moves no household. (From brackets
the medians of Los Angeles County come out about 1 percent above the published
42,189 dollars of 1999 and 64,251 of 2018.)

Signs say which way counts as change of the kind the index is about: fewer
low-income households per high-income one and smaller households count as change,
as do rises of the other four.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods import margins_of_error as moe
from analysis.methods.prices import PriceIndex
from analysis.methods.weighted_quantiles import below, median_from_brackets
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """One measure: its column, its name, whether it changes in percent or points, and which way is change."""

    key: str
    label: str
    unit: str
    change_unit: str
    sign: int
    theme: str


MEASURES: tuple[Measure, ...] = (
    Measure("low_high_ratio", "Low- per high-income household", "ratio", "percent", -1, "income"),
    Measure("bachelors_share", "Adults with a bachelor's degree", "percent", "points", 1, "education"),
    Measure("white_share", "White non-Hispanic residents", "percent", "points", 1, "race and ethnicity"),
    Measure("median_household_income", "Real median household income", "dollars", "percent", 1, "income"),
    Measure("median_gross_rent", "Real median gross rent", "dollars", "percent", 1, "rent"),
    Measure("household_size", "People per household", "ratio", "percent", -1, "household size"),
)
KEYS = tuple(measure.key for measure in MEASURES)
FORMS = ("log", "percent")
TOP_CODED = ("leave_out", "keep")
STATUSES = ("scored", "few households", "group quarters", "missing", "top-coded")

CENSUS_PERIODS = ("1990", "2000")
# The long form went to one household in six; its variance is 5 p (1 - p) / N times the square of a design factor,
# about 1.2 for education and income (Census 2000 Summary File 3, technical documentation, chapter 8).
LONG_FORM_FACTOR = 5 * 1.2**2
# Ratio and median come from the same incomes: 0.5 to 0.9 in simulated lognormal incomes, by the tract's level.
INCOME_ERROR_CORRELATION = 0.7
FEWEST_HOUSEHOLDS = 100
# More people per household than this are not households: dormitories, jails, hospitals.
LARGEST_HOUSEHOLD = 8.0


@dataclass(frozen=True)
class IncomeLimits:
    """Where low incomes end and high ones begin, in dollars of the period; ``median`` is the area's."""

    period: str
    median: float
    low: float
    high: float


def income_limits(brackets: pd.DataFrame, period: str, *, low: float = 0.8, high: float = 1.2) -> IncomeLimits:
    """Limits relative to the median household income of the whole area that the brackets cover.

    ``brackets`` has geoid, period, bracket_low, bracket_high (NaN: open), households.
    The median is interpolated inside its bracket. Raises AnalysisError for a period
    without rows, or when the high limit lies in the open bracket.

    >>> table = pd.DataFrame({"geoid": "a", "period": "2018", "households": [40.0, 40.0, 20.0],
    ...                       "bracket_low": [0.0, 50e3, 100e3], "bracket_high": [50e3, 100e3, np.nan]})
    >>> income_limits(table, "2018")
    IncomeLimits(period='2018', median=62500.0, low=50000.0, high=75000.0)
    """
    rows = brackets[brackets["period"].astype(str) == period]
    if rows.empty:
        raise AnalysisError(f"neighbourhood change: the income brackets have no rows for {period}")
    total = rows.groupby(["bracket_low", "bracket_high"], dropna=False)["households"].sum().reset_index()
    median = median_from_brackets(total["bracket_low"], total["bracket_high"], total["households"])
    below(total["bracket_low"], total["bracket_high"], total["households"], high * median)
    return IncomeLimits(period, median, low * median, high * median)


@dataclass(frozen=True, eq=False)
class ChangeMeasures:
    """The six measures of every tract.

    ``table`` (index: geoid) has for each measure ``<key>_before`` and ``<key>_after``
    (shares in percent, dollars of ``dollar_year``) with their standard errors
    ``<key>_before_error`` and ``<key>_after_error``, ``<key>_change`` (percent or points,
    not yet oriented), ``<key>_error`` (standard error of the change), and ``status``
    (one of STATUSES) with ``reason``. ``design_factors`` were learnt from the survey's own margins.
    """

    table: pd.DataFrame
    before: str
    after: str
    form: str
    index: str
    dollar_year: int
    limits: tuple[IncomeLimits, IncomeLimits]
    design_factors: Mapping[str, float]

    @property
    def scored(self) -> pd.Series:
        """Which tracts have all six measures."""
        return self.table["status"] == "scored"

    @property
    def oriented(self) -> pd.DataFrame:
        """Changes with their sign, so that more is more change; NaN in all six where a tract is not scored."""
        signed = pd.DataFrame({m.key: m.sign * self.table[f"{m.key}_change"] for m in MEASURES})
        return signed.where(self.scored)

    @property
    def errors(self) -> pd.DataFrame:
        """Standard errors of the changes, same shape as ``oriented``."""
        return pd.DataFrame({key: self.table[f"{key}_error"] for key in KEYS})

    @property
    def error_correlation(self) -> pd.DataFrame:
        """Correlation of the errors of the oriented changes, the same for all tracts."""
        table = pd.DataFrame(np.eye(len(KEYS)), index=list(KEYS), columns=list(KEYS))
        pair = ["low_high_ratio", "median_household_income"]
        table.loc[pair[0], pair[1]] = table.loc[pair[1], pair[0]] = INCOME_ERROR_CORRELATION
        return table

    @property
    def counts(self) -> pd.Series:
        """Number of tracts by status."""
        return self.table["status"].value_counts().reindex(STATUSES, fill_value=0)

    def by_tract(self, *, level: float = 0.9) -> pd.DataFrame:
        """One row a tract (column geoid), in order: levels and changes with normal intervals of ``level``.

        For each measure ``KEY_before``, ``KEY_after`` (shares in percent, dollars of ``dollar_year``) and
        ``KEY_change`` (percent or points), each with ``_low`` and ``_high``: of a share from 0 to 100, of other levels
        never below zero; of a change on the log scale its ends in percent. ``status`` is ok, or no_data where the tract
        is not scored, and then there are no numbers; ``reason`` says why. The default level is the one the American
        Community Survey publishes its margins at.
        """
        table = self.table.sort_index()
        scored = table["status"] == "scored"
        reach = NormalDist().inv_cdf((1 + level) / 2)
        columns: dict[str, pd.Series] = {}
        for measure in MEASURES:
            key = measure.key
            most = 100.0 if measure.unit == "percent" else np.inf
            for when in ("before", "after"):
                value, error = table[f"{key}_{when}"], reach * table[f"{key}_{when}_error"]
                columns[f"{key}_{when}"] = value
                for end, shift in {"_low": -error, "_high": error}.items():
                    columns[f"{key}_{when}{end}"] = (value + shift).clip(0, most)
            change, error = table[f"{key}_change"], reach * table[f"{key}_error"]
            log = self.form == "log" and measure.change_unit == "percent"
            for end, moved in {"": change, "_low": change - error, "_high": change + error}.items():
                columns[f"{key}_change{end}"] = 100 * np.expm1(moved / 100) if log else moved
        found = pd.DataFrame(columns).where(scored)
        found["status"] = np.where(scored, "ok", "no_data")
        found["reason"] = table["reason"]
        return found.rename_axis("geoid").reset_index()

    def restrict(self, geoids: Iterable[str]) -> ChangeMeasures:
        """The measures of some tracts only, such as those of a city; limits stay those of the whole area.

        Raises AnalysisError for a tract that was not measured.
        """
        wanted = set(geoids)
        stray = sorted(map(str, wanted - set(self.table.index)))
        if stray:
            raise AnalysisError(
                f"neighbourhood change: {len(stray)} of {len(wanted)} tracts are not in the measures, first {stray[0]}"
            )
        table = self.table[self.table.index.isin(wanted)]
        return ChangeMeasures(
            table, self.before, self.after, self.form, self.index, self.dollar_year, self.limits, self.design_factors
        )


def change_measures(
    tract_periods: pd.DataFrame,
    income_brackets: pd.DataFrame,
    index: PriceIndex,
    *,
    before: str = "2000",
    after: str = "2018",
    form: str = "log",
    top_coded: str = "leave_out",
) -> ChangeMeasures:
    """Measure the change of every tract between two periods.

    ``tract_periods`` and ``income_brackets`` are the refined tables of one whole
    area (a county): its median income sets the limits. Incomes are in dollars of
    ``dollar_year`` and rents of ``housing_dollar_year`` (a census asks for the income
    of the year before, and for the rent of its own). ``form`` is ``log``, which
    treats doubling and halving alike (100 times the log ratio), or ``percent``.
    ``top_coded="keep"`` takes a top-coded median at its code, a lower bound.

    A tract without one of the measures is not scored; status and reason say why.
    The result is in dollars of the year of ``after``.

    Raises AnalysisError for an unknown option or an absent period.
    """
    if form not in FORMS or top_coded not in TOP_CODED:
        raise AnalysisError(f"neighbourhood change: form is one of {FORMS}, top_coded one of {TOP_CODED}")
    first, last = _period(tract_periods, before), _period(tract_periods, after)
    tracts = last.index.union(first.index)
    first, last = first.reindex(tracts), last.reindex(tracts)
    limits = (income_limits(income_brackets, before), income_limits(income_brackets, after))
    dollar_year = int(last["dollar_year"].dropna().iloc[0])
    factors = design_factors(last)
    counts = [_income_counts(income_brackets, limit, tracts) for limit in limits]
    levels = [_levels(rows, count, index, dollar_year) for rows, count in zip((first, last), counts, strict=True)]
    relative = _relative_errors(last, levels[1], counts[1], factors, after)
    earlier = _relative_errors(first, levels[0], counts[0], factors, before, later=(relative, last, first))
    table = _changes(levels, (earlier, relative), form)
    status, reason = _status((first, last), levels, (before, after), top_coded)
    table["status"], table["reason"] = status, reason
    return ChangeMeasures(table, before, after, form, index.name, dollar_year, limits, factors)


def _period(tract_periods: pd.DataFrame, period: str) -> pd.DataFrame:
    rows = tract_periods[tract_periods["period"].astype(str) == period]
    if rows.empty:
        known = ", ".join(sorted(tract_periods["period"].astype(str).unique()))
        raise AnalysisError(f"neighbourhood change: the tract table has no period {period}; it has {known}")
    if rows["geoid"].duplicated().any():
        first = rows.loc[rows["geoid"].duplicated(), "geoid"].iloc[0]
        raise AnalysisError(f"neighbourhood change: tract {first} has two rows for {period}")
    return rows.set_index("geoid").sort_index()


def design_factors(rows: pd.DataFrame) -> dict[str, float]:
    """How much larger than a simple random sample's the survey's variances are, for people and for households.

    ``rows``: the tract table of one survey. Learnt from its own margins of race and of tenure, for tables that come
    without; see :func:`analysis.methods.margins_of_error.design_factor`.
    """
    white = rows["white_nonhispanic"] / rows["population"].where(rows["population"] > 0)
    white_margin = moe.of_proportion(
        rows["white_nonhispanic"], rows["population"], rows["white_nonhispanic_moe"], rows["population_moe"]
    )
    homes = rows["owner_occupied"] + rows["renter_occupied"]
    homes_margin = moe.of_sum(np.stack([rows["owner_occupied_moe"], rows["renter_occupied_moe"]], axis=1))
    owned = rows["owner_occupied"] / homes.where(homes > 0)
    owned_margin = moe.of_proportion(rows["owner_occupied"], homes, rows["owner_occupied_moe"], homes_margin)
    return {
        "people": moe.design_factor(white, rows["population"], white_margin),
        "households": moe.design_factor(owned, homes, owned_margin),
    }


def _income_counts(brackets: pd.DataFrame, limits: IncomeLimits, tracts: pd.Index) -> pd.DataFrame:
    """Households below the low and above the high limit."""
    rows = brackets[brackets["period"].astype(str) == limits.period]
    wide = rows.pivot(index="geoid", columns="bracket_low", values="households")
    ends = rows.drop_duplicates("bracket_low").set_index("bracket_low")["bracket_high"].reindex(wide.columns)
    low, high = wide.columns.to_numpy(dtype=float), ends.to_numpy(dtype=float)
    counted = wide.to_numpy(dtype=float)
    found = pd.DataFrame({"low": below(low, high, counted, limits.low)}, index=wide.index)
    found["high"] = counted.sum(axis=1) - below(low, high, counted, limits.high)
    return found.reindex(tracts)


def _levels(rows: pd.DataFrame, counts: pd.DataFrame, index: PriceIndex, dollar_year: int) -> pd.DataFrame:
    income_year, rent_year = (int(rows[name].dropna().iloc[0]) for name in ("dollar_year", "housing_dollar_year"))
    adults, people, homes = (rows[name].where(rows[name] > 0) for name in ("adults_25plus", "population", "households"))
    return pd.DataFrame(
        {
            # Half a household on both sides keeps a tract without any high-income household finite.
            "low_high_ratio": (counts["low"] + 0.5) / (counts["high"] + 0.5),
            "bachelors_share": 100 * rows["bachelors_plus"] / adults,
            "white_share": 100 * rows["white_nonhispanic"] / people,
            "median_household_income": rows["median_household_income"] * float(index.ratio(income_year, dollar_year)),
            "median_gross_rent": rows["median_gross_rent"] * float(index.ratio(rent_year, dollar_year)),
            "household_size": people / homes,
        }
    )


def _relative_errors(
    rows: pd.DataFrame,
    levels: pd.DataFrame,
    counts: pd.DataFrame,
    factors: Mapping[str, float],
    period: str,
    *,
    later: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Standard errors: of shares in points, of the others relative to their level."""
    census = period in CENSUS_PERIODS
    people, homes = (LONG_FORM_FACTOR,) * 2 if census else (factors["people"], factors["households"])
    degree = levels["bachelors_share"] / 100
    found = pd.DataFrame(index=rows.index)
    found["low_high_ratio"] = np.sqrt(homes * (1 / (counts["low"] + 0.5) + 1 / (counts["high"] + 0.5)))
    degree_margin = moe.of_share_without_margin(degree, rows["adults_25plus"], people)
    found["bachelors_share"] = 100 * moe.standard_error(degree_margin)
    if census:
        # Counted in full, not sampled: race, people, households.
        found["white_share"], found["household_size"] = 0.0, 0.0
    else:
        white = moe.of_proportion(
            rows["white_nonhispanic"], rows["population"], rows["white_nonhispanic_moe"], rows["population_moe"]
        )
        found["white_share"] = 100 * moe.standard_error(white)
        # Households come without a margin; those of owners and of renters, who make them up, have one.
        homes_margin = moe.of_sum(np.stack([rows["owner_occupied_moe"], rows["renter_occupied_moe"]], axis=1))
        homes_margin = np.where(rows["households_moe"].notna(), rows["households_moe"], homes_margin)
        size = moe.of_ratio(rows["population"], rows["households"], rows["population_moe"], homes_margin)
        found["household_size"] = moe.standard_error(size) / levels["household_size"]
    for name, base in (("median_household_income", "households"), ("median_gross_rent", "renter_occupied")):
        if later is None or not census:
            found[name] = moe.standard_error(rows[f"{name}_moe"]) / rows[name]
        else:
            # The census published no margins of medians: the later survey's, scaled to the census's sample.
            error, then, now = later
            scale = LONG_FORM_FACTOR / factors["households"] * then[base] / now[base].where(now[base] > 0)
            found[name] = error[name] * np.sqrt(scale)
    return found[list(KEYS)]


def _changes(levels: list[pd.DataFrame], errors: tuple[pd.DataFrame, pd.DataFrame], form: str) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {}
    for measure in MEASURES:
        before, after = (level[measure.key] for level in levels)
        # Errors of shares are in points, those of the others relative to their level.
        sizes = [1.0 if measure.change_unit == "points" else level for level in (before, after)]
        apart = [error[measure.key] * size for error, size in zip(errors, sizes, strict=True)]
        error = (errors[0][measure.key] ** 2 + errors[1][measure.key] ** 2) ** 0.5
        if measure.change_unit == "points":
            change, spread = after - before, error
        elif form == "log":
            change, spread = 100 * (after / before).map(np.log), 100 * error
        else:
            change, spread = 100 * (after / before - 1), 100 * after / before * error
        columns |= {
            f"{measure.key}_before": before, f"{measure.key}_after": after,
            f"{measure.key}_before_error": apart[0], f"{measure.key}_after_error": apart[1],
            f"{measure.key}_change": change.where(np.isfinite(change)), f"{measure.key}_error": spread,
        }  # fmt: skip
    return pd.DataFrame(columns)


_SOURCES: Mapping[str, tuple[str, ...]] = {
    "low_high_ratio": ("households",),
    "bachelors_share": ("bachelors_plus", "adults_25plus"),
    "white_share": ("white_nonhispanic", "population"),
    "median_household_income": ("median_household_income",),
    "median_gross_rent": ("median_gross_rent",),
    "household_size": ("population", "households"),
}


def _status(
    rows: tuple[pd.DataFrame, pd.DataFrame], levels: list[pd.DataFrame], periods: tuple[str, str], top_coded: str
) -> tuple[pd.Series, pd.Series]:
    """Why a tract is not scored; the first of few households, group quarters, missing, top-coded counts."""
    status = pd.Series("scored", index=rows[0].index)
    reason = pd.Series("", index=rows[0].index)

    def mark(where: pd.Series, name: str, text: str) -> None:
        fresh = where & status.isin(["scored", name])
        reason[fresh] = np.where(reason[fresh] == "", text, reason[fresh] + "; " + text)
        status[fresh] = name

    for frame, period in zip(rows, periods, strict=True):
        few = ~(frame["households"] >= FEWEST_HOUSEHOLDS)
        mark(few, "few households", f"{period}: fewer than {FEWEST_HOUSEHOLDS} households")
    for level, period in zip(levels, periods, strict=True):
        mark(
            level["household_size"] > LARGEST_HOUSEHOLD, "group quarters", f"{period}: most residents in group quarters"
        )
    for frame, level, period in zip(rows, levels, periods, strict=True):
        for measure in MEASURES:
            mark(level[measure.key].isna(), "missing", f"{period}: {measure.label.lower()} missing")
        for key in ("median_household_income", "median_gross_rent"):
            flagged = frame.get(f"{key}_flag", pd.Series("ok", index=frame.index)).isin(["top_coded", "bottom_coded"])
            mark(
                flagged & (top_coded == "leave_out"),
                "top-coded",
                f"{period}: {key.replace('_', ' ')} top- or bottom-coded",
            )
    return status, reason
