"""Withdraws edits that the measurement speaks against, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..records import Benchmark, Crash, EditedFile, Judgement, Plan, Reason, Unclear, Verdict
from ..rewrite.lines import line_before
from .work import Work


def withdraw(work: Work) -> list[Judgement]:
    """Withdraw a plan whose edited script crashed. Returns the rest of the plan, to be run again.

    The candidate that the error names is refuted, or the only candidate. If the error names none of several, all are
    inconclusive, because any of them may be the cause.
    """
    assert work.benchmark is not None and work.benchmark.crash is not None
    crash, chosen = work.benchmark.crash, work.selected()
    culprit = chosen[0] if len(chosen) == 1 else _culprit(crash, chosen, work.plan.files)
    place = place_of(crash, work)
    when = "while it was timed" if crash.timed else "run to its end"
    said = f"{when}, the edited script {crash.error}{place}; the original script did not"
    work.plan, work.drift = Plan(), None
    if culprit is None:
        names = ", ".join(judgement.function.id for judgement in chosen)
        said += f"; the error does not tell which of {names} is to blame: try one at a time with --only"
        work.add([_object(judgement, Verdict.INCONCLUSIVE, said) for judgement in chosen])
        return []
    work.add([_object(culprit, Verdict.REFUTED, said)])
    work.watcher.note(f"{culprit.function.id}: refuted, {said}")
    return [judgement for judgement in chosen if judgement is not culprit]


def place_of(crash: Crash, work: Work) -> str:
    """Where the edited script failed, in lines of the original script: `` at train.py:12``; empty if unknown."""
    for file, line in _lines(crash.places[:1], work.plan.files):
        return f" at {file.removeprefix(work.target.root).lstrip('/')}:{line}"
    return ""


def _object(judgement: Judgement, verdict: Verdict, said: str) -> Judgement:
    return replace(judgement, verdict=verdict, selected=False, reasons=(Reason("crashed", said), *judgement.reasons))


def _culprit(crash: Crash, chosen: Sequence[Judgement], files: Sequence[EditedFile]) -> Judgement | None:
    """The innermost of ``chosen`` on the stack of the error; None if there is none."""
    for file, line in _lines(crash.places, files):
        around = [
            judgement
            for judgement in chosen
            if f"/{file}".endswith(f"/{judgement.function.file}")
            and judgement.function.line <= line <= judgement.function.end_line
        ]
        if around:
            return max(around, key=lambda judgement: judgement.function.line)
    return None


def _lines(places: Sequence[str], files: Sequence[EditedFile]) -> list[tuple[str, int]]:
    """The places as (file, line before the edit)."""
    found = []
    for place in places:
        file, _, line = place.rpartition(":")
        if not line.isdigit():
            continue
        number = int(line)
        for edited in files:
            if f"/{file}".endswith(f"/{edited.file}"):
                number = line_before(edited.line_map, number)
                break
        found.append((file, number))
    return found


def why_dropped(benchmark: Benchmark | None, min_speedup: float) -> str:
    """Why the edits are not proposed if the edited script was not measured to be faster."""
    if benchmark is None:
        return "the edited script was not measured, so the edits were not proposed"
    rests = f" ({benchmark.reason})" if benchmark.reason else ""
    if benchmark.verdict == "slower":
        return f"the edited script was measured to be slower{rests}, so the edits were dropped"
    if benchmark.verdict == "no difference":
        least = f"the minimum of {min_speedup:.2f}x"
        return f"the edited script is not measurably faster than {least}{rests}, so the edits were dropped"
    dropped = "so the edits were not proposed"
    match benchmark.cause:
        case Unclear.NOISE:
            return f"the measurement is not clear{rests}, {dropped}: try it on a quieter machine, or with more --pairs"
        case Unclear.FEW_UNITS:
            return f"the script is too short to be measured{rests}, {dropped}: make it run more steps"
        case Unclear.OTHER_UNITS:
            return (
                f"the original and the edited script can't be timed side by side{rests}, {dropped}: if the script "
                "ends by a tolerance or by patience, cut both before that with --steps"
            )
        case Unclear.HUNG:
            return f"a run of the measurement hung{rests}, {dropped}"
        case Unclear.SCRIPT_FAILED | Unclear.EDITED_FAILED:
            return f"a run of the measurement failed{rests}, {dropped}"
        case _:
            return f"the budget ended before the measurement was clear, {dropped}: use a longer --budget"
