"""From a composed page to one file: templates filled, style and scripts inside, a policy that admits nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from analysis.project import current_project
from analysis.publish import fonts, theme
from analysis.publish.wording import ENGLISH, OTHERS, said, wording
from analysis.report.audit import audit, find_problems
from analysis.report.code_blocks import coloured
from analysis.report.page import Page, export
from analysis.report.quoted import anchor as place_anchor
from analysis.report.storage import canonical, digest, put
from analysis.report.whatchanged import headline, made_at_words

# A number and the signs that lean on it stay on one line; a button alone would let them part.
_NUMBER = r"<button [^>]*data-finding=[^>]*>[^<]*</button>"
# A button is a box that cannot flow with the text, so a long list of names is not one.
_LONG_NUMBER = re.compile(
    r'<button type="button" class="finding" data-finding="[\w-]+" popovertarget="([\w-]+)"([^>]*>[^<]{30,})</button>'
)
_NUMBER_AND_SIGNS = re.compile(rf"[(\[“‘]+{_NUMBER}[.,;:!?)\]”’%]*|{_NUMBER}[.,;:!?)\]”’%]+")

MAP_SCRIPTS = ("map_view.js", "map.js")
"""What a page with a map needs besides ``data.js`` and ``page.js``, in this order."""


def print_page(page: Page) -> str:
    """The HTML of a whitepaper: one file that asks no network for anything.

    The same page gives the same bytes. Raises AnalysisError where the result breaks a rule of
    :mod:`analysis.report.audit`.
    """
    scripts = [_asset(name) for name in ("data.js", "page.js", *(MAP_SCRIPTS if page.has_map else ()))]
    switch = [(language, page_file(page.name, language)) for language in (page.language, *page.others)]
    html = _render("whitepaper.html.j2", scripts, language=page.language, switch=switch, page=page, export=export(page))
    html = _connected(html, page)
    audit(html, page.name)
    return html


def get_ready() -> None:
    """Do once what the first page would wait for: words, templates, what colours code, what checks a page."""
    for language in (ENGLISH, *OTHERS):
        wording(language)
    for name in _environment().list_templates(extensions=["j2"]):
        _environment().get_template(name)
    coloured("1")
    list(find_problems("<p>"))


def page_file(name: str, language: str) -> str:
    """The file of a page in a language.

    >>> page_file("06_covid_response", "es"), page_file("06_covid_response", "en")
    ('06_covid_response.es.html', '06_covid_response.html')
    """
    return f"{name}.html" if language == ENGLISH else f"{name}.{language}.html"


def _connected(html: str, page: Page) -> str:
    """Tie each number and term of the text to its card, so that a page without script opens it, too."""
    html = re.sub(r'data-finding="([\w-]+)"', r'data-finding="\1" popovertarget="finding-\1"', html)
    html = _LONG_NUMBER.sub(r'<span role="button" tabindex="0" class="finding" data-card="\1"\2</span>', html)
    html = _NUMBER_AND_SIGNS.sub(r'<span class="keep">\g<0></span>', html)
    for number, (term, _) in enumerate(page.glossary, start=1):
        html = html.replace(f'data-term="{escape(term)}"', f'data-term="{escape(term)}" popovertarget="term-{number}"')
    return html


def print_portfolio(language: str, languages: Sequence[str], **shown: Any) -> str:
    """The HTML of the index of all papers in one of the languages it is there in."""
    switch = [(other, page_file("index", other)) for other in languages]
    scripts, style = [_asset("page.js"), _asset("index.js")], _asset("portfolio.css") + _asset("index.css")
    html = _render(
        "index.html.j2", scripts, language=language, switch=switch, style=style, anchor=place_anchor, **shown
    )
    audit(html, "index")
    return html


def print_places(language: str, languages: Sequence[str], **shown: Any) -> str:
    """The HTML of the index by place in one of the languages it is there in."""
    switch = [(other, page_file("places", other)) for other in languages]
    scripts, style = [_asset("page.js"), _asset("places.js")], _asset("portfolio.css")
    html = _render("places.html.j2", scripts, language=language, switch=switch, style=style, **shown)
    audit(html, "places")
    return html


def print_archive(language: str, languages: Sequence[str], **shown: Any) -> str:
    """The HTML of the list of all editions, which lies in a folder of its own, in one of its languages."""
    switch = [(other, page_file("index", other)) for other in languages]
    words: dict[str, Any] = {"headline": headline, "made_at": made_at_words}
    words["languages"] = {other: wording(other)["language"] for other in (ENGLISH, *OTHERS)}
    shown = {"style": _asset("portfolio.css"), **words, **shown}
    html = _render("archive.html.j2", [_asset("page.js")], language=language, switch=switch, **shown)
    audit(html, "archive", within=True)
    return html


def print_slides(deck: Any) -> str:
    """The HTML of the slides of a paper, which lie in a folder of their own; raises AnalysisError as a page does."""
    page = deck.page
    switch = [(language, page_file(page.name, language)) for language in (page.language, *page.others)]
    scripts, style = [_asset("slides.js")], _asset("slides.css")
    html = _render("slides.html.j2", scripts, language=page.language, switch=switch, style=style, deck=deck)
    audit(html, f"slides of {page.name}", within=True)
    return html


def print_atlas(atlas: Any, *, language: str = ENGLISH, languages: Sequence[str] = (ENGLISH,)) -> str:
    """The HTML of the map of all measures, with a switch to the other languages it is there in."""
    switch = [(other, page_file("map", other)) for other in languages]
    scripts = [_asset(name) for name in ("data.js", "page.js", "map_view.js", "ground.js", "atlas.js")]
    style = _asset("atlas.css")
    html = _render("map.html.j2", scripts, language=language, switch=switch, style=style, atlas=atlas)
    audit(html, "map")
    return html


def content_policy(styles: list[str], scripts: list[str]) -> str:
    """A Content-Security-Policy that admits exactly these inline styles and scripts, and fonts and pictures inside.

    >>> content_policy(["a{}"], []).split("; ")[:3]
    ["default-src 'none'", "style-src 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='", "script-src 'none'"]
    """
    return (
        f"default-src 'none'; style-src {_hashes(styles)}; script-src {_hashes(scripts)}; img-src data:; "
        "font-src data:; base-uri 'none'; form-action 'none'"
    )


def inert_json(value: Any) -> Markup:
    """JSON that cannot end the element it stands in, whatever the values contain.

    >>> inert_json({"a": "</script>"})
    Markup('{"a":"\\\\u003c/script\\\\u003e"}')
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _render(
    template: str,
    scripts: list[str],
    *,
    language: str = ENGLISH,
    switch: Sequence[tuple[str, str]] = (),
    style: str = "",
    **values: Any,
) -> str:
    """One page; ``switch`` are the languages it is there in, its own first, each with its file.

    ``style`` is what it needs besides the style of all pages.
    """
    words = wording(language)
    names = [(other, href, wording(other)["language"]) for other, href in sorted(switch)]
    whole = Markup(style_sheet() + style)
    first = _asset("theme.js")
    return (
        _environment()
        .get_template(template)
        .render(
            policy=Markup(content_policy([whole], [first, *scripts])),
            style=whole,
            theme_script=Markup(first),
            scripts=[Markup(script) for script in scripts],
            w=words,
            lang=language,
            switch=names if len(names) > 1 else [],
            untold=[]
            if len(names) > 1
            else [(other, said("languages", "missing", language=other)) for other in OTHERS],
            suffix="" if language == ENGLISH else f".{language}",
            **values,
        )
    )


def style_sheet() -> str:
    """Fonts, colours of the house and the layout of pages, as one text."""
    return _fonts() + theme.css() + _asset("style.css")


@cache
def _fonts() -> str:
    """The embedded fonts. Cutting them down takes a second, so the result is kept beside the reports."""
    packages = ("font-roboto", "font-source-serif-pro", "fonttools")
    made_by = [Path(str(fonts.__file__)).read_text(encoding="utf-8"), *map(version, packages)]
    kept = current_project().root / "reports" / f".fonts-{digest(canonical(made_by))[:16]}.css"
    if kept.is_file():
        return kept.read_text(encoding="utf-8")
    css = fonts.css()
    put(kept, css)
    return css


def _hashes(texts: list[str]) -> str:
    found = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
    return " ".join(f"'sha256-{value}'" for value in dict.fromkeys(found)) or "'none'"


@cache
def _asset(name: str) -> str:
    return files("analysis.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("analysis.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["inert_json"] = inert_json
    return made
