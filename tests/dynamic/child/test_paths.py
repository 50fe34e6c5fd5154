"""Which way a call went: the same way gives the same path, whatever TensorFlow names the functions that it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow  # TensorFlow is imported


def calls(tf: Any) -> dict[str, Callable[[Any], Any]]:
    """Functions in which TensorFlow makes functions, by what makes them; each takes a tensor of shape (4, 2)."""
    weights = tf.Variable([[0.5, 0.2], [0.1, 0.4]])
    seeds = tf.keras.random.SeedGenerator(1)

    def jacobian(x: Any) -> Any:
        with tf.GradientTape() as tape:
            y = tf.tanh(x @ weights)
        return tape.jacobian(y, weights)

    def batch_jacobian(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.tanh(x @ weights)
        return tape.batch_jacobian(y, x)

    def gradient_of_a_fresh_function(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.function(lambda each: tf.nn.tanh(each * 2.0))(x)
        return tape.gradient(y, x)

    def nested(x: Any) -> Any:
        @tf.function
        def inner(y: Any) -> Any:
            return tf.nn.softmax(y)

        return inner(x)

    def custom_gradient(x: Any) -> Any:
        @tf.custom_gradient
        def double(y: Any) -> Any:
            return y * 2.0, lambda dy: dy * 3.0

        with tf.GradientTape() as tape:
            tape.watch(x)
            y = double(x)
        return tape.gradient(y, x)

    def branches(x: Any) -> Any:
        return tf.function(lambda y: tf.cond(tf.reduce_sum(y) > 0.0, lambda: y * 2.0, lambda: y - 1.0))(x)

    return {
        "jacobian": jacobian,
        "batch_jacobian": batch_jacobian,
        "vectorized_map": lambda x: tf.vectorized_map(lambda row: tf.reduce_sum(row * row), x),
        "map_fn": lambda x: tf.map_fn(lambda row: tf.reduce_sum(row), x),
        "scan": lambda x: tf.scan(lambda total, row: total + row, x),
        "while_loop": lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2.0), (tf.constant(0), x)),
        "a fresh function": lambda x: tf.function(lambda y: tf.nn.tanh(y * 2.0))(x),
        "the gradient of a fresh function": gradient_of_a_fresh_function,
        "a nested function": nested,
        "branches in a fresh function": branches,
        "a custom gradient": custom_gradient,
        "recompute_grad": lambda x: tf.recompute_grad(lambda y: tf.nn.tanh(y * 2.0))(x),
        "a seed generator": lambda x: x + tf.keras.random.normal((4, 2), seed=seeds),
        "py_function": lambda x: tf.py_function(lambda y: y * 2.0, [x], tf.float32),
        "numpy_function": lambda x: x + tf.numpy_function(lambda y: y * 2.0, [x], tf.float32),
        "a data set": lambda x: list(tf.data.Dataset.from_tensor_slices(x).map(lambda row: row * 2.0).batch(2)),
    }


NAMES = (
    "jacobian", "batch_jacobian", "vectorized_map", "map_fn", "scan", "while_loop", "a fresh function",
    "the gradient of a fresh function", "a nested function", "branches in a fresh function", "a custom gradient",
    "recompute_grad", "a seed generator", "py_function", "numpy_function", "a data set",
)  # fmt: skip


def path_of(function: Callable[[Any], Any], x: Any) -> int:
    from hybridize.dynamic.child.paths import PathNote

    with PathNote() as note:
        function(x)
    assert note.ops
    return note.path


def test_the_table_of_names_is_whole(tf: Any) -> None:
    assert tuple(calls(tf)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_calls_that_go_the_same_way_have_one_path(tf: Any, name: str) -> None:
    function, x = calls(tf)[name], tf.ones((4, 2))
    function(x)
    assert len({path_of(function, x) for _ in range(3)}) == 1


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("py_function", "numpy_function")])
def test_traces_of_it_are_the_same(tf: Any, name: str) -> None:
    """The names that a graph holds change with each trace as well, and are no difference."""
    from hybridize.dynamic.child import graphs

    function, x = calls(tf)[name], tf.ones((4, 2))
    if name == "a data set":
        data = function

        def function(x: Any) -> Any:
            return tf.data.Dataset.from_tensor_slices(x).map(lambda row: row * 2.0).reduce(0.0, lambda a, b: a + b[0])

        data(x)
    first, second = (
        graphs.fingerprint(tf.function(function).get_concrete_function(x), lambda op: None) for _ in range(2)
    )
    assert graphs.difference(first, second) is None


def test_another_function_is_another_path(tf: Any) -> None:
    x = tf.ones((4, 2))
    kinds = (
        lambda y: tf.nn.tanh(y),
        lambda y: tf.nn.sigmoid(y),
        lambda y: tf.nn.tanh(tf.nn.sigmoid(y)),
        lambda y: tf.nn.sigmoid(tf.nn.tanh(y)),
        lambda y: tf.cond(y[0, 0] > 0.0, lambda: tf.nn.tanh(y), lambda: y),
        lambda y: tf.cond(y[0, 0] > 0.0, lambda: tf.nn.sigmoid(y), lambda: y),
    )
    paths = {path_of(lambda x, kind=kind: tf.function(kind)(x), x) for kind in kinds}  # type: ignore[misc]
    assert len(paths) == len(kinds)


def test_where_functions_can_not_be_looked_into_each_is_another(tf: Any, lose: Any) -> None:
    lose("get_function_def")
    function, x = calls(tf)["a fresh function"], tf.ones((4, 2))
    assert len({path_of(function, x) for _ in range(3)}) == 3


def test_ops_are_counted_without_the_running_numbers_of_functions(tf: Any) -> None:
    from hybridize.dynamic.child.paths import PathNote

    function = calls(tf)["a nested function"]
    with PathNote() as note:
        for _ in range(3):
            function(tf.ones((4, 2)))
    assert note.ops["__inference_inner"] == 3
