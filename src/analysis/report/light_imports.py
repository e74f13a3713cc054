"""Importing the Jupyter stack without what no build uses of it, which would take longer than everything else in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

_UNUSED = ("rfc3987_syntax", "boto3", "gcsfs", "pyarrow", "azure", "github")
"""Optional for jsonschema (a compiler of grammars, most of a second) and papermill (notebooks in cloud storage)."""

BUILDING = ("nbformat", "papermill", "analysis.report.engine", "analysis.report.warm.client", "asyncio")
"""What every worker of a build needs: imported once, before there are any."""


def import_for_building() -> None:
    """Import what runs notebooks."""
    with without_unused():
        for module in BUILDING:
            import_module(module)


@contextmanager
def without_unused() -> Iterator[None]:
    """While it is open, the stack is imported as if what it can do without were not installed.

    nbformat brings jsonschema, which takes every optional checker that is installed, and JupyterLab installs them all;
    the schema of notebooks asks for none. papermill would read notebooks from every cloud. What is loaded already
    stays as it is.

    >>> with without_unused():
    ...     import jsonschema
    >>> [name for name in _UNUSED if name in sys.modules and sys.modules[name] is None]
    []
    """
    hidden = [name for name in _UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
