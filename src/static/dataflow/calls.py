"""Calls: their targets, and the flow of values through them."""

from __future__ import annotations

from ..ir.code import AttributeLoad, Binding, Call, ClassCode, Event, FunctionCode, Unpacking
from ..ir.engine import Given, Reaction, kind_of
from ..ir.program import ATOMS, Cell, Program
from ..ir.solver import Node
from ..ir.values import (
    NONE,
    TENSOR,
    UNKNOWN,
    Bound,
    Box,
    Class,
    External,
    Function,
    Instance,
    Method,
    Partial,
    Super,
    Thing,
    Value,
    Wrapped,
)
from ..ir.words import Word
from ..libraries.calls import LibraryCalls
from ..libraries.method_effects import FIT_METHODS
from ..libraries.methods import describe_call, describe_method
from ..libraries.results import describe_result
from .decorators import passing_wrapper, returned_by
from .flows import Flows
from .operators import Operators
from .signatures import Signature


class Calls:
    """The handler of calls."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.graph = program.graph
        self.flows = Flows(program, self)
        self.operators = Operators(program, self)
        self.library = LibraryCalls(program, self)
        self.late: list[tuple[Call, Word]] = []
        self.empty_elements: list[Node] = []
        self.conversions: list[tuple[Call, Node]] = []
        self.fitted: list[tuple[Call, ClassCode, FunctionCode]] = []
        self._outside: dict[Node, Node] = {}
        self._signatures: dict[FunctionCode, Signature] = {}
        self._methods: dict[tuple[ClassCode, str], FunctionCode | None] = {}
        self.graph.handlers[Call] = self.on_callee

    def begin(self) -> None:
        """Process the calls whose name alone shows a library function."""
        for code in self.program.functions:
            for call in code.calls:
                if call.path is not None:
                    try:
                        self.call_library(call, call.path, given_by(call), call.result)
                    except Exception as error:
                        self.graph.failed.append((call, call.result, error))

    def finish(self) -> bool:
        """Set the results of calls with unknown arguments. Returns True if something changed."""
        news = False
        for call, word in self.late:
            if not call.result.values:
                self.give(word, call.result, call.place, None)
                news = True
        self.late = []
        for node in self.empty_elements:
            if not node.values:
                self.graph.add(node, TENSOR)
                news = True
        self.empty_elements = []
        return news

    # -- dispatch -----------------------------------------------------------------------------

    def on_callee(self, call: Call, node: Node, value: Value) -> None:
        """Handle a possible callee of a call."""
        if value is UNKNOWN:
            # The most frequent one.
            self._call_unknown(call, call.arguments, call.result)
        else:
            self.dispatch(call, value, given_by(call), call.result, "call", node)

    def dispatch(
        self,
        call: Call,
        value: Value,
        given: Given,
        result: Node,
        mode: str = "call",
        source: Node | None = None,
    ) -> None:
        """Call ``value`` with ``given``; its result flows to ``result``. ``source`` is the node that holds ``value``.
        """
        graph = self.graph
        if isinstance(value, Function):
            if call.decorates is not None and self._decorate(call, value.code, given):
                return
            self.bind(call, value.code, given, None, result, mode)
        elif isinstance(value, Bound):
            origin = source.origin if source is not None else None
            base = origin.base if isinstance(origin, AttributeLoad) else source
            self.bind(call, value.code, given, value.receiver, result, mode, base)
        elif isinstance(value, Wrapped):
            passed, others = returned_by(value.wrapper)
            self.dispatch(call, value.inner, given, result if passed else Node(call.place), mode, source)
            for node in others:
                graph.connect(node, result)
            self.bind(call, value.wrapper, Given(double_stars=[]), None, None, "wrapper")
        elif isinstance(value, Class):
            self._construct(call, value.code, given, result)
        elif isinstance(value, Instance):
            self._call_instance(call, value, given, result, mode, source)
        elif isinstance(value, External):
            self.call_library(call, value.path, given, result)
        elif isinstance(value, Method):
            self._call_method(call, value, given, result)
        elif isinstance(value, Partial):
            arguments, keywords = value.arguments, value.keywords
            if value.owner is not call.owner:
                arguments = tuple(self._from_outside(node) for node in arguments)
                keywords = {name: self._from_outside(node) for name, node in keywords.items()}
            whole = Given(
                [*arguments, *given.positional],
                [(position + len(arguments), node) for position, node in given.stars],
                {**keywords, **given.keywords},
                given.double_stars,
            )
            self.dispatch(call, value.function, whole, result, mode, source)
        elif isinstance(value, Thing):
            call.methods.append((value, "__call__"))
            self.library.give_word(call, describe_call(value.kind), given, result, value)
        elif value is NONE:
            pass
        else:
            self._call_unknown(call, given.positional, result)

    def _call_unknown(self, call: Call, positional: list[Node], result: Node) -> None:
        call.unknown = True
        self.graph.add(result, UNKNOWN)
        if call.decorates is not None and positional:
            self.graph.connect(positional[0], result)

    def _from_outside(self, node: Node) -> Node:
        """An argument that was bound by a partial elsewhere. For the caller it counts as global."""
        outside = self._outside.get(node)
        if outside is None:
            outside = self._outside[node] = Node(node.place, Cell("an argument of a partial", None))
            self.graph.connect(node, outside)
        return outside

    def _decorate(self, call: Call, decorator: FunctionCode, given: Given) -> bool:
        """Look through a project decorator whose wrapper passes all arguments on."""
        wrapper = passing_wrapper(decorator)
        if wrapper is None:
            return False
        self.bind(call, decorator, given, None, None, "call")

        def take(value: Value) -> None:
            if isinstance(value, (Function, Bound, Wrapped)):
                self.graph.add(call.result, self.program.values.wrapped(value, wrapper))

        self.graph.watch(given.positional[0], Reaction(take))
        return True

    def _construct(self, call: Call, code: ClassCode, given: Given, result: Node) -> None:
        self.graph.add(result, code.instance)
        method = self.find_method(code, "__init__")
        if method is not None:
            self.bind(call, method, given, code.instance, None, "call")
        elif code.fields:
            for owner in reversed(code.order):
                for position, name in enumerate(owner.fields):
                    node = given.get(position, name)
                    if node is not None:
                        self.graph.connect(node, self.program.class_attribute(owner, name))
        call.methods.append((code.instance, "__init__"))

    def _call_instance(
        self, call: Call, value: Instance, given: Given, result: Node, mode: str, source: Node | None
    ) -> None:
        code = value.code
        method = self.find_method(code, "__call__")
        if method is None and code.kind in ("model", "layer", "loss", "metric", "initializer"):
            call.methods.append((value, "__call__"))
            names = {"loss": "call", "metric": "update_state", "initializer": "__call__"}
            method = self.find_method(code, names.get(code.kind, "call"))
            if method is None:
                self.library.give_word(call, describe_call(code.kind), given, result, value)
                return
            if code.kind == "metric":
                self.give("tensor", result, call.place, None)
        if method is not None:
            self.bind(call, method, given, value, result, mode, source)
        elif code.external_bases:
            call.unknown = True
            self.graph.add(result, UNKNOWN)

    def _call_method(self, call: Call, value: Method, given: Given, result: Node) -> None:
        receiver = value.receiver
        call.methods.append((receiver, value.name))
        if isinstance(receiver, (Function, Bound, Wrapped)):
            if value.name in ("get_concrete_function", "python_function", "__wrapped__", "__call__"):
                self.dispatch(call, receiver, given, result, "call", call.function)
            return
        if isinstance(receiver, Class):
            self.graph.add(result, UNKNOWN)
            return
        if isinstance(receiver, Super):
            kind = receiver.code.kind
            if value.name in ("__init__", "__new__", "__setattr__", "build") or kind is None:
                return
            self.library.give_word(call, describe_method(kind, value.name), given, result, receiver.receiver)
            return
        if isinstance(receiver, Box):
            self.library.call_box(call, receiver, value.name, given, result)
            return
        if isinstance(receiver, Instance) and value.name in FIT_METHODS:
            self._fit(call, receiver, given)
        self.library.give_word(call, describe_method(kind_of(receiver), value.name), given, result, receiver)

    def _fit(self, call: Call, receiver: Instance, given: Given) -> None:
        """``model.fit``: Keras traces the model's steps and its ``call``."""
        for name in ("train_step", "test_step", "predict_step", "call"):
            method = self.find_method(receiver.code, name)
            if method is not None:
                data = Node(call.place, None, "data of fit")
                self.graph.add(data, TENSOR)
                self.bind(call, method, Given([data]), receiver, None, "graph")
                if name != "call":
                    self.fitted.append((call, receiver.code, method))

    def call_library(self, call: Call, path: str, given: Given, result: Node) -> None:
        """Call a library's object by its canonical path."""
        call.externals.append(path)
        self.library.give_word(call, describe_result(path), given, result, None, path)

    def give(self, word: Word, result: Node, place: int, cause: Node | None) -> None:
        """Put the value that ``word`` stands for into ``result`` (words that need no arguments)."""
        atom = ATOMS.get(word) if isinstance(word, str) else None
        if atom is not None:
            self.graph.add(result, atom, cause)
        else:
            self.library.make(word, result, place, cause)

    # -- binding ------------------------------------------------------------------------------

    def find_method(self, code: ClassCode, name: str) -> FunctionCode | None:
        """The project's method of that name that instances of ``code`` have."""
        key = (code, name)
        if key in self._methods:
            return self._methods[key]
        found: FunctionCode | None = None
        for owner in code.order:
            held = owner.attributes.get(name)
            if held is not None:
                for value in held.values:
                    if isinstance(value, Wrapped):
                        value = value.inner
                    if isinstance(value, Function):
                        found = value.code
                if found is not None:
                    break
        if found is not None:
            self._methods[key] = found
        return found

    def call_implicitly(
        self, event: Event, code: FunctionCode, receiver: Value, arguments: list[Node], result: Node | None
    ) -> None:
        """Process an implicit call: of a property, ``__getitem__`` or ``__iter__``."""
        base = getattr(event, "base", None) or getattr(event, "iterable", None)
        source = base if isinstance(base, Node) else None
        for known in event.owner.calls:
            same = known.place == event.place and known.function is code.node and known.path == "implicit"
            if same and known.arguments == arguments:
                self.bind(known, code, Given(list(arguments)), receiver, None, "call", source)
                if result is not None:
                    self.graph.connect(known.result, result)
                return
        call = Call(event.owner, event.place, event.guard)
        call.path = "implicit"
        call.function = code.node
        call.arguments = arguments
        call.result = result if result is not None else Node(event.place)
        call.result.origin = call.result.origin or call
        event.owner.calls.append(call)
        event.owner.events.append(call)
        self.bind(call, code, Given(list(arguments)), receiver, call.result, "call", source)

    def bind(
        self,
        call: Call,
        code: FunctionCode,
        given: Given,
        receiver: Value | None,
        result: Node | None,
        mode: str,
        receiver_node: Node | None = None,
    ) -> None:
        """Let the arguments flow to the parameters of ``code`` and its result to ``result``.

        ``receiver_node`` is the node that the receiver came from; None if the call creates it.
        """
        graph = self.graph
        parameters = code.parameters
        binding = None
        for known in call.targets:
            if known.code is code and known.mode == mode:
                binding = known
        fresh = binding is None
        if binding is None:
            binding = Binding(code, mode)
            call.targets.append(binding)
            code.callers.append((call, binding))
        if receiver is not None and parameters and parameters[0].kind == "positional":
            graph.add(parameters[0].node, receiver)
        if not fresh:
            return
        if mode == "wrapper":
            return
        if receiver_node is not None:
            binding.arguments[0] = [receiver_node]
        self._bind_arguments(call, code, given, 0 if receiver is None else 1, binding)
        if result is not None:
            self._bind_result(code, result)

    def _bind_arguments(
        self, call: Call, code: FunctionCode, given: Given, offset: int, binding: Binding
    ) -> None:
        parameters = code.parameters
        signature = self._signatures.get(code)
        if signature is None:
            signature = self._signatures[code] = Signature(code)
        positions, rest, names, extra = signature.positional, signature.rest, signature.names, signature.extra
        first_star = given.stars[0][0] if given.stars else len(given.positional)
        for index, node in enumerate(given.positional):
            place = index + offset
            if index >= first_star:
                for position in positions[first_star + offset :]:
                    self._bind_one(binding, parameters, position, node)
            elif place < len(positions):
                self._bind_one(binding, parameters, positions[place], node)
            elif rest is not None:
                self._bind_rest(binding, parameters, rest, node)
        for index, node in given.stars:
            self._bind_star(call, code, positions[index + offset :], rest, node, binding)
        for name, node in given.keywords.items():
            if name in names:
                self._bind_one(binding, parameters, names[name], node)
            elif extra is not None:
                box = parameters[extra].node.values[0] if parameters[extra].node.values else None
                if isinstance(box, Box):
                    self.graph.connect(node, self.program.field(box, name, call.place))
                    self.graph.connect(node, box.element)
                binding.arguments.setdefault(extra, []).append(node)
        for node in given.double_stars:
            self._bind_double_star(node, parameters, names, extra, binding)
        nothing = self.program.constants[NONE]
        for index, parameter in enumerate(parameters):
            default = parameter.default
            if default is None or default is nothing or index < offset or index in binding.arguments:
                continue
            self.graph.connect(default, parameter.node)

    def _bind_one(self, binding: Binding, parameters: list, index: int, node: Node) -> None:  # type: ignore[type-arg]
        self.graph.connect(node, parameters[index].node)
        binding.arguments.setdefault(index, []).append(node)

    def _bind_rest(self, binding: Binding, parameters: list, index: int, node: Node) -> None:  # type: ignore[type-arg]
        box = parameters[index].node.values[0] if parameters[index].node.values else None
        if isinstance(box, Box):
            self.graph.connect(node, box.element)
        binding.arguments.setdefault(index, []).append(node)

    def _bind_star(
        self,
        call: Call,
        code: FunctionCode,
        positions: list[int],
        rest: int | None,
        node: Node,
        binding: Binding,
    ) -> None:
        event = Unpacking(call.owner, call.place, call.guard, node)
        for order, position in enumerate(positions):
            event.targets.append((order, code.parameters[position].node))
            binding.arguments.setdefault(position, []).append(node)
        if rest is not None:
            values = code.parameters[rest].node.values
            if values and isinstance(values[0], Box):
                event.starred = values[0].element
            binding.arguments.setdefault(rest, []).append(node)
        self.graph.watch(node, event)

    def _bind_double_star(
        self,
        node: Node,
        parameters: list,  # type: ignore[type-arg]
        names: dict[str, int],
        extra: int | None,
        binding: Binding,
    ) -> None:
        def take(value: Value) -> None:
            if isinstance(value, Box):
                for key, held in tuple(value.fields.items()):
                    if key in names:
                        self.graph.connect(held, parameters[names[key]].node)
                if extra is not None:
                    box = parameters[extra].node.values[0] if parameters[extra].node.values else None
                    if isinstance(box, Box) and box is not value:
                        self.flows.pour(value, box.element)

        for index in names.values():
            binding.arguments.setdefault(index, []).append(node)
        self.graph.watch(node, Reaction(take))

    def _bind_result(self, code: FunctionCode, result: Node) -> None:
        graph = self.graph
        if code.is_generator:
            if code.result_box is None:
                box = self.program.box("iterator", code.node.place)
                if code.yields is not None:
                    graph.connect(code.yields, box.element)
                code.result_box = box
            graph.add(result, code.result_box, code.returns)
        elif code.is_async:
            graph.add(result, UNKNOWN)
        else:
            graph.connect(code.returns, result)


def given_by(call: Call) -> Given:
    """The explicit arguments of a call."""
    return Given(call.arguments, call.stars, call.keywords, call.double_stars)
