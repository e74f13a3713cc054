"""Four rules that predict pressure on renters, from a published class to boosted trees, and which of them to publish.

In order of how much a reader must take on trust: ``typology`` (did the published rule find gentrification in the period
before?), ``three`` (a logistic regression of three variables named in advance), ``logistic`` (a regularized logistic
regression of all features), ``boosting`` (gradient boosting of shallow trees). The first in this order that is not
measurably worse than the best is the one to publish. Sources: Hastie, Tibshirani and Friedman 2009, The Elements of
Statistical Learning, chapters 4 and 10; Breiman 2001, Machine Learning 45:5-32 (permutation importance); Friedman 2001,
Annals of Statistics 29:1189-1232 (boosting, partial dependence).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import ThreadpoolController

from analysis.methods.block_bootstrap import DRAWS, block_bootstrap, block_difference, block_weights, ends_of_draws
from analysis.methods.calibration import area_under_curve, areas_under_curve, brier, briers
from analysis.methods.estimate import Estimate
from analysis.methods.pressure_features import Features
from analysis.methods.spatial_cross_validation import CrossValidated, block_folds, cross_validated, out_of_fold
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Predict = Callable[[Floats], Floats]

THREE = ("low_income", "renters", "rent")
"""Named before any data were looked at: who is poor, who rents, and whether rents are low for the county."""
FLAG = "typology"
PENALTY = 20.0
"""Weight of the squared coefficients of standardized features in the regularized logistic regression."""
LABELS: Mapping[str, str] = {
    "typology": "Published typology",
    "three": "Three-variable logistic",
    "logistic": "Regularized logistic",
    "boosting": "Gradient boosting",
}


def columns_of(model: str, frame: pd.DataFrame) -> list[str]:
    """The features a rule uses, in order.

    Raises AnalysisError for an unknown rule or a frame without what it needs.

    >>> columns_of("three", pd.DataFrame(columns=["rent", "renters", "low_income", "size"]))
    ['low_income', 'renters', 'rent']
    """
    if model not in LABELS:
        raise AnalysisError(f"pressure models: no rule {model!r}; there are {', '.join(LABELS)}")
    used = [FLAG] if model == "typology" else list(THREE) if model == "three" else []
    used = used or [str(name) for name in frame if name != FLAG]
    lacking = [name for name in used if name not in frame]
    if lacking:
        raise AnalysisError(f"pressure models: the rule {model!r} needs {', '.join(lacking)}")
    return used


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


def fitted(model: str, values: Floats, happened: Ints, weights: Floats | None = None) -> Predict:
    """Learn a rule from the columns it uses; gives probabilities for new rows with the same columns.

    ``weights``: how often each row counts, as from draws of blocks.
    """
    weight = np.ones(len(happened)) if weights is None else weights
    if model == "typology":
        return _shares(values[:, 0], happened, weight)
    # One thread: these tables are small, threads that wait for each other cost fifty times the work, and sums must not
    # depend on the number of processors.
    with _threads().limit(limits=1):
        return _learned(model, values, happened, weight)


def _learned(model: str, values: Floats, happened: Ints, weight: Floats) -> Predict:
    if model == "boosting":
        # Rows drawn twice are given twice: with weights the cut-offs of the trees take fifty times as long to find.
        times = np.rint(weight).astype(np.int64)
        trees = HistGradientBoostingClassifier(
            max_iter=80, learning_rate=0.06, max_leaf_nodes=6, min_samples_leaf=30, max_bins=64, early_stopping=False,
            random_state=0,
        ).fit(np.repeat(values, times, axis=0), np.repeat(happened, times))  # fmt: skip

        def grown(new: Floats) -> Floats:
            with _threads().limit(limits=1):
                return np.asarray(trees.predict_proba(new)[:, 1], dtype=float)

        return grown
    middle = np.average(values, axis=0, weights=weight)
    spread = np.sqrt(np.average((values - middle) ** 2, axis=0, weights=weight))
    spread = np.where(spread > 0, spread, 1.0)
    strength = 1 / PENALTY if model == "logistic" else 1e6
    line = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=100)
    line.fit((values - middle) / spread, happened, sample_weight=weight)
    return lambda new: np.asarray(line.predict_proba((new - middle) / spread)[:, 1], dtype=float)


def _shares(flag: Floats, happened: Ints, weight: Floats) -> Predict:
    """The share in which it happened among those with the flag, without it, and where it is unknown."""
    base = float(np.average(happened, weights=weight))
    found = {}
    for mark in (0.0, 1.0):
        inside = flag == mark
        # Ten places of the base rate keep a handful of tracts from saying never or always.
        found[mark] = (float((weight * happened)[inside].sum()) + 10 * base) / (float(weight[inside].sum()) + 10)
    return lambda new: np.select([new[:, 0] == 1.0, new[:, 0] == 0.0], [found[1.0], found[0.0]], base).astype(float)


def fit_predict(model: str) -> Callable[[pd.DataFrame, Ints, pd.DataFrame], Floats]:
    """The rule in the form that cross-validation asks for."""

    def run(known: pd.DataFrame, happened: Ints, new: pd.DataFrame) -> Floats:
        used = columns_of(model, known)
        return fitted(model, known[used].to_numpy(dtype=float), happened)(new[used].to_numpy(dtype=float))

    return run


@dataclass(frozen=True, eq=False)
class ModelScores:
    """How well each rule predicts places it has not seen.

    ``table``, one row a rule in order of trust: model, label, auc, brier with ``_low`` and ``_high`` (over draws of
    blocks), auc_random and brier_random (folds by lot), behind, behind_low, behind_high (Brier score minus the best
    rule's, on the same draws), worse (measurably). ``base_brier``: of saying the base rate. ``chosen``: the rule to
    publish. ``predictions``: by rule.
    """

    table: pd.DataFrame
    base_brier: float
    chosen: str
    best: str
    predictions: Mapping[str, CrossValidated]

    def of(self, model: str) -> pd.Series:
        """One rule's row."""
        return self.table.loc[self.table["model"] == model].iloc[0]


def score_models(
    frame: pd.DataFrame, happened: pd.Series, blocks: pd.Series, *, draws: int = DRAWS, level: float = 0.95
) -> ModelScores:
    """Judge all four rules in blocks of land they did not see, and choose.

    ``frame``: features by tract with the column ``typology`` (1, 0, or NaN where the published rule cannot tell); other
    features without gaps. ``happened``: 1 or 0. All three on the same index.

    Raises AnalysisError for unequal indexes or gaps, and as the cross-validation does.
    """
    if not (frame.index.equals(happened.index) and frame.index.equals(blocks.index)):
        raise AnalysisError(
            "pressure models: features, outcomes and blocks must have the same tracts in the same order"
        )
    if frame.drop(columns=FLAG).isna().any(axis=None):
        raise AnalysisError("pressure models: a feature is missing; leave the tract out and count it")
    truth = happened.to_numpy(dtype=float)
    found = {model: cross_validated(fit_predict(model), frame, truth, blocks) for model in LABELS}
    losses = {model: brier(truth, cv.spatial) for model, cv in found.items()}
    best = min(losses, key=lambda model: losses[model])
    rows = [_row(model, cv, found[best], truth, blocks, draws, level) for model, cv in found.items()]
    table = pd.DataFrame(rows)
    chosen = str(table.loc[~table["worse"], "model"].iloc[0])
    return ModelScores(table, float(truth.mean() * (1 - truth.mean())), chosen, best, found)


def _row(
    model: str, cv: CrossValidated, best: CrossValidated, truth: Floats, blocks: pd.Series, draws: int, level: float
) -> dict[str, object]:
    area = block_bootstrap(lambda w: areas_under_curve(truth, cv.spatial, w), blocks, draws=draws, level=level)
    loss = block_bootstrap(lambda w: briers(truth, cv.spatial, w), blocks, draws=draws, level=level)
    behind = block_difference(
        lambda w: briers(truth, cv.spatial, w),
        lambda w: briers(truth, best.spatial, w),
        blocks,
        draws=draws,
        level=level,
    )
    return {
        "model": model, "label": LABELS[model], "auc": area.value, "auc_low": area.lower, "auc_high": area.upper,
        "brier": loss.value, "brier_low": loss.lower, "brier_high": loss.upper,
        "auc_random": area_under_curve(truth, cv.random), "brier_random": brier(truth, cv.random),
        "behind": behind.value, "behind_low": behind.lower, "behind_high": behind.upper,
        "worse": bool(behind.lower > 0),
    }  # fmt: skip


def carried_over(
    model: str, earlier: pd.DataFrame, earlier_happened: pd.Series, later: pd.DataFrame, later_happened: pd.Series,
    blocks: pd.Series, *, draws: int = DRAWS, level: float = 0.95,
) -> tuple[Estimate, Estimate, pd.Series]:  # fmt: skip
    """A rule learned in one period and judged in the next: AUC, Brier score, and its probabilities.

    ``earlier`` and ``later`` must have the same features. Intervals over draws of blocks of the later period.
    """
    used = columns_of(model, later)
    rule = fitted(model, earlier[used].to_numpy(dtype=float), earlier_happened.to_numpy(dtype=np.int64))
    chance = pd.Series(rule(later[used].to_numpy(dtype=float)), index=later.index)
    truth = later_happened.to_numpy(dtype=float)
    area = block_bootstrap(lambda w: areas_under_curve(truth, chance, w), blocks, draws=draws, level=level)
    return area, block_bootstrap(lambda w: briers(truth, chance, w), blocks, draws=draws, level=level), chance


def against_possible_truths(
    truths: pd.DataFrame, chance: pd.Series, blocks: pd.Series, *, level: float = 0.95
) -> Estimate:
    """AUC against outcomes that sampling errors leave possible, one draw of blocks for each; shows what noise costs.

    ``truths``: 1 or 0, one row a tract and one column a draw. The value is the mean over draws.
    """
    weights = block_weights(blocks, draws=truths.shape[1])
    found = [
        area_under_curve(truths.iloc[:, i], chance, weights[i]) for i in range(truths.shape[1])
    ]  # fmt: skip
    lower, upper = ends_of_draws([one for one in found if np.isfinite(one)], blocks.nunique(), level=level)
    return Estimate(float(np.nanmean(found)), float(lower), float(upper), level, len(chance))


def permutation_importance(
    model: str, frame: pd.DataFrame, happened: pd.Series, blocks: pd.Series, *,
    repeats: int = 5, draws: int = 200, level: float = 0.95, number: int = 10, seed: int = 2018,
) -> pd.DataFrame:  # fmt: skip
    """How much AUC in unseen blocks is lost when one feature is shuffled there, with an interval over draws of blocks.

    One row a feature, largest loss first: feature, loss, lower, upper. Features that resemble each other share a loss
    between them, so a small one does not say that a feature is unimportant.
    """
    used = columns_of(model, frame)
    values, truth = frame[used].to_numpy(dtype=float), happened.to_numpy(dtype=np.int64)
    folds = block_folds(blocks, number)
    rules = {k: fitted(model, values[folds != k], truth[folds != k]) for k in np.unique(folds)}
    whole = _apply(rules, folds, values)
    rng, rows = np.random.default_rng(seed), []
    for place, name in enumerate(used):
        shuffled = []
        for _ in range(repeats):
            changed = values.copy()
            changed[:, place] = rng.permutation(changed[:, place])
            shuffled.append(_apply(rules, folds, changed))

        def loss(w: Floats, made: list[Floats] = shuffled) -> Floats:
            rest = np.mean([areas_under_curve(truth, m, w) for m in made], axis=0)
            return np.asarray(areas_under_curve(truth, whole, w) - rest, dtype=float)

        found = block_bootstrap(loss, blocks, draws=draws, level=level)
        rows.append((name, found.value, found.lower, found.upper))
    table = pd.DataFrame(rows, columns=["feature", "loss", "lower", "upper"])
    return table.sort_values("loss", ascending=False, ignore_index=True)


def _apply(rules: Mapping[int, Predict], folds: Ints, values: Floats) -> Floats:
    chance = np.empty(len(folds))
    for fold, rule in rules.items():
        chance[folds == fold] = rule(values[folds == fold])
    return chance


def partial_dependence(
    model: str, frame: pd.DataFrame, happened: pd.Series, blocks: pd.Series, feature: str, *,
    points: int = 9, draws: int = 40, level: float = 0.95, seed: int = 2018,
) -> pd.DataFrame:  # fmt: skip
    """Mean probability when one feature is set to a value everywhere, with an interval over rules learned anew.

    Values run from the 5th to the 95th percentile. Columns: value (unit of the feature), chance, lower, upper (0 to 1).
    It shows what the rule does, not what would happen: nobody set the feature. Each draw learns from drawn blocks.
    """
    used = columns_of(model, frame)
    values, truth = frame[used].to_numpy(dtype=float), happened.to_numpy(dtype=np.int64)
    place = used.index(feature)
    at = np.quantile(values[:, place], np.linspace(0.05, 0.95, points))
    weights = np.vstack([np.ones(len(truth)), block_weights(blocks, draws=draws, seed=seed)])
    curves = np.array([_curve(fitted(model, values, truth, w), values, place, at) for w in weights])
    lower, upper = ends_of_draws(curves[1:], blocks.nunique(), level=level)
    return pd.DataFrame(
        {"value": at, "chance": curves[0], "lower": np.minimum(lower, curves[0]), "upper": np.maximum(upper, curves[0])}
    )


def _curve(rule: Predict, values: Floats, place: int, at: Floats) -> Floats:
    changed = np.repeat(values[None, :, :], len(at), axis=0)
    changed[:, :, place] = at[:, None]
    found: Floats = rule(changed.reshape(-1, values.shape[1])).reshape(len(at), -1).mean(axis=1)
    return found


def floor_of_shared_errors(
    model: str, features: Features, gaps: pd.DataFrame, happened: pd.Series, blocks: pd.Series, *,
    draws: int = 20, seed: int = 2018,
) -> Estimate:  # fmt: skip
    """AUC that a rule would reach with nothing to find, only because rent of the start is in feature and outcome alike.

    A rent sampled too low makes the tract look cheap and its rise look large. Here every tract gets the change of
    another tract drawn by lot, so that nothing is predictable; then the start's sampling error is put into the feature
    and, with the other sign, into the change. ``gaps``: rent_gap and low_change, in percent, by tract.
    """
    rng, found = np.random.default_rng(seed), []
    frame, errors = features.frame.loc[happened.index], features.errors.loc[happened.index].fillna(0.0)
    folds = block_folds(blocks)
    for _ in range(draws):
        noise = {name: errors[name].to_numpy() * rng.standard_normal(len(frame)) for name in ("rent", "low_income")}
        lot = rng.permutation(len(frame))
        rent = gaps["rent_gap"].to_numpy()[lot] - noise["rent"]
        share = np.maximum(frame["low_income"].to_numpy(), 1.0)
        low = gaps["low_change"].to_numpy()[lot] - 100 * noise["low_income"] / share
        seen = frame.assign(**{name: frame[name] + error for name, error in noise.items()})
        outcome = ((rent > 0) & (low < 0)).astype(np.int64)
        found.append(area_under_curve(outcome, out_of_fold(fit_predict(model), seen, outcome, folds)))
    lower, upper = np.quantile(found, [0.025, 0.975])
    return Estimate(float(np.mean(found)), float(lower), float(upper), 0.95, len(frame))
