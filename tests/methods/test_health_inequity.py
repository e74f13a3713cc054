"""Health inequity: a published index, planted gradients in overdispersed events, and places that lack values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods import health_inequity
from analysis.methods.estimate import Estimate
from analysis.methods.health_inequity import (
    Places,
    concentration_curve,
    concentration_index,
    example_places,
    fifths,
    gradient,
    local_kilometres,
    places,
    relative_index,
    slope_index,
)
from analysis.project import AnalysisError

SEEDS = 200
MEASURES = {
    "concentration index": concentration_index,
    "slope index": slope_index,
    "relative index": relative_index,
    "fifth ratio": lambda data: fifths(data).ratio,
    "fifth difference": lambda data: fifths(data).difference,
}


def expected(data: Places, ratio: float) -> Places:
    """The same places with the events that the planted gradient alone would bring."""
    return replace(data, events=data.people * 0.01 * ratio ** ((data.disadvantage - 20) / 10))


def held(found: Estimate, truth: float) -> bool:
    return found.lower <= truth <= found.upper


def test_world_bank_example_of_child_deaths_in_india() -> None:
    # O'Donnell, van Doorslaer, Wagstaff, Lindelow 2008, ch. 8: births, under-five deaths a 1,000 by wealth fifth.
    births = np.array([29939, 28776, 26528, 24689, 19739.0])
    deaths = births * np.array([154.7, 152.9, 119.5, 86.9, 54.3]) / 1000
    data = Places(tuple("abcde"), deaths, births, np.array([90, 70, 50, 30, 10.0]), np.empty((5, 0)), (), None, (), 0.0)
    assert health_inequity._concentration(np.ones((1, 5)), data)[0] == pytest.approx(-0.1694, abs=5e-5)


@pytest.mark.filterwarnings("ignore:Perfect separation")
def test_every_measure_covers_its_planted_value_near_nominally() -> None:
    counts = dict.fromkeys([*MEASURES, "gradient", "negative binomial"], 0)
    for seed in range(SEEDS):
        data = example_places(seed=seed)
        truth = expected(data, 1.25)
        for name, measure in MEASURES.items():
            counts[name] += held(measure(data), measure(truth).value)
        found = gradient(data)
        counts["gradient"] += held(found.ratio, 1.25)
        counts["negative binomial"] += held(found.negative_binomial, 1.25)
    for name, times in counts.items():
        assert 0.92 <= times / SEEDS <= 0.995, (name, times / SEEDS)


def test_equal_places_rarely_raise_an_alarm() -> None:
    alarms = dict.fromkeys(["gradient", "concentration index", "fifth ratio"], 0)
    for seed in range(120):
        data = example_places(seed=seed, ratio=1.0)
        alarms["gradient"] += gradient(data).ratio.excludes(1)
        alarms["concentration index"] += concentration_index(data).excludes(0)
        alarms["fifth ratio"] += fifths(data).ratio.excludes(1)
    for name, times in alarms.items():
        assert times / 120 <= 0.08, name


def test_poisson_intervals_would_have_been_far_too_narrow() -> None:
    data = example_places(seed=3)
    assert gradient(data).dispersion > 20


def test_neighbours_that_are_alike_need_the_spatial_interval() -> None:
    spatial, plain, noticed = [], [], []
    for seed in range(60):
        found = gradient(example_places(seed=seed, shared_km=5.0))
        spatial.append(held(found.ratio, 1.25))
        plain.append(held(found.independent, 1.25))
        noticed.append(found.moran_p < 0.05)
    assert np.mean(spatial) >= 0.90
    assert np.mean(plain) < np.mean(spatial)
    assert np.mean(noticed) > 0.9


def test_moran_stays_quiet_when_neighbours_have_nothing_in_common() -> None:
    spots = np.random.default_rng(0).uniform(0, 60, (300, 2))
    noticed = [gradient(replace(example_places(seed=seed), kilometres=spots)).moran_p < 0.05 for seed in range(60)]
    assert np.mean(noticed) <= 0.12


@given(factor=st.floats(0.1, 20), seed=st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_counting_events_in_another_unit_leaves_relative_measures_alone(factor: float, seed: int) -> None:
    data = example_places(seed=seed, count=60)
    scaled = replace(data, events=data.events * factor)
    for measure in (concentration_index, relative_index):
        assert measure(scaled).value == pytest.approx(measure(data).value, rel=1e-6)
    assert slope_index(scaled).value == pytest.approx(factor * slope_index(data).value, rel=1e-6)


@given(seed=st.integers(0, 50))
@settings(max_examples=15, deadline=None)
def test_turning_the_ranking_around_turns_the_sign(seed: int) -> None:
    data = example_places(seed=seed, count=60)
    turned = replace(data, disadvantage=100 - data.disadvantage)
    assert concentration_index(turned).value == pytest.approx(-concentration_index(data).value)
    assert slope_index(turned).value == pytest.approx(-slope_index(data).value)
    assert relative_index(turned).value == pytest.approx(1 / relative_index(data).value, rel=1e-5)


def test_splitting_a_place_in_two_equal_halves_changes_no_value() -> None:
    data = example_places(seed=5, count=40)
    twice = Places(
        tuple(f"{name}{half}" for half in "ab" for name in data.names),
        np.tile(data.events / 2, 2),
        np.tile(data.people / 2, 2),
        np.tile(data.disadvantage, 2),
        np.empty((80, 0)),
        (),
        None,
        (),
        0.0,
    )
    for measure in (concentration_index, slope_index, relative_index):
        assert measure(twice).value == pytest.approx(measure(data).value, rel=1e-6)


def test_the_curve_is_the_index_drawn() -> None:
    data = example_places(seed=6)
    curve = concentration_curve(data)
    area = np.trapezoid(curve["events"], curve["people"])
    # The area between curve and diagonal, twice; disadvantaged first, so the sign turns.
    assert -(2 * area - 1) == pytest.approx(concentration_index(data).value, abs=1e-9)
    assert curve["events"].is_monotonic_increasing


def test_fifths_hold_everybody_once() -> None:
    data = example_places(seed=7)
    table = fifths(data).table
    assert table["people"].sum() == data.people.sum()
    assert table["events"].sum() == data.events.sum()
    assert table["places"].sum() == len(data.names)
    assert (table["people"] / data.people.sum()).between(0.12, 0.28).all()


def test_adjusting_for_the_true_cause_removes_a_gradient_that_was_not_there() -> None:
    data = example_places(seed=8)
    echo = np.clip(data.disadvantage + np.random.default_rng(8).normal(0, 5, 300), 0, 100)
    alone = gradient(replace(data, disadvantage=echo))
    both = gradient(replace(data, disadvantage=echo, adjust=data.disadvantage[:, None], adjust_names=("cause",)))
    assert alone.ratio.excludes(1)
    assert not both.ratio.excludes(1)
    assert both.adjusted_for == ("cause",)


def test_one_odd_place_is_named() -> None:
    data = example_places(seed=9)
    odd = int(np.argmax(data.disadvantage * (data.people > np.median(data.people))))
    events = data.events.copy()
    events[odd] *= 30
    found = gradient(replace(data, events=events))
    assert found.most_influential == data.names[odd]
    keep = np.arange(300) != odd
    without = Places(
        tuple(np.array(data.names)[keep]), events[keep], data.people[keep], data.disadvantage[keep],
        np.empty((299, 0)), (), None, (), 0.0,
    )  # fmt: skip
    assert abs(gradient(without).ratio.value - 1.25) < abs(found.ratio.value - 1.25)


def frame(count: int = 30) -> pd.DataFrame:
    data = example_places(seed=1, count=count)
    return pd.DataFrame(
        {"place": data.names, "cases": data.events, "people": data.people, "crowded": data.disadvantage}
    )


def taken(table: pd.DataFrame, **more: str) -> Places:
    return places(table, events="cases", people="people", disadvantage="crowded", **more)


def test_incomplete_places_are_set_aside_by_name_and_size() -> None:
    table = frame()
    table.loc[2, "crowded"] = np.nan
    table.loc[4, "people"] = 0
    data = taken(table)
    assert data.left_out == ("place 002", "place 004")
    assert data.left_out_people == table.loc[2, "people"]
    assert any("2 places" in text for text in gradient(data).cautions)


def test_a_place_without_coordinates_still_counts() -> None:
    rng = np.random.default_rng(1)
    table = frame().assign(x=rng.uniform(-118.6, -118, 30), y=rng.uniform(33.8, 34.3, 30))
    table.loc[3, "x"] = np.nan
    data = taken(table, longitude="x", latitude="y")
    assert len(data.names) == 30
    assert np.isfinite(gradient(data).ratio.upper)


def test_wrong_input_is_named() -> None:
    with pytest.raises(AnalysisError, match="no column crowded"):
        taken(frame().drop(columns="crowded"))
    with pytest.raises(AnalysisError, match="repeated: place 000"):
        taken(pd.concat([frame(), frame().iloc[:1]]))
    with pytest.raises(AnalysisError, match="at place 001"):
        taken(frame().assign(crowded=[1, 101, *[1] * 28]))
    with pytest.raises(AnalysisError, match="give it in percent"):
        taken(frame().assign(crowded=0.3))
    with pytest.raises(AnalysisError, match="12 complete places"):
        taken(frame(12))


def test_too_few_events_give_no_measure() -> None:
    data = replace(example_places(seed=1), events=np.zeros(300))
    assert {measure(data).status for measure in MEASURES.values()} == {"not_applicable"}
    assert gradient(data).ratio.status == "not_applicable"


def test_kilometres_across_a_county() -> None:
    apart = local_kilometres(np.array([-118.24, -118.19]), np.array([34.05, 33.77]))
    # Los Angeles city hall to Long Beach: 31.5 km on the ellipsoid.
    assert np.hypot(*(apart[0] - apart[1])) == pytest.approx(31.5, abs=0.3)
