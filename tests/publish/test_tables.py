"""Tables show uncertainty, four kinds of emptiness, and nobody."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.project import AnalysisError
from analysis.publish import session
from analysis.publish.downloads import download
from analysis.publish.payload import Table
from analysis.publish.tables import Column, table

PLACES = pd.DataFrame(
    {
        "place": ["Aldea", "Bahía", "Cerro", "Duna", "Este"],
        "rent": [39.24, 0.04, np.nan, 12.0, 99.97],
        "moe": [1.2, 0.03, np.nan, 3.0, 0.02],
        "status": ["ok", "ok", "no_data", "not_applicable", "ok"],
    }
)


def texts(made: Table, column: int) -> list[str]:
    return [row["cells"][column]["text"].replace("\u00a0", " ") for row in made.rows]


def shown(**columns: Any) -> Table:
    return table("t", PLACES, title="Rents", columns={"place": "Place", "rent": Column(label="Rent", **columns)})


def test_numbers_show_their_margin_and_share_decimals() -> None:
    made = shown(unit="percent", moe="moe", status="status")
    assert texts(made, 1) == ["39.2 ± 1.2", "0.04 ± 0.03", "…", "–", "99.97 ± 0.02"]
    assert [cell["cells"][1]["sort"] for cell in made.rows] == [39.24, 0.04, None, None, 99.97]
    assert made.symbols == (("…", "no data"), ("–", "not applicable"))
    assert made.columns[1]["unit_label"] == "%"
    assert made.columns[1]["align"] == "right"


def test_intervals_read_as_ranges() -> None:
    frame = PLACES.assign(low=PLACES["rent"] - 2, high=PLACES["rent"] + 3).iloc[:1]
    made = table(
        "t", frame, title="x", columns={"rent": Column(label="Rent", unit="percent", interval=("low", "high"))}
    )
    assert texts(made, 0) == ["39.2 (37.2 to 42.2)"]


def test_all_kinds_of_emptiness_have_their_own_symbol() -> None:
    frame = pd.DataFrame({"n": [None] * 4, "s": ["no_data", "suppressed", "not_applicable", "failed"]})
    made = table("t", frame, title="x", columns={"n": Column(label="N", unit="count", status="s")})
    assert len(set(texts(made, 0))) == 4
    assert len(made.symbols) == 4
    assert not any(char.isdigit() for text in texts(made, 0) for char in text)


def test_values_behind_a_status_do_not_travel() -> None:
    frame = pd.DataFrame({"n": [4711], "s": ["suppressed"]})
    made = table("t", frame, title="x", columns={"n": Column(label="N", unit="count", status="s")})
    assert "4711" not in str(made.to_json())


def people() -> pd.DataFrame:
    frame = pd.DataFrame({"area": ["A", "B", "C", "D"], "deaths": [3, 150, 90, 40], "rate": [30.0, 80.0, 60.0, 20.0]})
    total = pd.DataFrame([{"area": "City", "deaths": 283, "rate": 55.0}])
    return pd.concat([frame, total], ignore_index=True).assign(total=[False] * 4 + [True])


COLUMNS = {
    "area": "Area",
    "deaths": Column(label="Deaths", unit="people"),
    "rate": Column(label="Rate", unit="per_100k", of="deaths"),
}


def test_small_counts_their_neighbours_and_their_rates_are_withheld() -> None:
    made = table("t", people(), title="x", columns=COLUMNS, totals="total", people_columns=["deaths"], sort="deaths")
    assert texts(made, 0) == ["C", "B", "A", "D", "City"]  # by what is shown; the withheld by name, the total last
    assert texts(made, 1) == ["90", "150", "•", "•", "283"]
    assert texts(made, 2) == ["60", "80", "•", "•", "55"]
    assert made.rows[-1]["total"]
    assert made.suppression == {"threshold": 11, "primary": 1, "complementary": 1}
    rows = list(csv.DictReader(io.StringIO(made.csv.removeprefix("\ufeff"))))
    assert [row["deaths"] for row in rows] == ["90", "150", "", "", "283"]
    assert [row["deaths_status"] for row in rows] == ["ok", "ok", "suppressed", "suppressed", "ok"]


def test_an_order_that_tells_the_withheld_count_is_refused() -> None:
    frame = people().iloc[:4].sort_values("deaths")
    with pytest.raises(AnalysisError, match="state sort="):
        table("t", frame, title="x", columns=COLUMNS, people_columns=["deaths"])
    table("t", frame, title="x", columns=COLUMNS, people_columns=["deaths"], sort="area")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"plac": "Place"}, "did you mean place"),
        ({"rent": "Rent"}, "state its unit"),
        ({"rent": Column(label="Rent", unit="dollars")}, "state year="),
        ({"rent": Column(label="Rent", unit="percents")}, "unknown unit"),
        ({"rent": Column(label="Rent", unit="percent", moe="margin")}, "no column 'margin'"),
        ({"rent": Column(label="Rent", unit="percent", of="n")}, "not in people_columns"),
        ({"rent": Column(label="Rent", unit="percent", status="place")}, "status 'Aldea'"),
        ({}, "no columns"),
    ],
)
def test_what_a_table_needs(columns: dict[str, Any], told: str) -> None:
    with pytest.raises(AnalysisError, match=told):
        table("t", PLACES, title="x", columns=columns)
    assert session.recorded("table") == {}


def test_dollars_and_dates_in_cells() -> None:
    frame = pd.DataFrame({"day": pd.to_datetime(["2020-03-04"]), "rent": [1387.2]})
    columns = {
        "day": Column(label="Day", unit="date"),
        "rent": Column(label="Rent", unit="dollars", year=2018, real=True),
    }
    made = table("t", frame, title="x", columns=columns)
    assert [texts(made, 0), texts(made, 1)] == [["March 4, 2020"], ["$1,387"]]
    assert made.columns[1]["unit_label"] == "in 2018 dollars"


def test_a_download_carries_its_bytes() -> None:
    frame = pd.DataFrame(
        {"place": ['=HYPERLINK("x")', "Bahía, la", 'a "b"'], "change": [-3.5, 0.1, np.nan], "n": [1, 2, 3]}
    )
    made = download("rents", frame, title="Rents", description="All of them")
    assert made.csv.startswith("\ufeffplace,change,n\r\n")
    assert hashlib.sha256(made.csv.encode("utf-8")).hexdigest() == made.sha256
    rows = list(csv.reader(io.StringIO(made.csv.removeprefix("\ufeff"))))
    assert rows[1:] == [['\'=HYPERLINK("x")', "-3.5", "1"], ["Bahía, la", "0.1", "2"], ['a "b"', "", "3"]]
    assert (made.rows, made.file) == (3, "rents.csv")
    back = pd.read_csv(io.BytesIO(made.csv.encode("utf-8")))
    assert back["change"].tolist()[:2] == [-3.5, 0.1]


def test_a_download_withholds_small_counts() -> None:
    made = download("deaths", people(), title="x", description="y", people_columns=["deaths"], totals="total")
    assert made.csv.splitlines()[1] == "A,,suppressed,30.0,False"
    assert sum("suppressed" in line for line in made.csv.splitlines()) == 2


def test_what_a_download_needs() -> None:
    with pytest.raises(AnalysisError, match="no rows"):
        download("empty", PLACES.iloc[:0], title="x", description="y")
    with pytest.raises(AnalysisError, match="plain identifier"):
        download("../up", PLACES, title="x", description="y")
