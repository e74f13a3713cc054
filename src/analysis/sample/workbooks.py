"""Workbooks as publishers send them: several sheets, numbers as numbers, texts as texts.

Written as plain XML in an uncompressed zip: a compressor of another version would make
other bytes of the same cells.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

from analysis.sample.wire import Cell

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold: a workbook says nothing of when it was made."""

Sheet = Iterable[Sequence[Cell]]


def workbook(sheets: Mapping[str, Sheet]) -> bytes:
    """An Office Open XML workbook with these sheets in this order; the first row of a sheet is its heading.

    >>> workbook({"Data": [["tract", "people"], [101110, 2.5]]})[:2]
    b'PK'
    """
    numbered = list(enumerate(sheets, 1))
    parts = {
        "[Content_Types].xml": _types(len(numbered)),
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>'
        + "".join(f'<sheet name="{escape(name)}" sheetId="{k}" r:id="rId{k}"/>' for k, name in numbered)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            {f"rId{k}": ("worksheet", f"worksheets/sheet{k}.xml") for k, _ in numbered}
        ),
        **{f"xl/worksheets/sheet{k}.xml": _sheet(sheets[name]) for k, name in numbered},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), text.encode())
    return out.getvalue()


def _types(sheets: int) -> str:
    parts = [("/xl/workbook.xml", "sheet.main")]
    parts += [(f"/xl/worksheets/sheet{k}.xml", "worksheet") for k in range(1, sheets + 1)]
    overrides = "".join(f'<Override PartName="{part}" ContentType="{_KIND}.{kind}+xml"/>' for part, kind in parts)
    default = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    return f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">{default}{overrides}</Types>'


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    links = "".join(
        f'<Relationship Id="{key}" Type="{_LINKS}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'


def _sheet(rows: Sheet) -> str:
    lines = (f'<row r="{number}">{"".join(map(_cell, row))}</row>' for number, row in enumerate(rows, 1))
    return f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(value: Cell) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c><v>{value!r}</v></c>"
