"""The version of the code that a page names: the last commit to what the run used, whatever came after."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from analysis.project import Project
from analysis.report import versions
from analysis.report.execution import Record
from analysis.report.versions import UNTRACKED, code_version, repository


def git(project: Project, *words: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(project.root), *identity, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def record() -> Record:
    return Record("01_permits", "01_permits", {}, {}, "", "", {}, {}, {}, {}, {}, {}, True)


def version(project: Project, record: Record) -> str:
    versions.history.cache_clear()
    return code_version(project, record)


def test_only_commits_to_what_was_used_count(bare: Project, record: Record, tmp_path: Path) -> None:
    notebook = bare.notebooks / "01_permits.ipynb"
    notebook.write_text("{}", encoding="utf-8")
    assert version(bare, record) == UNTRACKED
    git(bare, "init", "-q")
    assert version(bare, record) == UNTRACKED
    git(bare, "add", "-A")
    git(bare, "commit", "-q", "-m", "one")
    first = git(bare, "rev-parse", "HEAD")[:12]
    assert version(bare, record) == first
    (bare.root / "README.md").write_text("x", encoding="utf-8")
    git(bare, "add", "-A")
    git(bare, "commit", "-q", "-m", "unrelated")
    assert version(bare, record) == first
    notebook.write_text('{"a": 1}', encoding="utf-8")
    assert version(bare, record) == f"{first} with uncommitted changes"
    git(bare, "commit", "-q", "-am", "two")
    second = version(bare, record)
    assert second == git(bare, "rev-parse", "HEAD")[:12]
    git(bare, "clone", "-q", str(bare.root), str(tmp_path / "clone"))
    assert version(Project(tmp_path / "clone"), record) == second


def test_the_repository_is_linked_only_where_it_is_stated(bare: Project) -> None:
    assert repository(bare) is None
    stated = "[project]\nname = 'city'\n[project.urls]\nRepository = 'https://example.org/city/'\n"
    (bare.root / "pyproject.toml").write_text(stated, encoding="utf-8")
    assert repository(bare) == "https://example.org/city"


def test_a_folder_without_git_names_the_version_it_carries_along(bare: Project, record: Record, tmp_path: Path) -> None:
    (bare.notebooks / "01_permits.ipynb").write_text("{}", encoding="utf-8")
    git(bare, "init", "-q")
    git(bare, "add", "-A")
    git(bare, "commit", "-q", "-m", "one")
    elsewhere = Project(tmp_path / "elsewhere")
    elsewhere.notebooks.mkdir(parents=True)
    assert version(elsewhere, record) == UNTRACKED
    versions.history.cache_clear()
    (elsewhere.root / versions.CARRIED).write_text(versions.history(bare.root).to_json(), encoding="utf-8")
    assert version(elsewhere, record) == version(bare, record) == git(bare, "rev-parse", "HEAD")[:12]


def test_a_commit_on_a_side_branch_counts_after_the_merge(bare: Project, record: Record) -> None:
    notebook = bare.notebooks / "01_permits.ipynb"
    notebook.write_text("{}", encoding="utf-8")
    git(bare, "init", "-q", "-b", "main")
    git(bare, "add", "-A")
    git(bare, "commit", "-q", "-m", "one")
    git(bare, "checkout", "-q", "-b", "side")
    notebook.write_text('{"a": 1}', encoding="utf-8")
    git(bare, "commit", "-q", "-am", "side")
    side = git(bare, "rev-parse", "HEAD")[:12]
    git(bare, "checkout", "-q", "main")
    (bare.root / "README.md").write_text("x", encoding="utf-8")
    git(bare, "add", "-A")
    git(bare, "commit", "-q", "-m", "unrelated")
    git(bare, "merge", "-q", "--no-edit", "side")
    assert version(bare, record) == side
