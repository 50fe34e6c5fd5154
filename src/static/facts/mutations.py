"""Mod analysis: the containers and arrays that the program changes in place outside of constructors."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir.code import AttributeLoad, Call, FunctionCode, ItemStore, Iteration, Mark, Operation
from ..ir.engine import kind_of
from ..ir.program import Cell, Program
from ..ir.solver import LINES, Node
from ..ir.values import ARRAY, RANDOM, Box
from ..libraries.method_effects import TELLING_MUTATORS, effect_of
from .escape import receiver_of

#: Functions that shuffle or fill their first argument.
_CHANGING_FUNCTIONS = frozenset(
    {"numpy.random.shuffle", "random.shuffle", "numpy.put", "numpy.place", "numpy.copyto", "numpy.fill_diagonal"}
)
_BUILDERS = frozenset({"__init__", "build", "__new__", "__post_init__", "__setstate__"})

Place = tuple[FunctionCode, int]


@dataclass
class Changes:
    """The places that change each container, each global's array, and the values of attributes, by attribute name."""

    boxes: dict[Box, list[Place]] = field(default_factory=dict)
    cells: dict[Cell, list[Place]] = field(default_factory=dict)
    attributes: dict[str, list[Place]] = field(default_factory=dict)

    def note(self, code: FunctionCode, line: int, target: Node) -> None:
        """Record that ``code`` changes the values of ``target`` in place at ``line``."""
        place = (code, line)
        for value in target.values:
            if isinstance(value, Box):
                self.boxes.setdefault(value, []).append(place)
        if ARRAY in target.values or not target.values:
            origin = target.origin
            if isinstance(origin, Cell):
                self.cells.setdefault(origin, []).append(place)
            elif isinstance(origin, AttributeLoad):
                self.attributes.setdefault(origin.attribute, []).append(place)
            for following in target.successors or ():
                if isinstance(following.origin, Cell):
                    self.cells.setdefault(following.origin, []).append(place)


def find_changes(program: Program) -> Changes:
    """All changes made by functions, and by modules in loops."""
    changes = Changes()
    for code in program.functions:
        if code.name in _BUILDERS or code.kind == "class":
            continue
        loops = _loops(code) if code.kind == "module" else None
        for event in code.events:
            kind = type(event)
            target: Node | None = None
            if kind is ItemStore:
                target = event.base  # type: ignore[attr-defined]
            elif kind is Operation:
                if event.in_place:  # type: ignore[attr-defined]
                    target = event.operands[0]  # type: ignore[attr-defined]
            elif kind is Call:
                target = _changed_by(event)  # type: ignore[arg-type]
            if target is None:
                continue
            line = event.place % LINES
            if loops is None or any(first <= line <= last for first, last in loops):
                changes.note(code, line, target)
    return changes


def _loops(code: FunctionCode) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for event in code.events:
        is_for = isinstance(event, Iteration) and event.context == "for"
        if is_for or (isinstance(event, Mark) and event.kind == "loop"):
            assert isinstance(event, (Iteration, Mark))
            found.append((event.place % LINES, event.end))
    return found


def _changed_by(call: Call) -> Node | None:
    """The node of the object that a call changes in place, or None."""
    name = call.attribute
    if call.arguments and any(path in _CHANGING_FUNCTIONS for path in call.externals):
        return call.arguments[0]
    if name == "shuffle" and call.arguments and any(receiver is RANDOM for receiver, _ in call.methods):
        return call.arguments[0]
    if name is None or (not call.methods and name not in TELLING_MUTATORS):
        return None
    for receiver, method in call.methods:
        if effect_of(kind_of(receiver), method) == "mutates":
            return receiver_of(call)
    return receiver_of(call) if name in TELLING_MUTATORS and not call.targets else None
