"""Reading ``data/catalog/editions.yml``: which notebook is issued for which places and choices.

Under the name of each notebook stands a list of issues. One issue asks for every combination of what it names::

    01_neighborhood_change:
      - areas: [city]                          # one page, the notebook's own defaults
      - areas: [council_districts, nc-encino]  # a kind of area, or single ones by their exact key
        cut: brief                             # the short form; else the whole paper
        sources: [live]                        # else both
      - scenarios:
          strict: {top_share: 0.1, sure: 0.95}
      - sweep: {top_share: [0.1, 0.2], sure: [0.8, 0.9]}

What a notebook's parameters are and which areas a source has is not known here; the report checks that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from analysis.catalog.entries import Entry, read_entry
from analysis.project import SOURCES, AnalysisError, Project

FILE = "editions.yml"
CUTS = ("whole", "brief")
"""How much of a notebook a page shows: the whole paper, or the cells tagged for the brief."""

KINDS = ("council_districts", "neighborhood_councils")
"""Kinds of areas, each the name of the refined table that lists them."""

AREA = "area"
"""The parameter that says which place a page is about."""

ISSUE_KEYS = ("areas", "scenarios", "sweep", "cut", "sources")
_PLAIN_TAGS = ("str", "int", "float", "bool")


@dataclass(frozen=True)
class Issue:
    """One entry of the file: a notebook, and every combination of areas, scenarios and swept values to issue it for.

    ``areas`` are keys of areas and kinds of areas, empty for the notebook's default; ``scenarios`` name sets of
    parameters; ``sweep`` gives several values to a parameter. ``defined_at`` is ``file:line``.
    """

    notebook: str
    areas: tuple[str, ...]
    scenarios: Mapping[str, Mapping[str, Any]]
    sweep: Mapping[str, tuple[Any, ...]]
    cut: str
    sources: tuple[str, ...]
    defined_at: str
    lines: Mapping[str, str] = field(default_factory=dict)
    """``file:line`` of ``areas``, ``sweep`` and of each scenario by ``scenarios.NAME``."""

    def at(self, key: str) -> str:
        """Where ``key`` stands, else where the issue begins."""
        return self.lines.get(key, self.defined_at)


def load_issues(project: Project) -> tuple[Issue, ...]:
    """Every issue the file asks for, in its order; none where there is no such file.

    Raises AnalysisError ``file:line: entry: …`` for unknown or repeated keys, values that are no plain text, number,
    truth or list of them, and a parameter that one issue sets twice.
    """
    path = project.catalog / FILE
    if not path.is_file():
        return ()
    top = read_entry(path)
    return tuple(_issue(entry, notebook) for notebook in top.keys for entry in _entries(top, notebook))


def _entries(top: Entry, notebook: str) -> list[Entry]:
    found = top.entries(notebook)
    for number, entry in enumerate(found, start=1):
        entry.what = f"{notebook}, issue {number}"
    return found


def _issue(entry: Entry, notebook: str) -> Issue:
    entry.only(ISSUE_KEYS)
    scenarios = entry.entry("scenarios") if entry.has("scenarios") else None
    named = {name: _values(scenarios.entry(name)) for name in scenarios.keys} if scenarios else {}
    lines = {key: _line(entry, key) for key in ("areas", "sweep") if entry.has(key)}
    lines |= {f"scenarios.{name}": _line(scenarios, name) for name in named} if scenarios else {}
    sources = _listed(entry, "sources") or SOURCES
    for source in sources:
        if source not in SOURCES:
            raise entry.error(f"sources {source!r} is not one of {', '.join(SOURCES)}", entry.at("sources"))
    issue = Issue(
        notebook=notebook,
        areas=_listed(entry, "areas"),
        scenarios=named,
        sweep=_swept(entry.entry("sweep")) if entry.has("sweep") else {},
        cut=entry.one_of("cut", CUTS) if entry.has("cut") else CUTS[0],
        sources=tuple(sources),
        defined_at=entry.place,
        lines=lines,
    )
    _set_once(issue)
    return issue


def _listed(entry: Entry, key: str) -> tuple[str, ...]:
    found = entry.texts(key, required=False)
    if key in entry.keys and not found:
        raise entry.error(f"{key} is empty: name at least one, or leave the key out", entry.at(key))
    return found


def _line(entry: Entry, key: str) -> str:
    node = entry.at(key)
    return f"{entry.file}:{node.start_mark.line + 1}" if node is not None else entry.place


def _values(entry: Entry) -> dict[str, Any]:
    """The parameters of one scenario."""
    return {name: _plain(entry, name, node) for name, (_, node) in entry.keys.items()}


def _swept(entry: Entry) -> dict[str, tuple[Any, ...]]:
    """The values each swept parameter takes."""
    swept = {}
    for name, (_, node) in entry.keys.items():
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise entry.error(f"{name} must be a list of the values it takes, such as [0.1, 0.2]", node)
        swept[name] = tuple(_plain(entry, name, item) for item in node.value)
    return swept


def _plain(entry: Entry, name: str, node: yaml.Node) -> Any:
    """A text, a number, a truth or a list of them, as a parameters cell may hold."""
    if isinstance(node, yaml.SequenceNode):
        return [_plain(entry, name, item) for item in node.value]
    if node.tag.rsplit(":", 1)[-1] not in _PLAIN_TAGS:
        raise entry.error(
            f"{name} must be text, a number, true or false, or a list of them: put a date or a blank in quotes", node
        )
    return yaml.constructor.SafeConstructor().construct_object(node)


def _set_once(issue: Issue) -> None:
    """Complain about a parameter that two keys of one issue set: which value holds would be anyone's guess."""
    groups = {f"scenario {name}": set(values) for name, values in issue.scenarios.items()}
    for name, values in groups.items():
        both = sorted(values & set(issue.sweep))
        if both:
            where = issue.at(f"scenarios.{name.partition(' ')[2]}")
            raise AnalysisError(f"{where}: {issue.notebook}: {name} and sweep both set {both[0]}: keep one")
    for name, values in (groups | {"sweep": set(issue.sweep)}).items():
        if issue.areas and AREA in values:
            raise AnalysisError(f"{issue.at('areas')}: {issue.notebook}: areas and {name} both set {AREA}: keep one")
