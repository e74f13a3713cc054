"""One drawing of every form, made once for all tests of this folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # so that tests may import gallery and geometry

import gallery
from geometry import Written, written

from analysis.publish.figures import Drawing

# Slow machines are not wrong ones: the first example also pays for imports.
settings.register_profile("unhurried", deadline=None)


@pytest.fixture(autouse=True, scope="session")
def _unhurried():
    settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def drawings() -> dict[str, Drawing]:
    """Every form, by name."""
    return {name: draw() for name, draw in gallery.FORMS.items()}


@pytest.fixture(scope="session")
def layouts(drawings: dict[str, Drawing]) -> dict[str, Written]:
    """Both layouts of every form, taken apart."""
    pairs = {}
    for name, drawing in drawings.items():
        pairs[f"{name} wide"] = written(drawing.svg)
        pairs[f"{name} narrow"] = written(drawing.svg_narrow)
    return pairs
