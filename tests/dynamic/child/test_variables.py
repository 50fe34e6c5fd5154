"""Every variable of the process is found, snapshotted and put back, wherever it is kept."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # TensorFlow is imported


def names(variables: Any) -> set[str]:
    return {label.partition("#")[0] for label in variables.labels(variables.snapshot()).values()}


def test_a_variable_is_put_back(tf: Any, tracked: Any) -> None:
    weight = tf.Variable([1.0, 2.0])
    state = tracked.snapshot()
    weight.assign([5.0, 6.0])
    assert [tracked.as_array(value).tolist() for value in state.values()] == [[1.0, 2.0]]
    tracked.restore(state)
    assert weight.numpy().tolist() == [1.0, 2.0]


def test_a_snapshot_is_not_changed_by_later_writes(tf: Any, tracked: Any) -> None:
    """The snapshot shares the buffer with the variable until one of them is written."""
    weight = tf.Variable(tf.zeros((64, 64)))
    state = tracked.snapshot()
    for _ in range(3):
        weight.assign_add(tf.ones((64, 64)))
    weight[0].assign(tf.ones(64))
    weight.scatter_nd_update([[1]], [tf.ones(64)])
    assert not np.any(tracked.as_array(next(iter(state.values()))))


@pytest.mark.parametrize(
    "dtype", ["float16", "bfloat16", "float64", "int32", "int64", "uint8", "bool", "string", "complex64"]
)
def test_every_dtype(tf: Any, tracked: Any, dtype: str) -> None:
    first, second = (["a"], ["b"]) if dtype == "string" else (tf.cast([1, 0], dtype), tf.cast([0, 1], dtype))
    variable = tf.Variable(first)
    expected = variable.numpy().tolist()
    state = tracked.snapshot()
    variable.assign(second)
    assert tracked.changed(state, tracked.snapshot())
    tracked.restore(state)
    assert variable.numpy().tolist() == expected
    assert not tracked.changed(state, tracked.snapshot())


def test_what_a_training_step_of_keras_writes_is_all_put_back(tf: Any, tracked: Any) -> None:
    """Weights, optimizer slots and counters, metrics, batch statistics, and the state of its random generators."""
    import keras

    model = keras.Sequential([keras.layers.Dense(3), keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)])
    model.build((None, 4))
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)
    metric = keras.metrics.Mean()
    # Rows that are all the same would be normalized to zeros, and train nothing.
    rows = tf.reshape(tf.sin(tf.range(32.0)), (8, 4))

    def step() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(rows, training=True) - 1.0) ** 2)
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        metric.update_state(loss)
        return loss

    step()
    state = tracked.snapshot()
    first = [float(step()) for _ in range(3)], float(metric.result())
    written = set(tracked.labels(tracked.changed(state, tracked.snapshot())).values())
    tracked.restore(state)
    assert not tracked.changed(state, tracked.snapshot())
    second = [float(step()) for _ in range(3)], float(metric.result())
    assert first == second, "dropout and all"
    for part in ("kernel", "moving_mean", "momentum", "velocity", "iteration", "total", "seed_generator_state"):
        assert any(part in name for name in written), (part, written)


def test_legacy_keras_is_tracked_as_well(tf: Any, tracked: Any) -> None:
    import tf_keras

    model = tf_keras.Sequential([tf_keras.layers.Dense(2), tf_keras.layers.BatchNormalization()])
    optimizer = tf_keras.optimizers.SGD(0.1, momentum=0.9)
    x = tf.ones((4, 3))

    def step() -> float:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x, training=True) ** 2)
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return float(loss)

    step()
    state = tracked.snapshot()
    first = [step() for _ in range(3)]
    tracked.restore(state)
    assert [step() for _ in range(3)] == first


def test_generators_and_averages_are_variables_too(tf: Any, tracked: Any) -> None:
    generator = tf.random.Generator.from_seed(1)
    average = tf.train.ExponentialMovingAverage(0.9)
    weight = tf.Variable(1.0)
    average.apply([weight])
    state = tracked.snapshot()
    first = generator.normal((3,)).numpy()
    weight.assign(2.0)
    average.apply([weight])
    moved = float(average.average(weight))
    tracked.restore(state)
    assert (generator.normal((3,)).numpy() == first).all()
    assert float(average.average(weight)) != moved


def test_variables_of_a_strategy_are_tracked(tf: Any, tracked: Any) -> None:
    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
    with strategy.scope():
        weight = tf.Variable(1.0)
    state = tracked.snapshot()
    weight.assign(3.0)
    tracked.restore(state)
    assert float(weight) == 1.0


def test_nothing_is_kept_alive(tf: Any, tracked: Any) -> None:
    weight = tf.Variable(tf.zeros(3))
    assert len(tracked.snapshot()) == 1
    del weight
    gc.collect()
    assert not tracked.snapshot()


def test_the_views_that_a_graph_makes_are_no_variables_of_their_own(tf: Any, tracked: Any) -> None:
    before = tracked.created()
    weight = tf.Variable(1.0)

    @tf.function
    def step() -> Any:
        return weight.assign_add(1.0)

    step()
    weight.assign_add(1.0)
    assert tracked.created() - before == 1
    assert len(tracked.snapshot()) == 1


def test_what_is_created_is_counted(tf: Any, tracked: Any) -> None:
    before = tracked.created()
    kept = [tf.Variable(0.0) for _ in range(3)]
    assert tracked.created() - before == len(kept)


def test_a_variable_without_a_value_yet_is_left_out(tf: Any, tracked: Any) -> None:
    weight = tf.Variable(1.0)

    @tf.function
    def make() -> Any:
        if not hasattr(make, "late"):
            make.late = tf.Variable(weight * 2.0)  # type: ignore[attr-defined]
        return make.late

    make()
    assert len(tracked.snapshot()) == 2


def test_an_old_graph_with_its_own_variables_is_left_alone(tf: Any, tracked: Any) -> None:
    with tf.Graph().as_default():
        tf.compat.v1.get_variable("old", initializer=1.0, use_resource=True)
        tracked.snapshot()
    assert not tracked.snapshot()


def test_a_digest_tells_runs_apart_and_names_what_differs(tf: Any, tracked: Any) -> None:
    weights = tf.Variable(tf.range(100.0), name="w"), tf.Variable(tf.zeros(3), name="w"), tf.Variable(3, name="count")
    before = tracked.digest(tracked.snapshot())
    assert set(before) == {"w#1", "w#2", "count#1"}
    assert before["w#1"][:2] == [4950.0, 328350.0]
    weights[0].assign_add(tf.one_hot(50, 100) * 0.5)
    after = tracked.digest(tracked.snapshot())
    assert [name for name in before if before[name] != after[name]] == ["w#1"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1 + 2j, 3j], [1 + 2j, -3j]),
        ([True, False], [False, True]),
    ],
)
def test_a_digest_covers_complex_and_boolean_variables(tf: Any, tracked: Any, one: Any, other: Any) -> None:
    kept = tf.Variable(one, name="kept")
    before = tracked.digest(tracked.snapshot())
    kept.assign(other)
    after = tracked.digest(tracked.snapshot())
    assert before and set(before) == set(after) == {"kept#1"}
    assert before != after
