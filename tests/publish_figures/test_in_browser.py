"""Drawings as a browser shows them: words as wide as planned, none on another, dark pages, maps that can be walked."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import gallery
import pytest
from onpage import on_page, scripts

from analysis.publish import fonts, theme

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: what a browser shows cannot be measured"),
]

MAPS = ("map", "again", "both")
POLICY = "default-src 'none'; style-src 'nonce-t'; script-src 'nonce-t'; font-src data:"
PROBE = """
const broken = [];
document.addEventListener("securitypolicyviolation", event => broken.push(event.violatedDirective));
addEventListener("error", event => broken.push(String(event.message)));
const shown = element => element.getClientRects().length > 0;
const texts = section => Array.from(section.querySelectorAll("text")).filter(shown).map(text => {
  const box = text.getBoundingClientRect(), style = getComputedStyle(text);
  return [text.textContent, text.getComputedTextLength(), parseFloat(style.fontSize), parseInt(style.fontWeight),
          box.left, box.top, box.right, box.bottom];
});
addEventListener("load", () => document.fonts.ready.then(() => {
  const forms = Array.from(document.querySelectorAll("section"), section => ({
    name: section.id,
    layout: Array.from(section.querySelectorAll("svg")).find(shown).dataset.layout || "map",
    texts: texts(section) }));
  const map = document.querySelector(".map-shapes"), said = [];
  const fill = name => getComputedStyle(document.querySelector(name)).fill;
  ["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"].forEach(key => {
    map.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    said.push(document.querySelector(".map-readout").textContent);
  });
  const typed = (field, text) => {
    field.focus(); field.value = text;
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    return document.querySelector(".map-readout").textContent;
  };
  const field = document.querySelector(".map-find input"), all = map.getAttribute("viewBox");
  const named = [typed(field, "1.05"), typed(field, "nowhere")], close = map.getAttribute("viewBox");
  map.dispatchEvent(new KeyboardEvent("keydown", { key: "0", bubbles: true, cancelable: true }));
  const second = document.querySelectorAll(".map-shapes")[1];
  second.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true, cancelable: true }));
  const third = document.querySelectorAll(".map-shapes")[2];
  third.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true, cancelable: true }));
  const list = document.querySelector(".map-controls select"), before = map.getAttribute("viewBox");
  list.value = "4";
  list.dispatchEvent(new Event("change"));
  const result = document.createElement("pre");
  result.id = "result";
  result.textContent = JSON.stringify({
    broken, forms, said, named, all, close, before, offered: document.querySelectorAll(".map-find option").length,
    labelled: field.labels[0].textContent,
    twin: document.querySelectorAll(".map-readout")[1].textContent,
    both: Array.from(document.querySelectorAll(".map-readout")[2].children, part => part.textContent),
    rim: second.querySelector(".map-here").getAttribute("d"),
    places: [map, second].map(one => one.querySelectorAll(".map-places > g > *").length),
    boxes: [map, second].map(one => {
      const box = one.querySelector("[id='a.0'], [href='#a.0']").getBBox();
      return [box.x, box.y, box.width, box.height]; }),
    before, after: map.getAttribute("viewBox"), focusable: map.tabIndex,
    role: map.getAttribute("role"), scroll: document.documentElement.scrollWidth, wide: innerWidth,
    ink: fill(".f-ink text"), most: fill(".map-places .f-seq5-4"), least: fill(".map-places .f-seq5-0") });
  document.body.append(result);
}));
"""


@pytest.fixture(scope="module")
def body(drawings) -> str:
    tracts = gallery.voronoi(200)
    # Two maps of the same places: the second refers to the outlines, names and neighbours of the first.
    # The third sets one measure against the other.
    against = {"against": "change", "against_unit": "points", "against_label": "Change", "against_low": "change_low"}
    shown = on_page(
        {
            "map": gallery.city_map(tracts),
            "again": gallery.city_map(tracts, "change", unit="points"),
            "both": gallery.city_map(tracts, **against, against_high="change_high"),
        }
    )
    scripts = "".join(
        f'<script type="application/json" id="{name}">{json.dumps(value).replace("<", chr(92) + "u003c")}</script>'
        for one in shown
        for name, value in one.held.items()
    )
    sections = []
    for name, drawing in drawings.items():
        named = drawing.named(name.replace("_", "-"))
        both = f'<div class="d-wide">{named.svg}</div><div class="d-narrow">{named.svg_narrow}</div>'
        sections.append(f'<section id="{name}"><div class="drawing">{both}</div></section>')
    for one in shown:
        sections.append(
            f'<section id="{one.name}"><div class="drawing" data-map="{one.name}">{one.svg}</div></section>'
        )
    sections.append(scripts)
    return "".join(sections)


def _measured(folder: Path, body: str, width: int, mode: str) -> dict:
    style = theme.css() + fonts.css() + "body{margin:0;background:var(--c-paper)}main{max-width:704px;padding:0 20px}"
    page = (
        f'<!doctype html><html lang="en" data-theme="{mode}"><meta charset="utf-8"><title>t</title>'
        '<meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<style nonce="t">{style}</style><main>{body}</main>'
        f'<script nonce="t">{scripts()}</script><script nonce="t">{PROBE}</script></html>'
    )
    file = folder / f"page_{width}_{mode}.html"
    file.write_text(page, encoding="utf-8")
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--force-prefers-reduced-motion", "--hide-scrollbars",
        f"--user-data-dir={folder / f'profile_{width}_{mode}'}", f"--window-size={width},2000",
        "--virtual-time-budget=8000", "--dump-dom", file.as_uri(),
    ]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
    found = re.search(r'<pre id="result">(.*?)</pre>', ran.stdout, re.DOTALL)
    assert found, ran.stdout[-2000:] + ran.stderr[-2000:]
    return json.loads(html.unescape(found[1]))


@pytest.fixture(scope="module")
def wide(tmp_path_factory, body) -> dict:
    return _measured(tmp_path_factory.mktemp("wide"), body, 1280, "light")


@pytest.fixture(scope="module")
def phone(tmp_path_factory, body) -> dict:
    return _measured(tmp_path_factory.mktemp("phone"), body, 500, "dark")


def _check_texts(found: dict, layout: str) -> None:
    assert {form["name"] for form in found["forms"]} == {*gallery.FORMS, *MAPS}
    for form in found["forms"]:
        assert form["texts"], form["name"]
        if form["name"] in MAPS:
            continue
        assert form["layout"] == layout, form["name"]
        for words, length, size, weight, *_ in form["texts"]:
            assert length <= 1.02 * fonts.text_width(words, size, weight) + 1, (form["name"], words)
        boxes = [(t[0], t[4], t[5] + 0.18 * (t[7] - t[5]), t[6], t[7] - 0.18 * (t[7] - t[5])) for t in form["texts"]]
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                across, down = min(a[3], b[3]) - max(a[1], b[1]), min(a[4], b[4]) - max(a[2], b[2])
                assert across < 1 or down < 1, (form["name"], a[0], b[0])


def test_wide_words_take_the_room_they_were_given(wide: dict) -> None:
    _check_texts(wide, "wide")


def test_phone_words_take_the_room_they_were_given(phone: dict) -> None:
    _check_texts(phone, "narrow")


def test_nothing_is_refused_and_nothing_scrolls_sideways(wide: dict, phone: dict) -> None:
    for found in (wide, phone):
        assert found["broken"] == []
        assert found["scroll"] <= found["wide"]


def test_dark_pages_turn_the_ramp_so_that_more_stays_further_from_the_page(wide: dict, phone: dict) -> None:
    def light(value: str) -> float:
        return sum(int(n) for n in re.findall(r"\d+", value)[:3])

    assert light(wide["most"]) < light(wide["least"]), "on white, more is darker"
    assert light(phone["most"]) > light(phone["least"]), "on black, more is lighter"
    assert light(wide["ink"]) < light(phone["ink"])


def test_a_map_can_be_walked_and_enlarged_from_the_keyboard(wide: dict) -> None:
    assert (wide["role"], wide["focusable"]) == ("application", 0)
    assert all(re.match(r"Tract \d+\.\d\dCouncil District \d", text) for text in wide["said"])
    assert len(set(wide["said"])) >= 4
    assert wide["before"] != wide["after"]
    assert float(wide["after"].split()[2]) < float(wide["before"].split()[2])


def test_a_place_is_found_by_its_name(wide: dict) -> None:
    found, nowhere = wide["named"]
    assert found.startswith("Tract 1.05")
    assert nowhere == "No place here has that name."
    assert wide["labelled"] == "Find a place by name"
    assert float(wide["close"].split()[2]) < float(wide["all"].split()[2]) / 3, "what was found is enlarged"
    assert wide["offered"] == 200, "names are listed once somebody types"


def test_a_map_of_two_measures_says_both_with_their_classes(wide: dict) -> None:
    place, area, first, of_first, second, of_second = wide["both"]
    assert re.match(r"Tract \d+\.\d\d", place)
    assert area.startswith("Council District")
    assert re.fullmatch(r"Median gross rent: \$[\d,]+interval \$[\d,]+ to \$[\d,]+", first)
    assert re.fullmatch(r"Change: −?\d+interval −?\d+ to −?\d+", second)
    assert of_first.startswith("Class: ")
    assert of_second.startswith("Class: ")


def test_a_second_map_of_the_same_places_is_drawn_and_walked_like_the_first(wide: dict) -> None:
    assert wide["places"] == [200, 200]
    assert wide["boxes"][0] == wide["boxes"][1]
    assert re.match(r"Tract \d+\.\d\d", wide["twin"])
    assert wide["rim"].startswith("M")
