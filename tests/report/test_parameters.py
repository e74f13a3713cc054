"""Strict parameters: everything papermill would only warn about stops the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.project import AnalysisError
from analysis.report.editions import edition
from analysis.report.notebook import read_notebook
from analysis.report.parameters import declared, resolve, split_assignments

DECLARED = """area = "city"  # city, or a council district such as cd-01
weights = "equal"  # how measures are weighted; one of: equal, variance
draws = 200  # resamples
share = 0.5  # part of the sample, 0 to 1
strict = False  # stop at the first gap
years = [2000, 2018]  # first and last"""
USED = "print(area, weights, draws, share, strict, years)"


def notebook(add: Callable[..., Path], source: str = DECLARED, later: str = USED):
    return read_notebook(add("01_permits", [("code", source, ("parameters",)), ("code", later, ())]))


def test_defaults_and_given_values_keep_the_type_of_the_default(add: Callable[..., Path]) -> None:
    nb = notebook(add)
    assert [p.name for p in declared(nb)] == ["area", "weights", "draws", "share", "strict", "years"]
    given = {"area": "cd-01", "draws": "50", "share": "1", "strict": "true", "years": "[1990, 2000]"}
    assert resolve(nb, given) == {
        "area": "cd-01", "weights": "equal", "draws": 50, "share": 1.0, "strict": True, "years": [1990, 2000],
    }  # fmt: skip
    assert isinstance(resolve(nb, given)["share"], float)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"aera": "cd-01"}, "did you mean 'area'"),
        ({"zzz": "1"}, "it has area, weights"),
        ({"draws": "many"}, "must be a whole number such as 200"),
        ({"draws": "1.5"}, "must be a whole number"),
        ({"draws": True}, "must be a whole number"),
        ({"share": "nan"}, "must be a number"),
        ({"strict": "yes"}, "must be True or False"),
        ({"weights": "varience"}, "did you mean 'variance'"),
        ({"years": "2000"}, "must be a list"),
    ],
)
def test_a_wrong_value_stops_with_the_nearest_name(add: Callable[..., Path], given: dict, message: str) -> None:
    with pytest.raises(AnalysisError, match=message.replace("(", r"\(")):
        resolve(notebook(add), given)


@pytest.mark.parametrize(
    ("source", "later", "message"),
    [
        ("area = 'city'", "area", "say in a comment"),
        ("area = str(1)  # where", "area", "plain literal"),
        ("area = None  # where", "area", "NoneType"),
        ("import os  # no", "os", "holds only lines such as"),
        ("area = 'city'  # where\narea = 'b'  # again", "area", "declared twice"),
        ("area = 'x'  # where; one of: a, b", "area", "not among its choices"),
        ("area = 'city'  # where", "print('area')", "area is never used"),
        ("area = 'city'  # where", "area = 'b'\nprint(area)", "overwritten"),
        ("area = (  # where", "area", "not Python"),
    ],
)
def test_a_bad_parameters_cell_stops(add: Callable[..., Path], source: str, later: str, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        declared(notebook(add, source, later))


def test_two_parameters_cells_stop(add: Callable[..., Path]) -> None:
    cells = [("code", "a = 1  # one", ("parameters",)), ("code", "b = a  # two", ("parameters",))]
    with pytest.raises(AnalysisError, match="cells 1 and 2"):
        declared(read_notebook(add("01_permits", cells)))


def test_a_parameter_read_only_inside_a_magic_or_f_string_counts_as_used(add: Callable[..., Path]) -> None:
    later = "%time\nprint(f'{area} {draws:>{share}}', weights, strict, years)"
    assert len(declared(notebook(add, later=later))) == 6


def test_confusable_places_get_pages_of_their_own(add: Callable[..., Path]) -> None:
    nb = notebook(add)
    names = [edition(nb, {"area": area}).name for area in ("cd-1", "cd-12", "cd-2", "CD-2", "cd 2", "../../etc", "")]
    assert names[:3] == ["01_permits--cd-1", "01_permits--cd-12", "01_permits--cd-2"]
    assert len(set(names)) == len(names)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") for name in names)
    assert edition(nb, {"area": "city"}).name == "01_permits"
    assert edition(nb, {"area": "cd-2"}).place == "cd-2"


def test_assignments_of_the_command_line() -> None:
    with pytest.raises(AnalysisError, match="NAME=VALUE"):
        split_assignments(["area"])
    with pytest.raises(AnalysisError, match="twice"):
        split_assignments(["a=1", "a=2"])
