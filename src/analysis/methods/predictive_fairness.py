"""Does a prediction err alike for all groups, and do its probabilities mean what they say?

Error rates, predictive values and calibration by group, with intervals. They cannot all be
equal when groups differ in how often the predicted thing happens (Chouldechova 2017, Big Data
5:153-163; Kleinberg, Mullainathan, Raghavan 2017): equal predictive values then force
unequal error rates. Which of them ought to be equal is a decision, not a finding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from analysis.methods.block_bootstrap import block_weights, ends_of_draws
from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

RATES = {
    "base_rate": "share in whom it happened",
    "flagged": "share predicted positive",
    "false_positive": "predicted positive among those in whom it did not happen",
    "false_negative": "predicted negative among those in whom it happened",
    "positive_value": "share in whom it happened among those predicted positive",
    "negative_value": "share in whom it did not happen among those predicted negative",
}
FEWEST = 11


@dataclass(frozen=True, eq=False)
class GroupErrors:
    """Error rates by group.

    ``table``, one row a group and rate: group, rate (a key of ``RATES``), value (0 to 1), lower,
    upper (Wilson), hits, of (its denominator), status (ok, or not_applicable under eleven). ``counts``:
    true and false positives and negatives by group. The last group, ``everybody``, is all together.
    """

    table: pd.DataFrame
    counts: pd.DataFrame
    level: float

    def rate(self, group: str, rate: str) -> Estimate:
        """One rate of one group.

        Raises AnalysisError for an unknown group or rate.
        """
        found = self.table[(self.table["group"] == group) & (self.table["rate"] == rate)]
        if found.empty:
            raise AnalysisError(f"predictive fairness: no {rate!r} of {group!r}; rates are {', '.join(RATES)}")
        row = found.iloc[0]
        if row["status"] != "ok":
            return Estimate.empty(
                "not_applicable", f"its denominator is {row['of']}", level=self.level, n=int(row["of"])
            )
        return Estimate(float(row["value"]), float(row["lower"]), float(row["upper"]), self.level, int(row["of"]))

    def difference(self, rate: str, group: str, other: str) -> Estimate:
        """Rate of ``group`` minus rate of ``other``, with Newcombe's hybrid score interval."""
        one, two = self.rate(group, rate), self.rate(other, rate)
        if one.status != "ok" or two.status != "ok":
            return Estimate.empty("not_applicable", "a denominator is under eleven", level=self.level)
        hits = [
            int(self.table.loc[(self.table["group"] == name) & (self.table["rate"] == rate), "hits"].iloc[0])
            for name in (group, other)
        ]
        low, high = confint_proportions_2indep(
            hits[0], one.n, hits[1], two.n, method="newcomb", compare="diff", alpha=1 - self.level
        )
        return Estimate(one.value - two.value, float(low), float(high), self.level, (one.n or 0) + (two.n or 0))


def group_errors(
    happened: npt.ArrayLike, flagged: npt.ArrayLike, group: npt.ArrayLike, *, level: float = 0.95
) -> GroupErrors:
    """Error rates of a yes-or-no prediction by group.

    ``happened`` and ``flagged``: True or False (or 1 and 0) per person; ``group``: names.

    Raises AnalysisError for unequal lengths or missing values, which must be left out and counted before
    (a label such as "N/A" may have been read as missing).

    >>> found = group_errors([1, 0] * 20, [1, 1, 0, 0] * 10, ["a"] * 40)
    >>> found.rate("a", "false_positive").value
    0.5
    """
    truth, guess = _flags(happened, "happened"), _flags(flagged, "flagged")
    names = pd.Series(np.asarray(group, dtype=object))
    if not len(truth) == len(guess) == len(names) or len(truth) == 0:
        raise AnalysisError("predictive fairness: happened, flagged and group need one value a person")
    if names.isna().any():
        raise AnalysisError(f"predictive fairness: group is missing for {int(names.isna().sum())} people")
    labels = names.astype(str).to_numpy()
    counts = pd.DataFrame(
        {
            name: _counts(truth[inside], guess[inside])
            for name, inside in [
                *((str(one), labels == one) for one in np.unique(labels)),
                ("everybody", np.ones(len(labels), dtype=bool)),
            ]
        }
    ).T
    rows = [row for name in counts.index for row in _rates(str(name), counts.loc[name], level)]
    columns = ["group", "rate", "value", "lower", "upper", "hits", "of", "status"]
    return GroupErrors(pd.DataFrame(rows, columns=columns), counts, level)


def _flags(values: npt.ArrayLike, what: str) -> Flags:
    series = pd.Series(np.asarray(values))
    if series.isna().any() or not series.isin([0, 1, True, False]).all():
        raise AnalysisError(f"predictive fairness: {what} must be 0 or 1 for everybody, without missing values")
    return series.astype(bool).to_numpy()


