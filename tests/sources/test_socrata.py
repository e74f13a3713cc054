"""The Socrata connector against a portal of our own: paging, shifts, types."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from analysis.catalog import Dataset
from analysis.project import Project
from analysis.sources import FetchError, Web, fetch, read_raw, socrata

from .conftest import parts_of
from .servers import Publisher, SocrataPortal, as_json

ADDRESS = "https://data.invented.example/resource/abcd-1234.json"
COLUMNS = {"srnumber": "text", "created": "calendar_date", "district": "number", "place": "location", "note": "text"}


def rows(count: int) -> list[dict]:
    return [
        {
            ":id": f"row-{number:04d}",
            "srnumber": f"1-{number}",
            "created": f"2020-01-{number % 28 + 1:02d}T10:00:00.000",
            "district": str(number % 15),
            "place": {"longitude": "-128.1", "latitude": "33.2"},
            "note": None,
        }
        for number in range(count)
    ]


@pytest.fixture
def portal_of_ours(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> SocrataPortal:
    monkeypatch.setattr(socrata, "PAGE_SIZES", (40, 30, 20, 15, 12, 11))
    portal = SocrataPortal(ADDRESS, COLUMNS, rows(100))
    publisher.serve(ADDRESS, portal)
    publisher.serve(portal.view_address, portal.view)
    return portal


@pytest.fixture
def requests(portal_of_ours: SocrataPortal, define: Callable[..., Dataset]) -> Dataset:
    return define("requests", f"kind: socrata\naddress: {ADDRESS}")


def ids(dataset: Dataset, project: Project, manifest) -> list[str]:
    return read_raw(dataset, manifest, project.raw("live", dataset.id))[":id"].tolist()


ALL = [f"row-{number:04d}" for number in range(100)]


def test_all_pages_land_and_a_column_that_is_always_null_is_there(
    requests: Dataset, project: Project, web: Web
) -> None:
    manifest = fetch(requests, project, web=web)
    frame = read_raw(requests, manifest, project.raw("live", "requests"))
    assert (manifest.rows, manifest.pages) == (100, 3)
    assert list(frame.columns) == [":id", *COLUMNS]
    assert frame[":id"].tolist() == ALL
    assert frame["note"].isna().all()
    assert frame.loc[7, "district"] == "7"
    assert frame.loc[0, "place"] == '{"latitude": "33.2", "longitude": "-128.1"}'


def test_where_and_select_reach_the_portal(
    portal_of_ours: SocrataPortal, define: Callable[..., Dataset], project: Project, web: Web
) -> None:
    some = define("some", f"kind: socrata\naddress: {ADDRESS}\nwhere: district = '3'\nselect: srnumber,district")
    frame = read_raw(some, fetch(some, project, web=web), project.raw("live", "some"))
    assert list(frame.columns) == [":id", "srnumber", "district"]
    assert frame["district"].unique().tolist() == ["3"]
    assert len(frame) == 7


def test_rows_that_come_twice_start_the_reading_again(
    requests: Dataset, project: Project, portal_of_ours: SocrataPortal, publisher: Publisher, web: Web
) -> None:
    # With pages of 40 the second one starts five rows early, as when rows were inserted meanwhile.
    portal_of_ours.shift = lambda offset, limit: -5 if (offset, limit) == (40, 40) else 0
    manifest = fetch(requests, project, web=web)
    assert ids(requests, project, manifest) == ALL
    assert manifest.pages == 4, "the second reading uses pages of 30"


def test_rows_that_are_jumped_over_start_the_reading_again(
    requests: Dataset, project: Project, portal_of_ours: SocrataPortal, web: Web
) -> None:
    portal_of_ours.shift = lambda offset, limit: 5 if (offset, limit) == (40, 40) else 0
    assert ids(requests, project, fetch(requests, project, web=web)) == ALL


@pytest.mark.parametrize("shift", [-5, 5])
def test_rows_that_never_stand_still_stop_the_fetch(
    shift: int, requests: Dataset, project: Project, portal_of_ours: SocrataPortal, web: Web
) -> None:
    fetch(requests, project, web=web)
    before = parts_of(project, "requests")
    portal_of_ours.rows = rows(101)
    portal_of_ours.shift = lambda offset, limit: shift if offset else 0
    with pytest.raises(FetchError, match=r"rows move while they are read .*tried 6 times"):
        fetch(requests, project, web=web)
    assert parts_of(project, "requests") == before


def test_a_row_added_between_pages_is_noticed_by_the_count(
    requests: Dataset, project: Project, portal_of_ours: SocrataPortal, web: Web
) -> None:
    def grow(offset: int) -> None:
        if offset == 80 and len(portal_of_ours.rows) == 100:
            portal_of_ours.rows = rows(101)

    portal_of_ours.on_page = grow
    assert fetch(requests, project, web=web).rows == 101


def test_an_unchanged_dataset_is_not_sent_again(
    requests: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    clean = fetch(requests, project, web=web)
    publisher.asked.clear()
    assert fetch(requests, project, web=web) == clean
    pages = [asked for asked in publisher.asked if "$offset" in asked.query]
    assert len(pages) == 3
    assert all("If-None-Match" in asked.headers for asked in pages)


def test_one_changed_page_makes_a_new_edition(
    requests: Dataset, project: Project, portal_of_ours: SocrataPortal, web: Web
) -> None:
    clean = fetch(requests, project, web=web)
    portal_of_ours.rows[99]["note"] = "closed"
    again = fetch(requests, project, web=web)
    assert again.sha256 != clean.sha256
    frame = read_raw(requests, again, project.raw("live", "requests"))
    assert frame["note"].dropna().tolist() == ["closed"]
    assert frame[":id"].tolist() == ALL


@pytest.mark.parametrize("fault", ["429", "500", "503", "reset", "truncate", "html200", "badjson"])
def test_a_passing_fault_leaves_no_trace(
    fault: str, requests: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    clean = fetch(requests, project, web=web)
    publisher.fail(ADDRESS, fault, "ok", fault, fault, "ok", fault)
    assert fetch(requests, project, web=web) == clean


def drifts() -> Iterator[tuple[str, str]]:
    yield "rename:srnumber:srnumber_1", "srnumber"
    yield "rename:floating_timestamp:text", "created has become text"
    yield 'rename:"number":"text"', "district has become text"
    yield "rename:row_count:row_count_1", "does not say how many rows"


@pytest.mark.parametrize(("fault", "message"), list(drifts()))
def test_a_changed_column_is_asked_for_again_and_then_refused(
    fault: str,
    message: str,
    requests: Dataset,
    project: Project,
    publisher: Publisher,
    portal_of_ours: SocrataPortal,
    web: Web,
) -> None:
    clean = fetch(requests, project, web=web)
    before = parts_of(project, "requests")
    publisher.fail(ADDRESS, "ok", fault, "ok", fault)
    assert fetch(requests, project, web=web) == clean
    portal_of_ours.rows[0]["note"] = "a new edition, so that the answer has a body again"
    publisher.fail(ADDRESS, *[fault] * 40)
    with pytest.raises(FetchError, match=message):
        fetch(requests, project, web=web)
    assert parts_of(project, "requests") == before


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("district", "7 ", "district has '7 ', no number"),
        ("created", "01/27/2020", "created has '01/27/2020', no calendar_date"),
        ("srnumber_1", "x", "the column ['srnumber_1'], which the dataset has not"),
        (":id", 7, "a row has no :id"),
    ],
)
def test_without_type_headers_the_values_are_looked_at(
    name: str,
    value: object,
    message: str,
    requests: Dataset,
    project: Project,
    portal_of_ours: SocrataPortal,
    publisher: Publisher,
    web: Web,
) -> None:
    def spoilt(question):
        reply = portal_of_ours(question)
        found = json.loads(reply.body)
        if "$offset" in question.query:
            found[5][name] = value
        return as_json(found)

    portal_of_ours.headers = False
    assert fetch(requests, project, web=web).rows == 100
    before = parts_of(project, "requests")
    publisher.serve(ADDRESS, spoilt)
    with pytest.raises(FetchError) as failure:
        fetch(requests, project, web=web)
    assert message in str(failure.value)
    assert parts_of(project, "requests") == before


def test_an_empty_dataset_does_not_replace_a_full_one(
    requests: Dataset, project: Project, portal_of_ours: SocrataPortal, web: Web
) -> None:
    fetch(requests, project, web=web)
    before = parts_of(project, "requests")
    portal_of_ours.rows = []
    with pytest.raises(FetchError, match="the dataset is empty"):
        fetch(requests, project, web=web)
    assert parts_of(project, "requests") == before
