"""What a brief costs more when a Dask cluster makes it, and whether it is the same one, with workers killed under way.

    python bench/cluster.py --briefs 200 --workers 4 --kill 2            # real briefs
    python bench/cluster.py --briefs 200 --workers 4 --kill 0 --empty    # briefs that take no time to make

Makes briefs of a small made-up checkout on this machine, then on a scheduler and workers started for it, in processes
of their own; some workers are killed for good (no nanny starts them again) while they are at work. Prints the wall time
of both, and whether every file that both leave is the same, byte for byte.

``--empty`` measures the overhead alone: the same packing, sending, scheduling, hashing and putting in place, around a
function that only writes the files of a brief (a page of 190 kB among them). The difference of the wall times is then
what the cluster adds to each brief, however long its notebook takes. The processor time of client, scheduler and Dask
workers is printed beside it, because it depends less on how busy the machine is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from analysis.cluster.crew import DaskCrew
from analysis.project import Project
from analysis.report.build import build
from analysis.report.editions import Edition, edition, find_notebook

ROOT = Path(__file__).resolve().parents[1]

CELL = """import csv
import io

from analysis import publish
from analysis.project import current_project, current_source

text = (current_project().processed(current_source()) / "waits.csv").read_text()
days = [int(row["days"]) for row in csv.DictReader(io.StringIO(text)) if int(row["district"]) == district]
every = "every permit is on record"
publish.finding("permits", len(days), unit="count", no_interval=every, noun="permit", period="2019")
publish.finding("longest", max(days), unit="days", no_interval=every, period="2019")"""

CELLS = [
    ("markdown", "# The district issued {{ permits }}\n\nFor whoever asks.", ["title"]),
    ("code", "district = 0  # number of the district", ["parameters"]),
    ("code", CELL, []),
    ("markdown", "## In short\n\nThere are {{ permits }}; the longest wait was {{ longest }}.", ["in-short"]),
]


def write_checkout(folder: Path, districts: int) -> Project:
    """A checkout with one notebook, and a table of 1 MB that it reads."""
    project = Project(folder)
    # The list of editions names notebooks that are not in this folder.
    shutil.copytree(ROOT / "data" / "catalog", project.catalog, ignore=shutil.ignore_patterns("editions.yml"))
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    project.notebooks.mkdir()
    cells = []
    for kind, source, tags in CELLS:
        code = {"outputs": [], "execution_count": None} if kind == "code" else {}
        cells.append({"cell_type": kind, "metadata": {"tags": tags}, "source": source, **code})
    spec = {"name": "angeleno", "display_name": "Angeleno (Python 3)", "language": "python"}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": cells}
    (project.notebooks / "01_waits.ipynb").write_text(json.dumps(notebook))
    rows = "".join(f"{n % (districts + 1)},{n},{n * 7919 % 400}\n" for n in range(80_000))
    table = "district,permit,days\n" + rows
    project.processed("sample").mkdir(parents=True)
    (project.processed("sample") / "waits.csv").write_text(table)
    description = {"table": "waits", "sha256": sha256(table.encode()).hexdigest()}
    (project.processed("sample") / "waits.meta.json").write_text(json.dumps(description))
    return project


EMPTY = """

