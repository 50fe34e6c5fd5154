"""The order of the stages. No other module knows it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import exit_codes
from ..options import Mistake, Options
from ..records import Report, Scan, Target
from . import belated, endings, remainder
from .keys import keys_of
from .planning import drop_hopeless, drop_undecidable, set_plan
from .reach import tell_refused
from .renewed import ask_for_second_objects
from .stages import (
    check,
    cold_start,
    last_run,
    loops,
    measure,
    observe,
    outline,
    profile,
    race,
    reference,
    scan,
    seeds,
    switches,
)
from .target import find_target
from .work import Stop, Work

if TYPE_CHECKING:
    from ..report.watcher import Watcher

#: The work of a run. It returns the status, the message and the exit code of the run, or raises Stop.
Job = Callable[[Work], tuple[str, str, int]]
#: The share of the budget that must be left for trying the rest of a function that the check has refuted.
PARTING_SHARE = 0.5


def run(
    options: Options, watcher: Watcher, command: Sequence[str] = (), job: Job | None = None
) -> Report:
    """Run the main job, or another one. Every ending is a report, which is also written to the results folder.

    Ctrl-C ends all children and returns the report of the results so far, with exit code 130.
    """
    from ..report.folder import create
    from ..sandbox.parent.launch import all_stopped

    cwd = Path.cwd()
    target = find_target(options, cwd)
    wrong = target.sentence if isinstance(target, Mistake) else ""
    if isinstance(target, Target):
        try:
            folder = create(cwd / options.results, target.script)
        except OSError as error:
            wrong = (
                f"The results can't be written to {options.results} ({error.strerror or error}); name another folder "
                "with --results"
            )
    if wrong or isinstance(target, Mistake):
        nothing = Target(str(cwd), str(cwd), str(options.script or options.train_module or ""), options.arguments)
        return endings.report_of(Work(options, watcher, nothing, Path()), command, "usage", wrong, exit_codes.USAGE)
    work = Work(options, watcher, target, folder)
    try:
        with all_stopped():
            status, message, code = (job or optimize)(work)
    except Stop as stop:
        status, message, code = stop.status, stop.message, stop.exit_code
    except KeyboardInterrupt:
        status, code = "interrupted", exit_codes.INTERRUPTED
        message = (
            f"Interrupted after {work.spent:.0f} s: all processes were ended, {endings.changed(work)}, and the "
            f"results so far are in {work.folder}."
        )
    tell_refused(work)
    return endings.written(endings.report_of(work, command, status, message, code), work)


def optimize(work: Work) -> tuple[str, str, int]:
    """The main job. Returns the status, the message and the exit code."""
    found = scan.run(work)
    with nursery(work):
        found = prove(work, found)
        outline.tell(work)
        drop_undecidable(work, found)
        while work.plan.edits:
            measure.run(work, found)
            if measure.has_crashed(work, found):
                continue
            seeds.run(work, found)
            last_run.run(work, found)
            if not measure.has_crashed(work, found):
                break
        remainder.prove(work, found, patient=False)
        belated.prove(work, found)
        measure.tell_draws(work)
        profile.run(work)
        reference.run(work)
    work.keys = keys_of(work, found, [judgement.function.id for judgement in work.selected()])
    return endings.end(work)


def prove(work: Work, found: Scan) -> Scan:
    """Observe, check, choose variants, and run the cold start. Afterwards every candidate has its verdict.

    Returns the current scan: the run may have imported modules that the first scan did not know.
    """
    work.to_outline = bool(outline.wanted(work))
    found, observed = observe.run(work, found)
    if switches.run(work, found, observed):
        set_plan(work, found)
        return found
    parted = outline.part(work)
    if parted is not None or work.to_outline:
        found = parted or found
        if parted is None and outline.run(work, found):
            found = scan.run(work, work.seen_modules)
        work.to_outline = False
        found, observed = observe.run(work, found)
    if check.is_worthwhile(work, observed):
        check.run(work, found, observed)
        parted = outline.part(work) if work.left > PARTING_SHARE * work.options.budget_seconds else None
        if parted is not None:
            found, observed = observe.run(work, parted)
            check.run(work, found, observed)
        ask_for_second_objects(work, found)
        check.stop_where_refused(work)
        race.run(work, found, observed)
        drop_hopeless(work)
        drop_undecidable(work, found)
        cold_start.run(work, found)
        drop_hopeless(work)
        set_plan(work, found)
        loops.run(work, found)
    return found


@contextlib.contextmanager
def nursery(work: Work) -> Iterator[None]:
    """Start the process that later runs are forked from, while the first run is in progress."""
    from ..sandbox.parent.launch import base_environment
    from ..sandbox.parent.nursery import Nursery

    with Nursery(base_environment(work.target)) as nursery:
        work.waiting_nursery = nursery
        yield
    work.nursery = None
