"""Times the original and the edited script, which take turns."""

from __future__ import annotations

import functools
import math
import time
from dataclasses import replace

from ...records import Benchmark, Scan
from ...report.wording import count
from .. import remainder
from ..pacing import SEEDS_SHARE
from ..planning import set_plan
from ..trial import ColdTrial
from ..work import Work, edits_of

#: The largest quotient of a confidence interval's ends (upper by lower) if ratios are to be compared.
NARROW = 1.1


def run(work: Work, scan: Scan, width: float = math.inf) -> None:
    """Time the plan, with calls of its hottest candidate as units, until it is clear whether it pays off.

    With ``width``, it goes on until the quotient of the confidence interval's ends is at most that.
    """
    from ...measure.benchmark import run_benchmark
    from ...measure.phases import covers_of, tail_of, tell_phases, unit_of, units_outside
    from ...sandbox.parent.launch import start

    hottest = work.unit or unit_of(work.selected(), work.left)
    with work.stage("measure", "the original and the edited script, taking turns"):

        def keep(benchmark: Benchmark) -> None:
            work.benchmark = benchmark

        edit = edits_of([hottest])[0]
        part = 1 - SEEDS_SHARE if work.options.drift_runs else 1.0
        chosen, whole = work.selected(), work.observed_whole
        covers = covers_of(hottest, chosen, work.judgements)
        work.benchmark = run_benchmark(
            work.target,
            edit,
            hottest.function.line,
            work.plan.files,
            work.folder,
            pairs=work.options.pairs,
            steps=work.options.steps,
            length=units_outside(hottest, covers, work.judgements) if whole else None,
            min_speedup=work.options.min_speedup,
            width=width,
            hybrid=hottest.function.hybrid is not None,
            covers=covers,
            tail=tail_of(
                hottest, chosen, work.judgements, work.training_seconds if whole else 0.0, work.leaving_seconds
            ),
            deadline=time.monotonic() + part * (work.left - remainder.kept(work)),
            watch=work.watch,
            keep=keep,
            start=functools.partial(start, nursery=work.nursery),
        )
        if said := tell_phases(hottest, chosen):
            work.benchmark = replace(work.benchmark, reason=f"{work.benchmark.reason}; {said}")


def has_crashed(work: Work, scan: Scan) -> bool:
    """Whether the edited script crashed. Then the plan becomes what agrees in a cold run without the culprit."""
    from ..withdrawal import withdraw

    if work.benchmark is None or work.benchmark.crash is None:
        return False
    rest = withdraw(work)
    if rest:
        with work.stage("cold start", f"{count(len(rest), 'candidate')} without the one that failed"):
            work.drift = ColdTrial(work, scan, rest[0], rest).settle(rest, "plan-after-crash")
            set_plan(work, scan)
    return True


def tell_draws(work: Work) -> None:
    """Add to the drift's reason which differences the shared random stream of all runs has hidden."""
    from ...measure.draws import tell_draws

    said = tell_draws(work.selected()) if work.plan.edits else ""
    if said and work.drift is not None:
        work.drift = replace(work.drift, reason=f"{work.drift.reason}; {said}")
