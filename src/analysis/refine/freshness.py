"""What a table was built from, as one hash a part: the table is stale when one of them changed.

Time plays no part. A touched file, a clone or a new fetch of the same bytes
changes no hash and makes nothing stale.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import cache
from typing import Any

from analysis.refine.contracts import Table
from analysis.refine.storage import file_sha256, parquet_path, read_meta
from analysis.refine.subjects import code_modules, module_file
from analysis.refine.workbench import Shelf

# How raw bytes become a frame decides about the table as much as the refine module does.
_READING = "analysis.sources.reading"
_STREAMING, _READING_STREAMED = "analysis.refine.streaming", "analysis.sources.streaming"


def digest(value: Any) -> str:
    """Hash of plain data.

    >>> digest({"b": 1, "a": [2]}) == digest({"a": [2], "b": 1})
    True
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


@cache
def code_hash(module: str) -> str:
    """One hash for the code that builds the tables of a subject."""
    modules = code_modules(module)
    reading = (_READING, _READING_STREAMED) if _STREAMING in modules else (_READING,)
    files = [module_file(name) for name in (*modules, *reading)]
    return digest([file_sha256(path) for path in files])


def parts(table: Table, shelf: Shelf) -> dict[str, Any]:
    """Everything the rows of a table depend on: inputs, other tables, files, code, contract, city.

    Raises AnalysisError when an input was never fetched or another table was not built.
    """
    upstream = {name: read_meta(shelf.project, shelf.source, name) for name in table.tables}
    return {
        "inputs": {name: shelf.manifest(name).sha256 for name in table.inputs},
        "reading": {name: digest(asdict(shelf.catalog[name].source)) for name in table.inputs},
        "tables": {name: meta["sha256"] if meta else None for name, meta in upstream.items()},
        "files": {name: file_sha256(shelf.project.catalog / name) for name in table.files},
        "code": code_hash(table.build.__module__),
        "contract": digest([asdict(field) for field in table.fields]),
        "city": digest(asdict(shelf.city)),
    }


_WORDS = {
    "inputs": "raw data changed",
    "reading": "the catalogue entry changed",
    "tables": "another table changed",
    "files": "typed figures changed",
    "code": "the code that builds it changed",
    "contract": "its contract changed",
    "city": "the city's entry changed",
}


def why_stale(table: Table, shelf: Shelf) -> str | None:
    """Why a table has to be built, in words; None when it is fresh."""
    meta = read_meta(shelf.project, shelf.source, table.name)
    path = parquet_path(shelf.project, shelf.source, table.name)
    if meta is None or not path.is_file():
        return "not built yet"
    if file_sha256(path) != meta.get("sha256"):
        return "its file does not fit its description (an interrupted or altered write)"
    built_from = meta.get("built_from", {})
    for name, now in parts(table, shelf).items():
        before = built_from.get(name)
        if now != before:
            if isinstance(now, dict) and isinstance(before, dict):
                changed = sorted(key for key in {*now, *before} if now.get(key) != before.get(key))
                return f"{_WORDS[name]}: {', '.join(changed)}"
            return _WORDS[name]
    return None
