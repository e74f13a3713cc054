"""What every committed notebook keeps to: no outputs, no machinery, the order of a whitepaper."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
import yaml

from analysis.catalog import load_catalog
from analysis.project import Project
from analysis.publish.wording import Terms
from analysis.refine.building import in_order
from analysis.refine.registry import tables
from analysis.report.cuts import check_code, cut_of
from analysis.report.languages import in_english, languages_of, shared_terms, terms_of, twin_problems
from analysis.report.notebook import read_notebook

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
# A notebook asks, loads, computes and publishes; drawing, fetching, cleaning and paths live in the package.
FORBIDDEN = {"matplotlib", "seaborn", "plotly", "httpx", "requests", "urllib", "os", "sys", "pathlib", "sqlite3", "io"}
ALLOWED = {"analysis", "pandas", "numpy"}
ORDER = ["title", "parameters", "in-short", "decision", "sure", "not-shown", "approach"]
BRIEF_ORDER = ["title", "parameters", "in-short", "decision", "sure", "not-shown"]
LONGEST_CELL = 26


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def test_there_are_whitepapers() -> None:
    assert {"00_about_the_data", "01_neighborhood_change", "06_covid_response"} <= {path.stem for path in NOTEBOOKS}


def test_committed_without_outputs_and_with_our_kernel(notebook: nbformat.NotebookNode) -> None:
    nbformat.validate(notebook)
    assert all(not cell.outputs and cell.execution_count is None for cell in code_cells(notebook))
    assert notebook.metadata.kernelspec.name == "angeleno"
    assert "papermill" not in notebook.metadata


def test_sections_stand_in_the_order_of_a_whitepaper(notebook: nbformat.NotebookNode) -> None:
    found = [tag for cell in notebook.cells for tag in tags(cell) if tag in ORDER and "brief-only" not in tags(cell)]
    assert found == ORDER


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_brief_has_the_order_of_one_and_rests_on_nothing_it_leaves_out(path: Path) -> None:
    written = read_notebook(path)
    if not any("brief" in cell.tags for cell in written.cells):
        pytest.skip("this notebook is issued whole only")
    check_code(written, "brief")
    brief = cut_of(in_english(written), "brief")
    assert [tag for cell in brief.cells for tag in cell.tags if tag in ORDER] == BRIEF_ORDER
    assert len(brief.code) < 0.75 * len(written.code), "a brief is a fraction of the paper"


def test_imports_are_the_package_and_frames(notebook: nbformat.NotebookNode) -> None:
    for cell in code_cells(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            roots = {name.partition(".")[0] for name in names}
            assert not roots & FORBIDDEN
            assert roots <= ALLOWED, f"{roots - ALLOWED}: put it behind a module of the package"


def test_no_file_is_read_or_written_and_nothing_is_fetched(notebook: nbformat.NotebookNode) -> None:
    for cell in code_cells(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                assert not name.startswith(("read_", "to_csv", "to_parquet", "to_excel", "savefig", "open")), name
        assert "http" not in cell.source
        assert not any(line.lstrip().startswith(("!", "%")) for line in cell.source.splitlines())


def test_cells_are_short(notebook: nbformat.NotebookNode) -> None:
    assert max(len(cell.source.splitlines()) for cell in code_cells(notebook)) <= LONGEST_CELL


def test_parameters_have_a_comment_each(notebook: nbformat.NotebookNode) -> None:
    (cell,) = [cell for cell in code_cells(notebook) if "parameters" in tags(cell)]
    assert all("  # " in line for line in cell.source.splitlines() if line.strip())


def test_a_table_that_cannot_be_had_everywhere_is_asked_for_first(notebook: nbformat.NotebookNode) -> None:
    catalog = load_catalog(Project(NOTEBOOKS[0].parents[1]))
    code = "\n".join(cell.source for cell in code_cells(notebook))
    loads = {name for name in tables() if f'load("{name}"' in code}
    optional = {
        name for name in loads if any(catalog[each].optional for table in in_order([name]) for each in table.inputs)
    }
    # A loop over every table loads them all.
    if optional or "refine.tables()" in code:
        assert "available(" in code, f"load {optional or 'all tables'} only where analysis.refine.available says yes"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_language_of_a_notebook_says_what_the_english_says(path: Path) -> None:
    written = read_notebook(path)
    for language in languages_of(written):
        assert twin_problems(written, language) == []
        terms_of(Project(NOTEBOOKS[0].parents[1]), written, language)  # raises for a row that is not sound


def test_all_that_pages_say_of_datasets_is_there_in_spanish() -> None:
    project = Project(NOTEBOOKS[0].parents[1])
    terms = Terms(shared_terms(project.catalog / "datasets.es.yml"))
    for dataset in load_catalog(project).values():
        said = (dataset.title, *(text.rstrip(". ") for text in dataset.known_dirt))
        assert not [text for text in said if terms.row(text) is None], (
            f"add rows to data/catalog/datasets.es.yml ({dataset.id})"
        )
    for grade, criterion in yaml.safe_load((project.catalog / "quality.yml").read_text(encoding="utf-8"))[
        "criteria"
    ].items():
        assert terms.row(criterion["says"].format(value=0.25)), grade
