"""assert_hybrid_safe: what passes, what is refuted by which call, and that the process is left as it was."""

from __future__ import annotations

import functools
import random
import re
import time
from typing import Any

import numpy as np
import pytest

from hybridize import assert_hybrid_safe
from hybridize.testing import call

pytestmark = pytest.mark.slow  # TensorFlow is imported


@pytest.fixture(scope="module")
def tf() -> Any:
    return pytest.importorskip("tensorflow")


def batch(tf: Any, rows: int = 4, seed: int = 0) -> Any:
    return tf.constant(np.random.default_rng(seed).normal(size=(rows, 3)), tf.float32)


def refused(*given: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as raised:
        assert_hybrid_safe(*given, **options)
    return str(raised.value)


class Model:
    """A step that builds its state at the first call, as Keras does."""

    def __init__(self, tf: Any) -> None:
        self.tf, self.weight, self.seen = tf, None, 0

    def step(self, x: Any, rate: Any = 0.1) -> Any:
        if self.weight is None:
            self.weight = self.tf.Variable(self.tf.ones((3, 1)))
        with self.tf.GradientTape() as tape:
            loss = self.tf.reduce_mean((x @ self.weight - 1.0) ** 2)
        self.weight.assign_sub(rate * tape.gradient(loss, self.weight))
        return {"loss": loss, "parts": [loss, x]}

    def count(self, x: Any) -> Any:
        self.seen += 1
        return x * 2.0


def test_a_training_step_passes_and_its_calls_are_made(tf):
    model = Model(tf)
    assert assert_hybrid_safe(model.step, *((batch(tf, seed=seed),) for seed in range(3))) is None
    once = Model(tf)
    for seed in range(3):
        once.step(batch(tf, seed=seed))
    np.testing.assert_array_equal(model.weight.numpy(), once.weight.numpy())


def test_one_call_is_enough_also_where_it_builds(tf):
    model = Model(tf)
    assert_hybrid_safe(model.step, (batch(tf),))
    assert_hybrid_safe(model.step, call(batch(tf), rate=tf.constant(0.2)))
    assert_hybrid_safe(lambda x: x @ tf.ones((3, 1)), batch(tf))


def test_variables_that_were_there_before_are_compared_as_well(tf):
    weight = tf.Variable(1.0)
    old = []

    def step(x):
        if not old:
            weight.assign_add(1.0)
        return tf.reduce_sum(x) * weight

    assert_hybrid_safe(step, (batch(tf),))
    assert weight.numpy() == 2.0


def test_random_operations_draw_the_same_numbers(tf):
    assert_hybrid_safe(lambda x: tf.nn.dropout(x, 0.5) + tf.random.normal((3,)), (batch(tf),), (batch(tf, seed=1),))


def test_a_tf_function_is_compared_with_its_python_function_and_keeps_its_own_traces(tf):
    @tf.function
    def fast(x):
        return x * 2.0

    assert_hybrid_safe(fast, (batch(tf),))
    assert fast.experimental_get_tracing_count() == 0
    with pytest.raises(TypeError, match="already has options"):
        assert_hybrid_safe(fast, (batch(tf),), jit_compile=True)


def test_keras_models_and_optimizers_pass(tf):
    model = tf.keras.Sequential([tf.keras.layers.Dense(4, activation="relu"), tf.keras.layers.Dense(1)])
    optimizer = tf.keras.optimizers.Adam()
    model.build((None, 3))
    optimizer.build(model.trainable_variables)

    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x, training=True) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    assert_hybrid_safe(step, (batch(tf),), (batch(tf, seed=1),))


# What is refuted


