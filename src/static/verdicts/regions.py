"""Training steps that are no function yet: where they begin and end, and what would go wrong with them as a graph."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ...records import Group, Refuted, Region
from ..facts.callgraph import TRACED_MODES
from ..facts.elsewhere import Elsewhere
from ..facts.hazards import Hazard
from ..facts.signs import opens_tape
from ..facts.view import Facts, View
from ..ir.code import Call, Event, FunctionCode, Iteration, Mark
from ..ir.solver import LINES
from ..lifting.choosing import choose, scope_at
from ..lifting.reading import Unliftable
from ..lifting.state import Attributes
from ..rules import rule_of
from ..rules.changing_state import ChangingState
from .inspection import Inspection, Passed, inherit, is_sure

#: Marks of statements that may update variables.
_UPDATING = frozenset({"assignment", "called", "update"})
#: Doubts of a graph's results that are no other work: random numbers of TensorFlow's, calls that are not followed.
_IN_GRAPHS = frozenset({"HYB115", "HYB204"})
#: What hazards that speak of other work are about.
_OTHER_WORK = (Group.EFFECTS, Group.TRACING)


@dataclass(frozen=True)
class InlineStep:
    """A step among other statements: the lines from its tape to its last update, and the region around these.

    One that does not train is a region alone: a pass through a model, or other work on tensors.
    """

    owner: FunctionCode
    first: int
    last: int
    region: Region | Unliftable
    hazards: tuple[Hazard, ...]
    trains: bool = True


class Lifting:
    """What is needed to look for the regions of a module: its tree, and names that must not be given.

    ``methods`` are the project's, which a new method must not be called as; ``taken`` are given already; ``barred`` are
    the lines for which a run has refuted the functions that they stand in, which are ``parted``. ``elsewhere`` tells
    what the other modules do with attributes.
    """

    def __init__(
        self,
        read: Callable[[], ast.Module],
        methods: frozenset[str],
        parted: Mapping[str, Refuted],
        elsewhere: Elsewhere,
    ) -> None:
        self._read = read
        self.methods = methods
        self.parted = parted
        self.elsewhere = elsewhere
        self.barred = frozenset(line for refuted in parted.values() for line in refuted.lines)
        self.taken: set[str] = set()

    @cached_property
    def tree(self) -> ast.Module:
        """The module's tree, read where it is first asked for."""
        return self._read()

    @cached_property
    def attributes(self) -> Attributes:
        """What the module does with attributes."""
        return Attributes(self.tree, self.elsewhere)


def find_steps(
    facts: Facts, inspection: Inspection, code: FunctionCode, lifting: Lifting, mixed: bool = False
) -> list[InlineStep]:
    """The training steps in the loops of one function or module body.

    With ``mixed``, the function computes with tensors and does other work besides, and its step need not be in a loop.
    """
    starts = _starts(code)
    if not starts:
        return []
    loops = _loops(code)
    cores: dict[tuple[int, int], list[tuple[int, int]]] = {}
    begun: dict[tuple[int, int], tuple[int, int]] = {}
    for number, (first, end) in enumerate(starts):
        inner = sorted((loop for loop in loops if loop[0] < first and end <= loop[1]), reverse=True)
        if mixed:
            inner.append((code.line, code.end_line))
        # Gradients that a loop gathers are applied behind it: the step is a round of the loop around that.
        updated_in = [loop for loop in inner if _last_update(code, first, end, loop) is not None]
        if not updated_in:
            continue
        loop = updated_in[0]
        if loop != inner[0]:
            first = min(first, inner[inner.index(loop) - 1][0])
        # Two tapes whose updates follow both are one step, whatever is around.
        first, end = min(begun.get(loop, (first, end))[0], first), max(begun.get(loop, (first, end))[1], end)
        following = [start for start, _ in starts[number + 1 :] if start <= loop[1]]
        limit = loop[0], min(following) - 1 if following else loop[1]
        updated = _last_update(code, first, end, limit)
        if updated is None:
            begun[loop] = first, end
            continue
        begun.pop(loop, None)
        # An update that is inside a loop over the variables ends with that loop.
        around = [last for start, last in loops if first < start <= updated <= last <= loop[1]]
        cores.setdefault(loop, []).append((first, max(end, updated, *around)))
    found: list[InlineStep] = []
    for steps in cores.values():
        whole = steps[0][0], max(last for _, last in steps)
        together = lift(facts, inspection, code, lifting, *whole)
        if isinstance(together, Region) or len(steps) == 1:
            chosen = [(whole, together)]
        else:
            # Two tapes in one round (a GAN) with something between them that a graph can't do: two steps.
            chosen = [(step, lift(facts, inspection, code, lifting, *step)) for step in steps]
            if not any(isinstance(each, Region) for _, each in chosen):
                chosen = [(whole, together)]
        for (first, last), region in chosen:
            if isinstance(region, Region):
                lifting.taken.add(region.name)
                first, last = region.first, region.last
                hazards = hazards_in(facts, inspection, code, region)
            else:
                hazards = hazards_of(facts, inspection, code, first, last)
            found.append(InlineStep(code, first, last, region, hazards))
    return found


