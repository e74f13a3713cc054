"""Citations for breaking health orders, in the layout of the county's list: invented businesses, no persons."""

from __future__ import annotations

from datetime import date, timedelta

from analysis.sample.names import CITY, TOWNS
from analysis.sample.randomness import stream
from analysis.sample.register import invented_name
from analysis.sample.wire import Cell, Raw, delimited

COUNT = 620
TWICE = 7
FIRST_DAY, LAST_DAY = date(2020, 6, 29), date(2021, 7, 8)
STUBBORN = 46
"""Citations of the one business that is cited again and again."""
_KINDS = (
    ("RESTAURANT (61-150) SEATS HIGH RISK", "KITCHEN"), ("RESTAURANT (31-60) SEATS HIGH RISK", "CAFE"),
    ("GYMS AND FITNESS CENTERS (NO POOL)", "GYM"), ("PERSONAL CARE (NAIL SALONS,UNP. MASSAGE,SPAS)", "SALON"),
    ("PLACES OF WORSHIP", "CHAPEL"), ("FOOD MKT RETAIL (2,000+ SF) LOW RISK", "MARKET"), ("OFFICE SITES", "OFFICES"),
)  # fmt: skip


def citation_file() -> Raw:
    """``citations.csv``, the latest day first; a few rows stand twice."""
    draw = stream("citations")
    span = (LAST_DAY - FIRST_DAY).days
    rows: list[list[Cell]] = []
    for number in range(COUNT):
        stubborn = number < STUBBORN
        what, trade = _KINDS[0 if stubborn else int(draw.integers(0, len(_KINDS)))]
        name = (
            invented_name(3, 5, trade)
            if stubborn
            else invented_name(int(draw.integers(18)), int(draw.integers(18)), trade)
        )
        city = CITY if draw.random() < 0.4 else TOWNS[int(draw.integers(0, len(TOWNS)))]
        day = FIRST_DAY + timedelta(int(draw.integers(0, span + 1)))
        place = f"{100 + number if not stubborn else 100} LANTERN WAY "
        rows.append([day.strftime("%m/%d/%Y"), name, place, (TOWNS[2] if stubborn else city).upper(), what])
    rows = [list(row) for row in dict.fromkeys(map(tuple, rows))]
    rows += [list(rows[13 * k + 60]) for k in range(TWICE)]
    rows.sort(key=lambda row: (str(row[0])[6:] + str(row[0])[:5], str(row[1])), reverse=True)
    header = ("Activity Date", "Name", "Address", "City", "Description")
    return delimited("covid_citations", header, rows, {"rows_twice": TWICE})
