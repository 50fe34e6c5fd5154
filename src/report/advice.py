"""What a verdict asks of the user: how much it matters, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from ..records import Function, Judgement, Move, Otherwise, Report, Verdict
from .wording import is_proposed, reasons, samples


class Weight(Enum):
    """How much a verdict matters to who reads a change."""

    WRONG = "wrong"
    """The user's own code runs it as a graph, and the runs refute that."""
    GAIN = "gain"
    """It is to be converted: the runs confirm it, and it pays."""
    OPEN = "open"
    """It was tried, and is not converted."""
    NONE = "none"
    """It asks for nothing."""


def is_as_it_stands(report: Report) -> bool:
    """Whether the report judges decorators that are there, and none that are to be written."""
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
    """Say why it has its verdict, and what that rests on, as clauses."""
    return "; ".join(part for part in (reasons(judgement), samples(judgement, report)) if part)


def losses(report: Report) -> Iterator[tuple[Otherwise, Function | None]]:
    """What is otherwise than in the baseline and counts: what fails by itself, and all of it where the speedup is lost.

    Each with the function that it is about; None where that is not in the project any more.
    """
    functions = {judgement.function.id: judgement.function for judgement in report.judgements}
    held = report.held
    for each in held.otherwise if held is not None else ():
        if each.fails or (held is not None and held.verdict == "lost"):
            yield each, functions.get(each.candidate)
