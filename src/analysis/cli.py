"""The ``analysis`` command: thin words around the packages that do the work.

Nothing heavy is imported before a command needs it, so that ``analysis --help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.project import ONE_THREAD, AnalysisError, Project, current_project, current_source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analysis.report.build import Orders, Outcome
    from analysis.report.crew import Crew
    from analysis.report.editions import Edition
    from analysis.report.handouts import Handout
    from analysis.store.exchange import Exchange

app = typer.Typer(
    help="City whitepapers that prove their numbers: from open data to published findings.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)


INTERRUPTED = 130
"""The exit code of a command that was interrupted, as typer sets it."""


class Source(StrEnum):
    """Where data come from."""

    sample = "sample"
    live = "live"


class Cut(StrEnum):
    """How much of a notebook a page shows."""

    whole = "whole"
    brief = "brief"


SourceOption = Annotated[
    Source | None,
    typer.Option("--source", help="sample (the invented city) or live; else ANALYSIS_SOURCE, else sample."),
]
JobsOption = Annotated[int, typer.Option("--jobs", "-j", min=1, help="How many to work on at once.")]
DaskOption = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="Workers of a Dask cluster: tcp://host:8786, or local."),
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Missed limits of length, grade and structure are errors.")
]
OnlyOption = Annotated[
    str | None,
    typer.Option("--only", help="Reports to make, by name or pattern (01_*), separated by commas."),
]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="Make no more than this many reports.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be made and why; make nothing.")]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Say where the time went.")]
KeepGoingOption = Annotated[
    bool, typer.Option("--keep-going/--stop", help="After a failure go on with the rest, or begin nothing more.")
]
FetchOption = Annotated[bool, typer.Option("--fetch", help="Fetch live data first, in the same graph.")]
HandedOut = Annotated[str | None, typer.Argument(metavar="[NB]", help="One notebook: 01, or its whole name.")]
IsolatedOption = Annotated[
    bool, typer.Option("--isolated", help="Start a new interpreter for each notebook instead of a fork of a warm one.")
]
MemoryOption = Annotated[
    int | None,
    typer.Option("--memory", min=256, help="The most megabytes a notebook may take; else half the machine's."),
]


def _in(source: Source | None) -> tuple[Project, str]:
    """The checkout and source of a command, made known to everything it starts."""
    project = current_project()
    chosen = source.value if source else current_source()
    os.environ["ANALYSIS_ROOT"] = str(project.root)
    os.environ["ANALYSIS_SOURCE"] = chosen
    return project, chosen


@app.command()
def data(
    only: Annotated[str | None, typer.Option("--only", help="Datasets to fetch, by id, separated by commas.")] = None,
    jobs: JobsOption = 4,
) -> None:
    """Fetch the live data that data/catalog names."""
    from analysis.report.groundwork import fetch_live

    project, source = _in(Source.live)
    with _shared(project, source, "raw"):
        fetch_live(project, only.split(",") if only else None, jobs)
    print(project.raw(source))


@app.command()
def sample() -> None:
    """Write the raw files of the invented city."""
    from analysis.report.groundwork import make_sample

    project, source = _in(Source.sample)
    make_sample(project)
    print(project.raw(source))


@app.command()
def refine(
    source: SourceOption = None,
    only: Annotated[str | None, typer.Option("--only", help="Tables to build, separated by commas.")] = None,
) -> None:
    """Build the refined tables that are stale."""
    from analysis.report.groundwork import build_tables, make_sample

    project, chosen = _in(source)
    with _shared(project, chosen, "raw", "processed"):
        if chosen == "sample":
            make_sample(project)
        errors = build_tables(project, chosen, only.split(",") if only else None)
    if errors:
        raise AnalysisError("\n".join(errors))
    print(project.processed(chosen))


@app.command()
def prove(
    names: Annotated[list[str] | None, typer.Argument(help="Trials to run; without names all that are stale.")] = None,
    jobs: JobsOption = 2,
) -> None:
    """Run the trials of the methods over all their invented worlds and record what came of them (minutes)."""
    from analysis.proofs.proving import prove as run

    for line in run(names or [], jobs):
        print(line, flush=True)


@app.command()
def reports(
    source: SourceOption = None,
    jobs: JobsOption = 2,
    strict: StrictOption = False,
    only: OnlyOption = None,
    limit: LimitOption = None,
    dry_run: DryRunOption = False,
    explain: ExplainOption = False,
    keep_going: KeepGoingOption = True,
    fetch: FetchOption = False,
    isolated: IsolatedOption = False,
    memory: MemoryOption = None,
    dask: DaskOption = None,
) -> None:
    """Build every whitepaper that is stale, the index and the ledger."""
    from analysis.report.build import Orders
    from analysis.report.editions import WHOLE, planned

    project, chosen = _in(source)
    _kernels(isolated, memory)
    if fetch and chosen != "live":
        raise AnalysisError("--fetch: the sample is made, not fetched; say --source live")
    with _shared(project, chosen, "raw", "processed", "reports"):
        editions = _picked(planned(project, chosen, WHOLE), only, limit)
        if dry_run:
            _plan(project, chosen, editions)
            return
        orders = Orders(jobs, strict, lay=True, fetch=fetch, keep_going=keep_going, crew=_crew(dask))
        _build(project, chosen, editions, orders, explain)
    print(project.reports(chosen) / "index.html")


@app.command()
def briefs(
    areas: Annotated[
        str | None,
        typer.Option("--areas", help="Areas by exact key (cd-01,nc-…), or kinds of areas, separated by commas."),
    ] = None,
    source: SourceOption = None,
    jobs: JobsOption = 2,
    strict: StrictOption = False,
    limit: LimitOption = None,
    explain: ExplainOption = False,
    keep_going: KeepGoingOption = True,
    isolated: IsolatedOption = False,
    memory: MemoryOption = None,
    dask: DaskOption = None,
) -> None:
    """Build every brief that is stale, and the index by place."""
    from analysis.report.build import Orders
    from analysis.report.editions import BRIEF, in_areas, planned

    project, chosen = _in(source)
    _kernels(isolated, memory)

    def wanted() -> Sequence[Edition]:
        # Which places there are is known once their table is.
        named = areas.split(",") if areas else None
        return in_areas(project, chosen, planned(project, chosen, BRIEF), named)[:limit]

    with _shared(project, chosen, "raw", "processed", "reports"):
        orders = Orders(jobs, strict, lay=True, keep_going=keep_going, crew=_crew(dask))
        _build(project, chosen, wanted, orders, explain)
    print(project.reports(chosen) / "places.html")


@app.command()
def translated(
    notebook: Annotated[str, typer.Argument(metavar="NB", help="A notebook: 01, or its whole name.")],
) -> None:
    """Note that a notebook's cells in other languages say what their English twins say now; call it once they do."""
    from analysis.report.editions import find_notebook
    from analysis.report.languages import note_twins

    found = find_notebook(current_project(), notebook)
    changed, problems = note_twins(found.path)
    print(f"{found.stem}: {changed} {'twin' if changed == 1 else 'twins'} noted as checked")
    if problems:
        raise AnalysisError("\n".join(problems))


