"""What this process has published so far, and how it is shown to the person writing."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from html import escape
from typing import Any

from analysis.project import AnalysisError
from analysis.publish.payload import DOWNLOAD, FIGURE, FINDING, MAP, TABLE, Payload, plain

_KINDS = {FINDING: "finding", FIGURE: "figure", MAP: "figure", TABLE: "table", DOWNLOAD: "download"}


@dataclass(frozen=True)
class _Entry:
    payload: Any
    card: str
    text: str
    cell: str | None
    run: int | None


_published: dict[tuple[str, str], _Entry] = {}


def record(payload: Payload, *, card: str, text: str) -> None:
    """Keep ``payload`` under its name and, inside a notebook, leave it as the cell's output.

    A name may be used once; running the same cell again replaces it.
    """
    kind, name = _KINDS[payload.mime], str(payload.to_json()["name"])
    cell, run = _where()
    before = _published.get((kind, name))
    if before is not None and _clashes(before, cell, run):
        raise AnalysisError(f"{kind} {name!r} is published twice: every {kind} of a notebook needs its own name")
    _published[kind, name] = _Entry(payload, card, text, cell, run)
    shell = _shell()
    if shell is not None:
        bundle = {payload.mime: plain(payload), "text/html": card, "text/plain": text}
        shell.display_pub.publish(data=bundle, metadata={})


def show_again(payload: Payload) -> None:
    """Show the card of something recorded in an earlier cell; its payload stands there and is not repeated."""
    shell = _shell()
    entry = _published.get((_KINDS[payload.mime], str(payload.to_json()["name"])))
    if shell is None or (entry is not None and entry.run == _where()[1]):
        return
    data = {"text/plain": entry.text, "text/html": entry.card} if entry else {"text/plain": repr(payload)}
    shell.display_pub.publish(data=data, metadata={})


def recorded(kind: str) -> dict[str, Any]:
    """Name → payload of what was published so far of one kind: finding, figure (maps too), table, download."""
    return {name: entry.payload for (of, name), entry in _published.items() if of == kind}


def reset() -> None:
    """Forget everything, as a new kernel does."""
    _published.clear()


def card(title: str, facts: list[tuple[str, str]], *, lead: str = "") -> str:
    """A compact card for JupyterLab: no script, no style, everything escaped.

    >>> card("a<b", [("unit", "km")])
    '<div class="angeleno-card"><p><strong>a&lt;b</strong></p><table><tr><th>unit</th><td>km</td></tr></table></div>'
    """
    rows = "".join(f"<tr><th>{escape(key)}</th><td>{escape(value)}</td></tr>" for key, value in facts if value)
    first = f"<p>{escape(lead)}</p>" if lead else ""
    return f'<div class="angeleno-card"><p><strong>{escape(title)}</strong></p>{first}<table>{rows}</table></div>'


def _clashes(before: _Entry, cell: str | None, run: int | None) -> bool:
    if run is None or before.run is None:  # plain Python: nothing is run again
        return True
    if run == before.run:  # twice in one run of one cell
        return True
    if cell is None or before.cell is None:  # a console cannot tell a second run from a second use
        return False
    return cell != before.cell


def _where() -> tuple[str | None, int | None]:
    """Identity of the running cell, if the frontend tells it, and its execution count."""
    shell = _shell()
    if shell is None:
        return None, None
    header = getattr(shell, "parent_header", None) or {}
    cell = (header.get("metadata") or {}).get("cellId")
    return (str(cell) if cell else None), int(shell.execution_count)


def _shell() -> Any:
    """The running IPython shell; None in plain Python, without importing IPython to find out."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None
