"""A bar that says how far is far, in a corner that the shapes leave free."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import shapely

from analysis.publish import fonts, svg, theme
from analysis.publish.maps.outlines import Geometries, Window
from analysis.publish.wording import said

LENGTHS = (0.25, 0.5, 1, 2, 5, 10, 20, 50, 100)


def scale_bar(root: ET.Element, geometry: Geometries, frame: Window, scale: tuple[str, float], letter: float) -> None:
    """Add the bar and its words in the first free corner, below left first; none where all corners are taken."""
    name, ground = scale
    fitting = [n for n in LENGTHS if n * ground / frame.unit <= 0.24 * frame.width]
    if not fitting:
        return
    length = fitting[-1] * ground / frame.unit
    words = f"{fitting[-1]:g} {said('units', name)[0 if fitting[-1] == 1 else 1]}"
    wide, tall = max(length, fonts.text_width(words, letter)), 1.9 * letter
    edge = 0.6 * letter
    tree = shapely.STRtree(geometry)
    for left, top in (
        (edge, frame.height - tall - edge),
        (frame.width - wide - edge, frame.height - tall - edge),
        (edge, edge),
        (frame.width - wide - edge, edge),
    ):
        corner = shapely.box(
            frame.left + left * frame.unit,
            frame.top - (top + tall) * frame.unit,
            frame.left + (left + wide) * frame.unit,
            frame.top - top * frame.unit,
        )
        if not len(tree.query(corner, predicate="intersects")):
            _draw(root, left, top, length, tall, words, letter)
            return


def _draw(root: ET.Element, left: float, top: float, length: float, tall: float, words: str, letter: float) -> None:
    x, y = int(np.rint(left)), int(np.rint(top + tall))
    group = ET.SubElement(root, "g", {"class": "map-scale"})
    tick = int(np.rint(letter * 0.35))
    line = {"d": f"M{x} {y - tick}v{tick}h{int(np.rint(length))}v{-tick}", "fill": "none", "class": "s-soft"}
    ET.SubElement(group, "path", {**line, "stroke": theme.colour("soft"), "stroke-width": svg.number(letter * 0.09)})
    text = {"x": str(x), "y": svg.number(y - 0.75 * letter), "font-size": "0.9em"}
    node = ET.SubElement(group, "text", {**text, "class": "f-soft", "fill": theme.colour("soft")})
    node.text = words
