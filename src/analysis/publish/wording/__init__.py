"""The words of the pages, one YAML file a language, and which language is being spoken.

English is spoken unless :func:`speaking` says otherwise. Code holds English alone: what it says by itself is looked up
by a key (:func:`said`) or, in drawings and their descriptions, by the English sentence (:func:`told`); what a notebook
says in code (titles, labels, nouns) is looked up in the notebook's own list (:func:`term`).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from analysis.plain_yaml import read_yaml
from analysis.project import AnalysisError

ENGLISH, OTHERS = "en", ("es",)
"""What notebooks are written in, and the languages they can be told in besides."""
KERNEL_WORDS = "ANALYSIS_WORDS"
"""Environment variable in which a kernel is told the words of its notebook in other languages."""
_INVENTED = " (invented)"
_NUMBER = re.compile(r"\d[\d,.]*(?<![,.])")


@dataclass
class Terms:
    """What a notebook's English words are called in another language, and which of them were asked for.

    ``known`` maps an English text to its translation; that of a noun is ``singular / plural``. ``asked`` collects what
    was looked up, None where there was nothing, and ``missing`` what has to be known before a page may appear. ``{n}``
    stands for any number: ``{n}% of cells are empty``. ``typed`` are the texts that the notebook's code types: among
    data they are the ones that need a translation.
    """

    known: Mapping[str, str] = field(default_factory=dict)
    typed: frozenset[str] = frozenset()
    asked: dict[str, str | None] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)

    def of(self, english: str, *, needed: bool = True) -> str:
        """The translation, of a noun its singular; the English text, noted as missing if ``needed``, without one.

        >>> terms = Terms({"Trend": "Tendencia"})
        >>> terms.of("Trend"), terms.of("Rent"), list(terms.missing)
        ('Tendencia', 'Rent', ['Rent'])
        """
        found = self._asked(english, needed=needed)
        if found is None or "{{" in found:  # a template may hold both forms of a noun
            return english if found is None else found
        return found.partition(" / ")[0]

    def row(self, english: str) -> str | None:
        """What is known of a text, as it stands in the list; None where nothing is."""
        found = self.known.get(english)
        return self._composed(english) if found is None else found

    def _asked(self, english: str, *, needed: bool = True) -> str | None:
        found = self.row(english)
        self.asked[english] = found
        if found is None and needed and english.strip():
            self.missing[english] = None
        return found

    def _composed(self, english: str) -> str | None:
        """The translation of known texts joined by semicolons, and of texts known but for their numbers.

        >>> terms = Terms({"{n}% of cells are empty": "{n}% de las celdas están vacías", "late": "tarde"})
        >>> terms.of("38% of cells are empty; late"), terms.of("38% of rows; late")
        ('38% de las celdas están vacías; tarde', '38% of rows; late')
        """
        whole = english.removesuffix(_INVENTED)
        if whole != english:
            known, frame = self.known.get(whole) or self._composed(whole), self.known.get("{text}" + _INVENTED)
            return frame.format(text=known) if known and frame else None
        if "; " in english:
            parts = [self.known.get(part) or self._composed(part) for part in english.split("; ")]
            return None if None in parts else "; ".join(map(str, parts))
        numbers = _NUMBER.findall(english)
        pattern = self.known.get(_NUMBER.sub("{n}", english)) if numbers else None
        return None if pattern is None else re.sub(r"\{n\}", lambda _: numbers.pop(0), pattern)

    def noun(self, english: str) -> tuple[str, str]:
        """Singular and plural of a noun.

        >>> Terms({"wave": "ola / olas"}).noun("wave")
        ('ola', 'olas')
        """
        one, slash, many = (self._asked(english) or english).partition(" / ")
        return one, many if slash else one


@dataclass(frozen=True)
class Speech:
    """A language, and the words of the notebook that is being told in it."""

    language: str = ENGLISH
    terms: Terms = field(default_factory=Terms)


_spoken: ContextVar[Speech] = ContextVar("speech", default=Speech())  # noqa: B039 - nobody looks up English terms


def language() -> str:
    """The language being spoken.

    >>> language()
    'en'
    """
    return _spoken.get().language


def terms() -> Terms:
    """The words of the notebook in the language being spoken."""
    return _spoken.get().terms


@contextmanager
def speaking(language: str, terms: Terms | None = None) -> Iterator[Terms]:
    """Speak a language; ``terms`` are the notebook's words in it.

    >>> with speaking("es"):
    ...     said("status", "no_data")
    'sin datos'
    """
    spoken = Speech(language, terms if terms is not None else Terms())
    token = _spoken.set(spoken)
    try:
        yield spoken.terms
    finally:
        _spoken.reset(token)


def words_for_kernel(words: Mapping[str, Terms]) -> str:
    """The words of other languages as text for the environment of a kernel, which draws figures with them."""
    told = {name: {"known": dict(each.known), "typed": sorted(each.typed)} for name, each in sorted(words.items())}
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


def other_words() -> dict[str, Terms]:
    """The words of the other languages that the notebook run by this process is told in, unused ones."""
    return {name: Terms(known, typed) for name, (known, typed) in _given(os.environ.get(KERNEL_WORDS, "")).items()}


@cache
def _given(text: str) -> dict[str, tuple[dict[str, str], frozenset[str]]]:
    told = json.loads(text) if text else {}
    return {name: (each["known"], frozenset(each["typed"])) for name, each in told.items()}


@cache
def _read(language: str) -> dict[str, Any]:
    file = files(__package__) / f"{language}.yml"
    if not file.is_file():
        raise AnalysisError(f"no words for language {language!r}: write publish/wording/{language}.yml")
    words: dict[str, Any] = read_yaml(file.read_text(encoding="utf-8"))
    return words


def wording(language: str | None = None) -> dict[str, Any]:
    """The words of one language, of the one being spoken unless named.

    >>> wording()["status"]["no_data"]
    'no data'
    """
    return _read(language or _spoken.get().language)


def said(*path: str, language: str | None = None) -> Any:
    """One entry of the wording by its path.

    >>> said("moved", "unchanged")
    'did not measurably change'
    """
    entry: Any = wording(language)
    for step in path:
        entry = entry[step]
    return entry


def told(english: str, number: int | None = None, **values: object) -> str:
    """A sentence of a drawing, by its English template; ``number`` chooses the form where a language has two.

    >>> told("Values after {day} are incomplete and shaded.", day="May 1")
    'Values after May 1 are incomplete and shaded.'
    """
    template: Any = english
    if language() != ENGLISH:
        template = said("sentences").get(english)
        if template is None:
            raise AnalysisError(f"{language()}.yml has no words under `sentences` for {english!r}: write them")
        if isinstance(template, list):
            template = template[0 if number == 1 else 1]
    return str(template).format(**values)


def typed_term(text: str) -> str:
    """A text that stands among data: translated if the notebook has a term for it, which it needs if it typed it.

    A name in capitals stands alone there: it leaves the article it has in a sentence.

    >>> with speaking("es", Terms(typed=frozenset({"Least crowded"}))) as words:
    ...     typed_term("Venice"), typed_term("Least crowded"), list(words.missing)
    ('Venice', 'Least crowded', ['Least crowded'])
    >>> with speaking("es", Terms({"District 9": "el Distrito 9", "the rule is met": "la regla se cumple"})):
    ...     typed_term("District 9"), typed_term("the rule is met")
    ('Distrito 9', 'la regla se cumple')
    """
    told = term(text, needed=text in terms().typed)
    return as_label(told) if text[:1].isupper() else told


def term(english: str, *, needed: bool = True) -> str:
    """A text of the notebook's code in the language being spoken.

    >>> with speaking("es", Terms({"Trend": "Tendencia"})):
    ...     term("Trend")
    'Tendencia'
    """
    spoken = _spoken.get()
    return english if spoken.language == ENGLISH else spoken.terms.of(english, needed=needed)


def as_label(name: str) -> str:
    """A name as it stands alone, in a heading or a list, in the language being spoken.

    >>> with speaking("es"):
    ...     as_label("el Distrito 9 del Concejo")
    'Distrito 9 del Concejo'
    """
    if language() == ENGLISH:
        return name
    from analysis.publish import spanish

    return spanish.label(name)


def contracted(text: str) -> str:
    """A text put together from pieces, where the language being spoken writes two words as one.

    >>> with speaking("es"):
    ...     contracted("de el ingreso mediano")
    'del ingreso mediano'
    """
    if language() == ENGLISH:
        return text
    from analysis.publish import spanish

    return spanish.contracted(text)
