"""``analysis prove``: every stale trial over all its worlds, several at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from analysis.project import AnalysisError
from analysis.proofs import business, counts, pressure
from analysis.proofs.record import is_current, run, write
from analysis.proofs.summary import summed_up
from analysis.proofs.world import Trial


def all_trials() -> dict[str, Trial]:
    """Every trial of every report, by name.

    >>> "counts_rise" in all_trials()
    True
    """
    return {trial.name: trial for room in (pressure, business, counts) for trial in room.TRIALS}


def prove(names: Sequence[str], jobs: int) -> Iterator[str]:
    """Run and record the trials named, or all that are stale; one line for each as it ends.

    Raises AnalysisError for an unknown trial.
    """
    trials = all_trials()
    unknown = [name for name in names if name not in trials]
    if unknown:
        raise AnalysisError(f"prove: no trial {unknown[0]!r}; there are {', '.join(sorted(trials))}")
    wanted = names or [name for name, trial in trials.items() if not is_current(trial)]
    # One thread a process: sums must not depend on how many processors there are.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_proven, name) for name in wanted]):
            yield done.result()
    if not wanted:
        yield f"all {len(trials)} proofs are of the code as it stands"


def _proven(name: str) -> str:
    trial = all_trials()[name]
    worlds = run(trial)
    write(trial, worlds)
    proof = summed_up(trial, worlds)
    parts = [name, f"{len(worlds)} worlds"]
    if proof.held:
        parts.append(f"held {proof.held.value:.1%}")
    if proof.alarm:
        parts.append(f"false alarms {proof.alarm.value:.1%}")
    return ", ".join(parts) + (", SHORT" if proof.falls_short else "") + (", LOUD" if proof.too_loud else "")
