"""Curves and calibration plots: what they say of planted numbers, and what they refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from geometry import written

from analysis.project import AnalysisError
from analysis.publish import figures


def steps(names: list[str]) -> pd.DataFrame:
    at = np.array([10.0, 20, 30])
    return pd.concat(pd.DataFrame({"name": n, "x": at, "y": at * (k + 1)}) for k, n in enumerate(names))


WORDS = {"x_unit": "percent", "y_unit": "percent", "x_label": "Threshold", "y_label": "Benefit"}


def test_every_curve_is_named_at_its_end_and_described() -> None:
    drawing = figures.curve(steps(["Ours", "Nowhere"]), "x", "y", series="name", marked=(20.0, "In use"), **WORDS)
    shown = [label.words for label in written(drawing.svg).labels]
    assert {"Ours", "Nowhere", "In use", "Threshold"} <= set(shown)
    assert "Ours: from 10 percent at 10 percent to 30 percent at 30 percent." in drawing.alt


def test_more_curves_than_colours_are_refused() -> None:
    with pytest.raises(AnalysisError, match="5 curves cannot be told apart"):
        figures.curve(steps(list("abcde")), "x", "y", series="name", **WORDS)
    with pytest.raises(AnalysisError, match="no series z"):
        figures.curve(steps(["a"]), "x", "y", series="name", order=["z"], **WORDS)


def test_gaps_are_refused_rather_than_bridged() -> None:
    frame = steps(["a"]).assign(y=[1.0, np.nan, 3.0])
    with pytest.raises(AnalysisError, match="1 rows lack a number"):
        figures.curve(frame, "x", "y", **WORDS)


def test_a_calibration_plot_counts_the_bins_that_agree() -> None:
    frame = pd.DataFrame({"said": [10.0, 30, 60], "seen": [12.0, 50, 58], "low": [6.0, 42, 50], "high": [19.0, 58, 66]})
    drawing = figures.calibration(frame, "said", "seen", low="low", high="high")
    assert "In two of them the interval holds the probability that was given." in drawing.alt
    assert "As often as said" in [label.words for label in written(drawing.svg).labels]


def test_a_bound_that_misses_its_value_is_refused() -> None:
    frame = pd.DataFrame({"said": [10.0], "seen": [12.0], "low": [13.0], "high": [19.0]})
    with pytest.raises(AnalysisError):
        figures.calibration(frame, "said", "seen", low="low", high="high")
