"""A finding: one number, date, name or list with everything a sceptic asks about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Literal

from analysis.publish.payload import FINDING, Json, _Payload

Status = Literal["ok", "no_data", "suppressed", "not_applicable", "failed"]
HigherIs = Literal["neither", "better", "worse"]
Value = float | int | str | tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class Finding(_Payload):
    """One recorded result. ``value`` is None exactly when ``status`` is not ``ok``; dates are ISO text.

    ``interval`` is in the unit of the value at confidence (or credibility) ``level``; without one,
    ``no_interval`` says why. ``change`` tells a change over time (may "rise" or "fall") from a level.
    ``method`` is ``{"name", "module", "summary", "file", "line"}``; ``tables`` are the table uses of
    :mod:`analysis.provenance` as JSON (each with its ``datasets``).
    """

    mime: ClassVar[str] = FINDING
    name: str
    value: Value
    unit: str
    status: Status = "ok"
    interval: tuple[float, float] | None = None
    level: float | None = None
    no_interval: str | None = None
    n: int | None = None
    denominator: str | None = None
    area: str | None = None
    period: str | None = None
    higher_is: HigherIs = "neither"
    change: bool = False
    threshold: tuple[float, ...] = ()
    decimals: int | None = None
    design: str | None = None
    note: str | None = None
    noun: str | None = None
    year: int | None = None
    real: bool | None = None
    group: tuple[str, ...] | None = None
    method: Json | None = None
    tables: tuple[Json, ...] = ()
    cell: Json | None = None


def finding(
    name: str,
    value: float | int | str | date | Sequence[str] | None,
    *,
    unit: str,
    interval: tuple[float, float] | None = None,
    level: float = 0.95,
    no_interval: str | None = None,
    n: int | None = None,
    denominator: str | None = None,
    area: str | None = None,
    period: str | None = None,
    higher_is: HigherIs = "neither",
    change: bool | None = None,
    threshold: float | Sequence[float] | None = None,
    method: Callable[..., Any] | str | None = None,
    tables: Sequence[str] | None = None,
    decimals: int | None = None,
    design: str | None = None,
    note: str | None = None,
    noun: str | None = None,
    year: int | None = None,
    real: bool | None = None,
    group: Sequence[str] | None = None,
    status: Status = "ok",
) -> Finding:
    """Record one result under ``name`` so that prose may say it as ``{{ name }}``."""
    raise NotImplementedError
