"""Maps that need no network: shapes already projected, simplified and coloured by class, with their legend.

:func:`choropleth` draws. The scripts with which a reader walks, questions and
enlarges a map are with the page's templates.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pandas as pd
import shapely

from analysis.project import AnalysisError
from analysis.publish import svg, theme
from analysis.publish.figures.numbers import capitalized
from analysis.publish.figures.spoken import spoken
from analysis.publish.maps.classes import Class, Scheme
from analysis.publish.maps.ground import degrees
from analysis.publish.maps.input import NEARBY, Overlay, Places, overlay_of, places_of
from analysis.publish.maps.legend import EMPTY, LegendEntry, entries, legend_svg, patterns
from analysis.publish.maps.outlines import (
    Geometries,
    Window,
    label_point,
    line_path,
    neighbours,
    path,
    simplified,
    window,
)
from analysis.publish.maps.pairs import Pair, pair_alt, pair_columns, paired, square_legend, told_pair
from analysis.publish.maps.scalebar import scale_bar
from analysis.publish.maps.shading import Shading, shade
from analysis.publish.maps.speech import map_alt
from analysis.publish.measures import shown
from analysis.publish.units import plural
from analysis.publish.wording import Terms, as_label, said

__all__ = ["MapDrawing", "choropleth"]

# Bytes of outlines. Only they are counted, so that all maps of the same shapes are drawn alike and a page carries them
# once: four maps of a thousand tracts then stay below 250 kB together, with their data.
BUDGET = 66_000
# Tolerances tried in turn until the shapes fit, in grid units.
TOLERANCES = (0.9, 1.3, 1.9, 2.7, 3.8)


@dataclass(frozen=True)
class MapDrawing:
    """A finished map.

    ``svg`` holds two drawings, the shapes and the legend, which a page sets side by side or one below the other;
    there is no narrow one. ``legend`` says the classes and how many places are in each. ``data`` is the table twin,
    one row a place in the order of its key; ``neighbours`` gives for each row the later rows that touch it.
    ``interaction`` is what the page's script needs besides ``data``. ``measure`` holds the numbers and classes as
    :func:`analysis.publish.measures.shown`, ``second`` those of the measure it is set against, ``ground`` what leads
    from the grid back to degrees and districts.
    """

    svg: str
    legend: tuple[LegendEntry, ...]
    data: pd.DataFrame
    neighbours: tuple[tuple[int, ...], ...]
    alt: str
    interaction: dict[str, Any]
    measure: dict[str, Any]
    ground: dict[str, Any]
    second: dict[str, Any] = field(default_factory=dict)
    svg_narrow: str = ""
    others: Mapping[str, tuple[MapDrawing, Terms]] = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        """The table twin."""
        return self.data

    def named(self, name: str) -> MapDrawing:
        """The map with identifiers that begin with ``name``."""
        return replace(self, svg=svg.identified(self.svg, name))

    def with_alt(self, alt: str) -> MapDrawing:
        """The map with another description."""
        shapes, end, legend = self.svg.partition("</svg>")
        return replace(self, svg=svg.described(shapes + end, alt) + legend, alt=alt)


@spoken("label", "against_label")
def choropleth(
    shapes: Any,
    column: str,
    *,
    unit: str = "text",
    key: str = "geoid",
    crs: str | None = None,
    name: str | None = None,
    neighborhood: str | None = None,
    label: str = "",
    noun: str = "tract",
    classes: int | None = None,
    breaks: Sequence[float] | None = None,
    scheme: Scheme = "quantile",
    palette: Literal["sequential", "diverging", "groups"] = "sequential",
    middle: float = 0.0,
    groups: Sequence[str] | None = None,
    low: str | None = None,
    high: str | None = None,
    measurable: str | None = None,
    status_column: str | None = None,
    against: str | None = None,
    against_unit: str = "",
    against_label: str = "",
    against_low: str | None = None,
    against_high: str | None = None,
    against_status: str | None = None,
    against_breaks: Sequence[float] | None = None,
    overlay: Any = None,
    overlay_key: str = "area_id",
    overlay_name: str = "name",
    overlay_noun: str = "council district",
    area: str | None = None,
    clip: bool = False,
    scale: Literal["miles", "km"] = "miles",
    budget: int = BUDGET,
) -> MapDrawing:
    """Draw ``column`` of a GeoDataFrame (any known reference) as classes of colour.

    ``unit`` is a unit of a finding; ``label`` names the measure in the legend, ``noun`` what a shape is. ``name`` and
    ``neighborhood`` are columns with the name of a shape and the better known one of where it lies. ``crs`` is
    what is drawn in, by default the city's projected one. Numbers fall into ``classes`` by ``scheme``, or at
    ``breaks``; ``palette="diverging"`` puts them on both sides of ``middle``, and then places that are not
    ``measurable`` (a true-or-false column; without it: whose ``low``…``high`` includes the middle) get a class of
    their own. ``palette="groups"`` colours text in the order of ``groups``.

    A place without a number is hatched by its status (``no_data`` unless ``status_column`` says otherwise); a place
    whose status is not ``ok`` loses its number here, whatever the column holds. ``overlay`` (districts) is drawn as
    lines with numbers; ``clip`` cuts the shapes to it; ``area`` shows one of its shapes alone, enlarged.

    ``against`` sets a second column beside the first: three classes of each, by ``scheme`` or two breaks, and nine
    colours for both. It has unit, label, bounds and status of its own; a place that lacks either is hatched.

    Raises :class:`AnalysisError` for shapes without reference, repeated keys, missing shapes, or unknown statuses, and
    for two measures that share a name or have too few values for three classes.

    >>> import geopandas, shapely
    >>> squares = [shapely.box(x, 0, x + 1, 1) for x in range(4)]
    >>> frame = geopandas.GeoDataFrame({"geoid": list("abcd"), "v": [1, 2, 3, None]}, geometry=squares, crs="EPSG:2229")
    >>> drawn = choropleth(frame, "v", unit="percent", crs="EPSG:2229", classes=2, label="Share")
    >>> [(e.label, e.count) for e in drawn.legend]
    [('2% and over', 2), ('under 2%', 1), ('no data', 1)]
    """
    reference = crs or _city_crs()
    places = places_of(
        shapes, column, key=key, name=name, hood=neighborhood, low=low, high=high, measurable=measurable,
        status=status_column, text=palette == "groups", crs=reference,
    )  # fmt: skip
    over = overlay_of(overlay, overlay_key, overlay_name, reference) if overlay is not None else None
    places = places.within(over, area=area, clip=clip)
    pair = None
    if against is None:
        shading = shade(
            places, unit=unit, classes=classes, breaks=breaks, scheme=scheme, palette=palette, middle=middle,
            groups=groups,
        )  # fmt: skip
    else:
        _check_pair(palette, (column, against), (label, against_label), (unit, against_unit))
        other = places_of(
            shapes, against, key=key, name=name, hood=neighborhood, low=against_low, high=against_high,
            measurable=None, status=against_status, text=False, crs=reference,
        ).within(over, area=area, clip=clip)  # fmt: skip
        pair = paired(
            (places, other), units=(unit, against_unit), labels=(label, against_label), scheme=scheme,
            breaks=(breaks, against_breaks),
        )  # fmt: skip
        shading = pair.both
    frame = window(_bounds(places, over, area), pad=NEARBY if area else 0.0)
    held = entries(
        [(c.token, c.label) for c in shading.classes], shading.counts, shading.empty,
        ranked=palette != "groups" and pair is None,
    )  # fmt: skip
    nouns, outline = plural(noun), capitalized(plural(overlay_noun, 1)) if over else ""
    if pair is None:
        alt = map_alt(places, shading, over, label=label, noun=noun, overlay_noun=overlay_noun, area=area)
        legend = legend_svg(held, label, nouns, outline)
    else:
        alt = pair_alt(pair, over, noun=noun, overlay_noun=overlay_noun, area=area)
        legend = square_legend(pair, held, nouns, outline)
    paths, lines = _fitted(places, over, frame, budget)
    drawn = _shapes(places, paths, shading, over, lines, frame, alt, area, _scale(scale, reference))
    near = neighbours(places.geometry, frame.unit / 2)
    return MapDrawing(
        svg=svg.identified(drawn + legend),
        legend=held,
        data=_twin(places, shading, over) if pair is None else _twin_of_two(pair, over),
        neighbours=tuple(tuple(row) for row in near),
        alt=svg.printable(alt),
        interaction=_interaction(near, shading, over, frame, noun, overlay_noun) | (told_pair(pair) if pair else {}),
        measure=shown(places.keys, places, pair.shadings[0] if pair else shading),
        second=shown(places.keys, pair.places[1], pair.shadings[1]) if pair else {},
        ground=_ground(frame, reference, over, lines, overlay_noun),
    )


def _check_pair(palette: str, columns: tuple[str, str], labels: tuple[str, str], units: tuple[str, str]) -> None:
    """Two measures need two names, in the data and on the axes of the legend, and a unit each."""
    if palette != "sequential":
        raise AnalysisError(
            f"map of {columns[0]!r} against {columns[1]!r}: two measures are shaded one way; no palette"
        )
    if columns[0] == columns[1] or not all(labels) or labels[0] == labels[1] or not all(units):
        raise AnalysisError(
            f"map of {columns[0]!r} against {columns[1]!r}: give two different columns, `label` and `against_label`, "
            "`unit` and `against_unit`"
        )


def _city_crs() -> str:
    from analysis.catalog import city
    from analysis.project import current_project, current_source

    return city(current_project(), current_source()).projected_crs


def _scale(name: str, crs: str) -> tuple[str, float]:
    """Name of the scale's unit and how many units of the reference it has."""
    from pyproj import CRS

    metres = {"miles": 1609.344, "km": 1000.0}
    if name not in metres:
        raise AnalysisError(f"map scale {name!r}: use miles or km")
    return name, metres[name] / float(CRS.from_user_input(crs).axis_info[0].unit_conversion_factor)


