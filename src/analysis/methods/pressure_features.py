"""What was known of each tract before the outcome began, and the guard that keeps the outcome out of it.

Every feature names the periods it was made from. A feature that uses a period after the outcome began is refused; so is
one that gives the outcome away, whatever it claims to be made from. Levels are held against the county of the same
period, so that a rule learned in one period can be used in another; changes are per ten years. The share of White
residents is not a feature: a list for outreach must not depend on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods import margins_of_error as moe
from analysis.methods.calibration import area_under_curve
from analysis.methods.change_measures import CENSUS_PERIODS, LONG_FORM_FACTOR
from analysis.methods.pressure_target import (
    MEDIAN_OVER_MEAN,
    RENT_SPREAD,
    PressureTarget,
    low_income_households,
    period_rows,
    sampling_factor,
)
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

LEVELS: Mapping[str, str] = {
    "rent": "Median rent, relative to the county's middle tract",
    "income": "Median household income, relative to the county's middle tract",
    "value": "Median home value, relative to the county's middle tract",
    "low_income": "Share of households with low incomes",
    "renters": "Share of homes that are rented",
    "degrees": "Share of adults with a bachelor's degree",
    "size": "People per household, relative to the county's middle tract",
    "homes": "Renter households, on a log scale",
}
"""Features of one period, in words; dollars and sizes as 100 times a log ratio, shares in percent."""
CHANGING = ("rent", "income", "value", "low_income", "renters", "degrees")
YEARS: Mapping[str, float] = {"1990": 1990.0, "2000": 2000.0, "2012": 2010.0, "2018": 2016.0}
"""When a period is: a five-year survey stands for its middle year."""
INCOME_SPREAD = 0.85
"""Standard deviation of the logarithm of household incomes inside a tract."""
GIVES_AWAY = 0.95
"""A single feature that sorts the outcome this well (AUC) is the outcome under another name."""


class LeakageError(AnalysisError):
    """A feature knows the outcome."""


@dataclass(frozen=True, eq=False)
class Features:
    """Features by tract, with the periods each was made from and its standard error from sampling.

    ``frame`` and ``errors``: one row a tract (index: geoid), one column a feature, in the units of :data:`LEVELS`.
    Rows with a missing feature are kept, as NaN. ``sources``: by feature, the periods.
    """

    frame: pd.DataFrame
    errors: pd.DataFrame
    sources: Mapping[str, tuple[str, ...]]

    @property
    def complete(self) -> pd.Index:
        """Tracts without a gap."""
        return self.frame.index[self.frame.notna().all(axis=1)]

    def only(self, names: list[str]) -> Features:
        """The same tracts with some of the features."""
        return Features(self.frame[names], self.errors[names], {name: self.sources[name] for name in names})

    def draws(self, number: int, *, seed: int = 2018) -> Floats:
        """Features as other samples might have found them; shape (number, tracts, features)."""
        noise = np.random.default_rng(seed).standard_normal((number, *self.frame.shape))
        return np.asarray(self.frame.to_numpy(dtype=float) + noise * self.errors.fillna(0.0).to_numpy(dtype=float))


def pressure_features(
    tract_periods: pd.DataFrame, income_brackets: pd.DataFrame, at: str, since: str | None = None
) -> Features:
    """Levels of period ``at`` and, with ``since``, changes from that period per ten years (prefix ``change_``).

    From the refined tables of one whole county, whose middle tract is the yardstick. A median that is cut off is taken
    at its bound. Raises AnalysisError for a period without what the features need.

    >>> sorted(set(LEVELS) - set(CHANGING))
    ['homes', 'size']
    """
    frame, errors = _levels(tract_periods, income_brackets, at)
    sources: dict[str, tuple[str, ...]] = dict.fromkeys(frame.columns, (at,))
    if since is not None:
        earlier, earlier_errors = _levels(tract_periods, income_brackets, since)
        decades = (YEARS[at] - YEARS[since]) / 10
        for name in CHANGING:
            frame[f"change_{name}"] = (frame[name] - earlier[name].reindex(frame.index)) / decades
            both = errors[name] ** 2 + earlier_errors[name].reindex(frame.index) ** 2
            errors[f"change_{name}"] = np.sqrt(both) / decades
            sources[f"change_{name}"] = (since, at)
    return Features(frame, errors, sources)


def _levels(periods: pd.DataFrame, brackets: pd.DataFrame, at: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = period_rows(periods, at)
    homes = (rows["owner_occupied"] + rows["renter_occupied"]).where(lambda n: n > 0)
    households = rows["households"].where(rows["households"] > 0)
    adults = rows["adults_25plus"].where(rows["adults_25plus"] > 0)
    shares = {
        "low_income": (low_income_households(brackets, at).reindex(rows.index) / households, households),
        "renters": (rows["renter_occupied"] / homes, homes),
        "degrees": (rows["bachelors_plus"] / adults, adults),
    }
    medians = {"rent": "median_gross_rent", "income": "median_household_income", "value": "median_home_value"}
    frame, errors = pd.DataFrame(index=rows.index), pd.DataFrame(index=rows.index)
    for name, column in medians.items():
        frame[name], errors[name] = _relative(rows[column]), _median_error(rows, column, at)
    factor = sampling_factor(rows, at)
    for name, (share, base) in shares.items():
        counted = name == "renters" and at in CENSUS_PERIODS
        frame[name] = 100 * share.clip(0, 1)
        spread = np.sqrt(factor * (share * (1 - share)).clip(lower=0) / base)
        errors[name] = 0.0 if counted else 100 * spread
    frame["size"] = _relative(rows["population"] / households)
    frame["homes"] = 100 * np.log(rows["renter_occupied"].clip(lower=1))
    errors["size"], errors["homes"] = 0.0, 0.0
    return frame[list(LEVELS)], errors[list(LEVELS)]


def _relative(values: pd.Series) -> pd.Series:
    known = values.where(values > 0)
    relative: pd.Series = 100 * np.log(known / known.median())
    return relative


def _median_error(rows: pd.DataFrame, column: str, at: str) -> pd.Series:
    """Relative standard error of a median in percent; for a census, which published none, one of its sample's size."""
    if at in CENSUS_PERIODS:
        base = rows["households"] if column == "median_household_income" else rows["renter_occupied"]
        spread = INCOME_SPREAD if column == "median_household_income" else RENT_SPREAD
        sampled: pd.Series = 100 * MEDIAN_OVER_MEAN * spread * np.sqrt(LONG_FORM_FACTOR / base.where(base > 0))
        return sampled
    found = pd.Series(moe.standard_error(rows[f"{column}_moe"]), index=rows.index) / rows[column]
    return 100 * found.fillna(found.median())


