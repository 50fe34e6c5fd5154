"""Starts the observing, checking and replaying children and collects their reports (in the parent)."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from ...records import AssumptionKind, Edit, EditedFile, Function, RunOutcome, Scan, Target
from ...rewrite import Editing, edit_project
from ...rewrite.lines import hook_in, line_before
from ...sandbox.parent.launch import Child, start
from ...sandbox.parent.nursery import Nursery
from ..rows import SETTLED_COMPARED, SETTLED_RETRACED

GRACE_SECONDS = 10.0
#: The shortest run.
SHORTEST_SECONDS = 1.0
ENOUGH_CALLS = 40
ENOUGH_COMPARED = 12
#: A check may take this many times its seconds for a change that the source announces, if nothing else is open.
AWAITING_TIMES = 2.4


@dataclass(frozen=True)
class Seen:
    """One child's results: its last report, how it ended, and the files of the imported modules of no library."""

    outcome: RunOutcome
    report: Mapping[str, Any]
    role_errors: tuple[str, ...] = ()
    copied_root: str = ""
    modules: Mapping[str, str] = field(default_factory=dict)

    @property
    def candidates(self) -> Mapping[str, Mapping[str, Any]]:
        """The report's part on each candidate, by id."""
        found: Mapping[str, Mapping[str, Any]] = self.report.get("candidates", {})
        return found


