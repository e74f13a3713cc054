"""From Matplotlib's SVG to a drawing that a page may carry.

A page allows no inline style and no script, has a light and a dark side, and
must come out the same byte for byte. So styles become presentation attributes
with a class per house colour, markers become circles, numbers are rounded,
metadata and chance identifiers go, and whatever is not plain drawing is refused.
"""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator

from analysis.project import AnalysisError
from analysis.publish import theme

SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"

# Everything a drawing may consist of. Anything else (script, style, image, foreignObject, a …) is refused.
ELEMENTS = frozenset(re.findall(r"\w+", "svg g defs title desc path circle rect line text tspan clipPath pattern"))
ATTRIBUTES = frozenset(
    re.findall(
        r"[\w-]+",
        """
        xmlns viewBox role id class d x y cx cy r rx x1 x2 y1 y2 width height points transform tabindex
        fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray stroke-linecap stroke-linejoin
        opacity paint-order clip-path clip-rule patternUnits patternTransform preserveAspectRatio
        font-family font-size font-weight font-style text-anchor letter-spacing dominant-baseline
        aria-labelledby aria-label aria-hidden focusable data-key data-form data-layout
        """,
    )
)
_DEFAULTS = {
    "fill-opacity": "1",
    "stroke-opacity": "1",
    "opacity": "1",
    "stroke-width": "1",
    "font-weight": "400",
    "font-style": "normal",
    "text-anchor": "start",
    "stroke-linejoin": "round",
    "stroke-linecap": "butt",
}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
# C0 controls that XML forbids, and the marks that reorder text around them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")


def printable(text: object) -> str:
    """``text`` on one line, without control characters or marks that turn the reading direction.

    >>> printable("a\\x00b\\n\\u202ec")
    'ab c'
    """
    return " ".join(_UNPRINTABLE.sub("", str(text)).split())


