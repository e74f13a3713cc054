"""The register of the invented city through refine and the methods: the planted hazards come out again."""

from __future__ import annotations

import json

import pandas as pd

from analysis.methods import business_register as register
from analysis.project import Project
from analysis.refine.storage import read_table
from analysis.sample import TRUTH


def test_closings_and_moves_in_changed_tracts_have_the_planted_ratio(refined_sample: Project) -> None:
    truth = json.loads((refined_sample.raw("sample") / TRUTH).read_text(encoding="utf-8"))
    spells = read_table(refined_sample, "sample", "business_spells")
    changed, slipped = (set(truth["change"][name]["tracts"]) for name in ("changed", "slipped"))
    tracts = pd.Index(sorted(spells["geoid"].dropna().unique()), name="geoid")
    history = register.exposure(pd.Series(tracts.isin(sorted(changed)), index=tracts), pd.Timestamp("2000-04-01"))
    models = register.closing_and_moving(spells[~spells["geoid"].isin(slipped)], history)
    for way, name in (("closed", "closing"), ("moved", "moving")):
        planted = truth["businesses"][f"{name}_hazard_ratio"]["by_regime_of_tract"]["changed"]
        found = register.ratio_of(models[way])
        assert found.lower <= planted <= found.upper, (way, found)
