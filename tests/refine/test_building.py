"""What makes a table stale, what survives a kill, and that the same rows are the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.project import AnalysisError
from analysis.refine import building, freshness
from analysis.refine.building import in_order, refine_tables, status
from analysis.refine.contracts import Field, Table
from analysis.refine.registry import tables
from analysis.refine.storage import parquet_path
from refine_desk import NEW, Desk, new_desk

TABLES = ("prices", "tract_periods", "tract_income_brackets")


def bytes_of(desk: Desk) -> dict[str, bytes]:
    """Every refined file of a desk, by name."""
    folder = desk.project.processed("sample")
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_the_same_rows_in_two_folders_are_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for name in ("one", "another"):
        desk = new_desk(tmp_path / name)
        desk.census_tracts()
        desk.build(*TABLES)
        found.append(bytes_of(desk))
    assert found[0] == found[1]
    assert {"tract_periods.parquet", "tract_periods.meta.json"} <= set(found[0])
    assert not any(str(tmp_path).encode() in content for content in found[0].values())


def test_touching_a_file_makes_nothing_stale_and_new_bytes_do(desk: Desk) -> None:
    desk.census_tracts()
    assert set(desk.build(*TABLES).values()) == {"built"}
    for path in desk.project.raw("sample").rglob("*"):
        path.touch()
    assert set(desk.build(*TABLES).values()) == {"fresh"}
    desk.census("acs5_2012", NEW, {"B25064_001E": [851, 2001, 1100, 99], "B25064_001M": [20, 21, 30, 31]})
    assert status(desk.project, "sample")["tract_periods"] == "raw data changed: acs5_2012"
    assert desk.build(*TABLES) == {
        "prices": "fresh", "tract_crosswalk": "fresh", "tract_income_brackets": "fresh", "tract_periods": "built",
    }  # fmt: skip
    assert desk.read("tract_periods").query("period == '2012'")["median_gross_rent"].iloc[0] == 851


def test_a_changed_typed_figure_makes_its_table_stale(desk: Desk) -> None:
    desk.build("prices")
    path = desk.project.catalog / "prices.yml"
    path.write_text(path.read_text().replace("251.107", "251.108"))
    assert status(desk.project, "sample")["prices"] == "typed figures changed: prices.yml"
    desk.build("prices")
    assert desk.read("prices").query("series == 'us_cpi_u' and year == 2018")["index"].tolist() == [251.108]


def test_changed_code_makes_a_table_stale(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.build("prices")
    monkeypatch.setattr(freshness, "code_hash", lambda module: "other")
    assert status(desk.project, "sample")["prices"] == "the code that builds it changed"


def test_the_code_of_a_table_is_its_module_and_what_it_imports() -> None:
    found = freshness.code_modules("analysis.refine.census_tracts")
    assert {"analysis.refine.crosswalk", "analysis.methods.crosswalk_recovery"} <= set(found)
    assert "analysis.refine.covid" not in found


def test_a_file_that_does_not_fit_its_description_is_built_again(desk: Desk) -> None:
    desk.build("prices")
    before = bytes_of(desk)
    path = parquet_path(desk.project, "sample", "prices")
    path.write_bytes(path.read_bytes()[:-1])
    assert "does not fit" in str(status(desk.project, "sample")["prices"])
    assert desk.build("prices") == {"prices": "built"}
    assert bytes_of(desk) == before


KILLED = """
import os, signal, sys
from pathlib import Path
from analysis.project import Project
from analysis.refine import building, storage

moment, count = sys.argv[2], 0
real = storage.write_json if moment == "between" else storage._commit

def dying(*words):
    global count
    count += 1
    if count == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    real(*words)

if moment == "between":
    storage.write_json = dying
else:
    storage._commit = dying
