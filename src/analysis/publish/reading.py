"""How long and how hard a text is: words and the Flesch–Kincaid grade.

Grade = 0.39 × words per sentence + 11.8 × syllables per word − 15.59 (Kincaid, Fishburne, Rogers and Chissom
1975, Navy Research Branch Report 8-75).

Syllables of a word: its groups of vowels (a, e, i, o, u, y), less one for a silent ending (-e but not -le after a
consonant; -es but not after s, x, z, c, g, ch, sh; -ed but not after t or d), at least one. A number counts as one
word of two syllables, because readers say it in a word or several and nobody agrees how many.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*")
_VOWELS = re.compile(r"[aeiouyáéíóúü]+")


@dataclass(frozen=True)
class Measure:
    """Counts of one text; ``grade`` is NaN-free: an empty text has grade 0."""

    words: int
    sentences: int
    syllables: int

    @property
    def grade(self) -> float:
        """The Flesch–Kincaid grade."""
        if not self.words or not self.sentences:
            return 0.0
        return 0.39 * self.words / self.sentences + 11.8 * self.syllables / self.words - 15.59


def syllables(word: str) -> int:
    """Syllables of one word by the rule above.

    >>> [syllables(word) for word in ("cat", "table", "seemingly", "creature", "changes", "moved", "2018")]
    [1, 2, 3, 2, 2, 1, 2]
    """
    plain = word.lower()
    if re.search(r"\d", plain):
        return 2
    count = len(_VOWELS.findall(plain))
    silent = (
        (re.search(r"[^aeiouy]e$", plain) and not re.search(r"[^aeiouy]le$", plain))
        or re.search(r"[^aeioutdy]ed$", plain)
        or (re.search(r"[^aeiouysxzcg]es$", plain) and not re.search(r"(?:[cs]h|[^aeiouy]l)es$", plain))
    )  # fmt: skip
    return max(1, count - bool(silent))


def words_of(text: str) -> list[str]:
    """The words of a text; hyphenated words and decimal numbers are one.

    >>> words_of("Rents rose 39.2 percent, well-known facts.")
    ['Rents', 'rose', '39.2', 'percent', 'well-known', 'facts']
    """
    return _WORD.findall(text)


def measured(sentences: list[str]) -> Measure:
    """Counts over sentences; those without a word do not count as one.

    >>> round(measured(["The cat sat on the mat."]).grade, 2)
    -1.45
    """
    split = [words for words in map(words_of, sentences) if words]
    every = [word for words in split for word in words]
    return Measure(len(every), len(split), sum(sum(syllables(part) for part in word.split("-")) for word in every))
