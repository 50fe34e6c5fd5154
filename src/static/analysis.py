"""The analysis of a program: lowering all files, solving the value graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .annotations import Instances
from .calls import Calls
from .classes import arrange_classes, seed_classes
from .code import AttributeLoad
from .graph import Node
from .hybrids import mark_hybrids
from .imports import Resolver
from .lowering import lower_module
from .program import Program
from .sources import Source, Unreadable
from .values import Class, External, Module, Value


def build_program(
    names: list[str],
    packages: list[str],
    sources: Iterable[Source],
    skipped: list[Unreadable],
    aliases: Mapping[str, str],
) -> Program:
    """Lower all sources into one program; a file that can't be lowered is named in ``skipped``."""
    program = Program(Resolver(names, packages, aliases))
    for index, source in enumerate(sources):
        try:
            lower_module(program, source, index)
        except RecursionError:
            skipped.append(Unreadable(source.file, "is nested too deeply to be analysed"))
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
    return calls


def _resolve_bases(program: Program, calls: Calls) -> None:
    """Follow the dotted names of base classes whose root comes through a star import or a variable."""

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
