"""Effects of a policy by comparing changes: two groups and two periods, or many starts.

Assumption in both: without the policy the treated would have changed as the comparison
did (parallel trends). It cannot be tested, only made doubtful by what happened before.

With staggered starts the usual two-way fixed effects regression compares late starters
with early ones and can be off by a factor of three or change sign; it is computed
only to be shown beside. Source: Callaway and Sant'Anna 2021, J Econometrics 225:200-230.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

TINY_GROUP = 30
ASSUMPTION = "assumes that without the policy the treated would have changed as the comparison did"


@dataclass(frozen=True, eq=False)
class TwoByTwo:
    """Difference in differences of two groups over two periods, in units of the outcome.

    ``effect`` clusters by unit (a unit seen twice says less than two units). ``paired`` uses
    only units seen in both periods (change of the treated minus change of the others).
    ``unclustered_error`` ignores the pairing, for comparison. ``cells``: group, period, mean,
    error, units.
    """

    effect: Estimate
    error: float
    paired: Estimate
    unclustered_error: float
    cells: pd.DataFrame
    cautions: tuple[str, ...]


def two_by_two(
    frame: pd.DataFrame, *, outcome: str, treated: str, after: str, unit: str, level: float = 0.95
) -> TwoByTwo:
    """Change of the treated minus change of the others.

    ``frame``: one row a unit and period, ``treated`` and ``after`` boolean or 0 and 1; rows
    without an outcome are left out, so the panel may be unbalanced. Errors are clustered by
    unit with the small-sample factor n / (n - 4) times G / (G - 1), t with G - 1 degrees.

    Raises AnalysisError when a cell has fewer than two units.

    >>> rows = [(u, u < 20, p, 5 + p + 2 * (u < 20) * p + (u * 7 + p * 3) % 5) for u in range(40) for p in (0, 1)]
    >>> frame = pd.DataFrame(rows, columns=["shop", "nj", "later", "jobs"])
    >>> round(two_by_two(frame, outcome="jobs", treated="nj", after="later", unit="shop").effect.value, 2)
    2.0
    """
    rows = frame[[unit, treated, after, outcome]].dropna()
    group, period = rows[treated].astype(bool).to_numpy(), rows[after].astype(bool).to_numpy()
    values = rows[outcome].to_numpy(dtype=float)
    cells = _cells(group, period, values)
    design = np.column_stack([np.ones(len(rows)), group, period, group & period]).astype(float)
    bread = np.linalg.inv(design.T @ design)
    residuals = values - design @ (bread @ design.T @ values)
    effect = float((bread @ design.T @ values)[3])
    scores = pd.DataFrame(design * residuals[:, None]).groupby(rows[unit].to_numpy()).sum().to_numpy()
    count, clusters = len(rows), len(scores)
    factor = (count - 1) / (count - 4) * clusters / (clusters - 1)
    error = float(np.sqrt(factor * (bread @ scores.T @ scores @ bread)[3, 3]))
    plain = float(np.sqrt(residuals @ residuals / (count - 4) * bread[3, 3]))
    spread = float(stats.t.ppf((1 + level) / 2, clusters - 1)) * error
    both = rows.assign(period=period).pivot_table(index=[unit, treated], columns="period", values=outcome).dropna()
    paired = _paired(both, level)
    lost = clusters - (paired.n or 0)
    cautions = (ASSUMPTION, *((f"{lost} units are seen in one period only",) if lost else ()))
    return TwoByTwo(
        Estimate(effect, effect - spread, effect + spread, level, clusters), error, paired, plain, cells, cautions
    )


def _cells(group: Flags, period: Flags, values: Floats) -> pd.DataFrame:
    rows = []
    for inside, who in ((False, "others"), (True, "treated")):
        for later, when in ((False, "before"), (True, "after")):
            cell = values[(group == inside) & (period == later)]
            if len(cell) < 2:
                raise AnalysisError(
                    f"difference in differences: {len(cell)} units among the {who} {when}; two are needed"
                )
            rows.append((who, when, float(cell.mean()), float(cell.std(ddof=1) / np.sqrt(len(cell))), len(cell)))
    return pd.DataFrame(rows, columns=["group", "period", "mean", "error", "units"])


def _paired(both: pd.DataFrame, level: float) -> Estimate:
    change = (both[True] - both[False]).to_numpy() if both.shape[1] == 2 else np.array([])
    group = both.index.get_level_values(1).to_numpy(dtype=bool)
    one, two = change[group], change[~group]
    if min(len(one), len(two)) < 2:
        return Estimate.empty("not_applicable", "fewer than two units of a group are seen in both periods", level=level)
    test = stats.ttest_ind(one, two, equal_var=False)
    low, high = test.confidence_interval(level)
    return Estimate(float(one.mean() - two.mean()), float(low), float(high), level, len(change))


@dataclass(frozen=True, eq=False)
class Staggered:
    """Effects of a policy that units took up at different times, in units of the outcome.

    ``by_group_and_time``: group (first period treated), time, effect, error, lower, upper, after
    (False for the periods before, which should be near 0). ``event_study``: event (periods
    since the start), effect, error, lower, upper (simultaneous: all hold together), groups.
    ``simple``, ``dynamic``, ``grouped``, ``calendar``: the four averages of the article over
    all treated unit-periods, over event times, over groups and over calendar periods.
    ``pretest``: probability of changes before the start this large if trends were parallel.
    ``two_way``: coefficient of the two-way fixed effects regression, not to be published.
    """

    by_group_and_time: pd.DataFrame
    event_study: pd.DataFrame
    by_group: pd.DataFrame
    simple: Estimate
    dynamic: Estimate
    grouped: Estimate
    calendar: Estimate
    pretest: float
    two_way: float
    control: str
    units: int
    dropped_units: int
    cautions: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Cells:
    """Effects by group and time with what each unit contributes to them (rows units, columns cells)."""

    group: Floats
    time: Floats
    effect: Floats
    parts: Floats
    share: Floats  # of all units that belong to the cell's group
    starts: Floats  # of each unit

    @property
    def after(self) -> Flags:
        return np.asarray(self.time >= self.group)


def staggered(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    start: str,
    control: str = "never",
    covariates: Sequence[str] = (),
    adjust: str = "doubly_robust",
    balance: int | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Staggered:
    """Effects by start period and time, and their averages.

    ``frame``: one row a unit and period. ``start``: the first period under the policy, 0 or
    missing for units never treated. ``control``: "never" (units never treated) or "not_yet" (also
    those that start later). Each effect compares the change since the last period before
    the start; before the start, from one period to the next. Errors are clustered by unit,
    from influence functions. ``covariates`` (fixed for a unit, such as its population before): trends
    need be parallel only among units alike in them; ``adjust`` is "doubly_robust" (right if either the
    model of changes or that of being treated is; Sant'Anna and Zhao 2020) or "regression"
    (model of changes alone). ``balance``: keep, in the event study and ``dynamic``, only groups
    observed that many periods after their start, up to that event time.

    Units that lack a period are dropped and counted; groups without a period before are dropped.
    Raises AnalysisError for a unit with two starts, or without comparison units.

    >>> rows = [(u, t, 2004 if u < 40 else 0, t + (u * 7 + t * 5) % 3 + (u < 40 and t >= 2004) * 3.0)
    ...         for u in range(80) for t in range(2000, 2008)]
    >>> frame = pd.DataFrame(rows, columns=["county", "year", "since", "jobs"])
    >>> found = staggered(frame, outcome="jobs", unit="county", time="year", start="since")
    >>> round(found.simple.value, 1), found.simple.lower > 2
    (3.0, True)
    """
    values, starts, times, alike, dropped = _panel(frame, outcome, unit, time, start, list(covariates))
    cells = _effects(values, starts, times, control, _comparison(alike, adjust))
    after = cells.after
    simple = _estimate(*_weighted(cells, np.flatnonzero(after)), level)
    event_study, dynamic = _event_study(cells, balance, level, seed)
    by_group, grouped = _by_group(cells, level)
    spread = np.sqrt((cells.parts**2).sum(axis=0)) / len(starts)
    z = float(stats.norm.ppf((1 + level) / 2))
    table = pd.DataFrame({"group": cells.group, "time": cells.time, "effect": cells.effect, "error": spread})
    table["lower"], table["upper"] = table["effect"] - z * spread, table["effect"] + z * spread
    table["after"] = after
    return Staggered(
        table, event_study, by_group, simple, dynamic, grouped, _calendar(cells, level), _pretest(cells),
        _two_way(values, starts, times), control, len(starts), dropped, _cautions(starts, times, control),
    )  # fmt: skip


def _panel(
    frame: pd.DataFrame, outcome: str, unit: str, time: str, start: str, covariates: list[str]
) -> tuple[Floats, Floats, Floats, Floats, int]:
    """Outcomes (units by periods), start of each unit (infinity: never), periods, covariates, and units dropped."""
    rows = frame[[unit, time, start, outcome, *covariates]]
    for column in (start, *covariates):
        several = rows.groupby(unit)[column].nunique(dropna=False)
        if (several > 1).any():
            raise AnalysisError(f"staggered: {unit} {several.index[several > 1][0]} has more than one {column}")
    if rows.duplicated([unit, time]).any():
        raise AnalysisError(f"staggered: {unit} and {time} do not identify the rows of the panel")
    wide = rows.pivot(index=unit, columns=time, values=outcome)
    each = rows.groupby(unit)[[start, *covariates]].first()
    complete = wide[wide.notna().all(axis=1) & each[covariates].notna().all(axis=1).reindex(wide.index)]
    first = each[start].reindex(complete.index).fillna(0).to_numpy(dtype=float)
    starts = np.where(first > 0, first, np.inf)
    times = complete.columns.to_numpy(dtype=float)
    # Treated from the first period on: no period before to compare with, and no comparison for others.
    usable = starts > times[0]
    if usable.sum() == 0 or not np.isfinite(starts[usable]).any():
        raise AnalysisError("staggered: no unit starts after the first period")
    lost = len(wide) - int(usable.sum())
    starts = np.where(starts > times[-1], np.inf, starts)
    alike = np.column_stack([np.ones(len(complete)), each[covariates].reindex(complete.index).to_numpy(dtype=float)])
    return complete.to_numpy(dtype=float)[usable], starts[usable], times, alike[usable], lost


Comparison = Callable[[Floats, Flags, Flags], tuple[float, Floats]]


def _comparison(alike: Floats, adjust: str) -> Comparison:
    """How a change is compared: plainly, or among units alike in their covariates (first column ones)."""
    if adjust not in ("doubly_robust", "regression"):
        raise AnalysisError(f"staggered: adjust is 'doubly_robust' or 'regression', not {adjust!r}")

    def compared(change: Floats, inside: Flags, others: Flags) -> tuple[float, Floats]:
        if alike.shape[1] == 1:
            one, two = change[inside].mean(), change[others].mean()
            parts = inside / inside.mean() * (change - one) - others / others.mean() * (change - two)
            return float(one - two), np.asarray(parts)
        used = inside | others
        value, some = _adjusted(change[used], inside[used].astype(float), alike[used], adjust)
        parts = np.zeros(len(change))
        parts[used] = some * len(change) / used.sum()
        return value, parts

    return compared


def _adjusted(change: Floats, treated: Floats, alike: Floats, adjust: str) -> tuple[float, Floats]:
    """Adjusted effect and what each unit contributes (Sant'Anna and Zhao 2020, J Econometrics 219:101-122)."""
    count, other = len(change), 1 - treated
    bread = np.linalg.inv((alike * other[:, None]).T @ alike / count)
    expected = alike @ (bread @ (alike * (other * change)[:, None]).mean(axis=0))
    left = change - expected
    regression = (alike * (other * left)[:, None]) @ bread
    own = treated / treated.mean()
    effect = float((own * left).mean())
    parts = own * (left - effect) - regression @ (alike * own[:, None]).mean(axis=0)
    if adjust == "regression":
        return effect, np.asarray(parts)
    fitted = sm.GLM(treated, alike, family=sm.families.Binomial()).fit()
    chance = np.asarray(fitted.fittedvalues)
    weight = chance * other / (1 - chance)
    weight = weight / weight.mean()
    base = float((weight * left).mean())
    choice = (alike * (treated - chance)[:, None]) @ (np.asarray(fitted.cov_params()) * count)
    through_choice = choice @ (alike * (weight * (left - base))[:, None]).mean(axis=0)
    through_regression = regression @ (alike * weight[:, None]).mean(axis=0)
    return effect - base, np.asarray(parts - (weight * (left - base) + through_choice - through_regression))


def _effects(values: Floats, starts: Floats, times: Floats, control: str, comparison: Comparison) -> _Cells:
    if control not in ("never", "not_yet"):
        raise AnalysisError(f"staggered: control is 'never' or 'not_yet', not {control!r}")
    found: list[tuple[float, float, float, Floats, float]] = []
    for group in np.unique(starts[np.isfinite(starts)]):
        inside = starts == group
        last_before = int(np.flatnonzero(times < group)[-1])
        for place in range(1, len(times)):
            base = last_before if times[place] >= group else place - 1
            others = np.isinf(starts)
            if control == "not_yet":
                others = ~inside & (starts > max(times[place], times[base]))
            if others.any():
                effect, parts = comparison(values[:, place] - values[:, base], inside, others)
                found.append((float(group), float(times[place]), effect, parts, float(inside.mean())))
    if not any(time >= group for group, time, *_ in found):
        raise AnalysisError(f"staggered: no comparison units ({control}); there is nothing to hold the treated against")
    group, time, effects, contributions, share = zip(*found, strict=True)
    return _Cells(
        np.array(group), np.array(time), np.array(effects), np.column_stack(contributions), np.array(share), starts
    )


def _weighted(cells: _Cells, keep: npt.NDArray[np.intp]) -> tuple[float, Floats]:
    """Average of cells by group size, and what each unit contributes to it, the sizes being estimated too."""
    share = cells.share[keep]
    total = share.sum()
    weights = share / total
    surprise = (cells.starts[:, None] == cells.group[keep]) - share
    drift = surprise / total - np.outer(surprise.sum(axis=1), share) / total**2
    parts = cells.parts[:, keep] @ weights + drift @ cells.effect[keep]
    return float(weights @ cells.effect[keep]), np.asarray(parts)


def _estimate(value: float, parts: Floats, level: float) -> Estimate:
    spread = float(stats.norm.ppf((1 + level) / 2)) * _error(parts)
    return Estimate(value, value - spread, value + spread, level, len(parts))


def _error(parts: Floats) -> float:
    return float(np.sqrt((parts**2).sum()) / len(parts))


def _event_study(cells: _Cells, balance: int | None, level: float, seed: int) -> tuple[pd.DataFrame, Estimate]:
    event = cells.time - cells.group
    allowed = np.ones(len(event), dtype=bool)
    if balance is not None:
        allowed = (cells.time.max() - cells.group >= balance) & (event <= balance)
    rows, contributions = [], []
    for number in np.unique(event[allowed]):
        keep = np.flatnonzero(allowed & (event == number))
        value, parts = _weighted(cells, keep)
        rows.append((int(number), value, _error(parts), len(keep)))
        contributions.append(parts)
    table = pd.DataFrame(rows, columns=["event", "effect", "error", "groups"])
    stacked = np.column_stack(contributions)
    # Simultaneous band: largest standardised error over random signs of all units' contributions.
    signs = 2.0 * np.random.default_rng(seed).integers(0, 2, size=(999, len(stacked))) - 1
    largest = np.abs(signs @ stacked / len(stacked) / np.maximum(table["error"].to_numpy(), 1e-300)).max(axis=1)
    width = max(float(np.quantile(largest, level)), float(stats.norm.ppf((1 + level) / 2)))
    table["lower"], table["upper"] = table["effect"] - width * table["error"], table["effect"] + width * table["error"]
    after = (table["event"] >= 0).to_numpy()
    return table, _estimate(float(table["effect"][after].mean()), stacked[:, after].mean(axis=1), level)


def _by_group(cells: _Cells, level: float) -> tuple[pd.DataFrame, Estimate]:
    groups = np.unique(cells.group)
    rows, contributions, shares = [], [], []
    for group in groups:
        keep = np.flatnonzero((cells.group == group) & cells.after)
        parts = cells.parts[:, keep].mean(axis=1)
        rows.append((group, float(cells.effect[keep].mean()), _error(parts), int((cells.starts == group).sum())))
        contributions.append(parts)
        shares.append(cells.share[keep[0]])
    table = pd.DataFrame(rows, columns=["group", "effect", "error", "units"])
    z = float(stats.norm.ppf((1 + level) / 2))
    table["lower"], table["upper"] = table["effect"] - z * table["error"], table["effect"] + z * table["error"]
    whole = _Cells(
        groups, groups, table["effect"].to_numpy(), np.column_stack(contributions), np.array(shares), cells.starts
    )
    return table, _estimate(*_weighted(whole, np.arange(len(groups))), level)


def _calendar(cells: _Cells, level: float) -> Estimate:
    found = [
        _weighted(cells, np.flatnonzero(cells.after & (cells.time == time)))
        for time in np.unique(cells.time[cells.after])
    ]
    return _estimate(
        float(np.mean([value for value, _ in found])), np.mean([parts for _, parts in found], axis=0), level
    )


def _pretest(cells: _Cells) -> float:
    before = ~cells.after
    if not before.any():
        return float("nan")
    parts = cells.parts[:, before]
    covariance = parts.T @ parts / len(parts) ** 2
    distance = cells.effect[before] @ np.linalg.pinv(covariance) @ cells.effect[before]
    return float(stats.chi2.sf(distance, np.linalg.matrix_rank(covariance)))


def _two_way(values: Floats, starts: Floats, times: Floats) -> float:
    treated = (times[None, :] >= starts[:, None]).astype(float)

    def within(table: Floats) -> Floats:
        return np.asarray(table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + table.mean())

    return float((within(treated) * within(values)).sum() / (within(treated) ** 2).sum())


def _cautions(starts: Floats, times: Floats, control: str) -> tuple[str, ...]:
    who = "units never treated" if control == "never" else "units not yet treated"
    found = [f"{ASSUMPTION} ({who})"]
    for group in np.unique(starts[np.isfinite(starts)]):
        size = int((starts == group).sum())
        if size < TINY_GROUP:
            found.append(f"only {size} units start in {group:g}: their errors are rough")
    if control == "never" and int(np.isinf(starts).sum()) < TINY_GROUP:
        found.append(f"only {int(np.isinf(starts).sum())} units are never treated")
    if int((np.diff(times) != 1).sum()):
        found.append("periods are not one apart: event times are differences of their labels")
    return tuple(found)
