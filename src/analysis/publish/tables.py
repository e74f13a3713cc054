"""Tables: units, uncertainty, symbols for every kind of emptiness, disclosure control."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import session
from analysis.publish.disclosure import Guarded, guarded
from analysis.publish.downloads import csv_text
from analysis.publish.evidence import near, source_line, tables_behind
from analysis.publish.findings import STATUSES
from analysis.publish.measures import Measure
from analysis.publish.measures import recorded as recorded_measures
from analysis.publish.payload import Json, Table, checked_name, plain
from analysis.publish.rounding import decimals_for, default_decimals
from analysis.publish.units import NBSP, Unit, Wording, unit_named, written, written_date
from analysis.publish.wording import said


@dataclass(frozen=True, kw_only=True)
class Column:
    """How one column of a frame is shown.

    ``interval`` names the two columns with the bounds (shown as a range), ``moe`` the column with the half
    width (shown as ± 1.2), ``status`` the column with ok/no_data/suppressed/not_applicable/failed. ``of`` names the
    people column this one is computed from: it is withheld where that one is. Dollars need ``year`` and ``real``.
    """

    label: str
    unit: str = "text"
    decimals: int | None = None
    interval: tuple[str, str] | None = None
    moe: str | None = None
    status: str | None = None
    of: str | None = None
    note: str | None = None
    year: int | None = None
    real: bool | None = None


def table(
    name: str,
    frame: pd.DataFrame,
    *,
    title: str,
    columns: Mapping[str, Column | str],
    sort: str | Sequence[str] | None = None,
    ascending: bool = True,
    totals: str | None = None,
    sums: Mapping[str, Sequence[str]] | None = None,
    note: str | None = None,
    source: str | None = None,
    people_columns: Sequence[str] = (),
    measures: Mapping[str, Measure] | None = None,
    tables: Sequence[str] | None = None,
) -> Table:
    """Record a table under ``name``; prose refers to it as ``{{ table("name") }}``.

    Parameters
    ----------
    columns
        Column of the frame → how it is shown, in order; a text is the label of a column of words.
    sort
        Columns to sort by, after suppression, so that the order of withheld cells tells nothing; totals stay last.
    totals
        Boolean column that marks the row holding the sums of the others.
    sums
        People column that is a sum → the people columns it sums, row by row.
    people_columns
        Columns that count people, shown or not: counts below the policy's threshold are withheld, and so is what
        would reveal them; the result is proven by audit or refused.
    measures
        Columns shown that appear on the map of all measures, too, each as a :class:`Measure`.
    """
    checked_name("table", name)
    specs = {key: Column(label=spec) if isinstance(spec, str) else spec for key, spec in columns.items()}
    what = f"table {name!r}"
    _require_columns(what, frame, specs, totals)
    guard = guarded(what, frame, people_columns, totals=totals, sums=sums) if people_columns else None
    if guard is not None:
        _require_order_tells_nothing(what, frame, guard, sort, totals)
    statuses = {key: _statuses(what, frame, key, spec, guard) for key, spec in specs.items()}
    order = _order(what, frame, specs, statuses, sort, ascending, totals)
    used = tables_behind(tables)
    recorded = Table(
        name=name,
        title=title,
        columns=tuple(_heading(key, spec) for key, spec in specs.items()),
        rows=tuple(_rows(frame, specs, statuses, order, totals)),
        symbols=_symbols(statuses),
        note=note,
        source=source or source_line(used),
        csv=csv_text(_twin(frame, specs, statuses, order)),
        suppression=_account(guard),
        tables=used,
        measures=_measures(what, frame, statuses, measures, totals),
    )
    session.record(recorded, card=_card(recorded), text=f"{name}: {len(recorded.rows)} rows")
    return recorded


def _measures(
    what: str,
    frame: pd.DataFrame,
    statuses: Mapping[str, Sequence[str]],
    measures: Mapping[str, Measure] | None,
    totals: str | None,
) -> tuple[Json, ...]:
    """Measures of places among the columns shown, withheld where the table withholds; the total is no place."""
    for key in measures or {}:
        if key not in statuses:
            raise AnalysisError(f"{what}: a measure must be shown, and {key!r} is not{near(key, statuses)}")
    parts = frame[totals].astype(bool).to_numpy() if totals else np.zeros(len(frame), dtype=bool)
    judged = {key: [s for s, whole in zip(found, parts, strict=True) if not whole] for key, found in statuses.items()}
    return recorded_measures(what, frame[~parts], measures, judged)


def _require_columns(what: str, frame: pd.DataFrame, specs: Mapping[str, Column], totals: str | None) -> None:
    if not specs:
        raise AnalysisError(f"{what} has no columns")
    for key, spec in specs.items():
        beside = (spec.moe, spec.status, *(spec.interval or ()))
        for column in (key, *(column for column in beside if column)):
            if column not in frame.columns:
                raise AnalysisError(f"{what}: no column {column!r}{near(column, map(str, frame.columns))}")
        unit = unit_named(spec.unit)
        if unit.kind == "text" and pd.api.types.is_numeric_dtype(frame[key]):
            raise AnalysisError(f"{what}: column {key!r} holds numbers: state its unit, Column(label=…, unit=…)")
        if unit.name == "dollars" and (spec.year is None or spec.real is None):
            raise AnalysisError(f"{what}: column {key!r} is in dollars: state year= and real=True or False")
    if totals is not None and totals not in frame.columns:
        raise AnalysisError(f"{what}: no column {totals!r} to mark the total{near(totals, map(str, frame.columns))}")


def _require_order_tells_nothing(
    what: str, frame: pd.DataFrame, guard: Guarded, sort: str | Sequence[str] | None, totals: str | None
) -> None:
    """Rows already sorted by a count with withheld cells would tell between which values those lie."""
    if sort is not None:
        return
    parts = frame if totals is None else frame[~frame[totals].astype(bool)]
    for column in guard.hidden.columns:
        values = parts[column].dropna()
        ordered = values.is_monotonic_increasing or values.is_monotonic_decreasing
        if guard.hidden[column].any() and ordered and values.nunique() > 2:
            raise AnalysisError(
                f"{what}: the rows are in the order of {column!r}, which tells what its withheld cells are: state sort="
            )


def _statuses(what: str, frame: pd.DataFrame, key: str, spec: Column, guard: Guarded | None) -> list[str]:
    """Status of each cell of one column: withheld before stated before missing."""
    stated = frame[spec.status].astype(object).tolist() if spec.status else ["ok"] * len(frame)
    missing = frame[key].isna().tolist()
    people = spec.of or key
    if spec.of is not None and (guard is None or spec.of not in guard.hidden):
        raise AnalysisError(f"{what}: column {key!r} is computed from {spec.of!r}, which is not in people_columns")
    hidden = guard.hidden[people].tolist() if guard is not None and people in guard.hidden else [False] * len(frame)
    found = []
    for row, status in enumerate(stated):
        if status not in STATUSES:
            raise AnalysisError(f"{what}: status {status!r} in row {row}{near(str(status), STATUSES)}")
        if hidden[row]:
            status = "suppressed"
        elif status == "ok" and missing[row]:
            status = "no_data"
        found.append(str(status))
    return found


def _order(
    what: str,
    frame: pd.DataFrame,
    specs: Mapping[str, Column],
    statuses: Mapping[str, list[str]],
    sort: str | Sequence[str] | None,
    ascending: bool,
    totals: str | None,
) -> list[int]:
    """Positions of the rows: sorted by what is shown, cells without a value last in the order of the frame's labels."""
    order = list(range(len(frame)))
    for key in reversed([sort] if isinstance(sort, str) else list(sort or [])):
        if key not in specs:
            raise AnalysisError(f"{what}: cannot sort by {key!r}, which is not shown{near(key, specs)}")
        values = frame[key].tolist()
        known = [row for row in order if statuses[key][row] == "ok"]
        known.sort(key=lambda row: values[row], reverse=not ascending)
        first = next(iter(specs))
        rest = [row for row in order if statuses[key][row] != "ok"]
        # Their own order may come from the values that are withheld.
        rest.sort(key=lambda row: (statuses[key][row], str(frame[first].iloc[row]) if first != key else ""))
        order = known + rest
    if totals is not None:
        marked = frame[totals].astype(bool).tolist()
        order.sort(key=lambda row: marked[row])
    return order


