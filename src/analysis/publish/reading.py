"""How long and how hard a text is: words, the Flesch–Kincaid grade, and the INFLESZ index of Spanish texts.

Grade = 0.39 × words per sentence + 11.8 × syllables per word − 15.59 (Kincaid, Fishburne, Rogers and Chissom
1975, Navy Research Branch Report 8-75).

Syllables of a word: its groups of vowels (a, e, i, o, u, y), less one for a silent ending (-e but not -le after a
consonant; -es but not after s, x, z, c, g, ch, sh; -ed but not after t or d), at least one. A number counts as one
word of two syllables, because readers say it in a word or several and nobody agrees how many.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from analysis.publish import spanish
from analysis.publish.wording import ENGLISH, language

_WORD = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*")
_VOWELS = re.compile(r"[aeiouyáéíóúü]+")


@dataclass(frozen=True)
class Measure:
    """Counts of one text; ``grade`` is NaN-free: an empty text has grade 0."""

    words: int
    sentences: int
    syllables: int

    @property
    def ease(self) -> float:
        """The INFLESZ index of a Spanish text: the higher, the easier; 55 to 65 is normal, below 40 very hard.

        206.84 − 62.3 × syllables per word − words per sentence (Szigriszt Pazos 1993; scale of Barrio-Cantalejo and
        others 2008, Anales del Sistema Sanitario de Navarra 31).

        >>> round(Measure(20, 2, 40).ease, 1)
        72.2
        """
        if not self.words or not self.sentences:
            return 0.0
        return 206.84 - 62.3 * self.syllables / self.words - self.words / self.sentences

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
    count = syllables if language() == ENGLISH else spanish.syllables
    return Measure(len(every), len(split), sum(sum(count(part) for part in word.split("-")) for word in every))
