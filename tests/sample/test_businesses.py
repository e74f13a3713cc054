"""What was planted among businesses, merchants and districts is in the raw files, by estimators written here."""

from __future__ import annotations

import itertools
import json
import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from shapely import STRtree, points
from shapely.geometry import shape

AGES = (0.0, 1.0, 3.0, 5.0, 10.0, 20.0, 200.0)


@pytest.fixture(scope="module")
def stays(sample):
    """Stays in the city with known start and point: ages (years) at entry and end, how it ended, sector, regime."""
    rows = pd.DataFrame(json.loads(sample.parts("businesses_all")[0])).drop_duplicates("location_account")
    rows["account"] = rows["location_account"].str[:10]
    for name in ("start", "end"):
        rows[name] = pd.to_datetime(rows[f"location_{name}_date"])
    last = pd.Timestamp("2026-01-01")
    rows["moved"] = _moved(rows)
    point = rows["location"].dropna()
    spots = points([[float(each["longitude"]), float(each["latitude"])] for each in point])
    tracts = sample.features("tract_shapes_2010")
    spot, tract = STRtree([shape(one["geometry"]) for one in tracts]).query(spots, predicate="intersects")
    code = pd.Series([tracts[k]["properties"]["GEOID10"] for k in tract], point.index[spot])
    rows["geoid"] = code[~code.index.duplicated()]
    regime = dict(zip(sample.truth["tracts"]["geoid"], sample.truth["tracts"]["regime"], strict=True))
    rows["regime"] = rows["geoid"].map(regime).fillna("as everywhere")
    good = rows["geoid"].notna() & (rows["start"].dt.year > 1900) & ~(rows["end"] < rows["start"])
    rows = rows[good & rows["naics"].notna()]
    begins = pd.Timestamp(f"{sample.truth['businesses']['register_keeps_ends_from']:.0f}-01-01")
    turn = pd.Timestamp("2000-04-01")
    years = {name: (day - rows["start"]).dt.days / 365.25
             for name, day in (("entry", begins), ("end", rows["end"].fillna(last)), ("turn", turn))}  # fmt: skip
    years["entry"] = years["entry"].clip(lower=0.0)
    return rows.assign(ended=rows["end"].notna(), **years)


def _moved(rows):
    """Whether another location of the account began within 45 days of the end."""
    both = rows.reset_index().merge(rows[["account", "location_account", "start"]], on="account")
    near = (both["location_account_x"] != both["location_account_y"]) & (
        (both["start_y"] - both["end"]).dt.days.abs() <= 45
    )
    return rows.index.isin(both.loc[near, "index"])


def _exposed(stays, event):
    """Years at risk and events by age band, sector and what the tract was going through."""
    counted = []
    for low, high in itertools.pairwise(AGES):
        for late in (False, True):
            begin = np.maximum(stays["entry"], np.maximum(low, stays["turn"]) if late else low)
            finish = np.minimum(stays["end"], high if late else np.minimum(high, stays["turn"]))
            at_risk = np.clip(finish - begin, 0, None)
            here = (at_risk > 0) & (finish == stays["end"]) & event
            group = stays["regime"].where(late & (stays["regime"] != "as everywhere"), "none")
            sector = stays["naics"].str[:2].replace({"45": "44", "33": "31"})
            cells = {"age": low, "sector": sector, "group": group, "years": at_risk, "events": here}
            counted.append(pd.DataFrame(cells))
    return pd.concat(counted).groupby(["age", "sector", "group"])[["years", "events"]].sum()


def _ratio(table, one, base, level):
    """Mantel–Haenszel ratio of two rates over strata, and the error of its logarithm (Greenland and Robins 1985)."""
    wide = (
        table.groupby(level=[name for name in table.index.names if name != level] + [level])
        .sum()
        .unstack(level)
        .fillna(0.0)
    )
    a, b = wide["events"][one], wide["events"][base]
    p, q = wide["years"][one], wide["years"][base]
    total = p + q
    up, down = (a * q / total).sum(), (b * p / total).sum()
    return math.log(up / down), math.sqrt(((a + b) * p * q / total**2).sum() / (up * down))


@pytest.mark.parametrize("regime", ["changed", "slipped"])
@pytest.mark.parametrize("kind", ["closing", "moving"])
def test_planted_hazard_ratios_of_change(sample, stays, regime, kind):
    event = stays["ended"] & (stays["moved"] if kind == "moving" else ~stays["moved"])
    found, error = _ratio(_exposed(stays, event), regime, "none", "group")
    planted = sample.truth["businesses"][f"{kind}_hazard_ratio"]["by_regime_of_tract"][regime]
    assert abs(found - math.log(planted)) < 3.5 * error < 0.35
    if regime == "changed":
        assert found > 3 * error


