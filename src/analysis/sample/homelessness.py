"""People without a home in Meridia: how many there truly are in each tract, and what a count makes of them.

People live in units: alone, as a family, in a car, van, camper, tent or makeshift shelter. A
count sees a part of the units, the same part every year, and turns dwellings into people by averages
that were estimated anew each year and miss the true ones by a little. Rates follow the status of the tract, two
planted clusters, and chance; one district has next to nobody, so that nearly all of its cells are small.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from analysis.sample.areas import areas
from analysis.sample.names import CITY, NEIGHBORHOODS, RURAL_PLACES, TOWNS
from analysis.sample.randomness import Flags, Floats, Ints, settled, stream
from analysis.sample.society import smooth, society
from analysis.sample.tessellation import blocks
from analysis.sample.vintages import vintages

YEARS = (2015, 2016, 2017)
DWELLINGS = ("cars", "vans", "campers", "tents", "makeshift")
KINDS = ("singles", "families", *DWELLINGS)
GROWTH = {2015: 1.0, 2016: 1.06, 2017: 1.20}
"""True number of people outdoors against 2015."""
SEEN = 0.85
"""Share of units that a count finds, in every year."""
BASE = 2.1
"""People outdoors for 1,000 residents in a tract of middle status, without the planted clusters."""
STATUS_EFFECT = -0.5
GRAIN, YEARLY = 0.7, 0.3
"""Standard deviation of the logarithm of the rate over tracts, and of its change from year to year."""
CLUSTERS = ((4.5, 0.5, 3.0, 1.7), (7.5, -12.5, 2.1, 1.3))
"""Planted clusters: x, y, height of the logarithm, reach, in drawing units."""
QUIET_DISTRICT = 8
QUIET = -1.6
SHARES = (0.44, 0.01, 0.09, 0.08, 0.17, 0.09, 0.12)
"""Share of units of each kind."""
FAMILY_SIZE = 3.4
PER_DWELLING = {"cars": 1.60, "vans": 1.75, "campers": 1.90, "tents": 1.62, "makeshift": 1.80}
"""True average number of people, the same every year."""
AVERAGES: dict[int, dict[str, float]] = {
    2015: {"cars": 1.52, "vans": 1.70, "campers": 1.79, "tents": 1.58, "makeshift": 1.90},
    2016: {"cars": 1.69, "vans": 1.72, "campers": 1.95, "tents": 1.66, "makeshift": 1.69},
    2017: {"cars": 1.637, "vans": 1.829, "campers": 1.993, "tents": 1.714, "makeshift": 1.861},
}
"""Averages that each year's count multiplied by: the true ones with the error of a survey."""
FAMILY_PART = {"cars": 0.09, "vans": 0.04, "campers": 0.05, "tents": 0.012, "makeshift": 0.011}
"""Share of the people of a dwelling who are members of families, as the count of 2017 writes it."""
OWN_COUNT = 2
"""So many towns count for themselves and are in no file."""
NOT_COUNTED = 0.09
"""Share of the tracts of 2000 that nobody counted in 2015."""
PEOPLE_POWER, INCOME_POWER, REQUESTS = 0.75, 0.6, 1.15
"""Requests about encampments rise with people outdoors to this power and with the tract's income to that power."""


@dataclass(frozen=True)
class Outdoors:
    """Arrays over all tracts of 2010, residential then special; ``units`` and ``found`` are (tract, kind) by year.

    ``people`` is the true number of people outdoors; ``mean`` what a tract expects in 2015.
    """

    city: Flags
    district: Ints
    town: tuple[str, ...]
    included: Flags
    residents: Floats
    mean: Floats
    people: dict[int, Ints]
    found: dict[int, Ints]
    sheltered: dict[int, Ints]


@cache
def outdoors() -> Outdoors:
    """Everybody without a home in three Januaries, and what the counts found."""
    city, district, town = _where()
    residents = np.concatenate([society().periods["2018"].population, np.zeros(len(areas().special))])
    mean = _mean(district, residents)
    draw = stream("outdoors")
    people, found = {}, {}
    for year in YEARS:
        wave = settled(np.exp(draw.normal(-0.5 * YEARLY**2, YEARLY, len(mean))))
        units = draw.poisson(settled(mean * GROWTH[year] * wave / _people_per_unit(), 6))
        kinds = draw.multinomial(units, SHARES)
        people[year] = _living_in(draw, kinds)
        found[year] = draw.binomial(kinds, SEEN)
    own = list(TOWNS[3 : 3 + OWN_COUNT])
    included = ~np.isin(np.array(town), own)
    return Outdoors(city, district, town, included, residents, mean, people, found, _sheltered(city, mean))


def _where() -> tuple[Flags, Ints, tuple[str, ...]]:
    """In the city or not, the district that holds most of the tract (−1: none), and the place it is named after."""
    label, ground = areas(), blocks()
    size = int(label.tract.max()) + 1

    def most(of: Ints, number: int) -> Ints:
        table = np.zeros((size, number + 1))
        np.add.at(table, (label.tract, np.where(of < 0, number, of)), ground.area)
        best: Ints = settled(table, 9)[:, :number].argmax(axis=1)
        return np.where(table[:, :number].sum(axis=1) > 0, best, -1)

    inside = np.bincount(label.tract, weights=ground.area * label.in_city) / np.bincount(label.tract, ground.area)
    city: Flags = inside >= 0.5
    names = (*NEIGHBORHOODS, *TOWNS, *RURAL_PLACES)
    place = most(label.place, len(names))
    town = tuple(CITY if here else names[k] if k >= 0 else RURAL_PLACES[0] for here, k in zip(city, place, strict=True))
    return city, np.where(city, most(label.district, int(label.district.max()) + 1), -1), town