@dataclass(frozen=True)
class Run:
    """The common settings of all runs. ``watch`` gets texts about a run's progress.

    Children are forked from the ``nursery`` if there is one. ``steps`` is the user's number of steps for a run. After
    ``thrift`` seconds, ENOUGH_COMPARED calls of each candidate are enough for a check. With ``finals``, replays also
    report Keras' final records. No run continues after ``deadline``, in seconds of the monotonic clock. The observing
    and checking runs use the script with the ``outlines``, which is in ``base``. ``edit`` makes the files of edits.
    """

    target: Target
    scan: Scan
    folder: Path
    watch: Callable[[str], None] = field(default=lambda text: None)
    nursery: Nursery | None = None
    steps: int | None = None
    thrift: float | None = None
    finals: bool = False
    deadline: float = math.inf
    outlines: Sequence[Edit] = ()
    base: Sequence[EditedFile] = ()
    edit: Editing = edit_project

    def observe(
        self,
        functions: Sequence[Function],
        seconds: float,
        longest: float,
        steps: int | None,
        entries: Sequence[Function] = (),
        timed: Sequence[Function] = (),
    ) -> Seen:
        """Run the original script with ``functions`` hooked, for ``seconds``.

        The functions of ``entries`` report when their own code is entered; those of ``timed`` are only timed.

        If too little was seen by then (a slow start, a slow machine), the run continues up to ``longest`` seconds.
        With ``steps``, the run is cut when one candidate has been called that often.
        """
        job = {
            "role": "observe",
            "hooks": [hook_in(self.base, f.id, f.file, f.line, f.region) for f in (*functions, *timed)],
            "timed": [f.id for f in timed],
            # An already hybrid function is hooked outside of its decorator, because callers call the decorated one.
            "edited": [f.id for f in functions if f.hybrid is not None],
            "entries": [hook_in(self.base, f.id, f.file, f.line) for f in entries],
            "candidates": {f.id: _hints(f) for f in functions},
            "assigned_attributes": sorted(self.scan.assigned_attributes),
            "steps": steps,
        }
        return self._run(job, self.base, "observe", (seconds, longest), _describe_observing, _has_seen_enough)

    def alone(self, files: Sequence[EditedFile], seconds: float, label: str) -> RunOutcome:
        """Run the script with ``files`` and nothing hooked, for at most ``seconds``; returns how it ended.

        The lines in the outcome are those of ``files``.
        """
        seconds = self._left(seconds)
        job: dict[str, Any] = {"role": "observe", "steps": None, "candidates": {}, "deadline_seconds": seconds}
        job |= {name: [] for name in ("assigned_attributes", "edited", "entries", "hooks", "timed")}
        child = start(self.target, job, files, self.folder, label, self.nursery)
        self.watch("the script is running")
        return child.wait(seconds + GRACE_SECONDS)

    def check(
        self,
        ids: Sequence[str],
        files: Sequence[EditedFile],
        seconds: float,
        longest: float,
        label: str,
        rare: Mapping[str, int],
        signatures: Mapping[str, int],
        minor: Sequence[str] = (),
        enough: int | None = None,
        reads: Mapping[str, Any] | None = None,
        hooks: Sequence[dict[str, Any]] | None = None,
        unfinished: bool = False,
        callers: Mapping[str, Collection[str]] | None = None,
    ) -> Seen:
        """Run the edited script with the candidates ``ids`` compared, eager against graph.

        They are hooked where ``files`` decorate them, or at the places of ``hooks``.

        The run takes ``seconds``; ``longest`` if by then too few calls of a candidate have been compared for a verdict;
        AWAITING_TIMES of ``seconds`` if every open candidate only waits for a change of the state that it reads. It
        waits for ``minor`` candidates only during half of ``seconds``, and after ``seconds`` for none that has an open
        candidate among its ``callers``: its own conversion matters only if that one's fails. ``rare`` maps the
        candidates that the whole script calls only a few times to that number: their calls are repeated.
        ``signatures`` is the number of each candidate's signatures; the run waits for them. With ``enough``, it ends
        when that many calls of each have been compared, whatever their signatures. ``reads`` is the changing state that
        each candidate was seen to read: the run continues until it was traced. If the observing run was ``unfinished``,
        the run also waits for changes that the source announces.
        """
        job = {
            "role": "check",
            "hooks": _edited_hooks(files, ids) if hooks is None else list(hooks),
            "edited": list(ids),
            "candidates": list(ids),
            "rare": dict(rare),
            "minor": list(minor),
            "patience": seconds / 2,
            "steps": self.steps,
            "thrift": None if self.thrift is None else [self.thrift, ENOUGH_COMPARED],
            "reads": dict(reads or {}),
            "unfinished": unfinished,
            "results_read": {f.id: [part for part, _ in f.results_read] for f in self.scan.functions if f.results_read},
            **({"enough": enough} if enough is not None else {"signatures": dict(signatures)}),
            "assigned_attributes": sorted(self.scan.assigned_attributes),
        }
        compared = partial(_has_compared_enough, minor, callers or {}, longest)
        limits = seconds, max(longest, AWAITING_TIMES * seconds) if unfinished else longest
        return self._run(job, files, label, limits, _describe_checking, compared)

    def replay(
        self,
        unit: Mapping[str, Any],
        files: Sequence[EditedFile],
        ids: Sequence[str],
        seconds: float,
        steps: int,
        label: str,
        nudge: int = 0,
        reach: Sequence[Mapping[str, Any]] = (),
        births: Mapping[str, Any] | None = None,
        within: Sequence[str] = (),
        patience: Sequence[tuple[float, int]] = (),
    ) -> Child:
        """Start a cold run that records what it computes, with hooks on ``unit``, the step function, and ``reach``.

        Without a file, the unit is a batch of ``Model.fit``. ``ids`` are the ids of the hooked functions that are
        decorated.

        The run ends after ``steps`` steps, or later, when each function of ``reach`` has been called twice. ``nudge``
        is the number of a way to imitate rounding (NUDGES in ``replaying``), 0 for none. ``births`` are the arguments
        of ``births.Births``, if the variables' initial values matter. Calls of the unit inside of the functions
        ``within`` are not steps. ``patience`` says when the run may end earlier (``pacing.Limits``).
        Returns the running child: several replays may run at once, since nothing in them is timed.
        """
        hooks = {hook["id"]: hook for hook in _edited_hooks(files, ids)}
        places = (*reach, unit) if unit["file"] else reach
        hooks.update({place["id"]: dict(place) for place in places})
        job = {
            "role": "replay",
            "hooks": list(hooks.values()),
            "edited": list(ids),
            "reach": [place["id"] for place in reach],
            "assigned_attributes": sorted(self.scan.assigned_attributes),
            "unit_id": unit["id"],
            "within": list(within),
            **({} if unit["file"] else {"fit": unit["id"]}),
            "steps": steps,
            "nudge": nudge,
            **({} if births is None else {"births": dict(births)}),
            "finals": self.finals,
            "patience": [list(row) for row in patience],
            "deadline_seconds": self._left(seconds),
        }
        return start(self.target, job, files, self.folder, label, self.nursery)

    def _left(self, seconds: float) -> float:
        """``seconds``, but at most the time until the deadline, and at least SHORTEST_SECONDS."""
        return min(seconds, max(SHORTEST_SECONDS, self.deadline - time.monotonic()))

    def bring_home(self, child: Child, files: Sequence[EditedFile], seconds: float) -> Seen:
        """Wait for a replay's end; ``files`` are the files with which it was started."""
        return _seen(child, files, child.wait(seconds + GRACE_SECONDS), self.scan.root)

    def _run(
        self,
        job: dict[str, Any],
        files: Sequence[EditedFile],
        label: str,
        limits: tuple[float, float],
        describe: Callable[[Mapping[str, Any]], str],
        is_enough: Callable[[Mapping[str, Any], float], bool],
    ) -> Seen:
        seconds, longest = (self._left(limit) for limit in limits)
        child = start(self.target, {**job, "deadline_seconds": longest}, files, self.folder, label, self.nursery)
        begun = time.monotonic()
        end = begun + longest + GRACE_SECONDS
        while True:
            left = end - time.monotonic()
            if left <= 0:
                break
            try:
                event = child.receive(min(left, 1.0))
            except TimeoutError:
                continue
            if event is None:
                break
            if event.get("event") == "summary":
                self.watch(describe(event["summary"]))
                elapsed = time.monotonic() - begun
                if elapsed >= seconds and is_enough(event["summary"], elapsed):
                    child.send({"stop": True})
        outcome = child.wait(max(0.0, min(GRACE_SECONDS, end - time.monotonic())))
        return _seen(child, files, outcome, self.scan.root)