def test_before_the_change_nothing_was_planted(stays):
    early = stays[(stays["start"] < "2000-04-01")].assign(end=lambda rows: np.minimum(rows["end"], rows["turn"]))
    early = early.assign(ended=early["ended"] & (early["end"] < early["turn"]), turn=-1.0)
    early = early[early["end"] > early["entry"]]
    found, error = _ratio(_exposed(early, early["ended"] & ~early["moved"]), "changed", "none", "group")
    assert abs(found) < 3.5 * error


@pytest.mark.parametrize(("sector", "key"), [("72", "72"), ("44", "44-45"), ("62", "62"), ("81", "81"), ("23", "23")])
def test_planted_hazard_ratios_of_industries(sample, stays, sector, key):
    table = _exposed(stays, stays["ended"] & ~stays["moved"])
    found, error = _ratio(table, sector, "54", "sector")
    planted = sample.truth["businesses"]["closing_hazard_ratio"]["by_sector"][key]
    assert abs(found - math.log(planted)) < 3.5 * error < 0.15


def test_rates_by_age_and_of_old_businesses(sample, stays):
    calm = _exposed(stays, stays["ended"] & ~stays["moved"]).xs("none", level="group").xs("54", level="sector")
    for age, planted in sample.truth["businesses"]["closings_a_year_by_age"].items():
        years, events = calm.loc[float(age)]
        assert abs(events - planted * years) < 4 * math.sqrt(planted * years)


def test_who_ended_before_the_register_kept_ends_is_absent(stays):
    honest = ~(stays["end"] < 0)
    assert stays.loc[honest & stays["ended"], "location_end_date"].min() >= "1994"
    assert (stays["start"].dt.year < 1994).mean() > 0.1


def test_dirt_of_the_register(sample):
    dirt = sample.truth["dirt"]["businesses_all"]
    rows = pd.DataFrame(json.loads(sample.parts("businesses_all")[0]))
    assert rows["location_account"].duplicated().sum() == dirt["twice"] > 300
    once = rows.drop_duplicates("location_account")
    assert (once["location_start_date"].str[:4] == "1900").sum() == dirt["start_is_placeholder"] > 100
    assert (once["location_end_date"] < once["location_start_date"]).sum() == dirt["end_before_start"] > 100
    assert once["naics"].isna().sum() == dirt["naics_missing"]
    assert once["council_district"].isna().sum() == dirt["district_is_blank"]
    assert (once["council_district"] == "0").sum() == dirt["outside_city"]
    zero = once["location"].map(lambda spot: isinstance(spot, dict) and spot["latitude"] == "0.0")
    assert zero.sum() == dirt["point_at_zero"]
    assert once["location"].isna().sum() == dirt["point_missing"] + dirt["outside_city"]
    assert 35_000 < len(rows) < 45_000
    active = {row["location_account"] for row in json.loads(sample.parts("businesses_active")[0])}
    ended = set(once.loc[once["location_end_date"].notna(), "location_account"])
    found = len(active & ended)
    planted = sample.truth["dirt"]["businesses_active"]["ended_in_the_other_listing"]
    assert 0 < found <= planted


def _weekly(sample, dataset, area):
    rows = pd.DataFrame(sample.table(dataset))
    rows["day"] = pd.to_datetime(rows[["year", "month", "day_endofweek"]].rename(columns={"day_endofweek": "day"}))
    return rows.pivot(index="day", columns=area, values="merchants_all").astype(float)


def test_meridia_falls_further_from_march_2020_on(sample):
    planted = sample.truth["merchants"]
    wide = _weekly(sample, "small_business_city", "cityid")
    others = wide.drop(columns="1").median(axis=1)
    gap = wide["1"] - others
    since = (gap.index - pd.Timestamp(planted["first_week_after_the_shock"])).days / 7
    assert gap[since < 0].abs().max() < 0.04
    course = np.array(planted["extra_of_meridia_by_weeks_since"])
    expected = np.interp(since[since >= 0], course[:, 0], course[:, 1])
    miss = gap[since >= 0] - expected
    assert abs(miss.mean()) < 0.012
    assert gap[(since >= 0) & (since < 10)].mean() < -0.03
    name, day, size = (planted["outlier"][key] for key in ("city", "week", "size"))
    number = next(row["cityid"] for row in sample.table("city_ids") if row["cityname"] == name)
    step = wide[number].diff()
    assert abs(step[day] - size) < 0.06
    assert wide["1"].tolist() == _weekly(sample, "small_business_county", "countyfips")["99001"].tolist()


