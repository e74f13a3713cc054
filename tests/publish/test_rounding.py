"""Digits follow from uncertainty, and rounding never moves a number across a line."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.publish.rounding import decimals_for, default_decimals, digits, most_decimals_for, rounded

numbers = st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: float(f"{x:.6g}"))


# Review of Particle Physics, introduction, 5.3: 0.827 ± 0.119 → 0.83 ± 0.12 and 0.827 ± 0.367 → 0.8 ± 0.4.
@pytest.mark.parametrize(
    ("value", "half", "shown"),
    [
        (0.827, 0.119, "0.83"),
        (0.827, 0.367, "0.8"),
        (39.2, 4.1, "39"),
        (39.24, 1.2, "39.2"),
        (1387.0, 41, "1,390"),
        (3_979_576, 4_100, "3,980,000"),
        (-3.21, 0.5, "−3.2"),
    ],
)
def test_the_half_width_decides_the_digits(value: float, half: float, shown: str) -> None:
    assert digits(*rounded(value, decimals_for(half))) == shown


@given(st.floats(1e-6, 1e9))
def test_never_more_than_two_significant_digits_of_the_half_width(half: float) -> None:
    decimals = decimals_for(half)
    assert decimals <= most_decimals_for(half)
    # One unit of the last digit shown is at least a hundredth and at most a bit more than the half width.
    assert half / 100 <= 10.0**-decimals <= 3 * half


@pytest.mark.parametrize(
    ("value", "decimals", "limits", "shown"),
    [
        (49.6, 0, [50], "49.6"),
        (50.4, 0, [50], "50.4"),
        (50, 0, [50], "50"),
        (49.96, 0, [50], "49.96"),
        (0.04, 0, [], "0.04"),
        (-0.04, 0, [], "−0.04"),
        (12.5, 0, [12.5], "12.5"),
        (99.96, 1, [100], "99.96"),
        (1e-15, 0, [], "0.000000000000001"),
    ],
)
def test_rounding_stays_on_its_side(value: float, decimals: int, limits: list[float], shown: str) -> None:
    assert digits(*rounded(value, decimals, limits)) == shown


@given(numbers, st.integers(-4, 4), st.lists(numbers, max_size=3))
def test_rounding_never_crosses_a_threshold(value: float, decimals: int, limits: list[float]) -> None:
    number, used = rounded(value, decimals, limits)
    exact = Decimal(repr(value))
    for limit in (Decimal(0), *(Decimal(repr(x)) for x in limits)):
        assert (number > limit) == (exact > limit)
        assert (number < limit) == (exact < limit)
    assert used >= decimals
    # And it still rounds: never off by more than half a step.
    assert abs(number - exact) <= Decimal(1).scaleb(-decimals) / 2


@given(numbers, st.integers(0, 3))
def test_digits_can_be_read_back(value: float, decimals: int) -> None:
    number, used = rounded(value, decimals)
    assert Decimal(digits(number, used).replace(",", "").replace("−", "-")) == number


def test_a_share_of_few_has_no_decimals() -> None:
    assert default_decimals(2.7, whole=False, n=37) == 0
    assert default_decimals(2.7, whole=False, n=4_000) == 1
