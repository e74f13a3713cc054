"""Builds: one failure stops nothing else, a kill at any moment changes nothing, two folders give the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from analysis.project import AnalysisError, Project
from analysis.report import execution, ledger, storage
from analysis.report.build import build, status
from analysis.report.editions import Edition, edition, planned, withdrawn
from analysis.report.execution import places
from analysis.report.notebook import read_notebook
from analysis.report.storage import sole_builder

from . import whitepaper
from .conftest import write_notebook, write_table
from .dying import Killed, killed_at

SCRIPT = """
import sys
from analysis.project import current_project
from analysis.report.build import build
from analysis.report.editions import planned
project = current_project()
if __name__ == "__main__":
    outcomes = build(project, "sample", planned(project, "sample"), jobs=int(sys.argv[1]))
    sys.exit(any(o.action == "failed" for o in outcomes))
"""


def published(project: Project) -> dict[str, bytes]:
    """Everything a build leaves but the ledger and the logs, which alone know the clock."""
    folder = project.reports("sample")
    aside = {"ledger.db", ".lock", ".warm.json"}
    files = [p for p in folder.rglob("*") if p.is_file() and p.name not in aside and p.parent.name != "logs"]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(files)}


def editions_in_ledger(project: Project) -> list[tuple[str, str]]:
    with sqlite3.connect(project.reports("sample") / "ledger.db") as connection:
        return connection.execute("select report, html_sha256 from editions order by edition").fetchall()


@pytest.fixture
def small(city: Project) -> Project:
    """Only the page that needs no table."""
    (city.notebooks / "01_permits.ipynb").unlink()
    return city


def only(project: Project) -> list[Edition]:
    return list(planned(project, "sample"))


def test_one_failing_notebook_does_not_stop_the_others(small: Project, capsys: pytest.CaptureFixture[str]) -> None:
    city = small
    write_notebook(city, "01_first", whitepaper.small_cells())
    write_notebook(city, "03_broken", [*whitepaper.small_cells(), ("code", "tracts = 1\ntracts / 0", ())])
    outcomes = {o.name: o for o in build(city, "sample", planned(city, "sample"), jobs=2)}
    actions = {name: o.action for name, o in outcomes.items()}
    assert actions == {"01_first": "built", "02_nothing": "built", "03_broken": "failed"}
    assert str(outcomes["03_broken"].failure) == (
        "03_broken, cell 4: ZeroDivisionError: division by zero\n    in: tracts = 1"
    )
    index = (city.reports("sample") / "index.html").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in index
    assert index.count('class="paper fresh"') == 2
    assert "03_broken  failed" in capsys.readouterr().out
    assert status(city, "sample")["03_broken"].words.startswith("failed: 03_broken, cell 4")
    # The page of a report that failed later stays, and says nothing new.
    write_notebook(city, "03_broken", whitepaper.small_cells())
    assert build(city, "sample", [e for e in planned(city, "sample") if e.name == "03_broken"])[0].action == "built"
    page = places(city, "sample", "03_broken").page.read_bytes()
    write_notebook(city, "03_broken", [*whitepaper.small_cells(), ("code", "1 / 0", ())])
    build(city, "sample", [e for e in planned(city, "sample") if e.name == "03_broken"])
    assert places(city, "sample", "03_broken").page.read_bytes() == page
    index = (city.reports("sample") / "index.html").read_text(encoding="utf-8")
    assert "The last build failed; this is the edition of 20" in index
    with sqlite3.connect(city.reports("sample") / "ledger.db") as connection:
        error = connection.execute("select error from reports where report = '03_broken'").fetchone()[0]
    assert "ZeroDivisionError" in error


def test_two_folders_give_the_same_bytes(city: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Project(tmp_path / "a {much} longer name" / "city")
    shutil.copytree(city.root, other.root)
    area = {"area": "cd-12"}
    for project in (city, other):
        monkeypatch.setenv("ANALYSIS_ROOT", str(project.root))
        wanted = [edition(read_notebook(project.notebooks / "01_permits.ipynb"), area), only(project)[1]]
        assert {o.action for o in build(project, "sample", wanted, jobs=2)} == {"built"}
    first, second = published(city), published(other)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []
    assert {"01_permits--cd-12.html", "02_nothing.html", "index.html"} <= set(first)
    assert "downloads/01_permits--cd-12_waits.csv" in first
    assert b"By area" in first["index.html"]
    assert not any(str(tmp_path).encode() in content for content in first.values())


def test_a_crash_before_any_write_changes_nothing(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every write may be the last; the next build ends where an undisturbed one does."""
    build(small, "sample", only(small), jobs=1)
    wanted = published(small)
    ran = json.loads(places(small, "sample", "02_nothing").executed.read_text(encoding="utf-8"))
    runs = []

    def rerun(project, notebook, wanted_edition, place, words):  # type: ignore[no-untyped-def]
        import nbformat

        runs.append(notebook.stem)
        last = {
            "cell_type": "code", "source": "", "metadata": {}, "execution_count": 9, "id": "x",
            "outputs": [{"output_type": "display_data", "metadata": {}, "data": {execution.recording.MIME: seen}}],
        }  # fmt: skip
        return nbformat.from_dict(ran | {"cells": [*ran["cells"], last]})

    record = json.loads(places(small, "sample", "02_nothing").record.read_text(encoding="utf-8"))
    seen = {"modules": {n: m["raw"] for n, m in record["modules"].items()}, "tables": {}, "datasets": [], "asked": {}}
    monkeypatch.setattr(execution, "_run", rerun)
    moves: list[str] = []
    for limit in range(1, 20):
        shutil.rmtree(small.reports("sample"))
        try:
            with killed_at(monkeypatch, limit, moves):
                build(small, "sample", only(small), jobs=1)
            finished = True
        except Killed:
            finished = False
        (small.reports("sample") / f".02_nothing.html.77{storage.PARTIAL}").write_text("half", encoding="utf-8")
        build(small, "sample", only(small), jobs=1)
        assert published(small) == wanted, moves
        assert len(editions_in_ledger(small)) == 1
        if finished:
            break
    assert finished
    assert limit >= 6
    assert {"02_nothing.ipynb", "02_nothing.json", "02_nothing.page.json", "02_nothing.html", "ledger.db"} <= set(moves)


