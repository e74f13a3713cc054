"""Raw parts read piece by piece are the same text, in the same order, as read whole."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from analysis.catalog import Dataset
from analysis.project import AnalysisError, Project
from analysis.sources.manifest import Edition, Manifest, NewPart, land
from analysis.sources.reading import read_raw
from analysis.sources.streaming import engine, named, raw_query

CSV = "kind: file\naddress: https://sample.invalid/rows.csv\ncolumns: []\nformat: csv\n"
SOCRATA = "kind: socrata\naddress: https://data.sample.invalid/resource/abcd-1234.json\n"


def landed(project: Project, dataset: Dataset, columns: list[str], *contents: bytes, suffix: str = "csv") -> Manifest:
    folder = project.raw("live", dataset.id)
    edition = Edition(dataset.id, "live", dataset.source.kind, "", "2020-01-01T00:00:00Z", columns=tuple(columns))
    return land(folder, edition, [NewPart(suffix, content, "", 1) for content in contents])


def streamed(project: Project, dataset: Dataset, manifest: Manifest, columns: list[str]) -> pd.DataFrame:
    folder = project.raw("live", dataset.id)
    with engine(project.processed("live")) as connection:
        rows = connection.sql(raw_query(dataset, manifest, folder, columns)).fetchall()
    return pd.DataFrame(rows, columns=columns, dtype="str")


def whole(project: Project, dataset: Dataset, manifest: Manifest) -> pd.DataFrame:
    found: pd.DataFrame = read_raw(dataset, manifest, project.raw("live", dataset.id))
    return found


AWKWARD = (
    'code,name,odd "one",note\n06037,"Owens, W",-666666666,\n"","say ""hi""",.,"two\nlines"\n'
    "007, blank ,NA,null\n8,é漢,0.10,nan\n"
)


@pytest.mark.parametrize(
    ("more", "encoding", "delimiter"),
    [("", "utf-8", ","), ("encoding: latin-1\n", "latin-1", ","), ("", "utf-8-sig", ","),
     ("delimiter: ';'\n", "utf-8", ";")],
)  # fmt: skip
def test_delimited_text_is_the_same_as_read_whole(
    project: Project, define: Callable[..., Dataset], more: str, encoding: str, delimiter: str
) -> None:
    dataset = define("rows", CSV + more)
    text = AWKWARD.replace("漢", "") if encoding == "latin-1" else AWKWARD
    text = text.replace(",", delimiter) if delimiter != "," else text
    columns = ["code", "name", 'odd "one"', "note"]
    text = text.replace('odd "one"', '"odd ""one"""')
    manifest = landed(project, dataset, columns, text.encode(encoding), text.encode(encoding))
    expected = whole(project, dataset, manifest)
    assert len(expected) == 8
    pd.testing.assert_frame_equal(streamed(project, dataset, manifest, columns), expected)
    pd.testing.assert_frame_equal(streamed(project, dataset, manifest, ["note"]), expected[["note"]])


def test_headings_below_other_lines(project: Project, define: Callable[..., Dataset]) -> None:
    dataset = define("rows", CSV + "header_row: 3\n")
    manifest = landed(project, dataset, ["a", "b"], b"A title,\nand a date,\na,b\n1,2\n")
    pd.testing.assert_frame_equal(streamed(project, dataset, manifest, ["a", "b"]), whole(project, dataset, manifest))


def test_pages_of_rows_are_the_same_as_read_whole(project: Project, define: Callable[..., Dataset]) -> None:
    dataset = define("requests", SOCRATA)
    pages = [
        [{":id": f"row-{page}-{n}", "cd": "07", "n": 5, "open": True, "empty": "", "quote": 'a "b" \\ é'}
         if n % 3 else {":id": f"row-{page}-{n}", "cd": None} for n in range(4000)]
        for page in range(3)
    ]  # fmt: skip
    columns = [":id", "cd", "n", "open", "empty", "quote"]
    contents = [json.dumps(page).encode() for page in pages]
    manifest = landed(project, dataset, columns, *contents, suffix="json")
    pd.testing.assert_frame_equal(streamed(project, dataset, manifest, columns), whole(project, dataset, manifest))


def test_a_large_file_comes_in_its_own_order(project: Project, define: Callable[..., Dataset]) -> None:
    dataset = define("rows", CSV)
    lines = [f'{n},"{"x" * (n % 300)}{chr(10) if n % 50 == 0 else ""}"' for n in range(150_000)]
    manifest = landed(project, dataset, ["n", "text"], ("n,text\n" + "\n".join(lines) + "\n").encode())
    assert streamed(project, dataset, manifest, ["n"])["n"].tolist() == [str(n) for n in range(150_000)]


def test_a_folder_with_the_letters_of_a_pattern(tmp_path: Path, define: Callable[..., Dataset]) -> None:
    (tmp_path / "ab").mkdir()
    project = Project(tmp_path / "it's [ab]*?")
    dataset = define("rows", CSV)
    manifest = landed(project, dataset, ["a"], b"a\n1\n")
    assert streamed(project, dataset, manifest, ["a"])["a"].tolist() == ["1"]


def test_a_column_that_is_not_there(project: Project, define: Callable[..., Dataset]) -> None:
    dataset = define("rows", CSV)
    manifest = landed(project, dataset, ["a"], b"a\n1\n")
    with pytest.raises(AnalysisError, match=r"rows: column 'b' is not in the data \(there are a\).*fetch again"):
        raw_query(dataset, manifest, project.raw("live", "rows"), ["a", "b"])


@pytest.mark.parametrize("more", ["encoding: cp1252\n", "format: zip\n"])
def test_what_has_to_be_read_whole_says_so(project: Project, define: Callable[..., Dataset], more: str) -> None:
    dataset = define("rows", (CSV.replace("format: csv\n", "") if "format" in more else CSV) + more)
    manifest = landed(project, dataset, ["a"], b"a\n1\n")
    with pytest.raises(AnalysisError, match="cannot be read piece by piece"):
        raw_query(dataset, manifest, project.raw("live", "rows"), ["a"])


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="this system does not list threads")
def test_the_engine_leaves_no_thread_and_no_file(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/task"))
    with engine(tmp_path) as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS n FROM range(3_000_000)")
        assert connection.sql("SELECT count(DISTINCT n % 1000) FROM t").fetchall() == [(1000,)]
    assert len(os.listdir("/proc/self/task")) <= before
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_ever_fetched_for_the_engine(tmp_path: Path) -> None:
    import duckdb

    with engine(tmp_path) as connection, pytest.raises(duckdb.Error):
        connection.execute("LOAD spatial")


def test_names_with_quotes() -> None:
    assert named('a"b') == '"a""b"'
