"""The one place that knows the order of the stages."""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .options import Mistake, Options
from .records import (
    Action,
    Benchmark,
    Drift,
    Edit,
    Ending,
    Function,
    Judgement,
    Plan,
    Report,
    RunOutcome,
    Scan,
    Target,
    Variant,
    Verdict,
)
from .target import find_target

if TYPE_CHECKING:
    from .dynamic.proof import Observed
    from .dynamic.runs import Run
    from .report.watcher import Watcher
    from .sandbox.nursery import Nursery

# Shares of the budget that each stage may use at most; what one leaves is the next one's.
OBSERVE_SHARE, CHECK_SHARE, COLD_SHARE = 0.2, 0.3, 0.35
MOST_OBSERVE_SECONDS = 120.0
COLD_UNITS = 60
EXIT_OK, EXIT_CHECK, EXIT_USAGE, EXIT_SCRIPT, EXIT_OURS, EXIT_INTERRUPTED = 0, 1, 2, 3, 4, 130


class Stop(Exception):
    """Ends the run with a report: raised inside of the pipeline only."""

    def __init__(self, status: str, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.status, self.message, self.exit_code = status, message, exit_code


@dataclass
class Work:
    """All that is known so far; what an interrupt leaves is reported from here."""

    options: Options
    watcher: Watcher
    target: Target
    folder: Path
    begun: float = field(default_factory=time.monotonic)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)
    benchmark: Benchmark | None = None
    drift: Drift | None = None
    timings: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    applied: bool = False
    nursery: Nursery | None = None
    waiting_nursery: Nursery | None = None
    observed_whole: bool = False

    def run_with(self, scan: Scan) -> Run:
        """What the dynamic stage's runs have in common."""
        from .dynamic.runs import Run

        return Run(self.target, scan, self.folder, self.watch, self.nursery)

    @property
    def spent(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.begun

    @property
    def left(self) -> float:
        """Seconds left of the budget."""
        return max(0.0, self.options.budget_seconds - self.spent)

    def share(self, share: float, least: float = 5.0) -> float:
        """The seconds that a stage may take: its share of the budget, never more than is left."""
        return max(min(share * self.options.budget_seconds, self.left), min(least, self.left))

    def watch(self, text: str) -> None:
        """Show how far the stage is."""
        self.watcher.progress(text, self.spent, self.options.budget_seconds)

    def warn(self, text: str) -> None:
        """Say something that matters whatever the outcome; once."""
        if text not in self.warnings:
            self.warnings.append(text)
            self.watcher.warn(text)

    def add(self, judgements: Sequence[Judgement]) -> None:
        """Take in verdicts; later ones replace earlier ones."""
        self.judgements.update({j.function.id: j for j in judgements})

    @contextlib.contextmanager
    def stage(self, name: str, detail: str = "") -> Iterator[None]:
        """A stage: announced, and its time noted."""
        self.watcher.stage(name, detail)
        begun = time.monotonic()
        try:
            yield
        finally:
            self.timings[name] = self.timings.get(name, 0.0) + time.monotonic() - begun


def run(options: Options, watcher: Watcher, command: Sequence[str] = ()) -> Report:
    """Do the main job; every ending is a report, which is also written to the results folder.

    Ctrl-C ends all children and gives the report of what was known until then, with exit code 130.
    """
    from .report.folder import create, write
    from .sandbox.launch import all_stopped

    cwd = Path.cwd()
    target = find_target(options, cwd)
    if isinstance(target, Mistake):
        nothing = Target(str(cwd), str(cwd), str(options.script or options.train_module or ""), options.arguments)
        work = Work(options, watcher, nothing, Path())
        return _report(work, command, "usage", target.sentence, EXIT_USAGE)
    work = Work(options, watcher, target, create(cwd / options.results, target.script))
    try:
        with all_stopped():
            status, message, code = _run_stages(work)
    except Stop as stop:
        status, message, code = stop.status, stop.message, stop.exit_code
    except KeyboardInterrupt:
        status, code = "interrupted", EXIT_INTERRUPTED
        message = (
            f"Interrupted after {work.spent:.0f} s: every process was ended, nothing was changed, and what was "
            f"measured until then is in {work.folder}."
        )
    report = _report(work, command, status, message, code)
    write(report, work.folder)
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
        timings=work.timings,
        folder=str(work.folder) if work.folder != Path() else None,
        warnings=tuple(work.warnings),
        applied=work.applied,
    )


