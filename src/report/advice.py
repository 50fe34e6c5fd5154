"""Advice on a verdict: how much it matters, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from ..records import Function, Judgement, Move, Otherwise, Report, Verdict
from .wording import is_proposed, reasons, samples


class Weight(Enum):
    """How much a verdict matters to a reviewer."""

    WRONG = "wrong"
    """The user's own code runs it as a graph, but the runs refute that."""
    GAIN = "gain"
    """It should be converted: the runs confirm it, and it pays off."""
    OPEN = "open"
    """It was tried, and is not converted."""
    NONE = "none"
    """Nothing needs to be done."""


def is_as_it_stands(report: Report) -> bool:
    """Whether the report judges existing decorators, not proposed ones."""
    return report.held is not None or report.command.argv[1:2] in (("check",), ("confirm",))


def weight(judgement: Judgement, report: Report) -> Weight:
    """Say how much the verdict matters."""
    decorated = judgement.function.hybrid is not None or (is_as_it_stands(report) and is_proposed(judgement))
    if decorated and judgement.verdict is Verdict.REFUTED:
        return Weight.WRONG
    if judgement.selected:
        return Weight.GAIN
    if not is_proposed(judgement) or judgement.verdict is Verdict.CONFIRMED or judgement.covered_by is not None:
        return Weight.NONE
    return Weight.OPEN


def next_step(judgement: Judgement, report: Report) -> str:
    """Say what to do about a verdict, as a sentence."""
    if weight(judgement, report) is Weight.WRONG:
        return "Remove the tf.function, or change the code that the evidence names."
    if judgement.selected:
        return "Nothing: the change was applied." if report.plan.applied else "Apply the patch."
    if judgement.covered_by is not None:
        return f"Nothing: it runs inside {judgement.covered_by}, which is converted."
    if judgement.verdict is Verdict.CONFIRMED and is_as_it_stands(report):
        return "Nothing: the code is correct."
    if judgement.verdict is Verdict.CONFIRMED:
        return "Nothing: converting it is safe but gains too little."
    if judgement.verdict is Verdict.UNOBSERVED:
        return "Run a script that calls it."
    move = judgement.reasons[0].move if judgement.reasons else Move.NOBODY
    if move is Move.BUDGET:
        return "Run again with a longer --budget."
    if move is Move.USER:
        return "Change the code that the evidence names, and run again."
    return "Review it yourself." if is_as_it_stands(report) else "Leave it eager."


def evidence(judgement: Judgement, report: Report) -> str:
    """Say why it has its verdict, with the evidence, as clauses."""
    return "; ".join(part for part in (reasons(judgement), samples(judgement, report)) if part)


def losses(report: Report) -> Iterator[tuple[Otherwise, Function | None]]:
    """The differences from the baseline that count: those that fail alone, and all of them if the speedup is lost.

    Each has its function; None if that is no longer in the project.
    """
    functions = {judgement.function.id: judgement.function for judgement in report.judgements}
    held = report.held
    for each in held.otherwise if held is not None else ():
        if each.fails or (held is not None and held.verdict == "lost"):
            yield each, functions.get(each.candidate)
