"""Tasks that wait for one another, carried out a few at a time, the longest way first."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import cache
from typing import Any

from analysis.project import AnalysisError


@dataclass(frozen=True)
class Task:
    """One piece of work.

    ``needs`` are names of tasks to be done before; ``weight`` are the seconds it is expected to take. ``start`` begins
    it and gives the future of its result, or the result itself when there turns out to be nothing to do.
    """

    name: str
    start: Callable[[], Any]
    weight: float = 1.0
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Done:
    """A task that has ended: its result, or its error. ``begun`` says whether it had to be worked on at all."""

    task: Task
    result: Any
    error: Exception | None = None
    begun: bool = True


def ways(tasks: Sequence[Task]) -> dict[str, float]:
    """Seconds from the start of each task to the end of the longest chain of tasks that begins with it.

    >>> a, b = Task("a", list, 2.0), Task("b", list, 3.0, frozenset({"a"}))
    >>> ways([a, b])
    {'a': 5.0, 'b': 3.0}

    Raises AnalysisError for tasks that wait for each other in a circle.
    """
    after: dict[str, list[Task]] = {task.name: [] for task in tasks}
    for task in tasks:
        for need in task.needs & after.keys():
            after[need].append(task)
    own = {task.name: task.weight for task in tasks}

    @cache
    def way(name: str) -> float:
        return own[name] + max((way(later.name) for later in after[name]), default=0.0)

    try:
        return {task.name: way(task.name) for task in tasks}
    except RecursionError:
        raise AnalysisError("tasks wait for each other in a circle") from None


def carried_out(
    tasks: Sequence[Task], size: int, began: Callable[[Task], None] = lambda task: None, *, keep_going: bool = True
) -> Iterator[Done]:
    """Every task as it ends, at most ``size`` under way at once.

    A task whose need failed is carried out all the same: it knows what it can do without. A need that is no task
    of this graph counts as done. Without ``keep_going`` nothing new begins after an error or a result that counts as
    one (its ``failure`` is set); what is under way is still told.
    """
    lengths, names = ways(tasks), {task.name for task in tasks}
    open_needs = {task.name: set(task.needs & names) for task in tasks}
    waiting = {task.name: task for task in tasks if open_needs[task.name]}
    ready = [(-lengths[task.name], task.name, task) for task in tasks if task.name not in waiting]
    heapq.heapify(ready)
    under_way: dict[Future[Any], Task] = {}
    stopped = False
    while under_way or (ready and not stopped):
        ended: list[Done] = []
        while ready and len(under_way) < size and not stopped and not ended:
            task = heapq.heappop(ready)[2]
            began(task)
            found = _started(task)
            if isinstance(found, Future):
                under_way[found] = task
            else:
                ended.append(found)
        if not ended:
            finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
            ended = [_concluded(under_way.pop(future), future) for future in finished]
        for done in ended:
            _release(done.task.name, open_needs, waiting, ready, lengths)
            stopped = stopped or (not keep_going and (done.error or getattr(done.result, "failure", None)) is not None)
            yield done


def _started(task: Task) -> Future[Any] | Done:
    try:
        found = task.start()
    except AnalysisError as error:
        return Done(task, None, error, begun=False)
    return found if isinstance(found, Future) else Done(task, found, begun=False)


def _concluded(task: Task, future: Future[Any]) -> Done:
    error = future.exception()
    if error is None:
        return Done(task, future.result())
    if isinstance(error, AnalysisError):
        return Done(task, None, error)
    raise error


def _release(
    name: str,
    open_needs: Mapping[str, set[str]],
    waiting: dict[str, Task],
    ready: list[tuple[float, str, Task]],
    lengths: Mapping[str, float],
) -> None:
    for other in [other for other in waiting if name in open_needs[other]]:
        open_needs[other].discard(name)
        if not open_needs[other]:
            heapq.heappush(ready, (-lengths[other], other, waiting.pop(other)))
