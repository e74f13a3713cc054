"""What methods did in invented worlds, as the same table and the same findings in every report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.publish.findings import finding
from analysis.publish.payload import Table
from analysis.publish.tables import Column, table

NOTE = (
    "Each world is invented from a seed, with a truth and in most trials a twin in which nothing is planted. Ranges "
    "say what so many worlds leave open. Where no share is allowed, a range over choices is printed and nothing "
    "promised. The runs are recorded with a digest of the code; every build of this page repeats some, drawn by lot."
)


def proven(proofs: pd.DataFrame, *, method: Callable[..., Any]) -> Table:
    """Record the table ``proofs`` and the findings ``worlds``, ``held_least``, ``held_most`` and ``off_promise``.

    ``proofs`` is :func:`analysis.proofs.proof_table`, ``method`` what read it. ``held_least`` and ``held_most``: over
    the intervals of 95 percent. ``off_promise``: methods that measurably keep less than they promise.
    """
    held = proofs.loc[(proofs["nominal"] == 95) & (proofs["held_status"] == "ok"), "held"]
    off = proofs.loc[proofs["falls_short"] | proofs["too_loud"], "label"].tolist()
    worlds = int(proofs["worlds"].min())
    finding("worlds", worlds, unit="count", noun="invented world", no_interval="a choice", method=method, tables=())
    for name, value in {"held_least": held.min(), "held_most": held.max()}.items():
        finding(
            name, float(value), unit="percent", decimals=0, no_interval="its range stands in the table", method=method,
            denominator="invented worlds", tables=(),
        )  # fmt: skip
    finding(
        "off_promise", [name[0].lower() + name[1:] for name in off] or None, unit="list", method=method, tables=(),
        status="ok" if off else "not_applicable", no_interval="follows from the ranges of the table",
    )  # fmt: skip
    return table(
        "proofs", proofs,
        title="Does each method find what was planted, and keep quiet otherwise?",
        columns={
            "label": "Method",
            "planted": "Invented data; the twin without",
            "truth": Column(label="Planted", unit="score", decimals=3, status="truth_status"),
            "estimate": _ranged("Estimate on average", "estimate", unit="score", decimals=3),
            "held": _ranged("Interval holds the truth", "held"),
            "found": _ranged("Found", "found"),
            "alarm": _ranged("False alarms", "alarm"),
            "allowed": Column(label="Allowed", unit="percent", decimals=1, status="allowed_status"),
            "worlds": Column(label="Worlds", unit="count"),
            "reference": "Published case matched in the tests",
        },
        note=NOTE, tables=(),
    )  # fmt: skip


def _ranged(label: str, name: str, *, unit: str = "percent", decimals: int = 1) -> Column:
    ends = (f"{name}_low", f"{name}_high")
    return Column(label=label, unit=unit, decimals=decimals, interval=ends, status=f"{name}_status")
