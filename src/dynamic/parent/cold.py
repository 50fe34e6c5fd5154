"""Runs the whole plan from the start of a fresh process, beside the original script (in the parent).

Nothing has run eagerly before: variables, optimizer slots and model weights are created inside the first traces,
as they will be for the user.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...errors import one_line
from ...records import EditedFile, Ending, Function, Region
from ...rewrite.lines import hook_in
from ..wording import TRACE_FAULTS, TRACE_REMEDY
from .runs import Run, Seen


@dataclass(frozen=True)
class Unit:
    """The function whose calls are steps: its candidate's id, its file, and the line of its ``def`` in the user's file.

    ``hybrid``: the user's file decorates it. Without a file, a step is a batch of ``Model.fit``. Its calls
    inside of the functions ``within`` (by id) are not steps: if those are converted, these calls are part of a graph.
    """

    candidate: str
    file: str
    line: int
    hybrid: bool = False
    within: tuple[str, ...] = ()
    region: Region | None = None

    @classmethod
    def of(cls, function: Function) -> Unit:
        """The unit of a function."""
        return cls(function.id, function.file, function.line, function.hybrid is not None, region=function.region)

    def hook_in(self, files: Sequence[EditedFile]) -> dict[str, Any]:
        """The place where a run of ``files`` hooks the unit."""
        return hook_in(files, self.candidate, self.file, self.line, self.region)


@dataclass(frozen=True)
class Arm:
    """One of the compared runs: its label, the edited files, and its perturbation (``replaying.NUDGES``).

    ``births`` are the arguments of ``births.Births``: whether the variables' initial values are recorded, or set.
    """

    label: str
    files: Sequence[EditedFile] = ()
    nudge: int = 0
    births: Mapping[str, Any] | None = None


def replay(
    run: Run,
    unit: Unit,
    arms: Sequence[Arm],
    seconds: float,
    steps: int,
    reach: Sequence[Unit] = (),
    patience: Sequence[tuple[float, int]] = (),
) -> dict[str, Seen]:
    """Replay the script cold in several arms at once; returns the report of each arm by its label.

    Each arm runs for ``steps`` steps, and until all functions of ``reach`` have been called; ``patience`` says when
    it may end earlier (``pacing.Limits``). A nudged arm's variables are perturbed by rounding errors: its distance from
    the others is the effect of rounding alone on this script. Nothing is timed, so the arms run in parallel.
    """
    children = []
    for arm in arms:
        ids = [candidate for edited in arm.files for candidate in edited.def_lines]
        ids += [each.candidate for each in (unit, *reach) if each.hybrid]
        places = [each.hook_in(arm.files) for each in (unit, *reach)]
        start = partial(run.replay, places[0], arm.files, ids, seconds, steps, f"cold-{arm.label}", arm.nudge)
        child = start(reach=places[1:], births=arm.births, within=unit.within, patience=patience)
        children.append((arm, child))
    end = time.monotonic() + seconds
    return {arm.label: run.bring_home(child, arm.files, max(0.0, end - time.monotonic())) for arm, child in children}


def same_beginnings(
    original: Sequence[Mapping[str, Any]], edited: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The original's initial values of the variables that both runs create, by number in the original and in the edited
    run.

    Variables are matched by name, shape and dtype, the k-th with the k-th. If a graph has given them other name scopes,
    only the last part of the name counts.
    """

    def keys(rows: Sequence[Mapping[str, Any]], whole: bool) -> list[tuple[str, str, str]]:
        names = [str(row.get("name", "")) for row in rows]
        parts = names if whole else [name.rpartition("/")[2] for name in names]
        return [(part, str(row.get("shape")), str(row.get("dtype"))) for part, row in zip(parts, rows, strict=True)]

    whole = set(keys(edited, True)) <= set(keys(original, True))
    places: dict[tuple[str, str, str], list[int]] = {}
    for number, key in enumerate(keys(original, whole)):
        places.setdefault(key, []).append(number)
    theirs, ours = {}, {}
    for number, key in enumerate(keys(edited, whole)):
        if places.get(key):
            other = places[key].pop(0)
            if "value" in original[other]:
                theirs[str(other)] = ours[str(number)] = original[other]["value"]
    return theirs, ours


@dataclass(frozen=True)
class Failure:
    """Why a plan failed, and the candidates that may have caused it.

    ``stale`` are the candidates whose traces show one of `TRACE_FAULTS`; they are certainly the cause. ``place`` is the
    line (``file:line``) at which the script failed: the candidate with this line is the first suspect.
    """

    reason: str
    stale: tuple[str, ...] = ()
    place: str = ""


def failure(edited: Seen, eager: Seen) -> Failure | None:
    """Why the plan failed although the original script did not; None if it did not fail."""
    outcome = edited.outcome
    faults = {name: row["fault"] for name, row in edited.report.get("traces", {}).items() if row.get("fault")}
    if faults:
        stale = tuple(faults)
        raised = ""
        if outcome.ending is Ending.RAISED and eager.outcome.ending is not Ending.RAISED:
            raised = f", which is why the edited script then raises {_error(edited)}"
        wrong = TRACE_FAULTS[faults[stale[0]]]
        reason = f"in a fresh process the trace of {stale[0]} {wrong}{raised}; {TRACE_REMEDY}"
        return Failure(reason, stale)
    if outcome.ending is Ending.RAISED and eager.outcome.ending is not Ending.RAISED:
        reason = f"in a fresh process the edited script raises {_error(edited)}"
        return Failure(reason, place=outcome.error_place or "")
    reason = _ended_otherwise(edited, eager)
    return Failure(reason) if reason else None


def _error(seen: Seen) -> str:
    """The error that ended a run, and the line of the script where it was raised."""
    place = f" at {seen.outcome.error_place}" if seen.outcome.error_place else ""
    return f"{one_line(seen.outcome.error_type, seen.outcome.error)}{place}"


_ENDS = (Ending.EXITED, Ending.FINISHED)


def _ended_otherwise(edited: Seen, eager: Seen) -> str:
    outcome = edited.outcome
    if outcome.ending is Ending.KILLED and eager.outcome.ending is not Ending.KILLED:
        return f"in a fresh process the edited script is killed by signal {-(outcome.code or 0)}"
    if outcome.ending is Ending.EXITED and outcome.code and eager.outcome.ending not in _ENDS:
        return f"in a fresh process the edited script ends early with exit status {outcome.code}"
    if outcome.ending is Ending.EXITED and (outcome.code or 0) != (eager.outcome.code or 0):
        instead = f"exit status {outcome.code}, not {eager.outcome.code or 0}"
        return f"in a fresh process the edited script ends with {instead}"
    left = set(edited.report.get("leaks", ())) - set(eager.report.get("leaks", ()))
    if left:
        return f"in a fresh process it stores a symbolic tensor in {min(left)}, which eager code can't read"
    return ""
