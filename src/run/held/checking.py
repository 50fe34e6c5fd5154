"""`optimize check`: compares the current code with a baseline, or makes a baseline of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ... import exit_codes
from ...records import Action, Function, Held, Report, Scan, Verdict
from ...report.wording import count
from ..eagerness import switches_of
from ..keys import keys_of
from ..pipeline import nursery
from ..stages import scan
from ..standing import decorated
from ..work import Work
from . import holding
from .proving import prove

#: A confidence interval of a baseline is wide if its upper end exceeds the lower by more than this factor.
WIDE = 1.25


@dataclass(frozen=True)
class Terms:
    """The terms of a check: a loss of the share ``fail_on`` (0.1: a tenth) of the baseline's ratio fails.

    Without a ``baseline``, one is made of all decorated functions. With ``pass_inconclusive``, an undecided check
    passes.
    """

    baseline: Report | None
    fail_on: float = 0.1
    pass_inconclusive: bool = True


def check(work: Work, terms: Terms) -> tuple[str, str, int]:
    """Run the current code and the code without its decorators. Returns the status, the message and the exit code."""
    if terms.baseline is not None:
        work.seen_modules = _modules(terms.baseline, Path(work.target.root))
    found = scan.run(work)
    if work.seen_modules:
        found = scan.run(work, work.seen_modules)
    known = {function.id: function for function in found.functions}
    functions = _in_question(work, found, terms.baseline)
    if functions:
        work.keys = keys_of(work, found, [function.id for function in functions])
        with nursery(work):
            prove(work, found, functions)
    if terms.baseline is None:
        return _made(work, functions)
    held = holding.hold(terms.baseline, _now(work, known), terms.fail_on)
    work.held = held
    return _ended(work, held, terms)


def _modules(baseline: Report, root: Path) -> dict[str, str]:
    """The modules of a baseline's functions with their current files.

    The baseline's run may have imported modules that the source does not reveal.
    """
    found = {each.function.module: root / each.function.file for each in baseline.judgements}
    return {module: str(file) for module, file in found.items() if file.is_file()}


def _in_question(work: Work, found: Scan, baseline: Report | None) -> list[Function]:
    """The decorated functions whose decorators are removed: those of the baseline, or all."""
    only, skip = work.options.only, work.options.skip
    functions = [f for f in decorated(found) if f.id not in skip and (not only or f.id in only)]
    if baseline is None:
        return functions
    names = set(holding.names_of(baseline))
    return [function for function in functions if function.id in names]


def _now(work: Work, known: dict[str, Function]) -> holding.Now:
    # A model's run_eagerly affects only Keras' functions, and a setting that was switched off again only part of a run.
    left_on = [each for each in switches_of(work.modes) if each.back is None and each.throw.kind == "functions"]
    switches = [switch.words for switch in left_on]
    names = [name for name, function in known.items() if function.is_decorated] if switches else []
    return holding.Now(
        known=known,
        judgements=work.judgements,
        benchmark=work.benchmark,
        environment=work.whole_environment,
        arguments=work.target.arguments,
        eager={name: " and ".join(switches) for name in names},
    )


def _made(work: Work, functions: Sequence[Function]) -> tuple[str, str, int]:
    """The ending of a run that makes a baseline. Its status is "held" if there is a speedup to hold."""
    # A function that stays decorated in all runs has no measured speedup.
    names = [f.id for f in functions if work.judgements[f.id].function.proposal is Action.HYBRIDIZE]
    if not names:
        why = "no function that the script can reach has a tf.function decorator that can be removed"
        return "undecided", f"There is no speedup to hold: {why}. No baseline was written.", exit_codes.CHECK
    refuted = [j for name in names if (j := work.judgements[name]).verdict is Verdict.REFUTED]
    if refuted:
        first = refuted[0]
        what = f"{first.function.id} is refuted: {first.reasons[0].message}"
        message = f"No baseline was written: {what}. Fix it, or exclude it with --skip {first.function.id}."
        return "refuted", message, exit_codes.CHECK
    benchmark = work.benchmark
    if benchmark is None or benchmark.speedup is None:
        why = work.no_gain if benchmark is None else benchmark.reason
        return "undecided", f"No baseline was written, because no speedup was measured: {why}", exit_codes.CHECK
    said = f"{count(len(names), 'decorated function')}: {holding.interval(benchmark.speedup)} per step"
    share = holding.graph_share(work.judgements.values(), names)
    work.held = Held("held", tuple(names), 0.0, now=benchmark.speedup, graph_share=share)
    message = f"The baseline is {said}, compared with eager execution."
    if benchmark.speedup.high > WIDE * benchmark.speedup.low:
        message += " The interval is wide, so few checks against it are decided: make it again with a longer --budget."
    return "held", message, exit_codes.OK


def _ended(work: Work, held: Held, terms: Terms) -> tuple[str, str, int]:
    message = holding.conclusion(held)
    if held.verdict == "lost":
        return "lost", message, exit_codes.CHECK
    if any(each.fails for each in held.otherwise):
        return "refuted", message, exit_codes.CHECK
    drift, crash = work.drift, work.benchmark.crash if work.benchmark is not None else None
    if crash is not None:
        return "refuted", f"The decorated script {crash.error}; without the decorators it does not. {message}", (
            exit_codes.CHECK
        )
    if drift is not None and drift.verdict == "drift":
        return "drift", f"{message} It drifts: {drift.reason}.", exit_codes.CHECK
    if held.verdict == "held":
        return "held", message, exit_codes.OK
    why = f" {work.no_gain}" if work.no_gain else ""
    rule = "it passes, as --on-inconclusive pass says" if terms.pass_inconclusive else "it fails, as you asked"
    message = f"{message}{why} Use a longer --budget; {rule}."
    return "undecided", message, exit_codes.OK if terms.pass_inconclusive else exit_codes.CHECK
