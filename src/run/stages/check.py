"""Compares each candidate eagerly and as a graph, from the same state, within one run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ... import exit_codes
from ...measure.bounds import why_hopeless
from ...records import Reason, Scan, Verdict
from ..pacing import check_seconds, reserve
from ..proposals import is_proposed
from ..reach import refused_words
from ..work import Stop, Work

if TYPE_CHECKING:
    from ...dynamic.parent.proof import Observed

# The share of the budget that the check may take, or more if the measurement keeps what is reserved for it. Unused time
# is left to the next stages.
CHECK_SHARE = 0.25


def run(work: Work, scan: Scan, observed: Observed) -> None:
    """Check the candidates that the observed run left open, and record their verdicts."""
    from ...dynamic.parent.proof import check
    from ..variants import first_variants, with_story

    if not observed.open:
        return
    work.observed = observed
    with work.stage("check", f"{len(observed.open)} candidates, eager against graph from the same state"):
        variants, hopeless = first_variants(observed)
        seconds, most = check_seconds(work, CHECK_SHARE), work.left - reserve(work)
        judged = check(work.run_with(scan), observed, seconds, variants, most=most)
        judged = (*hopeless, *(with_story(j, observed) for j in judged))
        work.add(judged)
        for judgement in judged:
            work.watcher.note(f"{judgement.function.id}: {judgement.verdict.value}, {judgement.reasons[0].message}")


def is_worthwhile(work: Work, observed: Observed) -> bool:
    """Whether all remaining candidates together could pay off. If not, no more time is spent on them."""
    from ...dynamic.parent.proof import observation

    left = [replace(work.judgements[f.id], observation=observation(observed, f)) for f in observed.open]
    why = why_hopeless(left, work.options.min_speedup)
    if why is None:
        return True
    work.no_gain = why
    work.add(
        [replace(j, verdict=Verdict.NOT_PROPOSED, reasons=(Reason("hopeless", f"not checked: {why}"),)) for j in left]
    )
    work.watcher.note(why)
    return False


def stop_where_refused(work: Work) -> None:
    """Raise Stop if no run got as far as a comparison because connections were refused."""
    refused = refused_words(work)
    verdicts = {j.verdict for j in work.judgements.values() if is_proposed(work, j.function)}
    if refused and not verdicts & {Verdict.CONFIRMED, Verdict.REFUTED}:
        raise Stop("script-failed", f"Nothing was changed. {refused}", exit_codes.SCRIPT)