def _run_stages(work: Work) -> tuple[str, str, int]:
    scan = _scan(work)
    with _nursery(work):
        prove(work, scan)
        if not work.plan.edits:
            return _nothing_to_write(work)
        _measure(work, scan)
    return _conclude(work)


def prove(work: Work, scan: Scan) -> None:
    """Observe, check, and run the plan cold: afterwards every candidate has its verdict."""
    observed = _observe(work, scan)
    _check(work, scan, observed)
    _plan_cold(work, scan)


@contextlib.contextmanager
def _nursery(work: Work) -> Iterator[None]:
    """Get a process ready, while the first run goes on, that later runs can be forked from."""
    from .sandbox.launch import base_environment
    from .sandbox.nursery import Nursery

    with Nursery(base_environment(work.target)) as nursery:
        work.waiting_nursery = nursery
        yield
    work.nursery = None


def _scan(work: Work) -> Scan:
    from .static import scan

    with work.stage("scan", work.target.root):
        found = scan(Path(work.target.root), Path(work.target.script))
        for warning in found.warnings:
            work.warn(warning)
        reachable = [f for f in found.functions if f.file in found.reachable]
        work.add([Judgement(f, Verdict.NOT_PROPOSED, _why_not(f)) for f in reachable if not _is_proposed(work, f)])
        work.add(
            [
                Judgement(f, Verdict.UNOBSERVED, ("the script has not been run yet",))
                for f in reachable
                if _is_proposed(work, f)
            ]
        )
        unknown = [name for name in (*work.options.only, *work.options.skip) if name not in work.judgements]
        if unknown:
            known = ", ".join(sorted(work.judgements)) or "none"
            raise Stop("usage", f"There is no candidate {unknown[0]}; the functions found are: {known}.", EXIT_USAGE)
        candidates = sum(_is_proposed(work, f) for f in reachable)
        hybrid = sum(f.hybrid is not None for f in reachable)
        work.watcher.note(
            f"{len(found.reachable)} files, {len(reachable)} functions: {candidates} candidates, {hybrid} hybrid already"
        )
        return found


def _is_proposed(work: Work, function: Function) -> bool:
    options = work.options
    wanted = (not options.only or function.id in options.only) and function.id not in options.skip
    return wanted and function.proposal is Action.HYBRIDIZE


def _why_not(function: Function) -> tuple[str, ...]:
    if function.hybrid is not None:
        return (f"it is hybrid already ({function.hybrid})",)
    if function.blocker is not None:
        return (f"{function.blocker.message} ({function.blocker.file}:{function.blocker.line})",)
    return ("it was left out by --only or --skip" if function.proposal is Action.HYBRIDIZE else "nothing to convert",)


def _observe(work: Work, scan: Scan) -> Observed:
    from .dynamic.proof import observe

    functions = [
        j.function
        for j in work.judgements.values()
        if _is_proposed(work, j.function) or (j.function.hybrid is not None and j.function.hybrid.startswith("@"))
    ]
    proposed = [f for f in functions if _is_proposed(work, f)]
    with work.stage("observe", f"running the script as it stands, {len(proposed)} candidates watched"):
        seconds = min(work.share(OBSERVE_SHARE), MOST_OBSERVE_SECONDS)
        observed = observe(work.run_with(scan), functions, proposed, seconds, work.options.steps)
        outcome = observed.outcome
        work.environment.update(outcome.environment)
        _heed_writes(work, outcome)
        work.add(observed.decided)
        _explain_failure(work, scan, observed)
        for judgement in observed.decided:
            if judgement.verdict is Verdict.REFUTED:
                work.watcher.note(f"{judgement.function.id}: refuted, {judgement.reasons[0]}")
        work.watcher.note(
            f"the script {_how(outcome)}; {sum(bool(r['calls']) for r in observed.rows.values())} candidates were "
            f"called, {len(observed.open)} are left to check"
        )
    return observed


