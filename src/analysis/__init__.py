"""City whitepapers that prove their numbers.

A notebook needs two lines::

    from analysis import load, publish
    from analysis.methods import neighborhood_change

``load`` gives a refined table, ``publish`` is the only way to a reader.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis import publish
    from analysis.refine import load

__all__ = ["load", "publish"]


def __getattr__(name: str) -> Any:
    # Imported on first use: the command line must answer --help before pandas has loaded.
    if name == "load":
        return import_module("analysis.refine").load
    if name == "publish":
        return import_module("analysis.publish")
    raise AttributeError(f"module 'analysis' has no attribute {name!r}")
