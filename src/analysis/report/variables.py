"""Which variables a piece of code reads from outside, and which it makes or changes, by reading the code alone."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

# Methods that change the object they are called on and are not called for what they return.
_CHANGING = frozenset(
    {"append", "extend", "insert", "update", "add", "pop", "remove", "clear", "setdefault", "sort", "discard"}
)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class Uses:
    """Names that code reads before it makes them itself, and names it makes or changes."""

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)


def uses(tree: ast.Module) -> Uses:
    """What a cell reads and writes at its top level.

    A function reads what its body reads, at the place of its definition. ``frame["x"] = 1``, ``frame.x = 1`` and
    ``rows.append(1)`` change ``frame`` and ``rows``.

    >>> found = uses(ast.parse("b = a + 1\\nfor c in b: d[c] = c\\ndef f(e): return e + g"))
    >>> sorted(found.reads), sorted(found.writes)
    (['a', 'd', 'g'], ['b', 'c', 'd', 'f'])
    """
    found, made = Uses(), set[str]()
    _run(tree.body, found, made)
    found.writes |= made
    return found


def _run(body: Iterable[ast.stmt], found: Uses, made: set[str]) -> None:
    """Follow statements in order; ``made`` holds the names bound so far."""
    for statement in body:
        if isinstance(statement, ast.For | ast.AsyncFor):
            _read(statement.iter, found, made)
            _bind(statement.target, found, made)
        elif isinstance(statement, ast.With | ast.AsyncWith):
            for item in statement.items:
                _read(item.context_expr, found, made)
                _bind(item.optional_vars, found, made)
        elif isinstance(statement, ast.Assign):
            _read(statement.value, found, made)
            for target in statement.targets:
                _bind(target, found, made)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            made.add(statement.name)  # it may call itself
            _read(statement, found, made)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            made |= {(name.asname or name.name).split(".")[0] for name in statement.names}
        else:
            _other(statement, found, made)
        for block in ("body", "orelse", "finalbody"):
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                _run(getattr(statement, block, []), found, made)
        for handler in getattr(statement, "handlers", []):
            _run(handler.body, found, made)


def _other(statement: ast.stmt, found: Uses, made: set[str]) -> None:
    """A statement that is read before it binds: an expression, an addition in place, a condition."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.expr) and not (isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)):
            _read(child, found, made)
    target = getattr(statement, "target", None)
    if isinstance(statement, ast.AugAssign) and isinstance(target, ast.Name) and target.id not in made:
        found.reads.add(target.id)
    if target is not None:
        _bind(target, found, made)


def _bind(target: ast.expr | None, found: Uses, made: set[str]) -> None:
    """Names a target binds, and names whose object it changes."""
    if target is None:
        return
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            made.add(node.id)
    if not isinstance(target, ast.Name):
        _read(target, found, made)
        for node in ast.walk(target):
            if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.writes |= _owner(node)


def _owner(node: ast.expr) -> set[str]:
    """The variable whose object a subscript or attribute belongs to."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _read(node: ast.AST, found: Uses, made: set[str]) -> None:
    """Names that are read in ``node`` and bound neither there nor before."""
    inner = {argument.arg for part in ast.walk(node) if isinstance(part, _SCOPES) for argument in _arguments(part)}
    inner |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id not in {*inner, *made}:
            found.reads.add(part.id)
        if isinstance(part, ast.NamedExpr):
            made.add(part.target.id)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in _CHANGING:
            found.writes |= _owner(part.func) - inner


def _arguments(scope: ast.AST) -> Iterable[ast.arg]:
    return (node for node in ast.walk(getattr(scope, "args", scope)) if isinstance(node, ast.arg))
