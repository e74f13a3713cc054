"""A whole whitepaper over made-up building permits, small enough to build in seconds."""

from __future__ import annotations

PERMITS = "district,year,permits,days\n" + "".join(
    f"{district},{year},{40 + 7 * district + 3 * (year - 2010) + (district * year) % 11},"
    f"{90 - 2 * (year - 2010) + 3 * district}\n"
    for district in range(1, 16)
    for year in range(2010, 2020)
)

LOAD = """import hashlib
import io

import numpy as np
import pandas as pd

from analysis import publish
from analysis.methods import rates
from analysis.project import current_project, current_source
from analysis.provenance import DatasetUse, TableUse, record_load
from analysis.publish import Column, figures


def load(name):
    text = (current_project().processed(current_source()) / f"{name}.csv").read_text()
    use = DatasetUse(
        "permits", "Building permits", "City of Meridia, Department of Building", "Public domain",
        "https://example.org/permits", "ab" * 32, "2020-05-01T00:00:00Z", 150, "2010 to 2019", "B",
        "one date in fifty is missing", ("blank dates are read as missing", "two spellings of one district"),
    )
    sha = hashlib.sha256(text.encode()).hexdigest()
    table = TableUse(name, "Building permits by district", current_source(), sha, 150, "2010 to 2019", (use,), ())
    record_load(table)
    display({"application/vnd.angeleno.load+json": table.as_dict(), "text/plain": name}, raw=True)
    return pd.read_csv(io.StringIO(text))


permits = load("permits")
place = permits if area == "city" else permits[permits["district"] == int(area[3:])]"""

FINDINGS = """totals = place.groupby("year")[["permits", "days"]].agg({"permits": "sum", "days": "mean"})
first, last = totals["days"].iloc[0], totals["days"].iloc[-1]
change = 100 * (last / first - 1)
publish.finding(
    "wait_change", change, unit="percent", interval=(change - 3.2, change + 3.1), n=100 * len(place), change=True,
    denominator="the median wait of applicants in the first year", period="2010 to 2019", area=area,
    higher_is="worse", method="analysis.methods.rates.rate",
)
publish.finding(
    "wait_now", float(last), unit="days", interval=(last - 2, last + 2.4), n=100 * len(place), period="2019", area=area,
    denominator="applicants who got a permit", higher_is="worse",
)
publish.finding(
    "slow_share", 24.7, unit="percent", interval=(21.8, 27.9), n=1204, denominator="permits issued in 2019",
    period="2019", area=area, higher_is="worse",
)
publish.finding(
    "issued", int(totals["permits"].iloc[-1]), unit="count", no_interval="every permit is on record", noun="permit",
    period="2019", area=area,
)
publish.finding("no_fees", None, unit="dollars", status="no_data", note="fees are not open data", period="2019")"""

LINE = """by_year = totals.reset_index()
by_year["low"], by_year["high"] = by_year["days"] - 2, by_year["days"] + 2.4
publish.figure(
    "wait",
    figures.timeline(by_year, "year", "days", unit="days", low="low", high="high", label="Median wait"),
    title="The median wait {{ wait_change | moved }} in nine years",
    subtitle="Median days from application to permit, 2010 to 2019",
    caption="The band is the range that resampling applications gives.",
)"""

DOTS = """last_year = permits[permits["year"] == 2019].copy()
last_year["place"] = "District " + last_year["district"].astype(str)
last_year["low"], last_year["high"] = last_year["days"] - 6, last_year["days"] + 7
publish.figure(
    "districts",
    figures.dotrange(last_year, "place", "days", unit="days", low="low", high="high"),
    title="How long applicants wait in each district",
    subtitle="Median days from application to permit, with intervals, 2019",
)
publish.table(
    "districts_table", last_year, title="Wait and permits by district", sort="days",
    columns={
        "place": "District",
        "permits": Column(label="Permits", unit="count"),
        "days": Column(label="Median wait", unit="days", decimals=0, interval=("low", "high")),
    },
)
publish.download(
    "waits", permits, title="Waits by district and year", description="one row a district and year, 2010 to 2019"
)"""

PARAMETERS = 'area = "city"  # city, or a council district such as cd-01'

TITLE = """# Getting a building permit takes {{ wait_now }}, and the wait {{ wait_change | moved }} in nine years

For the Deputy Mayor for Housing, who decides before the budget whether to pay for more plan checkers. Data through
December 2019."""

IN_SHORT = """## In short

1. The median wait for a permit {{ wait_change | moved(span=True) }} between 2010 and 2019 ({{ fig("wait") }}).
2. Still, {{ slow_share | share }} permits took longer than the city's own limit ({{ table("districts_table") }}).
3. Districts differ less than their ranges are wide, so no district is singled out ({{ fig("districts") }})."""

DECISION = """## The decision

Pay for four more plan checkers, or leave the office as it is. **The threshold, set before looking:** hire if the share
of late permits is above a fifth and the wait is not falling by itself. The share is {{ slow_share | range }}; the wait
{{ wait_change | moved }}. So the evidence is split, and that is what this paper says.

An unneeded hire costs a salary a year. A missed one keeps about one builder in four waiting beyond the limit, and small
builders, who cannot carry the interest, are harmed most."""

SECTIONS = (
    """## The wait has changed

Applicants in the last year waited {{ wait_now }}. In the first year of the series they waited longer: the median
{{ wait_change | moved }}.[^median] What they paid in fees is not known: {{ no_fees }}.

[^median]: The median, because a handful of towers take years and would pull a mean.""",
    """## Districts are alike

Every district's range overlaps with the city's. A ranking would therefore be a ranking of noise.

The rate of late permits is estimated as

$$\\hat{p} = \\frac{\\sum_d l_d}{\\sum_d n_d}$$

with $l_d$ late permits among $n_d$ in district $d$.""",
    """## How sure are we

The method was run on made-up applications whose wait was known; it found the planted change. Leaving out any one
district moves the result by less than the width of its range.""",
    """## What this does not show

Applications that were withdrawn are not in the open data. A wait that ends in giving up is therefore not seen, and the
true wait may be longer than shown. Nor does the paper say what made the wait change.""",
    """## Approach and tools

Medians over all permits with a date of application and a date of issue, ranges by resampling applications.""",
)


def cells() -> list[tuple[str, str, tuple[str, ...]]]:
    """The whitepaper as (kind, source, tags)."""
    return [
        ("markdown", TITLE, ("title",)),
        ("code", PARAMETERS, ("parameters",)),
        ("code", LOAD, ()),
        ("code", FINDINGS, ()),
        ("markdown", IN_SHORT, ("in-short",)),
        ("markdown", DECISION, ("decision",)),
        ("markdown", SECTIONS[0], ()),
        ("code", LINE, ()),
        ("markdown", SECTIONS[1], ()),
        ("code", DOTS, ()),
        ("markdown", SECTIONS[2], ("sure",)),
        ("markdown", SECTIONS[3], ("not-shown",)),
        ("markdown", SECTIONS[4], ("approach",)),
    ]


def small_cells() -> list[tuple[str, str, tuple[str, ...]]]:
    """A page that loads no table and has no parameters."""
    made = (
        "from analysis import publish\n\n"
        "publish.finding('held', 3, unit='count', no_interval='a count of files', noun='file')"
    )
    return [
        ("markdown", "# The city holds {{ held }}\n\nFor whoever asks what there is.", ("title",)),
        ("code", made, ()),
        ("markdown", "## In short\n\nThere are {{ held }}.", ("in-short",)),
    ]
