"""Spatial folds: no block in two folds, and memory of neighbors is not skill."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.calibration import area_under_curve
from analysis.methods.planted_pressure import planted_city, smooth_map
from analysis.methods.pressure_models import fit_predict
from analysis.methods.spatial_cross_validation import (
    block_folds,
    cross_validated,
    grid_blocks,
    out_of_fold,
    random_folds,
)
from analysis.project import AnalysisError


def grid(count: int, step: float, crs: str) -> gpd.GeoDataFrame:
    corners = [(step * i, step * j) for i in range(count) for j in range(count)]
    boxes = [shapely.box(x, y, x + step, y + step) for x, y in corners]
    return gpd.GeoDataFrame({"geoid": [f"{k:03d}" for k in range(len(boxes))]}, geometry=boxes, crs=crs)


def test_a_block_is_as_wide_as_asked_in_meters_and_in_feet() -> None:
    meters = grid_blocks(grid(10, 1_000, "EPSG:3310"), "EPSG:3310", side_km=5)
    feet = grid_blocks(grid(10, 1_000 / 0.3048006096, "EPSG:2229"), "EPSG:2229", side_km=5)
    assert meters.nunique() == feet.nunique() == 4
    assert (meters.value_counts() == 25).all()


def test_degrees_are_refused() -> None:
    with pytest.raises(AnalysisError, match="projection in meters or feet"):
        grid_blocks(grid(2, 0.1, "EPSG:4326"), "EPSG:4326")


@given(st.lists(st.integers(0, 30), min_size=60, max_size=200), st.integers(2, 5))
def test_no_block_is_in_two_folds(blocks: list[int], number: int) -> None:
    if len(set(blocks)) < number:
        with pytest.raises(AnalysisError, match="cannot make"):
            block_folds(blocks, number)
        return
    table = pd.DataFrame({"block": blocks, "fold": block_folds(blocks, number)})
    assert (table.groupby("block")["fold"].nunique() == 1).all()
    assert table["fold"].nunique() == number


def test_a_row_is_never_predicted_by_a_rule_that_saw_its_fold() -> None:
    seen: list[set[str]] = []

    def spy(known: pd.DataFrame, happened: np.ndarray, new: pd.DataFrame) -> np.ndarray:
        assert not set(known.index) & set(new.index)
        seen.append(set(new.index))
        return np.full(len(new), happened.mean())

    city = planted_city(1, side=12)
    chance = out_of_fold(spy, city.frame, city.happened, block_folds(city.blocks, 4))
    assert np.isfinite(chance).all()
    assert set.union(*seen) == set(city.frame.index)
    assert sum(map(len, seen)) == len(city.frame)


def test_a_fold_without_both_outcomes_outside_stops() -> None:
    rows = pd.DataFrame({"x": range(4)})
    with pytest.raises(AnalysisError, match="happened to all or to none"):
        out_of_fold(lambda k, y, n: np.zeros(len(n)), rows, [1, 1, 0, 0], np.array([0, 1, 2, 2]))


def test_folds_by_lot_are_equal_and_repeatable() -> None:
    first, again = random_folds(100, 10, seed=3), random_folds(100, 10, seed=3)
    assert (first == again).all()
    assert (np.bincount(first) == 10).all()


def test_memory_of_neighbors_looks_like_skill_only_in_folds_by_lot() -> None:
    gaps = []
    for seed in range(6):
        features, happened, blocks = smooth_map(seed, reach=2.0)
        both = cross_validated(fit_predict("boosting"), features, happened, blocks, number=5, seed=seed)
        gaps.append((area_under_curve(happened, both.random), area_under_curve(happened, both.spatial)))
    by_lot, spatial = np.mean(gaps, axis=0)
    assert by_lot > 0.57
    assert abs(spatial - 0.5) < 0.04
