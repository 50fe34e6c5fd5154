"""The one place that knows the order of the stages."""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__, pacing, remainder
from .bounds import why_hopeless
from .errors import own_failure, telling_line
from .interrupts import deferred
from .options import Mistake, Options
from .reach import heed, refused_words, tell_refused
from .records import (
    Action,
    Benchmark,
    Ending,
    Function,
    FunctionKind,
    Judgement,
    Plan,
    Report,
    RunOutcome,
    Scan,
    Target,
    Verdict,
)
from .renewed import ask_for_second_objects
from .report.wording import NOTABLE_SHARE, count, own_share
from .switching import (
    FIT,
    SwitchTrial,
    eager_parts,
    is_to_enter,
    is_to_watch,
    names_switch,
    switches_of,
    tell,
)
from .target import covering, find_target, layout_of
from .trial import ColdTrial
from .work import EXIT_CHECK, EXIT_INTERRUPTED, EXIT_OK, EXIT_OURS, EXIT_SCRIPT, EXIT_USAGE, Stop, Work, edits_of

if TYPE_CHECKING:
    from .dynamic.proof import Observed
    from .report.watcher import Watcher

# The codes of findings that are about safety; of those that speak against a function, so many are told.
SAFETY, MOST_HAZARDS = ("HYB1", "HYB2", "HYB3", "HYB4"), 3
# Shares of the budget that each stage may use at most; what one leaves is the next one's.
OBSERVE_SHARE, LONGEST_OBSERVE_SHARE, CHECK_SHARE = 0.2, 0.4, 0.25
MOST_OBSERVE_SECONDS, IDLE_OBSERVE_SECONDS = 120.0, 20.0


def run(options: Options, watcher: Watcher, command: Sequence[str] = ()) -> Report:
    """Do the main job; every ending is a report, which is also written to the results folder.

    Ctrl-C ends all children and gives the report of what was known until then, with exit code 130.
    """
    from .report.folder import create
    from .sandbox.launch import all_stopped

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
        return _report(Work(options, watcher, nothing, Path()), command, "usage", wrong, EXIT_USAGE)
    work = Work(options, watcher, target, folder)
    try:
        with all_stopped():
            status, message, code = _run_stages(work)
    except Stop as stop:
        status, message, code = stop.status, stop.message, stop.exit_code
    except KeyboardInterrupt:
        status, code = "interrupted", EXIT_INTERRUPTED
        message = (
            f"Interrupted after {work.spent:.0f} s: every process was ended, {_changed(work)}, and what was "
            f"measured until then is in {work.folder}."
        )
    tell_refused(work)
    return _written(_report(work, command, status, message, code), work)


def _changed(work: Work) -> str:
    """What became of the user's sources, for a sentence."""
    if work.applied:
        return f"the edits had been applied to {', '.join(edited.file for edited in work.plan.files)}"
    return "nothing was changed"


def _written(report: Report, work: Work) -> Report:
    """Write the report into the run's folder; where that can't be done, the message says so."""
    from .report.folder import write

    # It takes milliseconds, and an interrupt can't undo anything by now.
    with contextlib.suppress(KeyboardInterrupt), deferred():
        try:
            write(report, work.folder)
        except OSError as error:
            lost = f"{report.message} The results can't be written to {work.folder} ({error.strerror or error})."
            report = replace(report, status="failed", exit_code=EXIT_OURS, message=lost)
    return report


def _report(work: Work, command: Sequence[str], status: str, message: str, code: int) -> Report:
    options = work.options
    return Report(
        status=status,
        message=message,
        exit_code=code,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        command=tuple(command),
        target=work.target,
        options={
            name: str(value) if isinstance(value, Path) else value
            for name, value in vars(options).items()
            if name not in ("arguments",)
        },
        environment={
            "hybridize": __version__,
            "platform": platform.platform(),
            "cpus": str(os.cpu_count()),
            "python": platform.python_version(),
            **work.environment,
        },
        budget_seconds=options.budget_seconds,
        spent_seconds=work.spent,
        judgements=tuple(work.judgements.values()),
        plan=work.plan,
        benchmark=work.benchmark,
        drift=work.drift,
        profile=work.profile,
        timings=work.timings,
        folder=str(work.folder) if work.folder != Path() else None,
        warnings=tuple(work.warnings),
        applied=work.applied,
    )


