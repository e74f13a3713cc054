"""Concentration against chance, and what a list from one year meets in the next."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.methods.concentration import concentration, persistent_share, relative_share, top_share
from analysis.methods.inequality import gini
from analysis.project import AnalysisError


def test_the_gini_is_the_published_one(reference: Path) -> None:
    sales = json.loads((reference / "inequality_small" / "r_reference.json").read_text())["gini_sales"]["x"]
    found = concentration(np.tile(sales, 3) * 10, np.ones(3 * len(sales)), draws=19)
    assert found.gini.value == pytest.approx(gini(sales), abs=1e-12)


def test_few_people_look_concentrated_and_are_not() -> None:
    rng = np.random.default_rng(0)
    few = concentration(rng.multinomial(50, np.full(200, 1 / 200)), np.ones(200), draws=199)
    assert few.gini.value > 0.7
    assert few.chance.value == pytest.approx(few.gini.value, abs=0.05)
    assert not few.beyond_chance


def test_larger_clumps_make_chance_look_more_concentrated() -> None:
    counts = np.random.default_rng(1).poisson(20, 150)
    alone, camps = (concentration(counts, np.ones(150), clump=clump, draws=99) for clump in (1.0, 15.0))
    assert camps.chance.value > 2 * alone.chance.value
    assert camps.gini.value == alone.gini.value


def test_a_list_by_luck_meets_its_own_size() -> None:
    rng = np.random.default_rng(2)
    before, after = rng.poisson(10, 4000), rng.poisson(10, 4000)
    assert persistent_share(before, after, np.ones(4000), draws=19).value == pytest.approx(10.0, abs=1.0)
    assert top_share(before, np.ones(4000), 0.1) > 15
    assert relative_share(before, after, rng.poisson(10, 4000), np.ones(4000)).lower < 100


def test_no_share_tells_of_a_handful_of_people() -> None:
    before, after = np.array([90.0, *[10.0] * 19]), np.array([5.0, *[10.0] * 19])
    assert persistent_share(before, after, np.ones(20), share=0.05).status == "not_applicable"
    after = np.array([5.0, *[20.0] * 19])
    assert persistent_share(before, after, np.ones(20), share=0.05).status == "suppressed"
    assert relative_share(before, after, after, np.ones(20), share=0.05).status == "suppressed"


def test_the_share_at_the_limit_counts_in_part() -> None:
    assert top_share([10, 10], [1, 3], 0.25) == 50.0
    assert top_share([10, 10], [1, 3], 0.125) == 25.0


def test_small_areas_say_nothing_and_bad_input_is_refused() -> None:
    assert concentration([50.0] * 5, [1.0] * 5).gini.status == "not_applicable"
    assert persistent_share([5.0] * 12, [5.0] * 12, [1.0] * 12).status == "not_applicable"
    assert relative_share([1.0] * 12, [1.0] * 12, [0.0] * 12, [1.0] * 12).status == "not_applicable"
    for counts, weights, clump, message in (
        ([1.0, -1.0], [1.0, 1.0], 1.0, "negative"),
        ([1.0, np.nan], [1.0, 1.0], 1.0, "nobody counted"),
        ([1.0, 1.0], [1.0, 0.0], 1.0, "positive"),
        ([1.0], [1.0, 1.0], 1.0, "one of each"),
        ([1.0, 1.0], [1.0, 1.0], 0.5, "no unit"),
    ):
        with pytest.raises(AnalysisError, match=message):
            concentration(counts, weights, clump=clump)
