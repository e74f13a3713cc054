"""Building reports: data are laid, notebooks run and pages printed as one graph, and only where something is stale."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from analysis.project import AnalysisError, Project
from analysis.refine.holding import held
from analysis.report import groundwork, ledger
from analysis.report.crew import Alone, Crew, LocalCrew
from analysis.report.editions import Edition, planned
from analysis.report.execution import places, read_record
from analysis.report.fingerprint import Now
from analysis.report.graph import Done, Task, carried_out
from analysis.report.jobs import Job, Outcome, make
from analysis.report.kernel_environment import bare_environment, loaded_tables
from analysis.report.portfolio import write_portfolio
from analysis.report.progress import Teller, telling
from analysis.report.staleness import Judge, Verdict, judged
from analysis.report.storage import sole_builder, sweep
from analysis.report.summary import read_summary
from analysis.report.surroundings import Surroundings, surroundings
from analysis.report.warm import service
from analysis.report.warm.service import Zygote
from analysis.report.warmth import learn, warmed_up

UNKNOWN = 30.0
"""Seconds a report is taken to need that was never timed: long, so that it begins early."""

SAMPLE = "the invented city"


@dataclass(frozen=True)
class Orders:
    """How a build is to go about it.

    ``jobs`` are worked on at once; ``strict`` makes missed limits of length, grade and structure errors; ``lay`` makes
    sample and tables first where they are stale; ``keep_going`` goes on after a failure; ``crew`` makes the workers
    where they are not to be of this machine.
    """

    jobs: int = 2
    strict: bool = False
    lay: bool = False
    keep_going: bool = True
    crew: Callable[[int], Crew] | None = None


@dataclass(frozen=True)
class Effort:
    """What a build cost: seconds from start to end, those while reports were made, and how many workers there were."""

    outcomes: tuple[Outcome, ...]
    wall: float
    reporting: float
    workers: int


def build(
    project: Project,
    source: str,
    editions: Sequence[Edition],
    *,
    jobs: int = 2,
    strict: bool = False,
    orders: Orders | None = None,
) -> list[Outcome]:
    """Make the given reports where they are stale, then the index of all reports and the ledger.

    Raises AnalysisError when another build holds the folder. A report that fails is an outcome, not an error; its
    last good page stays in place.
    """
    return list(built(project, source, editions, orders or Orders(jobs, strict)).outcomes)


def built(project: Project, source: str, editions: Sequence[Edition], orders: Orders) -> Effort:
    """:func:`build`, with what it cost."""
    begun = time.perf_counter()
    groundwork.check_fetched(project, source)
    with ExitStack() as stack:
        judge = Judge(project, source)
        # Without a table to lay, a report that is fresh now stays so: nobody has to be warmed up or hired for it.
        verdicts = {} if orders.lay else judged(project, source, editions, judge)
        wanted = [edition for edition in editions if edition.name not in verdicts or not verdicts[edition.name].fresh]
        zygote = warmed_up(project, source, {edition.notebook for edition in wanted}) if wanted else None
        stack.callback(service.forget)
        crew = stack.enter_context(closing(_crew(orders, len(wanted))))
        stack.enter_context(sole_builder(project.reports(source)))
        sweep(project.reports(source))
        site = _Site(project, source, orders, zygote, crew, judge, stack)
        outcomes = {name: Outcome(name, "fresh") for name, verdict in verdicts.items() if verdict.fresh}
        outcomes |= {outcome.name: outcome for outcome in site.carry_out(wanted)}
        _account(project, source, outcomes, site.timings)
        notebooks = {edition.name: edition.notebook for edition in editions}
        cold = [(notebooks[outcome.name], outcome.cold) for outcome in outcomes.values() if outcome.cold]
        if zygote is not None and cold:
            learn(project, source, zygote, cold)
    ordered = tuple(outcomes[edition.name] for edition in editions if edition.name in outcomes)
    return Effort(ordered, time.perf_counter() - begun, site.reporting, crew.size)


def _crew(orders: Orders, reports: int) -> Crew:
    workers = min(orders.jobs, reports)
    if orders.crew is not None and reports:
        return orders.crew(orders.jobs)
    return LocalCrew(workers) if workers > 1 else Alone()


class _Site:
    """One build under way."""

    def __init__(
        self,
        project: Project,
        source: str,
        orders: Orders,
        zygote: Zygote | None,
        crew: Crew,
        judge: Judge,
        stack: ExitStack,
    ) -> None:
        self._project, self._source, self._orders = project, source, orders
        self._zygote, self._crew, self._judge, self._stack = zygote, crew, judge, stack
        self._remembered = ledger.remembered_seconds(project.reports(source) / "ledger.db")
        self._around: Surroundings | None = None
        self._reports_begun: float | None = None
        self._folder, self._tables_left = stack.enter_context(ExitStack()), 0
        self.reporting = 0.0
        self.timings: dict[str, float] = {}

    def carry_out(self, editions: Sequence[Edition]) -> Iterator[Outcome]:
        """Lay the ground and make the reports; gives the outcome of each report as it ends."""
        ground = self._ground() if self._orders.lay and editions else []
        tables = frozenset(task.name for task in ground)
        tasks = [*ground, *(self._report(edition, tables) for edition in editions)]
        if not tasks:
            return
        names = {edition.name for edition in editions}
        with telling("Building", sum(task.weight for task in tasks), timed=True) as teller:
            workers = max(1, self._crew.size)
            began = partial(_tell_begin, teller)
            for done in carried_out(tasks, workers, began, keep_going=self._orders.keep_going):
                if done.task.name in names:
                    if done.error is not None:
                        raise done.error
                    outcome: Outcome = done.result
                    teller.ended(done.task.name, done.task.weight, outcome.line if outcome.action != "fresh" else "")
                    yield outcome
                else:
                    self._laid(done, teller)
        if self._reports_begun is not None:
            self.reporting = time.perf_counter() - self._reports_begun

    def _ground(self) -> list[Task]:
        """Tasks that make the sample and the tables; without a warm process they are done here and now."""
        if self._zygote is None:
            for error in groundwork.lay(self._project, self._source):
                print(f"warning: {error}", flush=True)
            return []
        found = groundwork.Ground(**self._called("survey", source=self._source).result())
        if not (found.sample or found.tables):
            return []
        first = frozenset({SAMPLE}) if found.sample else frozenset()
        # Tables are built side by side, so the build holds their folder for all of them until the last is done.
        self._folder.enter_context(held(self._project.processed(self._source)))
        self._tables_left = len(found.tables)
        made = [Task(SAMPLE, partial(self._called, "made"), 4.0)] if found.sample else []
        return made + [
            Task(
                f"table {name}",
                partial(self._called, "refined", source=self._source, table=name),
                self._remembered.get(f"table {name}", 0.3),
                first | {f"table {need}" for need in found.tables[name]},
            )
            for name in found.tables
        ]

    def _called(self, function: str, **arguments: Any) -> Future[Any]:
        """Start a function of :mod:`analysis.report.groundwork` in a fork of the warm process."""
        assert self._zygote is not None
        folder, environment = str(self._project.root), bare_environment(os.environ, "")
        call = partial(self._zygote.call, f"{groundwork.__name__}:{function}", environment, folder)
        return self._callers().submit(call, root=folder, **arguments)

    @cache  # noqa: B019 - a site lives as long as its build
    def _callers(self) -> ThreadPoolExecutor:
        # Threads only wait for forks; they start after the workers were forked.
        return self._stack.enter_context(ThreadPoolExecutor(self._orders.jobs, "caller"))

    def _report(self, edition: Edition, tables: frozenset[str]) -> Task:
        weight = self._remembered.get(edition.name, UNKNOWN)
        return Task(edition.name, partial(self._begun, edition), weight, self._needs(edition, tables))

    def _needs(self, edition: Edition, tables: frozenset[str]) -> frozenset[str]:
        """Tables to be built before a report: those it names in calls of load, all where that cannot be told."""
        if not tables:
            return tables
        try:
            named = loaded_tables(cell.source for cell in self._judge.notebook(edition.notebook).code)
        except AnalysisError:
            return frozenset()
        return tables if named is None else tables & {SAMPLE, *(f"table {name}" for name in named)}

    def _begun(self, edition: Edition) -> Future[Outcome] | Outcome:
        verdict = judged(self._project, self._source, [edition], self._judge)[edition.name]
        if verdict.fresh:
            return Outcome(edition.name, "fresh")
        if self._around is None:
            self._around = surroundings(self._project, Now())
        if self._reports_begun is None:
            self._reports_begun = time.perf_counter()
        run = bool(verdict.run) or read_record(places(self._project, self._source, edition.name)) is None
        job = Job(self._project, self._source, edition, run, self._orders.strict, self._around)
        return self._crew.submit(job)

    def _laid(self, done: Done, teller: Teller) -> None:
        line, seconds = done.result if done.error is None and done.result else ("", 0.0)
        if done.error is not None:
            line = f"warning: {done.error}"
        if seconds:
            self.timings[done.task.name] = seconds
        teller.ended(done.task.name, done.task.weight, line)
        if done.task.name != SAMPLE:
            self._tables_left -= 1
            if not self._tables_left:
                self._folder.close()  # a notebook that asks for a table nobody foresaw builds it itself


def _tell_begin(teller: Teller, task: Task) -> None:
    teller.began(task.name, task.weight)


def _account(project: Project, source: str, outcomes: Mapping[str, Outcome], timings: Mapping[str, float]) -> None:
    """Bring ledger and index up to what is in place, of this build and of others."""
    everything = planned(project, source)
    entries = []
    for edition in everything:
        place = places(project, source, edition.name)
        summary, record = read_summary(place.summary), read_record(place)
        if summary and record and place.page.is_file():
            outcome = outcomes.get(edition.name, Outcome(edition.name, "fresh"))
            error = str(outcome.failure) if outcome.failure else None
            entries.append(ledger.Entry(summary, record, dict(outcome.seconds), error, outcome.megabytes))
    ledger.enter(project.reports(source) / "ledger.db", entries, timings=timings)
    write_portfolio(project, source, everything, judged(project, source, everything))


def status(project: Project, source: str) -> dict[str, Verdict]:
    """The verdict on every report there is or should be, by name."""
    return judged(project, source, planned(project, source))


__all__ = ["Effort", "Job", "Judge", "Orders", "Outcome", "build", "built", "make", "status"]
