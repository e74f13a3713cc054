"""``load``: rows, provenance on record, and plain words when there is nothing to load."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from analysis import load, provenance
from analysis.project import AnalysisError, Project
from analysis.refine.loading import MIME
from refine_desk import Desk

Point = Callable[[Project, str], None]


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    provenance.reset()
    yield
    provenance.reset()


def test_a_load_builds_what_is_missing_and_records_what_it_rests_on(desk: Desk, at: Point) -> None:
    desk.census_tracts()
    at(desk.project, "sample")
    frame = load("tract_periods", columns=["geoid", "period", "population"])
    assert list(frame.columns) == ["geoid", "period", "population"]
    (use,) = provenance.loads()
    assert (use.table, use.rows, use.source) == ("tract_periods", 16, "sample")
    assert [one.id for one in use.datasets] == [
        "acs5_2012", "acs5_2018", "crosswalk_1990_2010", "crosswalk_2000_2010", "sf1_2000", "sf3_1990", "sf3_2000",
    ]  # fmt: skip
    assert {one.grade for one in use.datasets} <= set("ABCD")
    # The rows are invented: nothing credits them to the Census Bureau or to Los Angeles.
    assert use.datasets[0].publisher == "Invented by this project in the form of U.S. Census Bureau"
    assert not any("Los Angeles" in one.title or "Los Angeles" in one.licence for one in use.datasets)
    assert any(one.reason == "tract outside Meridia County" for one in use.accounting)
    json.dumps(use.as_dict(), allow_nan=False)


def test_typed_figures_have_a_source_too(desk: Desk, at: Point) -> None:
    at(desk.project, "sample")
    load("prices")
    (use,) = provenance.loads()
    assert use.datasets[0].publisher == "U.S. Bureau of Labor Statistics"
    assert use.period == "1989 to 2020"


def test_loading_again_is_one_record(desk: Desk, at: Point) -> None:
    at(desk.project, "sample")
    load("prices")
    load("prices", columns=["series"])
    assert len(provenance.loads()) == 1


def test_missing_live_data_names_the_command(desk: Desk, at: Point) -> None:
    at(desk.project, "live")
    with pytest.raises(
        AnalysisError, match=r"'testing_daily' needs covid_testing, not in data/raw/live: run `make data`"
    ):
        load("testing_daily")


def test_an_unknown_column_names_those_there_are(desk: Desk, at: Point) -> None:
    at(desk.project, "sample")
    with pytest.raises(AnalysisError, match=r"table 'prices' has no column \['cpi'\]: it has series, year"):
        load("prices", columns=["cpi"])


def test_a_notebook_folder_is_a_fine_place_to_load_from(desk: Desk) -> None:
    script = "from analysis import load; print(len(load('prices')))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=desk.project.notebooks, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "34", done.stderr


def test_inside_a_notebook_the_record_goes_into_the_output(
    desk: Desk, at: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    import IPython
    import IPython.display

    shown: list[dict[str, object]] = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "publish_display_data", shown.append)
    at(desk.project, "sample")
    load("prices")
    assert shown[0]["text/plain"] == "prices: 34 rows, 1989 to 2020, sample data"
    assert shown[0][MIME]["table"] == "prices"  # type: ignore[index]


def test_importing_the_package_stays_light() -> None:
    script = (
        "import sys, analysis, analysis.project, analysis.provenance, analysis.refine; "
        "print([m for m in ('pandas', 'numpy', 'pandera', 'geopandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
