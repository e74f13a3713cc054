"""From raw bytes to typed, validated, documented tables; ``load`` gives one of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "accounting": "analysis.refine.tallying",
    "dictionary": "analysis.refine.registry",
    "holdings": "analysis.refine.inventory",
    "lineage": "analysis.refine.registry",
    "load": "analysis.refine.loading",
    "quality": "analysis.refine.grading",
    "refine_tables": "analysis.refine.building",
    "tables": "analysis.refine.registry",
}

__all__ = [
    "accounting",
    "dictionary",
    "holdings",
    "lineage",
    "load",
    "quality",
    "refine_tables",
    "tables",
]


def __getattr__(name: str) -> Any:
    # On first use, so that the command line can name the tables' module without pandas.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'analysis.refine' has no attribute {name!r}")
