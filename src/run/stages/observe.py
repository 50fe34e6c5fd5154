"""Runs the original script with watched candidates. If it fails, finds out whether the watching caused that."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ... import exit_codes
from ...errors import own_failure, telling_line
from ...records import Ending, Function, Reason, RunOutcome, Scan, Verdict
from ...report.wording import count
from .. import proposals
from ..eagerness import is_to_enter, is_to_watch, tell
from ..failures import SHARE_TOLD, explain, has_failed
from ..proposals import is_proposed, is_to_time
from ..reach import heed
from ..work import Stop, Work
from . import scan as scanning

if TYPE_CHECKING:
    from ...dynamic.parent.proof import Observed

# The shares of the budget that the run may take. Unused time is left to the next stages.
OBSERVE_SHARE, LONGEST_OBSERVE_SHARE = 0.2, 0.4
MOST_OBSERVE_SECONDS, IDLE_OBSERVE_SECONDS = 120.0, 20.0


def run(work: Work, scan: Scan) -> tuple[Scan, Observed]:
    """Observe the script. If it imported candidates that the scan did not know, scan and observe them too."""
    observed = _blame(work, scan, _observe(work, scan))
    again = scan_again(work, scan, observed)
    if again is not None:
        scan, observed = again, _blame(work, again, _observe(work, again))
    _stop_at_failure(work, observed)
    tell(work, observed)
    _tell_offspring(work, observed)
    return scan, observed


def scan_again(work: Work, scan: Scan, observed: Observed) -> Scan | None:
    """The scan of the modules that the run imported; None if it has no candidates that the first scan lacks."""
    if not observed.seen.modules or observed.outcome.ending is Ending.RAISED:
        return None
    known = {os.path.realpath(os.path.join(scan.root, file)) for file in scan.modules}
    if known.issuperset(map(os.path.realpath, observed.seen.modules.values())):
        return None
    target, judgements = work.target, dict(work.judgements)
    found = scanning.run(work, observed.seen.modules)
    found_now = (judgement.function for judgement in work.judgements.values())
    proposed = [f for f in found_now if is_proposed(work, f) or (f.region is not None and f.blocker is None)]
    new = [f for f in proposed if os.path.realpath(os.path.join(found.root, f.file)) not in known]
    if new:
        more = count(len(new), "candidate")
        work.watcher.note(f"the run imported {more} that the analysis had not found, so the script is observed again")
        work.watcher.stage("scan", work.target.root)
        proposals.tell(work, found)
        work.seen_modules = observed.seen.modules
        return found
    work.target, work.judgements = target, judgements
    return None


def _tell_offspring(work: Work, observed: Observed) -> None:
    """Add to functions that were never called that other processes, which are not watched, may have called them."""

    offspring = observed.offspring
    unseen = [j for j in work.judgements.values() if j.verdict is Verdict.UNOBSERVED]
    if not offspring.started or not (unseen or offspring.share >= SHARE_TOLD):
        return
    why = f"it was never called in the script's own process; those started at {offspring.words} are not watched"
    work.add([replace(j, reasons=(Reason("other-process", why),)) for j in unseen])
    share = f" They did {offspring.share:.0%} of the computation." if offspring.share >= SHARE_TOLD else ""
    work.warn(f"the script starts other Python processes at {offspring.words}, which are not watched.{share}")


def _blame(work: Work, scan: Scan, observed: Observed) -> Observed:
    """If the observed run failed, find out whether the watching caused it, and observe again without those functions.

    Raises Stop if the script runs unwatched but fails with any watched function.
    """
    from ...dynamic.parent.proof import observe
    from ..blaming import OutOfTime, find_culprits, seconds_to_fail

    failed = observed.outcome
    if not has_failed(failed) or observed.seen.role_errors:
        return observed
    error = f"{failed.error_type}: {telling_line(failed.error)}" if failed.error_type else "it ends early"
    functions, entries = _watched(work)
    watched = functions, entries, _timed(work)

    def fails(names: Sequence[str]) -> bool:
        some, entered, timed = ([f for f in each if f.id in names] for each in watched)
        seconds = seconds_to_fail(failed, work.left)
        run = work.run_with(scan)
        again = observe(run, some, (), seconds, seconds, work.options.steps, entered, timed).outcome
        # A run that was refused a connection can't show that the script runs.
        return has_failed(again) or bool(again.contacts.stopped)

    with work.stage("observe", "the script failed while it was watched; running it again without watching"):
        try:
            culprits = find_culprits(list(dict.fromkeys(f.id for each in watched for f in each)), fails)
        except OutOfTime:
            raise Stop(
                "script-failed",
                f"{os.path.relpath(work.target.script, work.target.cwd)} failed while hybridize watched it ({error}), "
                "and the budget leaves no time to try without watching; use a longer --budget.",
                exit_codes.SCRIPT,
            ) from None
    if culprits is None:
        return observed
    work.unwatched.update(culprits)
    why = f"the script fails only when hybridize watches its calls ({error}), so the run gives no information about it"
    work.add(
        [
            replace(work.judgements[name], verdict=Verdict.INCONCLUSIVE, reasons=(Reason("unwatchable", why),))
            for name in culprits
            if work.judgements[name].verdict is not Verdict.NOT_PROPOSED
        ]
    )
    for name in culprits:
        work.warn(f"{name} is not watched: the script fails only when hybridize watches it ({error})")
    observed = _observe(work, scan)
    if has_failed(observed.outcome):
        script = os.path.relpath(work.target.script, work.target.cwd)
        message = f"hybridize itself failed: {script} runs alone, but fails when hybridize watches it ({error})."
        raise Stop("failed", message, exit_codes.OURS)
    return observed


def _watched(work: Work) -> tuple[list[Function], list[Function]]:
    """The functions whose calls are watched, and those that only report when their own code runs."""
    known = [j.function for j in work.judgements.values() if j.function.id not in work.unwatched]
    return [f for f in known if is_proposed(work, f) or is_to_watch(f)], [f for f in known if is_to_enter(f)]


def _timed(work: Work) -> list[Function]:
    """The functions that are only timed, to show where time goes that no edit can save."""
    known = [j.function for j in work.judgements.values() if j.function.id not in work.unwatched]
    return [f for f in known if is_to_time(f) and not is_to_watch(f)]


def _observe(work: Work, scan: Scan) -> Observed:
    from ...dynamic.parent.proof import observe, observed_times

    functions, entries = _watched(work)
    proposed = [f for f in functions if is_proposed(work, f)]
    script = "the original script" if not work.base else "the script with its steps moved into functions, still eager"
    with work.stage("observe", f"running {script}, {count(len(proposed), 'candidate')} watched"):
        seconds = min(work.share(OBSERVE_SHARE, least=30.0), MOST_OBSERVE_SECONDS)
        longest = max(seconds, work.share(LONGEST_OBSERVE_SHARE))
        if work.to_outline or not (functions or entries):
            # This run only shows whether the script runs. With its steps as functions it is observed again.
            longest = seconds = min(seconds, IDLE_OBSERVE_SECONDS)
        limits = seconds, longest, work.options.steps
        observed = observe(work.run_with(scan), functions, proposed, *limits, entries, _timed(work))
        times = observed_times(observed.seen)
        work.add([replace(work.judgements[name], observation=seen) for name, seen in times.items()])
        outcome = observed.outcome
        work.observed_whole = outcome.ending in (Ending.FINISHED, Ending.EXITED)
        watching = float(observed.seen.report.get("overhead_seconds", 0.0))
        work.training_seconds = observed.training_seconds + watching
        work.own_seconds = outcome.seconds if work.observed_whole else None
        if outcome.forkable:
            work.nursery = work.waiting_nursery
        spared = work.nursery.import_wall_seconds if work.nursery is not None else 0.0
        work.startup_seconds = max(0.5, outcome.seconds - work.training_seconds - spared)
        work.environment.update(outcome.environment)
        _heed_writes(work, outcome)
        heed(work, outcome)
        work.add(observed.decided)
        work.hybrid_calls = {
            f.id: observed.rows[f.id].calls for f in functions if f.hybrid is not None and f.id in observed.rows
        }
        for judgement in observed.decided:
            if judgement.verdict is Verdict.REFUTED:
                work.watcher.note(f"{judgement.function.id}: refuted, {judgement.reasons[0].message}")
        called, left = sum(bool(row.calls) for row in observed.rows.values()), len(observed.open)
        work.watcher.note(
            f"the script {_how(outcome)}; {called} of {count(len(functions), 'watched function')} "
            f"{'was' if called == 1 else 'were'} called, {left} to check"
        )
    return observed


def _heed_writes(work: Work, outcome: RunOutcome) -> None:
    if not outcome.kernel_guard:
        work.warn(
            "the kernel does not guard your files (Landlock needs Linux 5.19, and a container that allows it); writes "
            "by Python code still stay in the scratch copy, but C libraries and programs that the script starts can "
            "write to absolute paths and to linked data files"
        )
    for path in outcome.blocked_writes[:5]:
        work.warn(
            f"the script tried to write to {path}, outside of its scratch copy; the write was refused, so nothing "
            "there has changed"
        )


def _how(outcome: RunOutcome) -> str:

    if outcome.ending is Ending.CUT:
        return f"was cut after {outcome.seconds:.0f} s"
    if has_failed(outcome):
        return f"failed after {outcome.seconds:.0f} s"
    if outcome.ending not in (Ending.FINISHED, Ending.EXITED):
        return f"did not stop when its time was up, and was killed after {outcome.seconds:.0f} s"
    return f"ran to its end in {outcome.seconds:.0f} s"


def _stop_at_failure(work: Work, observed: Observed) -> None:
    """Raise Stop if the script failed by itself, or never started to train."""

    if observed.seen.role_errors:
        raise Stop("failed", f"{own_failure('observation', observed.seen.role_errors[0])}.", exit_codes.OURS)
    script = os.path.relpath(work.target.script, work.target.cwd)
    proposed = any(is_proposed(work, f) for f in _watched(work)[0])
    called = any(row.calls or row.traced_calls for row in observed.rows.values())
    missed = proposed and not called and not work.to_outline
    stop = explain(script, observed.outcome, missed=missed, offspring=observed.offspring)
    if stop is not None:
        raise stop
