"""A plain script around papermill and nbconvert: in a pool of processes, each run is executed and printed."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any


@cache
def exporter() -> Any:
    """One exporter a process: it reads its templates once."""
    from nbconvert import HTMLExporter

    return HTMLExporter()  # type: ignore[no-untyped-call]


def make(run: tuple[str, str, str | None]) -> str:
    """Execute one notebook and print it."""
    import papermill

    notebook, name, district = run
    target = Path("out") / f"{name}.ipynb"
    given = {"district": district} if district else {}
    node = papermill.execute_notebook(f"notebooks/{notebook}.ipynb", str(target), given, progress_bar=False)
    html, _ = exporter().from_notebook_node(node)
    target.with_suffix(".html").write_text(html, encoding="utf-8")
    return name


def main() -> None:
    """Arguments: the file that lists the runs, how many at once."""
    runs = [tuple(run) for run in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))]
    Path("out").mkdir(exist_ok=True)
    with ProcessPoolExecutor(int(sys.argv[2])) as pool:
        for name in pool.map(make, runs):
            print(name)


if __name__ == "__main__":
    main()
