"""Importing the Jupyter stack without what no build uses of it, which would take longer than everything else in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

_GRAMMARS = "rfc3987_syntax"
"""Compiles the grammars of internationalized resource identifiers when it is imported, for most of a second."""

BUILDING = ("nbformat", "papermill", "analysis.report.engine", "analysis.report.warm.client", "asyncio")
"""What every worker of a build needs: imported once, before there are any."""


def import_for_building() -> None:
    """Import what runs notebooks."""
    with without_grammars():
        for module in BUILDING:
            import_module(module)


@contextmanager
def without_grammars() -> Iterator[None]:
    """While it is open, jsonschema does without its optional check of identifiers.

    nbformat brings jsonschema, which takes every optional checker that is installed, and JupyterLab installs them all;
    the schema of notebooks asks for none. Where the grammars are loaded already, nothing happens.

    >>> with without_grammars():
    ...     import jsonschema
    >>> "rfc3987_syntax" in sys.modules and sys.modules["rfc3987_syntax"] is None
    False
    """
    hidden = _GRAMMARS not in sys.modules
    if hidden:
        sys.modules[_GRAMMARS] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules[_GRAMMARS]
