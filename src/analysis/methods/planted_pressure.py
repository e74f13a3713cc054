"""Invented cities in which the chance of pressure is known, to see what the methods of outreach make of them.

Nothing here is data. Tracts lie on a lattice; what a rule may see explains a part of the chance, and something that
nobody sees, alike among neighbors, explains another part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.calibration import area_under_curve

Floats = npt.NDArray[np.float64]

SIDE, TILE = 30, 3
SEEN, UNSEEN, USUAL = 0.9, 0.6, -1.3
"""Effects on the log odds of a standard deviation seen and unseen, and the log odds of the usual tract."""


@dataclass(frozen=True, eq=False)
class PlantedCity:
    """Tracts of an invented city: features (``frame``), what happened, blocks of land, renters, the planted score."""

    frame: pd.DataFrame
    happened: pd.Series
    blocks: pd.Series
    renters: pd.Series
    score: pd.Series


def planted_city(seed: int, *, effect: float = 1.0, side: int = SIDE) -> PlantedCity:
    """A city of ``side`` by ``side`` tracts in blocks of three by three; ``effect`` 0 leaves nothing to predict.

    >>> city = planted_city(1, side=12)
    >>> len(city.frame), city.blocks.nunique(), list(city.frame)
    (144, 16, ['low_income', 'renters', 'rent', 'other', 'typology'])
    """
    rng = np.random.default_rng(seed)
    across, up = (part.ravel() for part in np.meshgrid(np.arange(side), np.arange(side)))
    names = [f"{i // TILE}:{j // TILE}" for i, j in zip(across, up, strict=True)]
    codes = pd.factorize(pd.Series(names), sort=True)[0]
    index = pd.Index([f"{k:05d}" for k in range(side * side)], name="geoid")
    seen = rng.standard_normal((side * side, 4))
    score = seen[:, :3] @ np.array([0.6, 0.6, -0.5]) / np.sqrt(0.97)
    hidden = rng.standard_normal(codes.max() + 1)[codes]
    odds = USUAL + effect * SEEN * score + UNSEEN * hidden
    happened = (rng.random(side * side) < 1 / (1 + np.exp(-odds))).astype(int)
    frame = pd.DataFrame(seen, index=index, columns=["low_income", "renters", "rent", "other"])
    frame["typology"] = (rng.random(side * side) < 0.1).astype(float)
    renters = np.rint(np.exp(rng.normal(6.5, 0.4, side * side)))
    return PlantedCity(
        frame, pd.Series(happened, index=index), pd.Series(names, index=index), pd.Series(renters, index=index),
        pd.Series(score, index=index),
    )  # fmt: skip


def calibrated_chance(score: npt.ArrayLike, effect: float = 1.0) -> Floats:
    """Chance of pressure at a planted score (standard deviations), averaged over what nobody sees.

    >>> calibrated_chance([-1.0, 0.0, 1.0]).round(2).tolist()
    [0.11, 0.23, 0.41]
    """
    node, weight = np.polynomial.hermite_e.hermegauss(21)
    odds = USUAL + effect * SEEN * np.asarray(score, dtype=float)[..., None] + UNSEEN * node
    return np.asarray((weight / (1 + np.exp(-odds))).sum(axis=-1) / weight.sum(), dtype=float)


@cache
def true_area(effect: float = 1.0, *, draws: int = 400_000, seed: int = 7) -> float:
    """AUC of the planted score over all cities that could be drawn, by one large draw.

    >>> 0.70 < true_area(draws=20_000) < 0.76
    True
    """
    rng = np.random.default_rng(seed)
    score, hidden = rng.standard_normal(draws), rng.standard_normal(draws)
    odds = USUAL + effect * SEEN * score + UNSEEN * hidden
    happened = (rng.random(draws) < 1 / (1 + np.exp(-odds))).astype(float)
    return area_under_curve(happened, 1 / (1 + np.exp(-score)))


def smooth_map(seed: int, *, side: int = 45, reach: float = 1.2) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Two features and an outcome that are all smooth over the map and have nothing to do with each other.

    Returns features, outcome (1 or 0) and blocks of nine by nine. A rule that saw neighbors seems to know it.
    """
    rng = np.random.default_rng(seed)
    across, up = (part.ravel() for part in np.meshgrid(np.arange(side), np.arange(side)))

    def surface() -> Floats:
        waves, phase = rng.normal(size=(2, 60)) / reach, rng.uniform(0, 2 * np.pi, 60)
        return np.asarray(np.cos(across[:, None] * waves[0] + up[:, None] * waves[1] + phase).sum(axis=1), dtype=float)

    index = pd.Index([f"{k:04d}" for k in range(side * side)], name="geoid")
    features = pd.DataFrame({f"x{k}": surface() for k in range(4)}, index=index)
    hidden = surface()
    names = [f"{i // 9}:{j // 9}" for i, j in zip(across, up, strict=True)]
    return features, pd.Series((hidden > np.median(hidden)).astype(int), index=index), pd.Series(names, index=index)
