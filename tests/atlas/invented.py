"""An invented city of 240 tracts in nine districts, published the way notebooks do, with every awkwardness at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gallery
import numpy as np
import pandas as pd

from analysis import publish
from analysis.project import Project
from analysis.publish import Column, Measure, figures
from analysis.publish.payload import Figure, Payload, Table, plain
from analysis.report.editions import Edition
from analysis.report.execution import places
from analysis.report.storage import digest, put
from analysis.report.summary import Length, Summary, write_summary

SECRET = 31337
"""A number that is suppressed, and must not be found anywhere."""
FORMULA = "=HYPERLINK(1)"
EDITIONS = [Edition("01_rents", "01_rents"), Edition("02_shares", "02_shares")]


def tracts() -> Any:
    """Tracts of which ten are suppressed, twenty have no data and one has a name that a spreadsheet would run."""
    frame = gallery.voronoi(240)
    middle = frame.to_crs(gallery.CRS).geometry.representative_point()
    frame["hood"] = np.where(middle.x < middle.x.median(), "Old Harbor", "Bahía Nueva")
    frame.loc[:9, "rent"] = SECRET
    frame.loc[:9, ["low", "high"]] = [SECRET - 1, SECRET + 1]
    frame.loc[40, "name"] = FORMULA
    return frame


def first_paper(frame: Any) -> list[Payload]:
    """Two maps, a download at two times, and a table of districts."""
    over = gallery.districts(frame)
    rent = publish.map(
        "rent", frame, "rent", unit="dollars", crs=gallery.CRS, name_column="name", neighborhood="hood",
        status_column="status", overlay=over, low="low", high="high", label="Median gross rent", title="Rents",
        subtitle="By tract", period="2018", vintage="2010", higher_is="worse", level=0.9, denominator="renters",
    )  # fmt: skip
    kind = publish.map(
        "kind", frame, "kind", unit="text", palette="groups", groups=["Falling", "Steady", "Rising"], crs=gallery.CRS,
        name_column="name", overlay=over, status_column="status", label="Kind of change", title="Kinds",
        subtitle="By tract", period="2000 to 2018", vintage="2010", no_interval="a name",
    )  # fmt: skip
    flat = pd.DataFrame(frame.drop(columns="geometry"))
    size = flat[["geoid"]].assign(before=2 + flat.index % 7 / 10, after=2 + flat.index % 11 / 10)
    twice = {
        when: Measure(label="People per household", unit="ratio", period=year, vintage="2010", no_interval="counted")
        for when, year in {"before": "2000", "after": "2018"}.items()
    }
    households = publish.download(
        "households", size, title="Households", description="people per household", measures=twice
    )
    rows = pd.DataFrame({"area_id": over["area_id"], "name": over["name"], "jobs": np.arange(9) - 4.0})
    rows["low"], rows["high"] = rows["jobs"] - 0.9, rows["jobs"] + 0.9
    jobs = publish.table(
        "jobs", rows, title="Jobs", columns={"name": "District", "jobs": Column(label="Jobs", unit="score")},
        measures={"jobs": Measure(label="Change of jobs", unit="score", period="2008 to 2016", key="name", low="low",
                                  high="high", places="council district", interval="Range over years",
                                  palette="diverging")},
    )  # fmt: skip
    return [rent, kind, households, jobs]


def second_paper(frame: Any) -> list[Payload]:
    """A figure of districts, and a measure of tracts with other borders, for which there are no shapes."""
    over = gallery.districts(frame)
    rows = pd.DataFrame({"district": over["name"], "share": np.linspace(10, 50, 9)})
    shares = publish.figure(
        "shares", figures.bars(rows, "district", "share", unit="percent", noun="district"),
        title="Shares", subtitle="By district",
        measures={"share": Measure(label="Share", unit="percent", period="2020", key="district", no_interval="counted",
                                   places="council district")},
    )  # fmt: skip
    old = pd.DataFrame({"geoid": ["99001000000", "99001000001"], "share": [1.0, 2.0]})
    other = publish.download(
        "old", old, title="Old borders", description="shares",
        measures={"share": Measure(label="Old share", unit="percent", period="2000", vintage="2000", no_interval="-")},
    )  # fmt: skip
    return [shares, other]


@dataclass(frozen=True)
class Written:
    """A paper to be put into a project: its name and what it published."""

    name: str
    payloads: list[Payload]


def put_papers(project: Project, papers: list[Written], source: str = "sample") -> None:
    """Executed notebooks, their summaries and pages, as a build leaves them."""
    for paper in papers:
        place = places(project, source, paper.name)
        shown = ({one.mime: plain(one)} for one in paper.payloads)
        outputs = [{"output_type": "display_data", "data": data, "metadata": {}} for data in shown]
        executed = json.dumps({"cells": [{"cell_type": "code", "outputs": outputs, "source": ""}]})
        put(place.executed, executed)
        summary = Summary(
            name=paper.name, notebook=paper.name, cut="whole", whole="", html="", executed=digest(executed), prose="",
            printer={}, settings={}, methods={}, version="", title=f"What {paper.name} found", standfirst="",
            subject="", place="Meridia", varied={}, parameters={}, data_through="", quality="", quality_reason="",
            length=Length(1, 1, 1.0), lead=None, passages=(), findings=(), loads=(), downloads={}, offers={},
            content="", since="", changes={}, cells=(), by_period={},
        )  # fmt: skip
        write_summary(place.summary, summary)
        put(place.page, "<html></html>")


def exhibits(payloads: list[Payload]) -> list[Figure | Table]:
    """Those that stand on a page."""
    return [one for one in payloads if isinstance(one, Figure | Table)]


def city_project(root: Path, folder: Path) -> Project:
    """A checkout with the catalogue and wording of this one, and nothing built."""
    import shutil

    shutil.copytree(root / "data" / "catalog", folder / "data" / "catalog")
    (folder / "reports").mkdir()
    shutil.copy(root / "pyproject.toml", folder / "pyproject.toml")
    return Project(folder)
