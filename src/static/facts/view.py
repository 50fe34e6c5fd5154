"""The view that rules have of a function after the graph is solved."""

from __future__ import annotations

from typing import NamedTuple

from ...records import AssumptionKind
from ..ir.code import Branch, Call, Event, FunctionCode, ModuleCode, Operation, ParameterCode
from ..ir.program import Cell, Program
from ..ir.solver import Node, trace_back
from ..ir.values import (
    ARRAY,
    BOOLEAN,
    NONE,
    STRING,
    STRUCTURES,
    TENSOR,
    TENSORS,
    UNKNOWN,
    VARIABLE,
    Box,
    Value,
)
from ..libraries.results import describe_result
from .allocation import Allocations
from .callgraph import CallGraph
from .escape import Origins, Root, receiver_of
from .hazards import Hazard
from .heat import Heat
from .mutations import find_changes


class Keeper(NamedTuple):
    """An owner of an object that outlives the call: a global (None), the argument for a parameter (its position), or a
    variable of an enclosing function."""

    parameter: int | Cell | None
    name: str


#: The values of a switch, apart from numbers.
_SETTINGS = frozenset({BOOLEAN, STRING, NONE})
_CONVERTED = frozenset({"builtins.float", "builtins.int", "builtins.abs"})


class Facts:
    """The facts of the whole program, shared by all views."""

    def __init__(self, program: Program, graph: CallGraph, allocations: Allocations) -> None:
        self.program = program
        self.graph = graph
        self.allocations = allocations
        self.origins = Origins()
        self.computes: dict[FunctionCode, bool | None] = {}
        self.covered: set[FunctionCode] = set()
        self.signs: set[FunctionCode] = set()
        self.heat = Heat(program, graph)
        self.idle: dict[FunctionCode, str] = {}
        self.once: dict[FunctionCode, str] = {}
        self.reaching: frozenset[ModuleCode] = frozenset()
        self.traced: dict[tuple[FunctionCode, Node, int], bool | None] = {}
        self.rebound_attributes = _rebound_attributes(program)
        self.changes = find_changes(program)

    def forget_answers(self) -> None:
        """Drop the cached answers, which can be computed again."""
        self.origins = Origins()
        self.traced.clear()


def _rebound_attributes(program: Program) -> dict[str, list[tuple[FunctionCode, int]]]:
    """The attributes that are assigned outside of constructors, with the places."""
    found: dict[str, list[tuple[FunctionCode, int]]] = {}
    for name, stores in program.assigned_attributes.items():
        later = [
            (code, line)
            for code, line in stores
            if code.name not in ("__init__", "build", "__new__", "__setstate__", "__post_init__", "from_config")
        ]
        if later:
            found[name] = later
    return found


def is_single(node: Node, depth: int = 0) -> bool:
    """Whether a tensor in ``node`` is certainly a single tensor.

    A model, a dataset or Keras may pass a structure of several tensors. For a parameter, this must hold for every
    caller.
    """
    if isinstance(node.origin, Call) and node.origin.targets:
        return False
    if isinstance(node.origin, ParameterCode) and (passed := _passed(node.origin)):
        return depth < 8 and all(is_single(each, depth + 1) for each in passed)
    for value in node.values:
        if value is ARRAY or value is VARIABLE:
            continue
        if value is TENSOR:
            if _comes_single(node, depth):
                continue
        elif value not in TENSORS:
            continue
        return False
    return True


def _comes_single(node: Node, depth: int) -> bool:
    """Whether the tensor in ``node`` was created as a single tensor.

    The last operation that created it, and did not only pass it on, decides. The result of a layer is not its input.
    """
    for each in trace_back(node, TENSOR):
        origin = each.origin
        if isinstance(origin, Operation) or (TENSOR not in each.values and VARIABLE in each.values):
            return True
        if isinstance(origin, ParameterCode) and each is not node:
            return depth < 8 and is_single(each, depth + 1)
        if isinstance(origin, Call) and (origin.methods or origin.externals):
            path = origin.path if not origin.methods else None
            return path is not None and path.startswith("tensorflow.") and describe_result(path) == "tensor"
    return False


