"""What a kernel is given before its first cell, and nothing else: environment, fixed random states, most memory.

Light to import: a build calls :func:`warm_up` before anything else, and the warm process imports while the build plans.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from analysis.project import ONE_THREAD
from analysis.report.fingerprint import Now, all_modules
from analysis.report.notebook import python_tree
from analysis.report.storage import canonical, digest, read_json
from analysis.report.warm import service

WARM = ".warm.json"
"""What a warm process imports, beside the reports of a source: see :mod:`analysis.report.warmth`."""

# What a process needs to run at all. Everything else stays outside: no key or password can reach a notebook.
_PASSED = (
    "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "WINDIR", "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PROJ_DATA", "PROJ_LIB", "GDAL_DATA",
    # which kernels linear algebra uses: forks compute what a command computes in its own process
    "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "MKL_CBWR", "NVPL_BLAS_DEBUG_CPU_TYPE",
    "COVERAGE_PROCESS_START", "MPLCONFIGDIR", "XDG_CACHE_HOME", "ANALYSIS_SOURCE", "ANALYSIS_ROOT",
)  # fmt: skip
_FIXED = {
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    **dict.fromkeys(ONE_THREAD, "1"),  # workers do not fight for cores either
}
_SEEDED = "import random as _r, numpy as _n; _r.seed(0); _n.random.seed(0); del _r, _n"


def bare_environment(outside: Mapping[str, str], profile: str) -> dict[str, str]:
    """The environment of a kernel: what a process needs, what we fix, and an empty IPython profile.

    >>> bare_environment({"PATH": "/bin", "CENSUS_API_KEY": "abc"}, "/tmp/p")["TZ"]  # pragma: allowlist secret
    'UTC'
    >>> "CENSUS_API_KEY" in bare_environment({"CENSUS_API_KEY": "secret"}, "/tmp/p")  # pragma: allowlist secret
    False
    """
    kept = {name: outside[name] for name in _PASSED if name in outside}
    settings = {"IPYTHONDIR": profile, "JUPYTER_CONFIG_DIR": profile, "MATPLOTLIBRC": _own_matplotlibrc()}
    return {**kept, **_FIXED, **{name: value for name, value in settings.items() if value}}


def _own_matplotlibrc() -> str:
    """The settings file matplotlib ships, so that one in the user's home is not read."""
    found = importlib.util.find_spec("matplotlib")
    folder = Path(found.origin).parent if found and found.origin else None
    return str(folder / "mpl-data" / "matplotlibrc") if folder else ""


def isolated() -> bool:
    """Whether each notebook gets a new interpreter instead of a fork: asked for, or the platform cannot fork."""
    return not service.possible() or os.environ.get("ANALYSIS_ISOLATED", "") not in ("", "0")


def first_lines() -> str:
    """What every kernel runs before its first cell: fixed random states, and the most memory it may take."""
    most = memory_limit()
    bound = f"import resource as _x; _x.setrlimit(_x.RLIMIT_DATA, ({most}, {most})); del _x\n" if most else ""
    return bound + _SEEDED


def memory_limit() -> int:
    """The most bytes of its own a notebook may take: ``ANALYSIS_MEMORY`` in megabytes, 0 for no limit.

    Without that, half of the machine's memory, so that two workers cannot bring it down. What exceeds it is a
    MemoryError of the cell that asked for too much.
    """
    told = os.environ.get("ANALYSIS_MEMORY", "")
    if told.isdecimal():
        return int(told) << 20
    if sys.platform != "linux":
        return 0
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def warm_up(modules: Sequence[str], without: Sequence[str] = ()) -> service.Zygote:
    """Start a warm process for a build; it gets warm while other work goes on."""
    global _known
    _known = None
    wanted = [*modules, "analysis.report.recording"]
    return service.begin(wanted, bare_environment(os.environ, ""), first_lines(), without)


def keep_warm(root: str, sources: Iterable[str]) -> service.Zygote | None:
    """A warm process for a build not yet known: it imports what the last builds of the sources did.

    One that was begun here before is kept while that is enough. None where notebooks run isolated, and where nothing is
    remembered yet.
    """
    remembered = [] if isolated() else [read_json(Path(root, "reports", source, WARM)) for source in sources]
    known = [each for each in remembered if isinstance(each, dict) and each.get("all")]
    without = {module for each in known for module in each["without"]}
    modules = [name for name in dict.fromkeys(name for each in known for name in each["all"]) if name not in without]
    held = service.ahead()
    if held is not None and {*modules} <= held.modules:
        return held
    if not modules:
        return None
    begun = warm_up(modules, sorted(without))
    begun.started_ahead = True
    return begun


def warm_process(sources: Iterable[str]) -> service.Zygote:
    """The warm process of the build this process works for, or its own.

    Its own is started for this code, unless one is at hand that knows the package as it is now.
    """
    global _known
    found = service.inherited() or service.at_hand()
    if found is not None and _known is None:
        return found  # of a build, which began it for the code as it is
    now = digest(canonical(all_modules(Now())))
    if found is None or _known != now:
        found = warm_up(modules_of(sources))
        _known = now
    return found


_known: str | None = None


def modules_of(sources: Iterable[str]) -> list[str]:
    """What the code of notebooks imports, in the order they first say it, the package's submodules included.

    >>> modules_of(["import pandas as pd\\nfrom analysis.methods import prices\\n%matplotlib inline"])
    ['pandas', 'analysis.methods', 'analysis.methods.prices']
    """
    trees = [tree for source in sources if (tree := python_tree(source)) is not None]
    return list(dict.fromkeys(name for tree in trees for name in imported_names(tree)))


def imported_names(tree: ast.AST) -> Iterator[str]:
    """Modules that the import statements of a piece of code name; ``from a import b`` may name ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{a.name}" for a in node.names if _is_module(f"{node.module}.{a.name}"))


def _is_module(name: str) -> bool:
    # Of the package only: to look for others would import them into this process.
    if not name.startswith("analysis."):
        return False
    path = Path(__file__).parents[2].joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def loaded_tables(sources: Iterable[str]) -> set[str] | None:
    """The tables that code loads by name, or None where it does not say them all in so many words.

    >>> sorted(loaded_tables(["prices, tracts = load('prices'), load('tracts')"]))
    ['prices', 'tracts']
    >>> loaded_tables(["frames = {name: load(name) for name in names}"]) is None
    True
    """
    trees = [python_tree(source) for source in sources]
    nodes = [node for tree in trees if tree is not None for node in ast.walk(tree)]
    # Whoever asks refine about the data themselves may rest on any table.
    asks = any(isinstance(node, ast.Attribute | ast.Name) and _last_name(node) == "refine" for node in nodes)
    named = [_loaded(node) for node in nodes if isinstance(node, ast.Call) and _last_name(node.func) == "load"]
    if None in trees or None in named or asks:
        return None
    return {name for name in named if name is not None}


def loads_by_name(sources: Iterable[str]) -> set[str]:
    """The tables that code loads by name, whatever else it loads.

    >>> sorted(loads_by_name(["load('prices'), load(other)", "x = = 1"]))
    ['prices']
    """
    trees = [tree for source in sources if (tree := python_tree(source)) is not None]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {name for call in calls if _last_name(call.func) == "load" and (name := _loaded(call)) is not None}


def _loaded(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
