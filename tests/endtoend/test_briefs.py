"""Briefs of the real notebooks: each speaks of its own place, is as long as a brief, and leads to the whole paper."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from analysis.project import Project
from analysis.report.editions import planned
from analysis.report.execution import places, read_record
from analysis.report.summary import Summary, read_summary
from sites import BRIEFED, analysis

NAMES = {
    "cd-02": "Council District 2", "cd-12": "Council District 12", "nc-harbor-1": "Harbor 1",
    "nc-harbor-12": "Harbor 12", "nc-weaver-square": "Weaver Square",
}  # fmt: skip


@pytest.fixture(scope="module")
def summaries(briefs_site: Path) -> dict[str, Summary]:
    """What each brief that was built says, by name."""
    project = Project(briefs_site)
    found = {p.name[:-10]: read_summary(p) for p in (project.reports("sample") / "executed").glob("*--brief.page.json")}
    return {name: summary for name, summary in sorted(found.items()) if summary is not None}


def test_every_place_asked_for_has_its_brief(summaries: dict[str, Summary]) -> None:
    about_places = {f"01_neighborhood_change--{key}--brief" for key in NAMES}
    rest = {"01_neighborhood_change--brief", "06_covid_response--brief", "06_covid_response--among-county--brief"}
    assert set(summaries) == about_places | rest
    assert set(BRIEFED) == {"city", *NAMES}


@pytest.mark.parametrize("key", NAMES)
def test_a_brief_speaks_of_its_own_place_alone(briefs_site: Path, summaries: dict[str, Summary], key: str) -> None:
    name = f"01_neighborhood_change--{key}--brief"
    page = (briefs_site / "reports" / "sample" / f"{name}.html").read_text(encoding="utf-8")
    own = NAMES[key]
    assert own in page
    for other in NAMES.values():
        assert other == own or not re.search(rf"\b{other}\b", page), f"{name} speaks of {other}"
    found = {f["name"]: f for f in summaries[name].findings}
    assert found["area_name"]["value"] == own
    about = {f["area"] for f in found.values() if f["area"]}
    assert about == {own, "Meridia County"}, "no finding about another place"


def test_briefs_are_as_long_as_briefs_and_as_easy(summaries: dict[str, Summary]) -> None:
    assert {name: summary.length.remarks for name, summary in summaries.items() if summary.length.remarks} == {}


def test_a_brief_runs_fewer_cells_and_says_what_the_whole_paper_says(briefs_site: Path) -> None:
    project = Project(briefs_site)
    for stem in ("01_neighborhood_change", "06_covid_response"):
        whole, brief = places(project, "sample", stem), places(project, "sample", f"{stem}--brief")

        def ran(path: Path) -> list[str]:
            cells = json.loads(path.read_bytes())["cells"]
            return [cell["source"] for cell in cells if cell["cell_type"] == "code"]

        assert set(ran(brief.executed)) < set(ran(whole.executed))
        said, told = read_summary(brief.summary), read_summary(whole.summary)
        assert said is not None
        assert told is not None
        everything = {f["name"]: f for f in told.findings}
        assert all(everything[f["name"]] == f for f in said.findings)
        assert said.whole == stem


def test_a_small_council_says_what_cannot_be_said(summaries: dict[str, Summary]) -> None:
    found = {f["name"]: f for f in summaries["01_neighborhood_change--nc-weaver-square--brief"].findings}
    assert found["rent_area_local"]["status"] == "not_applicable"
    assert "tracts" in found["rent_area_local"]["note"]
    assert (found["covered"]["status"], found["covered"]["unit"]) == ("ok", "percent")


def test_what_the_file_asks_for_is_planned_in_both_kinds_of_area(briefs_site: Path) -> None:
    project = Project(briefs_site)
    briefs = planned(project, "sample", "brief")
    assert len([one for one in briefs if (one.place or "").startswith("cd-")]) == 15
    assert len([one for one in briefs if (one.place or "").startswith("nc-")]) == 73
    record = read_record(places(project, "sample", "01_neighborhood_change--cd-02--brief"))
    assert record is not None
    assert record.listed


def test_an_unknown_area_stops_with_the_nearest(briefs_site: Path) -> None:
    done = analysis(briefs_site, "briefs", "--source", "sample", "--areas", "cd-2")
    assert done.returncode == 1
    assert "there is no area 'cd-2' in this source: did you mean 'cd-02'" in done.stderr
