"""Rates over worlds and their Monte-Carlo intervals."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from analysis.proofs import Trial, World
from analysis.proofs.summary import rate, summed_up


@pytest.mark.parametrize("hits", [0, 3, 250, 475, 500])
def test_shares_of_worlds_have_the_interval_of_wilson(hits: int) -> None:
    found = rate([1] * hits + [0] * (500 - hits))
    low, high = proportion_confint(hits, 500, method="wilson")
    assert (found.value, found.low, found.high) == (
        hits / 500,
        pytest.approx(low, abs=1e-12),
        pytest.approx(high, abs=1e-12),
    )


def test_the_interval_holds_a_known_rate_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    found = [rate(rng.random(500) < 0.05) for _ in range(400)]
    assert 0.92 <= np.mean([one.low <= 0.05 <= one.high for one in found]) <= 0.98


def test_what_misses_its_promise_is_said() -> None:
    trial = Trial("x", "X", "nothing", lambda seed: World())
    short = summed_up(trial, [World(held=float(seed % 10 > 0), alarm=float(seed % 10 == 0)) for seed in range(500)])
    fine = summed_up(trial, [World(held=float(seed % 20 > 0), alarm=float(seed % 20 == 0)) for seed in range(500)])
    assert short.falls_short
    assert short.too_loud
    assert not fine.falls_short
    assert not fine.too_loud
    assert summed_up(trial, [World(estimate=2.0)] * 2).held is None
