"""Markdown cells as templates: which findings may be said where, and nothing a value contains is ever markup.

Each expression leaves a token of private-use characters in the text; what it stands for (a :class:`Piece`) is
put in after the Markdown has been read. A place called ``<script>`` or ``**x**`` is therefore text, whatever it
contains, and the check can tell what was computed from what was typed.

What prose may say of a finding ``x``::

    {{ x }}                      39 percent
    {{ x | brief }}              $1,390                    (no noun, no year of dollars; for a second mention)
    {{ x | range }}              35 to 43 percent
    {{ x | moved }}              rose 39 percent, or: did not measurably change      (changes only)
    {{ x | moved("grew") }}      grew 39 percent           (also increased, climbed, gained; the opposite follows)
    {{ x | moved(span=True) }}   rose 39 percent (35 to 43 percent)
    {{ x | moved(judged=True) }} worsened 39 percent       (needs higher_is)
    {{ x | direction }}          rose
    {{ x | signed }}             +39 percent
    {{ x | compared(y) }}        higher than, or: not measurably different from
    {{ x | share }}              about one in four         (percent, level)
    {{ x | plural("tract") }}    1,204 tracts
    {{ x | listed(most=3) }}     Aldea, Bahía, Cerro and 4 more
    {{ x | rank_group }}         Aldea or Bahía, which the data cannot tell apart
    {{ x | share | capitalize }} About one in four

and besides: ``fig("name")``, ``map("name")``, ``table("name")``, ``cite("key", "p. 7")``, ``area("cd-01")``,
``term("rent burden")``, ``lit("30 percent", "set by federal law")``. A template may ask ``{% if x.ok %}``, ``.rose``,
``.fell``, ``.unchanged``; it may not compute, compare or loop over numbers.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import CodeType
from typing import Any, Literal

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.runtime import Context as JinjaContext
from jinja2.runtime import Undefined
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import pass_context

from analysis.project import AnalysisError
from analysis.publish import phrases
from analysis.publish.evidence import near
from analysis.publish.findings import Finding
from analysis.publish.references import Reference
from analysis.publish.wording import ENGLISH, said

Kind = Literal["finding", "lit", "exhibit", "cite", "area", "term", "typed", "missing"]

OPEN, CLOSE, ZERO = "\ue000", "\ue001", 0xE010
TOKEN = re.compile(f"{OPEN}([\ue010-\ue019]+){CLOSE}")
PRIVATE = re.compile("[\ue000-\uf8ff]")


@dataclass(frozen=True)
class Piece:
    """What one expression of a template said.

    ``name`` is the finding, exhibit, reference or term; ``filter`` how a finding was worded; ``href`` where a
    reference leads; ``reason`` why a literal was declared.
    """

    kind: Kind
    text: str
    name: str = ""
    filter: str = ""
    href: str = ""
    reason: str = ""
    finding: Finding | None = None


class Pieces:
    """The pieces of one rendering, each known to the text by its token."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []

    def add(self, piece: Piece) -> str:
        """Keep a piece; returns its token."""
        self._pieces.append(piece)
        return OPEN + "".join(chr(ZERO + int(digit)) for digit in str(len(self._pieces) - 1)) + CLOSE

    def of(self, token: re.Match[str]) -> Piece:
        """The piece of a matched token."""
        return self._pieces[int("".join(str(ord(char) - ZERO) for char in token[1]))]

    def within(self, text: str) -> list[Piece]:
        """The pieces in a text, in order."""
        return [self.of(match) for match in TOKEN.finditer(text)]

    def spoken(self, text: str) -> str:
        """The text with every token replaced by what it says."""
        return TOKEN.sub(lambda match: self.of(match).text, text)


