"""A list for outreach: which tracts first, for how many visits, how sure, and whether it beats simpler lists.

A visit is a call on one renter household; a tract on the list uses as many visits as it has renter households. A list
is judged by the share of all pressured renter households that it reaches. Nobody is ranked on the page: a tract is in
a group (visit first, cannot be told, not now), and visits left over are drawn by lot among those that cannot be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.block_bootstrap import DRAWS, FEWEST_BLOCKS, block_weights, ends_of_draws
from analysis.methods.estimate import Estimate
from analysis.methods.pressure_features import Features
from analysis.methods.pressure_models import columns_of, fitted
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

GROUPS = ("visit first", "cannot be told", "not now")
SURE = 0.8


def share_reached(
    score: npt.ArrayLike, renters: npt.ArrayLike, pressured: npt.ArrayLike, share: float, weights: Floats | None = None
) -> Floats:
    """Share (0 to 1) of pressured renter households in the tracts of highest score that hold ``share`` of all renters.

    ``weights``: shape (draws, tracts); one result a draw. Tracts of equal score are taken by lot, so the result is the
    expected one; the tract on the edge is taken in part. NaN where nobody was pressured.

    Raises AnalysisError for a share outside 0 to 1 or a missing score.

    >>> share_reached([0.9, 0.5, 0.5, 0.1], [100, 100, 100, 100], [1, 1, 0, 0], 0.5).round(2).tolist()
    [0.75]
    """
    points, homes = np.asarray(score, dtype=float), np.asarray(renters, dtype=float)
    if not 0 < share <= 1 or np.isnan(points).any():
        raise AnalysisError("outreach: the share of visits lies between 0 and 1, and every tract needs a score")
    weight = np.ones((1, len(points))) if weights is None else weights
    _, place = np.unique(-points, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    all_homes = np.add.reduceat((weight * homes)[:, order], starts, axis=1)
    hit_homes = np.add.reduceat((weight * homes * np.asarray(pressured, dtype=float))[:, order], starts, axis=1)
    budget = share * all_homes.sum(axis=1, keepdims=True)
    before = np.cumsum(all_homes, axis=1) - all_homes
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.clip((budget - before) / all_homes, 0, 1)
        found = np.where(all_homes > 0, part, 0.0) * hit_homes
        return np.asarray(found.sum(axis=1) / hit_homes.sum(axis=1), dtype=float)


def compare_lists(
    scores: Mapping[str, pd.Series], renters: pd.Series, pressured: pd.Series, blocks: pd.Series, share: float, *,
    draws: int = DRAWS, level: float = 0.95, seed: int = 2018,
) -> pd.DataFrame:  # fmt: skip
    """Lists for the same number of visits, side by side; the first of ``scores`` is the one all are held against.

    A missing score comes last. One row a list, and ``random`` (visits by lot, which reach their own share): strategy,
    reached, low, high (percent, over draws of blocks), ahead, ahead_low, ahead_high (points by which the first list is
    ahead on the same draws; NaN in its own row), n. With fewer than eight blocks there are no intervals.
    """
    homes, hit = renters.to_numpy(dtype=float), pressured.to_numpy(dtype=float)
    weights, number = np.ones((1, len(homes))), blocks.nunique()
    if number >= FEWEST_BLOCKS:
        weights = np.vstack([weights, block_weights(blocks, draws=draws, seed=seed)])
    filled = {name: score.reindex(renters.index).fillna(score.min() - 1).to_numpy() for name, score in scores.items()}
    found = {name: 100 * share_reached(score, homes, hit, share, weights) for name, score in filled.items()}
    found["random"] = np.full(len(weights), 100 * share)
    first = next(iter(scores))
    rows = []
    for name, values in found.items():
        gap = (np.nan,) * 3 if name == first else _ends(found[first] - values, number, level)
        rows.append((name, *_ends(values, number, level), *gap, len(homes)))
    return pd.DataFrame(rows, columns=["strategy", "reached", "low", "high", "ahead", "ahead_low", "ahead_high", "n"])


def _ends(values: Floats, blocks: int, level: float) -> tuple[float, float, float]:
    known = values[1:][np.isfinite(values[1:])]
    if len(known) < 2:
        return float(values[0]), float("nan"), float("nan")
    lower, upper = ends_of_draws(known, blocks, level=level)
    return float(values[0]), float(min(lower, values[0])), float(max(upper, values[0]))


def as_estimate(row: pd.Series, name: str = "reached", *, low: str = "low", high: str = "high") -> Estimate:
    """One figure of a row of :func:`compare_lists` with its interval."""
    if not np.isfinite(row[name]):
        return Estimate.empty("not_applicable", "no renter household was under pressure here")
    return Estimate(float(row[name]), float(row[low]), float(row[high]), 0.95, int(row["n"]))


def listed(chance: Floats, renters: Floats, visits: float, threshold: float) -> Flags:
    """Tracts on the list: of probability ``threshold`` or more, from the highest on, while renters fit ``visits``.

    ``chance``: shape (draws, tracts) or (tracts,); same shape back. A tract that does not fit ends the list.

    >>> listed(np.array([0.5, 0.9, 0.1, 0.4]), np.array([100.0, 100.0, 100.0, 100.0]), 250, 0.2).tolist()
    [True, True, False, False]
    """
    points = np.atleast_2d(chance)
    order = np.argsort(-points, axis=1, kind="stable")
    spent = np.cumsum(renters[order], axis=1)
    fits = (spent <= visits) & (np.take_along_axis(points, order, axis=1) >= threshold)
    chosen = np.zeros(points.shape, dtype=bool)
    np.put_along_axis(chosen, order, fits, axis=1)
    return chosen.reshape(np.shape(chance))


@dataclass(frozen=True, eq=False)
class Forecast:
    """Probabilities for tracts whose outcome is still ahead.

    ``table`` (index: geoid): chance (0 to 1), lower, upper (95 percent: rules learned from other blocks, features as
    other samples might have found them), status (scored or abstains) and reason. ``draws``: shape (draws, scored
    tracts), in the order of ``scored``.
    """

    table: pd.DataFrame
    scored: pd.Index
    draws: Floats


def forecast(
    model: str, known: Features, happened: pd.Series, now: Features, blocks: pd.Series, *,
    draws: int = 100, flag: pd.Series | None = None, known_flag: pd.Series | None = None, seed: int = 2018,
) -> Forecast:  # fmt: skip
    """Learn from a finished period and say what it implies for the tracts as they are now.

    The rule abstains where a feature is missing, or lies outside what the finished period has shown. ``happened`` and
    ``blocks`` are of the tracts of the finished period. ``flag``, ``known_flag``: the published typology now and then.
    """
    before, after = known.frame.loc[happened.index], now.frame
    if known_flag is not None and flag is not None:
        before, after = before.assign(typology=known_flag), after.assign(typology=flag)
    used = columns_of(model, before)
    values, truth = before[used].to_numpy(dtype=float), happened.to_numpy(dtype=np.int64)
    reason = _abstains(before[used], after[used], model)
    scored = after.index[reason == ""]
    new = after.loc[scored, used].to_numpy(dtype=float)
    spread = now.errors.reindex(index=scored, columns=used).fillna(0.0).to_numpy(dtype=float)
    rng, made = np.random.default_rng(seed), []
    for weights in block_weights(blocks, draws=draws, seed=seed):
        rule = fitted(model, values, truth, weights)
        made.append(rule(new + spread * rng.standard_normal(new.shape)))
    table = pd.DataFrame({"chance": np.nan, "lower": np.nan, "upper": np.nan, "reason": reason}, index=after.index)
    table["status"] = np.where(reason == "", "scored", "abstains")
    table.loc[scored, "chance"] = fitted(model, values, truth)(new)
    table.loc[scored, ["lower", "upper"]] = np.quantile(made, [0.025, 0.975], axis=0).T
    return Forecast(table, scored, np.array(made))


def _abstains(before: pd.DataFrame, after: pd.DataFrame, model: str) -> pd.Series:
    """Why a rule has nothing to say about a tract; empty where it has."""
    reason = pd.Series("", index=after.index)
    if model == "typology":
        return reason
    beyond = (after < before.min()) | (after > before.max())
    reason[beyond.any(axis=1)] = "a figure lies outside what the past has shown"
    reason[after.isna().any(axis=1)] = "a figure is missing or cut off"
    return reason


@dataclass(frozen=True, eq=False)
class OutreachGroups:
    """Tracts of the city in groups.

    ``table`` (index: geoid): chance, member (share of draws in which the tract is on the list), choices (share of the
    defensible choices in which it is), on_list (under our choice), group (one of GROUPS, or missing where the rule
    abstains), renters.
    """

    table: pd.DataFrame
    visits: float
    sure: float

    def of(self, group: str) -> pd.Index[str]:
        """Tracts of one group."""
        found: pd.Index[str] = self.table.index[self.table["group"] == group]
        return found


def outreach_groups(
    ours: Forecast, others: Mapping[str, Forecast], renters: pd.Series, tracts: pd.Index, *,
    visits: float, threshold: float, sure: float = SURE,
) -> OutreachGroups:  # fmt: skip
    """Put the tracts of a city into groups by how firmly they are on the list.

    *Visit first*: on the list in a share ``sure`` (0 to 1) of our draws or more, and under every other choice that
    scores the tract. *Not now*: in 1 - ``sure`` of our draws or fewer, and under no choice. All else cannot be told.
    """
    homes = renters.reindex(tracts)
    here = _judged(ours, homes)
    table = pd.DataFrame(index=tracts)
    table["renters"] = homes
    table["chance"] = ours.table["chance"].reindex(here)
    place = ours.scored.get_indexer(here)
    size = homes[here].to_numpy(dtype=float)
    table["member"] = pd.Series(listed(ours.draws[:, place], size, visits, threshold).mean(axis=0), index=here)
    table["on_list"] = _point_list(ours, homes, visits, threshold)
    votes = pd.DataFrame({name: _point_list(other, homes, visits, threshold) for name, other in others.items()})
    table["choices"] = votes.astype(float).mean(axis=1) if others else table["on_list"].astype(float)
    first = (table["member"] >= sure) & (table["choices"] == 1) & table["on_list"].eq(True)
    never = (table["member"] <= 1 - sure) & (table["choices"] == 0) & table["on_list"].eq(False)
    group = pd.Series(np.select([first, never], [GROUPS[0], GROUPS[2]], GROUPS[1]), index=tracts, dtype=object)
    table["group"] = group.where(table["chance"].notna(), None)
    return OutreachGroups(table, visits, sure)


def _judged(made: Forecast, homes: pd.Series) -> pd.Index:
    """Tracts of the city that have renters and about which the rule says something, in the order of its draws."""
    return made.scored[made.scored.isin(homes.index[homes > 0])]


def _point_list(made: Forecast, homes: pd.Series, visits: float, threshold: float) -> pd.Series:
    here = _judged(made, homes)
    chosen = listed(made.table.loc[here, "chance"].to_numpy(), homes[here].to_numpy(dtype=float), visits, threshold)
    return pd.Series(chosen, index=here).reindex(homes.index).astype(object).where(lambda s: s.notna(), None)


def by_group(groups: OutreachGroups, kinds: pd.Series) -> pd.DataFrame:
    """Whom the list is about: one row a kind of tract, with what share of its renter households is in each group.

    ``kinds``: name by tract. Columns: kind, tracts, renters, and in percent of the kind's renter households: first,
    unsure, not_now, abstains. Kinds without renters are left out.

    >>> table = pd.DataFrame({"group": ["visit first", "not now"], "renters": [30.0, 70.0]}, index=["a", "b"])
    >>> by_group(OutreachGroups(table, 50, 0.8), pd.Series({"a": "x", "b": "x"}))[["first", "not_now"]].values.tolist()
    [[30.0, 70.0]]
    """
    table = groups.table.assign(kind=kinds.reindex(groups.table.index))
    columns = {"first": GROUPS[0], "unsure": GROUPS[1], "not_now": GROUPS[2]}
    rows = []
    for kind, part in table.groupby("kind", sort=True):
        homes = float(part["renters"].sum())
        if homes <= 0:
            continue
        shares = {
            name: 100 * float(part.loc[part["group"] == word, "renters"].sum()) / homes
            for name, word in columns.items()
        }
        rest = max(100 - sum(shares.values()), 0.0)
        rows.append({"kind": kind, "tracts": len(part), "renters": homes, **shares, "abstains": rest})
    return pd.DataFrame(rows)


def overlap(one: Forecast, other: Forecast, renters: pd.Series, *, visits: float, threshold: float) -> float:
    """Tracts on both lists over tracts on either (0 to 1; 1 when both are empty). ``renters``: of the city's tracts."""
    both = [_point_list(made, renters, visits, threshold).eq(True) for made in (one, other)]
    either = int((both[0] | both[1]).sum())
    return float((both[0] & both[1]).sum() / either) if either else 1.0