def test_an_object_that_is_called_has_its_state_looked_at(tf):
    class Counting(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.dense, self.seen = tf.keras.layers.Dense(2), 0

        def call(self, x):
            self.seen += 1
            return self.dense(x)

    assert_hybrid_safe(tf.keras.Sequential([tf.keras.layers.Dense(2)]), (batch(tf),), (batch(tf),))
    assert_hybrid_safe(functools.partial(lambda by, x: by * x, 2.0), batch(tf))
    assert "it changes" in (said := refused(Counting(), (batch(tf),), (batch(tf),))) and "seen" in said


def test_what_a_trace_freezes_is_refuted_also_in_a_single_call(tf):
    """The clock moves on by less than rounding, but another trace is another graph."""
    assert "its trace depends on Python state" in refused(lambda x: x * time.perf_counter(), batch(tf))


def test_a_change_of_python_state_is_refuted_with_what_changed(tf):
    said = refused(Model(tf).count, (batch(tf),), (batch(tf),))
    lead = "Model.count is not hybrid-safe: in call 1 of 2, it changes self.seen, which outlives the call"
    assert said.startswith(lead)


def test_a_print_and_a_list_that_grows_are_refuted(tf, capsys):
    def shows(x):
        print("loss")
        return x * 2.0

    kept = []

    def keeps(x):
        kept.append(1)
        return x * 2.0

    assert "in call 1 of 1, it prints ('loss')" in refused(shows, batch(tf))
    assert "it changes" in refused(keeps, batch(tf)) and "kept" in refused(keeps, batch(tf))


def test_random_numbers_of_python_are_refuted_for_a_trace_freezes_them(tf):
    def step(x):
        return np.float32(random.random()) * x

    assert "Python random numbers were drawn" in refused(step, (batch(tf),), (batch(tf),))


def test_a_result_that_differs_names_its_leaf_and_how_much(tf):
    def step(x):
        if tf.inside_function():
            return {"loss": tf.reduce_sum(x) + 0.01, "n": tf.shape(x)[0]}
        return {"loss": tf.reduce_sum(x), "n": tf.shape(x)[0]}

    said = refused(step, (batch(tf),))
    assert "step is not hybrid-safe: in call 1 of 1, the graph computes something different" in said
    assert re.search(r"the result\['loss'\] has a relative difference of \d\.\de-\d\d", said), said  # fmt: skip


def test_a_result_of_another_type_or_shape_is_refuted(tf):
    def typed(x):
        return float(x[0, 0]) if tf.executing_eagerly() else x[0, 0]

    assert "the result is a float eagerly and a tensor from the graph" in refused(typed, (batch(tf),))


def test_what_raises_as_a_graph_is_refuted(tf):
    def step(x):
        return x.numpy().sum() + tf.reduce_sum(x)

    assert "as a graph it raises" in (said := refused(step, (batch(tf),))) and "test_safety.py:" in said


def test_a_variable_that_is_made_in_each_call_is_refuted(tf):
    assert "creates variables" in refused(lambda x: tf.Variable(1.0) * x, (batch(tf),), (batch(tf),))


def test_a_retrace_is_refuted_with_its_cause_and_can_be_allowed(tf):
    def step(x, n):
        return x * n

    calls = [(batch(tf), 1), (batch(tf), 1), (batch(tf), 2)]
    said = refused(step, *calls)
    assert said.startswith("step is not hybrid-safe: call 3 of 3 is retraced (n: ")
    assert_hybrid_safe(step, *calls, max_traces=2)
    shapes = [(batch(tf, rows),) for rows in (2, 3, 4)]
    assert "call 2 of 3 is retraced (x: " in refused(lambda x: x * x, *shapes)
    assert_hybrid_safe(lambda x: x * x, *shapes, input_signature=[tf.TensorSpec((None, 3))])


def test_what_can_not_be_told_does_not_pass(tf):
    said = refused(lambda x: x, batch(tf))
    assert "was not shown to be hybrid-safe: in call 1 of 1, it runs no TensorFlow operation" in said
    assert "calls back into Python" in refused(
        lambda x: tf.numpy_function(lambda y: y, [x], tf.float32) + 1.0, (batch(tf),)
    )


def test_what_it_raises_eagerly_is_raised(tf):
    def step(x):
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        assert_hybrid_safe(step, (batch(tf),))


def test_wrong_use_is_said(tf):
    with pytest.raises(TypeError, match="at least one call"):
        assert_hybrid_safe(tf.square)
    tf.config.run_functions_eagerly(True)
    try:
        with pytest.raises(RuntimeError, match="runs eagerly here"):
            assert_hybrid_safe(tf.square, (batch(tf),))
    finally:
        tf.config.run_functions_eagerly(False)


# What is left behind


def test_tensorflow_is_left_as_it_was(tf):
    from hybridize import tensorflow_internals as internals
    from hybridize.dynamic.child import iterators, variables

    names = [*internals._RANDOM_OPS, *internals._RARE_RANDOM_OPS, internals._SEED_SOURCE, internals._CALL_REGISTERED]
    before = [name.get() for name in names], internals.variable_class().__init__, internals.iterator_class().__init__
    with pytest.raises(AssertionError):
        assert_hybrid_safe(Model(tf).count, (batch(tf),))
    after = [name.get() for name in names], internals.variable_class().__init__, internals.iterator_class().__init__
    assert after == before and not len(variables._known) and not len(iterators._known)
    tf.random.set_seed(3)
    drawn = tf.random.normal((2,)).numpy()
    tf.random.set_seed(3)
    assert_hybrid_safe(lambda x: tf.random.normal((2,)) + x, (tf.constant(1.0),))
    np.testing.assert_array_equal(tf.random.normal((2,)).numpy(), drawn)


def test_a_pipeline_is_advanced_once_for_each_call(tf):
    rows = iter(tf.data.Dataset.range(10))

    def step():
        return next(rows) * 2

    assert_hybrid_safe(step, (), ())
    assert next(rows).numpy() == 2
