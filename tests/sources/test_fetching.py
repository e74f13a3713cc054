"""Many datasets at once: one failure stops no other, all are told together, a kill leaves whole editions."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.catalog import Dataset
from analysis.project import AnalysisError, Project
from analysis.sources import FetchFailures, Manifest, Web, fetch_all, read_manifest
from analysis.sources.manifest import landing
from analysis.sources.progress import Silent

from .conftest import QUICK
from .servers import Publisher, Question, Reply


def address(name: str) -> str:
    return f"https://files.invented.example/{name}.csv"


class Told(Silent):
    """What a command line would show."""

    def __init__(self) -> None:
        self.events: list[tuple] = []

    def started(self, dataset: str) -> None:
        self.events.append(("started", dataset))

    def advanced(self, dataset: str, done: int, total: int | None, unit: str) -> None:
        self.events.append(("advanced", dataset, done, total, unit))

    def retrying(self, dataset: str, reason: str, seconds: float | None) -> None:
        self.events.append(("retrying", dataset, reason, seconds))

    def finished(self, dataset: str, manifest: Manifest | None, error: str | None) -> None:
        self.events.append(("finished", dataset, manifest is not None, error is not None))


@pytest.fixture
def some(publisher: Publisher, define: Callable[..., Dataset]) -> list[str]:
    names = ["births", "deaths", "moves", "roads", "trees"]
    for name in names:
        publisher.serve(address(name), lambda question, name=name: Reply(f"place,{name}\nA,1\nB,2\n".encode()))
        define(name, f"kind: file\naddress: {address(name)}\nformat: csv\ncolumns: [place, {name}]")
    return names


def test_one_failure_stops_no_other_and_all_are_told(
    some: list[str], project: Project, publisher: Publisher, web: Web
) -> None:
    publisher.fail(address("deaths"), "404")
    publisher.fail(address("trees"), *["500"] * 20)
    told = Told()
    with pytest.raises(FetchFailures) as failure:
        fetch_all(project, progress=told, web=web)
    message = str(failure.value)
    assert message.startswith("2 of 5 datasets could not be fetched:")
    assert sorted(failure.value.errors) == ["deaths", "trees"]
    for name in ("deaths", "trees"):
        assert f"{name}: " in message
        assert address(name) in message
    assert [manifest.dataset for manifest in failure.value.manifests] == ["births", "moves", "roads"]
    assert {event for event in told.events if event[0] == "finished"} == {
        ("finished", name, name not in ("deaths", "trees"), name in ("deaths", "trees")) for name in some
    }
    assert ("advanced", "births", 21, 21, "bytes") in told.events
    assert any(event[0] == "retrying" and event[1] == "trees" for event in told.events)
    publisher.faults.clear()
    assert [manifest.dataset for manifest in fetch_all(project, web=web)] == some


def test_datasets_that_failed_alike_are_told_together(
    some: list[str], project: Project, publisher: Publisher, web: Web
) -> None:
    for name in some:
        publisher.fail(address(name), "404")
    with pytest.raises(FetchFailures) as failure:
        fetch_all(project, web=web)
    lines = str(failure.value).splitlines()
    assert lines[1] == "5 datasets: nothing is at this address any more (404)"
    assert lines[2:7] == [f"  {name}: {address(name)}" for name in some]
    assert lines[7].startswith("  nothing was landed; look the dataset up on its landing page")
    assert len(lines) == 8


def test_only_what_is_asked_for_is_fetched(some: list[str], project: Project, publisher: Publisher, web: Web) -> None:
    assert [manifest.dataset for manifest in fetch_all(project, ["trees", "births"], web=web)] == ["births", "trees"]
    with pytest.raises(AnalysisError, match="no dataset 'tree' in data/catalog: did you mean trees"):
        fetch_all(project, ["tree"], web=web)
    assert publisher.count(address("moves")) == 0


@pytest.mark.parametrize("jobs", [1, 3])
def test_no_more_than_the_stated_number_run_at_once(
    jobs: int, some: list[str], project: Project, publisher: Publisher, web: Web
) -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def slow(question: Question) -> Reply:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        name = question.path.rsplit("/", 1)[1].removesuffix(".csv")
        return Reply(f"place,{name}\nA,1\n".encode())

    for name in some:
        publisher.serve(address(name), slow)
    fetch_all(project, jobs=jobs, web=web)
    assert most == jobs


def test_a_defect_in_one_connector_is_told_like_a_failure(
    some: list[str], project: Project, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis.sources import fetching, files

    def defective(job):
        if job.dataset.id == "moves":
            raise ZeroDivisionError("division by zero")
        return files.fetch_file(job)

    monkeypatch.setitem(fetching.CONNECTORS, "file", defective)
    with pytest.raises(FetchFailures, match="moves: a defect in the connector: ZeroDivisionError") as failure:
        fetch_all(project, web=web)
    assert len(failure.value.manifests) == 4


def test_a_dataset_that_is_being_fetched_elsewhere(some: list[str], project: Project, web: Web) -> None:
    with landing(project.raw("live", "roads")), pytest.raises(FetchFailures, match="another process is writing"):
        fetch_all(project, web=web)


def test_a_folder_that_cannot_be_written(
    some: list[str], project: Project, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_all(project, ["roads"], web=web)
    real = os.fsync

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FetchFailures, match="cannot write under data/raw: No space left"):
        fetch_all(project, ["births"], web=web)
    monkeypatch.setattr(os, "fsync", real)
    assert read_manifest(project.raw("live", "roads")).rows == 2


CHILD = """
import sys
from pathlib import Path
from analysis.project import Project
from analysis.sources import Patience, Web, fetch_all
with Web(Patience(wait_initial=0.005, wait_jitter=0.005)) as web:
    fetch_all(Project(Path(sys.argv[1])), web=web, jobs=2)
