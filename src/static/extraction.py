"""Training steps that stand inline in a loop: where they begin and end, and what would go wrong with them."""

from __future__ import annotations

from dataclasses import dataclass

from .callgraph import TRACED_MODES
from .code import Call, FunctionCode, Iteration, Mark
from .graph import LINES
from .hazards import Hazard
from .inspection import Inspection, inherit
from .values import Thing
from .views import Facts, View


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
    tapes = [event for event in code.events if isinstance(event, Mark) and _opens_tape(event)]
    if not tapes:
        return []
    loops = _loops(code)
    found: list[InlineStep] = []
    for tape in tapes:
        first = tape.place % LINES
        inner = [loop for loop in loops if loop[0] < first and tape.end <= loop[1]]
        if not inner:
            continue
        loop = max(inner)
        if found and found[-1].loop_line == loop[0]:
            # Two tapes in one round (a GAN): one step.
            previous = found.pop()
            first = min(first, previous.first)
        updates = [
            event.end
            for event in code.events
            if isinstance(event, Mark) and event.kind == "update" and first <= event.place % LINES <= loop[1]
        ]
        if not updates:
            continue
        last = max(tape.end, max(updates))
        found.append(InlineStep(code, loop[0], first, last, _hazards(facts, inspection, code, first, last)))
    return found


def _opens_tape(event: Mark) -> bool:
    return (
        event.kind == "with"
        and event.node is not None
        and any(isinstance(value, Thing) and value.kind == "tape" for value in event.node.values)
    )


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
