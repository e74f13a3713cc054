"""What is true in the invented city, for tests and for the section 'How sure are we' only.

Nothing else may read this: a method that looks at the truth proves nothing. Parts:
``geography`` (tracts by vintage, cut tracts, councils), ``change`` (planted and
realised change by regime, growth elsewhere, middle tracts), ``tracts`` (columns of
true figures over the residential tracts), ``surveys`` (how margins were drawn),
``covid`` (reproduction number, serial interval, true cases, rate ratios),
``hospital``, ``businesses`` (hazards of closing and moving), ``economy`` (competitive
effects of districts), ``merchants`` (Meridia's further fall from March 2020 on),
``service_requests`` (districts that are slower, and how much), ``homelessness`` (people
outdoors, what a count finds of them, who asks), and
``dirt`` (by dataset, what was put in and how often).
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import shapely
from scipy.special import ndtr

from analysis.sample import (
    businesses,
    calibration,
    casefiles,
    community,
    economy_panel,
    epidemic,
    homeless_files,
    homelessness,
    hospitals,
    merchants,
    requests,
)
from analysis.sample.areas import areas
from analysis.sample.names import CITY, COUNTY, NEIGHBORHOODS, NEW_NEIGHBORHOOD, STATE
from analysis.sample.outlines import SURVEY_ERROR, outlines
from analysis.sample.randomness import SEED, Flags, Floats, settled
from analysis.sample.society import People, Society, society
from analysis.sample.vintages import WATER, geoid, vintages
from analysis.sample.wire import Raw

COUNTS = ("population", "households", "adults")
DOLLARS = ("income", "rent", "value")
SHARES = ("white", "black", "asian", "hispanic", "bachelors", "renters")


def truth_text(datasets: list[Raw]) -> str:
    """The truth file: sorted JSON, the same bytes every time."""
    truth: dict[str, Any] = {
        "about": "Invented city; planted effects for tests and for 'How sure are we'. No method may read this.",
        "city": {"city": CITY, "county": COUNTY, "state": STATE, "seed": SEED},
        "geography": _geography(),
        "change": _change(),
        "tracts": _tracts(),
        "surveys": {
            "level": 0.90, "z": calibration.Z90, "share_of_homes_sampled": calibration.SURVEY_SHARE,
            "share_of_homes_in_long_form": calibration.LONG_FORM_SHARE, "spread_within_tract": calibration.WITHIN,
        },
        "covid": _covid(),
        "hospital": {
            "admitted_after_days": hospitals.ADMITTED_AFTER, "mean_stay_days": hospitals.STAY,
            "share_admitted_from": {day.isoformat(): share for day, share in hospitals.ADMITTED},
            "share_intensive": hospitals.INTENSIVE, "testing_last_days_share": list(hospitals.TEST_TAIL),
        },
        "businesses": _businesses(),
        "economy": _economy(),
        "merchants": {
            "first_week_after_the_shock": merchants.SHOCK.isoformat(),
            "extra_of_meridia_by_weeks_since": [list(point) for point in merchants.MERIDIA_EXTRA],
            "noise": {"sd": merchants.NOISE, "persistence": merchants.PERSISTENCE},
            "outlier": {"city": merchants.OUTLIER[0], "week": merchants.OUTLIER[1].isoformat(),
                        "size": merchants.OUTLIER[2]},
            "vintage_of_2021_lower_by_weeks_since": [list(point) for point in merchants.OLD_BIAS],
            "zip": {"april_july_change": list(merchants.ZIP_SHOCK), "sd": list(merchants.ZIP_SD),
                    "further_where_all_under_change": list(merchants.ZIP_CHANGE)},
        },
        "service_requests": {
            "slow_districts": [f"cd-{number:02d}" for number in requests.SLOW_DISTRICTS],
            "times_as_long": requests.TIMES_AS_LONG,
            "shares_of_kinds": dict(requests.KINDS),
        },
        "homelessness": _homelessness(),
        "dirt": {raw.dataset: dict(raw.dirt) for raw in sorted(datasets, key=lambda raw: raw.dataset)},
    }  # fmt: skip
    return json.dumps(truth, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _homelessness() -> dict[str, Any]:
    return {
        "share_of_units_seen": homelessness.SEEN,
        "growth_against_2015": {str(year): growth for year, growth in homelessness.GROWTH.items()},
        "people_per_dwelling": homelessness.PER_DWELLING, "quiet_district": homelessness.QUIET_DISTRICT,
        "averages": {str(year): dict(found) for year, found in homelessness.AVERAGES.items()},
        "clusters": [list(one) for one in homelessness.CLUSTERS], "status_effect": homelessness.STATUS_EFFECT,
        "requests": {"power_of_people": homelessness.PEOPLE_POWER, "power_of_income": homelessness.INCOME_POWER},
        **homeless_files.count_truth(),
    }  # fmt: skip


def _geography() -> dict[str, Any]:
    label, town, people = areas(), vintages(), society()
    lived = len(people.status)
    in_city = np.bincount(label.tract, weights=label.in_city) / np.bincount(label.tract)
    codes = [geoid(code) for code in town.code_2010]
    cut = [code for code, share in zip(codes, in_city, strict=True) if 0.0 < share < 1.0]
    per_district = [set(label.tract[label.district == k].tolist()) for k in range(int(label.district.max()) + 1)]
    several = sum(1 for t in range(len(codes)) if sum(t in held for held in per_district) > 1)
    return {
        "tracts_2010": len(codes) + len(WATER),
        "tracts_with_shape": len(codes),
        "tracts_without_shape": [geoid(code) for code in WATER],
        "residential_tracts": lived,
        "special_tracts": codes[lived:],
        "tracts_touching_the_city": int((in_city > 0).sum()),
        "tracts_cut_by_the_city_limits": sorted(cut),
        "tracts_in_several_districts": several,
        "metres_between_layers": SURVEY_ERROR,
        "districts": len(per_district),
        "district_parts": _parts(),
        "neighborhoods_2018": sorted(NEIGHBORHOODS),
        "neighborhoods_2020": sorted((*NEIGHBORHOODS, NEW_NEIGHBORHOOD)),
        "tracts_2000": len(town.code_2000),
        "tracts_1990": len(town.code_1990),
        "tracts_2020": len(town.code_2020),
        "codes_2000_not_in_2010": len(set(town.code_2000) - set(town.code_2010)),
        "codes_2010_not_in_2000": len(set(town.code_2010) - set(town.code_2000)),
        "shifted_2000_2010": [[codes[a], codes[b]] for a, b in town.shifted],
        "merged_2000_2010": [codes[k] for k in town.merged],
    }


def _parts() -> dict[str, int]:
    """Pieces of each district: one, and two where the port island belongs to it."""
    counts = shapely.get_num_geometries(outlines().districts)
    return {str(k): int(count) for k, count in enumerate(counts, 1)}


def _change() -> dict[str, Any]:
    town = society()
    codes = [geoid(code) for code in vintages().code_2010]
    in_city, everywhere = town.neighborhood >= 0, np.ones(len(town.status), dtype=bool)

    def listed(regime: str) -> list[str]:
        return sorted(codes[k] for k in np.flatnonzero(town.regime == regime))

    return {
        "from": "2000",
        "to": "2018",
        "dollar_years": {period: level.dollar_year for period, level in calibration.LEVELS.items()},
        "note": "planted on top of what happened everywhere: factors on dollars and household size, percentage points",
        "changed": {
            "neighborhoods": sorted(NEIGHBORHOODS[k] for k in town.changed),
            "tracts": listed("changed"),
            "planted": vars_of(calibration.CHANGED),
            "realised": _realised(town, "changed"),
            # Of the Urban Displacement Project's classes; survey noise moves some tracts over a cut-off.
            "expected_classes": ["AdvG", "AdvG+BE", "EOG"],
        },
        "slipped": {
            "neighborhoods": sorted(NEIGHBORHOODS[k] for k in town.slipped),
            "tracts": listed("slipped"),
            "planted": vars_of(calibration.SLIPPED),
            "realised": _realised(town, "slipped"),
        },
        "elsewhere": {
            "growth_nominal": {name: round(_level("2018", name) / _level("2000", name), 6) for name in DOLLARS},
            "bachelors_points": _step(town, "bachelors", "as everywhere"),
            "drift_sd": calibration.DRIFT,
        },
        "middle_tract": {period: _middle(town, period, everywhere) for period in calibration.PERIODS},
        "middle_city_tract": {period: _middle(town, period, in_city) for period in calibration.PERIODS},
        "pressure": {
            "note": "planted in tracts as everywhere: logarithm by standard deviation of renters and status",
            "effect": dict(calibration.PRESSURE),
            "index": np.round(town.pressure, 4).tolist(),
        },
        "university_tracts": [codes[k] for k in town.university],
        "trailer_park_tract": codes[town.trailer_park],
    }


def vars_of(plan: calibration.Change) -> dict[str, float]:
    """The amounts of a plan by name.

    >>> vars_of(calibration.CHANGED)["white_points"]
    12.0
    """
    return {name: getattr(plan, name) for name in calibration.Change.__dataclass_fields__}


def _realised(town: Society, regime: str) -> dict[str, float]:
    """How the tracts of a regime truly moved beyond those elsewhere: factors and points, means over tracts."""
    before, after = town.periods["2000"], town.periods["2018"]
    mine, others = town.regime == regime, town.regime == "as everywhere"

    def beyond(change: Floats) -> float:
        return float(change[mine].mean() - change[others].mean())

    size = [people.population / people.households for people in (before, after)]
    out = {name: beyond(np.log(getattr(after, name) / getattr(before, name))) for name in DOLLARS}
    out["household_size"] = beyond(np.log(size[1] / size[0]))
    out = {name: round(float(np.exp(value)), 6) for name, value in out.items()}
    for name in ("bachelors", "white"):
        out[f"{name}_points"] = round(100 * beyond(getattr(after, name) - getattr(before, name)), 6)
    grown = [_high_over_low(after, part) / _high_over_low(before, part) for part in (mine, others)]
    return out | {"high_over_low_incomes": round(grown[0] / grown[1], 6)}


def _high_over_low(people: People, part: Flags) -> float:
    """Households of $100,000 and more over those under $25,000, in the dollars of the time."""
    spread = calibration.WITHIN["income"]
    low, high = (ndtr((np.log(bound) - np.log(people.income)) / spread) for bound in (25_000.0, 100_000.0))
    homes = people.households
    return float((homes * (1 - high))[part].sum() / (homes * low)[part].sum())


def _level(period: str, name: str) -> float:
    return float(getattr(calibration.LEVELS[period], name))


def _step(town: Society, name: str, regime: str) -> float:
    mine = town.regime == regime
    before, after = (getattr(town.periods[period], name)[mine] for period in ("2000", "2018"))
    return round(float(np.median(after - before)) * 100, 4)


def _middle(town: Society, period: str, mine: np.ndarray) -> dict[str, float]:
    """Medians over tracts of the true figures: dollars, percent, people a household."""
    people: People = town.periods[period]
    size = people.population / people.households
    figures: dict[str, Floats] = {name: getattr(people, name) for name in DOLLARS}
    figures |= {"bachelors_percent": people.bachelors * 100, "white_percent": people.white * 100}
    figures["household_size"] = size
    return {name: round(float(np.median(settled(values[mine], 6))), 4) for name, values in figures.items()}


def _tracts() -> dict[str, Any]:
    """Columns over the residential tracts of 2010, true values."""
    town = society()
    lived = len(town.status)
    out: dict[str, Any] = {
        "geoid": [geoid(code) for code in vintages().code_2010[:lived]],
        "regime": town.regime.tolist(),
        "neighborhood": [NEIGHBORHOODS[k] if k >= 0 else None for k in town.neighborhood],
    }
    for period, people in town.periods.items():
        out |= {f"{name}_{period}": getattr(people, name).astype(np.int64).tolist() for name in COUNTS}
        out |= {f"{name}_{period}": np.round(getattr(people, name), 0).astype(np.int64).tolist() for name in DOLLARS}
        out |= {f"{name}_{period}": np.round(getattr(people, name), 4).tolist() for name in SHARES}
    return out


def _covid() -> dict[str, Any]:
    course, where, city = epidemic.epidemic(), epidemic.places(), casefiles.city_cases()
    end = course.days.index(casefiles.PLACES_UNTIL) + 1
    return {
        "reproduction_number_from": {day.isoformat(): value for day, value in epidemic.REPRODUCTION},
        "serial_interval": {
            "mean_days": epidemic.SERIAL_MEAN, "sd_days": epidemic.SERIAL_SD,
            "weights_from_day_1": course.serial.tolist(),
        },
        "imported_cases_a_day": epidemic.IMPORTED,
        "share_of_infections_found": 1.0,
        "rate_ratio_per_10_points": epidemic.RATE_RATIO,
        "rate_sd_unexplained": epidemic.UNEXPLAINED,
        "city": {
            "first_day": course.days[0].isoformat(), "last_daily_day": casefiles.LAST_DAILY.isoformat(),
            "true_cases": city.true.tolist(), "share_entered_of_last_daily_days": list(casefiles.TAIL),
            "share_of_last_week": casefiles.LAST_WEEK, "prompt_by_weekday_from_monday": list(casefiles.PROMPT),
            "holidays": [day.isoformat() for day in casefiles.HOLIDAYS],
            "days_without_row": sorted(day.isoformat() for day in casefiles.CITY_GAPS),
            "revision": {"day": casefiles.REVISION[0].isoformat(), "cases": -casefiles.REVISION[1]},
        },
        "places": {
            "name": list(where.name), "kind": list(where.kind), "population": where.population.astype(int).tolist(),
            "crowded_share": np.round(where.shares["crowded"], 6).tolist(),
            "poverty_share": np.round(where.shares["poor"], 6).tolist(),
            "relative_rate": np.round(where.rate / where.rate.mean(), 6).tolist(),
            "last_day": casefiles.PLACES_UNTIL.isoformat(),
            "true_cases_until_last_day": course.cases[:end].sum(axis=0).tolist(),
        },
        "community_tables": {
            "saved": {edition: day.isoformat() for edition, day in community.SAVED.items()},
            "tests_ratio_per_10_points_of_crowding": community.TESTS_RATIO,
            "share_in_second_part": community.OTHER_PART,
        },
    }  # fmt: skip


def _businesses() -> dict[str, Any]:
    """Planted rates a year and hazard ratios; factors multiply, closing and moving compete."""
    every = businesses.locations()
    return {
        "register_keeps_ends_from": businesses.KEPT_FROM,
        "change_from": businesses.CHANGE_FROM,
        "closings_a_year_by_age": dict(zip(map(str, businesses.AGES), businesses.CLOSING, strict=True)),
        "moves_a_year": businesses.MOVING,
        "legacy_years": businesses.LEGACY_YEARS,
        "closing_hazard_ratio": {
            "by_regime_of_tract": businesses.CLOSING_RATIO,
            "by_sector": {one.sector: one.closing_ratio for one in businesses.INDUSTRIES},
        },
        "moving_hazard_ratio": {"by_regime_of_tract": businesses.MOVING_RATIO},
        "share_of_moves_out_of_the_city": businesses.LEAVES_CITY,
        "locations": len(every.start),
        "accounts": len(np.unique(every.account)),
        "closed": int((np.isfinite(every.end) & ~every.moved).sum()),
        "moved": int(every.moved.sum()),
        "open": int(np.isinf(every.end).sum()),
    }


def _economy() -> dict[str, Any]:
    """Planted growth of jobs and establishments: industries have a course, districts an effect, log a year."""
    hidden = economy_panel.panel()
    numbered = [f"cd-{k:02d}" for k in range(1, len(hidden.effect) + 1)]
    return {
        "years": [economy_panel.YEARS[0], economy_panel.YEARS[-1]],
        "competitive_effect_a_year": dict(zip(numbered, hidden.effect.tolist(), strict=True)),
        "effect_of_a_share_of_residents_under_change": economy_panel.CHANGE_EFFECT,
        "share_of_residents_under_change": dict(zip(numbered, hidden.changed_share.tolist(), strict=True)),
        "own_effect": {f"cd-{k:02d}": value for k, value in economy_panel.OWN_EFFECT.items()},
        "joint_district": f"cd-{economy_panel.JOINT_DISTRICT:02d}",
        "noise_of_jobs_log": economy_panel.NOISE,
        "change_of_establishments_is_over_quarters": 4,
    }
