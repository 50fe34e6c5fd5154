"""Which trace answers a call, by variant: it is that one which is traced again and compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # TensorFlow is imported


def key_of(function: Any, seen: dict[Any, Any], *args: Any) -> tuple[Any, Any]:
    from hybridize.dynamic.child import signatures
    from hybridize.dynamic.child.relaxing import trace_of

    own = tuple(signatures.key(arg) for arg in args)
    key, relaxed, _ = trace_of(function, seen, own, args, {})
    return key, relaxed


def test_a_bare_function_has_a_trace_for_each_signature(tf: Any) -> None:
    function, seen = tf.function(lambda x: x), {}
    first, args = key_of(function, seen, tf.ones(2))
    assert args[0] is not None and first != key_of(function, seen, tf.ones(3))[0]


def test_an_input_signature_has_one(tf: Any) -> None:
    function = tf.function(lambda x: x, input_signature=[tf.TensorSpec([None])])
    assert key_of(function, {}, tf.ones(2))[0] == key_of(function, {}, tf.ones(3))[0]


def test_relaxed_shapes_come_under_one_trace_once_they_have_varied(tf: Any) -> None:
    function, seen = tf.function(lambda x, k: x * k, reduce_retracing=True), {}
    one, _ = key_of(function, seen, tf.ones([2, 3]), 1.0)
    two, args = key_of(function, seen, tf.ones([4, 3]), 1.0)
    assert one != two and args[0] == tf.TensorSpec([None, 3]) and args[1] == 1.0
    assert key_of(function, seen, np.ones((7, 3), "float32"), 1.0)[0] == two
    assert key_of(function, seen, tf.ones([7, 3]), 2.0)[0] != two, "a number is not relaxed"
    other, args = key_of(function, seen, tf.ones([7, 3], tf.float64), 1.0)
    assert other != two and args[0].shape == [7, 3]


def test_the_relaxed_arguments_can_be_traced_with(tf: Any) -> None:
    function, seen = tf.function(lambda pair, k: pair["a"] * k, reduce_retracing=True), {}
    for size in (2, 3):
        _, args = key_of(function, seen, {"a": tf.ones(size)}, 2.0)
    assert function.get_concrete_function(*args).structured_outputs.shape == [None]
