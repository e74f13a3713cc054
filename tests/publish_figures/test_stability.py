"""The same input gives the same bytes: in another process, another folder, with another hash seed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import gallery

from analysis.publish import fonts, theme

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import gallery
from test_stability import hashes_of
print("\\n".join(hashes_of({name: draw() for name, draw in gallery.FORMS.items()})))
"""


def hashes_of(drawings) -> list[str]:
    """One line for each form, the map and the style sheet."""
    shown = gallery.city_map(gallery.voronoi(120))
    texts = {name: d.svg + d.svg_narrow + d.alt + d.data.to_csv() for name, d in sorted(drawings.items())}
    texts["map"] = shown.svg + shown.alt + shown.data.to_csv() + repr(shown.interaction)
    texts["css"] = theme.css() + fonts.css()
    return [f"{name} {hashlib.sha256(text.encode()).hexdigest()}" for name, text in texts.items()]


def _elsewhere(folder: Path, tests: Path, seed: str) -> list[str]:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "ANALYSIS_ROOT": str(folder),
        "MPLCONFIGDIR": str(folder / "mpl"),
    }
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tests)],
        cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return ran.stdout.splitlines()


def test_another_process_in_another_folder_draws_the_same(root: Path, tmp_path: Path, drawings) -> None:
    folder = tmp_path / "somewhere else entirely"
    shutil.copytree(root / "data" / "catalog", folder / "data" / "catalog")
    here = hashes_of(drawings)
    assert _elsewhere(folder, Path(__file__).parent, "2718") == here
    assert len(here) == len(gallery.FORMS) + 2


def test_no_clock_no_path_no_address_in_a_drawing(drawings) -> None:
    for drawing in drawings.values():
        for text in (drawing.svg, drawing.svg_narrow):
            assert "/home" not in text
            assert "/work" not in text
            assert "0x" not in text
            assert "Matplotlib" not in text