def _run_stages(work: Work) -> tuple[str, str, int]:
    from .measure.selection import take_back

    scan = _scan(work)
    with _nursery(work):
        scan = prove(work, scan)
        while work.plan.edits:
            _measure(work, scan)
            if not _has_crashed(work, scan):
                _compare_seeds(work, scan)
                break
        remainder.prove(work, scan, patient=False)
        _tell_draws(work)
        _profile(work)
        _measure_flag(work)
    status, message, code = _conclude(work) if work.plan.edits else _nothing_to_write(work)
    work.add(take_back(list(work.judgements.values())))
    refused = "" if status == "optimized" else refused_words(work)
    return status, f"{message} {refused}".rstrip(), code


def prove(work: Work, scan: Scan) -> Scan:
    """Observe, check, choose variants, and run the plan cold: afterwards every candidate has its verdict.

    Gives the scan that the rest goes by: the run may have imported what the first one didn't know of.
    """
    from .race import Race

    scan, observed = _observe_whole(work, scan)
    if SwitchTrial(work, scan, observed).run():
        _set_plan(work, scan)
        return scan
    if _is_worth_a_check(work, observed):
        _check(work, scan, observed)
        ask_for_second_objects(work, scan)
        _stop_where_refused(work)
        Race(work, scan, observed).run()
        _drop_hopeless(work)
        _plan_cold(work, scan)
        _drop_hopeless(work)
        _set_plan(work, scan)
    return scan


def _is_worth_a_check(work: Work, observed: Observed) -> bool:
    """Whether the candidates that are left could pay, all together; where not, no more time is spent on them."""
    from .dynamic.proof import observation

    left = [replace(work.judgements[f.id], observation=observation(observed, f)) for f in observed.open]
    why = why_hopeless(left, work.options.min_speedup)
    if why is None:
        return True
    work.no_gain = why
    work.add([replace(j, verdict=Verdict.NOT_PROPOSED, reasons=(f"not checked: {why}",)) for j in left])
    work.watcher.note(why)
    return False


def _drop_hopeless(work: Work) -> None:
    """Take the edits out of the plan where all of them together can't pay: they need not be run or measured."""
    from .measure.selection import deselect

    why = why_hopeless(work.selected(), work.options.min_speedup)
    if why is not None:
        work.no_gain = why
        work.add([deselect(j, f"not worth it: {why}") for j in work.selected()])
        work.watcher.note(why)


@contextlib.contextmanager
def _nursery(work: Work) -> Iterator[None]:
    """Get a process ready, while the first run goes on, that later runs can be forked from."""
    from .sandbox.launch import base_environment
    from .sandbox.nursery import Nursery

    with Nursery(base_environment(work.target)) as nursery:
        work.waiting_nursery = nursery
        yield
    work.nursery = None


def _scan(work: Work, seen: Mapping[str, str] | None = None) -> Scan:
    """Analyse the project: what the source shows that the script imports, and what a run has ``seen``."""
    from .static import scan

    layout = layout_of(work.target, work.options, seen)
    work.target = covering(work.target, layout, work.options)
    with work.stage("scan", work.target.root) if seen is None else contextlib.nullcontext():
        found = scan(Path(work.target.root), Path(work.target.script), layout=layout)
        for warning in found.warnings:
            work.warn(warning)
        reachable = [f for f in found.functions if f.file in found.reachable]
        work.judgements.clear()
        work.add([Judgement(f, Verdict.NOT_PROPOSED, _why_not(f)) for f in reachable if not _is_proposed(work, f)])
        work.add(
            [
                Judgement(f, Verdict.UNOBSERVED, ("the script has not been run yet",))
                for f in reachable
                if _is_proposed(work, f)
            ]
        )
        named = (name for name in (*work.options.only, *work.options.skip) if not names_switch(name))
        unknown = [name for name in named if name not in work.judgements]
        if unknown:
            known = ", ".join(sorted(work.judgements)) or "none"
            raise Stop("usage", f"There is no candidate {unknown[0]}; the functions found are: {known}.", EXIT_USAGE)
        if seen is None:
            _tell_scan(work, found)
    return found


def _tell_scan(work: Work, found: Scan) -> None:
    reachable = [f for f in found.functions if f.file in found.reachable]
    candidates = sum(_is_proposed(work, f) for f in reachable)
    hybrid = sum(f.hybrid is not None for f in reachable)
    work.watcher.note(
        f"{count(len(found.reachable), 'file')}, {count(len(reachable), 'function')}: "
        f"{count(candidates, 'candidate')}, {hybrid} hybrid already"
    )


