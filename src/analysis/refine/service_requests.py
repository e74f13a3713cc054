"""Requests of residents to the City (MyLA311): one row a request, and counts by day, district and kind.

A full year holds more than a million requests, so the table is built piece by piece.
The three editions differ in their columns: that of 2020 has no location object and cuts
its times to the minute. Addresses are left out: the point and the areas serve every count.

The district is the one that the point lies in, by the borders of 2012; the number that
the City wrote into the row is kept beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.refine.aggregation import collected, on_parquet, seconds_between
from analysis.refine.contracts import GEOID_PATTERN, Field, Table
from analysis.refine.expressions import moment, number, text, unreadable
from analysis.refine.revisions import DATE
from analysis.refine.streaming import Flow, Placing, Rule, Stream

if TYPE_CHECKING:
    import ibis

    from analysis.refine.workbench import Workbench

DATASETS = ("service_requests_2017", "service_requests_2018", "service_requests_2020")
NOWHERE = "none"
"""The area of a request with neither a point in a district nor a district written into the row."""
DAYS_TO_CLOSE = 7
SECONDS_IN_DAY = 86_400

_READS = ("srnumber", "createddate", "updateddate", "closeddate", "requesttype", "status", "requestsource", "owner",
          "cd", "latitude", "longitude")  # fmt: skip
_COLUMNS = {
    "request_id": text("srnumber"),
    "date": f"date_trunc('day', {moment('createddate')})::TIMESTAMP",
    "created": moment("createddate"),
    "updated": moment("updateddate"),
    "closed": f"CASE WHEN {moment('closeddate')} >= {moment('createddate')} THEN {moment('closeddate')} END",
    "kind": text("requesttype"),
    "status": text("status"),
    "source": text("requestsource"),
    "owner": text("owner"),
    "stated_district": text("cd"),
    "longitude": number("longitude"),
    "latitude": number("latitude"),
}
_RULES = (
    Rule("dropped", "no request number", "clean.request_id IS NULL", "missing"),
    *(
        Rule("refused", f"column {column!r} has a value that is {what}", unreadable(column, value))
        for column, value, what in (
            ("createddate", "clean.created", "no time"),
            ("updateddate", "clean.updated", "no time"),
            ("closeddate", moment("closeddate"), "no time"),
            ("longitude", "clean.longitude", "no number"),
            ("latitude", "clean.latitude", "no number"),
        )
    ),
    Rule("dropped", "no time of creation", "clean.created IS NULL", "missing"),
    Rule("changed", "closed before it was created: the time of closing is read as missing",
         f"{moment('closeddate')} < clean.created", "missing"),
    Rule("flagged", "no coordinates: only the district that the City wrote into the row is known",
         "clean.longitude IS NULL OR clean.latitude IS NULL", "missing"),
)  # fmt: skip


def build_service_requests(bench: Workbench) -> Stream:
    """Every request once, with its times, kind, point, council district and tract."""
    noun = bench.city.district_noun
    return Stream(
        flows=tuple(Flow(dataset, _READS, _COLUMNS, _RULES) for dataset in DATASETS),
        placings={
            "area_id": Placing("council_districts", "area_id", f"its point lies in no {noun}"),
            "geoid": Placing("tract_shapes", "geoid", "its point lies in no census tract of the county"),
        },
        latest="updated",
        repeat="the same request again: the row updated last is kept",
    )


def daily_counts(requests: ibis.Table) -> ibis.Table:
    """Requests by day of creation, district and kind, as an expression for any engine.

    Counts of requests, of those closed, of those closed within a week, and the seconds
    to close added up over the closed ones. A request without a point, or with one outside of
    all districts, counts in the district that the City wrote into the row.
    """
    import ibis

    took = seconds_between(requests.created, requests.closed)
    stated = "cd-" + requests.stated_district.lpad(2, "0")
    rows = requests.mutate(area_id=ibis.coalesce(requests.area_id, stated, NOWHERE), took=took)
    return rows.group_by(["date", "area_id", "kind"]).aggregate(
        requests=rows.count().cast("int64"),
        closed=rows.took.count().cast("int64"),
        closed_within_week=(rows.took <= DAYS_TO_CLOSE * SECONDS_IN_DAY).sum().fill_null(0).cast("int64"),
        seconds=rows.took.sum().fill_null(0).cast("int64"),
    )


def build_daily(bench: Workbench) -> pd.DataFrame:
    """The counts by day, district and kind, with the mean hours to close."""
    key = ["date", "area_id", "kind"]
    with on_parquet(bench.refined_file("service_requests")) as requests:
        frame = collected(daily_counts(requests), key)
    return with_hours(frame)


def with_hours(frame: pd.DataFrame) -> pd.DataFrame:
    """The mean hours to close instead of the added seconds; missing where nothing was closed."""
    closed: Any = frame["closed"].where(frame["closed"] > 0)
    return frame.assign(mean_hours_to_close=(frame["seconds"] / closed / 3600).round(6)).drop(columns="seconds")


def _moment(name: str, meaning: str, nullable: bool = False) -> Field:
    return Field(name, "date", f"{meaning}, local time", "moment", nullable=nullable)


def _label(name: str, meaning: str, nullable: bool = False) -> Field:
    return Field(name, "text", meaning, "label", nullable=nullable)


def _count(name: str, meaning: str, minimum: float = 0) -> Field:
    return Field(name, "integer", meaning, "requests", "requests made that day in the district, of the kind",
                 minimum=minimum)  # fmt: skip


TABLES = (
    Table(
        name="service_requests",
        title="Requests for city services, one row a request",
        key=("request_id",),
        fields=(
            Field("request_id", "text", "Number of the request", "code", pattern=r"^\d-\d+$"),
            Field("date", "date", "Day of the request", "day"),
            _moment("created", "When the request was made"),
            _moment("updated", "When its entry was changed last"),
            _moment("closed", "When it was closed; missing while it is open, and where the closing stands before the "
                    "request", nullable=True),
            _label("kind", "What is asked for, in the City's words"),
            _label("status", "State of the request when the edition was made"),
            _label("source", "How the request came"),
            _label("owner", "Office in charge, as the City abbreviates it", nullable=True),
            Field("stated_district", "text", "Number of the council district that the City wrote into the row", "code",
                  nullable=True),
            Field("longitude", "number", "Longitude of the place", "degrees", nullable=True, minimum=-180, maximum=180),
            Field("latitude", "number", "Latitude of the place", "degrees", nullable=True, minimum=-90, maximum=90),
            Field("area_id", "text", "Council district of 2012 in which the point lies, as in council_districts",
                  "code", nullable=True),
            Field("geoid", "text", "Census tract of 2010 in which the point lies", "code", nullable=True,
                  pattern=GEOID_PATTERN),
        ),
        build=build_service_requests,
        inputs=DATASETS,
        tables=("council_districts", "tract_shapes"),
        period="date",
        streamed=True,
    ),
    Table(
        name="service_requests_daily",
        title="Requests for city services by day, council district and kind",
        key=("date", "area_id", "kind"),
        fields=(
            DATE,
            Field("area_id", "text", "Council district the points lie in; where they lie in none, the one the City "
                  f"wrote into the rows; {NOWHERE!r} without both", "code"),
            _label("kind", "What is asked for, in the City's words"),
            _count("requests", "Requests made that day", minimum=1),
            _count("closed", "Of these, closed when the edition was made"),
            _count("closed_within_week", "Of these, closed within seven days of the request"),
            Field("mean_hours_to_close", "number", "Mean time from request to closing", "hours",
                  "requests closed", nullable=True, minimum=0),
        ),
        build=build_daily,
        tables=("service_requests",),
        period="date",
    ),
)  # fmt: skip
