"""A street count's own error: planted changes, false alarms, averages, grounds, and what the choices say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods import planted_counts, street_count
from analysis.methods.street_count import DWELLINGS, CountError, change, comparable_grounds, dispersion, level, people
from analysis.project import AnalysisError


def counted(year: int, tracts: dict[str, float], *, tents: float = 0.0, average: float = 1.7) -> pd.DataFrame:
    """Rows of a count: people alone by tract, and as many tents everywhere."""
    rows = pd.DataFrame(
        {"year": year, "vintage": "2010", "tract": list(tracts), "ground": list(tracts), "counted": True}
    )
    rows["singles"], rows["family_members"], rows["youth_count"] = list(tracts.values()), 0.0, 0.0
    for kind in DWELLINGS:
        rows[kind] = tents if kind == "tents" else 0.0
        rows[f"people_in_{kind}"] = rows[kind] * (average if kind == "tents" else 1.0)
    rows["outdoors"] = rows["singles"] + rows["people_in_tents"]
    return rows


def test_a_smaller_rise_is_found_less_often() -> None:
    found = {growth: [change(one, two, CountError(planted_counts.AVERAGES_ERROR, noise)).lower > 0
                      for one, two, noise in (planted_counts.two_counts(seed, growth) for seed in range(150))]
             for growth in (1.1, 1.3)}  # fmt: skip
    assert sum(found[1.1]) < sum(found[1.3])


def test_shared_errors_do_not_shrink_with_the_area_and_those_of_tracts_do() -> None:
    error = CountError(0.07, 10.0)
    small, large = (pd.Series({"seen": 0.4 * n, "tents": 0.6 * n}) for n in (200.0, 20_000.0))
    width = {name: change(found, found, error.only(name)).upper for name in ("averages", "dispersion", "coverage")
             for found in (large,)}  # fmt: skip
    alone = {name: change(small, small, error.only(name)).upper for name in width}
    assert alone["averages"] == pytest.approx(width["averages"])
    assert alone["coverage"] == pytest.approx(width["coverage"])
    assert alone["dispersion"] > 5 * width["dispersion"]


def test_with_one_set_of_averages_their_error_cancels_where_the_mix_is_the_same() -> None:
    error = CountError(0.2, 1.0, (0.8, 0.8))
    before, after = (pd.Series({"seen": 400.0 * k, "tents": 600.0 * k}) for k in (1.0, 1.3))
    own, same = change(before, after, error), change(before, after, error, same_averages=True)
    assert own.value == same.value == pytest.approx(30.0)
    assert same.upper - same.lower < 0.7 * (own.upper - own.lower)


def test_few_people_are_suppressed_or_not_compared() -> None:
    few, many = pd.Series({"seen": 4.0}), pd.Series({"seen": 400.0})
    assert level(few, CountError(0.1, 2.0)).status == "suppressed"
    assert change(few, many, CountError(0.1, 2.0)).status == "not_applicable"


def test_averages_and_their_error() -> None:
    both = pd.concat(
        [counted(2016, {"a": 5.0}, tents=10, average=1.6), counted(2017, {"a": 5.0}, tents=10, average=1.8)]
    )
    found = street_count.averages(both)
    assert found["tents"].tolist() == pytest.approx([1.6, 1.8])
    assert street_count.averages_error(found[["tents"]]) == pytest.approx(np.log(1.8 / 1.6) / np.sqrt(2))
    with pytest.raises(AnalysisError, match="one year"):
        street_count.averages_error(found.iloc[:1])


def test_dispersion_is_found_where_it_was_planted() -> None:
    rng = np.random.default_rng(4)
    mean = rng.gamma(1.0, 20.0, 3000)
    for clump in (1.0, 4.0, 12.0):
        one, two = (planted_counts.clumped(mean * k, clump, rng) for k in (1.0, 1.2))
        assert dispersion(one, two) == pytest.approx(clump, rel=0.12)
    with pytest.raises(AnalysisError, match="same tracts"):
        dispersion([1.0], [1.0, 2.0])


def test_a_ground_with_an_uncounted_tract_or_beyond_the_area_is_left_out() -> None:
    then = counted(2015, {"a": 3.0, "b": 4.0, "c": 5.0}).assign(vintage="2000", ground=["g", "h", "i"])
    then.loc[1, "counted"] = False
    now = counted(2017, {"a": 3.0, "b": 4.0, "c": 5.0, "d": 1.0}).assign(ground=["g", "h", "i", "i"])
    both = pd.concat([then, now])
    assert list(comparable_grounds(both, ["a", "b", "c"], (2015, 2017))) == ["g"]
    assert list(comparable_grounds(both, ["a", "b", "c", "d"], (2015, 2017))) == ["g", "i"]


def test_youth_counted_in_one_year_only_are_shown_and_not_judged_by() -> None:
    before = counted(2016, {"a": 900.0, "b": 900.0}).assign(youth_count=400.0)
    after = counted(2017, {"a": 1700.0, "b": 1700.0})
    used = pd.DataFrame([dict.fromkeys(DWELLINGS, 1.7)], index=[2017])
    found = street_count.change_choices(before, after, CountError(0.07, 3.0), used, 3400.0)
    table = found.table.set_index("choice")
    assert found.holds
    assert found.covered == 100.0
    assert table.loc[street_count.UNLIKE, "value"] == pytest.approx(100 * (3400 / 2600 - 1))
    assert not table.loc[street_count.UNLIKE, "alike"]


def test_a_handful_of_youth_is_not_told_by_two_changes() -> None:
    before = counted(2016, {"a": 900.0, "b": 900.0}).assign(youth_count=2.0)
    after = counted(2017, {"a": 1700.0, "b": 1700.0})
    used = pd.DataFrame([dict.fromkeys(DWELLINGS, 1.7)], index=[2017])
    found = street_count.change_choices(before, after, CountError(0.07, 3.0), used, 3400.0)
    assert street_count.UNLIKE not in set(found.table["choice"])


def test_the_panel_leaves_out_what_was_counted_once() -> None:
    both = pd.concat([counted(2016, {"a": 1.0}), counted(2017, {"a": 2.0, "b": 3.0})])
    assert street_count.panel(both, pd.Index(["a", "b"])).to_numpy().tolist() == [[1.0, 2.0]]
    assert people(both)["seen"] == 6.0


def test_what_would_undo_a_change() -> None:
    assert street_count.tipping_coverage(0.0) == 0.0
    with pytest.raises(AnalysisError, match="coverage"):
        _ = CountError(0.1, 1.0, (0.9, 0.7)).coverage_error
