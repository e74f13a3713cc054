"""Cumulative counts that are revised: what was published, what it was revised by, what each day had.

A cumulative count that falls did not lose cases: days before it had counted too
many. The rule by which the excess is taken off the days before stands once, in
``methods.epidemic_curve``; here its result becomes columns, for the rows that were
published and no others: a gap in the dates stays a gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.refine.contracts import Field

if TYPE_CHECKING:
    from analysis.refine.workbench import Workbench

FLAGS = ("ok", "first", "gap", "revision", "resolved", "dip", "held", "missing")

DATE = Field("date", "date", "Day the count is of", "day")
DAYS = Field(
    "days_covered", "number",
    "Days since the row before: more than 1 after a gap in the dates; missing on the first row", "days",
    nullable=True, minimum=1,
)  # fmt: skip


def series_fields(word: str, meaning: str, out_of: str) -> tuple[Field, ...]:
    """The five columns of one cumulative count."""
    return (
        Field(f"{word}_cumulative", "number", f"{meaning} since the beginning, as published", "people", out_of,
              nullable=True, minimum=0),
        Field(f"{word}_revision", "number", f"Fall of the published cumulative {word} on this day, else 0", "people",
              out_of, nullable=True, maximum=0),
        Field(f"new_{word}", "number",
              f"{meaning} since the last known count, after revisions are taken off the days before them", "people",
              out_of, nullable=True, minimum=0),
        Field(f"new_{word}_days", "number", f"Days that new_{word} covers: more than 1 after a gap", "days",
              nullable=True, minimum=1),
        Field(f"{word}_flag", "text",
              "ok; first known count; gap (several days since the count before); revision (published count fell on "
              "this day); resolved (lowered by a later revision); dip (a wrong count, made good within a week, read "
              "as missing); held (the count of the day before printed again in a week of more than ten a day: read as "
              "missing); missing (no count published)",
              "label", choices=FLAGS),
    )  # fmt: skip


def resolved_columns(frame: pd.DataFrame, words: tuple[str, ...], subject: str) -> pd.DataFrame:
    """Add revision, daily count, its days and flag of each cumulative count.

    ``frame`` is one series, one row a date in order of time, with ``<word>_cumulative``.

    >>> rows = pd.DataFrame({"date": pd.to_datetime(["2020-05-01", "2020-05-02", "2020-05-03", "2020-05-06"]),
    ...                      "cases_cumulative": [10.0, 14.0, 12.0, 15.0]})
    >>> found = resolved_columns(rows, ("cases",), "a place")
    >>> found["new_cases"].tolist(), found["cases_flag"].tolist()
    ([nan, 2.0, 0.0, 3.0], ['first', 'resolved', 'revision', 'gap'])
    """
    columns: dict[str, Any] = {"days_covered": frame["date"].diff().dt.days.astype("float64")}
    for word in words:
        columns |= _resolved(frame["date"], frame[f"{word}_cumulative"], word, subject)
    return frame.assign(**columns)


def _resolved(dates: pd.Series, published: pd.Series, word: str, subject: str) -> dict[str, Any]:
    from analysis.methods.epidemic_curve import resolve_cumulative

    names = (f"{word}_revision", f"new_{word}", f"new_{word}_days", f"{word}_flag")
    known = published.notna().to_numpy()
    if not known.any():
        return dict(zip(names, (np.nan, np.nan, np.nan, "missing"), strict=True))
    days = resolve_cumulative(pd.Series(published.to_numpy(), dates), subject=subject).table
    # The curve has every day; the rows here are the published ones, as many as there were.
    at = (dates - days.index[0]).dt.days.to_numpy()[known]
    status = days["status"].to_numpy()[at]
    increase, covered = days["increase"].to_numpy()[at], days["days"].to_numpy()[at]
    cut = days["withdrawn"].fillna(0.0).to_numpy()[at]
    # Lowered: less was added than published, because a later day took some of it back.
    added = np.diff(published.to_numpy()[known], prepend=np.nan)
    lowered = (increase < np.maximum(added, 0.0)) & (cut > 0)
    flag = np.select(
        [status == "dip", status == "held", status == "first", status == "revised", lowered, covered > 1],
        ["dip", "held", "first", "revision", "resolved", "gap"],
        "ok",
    )
    revision = days["revision"].to_numpy()[at]
    found = {}
    for name, values in zip(names[:3], (revision, increase, covered), strict=True):
        column = np.full(len(published), np.nan)
        column[known] = values
        found[name] = column
    words = np.full(len(published), "missing", dtype="<U8")
    words[known] = flag
    return {**found, names[3]: words}


def tally_series(bench: Workbench, dataset: str, frame: pd.DataFrame, key: str) -> None:
    """Count gaps, revisions and wrong counts of resolved series; ``key`` names the rows."""
    gap = frame["days_covered"] > 1
    missing = int((frame.loc[gap, "days_covered"] - 1).sum())
    bench.tally(dataset, "flagged", f"gap in the dates, kept as a gap ({missing:,} days without a row)",
                frame.loc[gap, key])  # fmt: skip
    for word in ("cases", "deaths"):
        flag = frame[f"{word}_flag"]
        reason = f"cumulative {word} fell: kept as a revision, taken off the days before"
        bench.tally(dataset, "flagged", reason, frame.loc[flag == "revision", key], topic="revision")
        reason = f"new {word} of the day lowered by a later revision"
        bench.tally(dataset, "changed", reason, frame.loc[flag == "resolved", key])
        reason = f"cumulative {word} dipped and came back within a week: a wrong count, read as missing"
        bench.tally(dataset, "changed", reason, frame.loc[flag == "dip", key], topic="missing")
        reason = f"cumulative {word} of the day before printed again in a busy week: no count, read as missing"
        bench.tally(dataset, "changed", reason, frame.loc[flag == "held", key], topic="missing")