def test_kill_nine_under_way_then_the_same_result(small: Project) -> None:
    write_notebook(small, "03_more", whitepaper.small_cells())
    started = time.monotonic()
    assert run_to_end(small, "2") == 0
    whole = time.monotonic() - started
    wanted = published(small)
    shutil.rmtree(small.reports("sample"))
    for part in (0.5, 0.85):
        with started_build(small, "2") as process:
            time.sleep(part * whole)
            os.killpg(process.pid, signal.SIGKILL)
    assert run_to_end(small, "2") == 0
    assert published(small) == wanted


def started_build(project: Project, jobs: str) -> subprocess.Popen[bytes]:
    script = project.root / "make.py"
    script.write_text(SCRIPT, encoding="utf-8")
    return subprocess.Popen([sys.executable, str(script), jobs], start_new_session=True, stdout=subprocess.DEVNULL)


def run_to_end(project: Project, jobs: str) -> int:
    with started_build(project, jobs) as process:
        return process.wait(timeout=120)


def test_workers_end_with_a_killed_build(small: Project) -> None:
    """Only the parent is killed: nobody goes on writing beside the next build."""
    write_notebook(small, "03_more", whitepaper.small_cells())
    with started_build(small, "2") as process:
        time.sleep(1.5)
        process.kill()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        alive = subprocess.run(["ps", "-eo", "pgid="], capture_output=True, text=True, check=True).stdout.split()
        if str(process.pid) not in alive:
            return
        time.sleep(0.2)
    pytest.fail("a worker outlived its build by 20 seconds")


