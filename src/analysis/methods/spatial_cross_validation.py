"""Does a prediction hold in places it has not seen? Folds made of blocks of land, beside folds made by lot.

Neighboring tracts resemble each other. If a tract is predicted by a model that saw the tract next door, the score is
partly memory. Folds are therefore whole blocks of a grid; folds by lot are kept for comparison only, since the
difference between the two says how much of a score was memory. Source: Roberts et al. 2017, "Cross-validation
strategies for data with temporal, spatial, hierarchical, or phylogenetic structure", Ecography 40:913-929.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GroupKFold

from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
FitPredict = Callable[[pd.DataFrame, Ints, pd.DataFrame], Floats]
"""Features and outcomes (0 or 1) to learn from, features to predict for; gives probabilities (0 to 1)."""


def grid_blocks(shapes: gpd.GeoDataFrame, crs: str, *, side_km: float = 5.0) -> pd.Series:
    """The square block of land, ``side_km`` kilometers wide, that holds the center of each shape.

    ``shapes`` has geoid and geometry; ``crs`` is a projection in meters or feet. Returns a block's name by geoid. A
    block should be wider than the distance over which what a model cannot see stays alike.

    Raises AnalysisError for a projection in degrees or a side that is not positive.

    >>> import shapely
    >>> squares = [shapely.box(x, 0, x + 100, 100) for x in (0, 3_000, 9_000)]
    >>> frame = gpd.GeoDataFrame({"geoid": list("abc")}, geometry=squares, crs="EPSG:3310")
    >>> grid_blocks(frame, "EPSG:3310").tolist()
    ['0:0', '0:0', '1:0']
    """
    placed = shapes.to_crs(crs)
    if placed.crs.is_geographic or side_km <= 0:
        raise AnalysisError("spatial blocks: use a projection in meters or feet and a positive side in kilometers")
    side = 1000 * side_km / placed.crs.axis_info[0].unit_conversion_factor
    middle = placed.geometry.centroid
    across, up = (np.floor(part.to_numpy() / side).astype(np.int64) for part in (middle.x, middle.y))
    names = [f"{i}:{j}" for i, j in zip(across, up, strict=True)]
    return pd.Series(names, index=pd.Index(shapes["geoid"].astype(str), name="geoid"), name="block")


def block_folds(blocks: npt.ArrayLike, number: int = 10) -> Ints:
    """Fold of each row, so that no block is in two folds and folds are about equally large.

    Raises AnalysisError for fewer blocks than folds.

    >>> block_folds(["a", "a", "b", "c"], 2).tolist()
    [0, 0, 1, 1]
    """
    codes = pd.factorize(np.asarray(blocks), sort=True)[0]
    if codes.max() + 1 < number:
        raise AnalysisError(
            f"spatial folds: {codes.max() + 1} blocks cannot make {number} folds; use smaller blocks or fewer folds"
        )
    fold = np.empty(len(codes), dtype=np.int64)
    for place, (_, held_out) in enumerate(GroupKFold(number).split(codes, groups=codes)):
        fold[held_out] = place
    return fold


def random_folds(rows: int, number: int = 10, *, seed: int = 2018) -> Ints:
    """Fold of each row by lot; for the figure beside the spatial one, never instead of it.

    >>> sorted(random_folds(6, 3).tolist())
    [0, 0, 1, 1, 2, 2]
    """
    return np.random.default_rng(seed).permutation(np.arange(rows) % number)


def out_of_fold(fit_predict: FitPredict, features: pd.DataFrame, happened: npt.ArrayLike, folds: Ints) -> Floats:
    """Probability of each row from a model that did not see its fold.

    Raises AnalysisError when a fold's training rows all have the same outcome, or the lengths differ.

    >>> rows = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]})
    >>> share = lambda x, y, new: np.full(len(new), y.mean())
    >>> out_of_fold(share, rows, [0, 1, 1, 0], np.array([0, 0, 1, 1])).tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    truth = np.asarray(happened).astype(np.int64)
    if not len(features) == len(truth) == len(folds):
        raise AnalysisError("cross-validation: features, outcomes and folds need one row each a place")
    chance = np.full(len(truth), np.nan)
    for fold in np.unique(folds):
        inside = folds == fold
        if len(np.unique(truth[~inside])) < 2:
            raise AnalysisError(f"cross-validation: outside fold {fold} it happened to all or to none; use fewer folds")
        chance[inside] = fit_predict(features[~inside], truth[~inside], features[inside])
    return chance


@dataclass(frozen=True, eq=False)
class CrossValidated:
    """Probabilities by place from models that did not see its block (``spatial``) or its fold by lot (``random``)."""

    spatial: pd.Series
    random: pd.Series


def cross_validated(
    fit_predict: FitPredict,
    features: pd.DataFrame,
    happened: npt.ArrayLike,
    blocks: npt.ArrayLike,
    *,
    number: int = 10,
    seed: int = 2018,
) -> CrossValidated:
    """Out-of-fold probabilities by blocks of land and by lot, on the index of ``features``.

    Raises AnalysisError as :func:`block_folds` and :func:`out_of_fold`.
    """
    spatial = out_of_fold(fit_predict, features, happened, block_folds(blocks, number))
    by_lot = out_of_fold(fit_predict, features, happened, random_folds(len(features), number, seed=seed))
    return CrossValidated(pd.Series(spatial, index=features.index), pd.Series(by_lot, index=features.index))
