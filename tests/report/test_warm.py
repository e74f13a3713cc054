"""Warm execution: the same notebook as from a kernel started afresh, from a process that has only imported."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest

from analysis.project import Project
from analysis.report import engine
from analysis.report.editions import edition, notebooks
from analysis.report.execution import execute, places
from analysis.report.fingerprint import Now
from analysis.report.issuing import issue
from analysis.report.kernel_environment import bare_environment, first_lines, modules_of
from analysis.report.notebook import read_notebook
from analysis.report.printing import page_file
from analysis.report.surroundings import surroundings
from analysis.report.warm import service

from . import torture
from .conftest import write_notebook

pytestmark = pytest.mark.skipif(not service.possible(), reason="notebooks run in forks on Linux only")

_NOISE = [
    (r"ipykernel_\d+", "ipykernel_N"),
    (r"0x[0-9a-f]{6,}", "0xN"),
    (r"(CPU times: |Wall time: )[^\"\\\\]*", r"\1T"),
]


def normalised(outputs: list[Any]) -> str:
    """Outputs as JSON without addresses, process numbers and times, which no two kernels share."""
    text = json.dumps(outputs, sort_keys=True, ensure_ascii=False)
    for pattern, stand_in in _NOISE:
        text = re.sub(pattern, stand_in, text)
    return text


def run(cells: list[str], folder: Path, *, warm: bool, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The executed notebook, as far as it came."""
    monkeypatch.setenv("ANALYSIS_ISOLATED", "" if warm else "1")
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    engine.register()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    output = folder / "executed.ipynb"
    options = {"engine_name": "analysis", "progress_bar": False, "kernel_cwd": str(folder), "cell_timeout": 60}
    # What a failing cell left is in the file, behind two cells papermill puts on top.
    with suppress(papermill.PapermillExecutionError):
        papermill.execute_notebook(node, str(output), **options)
    made = nbformat.read(output, as_version=4)
    return [cell for cell in made.cells if "papermill-error-cell-tag" not in cell.metadata.get("tags", [])]


def test_a_tortured_notebook_is_the_same_from_a_fork_and_from_a_fresh_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = run(torture.CELLS, tmp_path / "city", warm=False, monkeypatch=monkeypatch)
    forked = run(torture.CELLS, tmp_path / "city", warm=True, monkeypatch=monkeypatch)
    assert len(fresh) == len(forked) == len(torture.CELLS)
    assert [cell.execution_count for cell in forked] == [cell.execution_count for cell in fresh]
    pairs = [(normalised(a.outputs), normalised(b.outputs), a.source) for a, b in zip(forked, fresh, strict=True)]
    assert [(source, ours, theirs) for ours, theirs, source in pairs if ours != theirs] == []


