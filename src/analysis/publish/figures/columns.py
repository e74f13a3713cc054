"""Checking what a figure is given before anything is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish.wording import said

# A bound may miss its value by rounding, no more.
TOLERANCE = 1e-9


def picked(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    numbers: Sequence[str] = (),
    bounds: tuple[str | None, str | None, str | None] | None = None,
) -> pd.DataFrame:
    """The columns a figure uses, checked: present, numeric where needed, intervals around their values.

    ``bounds`` names lower bound, value and upper bound. Raises :class:`AnalysisError` naming column and rows.

    >>> picked(pd.DataFrame({"a": [1], "b": [2]}), ["b"]).columns.tolist()
    ['b']
    """
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise AnalysisError(
            f"figure: no column {', '.join(missing)}; the frame has {', '.join(map(str, frame.columns))}"
        )
    wanted = list(dict.fromkeys(columns))
    data = frame[wanted].reset_index(drop=True).copy()
    if data.empty:
        raise AnalysisError(f"figure of {', '.join(wanted)}: the frame has no rows")
    for name in numbers:
        try:
            data[name] = data[name].astype("float64")
        except (TypeError, ValueError):
            raise AnalysisError(f"figure: column {name!r} must be numbers, it is {data[name].dtype}") from None
        if np.isinf(data[name]).any():
            raise AnalysisError(f"figure: column {name!r} holds infinite numbers in rows {_rows(np.isinf(data[name]))}")
    if bounds:
        _check_bounds(data, bounds)
    return data


def withheld(data: pd.DataFrame, numbers: Sequence[str], status: str | None) -> pd.DataFrame:
    """The rows without the numbers of those whose status is not ``ok``: what is suppressed does not travel on.

    >>> withheld(pd.DataFrame({"n": [40.0, 3.0], "s": ["ok", "suppressed"]}), ["n"], "s")["n"].tolist()
    [40.0, nan]
    """
    if status is None:
        return data
    hidden = data[status].notna() & ~data[status].astype(str).isin(["", "ok"])
    return data.assign(**{name: data[name].mask(hidden) for name in numbers})


def row_status(data: pd.DataFrame, value: str, status: str | None) -> tuple[str, ...]:
    """``ok`` or the kind of emptiness of each row; a missing value without a status has ``no_data``.

    >>> row_status(pd.DataFrame({"v": [1.0, None], "s": ["ok", "suppressed"]}), "v", "s")
    ('ok', 'suppressed')
    """
    given = data[status] if status else pd.Series([None] * len(data), dtype=object)
    found = []
    for number, word in zip(data[value], given, strict=True):
        word = "" if word is None or pd.isna(word) else str(word)
        found.append("ok" if pd.notna(number) else word if word not in {"", "ok"} else "no_data")
    unknown = sorted(set(found) - {"ok", *said("status")})
    if unknown:
        raise AnalysisError(f"figure: unknown status {', '.join(unknown)}; use {', '.join(said('status'))}")
    return tuple(found)


def _check_bounds(data: pd.DataFrame, bounds: tuple[str | None, str | None, str | None]) -> None:
    low, value, high = bounds
    if (low is None) != (high is None):
        raise AnalysisError("figure: give both `low` and `high`, or neither")
    if low is None or high is None or value is None:
        return
    room = TOLERANCE * (1 + data[value].abs())
    outside = (data[low] > data[value] + room) | (data[high] < data[value] - room)
    if outside.any():
        raise AnalysisError(
            f"figure: {value!r} lies outside its own interval {low!r}…{high!r} in rows {_rows(outside)}: "
            f"{data.loc[outside, [low, value, high]].head(3).to_dict('records')}"
        )


def _rows(mask: pd.Series) -> str:
    found = [str(i) for i in np.flatnonzero(mask.to_numpy())]
    return ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")


def bounds_of(rows: pd.DataFrame, column: str | None) -> npt.NDArray[np.float64]:
    """A numeric column, or NaN throughout where there is none.

    >>> bounds_of(pd.DataFrame({"a": [1, 2]}), None).tolist()
    [nan, nan]
    """
    return rows[column].to_numpy(dtype=float) if column else np.full(len(rows), np.nan)


def truth(column: pd.Series) -> npt.NDArray[np.bool_]:
    """A true-or-false column, missing as false.

    >>> truth(pd.Series([True, None, False])).tolist()
    [True, False, False]
    """
    return np.array([bool(v) if pd.notna(v) else False for v in column], dtype=bool)
