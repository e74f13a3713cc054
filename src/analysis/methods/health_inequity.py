"""How unequally a burden of disease falls on places that differ in disadvantage.

All measures weigh places by their people and rank them by a disadvantage in percent
(crowded homes, people in poverty). Events of an infection cluster, so no interval here
is Poisson: they come from what each whole place contributes (leave-one-out or residual),
and where coordinates are given neighbours may be alike.

Sources: Wagstaff, Paci, van Doorslaer 1991, Soc Sci Med 33:545-557 (concentration
index); Mackenbach and Kunst 1997, Soc Sci Med 44:757-771 (slope and relative index);
Wooldridge 1999 (Poisson quasi-likelihood); Conley 1999, J Econometrics 92:1-45 (spatial).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

PER = 100_000
MINIMUM_EVENTS = 11
FEWEST_PLACES = 20
# Neighbours this near may share causes; from experiments with shared surplus over 5 km.
CUTOFF_KM = 20.0
ECOLOGICAL_NOTE = (
    "These are rates of places, not of people: residents of a place with much crowding need not be the ones "
    "who live in crowded homes, and the places differ in more than one way."
)


@dataclass(frozen=True, eq=False)
class Places:
    """Places with events, people and a disadvantage, complete and sorted by name.

    ``events`` and ``people`` are counts, ``disadvantage`` is in percent (0 to 100, higher is
    worse off), ``adjust`` holds further covariates (one column each), ``kilometres`` east and
    north coordinates or None. ``left_out`` names places that lack a value or people, and
    ``left_out_people`` counts their people where known.
    """

    names: tuple[str, ...]
    events: Floats
    people: Floats
    disadvantage: Floats
    adjust: Floats
    adjust_names: tuple[str, ...]
    kilometres: Floats | None
    left_out: tuple[str, ...]
    left_out_people: float


def places(
    frame: pd.DataFrame,
    *,
    events: str,
    people: str,
    disadvantage: str,
    place: str = "place",
    adjust: Sequence[str] = (),
    longitude: str | None = None,
    latitude: str | None = None,
) -> Places:
    """Take the columns named out of ``frame`` (one row a place) and set incomplete places aside by name.

    Coordinates in degrees become kilometres around their middle, good enough across a
    county; a place without them counts as having no neighbours.

    Raises AnalysisError for a missing column, a repeated place, negative numbers, a
    disadvantage outside 0 to 100 or given as a share of 1, or fewer than 20 complete places.

    >>> frame = pd.DataFrame({"place": [f"p{i:02}" for i in range(30)], "n": 900, "cases": 20, "poor": range(30)})
    >>> len(places(frame, events="cases", people="n", disadvantage="poor").names)
    30
    """
    spots = [column for column in (longitude, latitude) if column]
    needed = [events, people, disadvantage, *adjust]
    missing = [column for column in [place, *needed, *spots] if column not in frame.columns]
    if missing:
        raise AnalysisError(f"health inequity: no column {', '.join(missing)} (there are {', '.join(frame.columns)})")
    rows = frame[[place, *needed, *spots]].sort_values(place)
    repeated = rows[place][rows[place].duplicated()]
    if len(repeated):
        raise AnalysisError(
            f"health inequity: one row a place is needed; repeated: {', '.join(map(str, repeated[:3]))}"
        )
    values = rows[[*needed, *spots]].astype(float)
    good = (values[needed].notna().all(axis=1) & (values[people] > 0)).to_numpy()
    kept = values[good]
    _check_values(kept[events], kept[disadvantage], rows.loc[good, place])
    return Places(
        tuple(rows.loc[good, place].astype(str)),
        kept[events].to_numpy(),
        kept[people].to_numpy(),
        kept[disadvantage].to_numpy(),
        kept[list(adjust)].to_numpy().reshape(len(kept), len(adjust)),
        tuple(adjust),
        local_kilometres(kept[spots[0]].to_numpy(), kept[spots[1]].to_numpy()) if len(spots) == 2 else None,
        tuple(rows.loc[~good, place].astype(str)),
        float(values.loc[~good, people].clip(lower=0).sum()),
    )


def _check_values(events: pd.Series, disadvantage: pd.Series, names: pd.Series) -> None:
    name = disadvantage.name
    wrong = (events < 0) | (disadvantage < 0) | (disadvantage > 100)
    if wrong.any():
        named = ", ".join(map(str, names[wrong][:3]))
        raise AnalysisError(f"health inequity: negative events, or {name} outside 0 to 100 percent, at {named}")
    if len(events) and disadvantage.max() <= 1:
        raise AnalysisError(f"health inequity: {name} lies between 0 and 1: give it in percent (times 100)")
    if len(events) < FEWEST_PLACES:
        raise AnalysisError(f"health inequity: {len(events)} complete places, at least {FEWEST_PLACES} are needed")


def local_kilometres(longitude: Floats, latitude: Floats) -> Floats:
    """East and north distance in kilometres from the mean point; shape (places, 2). Error below 1 percent in 200 km.

    >>> local_kilometres(np.array([-118.0, -118.0]), np.array([34.0, 35.0])).round(1).tolist()
    [[0.0, -55.6], [0.0, 55.6]]
    """
    middle = float(np.nanmean(latitude))
    east = (longitude - np.nanmean(longitude)) * 111.195 * np.cos(np.radians(middle))
    return np.column_stack([east, (latitude - middle) * 111.195])


def _ranks(disadvantage: Floats, weights: Floats) -> Floats:
    """Share of people in places less disadvantaged, plus half of those equally so: 0 best off, 1 worst off.

    ``weights`` may have several rows (resamples); ties share their middle.
    """
    levels, level = np.unique(disadvantage, return_inverse=True)
    table = np.atleast_2d(weights)
    totals = np.zeros((len(table), len(levels)))
    np.add.at(totals.T, level, table.T)
    below = np.cumsum(totals, axis=1) - totals / 2
    ranks = (below / totals.sum(axis=1, keepdims=True))[:, level]
    return np.asarray(ranks.reshape(np.shape(weights)))


def concentration_curve(data: Places) -> pd.DataFrame:
    """Share of events held by the most disadvantaged share of people.

    Columns people and events, both cumulative from 0 to 1, the most disadvantaged first;
    the diagonal is equality, a curve above it means that they carry more than their share.

    >>> curve = concentration_curve(example_places(seed=1))
    >>> curve.iloc[0].tolist(), curve.iloc[-1].round(6).tolist()
    ([0.0, 0.0], [1.0, 1.0])
    """
    order = np.lexsort((np.arange(len(data.names)), -data.disadvantage))
    people = np.concatenate([[0.0], np.cumsum(data.people[order])])
    events = np.concatenate([[0.0], np.cumsum(data.events[order])])
    return pd.DataFrame({"people": people / people[-1], "events": events / max(events[-1], 1)})


def _concentration(weights: Floats, data: Places) -> Floats:
    """Concentration index for each row of resampling weights."""
    people, events = weights * data.people, weights * data.events
    advantage = 1 - _ranks(data.disadvantage, people)
    share, burden = people / people.sum(axis=1, keepdims=True), events / events.sum(axis=1, keepdims=True)
    return np.asarray(2 * ((burden - share) * advantage).sum(axis=1))


def concentration_index(data: Places, *, level: float = 0.95) -> Estimate:
    """Concentration index from -1 (all events among the most disadvantaged) over 0 to 1 (among the least).

    Twice the covariance of events and rank over the mean; interval by leaving out
    whole places, one at a time. ``n`` is the number of places.

    >>> found = concentration_index(example_places(seed=1))
    >>> round(found.value, 2), found.upper < 0
    (-0.16, True)
    """
    if data.events.sum() < MINIMUM_EVENTS:
        return _too_few(data, level)
    return _left_out(lambda weights: _concentration(weights, data), data, level)


def _left_out(measure: Callable[[Floats], Floats], data: Places, level: float, log: bool = False) -> Estimate:
    """Estimate and interval from leaving out each place in turn (jackknife); on the log scale for ratios."""
    count = len(data.names)
    value = float(measure(np.ones((1, count)))[0])
    without = measure(np.ones((count, count)) - np.eye(count))
    without = np.log(without) if log else without
    spread = _half_width(without - without.mean(), data.kilometres, level)
    if log:
        return Estimate(value, value * float(np.exp(-spread)), value * float(np.exp(spread)), level, count)
    return Estimate(value, value - spread, value + spread, level, count)


def _half_width(parts: Floats, kilometres: Floats | None, level: float, cutoff: float = CUTOFF_KM) -> float:
    """Half an interval from what each place contributes to an estimate.

    Independent places: root of the sum of squares, with as many degrees of freedom as
    places really carry the sum (Satterthwaite). With coordinates, contributions of places
    closer than ``cutoff`` kilometres may go together, with a weight that falls to 0 with
    distance (Conley 1999), and degrees of freedom are the number of separate
    neighbourhoods; the wider of the two is returned.
    """
    squares = float((parts**2).sum())
    if squares == 0:
        return 0.0
    share = (1 + level) / 2
    # Three times the ratio is the number of places when contributions are normal, fewer when a few are large.
    carrying = 3 * squares**2 / float((parts**4).sum()) - 2
    half = float(stats.t.ppf(share, max(2.0, min(carrying, len(parts) - 2)))) * float(np.sqrt(squares))
    if kilometres is None:
        return half
    apart = np.sqrt(((kilometres[:, None, :] - kilometres[None, :, :]) ** 2).sum(axis=2))
    near = np.nan_to_num(np.clip(1 - apart / cutoff, 0, None), nan=0.0)
    np.fill_diagonal(near, 1.0)
    neighbourhoods = len(parts) ** 2 / float(near.sum())
    together = float(np.sqrt(max(0.0, float(parts @ near @ parts))))
    return max(half, float(stats.t.ppf(share, max(2.0, neighbourhoods - 1))) * together)


def _too_few(data: Places, level: float) -> Estimate:
    reason = f"{data.events.sum():g} events in all places: too few to compare"
    return Estimate.empty("not_applicable", reason, level=level, n=len(data.names))


def slope_index(data: Places, *, per: float = PER, level: float = 0.95) -> Estimate:
    """Slope index of inequality: rate at the most disadvantaged end minus rate at the least, per ``per`` people.

    Straight line of the rate over the share of people less disadvantaged, weighted by
    people; interval from residuals (sandwich HC3, spatial where coordinates are given).

    >>> slope_index(example_places(seed=1)).lower > 0
    True
    """
    if data.events.sum() < MINIMUM_EVENTS:
        return _too_few(data, level)
    design = np.column_stack([np.ones(len(data.names)), _ranks(data.disadvantage, data.people)])
    fitted = sm.WLS(data.events / data.people, design, weights=data.people).fit()
    parts = _influences(design, data.people, np.asarray(fitted.resid) * data.people)
    value, half = float(fitted.params[1]), _half_width(parts, data.kilometres, level)
    return Estimate(value, value - half, value + half, level, len(data.names)).scaled(per)


def relative_index(data: Places, *, level: float = 0.95) -> Estimate:
    """Relative index of inequality: rate at the most disadvantaged end over rate at the least.

    Log-linear in the share of people less disadvantaged (Poisson quasi-likelihood),
    interval as in ``slope_index``. 1 is equality.

    >>> relative_index(example_places(seed=1)).lower > 1
    True
    """
    if data.events.sum() < MINIMUM_EVENTS:
        return _too_few(data, level)
    design = np.column_stack([np.ones(len(data.names)), _ranks(data.disadvantage, data.people)])
    value, parts, _ = _poisson(design, data)
    return _exponentiated(value, _half_width(parts, data.kilometres, level), data, level)


def _poisson(design: Floats, data: Places) -> tuple[float, Floats, Floats]:
    """Coefficient of the second column, what each place contributes to it, and the fitted events."""
    fitted = sm.GLM(data.events, design, family=sm.families.Poisson(), offset=np.log(data.people)).fit()
    means = np.asarray(fitted.fittedvalues)
    return float(fitted.params[1]), _influences(design, means, data.events - means), means


def _influences(design: Floats, weights: Floats, residuals: Floats) -> Floats:
    """Contribution of each row to the second coefficient: residual over one minus leverage (HC3)."""
    bread = np.linalg.inv((design * weights[:, None]).T @ design)
    leverage = np.clip(np.einsum("ij,jk,ik->i", design, bread, design) * weights, 0, 0.999)
    return np.asarray((design * (residuals / (1 - leverage))[:, None]) @ bread[:, 1])


def _exponentiated(value: float, half: float, data: Places, level: float, factor: float = 1.0) -> Estimate:
    ends = np.exp(factor * np.array([value, value - half, value + half]))
    return Estimate(float(ends[0]), float(ends[1]), float(ends[2]), level, len(data.names))


@dataclass(frozen=True)
class Gradient:
    """Rate ratio for each further ``points`` percentage points of disadvantage.

    ``ratio`` is the one to publish (robust; spatial where coordinates are given).
    ``independent`` treats places as unrelated, ``negative_binomial`` weighs big places less: if
    its value differs, the gradient is not the same everywhere. ``dispersion`` is variance
    over mean (1 is Poisson). ``moran`` is Moran's I of the residuals with its two-sided
    permutation ``moran_p`` (NaN without coordinates): above chance, neighbours share causes
    that are not in the model. ``without_most_influential`` is about what the ratio would be if
    the place named were left out.
    """

    points: float
    ratio: Estimate
    independent: Estimate
    negative_binomial: Estimate
    dispersion: float
    moran: float
    moran_p: float
    most_influential: str
    without_most_influential: float
    adjusted_for: tuple[str, ...]
    cautions: tuple[str, ...]


def gradient(
    data: Places, *, points: float = 10.0, level: float = 0.95, cutoff_km: float = CUTOFF_KM, seed: int = 0
) -> Gradient:
    """Rate ratio per ``points`` percentage points, adjusted for ``data.adjust``.

    Poisson quasi-likelihood with people as exposure: right on average whatever the
    variance, which is estimated from residuals (HC3; Conley within ``cutoff_km``).
    Events per person are assumed to be log-linear in the disadvantage.

    >>> found = gradient(example_places(seed=1))
    >>> round(found.ratio.value, 2), found.ratio.lower > 1, found.dispersion > 10
    (1.3, True, True)
    """
    if data.events.sum() < MINIMUM_EVENTS:
        empty = _too_few(data, level)
        nothing = float("nan")
        return Gradient(
            points, empty, empty, empty, nothing, nothing, nothing, "", nothing, data.adjust_names, _cautions(data, 1.0)
        )
    spread = np.where(data.adjust.std(axis=0) > 0, data.adjust.std(axis=0), 1)
    extra = (data.adjust - data.adjust.mean(axis=0)) / spread
    design = np.column_stack([np.ones(len(data.names)), data.disadvantage - data.disadvantage.mean(), extra])
    value, parts, means = _poisson(design, data)
    independent = _exponentiated(value, _half_width(parts, None, level), data, level, points)
    ratio = _exponentiated(value, _half_width(parts, data.kilometres, level, cutoff_km), data, level, points)
    dispersion = float(((data.events - means) ** 2 / means).sum() / (len(means) - design.shape[1]))
    most = int(np.argmax(np.abs(parts)))
    moran, chance = np.nan, np.nan
    if data.kilometres is not None:
        moran, chance = _moran((data.events - means) / np.sqrt(means), data.kilometres, seed)
    return Gradient(
        points,
        ratio,
        independent,
        _negative_binomial(design, data, means, level, points),
        dispersion,
        moran,
        chance,
        data.names[most],
        float(np.exp(points * (value - parts[most]))),
        data.adjust_names,
        _cautions(data, chance),
    )


def _negative_binomial(design: Floats, data: Places, means: Floats, level: float, points: float) -> Estimate:
    """The same ratio with variance mean + alpha mean squared, alpha by moments, error from residuals."""
    for _ in range(3):
        alpha = max(1e-8, float((((data.events - means) ** 2 - means) / means**2).mean()))
        family = sm.families.NegativeBinomial(alpha=alpha)
        fitted = sm.GLM(data.events, design, family=family, offset=np.log(data.people)).fit()
        means = np.asarray(fitted.fittedvalues)
    weights = 1 / (1 + alpha * means)
    parts = _influences(design, means * weights, (data.events - means) * weights)
    half = _half_width(parts, data.kilometres, level)
    return _exponentiated(float(fitted.params[1]), half, data, level, points)


def _moran(
    values: Floats, kilometres: Floats, seed: int, neighbours: int = 8, permutations: int = 499
) -> tuple[float, float]:
    """Moran's I over the eight nearest places and its two-sided permutation probability."""
    known = ~np.isnan(kilometres).any(axis=1)
    values, kilometres = values[known], kilometres[known]
    apart = ((kilometres[:, None, :] - kilometres[None, :, :]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    nearest = np.argsort(apart, axis=1, kind="stable")[:, :neighbours]
    centred = values - values.mean()
    scale = float((centred**2).sum())
    if scale == 0:
        return 0.0, 1.0
    found = float((centred * centred[nearest].mean(axis=1)).sum() / scale)
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(centred, (permutations, 1)), axis=1)
    chance = (shuffled * shuffled[:, nearest].mean(axis=2)).sum(axis=1) / scale
    expected = -1 / (len(values) - 1)
    beyond = int((np.abs(chance - expected) >= abs(found - expected)).sum())
    return found, (beyond + 1) / (permutations + 1)


def _cautions(data: Places, moran_p: float) -> tuple[str, ...]:
    found = [ECOLOGICAL_NOTE]
    if data.kilometres is None:
        found.append("no coordinates: neighbours that are alike would make these intervals too narrow")
    elif moran_p < 0.05:
        found.append("residuals of neighbouring places go together: the spatial interval applies, other causes remain")
    if data.left_out:
        share = 100 * data.left_out_people / (data.left_out_people + data.people.sum())
        found.append(f"{len(data.left_out)} places with {share:.1f} percent of people lack a value and are left out")
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Fifths:
    """Rates by fifth of people, from the least (1) to the most (5) disadvantaged places.

    ``table``: fifth, places, people, events, rate, lower, upper (per 100,000 or ``per``),
    from, to (disadvantage in percent). ``ratio`` and ``difference`` compare the most with the
    least disadvantaged fifth.
    """

    table: pd.DataFrame
    ratio: Estimate
    difference: Estimate


def fifths(data: Places, *, per: float = PER, level: float = 0.95) -> Fifths:
    """Rates in fifths of people ranked by the disadvantage of their place, with intervals by leaving out places.

    A place belongs to the fifth that holds its middle person. Ratio and difference are
    ``not_applicable`` when either end has ten or fewer events.

    >>> found = fifths(example_places(seed=1))
    >>> found.table["fifth"].tolist(), found.ratio.lower > 1
    ([1, 2, 3, 4, 5], True)
    """
    fifth = np.minimum((_ranks(data.disadvantage, data.people) * 5).astype(int), 4)
    rows = []
    for number in range(5):
        inside = fifth == number
        one = _too_few(data, level)
        if data.events[inside].sum() >= MINIMUM_EVENTS and inside.sum() > 1:
            one = _left_out(partial(_rate_of, data=data, inside=inside, per=per), data, level, log=True)
        bounds = data.disadvantage[inside] if inside.any() else np.array([np.nan])
        counts = (int(inside.sum()), data.people[inside].sum(), data.events[inside].sum())
        rows.append((number + 1, *counts, one.value, one.lower, one.upper, bounds.min(), bounds.max()))
    columns = ["fifth", "places", "people", "events", "rate", "lower", "upper", "from", "to"]
    table = pd.DataFrame(rows, columns=columns)
    if table["rate"].iloc[[0, 4]].isna().any():
        empty = Estimate.empty("not_applicable", "ten or fewer events in an outer fifth: levels only", level=level)
        return Fifths(table, empty, empty)

    def ends(weights: Floats) -> tuple[Floats, Floats]:
        return _rate_of(weights, data, fifth == 4, per), _rate_of(weights, data, fifth == 0, per)

    ratio = _left_out(lambda weights: ends(weights)[0] / ends(weights)[1], data, level, log=True)
    difference = _left_out(lambda weights: ends(weights)[0] - ends(weights)[1], data, level)
    return Fifths(table, ratio, difference)


def _rate_of(weights: Floats, data: Places, inside: npt.NDArray[np.bool_], per: float) -> Floats:
    return np.asarray(per * (weights[:, inside] @ data.events[inside]) / (weights[:, inside] @ data.people[inside]))


def example_places(
    *, seed: int, count: int = 300, ratio: float = 1.25, alpha: float = 0.15, shared_km: float = 0.0
) -> Places:
    """Invented places with a known gradient and overdispersed events, for tests and for showing coverage.

    The rate grows by ``ratio`` per 10 percentage points; events are negative binomial with
    variance mean + alpha mean squared. With ``shared_km`` above 0 the surplus is shared by
    neighbours within about that distance, and so is part of the disadvantage.

    >>> example_places(seed=1, count=40).events.shape
    (40,)
    """
    rng = np.random.default_rng(seed)
    people = np.round(np.exp(rng.normal(9.6, 1.1, count))).astype(np.float64)
    spots = rng.uniform(0, 60, (count, 2))
    disadvantage = rng.beta(2, 5, count) * 70
    surplus = rng.gamma(1 / alpha, alpha, count)
    if shared_km > 0:
        apart = np.sqrt(((spots[:, None, :] - spots[None, :, :]) ** 2).sum(axis=2))
        root = np.linalg.cholesky(np.exp(-apart / shared_km) + 1e-9 * np.eye(count))
        field, other = root @ rng.normal(size=count), root @ rng.normal(size=count)
        surplus = stats.gamma.ppf(stats.norm.cdf(field), 1 / alpha, scale=alpha)
        disadvantage = stats.beta.ppf(stats.norm.cdf(other), 2, 5) * 70
    events = rng.poisson(people * 0.01 * ratio ** ((disadvantage - 20) / 10) * surplus).astype(float)
    names = tuple(f"place {number:03}" for number in range(count))
    return Places(names, events, people, disadvantage, np.empty((count, 0)), (), spots if shared_km else None, (), 0.0)
