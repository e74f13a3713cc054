"""Downloads: CSV files offered beside the page."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import session
from analysis.publish.disclosure import guarded, require_crowds
from analysis.publish.evidence import tables_behind
from analysis.publish.measures import Measure
from analysis.publish.measures import recorded as recorded_measures
from analysis.publish.payload import Download, checked_name, plain

# Spreadsheets run a cell that begins so; the full-width forms are read the same way in some of them.
_FORMULA = re.compile(r"[\s\u00a0]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_MOST = 5_000_000
BOM = "\ufeff"


def download(
    name: str,
    frame: pd.DataFrame,
    *,
    title: str,
    description: str,
    people_columns: Sequence[str] = (),
    totals: str | None = None,
    sums: Mapping[str, Sequence[str]] | None = None,
    record_keys: Sequence[str] = (),
    sensitive: str | None = None,
    measures: Mapping[str, Measure] | None = None,
    tables: Sequence[str] | None = None,
) -> Download:
    """Offer ``frame`` as ``downloads/<name>.csv``: RFC 4180, UTF-8 with a byte order mark, safe to open.

    The mark is there because spreadsheets misread accents without it. Text that a spreadsheet would run as a
    formula gets an apostrophe before it; numbers stay numbers. Small counts in ``people_columns`` are emptied, and what
    would reveal them where ``totals`` or ``sums`` say how the counts add up (see :func:`table`). Where rows are
    records of people, ``record_keys`` are the columns by which one could be recognised, and ``sensitive`` is what must
    not be learnt of them: a file in which somebody stands out is refused. ``measures`` says which columns are shown on
    the map of all measures, too.

    Raises :class:`AnalysisError` for an empty or too large frame, or one that cannot be made safe.
    """
    checked_name("download", name)
    if frame.empty:
        raise AnalysisError(f"download {name!r} has no rows: offer nothing rather than an empty file")
    shown = frame.drop(columns="geometry", errors="ignore")
    if record_keys:
        require_crowds(f"download {name!r}", shown, record_keys, sensitive)
    if people_columns:
        shown = _withheld(name, shown, people_columns, totals, sums)
    text = csv_text(shown)
    if len(text) > _MOST:
        raise AnalysisError(f"download {name!r} has {len(text):,} characters, over {_MOST:,}: offer fewer rows")
    recorded = Download(
        name=name,
        file=f"{name}.csv",
        title=title,
        description=description,
        rows=len(shown),
        sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        csv=text,
        columns=tuple(str(column) for column in shown.columns),
        tables=tables_behind(tables),
        measures=recorded_measures(f"download {name!r}", shown, measures, _judged(shown)),
    )
    facts = [("rows", f"{recorded.rows:,}"), ("file", recorded.file), ("about", description)]
    session.record(recorded, card=session.card(title, facts, lead=name), text=f"{name}: {recorded.rows:,} rows")
    return recorded


def _judged(shown: pd.DataFrame) -> dict[str, list[str]]:
    """Statuses of columns in which something was withheld, by column."""
    pairs = ((str(column), f"{column}_status") for column in shown.columns)
    return {column: [str(s) for s in shown[status]] for column, status in pairs if status in shown.columns}


def csv_text(frame: pd.DataFrame) -> str:
    """A frame as guarded CSV text, without its index.

    >>> csv_text(pd.DataFrame({"name": ["=1+1", "a,b"], "change": [-3.5, None]}))
    '\\ufeffname,change\\r\\n\\'=1+1,-3.5\\r\\n"a,b",\\r\\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([guarded_cell(str(column)) for column in frame.columns])
    for row in frame.astype(object).itertuples(index=False, name=None):
        writer.writerow([guarded_cell(value) for value in row])
    return BOM + out.getvalue()


def guarded_cell(value: Any) -> str:
    """One value as the text of a cell; text that a spreadsheet would run gets an apostrophe.

    >>> [guarded_cell(value) for value in (-3, "-3", "=HYPERLINK(1)", " @x", None, 0.1)]
    ['-3', '-3', "'=HYPERLINK(1)", "' @x", '', '0.1']
    """
    given = plain(value)
    if given is None:
        return ""
    if isinstance(given, (bool, int, float)):
        return repr(given)
    text = str(given).replace("\x00", "")
    return "'" + text if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _withheld(
    name: str,
    frame: pd.DataFrame,
    people: Sequence[str],
    totals: str | None,
    sums: Mapping[str, Sequence[str]] | None,
) -> pd.DataFrame:
    """The frame with withheld counts emptied and a status column beside each column that has some."""
    guard = guarded(f"download {name!r}", frame, people, totals=totals, sums=sums)
    columns: dict[str, pd.Series] = {}
    for column in frame.columns:
        columns[str(column)] = frame[column]
        if column in guard.hidden and guard.hidden[column].any():
            hidden = guard.hidden[column]
            missing = frame[column].isna()
            columns[str(column)] = frame[column].astype(object).mask(hidden, None)
            status = pd.Series("ok", index=frame.index).mask(missing, "no_data").mask(hidden, "suppressed")
            columns[f"{column}_status"] = status
    return pd.DataFrame(columns)
