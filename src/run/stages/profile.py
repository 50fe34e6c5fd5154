"""Samples where the time goes, with what is left of the budget."""

from __future__ import annotations

import functools
import time

from .. import remainder
from ..work import Work

#: Where no candidate says that training has begun, a script is sampled after this part of what the observed run took,
#: and after no more seconds than that; one that ran for less is not sampled at all.
START_PART, MOST_START_SECONDS = 0.3, 15.0
LEAST_OBSERVED_SECONDS = 10.0

def run(work: Work) -> None:
    """Sample where the time goes, with what is left of the budget: nothing else depends on it."""
    from ...measure.profile import run_profile, worth_following
    from ...sandbox.parent.launch import start

    # Of statements that are no function in the original there are no samples.
    judgements = tuple(judgement for judgement in work.judgements.values() if judgement.function.region is None)
    # Where nothing is to be gained by an edit, it is all the more of interest where the time goes.
    after = None if work.plan.edits else min(START_PART * work.timings.get("observe", 0.0), MOST_START_SECONDS)
    if not worth_following(judgements) and (after is None or work.timings.get("observe", 0.0) < LEAST_OBSERVED_SECONDS):
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
            after=after,
            watch=work.watch,
            start=functools.partial(start, nursery=work.nursery),
        )
