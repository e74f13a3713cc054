"""How complete and how clean a raw dataset is as it was fetched, measured once per edition."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.catalog import Dataset
from analysis.refine.freshness import digest
from analysis.refine.registry import tables
from analysis.refine.storage import write_json
from analysis.refine.workbench import Shelf
from analysis.sources.streaming import engine, named, raw_query

# Measured anew when the way of measuring changes.
EDITION = 1


@dataclass(frozen=True)
class Profile:
    """A raw dataset in figures.

    ``key_missing`` are rows with an empty key column, ``key_repeated`` rows beyond
    the first with the same key, ``repeated`` rows that equal another in every
    column; ``empty_cells`` is the share of cells without a value (0 to 1).
    """

    dataset: str
    sha256: str
    reading: str
    rows: int
    columns: int
    key_missing: int
    key_repeated: int
    repeated: int
    empty_cells: float
    edition: int = EDITION


def measure(dataset: Dataset, frame: Any, sha256: str) -> Profile:
    """Measure a raw frame of text."""
    plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    key = [name for name in dataset.key if name in plain.columns]
    empty = plain.isna() | (plain == "")
    whole = ~empty[key].any(axis=1) if key else pd.Series(True, index=plain.index)
    return Profile(
        dataset=dataset.id,
        sha256=sha256,
        reading=digest(asdict(dataset.source)),
        rows=len(plain),
        columns=plain.shape[1],
        key_missing=int((~whole).sum()),
        key_repeated=int(plain.loc[whole, key].duplicated().sum()) if key else 0,
        repeated=int(plain.duplicated().sum()) if frame.shape[1] == plain.shape[1] else 0,
        empty_cells=round(float(empty.to_numpy().mean()), 6) if plain.size else 0.0,
    )


def measure_streamed(shelf: Shelf, name: str) -> Profile:
    """The same figures for a raw dataset that is read piece by piece; repeats are told by 128 bits of a hash."""
    dataset, manifest = shelf.catalog[name], shelf.manifest(name)
    columns = manifest.columns
    raw = raw_query(dataset, manifest, shelf.project.raw(shelf.source, name), columns)
    key = [column for column in dataset.key if column in columns]
    filled = [f"coalesce({named(column)}, '') <> ''" for column in columns]
    whole = " AND ".join(filled[columns.index(column)] for column in key) or "true"
    rows = f"""
        SELECT {_hashed(columns)} AS row_hash, {_hashed(key or columns)} AS key_hash, {whole} AS whole,
               {" + ".join(f"({each})::BIGINT" for each in filled)} AS filled
        FROM ({raw})"""
    with engine(shelf.project.processed(shelf.source)) as connection:
        connection.execute(f"CREATE TEMP TABLE marks AS {rows}")
        counted = connection.execute("""
            SELECT count(*), count(*) FILTER (NOT whole), coalesce(sum(filled), 0),
                   (SELECT count(*) FROM (SELECT DISTINCT row_hash FROM marks)),
                   (SELECT count(*) FROM (SELECT DISTINCT key_hash FROM marks WHERE whole))
            FROM marks""").fetchone()
    assert counted is not None
    total, missing, cells, distinct, keys = (int(value) for value in counted)
    return Profile(
        dataset=name,
        sha256=manifest.sha256,
        reading=digest(asdict(dataset.source)),
        rows=total,
        columns=len(columns),
        key_missing=missing,
        key_repeated=total - missing - keys if key else 0,
        repeated=total - distinct,
        empty_cells=round(1 - cells / (total * len(columns)), 6) if total and columns else 0.0,
    )


def _hashed(columns: Sequence[str]) -> str:
    """SQL for 128 bits of the cells of a row: two hashes, the second over the cells and one more."""
    cells = ", ".join(named(column) for column in columns)
    return f"ROW(hash({cells}), hash('again', {cells}))"


def ensure_profiles(shelf: Shelf, datasets: Iterable[str]) -> dict[str, Profile]:
    """The profiles of these datasets; measures those that are missing or of another edition."""
    found = {}
    for name in datasets:
        path = _path(shelf, name)
        profile = _stored(path)
        sha256 = shelf.manifest(name).sha256
        wanted = (sha256, digest(asdict(shelf.catalog[name].source)), EDITION)
        if profile is None or (profile.sha256, profile.reading, profile.edition) != wanted:
            large = any(table.streamed and name in table.inputs for table in tables().values())
            profile = measure_streamed(shelf, name) if large else measure(shelf.catalog[name], shelf.raw(name), sha256)
            write_json(path, asdict(profile))
        found[name] = profile
    return found


def _path(shelf: Shelf, dataset: str) -> Path:
    return shelf.project.processed(shelf.source) / "profiles" / f"{dataset}.json"


def _stored(path: Path) -> Profile | None:
    try:
        return Profile(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
