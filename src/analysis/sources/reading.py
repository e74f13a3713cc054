"""Raw parts as a frame of text, before any cleaning.

Every value is text as the publisher sent it (``06037``, ``-666666666``, ``.``);
what was not sent (JSON null, a key left out, an empty cell of a table) is NA.
Cleaning, types and units belong to ``refine``.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.catalog import CensusSource, Dataset, FileSource
from analysis.project import AnalysisError
from analysis.sources.manifest import Manifest
from analysis.sources.parsing import as_text, decoded, sheet_rows, zip_members

GEOGRAPHY_LEVELS = (
    "us",
    "region",
    "division",
    "state",
    "county",
    "county subdivision",
    "place",
    "tract",
    "block group",
    "block",
    "zip code tabulation area",
)


def read_raw(dataset: Dataset, manifest: Manifest, folder: Path) -> Any:
    """All parts of an edition as one frame.

    Returns a DataFrame of text columns; a GeoDataFrame in EPSG:4326 (with a
    ``geometry`` column that may be empty in places) for GeoJSON. Socrata rows keep
    ``:id``; ArcGIS dates stay epoch milliseconds. A zip without a table inside
    gives ``member`` and ``text``.

    Raises AnalysisError naming dataset and part when a part cannot be read.
    """
    if manifest.dataset != dataset.id:
        raise AnalysisError(f"{dataset.id}: the manifest is of {manifest.dataset!r}: wrong folder")
    reader = _READERS[dataset.source.kind]
    try:
        frame = reader(dataset, manifest, [(part.name, folder / part.name) for part in manifest.parts])
    except (OSError, UnicodeDecodeError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise AnalysisError(
            f"{dataset.id}: cannot read the raw parts ({type(error).__name__}: {error}): "
            f"check format, encoding and sheet at {dataset.defined_at}, or fetch again"
        ) from error
    return frame


Parts = Sequence[tuple[str, Path]]


def text_frame(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Rows as a frame of text; columns not named in ``columns`` follow in order of appearance."""
    rows = list(rows)
    names = dict.fromkeys(columns)
    for row in rows:
        for name in row:
            names.setdefault(name)
    return pd.DataFrame({name: pd.Series([as_text(row.get(name)) for row in rows], dtype="str") for name in names})


def census_geography(header: Sequence[str]) -> list[str]:
    """The geography columns that the Census API appends to what was asked for.

    >>> census_geography(["NAME", "B19013_001E", "state", "county", "tract"])
    ['state', 'county', 'tract']
    """
    return [name for name in header if name in GEOGRAPHY_LEVELS]


def _read_census(dataset: Dataset, manifest: Manifest, parts: Parts) -> pd.DataFrame:
    assert isinstance(dataset.source, CensusSource)
    merged: pd.DataFrame | None = None
    for _, path in parts:
        header, *rows = json.loads(path.read_bytes())
        frame = text_frame((dict(zip(header, row, strict=True)) for row in rows), header)
        keys = census_geography(header)
        if merged is None:
            merged = frame
            continue
        new = [name for name in frame.columns if name not in merged.columns]
        merged = merged.merge(frame[keys + new], on=keys, how="outer", validate="one_to_one", sort=False)
    assert merged is not None
    geography = census_geography(list(merged.columns))
    return merged[[name for name in merged.columns if name not in geography] + geography]


def _read_socrata(dataset: Dataset, manifest: Manifest, parts: Parts) -> pd.DataFrame:
    rows = [row for _, path in parts for row in json.loads(path.read_bytes())]
    return text_frame(rows, manifest.columns)


def _read_arcgis(dataset: Dataset, manifest: Manifest, parts: Parts) -> Any:
    if all(name.endswith(".geojson") for name, _ in parts):
        return _read_geojson([json.loads(path.read_bytes()) for _, path in parts], manifest.columns)
    rows = [f["attributes"] for _, path in parts for f in json.loads(path.read_bytes())["features"]]
    return text_frame(rows, manifest.columns)


def _read_geojson(collections: list[dict[str, Any]], columns: Sequence[str]) -> Any:
    import geopandas
    from shapely.geometry import shape

    features = [feature for collection in collections for feature in collection["features"]]
    frame = text_frame((feature["properties"] or {} for feature in features), columns)
    shapes = [shape(feature["geometry"]) if feature.get("geometry") else None for feature in features]
    return geopandas.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326")


def _read_file(dataset: Dataset, manifest: Manifest, parts: Parts) -> Any:
    source = dataset.source
    assert isinstance(source, FileSource)
    contents = [path.read_bytes() for _, path in parts]
    if source.format == "geojson":
        return _read_geojson([json.loads(content) for content in contents], manifest.columns)
    read = {"csv": read_table, "tsv": read_table, "xlsx": read_sheet, "json": _read_records, "zip": _read_zip}
    frames = [read[source.format](content, source) for content in contents]
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def read_table(content: bytes, source: FileSource) -> pd.DataFrame:
    """Delimited text in its stated encoding; an empty cell is NA, every other value stays as it is."""
    return pd.read_csv(
        io.StringIO(decoded(content, source.encoding)),
        sep=source.delimiter,
        header=source.header_row - 1,
        dtype="str",
        keep_default_na=False,
        na_values=[""],
        skip_blank_lines=True,
        index_col=False,
    )


def read_sheet(content: bytes, source: FileSource) -> pd.DataFrame:
    """One sheet of a workbook; numbers that are whole have no decimal point, a repeated heading gets .1."""
    header, body = sheet_rows(content, source)
    return pd.DataFrame(body, columns=_distinct(header), dtype="str")


def _read_records(content: bytes, source: FileSource) -> pd.DataFrame:
    records = json.loads(decoded(content, source.encoding))
    if not isinstance(records, list) or not all(isinstance(row, dict) for row in records):
        raise ValueError("expected a list of objects")
    return text_frame(records, ())


def _read_zip(content: bytes, source: FileSource) -> pd.DataFrame:
    members = zip_members(content, source)
    if all(name.lower().endswith((".csv", ".tsv")) for name in members):
        return pd.concat([read_table(body, source) for body in members.values()], ignore_index=True)
    rows = [{"member": name, "text": decoded(body, source.encoding)} for name, body in members.items()]
    return text_frame(rows, ("member", "text"))


def _read_database(dataset: Dataset, manifest: Manifest, parts: Parts) -> pd.DataFrame:
    frames = [read_table(path.read_bytes(), FileSource("", "csv")) for _, path in parts]
    return pd.concat(frames, ignore_index=True)


def _distinct(header: list[str]) -> list[str]:
    """Repeated headings get .1, .2 as pandas does for text."""
    seen: dict[str, int] = {}
    out = []
    for name in header:
        count = seen.get(name, 0)
        seen[name] = count + 1
        out.append(f"{name}.{count}" if count else name)
    return out


_READERS: dict[str, Callable[[Dataset, Manifest, Parts], Any]] = {
    "census": _read_census,
    "socrata": _read_socrata,
    "arcgis": _read_arcgis,
    "file": _read_file,
    "database": _read_database,
}