def _is_proposed(work: Work, function: Function) -> bool:
    options = work.options
    wanted = (not options.only or function.id in options.only) and function.id not in options.skip
    return wanted and function.proposal is Action.HYBRIDIZE


def is_to_time(function: Function) -> bool:
    """Whether a function is refused from source and may take time all the same."""
    name = function.qualname.rpartition(".")[2]
    special = name.startswith("__") and name != "__call__"
    refused = function.blocker is not None and function.hybrid is None and function.proposal is Action.NONE
    return refused and function.computes_with_tensors is not False and not special and not name.startswith("<")


def _why_not(function: Function) -> tuple[str, ...]:
    if function.hybrid is not None:
        return (f"it is hybrid already ({function.hybrid})",)
    if function.blocker is not None:
        blocker = function.blocker
        named = {blocker.code: blocker}
        # The blocker alone would let a reader think that mending it is enough.
        if blocker.code.startswith(SAFETY):
            for finding in sorted(function.findings, key=lambda each: (not each.certain, each.code)):
                if finding.code.startswith(SAFETY) and len(named) < MOST_HAZARDS:
                    named.setdefault(finding.code, finding)
        return tuple(f"{each.message} ({each.file}:{each.line})" for each in named.values())
    return ("it was left out by --only or --skip" if function.proposal is Action.HYBRIDIZE else "nothing to convert",)


def _observe_whole(work: Work, scan: Scan) -> tuple[Scan, Observed]:
    """Observe; where the run has imported candidates that the scan didn't know of, scan and observe them too."""
    observed = _blame(work, scan, _observe(work, scan))
    again = _scan_again(work, scan, observed)
    if again is not None:
        scan, observed = again, _blame(work, again, _observe(work, again))
    _stop_at_failure(work, observed)
    tell(work, observed)
    _tell_offspring(work, observed)
    return scan, observed


def _tell_offspring(work: Work, observed: Observed) -> None:
    """Say of what was never called that it may have been in other processes, which are not watched."""
    from .failures import SHARE_TOLD

    offspring = observed.offspring
    unseen = [j for j in work.judgements.values() if j.verdict is Verdict.UNOBSERVED]
    if not offspring.started or not (unseen or offspring.share >= SHARE_TOLD):
        return
    why = f"it was never called in the script's own process; those started at {offspring.words} are not watched"
    work.add([replace(j, reasons=(why,)) for j in unseen])
    share = f" They did {offspring.share:.0%} of the computing." if offspring.share >= SHARE_TOLD else ""
    work.warn(f"the script starts other Python processes at {offspring.words}; nothing is watched in them.{share}")


def _blame(work: Work, scan: Scan, observed: Observed) -> Observed:
    """Where the observed run failed, find out whether our watching did it, and observe again without what does.

    Raises Stop where the script runs unwatched, and fails with whatever is watched.
    """
    from .blaming import find_culprits, seconds_to_fail
    from .dynamic.proof import observe
    from .failures import has_failed

    failed = observed.outcome
    if not has_failed(failed) or observed.seen.role_errors:
        return observed
    functions, entries = _watched(work)
    seconds = seconds_to_fail(failed)
    watched = functions, entries, _timed(work)

    def fails(names: Sequence[str]) -> bool:
        some, entered, timed = ([f for f in each if f.id in names] for each in watched)
        run = work.run_with(scan)
        again = observe(run, some, (), seconds, seconds, work.options.steps, entered, timed).outcome
        # A run that was refused a connection can't show that the script runs.
        return has_failed(again) or bool(again.contacts.stopped)

    with work.stage("observe", "the script failed while it was watched: it is run without that"):
        culprits = find_culprits(list(dict.fromkeys(f.id for each in watched for f in each)), fails)
    if culprits is None:
        return observed
    error = f"{failed.error_type}: {telling_line(failed.error)}" if failed.error_type else "it ends early"
    work.unwatched.update(culprits)
    why = f"the script fails when hybridize watches its calls ({error}), and not without, so nothing is known of it"
    work.add(
        [
            replace(work.judgements[name], verdict=Verdict.INCONCLUSIVE, reasons=(why,))
            for name in culprits
            if work.judgements[name].verdict is not Verdict.NOT_PROPOSED
        ]
    )
    for name in culprits:
        work.warn(f"{name} is not watched: the script fails when hybridize watches it ({error}), and not without")
    observed = _observe(work, scan)
    if has_failed(observed.outcome):
        script = os.path.relpath(work.target.script, work.target.cwd)
        message = f"hybridize itself failed: {script} runs alone, and fails when hybridize watches it ({error})."
        raise Stop("failed", message, EXIT_OURS)
    return observed


