"""Gentrification and displacement typology of the Urban Displacement Project, 2018 vintage.

The rules are written from the project's codebook and the criteria in its
methodology paper of 16 October 2020, and checked against its published classes:
with the inputs of its Ventura County file every one of 172 tracts gets its
published class. Where codebook and published data differ, this module follows the data:

* ``house_*`` are changes from 2000 to 2018, not from 2012 as the codebook says.
* "Rapid" means at or above the median of the tracts whose prices rose by 5 percent or more.
* Mixed-income tracts are all without a group of 55 percent; the codebook's "each below 45" is not applied.
* Gentrification needs a loss of low-income households, which the published criteria do not mention.
* A region's change is the change of its median tract, not the median of the changes.
* Homes are affordable to low or moderate incomes when median housing costs are at most
  30 percent of 60 or 120 percent of the region's median income.
* The flag of a rent rise in the top tenth is set at a rise of 90 percent (``as_published`` only).
* rail, presence_ph_LIHTC and dense are in the file and enter no class.

Facts that Ventura cannot settle are read from the published criteria: whether
gentrification in the 1990s needs the loss as well (yes, by symmetry), and whether
being at risk needs vulnerability in 2018 (no).

A comparison with a missing value is silently false in the original, which turns
"unknown" into "below the median", and the Census sentinel -666666666 counts as
a price. ``missing="as_published"`` reproduces both. The default carries the doubt
along: every condition is true, false or unknown, and a tract whose class depends
on what is unknown is not classified, with the reason and what remains possible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.displacement_rules import (
    FEWEST_RESIDENTS,
    MADE_OF,
    Bools,
    Codes,
    Doubt,
    Floats,
    Region,
    class_codes,
    facts_of,
    possible_values,
)
from analysis.methods.margins_of_error import simulate
from analysis.project import AnalysisError

# In the order in which the published lists name them.
CLASSES: Mapping[str, str] = {
    "SAE": "Stable/Advanced Exclusive",
    "AdvG": "Advanced Gentrification",
    "ARE": "At Risk of Becoming Exclusive",
    "BE": "Becoming Exclusive",
    "SMMI": "Stable Moderate/Mixed Income",
    "ARG": "At Risk of Gentrification",
    "EOG": "Early/Ongoing Gentrification",
    "OD": "Ongoing Displacement of Low-Income Households",
    "LISD": "Low-Income/Susceptible to Displacement",
}
MEANINGS: Mapping[str, str] = {
    "SAE": "high incomes in 2000 and 2018, homes affordable to high incomes only",
    "AdvG": "middle or high incomes in 2018 after a rise in education, income and prices in a once vulnerable tract",
    "ARE": "middle or high incomes, homes affordable to them, prices steady or rising by less than most",
    "BE": "middle or high incomes, prices rising rapidly, fewer low-income households and fewer moving in",
    "SMMI": "middle or high incomes, none of the other patterns",
    "ARG": "low incomes, affordable homes, rents nearby rising or far above local ones",
    "EOG": "low incomes, prices rising, after a rise in education, income and prices in a once vulnerable tract",
    "OD": "low incomes, fewer low-income households than in 2000",
    "LISD": "low incomes, no loss of low-income households since 2000",
}
"""What was measured, in plain words; a class is a pattern in figures and not a verdict on a neighbourhood."""
INCOME_GROUPS = ("low_pdmt", "mix_low", "mod_pdmt", "mix_mod", "mix_high", "high_pdmt")
"""Names of the income groups 1 to 6 in the codebook."""

INPUTS: Mapping[str, str] = {
    "population_2000": "residents",
    **{f"households_{year}": f"households, {year}" for year in (1990, 2000, 2018)},
    **{f"below_80_{year}": "share (0 to 1) of households below 80 percent of the regional median income"
       for year in (1990, 2000, 2018)},
    **{f"below_120_{year}": "share (0 to 1) of households below 120 percent of it" for year in (2000, 2018)},
    **{f"income_{year}": "median household income, dollars of 2018" for year in (1990, 2000, 2018)},
    **{f"rent_{year}": "median gross rent of a month, dollars of 2018" for year in (1990, 2000, 2012, 2018)},
    **{f"value_{year}": "median home value, dollars of 2018" for year in (1990, 2000, 2018)},
    **{f"college_share_{year}": "share (0 to 1) of adults 25+ with a bachelor's degree or more"
       for year in (1990, 2000, 2018)},
    **{f"renter_share_{year}": "share (0 to 1) of occupied homes that are rented" for year in (1990, 2000)},
    **{f"nonwhite_share_{year}": "share (0 to 1) of residents who are not White non-Hispanic" for year in (1990, 2000)},
    **{f"low_income_movers_{year}": "share (0 to 1) of recent movers with low income: below 80 percent of the median"
       for year in (2012, 2018)},
    "housing_costs_2018": "median housing costs of a month, dollars of 2018",
}  # fmt: skip
"""Columns every variant needs, one row a tract, NaN where missing. ``<name>_top_coded`` may mark lower bounds."""

OPTIONAL_INPUTS: Mapping[str, str] = {
    "affordability_2018": "1 low, 2 moderate, 3 high: to whom homes are affordable, in place of housing_costs_2018",
    "market_price_change": "Zillow: change of home values 2012 to 2018 as a share; the full variant needs it",
    "local_and_nearby_rent_rise": "1 or 0, published flag dp_PChRent",
    "rent_gap_wide": "1 or 0, published flag dp_RentGap",
    "nearby_rent_2018": "mean of the neighbouring tracts' median rents, dollars of 2018; without the flags",
    "nearby_rent_change": "mean of the neighbouring tracts' rent changes 2012 to 2018, as a share; without the flags",
}
VARIANTS = ("full", "census_only")
MISSING = ("unknown", "as_published")
NEARBY_RULES = ("both", "either")
# Beyond this many ways to fill the gaps of a tract they are not listed any more.
MOST_COMPLETIONS = 4096
MOST_NAMED = 5


@dataclass(frozen=True, eq=False)
class Typology:
    """Class of each tract, and what it was decided on.

    ``table`` is indexed like the inputs: typ_cat (as published, "['AdvG', 'BE']"),
    classes ("AdvG+BE", "none", "not classified"), name (in words), status (classified,
    too few residents, not classified), reason and possible (empty unless not
    classified), and the facts the class rests on, NaN where unknown. ``region`` holds
    medians and cut-offs by name. ``missing_inputs`` counts missing values by input.
    ``without`` names what this variant does not use.
    """

    table: pd.DataFrame
    region: pd.Series
    variant: str
    missing: str
    missing_inputs: pd.Series
    without: tuple[str, ...]

    @property
    def counts(self) -> pd.Series:
        """Number of tracts by classes."""
        return self.table["classes"].value_counts().sort_index()


def classify(
    inputs: pd.DataFrame, *, variant: str = "full", missing: str = "unknown", nearby_rule: str = "both"
) -> Typology:
    """Assign the published classes to the tracts of one region.

    ``inputs`` has one row a tract and the columns of :data:`INPUTS`, plus what the
    variant asks of :data:`OPTIONAL_INPUTS`. All tracts of the region must be
    there: medians and cut-offs are taken over them.

    ``variant="census_only"`` does without Zillow's prices: tracts that the full
    variant finds at risk of, or in early, gentrification by those prices alone are
    missed. ``nearby_rule`` says whether rents must have risen more than the region's
    here *and* nearby (``both``: codebook and criteria) or in one of the two
    (``either``: what the published flags of Ventura show); it is unused where the flags are given.

    Raises AnalysisError for absent columns, repeated tracts or an unknown option.

    >>> found = classify(example_region())
    >>> found.counts.sum(), found.table.loc["tract-11", "name"]
    (np.int64(12), 'Stable/Advanced Exclusive')
    """
    for name, value, known in (
        ("variant", variant, VARIANTS),
        ("missing", missing, MISSING),
        ("nearby_rule", nearby_rule, NEARBY_RULES),
    ):
        if value not in known:
            raise AnalysisError(f"typology: {name} {value!r} is not one of {', '.join(known)}")
    region = _region(inputs, variant, missing)
    facts = facts_of(region, market=variant == "full", nearby_rule=nearby_rule)
    table = _decide(region, facts, inputs.index)
    gaps = pd.Series({name: int(np.isnan(values).sum()) for name, values in region.data.items()}, dtype="int64")
    without = ("market_price_change",) if variant == "census_only" else ()
    return Typology(table, pd.Series(region.cuts).sort_index(), variant, missing, gaps[gaps > 0].sort_index(), without)


def stability(
    inputs: pd.DataFrame,
    margins: pd.DataFrame,
    *,
    variant: str = "full",
    nearby_rule: str = "both",
    draws: int = 100,
    seed: int = 2018,
) -> pd.Series:
    """By tract: share (0 to 1) of simulated surveys in which it keeps its class; NaN where it has none.

    ``margins`` has 90 percent margins, in the unit of the inputs, for some of the
    input columns; a missing margin adds no noise. What has no margin is taken as
    exact, so this is an upper bound. The region's cut-offs stay as estimated: noise
    on top of estimates would spread them.
    Raises AnalysisError for margins of a column that is not an input.

    >>> region = example_region()
    >>> float(stability(region, pd.DataFrame({"rent_2018": 0.0}, index=region.index), draws=3).min())
    1.0
    """
    stray = sorted(set(margins.columns) - set(inputs.columns))
    if stray:
        raise AnalysisError(f"typology: margins for {', '.join(stray)}, which is not among the inputs")
    settled = classify(inputs, variant=variant, nearby_rule=nearby_rule)
    known = settled.table["status"] != "not classified"
    first = _some_class(inputs, variant, nearby_rule, settled.region)
    spread = margins.reindex(inputs.index).fillna(0.0)
    noisy = {
        name: simulate(inputs[name], spread[name], draws=draws, seed=seed + place, floor=0.0)
        for place, name in enumerate(sorted(margins.columns))
    }
    kept = np.zeros(len(inputs))
    for draw in range(draws):
        again = inputs.assign(**{name: values[draw] for name, values in noisy.items()})
        kept += _some_class(again, variant, nearby_rule, settled.region) == first
    return pd.Series(np.where(known, kept / draws, np.nan), index=inputs.index, name="stability")


def _some_class(inputs: pd.DataFrame, variant: str, nearby_rule: str, cuts: pd.Series) -> Codes:
    """The class under one way to fill the gaps: the same under all ways where a tract is classified."""
    region = _region(inputs, variant, "unknown", {str(name): float(cut) for name, cut in cuts.items()})
    facts = facts_of(region, market=variant == "full", nearby_rule=nearby_rule)
    options = possible_values(region, facts)
    return class_codes({name: values.argmax(axis=1).astype(np.int64) for name, values in options.items()})


def _region(inputs: pd.DataFrame, variant: str, missing: str, cuts: Mapping[str, float] | None = None) -> Region:
    """Check the columns and take them as arrays; where doubt is carried, dollars of zero or less are unknown."""
    needed = [name for name in INPUTS if not (name == "housing_costs_2018" and "affordability_2018" in inputs)]
    needed += ["market_price_change"] * (variant == "full")
    flags = ["local_and_nearby_rent_rise", "rent_gap_wide"]
    needed += flags if flags[1] in inputs else ["nearby_rent_2018", "nearby_rent_change"]
    lacking = [name for name in needed if name not in inputs]
    if lacking:
        hint = "; without Zillow's prices use variant='census_only'" if "market_price_change" in lacking else ""
        raise AnalysisError(f"typology: the inputs lack {', '.join(lacking)}{hint}")
    if inputs.index.has_duplicates:
        raise AnalysisError(f"typology: tract {inputs.index[inputs.index.duplicated()][0]} has two rows")
    used = [*needed, *(["affordability_2018"] if "affordability_2018" in inputs else [])]
    data = {name: inputs[name].to_numpy(dtype=float, na_value=np.nan) for name in used}
    if missing == "unknown":
        for name in [n for n in data if INPUTS.get(n, "").endswith("dollars of 2018")]:
            data[name] = np.where(data[name] > 0, data[name], np.nan)
    marked = {name: inputs[f"{name}_top_coded"].to_numpy(dtype=bool) for name in used if f"{name}_top_coded" in inputs}
    return Region(data, marked, doubtful=missing == "unknown", cuts=cuts)


def _decide(region: Region, facts: Mapping[str, Doubt], index: pd.Index) -> pd.DataFrame:
    """The class where it is certain; otherwise what is missing and what remains possible."""
    codes = class_codes({name: fact.low for name, fact in facts.items()})
    certain: Bools = np.all([fact.known for fact in facts.values()], axis=0)
    possible = possible_values(region, facts)
    reason, remaining = np.full(len(index), "", dtype=object), np.full(len(index), "", dtype=object)
    for row in np.flatnonzero(~certain):
        values = {name: np.flatnonzero(options[row]) for name, options in possible.items()}
        outcome = _complete(values)
        left = np.array([-1]) if outcome is None else np.unique(outcome)
        if outcome is not None and len(left) == 1:
            codes[row], certain[row] = left[0], True
            continue
        deciding = _deciding(values, outcome)
        reason[row] = _reason(_lacking(region, deciding, int(row)))
        remaining[row] = "" if outcome is None else " or ".join(_joined(code) for code in left)
    few = certain & (facts["enough_residents"].high == 0)
    table = pd.DataFrame({"typ_cat": _published(codes)}, index=index)
    table["classes"] = [_joined(code) for code in codes]
    table["name"] = [" and ".join(CLASSES[part] for part in _listed(code)) or "none" for code in codes]
    table["status"] = np.select([~certain, few], ["not classified", "too few residents"], "classified")
    table.loc[~certain, ["typ_cat", "classes", "name"]] = "not classified"
    table["reason"] = np.where(few, f"{FEWEST_RESIDENTS} or fewer residents in 2000", reason)
    table["possible"] = remaining
    return table.join(pd.DataFrame({name: fact.values for name, fact in facts.items()}, index=index))


def _complete(values: Mapping[str, Codes]) -> Codes | None:
    """Classes under every way to fill the gaps, one axis a fact; None when there are too many ways."""
    shape = tuple(len(options) for options in values.values())
    if np.prod(shape) > MOST_COMPLETIONS:
        return None
    grid = np.array(list(product(*values.values())), dtype=np.int64)
    return class_codes({name: grid[:, place] for place, name in enumerate(values)}).reshape(shape)


def _deciding(values: Mapping[str, Codes], outcome: Codes | None) -> list[str]:
    """The unknown facts that change the class in at least one way to fill the gaps."""
    if outcome is None:
        return [name for name, options in values.items() if len(options) > 1]
    moves = [bool((outcome != outcome.take([0], axis=place)).any()) for place in range(outcome.ndim)]
    return [name for name, decides in zip(values, moves, strict=True) if decides]


def _lacking(region: Region, facts: list[str], row: int) -> list[str]:
    """The inputs behind these facts that are missing or top-coded for a tract."""
    found = set()
    for name in {part for fact in facts for part in MADE_OF[fact] if part in region.data}:
        if np.isnan(region.data[name][row]):
            found.add(name)
        elif name in region.top_coded and region.top_coded[name][row]:
            found.add(f"{name} (top-coded)")
    return sorted(found)


def _reason(lacking: list[str]) -> str:
    """What is unknown; a tract that lacks nearly everything gets the number and not the list."""
    if len(lacking) <= MOST_NAMED:
        return "unknown: " + ", ".join(lacking)
    return f"unknown: {len(lacking)} inputs, among them {', '.join(lacking[:MOST_NAMED])}"


def _listed(code: int) -> list[str]:
    return [name for place, name in enumerate(CLASSES) if int(code) >> place & 1]


def _joined(code: int) -> str:
    return "+".join(_listed(code)) or "none"


def _published(codes: Codes) -> npt.NDArray[np.object_]:
    names = {int(code): str(_listed(code)) for code in np.unique(codes)}
    return np.array([names[int(code)] for code in codes], dtype=object)


def example_region() -> pd.DataFrame:
    """Twelve invented tracts with every input, for trials.

    >>> sorted(set(INPUTS) - set(example_region().columns))
    []
    """
    rng = np.random.default_rng(12)
    level = np.linspace(0.5, 1.8, 12)
    columns: dict[str, Floats] = {}
    for name in INPUTS:
        noise = rng.uniform(0.9, 1.1, len(level))
        growth = 1 + 0.01 * (int(name[-4:]) - 1990)
        if name.startswith(("population", "households")):
            columns[name] = np.rint(2000 * noise)
        elif name.startswith("below"):
            columns[name] = np.clip((1.1 if "120" in name else 0.8) - 0.45 * level * noise, 0.05, 0.95)
        elif "share" in INPUTS[name]:
            columns[name] = np.clip(0.3 * (level if name.startswith("college") else 1 / level) * noise, 0, 1)
        else:
            scale = {"income": 60_000, "rent": 1_200, "value": 400_000, "housing": 1_600}[name.split("_")[0]]
            columns[name] = scale * level * growth * noise
    table = pd.DataFrame(columns, index=pd.Index([f"tract-{i}" for i in range(len(level))], name="geoid"))
    table["market_price_change"] = rng.uniform(0.2, 0.8, len(level))
    table["nearby_rent_2018"] = table["rent_2018"].rolling(3, center=True, min_periods=1).mean()
    change = table["rent_2018"] / table["rent_2012"] - 1
    table["nearby_rent_change"] = change.rolling(3, center=True, min_periods=1).mean()
    return table
