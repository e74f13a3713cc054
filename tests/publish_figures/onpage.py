"""Maps as a page carries them, for tests that show them without composing a whole page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from analysis.publish.maps import MapDrawing
from analysis.publish.payload import Map, plain
from analysis.report.exhibits import Carried, figure_view
from analysis.report.printing import MAP_SCRIPTS


@dataclass(frozen=True)
class Placed:
    """A map on a page: its drawing and the JSON it brings, by id."""

    name: str
    svg: str
    held: dict[str, Any]


def on_page(drawings: Mapping[str, MapDrawing]) -> list[Placed]:
    """Maps of one page, in this order."""
    carried = Carried()
    placed = []
    for number, (name, drawing) in enumerate(drawings.items(), start=1):
        drawn = drawing.named(name)
        data = {"columns": list(drawn.data.columns), "rows": plain(drawn.data.astype(object).to_numpy().tolist())}
        published = Map(
            name=name, title="A map", subtitle="Of places", alt=drawn.alt, svg=drawn.svg, data=data,
            interaction=plain(drawn.interaction),
        )  # fmt: skip
        view = figure_view(published, number, lambda template, mode: template, carried)
        placed.append(Placed(name, view.wide, {f"data-{name}": view.data.json, f"map-{name}": view.interaction}))
    return placed


def scripts() -> str:
    """The scripts of a page with maps."""
    folder = files("analysis.report").joinpath("templates")
    return "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in ("data.js", *MAP_SCRIPTS))
