"""What a page says, as one hash: it tells editions apart.

An edition is a page whose findings, prose, exhibits or downloads differ from those of the edition before. Style,
template, code listings, the day of retrieval and hashes of data do not count: a page printed again is the same edition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from analysis.publish.payload import Download
from analysis.report.changes import steady
from analysis.report.exhibits import FigureView, TableView
from analysis.report.past import slim
from analysis.report.storage import canonical, digest


def content_hash(
    texts: Iterable[str],
    findings: Iterable[Mapping[str, Any]],
    exhibits: Iterable[FigureView | TableView],
    downloads: Iterable[Download],
) -> str:
    """The hash of what a page says.

    ``texts`` are the cells of prose as plain text, ``findings`` payloads; numbers count to nine digits, those behind a
    drawing to eight.
    """
    said = {
        "texts": list(texts),
        "findings": [_quantity(found) for found in findings],
        "exhibits": [_figure(one) if isinstance(one, FigureView) else _table(one) for one in exhibits],
        "downloads": [[one.file, one.sha256] for one in downloads],
    }
    return digest(canonical(said))


def _quantity(found: Mapping[str, Any]) -> Any:
    """A finding without what it was made from."""
    return steady({name: value for name, value in slim(found).items() if name not in {"tables", "method"}})


def _figure(one: FigureView) -> list[Any]:
    return [one.name, one.title_text, one.subtitle, one.caption, one.alt, one.data.json]


def _table(one: TableView) -> list[Any]:
    columns = [[column.get("label"), column.get("unit_label"), column.get("note")] for column in one.columns]
    rows = [[cell["text"] for cell in row["cells"]] for row in one.rows]
    return [one.name, one.title_text, columns, rows, one.note]