def _counts(truth: Flags, guess: Flags) -> dict[str, int]:
    return {
        "true_positive": int((truth & guess).sum()),
        "false_positive": int((~truth & guess).sum()),
        "false_negative": int((truth & ~guess).sum()),
        "true_negative": int((~truth & ~guess).sum()),
    }


def _rates(name: str, counts: pd.Series, level: float) -> list[tuple[object, ...]]:
    tp, fp, fn, tn = (
        int(counts[key]) for key in ("true_positive", "false_positive", "false_negative", "true_negative")
    )
    pairs = {
        "base_rate": (tp + fn, tp + fp + fn + tn),
        "flagged": (tp + fp, tp + fp + fn + tn),
        "false_positive": (fp, fp + tn),
        "false_negative": (fn, fn + tp),
        "positive_value": (tp, tp + fp),
        "negative_value": (tn, tn + fn),
    }
    rows: list[tuple[object, ...]] = []
    for rate, (hits, of) in pairs.items():
        if of < FEWEST:
            rows.append((name, rate, np.nan, np.nan, np.nan, hits, of, "not_applicable"))
            continue
        low, high = proportion_confint(hits, of, 1 - level, method="wilson")
        rows.append((name, rate, hits / of, float(low), float(high), hits, of, "ok"))
    return rows


def rates_over_blocks(
    happened: npt.ArrayLike, flagged: npt.ArrayLike, group: npt.ArrayLike, blocks: npt.ArrayLike, *,
    size: npt.ArrayLike | None = None, draws: int = 500, level: float = 0.95, seed: int = 2018,
) -> pd.DataFrame:  # fmt: skip
    """Error rates by group for places that resemble their neighbors: intervals over draws of blocks of land.

    ``size``: what a place counts, such as its households; 1 where left out. One row a group (the last, ``everybody``)
    and rate: group, rate, value, lower, upper (0 to 1), of (places in the denominator), status (ok, or not_applicable
    under eleven places). Raises AnalysisError as :func:`group_errors` and for fewer than eight blocks.

    >>> blocks = np.arange(40) // 2
    >>> found = rates_over_blocks([1, 0] * 20, [1, 1, 0, 0] * 10, ["a"] * 40, blocks, draws=50)
    >>> found.loc[found["rate"] == "false_negative", "value"].tolist()
    [0.5, 0.5]
    """
    truth, guess = _flags(happened, "happened"), _flags(flagged, "flagged")
    names = pd.Series(np.asarray(group, dtype=object)).astype(str).to_numpy()
    count = np.ones(len(truth)) if size is None else np.asarray(size, dtype=float)
    weights = np.vstack([np.ones(len(truth)), block_weights(blocks, draws=draws, seed=seed)]) * count
    base, number = np.ones(len(truth), dtype=bool), len(np.unique(np.asarray(blocks)))
    pairs = {
        "base_rate": (truth, base), "flagged": (guess, base), "false_positive": (guess, ~truth),
        "false_negative": (~guess, truth), "positive_value": (truth, guess), "negative_value": (~truth, ~guess),
    }  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for name in [*np.unique(names), "everybody"]:
        inside = base if name == "everybody" else names == name
        for rate, (hit, of) in pairs.items():
            rows.append((name, rate, *_drawn_rate(weights, hit & of & inside, of & inside, number, level)))
    return pd.DataFrame(rows, columns=["group", "rate", "value", "lower", "upper", "of", "status"])


def over_thresholds(
    happened: npt.ArrayLike, chance: npt.ArrayLike, group: npt.ArrayLike, thresholds: npt.ArrayLike, *,
    size: npt.ArrayLike | None = None,
) -> pd.DataFrame:  # fmt: skip
    """What each threshold (0 to 1) would do, by group and for everybody, in percent.

    Columns: threshold, group, flagged (share at or above it), missed (of those in whom it happened, below it; NaN under
    eleven). ``size`` as in :func:`rates_over_blocks`. Raises AnalysisError as :func:`group_errors`.

    >>> over_thresholds([1, 0] * 20, [0.6, 0.4] * 20, ["a"] * 40, [0.5])[["flagged", "missed"]].values.tolist()
    [[50.0, 0.0], [50.0, 0.0]]
    """
    truth, guess = _flags(happened, "happened"), np.asarray(chance, dtype=float)
    names = pd.Series(np.asarray(group, dtype=object)).astype(str).to_numpy()
    count = np.ones(len(truth)) if size is None else np.asarray(size, dtype=float)
    rows: list[tuple[object, ...]] = []
    for threshold in np.asarray(thresholds, dtype=float):
        for name in [*np.unique(names), "everybody"]:
            inside = np.ones(len(truth), dtype=bool) if name == "everybody" else names == name
            of, below = inside & truth, guess < threshold
            flagged = 100 * count[inside & ~below].sum() / count[inside].sum()
            missed = 100 * count[of & below].sum() / count[of].sum() if of.sum() >= FEWEST else np.nan
            rows.append((float(threshold), name, float(flagged), float(missed)))
    return pd.DataFrame(rows, columns=["threshold", "group", "flagged", "missed"])


