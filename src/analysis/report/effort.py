"""What a build cost and where the time went, in words and a table."""

from __future__ import annotations

from analysis.report.build import Effort
from analysis.report.progress import duration


def explained(effort: Effort) -> str:
    """Where the time of a build went, report by report and for its workers together.

    A worker is busy from the moment it takes a report until the page is in place. Of that time, seconds inside cells
    are the notebooks' own; the rest is ours: forks, parameters, records, printing.
    """
    made = sorted((o for o in effort.outcomes if o.seconds), key=lambda outcome: -sum(outcome.seconds.values()))
    lines = [f"{'seconds':>8} {'in cells':>8} {'printing':>8} {'rest':>6} {'MB':>6}  report"]
    for outcome in made:
        whole, page = sum(outcome.seconds.values()), outcome.seconds.get("print", 0.0)
        megabytes = f"{outcome.megabytes:.0f}" if outcome.megabytes is not None else "–"
        rest = whole - outcome.cells - page
        lines.append(f"{whole:8.2f} {outcome.cells:8.2f} {page:8.2f} {rest:6.2f} {megabytes:>6}  {outcome.name}")
    busy = sum(sum(outcome.seconds.values()) for outcome in made)
    cells = sum(outcome.cells for outcome in made)
    workers = max(1, effort.workers)
    if busy:
        inside = f"{100 * cells / busy:.0f} percent of the time workers were busy was inside notebook cells"
        idle = max(0.0, workers * effort.reporting - busy)
        lines.append(f"{inside} ({cells:.1f} of {busy:.1f} s); idle {idle:.1f} s over {workers} workers")
    lines.append(
        f"{duration(effort.wall)} from start to end, {duration(effort.reporting)} of them while reports were made"
    )
    return "\n".join(lines)


def cost_in_words(cost: tuple[float, float | None] | None) -> str:
    """What the last run of a report cost, as the end of a line; empty where it is not known.

    >>> cost_in_words((3.21, 412.0)), cost_in_words((3.21, None)), cost_in_words(None)
    ('  (last run 3.2 s, 412 MB)', '  (last run 3.2 s)', '')
    """
    if cost is None:
        return ""
    seconds, megabytes = cost
    return f"  (last run {duration(seconds)}" + (f", {megabytes:.0f} MB)" if megabytes is not None else ")")
