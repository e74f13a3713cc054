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

    ``held`` is the date of the edition that stays in place, None when there is
    none; ``tries`` is how often the address was asked.
    """

    def __init__(self, dataset: str, address: str, reason: str, advice: str, tries: int = 0) -> None:
        super().__init__(reason)
        self.dataset = dataset
        self.address = address
        self.reason = reason
        self.advice = advice
        self.tries = tries
        self.held: str | None = None

    @property
    def kept(self) -> str:
        """What remains on the disk, in words."""
        return f"the edition of {self.held[:10]} stays in place" if self.held else "nothing was landed"

    def __str__(self) -> str:
        asked = f" (asked {self.tries} times)" if self.tries > 1 else ""
        return f"{self.dataset}: {self.reason}{asked}\n  address: {self.address}\n  {self.kept}; {self.advice}"


class FetchFailures(AnalysisError):
    """Several datasets were asked for and some failed; the others have landed."""

    def __init__(self, errors: Mapping[str, AnalysisError], manifests: Sequence[Manifest]) -> None:
        self.errors = dict(errors)
        self.manifests = tuple(manifests)
        total = len(self.errors) + len(self.manifests)
        told = "\n".join(_together([self.errors[name] for name in sorted(self.errors)]))
        super().__init__(f"{len(self.errors)} of {total} datasets could not be fetched:\n{told}")


def _together(errors: Sequence[AnalysisError]) -> list[str]:
    """One paragraph an error; datasets that failed alike (no network, for instance) share one."""
    alike: dict[tuple[str, ...], list[FetchError]] = {}
    paragraphs = []
    for error in errors:
        if isinstance(error, FetchError):
            alike.setdefault((error.reason, error.kept, error.advice), []).append(error)
        else:
            paragraphs.append(str(error))
    for (reason, kept, advice), group in alike.items():
        if len(group) == 1:
            paragraphs.append(str(group[0]))
            continue
        lines = [f"  {error.dataset}: {error.address}" for error in group]
        paragraphs.append("\n".join([f"{len(group)} datasets: {reason}", *lines, f"  {kept}; {advice}"]))
    return paragraphs


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
