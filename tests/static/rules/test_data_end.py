"""Where the end of the data is handled, a step that takes its batch itself is refused, and the rest of it proposed."""

from __future__ import annotations

import pytest

STEP = """
    weights = tf.Variable(tf.ones([3]))

    def step(batches):
        x = {taken}
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(weights * x))
        weights.assign_sub(0.1 * tape.gradient(loss, weights))
        return loss
"""
LOOP = """
    def fit(batches):
        while True:
            loss = step(batches)

    batches = iter(tf.data.Dataset.from_tensors(tf.ones([3])))
    try:
        fit(batches)
    except {error}:
        pass
"""


def refused(script, taken: str = "next(batches)", error: str = "StopIteration") -> list[str]:
    scan = script(STEP.format(taken=taken) + LOOP.format(error=error)).scan()
    return [each.qualname for each in scan.functions if each.blocker is not None and each.blocker.code == "HYB216"]


@pytest.mark.slow
@pytest.mark.parametrize("error", ["StopIteration", "(KeyError, StopIteration)", "StopIteration as end"])
def test_the_handler_may_be_further_up(script, error):
    assert refused(script, error=error) == ["step", "fit"]


@pytest.mark.parametrize(
    "error", ["(StopIteration, tf.errors.OutOfRangeError)", "Exception", "KeyError", "tf.errors.OpError"]
)
def test_a_handler_of_both_errors_or_of_neither_is_none(script, error):
    assert not refused(script, error=error)


@pytest.mark.parametrize("taken", ["next(batches, None)", "batches.get_next()"])
def test_what_raises_nothing_or_the_same_is_left(script, taken):
    assert not refused(script, taken=taken)


def test_what_is_suppressed_is_handled(script):
    suppressed = """
    import contextlib

    batches = iter(tf.data.Dataset.from_tensors(tf.ones([3])))
    with contextlib.suppress(StopIteration):
        while True:
            step(batches)
"""
    scan = script(STEP.format(taken="next(batches)") + suppressed).scan()
    step = next(each for each in scan.functions if each.qualname == "step" and each.region is None)
    assert step.blocker is not None and step.blocker.code == "HYB216"


def test_a_handler_beside_the_call_is_none(script):
    beside = """
    try:
        print("ready")
    except StopIteration:
        step(iter(tf.data.Dataset.from_tensors(tf.ones([3]))))
"""
    scan = script(STEP.format(taken="next(batches)") + beside).scan()
    assert not [each for each in scan.functions if each.blocker is not None and each.blocker.code == "HYB216"]


def test_the_rest_of_the_step_is_proposed(script):
    scan = script(STEP.format(taken="next(batches)") + LOOP.format(error="StopIteration")).scan()
    (region,) = [each.region for each in scan.functions if each.region is not None]
    assert region.parameters == ("x",) and region.results == ("loss",)
