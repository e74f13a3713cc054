"""YAML with line numbers: every complaint names the file, the line and the key.

A YAML library that returns dictionaries has forgotten the lines, lets the last
of two equal keys win and turns ``06`` into a number. So the node tree is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from analysis.plain_yaml import SafeLoader
from analysis.project import AnalysisError

_TAGS = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "null": "empty",
    "timestamp": "a date",
    "map": "a mapping",
    "seq": "a list",
}


def read_entry(path: Path) -> Entry:
    """The top mapping of a YAML file.

    Raises AnalysisError with file and line when the file is not YAML, empty, or not a mapping.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise AnalysisError(f"{path.name}:{line}: not valid YAML: {error.problem}") from None
    except UnicodeDecodeError as error:
        raise AnalysisError(f"{path.name}:1: not UTF-8 text (byte {error.start}): save it as UTF-8") from None
    if not isinstance(node, yaml.MappingNode):
        raise AnalysisError(f"{path.name}:1: expected 'key: value' lines, found {_name(node)}")
    return Entry(node, path.name, path.stem)


def _name(node: yaml.Node | None) -> str:
    return "nothing" if node is None else _TAGS.get(node.tag.rsplit(":", 1)[-1], node.tag)


class Entry:
    """One mapping of a YAML file, asked for its values by key and type."""

    def __init__(self, node: yaml.MappingNode, file: str, what: str) -> None:
        self.node = node
        self.file = file
        self.what = what
        self.keys: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.error("a key must be plain text", key)
            if key.value in self.keys:
                first = self.keys[key.value][0].start_mark.line + 1
                raise self.error(f"{key.value!r} stands twice (first on line {first}): keep one", key)
            self.keys[key.value] = (key, value)

    def error(self, message: str, node: yaml.Node | None = None) -> AnalysisError:
        """The complaint with file and line, ready to raise."""
        line = (node or self.node).start_mark.line + 1
        return AnalysisError(f"{self.file}:{line}: {self.what}: {message}")

    def at(self, key: str) -> yaml.Node | None:
        """The node of a key, for complaints about its value."""
        return self.keys[key][0] if key in self.keys else None

    @property
    def place(self) -> str:
        """``file:line`` of the mapping."""
        return f"{self.file}:{self.node.start_mark.line + 1}"

    def only(self, allowed: Sequence[str]) -> None:
        """Complain about any key that is not allowed."""
        for name, (key, _) in self.keys.items():
            if name not in allowed:
                raise self.error(f"unknown key {name!r}; allowed are {', '.join(allowed)}", key)

    def has(self, key: str) -> bool:
        """Whether the key is there with a value."""
        return key in self.keys and not self._is_null(self.keys[key][1])

    def text(self, key: str) -> str:
        """Text that must be there and must not be blank."""
        found = self.optional_text(key)
        if found is None:
            raise self.error(f"missing key {key!r}", self.at(key))
        return found

    def optional_text(self, key: str) -> str | None:
        """Text, or None when the key is absent or empty."""
        if not self.has(key):
            return None
        return self._text(self.keys[key][1], key)

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        """Text out of a closed list."""
        found = self.text(key)
        if found not in allowed:
            raise self.error(f"{key} {found!r} is not one of {', '.join(allowed)}", self.at(key))
        return found

    def matching(self, key: str, pattern: str, example: str) -> str:
        """Text of a given form."""
        found = self.text(key)
        if not re.fullmatch(pattern, found):
            raise self.error(f"bad {key} {found!r}: expected {example}", self.at(key))
        return found

    def date(self, key: str) -> str | None:
        """A year, a month or a day in ISO form, as text; None when absent."""
        if not self.has(key):
            return None
        node = self.keys[key][1]
        if not isinstance(node, yaml.ScalarNode) or not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", node.value):
            raise self.error(f"bad {key}: expected 2018, 2018-04 or 2018-04-30", node)
        return str(node.value)

    def number(self, key: str, default: int) -> int:
        """A whole number above zero."""
        if not self.has(key):
            return default
        node = self.keys[key][1]
        if not (isinstance(node, yaml.ScalarNode) and node.value.isdigit() and int(node.value) > 0):
            raise self.error(f"{key} must be a whole number above zero, found {_name(node)}", node)
        return int(node.value)

    def character(self, key: str, default: str) -> str:
        """A single character, which may be a blank or a tab."""
        if not self.has(key):
            return default
        node = self.keys[key][1]
        if not (isinstance(node, yaml.ScalarNode) and len(node.value) == 1):
            raise self.error(f"{key} must be one character in quotes", node)
        return str(node.value)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false; must be there when it has no default."""
        if not self.has(key):
            if default is None:
                raise self.error(f"missing key {key!r}", self.at(key))
            return default
        node = self.keys[key][1]
        if not node.tag.endswith(":bool"):
            raise self.error(f"{key} must be true or false, found {_name(node)}", node)
        return str(node.value).lower() in ("true", "yes", "on")

    def texts(self, key: str, required: bool = True, blank: bool = False) -> tuple[str, ...]:
        """A list of texts without repeats; ``[]`` is a list. With ``blank`` an item may be ``""``."""
        if key not in self.keys:
            if required:
                raise self.error(f"missing key {key!r} (write [] when there are none)")
            return ()
        node = self.keys[key][1]
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(f"{key} must be a list, found {_name(node)}", node)
        found: list[str] = []
        for item in node.value:
            text = "" if blank and isinstance(item, yaml.ScalarNode) and item.value == "" else self._text(item, key)
            if text in found:
                raise self.error(f"{key} names {text!r} twice", item)
            found.append(text)
        return tuple(found)

    def entry(self, key: str) -> Entry:
        """A mapping inside this one."""
        if key not in self.keys:
            raise self.error(f"missing key {key!r}")
        node = self.keys[key][1]
        if not isinstance(node, yaml.MappingNode):
            raise self.error(f"{key} must be a mapping, found {_name(node)}", node)
        return Entry(node, self.file, f"{self.what}: {key}")

    def entries(self, key: str) -> list[Entry]:
        """A list of mappings; at least one."""
        if key not in self.keys:
            raise self.error(f"missing key {key!r}")
        node = self.keys[key][1]
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise self.error(f"{key} must be a list with at least one entry", node)
        for item in node.value:
            if not isinstance(item, yaml.MappingNode):
                raise self.error(f"an entry of {key} must be a mapping, found {_name(item)}", item)
        return [Entry(item, self.file, self.what) for item in node.value]

    def words(self, key: str) -> dict[str, str]:
        """A mapping of text to text; at least one."""
        inner = self.entry(key)
        if not inner.keys:
            raise self.error(f"{key} is empty", self.at(key))
        return {name: inner.text(name) for name in inner.keys}

    def _text(self, node: yaml.Node, key: str) -> str:
        if not (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":str")):
            hint = ": put it in quotes" if isinstance(node, yaml.ScalarNode) else ""
            raise self.error(f"{key} must be text, found {_name(node)}{hint}", node)
        text = str(node.value).strip()
        if not text:
            raise self.error(f"{key} is blank", node)
        return text

    @staticmethod
    def _is_null(node: yaml.Node) -> bool:
        return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")
