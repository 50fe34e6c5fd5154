"""The key of a call: equal where a bare ``tf.function`` would not trace again, for every kind of argument."""

from __future__ import annotations

import collections
import gc
import weakref
from typing import Any

import numpy as np
import pytest

from hybridize.records import ParameterKind

pytestmark = pytest.mark.slow  # TensorFlow is imported

Point = collections.namedtuple("Point", "x y")


class Thing:
    pass


class Lenient(dict):  # type: ignore[type-arg]
    __getattr__ = dict.__getitem__


#: What TensorFlow serves with one trace and we tell apart, so that each is compared: 1 and 1.0 compute otherwise
#: (one trace is wrong for one of them), and a trace may have read a variable by closure.
TOLD_APART = {"a number of another type", "a different variable"}


@pytest.fixture(scope="module")
def pairs(tf: Any) -> dict[str, tuple[Any, Any, bool]]:
    """Pairs of arguments, and whether the second is served by the first one's trace."""
    variable, thing = tf.Variable(1.0), Thing()
    return {
        "other values": (tf.zeros(2), tf.ones(2), True),
        "another shape": (tf.zeros(2), tf.zeros(3), False),
        "another dtype": (tf.zeros(2), tf.zeros(2, tf.float64), False),
        "arrays": (np.zeros(2, np.float32), np.ones(2, np.float32), True),
        "arrays of another shape": (np.zeros(2), np.zeros((2, 1)), False),
        "array scalars": (np.float32(1), np.float32(2), True),
        "numbers": (1.5, 2.5, False),
        "the same number": (1.5, 1.5, True),
        "a number of another type": (1, 1.0, True),
        "truth": (True, False, False),
        "strings": ("a", "b", False),
        "nothing": (None, None, True),
        "lists": ([tf.zeros(2)], [tf.ones(2)], True),
        "longer lists": ([tf.zeros(2)], [tf.ones(2)] * 2, False),
        "a tuple for a list": ([tf.zeros(2)], (tf.zeros(2),), False),
        "named tuples": (Point(tf.zeros(1), 1), Point(tf.ones(1), 1), True),
        "dictionaries": ({"a": tf.zeros(2)}, {"a": tf.ones(2)}, True),
        "other keys": ({"a": tf.zeros(2)}, {"b": tf.zeros(2)}, False),
        "the same variable": (variable, variable, True),
        "a different variable": (variable, tf.Variable(1.0), True),
        "the same object": (thing, thing, True),
        "another object": (thing, Thing(), False),
        "sparse tensors": (tf.sparse.from_dense([[0.0, 1.0]]), tf.sparse.from_dense([[0.0, 2.0]]), True),
        "ragged tensors": (tf.ragged.constant([[1.0], []]), tf.ragged.constant([[2.0], []]), True),
    }


@pytest.mark.parametrize(
    "name",
    [
        "other values", "another shape", "another dtype", "arrays", "arrays of another shape", "array scalars",
        "numbers", "the same number", "a number of another type", "truth", "strings", "nothing", "lists",
        "longer lists", "a tuple for a list", "named tuples", "dictionaries", "other keys", "the same variable",
        "a different variable", "the same object", "another object", "sparse tensors", "ragged tensors",
    ],
)  # fmt: skip
def test_keys_are_equal_where_tensorflow_does_not_trace_again(tf: Any, pairs: Any, name: str) -> None:
    from hybridize.dynamic.child import signatures

    first, second, same = pairs[name]

    @tf.function(autograph=False)
    def graph(x: Any) -> Any:
        return tf.constant(0)

    graph(first)
    graph(second)
    assert (graph.experimental_get_tracing_count() == 1) == same, "what the table says of TensorFlow"
    if name in TOLD_APART:
        same = False
    assert (signatures.key(first) == signatures.key(second)) == same
    assert hash(signatures.key(first)) == hash(signatures.key(first))


def test_a_key_keeps_nothing_alive(tf: Any) -> None:
    from hybridize.dynamic.child import signatures

    thing, tensor = Thing(), tf.ones(3)
    keys = [signatures.key(thing), signatures.key([tensor])]
    references = weakref.ref(thing), weakref.ref(tensor)
    del thing, tensor
    gc.collect()
    assert keys and references[0]() is None and references[1]() is None


def test_an_object_is_not_taken_for_a_later_one_at_its_address(tf: Any) -> None:
    from hybridize.dynamic.child import signatures

    seen = set()
    for _ in range(12):
        seen.add(signatures.key(Thing()))
        gc.collect()
    assert len(seen) == 12


