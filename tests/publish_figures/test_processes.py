"""Event studies, control charts and funnels: what they say and mark is what was planted, and what they refuse."""

from __future__ import annotations

import re

import gallery
import numpy as np
import pandas as pd
import pytest
from geometry import elements, written

from analysis.methods import control_chart, event_study
from analysis.project import AnalysisError
from analysis.publish import figures
from analysis.publish.figures import Drawing

STUDY = {"unit": "points", "low": "low", "high": "high", "event": 0, "event_name": "The order"}


def circles(text: str, token: str, rim: str = "") -> list[dict[str, str]]:
    """Circles filled with one colour, with a rim of another if named."""
    wanted = {f"f-{token}", *([f"s-{rim}"] if rim else [])}
    found = ({**own, **node.attrib} for node, own in elements(written(text).root) if node.tag == "circle")
    return [circle for circle in found if wanted <= set(circle["class"].split())]


def effects() -> pd.DataFrame:
    """Four periods before, of which one strays; the base has no interval; two of three after are measurable."""
    frame = pd.DataFrame({"t": [-4, -3, -2, -1, 0, 1, 2], "v": [0.5, 2.0, -0.5, 0, -3, -5, -0.5]})
    frame["low"], frame["high"] = frame["v"] - 1, frame["v"] + 1
    frame.loc[3, ["low", "high"]] = np.nan
    return frame.assign(base=frame["t"] == -1)


def test_an_event_study_counts_the_periods_that_led_up_to_it() -> None:
    alt = figures.event_study(effects(), "t", "v", base="base", noun="month", **STUDY).alt
    assert "around The order: four months before it and three months from it on. Base: −1." in alt
    assert "Before it, one of three intervals excludes zero." in alt
    assert "From it on, two of three intervals exclude zero." in alt
    assert "Furthest: −5.0 percentage points (−6.0 to −4.0) in 1." in alt


def test_before_and_after_differ_in_form_and_only_the_measurable_is_coloured() -> None:
    text = figures.event_study(effects(), "t", "v", base="base", **STUDY).svg
    label = 1  # one mark of each side stands beside its name, one of each colour in the key
    assert len(circles(text, "paper", "navy")) == 1 + label
    assert len(circles(text, "paper", "neutral")) == 3
    assert len(circles(text, "navy")) == 2 + label + 1
    assert len(circles(text, "neutral")) == 1 + 1


def test_the_marks_of_an_event_study_stand_where_its_table_says() -> None:
    drawing = figures.event_study(effects(), "t", "v", base="base", **STUDY)
    pd.testing.assert_frame_equal(drawing.data, effects()[list(drawing.data.columns)].astype(drawing.data.dtypes))
    dots = circles(drawing.svg, "navy") + circles(drawing.svg, "neutral")
    radius = max(float(dot["r"]) for dot in dots)
    first, second, third = sorted((float(d["cx"]), float(d["cy"])) for d in dots if float(d["r"]) == radius)
    assert (second[1] - first[1]) / (first[1] - third[1]) == pytest.approx(2 / 2.5, abs=0.01), "−3, −5 and −0.5"
    assert second[0] - first[0] == pytest.approx(third[0] - second[0], abs=0.1)


def test_a_band_for_all_periods_decides_what_is_measurable() -> None:
    frame = effects().assign(wide=lambda f: f["v"] - 4, far=lambda f: f["v"] + 4)
    drawing = figures.event_study(frame, "t", "v", band=("wide", "far"), **STUDY)
    assert "From it on, two of three intervals exclude zero; in the band for all of them together, one." in drawing.alt
    assert "95 percent band for all periods together" in drawing.svg