def _mean(district: Ints, residents: Floats) -> Floats:
    label, ground = areas().tract, blocks()
    size = np.bincount(label)
    centre = np.stack([np.bincount(label, weights=ground.centre[:, k]) / size for k in (0, 1)], 1)
    centre = settled(centre, 6)
    status = np.zeros(len(size))
    status[: len(society().status)] = np.clip(society().status, -2.5, 2.5)
    log = STATUS_EFFECT * status + 0.55 * smooth(centre, "outdoors", 3.5)
    log = log + stream("outdoors grain").normal(0.0, GRAIN, len(size))
    for x, y, height, reach in CLUSTERS:
        log = log + height * np.exp(-0.5 * (np.hypot(centre[:, 0] - x, centre[:, 1] - y) / reach) ** 2)
    log = log + QUIET * (district == QUIET_DISTRICT - 1)
    # Nobody is registered in parks and the port, and some people sleep there.
    people = np.where(residents > 0, residents, 3_000.0)
    return settled(BASE * people / 1000.0 * np.exp(settled(log)), 6)


def _people_per_unit() -> float:
    sizes = (1.0, FAMILY_SIZE, *PER_DWELLING.values())
    return float(np.dot(SHARES, sizes))


def _living_in(draw: np.random.Generator, kinds: Ints) -> Ints:
    """People in all units of each tract: everybody seen alone is one, a dwelling holds one and sometimes more."""
    more = np.array([0.0, FAMILY_SIZE - 1, *(size - 1 for size in PER_DWELLING.values())])
    return np.asarray(kinds.sum(axis=1) + draw.poisson(settled(kinds * more, 6)).sum(axis=1), dtype=np.int64)


def _sheltered(city: Flags, mean: Floats) -> dict[int, Ints]:
    """People in shelters by tract: few tracts have one, and most of those lie where many people are outdoors."""
    draw = stream("shelters")
    share = settled(mean * (1 + city) / (mean * (1 + city)).sum(), 12)
    places = draw.choice(len(mean), 70, replace=False, p=share / share.sum())
    beds = np.rint(settled(np.exp(draw.normal(3.7, 0.7, len(places))))).astype(np.int64)
    found = {}
    for year in YEARS:
        found[year] = np.zeros(len(mean), dtype=np.int64)
        found[year][places] = draw.binomial(beds, 0.92)
    return found


@dataclass(frozen=True)
class OldCount:
    """The count of 2015 on the tracts of 2000: kinds by tract, people in shelters, counted, opted in, and the town."""

    codes: tuple[str, ...]
    kinds: Ints
    sheltered: Ints
    counted: Flags
    opted: Flags
    town: tuple[str, ...]
    city: Flags


@cache
def old_count() -> OldCount:
    """What the count of 2015 wrote: tracts of another vintage, some of them without a counter."""
    truth, town = outdoors(), vintages()
    lived = len(town.held_2000)
    draw = stream("old tracts")
    size = len(town.code_2000)
    kinds, sheltered = np.zeros((size, len(KINDS)), dtype=np.int64), np.zeros(size, dtype=np.int64)
    for tract, old in zip(*town.held_2000.nonzero(), strict=True):
        first = int(town.held_2000[tract].argmax())
        part = draw.binomial(truth.found[2015][tract], settled(town.held_2000[tract, old], 6))
        # What did not go to the first old tract went to the others, so that nobody is lost.
        kinds[old] += part if old != first else truth.found[2015][tract]
        kinds[first] -= part if old != first else 0
        sheltered[old] += truth.sheltered[2015][tract] if old == first else 0
    head = town.held_2000.argmax(axis=0)
    counted = draw.random(size) >= NOT_COUNTED
    quiet = truth.district[head] == QUIET_DISTRICT - 1
    counted |= quiet
    opted = counted & (draw.random(size) >= 0.05)
    keep = truth.included[:lived][head]
    where = np.flatnonzero(keep)
    order = where[np.argsort(np.array(town.code_2000)[where], kind="stable")]
    return OldCount(
        tuple(town.code_2000[k] for k in order), kinds[order], sheltered[order], counted[order], opted[order],
        tuple(truth.town[head[k]] for k in order), truth.city[head[order]],
    )  # fmt: skip


@cache
def requests() -> Ints:
    """Requests about encampments by tract, 0 outside the city: few people ask where many live outdoors and few earn."""
    truth, draw = outdoors(), stream("encampment requests")
    income = np.full(len(truth.mean), np.median(society().periods["2018"].income))
    income[: len(society().status)] = society().periods["2018"].income
    people = (truth.people[2016] + truth.people[2017]) / 2 + 0.7
    expected = REQUESTS * people**PEOPLE_POWER * (income / np.median(income)) ** INCOME_POWER
    wave = np.exp(draw.normal(-0.125, 0.5, len(people)))
    asked = draw.poisson(settled(expected * wave * truth.city, 6))
    return np.asarray(asked, dtype=np.int64)
