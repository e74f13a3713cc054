"""Letters, lines and colours: what a reader's eyes and settings meet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from browser_pages import opened

pytestmark = pytest.mark.browser

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
def test_lines_are_short_and_letters_are_not_tiny(browser: Any, report: Callable[[str], Path], width: int) -> None:
    with opened(browser, report("01_neighborhood_change.html"), width) as seen:
        assert seen.page.evaluate(PER_LINE) <= 90
        assert seen.page.evaluate(LEAST) >= 10
        text = seen.page.locator("body").evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
        assert text >= (24 if width == 2560 else 17)


@pytest.mark.parametrize("wish", [{"forced_colors": "active"}, {"contrast": "more"}], ids=["forced", "more"])
def test_colours_of_the_reader_leave_what_tints_told(
    browser: Any, report: Callable[[str], Path], wish: dict[str, str]
) -> None:
    with opened(browser, report("01_neighborhood_change.html"), **wish) as seen:
        border = seen.page.locator(".decision").evaluate("e => parseFloat(getComputedStyle(e).borderTopWidth)")
        assert border >= 2, "the decision has no tint to set it apart"
        finding = seen.page.locator("main p .finding").first
        assert finding.evaluate("e => getComputedStyle(e).textDecorationStyle") == "solid"
        seen.page.locator("#section-numbers").evaluate("e => e.scrollIntoView({behavior: 'instant'})")
        current = seen.page.locator(".contents a[aria-current]")
        assert current.evaluate("e => parseFloat(getComputedStyle(e).borderLeftWidth)") == 5
        assert seen.errors == []
        if "forced_colors" in wish:
            drawing = seen.page.locator(".drawing svg").first
            kept = drawing.evaluate("e => getComputedStyle(e).forcedColorAdjust")
            assert kept == "none", "figures keep their meaning"
