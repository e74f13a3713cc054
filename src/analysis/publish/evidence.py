"""What stands behind a published thing: the tables that were loaded and the method that made the number."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from analysis import provenance
from analysis.project import AnalysisError, current_project
from analysis.publish.payload import Json, plain


def tables_behind(names: Sequence[str] | None) -> tuple[Json, ...]:
    """The uses of the named tables as JSON, or of all tables loaded so far; sorted by table.

    Without the row accounting, which the output of ``load`` carries once.
    Raises :class:`AnalysisError` for a table that was not loaded: a number cannot come from it.
    """
    uses = {use.table: use for use in provenance.loads()}
    wanted = sorted(uses) if names is None else sorted(set(names))
    for name in wanted:
        if name not in uses:
            raise AnalysisError(f"table {name!r} was not loaded{near(name, uses)}: call load({name!r}) first")
    return tuple(_slim(uses[name]) for name in wanted)


def _slim(use: provenance.TableUse) -> Json:
    record: Json = plain(use.as_dict())
    record.pop("accounting", None)
    for dataset in record["datasets"]:
        dataset.pop("known_dirt", None)
    return record


def near(name: str, known: Iterable[str]) -> str:
    """``; did you mean …?`` for the names closest to one that is unknown.

    >>> near("rent_chnge", ["rent_change", "income"])
    '; did you mean rent_change?'
    """
    close = get_close_matches(name, sorted(known), n=3, cutoff=0.55)
    return f"; did you mean {', '.join(close)}?" if close else ""


def source_line(tables: Iterable[Json]) -> str | None:
    """Publishers and titles of the datasets behind some tables, each publisher once; None when there are none.

    >>> source_line([{"datasets": [{"publisher": "Census Bureau", "title": "ACS"}]}])
    'Source: Census Bureau (ACS).'
    """
    titles: dict[str, list[str]] = {}
    for use in tables:
        for dataset in use.get("datasets", ()):
            known = titles.setdefault(str(dataset.get("publisher") or ""), [])
            title = str(dataset.get("title") or dataset.get("id") or "")
            if title not in known:
                known.append(title)
    if not titles:
        return None
    parts = [f"{publisher} ({'; '.join(known)})".lstrip() for publisher, known in titles.items()]
    return f"Source: {'; '.join(parts)}."


def method_behind(method: Callable[..., Any] | str | None) -> Json | None:
    """Name, module, docstring's first line, file and line (from the project's root) of a method.

    >>> method_behind("statistics.median")["name"]
    'statistics.median'
    """
    if method is None:
        return None
    found = _resolved(method) if isinstance(method, str) else method
    if not callable(found):
        raise AnalysisError(f"method={method!r} is not a function: give the function that computed the value")
    bare = inspect.unwrap(found)
    module = str(getattr(bare, "__module__", None) or type(bare).__module__)
    name = str(getattr(bare, "__qualname__", None) or type(bare).__qualname__)
    file, line = _place(bare)
    summary = (inspect.getdoc(bare) or "").strip().split("\n\n")[0]
    return {
        "name": name if module == "__main__" else f"{module}.{name}",
        "module": "notebook" if module == "__main__" else module,
        "summary": " ".join(summary.split()),
        "file": file,
        "line": line,
    }


def _resolved(dotted: str) -> Any:
    module, _, name = dotted.rpartition(".")
    while module:
        try:
            found: Any = import_module(module)
        except ModuleNotFoundError:
            module, _, parent = module.rpartition(".")
            name = f"{parent}.{name}"
            continue
        for part in name.split("."):
            if not hasattr(found, part):
                raise AnalysisError(f"method={dotted!r}: {module} has no {name}{near(part, dir(found))}")
            found = getattr(found, part)
        return found
    raise AnalysisError(f"method={dotted!r} cannot be imported: give a function, or its full dotted name")


def _place(function: Any) -> tuple[str | None, int | None]:
    """File relative to the checkout and line; nothing for functions of libraries, whose version the lock states."""
    try:
        file = Path(inspect.getsourcefile(function) or "").resolve()
        line = inspect.getsourcelines(function)[1]
        relative = file.relative_to(current_project().root.resolve())
    except (TypeError, OSError, ValueError):
        return None, None
    if ".venv" in relative.parts or "site-packages" in relative.parts:
        return None, None
    return relative.as_posix(), line
