"""Calls of Python's own functions, on containers and on objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir.code import AttributeLoad, AttributeStore, Call, ClassCode, Operation
from ..ir.engine import Engine, Given, Reaction
from ..ir.program import Program
from ..ir.solver import Node
from ..ir.values import (
    BOOLEAN,
    INTEGER,
    NONE,
    OBJECT,
    TENSOR,
    TENSORS,
    UNKNOWN,
    Box,
    Class,
    External,
    Instance,
    Method,
    Partial,
    Thing,
    Value,
)

if TYPE_CHECKING:
    from .calls import LibraryCalls


class PythonCalls:
    """The results of Python's functions, by their arguments."""

    def __init__(self, program: Program, calls: Engine, library: LibraryCalls) -> None:
        self.program = program
        self.graph = program.graph
        self.calls = calls
        self.library = library
        self.containers = library.containers

    # -- containers ---------------------------------------------------------------------------

    def _do_list(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        self._convert(call, given, result, "list")

    def _do_tuple(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        self._convert(call, given, result, "tuple")

    def _do_set(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        self._convert(call, given, result, "set")

    def _convert(self, call: Call, given: Given, result: Node, kind: str) -> None:
        box = self.program.box(kind, call.place)
        self.graph.add(result, box)
        if not given.positional:
            return
        source = given.positional[-1] if "islice" not in (call.path or "") else given.positional[0]
        if call.path in ("builtins.sorted", "random.sample"):
            source = given.positional[0]

        def take(value: Value) -> None:
            if isinstance(value, Box) and value.kind in ("list", "tuple") and kind != "set":
                for key, held in tuple(value.fields.items()):
                    self.graph.connect(held, self.program.field(box, key, call.place))
                    # Who has asked the new container for the item before has looked among the elements.
                    self.graph.connect(held, box.element)
                self.graph.connect(value.element, box.element)
            else:
                self.containers.elements(call, source, value, box.element)

        self.graph.watch(source, Reaction(take))

    def _do_dict(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        box = self.program.box("dict", call.place)
        self.graph.add(result, box)
        for key, node in given.keywords.items():
            self.graph.connect(node, self.program.field(box, key, call.place))
        if not given.positional:
            return
        source = given.positional[0]

        def take(value: Value) -> None:
            if isinstance(value, Box) and value.kind == "dict":
                for key, held in tuple(value.fields.items()):
                    self.graph.connect(held, self.program.field(box, key, call.place))
                self.graph.connect(value.element, box.element)
            elif isinstance(value, Box):
                self.graph.watch(self.containers.each(call, source), Reaction(take_pair))

        def take_pair(value: Value) -> None:
            if isinstance(value, Box) and 1 in value.fields:
                self.graph.connect(value.fields[1], box.element)

        self.graph.watch(source, Reaction(take))

    def _do_counter(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        box = self.program.box("dict", call.place, INTEGER)
        box.keys = Node(call.place)
        for source in given.positional[:1]:
            self.graph.connect(self.containers.each(call, source), box.keys)
        for key, node in given.keywords.items():
            self.graph.connect(node, self.program.field(box, key, call.place))
        self.graph.add(result, box)

    def _do_defaultdict(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        box = self.program.box("dict", call.place)
        self.graph.add(result, box)
        if given.positional:
            self.graph.watch(
                given.positional[0],
                Reaction(lambda value: self.calls.dispatch(call, value, Given(), box.element)),
            )

    def _do_iter(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        if not given.positional:
            return
        source = given.positional[0]

        def take(value: Value) -> None:
            if isinstance(value, Box) and value.kind == "dataset":
                self.graph.add(result, self.library.datasets.stream(value))
            elif isinstance(value, Box) and value.kind in ("iterator", "stream"):
                self.graph.add(result, value)
            elif self._is_open(value):
                self.graph.add(result, UNKNOWN)
            else:
                box = self._derived_iterator(call, value)
                self.containers.elements(call, source, value, box.element)
                self.graph.add(result, box)

        self.graph.watch(source, Reaction(take))

    def _is_open(self, value: Value) -> bool:
        """Whether ``iter(value)`` may be a Python iterator or a dataset's: the source does not show which."""
        if isinstance(value, Instance):
            return bool(value.code.external_bases) and self.calls.find_method(value.code, "__iter__") is None
        return value is UNKNOWN or value is OBJECT or isinstance(value, (External, Thing, Method))

    def _derived_iterator(self, call: Call, value: Value) -> Box:
        key = ("iterator", call, value)
        slices = self.calls.flows.derived
        anchor = value if isinstance(value, Box) else None
        made = slices.get((key, anchor))
        if made is None:
            made = slices[key, anchor] = self.program.box("iterator", call.place)
        return made

    def _do_next(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        if not given.positional:
            return
        source = given.positional[0]

        def take(value: Value) -> None:
            if isinstance(value, Instance):
                method = self.calls.find_method(value.code, "__next__")
                if method is not None:
                    self.calls.call_implicitly(call, method, value, [], result)
                    return
            self.containers.elements(call, source, value, result)

        self.graph.watch(source, Reaction(take))
        if len(given.positional) > 1:
            self.graph.connect(given.positional[1], result)

    def _do_enumerate(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        pair = self.program.box("tuple", call.place)
        self.graph.add(self.program.field(pair, 0, call.place), INTEGER)
        if given.positional:
            self.graph.connect(self.containers.each(call, given.positional[0]), self.program.field(pair, 1, call.place))
        self.graph.add(result, self.program.box("iterator", call.place, pair))

    def _do_zip(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        row = self.program.box("tuple", call.place)
        for position, source in enumerate(given.positional):
            self.graph.connect(self.containers.each(call, source), self.program.field(row, position, call.place))
        for _, source in given.stars:
            inner = self.containers.each(call, source)
            self.graph.connect(self.containers.each(call, inner), row.element)
        if path.endswith("zip_longest"):
            filling = given.keywords.get("fillvalue", self.program.constants[NONE])
            for node in (row.element, *row.fields.values()):
                self.graph.connect(filling, node)
        self.graph.add(result, self.program.box("iterator", call.place, row))

    def _do_map(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        box = self.program.box("iterator", call.place)
        self.graph.add(result, box)
        if given.positional:
            elements = [self.containers.each(call, source) for source in given.positional[1:]]
            self.library.callback(call, given.positional[0], elements, box.element)

    def _do_starmap(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        box = self.program.box("iterator", call.place)
        self.graph.add(result, box)
        if len(given.positional) > 1:
            row = self.containers.each(call, given.positional[1])

            def take(value: Value) -> None:
                self.calls.dispatch(call, value, Given(stars=[(0, row)]), box.element, "call", given.positional[0])

            self.graph.watch(given.positional[0], Reaction(take))

    def _do_filter(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        box = self.program.box("iterator", call.place)
        self.graph.add(result, box)
        if len(given.positional) > 1:
            element = self.containers.each(call, given.positional[1])
            self.graph.connect(element, box.element)
            self.library.callback(call, given.positional[0], [element], None)

    def _do_reduce(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        if len(given.positional) > 1:
            element = self.containers.each(call, given.positional[1])
            state = Node(call.place)
            self.graph.connect(element, state)
            if len(given.positional) > 2:
                self.graph.connect(given.positional[2], state)
            self.library.callback(call, given.positional[0], [state, element], result)
            self.graph.connect(result, state)

    def _do_sum(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        if given.positional:
            element = self.containers.each(call, given.positional[0])
            start = given.get(1, "start")
            if start is not None:
                self.graph.connect(start, result)
            event = Operation(call.owner, call.place, call.guard, "Add", (start or element, element))
            event.result = result
            self.graph.watch(element, event)
            if start is not None:
                self.graph.watch(start, event)

    def _do_extreme(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        if "default" in given.keywords:
            self.graph.connect(given.keywords["default"], result)
        if len(given.positional) == 1:
            self.graph.connect(self.containers.each(call, given.positional[0]), result)
        else:
            for node in given.positional:
                self.graph.connect(node, result)

    def _do_unary(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        if given.positional:
            self.graph.watch(
                given.positional[0],
                Reaction(lambda value: self.graph.add(result, TENSOR if value in TENSORS else value)),
            )

    def _do_binary(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        if len(given.positional) > 1:
            left, right = given.positional[:2]
            event = Operation(call.owner, call.place, call.guard, "Add", (left, right))
            event.result = result
            self.graph.watch(left, event)
            self.graph.watch(right, event)

    def _do_pair(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        pair = self.program.box("tuple", call.place)
        self._do_binary(call, given, pair.element, receiver, path)
        self.graph.add(result, pair)

    def _do_truth(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        self.graph.add(result, BOOLEAN)

    def _do_range(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        self.graph.add(result, self.program.box("list", call.place, INTEGER))

    def _do_repeat(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        box = self.program.box("iterator", call.place)
        if given.positional:
            self.graph.connect(given.positional[0], box.element)
        self.graph.add(result, box)

    def _do_chain(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        box = self.program.box("iterator", call.place)
        for source in given.positional:
            self.graph.connect(self.containers.each(call, source), box.element)
        for _, source in given.stars:
            self.graph.connect(self.containers.each(call, self.containers.each(call, source)), box.element)
        self.graph.add(result, box)

    def _do_items(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        self._of_dict(call, given, result, "items")

    def _do_dict_values(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        self._of_dict(call, given, result, "values")

    def _of_dict(self, call: Call, given: Given, result: Node, name: str) -> None:
        def take(value: Value) -> None:
            if isinstance(value, Box):
                self.containers.call(call, value, name, given, result)

        if given.positional:
            self.graph.watch(given.positional[0], Reaction(take))

    def _do_element(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        if given.positional:
            self.graph.connect(self.containers.each(call, given.positional[0]), result)

    def _do_flatten(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        box = self.program.box("list", call.place)
        if given.positional:
            self.containers.leaves(given.positional[0], box.element)
        self.graph.add(result, box)

    def _do_pack_sequence(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        if len(given.positional) > 1:
            self.graph.connect(given.positional[1], result)

    def _do_cast(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        if len(given.positional) > 1:
            self.graph.connect(given.positional[1], result)

    # -- objects ------------------------------------------------------------------------------

    def _do_partial(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        if not given.positional:
            return
        made: dict[Value, Partial] = {}

        def take(value: Value) -> None:
            if value not in made:
                made[value] = Partial(value, tuple(given.positional[1:]), dict(given.keywords), call.owner)
            self.graph.add(result, made[value], given.positional[0])

        self.graph.watch(given.positional[0], Reaction(take))

    def _do_namedtuple(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        self.graph.add(result, UNKNOWN)

    def _do_super(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        values = self.program.values

        def bind(code: ClassCode, source: Node) -> None:
            def take(value: Value) -> None:
                if isinstance(value, (Instance, Class)):
                    self.graph.add(result, values.super(code, value))

            self.graph.watch(source, Reaction(take))

        def take_class(value: Value) -> None:
            if isinstance(value, Class):
                bind(value.code, given.positional[1])

        if len(given.positional) > 1:
            self.graph.watch(given.positional[0], Reaction(take_class))
            return
        owner = call.owner
        while owner.owner_class is None and owner.parent is not None:
            owner = owner.parent
        if owner.owner_class is not None and owner.parameters:
            bind(owner.owner_class, owner.parameters[0].node)

    def _do_type(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        def take(value: Value) -> None:
            self.graph.add(result, value.code.value if isinstance(value, Instance) else OBJECT)

        if given.positional:
            self.graph.watch(given.positional[0], Reaction(take))

    def _do_getattr(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        name = call.literals.get(1) if call.literals else None
        if isinstance(name, str) and given.positional:
            event = AttributeLoad(call.owner, call.place, call.guard, given.positional[0], name)
            event.result = result
            self.graph.watch(given.positional[0], event)
            if len(given.positional) > 2:
                self.graph.connect(given.positional[2], result)
        else:
            call.unknown = True
            self.graph.add(result, UNKNOWN)

    def _do_setattr(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        name = call.literals.get(1) if call.literals else None
        if len(given.positional) > 2:
            event = AttributeStore(
                call.owner, call.place, call.guard, given.positional[0], name if isinstance(name, str) else "?"
            )
            event.value = given.positional[2]
            call.owner.events.append(event)
            if isinstance(name, str):
                self.program.assigned_attributes.setdefault(name, []).append(
                    (call.owner, call.place & 0xFFFFFF)
                )
                self.graph.watch(given.positional[0], event)
        self.graph.add(result, NONE)
