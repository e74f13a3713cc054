"""Slides in a real browser: turned by keys, each with an address, whole without a script, readable by everyone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sites import analysis

from .test_pages import axe, browser, opened  # noqa: F401  the fixture is used by name

pytestmark = pytest.mark.browser

LANGUAGES = ("", ".es")


@pytest.fixture(scope="module")
def slides(sample_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of slides of two papers, one with a map, made from a copy of the reports."""
    site = tmp_path_factory.mktemp("slides") / "site"
    shutil.copytree(sample_site, site, symlinks=True)
    for number in ("01", "06"):
        done = analysis(site, "slides", number, "--source", "sample")
        assert done.returncode == 0, done.stdout + done.stderr
    return site / "reports" / "sample" / "slides"


def shown(page) -> list[str]:  # type: ignore[no-untyped-def]
    return page.locator(".slide:visible").evaluate_all("slides => slides.map(slide => slide.id)")


def test_keys_and_addresses_turn_the_slides(browser, slides: Path) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    page, requests, errors = opened(browser, slides / "01_neighborhood_change.html", 1280)
    assert shown(page) == ["slide-1"]
    for key, there in (
        ("ArrowRight", 2),
        ("PageDown", 3),
        ("ArrowLeft", 2),
        ("End", 5),
        ("ArrowRight", 5),
        ("Home", 1),
    ):
        page.keyboard.press(key)
        page.wait_for_function(f"document.querySelector('.now').id === 'slide-{there}'")
        assert shown(page) == [f"slide-{there}"], key
        assert page.evaluate("location.hash || '#slide-1'") == f"#slide-{there}"
    page.get_by_role("button", name="Next slide").click()
    page.wait_for_function("document.activeElement.id === 'slide-2'")
    page.goto(f"{(slides / '01_neighborhood_change.html').as_uri()}#slide-4", wait_until="load")
    page.reload()
    assert shown(page) == ["slide-4"]
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert errors == []
    page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_slide_is_within_the_rules_of_access(browser, slides: Path, language: str, scheme: str) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    page, _, errors = opened(
        browser, slides / f"06_covid_response{language}.html", 1280, color_scheme=scheme, bypass_csp=True
    )
    for number in range(1, 6):
        assert shown(page) == [f"slide-{number}"]
        found = axe.Axe().run(page)
        assert found.violations_count == 0, f"slide {number}, {scheme}:\n{found.generate_report()[:3000]}"
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(50)
    assert errors == []
    page.context.close()


@pytest.mark.parametrize("width", [320, 1280, 2560])
def test_no_slide_is_wider_than_its_window(browser, slides: Path, width: int) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    for path in sorted(slides.glob("*.html")):
        page, _, _ = opened(browser, path, width, java_script_enabled=False)
        assert len(shown(page)) == 5, "without a script all stand below one another"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path.name} at {width}"
        page.context.close()


def test_a_slide_is_a_sheet_of_paper(browser, slides: Path) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    page, _, _ = opened(browser, slides / "01_neighborhood_change.es.html", 1280)
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") == 5
    page.context.close()
