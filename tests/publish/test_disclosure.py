"""Nothing published lets a reader work out a small count of people."""

from __future__ import annotations

import csv
import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.disclosure import (
    DisclosureError,
    Relation,
    audit,
    k_anonymity,
    l_diversity,
    small,
    suppress,
    two_way,
)
from analysis.project import AnalysisError
from analysis.publish.disclosure import guarded, require_no_small_counts
from analysis.publish.downloads import download

LIMIT = 11


def with_totals(inner: np.ndarray) -> np.ndarray:
    rows = np.vstack([inner, inner.sum(axis=0)])
    return np.hstack([rows, rows.sum(axis=1, keepdims=True)])


def test_two_in_every_row_and_column_can_still_reveal_one_exactly() -> None:
    # The textbook trap (Cox 1980): every row and column has two hidden cells or more. But rows one and two hide the
    # four cells that columns one and two hide, and one more: their published remainders differ by just that one.
    inner = np.array([[20, 50, 60, 33, 41], [30, 40, 2, 55, 62], [70, 25, 35, 28, 19], [80, 15, 45, 90, 26]])
    hidden = np.array([[1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [0, 0, 0, 1, 1]], dtype=bool)
    assert (hidden.sum(axis=0) >= 2).all()
    assert (hidden.sum(axis=1) >= 2).all()
    mask = np.pad(hidden, ((0, 1), (0, 1)))
    relations = two_way(5, 6, row_totals=True, column_totals=True)
    found = audit(with_totals(inner).ravel(), relations, mask.ravel(), LIMIT)
    cell = 1 * 6 + 2
    assert (found.low[cell], found.high[cell]) == (2, 2)
    assert cell in {exposure.cell for exposure in found.exposed}
    # Suppression started from the small count alone finds a pattern that holds.
    assert suppress(with_totals(inner).ravel(), relations, LIMIT).audit.safe


def brute_force(table: np.ndarray, mask: np.ndarray, relations: tuple[Relation, ...]) -> dict[int, tuple[int, int]]:
    """Every table of whole numbers that agrees with what is published, by trying them all."""
    places = np.flatnonzero(mask)
    most = int(table.max())
    floor = 0 if (table[places] == 0).any() else 1
    seen: dict[int, set[int]] = {int(place): set() for place in places}
    for values in product(range(floor, most + 1), repeat=len(places)):
        trial = table.copy()
        trial[places] = values
        if all(trial[r.total] == trial[list(r.parts)].sum() for r in relations):
            for place, value in zip(places, values, strict=True):
                seen[int(place)].add(value)
    return {place: (min(values), max(values)) for place, values in seen.items()}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_audit_finds_exactly_what_an_attacker_can(data: st.DataObject) -> None:
    inner = np.array(data.draw(st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=2), min_size=2, max_size=3)))
    table = with_totals(inner)
    relations = two_way(*table.shape, row_totals=True, column_totals=True)
    inside = [r * table.shape[1] + c for r in range(inner.shape[0]) for c in range(inner.shape[1])]
    mask = np.zeros(table.size, dtype=bool)
    mask[data.draw(st.lists(st.sampled_from(inside), min_size=1, max_size=4, unique=True))] = True
    found = audit(table.ravel(), relations, mask, LIMIT)
    for place, (low, high) in brute_force(table.ravel(), mask, relations).items():
        assert (round(found.low[place]), round(found.high[place])) == (low, high)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(2, 4))
def test_planted_small_counts_never_leak(seed: int, rows: int, columns: int) -> None:
    draw = np.random.default_rng(seed)
    table = with_totals(draw.poisson(draw.choice([0.5, 5, 60], size=(rows, columns))))
    relations = two_way(*table.shape, row_totals=True, column_totals=True)
    try:
        found = suppress(table.ravel(), relations, LIMIT)
    except DisclosureError:
        return  # refused: nothing is published
    assert (found.suppressed >= small(table.ravel(), LIMIT)).all()
    # The proof is made again here, from what a reader sees.
    again = audit(table.ravel(), relations, found.suppressed, LIMIT)
    for cell in np.flatnonzero(small(table.ravel(), LIMIT)):
        possible = np.floor(again.high[cell] + 1e-6) - np.ceil(again.low[cell] - 1e-6) + 1
        assert possible >= LIMIT - 1


def test_a_planted_leak_is_found_and_closed() -> None:
    table = with_totals(np.array([[3, 200], [150, 180], [90, 60]])).ravel()
    relations = two_way(4, 3, row_totals=True, column_totals=True)
    leak = audit(table, relations, small(table, LIMIT), LIMIT)
    assert [(e.cell, e.low, e.high) for e in leak.exposed] == [(0, 3, 3)]
    closed = suppress(table, relations, LIMIT)
    assert closed.audit.safe
    assert closed.complementary.sum() == 3  # a rectangle, the least that works
    assert not closed.suppressed[[2, 5, 8, 9, 10, 11]].any()  # totals stay


