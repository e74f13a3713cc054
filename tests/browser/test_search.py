"""The index is searched: by keyboard, in both languages, and every result leads to its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from browser_pages import opened

pytestmark = pytest.mark.browser

INDEXED = 'items => items.map(item => item.innerText + " " + item.querySelector("a").hash.replace(/_/g, " "))'
NOTHING = {"": "Nothing here holds all of these words.", ".es": "Nada aquí contiene todas estas palabras."}


@pytest.mark.parametrize(
    ("ending", "label", "typed", "marked", "told"),
    [
        ("", "Search everything that was found", "LOCAL inflation", {"local", "inflation"}, "result"),
        (".es", "Buscar en todo lo que se encontró", "inflacion LOCAL", {"local", "inflación"}, "resultado"),
    ],
    ids=["en", "es"],
)
def test_the_keyboard_finds_and_a_result_opens_at_its_place(
    browser: Any, report: Callable[[str], Path], ending: str, label: str, typed: str, marked: set[str], told: str
) -> None:
    with opened(browser, report(f"index{ending}.html"), 390) as seen:
        page = seen.page
        results, papers, box = page.locator(".results a"), page.locator(".paper:visible"), page.get_by_label(label)
        every = papers.count()
        assert every >= 6
        box.focus()
        page.keyboard.type(typed)
        assert papers.count() == 0
        assert re.fullmatch(rf"{results.count()} {told}s?", page.locator("#found").inner_text())
        assert {text.lower() for text in results.first.locator("mark").all_inner_texts()} == marked
        focused = "links => links.indexOf(document.activeElement)"
        page.keyboard.press("ArrowDown")
        assert results.evaluate_all(focused) == 0
        page.keyboard.press("End")
        assert results.evaluate_all(focused) == results.count() - 1
        page.keyboard.press("Home")
        page.keyboard.press("ArrowUp")
        assert box.evaluate("box => box === document.activeElement")
        page.keyboard.press("Escape")
        assert (results.count(), papers.count(), page.locator("#found").inner_text()) == (0, every, "")
        page.keyboard.type("zzzz")
        assert results.count() == 0
        assert page.locator("#found").inner_text() == NOTHING[ending]
        page.keyboard.press("Escape")
        page.keyboard.type(typed)
        finding = str(results.first.get_attribute("href")).partition("#said_")[2]
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/01_neighborhood_change{ending}.html#said_{finding}")
        assert page.locator(f"#finding-{finding}").is_visible(), "the card of the finding is open"
        at = page.locator(f"#said_{finding}").bounding_box()
        assert 0 <= at["y"] < 900
        page.keyboard.press("Escape")
        assert page.locator(f"#said_{finding}").evaluate("number => number === document.activeElement")
        assert seen.errors == []


def test_whole_words_come_first_and_rows_that_are_folded_away_are_opened(
    browser: Any, report: Callable[[str], Path]
) -> None:
    index = report("index.html")
    with opened(browser, index) as seen:
        page = seen.page
        page.get_by_label("Search everything that was found").fill("rent")
        shown = page.locator(".results li:has(a:not(.title))").evaluate_all(INDEXED)
        whole = [bool(re.search(r"\brent\b", text, re.IGNORECASE)) for text in shown]
        assert whole == sorted(whole, reverse=True)
        assert True in whole
        assert False in whole, "renters is found, too, after rent"
        page.locator(".results li:has(code) a").first.click()
        page.wait_for_url("**#said_*")
        finding = page.url.partition("#said_")[2]
        assert page.locator(f"tr#said_{finding}").is_visible(), "the table of all numbers was opened"
        assert page.locator(f"#finding-{finding}").is_visible()
        assert seen.errors == []
    with opened(browser, index, 390, java_script_enabled=False) as seen:
        assert seen.page.locator(".paper:visible").count() >= 6
        assert not seen.page.locator(".find").is_visible()
