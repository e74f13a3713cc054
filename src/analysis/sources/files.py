"""Plain files: CSV, TSV, workbooks, zips, GeoJSON and JSON, taken byte for byte.

A file has no schema of its own, so the catalogue states encoding, delimiter,
sheet and headings, and a file that differs does not land.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from analysis.catalog import FileSource
from analysis.sources.errors import Unusable
from analysis.sources.job import Job, parsed, require
from analysis.sources.manifest import Manifest
from analysis.sources.parsing import decoded, sheet_rows, zip_members
from analysis.sources.transport import Answer

Checked = tuple[Answer, int, list[str]]


def fetch_file(job: Job) -> Manifest:
    """Land the file if it is whole and has the headings the catalogue names."""
    source = job.dataset.source
    assert isinstance(source, FileSource)
    check = partial(_whole, source=source)
    answer, rows, columns = job.get(source.address, check, compressed=False, conditional=True, watch_bytes=True)
    job.add(source.format, answer, rows)
    return job.landing.commit(job.edition({}, columns, answer))


def _whole(answer: Answer, source: FileSource) -> Checked:
    """Check a file by its format; returns it with the number of its rows and its headings."""
    if answer.status == 204 or not answer.content:
        raise Unusable("the service sent nothing")
    if answer.is_page:
        raise Unusable(f"the service sent an HTML page ({answer.excerpt()!r}) instead of a {source.format} file")
    rows, columns = _CHECKS[source.format](answer, source)
    require(rows > 0, "the file has headings but no rows")
    check_headings(columns, source)
    return answer, rows, columns


def check_headings(found: Sequence[str], source: FileSource) -> None:
    """Compare headings with the catalogue; raises Unusable naming what is missing and what is new.

    >>> check_headings(["date", "1/2/20"], FileSource("", "csv", columns=("date",), more_columns=r"[0-9/]+"))
    >>> check_headings(["date_1"], FileSource("", "csv", columns=("date",)))
    Traceback (most recent call last):
    analysis.sources.errors.Unusable: the headings differ from the catalogue: missing 'date', new 'date_1'
    """
    if not source.columns:
        return
    pattern = re.compile(source.more_columns) if source.more_columns else None
    known = set(source.columns)
    named = [name for name in found if name in known or not (pattern and pattern.fullmatch(name))]
    missing, new = Counter(source.columns) - Counter(named), Counter(named) - Counter(source.columns)
    if missing or new:
        parts = [
            f"{word} {', '.join(repr(name) for name in list(odd)[:3])}"
            for word, odd in (("missing", missing), ("new", new))
            if odd
        ]
        require(False, f"the headings differ from the catalogue: {', '.join(parts)}")


def _delimited(answer: Answer, source: FileSource) -> tuple[int, list[str]]:
    if not answer.sized and not answer.content.endswith((b"\n", b"\r")):
        raise Unusable("the service does not say how long the file is, and it ends in the middle of a line")
    return _count_delimited(answer.content, source)


def _count_delimited(content: bytes, source: FileSource) -> tuple[int, list[str]]:
    try:
        text = decoded(content, source.encoding)
    except UnicodeDecodeError as error:
        raise Unusable(
            f"the file is not {source.encoding} (byte {error.start}): correct 'encoding' in the catalogue entry",
            "shape",
        ) from None
    require("\x00" not in text, f"the file has zero bytes: it is not text in {source.encoding}")
    reader = csv.reader(io.StringIO(text), delimiter=source.delimiter)
    for _ in range(source.header_row - 1):
        next(reader, None)
    header = next(reader, [])
    rows = 0
    for row in reader:
        if not row:
            continue
        rows += 1
        require(
            len(row) == len(header),
            f"line {reader.line_num} has {len(row)} cells, the heading has {len(header)}",
        )
    return rows, header


def _workbook(answer: Answer, source: FileSource) -> tuple[int, list[str]]:
    _sound_zip(answer.content, "workbook")
    try:
        header, body = sheet_rows(answer.content, source)
    except ValueError as error:
        raise Unusable(f"the workbook differs from the catalogue: {error}", "shape") from None
    return len(body), header


def _archive(answer: Answer, source: FileSource) -> tuple[int, list[str]]:
    _sound_zip(answer.content, "zip")
    try:
        members = zip_members(answer.content, source)
    except ValueError as error:
        raise Unusable(f"the zip differs from the catalogue: {error}", "shape") from None
    if all(name.lower().endswith((".csv", ".tsv")) for name in members):
        counted = [_count_delimited(body, source) for body in members.values()]
        headers = {tuple(columns) for _, columns in counted}
        require(len(headers) == 1, "the tables in the zip have different headings")
        return sum(rows for rows, _ in counted), counted[0][1]
    return len(members), ["member", "text"]


def _sound_zip(content: bytes, name: str) -> None:
    """A workbook is a zip too; every member carries its own checksum."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise Unusable(f"the file is no whole {name} ({error})") from None
    if damaged:
        raise Unusable(f"the {name} is damaged at {damaged}")


def _records(answer: Answer, source: FileSource) -> tuple[int, list[str]]:
    rows: Any = parsed(answer, "a JSON file")
    require(isinstance(rows, list) and all(isinstance(row, dict) for row in rows), "the file is no list of objects")
    return len(rows), list(dict.fromkeys(name for row in rows for name in row))


def _features(answer: Answer, source: FileSource) -> tuple[int, list[str]]:
    body: Any = parsed(answer, "a GeoJSON file")
    features = body.get("features") if isinstance(body, dict) else None
    require(isinstance(features, list), "the file is no GeoJSON collection of features")
    rows = [feature.get("properties") or {} for feature in features or []]
    return len(rows), list(dict.fromkeys(name for row in rows for name in row))


_CHECKS: dict[str, Callable[[Answer, FileSource], tuple[int, list[str]]]] = {
    "csv": _delimited,
    "tsv": _delimited,
    "xlsx": _workbook,
    "zip": _archive,
    "json": _records,
    "geojson": _features,
}
