"""Event study: published effects and differences, false alarms over 500 seeds, few treated places, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.methods.difference_in_differences import two_by_two
from analysis.methods.event_study import event_study, suited
from analysis.methods.planted_businesses import planted_panel
from analysis.project import AnalysisError


def noise(seed: int, places: int, periods: int = 20, carried: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(periods, places))
    for period in range(1, periods):
        values[period] = carried * values[period - 1] + np.sqrt(1 - carried**2) * values[period]
    common = rng.normal(size=(periods, 1))
    return pd.DataFrame(values + common, columns=[f"c{number:02}" for number in range(places)])


@pytest.fixture
def employment(reference: Path) -> pd.DataFrame:
    return pd.read_csv(reference / "mpdta_callaway_santanna" / "mpdta.csv")


@pytest.mark.parametrize(
    ("start", "effects"), [(2004, [-0.0105, -0.0704, -0.1373, -0.1008]), (2006, [-0.0046, -0.0412]), (2007, [-0.0261])]
)
def test_published_effects_of_the_minimum_wage(employment: pd.DataFrame, start: int, effects: list[float]) -> None:
    first = employment.groupby("countyreal")["first.treat"].first()
    names = first.index[first.isin([0, start])]
    panel = employment.pivot(index="year", columns="countyreal", values="lemp")[names]
    treated = list(first.index[first == start])
    found = event_study(panel, treated=treated, event=start, base=1, inference="clustered")
    after = found.table[found.table["after"]]
    np.testing.assert_allclose(after["effect"], effects, atol=5e-5)
    assert found.inference == "clustered"
    # One period before is the base itself: there is nothing left to test.
    assert np.isnan(found.pretest) == (start == 2004)


def test_the_difference_of_card_and_krueger(reference: Path) -> None:
    rows = pd.read_csv(reference / "did_card_krueger" / "card_krueger.csv")
    panel = rows.pivot(index="d", columns="id", values="fte").dropna(axis=1)
    treated = list(rows.loc[(rows["nj"] == 1) & rows["id"].isin(panel.columns), "id"].unique())
    found = event_study(panel, treated=treated, event=1, inference="clustered").average
    paired = two_by_two(rows, outcome="fte", treated="nj", after="d", unit="id").paired
    assert (found.n, round(found.value, 4)) == (384, 2.75)
    assert (found.lower, found.upper) == pytest.approx((paired.lower, paired.upper), abs=1e-9)


def test_an_effect_is_found_and_its_interval_covers_it() -> None:
    held, alarms, pre, band, tests = [], [], [], [], []
    for seed in range(150):
        found = event_study(planted_panel(seed, effect=-6.0), treated=["place-00"], event=10, gap=1)
        held.append(found.average.lower <= -6 <= found.average.upper)
        quiet = event_study(planted_panel(seed), treated=["place-00"], event=10, gap=1)
        alarms.append(quiet.average.excludes(0))
        pre.append(quiet.pretest <= 0.05)
        tests.append(quiet.probability <= 0.05)
        table = quiet.table
        band.append(((table["band_lower"] > 0) | (table["band_upper"] < 0)).any())
    assert 0.93 <= np.mean(held) <= 0.99
    assert np.mean(alarms) <= 0.06
    assert np.mean(pre) <= 0.07
    assert np.mean(tests) <= 0.06
    # All 40 periods together stay inside the band as often as it says.
    assert np.mean(band) <= 0.07


@pytest.mark.parametrize(("treated", "most"), [(1, 0.08), (3, 0.06)])
def test_with_fourteen_others_t_limits_hold(treated: int, most: float) -> None:
    names = [f"c{n:02}" for n in range(treated)]
    found = [
        event_study(noise(seed, 14 + treated, carried=0.6), treated=names, event=10, inference="t", seed=seed).average
        for seed in range(500 if treated == 1 else 150)
    ]
    assert np.mean([one.excludes(0) for one in found]) <= most
    assert suited(1, 14) == "t"
    assert suited(1, 39) == "placebo"
    assert suited(12, 10) == "clustered"


def test_with_many_on_both_sides_errors_by_place_hold() -> None:
    alarms, pre = [], []
    for seed in range(100):
        found = event_study(
            noise(seed, 60, carried=0.6), treated=[f"c{n:02}" for n in range(20)], event=10, inference="clustered",
            seed=seed,
        )  # fmt: skip
        alarms.append(found.average.excludes(0))
        pre.append(found.pretest <= 0.05)
    assert np.mean(alarms) <= 0.08
    assert np.mean(pre) <= 0.08


def test_a_trend_that_began_before_is_seen() -> None:
    panel = noise(1, 50)
    panel["c00"] += np.linspace(-8, 8, 20)
    found = event_study(panel, treated=["c00"], event=10, base=1)
    assert found.pretest <= 0.05


def test_base_and_gap_choose_what_is_compared() -> None:
    panel = noise(2, 45)
    panel.loc[8:9, "c00"] -= 30
    foreseen = event_study(panel, treated=["c00"], event=10)
    careful = event_study(panel, treated=["c00"], event=10, gap=2)
    assert abs(careful.average.value) < 2
    assert foreseen.average.value > 4
    assert careful.table["base"].sum() == 8
    assert careful.table.loc[careful.table["base"], "effect"].mean() == pytest.approx(0)
    late = careful.during(15, 19)
    assert late.value == pytest.approx(careful.table["effect"].iloc[15:].mean())
    assert late.interval is not None


def test_what_so_few_cannot_show_is_said_or_refused() -> None:
    found = event_study(noise(3, 45), treated=["c00"], event=10)
    assert any("least probability that 44 others can show is 0.022" in text for text in found.cautions)
    assert "assumes that without the event" in found.cautions[0]
    with pytest.raises(AnalysisError, match="29 others cannot give an interval of 95%; 39"):
        event_study(noise(3, 30), treated=["c00"], event=10)
    with pytest.raises(AnalysisError, match="need ten on either side, not 1 and 44"):
        event_study(noise(3, 45), treated=["c00"], event=10, inference="clustered")
    with pytest.raises(AnalysisError, match="6 others are too few to stand in for 4"):
        event_study(noise(3, 10), treated=["c00", "c01", "c02", "c03"], event=10)


def test_wrong_input_is_named() -> None:
    panel = noise(4, 45)
    with pytest.raises(AnalysisError, match="nowhere is not a place"):
        event_study(panel, treated=["nowhere"], event=10)
    with pytest.raises(AnalysisError, match="needs periods before"):
        event_study(panel, treated=["c00"], event=0)
    with pytest.raises(AnalysisError, match="base of 40 periods, but 10"):
        event_study(panel, treated=["c00"], event=10, base=40)
    with pytest.raises(AnalysisError, match="'placebo', 't' or 'clustered'"):
        event_study(panel, treated=["c00"], event=10, inference="magic")
    with pytest.raises(AnalysisError, match="sorted and unique"):
        event_study(panel[::-1], treated=["c00"], event=10)
    with pytest.raises(AnalysisError, match="no period from 90 to 99"):
        event_study(panel, treated=["c00"], event=10).during(90, 99)
    panel.loc[3, "c07"] = np.nan
    with pytest.raises(AnalysisError, match="c07 lacks a period"):
        event_study(panel, treated=["c00"], event=10)
