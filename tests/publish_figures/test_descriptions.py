"""What the descriptions say is what was planted."""

from __future__ import annotations

import gallery
import pandas as pd

from analysis.publish import figures
from analysis.publish.figures import Drawing


def test_timeline_tells_start_end_peak_and_what_is_incomplete(drawings: dict[str, Drawing]) -> None:
    alt = drawings["timeline"].alt
    assert "New cases a day, 7-day average: 100 (90 to 110) on May 1, 2020" in alt
    assert "100 (90 to 110) on November 9, 2020" in alt, "the latest complete day, not the collapsing tail"
    assert "highest 900 on August 29, 2020" in alt
    assert "Values after November 9, 2020 are incomplete and shaded." in alt
    assert "corrected downward at 3 of 200 dates" in alt
    assert "Curfew begins" not in alt.split("Marked")[0]
    assert "Bars close again (June 28, 2020)" in alt


def test_timeline_names_every_line(drawings: dict[str, Drawing]) -> None:
    alt = drawings["timeline_of_series"].alt
    assert (
        "City of Meridia: $560 ($530 to $590) in 1990, the lowest; $1,400 ($1,330 to $1,470) in 2018, the highest"
        in alt
    )
    assert alt.count("the highest") == 4


def test_survival_curves_say_ages_and_hold_their_values(drawings: dict[str, Drawing]) -> None:
    alt = drawings["survival_curves"].alt
    assert alt.startswith("Step chart. Across: Years since the business opened at this place.")
    assert "Closed: 0 percent (0 to 0) at 0, the lowest; 60 percent (57 to 63) at 30, the highest" in alt
    assert "Moved: 0 percent (0 to 0) at 0" in alt


def test_dotrange_counts_sides_by_interval(drawings: dict[str, Drawing]) -> None:
    alt = drawings["dotrange"].alt
    assert "Dot plot of 15 council districts with 95 percent intervals, from 12 to 40 percent." in alt
    assert "Measurably above City (27 percent): District 1, District 2, District 3." in alt
    assert "Measurably below: District 10, District 11, District 12, District 13." in alt
    assert "Six council districts cannot be told apart from it." in alt
    assert "District 7: 26 percent (23 to 29)." in alt
    assert "One council district: suppressed to protect people." in alt
    assert "One council district: no data." in alt


def test_a_range_over_choices_is_not_called_an_interval() -> None:
    frame = pd.DataFrame({"d": list("AB"), "v": [4, -1], "lo": [2, -3], "hi": [6, 1]})
    drawing = figures.dotrange(
        frame, "d", "v", unit="count", low="lo", high="hi", reference=(0, ""), range_name="Range over four quarters"
    )
    assert drawing.alt.startswith("Dot plot of two places with range over four quarters, from")
    assert "percent interval" not in drawing.svg
    assert "Range over four quarters" in drawing.svg


def test_an_estimate_beside_the_reference_is_not_called_different(drawings: dict[str, Drawing]) -> None:
    told = drawings["dotrange"].alt.split("Measurably above")[1]
    assert "District 4" not in told.split("cannot be told apart")[0], "29 with 26 to 32 includes 27"


def test_changes_are_counted_by_what_is_measurable(drawings: dict[str, Drawing]) -> None:
    for form in ("dumbbell", "slope"):
        alt = drawings[form].alt
        assert "Change of 15 council districts from 2000 to 2014–18, between +1 and +15 percentage points." in alt
        assert "12 council districts rose measurably, none fell and three did not measurably change." in alt
    assert "District 3: from 23 percent to 26 percent." in drawings["dumbbell"].alt


def test_change_by_its_own_interval() -> None:
    frame = pd.DataFrame({"d": list("ABC"), "b": [10, 10, 10], "a": [14, 6, 11], "lo": [2, -6, -2], "hi": [6, -2, 4]})
    drawing = figures.dumbbell(frame, "d", "b", "a", unit="percent", periods=("x", "y"), change_interval=("lo", "hi"))
    assert "One place rose measurably, one fell and one did not measurably change." in drawing.alt


def test_multiples_say_who_ends_above_the_context(drawings: dict[str, Drawing]) -> None:
    alt = drawings["small_multiples"].alt
    assert "15 small line charts on one scale, one per council district, from 1990 to 2018." in alt
    assert "Latest values run from 27 to 41 percent." in alt
    # The lower bound 25 + i exceeds 30 from the seventh district on.
    assert "City, drawn in each: 30 percent; nine council districts end measurably above it." in alt


