"""How far people are from the nearest place that serves them, and rates of groups of tracts beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from analysis.methods.block_bootstrap import ends_of_draws
from analysis.methods.estimate import Estimate
from analysis.methods.tract_disclosure import revealing
from analysis.project import AnalysisError

if TYPE_CHECKING:
    import geopandas as gpd

Floats = npt.NDArray[np.float64]

FEWEST_TRACTS = 10


def middles(shapes: gpd.GeoDataFrame, key: str, crs: str) -> pd.DataFrame:
    """A point inside each shape, x and y in metres, by key; ``crs`` is a projected reference system.

    >>> import geopandas as gpd
    >>> from shapely.geometry import Point
    >>> shapes = gpd.GeoDataFrame({"id": ["a"]}, geometry=[Point(-118, 34)], crs=4326)
    >>> middles(shapes, "id", "EPSG:2229").round(-4).values.tolist()
    [[2000000.0, 560000.0]]
    """
    flat = shapes.to_crs(crs)
    metres = flat.crs.axis_info[0].unit_conversion_factor
    points = flat.geometry.representative_point()
    return pd.DataFrame({"x": points.x * metres, "y": points.y * metres}).set_axis(pd.Index(shapes[key], name=key))


def nearest_km(points: npt.ArrayLike, places: npt.ArrayLike) -> Floats:
    """Straight distance in kilometres from each point to the nearest place; both are (x, y) in metres.

    Raises AnalysisError without places.

    >>> nearest_km([[0.0, 0.0]], [[3000.0, 4000.0], [9000.0, 0.0]]).tolist()
    [5.0]
    """
    where = np.asarray(places, dtype=float).reshape(-1, 2)
    if len(where) == 0:
        raise AnalysisError("nearest place: there are no places")
    distance, _ = cKDTree(where).query(np.asarray(points, dtype=float).reshape(-1, 2))
    return np.asarray(distance / 1000.0, dtype=np.float64)


def share_beyond(
    distance_km: pd.Series,
    people: pd.Series,
    limit_km: float,
    blocks: pd.Series,
    *,
    draws: int = 499,
    seed: int = 1959,
    level: float = 0.95,
) -> Estimate:
    """Percent of people in tracts whose middle lies further than ``limit_km`` from the nearest place.

    Interval: bootstrap of whole blocks of tracts. Fewer than ten tracts, 8 blocks or 11 people: ``not_applicable``;
    ``suppressed`` where it would tell of 1 to 10 people.

    >>> one = pd.Series(np.arange(40.0)); people = pd.Series([5.0] * 40); blocks = pd.Series(np.arange(40) // 2)
    >>> share_beyond(one, people, 29.5, blocks).value
    25.0
    """
    frame = pd.DataFrame({"far": distance_km > limit_km, "people": people, "block": blocks}).dropna()
    if len(frame) < FEWEST_TRACTS or frame["block"].nunique() < 8 or frame["people"].sum() < 11:
        return Estimate.empty("not_applicable", "too few tracts or people to say", level=level)
    sums = frame.assign(beyond=frame["people"] * frame["far"]).groupby("block")[["beyond", "people"]].sum().to_numpy()
    picks = np.random.default_rng(seed).integers(0, len(sums), (draws, len(sums)))
    again = sums[picks].sum(axis=1)
    shares = 100 * again[again[:, 1] > 0, 0] / again[again[:, 1] > 0, 1]
    low, high = map(float, ends_of_draws(shares, len(sums), level=level))
    value = round(min(100.0, float(100 * sums[:, 0].sum() / sums[:, 1].sum())), 6)
    if revealing(value / 100 * float(frame["people"].sum()), float(frame["people"].sum())):
        return Estimate.empty("suppressed", "it would tell of fewer than 11 people", level=level)
    low, high = round(min(low, value), 6), round(min(100.0, max(high, value)), 6)
    return Estimate(value, low, high, level, len(frame))


def rate_ratio_of_groups(
    counts: pd.Series, residents: pd.Series, group: pd.Series, blocks: pd.Series, *, draws: int = 999, seed: int = 1979,
    level: float = 0.95,
) -> Estimate:  # fmt: skip
    """Pooled rate of the tracts in a group over that of the others, with an interval that lets neighbours be alike.

    ``group`` is true, false or missing (left out). Interval: spread of the log ratio over redrawn blocks, for counts
    that clump far more than chance, expanded for the number of blocks in which the rarer part lives. Fewer than ten
    tracts or 11 people in either part, or 8 blocks: ``not_applicable``.

    >>> counts = pd.Series([20.0, 10.0] * 40); people = pd.Series([1000.0] * 80)
    >>> found = rate_ratio_of_groups(counts, people, pd.Series([True, False] * 40), pd.Series(np.arange(80) // 4))
    >>> found.value, found.lower > 1
    (2.0, True)
    """
    frame = pd.DataFrame({"n": counts, "people": residents, "in": group, "block": blocks}).dropna()
    inside = frame["in"].astype(bool)
    parts = [frame[inside], frame[~inside]]
    if min(map(len, parts)) < FEWEST_TRACTS or min(p["n"].sum() for p in parts) < 11 or frame["block"].nunique() < 8:
        return Estimate.empty("not_applicable", "too few tracts or people on one side", level=level)
    blocks_seen = sorted(frame["block"].unique())
    sums = np.stack([p.groupby("block")[["n", "people"]].sum().reindex(blocks_seen, fill_value=0.0) for p in parts])
    picks = np.random.default_rng(seed).integers(0, len(blocks_seen), (draws, len(blocks_seen)))
    drawn = sums[:, picks].sum(axis=2)
    whole = (drawn > 0).all(axis=(0, 2))
    logs = np.log(drawn[0, whole, 0] / drawn[0, whole, 1] / (drawn[1, whole, 0] / drawn[1, whole, 1]))
    total = sums.sum(axis=1)
    value = float(total[0, 0] / total[0, 1] / (total[1, 0] / total[1, 1]))
    low, high = ends_of_draws(logs, int((sums[:, :, 1] > 0).sum(axis=1).min()), level=level)
    return Estimate(value, min(float(np.exp(low)), value), max(float(np.exp(high)), value), level, len(frame))
