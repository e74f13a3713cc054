"""The Census API: chunks of variables over one geography.

Documentation: https://www.census.gov/data/developers/guidance/api-user-guide.html
Values stay raw: -666666666 and its relatives are data for ``refine`` to explain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from analysis.catalog import CensusSource
from analysis.sources.errors import Refused
from analysis.sources.job import Job, parsed, require, with_query
from analysis.sources.manifest import Manifest
from analysis.sources.transport import Answer

# The API refuses more names than this in one ``get``; NAME counts.
MOST_VARIABLES = 50


def chunks(variables: Sequence[str], most: int = MOST_VARIABLES) -> list[list[str]]:
    """Names to ask for together; NAME leads the first chunk.

    >>> [len(chunk) for chunk in chunks([f"B{n}" for n in range(97)])]
    [50, 48]
    """
    names = ["NAME", *(name for name in variables if name != "NAME")]
    return [names[start : start + most] for start in range(0, len(names), most)]


def levels(source: CensusSource) -> list[str]:
    """The geography columns the API appends, from the outermost to the one asked for.

    >>> levels(CensusSource("https://a.gov", "tract:*", "state:06 county:037", {}))
    ['state', 'county', 'tract']
    """
    return re.findall(r"([a-z][a-z ]*?):", f"{source.geography_in} {source.geography_for}")


def fetch_census(job: Job) -> Manifest:
    """Land every chunk as the API sent it; all must speak of the same places."""
    source = job.dataset.source
    assert isinstance(source, CensusSource)
    asked = chunks(list(source.variables))
    places: set[tuple[str, ...]] = set()
    answer: Answer | None = None
    for number, names in enumerate(asked, 1):
        query = {"get": ",".join(names), "for": source.geography_for, "in": source.geography_in}
        address = with_query(source.address, **query)
        check = partial(_table, header=[*names, *levels(source)], depth=len(levels(source)))
        answer, rows = job.get(address, check, key="census", conditional=True)
        here = {tuple(row[-len(levels(source)) :]) for row in rows}
        if places and here != places:
            odd = sorted(here ^ places)[:3]
            raise job.error(
                f"the chunks of variables speak of different places, for instance {odd}",
                "run the same command again; if it stays so, fetch the variables from their own dataset",
                address,
            )
        places = here
        job.add("json", answer, len(rows))
        job.advanced(number, len(asked), "chunks")
    parameters = {"for": source.geography_for, "in": source.geography_in, "get": list(source.variables)}
    columns = [*(name for names in asked for name in names), *levels(source)]
    return job.landing.commit(job.edition(parameters, columns, answer, rows=len(places)))


def _table(answer: Answer, header: list[str], depth: int) -> tuple[Answer, list[list[str]]]:
    """Check one chunk: the columns asked for, text or null, every place once."""
    if answer.status == 204:
        raise Refused("the API has nothing for this geography (204)", "correct 'for' and 'in' in the catalogue entry")
    if answer.is_page and re.search(rb"(invalid|missing|valid).{0,40}key", answer.content[:4000], re.I | re.S):
        raise Refused(
            f"the API refuses the key ({answer.excerpt()!r})",
            "correct CENSUS_API_KEY, or request a key at https://api.census.gov/data/key_signup.html",
        )
    table: Any = parsed(answer, "a table")
    require(isinstance(table, list) and len(table) > 1 and isinstance(table[0], list), "the answer holds no rows")
    if table[0] != header:
        odd = [f"{a!r} for {b!r}" for a, b in zip(table[0], header, strict=False) if a != b]
        require(False, f"the columns are not those asked for: {', '.join(odd[:3]) or 'their number differs'}")
    rows = table[1:]
    require(all(len(row) == len(header) for row in rows), "a row has another number of cells than the heading")
    for row in rows:
        for name, value in zip(header, row, strict=True):
            require(value is None or isinstance(value, str), f"{name} has {value!r}, which is not text")
    require(all(all(row[-depth:]) for row in rows), "a row has no geography")
    require(len({tuple(row[-depth:]) for row in rows}) == len(rows), "a place stands twice")
    return answer, rows
