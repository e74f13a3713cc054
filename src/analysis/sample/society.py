"""Who lives in each tract, truly: the figures that surveys of the sample only estimate.

A status that varies smoothly over the map sets incomes, rents, values and degrees
in 2000; every tract then moves with the county, and the planted neighbourhoods by
a known amount more. All arrays run over the residential tracts of 2010.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from analysis.sample.areas import areas
from analysis.sample.calibration import CHANGED, DRIFT, LEVELS, PERIODS, PRESSURE, SLIPPED, SPREAD, Change
from analysis.sample.randomness import Flags, Floats, Ints, settled, stream
from analysis.sample.tessellation import blocks

# Where status is higher or lower: x, y, height, reach, in drawing units.
_STATUS = (
    (-15.0, 5.0, 1.5, 5.0), (-24.0, 4.0, 1.2, 5.0), (-15.0, -16.5, 1.5, 4.0), (-18.0, 15.0, 0.8, 5.0),
    (21.0, 12.0, 0.9, 6.0), (-8.0, 1.5, 1.2, 3.0), (4.5, 0.5, -1.3, 4.0), (7.5, -12.5, -1.3, 4.5),
    (-1.0, -6.0, -0.6, 3.0), (-2.0, 17.0, -0.9, 5.0), (16.0, -7.0, -0.7, 5.0), (20.0, -17.0, -0.5, 4.0),
)  # fmt: skip
_GROUPS = {
    # Coupling to status, roughness, and where more of the group live.
    "black": (-0.6, 1.0, ((3.5, 3.0, 2.0, 4.0), (-4.0, -7.0, 1.2, 3.0))),
    "asian": (0.10, 0.8, ((18.0, 4.0, 1.9, 5.0), (-1.5, -3.0, 1.0, 2.0))),
    "hispanic": (-1.25, 0.9, ((8.0, -8.0, 1.2, 5.0), (-2.0, 17.0, 0.9, 5.0))),
    "other": (0.10, 0.2, ()),
}
CHANGED_AT = ((5.0, 1.5, 5), (7.0, -12.0, 3))
"""Heart of each planted cluster of change, and how many neighbourhoods nearest to it are in it."""
SLIPPED_AT = ((-9.0, 17.0, 3),)
_COURSE = {"1990": 0.0, "2000": 0.0, "2012": 0.55, "2018": 1.0}
"""How much of the change between 2000 and 2018 had happened."""


@dataclass(frozen=True)
class People:
    """One period, one value a tract; shares 0 to 1, dollars of the period, counts of people or homes."""

    population: Floats
    households: Floats
    units: Floats
    renters: Floats
    white: Floats
    black: Floats
    asian: Floats
    hispanic: Floats
    adults: Floats
    bachelors: Floats
    income: Floats
    rent: Floats
    value: Floats
    old_homes: Floats
    students: Floats
    crowded: Floats
    poor: Floats
    aged: Floats


@dataclass(frozen=True)
class Society:
    """The tracts, what was planted where, and each period."""

    status: Floats
    pressure: Floats
    neighborhood: Ints
    changed: tuple[int, ...]
    slipped: tuple[int, ...]
    regime: np.ndarray
    university: tuple[int, ...]
    trailer_park: int
    periods: dict[str, People]


@cache
def society() -> Society:
    """Everybody in the county at four times."""
    centre, neighborhood = _centres()
    status = _status(centre)
    changed, slipped = _planted(CHANGED_AT), _planted(SLIPPED_AT)
    regime = np.where(np.isin(neighborhood, changed), "changed", "as everywhere")
    regime = np.where(np.isin(neighborhood, slipped), "slipped", regime)
    quay = np.hypot(centre[:, 0] + 17.0, centre[:, 1] - 3.2)
    empty = Society(
        status, _pressure(status, centre, regime == "as everywhere"), neighborhood, changed, slipped, regime,
        university=tuple(int(t) for t in np.argsort(quay, kind="stable")[:2]),
        trailer_park=int(np.argmin(np.hypot(centre[:, 0] - 19.0, centre[:, 1] - 19.0))),
        periods={},
    )  # fmt: skip
    return replace(empty, periods={period: _people(period, empty, centre) for period in PERIODS})


def _centres() -> tuple[Floats, Ints]:
    """Middle of each residential tract, and the neighbourhood most of its area is in (−1: none)."""
    label, ground = areas(), blocks()
    lived = int(label.tract.max()) + 1 - len(label.special)
    mine = label.tract < lived
    size = np.bincount(label.tract[mine])
    centre = np.stack([np.bincount(label.tract[mine], weights=ground.centre[mine, k]) / size for k in (0, 1)], 1)
    table = np.zeros((lived, label.neighborhood.max() + 2))
    np.add.at(table, (label.tract[mine], label.neighborhood[mine]), ground.area[mine])
    best = settled(table, 9).argmax(axis=1)
    return settled(centre, 6), np.where(best == label.neighborhood.max() + 1, -1, best)


def smooth(centre: Floats, name: str, length: float) -> Floats:
    """A random surface at the points, mean 0 and deviation 1, that bends over ``length`` drawing units."""
    draw = stream(name)
    waves = draw.normal(size=(160, 2)) / length
    phase = draw.uniform(0, 2 * np.pi, 160)
    surface = settled(np.cos(centre @ waves.T + phase).sum(axis=1), 9)
    return settled((surface - surface.mean()) / surface.std(), 9)


def _bumps(centre: Floats, bumps: tuple[tuple[float, float, float, float], ...]) -> Floats:
    total = np.zeros(len(centre))
    for x, y, height, reach in bumps:
        gap = np.hypot(centre[:, 0] - x, centre[:, 1] - y)
        total += height * np.exp(-0.5 * (gap / reach) ** 2)
    return total


def _status(centre: Floats) -> Floats:
    grain = stream("status grain").normal(0.0, 0.42, len(centre))
    raw = _bumps(centre, _STATUS) + 0.35 * smooth(centre, "status", 4.5) + grain
    raw = (raw - raw.mean()) / raw.std()
    # Rich tracts are further from the middle than poor ones.
    raw = raw + 0.07 * raw**2
    return settled(raw - np.median(raw), 9)


def _renters(status: Floats, centre: Floats) -> Floats:
    """Share of homes that are rented; the same at all times."""
    shape = 1.0 / (1.0 + np.exp(-(0.05 - 0.75 * status + _bumps(centre, ((-0.4, -4.6, 2.6, 3.5),)))))
    return np.clip(shape + stream("tenure").normal(0, 0.06, len(status)), 0.03, 0.985)


def _pressure(status: Floats, centre: Floats, elsewhere: Flags) -> Floats:
    """What was true beforehand of the tracts where rents and incomes would rise most: mean 0, deviation 1.

    Homes are rented more than incomes there let expect, so two traits together tell it and neither alone. Where
    change was planted by neighborhood it is nothing, so that the two plans do not mix.
    """
    rented = _renters(status, centre)
    index = (rented - rented.mean()) / rented.std() + 0.45 * (status - status.mean()) / status.std()
    index = np.where(elsewhere, (index - index[elsewhere].mean()) / index[elsewhere].std(), 0.0)
    return settled(index, 9)


def _planted(hearts: tuple[tuple[float, float, int], ...]) -> tuple[int, ...]:
    label, ground = areas(), blocks()
    mine = label.neighborhood >= 0
    size = np.bincount(label.neighborhood[mine])
    x, y = (np.bincount(label.neighborhood[mine], weights=ground.centre[mine, k]) / size for k in (0, 1))
    chosen: list[int] = []
    for east, north, count in hearts:
        gap = settled(np.hypot(x - east, y - north), 6)
        chosen += [int(k) for k in np.argsort(gap, kind="stable") if int(k) not in chosen][:count]
    return tuple(sorted(chosen))


def change_of(town: Society, field: str) -> Floats:
    """The planted factor (or percentage points) of each tract by 2018."""
    out = np.full(len(town.status), 0.0 if field.endswith("points") else 1.0)
    for name, plan in (("changed", CHANGED), ("slipped", SLIPPED)):
        out[town.regime == name] = getattr(plan, field)
    return out


def _drift(field: str, period: str, size: int) -> Floats:
    """What else happened to each tract since 2000; before it, what was still to happen."""
    course = -0.5 if period == "1990" else _COURSE[period]
    return course * stream(f"drift of {field}").normal(0.0, DRIFT[field], size)


def _dollars(name: str, period: str, town: Society) -> Floats:
    size = len(town.status)
    grain = stream(f"{name} grain").normal(0.0, 0.07, size)
    level = np.log(getattr(LEVELS[period], name)) + SPREAD[name] * town.status + grain
    course = -0.5 if period == "1990" else _COURSE[period]
    level = level + course * PRESSURE[name] * town.pressure
    level = level + _drift(name, period, size) + _COURSE[period] * np.log(change_of(town, name))
    return settled(np.exp(level), 2)


def _people(period: str, town: Society, centre: Floats) -> People:
    level, size = LEVELS[period], len(town.status)
    groups = _groups(period, town, centre)
    population, households, units = _homes(period, town, centre)
    renters = _renters(town.status, centre)
    degrees = _logit(level.bachelors) + 0.85 * town.status + stream("degrees").normal(0, 0.18, size)
    bachelors = 1.0 / (1.0 + np.exp(-degrees)) + _drift("bachelors", period, size)
    bachelors += _COURSE[period] * change_of(town, "bachelors_points") / 100.0
    students = np.clip(0.07 + 0.015 * town.status + stream("students").normal(0, 0.01, size), 0.02, 0.2)
    students[list(town.university)] = (0.78, 0.46)
    income = _dollars("income", period, town)
    value = _dollars("value", period, town)
    value[town.trailer_park] = 9_300.0
    # Poverty follows status only in part, so that it and crowding can be told apart.
    need = 0.14 * np.exp(-0.5 * town.status + 0.35 * smooth(centre, "poverty", 4.0))
    poor = np.clip(need + stream("poverty").normal(0, 0.02, size), 0.02, 0.6)
    crowding = -2.55 + 2.6 * (groups["hispanic"] - 0.45) - 0.55 * town.status
    crowded = 1.0 / (1.0 + np.exp(-(crowding + stream("crowding").normal(0, 0.25, size))))
    age = -1.1 + _bumps(centre, ((-0.4, -4.6, 2.2, 8.0),)) + smooth(centre, "age of homes", 5.0)
    old = 1.0 / (1.0 + np.exp(-age))
    aged = np.clip(0.125 + 0.02 * town.status + stream("age").normal(0, 0.02, size), 0.04, 0.35)
    return People(
        population=population,
        households=households,
        units=units,
        renters=settled(renters),
        white=groups["white"],
        black=groups["black"],
        asian=groups["asian"],
        hispanic=groups["hispanic"],
        adults=np.round(population * settled(0.655 + 0.03 * np.tanh(town.status), 6)),
        bachelors=settled(np.clip(bachelors, 0.015, 0.9)),
        income=income,
        rent=_dollars("rent", period, town),
        value=value,
        old_homes=settled(old),
        students=settled(students),
        crowded=settled(crowded),
        poor=settled(poor),
        aged=settled(aged),
    )


def _logit(share: float) -> float:
    return float(np.log(share / (1.0 - share)))


def _homes(period: str, town: Society, centre: Floats) -> tuple[Floats, Floats, Floats]:
    """Residents, households and homes of each tract, whole numbers."""
    label, ground = areas(), blocks()
    size = len(town.status)
    drawn = np.bincount(label.tract, weights=ground.people)[:size]
    people = drawn / drawn.sum() * LEVELS[period].population
    people = people * np.exp(0.5 * _drift("income", period, size))
    # Sizes rest on the groups of 2000, so that the planted change of size is all the change there is.
    length = (
        np.log(2.98)
        + 0.55 * (_groups("2000", town, centre)["hispanic"] - 0.45)
        + _bumps(centre, ((-0.4, -4.6, -0.38, 3.0),))
    )
    length = length + stream("household size").normal(0, 0.07, size) + _drift("household_size", period, size)
    length = length + _COURSE[period] * np.log(change_of(town, "household_size"))
    in_homes = np.full(size, 0.985)
    in_homes[list(town.university)] = (0.10, 0.50)
    # Homes stay when households shrink: where they did, fewer people live.
    people = people * (1.0 + 0.75 * _COURSE[period] * (change_of(town, "household_size") - 1.0))
    population = np.round(settled(people, 6))
    households = np.round(settled(population * in_homes / np.exp(length), 6))
    vacant = np.clip(0.05 + stream("vacancy").normal(0, 0.015, size), 0.01, 0.15)
    return population, households, np.round(settled(households * (1 + vacant), 6))


def _groups(period: str, town: Society, centre: Floats) -> dict[str, Floats]:
    """Shares of the five groups; the county's shares are met before change is planted."""
    level, size = LEVELS[period], len(town.status)
    target = {name: getattr(level, name) for name in ("white", "black", "asian", "hispanic")}
    target["other"] = 1.0 - sum(target.values())
    scores = {"white": np.zeros(size)}
    for name, (coupling, rough, places) in _GROUPS.items():
        grain = stream(f"{name} grain").normal(0, 0.35, size)
        scores[name] = coupling * town.status + rough * smooth(centre, name, 5.0) + _bumps(centre, places) + grain
    weight = np.bincount(areas().tract, weights=blocks().people)[:size]
    weight = weight / weight.sum()
    shift = dict.fromkeys(scores, 0.0)
    for _ in range(40):
        odds = {name: np.exp(score + shift[name]) for name, score in scores.items()}
        total = sum(odds.values())
        shift = {name: shift[name] + float(np.log(target[name] / (weight @ (odds[name] / total)))) for name in odds}
    shares = {name: odds[name] / total for name in odds}
    points = _COURSE[period] * change_of(town, "white_points") / 100.0 + _drift("white", period, size)
    white = np.clip(shares["white"] + points, 0.003, 0.95)
    rest = (1.0 - white) / (1.0 - shares["white"])
    return {name: settled(white if name == "white" else share * rest) for name, share in shares.items()}


def plan_of(regime: str) -> Change | None:
    """What was planted in a regime; None where nothing was.

    >>> plan_of("changed").rent, plan_of("as everywhere")
    (1.28, None)
    """
    return {"changed": CHANGED, "slipped": SLIPPED}.get(regime)
