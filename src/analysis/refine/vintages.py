"""Tract codes: 11 characters, of one vintage, and never joined across vintages unseen.

Tracts are redrawn every ten years. Many codes live on with other boundaries, so a
join of two vintages by code loses some tracts silently and mixes up others. Here
a join says how many codes do not meet, and stops.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from analysis.project import AnalysisError
from analysis.refine.parsing import listed

# The Bureau corrected this code after the census of 2010: the outline is the same.
RECODED_2010 = {"06037930401": "06037137000"}
RECODED_SOURCE = "U.S. Census Bureau, geography changes of the ACS 2011: tract 9304.01 of Los Angeles County is 1370.00"

CROSSWALKS = {
    "1990": "carry the figures over with crosswalk_1990_2010 (table tract_crosswalk, vintage 1990)",
    "2000": "carry the figures over with crosswalk_2000_2010 (table tract_crosswalk, vintage 2000)",
    "2020": "carry the figures over with the Census Bureau's 2020-2010 relationship file (not in the catalogue)",
}


def normal_geoid(code: str) -> str:
    """A tract code as 11 characters, from what tools make of it.

    Takes numbers that lost their zero (``6037101110``), floats as text
    (``6037101110.0``), blanks, and the long form of the API (``1400000US06037101110``).
    Raises AnalysisError for anything that is not a tract.

    >>> normal_geoid("6037101110.0"), normal_geoid("1400000US06037101110")
    ('06037101110', '06037101110')
    """
    text = str(code).strip().split("US")[-1].removesuffix(".0")
    if not (text.isascii() and text.isdigit() and len(text) in (10, 11)) or int(text) == 0:
        raise AnalysisError(f"{code!r} is not a tract code: expected 11 digits, or 10 where the leading zero was lost")
    return text.zfill(11)


def geoids(column: pd.Series, dataset: str) -> pd.Series:
    """A column of tract codes as 11 characters.

    Raises AnalysisError naming dataset, column and the first bad rows.

    >>> geoids(pd.Series([6037101110, 6037101122]), "shapes").tolist()
    ['06037101110', '06037101122']
    """
    bad, good = [], []
    for label, code in column.items():
        try:
            good.append(normal_geoid(str(code)))
        except AnalysisError:
            bad.append(f"row {label}: {code!r}")
    if bad:
        raise AnalysisError(
            f"{dataset}: column {column.name!r} has {len(bad):,} values that are not tract codes "
            f"({', '.join(bad[:5])}): expected 11 digits; check which column holds the code"
        )
    return pd.Series(good, index=column.index, name=column.name, dtype="str")


def joined_geoids(frame: pd.DataFrame, dataset: str) -> pd.Series:
    """Tract codes from the columns state, county and tract of the Census API."""
    code = frame["state"].str.zfill(2) + frame["county"].str.zfill(3) + frame["tract"].str.zfill(6)
    return geoids(code.rename("state+county+tract"), dataset).rename("geoid")


def recoded_2010(codes: pd.Series) -> pd.Series:
    """Codes of 2010 as the surveys since 2011 write them (see ``RECODED_2010``)."""
    return codes.replace(RECODED_2010)


@dataclass(frozen=True)
class Meeting:
    """How two sets of tract codes meet: how many in each, which are only in one."""

    left: int
    right: int
    only_left: tuple[str, ...]
    only_right: tuple[str, ...]


def meeting(left: Iterable[str], right: Iterable[str]) -> Meeting:
    """Compare two sets of codes.

    >>> meeting(["a", "b"], ["b", "c", "d"]).only_right
    ('c', 'd')
    """
    one, two = set(left), set(right)
    return Meeting(len(one), len(two), tuple(sorted(one - two)), tuple(sorted(two - one)))


def check_vintage(
    codes: Iterable[str], tracts: Iterable[str], *, dataset: str, vintage: str, expected: str = "2010"
) -> Meeting:
    """Raise AnalysisError if any code is not among the tracts of the expected vintage.

    ``vintage`` is what the dataset is said to be of; the message counts the codes
    that do not match and names the crosswalk to use instead.

    >>> check_vintage(["a", "x"], ["a", "b"], dataset="sf3_2000", vintage="2000")
    Traceback (most recent call last):
    analysis.project.AnalysisError: sf3_2000: 1 of 2 tract codes are not 2010 tracts ('x'), and 1 2010 tracts are ...
    """
    found = meeting(codes, tracts)
    if found.only_left:
        advice = CROSSWALKS.get(vintage, f"state the vintage of {dataset} and carry it to {expected} tracts first")
        raise AnalysisError(
            f"{dataset}: {len(found.only_left):,} of {found.left:,} tract codes are not {expected} tracts "
            f"({listed(found.only_left)}), and {len(found.only_right):,} {expected} tracts are not in it: "
            f"tracts of {vintage} and {expected} cannot be joined by code, equal codes may be other places; {advice}"
        )
    return found


def join_tracts(
    left: pd.DataFrame, right: pd.DataFrame, *, right_name: str, right_vintage: str, left_vintage: str = "2010"
) -> pd.DataFrame:
    """Join ``right`` to ``left`` by ``geoid``, one row a tract on both sides, after checking the vintage.

    Every row of ``left`` stays. Raises AnalysisError when a code of ``right`` is not a
    tract of ``left`` or when a code stands twice.

    >>> a = pd.DataFrame({"geoid": ["06037101110"], "people": [3]})
    >>> b = pd.DataFrame({"geoid": ["06037101110"], "rent": [700]})
    >>> join_tracts(a, b, right_name="acs5_2018", right_vintage="2010")["rent"].tolist()
    [700]
    """
    for name, frame in (("the tracts", left), (right_name, right)):
        twice = frame.loc[frame["geoid"].duplicated(), "geoid"]
        if len(twice):
            raise AnalysisError(
                f"{name}: {len(twice):,} tract codes stand twice ({listed(twice)}): keep one row a tract before joining"
            )
    check_vintage(right["geoid"], left["geoid"], dataset=right_name, vintage=right_vintage, expected=left_vintage)
    return left.merge(right, on="geoid", how="left", validate="one_to_one")
