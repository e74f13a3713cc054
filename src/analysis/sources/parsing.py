"""Bytes of a file as text and cells, by the encoding, sheet and member that the catalogue states.

Used twice with the same result: when a fetch checks a file and when it is read.
"""

from __future__ import annotations

import io
import json
import zipfile
from fnmatch import fnmatch
from typing import Any

from analysis.catalog import FileSource


def decoded(content: bytes, encoding: str) -> str:
    """The text of a file; a byte order mark is not part of it, line ends of old Macs become newlines.

    >>> decoded(b"\\xef\\xbb\\xbfa,b\\r1,2\\r", "utf-8")
    'a,b\\n1,2\\n'
    """
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-8-sig"
    text = content.decode(encoding)
    return text if "\n" in text else text.replace("\r", "\n")


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


def sheet_rows(content: bytes, source: FileSource) -> tuple[list[str], list[list[str | None]]]:
    """Headings and rows of one sheet as text; empty rows and columns at the end are not part of it.

    Raises ValueError when the sheet is not there or has no row of headings.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    except CalamineError as error:
        raise ValueError(f"no readable workbook ({error})") from None
    if source.sheet not in workbook.sheet_names:
        raise ValueError(f"no sheet {source.sheet!r}; there are {', '.join(workbook.sheet_names)}")
    cells = workbook.get_sheet_by_name(source.sheet).to_python(skip_empty_area=False)
    rows = [[None if cell == "" else as_text(cell) for cell in row] for row in cells]
    if len(rows) < source.header_row:
        raise ValueError(
            f"sheet {source.sheet!r} has {len(rows)} rows, headings were expected in row {source.header_row}"
        )
    header, body = rows[source.header_row - 1], rows[source.header_row :]
    while body and not any(body[-1]):
        body.pop()
    width = len(header)
    while width and header[width - 1] is None and not any(row[width - 1] for row in body):
        width -= 1
    return [name or "" for name in header[:width]], [row[:width] for row in body]


def zip_members(content: bytes, source: FileSource) -> dict[str, bytes]:
    """The members of a zip whose names match ``member`` (all without it), by name.

    Raises ValueError when none matches.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = sorted(n for n in archive.namelist() if not n.endswith("/") and fnmatch(n, source.member or "*"))
        if not names:
            raise ValueError(f"no member {source.member!r}; there are {', '.join(sorted(archive.namelist())[:5])}")
        return {name: archive.read(name) for name in names}
