"""Every page in a real browser: nothing leaves it, nothing scrolls sideways, nothing breaks the rules of access."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WIDTHS = (320, 390, 1280)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


def reports(site: Path) -> list[Path]:
    found = sorted((site / "reports" / "sample").glob("*.html"))
    assert len(found) >= 4, "index and at least three whitepapers"
    return found


def opened(browser, page_file: Path, width: int, **options):  # type: ignore[no-untyped-def]
    """A page at a width, with lists that fill with its requests and its console errors."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    page = context.new_page()
    requests: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(page_file.as_uri(), wait_until="load")
    return page, requests, errors


def test_no_request_leaves_a_page_and_no_script_fails(browser, briefs_site: Path) -> None:  # type: ignore[no-untyped-def]
    for page_file in reports(briefs_site):
        page, requests, errors = opened(browser, page_file, 1280)
        page.mouse.wheel(0, 20_000)
        page.wait_for_timeout(200)
        outside = [url for url in requests if url != page_file.as_uri() and not url.startswith(("data:", "blob:"))]
        assert outside == [], page_file.name
        assert errors == [], page_file.name
        page.context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways(browser, briefs_site: Path, width: int) -> None:  # type: ignore[no-untyped-def]
    for page_file in reports(briefs_site):
        page, _, _ = opened(browser, page_file, width)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{page_file.name} is {overflow} px too wide at {width} px"
        page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(browser, briefs_site: Path, scheme: str) -> None:  # type: ignore[no-untyped-def]
    for page_file in reports(briefs_site):
        # The checker injects a script of its own, which the page's policy rightly refuses to visitors.
        page, _, _ = opened(browser, page_file, 1280, color_scheme=scheme, bypass_csp=True)
        found = axe.Axe().run(page)
        assert found.violations_count == 0, f"{page_file.name}, {scheme}:\n{found.generate_report()[:4000]}"
        page.context.close()


def test_a_number_can_be_questioned_with_the_keyboard(browser, sample_site: Path) -> None:  # type: ignore[no-untyped-def]
    page_file = sample_site / "reports" / "sample" / "01_neighborhood_change.html"
    page, _, errors = opened(browser, page_file, 1280)
    number = page.locator("[data-finding=rent_area_local]").first
    number.focus()
    page.keyboard.press("Enter")
    card = page.locator(".finding-card:visible, [popover]:popover-open").first
    assert card.is_visible()
    card.get_by_text("sha256").first.wait_for()  # its datasets are laid out once it is open
    told = card.inner_text().lower()
    assert all(word in told for word in ("denominator", "95 percent interval", "method", "sha256", "copy citation"))
    page.keyboard.press("Escape")
    assert not card.is_visible()
    assert errors == []
    page.context.close()


def test_the_other_language_opens_at_the_same_place(browser, sample_site: Path) -> None:  # type: ignore[no-untyped-def]
    spanish = sample_site / "reports" / "sample" / "06_covid_response.es.html"
    page, _, errors = opened(browser, spanish, 1280, reduced_motion="reduce")
    page.locator("#figure-inequity").evaluate("place => place.scrollIntoView({behavior: 'instant'})")
    page.get_by_role("link", name="English").click()
    page.wait_for_url("**/06_covid_response.html#figure-inequity-title")
    assert page.locator("html").get_attribute("lang") == "en"
    assert abs(page.locator("#figure-inequity-title").bounding_box()["y"]) < 450
    assert errors == []
    page.context.close()


def test_places_are_found_by_words_and_all_are_there_without_a_script(browser, briefs_site: Path) -> None:  # type: ignore[no-untyped-def]
    index = briefs_site / "reports" / "sample" / "places.html"
    page, _, errors = opened(browser, index, 390)
    shown = page.locator(".place-entry:visible")
    assert shown.count() == 6
    page.get_by_label("Find a place").focus()
    page.keyboard.type("HARBOR 1")
    assert shown.locator("h3").all_inner_texts() == ["Harbor 1", "Harbor 12"]
    assert page.locator("#found").inner_text() == "2 of 6 places"
    assert page.locator(".kind:visible").count() == 1
    page.keyboard.press("Escape")
    assert shown.count() == 6
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/00_about_the_data.html")
    assert errors == []
    page.context.close()
    page, _, _ = opened(browser, index, 390, java_script_enabled=False)
    assert page.locator(".place-entry:visible").count() == 6
    assert not page.locator(".find").is_visible()
    page.context.close()


def test_pages_stay_within_their_weight(sample_site: Path) -> None:
    heavy = {path.name: path.stat().st_size for path in reports(sample_site) if path.stat().st_size > 1_500_000}
    assert heavy == {}


@pytest.mark.parametrize(
    ("ending", "label", "typed", "marked", "told"),
    [
        ("", "Search everything that was found", "LOCAL inflation", {"local", "inflation"}, "result"),
        (".es", "Buscar en todo lo que se encontró", "inflacion LOCAL", {"local", "inflación"}, "resultado"),
    ],
    ids=["en", "es"],
)
def test_the_index_is_searched_by_keyboard_and_a_result_opens_at_its_place(  # type: ignore[no-untyped-def]
    browser, sample_site: Path, ending: str, label: str, typed: str, marked: set[str], told: str
) -> None:
    index = sample_site / "reports" / "sample" / f"index{ending}.html"
    page, _, errors = opened(browser, index, 390, reduced_motion="reduce")
    results, papers, box = page.locator(".results a"), page.locator(".paper:visible"), page.get_by_label(label)
    assert papers.count() == 6
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
    assert (results.count(), papers.count(), page.locator("#found").inner_text()) == (0, 6, "")
    page.keyboard.type("zzzz")
    assert results.count() == 0
    assert page.locator("#found").inner_text() in {
        "Nothing here holds all of these words.",
        "Nada aquí contiene todas estas palabras.",
    }
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
    assert errors == []
    page.context.close()


def test_search_puts_whole_words_first_and_leads_to_rows_that_are_folded_away(browser, sample_site: Path) -> None:  # type: ignore[no-untyped-def]
    index = sample_site / "reports" / "sample" / "index.html"
    page, _, errors = opened(browser, index, 1280)
    page.get_by_label("Search everything that was found").fill("rent")
    shown = page.locator(".results li:has(a:not(.title))").evaluate_all(
        "items => items.map(item => item.innerText + ' ' + item.querySelector('a').hash.replace(/_/g, ' '))"
    )
    whole = [bool(re.search(r"\brent\b", text, re.IGNORECASE)) for text in shown]
    assert whole == sorted(whole, reverse=True)
    assert True in whole
    assert False in whole, "renters is found, too, after rent"
    page.locator(".results li:has(code) a").first.click()
    page.wait_for_url("**#said_*")
    finding = page.url.partition("#said_")[2]
    assert page.locator(f"tr#said_{finding}").is_visible(), "the table of all numbers was opened"
    assert page.locator(f"#finding-{finding}").is_visible()
    assert errors == []
    page.context.close()
    page, _, _ = opened(browser, index, 390, java_script_enabled=False)
    assert page.locator(".paper:visible").count() == 6
    assert not page.locator(".find").is_visible()
    page.context.close()
