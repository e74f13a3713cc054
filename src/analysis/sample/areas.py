"""Which block belongs to which tract, district and neighbourhood.

All are grown around centres until they hold about the same number of people, then
mended to one piece each. Districts and neighbourhoods take most tracts whole and
cut some, as real ones do; the city limits cut some tracts too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from analysis.sample.randomness import Flags, Floats, Ints, settled, stream
from analysis.sample.terrain import inside, terrain
from analysis.sample.tessellation import MAIN_TURN, blocks, in_one_piece

RESIDENTIAL_TRACTS = 985
DISTRICTS = 15
NEIGHBORHOODS = 72
TOWNS = 26
RURAL_PLACES = 22
SNAP = 0.72
"""A tract of which an area holds this share of blocks goes to it whole."""


@dataclass(frozen=True)
class Areas:
    """Labels by block; −1 is none. ``tract`` counts residential tracts first, then ``special`` ones."""

    tract: Ints
    special: tuple[str, ...]
    in_city: Flags
    district: Ints
    neighborhood: Ints
    neighborhood_2020: Ints
    place: Ints


@cache
def areas() -> Areas:
    """The administrative map of the county."""
    tract, special = _tracts()
    in_city = _city(tract)
    district = _balanced(in_city, DISTRICTS, tract, "districts", cover=True)
    neighborhood = _balanced(in_city & (blocks().use == ""), NEIGHBORHOODS, tract, "neighborhoods", cover=False)
    return Areas(
        tract=tract,
        special=special,
        in_city=in_city,
        district=district,
        neighborhood=neighborhood,
        neighborhood_2020=_with_a_new_council(neighborhood),
        place=_places(in_city, neighborhood, tract),
    )


def _tracts() -> tuple[Ints, tuple[str, ...]]:
    ground = blocks()
    lived = ground.use == ""
    cos, sin = np.cos(-MAIN_TURN), np.sin(-MAIN_TURN)
    turned = np.stack(
        [ground.centre[:, 0] * cos - ground.centre[:, 1] * sin, ground.centre[:, 0] * sin + ground.centre[:, 1] * cos],
        axis=1,
    )
    label = np.full(len(ground.centre), -1, dtype=np.int64)
    # Square neighbourhoods in the frame of the streets: tracts there are rectangles, not honeycombs.
    label[lived] = _grown(turned[lived], ground.people[lived], RESIDENTIAL_TRACTS, "tracts", rounds=6, square=True)
    label = in_one_piece(label, lived)
    label = np.unique(label, return_inverse=True)[1].astype(np.int64) - 1
    special: list[str] = []
    for use, pieces in (("preserve", 5), ("park", 1), ("range", 4), ("airport", 1), ("port", 2)):
        where = ground.use == use
        part = _grown(ground.centre[where], ground.area[where], pieces, use, rounds=8)
        label[where] = label.max() + 1 + part
        special += [use] * pieces
    return in_one_piece(label), tuple(special)


def _grown(centre: Floats, weight: Floats, count: int, name: str, *, rounds: int, square: bool = False) -> Ints:
    """Label every point by the nearest of ``count`` centres, which move to the middle of their people."""
    draw = stream(name)
    share = settled(weight / weight.sum(), 12)
    heart = centre[draw.choice(len(centre), count, replace=False, p=share / share.sum())]
    nearest = np.zeros(len(centre), dtype=np.int64)
    for _ in range(rounds):
        nearest = cKDTree(heart).query(centre, p=np.inf if square else 2)[1]
        total = np.maximum(np.bincount(nearest, weights=weight, minlength=count), 1e-9)
        heart = settled(
            np.stack([np.bincount(nearest, weights=weight * centre[:, k], minlength=count) / total for k in (0, 1)], 1),
            6,
        )
    return nearest.astype(np.int64)


def _city(tract: Ints) -> Flags:
    """Blocks of the city: within the limits, whole tracts where the limits cut only a corner.

    Land outside that the city encloses stays outside if a town of size lives there.
    """
    ground = blocks()
    limits = inside(terrain().city, ground.centre) & np.isin(ground.land, (0, 2))
    share = np.bincount(tract, weights=ground.area * limits) / np.bincount(tract, weights=ground.area)
    inner = np.where(share[tract] > 0.85, True, np.where(share[tract] < 0.15, False, limits))
    held, piece = _pieces(inner)
    main = held.argmax()
    inner = np.where(ground.land == 2, True, inner & (piece == main))
    held, piece = _pieces(inner)
    hole: Flags = ~inner & (held[piece] < 0.004 * held.sum()) & (ground.land == 0)
    return inner | hole


def _pieces(flag: Flags) -> tuple[Floats, Ints]:
    """People in each connected piece of equal flag, and the piece of each block."""
    ground = blocks()
    count, piece = connected_components(ground.graph(flag.astype(np.int64)), directed=False)
    held: Floats = np.bincount(piece, weights=ground.people, minlength=count).astype(np.float64)
    return held, piece


def _balanced(domain: Flags, count: int, tract: Ints, name: str, *, cover: bool) -> Ints:
    """``count`` areas of about equal population inside the domain, in one piece each."""
    ground = blocks()
    centre = _bent(ground.centre[domain], name)
    people = ground.people[domain] + (5.0 if cover else 0.0)
    heart = _hearts(centre, people, count, name)
    handicap = np.zeros(count)
    flat = np.column_stack([centre, np.zeros(len(centre))])
    for _ in range(60):
        # Nearest after a handicap is nearest in space when the handicap becomes a height.
        height = np.sqrt(settled(handicap.max() - handicap, 9))
        owner = cKDTree(np.column_stack([heart, height])).query(flat)[1]
        held = np.bincount(owner, weights=people, minlength=count)
        reach = np.bincount(owner, minlength=count) * 0.03
        handicap = settled(handicap + 0.25 * np.clip(1 - held / held.mean(), -0.5, 0.5) * (reach + 0.05), 9)
    label = np.full(len(domain), -1, dtype=np.int64)
    label[domain] = owner
    label = _snapped(label, tract, domain)
    port = domain & (ground.land == 2)
    if port.any():
        label[port] = np.bincount(label[port]).argmax()
    return _in_rows(in_one_piece(label, domain & (ground.land == 0)))


def _in_rows(label: Ints) -> Ints:
    """Labels renumbered in rows from the north, each row from west to east."""
    ground = blocks()
    mine = label >= 0
    size = np.bincount(label[mine])
    x, y = (np.bincount(label[mine], weights=ground.centre[mine, k]) / size for k in (0, 1))
    order = np.lexsort((settled(x, 6), np.floor((30.0 - settled(y, 6)) / 4.2)))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return np.where(mine, rank[label], -1)


def _bent(centre: Floats, name: str) -> Floats:
    """Positions pushed about in long waves, so that borders bend as grown ones do."""
    draw = stream(f"{name}, bends")
    bent = centre.copy()
    for wave, height in ((15.0, 1.3), (7.0, 0.5)):
        phase = draw.uniform(0, 2 * np.pi, 2)
        bent[:, 0] += height * np.sin(2 * np.pi * centre[:, 1] / wave + phase[0])
        bent[:, 1] += height * np.sin(2 * np.pi * centre[:, 0] / wave + phase[1])
    return settled(bent, 6)


def _hearts(centre: Floats, people: Floats, count: int, name: str) -> Floats:
    label = _grown(centre, people, count, name, rounds=25)
    total = np.bincount(label, weights=people, minlength=count)
    return settled(
        np.stack([np.bincount(label, weights=people * centre[:, k], minlength=count) / total for k in (0, 1)], 1), 6
    )


def _snapped(label: Ints, tract: Ints, domain: Flags) -> Ints:
    """Tracts that an area nearly holds go to it whole; the others stay cut."""
    ground = blocks()
    weight = ground.area * domain
    table = np.zeros((tract.max() + 1, label.max() + 1))
    np.add.at(table, (tract[domain], label[domain]), weight[domain])
    total = table.sum(axis=1)
    best = table.argmax(axis=1)
    whole = table.max(axis=1) >= SNAP * np.maximum(total, 1e-9)
    return np.where(domain & whole[tract], best[tract], label)


def _with_a_new_council(neighborhood: Ints) -> Ints:
    """The map two years later: the largest neighbourhood has split, one council more."""
    ground = blocks()
    held = np.bincount(neighborhood[neighborhood >= 0], weights=ground.people[neighborhood >= 0])
    largest = int(held.argmax())
    mine = neighborhood == largest
    middle = np.median(ground.centre[mine, 0])
    later = neighborhood.copy()
    later[mine & (ground.centre[:, 0] > middle)] = len(held)
    return in_one_piece(later, mine)


def _places(in_city: Flags, neighborhood: Ints, tract: Ints) -> Ints:
    """Places of the health department: neighbourhoods in the city, then towns, then unincorporated land.

    City blocks outside every neighbourhood council belong to no place.
    """
    ground = blocks()
    outside = ~in_city & (ground.use == "")
    enclave = _enclave(in_city)
    label = np.full(len(tract), -1, dtype=np.int64)
    open_land = outside & ~enclave
    part = _balanced(open_land, TOWNS - 1 + RURAL_PLACES, tract, "places", cover=False)
    held = np.bincount(part[open_land], weights=ground.people[open_land])
    land = np.bincount(part[open_land], weights=ground.area[open_land])
    rank = np.argsort(np.argsort(-held / land, kind="stable"), kind="stable")
    label[open_land] = rank[part[open_land]] + NEIGHBORHOODS + 1
    label[enclave] = NEIGHBORHOODS
    label[neighborhood >= 0] = neighborhood[neighborhood >= 0]
    return label


def _enclave(in_city: Flags) -> Flags:
    """The town inside the city: of the larger pieces of land outside it the one around which the limits run."""
    ground = blocks()
    held, piece = _pieces(~in_city & (ground.use == "") & (ground.land == 0))
    outside = held * (np.bincount(piece, weights=~in_city & (ground.use == "") & (ground.land == 0)) > 0)
    middle = np.array([np.abs(ground.centre[piece == k] - (-8.0, 1.5)).max() for k in np.argsort(-outside)[:4]])
    flags: Flags = piece == np.argsort(-outside)[int(middle.argmin())]
    return flags
