"""Tract codes at five censuses, and where each tract's people were counted before.

A tract of 1990 that grew was split in 2000 (1011 became 1011.10 and 1011.20), a
part of it again in 2010 (1011.10 became 1011.11 and 1011.12) and in 2020. A few
tracts of 2000 were put together in 2010, and a few gave some streets to a neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.sparse import coo_matrix

from analysis.sample.areas import areas
from analysis.sample.names import COUNTY_FIPS, STATE_FIPS
from analysis.sample.randomness import Floats, Ints, settled, stream
from analysis.sample.tessellation import blocks

SPLIT_2010 = 0.26
"""Share of tracts of 2010 that are parts of a larger tract of 2000."""
SPLIT_2000 = 0.20
MERGED_2010 = 18
SHIFTED_2010 = 40
SPLIT_2020 = 90
RECODED_2020 = 12
WATER = ("990100", "990200")
"""Tracts of nothing but sea: in every table of 2010 and later, in no map."""

Family = list[tuple[int, ...]]
"""A tract of 1990: for each of its tracts of 2000 the tracts of 2010 made of it."""


@dataclass(frozen=True)
class Vintages:
    """Codes of six digits, and which share of each tract's people an older tract held.

    ``code_2010`` runs over residential, then special tracts. ``held_2000[t, s]`` is
    the share of the people of residential tract t who were counted in tract s of
    2000, ``held_1990`` likewise; rows add up to one. ``parts_2020`` gives for each
    code of 2020 its tract and the share of its people.
    """

    code_2010: tuple[str, ...]
    code_2000: tuple[str, ...]
    code_1990: tuple[str, ...]
    code_2020: tuple[str, ...]
    held_2000: Floats
    held_1990: Floats
    parts_2020: tuple[tuple[int, float], ...]
    shifted: tuple[tuple[int, int], ...]
    merged: tuple[int, ...]
    neighbours: tuple[tuple[int, ...], ...]


def geoid(code: str) -> str:
    """Eleven characters: state, county, tract.

    >>> geoid("101110")
    '99001101110'
    """
    return STATE_FIPS + COUNTY_FIPS + code


def printed(code: str) -> str:
    """The code as printed on maps.

    >>> printed("101110"), printed("101100")
    ('1011.10', '1011')
    """
    return code[:4] if code.endswith("00") else f"{code[:4]}.{code[4:]}"


@cache
def vintages() -> Vintages:
    """The family tree of all tracts."""
    special = len(areas().special)
    near = _neighbours(areas().tract)
    lived = len(near) - special
    families, merged = _families(near, lived)
    code_2010, code_2000, code_1990 = [""] * lived, [], []
    rows: list[tuple[int, int, int]] = []
    for family, base in zip(families, _bases(families, lived), strict=True):
        code_1990.append(f"{base}00")
        for place, members in enumerate(family, 1):
            code_2000.append(f"{base}00" if len(family) == 1 else f"{base}{place}0")
            for part, tract in enumerate(members, 1):
                rows.append((tract, len(code_2000) - 1, len(code_1990) - 1))
                old = f"{base}00" if tract in merged else code_2000[-1]
                code_2010[tract] = old if len(members) == 1 else f"{old[:5]}{part}"
    held_2000, held_1990, shifted = _held(rows, near, (len(code_2000), len(code_1990)), lived)
    code_2020, parts = _parts_2020(code_2010)
    return Vintages(
        code_2010=(*code_2010, *(f"9800{k:02d}" for k in range(1, special + 1))),
        code_2000=tuple(code_2000),
        code_1990=tuple(code_1990),
        code_2020=code_2020,
        held_2000=held_2000,
        held_1990=held_1990,
        parts_2020=parts,
        shifted=shifted,
        merged=tuple(sorted(merged)),
        neighbours=tuple(tuple(kin) for kin in near),
    )


def _neighbours(tract: Ints) -> list[list[int]]:
    """For each tract the tracts it borders, the longest border first."""
    ground = blocks()
    a, b = tract[ground.first], tract[ground.second]
    keep = a != b
    size = int(tract.max()) + 1
    w = ground.border[keep]
    pairs = (np.r_[a[keep], b[keep]], np.r_[b[keep], a[keep]])
    table = coo_matrix((np.r_[w, w], pairs), shape=(size, size)).tocsr()
    rows = (table.getrow(k) for k in range(size))
    return [[int(j) for j in row.indices[np.lexsort((row.indices, -settled(row.data, 6)))]] for row in rows]


def _families(near: list[list[int]], lived: int) -> tuple[list[Family], set[int]]:
    """The tracts of 1990, and the tracts of 2010 that were two in 2000."""
    draw = stream("families")
    order = [int(tract) for tract in draw.permutation(lived)]
    groups: list[tuple[int, ...]] = []
    owner: dict[int, int] = {}
    grouped = 0
    for tract in order:
        kin = [j for j in near[tract] if j < lived and j not in owner][: 1 if draw.random() < 0.85 else 2]
        if tract in owner:
            continue
        members = (tract, *kin) if grouped < SPLIT_2010 * lived else (tract,)
        grouped += len(members) if len(members) > 1 else 0
        owner.update(dict.fromkeys(members, len(groups)))
        groups.append(members)
    merged = {members[0] for members in groups if len(members) == 1 and members[0] % 3 == 0}
    merged = set(sorted(merged, key=order.index)[:MERGED_2010])
    families: list[Family] = []
    placed: set[int] = set()
    split = 0
    for number, members in sorted(enumerate(groups), key=lambda item: order.index(item[1][0]), reverse=True):
        if number in placed:
            continue
        placed.add(number)
        family: Family = [members, members] if members[0] in merged else [members]
        kin = [owner[j] for j in near[members[0]] if j < lived and owner[j] not in placed]
        kin = [k for k in kin if groups[k][0] not in merged]
        if members[0] not in merged and kin and split < SPLIT_2000 * len(groups):
            placed.add(kin[0])
            family.append(groups[kin[0]])
            split += 2
        families.append(family)
    return families, merged


def _bases(families: list[Family], lived: int) -> list[str]:
    """Sort the families in place and number them: the city from 1011 on, the rest of the county from 4001 on."""
    tract = areas().tract
    ground = blocks()
    size = np.bincount(tract)[:lived]
    x, y = (settled(np.bincount(tract, weights=ground.centre[:, k])[:lived] / size, 6) for k in (0, 1))
    city = np.bincount(tract, weights=areas().in_city)[:lived] / size >= 0.5

    def place(family: Family) -> tuple[bool, int, float]:
        # Numbers run in rows from the north, each row from west to east, as surveyors count.
        head = family[0][0]
        return (not city[head], int((28.0 - y[head]) // 4.0), float(x[head]))

    families.sort(key=place)
    numbers, bases = {True: 1011, False: 4001}, []
    for family in families:
        side = bool(city[family[0][0]])
        bases.append(str(numbers[side]))
        # Numbers ending in 8 and 9 were kept free for parks and ships.
        numbers[side] += 1 if numbers[side] % 10 < 7 else 4
    return bases


def _held(
    rows: list[tuple[int, int, int]], near: list[list[int]], sizes: tuple[int, int], lived: int
) -> tuple[Floats, Floats, tuple[tuple[int, int], ...]]:
    draw = stream("border shifts")
    held = np.zeros((lived, sizes[0]))
    upward = np.zeros(sizes)
    for tract, old, oldest in rows:
        held[tract, old] = 1.0
        upward[old, oldest] = 1.0
    for twice in np.flatnonzero(held.sum(axis=1) > 1.5):
        first, second = held[twice].nonzero()[0]
        held[twice, first] = round(float(draw.uniform(0.4, 0.6)), 4)
        held[twice, second] = 1.0 - held[twice, first]
    single = (held > 0).sum(axis=1) == 1
    alone = (held > 0).sum(axis=0) == 1
    shifted: list[tuple[int, int]] = []
    for tract in draw.permutation(lived):
        own = int(held[tract].argmax())
        kin = next((j for j in near[tract] if j < lived and single[j] and alone[held[j].argmax()]), None)
        if len(shifted) == SHIFTED_2010:
            break
        if not (single[tract] and alone[own]) or kin is None:
            continue
        share = round(float(draw.uniform(0.02, 0.16)), 4)
        other = int(held[kin].argmax())
        held[tract, other], held[tract, own] = share, 1.0 - share
        single[[tract, kin]] = False
        shifted.append((int(tract), int(kin)))
    return settled(held, 6), settled(held @ upward, 6), tuple(sorted(shifted))


def _parts_2020(code_2010: list[str]) -> tuple[tuple[str, ...], tuple[tuple[int, float], ...]]:
    draw = stream("2020")
    whole = [tract for tract, code in enumerate(code_2010) if code.endswith("0")]
    chosen = [int(tract) for tract in draw.choice(whole, SPLIT_2020 + RECODED_2020, replace=False)]
    codes: list[tuple[str, int, float]] = []
    for tract, code in enumerate(code_2010):
        if tract not in chosen:
            codes.append((code, tract, 1.0))
        elif chosen.index(tract) < SPLIT_2020:
            share = round(float(draw.uniform(0.4, 0.6)), 4)
            codes += [(f"{code[:5]}5", tract, share), (f"{code[:5]}6", tract, 1.0 - share)]
        else:
            codes.append((f"{code[:5]}9", tract, 1.0))
    codes.sort()
    return tuple(code for code, _, _ in codes), tuple((tract, share) for _, tract, share in codes)