def _bounds(places: Places, over: Overlay | None, area: str | None) -> tuple[float, float, float, float]:
    if over is not None and area is not None:
        left, bottom, right, top = shapely.bounds(over.geometry[over.place(area)])
    else:
        left, bottom, right, top = shapely.total_bounds(places.geometry)
    return float(left), float(bottom), float(right), float(top)


def _fitted(
    places: Places, over: Overlay | None, frame: Window, budget: int
) -> tuple[tuple[str, ...], Geometries | None]:
    """The finest outlines that fit the budget, as paths, and the lines of the overlay as coarse as they are."""
    tolerance, paths = _outlines(tuple(shapely.to_wkb(places.geometry)), frame, budget)
    return paths, simplified(over.geometry, tolerance) if over else None


@lru_cache(maxsize=4)
def _outlines(shapes: tuple[bytes, ...], frame: Window, budget: int) -> tuple[float, tuple[str, ...]]:
    """Tolerance on the ground and paths of the finest outlines; kept, for a notebook maps the same shapes often."""
    geometry = np.asarray(shapely.from_wkb(shapes), dtype=object)
    for tolerance in TOLERANCES:
        ground = tolerance * frame.unit
        paths = tuple(path(shape, frame) for shape in simplified(geometry, ground))
        size = sum(map(len, paths))
        if size <= budget:
            return ground, paths
    raise AnalysisError(
        f"map of {len(shapes)} shapes: {size:,} bytes of outlines at their coarsest, over the budget of "
        f"{budget:,}; draw fewer shapes or give a larger `budget`"
    )


