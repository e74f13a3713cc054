"""Reading a finished drawing back: every text with the room it takes, measured apart from the code that placed it."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from analysis.publish import fonts

INHERITED = ("font-size", "font-weight", "text-anchor", "fill", "stroke", "class", "opacity", "stroke-width")


@dataclass(frozen=True)
class Label:
    """One text of a drawing and its box: left, top, right, bottom."""

    words: str
    size: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Written:
    """A drawing taken apart."""

    text: str
    root: ET.Element
    width: float
    height: float
    labels: tuple[Label, ...]


def elements(root: ET.Element, held: dict[str, str] | None = None):
    """Every element with the presentation attributes it has or inherits."""
    own = {**(held or {}), **{k: v for k, v in root.attrib.items() if k in INHERITED}}
    yield root, own
    for child in root:
        yield from elements(child, own)


def written(text: str) -> Written:
    root = ET.fromstring(re.sub(r' xmlns="[^"]+"', "", text, count=1))
    width, height = (float(n) for n in root.get("viewBox", "").split()[2:])
    labels = tuple(_label(node, own) for node, own in elements(root) if node.tag == "text")
    return Written(text, root, width, height, labels)


def _label(node: ET.Element, own: dict[str, str]) -> Label:
    size, weight = float(own.get("font-size", "13")), int(own.get("font-weight", "400"))
    words = node.text or ""
    wide = fonts.text_width(words, size, weight)
    before = {"start": 0, "middle": wide / 2, "end": wide}[own.get("text-anchor", "start")]
    turn = node.get("transform", "")
    if turn:
        x, y = (float(n) for n in re.search(r"(?:translate|rotate)\((?:-90 )?([-\d.]+) ([-\d.]+)\)", turn).groups())
        assert "rotate(-90" in turn
        return Label(words, size, (x - 0.72 * size, y + before - wide, x + 0.2 * size, y + before))
    x, y = float(node.get("x", "0")), float(node.get("y", "0"))
    left = x - before
    return Label(words, size, (left, y - 0.72 * size, left + wide, y + 0.2 * size))


def overlapping(labels: tuple[Label, ...]) -> list[tuple[str, str]]:
    """Pairs of texts that lie on each other by more than half a pixel."""
    found = []
    for a, b in itertools.combinations(labels, 2):
        across = min(a.box[2], b.box[2]) - max(a.box[0], b.box[0])
        down = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
        if across > 0.5 and down > 0.5:
            found.append((a.words, b.words))
    return found
