"""Tables that are built piece by piece: the same rows as in one piece, counted, checked, whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.project import AnalysisError
from analysis.refine import batches, repeats, streaming
from analysis.refine.building import build_table
from analysis.refine.contracts import Field, Table
from analysis.refine.expressions import moment, number, text, unreadable
from analysis.refine.profiles import measure, measure_streamed
from analysis.refine.storage import parquet_path, read_meta, sweep
from analysis.refine.streaming import Flow, Rule, Stream
from analysis.refine.workbench import Shelf
from refine_desk import Desk

DATASET = "trial"
ENTRY = """subject: trial
title: Trial
datasets:
  - id: trial
    title: Rows of nobody
    description: Rows.
    use_for: Tests.
    do_not_use_for: Anything else.
    publisher: Nobody
    landing_page: https://sample.invalid/
    licence: None
    steward: Nobody
    sensitivity: public
    cadence: never
    source: {kind: file, address: "https://sample.invalid/rows.csv", format: csv, columns: []}
    key: [id]
    geography: point
    period: {start: "2015", end: "2025"}
    known_dirt: []
"""
COLUMNS = {
    "code": text("id"),
    "at": moment("when"),
    "kind": f"coalesce({text('what')}, 'none')",
    "size": f"CASE WHEN {number('much')} > 0 THEN {number('much')} END",
}
RULES = (
    Rule("dropped", "no code", "clean.code IS NULL", "missing"),
    Rule("refused", "column 'much' has a value that is no number", unreadable("much", number("much"))),
    Rule("dropped", "no time", "clean.at IS NULL", "missing"),
    Rule("changed", "size below zero", f"{number('much')} <= 0", "missing"),
    Rule("flagged", "no kind", f"{text('what')} IS NULL"),
)


def plan(_: Any = None) -> Stream:
    return Stream((Flow(DATASET, ("id", "when", "what", "much"), COLUMNS, RULES),), latest="at")


# A table's code is hashed by the module of its build; a test module has no place in the package.
plan.__module__ = "analysis.refine.service_requests"

TABLE = Table(
    name="trial",
    title="Rows of nobody",
    key=("code",),
    fields=(
        Field("code", "text", "Code", "code", pattern=r"^\d+$"),
        Field("at", "date", "When", "moment"),
        Field("kind", "text", "What", "label", choices=("none", "a", "b, c", 'd "e"')),
        Field("size", "number", "How much", "units", nullable=True, minimum=0, maximum=1000),
    ),
    build=plan,
    inputs=(DATASET,),
    period="at",
    streamed=True,
)


@pytest.fixture
def trial(desk: Desk) -> Desk:
    (desk.project.catalog / "trial.yml").write_text(ENTRY)
    return desk


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces and row groups of a few rows, so that a small file has many."""
    monkeypatch.setattr(streaming, "ROW_GROUP", 2048)
    monkeypatch.setattr(batches, "ROW_GROUP", 500)
    monkeypatch.setattr(repeats, "_PIECE", 700)


def dirty(rows: int, seed: int = 1) -> list[dict[str, str]]:
    draw = np.random.default_rng(seed)
    kinds = ["a", " b, c ", 'd "e"', "", "  "]
    found = []
    for n in range(rows):
        code = n if draw.random() < 0.9 else int(draw.integers(0, n + 1))
        month, day, hour = (int(draw.integers(*ends)) for ends in ((1, 14), (1, 32), (0, 3)))
        moment_ = f"2020-{month:02d}-{day:02d}T{hour:02d}:00:00.000"
        found.append(
            {
                "id": "" if draw.random() < 0.02 else f" {code}" if draw.random() < 0.1 else str(code),
                "when": "" if draw.random() < 0.02 else moment_,
                "what": kinds[int(draw.integers(len(kinds)))],
                "much": str(draw.choice(["", "0", "-1", "2.5", " 7 ", "1e2"])),
            }
        )
    return found


def put(desk: Desk, rows: list[dict[str, str]], promised: int | None = None) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    desk.put(DATASET, "file", "csv", out.getvalue().encode(), promised or len(rows), list(rows[0]))


def build(desk: Desk, table: Table = TABLE) -> pd.DataFrame:
    build_table(table, Shelf(desk.project, "sample"))
    return pd.read_parquet(parquet_path(desk.project, "sample", table.name))


def in_one_piece(rows: list[dict[str, str]]) -> tuple[pd.DataFrame, dict[str, int]]:
    """The same in plain pandas, and what should have been counted."""
    raw = pd.DataFrame(rows).apply(lambda column: column.str.strip()).replace("", np.nan)
    much = pd.to_numeric(raw["much"]).astype("float64")
    frame = pd.DataFrame(
        {
            "code": raw["id"].astype("str"),
            "at": pd.to_datetime(raw["when"], format="%Y-%m-%dT%H:%M:%S.000", errors="coerce").astype("datetime64[us]"),
            "kind": raw["what"].fillna("none").astype("str"),
            "size": much.where(much > 0),
        }
    )
    none, late = frame["code"].isna(), frame["at"].isna() & frame["code"].notna()
    left = frame[~none & ~late]
    order = left.sort_values("at", ascending=False, kind="stable")
    losers = order.index[order["code"].duplicated()]
    kept = left.drop(losers)
    counted = {
        "no code": int(none.sum()), "no time": int(late.sum()), TABLE_REPEAT: len(losers),
        "size below zero": int((much[kept.index] <= 0).sum()), "no kind": int(raw["what"][kept.index].isna().sum()),
    }  # fmt: skip
    return kept.reset_index(drop=True), counted


