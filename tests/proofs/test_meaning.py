"""The digest of what a trial runs: blind to layout, deaf to neighbours, awake to every change that counts."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from analysis.proofs import meaning

METHOD = '''
"""A method."""
from analysis.methods.other import LIMIT, double


def method(x):
    """Says what it does."""
    return double(x) if x < LIMIT else _half(x)


def _half(x):
    return x / 2


def unrelated(x):
    return x
'''
OTHER = "LIMIT = 3\n\n\ndef double(x):\n    return 2 * x\n"


class Package:
    """A package of two methods whose files can be rewritten."""

    def __init__(self, root: Path) -> None:
        self.home = root / "analysis"
        (self.home / "methods").mkdir(parents=True)
        self.write(METHOD, OTHER)

    def write(self, method: str, other: str) -> None:
        for name, text in {"method": method, "other": other}.items():
            (self.home / "methods" / f"{name}.py").write_text(text)

    def digest(self) -> str:
        for cached in (meaning._module, meaning._used, meaning._meaning):
            cached.cache_clear()
        function = ModuleType("fake").__dict__
        exec("def method(x): return x", function)
        function["method"].__module__ = "analysis.methods.method"
        return meaning.code_digest(function["method"])


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr(meaning, "PACKAGE", tmp_path / "analysis")
    yield Package(tmp_path)
    for cached in (meaning._module, meaning._used, meaning._meaning):
        cached.cache_clear()


def test_layout_and_neighbours_do_not_count(package: Package) -> None:
    before = package.digest()
    package.write(
        METHOD.replace("Says what it does.", "Other words.").replace("return x / 2", "return (x  /  2)  # half"), OTHER
    )
    assert package.digest() == before
    package.write(
        METHOD.replace("def unrelated(x):\n    return x", "def unrelated(x):\n    return x + 1"), OTHER + "\nNEW = 1\n"
    )
    assert package.digest() == before


@pytest.mark.parametrize(
    ("method", "other"),
    [
        (METHOD.replace("x < LIMIT", "x <= LIMIT"), OTHER),
        (METHOD.replace("x / 2", "x / 3"), OTHER),
        (METHOD, OTHER.replace("LIMIT = 3", "LIMIT = 4")),
        (METHOD, OTHER.replace("2 * x", "3 * x")),
    ],
    ids=["own code", "a helper", "a constant elsewhere", "a function elsewhere"],
)
def test_every_change_that_is_reached_counts(package: Package, method: str, other: str) -> None:
    before = package.digest()
    package.write(method, other)
    assert package.digest() != before


def test_a_function_reached_through_a_module_counts(package: Package) -> None:
    through = METHOD.replace("from analysis.methods.other import LIMIT, double", "from analysis.methods import other")
    through = through.replace("double(x)", "other.double(x)").replace("x < LIMIT", "x < other.LIMIT")
    package.write(through, OTHER)
    before = package.digest()
    package.write(through, OTHER.replace("2 * x", "3 * x"))
    assert package.digest() != before


def test_a_trial_reaches_the_method_the_page_calls() -> None:
    from analysis.proofs.proving import all_trials

    reached = meaning.reached(all_trials()["counts_requests"].world)
    assert ("analysis.methods.proxy_validity", "reporting_bias") in reached
    assert ("analysis.methods.proxy_validity", "_quasi_poisson") in reached
    assert not any(name == "rank_agreement" for _, name in reached)
    assert importlib.import_module("analysis.methods.proxy_validity").__name__ in sys.modules
