"""What tells one edition of a page from the edition before it, by kind of change; nothing is inferred.

A page follows from data, method, parameters and environment alone, so the same inputs give the same findings. Where
only one kind of input differs, that kind moved what moved. Where several differ, or the ledger did not record one,
nobody can tell, and that is what is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any

from analysis.report.past import DatasetFacts, Facts, TableFacts

DATA, METHOD, BOTH, UNTOLD = "data", "method", "both", "untold"
"""What moved the findings that moved."""

BEYOND, WITHIN, EXACT, INTERVAL, WORDS, STATUS, RESTATED = (
    "beyond", "within", "exact", "interval", "words", "status", "restated",
)  # fmt: skip
"""How a finding moved: out of the interval it had, within it, or having none; its interval alone; a text, date or list;
a value that came or went; another quantity (unit, denominator, area, period) under the same name."""

# These modules draw and word what was found; they cannot change a value.
_SHOWING = "analysis.publish."
_RECORDING = frozenset({"analysis.publish.findings"})
_DEFINING = ("unit", "denominator", "area", "period", "year", "real", "noun")


@dataclass(frozen=True)
class DatasetChange:
    """A dataset that came, went, or was retrieved anew with other bytes. What was not there is None."""

    id: str
    title: str
    rows_before: int | None
    rows: int | None
    retrieved_before: str
    retrieved: str


@dataclass(frozen=True)
class TableChange:
    """A refined table with other rows.

    ``added``, ``revised`` and ``gone`` are periods, ``rows_added`` the rows of those that were added. ``why_untold``
    says why periods are not told apart: ``undated`` (no column dates the rows) or ``unrecorded``; empty where they are.
    """

    table: str
    added: tuple[str, ...] = ()
    rows_added: int = 0
    revised: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    why_untold: str = ""


@dataclass(frozen=True)
class CodeChange:
    """Code that is not what it was: numbers of cells (new or other), how many cells went, modules, settings, the lock.

    ``drawing`` are modules that draw and word what was found. ``unrecorded`` names what the ledger did not record.
    """

    cells: tuple[int, ...] = ()
    cells_gone: int = 0
    modules: tuple[str, ...] = ()
    drawing: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    environment: tuple[tuple[str, str, str], ...] = ()
    unrecorded: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything that can move a finding changed."""
        return bool(self.cells or self.cells_gone or self.modules or self.settings or self.environment)


@dataclass(frozen=True)
class Moved:
    """A finding that is not what it was; ``was`` is the earlier payload, ``by`` the move in earlier half widths."""

    name: str
    how: str
    was: Mapping[str, Any]
    by: float = 0.0


@dataclass(frozen=True)
class Changes:
    """How an edition differs from the one before it; ``since`` is the moment that was made, empty for a first edition.

    ``parameters`` are name, earlier and present value; ``cause`` is what moved the findings in ``moved``.
    """

    since: str = ""
    before: str = ""
    datasets: tuple[DatasetChange, ...] = ()
    tables: tuple[TableChange, ...] = ()
    code: CodeChange = CodeChange()
    parameters: tuple[tuple[str, str, str], ...] = ()
    prose: bool = False
    moved: tuple[Moved, ...] = ()
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    cause: str = ""

    @property
    def first(self) -> bool:
        """Whether there is no edition before."""
        return not self.since

    def count(self, *hows: str) -> int:
        """How many findings moved in any of these ways."""
        return sum(1 for one in self.moved if one.how in hows)

    def to_json(self) -> dict[str, Any]:
        """The changes as the ledger keeps them: findings that moved by name and way, without their payloads."""
        plain = asdict(self)
        plain["moved"] = [[one.name, one.how] for one in self.moved]
        return plain


def compare(now: Facts, before: Facts | None) -> Changes:
    """What changed from the edition before to this one.

    >>> compare.__name__ and Changes().first
    True
    """
    if before is None:
        return Changes()
    datasets = tuple(_datasets(before.datasets, now.datasets))
    tables = tuple(_tables(before.tables, now.tables))
    code = _code(before, now)
    parameters = tuple(_parameters(before.parameters, now.parameters))
    moved = tuple(sorted(_moved(before.findings, now.findings), key=lambda one: (_ORDER[one.how], -one.by)))
    return Changes(
        since=before.made_at,
        before=before.content,
        datasets=datasets,
        tables=tables,
        code=code,
        parameters=parameters,
        prose=before.prose != now.prose,
        moved=moved,
        added=tuple(name for name in now.findings if name not in before.findings),
        dropped=tuple(name for name in before.findings if name not in now.findings),
        cause=_cause(bool(datasets or tables), code, bool(parameters)) if moved else "",
    )


_ORDER = {how: place for place, how in enumerate((BEYOND, RESTATED, STATUS, EXACT, WORDS, WITHIN, INTERVAL))}


def _cause(data: bool, code: CodeChange, parameters: bool) -> str:
    method = code.any or parameters
    if data and method:
        return BOTH
    if method:
        return METHOD
    return DATA if data and not code.unrecorded else UNTOLD


