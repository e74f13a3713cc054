"""Planted data in every form: small, awkward on purpose, the truth known."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.methods.control_chart import share_chart, xmr
from analysis.publish import figures, maps
from analysis.publish.figures import Drawing

DISTRICTS = [f"District {i}" for i in range(1, 16)]


def cases() -> pd.DataFrame:
    """200 days: 100 a day, a peak of 900 on day 120, the last week collapsing because it is incomplete."""
    day = np.arange(200)
    level = 100 + 800 * np.exp(-((day - 120) ** 2) / 200)
    level = np.where(day >= 193, level * (200 - day) / 14, level)
    frame = pd.DataFrame({"date": pd.date_range("2020-05-01", periods=200), "average": level})
    frame["low"], frame["high"] = frame["average"] * 0.9, frame["average"] * 1.1
    frame["reported"] = frame["average"] + np.where(day % 7 < 2, -60, 30)
    frame["revised"] = day % 67 == 60
    return frame


EVENTS = [
    ("2020-05-08", "Trails and parks reopen"),
    ("2020-05-15", "Beaches reopen"),
    ("2020-06-12", "Gyms, museums and bars reopen"),
    ("2020-06-28", "Bars close again"),
    ("2020-11-14", "Curfew begins"),
]


def timeline() -> Drawing:
    return figures.timeline(
        cases(), "date", "average", unit="count", low="low", high="high", label="New cases a day, 7-day average",
        raw="reported", revised="revised", truncated_from="2020-11-10", events=EVENTS,
    )  # fmt: skip


def timeline_of_series() -> Drawing:
    """Four lines that end close together, with long names."""
    rows = [
        (name, year, start * grown, start * grown * 0.95, start * grown * 1.05)
        for name, start in (
            ("Los Angeles County", 700), ("City of Meridia", 698), ("Renter households below median income", 690),
            ("Neighborhoods within half a mile of transit", 705),
        )
        for year, grown in ((1990, 0.8), (2000, 1), (2012, 1.6), (2018, 2))
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["place", "year", "rent", "low", "high"])
    return figures.timeline(
        frame, "year", "rent", unit="dollars", series="place", low="low", high="high", level=0.9, label="Median rent",
        reference=(1000, "A thousand dollars"),
    )  # fmt: skip


def survival_curves() -> Drawing:
    """Two curves that hold each value until the next, over ages."""
    ages = np.arange(0, 31)
    parts = [
        pd.DataFrame({"way": way, "age": ages, "share": most * (1 - np.exp(-ages / 9.0))})
        for way, most in (("Closed", 62.0), ("Moved", 21.0))
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame["low"], frame["high"] = frame["share"] * 0.95, frame["share"] * 1.05
    return figures.timeline(
        frame, "age", "share", unit="percent", series="way", low="low", high="high", label="Businesses that had ended",
        steps=True, across="Years since the business opened at this place", limits=(0, 100),
    )  # fmt: skip


def rates() -> pd.DataFrame:
    """Fifteen districts around 27: three measurably above, four below, two empty, the rest not to be told apart."""
    value = [40, 36, 34, 29, 28, 27.5, 26, 25.5, np.nan, 20, 19, 15, 12, 28.2, np.nan]
    frame = pd.DataFrame({"district": DISTRICTS, "value": value})
    frame["low"], frame["high"] = frame["value"] - 3, frame["value"] + 3
    frame["status"] = ["ok"] * 15
    frame.loc[8, "status"] = "suppressed"
    return frame


def dotrange() -> Drawing:
    return figures.dotrange(
        rates(), "district", "value", unit="percent", low="low", high="high", status="status", reference=(27, "City"),
        axis="Share of renter households paying more than half of income for rent", highlight=["District 7"],
        harm="higher", noun="council district",
    )  # fmt: skip


def forest() -> Drawing:
    frame = pd.DataFrame(
        {
            "measure": [
                "Crowding, per 10 points",
                "Poverty, per 10 points",
                "Residents aged 65 and older, per 10 points",
            ],
            "group": ["Housing", "People", "People"],
            "ratio": [1.42, 1.11, 0.86],
            "low": [1.2, 0.95, 0.7],
            "high": [1.7, 1.3, 1.05],
        }
    )
    return figures.dotrange(
        frame, "measure", "ratio", unit="ratio", low="low", high="high", group="group", reference=(1, "No difference"),
        axis="Rate ratio", sort="given", noun="measure",
    )  # fmt: skip


def change() -> pd.DataFrame:
    """Two periods: changes of +1 to +15, the first three not measurable."""
    before = np.array([20 + (7 * i) % 11 for i in range(15)], dtype=float)
    after = before + np.arange(1, 16)
    frame = pd.DataFrame({"district": DISTRICTS, "before": before, "after": after})
    frame["measurable"] = np.arange(15) >= 3
    for side in ("before", "after"):
        frame[f"{side}_low"], frame[f"{side}_high"] = frame[side] - 1.5, frame[side] + 1.5
    return frame


CHANGE = {
    "unit": "percent",
    "periods": ("2000", "2014–18"),
    "before_interval": ("before_low", "before_high"),
    "after_interval": ("after_low", "after_high"),
    "measurable": "measurable",
    "axis": "Adults with a bachelor’s degree",
    "noun": "council district",
}


def dumbbell() -> Drawing:
    return figures.dumbbell(change(), "district", "before", "after", highlight=["District 3"], **CHANGE)


def slope() -> Drawing:
    marked = ["District 3", "District 5", "District 9", "District 12"]
    return figures.slope(change(), "district", "before", "after", highlight=marked, **CHANGE)


def slope_of_all() -> Drawing:
    return figures.slope(change().head(9), "district", "before", "after", **CHANGE)


def small_multiples() -> Drawing:
    rows = [
        (name, year, 20 + i + (year - 1990) / 4, 18 + i + (year - 1990) / 4, 22 + i + (year - 1990) / 4)
        for i, name in enumerate([*DISTRICTS, "City"])
        for year in (1990, 2000, 2012, 2018)
    ]
    frame = pd.DataFrame(rows, columns=["place", "year", "share", "low", "high"])
    frame.loc[frame["place"] == "City", ["share", "low", "high"]] = [30, 29.9, 30.1]
    return figures.small_multiples(
        frame, "year", "share", "place", unit="percent", low="low", high="high", context="City",
        label="Adults with a bachelor’s degree", highlight=["District 3"], noun="council district",
    )  # fmt: skip


def bars() -> Drawing:
    frame = pd.DataFrame(
        {
            "kind": ["Bulky items", "Graffiti removal", "Metal and household appliances", "Dead animal removal"],
            "n": [4820, 1960, 830, np.nan],
        }
    )
    return figures.bars(frame, "kind", "n", unit="count", axis="Requests", noun="request type")


def bars_with_intervals() -> Drawing:
    frame = pd.DataFrame({"kind": ["Bulky items", "Graffiti"], "n": [4820.0, 1960.0]})
    frame["low"], frame["high"] = frame["n"] * 0.9, frame["n"] * 1.1
    return figures.bars(frame, "kind", "n", unit="count", low="low", high="high", noun="request type")


def tracts() -> pd.DataFrame:
    """Thirty tracts in each of five districts; medians 1,000 to 1,400; one value missing, one far out."""
    rows = [(f"District {d}", 900 + 100 * d + 20 * (i - 14.5)) for d in range(1, 6) for i in range(30)]
    frame = pd.DataFrame(rows, columns=["district", "rent"])
    frame.loc[3, "rent"] = np.nan
    frame.loc[149, "rent"] = 9000
    return frame


def strip() -> Drawing:
    summary = pd.DataFrame({"group": [f"District {d}" for d in range(1, 6)]})
    summary["median"] = [1000.0, 1100, 1200, 1300, 1400]
    summary["low"], summary["high"] = summary["median"] - 40, summary["median"] + 40
    return figures.distribution(
        tracts(), "rent", "district", unit="dollars", summary=summary, reference=(1200, "City median"),
        axis="Median gross rent", limits=(500, 2000), noun="district",
    )  # fmt: skip


def ridge() -> Drawing:
    return figures.distribution(tracts(), "rent", "district", unit="dollars", kind="ridge", limits=(500, 2000))


def scatter() -> Drawing:
    """A rising cloud; five named points crowded together."""
    x = np.linspace(2, 40, 60)
    frame = pd.DataFrame({"place": [f"Place {i}" for i in range(60)], "x": x, "y": 700 + 60 * x + 300 * np.sin(7 * x)})
    frame.loc[20:24, "place"] = ["Boyle Heights", "Harbor Gateway North and South", "Venice", "Westlake", "Pacoima"]
    frame["people"] = 5000 + 1000 * (np.arange(60) % 9)
    frame.loc[59, "y"] = np.nan
    trend = pd.DataFrame({"x": [2.0, 40.0], "y": [820.0, 3100.0], "low": [700.0, 2900.0], "high": [940.0, 3300.0]})
    return figures.scatter(
        frame, "x", "y", x_unit="percent", y_unit="per_100k", x_label="Households with more than one person a room",
        y_label="Cases per 100,000 residents", name="place", highlight=frame.loc[20:24, "place"].tolist(), trend=trend,
        size="people", size_label="Area: residents",
    )  # fmt: skip


def multiverse() -> Drawing:
    """24 specifications from 1 to 24; intervals of ±3, so the three lowest include zero."""
    choices = list(itertools.product(["z-scores", "Ranks"], ["Equal weights", "By factor", "By reliability"], "ABCD"))
    frame = pd.DataFrame(choices, columns=["Scale", "Weights", "Measures"])
    frame["estimate"] = np.arange(1.0, 25.0)
    frame["low"], frame["high"] = frame["estimate"] - 3.5, frame["estimate"] + 3.5
    frame["ours"] = frame["estimate"] == 10
    return figures.multiverse(
        frame, "estimate", ["Scale", "Weights", "Measures"], unit="percent", low="low", high="high", ours="ours",
        axis="Share of tracts in the top group",
    )  # fmt: skip


def heat_table() -> Drawing:
    rows = [
        (r, c, 60 + 5 * i + j) for i, r in enumerate("ABCDE") for j, c in enumerate(["Complete", "Unique", "Fresh"])
    ]
    frame = pd.DataFrame(rows, columns=["dataset", "check", "share"])
    frame.loc[4, "share"] = np.nan
    return figures.heat_table(frame, "dataset", "check", "share", unit="percent", axis="Rows that pass", noun="dataset")


def heat_of_correlations() -> Drawing:
    names = ["Income ratio", "Graduates", "White residents", "Income", "Rent", "Household size"]
    rows = [(a, b, 1.0 if a == b else ((i * j) % 7 - 3) / 5) for i, a in enumerate(names) for j, b in enumerate(names)]
    frame = pd.DataFrame(rows, columns=["a", "b", "r"])
    return figures.heat_table(frame, "a", "b", "r", unit="correlation", middle=0, noun="measure")


def share_bars() -> Drawing:
    rows = [
        (d, p, v)
        for d, shares in (("City", (29, 47, 12, 9, 3)), ("District 9", (2, 79, 3, 15, 1)))
        for p, v in zip(("White", "Hispanic or Latino", "Asian", "Black", "Other"), shares, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["d", "who", "n"])
    return figures.share_bars(frame, "d", "who", "n", axis="Residents by group", noun="area")


def waffle() -> Drawing:
    frame = pd.DataFrame(
        {
            "who": ["Pays more than half of income for rent", "Pays 30 to 50 percent", "Pays less than 30 percent"],
            "share": [29.4, 27.1, 43.5],
            "low": [28.2, 26.0, 42.3],
            "high": [30.6, 28.2, 44.7],
        }
    )
    return figures.waffle(frame, "who", "share", low="low", high="high", of="100 renter households")


def lineage() -> Drawing:
    tables = {
        "tract_periods": ["sf3_1990", "sf3_2000", "acs5_2012", "acs5_2018", "crosswalk_2000_2010"],
        "tract_shapes": ["tract_shapes_2010"],
        "covid_city_daily": ["covid_city_cases"],
        "testing_daily": ["covid_testing"],
    }
    papers = {"tract_periods": ["01"], "tract_shapes": ["01", "06"], "covid_city_daily": ["06"]}
    rows = [(d, t, p) for t, sources in tables.items() for d in sources for p in papers.get(t, [None])]
    frame = pd.DataFrame(rows, columns=["dataset", "table", "paper"])
    return figures.lineage(frame, labels={"01": "01 Neighborhood change", "06": "06 COVID-19 response"})


def drawn() -> Drawing:
    import seaborn as sns

    from analysis.publish import theme

    frame = cases()

    def draw(axes, layout):
        sns.histplot(
            frame, x="average", ax=axes, color=theme.colour("sky"), edgecolor=theme.colour("paper"), alpha=1, bins=12
        )
        axes.set(xlabel="Cases a day", ylabel="Days")

    return figures.drawn(draw, frame[["average"]], "A histogram of cases a day, most days near 100.")


def decision_curve() -> Drawing:
    """Three strategies over thresholds, two of which meet at zero."""
    at = np.arange(5, 55, 5, dtype=float)
    lines = {"Our list": 20 - 0.35 * at, "Everywhere": 20 - 0.6 * at, "Nowhere": 0 * at}
    frame = pd.concat(
        pd.DataFrame({"strategy": name, "threshold": at, "benefit": y, "low": y - 2, "high": y + 2})
        for name, y in lines.items()
    )
    return figures.curve(
        frame, "threshold", "benefit", x_unit="percent", y_unit="points", x_label="Probability from which we visit",
        y_label="Net benefit", series="strategy", low="low", high="high", marked=(20.0, "Ours"), plus=True,
    )  # fmt: skip


def calibration() -> Drawing:
    frame = pd.DataFrame({"said": [5.0, 12, 18, 25, 33, 47], "seen": [7.0, 10, 21, 24, 30, 58]})
    return figures.calibration(
        frame.assign(low=frame["seen"] - 5, high=frame["seen"] + 5), "said", "seen", low="low", high="high", noun="bin"
    )


def event_study() -> Drawing:
    """Four weeks of base, eight of foreboding (the last strays), 20 after: a fall of eight that half recovers."""
    week = np.arange(-12, 20)
    effect = np.where(week < 0, 0.3 * np.sin(3 * week), -8.0 + 0.2 * week)
    effect[11] = -2.5
    frame = pd.DataFrame({"week": pd.Timestamp("2020-03-22") + pd.to_timedelta(7 * week, "D"), "effect": effect})
    frame["low"], frame["high"] = effect - 2, effect + 2
    frame["band_low"], frame["band_high"] = effect - 4.5, effect + 4.5
    frame["base"] = week < -8
    frame["status"] = np.where(week == 15, "suppressed", "ok")
    frame.loc[week == 4, ["effect", "low", "high", "band_low", "band_high"]] = np.nan
    return figures.event_study(
        frame, "week", "effect", unit="points", low="low", high="high", band=("band_low", "band_high"), base="base",
        event=pd.Timestamp("2020-03-22"), event_name="Orders to stay home", label="Difference from other cities",
        reference=(0.0, "As other cities"), status="status", noun="week",
    )  # fmt: skip


def event_study_of_years() -> Drawing:
    """The textbook's picture: six years around a policy, the year before it the base."""
    frame = pd.DataFrame({"year": [-3, -2, -1, 0, 1, 2], "ratio": [1.02, 0.97, 1, 1.21, 1.4, 1.52]})
    frame["low"], frame["high"] = frame["ratio"] / 1.15, frame["ratio"] * 1.15
    frame.loc[2, ["low", "high"]] = np.nan
    return figures.event_study(
        frame.assign(base=frame["year"] == -1), "year", "ratio", unit="ratio", low="low", high="high", base="base",
        event=0, event_name="Minimum wage rises for the first time", reference=(1.0, "No difference"), plus=False,
        across="Years since the wage rose", noun="year",
    )  # fmt: skip


