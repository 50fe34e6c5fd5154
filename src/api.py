"""The Python interface: the same functions and records as the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .options import DEFAULT_BUDGET_SECONDS, Mistake, Options, combine, read_option

if TYPE_CHECKING:
    from .records import Report, Scan
    from .report.watcher import Watcher

_Path = str | os.PathLike[str]


def optimize(
    script: _Path | None = None,
    *,
    module: str | None = None,
    arguments: Sequence[str] = (),
    project: _Path | None = None,
    budget: float | str = DEFAULT_BUDGET_SECONDS,
    steps: int | None = None,
    pairs: int = 10,
    drift_runs: int = 0,
    seed: int | None = 0,
    min_speedup: float = 1.05,
    only: Iterable[str] = (),
    skip: Iterable[str] = (),
    metrics: Mapping[str, str] | None = None,
    rewrite: str = "outline",
    apply: bool = False,
    network: str = "offline",
    results: _Path = "results",
    watcher: Watcher | None = None,
) -> Report:
    """Run `optimize --train-script` and return its report.

    Give exactly one of ``script`` (a file) and ``module`` (a dotted name, as for ``python -m``). It runs in separate
    processes. Paths are relative to the working directory. ``budget`` is the wall-clock time for all runs together, in
    seconds or as text (``"5m"``). ``metrics`` maps names to regular expressions for numbers that the script prints. The
    other options have the meaning given by `optimize --help`. pyproject.toml is not read. Nothing is printed; a
    ``watcher`` receives the progress.

    Every run returns a report, even if the script failed: see ``status``, ``exit_code`` and ``message``. Raises
    ValueError for invalid options and for a script that does not exist. Needs Linux.
    """
    given: dict[str, object] = {
        "train-script": None if script is None else os.fspath(script),
        "train-module": module,
        "arguments": list(arguments),
        "project": None if project is None else os.fspath(project),
        "budget": budget,
        "steps": steps,
        "pairs": pairs,
        "drift-runs": drift_runs,
        "seed": "none" if seed is None else seed,
        "min-speedup": min_speedup,
        "only": list(only),
        "skip": list(skip),
        "metric": dict(metrics or {}),
        "rewrite": rewrite,
        "network": network,
        "results": os.fspath(results),
    }
    read = dict(_read(name, value) for name, value in given.items() if value is not None)
    options = _right(combine({**read, "apply": apply}, {}))
    if sys.platform != "linux":
        raise ValueError("optimize needs Linux, whose kernel protects your files and ends processes.")

    from .report.watcher import Silent
    from .run import pipeline
    from .run.entry import check_target

    if mistake := check_target(options, Path.cwd()):
        raise ValueError(mistake.sentence)
    return pipeline.run(options, watcher or Silent(), ("hybridize.optimize",))


def scan(
    *paths: _Path,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    min_confidence: str = "low",
) -> Scan:
    """Run `optimize scan`: read files and folders, run nothing, and return the findings.

    ``select`` and ``ignore`` take prefixes of rule codes (``"HYB1"``). ``min_confidence`` is high, medium or low. Needs
    neither Linux nor TensorFlow. Raises ValueError for a path, a code or a confidence that does not exist.
    """
    if not paths:
        raise ValueError("Name the files or folders to scan.")
    found = [Path(path).resolve() for path in paths]
    for path in found:
        if not path.exists():
            raise ValueError(f"There is no {path}.")

    from . import static
    from .static.rules import all_rules
    from .static.selecting import read_selection, root_of
    from .static.selecting import select as selected

    titles = {rule.code: rule.title for rule in all_rules()}
    selection = read_selection(select, ignore, min_confidence, titles)
    return selected(static.scan(root_of(found), None, found), selection)


def _read(name: str, value: object) -> tuple[str, object]:
    read = read_option(name, value)
    if isinstance(read, Mistake):
        raise ValueError(read.sentence)
    return read


def _right(options: Options | Mistake) -> Options:
    if isinstance(options, Mistake):
        raise ValueError(options.sentence)
    return options
