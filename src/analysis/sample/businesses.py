"""Who does business in the invented city, where, from when and until when: the truth behind its register.

Every business has an account and one location after another. A location ends because
the business closes or because it moves; the two are competing events with rates of
their own. What multiplies the rates is planted and written to the truth: the
industry, and from ``CHANGE_FROM`` on whether the tract is one of those that changed or
slipped in the census figures of :mod:`analysis.sample.society`, the same tracts.

Source of the form of the baseline: failure is highest among the young (Evans 1987,
Journal of Industrial Economics 35:567-581; Bureau of Labor Statistics, Business
Employment Dynamics, survival by age). The rates themselves are Meridia's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from analysis.sample.areas import areas
from analysis.sample.randomness import Flags, Floats, Ints, settled, stream
from analysis.sample.society import society
from analysis.sample.tessellation import blocks

FIRST_YEAR = 1962.0
"""Nothing is older."""
KEPT_FROM = 1994.0
"""Locations that ended before are not in the register: it is left-truncated."""
UNTIL = 2025.0 + 364 / 365
"""Last moment of the register, as a year with a fraction."""
CHANGE_FROM = 2000.25
"""Census day of 2000: from here on the tracts that changed by 2018 have other rates."""
STARTS_A_YEAR = 810

AGES = (0.0, 1.0, 3.0, 5.0, 10.0, 20.0)
CLOSING = (0.150, 0.135, 0.105, 0.078, 0.058, 0.034)
"""Closings a year of a location by its age, from each of AGES on, in an industry and tract of factor 1."""
MOVING = 0.021
LEGACY_YEARS = 20.0

CLOSING_RATIO = {"changed": 1.40, "slipped": 1.15}
"""Hazard ratio of closing in a tract under change."""
MOVING_RATIO = {"changed": 1.90, "slipped": 1.00}
LEAVES_CITY = 0.18
"""Share of moves that end outside the city."""
IN_CHANGED_AGAIN = 0.5
"""A tract under change is this much less often the place a business moves to or starts in."""


@dataclass(frozen=True)
class Industry:
    """A kind of business: NAICS codes with their names, its share of starts and its hazard ratio of closing."""

    sector: str
    codes: tuple[tuple[str, str], ...]
    share: float
    closing_ratio: float
    words: tuple[str, ...]


INDUSTRIES = (
    Industry("44-45", (("445110", "Grocery stores (including supermarkets)"), ("448100", "Clothing stores"),
                       ("453220", "Gift, novelty, & souvenir stores")), 0.19, 1.20, ("MARKET", "GOODS", "BAZAAR")),
    Industry("72", (("722110", "Full-service restaurants"), ("722210", "Limited-service eating places")), 0.13, 1.45,
             ("KITCHEN", "CANTINA", "CAFE")),
    Industry("81", (("811110", "Automotive mechanical, & electrical repair & maintenance"),
                    ("812112", "Beauty salons"), ("812320", "Drycleaning & laundry services")), 0.16, 0.85,
             ("REPAIR", "SALON", "LAUNDRY")),
    Industry("54", (("541600", "Management, scientific, & technical consulting services"),
                    ("541110", "Offices of lawyers")), 0.22, 1.00, ("CONSULTING", "PARTNERS", "STUDIO")),
    Industry("62", (("621210", "Offices of dentists"), ("624410", "Child day care services")), 0.11, 0.70,
             ("CLINIC", "CARE", "DENTAL")),
    Industry("31-33", (("315210", "Cut & sew apparel contractors"), ("337000", "Furniture & related product mfg.")),
             0.06, 1.10, ("WORKS", "FACTORY", "MILL")),
    Industry("23", (("236100", "Residential building construction"), ("238220", "Plumbing, heating, & a/c")), 0.08,
             1.05, ("BUILDERS", "PLUMBING", "ROOFING")),
    Industry("42", (("424300", "Apparel, piece goods, & notions"),), 0.05, 0.95, ("TRADING", "IMPORTS", "SUPPLY")),
)  # fmt: skip
"""Sector 54 is the one the others are compared with."""


@dataclass(frozen=True)
class Locations:
    """One element a location of a business; times are years with fractions.

    ``account`` numbers the business, ``place`` its locations from 1; ``block`` is the city
    block, −1 where the location is outside the city; ``end`` is infinite where nothing has
    ended by UNTIL, ``moved`` whether a move ended it.
    """

    account: Ints
    place: Ints
    industry: Ints
    block: Ints
    start: Floats
    end: Floats
    moved: Flags


@cache
def locations() -> Locations:
    """Every location that was there at some time since KEPT_FROM, in order of account and place."""
    draw = stream("businesses")
    years = int(UNTIL - FIRST_YEAR) + 1
    count = years * STARTS_A_YEAR
    start = settled(FIRST_YEAR + draw.uniform(0.0, UNTIL - FIRST_YEAR, count), 6)
    shares = settled(np.array([one.share for one in INDUSTRIES]))
    industry = draw.choice(len(INDUSTRIES), count, p=shares / shares.sum())
    wave: dict[str, np.ndarray] = {
        "account": np.arange(count),
        "place": np.ones(count, dtype=np.int64),
        "industry": industry,
        "start": start,
    }
    found: list[dict[str, np.ndarray]] = []
    while len(wave["start"]):
        wave["block"] = _sites(draw, wave["start"], outside=LEAVES_CITY if found else 0.06)
        wave["end"], wave["moved"] = _ends(draw, wave)
        found.append(dict(wave))
        go = wave["moved"]
        wave = {name: wave[name][go] for name in ("account", "place", "industry", "end")}
        wave["place"], wave["start"] = wave["place"] + 1, wave.pop("end")
    every = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    kept = every["end"] >= KEPT_FROM
    order = np.lexsort((every["place"][kept], every["account"][kept]))
    return Locations(**{name: values[kept][order] for name, values in every.items()})


def under_change(block: Ints, regime: str) -> Flags:
    """Whether the block lies in a tract of that regime; never outside the city."""
    town, tract = society(), areas().tract
    mine = np.append(town.regime == regime, np.zeros(len(np.unique(tract)) - len(town.regime), dtype=bool))
    flags: Flags = np.where(block >= 0, mine[tract[block]], False)
    return flags


def _sites(draw: np.random.Generator, start: Floats, outside: float) -> Ints:
    """A block of the city for each start, where people live and fewer in tracts under change; −1 for outside."""
    ground = blocks()
    held = np.where(areas().in_city, 0.25 * ground.people + 40.0 * (ground.use != "port"), 0.0)
    held = np.where(ground.use == "preserve", 0.0, held)
    everyone = np.arange(len(held))
    before = held
    later = np.where(under_change(everyone, "changed"), held * IN_CHANGED_AGAIN, held)
    u = draw.random((2, len(start)))
    site = np.empty(len(start), dtype=np.int64)
    for weight, rows in ((before, start < CHANGE_FROM), (later, start >= CHANGE_FROM)):
        steps = settled(np.cumsum(weight) / weight.sum(), 12)
        site[rows] = np.searchsorted(steps, u[0, rows], side="right")
    return np.where(u[1] < outside, -1, np.minimum(site, len(held) - 1))


def rates(age: Floats, time: Floats, industry: Ints, block: Ints) -> tuple[Floats, Floats]:
    """Closings and moves a year at an age (years) and a time (year with fraction) of each location."""
    closing = np.array(CLOSING)[np.searchsorted(AGES, age, side="right") - 1]
    closing = closing * np.array([one.closing_ratio for one in INDUSTRIES])[industry]
    moving = np.full(len(closing), MOVING)
    late = time >= CHANGE_FROM
    for regime in CLOSING_RATIO:
        here = late & under_change(block, regime)
        closing = np.where(here, closing * CLOSING_RATIO[regime], closing)
        moving = np.where(here, moving * MOVING_RATIO[regime], moving)
    return settled(closing), settled(moving)


def _ends(draw: np.random.Generator, wave: dict[str, np.ndarray]) -> tuple[Floats, Flags]:
    """When each location ends and whether by a move: the hazard is constant between ages and CHANGE_FROM."""
    start = wave["start"]
    size = len(start)
    need = -np.log1p(-draw.random(size))
    which = draw.random(size)
    turn = np.clip(CHANGE_FROM - start, 0.0, None)
    bounds = np.sort(np.column_stack([np.broadcast_to(AGES, (size, len(AGES))), turn]), axis=1)
    bounds = np.column_stack([bounds, np.full(size, 200.0)])
    end, moved = np.full(size, np.inf), np.zeros(size, dtype=bool)
    for k in range(bounds.shape[1] - 1):
        low, high = bounds[:, k], bounds[:, k + 1]
        age = (low + high) / 2
        closing, moving = rates(age, start + age, wave["industry"], wave["block"])
        here = np.isinf(end) & (high > low)
        taken = (closing + moving) * (high - low)
        falls = here & (need <= taken)
        end[falls] = (start + low + need / (closing + moving))[falls]
        moved[falls] = (which < moving / (closing + moving))[falls]
        need = np.where(here, need - taken, need)
    late = end > UNTIL
    # What ended outside the city did so as well, but a move from there is not followed.
    return settled(np.where(late, np.inf, end), 6), moved & ~late & (wave["block"] >= 0)
