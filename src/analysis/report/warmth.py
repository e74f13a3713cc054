"""What a warm process imports for a build: what its notebooks say they import, and what their last runs did besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from analysis.project import Project
from analysis.report.editions import notebooks
from analysis.report.kernel_environment import isolated, modules_of, warm_up
from analysis.report.notebook import read_notebook
from analysis.report.storage import put_json, read_json
from analysis.report.warm.service import NoWarmth, Zygote

FILE = ".warm.json"


@dataclass(frozen=True)
class Learned:
    """What earlier builds taught: ``modules`` that runs of a notebook imported, ``without`` those best left to them."""

    modules: Mapping[str, Sequence[str]] = field(default_factory=dict)
    without: Sequence[str] = ()


def learned(project: Project, source: str) -> Learned:
    """What earlier builds of a source wrote down; nothing where there were none."""
    held = read_json(project.reports(source) / FILE)
    if not isinstance(held, dict) or held.keys() != {"modules", "without"}:
        return Learned()
    return Learned(held["modules"], held["without"])


def warmed_up(project: Project, source: str, stems: Iterable[str]) -> Zygote | None:
    """Start a warm process for these notebooks; None where notebooks run isolated."""
    if isolated():
        return None
    known = learned(project, source)
    wanted = sorted(set(stems))
    read = [read_notebook(path) for path in notebooks(project) if path.stem in wanted]
    said = modules_of(cell.source for notebook in read for cell in notebook.code)
    besides = [module for stem in wanted for module in known.modules.get(stem, ())]
    return warm_up(list(dict.fromkeys([*said, *besides])), known.without)


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
    put_json(project.reports(source) / FILE, asdict(Learned(kept, sorted(without))))
