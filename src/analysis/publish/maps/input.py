"""What a map is given, checked and put into one order: places with their numbers, and the lines over them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from analysis.project import AnalysisError
from analysis.publish.figures.columns import picked, truth
from analysis.publish.maps.classes import Floats
from analysis.publish.maps.outlines import Geometries, areal, valid, window
from analysis.publish.wording import said

# How far a map of one area reaches beyond it, as a share of its longer side.
NEARBY = 0.03


@dataclass(frozen=True)
class Overlay:
    """Larger areas whose borders are drawn for orientation; ``short`` is what is written inside."""

    keys: tuple[str, ...]
    names: tuple[str, ...]
    short: tuple[str, ...]
    geometry: Geometries

    def place(self, key: str) -> int:
        """Place of the area with that key."""
        if key not in self.keys:
            raise AnalysisError(f"map: no area {key!r} in the overlay; it has {', '.join(self.keys)}")
        return self.keys.index(key)


@dataclass(frozen=True)
class Places:
    """The shapes of a map in the order of their keys, with what is said of them."""

    key_name: str
    column: str
    keys: tuple[str, ...]
    names: tuple[str, ...]
    geometry: Geometries
    values: Floats
    texts: tuple[str, ...]
    low: Floats
    high: Floats
    measurable: npt.NDArray[np.bool_] | None
    status: tuple[str, ...]
    area: tuple[int, ...] = ()
    hoods: tuple[str, ...] = ()

    def within(self, over: Overlay | None, *, area: str | None, clip: bool) -> Places:
        """Each place with the overlay area it lies in; cut to the overlay or to the neighbourhood of one area."""
        if over is None:
            if area is not None or clip:
                raise AnalysisError("map: `area` and `clip` need an `overlay` to take the shapes from")
            return replace(self, area=(-1,) * len(self.keys))
        found = self
        if clip:
            found = found._cut(shapely.union_all(over.geometry))
        if area is not None:
            found = found._near(over.geometry[over.place(area)])
        points = shapely.point_on_surface(found.geometry)
        inside = {
            int(p): int(a) for a, p in zip(*shapely.STRtree(points).query(over.geometry, "contains"), strict=True)
        }
        return replace(found, area=tuple(inside.get(i, -1) for i in range(len(found.keys))))

    def _cut(self, outline: Any) -> Places:
        """Only what lies inside; a place of which less than a thousandth remains is left out."""
        cut = shapely.intersection(valid(self.geometry), outline)
        cut = np.array([areal(shape) for shape in cut], dtype=object)
        return self._only(shapely.area(cut) > 0.001 * shapely.area(self.geometry), cut)

    def _near(self, shape: Any) -> Places:
        field = window(shapely.bounds(shape), pad=NEARBY).field
        cut = shapely.intersection(valid(self.geometry), field)
        cut = np.array([areal(piece) for piece in cut], dtype=object)
        return self._only(shapely.area(cut) > 0, cut)

    def _only(self, mask: npt.NDArray[np.bool_], geometry: Geometries) -> Places:
        if not mask.any():
            raise AnalysisError("map: no shape lies inside the overlay; are both in the same place?")

        def kept(column: Sequence[str]) -> tuple[str, ...]:
            return tuple(v for v, m in zip(column, mask, strict=True) if m) if column else ()

        return replace(
            self,
            keys=kept(self.keys),
            names=kept(self.names),
            hoods=kept(self.hoods),
            geometry=geometry[mask],
            values=self.values[mask],
            texts=kept(self.texts),
            low=self.low[mask],
            high=self.high[mask],
            measurable=None if self.measurable is None else self.measurable[mask],
            status=kept(self.status),
        )


def places_of(
    shapes: Any,
    column: str,
    *,
    key: str,
    name: str | None,
    hood: str | None,
    low: str | None,
    high: str | None,
    measurable: str | None,
    status: str | None,
    text: bool,
    crs: str,
) -> Places:
    """Check the shapes and their columns; project them; sort by key."""
    frame = _projected(shapes, crs, "shapes")
    used = [c for c in (key, column, name, hood, low, high, measurable, status) if c]
    numbers = [c for c in ((None if text else column), low, high) if c]
    flat = picked(
        pd.DataFrame(frame.drop(columns=frame.geometry.name)), used, numbers=numbers, bounds=(low, column, high)
    )
    flat = flat.assign(_key=flat[key].astype(str), _shape=frame.geometry.to_numpy()).sort_values("_key", kind="stable")
    if flat[key].isna().any() or flat["_key"].duplicated().any():
        twice = sorted(flat.loc[flat["_key"].duplicated(), "_key"])[:5]
        raise AnalysisError(
            f"map: column {key!r} must name every shape once; repeated: {', '.join(twice) or 'missing keys'}"
        )
    states = _statuses(flat, column, status)
    known = np.array([s == "ok" for s in states])
    hidden = np.where(known, 0.0, np.nan)  # what is suppressed does not travel on, not even unseen
    bounds = [flat[c].to_numpy(dtype=float) + hidden if c else np.full(len(flat), np.nan) for c in (low, high)]
    return Places(
        key_name=key,
        column=column,
        keys=tuple(flat["_key"]),
        names=tuple("" if pd.isna(n) else str(n) for n in flat[name]) if name else (),
        hoods=tuple("" if pd.isna(n) else str(n) for n in flat[hood]) if hood else (),
        geometry=np.asarray(flat["_shape"], dtype=object),
        values=np.full(len(flat), np.nan) if text else flat[column].to_numpy(dtype=float) + hidden,
        texts=tuple(str(v) if ok else "" for v, ok in zip(flat[column], known, strict=True)) if text else (),
        low=bounds[0],
        high=bounds[1],
        measurable=truth(flat[measurable]) if measurable else None,
        status=states,
    )


def _projected(shapes: Any, crs: str, what: str) -> Any:
    if not hasattr(shapes, "geometry") or getattr(shapes, "crs", None) is None:
        raise AnalysisError(f"map: {what} must be a GeoDataFrame with a known reference (crs)")
    frame = shapes.reset_index(drop=True)
    empty = frame.geometry.isna() | frame.geometry.is_empty
    if empty.any() or not len(frame):
        raise AnalysisError(
            f"map: {int(empty.sum())} of {len(frame)} {what} have no geometry; leave them out and say so"
        )
    return frame.to_crs(crs)


def _statuses(flat: pd.DataFrame, column: str, status: str | None) -> tuple[str, ...]:
    """The given status, or ``ok``; without a value and a reason a place has no data."""
    given = flat[status] if status else pd.Series([None] * len(flat), index=flat.index, dtype=object)
    found = []
    for value, word in zip(flat[column], given, strict=True):
        stated = "ok" if word is None or pd.isna(word) or not str(word) else str(word)
        found.append("no_data" if stated == "ok" and pd.isna(value) else stated)
    unknown = sorted(set(found) - {"ok", *said("status")})
    if unknown:
        raise AnalysisError(
            f"map: unknown status {', '.join(unknown)} in {status!r}; use ok, {', '.join(said('status'))}"
        )
    return tuple(found)


def overlay_of(overlay: Any, key: str, name: str, crs: str) -> Overlay:
    """The overlay's areas in the order of their keys; a number at the end of a name is written inside the area."""
    frame = _projected(overlay, crs, "overlay")
    flat = picked(pd.DataFrame(frame.drop(columns=frame.geometry.name)), [key, name])
    flat = flat.assign(_key=flat[key].astype(str), _shape=frame.geometry.to_numpy()).sort_values("_key", kind="stable")
    names = tuple(str(n) for n in flat[name])
    return Overlay(
        keys=tuple(flat["_key"]),
        names=names,
        short=tuple(_short(n) for n in names),
        geometry=np.asarray(flat["_shape"], dtype=object),
    )


def _short(name: str) -> str:
    """The number of a name, at its end in English; names without one are not written on the map.

    >>> _short("Council District 7"), _short("el Distrito 7 del Concejo"), _short("Venice")
    ('7', '7', '')
    """
    number = re.fullmatch(r"\D*(\d+)(?:\s\D*)?", name)
    return str(int(number.group(1))) if number else ""
