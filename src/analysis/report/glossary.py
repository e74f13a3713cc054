"""Terms a page explains, ``data/catalog/glossary.yml``: a term and one or two plain sentences each."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from analysis.plain_yaml import read_yaml
from analysis.project import AnalysisError


def load_glossary(path: Path) -> dict[str, str]:
    """The explanation of every term; empty where the project has no glossary.

    Raises AnalysisError when an entry is not text.
    """
    return dict(_read(path.read_text(encoding="utf-8"))) if path.is_file() else {}


@cache
def _read(text: str) -> tuple[tuple[str, str], ...]:
    content = read_yaml(text) or {}
    for term, meaning in content.items():
        if not isinstance(term, str) or not isinstance(meaning, str):
            raise AnalysisError(f"glossary.yml: {term!r} must be explained in plain text")
    return tuple((term, " ".join(meaning.split())) for term, meaning in content.items())
