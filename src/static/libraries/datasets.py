"""``tf.data``: the elements of datasets, and the functions that they trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir.code import Call
from ..ir.engine import Engine, Given, Reaction
from ..ir.program import Program
from ..ir.solver import Node
from ..ir.values import ARRAY, INTEGER, NONE, OBJECT, STRING, TENSOR, UNKNOWN, Bound, Box, Function, Value, Wrapped

if TYPE_CHECKING:
    from .calls import LibraryCalls

#: Dataset methods that return a dataset with elements of the same structure.
_SAME = frozenset(
    {
        "batch",
        "cache",
        "concatenate",
        "padded_batch",
        "prefetch",
        "ragged_batch",
        "rebatch",
        "repeat",
        "shard",
        "shuffle",
        "skip",
        "snapshot",
        "take",
        "take_while",
        "unbatch",
        "unique",
        "with_options",
        "filter",
        "options",
        "ignore_errors",
        "assert_cardinality",
        "bucket_by_sequence_length",
        "rejection_resample",
        "sparse_batch",
        "save",
    }
)


class Datasets:
    """The methods of datasets and of their iterators."""

    def __init__(self, program: Program, calls: Engine, library: LibraryCalls) -> None:
        self.program = program
        self.graph = program.graph
        self.calls = calls
        self.library = library

    def call(self, call: Call, box: Box, name: str, given: Given, result: Node) -> None:
        """``dataset.name(…)``."""
        graph = self.graph
        if box.kind == "stream":
            if name in ("get_next", "next", "__next__"):
                self.calls.flows.pour(box, result)
            elif name == "get_next_as_optional":
                graph.add(result, UNKNOWN)
            return
        if name in ("map", "flat_map", "interleave", "scan", "group_by_window", "reduce", "apply"):
            self._call_back(call, box, name, given, result)
        elif name in _SAME:
            if name in ("filter", "take_while"):
                self._trace(call, given.get(0, "predicate"), box, Node(call.place))
            if name == "concatenate" and given.positional:
                graph.watch(given.positional[0], Reaction(lambda value: self._mix(value, box)))
            graph.add(result, box)
        elif name == "enumerate":
            pair = self.program.box("tuple", call.place)
            graph.add(self.program.field(pair, 0, call.place), TENSOR)
            self.calls.flows.pour(box, self.program.field(pair, 1, call.place))
            graph.add(result, self._dataset(call, pair))
        elif name == "window":
            graph.add(result, self._dataset(call, box))
        elif name == "as_numpy_iterator":
            made = self.program.box("iterator", call.place)
            self._as_arrays(box.element, made.element, call.place)
            graph.add(result, made)
        elif name in ("__iter__", "make_one_shot_iterator", "make_initializable_iterator"):
            graph.add(result, self.stream(box))
        elif name == "zip":
            self._do_dataset_zip(call, given, result, None, "")
        elif name in ("cardinality", "bucket_by_sequence_length"):
            graph.add(result, TENSOR)
        elif name == "__len__":
            graph.add(result, INTEGER)
        elif name == "get_single_element":
            self.calls.flows.pour(box, result)
        else:
            graph.add(result, UNKNOWN)

    def _dataset(self, call: Call, element: Value) -> Box:
        return self.program.box("dataset", call.place, element)

    def _mix(self, value: Value, box: Box) -> None:
        if isinstance(value, Box):
            self.calls.flows.pour(value, box.element)

    def stream(self, box: Box) -> Box:
        """The iterator over a dataset; TensorFlow keeps its state."""
        stream = Box("stream", box.element)
        key = ("stream", box)
        known = self.calls.flows.derived.get(key)
        if known is None:
            known = self.calls.flows.derived[key] = stream
        return known

    def _trace(self, call: Call, function: Node | None, box: Box, made: Node) -> None:
        """Call ``function`` with the dataset's elements, traced into its graph; its results flow to ``made``."""
        if function is None:
            return
        def take(value: Value) -> None:
            if not isinstance(value, (Function, Bound, Wrapped)):
                if not isinstance(value, Box):
                    self.calls.dispatch(call, value, Given([box.element]), made, "graph")
                return

            def spread(element: Value) -> None:
                if isinstance(element, Box) and element.kind == "tuple":
                    count = len(element.fields)
                    nodes = [element.fields[i] for i in range(count) if i in element.fields]
                    self.calls.dispatch(call, value, Given(nodes or [element.element]), made, "graph")
                else:
                    node = self.library.holding(call.place, element)
                    code = value.inner.code if isinstance(value, Wrapped) else value.code  # type: ignore[attr-defined]
                    wanted = sum(
                        1 for p in code.parameters if p.kind == "positional" and p.default is None
                    ) - isinstance(value, Bound)
                    arguments = [node] * max(1, wanted) if element is TENSOR else [node]
                    self.calls.dispatch(call, value, Given(arguments), made, "graph")

            for node in (box.element, *box.fields.values()):
                self.graph.watch(node, Reaction(spread))

        self.graph.watch(function, Reaction(take))

    def _call_back(self, call: Call, box: Box, name: str, given: Given, result: Node) -> None:
        graph = self.graph
        if name == "apply":
            inner = self.library.holding(call.place, box)
            self.library.callback(call, given.get(0, "transformation_func"), [inner], result, "call")
            self.calls.late.append((call, "dataset"))
            return
        if name == "reduce":
            state = given.get(0, "initial_state") or Node(call.place)
            element = Node(call.place)
            self.calls.flows.pour(box, element)
            self.library.callback(call, given.get(1, "reduce_func"), [state, element], None, "graph")
            graph.add(result, TENSOR)
            return
        made = Node(call.place)
        self._trace(call, given.get(0, "map_func"), box, made)
        mapped = self.program.box("dataset", call.place)
        graph.add(result, mapped)
        if name == "map":
            self.structure(made, mapped.element, call.place)
        else:

            def take(value: Value) -> None:
                if isinstance(value, Box):
                    self.calls.flows.pour(value, mapped.element)
                else:
                    graph.add(mapped.element, TENSOR)

            graph.watch(made, Reaction(take))

    # -- structures ---------------------------------------------------------------------------

    def structure(self, source: Node, target: Node, place: int) -> None:
        """Let the elements of a dataset of ``source`` flow to ``target``: the same structure, with tensors in it."""

        def take(value: Value) -> None:
            if isinstance(value, Box) and value.kind in ("tuple", "dict", "namedtuple"):
                self.graph.add(target, self._converted(value, place))
            elif value is UNKNOWN:
                # A tensor, or a structure of several.
                self.graph.add(target, TENSOR)
                self.graph.add(target, UNKNOWN)
            elif value is not NONE:
                self.graph.add(target, TENSOR)

        self.graph.watch(source, Reaction(take))

    def _converted(self, value: Box, place: int) -> Box:
        key = ("converted", value)
        made = self.calls.flows.derived.get(key)
        if made is None:
            made = self.calls.flows.derived[key] = self.program.box(value.kind, place)
            for name, held in tuple(value.fields.items()):
                self.structure(held, self.program.field(made, name, place), place)
            self.structure(value.element, made.element, place)
        return made

    def slice_structure(self, source: Node, target: Node, place: int) -> None:
        """Let the slices of ``source`` flow to ``target``: tensors, in the same structure of tuples and dicts."""
        self.structure(source, target, place)

    def _as_arrays(self, source: Node, target: Node, place: int) -> None:
        def take(value: Value) -> None:
            if isinstance(value, Box) and value.kind in ("tuple", "dict"):
                key = ("arrays", value)
                made = self.calls.flows.derived.get(key)
                if made is None:
                    made = self.calls.flows.derived[key] = self.program.box(value.kind, place)
                    for name, held in tuple(value.fields.items()):
                        self._as_arrays(held, self.program.field(made, name, place), place)
                    self._as_arrays(value.element, made.element, place)
                self.graph.add(target, made)
            else:
                self.graph.add(target, ARRAY)

        self.graph.watch(source, Reaction(take))

    # -- constructors -------------------------------------------------------------------------

    def _do_dataset_of(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        tensors = given.get(0, "tensors")
        box = self.program.box("dataset", call.place)
        self.graph.add(result, box)
        if tensors is None:
            self.graph.add(box.element, TENSOR)
        else:
            self.structure(tensors, box.element, call.place)
            self.calls.empty_elements.append(box.element)

    def _do_loaded_dataset(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        """``tfds.load``: a dataset of pairs or dictionaries, or a container of one per split; with ``with_info``, also
        the information about them."""
        program, graph = self.program, self.graph
        literals = call.literals or {}
        held = Node(call.place)
        supervised = literals.get("as_supervised", False if "as_supervised" not in call.keywords else None)
        if supervised is None:
            graph.add(held, TENSOR)
            graph.add(held, UNKNOWN)
        else:
            graph.add(held, program.box("tuple" if supervised else "dict", call.place, TENSOR))
        dataset = Box("dataset", held)
        data = result
        with_info = literals.get("with_info", False if "with_info" not in call.keywords else None)
        if with_info is not False:
            pair = program.box("tuple", call.place)
            data = program.field(pair, 0, call.place)
            graph.add(program.field(pair, 1, call.place), UNKNOWN)
            graph.add(result, pair)
        if with_info is None:
            graph.connect(data, result)

        def take(value: Value) -> None:
            if isinstance(value, Box):
                graph.add(data, program.box("list", call.place, dataset))
            elif value is NONE:
                graph.add(data, program.box("dict", call.place, dataset))
            else:
                graph.add(data, dataset)

        split = given.get(1, "split")
        if split is None:
            take(NONE)
        else:
            graph.watch(split, Reaction(take))
            self.calls.late.append((call, "unknown"))

    def _do_dataset_from_generator(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        box = self.program.box("dataset", call.place)
        self.graph.add(result, box)
        made = Node(call.place)
        self.library.callback(call, given.get(0, "generator"), [], made, "python")

        def take(value: Value) -> None:
            if isinstance(value, Box) and value.kind in ("iterator", "list"):
                self.structure(value.element, box.element, call.place)
            elif value is not STRING:
                self.graph.add(box.element, TENSOR)

        self.graph.watch(made, Reaction(take))
        self.calls.empty_elements.append(box.element)

    def _do_dataset_by_function(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        """``strategy.distribute_datasets_from_function(make)``: the result of ``make(context)``."""
        context = self.library.holding(call.place, OBJECT)
        self.library.callback(call, given.get(0, "dataset_fn"), [context], result, "python")
        self.calls.late.append((call, "unknown"))

    def _do_dataset_zip(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        box = self.program.box("dataset", call.place)
        self.graph.add(result, box)

        def pair(nodes: list[Node]) -> None:
            made = self.program.box("tuple", call.place)
            for position, node in enumerate(nodes):
                self._watch_yielded(node, self.program.field(made, position, call.place))
            self.graph.add(box.element, made)

        if len(given.positional) > 1:
            pair(given.positional)
            return

        def take(value: Value) -> None:
            if isinstance(value, Box) and value.kind == "dict":
                made = self.program.box("dict", call.place)
                for key, node in tuple(value.fields.items()):
                    self._watch_yielded(node, self.program.field(made, key, call.place))
                self.graph.add(box.element, made)
            elif isinstance(value, Box) and value.kind in ("tuple", "list"):
                pair([value.fields[i] for i in range(len(value.fields)) if i in value.fields])

        for node in (given.get(0, "datasets"), given.keywords.get("args")):
            if node is not None:
                self.graph.watch(node, Reaction(take))
                return

    def _watch_yielded(self, source: Node, target: Node) -> None:
        self.graph.watch(source, Reaction(lambda value: self._yielded(value, target)))

    def _yielded(self, value: Value, target: Node) -> None:
        if isinstance(value, Box) and value.kind in ("dataset", "stream"):
            self.calls.flows.pour(value, target)
        else:
            self.graph.add(target, TENSOR)

    def _do_dataset_choose(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        box = self.program.box("dataset", call.place)
        self.graph.add(result, box)

        def take(value: Value) -> None:
            if isinstance(value, Box) and value.kind in ("list", "tuple"):
                for node in (value.element, *value.fields.values()):
                    self.graph.watch(node, Reaction(lambda inner: self._yielded(inner, box.element)))

        node = given.get(0, "datasets")
        if node is not None:
            self.graph.watch(node, Reaction(take))

    def _do_iterate_dataset(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        def take(value: Value) -> None:
            if isinstance(value, Box) and value.kind == "dataset":
                self.graph.add(result, self.stream(value))

        if given.positional:
            self.graph.watch(given.positional[0], Reaction(take))

    def _do_first_argument(
        self, call: Call, given: Given, result: Node, receiver: Value | None, path: str
    ) -> None:
        if given.positional:
            self.graph.connect(given.positional[0], result)

    def _do_as_numpy(self, call: Call, given: Given, result: Node, receiver: Value | None, path: str) -> None:
        def take(value: Value) -> None:
            if isinstance(value, Box) and value.kind == "dataset":
                made = self.program.box("iterator", call.place)
                self._as_arrays(value.element, made.element, call.place)
                self.graph.add(result, made)
            else:
                self.graph.add(result, ARRAY)

        if given.positional:
            self.graph.watch(given.positional[0], Reaction(take))
