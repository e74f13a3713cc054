"""Rows put down on disk in reading order, and which of them repeat a key: data of any size, read once.

Eight bytes a row stay in memory: a hash of the key. Only rows whose hash stands twice
are read back to compare, and those by the key itself, so two keys with one hash do no
harm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

_BITS = 22
# Hashes looked up at a time, so that the lookup itself takes no memory to speak of.
_PIECE = 1 << 20


@dataclass
class RowLog:
    """Rows in reading order, written to ``path`` as they come, with a hash of the key of each.

    ``key`` names the key columns and ``latest`` the column whose largest value stays
    (empty: the first row stays). All batches have the same columns and types.
    """

    path: Path
    key: tuple[str, ...]
    latest: str = ""
    rows: int = 0
    _hashes: list[NDArray[np.uint64]] = field(default_factory=list)
    _writer: Any = None

    def add(self, batch: pa.RecordBatch, hashes: NDArray[np.uint64]) -> None:
        """Put down the rows of a batch; ``hashes`` are 64 bits of the key of each."""
        if not batch.num_rows:
            return
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self.path), batch.schema)
        self._writer.write_batch(batch)
        self._hashes.append(hashes)
        self.rows += batch.num_rows

    def close(self) -> None:
        """End the file, so that it can be read."""
        if self._writer is not None:
            self._writer.close()

    def read(self) -> Iterator[pa.RecordBatch]:
        """The batches again, in order, one at a time."""
        if self._writer is not None:
            with pa.OSFile(str(self.path)) as source:
                reader = pa.ipc.open_file(source)
                for number in range(reader.num_record_batches):
                    yield reader.get_batch(number)

    def repeats(self) -> pd.DataFrame:
        """Rows that give way to another of the same key, by position: columns ``position`` and the key.

        Among rows of one key the one with the largest ``latest`` stays (a missing one is
        the smallest), and of equals the first.
        """
        positions = suspected(self._hashes)
        self._hashes.clear()
        if not len(positions):
            return pd.DataFrame({"position": pd.Series(dtype="int64"), **{name: [] for name in self.key}})
        suspects = self._at(positions)
        by = [*self.key, *([self.latest] if self.latest else []), "position"]
        ordered = suspects.sort_values(by, ascending=[name != self.latest for name in by], na_position="last")
        again = ordered[ordered.duplicated(list(self.key))]
        return again[["position", *self.key]].sort_values("position", ignore_index=True)

    def _at(self, positions: NDArray[np.int64]) -> pd.DataFrame:
        """What decides about the rows at these positions, which rise."""
        found, start = [], 0
        wanted = list(dict.fromkeys((*self.key, *([self.latest] if self.latest else []))))
        with pa.memory_map(str(self.path)) as source:
            names = pa.ipc.open_file(source).schema.names
            options = pa.ipc.IpcReadOptions(included_fields=[names.index(name) for name in wanted])
            reader = pa.ipc.open_file(source, options=options)
            for number in range(reader.num_record_batches):
                batch = reader.get_batch(number)
                first, last = np.searchsorted(positions, (start, start + batch.num_rows))
                here = positions[first:last]
                frame: pd.DataFrame = batch.take(pa.array(here - start)).to_pandas()
                found.append(frame.assign(position=here))
                start += batch.num_rows
        return pd.concat(found, ignore_index=True)


def suspected(hashes: Sequence[NDArray[np.uint64]]) -> NDArray[np.int64]:
    """Positions, rising, of all values that stand more than once in the pieces put together.

    >>> suspected([np.array([7, 9, 8], dtype=np.uint64), np.array([9], dtype=np.uint64)]).tolist()
    [1, 3]
    """
    ordered = np.concatenate([np.empty(0, dtype=np.uint64), *hashes])
    ordered.sort()
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    if not len(twice):
        return np.empty(0, dtype=np.int64)
    # Most values are settled by their first bits in a table that fits a cache; the rest by bisection.
    table = np.zeros(1 << _BITS, dtype=np.bool_)
    shift = np.uint64(64 - _BITS)
    table[twice >> shift] = True
    found, start = [], 0
    for whole in hashes:
        for offset in range(0, len(whole), _PIECE):
            piece = whole[offset : offset + _PIECE]
            maybe = np.flatnonzero(table[piece >> shift])
            place = np.minimum(np.searchsorted(twice, piece[maybe]), len(twice) - 1)
            found.append(maybe[twice[place] == piece[maybe]] + start + offset)
        start += len(whole)
    return np.concatenate(found)
