"""A table in another language, from what is recorded of it in English.

Numbers are written alike in English and in the Spanish of the United States; what changes are the words: labels and
texts (the notebook's terms), units, dates, ranges and the meaning of symbols.
"""

from __future__ import annotations

import re
from dataclasses import replace

from analysis.publish.payload import Json, Table
from analysis.publish.units import NBSP, written_date
from analysis.publish.wording import ENGLISH, language, said, term, typed_term

_RANGE = f"{NBSP}to{NBSP}"


def retold(table: Table) -> Table:
    """The table in the language being spoken; itself in English."""
    if language() == ENGLISH:
        return table
    columns = tuple(_column(column) for column in table.columns)
    rows = tuple(
        {**row, "cells": [_cell(cell, column) for cell, column in zip(row["cells"], table.columns, strict=True)]}
        for row in table.rows
    )
    return replace(table, columns=columns, rows=rows, symbols=tuple(_symbol(*symbol) for symbol in table.symbols))


def _column(column: Json) -> Json:
    return {
        **column,
        "label": term(column["label"]),
        "note": term(column["note"]) if column["note"] else column["note"],
        "unit_label": _unit_label(column),
    }


def _unit_label(column: Json) -> str:
    if column["unit"] == "dollars":
        for kind in ("real", "nominal"):
            pattern = re.escape(said("dollars", kind, language=ENGLISH)).replace(r"\{year\}", r"(\d+)")
            if year := re.fullmatch(pattern, column["unit_label"]):
                return str(said("dollars", kind)).format(year=year[1])
    return str(said("units", column["unit"])[2]) if column["unit"] in said("units") else str(column["unit_label"])


def _cell(cell: Json, column: Json) -> Json:
    if cell["status"] != "ok":
        return {**cell, "text": said("symbols", cell["status"])[0]}
    text = str(cell["text"])
    if column["unit"] == "date":
        return {**cell, "text": written_date(str(cell["sort"])[:10])}
    if column["align"] != "right":
        return {**cell, "text": typed_term(text)}
    return {**cell, "text": number_words(text)}


def number_words(text: str) -> str:
    """A worded number of a table, whose range and large units have words.

    >>> from analysis.publish.wording import speaking
    >>> with speaking("es"):
    ...     number_words("1.2\xa0million (1.1\xa0million\xa0to\xa01.3\xa0million)").replace(NBSP, " ")
    '1.2 millones (1.1 millones a 1.3 millones)'
    """
    low, to, high = text.partition(_RANGE)
    if to:
        start, paren, low = low.rpartition("(")
        span = str(said("span")).format(low=low, high=high).replace(" ", NBSP)
        text = start + paren + span
    return re.sub(rf"([\d,.]+){NBSP}(million|billion)\b", _scaled, text)


def _scaled(number: re.Match[str]) -> str:
    one, many = said("big", number[2])
    return f"{number[1]}{NBSP}{one if number[1] == '1' else many}"


def _symbol(symbol: str, meaning: str) -> tuple[str, str]:
    entries = said("symbols", language=ENGLISH)
    status = next(name for name, (_, known) in entries.items() if known == meaning)
    shown, told = said("symbols", status)
    return shown, told
