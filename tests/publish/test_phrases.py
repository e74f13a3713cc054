"""No sentence says more than value and interval carry."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.project import AnalysisError
from analysis.publish import phrases
from analysis.publish.findings import Finding
from analysis.publish.wording import said

NUMBER = re.compile(r"−?\$?\d[\d,]*(?:\.\d+)?(?:\u00a0(?:million|billion))?")
UP = {*said("moved", "verbs"), "improved", "worsened"}
DOWN = {*said("moved", "verbs").values(), "improved", "worsened"}

sizes = st.floats(-1e7, 1e7, allow_nan=False).map(lambda x: float(f"{x:.5g}"))
widths = st.floats(0, 1e6, allow_nan=False).map(lambda x: float(f"{x:.4g}"))
UNITS = ["percent", "points", "dollars", "people", "days", "index", "ratio", "km", "per_100k"]


@st.composite
def changes(draw: st.DrawFn) -> Finding:
    """Changes of any unit, with intervals of any shape, with and without thresholds."""
    value = draw(sizes)
    interval = (value - draw(widths), value + draw(widths)) if draw(st.booleans()) else None
    unit = draw(st.sampled_from(UNITS))
    return Finding(
        name="x",
        value=value,
        unit=unit,
        interval=interval,
        level=0.95 if interval else None,
        no_interval=None if interval else "complete count",
        change=True,
        threshold=tuple(draw(st.lists(sizes, max_size=2))),
        year=2018 if unit == "dollars" else None,
        real=draw(st.booleans()) if unit == "dollars" else None,
        higher_is=draw(st.sampled_from(["better", "worse"])),
    )


@st.composite
def shares(draw: st.DrawFn) -> Finding:
    low, value, high = sorted(draw(st.integers(0, 100_000)) / 1000 for _ in range(3))
    limits = tuple(draw(st.lists(st.sampled_from([10.0, 25.0, 33.3, 50.0, 75.0]), max_size=1)))
    return Finding(name="x", value=value, unit="percent", interval=(low, high), level=0.9, threshold=limits)


def numbers_in(text: str) -> list[float]:
    found = []
    for match in NUMBER.findall(text.replace("in 2018 dollars", "").replace("of 2018", "").replace("per 100,000", "")):
        scale = 1e9 if "billion" in match else 1e6 if "million" in match else 1
        digits = re.sub(r"[^\d.−]", "", match).replace("−", "-")
        found.append(float(digits) * scale)
    return found


def side(number: float, limit: float) -> int:
    return (number > limit) - (number < limit)


@given(changes(), st.sampled_from(sorted(said("moved", "verbs"))), st.booleans(), st.booleans())
def test_no_direction_without_an_interval_that_supports_it(x: Finding, verb: str, judged: bool, span: bool) -> None:
    low, high = x.interval or (x.number, x.number)
    for text in (phrases.direction(x, verb, judged=judged), phrases.moved(x, verb, judged=judged, span=span)):
        first = text.split()[0]
        if judged:
            better = (low > 0) == (x.higher_is == "better")
            expected = {"did"} if low <= 0 <= high else {"improved" if better else "worsened"}
        else:
            expected = {verb} if low > 0 else {said("moved", "verbs")[verb]} if high < 0 else {"did"}
        assert first in expected


@given(changes())
def test_verb_and_sign_agree(x: Finding) -> None:
    text = phrases.moved(x)
    if text.startswith("did"):
        assert not numbers_in(text)
    else:
        assert "−" not in text
        assert "+" not in text
        assert numbers_in(text)[0] > 0


@given(changes())
def test_signs_stand_alone_only_where_the_interval_supports_them(x: Finding) -> None:
    text = phrases.signed(x)
    if x.interval is not None and x.interval[0] <= 0 <= x.interval[1]:
        assert text.endswith(")")
    shown = numbers_in(text)[0]
    assert side(shown, 0) == side(x.number, 0)


@given(changes())
def test_printed_numbers_stay_on_their_side_of_every_threshold(x: Finding) -> None:
    printed = numbers_in(phrases.value(x))[0]
    for limit in (0.0, *x.threshold):
        assert side(printed, limit) == side(x.number, limit)
    if x.interval and x.interval[0] < x.interval[1]:
        bounds = numbers_in(phrases.interval_range(x))
        assert len(bounds) == 2
        assert bounds[0] <= bounds[1]
        for bound, exact in zip(bounds, x.interval, strict=True):
            assert side(bound, 0) == side(exact, 0)


# A value smaller than its half width may need digits to be told from zero, so it lies well away here.
@given(st.sampled_from(UNITS), sizes, st.floats(1e-6, 1).map(lambda x: float(f"{x:.3g}")))
def test_no_false_precision(unit: str, value: float, share: float) -> None:
    half = max(abs(value), 1e-3) * share
    value = value if abs(value) >= half else half
    money = {"year": 2018, "real": True} if unit == "dollars" else {}
    x = Finding(
        name="x", value=value, unit=unit, interval=(value - half, value + half), level=0.9, change=True, **money
    )
    text = phrases.value(x)
    shown = re.search(r"[\d,]+(?:\.(\d+))?", text)
    assert shown is not None
    scale = 9 if "billion" in text else 6 if "million" in text else 0
    admitted = 1 - math.floor(math.log10(half))
    if unit == "dollars" and admitted == 1 and abs(value) < 10:
        admitted = 2  # dollars have cents or none, never a tenth
    assert len(shown[1] or "") - scale <= max(0 if not scale else -scale, admitted)


@given(st.sampled_from(["no_data", "suppressed", "not_applicable", "failed"]), st.sampled_from(UNITS))
def test_what_is_missing_never_prints_a_digit(status: Any, unit: str) -> None:
    x = Finding(name="x", value=None, unit=unit, status=status, change=True, n=1204, year=2018, real=True)
    other = Finding(name="y", value=5.0, unit=unit, interval=(4.0, 6.0), level=0.9)
    texts = [
        phrases.value(x),
        phrases.brief(x),
        phrases.interval_range(x),
        phrases.interval_words(x),
        phrases.signed(x),
        phrases.direction(x),
        phrases.moved(x, span=True),
        phrases.compared(x, other),
        phrases.compared(other, x),
        phrases.share(x),
        phrases.counted(x, "tract"),
        phrases.listed(x),
        phrases.rank_group(x),
    ]
    assert not any(char.isdigit() for text in texts for char in text)


@given(shares())
def test_a_share_in_words_lies_in_the_interval_and_on_its_side(x: Finding) -> None:
    text = phrases.share(x)
    words = {words: 100 * eval(fraction) for fraction, words in said("shares", "fractions").items()}
    said_share = words.get(text.removeprefix("about "))
    if said_share is None:
        assert numbers_in(text)
        return
    assert x.interval is not None
    assert x.interval[0] <= said_share <= x.interval[1]
    assert abs(said_share - x.number) <= 2
    assert all(side(said_share, limit) == side(x.number, limit) for limit in x.threshold)


@given(shares(), shares())
def test_comparisons_are_symmetric_and_never_against_the_estimates(x: Finding, y: Finding) -> None:
    forward, backward = phrases.compared(x, y), phrases.compared(y, x)
    assert {"higher than": "lower than", "lower than": "higher than"}.get(forward, forward) == backward
    if forward == "higher than":
        assert x.number > y.number
    if x.interval and y.interval and x.interval[0] > y.interval[1]:
        assert forward == "higher than"


def test_the_interval_of_a_difference_follows_zou_and_donner(made: Callable[..., Finding]) -> None:
    # Zou and Donner 2008, Statistics in Medicine 27, 1693–1702, equation 2 with symmetric limits is the usual rule:
    # 10 ± 3 and 5 ± 4 differ by 5 ± 5, which holds zero; 10 ± 3 and 4.9 ± 4 do not.
    x = made("x", 10.0, interval=(7.0, 13.0), change=False)
    assert phrases.compared(x, made("y", 5.0, interval=(1.0, 9.0), change=False)) == "not measurably different from"
    assert phrases.compared(x, made("y", 4.9, interval=(0.9, 8.9), change=False)) == "higher than"


def test_a_narrower_level_does_not_win_a_comparison(made: Callable[..., Finding]) -> None:
    x = made("x", 10.0, interval=(7.0, 13.0), level=0.95, change=False)
    y = made("y", 4.9, interval=(0.9, 8.9), level=0.90, change=False)
    assert phrases.compared(x, y) == "not measurably different from"


@pytest.mark.parametrize(
    ("fields", "spoken", "text"),
    [
        ({"value": 39.2, "interval": (35.1, 43.3)}, phrases.moved, "rose 39 percent"),
        ({"value": 39.2, "interval": (35.1, 43.3)}, phrases.interval_range, "35 to 43 percent"),
        ({"value": -5.2, "interval": (-7.3, -3.1)}, phrases.moved, "fell 5.2 percent"),
        ({"value": 1.0, "interval": (-2.0, 4.0)}, phrases.moved, "did not measurably change"),
        ({"value": 1.0, "interval": (-2.0, 4.0)}, phrases.signed, "+1.0 percent (−2.0 to 4.0 percent)"),
        ({"value": 6.6, "unit": "points", "interval": (5.4, 7.8)}, phrases.moved, "rose 6.6 percentage points"),
        ({"value": 1, "unit": "points", "no_interval": "exact"}, phrases.value, "1 percentage point"),
        ({"value": 0, "no_interval": "exact"}, phrases.moved, "did not change"),
        (
            {"value": 1387, "unit": "dollars", "interval": (1346, 1428), "noun": "a month", "year": 2018, "real": True},
            phrases.value,
            "$1,390 a month in 2018 dollars",
        ),
        (
            {"value": 1387, "unit": "dollars", "interval": (1346, 1428), "noun": "a month", "year": 2018, "real": True},
            phrases.interval_range,
            "$1,350 to $1,430 a month in 2018 dollars",
        ),
        (
            {"value": 1387, "unit": "dollars", "interval": (1346, 1428), "year": 2018, "real": True},
            phrases.brief,
            "$1,390",
        ),
        (
            {"value": -120, "unit": "dollars", "no_interval": "exact", "year": 1999, "real": False},
            phrases.value,
            "−$120 in the dollars of 1999, not adjusted for inflation",
        ),
        (
            {"value": 3_979_576, "unit": "people", "interval": (3_930_000, 4_030_000), "change": False},
            phrases.value,
            "3.98 million people",
        ),
        (
            {"value": 10_040_682, "unit": "people", "no_interval": "census", "change": False},
            phrases.value,
            "10,040,682 people",
        ),
        ({"value": 24.6, "interval": (22, 27), "change": False}, phrases.share, "about one in four"),
        ({"value": 49.6, "interval": (48, 51), "change": False}, phrases.share, "about half"),
        ({"value": 49.6, "interval": (48, 51), "change": False, "threshold": (50.0,)}, phrases.share, "49.6 percent"),
        ({"value": 49.6, "interval": (45, 54), "change": False, "threshold": (50.0,)}, phrases.value, "49.6 percent"),
        ({"value": 99.96, "interval": (99.0, 100.0), "change": False}, phrases.value, "99.96 percent"),
        ({"value": ("Aldea", "Bahía", "Cerro"), "unit": "list"}, phrases.listed, "Aldea, Bahía and Cerro"),
        ({"value": (), "unit": "list"}, phrases.listed, "none"),
        (
            {"value": "Aldea", "unit": "text", "group": ("Aldea", "Bahía")},
            phrases.rank_group,
            "Aldea or Bahía, which the data cannot tell apart",
        ),
        (
            {"value": tuple("ABCDEFG"), "unit": "list"},
            phrases.rank_group,
            "one of 7 places that the data cannot tell apart",
        ),
        (
            {"value": 12.34, "unit": "per_100k", "interval": (11.1, 13.5), "change": False},
            phrases.value,
            "12.3 per 100,000 residents",
        ),
        ({"value": 1, "unit": "days", "no_interval": "exact"}, phrases.value, "1 day"),
        ({"value": 2_500_000, "unit": "bytes", "no_interval": "exact"}, phrases.value, "2.5 MB"),
    ],
)
def test_phrases(made: Callable[..., Finding], fields: dict[str, Any], spoken: Callable[..., str], text: str) -> None:
    assert spoken(made(**fields)).replace("\u00a0", " ") == text


def test_counts_agree_with_their_noun(made: Callable[..., Finding]) -> None:
    for value, text in ((0, "no tracts"), (1, "1 tract"), (1204, "1,204 tracts")):
        assert phrases.counted(made(value=value, unit="count"), "tract").replace("\u00a0", " ") == text


def test_a_fall_with_its_range_reads_in_one_direction(made: Callable[..., Finding]) -> None:
    text = phrases.moved(made(value=-5.2, interval=(-9.3, -1.1)), span=True)
    assert text.replace("\u00a0", " ") == "fell 5 percent (1 to 9 percent)"


def test_levels_do_not_move_and_texts_are_no_shares(made: Callable[..., Finding]) -> None:
    with pytest.raises(AnalysisError, match="change=True"):
        phrases.moved(made(change=False))
    with pytest.raises(AnalysisError, match="not a share"):
        phrases.share(made())
    with pytest.raises(AnalysisError, match="no better and worse"):
        phrases.moved(made(), judged=True)
    with pytest.raises(AnalysisError, match="no verb pair"):
        phrases.moved(made(), "fell")
    with pytest.raises(AnalysisError, match="same unit"):
        phrases.compared(made(), made(unit="points"))
