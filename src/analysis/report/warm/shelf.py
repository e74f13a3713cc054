"""Modules of this package that are imported but not yet asked for.

A warm process has imported every module that any notebook needs. A run must still tell exactly which of them *it*
imported, because a report is stale when one of those changes. So the warm process takes the package's modules out of
``sys.modules`` and puts them on a shelf. In a fork, an import finds the module on the shelf, hands it out without
running it again, and imports what that module itself had imported: ``sys.modules`` then holds what a fresh process
would hold.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = "analysis"


def of_package(name: str) -> bool:
    """Whether a module belongs to this package.

    >>> of_package("analysis.methods"), of_package("analysis"), of_package("analysis_of_something")
    (True, True, False)
    """
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


class Shelf(MetaPathFinder, Loader):
    """A finder that hands out modules imported earlier; put first in ``sys.meta_path``.

    ``digests`` are the SHA-256 of the files the modules were imported from, as they were then; ``asked`` the names of
    this package that imports have looked for here, on the shelf or not.
    """

    def __init__(
        self, modules: Mapping[str, ModuleType], needs: Mapping[str, Sequence[str]], digests: Mapping[str, str]
    ) -> None:
        self.digests = digests
        self.asked: dict[str, None] = {}
        self._modules = dict(modules)
        self._needs = needs
        self._named = {name: _named_like_submodules(module, modules) for name, module in modules.items()}
        self._specs = {name: module.__spec__ for name, module in self._modules.items()}

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The specification of a module that lies on the shelf."""
        if of_package(name):
            self.asked[name] = None
        if name not in self._modules:
            return None
        known = self._specs[name]
        spec = ModuleSpec(name, self, origin=known.origin if known else None)
        spec.submodule_search_locations = known.submodule_search_locations if known else None
        spec.has_location = True
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module itself, taken off the shelf: a reload later finds its file."""
        return self._modules.pop(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Import what the module had imported; its own code has run long ago."""
        spec = self._specs[module.__name__]
        module.__spec__ = spec
        module.__loader__ = spec.loader if spec else None
        for name in self._needs.get(module.__name__, ()):
            importlib.import_module(name)
        # A package may call a function as the submodule it comes from; importing the submodule has just hidden it.
        vars(module).update(self._named[module.__name__])

    def emptied(self) -> None:
        """Put everything that is left back in place, as if it had been imported by this process."""
        for name in sorted(self._modules):
            importlib.import_module(name)


def _named_like_submodules(module: ModuleType, modules: Mapping[str, ModuleType]) -> dict[str, Any]:
    own = f"{module.__name__}."
    children = [name.removeprefix(own) for name in modules if name.startswith(own)]
    held = vars(module)
    return {child: held[child] for child in children if child in held and held[child] is not modules[own + child]}


def note_digests(digests: dict[str, str]) -> None:
    """Add the digests of the files of this package's modules that are not in it yet."""
    for name in [name for name in sys.modules if name.startswith(PACKAGE) and name not in digests]:
        if of_package(name):
            digests[name] = hashlib.sha256(Path(str(sys.modules[name].__file__)).read_bytes()).hexdigest()


def put_away(needs: Mapping[str, Sequence[str]], digests: Mapping[str, str]) -> Shelf:
    """Take the package's modules out of this process's sight and onto a shelf.

    A package's attributes that are submodules go, too: only importing the submodule sets them.
    """
    names = [name for name in sys.modules if of_package(name)]
    modules = {name: sys.modules.pop(name) for name in names}
    for name, module in modules.items():
        parent, _, child = name.rpartition(".")
        if parent in modules and modules[parent].__dict__.get(child) is module:
            delattr(modules[parent], child)
    return Shelf(modules, needs, digests)


@contextmanager
def noting_needs() -> Iterator[dict[str, list[str]]]:
    """Note, while it is open, which modules of this package each of its modules imports."""
    needs: dict[str, list[str]] = {}
    original = builtins.__import__

    def noted(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        found = original(name, globals, locals, fromlist or (), level)
        importer = globals.get("__name__") if globals else None
        if isinstance(importer, str) and of_package(importer):
            full = _absolute(name, globals or {}, level)
            wanted = [full, *(f"{full}.{part}" for part in fromlist or ())]
            known = needs.setdefault(importer, [])
            known += [each for each in wanted if of_package(each) and each in sys.modules and each not in known]
        return found

    builtins.__import__ = noted
    try:
        yield needs
    finally:
        builtins.__import__ = original


def _absolute(name: str, scope: Mapping[str, Any], level: int) -> str:
    if not level:
        return name
    package = str(scope.get("__package__") or scope.get("__name__", ""))
    return importlib.util.resolve_name("." * level + name, package)
