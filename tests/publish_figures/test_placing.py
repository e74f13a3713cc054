"""Labels find places that do not overlap, near where they belong."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.project import AnalysisError
from analysis.publish.figures.distribution import swarm
from analysis.publish.figures.events import Event, arrange
from analysis.publish.figures.placing import beside_points, rows, spread
from analysis.publish.figures.scales import Scale, date_ticks, days, round_ticks
from analysis.publish.figures.sheet import Box

finite = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(st.floats(-50, 450), min_size=1, max_size=20), st.floats(4, 19))
def test_spread_labels_never_overlap_and_keep_their_order(wanted: list[float], height: float) -> None:
    placed = spread(wanted, [height] * len(wanted), 0, 400)
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    for a, b in itertools.pairwise(order):
        assert placed[b] - placed[a] >= height - 1e-4
    assert min(placed) >= height / 2 - 1e-4
    assert max(placed) <= 400 - height / 2 + 1e-4


@given(st.lists(st.floats(20, 380), min_size=1, max_size=8))
def test_labels_with_room_stay_where_they_are(wanted: list[float]) -> None:
    apart = sorted(wanted)
    if all(b - a >= 12 for a, b in itertools.pairwise(apart)):
        assert spread(apart, [10.0] * len(apart), 0, 400) == pytest.approx(apart, abs=1e-5)


def test_spread_is_the_least_squares_solution() -> None:
    """Three labels wanted at one place: the middle one stays, the others give way equally."""
    assert spread([50, 50, 50], [10, 10, 10], 0, 100) == [40, 50, 60]


def test_too_many_labels_are_an_error_not_a_blur() -> None:
    with pytest.raises(AnalysisError, match="do not fit"):
        spread([1.0] * 30, [20.0] * 30, 0, 200)


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(5, 80)), max_size=30))
def test_rows_keep_their_gap(spans: list[tuple[float, float]]) -> None:
    ordered = sorted((start, start + width) for start, width in spans)
    placed = rows(ordered, 3)
    for row in set(placed):
        mine = [span for span, r in zip(ordered, placed, strict=True) if r == row]
        assert all(b[0] - a[1] >= 3 for a, b in itertools.pairwise(mine))


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(0, 200)), min_size=1, max_size=15))
def test_names_beside_points_stay_clear_of_each_other_and_inside(points: list[tuple[float, float]]) -> None:
    frame = Box(0, 0, 320, 220)
    placed = [b for b in beside_points(points, [(60.0, 14.0)] * len(points), [], frame) if b]
    assert placed
    assert not any(a.meets(b) for a, b in itertools.combinations(placed, 2))
    assert all(b.left >= 0 and b.right <= 320 and b.top >= 0 and b.bottom <= 220 for b in placed)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=9, unique=True), st.booleans())
def test_no_stem_runs_through_a_name(at: list[int], numbered: bool) -> None:
    x = Scale(0, 300, 40, 560)
    events = arrange([Event(float(d), f"Order number {d} of the county") for d in at], x, 640, numbered=numbered)
    assert len(events.placed) == len(at)
    if events.numbered:
        assert [p.lines[0] for p in events.placed] == [str(i) for i in range(1, len(at) + 1)]
        assert len(events.listed) == len(at)
        return
    from analysis.publish import fonts

    for a, b in itertools.permutations(events.placed, 2):
        right = a.left + max(fonts.text_width(line, 12) for line in a.lines)
        if b.row > a.row:
            assert not a.left < x.at(b.event.at) < right
        if b.row == a.row:
            other = b.left + max(fonts.text_width(line, 12) for line in b.lines)
            assert right <= b.left or other <= a.left


@given(finite, finite, st.integers(2, 8))
def test_round_ticks_span_the_values(a: float, b: float, most: int) -> None:
    low, high = sorted((a, b))
    ticks = round_ticks(low, high, most)
    assert len(ticks) >= 2
    assert ticks == sorted(set(ticks))
    hair = 1e-9 * max(1, high - low)
    assert ticks[0] <= low + hair
    assert ticks[-1] >= high - hair
    assert len(ticks) <= 2 * most + 3


@given(st.dates(pd.Timestamp("1950-01-01").date(), pd.Timestamp("2060-01-01").date()), st.integers(1, 9000))
def test_date_ticks_lie_in_the_period_and_say_each_year_once(first, length: int) -> None:
    low = days([first])[0]
    ticks = date_ticks(low, low + length, 8)
    values = [t.value for t in ticks]
    assert values == sorted(set(values))
    assert all(low <= v <= low + length for v in values)
    years = [t.label[1] for t in ticks if len(t.label) == 2]
    assert len(years) == len(set(years))
    assert len(ticks) <= 14


@given(st.lists(st.floats(0, 400), min_size=1, max_size=200))
def test_swarm_loses_no_dot_and_stays_in_its_band(pixels: list[float]) -> None:
    offsets = swarm(np.array(pixels), 4.0, 14.0)
    assert len(offsets) == len(pixels)
    assert np.abs(offsets).max() <= 14
    if len(pixels) <= 7:  # seven rows: no two dots need to touch
        spots = sorted(zip(offsets.tolist(), pixels, strict=True))
        for (row, a), (other, b) in itertools.pairwise(spots):
            assert row != other or abs(a - b) >= 4 - 1e-9


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(AnalysisError, match="missing"):
        round_ticks(float("nan"), 1, 5)