class Said:
    """A finding as a template sees it: it prints itself and answers a few questions, nothing else."""

    def __init__(self, finding: Finding, pieces: Pieces) -> None:
        self._finding, self._pieces = finding, pieces

    def __str__(self) -> str:
        return self._piece("value", phrases.value(self._finding))

    __html__ = __str__  # tokens hold no markup, and escaping must not be applied twice

    def _refuses(self, *_other: object) -> bool:
        raise AnalysisError(
            f"prose asks {self._finding.name}.{', .'.join(sorted(QUESTIONS))}, it does not compare values"
        )

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = _refuses
    __hash__ = None  # type: ignore[assignment]

    def _piece(self, worded: str, text: str) -> str:
        return self._pieces.add(Piece("finding", text, name=self._finding.name, filter=worded, finding=self._finding))

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return self._finding.status == "ok"

    @property
    def rose(self) -> bool:
        """Whether the whole interval of a change lies above zero."""
        return self.ok and phrases.sign(self._finding) > 0

    @property
    def fell(self) -> bool:
        """Whether the whole interval of a change lies below zero."""
        return self.ok and phrases.sign(self._finding) < 0

    @property
    def unchanged(self) -> bool:
        """Whether there is a value whose interval holds zero."""
        return self.ok and phrases.sign(self._finding) == 0


QUESTIONS = frozenset({"ok", "rose", "fell", "unchanged"})


@dataclass(frozen=True)
class Vocabulary:
    """Everything a template may name besides its findings."""

    figures: Mapping[str, int]
    tables: Mapping[str, int]
    references: Mapping[str, Reference]
    areas: Mapping[str, str]
    glossary: Mapping[str, str]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a template: line (1-based), offending text, what to do."""

    line: int
    text: str
    message: str


_COMPILED: dict[str, CodeType] = {}


class _Prose(SandboxedEnvironment):
    """Prose does not compute: numbers come from findings, so arithmetic in a template is refused."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def call_binop(self, context: JinjaContext, operator: str, left: Any, right: Any) -> Any:
        raise AnalysisError(f"prose does not compute ({operator}): publish the result as a finding")


