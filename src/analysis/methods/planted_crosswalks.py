"""Is a crosswalk's flaw found where it is, and nothing found where it is not? Trials on invented counties.

An invented county has old tracts, some of which stay, some are cut, some are put together; the shares, the medians on
the new tracts and the growth since are known. The method sees counts on both, the old medians and a
carried file: a flawed one, which scales medians by shares, or a sound one, which holds the medians of the mixtures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from analysis.methods.crosswalk_flaw import NOTICEABLE, restated
from analysis.methods.crosswalk_recovery import carry_median, recover_weights
from analysis.methods.estimate import Estimate
from analysis.methods.margins_of_error import Z_ACS
from analysis.methods.shares import share

Floats = npt.NDArray[np.float64]

GROWTH = 93.0
_SPREAD = 0.4  # of rents within a tract, on the scale of logarithms
_COUNTS = 18


@dataclass(frozen=True, eq=False)
class PlantedCounty:
    """Counts of old tracts and on new ones, old medians (dollars), and what is true.

    ``weights`` has target, source, weight (0 to 1); ``medians`` are those of the mixtures by new tract,
    ``scaled`` the flawed ones; ``later`` are survey medians after a growth of :data:`GROWTH` percent in the typical
    tract, with their ``margin`` at 90 percent.
    """

    old: pd.DataFrame
    new: pd.DataFrame
    old_medians: pd.Series
    weights: pd.DataFrame
    medians: pd.Series
    scaled: pd.Series
    later: pd.Series
    margin: pd.Series


def planted_county(seed: int, tracts: int = 80) -> PlantedCounty:
    """An invented county of that many old tracts, drawn from ``seed``.

    >>> county = planted_county(1, tracts=20)
    >>> len(county.old), bool(np.isclose(county.weights.groupby("source")["weight"].sum(), 1).all())
    (20, True)
    """
    rng = np.random.default_rng(seed)
    codes = [f"99001{number:06d}" for number in range(100_100, 100_100 + 100 * tracts, 100)]
    scale = rng.uniform(50, 2_000, (tracts, _COUNTS))
    old = pd.DataFrame(rng.poisson(scale).astype(float), index=codes, columns=[f"n{k}" for k in range(_COUNTS)])
    weights = _drawn_weights(rng, codes)
    parts = old.loc[weights["source"]].mul(weights["weight"].to_numpy(), axis=0)
    new = parts.groupby(weights["target"].to_numpy()).sum()
    old_medians = pd.Series(np.round(700 * np.exp(0.3 * rng.standard_normal(tracts))), index=codes)
    dollars = weights["source"].map(old_medians)
    homes = weights["weight"] * weights["source"].map(old["n0"])
    mixed = weights.assign(dollars=dollars, homes=homes, scaled=dollars * weights["weight"]).groupby("target")
    medians = pd.Series(
        {code: mixture_median(part["dollars"].to_numpy(), part["homes"].to_numpy()) for code, part in mixed}
    )
    later: pd.Series = medians * (1 + GROWTH / 100) * np.exp(0.1 * rng.standard_normal(len(medians)))
    margin: pd.Series = 0.08 * later
    seen: pd.Series = later + margin / Z_ACS * rng.standard_normal(len(later))
    return PlantedCounty(old, new, old_medians, weights, medians, mixed["scaled"].sum(), seen, margin)


def _drawn_weights(rng: np.random.Generator, codes: list[str]) -> pd.DataFrame:
    """Two tracts in five stay, two are cut in two, one is put together with the next."""
    rows: list[tuple[str, str, float]] = []
    position = 0
    while position < len(codes):
        code, kind = codes[position], int(rng.integers(0, 5))
        if kind == 0 and position + 1 < len(codes):
            rows += [(code, code, 1.0), (code, codes[position + 1], 1.0)]
            position += 1
        elif kind <= 2:
            cut = float(rng.uniform(0.3, 0.7))
            rows += [(f"{code[:-2]}01", code, cut), (f"{code[:-2]}02", code, 1 - cut)]
        else:
            rows.append((code, code, 1.0))
        position += 1
    return pd.DataFrame(rows, columns=["target", "source", "weight"])


def mixture_median(medians: Floats, homes: Floats) -> float:
    """The median of homes from several tracts, each lognormal around its own median, by bisection.

    >>> round(mixture_median(np.array([800.0]), np.array([10.0])))
    800
    """
    low, high = float(medians.min()), float(medians.max())
    while high - low > 0.01:
        middle = (low + high) / 2
        below = float(homes @ ndtr(np.log(middle / medians) / _SPREAD) / homes.sum())
        low, high = (middle, high) if below < 0.5 else (low, middle)
    return (low + high) / 2


@dataclass(frozen=True)
class FlawTrials:
    """What the method did in invented counties; all in percent, with Wilson's interval.

    ``found``: of the tracts whose carried median is more than five percent wrong, those that were named.
    ``alarms``: of all tracts in counties with a sound file, those that were named. ``held``: of the counties, those
    whose 95 percent interval of the restored change held the planted one.
    """

    found: Estimate
    alarms: Estimate
    held: Estimate


def flaw_trials(runs: int = 40) -> FlawTrials:
    """Run the method on that many invented counties, with a flawed and with a sound file each.

    >>> flaw_trials(runs=2).found.value > 90
    True
    """
    found, alarms, held = [], [], []
    for county in map(planted_county, range(runs)):
        restored = _restored(county)
        wrong = _away(county.scaled, county.medians)
        found += _away(county.scaled, restored)[wrong].tolist()
        alarms += _away(county.medians, restored).tolist()
        change = restated(_periods(county, restored), draws=200).restored
        held.append(change.lower <= GROWTH <= change.upper)
    return FlawTrials(share(found), share(alarms), share(held))


def _restored(county: PlantedCounty) -> pd.Series:
    """Medians on new tracts as the method restores them, without a look at the planted weights."""
    return carry_median(recover_weights(county.old, county.new), county.old_medians, county.old["n0"])


def _away(carried: pd.Series, truth: pd.Series) -> pd.Series:
    """Whether a carried median is noticeably away from another."""
    return 100 * (carried / truth - 1).abs() > NOTICEABLE


def _periods(county: PlantedCounty, restored: pd.Series) -> pd.DataFrame:
    """The county in the layout of the table tract_periods."""
    before = {"median_gross_rent": restored, "median_gross_rent_udp": county.scaled}
    after = {"median_gross_rent": county.later, "median_gross_rent_moe": county.margin}
    frames = [
        pd.DataFrame(columns).rename_axis("geoid").reset_index().assign(period=period)
        for period, columns in (("2000", before), ("2018", after))
    ]
    return pd.concat(frames, ignore_index=True).reindex(
        columns=["geoid", "period", "median_gross_rent", "median_gross_rent_udp", "median_gross_rent_moe"]
    )
