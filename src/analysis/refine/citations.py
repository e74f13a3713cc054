"""Citations of businesses for breaking health orders, counted by month, postal city and kind of business.

The county's list names businesses and their addresses. Neither leaves this module: a
citation is an allegation, where inspectors went is not known, and a name says nothing
about a district. Postal cities are not jurisdictions: much of the city has other names
in its addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.refine.contracts import Field, Table
from analysis.refine.parsing import dates

if TYPE_CHECKING:
    from analysis.refine.workbench import Workbench

CITATIONS = "covid_citations"
# What the publisher's description begins with, and what it is called here; the first that fits counts.
KINDS = {
    "RESTAURANT": "Restaurants and bars",
    "GYM": "Gyms and fitness",
    "PERSONAL CARE": "Hair, nails and personal care",
    "HAIR SALON": "Hair, nails and personal care",
    "PLACES OF WORSHIP": "Places of worship",
    "FAMILY ENTERTAINMENT": "Entertainment",
    "FOOD MKT": "Shops and markets",
    "SHOPPING MALL": "Shops and markets",
    "RETAIL": "Shops and markets",
}
OTHER = "Other"


def kind(description: pd.Series) -> pd.Series:
    """Kind of business from the publisher's description.

    >>> kind(pd.Series(["RESTAURANT (0-30) SEATS LOW RISK", "OFFICE SITES"])).tolist()
    ['Restaurants and bars', 'Other']
    """
    text = description.astype("str").str.strip().str.upper().fillna("")
    found = np.select([text.str.startswith(words) for words in KINDS], list(KINDS.values()), OTHER)
    return pd.Series(found, index=description.index, dtype="str")


def build_business_citations(bench: Workbench) -> pd.DataFrame:
    """Citations by month, postal city and kind, sorted by them."""
    raw = bench.raw(CITATIONS, ["Activity Date", "Name", "Address", "City", "Description"])
    day = dates(raw["Activity Date"], CITATIONS, "%m/%d/%Y")
    month = day.dt.to_period("M").dt.to_timestamp()
    again = raw.duplicated()
    bench.tally(CITATIONS, "dropped", "row that equals another in every column", month[again], topic="repeat")
    frame = pd.DataFrame(
        {
            "month": month.astype("datetime64[us]"),
            "postal_city": raw["City"].str.strip().str.title(),
            "kind": kind(raw["Description"]),
            # Within the process only: how many businesses, not which.
            "business": raw["Name"].str.strip() + raw["Address"].str.strip(),
        }
    )[~again & day.notna()]
    bench.tally(CITATIONS, "dropped", "citation without a date", raw.index[day.isna()], topic="missing")
    key = ["month", "postal_city", "kind"]
    counts = frame.groupby(key)["business"].agg(citations="size", businesses="nunique").reset_index()
    found: pd.DataFrame = counts.sort_values(key, ignore_index=True)
    return found


TABLES = (
    Table(
        name="business_citations",
        title="Citations of businesses for breaking COVID-19 health orders by month, postal city and kind",
        key=("month", "postal_city", "kind"),
        fields=(
            Field("month", "date", "First day of the month", "day"),
            Field("postal_city", "text", "City of the address, which is no jurisdiction", "name"),
            Field("kind", "text", "Kind of business", "label", choices=(*dict.fromkeys(KINDS.values()), OTHER)),
            Field("citations", "integer", "Citations written", "citations", "all citations of the county", minimum=1),
            Field("businesses", "integer", "Businesses they were written to; suppress small numbers on publication",
                  "businesses", "all businesses cited", minimum=1),
        ),
        build=build_business_citations,
        inputs=(CITATIONS,),
        period="month",
        notes={"disclosure": "Cells are as counted: suppress small ones, and what would reveal them, on publication."},
    ),
)  # fmt: skip
