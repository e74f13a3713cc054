"""The command: quick to answer, one message an error, honest exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analysis.project import Project

FORBIDDEN_AT_START = ("pandas", "numpy", "matplotlib", "httpx", "rich", "papermill", "nbconvert", "jinja2", "yaml")


def analysis(*words: str, root: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    settings = {"ANALYSIS_ROOT": str(root)} if root else {}
    return subprocess.run(
        [sys.executable, "-m", "analysis.cli", *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=root or Path.cwd(),
        env={**os.environ, "CI": "true", **settings, **environment},
    )


@pytest.fixture
def checkout(tmp_path: Path, root: Path) -> Project:
    """An empty checkout with the real catalogue."""
    project = Project(tmp_path / "city")
    project.notebooks.mkdir(parents=True)
    project.catalog.mkdir(parents=True)
    for path in (root / "data" / "catalog").glob("*.yml"):
        if path.name == "editions.yml":
            continue  # it names notebooks that are not here
        (project.catalog / path.name).write_bytes(path.read_bytes())
    for name in ("pyproject.toml", "requirements.lock"):
        (project.root / name).write_bytes((root / name).read_bytes())
    return project


def test_help_starts_without_the_heavy_packages() -> None:
    code = (
        "import sys\nsys.argv = ['analysis', '--help']\nfrom analysis.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {FORBIDDEN_AT_START!r} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.rstrip().endswith("[]")
    for command in ("data", "refine", "reports", "report", "status", "new", "lab", "clean", "catalog", "sample"):
        assert re.search(rf"^  {command} ", shown, flags=re.MULTILINE), command


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("report", "99"), "error: there is no notebook '99' in notebooks/: there are none yet"),
        (("new", "!!!"), "error: '!!!' is no name for a notebook"),
        (("reports", "--source", "live"), "error: there are no live data yet: fetch them with make data"),
    ],
)
def test_an_error_is_one_message_and_exit_code_one(checkout: Project, words: tuple[str, ...], message: str) -> None:
    done = analysis(*words, root=checkout.root)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert "Traceback" not in done.stderr + done.stdout


def test_outside_a_checkout(tmp_path: Path) -> None:
    settings = {name: value for name, value in os.environ.items() if name != "ANALYSIS_ROOT"}
    done = subprocess.run(
        [sys.executable, "-m", "analysis.cli", "status"], cwd=tmp_path, env=settings, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "is not inside a checkout" in done.stderr


@pytest.mark.parametrize("words", [("repots",), ("report",), ("reports", "--source", "mars"), ("reports", "-j", "0")])
def test_wrong_words_are_usage_errors(checkout: Project, words: tuple[str, ...]) -> None:
    done = analysis(*words, root=checkout.root)
    assert done.returncode == 2
    assert "Usage" in done.stderr


def test_catalog_lists_every_dataset(checkout: Project) -> None:
    shown = analysis("catalog", root=checkout.root).stdout
    assert len(shown.splitlines()) > 50
    assert re.search(r"^acs5_2018 +census +2014 to 2018", shown, flags=re.MULTILINE)


def test_a_scaffold_runs_at_once_on_the_sample_and_has_the_structure(
    checkout: Project, refined_sample: Project
) -> None:
    for folder in (Project.raw, Project.processed):
        shutil.copytree(folder(refined_sample, "sample"), folder(checkout, "sample"))
    made = analysis("new", "Tenant protection", root=checkout.root)
    assert made.returncode == 0, made.stderr
    assert made.stdout.strip().endswith("notebooks/00_tenant_protection.ipynb")
    again = analysis("new", "tenant_protection", root=checkout.root)
    assert again.returncode == 1
    assert "there is 00_tenant_protection already" in again.stderr
    assert analysis("new", "second", root=checkout.root).stdout.strip().endswith("01_second.ipynb")
    (checkout.notebooks / "01_second.ipynb").unlink()

    done = analysis("reports", root=checkout.root)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == str(checkout.reports("sample") / "index.html")
    assert "\r" not in done.stdout + done.stderr
    assert "no part is tagged" not in done.stdout
    status = analysis("status", root=checkout.root)
    assert re.fullmatch(r"00_tenant_protection  fresh  \(last run [\d.]+ s, \d+ MB\)\n", status.stdout)

    wrong = analysis("report", "0", "-p", "aera=cd-01", root=checkout.root)
    assert (wrong.returncode, wrong.stderr) == (
        1, "error: 00_tenant_protection has no parameter 'aera': did you mean 'area'?\n",
    )  # fmt: skip
    failing = analysis("report", "0", "-p", "area=cd-1", root=checkout.root)
    assert failing.returncode == 1
    assert "area 'cd-1' is no council district" in failing.stderr
    assert not (checkout.reports("sample") / "00_tenant_protection--cd-1.html").exists()

    cleaned = analysis("clean", root=checkout.root)
    assert "removed reports/sample" in cleaned.stdout
    assert "kept reports/sample/ledger.db: earlier editions cannot be made again" in cleaned.stdout
    assert [path.name for path in checkout.reports("sample").iterdir()] == ["ledger.db"]
    assert not checkout.processed("sample").exists()
    assert "kept" not in analysis("clean", "--history", root=checkout.root).stdout
    assert not checkout.reports("sample").exists()


def test_the_kernel_is_registered_in_the_environment_only(tmp_path: Path) -> None:
    from analysis.report.lab import register_kernel

    specification = json.loads(register_kernel(tmp_path).read_text(encoding="utf-8"))
    assert specification["argv"][0] == sys.executable
    assert specification["display_name"] == "Angeleno (Python 3)"
    assert [path.name for path in tmp_path.rglob("*.json")] == ["kernel.json"]


def test_lab_opens_on_the_notebooks_with_our_kernel_first(
    checkout: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from analysis.report import lab

    started: list[list[str]] = []
    monkeypatch.setattr(lab, "register_kernel", lambda: tmp_path)
    monkeypatch.setattr(os, "execv", lambda path, words: started.append(words))
    monkeypatch.delenv("JUPYTER_PREFER_ENV_PATH", raising=False)
    lab.open_lab(checkout, ["--no-browser"])
    assert started[0][:3] == [sys.executable, "-m", "jupyterlab"]
    assert started[0][-1] == "--no-browser"
    assert f"--ServerApp.root_dir={checkout.root}" in started[0]
    assert os.environ["JUPYTER_PREFER_ENV_PATH"] == "1"


def test_help_is_answered_in_an_instant() -> None:
    """A generous bound that only a heavy import at the start would break; the measured time is about 0.1 s."""
    best = 9.0
    for _ in range(3):
        begun = time.perf_counter()
        assert analysis("--help").returncode == 0
        best = min(best, time.perf_counter() - begun)
    assert best < 2
