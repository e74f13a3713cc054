"""Lists under other choices: the first choice is the method's own figure, and what cannot be told stays empty."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.concentration import persistent_share, relative_share
from analysis.methods.list_choices import ListCase, across_lists
from analysis.project import AnalysisError


@pytest.fixture
def case() -> ListCase:
    rng = np.random.default_rng(4)
    mean = rng.gamma(1.0, 20.0, 200)
    last, other, now = (pd.Series(rng.poisson(mean).astype(float)) for _ in range(3))
    return ListCase(last, other, now, pd.Series(rng.uniform(1, 3, 200)), 0.1)


def test_a_choice_is_judged_by_the_functions_of_the_page(case: ListCase) -> None:
    row = across_lists({"Ours": case}).iloc[0]
    held = persistent_share(case.now, case.now, case.size, by=case.last)
    met = relative_share(case.other, case.last, case.now, case.size)
    assert (row["held"], row["held_low"], row["met"], row["met_high"]) == (held.value, held.lower, met.value, met.upper)


def test_a_longer_list_holds_more_and_few_people_hold_nothing(case: ListCase) -> None:
    longer = ListCase(case.last, case.other, case.now, case.size, 0.3)
    few = ListCase(case.last, case.other, case.now * 0 + 0.05, case.size, 0.1)
    table = across_lists({"Ours": case, "Longer": longer, "Few": few}).set_index("choice")
    assert table.loc["Longer", "held"] > table.loc["Ours", "held"]
    assert table.loc["Few", "held_status"] == "not_applicable"


def test_places_in_another_order_are_refused(case: ListCase) -> None:
    wrong = ListCase(case.last[::-1], case.other, case.now, case.size, 0.1)
    with pytest.raises(AnalysisError, match="same places"):
        across_lists({"Ours": wrong})
