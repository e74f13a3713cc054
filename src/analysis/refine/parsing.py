"""Text as published into numbers and dates, refusing what was not foreseen.

A value that is neither a number nor a declared way of saying "missing" stops the
build: a silent NaN would turn a changed format into a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from analysis.project import AnalysisError

SHOWN = 5


def listed(values: Iterable[object], limit: int = SHOWN) -> str:
    """The first few values in quotes, and how many there are in all.

    >>> listed(["a", "b"]), listed(range(7))
    ("'a', 'b'", "'0', '1', '2', '3', '4' and 2 more")
    """
    shown = [repr(str(value)) for value in values]
    more = f" and {len(shown) - limit:,} more" if len(shown) > limit else ""
    return ", ".join(shown[:limit]) + more


def require(frame: pd.DataFrame, dataset: str, columns: Sequence[str]) -> None:
    """Raise AnalysisError if a column is not there.

    >>> require(pd.DataFrame({"a": []}), "covid_testing", ["a", "b"])
    Traceback (most recent call last):
    analysis.project.AnalysisError: covid_testing: column 'b' is not in the data (there are 'a'): ...
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise AnalysisError(
            f"{dataset}: column {listed(missing)} is not in the data (there are {listed(frame.columns, 12)}): "
            "the publisher changed the table, or the wrong edition was fetched; compare with the entry in "
            "data/catalog and fetch again"
        )


def numbers(column: pd.Series, dataset: str, missing: Sequence[str] = ()) -> pd.Series:
    """The column as float64; empty cells and the texts in ``missing`` become NaN.

    Raises AnalysisError naming dataset, column and the first bad rows for anything else.

    >>> numbers(pd.Series(["1", " 2.5", "<5", None], name="cases"), "places", missing=["<5"]).tolist()
    [1.0, 2.5, nan, nan]
    """
    text = column.astype("str").str.strip()
    blank = text.isna() | (text == "") | text.isin(list(missing))
    parsed = pd.to_numeric(text.mask(blank), errors="coerce").astype("float64")
    _refuse(column, parsed.isna() & ~blank, dataset, "a number")
    return parsed


def suppressed(column: pd.Series) -> list[str]:
    """The ways in which a column says "fewer than", to be read as missing and counted.

    >>> suppressed(pd.Series(["3", "<5", "< 11", None]))
    ['< 11', '<5']
    """
    text = column.astype("str").str.strip()
    return sorted(set(text[text.str.fullmatch(r"<\s*\d+", na=False)]))


def dates(column: pd.Series, dataset: str, form: str) -> pd.Series:
    """The column as dates; ``form`` is a strptime pattern, or ``"ms"`` for milliseconds since 1970 in UTC.

    Empty cells become NaT. Raises AnalysisError with the first bad rows for anything else.

    >>> str(dates(pd.Series(["3/28/2020"]), "policy_events", "%m/%d/%Y")[0].date())
    '2020-03-28'
    """
    text = column.astype("str").str.strip()
    blank = text.isna() | (text == "")
    if form == "ms":
        parsed = pd.to_datetime(numbers(column, dataset), unit="ms").dt.normalize()
    else:
        parsed = pd.to_datetime(text.mask(blank), format=form, errors="coerce")
    _refuse(column, parsed.isna() & ~blank, dataset, f"a date of the form {form}")
    return parsed.astype("datetime64[us]")


def _refuse(column: pd.Series, bad: pd.Series, dataset: str, expected: str) -> None:
    if bad.any():
        rows = ", ".join(f"row {label}: {value!r}" for label, value in column[bad].head(SHOWN).items())
        raise AnalysisError(
            f"{dataset}: column {column.name!r} has {int(bad.sum()):,} values that are not {expected} ({rows}): "
            "the publisher changed the format, or a new way of saying 'missing' has to be declared in its refine module"
        )
