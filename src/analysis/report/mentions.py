"""What the template of a piece of prose speaks of: findings, exhibits and references by name."""

from __future__ import annotations

FINDING, CITE = "finding", "cite"
EXHIBITS = frozenset({"fig", "map", "table"})
"""Words of templates that name an exhibit."""


def mentions(template: str) -> set[tuple[str, str]]:
    """Kind and name of everything a template names; nothing of a template that cannot be read.

    >>> sorted(mentions("{{ fig('curve') }} {{ peak | brief }}{% if late.ok %} {{ cite('cori2013') }}{% endif %}"))
    [('cite', 'cori2013'), ('fig', 'curve'), ('finding', 'late'), ('finding', 'peak')]
    """
    from jinja2 import Environment, TemplateSyntaxError, nodes

    try:
        tree = Environment().parse(template)
    except TemplateSyntaxError:
        return set()  # rendering says what is wrong with it
    found: set[tuple[str, str]] = set()
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    for call in tree.find_all(nodes.Call):
        called = call.node.name if isinstance(call.node, nodes.Name) else ""
        own.add(called)
        if called in EXHIBITS or called == CITE:
            found |= {(called, str(given.value)) for given in call.args[:1] if isinstance(given, nodes.Const)}
    return found | {(FINDING, name.name) for name in tree.find_all(nodes.Name) if name.name not in own}
