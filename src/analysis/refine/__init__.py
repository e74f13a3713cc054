"""From raw bytes to typed, validated, documented tables; ``load`` gives one of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "accounting": "analysis.refine.tallying",
    "available": "analysis.refine.availability",
    "catalogue": "analysis.refine.audits",
    "conservation": "analysis.refine.audits",
    "dictionary": "analysis.refine.registry",
    "holdings": "analysis.refine.inventory",
    "lineage": "analysis.refine.registry",
    "load": "analysis.refine.loading",
    "median_bounds": "analysis.refine.audits",
    "missing_datasets": "analysis.refine.availability",
    "papers": "analysis.refine.audits",
    "quality": "analysis.refine.grading",
    "recency": "analysis.refine.audits",
    "refine_tables": "analysis.refine.building",
    "regraded": "analysis.refine.audits",
    "tables": "analysis.refine.registry",
    "vintage_trap": "analysis.refine.audits",
}

__all__ = [
    "accounting",
    "available",
    "catalogue",
    "conservation",
    "dictionary",
    "holdings",
    "lineage",
    "load",
    "median_bounds",
    "missing_datasets",
    "papers",
    "quality",
    "recency",
    "refine_tables",
    "regraded",
    "tables",
    "vintage_trap",
]


def __getattr__(name: str) -> Any:
    # On first use, so that the command line can name the tables' module without pandas.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'analysis.refine' has no attribute {name!r}")
