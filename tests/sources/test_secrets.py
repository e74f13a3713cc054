"""A recognisable key is used, and then looked for in everything that was written, logged or raised."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.catalog import Dataset
from analysis.project import Project
from analysis.sources import FetchError, FetchFailures, Patience, Web, fetch, fetch_all
from analysis.sources.secrets import HIDDEN, Secrets

from .conftest import QUICK
from .servers import CensusApi, Publisher, Reply, SocrataPortal

# Characters that change when they are quoted, so that quoting cannot hide a leak.
CENSUS_KEY = "Zk9/secret+census=key"
APP_TOKEN = "Qx7secretAppToken"
FORMS = ("secret", "Zk9", "Qx7")

CENSUS = "https://api.census.gov/data/2018/acs/acs5"
SODA = "https://data.invented.example/resource/abcd-1234.json"


@pytest.fixture
def keyed(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> Publisher:
    monkeypatch.setenv("CENSUS_API_KEY", CENSUS_KEY)
    monkeypatch.setenv("SOCRATA_APP_TOKEN", APP_TOKEN)
    publisher.serve(CENSUS, CensusApi(CENSUS, {"B1": ["1", "2"]}, ["000100", "000200"]))
    portal = SocrataPortal(SODA, {"name": "text"}, [{":id": "row-1", "name": "x"}])
    publisher.serve(SODA, portal)
    publisher.serve(portal.view_address, portal.view)
    return publisher


@pytest.fixture
def both(define: Callable[..., Dataset]) -> tuple[Dataset, Dataset]:
    census = define(
        "people",
        f'kind: census\naddress: {CENSUS}\nfor: "tract:*"\nin: "state:99 county:001"\nvariables: {{B1: People}}',
    )
    return census, define("requests", f"kind: socrata\naddress: {SODA}")


class Everything(logging.Handler):
    """Keeps every record as text, with its arguments, extras and traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.__dict__!r} {self.format(record)}")


@pytest.fixture
def logged() -> Everything:
    handler = Everything()
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


def raised_text(error: BaseException | None) -> str:
    """The error as Python shows it, with every local variable of every frame and the whole chain."""
    text = ""
    while error is not None:
        shown = traceback.TracebackException(type(error), error, error.__traceback__, capture_locals=True)
        # Frames of this test file know the key; the machinery under test must not.
        kept = [frame for frame in shown.stack if not frame.filename.endswith("test_secrets.py")]
        text += f"{error!r} {error} {error.__dict__!r} {[(f.name, f.locals) for f in kept]}\n"
        error = error.__cause__ or error.__context__
    return text


def assert_clean(text: str) -> None:
    for form in FORMS:
        assert form not in text, text[max(0, text.find(form) - 200) : text.find(form) + 60]


def written(root: Path) -> str:
    return "\n".join(f"{path}: {path.read_bytes()!r}" for path in root.rglob("*") if path.is_file())


def test_keys_reach_the_publisher_and_nothing_else(
    keyed: Publisher, both: tuple[Dataset, Dataset], project: Project, logged: Everything
) -> None:
    with Web(QUICK) as web:
        for dataset in both:
            keyed.fail(dataset.source.address, "500", "reset", "badjson")
            fetch(dataset, project, web=web)
        assert_clean(repr(web.secrets))
    used = [asked.query.get("key") for asked in keyed.asked if asked.path.startswith("api.census.gov")]
    assert used == [CENSUS_KEY] * 4
    tokens = {asked.headers.get("X-App-Token") for asked in keyed.asked if "invented" in asked.path}
    assert tokens == {APP_TOKEN}
    assert all(APP_TOKEN not in str(asked.query) for asked in keyed.asked)
    assert len(logged.lines) > 20, "the test must have seen logs"
    assert any("HTTP Request: GET" in line for line in logged.lines)
    assert_clean("\n".join(logged.lines))
    assert_clean(written(project.root))


def echo(question) -> Reply:
    return Reply(f"error: invalid key {question.query.get('key')}".encode(), 400, "text/plain")


