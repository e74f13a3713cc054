"""What was planted can be found again in the raw files, by estimators written here.

None of these uses the package's methods: if both were wrong together, nothing would show.
"""

from __future__ import annotations

import itertools
import math
from datetime import date, timedelta

import numpy as np
import pytest
from shapely.geometry import shape
from shapely.strtree import STRtree

MISSING = -600_000_000


def _numbers(rows, name):
    return {code: float(row[name]) for code, row in rows.items()}


@pytest.fixture(scope="module")
def then_and_now(sample):
    """Tracts that have the same code and the same people in 2000 and 2010: figures of both, and the regime of each."""
    full, long = sample.census("sf1_2000"), sample.census("sf3_2000")
    now = sample.census("acs5_2018")
    crosswalk = {row["tract"]: row for row in sample.table("crosswalk_2000_2010") if row["county"] == "001"}
    regime = dict(zip(sample.truth["tracts"]["geoid"], sample.truth["tracts"]["regime"], strict=True))
    same = [
        code for code in sorted(set(long) & set(now) & set(crosswalk))
        if float(crosswalk[code]["pop_00"]) == float(full[code]["P004001"]) > 0
    ]  # fmt: skip
    assert len(same) > 500
    return [(regime["99001" + code], full[code], long[code], now[code]) for code in same]


def _ratio(pairs, old, new, tops):
    """Log ratio of two medians by regime, without missing and coded ones."""
    found: dict[str, list[float]] = {}
    for regime, _, long, now in pairs:
        before, after = float(long[old]), float(now[new])
        if before > 0 and after > 0 and before < tops[0] and after < tops[1] and after != 9999:
            found.setdefault(regime, []).append(math.log(after / before))
    return {regime: np.array(values) for regime, values in found.items()}


@pytest.mark.parametrize(
    ("name", "old", "new", "tops"),
    [
        ("income", "P053001", "B19013_001E", (200_001, 250_001)),
        ("rent", "H063001", "B25064_001E", (2_001, 3_501)),
        ("value", "H085001", "B25077_001E", (1_000_001, 2_000_001)),
    ],
)
def test_growth_everywhere_and_planted_growth(then_and_now, sample, name, old, new, tops):
    change = sample.truth["change"]
    logs = _ratio(then_and_now, old, new, tops)
    calm = logs["as everywhere"]
    error = calm.std() / math.sqrt(len(calm))
    assert abs(calm.mean() - math.log(change["elsewhere"]["growth_nominal"][name])) < 3.5 * error < 0.03
    for regime in ("changed", "slipped"):
        extra = logs[regime].mean() - calm.mean()
        error = math.sqrt(logs[regime].var() / len(logs[regime]) + calm.var() / len(calm))
        assert abs(extra - math.log(change[regime]["planted"][name])) < 3.5 * error
        assert abs(extra) > 3 * error or abs(math.log(change[regime]["planted"][name])) < 0.1


def _shares(pairs, of_2000, of_2018):
    found: dict[str, list[float]] = {}
    for regime, full, long, now in pairs:
        found.setdefault(regime, []).append(of_2018(now) - of_2000(full, long))
    return {regime: np.array(values) for regime, values in found.items()}


def test_planted_points_of_degrees_and_of_white_residents(then_and_now, sample):
    changed = sample.truth["change"]["changed"]
    old_degrees = [f"P0370{k}" for k in (15, 16, 17, 18, 32, 33, 34, 35)]
    new_degrees = [f"B15003_0{k}E" for k in (22, 23, 24, 25)]
    degrees = _shares(
        then_and_now,
        lambda full, long: sum(float(long[k]) for k in old_degrees) / float(long["P037001"]),
        lambda now: sum(float(now[k]) for k in new_degrees) / float(now["B15003_001E"]),
    )
    white = _shares(
        then_and_now,
        lambda full, long: float(full["P004005"]) / float(full["P004001"]),
        lambda now: float(now["B03002_003E"]) / float(now["B03002_001E"]),
    )
    for found, name in ((degrees, "bachelors_points"), (white, "white_points")):
        extra = (found["changed"].mean() - found["as everywhere"].mean()) * 100
        assert abs(extra - changed["realised"][name]) < 2.0
        # The county moved as well, and not by the same points in every tract, so both agree in size only.
        assert abs(changed["realised"][name] - changed["planted"][name]) < 3.0


def test_households_shrank_where_planted(then_and_now, sample):
    sizes: dict[str, list[float]] = {}
    for regime, full, _, now in then_and_now:
        before = float(full["P004001"]) / float(full["H004001"])
        after = float(now["B03002_001E"]) / float(now["B19001_001E"])
        sizes.setdefault(regime, []).append(math.log(after / before))
    extra = math.exp(np.mean(sizes["changed"]) - np.mean(sizes["as everywhere"]))
    assert abs(extra - sample.truth["change"]["changed"]["planted"]["household_size"]) < 0.03


