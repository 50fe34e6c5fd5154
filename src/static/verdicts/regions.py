"""Training steps that are not functions yet: their first and last lines, and their hazards as graphs."""

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
from ..ir.code import AttributeLoad, Call, Event, FunctionCode, Iteration, Mark
from ..ir.solver import LINES
from ..lifting.arrays import UNKNOWN
from ..lifting.choosing import choose, scope_at
from ..lifting.host import ARRAY_METHODS
from ..lifting.reading import Unliftable
from ..lifting.state import Attributes
from ..rules import rule_of
from ..rules.changing_state import ChangingState
from .inspection import Inspection, Passed, inherit, is_sure
from .operands import operands_of, uses_doubles

#: Marks of statements that may update variables.
_UPDATING = frozenset({"assignment", "called", "update"})
#: Rules whose doubts concern no other work: TensorFlow's random numbers, and Python iteration over a tensor.
_IN_GRAPHS = frozenset({"HYB115", "HYB204"})
#: The groups of hazards that concern other work.
_OTHER_WORK = (Group.EFFECTS, Group.TRACING)


@dataclass(frozen=True)
class InlineStep:
    """A step among other statements: its lines from the tape to the last update, and the region around them.

    A step that does not train is only a region: a forward pass of a model, or other tensor work.
    """

    owner: FunctionCode
    first: int
    last: int
    region: Region | Unliftable
    hazards: tuple[Hazard, ...]
    trains: bool = True


class Lifting:
    """The data needed to find regions in a module: its tree, and the names that new functions must not have.

    Such names are ``methods``, the method names of the project, and ``taken``, the names of regions found already.
    ``parted`` are the functions that a run has refuted, and ``barred`` the lines that caused it. ``elsewhere`` knows
    how the other modules use attributes.
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
        """The module's tree, read on first use."""
        return self._read()

    @cached_property
    def uses_doubles(self) -> bool:
        """Whether the module computes with ``float64`` tensors, which arrays meet as they are."""
        return uses_doubles(self.tree)

    @cached_property
    def attributes(self) -> Attributes:
        """The module's uses of attributes."""
        return Attributes(self.tree, self.elsewhere)


