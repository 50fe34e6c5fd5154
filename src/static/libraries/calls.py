"""Calls of libraries whose result depends on the arguments, or that call back."""

from __future__ import annotations

from collections.abc import Callable

from ..ir.code import Call
from ..ir.engine import Engine, Given, Reaction, kind_of, watch_inside
from ..ir.program import ATOMS, Program
from ..ir.solver import Node
from ..ir.values import (
    ARRAY,
    NONE,
    SYMBOLIC,
    TENSOR,
    UNKNOWN,
    VARIABLE,
    Bound,
    Box,
    Class,
    External,
    Function,
    Instance,
    Partial,
    Value,
    Wrapped,
)
from ..ir.words import ListOf, Made, Special, Word
from .arrays import ArrayCalls
from .containers import Containers
from .datasets import Datasets
from .python_calls import PythonCalls

Handler = Callable[["Call", "Given", Node, "Value | None", str], None]


class LibraryCalls:
    """Turns words of the tables into values."""

    def __init__(self, program: Program, calls: Engine) -> None:
        self.program = program
        self.graph = program.graph
        self.calls = calls
        self.datasets = Datasets(program, calls, self)
        self.containers = Containers(program, calls, self)
        self.has_symbolic = False
        parts = (self, self.datasets, PythonCalls(program, calls, self), ArrayCalls(program, calls))
        self._specials: dict[str, Handler] = {
            name[4:]: getattr(part, name)
            for part in parts
            for name in dir(part)
            if name.startswith("_do_")
        }

    # -- words --------------------------------------------------------------------------------

    def give_word(
        self,
        call: Call,
        word: Word,
        given: Given,
        result: Node,
        receiver: Value | None,
        path: str = "",
    ) -> None:
        """Put the result of a library's function or method into ``result``."""
        if word == "unknown":
            call.unknown = call.unknown or receiver is None or kind_of(receiver) in _OPAQUE_KINDS
            if call.decorates is not None and given.positional:
                self.graph.connect(given.positional[0], result)
            else:
                self.graph.add(result, UNKNOWN)
        elif isinstance(word, Special):
            self._specials[word.name](call, given, result, receiver, path)
        elif word == "tensor" and self.has_symbolic and given.positional:
            self._follow_symbolic(call, given, result)
        elif word == "same":
            if given.positional:
                self.graph.connect(given.positional[0], result)
        elif word == "self":
            if receiver is not None:
                self.graph.add(result, receiver)
        else:
            self.calls.give(word, result, call.place, None)

    def make(self, word: Word, result: Node, place: int, cause: Node | None) -> None:
        """Put the value of a word that is not an atom into ``result``."""
        program = self.program
        if isinstance(word, Made):
            self.graph.add(result, program.values.thing(word.kind, word.kind), cause)
        elif isinstance(word, ListOf):
            value = ATOMS[word.held] if word.held in ATOMS else program.values.thing(word.held, word.held)
            self.graph.add(result, program.box("list", place, value), cause)
        elif word in ("tensors", "arrays"):
            box = program.box("list", place, TENSOR if word == "tensors" else ARRAY)
            self.graph.add(result, box, cause)
        elif word == "dataset":
            self.graph.add(result, program.box("dataset", place, TENSOR), cause)
        elif word == "dataset_pair":
            box = program.box("dataset", place, TENSOR)
            self.graph.add(result, box, cause)
        else:
            self.graph.add(result, UNKNOWN, cause)

    def _follow_symbolic(self, call: Call, given: Given, result: Node) -> None:
        """A tensor; a symbolic one if the first argument is or contains one."""

        def take(value: Value) -> None:
            if value is SYMBOLIC:
                self.graph.add(result, SYMBOLIC)
            elif isinstance(value, Box) and value.kind != "dataset":
                for node in (value.element, *value.fields.values()):
                    self.graph.watch(node, Reaction(take_inner))
            else:
                self.graph.add(result, TENSOR)

        def take_inner(value: Value) -> None:
            if not isinstance(value, Box):
                self.graph.add(result, SYMBOLIC if value is SYMBOLIC else TENSOR)

        self.graph.watch(given.positional[0], Reaction(take))
        self.calls.late.append((call, "tensor"))

    def callback(
        self, call: Call, function: Node | None, arguments: list[Node], result: Node | None, mode: str = "call"
    ) -> None:
        """Let a library call ``function`` with ``arguments``."""
        if function is None:
            return
        made = result if result is not None else Node(call.place)

        def take(value: Value) -> None:
            if isinstance(value, (Function, Bound, Wrapped, Partial, Instance, Class)):
                self.calls.dispatch(call, value, Given(list(arguments)), made, mode, function)
            elif not isinstance(value, (Box,)):
                self.graph.add(made, UNKNOWN)

        self.graph.watch(function, Reaction(take))

    def holding(self, place: int, *values: Value) -> Node:
        """A new node with these values."""
        node = Node(place)
        for value in values:
            self.graph.add(node, value)
        return node

    # -- TensorFlow ---------------------------------------------------------------------------

    def _do_function(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        function = given.get(0, "func")
        if function is None:
            partial = Partial(self.program.values.external("tensorflow.function"), (), dict(given.keywords))
            self.graph.add(result, partial)
            return
        self.calls.conversions.append((call, function))

        def take(value: Value) -> None:
            if value is NONE:
                factory = self.program.values.external("tensorflow.function")
                self.graph.add(result, Partial(factory, (), dict(given.keywords)))
            else:
                self.graph.add(result, value, function)

        self.graph.watch(function, Reaction(take))

    def _do_identity_function(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        if given.positional:
            self.graph.connect(given.positional[0], result)
        else:
            self.graph.add(result, self.program.values.external(path))

    def _do_decorator_factory(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        if call.decorates is not None and given.positional:
            self.graph.connect(given.positional[0], result)
        else:
            self.graph.add(result, self.program.values.external("abc.abstractmethod"))

    def _do_branches(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        for position, name in ((1, "true_fn"), (2, "false_fn")):
            self.callback(call, given.get(position, name), [], result)
        self.calls.late.append((call, "tensor"))

    def _do_case(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        def take(value: Value) -> None:
            if isinstance(value, Box):
                for node in (value.element, *value.fields.values()):
                    self.graph.watch(node, Reaction(take_entry))

        def take_entry(value: Value) -> None:
            if isinstance(value, Box):
                for node in value.fields.values():
                    self.callback(call, node, [], result)
            else:
                self.callback(call, self.holding(call.place, value), [], result)

        for node in (given.get(0, "pred_fn_pairs"), given.get(1, "branch_fns")):
            if node is not None:
                self.graph.watch(node, Reaction(take))
        self.callback(call, given.get(1, "default"), [], result)
        self.calls.late.append((call, "tensor"))

    def _do_while_loop(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        variables = given.get(2, "loop_vars")
        if variables is None:
            self.graph.add(result, UNKNOWN)
            return
        for position, name in ((0, "cond"), (1, "body")):
            function = given.get(position, name)
            if function is None:
                continue

            def take(value: Value, first: bool = position == 0) -> None:
                made = Node(call.place) if first else result
                self.calls.dispatch(call, value, Given(stars=[(0, variables)]), made)

            self.graph.watch(function, Reaction(take))

        def convert(value: Value) -> None:
            if isinstance(value, Box):
                box = self.program.box("list", call.place, TENSOR)
                self.graph.add(result, box)

        self.graph.watch(variables, Reaction(convert))

    def _do_map_fn(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        elements = given.get(1, "elems")
        element = Node(call.place)
        if elements is not None:
            self.datasets.slice_structure(elements, element, call.place)
        self.callback(call, given.get(0, "fn"), [element], Node(call.place))
        self.graph.add(result, TENSOR)

    def _do_fold(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        tensor = self.holding(call.place, TENSOR)
        self.callback(call, given.get(0, "fn"), [tensor, tensor], Node(call.place))
        self.graph.add(result, TENSOR)

    def _do_py_function(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        held = ARRAY if "numpy" in path or path.endswith("py_func") else TENSOR
        node = self.holding(call.place, held)
        self.callback(call, given.get(0, "func"), [node] * 4, None, "python")
        self.graph.add(result, TENSOR)

    def _do_strategy_run(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        function = given.get(0, "fn")
        arguments = given.get(1, "args")
        keywords = given.get(2, "kwargs")
        if function is None:
            return

        def take(value: Value) -> None:
            whole = Given(
                stars=[] if arguments is None else [(0, arguments)],
                double_stars=[] if keywords is None else [keywords],
            )
            self.calls.dispatch(call, value, whole, result, "call", function)

        self.graph.watch(function, Reaction(take))

    def _do_gradient(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        sources = given.get(1, "sources")
        if sources is None:
            self.graph.add(result, TENSOR)
            return

        def take(value: Value) -> None:
            if isinstance(value, Box):
                box = self.program.box("list", call.place, TENSOR)
                for key in value.fields:
                    self.graph.add(self.program.field(box, key, call.place), TENSOR)
                self.graph.add(result, box)
            else:
                self.graph.add(result, TENSOR)

        self.graph.watch(sources, Reaction(take))
        self.calls.late.append((call, "tensors"))

    def _do_gradient_pairs(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        pair = self.program.box("tuple", call.place)
        self.graph.add(self.program.field(pair, 0, call.place), TENSOR)
        self.graph.add(self.program.field(pair, 1, call.place), VARIABLE)
        self.graph.add(result, self.program.box("list", call.place, pair))

    def _do_tensor_tuple(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        self.graph.add(result, self.program.box("tuple", call.place, TENSOR))

    def _do_tensor_dict(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        self.graph.add(result, self.program.box("dict", call.place, TENSOR))

    def _do_clip_by_global_norm(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        box = self.program.box("tuple", call.place)
        self.graph.add(self.program.field(box, 0, call.place), self.program.box("list", call.place, TENSOR))
        self.graph.add(self.program.field(box, 1, call.place), TENSOR)
        self.graph.add(result, box)

    def _do_map_structure(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        made = Node(call.place)
        elements: list[Node] = []
        for structure in given.positional[1:]:
            element = Node(call.place)
            self.containers.leaves(structure, element)
            elements.append(element)
        self.callback(call, given.get(0, "func"), elements, made)
        box = self.program.box("list", call.place)
        self.graph.connect(made, box.element)

        def take(value: Value) -> None:
            if isinstance(value, Box):
                self.graph.add(result, box)
            elif value is UNKNOWN or isinstance(value, External):
                self.graph.add(result, UNKNOWN)
            else:
                self.graph.connect(made, result)

        if len(given.positional) > 1:
            self.graph.watch(given.positional[1], Reaction(take))
        self.calls.late.append((call, "unknown"))

    # -- Keras --------------------------------------------------------------------------------

    def _do_apply(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        """A layer or model applied: symbolic in, symbolic out."""
        first = given.positional[0] if given.positional else next(iter(given.keywords.values()), None)
        if first is None or not self.has_symbolic:
            self.graph.add(result, TENSOR)
            return

        def take(value: Value) -> None:
            if value is SYMBOLIC:
                self.graph.add(result, SYMBOLIC, first)
            elif value is not NONE:
                self.graph.add(result, TENSOR, first)

        watch_inside(self.graph, first, take, frozenset({"dataset", "dict"}))
        self.calls.late.append((call, "tensor"))

    def _do_like_argument(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        first = given.positional[0] if given.positional else None
        if first is None:
            self.graph.add(result, TENSOR)
            return

        def take(value: Value) -> None:
            self.graph.add(result, value if value in (SYMBOLIC, ARRAY) else TENSOR)

        watch_inside(self.graph, first, take)

    def _do_model(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        self.graph.add(result, self.program.values.thing("model", "keras.Model"))

    def _do_lambda_layer(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        tensor = self.holding(call.place, TENSOR)
        self.callback(call, given.get(0, "function"), [tensor], None)
        self.graph.add(result, self.program.values.thing("layer", "keras.layers.Lambda"))

    def _do_decode(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        self.graph.add(result, self.program.box("list", call.place))

    def call_box(self, call: Call, box: Box, name: str, given: Given, result: Node) -> None:
        """A method of a container."""
        if box.kind in ("dataset", "stream"):
            self.datasets.call(call, box, name, given, result)
        else:
            self.containers.call(call, box, name, given, result)


#: Kinds of receivers whose methods are unknown.
_OPAQUE_KINDS = frozenset({"unknown", "object", "function", "instance"})
