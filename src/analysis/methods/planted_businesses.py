"""Invented businesses, cities and series with a known truth: does each method of the business report find it?

Trials for "How sure are we", in the form of ``proof``; each runs in a second or two, the quick ones over 500 seeds. The
test suite runs as many of the slower ones and holds the methods against published cases.
Seeds are 0, 1, 2, ...; nothing here is data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from analysis.methods.counting_process import hazard_model, split_spells
from analysis.methods.data_revisions import compare_vintages
from analysis.methods.event_study import event_study
from analysis.methods.outliers import outliers
from analysis.methods.proof import Proof
from analysis.methods.rank_correlation import rank_correlation
from analysis.methods.survival import competing_ends, guarded_window, kaplan_meier
from analysis.project import AnalysisError

CLOSING, MOVING = 0.08, 0.03
"""Planted closings and moves a year."""
RATIO = 1.5
"""Planted hazard ratio of closing in a tract that has begun to change."""
REGISTER, CHANGE, FETCH = (pd.Timestamp(day) for day in ("2000-01-01", "2008-01-01", "2018-01-01"))
UNALIKE = 0.15
"""Standard deviation of the log of what all businesses of a tract share."""


def planted_businesses(
    seed: int, *, ratio: float = RATIO, count: int = 1_500, tracts: int = 80, shared: float = UNALIKE
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Businesses of which a register that began late saw only survivors, and the history of their tracts.

    A third of ``tracts`` begin to change on one day; from then on their businesses close ``ratio`` times as often.
    All businesses of a tract share a luck of standard deviation ``shared`` (on the log of the rate).
    Returns subjects (born, entry, leave, tract, event: closed, moved or open) and history (tract, since, changing).

    >>> subjects, history = planted_businesses(1)
    >>> len(history), bool((subjects["entry"] >= subjects["born"]).all())
    (160, True)
    """
    rng = np.random.default_rng(seed)
    luck = np.exp(rng.normal(0, shared, tracts) - shared**2 / 2)
    tract, changing = rng.integers(0, tracts, count), np.arange(tracts) % 3 == 0
    born = pd.Series(pd.Timestamp("1985-01-01") + pd.to_timedelta(rng.integers(0, 365 * 31, count), unit="D"))
    until_change = np.maximum((CHANGE - born).dt.days / 365.25, 0.0)
    close = luck[tract] * CLOSING
    later = close * np.where(changing[tract], ratio, 1.0)
    # Exponential waiting time run through a rate that changes once.
    need, at_change = rng.exponential(1.0, count), (close + MOVING) * until_change
    before = need < at_change
    age = np.where(before, need / (close + MOVING), until_change + (need - at_change) / (later + MOVING))
    moved = rng.random(count) < MOVING / (np.where(before, close, later) + MOVING)
    end = born + pd.Series(pd.to_timedelta(np.ceil(np.minimum(age, 60) * 365.25), unit="D"))
    subjects = pd.DataFrame({"born": born, "entry": born.where(born > REGISTER, REGISTER), "tract": tract})
    subjects["leave"] = end.where(end < FETCH, FETCH)
    subjects["event"] = np.where(end > FETCH, "open", np.where(moved, "moved", "closed"))
    seen = subjects[subjects["leave"] > subjects["entry"]].reset_index(drop=True)
    days = pd.DataFrame({"since": [pd.Timestamp("1980-01-01"), CHANGE], "later": [0.0, 1.0]})
    history = pd.DataFrame({"tract": np.arange(tracts), "changes": changing.astype(float)}).merge(days, how="cross")
    return seen, history.assign(changing=history["changes"] * history["later"])[["tract", "since", "changing"]]