def find_steps(
    facts: Facts, inspection: Inspection, code: FunctionCode, lifting: Lifting, mixed: bool = False
) -> list[InlineStep]:
    """The training steps in the loops of one function or module body.

    ``mixed``: the function does other work besides its tensor work. Then its step need not be in a loop.
    """
    starts = _starts(code)
    if not starts:
        return []
    loops = loops_of(code)
    cores: dict[tuple[int, int], list[tuple[int, int]]] = {}
    begun: dict[tuple[int, int], tuple[int, int]] = {}
    for number, (first, end) in enumerate(starts):
        inner = sorted((loop for loop in loops if loop[0] < first and end <= loop[1]), reverse=True)
        if mixed:
            inner.append((code.line, code.end_line))
        # If a loop accumulates gradients and the update follows it, the step is an iteration of the loop around both.
        updated_in = [loop for loop in inner if _last_update(code, first, end, loop) is not None]
        if not updated_in:
            continue
        loop = updated_in[0]
        if loop != inner[0]:
            first = min(first, inner[inner.index(loop) - 1][0])
        # Two tapes whose updates follow both are one step.
        first, end = min(begun.get(loop, (first, end))[0], first), max(begun.get(loop, (first, end))[1], end)
        following = [start for start, _ in starts[number + 1 :] if start <= loop[1]]
        limit = loop[0], min(following) - 1 if following else loop[1]
        updated = _last_update(code, first, end, limit)
        if updated is None:
            begun[loop] = first, end
            continue
        begun.pop(loop, None)
        # If the update is in a loop over the variables, the step ends with that loop.
        around = [last for start, last in loops if first < start <= updated <= last <= loop[1]]
        cores.setdefault(loop, []).append((first, max(end, updated, *around)))
    found: list[InlineStep] = []
    for steps in cores.values():
        whole = steps[0][0], max(last for _, last in steps)
        together = lift(facts, inspection, code, lifting, *whole)
        if isinstance(together, Region) or len(steps) == 1:
            chosen = [(whole, together)]
        else:
            # Two tapes in one iteration (a GAN) with code between them that a graph can't run: two steps.
            chosen = [(step, lift(facts, inspection, code, lifting, *step)) for step in steps]
            if not any(isinstance(each, Region) for _, each in chosen):
                chosen = [(whole, together)]
        for (first, last), region in chosen:
            if isinstance(region, Region):
                lifting.taken.add(region.name)
                first, last = region.first, region.last
                hazards = hazards_in(facts, inspection, code, region, lifting.tree)
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
    """The region around a step, or why there is none. If it ``trains``, the region includes tensor work beside it."""
    # State that code beside the step reads is harmless if it is passed to the function.
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

    operands = operands_of(code, lifting.tree)
    if operands.known and lifting.uses_doubles:
        operands = UNKNOWN

    def chosen() -> Region | Unliftable:
        around = (lifting.tree, code.module.file, line, first, last, clean, *names, trains, lifting.attributes)
        region = choose(*around, operands)
        # A run says whether the arithmetic with arrays does the same in the graph.
        return choose(*around) if operands.known and isinstance(region, Unliftable) else region

    region = chosen()
    if beside and (
        isinstance(region, Unliftable)
        or any(
            each.code == ChangingState.code for each in hazards_in(facts, inspection, code, region, lifting.tree)
        )
    ):
        harmless = is_harmless
        region = chosen()
    if isinstance(region, Region):
        moved = {line for begin, end in (*region.moved, *region.ahead) for line in range(begin, end + 1)}
        inside = [line for line in lifting.barred - moved if region.first <= line <= region.last]
        if inside:
            said = "the statement that refuted the function is inside it"
            return Unliftable(region.first, region.last, said, min(inside))
        refuted = lifting.parted.get(code.qualname)
        if refuted is not None and refuted.by_state:
            # With that state as a parameter, the region differs from the refuted function even if it is all of it.
            if not region.given:
                said = "the run refuted the function for Python state that can't be passed as an argument"
                return Unliftable(region.first, region.last, said, region.first)
        elif refuted is not None and _is_all_of(region, scope_at(lifting.tree, line)):
            said = "it is the whole function, which the run has refuted"
            return Unliftable(region.first, region.last, said, region.first)
    return region


def _is_all_of(region: Region, scope: ast.Module | ast.FunctionDef | None) -> bool:
    """Whether a scope has nothing outside of the region but returns and expressions (a docstring), without calls."""
    if region.ahead or any("(" in source for _, source in region.given):
        return False
    beside = [each for each in (scope.body if scope else []) if not region.first <= each.lineno <= region.last]
    return not any(not isinstance(each, (ast.Return, ast.Expr)) or _calls(each) for each in beside)


def _calls(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Call) for node in ast.walk(statement))


def _computes(call: Call) -> bool:
    """Whether a call may run operations: of TensorFlow, of a library object such as a layer, or in the project."""
    path = (call.path or "").partition(".")[0]
    return path in ("tensorflow", "keras", "tf_keras") or bool(call.methods) or bool(call.targets)


def _takes_values(inspection: Inspection, call: Call) -> bool:
    """Whether a call reaches a function that needs its arguments' values, as NumPy does: it stays outside."""
    return any(
        hazard.certain and rule_of()[hazard.code].group is Group.TRACING
        for binding in call.targets
        if binding.code.hybrid is None
        for hazard in inspection.all.get(binding.code, ())
    )


def is_harmless(hazard: Hazard) -> bool:
    """Whether a hazard is a doubt that concerns the graph only, and no other work."""
    return not hazard.certain and (hazard.code in _IN_GRAPHS or rule_of()[hazard.code].group not in _OTHER_WORK)


def is_harmless_given(hazard: Hazard) -> bool:
    """Whether a hazard is harmless, or would be if the call passed the state that it concerns."""
    is_state = hazard.code == ChangingState.code and hazard.inner is None and not hazard.certain
    return is_state or is_harmless(hazard)


