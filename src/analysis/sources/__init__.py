"""From a publisher's address to verified bytes in ``data/raw``.

One connector a protocol; every one of them lands its bytes through ``manifest.land``,
so a fetch that is killed or goes wrong leaves the edition that was there.
"""

from analysis.sources.manifest import Manifest, NewPart, Part, has_edition, land, read_manifest

__all__ = ["Manifest", "NewPart", "Part", "has_edition", "land", "read_manifest"]