def _scan_again(work: Work, scan: Scan, observed: Observed) -> Scan | None:
    """The scan of what the run has imported, if there are candidates in it that the first one lacks."""
    if not observed.seen.modules or observed.outcome.ending is Ending.RAISED:
        return None
    known = {os.path.realpath(os.path.join(scan.root, file)) for file in scan.modules}
    if known.issuperset(map(os.path.realpath, observed.seen.modules.values())):
        return None
    target, judgements = work.target, dict(work.judgements)
    found = _scan(work, observed.seen.modules)
    proposed = [j.function for j in work.judgements.values() if _is_proposed(work, j.function)]
    new = [f for f in proposed if os.path.realpath(os.path.join(found.root, f.file)) not in known]
    if new:
        more = count(len(new), "candidate")
        work.watcher.note(f"the run has imported {more} that the source did not show, so it is observed again")
        work.watcher.stage("scan", work.target.root)
        _tell_scan(work, found)
        return found
    work.target, work.judgements = target, judgements
    return None


def _watched(work: Work) -> tuple[list[Function], list[Function]]:
    """The functions whose calls are watched, and those of which only their own code's running is."""
    known = [j.function for j in work.judgements.values() if j.function.id not in work.unwatched]
    return [f for f in known if _is_proposed(work, f) or is_to_watch(f)], [f for f in known if is_to_enter(f)]


def _timed(work: Work) -> list[Function]:
    """The functions that are only timed, so that it can be said where the time goes that no edit can save."""
    known = [j.function for j in work.judgements.values() if j.function.id not in work.unwatched]
    return [f for f in known if is_to_time(f) and not is_to_watch(f)]


def _observe(work: Work, scan: Scan) -> Observed:
    from .dynamic.proof import observe, observed_times

    functions, entries = _watched(work)
    proposed = [f for f in functions if _is_proposed(work, f)]
    with work.stage("observe", f"running the original script, {count(len(proposed), 'candidate')} watched"):
        seconds = min(work.share(OBSERVE_SHARE, least=30.0), MOST_OBSERVE_SECONDS)
        longest = max(seconds, work.share(LONGEST_OBSERVE_SHARE))
        if not functions and not entries:
            # Nothing is looked for but whether the script runs at all.
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
        spared = work.nursery.import_seconds if work.nursery is not None else 0.0
        work.startup_seconds = max(0.5, outcome.seconds - work.training_seconds - spared)
        work.environment.update(outcome.environment)
        _heed_writes(work, outcome)
        heed(work, outcome)
        work.add(observed.decided)
        work.hybrid_calls = {
            f.id: observed.rows[f.id]["calls"] for f in functions if f.hybrid is not None and f.id in observed.rows
        }
        for judgement in observed.decided:
            if judgement.verdict is Verdict.REFUTED:
                work.watcher.note(f"{judgement.function.id}: refuted, {judgement.reasons[0]}")
        called, left = sum(bool(row["calls"]) for row in observed.rows.values()), len(observed.open)
        work.watcher.note(
            f"the script {_how(outcome)}; it called {called} of the {count(len(functions), 'function')} watched, "
            f"and {left} {'is' if left == 1 else 'are'} left to check"
        )
    return observed


def _heed_writes(work: Work, outcome: RunOutcome) -> None:
    if not outcome.kernel_guard:
        work.warn(
            "the kernel does not guard your files (no Landlock: it needs Linux 5.19, and a container that allows it); "
            "what Python code writes stays in the scratch copy all the same, but C libraries and programs that the "
            "script starts can write to what they name by its absolute path, and to linked data files"
        )
    for path in outcome.blocked_writes[:5]:
        work.warn(
            f"the script tried to write to {path}, outside of the scratch copy that it runs in; that was refused, "
            "so nothing there has changed"
        )


