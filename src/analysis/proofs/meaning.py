"""The digest of the code that a trial runs: of every definition it can reach in this package, by meaning.

From the trial's function on, every name is followed to its definition, within a module and across imports. Only
definitions that are reached count, so that a new function beside an old one makes no proof stale; comments,
docstrings and line breaks do not count; and the digest is the same under every version of Python.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]
Name = tuple[str, str]
"""A definition: its module and its name there; "" is the whole module."""


def code_digest(*functions: Callable[..., Any]) -> str:
    """Digest (16 hex digits) of functions of this package and of all they can reach here.

    >>> len(code_digest(code_digest))
    16
    """
    names = sorted(set().union(*map(reached, functions)))
    lines = [f"{module}:{name}={_meaning(module, name)}" for module, name in names]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def reached(function: Callable[..., Any]) -> set[Name]:
    """The definitions of this package that a function can reach, itself included."""
    inner = getattr(function, "func", function)
    found: set[Name] = set()
    # What a partial function was given may be a function too.
    given = [part for part in getattr(function, "args", ()) if callable(part)]
    todo = [(one.__module__, one.__qualname__.split(".")[0]) for one in (inner, *given)]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo.extend(_used(*one))
    return found


@dataclass(frozen=True, eq=False)
class _Module:
    """Definitions of one module by name, and where its imported names come from."""

    definitions: dict[str, list[ast.stmt]]
    imports: dict[str, Name]

    def uses(self, name: str) -> Iterator[Name]:
        """What a definition refers to: definitions beside it, and those imported from this package."""
        for node in self._nodes(name):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                origin = self.imports.get(node.value.id)
                if origin and origin[1] == "" and node.attr in _module(origin[0]).definitions:
                    yield origin[0], node.attr
            elif isinstance(node, ast.Name):
                yield from self._origin(node.id)

    def _origin(self, name: str) -> Iterator[Name]:
        if name in self.definitions:
            yield self.own, name
        elif name in self.imports and self.imports[name][1]:
            yield self.imports[name]

    @property
    def own(self) -> str:
        return self.imports["__name__"][0]

    def _nodes(self, name: str) -> Iterator[ast.AST]:
        for statement in self.definitions.get(name, []):
            yield from ast.walk(statement)

    def meaning(self, name: str) -> str:
        """A definition as text without comments, docstrings and layout."""
        return " ".join(_said(statement) for statement in self.definitions.get(name, []))


@cache
def _used(module: str, name: str) -> frozenset[Name]:
    return frozenset(_module(module).uses(name))


@cache
def _meaning(module: str, name: str) -> str:
    return _module(module).meaning(name)


@cache
def _module(name: str) -> _Module:
    path = PACKAGE.joinpath(*name.split(".")[1:])
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    definitions: dict[str, list[ast.stmt]] = {}
    imports: dict[str, Name] = {"__name__": (name, "")}
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").split(".")[0] == PACKAGE.name:
            for alias in statement.names:
                whole = f"{statement.module}.{alias.name}"
                imports[alias.asname or alias.name] = (
                    (whole, "") if _is_module(whole) else (str(statement.module), alias.name)
                )
        for defined in _defined(statement):
            definitions.setdefault(defined, []).append(statement)
    return _Module(definitions, imports)


def _is_module(name: str) -> bool:
    path = PACKAGE.joinpath(*name.split(".")[1:])
    return path.is_dir() or path.with_suffix(".py").is_file()


def _defined(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    return []


def _said(value: Any) -> str:
    """A syntax tree as text that every version of Python writes alike: what is empty is left out.

    >>> _said(ast.parse("x = 1  # one").body[0])
    'Assign(targets=[Name(id=x)],value=Constant(value=1))'
    """
    if isinstance(value, ast.AST):
        fields = [
            (name, _body(item) if name == "body" else item)
            for name, item in ast.iter_fields(value)
            if name not in ("ctx", "kind", "type_comment") and item not in (None, [])
        ]
        return f"{type(value).__name__}({','.join(f'{name}={_said(item)}' for name, item in fields)})"
    if isinstance(value, list):
        return f"[{','.join(map(_said, value))}]"
    return str(value)


def _body(statements: Any) -> Any:
    """The statements of a body without texts that stand alone."""
    if not isinstance(statements, list):
        return statements
    return [one for one in statements if not _is_text(one)]


def _is_text(statement: Any) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
