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
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.catalog import CensusSource, Dataset, FileSource
from analysis.project import AnalysisError
from analysis.sources.manifest import Manifest

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


def as_text(value: Any) -> str | None:
    """A JSON or spreadsheet value as text; None stays None.

    >>> [as_text(v) for v in ("06", 6, 6.0, 0.5, True, None, {"b": 1, "a": "x"})]
    ['06', '6', '6', '0.5', 'true', None, '{"a": "x", "b": 1}']
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        # A spreadsheet knows no whole numbers: 6037101110.0 is a tract, not a measurement.
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    return str(value)


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
    text = content.decode(_without_mark(source.encoding))
    if "\n" not in text:
        # Old Mac files end their lines with a bare carriage return.
        text = text.replace("\r", "\n")
    return pd.read_csv(
        io.StringIO(text),
        sep=source.delimiter,
        header=source.header_row - 1,
        dtype="str",
        keep_default_na=False,
        na_values=[""],
        skip_blank_lines=True,
        index_col=False,
    )


def read_sheet(content: bytes, source: FileSource) -> pd.DataFrame:
    """One sheet of a workbook; headings are the row ``header_row``, empty rows at the end are dropped."""
    from python_calamine import CalamineWorkbook

    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    if source.sheet not in workbook.sheet_names:
        raise ValueError(f"no sheet {source.sheet!r}; there are {', '.join(workbook.sheet_names)}")
    rows = workbook.get_sheet_by_name(source.sheet).to_python(skip_empty_area=False)
    header = [str(as_text(cell)) for cell in rows[source.header_row - 1]]
    body = [[as_text(cell) if cell != "" else None for cell in row] for row in rows[source.header_row :]]
    while body and all(cell is None for cell in body[-1]):
        body.pop()
    return pd.DataFrame(body, columns=_distinct(header), dtype="str")


def _read_records(content: bytes, source: FileSource) -> pd.DataFrame:
    records = json.loads(content.decode(_without_mark(source.encoding)))
    if not isinstance(records, list) or not all(isinstance(row, dict) for row in records):
        raise ValueError("expected a list of objects")
    return text_frame(records, ())


def zip_members(content: bytes, source: FileSource) -> dict[str, bytes]:
    """The members of a zip whose names match ``member`` (all without it), by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = sorted(n for n in archive.namelist() if not n.endswith("/") and fnmatch(n, source.member or "*"))
        if not names:
            raise ValueError(f"no member {source.member!r}; there are {', '.join(sorted(archive.namelist())[:5])}")
        return {name: archive.read(name) for name in names}


def _read_zip(content: bytes, source: FileSource) -> pd.DataFrame:
    members = zip_members(content, source)
    if all(name.lower().endswith((".csv", ".tsv")) for name in members):
        return pd.concat([read_table(body, source) for body in members.values()], ignore_index=True)
    encoding = _without_mark(source.encoding)
    rows = [{"member": name, "text": body.decode(encoding)} for name, body in members.items()]
    return text_frame(rows, ("member", "text"))


def _read_database(dataset: Dataset, manifest: Manifest, parts: Parts) -> pd.DataFrame:
    frames = [read_table(path.read_bytes(), FileSource("", "csv")) for _, path in parts]
    return pd.concat(frames, ignore_index=True)


def _without_mark(encoding: str) -> str:
    # A byte order mark is part of the encoding, not of the first heading.
    return "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding


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
