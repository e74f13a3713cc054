"""Raw parts of any size as a query over text columns, read piece by piece and never whole.

The same text as :func:`analysis.sources.reading.read_raw` gives, in the same order:
parts as the manifest names them, rows as they stand in the parts. The engine is
DuckDB, in this process. It opens no network connection and fetches no extension.

The order of rows is DuckDB's promise for reading files while ``preserve_insertion_order``
is on: https://duckdb.org/docs/stable/sql/dialect/order_preservation.html
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.catalog import Dataset, FileSource
from analysis.project import AnalysisError
from analysis.sources.manifest import Manifest

if TYPE_CHECKING:
    import duckdb

MEMORY = "600MB"
"""What the engine may hold; it reads in pieces and writes what is more to the disk beside the tables."""
# DuckDB reads these by itself; every other encoding would need an extension from the network.
_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "utf-8-sig": "utf-8", "ascii": "utf-8", "latin-1": "latin-1",
              "latin1": "latin-1", "iso-8859-1": "latin-1"}  # fmt: skip
_LARGEST_OBJECT = 64 * 1024 * 1024


@contextmanager
def engine(folder: Path, memory: str = MEMORY) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection that spills into ``folder`` and is closed at the end.

    Its threads end with it: a process that forks must not hold one open.
    """
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".engine.", suffix=".tmp", dir=folder) as spill:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory,
            "threads": _processors(),
            "temp_directory": spill,
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        connection = duckdb.connect(":memory:", config=settings)
        try:
            # Times have no zone in the files and must mean the same on every machine.
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()


def can_stream(dataset: Dataset) -> bool:
    """Whether the raw parts of a dataset can be read piece by piece."""
    source = dataset.source
    if isinstance(source, FileSource):
        return source.format in ("csv", "tsv", "json") and source.encoding.lower().replace("_", "-") in _ENCODINGS
    return source.kind in ("socrata", "database")


def raw_query(dataset: Dataset, manifest: Manifest, folder: Path, columns: Sequence[str]) -> str:
    """SQL that reads these columns of all parts as text.

    What was not sent is NULL, as in ``read_raw``; an object inside JSON is the publisher's own text of it.
    A type given to such a column by ``TRY_CAST(name AS …)`` alone is pushed into DuckDB's CSV
    reader and fails there instead of giving NULL (DuckDB issue 23818): trim the text first.

    Raises AnalysisError when a column is not in the data, or the parts are of a kind
    that has to be read whole (workbooks, zips, features, other encodings).
    """
    if not can_stream(dataset):
        raise AnalysisError(
            f"{dataset.id}: its parts cannot be read piece by piece (see {dataset.defined_at}): "
            "only CSV, TSV, JSON rows and Socrata pages in UTF-8 or Latin-1 can; use a table that is built whole"
        )
    missing = [name for name in columns if name not in manifest.columns]
    if missing:
        raise AnalysisError(
            f"{dataset.id}: column {missing[0]!r} is not in the data (there are {', '.join(manifest.columns[:12])}): "
            "the publisher changed the table, or the wrong edition was fetched; compare with the entry in "
            "data/catalog and fetch again"
        )
    paths = "[" + ", ".join(_quoted(_literal_glob(folder / part.name)) for part in manifest.parts) + "]"
    reader = _csv(dataset, manifest, paths) if _delimited(dataset) else _json(manifest, paths)
    return f"SELECT {', '.join(map(named, columns))} FROM {reader}"


def named(column: str) -> str:
    """A column's name as it stands in SQL.

    >>> named(":id")
    '":id"'
    """
    return '"' + column.replace('"', '""') + '"'


def _delimited(dataset: Dataset) -> bool:
    source = dataset.source
    return source.kind == "database" or (isinstance(source, FileSource) and source.format in ("csv", "tsv"))


def _csv(dataset: Dataset, manifest: Manifest, paths: str) -> str:
    source = dataset.source if isinstance(dataset.source, FileSource) else FileSource("", "csv")
    encoding = _ENCODINGS[source.encoding.lower().replace("_", "-")]
    return (
        f"read_csv({paths}, columns = {_types(manifest.columns)}, auto_detect = false, header = true, "
        f"skip = {source.header_row - 1}, delim = {_quoted(source.delimiter)}, quote = '\"', escape = '\"', "
        f"nullstr = '', allow_quoted_nulls = true, encoding = {_quoted(encoding)})"
    )


def _json(manifest: Manifest, paths: str) -> str:
    types = _types(manifest.columns)
    return f"read_json({paths}, format = 'array', columns = {types}, maximum_object_size = {_LARGEST_OBJECT})"


def _types(columns: Sequence[str]) -> str:
    return "{" + ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in columns) + "}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _literal_glob(path: Path) -> str:
    """The path as a pattern that matches nothing but itself."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def _processors() -> int:
    """Processors this process may use, which a container or a scheduler can make fewer than the machine has."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows do not say.
        return os.cpu_count() or 1
