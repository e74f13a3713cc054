"""What Spanish does with its words: plurals, conjunctions, syllables."""

from __future__ import annotations

import re

from analysis.project import AnalysisError

_STRONG, _WEAK = "aeoáéíóú", "iuü"


def plural(noun: str, number: float) -> str:
    """A noun as it agrees with a number; of several words both forms are given, ``sector censal / sectores censales``.

    >>> plural("lugar", 1), plural("lugar", 3), plural("vez", 2), plural("sector", 0), plural("interés", 2)
    ('lugar', 'lugares', 'veces', 'sectores', 'intereses')
    >>> plural("sector censal / sectores censales", 2)
    'sectores censales'
    """
    one, slash, many = noun.partition(" / ")
    if slash:
        return one if abs(number) == 1 else many
    if " " in noun:
        raise AnalysisError(f"plural({noun!r}): write both forms, 'singular / plural'")
    if abs(number) == 1:
        return noun
    if re.search(r"[aeiouáéó]$", noun):
        return noun + "s"
    if noun.endswith("z"):
        return noun[:-1] + "ces"
    accented = re.sub(r"([áéíóú])([ns])$", lambda end: _PLAIN[end[1]] + end[2], noun)
    return noun if re.search(r"[^áéíóú]s$", noun) and _long(noun) else accented + "es"


_PLAIN = dict(zip("áéíóú", "aeiou", strict=True))


def _long(noun: str) -> bool:
    """Whether a noun in -s has more than one syllable and so keeps its form: el lunes, los lunes."""
    return syllables(noun) > 1


def conjunction(joiner: str, before: str) -> str:
    """``y`` or ``o`` before a word; ``e`` before the sound i, ``u`` before the sound o.

    The H of a name is breathed, as in the English names of Los Angeles, so it changes nothing.

    >>> [conjunction("and", word) for word in ("Inglewood", "hierro", "Aldea")], conjunction("or", "8 de mayo")
    (['e', 'y', 'y'], 'u')
    >>> conjunction("and", "Historic Filipinotown"), conjunction("or", "Hollywood"), conjunction("or", "Olympic Park")
    ('y', 'o', 'u')
    """
    name = before.lstrip("«“\"'(")
    if name.startswith("H"):
        return "y" if joiner == "and" else "o"
    first = name.lower()
    if joiner == "and":
        return "e" if re.match(r"h?[iíy](?![aeouáéóú])", first) and not re.match(r"y\b", first) else "y"
    return "u" if re.match(r"h?[oó]|8|11(?!\d)", first) else "o"


def contracted(text: str) -> str:
    """``de el`` and ``a el`` in one word; the article of a name is left alone.

    >>> contracted("de el ingreso mediano"), contracted("a el Distrito 9"), contracted("de El Sereno")
    ('del ingreso mediano', 'al Distrito 9', 'de El Sereno')
    """
    return re.sub(r"\b(de|a) el\b", lambda found: "del" if found[1] == "de" else "al", text)


def label(name: str) -> str:
    """A name as it stands alone, without the article that it has in a sentence.

    >>> label("el Distrito 9 del Concejo"), label("condado de Los Ángeles"), label("Los Ángeles")
    ('Distrito 9 del Concejo', 'Condado de Los Ángeles', 'Los Ángeles')
    """
    alone = re.sub(r"^(?:el|la|los|las) ", "", name)
    return alone[:1].upper() + alone[1:]


def syllables(word: str) -> int:
    """Syllables of a word: strong vowels make one each, weak ones lean on their neighbours.

    >>> [syllables(word) for word in ("casa", "ciudad", "país", "barrio", "hacia", "leer", "guerra", "muy", "2018")]
    [2, 2, 2, 2, 2, 2, 2, 1, 2]
    """
    plain = word.lower()
    if re.search(r"\d", plain):
        return 2
    plain = re.sub(r"qu(?=[eiéí])|gu(?=[eiéí])", "k", plain)
    plain = re.sub(r"y(?![aeiouáéíóú])", "i", plain)
    count = 0
    for group in re.findall(r"[aeiouáéíóúü]+", plain):
        strong = sum(letter in _STRONG for letter in group)
        count += max(1, strong)
    return max(1, count)
