"""Rates per head with intervals, standardised rates, and comparisons of two rates.

Intervals treat events as independent (Poisson). Cases of an infection are not: one
case brings others. For those, pass the ``dispersion`` of the counts (variance over
mean), or use the robust intervals of ``health_inequity``.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

PER = 100_000
# Below this a rate says more about chance than about the place; the publication policy sets the same number.
MINIMUM_EVENTS = 11


def poisson_interval(
    events: npt.ArrayLike, *, level: float = 0.95, method: str = "exact", dispersion: float = 1.0
) -> tuple[Floats, Floats]:
    """Interval for the expected number behind a count of events.

    ``exact``: Garwood 1936, Biometrika 28:437-442, by the gamma distribution.
    ``byar``: Byar's approximation (Breslow and Day 1987, vol. II, eq. 2.10 and
    2.11), within 1 percent of it from ten events on. ``dispersion`` above 1 widens both
    as for events / dispersion independent events. Shape: that of ``events``.

    Raises AnalysisError for negative counts, a dispersion below 1 or an unknown method.

    >>> low, high = poisson_interval(10)
    >>> round(float(low), 3), round(float(high), 3)
    (4.795, 18.39)
    """
    count = np.asarray(events, dtype=float)
    if (count < 0).any() or dispersion < 1 or method not in ("exact", "byar"):
        raise AnalysisError(
            "poisson interval: counts must not be negative, dispersion at least 1, method 'exact' or 'byar' "
            f"(lowest count {np.nanmin(count, initial=0):g}, dispersion {dispersion:g}, method {method!r})"
        )
    half, count = (1 - level) / 2, count / dispersion
    if method == "exact":
        lower = np.where(count > 0, stats.gamma.ppf(half, np.where(count > 0, count, 1)), 0.0)
        upper = stats.gamma.ppf(1 - half, count + 1)
    else:
        z, safe = stats.norm.ppf(1 - half), np.where(count > 0, count, 1)
        lower = np.where(count > 0, safe * (1 - 1 / (9 * safe) - z / (3 * np.sqrt(safe))) ** 3, 0.0)
        more = count + 1
        upper = more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3
    known = ~np.isnan(count)
    return np.where(known, lower, np.nan) * dispersion, np.where(known, upper, np.nan) * dispersion


def rate(
    events: float,
    population: float,
    *,
    per: float = PER,
    level: float = 0.95,
    method: str = "exact",
    dispersion: float = 1.0,
    minimum_events: int = MINIMUM_EVENTS,
) -> Estimate:
    """Events per ``per`` people, with an interval.

    ``population`` is the number of people at risk (or person-years). Fewer than
    ``minimum_events`` events give ``not_applicable``: say the count (if policy lets
    it out), not a rate. Nobody at risk is ``not_applicable``, an unknown number ``no_data``.

    Raises AnalysisError for negative numbers.

    >>> found = rate(250, 50_000)
    >>> found.value, round(found.lower), round(found.upper)
    (500.0, 440, 566)
    >>> rate(4, 900).status
    'not_applicable'
    """
    table = rates(
        pd.Series([events]), pd.Series([population]), per=per, level=level, method=method, dispersion=dispersion,
        minimum_events=minimum_events,
    )  # fmt: skip
    row = table.iloc[0]
    if row["status"] != "ok":
        return Estimate.empty(str(row["status"]), str(row["reason"]), level=level)
    return Estimate(float(row["rate"]), float(row["lower"]), float(row["upper"]), level, int(events))


def rates(
    events: pd.Series,
    population: pd.Series,
    *,
    per: float = PER,
    level: float = 0.95,
    method: str = "exact",
    dispersion: float = 1.0,
    minimum_events: int = MINIMUM_EVENTS,
) -> pd.DataFrame:
    """Rates of many places at once; see ``rate``.

    Both series share their index. Columns: events, population, rate, lower, upper
    (per ``per`` people; NaN unless status is ok), status, reason.

    Raises AnalysisError when the indexes differ or a number is negative.

    >>> rates(pd.Series([40, 3]), pd.Series([10_000, 800]))["status"].tolist()
    ['ok', 'not_applicable']
    """
    if not events.index.equals(population.index):
        raise AnalysisError("rates: events and population must share one index, in the same order")
    table = pd.DataFrame({"events": events.astype(float), "population": population.astype(float)})
    below = table.index[(table < 0).any(axis=1)]
    if len(below):
        raise AnalysisError(f"rates: negative events or population at {list(below[:3])}")
    safe = table["population"].where(table["population"] > 0)
    lower, upper = poisson_interval(table["events"].to_numpy(), level=level, method=method, dispersion=dispersion)
    table["rate"] = per * table["events"] / safe
    table["lower"], table["upper"] = per * lower / safe, per * upper / safe
    unknown = table[["events", "population"]].isna().any(axis=1).to_numpy()
    empty, few = (table["population"] == 0).to_numpy(), (table["events"] < minimum_events).to_numpy()
    small = f"fewer than {minimum_events} events: a level, not a rate"
    table["status"] = np.select([unknown, empty | few], ["no_data", "not_applicable"], "ok")
    words = ["events or population not known", "nobody at risk", small]
    table["reason"] = np.select([unknown, empty, few], words, "")
    table.loc[table["status"] != "ok", ["rate", "lower", "upper"]] = np.nan
    return table


def standardised_rate(
    events: npt.ArrayLike,
    population: npt.ArrayLike,
    standard: npt.ArrayLike,
    *,
    per: float = PER,
    level: float = 0.95,
    minimum_events: int = MINIMUM_EVENTS,
) -> Estimate:
    """Directly standardised rate: what the rate would be with the age structure of ``standard``.

    One value a stratum (age group) in each argument: events, people at risk, people of the
    standard population. The interval is the gamma interval of Fay and Feuer 1997,
    Statistics in Medicine 16:791-801, which covers at least as often as it says even
    with few events. Needs people at risk in every stratum.

    Raises AnalysisError for unequal lengths, or a stratum without people at risk.

    >>> found = standardised_rate([10, 60], [5_000, 4_000], [600, 400])
    >>> round(found.value), round(found.lower), round(found.upper)
    (720, 561, 912)
    """
    count, people, base = (np.asarray(a, dtype=float) for a in (events, population, standard))
    if not count.shape == people.shape == base.shape or count.ndim != 1:
        raise AnalysisError("standardised rate: events, population and standard need one value a stratum each")
    if not (people > 0).all() or not np.isfinite(count).all() or (count < 0).any() or base.sum() <= 0:
        raise AnalysisError(
            f"standardised rate: strata {np.flatnonzero(~(people > 0)).tolist()} have nobody at risk or counts are "
            "missing or negative: join strata until each has people"
        )
    total = int(count.sum())
    if total < minimum_events:
        reason = f"fewer than {minimum_events} events: a level, not a rate"
        return Estimate.empty("not_applicable", reason, level=level, n=total)
    weight = base / base.sum() / people
    value, variance, largest = float(weight @ count), float(weight**2 @ count), float(weight.max())
    half = (1 - level) / 2
    lower = stats.gamma.ppf(half, value**2 / variance, scale=variance / value)
    more, spread = value + largest, variance + largest**2
    upper = stats.gamma.ppf(1 - half, more**2 / spread, scale=spread / more)
    return Estimate(per * value, per * float(lower), per * float(upper), level, total)


def rate_ratio(
    events: int,
    population: float,
    other_events: int,
    other_population: float,
    *,
    level: float = 0.95,
    dispersion: float = 1.0,
    minimum_events: int = MINIMUM_EVENTS,
) -> Estimate:
    """First rate over second rate, with an exact conditional interval.

    Given all events, those of the first group are binomial; the Clopper-Pearson limits
    of that share are turned into limits of the ratio (Przyborowski and Wilenski 1940,
    Biometrika 31:313-323). Fewer than ``minimum_events`` on either side: ``not_applicable``.

    >>> found = rate_ratio(60, 10_000, 30, 10_000)
    >>> found.value, round(found.lower, 2), round(found.upper, 2)
    (2.0, 1.27, 3.21)
    """
    _check_pair(events, population, other_events, other_population, dispersion)
    if min(events, other_events) < minimum_events:
        reason = f"{events} and {other_events} events: fewer than {minimum_events} are shown as levels"
        return Estimate.empty("not_applicable", reason, level=level)
    half, one, two = (1 - level) / 2, events / dispersion, other_events / dispersion
    low, high = stats.beta.ppf(half, one, two + 1), stats.beta.ppf(1 - half, one + 1, two)
    exposure = other_population / population
    ends = (float(low / (1 - low) * exposure), float(high / (1 - high) * exposure))
    return Estimate(events / other_events * exposure, *ends, level, events + other_events)


def rate_difference(
    events: int,
    population: float,
    other_events: int,
    other_population: float,
    *,
    per: float = PER,
    level: float = 0.95,
    dispersion: float = 1.0,
    minimum_events: int = MINIMUM_EVENTS,
) -> Estimate:
    """First rate minus second rate, per ``per`` people.

    Variance is recovered from the two exact intervals (MOVER: Zou and Donner 2008,
    Statistics in Medicine 27:1693-1702), so the interval is not symmetric where it should not be.

    >>> found = rate_difference(60, 10_000, 30, 10_000)
    >>> round(found.value), round(found.lower), round(found.upper)
    (300, 109, 498)
    """
    _check_pair(events, population, other_events, other_population, dispersion)
    if min(events, other_events) < minimum_events:
        reason = f"{events} and {other_events} events: fewer than {minimum_events} are shown as levels"
        return Estimate.empty("not_applicable", reason, level=level)
    one, two = per * events / population, per * other_events / other_population
    low1, high1 = (
        per * float(end) / population for end in poisson_interval(events, level=level, dispersion=dispersion)
    )
    low2, high2 = (
        per * float(end) / other_population
        for end in poisson_interval(other_events, level=level, dispersion=dispersion)
    )
    lower = one - two - math.hypot(one - low1, high2 - two)
    upper = one - two + math.hypot(high1 - one, two - low2)
    return Estimate(one - two, lower, upper, level, events + other_events)


def _check_pair(
    events: float, population: float, other_events: float, other_population: float, dispersion: float
) -> None:
    if events < 0 or other_events < 0 or population <= 0 or other_population <= 0 or dispersion < 1:
        raise AnalysisError(
            "comparing rates: events must not be negative, both groups need people at risk, dispersion is at least 1 "
            f"(got {events:g} of {population:g}, {other_events:g} of {other_population:g}, {dispersion:g})"
        )