def _how(outcome: RunOutcome) -> str:
    from .failures import has_failed

    if outcome.ending is Ending.CUT:
        return f"was cut after {outcome.seconds:.0f} s"
    if has_failed(outcome):
        return f"failed after {outcome.seconds:.0f} s"
    if outcome.ending not in (Ending.FINISHED, Ending.EXITED):
        return f"did not stop when its time was over, and was killed after {outcome.seconds:.0f} s"
    return f"ran to its end in {outcome.seconds:.0f} s"


def _stop_at_failure(work: Work, observed: Observed) -> None:
    """Stop where the script itself failed, before any change of ours, or never got to train."""
    from .failures import explain

    if observed.seen.role_errors:
        raise Stop("failed", f"{own_failure('observation', observed.seen.role_errors[0])}.", EXIT_OURS)
    script = os.path.relpath(work.target.script, work.target.cwd)
    proposed = any(_is_proposed(work, f) for f in _watched(work)[0])
    called = any(row["calls"] or row["traced_calls"] for row in observed.rows.values())
    stop = explain(script, observed.outcome, missed=proposed and not called, offspring=observed.offspring)
    if stop is not None:
        raise stop


def _stop_where_refused(work: Work) -> None:
    """Stop where no run gets as far as a comparison, because each is refused a connection."""
    refused = refused_words(work)
    verdicts = {j.verdict for j in work.judgements.values() if _is_proposed(work, j.function)}
    if refused and not verdicts & {Verdict.CONFIRMED, Verdict.REFUTED}:
        raise Stop("script-failed", f"Nothing was changed. {refused}", EXIT_SCRIPT)


def _check(work: Work, scan: Scan, observed: Observed) -> None:
    from .dynamic.proof import check
    from .race import first_variants, with_story

    if not observed.open:
        return
    with work.stage("check", f"{len(observed.open)} candidates, eager against graph from the same state"):
        variants, hopeless = first_variants(observed)
        judged, _ = check(work.run_with(scan), observed, work.share(CHECK_SHARE), variants)
        judged = (*hopeless, *(with_story(j, observed) for j in judged))
        work.add(judged)
        for judgement in judged:
            work.watcher.note(f"{judgement.function.id}: {judgement.verdict.value}, {judgement.reasons[0]}")


def _plan_cold(work: Work, scan: Scan) -> None:
    """Run the plan from a cold start, and take out what does not stand that.

    Candidates that the plan has no use for are run cold later: confirmed means run as it would be written.
    """
    chosen = work.selected()
    if chosen:
        with work.stage("cold start", f"{count(len(chosen), 'candidate')} from the start of a fresh process"):
            often = [
                j
                for j in work.judgements.values()
                if j.verdict is Verdict.CONFIRMED and (j.selected or pacing.is_soon_called(j, chosen[0]))
            ]
            work.trial = ColdTrial(work, scan, chosen[0], often)
            work.drift = work.trial.settle_plan(chosen)
    _set_plan(work, scan)
    remainder.postpone(work)


def _set_plan(work: Work, scan: Scan) -> None:
    from .report.folder import PATCH_FILE
    from .rewrite import diff, edit_project

    edits = edits_of(work.selected())
    files, skips = edit_project(Path(scan.root), edits)
    for skip in skips:
        work.warn(f"{skip.candidate}: {skip.reason}")
    work.plan = Plan(tuple(edits), files, tuple(diff(f) for f in files), PATCH_FILE if files else None)


def _measure(work: Work, scan: Scan) -> None:
    from .measure.benchmark import run_benchmark
    from .measure.phases import covers_of, tail_of, tell_phases, unit_of, units_outside
    from .sandbox.launch import start
    from .seeds import BUDGET_SHARE

    hottest = work.unit or unit_of(work.selected(), work.left)
    with work.stage("measure", "the original and the edited script, taking turns"):

        def keep(benchmark: Benchmark) -> None:
            work.benchmark = benchmark

        edit = edits_of([hottest])[0]
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
            hybrid=hottest.function.hybrid is not None,
            covers=covers,
            tail=tail_of(
                hottest, chosen, work.judgements, work.training_seconds if whole else 0.0, work.leaving_seconds
            ),
            deadline=time.monotonic() + (1 - BUDGET_SHARE if work.options.drift_runs else 1.0) * work.left,
            watch=work.watch,
            keep=keep,
            start=functools.partial(start, nursery=work.nursery),
        )
        if said := tell_phases(hottest, chosen):
            work.benchmark = replace(work.benchmark, reason=f"{work.benchmark.reason}; {said}")


