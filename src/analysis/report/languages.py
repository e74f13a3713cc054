"""A whitepaper in more than one language: every English Markdown cell with its twin, and the code's words in a list.

The twin of a cell is the Markdown cell tagged ``lang-es`` that follows it directly. Cells tagged ``lang-es`` and
``terms`` hold a table, English beside Spanish, of what the code says: titles, labels, nouns, texts. What many notebooks
share stands in ``data/catalog/terms.es.yml``, what is said of datasets in ``datasets.es.yml``. Both languages must
speak of the same findings, exhibits and references; a twin names the digest of the English cell it was checked against.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from analysis.catalog.cities import city
from analysis.plain_yaml import read_yaml
from analysis.project import AnalysisError, Project
from analysis.publish.wording import Terms, said
from analysis.report.editions import BRIEF
from analysis.report.mentions import mentions
from analysis.report.notebook import LANGUAGE, TERMS, Cell, Notebook, python_tree, read_notebook
from analysis.report.storage import digest, put

DIGITS = 12
_BAR = re.compile(r"(?<!\\)\|")


def languages_of(notebook: Notebook) -> tuple[str, ...]:
    """The languages besides English that a cut of a notebook is written in, sorted.

    A notebook is in a language as soon as one cell is, so that a missing twin is noticed.
    """
    return tuple(sorted({cell.language for cell in notebook.cells if cell.language and TERMS not in cell.tags}))


def spoken_in(notebook: Notebook, cut: str) -> tuple[str, ...]:
    """The languages in which a cut is told besides English; a brief only where all its cells have twins."""
    languages = languages_of(notebook)
    return tuple(one for one in languages if complete_in(notebook, one)) if cut == BRIEF else languages


def words_of(project: Project, notebook: Notebook, cut: str, *, drawn: bool = False) -> dict[str, Terms]:
    """The words of the code in every language in which a cut is told; those that figures may say if ``drawn``."""
    return {
        one: Terms(terms_of(project, notebook, one, drawn=drawn), typed_texts(notebook))
        for one in spoken_in(notebook, cut)
    }


def typed_texts(notebook: Notebook) -> frozenset[str]:
    """Every text with a letter that the code of a notebook types."""
    return frozenset().union(*(_typed_in(cell.source) for cell in notebook.code))


@lru_cache(maxsize=2048)
def _typed_in(source: str) -> frozenset[str]:
    tree = python_tree(source)
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)] if tree is not None else []
    return frozenset(text for text in texts if isinstance(text, str) and re.search(r"[^\W\d_]", text))


def complete_in(notebook: Notebook, language: str) -> bool:
    """Whether every English cell of a cut has its twin."""
    return all(twin is not None for _, twin in pairs(notebook, language))


def pairs(notebook: Notebook, language: str) -> Iterator[tuple[Cell, Cell | None]]:
    """Every English Markdown cell that says something, with its twin in a language if it has one."""
    english: Cell | None = None
    for cell in notebook.cells:
        if english is not None and cell.language == language and TERMS not in cell.tags:
            yield english, cell
            english = None
        elif english is not None and not cell.language:
            yield english, None
            english = None
        if cell.kind == "markdown" and not cell.language and cell.source.strip():
            english = cell
    if english is not None:
        yield english, None


def in_english(notebook: Notebook) -> Notebook:
    """The notebook as it is read in English: cells of other languages are empty, so that all keep their numbers."""
    return replace(notebook, cells=tuple(_empty(cell) if cell.language else cell for cell in notebook.cells))


def told_in(notebook: Notebook, language: str) -> Notebook:
    """The notebook as it is read in another language: each English cell says what its twin says."""
    twins = {english.number: twin for english, twin in pairs(notebook, language) if twin is not None}
    cells = tuple(replace(c, source=twins[c.number].source) if c.number in twins else c for c in notebook.cells)
    return in_english(replace(notebook, cells=cells))


def _empty(cell: Cell) -> Cell:
    return Cell("raw", "", (), cell.number)


def digest_of(english: Cell) -> str:
    """What a twin notes of the English cell it was checked against.

    >>> digest_of(Cell("markdown", "# A", (), 1))
    '327f031b25e0'
    """
    return digest(english.source)[:DIGITS]


def twin_problems(notebook: Notebook, language: str) -> list[str]:
    """Everything that keeps a notebook from being told in a language: missing, old and unlike twins."""
    found, followed = [], set()
    for english, twin in pairs(notebook, language):
        where = f"{notebook.stem}, cell {english.number}"
        if twin is None:
            told = f"has no twin in {language}: write a Markdown cell tagged {LANGUAGE}{language} directly after it"
            found.append(f"{where} {told} ({english.first_line[:60]!r})")
            continue
        if twin.twin != digest_of(english):
            found.append(
                f"{where} is not the text that cell {twin.number} ({language}) was checked against: bring the twin up "
                f"to it, then run `analysis translated {notebook.stem.partition('_')[0]}`"
            )
        followed.add(twin.number)
        both = f"{where} and its twin, cell {twin.number}"
        found += [f"{both}: {unlike}" for unlike in _unlike(english.source, twin.source)]
    for cell in notebook.cells:
        if cell.language == language and TERMS not in cell.tags and cell.number not in followed:
            found.append(f"{notebook.stem}, cell {cell.number} ({language}) does not follow an English Markdown cell")
    return found


def _unlike(english: str, other: str) -> Iterator[str]:
    """What one of two texts speaks of and the other does not, and headings that have no counterpart."""
    here, there = mentions(english), mentions(other)
    for told, names in (("only the English speaks of", here - there), ("only the twin speaks of", there - here)):
        if names:
            yield f"{told} {', '.join(name for _, name in sorted(names))}"
    levels = [re.findall(r"^(#{1,6}) ", text, flags=re.MULTILINE) for text in (english, other)]
    if levels[0] != levels[1]:
        yield "their headings are not of the same number and levels"


def terms_of(project: Project, notebook: Notebook, language: str, *, drawn: bool = False) -> dict[str, str]:
    """What the code's English words are called in a language: those many notebooks share, and the notebook's own.

    ``drawn`` leaves out what is said of datasets, since no figure says it. Raises AnalysisError for unsound rows.
    """
    shared = dict(shared_terms(project.catalog / f"terms.{language}.yml"))
    if not drawn:
        shared |= shared_terms(project.catalog / f"datasets.{language}.yml")
    found = {**_of_invented(project, shared), **shared}
    for cell in notebook.cells:
        if cell.language == language and TERMS in cell.tags:
            found |= _rows(notebook, cell)
    return found


def _rows(notebook: Notebook, cell: Cell) -> dict[str, str]:
    found: dict[str, str] = {}
    table = [line.strip() for line in cell.source.splitlines() if line.strip().startswith("|")]
    for line in table[2:]:
        parts = [part.strip().replace("\\|", "|") for part in _BAR.split(line)[1:-1]]
        where = f"{notebook.stem}, cell {cell.number}: {line!r}"
        if len(parts) != 2 or not all(parts):
            raise AnalysisError(f"{where} is not a row `| English | {cell.language} |` (write | within a text as \\|)")
        if found.get(parts[0], parts[1]) != parts[1]:
            raise AnalysisError(f"{where} stands twice, with different words")
        if unlike := [text for text in _unlike(*parts) if "heading" not in text]:
            raise AnalysisError(f"{where}: {'; '.join(unlike)}")
        found[parts[0]] = parts[1]
    return found


def shared_terms(path: Path) -> Mapping[str, str]:
    """The terms of a file such as ``data/catalog/terms.es.yml``; none where there is no such file."""
    return _shared(path.read_text(encoding="utf-8"), path.name) if path.is_file() else {}


@cache
def _shared(text: str, name: str) -> Mapping[str, str]:
    content = read_yaml(text) or {}
    for english, other in content.items():
        if not isinstance(english, str) or not isinstance(other, str):
            raise AnalysisError(f"{name}: {english!r} must be a text with its translation")
    return dict(content)


def _of_invented(project: Project, shared: Mapping[str, str]) -> dict[str, str]:
    """The terms that name the real places once more for the invented ones, which the sample is about."""
    real, invented = city(project, "live"), city(project, "sample")
    places = [(getattr(real, kind), getattr(invented, kind)) for kind in ("county", "city", "state")]
    found = {}
    for english, other in shared.items():
        renamed, told = english, other
        for here, there in places:
            renamed = renamed.replace(here, there)
            told = told.replace(shared.get(here, here), shared.get(there, there))
        if renamed != english:
            found[renamed] = told
    return found


def missing_terms(notebook: str, language: str, missing: Mapping[str, None]) -> AnalysisError:
    """The error for words of the code that have no translation, with the rows to paste."""
    rows = "\n".join(f"| {text.replace('|', chr(92) + '|')} |  |" for text in missing)
    return AnalysisError(
        f"{notebook}: {len(missing)} of the code's texts have no words in {language!r}; add these rows to its cell "
        f"tagged {LANGUAGE}{language} and {TERMS}, and fill in the second column:\n"
        f"| English | {said('language', language=language)} |\n|---|---|\n{rows}"
    )


def note_twins(path: Path) -> tuple[int, list[str]]:
    """Write into every twin of a notebook the digest of its English cell, as checked.

    Returns how many changed, and what is still wrong.
    """
    notebook = read_notebook(path)
    text = path.read_text(encoding="utf-8")
    content = json.loads(text)
    changed = 0
    for language in languages_of(notebook):
        for english, twin in pairs(notebook, language):
            if twin is not None and twin.twin != digest_of(english):
                content["cells"][twin.number - 1]["metadata"]["twin"] = digest_of(english)
                changed += 1
    if changed:
        put(path, json.dumps(content, indent=_indent(text), ensure_ascii=False) + "\n")
    after = read_notebook(path)
    return changed, [problem for language in languages_of(after) for problem in twin_problems(after, language)]


def _indent(text: str) -> int:
    found = re.match(r"\{\n( +)", text)
    return len(found[1]) if found else 1
