"""A finished period, put together for judging: features from before it, what happened, blocks of land, and choices.

:func:`assemble` is the only door: whatever goes through it has passed the guard against leakage. The sensitivity table
repeats the judgment under every choice somebody might defend, one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.methods.block_bootstrap import block_bootstrap
from analysis.methods.calibration import areas_under_curve
from analysis.methods.outreach_list import Forecast, compare_lists, forecast
from analysis.methods.pressure_features import Features, check_leakage, pressure_features
from analysis.methods.pressure_models import FLAG, ModelScores, fit_predict
from analysis.methods.pressure_target import PressureTarget, TargetRule, pressure_target
from analysis.methods.prices import PriceIndex
from analysis.methods.spatial_cross_validation import block_folds, out_of_fold
from analysis.project import AnalysisError

KEY = "geoid"


@dataclass(frozen=True, eq=False)
class FinishedPeriod:
    """Tracts of which features and outcome are known; all series share one index (geoid, sorted).

    ``frame``: the features and the column ``typology``. ``happened``: 1 or 0. ``renters``: renter households at first.
    ``left_out``: number of tracts of the target by reason.
    """

    features: Features
    target: PressureTarget
    frame: pd.DataFrame
    happened: pd.Series
    blocks: pd.Series
    renters: pd.Series
    left_out: pd.Series

    def restrict(self, tracts: pd.Index) -> pd.Index:
        """Those of ``tracts`` that are judged, in order."""
        found: pd.Index = self.frame.index[self.frame.index.isin(tracts)]
        return found


def assemble(
    features: Features, target: PressureTarget, blocks: pd.Series, flag: pd.Series | None = None
) -> FinishedPeriod:
    """Put a finished period together; refuse features that know its outcome.

    ``flag``: the published typology as known at the start (1, 0, NaN). A tract without a feature or a block is left out
    and counted. Raises LeakageError as ``check_leakage``, and AnalysisError when no tract is left.
    """
    check_leakage(features, target)
    scored = target.pressured.index
    used = scored[scored.isin(features.complete) & scored.isin(blocks.index)]
    if used.empty:
        raise AnalysisError("pressure: no tract has features, an outcome and a place on the map")
    reason = target.table["reason"].where(target.table["status"] != "scored", "")
    reason[(reason == "") & ~reason.index.isin(features.complete)] = "a feature is missing"
    reason[(reason == "") & ~reason.index.isin(used)] = "no shape"
    frame = features.frame.loc[used]
    known = pd.Series(np.nan, index=used) if flag is None else flag.reindex(used)
    return FinishedPeriod(
        features, target, frame.assign(**{FLAG: known.astype(float)}), target.pressured[used], blocks[used],
        target.table.loc[used, "renters"], reason[reason != ""].value_counts(),
    )  # fmt: skip


def definitions(local: PriceIndex, national: PriceIndex) -> dict[str, tuple[str, TargetRule]]:
    """Other defensible definitions of pressure: the kind of choice and the rule, by name in words."""
    return {
        "Low incomes fixed in dollars, local prices": ("Deflator", TargetRule(index=local)),
        "Low incomes fixed in dollars, national prices": ("Deflator", TargetRule(index=national)),
        "Rent outgrew the county's by 5 percent": ("Definition", TargetRule(rent_margin=5.0)),
        "Low incomes below half the median": ("Definition", TargetRule(low_income=0.5)),
        "Low-income households of any tenure": ("Definition", TargetRule(tenure="any tenure")),
        "County's growth is its middle tract's": ("Definition", TargetRule(county="middle tract")),
    }


@dataclass(frozen=True, eq=False)
class _Case:
    """One choice somebody might defend: probabilities by tract from unseen places and carried over in time."""

    kind: str
    choice: str
    chance: pd.Series
    carried: pd.Series
    happened: pd.Series
    blocks: pd.Series
    visits: float


def sensitivity(
    model: str, period: FinishedPeriod, earlier: FinishedPeriod, tables: tuple[pd.DataFrame, pd.DataFrame],
    rules: Mapping[str, tuple[str, TargetRule]], coarse: Mapping[str, pd.Series],
    predictions: Mapping[str, tuple[pd.Series, pd.Series]], tracts: pd.Index, visits: float, *,
    draws: int = 200, level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Score and list of one rule under each choice, one at a time; one row a choice, ours first.

    ``earlier``: the period before, from which a rule is carried over. ``tables``: tract periods and income brackets,
    from which each definition is computed anew, in both periods. ``coarse``: other blocks of land by name.
    ``predictions``: of other rules by name, in unseen places and carried over. ``tracts``: the city whose list is
    judged, for ``visits`` visits. Columns: kind, choice, auc with auc_low and auc_high, reached, tracts, and in points,
    each with _low and _high: ahead (of visits by lot), beyond (of the highest past growth of rents), later (of visits
    by lot, learned in the period before).
    """
    now, then, land = (period.frame, period.happened), (earlier.frame, earlier.happened), period.blocks
    cases = [_case("Ours", "Ours", model, now, then, land, visits)]
    for name, (kind, rule) in rules.items():
        both = _by_rule(period, tables, rule), _by_rule(earlier, tables, rule)
        cases.append(_case(kind, name, model, both[0], both[1], land, visits))
    many = _with_homes(period, 300), _with_homes(earlier, 300)
    cases.append(_case("Tracts", "Only with 300 or more renter households", model, many[0], many[1], land, visits))
    levels = [name for name in map(str, period.features.frame) if not name.startswith("change_")]
    plain = (period.frame[[*levels, FLAG]], period.happened)
    cases.append(_case("Features", "Without changes of the decade before", model, plain, then, land, visits))
    cases += [
        replace(cases[0], kind="Visits", choice="A quarter of the visits", visits=visits / 4),
        replace(cases[0], kind="Visits", choice="Half as many visits again", visits=visits * 1.5),
        *(_case("Blocks", name, model, now, then, blocks, visits) for name, blocks in coarse.items()),
    ]
    for name, (chance, carried) in predictions.items():
        cases.append(replace(cases[0], kind="Rule", choice=name, chance=chance, carried=carried))
    return pd.DataFrame([_judged(case, period, tracts, draws, level) for case in cases])