def _heed_writes(work: Work, outcome: RunOutcome) -> None:
    for path in outcome.blocked_writes[:5]:
        work.warn(
            f"the script tried to write to {path}, outside of the scratch copy that it runs in; that was refused, "
            "so nothing there has changed"
        )


def _how(outcome: RunOutcome) -> str:
    if outcome.ending is Ending.CUT:
        return f"was cut after {outcome.seconds:.0f} s"
    return f"ran to its end in {outcome.seconds:.0f} s"


def _explain_failure(work: Work, scan: Scan, observed: Observed) -> None:
    """Stop where the script itself failed, before any change of ours, or never got to train."""
    from .dynamic.cold import first_line

    outcome = observed.outcome
    script = os.path.relpath(work.target.script, work.target.cwd)
    log = outcome.log
    called = any(row["calls"] or row["traced_calls"] for row in observed.rows.values())
    failed = "before any change of ours"
    if observed.seen.role_errors:
        raise Stop(
            "failed",
            f"hybridize's own observation failed ({observed.seen.role_errors[0].splitlines()[-1]}); "
            f"the script's output is in {log}.",
            EXIT_OURS,
        )
    if outcome.ending is Ending.RAISED:
        if outcome.error_type == "SyntaxError":
            raise Stop(
                "script-failed",
                f"{script} is no valid Python {platform.python_version()}: {outcome.error} at "
                f"{outcome.error_place}; Python itself can't run it, so mend that first.",
                EXIT_SCRIPT,
            )
        if outcome.error_type == "ModuleNotFoundError":
            missing = (outcome.error or "").removeprefix("No module named ").strip("'")
            raise Stop(
                "script-failed",
                f"{script} needs the package {missing}, which this Python "
                f"({sys.executable}) does not have; install it there, or run optimize from the environment that "
                "the script runs in.",
                EXIT_SCRIPT,
            )
        if outcome.blocked_writes and outcome.error_type in ("PermissionError", "PermissionDeniedError", "OSError"):
            raise Stop(
                "script-failed",
                f"{script} writes to {outcome.blocked_writes[0]}, outside of its project, and "
                "can't go on without; hybridize lets no run change anything there, so have the script write to "
                "a relative path (or pass one with `-- ARGUMENTS`).",
                EXIT_SCRIPT,
            )
        raise Stop(
            "script-failed",
            f"{script} failed on its own, {failed}: {outcome.error_type}: "
            f"{first_line(outcome.error)} at {outcome.error_place}; mend that and run again (its output is in "
            f"{log}).",
            EXIT_SCRIPT,
        )
    if outcome.ending is Ending.EXITED and outcome.code not in (0, None):
        raise Stop(
            "script-failed",
            f"{script} ended with exit status {outcome.code} on its own, {failed}; run it alone "
            f"to see why (its output is in {log}); does it need arguments? Give them after `--`.",
            EXIT_SCRIPT,
        )
    if outcome.ending is Ending.KILLED:
        raise Stop(
            "script-failed",
            f"{script} was killed by signal {-(outcome.code or 0)} on its own, {failed}; run it "
            f"alone to see why (its output is in {log}).",
            EXIT_SCRIPT,
        )
    if outcome.ending is Ending.INTERRUPTED:
        raise KeyboardInterrupt
    if not outcome.tensorflow_imported and outcome.ending is not Ending.CUT and outcome.ending is not Ending.TIMEOUT:
        raise Stop(
            "nothing-to-gain",
            f"{script} ran to its end without importing TensorFlow, so there is nothing to "
            "convert; is it the script that trains?",
            EXIT_OK,
        )
    if not called and any(_is_proposed(work, j.function) for j in work.judgements.values()):
        if outcome.ending in (Ending.CUT, Ending.TIMEOUT):
            raise Stop(
                "nothing-to-gain",
                f"{script} ran for {outcome.seconds:.0f} s without calling a candidate, so "
                "nothing is known of any; give it longer with --budget, or a quicker start with its own "
                "arguments after `--`.",
                EXIT_OK,
            )
        raise Stop(
            "nothing-to-gain",
            f"{script} came to its end after {outcome.seconds:.0f} s without calling a "
            "candidate, so nothing is known of any; does it need arguments to train? Give them after `--`.",
            EXIT_OK,
        )


