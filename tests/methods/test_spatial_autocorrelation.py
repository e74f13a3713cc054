"""Moran, LISA and Gi* against R's spdep, against esda, and against pure noise."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from analysis.methods import spatial_autocorrelation as sp
from analysis.project import AnalysisError


@pytest.fixture(scope="module")
def columbus(reference: Path) -> tuple[dict, dict, np.ndarray, sp.SpatialWeights]:
    folder = reference / "spatial_columbus"
    case = json.loads((folder / "expected.json").read_text())
    figures = json.loads((folder / "r_reference.json").read_text())
    crime = pd.read_csv(folder / "columbus.csv")["CRIME"].to_numpy()
    pairs = pd.read_csv(folder / "col_gal_neighbours.csv").astype(str)
    lists = {str(i): pairs.loc[pairs["i"] == str(i), "j"].tolist() for i in range(1, len(crime) + 1)}
    return case, figures, crime, sp.from_neighbours(lists)


def test_global_moran_of_columbus(columbus) -> None:  # type: ignore[no-untyped-def]
    case, _, crime, weights = columbus
    found, r = sp.moran(crime, weights), case["r"]["moran_W"]
    assert found.value == pytest.approx(r["I"], abs=case["tolerance"]["I"])
    assert found.expected == pytest.approx(r["EI"], abs=1e-12)
    assert found.z == pytest.approx(r["z_rand"], abs=1e-8)
    assert found.z_normal == pytest.approx(r["z_norm"], abs=1e-8)
    assert found.p_analytic == pytest.approx(2 * r["p_rand_greater"], rel=1e-6)
    assert found.p <= 0.002


def test_local_moran_of_columbus(columbus) -> None:  # type: ignore[no-untyped-def]
    _, figures, crime, weights = columbus
    found = sp.local_moran(crime, weights, permutations=9_999).table
    assert found["local_i"].to_numpy() == pytest.approx(np.array(figures["local_moran"]["Ii"]), abs=1e-8)
    # spdep's conditional z and our permutation p order the places alike.
    strong = np.abs(np.array(figures["local_moran"]["Z"])) > 2.6
    assert (found.loc[strong, "p"] < 0.02).all()


def test_getis_ord_of_columbus(columbus) -> None:  # type: ignore[no-untyped-def]
    _, figures, crime, weights = columbus
    for star, name in ((True, "gi_star_binary"), (False, "gi_binary")):
        assert sp.getis_ord(crime, weights, star=star) == pytest.approx(np.array(figures[name]), abs=1e-8)


@pytest.mark.filterwarnings("ignore:The alternative hypothesis:DeprecationWarning")
def test_conditional_p_agrees_with_esda(columbus) -> None:  # type: ignore[no-untyped-def]
    esda, libpysal = pytest.importorskip("esda"), pytest.importorskip("libpysal")
    _, _, crime, weights = columbus
    start = weights.matrix.indptr
    lists = {i: list(weights.matrix.indices[start[i] : start[i + 1]]) for i in range(len(crime))}
    theirs = esda.Moran_Local(crime, libpysal.weights.W(lists), permutations=9_999, seed=7, n_jobs=1)
    ours = sp.local_moran(crime, weights, permutations=9_999).table["p"].to_numpy()
    two_sided = np.minimum(1, 2 * theirs.p_sim - 1e-4)  # their p is that of the tail the sign points to
    assert ours == pytest.approx(two_sided, abs=0.03)


def test_queen_agrees_with_libpysal() -> None:
    libpysal = pytest.importorskip("libpysal")
    rng = np.random.default_rng(2)
    cuts = np.sort(rng.uniform(0, 10, 6))
    shapes = [box(a, b, a + 1, b + 1) for a in range(8) for b in range(6) if rng.random() < 0.8] + [
        box(20 + c, 0, 20 + d, 3) for c, d in pairwise(cuts)
    ]
    frame = gpd.GeoDataFrame({"geoid": [f"t{i}" for i in range(len(shapes))]}, geometry=shapes)
    ours = sp.queen(frame, "geoid")
    theirs = libpysal.weights.Queen.from_dataframe(frame, use_index=False, silence_warnings=True)
    for i in range(len(shapes)):
        mine = ours.matrix.indices[ours.matrix.indptr[i] : ours.matrix.indptr[i + 1]]
        assert sorted(mine) == sorted(theirs.neighbors[i])
    assert ours.components == theirs.n_components


def test_a_gap_in_the_drawing_can_be_bridged() -> None:
    frame = gpd.GeoDataFrame({"geoid": ["a", "b"]}, geometry=[box(0, 0, 1, 1), box(1.01, 0, 2, 1)], crs="EPSG:2229")
    assert sp.queen(frame, "geoid").islands == ("a", "b")
    assert sp.queen(frame, "geoid", gap=0.05).islands == ()
    with pytest.raises(AnalysisError, match="projected"):
        sp.queen(frame.to_crs(4326), "geoid", gap=0.05)


def test_islands_and_missing_values_are_masked_and_counted() -> None:
    board = sp.lattice(6, 6)
    lists = {code: [board.ids[j] for j in board.matrix[[i]].indices] for i, code in enumerate(board.ids)}
    weights = sp.from_neighbours({**lists, "alone": []})
    values = np.append(np.random.default_rng(1).standard_normal(36), 50.0)
    values[3] = np.nan
    found = sp.local_moran(values, weights, permutations=999).table
    assert found.loc["alone", "label"] == "island"
    assert np.isnan(found.loc["alone", "p"])
    assert found["label"].iloc[3] == "no data"
    assert sp.hot_spots(values, weights, permutations=999).table.loc["alone", "label"] == "island"
    overall = sp.moran(values, weights, permutations=99)
    assert (overall.n, overall.islands, overall.no_data) == (35, 1, 1)
    assert weights.components == 2


def test_restricting_takes_ids_and_nothing_else() -> None:
    board = sp.lattice(4, 4)
    some = board.restrict(["3-3", "0-0", "0-1"])
    assert some.ids == ("0-0", "0-1", "3-3")
    assert some.islands == ("3-3",)
    for wrong in (["0-0", "9-9"], [True] * 16, [0, 1]):
        with pytest.raises(AnalysisError, match="takes the ids"):
            board.restrict(wrong)


def test_false_alarms_under_noise() -> None:
    """500 maps of noise on 400 tracts: choosing the tail by its sign cheats, two-sided p are nominal."""
    board = sp.lattice(20, 20)
    chosen_tail, two_sided, any_adjusted, overall = [], [], [], []
    for seed in range(500):
        noise = np.random.default_rng(seed).standard_normal(400)
        table = sp.local_moran(noise, board, permutations=999, seed=seed).table
        chosen_tail.append((table["p"] <= 0.10).mean())  # what a one-sided .05 in the observed direction calls
        two_sided.append((table["p"] <= 0.05).mean())
        any_adjusted.append((table["label"].isin(sp.QUADRANTS)).any())
        overall.append(sp.moran(noise, board, permutations=99, seed=seed).p <= 0.05)
    assert np.mean(chosen_tail) > 0.09
    assert np.mean(two_sided) == pytest.approx(0.05, abs=0.006)
    assert np.mean(any_adjusted) <= 0.07
    assert np.mean(overall) == pytest.approx(0.05, abs=0.035)


def test_planted_cluster_is_found_and_the_rest_left_alone() -> None:
    board, hits, wrong = sp.lattice(20, 20), [], []
    planted = np.zeros((20, 20), dtype=bool)
    planted[4:9, 4:9] = True
    near = np.zeros_like(planted)
    near[3:10, 3:10] = True
    for seed in range(40):
        values = np.random.default_rng(seed).standard_normal((20, 20)) + 2.5 * planted
        found = sp.local_moran(values.ravel(), board, permutations=9_999, seed=seed).table["label"] == "high-high"
        mark = found.to_numpy().reshape(20, 20)
        hits.append(mark[planted].mean())
        wrong.append(mark[~near].sum() / max(mark.sum(), 1))
    assert np.mean(hits) > 0.55  # corners of the planted square have few planted neighbours
    assert np.mean(wrong) < 0.05


@settings(max_examples=15, deadline=None)
@given(st.floats(0.01, 100), st.floats(-50, 50), st.integers(0, 99))
def test_scale_shift_and_sign(scale: float, shift: float, seed: int) -> None:
    board = sp.lattice(6, 7)
    values = np.random.default_rng(seed).standard_normal(42)
    base, moved = (sp.local_moran(v, board, permutations=499, seed=1).table for v in (values, scale * values + shift))
    assert moved["local_i"].to_numpy() == pytest.approx(base["local_i"].to_numpy(), abs=1e-6)
    assert moved["p"].to_numpy() == pytest.approx(base["p"].to_numpy())
    flipped = sp.local_moran(-values, board, permutations=499, seed=1).table
    assert flipped["p"].to_numpy() == pytest.approx(base["p"].to_numpy())
    swap = {"high-high": "low-low", "low-low": "high-high", "high-low": "low-high", "low-high": "high-low"}
    assert flipped["quadrant"].tolist() == base["quadrant"].map(swap).tolist()
    assert sp.moran(values, board, permutations=49).value == pytest.approx(
        sp.moran(scale * values + shift, board, permutations=49).value
    )


def test_order_of_places_does_not_matter() -> None:
    board, values = sp.lattice(6, 6), np.random.default_rng(4).standard_normal(36)
    order = np.random.default_rng(5).permutation(36)
    shuffled = sp.SpatialWeights(tuple(board.ids[i] for i in order), board.matrix[order][:, order].tocsr())
    one = sp.local_moran(values, board, permutations=9_999).table
    two = sp.local_moran(values[order], shuffled, permutations=9_999).table.loc[one.index]
    assert two["local_i"].to_numpy() == pytest.approx(one["local_i"].to_numpy())
    assert two["p"].to_numpy() == pytest.approx(one["p"].to_numpy(), abs=0.03)


def test_random_orders_have_no_repeats_and_no_favourites() -> None:
    orders = sp._random_orders(7, 4, 30_000, np.random.default_rng(1))
    assert (np.sort(orders, axis=1)[:, 1:] != np.sort(orders, axis=1)[:, :-1]).all()
    shares = np.stack([np.bincount(orders[:, j], minlength=7) for j in range(4)]) / 30_000
    assert shares == pytest.approx(np.full((4, 7), 1 / 7), abs=0.012)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values(p: list[float]) -> None:
    q = sp.benjamini_hochberg(p)
    assert (q >= np.array(p) - 1e-12).all()
    assert (q <= 1).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(q[order]) >= -1e-12).all()
    with_gap = sp.benjamini_hochberg([*p, np.nan])
    assert with_gap[:-1] == pytest.approx(q)


def test_refusals() -> None:
    board = sp.lattice(4, 4)
    with pytest.raises(AnalysisError, match="order of ids"):
        sp.moran([1.0, 2.0], board)
    with pytest.raises(AnalysisError, match="all values are equal"):
        sp.moran(np.ones(16), board)
    with pytest.raises(AnalysisError, match="ten are needed"):
        sp.moran(np.full(16, np.nan), board)
    with pytest.raises(AnalysisError, match="not places"):
        sp.from_neighbours({"a": ["z"]})
