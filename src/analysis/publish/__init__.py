"""The only way from a computation to a reader.

A notebook calls :func:`finding`, :func:`figure`, :func:`map`, :func:`table` and
:func:`download`; each leaves one output in the notebook that carries
everything a page needs (see :mod:`analysis.publish.payload`), so an executed
notebook is complete without the kernel that ran it. Names are resolved on first
use, so that the command line can name this package without loading pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.publish.downloads import download
    from analysis.publish.exhibits import figure, map
    from analysis.publish.findings import Finding, estimate, finding
    from analysis.publish.measures import Measure
    from analysis.publish.payload import Published, published
    from analysis.publish.previews import preview
    from analysis.publish.proven import proven
    from analysis.publish.tables import Column, table

__all__ = [
    "Column",
    "Finding",
    "Measure",
    "Published",
    "download",
    "estimate",
    "figure",
    "finding",
    "map",
    "preview",
    "proven",
    "published",
    "table",
]

_HOMES = {
    "Column": "tables",
    "Finding": "findings",
    "Measure": "measures",
    "Published": "payload",
    "download": "downloads",
    "estimate": "findings",
    "figure": "exhibits",
    "finding": "findings",
    "map": "exhibits",
    "preview": "previews",
    "proven": "proven",
    "published": "payload",
    "table": "tables",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'analysis.publish' has no attribute {name!r}")
    return getattr(import_module(f"analysis.publish.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
