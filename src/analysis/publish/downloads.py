"""Downloads: CSV files offered beside the page."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.publish.payload import Download


def download(
    name: str,
    frame: pd.DataFrame,
    *,
    title: str,
    description: str,
    people_columns: Sequence[str] = (),
    tables: Sequence[str] | None = None,
) -> Download:
    """Record ``frame`` as ``downloads/<name>.csv``."""
    raise NotImplementedError
