"""Trace stability: two traces are told apart by what was baked in, and the difference says by what and where."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # TensorFlow is imported


def fingerprint(tf: Any, function: Callable[..., Any], *args: Any) -> Any:
    from hybridize.dynamic.child import graphs

    return graphs.fingerprint(tf.function(function).get_concrete_function(*args), place)


def place(op: Any) -> str | None:
    """The line of this file that made an op."""
    for frame in reversed(op.traceback or ()):
        if frame.filename == __file__:
            return f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    return None


def difference(tf: Any, function: Callable[..., Any], change: Callable[[], Any], *args: Any) -> str | None:
    """What is said when ``change`` comes between two traces."""
    from hybridize.dynamic.child import graphs

    first = fingerprint(tf, function, *args)
    change()
    return graphs.difference(first, fingerprint(tf, function, *args))


def line_of(function: Callable[..., Any], offset: int) -> str:
    return f"test_graphs.py:{function.__code__.co_firstlineno + offset}"


def test_a_function_of_its_arguments_alone_traces_to_the_same(tf: Any) -> None:
    weight = tf.Variable(tf.ones((3, 2)))

    def step(x: Any) -> Any:
        y = tf.matmul(x, weight)
        for _ in tf.range(3):
            y = tf.where(tf.reduce_sum(y) > 1.0, y * 0.5, y + tf.random.normal((2,)))
        if tf.reduce_sum(y) > 0.0:
            y = -y
        weight.assign_add(tf.ones_like(weight))
        return tf.nn.dropout(y, 0.5)

    assert difference(tf, step, lambda: weight.assign(tf.zeros((3, 2))), tf.ones((4, 3))) is None


def test_a_constant_that_changes_is_named_with_its_line(tf: Any) -> None:
    rate = SimpleNamespace(value=0.5)

    def step(x: Any) -> Any:
        y = x + 1.0
        return y * rate.value

    found = difference(tf, step, lambda: setattr(rate, "value", 0.25), tf.ones(2))
    assert found == f"the graph keeps a constant that changes: 0.5 then 0.25 ({line_of(step, 2)})"


def test_an_array_that_changes_in_place_is_named(tf: Any) -> None:
    noise = np.zeros((4, 100), np.float32)

    def step(x: Any) -> Any:
        return x + noise

    found = difference(tf, step, lambda: noise.__setitem__((2, 5), 1.0), tf.ones((4, 100)))
    assert found is not None and "keeps a constant that changes" in found and line_of(step, 1) in found


def test_a_branch_on_python_state_is_named(tf: Any) -> None:
    flags = SimpleNamespace(training=True)

    def step(x: Any) -> Any:
        if flags.training:
            return tf.nn.relu(x)
        return tf.nn.elu(x)

    found = difference(tf, step, lambda: setattr(flags, "training", False), tf.ones(2))
    assert found is not None
    assert "Relu became Elu: a branch on Python state was taken differently" in found
    assert line_of(step, 3) in found


def test_an_early_return_is_named(tf: Any) -> None:
    buffer: list[int] = []

    def learn(x: Any) -> Any:
        if len(buffer) < 3:
            return tf.constant(0.0)
        return tf.reduce_sum(tf.square(x))

    found = difference(tf, learn, lambda: buffer.extend([1, 2, 3]), tf.ones(2))
    assert found is not None and " ops, an earlier one " in found and "branch on Python state" in found


def test_a_tensor_that_was_captured_and_changes_is_named(tf: Any) -> None:
    state = SimpleNamespace(action=tf.random.uniform((300,)))

    def learn(x: Any) -> Any:
        return x * state.action

    found = difference(tf, learn, lambda: setattr(state, "action", state.action + 1.0), tf.ones(300))
    assert found is not None and "the graph keeps a tensor (not a variable) that changes" in found
    assert line_of(learn, 1) in found


def test_another_number_of_captured_tensors_is_told(tf: Any) -> None:
    tables = [tf.random.uniform((300,)), tf.random.uniform((300,))]

    def look(x: Any) -> Any:
        return x * tables[0] + tables[-1]

    found = difference(tf, look, tables.pop, tf.ones(300))
    assert found == "a later trace captures a different number of tensors: 1, an earlier one 2"


def test_captured_tensors_are_listed_even_where_they_do_not_change(tf: Any) -> None:
    table = tf.random.uniform((300,))

    def look(x: Any) -> Any:
        return x * table

    printed = fingerprint(tf, look, tf.ones(300))
    assert len(printed.captured) == 1 and printed.captured_places == (line_of(look, 1),)


def test_a_tensor_that_is_captured_again_is_the_same(tf: Any) -> None:
    """A large one has a placeholder, which is named by a number that no two traces share."""
    data = tf.ones((2000, 1))

    def step() -> Any:
        return tf.reduce_sum(data * 2.0)

    assert difference(tf, step, lambda: None) is None


def test_other_variables_are_named_with_the_line_that_reads_them(tf: Any) -> None:
    model = SimpleNamespace(weight=tf.Variable(1.0))

    def step(x: Any) -> Any:
        y = x + 1.0
        return y * model.weight

    found = difference(tf, step, lambda: setattr(model, "weight", tf.Variable(1.0)), tf.ones(2))
    assert found == f"a later trace uses different variables ({line_of(step, 2)})"


def test_a_change_inside_of_a_loop_or_a_branch_is_seen(tf: Any) -> None:
    rate = SimpleNamespace(value=0.5)

    def step(x: Any) -> Any:
        for _ in tf.range(3):
            x = x * rate.value
        return x

    found = difference(tf, step, lambda: setattr(rate, "value", 0.25), tf.ones(2))
    assert found is not None and "0.5 then 0.25" in found


def test_a_change_inside_of_a_nested_graph_function_is_seen(tf: Any) -> None:
    rate = SimpleNamespace(value=0.5)

    def step(x: Any) -> Any:
        inner = tf.function(lambda y: y * rate.value)
        return inner(x)

    found = difference(tf, step, lambda: setattr(rate, "value", 0.25), tf.ones(2))
    assert found is not None and "0.5 then 0.25" in found


def test_an_attribute_of_an_op_that_changes_is_seen(tf: Any) -> None:
    axis = SimpleNamespace(transpose=False)

    def step(x: Any) -> Any:
        return tf.linalg.matmul(x, x, transpose_b=axis.transpose)

    found = difference(tf, step, lambda: setattr(axis, "transpose", True), tf.ones((2, 2)))
    assert found is not None and "MatMul has different attributes" in found


def test_names_and_seeds_of_ops_are_no_difference(tf: Any) -> None:
    def step(x: Any) -> Any:
        return tf.identity(x, name=f"call_{next(numbers)}") + tf.random.normal((2,), seed=next(numbers))

    numbers = iter(range(100))
    assert difference(tf, step, lambda: None, tf.ones(2)) is None


# Weights that Keras 3 bakes in


def test_no_hash_is_used_that_a_machine_may_refuse(tf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines that are set up by FIPS refuse MD5 and SHA-1."""
    import hashlib

    def refuse(*_: Any, **__: Any) -> Any:
        raise ValueError("disabled for FIPS")

    for name in ("md5", "sha1"):
        monkeypatch.setattr(hashlib, name, refuse)
    large = tf.constant(np.arange(100.0))
    assert difference(tf, lambda x: x + large + np.arange(100.0), lambda: None, large) is None


