"""Samples where the time goes, with what is left of the budget."""

from __future__ import annotations

import functools
import time

from .. import remainder
from ..work import Work


def run(work: Work) -> None:
    """Sample where the time goes, with what is left of the budget: nothing else depends on it."""
    from ...measure.profile import run_profile, worth_following
    from ...sandbox.launch import start

    # Of statements that are no function in the original there are no samples.
    judgements = tuple(judgement for judgement in work.judgements.values() if judgement.function.region is None)
    if not worth_following(judgements):
        return
    benchmark = work.benchmark
    startups = [pair.startup_seconds[0] for pair in benchmark.pairs if pair.startup_seconds] if benchmark else []
    faster = benchmark is not None and benchmark.verdict == "faster"
    with work.stage("profile", "where the time goes" + (", before and after" if faster else "")):
        work.profile = run_profile(
            work.target,
            judgements,
            work.plan.files if faster else (),
            work.folder,
            deadline=time.monotonic() + remainder.allowance(work),
            startup_seconds=max(startups, default=0.0),
            watch=work.watch,
            start=functools.partial(start, nursery=work.nursery),
        )
