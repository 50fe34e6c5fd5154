"""The comparison of one call: whatever the graph does, the script goes on as eager left it, and no fault agrees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridize.dynamic.child.effects import Project
from hybridize.dynamic.child.evidence import Check
from hybridize.dynamic.child.outside import Watch
from hybridize.dynamic.child.owners import Owner
from hybridize.dynamic.child.paths import PathNote

pytestmark = pytest.mark.slow  # TensorFlow is imported

#: Compares one call of a function with a graph, which may be another one than the function's, and gives what is known.
Compare = Callable[..., Any]
PROJECT = Project([str(Path(__file__).parent)], [])


@pytest.fixture
def compare(tf: Any, tracked: Any, one_stream: Any) -> Iterator[Compare]:
    from tensorflow.python.data.ops import iterator_ops
    from tensorflow.python.ops import script_ops

    from hybridize.dynamic.child import iterators, pyfuncs
    from hybridize.dynamic.child.shadowing import Shadow
    from hybridize.sandbox.child.binding import bind

    original, called = iterator_ops.OwnedIterator.__init__, script_ops.FuncRegistry.__call__
    iterators.track()
    pyfuncs.track()

    def run(function: Callable[..., Any], *args: Any, graph: Any = None, check: Check | None = None) -> Any:
        made = tf.function(function)
        known = check or Check("f")
        known.calls += 1
        shadow = Shadow(PROJECT, Watch(PROJECT), known, made, graph or bind(made), function, args, {})
        shadow.owner = Owner(0)
        PathNote.muted += 1
        try:
            known.result = shadow.run()  # type: ignore[attr-defined]
        finally:
            PathNote.muted -= 1
        return known

    yield run
    iterator_ops.OwnedIterator.__init__ = original
    script_ops.FuncRegistry.__call__ = called
    iterators._known.clear()


class Training:
    """A step that moves its variable, and graphs of it with a fault."""

    def __init__(self, tf: Any) -> None:
        self.tf = tf
        self.w, self.other = tf.Variable([1.0, 2.0]), tf.Variable([5.0])
        self.x = tf.constant([3.0, 4.0])
        self.calls = 0

        def step(x: Any) -> Any:
            self.w.assign_add(0.5 * x)
            return self.w * x

        self.step = step

    def compared(self, compare: Compare, graph: Any = None) -> Any:
        """The step, compared; the process must then be in the state after the eager call."""
        seen = compare(self.step, self.x, graph=None if graph is None else lambda args, kwargs: graph(*args, **kwargs))
        assert self.w.numpy().tolist() == [2.5, 4.0] and self.other.numpy().tolist() == [5.0]
        assert seen.result.numpy().tolist() == [7.5, 16.0]
        return seen


@pytest.fixture
def training(tf: Any, compare: Compare) -> Training:
    return Training(tf)


def test_a_graph_that_does_the_same_agrees_and_its_writes_are_taken_back(compare: Compare, training: Training) -> None:
    seen = training.compared(compare)
    assert not seen.refutations and not seen.doubts
    assert (seen.compared, seen.states, seen.traces, seen.max_error) == (1, 1, 1, 0.0)


FAULTS: dict[str, tuple[Callable[[Training, Any], Any], str]] = {
    "another number": (lambda t, x: t.step(x) + 1.0, "differs"),
    "a number that is hardly another": (lambda t, x: t.step(x) * 1.01, "differs"),
    "another number in one place": (lambda t, x: t.step(x) + t.tf.constant([0.0, 1.0]), "differs"),
    "another sign of infinity": (lambda t, x: t.step(x) * np.inf, "differs"),
    "no number": (lambda t, x: t.step(x) * np.nan, "differs"),
    "another type": (lambda t, x: t.tf.cast(t.step(x), t.tf.float64), "differs"),
    "another shape": (lambda t, x: t.step(x)[None], "differs"),
    "another structure": (lambda t, x: (t.step(x),), "differs"),
    "no result": (lambda t, x: [t.step(x), None][1], "differs"),
    "the variable is not moved": (lambda t, x: (t.w + 0.5 * x) * x, "differs"),
    "the variable is moved too far": (lambda t, x: [t.step(x), t.w.assign_add(x)][0], "differs"),
    "another variable is moved as well": (lambda t, x: [t.step(x), t.other.assign([6.0])][0], "differs"),
    "it raises": (lambda t, x: [t.step(x), 1 / 0][0], "raised"),
    "it prints": (lambda t, x: [t.step(x), print("traced")][0], "effect"),
    "it changes Python state": (lambda t, x: [t.step(x), setattr(t, "calls", 1)][0], "effect"),
    "it makes a variable": (lambda t, x: [t.step(x), t.tf.Variable(1.0)][0], "creation"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_graph_with_a_fault_is_refuted_and_leaves_nothing_behind(
    name: str, compare: Compare, training: Training, capsys: pytest.CaptureFixture[str]
) -> None:
    fault, code = FAULTS[name]
    seen = training.compared(compare, lambda x: fault(training, x))
    assert [*seen.refutations] == [code], seen.refutations
    assert seen.compared == 0
    assert training.calls == 0


def test_a_fault_that_shows_in_the_variables_alone_names_one(compare: Compare, training: Training) -> None:
    seen = training.compared(compare, lambda x: [training.step(x), training.other.assign([6.0])][0])
    assert "variable" in seen.refutations["differs"].lower()


# What the script sees


def test_the_error_of_the_script_is_the_very_one_and_what_was_done_before_it_stays(tf: Any, compare: Compare) -> None:
    w, error = tf.Variable(1.0), ValueError("mine")

    def step() -> Any:
        w.assign_add(1.0)
        raise error

    with pytest.raises(ValueError) as caught:
        compare(step, check=(check := Check("f")))
    assert caught.value is error and w.numpy() == 2.0
    assert check.compared == 0, "nothing was computed to the end"


def test_a_graph_that_raises_none_where_eager_does_is_refuted(tf: Any, compare: Compare) -> None:
    def step() -> Any:
        raise ValueError("mine")

    with pytest.raises(ValueError):
        compare(step, graph=lambda args, kwargs: tf.constant(1.0), check=(check := Check("f")))
    assert [*check.refutations] == ["raised"]


def test_the_result_is_the_object_that_the_function_gave(tf: Any, compare: Compare) -> None:
    given = tf.constant([1.0])
    assert compare(lambda: [given + 1.0, given][1]).result is given


def test_a_data_set_s_iterator_goes_on_where_the_call_has_left_it(tf: Any, compare: Compare) -> None:
    check, iterator = Check("f"), iter(tf.data.Dataset.range(9))

    def step() -> Any:
        return next(iterator) * 2

    results = [int(compare(step, check=check).result) for _ in range(3)]
    assert results == [0, 2, 4] and int(next(iterator)) == 3
    assert check.compared >= 1 and not check.refutations
    assert int(compare(step, check=check, graph=lambda args, kwargs: [step(), step()][0]).result) == 8
    assert int(next(iterator)) == 5, "also where the graph took more"


STAGES = ("_look", "_judge", "_trace_again", "_compare", "_traces", "_note_traces")


@pytest.mark.parametrize("stage", STAGES)
def test_a_failure_of_ours_is_a_doubt_and_leaves_the_state_of_the_script(
    stage: str, compare: Compare, training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hybridize.dynamic.child.shadowing import Shadow

    def fail(*_: Any, **__: Any) -> Any:
        training.w.assign([9.0, 9.0]) if stage not in ("_look", "_judge") else None
        raise RuntimeError("ours")

    monkeypatch.setattr(Shadow, stage, fail)
    seen = training.compared(compare)
    assert "RuntimeError" in seen.doubts["own"] and not seen.refutations and seen.compared == 0


# What is no evidence


def test_a_call_that_computes_nothing_is_none(compare: Compare) -> None:
    seen = compare(lambda: None)
    assert seen.compared == 0 and not seen.refutations


def test_where_rounding_decides_what_comes_out_agreement_is_none(tf: Any, compare: Compare) -> None:
    x = tf.constant([0.5], tf.float32)
    seen = compare(lambda x: tf.sin(x * 1e30), x, graph=lambda args, kwargs: tf.sin(args[0] * 1e30) + 0.1)
    assert seen.compared == 0


def test_equal_results_from_the_state_before_the_call_are_not_taken_for_the_same_step(
    compare: Compare, training: Training
) -> None:
    """The graph must start where the eager call did: a step that reads what that has written would differ."""
    seen = training.compared(compare, lambda x: training.step(x) if training.w.numpy()[0] == 1.0 else None)
    assert not seen.refutations and seen.compared == 1
