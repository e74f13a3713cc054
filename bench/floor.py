"""The floor: the same cells as plain functions in two warm processes. Run as a program; see ``bench/README.md``.

One parent imports the stack once and forks the workers; each takes the longest run that is left, executes its code
cells one after another in a fresh namespace, shows what the cells show (figures become PNG, frames HTML) and sends back
the control total. There is no kernel, no notebook and no page.
"""

from __future__ import annotations

import time

STARTED = time.time()

import ast  # noqa: E402
import io  # noqa: E402
import json  # noqa: E402
import multiprocessing  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from contextlib import redirect_stdout  # noqa: E402
from dataclasses import asdict, dataclass  # noqa: E402
from multiprocessing.connection import Connection, wait  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402


@dataclass(frozen=True)
class Task:
    """One run: the notebook's file, the name of the run and the district it is for, if any."""

    notebook: str
    name: str
    district: str | None


@dataclass(frozen=True)
class Done:
    """One run that ended: its control total as printed, wall and processor seconds, seconds of drawing in them."""

    name: str
    printed: str
    seconds: float
    processor: float
    drawing: float


def statements(sources: Sequence[str], district: str | None) -> list[tuple[Any, Any]]:
    """Each cell compiled in two: what it does, and the expression it shows (None where it shows nothing)."""
    made = []
    for number, source in enumerate(sources):
        tree = ast.parse(source)
        last = tree.body[-1] if tree.body else None
        shown = last if isinstance(last, ast.Expr) else None
        if shown is not None:
            tree.body.pop()
        doing = compile(tree, f"<cell {number}>", "exec")
        showing = compile(ast.Expression(shown.value), f"<cell {number}>", "eval") if shown else None
        made.append((doing, showing))
        if district is not None and number == 0:  # the first code cell declares the parameters
            made.append((compile(f"district = {district!r}", "<district>", "exec"), None))
    return made


def execute(sources: Sequence[str], task: Task) -> Done:
    """Execute the cells of one notebook in a fresh namespace."""
    from analysis.publish import session

    session.reset()
    begun, processor, drawing = time.perf_counter(), time.process_time(), 0.0
    namespace: dict[str, Any] = {"__name__": "__main__"}
    printed = io.StringIO()
    with redirect_stdout(printed):
        for doing, showing in statements(sources, task.district):
            exec(doing, namespace)
            if showing is not None:
                shown = eval(showing, namespace)
                if hasattr(shown, "_repr_html_"):
                    shown._repr_html_()
            drawing += draw()
    ended = time.perf_counter()
    return Done(task.name, printed.getvalue(), ended - begun, time.process_time() - processor, drawing)


def draw() -> float:
    """Draw every open figure as PNG, as an inline backend does at the end of a cell; returns the seconds it took."""
    import matplotlib.pyplot as plt

    begun = time.perf_counter()
    for number in plt.get_fignums():
        plt.figure(number).savefig(io.BytesIO(), format="png", bbox_inches="tight")
    plt.close("all")
    return time.perf_counter() - begun


def work(tasks: dict[str, Task], sources: dict[str, list[str]], pipe: Connection) -> None:
    """Execute the runs whose names arrive, until an empty name does."""
    while name := pipe.recv():
        task = tasks[name]
        pipe.send(execute(sources[task.notebook], task))


def warm_up() -> None:
    """Import what the cells import; compute nothing."""
    import matplotlib as mpl

    mpl.use("agg")
    import scipy.cluster.hierarchy
    import scipy.stats  # noqa: F401
    from sklearn import (  # noqa: F401  # noqa: F401
        calibration,
        cluster,
        compose,
        decomposition,
        ensemble,
        inspection,
        linear_model,
        metrics,
        model_selection,
        neighbors,
        pipeline,
        preprocessing,
    )

    from analysis.publish import Column, finding, table  # noqa: F401


def run(tasks: Sequence[Task], folder: Path, workers: int) -> tuple[list[Done], float]:
    """Execute the tasks in order of the list on so many forked workers; returns what was done and when work began."""
    sources = {path.stem: _code(path) for path in sorted(folder.glob("*.ipynb"))}
    warm_up()
    named = {task.name: task for task in tasks}
    context = multiprocessing.get_context("fork")
    pipes = [context.Pipe() for _ in range(workers)]
    children = [context.Process(target=work, args=(named, sources, theirs), daemon=True) for _, theirs in pipes]
    for child in children:
        child.start()
    for _, theirs in pipes:
        theirs.close()
    warm = time.time()
    found = _hand_out([task.name for task in tasks], [ours for ours, _ in pipes])
    for child in children:
        child.join()
    return found, warm


def _hand_out(names: list[str], pipes: list[Connection]) -> list[Done]:
    waiting, found = list(names), list[Done]()
    for pipe in pipes:
        pipe.send(waiting.pop(0) if waiting else "")
    while len(found) < len(names):
        for ready in wait(pipes):
            assert isinstance(ready, Connection)
            found.append(ready.recv())
            ready.send(waiting.pop(0) if waiting else "")
    return found


def _code(path: Path) -> list[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def main() -> None:
    """Arguments: folder of notebooks, file with the tasks as JSON in order, file for the result."""
    folder, listed, result = map(Path, sys.argv[1:4])
    tasks = [Task(**raw) for raw in json.loads(listed.read_text(encoding="utf-8"))]
    found, warm = run(tasks, folder, int(os.environ.get("BENCH_WORKERS", "2")))
    ended = time.time()
    told = {"warm": ended - warm, "start": warm - STARTED, "runs": [asdict(done) for done in found]}
    result.write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
