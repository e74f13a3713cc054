"""Building reports: data are laid, notebooks run and pages printed as one graph, and only where something is stale."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from analysis import receipt
from analysis.catalog.site import load_site
from analysis.project import AnalysisError, Project
from analysis.refine.holding import held
from analysis.report import atlas, groundwork, ledger
from analysis.report.archiving import bring_up_to
from analysis.report.atlas.page import write_atlas
from analysis.report.crew import Alone, Crew, LocalCrew
from analysis.report.editions import WHOLE, Edition, planned
from analysis.report.execution import makers, places, read_record
from analysis.report.fingerprint import Now, recall, remember
from analysis.report.graph import Done, Task, carried_out
from analysis.report.issuing import forget_printer, note_printer
from analysis.report.jobs import Job, Outcome, make
from analysis.report.kernel_environment import bare_environment, loaded_tables
from analysis.report.light_imports import import_for_building
from analysis.report.past import read_past
from analysis.report.portfolio import write_portfolio, written_by_portfolio
from analysis.report.printing import get_ready
from analysis.report.progress import Teller, telling
from analysis.report.staleness import Judge, Verdict, judged
from analysis.report.storage import sole_builder, sweep
from analysis.report.summary import read_summary
from analysis.report.surroundings import Surroundings, surroundings
from analysis.report.versions import history
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
    sample and tables first where they are stale, and ``fetch`` what they are made of; ``keep_going`` goes on after a
    failure; ``crew`` makes the workers where they are not to be of this machine.
    """

    jobs: int = 2
    strict: bool = False
    lay: bool = False
    fetch: bool = False
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
    crew: Crew | None = None,
) -> list[Outcome]:
    """Make the given reports where they are stale, then the index of all reports and the ledger.

    A ``crew`` works instead of ``jobs`` workers of this machine.

    Raises AnalysisError when another build holds the folder. A report that fails is an outcome, not an error; its
    last good page stays in place.
    """
    hired = None if crew is None else (lambda jobs: crew)
    return list(built(project, source, editions, Orders(jobs, strict, crew=hired)).outcomes)


def built(
    project: Project, source: str, editions: Sequence[Edition] | Callable[[], Sequence[Edition]], orders: Orders
) -> Effort:
    """:func:`build`, with what it cost. ``editions`` may be a plan, asked once the tables it rests on are made."""
    begun = time.perf_counter()
    if not orders.fetch:
        groundwork.check_fetched(project, source)
    with ExitStack() as stack:
        stack.callback(service.forget)
        site = _Site(project, source, orders, stack)
        outcomes = {outcome.name: outcome for outcome in site.carry_out(editions)}
        site.learn(outcomes.values())
        _account(project, source, outcomes, site)
    return Effort(tuple(outcomes.values()), time.perf_counter() - begun, site.reporting, site.workers)


