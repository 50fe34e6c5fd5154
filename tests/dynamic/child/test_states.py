"""Which state a call is made from: what it is given and what it reads, and nothing else, tells one from another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hybridize.dynamic.child.evidence import Check

pytestmark = pytest.mark.slow  # TensorFlow is imported


def mark(tf: Any, *arguments: Any, read: Any = None, check: Check | None = None, key: Any = "key") -> int:
    from hybridize.dynamic.child import states

    return states.mark(check or Check("f"), (arguments, {}), key, read or {})


def test_arguments_tell_states_apart_by_value_also_within_containers(tf: Any) -> None:
    one, two = tf.constant([1.0, 2.0]), tf.constant([1.0, 3.0])
    assert mark(tf, one) == mark(tf, tf.identity(one)) != mark(tf, two)
    ragged = tf.RaggedTensor.from_tensor
    for around in (lambda x: [x], lambda x: {"a": (x,)}, lambda x: x.numpy(), lambda x: ragged([x])):
        assert mark(tf, around(one)) == mark(tf, around(tf.identity(one))) != mark(tf, around(two))
    assert mark(tf, tf.constant(["a"])) != mark(tf, tf.constant(["b"]))
    assert mark(tf, np.array(["a", "b"], object)) != mark(tf, np.array(["a", "c"], object))
    assert mark(tf, np.arange(1 << 18)) != mark(tf, np.arange(1 << 18)[::-1])
    assert mark(tf, one, key="key") != mark(tf, one, key="another signature")


def test_of_the_variables_only_what_is_read_counts(tf: Any, tracked: Any) -> None:
    from hybridize.dynamic.child import states

    given, captured, other = (tf.Variable([float(n)]) for n in range(3))
    check = Check("f")
    check.prints["key"] = (SimpleNamespace(resources={id(captured.handle)}), 1)

    def state(key: str = "key") -> int:
        arguments = (([given],), {})
        read = states.read(check, key, arguments, tracked.snapshot())
        assert not states.reads_nothing(check, arguments, read)
        return states.mark(check, arguments, key, read)

    before = state()
    other.assign_add([1.0])
    assert state() == before
    captured.assign_add([1.0])
    moved = state()
    assert moved != before
    given.assign_add([1.0])
    assert state() != moved
    unknown = state("another")
    captured.assign_add([1.0])
    assert state("another") == unknown, "what a trace reads is known of that trace alone"


def test_where_iterators_are_advanced_each_call_is_a_state(tf: Any) -> None:
    check = Check("f")
    first = mark(tf, check=check)
    check.calls += 1
    assert mark(tf, check=check) == first
    check.advances_iterators = True
    second = mark(tf, check=check)
    check.calls += 1
    assert mark(tf, check=check) != second


def test_without_a_tensor_a_variable_or_an_iterator_there_is_one_state(tf: Any) -> None:
    from hybridize.dynamic.child import states

    check = Check("f")
    assert states.reads_nothing(check, ((3, "a", object()), {}), {})
    assert not states.reads_nothing(check, ((), {"x": [tf.ones(1)]}), {})
    assert not states.reads_nothing(check, ((), {}), {1: object()})
    check.advances_iterators = True
    assert not states.reads_nothing(check, ((), {}), {})
