"""The parameters of a notebook, strictly: known, used, and of the type of their default.

A notebook has at most one cell tagged ``parameters``. Each line of it is one plain literal with a comment that says
what the parameter means. A comment that ends in ``one of: a, b`` also lists everything the parameter may be::

    area = "city"  # city, or a council district such as cd-01
    weights = "equal"  # how measures are weighted; one of: equal, variance
"""

from __future__ import annotations

import ast
import io
import math
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from analysis.project import AnalysisError
from analysis.report.notebook import Cell, Notebook, python_tree

TAG = "parameters"
_ONE_OF = re.compile(r"\bone of:\s*(?P<choices>.+?)\.?$")


@dataclass(frozen=True)
class Parameter:
    """One parameter as the notebook declares it; ``choices`` is empty where anything of the type will do."""

    name: str
    default: Any
    meaning: str
    choices: tuple[Any, ...] = ()


@lru_cache(maxsize=128)
def declared(notebook: Notebook) -> tuple[Parameter, ...]:
    """The parameters a notebook declares, in the order it declares them.

    Raises AnalysisError for a second parameters cell, a line that is not a literal with a comment, and a parameter
    that no later cell reads or that a later cell overwrites.
    """
    found = written(notebook)
    if found:
        _check_used(notebook, next(cell for cell in notebook.cells if TAG in cell.tags), found)
    return found


def written(notebook: Notebook) -> tuple[Parameter, ...]:
    """What :func:`declared` gives, without asking whether other cells use it: no other cell is read.

    Raises AnalysisError for a second parameters cell and for a line that is not a literal with a comment.
    """
    cells = [cell for cell in notebook.cells if TAG in cell.tags]
    if not cells:
        return ()
    if len(cells) > 1:
        numbers = " and ".join(str(cell.number) for cell in cells)
        raise AnalysisError(f"{notebook.stem}: cells {numbers} are both tagged {TAG!r}; keep one")
    return _read_cell(notebook.stem, cells[0])


