"""Proofs as the compact table of a report, one row a method."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.proofs.record import recorded
from analysis.proofs.summary import Proof, Rate
from analysis.proofs.world import Trial


def proof_table(trials: Sequence[Trial], *, again: int = 1) -> pd.DataFrame:
    """One row a trial, in their order, from the records (see :func:`~analysis.proofs.record.recorded`).

    Columns: name, label, planted, worlds, truth, reference, and for estimate, held, found and alarm the mean over
    worlds with ``_low`` and ``_high`` (its Monte-Carlo interval) and ``_status`` (ok or not_applicable); shares in
    percent. nominal and allowed in percent; falls_short and too_loud as in :class:`~analysis.proofs.summary.Proof`.

    Raises AnalysisError as :func:`~analysis.proofs.record.recorded`.
    """
    return pd.DataFrame([_row(recorded(trial, again=again)) for trial in trials])


def _row(proof: Proof) -> dict[str, object]:
    trial = proof.trial
    row: dict[str, object] = {
        "name": trial.name, "label": trial.label, "planted": trial.planted, "worlds": proof.worlds,
        "truth": proof.truth, "truth_status": _status(proof.truth), "nominal": trial.nominal, "allowed": trial.allowed,
        "allowed_status": _status(trial.allowed if proof.alarm else None), "falls_short": proof.falls_short,
        "too_loud": proof.too_loud, "reference": trial.reference,
    }  # fmt: skip
    for name, unit in (("estimate", 1.0), ("held", 100.0), ("found", 100.0), ("alarm", 100.0)):
        seen: Rate | None = getattr(proof, name)
        row[f"{name}_status"] = _status(seen)
        ends = (float("nan"),) * 3 if seen is None else (seen.value, seen.low, seen.high)
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), (unit * end for end in ends), strict=True))
    return row


def _status(value: object) -> str:
    return "not_applicable" if value is None else "ok"


def shortfalls(table: pd.DataFrame) -> list[str]:
    """Labels of the methods that measurably keep less than they promise, in either respect.

    >>> shortfalls(pd.DataFrame({"label": ["A", "B"], "falls_short": [True, False], "too_loud": [False, False]}))
    ['A']
    """
    found: list[str] = table.loc[table["falls_short"] | table["too_loud"], "label"].tolist()
    return found