def test_the_table_of_the_method_is_drawn_as_it_is() -> None:
    noise = np.random.default_rng(1).normal(0, 1, (12, 40))
    panel = pd.DataFrame(noise, index=pd.date_range("2020-01-05", periods=12, freq="W"), columns=[*map(str, range(40))])
    panel.iloc[6:, 0] -= 8
    found = event_study.event_study(panel, treated=["0"], event=panel.index[6], gap=1)
    drawing = figures.event_study(
        found.table, "period", "effect", unit="points", low="lower", high="upper", band=("band_lower", "band_upper"),
        base="base", event=panel.index[6], event_name="The order",
    )  # fmt: skip
    assert "six of six" in drawing.alt
    assert "Base: January 5, 2020 to February 2, 2020." in drawing.alt


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda f: f, {"event": 9}, "needs periods before and after it.*give the first period"),
        (lambda f: pd.concat([f, f.head(1)]), {}, "-4 more than once; give one row a period"),
        (lambda f: f.assign(t=np.nan), {}, "have no 't'; leave them out"),
        (lambda f: f.assign(low=f["high"] + 1), {}, "outside its own interval"),
        (lambda f: f.assign(t=list("abcdefg")), {}, "ordered pandas Categorical"),
    ],
)
def test_an_event_study_refuses_what_it_cannot_place(change, options, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        figures.event_study(change(effects()), "t", "v", **{**STUDY, **options})


def test_points_outside_the_limits_are_diamonds_and_named(drawings: dict[str, Drawing]) -> None:
    drawing = drawings["control_chart"]
    assert "Outside the limits: two months (34 days on February 1, 2021; 31 days on April 1, 2021)." in drawing.alt
    assert "Other signals: one." in drawing.alt
    diamonds = [
        node for node, own in elements(written(drawing.svg).root)
        if node.tag == "path" and "f-navy" in own.get("class", "").split()
        and re.fullmatch(r"M\S+ \S+(l-?[\d.]+[ -][\d.]+)[^a-z]*.*z", node.get("d", ""))
    ]  # fmt: skip
    assert len(diamonds) == 2 + 1, "one of them in the key"
    assert {"34", "31"} <= {label.words for label in written(drawing.svg).labels}
    assert len(circles(drawing.svg, "paper", "navy")) == 1 + 1, "the eighth in a row is ringed"


def test_limits_of_shares_follow_their_denominators(drawings: dict[str, Drawing]) -> None:
    lines = [
        node.get("d", "") for node, own in elements(written(drawings["control_chart_of_shares"].svg).root)
        if node.get("stroke-dasharray") or own.get("stroke-dasharray")
    ]  # fmt: skip
    assert sum(d.count("v") for d in lines) >= 8, "steps where the denominator falls and rises again"


def test_a_control_chart_draws_the_numbers_of_its_table() -> None:
    values = pd.Series([20.0, 22, 19, 21, 20, 23, 21, 20, 22, 31], index=pd.RangeIndex(2011, 2021, name="year"))
    chart = control_chart.xmr(values, baseline=9)
    drawing = figures.control_chart(chart.table.reset_index(), "year", unit="days", label="Days")
    assert drawing.data["value"].tolist() == values.tolist()
    assert drawing.data["upper"].iloc[0] == pytest.approx(chart.table["upper"].iloc[0])
    assert "Outside the limits: one period (31 days in 2020)." in drawing.alt


def test_a_withheld_value_gives_no_signal() -> None:
    table = control_chart.xmr(pd.Series([20.0, 22, 19, 21, 20, 23, 21, 20, 22, 31]), baseline=9).table.reset_index(
        names="t"
    )
    drawing = figures.control_chart(table.assign(why=["ok"] * 9 + ["suppressed"]), "t", unit="days", status="why")
    assert set(drawing.data["signal"]) == {""}
    assert "No point lies outside the limits." in drawing.alt


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="upper"), "no column upper; give the table of methods.control_chart.xmr"),
        (lambda f: f.assign(signal="odd"), "unknown signal odd; use beyond, run, near"),
        (lambda f: f.assign(upper=np.nan), "every period needs its centre and limits"),
        (lambda f: pd.concat([f, f]), "one row a period"),
    ],
)
def test_a_control_chart_refuses_what_is_none(change, message: str) -> None:
    table = control_chart.xmr(pd.Series(np.arange(12.0) % 3)).table.reset_index(names="t")
    with pytest.raises(AnalysisError, match=message):
        figures.control_chart(change(table), "t", unit="days")


