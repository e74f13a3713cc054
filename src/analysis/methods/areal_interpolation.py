"""Carry figures from one set of areas to another, and account for what is lost on the way.

A count is *extensive*: half the area gets half of it. A share or rate is
*intensive*: half the area has the same one. A median is neither: it cannot be
split or added, and every function here refuses columns that are named as one.

Two ways to make the weights: :func:`crosswalk` cuts shapes with shapes (areal
weighting, which takes people to be spread evenly inside a source area), or the
caller brings better ones, such as shares of population by block.
:func:`interpolate` applies either. Weights never silently add up to less than
one: what lies outside all targets is counted, by source and in total.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.project import AnalysisError

if TYPE_CHECKING:
    import geopandas as gpd

# Overlaps below this share of a source are slivers of two drawings of the same line.
SLIVER = 1e-9
# How far weights of one source may add up beyond one: real target drawings overlap by a hair.
OVERLAP = 1e-3


@dataclass(frozen=True, eq=False)
class Crosswalk:
    """Which share of each source lies in which target.

    ``weights`` has the columns source, target, weight (share 0 to 1 of the source
    that goes to the target) and target_share (share 0 to 1 of the target's covered
    area that comes from the source). ``coverage`` gives by source the share of its
    area inside any target. ``kind`` is ``sum`` (weights of a covered source add up
    to one, nothing is lost) or ``total`` (they add up to its coverage, the rest is lost).
    """

    weights: pd.DataFrame
    coverage: pd.Series
    kind: str

    @property
    def untouched(self) -> tuple[str, ...]:
        """Sources that lie in no target at all."""
        return tuple(str(code) for code in self.coverage.index[self.coverage == 0])


def crosswalk(
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    *,
    source_key: str,
    target_key: str,
    weight: str = "total",
) -> Crosswalk:
    """Share of each source area in each target area, by cutting shapes with shapes.

    ``weight="total"`` divides by the source's whole area, so people outside all
    targets are lost and counted as lost: right when targets really end there (a
    city inside a county). ``weight="sum"`` divides by the area that fell into any
    target, so nobody is lost: right when both sets cover the same land and differ in how they draw its edge.

    Both frames must be in the same projected reference system, best an equal-area
    one: degrees are refused. Raises AnalysisError also for repeated keys or missing shapes.
    Source: Goodchild and Lam 1980; R package areal (Prener and Revord 2019).

    >>> import geopandas as gpd
    >>> from shapely.geometry import box
    >>> tracts = gpd.GeoDataFrame({"tract": ["a", "b"]}, geometry=[box(0, 0, 2, 1), box(2, 0, 4, 1)], crs="EPSG:2229")
    >>> ward = gpd.GeoDataFrame({"ward": ["w"]}, geometry=[box(0, 0, 3, 1)], crs="EPSG:2229")
    >>> crosswalk(tracts, ward, source_key="tract", target_key="ward").weights["weight"].tolist()
    [1.0, 0.5]
    """
    if weight not in ("sum", "total"):
        raise AnalysisError(f"crosswalk: weight {weight!r} is not 'sum' or 'total'")
    _check_shapes(source, target, source_key, target_key)
    origin = source[[source_key]].set_geometry(source.geometry).rename(columns={source_key: "source"})
    goal = target[[target_key]].set_geometry(target.geometry).rename(columns={target_key: "target"})
    pieces = origin.overlay(goal, how="intersection", keep_geom_type=True)
    area = pieces.geometry.area.groupby([pieces["source"], pieces["target"]]).sum()
    whole = pd.Series(source.geometry.area.to_numpy(), index=pd.Index(source[source_key], name="source"))
    shares = area / whole.reindex(area.index.get_level_values("source")).to_numpy()
    shares = shares[shares > SLIVER]
    coverage = shares.groupby(level="source").sum().clip(upper=1.0).reindex(whole.index, fill_value=0.0)
    kept = area.loc[shares.index]
    if weight == "sum":
        shares = shares / shares.groupby(level="source").transform("sum")
    weights = pd.DataFrame({"weight": shares, "target_share": kept / kept.groupby(level="target").transform("sum")})
    return Crosswalk(weights.reset_index().sort_values(["source", "target"], ignore_index=True), coverage, weight)


@dataclass(frozen=True)
class Mass:
    """Account of one extensive column: what the sources held, what arrived, what did not; in the column's unit.

    ``missing`` counts sources without a value; what they hold is unknown and reached nobody.
    """

    column: str
    source_total: float
    placed: float
    lost: float
    missing: int

    @property
    def lost_percent(self) -> float:
        """What did not arrive, in percent of what the sources held."""
        return 100 * self.lost / self.source_total if self.source_total else 0.0


@dataclass(frozen=True, eq=False)
class Interpolation:
    """Figures on the targets, and the account.

    ``table`` is indexed by target; margins of error are in ``<column>_moe``.
    ``mass`` has one account an extensive column. ``known_share`` gives, by target
    and column, the share (0 to 1) of the target's weight whose source had a value.
    """

    table: pd.DataFrame
    mass: tuple[Mass, ...]
    known_share: pd.DataFrame


def interpolate(
    values: pd.DataFrame,
    weights: pd.DataFrame,
    *,
    extensive: Sequence[str] = (),
    intensive: Mapping[str, str] | Sequence[str] = (),
    margins: bool = False,
) -> Interpolation:
    """Apply a crosswalk to figures of the sources.

    ``values`` is indexed by source. ``weights`` has the columns source, target,
    weight, as made by :func:`crosswalk` or brought along. ``extensive`` columns
    (counts) are added by weight. ``intensive`` columns (shares, rates) are
    averaged: by land (column target_share of the weights) when a list is given, or
    by a count, when a mapping says which (``{"poverty_rate": "population"}``),
    which is what a rate of people needs. With ``margins`` the published 90 percent
    margins in ``<column>_moe`` are carried: the root of the sum of squared weighted
    margins, the weights taken as exact.

    Raises AnalysisError for a median, an unknown column, or weights of a source that exceed one.

    >>> values = pd.DataFrame({"people": [100.0, 60.0], "rate": [0.1, 0.4]}, index=["a", "b"])
    >>> weights = pd.DataFrame({"source": ["a", "b"], "target": "w", "weight": [1.0, 0.5]})
    >>> found = interpolate(values, weights, extensive=["people"], intensive={"rate": "people"})
    >>> found.table.loc["w"].round(3).to_dict(), found.mass[0].lost
    ({'people': 130.0, 'rate': 0.169}, 30.0)
    """
    averaged = dict(intensive) if isinstance(intensive, Mapping) else dict.fromkeys(intensive, "")
    _check_columns(values, weights, [*extensive, *averaged], [base for base in averaged.values() if base])
    links = weights[weights["source"].isin(values.index)].reset_index(drop=True)
    columns: dict[str, pd.Series] = {}
    known: dict[str, pd.Series] = {}
    for name in extensive:
        columns |= _added(values, links, name, margins)
        known[name] = _known(values, links, name, links["weight"])
    for name, base in averaged.items():
        share = _averaging_weights(values, links, base)
        columns |= _averaged(values, links, name, share, margins)
        known[name] = _known(values, links, name, share)
    targets = sorted(weights["target"].unique())
    table = pd.DataFrame(columns).reindex(targets)
    accounts = tuple(_account(values, links, name) for name in extensive)
    table.index.name = "target"
    return Interpolation(table, accounts, pd.DataFrame(known).reindex(targets))


def _added(values: pd.DataFrame, links: pd.DataFrame, name: str, margins: bool) -> dict[str, pd.Series]:
    parts = links["weight"] * links["source"].map(values[name])
    found = {name: parts.groupby(links["target"]).sum(min_count=1)}
    if margins:
        found[f"{name}_moe"] = _root_sum(links["weight"] * links["source"].map(values[f"{name}_moe"]), links["target"])
    return found


def _averaged(
    values: pd.DataFrame, links: pd.DataFrame, name: str, share: pd.Series, margins: bool
) -> dict[str, pd.Series]:
    rates = links["source"].map(values[name])
    used = share.where(rates.notna(), 0.0)
    total = used.groupby(links["target"]).transform("sum")
    part = used / total.where(total > 0)
    found = {name: (part * rates).groupby(links["target"]).sum(min_count=1)}
    if margins:
        error = part * links["source"].map(values[f"{name}_moe"])
        found[f"{name}_moe"] = _root_sum(error.where(rates.notna(), 0.0), links["target"])
    return found


def _root_sum(errors: pd.Series, target: pd.Series) -> pd.Series:
    """Root of the sum of squares by target; missing when any part is."""
    squares = (errors**2).groupby(target)
    return pd.Series(np.sqrt(squares.sum()).where(errors.notna().groupby(target).all()))


def _averaging_weights(values: pd.DataFrame, links: pd.DataFrame, base: str) -> pd.Series:
    if base:
        return (links["weight"] * links["source"].map(values[base])).fillna(0.0)
    if "target_share" not in links:
        raise AnalysisError(
            "interpolate: weights without target_share cannot average by land; "
            "name a count to average by, such as intensive={'rate': 'population'}"
        )
    return links["target_share"]


def _known(values: pd.DataFrame, links: pd.DataFrame, name: str, share: pd.Series) -> pd.Series:
    held = share.where(links["source"].map(values[name]).notna(), 0.0)
    return held.groupby(links["target"]).sum() / share.groupby(links["target"]).sum()


def _account(values: pd.DataFrame, links: pd.DataFrame, name: str) -> Mass:
    total = float(values[name].sum())
    placed = float((links["weight"] * links["source"].map(values[name])).sum())
    return Mass(name, total, placed, total - placed, int(values[name].isna().sum()))


def _check_shapes(source: gpd.GeoDataFrame, target: gpd.GeoDataFrame, source_key: str, target_key: str) -> None:
    for frame, key, role in ((source, source_key, "source"), (target, target_key, "target")):
        if frame.crs is None or frame.crs.is_geographic:
            raise AnalysisError(
                f"crosswalk: the {role} is in degrees or has no reference system; "
                "project it (to_crs) so that areas are areas"
            )
        if frame[key].duplicated().any():
            first = frame.loc[frame[key].duplicated(), key].iloc[0]
            raise AnalysisError(f"crosswalk: {role} column {key!r} has {first!r} twice; dissolve the shapes first")
        empty = frame.geometry.isna() | frame.geometry.is_empty
        if empty.any():
            raise AnalysisError(
                f"crosswalk: {int(empty.sum())} {role} rows have no shape, first {frame.loc[empty, key].iloc[0]!r}"
            )
    if source.crs != target.crs:
        raise AnalysisError(
            "crosswalk: source and target are in different reference systems; bring both to the same with to_crs"
        )


def _check_columns(values: pd.DataFrame, weights: pd.DataFrame, names: list[str], bases: list[str]) -> None:
    medians = [name for name in names if "median" in name.lower()]
    if medians:
        raise AnalysisError(
            f"interpolate: {', '.join(medians)} is a median, which can be neither split nor added; "
            "carry the counts by bracket and take the median of those (median_from_brackets)"
        )
    lacking = [name for name in (*names, *bases) if name not in values]
    if lacking:
        raise AnalysisError(f"interpolate: the values have no column {', '.join(lacking)}")
    if values.index.has_duplicates:
        raise AnalysisError(
            f"interpolate: source {values.index[values.index.duplicated()][0]!r} has two rows of values"
        )
    sums = weights.groupby("source")["weight"].sum()
    if (sums > 1 + OVERLAP).any():
        raise AnalysisError(
            f"interpolate: the weights of source {sums.idxmax()!r} add up to {sums.max():.4f}; "
            "more than one makes people up"
        )
