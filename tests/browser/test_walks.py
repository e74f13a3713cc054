"""What a reader does with a page, with the keyboard alone."""

from __future__ import annotations

import json
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
    allowed = ["clipboard-read", "clipboard-write"]
    with opened(browser, report(f"01_neighborhood_change{language}.html"), permissions=allowed) as seen:
        number = seen.page.locator("[data-finding=rent_area_local]").first
        number.focus()
        seen.page.keyboard.press("Enter")
        card = seen.page.locator("[popover]:popover-open").first
        card.get_by_text("sha256").first.wait_for()  # its datasets are laid out once it is open
        told = card.inner_text().lower()
        assert [word for word in CARD[language] if word not in told] == []
        card.locator(".actions button").first.click()
        cited = seen.page.evaluate("navigator.clipboard.readText()")
        assert "01_neighborhood_change" in cited
        assert "rent_area_local: " in cited
        assert "20" in cited.partition("rent_area_local: ")[2], "when the data were retrieved"
        seen.page.keyboard.press("Escape")
        assert not card.is_visible()
        assert seen.page.evaluate("document.activeElement.dataset.finding") == "rent_area_local"
        assert seen.errors == []


def test_all_findings_are_handed_out_whole(browser: Any, report: Callable[[str], Path]) -> None:
    file = report("01_neighborhood_change.html")
    with opened(browser, file) as seen:
        with seen.page.expect_download() as saved:
            seen.page.locator("[data-findings=json]").click()
        handed = json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))
        assert seen.errors == []
    summary = file.parent / "executed" / "01_neighborhood_change.page.json"
    known = {f["name"]: f for f in json.loads(summary.read_text(encoding="utf-8"))["findings"]}
    assert handed["report"] == "01_neighborhood_change"
    assert len(handed["datasets"]) > 3
    assert {f["name"] for f in handed["findings"]} == set(known)
    for found in handed["findings"]:
        told = known[found["name"]]
        shared = set(told) & set(found) - {"tables", "datasets", "method"}
        assert {"value", "interval", "unit", "denominator", "note"} <= shared
        assert {name: found[name] for name in shared} == {name: told[name] for name in shared}


def test_without_a_script_a_card_leads_to_method_and_data(browser: Any, report: Callable[[str], Path]) -> None:
    with opened(browser, report("01_neighborhood_change.html"), java_script_enabled=False) as seen:
        seen.page.locator("[data-finding=rent_area_local]").first.click()
        card = seen.page.locator("#finding-rent_area_local")
        assert card.is_visible()
        card.locator("a[href^='#method-']").click()
        method = seen.page.locator(".all-methods li:target code").first
        assert method.inner_text().startswith("analysis.methods.")


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