def make(job: Job) -> Outcome:
    place = places(job.project, job.source, job.edition.name)
    for path, size in ((place.executed, 20_000), (place.record, 10_000), (place.page, 190_000)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((job.edition.name * size)[:size].encode())
    return Outcome(job.edition.name, "built")
"""


def without_work(folder: Path) -> int:
    """Run this program again with a copy of the package that makes briefs in no time."""
    package = folder / "analysis"
    shutil.copytree(ROOT / "src" / "analysis", package, ignore=shutil.ignore_patterns("__pycache__"))
    with (package / "report" / "jobs.py").open("a") as code:
        code.write(EMPTY)
    words = [word for word in sys.argv if word != "--empty"]
    return subprocess.run(
        [sys.executable, *words], env={**os.environ, "PYTHONPATH": str(folder)}, check=False
    ).returncode


def briefs(project: Project, count: int) -> list[Edition]:
    """One edition a district."""
    notebook = find_notebook(project, "01")
    return [edition(notebook, {"district": number}) for number in range(1, count + 1)]


def _knows_the_clock(path: Path) -> bool:
    """Ledger and logs tell of times; hidden files are notes of a machine to itself."""
    return path.name == "ledger.db" or path.suffix == ".log" or path.name.startswith(".")


def published(project: Project) -> dict[str, bytes]:
    """Everything a build leaves but what knows the clock."""
    folder = project.reports("sample")
    files = [p for p in folder.rglob("*") if p.is_file() and not _knows_the_clock(p)]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def pace(project: Project) -> float:
    """Seconds a brief from the first to the last, without the start of processes and imports."""
    times = sorted(path.stat().st_mtime for path in project.reports("sample").glob("01_*.html"))
    return (times[-1] - times[0]) / (len(times) - 1)


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and workers in processes of their own; first in the list is the scheduler."""
    known = folder / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    started = [subprocess.Popen([*command, "--no-dashboard", "--scheduler-file", str(known)], **quiet)]
    try:
        while not known.is_file() or not known.read_text().strip().endswith("}"):
            time.sleep(0.1)
        address = json.loads(known.read_text())["address"]
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"]
        command += ["--no-dashboard", "--local-directory", str(folder / "scratch")]
        started += [subprocess.Popen(command, **quiet) for _ in range(workers)]
        yield address, started
    finally:
        for process in started:
            process.kill()
            process.wait()


def cpu(process: int) -> float:
    """Processor seconds of a process, its threads included and its children not."""
    times = psutil.Process(process).cpu_times()
    return float(times.user + times.system)


def make_here(project: Project, count: int, jobs: int) -> tuple[float, float]:
    """Build on this machine; wall and processor seconds of the process that builds."""
    os.environ["ANALYSIS_ROOT"] = str(project.root)
    begun, used = time.perf_counter(), cpu(os.getpid())
    outcomes = build(project, "sample", briefs(project, count), jobs=jobs)
    assert {outcome.action for outcome in outcomes} == {"built"}, outcomes
    return time.perf_counter() - begun, cpu(os.getpid()) - used


def make_there(project: Project, count: int, workers: int, kill: int, folder: Path) -> tuple[float, float, int]:
    """Build on a cluster, killing workers under way; wall seconds, processor seconds, and how many briefs are there."""
    os.environ["ANALYSIS_ROOT"] = str(project.root)
    with cluster(folder, workers) as (address, processes):
        crew = DaskCrew(address)
        while crew.size < 2 * workers:  # all workers are to be there before the clock starts
            crew.close()
            time.sleep(1)
            crew = DaskCrew(address)
        begun, used = time.perf_counter(), cpu(os.getpid()) + sum(cpu(each.pid) for each in processes)
        spent: list[float] = []

        def killer() -> None:
            for number in range(kill):
                target = count * (number + 1) // (kill + 2)
                while len(list(project.reports("sample").glob("01_*.html"))) < target:
                    time.sleep(0.05)
                doomed = processes[1 + number]
                spent.append(cpu(doomed.pid))
                doomed.kill()
                doomed.wait()
                print(f"worker {number + 1} killed after {target} briefs", flush=True)

        thread = threading.Thread(target=killer, daemon=True)
        thread.start()
        outcomes = build(project, "sample", briefs(project, count), crew=crew)
        wall = time.perf_counter() - begun
        thread.join()
        alive = sum(cpu(each.pid) for each in processes if each.poll() is None)
        crew.close()
        total = cpu(os.getpid()) + alive + sum(spent) - used
    return wall, total, sum(outcome.action == "built" for outcome in outcomes)


def main() -> None:
    """Run both builds and print what they say."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--briefs", type=int, default=200)
    options.add_argument("--workers", type=int, default=4)
    options.add_argument("--kill", type=int, default=2)
    options.add_argument("--empty", action="store_true")
    chosen = options.parse_args()
    if chosen.empty:
        with TemporaryDirectory(prefix="bench-cluster-") as name:
            sys.exit(without_work(Path(name)))
    count, workers = chosen.briefs, chosen.workers
    with TemporaryDirectory(prefix="bench-cluster-") as name:
        folder = Path(name)
        here = write_checkout(folder / "here", count)
        there = Project(folder / "there")
        shutil.copytree(here.root, there.root)
        # Feed and archive tell when an edition was made: for both at the same time.
        os.environ |= {"ANALYSIS_SOURCE": "sample", "SOURCE_DATE_EPOCH": "1588291200"}
        wall, used = make_here(here, count, workers)
        print(f"here:    {count} briefs, {workers} workers: {wall:.1f} s", flush=True)
        away, spent, made = make_there(there, count, workers, chosen.kill, folder)
        print(f"cluster: {made} of {count} briefs, {workers} workers, {chosen.kill} killed: {away:.1f} s")
        ours, theirs = published(here), published(there)
        differing = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
        same = not differing
        print(f"bytes:   {f'DIFFERENT in {differing}' if differing else 'equal'}, {len(ours)} files")
        print(f"difference of wall times: {1000 * (away - wall) / count:+.1f} ms a brief, start included")
        print(f"from the first brief to the last: {1000 * (pace(there) - pace(here)):+.1f} ms a brief")
        extra = 1000 * (spent - used) / count
        print(f"processor time of client, scheduler and Dask workers: {extra:+.1f} ms a brief")
    if made != count or not same:
        sys.exit(1)


if __name__ == "__main__":
    main()
