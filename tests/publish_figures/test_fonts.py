"""The fonts a page carries: complete for Spanish, the same bytes everywhere, and as wide as they are said to be."""

from __future__ import annotations

import base64
import io
import re

import pytest
from fontTools.ttLib import TTFont

from analysis.project import AnalysisError
from analysis.publish import fonts

SPANISH = "áéíóúüñÁÉÍÓÚÜÑ¿¡«»ºª"
PUNCTUATION = "–—‘’“”…−×≤≥≈•†€§°½%$"


@pytest.mark.parametrize("face", fonts.FACES, ids=lambda f: f.file)
def test_every_face_can_write_spanish(face: fonts.Face) -> None:
    font = TTFont(io.BytesIO(fonts.woff(face)))
    held = set(font.getBestCmap())
    assert font.flavor == "woff"
    assert {ord(c) for c in SPANISH + PUNCTUATION} <= held
    assert len({font["hmtx"][font.getBestCmap()[ord(digit)]][0] for digit in "0123456789"}) == 1, "columns align"
    assert any("icen" in (font["name"].getDebugName(i) or "") for i in (13, 14)), "the licence goes with the font"


def test_style_sheet_carries_the_fonts_and_stays_small() -> None:
    css = fonts.css()
    assert len(css.encode()) < 90_000
    assert css.count("format('woff')") == len(fonts.FACES)
    inside = re.findall(r"base64,([A-Za-z0-9+/=]+)\)", css)
    assert [base64.b64decode(text) for text in inside] == [fonts.woff(face) for face in fonts.FACES]
    assert "http" not in css


def test_the_same_bytes_again() -> None:
    before = fonts.woff(fonts.FACES[0])
    fonts.woff.cache_clear()
    assert fonts.woff(fonts.FACES[0]) == before


def test_width_is_the_sum_of_advances() -> None:
    assert fonts.text_width("0000", 10) == pytest.approx(4 * fonts.text_width("0", 10))
    assert fonts.text_width("Width", 26) == pytest.approx(2 * fonts.text_width("Width", 13))
    assert fonts.text_width("bold", 13, 700) > fonts.text_width("bold", 13, 400)
    assert fonts.text_width("\u4e16", 13) >= 13, "a letter the font lacks counts as a full em"


def test_lines_are_no_wider_than_asked() -> None:
    text = "Neighborhoods within half a mile of frequent transit and everything else in the county"
    lines = fonts.wrap(text, 120, 13)
    assert " ".join(lines) == text
    assert all(fonts.text_width(line, 13) <= 120 for line in lines)
    assert fonts.wrap("Unbreakableverylongword", 20, 13) == ["Unbreakableverylongword"]
    assert fonts.wrap("", 20, 13) == [""]


def test_a_missing_package_is_named() -> None:
    with pytest.raises(AnalysisError, match="install font-nowhere"):
        fonts.path(fonts.Face("Nowhere", 400, False, "font_nowhere", "Nowhere.ttf"))
