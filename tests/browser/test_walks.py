"""What a reader does with a page, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from browser_pages import opened

pytestmark = pytest.mark.browser

CARD = {
    "": ("denominator", "95 percent interval", "method", "sha256", "copy citation"),
    ".es": ("denominador", "intervalo del 95 por ciento", "método", "sha256", "copiar la cita"),
}


@pytest.mark.parametrize("language", CARD)
def test_a_number_can_be_questioned(browser: Any, report: Callable[[str], Path], language: str) -> None:
    with opened(browser, report(f"01_neighborhood_change{language}.html")) as seen:
        number = seen.page.locator("[data-finding=rent_area_local]").first
        number.focus()
        seen.page.keyboard.press("Enter")
        card = seen.page.locator("[popover]:popover-open").first
        told = card.inner_text().lower()
        assert [word for word in CARD[language] if word not in told] == []
        seen.page.keyboard.press("Escape")
        assert not card.is_visible()
        assert seen.page.evaluate("document.activeElement.dataset.finding") == "rent_area_local"
        assert seen.errors == []


def test_every_number_is_reached_by_the_tab_key(browser: Any, report: Callable[[str], Path]) -> None:
    with opened(browser, report("06_covid_response.html")) as seen:
        prose = "main .prose [data-finding], main [data-finding]"
        numbers = seen.page.locator(prose).evaluate_all("all => all.filter(e => e.checkVisibility()).length")
        reached = seen.page.locator(prose).evaluate_all(
            "all => all.filter(e => e.checkVisibility() && e.tabIndex >= 0).length"
        )
        assert reached == numbers > 20


def test_a_map_is_walked_by_arrow_keys(browser: Any, report: Callable[[str], Path]) -> None:
    with opened(browser, report("01_neighborhood_change.html")) as seen:
        shapes = seen.page.locator("svg.map-shapes").first
        shapes.focus()
        told = seen.page.locator(".map-readout").first
        heard = [told.inner_text()]
        for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"):
            seen.page.keyboard.press(key)
            heard.append(told.inner_text())
        assert len(set(heard)) >= 4, heard
        assert seen.errors == []


def test_a_table_is_sorted_by_the_keyboard_and_says_so(browser: Any, report: Callable[[str], Path]) -> None:
    with opened(browser, report("06_covid_response.html")) as seen:
        table = seen.page.locator("table.sortable:visible").first
        head = table.locator("thead button.sort").first
        head.focus()
        seen.page.keyboard.press("Enter")
        assert table.locator("thead th[aria-sort]").count() == 1
        once = table.locator("tbody tr").all_inner_texts()
        seen.page.keyboard.press("Space")
        twice = table.locator("tbody tr").all_inner_texts()
        assert sorted(once) == sorted(twice)
        assert seen.errors == []


def test_the_other_language_opens_at_the_same_place(browser: Any, report: Callable[[str], Path]) -> None:
    with opened(browser, report("06_covid_response.es.html")) as seen:
        seen.page.locator("#figure-inequity").evaluate("place => place.scrollIntoView({behavior: 'instant'})")
        seen.page.wait_for_timeout(800)  # where somebody stays, not what somebody passes
        seen.page.get_by_role("link", name="English").click()
        seen.page.wait_for_url("**/06_covid_response.html#figure-inequity*")
        assert seen.page.locator("html").get_attribute("lang") == "en"
        assert abs(seen.page.locator("#figure-inequity").bounding_box()["y"]) < 450
        assert seen.errors == []


def test_places_are_found_by_words_and_all_are_there_without_a_script(
    browser: Any, report: Callable[[str], Path]
) -> None:
    index = report("places.html")
    with opened(browser, index, 390) as seen:
        shown = seen.page.locator(".place-entry:visible")
        assert shown.count() == 6
        seen.page.get_by_label("Find a place").focus()
        seen.page.keyboard.type("HARBOR 1")
        assert shown.locator("h3").all_inner_texts() == ["Harbor 1", "Harbor 12"]
        assert seen.page.locator("#found").inner_text() == "2 of 6 places"
        assert seen.page.locator(".kind:visible").count() == 1
        seen.page.keyboard.press("Escape")
        assert shown.count() == 6
        seen.page.keyboard.press("Tab")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_url("**/00_about_the_data.html")
        assert seen.errors == []
    with opened(browser, index, 390, java_script_enabled=False) as seen:
        assert seen.page.locator(".place-entry:visible").count() == 6
        assert not seen.page.locator(".find").is_visible()