@app.command()
def report(
    notebook: Annotated[str, typer.Argument(metavar="NB", help="A notebook: 01, or its whole name.")],
    parameter: Annotated[list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="A parameter.")] = None,
    cut: Annotated[Cut, typer.Option("--cut", help="The whole paper or its brief.")] = Cut.whole,
    source: SourceOption = None,
    strict: StrictOption = False,
    explain: ExplainOption = False,
    isolated: IsolatedOption = False,
    memory: MemoryOption = None,
    dask: DaskOption = None,
) -> None:
    """Build one whitepaper, or its brief."""
    from analysis.report.build import Orders
    from analysis.report.editions import as_planned, edition, find_notebook
    from analysis.report.parameters import split_assignments

    project, chosen = _in(source)
    _kernels(isolated, memory)
    made = edition(find_notebook(project, notebook), split_assignments(parameter or []), cut.value)
    with _shared(project, chosen, "raw", "processed", "reports"):
        wanted = as_planned(project, chosen, made)
        _build(project, chosen, [wanted], Orders(1, strict, lay=True, crew=_crew(dask)), explain)
    print(project.reports(chosen) / f"{wanted.name}.html")


@app.command()
def pdf(notebook: HandedOut = None, source: SourceOption = None) -> None:
    """Print fresh pages as tagged PDF, in every language; needs Chromium."""
    from analysis.report.pdf import make_pdfs

    project, chosen = _in(source)
    _handed_out(make_pdfs(project, chosen, notebook), project, chosen)