TABLE_REPEAT = Stream(()).repeat


@pytest.mark.parametrize("rows", [1, 300, 9_000])
def test_the_same_rows_as_in_one_piece_and_every_row_accounted_for(trial: Desk, small_pieces: None, rows: int) -> None:
    content = [{"id": "5", "when": "2020-01-01T00:00:00.000", "what": "a", "much": "1"}] if rows == 1 else dirty(rows)
    put(trial, content)
    found = build(trial)
    expected, counted = in_one_piece(content)
    pd.testing.assert_frame_equal(found, expected)
    tallies = {reason: n for (_, _, reason), n in trial.tallies("trial").items()}
    assert tallies == {reason: n for reason, n in counted.items() if n}
    meta = read_meta(trial.project, "sample", "trial")
    assert meta is not None
    lost = sum(one["rows"] for one in meta["accounting"] if one["action"] == "dropped")
    assert meta["rows_read"] == {DATASET: rows}
    assert meta["rows"] == len(found) == rows - lost
    days = expected["at"].dt.date
    assert meta["period"] == (f"{days.min()} to {days.max()}" if rows > 1 else "2020-01-01")


def test_types_are_those_of_the_contract(trial: Desk) -> None:
    put(trial, dirty(200))
    found = build(trial)
    assert {name: str(kind) for name, kind in found.dtypes.items()} == {f.name: f.dtype for f in TABLE.fields}


def test_the_same_bytes_on_one_processor_and_on_several(
    trial: Desk, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(trial, dirty(9_000))
    digests = set()
    for processors in (1, 2, 5):
        monkeypatch.setattr("analysis.sources.streaming._processors", lambda n=processors: n)
        build(trial)
        digests.add(hashlib.sha256(parquet_path(trial.project, "sample", "trial").read_bytes()).hexdigest())
    assert len(digests) == 1
    groups = pq.ParquetFile(parquet_path(trial.project, "sample", "trial")).metadata
    sizes = [groups.row_group(n).num_rows for n in range(groups.num_row_groups)]
    assert set(sizes[:-1]) == {500}


def test_examples_name_the_key_or_the_row(trial: Desk) -> None:
    rows = [{"id": str(n), "when": "2020-01-01T00:00:00.000", "what": "a", "much": "1"} for n in range(9)]
    rows[3]["id"], rows[5]["when"], rows[7]["much"] = " ", "2020-02-30T00:00:00.000", "-2"
    put(trial, rows)
    build(trial)
    meta = read_meta(trial.project, "sample", "trial")
    assert meta is not None
    shown = {one["reason"]: one["examples"] for one in meta["accounting"]}
    assert shown == {"no code": ["row 4"], "no time": ["5"], "size below zero": ["7"]}


def bad(rows: list[dict[str, str]], **cells: str) -> list[dict[str, str]]:
    return [*rows, {**rows[-1], "id": "99999", "when": "2020-01-01T00:00:00.000", **cells}]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"much": "many"}, r"trial: column 'much' has a value that is no number \(first rows: 99999\).*declared"),
        ({"what": "zzz"}, r"table trial \(from trial\): column 'kind' breaks its contract .isin.*99999: kind is 'zzz'"),
        ({"much": "1001"}, r"column 'size' breaks its contract \(less_than_or_equal_to\(1000\)\).*99999"),
        ({"much": "inf"}, r"column 'size' breaks its contract"),
        ({"id": "x9"}, r"column 'code' breaks its contract \(str_matches"),
    ],
)  # fmt: skip
def test_what_was_not_foreseen_stops_the_build_and_leaves_the_old_table(
    trial: Desk, cells: dict[str, str], says: str
) -> None:
    put(trial, dirty(300))
    before = build(trial)
    put(trial, bad(dirty(300), **cells))
    with pytest.raises(AnalysisError, match=says):
        build(trial)
    pd.testing.assert_frame_equal(pd.read_parquet(parquet_path(trial.project, "sample", "trial")), before)
    folder = trial.project.processed("sample")
    assert sorted(path.name for path in folder.iterdir()) == ["trial.meta.json", "trial.parquet"]


def test_a_key_that_repeats_needs_a_column_that_decides(trial: Desk) -> None:
    put(trial, dirty(300))

    def undecided(_: Any) -> Stream:
        return replace(plan(), latest="")

    undecided.__module__ = plan.__module__
    with pytest.raises(AnalysisError, match=r"the key code stands again in \d+ rows: code=\d+.*latest"):
        build(trial, replace(TABLE, build=undecided))


