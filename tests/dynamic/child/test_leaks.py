"""Tensors of a graph that stay where eager code can find them are found, wherever they are kept."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.dynamic.child.effects import Project

pytestmark = pytest.mark.slow  # TensorFlow is imported

PROJECT = Project([str(Path(__file__).parent)], [])


def found(function: Callable[..., Any], *instances: Any) -> set[str]:
    from hybridize.dynamic.child import leaks

    return {name for name in leaks.find([function], instances, PROJECT) if "LEFT" not in name}


def test_in_an_object_that_the_function_reaches(tf: Any) -> None:
    state = SimpleNamespace(mask=None, losses=[])

    @tf.function
    def step(x: Any) -> Any:
        if state.mask is None:
            state.mask = x * 2.0
        return x * state.mask

    step(tf.ones(2))
    assert found(step) == {"state.mask"}


def test_in_a_list_and_in_a_dictionary_of_an_instance(tf: Any) -> None:
    class Trainer:
        def __init__(self) -> None:
            self.table: dict[str, Any] = {}
            self.seen: list[Any] = []

        @tf.function
        def step(self, x: Any) -> Any:
            self.table["last"] = x + 1.0
            self.seen.append(x)
            return x

    trainer = Trainer()
    trainer.step(tf.ones(2))
    assert found(Trainer.step, trainer) == {"Trainer.table['last']", "Trainer.seen[0]"}


@pytest.mark.parametrize("size", [None, 8])
def test_in_a_cache(tf: Any, size: int | None) -> None:
    """Nothing fails until the cache answers another trace, or eager code: perhaps after hours."""

    @functools.lru_cache(maxsize=size)
    def mask(count: int) -> Any:
        return tf.linalg.band_part(tf.ones((count, count)), -1, 0)

    @tf.function
    def step(x: Any) -> Any:
        return x @ mask(3)

    step(tf.ones((3, 3)))
    assert found(step) == {"the cache of mask"}


def test_in_a_module_of_the_project(tf: Any) -> None:
    from hybridize.dynamic.child import leaks

    global LEFT
    tf.function(lambda x: globals().update(LEFT=x))(tf.ones(2))
    assert leaks.find([], [], PROJECT) == {"LEFT"}
    del LEFT


LEFT: Any = None


def test_what_is_eager_is_no_leak(tf: Any) -> None:
    state = SimpleNamespace(mask=tf.ones(3), weight=tf.Variable(1.0))

    @functools.lru_cache
    def table(count: int) -> Any:
        return tf.range(count)

    table(3)

    @tf.function
    def step(x: Any) -> Any:
        return x * state.mask * state.weight * tf.cast(table(3), tf.float32)

    step(tf.ones(3))
    assert found(step) == set()


def test_the_tensors_of_a_functional_model_are_no_leak(tf: Any) -> None:
    import keras

    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    state = SimpleNamespace(model=model, inputs=inputs)

    @tf.function
    def step(x: Any) -> Any:
        return state.model(x)

    step(tf.ones((1, 3)))
    assert found(step) == set()