def _shapes(
    places: Places,
    paths: Sequence[str],
    shading: Shading,
    over: Overlay | None,
    lines: Geometries | None,
    frame: Window,
    alt: str,
    area: str | None,
    scale: tuple[str, float],
) -> str:
    broad = frame.width > 1.35 * frame.height
    letter = max(frame.width / (680 if broad else 430), frame.height / 760) * 13
    root = ET.Element(
        "svg",
        {
            "xmlns": svg.SVG,
            "viewBox": f"0 0 {frame.width} {frame.height}",
            "class": "map-shapes map-broad" if broad else "map-shapes",
            "role": "img",
            "aria-labelledby": "ID-desc",
            "font-family": theme.style().typefaces["sans"],
            "font-size": svg.number(letter),
            "stroke-linejoin": "round",
        },
    )
    ET.SubElement(root, "desc", {"id": "ID-desc"}).text = svg.printable(alt)
    patterns(root, "", letter * 0.55, [s for s in EMPTY if shading.empty.get(s)])
    _fill(root, places, paths, shading)
    if over is not None and lines is not None:
        _overlay(root, over, lines, frame, area)
    scale_bar(root, places.geometry, frame, scale, letter)
    return ET.tostring(root, encoding="unicode")


def _fill(root: ET.Element, places: Places, paths: Sequence[str], shading: Shading) -> None:
    """One group per class, one path per place."""
    body = ET.SubElement(
        root, "g", {"class": "map-places s-paper", "stroke": theme.colour("paper"), "stroke-width": "0.5"}
    )
    for at, held in enumerate(shading.classes):
        members = np.flatnonzero(shading.place == at)
        fill = {"class": f"f-{held.token}", "fill": theme.style().tokens[held.token][0]}
        _paths(body, members, fill, places, paths)
    for status in EMPTY:
        members = np.flatnonzero(np.array(shading.status) == status)
        _paths(body, members, {"fill": f"url(#ID-p-{status})"}, places, paths)


def _paths(body: ET.Element, members: Any, fill: dict[str, str], places: Places, paths: Sequence[str]) -> None:
    if not len(members):
        return
    group = ET.SubElement(body, "g", fill)
    for i in members.tolist():
        ET.SubElement(group, "path", {"d": paths[i], "data-key": svg.printable(places.keys[i])})


