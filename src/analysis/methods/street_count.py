"""A street count with its own error: levels, and change between two counts.

A point-in-time count is an estimate. Volunteers see people and dwellings; people in dwellings are dwellings times an
average from a survey; some people are missed. Three errors are told apart, because they add up differently:

* the averages: shared by all tracts of a year, so they do not shrink in large areas. Their size is read from how much
  published averages of the same kind of dwelling differ between years (real change of household size is in it, so it
  is an upper bound);
* where people were that night, and who double-counted: independent between tracts, so it matters in small areas. Its
  size is read from how much tracts differ between two counts (real moves are in it: an upper bound again);
* coverage: the share of people that counters find. It cancels in a change if it is the same in both years. Counts of
  planted decoys found 71 percent (Hopper et al. 2008, Am J Public Health 98:1438-1442) and, with more training, about
  90 percent in New York; each year's share is taken to lie anywhere between.

Change is a log ratio with a normal interval (delta method).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

SEEN = ("singles", "family_members")
DWELLINGS = ("cars", "vans", "campers", "tents", "makeshift")
MAIN = "Each year's averages, all errors"
UNLIKE = "As published, youth in the earlier count only (not alike)"
MINIMUM_PEOPLE = 11
"""On fewer people a percent change says more about chance than about the place."""
COVERAGE = (0.71, 0.90)
"""Share of people outdoors that counts found where it was measured, lowest and highest."""


@dataclass(frozen=True)
class CountError:
    """Sizes of the three errors.

    ``averages``: standard deviation of the logarithm of an average number of people a dwelling. ``dispersion``:
    variance over mean of a tract's count around its expected number. ``coverage``: lowest and highest share of people
    found in a year; the same number twice leaves the error out.
    """

    averages: float
    dispersion: float
    coverage: tuple[float, float] = COVERAGE

    @property
    def coverage_error(self) -> float:
        """Standard deviation of the logarithm of the share found, uniform between its ends."""
        low, high = self.coverage
        if not 0 < low <= high <= 1:
            raise AnalysisError(f"count error: coverage {self.coverage} must be two shares of 1, the lower one first")
        return float((high - low) / np.sqrt(12) / ((high + low) / 2))

    def only(self, source: str) -> CountError:
        """The same with one source of error left: averages, dispersion or coverage."""
        none = CountError(0.0, 0.0, (1.0, 1.0))
        return replace(none, **{source: getattr(self, source)})


def averages(counts: pd.DataFrame) -> pd.DataFrame:
    """People a dwelling by year (rows) and kind (columns), pooled over the tracts that have both.

    ``counts`` has year, the dwellings by kind and people_in_ by kind.

    >>> table = pd.DataFrame({"year": 2017, **{kind: [2.0] for kind in DWELLINGS},
    ...                       **{f"people_in_{kind}": [3.4] for kind in DWELLINGS}})
    >>> float(averages(table).loc[2017, "tents"])
    1.7
    """
    groups = counts.groupby("year")
    dwellings = groups[list(DWELLINGS)].sum()
    people = groups[[f"people_in_{kind}" for kind in DWELLINGS]].sum().set_axis(list(DWELLINGS), axis=1)
    return people / dwellings.where(dwellings > 0)


def averages_error(found: pd.DataFrame) -> float:
    """Standard deviation of the logarithm of the averages between years, pooled over kinds.

    Raises AnalysisError for fewer than two years.

    >>> round(averages_error(pd.DataFrame({"cars": [1.5, 1.5 * 1.1], "tents": [1.7, 1.7]})), 4)
    0.0477
    """
    logs = np.log(found.to_numpy(dtype=float))
    if len(logs) < 2:
        raise AnalysisError("street count: one year of averages cannot tell how much they vary")
    return float(np.sqrt(np.nanmean(np.nanvar(logs, axis=0, ddof=1))))


def dispersion(before: npt.ArrayLike, after: npt.ArrayLike) -> float:
    """Variance over mean of tract counts, from two counts of the same tracts; at least 1.

    After the common growth is taken out, the squared difference of two counts with this dispersion has the sum of
    their expected numbers, times it, as its mean. Nothing is trimmed: a camp that moved is error for whoever counts
    single nights.

    Raises AnalysisError for unequal lengths or an empty count.

    >>> rng = np.random.default_rng(0)
    >>> mean = rng.gamma(1.0, 20.0, 4000)
    >>> one, two = (3 * rng.poisson(mean / 3) for _ in range(2))
    >>> round(dispersion(one, two))
    3
    """
    one, two = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if one.shape != two.shape or one.sum() <= 0 or two.sum() <= 0:
        raise AnalysisError("dispersion: needs two counts of the same tracts, neither of them empty")
    growth = two.sum() / one.sum()
    gap = ((two - growth * one) ** 2).sum()
    return float(max(1.0, gap / (two.sum() + growth**2 * one.sum())))


def people(counts: pd.DataFrame) -> pd.Series:
    """People outdoors by how they live, added up over tracts: seen alone or in families, and by kind of dwelling."""
    kinds = {kind: float(counts[f"people_in_{kind}"].sum()) for kind in DWELLINGS}
    return pd.Series({"seen": float(counts[list(SEEN)].to_numpy(dtype=float).sum()), **kinds})


def level(found: pd.Series, error: CountError, *, confidence: float = 0.95) -> Estimate:
    """Number of people outdoors that such a count finds, with its interval; people it misses are not added.

    ``found`` is what :func:`people` gives. Fewer than 11 people: suppressed.

    >>> level(pd.Series({"seen": 500.0, "tents": 500.0}), CountError(0.07, 3.0)).value
    1000.0
    """
    total = float(found.sum())
    if total < MINIMUM_PEOPLE:
        return Estimate.empty("suppressed", "fewer than 11 people", level=confidence)
    spread = np.sqrt(_own_variance(found, error))
    half = float(stats.norm.ppf((1 + confidence) / 2)) * spread
    return Estimate(total, total * float(np.exp(-half)), total * float(np.exp(half)), confidence, round(total))


def change(
    before: pd.Series, after: pd.Series, error: CountError, *, same_averages: bool = False, confidence: float = 0.95
) -> Estimate:
    """Percent change of the number of people outdoors between two counts of the same tracts.

    ``same_averages``: both are made with one set of averages, so that its error stays only where the mix of dwellings
    changed. Fewer than 11 people on either side: not applicable.

    >>> found = change(pd.Series({"seen": 800.0}), pd.Series({"seen": 1000.0}), CountError(0.07, 2.0, (0.85, 0.85)))
    >>> round(found.value), round(found.lower), round(found.upper)
    (25, 10, 43)
    """
    one, two = float(before.sum()), float(after.sum())
    if min(one, two) < MINIMUM_PEOPLE:
        return Estimate.empty("not_applicable", "fewer than 11 people in one of the counts", level=confidence)
    variance = 2 * error.coverage_error**2
    if same_averages:
        moved = (after / two - before / one).drop("seen", errors="ignore")
        variance += error.averages**2 * float((moved**2).sum()) + error.dispersion * (1 / one + 1 / two)
    else:
        variance += _own_variance(before, error) + _own_variance(after, error)
    middle, half = np.log(two / one), float(stats.norm.ppf((1 + confidence) / 2)) * np.sqrt(variance)
    value, low, high = (float(100 * np.expm1(end)) for end in (middle, middle - half, middle + half))
    # The number of people behind it is left out: it may be one that is withheld elsewhere.
    return Estimate(value, low, high, confidence)


def _own_variance(found: pd.Series, error: CountError) -> float:
    """Relative variance of one count: averages by kind of dwelling, and the clumped noise of tracts."""
    total = float(found.sum())
    shares = (found / total).drop("seen", errors="ignore")
    return error.averages**2 * float((shares**2).sum()) + error.dispersion / total


def with_averages(counts: pd.DataFrame, used: pd.Series) -> pd.DataFrame:
    """The counts with people in dwellings made anew from one set of averages (``used``, by kind)."""
    made = {f"people_in_{kind}": counts[kind] * used[kind] for kind in DWELLINGS}
    return counts.assign(**made)


def tipping_coverage(change_percent: float) -> float:
    """By how many percent fewer people the first count must have found, for there to be no change at all.

    >>> round(tipping_coverage(25.0), 1)
    20.0
    """
    return float(100 * (1 - 1 / (1 + change_percent / 100)))


def comparable_grounds(counts: pd.DataFrame, tracts: Sequence[str] | pd.Index, years: tuple[int, int]) -> pd.Index:
    """Grounds that lie wholly in some tracts of 2010 and were wholly counted in both years.

    ``counts`` has year, vintage, tract, ground, counted. A ground is a group of tracts that covers the same land in
    both vintages; one that reaches beyond ``tracts`` or holds a tract that nobody counted is left out.

    >>> table = pd.DataFrame({"year": [2015, 2017, 2017, 2015, 2017], "tract": ["a", "a1", "a2", "b", "b"],
    ...                       "vintage": ["2000", "2010", "2010", "2000", "2010"], "ground": list("ggghh"),
    ...                       "counted": True})
    >>> list(comparable_grounds(table, ["a1", "b"], (2015, 2017)))
    ['h']
    """
    used = counts[counts["year"].isin(years) & counts["ground"].notna()]
    inside = used["tract"].isin(set(tracts)) | (used["vintage"] != "2010")
    good = (inside & used["counted"]).groupby(used["ground"]).all()
    seen = used.groupby("ground")["year"].nunique()
    found: pd.Index = good.index[good & (seen == len(set(years)))]
    return found


def panel(counts: pd.DataFrame, tracts: pd.Index, years: Sequence[int] = (2016, 2017)) -> pd.DataFrame:
    """People outdoors by tract of 2010 (rows) and year (columns), for the tracts that were counted in all of the years.

    >>> table = pd.DataFrame({"year": [2016, 2017, 2017], "vintage": "2010", "tract": ["a", "a", "b"],
    ...                       "outdoors": [3.0, 4.0, 5.0]})
    >>> panel(table, pd.Index(["a", "b"])).values.tolist()
    [[3.0, 4.0]]
    """
    used = counts[counts["year"].isin(years) & (counts["vintage"] == "2010") & counts["tract"].isin(set(tracts))]
    wide = used.pivot(index="tract", columns="year", values="outdoors").dropna()
    return wide.reindex(columns=list(years)).rename_axis("geoid")


def kinds(now: pd.DataFrame, district: pd.Series) -> pd.DataFrame:
    """People by how they live (columns) and district (rows); shelters hold families, youth alone, and others."""
    found = now[[*SEEN, *(f"people_in_{kind}" for kind in DWELLINGS)]].copy()
    found["families in shelters"], found["youth in shelters"] = now["sheltered_families"], now["sheltered_youth"]
    rest = now["sheltered"] - now["sheltered_families"] - now["sheltered_youth"]
    found["others in shelters"] = rest.clip(lower=0.0)
    return found.groupby(district.reindex(found.index)).sum()


@dataclass(frozen=True, eq=False)
class ChangeChoices:
    """One change under every defensible choice.

    ``main``: all errors, each year's own averages, youth of the separate count left out. ``table``: choice, value,
    low, high (percent), alike (false where the two counts are not of the same people: shown, not judged by). ``holds``:
    what ``main`` finds is found under all choices that are alike. ``covered``: percent of the people of the later count
    who are on the ground that is compared.
    """

    main: Estimate
    table: pd.DataFrame
    covered: float

    @property
    def holds(self) -> bool:
        """Every choice finds what the main one finds: a rise, a fall, or neither."""
        judged = self.table.loc[self.table["alike"], ["low", "high"]].to_numpy(dtype=float)
        sides = [int(low > 0) - int(high < 0) for low, high in judged]
        return len(set(sides)) == 1


def _with_youth(found: pd.Series, more: float) -> pd.Series:
    return found.where(found.index != "seen", found + more)


def change_choices(
    before: pd.DataFrame, after: pd.DataFrame, error: CountError, used: pd.DataFrame, whole: float
) -> ChangeChoices:
    """The change between two counts of the same ground under each choice of averages, coverage and definition.

    ``before`` and ``after``: rows of tracts; ``used``: averages by year as :func:`averages` gives them; ``whole``:
    people of the later count in all tracts of the area.
    """
    steady = replace(error, coverage=(1.0, 1.0))
    one, two = people(before), people(after)
    choices = {MAIN: change(one, two, error), "The same share of people found in both years": change(one, two, steady)}
    for year in used.index:
        first, second = (people(with_averages(part, used.loc[year])) for part in (before, after))
        choices[f"Averages of {year} in both years"] = change(first, second, error, same_averages=True)
    extra = [float(part["youth_count"].fillna(0.0).sum()) for part in (before, after)]
    # Two changes that differ by a handful of youth would tell how many they are.
    if any(extra) and not any(0 < number < MINIMUM_PEOPLE for number in extra):
        choices[UNLIKE] = change(_with_youth(one, extra[0]), _with_youth(two, extra[1]), error)
    known = {words: found for words, found in choices.items() if found.status == "ok"}
    table = pd.DataFrame(
        [(words, found.value, found.lower, found.upper, words != UNLIKE) for words, found in known.items()],
        columns=["choice", "value", "low", "high", "alike"],
    )
    return ChangeChoices(choices[MAIN], table, 100 * float(two.sum()) / whole if whole > 0 else float("nan"))
