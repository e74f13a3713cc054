"""What the trials of the business report are made of: planted rates, jobs and quarters."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.methods.planted_businesses import CLOSING, MOVING, planted_businesses, planted_jobs, planted_quarters


def test_businesses_end_at_the_planted_rate() -> None:
    subjects, _ = planted_businesses(1, ratio=1.0, shared=0.0, count=20_000)
    years = (subjects["leave"] - subjects["entry"]).dt.days.sum() / 365.25
    assert (subjects["event"] != "open").sum() / years == pytest.approx(CLOSING + MOVING, rel=0.03)


def test_the_district_grows_by_so_much_more() -> None:
    plain, more = (planted_jobs(3, extra=extra, noise=0.0)[0] for extra in (0.0, 0.02))
    assert (more / plain).iloc[-1].to_numpy() == pytest.approx(np.exp(0.02 * 8))


def test_quarters_add_up_to_the_planted_rise() -> None:
    found = [planted_quarters(seed, rise=80.0)["establishments_change"].iloc[::4].sum() for seed in range(300)]
    assert np.mean(found) == pytest.approx(80.0, abs=3)