def check_leakage(features: Features, target: PressureTarget, *, gives_away: float = GIVES_AWAY) -> None:
    """Refuse features that use anything after the outcome began, or that give it away.

    By origin: a feature made from a period later than the target's start, or without an origin. By what it does: a
    single feature that sorts the outcome, or either half of it, with an AUC of ``gives_away`` (0.5 to 1) or more.

    Raises LeakageError naming the features and what to do.
    """
    origins = {str(name): features.sources.get(str(name), ()) for name in features.frame}
    late = {name: [p for p in made if YEARS[p] > YEARS[target.before]] for name, made in origins.items()}
    named = [f"{name} (from {', '.join(periods)})" for name, periods in late.items() if periods]
    named += [f"{name} (of unknown origin)" for name, made in origins.items() if not made]
    if named:
        raise LeakageError(
            f"leakage: {'; '.join(named)} cannot be known before {target.before}, when the outcome begins: leave it out"
        )
    scored = target.table[target.table["status"] == "scored"]
    known = features.frame.reindex(scored.index)
    telling = []
    for half in ("pressured", "rent_above", "fewer_low"):
        outcome = scored[half].eq(True).to_numpy()
        for name in known:
            score = sorting(outcome, known[name])
            if score >= gives_away:
                telling.append(f"{name} sorts {half.replace('_', ' ')} with an AUC of {score:.2f}")
    if telling:
        raise LeakageError(f"leakage: {'; '.join(telling)}: it is the outcome under another name, so leave it out")


def sorting(outcome: npt.ArrayLike, values: pd.Series) -> float:
    """How well one feature alone sorts an outcome, in either direction (0.5 to 1); gaps are left out.

    >>> sorting([True, True, False, False], pd.Series([1.0, 2.0, 3.0, 4.0]))
    1.0
    """
    known = values.notna().to_numpy()
    truth = np.asarray(outcome, dtype=float)[known]
    if truth.size == 0 or truth.min() == truth.max():
        return 0.5
    place = values[known].rank(pct=True).to_numpy()
    score = area_under_curve(truth, place)
    return max(score, 1 - score)
