"""A script around jupyter-cache, run by its own interpreter: execute what is stale, then print what changed."""

from __future__ import annotations

import hashlib
import os
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


def print_page(job: tuple[str, str]) -> None:
    """Print one executed notebook as HTML."""
    executed, page = map(Path, job)
    html, _ = exporter().from_filename(str(executed))
    page.write_text(html, encoding="utf-8")


def main() -> None:
    """Arguments: folder of notebooks, folder for results, how many at once."""
    sources, out, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    os.cpu_count = lambda: workers  # its executor takes as many processes as there are processors
    import nbformat
    from jupyter_cache import get_cache  # type: ignore[import-not-found]
    from jupyter_cache.executors import load_executor  # type: ignore[import-not-found]

    cache = get_cache(".jupyter_cache")
    paths = sorted(path.resolve() for path in sources.glob("*.ipynb"))
    for path in paths:
        cache.add_nb_to_project(str(path))
    outcome = load_executor("local-parallel", cache).run_and_cache(timeout=600)
    if outcome.excepted or outcome.errored:
        sys.exit(f"not executed: {[*outcome.excepted, *outcome.errored]}")
    out.mkdir(exist_ok=True)
    jobs = []
    for path in paths:
        _, merged = cache.merge_match_into_file(str(path))
        text: str = nbformat.writes(merged)  # type: ignore[no-untyped-call]
        executed = out / path.name
        new = hashlib.sha256(text.encode()).digest()
        if not executed.is_file() or hashlib.sha256(executed.read_bytes()).digest() != new:
            executed.write_text(text, encoding="utf-8")
            jobs.append((str(executed), str(executed.with_suffix(".html"))))
    if jobs:
        with ProcessPoolExecutor(min(workers, len(jobs))) as pool:
            list(pool.map(print_page, jobs))


if __name__ == "__main__":
    main()
