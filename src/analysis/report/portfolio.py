"""The index of all papers: what each found, through which date, how good its data are, and whether it is fresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.catalog import city
from analysis.project import Project
from analysis.report import ledger
from analysis.report.editions import Edition
from analysis.report.execution import places
from analysis.report.printing import print_portfolio
from analysis.report.staleness import Verdict
from analysis.report.storage import put
from analysis.report.summary import Summary, read_summary


@dataclass(frozen=True)
class Listed:
    """One paper in the index. ``state`` is fresh, stale, failed or missing; ``why`` says more where there is more."""

    name: str
    number: str
    subject: str
    state: str
    why: str
    summary: Summary | None
    last_good: str


def write_portfolio(
    project: Project, source: str, editions: Sequence[Edition], verdicts: Mapping[str, Verdict]
) -> None:
    """Write ``index.html``; with the same reports in place it has the same bytes."""
    built = ledger.last_built(project.reports(source) / "ledger.db")
    listed = [_listed(project, source, wanted, verdicts[wanted.name], built) for wanted in editions]
    groups = [
        ("City-wide", [one for one, wanted in zip(listed, editions, strict=True) if not wanted.varied]),
        ("By area", [one for one, wanted in zip(listed, editions, strict=True) if wanted.varied]),
    ]
    html = print_portfolio(
        city=city(project, source),
        groups=[(title, papers) for title, papers in groups if papers],
        papers=len(listed),
        findings=sum(len(one.summary.findings) for one in listed if one.summary),
        datasets=len({d["id"] for one in listed if one.summary for use in one.summary.loads for d in use["datasets"]}),
    )
    put(project.reports(source) / "index.html", html)


def _listed(project: Project, source: str, wanted: Edition, verdict: Verdict, built: Mapping[str, str]) -> Listed:
    place = places(project, source, wanted.name)
    summary = read_summary(place.summary) if place.page.is_file() else None
    state = "failed" if verdict.failure else "fresh" if verdict.fresh else "stale" if summary else "missing"
    return Listed(
        name=wanted.name,
        number=wanted.notebook.split("_")[0],
        subject=wanted.notebook.partition("_")[2].replace("_", " ").capitalize(),
        state=state,
        why="" if verdict.fresh else verdict.words,
        summary=summary,
        last_good=built.get(wanted.name, "") if state != "fresh" else "",
    )
