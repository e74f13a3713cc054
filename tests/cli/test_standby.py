"""The process that stands by: commands end as they would without it, and nothing stays behind that should not."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from analysis import handover
from analysis.project import AnalysisError, Project
from analysis.report.warm import service

pytestmark = pytest.mark.skipif(not service.possible(), reason="processes are forked on Linux only")

Cell = tuple[str, str, tuple[str, ...]]

SMALL: list[Cell] = [
    ("markdown", "# Small", ("title",)),
    ("code", "import pandas as pd\nfrom analysis import publish", ()),
    ("code", "publish.finding('n', 3, unit='count', no_interval='complete count', noun='tract')", ()),
    ("markdown", "There are {{ n }}.", ("in-short",)),
]


@dataclass
class City:
    """A checkout whose commands may leave a process behind, and what they find around them."""

    project: Project
    environment: dict[str, str]

    @property
    def address(self) -> Path:
        """Where the process listens, if one does; there is one at most."""
        found = [path for path in Path(self.environment["XDG_RUNTIME_DIR"]).glob("*/*") if path.is_socket()]
        assert len(found) <= 1
        return found[0] if found else Path("nowhere")

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """Begin a command as a terminal would, in a group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "analysis.start", *words],
            cwd=self.project.root,
            env={**self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, **more: str) -> tuple[int, str, str]:
        """Exit code, output and errors; that it ends proves that whoever stays behind holds none of its pipes."""
        process = self.start(*words, **more)
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err

    def pid(self) -> int:
        """The process that stands by, once it is warm."""
        code, out, err = self.run("standby")
        assert code == 0, err
        return int(re.findall(r"process (\d+) stands by", out)[0])


@pytest.fixture
def city(refined_sample: Project, tmp_path: Path) -> Iterator[City]:
    """The refined sample with one small notebook; whoever stands by is ended with the test."""
    project = Project(tmp_path / "city")
    shutil.copytree(refined_sample.root, project.root, ignore=shutil.ignore_patterns("*.ipynb", "tests", "docs"))
    (project.catalog / "editions.yml").unlink()
    write_notebook(project, "01_small", SMALL)
    with tempfile.TemporaryDirectory(prefix="s-") as runtime:
        kept = {name: value for name, value in os.environ.items() if name not in {"CI", "ANALYSIS_SOURCE"}}
        around = {"PYTHONPATH": str(project.root / "src"), "ANALYSIS_ROOT": str(project.root)}
        made = City(project, {**kept, **around, "XDG_RUNTIME_DIR": runtime, "ANALYSIS_STANDBY": "3"})
        yield made
        made.run("standby", "--end")


def write_notebook(project: Project, stem: str, cells: list[Cell]) -> None:
    """Put a notebook of (kind, source, tags) into the project."""
    made = [
        (nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell)(
            source, metadata={"tags": list(tags)}
        )
        for kind, source, tags in cells
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=made), project.notebooks / f"{stem}.ipynb")


