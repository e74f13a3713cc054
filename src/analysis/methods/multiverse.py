"""Every defensible way to make the index, side by side: which places are in the top whatever one chooses.

An index hides choices: how measures are brought to one scale, how they are
weighted, whether all six belong in it, how a change is expressed, what to do with
top-coded values. None of them is wrong, so none of them may decide whether a place
is named. Here all combinations are run (Steegen, Tuerlinckx, Gelman and Vanpaemel
2016; Simonsohn, Simmons and Nelson 2020) and a place is said to be in the top
always, mostly, sometimes or never.

The price index is no such choice: deflating shifts every tract's change by the same
amount (log form) or factor (percent form), and no normalisation sees that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.change_measures import MEASURES, ChangeMeasures
from analysis.methods.empirical_bayes import joint_posterior
from analysis.methods.neighborhood_change import DECIMALS, NORMALISATIONS, fit_scale, top_count
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

WEIGHTINGS = ("equal", "theme", "principal component", "reliability")
"""Equal; the two income measures share one weight; loadings of the first component; share of spread that is real."""
SCALE_NAMES = {
    "percentile": "Percentile", "z": "Standard deviations", "robust_z": "Deviations from the median",
    "min_max": "Smallest to largest",
}  # fmt: skip
GROUPS = ("always", "mostly", "sometimes", "never", "not scored in all")
ALL = "none"


@dataclass(frozen=True, eq=False)
class Multiverse:
    """Membership of the top share under every specification.

    ``specifications`` has one row a specification: data, normalisation, weighting,
    left_out ("none" or a measure), kendall (rank correlation with the reference
    specification over places scored in both), jaccard (overlap of the tops: places in
    both over places in either), cutoff (score where the top begins) and n (places scored).
    ``table`` has one row a place: share_top (0 to 1, of the specifications that score
    it), scored_in (number of them), group (one of GROUPS), rank_low, rank_median and
    rank_high (1 is most change). ``member`` marks the top, shape (specifications, places).
    """

    specifications: pd.DataFrame
    table: pd.DataFrame
    member: Bools
    reference: int
    top_share: float

    @property
    def counts(self) -> pd.Series:
        """Number of places by group."""
        return self.table["group"].value_counts().reindex(GROUPS, fill_value=0)

    @property
    def always(self) -> tuple[str, ...]:
        """Places in the top under every specification, in order of their code."""
        return tuple(str(place) for place in sorted(self.table.index[self.table["group"] == "always"]))

    @property
    def agreement(self) -> float:
        """Mean Jaccard overlap (0 to 1) of the tops of any two specifications."""
        member = self.member.astype(float)
        both = member @ member.T
        size = member.sum(axis=1)
        overlap = both / (size[:, None] + size[None, :] - both)
        pairs = np.triu_indices(len(overlap), 1)
        return float(overlap[pairs].mean())

    def curve(self, places: pd.Index | Sequence[str] | None = None) -> pd.DataFrame:
        """Specification curve: how many of some places are in the top, one row a specification, fewest first.

        Columns as in ``specifications`` plus in_top (places) and order (1, 2, ...).
        """
        chosen = self.table.index.isin(self.table.index if places is None else places)
        curve = self.specifications.assign(in_top=self.member[:, chosen].sum(axis=1))
        curve = curve.sort_values(["in_top", *self.specifications.columns[:4]], kind="stable").reset_index(drop=True)
        return curve.assign(order=np.arange(1, len(curve) + 1))

    def overlaps(self) -> pd.DataFrame:
        """How much of each version's top is the published version's, most different first, with its choices in words.

        Columns: overlap (percent: places in both tops over places in either), ours (the reference itself) and the
        four decisions Form of change, Scale, Weights, Left out.
        """
        labels = {measure.key: measure.label for measure in MEASURES} | {ALL: "Nothing"}
        found = self.specifications
        frame = pd.DataFrame(
            {
                "overlap": 100 * found["jaccard"],
                "ours": np.arange(len(found)) == self.reference,
                "Form of change": found["data"].str.capitalize(),
                "Scale": found["normalisation"].map(SCALE_NAMES),
                "Weights": found["weighting"].str.capitalize(),
                "Left out": found["left_out"].map(labels),
            }
        )
        return frame.sort_values(["overlap", "ours"], kind="stable").reset_index(drop=True)

    def sensitivity(self) -> pd.DataFrame:
        """What each choice does: mean and least Jaccard overlap with the reference, by choice and option.

        Index: choice (data, normalisation, weighting, left_out) and option.
        """
        parts = {
            choice: self.specifications.groupby(choice)["jaccard"].agg(["mean", "min", "size"])
            for choice in ("data", "normalisation", "weighting", "left_out")
        }
        return pd.concat(parts, names=["choice", "option"])


def multiverse(
    measures: Mapping[str, ChangeMeasures],
    *,
    normalisations: Sequence[str] = NORMALISATIONS,
    weightings: Sequence[str] = WEIGHTINGS,
    leave_one_out: bool = True,
    top_share: float = 0.2,
) -> Multiverse:
    """Run every combination of data choice, normalisation, weighting and left-out measure.

    ``measures`` has the data choices by name, such as ``{"log": ..., "percent": ...,
    "top codes kept": ...}``; the first, with the first normalisation, the first
    weighting and all measures, is the reference. In each specification the top is
    the ``top_share`` (0 to 1) of the places that it scores. A place not scored in all
    specifications is in no group but its own.

    Raises AnalysisError without data or for an unknown option.
    """
    _check(measures, normalisations, weightings, top_share)
    places = sorted({str(code) for part in measures.values() for code in part.table.index})
    rows, ranks, members = [], [], []
    for data, normalisation, parts, weights in _universes(measures, normalisations, weightings, leave_one_out, places):
        score = (parts @ weights.to_numpy().T).round(DECIMALS)
        rank = stats.rankdata(-score, axis=0, nan_policy="omit", method="min")
        scored = np.isfinite(score).sum(axis=0)
        inside = rank <= [top_count(int(count), top_share) for count in scored]
        ranks.append(rank.T)
        members.append(inside.T)
        for column, (weighting, left_out) in enumerate(weights.index):
            cutoff = float(np.min(score[inside[:, column], column]))
            rows.append((data, normalisation, weighting, left_out, cutoff, int(scored[column])))
    names = ["data", "normalisation", "weighting", "left_out", "cutoff", "n"]
    member, ranked = np.concatenate(members), np.concatenate(ranks)
    specifications = _compared(pd.DataFrame(rows, columns=names), ranked, member)
    return Multiverse(specifications, _by_place(ranked, member, places), member, 0, top_share)


@dataclass(frozen=True, eq=False)
class RobustGroups:
    """Groups that survive the choices and the sampling error together.

    ``table`` has one row a place scored in all data choices: share_choices (0 to 1,
    over specifications, from the estimates), share_draws (over specifications and
    simulated truths), group (by ``sure``: "robustly in", "robustly out", "cannot be told").
    """

    table: pd.DataFrame
    sure: float
    draws: int

    @property
    def counts(self) -> pd.Series:
        """Number of places by group."""
        return (
            self.table["group"].value_counts().reindex(["robustly in", "cannot be told", "robustly out"], fill_value=0)
        )


def robust_groups(
    measures: Mapping[str, ChangeMeasures],
    found: Multiverse,
    *,
    normalisations: Sequence[str] = NORMALISATIONS,
    weightings: Sequence[str] = WEIGHTINGS,
    leave_one_out: bool = True,
    draws: int = 50,
    sure: float = 0.90,
    seed: int = 20160101,
) -> RobustGroups:
    """Add the surveys' sampling error to the multiverse: every specification on simulated truths.

    Truths are drawn as in :func:`analysis.methods.neighborhood_change.index_uncertainty`.
    A place is robustly in when it is in the top under *every* specification on the
    estimates and in at least ``sure`` of all specifications and draws; robustly out likewise.
    """
    places = [str(place) for place in found.table.index]
    scored = (found.table["scored_in"] == len(found.specifications)).to_numpy()
    inside = np.zeros(int(scored.sum()))
    number = top_count(len(inside), found.top_share)
    rng = np.random.default_rng(seed)
    rounds = 0
    for part in measures.values():
        oriented = part.oriented.reindex(places)[scored]
        left = joint_posterior(oriented, part.errors.reindex(places)[scored], part.error_correlation)
        weights = [
            _weight_table(_normalised(oriented, name), part, weightings, leave_one_out).to_numpy().T
            for name in normalisations
        ]
        for truth in left.draws(draws, rng):
            for normalisation, weight in zip(normalisations, weights, strict=True):
                score = (np.stack([fit_scale(x, normalisation)(x) for x in truth.T], axis=1) @ weight).round(DECIMALS)
                inside += (score >= np.partition(score, -number, axis=0)[-number]).sum(axis=1)
                rounds += weight.shape[1]
    table = pd.DataFrame({"share_choices": found.table["share_top"].to_numpy()[scored]},
                         index=found.table.index[scored])  # fmt: skip
    table["share_draws"] = inside / rounds
    sure_in = (table["share_choices"] == 1) & (table["share_draws"] >= sure)
    sure_out = (table["share_choices"] == 0) & (table["share_draws"] <= 1 - sure)
    table["group"] = np.select([sure_in, sure_out], ["robustly in", "robustly out"], "cannot be told")
    return RobustGroups(table, sure, draws)


def weights_of(parts: pd.DataFrame, weighting: str, reliability: pd.Series | None = None) -> pd.Series:
    """Weights of the normalised measures, adding up to one, by one of WEIGHTINGS.

    ``parts`` are the normalised measures. A measure with a negative loading gets no
    weight. Raises AnalysisError for an unknown weighting, or when ``reliability`` is asked for and not given.

    >>> parts = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [0.0, 1.0, 2.0], "c": [1.0, 0.0, 1.0]})
    >>> weights_of(parts, "principal component").round(2).to_dict()
    {'a': 0.5, 'b': 0.5, 'c': 0.0}
    """
    keys = parts.columns
    if weighting == "equal":
        raw = np.ones(len(keys))
    elif weighting == "theme":
        themes = pd.Series([_THEMES.get(str(key), str(key)) for key in keys])
        raw = 1 / themes.map(themes.value_counts()).to_numpy(dtype=float)
    elif weighting == "principal component":
        loading = np.linalg.eigh(np.corrcoef(parts.dropna().to_numpy(), rowvar=False))[1][:, -1]
        raw = np.maximum(loading * np.sign(loading.sum()), 0.0)
    elif weighting == "reliability" and reliability is not None:
        raw = reliability.reindex(keys).to_numpy(dtype=float)
    else:
        raise AnalysisError(f"multiverse: weighting {weighting!r} is unknown or lacks the reliabilities it needs")
    return pd.Series(raw / raw.sum(), index=keys)


_THEMES = {measure.key: measure.theme for measure in MEASURES}


def _normalised(oriented: pd.DataFrame, normalisation: str) -> pd.DataFrame:
    return pd.DataFrame({key: fit_scale(oriented[key], normalisation)(oriented[key]) for key in oriented},
                        index=oriented.index)  # fmt: skip


def _weight_table(
    parts: pd.DataFrame, measures: ChangeMeasures, weightings: Sequence[str], leave_one_out: bool
) -> pd.DataFrame:
    """Weights of all measures, one row a weighting and left-out measure."""
    reliability = _reliability(measures) if "reliability" in weightings else None
    rows = {}
    for weighting in weightings:
        for left_out in (ALL, *(parts.columns if leave_one_out else ())):
            kept = parts.drop(columns=left_out) if left_out != ALL else parts
            rows[weighting, str(left_out)] = weights_of(kept, weighting, reliability)
    return pd.DataFrame(rows).T.reindex(columns=parts.columns).fillna(0.0)


def _reliability(measures: ChangeMeasures) -> pd.Series:
    oriented = measures.oriented.dropna()
    left = joint_posterior(oriented, measures.errors.reindex(oriented.index), measures.error_correlation)
    return pd.Series(left.reliability, index=oriented.columns)


def _universes(
    measures: Mapping[str, ChangeMeasures],
    normalisations: Sequence[str],
    weightings: Sequence[str],
    leave_one_out: bool,
    places: list[str],
) -> Iterator[tuple[str, str, Floats, pd.DataFrame]]:
    """Data choice, normalisation, normalised measures of all places, weights."""
    for data, part in measures.items():
        oriented = part.oriented.reindex(places)
        for normalisation in normalisations:
            parts = _normalised(oriented, normalisation)
            yield data, normalisation, parts.to_numpy(), _weight_table(parts, part, weightings, leave_one_out)


def _compared(specifications: pd.DataFrame, ranks: Floats, member: Bools) -> pd.DataFrame:
    """Kendall's tau and Jaccard overlap with the first specification."""
    kendall, jaccard = [], []
    for rank, inside in zip(ranks, member, strict=True):
        both = np.isfinite(rank) & np.isfinite(ranks[0])
        kendall.append(float(stats.kendalltau(rank[both], ranks[0][both]).statistic))
        jaccard.append(float((inside & member[0]).sum() / (inside | member[0]).sum()))
    return specifications.assign(kendall=kendall, jaccard=jaccard)


