"""Handouts: only fresh pages, each once; a PDF is what a screen reader needs, slides say what the page says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lxml import html as lxml_html

from analysis.project import AnalysisError, Project
from analysis.report.build import build
from analysis.report.editions import planned
from analysis.report.execution import places, without_injected
from analysis.report.page import Setting, compose
from analysis.report.pdf import NAMES, find_chromium, make_pdfs, printed
from analysis.report.printing import print_slides
from analysis.report.slides import deck, make_slides

from .test_pages import HOSTILE, renamed


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the built reports are kept between tests of this module."""
    return tmp_path_factory.mktemp("handouts") / "reports"


@pytest.fixture
def built(city: Project, kept: Path) -> Project:
    """The miniature checkout, built."""
    if kept.is_dir():
        shutil.copytree(kept, city.root / "reports")
        return city
    assert [o.failure for o in build(city, "sample", planned(city, "sample"), jobs=1)] == [None, None]
    shutil.copytree(city.root / "reports", kept)
    return city


@pytest.fixture
def chromium() -> str:
    if not any(map(shutil.which, NAMES)):
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    return find_chromium()


def info(path: Path) -> str:
    if shutil.which("pdfinfo") is None:
        pytest.skip("no pdfinfo on this machine: apt-get install poppler-utils")
    return subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=True).stdout


def test_a_page_becomes_a_tagged_pdf_once(built: Project, chromium: str) -> None:
    lines = [handout.line for handout in make_pdfs(built, "sample", "01")]
    assert lines == ["pdf/01_permits.pdf  made"]
    path = built.reports("sample") / "pdf" / "01_permits.pdf"
    told = info(path)
    assert re.search(r"Tagged:\s+yes", told)
    assert re.search(r"Title:\s+Getting a building permit takes 96\.0.days", told)
    content = path.read_bytes()
    assert b"/Lang (en)" in content
    assert b"/Outlines" in content
    assert b"https://example.org/permits" in content, "links to the world stay"
    assert b"file:" not in content, "and none leads into this machine"
    assert [handout.action for handout in make_pdfs(built, "sample", "01")] == ["fresh"]
    assert path.read_bytes() == content
    path.write_bytes(b"%PDF of somebody else")
    assert [handout.action for handout in make_pdfs(built, "sample", "01")] == ["made"]


def test_a_page_that_is_not_fresh_is_refused_with_its_reason(built: Project, chromium: str) -> None:
    page = built.reports("sample") / "01_permits.html"
    page.write_text("edited by hand", encoding="utf-8")
    handouts = list(make_pdfs(built, "sample", "01"))
    assert [handout.line for handout in handouts] == [
        "01_permits  refused, its page is stale: the page is not the one that was printed (needs printing only)"
    ]
    assert not (built.reports("sample") / "pdf").exists()


def test_without_chromium_it_says_how_to_get_one(built: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(AnalysisError, match=r"CHROMIUM=/nowhere/chromium is no program.*apt-get install chromium"):
        make_pdfs(built, "sample")
    monkeypatch.delenv("CHROMIUM")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AnalysisError, match="there is no Chromium on this machine"):
        make_pdfs(built, "sample")


def test_a_program_that_prints_nothing_is_named() -> None:
    with pytest.raises(AnalysisError, match=r"01_permits: .*false printed no PDF \(exit code 1\)"):
        printed(b"<p>", str(shutil.which("false")), "01_permits")


def test_slides_say_what_the_page_says(built: Project) -> None:
    assert [handout.line for handout in make_slides(built, "sample", "01")] == ["slides/01_permits.html  made"]
    path = built.reports("sample") / "slides" / "01_permits.html"
    tree = lxml_html.document_fromstring(path.read_text(encoding="utf-8"))
    slides = tree.xpath("//section")
    assert [slide.get("id") for slide in slides] == [f"slide-{n}" for n in range(1, 6)]
    told = [" ".join(slide.text_content().replace("\u00a0", " ").split()) for slide in slides]
    assert "Getting a building permit takes 96.0 days" in told[0]
    assert "The median wait for a permit fell 15.8 percent (12.7 to 19.0 percent) between 2010 and 2019" in told[1]
    for words in ("95 percent interval: −19.0 to −12.7 percent", "the median wait of applicants in the first year",
                  "Data quality B Building permits: one date in fifty is missing. The data"):  # fmt: skip
        assert words in told[1], words
    assert len(slides[1].xpath(".//svg")) == 2, "the figure it names, wide and narrow"
    assert slides[1].xpath(".//a/@href")[0] == "../01_permits.html#figure-wait"
    assert slides[2].xpath(".//svg") == [], "a table of fifteen rows is for the paper"
    assert "analysis.methods.rates.rate" in told[4]
    assert slides[4].xpath(".//p[@class='whole']/a/@href") == ["../01_permits.html"]
    assert [handout.action for handout in make_slides(built, "sample", "01")] == ["fresh"]


def test_slides_of_a_page_that_is_not_fresh_are_refused(built: Project) -> None:
    notebook = built.notebooks / "01_permits.ipynb"
    notebook.write_text(notebook.read_text().replace("for a permit", "for every permit"), encoding="utf-8")
    lines = [handout.line for handout in make_slides(built, "sample")]
    assert "01_permits  refused, its page is stale: the prose changed (needs printing only)" in lines
    assert not (built.reports("sample") / "slides" / "01_permits.html").exists()


def test_hostile_names_are_text_on_slides(built: Project) -> None:
    executed = json.loads(places(built, "sample", "01_permits").executed.read_text(encoding="utf-8"))
    names = ("one date in fifty is missing", "the median wait of applicants in the first year", "the wait of")
    page = compose(renamed(without_injected(executed), names), Setting(built))
    tree = lxml_html.document_fromstring(print_slides(deck(page)))
    assert tree.xpath("//img | //@onerror") == []
    assert all("alert" not in (script.text or "") for script in tree.xpath("//script"))
    assert HOSTILE.replace("\u2028", "") in tree.get_element_by_id("slide-2").text_content().replace("\u2028", "")