def test_nothing_small_means_nothing_withheld() -> None:
    found = suppress([0, 20, 30, 50], [Relation(3, (0, 1, 2))], LIMIT)
    assert not found.suppressed.any()


def test_totals_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(DisclosureError, match="add up to 51"):
        suppress([1, 20, 30, 50], [Relation(3, (0, 1, 2))], LIMIT)
    with pytest.raises(DisclosureError, match="whole numbers"):
        audit([1.5], [], [True], LIMIT)


def test_k_anonymity_matches_the_published_case(reference: Path) -> None:
    folder = reference / "disclosure_francdat"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["verified_here"]
    frame = pd.read_csv(folder / "francdat.csv", quoting=csv.QUOTE_MINIMAL)
    found = k_anonymity(frame, expected["keys"], k=2, weight="w")
    assert found.sample.tolist() == expected["fk"]
    assert found.population.tolist() == expected["Fk"]
    assert found.violations == expected["violate_2_anon"]
    assert k_anonymity(frame, expected["keys"], k=3, weight="w").violations == expected["violate_3_anon"]


def test_a_missing_key_is_a_key() -> None:
    frame = pd.DataFrame({"age": [30, None, None, 40], "zip": ["a", "a", "a", None], "ill": ["x", "y", "y", "z"]})
    assert k_anonymity(frame, ["age", "zip"], k=2).sample.tolist() == [1, 2, 2, 1]
    assert l_diversity(frame, ["age", "zip"], "ill").violations == 4
    with pytest.raises(DisclosureError, match="no column street"):
        k_anonymity(frame, ["street"], k=2)


def test_alike_people_are_flagged_although_they_are_many() -> None:
    frame = pd.DataFrame({"zip": ["a"] * 20 + ["b"] * 20, "ill": ["flu"] * 20 + ["flu", "cold"] * 10})
    assert k_anonymity(frame, ["zip"], k=5).violations == 0
    assert l_diversity(frame, ["zip"], "ill").violations == 20


def test_records_of_people_who_stand_out_are_not_offered() -> None:
    frame = pd.DataFrame({"zip": ["a"] * 20 + ["b"] * 11, "ill": ["flu", "cold"] * 10 + ["flu"] * 11})
    download("ok", frame, title="x", description="y", record_keys=["zip"])
    with pytest.raises(AnalysisError, match="11 records lie in groups of zip"):
        download("alike", frame, title="x", description="y", record_keys=["zip"], sensitive="ill")
    with pytest.raises(AnalysisError, match="1 records share zip"):
        download("one", frame.assign(zip=["c", *frame["zip"][1:]]), title="x", description="y", record_keys=["zip"])


def districts() -> pd.DataFrame:
    frame = pd.DataFrame({"area": ["A", "B", "C"], "men": [3, 150, 90], "women": [200, 180, 60]})
    frame["all"] = frame["men"] + frame["women"]
    total = {"area": "City", **frame[["men", "women", "all"]].sum().to_dict()}
    frame = pd.concat([frame, pd.DataFrame([total])], ignore_index=True)
    return frame.assign(total=[False, False, False, True])


def test_the_gate_hides_what_reveals() -> None:
    people = ["men", "women", "all"]
    found = guarded("table", districts(), people, totals="total", sums={"all": ["men", "women"]})
    assert found.primary == 1
    assert found.complementary == 3
    assert found.hidden.loc[0].tolist() == [True, True, False]
    without = guarded("table", districts(), people)
    assert (without.primary, without.complementary) == (1, 0)


def test_the_gate_says_what_is_wrong() -> None:
    frame = districts()
    with pytest.raises(AnalysisError, match="did you mean women"):
        guarded("table 'x'", frame, ["womn"])
    with pytest.raises(AnalysisError, match="one row"):
        guarded("table 'x'", frame.assign(total=False), ["men"], totals="total")
    with pytest.raises(AnalysisError, match="round estimates"):
        guarded("table 'x'", frame.assign(men=frame["men"] + 0.5), ["men"])
    with pytest.raises(AnalysisError, match="column 'men' in row 3"):
        guarded("table 'x'", frame.assign(men=[3, 150, 90, 244]), ["men"], totals="total")
    with pytest.raises(AnalysisError, match="from 1 to 10, first in row 0"):
        require_no_small_counts("figure 'x'", frame, ["men"])
