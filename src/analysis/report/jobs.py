"""The work of one worker: a report is run and printed, or only printed, and what became of it is told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.project import AnalysisError, Project
from analysis.report.editions import Edition
from analysis.report.execution import Failure, RunFailed, execute, places, read_record
from analysis.report.issuing import issue
from analysis.report.past import NO_PAST, Past
from analysis.report.progress import duration
from analysis.report.storage import put_json
from analysis.report.surroundings import Surroundings


@dataclass(frozen=True)
class Job:
    """One report to make: run and print, or print only; ``past`` are the editions its page is compared with."""

    project: Project
    source: str
    edition: Edition
    run: bool
    strict: bool
    around: Surroundings
    past: Past = NO_PAST


@dataclass(frozen=True)
class Outcome:
    """What became of one report. ``action`` is fresh, printed, built, failed or planned.

    ``seconds`` are by task (run, print), ``cells`` those of the run that were inside cells; ``megabytes`` is the most
    memory the kernel held, ``cold`` names modules that no warm process had imported before.
    """

    name: str
    action: str
    why: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    cells: float = 0.0
    megabytes: float | None = None
    cold: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    failure: Failure | None = None

    @property
    def line(self) -> str:
        """The outcome as one line, remarks on lines of their own."""
        taken = duration(sum(self.seconds.values()))
        what = f"{self.name}  {self.action}" + (f" in {taken}" if self.seconds else "")
        if self.failure:
            return f"{self.name}  failed\n  {self.failure}"
        return "\n".join([what, *(f"  warning: {remark}" for remark in self.remarks)])


def make(job: Job) -> Outcome:
    """Make one report. Failures are written down beside the last good run."""
    begun = time.perf_counter()
    seconds: dict[str, float] = {}
    place = places(job.project, job.source, job.edition.name)
    cells, megabytes, cold = 0.0, None, tuple[str, ...]()
    try:
        if job.run:
            ran = execute(job.project, job.source, job.edition, job.around)
            record, cells, megabytes, cold = ran.record, ran.cells, ran.megabytes, ran.cold
            seconds["run"] = time.perf_counter() - begun
        else:
            kept = read_record(place)
            if kept is None:
                raise AnalysisError(f"{job.edition.name}: the executed notebook vanished while it was to be printed")
            record = kept
        begun = time.perf_counter()
        summary = issue(job.project, job.source, record, strict=job.strict, past=job.past)
        seconds["print"] = time.perf_counter() - begun
    except AnalysisError as error:
        failure = error.failure if isinstance(error, RunFailed) else Failure(job.edition.notebook, None, "", str(error))
        return failed(job, failure, seconds)
    return Outcome(
        job.edition.name,
        "built" if job.run else "printed",
        seconds=seconds,
        cells=cells,
        megabytes=megabytes,
        cold=cold,
        remarks=summary.length.remarks,
    )


def failed(job: Job, failure: Failure, seconds: Mapping[str, float] | None = None) -> Outcome:
    """The outcome of a job that failed, written down beside its last good run."""
    put_json(places(job.project, job.source, job.edition.name).failure, failure)
    return Outcome(job.edition.name, "failed", seconds=seconds or {}, failure=failure)