def _check(work: Work, scan: Scan, observed: Observed) -> None:
    from .dynamic.proof import check

    if not observed.open:
        return
    with work.stage("check", f"{len(observed.open)} candidates, eager against graph from the same state"):
        judged, _ = check(work.run_with(scan), observed, work.share(CHECK_SHARE))
        work.add(judged)
        for judgement in judged:
            work.watcher.note(f"{judgement.function.id}: {judgement.verdict.value}, {judgement.reasons[0]}")


def _plan_cold(work: Work, scan: Scan) -> None:
    """Choose a plan, run it from a cold start, and take out what does not stand that.

    Candidates that the plan has no use for are run cold as well: confirmed means run as it would be written.
    """
    from .measure.selection import select

    work.add(select(list(work.judgements.values())))
    confirmed = [j for j in work.judgements.values() if j.verdict is Verdict.CONFIRMED]
    if not confirmed:
        return
    chosen = _selected(work)
    with work.stage("cold start", f"{len(confirmed)} confirmed candidates from the start of a fresh process"):
        trial = ColdTrial(work, scan, chosen[0] if chosen else max(confirmed, key=lambda j: j.observation.seconds))
        if chosen:
            work.drift = trial.settle(chosen, "plan")
            _set_plan(work, scan)
        rest = [j for j in confirmed if not work.judgements[j.function.id].selected]
        rest = [j for j in rest if work.judgements[j.function.id].verdict is Verdict.CONFIRMED]
        if rest:
            trial.settle(rest, "rest")


def _selected(work: Work) -> list[Judgement]:
    chosen = [j for j in work.judgements.values() if j.selected]
    return sorted(chosen, key=lambda j: j.observation.seconds, reverse=True)


def _set_plan(work: Work, scan: Scan) -> None:
    from .report.folder import PATCH_FILE
    from .rewrite import diff, edit_project

    edits = _edits(_selected(work))
    files, skips = edit_project(Path(scan.root), edits)
    for skip in skips:
        work.warn(f"{skip.candidate}: {skip.reason}")
    work.plan = Plan(tuple(edits), files, tuple(diff(f) for f in files), PATCH_FILE if files else None)


def _edits(judgements: Sequence[Judgement]) -> list[Edit]:
    return [
        Edit(j.function.id, j.function.file, j.function.line, j.function.qualname, variant=Variant())
        for j in judgements
    ]


@dataclass(frozen=True)
class Objection:
    """What speaks against a plan that was run cold."""

    verdict: Verdict
    reason: str