def test_high_incomes_grew_over_low_ones_where_planted(then_and_now, sample):
    """Households of $100,000 or more over those under $25,000, in the dollars of each time."""
    change = sample.truth["change"]
    ratios: dict[str, list[tuple[float, float, float, float]]] = {}
    for regime, _, long, now in then_and_now:
        low_then = sum(float(long[f"P0520{k:02d}"]) for k in range(2, 6))
        high_then = sum(float(long[f"P0520{k:02d}"]) for k in range(14, 18))
        low_now = sum(float(now[f"B19001_0{k:02d}E"]) for k in range(2, 6))
        high_now = sum(float(now[f"B19001_0{k:02d}E"]) for k in range(14, 18))
        ratios.setdefault(regime, []).append((low_then, high_then, low_now, high_now))
    grown = {}
    for regime, rows in ratios.items():
        low_then, high_then, low_now, high_now = np.sum(rows, axis=0)
        grown[regime] = (high_now / low_now) / (high_then / low_then)
    for regime in ("changed", "slipped"):
        realised = change[regime]["realised"]["high_over_low_incomes"]
        assert grown[regime] / grown["as everywhere"] == pytest.approx(realised, rel=0.2)
    assert grown["changed"] > 1.5 * grown["as everywhere"] > 1.5 * grown["slipped"]


def test_margins_cover_the_truth_in_nine_of_ten_tracts(sample):
    truth = sample.truth["tracts"]
    now = sample.census("acs5_2018")
    for field, name in (("income", "B19013_001"), ("rent", "B25064_001"), ("value", "B25077_001")):
        hits = [
            abs(float(now[code[5:]][f"{name}E"]) - true) <= float(now[code[5:]][f"{name}M"])
            for code, true in zip(truth["geoid"], truth[f"{field}_2018"], strict=True)
            if float(now[code[5:]][f"{name}M"]) > 0
        ]
        assert len(hits) > 900
        # Two and a half standard errors of a share of 0.9 among so many.
        assert abs(np.mean(hits) - 0.90) < 2.5 * math.sqrt(0.09 / len(hits)), field
    for share, name in (("white", "B03002_003"), ("hispanic", "B03002_012")):
        hits = [
            abs(float(now[code[5:]][f"{name}E"]) - people * part) <= float(now[code[5:]][f"{name}M"])
            for code, people, part in zip(truth["geoid"], truth["population_2018"], truth[f"{share}_2018"], strict=True)
        ]
        assert abs(np.mean(hits) - 0.90) < 0.035, share


def test_margins_have_the_size_of_published_ones(sample):
    """Median relative margin of Los Angeles County's tracts, 2014–18: income 17 percent, rent 9, value 8."""
    now = sample.census("acs5_2018")
    for name, published in (("B19013_001", 0.17), ("B25064_001", 0.09), ("B25077_001", 0.08)):
        estimate, margin = _numbers(now, f"{name}E"), _numbers(now, f"{name}M")
        size = np.median([margin[c] / estimate[c] for c in now if margin[c] > 0])
        assert published * 0.75 < size < published * 1.25, name


def _neighbour_correlation(values, pairs):
    middle = values.mean()
    a, b = np.array(pairs).T
    return float(((values[a] - middle) * (values[b] - middle)).mean() / values.var())


def test_status_and_change_cluster_in_space(sample):
    rows = sample.features("tract_shapes_2010")
    now, then = sample.census("acs5_2018"), sample.truth["tracts"]
    shapes = [shape(row["geometry"]) for row in rows]
    codes = [row["properties"]["CT10"] for row in rows]
    tree = STRtree(shapes)
    a, b = tree.query(shapes, predicate="touches")
    income = np.array([float(now[code]["B19013_001E"]) for code in codes])
    rent_2000 = dict(zip(then["geoid"], then["rent_2000"], strict=True))
    keep = np.array([value > 0 and "99001" + code in rent_2000 for value, code in zip(income, codes, strict=True)])
    pairs = [(i, j) for i, j in zip(a, b, strict=True) if i < j and keep[i] and keep[j]]
    level = np.log(np.where(keep, income, np.median(income[keep])))
    assert _neighbour_correlation(level, pairs) > 0.4
    changed = set(sample.truth["change"]["changed"]["tracts"])
    flag = np.array(["99001" + code in changed for code in codes], dtype=float)
    assert _neighbour_correlation(flag, pairs) > 0.5


def test_planted_neighbourhoods_are_a_minority_in_two_clusters(sample):
    change = sample.truth["change"]
    assert len(change["changed"]["neighborhoods"]) == 8
    assert 40 <= len(change["changed"]["tracts"]) <= 90
    assert 15 <= len(change["slipped"]["tracts"]) <= 40
    assert not set(change["changed"]["tracts"]) & set(change["slipped"]["tracts"])


