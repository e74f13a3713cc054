"""Drawings do not flatter: zero baselines, gaps stay gaps, the empty is named, the unmeasurable is grey."""

from __future__ import annotations

import re

import gallery
import numpy as np
import pandas as pd
import pytest
from geometry import elements, written

from analysis.project import AnalysisError
from analysis.publish import figures
from analysis.publish.figures import Drawing


def _marks(text: str, token: str, kind: str = "f") -> list[dict[str, str]]:
    """Circles of one colour."""
    root = written(text).root
    return [
        {**own, **node.attrib}
        for node, own in elements(root)
        if node.tag == "circle" and f"{kind}-{token}" in own.get("class", "").split()
    ]


def _blue(root) -> list[tuple[float, float]]:
    """Left and right end of each blue rectangle."""
    drawn = [n.get("d") for n, own in elements(root) if n.tag == "path" and "f-blue" in own.get("class", "").split()]
    found = [re.fullmatch(r"M([-\d.]+) [-\d.]+h([-\d.]+)v[-\d.]+h[-\d.]+z", d).groups() for d in drawn]
    return [(min(x, x + w), max(x, x + w)) for x, w in ((float(a), float(b)) for a, b in found)]


def test_bars_begin_at_zero(drawings: dict[str, Drawing]) -> None:
    sheet = written(drawings["bars"].svg)
    bars = _blue(sheet.root)
    assert len(bars) == 3, "the missing value has no bar"
    assert len({left for left, _ in bars}) == 1
    lengths = [right - left for left, right in bars]
    assert lengths[0] / lengths[1] == pytest.approx(4820 / 1960, rel=0.01)
    assert lengths[0] / lengths[2] == pytest.approx(4820 / 830, rel=0.01)
    assert "no data" in [label.words for label in sheet.labels]


def test_negative_bars_grow_to_the_left_of_zero() -> None:
    frame = pd.DataFrame({"d": ["up", "down"], "v": [30.0, -20.0]})
    sheet = written(figures.bars(frame, "d", "v", unit="points").svg)
    (zero, right), (left, also_zero) = _blue(sheet.root)
    assert zero == pytest.approx(also_zero, abs=0.1)
    assert left < zero < right


@pytest.mark.parametrize("layout", ["svg", "svg_narrow"])
def test_only_measurable_estimates_are_coloured(drawings: dict[str, Drawing], layout: str) -> None:
    text = getattr(drawings["dotrange"], layout)
    key = 1  # one dot of each colour stands in the key
    assert len(_marks(text, "harm")) == 3 + key
    assert len(_marks(text, "navy")) == 4 + key
    assert len(_marks(text, "neutral")) == 6 + key


def test_missing_values_are_written_never_drawn(drawings: dict[str, Drawing]) -> None:
    words = [label.words for label in written(drawings["dotrange"].svg).labels]
    assert "suppressed to protect people" in words
    assert "no data" in words
    assert drawings["dotrange"].data["value"].isna().sum() == 2


def test_a_line_stops_where_nothing_was_reported() -> None:
    dates = [*pd.date_range("2020-05-01", periods=30), *pd.date_range("2020-08-01", periods=30)]
    frame = pd.DataFrame({"date": dates, "v": np.arange(60.0)})
    lines = [
        node.get("d")
        for node, own in elements(written(figures.timeline(frame, "date", "v", unit="count").svg).root)
        if node.tag == "path" and "s-navy" in own.get("class", "") and own.get("stroke-width") == "2.2"
    ]
    assert sum(d.count("M") for d in lines) == 2
    frame.loc[10:12, "v"] = np.nan
    lines = [
        node.get("d")
        for node, own in elements(written(figures.timeline(frame, "date", "v", unit="count").svg).root)
        if node.tag == "path" and "s-navy" in own.get("class", "") and own.get("stroke-width") == "2.2"
    ]
    assert sum(d.count("M") for d in lines) == 3


def test_the_incomplete_tail_is_dashed_shaded_and_not_labelled(drawings: dict[str, Drawing]) -> None:
    sheet = written(drawings["timeline"].svg)
    dashed = [n for n, own in elements(sheet.root) if n.get("stroke-dasharray") and "s-navy" in own.get("class", "")]
    assert dashed
    assert any("f-shade" in own.get("class", "") for _, own in elements(sheet.root))
    words = [label.words for label in sheet.labels]
    assert "100" in words, "the last complete value"
    assert not {"7", "8", "43", "50"} & set(words)