class Speaker:
    """Renders templates over findings; pieces of all renderings share one numbering."""

    def __init__(self, findings: Mapping[str, Finding], vocabulary: Vocabulary, *, lenient: bool = False) -> None:
        self.pieces = Pieces()
        self._findings, self._vocabulary, self._lenient = findings, vocabulary, lenient
        self._environment = _Prose(undefined=StrictUndefined, autoescape=True, finalize=self._finalized)
        self._environment.filters = self._filters()
        self._environment.globals = {
            "fig": self._figure, "map": self._figure, "table": self._table, "cite": self._cite, "lit": self._lit,
            "area": self._area, "term": self._term,
        }  # fmt: skip
        self._environment.tests = {name: self._environment.tests[name] for name in ("defined", "undefined", "none")}

    def faults(self, source: str) -> list[Fault]:
        """Unknown names, filters, attributes and syntax errors of a template, in all its branches."""
        if match := PRIVATE.search(source):
            line = source.count("\n", 0, match.start()) + 1
            return [Fault(line, match[0], "a private-use character (U+E000–U+F8FF) cannot be published: remove it")]
        try:
            tree = self._environment.parse(source)
        except TemplateSyntaxError as error:
            return [Fault(error.lineno, "", f"template error: {error.message}")]
        faults = {*self._name_faults(tree), *self._filter_faults(tree)}
        for use in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
            faults.add(Fault(use.lineno, "", "template error: prose stands in the notebook, it includes nothing"))
        return sorted(faults, key=lambda fault: (fault.line, fault.text))

    def readable(self, source: str) -> bool:
        """Whether the template can be parsed at all, whatever it names."""
        try:
            self._environment.parse(source)
        except TemplateSyntaxError:
            return False
        return PRIVATE.search(source) is None

    def render(self, source: str) -> str:
        """The text with tokens; raises :class:`TemplateFault` where a template cannot be rendered."""
        missing = {name: self._missing(name) for name in self._unknown(source)} if self._lenient else {}
        known = {name: Said(finding, self.pieces) for name, finding in self._findings.items()}
        try:
            return self._compiled(source).render({**missing, **known})
        except TemplateError as error:
            line = getattr(error, "lineno", None) or _line(error)
            raise TemplateFault(Fault(line, "", f"template error: {error.message or error}")) from error
        except (AnalysisError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
            raise TemplateFault(Fault(_line(error), "", str(error))) from error

    def _compiled(self, source: str) -> Template:
        # What a template compiles to depends on its text alone; a thousand briefs share the texts of one notebook.
        if source not in _COMPILED:
            _COMPILED[source] = self._environment.compile(source)
        return Template.from_code(self._environment, _COMPILED[source], self._environment.make_globals(None))

    def skeleton(self, source: str) -> str:
        """All branches as typed: expressions become one placeholder each, lines stay where they are."""
        out: list[str] = []
        written, depth = 1, 0
        for line, kind, text in self._environment.lex(source):
            if depth == 0 and kind == "data":
                out.append("\n" * max(0, line - written) + text)
                written = max(line, written) + text.count("\n")
            elif kind == "variable_begin":
                out.append("\n" * max(0, line - written) + PLACEHOLDER)
                written = max(line, written)
            elif depth == 0 and kind == "block_begin":
                out.append("\n" * max(0, line - written) + " ")  # words of two branches must not run together
                written = max(line, written)
            depth += kind.endswith("_begin") and not kind.startswith(("raw", "linecomment"))
            depth -= kind.endswith("_end") and not kind.startswith(("raw", "linecomment"))
        return "".join(out)

    def _unknown(self, source: str) -> set[str]:
        return {name for _, name in _names(self._environment.parse(source))} - set(self._known())

    def _known(self) -> list[str]:
        return sorted([*self._findings, *self._environment.globals])

    def _name_faults(self, tree: nodes.Template) -> list[Fault]:
        known = set(self._known())
        faults = [
            Fault(line, name, f"no finding named {name!r}{near(name, self._findings)}")
            for line, name in _names(tree)
            if name not in known
        ]
        if self._lenient:
            faults = []
        for use in tree.find_all(nodes.Getattr):
            if isinstance(use.node, nodes.Name) and use.attr not in QUESTIONS:
                told = f"prose may ask .{', .'.join(sorted(QUESTIONS))} and print the finding through a filter"
                faults.append(Fault(use.lineno, f"{use.node.name}.{use.attr}", f"{use.node.name}.{use.attr}: {told}"))
        return faults

    def _filter_faults(self, tree: nodes.Template) -> list[Fault]:
        return [
            Fault(use.lineno, use.name, f"no filter named {use.name!r}{near(use.name, self._environment.filters)}")
            for use in tree.find_all(nodes.Filter)
            if use.name not in self._environment.filters
        ]

    def _missing(self, name: str) -> str:
        return self.pieces.add(Piece("missing", str(said("missing")).format(name=name), name=name))

    @property
    def _finalized(self) -> Callable[[JinjaContext, Any], Any]:
        @pass_context
        def finalize(_context: JinjaContext, value: Any) -> Any:
            if isinstance(value, Undefined):
                return value  # printing it raises, with its name
            if isinstance(value, Said):
                return str(value)
            return self._as_typed(str(value))

        return finalize

    def _as_typed(self, text: str) -> str:
        """Tokens stay; whatever else an expression prints was typed by somebody and is treated so."""
        out, end = [], 0
        for match in TOKEN.finditer(text):
            out.append(self._typed(text[end : match.start()]) + match[0])
            end = match.end()
        return "".join(out) + self._typed(text[end:])

    def _typed(self, text: str) -> str:
        return self.pieces.add(Piece("typed", PRIVATE.sub("", text))) if text else ""

    def _filters(self) -> dict[str, Callable[..., Any]]:
        spoken: dict[str, Callable[..., str]] = {
            "value": phrases.value,
            "brief": phrases.brief,
            "range": phrases.interval_range,
            "signed": phrases.signed,
            "direction": phrases.direction,
            "moved": phrases.moved,
            "share": phrases.share,
            "plural": phrases.counted,
            "listed": phrases.listed,
            "rank_group": phrases.rank_group,
        }
        filters = {name: self._filter(name, phrase) for name, phrase in spoken.items()}
        return {**filters, "compared": self._compared, "capitalize": self._capitalized}

    def _filter(self, name: str, phrase: Callable[..., str]) -> Callable[..., str]:
        def worded(subject: Any, *arguments: Any, **options: Any) -> str:
            if self._lenient and isinstance(subject, str) and self.pieces.within(subject):
                return subject
            finding, say = self._asked(name, subject)
            for argument in (*arguments, *options.values()):
                if isinstance(argument, str) and re.search(r"\d", argument):
                    raise AnalysisError(f"filter {name}: {argument!r} holds a literal number")
            return say(name, phrase(finding, *arguments, **options))

        return worded

    def _asked(self, name: str, subject: Any) -> tuple[Finding, Callable[[str, str], str]]:
        if isinstance(subject, Undefined):
            str(subject)  # raises, with the name
        if not isinstance(subject, Said):
            raise AnalysisError(f"filter {name} is for findings, not for {type(subject).__name__}")
        return subject._finding, subject._piece

    def _compared(self, subject: Any, other: Any, form: str | None = None) -> str:
        if self._lenient and any(isinstance(side, str) for side in (subject, other)):
            return "…"
        finding, say = self._asked("compared", subject)
        return say("compared", phrases.compared(finding, self._asked("compared", other)[0], form=form))

    def _capitalized(self, subject: Any) -> str:
        """The first letter in upper case, for the beginning of a sentence."""
        token = TOKEN.fullmatch(str(subject))
        if token is None:
            raise AnalysisError("filter capitalize follows another filter of a finding")
        piece = self.pieces.of(token)
        return self.pieces.add(replace(piece, text=piece.text[:1].upper() + piece.text[1:]))

    def _figure(self, name: str) -> str:
        return self._exhibit(name, self._vocabulary.figures, "figure")

    def _table(self, name: str) -> str:
        return self._exhibit(name, self._vocabulary.tables, "table")

    def _exhibit(self, name: str, numbers: Mapping[str, int], kind: str) -> str:
        if name not in numbers:
            if self._lenient:
                return self._missing(name)
            raise AnalysisError(f"no {kind} named {name!r}{near(name, numbers)}")
        text = f"{said(kind)}\u00a0{numbers[name]}"
        return self.pieces.add(Piece("exhibit", text, name=name, href=f"#{kind}-{name}"))

    def _cite(self, key: str, where: str = "") -> str:
        references = self._vocabulary.references
        if key not in references:
            raise AnalysisError(f"no reference {key!r} in data/catalog/references.yml{near(key, references)}")
        short = references[key].short
        for word in said("cited"):
            short = short.replace(said("cited", word, language=ENGLISH), said("cited", word))
        text = short + (f", {where}" if where else "")
        return self.pieces.add(Piece("cite", text, name=key, href=f"#ref-{key}"))

    def _lit(self, literal: Any, reason: str = "") -> str:
        if len(str(reason).split()) < 2:
            raise AnalysisError(f"lit({literal!r}) needs a reason of at least two words, such as 'set by law'")
        return self.pieces.add(Piece("lit", str(literal), reason=str(reason)))

    def _area(self, code: Any) -> str:
        name = str(self.pieces.spoken(str(code)))
        return self.pieces.add(Piece("area", self._vocabulary.areas.get(name, name), name=name))

    def _term(self, word: str, shown: str = "") -> str:
        glossary = self._vocabulary.glossary
        if word not in glossary:
            raise AnalysisError(f"no term {word!r} in the glossary{near(word, glossary)}")
        return self.pieces.add(Piece("term", shown or word, name=word))


PLACEHOLDER = "\ufffc"


class TemplateFault(AnalysisError):
    """A template that cannot be rendered; ``fault`` says where."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def _names(tree: nodes.Template) -> list[tuple[int, str]]:
    """Line and name of everything read but not set by the template itself."""
    names = list(tree.find_all(nodes.Name))
    own = {name.name for name in names if name.ctx != "load"} | {"loop"}
    return [(name.lineno, name.name) for name in names if name.ctx == "load" and name.name not in own]


def _line(error: BaseException) -> int:
    """The template's line in a traceback, which Jinja rewrites to point there."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return lines[-1] or 1 if lines else 1
