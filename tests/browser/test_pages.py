"""Every page, in both languages, in a real browser: still, whole, within the rules of access, readable in the dark.

Each page is looked at once with all rules of access: in English on a desk in the light, in Spanish on a phone in the
dark. ``ANALYSIS_BROWSER=whole`` runs all rules on all pages in all states: light and dark, three widths, print, which
takes minutes. What the rule book leaves to a person is named in docs/accessibility.md, with the judgement; anything new
it leaves open fails here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contrast import MINIMUM, weak_texts
from links import lands, links_of

from browser_pages import opened

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")

pytestmark = pytest.mark.browser


WHOLE = os.environ.get("ANALYSIS_BROWSER") == "whole"
NOTEBOOKS = sorted(path.stem for path in (Path(__file__).parents[2] / "notebooks").glob("[0-9]*.ipynb"))
NAMES = [*NOTEBOOKS, "index", "places", "map", "archive/index", "01_neighborhood_change--nc-harbor-1--brief"]
PAGES = [f"{name}{language}.html" for name in NAMES for language in ("", ".es")]
WIDTHS = {
    320: "a small phone, or a wide page at 400 percent",
    390: "a phone",
    640: "a wide page at 200 percent",
    1280: "a desk",
    2560: "a large screen",
}

ON_PAPER = "print"
STATES = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 390, 320)] + [(ON_PAPER, 1280)]
LEFT_TO_A_PERSON = {
    ("color-contrast", "imgNode"): "text in a drawing: its contrast is computed here",
    ("color-contrast", "bgGradient"): "cells over the shadow of a table that scrolls: at its darkest it leaves 5 to 1",
    ("color-contrast", "shortTextContent"): "marks of one letter in drawings: their contrast is computed here",
    ("color-contrast", "bgOverlap"): "text in drawings, or beside a popover: computed here",
    ("link-in-text-block", "bgOverlap"): "the headline number on the printed index: bold, at the head of its line",
}
"""What the rule book cannot decide, by rule and reason, and how it is decided."""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_still_and_fits_every_width(browser: Any, report: Callable[[str], Path], name: str) -> None:
    with opened(browser, report(name)) as seen:
        seen.page.mouse.wheel(0, 20_000)
        for width, what in WIDTHS.items():
            seen.page.set_viewport_size({"width": width, "height": 900})
            too_wide = seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert too_wide <= 0, f"{too_wide} px too wide at {width} px, {what}"
        assert seen.outside == []
        assert seen.errors == []


@pytest.mark.parametrize("name", PAGES)
def test_every_link_lands(browser: Any, report: Callable[[str], Path], name: str) -> None:
    file = report(name)
    within, beside = links_of(file)
    with opened(browser, file) as seen:
        assert [place for place in within if not lands(seen.page, place)] == []
        assert seen.errors == []
    assert [link for link, there in beside.items() if not there] == []


@pytest.mark.parametrize("name", PAGES)
def test_the_rules_of_access_hold(browser: Any, report: Callable[[str], Path], name: str) -> None:
    # The checker injects a script of its own, which the page's policy rightly refuses to visitors.
    with opened(browser, report(name), bypass_csp=True) as seen:
        states = STATES if WHOLE else [("dark", 390)] if ".es." in name else [("light", 1280)]
        for state in states:
            scheme, width = state
            media = {"media": "print"} if scheme == ON_PAPER else {"media": "screen", "color_scheme": scheme}
            seen.page.set_viewport_size({"width": width, "height": 900})
            seen.page.emulate_media(**media)
            found = axe.Axe().run(seen.page)
            assert found.violations_count == 0, f"{state}:\n{found.generate_report()[:4000]}"
            left = {
                (rule["id"], (check["data"] or {}).get("messageKey"))
                for rule in found.response["incomplete"]
                for node in rule["nodes"]
                for check in (*node["any"], *node["all"], *node["none"])
                if check["data"] is None or isinstance(check["data"], dict)
            }
            assert left <= LEFT_TO_A_PERSON.keys(), f"{state}: nobody has judged {left - LEFT_TO_A_PERSON.keys()}"


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("0") and (WHOLE or ".es." not in name)])
def test_text_in_drawings_can_be_read(browser: Any, report: Callable[[str], Path], name: str) -> None:
    with opened(browser, report(name), bypass_csp=True) as seen:
        for scheme in ("light", "dark"):
            seen.page.emulate_media(color_scheme=scheme)
            weak = weak_texts(seen.page)
            assert weak == [], f"{scheme}: below {MINIMUM} to 1"