def _passed(parameter: ParameterCode) -> list[Node]:
    """The arguments that the calls of a function pass for one of its parameters."""
    owner = parameter.owner
    if owner is None:
        return []
    index = next((index for index, known in enumerate(owner.parameters) if known is parameter), -1)
    return [node for _, binding in owner.callers for node in binding.arguments.get(index, ())]


def name_of(code: FunctionCode) -> str:
    """The name of a function in messages."""
    if code.kind == "module":
        return "the script"
    if code.kind == "lambda":
        return "the lambda"
    return f"`{code.owner_class.name}.{code.name}`" if code.takes_self and code.owner_class else f"`{code.name}`"


class View:
    """One function, as rules see it."""

    def __init__(self, facts: Facts, code: FunctionCode) -> None:
        self.facts = facts
        self.program = facts.program
        self.code = code

    # -- values -------------------------------------------------------------------------------

    def roots(self, node: Node) -> frozenset[Root]:
        """The owners of the object in ``node``; empty if the function created it."""
        return self.facts.origins.roots(self.code, node)

    def sources(self, node: Node) -> frozenset[int]:
        """The parameters on whose values ``node`` depends."""
        return self.facts.origins.sources(self.code, node)

    def traced(self, node: Node, depth: int = 0) -> bool | None:
        """Whether ``node`` is a tensor during tracing: True, False, or None for perhaps.

        An array argument becomes a tensor at the call. An array that the function creates stays an array.
        """
        known = self.facts.traced
        # Containers may contain themselves, so the depth is part of the key.
        key = (self.code, node, depth)
        if key not in known:
            known[key] = self._find_traced(node, depth)
        return known[key]

    def _find_traced(self, node: Node, depth: int) -> bool | None:
        origin = node.origin
        if isinstance(origin, Call) and origin.path in _CONVERTED and origin.arguments:
            # AutoGraph turns it into a cast: a number in eager mode is a tensor in a trace.
            return self.traced(origin.arguments[0], depth)
        tensors = others = doubts = False
        for value in node.values:
            if value in TENSORS:
                tensors = True
            elif value is ARRAY:
                brought = self._from_argument(node)
                tensors = tensors or brought is True
                doubts = doubts or brought is None
                others = others or brought is False
            elif value is UNKNOWN:
                doubts = True
            elif isinstance(value, Box):
                if value.kind in STRUCTURES and depth < 3:
                    inner = [
                        self.traced(held, depth + 1)
                        for held in (value.element, *value.fields.values())
                        if held.values
                    ]
                    if True in inner:
                        tensors = True
                    elif None in inner:
                        doubts = True
                    else:
                        others = True
                else:
                    others = True
            elif value is not NONE:
                others = True
        if tensors and not others:
            return True
        if tensors or doubts or not node.values:
            return None
        return False

    def _from_argument(self, node: Node) -> bool | None:
        """Whether the array in ``node`` comes from an argument; None if the arguments are unknown."""
        answer: bool | None = False
        for index in self.sources(node):
            values = self.code.parameters[index].node.values if index < len(self.code.parameters) else ()
            if any(value in TENSORS or value is ARRAY or isinstance(value, Box) for value in values):
                return True
            if not values or UNKNOWN in values:
                answer = None
        return answer

    def holds(self, node: Node, *wanted: Value) -> bool:
        """Whether ``node`` may hold one of these values."""
        return any(value in wanted for value in node.values)

    def is_known(self, node: Node) -> bool:
        """Whether all possible values of ``node`` are known.

        A method of an unknown object may be anything, whatever its name. None alone means that there is another value,
        which could not be tracked.
        """
        return UNKNOWN not in node.values and any(value is not NONE for value in node.values)

    def receiver(self, call: Call) -> Node | None:
        """The node of ``x`` in ``x.method(…)``."""
        return receiver_of(call)

    def is_argument(self, node: Node) -> bool:
        """Whether ``node`` is a parameter itself, so that the callers decide its value."""
        origin = node.origin
        return isinstance(origin, ParameterCode) and origin.owner is self.code and node is origin.node

    # -- control ------------------------------------------------------------------------------

    def _is_decided_before(self, event: Event) -> bool:
        """Whether a branch may keep the function from reaching an event."""
        return event.guard is not None or any(
            isinstance(other, Branch) and other.leaves and other.place < event.place for other in self.code.events
        )

    def switched(self, guard: Branch | None) -> bool:
        """Whether an event is under a condition that may never be true in a run: a flag from a default, an attribute or
        a global; a test for a type or a setting; an exception handler."""
        while guard is not None:
            if guard.kind != "assert" and (guard.asks or (guard.flag and self._is_switch(guard))):
                return True
            guard = guard.guard
        return False

    def _is_switch(self, branch: Branch) -> bool:
        if branch.switch is None:
            return True
        if branch.switch.values and all(value in _SETTINGS for value in branch.switch.values):
            return True
        origins = [branch.switch.origin]
        if isinstance(origins[0], list):
            origins = [node.origin for node in origins[0]]
        return any(
            isinstance(origin, Cell) or (isinstance(origin, ParameterCode) and origin.default is not None)
            for origin in origins
        )

    def memoizes(self, guard: Branch | None, target: Node) -> bool:
        """Whether a store into ``target`` is under a test for its presence: a cache that a first call fills."""
        roots = self.roots(target)
        while guard is not None:
            asked = [guard.switch] if guard.switch is not None else []
            origin = guard.test.origin
            if isinstance(origin, Operation) and len(origin.operands) == 2:
                asked.append(origin.operands[1 if origin.name in ("In", "NotIn") else 0])
            if any(roots & self.roots(node) for node in asked):
                return True
            guard = guard.guard
        return False

    # -- hazards ------------------------------------------------------------------------------

    def hazard(
        self,
        code: str,
        message: str,
        event: Event | int,
        certain: bool,
        assumption: AssumptionKind,
        subject: str = "",
        effect: bool = False,
        parameter: int | Cell | None = None,
        when: str = "",
        transitive: bool = True,
        whole: bool = False,
        asked: Node | None = None,
    ) -> Hazard:
        """A hazard of this function at an event (or packed place); a condition makes it uncertain.

        ``message`` says what the function does, without a subject ("prints with print"); with ``whole`` it is a clause
        with its own subject. ``asked`` is the node whose value the hazard concerns.
        """
        is_open = False
        if isinstance(event, int):
            place = event
        else:
            place = event.place
            if certain and asked is not None:
                certain = UNKNOWN not in asked.values
            if certain:
                certain = not self.switched(event.guard)
            elif asked is not None and when == "traced":
                is_open = self.is_argument(asked) and not self._is_decided_before(event)
        return Hazard(
            code,
            message if whole else f"{name_of(self.code)} {message}",
            self.code,
            place,
            certain,
            assumption,
            subject or self.code.name,
            parameter,
            when,
            effect,
            transitive,
            is_open,
        )

    def argument_doubt(self, code: str, name: str, receives: str, assumption: AssumptionKind) -> Hazard:
        """A doubt of this function that depends on the arguments for one of its parameters, and does not apply to its
        callers."""
        message = f"parameter `{name}` receives {receives}"
        return self.hazard(code, message, self.code.node.place, False, assumption, name, transitive=False, whole=True)

    def keepers(self, node: Node) -> list[Keeper]:
        """The keepers of the object in ``node`` after the call; empty if the function created it."""
        owners = self.roots(node)
        if not owners:
            return []
        roots = sorted(owners, key=lambda root: (root.kind, root.index, root.name))
        for root in roots:
            if root.kind == "global":
                return [Keeper(None, root.name)]
        found = [Keeper(root.cell if root.kind == "outer" else root.index, root.name) for root in roots]
        return list(dict.fromkeys(found))