def test_crosswalk_counts_keep_people_and_spoil_medians(sample):
    rows = [row for row in sample.table("crosswalk_2000_2010") if row["county"] == "001"]
    counted = sum(float(row["P004001"]) for row in sample.census("sf1_2000").values())
    carried = sum(float(row["pop_00"]) for row in rows)
    assert 0 <= counted - carried < 0.001 * counted
    truth = dict(zip(sample.truth["tracts"]["geoid"], sample.truth["tracts"]["rent_2000"], strict=True))
    split = [row for row in rows if abs(float(row["pop_00"]) - round(float(row["pop_00"]))) > 1e-6]
    off = [float(row["mrent_00"]) / truth["99001" + row["tract"]] for row in split if "99001" + row["tract"] in truth]
    assert np.median(off) < 0.7


def _daily(sample):
    rows = sample.table("covid_city_cases")
    return {date.fromisoformat(row["date"]): row for row in rows}


def test_city_series_is_the_true_series_written_late(sample):
    city = sample.truth["covid"]["city"]
    start = date.fromisoformat(city["first_day"])
    true = np.cumsum(city["true_cases"])
    rows = _daily(sample)
    revision = date.fromisoformat(city["revision"]["day"])
    for day in (date(2020, 7, 5), date(2020, 11, 8), date(2021, 1, 31), date(2021, 8, 8), date(2022, 1, 30)):
        correction = city["revision"]["cases"] if day >= revision else 0
        written = int(rows[day]["city_cases"])
        expected = true[(day - start).days] + correction
        assert 0 <= expected - written < 0.02 * expected, day
    last_daily = date.fromisoformat(city["last_daily_day"])
    kept = int(rows[last_daily]["city_new_cases"]) / city["true_cases"][(last_daily - start).days]
    assert kept < 0.5


def test_reporting_has_a_weekly_cycle(sample):
    rows = _daily(sample)
    until = date.fromisoformat(sample.truth["covid"]["city"]["last_daily_day"]) - timedelta(10)
    ratio: dict[int, list[float]] = {}
    for day, row in rows.items():
        around = [rows.get(day + timedelta(k)) for k in range(-3, 4)]
        if day > until or None in around or any(r["city_new_cases"] in ("", "0") for r in around):
            continue
        level = sum(int(r["city_new_cases"]) for r in around) / 7
        if level > 100:
            ratio.setdefault(day.weekday(), []).append(int(row["city_new_cases"]) / level)
    means = {weekday: np.mean(values) for weekday, values in ratio.items()}
    assert min(means, key=means.get) in (0, 6)
    assert max(means, key=means.get) in (1, 2, 3)
    assert max(means.values()) / min(means.values()) > 1.2


def test_reproduction_number_can_be_recovered(sample):
    """New cases over the infection pressure of the days before (Cori et al. 2013), in weeks far from any change."""
    covid = sample.truth["covid"]
    rows = _daily(sample)
    first = min(rows)
    days = [first + timedelta(k) for k in range((max(rows) - first).days + 1)]
    new = np.array([float(rows[day]["city_new_cases"] or 0) if day in rows else 0.0 for day in days])
    # A centred week takes the weekday out; a day without a row is in the next day's count.
    smooth = np.convolve(new, np.ones(7) / 7, mode="same")
    weights = np.array(covid["serial_interval"]["weights_from_day_1"])
    starts = sorted((date.fromisoformat(day), value) for day, value in covid["reproduction_number_from"].items())
    errors = []
    for (begin, value), (end, _) in itertools.pairwise(starts):
        window = range((begin - first).days + 10, (end - first).days - 5)
        revised = abs((date.fromisoformat(covid["city"]["revision"]["day"]) - end).days) < 40
        if len(window) < 7 or window[0] < 21 or revised:
            continue
        pressure = sum(weights @ smooth[k - len(weights) : k][::-1] for k in window)
        errors.append((sum(smooth[k] for k in window) / pressure) / value - 1)
    assert len(errors) >= 8
    assert np.abs(errors).max() < 0.12
    assert abs(np.mean(errors)) < 0.04


