"""The dynamic stage, from candidates to judgements (in the parent process): observe, then check the remaining
candidates.

Cheap tests come first. A side effect in an eager call makes the comparison unnecessary, and functions with known side
effects are never compared.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...errors import own_failure
from ...options import LEAST_CALLS
from ...records import (
    Batches,
    Edit,
    EditedFile,
    Ending,
    Function,
    Judgement,
    KerasLoop,
    Modes,
    Move,
    Observation,
    Offspring,
    Reason,
    RunOutcome,
    Throw,
    Variant,
    Verdict,
)
from ...rewrite.lines import line_in
from ...sandbox.protocol import REMEDY
from ..late import question
from ..rows import CheckedRow, ObservedRow
from .judging import (
    growing_signatures,
    judge_checked,
    judge_observed,
    observation_of,
)
from .runs import Run, Seen
from .settling import check_assumptions

#: Candidates with less of the time than this are compared, but the check does not wait for many calls of them.
MINOR_SHARE = 0.01
#: A check may take this many times its seconds for decorated functions that are called rarely.
HYBRID_TIMES = 2.0
#: A check may take this many times its seconds if it has compared too little by then.
OVERTIME = 1.5
#: The share of its time that a check must have left to compare functions whose callers it has refuted.
HIDDEN_SHARE = 0.5
_PLACE = re.compile(r"\(([^()\s]+\.py):(\d+)\)")


@dataclass(frozen=True)
class Observed:
    """The result of the observing run: the decided candidates, the open ones, and the raw rows.

    ``growing`` maps open candidates that a plain ``tf.function`` would retrace repeatedly to the reason.
    """

    seen: Seen
    decided: tuple[Judgement, ...]
    open: tuple[Function, ...]
    rows: Mapping[str, ObservedRow]
    training_seconds: float
    sources: Mapping[str, str]
    growing: Mapping[str, str]
    modes: Modes = field(default_factory=Modes)
    offspring: Offspring = field(default_factory=Offspring)

    @property
    def outcome(self) -> RunOutcome:
        """How the script ended."""
        return self.seen.outcome


def observe(
    run: Run,
    functions: Sequence[Function],
    proposed: Sequence[Function],
    seconds: float,
    longest: float,
    steps: int | None,
    entries: Sequence[Function] = (),
    timed: Sequence[Function] = (),
) -> Observed:
    """Run the original script for ``seconds`` (``longest`` if it is slow) with hooks on ``functions``.

    The functions of ``entries`` report whether their own code runs eagerly; those of ``timed`` are only timed. The
    ``proposed`` ones that the run alone decides are judged.
    """
    seen = run.observe(functions, seconds, longest, steps, entries, timed)
    whole = seen.outcome.ending in (Ending.FINISHED, Ending.EXITED)
    rows = {name: replace(ObservedRow.from_json(row), whole=whole) for name, row in seen.candidates.items()}
    # The overhead of watching is not training time.
    report = seen.report
    training = max(0.0, float(report.get("training_seconds", 0.0)) - float(report.get("overhead_seconds", 0.0)))
    roots = {seen.copied_root: ""}
    decided, undecided = [], []
    for function in proposed:
        judgement = judge_observed(function, rows.get(function.id), training, roots)
        if judgement is None:
            undecided.append(function)
        else:
            decided.append(check_assumptions(judgement, rows.get(function.id), None))
    growing = {f.id: growing_signatures(observation_of(rows[f.id], training, roots), rows[f.id]) for f in undecided}
    known = {name: reason for name, reason in growing.items() if reason is not None}
    modes = _modes(seen.report.get("modes", {}), seen.copied_root)
    offspring = _offspring(seen.report.get("offspring", {}), seen.copied_root)
    return Observed(seen, tuple(decided), tuple(undecided), rows, training, roots, known, modes, offspring)


def observed_times(seen: Seen) -> dict[str, Observation]:
    """The observations of functions that were only timed: calls, seconds, and share of the time, by id."""
    timed = seen.report.get("timed", {})
    window = float(timed.get("seconds", 0.0))
    return {
        name: Observation(**row, share=min(1.0, row["seconds"] / window) if window > 0 else 0.0)
        for name, row in timed.get("functions", {}).items()
    }


def _modes(report: Mapping[str, Any], root: str) -> Modes:
    """The modes that a run reported, as a record. ``root`` is the copy that it ran in."""
    thrown = []
    for each in report.get("thrown", ()):
        split = [place.rpartition(":") for place in each["places"]]
        places = tuple((os.path.relpath(file, root).replace(os.sep, "/"), int(line)) for file, _, line in split)
        thrown.append(Throw(each["kind"], each["name"], each["on"], places))
    rows = report.get("batches", {}).items()
    batches = {name: Batches(row["calls"], row["eager"], row["seconds"], row["alone"]) for name, row in rows}
    eager, inside, traced = (report.get(name, {}) for name in ("eager", "in_batches", "traced"))
    loops = tuple(KerasLoop(**{**row, "place": _relative(row["place"], root)}) for row in report.get("loops", ()))
    return Modes(eager, inside, traced, batches, tuple(thrown), loops)


def _offspring(report: Mapping[str, Any], root: str) -> Offspring:
    """The processes that a run started, as a record; ``root`` is the copy that it ran in."""
    started = [(each["how"], _relative(each["place"], root)) for each in report.get("started", ())]
    seconds, own = report.get("seconds", 0.0), report.get("own_seconds", 0.0)
    return Offspring(tuple(started), seconds / (seconds + own) if started and seconds > 0 else 0.0)


def _relative(place: str, root: str) -> str:
    return place.removeprefix(os.path.join(root, "")).replace(os.sep, "/")


def check(
    run: Run,
    observed: Observed,
    seconds: float,
    variants: Mapping[str, Variant],
    label: str = "check",
    enough: int | None = None,
    most: float = math.inf,
) -> tuple[Judgement, ...]:
    """Compare open candidates, eager against graph, in one run; if that run dies, in separate runs.

    ``variants`` maps ids of candidates to the way each is converted. The run ends when ``enough`` calls of each were
    compared. It takes ``seconds``; where too little was compared by then OVERTIME times as long, but at most ``most``
    seconds. Returns a judgement for each.
    """
    wanted = [f for f in observed.open if f.id in variants]
    _, refused = run.edit(Path(run.scan.root), [*run.outlines, *(edit_of(f, variants[f.id]) for f in wanted)])
    judged = [
        Judgement(
            f,
            Verdict.INCONCLUSIVE,
            (replace(refused[f.id], message=f"it can't be edited: {refused[f.id].message}"),),
            observation(observed, f),
            variant=variants[f.id],
        )
        for f in wanted
        if f.id in refused
    ]
    functions = [f for f in wanted if f.id not in refused]
    if functions:
        end = time.monotonic() + seconds
        checked = _check_together(run, observed, functions, seconds, variants, label, enough, most)
        hidden, left = _hidden(observed, checked), end - time.monotonic()
        if hidden and left > HIDDEN_SHARE * seconds:
            again = _check_together(run, observed, hidden, left, variants, f"{label}-inner", enough)
            found = {j.function.id: j for j in again if j.verdict is not Verdict.INCONCLUSIVE}
            checked = [found.get(j.function.id, j) for j in checked]
        judged += checked
    return tuple(judged)


def _hidden(observed: Observed, checked: Sequence[Judgement]) -> list[Function]:
    """The candidates with too few compared calls because their callers were compared, without success."""
    refuted = {judgement.function.id for judgement in checked if judgement.verdict is Verdict.REFUTED}
    return [
        judgement.function
        for judgement in checked
        if judgement.verdict is Verdict.INCONCLUSIVE
        and refuted.intersection(observed.rows[judgement.function.id].callers)
    ]


def _check_together(
    run: Run,
    observed: Observed,
    functions: Sequence[Function],
    seconds: float,
    variants: Mapping[str, Variant],
    label: str,
    enough: int | None,
    most: float = math.inf,
) -> list[Judgement]:
    edits = [*run.outlines, *(edit_of(f, variants[f.id]) for f in functions)]
    files, _ = run.edit(Path(run.scan.root), edits)
    calls = {f.id: observed.rows[f.id].calls for f in functions}
    rare = {name: number for name, number in calls.items() if number < LEAST_CALLS and observed.rows[name].whole}
    signatures = {f.id: observed.rows[f.id].signatures for f in functions}
    small = [f.id for f in functions if f.id not in rare and observation(observed, f).share < MINOR_SHARE]
    minor = small if len(small) < len(functions) else []
    reads = {f.id: observed.rows[f.id].reads for f in functions if observed.rows[f.id].reads}
    unfinished = observed.outcome.ending not in (Ending.FINISHED, Ending.EXITED)
    seen = run.check(
        list(calls),
        files,
        seconds,
        max(seconds, min(OVERTIME * seconds, most)),
        label,
        rare,
        signatures,
        minor,
        enough,
        reads,
        unfinished=unfinished,
        callers={f.id: observed.rows[f.id].callers for f in functions},
    )
    if seen.role_errors:
        why = (Reason("own-failure", own_failure("check", seen.role_errors[0])),)
        return [
            Judgement(f, Verdict.INCONCLUSIVE, why, observation(observed, f), variant=variants[f.id]) for f in functions
        ]
    died = _how_it_died(seen.outcome, observed.outcome)
    refused = died and seen.outcome.contacts.refused
    if refused:
        # The refusal may have caused the error even if the error does not say so. Then no function broke the run.
        run.target.network.stopped.add(refused[0])
        died = f"{died}, after its connection to {refused[0]} was refused; {REMEDY}"
    elif died and len(functions) > 1:
        # One of them broke the run. Running the halves separately finds it, and the others keep their verdicts.
        middle = len(functions) // 2
        return [
            judgement
            for number, half in enumerate((functions[:middle], functions[middle:]))
            for judgement in _check_together(
                run, observed, half, seconds / 2, variants, f"{label}-{number + 1}", enough
            )
        ]
    return _judge(run, observed, functions, seen, died, variants)


def _judge(
    run: Run,
    observed: Observed,
    functions: Sequence[Function],
    seen: Seen,
    died: str,
    variants: Mapping[str, Variant],
) -> list[Judgement]:
    """The verdicts on functions that were compared in one run."""
    roots = {seen.copied_root: ""}
    ended = (Ending.FINISHED, Ending.EXITED)
    whole = observed.outcome.ending in ended or seen.outcome.ending in ended
    judged = []
    rows = {name: CheckedRow.from_json(row) for name, row in seen.candidates.items()}
    stopped = seen.outcome.contacts.stopped
    for function in functions:
        row = rows.get(function.id)
        judgement = judge_checked(function, observation(observed, function), row, roots, died, variants[function.id])
        judgement = question(judgement, observed.rows[function.id], row, whole, {**observed.sources, **roots})
        if died and judgement.verdict is Verdict.CONFIRMED:
            judgement = replace(
                judgement,
                verdict=Verdict.INCONCLUSIVE,
                reasons=(Reason("run-broke", f"the run failed with it: {died}"), *judgement.reasons),
            )
        if stopped and judgement.verdict is Verdict.INCONCLUSIVE:
            why = f"the run ended because its connection to {stopped} was refused; {REMEDY}"
            judgement = replace(
                judgement, reasons=(Reason("refused-connection", why, move=Move.USER), *judgement.reasons)
            )
        judgement = replace(judgement, reasons=tuple(_quote(Path(run.scan.root), r) for r in judgement.reasons))
        judged.append(check_assumptions(judgement, observed.rows.get(function.id), row))
    return judged


def check_hybrids(
    run: Run,
    observed: Observed,
    functions: Sequence[Function],
    files: Sequence[EditedFile],
    seconds: float,
    label: str = "check-switch",
) -> list[Judgement]:
    """Compare functions that the user decorated, eager against graph, in the script as edited by ``files``.

    The edit makes graphs of all of them, so each is waited for, up to HYBRID_TIMES of ``seconds``.
    """
    hooks = [{"id": f.id, "file": f.file, "line": line_in(files, f.id, f.file, f.line)} for f in functions]
    calls = {f.id: observed.rows[f.id].calls for f in functions}
    rare = {name: number for name, number in calls.items() if number < LEAST_CALLS}
    signatures = {f.id: observed.rows[f.id].signatures for f in functions}
    reads = {f.id: observed.rows[f.id].reads for f in functions if observed.rows[f.id].reads}
    limits = seconds, HYBRID_TIMES * seconds
    seen = run.check(list(calls), files, *limits, label, rare, signatures, reads=reads, hooks=hooks)
    if seen.role_errors:
        why = (Reason("own-failure", own_failure("check", seen.role_errors[0])),)
        return [Judgement(f, Verdict.INCONCLUSIVE, why, observation(observed, f)) for f in functions]
    died = _how_it_died(seen.outcome, observed.outcome)
    return _judge(run, observed, functions, seen, died, {f.id: Variant() for f in functions})


def _quote(root: Path, given: Reason) -> Reason:
    """A reason with the first source line that it names quoted, which shows what the graph kept."""
    reason = given.message
    found = _PLACE.search(reason)
    if found is None:
        return given
    given = replace(given, place=f"{found[1]}:{found[2]}")
    try:
        lines = (root / found[1]).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return given
    number = int(found[2])
    if not 0 < number <= len(lines):
        return given
    quoted = f"{reason[: found.end() - 1]}: `{lines[number - 1].strip()[:100]}`{reason[found.end() - 1 :]}"
    return replace(given, message=quoted)


def observation(observed: Observed, function: Function) -> Observation:
    """The observation of a candidate in the observing run."""
    return observation_of(observed.rows[function.id], observed.training_seconds, observed.sources)


def edit_of(function: Function, variant: Variant) -> Edit:
    """The edit that decorates a function."""
    return Edit(
        function.id, function.file, function.line, function.qualname, variant=variant, region=function.region
    )


def _how_it_died(outcome: RunOutcome, eager: RunOutcome) -> str:
    """Why a checking run can't be trusted to its end; empty if it ended like the eager run."""
    if outcome.ending in (Ending.CUT, Ending.FINISHED):
        return ""
    if outcome.ending is Ending.EXITED and eager.ending is Ending.EXITED and outcome.code == eager.code:
        return ""
    if outcome.ending is Ending.RAISED:
        if eager.ending is Ending.RAISED and eager.error_type == outcome.error_type:
            return ""
        return f"the script raised {outcome.error_type}: {(outcome.error or '')[:160]} at {outcome.error_place}"
    if outcome.ending is Ending.TIMEOUT:
        return "the run did not end in time"
    if outcome.ending is Ending.KILLED:
        return f"the process was killed by signal {-(outcome.code or 0)}"
    return f"the script ended with exit status {outcome.code}"