@dataclass
class ColdTrial:
    """Runs plans cold and finds the candidates that a plan fails for."""

    work: Work
    scan: Scan
    hottest: Judgement
    references: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from .dynamic.cold import Unit

        self.unit = Unit.of(self.hottest.function)
        self.steps = self._steps(self.hottest)
        self.seconds = max(10.0, self.work.share(COLD_SHARE) / 3)

    def settle(self, chosen: Sequence[Judgement], label: str) -> Drift | None:
        """Refute those of ``chosen`` that do not run cold as the script does; the drift of what stands."""
        objection, drift = self._try(chosen, label)
        if objection is None:
            return drift
        if len(chosen) == 1:
            self._object(chosen[0], objection)
            return drift
        standing = []
        for number, judgement in enumerate(chosen):
            alone, _ = self._try([judgement], f"{label}-{number + 1}")
            if alone is None:
                standing.append(judgement)
            else:
                self._object(judgement, alone)
        if not standing:
            return drift
        if len(standing) < len(chosen):
            objection, drift = self._try(standing, f"{label}-standing")
        if objection is not None:
            for judgement in standing:
                self._object(judgement, objection, "alone it agrees, but not together with the others: ")
        return drift

    def _steps(self, hottest: Judgement) -> int:
        seen = hottest.observation
        affordable = int(self.work.share(COLD_SHARE) / 6 / max(seen.seconds / seen.calls, 1e-6))
        wanted = min(self.work.options.steps or COLD_UNITS, COLD_UNITS)
        return max(5, min(wanted, affordable, max(seen.calls - 1, 5)))

    def _object(self, judgement: Judgement, objection: Objection, lead: str = "") -> None:
        reasons = (f"{lead}{objection.reason}", *judgement.reasons)
        self.work.add([replace(judgement, verdict=objection.verdict, selected=False, reasons=reasons)])
        self.work.watcher.note(f"{judgement.function.id}: {objection.verdict.value}, {reasons[0]}")

    def _try(self, chosen: Sequence[Judgement], label: str) -> tuple[Objection | None, Drift | None]:
        """Run a plan cold; what speaks against it, if anything, and the drift measured."""
        from .dynamic.cold import failure, replay
        from .rewrite import edit_project

        files, _ = edit_project(Path(self.scan.root), _edits(chosen))
        run = self.work.run_with(self.scan)
        arms: list[Any] = [(label, files, False)]
        if not self.references:
            arms += [("eager", (), False), ("nudged", (), True)]
        self.work.watch(f"{self.steps} units of the script and of the plan, side by side")
        seen = replay(run, self.unit, arms, self.seconds, self.steps)
        self.references.update({name: each for name, each in seen.items() if name != label})
        edited, eager = seen[label], self.references["eager"]
        broken = failure(edited, eager)
        if broken is not None:
            return Objection(Verdict.REFUTED, broken), None
        if not eager.report.get("units"):
            why = "the script did not come to its first unit in the cold run; give it longer with --budget"
            return Objection(Verdict.INCONCLUSIVE, why), None
        drift = self._compare(run, edited)
        if drift.verdict == "none":
            return None, drift
        verdict = Verdict.REFUTED if drift.verdict == "drift" else Verdict.INCONCLUSIVE
        return Objection(verdict, f"started cold, it parts from the script as it stands: {drift.reason}"), drift

    def _compare(self, run: Any, edited: Any) -> Drift:
        from .dynamic.cold import replay
        from .measure.drift import compare

        traces = {name: _trace(seen) for name, seen in self.references.items()}
        drift = compare(
            traces["eager"],
            _trace(edited),
            perturbed=traces.get("nudged"),
            twin=traces.get("twin"),
            metrics=self.work.options.metrics,
        )
        if drift.verdict != "none" and "twin" not in traces:
            # Only now is it worth a run to know whether the script repeats itself at all.
            seen = replay(run, self.unit, [("twin", (), False)], self.seconds, self.steps)
            self.references["twin"] = seen["twin"]
            return self._compare(run, edited)
        return drift


def _trace(seen: Any) -> Any:
    from .measure.drift import Trace

    report = seen.report
    return Trace(
        lines=seen.outcome.lines,
        units=int(report.get("units", 0)),
        scalars=tuple(tuple(row) for row in report.get("scalars", ())),
        digests={int(unit): rows for unit, rows in report.get("digests", {}).items()},
        complete=seen.outcome.ending in (Ending.FINISHED, Ending.EXITED),
    )


