"""Do neighbouring places resemble each other, and where? Moran's I, local Moran (LISA), Gi*.

Local statistics test every tract at once, so they need more care than global
ones. Three traps are closed here: p-values are two-sided (a tail chosen after
seeing the sign doubles the false alarms), they are adjusted for the number of
tracts (Benjamini and Hochberg: of the tracts called clusters at most ``level``
are expected to be chance), and a place without neighbours is no cluster but an
island, masked and counted. Randomness is the conditional permutation of Anselin
1995: the tract keeps its value, all others are dealt out anew.

Weights are binary contiguity, row-standardised where a mean over neighbours is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse, stats
from scipy.sparse import csgraph

from analysis.project import AnalysisError

if TYPE_CHECKING:
    import geopandas as gpd

Floats = npt.NDArray[np.float64]

QUADRANTS = ("high-high", "low-low", "high-low", "low-high")
"""The tract's own value against the mean, then its neighbours'."""


@dataclass(frozen=True, eq=False)
class SpatialWeights:
    """Who is whose neighbour. ``matrix`` is binary and symmetric, without self-neighbours, in the order of ``ids``."""

    ids: tuple[str, ...]
    matrix: sparse.csr_array

    @property
    def cardinalities(self) -> npt.NDArray[np.int64]:
        """Number of neighbours of each place."""
        return np.asarray(np.diff(self.matrix.indptr), dtype=np.int64)

    @property
    def islands(self) -> tuple[str, ...]:
        """Places without a neighbour."""
        return tuple(self.ids[i] for i in np.flatnonzero(self.cardinalities == 0))

    @property
    def components(self) -> int:
        """Number of separate pieces the map falls into; islands count as one each."""
        return int(csgraph.connected_components(self.matrix, directed=False, return_labels=False))

    def restrict(self, places: Iterable[str]) -> SpatialWeights:
        """The weights among some places, in the order of ``ids``; who is left without a neighbour becomes an island.

        Raises AnalysisError for a place that has no weights.

        >>> lattice(1, 4).restrict(["0-0", "0-1", "0-3"]).islands
        ('0-3',)
        """
        wanted = set(places)
        stray = sorted(map(str, wanted - set(self.ids)))
        if stray:
            raise AnalysisError(
                f"weights: {len(stray)} of {len(wanted)} places have no weights, first {stray[0]!r}; "
                "restrict takes the ids of places"
            )
        return self._kept(np.array([code in wanted for code in self.ids], dtype=bool))

    def _kept(self, keep: npt.NDArray[np.bool_]) -> SpatialWeights:
        where = np.flatnonzero(keep)
        return SpatialWeights(tuple(self.ids[i] for i in where), sparse.csr_array(self.matrix[where][:, where]))

    def neighbour_mean(self, values: npt.ArrayLike) -> Floats:
        """Mean of the known values of the neighbours, in their unit; NaN where no neighbour has one.

        >>> lattice(1, 3).neighbour_mean([1.0, np.nan, 5.0]).tolist()
        [nan, 3.0, nan]
        """
        value = np.asarray(values, dtype=float)
        known = np.isfinite(value)
        count = self.matrix @ known.astype(float)
        total = self.matrix @ np.where(known, value, 0.0)
        mean: Floats = np.divide(total, count, out=np.full(len(value), np.nan), where=count > 0)
        return mean


def from_neighbours(neighbours: Mapping[str, Iterable[str]]) -> SpatialWeights:
    """Weights from lists of neighbours; a pair counts when either names the other.

    Raises AnalysisError when a neighbour is not itself a place.

    >>> from_neighbours({"a": ["b"], "b": [], "c": []}).islands
    ('c',)
    """
    ids = tuple(neighbours)
    place = {code: i for i, code in enumerate(ids)}
    unknown = sorted({other for others in neighbours.values() for other in others} - set(place))
    if unknown:
        raise AnalysisError(f"neighbours: {len(unknown)} are not places themselves, first {unknown[0]!r}")
    pairs = [(place[code], place[other]) for code, others in neighbours.items() for other in others if code != other]
    return SpatialWeights(ids, _symmetric(np.array(pairs, dtype=np.int64).reshape(-1, 2), len(ids)))


def queen(shapes: gpd.GeoDataFrame, key: str, *, gap: float = 0.0) -> SpatialWeights:
    """Queen contiguity: places whose shapes share at least a point.

    ``gap`` (unit of the shapes' reference system) also joins shapes that a sloppy
    drawing keeps apart by up to that distance. Raises AnalysisError for repeated
    keys or missing shapes, and for a gap in degrees.

    >>> import geopandas as gpd
    >>> from shapely.geometry import box
    >>> shapes = gpd.GeoDataFrame({"geoid": list("abc")}, geometry=[box(0, 0, 1, 1), box(1, 1, 2, 2), box(5, 5, 6, 6)])
    >>> queen(shapes, "geoid").islands
    ('c',)
    """
    if shapes[key].duplicated().any():
        raise AnalysisError(f"queen: {key} {shapes.loc[shapes[key].duplicated(), key].iloc[0]!r} occurs twice")
    empty = shapes.geometry.isna() | shapes.geometry.is_empty
    if empty.any():
        raise AnalysisError(f"queen: {int(empty.sum())} places have no shape, first {shapes.loc[empty, key].iloc[0]!r}")
    if gap and (shapes.crs is None or shapes.crs.is_geographic):
        raise AnalysisError("queen: a gap needs shapes in a projected reference system, not in degrees")
    geometry = shapes.geometry.reset_index(drop=True)
    if gap:
        pairs = geometry.sindex.query(geometry, predicate="dwithin", distance=gap)
    else:
        pairs = geometry.sindex.query(geometry, predicate="intersects")
    return SpatialWeights(tuple(shapes[key].astype(str)), _symmetric(pairs.T, len(shapes)))


def lattice(rows: int, columns: int) -> SpatialWeights:
    """Queen contiguity of a chessboard, for trials; ids are "row-column".

    >>> lattice(3, 3).cardinalities.tolist()
    [3, 5, 3, 5, 8, 5, 3, 5, 3]
    """
    number = np.arange(rows * columns).reshape(rows, columns)
    pairs = [
        np.stack([number[:-1, :].ravel(), number[1:, :].ravel()], axis=1),
        np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1),
        np.stack([number[:-1, :-1].ravel(), number[1:, 1:].ravel()], axis=1),
        np.stack([number[:-1, 1:].ravel(), number[1:, :-1].ravel()], axis=1),
    ]
    ids = tuple(f"{row}-{column}" for row in range(rows) for column in range(columns))
    return SpatialWeights(ids, _symmetric(np.concatenate(pairs), rows * columns))


@dataclass(frozen=True)
class Moran:
    """Moran's I over all places; unitless, near ``expected`` when neighbours do not resemble each other.

    ``z`` and ``p_analytic`` come from the randomisation assumption (Cliff and Ord
    1981), ``z_normal`` from the normality assumption, ``p`` from permutation; both
    p are two-sided. ``islands`` and ``no_data`` count the places left out.
    """

    value: float
    expected: float
    z: float
    p_analytic: float
    z_normal: float
    p: float
    permutations: int
    n: int
    islands: int
    no_data: int


def moran(values: npt.ArrayLike, weights: SpatialWeights, *, permutations: int = 999, seed: int = 1950) -> Moran:
    """Global Moran's I with row-standardised weights.

    ``values`` in the order of ``weights.ids``, any unit; missing values and places
    without a neighbour that has a value are left out.
    Raises AnalysisError for fewer than ten usable places or values that are all equal.

    >>> board = lattice(8, 8)
    >>> moran(np.repeat([0.0, 1.0], 32), board).p < 0.01
    True
    """
    used, z, _ = _prepared(values, weights)
    part = weights._kept(used)
    rows = _row_standardised(part)
    observed = float(z @ (rows @ z) / (z @ z) * (len(z) / rows.sum()))
    expected, normal, randomised = _moran_moments(z, rows)
    random = _permuted_moran(z, rows, permutations, seed)
    least = min(int((random >= observed).sum()), int((random <= observed).sum()))
    score = (observed - expected) / np.sqrt(randomised)
    missing = int((~np.isfinite(np.asarray(values, dtype=float))).sum())
    return Moran(
        observed,
        expected,
        float(score),
        float(2 * stats.norm.sf(abs(score))),
        float((observed - expected) / np.sqrt(normal)),
        _two_sided(np.array(least), permutations).item(),
        permutations,
        len(z),
        int((~used).sum()) - missing,
        missing,
    )


@dataclass(frozen=True, eq=False)
class LocalMoran:
    """Local Moran by place.

    ``table`` is indexed by place: value and neighbour_mean (unit of the input),
    local_i (unitless; Anselin 1995, divided by the mean square as in spdep),
    quadrant (one of QUADRANTS), p (two-sided, conditional permutation), q (p after
    Benjamini and Hochberg), status (cluster, not significant, island, no data) and
    label (the quadrant where status is cluster, else the status).
    """

    table: pd.DataFrame
    level: float
    permutations: int

    @property
    def counts(self) -> pd.Series:
        """How many places carry each label."""
        order = [*QUADRANTS, "not significant", "island", "no data"]
        return self.table["label"].value_counts().reindex(order, fill_value=0)


def local_moran(
    values: npt.ArrayLike,
    weights: SpatialWeights,
    *,
    permutations: int = 99_999,
    seed: int = 1995,
    level: float = 0.05,
) -> LocalMoran:
    """Which places lie among neighbours like (or unlike) themselves, beyond chance and beyond multiple testing.

    ``values`` in the order of ``weights.ids``. Many permutations are needed: with
    999 no p-value is below .001, and false-discovery control over 2,000 places then
    finds clusters only when dozens of places are tied at that floor.
    Raises AnalysisError as :func:`moran` does.

    >>> board = lattice(20, 20)
    >>> planted = np.zeros((20, 20)); planted[:6, :6] = 3.0
    >>> noise = np.random.default_rng(0).standard_normal((20, 20))
    >>> found = local_moran((planted + noise).ravel(), board).table
    >>> found.loc["3-3", "label"], found.loc["15-15", "label"]
    ('high-high', 'not significant')
    """
    used, z, _ = _prepared(values, weights)
    part = weights._kept(used)
    lag = _row_standardised(part) @ z
    p = _conditional_p(z, part, permutations, seed)
    found = pd.DataFrame(index=pd.Index(weights.ids, name="id"))
    found["value"] = np.asarray(values, dtype=float)
    found["neighbour_mean"] = weights.neighbour_mean(found["value"].to_numpy())
    table = found.join(
        pd.DataFrame(
            {
                "local_i": z * lag / (z @ z / len(z)),
                "quadrant": np.select([(z > 0) & (lag > 0), (z <= 0) & (lag <= 0), z > 0], QUADRANTS[:3], QUADRANTS[3]),
                "p": p,
                "q": benjamini_hochberg(p),
            },
            index=pd.Index(part.ids, name="id"),
        )
    )
    table["status"] = _status(table["value"].notna(), used, table["q"] <= level, "cluster")
    table["label"] = table["quadrant"].where(table["status"] == "cluster", table["status"])
    return LocalMoran(table, level, permutations)


@dataclass(frozen=True, eq=False)
class HotSpots:
    """Getis and Ord's Gi* by place.

    ``table`` is indexed by place: value, z (in standard errors; above zero: a high
    sum over the place and its neighbours), p and q as in :class:`LocalMoran`, label
    (hot, cold, not significant, island, no data).
    """

    table: pd.DataFrame
    level: float
    permutations: int


def hot_spots(
    values: npt.ArrayLike, weights: SpatialWeights, *, permutations: int = 99_999, seed: int = 1995, level: float = 0.05
) -> HotSpots:
    """Gi*: where high or low values concentrate, the place itself included, binary weights.

    p is two-sided by conditional permutation of the neighbours (not from the normal
    approximation, which is poor for few neighbours and skewed values).
    Raises AnalysisError as :func:`moran` does. Source: Ord and Getis 1995.

    >>> board = lattice(12, 12)
    >>> values = np.random.default_rng(1).standard_normal(144); values[:30] += 4
    >>> hot_spots(values, board).table["label"].iloc[14]
    'hot'
    """
    used, z, _ = _prepared(values, weights)
    part = weights._kept(used)
    scores = getis_ord(np.asarray(values, dtype=float)[used], part, star=True)
    p = _conditional_p(z, part, permutations, seed)
    found = pd.DataFrame({"value": np.asarray(values, dtype=float)}, index=pd.Index(weights.ids, name="id"))
    inner = pd.DataFrame({"z": scores, "p": p, "q": benjamini_hochberg(p)}, index=pd.Index(part.ids, name="id"))
    table = found.join(inner)
    status = _status(table["value"].notna(), used, table["q"] <= level, "spot")
    table["label"] = np.where(status == "spot", np.where(table["z"] > 0, "hot", "cold"), status)
    return HotSpots(table, level, permutations)


def getis_ord(values: npt.ArrayLike, weights: SpatialWeights, *, star: bool) -> Floats:
    """Standardised Gi (without the place itself) or Gi* (with it), binary weights; in standard errors.

    Source: Ord and Getis 1995, equations 5 and 14.

    >>> getis_ord([1.0, 2.0, 9.0, 8.0], lattice(2, 2), star=False).round(6).tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    x = np.asarray(values, dtype=float)
    n, k = len(x), weights.cardinalities.astype(float)
    neighbours = weights.matrix @ x
    if star:
        mean, spread, total, count, m = x.mean(), x.std(), neighbours + x, k + 1, n
    else:
        m = n - 1
        mean, total, count = (x.sum() - x) / m, neighbours, k
        spread = np.sqrt(((x**2).sum() - x**2) / m - mean**2)
    below = spread * np.sqrt((m * count - count**2) / (m - 1))
    above = total - count * mean
    scores: Floats = np.divide(above, below, out=np.zeros(n), where=below > 1e-12 * max(1.0, float(np.abs(x).max())))
    return scores


def benjamini_hochberg(p: npt.ArrayLike) -> Floats:
    """Adjusted p-values: calling all at or below q gives an expected share of false calls of at most q.

    Missing p-values stay missing and are not counted. Source: Benjamini and Hochberg 1995.

    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    values = np.asarray(p, dtype=float)
    adjusted = np.full(values.shape, np.nan)
    known = np.flatnonzero(np.isfinite(values))
    if known.size == 0:
        return adjusted
    order = known[np.argsort(values[known], kind="stable")]
    scaled = values[order] * known.size / np.arange(1, known.size + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def _prepared(values: npt.ArrayLike, weights: SpatialWeights) -> tuple[npt.NDArray[np.bool_], Floats, int]:
    """Places with a value and a neighbour that has one; their deviations from the mean."""
    value = np.asarray(values, dtype=float)
    if value.shape != (len(weights.ids),):
        raise AnalysisError(
            f"spatial: {value.size} values for {len(weights.ids)} places; bring them into the order of ids"
        )
    known = np.isfinite(value)
    used = known & ((weights.matrix @ known.astype(float)) > 0)
    if used.sum() < 10:
        raise AnalysisError(f"spatial: {int(used.sum())} places have a value and a neighbour with one; ten are needed")
    z = value[used] - value[used].mean()
    if np.ptp(z) == 0:
        raise AnalysisError(
            "spatial: all values are equal, so neighbours cannot resemble each other more than others do"
        )
    return used, z, int((~known).sum())


def _symmetric(pairs: npt.NDArray[np.int64], n: int) -> sparse.csr_array:
    apart = pairs[pairs[:, 0] != pairs[:, 1]]
    both = np.concatenate([apart, apart[:, ::-1]])
    both = np.unique(both, axis=0) if len(both) else both
    return sparse.csr_array((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(n, n))


def _row_standardised(weights: SpatialWeights) -> sparse.csr_array:
    share = 1.0 / np.maximum(weights.cardinalities, 1)
    return sparse.csr_array(weights.matrix.multiply(share[:, None]))


def _moran_moments(z: Floats, rows: sparse.csr_array) -> tuple[float, float, float]:
    """Expectation of I, and its variance under normality and under randomisation (Cliff and Ord 1981, ch. 1)."""
    n = len(z)
    s0 = rows.sum()
    s1 = ((rows + rows.T).power(2)).sum() / 2
    s2 = ((rows.sum(axis=0) + rows.sum(axis=1)) ** 2).sum()
    expected = -1 / (n - 1)
    normal = (n * n * s1 - n * s2 + 3 * s0 * s0) / (s0 * s0 * (n * n - 1)) - expected**2
    kurtosis = (z**4).mean() / (z**2).mean() ** 2
    first = n * ((n * n - 3 * n + 3) * s1 - n * s2 + 3 * s0 * s0)
    second = kurtosis * ((n * n - n) * s1 - 2 * n * s2 + 6 * s0 * s0)
    randomised = (first - second) / ((n - 1) * (n - 2) * (n - 3) * s0 * s0) - expected**2
    return expected, float(normal), float(randomised)


def _permuted_moran(z: Floats, rows: sparse.csr_array, permutations: int, seed: int, chunk: int = 256) -> Floats:
    rng = np.random.default_rng(seed)
    scale = len(z) / rows.sum() / (z @ z)
    found = []
    for start in range(0, permutations, chunk):
        dealt = rng.permuted(np.tile(z, (min(chunk, permutations - start), 1)), axis=1).T
        found.append((dealt * (rows @ dealt)).sum(axis=0) * scale)
    return np.concatenate(found)


def _conditional_p(z: Floats, weights: SpatialWeights, permutations: int, seed: int) -> Floats:
    """Two-sided p of the neighbours' sum for each place, all other values dealt out anew.

    One random order of all places serves every place: striking the place itself
    from it leaves a random order of the others. So the sums of the first k are made and
    sorted once for each k, and only orders in which the place stood among the first k are mended.
    """
    n, degrees = len(z), weights.cardinalities
    most = int(degrees.max())
    orders = _random_orders(n, most + 1, permutations, np.random.default_rng(seed))
    dealt = z[orders]
    sums = np.cumsum(dealt, axis=1)
    observed = weights.matrix @ z
    ge, le = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    slack = 1e-9 * float(np.abs(z).max())
    for k in np.unique(degrees):
        first = sums[:, k - 1]
        ranked = np.sort(first)
        where = np.flatnonzero(degrees == k)
        ge[where] = permutations - np.searchsorted(ranked, observed[where] - slack, side="left")
        le[where] = np.searchsorted(ranked, observed[where] + slack, side="right")
        draw, position = np.nonzero(np.isin(orders[:, :k], where))
        place = orders[draw, position]
        old, new = first[draw], first[draw] - z[place] + dealt[draw, k]
        target = observed[place]
        np.add.at(ge, place, (new >= target - slack).astype(np.int64) - (old >= target - slack))
        np.add.at(le, place, (new <= target + slack).astype(np.int64) - (old <= target + slack))
    return _two_sided(np.minimum(ge, le), permutations)


def _random_orders(n: int, k: int, draws: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """The first ``k`` of a random order of ``n`` places, ``draws`` times, without repeats; shape (draws, k)."""
    orders = np.empty((draws, k), dtype=np.int64)
    for position in range(k):
        pick = rng.integers(0, n - position, size=draws)
        # The pick counts only places not taken yet: step over the taken ones, smallest first.
        for taken in np.sort(orders[:, :position], axis=1).T:
            pick += pick >= taken
        orders[:, position] = pick
    return orders


def _two_sided(least: npt.NDArray[np.int64], permutations: int) -> Floats:
    """Twice the smaller tail, the observed value counted once."""
    return np.minimum(1.0, (2.0 * least + 1) / (permutations + 1))


def _status(known: pd.Series, used: npt.NDArray[np.bool_], found: pd.Series, name: str) -> npt.NDArray[np.str_]:
    return np.select([~known.to_numpy(), ~used, found.to_numpy()], ["no data", "island", name], "not significant")
