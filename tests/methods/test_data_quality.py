"""What datasets may carry: by grade, by table, by sensitivity; and reasons added up as they should be."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods import data_quality
from analysis.methods.data_quality import CAVEAT, CLOSED, READY, REPAIRED, UNCHECKED, VERDICTS
from analysis.project import AnalysisError


def held(**columns: list[object]) -> pd.DataFrame:
    size = len(next(iter(columns.values())))
    base = {"dataset": [f"d{number}" for number in range(size)], "grade": ["A"] * size, "tables": ["t"] * size}
    return pd.DataFrame({**base, "sensitivity": ["public"] * size, **columns})


@pytest.mark.parametrize(
    ("grade", "table", "who", "verdict"),
    [
        ("A", "t", "public", READY), ("B", "t", "public", READY), ("C", "t", "public", CAVEAT),
        ("D", "t", "public", REPAIRED), ("A", "", "public", UNCHECKED), ("D", "", "public", UNCHECKED),
        ("A", "", "internal", CLOSED), ("A", "", "restricted", CLOSED), ("C", "t", "restricted", CAVEAT),
    ],
)  # fmt: skip
def test_each_kind_of_dataset_gets_its_verdict(grade: str, table: str, who: str, verdict: str) -> None:
    judged = data_quality.verdicts(held(grade=[grade], tables=[table], sensitivity=[who]))
    assert judged["verdict"].tolist() == [verdict]


def test_other_grades_replace_those_of_the_holdings() -> None:
    stricter = pd.DataFrame({"dataset": ["d0", "d1"], "grade": ["C", "A"]})
    assert data_quality.verdicts(held(grade=["A", "D"]), stricter)["verdict"].tolist() == [CAVEAT, READY]


def test_an_unknown_grade_is_refused() -> None:
    with pytest.raises(AnalysisError, match="F is no grade"):
        data_quality.verdicts(held(grade=["F"]))
    with pytest.raises(AnalysisError, match="nan is no grade"):
        data_quality.verdicts(held(grade=["A"]), pd.DataFrame({"dataset": ["other"], "grade": ["A"]}))


@given(st.lists(st.sampled_from(VERDICTS), min_size=1, max_size=40))
def test_counts_and_cells_hold_every_dataset_once(found: list[str]) -> None:
    judged = pd.DataFrame({"verdict": found, "subject": [f"s{len(name) % 3}" for name in found]})
    assert data_quality.verdict_counts(judged).sum() == len(found)
    cells = data_quality.verdicts_by_subject(judged)
    assert cells["datasets"].sum() == len(found)
    assert len(cells) == judged["subject"].nunique() * len(VERDICTS)
    assert (cells["datasets"].isna() == (cells["status"] == "not_applicable")).all()


def tallied() -> pd.DataFrame:
    rows = [
        ("a", "dropped", "tract outside Los Angeles County", 700, "outside"),
        ("a", "changed", "median_gross_rent: no estimate (-666666666), read as missing", 3, "missing"),
        ("b", "changed", "median_home_value: no estimate (-666666666), read as missing", 4, "missing"),
        ("b", "flagged", "tract of 1990 whose shares do not add up to 1 within 1 percent", 5, ""),
        ("b", "flagged", "gap in the dates, kept as a gap (1,591 days without a row)", 9, ""),
        (
            "b",
            "changed",
            "median_gross_rent: zero in the crosswalk file read as missing in median_gross_rent_udp",
            1,
            "",
        ),
        ("b", "kept", "tract read", 90, ""),
    ]
    return pd.DataFrame(rows, columns=["dataset", "action", "reason", "rows", "topic"])


def test_reasons_of_columns_and_years_are_added_up_without_other_places() -> None:
    found = data_quality.by_reason(tallied())
    assert found.to_records(index=False).tolist() == [
        ("Changed", "No estimate (-666666666), read as missing", 7, 2),
        ("Changed", "Zero in the crosswalk file read as missing", 1, 1),
        ("Kept and marked", "Gap in the dates, kept as a gap", 9, 1),
        ("Kept and marked", "Tract of an older census whose shares do not add up to 1 within 1 percent", 5, 1),
    ]
    assert data_quality.largest_reasons(found, 1)["rows"].tolist() == [7, 9]


def test_every_row_of_a_dataset_is_told_by_kind() -> None:
    frame = held(title=["A", "B", "C"], rows_read=[1000, 100, None], tables=["t", "t", ""])
    frame["dataset"] = ["a", "b", "c"]
    found = data_quality.by_dataset(tallied(), frame).set_index("dataset")
    assert found.loc["a", ["rows_read", "outside", "dropped", "changed", "flagged"]].tolist() == [1000, 700, 0, 3, 0]
    assert found.loc["b", ["outside", "dropped", "changed", "flagged"]].tolist() == [0, 0, 5, 14]
    assert "c" not in found.index
    assert data_quality.rows_saying(tallied(), "no estimate (") == 7


def test_the_table_of_grades_begins_with_the_worst_and_leaves_out_what_decides_nothing() -> None:
    frame = held(
        grade=["A", "D", "B", "C"], tables=["t", "t", "", ""], title=["A", "D", "B", "C"], grade_reason=["x"] * 4
    )
    ages = pd.DataFrame({"dataset": frame["dataset"], "last": "2018", "years": 7.0})
    quality = pd.DataFrame({"dataset": frame["dataset"], "empty": [0.0, 0.1, 0.0, 0.4]})
    found = data_quality.graded(data_quality.verdicts(frame), ages, quality)
    assert found["title"].tolist() == ["D", "C", "A"]
    assert found["filled"].tolist() == pytest.approx([90, 60, 100])


def test_a_table_made_of_tables_gets_their_datasets_and_every_paper() -> None:
    edges = pd.DataFrame(
        [
            ("one", "dataset", "p"),
            ("two", "dataset", "q"),
            ("p", "table", "r"),
            ("q", "table", "r"),
            ("f.yml", "file", "s"),
        ],
        columns=["origin", "kind", "table"],
    )
    papers = pd.DataFrame([("01 X", "r"), ("02 Y", "r")], columns=["title", "table"])
    paths = data_quality.flow(edges, papers)
    assert set(paths[paths["table"] == "r"].itertuples(index=False, name=None)) == {
        (origin, "r", paper) for origin in ("one", "two") for paper in ("01 X", "02 Y")
    }
    assert paths[paths["table"] == "s"].to_records(index=False).tolist() == [("f", "s", "")]
