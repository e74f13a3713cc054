"""Reports made by a Dask cluster: the bytes of home, whatever dies under way."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from analysis.cluster.crew import DaskCrew
from analysis.project import AnalysisError, Project
from analysis.report.build import build
from analysis.report.editions import edition, find_notebook, planned
from analysis.report.execution import places

from .conftest import Machines, actions, made_at_home, published, write_quick, write_table


def test_a_cluster_makes_the_bytes_of_home(
    city: Project, machines: Machines, crew_at: Callable[..., DaskCrew], tmp_path: Path
) -> None:
    at_home = made_at_home(city, tmp_path)
    address = machines.scheduler()
    machines.worker(address)
    crew = crew_at(address)
    outcomes = build(city, "sample", planned(city, "sample"), crew=crew)
    assert actions(outcomes) == {"01_permits": "built", "02_nothing": "built"}
    assert published(city) == at_home

    # New prose is printed there, too, from the run that is brought along; a failure leaves the last good page.
    write_quick(city, "02_nothing", "raise ValueError('no files today')")
    notebook = city.notebooks / "01_permits.ipynb"
    notebook.write_text(notebook.read_text().replace("who decides before the budget", "who decides in spring"))
    outcomes = build(city, "sample", planned(city, "sample"), crew=crew)
    assert actions(outcomes) == {"01_permits": "printed", "02_nothing": "failed"}
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
        for child in psutil.Process(process.pid).children():
            if "resource_tracker" not in " ".join(child.cmdline()):
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


KILLS_THE_WORKER = """import os, psutil
above = psutil.Process().parents()
nanny = next(i for i, p in enumerate(above) if "dask_worker" in " ".join(p.cmdline()))
{process}.kill()
time.sleep(60)"""


@pytest.mark.parametrize(
    ("victim", "words"),
    [
        ("above[nanny - 1]", "killed every worker it was given"),
        ("above[nanny - 2]", "the process it was made in ended"),
    ],
    ids=["worker", "process beside it"],
)
def test_a_report_that_always_kills_its_worker_fails_and_the_others_do_not(
    empty: Project, machines: Machines, crew_at: Callable[..., DaskCrew], victim: str, words: str
) -> None:
    write_quick(empty, "01_poison", KILLS_THE_WORKER.format(process=victim))
    write_quick(empty, "02_good")
    write_quick(empty, "03_good")
    address = machines.scheduler()
    for _ in range(2):
        machines.worker(address)
    outcomes = {o.name: o for o in build(empty, "sample", planned(empty, "sample"), crew=crew_at(address))}
    assert {name: o.action for name, o in outcomes.items()} == {
        "01_poison": "failed", "02_good": "built", "03_good": "built",
    }  # fmt: skip
    assert words in str(outcomes["01_poison"].failure)
    assert "want of memory" in places(empty, "sample", "01_poison").failure.read_text()


LOADS = """name = "-".join(["big", "table"])
rows = list(csv.DictReader(io.StringIO((current_project().processed(current_source()) / f"{name}.csv").read_text())))"""


def test_a_table_that_no_cell_names_is_sent_when_it_is_missed(
    empty: Project, machines: Machines, crew_at: Callable[..., DaskCrew]
) -> None:
    write_table(empty, "big-table", "a\n" + "1\n" * 7)
    write_quick(empty, "01_indirect", LOADS, value="len(rows)")
    address = machines.scheduler()
    machines.worker(address)
    outcomes = build(empty, "sample", planned(empty, "sample"), crew=crew_at(address))
    assert actions(outcomes) == {"01_indirect": "built"}, outcomes
    assert "seven files" in (empty.reports("sample") / "01_indirect.html").read_text()


def test_contents_travel_once_a_machine_and_are_kept(
    empty: Project, machines: Machines, crew_at: Callable[..., DaskCrew], monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis.cluster import crew as crews

    sent: list[int] = []
    chunks = crews._chunks
    monkeypatch.setattr(crews, "_chunks", lambda *a: (sent.append(len(c)) or c for c in chunks(*a)))
    write_table(empty, "big", "a\n" + "1\n" * 70_000)
    write_quick(empty, "01_table", LOADS.replace('"-".join(["big", "table"])', '"big"'), value="len(rows)")
    address = machines.scheduler()
    machines.worker(address, cache="shared")
    wanted = [edition(find_notebook(empty, "01"), {"place": number}) for number in (1, 2, 3)]
    crew = crew_at(address)
    assert set(actions(build(empty, "sample", wanted, crew=crew)).values()) == {"built"}
    crew.close()
    first = sum(sent)
    sent.clear()
    # Another build on a new worker of the same machine: only what was changed travels.
    write_table(empty, "big", "a\n" + "1\n" * 70_001)
    machines.worker(address, cache="shared")
    assert set(actions(build(empty, "sample", wanted, crew=crew_at(address))).values()) == {"built"}
    assert first > 150
    assert sum(sent) == 4, "the table, what it says of itself, and the two lists"


def test_a_worker_with_other_libraries_is_refused(
    empty: Project,
    machines: Machines,
    capsys: pytest.CaptureFixture[str],
    crew_at: Callable[..., DaskCrew],
    tmp_path: Path,
) -> None:
    write_quick(empty, "01_quick")
    other = tmp_path / "other" / "pandas-1.0.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: pandas\nVersion: 1.0.0\n")
    address = machines.scheduler()
    machines.worker(address, PYTHONPATH=str(other.parent))
    with pytest.raises(AnalysisError, match=r"no worker of tcp://.* can make these reports:\n.*pandas 1\.0\.0 \(here"):
        DaskCrew(address)
    # With one that agrees beside it, that one does all the work, and the other is named.
    machines.worker(address)
    deadline = time.monotonic() + 30
    while True:
        try:
            crew = crew_at(address)
            break
        except AnalysisError:
            assert time.monotonic() < deadline
    assert actions(build(empty, "sample", planned(empty, "sample"), crew=crew)) == {"01_quick": "built"}
    assert "is not used: it has pandas 1.0.0" in capsys.readouterr().err


def test_nobody_at_the_address(machines: Machines) -> None:
    with pytest.raises(AnalysisError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 .*--dask local"):
        DaskCrew("tcp://127.0.0.1:9", patience=2)
    with pytest.raises(AnalysisError, match="write the address as tcp://host:8786"):
        DaskCrew("somewhere")
    address = machines.scheduler()
    with pytest.raises(AnalysisError, match="has no worker: start some with `dask worker"):
        DaskCrew(address, patience=1)


def test_the_command_starts_workers_of_its_own(empty: Project) -> None:
    write_quick(empty, "01_quick")
    command = [sys.executable, "-m", "analysis.cli", "report", "01", "--dask", "local"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=empty.root)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("01_quick.html\n")
    assert "Traceback" not in done.stderr
