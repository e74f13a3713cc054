"""A finding is refused at the call, where the one who computed it can answer."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.project import AnalysisError
from analysis.publish import findings, payload, phrases, session
from analysis.publish.findings import Finding, finding
from analysis.publish.units import UNITS

RENT: dict[str, Any] = {"unit": "percent", "interval": (35.1, 43.3), "change": True}
POOR: dict[str, Any] = {"unit": "percent", "interval": (15, 21), "denominator": "residents"}
COUNT: dict[str, Any] = {"unit": "count", "no_interval": "complete count"}


def test_a_sound_finding_is_recorded_and_survives_json(loaded: Callable[..., Any]) -> None:
    loaded("tract_periods")
    made = finding("rent_change", np.float64(39.2), method="statistics.median", threshold=50, **RENT)
    assert session.recorded("finding") == {"rent_change": made}
    written = json.loads(payload.dumps(made))
    assert Finding.from_json(written) == made
    assert made.tables[0]["datasets"][0]["publisher"] == "Census Bureau"
    assert made.method is not None
    assert made.method["name"] == "statistics.median"


def test_the_record_of_a_finding_leaves_out_what_load_says_once(loaded: Callable[..., Any]) -> None:
    loaded("tract_periods")
    made = finding("tracts", 1204, **COUNT)
    assert "accounting" not in made.tables[0]
    assert "known_dirt" not in made.tables[0]["datasets"][0]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"value": math.nan, **RENT}, "not finite"),
        ({"value": None, **RENT}, "which kind of missing"),
        ({"value": 39.2, "unit": "percent", "change": True}, "no_interval="),
        ({"value": 39.2, **RENT, "no_interval": "census"}, "not both"),
        ({"value": 34.0, **RENT}, "does not contain"),
        ({"value": 39.2, **RENT, "interval": (43.3, 35.1)}, "low first"),
        ({"value": 39.2, **RENT, "interval": (35.1, math.inf)}, "finite"),
        ({"value": 39.2, **RENT, "interval": (1, 2, 3)}, "two numbers"),
        ({"value": 39.2, **RENT, "level": 90}, "0.90"),
        ({"value": 39.2, **RENT, "unit": "per cent"}, "unknown unit"),
        ({"value": 39.2, **RENT, "decimals": 3}, "false precision"),
        ({"value": 18, **POOR, "denominator": None}, "denominator"),
        ({"value": 139.2, "unit": "percent", "no_interval": "x", "denominator": "tracts"}, "change=True"),
        ({"value": 2, **POOR, "interval": (-1, 5)}, "cut the interval"),
        ({"value": 18, **POOR, "n": 7}, "publish the level"),
        ({"value": 1390, "unit": "dollars", "interval": (1350, 1430)}, "dollars need year"),
        ({"value": 1390, "unit": "dollars", "interval": (1350, 1430), "year": 2018}, "real=True"),
        ({"value": 7, "unit": "people", "no_interval": "complete count"}, "suppressed"),
        ({"value": 7, **COUNT, "noun": "traffic death"}, "suppressed"),
        ({"value": 7, "unit": "people", "status": "suppressed"}, "without value"),
        ({"value": None, "unit": "people", "status": "supressed"}, "did you mean suppressed"),
        ({"value": "39", **RENT}, "needs a number"),
        ({"value": True, **COUNT}, "needs a number"),
        ({"value": "Aldea", "unit": "list"}, "list of texts"),
        ({"value": " ", "unit": "text"}, "empty"),
        ({"value": "yesterday", "unit": "date"}, "not a date"),
        ({"value": "Aldea", "unit": "text", "group": ["Bahía"]}, "contain the place itself"),
        ({"value": 39.2, **RENT, "design": " "}, "design is empty"),
        ({"value": 3, **COUNT, "noun": "of 15 districts"}, "noun must not contain digits"),
        ({"value": 3, **COUNT, "method": "statistics.medain"}, "did you mean median"),
        ({"value": 3, **COUNT, "tables": ["tract_period"]}, "was not loaded"),
    ],
)
def test_what_cannot_be_published_is_refused_with_the_reason(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(AnalysisError, match=r"(?s).*" + told.replace("(", r"\(")):
        finding("x", **fields)
    assert session.recorded("finding") == {}


@pytest.mark.parametrize("name", ["", "rent change", "1st", "class", "_x", "fig", "lit", "naïve-x"])
def test_names_are_identifiers_and_not_words_of_the_templates(name: str) -> None:
    with pytest.raises(AnalysisError):
        finding(name, 3, **COUNT)


def test_a_name_is_used_once() -> None:
    finding("tracts", 3, **COUNT)
    with pytest.raises(AnalysisError, match="published twice"):
        finding("tracts", 4, **COUNT)


def test_an_interval_outside_the_value_needs_a_reason() -> None:
    made = finding("x", 34.0, outside="bias-corrected bootstrap", **RENT)
    assert made.outside == "bias-corrected bootstrap"


def test_values_become_plain() -> None:
    assert finding("a", np.int64(1204), **COUNT).value == 1204
    assert finding("b", pd.Timestamp("2020-03-04"), unit="date").value == "2020-03-04"
    assert finding("c", date(2020, 3, 4), unit="date").value == "2020-03-04"
    assert finding("d", pd.Series(["Aldea", "Bahía"]).tolist(), unit="list").value == ("Aldea", "Bahía")


def test_points_are_changes_unless_told_otherwise() -> None:
    assert finding("a", 6.6, unit="points", interval=(5, 8)).change
    assert not finding("b", 6.6, unit="points", interval=(5, 8), change=False).change


def test_the_method_leads_to_file_and_line() -> None:
    method = finding("a", 3, method=findings.finding, **COUNT).method
    assert method is not None
    assert method["file"] == "src/analysis/publish/findings.py"
    assert method["line"] > 50
    assert method["summary"].startswith("Record one result")
    assert "/" not in str(finding("b", 3, method=np.median, **COUNT).method["file"] or "")  # type: ignore[index]


def test_missing_findings_of_every_kind_are_published_without_a_number() -> None:
    for status in ("no_data", "suppressed", "not_applicable", "failed"):
        made = finding(f"x_{status}", None, unit="people", status=status)  # type: ignore[arg-type]
        assert made.value is None
        assert not any(char.isdigit() for char in findings.summary(made))


def test_every_unit_is_written() -> None:
    for unit in UNITS.values():
        if unit.kind == "number":
            extra: dict[str, Any] = {"dollars": {"year": 2018, "real": True}}.get(unit.name, {})
            extra |= {"no_interval": "complete count", "denominator": "residents"}
            made = finding(f"x_{unit.name}", 0.5 if unit.high == 1 else 20, unit=unit.name, **extra)
            assert findings.summary(made)


def test_cards_escape_what_they_show(made: Callable[..., Finding]) -> None:
    card = findings.finding_card(made("x", "<script>alert(1)</script>", unit="text", note="<img onerror=1>"))
    assert "<script" not in card
    assert "<img" not in card


def test_unknown_fields_of_an_old_notebook_are_refused(made: Callable[..., Finding]) -> None:
    with pytest.raises(AnalysisError, match="run the notebook again"):
        Finding.from_json({**made().to_json(), "colour": "red"})


def test_a_range_that_promises_no_level_says_what_it_is() -> None:
    shops = {"unit": "count", "noun": "shop", "interval": (4.0, 16.0)}
    ranged = finding("moved", 10.0, interval_is="Range over four quarters", **shops)
    assert ranged.level is None
    assert phrases.interval_words(ranged) == "Range over four quarters: 4 to 16\u00a0shops"
    assert finding("sure", 10.0, **shops).level == 0.95
