"""The one client: patience, redirects, the mirror, hosts that are not there."""

from __future__ import annotations

import email.utils
import socket
import threading
import time

import pytest

from analysis.project import AnalysisError
from analysis.sources import FetchError, Patience, Web
from analysis.sources.transport import Answer, Ask, Mirror

from .conftest import QUICK
from .servers import Publisher, Reply

ADDRESS = "https://a.example/x"


def body(answer: Answer) -> bytes:
    return answer.content


def ok(text: bytes):
    return lambda question: Reply(text, 200, "text/plain")


def test_retry_after_is_obeyed(publisher: Publisher, web: Web) -> None:
    publisher.serve(ADDRESS, ok(b"fine"))
    publisher.retry_after = "1"
    publisher.fail(ADDRESS, "429")
    begun = time.monotonic()
    told: list[float | None] = []
    assert web.get(Ask("x", ADDRESS), body, lambda reason, seconds: told.append(seconds)) == b"fine"
    assert time.monotonic() - begun >= 1
    assert told == [1.0]


def test_retry_after_may_be_a_date(publisher: Publisher, web: Web) -> None:
    publisher.serve(ADDRESS, ok(b"fine"))
    publisher.retry_after = email.utils.formatdate(time.time() + 2, usegmt=True)
    publisher.fail(ADDRESS, "503")
    told: list[float | None] = []
    web.get(Ask("x", ADDRESS), body, lambda reason, seconds: told.append(seconds))
    assert told[0] is not None
    assert 0 < told[0] <= 2


def test_a_wish_beyond_reason_is_told_and_not_waited_for(publisher: Publisher, web: Web) -> None:
    publisher.retry_after = "86400"
    publisher.fail(ADDRESS, "429")
    with pytest.raises(FetchError, match="asks to wait 86400 seconds"):
        web.get(Ask("x", ADDRESS), body)
    assert len(publisher.asked) == 1


def test_tries_are_bounded(publisher: Publisher, web: Web) -> None:
    publisher.fail(ADDRESS, *["500"] * 30)
    with pytest.raises(FetchError, match="answered 500") as failure:
        web.get(Ask("roads", ADDRESS), body)
    assert len(publisher.asked) == QUICK.attempts
    assert str(failure.value).startswith("roads: ")
    assert ADDRESS in str(failure.value)
    assert "asked 8 times" in str(failure.value)


def test_a_slow_answer_is_given_up(publisher: Publisher) -> None:
    publisher.serve(ADDRESS, ok(b"x" * 1000))
    publisher.slow_seconds = 1.0
    publisher.fail(ADDRESS, "slow", "slow")
    patience = Patience(attempts=2, wait_initial=0.01, wait_jitter=0.01, read_timeout=0.2)
    with Web(patience) as web, pytest.raises(FetchError, match="took too long"):
        web.get(Ask("x", ADDRESS), body)


def test_a_host_that_is_not_there_is_tried_in_full_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    monkeypatch.setenv("ANALYSIS_MIRROR", f"http://127.0.0.1:{free}")
    with Web(QUICK) as web:
        tries: list[str] = []
        for _ in range(3):
            with pytest.raises(FetchError, match="cannot connect") as failure:
                web.get(Ask("x", ADDRESS), body, lambda reason, seconds: tries.append(reason))
    assert "ANALYSIS_MIRROR" in str(failure.value)
    assert len(tries) == QUICK.connect_attempts - 1


@pytest.mark.parametrize(
    "location",
    ["https://b.example/y", "/b.example/y", "{base}/b.example/y"],
)
def test_redirects_stay_on_the_mirror(location: str, publisher: Publisher, web: Web) -> None:
    target = "https://b.example/y"
    if location.startswith("/"):
        # A path of the same host, as publishers send it.
        target = "https://a.example/b.example/y"
    publisher.serve(
        ADDRESS, lambda question: Reply(b"", 302, headers={"Location": location.replace("{base}", publisher.base)})
    )
    publisher.serve(target, ok(b"moved here"))
    assert web.get(Ask("x", ADDRESS), body) == b"moved here"


@pytest.mark.parametrize(
    ("location", "message"), [("http://b.example/y", "not https"), ("https://a.example/x", "too many redirects")]
)
def test_redirects_that_lead_nowhere_good(location: str, message: str, publisher: Publisher, web: Web) -> None:
    publisher.serve(ADDRESS, lambda question: Reply(b"", 301, headers={"Location": location}))
    with pytest.raises(FetchError, match=message):
        web.get(Ask("x", ADDRESS), body)


def test_a_mirror_must_be_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYSIS_MIRROR", "localhost:8790")
    with pytest.raises(AnalysisError, match="ANALYSIS_MIRROR must be an address"):
        Mirror.from_environment()
    monkeypatch.setenv("ANALYSIS_MIRROR", "http://127.0.0.1:8790/")
    assert Mirror.from_environment().route("https://a.example/x?y=1") == "http://127.0.0.1:8790/a.example/x?y=1"
    monkeypatch.setenv("ANALYSIS_MIRROR", " ")
    assert Mirror.from_environment() == Mirror(None)


def test_the_client_may_be_shared_by_threads(publisher: Publisher, web: Web) -> None:
    publisher.serve(ADDRESS, ok(b"fine"))
    # Fewer faults than one request may try, so that whoever meets them all still gets through.
    publisher.fail(ADDRESS, *["429", "ok", "reset"] * 3)
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(web.get(Ask("x", ADDRESS), body))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b"fine"] * 12
