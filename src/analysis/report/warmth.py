"""What a warm process imports for a build: what its notebooks say they import, and what their last runs did besides.

The list is kept beside the reports, so that the next build can begin to warm up before it has read a notebook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from analysis.project import Project
from analysis.report.editions import notebooks
from analysis.report.kernel_environment import WARM, first_lines, isolated, modules_of, warm_up
from analysis.report.notebook import read_notebook
from analysis.report.storage import put_json, read_json
from analysis.report.warm import service
from analysis.report.warm.service import NoWarmth, Zygote


@dataclass(frozen=True)
class Learned:
    """What earlier builds taught: ``modules`` that runs of a notebook imported, ``without`` those best left to them.

    ``all`` is what the last build that needed more than the one before imported, in order.
    """

    modules: Mapping[str, Sequence[str]] = field(default_factory=dict)
    without: Sequence[str] = ()
    all: Sequence[str] = ()


def learned(project: Project, source: str) -> Learned:
    """What earlier builds of a source wrote down; nothing where there were none."""
    held = read_json(project.reports(source) / WARM)
    if not isinstance(held, dict) or held.keys() != {"modules", "without", "all"}:
        return Learned()
    return Learned(held["modules"], held["without"], held["all"])


def warmed_up(project: Project, source: str, stems: Iterable[str] | None) -> Zygote | None:
    """A warm process for these notebooks, or all; None where notebooks run isolated.

    One that was started ahead of the build is taken if it imports all they need, else one is started.
    """
    if isolated():
        return None
    known = learned(project, source)
    paths = {path.stem: path for path in notebooks(project)}
    wanted = sorted(paths if stems is None else paths.keys() & set(stems))
    read = [read_notebook(paths[stem]) for stem in wanted]
    said = modules_of(cell.source for notebook in read for cell in notebook.code)
    besides = [module for stem in wanted for module in known.modules.get(stem, ())]
    modules = list(dict.fromkeys([*said, *besides]))
    if not set(modules) <= {*known.all, *known.without}:
        put_json(
            project.reports(source) / WARM, asdict(replace(known, all=list(dict.fromkeys([*known.all, *modules]))))
        )
    held = service.ahead()
    if held is not None and set(modules) <= {*held.modules, *held.without}:
        held.first_lines = first_lines()
        return held
    return warm_up(modules, known.without)


def learn(project: Project, source: str, zygote: Zygote, cold: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Write down for the next build what this one taught: by notebook, the modules its runs imported themselves."""
    known = learned(project, source)
    try:
        without = {*known.without, *zygote.about()["without"]}
    except NoWarmth:
        return  # it was killed under way; the next build learns the same
    modules = {stem: set(names) for stem, names in known.modules.items()}
    for stem, names in cold:
        modules.setdefault(stem, set()).update(names)
    kept = {stem: sorted(names - without) for stem, names in sorted(modules.items())}
    everything = dict.fromkeys([*known.all, *(name for names in kept.values() for name in names)])
    listed = [name for name in everything if name not in without]
    put_json(project.reports(source) / WARM, asdict(Learned(kept, sorted(without), listed)))
