"""The typefaces of the city, cut down to what pages need and carried inside them; and how wide their text is.

Roboto (Apache-2.0) and Source Serif Pro (OFL-1.1) come from the PyPI packages
``font-roboto`` and ``font-source-serif-pro``. A page embeds WOFF subsets, so it
looks the same without a network; drawings measure their labels with the same
files, so that a label takes on the page the room it was given.
"""

from __future__ import annotations

import base64
import functools
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from analysis.project import AnalysisError


@dataclass(frozen=True)
class Face:
    """One cut of a family, as CSS names it."""

    family: str
    weight: int
    italic: bool
    package: str
    file: str


# No italics: they stand in the names of journals and hardly elsewhere, where a browser slants the upright letters.
FACES = (
    Face("Roboto", 400, False, "font_roboto", "Roboto-Regular.ttf"),
    Face("Roboto", 500, False, "font_roboto", "Roboto-Medium.ttf"),
    Face("Roboto", 700, False, "font_roboto", "Roboto-Bold.ttf"),
    Face("Source Serif Pro", 400, False, "font_source_serif_pro", "SourceSerifPro-Regular.ttf"),
    Face("Source Serif Pro", 600, False, "font_source_serif_pro", "SourceSerifPro-Semibold.ttf"),
)

# Basic Latin, the letters of Spanish and of cited authors, and the signs that papers use. Fonts are a sixth of a page:
# a letter that is not here, in a name from elsewhere, is drawn in the reader's own sans or serif.
CHARACTERS = frozenset(
    [chr(code) for code in range(0x20, 0x7F)]
    + list("ÁÉÍÑÓÚÜáäéíñóöúü¡¿ªº«»")
    + list("°±²³·×§½€£–—‘’“”†•…−≈≤≥←↑→↓")
    + ["\u00a0", "\u2009", "\u200a", "\u2011", "\u202f"]
)
FEATURES = ("ccmp", "kern", "liga", "locl", "tnum")
# Letters of the longest word of either language that a label may hold; more are an identifier or an address.
LONGEST_WORD = 30


def path(face: Face) -> Path:
    """The font file of a face; raises :class:`AnalysisError` if its package is not installed."""
    try:
        found = Path(str(files(face.package))) / "files" / face.file
    except ModuleNotFoundError:
        found = Path(face.file)
    if not found.is_file():
        raise AnalysisError(f"font file {face.file} is missing: install {face.package.replace('_', '-')}")
    return found


@functools.cache
def woff(face: Face) -> bytes:
    """The face cut down to :data:`CHARACTERS`, as WOFF; the same bytes every time.

    >>> woff(FACES[0])[:4]
    b'wOFF'
    """
    from fontTools import subset

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    options = subset.Options()
    options.flavor = "woff"
    options.hinting = False
    options.layout_features = list(FEATURES)
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]  # the licence travels with the font
    options.recalc_timestamp = False
    options.notdef_outline = True
    font = subset.load_font(str(path(face)), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=sorted(ord(character) for character in CHARACTERS))
    cutter.subset(font)
    font.flavor = "woff"
    written = io.BytesIO()
    font.save(written, reorderTables=True)
    return written.getvalue()


@functools.cache
def css() -> str:
    """``@font-face`` rules with the fonts inside, for a page's style sheet.

    >>> css().count("@font-face")
    5
    """
    return "".join(
        f"@font-face{{font-family:'{face.family}';font-weight:{face.weight};"
        f"font-style:{'italic' if face.italic else 'normal'};font-display:swap;"
        f"src:url(data:font/woff;base64,{base64.b64encode(woff(face)).decode('ascii')}) format('woff')}}\n"
        for face in FACES
    )


@dataclass(frozen=True)
class _Metrics:
    advances: dict[int, float]
    default: float


@functools.cache
def _metrics(weight: int) -> _Metrics:
    from fontTools.ttLib import TTFont

    face = next((f for f in FACES if f.family == "Roboto" and f.weight == weight), FACES[0])
    font = TTFont(str(path(face)), lazy=True)
    em: float = font["head"].unitsPerEm
    table: Any = font["hmtx"]
    advances = {code: table[glyph][0] / em for code, glyph in font.getBestCmap().items()}
    return _Metrics(advances, max(advances[ord("M")], 1.0))


def text_width(text: str, size: float, weight: int = 400) -> float:
    """Width in pixels of ``text`` in Roboto at ``size`` pixels, kerning left out (so rather too wide).

    A character the font lacks counts as a full em.

    >>> round(text_width("District 13", 13), 1)
    59.1
    """
    metrics = _metrics(weight)
    return size * sum(metrics.advances.get(ord(character), metrics.default) for character in text)


def wrap(text: str, width: float, size: float, weight: int = 400) -> list[str]:
    """``text`` in lines no wider than ``width`` pixels, broken at blanks; a longer word keeps its line.

    What has more letters than any word (:data:`LONGEST_WORD`) is broken where the line ends.

    >>> wrap("Downtown and the harbor", 90, 13)
    ['Downtown and', 'the harbor']
    >>> wrap("x" * 40, 180, 13)
    ['xxxxxxxxxxxxxxxxxxxxxxxxxxx', 'xxxxxxxxxxxxx']
    """
    lines: list[str] = []
    for word in _words(text, width, size, weight):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(joined, size, weight) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines or [""]


def _words(text: str, width: float, size: float, weight: int) -> Iterator[str]:
    for word in text.split():
        rest = word
        while len(rest) > LONGEST_WORD and text_width(rest, size, weight) > width:
            fits = [n for n in range(1, len(rest)) if text_width(rest[:n], size, weight) <= width]
            yield rest[: max(fits, default=1)]
            rest = rest[max(fits, default=1) :]
        yield rest


def register() -> None:
    """Make Matplotlib draw with the packaged Roboto, whatever the machine has installed."""
    from matplotlib import font_manager

    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for face in FACES:
        file = str(path(face))
        if face.family == "Roboto" and file not in known:
            font_manager.fontManager.addfont(file)