"""


def editions(project: Project, names: list[str]) -> dict[str, tuple[str, bytes]]:
    found = {}
    for name in names:
        folder = project.raw("live", name)
        manifest = read_manifest(folder)
        found[name] = (manifest.sha256, b"".join((folder / part.name).read_bytes() for part in manifest.parts))
    return found


def test_killed_at_any_moment_every_dataset_is_whole(
    some: list[str], project: Project, publisher: Publisher, web: Web
) -> None:
    fetch_all(project, web=web)
    old = editions(project, some)
    contents = {name: f"place,{name}\n" + "A,1\n" * 20_000 for name in some}
    publisher.slow_seconds = 0.02
    for name in some:
        publisher.serve(address(name), lambda question, name=name: Reply(contents[name].encode()))
    states = set()
    for requests in (1, 2, 3, 4, 5):
        publisher.asked.clear()
        publisher.fail(address("moves"), "slow")
        arguments = [sys.executable, "-c", CHILD, str(project.root)]
        child = subprocess.Popen(arguments, env={**os.environ, "ANALYSIS_MIRROR": publisher.base})
        while len(publisher.asked) < requests and child.poll() is None:
            time.sleep(0.001)
        child.send_signal(signal.SIGKILL)
        child.wait()
        now = editions(project, some)
        for name in some:
            assert now[name] == old[name] or now[name][1] == contents[name].encode()
        states.add(tuple(now[name] == old[name] for name in some))
    assert len(states) > 1, "every kill came before the first edition: the test proves nothing"
    fetch_all(project, web=web)
    assert {name: content for name, (_, content) in editions(project, some).items()} == {
        name: text.encode() for name, text in contents.items()
    }
    for name in some:
        files = {path.name for path in Path(project.raw("live", name)).iterdir()} - {".lock", "manifest.json"}
        assert files == {part.name for part in read_manifest(project.raw("live", name)).parts}


def killed_at(step: int, project: Project, web: Web) -> bool:
    """Fetch in a child that dies just before its ``step``-th answer or touch of the disk; False when it got through."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(function):
            def counted(*args, **kwargs):
                nonlocal seen
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return function(*args, **kwargs)

            return counted

        try:
            os.fsync, Path.replace, Path.unlink = count(os.fsync), count(Path.replace), count(Path.unlink)
            with Web(QUICK) as own:
                own._once = count(own._once)  # type: ignore[method-assign]
                fetch_all(project, jobs=1, web=own)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_killed_at_every_step_of_a_fetch_of_two(
    publisher: Publisher, project: Project, define: Callable[..., Dataset], web: Web
) -> None:
    names = ["births", "deaths"]
    edition = ["old"]
    for name in names:
        publisher.serve(address(name), lambda question: Reply(f"place,x\n{edition[0]},1\n".encode()))
        define(name, f"kind: file\naddress: {address(name)}\nformat: csv\ncolumns: [place, x]")
    seen = set()
    for step in range(1, 60):
        edition[0] = "old"
        fetch_all(project, web=web)
        edition[0] = "new"
        died = killed_at(step, project, web)
        now = editions(project, names)
        assert {content for _, content in now.values()} <= {b"place,x\nold,1\n", b"place,x\nnew,1\n"}
        seen.add(tuple(b"new" in now[name][1] for name in names))
        fetch_all(project, web=web)
        assert {content for _, content in editions(project, names).values()} == {b"place,x\nnew,1\n"}
        if not died:
            break
    assert seen == {(False, False), (True, False), (True, True)}
    assert step > 15
