"""Consumer prices, to turn dollars of one year into dollars of another.

The figures are typed in ``data/catalog/prices.yml`` with their source. Two series:
the whole country, and the Los Angeles area, where prices rose faster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.plain_yaml import read_yaml
from analysis.project import AnalysisError
from analysis.refine.contracts import Field, Table
from analysis.refine.parsing import listed

if TYPE_CHECKING:
    from analysis.refine.workbench import Workbench

SERIES = ("us_cpi_u", "los_angeles_cpi_u")
FILE = "prices.yml"
# An annual average that moves more than this in a year is a typing error, not an inflation.
LARGEST_YEARLY_MOVE = 0.15


def price_rows(content: dict[str, Any]) -> pd.DataFrame:
    """The typed series as rows: series, year, index, bls_series; sorted.

    Raises AnalysisError when a series is missing, a year stands in one series only, a
    figure is not a number or leaps, or a year has not exactly one identifier.

    >>> one = {"identifiers": {"A": [1999, 2000]}, "index": {1999: 166.6, 2000: 172.2}}
    >>> rows = price_rows({"series": {"us_cpi_u": one, "los_angeles_cpi_u": one}})
    >>> rows["index"].tolist(), rows["series"].unique().tolist()
    ([166.6, 172.2, 166.6, 172.2], ['los_angeles_cpi_u', 'us_cpi_u'])
    """
    series = content.get("series")
    if not isinstance(series, dict) or set(series) != set(SERIES):
        raise AnalysisError(f"{FILE}: 'series' must hold exactly {', '.join(SERIES)}")
    years = {name: set(series[name]["index"]) for name in SERIES}
    alone = years[SERIES[0]] ^ years[SERIES[1]]
    if alone:
        raise AnalysisError(
            f"{FILE}: the years {listed(sorted(alone))} stand in one series only: "
            "every comparison shows both deflators, so type the figure of the other series too"
        )
    rows = [row for name in sorted(SERIES) for row in _series_rows(name, series[name])]
    return pd.DataFrame(rows, columns=["series", "year", "index", "bls_series"])


def _series_rows(name: str, one: dict[str, Any]) -> list[tuple[str, int, float, str]]:
    rows: list[tuple[str, int, float, str]] = []
    for year, value in sorted(one["index"].items()):
        if type(year) is not int or not isinstance(value, int | float) or value <= 0:
            raise AnalysisError(f"{FILE}: {name}: {year!r}: {value!r} is not a year with a positive index")
        owners = [code for code, (first, last) in one["identifiers"].items() if first <= year <= last]
        if len(owners) != 1:
            raise AnalysisError(f"{FILE}: {name}: {year} belongs to {len(owners)} identifiers, expected one")
        if rows:
            gap, ratio = year - rows[-1][1], value / rows[-1][2]
            if not (1 - LARGEST_YEARLY_MOVE) ** gap < ratio < (1 + LARGEST_YEARLY_MOVE) ** gap:
                raise AnalysisError(
                    f"{FILE}: {name}: {year}: {value} after {rows[-1][2]} is a leap of more than "
                    f"{LARGEST_YEARLY_MOVE:.0%} a year: check both figures"
                )
        rows.append((name, year, float(value), owners[0]))
    return rows


def build_prices(bench: Workbench) -> pd.DataFrame:
    """Annual averages of the consumer price index, typed in the catalogue with their source."""
    return price_rows(read_yaml(bench.file(FILE).read_text(encoding="utf-8")))


TABLES = (
    Table(
        name="prices",
        title="Consumer price index, annual averages",
        key=("series", "year"),
        fields=(
            Field("series", "text", "Which index: whole country, or the Los Angeles area", "label", choices=SERIES),
            Field("year", "integer", "Calendar year", "year", minimum=1913, maximum=2100),
            Field("index", "number", "Annual average of CPI-U, all items, 1982-84 = 100, not seasonally adjusted",
                  "index", "prices of 1982-84", minimum=1),
            Field("bls_series", "text", "Identifier of the series at the Bureau of Labor Statistics", "code"),
        ),
        build=build_prices,
        files=(FILE,),
        period="year",
    ),
)  # fmt: skip
