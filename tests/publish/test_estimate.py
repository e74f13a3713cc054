"""An estimate is published whole: with its interval, with its reason, or not as a number at all."""

from __future__ import annotations

from analysis import publish
from analysis.methods.estimate import Estimate


def test_interval_level_and_size_come_along() -> None:
    found = publish.estimate("a", Estimate(40.0, 31.0, 49.0, 0.9, 120), unit="percent", denominator="tracts")
    assert (found.value, found.interval, found.level, found.n) == (40.0, (31.0, 49.0), 0.9, 120)


def test_emptiness_keeps_its_name_and_reason() -> None:
    found = publish.estimate("b", Estimate.empty("no_data", "three days are missing"), unit="days")
    assert (found.status, found.value, found.note) == ("no_data", None, "three days are missing")


def test_a_share_of_a_handful_is_not_a_number() -> None:
    found = publish.estimate("c", Estimate(100.0, 20.0, 100.0, 0.95, 1), unit="percent", denominator="tracts")
    assert found.status == "not_applicable"
    assert "1 cases" in (found.note or "")


def test_without_an_interval_the_reason_says_why() -> None:
    found = publish.estimate("d", Estimate(7.0, reason="a count of all"), unit="days")
    assert (found.interval, found.no_interval) == (None, "a count of all")
