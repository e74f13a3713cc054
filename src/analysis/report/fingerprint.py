"""What a report depends on, as hashes of content.

Times and places of files say nothing: a clone, a checkout or a touch changes none of these hashes. Python is hashed by
meaning, so that a comment or a docstring is no change, and YAML by its values.
"""

from __future__ import annotations

import ast
import platform
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analysis.project import Project
from analysis.report.storage import canonical, digest, put, read_json

PACKAGE = Path(__file__).resolve().parents[1]
_IGNORED = {".pyc", ".md"}


@dataclass(frozen=True)
class Mark:
    """Two hashes of one file: of its bytes, which is quick, and of its meaning, which decides."""

    raw: str
    meaning: str


def python_meaning(source: str) -> str:
    """Hash of Python code that comments, docstrings, blank lines and line breaks do not change.

    >>> python_meaning("def f():\\n    'Says f.'\\n    return 1  # one") == python_meaning("def f(): return 1")
    True
    >>> python_meaning("x = 1") == python_meaning("x = 2")
    False
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _has_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return digest(ast.dump(tree, annotate_fields=False))


def _has_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def yaml_meaning(text: str) -> str:
    """Hash of the values in a YAML file: comments, quotes and order of keys do not count."""
    from analysis.plain_yaml import read_yaml

    return digest(canonical(_plain(read_yaml(text))))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


_known: dict[str, str] = {}
_CONTENTS = ".contents.json"


def recall(project: Project) -> int:
    """Take up what earlier builds found out about contents: meanings by hash, which take long to work out.

    Returns how many there are, to tell later whether any came to be known.
    """
    held = read_json(project.root / "reports" / _CONTENTS)
    if isinstance(held, dict) and held.get("python") == platform.python_version():
        _known.update(held["meanings"])
    return len(_known)


def remember(project: Project, before: int) -> None:
    """Write down what is known of contents, if that has become more."""
    if len(_known) > before:
        known = {"python": platform.python_version(), "meanings": _known}
        put(project.root / "reports" / _CONTENTS, canonical(known))


def _meaning(suffix: str, content: bytes) -> str:
    key = f"{digest(content)}{suffix}"
    if key not in _known:
        _known[key] = _worked_out(suffix, content)
    return _known[key]


def _worked_out(suffix: str, content: bytes) -> str:
    try:
        if suffix == ".py":
            return python_meaning(content.decode())
        if suffix in {".yml", ".yaml"}:
            return yaml_meaning(content.decode())
    except (SyntaxError, ValueError):
        return digest(content)  # not what its name says: every change counts
    return digest(content)


class Now:
    """Files as they are now, each read once however many reports ask about it."""

    def __init__(self) -> None:
        self._contents: dict[Path, bytes | None] = {}

    def content(self, path: Path) -> bytes | None:
        """The bytes of a file, None where there is none."""
        if path not in self._contents:
            self._contents[path] = path.read_bytes() if path.is_file() else None
        return self._contents[path]

    def raw(self, path: Path) -> str:
        """Hash of the bytes; empty where there is no file."""
        content = self.content(path)
        return "" if content is None else digest(content)

    def mark(self, path: Path) -> Mark:
        """Both hashes; empty where there is no file."""
        content = self.content(path)
        return Mark("", "") if content is None else Mark(digest(content), _meaning(path.suffix, content))

    def same(self, path: Path, known: Mark) -> bool:
        """Whether the file still means what it meant; parsed only when its bytes changed."""
        return self.raw(path) == known.raw or self.mark(path).meaning == known.meaning


def module_file(name: str) -> Path:
    """The file of a module of this package, whether or not it exists.

    >>> module_file("analysis.report.fingerprint").name
    'fingerprint.py'
    """
    path = PACKAGE.joinpath(*name.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def all_modules(now: Now) -> dict[str, str]:
    """The hash of the bytes of every module of this package, by name of the module."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(["analysis", *parts]).removesuffix(".__init__")
        found[name] = now.raw(path)
    return found


def page_files() -> dict[str, Path]:
    """Everything that turns an executed notebook into a page: ``report``, ``publish`` and their templates."""
    found = [path for room in ("report", "publish") for path in (PACKAGE / room).rglob("*") if _counts(path)]
    return {path.relative_to(PACKAGE).as_posix(): path for path in sorted(found)}


# Parts of this package that decide when and where a page is made, never what it says.
_NOT_ON_THE_PAGE = {
    "archive", "archiving", "build", "crew", "dcat", "editions", "effort", "engine", "execution", "feed", "graph",
    "handouts", "identity", "jobs", "kernel_environment", "lab", "ledger", "papermill_entry", "pdf", "portfolio",
    "progress", "recording", "scaffold", "search_index", "sitemap", "slides", "staleness", "storage", "variables",
    "warmth",
}  # fmt: skip


_NOT_OF_PAPERS = {
    "archive.html.j2", "index.css", "index.html.j2", "index.js", "places.html.j2", "places.js", "portfolio.css",
    "map.html.j2", "atlas.css", "atlas.js", "ground.js", "slides.html.j2", "slides.css", "slides.js",
    "new_notebook.ipynb",
}  # fmt: skip
"""Templates of other pages than papers."""


def _counts(path: Path) -> bool:
    if not path.is_file() or path.suffix in _IGNORED or "__pycache__" in path.parts or path.name.startswith("."):
        return False
    if path.parent.name in {"warm", "atlas"} or (path.parent.name == "report" and path.stem in _NOT_ON_THE_PAGE):
        return False
    return path.name not in _NOT_OF_PAPERS


def environment(project: Project) -> dict[str, str]:
    """The locked environment: the pinned versions as one hash, and the version of Python.

    Only names and versions count, not hashes or markers, so that a lock written by another tool version is the same.
    """
    path = project.root / "requirements.lock"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    pins = sorted(re.findall(r"^([A-Za-z0-9._-]+==[^\s;\\]+)", text, flags=re.MULTILINE))
    return {"lock": digest("\n".join(pins)), "python": platform.python_version()}


def dataset_hash(entry: Any) -> str:
    """Hash of one catalogue entry, a frozen dataclass, without the place where it is defined."""
    fields = asdict(entry)
    fields.pop("defined_at", None)
    return digest(canonical(_plain(_tuples_as_lists(fields))))


def _tuples_as_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples_as_lists(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_tuples_as_lists(item) for item in value]
    return value
