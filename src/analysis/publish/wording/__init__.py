"""The words of the pages, one YAML file a language."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from analysis.project import AnalysisError


@cache
def wording(language: str = "en") -> dict[str, Any]:
    """The words of one language.

    >>> wording()["status"]["no_data"]
    'no data'
    """
    file = files(__package__) / f"{language}.yml"
    if not file.is_file():
        raise AnalysisError(f"no words for language {language!r}: write publish/wording/{language}.yml")
    words: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return words


def said(*path: str, language: str = "en") -> Any:
    """One entry of the wording by its path.

    >>> said("moved", "unchanged")
    'did not measurably change'
    """
    entry: Any = wording(language)
    for step in path:
        entry = entry[step]
    return entry