def _measure(work: Work, scan: Scan) -> None:
    from .sandbox.launch import start
    from .measure.benchmark import run_benchmark

    hottest = _selected(work)[0]
    with work.stage("measure", "the script as it stands and as edited, taking turns"):

        def keep(benchmark: Benchmark) -> None:
            work.benchmark = benchmark

        edit = _edits([hottest])[0]
        work.benchmark = run_benchmark(
            work.target,
            edit,
            hottest.function.line,
            work.plan.files,
            work.folder,
            pairs=work.options.pairs,
            steps=work.options.steps,
            length=hottest.observation.calls if work.observed_whole else None,
            min_speedup=work.options.min_speedup,
            deadline=time.monotonic() + work.left,
            watch=work.watch,
            keep=keep,
            start=functools.partial(start, nursery=work.nursery),
        )


def _nothing_to_write(work: Work) -> tuple[str, str, int]:
    verdicts = [j.verdict for j in work.judgements.values()]
    proposed = [j for j in work.judgements.values() if _is_proposed(work, j.function)]
    hybrid = [j for j in work.judgements.values() if j.function.hybrid is not None]
    refuted = verdicts.count(Verdict.REFUTED)
    if not proposed and hybrid:
        message = (
            f"Nothing to gain: what computes here runs as a graph already ({len(hybrid)} hybrid functions), "
            "so nothing was changed."
        )
    elif not proposed:
        message = (
            "Nothing to convert: no function of this project computes with tensors and may be considered; the "
            "table says why for each."
        )
    else:
        confirmed = verdicts.count(Verdict.CONFIRMED)
        message = (
            f"Nothing was changed: of {len(proposed)} candidates {confirmed} confirmed but not worth an edit, "
            f"{refuted} refuted, {verdicts.count(Verdict.INCONCLUSIVE)} inconclusive, "
            f"{verdicts.count(Verdict.UNOBSERVED)} unobserved; the table says why for each."
        )
    if refuted:
        return "refuted", message, EXIT_CHECK
    return "nothing-to-gain", message, EXIT_OK


def _conclude(work: Work) -> tuple[str, str, int]:
    from .measure.selection import deselect
    from .rewrite import Refusal, apply

    benchmark = work.benchmark
    refuted = [j for j in work.judgements.values() if j.verdict is Verdict.REFUTED]
    if benchmark is None or benchmark.verdict != "faster":
        verdict = benchmark.verdict if benchmark is not None else "not measured"
        why = {
            "slower": "the edited script was measured to be slower, so the edits were dropped",
            "no difference": f"the edited script is not measurably faster than the user's minimum of "
            f"{work.options.min_speedup:.2f}x, so the edits were dropped",
        }.get(
            verdict,
            "the budget ended before the measurement was clear, so the edits were not proposed: "
            "give it longer with --budget",
        )
        work.add([deselect(j, why) for j in _selected(work)])
        work.plan = Plan()
        code = EXIT_CHECK if refuted else EXIT_OK
        return "nothing-to-gain", f"Nothing was changed: {why}.", code
    if work.options.apply:
        refusal = apply(Path(work.target.root), work.plan.files)
        if isinstance(refusal, Refusal):
            raise Stop("failed", f"Nothing was applied: {refusal.reason}", EXIT_CHECK)
        work.applied = True
    speedup = benchmark.speedup
    words = f"{speedup.median:.2f}x faster per unit [{speedup.low:.2f}, {speedup.high:.2f}]" if speedup else "faster"
    done = "and were applied" if work.applied else "and are in the patch; nothing else was changed"
    message = f"{len(work.plan.edits)} edits were confirmed, measured {words} over {benchmark.units:,} units, {done}."
    return "optimized", message, EXIT_CHECK if refuted else EXIT_OK
