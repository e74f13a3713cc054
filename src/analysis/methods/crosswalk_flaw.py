"""How far a crosswalk that carries medians like counts is off, tract by tract and in the headline.

Shares of tracts are right for counts: a tract that was cut in half gets half of the
people. They are wrong for medians: it does not get half of the median rent. Here the
medians as published stand against those restored with the same shares
(:mod:`analysis.methods.crosswalk_recovery`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.estimate import Estimate
from analysis.methods.margins_of_error import standard_error
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

MEASURES: Mapping[str, str] = {
    "median_gross_rent": "Rent",
    "median_household_income": "Household income",
    "median_home_value": "Home value",
}
NOTICEABLE = 5.0
FEWEST = 11


@dataclass(frozen=True)
class Restated:
    """The typical tract's change in percent, from medians as published and as restored.

    Typical is the median of the tracts' own changes. ``gap`` is published less restored, in percentage points; its
    interval pairs the two. ``off`` is the percent of tracts whose published median before is more than the noticeable
    percent away from the restored one. ``lowest`` and ``highest`` are the typical change if every tract put together
    from several had the median of its dearest, or of its cheapest, part. ``as_counts`` is the percent of tracts whose
    published median is, to the dollar, what treating it like a count gives. The last three are missing without bounds.
    """

    measure: str
    start: str
    published: Estimate
    restored: Estimate
    gap: Estimate
    off: Estimate
    lowest: float
    highest: float
    as_counts: float

    @property
    def n(self) -> int:
        """Tracts with all figures."""
        return int(self.gap.n or 0)


def restated(
    periods: pd.DataFrame,
    *,
    measure: str = "median_gross_rent",
    start: str = "2000",
    end: str = "2018",
    bounds: pd.DataFrame | None = None,
    noticeable: float = NOTICEABLE,
    draws: int = 400,
    level: float = 0.95,
    seed: int = 2018,
) -> Restated:
    """Compare the change by published and by restored medians over the tracts that have both.

    ``periods`` is the table tract_periods (geoid, period, MEASURE, MEASURE_udp, MEASURE_moe in dollars, nominal);
    ``bounds`` has vintage, geoid, measure, lowest, highest and as_counts. The intervals come from a bootstrap over
    tracts with an extra draw of the survey's error at the end, less the shift that noise on top of noise makes.

    Raises AnalysisError for fewer than eleven usable tracts.

    >>> rows = [(f"{i:02d}", "2000", 800.0, 400.0 if i < 5 else 800.0, np.nan) for i in range(20)]
    >>> rows += [(f"{i:02d}", "2018", 1600.0 + i, np.nan, 50.0) for i in range(20)]
    >>> names = ["geoid", "period", "median_gross_rent", "median_gross_rent_udp", "median_gross_rent_moe"]
    >>> found = restated(pd.DataFrame(rows, columns=names))
    >>> found.off.value, round(found.restored.value), round(found.published.value)
    (25.0, 101, 102)
    """
    before, after = (periods[periods["period"] == name].set_index("geoid") for name in (start, end))
    table = pd.DataFrame(
        {
            "restored": before[measure],
            "published": before[f"{measure}_udp"],
            "after": after[measure].reindex(before.index),
            "margin": after[f"{measure}_moe"].reindex(before.index),
        }
    )
    used = table[(table[["restored", "published", "after"]] > 0).all(axis=1)]
    if len(used) < FEWEST:
        raise AnalysisError(f"restated {measure}, {start} to {end}: {len(used)} tracts have all figures; 11 are needed")
    gap = 100 * (used["published"] / used["restored"] - 1)
    published, restored, difference = _typical(used, draws, level, seed)
    off = Estimate(100 * float((gap.abs() > noticeable).mean()), level=level, n=len(used))
    return Restated(measure, start, published, restored, difference, off, *_bounded(used, bounds, measure, start))


def _typical(used: pd.DataFrame, draws: int, level: float, seed: int) -> tuple[Estimate, Estimate, Estimate]:
    """Typical change by published and by restored medians, and their difference, with paired intervals."""
    published, restored, after = (used[name].to_numpy(dtype=float) for name in ("published", "restored", "after"))
    error = np.nan_to_num(standard_error(used["margin"].to_numpy(dtype=float)), nan=0.0)
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, len(used), (draws, len(used)))
    noise = error[picks] * rng.standard_normal(picks.shape)

    def both(later: Floats) -> Floats:
        middles = [np.median(100 * (later / base[picks] - 1), axis=1) for base in (published, restored)]
        return np.stack(middles)

    quiet, shaken = both(after[picks]), both(np.maximum(after[picks] + noise, 1.0))
    drawn = shaken - (shaken - quiet).mean(axis=1, keepdims=True)
    point = [float(np.median(100 * (after / base - 1))) for base in (published, restored)]
    rows = ((point[0], drawn[0]), (point[1], drawn[1]), (point[0] - point[1], drawn[0] - drawn[1]))
    first, second, third = (_estimate(value, values, level, len(used)) for value, values in rows)
    return first, second, third


def _estimate(value: float, drawn: Floats, level: float, n: int) -> Estimate:
    lower, upper = (float(end) for end in np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]))
    return Estimate(value, min(lower, value), max(upper, value), level, n)


def _bounded(used: pd.DataFrame, bounds: pd.DataFrame | None, measure: str, start: str) -> tuple[float, float, float]:
    """Typical change if merged tracts were like their dearest, and their cheapest, part; and how many fit the flaw."""
    if bounds is None:
        return float("nan"), float("nan"), float("nan")
    here = bounds[(bounds["vintage"] == start) & (bounds["measure"] == measure)].set_index("geoid").reindex(used.index)
    changes = [100 * (used["after"] / here[end].fillna(used["restored"]) - 1) for end in ("highest", "lowest")]
    fits = (used["published"] - here["as_counts"]).abs() <= 1
    return float(changes[0].median()), float(changes[1].median()), 100 * float(fits.mean())


def restatements(
    periods: pd.DataFrame, bounds: pd.DataFrame | None = None, starts: Sequence[str] = ("1990", "2000")
) -> pd.DataFrame:
    """Every measure since every start year, one row each, for a drawing.

    Columns: since ("Since 2000"), measure (in words), published, published_low, published_high, restored,
    restored_low, restored_high (percent), off (percent of tracts), n.
    """
    rows = []
    for start in starts:
        for measure, words in MEASURES.items():
            found = restated(periods, measure=measure, start=start, bounds=bounds)
            row: dict[str, object] = {"since": f"Since {start}", "measure": words}
            for name in ("published", "restored"):
                one: Estimate = getattr(found, name)
                row |= {name: one.value, f"{name}_low": one.lower, f"{name}_high": one.upper}
            rows.append(row | {"off": found.off.value, "n": found.n})
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class CutTract:
    """A tract of 2010 that is a piece of one older tract: its share of it in percent, its median before in dollars."""

    geoid: str
    share: float
    published: float
    restored: float


def cut_tract(
    crosswalk: pd.DataFrame, periods: pd.DataFrame, *, measure: str = "median_gross_rent", start: str = "2000"
) -> CutTract | None:
    """The tract nearest to half of one older tract, as an example; the first by code among equals, None without one.

    ``crosswalk`` has vintage, source_geoid, geoid and share (0 to 1); ``periods`` as in :func:`restated`. Only tracts
    with both medians count, none of them top- or bottom-coded.

    >>> shares = pd.DataFrame({"vintage": "2000", "source_geoid": "a", "geoid": ["x", "y"], "share": [0.45, 0.55]})
    >>> rents = pd.DataFrame({"geoid": ["x", "y"], "period": "2000", "median_gross_rent": 800.0,
    ...                       "median_gross_rent_udp": [360.0, 440.0], "median_gross_rent_flag": "ok"})
    >>> cut_tract(shares, rents).published
    360.0
    """
    here = crosswalk[crosswalk["vintage"] == start]
    alone = here[here.groupby("geoid")["geoid"].transform("size") == 1].set_index("geoid")["share"]
    before = periods[(periods["period"] == start) & (periods[f"{measure}_flag"] == "ok")].set_index("geoid")
    known = before[[measure, f"{measure}_udp"]].dropna().join(alone, how="inner")
    known = known[(known["share"] > 0.25) & (known["share"] < 0.75)]
    if known.empty:
        return None
    ranked = known.assign(away=(known["share"] - 0.5).abs().round(6)).reset_index().sort_values(["away", "geoid"])
    first = ranked.iloc[0]
    return CutTract(
        str(first["geoid"]), 100 * float(first["share"]), float(first[f"{measure}_udp"]), float(first[measure])
    )
