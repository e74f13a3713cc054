"""Consumer prices, to turn dollars of one year into dollars of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.refine.contracts import Field, Table

if TYPE_CHECKING:
    import pandas as pd

    from analysis.refine.workbench import Workbench

SERIES = ("us_cpi_u", "los_angeles_cpi_u")


def build_prices(bench: Workbench) -> pd.DataFrame:
    """Annual averages of the consumer price index, typed in the catalogue with their source."""
    raise NotImplementedError


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
        files=("prices.yml",),
        period="year",
    ),
)  # fmt: skip
