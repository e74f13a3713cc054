"""What very many short pages cost this project: seconds and memory of 10, 100, 1,000 briefs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from bench.floor import Task
from bench.measure import TOLERANCE, outputs, printed
from bench.memory import Peak
from bench.notebooks import PAPERS, Run, notebook, put
from bench.peers.angeleno import Angeleno, declare
from bench.peers.floor import result
from bench.peers.peer import Failed, call, last_words
from bench.results import Row, append
from bench.site import PROGRAMS, ROOT, Cache, Site, Size, lay_kernel

BRIEF = "01_brief"
SIZES = (10, 100, 1000)
CELLS_OF = 100
"""Of how many briefs the cells alone are executed, to know what a brief's own work is."""


def measure_curve(cache: Cache, sizes: Sequence[int], workers: int) -> None:
    """Build so many briefs from nothing, each size in a folder of its own; keeps one row a size."""
    lay_kernel(cache)
    for briefs in sizes:
        site = Site(cache, f"briefs-{briefs}", Size(1, briefs, workers))
        lay(site)
        row = measure(site)
        append(cache.results, row)
        gigabytes = row.more["peak"] / 1024**3
        print(f"{briefs:5} briefs  {row.seconds:8.1f} s  peak {gigabytes:.2f} GB  cells {row.more['cells']:.3f} s each")


def lay(site: Site) -> None:
    """A checkout with one small notebook that is issued for so many districts."""
    site.lay()
    for path in site.notebooks.glob("*.ipynb"):
        path.unlink()
    text = (PAPERS / "small" / f"{BRIEF}.py").read_text(encoding="utf-8")
    put(site.notebooks / f"{BRIEF}.ipynb", notebook(text))
    call([str(PROGRAMS / "analysis"), "refine"], site)
    declare(site, BRIEF, [run.district for run in briefs(site) if run.district])


def briefs(site: Site) -> list[Run]:
    """Every brief of a site: so many in all, the first with the default district."""
    return [Run(BRIEF), *(Run(BRIEF, f"d{number:04d}") for number in range(1, site.size.values))]


def measure(site: Site) -> Row:
    """Seconds of the whole build, the most memory its processes held together, and what the cells alone need."""
    ours = Angeleno()
    ours.forget(site)
    log = site.folder / "log.txt"
    begun = time.perf_counter()
    with log.open("w", encoding="utf-8") as printed_to:
        around = {**site.environment(), "ANALYSIS_STANDBY": "0"}  # all memory is that of descendants
        process = subprocess.Popen(
            ours.command(site), cwd=site.folder, env=around, stdout=printed_to, stderr=subprocess.STDOUT
        )
        with Peak(process.pid) as peak:
            code = process.wait()
    seconds = time.perf_counter() - begun
    if code != 0:
        raise Failed(f"the briefs do not build: {last_words(log.read_text(encoding='utf-8'))}")
    cells = own_work(site)
    check(site)
    return Row(
        participant="angeleno",
        measure="briefs",
        round=1,
        size=(1, site.size.values, site.size.workers),
        seconds=seconds,
        when=datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        more={"peak": float(peak.bytes), "samples": float(peak.samples), "cells": cells},
    )


def own_work(site: Site) -> float:
    """Seconds that the cells of one brief need by themselves, in a warm process, the first of each worker left out."""
    listed = [asdict(Task(run.notebook, run.name, run.district)) for run in briefs(site)[:CELLS_OF]]
    (site.folder / "tasks.json").write_text(json.dumps(listed), encoding="utf-8")
    program = str(ROOT / "bench" / "floor.py")
    call([sys.executable, "-P", program, str(site.notebooks), "tasks.json", "result.json"], site)
    runs = result(site)["runs"][site.size.workers :]
    return float(sum(run["seconds"] for run in runs) / len(runs))


def check(site: Site) -> None:
    """Whether every brief has a page with its own number; raises Failed naming the first that does not."""
    ours = Angeleno()
    truth = {run["name"]: printed(run["printed"])[0] for run in result(site)["runs"]}
    for run in briefs(site):
        if not ours.page(site, run).is_file():
            raise Failed(f"{run.name}: there is no page")
        found, _ = printed(outputs(json.loads(ours.executed(site, run).read_text(encoding="utf-8"))))
        if abs(found - truth.get(run.name, found)) > TOLERANCE:
            raise Failed(f"{run.name}: its control total is {found}, not {truth[run.name]}")
        if f"{found:,}" not in ours.page(site, run).read_text(encoding="utf-8"):
            raise Failed(f"{run.name}: its page does not show the control total {found}")


def measure_start(cache: Cache, times: int) -> None:
    """Seconds until ``analysis --help`` has answered, and until the interpreter alone has, taking turns."""
    site = Site(cache, "start", Size(2, 0, 1))
    lay_kernel(cache)
    site.lay()
    commands = {"help": [str(PROGRAMS / "analysis"), "--help"], "interpreter": [sys.executable, "-c", "pass"]}
    for number in range(times + 1):
        for name, command in commands.items():
            begun = time.perf_counter()
            call(command, site)
            seconds = time.perf_counter() - begun
            if number:  # the first time files are read from disk
                append(cache.results, Row("angeleno", f"start-{name}", number, (0, 0, 1), seconds=seconds))
