"""Do selection rates differ between groups of applicants? The four-fifths rule, exact tests, strata.

Rule: Uniform Guidelines on Employee Selection Procedures (1978), 29 CFR 1607.4 D, and its
Questions and Answers (1979). A ratio below four fifths of the highest rate is evidence
of adverse impact; it says nothing about why, and small numbers can make or unmake it,
so a test, an interval and the flip of one person stand beside it. The comparison is made
in whole numbers: in floating point hundreds of ratios of exactly 0.8 come out below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.proportion import proportion_confint

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

FOUR_FIFTHS = Fraction(4, 5)
# Questions and Answers 16 and 17: groups under two percent of the labour force need not be compared.
SMALLEST_SHARE = Fraction(2, 100)
FEWEST_EXPECTED = 5

Counts = tuple[int, int]


@dataclass(frozen=True)
class GroupImpact:
    """One group against the group with the highest selection rate.

    ``rate`` is a share of applicants (0 to 1, Wilson interval), ``ratio`` its share of the highest
    rate (interval on the log scale). ``below`` compares in whole numbers; None if not
    compared. ``probability`` is Fisher's, two-sided. ``flips``: whether one person more of one
    group selected in place of one of the other would turn ``below`` around. ``few``: some expected count
    is under five. ``verdict``: adverse_impact (below and probability under 0.05), below_only
    (too few people to rule out chance), trivial (not below, though not chance), none, or
    not_compared.
    """

    group: str
    selected: int
    applicants: int
    rate: Estimate
    ratio: Estimate
    below: bool | None
    probability: float
    flips: bool
    few: bool
    verdict: str


@dataclass(frozen=True)
class AdverseImpact:
    """All groups against ``highest``, sorted by name."""

    highest: str
    groups: tuple[GroupImpact, ...]
    cautions: tuple[str, ...]

    def __getitem__(self, group: str) -> GroupImpact:
        for one in self.groups:
            if one.group == group:
                return one
        raise AnalysisError(f"adverse impact: no group {group!r} (there are {', '.join(g.group for g in self.groups)})")

    def table(self) -> pd.DataFrame:
        """One row a group, for showing: counts, rates, ratios, verdicts."""
        rows = [
            {"group": one.group, "selected": one.selected, "applicants": one.applicants}
            | {"rate": one.rate.value, "rate_lower": one.rate.lower, "rate_upper": one.rate.upper}
            | {"ratio": one.ratio.value, "ratio_lower": one.ratio.lower, "ratio_upper": one.ratio.upper}
            | {"below": one.below, "probability": one.probability, "flips": one.flips, "few": one.few}
            | {"verdict": one.verdict}
            for one in self.groups
        ]
        return pd.DataFrame(rows)


def below_four_fifths(selected: int, applicants: int, best_selected: int, best_applicants: int) -> bool:
    """Whether the first rate is under four fifths of the second, decided in whole numbers.

    >>> below_four_fifths(1, 3, 5, 12), (1 / 3) / (5 / 12) < 0.8
    (False, True)
    """
    return 5 * selected * best_applicants < 4 * best_selected * applicants


def adverse_impact(groups: Mapping[str, Counts], *, level: float = 0.95) -> AdverseImpact:
    """Compare the selection rate of each group with the highest.

    ``groups``: name → (selected, applicants). The reference is the group with the highest rate,
    whoever that is (largest of several); groups of under two percent of all applicants are
    neither compared nor the reference.

    Raises AnalysisError for impossible counts or when fewer than two groups can be compared.

    >>> found = adverse_impact({"women": (12, 40), "men": (30, 50)})
    >>> found.highest, round(found["women"].ratio.value, 2), found["women"].verdict
    ('men', 0.5, 'adverse_impact')
    """
    _check(groups)
    everybody = sum(applicants for _, applicants in groups.values())
    large = {name: counts for name, counts in groups.items() if Fraction(counts[1], everybody) >= SMALLEST_SHARE}
    if len(large) < 2 or not any(selected for selected, _ in large.values()):
        raise AnalysisError("adverse impact: at least two groups with applicants, and somebody selected, are needed")
    highest = max(sorted(large), key=lambda name: (Fraction(*large[name]), large[name][1]))
    found = tuple(_group(name, groups[name], highest, groups[highest], name in large, level) for name in sorted(groups))
    return AdverseImpact(highest, found, _cautions(found))


def _check(groups: Mapping[str, Counts]) -> None:
    for name, (selected, applicants) in groups.items():
        if applicants < 1 or selected < 0 or selected > applicants:
            raise AnalysisError(f"adverse impact: {name} has {selected} selected of {applicants} applicants")


def _group(name: str, counts: Counts, highest: str, best: Counts, large: bool, level: float) -> GroupImpact:
    (selected, applicants), (top, of) = counts, best
    low, high = proportion_confint(selected, applicants, 1 - level, method="wilson")
    rate = Estimate(selected / applicants, float(low), float(high), level, applicants)
    if name == highest or not large:
        reason = "the highest rate" if name == highest else "under two percent of all applicants: not compared"
        nothing = Estimate.empty("not_applicable", reason, level=level)
        return GroupImpact(name, selected, applicants, rate, nothing, None, np.nan, False, False, "not_compared")
    ratio = float(Fraction(selected * of, applicants * top))
    spread = np.nan
    if selected:
        error = np.sqrt((1 - selected / applicants) / selected + (1 - top / of) / top)
        spread = float(stats.norm.ppf((1 + level) / 2) * error)
    interval = Estimate(ratio, ratio * float(np.exp(-spread)), ratio * float(np.exp(spread)), level, applicants + of)
    below = below_four_fifths(selected, applicants, top, of)
    table = np.array([[selected, applicants - selected], [top, of - top]])
    probability = float(stats.fisher_exact(table).pvalue)
    one = 1 if below else -1
    possible = 0 <= selected + one <= applicants and 0 <= top - one <= of
    flips = possible and below_four_fifths(selected + one, applicants, top - one, of) != below
    few = bool((table.sum(axis=1)[:, None] * table.sum(axis=0) / table.sum()).min() < FEWEST_EXPECTED)
    chance = probability < 0.05
    verdict = ("adverse_impact" if chance else "below_only") if below else ("trivial" if chance else "none")
    return GroupImpact(name, selected, applicants, rate, interval, below, probability, flips, few, verdict)


def _cautions(groups: tuple[GroupImpact, ...]) -> tuple[str, ...]:
    found = []
    for one in groups:
        if one.flips:
            found.append(
                f"{one.group}: one person selected in place of another would turn the four-fifths result around"
            )
        if one.few:
            found.append(
                f"{one.group}: too few people for a firm conclusion (an expected count is under {FEWEST_EXPECTED})"
            )
    return tuple(found)


@dataclass(frozen=True)
class StratifiedImpact:
    """Two groups compared within strata (examinations, job classes), then together.

    ``ratio`` is the Mantel-Haenszel ratio of selection rates (Greenland and Robins 1985,
    Biometrics 41:55-68), ``odds`` the Mantel-Haenszel odds ratio, ``probability`` that of no
    difference in any stratum, ``same`` that of one odds ratio in all (Tarone's adjustment of
    Breslow-Day). ``pooled`` is the ratio of the pooled table. ``reversed``: pooled and stratified
    ratio lie on different sides of one, so that pooling alone would mislead.
    """

    ratio: Estimate
    odds: Estimate
    probability: float
    same: float
    pooled: float
    reversed: bool
    strata: int
    strata_below: int


def stratified_impact(strata: Mapping[str, tuple[Counts, Counts]], *, level: float = 0.95) -> StratifiedImpact:
    """Compare two groups across strata: name → ((selected, applicants), (selected, applicants) of the other group).

    Strata in which one group has no applicants, or in which nobody or everybody was
    selected, say nothing and are left out. The verdict below four fifths is counted per stratum.

    Raises AnalysisError when fewer than two strata remain.

    >>> easy, hard = ((18, 20), (70, 80)), ((20, 80), (4, 20))
    >>> found = stratified_impact({"easy": easy, "hard": hard})
    >>> found.pooled < 1 < found.ratio.value, found.reversed
    (True, True)
    """
    tables = []
    for name in sorted(strata):
        (one, of_one), (two, of_two) = strata[name]
        if min(of_one, of_two) < 0 or not (0 <= one <= of_one and 0 <= two <= of_two):
            raise AnalysisError(f"stratified impact: {name} has {one} of {of_one} and {two} of {of_two} selected")
        if min(of_one, of_two) > 0 and 0 < one + two < of_one + of_two:
            tables.append(np.array([[one, of_one - one], [two, of_two - two]], dtype=float))
    if len(tables) < 2:
        raise AnalysisError("stratified impact: fewer than two strata have applicants of both groups and a choice")
    found = StratifiedTable(tables)
    low, high = found.oddsratio_pooled_confint(1 - level)
    people = int(sum(table.sum() for table in tables))
    odds = Estimate(float(found.oddsratio_pooled), float(low), float(high), level, people)
    whole = np.sum(tables, axis=0)
    pooled = float(whole[0, 0] / whole[0].sum() / (whole[1, 0] / whole[1].sum())) if whole[1, 0] else float("inf")
    ratio = _common_ratio(tables, level)
    below = sum(
        below_four_fifths(int(table[0, 0]), int(table[0].sum()), int(table[1, 0]), int(table[1].sum()))
        for table in tables
    )
    return StratifiedImpact(
        ratio,
        odds,
        float(found.test_null_odds(correction=True).pvalue),
        float(found.test_equal_odds(adjust=True).pvalue),
        pooled,
        bool((pooled - 1) * (ratio.value - 1) < 0),
        len(tables),
        below,
    )


def _common_ratio(tables: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]], level: float) -> Estimate:
    stacked = np.stack(tables)
    one, of_one = stacked[:, 0, 0], stacked[:, 0].sum(axis=1)
    two, of_two = stacked[:, 1, 0], stacked[:, 1].sum(axis=1)
    people = of_one + of_two
    upper, lower = (one * of_two / people).sum(), (two * of_one / people).sum()
    if upper == 0 or lower == 0:
        return Estimate.empty("not_applicable", "nobody of one group was selected in any stratum", level=level)
    variance = ((of_one * of_two * (one + two) - one * two * people) / people**2).sum() / (upper * lower)
    spread = float(stats.norm.ppf((1 + level) / 2) * np.sqrt(variance))
    value = float(upper / lower)
    return Estimate(value, value * float(np.exp(-spread)), value * float(np.exp(spread)), level, int(people.sum()))
