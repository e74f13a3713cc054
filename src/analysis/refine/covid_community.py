"""The County's own tables of cities and communities, saved twice in 2020, and the dated measures of the state.

The daily counts by place end in August 2020; these tables are the only counts by place
from the winter wave, and the only ones with tests. None of them states its date.
A community that lies in two jurisdictions has a row in each, so that the city's part
stands alone, with its own residents as the denominator.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.refine.contracts import Field, Table
from analysis.refine.geographies import slug
from analysis.refine.parsing import dates, numbers, suppressed
from analysis.refine.revisions import DATE

if TYPE_CHECKING:
    from analysis.refine.workbench import Workbench

EDITIONS = {"early": "covid_community_table_early", "late": "covid_community_table_late"}
MILESTONES = "policy_milestones_state"
MEASURES = {
    "stay at home order and closed all non-essential": "Stay-at-home order, shops closed",
    "regional plan wherein multi-county regions": "Stay-at-home order by region",
    "ended regional stay at home": "Regional stay-at-home orders end",
    "new reopening system": "Reopening by tiers of counties",
    "paused all reopenings": "Reopening paused",
    "prohibited all indoor operations": "Indoor service banned",
    "reclosed select businesses": "Some businesses closed again",
    "reopened select businesses on a regional basis": "Some businesses reopen by region",
    "reopened select businesses statewide": "Some businesses reopen statewide",
    "ended all restrictions": "Limits on businesses end",
}
"""A phrase of the publisher and the same in plain words; any other measure keeps the publisher's sentence."""


def parts_of_places(names: pd.Series, city: str) -> pd.DataFrame:
    """Jurisdiction and community of the County's names; both missing where the name follows no known form.

    >>> parts_of_places(pd.Series(["Los Angeles - Watts", "City of Avalon", "Total"]), "Los Angeles").values.tolist()
    [['city', 'Watts'], ['other_city', 'Avalon'], [nan, nan]]
    """
    forms = {"city": f"{re.escape(city)} - ", "other_city": "City of ", "unincorporated": "Unincorporated - "}
    text = names.astype("str").str.strip()
    found = {kind: text.str.extract(f"^{form}\\s*(.+)$")[0] for kind, form in forms.items()}
    kind = np.select([column.notna() for column in found.values()], list(found), default="")
    name = found["city"].fillna(found["other_city"]).fillna(found["unincorporated"])
    return pd.DataFrame({"jurisdiction": pd.Series(kind, names.index, dtype="str").mask(kind == ""), "name": name})


def build_community_tables(bench: Workbench) -> pd.DataFrame:
    """Cases, deaths, tests and residents of every part of a place in each saved table."""
    return pd.concat([_edition(bench, edition) for edition in EDITIONS], ignore_index=True)


def _edition(bench: Workbench, edition: str) -> pd.DataFrame:
    dataset = EDITIONS[edition]
    columns = {"cases": "cases_final", "deaths": "deaths_final", "adjusted_case_rate": "adj_case_rate_final",
               "people_tested": "persons_tested_final", "population": "population"}  # fmt: skip
    if edition == "late":  # the later layout has no tests
        del columns["people_tested"]
    raw = bench.raw(dataset, ["geo_merge", *columns.values()])
    frame = parts_of_places(raw["geo_merge"], bench.city.city)
    for ours, theirs in columns.items():
        frame[ours] = numbers(raw[theirs], dataset, suppressed(raw[theirs]))
    unknown = frame["name"].isna()
    bench.tally(
        dataset, "dropped", "neither a city nor a community: a total or a remark", raw.loc[unknown, "geo_merge"]
    )
    frame = frame[~unknown]
    empty = ~(frame["population"] > 0)
    bench.tally(dataset, "changed", "population of 0, read as missing: no rate can be formed",
                frame.loc[empty, "name"], topic="missing")  # fmt: skip
    frame = frame.assign(
        edition=edition,
        place=frame["name"].map(slug),
        population=frame["population"].mask(empty),
        people_tested=frame.get("people_tested", np.nan),
    )
    key = ["edition", "place", "jurisdiction"]
    twice = frame.duplicated(key)
    bench.tally(dataset, "dropped", "part of a place stands twice: the first row is kept", frame.loc[twice, "name"],
                topic="repeat")  # fmt: skip
    ordered = [*key, "name", "cases", "deaths", "adjusted_case_rate", "people_tested", "population"]
    return frame.loc[~twice, ordered].sort_values(key, ignore_index=True)


def build_state_measures(bench: Workbench) -> pd.DataFrame:
    """Dated measures of the state the city lies in."""
    raw = bench.raw(MILESTONES, ["statefips", "statename", "date", "policy_description"])
    here = numbers(raw["statefips"], MILESTONES) == int(bench.city.state_fips)
    bench.tally(MILESTONES, "dropped", "another state", raw.loc[~here, "statename"], topic="outside")
    raw = raw[here]
    words = raw["policy_description"].str.strip()
    frame = pd.DataFrame({"date": dates(raw["date"], MILESTONES, "%Y-%m-%d"), "measure": words})
    frame = frame.assign(state=raw["statename"].str.strip(), label=[_plain(text) for text in words])
    blank = frame["date"].isna()
    bench.tally(MILESTONES, "dropped", "no date", frame.loc[blank, "measure"], topic="missing")
    frame = frame[~blank]
    twice = frame.duplicated(["date", "measure"])
    bench.tally(MILESTONES, "dropped", "measure stands twice on its day", frame.loc[twice, "measure"], topic="repeat")
    return frame[~twice].sort_values(["date", "measure"], ignore_index=True)


def _plain(measure: str) -> str:
    return next((words for phrase, words in MEASURES.items() if phrase in measure), measure)


def _number(name: str, meaning: str, unit: str, denominator: str) -> Field:
    return Field(name, "number", meaning, unit, denominator, nullable=True, minimum=0)


_PART = "residents of this part of the place"

TABLES = (
    Table(
        name="covid_community_tables",
        title="COVID-19 cases by city and community in the County's own tables, spring and winter 2020",
        key=("edition", "place", "jurisdiction"),
        fields=(
            Field("edition", "text", "early: saved in spring 2020; late: in the winter of 2020. Neither states its "
                  "date: it follows from the city's own total", "label", choices=tuple(EDITIONS)),
            Field("place", "text", "Place, as in covid_places", "code"),
            Field("jurisdiction", "text", "In the city, another city, or outside any city", "label",
                  choices=("city", "other_city", "unincorporated")),
            Field("name", "text", "Name of the place", "name"),
            _number("cases", "Confirmed cases since the beginning", "people", _PART),
            _number("deaths", "Deaths since the beginning", "people", _PART),
            _number("adjusted_case_rate", "Cases per 100,000 residents, adjusted by the County for age",
                    "people per 100,000", _PART),
            _number("people_tested", "People tested since the beginning; missing in the late edition", "people", _PART),
            _number("population", "Residents", "people", _PART),
        ),
        build=build_community_tables,
        inputs=tuple(EDITIONS.values()),
    ),
    Table(
        name="state_measures",
        title="Dated measures of the state against COVID-19",
        key=("date", "measure"),
        fields=(
            DATE,
            Field("measure", "text", "What the state did, in the publisher's words", "text"),
            Field("state", "text", "Name of the state", "name"),
            Field("label", "text", "The same in plain words", "name"),
        ),
        build=build_state_measures,
        inputs=(MILESTONES,),
        period="date",
    ),
)  # fmt: skip
