"""Building reports: what is stale, on a few workers, longest first; a failure stops nothing but itself."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from analysis.project import AnalysisError, Project
from analysis.report import ledger
from analysis.report.crew import Crew
from analysis.report.editions import Edition, planned
from analysis.report.execution import Failure, RunFailed, execute, places, read_record
from analysis.report.fingerprint import Now
from analysis.report.issuing import issue
from analysis.report.portfolio import write_portfolio
from analysis.report.progress import Teller, duration, telling
from analysis.report.staleness import Judge, Verdict, judged
from analysis.report.storage import put_json, sole_builder, sweep
from analysis.report.summary import read_summary
from analysis.report.surroundings import Surroundings, surroundings

UNKNOWN = 30.0
"""Seconds a report is taken to need that was never timed: long, so that it begins early."""


@dataclass(frozen=True)
class Job:
    """One report to make: run and print, or print only."""

    project: Project
    source: str
    edition: Edition
    run: bool
    strict: bool
    around: Surroundings


@dataclass(frozen=True)
class Outcome:
    """What became of one report. ``action`` is fresh, printed, built or failed; ``seconds`` are by task."""

    name: str
    action: str
    why: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
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


def build(
    project: Project,
    source: str,
    editions: Sequence[Edition],
    *,
    jobs: int = 2,
    strict: bool = False,
    crew: Crew | None = None,
) -> list[Outcome]:
    """Make the given reports where they are stale, then the index of all reports and the ledger.

    A ``crew`` works instead of ``jobs`` workers of this machine.

    Raises AnalysisError when another build holds the folder. A report that fails is an outcome, not an error; its
    last good page stays in place.
    """
    folder = project.reports(source)
    with sole_builder(folder):
        sweep(folder)
        verdicts = judged(project, source, editions)
        around = surroundings(project, Now())
        wanted = [
            Job(
                project,
                source,
                edition,
                bool(verdicts[edition.name].run) or _unrun(project, source, edition),
                strict,
                around,
            )
            for edition in editions
            if not verdicts[edition.name].fresh
        ]
        outcomes = {e.name: Outcome(e.name, "fresh") for e in editions if verdicts[e.name].fresh}
        for outcome in _carry_out(wanted, jobs, ledger.remembered_seconds(folder / "ledger.db"), verdicts, crew):
            outcomes[outcome.name] = outcome
        _account(project, source, outcomes)
    return [outcomes[edition.name] for edition in editions]


def _unrun(project: Project, source: str, edition: Edition) -> bool:
    return read_record(places(project, source, edition.name)) is None


def _account(project: Project, source: str, outcomes: Mapping[str, Outcome]) -> None:
    """Bring ledger and index up to what is in place, of this build and of others."""
    everything = planned(project, source)
    entries = []
    for edition in everything:
        place = places(project, source, edition.name)
        summary, record = read_summary(place.summary), read_record(place)
        if summary and record and place.page.is_file():
            outcome = outcomes.get(edition.name)
            error = str(outcome.failure) if outcome and outcome.failure else None
            entries.append(ledger.Entry(summary, record, dict(outcome.seconds) if outcome else {}, error))
    ledger.enter(project.reports(source) / "ledger.db", entries)
    write_portfolio(project, source, everything, judged(project, source, everything))


def make(job: Job) -> Outcome:
    """Make one report; the work of one worker. Failures are written down beside the last good run."""
    begun = time.perf_counter()
    seconds: dict[str, float] = {}
    place = places(job.project, job.source, job.edition.name)
    try:
        if job.run:
            record = execute(job.project, job.source, job.edition, job.around)
            seconds["run"] = time.perf_counter() - begun
        else:
            kept = read_record(place)
            if kept is None:
                raise AnalysisError(f"{job.edition.name}: the executed notebook vanished while it was to be printed")
            record = kept
        begun = time.perf_counter()
        summary = issue(job.project, job.source, record, strict=job.strict)
        seconds["print"] = time.perf_counter() - begun
    except AnalysisError as error:
        failure = error.failure if isinstance(error, RunFailed) else Failure(job.edition.notebook, None, "", str(error))
        put_json(place.failure, asdict(failure))
        return Outcome(job.edition.name, "failed", seconds=seconds, failure=failure)
    return Outcome(job.edition.name, "built" if job.run else "printed", seconds=seconds, remarks=summary.length.remarks)


def _carry_out(
    wanted: Sequence[Job],
    jobs: int,
    remembered: Mapping[str, float],
    verdicts: Mapping[str, Verdict],
    crew: Crew | None,
) -> Iterator[Outcome]:
    """The outcome of every job, as they end; one job runs here, several on workers."""
    weights = {job.edition.name: remembered.get(job.edition.name, UNKNOWN) if job.run else 1.0 for job in wanted}
    longest = sorted(wanted, key=lambda job: (-weights[job.edition.name], job.edition.name))
    if not longest:
        return
    with telling("Building", sum(weights.values()), timed=True) as teller:
        workers = min(jobs, len(longest))
        if crew is not None:
            done = _by_crew(longest, crew, teller, weights)
        else:
            done = _here(longest, teller, weights) if workers <= 1 else _on_workers(longest, workers, teller, weights)
        for outcome in done:
            teller.ended(outcome.name, weights[outcome.name], outcome.line)
            yield outcome


def _here(jobs: Sequence[Job], teller: Teller, weights: Mapping[str, float]) -> Iterator[Outcome]:
    for job in jobs:
        teller.began(job.edition.name, weights[job.edition.name])
        yield make(job)


def _by_crew(jobs: Sequence[Job], crew: Crew, teller: Teller, weights: Mapping[str, float]) -> Iterator[Outcome]:
    waiting, under_way = list(jobs), set[Future[Outcome]]()
    while waiting or under_way:
        while waiting and len(under_way) < crew.size:
            job = waiting.pop(0)
            teller.began(job.edition.name, weights[job.edition.name])
            under_way.add(crew.submit(job))
        done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()


def _on_workers(jobs: Sequence[Job], workers: int, teller: Teller, weights: Mapping[str, float]) -> Iterator[Outcome]:
    waiting = list(jobs)
    while waiting:
        suspects: list[Job] = []
        with _pool(workers) as pool:
            under_way: dict[Future[Outcome], Job] = {}
            while (waiting or under_way) and not suspects:
                while waiting and len(under_way) < workers:
                    job = waiting.pop(0)
                    teller.began(job.edition.name, weights[job.edition.name])
                    under_way[pool.submit(make, job)] = job
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    job = under_way.pop(future)
                    if isinstance(future.exception(), BrokenProcessPool):
                        suspects.append(job)
                    else:
                        yield future.result()
            suspects += under_way.values()
        # One worker died and took its pool along, so each report that was under way gets a worker to itself.
        for job in suspects:
            yield _alone(job)


def _alone(job: Job) -> Outcome:
    with _pool(1) as pool:
        try:
            return pool.submit(make, job).result()
        except BrokenProcessPool:
            failure = Failure(job.edition.notebook, None, "", "its worker was killed, most often for want of memory")
    put_json(places(job.project, job.source, job.edition.name).failure, asdict(failure))
    return Outcome(job.edition.name, "failed", failure=failure)


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")  # nothing of this process, no lock and no thread, in the workers
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent, initargs=(os.getpid(),))
    try:
        yield pool
    except BaseException:
        for worker in multiprocessing.active_children():
            worker.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _end_with_parent(parent: int) -> None:
    """A worker whose build was killed must not go on writing beside the next one."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def status(project: Project, source: str) -> dict[str, Verdict]:
    """The verdict on every report there is or should be, by name."""
    return judged(project, source, planned(project, source))


__all__ = ["Job", "Judge", "Outcome", "build", "make", "status"]