def _heading(key: str, spec: Column) -> Json:
    unit = unit_named(spec.unit)
    return {
        "key": key,
        "label": spec.label,
        "unit": spec.unit,
        "unit_label": _unit_label(unit, spec),
        "align": "right" if unit.kind == "number" else "left",
        "note": spec.note,
    }


def _unit_label(unit: Unit, spec: Column) -> str:
    if unit.name == "dollars":
        return str(said("dollars", "real" if spec.real else "nominal")).format(year=spec.year)
    label: str = said("units", unit.name)[2] if unit.name in said("units") else ""
    return label


def _rows(
    frame: pd.DataFrame,
    specs: Mapping[str, Column],
    statuses: Mapping[str, list[str]],
    order: Sequence[int],
    totals: str | None,
) -> list[Json]:
    written_columns = {key: _cells(frame, key, spec, statuses[key]) for key, spec in specs.items()}
    marked = frame[totals].astype(bool).tolist() if totals else [False] * len(frame)
    return [{"total": marked[row], "cells": [written_columns[key][row] for key in specs]} for row in order]


def _cells(frame: pd.DataFrame, key: str, spec: Column, statuses: Sequence[str]) -> list[Json]:
    unit = unit_named(spec.unit)
    values = frame[key].tolist()
    low, high = _bounds(frame, key, spec)
    decimals = _decimals(unit, spec, values, low, high, statuses)
    cells = []
    for row, status in enumerate(statuses):
        if status != "ok":
            cells.append({"text": said("symbols", status)[0], "sort": None, "status": status})
            continue
        text = _text(values[row], unit, spec, decimals, low[row], high[row])
        cells.append({"text": text, "sort": plain(values[row]), "status": "ok"})
    return cells


