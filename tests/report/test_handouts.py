"""Handouts: only fresh pages are handed out, each once, and a PDF is what a screen reader needs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from analysis.project import AnalysisError, Project
from analysis.report.build import build
from analysis.report.editions import planned
from analysis.report.pdf import NAMES, find_chromium, make_pdfs, printed


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
