"""Whether random numbers were drawn by the call, or by Python code that TensorFlow's threads ran beside it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from hybridize import tensorflow_internals
from hybridize.dynamic.child import pyfuncs
from hybridize.dynamic.child.pyfuncs import Window


def draw() -> None:
    random.random()
    np.random.rand()


def in_a_thread(function: Callable[[], Any]) -> None:
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


@pytest.fixture
def pipeline() -> Callable[[Callable[[], Any]], None]:
    """Runs a function as TensorFlow's threads run the Python code of a pipeline."""
    noted = pyfuncs._noting(lambda self, function: function())
    return lambda function: in_a_thread(lambda: noted(None, function))


@pytest.fixture
def amid() -> Iterator[Callable[[], Any]]:
    """A call of a pipeline that has begun; what is given ends it."""
    noted = pyfuncs._noting(lambda self: (begun.set(), over.wait()))
    begun, over = threading.Event(), threading.Event()
    thread = threading.Thread(target=noted, args=(None,))
    thread.start()
    begun.wait()

    def end() -> None:
        over.set()
        thread.join()

    yield end
    end()


def drew(window: Window) -> tuple[bool, bool]:
    return window.drew(0), window.drew(1)


def test_what_the_call_draws_is_seen_by_its_kind() -> None:
    window = Window()
    assert drew(window) == (False, False) and not window.ran
    random.random()
    assert drew(window) == (True, False)
    np.random.rand()
    assert drew(window) == (True, True) and not window.ran


def test_what_a_pipeline_draws_is_not_the_calls(pipeline: Any) -> None:
    window = Window()
    for _ in range(3):
        pipeline(draw)
    assert drew(window) == (False, False) and window.ran


def test_a_draw_between_two_of_a_pipelines_is_seen(pipeline: Any) -> None:
    window = Window()
    pipeline(draw)
    draw()
    pipeline(draw)
    assert drew(window) == (True, True)


def test_a_draw_after_a_pipelines_is_seen(pipeline: Any) -> None:
    window = Window()
    pipeline(draw)
    np.random.rand()
    assert drew(window) == (False, True)


def test_where_a_pipeline_is_amid_a_call_nobody_knows_who_drew(amid: Any, pipeline: Any) -> None:
    """A slow pipeline is always amid one: whoever draws then may be the call."""
    window = Window()
    assert drew(window) == (False, False) and window.ran, "nobody did"
    draw()
    assert drew(window) == (True, True)
    amid()
    assert drew(window) == (True, True), "nor when that is over"


def test_a_call_that_began_before_and_has_drawn_may_have_been_the_one(amid: Any) -> None:
    window = Window()
    amid()
    assert drew(window) == (False, False)
    before = Window()
    draw()
    assert drew(before) == (True, True)


def test_only_what_the_call_has_drawn_is_taken_back(pipeline: Any, amid: Any) -> None:
    begun = Window()
    draw()
    state = random.getstate()
    begun.restore()
    assert random.getstate() == state, "a pipeline that is amid a call may have drawn it"
    amid()
    window = Window()
    state, expected = np.random.get_state()[1].copy(), random.random()  # type: ignore[index]
    window.restore()
    assert random.random() == expected
    window = Window()
    pipeline(lambda: np.random.rand(700))
    window.restore()
    assert not np.array_equal(np.random.get_state()[1], state)  # type: ignore[index]


def test_what_a_pipeline_raises_reaches_tensorflow_and_ends_the_call() -> None:
    def fail(self: Any) -> None:
        draw()
        raise StopIteration

    window = Window()
    with pytest.raises(StopIteration):
        pyfuncs._noting(fail)(None)
    assert drew(window) == (False, False) and not pyfuncs._opened


def test_where_pipelines_can_not_be_watched_one_may_have_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: Any) -> None:
        raise tensorflow_internals.MissingName("a.name")

    monkeypatch.setattr(pyfuncs, "_blind", False)
    monkeypatch.setattr(tensorflow_internals, "wrap_registered_calls", missing)
    assert not Window().ran
    pyfuncs.track()
    assert Window().ran
