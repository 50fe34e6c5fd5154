"""The endings of a run of the tool: status, message, exit code, report."""

from __future__ import annotations

import contextlib
import datetime
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .. import exit_codes
from ..interrupts import deferred
from ..records import Batches, Budget, Command, FunctionKind, Plan, Reason, Report, Verdict
from ..report.answer import as_long, faster
from ..report.wording import NOTABLE_SHARE, count, own_share, ratio
from . import remainder
from .eagerness import FIT, eager_parts, switches_of
from .excerpts import with_sources
from .proposals import is_proposed, is_to_time
from .reach import refused_words
from .work import Stop, Work

#: A Keras loop (such as `Model.predict`) that a line calls fewer times than this is not called in each step.
OFTEN = 20


def end(work: Work) -> tuple[str, str, int]:
    """The status, the message and the exit code of a run that completed all stages."""
    from ..measure.selection import take_back

    status, message, code = _conclude(work) if work.plan.edits else _nothing_to_write(work)
    work.add(take_back(list(work.judgements.values())))
    refused = "" if status == "optimized" else refused_words(work)
    return status, f"{message} {refused}".rstrip(), code


def _conclude(work: Work) -> tuple[str, str, int]:
    from ..measure.selection import deselect
    from .withdrawal import why_dropped

    benchmark = work.benchmark
    if benchmark is None or benchmark.verdict != "faster":
        why = why_dropped(benchmark, work.options.min_speedup)
        work.add([deselect(j, Reason("not-faster", why)) for j in work.selected()])
        work.plan = Plan()
        where = _loops(work) or _where_the_time_goes(work)
        return "nothing-to-gain", f"Nothing was changed: {why}.{where}", exit_codes.OK
    drift = work.drift
    if drift is not None and (drift.verdict, drift.level) == ("drift", "L3"):
        why = f"the edited script ends with different numbers than the original: {drift.reason}"
        work.add([replace(deselect(j, Reason("drift", why)), verdict=Verdict.REFUTED) for j in work.selected()])
        work.plan = Plan()
        return "drift", f"Nothing was changed: {why}.", exit_codes.CHECK
    found = f"{count(len(work.plan.edits), 'edit')} {'make' if len(work.plan.edits) > 1 else 'makes'} each step "
    found += f"{ratio(benchmark.speedup.median if benchmark.speedup else None)} faster".lstrip()
    whole = benchmark.end_to_end_speedup
    if whole is not None and (benchmark.whole_script or benchmark.script_units is not None):
        # A ratio below 1 has an interval that covers 1; otherwise the verdict would be different.
        found += f" and the whole script {faster(whole)}" if whole >= 1 else f"; {as_long(whole)} for the whole script"
    undecided = bool(work.options.drift_runs) and (drift is None or (drift.verdict, drift.level) != ("none", "L3"))
    if work.options.apply and not undecided:
        _apply(work)
        return "optimized", f"{found}. The edits were applied.", exit_codes.OK
    message = f"{found}. The patch is ready; your files are unchanged."
    if work.options.apply:
        message += (
            " --apply did not edit them, because the comparison over several seeds (--drift-runs) is not decided. "
            "Apply the patch yourself, or run again with a longer --budget or more seeds."
        )
    return "optimized", message, exit_codes.OK


def _apply(work: Work) -> None:
    """Edit the user's sources in place. Raises Stop if that is refused."""
    from ..report.folder import write_patch
    from ..rewrite import apply, are_applied

    root, files = Path(work.target.root), work.plan.files
    with deferred():
        try:
            # The patch comes first, so that the user can undo the edits even if this process dies.
            write_patch(work.plan, work.folder)
            refusal = apply(root, files)
        except OSError as error:
            raise Stop(
                "failed", f"Nothing was applied: the patch can't be written ({error}).", exit_codes.OURS
            ) from None
        finally:
            work.applied = are_applied(root, files)
    if refusal is not None:
        what = "The edits were applied in part" if refusal.stuck else "Nothing was applied"
        raise Stop("failed", f"{what}: {refusal.reason} The patch is in {work.folder}.", exit_codes.OURS)


