"""Invented tracts with a known truth, to see whether a method finds it.

Nothing here is data. Each maker draws from a seed and returns what a method
gets, together with what it ought to find.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.displacement_typology import INPUTS

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
