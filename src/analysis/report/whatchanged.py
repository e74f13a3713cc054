"""What changed since the edition before, in words: the section of a page, and the line of an index or a feed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from analysis.project import AnalysisError
from analysis.publish import phrases, units
from analysis.publish.findings import Finding
from analysis.publish.wording import Terms, language, said, speaking, term, terms
from analysis.report.cards import Card
from analysis.report.changes import (
    BEYOND,
    EXACT,
    INTERVAL,
    RESTATED,
    STATUS,
    WITHIN,
    WORDS,
    Changes,
    DatasetChange,
    Moved,
    TableChange,
)
from analysis.report.exhibits import cell_text

SHOWN = 12
"""Findings that are listed at once; the rest can be opened."""

_RANGES, _NAMES = 4, 8


@dataclass(frozen=True)
class Kind:
    """One kind of change with everything there is to say of it; ``none`` where there is nothing."""

    label: str
    lines: tuple[str, ...]
    none: str = ""


@dataclass(frozen=True)
class MovedView:
    """A finding that moved: what it was, what it is (its card), and how that compares."""

    card: Card
    was: str
    verdict: str
    beyond: bool


@dataclass(frozen=True)
class ChangesView:
    """The section of a page. ``headline`` is one line, ``told`` the sentence above the kinds."""

    first: bool
    headline: str
    told: str
    kinds: tuple[Kind, ...] = ()
    moved: tuple[MovedView, ...] = ()

    @property
    def shown(self) -> tuple[MovedView, ...]:
        """The findings listed at once."""
        return self.moved[:SHOWN]

    @property
    def rest(self) -> tuple[MovedView, ...]:
        """Those that can be opened."""
        return self.moved[SHOWN:]


def changes_view(changes: Changes, cards: Mapping[str, Card]) -> ChangesView:
    """The changes of a page in words; ``cards`` are those of its findings by name."""
    if changes.first:
        return ChangesView(True, headline(changes.to_json()), said("changes", "first"))
    kinds = (
        _kind("new", [*_new_data(changes.datasets), *_new_rows(changes.tables)]),
        _kind("revised", list(_revised(changes.tables))),
        _kind("code", list(_code(changes))),
        _kind("parameters", [_fill("parameter", name=n, was=w, now=i) for n, w, i in changes.parameters]),
        _kind("text", [str(said("changes", "text"))] if changes.prose else []),
        _kind("findings", list(_findings(changes))),
    )
    moved = tuple(_moved(one, cards[one.name]) for one in changes.moved)
    told = _fill("since", date=units.written_date(changes.since[:10]))
    return ChangesView(False, headline(changes.to_json()), told, kinds, moved)


def headline(changes: Mapping[str, Any]) -> str:
    """One line on the changes as the ledger keeps them (:meth:`analysis.report.changes.Changes.to_json`).

    >>> headline(Changes().to_json())
    'First edition'
    >>> moved = (Moved("a", BEYOND, {}), Moved("b", WITHIN, {}))
    >>> headline(Changes(since="2025-05-03T00:00:00Z", moved=moved, prose=True).to_json()).replace(units.NBSP, " ")
    'Since May 3, 2025: 1 finding moved beyond its interval, 1 within it; the text changed'
    """
    if not changes.get("since"):
        return str(said("changes", "first_edition"))
    parts = [*_moves(changes), *_inputs(changes)] or [str(said("changes", "nothing"))]
    return _fill("since_line", date=units.written_date(changes["since"][:10]), what="; ".join(parts))


def made_at_words(moment: str) -> str:
    """The moment an edition was made, in words.

    >>> made_at_words("2025-05-03T14:02:59Z").replace(units.NBSP, " ")
    'May 3, 2025, 14:02 UTC'
    """
    return f"{units.written_date(moment[:10])}, {moment[11:16]}{units.NBSP}UTC"


def _moves(changes: Mapping[str, Any]) -> Iterable[str]:
    hows = [how for _, how in changes["moved"]]
    beyond, within = hows.count(BEYOND), sum(hows.count(how) for how in (WITHIN, INTERVAL))
    other = len(hows) - beyond - within
    moved = [_count(name, n) for name, n in (("beyond", beyond), ("other", other)) if n]
    if within:
        moved.append(_count("within_too" if moved else "within", within))
    if moved:
        yield ", ".join(moved)
    for name, key in (("added", "added"), ("dropped", "dropped")):
        if changes[key]:
            yield _count(name, len(changes[key]))


def _inputs(changes: Mapping[str, Any]) -> Iterable[str]:
    if changes["datasets"]:
        yield _count("new_data", len(changes["datasets"]))
    if any(table["revised"] or table["gone"] for table in changes["tables"]):
        yield str(said("changes", "line", "revised"))
    code = changes["code"]
    if any(code[name] for name in ("cells", "cells_gone", "modules", "settings", "environment")):
        yield str(said("changes", "line", "code"))
    if changes["parameters"]:
        yield str(said("changes", "line", "parameters"))
    if changes["prose"]:
        yield str(said("changes", "line", "prose"))


def _kind(name: str, lines: Sequence[str]) -> Kind:
    return Kind(str(said("changes", "kinds", name)), tuple(lines), "" if lines else str(said("changes", "none")))


def _new_data(datasets: Iterable[DatasetChange]) -> Iterable[str]:
    for one in datasets:
        which = "came" if one.rows_before is None else "went" if one.rows is None else "anew"
        yield _fill(
            which,
            title=term(one.title, needed=False),
            date=one.retrieved,
            before=one.retrieved_before,
            rows=f"{one.rows or 0:,}",
            rows_before=f"{one.rows_before or 0:,}",
        )


def _new_rows(tables: Iterable[TableChange]) -> Iterable[str]:
    for one in tables:
        if one.added:
            yield _fill("rows_added", table=one.table, periods=period_list(one.added), rows=f"{one.rows_added:,}")


def _revised(tables: Iterable[TableChange]) -> Iterable[str]:
    for one in tables:
        if one.revised:
            yield _fill("rows_revised", table=one.table, periods=period_list(one.revised))
        if one.gone:
            yield _fill("rows_gone", table=one.table, periods=period_list(one.gone))
        if one.why_untold:
            yield _fill(one.why_untold, table=one.table)


def _code(changes: Changes) -> Iterable[str]:
    code = changes.code
    if code.cells:
        yield _count("cells", len(code.cells), cells=", ".join(map(str, code.cells)))
    if code.cells_gone:
        yield _count("cells_gone", code.cells_gone)
    if code.modules:
        yield _count("modules", len(code.modules), names=_names(code.modules))
    if code.settings:
        yield _fill("settings", names=_names(code.settings))
    for name, was, now in code.environment:
        yield _fill("lock") if name == "lock" else _fill("environment", name=name.capitalize(), was=was, now=now)
    if code.drawing:
        yield _count("drawing", len(code.drawing))
    for name in code.unrecorded:
        yield str(said("changes", "unrecorded_of", name))


def _findings(changes: Changes) -> Iterable[str]:
    if changes.moved:
        yield _fill(f"cause_{changes.cause}")
        counts = [
            ("moved_beyond", changes.count(BEYOND)),
            ("moved_within", changes.count(WITHIN)),
            ("moved_interval", changes.count(INTERVAL)),
            ("moved_exact", changes.count(EXACT)),
            ("moved_words", changes.count(WORDS)),
            ("moved_status", changes.count(STATUS)),
            ("moved_restated", changes.count(RESTATED)),
        ]
        yield "; ".join(_count(name, n) for name, n in counts if n) + "."
    if changes.added:
        yield _count("findings_added", len(changes.added), names=_names(changes.added))
    if changes.dropped:
        yield _count("findings_dropped", len(changes.dropped), names=_names(changes.dropped))


def _moved(one: Moved, card: Card) -> MovedView:
    return MovedView(card, value_words(one.was), str(said("changes", "verdicts", one.how)), one.how == BEYOND)


def value_words(payload: Mapping[str, Any]) -> str:
    """What an earlier edition said of a finding, value and interval.

    >>> value_words({"name": "a", "value": 39.2, "unit": "percent", "interval": [35.0, 43.0], "level": 0.95})
    '39\\xa0percent (35 to 43\\xa0percent)'
    """
    try:
        found = Finding.from_json({name: value for name, value in payload.items() if name in _FIELDS})
        # What the code of an earlier edition said need not have a translation now.
        with speaking(language(), Terms(terms().known)):
            value = phrases.value(found)
            return f"{value} ({phrases.interval_range(found)})" if found.interval else value
    except (AnalysisError, TypeError, KeyError):
        return cell_text(payload.get("value"))  # another version of this program wrote it


_FIELDS = {field.name for field in fields(Finding)} - {"tables", "method"}


def period_list(periods: Sequence[str]) -> str:
    """Periods in words, runs of them by their ends.

    >>> period_list(["2019-11", "2019-12", "2020-01", "2020-05"]).replace(units.NBSP, " ")
    'November 2019 to January 2020, May 2020'
    >>> period_list(["2010", "2012", "2014", "2016", "2018", "2020"])
    '2010, 2012, 2014, 2016 and 2 more'
    """
    runs: list[list[str]] = []
    for before, period in pairwise([None, *sorted(periods)]):
        assert period is not None
        if before is not None and _follows(before, period):
            runs[-1].append(period)
        else:
            runs.append([period])
    told = [_period(run[0]) if len(run) == 1 else _run(run[0], run[-1]) for run in runs[:_RANGES]]
    more = len(runs) - _RANGES
    joined = ", ".join(told)
    return f"{joined} {said('listed', 'and')} {str(said('listed', 'more')).format(n=more)}" if more > 0 else joined


def _follows(before: str, period: str) -> bool:
    parts = [re.fullmatch(r"(\d{4})(?:-(\d\d))?", text) for text in (before, period)]
    if not all(parts):
        return False
    first, second = ((int(part[1]), int(part[2]) if part[2] else None) for part in parts if part)
    if first[1] is None or second[1] is None:
        return second[0] - first[0] == 1 and first[1] is second[1]
    return 12 * (second[0] - first[0]) + second[1] - first[1] == 1


def _period(period: str) -> str:
    return units.written_date(period) if re.fullmatch(r"\d{4}(-\d\d)?", period) else period


def _run(first: str, last: str) -> str:
    return str(said("range")).format(low=_period(first), high=_period(last))


def _names(names: Sequence[str]) -> str:
    more = len(names) - _NAMES
    listed = ", ".join(names[:_NAMES])
    return f"{listed} {said('listed', 'and')} {str(said('listed', 'more')).format(n=more)}" if more > 0 else listed


def _fill(line: str, /, **values: object) -> str:
    return str(said("changes", "lines", line)).format(**values)


def _count(phrase: str, number: int, /, **values: object) -> str:
    """A phrase about a number of things, in the form that agrees with it."""
    one, many = said("changes", "counts", phrase)
    return str(one if number == 1 else many).format(n=number, **values)