def test_rate_ratios_of_crowding_and_poverty(sample):
    covid = sample.truth["covid"]
    crowded = {row["hood.name"]: float(row["pct.crowded"]) for row in sample.table("csa_crowded")[:-1]}
    poor = {row["hood.name"]: float(row["pct.below.poverty"]) for row in sample.table("csa_poverty")[:-1]}
    people = {row["hood.name"]: float(row["population"]) for row in sample.table("csa_area")}
    last = {}
    for feature in sample.features("covid_neighborhoods"):
        row = feature["properties"]
        last[row["Region"]] = row["cases"]
    last = {("Tin Orchard" if name == "TinOrchard" else name): cases for name, cases in last.items()}
    hoods = sorted(people)
    rate = np.log([last[name] / people[name] for name in hoods])
    design = np.array([[1.0, crowded[name] * 10, poor[name] * 10] for name in hoods])
    found, rest, _, _ = np.linalg.lstsq(design, rate, rcond=None)
    error = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * rest[0] / (len(hoods) - 3))
    for position, name in ((1, "crowding"), (2, "poverty")):
        planted = math.log(covid["rate_ratio_per_10_points"][name])
        assert abs(found[position] - planted) < 3 * error[position], name
        assert found[position] > 3 * error[position], name
    assert math.sqrt(rest[0] / (len(hoods) - 3)) == pytest.approx(covid["rate_sd_unexplained"], rel=0.3)


def test_patients_follow_cases(sample):
    hospital = sample.truth["hospital"]
    rows = [row for row in sample.table("covid_hospital_surge") if row["county_fips"] == "99001"]
    patients = {date.fromisoformat(row["date"]): float(row["hospitalized_covid"]) for row in rows}
    peak = max(patients, key=patients.get)
    cases = _daily(sample)
    worst = max((day for day in cases if day < date(2021, 6, 1) and cases[day]["city_new_cases"]),
                key=lambda day: int(cases[day]["city_new_cases"]))  # fmt: skip
    assert 5 <= (peak - worst).days <= 40
    assert sum(float(row["icu_covid"]) for row in rows) / sum(patients.values()) == pytest.approx(
        hospital["share_intensive"], abs=0.01
    )


def test_the_truth_is_plain_and_finite(sample):
    truth = sample.truth["tracts"]
    lengths = {name: len(values) for name, values in truth.items()}
    assert set(lengths.values()) == {sample.truth["geography"]["residential_tracts"]}
    for name, values in truth.items():
        if name.endswith(("2000", "2018")):
            assert all(math.isfinite(value) and value >= 0 for value in values), name


@pytest.mark.parametrize("edition", ["early", "late"])
def test_a_community_table_adds_up_to_the_city_on_the_day_it_was_saved(sample, edition):
    planted = sample.truth["covid"]["community_tables"]
    rows = sample.table(f"covid_community_table_{edition}")
    total = sum(int(row["cases_final"]) for row in rows if row["geo_merge"].startswith("Meridia - "))
    city = {row["date"]: int(row["city_cases"]) for row in sample.table("covid_city_cases")}
    nearest = min(city, key=lambda day: abs(city[day] - total))
    # Places in two jurisdictions leave a little out of the city's part.
    assert abs((date.fromisoformat(nearest) - date.fromisoformat(planted["saved"][edition])).days) <= 1


def test_tests_were_scarcer_where_homes_are_crowded_as_planted(sample):
    planted = sample.truth["covid"]
    crowded = dict(zip(planted["places"]["name"], planted["places"]["crowded_share"], strict=True))
    x, y, w = [], [], []
    for row in sample.table("covid_community_table_early"):
        name = row["geo_merge"].split(" - ")[-1].removeprefix("City of ")
        people = int(row["population"])
        untested = int(row["persons_tested_final"]) - int(row["cases_final"])
        if people > 1000:
            x.append(10 * crowded[name]), y.append(math.log(untested / people)), w.append(people)
    ratio = math.exp(np.polyfit(x, y, 1, w=np.sqrt(w))[0])
    assert ratio == pytest.approx(planted["community_tables"]["tests_ratio_per_10_points_of_crowding"], rel=0.06)


@pytest.mark.parametrize(
    ("name", "old", "new", "tops"),
    [("rent", "H063001", "B25064_001E", (2001, 3501)), ("income", "P053001", "B19013_001E", (200_001, 250_001))],
)
def test_rents_and_incomes_rose_more_where_it_could_be_known_beforehand(sample, name, old, new, tops):
    planted = sample.truth["change"]["pressure"]
    index = dict(zip(sample.truth["tracts"]["geoid"], planted["index"], strict=True))
    regime = dict(zip(sample.truth["tracts"]["geoid"], sample.truth["tracts"]["regime"], strict=True))
    then, now = sample.census("sf3_2000"), sample.census("acs5_2018")
    pairs = []
    for code in sorted(set(then) & set(now)):
        before, after = float(then[code][old]), float(now[code][new])
        usual = regime.get("99001" + code) == "as everywhere"
        if usual and 0 < before < tops[0] and 0 < after < tops[1]:
            pairs.append((index["99001" + code], math.log(after / before)))
    x, y = np.array(pairs).T
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    error = float((y - y.mean() - slope * (x - x.mean())).std() / (x.std() * math.sqrt(len(x))))
    assert len(x) > 400
    assert abs(slope - planted["effect"][name]) < 3.3 * error
    assert slope > 5 * error
