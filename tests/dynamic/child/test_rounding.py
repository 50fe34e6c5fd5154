"""Whether rounding explains a difference: no wrong result is taken for it, whatever the function does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybridize.dynamic.child.effects import Project
from hybridize.dynamic.child.evidence import Check
from hybridize.dynamic.child.outside import Watch

pytestmark = pytest.mark.slow  # TensorFlow is imported

PROJECT = Project([str(Path(__file__).parent)], [])


def explain(function: Callable[..., Any], *args: Any, other: Any, check: Check | None = None) -> tuple[bool, list[str]]:
    """What is said of ``other``, a graph's result in place of the function's: whether it tells, and what is wrong."""
    from hybridize.dynamic.child import rounding, variables
    from hybridize.dynamic.child.comparing import Comparison, compare_results
    from hybridize.dynamic.child.shadowing import Shadow

    shadow = Shadow(PROJECT, Watch(PROJECT), check or Check("f"), function, None, function, args, {})
    shadow.positions = []
    shadow.before = variables.snapshot([])
    shadow.result = function(*args)
    after = variables.snapshot([])
    comparison = Comparison()
    compare_results(shadow.result, other, comparison)
    assert comparison.numeric and not comparison.mismatches
    telling = rounding.explain(shadow, comparison, after)
    return telling, comparison.mismatches


def test_a_difference_beyond_rounding_is_a_mismatch(tf: Any, tracked: Any, one_stream: Any) -> None:
    telling, wrong = explain(lambda x: x * 2.0, tf.constant([1.0]), other=tf.constant([2.01]))
    assert telling and len(wrong) == 1


def test_where_the_argument_s_rounding_decides_the_result_nothing_is_told(
    tf: Any, tracked: Any, one_stream: Any
) -> None:
    telling, wrong = explain(lambda x: tf.sin(x * 1e30), tf.constant([0.5]), other=tf.constant([0.1]))
    assert not telling and not wrong


def test_so_it_is_with_the_rounding_of_a_variable(tf: Any, tracked: Any, one_stream: Any) -> None:
    w = tf.Variable([0.5])
    telling, wrong = explain(lambda: tf.sin(w * 1e30), other=tf.constant([0.1]))
    assert not telling and not wrong


def test_a_place_that_rounding_leaves_alone_tells_what_is_wrong_beside_one_that_it_decides(
    tf: Any, tracked: Any, one_stream: Any
) -> None:
    telling, wrong = explain(
        lambda x: (tf.sin(x * 1e30), x * 2.0), tf.constant([0.5]), other=(tf.constant([0.1]), tf.constant([1.01]))
    )
    assert telling and len(wrong) == 1 and "[1]" in wrong[0]


def test_a_function_that_knows_its_argument_is_not_given_another(tf: Any, tracked: Any, one_stream: Any) -> None:
    x = tf.constant([0.5])
    telling, wrong = explain(lambda given: tf.sin(x * 1e30) if given is x else x * 0.0, x, other=tf.constant([0.1]))
    assert telling and len(wrong) == 1


def test_a_perturbed_run_that_raises_is_a_doubt(tf: Any, tracked: Any, one_stream: Any) -> None:
    check, calls = Check("f"), list[int]()

    def once(x: Any) -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise ValueError("again")
        return x * 2.0

    _, wrong = explain(once, tf.constant([1.0]), other=tf.constant([2.01]), check=check)
    assert wrong and "ValueError" in check.doubts["nudge"]