def test_rows_that_were_fetched_and_not_read_are_missed(trial: Desk) -> None:
    put(trial, dirty(300), promised=301)
    with pytest.raises(AnalysisError, match="trial: 300 rows were read, 301 were fetched"):
        build(trial)


def test_a_part_that_was_altered_is_not_read(trial: Desk) -> None:
    put(trial, dirty(300))
    (part,) = trial.project.raw("sample", DATASET).glob("part-*")
    part.write_bytes(part.read_bytes().replace(b"a", b"b", 1))
    with pytest.raises(AnalysisError, match="was altered after it was fetched"):
        build(trial)


def test_a_column_that_is_not_declared(trial: Desk) -> None:
    put(trial, dirty(10))
    with pytest.raises(AnalysisError, match="the flow of trial and the declared columns differ: size"):
        build(trial, replace(TABLE, fields=TABLE.fields[:-1]))


def test_nothing_left_is_an_error(trial: Desk) -> None:
    put(trial, [{"id": "", "when": "", "what": "", "much": ""}])
    with pytest.raises(AnalysisError, match="table trial: no rows are left of trial"):
        build(trial)


KILLED = """
import os, sys
sys.path[:0] = [{tests!r}, {here!r}]
from pathlib import Path
from analysis.project import Project
from analysis.refine import batches, building, repeats
from analysis.refine.workbench import Shelf
import test_streaming
target, name, after = {{"writing": (batches.RowGroups, "add", 2), "logging": (repeats.RowLog, "add", 2),
                        "committing": (building, "commit_table", 1)}}[{moment!r}]
batches.ROW_GROUP = 500
true, calls = getattr(target, name), []
def dies(*arguments):
    calls.append(1)
    if len(calls) == after:
        os._exit(9)
    return true(*arguments)
setattr(target, name, dies)
import analysis.refine.streaming as streaming
streaming.ROW_GROUP = 2048
building.build_table(test_streaming.TABLE, Shelf(Project(Path({root!r})), "sample"))
"""


@pytest.mark.parametrize("moment_", ["logging", "writing", "committing"])
def test_killed_at_any_moment_the_old_table_stays_and_the_next_build_is_whole(
    trial: Desk, moment_: str, small_pieces: None
) -> None:
    put(trial, dirty(300))
    before = build(trial)
    put(trial, dirty(9_000))
    here = Path(__file__).parent
    script = KILLED.format(tests=str(here.parent), here=str(here), root=str(trial.project.root), moment=moment_)
    assert subprocess.run([sys.executable, "-c", script]).returncode == 9
    path = parquet_path(trial.project, "sample", "trial")
    pd.testing.assert_frame_equal(pd.read_parquet(path), before)
    sweep(path.parent)
    assert sorted(each.name for each in path.parent.iterdir()) == ["trial.meta.json", "trial.parquet"]
    pd.testing.assert_frame_equal(build(trial), in_one_piece(dirty(9_000))[0])


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="this system does not list threads")
def test_no_thread_of_the_engine_outlives_the_build(trial: Desk) -> None:
    put(trial, dirty(300))
    build(trial)  # Arrow's own pool is there from now on
    before = len(os.listdir("/proc/self/task"))
    build(trial)
    assert len(os.listdir("/proc/self/task")) <= before


def test_a_profile_is_the_same_piece_by_piece(trial: Desk) -> None:
    rows = dirty(500)
    put(trial, [*rows, *rows[:7]])
    shelf = Shelf(trial.project, "sample")
    expected = measure(shelf.catalog[DATASET], shelf.raw(DATASET), shelf.manifest(DATASET).sha256)
    assert expected.key_missing > 0 < expected.key_repeated
    assert expected.repeated >= 7
    assert measure_streamed(shelf, DATASET) == expected


def log(folder: Path, codes: list[str], latest: list[int | None], hashed: Callable[[str], int]) -> Any:
    import pyarrow as pa

    found = repeats.RowLog(folder / "rows", ("code",), "latest")
    for start in range(0, len(codes), 3):
        here = slice(start, start + 3)
        batch = pa.record_batch(
            {"code": codes[here], "other": codes[here], "latest": pa.array(latest[here], pa.int64())}
        )
        found.add(batch, np.array([hashed(code) for code in codes[here]], dtype=np.uint64))
    found.close()
    assert [code for batch in found.read() for code in batch.column("other").to_pylist()] == codes
    return found.repeats()


@pytest.mark.parametrize("hashed", [lambda code: ord(code), lambda code: 7, lambda code: ord(code) % 2])
def test_keys_with_one_hash_are_told_apart(tmp_path: Path, hashed: Callable[[str], int]) -> None:
    latest: list[int | None] = [1, 5, None, 1, 6, 0, None, 2, 1]
    found = log(tmp_path, list("abcabdaef"), latest, hashed)
    # a stands at 0, 3 and 6 with 1, 1 and nothing: the first of equals stays. Of b the later one.
    assert found["position"].tolist() == [1, 3, 6]
    assert found["code"].tolist() == ["b", "a", "a"]