def test_only_tensors_and_arrays_are_asked_for_shape_and_dtype(tf: Any) -> None:
    from hybridize.dynamic.child import signatures

    class Touchy:
        @property
        def shape(self) -> Any:
            raise AssertionError("a property was evaluated")

        dtype = shape

    for value in (Touchy(), Lenient(a=1), "text", [1]):
        assert signatures.describe_leaf(value) == (None, None)
        signatures.key(value)
        signatures.kind_of(value)
    assert signatures.describe_leaf(tf.zeros((2, 3))) == ("float32", "(2, 3)")
    assert signatures.describe_leaf(np.zeros(4, np.int16)) == ("int16", "(4)")
    assert signatures.describe_leaf(tf.Variable([1.0])) == ("float32", "(1)")
    assert signatures.describe_leaf(tf.ragged.constant([[1], [1, 2]])) == ("int32", "(2, ?)")


@pytest.mark.parametrize(
    ("value", "kind", "fits"),
    [
        (lambda tf: tf.zeros(1), ParameterKind.TENSOR, True),
        (lambda tf: tf.Variable(0.0), ParameterKind.TENSOR, True),
        (lambda tf: np.zeros(1), ParameterKind.TENSOR, False),
        (lambda tf: 1.0, ParameterKind.TENSOR, False),
        (lambda tf: np.zeros(1), ParameterKind.ARRAY, True),
        (lambda tf: np.float32(1), ParameterKind.ARRAY, True),
        (lambda tf: 1, ParameterKind.SCALAR, True),
        (lambda tf: None, ParameterKind.SCALAR, True),
        (lambda tf: [1], ParameterKind.SCALAR, False),
        (lambda tf: [1], ParameterKind.CONTAINER, True),
        (lambda tf: tf.zeros(1), ParameterKind.CONTAINER, False),
        (lambda tf: Thing(), ParameterKind.OBJECT, True),
    ],
)
def test_assumed_kinds_are_checked_as_types(tf: Any, value: Any, kind: ParameterKind, fits: bool) -> None:
    from hybridize.dynamic.child import signatures

    assert signatures.fits(value(tf), kind) == fits


def test_arguments_are_named_as_the_function_names_them(tf: Any) -> None:
    from hybridize.dynamic.child import signatures

    def function(self: Any, x: Any, *rest: Any, y: Any = 0, **others: Any) -> None: ...

    named = signatures.name_arguments(function)((1, 2, 3, 4), {"y": 5, "z": 6})
    assert named == {"self": 1, "x": 2, "*rest[0]": 3, "*rest[1]": 4, "y": 5, "z": 6}
    assert signatures.name_arguments(print)((1,), {"sep": ""}) == {"*args[0]": 1, "sep": ""}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (lambda tf: 3, lambda tf: 4, "value 3 then 4"),
        (lambda tf: tf.zeros((32, 10)), lambda tf: tf.zeros((17, 10)), "shape (32, 10) then (17, 10)"),
        (lambda tf: tf.zeros(1), lambda tf: tf.zeros(1, tf.int32), "dtype float32 then int32"),
        (lambda tf: Thing(), lambda tf: Thing(), "a new Thing object"),
        (lambda tf: tf.Variable(1.0), lambda tf: tf.Variable(1.0), "a different variable"),
        (lambda tf: tf.zeros(1), lambda tf: 1, "tensor then Python value"),
        (lambda tf: [1], lambda tf: [1, 2], "list of length 1 then 2"),
        (lambda tf: [1, 2], lambda tf: [1, 3], "an item: value 2 then 3"),
        (lambda tf: {"a": 1}, lambda tf: {"a": 2}, "['a']: value 1 then 2"),
    ],
)
def test_what_a_retrace_is_due_to_is_said(tf: Any, before: Any, after: Any, words: str) -> None:
    from hybridize.dynamic.child import signatures

    kept = before(tf), after(tf)
    first, second = map(signatures.key, kept)
    assert signatures.difference(first, second) == words


def test_objects_are_found_wherever_they_are_in_an_argument(tf: Any) -> None:
    from hybridize.dynamic.child import signatures

    first, second = Thing(), Thing()

    def held(value: Any) -> Any:
        return signatures.objects(signatures.key(value))

    assert held(first) == held(first) != held(second)
    assert held([first, 3]) == held(first) and held({"O": (second, "x")}) == held(second)
    assert held({"a": first, "b": [second]}) == (*held(first), *held(second))
    assert not held([np.zeros((2, 3)), 1.0, "O", None, {"T": 2}])
