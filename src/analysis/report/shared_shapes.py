"""Maps of one page over the same places: outlines, names and neighbours are carried once.

A published map is complete by itself. Where a page shows several over the same shapes, the first carries the outlines,
each with an id, and the others refer to them, so that four maps of a thousand tracts weigh little more than one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from markupsafe import Markup

from analysis.project import AnalysisError
from analysis.publish.svg import printable
from analysis.report.packing import packed, written

_SHAPE = re.compile(r'<path d="([^"]*)" data-key="([^"]*)" ?/>')
# Borders of districts are long, and drawn twice: a wide light line below a narrow dark one.
_LINE = re.compile(r'<path d="([^"]{200,})"([^>]*?) ?/>')


def outlines_of(name: str, svg: str, keys: Sequence[Any]) -> list[str]:
    """The outline of each row of a map's data, as path data.

    Raises AnalysisError where shapes and rows of the map ``name`` do not belong together.
    """
    shapes = {unescape(key): d for d, key in _SHAPE.findall(svg)}
    named = [printable(key) for key in keys]
    if set(shapes) != set(named):
        raise AnalysisError(f"map {name!r}: its shapes are not those of its data; run the notebook again")
    return [shapes[key] for key in named]


@dataclass(frozen=True)
class DrawnMap:
    """A map as it stands on a page: its drawing, and what the page's script needs besides its data."""

    drawing: Markup
    interaction: dict[str, Any]


class Outlines:
    """The outlines a page already carries."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], int] = {}
        self._lines: dict[str, str] = {}
        self._near: dict[str, str] = {}

    def drawn(self, name: str, svg: str, keys: Sequence[Any], interaction: Mapping[str, Any]) -> DrawnMap:
        """The map ``name``, referring to outlines and neighbours that the page has already.

        ``keys`` are those of the rows of its data; a shape is found again by the number of its row.
        """
        held = tuple(outlines_of(name, svg, keys))
        rows = {printable(key): row for row, key in enumerate(keys)}
        first = held not in self._known
        number = self._known.setdefault(held, len(self._known))

        def placed(found: re.Match[str]) -> str:
            place = f"{_letters(number)}.{rows[unescape(found[2])]}"
            return f'<path id="{place}" d="{found[1]}"/>' if first else f'<use href="#{place}"/>'

        drawing = _LINE.sub(self._line, _SHAPE.sub(placed, svg))
        return DrawnMap(Markup(drawing), self._told(name, dict(interaction)))

    def _line(self, found: re.Match[str]) -> str:
        # A path that is referred to holds nothing but its course: how it looks comes from what is around it.
        d, looks = found.groups()
        if d in self._lines:
            return f'<use href="#{self._lines[d]}"{looks}/>'
        self._lines[d] = f"line.{len(self._lines)}"
        return f'<g{looks}><path id="{self._lines[d]}" d="{d}"/></g>'

    def _told(self, name: str, interaction: dict[str, Any]) -> dict[str, Any]:
        # The later neighbours of each place, as steps from its own number: fewer digits.
        near = [[later - row for later in others] for row, others in enumerate(interaction.get("near", ()))]
        owner = self._near.setdefault(written(near), name)
        told = {**interaction, "near": near if owner == name else owner}
        if "place" in told:
            told["place"] = packed(told["place"])
        return told


def _letters(number: int) -> str:
    """A short name for each set of outlines, which stands in every reference to one.

    >>> _letters(0), _letters(27)
    ('a', 'ab')
    """
    return (_letters(number // 26 - 1) if number >= 26 else "") + chr(ord("a") + number % 26)