def control_chart() -> Drawing:
    """Three years of months: two lie far out after the baseline, then eight run low; one is suppressed."""
    month = np.arange(36)
    days = 20 + 2 * np.sin(2.1 * month) + np.cos(5 * month)
    days[[25, 27]] = 34, 31
    days[28:] = 17.8 + 0.4 * np.sin(month[28:])
    table = xmr(pd.Series(days, index=pd.date_range("2019-01-01", periods=36, freq="MS", name="month")), baseline=24)
    frame = table.table.reset_index()
    frame["status"] = np.where(month == 20, "suppressed", "ok")
    return figures.control_chart(
        frame, "month", unit="days", label="Days to repair a pothole", status="status", noun="month"
    )


def control_chart_of_shares() -> Drawing:
    """Limits that widen where few were counted."""
    total = pd.Series([900, 850, 940, 400, 380, 910, 880, 930, 870, 300, 890, 910, 860])
    share = np.array([12, 13, 11, 14, 10, 12, 13, 12, 11, 15, 12, 19, 13]) / 100
    chart = share_chart((total * share).round().astype(int), total, baseline=10)
    frame = chart.table.mul({c: 100 if c in ("value", "centre", "lower", "upper") else 1 for c in chart.table.columns})
    return figures.control_chart(
        frame.assign(year=range(2008, 2021)), "year", unit="percent", label="Requests reopened", noun="year"
    )


