"""The project's own way, in a process of its own: ``python rows_ours.py PROJECT OUT``.

All that a build of a real table does is inside the clock: the raw file is compared with its
manifest, rows are held against the contract, what is dropped is counted, the file is hashed
and takes the old one's place, and the table is described. The imports are inside it too.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(root: Path, out: Path) -> None:
    """Build the table and both aggregations."""
    import rows_table

    from analysis.project import Project
    from analysis.refine.aggregation import collected, on_parquet
    from analysis.refine.building import build_table
    from analysis.refine.storage import parquet_path
    from analysis.refine.workbench import Shelf

    project = Project(root)
    build_table(rows_table.TABLE, Shelf(project, "sample"))
    path = parquet_path(project, "sample", rows_table.NAME)
    with on_parquet(path) as requests:
        collected(rows_table.daily(requests), ["date", "kind"]).to_parquet(out / "daily.parquet", index=False)
        collected(rows_table.by_area(requests), ["area"]).to_parquet(out / "areas.parquet", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