def _by_place(ranks: Floats, member: Bools, places: list[str]) -> pd.DataFrame:
    known = np.isfinite(ranks)
    scored_in = known.sum(axis=0)
    share = np.divide(member.sum(axis=0), scored_in, out=np.full(len(places), np.nan), where=scored_in > 0)
    table = pd.DataFrame({"share_top": share, "scored_in": scored_in}, index=pd.Index(places, name="geoid"))
    choices = [scored_in < len(ranks), share == 1, share >= 0.5, share > 0]
    table["group"] = np.select(choices, [GROUPS[4], *GROUPS[:3]], GROUPS[3])
    some = scored_in > 0
    bounds = np.full((3, len(places)), np.nan)
    bounds[:, some] = [f(ranks[:, some], axis=0) for f in (np.nanmin, np.nanmedian, np.nanmax)]
    table["rank_low"], table["rank_median"], table["rank_high"] = bounds
    return table


def _check(
    measures: Mapping[str, ChangeMeasures], normalisations: Sequence[str], weightings: Sequence[str], top_share: float
) -> None:
    if not measures:
        raise AnalysisError("multiverse: no data; give at least one set of measures by name")
    for name, chosen, known in (
        ("normalisation", normalisations, NORMALISATIONS),
        ("weighting", weightings, WEIGHTINGS),
    ):
        unknown = sorted(set(chosen) - set(known))
        if unknown or not chosen:
            raise AnalysisError(f"multiverse: {name} {', '.join(unknown) or 'missing'}; known are {', '.join(known)}")
    if not 0 < top_share < 1:
        raise AnalysisError(f"multiverse: the top share {top_share} must lie between 0 and 1, such as 0.2")