def _datasets(before: Mapping[str, DatasetFacts], now: Mapping[str, DatasetFacts]) -> Iterable[DatasetChange]:
    for name in sorted({*before, *now}):
        was, is_now = before.get(name), now.get(name)
        if was is None or is_now is None or was.sha256 != is_now.sha256:
            known = is_now or was
            assert known is not None
            yield DatasetChange(
                name,
                known.title,
                was.rows if was else None,
                is_now.rows if is_now else None,
                was.retrieved_at[:10] if was else "",
                is_now.retrieved_at[:10] if is_now else "",
            )


def _tables(before: Mapping[str, TableFacts], now: Mapping[str, TableFacts]) -> Iterable[TableChange]:
    """Tables that both editions used and that hold other rows; one that came or went does so with its datasets."""
    for name in sorted({*before} & {*now}):
        was, is_now = before[name], now[name]
        if was.sha256 == is_now.sha256:
            continue
        if not is_now.maker:
            yield TableChange(name, why_untold="undated")
        elif was.maker != is_now.maker:
            yield TableChange(name, why_untold="unrecorded")
        else:
            added = [period for period in is_now.periods if period not in was.periods]
            yield TableChange(
                name,
                added=tuple(added),
                rows_added=sum(is_now.periods[period][0] for period in added),
                revised=tuple(p for p, known in is_now.periods.items() if p in was.periods and was.periods[p] != known),
                gone=tuple(period for period in was.periods if period not in is_now.periods),
            )


def _code(before: Facts, now: Facts) -> CodeChange:
    unrecorded = [name for name in ("cells", "settings") if getattr(before, name) is None]
    cells, gone = _cells(before.cells, now.cells) if before.cells is not None and now.cells is not None else ((), 0)
    modules = _differing(before.modules, now.modules)
    drawing = tuple(name for name in modules if name.startswith(_SHOWING) and name not in _RECORDING)
    settings = _differing(before.settings, now.settings or {}) if before.settings is not None else ()
    environment = tuple(
        (name, str(before.environment.get(name, "")), str(now.environment.get(name, "")))
        for name in _differing(before.environment, now.environment)
    )
    rest = tuple(name for name in modules if name not in drawing)
    return CodeChange(cells, gone, rest, drawing, settings, environment, tuple(unrecorded))


def _cells(before: Sequence[tuple[int, str]], now: Sequence[tuple[int, str]]) -> tuple[tuple[int, ...], int]:
    """Numbers of the cells that are new or other than before, and how many have gone without another in their place."""
    matcher = SequenceMatcher(None, [digest for _, digest in before], [digest for _, digest in now], autojunk=False)
    changed: list[int] = []
    gone = 0
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            changed += [number for number, _ in now[start:end]]
            gone += max(0, (last - first) - (end - start))
    return tuple(changed), gone


def _differing(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in {*before, *now} if before.get(name) != now.get(name)))


def _parameters(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name) or (name in before) != (name in now):
            yield name, _written(before, name), _written(now, name)


def _written(values: Mapping[str, Any], name: str) -> str:
    return str(values[name]) if name in values else ""


def _moved(before: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> Iterable[Moved]:
    for name, found in now.items():
        was = before.get(name)
        if was is not None and (how := how_moved(was, found)):
            yield Moved(name, how, was, _half_widths(was, found))


def how_moved(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """How a finding moved from one edition to the next; empty where it says the same to nine digits.

    >>> was = {"status": "ok", "unit": "percent", "value": 39.2, "interval": [35.0, 43.0]}
    >>> [how_moved(was, was | {"value": v}) for v in (39.2, 41.0, 50.0)]
    ['', 'within', 'beyond']
    >>> how_moved(was, was | {"period": "2020"}), how_moved(was, was | {"status": "no_data", "value": None})
    ('restated', 'status')
    """
    if any(was.get(field) != now.get(field) for field in _DEFINING):
        return RESTATED
    if was.get("status") != now.get("status"):
        return STATUS
    if not _is_number(was.get("value")) or not _is_number(now.get("value")):
        return WORDS if was.get("value") != now.get("value") else ""
    if steady(was["value"]) == steady(now["value"]):
        return INTERVAL if steady(was.get("interval")) != steady(now.get("interval")) else ""
    interval = was.get("interval")
    if not interval:
        return EXACT
    low, high = interval
    return WITHIN if low <= now["value"] <= high else BEYOND


def _half_widths(was: Mapping[str, Any], now: Mapping[str, Any]) -> float:
    interval = was.get("interval")
    if not interval or not _is_number(was.get("value")) or not _is_number(now.get("value")):
        return 0.0
    half = (interval[1] - interval[0]) / 2
    return float(abs(now["value"] - was["value"]) / half) if half > 0 else 0.0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def steady(value: Any) -> Any:
    """A value with its numbers to nine digits, so that another processor's last digit is no change.

    >>> steady({"a": [0.1 + 0.2, 3, 3.0, None, "x"]})
    {'a': ['0.3', '3', '3', None, 'x']}
    """
    if _is_number(value):
        return str(int(value)) if value == int(value) else f"{value:.9g}"
    if isinstance(value, dict):
        return {str(name): steady(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [steady(item) for item in value]
    return value