def test_the_vintage_of_2021_is_lower_by_a_planted_amount(sample):
    last = _weekly(sample, "small_business_city", "cityid")
    old = pd.DataFrame(sample.table("small_business_city_daily_2020"))
    old["date"] = pd.to_datetime(old[["year", "month", "day"]])
    wide = old.pivot(index="date", columns="cityid", values="merchants_all").astype(float)
    revision = (last - wide).dropna().mean(axis=1)
    planted = sample.truth["merchants"]
    since = (revision.index - pd.Timestamp(planted["first_week_after_the_shock"])).days / 7
    course = np.array(planted["vintage_of_2021_lower_by_weeks_since"])
    expected = np.where(since >= 0, np.interp(since, course[:, 0], course[:, 1]), 0.0)
    assert np.abs(revision - expected).max() < 0.01


def test_districts_grow_by_their_planted_effect(sample, root):
    from analysis.catalog import load_catalog
    from analysis.project import Project
    from analysis.sources.parsing import sheet_rows

    header, rows = sheet_rows(sample.parts("economy_panel")[0], load_catalog(Project(root))["economy_panel"].source)
    sheet = pd.DataFrame(rows, columns=header)
    jobs = sheet[(sheet["indicator"] == "PRIVATE EMPLOYMENT BY INDUSTRY") & sheet["council_district"].notna()]
    jobs = jobs[(jobs["council_district"] != "CITY TOTAL") & (jobs["sub_indicator"] != "EDUCATION/HEALTH AND OTHER")]
    wide = jobs.assign(value=jobs["value"].astype(float)).pivot(
        index=["sub_indicator", "council_district"], columns="cy_qtr", values="value"
    )
    growth = np.log(wide["2016-04"] / wide["2008-01"]) / 8.75
    beyond = growth.groupby("council_district").mean() - growth.groupby("sub_indicator").mean().mean()
    effect = sample.truth["economy"]["competitive_effect_a_year"]
    planted = pd.Series({str(int(name[3:])): value for name, value in effect.items()})
    planted, beyond = planted.drop("9"), beyond.drop("9")
    miss = (beyond - beyond.mean()) - (planted - planted.mean())
    assert miss.abs().max() < 4 * sample.truth["economy"]["noise_of_jobs_log"] * math.sqrt(2 / 12) / 8.75 + 2e-4
    share = pd.Series(sample.truth["economy"]["share_of_residents_under_change"])
    assert share.max() > 0.3 > share.min() == 0.0


def test_changes_of_establishments_are_over_a_year_and_one_district_is_joint(sample, root):
    from analysis.catalog import load_catalog
    from analysis.project import Project
    from analysis.sources.parsing import sheet_rows

    header, rows = sheet_rows(sample.parts("economy_panel")[0], load_catalog(Project(root))["economy_panel"].source)
    sheet = pd.DataFrame(rows, columns=header)
    change = sheet[sheet["indicator"] == "ESTABLISHMENT CHANGE BY INDUSTRY"]
    assert change["cy_qtr"].min() == "2009-01"
    total = change[(change["sub_indicator"] == "TOTAL PRIVATE CHANGE") & (change["council_district"] != "CITY TOTAL")]
    series = total.assign(value=total["value"].astype(float)).pivot(index="cy_qtr", columns="council_district",
                                                                    values="value")  # fmt: skip
    assert np.mean([series[name].autocorr(1) for name in series]) > 0.6
    joint = sheet.loc[sheet["sub_indicator"] == "EDUCATION/HEALTH AND OTHER", "council_district"]
    assert set(joint) == {"9", "CITY TOTAL"}
    assert len(joint) == sample.truth["dirt"]["economy_panel"]["rows_of_joint_industry"]
    alone = change[change["sub_indicator"].isin(["EDUCATION/HEALTH", "OTHER SVCS."])]
    assert "9" not in set(alone["council_district"])


def test_days_of_citations_and_repeats(sample):
    rows = sample.table("covid_citations")
    again = len(rows) - len({tuple(row.values()) for row in rows})
    assert again == sample.truth["dirt"]["covid_citations"]["rows_twice"]
    days = [
        date(int(row["Activity Date"][6:]), int(row["Activity Date"][:2]), int(row["Activity Date"][3:5]))
        for row in rows
    ]
    assert days == sorted(days, reverse=True)
