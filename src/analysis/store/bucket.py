"""One folder of object storage, by the URL of any fsspec file system."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.store.blobs import Blob, BlobFolder


class Bucket:
    """Placeholder."""

    def __init__(self, url: str) -> None:
        self.url = url

    def fetch_into(self, blobs: BlobFolder, wanted: Iterable[Blob]) -> None:
        """Placeholder."""
