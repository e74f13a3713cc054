"""Does the epidemic toolbox find what was planted? Small experiments that a whitepaper runs while it is built.

Each returns a share in percent with its Wilson interval, over invented epidemics or places whose truth is known.
The full experiments, with more runs and more designs, are in the tests.
"""

from __future__ import annotations

from analysis.methods.estimate import Estimate
from analysis.methods.health_inequity import example_places, gradient
from analysis.methods.reproduction_number import reproduction_number, sars_cov_2_intervals, simulate_cases
from analysis.methods.shares import share

PLANTED_RATIO = 1.25


def reproduction_coverage(runs: int = 60, *, window: int = 14) -> Estimate:
    """Percent of invented epidemics whose last 95 percent interval of the reproduction number held the planted one.

    The number rises from 0.9 to 1.3 and stays; reports are clumped and follow the week.

    >>> found = reproduction_coverage(runs=8)
    >>> found.n, found.value >= 75
    (8, True)
    """
    interval = sars_cov_2_intervals()["nishiura"]
    held = []
    for seed in range(runs):
        planted = 1.3 if seed % 2 else 0.9
        cases = simulate_cases([1.0] * 40 + [planted] * 45, interval, seed=seed)
        last = reproduction_number(cases, interval, window=window).latest
        held.append(last.lower <= planted <= last.upper)
    return share(held)


def gradient_coverage(runs: int = 100, *, places: int = 140) -> Estimate:
    """Percent of invented cities whose interval of the rate ratio per ten points held the planted 1.25.

    >>> gradient_coverage(runs=10).value >= 70
    True
    """
    found = [gradient(example_places(seed=seed, count=places, ratio=PLANTED_RATIO)).ratio for seed in range(runs)]
    return share([ratio.lower <= PLANTED_RATIO <= ratio.upper for ratio in found])


def gradient_false_alarms(runs: int = 100, *, places: int = 140) -> Estimate:
    """Percent of invented cities without any gradient in which one was found at the 95 percent level.

    >>> gradient_false_alarms(runs=10).value <= 30
    True
    """
    found = [gradient(example_places(seed=10_000 + seed, count=places, ratio=1.0)).ratio for seed in range(runs)]
    return share([not ratio.lower <= 1 <= ratio.upper for ratio in found])
