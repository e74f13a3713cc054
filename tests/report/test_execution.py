"""Running notebooks: bare kernels, exact records, failures that name the cell."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.project import Project
from analysis.report import execution
from analysis.report.editions import edition
from analysis.report.execution import Record, RunFailed, execute, places, read_record
from analysis.report.fingerprint import Now
from analysis.report.notebook import read_notebook
from analysis.report.surroundings import surroundings

from .conftest import LOAD, write_table

PARAMETERS = 'area = "city"  # city, or a council district such as cd-01'


def run(project: Project, path: Path, **given: object) -> Record:
    wanted = edition(read_notebook(path), given)
    return execute(project, "sample", wanted, surroundings(project, Now())).record


def printed(project: Project, name: str) -> str:
    cells = json.loads(places(project, "sample", name).executed.read_text(encoding="utf-8"))["cells"]
    return "".join(str(output.get("text", "")) for cell in cells for output in cell.get("outputs", []))


def test_the_kernel_is_ours_bare_and_fixed(
    bare: Project, add: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user's own kernel called angeleno, start-up files, settings and secrets must not matter."""
    home = tmp_path / "home"
    bogus = home / ".local" / "share" / "jupyter" / "kernels" / "angeleno"
    bogus.mkdir(parents=True)
    (bogus / "kernel.json").write_text(json.dumps({"argv": ["/bin/false"], "display_name": "x", "language": "python"}))
    startup = home / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("area = leaked = 1")
    for name in ("JUPYTER_PATH", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(bogus.parents[1]))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CENSUS_API_KEY", "secret-key")
    code = "import os, sys, random\nprint(sys.executable, 'leaked' in dir(), os.getcwd(), random.random(), os.environ)"
    run(bare, add("01_permits", [("code", code, ())]))
    text = printed(bare, "01_permits")
    assert text.startswith(f"{sys.executable} False {bare.notebooks} 0.8444218515250481 ")
    assert "secret-key" not in text
    for fixed in ("'TZ': 'UTC'", "'OMP_NUM_THREADS': '1'", "'PYTHONHASHSEED': '0'"):
        assert fixed in text


def test_two_runs_write_the_same_bytes_and_record_what_was_used(bare: Project, add: Callable[..., Path]) -> None:
    write_table(bare, "permits", "id\n1\n")
    path = add(
        "01_permits", [("code", PARAMETERS, ("parameters",)), ("code", LOAD, ()), ("code", "load('permits'); area", ())]
    )
    first = run(bare, path)
    place = places(bare, "sample", "01_permits")
    before = place.executed.read_bytes()
    assert run(bare, path) == first == read_record(place)
    assert place.executed.read_bytes() == before
    assert str(bare.root).encode() not in before
    assert set(first.tables) == {"permits"}
    assert set(first.datasets) == {"permits"}
    assert "analysis.provenance" in first.modules
    assert not any(name.startswith(("analysis.report", "analysis.cli")) for name in first.modules)
    assert first.settled


def test_parameters_reach_the_notebook_and_its_name(bare: Project, add: Callable[..., Path]) -> None:
    path = add("01_permits", [("code", PARAMETERS, ("parameters",)), ("code", "print('about', area)", ())])
    record = run(bare, path, area="cd-12")
    assert record.given == {"area": "cd-12"}
    assert "about cd-12" in printed(bare, "01_permits--cd-12")


def test_a_failing_cell_is_named_and_the_last_good_run_stays(bare: Project, add: Callable[..., Path]) -> None:
    good = [("code", PARAMETERS, ("parameters",)), ("markdown", "# T", ("title",)), ("code", "print(area)", ())]
    run(bare, add("01_permits", good), area="cd-01")
    place = places(bare, "sample", "01_permits--cd-01")
    before = place.executed.read_bytes()
    bad = [*good[:2], ("code", "\n# why\nrates = area / 0", ()), good[2]]
    with pytest.raises(RunFailed) as error:
        run(bare, add("01_permits", bad), area="cd-01")
    assert error.value.failure.cell == 3
    assert error.value.failure.line == "# why"
    assert "TypeError: unsupported operand" in error.value.failure.error
    assert place.executed.read_bytes() == before
    assert read_record(place) is not None
    assert place.failed_notebook.is_file()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit(0)", "ended before the last cell"),
        ("import os; os._exit(1)", "cell 1: the kernel died"),
        ("1\nfrom analysis.project import AnalysisError\nraise AnalysisError('bad column')", "cell 1: bad column"),
    ],
)
def test_other_ways_to_end(bare: Project, add: Callable[..., Path], code: str, message: str) -> None:
    with pytest.raises(RunFailed, match=message) as error:
        run(bare, add("01_permits", [("code", code, ())]))
    assert "AnalysisError" not in str(error.value)


@pytest.mark.parametrize("isolated", ["", "1"], ids=["warm", "isolated"])
def test_a_cell_that_does_not_end_is_named(
    bare: Project,
    add: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    isolated: str,
) -> None:
    monkeypatch.setattr(execution, "CELL_TIMEOUT", 1)
    monkeypatch.setenv("ANALYSIS_ISOLATED", isolated)
    code = [("code", "x = 1", ()), ("code", "while x:\n    pass", ())]
    with pytest.raises(RunFailed, match="01_permits, cell 2: ran longer than 1 seconds") as error:
        run(bare, add("01_permits", code))
    assert error.value.failure.line == "while x:"
    gc.collect()
    assert not [said.getMessage() for said in caplog.records if said.name == "asyncio"]  # nobody listens any longer


def test_a_cell_allowed_to_raise_still_fails_the_report(bare: Project, add: Callable[..., Path]) -> None:
    with pytest.raises(RunFailed, match="ZeroDivisionError"):
        run(bare, add("01_permits", [("code", "1 / 0", ("raises-exception",))]))


def test_a_record_of_another_executed_notebook_does_not_count(bare: Project, add: Callable[..., Path]) -> None:
    """A kill between the two writes leaves a new notebook beside an old record."""
    run(bare, add("01_permits", [("code", "x = 1", ())]))
    place = places(bare, "sample", "01_permits")
    place.executed.write_text(place.executed.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert read_record(place) is None
