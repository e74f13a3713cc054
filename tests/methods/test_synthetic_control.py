"""Synthetic control: California's tobacco control programme, planted effects, and the trap of a single start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.methods.synthetic_control import (
    Predictor,
    Setting,
    SyntheticControl,
    example_setting,
    leave_one_out,
    placebos,
    setting,
    synthetic_control,
)
from analysis.project import AnalysisError

YEARS = tuple(float(year) for year in range(1980, 1989))
PREDICTORS = (
    Predictor("lnincome", YEARS),
    Predictor("retprice", YEARS),
    Predictor("age15to24", YEARS),
    Predictor("beer", tuple(float(year) for year in range(1984, 1989))),
    Predictor("cigsale", (1975,)),
    Predictor("cigsale", (1980,)),
    Predictor("cigsale", (1988,)),
)
PUBLISHED = {"Utah": 0.334, "Nevada": 0.234, "Montana": 0.199, "Colorado": 0.164, "Connecticut": 0.069}


@pytest.fixture(scope="module")
def california(reference: Path) -> Setting:
    frame = pd.read_csv(reference / "synth_prop99_adh" / "smoking.csv")
    return setting(
        frame, outcome="cigsale", place="state", time="year", treated="California", start=1989, predictors=PREDICTORS
    )


@pytest.fixture(scope="module")
def found(california: Setting) -> SyntheticControl:
    return synthetic_control(california)


def test_published_donors_error_and_effect(found: SyntheticControl) -> None:
    assert set(found.weights.index) == set(PUBLISHED)
    for state, weight in PUBLISHED.items():
        assert found.weights[state] == pytest.approx(weight, abs=0.02)
    assert found.weights.sum() == pytest.approx(1, abs=0.002)
    assert found.error_before < 3.1
    assert found.effect.value == pytest.approx(-18.98, abs=0.3)
    assert found.gaps["gap"].iloc[-1] == pytest.approx(-25.73, abs=0.3)
    assert found.ratio == pytest.approx(124, rel=0.06)


def test_many_starts_find_what_one_start_misses(found: SyntheticControl, california: Setting) -> None:
    assert found.starts["error_before"].iloc[-1] > 5 * found.error_before
    low, high = found.effect_range
    assert low <= found.effect.value <= high
    assert high - low < 1
    assert "Utah" in found.starts["donors"].iloc[0]


def test_california_stands_out_among_its_strongest_rivals(california: Setting, found: SyntheticControl) -> None:
    for rival in ("Georgia", "Virginia", "Missouri"):
        keep = [spot for spot, name in enumerate(california.places) if name != "California"]
        other = replace(
            california,
            places=tuple(california.places[spot] for spot in keep),
            treated=[california.places[spot] for spot in keep].index(rival),
            predictors=california.predictors[:, keep],
            outcomes=california.outcomes[:, keep],
        )
        assert synthetic_control(other, starts=3).ratio < found.ratio


def test_planted_effects_are_recovered() -> None:
    errors = [
        synthetic_control(example_setting(seed=seed, effect=-10.0), starts=2).effect.value + 10 for seed in range(12)
    ]
    assert abs(np.mean(errors)) < 1
    assert np.std(errors) < 2.5


def test_placebos_rank_a_real_effect_first_and_nothing_anywhere() -> None:
    strong = placebos(example_setting(seed=2, effect=-10.0, places=8), starts=1)
    assert (strong.rank, strong.probability, strong.floor) == (1, 0.125, 0.125)
    ranks = [placebos(example_setting(seed=seed, places=6), starts=1).rank for seed in range(8)]
    assert len(set(ranks)) > 2
    assert len(strong.table) == 8


def test_weights_are_a_mixture_whatever_the_data() -> None:
    for seed in range(6):
        result = synthetic_control(example_setting(seed=seed), starts=1)
        assert (result.weights >= 0).all()
        assert 0.97 < result.weights.sum() <= 1 + 1e-9
        gaps = result.gaps
        np.testing.assert_allclose(gaps["observed"] - gaps["synthetic"], gaps["gap"])
        assert result.effect.interval is None


def test_a_place_outside_the_donors_is_said_to_be_unmatched() -> None:
    problem = example_setting(seed=3)
    outcomes = problem.outcomes.copy()
    outcomes[:, 0] += np.linspace(0, 200, 30)
    result = synthetic_control(replace(problem, outcomes=outcomes), starts=1)
    assert any("poor" in text for text in result.cautions)


def test_leaving_out_each_donor_is_reported() -> None:
    problem = example_setting(seed=4, effect=-10.0, places=8)
    result = synthetic_control(problem, starts=1)
    table = leave_one_out(problem, result, starts=1)
    assert table["donor"].tolist() == list(result.weights.index)
    assert table["effect"].between(-14, -6).all()


def test_wrong_input_is_named() -> None:
    frame = pd.DataFrame(
        {"p": np.repeat(["a", "b", "c"], 6), "t": np.tile(np.arange(6), 3), "y": np.arange(18.0), "x": np.arange(18.0)}
    )
    names = {"outcome": "y", "place": "p", "time": "t", "start": 4.0}
    with pytest.raises(AnalysisError, match="'z' is not among"):
        setting(frame, treated="z", predictors=[Predictor("x", (1,))], **names)  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="wholly before 4"):
        setting(frame, treated="a", predictors=[Predictor("x", (4,))], **names)  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="x 1 has no value for a"):
        setting(
            frame.assign(x=frame["x"].where(frame["p"] != "a")), treated="a", predictors=[Predictor("x", (1,))], **names
        )  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="gaps for b"):
        setting(
            frame.assign(y=frame["y"].where(frame.index != 7)), treated="a", predictors=[Predictor("x", (1,))], **names
        )  # type: ignore[arg-type]
