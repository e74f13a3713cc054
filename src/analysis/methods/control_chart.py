"""Is a performance measure still running as it did, or has something changed? Control charts.

Individuals and moving range (XmR): limits at 2.66 average moving ranges around the mean of a
baseline (NIST/SEMATECH e-Handbook 6.3.2.2; Wheeler 1993). The moving range, and not
the standard deviation, is used because a shift inflates the latter and hides itself.
Limits come from the baseline and stay: recomputing them every month lets a slow change through.
Shares and rates whose denominators change need their own chart (Laney 2002, Quality Engineering 14:531-537).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

# Expected range of two normal values over their standard deviation: 2 / root of pi.
D2 = 1.128
RUN = 8
FEWEST_BASELINE = 8
RULES = ("beyond", "run", "near")


@dataclass(frozen=True, eq=False)
class ControlChart:
    """Values with limits and signals.

    ``table``, indexed as the values: value, moving_range, centre, lower, upper, baseline (part of it),
    signal ("" or what was seen first: beyond a limit, run of eight on one side, three of four nearer
    to a limit than to the centre). ``sigma``: the limits are three of them from the centre
    (varies with the denominator in ``share_chart``; then the median). ``autocorrelation``: of
    neighbouring baseline values; above 0.3 limits from moving ranges are too tight.
    """

    table: pd.DataFrame
    sigma: float
    autocorrelation: float
    cautions: tuple[str, ...]

    @property
    def signals(self) -> pd.DataFrame:
        """Rows after the baseline that gave a signal."""
        return self.table[(self.table["signal"] != "") & ~self.table["baseline"]]

    @property
    def stable(self) -> bool:
        """Whether the baseline itself gave no signal: only then do its limits mean anything."""
        return bool((self.table.loc[self.table["baseline"], "signal"] == "").all())


def xmr(values: pd.Series, *, baseline: int | None = None, floor: float | None = None) -> ControlChart:
    """Individuals chart with limits from the first ``baseline`` values (default: all).

    ``values``: one number a period, in order. ``floor``: a limit is not drawn below it (0 for counts
    and durations). In a stable normal process a point lies beyond a limit 3 times in 1,000 if the
    limits are known, about 13 times if they come from 24 values; with the other two rules a
    stable year of months then signals in about one of six (see ``false_alarm_rate``).

    Raises AnalysisError for missing values or a baseline under 8.

    >>> chart = xmr(pd.Series([49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]))
    >>> chart.table[["centre", "lower", "upper"]].iloc[0].round(2).tolist()
    [50.81, 45.82, 55.8]
    """
    count = _baseline(values, baseline)
    numbers = values.to_numpy(dtype=float)
    moving = np.abs(np.diff(numbers, prepend=np.nan))
    centre, sigma = float(numbers[:count].mean()), float(np.nanmean(moving[1:count])) / D2
    table = pd.DataFrame({"value": numbers, "moving_range": moving}, index=values.index)
    table["centre"], table["lower"], table["upper"] = centre, centre - 3 * sigma, centre + 3 * sigma
    return _judged(table, count, np.full(len(numbers), sigma), floor)


def share_chart(events: pd.Series, total: pd.Series, *, baseline: int | None = None) -> ControlChart:
    """Chart of a share (0 to 1) whose denominator changes, with limits for each period (Laney's p').

    Binomial limits are widened (or narrowed) by the moving range of the standardised baseline, so
    that big denominators do not turn every month into a signal. Same shape and rules as ``xmr``.

    Raises AnalysisError for impossible counts.

    >>> chart = share_chart(pd.Series([50, 48, 55, 51, 49, 52, 47, 53, 90]), pd.Series([100] * 9), baseline=8)
    >>> chart.signals["signal"].tolist()
    ['beyond']
    """
    count = _baseline(events, baseline)
    hits, of = events.to_numpy(dtype=float), total.to_numpy(dtype=float)
    if not events.index.equals(total.index) or (of <= 0).any() or (hits < 0).any() or (hits > of).any():
        raise AnalysisError("share chart: events must lie between 0 and total in every period, with one index")
    centre = float(hits[:count].sum() / of[:count].sum())
    binomial = np.sqrt(centre * (1 - centre) / of)
    standard = (hits / of - centre) / np.where(binomial > 0, binomial, 1.0)
    between = float(np.abs(np.diff(standard[:count])).mean()) / D2
    table = pd.DataFrame({"value": hits / of}, index=events.index)
    table["moving_range"] = table["value"].diff().abs()
    table["centre"] = centre
    table["lower"], table["upper"] = centre - 3 * between * binomial, centre + 3 * between * binomial
    chart = _judged(table, count, between * binomial, 0.0)
    chart.table["upper"] = chart.table["upper"].clip(upper=1.0)
    return chart


def _baseline(values: pd.Series, baseline: int | None) -> int:
    if values.isna().any():
        raise AnalysisError(f"control chart: no value at {', '.join(map(str, values.index[values.isna()][:3]))}")
    count = len(values) if baseline is None else baseline
    if not FEWEST_BASELINE <= count <= len(values):
        raise AnalysisError(f"control chart: the baseline needs {FEWEST_BASELINE} to {len(values)} values, not {count}")
    return count


def _judged(table: pd.DataFrame, count: int, sigma: Floats, floor: float | None) -> ControlChart:
    distance = ((table["value"] - table["centre"]).to_numpy()) / np.where(sigma > 0, sigma, np.nan)
    distance = np.nan_to_num(distance)
    beyond = (np.abs(distance) > 3)[:, None]
    side = np.sign(distance)
    found = np.column_stack([beyond, _runs(side == 1, RUN) | _runs(side == -1, RUN), _near(distance)])
    table["baseline"] = np.arange(len(table)) < count
    table["signal"] = np.select([found[:, 0], found[:, 1], found[:, 2]], list(RULES), "")
    if floor is not None:
        table["lower"] = table["lower"].clip(lower=floor)
    values = table["value"].to_numpy()[:count]
    carried = float(np.corrcoef(values[1:], values[:-1])[0, 1]) if values.std() > 0 else 0.0
    cautions = []
    if (table.loc[table["baseline"], "signal"] != "").any():
        cautions.append("the baseline is not stable: its limits describe no steady process")
    if carried > 0.3 and carried > 1.645 / np.sqrt(count):
        cautions.append(f"values carry over (correlation {carried:.2f}): limits are too tight")
    if count < 20:
        cautions.append(f"limits rest on {count} values: provisional until there are twenty")
    return ControlChart(table, float(np.median(sigma)), carried, tuple(cautions))


def _runs(flags: npt.NDArray[np.bool_], length: int) -> npt.NDArray[np.bool_]:
    """Where ``length`` in a row have come to an end."""
    sums = np.convolve(flags.astype(int), np.ones(length, dtype=int))[: len(flags)]
    return np.asarray(sums == length)


def _near(distance: Floats) -> npt.NDArray[np.bool_]:
    """Where three of the last four lie beyond one and a half sigma on the same side."""
    high = np.convolve((distance > 1.5).astype(int), np.ones(4, dtype=int))[: len(distance)]
    low = np.convolve((distance < -1.5).astype(int), np.ones(4, dtype=int))[: len(distance)]
    return np.asarray((np.maximum(high, low) >= 3) & (np.abs(distance) > 1.5))


def false_alarm_rate(*, seeds: int = 400, baseline: int = 24, periods: int = 12, carried: float = 0.0) -> float:
    """Share of stable invented series with any signal within ``periods`` after the baseline.

    ``carried``: correlation of neighbouring values. Shows what a signal is worth before one is read.

    >>> 0.05 < false_alarm_rate(seeds=200) < 0.3
    True
    """
    alarms = 0
    for seed in range(seeds):
        noise = np.random.default_rng(seed).normal(size=baseline + periods)
        for place in range(1, len(noise)):
            noise[place] = carried * noise[place - 1] + np.sqrt(1 - carried**2) * noise[place]
        alarms += len(xmr(pd.Series(noise), baseline=baseline).signals) > 0
    return alarms / seeds


def chance_of_missing(shift_sigmas: float, periods: int) -> float:
    """Probability that a shift of that many sigmas gives no point beyond a limit in ``periods`` periods (limits known).

    >>> round(chance_of_missing(1.0, 12), 2)
    0.76
    """
    inside = stats.norm.cdf(3 - shift_sigmas) - stats.norm.cdf(-3 - shift_sigmas)
    return float(inside**periods)
