"""The publishing policy, ``data/catalog/policy.yml``, as a typed object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from analysis.plain_yaml import read_yaml
from analysis.project import AnalysisError, current_project


@dataclass(frozen=True)
class Policy:
    """Rules that wording and publishing obey.

    ``minimum_count``: counts of people from 1 up to this (exclusive) are not published.
    ``minimum_events``: a rate on a smaller base is shown as a level.
    Levels are shares of 1; words and grade bound the length and difficulty of the prose.
    """

    minimum_count: int = 11
    minimum_events: int = 11
    acs_level: float = 0.90
    default_level: float = 0.95
    minimum_words: int = 800
    maximum_words: int = 1200
    brief_minimum_words: int = 250
    brief_maximum_words: int = 400
    reading_grade: float = 11.0
    literal_names: tuple[str, ...] = ()
    causal_verbs: tuple[str, ...] = ()
    languages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def causes_in(self, language: str) -> tuple[str, ...]:
        """Verbs that claim a cause in a language.

        >>> Policy(causal_verbs=("caused",), languages={"es": {"causal_verbs": ["causó"]}}).causes_in("es")
        ('causó',)
        """
        own = self.languages.get(language)
        return tuple(own["causal_verbs"]) if own else self.causal_verbs

    def read_in(self, language: str) -> Policy:
        """The same rules with the length and the reading measure of a language.

        Words of prose are longer or shorter in other languages, so limits are multiplied by ``words``.
        """
        own = self.languages.get(language)
        if not own:
            return self
        factor = float(own["words"])
        limits = ("minimum_words", "maximum_words", "brief_minimum_words", "brief_maximum_words")
        stretched = {name: round(factor * getattr(self, name)) for name in limits}
        return replace(self, **stretched, reading_grade=float(own["reading"]))

    def of_brief(self) -> Policy:
        """The same rules with the length of a brief.

        >>> Policy().of_brief().maximum_words
        400
        """
        return replace(self, minimum_words=self.brief_minimum_words, maximum_words=self.brief_maximum_words)


_PLACES = {
    "minimum_count": ("disclosure", "minimum_count"),
    "minimum_events": ("rates", "minimum_events"),
    "acs_level": ("intervals", "acs_level"),
    "default_level": ("intervals", "default_level"),
    "minimum_words": ("prose", "minimum_words"),
    "maximum_words": ("prose", "maximum_words"),
    "brief_minimum_words": ("prose", "brief_minimum_words"),
    "brief_maximum_words": ("prose", "brief_maximum_words"),
    "reading_grade": ("prose", "reading_grade"),
    "literal_names": ("prose", "literal_names"),
    "causal_verbs": ("prose", "causal_verbs"),
    "languages": ("prose", "languages"),
}


def read_policy(file: Path) -> Policy:
    """Read a policy; a rule that is missing is an error, because a default would hide a decision."""
    return _read(file, file.stat().st_mtime_ns) if file.is_file() else _absent(file)


@cache
def _read(file: Path, _changed: int) -> Policy:
    data: dict[str, Any] = read_yaml(file.read_text(encoding="utf-8")) or {}
    values: dict[str, Any] = {}
    for name, (section, key) in _PLACES.items():
        try:
            entry = data[section][key]
        except (KeyError, TypeError):
            raise AnalysisError(f"{file.name}: {section}.{key} is missing: state the rule") from None
        values[name] = tuple(str(item) for item in entry) if isinstance(entry, list) else entry
    return Policy(**values)


def _absent(file: Path) -> Policy:
    raise AnalysisError(f"no publishing policy at data/catalog/{file.name}: nothing may be published without one")


def current_policy() -> Policy:
    """The policy of the checkout in use."""
    return read_policy(current_project().catalog / "policy.yml")
