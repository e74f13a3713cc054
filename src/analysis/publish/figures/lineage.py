"""Where things come from: datasets into tables into whitepapers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures.columns import picked
from analysis.publish.figures.numbers import counted, in_words
from analysis.publish.figures.sheet import Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.wording import told

SLOT = 20.0
LINE = 16.0
SWEEPS = 8


@dataclass(frozen=True)
class Flow:
    """Nodes of three layers in drawing order, and links between neighbouring layers as pairs of node names."""

    layers: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    links: tuple[tuple[str, str], ...]
    labels: dict[str, str]
    headings: tuple[str, str, str]


@spoken("headings")
def lineage(
    links: pd.DataFrame,
    *,
    headings: tuple[str, str, str] = ("Datasets", "Tables", "Whitepapers"),
    labels: dict[str, str] | None = None,
) -> Drawing:
    """Draw what flows into what, in three layers.

    ``links`` has the columns ``dataset``, ``table``, ``paper``; one row per path, an empty ``paper`` for a table that
    no whitepaper uses yet. ``labels`` gives names to show instead of identifiers. Nodes are ordered so that links
    cross little (barycentre sweeps); nothing depends on the order of the rows.

    >>> links = pd.DataFrame({"dataset": ["a", "b"], "table": ["t", "t"], "paper": ["01", None]})
    >>> lineage(links).alt
    'Flow of two datasets into one table and one whitepaper. Most datasets meet in t: two.'
    """
    data = picked(links, ["dataset", "table", "paper"])
    flow = _flow(data, headings, labels or {})
    return both("lineage", lambda layout: _draw(flow, layout), data, _alt(flow))


def _flow(data: pd.DataFrame, headings: tuple[str, str, str], labels: dict[str, str]) -> Flow:
    if data["table"].isna().any() or data["dataset"].isna().any():
        raise AnalysisError("lineage: every row needs a dataset and a table; only `paper` may be empty")
    pairs = {(f"d:{a}", f"t:{b}") for a, b in zip(data["dataset"], data["table"], strict=True)}
    pairs |= {(f"t:{b}", f"p:{c}") for b, c in zip(data["table"], data["paper"], strict=True) if pd.notna(c) and str(c)}
    nodes = {node for pair in pairs for node in pair}
    layers = [sorted(n for n in nodes if n.startswith(kind)) for kind in ("d:", "t:", "p:")]
    ordered = _untangled(layers, sorted(pairs))
    return Flow(
        layers=(tuple(ordered[0]), tuple(ordered[1]), tuple(ordered[2])),
        links=tuple(sorted(pairs)),
        labels={n: labels.get(n[2:], n[2:]) for n in nodes},
        headings=headings,
    )


def _untangled(layers: list[list[str]], links: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Order each layer by the middle of its neighbours, back and forth; whitepapers keep their numbers' order."""
    near: dict[str, list[str]] = {n: [] for layer in layers for n in layer}
    for a, b in links:
        near[a].append(b)
        near[b].append(a)
    ordered = [list(layer) for layer in layers]
    for sweep in range(SWEEPS):
        place = {n: i / max(len(layer) - 1, 1) for layer in ordered for i, n in enumerate(layer)}
        for at in (1, 0) if sweep % 2 == 0 else (0, 1):
            ordered[at].sort(key=lambda n: (float(np.mean([place[m] for m in near[n]])) if near[n] else 1.0, n))
            place |= {n: i / max(len(ordered[at]) - 1, 1) for i, n in enumerate(ordered[at])}
    return ordered


def _draw(flow: Flow, layout: Layout) -> Sheet:
    return _draw_tree(flow) if layout == "narrow" else _draw_flow(flow)


def _colours(flow: Flow) -> dict[str, str]:
    palette = ("navy", "blue", "green", "teal")
    return {table: palette[i % len(palette)] for i, table in enumerate(flow.layers[1])}