@pytest.mark.parametrize("what", torture.FAILING)
def test_errors_are_the_same_from_a_fork_and_from_a_fresh_kernel(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = ["y = 1", torture.FAILING[what], "y"]
    fresh = run(cells, tmp_path, warm=False, monkeypatch=monkeypatch)
    forked = run(cells, tmp_path, warm=True, monkeypatch=monkeypatch)
    assert [normalised(cell.outputs) for cell in forked] == [normalised(cell.outputs) for cell in fresh]
    assert forked[1].outputs


STACK = """import pandas as pd, numpy as np, scipy, sklearn, statsmodels.api, geopandas, seaborn, pyarrow
import matplotlib.pyplot as plt
from analysis import load, publish
from analysis.methods import multiverse, survival"""


COMPUTE = '''
import os
def computed(rows):
    """What starts threads, and would hang a fork of a process that had done it."""
    import numpy as np, pyarrow as pa, pyarrow.compute as pc
    from sklearn.cluster import KMeans
    values = np.random.default_rng(0).normal(size=(rows, 2))
    labels = KMeans(2, n_init=1, random_state=0).fit(values).labels_
    counted = pa.table({"label": labels}).group_by("label").aggregate([("label", "count")]).num_rows
    product = float((values[:400] @ values[:400].T).sum())
    return {"threads": len(os.listdir("/proc/self/task")), "groups": counted, "product": round(product, 6)}
'''


def test_a_warm_process_imports_everything_and_computes_nothing(tmp_path: Path) -> None:
    """One thread before and after its forks have run what would give it more: BLAS, OpenMP, Arrow's pool."""
    (tmp_path / "heavy.py").write_text(COMPUTE, encoding="utf-8")
    environment = {**bare_environment(os.environ, ""), "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "2"}
    zygote = service.Zygote(modules_of([STACK]), environment, first_lines())
    try:
        assert zygote.about()["threads"] == 1
        first, again = (zygote.call("heavy:computed", environment, str(tmp_path), rows=20_000) for _ in range(2))
        about = zygote.about()
    finally:
        zygote.close()
    assert first["threads"] > 1
    assert first["groups"] == 2
    assert again["product"] == first["product"]
    assert about["threads"] == 1
    assert about["failed"] == about["without"] == []
    assert {"pandas", "sklearn", "statsmodels.api", "geopandas", "matplotlib.pyplot"} <= {*about["modules"]}
    assert "analysis.methods" not in about["modules"]


def test_no_state_passes_from_one_notebook_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave = "import os, pandas as pd, builtins\nos.environ['LEFT'] = '1'; os.chdir('/')\n"
    leave += "pd.left = builtins.left = left = 1\n"
    leave += "%store left\npd.set_option('display.max_rows', 3)\nimport random; random.seed(99)"
    look = "import os, random, pandas as pd\n'left' in dir(), hasattr(pd, 'left'), os.environ.get('LEFT'), "
    look += "os.getcwd()[-4:], pd.get_option('display.max_rows'), random.random() == 0.8444218515250481"
    run([leave], tmp_path / "city", warm=True, monkeypatch=monkeypatch)
    cells = run(["%store -r left", look], tmp_path / "city", warm=True, monkeypatch=monkeypatch)
    assert cells[1].outputs[0].data["text/plain"] == "(False, False, None, 'city', 60, True)"


@pytest.mark.parametrize(
    "source",
    [
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
        "print('imported')",
        "import warnings\nwarnings.warn('old')",
        "raise ImportError('half of it is missing')",
    ],
)
def test_modules_that_must_not_be_imported_early_are_left_to_the_cell(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd_module.py").write_text(source, encoding="utf-8")
    environment = {**bare_environment(os.environ, ""), "PYTHONPATH": str(tmp_path)}
    zygote = service.Zygote(["json", "odd_module", "numpy"], environment, first_lines())
    try:
        about = zygote.about()
    finally:
        zygote.close()
    assert about["threads"] == 1
    assert "odd_module" not in about["modules"]
    assert "numpy" in about["modules"]
    assert about["without"] == ["odd_module"] or "half of it is missing" in about["failed"][0]


def test_every_whitepaper_is_the_same_from_a_fork_and_from_a_fresh_kernel(
    sample_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Executed notebooks and pages byte for byte, in another folder, and the record of what each used."""
    monkeypatch.setenv("ANALYSIS_ROOT", str(sample_site))
    monkeypatch.setenv("ANALYSIS_SOURCE", "sample")
    monkeypatch.setenv("PYTHONPATH", str(sample_site / "src"))
    monkeypatch.setenv("ANALYSIS_ISOLATED", "1")
    project = Project(sample_site)
    copy = Project(tmp_path / "city")
    for folder in ("data", "notebooks"):
        shutil.copytree(sample_site / folder, copy.root / folder)
    for file in ("requirements.lock", "pyproject.toml"):
        shutil.copy(sample_site / file, copy.root / file)
    around = surroundings(project, Now())
    for path in notebooks(project):
        ours = places(project, "sample", path.stem)
        ran = execute(copy, "sample", edition(read_notebook(path)), around)
        theirs = places(copy, "sample", path.stem)
        assert ours.executed.read_bytes() == theirs.executed.read_bytes(), path.stem
        known, found = (json.loads(place.record.read_bytes()) for place in (ours, theirs))
        for part in ("modules", "tables", "datasets", "parameters", "executed"):
            assert known[part] == found[part], part
        summary = issue(copy, "sample", ran.record)
        assert "es" in summary.others
        for language in ("en", *summary.others):
            here, there = (place.folder / page_file(path.stem, language) for place in (ours, theirs))
            assert here.read_bytes() == there.read_bytes(), here.name


def test_too_much_memory_is_an_error_of_the_cell(
    bare: Project, add: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYSIS_MEMORY", "900")
    path = add("01_much", [("code", "import numpy as np", ()), ("code", "held = np.ones(400_000_000)", ())])
    for isolated in ("", "1"):
        monkeypatch.setenv("ANALYSIS_ISOLATED", isolated)
        service.forget()
        with pytest.raises(Exception, match=r"cell 2: .*MemoryError: Unable to allocate") as error:
            execute(bare, "sample", edition(read_notebook(path)), surroundings(bare, Now()))
        assert error.value.failure.cell == 2


def test_a_kernel_that_is_killed_says_by_what(bare: Project, add: Callable[..., Path]) -> None:
    path = add("01_killed", [("code", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", ())])
    with pytest.raises(Exception, match=r"cell 1: the kernel died.*ended by signal 9"):
        execute(bare, "sample", edition(read_notebook(path)), surroundings(bare, Now()))
    path = add("01_crashed", [("code", "import ctypes\nctypes.string_at(0)", ())])
    with pytest.raises(Exception, match=r"cell 1: the kernel died.*ended by signal 11"):
        execute(bare, "sample", edition(read_notebook(path)), surroundings(bare, Now()))


def test_the_log_tells_cells_as_they_end(bare: Project, add: Callable[..., Path]) -> None:
    path = add("01_told", [("code", "# first\nprint('hello')", ()), ("code", "1 / 0", ())])
    with pytest.raises(Exception, match="ZeroDivisionError"):
        execute(bare, "sample", edition(read_notebook(path)), surroundings(bare, Now()))
    told = places(bare, "sample", "01_told").log.read_text(encoding="utf-8")
    assert re.search(r"^cell 1  \d\.\d+ s  # first\nhello\ncell 2 ", told, re.MULTILINE)
    assert "ZeroDivisionError: division by zero" in told
    assert "\x1b" not in told


def test_papermill_knows_the_engine_by_name(bare: Project, tmp_path: Path) -> None:
    path = write_notebook(
        bare, "01_by_name", [("code", "who = 'nobody'  # a name", ("parameters",)), ("code", "print('for', who)", ())]
    )
    output = tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", "--engine", "analysis", "-p", "who", "Ana", str(path), str(output)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    made = nbformat.read(output, as_version=4)
    assert made.cells[-1].outputs[0].text == "for Ana\n"
    assert made.metadata.papermill["used"]["megabytes"] > 10


def test_an_interrupted_build_leaves_nobody_behind(bare: Project) -> None:
    """Ctrl-C in a terminal: the build, its workers, the warm process and the running kernel are gone at once."""
    mark = f"interrupted{os.getpid()}"
    write_notebook(
        bare, "01_long", [("markdown", "# T", ("title",)), ("code", f"import time\n{mark} = time.sleep(300)", ())]
    )
    write_notebook(bare, "02_long", [("markdown", "# T", ("title",)), ("code", "import time\ntime.sleep(300)", ())])
    script = bare.root / f"{mark}.py"
    script.write_text(
        "from analysis.project import current_project\nfrom analysis.report.build import build\n"
        "from analysis.report.editions import planned\nproject = current_project()\n"
        "build(project, 'sample', planned(project, 'sample'), jobs=2)\n",
        encoding="utf-8",
    )
    process = subprocess.Popen([sys.executable, str(script)], start_new_session=True, stderr=subprocess.DEVNULL)
    logs = bare.reports("sample") / "logs"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(list(logs.glob("*.log"))) < 2:
        time.sleep(0.05)
    time.sleep(1.0)
    before = descendants(process.pid)
    assert len(before) >= 4  # two workers, the warm process, two kernels less what has just ended
    os.killpg(process.pid, 2)
    assert process.wait(timeout=10) != 0
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in before):
        time.sleep(0.1)
    assert [pid for pid in before if Path(f"/proc/{pid}").exists()] == []


def descendants(root: int) -> set[int]:
    """Process numbers below a process."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(pid): int(parent) for pid, parent in (line.split() for line in listed.splitlines())}
    found: set[int] = set()
    for pid in parents:
        chain = pid
        while chain in parents and chain != root:
            chain = parents[chain]
        if chain == root and pid != root:
            found.add(pid)
    return found
