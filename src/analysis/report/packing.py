"""Data as a page carries them: column by column, each in the shortest of a few plain forms.

A column is a list of values, or an object: ``{"of": [...], "at": ...}`` holds different values once and says for each
row which it is (a sign of base 36 a row, or a list of numbers where there are more); ``{"lead", "rest", "tail"}`` holds
what all texts begin and end with once; ``{"same": name, "column": i}`` points to an equal column of another exhibit of
the page. ``data.js`` reads them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
WORTH_SHARING = 200
"""Bytes from which a column is pointed to rather than repeated."""


def packed(values: Sequence[Any]) -> Any:
    """The shortest form of one column.

    >>> packed(["Not in it", "Not in it", "In it", "Not in it", None, "In it"])
    {'of': ['Not in it', 'In it', None], 'at': '001021'}
    >>> packed(["Census Tract 1", "Census Tract 20", "Census Tract 21"])
    {'lead': 'Census Tract ', 'rest': ['1', '20', '21']}
    >>> packed([1.5, 2.5])
    [1.5, 2.5]
    """
    return shortest(values)[0]


def shortest(values: Sequence[Any]) -> tuple[Any, str]:
    """The shortest form of one column, and its text on a page."""
    forms = [list(values), *_by_value(values), *_by_affix(values)]
    return min(((form, written(form)) for form in forms), key=lambda pair: len(pair[1]))


def unpacked(column: Any, others: Mapping[str, Sequence[Any]] | None = None) -> list[Any]:
    """The values of a packed column; ``others`` are the packed columns of other exhibits, by name.

    >>> unpacked({"of": ["a", "b"], "at": "0110"}), unpacked({"lead": "x", "rest": ["1", "2"]})
    (['a', 'b', 'b', 'a'], ['x1', 'x2'])
    """
    if isinstance(column, list):
        return column
    if "same" in column:
        return unpacked((others or {})[column["same"]][column["column"]], others)
    if "of" in column:
        at = column["at"]
        places = (DIGITS.index(sign) for sign in at) if isinstance(at, str) else at
        return [column["of"][place] for place in places]
    return [column.get("lead", "") + text + column.get("tail", "") for text in column["rest"]]


def _by_value(values: Sequence[Any]) -> list[Any]:
    kinds = set(map(type, values))
    # Among texts, whole numbers and nothing, what is equal is the same; 1, 1.0 and true are equal and are not.
    plain = kinds <= {str, type(None)} or kinds <= {int, type(None)}
    keys = values if plain else list(map(repr, values))
    order: dict[Any, int] = {}
    for key in keys:
        order.setdefault(key, len(order))
    if len(order) > len(values) / 2:
        return []
    at = [order[key] for key in keys]
    first = dict(zip(reversed(keys), reversed(values), strict=True))
    short = len(order) <= len(DIGITS)
    return [{"of": [first[key] for key in order], "at": "".join(DIGITS[place] for place in at) if short else at}]


def _by_affix(values: Sequence[Any]) -> list[Any]:
    if len(values) < 2 or not all(isinstance(value, str) for value in values):
        return []
    lead = _start(values)
    rest = [value[len(lead) :] for value in values]
    tail = _start([value[::-1] for value in rest])[::-1]
    rest = [value[: len(value) - len(tail)] for value in rest]
    ends = {name: text for name, text in (("lead", lead), ("tail", tail)) if text}
    return [{**ends, "rest": rest}] if ends else []


def _start(texts: Sequence[str]) -> str:
    """What all texts begin with: whatever the first and the last in order have in common."""
    least, most = min(texts), max(texts)
    same = next((i for i, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), min(len(least), len(most)))
    return least[:same]


def written(value: Any) -> str:
    """A value as the page writes it, to measure and to compare.

    >>> written([1, None, "é"])
    '[1,null,"é"]'
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


class Shelf:
    """The columns a page already carries."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, int]] = {}

    def put(self, exhibit: str, columns: Sequence[Any]) -> list[Any]:
        """The packed columns of an exhibit; those that stand elsewhere on the page are pointed to."""
        found = []
        for place, column in enumerate(columns):
            text = written(column)
            if len(text) < WORTH_SHARING:
                found.append(column)
                continue
            name, at = self._held.setdefault(text, (exhibit, place))
            found.append(column if (name, at) == (exhibit, place) else {"same": name, "column": at})
        return found
