"""What the typical tract of a group did: the median change with its interval, measure by measure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.methods.change_measures import MEASURES, ChangeMeasures
from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

DRAWS = 1000
FEWEST = 11


def typical_change(changes: pd.Series, *, level: float = 0.95, draws: int = DRAWS, seed: int = 2018) -> Estimate:
    """Median of the tracts' changes, in their unit, with a percentile bootstrap over tracts; missing ones left out.

    Fewer than eleven tracts give ``not_applicable``: a median of a handful is a list, not an estimate.

    >>> rng = np.random.default_rng(0)
    >>> found = typical_change(pd.Series(rng.normal(5, 2, 400)))
    >>> found.lower < 5 < found.upper, found.n
    (True, 400)
    """
    known = changes.dropna().to_numpy(dtype=float)
    if len(known) < FEWEST:
        return Estimate.empty("not_applicable", f"only {len(known)} tracts")
    picks = np.random.default_rng(seed).integers(0, len(known), (draws, len(known)))
    medians = np.median(known[picks], axis=1)
    lower, upper = np.quantile(medians, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(np.median(known)), float(lower), float(upper), level, len(known))


def typical_changes(measures: ChangeMeasures, groups: Mapping[str, pd.Index]) -> pd.DataFrame:
    """One row a measure: its label, the unit of its change, and for each group the columns NAME, NAME_low, NAME_high.

    Changes measured on the log scale are given back in percent. A group of fewer than eleven tracts has no values.

    Raises AnalysisError when a group names a tract that was not measured.
    """
    unknown = {name: tracts.difference(measures.table.index) for name, tracts in groups.items()}
    for name, tracts in unknown.items():
        if len(tracts):
            raise AnalysisError(f"group {name!r} has {len(tracts)} tracts that were not measured, first {tracts[0]}")
    rows = []
    for measure in MEASURES:
        row: dict[str, object] = {"label": measure.label, "unit": measure.change_unit}
        for name, tracts in groups.items():
            found = typical_change(measures.table.loc[tracts, f"{measure.key}_change"])
            log = measures.form == "log" and measure.change_unit == "percent"
            ends = [_percent(x) if log else x for x in (found.value, found.lower, found.upper)]
            row |= dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


def by_district(measures: ChangeMeasures, districts: pd.Series) -> pd.DataFrame:
    """One row a district (column area_id), in order: the change of its typical tract by each measure, with interval.

    ``districts`` gives the district of each tract, by geoid; the median over tracts, its interval and the fewest tracts
    are those of :func:`typical_change`. Columns ``KEY``, ``KEY_low``, ``KEY_high`` and
    ``KEY_status``.
    """
    known = districts[districts.index.isin(measures.table.index[measures.scored])]
    names = sorted(districts.unique())
    groups = {name: pd.Index(known.index[known == name]) for name in names}
    typical = typical_changes(measures, groups).set_axis([m.key for m in MEASURES], axis=0)
    found = pd.DataFrame({"area_id": names})
    for key in typical.index:
        for end in ("", "_low", "_high"):
            found[f"{key}{end}"] = [float(typical.loc[key, f"{name}{end}"]) for name in names]
        found[f"{key}_status"] = np.where(found[key].notna(), "ok", "not_applicable")
    return found


def _percent(log_change: float) -> float:
    """100 times a log ratio as a change in percent."""
    return 100 * float(np.expm1(log_change / 100))
