"""A trace that was made while Keras builds a layer symbolically has a mark, and no other trace has it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.dynamic.child import symbolic

WEIGHT, SEED = ("keras/variable.py", "value"), ("keras/seed.py", "next")


@pytest.fixture
def keras_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(__version__="3.10.0"))  # type: ignore[arg-type]
    monkeypatch.setattr(symbolic, "weight_code", lambda: WEIGHT)
    monkeypatch.setattr(symbolic, "seed_code", lambda: SEED)
    monkeypatch.setattr(symbolic, "initializers_folder", lambda: "keras/initializers")


def op(kind: str, *frames: tuple[str, str], of: str = "handle") -> Any:
    traceback = [SimpleNamespace(filename=file, name=name) for file, name in frames]
    return SimpleNamespace(type=kind, traceback=traceback, inputs=[SimpleNamespace(name=of)])


LINE = ("train.py", "call")
DRAW = ("keras/initializers/random.py", "__call__")


@pytest.mark.usefixtures("keras_3")
@pytest.mark.parametrize(
    ("operations", "fault"),
    [
        ([], ""),
        ([op("StatelessRandomUniformV2", LINE, WEIGHT, DRAW)], "weights"),
        ([op("StatelessRandomUniformV2", LINE, DRAW)], ""),  # noise by an initializer
        ([op("StatelessRandomUniformV2", LINE, WEIGHT)], ""),
        ([op("MatMul", LINE, WEIGHT, DRAW)], ""),
        ([op("ReadVariableOp", LINE, SEED)], "seeds"),
        ([op("ReadVariableOp", LINE, SEED), op("AssignAddVariableOp", LINE)], ""),
        ([op("ReadVariableOp", LINE, SEED), op("AssignAddVariableOp", LINE, of="another")], "seeds"),
        ([op("ReadVariableOp", LINE)], ""),
    ],
)
def test_the_marks_are_a_weight_that_is_drawn_and_a_seed_that_is_not_moved_on(operations: Any, fault: str) -> None:
    assert symbolic.fault(operations) == fault


@pytest.mark.usefixtures("keras_3")
def test_keras_2_builds_nothing_symbolically(monkeypatch: pytest.MonkeyPatch) -> None:
    stale = [op("StatelessRandomUniformV2", LINE, WEIGHT, DRAW)]
    assert symbolic.fault(stale) == "weights"
    for version in ("2.15.0", "1.0"):
        monkeypatch.setattr(sys.modules["keras"], "__version__", version)
        assert symbolic.fault(stale) == ""
    monkeypatch.delitem(sys.modules, "keras")
    assert symbolic.fault(stale) == ""


def place(op: Any) -> str | None:
    return None


def fingerprint(tf: Any, function: Callable[..., Any], *args: Any) -> Any:
    from hybridize.dynamic.child import graphs

    return graphs.fingerprint(tf.function(function).get_concrete_function(*args), place)


@pytest.mark.slow  # TensorFlow is imported
def test_weights_that_are_baked_in_have_their_mark(tf: Any) -> None:
    import keras

    from hybridize.dynamic.child import graphs

    class Net(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(2)

        @tf.function  # type: ignore[untyped-decorator]
        def call(self, x: Any) -> Any:
            return self.dense(x)

    net = Net()
    net(tf.ones((1, 3)))
    concrete = net.call._list_all_concrete_functions()
    assert any(graphs.fingerprint(each, place).fault == "weights" for each in concrete)


@pytest.mark.parametrize("name", ["Variable", "random.SeedGenerator.next", "initializers.RandomNormal.__call__"])
@pytest.mark.slow  # TensorFlow is imported
def test_a_keras_whose_weights_can_not_be_told_is_no_keras_without_marks(tf: Any, lose: Any, name: str) -> None:
    import keras

    from hybridize import tensorflow_internals

    layer = keras.layers.Dense(2)
    layer.build((1, 3))
    graph = tf.function(lambda x: layer(x)).get_concrete_function(tf.ones((1, 3))).graph
    assert symbolic.fault(graph.get_operations()) == ""
    lose(name)
    with pytest.raises(tensorflow_internals.MissingName, match=f"Keras {keras.__version__} has no `keras.{name}`"):
        symbolic.fault(graph.get_operations())


@pytest.mark.slow  # TensorFlow is imported
def test_they_have_it_beside_a_variable_that_was_made_before(tf: Any) -> None:
    """A dropout layer makes the generator of its seeds before the model is built; the trace captures it."""
    import keras

    from hybridize.dynamic.child import graphs

    class Net(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(2)
            self.dropout = keras.layers.Dropout(0.1)

        @tf.function  # type: ignore[untyped-decorator]
        def call(self, x: Any, training: bool = False) -> Any:
            return self.dropout(self.dense(x), training=training)

    net = Net()
    net(tf.ones((1, 3)), training=True)
    prints = [graphs.fingerprint(each, place) for each in net.call._list_all_concrete_functions()]
    assert any(each.fault == "weights" and each.resources for each in prints)


@pytest.mark.parametrize("is_within", [True, False])
@pytest.mark.slow  # TensorFlow is imported
def test_a_seed_that_a_symbolic_build_does_not_move_on_has_its_mark(tf: Any, is_within: bool) -> None:
    import keras

    from hybridize.dynamic.child import graphs

    class Noise(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.seeds = keras.random.SeedGenerator(1)

        @tf.function  # type: ignore[untyped-decorator]
        def call(self, x: Any) -> Any:
            return x + keras.random.normal((2,), seed=self.seeds)

    noise = Noise()
    (keras.Sequential([noise]) if is_within else noise)(tf.ones((1, 2)))
    faults = {graphs.fingerprint(each, place).fault for each in noise.call._list_all_concrete_functions()}
    assert faults == ({"seeds"} if is_within else {""}), "a layer without weights is built by no symbolic call"


@pytest.mark.slow  # TensorFlow is imported
def test_noise_by_an_initializer_is_no_weight(tf: Any) -> None:
    import keras

    noise = keras.initializers.RandomNormal(seed=1)
    assert not fingerprint(tf, lambda x: x + noise((2,)), tf.ones(2)).fault


@pytest.mark.slow  # TensorFlow is imported
def test_random_numbers_without_a_variable_are_no_mark_of_that(tf: Any) -> None:
    """An augmentation draws random numbers and reads no variable, and nothing is wrong with it."""

    def augment(x: Any, seed: Any) -> Any:
        return x + tf.random.stateless_normal((2,), seed)

    def jitter(x: Any) -> Any:
        return x + tf.random.normal((2,))

    assert not fingerprint(tf, augment, tf.ones(2), tf.constant([1, 2])).fault
    assert not fingerprint(tf, jitter, tf.ones(2)).fault


@pytest.mark.slow  # TensorFlow is imported
def test_a_layer_that_is_built_already_bakes_nothing_in(tf: Any) -> None:
    import keras

    dense = keras.layers.Dense(2)
    dense(tf.ones((1, 3)))
    assert not fingerprint(tf, lambda x: dense(x), tf.ones((1, 3))).fault
