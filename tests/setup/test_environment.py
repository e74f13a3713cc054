"""The three statements of what the project needs agree: pyproject.toml, environment.yml, requirements.lock."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rattler import MatchSpec

# conda-forge's name where it differs from PyPI's.
CONDA_NAMES = {"matplotlib": "matplotlib-base", "duckdb": "python-duckdb"}
# Not on conda-forge: the fonts come with the last line, `pip: -e .`; the browser tests skip without the other two.
PYPI_ONLY = {"font-roboto", "font-source-serif-pro", "playwright", "axe-playwright-python"}


def declared(root: Path, *extras: str) -> dict[str, SpecifierSet]:
    """Bounds of pyproject.toml by package name, dependencies and the named extras."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    requirements = [Requirement(line) for line in lines]
    return {r.name.lower(): r.specifier for r in requirements}


def conda_specs(root: Path) -> list[str]:
    content = yaml.safe_load((root / "environment.yml").read_text())
    return [entry for entry in content["dependencies"] if isinstance(entry, str)]


def test_every_conda_spec_parses_and_matches_pyproject(root: Path) -> None:
    parsed = {}
    for entry in conda_specs(root):
        spec = MatchSpec(entry, strict=True)
        assert spec.name is not None
        parsed[spec.name.normalized] = entry.partition(" ")[2]
    assert parsed.pop("python") == tomllib.loads((root / "pyproject.toml").read_text())["project"]["requires-python"]
    assert parsed.pop("pip") == ""
    expected = {
        CONDA_NAMES.get(name, name): specifier
        for name, specifier in declared(root, "test").items()
        if name not in PYPI_ONLY
    }
    assert {name: SpecifierSet(text) for name, text in parsed.items()} == expected


def test_conda_users_get_the_package_itself_by_pip(root: Path) -> None:
    content = yaml.safe_load((root / "environment.yml").read_text())
    assert content["dependencies"][-1] == {"pip": ["-e ."]}
    assert content["channels"][0] == "conda-forge"


def locked(root: Path) -> list[tuple[Requirement, list[str]]]:
    """Every pinned requirement of the lock with its hashes."""
    pins: list[tuple[Requirement, list[str]]] = []
    for block in re.split(r"\n(?=\S)", (root / "requirements.lock").read_text()):
        head, *rest = block.replace("\\\n", "\n").splitlines()
        hashes = [m for line in rest for m in re.findall(r"--hash=(sha256:[0-9a-f]{64})", line)]
        pins.append((Requirement(head.strip()), hashes))
    return pins


def test_lock_pins_every_dependency_within_its_bounds(root: Path) -> None:
    bounds = declared(root, "test", "setup")
    pins = locked(root)
    assert set(bounds) <= {pin.name for pin, _ in pins}
    for pin, _ in pins:
        (version,) = pin.specifier
        assert version.operator == "=="
        if pin.name in bounds:
            assert version.version in bounds[pin.name], f"{pin} is outside {bounds[pin.name]}: run make lock"


def test_lock_has_a_hash_for_every_file_and_no_address(root: Path) -> None:
    text = (root / "requirements.lock").read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(index-url|extra-index-url|find-links|trusted-host)", text, re.MULTILINE)
    without = [str(pin) for pin, hashes in locked(root) if not hashes]
    assert without == []


@pytest.mark.parametrize("target", ["reports", "report", "data", "lab", "status", "new", "test", "clean"])
def test_make_alone_prints_every_target(root: Path, target: str) -> None:
    printed = subprocess.run(["make", "-s", "-C", str(root)], capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^  make {target}\s", printed, re.MULTILINE)