@app.command()
def slides(notebook: HandedOut = None, source: SourceOption = None) -> None:
    """Make slides of fresh pages, one finding a slide, in every language."""
    from analysis.report.slides import make_slides

    project, chosen = _in(source)
    _handed_out(make_slides(project, chosen, notebook), project, chosen)


@app.command()
def status(source: SourceOption = None) -> None:
    """Say of every report whether it is fresh, and if not, because of what."""
    from analysis.report.build import status as verdicts
    from analysis.report.editions import withdrawn
    from analysis.report.effort import cost_in_words
    from analysis.report.groundwork import stale_tables
    from analysis.report.ledger import costs

    project, chosen = _in(source)
    for table, why in stale_tables(project, chosen).items():
        print(f"table {table}  stale: {why}")
    spent = costs(project.reports(chosen) / "ledger.db")
    for name, verdict in verdicts(project, chosen).items():
        print(f"{name}  {verdict.words}{cost_in_words(spent.get(name))}")
    for name in withdrawn(project, chosen):
        print(f"{name}  withdrawn: its notebook or a parameter is gone; the page is no longer listed")


@app.command()
def pull(source: SourceOption = None) -> None:
    """Bring here what other machines put into the object storage (ANALYSIS_STORE)."""
    project, chosen = _in(source)
    moved = _exchange(project).pull(chosen)
    for each in moved:
        print(f"{each.area}  {len(each.units)} brought: {', '.join(each.units[:3])}{', …' if each.units[3:] else ''}")
    if not moved:
        print("nothing new")


@app.command()
def push(
    source: SourceOption = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Read what is there, and send again what is damaged.")
    ] = False,
) -> None:
    """Put what lies here into the object storage (ANALYSIS_STORE), after taking over what is newer there."""
    project, chosen = _in(source)
    moved = _exchange(project).push(chosen, repair=repair)
    for each in moved:
        print(f"{each.area}  list {each.number}, {each.sent / 1e6:,.1f} MB sent")
    if not moved:
        print("nothing to send" if not repair else "every list is as it was; damaged contents, if any, were sent again")


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Words of its subject, such as tenant_protection.")],
) -> None:
    """Scaffold the next notebook; it runs at once on the sample."""
    from analysis.report.scaffold import scaffold

    project, _ = _in(None)
    print(scaffold(project, name))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context, source: SourceOption = None) -> None:
    """Open JupyterLab with the kernel registered; further options go to JupyterLab."""
    from analysis.report.lab import open_lab

    project, _ = _in(source)
    open_lab(project, context.args)


@app.command()
def clean(
    fetched: Annotated[bool, typer.Option("--fetched", help="Also remove the live data as fetched.")] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Also remove earlier editions: the ledger and the archive.")
    ] = False,
) -> None:
    """Remove reports, refined tables and the sample; live data as fetched and earlier editions stay."""
    from analysis.report import cleaning

    project, _ = _in(None)
    for folder in cleaning.clean(project, fetched=fetched, history=history):
        print(f"removed {folder.relative_to(project.root)}")
    for path in cleaning.kept(project):
        print(f"kept {path.relative_to(project.root)}: earlier editions cannot be made again (--history removes them)")


@app.command()
def standby(
    end: Annotated[bool, typer.Option("--end", help="End the process that stands by for this checkout.")] = False,
) -> None:
    """Keep what builds import in a process that stands by, so that the next build begins at once."""
    from analysis import handover
    from analysis.report.warm import service

    root = str(current_project().root)
    if end:
        print("ended" if handover.told(root, "end") else "nothing stood by")
        return
    if not service.possible():
        raise AnalysisError("on this platform no process can stand by: notebooks run in interpreters of their own")
    about = handover.begun(root)
    print(f"process {about['pid']} stands by for {about['minutes']:g} minutes after the last build")


@app.command()
def catalog() -> None:
    """List the datasets the project knows."""
    from analysis.catalog import load_catalog

    project, _ = _in(None)
    entries = load_catalog(project)
    width = max(len(name) for name in entries)
    for name, entry in entries.items():
        print(f"{name:<{width}}  {entry.source.kind:<8}  {entry.period!s:<24}  {entry.title} ({entry.publisher})")