def _has_crashed(work: Work, scan: Scan) -> bool:
    """Whether the edited script crashed in the measurement; then the plan is what stands cold without the culprit."""
    from .withdrawal import withdraw

    if work.benchmark is None or work.benchmark.crash is None:
        return False
    rest = withdraw(work)
    if rest:
        with work.stage("cold start", f"{count(len(rest), 'candidate')} without the one that failed"):
            work.drift = ColdTrial(work, scan, rest[0], rest).settle(rest, "plan-after-crash")
            _set_plan(work, scan)
    return True


def _compare_seeds(work: Work, scan: Scan) -> None:
    """Where it is asked for, compare what the plan that pays ends with, over several seeds."""
    if not work.options.drift_runs or work.benchmark is None or work.benchmark.verdict != "faster":
        return
    from .seeds import compare_over_seeds

    seeds = count(work.options.drift_runs, "seed")
    with work.stage("seeds", f"what the original and the edited script end with, over {seeds}"):
        compare_over_seeds(work, scan, work.unit or work.selected()[0])


def _tell_draws(work: Work) -> None:
    """Say beside the drift what one random stream for all runs has kept out of it."""
    from .measure.draws import tell_draws

    said = tell_draws(work.selected()) if work.plan.edits else ""
    if said and work.drift is not None:
        work.drift = replace(work.drift, reason=f"{work.drift.reason}; {said}")


def _measure_flag(work: Work) -> None:
    """With what is still left of the budget, measure what XLA's auto-clustering gives by a flag alone."""
    from .measure.auto_clustering import run_auto_clustering, seconds_needed

    benchmark, selected = work.benchmark, work.selected()
    if benchmark is None or not selected or work.unit is not None:
        return
    if work.left <= seconds_needed(benchmark):
        if work.options.verbosity > 0:
            work.watcher.note("no time is left to measure XLA's auto-clustering, a row for reference")
        return
    with work.stage("reference", "the original script with and without XLA's auto-clustering, by a flag"):
        found = run_auto_clustering(
            work.target,
            edits_of(selected)[0],
            selected[0].function.line,
            benchmark,
            work.folder,
            deadline=time.monotonic() + work.left,
            steps=work.options.steps,
            length=selected[0].observation.calls if work.observed_whole else None,
        )
        work.benchmark = replace(benchmark, xla_auto_clustering=found)


def _profile(work: Work) -> None:
    """Sample where the time goes, with what is left of the budget: nothing else depends on it."""
    from .measure.profile import run_profile, worth_following
    from .sandbox.launch import start

    judgements = tuple(work.judgements.values())
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


def _nothing_to_write(work: Work) -> tuple[str, str, int]:
    proposed = [j for j in work.judgements.values() if _is_proposed(work, j.function)]
    verdicts = [j.verdict for j in proposed]
    refuted = verdicts.count(Verdict.REFUTED)
    graphs = [f"{name}: {count(calls, 'call')}" for name, calls in work.hybrid_calls.items() if calls]
    graphs += [f"{FIT}: {count(row.calls, 'batch', 'batches')}" for row in work.modes.batches.values() if row.calls]
    eager = eager_parts(work)
    undecided = any(v in (Verdict.CONFIRMED, Verdict.REFUTED, Verdict.INCONCLUSIVE) for v in verdicts)
    if eager:
        message = _runs_eagerly(work, eager)
    elif graphs and not undecided:
        calls = ", ".join(graphs[:3])
        message = f"Nothing to gain: what trains here runs as a graph already ({calls}), so nothing was changed."
    elif not proposed:
        message = "Nothing to convert: no function of this project may be; the table says why for each (-v lists all)."
    else:
        put_off = sum(j.function.id in work.waiting for j in proposed)
        numbers = [
            (verdicts.count(Verdict.CONFIRMED), "confirmed but not worth an edit"),
            (put_off, "not worth an edit"),
            (refuted, "refuted"),
            (verdicts.count(Verdict.INCONCLUSIVE) - put_off, "inconclusive"),
            (verdicts.count(Verdict.UNOBSERVED), "unobserved"),
            (verdicts.count(Verdict.NOT_PROPOSED), "with nothing to gain"),
        ]
        parts = ", ".join(f"{number} {words}" for number, words in numbers if number)
        message = f"Nothing was changed. Of {count(len(proposed), 'candidate')}: {parts}."
        why = work.no_gain or remainder.why_not(work)
        if why:
            message = f"Nothing to gain: {why}. Of {count(len(proposed), 'candidate')}: {parts}."
    message += _where_the_time_goes(work)
    crash = work.benchmark.crash if work.benchmark is not None else None
    if crash is not None:
        message = f"Nothing was changed: in the measurement the edited script {crash.error}, and the original did not."
    return "refuted" if refuted else "nothing-to-gain", message, EXIT_OK


