"""Three layouts of the count in one table; what nobody counted is missing, what was counted as zero is zero."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from analysis.project import AnalysisError, Project
from analysis.refine import homelessness
from analysis.refine.homelessness import common_grounds
from analysis.refine.storage import read_meta, read_table
from analysis.sample import TRUTH

NEEDED = ("homeless_counts", "service_places", "encampment_requests", "tract_crosswalk", "tract_shapes")


@pytest.fixture(scope="module")
def sample(refined_sample: Project) -> Project:
    """The invented city."""
    return refined_sample


@pytest.fixture(scope="module")
def dirt(sample: Project) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((sample.raw("sample") / TRUTH).read_text(encoding="utf-8"))["dirt"]
    return found


@pytest.fixture(scope="module")
def counts(sample: Project) -> pd.DataFrame:
    return read_table(sample, "sample", "homeless_counts")


def tallied(project: Project, source: str, table: str) -> dict[tuple[str, str], int]:
    meta = read_meta(project, source, table)
    assert meta is not None
    return {(one["dataset"], one["reason"]): one["rows"] for one in meta["accounting"]}


def test_uncounted_is_missing_and_counted_zero_is_zero(counts: pd.DataFrame, dirt: dict[str, Any]) -> None:
    idle = counts[~counts["counted"]]
    assert len(idle) == dirt["homeless_count_2015"]["not_counted"]
    assert idle["outdoors"].isna().all()
    assert idle["tents"].isna().all()
    assert set(idle["year"]) == {2015}
    assert (counts.loc[counts["counted"], "outdoors"] == 0).sum() > 100
    assert counts.loc[counts["counted"], "outdoors"].notna().all()


def test_youth_are_left_out_alike_in_all_years(counts: pd.DataFrame, dirt: dict[str, Any]) -> None:
    seen = counts[counts["counted"]]
    gap = seen["unsheltered"] - seen["outdoors"] - seen["youth_count"].fillna(0)
    assert (gap.abs() > 1.5).sum() == 0
    by_year = counts.groupby("year")["youth_count"].sum(min_count=1)
    assert by_year[2015] == dirt["homeless_count_2015"]["youth_count"]
    assert pd.isna(by_year[2017])


def test_cells_below_zero_are_read_as_zero_and_told(counts: pd.DataFrame, sample: Project) -> None:
    told = tallied(sample, "sample", "homeless_counts")
    assert told["homeless_count_2015", "Street_UYouth below zero, read as zero"] == 1
    figures = counts.select_dtypes("number")
    assert (figures.fillna(0) >= 0).all(axis=None)


def test_grounds_hold_the_same_land_in_both_vintages(counts: pd.DataFrame, sample: Project) -> None:
    crosswalk = read_table(sample, "sample", "tract_crosswalk").query("vintage == '2000' and share >= 0.02")
    old = counts[counts["year"] == 2015].set_index("tract")["ground"]
    new = counts[counts["year"] == 2017].set_index("tract")["ground"]
    pairs = crosswalk[crosswalk["source_geoid"].isin(old.index) & crosswalk["geoid"].isin(new.index)]
    assert (pairs["source_geoid"].map(old) == pairs["geoid"].map(new)).all()
    assert old.nunique() > 500


def test_the_layer_agrees_with_the_workbook(sample: Project) -> None:
    told = tallied(sample, "sample", "homeless_counts")
    name = "homeless_count_2017_city_tracts"
    assert told[name, "tract of the map layer, compared with the workbook"] > 500
    assert (name, "layer and workbook differ: the workbook is used") not in told


def test_places_keep_points_and_no_names(sample: Project, dirt: dict[str, Any]) -> None:
    places = read_table(sample, "sample", "service_places")
    assert list(places.columns) == ["place", "updated", "geometry"]
    lost = dirt["homeless_shelters"]["shared_points"] + dirt["homeless_shelters"]["far_outside"]
    assert len(places) == dirt["homeless_shelters"]["places"] - lost


def test_requests_are_areas_and_months_only(sample: Project, dirt: dict[str, Any]) -> None:
    asked = read_table(sample, "sample", "encampment_requests")
    assert list(asked.columns) == ["geoid", "month", "requests", "repeats"]
    assert asked["repeats"].sum() >= dirt["encampment_requests"]["repeats"]


def test_border_corrections_tie_no_grounds_and_cuts_do() -> None:
    table = pd.DataFrame({"source_geoid": ["a", "a", "b"], "geoid": ["a", "b", "b"], "share": [0.99, 0.01, 1.0]})
    assert common_grounds(table)[0].to_dict() == {"a": "a", "b": "b"}
    assert common_grounds(table, least=0.005)[0].to_dict() == {"a": "a", "b": "a"}


class _Desk:
    """As much of a workbench as adding rows up needs."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def tally(self, dataset: str, action: str, reason: str, keys: Any, topic: str = "") -> None:
        self.told.append((reason, len(list(keys))))


def test_a_tract_under_two_codes_is_added_up_and_not_dropped() -> None:
    rows = pd.DataFrame({"tract": ["x", "x", "y"], "city": ["A", "A", "B"], "outdoors": [2.0, 12.0, 1.0],
                         "tents": [None, 3.0, None], "counted": True}).astype({"tents": "float64"})  # fmt: skip
    desk = _Desk()
    found = homelessness._joined(desk, "homeless_count_2017", rows).set_index("tract")  # type: ignore[arg-type]
    assert found.loc["x", "outdoors"] == 14.0
    assert found.loc["x", "tents"] == 3.0
    assert pd.isna(found.loc["y", "tents"])
    assert desk.told[-1][1] == 1


def test_another_years_file_is_refused(sample: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis.refine.registry import table_named
    from analysis.refine.workbench import Shelf, Workbench

    bench = Workbench(table_named("homeless_counts"), Shelf(sample, "sample"))
    honest = bench.shelf.raw("homeless_count_2017")
    monkeypatch.setitem(bench.shelf._raw, "homeless_count_2017", honest.assign(Year="2018"))
    with pytest.raises(AnalysisError, match="another year's file"):
        homelessness.build_homeless_counts(bench)


def test_the_real_counts_are_those_published(live: Project) -> None:
    found = read_table(live, "live", "homeless_counts")
    outdoors = found.groupby("year")["outdoors"].sum()
    # Column totals of the three files, youth of the separate count left out.
    assert outdoors.round().to_dict() == {2015: 27_994, 2016: 30_753, 2017: 36_765}
    assert found.groupby("year").size().to_dict() == {2015: 1887, 2016: 2154, 2017: 2159}
    assert (~found["counted"]).sum() == 203
    told = tallied(live, "live", "homeless_counts")
    both = "tract stands under its old and its corrected code: both rows are added up"
    assert told["homeless_count_2016", both] == told["homeless_count_2017", both] == 1
