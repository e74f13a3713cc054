"""The shapes of the map: those of the published maps, one set for every kind of place, on one grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.publish.payload import Json
from analysis.report.shared_shapes import outlines_of


@dataclass(frozen=True)
class Shapes:
    """Places of one kind, in the order of their keys, with borders of the year ``vintage`` (empty: not stated).

    ``names``, ``hoods`` (better known names of where they lie) and ``areas`` (keys of districts) are empty texts where
    nothing is known; ``near`` lists for each place the later ones that touch it; ``labels`` are points of the grid.
    """

    kind: str
    vintage: str
    keys: tuple[str, ...]
    names: tuple[str, ...]
    paths: tuple[str, ...]
    hoods: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    near: tuple[tuple[int, ...], ...] = ()
    short: tuple[str, ...] = ()
    labels: tuple[tuple[int, int], ...] = ()

    def rows(self, keys: Iterable[str]) -> list[int]:
        """The place of each key or name, −1 where there is no such place."""
        known = {name: row for row, name in enumerate(self.names)} | {key: row for row, key in enumerate(self.keys)}
        return [known.get(key, -1) for key in keys]


@dataclass(frozen=True)
class Ground:
    """All shapes of a site on one grid; ``degrees`` leads from it to longitude and latitude."""

    width: int
    height: int
    degrees: Json
    shapes: dict[str, Shapes]

    def of(self, measure: Json) -> Shapes | None:
        """The shapes a measure speaks of; None where there are none of its kind, or only with other borders."""
        found = self.shapes.get(str(measure["places"]))
        if found is None or (found.vintage and measure["vintage"] and found.vintage != measure["vintage"]):
            return None
        return found


def ground_of(maps: Sequence[Json]) -> Ground | None:
    """The shapes of the largest published map, and of the districts over it; None where no map is published.

    Maps of other kinds of places on another grid cannot be laid over it, so they are left out.
    """
    if not maps:
        return None
    largest = max(maps, key=lambda payload: len(payload["data"]["rows"]))
    ground = largest["ground"]
    kind = str(largest["measures"][0]["places"])
    held = {kind: _places(kind, largest)}
    areas = ground["areas"]
    if areas:
        held[_areas_noun(largest)] = Shapes(
            kind=_areas_noun(largest),
            vintage="",
            keys=tuple(area["id"] for area in areas),
            names=tuple(area["name"] for area in areas),
            paths=tuple(area["path"] for area in areas),
            short=tuple(area["short"] for area in areas),
            labels=tuple((area["label"][0], area["label"][1]) for area in areas),
        )
    return Ground(int(ground["width"]), int(ground["height"]), ground["degrees"], held)


def _areas_noun(payload: Json) -> str:
    return str(payload["ground"]["noun"])


def _places(kind: str, payload: Json) -> Shapes:
    columns = {name: at for at, name in enumerate(payload["data"]["columns"])}
    rows = payload["data"]["rows"]

    def column(name: str) -> list[Any]:
        return [row[columns[name]] for row in rows] if name in columns else [None] * len(rows)

    keys = [str(row[0]) for row in rows]
    ids = {area["name"]: area["id"] for area in payload["ground"]["areas"]}
    return Shapes(
        kind=kind,
        vintage=str(payload["measures"][0]["vintage"]),
        keys=tuple(keys),
        names=tuple(str(name or key) for name, key in zip(column("name"), keys, strict=True)),
        paths=tuple(outlines_of(str(payload["name"]), payload["svg"], keys)),
        hoods=tuple(str(hood or "") for hood in column("neighborhood")),
        areas=tuple(ids.get(area, "") for area in column("area")),
        near=tuple(tuple(later) for later in payload["interaction"]["near"]),
    )
