"""The map of all measures as a reader uses it, in a real browser: pointer, keyboard, links, files, phone, dark page."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gallery
import geopandas as gpd
import invented
import numpy as np
import pytest
import shapely

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: what a browser shows cannot be measured"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield made
        made.close()


@pytest.fixture(scope="module")
def file(html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("map") / "map.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Any, file: Path) -> Iterator[Any]:
    """Open the page at a link; every request it makes and everything it complains about fails the test."""
    contexts = []

    def open_page(link: str = "", width: int = 1280, height: int = 900, **options: Any) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", accept_downloads=True, **options
        )
        page = context.new_page()
        contexts.append((context, page, faults := []))
        page.on("request", lambda request: faults.append(request.url) if not _own(request.url, file) else None)
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(file.as_uri() + link, wait_until="load")
        return page

    yield open_page
    for context, _, faults in contexts:
        context.close()
        assert faults == []


def _own(url: str, file: Path) -> bool:
    return url.partition("#")[0] == file.as_uri() or url.startswith(("data:", "blob:"))


def _downloaded(page: Any, button: str) -> tuple[str, str]:
    with page.expect_download() as waiting:
        page.locator(button).click()
    found = waiting.value
    return found.suggested_filename, Path(found.path()).read_text(encoding="utf-8-sig")


def _legend(page: Any, at: int = 0) -> dict[str, int]:
    lines = page.locator(".legend").nth(at).locator("li")
    pairs = (re.fullmatch(r"(.*?)\s*([\d,]+)", text, re.DOTALL) for text in lines.all_inner_texts())
    return {pair[1]: int(pair[2].replace(",", "")) for pair in pairs if pair}


def _readout(page: Any) -> str:
    return str(page.locator("#readout").inner_text())


def test_it_opens_on_the_first_measure_with_its_legend(opened: Any, atlas: Any) -> None:
    page = opened()
    assert not page.locator("#no-script").is_visible()
    assert page.locator(".map-shapes").count() == 1
    assert page.locator(".map-places path").count() == 240
    rent = atlas.measures[0]
    counts = _legend(page)
    assert sum(counts.values()) == 240
    assert [n for name, n in counts.items() if name.startswith("suppressed")] == [10]
    assert [n for name, n in counts.items() if name.startswith("no data")] == [20]
    top = next(n for name, n in counts.items() if "and over" in name)
    assert top == rent.laid.place.count(len(rent.classes) - 1)
    fills = page.locator(".map-places path").evaluate_all("all => all.map(one => one.getAttribute('fill'))")
    assert fills[:10] == ["url(#hatch0-suppressed)"] * 10
    assert fills[10] == "url(#hatch0-no_data)"
    back = page.locator("#about a").first
    assert back.get_attribute("href") == "01_rents.html#figure-rent"
    told = page.locator("#about").inner_text()
    assert all(words in told for words in ("90 percent interval", "2018", "renters", "a higher value is worse", "2010"))
    assert "Survey of tracts" in told


def test_measure_and_period_are_chosen_and_the_link_brings_them_back(opened: Any) -> None:
    page = opened()
    page.get_by_label("Measure", exact=True).select_option(label="People per household")
    page.get_by_label("Period", exact=True).select_option(label="2000")
    page.get_by_label("Compare with").select_option(label="Median gross rent")
    page.locator(".map-shapes").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("+")
    page.wait_for_url(re.compile("z="))
    link = page.evaluate("location.hash")
    assert "m=01.households.before" in link
    said = _readout(page)
    again = opened(link)
    chosen = [one.get_by_label("Measure", exact=True).input_value() for one in (page, again)]
    assert chosen[0] == chosen[1]
    assert again.get_by_label("Period", exact=True).input_value() == "01.households.before"
    assert _readout(again) == said
    views = [one.locator(".map-shapes").first.get_attribute("viewBox") for one in (page, again)]
    here, there = ([float(n) for n in view.split()] for view in views)
    assert here == pytest.approx(there, abs=1), "a link keeps whole units of the grid"
    again.evaluate("location.hash = '#m=01.kind.kind'")
    playwright.expect(again.locator(".sheet strong")).to_have_text("Kind of change")
    assert not again.locator("#period-choice").is_visible(), "there is one period"


def test_a_link_that_makes_no_sense_opens_the_first_measure(opened: Any) -> None:
    page = opened("#m=../../x&c=<script>&d=cd-99&p=%00&z=a,b,NaN")
    assert page.locator(".sheet strong").inner_text() == "Median gross rent"
    assert page.locator("#readout").inner_text().startswith("Point at a place")


def test_arrow_keys_walk_from_tract_to_neighbouring_tract(opened: Any, atlas: Any) -> None:
    page = opened()
    page.locator(".map-shapes").focus()
    near = [set() for _ in atlas.measures[0].laid.shapes.keys]
    for row, later in enumerate(atlas.measures[0].laid.shapes.near):
        for other in later:
            near[row].add(other)
            near[other].add(row)
    names, visited = atlas.measures[0].laid.shapes.names, []
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
        visited.append(names.index(_readout(page).split("\n")[0]))
    assert all(b in near[a] for a, b in itertools.pairwise(visited))
    assert len(set(visited)) > 3
    assert page.locator(".map-here").get_attribute("d") == atlas.measures[0].laid.shapes.paths[visited[-1]]


def test_the_pointer_reads_a_place_and_a_finger_does_too(opened: Any) -> None:
    page = opened()
    box = page.locator(".map-shapes").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert "Council District" in _readout(page)
    phone = opened(width=390, height=844, has_touch=True, is_mobile=True)
    shape = phone.locator(".map-shapes")
    shape.scroll_into_view_if_needed()
    box = shape.bounding_box()
    phone.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert "Council District" in _readout(phone)
    overflow = phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0


def test_two_measures_side_by_side_move_and_speak_together(opened: Any) -> None:
    page = opened("#m=01.rent.rent&c=01.jobs.jobs")
    maps = page.locator(".map-shapes")
    assert maps.count() == 2
    assert maps.nth(1).locator(".map-places path").count() == 9
    maps.first.focus()
    page.keyboard.press("ArrowRight")
    said = _readout(page)
    assert "Median gross rent: $" in said
    assert "Change of jobs: " in said
    assert maps.nth(1).locator(".map-here").get_attribute("d"), "the district of the tract is marked"
    page.get_by_role("button", name="Closer").click()
    assert maps.first.get_attribute("viewBox") == maps.nth(1).get_attribute("viewBox")
    page.get_by_role("button", name="Whole map").click()
    page.get_by_label("Shown").select_option(label="both in one map")
    assert "same kind of place" in page.locator("#refused").inner_text()


def test_both_in_one_map_counts_every_place_once(opened: Any, atlas: Any) -> None:
    page = opened("#m=01.rent.rent&c=01.households.after&as=one")
    assert page.locator(".map-shapes").count() == 1
    counts = [int(text) for text in page.locator(".square .cell b").all_inner_texts()]
    rent, size = atlas.measures[0], atlas.measures[3]
    both = [a == b == "ok" for a, b in zip(rent.laid.status, size.laid.status, strict=True)]
    assert sum(counts) == sum(both)
    tokens = page.locator(".map-places path").evaluate_all("all => all.map(one => one.getAttribute('class'))")
    assert sorted(set(tokens) - {"hatched"}) == [f"f-pair-{i}" for i in range(9)]
    # The top right cell: both in the highest third, by thirds of the places that have both.
    values = [np.array([one.laid.values[i] for i in range(240) if both[i]], dtype=float) for one in (rent, size)]
    edges = [np.sort(v)[int(len(v) * 2 / 3)] for v in values]
    assert counts[2] == int(((values[0] >= edges[0]) & (values[1] >= edges[1])).sum())


def test_places_are_found_by_name(opened: Any) -> None:
    page = opened()
    field = page.get_by_label("Find a place by name")
    for typed, told in (("bahia nueva", "Bahía Nueva"), ("Tract 1.05", "Tract 1.05")):
        field.fill(typed)
        field.press("Enter")
        assert told in _readout(page), typed
    assert float(page.locator(".map-shapes").get_attribute("viewBox").split()[2]) < 500
    field.fill("council district 7")
    field.press("Enter")
    assert page.get_by_label("District", exact=True).input_value() == "cd-07"
    field = page.get_by_label("Find a place by name")
    field.fill("Atlantis")
    field.press("Enter")
    assert _readout(page) == "No place here has that name."


def test_a_district_pales_the_others_and_opens_its_profile(opened: Any, atlas: Any) -> None:
    page = opened("#d=cd-05")
    own = sum(area == "cd-05" for area in atlas.measures[0].laid.shapes.areas)
    assert page.locator(".map-places .pale").count() == 240 - own
    assert page.locator(".profile:visible").count() == 1
    profile = page.locator("#place-cd-05")
    assert profile.get_attribute("open") is not None
    assert "above 3, below 3, not told apart from 2" in profile.inner_text()
    strips = profile.locator(".bars .fine").all_inner_texts()
    assert len(strips) == 4, "four measures are of tracts"
    here = sum(int(n) for n in re.findall(r": (\d+) /", strips[1]))
    kind = atlas.measures[1]
    assert here == sum(
        a == "cd-05" and s == "ok" for a, s in zip(kind.laid.shapes.areas, kind.laid.status, strict=True)
    )
    assert page.locator("#twin tbody tr").count() == own
    page.get_by_label("District", exact=True).select_option("")
    assert page.locator("#twin tbody tr").count() == 240


def test_the_csv_is_what_the_map_shows_and_safe_to_open(opened: Any, atlas: Any) -> None:
    page = opened("#m=01.rent.rent&c=01.kind.kind")
    name, text = _downloaded(page, "#csv")
    assert name == "map_01_rent_rent_01_kind_kind.csv"
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 240
    assert next(row for row in rows if row["key"].endswith("00040"))["name"] == "'" + invented.FORMULA
    rent = atlas.measures[0]
    for row, value, status in zip(rows, rent.laid.values, rent.laid.status, strict=True):
        assert row["Median gross rent, 2018, status"] == status
        assert row["Median gross rent, 2018"] == ("" if status != "ok" else f"{value:g}")
    assert rows[100]["neighborhood"] in {"Old Harbor", "Bahía Nueva"}
    assert rows[100]["district"].startswith("Council District")
    assert str(invented.SECRET) not in text


def test_the_geojson_lies_where_the_tracts_are(opened: Any) -> None:
    page = opened("#m=01.rent.rent&d=cd-03")
    name, text = _downloaded(page, "#geojson")
    assert name == "map_01_rent_rent_cd-03.geojson"
    read = json.loads(text)
    assert read["measures"][0]["published"] == "What 01_rents found, Figure 1"
    given = gpd.GeoDataFrame.from_features(read["features"], crs=4326).set_index("key")
    assert given.geometry.is_valid.all()
    assert all(ring.is_ccw for shape in given.geometry for part in shapely.get_parts(shape) for ring in [part.exterior])
    true = invented.tracts().set_index("geoid").loc[given.index].to_crs(gallery.CRS)
    drawn = given.to_crs(gallery.CRS)
    apart = drawn.geometry.symmetric_difference(true.geometry).area / true.geometry.area
    assert apart.median() < 0.05, "simplified, and in the right place"
    whole = drawn.geometry.union_all()
    assert drawn.geometry.area.sum() == pytest.approx(whole.area, rel=0.003), "neighbours meet without slivers"


def test_dark_pages_turn_the_ramp_and_the_squares(opened: Any) -> None:
    def light(page: Any, token: str) -> int:
        found = page.evaluate(
            "token => getComputedStyle(document.querySelector(`.map-places .f-${token}`)).fill", token
        )
        return sum(int(n) for n in re.findall(r"\d+", found)[:3])

    for scheme, more in (("light", -1), ("dark", 1)):
        page = opened("#m=01.rent.rent", color_scheme=scheme)
        assert more * (light(page, "seq5-4") - light(page, "seq5-0")) > 0
        page = opened("#m=01.rent.rent&c=01.households.after&as=one", color_scheme=scheme)
        assert more * (light(page, "pair-8") - light(page, "pair-0")) > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("link", ["", "&c=01.jobs.jobs&d=cd-05", "&c=01.households.after&as=one"])
def test_axe_finds_no_violation(opened: Any, scheme: str, link: str) -> None:
    page = opened(f"#m=01.rent.rent{link}", color_scheme=scheme, bypass_csp=True)
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()[:4000]


def test_without_script_the_tables_are_there(browser: Any, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("#no-script").is_visible()
    assert not page.locator("#app").is_visible()
    assert page.locator("#twin tbody tr").count() == 240
    assert not page.locator("#csv").is_visible()
    context.close()