def _drawn_rate(
    weights: Floats, hit: Flags, of: Flags, blocks: int, level: float
) -> tuple[float, float, float, int, str]:
    """A rate and its interval over the draws that follow the figure itself."""
    if of.sum() < FEWEST:
        return np.nan, np.nan, np.nan, int(of.sum()), "not_applicable"
    below = weights[:, of].sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = weights[:, hit].sum(axis=1) / below
    drawn = found[1:]
    lower, upper = ends_of_draws(drawn[np.isfinite(drawn)], blocks, level=level)
    return float(found[0]), float(min(lower, found[0])), float(max(upper, found[0])), int(of.sum()), "ok"


def implied_false_positive(base_rate: float, positive_value: float, false_negative: float) -> float:
    """False positive rate forced by the other three (all 0 to 1): they cannot be chosen freely.

    Two groups with equal predictive values and equal false negative rates but different base
    rates therefore have different false positive rates (Chouldechova 2017, eq. 2.6).

    >>> round(implied_false_positive(0.5, 0.6, 0.3), 3), round(implied_false_positive(0.3, 0.6, 0.3), 3)
    (0.467, 0.2)
    """
    if not (0 < base_rate < 1 and 0 < positive_value <= 1 and 0 <= false_negative <= 1):
        raise AnalysisError("implied false positive rate: base rate and predictive value must lie between 0 and 1")
    return base_rate / (1 - base_rate) * (1 - positive_value) / positive_value * (1 - false_negative)


@dataclass(frozen=True, eq=False)
class Calibration:
    """Whether probabilities mean what they say.

    ``brier``: mean squared error of the probabilities. ``auc``: chance that one in whom it happened had
    the higher probability (ties half). ``slope`` and ``intercept`` of happened on the log odds: 1
    and 0 when calibrated. ``hosmer_lemeshow`` over equal-sized bins with its probability. ``bins``: bin,
    people, expected, observed (0 to 1), lower, upper.
    """

    brier: float
    auc: float
    slope: Estimate
    intercept: Estimate
    hosmer_lemeshow: float
    probability: float
    bins: pd.DataFrame


def calibration(
    happened: npt.ArrayLike, predicted: npt.ArrayLike, *, bins: int = 10, level: float = 0.95
) -> Calibration:
    """Compare probabilities with what happened; call it once a group.

    ``predicted``: probabilities strictly between 0 and 1.

    Raises AnalysisError for probabilities outside, or when everything or nothing happened.

    >>> chance = np.repeat([0.2, 0.5, 0.8], 100)
    >>> happened = np.concatenate([np.arange(100) < 20, np.arange(100) < 50, np.arange(100) < 80])
    >>> found = calibration(happened, chance, bins=3)
    >>> round(found.slope.value, 2), round(found.hosmer_lemeshow, 2)
    (1.0, 0.0)
    """
    truth, chance = _flags(happened, "happened"), np.asarray(predicted, dtype=float)
    if len(truth) != len(chance) or not ((chance > 0) & (chance < 1)).all():
        raise AnalysisError("calibration: one probability a person, strictly between 0 and 1")
    positives = int(truth.sum())
    if positives in (0, len(truth)):
        raise AnalysisError("calibration: it has to have happened to some and not to others")
    ranks = stats.rankdata(chance)
    auc = (ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * (len(truth) - positives))
    odds = np.log(chance / (1 - chance))
    fitted = sm.GLM(truth.astype(float), sm.add_constant(odds), family=sm.families.Binomial()).fit()
    ends = np.asarray(fitted.conf_int(1 - level))
    table, statistic = _bins(truth, chance, bins, level)
    return Calibration(
        float(((truth - chance) ** 2).mean()),
        float(auc),
        Estimate(float(fitted.params[1]), float(ends[1, 0]), float(ends[1, 1]), level, len(truth)),
        Estimate(float(fitted.params[0]), float(ends[0, 0]), float(ends[0, 1]), level, len(truth)),
        statistic,
        float(stats.chi2.sf(statistic, max(1, len(table) - 2))),
        table,
    )


def _bins(truth: Flags, chance: Floats, bins: int, level: float) -> tuple[pd.DataFrame, float]:
    edges = np.unique(np.quantile(chance, np.linspace(0, 1, bins + 1)))
    place = np.clip(np.searchsorted(edges, chance, side="left") - 1, 0, len(edges) - 2)
    rows, statistic = [], 0.0
    for number in np.unique(place):
        inside = place == number
        size, seen, expected = int(inside.sum()), int(truth[inside].sum()), float(chance[inside].sum())
        statistic += (seen - expected) ** 2 / (expected * (1 - expected / size))
        low, high = proportion_confint(seen, size, 1 - level, method="wilson")
        rows.append((int(number) + 1, size, expected / size, seen / size, float(low), float(high)))
    return pd.DataFrame(rows, columns=["bin", "people", "expected", "observed", "lower", "upper"]), statistic
