"""How a fetch tells where it is. The command line draws bars from this; notebooks and tests stay silent."""

from __future__ import annotations

from typing import Protocol

from analysis.sources.manifest import Manifest


class Progress(Protocol):
    """What a fetch reports. The methods are called from worker threads."""

    def started(self, dataset: str) -> None:
        """A dataset is being asked for."""

    def advanced(self, dataset: str, done: int, total: int | None, unit: str) -> None:
        """``done`` of ``total`` (None when unknown), in ``rows``, ``chunks`` or ``bytes``."""

    def retrying(self, dataset: str, reason: str, seconds: float | None) -> None:
        """An answer was unusable and will be asked for again; ``seconds`` is the publisher's wish."""

    def finished(self, dataset: str, manifest: Manifest | None, error: str | None) -> None:
        """The dataset has landed, or the error says why not."""


class Silent:
    """Reports nothing."""

    def started(self, dataset: str) -> None:
        """Nothing."""

    def advanced(self, dataset: str, done: int, total: int | None, unit: str) -> None:
        """Nothing."""

    def retrying(self, dataset: str, reason: str, seconds: float | None) -> None:
        """Nothing."""

    def finished(self, dataset: str, manifest: Manifest | None, error: str | None) -> None:
        """Nothing."""
