"""How a fetch goes wrong, and what each way is told.

``Unusable`` is an answer that may be better next time; ``FetchError`` is final.
Both carry only text that has been cleared of keys and passwords.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.project import AnalysisError
from analysis.sources.manifest import Manifest


class FetchError(AnalysisError):
    """A dataset could not be fetched; says dataset, address, what happened and what to do.

    ``held`` is the date of the edition that stays in place, None when there is none.
    """

    def __init__(self, dataset: str, address: str, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.dataset = dataset
        self.address = address
        self.reason = reason
        self.advice = advice
        self.held: str | None = None

    def __str__(self) -> str:
        kept = f"the edition of {self.held[:10]} stays in place" if self.held else "nothing was landed"
        return f"{self.dataset}: {self.reason}\n  address: {self.address}\n  {kept}; {self.advice}"


class FetchFailures(AnalysisError):
    """Several datasets were asked for and some failed; the others have landed."""

    def __init__(self, errors: Mapping[str, AnalysisError], manifests: Sequence[Manifest]) -> None:
        self.errors = dict(errors)
        self.manifests = tuple(manifests)
        lines = "\n".join(str(error) for _, error in sorted(self.errors.items()))
        super().__init__(
            f"{len(self.errors)} of {len(self.errors) + len(self.manifests)} datasets could not be fetched:\n{lines}"
        )


class Unusable(Exception):
    """An answer that cannot be used now. ``wait`` is the publisher's own word on when to ask again.

    ``kind`` is ``passing`` (throttled, broken off, in maintenance), ``shape`` (other
    columns or types than promised) or ``unreachable`` (no connection at all).
    """

    def __init__(self, reason: str, kind: str = "passing", wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind
        self.wait = wait


class Refused(Exception):
    """An answer that will not get better by asking again: wrong address, wrong query, no permission."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice


class Moved(Exception):
    """The rows changed place while they were read; the reading must start again."""
