"""Statistical disclosure control: small counts, what reveals them, and people who stand out.

A table is a vector of non-negative whole counts with relations "this cell is the sum of those". Suppressing
the small cells is not enough when totals are published, and suppressing two cells in every row and column is not
enough either (Cox 1980; Fischetti and Salazar 2001). What an attacker can know about a suppressed cell is the range
it can take given everything published, found here by two linear programmes a cell; a table is safe when every such
range is at least as wide as what the policy itself gives away.

Sources: Hundepool et al. 2012, *Statistical Disclosure Control*, chapters 3 and 4; CMS cell size suppression
policy; sdcMicro (k-anonymity counts).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse.csgraph import connected_components

Counts = npt.NDArray[np.int64]
Cells = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


class DisclosureError(ValueError):
    """A table that cannot be published safely as it stands."""


@dataclass(frozen=True)
class Relation:
    """Cell ``total`` equals the sum of the cells ``parts`` (positions in the flat table)."""

    total: int
    parts: tuple[int, ...]


@dataclass(frozen=True)
class Exposure:
    """A suppressed cell whose feasible range is too narrow: its position and the whole numbers it can still be."""

    cell: int
    low: float
    high: float


@dataclass(frozen=True)
class Audit:
    """What can be worked out about each suppressed cell.

    ``low`` and ``high`` are the feasible range per cell (the value itself where published); ``exposed`` lists cells
    with fewer than ``needed`` possible whole numbers.
    """

    low: Numbers
    high: Numbers
    needed: int
    exposed: tuple[Exposure, ...]

    @property
    def safe(self) -> bool:
        """Whether no suppressed cell can be worked out too closely."""
        return not self.exposed


@dataclass(frozen=True)
class Suppression:
    """Cells withheld: ``primary`` because they are small, ``complementary`` because they would reveal those."""

    primary: Cells
    complementary: Cells
    audit: Audit

    @property
    def suppressed(self) -> Cells:
        """All cells withheld."""
        result: Cells = self.primary | self.complementary
        return result


def two_way(rows: int, columns: int, *, row_totals: bool, column_totals: bool) -> tuple[Relation, ...]:
    """Relations of a table of ``rows`` × ``columns`` counted with its totals, flattened row by row.

    With ``column_totals`` the last row is the sum of the rows above, with ``row_totals`` the last column that of
    the columns to its left.

    >>> two_way(2, 3, row_totals=True, column_totals=False)
    (Relation(total=2, parts=(0, 1)), Relation(total=5, parts=(3, 4)))
    """
    at = np.arange(rows * columns).reshape(rows, columns)
    found = []
    if row_totals:
        found += [Relation(int(line[-1]), tuple(int(cell) for cell in line[:-1])) for line in at]
    if column_totals:
        found += [Relation(int(line[-1]), tuple(int(cell) for cell in line[:-1])) for line in at.T]
    return tuple(found)


def small(counts: npt.ArrayLike, threshold: int) -> Cells:
    """Cells from 1 to ``threshold`` − 1; zero says that there is nobody, and may be published.

    >>> small([0, 3, 11], 11).tolist()
    [False, True, False]
    """
    values = np.asarray(counts)
    result: Cells = (values > 0) & (values < threshold)
    return result


def audit(counts: npt.ArrayLike, relations: Sequence[Relation], suppressed: npt.ArrayLike, threshold: int) -> Audit:
    """Feasible range of every suppressed cell, given the published cells, the relations, and the policy.

    The attacker is assumed to know the policy: zeros are always published, so that a suppressed cell is at least 1
    (unless a zero is suppressed). ``threshold`` − 1 whole numbers must stay possible, as many as the policy itself
    leaves. For totals of a two-way table, linear programming gives the exact range, because the
    relations are totally unimodular; with further relations it may be too wide, never too narrow.

    Raises :class:`DisclosureError` when the counts do not add up.

    A row of 3, 40 and 60 with its total, only the 3 suppressed: it is the total less the others.

    >>> found = audit([3, 40, 60, 103], [Relation(3, (0, 1, 2))], [True, False, False, False], 11)
    >>> found.exposed
    (Exposure(cell=0, low=3.0, high=3.0),)
    """
    values = _checked(counts, relations)
    hidden = np.asarray(suppressed, dtype=bool)
    low, high = values.astype(float), values.astype(float)
    places = np.flatnonzero(hidden)
    floor = _floor(values, hidden)
    for cells, matrix, known in _systems(values, relations, hidden):
        for position, cell in enumerate(cells):
            low[cell], high[cell] = _range(matrix, known, position, len(cells), floor)
    needed = threshold - 1
    exposed = tuple(
        Exposure(int(cell), float(low[cell]), float(high[cell]))
        for cell in places
        if _possible(low[cell], high[cell]) < needed
    )
    return Audit(low, high, needed, exposed)


def suppress(
    counts: npt.ArrayLike, relations: Sequence[Relation], threshold: int, *, cost: npt.ArrayLike | None = None
) -> Suppression:
    """Withhold the small cells and the cheapest further cells that keep them from being worked out.

    For each exposed cell a mixed-integer programme finds the cheapest cells to add so that the table could as well
    read differently by as much as the policy demands (Fischetti and Salazar 2001, solved one cell at a time); the
    whole is then audited again. ``cost`` of withholding a cell: its count and 1 unless given, ten times that for
    totals.

    Raises :class:`DisclosureError` when no pattern is safe; the table must be coarsened then.

    >>> table = [3, 40, 60, 103]
    >>> suppress(table, [Relation(3, (0, 1, 2))], 11).suppressed.tolist()
    [True, True, False, False]
    """
    values = _checked(counts, relations)
    primary = small(values, threshold)
    hidden = primary.copy()
    price = _prices(values, relations) if cost is None else np.asarray(cost, dtype=float)
    # Withholding more only widens ranges, so a cell once safe stays safe; the last audit proves the whole.
    for exposure in audit(values, relations, hidden, threshold).exposed:
        low, high = _range_of(values, relations, hidden, exposure.cell)
        if _possible(low, high) >= threshold - 1:
            continue
        added = _cheapest(values, _tied(relations, exposure.cell), hidden, exposure.cell, threshold, price)
        if added is None:
            raise DisclosureError(
                f"cell {exposure.cell} stays between {low:g} and {high:g} whatever is withheld: "
                "publish fewer categories or no totals"
            )
        hidden |= added
    found = audit(values, relations, hidden, threshold)
    if not found.safe:
        raise DisclosureError("no safe pattern found: publish fewer categories or no totals")
    return Suppression(primary, hidden & ~primary, found)


def _checked(counts: npt.ArrayLike, relations: Sequence[Relation]) -> Counts:
    given = np.asarray(counts, dtype=float)
    if given.ndim != 1 or not np.isfinite(given).all() or (given < 0).any() or (given != np.round(given)).any():
        raise DisclosureError("counts must be whole numbers of 0 and more, none missing")
    values: Counts = given.astype(np.int64)
    for relation in relations:
        parts = int(values[list(relation.parts)].sum())
        if parts != values[relation.total]:
            raise DisclosureError(
                f"cell {relation.total} is {values[relation.total]} but its parts add up to {parts}: "
                "totals must be exact"
            )
    return values


def _system(values: Counts, relations: Sequence[Relation], hidden: Cells) -> tuple[sparse.csr_array, Numbers]:
    """The relations over the hidden cells alone: matrix and what the published cells leave for them."""
    column = {int(cell): position for position, cell in enumerate(np.flatnonzero(hidden))}
    rows: list[int] = []
    columns: list[int] = []
    signs: list[float] = []
    known: list[float] = []
    for relation in relations:
        members = [(relation.total, -1.0), *((part, 1.0) for part in relation.parts)]
        inside = [(column[cell], sign) for cell, sign in members if cell in column]
        if not inside:
            continue
        for position, sign in inside:
            rows.append(len(known))
            columns.append(position)
            signs.append(sign)
        known.append(-sum(sign * float(values[cell]) for cell, sign in members if cell not in column))
    return sparse.csr_array((signs, (rows, columns)), shape=(len(known), len(column))), np.array(known)


def _systems(
    values: Counts, relations: Sequence[Relation], hidden: Cells
) -> list[tuple[Counts, sparse.csr_array, Numbers]]:
    """The hidden cells in groups that no published relation ties together, each with its equations."""
    matrix, known = _system(values, relations, hidden)
    places = np.flatnonzero(hidden)
    count, group = connected_components(abs(matrix).T @ abs(matrix), directed=False)
    found = []
    for number in range(count):
        inside = group == number
        part = matrix[:, inside]
        used = np.asarray(abs(part).sum(axis=1)).ravel() > 0
        found.append((places[inside], part[used], known[used]))
    return found


def _floor(values: Counts, hidden: Cells) -> float:
    return 0.0 if (values[hidden] == 0).any() else 1.0


def _possible(low: float, high: float) -> float:
    """Whole numbers in a range, forgiving the solver's tolerance."""
    return float(np.floor(high + 1e-6) - np.ceil(low - 1e-6) + 1)


