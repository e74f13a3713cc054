"""The map of all measures: only what is published, led back to where, and made only when something changed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import invented
import pytest
from invented import EDITIONS
from lxml import html as lxml_html

from analysis.project import AnalysisError, Project
from analysis.publish import Column, Measure, session, table
from analysis.report.atlas import measure_id
from analysis.report.atlas.gathering import Gathered, gather, mapped_papers
from analysis.report.atlas.page import Atlas, layered, write_atlas
from analysis.report.atlas.standing import standings
from analysis.report.editions import Edition
from analysis.report.execution import places
from analysis.report.packing import unpacked

IDS = ["01.rent.rent", "01.kind.kind", "01.households.before", "01.households.after", "01.jobs.jobs", "02.shares.share"]


def test_every_published_measure_with_shapes_is_there_and_leads_back(atlas: Atlas) -> None:
    assert [one.shown.id for one in atlas.measures] == IDS, "the share of other borders has no shapes here"
    hrefs = [one.shown.href for one in atlas.measures]
    assert hrefs[0] == "01_rents.html#figure-rent"
    assert hrefs[2] == "01_rents.html#section-data"
    assert hrefs[4] == "01_rents.html#table-jobs"
    assert [one.where for one in atlas.measures] == [
        "Figure 1", "Figure 2", "download households.csv", "download households.csv", "Table 1", "Figure 1",
    ]  # fmt: skip
    assert {one.shown.grade[0] for one in atlas.measures} == {"B"}


def test_numbers_are_those_of_the_paper_in_its_words(atlas: Atlas, papers: dict) -> None:
    rent, kind, before, _, jobs, share = atlas.measures
    columns = papers["01_rents"][0].data
    at = {name: i for i, name in enumerate(columns["columns"])}
    for row, published in enumerate(columns["rows"]):
        assert rent.laid.shapes.keys[row] == published[0]
        assert rent.laid.values[row] == published[at["rent"]]
        assert rent.laid.status[row] == published[at["status"]]
    assert rent.unit == ""
    assert rent.uncertainty == "90 percent interval"
    assert rent.classes[0][1].startswith("under $")
    assert re.fullmatch(r"\$[\d,]+ to [\d,]+", rent.classes[1][1])
    assert jobs.uncertainty == "Range over years"
    assert before.uncertainty == "No interval: counted"
    assert [name for _, name in kind.classes] == ["Falling", "Steady", "Rising"]
    assert jobs.text(0) == "−4"
    assert jobs.span(0) == "−5 to −3"
    assert share.text(0) == "10%"


def test_what_is_suppressed_is_nowhere(html: str, atlas: Atlas) -> None:
    assert sum(status == "suppressed" for status in atlas.measures[0].laid.status) == 10
    digits = str(invented.SECRET)
    assert digits not in html
    assert f"{digits[:2]},{digits[2:]}" not in html
    assert all(atlas.measures[0].laid.values[row] is None for row in range(10))


def test_districts_stand_in_groups_never_in_ranks(atlas: Atlas, html: str) -> None:
    lowest, middle = atlas.profiles[0], atlas.profiles[4]
    assert [profile.key for profile in atlas.profiles] == [f"cd-{n:02d}" for n in range(1, 10)]
    assert lowest.rows[0].standing == "below 7, not told apart from 1"
    assert middle.rows[0].standing == "above 3, below 3, not told apart from 2"
    assert lowest.rows[1].standing == "not compared, as it has no interval"
    text = lxml_html.document_fromstring(html).text_content()
    assert not re.search(r"\brank(ed)? (first|last|\d)", text)


def test_touching_intervals_are_not_told_apart() -> None:
    assert [(s.above, s.below, s.apart) for s in standings([1.0, 2.0, 2.5], [2.0, 3.0, 4.0]) if s] == [
        (0, 1, 1), (0, 0, 2), (1, 0, 1),
    ]  # fmt: skip


def test_the_page_carries_each_column_once(atlas: Atlas) -> None:
    held = atlas.data["columns"]
    kinds = [one["status"] for one in atlas.data["measures"]]
    assert kinds[0] != kinds[1], "the kind is known where the rent is not"
    assert len({json.dumps(column) for column in held}) == len(held)
    before, after = atlas.data["measures"][2:4]
    assert before["status"] == after["status"], "both are known everywhere"
    assert unpacked(held[before["values"]]) == list(atlas.measures[2].laid.values)


def test_without_a_script_there_are_tables_and_a_note(html: str, atlas: Atlas) -> None:
    tree = lxml_html.document_fromstring(html)
    assert "script" in tree.get_element_by_id("no-script").text_content()
    assert tree.get_element_by_id("no-script").get("hidden") is None
    assert tree.get_element_by_id("app").get("hidden") is not None
    rows = tree.xpath("//*[@id='twin']//tbody/tr")
    assert len(rows) == 240
    assert len(tree.xpath("//details[contains(@class, 'profile')]")) == 9
    links = tree.xpath("//table//a/@href")
    assert {link.partition("#")[0] for link in links} == {"01_rents.html", "02_shares.html"}


def test_the_policy_admits_nothing_but_what_the_page_holds(html: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert "unsafe" not in policy[1]
    assert "default-src 'none'" in policy[1]
    assert " style=" not in html
    assert not re.search(r'(?:src|href)="https?:', html)


def test_it_is_written_once_and_again_only_when_something_changed(project: Project) -> None:
    page, stamp = project.reports("sample") / "map.html", project.reports("sample") / ".map.json"
    write_atlas(project, "sample", EDITIONS)
    first = page.stat().st_mtime_ns
    written = page.read_bytes()
    write_atlas(project, "sample", EDITIONS)
    assert page.stat().st_mtime_ns == first, "nothing changed"
    page.write_text("tampered")
    write_atlas(project, "sample", EDITIONS)
    assert page.read_bytes() == written, "the same bytes again"
    stamp.unlink()
    write_atlas(project, "sample", EDITIONS)
    assert page.read_bytes() == written


def test_a_changed_paper_changes_it_and_an_unprinted_one_is_left_out(root: Path, papers: dict, tmp_path: Path) -> None:
    made = invented.city_project(root, tmp_path / "city")
    invented.put_papers(made, [invented.Written(name, payloads) for name, payloads in papers.items()])
    write_atlas(made, "sample", EDITIONS)
    page = made.reports("sample") / "map.html"
    both = page.read_text(encoding="utf-8")
    place = places(made, "sample", "02_shares")
    place.executed.write_text(place.executed.read_text().replace("Share", "Portion"))
    found = gather(made, "sample", mapped_papers(made, "sample", EDITIONS))
    assert {one.paper.name for one in found.measures} == {"01_rents"}, "its page still says something else"
    place.page.unlink()
    write_atlas(made, "sample", EDITIONS)
    assert page.read_text(encoding="utf-8") != both
    assert "02_shares" not in page.read_text(encoding="utf-8")
    invented.put_papers(made, [invented.Written("01_rents", [papers["01_rents"][2]])])
    write_atlas(made, "sample", EDITIONS)
    assert not page.exists(), "no published map, no shapes"


def test_papers_about_one_district_or_with_other_choices_are_not_mixed_in(project: Project) -> None:
    other = Edition("01_rents", "01_rents--cd-01", (("area", "cd-01"),), ("area",))
    brief = Edition("01_rents", "01_rents--brief", cut="brief")
    found = mapped_papers(project, "sample", [other, brief, *EDITIONS])
    assert [paper.name for paper in found] == ["01_rents", "02_shares"]


def test_a_site_without_maps_has_no_map(gathered: Gathered) -> None:
    assert layered(replace(gathered, maps=())) is None


def test_links_find_a_measure_by_a_name_that_stays() -> None:
    assert measure_id("08_homelessness", "rates", "rate") == "08.rates.rate"


ROWS = {"place": ["a", "b", "c"], "people": [50, 3, 60], "rate": [1.0, 2.0, 3.0]}


@pytest.mark.parametrize(
    ("measure", "told"),
    [
        ({"unit": "percent", "no_interval": ""}, "or say in no_interval why there are none"),
        ({"unit": "percent", "low": "rate"}, "both `low` and `high`"),
        ({"unit": "dollars", "no_interval": "x"}, "state year="),
        ({"unit": "text"}, "groups are of unit text"),
        ({"unit": "percent", "key": "nowhere", "no_interval": "x"}, "no column 'nowhere'"),
        ({"unit": "percent", "key": "rate", "no_interval": "x", "twice": True}, "must name every place once"),
    ],
)
def test_a_measure_that_says_too_little_is_refused(measure: dict, told: str) -> None:
    import pandas as pd

    session.reset()
    frame = pd.DataFrame(ROWS)
    if measure.pop("twice", False):
        frame["rate"] = 1.0
    given = Measure(**{"label": "Rate", "period": "2018", "key": "place", **measure})
    with pytest.raises(AnalysisError, match=re.escape(told)):
        table("t", frame, title="T", columns={"rate": Column(label="R", unit="percent")}, measures={"rate": given})
    session.reset()


def test_a_table_withholds_in_its_measures_what_it_withholds_in_its_cells() -> None:
    import pandas as pd

    session.reset()
    frame = pd.DataFrame(ROWS)
    made = table(
        "t", frame, title="T", people_columns=["people"], sort="place",
        columns={"place": "Place", "people": Column(label="People", unit="people"),
                 "rate": Column(label="Rate", unit="percent", of="people")},
        measures={"rate": Measure(label="Rate", unit="percent", period="2018", key="place", no_interval="counted")},
    )  # fmt: skip
    (measure,) = made.measures
    assert measure["status"] == ["ok", "suppressed", "ok"]
    assert measure["values"][1] is None
    with pytest.raises(AnalysisError, match="a measure must be shown"):
        table("u", frame, title="T", columns={"place": "Place"}, measures={"rate": Measure(label="R", period="x")})
    session.reset()