class _Site:
    """One build under way."""

    def __init__(self, project: Project, source: str, orders: Orders, stack: ExitStack) -> None:
        self._project, self._source, self._orders, self._stack = project, source, orders, stack
        self._judge = Judge(project, source)
        self._remembered = ledger.remembered_seconds(project.reports(source) / "ledger.db")
        self._around: Surroundings | None = None
        self._zygote: Zygote | None = None
        self._crew: Crew = Alone()
        self._reports_begun: float | None = None
        self._folder, self._tables_left = stack.enter_context(ExitStack()), 0
        self.reporting = 0.0
        self.well_laid = False
        self.timings: dict[str, float] = {}

    @property
    def workers(self) -> int:
        """How many reports are worked on at once."""
        return self._crew.size

    def carry_out(self, wanted: Sequence[Edition] | Callable[[], Sequence[Edition]]) -> Iterator[Outcome]:
        """Lay the ground and make the reports; gives the outcome of every report, in the order of the editions."""
        known = None if callable(wanted) else wanted
        # Without a table to lay, a report that is fresh now stays so: nobody has to be warmed up or hired for it.
        fresh = {} if known is None or self._orders.lay else self._fresh(known)
        if known is not None and len(fresh) == len(known):
            self._take_folder()
            yield from fresh.values()
            return
        self._prepare(None if known is None else {edition.notebook for edition in known}, known)
        ground = self._ground() if self._orders.lay else []
        if callable(wanted):
            yield from self._carried_out(ground, [])
            known, ground = wanted(), []
        outcomes = fresh | {outcome.name: outcome for outcome in self._carried_out(ground, known or [])}
        yield from (outcomes[edition.name] for edition in known or [] if edition.name in outcomes)

    def _fresh(self, editions: Sequence[Edition]) -> dict[str, Outcome]:
        verdicts = judged(self._project, self._source, editions, self._judge)
        return {name: Outcome(name, "fresh") for name, verdict in verdicts.items() if verdict.fresh}

    def _prepare(self, stems: set[str] | None, editions: Sequence[Edition] | None) -> None:
        """Start to warm up, hire the workers, and take the folder of reports for this build alone."""
        if self._orders.crew is None or self._orders.lay:
            self._zygote = warmed_up(self._project, self._source, stems)
        known = recall(self._project)
        note_printer()
        self._stack.callback(forget_printer)
        self._stack.callback(remember, self._project, known)
        os.environ.setdefault(*service.NO_THREAD)
        import_for_building()  # while the warm process imports its own
        makers()
        get_ready()
        history(self._project.root)
        most = self._orders.jobs if editions is None else min(self._orders.jobs, len(editions))
        if self._orders.crew is not None:
            self._crew = self._orders.crew(self._orders.jobs)
        elif most > 1:
            gc.freeze()  # workers share what is there by now, and do not look through it for garbage
            self._crew = LocalCrew(most)
        self._stack.enter_context(closing(self._crew))
        self._take_folder()

    def _take_folder(self) -> None:
        self._stack.enter_context(sole_builder(self._project.reports(self._source)))
        sweep(self._project.reports(self._source))
        ledger.upgrade(self._project.reports(self._source) / "ledger.db")

    def learn(self, outcomes: Iterable[Outcome]) -> None:
        """Write down what the runs had to import themselves, for the next build."""
        cold = [(outcome.name.partition("--")[0], outcome.cold) for outcome in outcomes if outcome.cold]
        if self._zygote is not None and cold:
            learn(self._project, self._source, self._zygote, cold)

    def _carried_out(self, ground: Sequence[Task], editions: Sequence[Edition]) -> Iterator[Outcome]:
        tables = frozenset(task.name for task in ground if not task.name.startswith(_fetching("")))
        tasks = [*ground, *(self._report(edition, tables) for edition in editions)]
        if not tasks:
            return
        names = {edition.name for edition in editions}
        with telling("Building", sum(task.weight for task in tasks), timed=True) as teller:
            began = partial(_tell_begin, teller)
            for done in carried_out(tasks, self._crew.size, began, keep_going=self._orders.keep_going):
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
        """Tasks that fetch, make the sample and the tables; without a warm process they are done here and now."""
        if self._zygote is None:
            if self._orders.fetch:
                groundwork.fetch_live(self._project, None, self._orders.jobs)
            errors = groundwork.lay(self._project, self._source)
            self.well_laid = not errors
            for error in errors:
                print(f"warning: {error}", flush=True)
            return []
        self.well_laid = True
        root = str(self._project.root)
        if not self._orders.fetch and receipt.ground_holds(root, self._source):
            return []
        before = receipt.ground(root, self._source)
        survey = self._called("survey", source=self._source, fetch=self._orders.fetch).result()
        found = groundwork.Ground(**survey)
        if not (found.sample or found.tables or found.datasets):
            receipt.note_ground(root, self._source, before)
        if found.tables:
            # Tables are built side by side, so the build holds their folder for all of them until the last is done.
            self._folder.enter_context(held(self._project.processed(self._source)))
            self._tables_left = len(found.tables)
        tasks = [self._task(SAMPLE, "made", 4.0)] if found.sample else []
        tasks += [self._task(_fetching(name), "fetched", 1.0, dataset=name) for name in found.datasets]
        for name, rests in found.tables.items():
            needs = {_fetching(need) if need in found.datasets else _table(need) for need in rests}
            needs |= {SAMPLE} if found.sample else set()
            tasks.append(self._task(_table(name), "refined", 0.3, needs, source=self._source, table=name))
        return tasks

    def _task(self, name: str, function: str, weight: float, needs: Iterable[str] = (), **arguments: str) -> Task:
        begin = partial(self._called, function, **arguments)
        return Task(name, begin, self._remembered.get(name, weight), frozenset(needs))

    def _called(self, function: str, **arguments: Any) -> Future[Any]:
        """Start a function of :mod:`analysis.report.groundwork` in a fork of the warm process."""
        assert self._zygote is not None
        folder = str(self._project.root)
        # Who fetches needs its keys and the mirror; nobody else gets to see them.
        environment = dict(os.environ) if function == "fetched" else bare_environment(os.environ, "")
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
            named = loaded_tables(cell.source for cell in self._judge.notebook(edition).code)
        except AnalysisError:
            return frozenset()
        return tables if named is None else tables & {SAMPLE, *map(_table, named)}

    def _begun(self, edition: Edition) -> Future[Outcome] | Outcome:
        verdict = judged(self._project, self._source, [edition], self._judge)[edition.name]
        if verdict.fresh:
            return Outcome(edition.name, "fresh")
        if self._around is None:
            self._around = surroundings(self._project, Now())
        if self._reports_begun is None:
            self._reports_begun = time.perf_counter()
        run = bool(verdict.run) or read_record(places(self._project, self._source, edition.name)) is None
        past = read_past(self._project.reports(self._source) / "ledger.db", edition.name)
        job = Job(self._project, self._source, edition, run, self._orders.strict, self._around, past)
        return self._crew.submit(job)

    def _laid(self, done: Done, teller: Teller) -> None:
        line, seconds = done.result if done.error is None and done.result else ("", 0.0)
        if done.error is not None:
            self.well_laid, line = False, f"warning: {done.error}"
        if seconds:
            self.timings[done.task.name] = seconds
        teller.ended(done.task.name, done.task.weight, line)
        if done.task.name.startswith(_table("")):
            self._tables_left -= 1
            if not self._tables_left:
                self._folder.close()  # a notebook that asks for a table nobody foresaw builds it itself


