"""Socrata portals, SODA 2.1: pages in the order of the row id, counted before and after.

Documentation: https://dev.socrata.com/docs/paging.html and
https://dev.socrata.com/docs/system-fields.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from analysis.catalog import SocrataSource
from analysis.sources.errors import Moved
from analysis.sources.job import READ_ATTEMPTS, Job, parsed, require, with_query
from analysis.sources.manifest import Manifest
from analysis.sources.transport import Answer

# 50,000 is the most a SODA 2.1 page may hold. When rows move while they are read,
# the reading starts again with borders elsewhere.
PAGE_SIZES = (50_000, 40_000, 30_000, 25_000, 20_000, 15_000)

# What the portal calls a type in the description of a view, and on the wire.
WIRE_TYPES = {
    "text": ("text",),
    "number": ("number",),
    "calendar_date": ("floating_timestamp",),
    "date": ("fixed_timestamp", "floating_timestamp"),
    "checkbox": ("boolean", "checkbox"),
    "location": ("location",),
    "point": ("point",),
    "url": ("url",),
}


@dataclass(frozen=True)
class Columns:
    """The columns a view promises: their types by name, and those that an answer need not hold."""

    types: dict[str, str]
    optional: frozenset[str]


@dataclass
class Reading:
    """One pass over all pages."""

    size: int
    ids: set[str] = field(default_factory=set)
    fields: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)


def fetch_socrata(job: Job) -> Manifest:
    """Land all pages of one state of the dataset; every row id once, as many as the portal counts."""
    source = job.dataset.source
    assert isinstance(source, SocrataSource)
    columns = job.get(_view_address(source), _view, key="socrata")
    moved = ""
    for size in PAGE_SIZES[:READ_ATTEMPTS]:
        job.landing.restart()
        reading = Reading(size)
        try:
            last = _read_all(job, source, columns, reading)
        except Moved as error:
            moved = str(error)
            job.progress.retrying(job.dataset.id, moved, None)
            continue
        parameters = {"$select": _select(source), "$where": source.where or "", "$order": ":id"}
        return job.landing.commit(job.edition(parameters, reading.fields, last))
    raise job.error(
        f"rows move while they are read ({moved}; tried {READ_ATTEMPTS} times)",
        "the publisher is updating the dataset: run the same command later",
    )


def _read_all(job: Job, source: SocrataSource, columns: Columns, reading: Reading) -> Answer:
    before = _count(job, source)
    offset = 0
    while True:
        address = with_query(
            source.address,
            **_where(source),
            **{"$select": _select(source), "$order": ":id", "$limit": str(reading.size), "$offset": str(offset)},
        )
        check = partial(_page, source=source, columns=columns, reading=reading, job=job)
        answer, ids = job.get(address, check, key="socrata", conditional=True)
        twice = [row for row in ids if row in reading.ids]
        if twice or len(set(ids)) < len(ids):
            raise Moved(f"{len(twice) or 1} rows of the page from row {offset} had come before")
        reading.ids.update(ids)
        job.add("json", answer, len(ids))
        job.advanced(len(reading.ids), before, "rows")
        offset += reading.size
        if len(ids) < reading.size or len(reading.ids) >= before:
            break
    after = _count(job, source)
    if not before == after == len(reading.ids):
        raise Moved(f"{before} rows counted before, {after} after, {len(reading.ids)} read")
    if not reading.ids:
        raise job.error("the dataset is empty", "check 'where' in the catalogue entry and the landing page")
    return answer


def _view_address(source: SocrataSource) -> str:
    return source.address.replace("/resource/", "/api/views/")


def _select(source: SocrataSource) -> str:
    return f":id,{source.select or '*'}"


def _where(source: SocrataSource) -> dict[str, str]:
    return {"$where": source.where} if source.where else {}


def _view(answer: Answer) -> Columns:
    """The columns of the dataset from its description."""
    view: Any = parsed(answer, "the description of the dataset")
    found: list[dict[str, Any]] = view.get("columns") or [] if isinstance(view, dict) else []
    require(bool(found), "the description of the dataset names no columns")
    types = {column["fieldName"]: column.get("dataTypeName", "") for column in found}
    hidden = {column["fieldName"] for column in found if "hidden" in (column.get("flags") or [])}
    computed = {name for name in types if name.startswith(":@computed")}
    return Columns(types, frozenset(hidden | computed))


def _count(job: Job, source: SocrataSource) -> int:
    address = with_query(source.address, **_where(source), **{"$select": "count(*) as row_count"})
    return job.get(address, _counted, key="socrata")


def _counted(answer: Answer) -> int:
    rows: Any = parsed(answer, "a count")
    good = isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], dict) and list(rows[0]) == ["row_count"]
    require(good, f"the portal does not say how many rows there are: {answer.excerpt(80)!r}")
    count = str(rows[0]["row_count"])
    require(count.isdigit(), f"the count of rows is {count!r}")
    return int(count)


def _page(
    answer: Answer, source: SocrataSource, columns: Columns, reading: Reading, job: Job
) -> tuple[Answer, list[str]]:
    """Check a page against the description and the pages before; returns its row ids."""
    rows: Any = parsed(answer, "rows")
    require(isinstance(rows, list) and all(isinstance(row, dict) for row in rows), "the page is not a list of rows")
    fields, types = _header(answer, "x-soda2-fields"), _header(answer, "x-soda2-types")
    if answer.status == 304 and not fields and job.landing.current:
        # Unchanged since it was checked and landed; the answer without a body names no columns.
        fields = list(job.landing.current.columns)
    if fields:
        _check_fields(fields, source, columns)
    if fields and types:
        _check_types(fields, types, columns)
    names = fields or [":id", *columns.types]
    for row in rows:
        unknown = row.keys() - set(names)
        require(not unknown, f"a row has the column {sorted(unknown)[:1]}, which the dataset has not")
        require(isinstance(row.get(":id"), str), "a row has no :id")
    if not types and answer.status != 304:
        _check_values(rows, columns)
    require(not reading.types or not types or types == reading.types, "the types differ from the page before")
    require(not reading.fields or names == reading.fields, "the columns differ from the page before")
    reading.fields, reading.types = names, types or reading.types
    return answer, [row[":id"] for row in rows]


def _header(answer: Answer, name: str) -> list[str]:
    """A list from a header; portals leave it out when it grows too long."""
    try:
        value = json.loads(answer.headers.get(name, "[]"))
    except ValueError:
        return []
    return [str(item) for item in value] if isinstance(value, list) else []


def _check_fields(fields: list[str], source: SocrataSource, columns: Columns) -> None:
    require(fields[0] == ":id", f"the first column is {fields[0]!r}, not the row id")
    unknown = [name for name in fields[1:] if name not in columns.types]
    if source.select is None:
        missing = [name for name in columns.types if name not in fields and name not in columns.optional]
        require(not missing, f"the columns {missing[:3]} are missing; new are {unknown[:3]}")
        require(not unknown, f"the columns {unknown[:3]} are not in the description of the dataset")
        return
    wanted = [part.strip().rsplit(" as ", 1)[-1].strip("` ") for part in source.select.split(",")]
    require(fields[1:] == wanted, f"the columns are {fields[1:4]}…, asked were {wanted[:3]}…")


def _check_types(fields: list[str], types: list[str], columns: Columns) -> None:
    require(len(fields) == len(types), "the portal names more columns than types")
    for name, found in zip(fields, types, strict=True):
        promised = WIRE_TYPES.get(columns.types.get(name, ""))
        require(promised is None or found in promised, f"{name} has become {found}, promised is {promised}")


_FORMS = {
    "number": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"),
    "calendar_date": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?"),
}


def _check_values(rows: list[dict[str, Any]], columns: Columns) -> None:
    """Without a word of the portal on types, the values must look like them."""
    for name, kind in columns.types.items():
        form = _FORMS.get(kind)
        for row in rows if form else ():
            value = row.get(name)
            require(value is None or bool(form and form.fullmatch(str(value))), f"{name} has {value!r}, no {kind}")
