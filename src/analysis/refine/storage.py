"""Refined tables on disk: written whole or not at all, the same bytes for the same rows.

The Parquet file comes first, then ``<table>.meta.json`` with its hash, each under
a temporary name and renamed. A process that dies between the two leaves a hash
that does not fit, and the table is built again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.project import AnalysisError, Project
from analysis.refine.contracts import Table
from analysis.refine.registry import table_named


def parquet_path(project: Project, source: str, table: str) -> Path:
    """Where the rows of a table lie."""
    return project.processed(source) / f"{table}.parquet"


def meta_path(project: Project, source: str, table: str) -> Path:
    """Where the description of a table lies."""
    return project.processed(source) / f"{table}.meta.json"


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_meta(project: Project, source: str, table: str) -> dict[str, Any] | None:
    """The description of a table, or None when there is none or it is damaged."""
    try:
        found = json.loads(meta_path(project, source, table).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def read_table(project: Project, source: str, table: str, columns: Sequence[str] | None = None) -> Any:
    """The rows of a table, or some of its columns: a DataFrame, a GeoDataFrame for shapes.

    Raises AnalysisError for a column that the table does not have.
    """
    declared = table_named(table)
    unknown = [name for name in columns or () if name not in declared.columns]
    if unknown:
        raise AnalysisError(f"table {table!r} has no column {unknown}: it has {', '.join(declared.columns)}")
    path = parquet_path(project, source, table)
    names = list(columns) if columns is not None else None
    if declared.spatial and (names is None or "geometry" in names):
        import geopandas

        return geopandas.read_parquet(path, columns=names)
    return pd.read_parquet(path, columns=names)


def write_table(project: Project, source: str, table: Table, frame: Any, meta: dict[str, Any]) -> str:
    """Write rows, then description; returns the hash of the Parquet file."""
    temporary = staging_path(project, source, table.name)
    # Only what is in the frame goes into the file: no index, no time, no name of a machine.
    frame.to_parquet(temporary, index=False, compression="zstd")
    return commit_table(project, source, table, temporary, meta)


def staging_path(project: Project, source: str, table: str) -> Path:
    """Where the rows of a table are written before they take the old ones' place; ``sweep`` removes what is left."""
    path = parquet_path(project, source, table)
    path.parent.mkdir(parents=True, exist_ok=True)
    return _temporary(path)


def commit_table(project: Project, source: str, table: Table, temporary: Path, meta: dict[str, Any]) -> str:
    """Let a whole Parquet file take the old one's place, then write its description; returns the file's hash."""
    digest = file_sha256(temporary)
    _commit(temporary, parquet_path(project, source, table.name))
    write_json(meta_path(project, source, table.name), {**meta, "sha256": digest})
    return digest


def write_json(path: Path, content: Any) -> None:
    """Write JSON under a temporary name and rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    temporary.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    _commit(temporary, path)


def sweep(folder: Path) -> None:
    """Remove what killed runs left behind; call it only while holding the folder's lock."""
    for path in sorted(folder.rglob(".*.tmp")):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def _commit(temporary: Path, path: Path) -> None:
    with temporary.open("rb") as handle:
        os.fsync(handle.fileno())
    temporary.replace(path)
