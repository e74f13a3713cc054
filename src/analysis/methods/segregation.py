"""How separately groups live: dissimilarity, isolation, exposure, Theil's H, mutual information M.

All functions take a frame of counts, one row a unit (tract, school) and one
column a group, without a total column. Counts may be estimates, so they need
not be whole.

Small units look segregated by accident: with ten people a tract, throwing dice
gives a dissimilarity of a third. :func:`against_random_allocation` measures that
floor, and no segregation figure should be published without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]


def dissimilarity(counts: pd.DataFrame, group: str, other: str | None = None) -> float:
    """Dissimilarity D: share (0 to 1) of ``group`` that would have to move to be spread like ``other``.

    Without ``other`` the comparison is with everyone else. With it only these two
    groups count, third groups are not in any denominator.
    Raises AnalysisError for unknown columns or an empty group. Source: Duncan and Duncan 1955.

    >>> dissimilarity(pd.DataFrame({"a": [10, 0], "b": [0, 10]}), "a", "b")
    1.0
    """
    table = _checked(counts)
    for name in (group, *([other] if other else [])):
        if name not in table:
            raise AnalysisError(f"dissimilarity: no group {name!r}; the table has {', '.join(map(str, table.columns))}")
    one = table[group].to_numpy()
    two = table[other].to_numpy() if other else table.to_numpy().sum(axis=1) - one
    if not (one.sum() > 0 and two.sum() > 0):
        raise AnalysisError(f"dissimilarity: {group!r} or the group it is compared with has no members")
    return float(np.abs(one / one.sum() - two / two.sum()).sum() / 2)


def exposure(counts: pd.DataFrame) -> pd.DataFrame:
    """Exposure: for the average member of the row's group, the share (0 to 1) of the column's group in its unit.

    The diagonal is isolation; rows add up to 1. A group without members is NaN. Source: Lieberson 1981; Bell 1954.

    >>> exposure(pd.DataFrame({"a": [9, 1], "b": [1, 9]})).loc["a"].round(2).to_dict()
    {'a': 0.82, 'b': 0.18}
    """
    table = _checked(counts)
    people = table.to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.nan_to_num(people / people.sum(axis=1, keepdims=True))
        found = (people / people.sum(axis=0)).T @ shares
    return pd.DataFrame(found, index=table.columns, columns=table.columns)


def isolation(counts: pd.DataFrame) -> pd.Series:
    """Isolation by group: the share (0 to 1) of one's own group in the average member's unit.

    >>> isolation(pd.DataFrame({"a": [9, 1], "b": [1, 9]})).round(2).to_dict()
    {'a': 0.82, 'b': 0.82}
    """
    table = exposure(counts)
    return pd.Series(np.diag(table.to_numpy()), index=table.index, name="isolation")


def entropy(counts: pd.DataFrame) -> float:
    """Entropy of the group shares of all units together, in nats; 0 with one group.

    >>> round(entropy(pd.DataFrame({"a": [5, 5], "b": [4, 6]})), 4)
    0.6931
    """
    return _entropy(_checked(counts).to_numpy().sum(axis=0))


def mutual_information(counts: pd.DataFrame) -> float:
    """Mutual information M between unit and group, in nats: 0 (all units alike) to the entropy of the groups.

    Source: Theil and Finizza 1971; Mora and Ruiz-Castillo 2011.

    >>> round(mutual_information(pd.DataFrame({"a": [10, 0], "b": [0, 10]})), 4)
    0.6931
    """
    return _mutual_information(_checked(counts).to_numpy())


def theil_h(counts: pd.DataFrame) -> float:
    """Theil's information index H: M as a share (0 to 1) of the entropy of the groups.

    Raises AnalysisError when there is only one group, for which it is undefined. Source: Theil and Finizza 1971.

    >>> theil_h(pd.DataFrame({"a": [10, 0], "b": [0, 10]}))
    1.0
    """
    people = _checked(counts).to_numpy()
    spread = _entropy(people.sum(axis=0))
    if spread == 0:
        raise AnalysisError("theil_h: everyone is of one group, so separateness is undefined")
    return _mutual_information(people) / spread


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Segregation between areas and within them; between + within = total, for M (nats) and for H (share).

    ``areas`` has one row an area: people (share 0 to 1), M within it, and
    ``contribution`` to the within part of M (people times M).
    """

    total_m: float
    total_h: float
    between_m: float
    between_h: float
    within_m: float
    within_h: float
    areas: pd.DataFrame