def _kernels(isolated: bool, memory: int | None) -> None:
    """Make known how notebooks are to run."""
    if isolated:
        os.environ["ANALYSIS_ISOLATED"] = "1"
    if memory is not None:
        os.environ["ANALYSIS_MEMORY"] = str(memory)


def _picked(editions: Sequence[Edition], only: str | None, limit: int | None) -> list[Edition]:
    """The editions a command is about. Raises AnalysisError for a pattern that fits none."""
    from fnmatch import fnmatchcase

    if only is None:
        return list(editions)[:limit]
    patterns = [pattern.strip() for pattern in only.split(",")]
    for pattern in patterns:
        if not any(fnmatchcase(edition.name, pattern) for edition in editions):
            known = ", ".join(edition.name for edition in editions) or "none yet"
            raise AnalysisError(f"--only {pattern}: no report is called so; there are {known}")
    picked = [e for e in editions if any(fnmatchcase(e.name, pattern) for pattern in patterns)]
    return picked[:limit]


def _plan(project: Project, source: str, editions: Sequence[Edition]) -> None:
    """Say what a build would do."""
    from analysis.report.groundwork import survey
    from analysis.report.staleness import judged

    ground = survey(str(project.root), source)
    if ground["sample"]:
        print("would make the invented city")
    for table in ground["tables"]:
        print(f"would refine {table}")
    for name, verdict in judged(project, source, editions).items():
        unsure = "; more reports may turn out stale when the tables are made" if ground["tables"] else ""
        print(f"{name}  {verdict.words}{unsure if verdict.fresh else ''}")


def _build(
    project: Project,
    source: str,
    editions: Sequence[Edition] | Callable[[], Sequence[Edition]],
    orders: Orders,
    explain: bool,
) -> None:
    from analysis.report.build import built
    from analysis.report.effort import explained

    effort = built(project, source, editions, orders)
    if explain:
        print(explained(effort))
    _conclude(list(effort.outcomes))


def _exchange(project: Project) -> Exchange:
    url = os.environ.get("ANALYSIS_STORE")
    if not url:
        raise AnalysisError("no object storage is named: set ANALYSIS_STORE, for instance to s3://bucket/prefix")
    from analysis.store.exchange import Exchange

    return Exchange(project, url)


@contextmanager
def _shared(project: Project, source: str, *kinds: str) -> Iterator[None]:
    """Work on what all machines share: pulled before and pushed after, where ANALYSIS_STORE names a storage."""
    exchange = _exchange(project) if os.environ.get("ANALYSIS_STORE") else None
    if exchange:
        exchange.pull(source, kinds)
    yield
    if exchange:
        exchange.push(source, kinds)


def _crew(dask: str | None) -> Callable[[int], Crew] | None:
    """What makes the workers of a Dask cluster, where they are asked for."""
    if dask is None:
        return None

    def hired(jobs: int) -> Crew:
        from analysis.cluster.crew import DaskCrew

        return DaskCrew(dask, workers=jobs, store=os.environ.get("ANALYSIS_STORE"))

    return hired


def _handed_out(handouts: Iterator[Handout], project: Project, source: str) -> None:
    """Say what became of each; raises AnalysisError when a page was refused."""
    refused = 0
    for handout in handouts:
        print(handout.line, flush=True)
        refused += handout.action == "refused"
    if refused:
        raise AnalysisError(
            f"{refused} {'page is' if refused == 1 else 'pages are'} not what a build would make; "
            f"run: analysis reports --source {source}"
        )
    print(project.reports(source))


def _conclude(outcomes: list[Outcome]) -> None:
    """Say how a build went; raises AnalysisError when a report failed."""
    from analysis.report.build import already_fresh

    failed = [outcome for outcome in outcomes if outcome.action == "failed"]
    fresh = sum(1 for outcome in outcomes if outcome.action == "fresh")
    if fresh:
        print(already_fresh(fresh, len(outcomes)))
    if failed:
        named = "\n".join(f"  {outcome.failure}" for outcome in failed)
        count = f"{len(failed)} of {len(outcomes)}"
        raise AnalysisError(f"{count} reports failed; the last good pages, if any, are still in place:\n{named}")


def main() -> None:
    """Run the command; an error of ours is one message and exit code 1, never a traceback."""
    # One thread for linear algebra, as in every fork: with more, sums come out in another order.
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        app()
    except AnalysisError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            print("stopped; the next run continues from here", file=sys.stderr)
        raise


if __name__ == "__main__":
    main()