def _range_of(values: Counts, relations: Sequence[Relation], hidden: Cells, cell: int) -> tuple[float, float]:
    for cells, matrix, known in _systems(values, relations, hidden):
        if cell in cells:
            return _range(matrix, known, int(np.flatnonzero(cells == cell)[0]), len(cells), _floor(values, hidden))
    return float(values[cell]), float(values[cell])


def _range(matrix: sparse.csr_array, known: Numbers, position: int, size: int, floor: float) -> tuple[float, float]:
    """Smallest and largest value of one hidden cell; infinite where nothing published bounds it."""
    ends = []
    for sign in (1.0, -1.0):
        objective = np.zeros(size)
        objective[position] = sign
        equal: dict[str, Any] = {"A_eq": matrix, "b_eq": known} if len(known) else {}
        solved = linprog(objective, bounds=(floor, None), method="highs", **equal)
        if solved.status == 3:
            ends.append(np.inf)
        elif solved.status == 0:
            ends.append(sign * solved.fun)
        else:
            raise DisclosureError(f"the audit could not be solved ({solved.message}): nothing may be published from it")
    return ends[0], ends[1]


def _prices(values: Counts, relations: Sequence[Relation]) -> Numbers:
    price: Numbers = values.astype(np.float64) + 1.0
    totals = sorted({relation.total for relation in relations})
    price[totals] *= 10.0
    return price


