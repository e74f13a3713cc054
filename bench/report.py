"""``RESULTS.md``: tables written from what was measured, around words that a person wrote and that stay."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.machine import description
from bench.peers import ALL, FLOOR, OURS
from bench.peers.peer import FULL, NOTHING, TOUCHED
from bench.results import Row, Summary, fastest, measured, ratio, slope, summary

RESULTS = Path(__file__).parent / "RESULTS.md"
BEGIN, END = "<!-- written by hand: begin -->", "<!-- written by hand: end -->"
_WORDS = re.compile(re.escape(BEGIN) + r"\n(?P<words>.*?)" + re.escape(END), re.DOTALL)
_START = """\
- Full build: what lies between the floor and this project's build, and how much of it is printing pages:
- Nothing stale: what a process that has nothing to do still does:
- Briefs: from how many on one more costs more, and why; what holds the memory:
"""

Size = tuple[int, int, int]


def write(rows: Sequence[Row], size: Size, path: Path = RESULTS) -> None:
    """Write the file anew; the part between the two marks stays as it is."""
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    path.write_text(text(rows, size, kept_words(before)), encoding="utf-8")


def kept_words(before: str) -> str:
    """What a person wrote into an earlier version.

    >>> kept_words(f"a\\n{BEGIN}\\nIt bends.\\n{END}\\nb")
    'It bends.\\n'
    """
    found = _WORDS.search(before)
    return found["words"] if found else _START


def text(rows: Sequence[Row], size: Size, words: str) -> str:
    """The whole file."""
    wide = [row for row in rows if row.size == size]
    parts = [
        "# How long builds take\n",
        about(wide, size),
        "## The same test set, every way\n",
        peers_table(wide),
        goals(wide),
        floor_parts(wide),
        failures(wide),
        left_behind(wide),
        "## Very many short pages\n",
        curve_table([row for row in rows if row.measure == "briefs"]),
        "## Start-up\n",
        start(rows),
        "## Where it bends, and why\n",
        f"{BEGIN}\n{words}{END}\n",
        "Rows in a table instead of pages: see `ROWS.md`, where it stands.\n",
    ]
    return "\n".join(part for part in parts if part)


def about(rows: Sequence[Row], size: Size) -> str:
    """What was measured, when and on what."""
    notebooks, values, workers = size
    days = sorted({row.when[:10] for row in rows if row.when}) or [datetime.now(UTC).strftime("%Y-%m-%d")]
    loads = [row.load for row in rows if row.load is not None]
    busy = f" Load of the machine before each build: median {median(loads):.1f}." if loads else ""
    if loads and median(loads) > workers + 1:
        busy += " **Other work ran at the same time: the ratios say something, the seconds little.**"
    return (
        f"{notebooks} notebooks, one of them over {values} more values of its parameter: {notebooks + values} runs, "
        f"each an executed notebook and an HTML page; {workers} workers. Written by `python -m bench report` from the "
        f"measurements of {' and '.join(dict.fromkeys([days[0], days[-1]]))}; medians, least and most in brackets. "
        f"Ratios are medians of the ratios within a round, in which all take turns.{busy}\n\n{description()}\n"
    )


def peers_table(rows: Sequence[Row]) -> str:
    """One line a participant, slowest last."""
    lines = [
        "| way | full, s | × floor | of processors, s | nothing stale, s | one notebook touched, s | rounds |",
        "|---|---|---|---|---|---|---|",
    ]
    known = [peer for peer in ALL if measured(rows, peer.name, FULL)]
    for peer in sorted(known, key=lambda peer: median(measured(rows, peer.name, FULL))):
        made = {what: summary(measured(rows, peer.name, what)) for what in (FULL, NOTHING, TOUCHED)}
        label = f"**{peer.label}**" if peer.name in (*OURS, FLOOR) else peer.label
        times = to_floor(rows, peer.name)
        cells = [label, spoken(made[FULL]), f"{times:.2f}" if times else "–", spoken(worked(rows, peer.name))]
        full = made[FULL]
        rounds = str(full.rounds) if full else "0"
        lines.append("| " + " | ".join([*cells, spoken(made[NOTHING]), spoken(made[TOUCHED]), rounds]) + " |")
    return "\n".join(lines) + "\n"


def worked(rows: Sequence[Row], participant: str) -> Summary | None:
    """Seconds that all processors together worked on a full build."""
    found = [row for row in rows if row.participant == participant and row.measure == FULL]
    return summary([row.processor for row in found if row.processor is not None])


def to_floor(rows: Sequence[Row], participant: str) -> float | None:
    """The median over rounds of how many times as long as the floor's a full build was."""
    return between(rows, participant, FLOOR, FULL)


def between(rows: Sequence[Row], one: str, other: str, what: str) -> float | None:
    """The median over rounds of the ratio of two participants within a round; None without a common round."""
    times: dict[str, dict[int, float]] = {one: {}, other: {}}
    for row in rows:
        if row.participant in times and row.measure == what and row.seconds is not None:
            times[row.participant][row.round] = row.seconds
    found = [times[one][number] / times[other][number] for number in sorted(times[one].keys() & times[other].keys())]
    return median(found) if found else None


