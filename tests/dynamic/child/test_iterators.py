"""Iterators over tf.data pipelines are put back where that can be had, and where not, it is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # TensorFlow is imported


@pytest.fixture
def iterators(tf: Any) -> Iterator[Any]:
    from tensorflow.python.data.ops import iterator_ops

    from hybridize.dynamic.child import iterators

    original = iterator_ops.OwnedIterator.__init__
    iterators.track()
    yield iterators
    iterator_ops.OwnedIterator.__init__ = original
    iterators._known.clear()


def take(iterator: Any, count: int = 3) -> list[Any]:
    return [np.asarray(next(iterator)).tolist() for _ in range(count)]


@pytest.mark.parametrize(
    "pipeline",
    [
        lambda data: data,
        lambda data: data.batch(2),
        lambda data: data.shuffle(20, seed=1),
        lambda data: data.shuffle(20),
        lambda data: data.repeat().batch(3),
        lambda data: data.map(lambda n: n * 2).prefetch(2),
        lambda data: data.filter(lambda n: n % 2 == 0).take(10),
        lambda data: data.map(lambda n: n + 1, num_parallel_calls=2).batch(2).prefetch(1),
        lambda data: data.cache().window(2).flat_map(lambda w: w.batch(2)),
    ],
)
def test_an_iterator_is_put_back(tf: Any, iterators: Any, pipeline: Any) -> None:
    iterator = iter(pipeline(tf.data.Dataset.range(60)))
    take(iterator, 2)
    state = iterators.snapshot()
    assert state is not None
    first = take(iterator)
    iterators.restore(state)
    assert take(iterator) == first
    iterators.restore(state)
    assert take(iterator) == first, "more than once"


def test_several_iterators_are_put_back_together(tf: Any, iterators: Any) -> None:
    one, other = iter(tf.data.Dataset.range(60)), iter(tf.data.Dataset.range(100, 160))
    take(other)
    state = iterators.snapshot()
    first = take(one), take(other)
    iterators.restore(state)
    assert (take(one), take(other)) == first


def test_a_pipeline_with_python_in_it_is_said_not_to_go_back(tf: Any, iterators: Any) -> None:
    def generate() -> Iterator[int]:
        yield from range(10)

    data = tf.data.Dataset.from_generator(generate, output_signature=tf.TensorSpec((), tf.int32))
    iterator = iter(data)
    take(iterator)
    assert iterators.snapshot() is None
    assert take(iterator) == [3, 4, 5], "and asking has not advanced it"


def test_an_iterator_that_is_gone_is_forgotten(tf: Any, iterators: Any) -> None:
    import gc

    iterator = iter(tf.data.Dataset.range(3))
    assert len(iterators.snapshot()) == 1
    del iterator
    gc.collect()
    assert iterators.snapshot() == []