def _tied(relations: Sequence[Relation], cell: int) -> list[Relation]:
    """The relations that reach a cell, directly or through others: no other cell can protect it."""
    reached, found = {cell}, [False] * len(relations)
    growing = True
    while growing:
        growing = False
        for at, relation in enumerate(relations):
            members = {relation.total, *relation.parts}
            if not found[at] and members & reached:
                found[at] = growing = True
                reached |= members
    return [relation for relation, inside in zip(relations, found, strict=True) if inside]


def _cheapest(
    values: Counts, relations: Sequence[Relation], hidden: Cells, target: int, threshold: int, price: Numbers
) -> Cells | None:
    """Cells to withhold so that ``target`` could differ by the policy's width; zeros only where nothing else serves."""
    cells = np.array(sorted({target, *(c for r in relations for c in (r.total, *r.parts))}))
    at = {int(cell): position for position, cell in enumerate(cells)}
    local = [Relation(at[r.total], tuple(at[part] for part in r.parts)) for r in relations]
    for zeros in (False, True):
        found = _pattern(values[cells], local, hidden[cells], at[target], threshold, price[cells], zeros=zeros)
        if found is not None:
            added = np.zeros(len(values), dtype=bool)
            added[cells[found]] = True
            return added
    return None


def _pattern(
    values: Counts,
    relations: Sequence[Relation],
    hidden: Cells,
    target: int,
    threshold: int,
    price: Numbers,
    *,
    zeros: bool,
) -> Cells | None:
    """One mixed-integer programme over (withheld?, rise, fall) of every cell.

    Two tables that agree with everything published must exist, one with more and one with less in ``target``,
    together ``threshold`` − 2 apart; only withheld cells may differ from the truth, none may fall below the
    floor the attacker assumes.
    """
    size = len(values)
    width = float(threshold - 2)
    floor = np.zeros(size) if zeros or (values[hidden] == 0).any() else np.ones(size)
    most = float(values.max(initial=0) + threshold)
    balance = _balance(relations, size)
    none, one = sparse.csr_array((size, size)), sparse.eye_array(size, format="csr")
    room = sparse.diags_array(np.maximum(values - floor, 0.0), format="csr")
    empty = sparse.csr_array(balance.shape)
    limits = [
        LinearConstraint(sparse.hstack([empty, balance, empty]), 0, 0),
        LinearConstraint(sparse.hstack([empty, empty, balance]), 0, 0),
        # What a cell may rise or fall in either table, and only if it is withheld.
        *(LinearConstraint(sparse.hstack([-most * one, *side]), -np.inf, 0) for side in ((one, none), (none, one))),
        *(LinearConstraint(sparse.hstack([room, *side]), 0, np.inf) for side in ((one, none), (none, one))),
    ]
    apart = np.zeros(3 * size)
    apart[size + target], apart[2 * size + target] = 1.0, -1.0
    limits.append(LinearConstraint(apart[np.newaxis, :], width, np.inf))
    fixed = hidden.astype(float)
    allowed = np.ones(size) if zeros else ((values > 0) | hidden).astype(float)
    bounds = Bounds(
        np.concatenate([fixed, np.full(2 * size, -most)]), np.concatenate([allowed, np.full(2 * size, most)])
    )
    objective = np.concatenate([np.where(hidden, 0.0, price), np.zeros(2 * size)])
    kinds = np.concatenate([np.ones(size), np.zeros(2 * size)])
    solved = milp(objective, constraints=limits, bounds=bounds, integrality=kinds)
    if solved.x is None:
        return None
    result: Cells = solved.x[:size] > 0.5
    return result