def spoken(found: Summary | None) -> str:
    """A median with its range.

    >>> spoken(Summary(12.34, 12.0, 13.0, 3)), spoken(Summary(0.031, 0.031, 0.031, 1)), spoken(None)
    ('12.3 (12.0–13.0)', '0.03', '–')
    """
    if found is None:
        return "–"
    places = 1 if found.median >= 1 else 2
    middle = f"{found.median:.{places}f}"
    return middle if found.rounds == 1 else f"{middle} ({found.least:.{places}f}–{found.most:.{places}f})"


def goals(rows: Sequence[Row]) -> str:
    """Ours against the floor and against the fastest peer of each measure."""
    others = [peer.name for peer in ALL if peer.name not in (*OURS, FLOOR)]
    labels = {peer.name: peer.label for peer in ALL}
    lines = []
    times = to_floor(rows, "angeleno")
    if times:
        lines.append(f"- Full build: {times:.2f} × the floor.")
    for what, said in ((FULL, "Full build"), (TOUCHED, "One notebook touched"), (NOTHING, "Nothing stale")):
        found = {name: summary(measured(rows, name, what)) for name in others}
        best = fastest(found, without=())
        share = between(rows, "angeleno", best, what) if best else None
        if best and share:
            times_as_fast = f", that is {1 / share:.2f} × as fast" if what == FULL else ""
            lines.append(f"- {said}: {share:.2f} × the fastest peer's ({labels[best]}){times_as_fast}.")
    return "\n".join(lines) + "\n" if lines else ""


def floor_parts(rows: Sequence[Row]) -> str:
    """Of what the floor's seconds consist."""
    found = [row for row in rows if row.participant == FLOOR and "start" in row.more]
    if not found:
        return ""
    part = {name: median(row.more[name] for row in found) for name in ("start", "warm", "cells", "drawing")}
    return (
        f"Of the floor's wall, {part['start']:.1f} s are the start of the interpreter, the imports and the forks, and "
        f"{part['warm']:.1f} s the work on warm workers: {part['cells']:.1f} s of cells on all of them together, in "
        f"which {part['drawing']:.1f} s are the drawing of figures.\n"
    )


def left_behind(rows: Sequence[Row]) -> str:
    """Participants that keep processes alive after the command ended; empty where none does."""
    labels = {peer.name: peer.label for peer in ALL}
    found = {row.participant: int(row.more["left"]) for row in rows if row.more.get("left")}
    lines = [f"- {labels.get(name, name)}: {count}" for name, count in found.items()]
    return "Processes still there after the command had ended:\n\n" + "\n".join(lines) + "\n" if lines else ""


def failures(rows: Sequence[Row]) -> str:
    """Participants that could not be set up or did not deliver, with what they said; the last word of each counts."""
    last: dict[str, Row] = {}
    for row in rows:
        last[row.participant] = row
    failed = {name: row for name, row in last.items() if row.error}
    labels: Mapping[str, str] = {peer.name: peer.label for peer in ALL}
    lines = [f"- {labels.get(name, name)} ({row.measure}): {row.error}" for name, row in failed.items()]
    return "Not measured to the end:\n\n" + "\n".join(lines) + "\n" if lines else ""


def curve_table(rows: Sequence[Row]) -> str:
    """Seconds and memory by number of briefs; the last measurement of each number counts."""
    last = {row.size[1]: row for row in rows if row.seconds is not None}
    if not last:
        return "Not measured yet.\n"
    sizes = sorted(last)
    seconds = [last[size].seconds or 0.0 for size in sizes]
    more = [None, *slope(sizes, seconds)]
    lines = [
        "| briefs | s | s each | s for one more | of a worker, beyond its own cells | peak GB, all processes |",
        "|---|---|---|---|---|---|",
    ]
    for size, took, one_more in zip(sizes, seconds, more, strict=True):
        row = last[size]
        beyond = None if one_more is None else one_more * row.size[2] - row.more["cells"]
        cells = [
            f"{size:,}",
            f"{took:.1f}",
            f"{took / size:.3f}",
            "–" if one_more is None else f"{one_more:.3f}",
            "–" if beyond is None else f"{beyond:.3f}",
            f"{row.more['peak'] / 1024**3:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    cells_alone = median(last[size].more["cells"] for size in sizes)
    return "\n".join(lines) + f"\n\nThe cells of one brief alone, warm: {cells_alone:.3f} s.\n"


def start(rows: Sequence[Row]) -> str:
    """Start-up of the command line."""
    named = summary(measured(rows, "angeleno", "start-help"))
    bare = summary(measured(rows, "angeleno", "start-interpreter"))
    if named is None or bare is None:
        return "Not measured yet.\n"
    times = ratio(named.median, bare.median)
    spread = f"{named.least:.3f}–{named.most:.3f}, {named.rounds} times"
    return (
        f"`analysis --help` answers in {named.median:.3f} s ({spread}); the interpreter alone needs "
        f"{bare.median:.3f} s ({times:.1f} ×).\n"
    )