def _bounds(frame: pd.DataFrame, key: str, spec: Column) -> tuple[list[float], list[float]]:
    """Bounds of each cell; NaN where there are none."""
    none = [math.nan] * len(frame)
    if spec.interval is not None:
        low, high = (pd.to_numeric(frame[column]).astype(float).tolist() for column in spec.interval)
        return low, high
    if spec.moe is not None:
        value, half = (pd.to_numeric(frame[column]).astype(float) for column in (key, spec.moe))
        return (value - half).tolist(), (value + half).tolist()
    return none, none


def _decimals(
    unit: Unit,
    spec: Column,
    values: Sequence[Any],
    low: Sequence[float],
    high: Sequence[float],
    statuses: Sequence[str],
) -> int:
    """Decimals of the whole column: what three quarters of its intervals support, else what its values need."""
    if spec.decimals is not None or unit.kind != "number":
        return spec.decimals or 0
    shown = [row for row, status in enumerate(statuses) if status == "ok"]
    halves = sorted(decimals_for((high[row] - low[row]) / 2) for row in shown if high[row] > low[row])
    if halves:
        supported = halves[len(halves) // 4]
        return min(supported, 0) if unit.whole else max(supported, 0)
    sizes = [default_decimals(float(values[row]), whole=unit.whole, significant=unit.significant) for row in shown]
    return min(median_low(sorted(sizes)), 2) if sizes else 0


def _text(value: Any, unit: Unit, spec: Column, decimals: int, low: float, high: float) -> str:
    if unit.kind == "date":
        return written_date(value if isinstance(value, str) else str(value.isoformat())[:10])
    if unit.kind != "number":
        return str(value)
    text = _number(float(value), unit, decimals)
    if spec.moe is not None and math.isfinite(high):
        return f"{text} {str(said('plus_minus')).format(half=_number(high - float(value), unit, decimals))}"
    if spec.interval is not None and math.isfinite(low) and math.isfinite(high):
        span = str(said("span")).format(low=_number(low, unit, decimals), high=_number(high, unit, decimals))
        return f"{text} ({span.replace(' ', NBSP)})"
    return text


def _number(value: float, unit: Unit, decimals: int) -> str:
    """Digits alone, with the sign of dollars: the unit stands in the heading."""
    ends = tuple(end for end in (unit.low, unit.high) if end is not None)
    plain_unit = unit if unit.name in {"dollars", "bytes"} else Unit("ratio")
    return written(value, plain_unit, decimals, wording=Wording(), thresholds=ends, bare=True)


def _symbols(statuses: Mapping[str, list[str]]) -> tuple[tuple[str, str], ...]:
    present = {status for column in statuses.values() for status in column}
    return tuple(tuple(said("symbols", status)) for status in STATUSES[1:] if status in present)


def _twin(
    frame: pd.DataFrame, specs: Mapping[str, Column], statuses: Mapping[str, list[str]], order: Sequence[int]
) -> pd.DataFrame:
    """The table as data: numbers as they are, nothing where a cell has no value, and its status beside it."""
    columns: dict[str, list[Any]] = {}
    for key, spec in specs.items():
        known = [statuses[key][row] == "ok" for row in order]
        beside = [column for column in (*(spec.interval or ()), spec.moe) if column]
        for column in (key, *beside):
            values = frame[column].tolist()
            columns[column] = [values[row] if shown else None for row, shown in zip(order, known, strict=True)]
        if not all(known):
            columns[f"{key}_status"] = [statuses[key][row] for row in order]
    return pd.DataFrame({key: pd.Series(values, dtype=object) for key, values in columns.items()})


def _account(guard: Guarded | None) -> Json | None:
    if guard is None:
        return None
    return {"threshold": guard.threshold, "primary": guard.primary, "complementary": guard.complementary}


def _card(recorded: Table) -> str:
    facts = [(str(column["label"]), str(column["unit_label"])) for column in recorded.columns]
    return session.card(recorded.title, facts, lead=f"{recorded.name}: {len(recorded.rows)} rows")
