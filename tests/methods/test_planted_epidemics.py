"""The experiments that a whitepaper runs: they plant what the real series show, and test the interval it prints."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.methods import planted_epidemics
from analysis.methods.health_inequity import example_places, gradient
from analysis.methods.planted_epidemics import CLUMPING, gradient_coverage, planted_places
from analysis.methods.reproduction_number import reproduction_number, sars_cov_2_intervals, simulate_cases


def test_invented_reports_are_as_clumped_as_those_of_a_large_city() -> None:
    interval = sars_cov_2_intervals()["nishiura"]
    found = []
    for seed in range(40):
        cases = simulate_cases([1.0] * 40 + [1.1] * 45, interval, seed=seed, size=CLUMPING)
        table = reproduction_number(cases, interval, window=14).table
        usable = table[table["status"] == "ok"]
        found.append((usable["dispersion"] / usable["cases"]).median())
    # City of Los Angeles, May 2020 to April 2021: 0.012 in the middle window. A size of 20 would give 0.005.
    assert 0.009 < np.median(found) < 0.018


def test_planting_keeps_the_places_and_plants_the_ratio() -> None:
    like = example_places(seed=1, count=140, shared_km=5)
    planted = [planted_places(like, seed=seed, ratio=1.4, shared_km=5) for seed in range(40)]
    assert all((one.people == like.people).all() for one in planted)
    assert np.mean([one.events.sum() for one in planted]) == pytest.approx(like.events.sum(), rel=0.02)
    logs = [np.log(gradient(one).ratio.value) for one in planted]
    assert np.mean(logs) == pytest.approx(np.log(1.4), abs=3 * np.std(logs) / np.sqrt(len(logs)))
    # Neighbors share their surplus: what is left after the gradient goes together.
    assert np.mean([gradient(one).moran for one in planted]) > 0.05


@pytest.mark.parametrize("like", [None, example_places(seed=1, count=60, shared_km=5)])
def test_the_spatial_interval_is_the_one_that_is_tested(like, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def watched(data):
        seen.append(data.kilometres)
        return gradient(data)

    monkeypatch.setattr(planted_epidemics, "gradient", watched)
    gradient_coverage(2, like=like)
    assert len(seen) == 2
    assert all(kilometres is not None for kilometres in seen)
