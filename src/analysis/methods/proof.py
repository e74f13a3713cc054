"""Does the method find what is there, and keep quiet when nothing is? Small trials for a report's "How sure are we".

Each trial plants a truth, runs the method on it for a number of seeds, and counts:
how often the planted thing is found, how often an interval holds the truth, how
often something is announced that is not there. The trials are small enough to run
while a notebook runs; the test suite runs larger ones. Agreement with published
cases is checked by the test suite, which has the published data; here it is quoted. Trials that take too long for a
page are recorded runs: :mod:`analysis.proofs`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods import margins_of_error
from analysis.methods.change_measures import KEYS, change_measures
from analysis.methods.displacement_typology import classify
from analysis.methods.multiverse import multiverse, robust_groups
from analysis.methods.neighborhood_change import change_index, equal_weights, fit_scale, index_uncertainty, scores
from analysis.methods.planted import change_tables, measures_with_truth, typology_region
from analysis.methods.segregation import against_random_allocation, theil_h
from analysis.methods.spatial_autocorrelation import lattice, local_moran, moran
from analysis.methods.weighted_quantiles import median_across_tracts
from analysis.project import AnalysisError


@dataclass(frozen=True)
class Proof:
    """What a method did with a planted truth. Rates are in percent; None where a rate makes no sense.

    ``found`` is how much of what was planted is found, ``coverage`` how often the
    interval holds the truth (``nominal_coverage``: as promised), ``false_alarms`` how
    often something is announced that is not there (``nominal_false_alarms``: the promised most).
    ``planted`` says in words what the trial was; ``reference`` names the published
    case and ``agreement`` how exactly the test suite meets it ("" where there is none).
    """

    method: str
    planted: str
    n_seeds: int
    found: float | None = None
    coverage: float | None = None
    nominal_coverage: float | None = None
    false_alarms: float | None = None
    nominal_false_alarms: float | None = None
    reference: str = ""
    agreement: str = ""


def planted_recovery(method: str, *, seeds: int | None = None) -> Proof:
    """Run the trial of a method, named as in :data:`TRIALS`; ``seeds`` in place of its usual number.

    Deterministic: the seeds are 0, 1, 2, ... Raises AnalysisError for an unknown method or fewer than two seeds.

    >>> proof = planted_recovery("displacement_typology", seeds=3)
    >>> proof.found, proof.n_seeds
    (100.0, 3)
    """
    if method not in TRIALS:
        raise AnalysisError(f"proof: no trial of {method!r}; there are {', '.join(sorted(TRIALS))}")
    trial, usual = TRIALS[method]
    number = usual if seeds is None else seeds
    if number < 2:
        raise AnalysisError(f"proof: {number} seeds prove nothing; use two or more")
    case, agreement = REFERENCES.get(method, ("", ""))
    return replace(trial(number), reference=case, agreement=agreement)


def proof_table(methods: list[str]) -> pd.DataFrame:
    """Several proofs as one frame, one row a method, in the order given; columns as the fields of :class:`Proof`."""
    return pd.DataFrame([vars(planted_recovery(method)) for method in methods])


def _percent(values: npt.ArrayLike) -> float:
    return round(100 * float(np.mean(np.asarray(values, dtype=float))), 2)


def _change_index(seeds: int) -> Proof:
    covered, found, false = [], [], []
    for seed in range(seeds):
        measures, truth = measures_with_truth(seed)
        index = change_index(measures)
        result = index_uncertainty(measures, index, draws=300, seed=seed)
        oriented = measures.oriented
        parts = [w * fit_scale(oriented[k], index.normalisation)(truth[k]) for k, w in index.weights.items()]
        on_scale = np.sum(parts, axis=0)
        table = result.table
        covered.append(((table["lower"] <= on_scale) & (on_scale <= table["upper"])).mean())
        real = scores(truth, index.normalisation, equal_weights(list(KEYS))).rank(ascending=False) <= 0.2 * len(truth)
        sure = (table["group"] == "surely in").to_numpy()
        found.append(real[index.table["top"]].mean())
        false.append((~real[sure]).mean() if sure.any() else 0.0)
    return Proof(
        "change_index",
        "300 tracts whose true changes are known, seen through errors of the size of a survey's",
        seeds,
        found=_percent(found),
        coverage=_percent(covered),
        nominal_coverage=90.0,
        false_alarms=_percent(false),
        nominal_false_alarms=10.0,
    )


def _multiverse(seeds: int) -> Proof:
    found, wrong, called = [], 0, 0
    for seed in range(seeds):
        tables = change_tables(seed, n=200, changed=20)
        data = {"log": change_measures(tables.tract_periods, tables.income_brackets, tables.prices)}
        result = multiverse(data, top_share=0.1)
        group = robust_groups(data, result, draws=10, seed=seed).table["group"]
        names = group.index[group == "robustly in"]
        found.append(np.isin(tables.changed, names).mean())
        wrong, called = wrong + int((~names.isin(tables.changed)).sum()), called + len(names)
    return Proof(
        "multiverse",
        "20 of 200 tracts with a change in all six measures, under 112 specifications and survey noise",
        seeds,
        found=_percent(found),
        false_alarms=round(100 * wrong / max(called, 1), 2),
    )


def _robust_groups(seeds: int) -> Proof:
    named, right, wanted = 0, 0, 0
    for seed in range(seeds):
        measures, truth = measures_with_truth(seed)
        data = {"log": measures}
        group = robust_groups(data, multiverse(data), draws=10, seed=seed).table["group"]
        real = scores(truth, "percentile", equal_weights(list(KEYS))).rank(ascending=False) <= 0.2 * len(truth)
        robust = (group == "robustly in").reindex(truth.index, fill_value=False)
        named, right, wanted = named + int(robust.sum()), right + int((robust & real).sum()), wanted + int(real.sum())
    return Proof(
        "robust_groups",
        "tracts whose true changes are known, seen through errors of the size of a survey's, named by the strict rule",
        seeds,
        found=round(100 * right / wanted, 2),
        false_alarms=round(100 * (named - right) / max(named, 1), 2),
        nominal_false_alarms=10.0,
    )


def _local_moran(seeds: int) -> Proof:
    board, alarms, found = lattice(20, 20), [], []
    block = np.zeros((20, 20), dtype=bool)
    block[4:10, 4:10] = True
    for seed in range(seeds):
        noise = np.random.default_rng(seed).standard_normal((20, 20))
        quiet = local_moran(noise.ravel(), board, permutations=4_999, seed=seed).table["status"]
        alarms.append((quiet == "cluster").any())
        loud = local_moran((noise + 2.5 * block).ravel(), board, permutations=4_999, seed=seed).table["label"]
        found.append((loud.to_numpy().reshape(20, 20)[block] == "high-high").mean())
    return Proof(
        "local_moran",
        "400 tracts of noise, without and with a block of 36 that are 2.5 standard deviations higher",
        seeds,
        found=_percent(found),
        false_alarms=_percent(alarms),
        nominal_false_alarms=5.0,
    )


def _moran(seeds: int) -> Proof:
    board, alarms, found = lattice(20, 20), [], []
    for seed in range(seeds):
        noise = np.random.default_rng(seed).standard_normal(400)
        smooth = noise + 0.8 * board.neighbour_mean(noise)
        alarms.append(moran(noise, board, permutations=199, seed=seed).p <= 0.05)
        found.append(moran(smooth, board, permutations=199, seed=seed).p <= 0.05)
    return Proof(
        "moran",
        "400 tracts of noise, without and with a pull towards their neighbours",
        seeds,
        found=_percent(found),
        false_alarms=_percent(alarms),
        nominal_false_alarms=5.0,
    )


def _displacement_typology(seeds: int) -> Proof:
    found, changed = [], []
    for seed in range(seeds):
        inputs, truth = typology_region(seed)
        classes = classify(inputs, variant="census_only").table["classes"]
        found.append((classes[truth.index] == truth).mean())
        # Take one figure of each planted tract away: another class would be a false claim.
        gaps = inputs.copy()
        for place, name in enumerate(truth.index):
            gaps.loc[name, inputs.columns[(7 * seed + 3 * place) % inputs.shape[1]]] = np.nan
        again = classify(gaps, variant="census_only").table.loc[truth.index]
        changed.append(((again["status"] == "classified") & (again["classes"] != truth)).mean())
    return Proof(
        "displacement_typology",
        "one tract of each class among 150 typical ones; then each with one figure missing",
        seeds,
        found=_percent(found),
        false_alarms=_percent(changed),
        nominal_false_alarms=0.0,
    )


def _median_across_tracts(seeds: int) -> Proof:
    covered, alarms = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        before = rng.lognormal(7, 0.3, 300)
        after = before * rng.lognormal(0, 0.15, 300)
        covered.append(median_across_tracts(before, 1.39 * after, draws=150, seed=seed, level=0.9).percent)
        alarms.append(median_across_tracts(before, after, draws=150, seed=seed).percent.excludes(0))
    held = [found.lower <= 39 <= found.upper for found in covered]
    return Proof(
        "median_across_tracts",
        "300 tracts whose median rises by 39 percent, and 300 whose median stays",
        seeds,
        coverage=_percent(held),
        nominal_coverage=90.0,
        false_alarms=_percent(alarms),
        nominal_false_alarms=5.0,
    )


def _margins_of_error(seeds: int) -> Proof:
    part, whole = margins_of_error.simulate([2_000.0, 8_000.0], [300.0, 500.0], draws=50 * seeds, seed=1).T
    share = part / whole
    margin = margins_of_error.of_ratio(part, whole, 300.0, 500.0)
    later = margins_of_error.simulate(2_000.0, 300.0, draws=50 * seeds, seed=2)
    alarms = margins_of_error.difference(part, later, 300.0, 300.0, level=0.9).significant
    return Proof(
        "margins_of_error",
        "a ratio of 0.25 and a difference of zero, seen in surveys with known margins",
        50 * seeds,
        coverage=_percent(np.abs(share - 0.25) <= margin),
        nominal_coverage=90.0,
        false_alarms=_percent(alarms),
        nominal_false_alarms=10.0,
    )


def _segregation(seeds: int) -> Proof:
    alarms, found = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        even = pd.DataFrame(rng.multinomial(12, [0.4, 0.6], 40), columns=["a", "b"])
        share = np.clip(rng.normal(0.4, 0.2, 40), 0, 1)
        apart = pd.DataFrame({"a": rng.binomial(12, share)}).assign(b=lambda t: 12 - t["a"])
        alarms.append(against_random_allocation(even, theil_h, draws=39, seed=seed).p <= 0.05)
        found.append(against_random_allocation(apart, theil_h, draws=39, seed=seed).p <= 0.05)
    return Proof(
        "segregation",
        "40 units of 12 people, seated by chance and seated apart",
        seeds,
        found=_percent(found),
        false_alarms=_percent(alarms),
        nominal_false_alarms=5.0,
    )


TRIALS: Mapping[str, tuple[Callable[[int], Proof], int]] = {
    "change_index": (_change_index, 20),
    "displacement_typology": (_displacement_typology, 20),
    "local_moran": (_local_moran, 40),
    "margins_of_error": (_margins_of_error, 100),
    "median_across_tracts": (_median_across_tracts, 40),
    "moran": (_moran, 40),
    "multiverse": (_multiverse, 3),
    "robust_groups": (_robust_groups, 5),
    "segregation": (_segregation, 60),
}
"""The trial of each method and its usual number of seeds."""

REFERENCES: Mapping[str, tuple[str, str]] = {
    "displacement_typology": (
        "Urban Displacement Project, typology output for Ventura County, 2018 vintage",
        "all 172 tracts get their published class",
    ),
    "local_moran": ("Columbus crime data, R package spdep 1.2-7", "49 local statistics equal to 1e-8"),
    "margins_of_error": (
        "ACS handbook, never-married women of three counties; R package tidycensus",
        "sum 203,119 with margin 5,070",
    ),
    "moran": ("Columbus crime data, R package spdep 1.2-7", "I and both z-scores equal to 1e-8"),
    "segregation": ("schools00 of the R package segregation", "M, H, D, isolation and decomposition equal to 1e-8"),
}
"""The published case of a method, and how exactly the test suite meets it."""
