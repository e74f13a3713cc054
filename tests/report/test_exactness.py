"""No page shows another place's data: confusable keys and names, each with a planted number of its own, built whole."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml.html import document_fromstring

from analysis.project import Project
from analysis.report.build import build
from analysis.report.editions import planned
from analysis.report.execution import places, read_record
from analysis.report.summary import read_summary

from . import whitepaper
from .conftest import PERMITS, write_notebook, write_table
from .test_editions import write_areas

DISTRICTS = {
    "cd-1": "District 1", "cd-01": "District 01", "cd-11": "District 11", "cd-12": "District 12", "cd-2": "District 2",
}  # fmt: skip
COUNCILS = {
    "nc-downtown": "Downtown",
    "nc-downtown-los-angeles": "Downtown Los Angeles",
    "nc-down": "Down",
    "nc-Downtown": "DOWNTOWN",
    "nc-d\u043ewntown": "D\u043ewntown",  # the second letter is Cyrillic
    "nc-down town": "Down town",
    "nc-cd-1": "District 1",  # named and keyed like a district
    "brief": "Brief",
}
AREAS = {**DISTRICTS, **COUNCILS}
PLANTED = {key: 100_003 + 7_919 * number for number, key in enumerate(["city", *AREAS], start=1)}
"""Permits issued in each place: numbers that hold no other one's digits in a row."""

LOAD = whitepaper.LOAD.partition("\n\n\npermits = load")[0]
CODE = """


rows = load("permits")
rows = rows[rows["area"] == area]
name = rows["name"].iloc[0]
publish.finding("where", name, unit="text", no_interval="a name")
publish.finding("issued", int(rows["permits"].iloc[0]), unit="count", noun="permit", no_interval="all", area=area)
publish.download("permits", rows, title="Permits", description="one row")
"""
CELLS = [
    ("markdown", "# {{ where }} issued {{ issued }}\n\nFor whoever lives there.", ("title",)),
    ("code", 'area = "city"  # city, or the key of an area', ("parameters",)),
    ("code", LOAD + CODE, ("brief",)),
    ("markdown", "## In short\n\nIn {{ where }}, {{ issued }} are on record.", ("in-short", "brief")),
    ("code", 'publish.finding("twice", 2 * int(rows["permits"].iloc[0]), unit="count", no_interval="all")', ()),
    ("markdown", "## How sure are we\n\nThere are {{ twice }} in two years.", ("sure",)),
]  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[Project]:
    """Every whole paper and every brief of the confusable places, built by two workers."""
    with pytest.MonkeyPatch.context() as patch:
        project = Project(tmp_path_factory.mktemp("exact") / "city")
        project.notebooks.mkdir(parents=True)
        project.catalog.mkdir(parents=True)
        for name in ("policy.yml", "cities.yml", "style.yml", "references.yml"):
            (project.catalog / name).write_bytes((root / "data" / "catalog" / name).read_bytes())
        (project.catalog / "building.yml").write_text(PERMITS, encoding="utf-8")
        (project.root / "requirements.lock").write_text("numpy==2.4.1\n", encoding="utf-8")
        (project.root / "pyproject.toml").write_text("[project]\nname = 'city'\n", encoding="utf-8")
        patch.setenv("ANALYSIS_ROOT", str(project.root))
        patch.setenv("ANALYSIS_SOURCE", "sample")
        write_areas(project, DISTRICTS, COUNCILS)
        names = {"city": "The city", **AREAS}
        lines = [f"{key},{names[key]},{PLANTED[key]}" for key in PLANTED]
        write_table(project, "permits", "\n".join(["area,name,permits", *lines]) + "\n")
        write_notebook(project, "01_permits", CELLS)
        kinds = "[city, council_districts, neighborhood_councils]"
        issues = f"01_permits:\n  - areas: {kinds}\n  - areas: {kinds}\n    cut: brief\n"
        (project.catalog / "editions.yml").write_text(issues, encoding="utf-8")
        everything = planned(project, "sample")
        failures = [done.failure for done in build(project, "sample", everything, jobs=2) if done.failure]
        assert not failures
        assert len(everything) == 2 * (1 + len(AREAS))
        yield project


_NUMBER = re.compile(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?!\d)|(?<!\d)\d{6}(?!\d)")


def planted_in(text: str) -> set[int]:
    """The planted numbers that a text shows."""
    shown = {int(number.replace(",", "")) for number in _NUMBER.findall(text)}
    return {number for number in PLANTED.values() if number in shown}