Seen = tuple[pd.DataFrame, pd.Series]
"""Features and outcomes of the same tracts."""


def _by_rule(period: FinishedPeriod, tables: tuple[pd.DataFrame, pd.DataFrame], rule: TargetRule) -> Seen:
    target = pressure_target(*tables, period.target.before, period.target.after, rule)
    happened = target.pressured[target.pressured.index.isin(period.frame.index)]
    return period.frame.loc[happened.index], happened


def _with_homes(period: FinishedPeriod, least: float) -> Seen:
    many = period.renters[period.renters >= least].index
    return period.frame.loc[many], period.happened[many]


def _case(kind: str, choice: str, model: str, now: Seen, then: Seen, blocks: pd.Series, visits: float) -> _Case:
    frame, happened = now
    land = blocks.reindex(frame.index)
    folds = block_folds(land, min(10, land.nunique()))
    chance = out_of_fold(fit_predict(model), frame, happened, folds)
    shared = [name for name in then[0] if name in frame]
    carried = fit_predict(model)(then[0][shared], then[1].to_numpy(dtype=np.int64), frame[shared])
    return _Case(kind, choice, pd.Series(chance, frame.index), pd.Series(carried, frame.index), happened, land, visits)


def _judged(case: _Case, period: FinishedPeriod, tracts: pd.Index, draws: int, level: float) -> dict[str, object]:
    truth, land = case.happened.to_numpy(dtype=float), case.blocks
    area = block_bootstrap(lambda w: areas_under_curve(truth, case.chance, w), land, draws=draws, level=level)
    here = case.happened.index[case.happened.index.isin(tracts)]
    homes = period.renters[here]
    share = min(case.visits / float(homes.sum()), 1.0)
    lists = {"ours": case.chance[here], "growth": period.frame.loc[here, "change_rent"]}
    found = compare_lists(lists, homes, case.happened[here], land[here], share, draws=draws, level=level)
    aged = compare_lists(
        {"ours": case.carried[here]}, homes, case.happened[here], land[here], share, draws=draws, level=level
    )
    row: dict[str, object] = {
        "kind": case.kind, "choice": case.choice, "auc": area.value, "auc_low": area.lower, "auc_high": area.upper,
        "reached": found["reached"].iloc[0], "tracts": len(here),
    }  # fmt: skip
    rivals = {"ahead": (found, "random"), "beyond": (found, "growth"), "later": (aged, "random")}
    for name, (table, rival) in rivals.items():
        gap = table.set_index("strategy").loc[rival]
        # A list that knows nothing is a lottery, up to the rounding of sums.
        row |= {name: round(gap["ahead"], 9), f"{name}_low": round(gap["ahead_low"], 9)}
        row[f"{name}_high"] = round(gap["ahead_high"], 9)
    return row


def other_forecasts(
    scores: ModelScores, period: FinishedPeriod, now: Features, tables: tuple[pd.DataFrame, pd.DataFrame],
    rules: Mapping[str, tuple[str, TargetRule]], flag: pd.Series,
) -> dict[str, Forecast]:  # fmt: skip
    """Forecasts under every other choice somebody might defend: each definition, and each rule not measurably worse.

    ``flag``: the published typology as known now. Point forecasts; their draws are not meant to be used.
    """
    found: dict[str, Forecast] = {}
    known = period.frame[FLAG]
    for name, (_, rule) in rules.items():
        target = pressure_target(*tables, period.target.before, period.target.after, rule)
        happened = target.pressured[target.pressured.index.isin(period.frame.index)]
        blocks = period.blocks[happened.index]
        found[name] = forecast(
            scores.chosen, period.features, happened, now, blocks, draws=2, flag=flag, known_flag=known
        )
    for name in scores.table.loc[~scores.table["worse"], "model"]:
        if name != scores.chosen:
            found[name] = forecast(
                name, period.features, period.happened, now, period.blocks, draws=2, flag=flag, known_flag=known
            )
    return found


def earlier_levels(
    tract_periods: pd.DataFrame, income_brackets: pd.DataFrame, before: str, after: str, blocks: pd.Series
) -> FinishedPeriod:
    """The period before, with levels only: nothing is held that would tell what changed in the decade before it."""
    target = pressure_target(tract_periods, income_brackets, before, after)
    return assemble(pressure_features(tract_periods, income_brackets, before), target, blocks)
