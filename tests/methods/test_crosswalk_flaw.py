"""The flaw of carrying medians like counts: found where it was planted, measured as large as it is, nowhere else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.crosswalk_flaw import MEASURES, cut_tract, restated, restatements
from analysis.methods.planted_crosswalks import GROWTH, flaw_trials, mixture_median, planted_county
from analysis.project import AnalysisError


def periods_of(
    before: list[float],
    published: list[float],
    after: list[float],
    margin: float = np.nan,
    measure: str = "median_gross_rent",
) -> pd.DataFrame:
    """tract_periods with one measure in 2000 and 2018."""
    codes = [f"{number:03d}" for number in range(len(before))]
    first = pd.DataFrame({"geoid": codes, "period": "2000", measure: before, f"{measure}_udp": published})
    last = pd.DataFrame({"geoid": codes, "period": "2018", measure: after, f"{measure}_moe": margin})
    return pd.concat([first, last], ignore_index=True)


def test_the_change_of_cut_tracts_is_overstated_by_exactly_what_was_planted() -> None:
    # Six of ten tracts were cut in half; every rent rose by one half.
    before = [800.0] * 20
    published = [400.0] * 12 + [800.0] * 8
    found = restated(periods_of(before, published, [1200.0] * 20))
    assert found.restored.value == pytest.approx(50)
    assert found.published.value == pytest.approx(200)
    assert found.gap.value == pytest.approx(150)
    assert found.off.value == 60
    assert found.n == 20


def test_a_sound_file_shows_no_gap() -> None:
    rng = np.random.default_rng(1)
    before = rng.uniform(500, 900, 60).tolist()
    found = restated(periods_of(before, before, [2 * rent for rent in before], margin=50.0))
    assert (found.gap.value, found.gap.lower, found.gap.upper) == (0, 0, 0)
    assert found.off.value == 0


def test_tracts_without_all_figures_are_left_out_and_too_few_are_refused() -> None:
    before = [800.0] * 15
    published = [np.nan, 0.0, *[800.0] * 13]
    assert restated(periods_of(before, published, [1000.0] * 15)).n == 13
    with pytest.raises(AnalysisError, match="median_gross_rent, 2000 to 2018: 10 tracts have all figures"):
        restated(periods_of(before[:10], before[:10], before[:10]))


def test_bounds_hold_the_restored_change_and_count_what_fits_the_flaw() -> None:
    periods = periods_of([600.0] * 20, [600.0] * 10 + [1200.0] * 10, [1200.0] * 20)
    bounds = pd.DataFrame(
        {
            "vintage": "2000", "geoid": [f"{number:03d}" for number in range(20)], "measure": "median_gross_rent",
            "lowest": 500.0, "highest": 800.0, "as_counts": [600.0] * 10 + [1200.4] * 8 + [1100.0] * 2,
        }
    )  # fmt: skip
    found = restated(periods, bounds=bounds)
    assert found.lowest == pytest.approx(50)
    assert found.highest == pytest.approx(140)
    assert found.as_counts == 90
    assert found.lowest < found.restored.value < found.highest
    assert np.isnan(restated(periods).as_counts)


def test_a_wider_limit_never_finds_more_tracts() -> None:
    county = planted_county(5)
    periods = periods_of(county.medians.tolist(), county.scaled.tolist(), county.later.tolist())
    shares = [restated(periods, noticeable=limit, draws=20).off.value for limit in (1.0, 5.0, 10.0, 50.0)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0


def test_one_row_for_each_measure_and_start() -> None:
    measures = [
        periods_of([700.0] * 12, [350.0] * 12, [1400.0] * 12, measure=name).set_index(["geoid", "period"])
        for name in MEASURES
    ]
    table = restatements(pd.concat(measures, axis=1).reset_index(), starts=("2000",))
    assert table["measure"].tolist() == ["Rent", "Household income", "Home value"]
    assert table["published"].tolist() == pytest.approx([300.0] * 3)
    assert (table["since"] == "Since 2000").all()


def test_the_example_is_a_piece_of_one_tract_and_nearest_to_half() -> None:
    shares = pd.DataFrame(
        {
            "vintage": ["2000"] * 5 + ["1990"],
            "source_geoid": ["a", "a", "b", "b", "c", "d"],
            "geoid": ["000", "001", "002", "003", "003", "004"],
            "share": [0.3, 0.7, 0.55, 0.45, 1.0, 0.5],
        }
    )
    periods = periods_of([800.0] * 5, [240.0, 560.0, 440.0, 1160.0, 400.0], [900.0] * 5)
    periods["median_gross_rent_flag"] = "ok"
    found = cut_tract(shares, periods)
    assert found is not None
    # 003 is nearer to half, but put together from two; 004 is of another census.
    assert (found.geoid, found.share, found.published, found.restored) == ("002", 55.00000000000001, 440.0, 800.0)
    periods["median_gross_rent_flag"] = "top_coded"
    assert cut_tract(shares, periods) is None


def test_the_median_of_a_mixture_lies_between_its_parts() -> None:
    assert mixture_median(np.array([500.0, 900.0]), np.array([10.0, 10.0])) == pytest.approx(
        np.sqrt(500 * 900), rel=1e-3
    )
    assert 500 < mixture_median(np.array([500.0, 900.0]), np.array([90.0, 10.0])) < 600


def test_trials_find_the_flaw_and_their_interval_holds_the_planted_change() -> None:
    trials = flaw_trials(runs=60)
    assert trials.found.value > 99
    assert trials.alarms.value < 3
    assert trials.held.value >= 85
    assert trials.found.upper >= trials.found.value


def test_the_flaw_matters_in_the_trials() -> None:
    """Without the repair the interval would miss the planted change: the trial can fail."""
    missed = 0
    for seed in range(10):
        county = planted_county(seed)
        found = restated(
            periods_of(county.medians.tolist(), county.scaled.tolist(), county.later.tolist(), margin=0.0), draws=100
        )
        missed += not found.published.lower <= GROWTH <= found.published.upper
    assert missed >= 8
