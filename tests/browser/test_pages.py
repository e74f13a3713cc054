"""Every page in a real browser: nothing leaves it, nothing scrolls sideways, nothing breaks the rules of access."""

from __future__ import annotations

import json
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
    page, _, errors = opened(browser, page_file, 1280, permissions=["clipboard-read", "clipboard-write"])
    number = page.locator("[data-finding=rent_area_local]").first
    number.focus()
    page.keyboard.press("Enter")
    card = page.locator(".finding-card:visible, [popover]:popover-open").first
    assert card.is_visible()
    told = card.inner_text().lower()
    words = ("denominator", "95 percent interval", "method", "sha256", "copy citation")
    assert [word for word in words if word not in told] == []
    card.get_by_role("button", name="Copy citation").click()
    cited = page.evaluate("navigator.clipboard.readText()")
    assert cited.startswith("Meridia whitepapers: “")
    assert ", 01_neighborhood_change, finding rent_area_local: " in cited
    assert all(part in cited for part in (" (95 percent interval: ", ". Data: ", ", retrieved 20", ". Code: "))
    page.keyboard.press("Escape")
    assert not card.is_visible()
    assert errors == []
    page.context.close()


def test_all_findings_are_handed_out_whole(browser, sample_site: Path) -> None:  # type: ignore[no-untyped-def]
    page_file = sample_site / "reports" / "sample" / "01_neighborhood_change.html"
    page, _, errors = opened(browser, page_file, 1280)
    with page.expect_download() as saved:
        page.locator("[data-findings=json]").click()
    handed = json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))
    summary = sample_site / "reports" / "sample" / "executed" / "01_neighborhood_change.page.json"
    known = {f["name"]: f for f in json.loads(summary.read_text(encoding="utf-8"))["findings"]}
    assert handed["report"] == "01_neighborhood_change"
    assert len(handed["datasets"]) > 3
    assert {f["name"] for f in handed["findings"]} == set(known)
    for found in handed["findings"]:
        told = known[found["name"]]
        shared = set(told) & set(found) - {"tables", "datasets", "method"}
        assert {"value", "interval", "unit", "denominator", "note"} <= shared
        assert {name: found[name] for name in shared} == {name: told[name] for name in shared}
    assert errors == []
    page.context.close()


def test_without_a_script_a_card_leads_to_method_and_data(browser, sample_site: Path) -> None:  # type: ignore[no-untyped-def]
    page_file = sample_site / "reports" / "sample" / "01_neighborhood_change.html"
    page, _, _ = opened(browser, page_file, 1280, java_script_enabled=False)
    page.locator("[data-finding=rent_area_local]").first.click()
    card = page.locator("#finding-rent_area_local")
    assert card.is_visible()
    card.locator("a[href^='#method-']").click()
    assert page.locator(".all-methods li:target code").first.inner_text().startswith("analysis.methods.")
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


LEAST = """() => {
  const seen = Array.from(document.querySelectorAll("main *")).filter(e => e.checkVisibility() &&
    !e.closest("svg, sup") && Array.from(e.childNodes).some(n => n.nodeType === 3 && n.textContent.trim()));
  const drawn = Array.from(document.querySelectorAll(".drawing svg text")).filter(t => t.getBoundingClientRect().width);
  return [
    ...seen.map(e => parseFloat(getComputedStyle(e).fontSize)),
    ...drawn.map(t => parseFloat(getComputedStyle(t).fontSize) * Math.abs(t.getScreenCTM().d)),
  ].reduce((a, b) => Math.min(a, b));
}"""
PER_LINE = """() => {
  const lines = p => Math.round(p.getBoundingClientRect().height / parseFloat(getComputedStyle(p).lineHeight));
  const long = Array.from(document.querySelectorAll(".part > p")).filter(p => p.textContent.length > 200);
  return Math.max(...long.map(p => p.textContent.length / lines(p)));
}"""


@pytest.mark.parametrize("width", [320, 1280, 2560])
def test_lines_are_short_and_letters_are_not_tiny(browser, sample_site: Path, width: int) -> None:  # type: ignore[no-untyped-def]
    page, _, _ = opened(browser, sample_site / "reports" / "sample" / "01_neighborhood_change.html", width)
    assert page.evaluate(PER_LINE) <= 90
    assert page.evaluate(LEAST) >= 10
    text = page.locator("body").evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    assert text >= (24 if width == 2560 else 17)
    page.context.close()


def test_colors_of_the_reader_leave_what_tints_told(browser, sample_site: Path) -> None:  # type: ignore[no-untyped-def]
    page_file = sample_site / "reports" / "sample" / "01_neighborhood_change.html"
    for options in ({"forced_colors": "active"}, {"contrast": "more"}):
        page, _, errors = opened(browser, page_file, 1280, **options)
        border = page.locator(".decision").evaluate("e => parseFloat(getComputedStyle(e).borderTopWidth)")
        assert border >= 2, f"the decision has no tint to set it apart: {options}"
        finding = page.locator("main p .finding").first
        assert finding.evaluate("e => getComputedStyle(e).textDecorationStyle") == "solid"
        page.locator("#section-numbers").evaluate("e => e.scrollIntoView({behavior: 'instant'})")
        current = page.locator(".contents a[aria-current]")
        assert current.evaluate("e => parseFloat(getComputedStyle(e).borderLeftWidth)") == 5
        assert errors == []
        page.context.close()
    page, _, _ = opened(browser, page_file, 1280, forced_colors="active")
    drawing = page.locator(".drawing svg").first
    assert drawing.evaluate("e => getComputedStyle(e).forcedColorAdjust") == "none", "figures keep their meaning"
    page.context.close()