def number(value: float) -> str:
    """A coordinate with at most two decimals.

    >>> number(12.0), number(-0.001), number(3.14159)
    ('12', '0', '3.14')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def house(text: str, description: str, *, form: str = "drawing", layout: str = "wide") -> str:
    """Matplotlib's SVG ``text`` as a drawing of the house; ``description`` is what it shows, for who cannot see it.

    Raises :class:`AnalysisError` for a colour outside the house style and for anything but plain drawing.
    """
    source = ET.fromstring(text)
    width, height = (float(part) for part in source.get("viewBox", "0 0 0 0").split()[2:])
    root = ET.Element(
        "svg",
        {
            "xmlns": SVG,
            "viewBox": f"0 0 {number(width)} {number(height)}",
            "role": "img",
            "aria-labelledby": "ID-desc",
            "data-form": form,
            "data-layout": layout,
            "font-family": theme.style().typefaces["sans"],
            "font-size": str(theme.style().sizes["text"]),
            "stroke-linejoin": "round",
        },
    )
    ET.SubElement(root, "desc", {"id": "ID-desc"}).text = printable(description)
    definitions = {node.get("id", ""): node for node in source.iter() if node.get("id")}
    visible = (item for item in _flat(source, definitions) if item[1].get("fill") != "none" or "stroke" in item[1])
    for piece in _grouped(_merged(visible)):
        root.append(piece)
    _clipped(root, source)
    return identified(ET.tostring(root, encoding="unicode"))


def identified(text: str, name: str | None = None) -> str:
    """Pin the identifiers of a drawing: to ``name``, or to a hash of what is drawn.

    >>> identified('<svg id="ID-a"/>', "rent_map")
    '<svg id="rent_map-a"/>'
    """
    found = re.search(r' id="([A-Za-z][\w-]*?)-(?:desc|a|c\d+|p-\w+)"', text)
    old = found.group(1) if found else "ID"
    new = name or "d" + hashlib.sha256(text.encode()).hexdigest()[:8]
    return re.sub(rf'((?: id|aria-labelledby)="|url\(#){re.escape(old)}-', rf"\g<1>{new}-", text)


def described(text: str, description: str) -> str:
    """The drawing with another description."""
    root = parsed(text)
    for node in root.iter("desc"):
        node.text = printable(description)
    return ET.tostring(root, encoding="unicode")


def parsed(text: str) -> ET.Element:
    """A drawing as an element tree with bare tag names, checked: raises where it holds more than plain drawing.

    >>> parsed('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')
    Traceback (most recent call last):
    ...
    analysis.project.AnalysisError: a drawing may not contain <script>
    """
    root = ET.fromstring(text)
    for node in root.iter():
        node.tag = _bare(node.tag)
        if node.tag not in ELEMENTS:
            raise AnalysisError(f"a drawing may not contain <{node.tag}>")
        for key, value in node.attrib.items():
            if key not in ATTRIBUTES or ("url(" in value and not value.startswith("url(#")):
                raise AnalysisError(f"a drawing may not carry {_bare(key)}={value!r} on <{node.tag}>")
    root.attrib = {"xmlns": SVG, **root.attrib}
    return root


def _bare(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _declared(node: ET.Element) -> dict[str, str]:
    """Style declarations of an element as attributes, defaults left out."""
    found = {}
    for part in node.get("style", "").split(";"):
        key, _, value = part.partition(":")
        if key.strip():
            found[key.strip()] = value.strip()
    for key in ("clip-path",):
        if node.get(key):
            found[key] = node.get(key, "")
    return found


def _dressed(declared: dict[str, str], tag: str) -> dict[str, str]:
    """Presentation attributes of the house: a class per colour, sizes without units, no defaults."""
    dress: dict[str, str] = {}
    classes = []
    for key, raw in declared.items():
        value = raw.removesuffix("px")
        if key in ("fill", "stroke") and value != "none" and not value.startswith("url("):
            token = theme.token_of(value)
            classes.append(f"{key[0]}-{token}")
            value = theme.style().tokens[token][0]
        if key in ("stroke-width", "fill-opacity", "stroke-opacity", "opacity", "font-size", "stroke-dashoffset"):
            value = number(float(value))
        if key == "stroke-dasharray":
            value = " ".join(number(float(n)) for n in _NUMBER.findall(value))
        if key in ATTRIBUTES and _DEFAULTS.get(key) != value and key != "font-family":
            dress[key] = value
    if tag == "text" and dress.get("font-size") == str(theme.style().sizes["text"]):
        del dress["font-size"]
    if dress.get("stroke") is None:
        dress = {key: value for key, value in dress.items() if not key.startswith("stroke")}
    if classes:
        dress["class"] = " ".join(sorted(classes))
    return dict(sorted(dress.items()))


# Path data are kept to a tenth of a pixel, which no screen shows; steps are relative and need fewer digits.
_TENTHS = 10


def _path(d: str, dx: float = 0.0, dy: float = 0.0) -> str:
    """Matplotlib's absolute path data, shifted, rounded, and written as relative steps that do not drift.

    >>> _path("M 10 20 L 12.04 20 L 12.04 25 z")
    'M10 20h2v5z'
    """
    pieces: list[str] = []
    at, last = (0, 0), ""
    for command, rest in re.findall(r"([MLCQz])([^MLCQz]*)", d):
        numbers = [float(n) for n in _NUMBER.findall(rest)]
        points = [
            (round((x + dx) * _TENTHS), round((y + dy) * _TENTHS))
            for x, y in zip(numbers[::2], numbers[1::2], strict=True)
        ]
        letter, words = _step(command, at, points)
        if not (letter == last and letter in "lcqhv"):
            pieces.append(letter + words)
        elif words:
            pieces.append(words if words.startswith("-") else " " + words)
        at, last = (points[-1] if points else at), letter
    return "".join(pieces)


def _step(command: str, at: tuple[int, int], points: list[tuple[int, int]]) -> tuple[str, str]:
    """Letter and numbers of one path command, from whole tenths."""
    if command == "z":
        return "z", ""
    if command == "M":
        return "M", _tenths(points[0])
    if command == "L":
        x, y = points[0][0] - at[0], points[0][1] - at[1]
        if y == 0:
            return "h", number(x / _TENTHS)
        return ("v", number(y / _TENTHS)) if x == 0 else ("l", _tenths((x, y)))
    return command.lower(), "".join(
        (" " if i and x >= at[0] else "") + _tenths((x - at[0], y - at[1])) for i, (x, y) in enumerate(points)
    )


def _tenths(point: tuple[int, int]) -> str:
    x, y = (number(value / _TENTHS) for value in point)
    return f"{x}{y}" if y.startswith("-") else f"{x} {y}"


def _radius(marker: ET.Element) -> float | None:
    """Radius of a marker that is Matplotlib's circle around the origin, else nothing."""
    d = marker.get("d", "")
    if d.count("C") != 8 or not d.strip().endswith("z"):
        return None
    x, y = (float(n) for n in _NUMBER.findall(d)[:2])
    return y if x == 0 else None


def _flat(node: ET.Element, definitions: dict[str, ET.Element]) -> Iterator[tuple[str, dict[str, str], ET.Element]]:
    """Every drawn thing in order: tag, dress, element with its geometry only."""
    for child in node:
        tag = _bare(child.tag)
        if tag in ("metadata", "defs", "style"):
            continue
        if tag == "g":
            context = _context(child)
            halo = child.get("id", "").startswith("halo")
            for kind, dress, piece in _flat(child, definitions):
                yield kind, {**(_haloed(dress) if halo and kind == "text" else dress), **context}, piece
        elif tag == "path":
            yield tag, _dressed(_declared(child), tag), ET.Element("path", {"d": _path(child.get("d", ""))})
        elif tag == "use":
            yield _used(child, definitions)
        elif tag == "text":
            yield tag, _dressed(_declared(child), tag), _text(child)
        else:
            raise AnalysisError(f"a drawing may not contain <{tag}>: draw shapes, lines and text only")


def _haloed(dress: dict[str, str]) -> dict[str, str]:
    """A rim in the colour of the page around letters, so that they stay readable on lines."""
    rim = {"paint-order": "stroke", "stroke": theme.colour("paper"), "stroke-width": "3"}
    return dict(sorted({**dress, **rim, "class": f"{dress.get('class', '')} s-paper".strip()}.items()))