def _overlay(root: ET.Element, over: Overlay, lines: Geometries, frame: Window, area: str | None) -> None:
    if area is not None:
        _veil(root, lines[over.place(area)], frame)
    borders = shapely.unary_union(shapely.boundary(lines))
    drawn = line_path(shapely.intersection(borders, frame.field) if area is not None else borders, frame)
    for token, width, name in (("paper", "2.4", "map-casing"), ("ink", "1", "map-line")):
        line = {"d": drawn, "fill": "none", "stroke": theme.colour(token), "stroke-width": width}
        ET.SubElement(root, "path", {**line, "class": f"{name} s-{token}"})
    ink = {"class": "map-labels f-ink s-paper", "fill": theme.colour("ink"), "stroke": theme.colour("paper")}
    labels = ET.SubElement(
        root,
        "g",
        {**ink, "stroke-width": "0.28em", "paint-order": "stroke", "font-weight": "700", "text-anchor": "middle"},
    )
    for shape, short in zip(over.geometry, over.short, strict=True):
        x, y = frame.grid(np.array([label_point(shape)]))[0].tolist()
        if 0 < x < frame.width and 0 < y < frame.height:
            node = ET.SubElement(labels, "text", {"x": str(x), "y": str(y), "dominant-baseline": "central"})
            node.text = svg.printable(short)


def _veil(root: ET.Element, shape: Any, frame: Window) -> None:
    """Everything outside the chosen area pales."""
    field = f"M-9-9h{frame.width + 18}v{frame.height + 18}h{-frame.width - 18}z"
    veil = {"d": field + path(shape, frame), "fill-rule": "evenodd", "fill-opacity": "0.6", "class": "map-veil f-paper"}
    ET.SubElement(root, "path", {**veil, "fill": theme.colour("paper")})


def _where_columns(places: Places, over: Overlay | None) -> dict[str, Any]:
    """The columns of a table twin that say which place a row is."""
    columns: dict[str, Any] = {places.key_name: places.keys}
    if places.names:
        columns["name"] = places.names
    if places.hoods:
        columns["neighborhood"] = [hood or None for hood in places.hoods]
    if over is not None:
        columns["area"] = [over.names[i] if i >= 0 else None for i in places.area]
    return columns


def _twin_of_two(pair: Pair, over: Overlay | None) -> pd.DataFrame:
    """The table twin of two measures: each with its bounds and its own status, named after its column."""
    columns = _where_columns(pair.places[0], over)
    for places, shading, names in zip(pair.places, pair.shadings, pair_columns(pair), strict=True):
        columns[names["value"]] = shading.trimmed(places.values)
        if names["low"]:
            columns |= {names["low"]: shading.trimmed(places.low), names["high"]: shading.trimmed(places.high)}
        columns[names["status"]] = list(places.status)
    return pd.DataFrame(columns)


def _twin(places: Places, shading: Shading, over: Overlay | None) -> pd.DataFrame:
    """The table twin: what is drawn, one row a place."""
    columns = _where_columns(places, over)
    if shading.scribe is None:
        columns[places.column] = [t or None for t in places.texts]
    else:
        columns[places.column] = shading.trimmed(places.values)
        if np.isfinite(places.low).any():
            columns |= {"low": shading.trimmed(places.low), "high": shading.trimmed(places.high)}
    columns["status"] = list(shading.status)
    return pd.DataFrame(columns)


def _ground(
    frame: Window, crs: str, over: Overlay | None, lines: Geometries | None, overlay_noun: str
) -> dict[str, Any]:
    """The window, the way to degrees, and the outlines of the overlay's areas, which a page itself does not need."""
    areas = []
    if over is not None and lines is not None:
        for identifier, name, short, shape, line in zip(
            over.keys, over.names, over.short, over.geometry, lines, strict=True
        ):
            x, y = frame.grid(np.array([label_point(shape)]))[0].tolist()
            areas.append({"id": identifier, "name": name, "short": short, "path": path(line, frame), "label": [x, y]})
    size = {"width": frame.width, "height": frame.height}
    return {**size, "degrees": degrees(frame, crs), "areas": areas, "noun": overlay_noun}


def _interaction(
    near: list[list[int]], shading: Shading, over: Overlay | None, frame: Window, noun: str, overlay_noun: str
) -> dict[str, Any]:
    """What the page's script needs besides the table twin; texts come from style.yml."""
    areas = []
    if over is not None:
        for identifier, name, shape in zip(over.keys, over.names, over.geometry, strict=True):
            corners = np.array(shapely.bounds(shape)).reshape(2, 2)
            (left, bottom), (right, top) = frame.grid(corners).tolist()
            areas.append({"id": identifier, "name": as_label(name), "box": [left, top, right - left, bottom - top]})
    held: Sequence[Class] = shading.classes
    nouns = {"noun": plural(noun, 1), "area": plural(overlay_noun, 1)}
    return {
        "near": near,
        "classes": [c.label for c in held],
        "place": shading.place.tolist(),
        "areas": areas,
        "format": shading.format,
        "status": {status: said("status", status) for status in EMPTY if shading.empty.get(status)},
        "words": {name: text.format(**nouns) for name, text in theme.words()["map"].items()},
    }
