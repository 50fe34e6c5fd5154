"""How values flow through attributes, items, iteration, unpacking and operators."""

from __future__ import annotations

from collections.abc import Callable

from ..ir.code import AttributeLoad, AttributeStore, ClassCode, FunctionCode, ItemLoad, ItemStore, Iteration, Unpacking
from ..ir.engine import Engine, Reaction, Spread, kind_of
from ..ir.program import Program
from ..ir.solver import Node
from ..ir.values import (
    ARRAY,
    FILE,
    INTEGER,
    NONE,
    OBJECT,
    SCALARS,
    SHAPE,
    STRING,
    SYMBOLIC,
    TENSOR,
    UNKNOWN,
    VARIABLE,
    Atom,
    Box,
    Class,
    External,
    Function,
    Instance,
    Module,
    Super,
    Thing,
    Value,
    Wrapped,
)
from ..libraries.attributes import describe_attribute
from ..reading.paths import canonical_path


class Binder:
    """Watches an attribute of a class and binds its values to ``receiver``."""

    __slots__ = ("event", "receiver")

    def __init__(self, event: AttributeLoad, receiver: Value) -> None:
        self.event = event
        self.receiver = receiver


_ITEM_OF = {
    TENSOR: TENSOR,
    VARIABLE: TENSOR,
    SYMBOLIC: SYMBOLIC,
    ARRAY: ARRAY,
    SHAPE: SHAPE,
    STRING: STRING,
    FILE: STRING,
    UNKNOWN: UNKNOWN,
    OBJECT: UNKNOWN,
}


#: Kinds of the project's classes that inherit methods from a library.
_LIBRARY_KINDS = frozenset(
    {"callback", "initializer", "layer", "loss", "metric", "model", "module", "optimizer", "strategy"}
)


