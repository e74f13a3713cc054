"""One estimated number with its range, or the reason why there is none.

Every method here hands numbers over in this form, so that a caller can pass
``value``, ``interval`` and ``level`` on without knowing the method.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

STATUSES = ("ok", "no_data", "suppressed", "not_applicable", "failed")


@dataclass(frozen=True)
class Estimate:
    """A value with the ends of its interval, in the unit its maker names.

    ``status`` is ``ok`` or one of the four names of emptiness; then ``value`` is
    NaN and ``reason`` says in words why. ``n`` counts what the number rests on.

    >>> Estimate(1.2, 1.1, 1.4).interval
    (1.1, 1.4)
    >>> Estimate.empty("no_data", "three days are missing").interval is None
    True
    """

    value: float
    lower: float = math.nan
    upper: float = math.nan
    level: float = 0.95
    n: int | None = None
    status: str = "ok"
    reason: str = ""

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lower and upper end; None when there is no interval."""
        if math.isnan(self.lower) or math.isnan(self.upper):
            return None
        return (self.lower, self.upper)

    def excludes(self, value: float) -> bool:
        """Whether the interval lies wholly on one side of ``value``; False without an interval.

        >>> Estimate(1.2, 1.1, 1.4).excludes(1.0)
        True
        """
        return self.lower > value or self.upper < value

    def scaled(self, factor: float) -> Estimate:
        """The same estimate in another unit: value and ends times a positive ``factor``.

        >>> Estimate(0.392, 0.35, 0.43).scaled(100).value
        39.2
        """
        if factor <= 0:
            raise ValueError("a change of unit needs a positive factor")
        return Estimate(
            self.value * factor, self.lower * factor, self.upper * factor, self.level, self.n, self.status, self.reason
        )

    @classmethod
    def empty(cls, status: str, reason: str, *, level: float = 0.95, n: int | None = None) -> Estimate:
        """No number, with the reason."""
        if status not in STATUSES[1:]:
            raise ValueError(f"status {status!r} is not one of {', '.join(STATUSES[1:])}")
        return cls(math.nan, math.nan, math.nan, level, n, status, reason)
