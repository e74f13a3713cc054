"""Reports made by a Dask cluster: the bytes of home, whatever dies under way."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import dask
import psutil
import pytest

from analysis.cluster import crew as crews
from analysis.cluster.crew import DaskCrew
from analysis.project import AnalysisError, Project
from analysis.report.build import build
from analysis.report.editions import planned
from analysis.report.execution import places
from analysis.store.blobs import Blob, blob_of
from analysis.store.exchange import Exchange

from .conftest import Machines, actions, made_at_home, published, write_quick, write_table

LOADS = """name = "-".join(["big", "table"])
rows = list(csv.DictReader(io.StringIO((current_project().processed(current_source()) / f"{name}.csv").read_text())))"""


def test_a_cluster_makes_the_bytes_of_home(
    city: Project,
    machines: Machines,
    crew_at: Callable[..., DaskCrew],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[int] = []
    chunks = crews._chunks
    monkeypatch.setattr(crews, "_chunks", lambda *a: (sent.append(len(chunk)) or chunk for chunk in chunks(*a)))
    # A table that no cell names: nobody can know that it is needed before it is missed.
    write_table(city, "big-table", "a\n" + "1\n" * 70_000)
    write_quick(city, "03_indirect", LOADS, value="len(rows)")
    at_home = made_at_home(city, tmp_path)
    address = machines.scheduler()
    machines.worker(address)
    outcomes = build(city, "sample", planned(city, "sample"), crew=crew_at(address))
    assert set(actions(outcomes).values()) == {"built"}, outcomes
    assert published(city) == at_home
    assert sum(sent) > 150, "settings, package, notebooks, tables"

    # New prose is printed there, too, from the run that is brought along; a failure leaves the last good page. A new
    # crew needs only what has changed: two notebooks, and the lists in which they stand.
    sent.clear()
    write_quick(city, "02_nothing", "raise ValueError('no files today')")
    notebook = city.notebooks / "01_permits.ipynb"
    notebook.write_text(notebook.read_text().replace("who decides before the budget", "who decides in spring"))
    outcomes = build(city, "sample", planned(city, "sample"), crew=crew_at(address))
    assert actions(outcomes) == {"01_permits": "printed", "02_nothing": "failed", "03_indirect": "fresh"}
    assert sum(sent) == 3, "two notebooks and the list in which they stand"
    assert "in spring" in (city.reports("sample") / "01_permits.html").read_text()
    assert "no files today" in str(outcomes[1].failure)
    assert published(city)["02_nothing.html"] == at_home["02_nothing.html"]
    assert places(city, "sample", "02_nothing").failed_notebook.is_file()
    sites = list(machines.scratch.rglob("angeleno-sites/*/city/reports/sample/**/*.ipynb"))
    assert sites == [], "a worker keeps nothing of a report"


def killed_when(sign: Path, process: subprocess.Popen[bytes]) -> threading.Thread:
    """Kill the process under a nanny as soon as a notebook has left a sign that it is under way."""

    def watch() -> None:
        while not sign.exists():
            time.sleep(0.02)
        under = psutil.Process(process.pid).children()
        for child in under or [process]:  # a scheduler has none
            if child is process or "resource_tracker" not in " ".join(child.cmdline()):
                child.kill()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


WAITS = """import pathlib
sign = pathlib.Path({sign!r})
if not sign.exists():
    sign.touch()
    time.sleep(60)"""


def test_what_a_killed_worker_had_under_way_is_made_elsewhere(
    empty: Project, machines: Machines, crew_at: Callable[..., DaskCrew], tmp_path: Path
) -> None:
    sign = tmp_path / "sign"
    write_quick(empty, "01_long", WAITS.format(sign=str(sign)))
    for number in (2, 3):
        write_quick(empty, f"0{number}_short")
    address = machines.scheduler()
    doomed = machines.worker(address, cache="first")
    crew = crew_at(address)
    first = crew.size
    killer = killed_when(sign, doomed)
    machines.worker(address, cache="second")  # comes later, on a machine that has nothing yet
    outcomes = build(empty, "sample", planned(empty, "sample"), crew=crew)
    killer.join(timeout=5)
    assert first == 2
    assert sign.exists()
    assert set(actions(outcomes).values()) == {"built"}
    assert published(empty) == made_at_home(empty, tmp_path)


def test_without_its_scheduler_a_build_stops_and_the_next_one_continues(
    empty: Project, machines: Machines, crew_at: Callable[..., DaskCrew], tmp_path: Path
) -> None:
    sign = tmp_path / "sign"
    write_quick(empty, "01_long", WAITS.format(sign=str(sign)))
    with dask.config.set({"distributed.comm.timeouts.connect": "2s"}):
        address = machines.scheduler()
        machines.worker(address)
        killed_when(sign, machines.started[0])
        with pytest.raises(AnalysisError, match=r"is gone; what is done stays done: run the command again"):
            build(empty, "sample", planned(empty, "sample"), crew=crew_at(address))
    assert not (empty.reports("sample") / "01_long.html").exists()


KILLS_THE_WORKER = """import os, psutil
above = psutil.Process().parents()
nanny = next(i for i, p in enumerate(above) if "dask_worker" in " ".join(p.cmdline()))
{process}.kill()
time.sleep(60)"""


def test_a_report_that_always_kills_its_worker_fails_and_the_others_do_not(
    empty: Project, machines: Machines, crew_at: Callable[..., DaskCrew]
) -> None:
    write_quick(empty, "01_worker", KILLS_THE_WORKER.format(process="above[nanny - 1]"))
    write_quick(empty, "02_beside", KILLS_THE_WORKER.format(process="above[nanny - 2]"))
    for number in (3, 4):
        write_quick(empty, f"0{number}_good")
    address = machines.scheduler()
    for _ in range(2):
        machines.worker(address)
    outcomes = {o.name: o for o in build(empty, "sample", planned(empty, "sample"), crew=crew_at(address))}
    assert {name: o.action for name, o in outcomes.items()} == {
        "01_worker": "failed", "02_beside": "failed", "03_good": "built", "04_good": "built",
    }  # fmt: skip
    assert "it killed every worker it was given" in str(outcomes["01_worker"].failure)
    assert "the process it was made in ended (killed by signal 9)" in str(outcomes["02_beside"].failure)
    assert "want of memory" in places(empty, "sample", "01_worker").failure.read_text()


def test_a_worker_with_other_libraries_is_refused(
    machines: Machines,
    capsys: pytest.CaptureFixture[str],
    crew_at: Callable[..., DaskCrew],
    tmp_path: Path,
) -> None:
    other = tmp_path / "other" / "pandas-1.0.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: pandas\nVersion: 1.0.0\n")
    address = machines.scheduler()
    machines.worker(address, PYTHONPATH=str(other.parent))
    with pytest.raises(AnalysisError, match=r"no worker of tcp://.* can make these reports:\n.*pandas 1\.0\.0 \(here"):
        DaskCrew(address)
    # With one that agrees beside it, that one does all the work, and the other is named.
    machines.worker(address)
    deadline = time.monotonic() + 60
    while True:
        try:
            crew = crew_at(address)
            break
        except AnalysisError:
            assert time.monotonic() < deadline
            time.sleep(0.5)
    assert crew.size == 2, "one worker, and one report in reserve"
    assert "is not used: it has pandas 1.0.0" in capsys.readouterr().err


def test_nobody_at_the_address(machines: Machines) -> None:
    with pytest.raises(AnalysisError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 .*--dask local"):
        DaskCrew("tcp://127.0.0.1:9", patience=2)
    with pytest.raises(AnalysisError, match="write the address as tcp://host:8786"):
        DaskCrew("somewhere")
    address = machines.scheduler()
    with pytest.raises(AnalysisError, match="has no worker: start some with `dask worker"):
        DaskCrew(address, patience=1)


def test_the_command_starts_workers_of_its_own(empty: Project, root: Path) -> None:
    shutil.copytree(root / "data" / "catalog", empty.catalog, dirs_exist_ok=True)
    (empty.catalog / "editions.yml").unlink(missing_ok=True)  # it lists notebooks that this checkout has not
    write_quick(empty, "01_quick")
    held = empty.raw("live", "none") / "manifest.json"
    held.parent.mkdir(parents=True)
    held.write_text("{}")
    command = [sys.executable, "-m", "analysis.cli", "report", "01", "--source", "live", "--dask"]

    def run(address: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, address], capture_output=True, text=True, timeout=200, check=False)

    done = run("local")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("01_quick.html\n")
    assert "Traceback" not in done.stderr


def test_workers_take_from_the_storage_what_it_has(
    empty: Project,
    machines: Machines,
    crew_at: Callable[..., DaskCrew],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: set[Blob] = set()
    chunks = crews._chunks
    monkeypatch.setattr(crews, "_chunks", lambda *a: (sent.update(chunk) or chunk for chunk in chunks(*a)))
    write_table(empty, "big", "a\n" + "1\n" * 70_000)
    write_quick(empty, "01_table", LOADS.replace('"-".join(["big", "table"])', '"big"'), value="len(rows)")
    url = f"file://{tmp_path / 'shared'}"
    Exchange(empty, url).push("sample")
    address = machines.scheduler()
    machines.worker(address)
    outcomes = build(empty, "sample", planned(empty, "sample"), crew=crew_at(address, store=url))
    assert actions(outcomes) == {"01_table": "built"}
    processed = [blob_of(path.read_bytes()) for path in empty.processed("sample").glob("big.*")]
    assert len(processed) == 2
    assert not sent & set(processed), "nothing that the storage has came from here"
    assert len(sent) > 150
