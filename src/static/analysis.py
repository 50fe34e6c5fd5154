"""The analysis of a program: lowering all files, solving the value graph."""

from __future__ import annotations

from collections.abc import Iterable

from .dataflow.calls import Calls
from .dataflow.hybrids import mark_hybrids
from .ir.classes import arrange_classes, seed_classes
from .ir.code import AttributeLoad
from .ir.program import Program
from .ir.solver import LINES, Node
from .ir.values import Class, External, Module, Value
from .lowering.annotations import Instances
from .lowering.statements import lower_module
from .reading.imports import Resolver
from .reading.sources import Source, Unreadable, explain_failure


def build_program(resolver: Resolver, sources: Iterable[Source], skipped: list[Unreadable]) -> Program:
    """Lower all sources into one program; a file that can't be lowered is named in ``skipped``."""
    program = Program(resolver)
    for index, source in enumerate(sources):
        try:
            lower_module(program, source, index)
        except Exception as error:
            skipped.append(Unreadable(source.file, explain_failure(error)))
        del source
    return program


def solve(program: Program) -> Calls:
    """Propagate values to the fixpoint."""
    calls = Calls(program)

    def allow(watcher: Instances, node: Node, value: Value) -> None:
        if isinstance(value, Class):
            program.graph.add(watcher.node, value.code.instance)

    program.graph.handlers[Instances] = allow
    program.link_cells()
    program.graph.settle_copies()
    _resolve_bases(program, calls)
    arrange_classes(program)
    seed_classes(program)
    calls.library.has_symbolic = any(
        call.path in ("keras.Input", "keras.KerasTensor", "keras.applications") or _asks_for_input(call.path)
        for code in program.functions
        for call in code.calls
    )
    calls.begin()
    program.graph.solve()
    while calls.finish():
        program.graph.solve()
    mark_hybrids(calls)
    _leave_out(program)
    return calls


def _leave_out(program: Program) -> None:
    """Leave out each function in which the propagation of a value failed; outside of functions, the module's line."""
    modules = {module.index: module for module in program.modules.values()}
    for watcher, node, error in program.graph.failed:
        place = getattr(watcher, "place", 0) or node.place
        module = modules.get(place // LINES)
        if module is None:
            continue
        line, reason = place % LINES, explain_failure(error)
        around = [code for code in module.functions if code.line <= line <= code.end_line]
        if around:
            max(around, key=lambda code: code.line).left_out = reason
        else:
            program.left_out.append((module.file, f"line {line} {reason}"))


def _resolve_bases(program: Program, calls: Calls) -> None:
    """Resolve the dotted names of base classes whose root comes from a star import or a variable."""

    def resolve(node: Node, depth: int) -> None:
        origin = node.origin
        if node.values or not isinstance(origin, AttributeLoad) or depth > 8:
            return
        resolve(origin.base, depth + 1)
        for value in origin.base.values:
            if isinstance(value, (External, Module)):
                calls.flows.load_attribute(origin, origin.base, value)
        program.link_cells()
        program.graph.settle_copies()

    for code in program.classes:
        for base in code.bases:
            if isinstance(base, Node):
                resolve(base, 0)


def _asks_for_input(path: str | None) -> bool:
    return path is not None and path.startswith("keras.") and path.endswith("Input")
