"""The county's own tables of cities and communities, saved in spring and in winter, and the measures of the territory.

The tables state no date: it follows from the total of the city's part. In spring tests
were scarcer where homes are crowded, by a planted ratio.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from analysis.sample.casefiles import TWO_LABELS, by_place
from analysis.sample.epidemic import epidemic, places
from analysis.sample.names import CITY, STATE, STATE_FIPS
from analysis.sample.randomness import settled, stream
from analysis.sample.wire import Cell, Raw, delimited

SAVED = {"early": date(2020, 5, 8), "late": date(2020, 12, 20)}
"""Last day of the counts in each table."""
TESTED = 0.05
"""People tested by spring over residents of a place without a crowded home."""
TESTS_RATIO = 0.75
"""People tested per head in a place over those in one whose share of crowded homes is ten percentage points lower."""
OTHER_PART = 0.05
"""Share of a place's people and cases in its second jurisdiction, for the places that have two."""
AGE_SPREAD = 0.03
"""Standard deviation of the logarithm of age-adjusted over crude rates."""
_MEASURES = (
    (date(2020, 3, 6), "declared an emergency"),
    (date(2020, 3, 20), "issued stay at home order and closed all non-essential businesses"),
    (date(2020, 3, 20), "closed all schools"),
    (date(2020, 5, 26), "reopened select businesses statewide"),
    (date(2020, 7, 20), "prohibited all indoor operations"),
    (date(2020, 9, 7), "entered a new reopening system"),
    (date(2020, 11, 23), "paused all reopenings"),
    (date(2020, 12, 14), "issued a regional plan wherein multi-county regions are subject to stay at home orders"),
    (date(2021, 2, 1), "ended regional stay at home orders"),
    (date(2021, 6, 15), "ended all restrictions on businesses and gatherings"),
)


def early_table() -> Raw:
    """``city_community_table.csv``: crude rates that are counts, as printed, and people tested."""
    return _table("early", "covid_community_table_early")


def late_table() -> Raw:
    """``LA_County_Covid19_CSA_case_death_table.csv``: the later layout, without tests."""
    return _table("late", "covid_community_table_late")


def _table(edition: str, dataset: str) -> Raw:
    early = edition == "early"
    where, draw = places(), stream(f"community table {edition}")
    count = len(where.name)
    end = epidemic().days.index(SAVED[edition]) + 1
    cases = by_place()[:end].sum(axis=0)
    deaths = draw.binomial(cases, 0.02)
    older = settled(np.exp(AGE_SPREAD * draw.normal(size=(2, count))), 9)
    share = TESTED * np.exp(10 * where.shares["crowded"] * np.log(TESTS_RATIO))
    tested = cases + draw.poisson(settled(where.population * share, 6))
    rows: list[list[Cell]] = []
    for place in range(count):
        kind, name = where.kind[place], where.name[place]
        own = {"city": f"{CITY} - {name}", "town": f"City of {name}", "rural": f"Unincorporated - {name}"}[kind]
        parts = [(own, 1.0)]
        if name in TWO_LABELS:
            parts = [(own, 1 - OTHER_PART), (f"Unincorporated - {name}", OTHER_PART)]
        for full, part in parts:
            people = round(float(where.population[place]) * part)
            counts = [int(np.rint(value * part)) for value in (cases[place], deaths[place], tested[place])]
            rows.append([full, *_cells(early, counts, people, (float(older[0, place]), float(older[1, place])))])
    rows.sort(key=lambda row: str(row[0]))
    header = ["", "geo_merge", "cases_final", "case_rate_final", "adj_case_rate_final", "deaths_final",
              "death_rate_final", "adj_death_rate_final"]  # fmt: skip
    header += ["persons_tested_final", "testing_rate_final", "adj_testing_rate_final"] if early else []
    dirt = {
        "first_column_without_heading": 1,
        "rates_that_are_counts": len(rows) if early else 0,
        "places_in_two_parts": sum(1 for name in where.name if name in TWO_LABELS),
    }
    return delimited(dataset, [*header, "population"], [[k, *row] for k, row in enumerate(rows, 1)], dirt)


def _cells(early: bool, counts: list[int], people: int, older: tuple[float, float]) -> list[Cell]:
    """Counts and rates in the order of the layout; rates of the later one are whole numbers."""
    cases, deaths, tested = counts
    per = 100_000 / people

    def rate(value: float) -> Cell:
        return round(value, 2) if early else round(value)

    cells: list[Cell] = [cases, cases if early else rate(cases * per), rate(cases * per * older[0])]
    cells += [deaths, rate(deaths * per), rate(deaths * per * older[1])]
    if early:
        cells += [tested, rate(tested * per), rate(tested * per * older[1])]
    return [*cells, people]


def measures_file() -> Raw:
    """``Policy Milestones - State.csv``: a sentence a measure, of two states; one row stands twice."""
    rows: list[list[Cell]] = []
    for fips, state, late in ((1, "Elsewhere", 3), (int(STATE_FIPS), STATE, 0)):
        for day, words in _MEASURES:
            first = int(words.startswith("issued stay at home"))
            when = (day + timedelta(late)).isoformat()
            rows.append([fips, state, when, f"{state} {words}", int("schools" in words), first, first])
    rows.append(list(rows[-1]))
    header = ("statefips", "statename", "date", "policy_description", "schools_first_closed",
              "nonessential_biz_first_closed", "stayathome_first_start")  # fmt: skip
    return delimited("policy_milestones_state", header, rows, {"duplicate_rows": 1, "other_states": 1})