def _draw_flow(flow: Flow) -> Sheet:
    width = theme.style().sizes["wide"]
    wide = [
        max(fonts.text_width(words, 12, 500) for words in (heading, *(flow.labels[n] for n in layer)))
        for heading, layer in zip(flow.headings, flow.layers, strict=True)
    ]
    if sum(wide) > width - 170:
        raise AnalysisError("lineage: the names leave no room for the links; give shorter `labels`")
    gap = (width - sum(wide) - 40) / 2
    ports = [(None, wide[0] + 10), (wide[0] + gap + 10, wide[0] + gap + wide[1] + 26), (width - wide[2] - 10, None)]
    tallest = max(len(layer) for layer in flow.layers) * SLOT
    sheet = Sheet("wide", tallest + 34)
    middles = {}
    for layer in flow.layers:
        step = max(SLOT, tallest / max(len(layer), 1))
        for i, node in enumerate(layer):
            middles[node] = 30 + (i + 0.5) * step if len(layer) * step <= tallest + 1 else 30 + (i + 0.5) * SLOT
    colours = _colours(flow)
    for a, b in flow.links:
        start, end = (ports[0][1], ports[1][0]) if a[0] == "d" else (ports[1][1], ports[2][0])
        assert start is not None
        assert end is not None
        token = colours[b if a[0] == "d" else a]
        bend = (end - start) / 2
        points = [(start, middles[a]), (start + bend, middles[a]), (end - bend, middles[b]), (end, middles[b])]
        sheet.curve(points, token, 1.5, alpha=0.5)
    _draw_nodes(sheet, flow, ports, middles, colours)
    return sheet


def _draw_nodes(
    sheet: Sheet,
    flow: Flow,
    ports: Sequence[tuple[float | None, float | None]],
    middles: dict[str, float],
    colours: dict[str, str],
) -> None:
    for at, (layer, (left, right)) in enumerate(zip(flow.layers, ports, strict=True)):
        x = 0.0 if left is None else left + 8
        if at == 0:
            assert right is not None
            sheet.text(right, 13, flow.headings[at], "soft", size=12, weight=500, anchor="right")
        else:
            sheet.text(x, 13, flow.headings[at], "soft", size=12, weight=500)
        for node in layer:
            token = colours.get(node, "soft")
            words = flow.labels[node]
            if at == 0:
                assert right is not None
                sheet.text(right - 8, middles[node] + 4, words, "ink", size=12, anchor="right")
            else:
                sheet.text(x, middles[node] + 4, words, "ink", size=12, weight=500 if at == 1 else 400)
            for port in (left, right):
                if port is not None:
                    sheet.dots([port], [middles[node]], token, 3, rim=None)


def _draw_tree(flow: Flow) -> Sheet:
    """For phones: each table with what it comes from above and where it is used below."""
    width = theme.style().sizes["narrow"]
    colours = _colours(flow)
    blocks = []
    for table in flow.layers[1]:
        sources = [flow.labels[a] for a in flow.layers[0] if (a, table) in flow.links]
        papers = [flow.labels[b] for b in flow.layers[2] if (table, b) in flow.links]
        wrapped = [line for s in sources for line in fonts.wrap(s, width - 20, 12)]
        blocks.append((table, wrapped, fonts.wrap(", ".join(papers), width - 36, 12) if papers else []))
    height = sum(LINE * (len(s) + len(p)) + 26 for _, s, p in blocks)
    sheet = Sheet("narrow", height)
    y = 0.0
    for table, sources, papers in blocks:
        top = y + 8
        knot = top + LINE * len(sources) + 4
        token = colours[table]
        for i, line in enumerate(sources):
            sheet.text(20, top + i * LINE + 4, line, "soft", size=12)
            sheet.dots([4], [top + i * LINE], token, 2.4, rim=None)
        foot = knot + LINE * len(papers)
        sheet.line([4, 4], [top, foot if papers else knot], token, 1.5, alpha=0.5)
        sheet.dots([4], [knot], token, 4)
        sheet.text(20, knot + 4.5, flow.labels[table], "ink", weight=700)
        for i, line in enumerate(papers):
            sheet.text(36, knot + (i + 1) * LINE + 4, line, "ink", size=12)
            sheet.line([4, 30], [knot + (i + 1) * LINE] * 2, token, 1.5, alpha=0.5)
        y = foot + 14
    return sheet


def _alt(flow: Flow) -> str:
    nouns = ("dataset", "table", "whitepaper")
    counts = [counted(len(layer), noun) for layer, noun in zip(flow.layers, nouns, strict=True)]
    sources = {t: sum(b == t for _, b in flow.links) for t in flow.layers[1]}
    most = max(sources.values())
    widest = ", ".join(flow.labels[t] for t in sorted(sources) if sources[t] == most)
    sentences = [
        told("Flow of {first} into {second} and {third}.", first=counts[0], second=counts[1], third=counts[2]),
        told("Most datasets meet in {table}: {n}.", table=widest, n=in_words(most)),
    ]
    unused = [flow.labels[t] for t in sorted(flow.layers[1]) if not any(a == t for a, _ in flow.links)]
    if unused:
        sentences.append(told("Not used in a whitepaper yet: {tables}.", tables=", ".join(unused)))
    return " ".join(sentences)
