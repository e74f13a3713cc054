"""The Census connector against an API of our own: chunks, drift, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from analysis.catalog import Dataset
from analysis.project import Project
from analysis.sources import FetchError, Web, fetch, read_raw

from .conftest import parts_of
from .servers import CensusApi, Publisher, Reply, as_json

ADDRESS = "https://api.census.gov/data/2018/acs/acs5"
TRACTS = ["000100", "000200", "000300"]
NAMES = [f"B01001_{number:03d}E" for number in range(1, 98)]


@pytest.fixture
def api(publisher: Publisher) -> CensusApi:
    columns = {name: [str(at), "-666666666", None] for at, name in enumerate(NAMES)}
    api = CensusApi(ADDRESS, columns, TRACTS)
    publisher.serve(ADDRESS, api)
    return api


@pytest.fixture
def people(api: CensusApi, define: Callable[..., Dataset]) -> Dataset:
    return define("people", source(NAMES))


def source(names: list[str]) -> str:
    variables = "\n".join(f"              {name}: People" for name in names)
    return f"""
            kind: census
            address: {ADDRESS}
            for: "tract:*"
            in: "state:99 county:001"
            variables:
{variables}
    """


def test_more_than_fifty_variables_come_in_chunks_and_join(
    people: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    manifest = fetch(people, project, web=web)
    frame = read_raw(people, manifest, project.raw("live", "people"))
    assert [len(asked.query["get"].split(",")) for asked in publisher.asked] == [50, 48]
    assert (manifest.rows, manifest.pages, len(frame)) == (3, 2, 3)
    assert list(frame.columns) == ["NAME", *NAMES, "state", "county", "tract"]
    assert frame["tract"].tolist() == TRACTS
    assert frame.loc[0, NAMES].tolist() == [str(at) for at in range(97)]
    assert manifest.parameters == {"for": "tract:*", "in": "state:99 county:001", "get": NAMES}


def test_sentinels_stay_as_they_are_and_null_is_missing(people: Dataset, project: Project, web: Web) -> None:
    frame = read_raw(people, fetch(people, project, web=web), project.raw("live", "people"))
    assert frame.loc[1, NAMES].unique().tolist() == ["-666666666"]
    assert frame.loc[2, NAMES].isna().all()


def test_the_bytes_are_those_of_the_answer(people: Dataset, project: Project, web: Web, api: CensusApi) -> None:
    fetch(people, project, web=web)
    first = next(content for name, content in parts_of(project, "people").items() if name.startswith("part-0001"))
    assert json.loads(first)[1][:3] == ["Tract 000100", "0", "1"]
    assert first.startswith(b'[["NAME", "B01001_001E"')


@pytest.mark.parametrize("fault", ["429", "500", "503", "reset", "truncate", "html200", "badjson", "slow"])
def test_a_passing_fault_leaves_no_trace(
    fault: str, people: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    clean = fetch(people, project, web=web)
    publisher.fail(ADDRESS, fault, fault, "ok", fault)
    assert fetch(people, project, web=web) == clean


def test_a_renamed_variable_is_asked_for_again(
    people: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    clean = fetch(people, project, web=web)
    publisher.fail(ADDRESS, "rename:B01001_002E:B01001_0002E")
    assert fetch(people, project, web=web) == clean


def test_a_variable_renamed_for_good_stops_the_fetch(
    people: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    fetch(people, project, web=web)
    before = parts_of(project, "people")
    publisher.fail(ADDRESS, *["rename:B01001_002E:B01001_0002E"] * 9)
    with pytest.raises(FetchError, match="'B01001_0002E' for 'B01001_002E'") as failure:
        fetch(people, project, web=web)
    assert "people: " in str(failure.value)
    assert ADDRESS in str(failure.value)
    assert "stays in place" in str(failure.value)
    assert "adapt the catalogue entry" in str(failure.value)
    assert parts_of(project, "people") == before


def altered(api: CensusApi, change: Callable[[list[list]], None]) -> Callable[..., Reply]:
    def route(question):
        table = json.loads(api(question).body)
        change(table)
        return as_json(table)

    return route


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table[1].__setitem__(1, 7), "B01001_001E has 7, which is not text"),
        (lambda table: table.append(table[1]), "a place stands twice"),
        (lambda table: table[1].pop(), "another number of cells"),
        (lambda table: table.__delitem__(slice(1, None)), "no rows"),
        (lambda table: table[1].__setitem__(-1, None), "a row has no geography"),
        (lambda table: table[0].reverse(), "the columns are not those asked for"),
    ],
)
def test_an_answer_of_another_shape_is_refused(
    change, message: str, people: Dataset, project: Project, publisher: Publisher, web: Web, api: CensusApi
) -> None:
    publisher.serve(ADDRESS, altered(api, change))
    with pytest.raises(FetchError, match=message) as failure:
        fetch(people, project, web=web)
    assert "nothing was landed" in str(failure.value)


def test_chunks_over_different_places_are_refused(
    people: Dataset, project: Project, publisher: Publisher, web: Web, api: CensusApi
) -> None:
    def shrinking(question):
        api.tracts = TRACTS if "NAME" in question.query["get"] else TRACTS[:2]
        return api(question)

    publisher.serve(ADDRESS, shrinking)
    with pytest.raises(FetchError, match=r"different places, for instance \[\('99', '001', '000300'\)\]"):
        fetch(people, project, web=web)


@pytest.mark.parametrize(
    ("reply", "message", "advice"),
    [
        (Reply(b"", 204), "nothing for this geography", "correct 'for' and 'in'"),
        (Reply(b"error: unknown variable 'B9'", 400, "text/plain"), "unknown variable 'B9'", "correct the query"),
        (Reply(b"<html><title>Invalid Key</title>A valid key</html>", 200, "text/html"), "Invalid Key", "CENSUS_API_"),
        (Reply(b"gone", 404, "text/plain"), "nothing is at this address any more", "landing page"),
        (Reply(b"no", 403, "text/plain"), "the service refused", "CENSUS_API_KEY"),
    ],
)
def test_a_refusal_is_final_and_says_what_to_do(
    reply: Reply, message: str, advice: str, people: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    publisher.serve(ADDRESS, lambda question: Reply(reply.body, reply.status, reply.kind))
    with pytest.raises(FetchError, match=message) as failure:
        fetch(people, project, web=web)
    assert advice in str(failure.value)
    assert len(publisher.asked) == 1, "a refusal must not be asked for again"
