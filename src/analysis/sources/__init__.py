"""From a publisher's address to verified bytes in ``data/raw``.

One connector a protocol; every one of them lands its bytes through ``manifest.landing``,
so a fetch that is killed or goes wrong leaves the edition that was there.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from analysis.sources.manifest import Edition, Manifest, NewPart, Part, has_edition, land, landing, read_manifest

if TYPE_CHECKING:
    from analysis.sources.errors import FetchError, FetchFailures
    from analysis.sources.fetching import fetch, fetch_all
    from analysis.sources.reading import read_raw
    from analysis.sources.transport import Patience, Web

__all__ = [
    "Edition",
    "FetchError",
    "FetchFailures",
    "Manifest",
    "NewPart",
    "Part",
    "Patience",
    "Web",
    "fetch",
    "fetch_all",
    "has_edition",
    "land",
    "landing",
    "read_manifest",
    "read_raw",
]

_HOMES = {
    "FetchError": "errors",
    "FetchFailures": "errors",
    "Patience": "transport",
    "Web": "transport",
    "fetch": "fetching",
    "fetch_all": "fetching",
    "read_raw": "reading",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: writing the sample needs no HTTP client, fetching needs no pandas.
    if name in _HOMES:
        return getattr(import_module(f"analysis.sources.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'analysis.sources' has no attribute {name!r}")
