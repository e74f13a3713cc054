"""Rates over worlds, each with its Monte-Carlo interval: five hundred worlds are many, not all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.proofs.world import Trial, World

LEVEL = 0.95


@dataclass(frozen=True)
class Rate:
    """A mean over worlds with the interval that a finite number of them leaves open."""

    value: float
    low: float
    high: float


def rate(values: npt.ArrayLike, *, share: bool = True) -> Rate:
    """Mean of one value a world: Wilson's interval where all are 0 or 1, else normal (shares kept within 0 to 1).

    >>> rate([0, 1] * 250)
    Rate(value=0.5, low=0.456341265302, high=0.543658734698)
    """
    seen = np.asarray(values, dtype=float)
    z, count, mean = float(stats.norm.ppf((1 + LEVEL) / 2)), len(seen), float(seen.mean())
    if share and np.isin(seen, (0.0, 1.0)).all():
        middle = (mean + z**2 / 2 / count) / (1 + z**2 / count)
        half = z * np.sqrt(mean * (1 - mean) / count + (z / 2 / count) ** 2) / (1 + z**2 / count)
        # Both ends are exact where none or all of the worlds say yes; what is left of them is rounding.
        return Rate(mean, round(float(max(0.0, middle - half)), 12), round(float(min(1.0, middle + half)), 12))
    half = z * float(seen.std(ddof=1)) / np.sqrt(count)
    low, high = mean - half, mean + half
    return Rate(mean, float(max(0.0, low) if share else low), float(min(1.0, high) if share else high))


@dataclass(frozen=True)
class Proof:
    """What a trial showed over its worlds; shares are 0 to 1, None where nothing of the kind was asked."""

    trial: Trial
    worlds: int
    truth: float | None
    estimate: Rate | None
    held: Rate | None
    found: Rate | None
    alarm: Rate | None

    @property
    def falls_short(self) -> bool:
        """Whether the interval holds the truth measurably less often than promised."""
        return self.held is not None and self.trial.nominal is not None and 100 * self.held.high < self.trial.nominal

    @property
    def too_loud(self) -> bool:
        """Whether false alarms are measurably more than allowed."""
        return self.alarm is not None and self.trial.allowed is not None and 100 * self.alarm.low > self.trial.allowed


def summed_up(trial: Trial, worlds: Sequence[World], truth: float | None = None) -> Proof:
    """The rates of a trial over the worlds that were asked each question.

    >>> trial = Trial("x", "X", "nothing", World)
    >>> summed_up(trial, [World(held=1.0), World(held=0.0), World(held=1.0)]).held.value.__round__(2)
    0.67
    """
    found = {}
    for name in ("estimate", "held", "found", "alarm"):
        values = [value for world in worlds if (value := getattr(world, name)) is not None]
        found[name] = rate(values, share=name != "estimate") if values else None
    return Proof(trial, len(worlds), truth, **found)
