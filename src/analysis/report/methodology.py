"""Where a method stands in the code and what it says of itself, read from the source without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from analysis.report.fingerprint import PACKAGE, Now, module_file
from analysis.report.versions import package_path


@dataclass(frozen=True)
class Method:
    """A function as a reader meets it: dotted name, first paragraph of its docstring, file and line."""

    name: str
    summary: str
    file: str
    line: int


def look_up(name: str, now: Now) -> Method | None:
    """The function of this package called ``name`` (dotted), or None for functions of libraries and notebooks.

    >>> look_up("analysis.project.current_source", Now()).file
    'src/analysis/project.py'
    """
    parts = name.split(".")
    if parts[0] != "analysis":
        return None
    for cut in range(len(parts) - 1, 0, -1):
        path = module_file(".".join(parts[:cut]))
        content = now.content(path) if path.is_relative_to(PACKAGE) else None
        if content is None:
            continue
        node = _definition(content, tuple(parts[cut:]))
        if node is None:
            return None
        summary = (ast.get_docstring(node) or "").strip().split("\n\n")[0]
        plain = " ".join(summary.replace("``", "").split())
        return Method(name, plain, package_path(path), node.lineno)
    return None


def look_up_all(names: Iterable[str], now: Now) -> dict[str, Method]:
    """Every method that is found, by name."""
    found = {name: look_up(name, now) for name in sorted(set(names))}
    return {name: method for name, method in found.items() if method is not None}


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@cache
def _definition(content: bytes, path: tuple[str, ...]) -> _Definition | None:
    node: ast.Module | _Definition = ast.parse(content)
    for name in path:
        inner = [n for n in node.body if isinstance(n, _Definition) and n.name == name]
        if not inner:
            return None
        node = inner[-1]
    return None if isinstance(node, ast.Module) else node
