"""The test set: valid notebooks that any tool can run, the same each time they are written."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import nbformat
import pytest
from bench.notebooks import Run

from analysis.report.editions import NUMBERED
from analysis.report.notebook import parse_notebook
from analysis.report.parameters import declared, resolve
from bench import notebooks

PAPERS = [*notebooks.PAPERS.glob("[0-9]*.py"), *(notebooks.PAPERS / "small").glob("*.py")]
STACK = {"matplotlib", "numpy", "pandas", "seaborn", "sklearn", "statsmodels", "analysis"}


@pytest.fixture(params=sorted(PAPERS), ids=lambda path: path.stem)
def paper(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_there_are_twelve_of_which_one_is_varied_and_one_touched() -> None:
    assert len(notebooks.papers()) == 12
    assert {notebooks.VARIED, notebooks.TOUCHED} <= set(notebooks.papers())
    assert len(notebooks.runs(12, 30)) == len({run.name for run in notebooks.runs(12, 30)}) == 42


def test_a_smaller_set_still_has_the_varied_and_the_touched_notebook() -> None:
    for size in range(1, 13):
        assert {notebooks.VARIED, notebooks.TOUCHED} <= set(notebooks.chosen(size))
        assert len(notebooks.chosen(size)) == max(size, 2)


def test_each_is_a_valid_notebook_without_outputs(paper: Path) -> None:
    made = notebooks.notebook(paper.read_text(encoding="utf-8"))
    nbformat.validate(nbformat.from_dict(made))
    code = [cell for cell in made["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert len(made["cells"]) - len(code) >= 2, "prose belongs to it"


def test_the_same_text_is_written_to_the_same_bytes(tmp_path: Path) -> None:
    names = notebooks.chosen(3)
    for folder in ("one", "two"):
        notebooks.write(tmp_path / folder, names)
    for name in names:
        one, two = ((tmp_path / folder / f"{name}.ipynb").read_bytes() for folder in ("one", "two"))
        assert one == two


def test_each_imports_the_stack(paper: Path) -> None:
    found = set()
    for source in notebooks.code(notebooks.notebook(paper.read_text(encoding="utf-8"))):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").split(".")[0])
    assert found >= STACK


def test_each_keeps_to_what_a_build_of_this_project_asks_for(paper: Path) -> None:
    made = notebooks.notebook(paper.read_text(encoding="utf-8"))
    parsed = parse_notebook(made, paper.with_suffix(".ipynb"))
    assert NUMBERED.fullmatch(parsed.stem)
    assert "title" in parsed.cells[0].tags
    assert len(declared(parsed)) == 1


def test_no_chance_is_left_without_a_seed(paper: Path) -> None:
    for source in notebooks.code(notebooks.notebook(paper.read_text(encoding="utf-8"))):
        assert "default_rng()" not in source
        assert "np.random.rand" not in source
        for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
            named = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            given = {word.arg for word in call.keywords}
            if named == "sample" or named.endswith(("ForestRegressor", "ForestClassifier", "KMeans")):
                assert "random_state" in given, ast.unparse(call)
            if "n_boot" in given:
                assert "seed" in given, ast.unparse(call)


def test_each_prints_a_control_total_and_publishes_it(paper: Path) -> None:
    sources = "\n".join(notebooks.code(notebooks.notebook(paper.read_text(encoding="utf-8"))))
    assert 'print(f"check {check} revision {revision}")' in sources
    assert '"check",' in sources
    assert "{{ check }}" in paper.read_text(encoding="utf-8")


def test_the_varied_notebook_takes_every_district() -> None:
    raw = notebooks.notebook((notebooks.PAPERS / f"{notebooks.VARIED}.py").read_text(encoding="utf-8"))
    parsed = parse_notebook(raw, Path(f"{notebooks.VARIED}.ipynb"))
    for value in notebooks.districts(30):
        assert resolve(parsed, {notebooks.PARAMETER: value}) == {notebooks.PARAMETER: value}


def test_names_of_runs_are_those_this_project_gives() -> None:
    from analysis.report.editions import edition

    raw = notebooks.notebook((notebooks.PAPERS / f"{notebooks.VARIED}.py").read_text(encoding="utf-8"))
    parsed = parse_notebook(raw, Path(f"{notebooks.VARIED}.ipynb"))
    assert edition(parsed, {"district": "d07"}).name == Run(notebooks.VARIED, "d07").name
    assert edition(parsed).name == Run(notebooks.VARIED).name


def test_a_copy_for_a_district_differs_by_the_cell_papermill_would_add() -> None:
    raw = notebooks.notebook((notebooks.PAPERS / f"{notebooks.VARIED}.py").read_text(encoding="utf-8"))
    copied = notebooks.with_district(raw, "d07")
    nbformat.validate(nbformat.from_dict(copied))
    at = next(i for i, cell in enumerate(copied["cells"]) if "parameters" in cell["metadata"].get("tags", []))
    assert copied["cells"][at + 1]["source"] == 'district = "d07"'
    assert [cell for cell in copied["cells"] if cell["id"] != "injected"] == raw["cells"]


def test_an_edit_changes_one_line_of_one_code_cell(tmp_path: Path) -> None:
    notebooks.write(tmp_path, (notebooks.TOUCHED,))
    path = tmp_path / f"{notebooks.TOUCHED}.ipynb"
    before = json.loads(path.read_text(encoding="utf-8"))
    notebooks.edit(path, 7)
    after = json.loads(path.read_text(encoding="utf-8"))
    changed = [(a["source"], b["source"]) for a, b in zip(before["cells"], after["cells"], strict=True) if a != b]
    assert len(changed) == 1
    old, new = (source.splitlines() for source in changed[0])
    assert [line for line in new if line not in old] == ["revision = 7  # raised when the method changes"]


def test_an_edit_of_a_notebook_without_revision_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "01_a.ipynb"
    notebooks.put(path, notebooks.notebook("# %%\nx = 1\n"))
    with pytest.raises(ValueError, match="0 cells set the revision"):
        notebooks.edit(path, 1)


def test_cells_keep_their_source_and_prose_loses_its_marks() -> None:
    text = "# not a cell\n# %% [markdown] tags: title in-short\n# # A\n#\n#     code\n\n# %%\n# a comment\nx = 1\n\n"
    title, code = notebooks.cells(text)
    assert (title.source, title.tags) == ("# A\n\n    code", ("title", "in-short"))
    assert code.source == "# a comment\nx = 1"
