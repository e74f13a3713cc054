"""Digits without false precision.

How many digits a number shows follows from its uncertainty: the rule of the Particle Data Group
(Review of Particle Physics 2024, introduction, section 5.3) keeps two significant digits of the half width where
its three leading digits lie between 100 and 354, one between 355 and 949, and rounds up to 1000 above.
Rounding never moves a number across a stated threshold, and zero is always one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from analysis.publish.wording import said

MOST_DECIMALS = 12


def decimals_for(half_width: float) -> int:
    """Decimals that a half width supports; negative ones mean tens, hundreds, thousands.

    >>> [decimals_for(h) for h in (4.1, 1.2, 0.41, 0.097, 41, 4100)]
    [0, 1, 1, 2, -1, -3]
    """
    exponent, leading = _leading(half_width)
    # From 950 on the half width itself rounds up to 1000, so its second digit is one place higher.
    return 1 - exponent if leading <= 354 else -exponent


def most_decimals_for(half_width: float) -> int:
    """The most decimals that are not false precision: two significant digits of the half width.

    >>> most_decimals_for(4.1), most_decimals_for(0.12)
    (1, 2)
    """
    return 1 - _leading(half_width)[0]


def _leading(half_width: float) -> tuple[int, int]:
    """Decimal exponent and the three leading digits, from the shortest decimal text of the number."""
    number = Decimal(repr(float(half_width))).copy_abs()
    exponent = number.adjusted()
    return exponent, int(number.scaleb(2 - exponent).to_integral_value(ROUND_HALF_UP))


def rounded(value: float, decimals: int, thresholds: Iterable[float] = ()) -> tuple[Decimal, int]:
    """``value`` rounded half away from zero, with as many more decimals as needed to stay on its side.

    Returns the number and the decimals used.

    >>> rounded(49.6, 0, [50])
    (Decimal('49.6'), 1)
    >>> rounded(0.04, 0)
    (Decimal('0.04'), 2)
    """
    exact = Decimal(repr(float(value)))
    limits = [Decimal(0), *(Decimal(repr(float(limit))) for limit in thresholds)]
    for used in range(decimals, max(decimals, MOST_DECIMALS) + 1):
        number = exact.quantize(Decimal(1).scaleb(-used), ROUND_HALF_UP)
        if all(_side(number, limit) == _side(exact, limit) for limit in limits):
            return number, used
    return exact, max(-int(exact.as_tuple().exponent), 0)


def _side(number: Decimal, limit: Decimal) -> int:
    return (number > limit) - (number < limit)


def digits(number: Decimal, decimals: int, *, plus: bool = False) -> str:
    """A rounded number with thousands separators and a typographic minus.

    >>> digits(Decimal("-1390.4"), 1)
    '−1,390.4'
    >>> digits(Decimal("1.39E+3"), -1)
    '1,390'
    """
    text = f"{number.copy_abs():,.{max(decimals, 0)}f}"
    text = text.translate({ord(","): said("thousands"), ord("."): said("decimal_point")})
    if number < 0:
        return str(said("minus")) + text
    return "+" + text if plus and number > 0 else text


def readable_decimals(value: float, significant: int) -> int:
    """Decimals with which a number shows so many significant digits, none for a number with as many before the point.

    >>> readable_decimals(39.2143, 3), readable_decimals(1390.27, 3), readable_decimals(0, 3)
    (1, 0, 2)
    """
    exponent = Decimal(repr(float(value))).adjusted() if value else 0
    return max(0, significant - 1 - exponent)


def default_decimals(value: float, *, whole: bool, n: int | None = None, significant: int = 2) -> int:
    """Decimals of a number without an interval: at least ``significant`` digits, fewer where the base is small.

    A share of ``n`` things has no more resolution than one of them; a whole number stays one.

    >>> default_decimals(39.24, whole=False), default_decimals(3.924, whole=False), default_decimals(3.9, whole=True)
    (0, 1, 0)
    >>> default_decimals(3.9, whole=False, n=57)
    0
    """
    if whole or not math.isfinite(value) or value == int(value):
        return 0
    wanted = readable_decimals(value, significant)
    if n is not None and n > 0:
        wanted = min(wanted, max(0, len(str(n)) - 3))
    return min(wanted, MOST_DECIMALS)
