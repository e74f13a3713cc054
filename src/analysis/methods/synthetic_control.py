"""Effect on one treated place, against a weighted mixture of places like it.

The mixture matches the treated place before the policy; the gap afterwards is the
effect, if the mixture would have gone on to match. Source: Abadie, Diamond,
Hainmueller 2010, J Am Stat Assoc 105:493-505. Inside, donor weights solve a least
squares problem with weights that are not negative and sum to one; outside, the
importance of the predictors is chosen so that the outcome before is matched best. That
outer problem has many local solutions: from one start alone, a well-known package
ends with the wrong donors and seven times the error. So it is solved from many
starts, and the spread among those that fit about as well is part of the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

# Solutions within this factor of the smallest error before the policy are equally defensible.
ABOUT_AS_GOOD = 1.05
NO_INTERVAL = "one treated place: no sampling error, only its rank among placebos"


@dataclass(frozen=True)
class Predictor:
    """A column averaged over some periods, missing ones left out, on which donors should be alike."""

    column: str
    periods: tuple[float, ...]

    @property
    def name(self) -> str:
        """Column and periods in words.

        >>> Predictor("sales", (1975,)).name
        'sales 1975'
        """
        first, last = min(self.periods), max(self.periods)
        return f"{self.column} {first:g}" if first == last else f"{self.column} {first:g}-{last:g}"


@dataclass(frozen=True, eq=False)
class Setting:
    """A problem ready to be solved: predictors (rows) and outcomes (periods) of all places (columns)."""

    places: tuple[str, ...]
    treated: int
    predictors: Floats
    predictor_names: tuple[str, ...]
    outcomes: Floats
    times: Floats
    start: float

    @property
    def before(self) -> npt.NDArray[np.bool_]:
        """Which periods lie before the policy."""
        return np.asarray(self.times < self.start)


def setting(
    frame: pd.DataFrame,
    *,
    outcome: str,
    place: str,
    time: str,
    treated: str,
    start: float,
    predictors: Sequence[Predictor],
) -> Setting:
    """Arrange a panel (one row a place and period) for ``synthetic_control``.

    ``start`` is the first period under the policy. Predictors are brought to one standard
    deviation over places; use none that the policy could have moved.

    Raises AnalysisError for gaps in the outcome, a predictor without values or with periods from
    ``start`` on, or an unknown treated place.

    >>> example_setting(seed=1).places[:2]
    ('place 00', 'place 01')
    """
    wide = frame.pivot(index=time, columns=place, values=outcome).sort_index()
    if treated not in wide.columns:
        raise AnalysisError(f"synthetic control: {treated!r} is not among the places of {place}")
    if wide.isna().to_numpy().any():
        gaps = ", ".join(map(str, wide.columns[wide.isna().any()][:3]))
        raise AnalysisError(f"synthetic control: {outcome} has gaps for {gaps}; leave these places out or fill them")
    rows = []
    for one in predictors:
        if not one.periods or max(one.periods) >= start:
            raise AnalysisError(f"synthetic control: predictor {one.column} must lie wholly before {start:g}")
        inside = frame[frame[time].isin(one.periods)]
        values = inside.groupby(place)[one.column].mean().reindex(wide.columns)
        if values.isna().any():
            named = ", ".join(map(str, values.index[values.isna()][:3]))
            raise AnalysisError(f"synthetic control: predictor {one.name} has no value for {named}")
        spread = float(values.std(ddof=1))
        rows.append(values.to_numpy() / (spread if spread > 0 else 1.0))
    return Setting(
        tuple(map(str, wide.columns)),
        int(wide.columns.get_loc(treated)),  # type: ignore[arg-type]
        np.array(rows),
        tuple(one.name for one in predictors),
        wide.to_numpy(dtype=float),
        wide.index.to_numpy(dtype=float),
        float(start),
    )


@dataclass(frozen=True, eq=False)
class SyntheticControl:
    """One synthetic control, in units of the outcome.

    ``effect``: mean gap (observed minus synthetic) after the start; no interval exists, see
    ``placebos``. ``weights``: donors with more than a thousandth. ``gaps``: time, observed,
    synthetic, gap, after. ``error_before`` and ``error_after``: mean squared gap. ``importance``: of each
    predictor, summing to 1. ``starts``: one row a start with error_before, effect and donors, best
    first. ``effect_range``: effects of the starts that fit within 5 percent of the best.
    """

    treated: str
    effect: Estimate
    weights: pd.Series
    gaps: pd.DataFrame
    error_before: float
    error_after: float
    importance: pd.Series
    starts: pd.DataFrame
    effect_range: tuple[float, float]
    cautions: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """Mean squared gap after over before."""
        return self.error_after / self.error_before if self.error_before > 0 else float("inf")


def synthetic_control(problem: Setting, *, starts: int = 12, seed: int = 0) -> SyntheticControl:
    """Solve from ``starts`` starting points (equal importance, each predictor alone foremost, then random).

    Deterministic for a seed.

    >>> found = synthetic_control(example_setting(seed=1, effect=-10.0), starts=4)
    >>> -12 < found.effect.value < -8
    True
    """
    donors = np.arange(len(problem.places)) != problem.treated
    rows = []
    for importance, weights in _solutions(problem, donors, starts, seed):
        gap = problem.outcomes[:, problem.treated] - problem.outcomes[:, donors] @ weights
        rows.append((float((gap[problem.before] ** 2).mean()), importance, weights, gap))
    rows.sort(key=lambda row: row[0])
    before, importance, weights, gap = rows[0]
    after = ~problem.before
    names = np.array(problem.places)[donors]
    table = pd.DataFrame(
        {
            "error_before": [row[0] for row in rows],
            "effect": [float(row[3][after].mean()) for row in rows],
            "donors": [_named(names, row[2]) for row in rows],
        }
    )
    good = table["effect"][table["error_before"] <= ABOUT_AS_GOOD * max(before, 1e-12)]
    held = pd.Series(weights, names).sort_values(ascending=False, kind="stable")
    observed = problem.outcomes[:, problem.treated]
    gaps = pd.DataFrame({"time": problem.times, "observed": observed, "synthetic": observed - gap, "gap": gap})
    return SyntheticControl(
        problem.places[problem.treated],
        Estimate(float(gap[after].mean()), reason=NO_INTERVAL),
        held[held > 0.001],
        gaps.assign(after=after),
        before,
        float((gap[after] ** 2).mean()),
        pd.Series(importance, problem.predictor_names),
        table,
        (float(good.min()), float(good.max())),
        _cautions(problem, before, observed, good, held),
    )


def _starting_points(count: int, starts: int, seed: int) -> list[Floats]:
    points = [np.zeros(count)]
    points += [np.where(np.arange(count) == one, 2.0, -1.0) for one in range(count)]
    rng = np.random.default_rng(seed)
    points += [rng.normal(0, 2, count) for _ in range(max(0, starts - len(points)))]
    return points[: max(1, starts)]


def _solutions(problem: Setting, donors: npt.NDArray[np.bool_], starts: int, seed: int) -> list[tuple[Floats, Floats]]:
    """Importance of predictors and donor weights from each start (Nelder-Mead outside, least squares inside).

    All starts are followed a short way, the better half to the end.
    """
    own, others = problem.predictors[:, problem.treated], problem.predictors[:, donors]
    outcome, pool = problem.outcomes[problem.before, problem.treated], problem.outcomes[problem.before][:, donors]

    def error(logs: Floats) -> float:
        weights = _donor_weights(own, others, logs)
        return float(((outcome - pool @ weights) ** 2).mean())

    def followed(start: Floats, steps: int) -> tuple[float, Floats]:
        options = {"maxiter": steps * len(start), "xatol": 1e-3, "fatol": 1e-7, "adaptive": True}
        found = optimize.minimize(error, start, method="Nelder-Mead", options=options)
        return float(found.fun), found.x

    short = [followed(point, 25) for point in _starting_points(len(own), starts, seed)]
    short.sort(key=lambda one: one[0])
    half = (len(short) + 1) // 2
    ends = [followed(point, 100)[1] for _, point in short[:half]] + [point for _, point in short[half:]]
    return [(_importance(logs), _donor_weights(own, others, logs)) for logs in ends]


def _importance(logs: Floats) -> Floats:
    """Shares that sum to one; none falls below a millionth of the largest, which would be a tie-breaker only."""
    share = np.exp(np.clip(logs - logs.max(), -13.8, 0.0))
    return np.asarray(share / share.sum())


def _donor_weights(own: Floats, others: Floats, logs: Floats) -> Floats:
    """Weights, none negative, summing to one, that bring donors closest to the treated place."""
    root = np.sqrt(_importance(logs))[:, None]
    # A heavy extra row makes the weights sum to one within the same least squares problem.
    heavy = 1e3 * float(np.abs(others).max())
    system = np.vstack([root * others, np.full((1, others.shape[1]), heavy)])
    weights, _ = optimize.nnls(system, np.append(root[:, 0] * own, heavy))
    return np.asarray(weights / weights.sum())


def _named(names: npt.NDArray[np.str_], weights: Floats) -> str:
    order = np.argsort(-weights, kind="stable")
    return ", ".join(f"{names[one]} {weights[one]:.2f}" for one in order if weights[one] >= 0.005)


def _cautions(problem: Setting, before: float, observed: Floats, good: pd.Series, held: pd.Series) -> tuple[str, ...]:
    found = ["assumes that the mixture would have gone on to match, and that donors were not touched by the policy"]
    scale = float(observed[problem.before].std(ddof=1))
    if before > (0.25 * scale) ** 2:
        found.append("the match before the policy is poor: the gap afterwards is not to be read as an effect")
    if good.max() - good.min() > 0.25 * abs(good.iloc[0]):
        found.append(f"solutions that fit as well put the effect anywhere from {good.min():.3g} to {good.max():.3g}")
    if held.iloc[0] > 0.8:
        found.append(f"{held.index[0]} alone makes up {100 * held.iloc[0]:.0f} percent of the mixture")
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Placebos:
    """The same analysis with each donor in turn as if it had been treated.

    ``table``: place, error_before, error_after, ratio, effect, rank (1 has the highest ratio of
    error after to before), one row a place, the treated one included. ``probability`` is the
    rank of the treated place over the number of places; it cannot be smaller than ``floor``.
    """

    table: pd.DataFrame
    rank: int
    probability: float
    floor: float


def placebos(problem: Setting, *, starts: int = 8, seed: int = 0) -> Placebos:
    """Rank the treated place among all places by error after over error before.

    The truly treated place is not a donor for the others. All placebos count, also those that
    match badly before (dropping them is for pictures only). Use as many ``starts`` as for the
    treated place: a placebo that is matched carelessly makes the treated place look special.
    About half a second a place.

    >>> found = placebos(example_setting(seed=1, effect=-10.0, places=8), starts=1)
    >>> found.rank, found.floor
    (1, 0.125)
    """
    rows = []
    for place in range(len(problem.places)):
        keep = [one for one in range(len(problem.places)) if place == problem.treated or one != problem.treated]
        one = replace(
            problem,
            places=tuple(problem.places[spot] for spot in keep),
            treated=keep.index(place),
            predictors=problem.predictors[:, keep],
            outcomes=problem.outcomes[:, keep],
        )
        found = synthetic_control(one, starts=starts, seed=seed)
        rows.append((found.treated, found.error_before, found.error_after, found.ratio, found.effect.value))
    table = pd.DataFrame(rows, columns=["place", "error_before", "error_after", "ratio", "effect"])
    table["rank"] = table["ratio"].rank(ascending=False, method="min").astype(int)
    rank = int(table.loc[table["place"] == problem.places[problem.treated], "rank"].iloc[0])
    return Placebos(table.sort_values("rank", ignore_index=True), rank, rank / len(table), 1 / len(table))


def leave_one_out(problem: Setting, found: SyntheticControl, *, starts: int = 4, seed: int = 0) -> pd.DataFrame:
    """Effect when each donor that carries weight is left out in turn: donor, weight, error_before, effect.

    >>> problem = example_setting(seed=1, effect=-10.0, places=8)
    >>> table = leave_one_out(problem, synthetic_control(problem, starts=1), starts=1)
    >>> bool((table["effect"] < 0).all())
    True
    """
    rows = []
    for donor, weight in found.weights.items():
        keep = [spot for spot, name in enumerate(problem.places) if name != donor]
        one = replace(
            problem,
            places=tuple(problem.places[spot] for spot in keep),
            treated=keep.index(problem.treated),
            predictors=problem.predictors[:, keep],
            outcomes=problem.outcomes[:, keep],
        )
        without = synthetic_control(one, starts=starts, seed=seed)
        rows.append((str(donor), float(weight), without.error_before, without.effect.value))
    return pd.DataFrame(rows, columns=["donor", "weight", "error_before", "effect"])


def example_setting(*, seed: int, effect: float = 0.0, places: int = 20, periods: int = 30) -> Setting:
    """Invented places driven by two shared factors, the first one treated in the last third, for tests.

    >>> example_setting(seed=1).outcomes.shape
    (30, 20)
    """
    rng = np.random.default_rng(seed)
    factors = np.cumsum(rng.normal(0, 2, (periods, 2)), axis=0)
    loadings = rng.uniform(0.2, 1.0, (2, places))
    loadings[:, 0] = loadings[:, 1:4].mean(axis=1)
    outcomes = 100 + factors @ loadings + rng.normal(0, 0.5, (periods, places))
    start = periods * 2 // 3
    outcomes[start:, 0] += effect
    predictors = np.vstack(
        [outcomes[start // 2 : start].mean(axis=0), outcomes[0], outcomes[start // 2], outcomes[start - 1]]
    )
    predictors = predictors / predictors.std(axis=1, ddof=1, keepdims=True)
    names = tuple(f"place {one:02}" for one in range(places))
    labels = ("mean", "first", "middle", "last")
    return Setting(names, 0, predictors, labels, outcomes, np.arange(periods, dtype=float), float(start))