PEOPLE = pd.DataFrame({"stage": ["Applied", "Tested", "Interviewed", "Hired"], "n": [1000, 600, 150, 120]})


def bars_of(text: str) -> list[float]:
    """Widths of the bars, in order."""
    drawn = [n.get("d") for n, own in elements(written(text).root) if n.tag == "path" and own.get("class") == "f-navy"]
    widths = [float(w) for d in drawn for w in re.findall(r"M[-\d.]+ [-\d.]+h([\d.]+)v", d)]
    return widths[1:]  # the first stands in the key


@pytest.mark.parametrize("layout", ["svg", "svg_narrow"])
def test_widths_of_a_funnel_are_its_counts(layout: str) -> None:
    widths = bars_of(getattr(figures.funnel(PEOPLE, "stage", "n"), layout))
    assert [w / widths[0] for w in widths] == pytest.approx([1, 0.6, 0.15, 0.12], abs=0.003)


def test_a_funnel_says_who_left_and_what_share_went_on() -> None:
    drawing = figures.funnel(PEOPLE, "stage", "n")
    words = [label.words for label in written(drawing.svg).labels]
    assert {"400 left", "450 left", "30 left", "60%", "25%", "80%", "15% of the first"} <= set(words)
    assert drawing.data["left"].tolist()[1:] == [400, 450, 30]
    assert "Most are lost before Interviewed: 75 percent." in drawing.alt


def test_funnels_side_by_side_begin_alike(drawings: dict[str, Drawing]) -> None:
    widths = bars_of(drawings["funnel_of_groups"].svg)
    assert widths[0] == pytest.approx(widths[4], abs=0.1), "1,200 women and 3,500 men"
    assert "Prefer not to say. Applied: 300 people. Offered a job: suppressed to protect people." in (
        drawings["funnel_of_groups"].alt
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.assign(n=[1000, 600, 700, 120]), "'Interviewed' has more than a stage before it.*use bars"),
        (lambda f: f.assign(n=[1000, 600, 150, 4]), "4 people are there at 'Hired', fewer than 11: join it"),
        (lambda f: f.assign(n=[1000, 600, 150, 146]), "4 people are lost before 'Hired', fewer than 11"),
        (lambda f: f.assign(n=[np.nan, 600, 150, 120]), "'Applied', the first stage, has no count"),
        (lambda f: f.assign(stage="Applied"), "named twice; give one row a stage"),
        (lambda f: f.assign(low=1.0, high=2.0), "share of 'Tested' lies outside its own interval"),
        (lambda f: f.assign(status=["ok", "lost", "ok", "ok"], n=[1000, np.nan, 150, 120]), "unknown status lost"),
    ],
)
def test_a_funnel_refuses_what_does_not_narrow_and_what_gives_people_away(change, message: str) -> None:
    frame = change(PEOPLE)
    options = {name: name for name in ("low", "high", "status") if name in frame}
    with pytest.raises(AnalysisError, match=message):
        figures.funnel(frame, "stage", "n", **options)


def test_small_counts_of_other_things_than_people_are_drawn() -> None:
    assert "3 left" in figures.funnel(PEOPLE.assign(n=[9, 6, 3, 2]), "stage", "n", unit="count").svg


def test_the_order_of_groups_is_that_of_the_rows(drawings: dict[str, Drawing]) -> None:
    labels = [label.words for label in written(drawings["funnel_of_groups"].svg_narrow).labels]
    assert [w for w in labels if w in {"Women", "Men", "Prefer not to say"}] == ["Women", "Men", "Prefer not to say"]
    assert set(gallery.FORMS) >= {"event_study", "control_chart", "funnel"}
