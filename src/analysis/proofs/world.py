"""A trial of a method, and what one invented world showed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

WORLDS = 500
"""Seeds of a trial: 0, 1, 2, ... With so many, a rate of 5 percent is known to about two points."""


@dataclass(frozen=True)
class World:
    """What a method did in one world. All but ``estimate`` are 0 or 1, or a share where a world holds many of a kind.

    ``estimate``: of the planted quantity, in its unit. ``held``: the interval holds the truth. ``found``: the planted
    thing is announced. ``alarm``: something is announced where nothing was planted. None: not asked.
    """

    estimate: float | None = None
    held: float | None = None
    found: float | None = None
    alarm: float | None = None

    @classmethod
    def of(cls, estimate: Any = None, held: Any = None, found: Any = None, alarm: Any = None) -> World:
        """A world from whatever numpy and pandas make of numbers and truths.

        >>> World.of(5, held=True)
        World(estimate=5.0, held=1.0, found=None, alarm=None)
        """
        return cls(*(None if value is None else float(value) for value in (estimate, held, found, alarm)))


@dataclass(frozen=True)
class Trial:
    """A planted truth and the function that lives through one world.

    ``name``: of the record. ``label`` and ``planted``: method and invented data, in words. ``truth``: gives the
    planted quantity that ``estimate`` is of. ``nominal``: how often the interval should hold it; ``allowed``: how often
    a false alarm may be raised at most; both in percent, None where nothing is promised. ``reference``: the published
    case that the test suite meets, and how exactly.
    """

    name: str
    label: str
    planted: str
    world: Callable[[int], World] = field(compare=False)
    truth: Callable[[], float] | None = field(default=None, compare=False)
    nominal: float | None = 95.0
    allowed: float | None = 5.0
    worlds: int = WORLDS
    reference: str = ""
