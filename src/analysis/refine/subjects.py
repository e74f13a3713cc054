"""Which modules make tables, and which code decides what is in them; told without importing any of it."""

from __future__ import annotations

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from analysis.project import AnalysisError

SUBJECTS = (
    "businesses",
    "census_tracts",
    "citations",
    "covid",
    "covid_community",
    "covid_places",
    "crosswalk",
    "economy",
    "geographies",
    "homelessness",
    "merchants",
    "prices",
    "service_requests",
)
"""The modules of this package that declare ``TABLES``; a new subject is one more name."""

_CONTENT = ("analysis.refine.", "analysis.methods.")
# These modules write, find and describe tables; what is in a table does not depend on them.
_NOT_CONTENT = ("analysis.refine.storage", "analysis.refine.registry", "analysis.refine.period_hashes")


@cache
def module_file(module: str) -> Path:
    """The file of a module. Raises AnalysisError where it has none."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise AnalysisError(f"module {module} has no file: is the package installed whole?")
    return Path(spec.origin)


@cache
def code_modules(module: str) -> tuple[str, ...]:
    """The modules of refine and methods that ``module`` imports, directly or through others, itself included.

    >>> "analysis.refine.parsing" in code_modules("analysis.refine.covid")
    True
    """
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting += _imported(name)
    return tuple(sorted(found - set(_NOT_CONTENT)))


@cache
def _imported(module: str) -> tuple[str, ...]:
    nodes = ast.walk(ast.parse(module_file(module).read_text(encoding="utf-8")))
    froms = [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
    return tuple(name for name in froms if name.startswith(_CONTENT))
