"""Training steps that stand inline in a loop: where they begin and end, and what would go wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..facts.callgraph import TRACED_MODES
from ..facts.hazards import Hazard
from ..facts.signs import opens_tape
from ..facts.view import Facts, View
from ..ir.code import Call, Event, FunctionCode, Iteration, Mark
from ..ir.solver import LINES
from .inspection import Inspection, inherit

#: Marks of statements that may update variables.
_UPDATING = frozenset({"assignment", "called", "update"})


@dataclass(frozen=True)
class InlineStep:
    """A step in a loop's body: from the line of its tape to the end of its last update."""

    owner: FunctionCode
    loop_line: int
    first: int
    last: int
    hazards: tuple[Hazard, ...]


def find_steps(facts: Facts, inspection: Inspection, code: FunctionCode) -> list[InlineStep]:
    """The inline training steps of one function or module body."""
    starts = _starts(code)
    if not starts:
        return []
    loops = _loops(code)
    found: list[InlineStep] = []
    for first, end in starts:
        inner = [loop for loop in loops if loop[0] < first and end <= loop[1]]
        if not inner:
            continue
        loop = max(inner)
        if found and found[-1].loop_line == loop[0]:
            # Two tapes in one round (a GAN): one step.
            previous = found.pop()
            first = min(first, previous.first)
        updated = _last_update(code, first, end, loop)
        if updated is None:
            continue
        # An update that stands in a loop over the variables ends with that loop.
        around = [last for start, last in loops if first < start <= updated <= last <= loop[1]]
        last = max(end, updated, *around)
        found.append(InlineStep(code, loop[0], first, last, _hazards(facts, inspection, code, first, last)))
    return found


def _starts(code: FunctionCode) -> list[tuple[int, int]]:
    """The lines of the tapes in a function, first and last, and of its calls of functions that only take gradients."""
    found: list[tuple[int, int]] = []
    for event in code.events:
        if isinstance(event, Mark) and opens_tape(event):
            found.append((event.place % LINES, event.end))
        elif isinstance(event, Call) and event.in_loop and _takes_gradients(event):
            found.append((event.place % LINES, event.place % LINES))
    return sorted(set(found))


def _last_update(code: FunctionCode, first: int, end: int, loop: tuple[int, int]) -> int | None:
    """The last line of a loop's body that updates variables: with an optimizer, or by a rule of its own."""
    marks = [
        event
        for event in code.events
        if isinstance(event, Mark) and first <= event.place % LINES and event.end <= loop[1] and event.kind in _UPDATING
    ]
    calls = [event for event in code.events if isinstance(event, Call) and _reaches(event, _updates)]
    lines = {call.place % LINES for call in calls}
    by_optimizer = [
        mark.end
        for mark in marks
        if mark.kind == "update" or (mark.kind == "called" and lines & set(range(mark.place % LINES, mark.end + 1)))
    ]
    by_rule = [mark.end for mark in marks if mark.kind == "assignment" and mark.place % LINES > end]
    return max(by_optimizer or by_rule, default=None)


def _takes_gradients(call: Call) -> bool:
    """Whether a call reaches a function that opens a tape and leaves the update to its caller."""
    return _reaches(call, opens_tape) and not _reaches(call, _updates)


def _reaches(call: Call, test: Callable[[Event], bool]) -> bool:
    """Whether a function that a call reaches does something, and is no graph already."""
    return any(
        binding.mode == "call" and binding.code.hybrid is None and any(test(event) for event in binding.code.events)
        for binding in call.targets
    )


def _updates(event: Event) -> bool:
    return isinstance(event, Mark) and event.kind == "update"


def _loops(code: FunctionCode) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for event in code.events:
        is_for = isinstance(event, Iteration) and event.context == "for"
        if is_for or (isinstance(event, Mark) and event.kind == "loop"):
            assert isinstance(event, (Iteration, Mark))
            found.append((event.place % LINES, event.end))
    return found


def _hazards(
    facts: Facts, inspection: Inspection, code: FunctionCode, first: int, last: int
) -> tuple[Hazard, ...]:
    view = View(facts, code)
    events = [event for event in code.events if first <= event.place % LINES <= last]
    found = inspection.inspect_events(view, events)
    for event in events:
        if not isinstance(event, Call):
            continue
        for binding in event.targets:
            if binding.mode not in TRACED_MODES or binding.code.hybrid is not None:
                continue
            for hazard in inspection.all.get(binding.code, ()):
                if hazard.transitive:
                    found.extend(inherit(view, event, binding, hazard))
    seen: dict[tuple[str, bool], Hazard] = {}
    for hazard in found:
        seen.setdefault((hazard.code, hazard.certain), hazard)
    return tuple(seen.values())
