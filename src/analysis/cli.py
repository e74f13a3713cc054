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

from analysis.project import AnalysisError, Project, current_project, current_source

if TYPE_CHECKING:
    from analysis.report.build import Outcome
    from analysis.report.crew import Crew
    from analysis.store.exchange import Exchange

app = typer.Typer(
    help="City whitepapers that prove their numbers: from open data to published findings.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)


class Source(StrEnum):
    """Where data come from."""

    sample = "sample"
    live = "live"


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
def reports(
    source: SourceOption = None, jobs: JobsOption = 2, strict: StrictOption = False, dask: DaskOption = None
) -> None:
    """Build every whitepaper that is stale, the index and the ledger."""
    from analysis.report.build import build
    from analysis.report.editions import planned

    project, chosen = _in(source)
    with _shared(project, chosen, "raw", "processed", "reports"):
        _lay(project, chosen)
        with _crew(dask, jobs) as crew:
            outcomes = build(project, chosen, planned(project, chosen), jobs=jobs, strict=strict, crew=crew)
    _conclude(outcomes)
    print(project.reports(chosen) / "index.html")


@app.command()
def report(
    notebook: Annotated[str, typer.Argument(metavar="NB", help="A notebook: 01, or its whole name.")],
    parameter: Annotated[list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="A parameter.")] = None,
    source: SourceOption = None,
    strict: StrictOption = False,
    dask: DaskOption = None,
) -> None:
    """Build one whitepaper."""
    from analysis.report.build import build
    from analysis.report.editions import edition, find_notebook
    from analysis.report.parameters import split_assignments

    project, chosen = _in(source)
    wanted = edition(find_notebook(project, notebook), split_assignments(parameter or []))
    with _shared(project, chosen, "raw", "processed", "reports"):
        _lay(project, chosen)
        with _crew(dask, 1) as crew:
            outcomes = build(project, chosen, [wanted], jobs=1, strict=strict, crew=crew)
    _conclude(outcomes)
    print(project.reports(chosen) / f"{wanted.name}.html")


@app.command()
def status(source: SourceOption = None) -> None:
    """Say of every report whether it is fresh, and if not, because of what."""
    from analysis.report.build import status as verdicts
    from analysis.report.editions import withdrawn
    from analysis.report.groundwork import stale_tables

    project, chosen = _in(source)
    for table, why in stale_tables(project, chosen).items():
        print(f"table {table}  stale: {why}")
    for name, verdict in verdicts(project, chosen).items():
        print(f"{name}  {verdict.words}")
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
) -> None:
    """Remove reports, refined tables and the sample; live data as fetched stay."""
    from analysis.report.cleaning import clean as remove

    project, _ = _in(None)
    for folder in remove(project, fetched=fetched):
        print(f"removed {folder.relative_to(project.root)}")


@app.command()
def catalog() -> None:
    """List the datasets the project knows."""
    from analysis.catalog import load_catalog

    project, _ = _in(None)
    entries = load_catalog(project)
    width = max(len(name) for name in entries)
    for name, entry in entries.items():
        print(f"{name:<{width}}  {entry.source.kind:<8}  {entry.period!s:<24}  {entry.title} ({entry.publisher})")


def _lay(project: Project, source: str) -> None:
    from analysis.report.groundwork import lay

    for error in lay(project, source):
        print(f"warning: {error}", file=sys.stderr)


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


@contextmanager
def _crew(dask: str | None, jobs: int) -> Iterator[Crew | None]:
    """The workers of a Dask cluster where they are asked for, let go at the end."""
    if dask is None:
        yield None
        return
    from analysis.cluster.crew import DaskCrew

    crew = DaskCrew(dask, workers=jobs, store=os.environ.get("ANALYSIS_STORE"))
    try:
        yield crew
    finally:
        crew.close()


def _conclude(outcomes: list[Outcome]) -> None:
    """Say how a build went; raises AnalysisError when a report failed."""
    failed = [outcome for outcome in outcomes if outcome.action == "failed"]
    fresh = sum(1 for outcome in outcomes if outcome.action == "fresh")
    if fresh:
        print(f"{fresh} of {len(outcomes)} {'report' if len(outcomes) == 1 else 'reports'} already fresh")
    if failed:
        named = "\n".join(f"  {outcome.failure}" for outcome in failed)
        count = f"{len(failed)} of {len(outcomes)}"
        raise AnalysisError(f"{count} reports failed; the last good pages, if any, are still in place:\n{named}")


def main() -> None:
    """Run the command; an error of ours is one message and exit code 1, never a traceback."""
    try:
        app()
    except AnalysisError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped; the next run continues from here", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