def echo_busy(question) -> Reply:
    return Reply(f"busy, {question.headers.get('X-App-Token')}".encode(), 503, "text/plain")


@pytest.mark.parametrize(
    "faults", [["500"] * 20, ["reset"] * 20, ["truncate"] * 20, ["html200"] * 20, ["badjson"] * 20, ["403"], ["404"]]
)
def test_no_error_and_no_traceback_knows_a_key(
    faults: list[str], keyed: Publisher, both: tuple[Dataset, Dataset], project: Project, logged: Everything
) -> None:
    for dataset in both:
        keyed.fail(dataset.source.address, *faults)
    with Web(QUICK) as web:
        for dataset in both:
            with pytest.raises(FetchError) as failure:
                fetch(dataset, project, web=web)
            assert failure.value.__cause__ is None
            assert failure.value.__context__ is None
            assert_clean(raised_text(failure.value))
    assert_clean("\n".join(logged.lines))
    assert_clean(written(project.root))


def test_a_publisher_that_repeats_the_key_is_cleared(
    keyed: Publisher, both: tuple[Dataset, Dataset], project: Project, logged: Everything
) -> None:
    keyed.serve(CENSUS, echo)
    keyed.serve(SODA, echo_busy)
    keyed.serve(SODA.replace("/resource/", "/api/views/"), echo_busy)
    with Web(QUICK) as web, pytest.raises(FetchFailures) as failure:
        fetch_all(project, [dataset.id for dataset in both], web=web)
    assert HIDDEN in str(failure.value)
    for error in failure.value.errors.values():
        assert_clean(raised_text(error))
    assert_clean(str(failure.value))
    assert_clean("\n".join(logged.lines))


def test_an_answer_that_repeats_the_key_does_not_land(
    keyed: Publisher, both: tuple[Dataset, Dataset], project: Project
) -> None:
    table = f'[["NAME","B1","state","county","tract"],["{CENSUS_KEY}","1","99","001","000100"]]'
    keyed.serve(CENSUS, lambda question: Reply(table.encode()))
    with Web(QUICK) as web, pytest.raises(FetchError, match="repeats the key"):
        fetch(both[0], project, web=web)
    assert_clean(written(project.root))


def test_a_redirect_takes_no_key_to_another_host(
    keyed: Publisher, both: tuple[Dataset, Dataset], project: Project, logged: Everything
) -> None:
    seen = []

    def elsewhere(question) -> Reply:
        seen.append(question)
        return Reply(b"[]")

    def away(question) -> Reply:
        query = "&".join(f"{name}={value}" for name, value in question.query.items())
        return Reply(b"", 302, headers={"Location": f"https://thief.example/data?{query}"})

    keyed.serve(CENSUS, away)
    keyed.serve("https://thief.example/data", elsewhere)
    with Web(QUICK) as web, pytest.raises(FetchError) as failure:
        fetch(both[0], project, web=web)
    assert seen
    assert_clean(repr(seen))
    assert_clean(raised_text(failure.value))
    assert_clean("\n".join(logged.lines))


def test_a_host_that_cannot_be_reached(
    both: tuple[Dataset, Dataset], project: Project, monkeypatch: pytest.MonkeyPatch, logged: Everything
) -> None:
    monkeypatch.setenv("ANALYSIS_MIRROR", "http://127.0.0.1:9")
    monkeypatch.setenv("CENSUS_API_KEY", CENSUS_KEY)
    with Web(Patience(wait_initial=0.01, wait_jitter=0.01)) as web, pytest.raises(FetchError) as failure:
        fetch(both[0], project, web=web)
    assert_clean(raised_text(failure.value))
    assert_clean("\n".join(logged.lines))


def test_clearing_knows_the_quoted_forms() -> None:
    secrets = Secrets({"census": CENSUS_KEY})
    for form in (CENSUS_KEY, "Zk9%2Fsecret%2Bcensus%3Dkey", "Zk9/secret%2Bcensus%3Dkey"):
        assert secrets.clear(f"get?key={form}&x=1") == f"get?key={HIDDEN}&x=1"