def test_limits_cut_intervals_but_never_values() -> None:
    frame = pd.DataFrame({"t": [1, 2, 3, 4], "v": [1.0, 2, 2, 1], "lo": [0.0, 1, 1, 0], "hi": [40.0, 3, 3, 2]})
    drawing = figures.timeline(frame, "t", "v", unit="ratio", low="lo", high="hi", limits=(0, 4))
    sheet = written(drawing.svg)
    navy = [n for n, own in elements(sheet.root) if n.tag == "path" and own.get("class") == "f-navy"]
    ribbon = max(navy, key=lambda n: len(n.get("d")))  # the other one stands in the key
    frame_top = min(label.box[3] for label in sheet.labels if label.words == "4") - 13
    assert float(re.match(r"M[-\d.]+ ([-\d.]+)", ribbon.get("d"))[1]) >= frame_top, "the ribbon ends at the frame"
    with pytest.raises(AnalysisError, match="cut off values"):
        figures.timeline(frame, "t", "v", unit="ratio", limits=(0, 1.5))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: figures.dotrange(f, "nowhere", "value", unit="percent"), "no column nowhere.*has district"),
        (lambda f: figures.dotrange(f, "district", "value", unit="furlongs"), "unknown unit 'furlongs'"),
        (lambda f: figures.dotrange(f, "district", "value", unit="percent", low="low"), "both `low` and `high`"),
        (lambda f: figures.dotrange(f, "district", "status", unit="percent"), "'status' must be numbers"),
        (lambda f: figures.dotrange(f.assign(low=99.0), "district", "value", unit="percent", low="low", high="high"),
         "outside its own interval.*rows 0, 1"),
        (lambda f: figures.dotrange(f.assign(value=np.inf), "district", "value", unit="percent"), "infinite"),
        (lambda f: figures.dotrange(f.head(0), "district", "value", unit="percent"), "no rows"),
        (lambda f: figures.dotrange(f.assign(value=np.nan), "district", "value", unit="percent"), "missing"),
        (lambda f: figures.dotrange(f.assign(status="lost"), "district", "value", unit="percent", status="status"),
         "unknown status lost"),
        (lambda f: figures.dotrange(f, "district", "value", unit="percent", harm="higher"), "needs a `reference`"),
        (lambda f: figures.timeline(f.assign(t=1), "t", "value", unit="percent", series="district"),
         "cannot be told apart"),
        (lambda f: figures.timeline(f, "district", "value", unit="percent"), "ordered pandas Categorical"),
        (lambda f: figures.share_bars(f.assign(w="all"), "w", "district", "value"), "at most 5"),
        (lambda f: figures.heat_table(f.assign(w="x"), "w", "w", "value", unit="percent"), "twice"),
        (lambda f: figures.multiverse(f, "value", ["district"], unit="percent"), "2 specifications have no estimate"),
        (lambda f: figures.scatter(f, "value", "low", x_unit="percent", y_unit="percent", x_label="a", y_label="b",
                                   name="district", highlight=["Atlantis"]), "no row named Atlantis"),
    ],
)  # fmt: skip
def test_wrong_input_is_named(call, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        call(gallery.rates())


def test_background_lines_are_quiet_and_only_highlights_are_named() -> None:
    rows = [(f"Place {i}", t, i + t) for i in range(30) for t in range(5)]
    frame = pd.DataFrame(rows, columns=["place", "t", "v"])
    drawing = figures.timeline(frame, "t", "v", unit="index", series="place", highlight=["Place 3", "Place 20"])
    words = [label.words for label in written(drawing.svg).labels]
    assert {"Place 3", "Place 20"} <= set(words)
    assert "Place 4" not in words
    assert "28 other lines" in drawing.alt


def test_values_beyond_the_axis_are_counted(drawings: dict[str, Drawing]) -> None:
    words = [label.words for label in written(drawings["strip"].svg).labels]
    assert "One more value lies beyond the axis" in words


def test_hundred_squares_always() -> None:
    from analysis.publish.figures.shares import hundred

    rng = np.random.default_rng(1)
    for parts in range(1, 6):
        for _ in range(50):
            shares = rng.dirichlet(np.ones(parts)) * 100
            squares = hundred(shares)
            assert sum(squares) == 100
            assert all(abs(n - s) < 1 for n, s in zip(squares, shares, strict=True))


def test_names_that_find_no_room_are_left_out_not_stacked() -> None:
    frame = pd.DataFrame({"p": [f"A rather long name {i}" for i in range(40)], "x": 10 + np.arange(40) / 1e3})
    frame["y"] = 5 + np.arange(40) / 1e3
    frame = pd.concat([frame, pd.DataFrame({"p": ["a", "b"], "x": [0, 20], "y": [0, 10]})])
    drawing = figures.scatter(
        frame,
        "x",
        "y",
        x_unit="index",
        y_unit="index",
        x_label="X",
        y_label="Y",
        name="p",
        highlight=frame["p"].tolist(),
    )
    from geometry import overlapping

    assert overlapping(written(drawing.svg).labels) == []
