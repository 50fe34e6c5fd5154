"""The verdicts as SARIF 2.1.0, for code scanning on a code host: functions to convert, tried ones, and wrong ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ... import exit_codes
from ...records import Judgement, Report
from ..advice import Weight, evidence, losses, next_step, weight
from ..answer import gain_of, name_of
from ..places import split_place
from ..sarif import Result, Step, log

#: The meaning of each rule's id. The ids must not change, because code hosts identify alerts by them.
RULES = {
    "faster-as-graph": "A function that was confirmed to run as a graph, and is faster as a graph",
    "wrong-as-graph": "A tf.function that behaves differently from its Python code",
    "speedup-lost": "A function that runs differently than in the baseline, which lost the speedup",
    "refuted": "A function that must not become a tf.function",
    "inconclusive": "A function for which the runs did not decide whether it may become a tf.function",
    "unobserved": "A function that could become a tf.function but was never called",
}


def render(report: Report, results: Path | None) -> str:
    """Return a SARIF log with a result for each notable function. ``results`` is not used."""
    told = list(_results(report))
    used = {rule: meaning for rule, meaning in RULES.items() if any(result.rule == rule for result in told)}
    successful = report.exit_code in (exit_codes.OK, exit_codes.CHECK)
    return "".join(log(report.command.target.root, told, used, _warnings(report), successful))


def _warnings(report: Report) -> list[str]:
    # A failure of the whole run has no place in the source.
    return [*([report.message] if report.exit_code else []), *report.warnings]


def _results(report: Report) -> Iterator[Result]:
    for each, function in losses(report):
        # A refuted function has a separate result, with the evidence.
        if function is not None and each.kind != "refuted":
            text, place = f"{each.candidate} {each.message}.", (function.file, function.line, function.id)
            yield Result("speedup-lost", "error", text, *place, function.fingerprint or "")
    for judgement in report.judgements:
        matters = weight(judgement, report)
        if matters is Weight.NONE or (matters is Weight.GAIN and report.plan.applied):
            continue
        function = judgement.function
        places = [(reason, split_place(reason.place)) for reason in judgement.reasons]
        yield Result(
            rule={Weight.WRONG: "wrong-as-graph", Weight.GAIN: "faster-as-graph"}.get(matters, judgement.verdict.value),
            level={Weight.WRONG: "error", Weight.GAIN: "warning"}.get(matters, "note"),
            text=_text(judgement, report),
            file=function.file,
            line=function.line,
            function=function.id,
            content=function.fingerprint or "",
            related=[Step(*place, reason.message) for reason, place in places if place is not None],
        )


def _text(judgement: Judgement, report: Report) -> str:
    what = judgement.verdict.value
    if judgement.selected and (gain := gain_of(judgement, report)):
        what += f", {gain} as fast"
    why = evidence(judgement, report)
    return f"{name_of(judgement.function)}: {what}{f': {why}' if why else ''}. {next_step(judgement, report)}"
