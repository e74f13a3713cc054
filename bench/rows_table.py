"""The table of the trial, declared as any table of the project that is built piece by piece."""

from __future__ import annotations

from typing import Any

from analysis.refine.contracts import Field, Table
from analysis.refine.expressions import moment, number, text
from analysis.refine.streaming import Flow, Placing, Rule, Stream
from analysis.refine.workbench import Workbench

DATASET = "trial_requests"
AREAS = "tract_shapes"
NAME = "trial_requests"
READS = ("srnumber", "createddate", "updateddate", "closeddate", "requesttype", "status", "requestsource", "owner",
         "zipcode", "latitude", "longitude")  # fmt: skip
_POINT = f"(abs({number('latitude')}) + abs({number('longitude')})) > 0"
COLUMNS = {
    "request_id": text("srnumber"),
    "created": moment("createddate"),
    "updated": moment("updateddate"),
    "closed": f"CASE WHEN {moment('closeddate')} >= {moment('createddate')} THEN {moment('closeddate')} END",
    "kind": f"coalesce({text('requesttype')}, 'Not stated')",
    "status": text("status"),
    "source": text("requestsource"),
    "owner": text("owner"),
    "zip": text("zipcode"),
    "latitude": f"CASE WHEN {_POINT} THEN {number('latitude')} END",
    "longitude": f"CASE WHEN {_POINT} THEN {number('longitude')} END",
}
RULES = (
    Rule("dropped", "no request number", "clean.request_id IS NULL", "missing"),
    Rule("dropped", "no readable time of creation", "clean.created IS NULL", "missing"),
    Rule("changed", "closed before it was created", f"{moment('closeddate')} < clean.created", "missing"),
    Rule("flagged", "no readable time of change", "clean.updated IS NULL", "missing"),
    Rule("flagged", "no point", "clean.latitude IS NULL", "missing"),
)


def build(bench: Workbench) -> Stream:
    """Every request once, typed, with the area its point lies in."""
    return Stream(
        flows=(Flow(DATASET, READS, COLUMNS, RULES),),
        placings={"area": Placing(AREAS, "geoid", "its point lies in no area")},
        latest="updated",
    )


def daily(requests: Any) -> Any:
    """Requests, closed ones and seconds to close by day and kind, as an expression."""
    from analysis.refine.aggregation import seconds_between

    rows = requests.mutate(date=requests.created.truncate("D"), took=seconds_between(requests.created, requests.closed))
    return rows.group_by(["date", "kind"]).aggregate(
        requests=rows.count().cast("int64"),
        closed=rows.took.count().cast("int64"),
        seconds=rows.took.sum().fill_null(0).cast("int64"),
    )


def by_area(requests: Any) -> Any:
    """Requests by area, as an expression."""
    placed = requests.filter(requests.area.notnull())
    return placed.group_by("area").aggregate(requests=placed.count().cast("int64"))


def _text(name: str, nullable: bool = False) -> Field:
    return Field(name, "text", name, "label", nullable=nullable)


TABLE = Table(
    name=NAME,
    title="Synthetic service requests",
    key=("request_id",),
    fields=(
        Field("request_id", "text", "Number", "code", pattern=r"^\d-\d+$"),
        Field("created", "date", "Made", "moment"),
        Field("updated", "date", "Changed last", "moment", nullable=True),
        Field("closed", "date", "Closed", "moment", nullable=True),
        _text("kind"),
        _text("status"),
        _text("source"),
        _text("owner"),
        _text("zip", nullable=True),
        Field("latitude", "number", "Latitude", "degrees", nullable=True, minimum=-90, maximum=90),
        Field("longitude", "number", "Longitude", "degrees", nullable=True, minimum=-180, maximum=180),
        _text("area", nullable=True),
    ),
    build=build,
    inputs=(DATASET,),
    tables=(AREAS,),
    period="created",
    streamed=True,
)
