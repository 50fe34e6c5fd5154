"""Compares a script whose statements became functions, still eager, with the original (in the parent)."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ...errors import own_failure
from ...records import EditedFile, Ending
from ...rewrite.lines import hook_in
from ...sandbox.parent.launch import Child, start
from .runs import Run, Seen

#: The number of operations between two recorded hashes, as in the child.
EVERY = 250
#: After a run has reached its last function it continues for this share of its time, so that the other gets as far.
MARGIN = 0.15
#: Why a function is left alone if the compared operations contain no complete call of it.
UNCOMPARED = (
    "the run that compares the script with and without it as a function ended before a whole call was compared; "
    "use a longer --budget"
)
NOTHING: Mapping[str, Sequence[int | str]] = MappingProxyType({})


@dataclass
class Comparison:
    """Compares outlined scripts with the original, which runs once, in parallel to the first outlined script."""

    run: Run
    original: Seen | None = None
    twin: Seen | None = None
    outlined: Seen | None = None
    seconds: float = 0.0
    reordered: bool = False
    labels: list[str] = field(default_factory=list)
    iterated: Mapping[str, Sequence[int | str]] = field(default_factory=dict)

    def differs(
        self,
        files: Sequence[EditedFile],
        seconds: float,
        longest: float = 0.0,
        awaited: Collection[str] = (),
        iterated: Mapping[str, Sequence[int | str]] = NOTHING,
        may_reorder: bool = False,
    ) -> str:
        """How an outlined script differs from the original, or why that is unknown; empty if they agree.

        Both run eagerly for ``seconds``, or up to ``longest`` if no call of one of the functions ``awaited`` has ended
        by then, and are compared up to the operation that both reached. The outlined run also records the types of the
        objects that its loops iterate; ``iterated`` says where a call finds them. With ``may_reorder``, operations may
        run in another order, but not across one that changes a variable or draws random numbers: statements that are
        moved before a step take their operations along.
        """
        self.iterated = iterated
        arms: list[tuple[str, Sequence[EditedFile]]] = [(f"outlined-{len(self.labels) + 1}", files)]
        if self.original is None:
            arms.append(("outlined-original", ()))
        elif not _ended(self.original):
            # What runs longer than the original did can't be compared.
            seconds, longest = min(seconds, self.seconds), min(max(seconds, longest), self.seconds)
        seen = self._run(arms, seconds, longest, awaited)
        outlined = seen[arms[0][0]]
        self.original = seen.get("outlined-original", self.original)
        assert self.original is not None
        self.outlined = outlined
        for each in (self.original, outlined):
            if each.role_errors:
                return own_failure("comparison of the operations", each.role_errors[0])
        wrong = self._wrong(may_reorder)
        if wrong and self.twin is None:
            # A difference that also occurs between two runs of the original does not count.
            self.twin = self._run([("outlined-twin", ())], min(seconds, self.seconds))["outlined-twin"]
            wrong = self._wrong(may_reorder)
        return wrong

    def _wrong(self, may_reorder: bool) -> str:
        assert self.original is not None and self.outlined is not None
        wrong = _differs(self.original, self.outlined, self.twin)
        self.reordered = bool(wrong) and may_reorder
        if self.reordered and not _differs(self.original, self.outlined, self.twin, reordered=True):
            return ""
        return wrong

    def reached(self, candidate: str) -> bool:
        """Whether the compared part of the run contains whole calls of a region's function."""
        assert self.original is not None and self.outlined is not None
        done = self.outlined.report.get("done", {}).get(candidate)
        compared = _compared(self.original, self.outlined, self.reordered)
        return done is not None and (compared is None or done <= compared)

    def _run(
        self,
        arms: Sequence[tuple[str, Sequence[EditedFile]]],
        seconds: float,
        longest: float = 0.0,
        awaited: Collection[str] = (),
    ) -> dict[str, Seen]:
        longest = max(seconds, longest)
        children: list[Child] = []
        for label, files in arms:
            self.labels.append(label)
            names = [(edited.file, name, line) for edited in files for name, line in edited.outlined.items()]
            job = {
                "role": "sequence",
                "hooks": [hook_in(files, name, file, line) for file, name, line in names],
                "edited": [],
                "deadline_seconds": longest * (1 + MARGIN),
                "iterated": {name: list(place) for name, place in self.iterated.items()},
            }
            children.append(start(self.run.target, job, files, self.run.folder, label, self.run.nursery))
        begun = time.monotonic()
        made = {name for _, files in arms for edited in files for name in edited.outlined}
        _await(children[0], made.intersection(awaited), begun + seconds, begun + longest)
        spent = time.monotonic() - begun
        # The other run may be a little behind.
        end = begun + (spent * (1 + MARGIN) if spent > seconds else seconds)
        while time.monotonic() < end and any(child.alive for child in children):
            time.sleep(0.05)
        self.seconds = max(self.seconds, time.monotonic() - begun)
        for child in children:
            child.send({"stop": True})
        ended = zip(arms, children, strict=True)
        return {label: self.run.bring_home(child, files, 0.0) for (label, files), child in ended}


def _await(child: Child, wanted: Collection[str], enough: float, longest: float) -> None:
    """Wait until ``enough``, and then up to ``longest`` until a call of each ``wanted`` function has ended.

    Both are readings of the monotonic clock. Returns early if the run ends.
    """
    missed = set(wanted)
    while True:
        left = (longest if missed else enough) - time.monotonic()
        if left <= 0:
            return
        try:
            event = child.receive(min(left, 1.0))
        except TimeoutError:
            continue
        if event is None:
            return
        if event.get("event") == "summary":
            missed -= set(event["summary"].get("reached", ()))


def _ended(seen: Seen) -> bool:
    return seen.outcome.ending in (Ending.FINISHED, Ending.EXITED)


def _compared(original: Seen, outlined: Seen, reordered: bool = False) -> int | None:
    """The last operation up to which two runs can be compared; None if both reached their end.

    If operations were ``reordered``, it is that of the last recorded update that both have.
    """
    if _ended(original) and _ended(outlined):
        return None
    if reordered:
        chains = [seen.report.get("chained", ()) for seen in (original, outlined)]
        return min((int(chain[-1][0]) if chain else 0 for chain in chains), default=0)
    return EVERY * min(len(seen.report.get("marks", ())) for seen in (original, outlined))


def _differs(original: Seen, outlined: Seen, twin: Seen | None, reordered: bool = False) -> str:
    """The difference between two runs, or empty; ``twin`` is a second run of the original.

    With ``reordered``, the operations from one that changes a variable or draws random numbers to the next are compared
    as a multiset.
    """
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
    if reordered:
        return _differs_in_updates(first, second, whole) or _other_lines(original, outlined, twin, whole)
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


def _differs_in_updates(first: Mapping[str, Any], second: Mapping[str, Any], whole: bool) -> str:
    """The difference between two runs in anything but the order of the operations between two updates, or empty."""
    chained = list(zip(first["chained"], second["chained"], strict=False))
    if any(one != other for one, other in chained):
        return "it runs different operations"
    if whole and any(first[name] != second[name] for name in ("operations", "sum", "chain", "last")):
        return "it ends with different operations"
    if not chained and not whole:
        return "too few operations were run in the available time for a comparison"
    common = first["values"].keys() & second["values"].keys()
    if any(first["values"][count] != second["values"][count] for count in common):
        return "variables have different values"
    return ""


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
