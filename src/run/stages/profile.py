"""Profiles the script by sampling, with the rest of the budget."""

from __future__ import annotations

import functools
import time

from .. import remainder
from ..work import Work

#: Without a candidate that marks the start of training, sampling starts after this share of the observed run's time and
#: at most these seconds. A script whose observed run was shorter than LEAST_OBSERVED_SECONDS is not sampled.
START_PART, MOST_START_SECONDS = 0.3, 15.0
LEAST_OBSERVED_SECONDS = 10.0

def run(work: Work) -> None:
    """Profile the script by sampling. It comes last, because nothing else depends on it."""
    from ...measure.profile import run_profile, worth_following
    from ...sandbox.parent.launch import start

    # Samples are assigned to functions of the original script, where outlined regions are not functions.
    judgements = tuple(judgement for judgement in work.judgements.values() if judgement.function.region is None)
    # If no edit helps, the profile is useful even without a candidate.
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