def test_many_texts_that_a_trace_holds_on_to_are_compared_by_value(tf: Any) -> None:
    texts = [tf.constant([f"text {n}" for n in range(20)])]

    def join(x: Any) -> Any:
        return tf.strings.join([x, texts[0]])

    def same() -> None:
        texts[0] = tf.constant([f"text {n}" for n in range(20)])

    def other() -> None:
        texts[0] = tf.constant([f"word {n}" for n in range(20)])

    assert difference(tf, join, same, tf.constant("x")) is None
    assert "keeps a" in str(difference(tf, join, other, tf.constant("x")))


def test_the_seed_of_the_process_is_kept_by_a_trace_that_draws(tf: Any, one_stream: Any) -> None:
    def draw(x: Any) -> Any:
        return tf.cond(tf.reduce_sum(x) > 0.0, lambda: x + tf.random.normal((3,)), lambda: x)

    def seed() -> None:
        tf.random.set_seed(5)

    found = difference(tf, draw, seed, tf.ones(3))
    assert found is not None and found.startswith("the graph keeps the seed of its trace, and the script sets another")
    assert difference(tf, draw, seed, tf.ones(3)) is None, "the same seed again"
    assert difference(tf, lambda x: x * 2.0, lambda: tf.random.set_seed(6), tf.ones(3)) is None, "it draws nothing"
