"""The true epidemic: who fell ill where and when, before anybody wrote it down.

Cases follow a renewal process with a reproduction number that changes on known
days. Places differ by a known rate ratio for crowding and for poverty, and by a
little that nothing explains. Every infection is found: there is no under-count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
from scipy.special import gammainc

from analysis.sample.areas import NEIGHBORHOODS, areas
from analysis.sample.names import NEIGHBORHOODS as NEIGHBORHOOD_NAMES
from analysis.sample.names import RURAL_PLACES, TOWNS
from analysis.sample.randomness import Floats, Ints, settled, stream
from analysis.sample.society import society
from analysis.sample.terrain import METRES
from analysis.sample.tessellation import blocks

FIRST_DAY, LAST_DAY = date(2020, 3, 9), date(2022, 4, 24)
SERIAL_MEAN, SERIAL_SD = 5.0, 2.4
"""Days from case to case, gamma distributed, by whole days from the first on."""
IMPORTED = 8.0
"""Cases a day that come from outside the county."""
RATE_RATIO = {"crowding": 1.30, "poverty": 1.15}
"""Rate of a place over that of one whose share is ten percentage points lower."""
UNEXPLAINED = 0.08
"""Standard deviation of the logarithm of a place's rate that nothing explains."""
DISPERSION = 0.06
"""Standard deviation of the logarithm of a day's cases beyond chance."""
REPRODUCTION = (
    (date(2020, 3, 9), 2.10), (date(2020, 3, 21), 1.12), (date(2020, 5, 1), 1.03), (date(2020, 6, 8), 1.18),
    (date(2020, 7, 13), 0.88), (date(2020, 9, 7), 0.98), (date(2020, 10, 26), 1.31), (date(2020, 12, 14), 0.98),
    (date(2021, 1, 4), 0.80), (date(2021, 3, 15), 0.90), (date(2021, 6, 15), 1.40), (date(2021, 8, 2), 0.90),
    (date(2021, 11, 1), 1.03), (date(2021, 12, 13), 1.85), (date(2022, 1, 3), 0.74), (date(2022, 2, 7), 0.90),
)  # fmt: skip
"""From each day on, the reproduction number."""


@dataclass(frozen=True)
class Places:
    """The health department's places: city neighbourhoods, towns, unincorporated land."""

    name: tuple[str, ...]
    kind: tuple[str, ...]
    population: Floats
    households: Floats
    area: Floats
    longitude_latitude: Floats
    shares: dict[str, Floats]
    overlap: Floats
    rate: Floats


@dataclass(frozen=True)
class Epidemic:
    """Cases by day (rows) and place (columns), and the expected total of each day."""

    days: tuple[date, ...]
    expected: Floats
    cases: Ints
    reproduction: Floats
    serial: Floats


def serial_interval(longest: int = 20) -> Floats:
    """Share of secondary cases by whole days after the first, from day 1.

    >>> bool(abs(serial_interval().sum() - 1.0) < 1e-9)
    True
    """
    shape = (SERIAL_MEAN / SERIAL_SD) ** 2
    scale = SERIAL_SD**2 / SERIAL_MEAN
    edges = gammainc(shape, (np.arange(longest + 1) + 0.5) / scale)
    edges[0] = 0.0
    weights = np.diff(edges)
    return settled(weights / weights.sum(), 12)


@cache
def places() -> Places:
    """Population, shares and true relative rate of every place."""
    label, ground, people = areas(), blocks(), society().periods["2018"]
    lived = len(people.population)
    count = int(label.place.max()) + 1
    mine = (label.place >= 0) & (label.tract < lived)
    overlap = np.zeros((count, lived))
    np.add.at(overlap, (label.place[mine], label.tract[mine]), ground.area[mine])
    whole = np.bincount(label.tract, weights=ground.area)[:lived]
    overlap = settled(overlap / whole, 12)
    head = np.round(overlap @ people.population)
    homes = overlap @ people.households
    shares = {
        name: settled((overlap @ (getattr(people, name) * people.population)) / (overlap @ people.population))
        for name in ("white", "black", "asian", "hispanic", "poor", "aged")
    }
    shares["crowded"] = settled((overlap @ (people.crowded * people.households)) / homes)
    size = np.bincount(label.place[mine])
    middle = np.stack([np.bincount(label.place[mine], weights=ground.centre[mine, k]) / size for k in (0, 1)], axis=1)
    log_rate = 10 * shares["crowded"] * np.log(RATE_RATIO["crowding"])
    log_rate = log_rate + 10 * shares["poor"] * np.log(RATE_RATIO["poverty"])
    log_rate = log_rate + stream("place rates").normal(0, UNEXPLAINED, count)
    names = (*NEIGHBORHOOD_NAMES, *TOWNS, *RURAL_PLACES)
    kinds = ("city",) * NEIGHBORHOODS + ("town",) * len(TOWNS) + ("rural",) * len(RURAL_PLACES)
    return Places(
        name=names[:count],
        kind=kinds[:count],
        population=head,
        households=settled(homes, 6),
        area=settled(np.bincount(label.place[mine], weights=ground.area[mine]) * METRES**2 / 1e6, 9),
        longitude_latitude=_degrees(middle),
        shares=shares,
        overlap=overlap,
        rate=settled(np.exp(log_rate), 9),
    )


def _degrees(middle: Floats) -> Floats:
    import pyproj

    from analysis.sample.outlines import PROJECTION

    project = pyproj.Transformer.from_crs(PROJECTION, "EPSG:4326", always_xy=True)
    longitude, latitude = project.transform(middle[:, 0] * METRES, middle[:, 1] * METRES)
    return settled(np.stack([longitude, latitude], axis=1), 7)


def reproduction_on(day: date) -> float:
    """The reproduction number of a day.

    >>> reproduction_on(date(2020, 7, 12)), reproduction_on(date(2020, 7, 13))
    (1.18, 0.88)
    """
    return [value for start, value in REPRODUCTION if start <= day][-1]


@cache
def epidemic() -> Epidemic:
    """The course of the epidemic, day by day and place by place."""
    days = tuple(FIRST_DAY + timedelta(k) for k in range((LAST_DAY - FIRST_DAY).days + 1))
    weights = serial_interval()
    draw = stream("epidemic")
    where = places()
    share = where.population * where.rate
    share = settled(share / share.sum(), 12)
    expected, cases = np.zeros(len(days)), np.zeros((len(days), len(share)), dtype=np.int64)
    noise = np.exp(DISPERSION * draw.normal(size=len(days)) - DISPERSION**2 / 2)
    past = np.full(len(weights), 30.0)
    for number, day in enumerate(days):
        expected[number] = reproduction_on(day) * (weights @ past[::-1][: len(weights)]) + IMPORTED
        cases[number] = draw.poisson(settled(expected[number] * noise[number] * share, 6))
        past = np.append(past[1:], cases[number].sum())
    values = np.array([reproduction_on(day) for day in days])
    return Epidemic(days, settled(expected, 6), cases, values, weights)
