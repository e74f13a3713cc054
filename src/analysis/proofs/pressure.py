"""Trials of what the report on displacement pressure prints: scores, probabilities, lists, margins.

Truths come from one large draw of the same invented world, or from its arithmetic.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import KDTree

from analysis.methods.block_bootstrap import block_bootstrap, block_difference
from analysis.methods.calibration import areas_under_curve, brier_parts, briers, calibration_curve
from analysis.methods.decision_curves import decision_curve
from analysis.methods.margins_of_error import Z_ACS, difference
from analysis.methods.naming import sum_with_margin
from analysis.methods.outreach_list import compare_lists, forecast, listed, outreach_groups
from analysis.methods.planted_pressure import (
    SEEN,
    UNSEEN,
    USUAL,
    calibrated_chance,
    planted_city,
    smooth_map,
    true_area,
)
from analysis.methods.predictive_fairness import rates_over_blocks
from analysis.methods.pressure_features import Features
from analysis.methods.pressure_models import fit_predict, partial_dependence, permutation_importance
from analysis.methods.spatial_cross_validation import block_folds, cross_validated, out_of_fold
from analysis.proofs.world import Trial, World

Floats = npt.NDArray[np.float64]

DRAWS = 199
THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
MARK = 0.2
SHARE = 0.12
AHEAD = 12.54
"""Points by which a list of three variables is ahead of a lottery, on average over 2,000 cities of other seeds."""
SAMPLED = 8
"""One household of so many is asked in the invented survey."""


@cache
def _many(draws: int = 400_000) -> tuple[Floats, Floats, Floats]:
    """A city without end: planted score, what happened, renters."""
    rng = np.random.default_rng(7)
    score, hidden = rng.standard_normal((2, draws))
    odds = USUAL + SEEN * score + UNSEEN * hidden
    happened = (rng.random(draws) < 1 / (1 + np.exp(-odds))).astype(float)
    return score, happened, np.exp(rng.normal(6.5, 0.4, draws))


def area(seed: int) -> World:
    """AUC of the planted score; and two scores by lot, which must not be told apart."""
    city = planted_city(seed)
    happened = city.happened.to_numpy()
    lots = np.random.default_rng(seed).random((2, len(happened)))
    planted, one, two = (partial(areas_under_curve, happened, chance)
                         for chance in (calibrated_chance(city.score), *lots))  # fmt: skip
    found = block_bootstrap(planted, city.blocks, draws=DRAWS, seed=seed)
    better = block_difference(planted, one, city.blocks, draws=DRAWS, seed=seed)
    apart = block_difference(one, two, city.blocks, draws=DRAWS, seed=seed)
    return World.of(found.value, found.lower <= true_area() <= found.upper, better.lower > 0, apart.excludes(0.0))


@cache
def _true_score() -> float:
    planted, happened, _ = _many()
    return float(np.mean((happened - calibrated_chance(planted)) ** 2))


def score(seed: int) -> World:
    """Brier score of true probabilities; and the better of two equally blurred ones, which is no better."""
    city = planted_city(seed)
    happened, chance = city.happened.to_numpy(), calibrated_chance(city.score)
    truth = _true_score()
    noise = np.random.default_rng(seed).normal(0, 0.5, (2, len(chance)))
    blurred = sorted(
        (calibrated_chance(city.score + one) for one in noise), key=lambda p: float(((happened - p) ** 2).sum())
    )
    best, other, true = (partial(briers, happened, p) for p in (*blurred, chance))
    found = block_bootstrap(true, city.blocks, draws=DRAWS, seed=seed)
    behind = block_difference(other, best, city.blocks, draws=DRAWS, seed=seed)
    base = block_difference(
        partial(briers, happened, np.full(len(chance), happened.mean())), true, city.blocks, draws=DRAWS, seed=seed
    )
    return World.of(found.value, found.lower <= truth <= found.upper, base.lower > 0, behind.lower > 0)


def bins(seed: int) -> World:
    """Bins of true probabilities, which agree with what happens; and of probabilities that exaggerate twofold."""
    city = planted_city(seed)
    chance = calibrated_chance(city.score)
    odds = np.log(chance / (1 - chance))
    true, wrong = (
        calibration_curve(city.happened, p, city.blocks, bins=8, draws=DRAWS, seed=seed)
        for p in (chance, 1 / (1 + np.exp(-2 * odds)))
    )
    agree, bent = (((t["lower"] <= t["expected"]) & (t["expected"] <= t["upper"])).mean() for t in (true, wrong))
    return World.of(held=agree, found=1 - bent)


def parts(seed: int) -> World:
    """Share by which the Brier score of true probabilities lies below that of the base rate."""
    city = planted_city(seed)
    return World.of(100 * brier_parts(city.happened, calibrated_chance(city.score)).skill)


@cache
def _true_skill() -> float:
    planted, happened, _ = _many()
    base = happened.mean()
    return float(100 * (1 - np.mean((happened - calibrated_chance(planted)) ** 2) / (base * (1 - base))))


@cache
def _true_benefit() -> float:
    planted, happened, homes = _many()
    acted = calibrated_chance(planted) >= MARK
    worth = np.where(happened == 1, 1.0, -MARK / (1 - MARK)) * acted
    return float(100 * (homes * worth).sum() / homes.sum())


def benefit(seed: int) -> World:
    """Net benefit of acting on true probabilities; and of acting on probabilities dealt by lot, at any threshold."""
    city = planted_city(seed)
    chance = calibrated_chance(city.score)
    rules = {"true": chance, "lot": np.random.default_rng(seed).permutation(chance)}
    curve = decision_curve(
        city.happened, rules, city.blocks, thresholds=THRESHOLDS, size=city.renters, draws=DRAWS, seed=seed
    )
    true = curve[(curve["strategy"] == "true") & (curve["threshold"] == MARK)].iloc[0]
    lot = curve[curve["strategy"] == "lot"]
    return World.of(
        100 * true["benefit"], 100 * true["lower"] <= _true_benefit() <= 100 * true["upper"], true["gain_lower"] > 0,
        (lot["gain_lower"] > 0).any(),
    )  # fmt: skip


def reach(seed: int) -> World:
    """A list of three variables against a lottery, where they tell a part of the truth and where they tell nothing."""
    true, empty = (_ahead_of_lot(seed, effect) for effect in (1.0, 0.0))
    return World.of(
        true["ahead"], true["ahead_low"] <= AHEAD <= true["ahead_high"], true["ahead_low"] > 0, empty["ahead_low"] > 0
    )


def _ahead_of_lot(seed: int, effect: float) -> pd.Series:
    city = planted_city(seed, effect=effect, side=24)
    chance = out_of_fold(fit_predict("three"), city.frame, city.happened, block_folds(city.blocks, 8))
    scores = {"ours": pd.Series(chance, index=city.frame.index)}
    lists = compare_lists(scores, city.renters, city.happened, city.blocks, SHARE, draws=DRAWS, seed=seed)
    row: pd.Series = lists[lists["strategy"] == "random"].iloc[0]
    return row


def firmly_listed(seed: int) -> World:
    """Tracts named to be visited first, against the list that the planted chances themselves would give."""
    past, now = planted_city(2 * seed, side=24), planted_city(2 * seed + 1, side=24)
    columns = ["low_income", "renters", "rent"]
    errors = pd.DataFrame(0.3, index=now.frame.index, columns=columns)
    noise = 0.3 * np.random.default_rng(seed).standard_normal(errors.shape)
    known = Features(past.frame[columns], 0 * errors, {})
    seen = Features(now.frame[columns] + noise, errors, {})
    made = forecast("three", known, past.happened, seen, past.blocks, draws=40, seed=seed)
    visits = 0.2 * float(now.renters.sum())
    first = outreach_groups(made, {}, now.renters, now.frame.index, visits=visits, threshold=MARK).of("visit first")
    true = now.renters.index[listed(calibrated_chance(now.score), now.renters.to_numpy(), visits, MARK)]
    return World.of(found=np.mean(true.isin(first)), alarm=np.mean(~first.isin(true)) if len(first) else 0.0)


def folds(seed: int) -> World:
    """Features and outcome smooth over the map and unrelated: does a rule that remembers neighbors seem to know?"""
    features, happened, blocks = smooth_map(seed)
    both = cross_validated(_nearest, features, happened, blocks, number=5, seed=seed)
    areas = [
        block_bootstrap(
            partial(areas_under_curve, happened.to_numpy(), chance.to_numpy()), blocks, draws=DRAWS, seed=seed
        )
        for chance in (both.spatial, both.random)
    ]
    return World.of(areas[0].value, found=areas[1].lower > 0.5, alarm=areas[0].lower > 0.5)


def _nearest(known: pd.DataFrame, happened: npt.NDArray[np.int64], new: pd.DataFrame) -> Floats:
    """Share of outcomes among the nine tracts most alike: the simplest rule that can remember its neighbors."""
    _, nearest = KDTree(known.to_numpy(dtype=float)).query(new.to_numpy(dtype=float), k=9)
    return np.asarray(happened[nearest].mean(axis=1), dtype=float)


@cache
def _true_missed() -> float:
    planted, happened, homes = _many()
    below = calibrated_chance(planted) < MARK
    return float((homes * happened * below).sum() / (homes * happened).sum())


def _true_missed_percent() -> float:
    return 100 * _true_missed()


def missed(seed: int) -> World:
    """Pressured households missed at the threshold, in two halves of a city that the rule treats alike."""
    city = planted_city(seed)
    half = np.where(np.random.default_rng(seed).random(len(city.score)) < 0.5, "one", "two")
    called = calibrated_chance(city.score) >= MARK
    table = rates_over_blocks(city.happened, called, half, city.blocks, size=city.renters, draws=DRAWS, seed=seed)
    rows = table[table["rate"] == "false_negative"].set_index("group")
    one, two = rows.loc["one"], rows.loc["two"]
    return World.of(
        100 * one["value"], one["lower"] <= _true_missed() <= one["upper"],
        alarm=one["upper"] < two["lower"] or two["upper"] < one["lower"],
    )  # fmt: skip


def importance(seed: int) -> World:
    """Features that count, and one that does not, shuffled in unseen blocks."""
    city = planted_city(seed, side=24)
    losses = permutation_importance(
        "logistic",
        city.frame.drop(columns="typology"),
        city.happened,
        city.blocks,
        repeats=3,
        draws=DRAWS,
        number=8,
        seed=seed,
    ).set_index("feature")["lower"]
    return World.of(found=(losses.drop("other") > 0).mean(), alarm=losses["other"] > 0)


def dependence(seed: int) -> World:
    """Mean probability over the values of one feature that counts, from rules learned anew in each draw."""
    city = planted_city(seed, side=24)
    curve = partial_dependence("three", city.frame, city.happened, city.blocks, "renters", draws=40, seed=seed)
    truth = _true_dependence(curve["value"].to_numpy())
    middle = curve.iloc[len(curve) // 2]
    return World.of(100 * middle["chance"], np.mean((curve["lower"] <= truth) & (truth <= curve["upper"])))


def _true_dependence(values: Floats) -> Floats:
    """Chance when one of three features is set to a value and the other two are as they come."""
    node, weight = np.polynomial.hermite_e.hermegauss(21)
    rest = np.sqrt(0.6**2 + 0.5**2) * node
    planted = (0.6 * values[:, None] + rest) / np.sqrt(0.97)
    return np.asarray((calibrated_chance(planted) * weight).sum(axis=1) / weight.sum(), dtype=float)


def margins(seed: int) -> World:
    """Sum over tracts of a survey that asks one household in eight, and two such sums that are alike."""
    rng = np.random.default_rng(seed)
    homes = rng.integers(50, 1500, 20)
    share = rng.uniform(0.02, 0.9, 20)
    renters = rng.binomial(homes, share)
    sums = []
    for _ in range(2):
        asked = rng.hypergeometric(renters, homes - renters, homes // SAMPLED)
        found = asked * homes / (homes // SAMPLED)
        portion = asked / (homes // SAMPLED)
        error = homes * np.sqrt(portion * (1 - portion) / (homes // SAMPLED) * (1 - 1 / SAMPLED))
        sums.append(sum_with_margin(pd.Series(found), pd.Series(Z_ACS * error)))
    one, two = sums
    halves = [found.upper - found.value for found in sums]
    apart = difference(one.value, two.value, *halves, level=0.9).significant
    return World.of(100 * one.value / renters.sum(), one.lower <= renters.sum() <= one.upper, alarm=bool(np.all(apart)))


@cache
def _true_chance() -> float:
    return float(100 * _true_dependence(np.array([0.0]))[0])


def _no_skill() -> float:
    return 0.5


def _whole() -> float:
    return 100.0


def _ahead() -> float:
    return AHEAD


_CITY = "900 tracts in 100 blocks of land that share something unseen"
_SMALL = "576 tracts in 64 blocks"
_COMPAS = "ProPublica's table of 6,172 people: Brier score and pairs, to 1e-6"

TRIALS: tuple[Trial, ...] = (
    Trial(
        "pressure_area",
        "Pairs ranked rightly, over blocks",
        f"{_CITY}; two scores by lot",
        area,
        true_area,
        reference=_COMPAS,
    ),
    Trial(
        "pressure_brier",
        "Brier score; a rule measurably worse",
        "the same; two rules blurred alike",
        score,
        _true_score,
        reference=_COMPAS,
    ),
    Trial(
        "pressure_parts",
        "Brier score below the base rate's, percent",
        "the same; true probabilities",
        parts,
        _true_skill,
        nominal=None,
        reference="sum of the parts is the score, exactly",
    ),
    Trial("pressure_bins", "Bins of the calibration curve", "the same; probabilities that exaggerate twofold", bins),
    Trial(
        "pressure_benefit",
        "Net benefit, percent; useful thresholds",
        "the same; probabilities dealt by lot",
        benefit,
        _true_benefit,
        allowed=2.5,
    ),
    Trial(
        "pressure_folds",
        "Unseen places (spatial folds)",
        "a map of smooth features unrelated to a smooth outcome",
        folds,
        _no_skill,
        allowed=2.5,
    ),
    Trial(
        "pressure_reach",
        "A list ahead of a lottery, points",
        f"{_SMALL}; features that tell nothing",
        reach,
        _ahead,
        allowed=2.5,
    ),
    Trial(
        "pressure_firm",
        "Tracts to visit first",
        f"{_SMALL}; features seen through survey error",
        firmly_listed,
        allowed=20.0,
    ),
    Trial(
        "pressure_missed",
        "Missed of those under pressure, percent",
        f"{_CITY}; two groups treated alike",
        missed,
        _true_missed_percent,
    ),
    Trial(
        "pressure_importance",
        "Loss when a feature is shuffled",
        f"{_SMALL}; a feature that tells nothing",
        importance,
        allowed=2.5,
    ),
    Trial(
        "pressure_dependence",
        "Probability over one feature, percent",
        f"{_SMALL}; rules learned anew",
        dependence,
        _true_chance,
    ),
    Trial(
        "pressure_margins",
        "Sum of survey figures, percent of truth",
        "20 tracts of which a survey asks one household in eight",
        margins,
        _whole,
        nominal=90.0,
        allowed=10.0,
    ),
)
"""The trials of the report, in the order of its table."""
