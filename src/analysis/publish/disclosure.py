"""Disclosure control of what is published: small counts of people, and whatever would reveal them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.disclosure import DisclosureError, Relation, k_anonymity, l_diversity, small, suppress
from analysis.project import AnalysisError
from analysis.publish.evidence import near
from analysis.publish.policy import current_policy


@dataclass(frozen=True)
class Guarded:
    """Which cells of the people columns are withheld, and how many for which reason."""

    hidden: pd.DataFrame
    primary: int
    complementary: int
    threshold: int


def guarded(
    what: str,
    frame: pd.DataFrame,
    people: Sequence[str],
    *,
    totals: str | None = None,
    sums: Mapping[str, Sequence[str]] | None = None,
) -> Guarded:
    """Cells of ``people`` columns that must not be shown, proven by audit.

    ``totals`` names a boolean column that marks the row holding the sums of the others; ``sums`` says which column
    is the sum of which others. Missing counts stay missing and add nothing.
    Raises :class:`AnalysisError` when totals do not add up, or when no pattern of suppression is safe.
    """
    threshold = current_policy().minimum_count
    columns = _columns(what, frame, people)
    counts = _counts(what, frame, columns)
    relations = _relations(what, frame, columns, totals, sums or {})
    try:
        result = suppress(counts.ravel(), relations, threshold)
    except DisclosureError as error:
        raise AnalysisError(f"{what}: {_located(str(error), frame, columns)}") from error
    hidden = pd.DataFrame(result.suppressed.reshape(counts.shape), index=frame.index, columns=columns)
    return Guarded(hidden, int(result.primary.sum()), int(result.complementary.sum()), threshold)


def require_no_small_counts(what: str, frame: pd.DataFrame, people: Sequence[str]) -> None:
    """Raise :class:`AnalysisError` when a column of counts of people holds one that the policy suppresses."""
    threshold = current_policy().minimum_count
    for column in _columns(what, frame, people):
        values = pd.to_numeric(frame[column], errors="coerce").fillna(0).to_numpy(float)
        below = np.flatnonzero(small(values, threshold))
        if len(below):
            raise AnalysisError(
                f"{what}: column {column!r} shows {len(below)} counts of people from 1 to {threshold - 1}, first in "
                f"row {below[0]}: set them missing with a status of 'suppressed' before drawing, or draw larger areas"
            )


def require_crowds(what: str, frame: pd.DataFrame, keys: Sequence[str], sensitive: str | None = None) -> None:
    """Raise :class:`AnalysisError` when records about people stand out by their ``keys``, or a group is all alike.

    Each combination of keys must be shared by as many records as the policy asks of a cell, since it is one; a
    missing key is a key. With ``sensitive``, every such group must hold at least two of its values.
    """
    least = current_policy().minimum_count
    _columns(what, frame, [*keys, *([sensitive] if sensitive else [])])
    lonely = k_anonymity(frame, keys, k=least).violations
    if lonely:
        raise AnalysisError(
            f"{what}: {lonely} records share {', '.join(keys)} with fewer than {least}: coarsen the columns or drop one"
        )
    alike = l_diversity(frame, keys, sensitive).violations if sensitive else 0
    if alike:
        raise AnalysisError(
            f"{what}: {alike} records lie in groups of {', '.join(keys)} that all have the same {sensitive}: who is "
            "known to be in such a group has it; coarsen the columns"
        )


def _columns(what: str, frame: pd.DataFrame, people: Sequence[str]) -> list[str]:
    for column in people:
        if column not in frame.columns:
            raise AnalysisError(f"{what}: no people column {column!r}{near(column, map(str, frame.columns))}")
    return list(people)


def _counts(what: str, frame: pd.DataFrame, columns: list[str]) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = frame[columns].apply(pd.to_numeric, errors="coerce").fillna(0).to_numpy(float)
    for column, numbers in zip(columns, values.T, strict=True):
        wrong = np.flatnonzero((numbers != np.round(numbers)) | (numbers < 0))
        if len(wrong):
            raise AnalysisError(
                f"{what}: people column {column!r} has {numbers[wrong[0]]:g} in row {wrong[0]}: counts of people must "
                "be whole numbers; round estimates before totals are made"
            )
    return values


def _relations(
    what: str, frame: pd.DataFrame, columns: list[str], totals: str | None, sums: Mapping[str, Sequence[str]]
) -> list[Relation]:
    width, found = len(columns), []
    if totals is not None:
        marked = frame[totals].astype(bool).to_numpy()
        if marked.sum() != 1:
            raise AnalysisError(f"{what}: column {totals!r} must mark one row as the total, not {int(marked.sum())}")
        last = int(np.flatnonzero(marked)[0])
        others = [row for row in range(len(frame)) if row != last]
        found += [Relation(last * width + at, tuple(row * width + at for row in others)) for at in range(width)]
    for total, parts in sums.items():
        inside = [column for column in (total, *parts) if column not in columns]
        if inside:
            raise AnalysisError(f"{what}: sums names {', '.join(inside)}, which must be people columns, too")
        found += [
            Relation(row * width + columns.index(total), tuple(row * width + columns.index(part) for part in parts))
            for row in range(len(frame))
        ]
    return found


def _located(message: str, frame: pd.DataFrame, columns: list[str]) -> str:
    """The message of the method, with "cell 7" said as row and column."""
    words = message.split()
    for at, word in enumerate(words[:-1]):
        if word == "cell" and words[at + 1].isdigit():
            row, column = divmod(int(words[at + 1]), len(columns))
            words[at : at + 2] = [f"column {columns[column]!r} in row {row}"]
            break
    return " ".join(words)