def gone(look: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether something is no longer so, soon."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not look():
            return True
        time.sleep(0.05)
    return False


def lives(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    return False


def test_reports_through_it_are_the_reports_without_it(city: City) -> None:
    code, _, err = city.run("report", "01", ANALYSIS_STANDBY="0")
    assert code == 0, err
    assert not city.address.exists()
    folder = city.project.reports("sample")
    made = {path.name: path.read_bytes() for path in folder.glob("*.html")}
    executed = (folder / "executed" / "01_small.ipynb").read_bytes()
    shutil.rmtree(folder)
    first = city.run("report", "01", "--explain")
    assert first[0] == 0, first[2]
    assert city.address.exists()
    assert {path.name: path.read_bytes() for path in folder.glob("*.html")} == made
    assert (folder / "executed" / "01_small.ipynb").read_bytes() == executed
    pid = city.pid()
    (city.project.notebooks / "01_small.ipynb").touch()
    cells = [*SMALL[:2], ("code", SMALL[2][1].replace("3", "4"), ()), SMALL[3]]
    write_notebook(city.project, "01_small", cells)
    assert city.run("report", "01")[0] == 0
    assert "4 tracts" in re.sub("<[^>]*>", "", (folder / "01_small.html").read_text(encoding="utf-8"))
    assert city.pid() == pid


def test_a_command_through_it_finds_what_its_caller_has(city: City, tmp_path: Path) -> None:
    """Environment, folder, mask and exit code are those of each command, not of the one before."""
    city.pid()
    look = "import os\nprint(os.environ.get('ANALYSIS_MEMORY'), sorted(k for k in os.environ if k.startswith('MARK')))"
    write_notebook(city.project, "01_small", [*SMALL, ("code", look + "\n1 / 0", ())])
    code, _, err = city.run("report", "01", "-p", "nothing=1")
    assert (code, "nothing" in err) == (1, True)
    code, _, err = city.run("report", "01", "--memory", "900", MARK_ONE="1")
    assert code == 1
    assert "ZeroDivisionError" in err
    code, _, err = city.run("report", "99")
    assert code == 1
    assert err.startswith("error: ")
    code, _, err = city.run("report")
    assert (code, "Missing argument" in err) == (2, True)
    process = subprocess.run(
        [sys.executable, "-m", "analysis.start", "report", "01"],
        cwd=tmp_path,
        env={name: value for name, value in city.environment.items() if name != "ANALYSIS_ROOT"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "no checkout" in process.stderr or "data/catalog" in process.stderr


def test_what_it_had_imported_is_replaced_when_it_changes(city: City) -> None:
    """An edited module, another lock: the next command meets a new process, and its page the new code."""
    assert city.run("report", "01")[0] == 0
    first = city.pid()
    module = city.project.root / "src" / "analysis" / "publish" / "findings.py"
    module.write_text(module.read_text(encoding="utf-8") + "\nEDITED = 1\n", encoding="utf-8")
    write_notebook(city.project, "01_small", [*SMALL, ("code", "import analysis.publish.findings as f\nf.EDITED", ())])
    code, _, err = city.run("report", "01")
    assert code == 0, err
    second = city.pid()
    assert second != first
    assert gone(lambda: lives(first))
    lock = city.project.root / "requirements.lock"
    lock.write_text(lock.read_text(encoding="utf-8") + "another==1.0\n", encoding="utf-8")
    code, out, err = city.run("report", "01")
    assert (code, "built" in out + err) == (0, True)
    assert city.pid() != second


LONG: list[Cell] = [
    ("markdown", "# T", ("title",)),
    ("code", "import os, pathlib, time\npathlib.Path('../began').write_text(str(os.getpid()))\ntime.sleep(300)", ()),
]


def kernel_of(city: City) -> int:
    """The process number of a kernel that is in its long cell."""
    began = city.project.root / "began"
    assert gone(lambda: not (began.is_file() and began.read_text(encoding="utf-8")), 180)
    return int(began.read_text(encoding="utf-8"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whoever_stops_the_command_stops_its_work(city: City, number: signal.Signals) -> None:
    """Ctrl-C, a killed command: notebook and build end; the process goes on to stand by and serves the next one."""
    write_notebook(city.project, "01_small", LONG)
    pid = city.pid()
    process = city.start("report", "01")
    kernel = kernel_of(city)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert ("stopped; the next run continues from here" in err) == (number == signal.SIGINT)
    assert gone(lambda: lives(kernel))
    write_notebook(city.project, "01_small", SMALL)
    code, _, err = city.run("report", "01")  # nobody holds the folder of reports any more
    assert code == 0, err
    assert city.pid() == pid


def test_a_killed_process_is_an_error_of_the_command_and_the_next_one_starts_another(city: City) -> None:
    write_notebook(city.project, "01_small", LONG)
    pid = city.pid()
    process = city.start("report", "01")
    kernel = kernel_of(city)
    os.kill(pid, signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "error: the process that carried it out was killed; run the command again" in err
    assert gone(lambda: lives(kernel))
    write_notebook(city.project, "01_small", SMALL)
    assert city.run("report", "01")[0] == 0
    assert city.pid() != pid


def test_two_commands_at_once_start_one_process(city: City) -> None:
    both = [city.start("standby") for _ in range(2)]
    said = [process.communicate(timeout=180)[0] for process in both]
    assert said[0] == said[1] != ""
    assert city.address.is_socket()


def test_it_ends_when_nobody_needs_it(city: City) -> None:
    city.environment["ANALYSIS_STANDBY"] = "0.02"
    code, _, err = city.run("report", "01")
    assert code == 0, err
    assert gone(city.address.exists)


def test_it_can_be_ended_and_need_not_be_there(city: City) -> None:
    pid = city.pid()
    assert city.run("standby", "--end")[1] == "ended\n"
    assert gone(lambda: lives(pid))
    assert city.run("standby", "--end")[1] == "nothing stood by\n"


def test_where_none_can_be_had_the_command_is_carried_out_all_the_same(city: City) -> None:
    broken = city.project.root / "src" / "analysis" / "standby.py"
    broken.write_text("raise RuntimeError('half of it is missing')\n", encoding="utf-8")
    code, out, err = city.run("report", "01")
    assert code == 0, err
    assert "warning: no process stands by (" in err
    assert "half of it is missing); going on without" in err
    assert out.endswith("01_small.html\n")


@pytest.mark.parametrize("told", ["soon", "-1", "inf", "nan"])
def test_minutes_that_are_none_are_an_error(told: str) -> None:
    with pytest.raises(AnalysisError, match=f"ANALYSIS_STANDBY={told}: say for how many minutes"):
        handover.minutes({"ANALYSIS_STANDBY": told})


def test_a_folder_others_may_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / f"analysis-{os.getuid()}"
    folder.mkdir(mode=0o755)
    with pytest.raises(AnalysisError, match=r"is not a folder of yours alone: remove it, or set ANALYSIS_STANDBY=0"):
        handover.address("/city", {"XDG_RUNTIME_DIR": str(tmp_path)})
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AnalysisError, match="is not a folder of yours alone"):
        handover.address("/city", {"XDG_RUNTIME_DIR": str(tmp_path)})


def test_without_a_folder_at_run_time_the_temporary_one_serves(tmp_path: Path) -> None:
    missing = handover.address("/city", {"XDG_RUNTIME_DIR": str(tmp_path / "gone")})
    assert missing.startswith(tempfile.gettempdir() + "/analysis-")


def test_other_surroundings_have_a_process_of_their_own(tmp_path: Path) -> None:
    base = {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": "ana", "SHLVL": "1"}
    same = handover.address("/city", {**base, "SHLVL": "2", "MAKELEVEL": "1", "CENSUS_API_KEY": "k"})
    assert handover.address("/city", base) == same
    others = [{**base, "HOME": "li"}, {**base, "PYTHONPATH": "src"}, {**base, "LC_ALL": "C"}]
    assert len({same, handover.address("/town", base), *(handover.address("/city", each) for each in others)}) == 5
