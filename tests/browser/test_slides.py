"""Slides in a real browser: turned by keys, each with an address, whole without a script, readable by everyone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from browser_pages import opened
from sites import run

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")

pytestmark = pytest.mark.browser

KEYS = {"ArrowRight": 2, "PageDown": 3, "ArrowLeft": 2, "End": 5, "Home": 1}


@pytest.fixture(scope="module")
def slides(sample_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of slides of two papers, one with a map, made from a copy of the reports."""
    site = tmp_path_factory.mktemp("slides") / "site"
    shutil.copytree(sample_site, site, symlinks=True)
    for number in ("01", "06"):
        run(site, "slides", number, "--source", "sample")
    return site / "reports" / "sample" / "slides"


def shown(page: Any) -> list[str]:
    found: list[str] = page.locator(".slide:visible").evaluate_all("slides => slides.map(slide => slide.id)")
    return found


def test_keys_and_addresses_turn_the_slides(browser: Any, slides: Path) -> None:
    file = slides / "01_neighborhood_change.html"
    with opened(browser, file) as seen:
        page = seen.page
        assert shown(page) == ["slide-1"]
        for key, there in KEYS.items():
            page.keyboard.press(key)
            page.wait_for_function(f"document.querySelector('.now').id === 'slide-{there}'")
            assert shown(page) == [f"slide-{there}"], key
            assert page.evaluate("location.hash || '#slide-1'") == f"#slide-{there}"
        page.get_by_role("button", name="Next slide").click()
        page.wait_for_function("document.activeElement.id === 'slide-2'")
        page.goto(f"{file.as_uri()}#slide-4", wait_until="load")
        page.reload()
        assert shown(page) == ["slide-4"]
        assert seen.outside == []
        assert seen.errors == []


@pytest.mark.parametrize("language", ["", ".es"])
def test_every_slide_is_within_the_rules_of_access(browser: Any, slides: Path, language: str) -> None:
    with opened(browser, slides / f"06_covid_response{language}.html", bypass_csp=True) as seen:
        for number in range(1, 6):
            assert shown(seen.page) == [f"slide-{number}"]
            for scheme in ("light", "dark"):
                seen.page.emulate_media(color_scheme=scheme)
                found = axe.Axe().run(seen.page)
                assert found.violations_count == 0, f"slide {number}, {scheme}:\n{found.generate_report()[:3000]}"
            seen.page.keyboard.press("ArrowRight")
            seen.page.wait_for_timeout(50)
        assert seen.errors == []


@pytest.mark.parametrize("width", [320, 1280, 2560])
def test_no_slide_is_wider_than_its_window(browser: Any, slides: Path, width: int) -> None:
    for file in sorted(slides.glob("*.html")):
        with opened(browser, file, width, java_script_enabled=False) as seen:
            assert len(shown(seen.page)) == 5, "without a script all stand below one another"
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width, f"{file.name} at {width}"


def test_a_slide_is_a_sheet_of_paper(browser: Any, slides: Path) -> None:
    with opened(browser, slides / "01_neighborhood_change.es.html") as seen:
        printed = seen.page.pdf(prefer_css_page_size=True)
        assert printed.count(b"/Type /Page\n") == 5