def _context(group: ET.Element) -> dict[str, str]:
    """What a group hands down to its members: a clip path, nothing else."""
    odd = set(group.attrib) - {"id", "clip-path"}
    if odd:
        raise AnalysisError(f"a group in the drawing carries {', '.join(sorted(odd))}: nothing is done with that here")
    return {"clip-path": group.get("clip-path", "")} if group.get("clip-path") else {}


def _used(node: ET.Element, definitions: dict[str, ET.Element]) -> tuple[str, dict[str, str], ET.Element]:
    marker = definitions[node.get(_HREF, "").removeprefix("#")]
    dress = _dressed({**_declared(marker), **_declared(node)}, "use")
    x, y = float(node.get("x", "0")), float(node.get("y", "0"))
    radius = _radius(marker)
    if radius is not None:
        return "circle", dress, ET.Element("circle", {"cx": number(x), "cy": number(y), "r": number(radius)})
    return "path", dress, ET.Element("path", {"d": _path(marker.get("d", ""), x, y)})


def _text(node: ET.Element) -> ET.Element:
    turn = node.get("transform", "")
    made = ET.Element("text", {key: number(float(node.get(key, "0"))) for key in ("x", "y") if node.get(key)})
    if turn and not turn.startswith("rotate(-0"):
        made.set("transform", _NUMBER.sub(lambda found: number(float(found.group())), turn))
    made.text = printable("".join(node.itertext()))
    return made


def _clipped(root: ET.Element, source: ET.Element) -> None:
    """Add the clip paths that are used, numbered in order of use."""
    known = {node.get("id", ""): node for node in source.iter() if _bare(node.tag) == "clipPath"}
    places: dict[str, str] = {}
    for node in root.iter():
        old = node.get("clip-path", "").removeprefix("url(#").removesuffix(")")
        if old:
            node.set("clip-path", f"url(#{places.setdefault(old, f'ID-c{len(places) + 1}')})")
    if not places:
        return
    defs = ET.Element("defs")
    for old, new in places.items():
        clip = ET.SubElement(defs, "clipPath", {"id": new})
        for shape in known[old]:
            geometry = {key: number(float(value)) for key, value in shape.attrib.items() if key != "d"}
            if shape.get("d"):
                geometry["d"] = _path(shape.get("d", ""))
            ET.SubElement(clip, _bare(shape.tag), geometry)
    root.insert(1, defs)


_Pieces = Iterable[tuple[str, dict[str, str], ET.Element]]


def _merged(pieces: _Pieces) -> Iterator[tuple[str, dict[str, str], ET.Element]]:
    """Neighbouring bare lines of one dress as one path, and many equal rimless dots as one path of round dashes."""
    held: tuple[str, dict[str, str], ET.Element] | None = None
    for kind, dress, piece in _dotted(pieces):
        open_line = kind == "path" and dress.get("fill") == "none" and "stroke-opacity" not in dress
        if held and open_line and held[0] == "path" and held[1] == dress:
            held[2].set("d", held[2].get("d", "") + piece.get("d", ""))
            continue
        if held:
            yield held
        held = (kind, dress, piece)
    if held:
        yield held


_MANY = 25


def _dotted(pieces: _Pieces) -> Iterator[tuple[str, dict[str, str], ET.Element]]:
    run: list[tuple[str, dict[str, str], ET.Element]] = []
    for item in pieces:
        if run and (item[0] != "circle" or item[1] != run[0][1] or item[2].get("r") != run[0][2].get("r")):
            yield from _dots(run)
            run = []
        if item[0] == "circle" and "stroke" not in item[1] and "fill" in item[1]:
            run.append(item)
        else:
            yield item
    yield from _dots(run)


def _dots(run: list[tuple[str, dict[str, str], ET.Element]]) -> Iterator[tuple[str, dict[str, str], ET.Element]]:
    if len(run) < _MANY:
        yield from run
        return
    dress, first = run[0][1], run[0][2]
    stroked = {
        "class": dress["class"].replace("f-", "s-"),
        "fill": "none",
        "stroke": dress["fill"],
        "stroke-linecap": "round",
        "stroke-width": number(2 * float(first.get("r", "0"))),
    }
    if "fill-opacity" in dress:
        stroked["stroke-opacity"] = dress["fill-opacity"]
    d = "".join(f"M{piece.get('cx')} {piece.get('cy')}h0" for _, _, piece in run)
    yield "path", dict(sorted(stroked.items())), ET.Element("path", {"d": d})


def _grouped(pieces: _Pieces) -> Iterator[ET.Element]:
    """Runs of things in the same dress share it through one group."""
    run: list[ET.Element] = []
    worn: dict[str, str] = {}
    for _, dress, piece in pieces:
        if run and dress != worn:
            yield _wrapped(run, worn)
            run = []
        run.append(piece)
        worn = dress
    if run:
        yield _wrapped(run, worn)


def _wrapped(run: list[ET.Element], dress: dict[str, str]) -> ET.Element:
    if len(run) == 1:
        run[0].attrib.update(dress)
        return run[0]
    group = ET.Element("g", dress)
    group.extend(run)
    return group
