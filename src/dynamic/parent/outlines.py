"""Compares a script whose statements became functions, still eager, with the original (in the parent)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from ...errors import own_failure
from ...records import EditedFile, Ending
from ...rewrite.lines import hook_in
from ...sandbox.parent.launch import start
from .runs import Run, Seen

#: The number of operations between two recorded hashes, as in the child.
EVERY = 250


NOTHING: Mapping[str, Sequence[int | str]] = MappingProxyType({})


@dataclass
class Comparison:
    """Compares outlined scripts with the original, which runs once, in parallel to the first outlined script."""

    run: Run
    original: Seen | None = None
    twin: Seen | None = None
    outlined: Seen | None = None
    labels: list[str] = field(default_factory=list)
    iterated: Mapping[str, Sequence[int | str]] = field(default_factory=dict)

    def differs(
        self, files: Sequence[EditedFile], seconds: float, iterated: Mapping[str, Sequence[int | str]] = NOTHING
    ) -> str:
        """How an outlined script differs from the original, or why that is unknown; empty if they agree.

        Both run eagerly for at most ``seconds``, and are compared up to the operation that both reached. The outlined
        run also records the types of the objects that its loops iterate; ``iterated`` says where a call finds them.
        """
        self.iterated = iterated
        arms: list[tuple[str, Sequence[EditedFile]]] = [(f"outlined-{len(self.labels) + 1}", files)]
        if self.original is None:
            arms.append(("outlined-original", ()))
        seen = self._run(arms, seconds)
        outlined = seen[arms[0][0]]
        self.original = seen.get("outlined-original", self.original)
        assert self.original is not None
        self.outlined = outlined
        for each in (self.original, outlined):
            if each.role_errors:
                return own_failure("comparison of the operations", each.role_errors[0])
        wrong = _differs(self.original, outlined, None)
        if wrong and self.twin is None:
            # A difference that also occurs between two runs of the original does not count.
            self.twin = self._run([("outlined-twin", ())], seconds)["outlined-twin"]
        return _differs(self.original, outlined, self.twin) if wrong else ""

    def reached(self, candidate: str) -> bool:
        """Whether the compared part of the run contains whole calls of a region's function."""
        assert self.original is not None and self.outlined is not None
        done = self.outlined.report.get("done", {}).get(candidate)
        compared = _compared(self.original, self.outlined)
        return done is not None and (compared is None or done <= compared)

    def _run(self, arms: Sequence[tuple[str, Sequence[EditedFile]]], seconds: float) -> dict[str, Seen]:
        children = []
        for label, files in arms:
            self.labels.append(label)
            names = [(edited.file, name, line) for edited in files for name, line in edited.outlined.items()]
            job = {
                "role": "sequence",
                "hooks": [hook_in(files, name, file, line) for file, name, line in names],
                "edited": [],
                "deadline_seconds": seconds,
                "iterated": {name: list(place) for name, place in self.iterated.items()},
            }
            run = self.run
            children.append((label, files, start(run.target, job, files, run.folder, label, run.nursery)))
        end = time.monotonic() + seconds
        return {
            label: self.run.bring_home(child, files, max(0.0, end - time.monotonic()))
            for label, files, child in children
        }


def _ended(seen: Seen) -> bool:
    return seen.outcome.ending in (Ending.FINISHED, Ending.EXITED)


def _compared(original: Seen, outlined: Seen) -> int | None:
    """The last operation up to which two runs can be compared; None if both reached their end."""
    if _ended(original) and _ended(outlined):
        return None
    return EVERY * min(len(seen.report.get("marks", ())) for seen in (original, outlined))


def _differs(original: Seen, outlined: Seen, twin: Seen | None) -> str:
    """The difference between two runs, or empty; ``twin`` is a second run of the original."""
    ours, theirs = outlined.outcome, original.outcome
    if ours.ending is Ending.RAISED and theirs.ending is not Ending.RAISED:
        place = f" at {ours.error_place}" if ours.error_place else ""
        return f"it raises {ours.error_type}: {(ours.error or '')[:120]}{place}"
    whole = _ended(original) and _ended(outlined)
    if _ended(original) and not _ended(outlined) and ours.ending is not Ending.CUT:
        return "it does not end like the original"
    if whole and (ours.code or 0) != (theirs.code or 0):
        return f"it ends with exit status {ours.code or 0}, not {theirs.code or 0}"
    first, second = original.report, outlined.report
    if not first.get("operations") or not second.get("operations"):
        return "no operation that could be compared was run"
    marks = list(zip(first["marks"], second["marks"], strict=False))
    parted = next((number for number, (one, other) in enumerate(marks) if one != other), None)
    if parted is not None:
        return _noise(original, twin, f"it runs different operations, from number {parted * EVERY + 1:,} on")
    if whole and (first["operations"], first["hash"]) != (second["operations"], second["hash"]):
        return _noise(original, twin, "it ends with different operations")
    if not whole and not marks:
        return "too few operations were run in the available time for a comparison"
    common = first["values"].keys() & second["values"].keys()
    others = any(first["values"][count] != second["values"][count] for count in common)
    if others or (whole and first["last"] != second["last"]):
        return _noise(original, twin, "variables have different values after the same operations")
    return _other_lines(original, outlined, twin, whole)


def _noise(original: Seen, twin: Seen | None, said: str) -> str:
    if twin is None:
        return said
    first, other = original.report, twin.report
    marks = zip(first["marks"], other.get("marks", ()), strict=False)
    alike = all(one == two for one, two in marks)
    values = first["values"].keys() & other.get("values", {}).keys()
    alike = alike and all(first["values"][count] == other["values"][count] for count in values)
    if _ended(original) and _ended(twin):
        alike = alike and (first["hash"], first["last"]) == (other.get("hash"), other.get("last"))
    return said if alike else "two runs of the original differ from each other, so nothing can be compared"


def _other_lines(original: Seen, outlined: Seen, twin: Seen | None, whole: bool) -> str:
    """The first different printed line, unless two runs of the original differ there too."""
    first, second = original.outcome.lines, outlined.outcome.lines
    if whole and len(first) != len(second) and not (original.outcome.lines_dropped or outlined.outcome.lines_dropped):
        return f"it prints {len(second):,} lines, not {len(first):,}"
    if original.outcome.lines_dropped or outlined.outcome.lines_dropped:
        return ""
    again: Sequence[str] | None = None if twin is None else twin.outcome.lines
    for number, (one, other) in enumerate(zip(first, second, strict=False)):
        noisy = again is not None and number < len(again) and again[number] != one
        if one != other and not noisy:
            return f"line {number + 1} of its output is different: {other[:80]!r}, not {one[:80]!r}"
    return ""