def _starts(code: FunctionCode) -> list[tuple[int, int]]:
    """The first and last lines of a function's tapes, and of calls in its loops that only take gradients."""
    found: list[tuple[int, int]] = []
    for event in code.events:
        if isinstance(event, Mark) and opens_tape(event):
            found.append((event.place % LINES, event.end))
        elif isinstance(event, Call) and event.in_loop and _takes_gradients(event):
            found.append((event.place % LINES, event.place % LINES))
    return sorted(set(found))


def _last_update(code: FunctionCode, first: int, end: int, loop: tuple[int, int]) -> int | None:
    """The last line of a loop's body that updates variables: with an optimizer, or else by assignments; or None."""
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
    """Whether a call reaches a function that is not hybrid and has an event that passes ``test``."""
    return any(
        binding.mode == "call" and binding.code.hybrid is None and any(test(event) for event in binding.code.events)
        for binding in call.targets
    )


def _updates(event: Event) -> bool:
    return isinstance(event, Mark) and event.kind == "update"


def loops_of(code: FunctionCode) -> list[tuple[int, int]]:
    """The first and last lines of a function's loops."""
    found: list[tuple[int, int]] = []
    for event in code.events:
        is_for = isinstance(event, Iteration) and event.context == "for"
        if is_for or (isinstance(event, Mark) and event.kind == "loop"):
            assert isinstance(event, (Iteration, Mark))
            found.append((event.place % LINES, event.end))
    return found


def _is_numeric(event: Event) -> bool:
    """Whether an event is a call of NumPy or of Python's own numbers, or names a method of arrays."""
    if isinstance(event, AttributeLoad):
        return event.attribute in ARRAY_METHODS
    if not isinstance(event, Call):
        return False
    paths = [path.partition(".")[0] for path in event.externals]
    return bool(paths) and not event.targets and all(root in ("numpy", "random", "math") for root in paths)


def hazards_in(
    facts: Facts, inspection: Inspection, code: FunctionCode, region: Region, tree: ast.Module
) -> tuple[Hazard, ...]:
    """The hazards of a region as a graph. State that the call passes may change: traces don't read it from Python."""
    given = {source for _, source in region.replaced}
    computed = {source for source in given if "(" in source}
    lines = {
        node.lineno
        for node in (ast.walk(tree) if computed else ())
        if isinstance(node, ast.Call) and region.first <= node.lineno <= region.last and ast.unparse(node) in computed
    }
    left_out = (*region.moved, *region.ahead)
    found = hazards_of(facts, inspection, code, region.first, region.last, left_out, frozenset(lines))
    return tuple(each for each in found if each.inner or each.code != ChangingState.code or each.subject not in given)


def hazards_of(
    facts: Facts,
    inspection: Inspection,
    code: FunctionCode,
    first: int,
    last: int,
    left_out: tuple[tuple[int, int], ...] = (),
    numeric: frozenset[int] = frozenset(),
    only: Event | None = None,
) -> tuple[Hazard, ...]:
    """The hazards of a function's lines as a graph.

    The lines in ``left_out`` stay in Python, and of the lines in ``numeric`` the calls of NumPy and of arrays do.
    ``only`` is the only event that counts, if given.
    """
    view = View(facts, code)
    events = [
        event
        for event in code.events
        if first <= event.place % LINES <= last
        and (only is None or event is only)
        and not any(begin <= event.place % LINES <= end for begin, end in left_out)
        and not (event.place % LINES in numeric and _is_numeric(event))
    ]
    seen: dict[tuple[str, bool], Hazard] = {}
    for hazard in inspection.inspect_events(view, events):
        seen.setdefault((hazard.code, hazard.certain), hazard)
    passed = Passed(view)
    for event in events:
        if not isinstance(event, Call):
            continue
        for binding in event.targets:
            if binding.mode not in TRACED_MODES or binding.code.hybrid is not None:
                continue
            surely = is_sure(view, event, binding)
            for hazard in inspection.all.get(binding.code, ()):
                if hazard.transitive:
                    for certain, parameter, handed_on in inherit(view, passed, binding.arguments, hazard, surely):
                        if (hazard.code, certain) not in seen:
                            seen[hazard.code, certain] = hazard.seen_from(code, event, certain, parameter, handed_on)
    return tuple(seen.values())