def _where_the_time_goes(work: Work) -> str:
    """The function that is refused from source and takes much of the time by itself, with the reason."""
    refused = [j for j in work.judgements.values() if is_to_time(j.function) and own_share(j) >= NOTABLE_SHARE]
    if not refused:
        return ""
    most = max(refused, key=own_share)
    share = f"{own_share(most):.0%} of the time passes in {most.function.id}"
    return f" {share}, which can't be converted: {most.reasons[0]}."


def _runs_eagerly(work: Work, eager: Sequence[str]) -> str:
    """What to say where graph code ran eagerly, and nothing is written for it."""
    why = [switch.words for switch in switches_of(work.modes)]
    because = f", because of {' and '.join(why)}" if why else ""
    tried = [j for j in work.judgements.values() if j.function.kind is FunctionKind.SWITCH]
    rest = f" Not written: {tried[0].reasons[0]}." if tried else ""
    parts = "; ".join(eager[:3])
    return f"Nothing was changed, but what is a graph by its source ran eagerly ({parts}){because}.{rest}"


def _conclude(work: Work) -> tuple[str, str, int]:
    from .measure.selection import deselect
    from .withdrawal import why_dropped

    benchmark = work.benchmark
    if benchmark is None or benchmark.verdict != "faster":
        why = why_dropped(benchmark, work.options.min_speedup)
        work.add([deselect(j, why) for j in work.selected()])
        work.plan = Plan()
        return "nothing-to-gain", f"Nothing was changed: {why}.", EXIT_OK
    drift = work.drift
    if drift is not None and (drift.verdict, drift.level) == ("drift", "L3"):
        why = f"the edited script ends elsewhere than the original script: {drift.reason}"
        work.add([replace(deselect(j, why), verdict=Verdict.REFUTED) for j in work.selected()])
        work.plan = Plan()
        return "drift", f"Nothing was changed: {why}.", EXIT_CHECK
    speedup = benchmark.speedup
    words = f"{speedup.median:.2f}x faster per unit [{speedup.low:.2f}, {speedup.high:.2f}]" if speedup else "faster"
    found = f"{count(len(work.plan.edits), 'edit')} confirmed and measured {words} over {benchmark.units:,} units"
    if benchmark.end_to_end_speedup is not None and (benchmark.whole_script or benchmark.script_units is not None):
        found += f" and {benchmark.end_to_end_speedup:.2f}x for the whole script"
    undecided = bool(work.options.drift_runs) and (drift is None or (drift.verdict, drift.level) != ("none", "L3"))
    if work.options.apply and not undecided:
        _apply(work)
        return "optimized", f"{found}, applied.", EXIT_OK
    message = f"{found}, in the patch, and nothing else was changed."
    if work.options.apply:
        message += (
            " The edits were not applied: the comparison over several seeds that --drift-runs asks for did not come "
            "to a verdict. Apply the patch yourself, or run again with a longer --budget or more seeds."
        )
    return "optimized", message, EXIT_OK


def _apply(work: Work) -> None:
    """Edit the user's sources in place. Raises Stop where that was refused."""
    from .report.folder import write_patch
    from .rewrite import apply, are_applied

    root, files = Path(work.target.root), work.plan.files
    with deferred():
        try:
            # First, so that whatever happens to this process, the user has what it takes to undo the edits.
            write_patch(work.plan, work.folder)
            refusal = apply(root, files)
        except OSError as error:
            raise Stop("failed", f"Nothing was applied: the patch can't be written ({error}).", EXIT_OURS) from None
        finally:
            work.applied = are_applied(root, files)
    if refusal is not None:
        what = "The edits were applied in part" if refusal.stuck else "Nothing was applied"
        raise Stop("failed", f"{what}: {refusal.reason} The patch is in {work.folder}.", EXIT_OURS)
