"""Eager's results against the graph's: what counts as the same, and what never does."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # TensorFlow is imported

Pair = collections.namedtuple("Pair", "loss norm")


def compared(eager: Any, graph: Any) -> Any:
    from hybridize.dynamic.child.comparing import Comparison, compare_results

    comparison = Comparison()
    compare_results(eager, graph, comparison)
    return comparison


def scaled(tf: Any, dtype: str, relative: float) -> Any:
    one = np.array([0.3, 1.7, -250.0])
    other = one.copy()
    other[2] *= 1 + relative
    return tf.constant(one, dtype), tf.constant(other, dtype)


@pytest.mark.parametrize(
    ("dtype", "within", "beyond"),
    [
        ("float64", 1e-11, 1e-7),
        ("float32", 5e-5, 1e-3),
        ("bfloat16", 1e-2, 1e-1),
        ("float16", 2e-3, 5e-2),
        ("complex128", 1e-11, 1e-7),
        ("complex64", 5e-5, 1e-3),
    ],
)
def test_each_dtype_has_its_tolerance(tf: Any, dtype: str, within: float, beyond: float) -> None:
    assert compared(*scaled(tf, dtype, within)).equal
    assert not compared(*scaled(tf, dtype, beyond)).equal


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "bool", "string"])
def test_what_is_no_float_is_the_same_or_not(tf: Any, dtype: str) -> None:
    one = tf.constant(["a", "b"]) if dtype == "string" else tf.cast([1, 0], dtype)
    other = tf.constant(["a", "c"]) if dtype == "string" else tf.cast([1, 1], dtype)
    assert compared(one, tf.identity(one)).equal
    assert compared(one, other).mismatches and not compared(one, other).numeric


def test_small_elements_are_judged_beside_the_largest(tf: Any) -> None:
    """A rounding error of the largest element is no difference in a small one of the same array."""
    one, other = tf.constant([1e6, 1e-3]), tf.constant([1e6, 2e-3])
    assert compared(one, other).equal


def test_not_a_number_must_be_in_the_same_places(tf: Any) -> None:
    nan = float("nan")
    assert compared(tf.constant([nan, 1.0]), tf.constant([nan, 1.0])).equal
    assert compared(tf.constant([nan, 1.0]), tf.constant([1.0, nan])).mismatches
    assert compared(tf.constant([float("inf")]), tf.constant([1.0])).mismatches


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16", "complex64", "complex128"])
@pytest.mark.parametrize("pair", [(NAN, INF), (INF, -INF), (-INF, NAN), (INF, 1.0), (1.0, NAN)])
def test_what_is_no_finite_number_must_be_the_same(tf: Any, dtype: str, pair: tuple[float, float]) -> None:
    one, other = (np.array([1.0, number]).astype(tf.as_dtype(dtype).as_numpy_dtype) for number in pair)
    assert compared(tf.constant(one), tf.constant(one)).equal
    different = compared(tf.constant(one), tf.constant(other))
    assert different.mismatches and not different.numeric, "no rounding excuses it"


def test_the_parts_of_a_complex_number_are_told_apart(tf: Any) -> None:
    one, other = tf.constant([complex(INF, 0.0)]), tf.constant([complex(0.0, INF)])
    assert compared(one, one).equal
    assert compared(one, other).mismatches


def test_more_components_are_a_difference(tf: Any) -> None:
    flat, nested = tf.ragged.constant([[1.0]]), tf.ragged.constant([[[1.0]]])
    assert compared(flat, nested).mismatches


@pytest.mark.parametrize(
    "pair",
    [
        lambda tf: (1.0, tf.constant(1.0)),
        lambda tf: (1, tf.constant(1)),
        lambda tf: (np.ones(2, np.float32), tf.ones(2)),
        lambda tf: (True, tf.constant(True)),
        lambda tf: (None, tf.constant(0)),
        lambda tf: ("a", tf.constant("a")),
        lambda tf: ([1.0], (1.0,)),
        lambda tf: ([tf.ones(1)], (tf.ones(1),)),
        lambda tf: (Pair(1, 2), (1, 2)),
        lambda tf: (tf.Variable(1.0), tf.constant(1.0)),
        lambda tf: (tf.ones(1), tf.ones(1, tf.float64)),
        lambda tf: (tf.ones(1), tf.ones((1, 1))),
        lambda tf: ([tf.ones(1)], [tf.ones(1), tf.ones(1)]),
        lambda tf: ({"a": tf.ones(1)}, {"b": tf.ones(1)}),
        lambda tf: ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        lambda tf: (3, 4),
        lambda tf: ("a", "b"),
        lambda tf: (tf.sparse.from_dense([[0.0, 1.0]]), tf.sparse.from_dense([[1.0, 0.0]])),
        lambda tf: (tf.ragged.constant([[1.0], []]), tf.ragged.constant([[], [1.0]])),
    ],
)
def test_another_type_structure_dtype_or_shape_is_a_difference(tf: Any, pair: Any) -> None:
    comparison = compared(*pair(tf))
    assert comparison.mismatches, "and no rounding can excuse it"


@pytest.mark.parametrize(
    "make",
    [
        lambda tf: None,
        lambda tf: 3,
        lambda tf: float("nan"),
        lambda tf: "text",
        lambda tf: Pair(tf.ones(2), [tf.zeros(1), None]),
        lambda tf: {"a": {"b": (tf.ones(2), 1)}},
        lambda tf: collections.OrderedDict(a=tf.ones(1)),
        lambda tf: np.ones(2),
        lambda tf: tf.ragged.constant([[1.0], [2.0, 3.0]]),
        lambda tf: tf.sparse.from_dense([[0.0, 1.0]]),
        lambda tf: tf.IndexedSlices(tf.ones((1, 2)), tf.constant([0])),
        lambda tf: tf.zeros((0, 3)),
    ],
)
def test_the_same_is_the_same(tf: Any, make: Any) -> None:
    assert compared(make(tf), make(tf)).equal


def test_the_place_of_a_difference_is_named(tf: Any) -> None:
    comparison = compared({"loss": [1, tf.constant(2)]}, {"loss": [1, tf.constant(3)]})
    assert comparison.mismatches == ["the result['loss'][1] differs (2 eagerly, 3 from the graph)"]


# Variables


@pytest.fixture
def states(tf: Any) -> Iterator[Any]:
    """Makes states of one float variable (and one integer) from numbers, without tracking."""
    from hybridize.dynamic.child import variables

    weight, step = tf.Variable(np.zeros(3, np.float32)), tf.Variable(0, dtype=tf.int64)
    yield lambda values, count=0: {
        1: variables.Value(weight, tf.constant(values, tf.float32)),
        2: variables.Value(step, tf.constant(count, tf.int64)),
    }


def written(before: Any, eager: Any, graph: Any) -> tuple[Any, int]:
    from hybridize.dynamic.child.comparing import Comparison, compare_variables

    comparison = Comparison()
    return comparison, compare_variables(before, eager, graph, comparison)


def test_an_update_that_the_graph_skips_is_caught_however_small_it_is(tf: Any, states: Any) -> None:
    """A step of 1e-5 beside weights of 1 is far below any tolerance on the weights themselves."""
    before, after = states([1.0, 1.0, 1.0]), states([1.0 + 1e-5, 1.0, 1.0 - 1e-5])
    comparison, count = written(before, after, before)
    assert not comparison.equal and count == 1
    assert list(comparison.numeric.values()) == [pytest.approx(1.0, abs=0.3)]


def test_an_update_in_the_wrong_direction_is_caught(tf: Any, states: Any) -> None:
    before = states([1.0, 1.0, 1.0])
    assert not written(before, states([1.001, 1, 1]), states([0.999, 1, 1]))[0].equal


def test_a_variable_that_only_the_graph_writes_is_caught(tf: Any, states: Any) -> None:
    before = states([1.0, 1.0, 1.0])
    assert not written(before, before, states([1.1, 1, 1]))[0].equal


@pytest.mark.parametrize("nothing", [NAN, INF, -INF])
def test_what_was_no_number_before_hides_no_difference(tf: Any, states: Any, nothing: float) -> None:
    before = states([nothing, 0.0, 0.0])
    assert written(before, states([1.0, 0, 0]), states([1.0, 0, 0]))[0].equal
    assert not written(before, states([1.0, 0, 0]), states([2.0, 0, 0]))[0].equal


def test_infinities_and_nan_in_variables_are_told_apart(tf: Any, states: Any) -> None:
    before = states([0.0, 0.0, 0.0])
    assert written(before, states([INF, 0, 0]), states([INF, 0, 0]))[0].equal
    assert written(before, states([INF, 0, 0]), states([-INF, 0, 0]))[0].mismatches
    assert written(before, states([NAN, 0, 0]), states([INF, 0, 0]))[0].mismatches


def test_rounding_in_an_update_is_none(tf: Any, states: Any) -> None:
    before, after = states([1.0, 2.0, 3.0]), states([1.1, 2.1, 3.1])
    comparison, count = written(before, after, states(np.nextafter(np.float32([1.1, 2.1, 3.1]), np.float32(9))))
    assert comparison.equal and count == 1


def test_counters_are_compared_exactly(tf: Any, states: Any) -> None:
    before = states([0.0, 0, 0], 3)
    assert written(before, states([0.0, 0, 0], 4), states([0.0, 0, 0], 4))[0].equal
    assert written(before, states([0.0, 0, 0], 4), states([0.0, 0, 0], 3))[0].mismatches


def test_what_nobody_writes_counts_for_nothing(tf: Any, states: Any) -> None:
    before = states([1.0, 1.0, 1.0])
    comparison, count = written(before, before, before)
    assert comparison.equal and count == 0


def test_variables_of_one_name_are_told_apart(tf: Any, tracked: Any) -> None:
    """Keras gives the slots of all unnamed variables one name: what rounding does to one excuses no other."""
    first, second = (tf.Variable(tf.ones(3), name="slot") for _ in range(2))
    before = tracked.snapshot()
    first.assign_add([0.1, 0.1, 0.1])
    second.assign_add([0.1, 0.1, 0.1])
    after = tracked.snapshot()
    first.assign([2.0, 2.0, 2.0])
    second.assign([3.0, 3.0, 3.0])
    comparison, count = written(before, after, tracked.snapshot())
    assert count == 2
    assert sorted(comparison.numeric) == ["variable slot", "variable slot#2"]
    assert comparison.errors["variable slot"] < comparison.errors["variable slot#2"]


# Rounding that a function amplifies


def test_a_perturbed_run_excuses_what_rounding_explains_and_nothing_else(tf: Any) -> None:
    from hybridize.dynamic.child.comparing import Comparison, perturbed_within

    comparison = Comparison(numeric={"the result": 1e-2})
    assert not perturbed_within(comparison, {"the result": 2e-3})
    assert perturbed_within(comparison, {"the result": 1e-5})
    assert perturbed_within(comparison, {"something else": 1.0})
    assert perturbed_within(Comparison(numeric={"the result": float("inf")}), {"the result": 1.0})


# A variable as a result.


def returned(tf: Any, held: Any, graph: Any, parts: tuple[str, ...]) -> Any:
    """Compares a result of which eager returned the variable ``held``, read since then for ``parts``."""
    from hybridize.dynamic.child.comparing import Comparison, compare_results, values_of

    eager = (tf.constant(1.0), held)
    comparison = Comparison(values=values_of(eager, parts))
    held.assign_add(tf.ones(held.shape, held.dtype))  # what is written later is not what the call returned
    compare_results(eager, (tf.constant(1.0), graph), comparison)
    return comparison


def test_a_variable_of_which_only_the_value_is_read_may_come_back_as_a_tensor(tf: Any) -> None:
    found = returned(tf, tf.Variable(3, dtype=tf.int64), tf.constant(3, tf.int64), ("[1]",))
    assert found.equal and found.returned == ["the result[1]"]


def test_nor_is_one_of_keras_that_counts_the_steps_of_an_optimizer(tf: Any) -> None:
    steps = tf.keras.optimizers.Adam().iterations
    steps.assign(3)
    found = returned(tf, steps, tf.constant(3, steps.dtype), ("[1]",))
    assert found.equal and found.returned == ["the result[1]"]
    steps.assign(3)
    later = returned(tf, steps, tf.constant(4, steps.dtype), ("[1]",))
    assert "differs (3 eagerly, 4 from the graph)" in later.mismatches[0]


def test_a_variable_that_is_used_otherwise_is_no_tensor(tf: Any) -> None:
    kept = tf.keras.optimizers.Adam().iterations
    for parts, held in [((), None), (("[0]",), None), (("",), None), ((), kept)]:
        held = tf.Variable(3, dtype=tf.int64) if held is None else held
        found = returned(tf, held, tf.constant(3, tf.int64), parts)
        assert "the result[1] is a variable eagerly and a tensor" in found.mismatches[0] and not found.returned


def test_the_value_that_comes_back_must_be_the_one_at_the_end_of_the_call(tf: Any) -> None:
    later = returned(tf, tf.Variable(3, dtype=tf.int64), tf.constant(4, tf.int64), ("[1]",))
    assert later.mismatches == ["the result[1] differs (3 eagerly, 4 from the graph)"]
    other = returned(tf, tf.Variable(3, dtype=tf.int64), tf.constant(3, tf.int32), ("[1]",))
    assert "dtype" in other.mismatches[0]
    shape = returned(tf, tf.Variable([3.0]), tf.constant(3.0), ("[1]",))
    assert "shape" in shape.mismatches[0]
