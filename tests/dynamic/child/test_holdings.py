"""What Keras' own objects hold of the project's is looked at: a call of them runs it, though no name leads there."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybridize.dynamic.child.effects import Project, Snapshot

pytestmark = pytest.mark.slow  # TensorFlow is imported

PROJECT = Project([str(Path(__file__).parent)], ["log"])


def run(model: Any) -> Any:
    """A function of the project that is given something of Keras'."""
    return model(1)


def tapped(keras: Any, log: Any) -> Any:
    """A layer of the project's that keeps something."""

    class Tap(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.log = log

        def call(self, x: Any) -> Any:
            self.log.write("x")
            return x

    return Tap()


def penalty(log: Any) -> Any:
    def compute(*_: Any) -> float:
        log.write("x")
        return 0.0

    return compute


def functional(keras: Any, layer: Any) -> Any:
    inputs = keras.Input((4, 3))
    return keras.Model(inputs, keras.layers.Dense(2)(layer(inputs)))


def compiled(keras: Any, **how: Any) -> Any:
    model = keras.Sequential([keras.Input((4, 3)), keras.layers.Dense(2)])
    model.compile(**how)
    return model


def metric(keras: Any, log: Any) -> Any:
    class Count(keras.metrics.Metric):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.log = log

        def update_state(self, *_: Any, **__: Any) -> None: ...

        def result(self) -> float:
            return 0.0

    return Count()


def schedule(keras: Any, log: Any) -> Any:
    class Rate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __init__(self) -> None:
            self.log = log

        def __call__(self, step: Any) -> float:
            self.log.write("x")
            return 0.1

    return Rate()


HOLDERS: dict[str, Callable[[Any, Any], Any]] = {
    "a sequential model": lambda k, log: k.Sequential([tapped(k, log), k.layers.Dense(2)]),
    "one in another": lambda k, log: k.Sequential([k.Sequential([tapped(k, log)])]),
    "a functional model": lambda k, log: functional(k, tapped(k, log)),
    "a wrapper": lambda k, log: k.layers.TimeDistributed(tapped(k, log)),
    "a function layer": lambda k, log: k.layers.Lambda(lambda x: log.write("x")),
    "a function's arguments": lambda k, log: k.layers.Lambda(lambda x, log: x, arguments={"log": log}),
    "an activation": lambda k, log: k.layers.Dense(2, activation=penalty(log)),
    "a regularizer": lambda k, log: k.layers.Dense(2, kernel_regularizer=penalty(log)),
    "a loss": lambda k, log: compiled(k, loss=penalty(log)),
    "a loss of its own": lambda k, log: k.losses.MeanMetricWrapper(penalty(log))
    if hasattr(k.losses, "MeanMetricWrapper")
    else k.metrics.MeanMetricWrapper(penalty(log)),
    "a metric": lambda k, log: compiled(k, loss="mse", metrics=[metric(k, log)]),
    "an optimizer": lambda k, log: k.optimizers.SGD(schedule(k, log)),
}


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_what_is_held_is_looked_at(tf: Any, package: str, holder: Callable[[Any, Any], Any]) -> None:
    keras = pytest.importorskip(package)
    log = io.StringIO()
    model = holder(keras, log)
    before = Snapshot({"model": model}, run, PROJECT)
    assert not before.changes() and not before.unseen
    log.write("x")
    assert any(change.detail == "the StringIO is in another state" for change in before.changes())


def test_a_model_of_hundreds_of_layers_is_looked_at_without_a_doubt(tf: Any) -> None:
    import keras

    model = keras.Sequential([keras.Input((3,)), *(keras.layers.Dense(3) for _ in range(700))])
    model.compile("adam", "mse")
    before = Snapshot({"model": model}, run, PROJECT)
    assert not before.unseen and len(before.objects) < 10_000


def test_a_step_of_a_model_changes_nothing_that_keras_keeps_for_itself(tf: Any) -> None:
    """A layer's losses, its flags and its counters are Keras' own."""
    import keras

    log = io.StringIO()
    model = keras.Sequential(
        [keras.layers.Dense(4, kernel_regularizer="l2"), keras.layers.Dropout(0.3), keras.layers.BatchNormalization()]
    )
    model.compile("adam", "mse", metrics=["mae"])
    x = tf.ones((4, 3))
    model.train_on_batch(x, tf.ones((4, 4)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(x, training=True)) + sum(model.losses)
    model.optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    project = Project([str(Path(__file__).parent)], ["log", "built", "name"])
    before = Snapshot({"model": model, "log": log}, run, project)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(x, training=True)) + sum(model.losses)
    model.optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    model.train_on_batch(x, tf.ones((4, 4)))
    model.evaluate(x, tf.ones((4, 4)), verbose=0)
    assert not before.changes()
