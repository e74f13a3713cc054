"""Invented policies, careers and procedures with a known truth: does each method find it, and only it?

Small trials for "How sure are we" sections, in the form of ``proof``; each runs in about
two seconds. The test suite runs larger ones and holds the methods against published cases.
Seeds are 0, 1, 2, ...; nothing here is data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.adverse_impact import adverse_impact
from analysis.methods.control_chart import xmr
from analysis.methods.difference_in_differences import staggered
from analysis.methods.epidemic_curve import peak, resolve_cumulative, waves
from analysis.methods.growth_rate import growth
from analysis.methods.interrupted_time_series import interrupted_time_series
from analysis.methods.nowcast import chain_ladder, simulate_triangle
from analysis.methods.partial_pooling import partial_pooling
from analysis.methods.proof import Proof
from analysis.methods.survival import kaplan_meier
from analysis.methods.synthetic_control import example_setting, synthetic_control
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]


def reported(mean: Floats, seed: int, *, size: float = 20.0) -> pd.Series:
    """Overdispersed daily cases around ``mean``, some reported one or two days late, fewer on two days of a week.

    Variance of the cases is mean + mean squared / ``size``. Indexed by date from 2020-05-01.

    >>> reported(np.full(10, 100.0), 1).shape
    (10,)
    """
    rng = np.random.default_rng(seed)
    cases, counts = rng.negative_binomial(size, size / (size + mean)), np.zeros(len(mean) + 2)
    for day, count in enumerate(cases):
        prompt = 0.35 if day % 7 < 2 else 0.65
        counts[day : day + 3] += rng.multinomial(count, [prompt, 0.7 * (1 - prompt), 0.3 * (1 - prompt)])
    return pd.Series(counts[: len(mean)], pd.date_range("2020-05-01", periods=len(mean)))


def monthly(seed: int, *, change: float = 1.0, periods: int = 80, carried: float = 0.3) -> pd.Series:
    """Monthly counts with a trend, a season and noise that carries over; times ``change`` after three fifths.

    >>> len(monthly(1))
    80
    """
    rng = np.random.default_rng(seed)
    noise = np.zeros(periods)
    for period in range(1, periods):
        noise[period] = carried * noise[period - 1] + 0.08 * np.sqrt(1 - carried**2) * rng.normal()
    time = np.arange(periods)
    mean = 300 * 1.002**time * np.exp(noise + 0.1 * np.sin(2 * np.pi * time / 12))
    return pd.Series(rng.poisson(mean * np.where(time >= periods * 6 // 10, change, 1.0)))


def staggered_panel(seed: int, *, effect: float = 0.0, units: int = 150) -> pd.DataFrame:
    """Places (columns place, year, since, outcome) of which three groups start a policy in years 3, 6 and 9.

    >>> staggered_panel(1).shape
    (1800, 4)
    """
    rng = np.random.default_rng(seed)
    since, time = rng.choice([0, 3, 6, 9], size=units), np.arange(12)
    noise = np.cumsum(rng.normal(0, 0.5, (units, 12)), axis=1) * 0.5 + rng.normal(0, 1, (units, 12))
    outcome = rng.normal(0, 2, (units, 1)) + 0.3 * time + noise
    outcome += effect * ((since[:, None] > 0) & (time >= since[:, None]))
    return pd.DataFrame(
        {
            "place": np.repeat(np.arange(units), 12),
            "year": np.tile(time, units),
            "since": np.repeat(since, 12),
            "outcome": outcome.ravel(),
        }
    )


def policy_proof(method: str, *, seeds: int | None = None) -> Proof:
    """Run the trial of a method named as in ``TRIALS``; ``seeds`` in place of its usual number.

    Raises AnalysisError for an unknown method or fewer than two seeds.

    >>> policy_proof("adverse_impact", seeds=20).n_seeds
    20
    """
    if method not in TRIALS:
        raise AnalysisError(f"proof: no trial of {method!r}; there are {', '.join(sorted(TRIALS))}")
    trial, usual = TRIALS[method]
    number = usual if seeds is None else seeds
    if number < 2:
        raise AnalysisError(f"proof: {number} seeds prove nothing; use two or more")
    return trial(number)


def _percent(hits: list[bool]) -> float:
    return round(100 * float(np.mean(hits)), 1)


def _growth_rate(seeds: int) -> Proof:
    held, alarms, truth = [], [], 100 * float(np.expm1(0.03))
    for seed in range(seeds):
        rising = growth(reported(300 * np.exp(0.03 * np.arange(40)), seed)).per_day
        held.append(rising.lower <= truth <= rising.upper)
        alarms.append(growth(reported(np.full(40, 300.0), seed)).direction != "unclear")
    return Proof(
        "growth_rate", "cases that grow by 3 percent a day, and cases that do not grow", seeds,
        coverage=_percent(held), nominal_coverage=95.0, false_alarms=_percent(alarms), nominal_false_alarms=5.0,
    )  # fmt: skip


def _epidemic_curve(seeds: int) -> Proof:
    held, alarms = [], []
    hill = 30 + 1000 * np.exp(-(((np.arange(200) - 100) / 25) ** 2))
    for seed in range(seeds):
        top = peak(resolve_cumulative(reported(hill, seed).cumsum()))
        held.append(top.first <= pd.Timestamp("2020-08-10") <= top.last)
        alarms.append(len(waves(resolve_cumulative(reported(np.full(200, 300.0), seed).cumsum()))) > 0)
    return Proof(
        "epidemic_curve", "the day of the highest wave, and a flat curve without any wave", seeds,
        coverage=_percent(held), nominal_coverage=95.0, false_alarms=_percent(alarms), nominal_false_alarms=5.0,
    )  # fmt: skip


def _nowcast(seeds: int) -> Proof:
    held = []
    for seed in range(seeds):
        full = simulate_triangle(seed=seed)
        values = full.to_numpy(dtype=float).copy()
        for day in range(len(values)):
            values[day, len(values) - day :] = np.nan
        row = chain_ladder(pd.DataFrame(values, full.index, full.columns)).table.iloc[-3]
        held.append(bool(row["lower"] <= full.to_numpy()[-3, -1] <= row["upper"]))
    return Proof(
        "nowcast", "the final count of a day of which three days of reports are in", seeds,
        coverage=_percent(held), nominal_coverage=95.0,
        reference="Mack 1993, table 1 (Taylor and Ashe)", agreement="reserves and errors equal to one in a million",
    )  # fmt: skip


def _interrupted_time_series(seeds: int) -> Proof:
    held, alarms = [], []
    for seed in range(seeds):
        found = interrupted_time_series(monthly(seed, change=0.85), 48, season=12, slope=False).level
        held.append(found.lower <= 0.85 <= found.upper)
        alarms.append(interrupted_time_series(monthly(seed), 48, season=12, slope=False).level.excludes(1))
    return Proof(
        "interrupted_time_series", "monthly counts that fall by 15 percent after four years, or do not", seeds,
        coverage=_percent(held), nominal_coverage=95.0, false_alarms=_percent(alarms), nominal_false_alarms=5.0,
        reference="Sicilian smoking ban (Lopez Bernal et al. 2017, with the correction of 2021)",
        agreement="rate ratios equal to 1e-5",
    )  # fmt: skip


def _staggered(seeds: int) -> Proof:
    held, alarms = [], []
    estimate = partial(staggered, outcome="outcome", unit="place", time="year", start="since")
    for seed in range(seeds):
        found = estimate(staggered_panel(seed, effect=1.0)).simple
        held.append(found.lower <= 1 <= found.upper)
        alarms.append(estimate(staggered_panel(seed)).simple.excludes(0))
    return Proof(
        "difference_in_differences", "150 places, three starts, an effect of one unit, and none", seeds,
        coverage=_percent(held), nominal_coverage=95.0, false_alarms=_percent(alarms), nominal_false_alarms=5.0,
        reference="minimum wages and teen employment (Callaway and Sant'Anna 2021)",
        agreement="all averages and errors equal to 1e-10",
    )  # fmt: skip


def _synthetic_control(seeds: int) -> Proof:
    effects = [synthetic_control(example_setting(seed=s, effect=-10.0), starts=1).effect.value for s in range(seeds)]
    return Proof(
        "synthetic_control", "an effect of minus 10, found within 4", seeds,
        found=_percent([bool(abs(effect + 10) < 4) for effect in effects]),
        reference="California's tobacco programme (Abadie, Diamond, Hainmueller 2010)",
        agreement="five donors within 0.02, effect within 0.3 packs",
    )  # fmt: skip


def _survival(seeds: int) -> Proof:
    held = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        life, entry = rng.exponential(10, 400), rng.uniform(0, 8, 400)
        entry[:100] = 0
        leave = np.minimum(life, entry + rng.uniform(4, 12, 400))
        seen = life > entry
        ended = (life <= leave)[seen]
        found = kaplan_meier(leave[seen], ended, entry=entry[seen]).at(6)
        held.append(found.lower <= np.exp(-0.6) <= found.upper)
    return Proof(
        "survival", "lifetimes of mean 10, most of them seen from a later age on", seeds,
        coverage=_percent(held), nominal_coverage=95.0,
        reference="lung cancer trial, R package survival 3.5", agreement="curve equal to 1e-8, regression to 1e-4",
    )  # fmt: skip


def _adverse_impact(seeds: int) -> Proof:
    found, alarms = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        unfair = adverse_impact({"a": (int(rng.binomial(150, 0.2)), 150), "b": (int(rng.binomial(150, 0.4)), 150)})
        fair = adverse_impact({"a": (int(rng.binomial(40, 0.3)), 40), "b": (int(rng.binomial(80, 0.3)), 80)})
        found.append(unfair["a"].verdict == "adverse_impact")
        alarms.append(any(group.verdict == "adverse_impact" for group in fair.groups))
    return Proof(
        "adverse_impact", "half the selection rate among 300 applicants, and equal rates among 120", seeds,
        found=_percent(found), false_alarms=_percent(alarms), nominal_false_alarms=5.0,
        reference="Questions and Answers on the Uniform Guidelines (1979)", agreement="every ratio and flag equal",
    )  # fmt: skip


def _control_chart(seeds: int) -> Proof:
    found, alarms = [], []
    for seed in range(seeds):
        noise = np.random.default_rng(seed).normal(50, 4, 36)
        alarms.append(len(xmr(pd.Series(noise), baseline=24).signals) > 0)
        found.append(len(xmr(pd.Series(noise + 8 * (np.arange(36) >= 24)), baseline=24).signals) > 0)
    return Proof(
        "control_chart", "a year that is two standard deviations higher, and a year that is not", seeds,
        found=_percent(found), false_alarms=_percent(alarms), nominal_false_alarms=16.0,
        reference="NIST e-Handbook 6.3.2.2", agreement="limits equal to 0.001",
    )  # fmt: skip


def _partial_pooling(seeds: int) -> Proof:
    held, alarms = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        bureau = np.repeat(np.arange(30), rng.integers(3, 30, 30))
        own, noise = rng.normal(0, 3, 30), rng.normal(0, 6, len(bureau))
        names = [f"{number:02}" for number in bureau]
        found = partial_pooling(pd.DataFrame({"b": names, "y": own[bureau] + noise}), outcome="y", group="b").groups
        held.extend(((found["lower"] <= own) & (own <= found["upper"])).tolist())
        alike = partial_pooling(pd.DataFrame({"b": names, "y": noise}), outcome="y", group="b").groups
        alarms.extend(alike["differs"].tolist())
    return Proof(
        "partial_pooling", "30 bureaus of 3 to 29 cases that differ, and 30 that do not", seeds,
        coverage=_percent(held), nominal_coverage=95.0, false_alarms=_percent(alarms), nominal_false_alarms=5.0,
        reference="sleep deprivation study, R package lme4", agreement="coefficients equal to 0.001",
    )  # fmt: skip


TRIALS: Mapping[str, tuple[Callable[[int], Proof], int]] = {
    "adverse_impact": (_adverse_impact, 150),
    "control_chart": (_control_chart, 100),
    "difference_in_differences": (_staggered, 50),
    "epidemic_curve": (_epidemic_curve, 50),
    "growth_rate": (_growth_rate, 80),
    "interrupted_time_series": (_interrupted_time_series, 200),
    "nowcast": (_nowcast, 150),
    "partial_pooling": (_partial_pooling, 10),
    "survival": (_survival, 120),
    "synthetic_control": (_synthetic_control, 10),
}
"""The trial of each method and its usual number of seeds."""
