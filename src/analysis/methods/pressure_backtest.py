"""A finished period, put together for judging: features from before it, what happened, blocks of land, and choices.

:func:`assemble` is the only door: whatever goes through it has passed the guard against leakage. The sensitivity table
repeats the judgment under every choice somebody might defend, one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


def sensitivity(
    model: str, period: FinishedPeriod, tables: tuple[pd.DataFrame, pd.DataFrame],
    rules: Mapping[str, tuple[str, TargetRule]],
    coarse: Mapping[str, pd.Series], tracts: pd.Index, visits: float, *, draws: int = 200, level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Score and list of one rule under each choice; one row a choice, ours first.

    ``tables``: tract periods and income brackets, from which each definition is computed anew. ``coarse``: other blocks
    of land by name. ``tracts``: the city whose list is judged, for ``visits`` visits. Columns: kind, choice, auc with
    auc_low and auc_high, reached, ahead, ahead_low, ahead_high (points ahead of visits by lot), tracts.
    """
    many = period.renters[period.renters >= 300].index
    few_homes = period.frame.loc[many]
    levels = [name for name in map(str, period.features.frame) if not name.startswith("change_")]
    rows = [_judged("Ours", "Ours", model, period.frame, period.happened, period, tracts, visits, draws, level)]
    for name, (kind, rule) in rules.items():
        target = pressure_target(*tables, period.target.before, period.target.after, rule)
        happened = target.pressured[target.pressured.index.isin(period.frame.index)]
        frame = period.frame.loc[happened.index]
        rows.append(_judged(kind, name, model, frame, happened, period, tracts, visits, draws, level))
    cases = {
        ("Tracts", "Only with 300 or more renter households"): (few_homes, period.happened[many], visits),
        ("Features", "Without changes of the decade before"): (period.frame[[*levels, FLAG]], period.happened, visits),
        ("Visits", "A quarter of the visits"): (period.frame, period.happened, visits / 4),
        ("Visits", "Half as many visits again"): (period.frame, period.happened, visits * 1.5),
    }  # fmt: skip
    for (kind, name), (frame, happened, budget) in cases.items():
        rows.append(_judged(kind, name, model, frame, happened, period, tracts, budget, draws, level))
    for name, blocks in coarse.items():
        other = FinishedPeriod(
            period.features, period.target, period.frame, period.happened, blocks.reindex(period.frame.index),
            period.renters, period.left_out,
        )  # fmt: skip
        rows.append(_judged("Blocks", name, model, other.frame, other.happened, other, tracts, visits, draws, level))
    return pd.DataFrame(rows)


def _judged(
    kind: str, name: str, model: str, frame: pd.DataFrame, happened: pd.Series, period: FinishedPeriod,
    tracts: pd.Index, visits: float, draws: int, level: float,
) -> dict[str, object]:  # fmt: skip
    blocks = period.blocks[frame.index]
    number = min(10, blocks.nunique())
    chance = pd.Series(out_of_fold(fit_predict(model), frame, happened, block_folds(blocks, number)), index=frame.index)
    truth = happened.to_numpy(dtype=float)
    area = block_bootstrap(lambda w: areas_under_curve(truth, chance, w), blocks, draws=draws, level=level)
    here = frame.index[frame.index.isin(tracts)]
    share = min(visits / float(period.renters[here].sum()), 1.0)
    lists = compare_lists(
        {"ours": chance[here]}, period.renters[here], happened[here], blocks[here], share, draws=draws, level=level
    )
    lot = lists.set_index("strategy").loc["random"]
    return {
        "kind": kind, "choice": name, "auc": area.value, "auc_low": area.lower, "auc_high": area.upper,
        "reached": lists["reached"].iloc[0], "ahead": lot["ahead"], "ahead_low": lot["ahead_low"],
        "ahead_high": lot["ahead_high"], "tracts": len(here),
    }  # fmt: skip


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