def decompose(counts: pd.DataFrame, area: pd.Series) -> Decomposition:
    """Split segregation among units into that between the areas they lie in and that within.

    ``area`` names the area of each row. Raises AnalysisError when a unit has none.
    Source: Mora and Ruiz-Castillo 2011.

    >>> table = pd.DataFrame({"a": [10, 10, 0], "b": [0, 0, 20]})
    >>> split = decompose(table, pd.Series(["west", "west", "east"]))
    >>> round(split.between_h, 4), round(split.within_h, 4)
    (1.0, 0.0)
    """
    table = _checked(counts)
    if len(area) != len(table) or area.isna().any():
        raise AnalysisError("decompose: every unit needs an area; leave units without one out and say how many")
    names = area.to_numpy()
    total_h, spread = theil_h(table), entropy(table)
    between = _mutual_information(table.groupby(names).sum().to_numpy())
    people = table.sum(axis=1).groupby(names).sum() / table.to_numpy().sum()
    within = table.groupby(names).apply(lambda part: _mutual_information(part.to_numpy()))
    areas = pd.DataFrame({"people": people, "mutual_information": within, "contribution": people * within})
    areas.index.name = "area"
    inside = float(areas["contribution"].sum())
    return Decomposition(
        total_h * spread, total_h, between, between / spread, inside, inside / spread, areas.sort_index()
    )


@dataclass(frozen=True)
class AgainstRandom:
    """A segregation measure beside what chance alone would give units of this size.

    ``expected`` is the mean under random allocation with its interval;
    ``corrected`` is (observed - expected) / (1 - expected), 0 at chance and 1 at
    complete separation (Carrington and Troske 1997); ``p`` is the share of random
    allocations at least as segregated.
    """

    observed: float
    expected: Estimate
    corrected: float
    p: float


def against_random_allocation(
    counts: pd.DataFrame, measure: Callable[[pd.DataFrame], float], *, draws: int = 200, seed: int = 1955
) -> AgainstRandom:
    """Compare a measure (0 to 1) with random allocation of the same people to units of the same size.

    Group totals and unit totals are kept (counts are rounded to whole people).
    Raises AnalysisError for fewer than twenty draws.

    >>> table = pd.DataFrame({"a": [5, 5, 6, 4] * 20, "b": [5, 5, 4, 6] * 20})
    >>> found = against_random_allocation(table, lambda t: dissimilarity(t, "a"), draws=50)
    >>> found.expected.value > found.observed
    True
    """
    if draws < 20:
        raise AnalysisError(f"random allocation: {draws} draws say too little; use 20 or more")
    table = _checked(counts)
    people = np.rint(table.to_numpy()).astype(np.int64)
    rng = np.random.default_rng(seed)
    random = np.array([measure(pd.DataFrame(_allocate(people, rng), columns=table.columns)) for _ in range(draws)])
    observed, expected = measure(table), float(random.mean())
    lower, upper = np.quantile(random, [0.025, 0.975])
    p = float((1 + (random >= observed).sum()) / (draws + 1))
    corrected = (observed - expected) / (1 - expected)
    return AgainstRandom(observed, Estimate(expected, float(lower), float(upper), 0.95, draws), corrected, p)


def _allocate(people: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Seat the groups one after the other in what room is left in the units."""
    room = people.sum(axis=1)
    seated = np.zeros_like(people)
    for group in range(people.shape[1] - 1):
        seated[:, group] = rng.multivariate_hypergeometric(room, int(people[:, group].sum()), method="marginals")
        room = room - seated[:, group]
    seated[:, -1] = room
    return seated


def _entropy(amounts: Floats) -> float:
    shares = amounts[amounts > 0] / amounts.sum()
    return float(-(shares * np.log(shares)).sum())


def _mutual_information(people: Floats) -> float:
    joint = people / people.sum()
    apart = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    held = joint > 0
    return float((joint[held] * np.log(joint[held] / apart[held])).sum())


def _checked(counts: pd.DataFrame) -> pd.DataFrame:
    table = counts.astype(float)
    if table.shape[1] < 2:
        raise AnalysisError("segregation: needs two or more groups, one column each, without a total column")
    bad = table.isna().any(axis=1) | (table < 0).any(axis=1)
    if bad.any():
        first = ", ".join(map(str, table.index[bad][:3]))
        raise AnalysisError(f"segregation: {int(bad.sum())} units have a missing or negative count, first {first}")
    if not table.to_numpy().sum() > 0:
        raise AnalysisError("segregation: nobody is counted in any unit")
    return table