def resolve(notebook: Notebook, given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every declared parameter: what was given, else the default.

    ``given`` may hold text from a command line (``{"area": "cd-01"}``), which is read as the type of the default, or
    values of that type. Raises AnalysisError for an unknown name, naming the nearest one, and for a wrong type or
    choice.
    """
    return filled(notebook.stem, declared(notebook), given)


def filled(stem: str, parameters: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """What :func:`resolve` gives, for parameters that were read before; ``stem`` names the notebook in complaints."""
    known = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in known:
            raise AnalysisError(_unknown(stem, name, list(known)))
    values = {name: parameter.default for name, parameter in known.items()}
    for name, value in given.items():
        values[name] = _checked(stem, known[name], value)
    return values


def split_assignments(texts: list[str]) -> dict[str, str]:
    """``["area=cd-01"]`` as ``{"area": "cd-01"}``.

    >>> split_assignments(["area=cd-01", "note=a=b"])
    {'area': 'cd-01', 'note': 'a=b'}
    """
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip().isidentifier():
            raise AnalysisError(f"-p {text}: write a parameter as NAME=VALUE, for example -p area=cd-01")
        if name.strip() in pairs:
            raise AnalysisError(f"-p {name.strip()} is given twice; give it once")
        pairs[name.strip()] = value
    return pairs


def _read_cell(stem: str, cell: Cell) -> tuple[Parameter, ...]:
    where = f"{stem}, cell {cell.number}"
    tree = python_tree(cell.source)
    if tree is None:
        raise AnalysisError(f"{where}: the parameters cell is not Python")
    comments = _comments(cell.source)
    found: list[Parameter] = []
    for statement in tree.body:
        parameter = _read_line(where, statement, comments)
        if any(parameter.name == other.name for other in found):
            raise AnalysisError(f"{where}, line {statement.lineno}: {parameter.name} is declared twice")
        found.append(parameter)
    return tuple(found)


def _read_line(where: str, statement: ast.stmt, comments: dict[int, str]) -> Parameter:
    at = f"{where}, line {statement.lineno}"
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    value = getattr(statement, "value", None)
    name = targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else None
    if name is None or value is None or not isinstance(statement, ast.Assign | ast.AnnAssign):
        raise AnalysisError(f'{at}: the parameters cell holds only lines such as `area = "city"  # what it means`')
    try:
        default = ast.literal_eval(value)
    except ValueError:
        raise AnalysisError(f"{at}: {name} must be a plain literal (text, number, True or False, list)") from None
    if not isinstance(default, str | bool | int | float | list):
        raise AnalysisError(f"{at}: {name} is {type(default).__name__}; use text, a number, True or False, or a list")
    meaning = comments.get(statement.end_lineno or statement.lineno, "")
    if not meaning:
        raise AnalysisError(f"{at}: say in a comment on the same line what {name} means")
    return _with_choices(at, Parameter(name, default, meaning))


def _with_choices(at: str, parameter: Parameter) -> Parameter:
    match = _ONE_OF.search(parameter.meaning)
    if not match:
        return parameter
    choices = tuple(_parse(text.strip().strip("\"'"), parameter.default) for text in match["choices"].split(","))
    if parameter.default not in choices:
        raise AnalysisError(f"{at}: the default {parameter.default!r} of {parameter.name} is not among its choices")
    return Parameter(parameter.name, parameter.default, parameter.meaning, choices)


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ").strip() for t in tokens if t.type == tokenize.COMMENT}


def _check_used(notebook: Notebook, cell: Cell, found: tuple[Parameter, ...]) -> None:
    read: set[str] = set()
    names = {parameter.name for parameter in found}
    for later in notebook.cells[cell.number :]:
        tree = python_tree(later.source) if later.kind == "code" else None
        for node in ast.walk(tree) if tree else ():
            if not isinstance(node, ast.Name):
                continue
            if isinstance(node.ctx, ast.Load):
                read.add(node.id)
            elif node.id in names:
                raise AnalysisError(
                    f"{notebook.stem}, cell {later.number}: {node.id} is a parameter and is overwritten here; "
                    "use another name"
                )
    for name in sorted(names - read):
        raise AnalysisError(f"{notebook.stem}: the parameter {name} is never used; use it in a later cell or remove it")


def _unknown(stem: str, name: str, known: list[str]) -> str:
    nearest = get_close_matches(name, known, n=1, cutoff=0.4)
    if nearest:
        return f"{stem} has no parameter {name!r}: did you mean {nearest[0]!r}?"
    names = f"it has {', '.join(known)}" if known else "it has none"
    return f"{stem} has no parameter {name!r}: {names}"


def _checked(stem: str, parameter: Parameter, value: Any) -> Any:
    wanted = type(parameter.default)
    parsed = _parse(value, parameter.default)
    if type(parsed) is not wanted or (isinstance(parsed, float) and not math.isfinite(parsed)):
        raise AnalysisError(
            f"{stem}: the parameter {parameter.name} must be {_spoken(wanted)} such as {parameter.default!r}, "
            f"not {value!r}"
        )
    if parameter.choices and parsed not in parameter.choices:
        allowed = ", ".join(map(str, parameter.choices))
        nearest = get_close_matches(str(value), list(map(str, parameter.choices)), n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        raise AnalysisError(f"{stem}: the parameter {parameter.name} must be one of: {allowed}; not {value!r}{hint}")
    return parsed


def _parse(value: Any, default: Any) -> Any:
    """``value`` in the type of ``default`` where it can be read as such, else as it came."""
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if not isinstance(value, str) or isinstance(default, str):
        return value
    if isinstance(default, bool):
        return {"true": True, "false": False}.get(value.strip().lower(), value)
    try:
        literal = ast.literal_eval(value.strip())
    except (ValueError, SyntaxError):
        return value
    return float(literal) if isinstance(default, float) and type(literal) is int else literal


def _spoken(wanted: type) -> str:
    return {str: "text", bool: "True or False", int: "a whole number", float: "a number", list: "a list"}[wanted]
