"""Invented businesses, cities and industries with a known truth, for the trials of the business report.

Nothing here is data. What the methods make of it is in :mod:`analysis.proofs.business`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

CLOSING, MOVING = 0.08, 0.03
"""Planted closings and moves a year."""
RATIO = 1.5
"""Planted hazard ratio of closing in a tract that has begun to change."""
REGISTER, CHANGE, FETCH = (pd.Timestamp(day) for day in ("2000-01-01", "2008-01-01", "2018-01-01"))
UNALIKE = 0.15
"""Standard deviation of the log of what all businesses of a tract share."""


def planted_businesses(
    seed: int, *, ratio: float = RATIO, count: int = 1_500, tracts: int = 80, shared: float = UNALIKE
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Businesses of which a register that began late saw only survivors, and the history of their tracts.

    A third of ``tracts`` begin to change on one day; from then on their businesses close ``ratio`` times as often.
    All businesses of a tract share a luck of standard deviation ``shared`` (on the log of the rate).
    Returns subjects (born, entry, leave, tract, event: closed, moved or open) and history (tract, since, changing).

    >>> subjects, history = planted_businesses(1)
    >>> len(history), bool((subjects["entry"] >= subjects["born"]).all())
    (160, True)
    """
    rng = np.random.default_rng(seed)
    luck = np.exp(rng.normal(0, shared, tracts) - shared**2 / 2)
    tract, changing = rng.integers(0, tracts, count), np.arange(tracts) % 3 == 0
    born = pd.Series(pd.Timestamp("1985-01-01") + pd.to_timedelta(rng.integers(0, 365 * 31, count), unit="D"))
    until_change = np.maximum((CHANGE - born).dt.days / 365.25, 0.0)
    close = luck[tract] * CLOSING
    later = close * np.where(changing[tract], ratio, 1.0)
    # Exponential waiting time run through a rate that changes once.
    need, at_change = rng.exponential(1.0, count), (close + MOVING) * until_change
    before = need < at_change
    age = np.where(before, need / (close + MOVING), until_change + (need - at_change) / (later + MOVING))
    moved = rng.random(count) < MOVING / (np.where(before, close, later) + MOVING)
    end = born + pd.Series(pd.to_timedelta(np.ceil(np.minimum(age, 60) * 365.25), unit="D"))
    subjects = pd.DataFrame({"born": born, "entry": born.where(born > REGISTER, REGISTER), "tract": tract})
    subjects["leave"] = end.where(end < FETCH, FETCH)
    subjects["event"] = np.where(end > FETCH, "open", np.where(moved, "moved", "closed"))
    seen = subjects[subjects["leave"] > subjects["entry"]].reset_index(drop=True)
    days = pd.DataFrame({"since": [pd.Timestamp("1980-01-01"), CHANGE], "later": [0.0, 1.0]})
    history = pd.DataFrame({"tract": np.arange(tracts), "changes": changing.astype(float)}).merge(days, how="cross")
    return seen, history.assign(changing=history["changes"] * history["later"])[["tract", "since", "changing"]]


def planted_panel(seed: int, *, effect: float = 0.0, places: int = 53, periods: int = 40) -> pd.DataFrame:
    """Places (columns) by week (rows) that all fall after week 9; the first falls further by ``effect``.

    >>> planted_panel(1).shape
    (40, 53)
    """
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(periods, places))
    for period in range(1, periods):
        noise[period] = 0.7 * noise[period - 1] + np.sqrt(1 - 0.7**2) * noise[period]
    after = np.arange(periods) >= 10
    common = -25.0 * after + rng.normal(0, 2, periods)
    panel = pd.DataFrame(3 * noise + common[:, None], columns=[f"place-{number:02}" for number in range(places)])
    panel["place-00"] += effect * after
    return panel


def planted_jobs(
    seed: int, *, extra: float = 0.0, districts: int = 15, noise: float = 0.02
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Jobs by year (rows, 2008 to 2016) and industry (columns) of one district and of its city.

    Ten industries grow at rates of their own everywhere; in the district each grows by ``extra`` (share a year) more.
    Every count strays by ``noise`` (standard deviation of its logarithm), each year anew.

    >>> district, city = planted_jobs(1)
    >>> district.shape, bool((district < city).all(axis=None))
    ((9, 10), True)
    """
    rng = np.random.default_rng(seed)
    years = np.arange(9)
    base = np.exp(rng.normal(8.0, 0.8, (districts, 10)))
    growth = np.tile(rng.normal(0.01, 0.03, 10), (districts, 1))
    growth[0] += extra
    jobs = base[:, :, None] * np.exp(growth[:, :, None] * years + rng.normal(0, noise, (districts, 10, 9)))
    names = [f"industry-{number}" for number in range(10)]
    district, city = (pd.DataFrame(part.T, index=2008 + years, columns=names) for part in (jobs[0], jobs.sum(axis=0)))
    return district, city


def planted_quarters(seed: int, *, rise: float = 0.0, stray: float = 12.0) -> pd.DataFrame:
    """Changes of a number of establishments over the four quarters up to each quarter of 2009 to 2016.

    The number rises by ``rise`` from 2008 to 2016 and strays from its line by ``stray``, much as the quarter before.

    >>> planted_quarters(1)["quarter"].iloc[[0, -1]].tolist()
    ['2009-Q1', '2016-Q4']
    """
    rng = np.random.default_rng(seed)
    away = rng.normal(0, stray, 36)
    for quarter in range(1, 36):
        away[quarter] = 0.7 * away[quarter - 1] + np.sqrt(1 - 0.7**2) * away[quarter]
    level = rise / 32 * np.arange(36) + away
    names = [f"{2008 + number // 4}-Q{number % 4 + 1}" for number in range(36)]
    return pd.DataFrame({"area": "district", "quarter": names[4:], "establishments_change": level[4:] - level[:-4]})
