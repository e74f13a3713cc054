"""The Controller's economy panel: work, wages, sales, taxes and permits of the city and its council districts.

The panel is one sheet in which everything is a row. Districts, their total, the county
and the state stand in it side by side; here each row says which it is, so that none is
added to its own parts. Where the parts are there, what they miss of the published total
is written beside it.

Two things the sheet does not say were found by looking. The change in establishments is
over a year, not a quarter: it begins four quarters after employment does, and its
quarters overlap (Hansen and Hodrick 1980, Journal of Political Economy 88:829-853, on
what overlap does to errors). And one district has education and health only together
with other services, so the published total of each leaves that district out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.refine.contracts import Field, Table
from analysis.refine.parsing import listed, numbers

if TYPE_CHECKING:
    from analysis.refine.workbench import Workbench

PANEL = "economy_panel"
CITY_WORDS = ("CITY TOTAL", "CITY")
UNLOCATED = "99"
TOTAL_PRIVATE = "Total private"
JOINT = "Education, health and other services"


@dataclass(frozen=True)
class Measure:
    """What an indicator of the sheet becomes: its name here, its unit, whether parts add up, and its factor."""

    name: str
    unit: str
    additive: bool = True
    factor: float = 1.0


MEASURES = {
    "PRIVATE EMPLOYMENT BY INDUSTRY": Measure("employment", "jobs"),
    "TOTAL PRIVATE EMPLOYMENT": Measure("employment_private", "jobs"),
    "TOTAL EMPLOYMENT": Measure("employment_all", "jobs"),
    "EMPLOYMENT BY ESTABLISHMENT SIZE": Measure("employment_by_size", "jobs"),
    "EMPLOYMENT BY ESTABLISHMENT WAGE": Measure("employment_by_wage", "jobs"),
    "ESTABLISHMENT CHANGE BY INDUSTRY": Measure("establishments_change", "establishments"),
    "AVERAGE ANNUAL WAGE": Measure("average_annual_wage", "dollars a year", additive=False),
    "TAXABLE SALES": Measure("taxable_sales", "dollars", factor=1000),
    "TAXABLE SALES BY SECTOR": Measure("taxable_sales_by_sector", "dollars", factor=1000),
    "TAXABLE SALES RECEIPTS": Measure("sales_tax_receipts", "dollars", factor=1000),
    "GROSS RECEIPTS TAX PAYMENTS": Measure("business_tax_payments", "dollars"),
    "SINGLE-FAMILY PERMITS": Measure("permits_single_family", "permits"),
    "MULTI-FAMILY PERMITS": Measure("permits_multifamily", "permits"),
    "MIX-USE PERMITS": Measure("permits_mixed_use", "permits"),
    "SINGLE-FAMILY PERMIT VALUES": Measure("permit_values_single_family", "dollars"),
    "MULTI-FAMILY PERMIT VALUES": Measure("permit_values_multifamily", "dollars"),
    "MIX-USE PERMIT VALUES": Measure("permit_values_mixed_use", "dollars"),
    "MIX-USE ALTERATION PERMIT VALUES": Measure("permit_values_mixed_use_alteration", "dollars"),
    "NEW COMMERCIAL PERMIT VALUES": Measure("permit_values_new_commercial", "dollars"),
    "NON-RESIDENTIAL PERMIT VALUES": Measure("permit_values_nonresidential", "dollars"),
    "NON-RESIDENTIAL ALTERATION PERMIT VALUES": Measure("permit_values_nonresidential_alteration", "dollars"),
}  # fmt: skip
"""Indicators that are read; the others are about residents, hotels, prices or the nation."""

INDUSTRIES = {
    "ADMIN SUPPORT": "Administrative support",
    "EDUCATION/HEALTH": "Education and health",
    "EDUCATION/HEALTH AND OTHER": JOINT,
    "FIN. SVCS. AND REAL ESTATE": "Finance and real estate",
    "INFORMATION": "Information",
    "LEISURE AND HOSPITALITY": "Leisure and hospitality",
    "MANUFACTURING": "Manufacturing",
    "NR/CONSTRUCTION": "Construction and natural resources",
    "OTHER SVCS.": "Other services",
    "PROF, SCI, TECH, AND MGMT": "Professional, technical and management",
    "RETAIL TRADE": "Retail trade",
    "TRANSPORT/WAREHOUSE": "Transportation and warehousing",
    "WHOLESALE TRADE": "Wholesale trade",
    "TOTAL PRIVATE CHANGE": TOTAL_PRIVATE,
}
MERGED = (INDUSTRIES["EDUCATION/HEALTH"], INDUSTRIES["OTHER SVCS."], JOINT)
"""Industries that are one here, because one district has them only together."""

# Fifteen districts and a total, each rounded to a whole number, may differ by eight; figures of 100 million and more
# are published with four digits.
ROUNDING, SHARE = 8.0, 0.002

ADJUSTMENTS = {"SMOOTHED": "seasonally_adjusted_smoothed", "SEASONALLY ADJUSTED": "seasonally_adjusted"}


def adjustment(text: pd.Series) -> pd.Series:
    """How a series was adjusted, from the sheet's words about its unit.

    >>> adjustment(pd.Series(["THOUSANDS, SEASONALLY ADJUSTED", "SEASONALLY ADJUSTED AND SMOOTHED", None])).tolist()
    ['seasonally_adjusted', 'seasonally_adjusted_smoothed', 'none']
    """
    words = text.astype("str").fillna("")
    found = np.select([words.str.contains(name) for name in ADJUSTMENTS], list(ADJUSTMENTS.values()), "none")
    return pd.Series(found, index=text.index, dtype="str")


def areas(raw: pd.DataFrame, places: dict[str, str]) -> pd.DataFrame:
    """Kind and code of the area of each row; no kind where the row is of another place.

    ``places`` maps the sheet's localities to kinds. Raises AnalysisError for a district nobody knows.

    >>> rows = pd.DataFrame({"locality": ["X CITY"] * 3, "council_district": ["7", "CITY TOTAL", "99"]})
    >>> areas(rows, {"X CITY": "city"})["area_id"].tolist()
    ['cd-07', 'city', 'unlocated']
    """
    kind = raw["locality"].map(places)
    district = raw["council_district"].astype("str").str.strip().str.upper()
    number = pd.to_numeric(district.where(district != UNLOCATED), errors="coerce")
    city = kind == "city"
    strange = city & number.isna() & district.notna() & ~district.isin([*CITY_WORDS, UNLOCATED])
    if strange.any():
        raise AnalysisError(
            f"{PANEL}: column 'council_district' has {listed(sorted(set(district[strange])))}, which is neither a "
            "number nor a known word for the whole city: add it in refine/economy.py"
        )
    district_id = number.map(lambda value: f"cd-{int(value):02d}", na_action="ignore")
    whole = city & number.isna() & (district != UNLOCATED)
    return pd.DataFrame(
        {
            "area_kind": kind.mask(city & number.notna(), "council_district").mask(
                city & (district == UNLOCATED), "unlocated"
            ),
            "area_id": np.select(
                [city & number.notna(), whole, city], [district_id.fillna(""), "city", "unlocated"], kind.fillna("")
            ),
        },
        index=raw.index,
    )


def periods(raw: pd.DataFrame) -> pd.DataFrame:
    """Kind, name and first day of the period of each row; a fiscal year runs from July of the year before.

    >>> rows = pd.DataFrame({"cy_qtr": ["2009-03", None, None], "calendar_year": ["2009", "2010", None],
    ...                      "fiscal_year": ["2010", None, "2012"]})
    >>> found = periods(rows)
    >>> found["period"].tolist(), [str(day.date()) for day in found["period_start"]]
    (['2009-Q3', '2010', 'FY2012'], ['2009-07-01', '2010-01-01', '2011-07-01'])
    """
    quarter, year, fiscal = (raw[name].astype("str") for name in ("cy_qtr", "calendar_year", "fiscal_year"))
    is_quarter, is_year = quarter.notna(), quarter.isna() & year.notna()
    neither = ~is_quarter & ~is_year & fiscal.isna()
    if neither.any():
        rows = listed(raw.index[neither])
        raise AnalysisError(
            f"{PANEL}: {int(neither.sum()):,} rows have neither quarter nor year (rows {rows}): "
            "the sheet changed; compare its columns with the entry in data/catalog"
        )
    month = numbers(quarter.str[5:].rename("cy_qtr"), PANEL) * 3 - 2
    number = numbers(quarter.str[:4].where(is_quarter, year.where(is_year, fiscal)).rename("fiscal_year"), PANEL)
    first = pd.DataFrame(
        {
            "year": np.where(is_quarter | is_year, number, number - 1).astype("int64"),
            "month": np.where(is_quarter, month, np.where(is_year, 1, 7)).astype("int64"),
            "day": 1,
        },
        index=raw.index,
    )
    return pd.DataFrame(
        {
            "period_kind": np.select([is_quarter, is_year], ["quarter", "calendar_year"], "fiscal_year"),
            "period": np.select(
                [is_quarter, is_year], [quarter.str[:4] + "-Q" + quarter.str[-1:], year], "FY" + fiscal
            ),
            "period_start": pd.to_datetime(first).astype("datetime64[us]"),
        },
        index=raw.index,
    )


def build_district_economy(bench: Workbench) -> pd.DataFrame:
    """Every figure of the panel about business, one row a measure, area and period."""
    raw = bench.raw(PANEL, ["indicator", "sub_indicator", "locality", "council_district", "fiscal_year",
                            "calendar_year", "cy_qtr", "unit_text", "value"])  # fmt: skip
    other = ~raw["indicator"].isin(MEASURES)
    bench.tally(PANEL, "dropped", "indicator about residents, hotels, prices or the nation: not about business",
                raw.loc[other, "indicator"], topic="outside")  # fmt: skip
    raw = raw[~other]
    city = bench.city
    places = {f"{city.city.upper()} CITY": "city", city.county.upper(): "county",
              f"STATE OF {city.state.upper()}": "state"}  # fmt: skip
    where = areas(raw, places)
    away = where["area_kind"].isna()
    bench.tally(PANEL, "dropped", "another place", raw.loc[away, "locality"], topic="outside")
    raw, where = raw[~away], where[~away]
    measure = {part: raw["indicator"].map({key: getattr(each, part) for key, each in MEASURES.items()})
               for part in ("name", "unit", "factor", "additive")}  # fmt: skip
    detail = raw["sub_indicator"].astype("str").str.strip()
    frame = where.join(periods(raw)).assign(
        measure=measure["name"],
        detail=detail.map(INDUSTRIES).fillna(detail.str.capitalize()).fillna(""),
        value=(numbers(raw["value"], PANEL) * measure["factor"]).round(6),
        unit=measure["unit"],
        adjustment=adjustment(raw["unit_text"]),
        additive=measure["additive"].astype("bool"),
    )
    key = ["measure", "detail", "area_id", "period"]
    twice = frame.duplicated(key)
    bench.tally(PANEL, "dropped", "measure, area and period stand again: the first row is kept",
                frame.loc[twice, "measure"], topic="repeat")  # fmt: skip
    frame = _against_totals(bench, frame[~twice])
    return frame.sort_values(key, ignore_index=True)


def _against_totals(bench: Workbench, frame: pd.DataFrame) -> pd.DataFrame:
    """Beside each total of the city what its districts miss of it; a total of 0 without districts is none."""
    key = ["measure", "detail", "period"]
    parts = frame[frame["area_kind"].isin(["council_district", "unlocated"])]
    added = parts.groupby(key)["value"].agg(parts_sum="sum", parts="size").reset_index()
    districts = parts.groupby(["measure", "detail"])["period"].size().reset_index()[["measure", "detail"]]
    frame = frame.merge(added, on=key, how="left").merge(districts.assign(by_district=True), how="left")
    total = frame["area_kind"] == "city"
    alone = total & frame["by_district"].eq(True) & frame["parts"].isna()
    label = frame["measure"] + " " + frame["period"]
    zero = alone & (frame["value"] == 0)
    bench.tally(PANEL, "changed", "total of 0 in a quarter without districts, read as missing", label[zero],
                topic="missing")  # fmt: skip
    bench.tally(PANEL, "flagged", "total of the city without its districts", label[alone & ~zero])
    gap = (frame["parts_sum"] - frame["value"]).where(total & frame["additive"])
    off = gap.abs() > np.maximum(ROUNDING, SHARE * frame["value"].abs())
    bench.tally(PANEL, "kept", "total that its districts add up to, within rounding", label[gap.notna() & ~off])
    bench.tally(PANEL, "flagged", "districts do not add up to the total", label[off])
    flag = np.select([zero, alone, off], ["missing_zero", "without_parts", "parts_differ"], "ok")
    return frame.assign(value=frame["value"].mask(zero), value_flag=flag, parts_gap=gap.round(6))


def build_district_establishments(bench: Workbench) -> pd.DataFrame:
    """Jobs and change in establishments by area, industry and quarter, in industries that every area has."""
    frame = bench.refined("district_economy").query(
        "measure in ('employment', 'establishments_change', 'employment_private')"
    )
    private = frame["measure"] == "employment_private"
    frame = frame.assign(
        detail=frame["detail"].mask(private, TOTAL_PRIVATE), measure=frame["measure"].mask(private, "employment")
    )
    _check_joint(frame)
    joined = frame["detail"].isin(MERGED)
    names = frame["area_id"] + " " + frame["period"]
    bench.tally(PANEL, "changed", f"put together as '{JOINT}': one district has them only together", names[joined])
    frame = frame.assign(industry=frame["detail"].mask(joined, JOINT))
    key = ["area_kind", "area_id", "industry", "period", "period_start"]
    wide = frame.groupby([*key, "measure"])["value"].sum(min_count=1).unstack("measure").reset_index()
    wide = wide.rename(columns={"period": "quarter", "period_start": "quarter_start"})
    _tally_parts(bench, wide)
    wide = wide.assign(industry_total=wide["industry"] == TOTAL_PRIVATE)
    found: pd.DataFrame = wide.sort_values(["area_id", "industry", "quarter"], ignore_index=True)
    return found


def _check_joint(frame: pd.DataFrame) -> None:
    """Every area and quarter has education and health with other services, apart or together, and no district both."""
    apart = frame[frame["detail"].isin(MERGED[:2])]
    both = apart.groupby(["area_id", "measure", "period"]).size()
    together = frame[(frame["detail"] == JOINT) & (frame["area_kind"] != "city")]
    doubled = together.set_index(["area_id", "measure", "period"]).index.intersection(both.index)
    single = both[both != 2]
    wrong = [*(str(key) for key in single.index), *(str(key) for key in doubled)]
    if wrong:
        raise AnalysisError(
            f"{PANEL}: education, health and other services are there in part or twice for {listed(wrong)}: "
            "look at how the sheet names them before they are put together in refine/economy.py"
        )


def _tally_parts(bench: Workbench, wide: pd.DataFrame) -> None:
    """Count where industries do not add up to the published total of an area."""
    key = ["area_id", "quarter"]
    total = wide[wide["industry"] == TOTAL_PRIVATE].set_index(key)
    parts = wide[wide["industry"] != TOTAL_PRIVATE].groupby(key)
    for column, words in (("employment", "jobs"), ("establishments_change", "change in establishments")):
        gap = (parts[column].sum(min_count=1) - total[column]).dropna()
        off = gap.abs() > np.maximum(ROUNDING, SHARE * total[column].reindex(gap.index).abs())
        names = [f"{area} {quarter}" for area, quarter in gap.index[~off]]
        bench.tally(PANEL, "kept", f"area and quarter whose industries add up to the total: {words}", names)
        names = [f"{area} {quarter}" for area, quarter in gap.index[off]]
        bench.tally(PANEL, "flagged", f"industries do not add up to the total of the area: {words}", names)


_KIND = Field("area_kind", "text", "A council district; the whole city, county or state; or the part of the city's "
              "figure that could not be placed in a district (unlocated)", "label",
              choices=("council_district", "city", "county", "state", "unlocated"))  # fmt: skip
_AREA = Field("area_id", "text", "District, cd-01 to cd-15, or the kind of the area", "code",
              pattern=r"^(cd-\d{2}|city|county|state|unlocated)$")  # fmt: skip

TABLES = (
    Table(
        name="district_economy",
        title="Work, wages, sales, taxes and permits by council district, city, county and state",
        key=("measure", "detail", "area_id", "period"),
        fields=(
            Field("measure", "text", "What is measured", "label", choices=tuple(m.name for m in MEASURES.values())),
            Field("detail", "text", "Industry, size, wage or kind of outlet; empty where the measure has none",
                  "label"),
            _KIND,
            _AREA,
            Field("period_kind", "text", "A quarter or year of the calendar, or a fiscal year from July on", "label",
                  choices=("quarter", "calendar_year", "fiscal_year")),
            Field("period", "text", "2009-Q1, 2009 or FY2009", "period"),
            Field("period_start", "date", "First day of the period", "day"),
            Field("value", "number", "The figure; dollars are nominal", "see unit", "the area", nullable=True),
            Field("unit", "text", "Unit of the figure; thousands were multiplied out", "label"),
            Field("value_flag", "text",
                  "ok; missing_zero: a total of 0 in a quarter without districts, read as missing; without_parts: a "
                  "total of the city without its districts; parts_differ: the districts do not add up to it", "label",
                  choices=("ok", "missing_zero", "without_parts", "parts_differ")),
            Field("parts_gap", "number", "Sum of the districts (and of what could not be placed) less the total of the "
                  "city, on rows of the city's total; missing elsewhere", "see unit", "the area", nullable=True),
            Field("adjustment", "text", "How the publisher adjusted the series; smoothed ones have no sharp turn",
                  "label", choices=("none", *ADJUSTMENTS.values())),
        ),
        build=build_district_economy,
        inputs=(PANEL,),
        period="period_start",
    ),
    Table(
        name="district_establishments",
        title="Private jobs and change in establishments by council district, industry and quarter",
        key=("area_id", "industry", "quarter"),
        fields=(
            _KIND,
            _AREA,
            Field("industry", "text", "Industry, in the panel's grouping; education, health and other services are "
                  "one, because one district has them only together", "label",
                  choices=tuple(sorted({*INDUSTRIES.values()} - set(MERGED[:2])))),
            Field("industry_total", "truth", "The row is all private industries together, not one of them",
                  "yes or no"),
            Field("quarter", "text", "Quarter of the calendar, such as 2009-Q1", "period"),
            Field("quarter_start", "date", "First day of the quarter", "day"),
            Field("employment", "number", "Private jobs, seasonally adjusted", "jobs", "jobs in the area",
                  nullable=True, minimum=0),
            Field("establishments_change", "number",
                  "Net change in the number of private establishments over the four quarters up to this one; quarters "
                  "overlap, so add up one quarter a year only; missing where none was published",
                  "establishments", "establishments of the area", nullable=True),
        ),
        build=build_district_establishments,
        tables=("district_economy",),
        period="quarter_start",
    ),
)  # fmt: skip