def planted_panel(seed: int, *, effect: float = 0.0, places: int = 53, periods: int = 40) -> pd.DataFrame:
    """Places (columns) by week (rows) that all fall after week 9; the first falls further by ``effect``.

    >>> planted_panel(1).shape
    (40, 53)
    """
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(periods, places))
    for period in range(1, periods):
        noise[period] = 0.7 * noise[period - 1] + np.sqrt(1 - 0.7**2) * noise[period]
    after = np.arange(periods) >= 10
    common = -25.0 * after + rng.normal(0, 2, periods)
    panel = pd.DataFrame(3 * noise + common[:, None], columns=[f"place-{number:02}" for number in range(places)])
    panel["place-00"] += effect * after
    return panel


def business_proof(method: str, *, seeds: int | None = None) -> Proof:
    """Run the trial of a method named as in ``TRIALS``; ``seeds`` in place of its usual number.

    Raises AnalysisError for an unknown method or fewer than two seeds.

    >>> business_proof("event_study", seeds=5).n_seeds
    5
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


def closing_ratio(subjects: pd.DataFrame, history: pd.DataFrame) -> pd.Series:
    """Row of the hazard model for closing: ratio and its interval, clustered by tract.

    >>> bool(closing_ratio(*planted_businesses(1, ratio=3.0))["lower"] > 1)
    True
    """
    spells = split_spells(
        subjects, history, born="born", entry="entry", leave="leave", place="tract", since="since",
        covariates=["changing"],
    )  # fmt: skip
    spells["closed"] = spells["last"] & (spells["event"] == "closed")
    found = hazard_model(spells, start="start", stop="stop", ended="closed", covariates=["changing"], cluster="tract")
    return found.table.T["changing"]


def _hazard_model(seeds: int) -> Proof:
    found, held, alarms = [], [], []
    for seed in range(seeds):
        row = closing_ratio(*planted_businesses(seed))
        found.append(row["lower"] > 1)
        held.append(row["lower"] <= RATIO <= row["upper"])
        quiet = closing_ratio(*planted_businesses(seed, ratio=1.0))
        alarms.append(not quiet["lower"] <= 1 <= quiet["upper"])
    return Proof(
        "hazard_model", "1,500 businesses in 80 tracts, closing 1.5 times as often once a tract changes, or not", seeds,
        found=_percent(found), coverage=_percent(held), nominal_coverage=95.0,
        false_alarms=_percent(alarms), nominal_false_alarms=5.0,
        reference="lung cancer trial, R package survival 3.5", agreement="ratios and likelihood equal to 1e-6",
    )  # fmt: skip


def _ages(subjects: pd.DataFrame, column: str) -> pd.Series:
    return (subjects[column] - subjects["born"]).dt.days / 365.25


def _survival(seeds: int) -> Proof:
    held = []
    for seed in range(seeds):
        subjects, _ = planted_businesses(seed, ratio=1.0, shared=0.0)
        leave, entry = _ages(subjects, "leave"), _ages(subjects, "entry")
        ended = subjects["event"] != "open"
        window = guarded_window(leave, ended, entry=entry)
        point = kaplan_meier(leave, ended, entry=entry, since=window.since, until=window.until).at(8.0)
        truth = np.exp(-(CLOSING + MOVING) * (8.0 - window.since))
        held.append(point.lower <= truth <= point.upper)
    return Proof(
        "survival", "businesses of which a register that began later saw only those still there", seeds,
        coverage=_percent(held), nominal_coverage=95.0,
        reference="lung cancer trial, R package survival 3.5", agreement="curve equal to 1e-8",
    )  # fmt: skip


def _competing_ends(seeds: int) -> Proof:
    held = []
    truth = CLOSING / (CLOSING + MOVING) * (1 - np.exp(-(CLOSING + MOVING) * 10))
    for seed in range(seeds):
        subjects, _ = planted_businesses(seed, ratio=1.0, shared=0.0)
        way = subjects["event"].replace("open", "")
        found = competing_ends(_ages(subjects, "leave"), way, entry=_ages(subjects, "entry")).at("closed", 10.0)
        held.append(found.lower <= truth <= found.upper)
    return Proof(
        "competing_ends", "the share that closed within ten years, where others moved first", seeds,
        coverage=_percent(held), nominal_coverage=95.0,
        reference="cumulative incidence of statsmodels", agreement="equal to 1e-12",
    )  # fmt: skip


def _event_study(seeds: int) -> Proof:
    found, held, alarms = [], [], []
    for seed in range(seeds):
        struck = event_study(planted_panel(seed, effect=-6.0), treated=["place-00"], event=10).average
        found.append(struck.upper < 0)
        held.append(struck.lower <= -6 <= struck.upper)
        quiet = event_study(planted_panel(seed), treated=["place-00"], event=10).average
        alarms.append(quiet.excludes(0))
    return Proof(
        "event_study", "53 places that all fall, one of them by 6 points more, or not", seeds,
        found=_percent(found), coverage=_percent(held), nominal_coverage=95.0,
        false_alarms=_percent(alarms), nominal_false_alarms=5.0,
        reference="minimum wages and teen employment (Callaway and Sant'Anna 2021)",
        agreement="effects of the first group equal to 5e-5",
    )  # fmt: skip


def _rank_correlation(seeds: int) -> Proof:
    found, held, alarms = [], [], []
    truth = float(6 / np.pi * np.arcsin(0.8 / 2))
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        one, two = rng.normal(size=(2, 15))
        tied = rank_correlation(one, 0.8 * one + 0.6 * two, permutations=199, seed=seed)
        found.append(tied.probability <= 0.05)
        held.append(tied.coefficient.lower <= truth <= tied.coefficient.upper)
        alarms.append(rank_correlation(one, two, permutations=199, seed=seed).probability <= 0.05)
    return Proof(
        "rank_correlation", "15 districts whose two measures go strongly together, or not at all", seeds,
        found=_percent(found), coverage=_percent(held), nominal_coverage=95.0,
        false_alarms=_percent(alarms), nominal_false_alarms=5.0,
    )  # fmt: skip


def _data_revisions(seeds: int) -> Proof:
    held, alarms = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        noise = np.zeros(60)
        for week in range(1, 60):
            noise[week] = 0.5 * noise[week - 1] + rng.normal(0, 2)
        first = pd.Series(rng.normal(-20, 5, 60))
        changed = compare_vintages(first, first + 10 + noise).mean
        held.append(changed.lower <= 10 <= changed.upper)
        alarms.append(compare_vintages(first, first + noise).one_sided)
    return Proof(
        "data_revisions", "a second vintage that is 10 points higher throughout, or only noisier", seeds,
        coverage=_percent(held), nominal_coverage=95.0, false_alarms=_percent(alarms), nominal_false_alarms=5.0,
    )  # fmt: skip


def _outliers(seeds: int) -> Proof:
    found, alarms = [], []
    for seed in range(seeds):
        values = pd.Series(np.random.default_rng(seed).normal(100, 10, 40))
        alarms.extend(outliers(values).table["outlier"].tolist())
        wrong = values.copy()
        wrong.iloc[seed % 40] += 80
        found.append(seed % 40 in outliers(wrong).flagged)
    return Proof(
        "outliers", "forty figures, one of them off by eight standard deviations; alarms are a share of figures", seeds,
        found=_percent(found), false_alarms=_percent(alarms), nominal_false_alarms=1.0,
    )  # fmt: skip


TRIALS: Mapping[str, tuple[Callable[[int], Proof], int]] = {
    "competing_ends": (_competing_ends, 150),
    "data_revisions": (_data_revisions, 500),
    "event_study": (_event_study, 500),
    "hazard_model": (_hazard_model, 40),
    "outliers": (_outliers, 500),
    "rank_correlation": (_rank_correlation, 500),
    "survival": (_survival, 150),
}
"""The trial of each method and its usual number of seeds."""