def test_spread_tells_medians_and_what_is_missing(drawings: dict[str, Drawing]) -> None:
    alt = drawings["strip"].alt
    assert "Spread of 149 tracts in five districts." in alt
    assert "Medians run from $1,000 to $1,400, single tracts from $710 to $9,000." in alt
    assert (
        "City median: $1,200; two districts have a median measurably above it, two districts measurably below." in alt
    )
    assert "One tract without a value." in alt


def test_scatter_says_whether_the_trend_is_measurable(drawings: dict[str, Drawing]) -> None:
    alt = drawings["scatter"].alt
    assert "Scatter plot of 59 places." in alt
    assert "The trend rises, from 820 to 3,100." in alt
    assert "One place without both measures." in alt
    flat = pd.DataFrame({"x": [0.0, 1], "y": [5.0, 6], "low": [3.0, 4], "high": [7.0, 8]})
    drawing = figures.scatter(
        pd.DataFrame({"x": [0, 1], "y": [5, 6]}), "x", "y", x_unit="index", y_unit="index", x_label="X", y_label="Y",
        trend=flat,
    )  # fmt: skip
    assert "The trend does not measurably rise or fall." in drawing.alt


def test_specifications_are_counted_against_zero(drawings: dict[str, Drawing]) -> None:
    alt = drawings["multiverse"].alt
    assert "24 estimates under every combination of three decisions, sorted, from 1 to 24 percent." in alt
    assert "21 lie measurably above zero, none measurably below, and three cannot be told apart from it." in alt
    assert "Our choice: 10 percent (7 to 14), place 10 of 24 from below." in alt


def test_parts_and_squares(drawings: dict[str, Drawing]) -> None:
    assert "Hispanic or Latino: 47 to 79 percent." in drawings["share_bars"].alt
    assert drawings["waffle"].alt.startswith(
        "Of 100 renter households: Pays more than half of income for rent, 29 (28 to 31 percent)"
    )
    assert drawings["waffle"].svg.count("M") >= 100, "one hundred squares"


def test_flow_says_where_most_meets_and_what_is_unused(drawings: dict[str, Drawing]) -> None:
    alt = drawings["lineage"].alt
    assert "Flow of eight datasets into four tables and two whitepapers." in alt
    assert "Most datasets meet in tract_periods: five." in alt
    assert "Not used in a whitepaper yet: testing_daily." in alt


def test_heat_table_names_its_extremes(drawings: dict[str, Drawing]) -> None:
    alt = drawings["heat_table"].alt
    assert "from 60 percent (A, Complete) to 82 percent (E, Fresh)." in alt
    assert "One cell without a number." in alt


def test_no_digits_that_the_interval_does_not_bear() -> None:
    frame = pd.DataFrame({"t": [2000, 2010], "v": [1176.4, 2301.8], "lo": [1011.2, 2001.1], "hi": [1341.9, 2602.2]})
    drawing = figures.timeline(frame, "t", "v", unit="people", low="lo", high="hi", label="People")
    assert "1,180 people (1,010 to 1,340) in 2000" in drawing.alt
    assert "2,300 people (2,000 to 2,600) in 2010" in drawing.alt
    assert "2,302" not in drawing.svg


def test_descriptions_do_not_depend_on_the_order_of_rows() -> None:
    frame = gallery.rates()
    options = {"unit": "percent", "low": "low", "high": "high", "reference": (27, "City"), "status": "status"}
    first = figures.dotrange(frame, "district", "value", **options)
    second = figures.dotrange(frame.sample(frac=1, random_state=3), "district", "value", **options)
    assert (first.svg, first.alt) == (second.svg, second.alt)
    cases = gallery.cases()
    shuffled = cases.sample(frac=1, random_state=5)
    assert (
        figures.timeline(cases, "date", "average", unit="count").svg
        == figures.timeline(shuffled, "date", "average", unit="count").svg
    )


def test_a_single_value_is_described() -> None:
    frame = pd.DataFrame({"t": [2018], "v": [12.5]})
    drawing = figures.timeline(frame, "t", "v", unit="percent", label="Share")
    assert drawing.alt == "Line chart. Share: 13 percent in 2018."