def test_every_page_shows_the_number_of_its_own_place_alone(site: Project) -> None:
    seen = set()
    for edition in planned(site, "sample"):
        own = PLANTED[str(edition.parameters["area"])]
        place = places(site, "sample", edition.name)
        assert planted_in(place.page.read_text(encoding="utf-8")) == {own}, edition.name
        assert planted_in(place.executed.read_text(encoding="utf-8")) == {own}
        summary, record = read_summary(place.summary), read_record(place)
        assert summary is not None
        assert record is not None
        assert (record.parameters["area"], summary.parameters["area"]) == (edition.parameters["area"],) * 2
        assert {f["value"] for f in summary.findings if f["name"] == "issued"} == {own}
        for file in summary.downloads:
            content = (site.reports("sample") / "downloads" / file).read_text(encoding="utf-8-sig")
            assert [row["area"] for row in csv.DictReader(io.StringIO(content))] == [edition.parameters["area"]]
        seen.add((own, edition.cut))
    assert len(seen) == 2 * len(PLANTED)


def test_every_link_to_a_download_leads_to_the_own_one(site: Project) -> None:
    for edition in planned(site, "sample"):
        html = places(site, "sample", edition.name).page.read_text(encoding="utf-8")
        links = [link for link in document_fromstring(html).xpath("//a/@href") if link.startswith("downloads/")]
        assert len(links) == 1
        content = (site.reports("sample") / links[0]).read_text(encoding="utf-8-sig")
        assert planted_in(content) == {PLANTED[str(edition.parameters["area"])]}


def test_a_brief_leads_to_the_whole_paper_of_the_same_place(site: Project) -> None:
    briefs = planned(site, "sample", "brief")
    build(site, "sample", briefs, jobs=1)  # now that every whole paper is in place
    for brief in briefs:
        html = places(site, "sample", brief.name).page.read_text(encoding="utf-8")
        (link,) = document_fromstring(html).xpath("//p[@class='of-whole']/a[text()='Read the whole paper']/@href")
        whole = (site.reports("sample") / link).read_text(encoding="utf-8")
        assert planted_in(whole) == {PLANTED[str(brief.parameters["area"])]}


def test_the_index_by_place_puts_each_page_under_its_own_place(site: Project) -> None:
    tree = document_fromstring((site.reports("sample") / "places.html").read_text(encoding="utf-8"))
    entries = tree.xpath("//li[contains(@class, 'place-entry')]")
    assert len(entries) == len(PLANTED)
    names = {"city": "Meridia", **AREAS}
    found = set()
    for entry in entries:
        (key,) = [key for key in PLANTED if entry.get("data-place") == f"{names[key]} {key}"]
        assert entry.xpath("h3")[0].text == names[key]
        titles = entry.xpath(".//ul[@class='pages']/li/a")
        assert {frozenset(planted_in(title.text)) for title in titles} == {frozenset({PLANTED[key]})}
        for title in titles:
            page = (site.reports("sample") / title.get("href")).read_text(encoding="utf-8")
            assert planted_in(page) == {PLANTED[key]}
        cuts = [facts.xpath("li[2]")[0].text_content() for facts in entry.xpath(".//ul[@class='facts']")]
        assert cuts == ["Whole paper", "Brief"]
        found.add(key)
    assert found == set(PLANTED)
    titles = [heading.text for heading in tree.xpath("//section/h2")]
    assert titles == ["The city", "Council districts", "Neighborhood councils"]


def test_the_ledger_keeps_every_place_apart(site: Project) -> None:
    with sqlite3.connect(site.reports("sample") / "ledger.db") as connection:
        rows = connection.execute(
            "select r.report, e.parameters, f.number, f.area from reports r join editions e using (edition) "
            "join findings f using (edition) where f.name = 'issued'"
        ).fetchall()
    assert len(rows) == 2 * len(PLANTED)
    for report, parameters, number, area in rows:
        assert f'"area":"{area}"' in parameters, report
        assert number == PLANTED[area]


def test_a_record_under_another_name_counts_for_nothing(site: Project, tmp_path: Path) -> None:
    one, other = places(site, "sample", "01_permits--cd-1"), places(site, "sample", "01_permits--cd-11")
    kept = {path: path.read_bytes() for path in (other.executed, other.record)}
    try:
        other.executed.write_bytes(one.executed.read_bytes())
        other.record.write_bytes(one.record.read_bytes())
        assert read_record(other) is None
    finally:
        for path, content in kept.items():
            path.write_bytes(content)