STAGES = ["Applied", "Passed the written test", "Interviewed", "Offered a job", "Hired"]


def funnel() -> Drawing:
    """Most leave at the test; nearly all who are offered a job take it."""
    frame = pd.DataFrame({"stage": STAGES, "people": [4800, 2100, 900, 240, 200]})
    share = 100 * frame["people"] / frame["people"].shift()
    frame["low"], frame["high"] = share - 2.1, share + 1.9
    return figures.funnel(frame, "stage", "people", low="low", high="high", axis="Applicants for police officer")


def funnel_of_groups() -> Drawing:
    """Three groups of unlike size; one has a stage too small to show."""
    counts = {"Women": [1200, 540, 260, 60], "Men": [3500, 1700, 700, 170], "Prefer not to say": [300, 120, 40, 4]}
    rows = [
        (g, s, n, "ok" if n > 10 else "suppressed")
        for g, ns in counts.items()
        for s, n in zip(STAGES[:4], ns, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["who", "stage", "people", "status"])
    return figures.funnel(frame, "stage", "people", group="who", status="status")


FORMS: dict[str, Callable[[], Drawing]] = {
    f.__name__: f
    for f in (
        timeline, timeline_of_series, survival_curves, dotrange, forest, dumbbell, slope, slope_of_all, small_multiples,
        bars, bars_with_intervals, strip, ridge, scatter, multiverse, heat_table, heat_of_correlations, share_bars,
        waffle, lineage, decision_curve, calibration, event_study, event_study_of_years, control_chart,
        control_chart_of_shares, funnel, funnel_of_groups, drawn,
    )
}  # fmt: skip


# -- maps ------------------------------------------------------------------------------------------------------------

CRS = "EPSG:2229"


def voronoi(count: int = 1000, seed: int = 7) -> gpd.GeoDataFrame:
    """``count`` tracts that tile a coast: Voronoi cells with wiggly shared borders, in longitude and latitude."""
    rng = np.random.default_rng(seed)
    points = rng.uniform([6_300_000, 1_700_000], [6_500_000, 1_950_000], (count, 2))
    outline = shapely.Point(6_400_000, 1_825_000).buffer(120_000, quad_segs=64)
    points = np.array([p for p in points if outline.contains(shapely.Point(p))])
    while len(points) < count:
        more = rng.uniform([6_280_000, 1_705_000], [6_520_000, 1_945_000], (count, 2))
        points = np.vstack([points, [p for p in more if outline.contains(shapely.Point(p))]])[:count]
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=outline))
    wiggled = shapely.transform(
        shapely.segmentize(shapely.intersection(cells, outline), 1_500),
        lambda c: c + 250 * np.sin(np.column_stack([c[:, 1], c[:, 0]]) / 900),
    )
    frame = gpd.GeoDataFrame(geometry=wiggled, crs=CRS)
    frame["geoid"] = [f"990010{i:05d}" for i in range(len(frame))]
    frame["name"] = [f"Tract {i // 100}.{i % 100:02d}" for i in range(len(frame))]
    middle = frame.geometry.representative_point()
    frame["rent"] = (800 + (middle.x - 6_280_000) / 120).round(0)
    frame["low"], frame["high"] = frame["rent"] - 90, frame["rent"] + 90
    frame["change"] = ((middle.y - 1_825_000) / 6_000).round(1)
    frame["change_low"], frame["change_high"] = frame["change"] - 4, frame["change"] + 4
    frame["kind"] = np.where(frame["change"] > 5, "Rising", np.where(frame["change"] < -5, "Falling", "Steady"))
    frame["status"] = "ok"
    frame.loc[:9, "status"] = "suppressed"
    frame.loc[10:29, ["rent", "low", "high"]] = np.nan
    frame.loc[30:33, "status"] = "not_applicable"
    return frame.to_crs(4326)


def districts(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Nine districts of whole tracts, three by three."""
    middle = frame.to_crs(CRS).geometry.representative_point()
    column = pd.qcut(middle.x, 3, labels=False)
    row = middle.y.groupby(column).transform(lambda y: pd.qcut(y, 3, labels=False)).astype(int)
    number = column * 3 + row + 1
    joined = frame[["geometry"]].assign(area_id=[f"cd-{n:02d}" for n in number]).dissolve("area_id").reset_index()
    joined["name"] = [f"Council District {int(a[3:])}" for a in joined["area_id"]]
    return joined


def city_map(frame: gpd.GeoDataFrame, column: str = "rent", **options: object) -> maps.MapDrawing:
    """The map most tests speak of; another ``column`` has an interval of its own name."""
    ends = {"low": "low", "high": "high"} if column == "rent" else {"low": f"{column}_low", "high": f"{column}_high"}
    given = {
        "unit": "dollars", "crs": CRS, "name": "name", **ends, "status_column": "status",
        "overlay": districts(frame), "label": "Median gross rent",
    }  # fmt: skip
    return maps.choropleth(frame, column, **{**given, **options})
