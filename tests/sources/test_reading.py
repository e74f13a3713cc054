"""Raw parts as frames of text, without a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.catalog import Dataset
from analysis.project import AnalysisError
from analysis.sources import Edition, NewPart, land, read_raw
from analysis.sources.parsing import as_text
from analysis.sources.reading import text_frame

CENSUS = """
kind: census
address: https://api.census.gov/data/2018/acs/acs5
for: "tract:*"
in: "state:99 county:001"
variables: {A: a, B: b}
"""


def landed(folder: Path, dataset: Dataset, *bodies: object, suffix: str = "json"):
    edition = Edition(dataset.id, "sample", dataset.source.kind, "https://sample.invalid/x", "2020-01-01T00:00:00Z")
    parts = [NewPart(suffix, body if isinstance(body, bytes) else json.dumps(body).encode(), "", 1) for body in bodies]
    return read_raw(dataset, land(folder, edition, parts), folder)


def test_census_chunks_join_on_place_whatever_their_order(define: Callable[..., Dataset], tmp_path: Path) -> None:
    frame = landed(
        tmp_path / "raw",
        define("people", CENSUS),
        [
            ["NAME", "A", "state", "county", "tract"],
            ["x", "1", "99", "001", "000100"],
            ["y", "2", "99", "001", "000200"],
        ],
        [["B", "state", "county", "tract"], ["20", "99", "001", "000200"], ["10", "99", "001", "000100"]],
    )
    assert frame.to_dict("list") == {
        "NAME": ["x", "y"],
        "A": ["1", "2"],
        "B": ["10", "20"],
        "state": ["99", "99"],
        "county": ["001", "001"],
        "tract": ["000100", "000200"],
    }
    assert set(map(str, frame.dtypes)) == {"str"}


def test_a_place_that_stands_twice_in_a_chunk_is_an_error(define: Callable[..., Dataset], tmp_path: Path) -> None:
    header = ["A", "state", "county", "tract"]
    row = ["1", "99", "001", "000100"]
    with pytest.raises(AnalysisError, match="people: cannot read the raw parts"):
        landed(tmp_path / "raw", define("people", CENSUS), [header, row], [["B", *header[1:]], row, row])


def test_a_manifest_of_another_dataset_is_refused(define: Callable[..., Dataset], tmp_path: Path) -> None:
    people = define("people", CENSUS)
    edition = Edition("roads", "sample", "census", "", "2020-01-01T00:00:00Z")
    manifest = land(tmp_path / "raw", edition, [NewPart("json", b"[]", "", 0)])
    with pytest.raises(AnalysisError, match="people: the manifest is of 'roads'"):
        read_raw(people, manifest, tmp_path / "raw")


def test_a_part_in_another_encoding_is_told_with_the_line_of_the_catalogue(
    define: Callable[..., Dataset], tmp_path: Path
) -> None:
    table = define("table", "kind: file\naddress: https://a.example/x.csv\nformat: csv\ncolumns: [a]")
    with pytest.raises(AnalysisError, match=r"table: .*UnicodeDecodeError.*invented.yml:4"):
        landed(tmp_path / "raw", table, b"a\n\xff\n", suffix="csv")


def test_columns_of_socrata_rows_keep_the_order_of_the_manifest() -> None:
    frame = text_frame([{"b": 1}, {"c": None, "a": "x"}], ["a", "b", "z"])
    assert list(frame.columns) == ["a", "b", "z", "c"]
    assert frame.isna().to_numpy().tolist() == [[True, False, True, True], [False, True, True, True]]
    assert len(text_frame([], ["a"])) == 0


@given(st.integers(-(10**15), 10**15))
def test_a_code_reads_the_same_from_a_workbook_and_from_json(code: int) -> None:
    assert as_text(float(code)) == as_text(code) == str(code)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_measurement_survives_being_text(value: float) -> None:
    text = as_text(value)
    assert text is not None
    assert float(text) == value
