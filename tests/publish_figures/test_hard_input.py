"""What people really have: one place or two hundred, names of eighty characters, missing bounds, rows in any order.

Every form either draws it, with no label on another or off the sheet, or says what to do instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from geometry import overlapping, written

from analysis.project import AnalysisError
from analysis.publish import figures
from analysis.publish.figures import Drawing

LONG = "Neighborhoods within half a mile of transit where renters pay more than others do"
NAMES = {
    "one": ["A"],
    "two hundred": [f"Place {i}" for i in range(200)],
    "eighty characters": [f"{LONG} a", "x" * 80, f"{LONG} b"],
}
WAY_OUT = re.compile(r"\b(give|use|draw|name|join|leave|set)\b", re.IGNORECASE)


def rows(names: list[str]) -> pd.DataFrame:
    """One row a name."""
    value = 10 + np.arange(len(names)) % 7 * 1.5
    frame = pd.DataFrame({"name": names, "v": value, "w": value + 2, "x": np.arange(len(names)) * 1.0})
    return frame.assign(low=value - 1, high=value + 1)


def years(names: list[str]) -> pd.DataFrame:
    """Four years of each name."""
    parts = [rows(names).assign(t=2000 + i) for i in range(4)]
    return pd.concat([part.assign(**{c: part[c] + i for c in ("v", "low", "high")}) for i, part in enumerate(parts)])


def periods(names: list[str]) -> pd.DataFrame:
    """The names as periods in order, within the limits of a control chart."""
    frame = rows(names).assign(t=pd.Categorical(names, categories=names, ordered=True))
    return frame.assign(value=frame["v"], centre=12, lower=8, upper=17, baseline=True, signal="")


def pairs(names: list[str]) -> pd.DataFrame:
    """Two parts of each name."""
    return pd.concat([rows(names).assign(part=part, n=n) for part, n in (("First", 500), ("Second", 300))])


BOUNDS = {"low": "low", "high": "high"}
PLANE = {"x_unit": "count", "y_unit": "percent"}
FORMS: dict[str, Callable[[list[str]], Drawing]] = {
    "timeline": lambda n: figures.timeline(
        years(n), "t", "v", unit="percent", series="name", highlight=n[:1], label=n[0], events=[(2001, n[0])],
        reference=(12, n[0]), **BOUNDS,
    ),
    "small_multiples": lambda n: figures.small_multiples(years(n), "t", "v", "name", unit="percent", label=n[0]),
    "dotrange": lambda n: figures.dotrange(
        rows(n), "name", "v", unit="percent", reference=(12, n[0]), axis=n[0], **BOUNDS
    ),
    "dumbbell": lambda n: figures.dumbbell(
        rows(n), "name", "v", "w", unit="percent", periods=("2000", "2018"), axis=n[0]
    ),
    "slope": lambda n: figures.slope(rows(n), "name", "v", "w", unit="percent", periods=("2000", "2018"), axis=n[0]),
    "bars": lambda n: figures.bars(rows(n), "name", "v", unit="count", axis=n[0], reference=(12, n[0])),
    "strip": lambda n: figures.distribution(years(n), "v", "name", unit="dollars", axis=n[0], reference=(12, n[0])),
    "ridge": lambda n: figures.distribution(years(n), "v", "name", unit="dollars", kind="ridge"),
    "scatter": lambda n: figures.scatter(
        rows(n), "x", "v", x_label=n[0], y_label=n[0], name="name", highlight=n[:4], **PLANE
    ),
    "multiverse": lambda n: figures.multiverse(rows(n), "v", ["name"], unit="percent", axis=n[0], **BOUNDS),
    "heat_table": lambda n: figures.heat_table(rows(n).assign(c=n[0]), "name", "c", "v", unit="percent", axis=n[0]),
    "share_bars": lambda n: figures.share_bars(pairs(n), "name", "part", "n", axis=n[0]),
    "parts": lambda n: figures.share_bars(pairs(n), "part", "name", "v", axis=n[0]),
    "waffle": lambda n: figures.waffle(rows(n), "name", "v", axis=n[0], of=n[0]),
    "lineage": lambda n: figures.lineage(pd.DataFrame({"dataset": n, "table": "t", "paper": "01"})),
    "curve": lambda n: figures.curve(
        years(n), "t", "v", x_label=n[0], y_label=n[0], series="name", order=n[:1], marked=(2001, n[0]), **PLANE
    ),
    "calibration": lambda n: figures.calibration(rows(n), "v", "w", x_label=n[0], y_label=n[0]),
    "event_study": lambda n: figures.event_study(
        periods(n), "t", "v", unit="percent", event=n[len(n) // 2], event_name=n[0], label=n[0], reference=(12, n[0]),
        across=n[0], **BOUNDS,
    ),
    "control_chart": lambda n: figures.control_chart(periods(n), "t", unit="percent", label=n[0]),
    "funnel": lambda n: figures.funnel(
        rows(n).assign(n=lambda f: 900 - f["x"]), "name", "n", axis=n[0], unit="count"
    ),
    "funnel of groups": lambda n: figures.funnel(pairs(n), "part", "n", group="name", axis=n[0]),
}  # fmt: skip


def faults(drawing: Drawing) -> list[object]:
    """Labels on each other or off the sheet, in both layouts."""
    found: list[object] = []
    for text in (drawing.svg, drawing.svg_narrow):
        sheet = written(text)
        found += overlapping(sheet.labels)
        found += [
            label.words for label in sheet.labels
            if min(label.box[0] + 1, label.box[1] + 2) < 0
            or max(label.box[2] - sheet.width - 1, label.box[3] - sheet.height - 2) > 0
        ]  # fmt: skip
    return found


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("form", FORMS)
def test_names_of_any_number_and_length(form: str, kind: str) -> None:
    drawing, refusal = None, ""
    try:
        drawing = FORMS[form](NAMES[kind])
    except AnalysisError as refused:
        refusal = str(refused)
    assert faults(drawing) == [] if drawing else WAY_OUT.search(refusal), refusal


@pytest.mark.parametrize("form", sorted(set(FORMS) - {"lineage"}))
def test_an_empty_frame_is_named(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for made in ("rows", "years", "periods", "pairs"):
        whole = globals()[made]
        monkeypatch.setitem(globals(), made, lambda names, whole=whole: whole(names).head(0))
    with pytest.raises(AnalysisError, match="no rows"):
        FORMS[form](["A", "B"])


WITH_BOUNDS = {
    "timeline": lambda f: figures.timeline(f, "t", "v", unit="percent", **BOUNDS),
    "small_multiples": lambda f: figures.small_multiples(f, "t", "v", "name", unit="percent", **BOUNDS),
    "dotrange": lambda f: figures.dotrange(f, "t", "v", unit="percent", reference=(3, ""), **BOUNDS),
    "bars": lambda f: figures.bars(f, "t", "v", unit="count", **BOUNDS),
    "multiverse": lambda f: figures.multiverse(f, "v", ["t"], unit="percent", **BOUNDS),
    "curve": lambda f: figures.curve(f, "t", "v", x_label="x", y_label="y", **PLANE, **BOUNDS),
    "calibration": lambda f: figures.calibration(f, "said", "v", **BOUNDS),
    "event_study": lambda f: figures.event_study(f, "t", "v", unit="points", event=2, event_name="e", **BOUNDS),
}


def planted() -> pd.DataFrame:
    """Five periods of one place, the third without bounds."""
    frame = pd.DataFrame({"name": "A", "t": range(5), "v": [1.0, 2, 4, 3, 5], "said": [1.0, 2, 3, 4, 5]})
    frame["low"], frame["high"] = frame["v"] - 0.5, frame["v"] + 0.5
    frame.loc[2, ["low", "high"]] = np.nan
    return frame


@pytest.mark.parametrize("form", WITH_BOUNDS)
def test_a_missing_interval_is_left_out_and_the_value_stays(form: str) -> None:
    drawing = WITH_BOUNDS[form](planted())
    assert faults(drawing) == []
    assert "nan" not in drawing.svg.lower()
    assert drawing.data["v"].notna().all()
    assert drawing.data["low"].isna().sum() == 1


@pytest.mark.parametrize("form", sorted(set(WITH_BOUNDS) - {"bars", "dotrange", "multiverse"}))
def test_rows_in_any_order_draw_the_same(form: str) -> None:
    frame = planted()
    first, second = WITH_BOUNDS[form](frame), WITH_BOUNDS[form](frame.sample(frac=1, random_state=4))
    assert (first.svg, first.alt) == (second.svg, second.alt)


HIDDEN = {
    "dotrange": lambda f: figures.dotrange(f, "name", "n", unit="people", status="status"),
    "bars": lambda f: figures.bars(f, "name", "n", unit="people", status="status"),
    "heat_table": lambda f: figures.heat_table(f.assign(c="c"), "name", "c", "n", unit="people", status="status"),
    "event_study": lambda f: figures.event_study(
        f, "t", "n", unit="people", low="n", high="n", event=2, event_name="e", status="status"
    ),
    "control_chart": lambda f: figures.control_chart(
        f.assign(centre=5_000, lower=1, upper=9_000, baseline=True, signal=""), "t", unit="people", value="n",
        status="status",
    ),
    "funnel": lambda f: figures.funnel(f.sort_values("n", ascending=False), "name", "n", status="status"),
}  # fmt: skip


@pytest.mark.parametrize("form", HIDDEN)
def test_a_number_whose_status_withholds_it_does_not_travel(form: str) -> None:
    frame = pd.DataFrame({"name": list("ABCD"), "t": range(4), "n": [7_000, 6_000, 3_137, 2_000]})
    drawing = HIDDEN[form](frame.assign(status=["ok", "ok", "suppressed", "ok"]))
    everything = drawing.svg + drawing.svg_narrow + drawing.alt + drawing.data.to_csv()
    assert not re.search(r"3,?1[34][07]|2,?86[03]|1,?1[34][07]", everything), "neither it nor what it would follow from"
    assert "suppressed to protect people" in drawing.alt or "•" in drawing.svg