class Flows:
    """The handlers of all events except calls and operators."""

    def __init__(self, program: Program, calls: Engine) -> None:
        self.program = program
        self.graph = program.graph
        self.calls = calls
        self.derived: dict[tuple[object, Value | None], Box] = {}
        handlers: dict[type, Callable[..., None]] = {
            AttributeLoad: self.load_attribute,
            AttributeStore: self.store_attribute,
            ItemLoad: self.load_item,
            ItemStore: self.store_item,
            Iteration: self.iterate,
            Unpacking: self.unpack,
            Spread: self.spread,
            Reaction: self.react,
            Binder: self.bind,
        }
        self.graph.handlers.update(handlers)

    def react(self, watcher: Reaction, node: Node, value: Value) -> None:
        """Run a reaction."""
        watcher.react(value)

    # -- attributes ---------------------------------------------------------------------------

    def load_attribute(self, event: AttributeLoad, node: Node, value: Value) -> None:
        """``value.attribute``."""
        attribute = event.attribute
        result = event.result
        graph = self.graph
        values = self.program.values
        if isinstance(value, Instance):
            self._load_of_instance(event, value)
        elif isinstance(value, Module):
            graph.connect(self.program.cell(value.code.name, attribute), result)
            self.program.link_cells()
        elif isinstance(value, External):
            graph.add(result, values.external(canonical_path(f"{value.path}.{attribute}")), node)
        elif isinstance(value, Class):
            self._load_of_class(event, value.code.order, value)
        elif isinstance(value, Super):
            order = value.receiver.code.order if isinstance(value.receiver, Instance) else value.code.order
            after = order[order.index(value.code) + 1 :] if value.code in order else value.code.order[1:]
            self._load_of_class(event, after, value.receiver, value)
        elif value is UNKNOWN:
            graph.add(result, UNKNOWN, node)
        elif value is NONE or value is OBJECT:
            if value is OBJECT:
                graph.add(result, UNKNOWN, node)
        elif isinstance(value, Wrapped):
            graph.add(result, values.method(value.inner, attribute), node)
        elif isinstance(value, Box) and attribute in value.fields and value.kind in ("namedtuple", "dict"):
            graph.connect(value.fields[attribute], result)
        else:
            word = describe_attribute(kind_of(value), attribute)
            if word is None:
                graph.add(result, values.method(value, attribute), node)
            else:
                self.calls.give(word, result, event.place, node)

    def _load_of_instance(self, event: AttributeLoad, value: Instance) -> None:
        code = value.code
        attribute = event.attribute
        found = False
        for owner in code.order:
            held = owner.attributes.get(attribute)
            if held is not None:
                found = True
                self.graph.watch(held, Binder(event, value))
                break
        assigned = self.program.assigned_attributes
        if attribute in assigned or any(attribute in owner.instance_attributes for owner in code.order):
            for owner in code.order:
                self.graph.connect(self.program.class_attribute(owner, attribute), event.result)
            if not code.external_bases or code.kind in (None, "module"):
                return
        if found:
            return
        if code.kind in _LIBRARY_KINDS:
            word = describe_attribute(code.kind, attribute)
            if word is not None:
                if attribute not in assigned:
                    self.calls.give(word, event.result, event.place, event.base)
            elif attribute not in assigned:
                self.graph.add(event.result, self.program.values.method(value, attribute), event.base)
        elif code.external_bases:
            self.graph.add(event.result, UNKNOWN, event.base)
        elif attribute in ("__dict__", "__class__", "__name__"):
            self.graph.add(event.result, OBJECT, event.base)
        elif any("__getattr__" in owner.attributes for owner in code.order):
            self.graph.add(event.result, UNKNOWN, event.base)

    def _load_of_class(
        self, event: AttributeLoad, order: list[ClassCode], receiver: Value, asked: Super | None = None
    ) -> None:
        for owner in order:
            held = owner.attributes.get(event.attribute)
            if held is not None:
                self.graph.watch(held, Binder(event, receiver))
                return
        if asked is not None and event.attribute in self.program.assigned_attributes:
            for owner in order:
                self.graph.connect(self.program.class_attribute(owner, event.attribute), event.result)
        if isinstance(receiver, Class):
            self.graph.connect(
                self.program.class_attribute(receiver.code, event.attribute), event.result
            )
        self.graph.add(
            event.result, self.program.values.method(asked or receiver, event.attribute), event.base
        )

    def bind(self, watcher: Binder, node: Node, value: Value) -> None:
        """Bind a value of a class's attribute to ``receiver``."""
        event, receiver = watcher.event, watcher.receiver
        bound = self._bound(value, receiver, event)
        if bound is not None:
            self.graph.add(event.result, bound, node)

    def _bound(self, value: Value, receiver: Value, event: AttributeLoad) -> Value | None:
        values = self.program.values
        if isinstance(value, Wrapped):
            inner = self._bound(value.inner, receiver, event)
            return None if inner is None else values.wrapped(inner, value.wrapper)
        if not isinstance(value, Function):
            return value
        code = value.code
        if code.kind == "staticmethod" or (code.owner_class is None and code.kind != "lambda"):
            if code.kind == "nested" and not isinstance(receiver, Class):
                return values.bound(code, receiver)
            return value
        if code.kind == "classmethod":
            owner = receiver.code.value if isinstance(receiver, Instance) else receiver
            return values.bound(code, owner)
        if code.kind == "property" and not isinstance(receiver, Class):
            if code.accessor != "getter":
                return None
            self.calls.call_implicitly(event, code, receiver, [], event.result)
            return None
        return value if isinstance(receiver, Class) else values.bound(code, receiver)

    def store_attribute(self, event: AttributeStore, node: Node, value: Value) -> None:
        """``value.attribute = …``."""
        if isinstance(value, Instance):
            accessors = _accessors(value.code, event.attribute)
            if accessors:
                wanted, arguments = ("deleter", []) if event.value is None else ("setter", [event.value])
                for code in accessors:
                    if code.accessor == wanted:
                        self.calls.call_implicitly(event, code, value, arguments, None)
                return
        if event.value is None:
            return
        if isinstance(value, Instance | Class):
            self.graph.connect(event.value, self.program.class_attribute(value.code, event.attribute))
        elif isinstance(value, Module):
            self.graph.connect(event.value, self.program.cell(value.code.name, event.attribute))

    # -- items --------------------------------------------------------------------------------

    def load_item(self, event: ItemLoad, node: Node, value: Value) -> None:
        """``value[key]``."""
        result = event.result
        if isinstance(value, Box):
            self._load_from_box(event, value)
        elif isinstance(value, Instance):
            method = self.calls.find_method(value.code, "__getitem__")
            if method is not None:
                self.calls.call_implicitly(event, method, value, [self._key_of(event)], result)
            elif value.code.external_bases:
                self.graph.add(result, UNKNOWN, node)
        elif isinstance(value, Atom):
            item = _ITEM_OF.get(value)
            if item is not None:
                self.graph.add(result, item, node)
        elif isinstance(value, (Class, External)):
            self.graph.add(result, value, node)
        else:
            self.graph.add(result, UNKNOWN, node)

    def _key_of(self, event: ItemLoad | ItemStore) -> Node:
        """The node of the subscript."""
        if event.index is not None:
            return event.index
        return self.program.constants[UNKNOWN] if event.sliced else self.program.constant_of(event.key)

    def _load_from_box(self, event: ItemLoad, box: Box) -> None:
        graph = self.graph
        if event.sliced:
            part = self.derived.get((event, box))
            if part is None:
                part = self.derived[event, box] = self.program.box(box.kind, event.place)
                self.pour(box, part.element)
            graph.add(event.result, part, event.base)
            return
        key = event.key
        if isinstance(key, int) and not isinstance(key, bool) and key < 0 and box.kind in ("list", "tuple"):
            key = len(box.fields) + key if not box.element.values else None
        if event.key is not None and key in box.fields:
            graph.connect(box.fields[key], event.result)
            if box.kind not in ("tuple", "namedtuple"):
                graph.connect(box.element, event.result)
        elif event.key is not None and key is not None and box.fields and box.kind == "tuple":
            return
        elif event.key is not None and box.kind == "dict":
            graph.connect(box.element, event.result)
        else:
            self.pour(box, event.result)

    def pour(self, box: Box, target: Node) -> None:
        """Let all elements of the container flow to ``target``."""
        self.graph.connect(box.element, target)
        for held in tuple(box.fields.values()):
            self.graph.connect(held, target)

    def shift(self, box: Box) -> None:
        """Let each element of a list be at any position, because one was inserted or removed."""
        for held in tuple(box.fields.values()):
            self.graph.connect(held, box.element)

    def store_item(self, event: ItemStore, node: Node, value: Value) -> None:
        """``value[key] = …``."""
        if isinstance(value, Instance):
            method = self.calls.find_method(value.code, "__delitem__" if event.value is None else "__setitem__")
            if method is not None:
                arguments = [self._key_of(event)] + ([] if event.value is None else [event.value])
                self.calls.call_implicitly(event, method, value, arguments, None)
            return
        if not isinstance(value, Box) or value.kind in ("tuple", "namedtuple"):
            return
        if value.kind == "list" and (event.sliced or event.value is None):
            self.shift(value)
        if event.value is None:
            return
        if event.sliced:
            stored = event.value

            def take(held: Value) -> None:
                each = Iteration(event.owner, event.place, event.guard, stored, "star")
                self.elements(each, stored, held, value.element)

            self.graph.watch(stored, Reaction(take))
            return
        if event.index is not None and value.kind == "dict":
            if value.keys is None:
                value.keys = Node(event.place)
            self.graph.connect(event.index, value.keys)
        is_new = event.key is not None and value.kind == "dict" and len(value.fields) < 64
        if is_new or (event.key is not None and event.key in value.fields):
            self.graph.connect(event.value, self.program.field(value, event.key, event.place))
        else:
            self.graph.connect(event.value, value.element)

    def spread(self, watcher: Spread, node: Node, value: Value) -> None:
        """``{**value}``."""
        if isinstance(value, Box):
            for key, held in tuple(value.fields.items()):
                self.graph.connect(held, self.program.field(watcher.box, key, node.place))
            self.graph.connect(value.element, watcher.box.element)
        else:
            self.graph.add(watcher.box.element, UNKNOWN, node)

    # -- iteration ----------------------------------------------------------------------------

    def iterate(self, event: Iteration, node: Node, value: Value) -> None:
        """The elements of ``value``."""
        if event.context == "with":
            self._enter(event, node, value)
        else:
            self.elements(event, node, value, event.result)

    def elements(self, event: Iteration, node: Node, value: Value, result: Node) -> None:
        """Let the elements of ``value`` flow to ``result``."""
        if isinstance(value, Box):
            if value.kind == "dict":
                self.program.keys(value, result)
            else:
                self.pour(value, result)
        elif isinstance(value, Instance):
            self._elements_of_instance(event, value, result)
        elif isinstance(value, Atom):
            item = _ITEM_OF.get(value)
            if item is not None:
                self.graph.add(result, item, node)
        elif isinstance(value, Thing) and value.kind == "distribution":
            self.graph.add(result, TENSOR, node)
        else:
            self.graph.add(result, UNKNOWN, node)

    def _elements_of_instance(self, event: Iteration, value: Instance, result: Node) -> None:
        for name in ("__iter__", "__getitem__"):
            method = self.calls.find_method(value.code, name)
            if method is None:
                continue
            arguments = [self.program.constants[INTEGER]] if name == "__getitem__" else []
            made = Node(event.place)
            self.calls.call_implicitly(event, method, value, arguments, made)
            if name == "__getitem__":
                self.graph.connect(made, result)
            else:
                self._follow_iterator(event, value, made, result)
            return
        self.graph.add(result, UNKNOWN, event.iterable)

    def _follow_iterator(self, event: Iteration, value: Instance, iterator: Node, result: Node) -> None:
        """Follow the result of ``__iter__``: an object with ``__next__``, or another iterable."""

        def take(inner: Value) -> None:
            following = None
            if isinstance(inner, Instance):
                following = self.calls.find_method(inner.code, "__next__")
            if following is not None:
                self.calls.call_implicitly(event, following, inner, [], result)
            elif inner is not value:
                self.elements(event, iterator, inner, result)

        self.graph.watch(iterator, Reaction(take))

    def _enter(self, event: Iteration, node: Node, value: Value) -> None:
        if isinstance(value, Instance):
            leave = self.calls.find_method(value.code, "__exit__")
            if leave is not None:
                nothing = self.program.constants[NONE]
                self.calls.call_implicitly(event, leave, value, [nothing, nothing, nothing], None)
            method = self.calls.find_method(value.code, "__enter__")
            if method is not None:
                self.calls.call_implicitly(event, method, value, [], event.result)
                return
        if isinstance(value, Box) and value.kind == "iterator":
            self.graph.connect(value.element, event.result)
        else:
            self.graph.add(event.result, value, node)

    def unpack(self, event: Unpacking, node: Node, value: Value) -> None:
        """``a, b = value``."""
        graph = self.graph
        if isinstance(value, Box) and value.kind != "dict":
            fields = value.fields
            count = len(fields)
            for position, target in event.targets:
                key = position if position >= 0 else count + position
                if key in fields:
                    graph.connect(fields[key], target)
                graph.connect(value.element, target)
            if event.starred is not None:
                self.pour(value, event.starred)
            return
        item = _ITEM_OF.get(value, UNKNOWN) if isinstance(value, Atom) else UNKNOWN
        if isinstance(value, Atom) and value in SCALARS | {NONE} and value is not STRING:
            return
        if isinstance(value, Instance) and not value.code.external_bases:
            made = Iteration(event.owner, event.place, event.guard, node, "star")
            made.result = Node(event.place)
            self._elements_of_instance(made, value, made.result)
            for _, target in event.targets:
                graph.connect(made.result, target)
            return
        for _, target in event.targets:
            graph.add(target, item, node)
        if event.starred is not None:
            graph.add(event.starred, item, node)


def _accessors(code: ClassCode, attribute: str) -> list[FunctionCode]:
    """The functions of the property of that name, if there is one."""
    for owner in code.order:
        held = owner.attributes.get(attribute)
        if held is not None:
            return [
                function.code
                for function in held.values
                if isinstance(function, Function) and function.code.kind == "property"
            ]
    return []