def _table(name: str) -> str:
    return f"table {name}"


def _fetching(dataset: str) -> str:
    return f"fetching {dataset}"


def _tell_begin(teller: Teller, task: Task) -> None:
    teller.began(task.name, task.weight)


def _account(project: Project, source: str, outcomes: Mapping[str, Outcome], site: _Site) -> None:
    """Bring ledger and index up to what is in place, of this build and of others; note when nothing is left to do."""
    everything = planned(project, source)
    entries = []
    for edition in everything:
        place = places(project, source, edition.name)
        summary, record = read_summary(place.summary), read_record(place)
        if summary and record and place.page.is_file():
            outcome = outcomes.get(edition.name, Outcome(edition.name, "fresh"))
            error = str(outcome.failure) if outcome.failure else None
            entries.append(ledger.Entry(summary, record, dict(outcome.seconds), error, outcome.megabytes))
    folder = project.reports(source)
    ledger.enter(folder / "ledger.db", entries, timings=site.timings)
    site_settings = load_site(project, source)
    told = bring_up_to(folder, site_settings.archive)
    before = receipt.settled_stand(str(project.root), source)
    verdicts = judged(project, source, everything)
    write_atlas(project, source, everything)
    write_portfolio(project, source, everything, verdicts, told, site_settings)
    papers = [edition.name for edition in everything if edition.cut == WHOLE]
    if site.well_laid and all(verdicts[name].fresh for name in papers):
        said = already_fresh(len(papers), len(papers))
        own = {*map(str, written_by_portfolio(folder)), *map(str, folder.glob("map.*")), str(folder / atlas.STAMP)}
        receipt.write(str(project.root), source, before, own, said)


def already_fresh(fresh: int, of: int) -> str:
    """How many of the wanted reports needed nothing, in words.

    >>> already_fresh(1, 1), already_fresh(2, 3)
    ('1 of 1 report already fresh', '2 of 3 reports already fresh')
    """
    return f"{fresh} of {of} {'report' if of == 1 else 'reports'} already fresh"


def status(project: Project, source: str) -> dict[str, Verdict]:
    """The verdict on every report there is or should be, by name."""
    return judged(project, source, planned(project, source))


__all__ = ["Effort", "Job", "Judge", "Orders", "Outcome", "build", "built", "make", "status"]
