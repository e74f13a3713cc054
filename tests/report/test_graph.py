"""Tasks that wait for one another: order, failures, how many at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.project import AnalysisError
from analysis.report.execution import Failure
from analysis.report.graph import Task, carried_out, ways
from analysis.report.jobs import Outcome


def task(name: str, *needs: str, weight: float = 1.0, result: object = None) -> Task:
    return Task(name, lambda: result or name, weight, frozenset(needs))


def order(tasks: list[Task], size: int = 1) -> list[str]:
    return [done.task.name for done in carried_out(tasks, size)]


def test_the_longest_way_first_and_never_before_its_needs() -> None:
    tasks = [task("short"), task("a", weight=1), task("b", "a", weight=50), task("long", weight=20)]
    assert ways(tasks) == {"short": 1, "a": 51, "b": 50, "long": 20}
    assert order(tasks) == ["a", "b", "long", "short"]


def test_a_need_outside_the_graph_counts_as_done() -> None:
    assert order([task("a", "made long ago")]) == ["a"]


def test_a_circle_is_an_error() -> None:
    with pytest.raises(AnalysisError, match="in a circle"):
        order([task("a", "b"), task("b", "a")])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sets(st.integers(0, 11)), st.floats(0.1, 9)), min_size=1, max_size=12), st.integers(1, 4))
def test_every_task_ends_once_after_its_needs(made: list[tuple[set[int], float]], size: int) -> None:
    tasks = [
        task(f"t{i}", *(f"t{need}" for need in needs if need < i), weight=weight)
        for i, (needs, weight) in enumerate(made)
    ]
    ended = order(tasks, size)
    assert sorted(ended) == sorted(one.name for one in tasks)
    for one in tasks:
        assert all(ended.index(need) < ended.index(one.name) for need in one.needs)


def test_no_more_at_once_than_there_are_workers() -> None:
    now, most, lock = 0, 0, threading.Lock()

    def work() -> str:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1
        return "done"

    with ThreadPoolExecutor(8) as pool:
        tasks = [Task(f"t{i}", lambda: pool.submit(work)) for i in range(12)]
        assert len(list(carried_out(tasks, 3))) == 12
    assert most == 3


def fails() -> str:
    raise AnalysisError("the file is damaged")


def test_what_waits_for_a_failure_is_carried_out_all_the_same_unless_told_to_stop() -> None:
    with ThreadPoolExecutor(2) as pool:
        tasks = [Task("table", lambda: pool.submit(fails), 9.0), task("report", "table"), task("other", weight=0.1)]
        ended = {done.task.name: done for done in carried_out(tasks, 1)}
        assert str(ended["table"].error) == "the file is damaged"
        assert ended["report"].result == "report"
        stopped = [done.task.name for done in carried_out(tasks, 1, keep_going=False)]
    assert stopped == ["table"]


def test_a_report_that_failed_stops_a_build_that_is_not_to_keep_going() -> None:
    failed = Outcome("first", "failed", failure=Failure("first", 1, "", "no"))
    tasks = [task("first", weight=9.0, result=failed), task("second")]
    assert [done.task.name for done in carried_out(tasks, 1, keep_going=False)] == ["first"]
    assert len(list(carried_out(tasks, 1))) == 2


def test_an_error_that_is_not_ours_ends_the_build() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(ZeroDivisionError):
        list(carried_out([Task("a", lambda: pool.submit(lambda: 1 / 0))], 1))
