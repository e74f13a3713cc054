"""Who makes the reports: workers of this machine, or of others, behind one interface."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from analysis.report.build import Job, Outcome


class Crew(Protocol):
    """Workers that make reports. What they make lies in place when the future is done."""

    size: int
    """How many jobs it works on at once."""

    def submit(self, job: Job) -> Future[Outcome]:
        """Begin one report; a report that fails is an outcome, not an error."""

    def close(self) -> None:
        """Let the workers go."""