def _balance(relations: Sequence[Relation], size: int) -> sparse.csr_array:
    rows, columns, signs = [], [], []
    for row, relation in enumerate(relations):
        for cell, sign in ((relation.total, -1.0), *((part, 1.0) for part in relation.parts)):
            rows.append(row)
            columns.append(cell)
            signs.append(sign)
    return sparse.csr_array((signs, (rows, columns)), shape=(len(relations), size))


@dataclass(frozen=True)
class Anonymity:
    """How many records share each record's combination of keys.

    ``sample``: records in the data with the same keys (fk); ``population``: the sum of their weights (Fk), the
    expected number of such people; ``violations``: records with fewer than ``k`` companions including themselves.
    """

    k: int
    sample: Counts
    population: Numbers

    @property
    def violations(self) -> int:
        """Records that share their keys with fewer than ``k`` records."""
        return int((self.sample < self.k).sum())


@dataclass(frozen=True)
class Diversity:
    """Distinct values of a sensitive column within each record's key group; ``violations`` lie below ``least``."""

    least: int
    distinct: Counts

    @property
    def violations(self) -> int:
        """Records whose group tells too little apart: who is in it has one of fewer than ``least`` values."""
        return int((self.distinct < self.least).sum())


def k_anonymity(frame: pd.DataFrame, keys: Sequence[str], *, k: int, weight: str | None = None) -> Anonymity:
    """Count the records that share each combination of keys; a missing key is a value like any other.

    A plain ``groupby`` would drop records with a missing key and report them as safe.

    >>> frame = pd.DataFrame({"age": [30, 30, None], "zip": ["a", "a", "a"]})
    >>> k_anonymity(frame, ["age", "zip"], k=2).violations
    1
    """
    _require(frame, [*keys, *([weight] if weight else [])])
    weights = frame[weight] if weight else pd.Series(1.0, index=frame.index)
    groups = weights.groupby([frame[key] for key in keys], dropna=False)
    return Anonymity(k, groups.transform("size").to_numpy(np.int64), groups.transform("sum").to_numpy(float))


def l_diversity(frame: pd.DataFrame, keys: Sequence[str], sensitive: str, *, least: int = 2) -> Diversity:
    """Count the distinct sensitive values in each key group: a group of many who are all alike protects nobody.

    >>> frame = pd.DataFrame({"zip": ["a", "a", "b", "b"], "illness": ["flu", "flu", "flu", "cold"]})
    >>> l_diversity(frame, ["zip"], "illness").distinct.tolist()
    [1, 1, 2, 2]
    """
    _require(frame, [*keys, sensitive])
    codes = pd.Series(pd.factorize(frame[sensitive], use_na_sentinel=False)[0], index=frame.index)
    distinct = codes.groupby([frame[key] for key in keys], dropna=False).transform("nunique")
    return Diversity(least, distinct.to_numpy(np.int64))


def _require(frame: pd.DataFrame, columns: Sequence[Hashable]) -> None:
    missing = [str(column) for column in columns if column not in frame.columns]
    if missing:
        raise DisclosureError(f"no column {', '.join(missing)}: there are {', '.join(map(str, frame.columns))}")
