"""Invented tracts with a known truth, to see whether a method finds it.

Nothing here is data. Each maker draws from a seed and returns what a method
gets, together with what it ought to find.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.change_measures import KEYS, MEASURES, ChangeMeasures, IncomeLimits
from analysis.methods.displacement_typology import INPUTS
from analysis.methods.prices import PriceIndex

Floats = npt.NDArray[np.float64]

_TYPICAL: Mapping[str, float] = {
    "population": 4000, "households": 1300, "below_80": 0.40, "below_120": 0.60, "income": 70_000, "rent": 1400,
    "value": 450_000, "college_share": 0.25, "renter_share": 0.5, "nonwhite_share": 0.5, "low_income_movers": 0.4,
    "housing_costs": 1500,
}  # fmt: skip
_LOW = {"below_80_2000": 0.70, "below_120_2000": 0.85, "below_80_2018": 0.70, "below_120_2018": 0.85}
_HIGH = {"below_80_2000": 0.15, "below_120_2000": 0.30, "below_80_2018": 0.15, "below_120_2018": 0.30}
_FAST = {"value_2000": 300_000, "value_2018": 900_000, "rent_2012": 1300, "rent_2018": 2000}
_FLAT = {"value_2000": 450_000, "value_2018": 450_000, "rent_2012": 1400, "rent_2018": 1400}
_EASING = {"rent_2012": 1600, "rent_2018": 1500, "value_2000": 450_000, "value_2018": 430_000}
_LOSS = {"households_2000": 2600, "low_income_movers_2012": 0.6, "low_income_movers_2018": 0.3, "income_2000": 60_000,
         "income_2018": 90_000}  # fmt: skip
_GENTRIFIED = {
    "rent_2000": 900, "below_80_2000": 0.8, "below_120_2000": 0.9, "college_share_2000": 0.08, "renter_share_2000": 0.8,
    "nonwhite_share_2000": 0.9, "college_share_2018": 0.45, "income_2000": 35_000, "income_2018": 70_000,
    "households_2000": 2000, **_FAST,
}  # fmt: skip
_CHEAP, _DEAR = {"housing_costs_2018": 700}, {"housing_costs_2018": 3500}
_AWAY = {"nearby_rent_2018": 500, "nearby_rent_change": -0.5}

# Neither in the 1990s nor later can a tract gentrify that had, and kept, many graduates among its poor and renters.
_SETTLED = {"college_share_1990": 0.6, "college_share_2000": 0.6, "college_share_2018": 0.6, "renter_share_1990": 0.1,
            "renter_share_2000": 0.1}  # fmt: skip

ARCHETYPES: Mapping[str, Mapping[str, float]] = {
    "SAE": {**_SETTLED, **_HIGH, **_DEAR, **_FLAT},
    "AdvG": {**_GENTRIFIED, "low_income_movers_2018": 0.6},
    "ARE": {**_SETTLED, **_FLAT, "below_80_2018": 0.45},
    "BE": {**_SETTLED, **_FAST, **_LOSS},
    "SMMI": {**_SETTLED, **_FAST, "below_80_2018": 0.5, "households_2018": 2000},
    "ARG": {**_SETTLED, **_LOW, **_CHEAP, **_EASING, "nearby_rent_2018": 3500},
    "EOG": {**_GENTRIFIED, "below_80_2018": 0.6, "below_120_2018": 0.8},
    "OD": {**_SETTLED, **_LOW, **_AWAY, "households_2000": 2600},
    "LISD": {**_SETTLED, **_LOW, **_AWAY, "households_2018": 2600},
    "AdvG+BE": {**_GENTRIFIED, "low_income_movers_2012": 0.7, "low_income_movers_2018": 0.2},
}
"""One tract of each class, far from every cut-off; what is not named is typical."""


def typology_region(seed: int, n: int = 150) -> tuple[pd.DataFrame, pd.Series]:
    """Inputs of the displacement typology for a region of typical tracts, and in it one tract of each class.

    Returns the inputs (index: geoid) and the class of each planted tract.

    >>> inputs, truth = typology_region(1)
    >>> len(inputs), truth["planted-BE"]
    (160, 'BE')
    """
    rng = np.random.default_rng(seed)
    rows = n + len(ARCHETYPES)
    columns = {name: _TYPICAL[name.rsplit("_", 1)[0]] * rng.uniform(0.92, 1.08, rows) for name in INPUTS}
    columns["value_2018"] = columns["value_2018"] * 1.3
    columns["nearby_rent_2018"] = columns["rent_2018"] * rng.uniform(0.95, 1.05, rows)
    columns["nearby_rent_change"] = rng.normal(0.0, 0.03, rows)
    names = [f"typical-{i}" for i in range(n)] + [f"planted-{name}" for name in ARCHETYPES]
    table = pd.DataFrame(columns, index=pd.Index(names, name="geoid"))
    for name, figures in ARCHETYPES.items():
        for column, value in figures.items():
            table.loc[f"planted-{name}", column] = value
    return table, pd.Series({f"planted-{name}": name for name in ARCHETYPES}, name="classes")


@dataclass(frozen=True, eq=False)
class ChangeTables:
    """Invented tract tables in the layout of the refined ones, and which tracts really changed.

    ``effects`` are the planted changes in those tracts, over and above the others: points for shares,
    percent (as a log ratio) for the rest. That of the low- to high-income ratio follows from the incomes'.
    """

    tract_periods: pd.DataFrame
    income_brackets: pd.DataFrame
    prices: PriceIndex
    changed: tuple[str, ...]
    effects: Mapping[str, float]


EFFECTS: Mapping[str, float] = {
    "low_high_ratio": -114.0, "bachelors_share": 15.0, "white_share": 10.0, "median_household_income": 50.0,
    "median_gross_rent": 30.0, "household_size": -15.0,
}  # fmt: skip
_EDGES = np.array([0, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 75, 100, 125, 150, 200]) * 1000.0
_INCOME_SD = 0.85
_SAMPLE = 0.12


def change_tables(seed: int, n: int = 400, changed: int = 40, effect: float = 1.0) -> ChangeTables:
    """A county of ``n`` tracts in 2000 and 2018, of which the first ``changed`` changed by ``effect`` times EFFECTS.

    The figures of 2018 carry sampling noise of the size of their margins, as a survey of one home in eight has.

    >>> tables = change_tables(1, n=50, changed=5)
    >>> len(tables.tract_periods), tables.changed[0]
    (100, '99001000001')
    """
    rng = np.random.default_rng(seed)
    geoids = np.array([f"99001{number:06d}" for number in range(1, n + 1)])
    moved = effect * (np.arange(n) < changed)
    level = rng.normal(0, 0.35, n)
    before = {
        "income": 42_000 * np.exp(level),
        "bachelors": np.clip(0.22 + 0.15 * level + rng.normal(0, 0.05, n), 0.03, 0.7),
        "white": np.clip(0.35 + 0.2 * level + rng.normal(0, 0.1, n), 0.03, 0.85),
        "rent": 700 * np.exp(0.6 * level + rng.normal(0, 0.1, n)),
        "size": 3.0 * np.exp(-0.2 * level + rng.normal(0, 0.08, n)),
        "households": rng.integers(800, 2200, n).astype(float),
    }
    shift = {key: rng.normal(0, sd, n) for key, sd in (("income", 0.08), ("rent", 0.08), ("size", 0.04))}
    points = {key: rng.normal(0, 0.03, n) for key in ("bachelors", "white")}
    after = {
        "income": before["income"] * 1.52 * np.exp(shift["income"] + 0.01 * EFFECTS["median_household_income"] * moved),
        "bachelors": np.clip(before["bachelors"] + 0.07 + points["bachelors"] + 0.15 * moved, 0.02, 0.95),
        "white": np.clip(before["white"] - 0.04 + points["white"] + 0.10 * moved, 0.02, 0.95),
        "rent": before["rent"] * 1.9 * np.exp(shift["rent"] + 0.01 * EFFECTS["median_gross_rent"] * moved),
        "size": before["size"] * np.exp(shift["size"] + 0.01 * EFFECTS["household_size"] * moved),
        "households": before["households"] * rng.uniform(0.95, 1.1, n),
    }
    rows = [
        _tract_rows(geoids, before, "2000", 1999, None),
        _tract_rows(geoids, after, "2018", 2018, rng),
    ]
    brackets = [_brackets(geoids, before, "2000", None), _brackets(geoids, after, "2018", rng)]
    prices = PriceIndex("invented", {1999: 100.0, 2000: 103.4, 2018: 150.7})
    names = tuple(str(code) for code in geoids[:changed])
    return ChangeTables(
        pd.concat(rows, ignore_index=True), pd.concat(brackets, ignore_index=True), prices, names, EFFECTS
    )


def _tract_rows(
    geoids: npt.NDArray[np.str_],
    truth: Mapping[str, Floats],
    period: str,
    dollar_year: int,
    rng: np.random.Generator | None,
) -> pd.DataFrame:
    """Counts and medians with margins; with a generator they carry the noise that the margins promise."""
    homes, people = truth["households"], truth["households"] * truth["size"]
    adults = 0.65 * people
    exact = {
        "population": (people, 0.04 * people),
        "households": (homes, np.sqrt(2 * 8 * homes * 0.45 * 0.55)),
        "white_nonhispanic": (people * truth["white"], _count_error(people, truth["white"], 18)),
        "adults_25plus": (adults, np.full(len(homes), np.nan)),
        "bachelors_plus": (adults * truth["bachelors"], _count_error(adults, truth["bachelors"], 12)),
        "owner_occupied": (0.45 * homes, _count_error(homes, 0.45, 8)),
        "renter_occupied": (0.55 * homes, _count_error(homes, 0.55, 8)),
        "median_household_income": (truth["income"], 0.09 * truth["income"]),
        "median_gross_rent": (truth["rent"], 0.06 * truth["rent"]),
    }
    years = {"dollar_year": dollar_year, "housing_dollar_year": int(period)}
    table = pd.DataFrame({"geoid": geoids, "period": period, **years})
    for name, (value, error) in exact.items():
        noise = 0.0 if rng is None else np.nan_to_num(error) * rng.standard_normal(len(value))
        table[name] = np.maximum(value + noise, 0.0)
        # As in the survey's own tables, education and households come without margins.
        known = rng is not None and name not in ("bachelors_plus", "households")
        table[f"{name}_moe"] = 1.645 * error if known else np.nan
        table[f"{name}_flag"] = "ok"
    return table


def _count_error(base: Floats, share: Floats | float, factor: float) -> Floats:
    return np.asarray(np.sqrt(factor * base * share * (1 - share)), dtype=float)


def _brackets(
    geoids: npt.NDArray[np.str_], truth: Mapping[str, Floats], period: str, rng: np.random.Generator | None
) -> pd.DataFrame:
    """Households by bracket of a lognormal income; with a generator as a sample of one in eight would see them."""
    upto = stats.norm.cdf(np.log(np.maximum(_EDGES, 1)[None, :] / truth["income"][:, None]) / _INCOME_SD)
    shares = np.diff(np.concatenate([upto, np.ones((len(geoids), 1))], axis=1), axis=1)
    counts = shares * truth["households"][:, None]
    if rng is not None:
        sampled = np.maximum(np.rint(_SAMPLE * truth["households"]), 20).astype(np.int64)
        counts = rng.multinomial(sampled, shares / shares.sum(axis=1, keepdims=True)) / _SAMPLE
    high = [*_EDGES[1:], np.nan]
    return pd.concat(
        [
            pd.DataFrame(
                {"geoid": geoids, "period": period, "bracket_low": low, "bracket_high": top, "households": column}
            )
            for low, top, column in zip(_EDGES, high, counts.T, strict=True)
        ],
        ignore_index=True,
    )


def measures_with_truth(seed: int, n: int = 300, noise: float = 0.8) -> tuple[ChangeMeasures, pd.DataFrame]:
    """Six oriented changes with known truths (in standard deviations) and known errors of about ``noise``.

    Truths are correlated, as the measures of real tracts are, and so are the errors of
    the two income measures. Returns the measures and the true oriented changes (index: geoid).

    >>> measures, truth = measures_with_truth(1, n=20)
    >>> measures.oriented.shape == truth.shape == (20, 6)
    True
    """
    rng = np.random.default_rng(seed)
    truth = 0.6 * rng.standard_normal((n, 1)) + 0.8 * rng.standard_normal((n, len(KEYS)))
    frame = pd.DataFrame(
        {"status": "scored", "reason": ""}, index=pd.Index([f"{i:04d}" for i in range(n)], name="geoid")
    )
    limits = IncomeLimits("invented", 1.0, 0.8, 1.2)
    made = ChangeMeasures(frame, "2000", "2018", "log", "invented", 2018, (limits, limits), {})
    root = np.linalg.cholesky(made.error_correlation.to_numpy())
    error = noise * rng.uniform(0.6, 1.4, truth.shape)
    seen = truth + error * (rng.standard_normal(truth.shape) @ root.T)
    for place, measure in enumerate(MEASURES):
        frame[f"{measure.key}_change"] = measure.sign * seen[:, place]
        frame[f"{measure.key}_error"] = error[:, place]
    return made, pd.DataFrame(truth, index=frame.index, columns=list(KEYS))
