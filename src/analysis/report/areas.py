"""The areas a source has: the exact keys and names that its refined tables of areas list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches

from analysis.catalog.editions import KINDS
from analysis.project import AnalysisError, Project
from analysis.report.storage import put_json, read_json

WHOLE_CITY = "city"


@dataclass(frozen=True)
class Area:
    """A district or neighborhood council. ``key`` is what a parameter ``area`` holds, ``kind`` the table it is in."""

    key: str
    name: str
    kind: str


def known_areas(project: Project, source: str) -> dict[str, Area]:
    """Every area of a source by key, districts first, each kind in the order of its table; empty before tables exist.

    Opening a table costs more than planning a thousand pages, so the list is kept beside the reports under the hashes
    of the tables it was read from.
    """
    hashes = {kind: _hash(project, source, kind) for kind in KINDS}
    if not any(hashes.values()):
        return {}
    kept = project.reports(source) / ".areas.json"
    held = read_json(kept)
    if not isinstance(held, dict) or held.get("tables") != hashes:
        rows = [asdict(area) for kind in KINDS if hashes[kind] for area in _read(project, source, kind)]
        held = {"tables": hashes, "areas": rows}
        put_json(kept, held)
    return {row["key"]: Area(**row) for row in held["areas"]}


def chosen(areas: Mapping[str, Area], wanted: Iterable[str], where: str) -> tuple[str, ...]:
    """Keys of the areas meant by kinds of areas and by single keys, exactly, in the order they were asked for.

    Raises AnalysisError beginning with ``where`` for a key that is none, naming the nearest; where no table of areas
    exists yet, single keys are taken as they are.

    >>> found = {"cd-01": Area("cd-01", "District 1", "council_districts")}
    >>> chosen(found, ["city", "council_districts"], "editions.yml:3")
    ('city', 'cd-01')
    """
    keys: list[str] = []
    for one in wanted:
        if one in KINDS:
            keys += [area.key for area in areas.values() if area.kind == one]
        elif one == WHOLE_CITY or one in areas or not areas:
            keys.append(one)
        else:
            raise AnalysisError(f"{where}: there is no area {one!r} in this source: {_hint(one, areas)}")
    return tuple(keys)


def _hint(wanted: str, areas: Mapping[str, Area]) -> str:
    """The key that was probably meant: the same but for capitals and leading zeros, else the most alike."""
    alike = [key for key in areas if _loosely(key) == _loosely(wanted)]
    nearest = alike or get_close_matches(wanted, [WHOLE_CITY, *KINDS, *areas], n=1, cutoff=0.5)
    return f"did you mean {nearest[0]!r}?" if nearest else f"use {WHOLE_CITY}, {' or '.join(KINDS)}, or a key"


def _loosely(key: str) -> str:
    return re.sub(r"(?<!\d)0+(?=\d)", "", key.lower())


def _hash(project: Project, source: str, table: str) -> str:
    held = read_json(project.processed(source) / f"{table}.meta.json")
    return str(held.get("sha256", "")) if isinstance(held, dict) else ""


def _read(project: Project, source: str, table: str) -> list[Area]:
    from analysis.refine.storage import read_table

    rows = read_table(project, source, table, columns=["area_id", "name"])
    return [Area(key, name, table) for key, name in zip(rows["area_id"], rows["name"], strict=True)]
