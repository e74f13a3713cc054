"""A figure in every language its notebook is told in: the same data, laid out again around other words.

Labels are set where they fit, so a drawing cannot be translated afterwards. A form drawn in English is drawn once more
for each other language, its texts replaced by the notebook's terms; where a notebook has no other language, nothing
happens.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

import pandas as pd

from analysis.publish.wording import other_words, speaking, term, typed_term

Form = TypeVar("Form", bound=Callable[..., Any])

# Columns that code reads, not readers.
_KEYS = frozenset({"status", "status_column", "against_status", "signal", "key", "overlay_key"})
_LISTS = frozenset({"highlight", "order", "columns", "parts", "groups", "context"})


def spoken(*texts: str) -> Callable[[Form], Form]:
    """Let a form be drawn in other languages, too; ``texts`` are the arguments that are words, not names of columns.

    Values of the columns it draws, and names in ``highlight``, ``order``, …, are words of the code where the notebook
    types them, and data otherwise.
    """

    def wrapped(form: Form) -> Form:
        signature = inspect.signature(form)

        @wraps(form)
        def drawn(*args: Any, **options: Any) -> Any:
            drawing = form(*args, **options)
            others = {}
            for language, words in other_words().items():
                with speaking(language, words) as used:
                    given = signature.bind(*args, **options)
                    given.apply_defaults()
                    others[language] = form(**_worded(given.arguments, texts)), used
            return replace(drawing, others=others) if others else drawing

        return drawn  # type: ignore[return-value]

    return wrapped


def _worded(given: Mapping[str, Any], texts: Sequence[str]) -> dict[str, Any]:
    """The arguments of a form with every text in the language being spoken."""
    columns = _columns({name: value for name, value in given.items() if name not in texts})
    keys = {given[name] for name in _KEYS if isinstance(given.get(name), str)}
    worded: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, pd.DataFrame):
            worded[name] = _frame(value, (columns | {"label"}) - keys)
        elif name in texts or name == "events":
            worded[name] = _text(value)
        elif name in _LISTS:
            worded[name] = _listed(value)
        elif name == "labels" and value:
            worded[name] = {key: typed_term(text) for key, text in value.items()}
        else:
            worded[name] = value
    return worded


def _columns(given: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for value in given.values():
        parts = value if isinstance(value, list | tuple) else [value]
        found |= {part for part in parts if isinstance(part, str)}
    return found


def _text(value: Any) -> Any:
    """A text; a number or date with its text; several of them."""
    if isinstance(value, str):
        return term(value)
    if isinstance(value, tuple) and len(value) == 2 and not isinstance(value[0], str):
        return value[0], typed_term(value[1]) if isinstance(value[1], str) else value[1]
    return type(value)(_text(part) for part in value) if isinstance(value, list | tuple) else value


def _listed(value: Any) -> Any:
    if isinstance(value, str):
        return typed_term(value)
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return [typed_term(part) for part in value]
    return value


def _frame(frame: pd.DataFrame, columns: set[str]) -> pd.DataFrame:
    changed = {}
    for name in frame.columns:
        values = frame[name]
        if name not in columns or not (isinstance(values.dtype, pd.CategoricalDtype) or _words(values)):
            continue
        if isinstance(values.dtype, pd.CategoricalDtype):
            changed[name] = values.cat.rename_categories(lambda text: _value(text))
        else:
            changed[name] = values.map({text: _value(text) for text in values.dropna().unique()}, na_action="ignore")
    return frame.assign(**changed) if changed else frame


def _words(values: pd.Series) -> bool:
    if not (pd.api.types.is_object_dtype(values) or pd.api.types.is_string_dtype(values)):
        return False
    first = values.dropna()
    return bool(len(first)) and isinstance(first.iloc[0], str)


def _value(text: Any) -> Any:
    return typed_term(text) if isinstance(text, str) else text
