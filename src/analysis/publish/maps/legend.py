"""The legend of a map: classes with how many places are in each, kinds of emptiness, lines."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.publish import fonts, svg, theme
from analysis.publish.figures.numbers import capitalized
from analysis.publish.wording import said, told

WIDTH = 264.0
ROW = 24.0
LINE = 16.0
SWATCH = 26.0
BAR = (154.0, 226.0)

# Each kind of emptiness has its own pattern: stripes, dots, an empty field, crosses.
EMPTY = ("no_data", "suppressed", "not_applicable", "failed")


@dataclass(frozen=True)
class LegendEntry:
    """One line of a legend: a class (``token``) or a kind of emptiness (``status``), its words, how many places."""

    token: str
    status: str
    label: str
    count: int


def entries(
    labels: Sequence[tuple[str, str]], counts: Sequence[int], empty: dict[str, int], *, ranked: bool
) -> tuple[LegendEntry, ...]:
    """The lines of a legend: ranked classes from the highest, groups as given; then what is empty."""
    classes = [LegendEntry(t, "ok", words, n) for (t, words), n in zip(labels, counts, strict=True)]
    missing = [LegendEntry("", s, said("status", s), empty[s]) for s in EMPTY if empty.get(s)]
    return (*(reversed(classes) if ranked else classes), *missing)


def patterns(parent: ET.Element, prefix: str, size: float, wanted: Sequence[str]) -> None:
    """Hatch patterns of the wanted kinds of emptiness, in user units of ``size``."""
    if not wanted:
        return
    defs = ET.SubElement(parent, "defs")
    n = svg.number
    for status in wanted:
        tile = ET.SubElement(
            defs,
            "pattern",
            {"id": f"ID-p-{prefix}{status}", "width": n(size), "height": n(size), "patternUnits": "userSpaceOnUse"},
        )
        ET.SubElement(tile, "rect", {"width": n(size), "height": n(size), **filled("shade")})
        ink = {"class": "s-neutral", "stroke": theme.colour("neutral"), "fill": "none"}
        if status == "no_data":
            tile.set("patternTransform", "rotate(45)")
            ET.SubElement(tile, "path", {"d": f"M{n(size / 2)} 0V{n(size)}", "stroke-width": n(size / 5), **ink})
        elif status == "not_applicable":
            ET.SubElement(tile, "path", {"d": f"M0 {n(size / 2)}H{n(size * 0.5)}", "stroke-width": n(size / 8), **ink})
        elif status == "suppressed":
            dot = {"cx": n(size / 2), "cy": n(size / 2), "r": n(size / 5)}
            ET.SubElement(tile, "circle", {**dot, **filled("neutral")})
        elif status == "failed":
            cross = f"M0 0L{n(size)} {n(size)}M{n(size)} 0L0 {n(size)}"
            ET.SubElement(tile, "path", {"d": cross, "stroke-width": n(size / 6), **ink})


def filled(token: str) -> dict[str, str]:
    """Attributes that fill with a colour of the house."""
    return {"class": f"f-{token}", "fill": theme.style().tokens[token][0]}


def write(parent: ET.Element, x: float, y: float, words: str, token: str, **more: str) -> None:
    """A line of text with its baseline at ``y``."""
    node = ET.SubElement(parent, "text", {"x": svg.number(x), "y": svg.number(y), **filled(token), **more})
    node.text = svg.printable(words)


def legend_root(held: Sequence[LegendEntry], noun: str) -> ET.Element:
    """An empty legend that says in words how many places are in each class, with the hatches it needs."""
    root = ET.Element(
        "svg",
        {
            "xmlns": svg.SVG,
            "role": "img",
            "class": "map-legend",
            "aria-labelledby": "ID-p-legend",
            "font-family": theme.style().typefaces["sans"],
            "font-size": str(theme.style().sizes["text"]),
        },
    )
    shares = "; ".join(f"{e.label}: {e.count}" for e in held)
    ET.SubElement(root, "desc", {"id": "ID-p-legend"}).text = svg.printable(
        told("{places} in each class. {shares}.", places=capitalized(noun), shares=shares)
    )
    patterns(root, "l-", 7, [e.status for e in held if e.status in EMPTY])
    return root


def legend_svg(held: Sequence[LegendEntry], title: str, noun: str, overlay_noun: str) -> str:
    """The legend as a drawing of its own, to stand beside or below the map."""
    root = legend_root(held, noun)
    y = 13.0
    for line in fonts.wrap(title, WIDTH, 13, 700) if title else []:
        write(root, 0, y, line, "ink", **{"font-weight": "700"})
        y += LINE
    write(root, WIDTH, y + 2, capitalized(noun), "soft", **{"font-size": "12", "text-anchor": "end"})
    y += 10
    return ended(root, held, overlay_noun, y)


def ended(root: ET.Element, held: Sequence[LegendEntry], overlay_noun: str, y: float) -> str:
    """The legend with its last rows, from ``y`` on: entries with their counts, and what the lines over the map are."""
    most = max((e.count for e in held), default=1) or 1
    for entry in held:
        y += entry_row(root, entry, y, most)
    if overlay_noun:
        y += line_row(root, overlay_noun, y)
    root.set("viewBox", f"0 0 {svg.number(WIDTH)} {svg.number(y + 2)}")
    return ET.tostring(root, encoding="unicode")


def line_row(root: ET.Element, words: str, y: float) -> float:
    """What the lines over the map are; returns the height it took."""
    rule = {"d": f"M0 {svg.number(y + ROW / 2)}h{svg.number(SWATCH)}", "class": "s-ink", "fill": "none"}
    ET.SubElement(root, "path", {**rule, "stroke": theme.colour("ink"), "stroke-width": "1.6"})
    write(root, SWATCH + 10, y + ROW / 2 + 4.5, words, "ink")
    return ROW


def entry_row(root: ET.Element, entry: LegendEntry, y: float, most: int) -> float:
    """One entry: swatch, words, and a bar as long as its count; returns the height it took."""
    lines = fonts.wrap(entry.label, BAR[0] - SWATCH - 14, 13)
    height = max(ROW, LINE * len(lines) + 8)
    middle = y + height / 2
    swatch = {"x": "0.5", "y": svg.number(middle - 8), "width": svg.number(SWATCH), "height": "16"}
    fill = {"fill": f"url(#ID-p-l-{entry.status})"} if entry.status in EMPTY else filled(entry.token)
    ET.SubElement(root, "rect", {**swatch, **fill})
    for i, line in enumerate(lines):
        write(root, SWATCH + 10, middle - LINE * (len(lines) - 1) / 2 + 4.5 + i * LINE, line, "ink")
    length = (BAR[1] - BAR[0]) * entry.count / most
    bar = {"x": svg.number(BAR[0]), "y": svg.number(middle - 4), "width": svg.number(length), "height": "8"}
    ET.SubElement(root, "rect", {**bar, **filled("axis")})
    write(root, WIDTH, middle + 4.5, f"{entry.count:,}", "ink", **{"text-anchor": "end"})
    return height