def _seen(child: Child, files: Sequence[EditedFile], outcome: RunOutcome, project: str) -> Seen:
    """A child's results, with line numbers of edited files converted to the user's files."""
    copied = str(child.scratch.root)
    roots = [copied, project, ""]
    if outcome.error_place is not None:
        place = before_edits(outcome.error_place, files, roots)
        outcome = replace(outcome, error_place=place.removeprefix(os.path.join(project, "")))
    report = before_edits(child.final or child.summary, files, roots)
    modules = {name: child.scratch.original(file) for name, file in report.get("modules", {}).items()}
    return Seen(outcome, report, tuple(child.role_errors), copied, modules)


def before_edits(value: Any, files: Sequence[EditedFile], roots: Sequence[str]) -> Any:
    """``value`` (decoded JSON) with each ``path:line`` of an edited file converted to the line before the edit."""
    if isinstance(value, dict):
        return {key: before_edits(item, files, roots) for key, item in value.items()}
    if isinstance(value, list):
        return [before_edits(item, files, roots) for item in value]
    if isinstance(value, str):
        for edited in files:
            places = "|".join(re.escape(os.path.join(root, edited.file)) for root in roots)
            value = re.sub(rf"(?<![\w./-])({places}):(\d+)", partial(_line_before, edited.line_map), value)
    return value


def _line_before(lines: Sequence[int], found: re.Match[str]) -> str:
    return f"{found[1]}:{line_before(lines, int(found[2]))}"


def _has_seen_enough(report: Mapping[str, Any], _: float) -> bool:
    """Whether some candidate, or a batch, has been called often enough to be compared in the next run."""
    batches = report.get("modes", {}).get("batches", {})
    return any(row["calls"] >= ENOUGH_CALLS for row in (*report.get("candidates", {}).values(), *batches.values()))


def _has_compared_enough(
    minor: Sequence[str],
    callers: Mapping[str, Collection[str]],
    longest: float,
    report: Mapping[str, Any],
    elapsed: float,
) -> bool:
    """Whether a check may end. It goes on if every open candidate only waits for a change of state that it reads."""
    candidates = report.get("candidates", {}).items()
    rows = {name: row for name, row in candidates if name not in minor and not row["refutations"]}
    if rows and all((row["reads"] or {}).get("awaits") for row in rows.values()):
        return False
    outermost = [row for name, row in rows.items() if not (set(callers.get(name, ())) - {name}).intersection(rows)]
    return elapsed >= longest or all(
        row["compared"] >= SETTLED_COMPARED and row["retraced"] >= SETTLED_RETRACED for row in outermost
    )


def _hints(function: Function) -> dict[str, str]:
    return {
        a.subject: a.hint for a in function.assumptions if a.kind is AssumptionKind.ARGUMENT_TYPE and a.hint is not None
    }


def _edited_hooks(files: Sequence[EditedFile], ids: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"file": edited.file, "line": line, "id": candidate}
        for edited in files
        for candidate, line in edited.def_lines.items()
        if candidate in ids
    ]


def _describe_observing(report: Mapping[str, Any]) -> str:
    calls = {name: seen["calls"] for name, seen in report.get("candidates", {}).items() if seen["calls"]}
    if not report.get("candidates"):
        return "the script is running"
    if not calls and report.get("offspring", {}).get("started"):
        return "no candidate has been called yet; the script has started other processes, which are not watched"
    if not calls:
        return "the script is starting up; no candidate has been called yet"
    hottest = max(calls, key=lambda name: report["candidates"][name]["seconds"])
    return f"{len(calls)} candidates called so far; {hottest}: {calls[hottest]:,} calls"


def _describe_checking(report: Mapping[str, Any]) -> str:
    rows = report.get("candidates", {}).values()
    compared = sum(row["compared"] for row in rows)
    refuted = sum(bool(row["refutations"]) for row in rows)
    return f"{compared:,} calls compared, {refuted} candidates refuted so far"
