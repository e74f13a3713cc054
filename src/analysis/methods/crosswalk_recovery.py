"""Recover the weights of a tract crosswalk from its results.

Some published files give census counts "on 2010 tracts" without the weights that took them there, and carry medians
with the same weights as counts: a tract that received half of an older tract is given *half its median rent*. The
counts are right, the medians are not. But counts on both vintages are enough to find the weights again: every target
row is a non-negative combination of few source rows, the same combination for every count. With more counts than
sources in a neighbourhood the combination is unique, and it proves itself twice: each target is reproduced to
rounding, and the shares of each source add up to one although nothing asks for it.

With the weights in hand a median is carried as it should be: as the mean of the sources' medians, weighted by the
households that each source contributed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import nnls

WEIGHT_FLOOR = 1e-7


@dataclass(frozen=True)
class RecoveredCrosswalk:
    """Weights found, and the two ways in which they prove themselves.

    Attributes
    ----------
    weights
        Columns ``target``, ``source``, ``weight``: the share (0 to 1) of the source that went to the target.
    misfit
        By target: length of what the weights do not explain, relative to the target's counts; unitless.
    unrecovered
        Targets whose misfit is above the tolerance; they have no weights.
    """

    weights: pd.DataFrame
    misfit: pd.Series
    unrecovered: tuple[str, ...]

    @property
    def source_totals(self) -> pd.Series:
        """By source: the sum of its shares over all targets; 1 where nothing was lost."""
        return self.weights.groupby("source")["weight"].sum()


def recover_weights(
    source: pd.DataFrame,
    target: pd.DataFrame,
    *,
    neighbourhoods: tuple[int, ...] = (30, 120),
    tolerance: float = 1e-6,
) -> RecoveredCrosswalk:
    """Find the shares of ``source`` rows that make up each ``target`` row.

    Parameters
    ----------
    source, target
        Counts by tract, one row a tract (index: code as text), the same count columns in both. Medians must not be
        among them.
    neighbourhoods
        How many sources, nearest by code, are tried; then all of them.
    tolerance
        Largest relative misfit that counts as found.

    Raises
    ------
    ValueError
        If the columns differ, a count is missing or negative, or a code is repeated.

    Examples
    --------
    Tract b was split into b1 (a quarter) and b2 (the rest, together with all of c).

    >>> old = pd.DataFrame({"people": [10.0, 40.0, 8.0], "homes": [4.0, 12.0, 2.0], "adults": [7.0, 30.0, 5.0]},
    ...                    index=["a", "b", "c"])
    >>> rows = {"a": old.loc["a"], "b1": old.loc["b"] / 4, "b2": old.loc["b"] * 0.75 + old.loc["c"]}
    >>> new = pd.DataFrame(rows).T
    >>> found = recover_weights(old, new)
    >>> found.weights.round(6).to_dict("list")
    {'target': ['a', 'b1', 'b2', 'b2'], 'source': ['a', 'b', 'b', 'c'], 'weight': [1.0, 0.25, 0.75, 1.0]}
    """
    _check(source, target)
    source = source.sort_index()
    scale = source.mean(axis=0).replace(0.0, 1.0).to_numpy(dtype=float)
    counts = source.to_numpy(dtype=float).T / scale[:, None]
    positions = source.index.searchsorted(target.index)
    rows: list[tuple[str, str, float]] = []
    misfits: dict[str, float] = {}
    for code, place, wanted in zip(target.index, positions, target.to_numpy(dtype=float) / scale, strict=True):
        near, weights, misfit = _decompose(counts, wanted, int(place), neighbourhoods, tolerance)
        misfits[code] = misfit
        if misfit <= tolerance:
            rows += [(code, source.index[i], float(w)) for i, w in zip(near, weights, strict=True) if w > WEIGHT_FLOOR]
    misfit_by_target = pd.Series(misfits, dtype=float)
    frame = pd.DataFrame(rows, columns=["target", "source", "weight"]).sort_values(["target", "source"])
    lost = tuple(str(code) for code in misfit_by_target.index[misfit_by_target > tolerance])
    return RecoveredCrosswalk(frame.reset_index(drop=True), misfit_by_target, lost)


def carry_median(
    crosswalk: RecoveredCrosswalk, median: pd.Series, base: pd.Series, *, least_cover: float = 0.8
) -> pd.Series:
    """Carry a median to the targets: mean of the sources' medians, weighted by what they contributed.

    Exact where a target lies inside one source or all its sources agree; otherwise an approximation, since medians do
    not average. A source without a median is left out; where those with one hold less than ``least_cover`` of the
    target's base the result is missing.

    Parameters
    ----------
    median
        Median by source code, in any unit; missing where it was not published.
    base
        The households (or renters, owners) the median is about, by source code.

    Returns
    -------
    pandas.Series
        By target code, in the unit of ``median``.

    Examples
    --------
    >>> weights = pd.DataFrame({"target": ["x", "x"], "source": ["a", "b"], "weight": [1.0, 0.5]})
    >>> crosswalk = RecoveredCrosswalk(weights, pd.Series({"x": 0.0}), ())
    >>> carry_median(crosswalk, pd.Series({"a": 900.0, "b": 600.0}), pd.Series({"a": 100.0, "b": 200.0})).to_dict()
    {'x': 750.0}
    """
    parts = crosswalk.weights.assign(
        median=crosswalk.weights["source"].map(median), base=crosswalk.weights["source"].map(base)
    )
    parts["base"] *= parts["weight"]
    known = parts["median"].notna()
    parts["known_base"] = parts["base"].where(known, 0.0)
    parts["product"] = (parts["median"] * parts["base"]).where(known, 0.0)
    sums = parts.groupby("target")[["base", "known_base", "product"]].sum()
    enough = (sums["known_base"] > 0) & (sums["known_base"] >= least_cover * sums["base"])
    carried = (sums["product"] / sums["known_base"]).where(enough)
    carried.name = median.name
    return carried.reindex(crosswalk.misfit.index)


def _check(source: pd.DataFrame, target: pd.DataFrame) -> None:
    if list(source.columns) != list(target.columns):
        raise ValueError("source and target must have the same count columns in the same order")
    for name, frame in (("source", source), ("target", target)):
        if frame.index.has_duplicates:
            raise ValueError(f"{name} repeats tract {frame.index[frame.index.duplicated()][0]}: one row a tract")
        bad = frame.index[(frame.isna() | (frame < 0)).any(axis=1)]
        if len(bad):
            raise ValueError(f"{name} has a missing or negative count in {len(bad)} tracts, first {bad[0]}")


def _decompose(
    counts: np.ndarray, wanted: np.ndarray, place: int, neighbourhoods: tuple[int, ...], tolerance: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """Non-negative least squares over ever wider neighbourhoods of the code, until it fits."""
    size = np.linalg.norm(wanted)
    everything = counts.shape[1]
    if size == 0:
        return np.array([], dtype=int), np.array([]), 0.0
    by_distance = np.argsort(np.abs(np.arange(everything) - place), kind="stable")
    for width in (*neighbourhoods, everything):
        near = by_distance[:width]
        weights, rest = nnls(counts[:, near], wanted)
        if rest <= tolerance * size:
            break
    return near, weights, float(rest / size)