def lift(
    facts: Facts,
    inspection: Inspection,
    code: FunctionCode,
    lifting: Lifting,
    first: int,
    last: int,
    trains: bool = True,
) -> Region | Unliftable:
    """The region around a step, or why there is none; one that ``trains`` takes in what computes beside it."""
    # State that is read beside the step does no harm if it is passed to the function.
    harmless: Callable[[Hazard], bool] = is_harmless_given
    beside = list[Hazard]()

    def is_clean(begin: int, end: int) -> bool:
        calls = [each for each in code.events if isinstance(each, Call) and begin <= each.place % LINES <= end]
        hazards = hazards_of(facts, inspection, code, begin, end)
        free = not any(begin <= line <= end for line in lifting.barred)
        free = free and not any(_takes_values(inspection, each) for each in calls)
        beside.extend(each for each in hazards if is_harmless_given(each) and not is_harmless(each))
        return free and any(map(_computes, calls)) and all(map(harmless, hazards))

    line = 0 if code is code.module.body else code.line
    names = frozenset(lifting.taken), lifting.methods
    clean = is_clean if trains else None

    def chosen() -> Region | Unliftable:
        return choose(lifting.tree, code.module.file, line, first, last, clean, *names, trains, lifting.attributes)

    region = chosen()
    if beside and (
        isinstance(region, Unliftable)
        or any(each.code == ChangingState.code for each in hazards_in(facts, inspection, code, region))
    ):
        harmless = is_harmless
        region = chosen()
    if isinstance(region, Region):
        moved = {line for begin, end in region.moved for line in range(begin, end + 1)}
        inside = [line for line in lifting.barred - moved if region.first <= line <= region.last]
        if inside:
            said = "the statement that refuted the function is inside it"
            return Unliftable(region.first, region.last, said, min(inside))
        refuted = lifting.parted.get(code.qualname)
        if refuted is not None and refuted.by_state:
            # With that state as a parameter it differs from the refuted function, even if it is the whole of it.
            if not region.given:
                said = "the run refuted the function for Python state that can't be passed as an argument"
                return Unliftable(region.first, region.last, said, region.first)
        elif refuted is not None and _is_all_of(region, scope_at(lifting.tree, line)):
            said = "it is the whole function, which the run has refuted"
            return Unliftable(region.first, region.last, said, region.first)
    return region


def _is_all_of(region: Region, scope: ast.Module | ast.FunctionDef | None) -> bool:
    """Whether nothing stands beside a region but a docstring and a return."""
    beside = [each for each in (scope.body if scope else []) if not region.first <= each.lineno <= region.last]
    return not any(not isinstance(each, (ast.Return, ast.Expr)) or _calls(each) for each in beside)


def _calls(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Call) for node in ast.walk(statement))


def _computes(call: Call) -> bool:
    """Whether a call runs operations: a function of TensorFlow's, or a layer, a metric, or code of the project."""
    path = (call.path or "").partition(".")[0]
    return path in ("tensorflow", "keras", "tf_keras") or bool(call.methods) or bool(call.targets)


def _takes_values(inspection: Inspection, call: Call) -> bool:
    """Whether a call reaches a function that needs values of what it is given, as NumPy does: arrays stay outside."""
    return any(
        hazard.certain and hazard.code.startswith("HYB2")
        for binding in call.targets
        if binding.code.hybrid is None
        for hazard in inspection.all.get(binding.code, ())
    )


def is_harmless(hazard: Hazard) -> bool:
    """Whether a hazard speaks of what happens in a graph only, and not of other work that is done."""
    return not hazard.certain and (hazard.code in _IN_GRAPHS or rule_of()[hazard.code].group not in _OTHER_WORK)


def is_harmless_given(hazard: Hazard) -> bool:
    """Whether a hazard is harmless, or would be if the call passed the state that it is about."""
    is_state = hazard.code == ChangingState.code and hazard.inner is None and not hazard.certain
    return is_state or is_harmless(hazard)


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


def hazards_in(facts: Facts, inspection: Inspection, code: FunctionCode, region: Region) -> tuple[Hazard, ...]:
    """What would go wrong with a region as a graph. What the call passes may change: no trace reads it from Python."""
    given = {source for _, source in region.given}
    found = hazards_of(facts, inspection, code, region.first, region.last, region.moved)
    return tuple(each for each in found if each.inner or each.code != ChangingState.code or each.subject not in given)


def hazards_of(
    facts: Facts,
    inspection: Inspection,
    code: FunctionCode,
    first: int,
    last: int,
    left_out: tuple[tuple[int, int], ...] = (),
) -> tuple[Hazard, ...]:
    """What would go wrong with lines of a function as a graph; ``left_out`` are those that stay in Python."""
    view = View(facts, code)
    events = [
        event
        for event in code.events
        if first <= event.place % LINES <= last
        and not any(begin <= event.place % LINES <= end for begin, end in left_out)
    ]
    found = inspection.inspect_events(view, events)
    for event in events:
        if not isinstance(event, Call):
            continue
        for binding in event.targets:
            if binding.mode not in TRACED_MODES or binding.code.hybrid is not None:
                continue
            surely = is_sure(view, event, binding)
            passed = Passed(view, binding)
            for hazard in inspection.all.get(binding.code, ()):
                if hazard.transitive:
                    ways = inherit(view, passed, hazard, surely)
                    found.extend(hazard.seen_from(code, event, *way) for way in ways)
    seen: dict[tuple[str, bool], Hazard] = {}
    for hazard in found:
        seen.setdefault((hazard.code, hazard.certain), hazard)
    return tuple(seen.values())
