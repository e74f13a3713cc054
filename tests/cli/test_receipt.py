"""A build that has nothing to do says so before anything is imported, and never when something was written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis import receipt, start


@pytest.fixture
def site(sample_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a checkout in which everything is fresh, with a receipt of its own."""
    copy = tmp_path / "city"
    shutil.copytree(sample_site, copy, symlinks=True)
    for name in ("ANALYSIS_SOURCE", "ANALYSIS_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(copy)
    before = receipt.settled_stand(str(copy), "sample")
    assert receipt.write(str(copy), "sample", before, set(), "3 of 3 reports already fresh")
    return copy


def test_it_is_said_at_once_and_nothing_is_imported(site: Path) -> None:
    code = "import sys; from analysis.start import answered; ok = answered(['reports']); print(ok, len(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=site)
    said, where, last = done.stdout.splitlines()
    assert said == "3 of 3 reports already fresh"
    assert where == str(site / "reports" / "sample" / "index.html")
    answered, modules = last.split()
    assert answered == "True"
    assert int(modules) < 120


@pytest.mark.parametrize(
    "path",
    [
        "notebooks/01_neighborhood_change.ipynb",
        "data/catalog/policy.yml",
        "requirements.lock",
        "data/processed/sample/prices.meta.json",
        "data/raw/sample/truth.json",
        "reports/sample/01_neighborhood_change.html",
        "reports/sample/executed/01_neighborhood_change.json",
    ],
)
def test_any_file_that_was_written_goes_the_exact_way(site: Path, path: str) -> None:
    assert start.answered(["reports", "--source", "sample", "-j", "2"])
    content = (site / path).read_bytes()
    (site / path).write_bytes(content)  # the same bytes: the exact way will find everything fresh
    assert not start.answered(["reports"])


def test_a_file_that_came_or_went_goes_the_exact_way(site: Path) -> None:
    extra = site / "notebooks" / "09_more.ipynb"
    extra.write_text("{}", encoding="utf-8")
    assert not start.answered(["reports"])
    extra.unlink()
    assert start.answered(["reports"])
    (site / "reports" / "sample" / "downloads").rename(site / "reports" / "sample" / "gone")
    assert not start.answered(["reports"])


def test_another_commit_goes_the_exact_way(site: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True, cwd=site)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True, cwd=site)
    assert not start.answered(["reports"])
    assert receipt.write(str(site), "sample", receipt.settled_stand(str(site), "sample"), set(), "fresh")
    assert start.answered(["reports"])
    subprocess.run([*git, "pack-refs", "--all"], check=True, cwd=site)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "two"], check=True, cwd=site)
    assert not start.answered(["reports"])


def test_a_write_during_the_last_look_leaves_no_receipt(site: Path) -> None:
    root = str(site)
    before = receipt.settled_stand(root, "sample")
    (site / "data" / "catalog" / "policy.yml").touch()
    assert not receipt.write(root, "sample", before, set(), "fresh")
    index = site / "reports" / "sample" / "index.html"
    before = receipt.settled_stand(root, "sample")
    index.touch()
    assert receipt.write(root, "sample", before, {str(index)}, "fresh")


@pytest.mark.parametrize(
    "words", [[], ["status"], ["reports", "--strict"], ["reports", "--only", "01"], ["reports", "--source", "mars"]]
)
def test_everything_else_is_for_the_command_line(site: Path, words: list[str]) -> None:
    assert not start.answered(words)


def test_a_damaged_receipt_says_nothing(site: Path) -> None:
    (site / "reports" / "sample" / receipt.FILE).write_text("{", encoding="utf-8")
    assert not start.answered(["reports"])
    assert os.path.exists(receipt.FILE) is False
