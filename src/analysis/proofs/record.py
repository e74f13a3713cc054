"""Records of trials: written by ``analysis prove``, read by reports, lived through again to be believed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import astuple
from importlib.metadata import version
from pathlib import Path

from analysis.project import AnalysisError
from analysis.proofs.meaning import code_digest
from analysis.proofs.summary import Proof, summed_up
from analysis.proofs.world import Trial, World

RECORDS = Path(__file__).parent / "records"
LIBRARIES = ("numpy", "pandas", "scipy", "scikit-learn", "statsmodels")
DIGITS = 6
"""Significant digits that a record keeps: more would tell one processor from another."""
NEAR = 1e-4
"""Relative difference of an estimate that another processor or library may make."""


def recorded(trial: Trial, *, again: int = 1) -> Proof:
    """What a trial showed, from its record; ``again`` of its worlds are drawn by lot and lived through once more.

    Raises AnalysisError when there is no record, when the code of the trial or of its method has changed since, or when
    a world turns out otherwise.
    """
    truth, worlds = read(trial)
    for seed in random.SystemRandom().sample(range(len(worlds)), again):
        live_through(trial, seed, worlds[seed])
    return summed_up(trial, worlds, truth)


def read(trial: Trial, folder: Path = RECORDS) -> tuple[float | None, list[World]]:
    """The planted quantity and the worlds of a record, by seed, if it is of the code as it stands.

    Raises AnalysisError as :func:`recorded`.
    """
    path = folder / f"{trial.name}.json"
    if not path.is_file():
        raise AnalysisError(f"proof of {trial.name}: there is no record; run: analysis prove {trial.name}")
    record = json.loads(path.read_text(encoding="utf-8"))
    worlds = [World(*row) for row in record["worlds"]]
    if record["code"] != _digest(trial) or len(worlds) != trial.worlds:
        raise AnalysisError(
            f"proof of {trial.name}: its code has changed since the trial was run; run: analysis prove {trial.name}"
        )
    return record["truth"], worlds


def live_through(trial: Trial, seed: int, known: World) -> None:
    """Run one world again and compare.

    Raises AnalysisError when it turns out otherwise than recorded.
    """
    found = trial.world(seed)
    pairs = list(zip(astuple(found), astuple(known), strict=True))
    same = all((one is None) == (two is None) for one, two in pairs) and all(
        abs(one - two) <= NEAR * max(1.0, abs(two)) for one, two in pairs if one is not None and two is not None
    )
    if not same:
        raise AnalysisError(f"proof of {trial.name}: world {seed} gives {found}, the record says {known}")


def run(trial: Trial, seeds: Iterable[int] | None = None) -> list[World]:
    """Live through the worlds of a trial (all of them unless told which), rounded as a record keeps them."""
    return [_kept(trial.world(seed)) for seed in (range(trial.worlds) if seeds is None else seeds)]


def write(trial: Trial, worlds: list[World], folder: Path = RECORDS) -> Path:
    """Write a record: digest of the code, libraries, and one line a world in the order of the seeds."""
    lines = ",\n".join(json.dumps(astuple(world), separators=(",", ":")) for world in worlds)
    head = {
        "trial": trial.name,
        "code": _digest(trial),
        "truth": None if trial.truth is None else _short(trial.truth()),
        "libraries": {name: version(name) for name in LIBRARIES},
        "columns": list(World.__dataclass_fields__),
    }
    text = json.dumps(head, indent=1)[:-2] + f',\n "worlds": [\n{lines}\n]\n}}\n'
    path = folder / f"{trial.name}.json"
    path.write_text(text, encoding="utf-8")
    return path


def is_current(trial: Trial, folder: Path = RECORDS) -> bool:
    """Whether there is a record of the code as it stands."""
    try:
        read(trial, folder)
    except AnalysisError:
        return False
    return True


def _digest(trial: Trial) -> str:
    return code_digest(trial.world, *([trial.truth] if trial.truth else []))


def _kept(world: World) -> World:
    return World(*(None if value is None else _short(value) for value in astuple(world)))


def _short(value: float) -> float:
    rounded = float(f"{float(value):.{DIGITS}g}")
    return int(rounded) if rounded in (0.0, 1.0) else rounded