building.refine_tables(Project(Path(sys.argv[1])), "sample", {tables!r})
"""


@pytest.mark.parametrize("moment", ["between", "before_rename"])
def test_killed_at_a_bad_moment_the_same_command_gives_the_same_bytes(tmp_path: Path, moment: str) -> None:
    whole, cut = new_desk(tmp_path / "whole"), new_desk(tmp_path / "cut")
    for desk in (whole, cut):
        desk.census_tracts()
    whole.build(*TABLES)
    script = KILLED.replace("{tables!r}", repr(TABLES))
    died = subprocess.run([sys.executable, "-c", script, str(cut.project.root), moment], check=False)
    assert died.returncode == -signal.SIGKILL
    assert bytes_of(cut) != bytes_of(whole)
    cut.build(*TABLES)
    assert bytes_of(cut) == bytes_of(whole)


def test_a_broken_contract_names_table_datasets_column_rule_and_rows(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pandas as pd

    table = Table(
        name="ages",
        title="Ages",
        key=("place",),
        fields=(
            Field("place", "text", "Place", "code"),
            Field("age", "number", "Age", "years", minimum=0),
        ),
        build=lambda bench: pd.DataFrame({"place": ["a", "b", "c"], "age": [3.0, -1.0, -2.0]}),
        inputs=("census_of_ages",),
    )
    words = r"table ages \(from census_of_ages\): column 'age' breaks .*in 2 rows; first rows: place=b: age is .*-1\.0"
    with pytest.raises(AnalysisError, match=words):
        building.checked(table, table.build(None))  # type: ignore[arg-type]


def test_a_missing_dataset_is_named_and_the_old_table_stays(desk: Desk) -> None:
    with pytest.raises(AnalysisError, match="covid_testing"):
        desk.build("testing_daily")
    assert not parquet_path(desk.project, "sample", "testing_daily").exists()


def test_a_bad_fetch_leaves_the_old_table_in_place(desk: Desk) -> None:
    row = {"date": "2020-05-01", "County_Person_Performed": 3, "County_Person_Positive": 1, "County_Performed": 4,
           "County_Positive": 1}  # fmt: skip
    desk.table("covid_testing", [row])
    desk.build("testing_daily")
    before = parquet_path(desk.project, "sample", "testing_daily").read_bytes()
    desk.table("covid_testing", [{**row, "County_Performed": "<html>"}])
    with pytest.raises(AnalysisError, match=r"covid_testing: column 'County_Performed' .*row 0: '<html>'"):
        desk.build("testing_daily")
    assert parquet_path(desk.project, "sample", "testing_daily").read_bytes() == before


def test_a_missing_column_is_named(desk: Desk) -> None:
    desk.table("covid_testing", [{"date": "2020-05-01", "County_Performed_1": 4}])
    with pytest.raises(AnalysisError, match=r"covid_testing: column 'County_Performed'.* is not in the data"):
        desk.build("testing_daily")


def test_altered_raw_bytes_are_refused(desk: Desk) -> None:
    desk.table("covid_testing", [{"date": "2020-05-01", "County_Person_Performed": 3, "County_Person_Positive": 1,
                                  "County_Performed": 4, "County_Positive": 1}])  # fmt: skip
    part = next(desk.project.raw("sample", "covid_testing").glob("part-*"))
    part.write_bytes(part.read_bytes().replace(b"4", b"5"))
    with pytest.raises(AnalysisError, match=r"covid_testing: .* was altered after it was fetched"):
        desk.build("testing_daily")


def test_only_declared_inputs_can_be_read(desk: Desk) -> None:
    from analysis.refine.workbench import Shelf, Workbench

    bench = Workbench(tables()["prices"], Shelf(desk.project, "sample"))
    for read, name in ((bench.raw, "acs5_2018"), (bench.refined, "tract_shapes"), (bench.file, "cities.yml")):
        with pytest.raises(AnalysisError, match=f"table prices: '{name}' is read but not declared"):
            read(name)


def test_tables_come_after_those_they_rest_on_and_circles_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [table.name for table in in_order(None)]
    for table in tables().values():
        assert all(names.index(needed) < names.index(table.name) for needed in table.tables)
    assert sorted(names) == sorted(tables())
    circle = {name: Table(name, "", (), (), lambda bench: None, tables=(other,)) for name, other in ("ab", "ba")}  # type: ignore[arg-type,return-value]
    monkeypatch.setattr(building, "table_named", circle.__getitem__)
    with pytest.raises(AnalysisError, match="a → b → a"):
        in_order(["a"])


def test_an_unknown_table_names_those_there_are(desk: Desk) -> None:
    with pytest.raises(AnalysisError, match=r"no table 'rents': use one of business_citations, .*tract_shapes"):
        refine_tables(desk.project, "sample", ["rents"])


def test_what_a_killed_run_left_is_swept(desk: Desk) -> None:
    folder = desk.project.processed("sample")
    folder.mkdir(parents=True)
    (folder / f".prices.parquet.{os.getpid()}.tmp").write_bytes(b"half")
    desk.build("prices")
    assert not list(folder.glob(".*.tmp"))