def _nothing_to_write(work: Work) -> tuple[str, str, int]:
    proposed = [j for j in work.judgements.values() if is_proposed(work, j.function)]
    verdicts = [j.verdict for j in proposed]
    refuted = verdicts.count(Verdict.REFUTED)
    graphs = [f"{name}: {count(calls, 'call')}" for name, calls in work.hybrid_calls.items() if calls]
    batches = [row for row in work.modes.batches.values() if row.calls]
    graphs += [f"{_trained(row)}: {count(row.calls, 'batch', 'batches')}" for row in batches]
    eager = eager_parts(work)
    undecided = any(v in (Verdict.CONFIRMED, Verdict.REFUTED, Verdict.INCONCLUSIVE) for v in verdicts)
    if eager:
        message = _runs_eagerly(work, eager)
    elif graphs and not undecided:
        calls = ", ".join(graphs[:3])
        message = f"Nothing to gain: the training step already runs as a graph ({calls}). Nothing was changed."
    elif not proposed and work.left_alone:
        # "Nothing can be converted" would be wrong: a step might still become a function.
        (name, left), more = next(iter(work.left_alone.items())), len(work.left_alone) - 1
        others = f", nor were {count(more, 'other region')}" if more else ""
        message = f"Nothing was changed. {name} was not moved into a function{others}: {left.message}."
    elif not proposed:
        message = "No function in this project can be converted. -v lists every function with the reason."
    else:
        put_off = sum(j.function.id in work.waiting for j in proposed)
        left_out = "measured" if work.unmeasured else "worth an edit"
        numbers = [
            (verdicts.count(Verdict.CONFIRMED), f"confirmed but not {left_out}"),
            (put_off, "not worth an edit"),
            (refuted, "refuted"),
            (verdicts.count(Verdict.INCONCLUSIVE) - put_off, "inconclusive"),
            (verdicts.count(Verdict.UNOBSERVED), "never called"),
            (verdicts.count(Verdict.NOT_PROPOSED), "with nothing to gain"),
        ]
        parts = ", ".join(f"{number} {words}" for number, words in numbers if number)
        message = f"Nothing was changed. Of {count(len(proposed), 'candidate')}: {parts}."
        why = work.no_gain or remainder.why_not(work)
        if why:
            message = f"Nothing to gain: {why}. Of {count(len(proposed), 'candidate')}: {parts}."
        if work.unmeasured:
            message = f"Nothing was changed: {work.unmeasured}. Of {count(len(proposed), 'candidate')}: {parts}."
    message += _loops(work) or _where_the_time_goes(work)
    crash = work.benchmark.crash if work.benchmark is not None else None
    if crash is not None:
        when = "while it was timed" if crash.timed else "when it was run to its end"
        message = f"Nothing was changed: the edited script {crash.error} {when}; the original did not."
    return "refuted" if refuted else "nothing-to-gain", message, exit_codes.OK


def _trained(row: Batches) -> str:
    """The Keras method that trained on batches."""
    return "Model.train_on_batch" if row.alone == row.calls else FIT


def _loops(work: Work) -> str:
    """The sentence about a line that spends much of the time in many calls of a Keras loop. No edit can help there."""
    often = [each for each in work.modes.loops if each.calls >= OFTEN]
    most = max(often, key=lambda each: each.seconds, default=None)
    if most is None or most.seconds < NOTABLE_SHARE * work.timings.get("observe", math.inf):
        return ""
    return (
        f" {most.calls:,} calls of `{most.name}` at {most.place} took {most.seconds:.0f} s of the "
        f"{work.timings['observe']:.0f} s of the observed run: each call sets up its own loop over batches. For one "
        f"batch, call the model instead: `model(x, training=False)`."
    )


def _where_the_time_goes(work: Work) -> str:
    """The sentence about the function that takes the most time of those refused from source, with the reason.

    Empty if none takes a notable share.
    """
    refused = [j for j in work.judgements.values() if is_to_time(j.function) and own_share(j) >= NOTABLE_SHARE]
    if not refused:
        return ""
    most = max(refused, key=own_share)
    share = f"{own_share(most):.0%} of the time is spent in {most.function.id}"
    return f" {share}, which can't be converted: {most.reasons[0].message}."


def _runs_eagerly(work: Work, eager: Sequence[str]) -> str:
    """The message if graph code ran eagerly and nothing is written."""
    why = [switch.words for switch in switches_of(work.modes)]
    because = f", because of {' and '.join(why)}" if why else ""
    tried = [j for j in work.judgements.values() if j.function.kind is FunctionKind.SWITCH]
    rest = f" Not written: {tried[0].reasons[0].message}." if tried else ""
    parts = "; ".join(eager[:3])
    return f"Nothing was changed. Functions that should run as graphs ran eagerly ({parts}){because}.{rest}"


def changed(work: Work) -> str:
    """The state of the user's sources, as a clause."""
    if work.applied:
        return f"the edits had been applied to {', '.join(edited.file for edited in work.plan.files)}"
    return "nothing was changed"


def written(report: Report, work: Work) -> Report:
    """Write the report into the results folder. If that fails, the message says so."""
    from ..report.folder import write

    # Writing takes milliseconds, and an interrupt can no longer undo anything.
    with contextlib.suppress(KeyboardInterrupt), deferred():
        try:
            write(report, work.folder)
        except OSError as error:
            lost = f"{report.message} The results can't be written to {work.folder} ({error.strerror or error})."
            report = replace(report, status="failed", exit_code=exit_codes.OURS, message=lost)
    return report


def report_of(work: Work, command: Sequence[str], status: str, message: str, code: int) -> Report:
    """The report of everything known so far, with the given status, message and exit code."""
    options = work.options
    return Report(
        status=status,
        message=message,
        exit_code=code,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        command=Command(
            tuple(command),
            work.target,
            {
                name: str(value) if isinstance(value, Path) else value
                for name, value in vars(options).items()
                if name not in ("arguments",)
            },
        ),
        environment=work.whole_environment,
        budget=Budget(options.budget_seconds, work.spent),
        judgements=with_sources(work),
        plan=replace(work.plan, applied=work.applied),
        benchmark=work.benchmark,
        drift=work.drift,
        profile=work.profile,
        timings=work.timings,
        folder=str(work.folder) if work.folder != Path() else None,
        warnings=tuple(work.warnings),
        held=work.held,
        keys=work.keys,
    )