def test_a_worker_that_dies_fails_its_report_alone(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYSIS_ISOLATED", "1")  # so that the kernel's parent is the worker
    kill_parent = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"
    write_notebook(small, "03_kills", [*whitepaper.small_cells(), ("code", kill_parent, ())])
    outcomes = {o.name: o for o in build(small, "sample", only(small), jobs=2)}
    assert outcomes["03_kills"].action == "failed"
    assert "worker was killed" in str(outcomes["03_kills"].failure)
    assert outcomes["02_nothing"].action == "built"


def test_a_warm_process_that_dies_is_replaced(small: Project) -> None:
    """A cell that kills the process it was forked from harms neither its own report nor the next."""
    kill_parent = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"
    write_notebook(small, "01_kills", [*whitepaper.small_cells(), ("code", kill_parent, ())])
    write_notebook(small, "03_more", whitepaper.small_cells())
    outcomes = build(small, "sample", only(small), jobs=1)
    assert [o.action for o in outcomes] == ["built", "built", "built"]


def test_two_builds_do_not_write_side_by_side(small: Project) -> None:
    with sole_builder(small.reports("sample")), pytest.raises(AnalysisError, match="another build is writing"):
        build(small, "sample", only(small))


def test_the_ledger_keeps_every_edition_once(city: Project) -> None:
    path = city.reports("sample") / "ledger.db"
    build(city, "sample", only(city), jobs=2)
    build(city, "sample", only(city), jobs=2)
    assert [report for report, _ in editions_in_ledger(city)] == ["01_permits", "02_nothing"]
    with sqlite3.connect(path) as connection:
        found = connection.execute(
            "select value, number, unit, low, n, denominator, method from findings where name = 'slow_share'"
        ).fetchone()
        assert found == ("24.7", 24.7, "percent", 21.8, 1204, "permits issued in 2019", None)
        missing = connection.execute("select value, number, status from findings where name = 'no_fees'").fetchone()
        assert missing == (None, None, "no_data")
        assert connection.execute("select dataset, rows, grade from datasets").fetchall() == [("permits", 150, "B")]
        assert connection.execute("select file from downloads").fetchall() == [("01_permits_waits.csv",)]
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    write_table(city, "permits", whitepaper.PERMITS.replace("1,2019,", "1,2019,9", 1))
    build(city, "sample", only(city), jobs=1)
    assert [report for report, _ in editions_in_ledger(city)] == ["01_permits", "02_nothing", "01_permits"]
    assert not list(path.parent.glob("ledger.db-*"))
    assert ledger.remembered_seconds(path)["01_permits"] > 0


def test_a_ledger_that_is_lost_is_made_again(small: Project) -> None:
    build(small, "sample", only(small), jobs=1)
    (small.reports("sample") / "ledger.db").unlink()
    build(small, "sample", only(small), jobs=1)
    assert [report for report, _ in editions_in_ledger(small)] == ["02_nothing"]


def test_issued_editions_are_kept_up_to_date(city: Project) -> None:
    notebook = read_notebook(city.notebooks / "01_permits.ipynb")
    build(city, "sample", [edition(notebook, {"area": "cd-12"})], jobs=1)
    assert [e.name for e in planned(city, "sample")] == ["01_permits", "01_permits--cd-12", "02_nothing"]
    page = places(city, "sample", "01_permits--cd-12").page.read_text(encoding="utf-8")
    assert "Council District 12" in page
    assert "PARAMS=&#34;area=cd-12&#34;" in page
    (city.notebooks / "01_permits.ipynb").rename(city.notebooks / "04_permits.ipynb")
    assert [e.name for e in planned(city, "sample")] == ["02_nothing", "04_permits"]
    assert withdrawn(city, "sample") == ("01_permits--cd-12",)


def test_longest_first_by_remembered_times(city: Project, capsys: pytest.CaptureFixture[str]) -> None:
    write_notebook(city, "03_more", whitepaper.small_cells())
    build(city, "sample", only(city), jobs=1)
    path = city.reports("sample") / "ledger.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        times = {"01_permits": 2.0, "02_nothing": 1.0, "03_more": 3.0}
        for name, seconds in times.items():
            connection.execute("update timings set seconds = ? where report = ? and task = 'run'", (seconds, name))
    for notebook in city.notebooks.glob("*.ipynb"):
        notebook.write_text(notebook.read_text(encoding="utf-8").replace("import", "import ", 1), encoding="utf-8")
    capsys.readouterr()
    build(city, "sample", only(city), jobs=1)
    built = [line.split()[0] for line in capsys.readouterr().out.splitlines() if "  built in" in line]
    assert built == ["03_more", "01_permits", "02_nothing"]
