"""A cold run notes what it computes and how often the edited functions traced, or says that it can't."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.slow  # TensorFlow is imported

#: A project in which nothing lies: what a run has left in its modules is searched for at the end.
JOB = {"project": ("/project", "/project")}


@pytest.fixture
def replay(tf: Any, tracked: Any) -> Any:
    from hybridize.dynamic.child import replaying

    child: Any = SimpleNamespace(job=dict(JOB), boundary=lambda: None, send=lambda *a, **k: None)
    made = replaying.Replay(child)
    made.ready = True
    return made


def test_traces_are_counted(tf: Any, replay: Any) -> None:
    step = replay.wrap("unit", tf.function(lambda x: x + 1.0))
    for _ in range(3):
        step(tf.ones(2))
    seen = replay.report()
    assert seen["units"] == 3 and not seen["unread"]
    assert seen["traces"]["unit"] == {"count": 1, "fault": ""}


@pytest.mark.parametrize("name", ["_function_cache", "_descriptor_cache"])
def test_traces_that_can_not_be_read_are_told(tf: Any, replay: Any, lose: Any, name: str) -> None:
    """No sign of stale weights, where none could be looked for, is no evidence."""
    step = replay.wrap("unit", tf.function(lambda x: x + 1.0))
    lose(name)
    step(tf.ones(2))
    assert name in replay.report()["unread"]


def test_calls_of_the_unit_inside_of_what_may_be_converted_are_no_units(tf: Any) -> None:
    """In one arm such calls are part of a graph, and the other's must not be compared with those that are not."""
    from hybridize.dynamic.child import replaying

    job = {**JOB, "unit_id": "forward", "reach": ["step"], "within": ["step"]}
    units = {}
    for arm, convert in (("eager", lambda function: function), ("edited", tf.function)):
        made = replaying.Replay(SimpleNamespace(job=job, boundary=lambda: None, send=lambda *a, **k: None))  # type: ignore[arg-type]
        made.ready = True
        forward = made.wrap("forward", lambda x: x * 2.0)
        step = made.wrap("step", convert(lambda x, forward=forward: forward(x) + 1.0))
        for number in range(4):
            forward(tf.constant(float(number)))
            step(tf.constant(100.0))
        units[arm] = made.report()["scalars"]
    assert units["eager"] == units["edited"] == [[0.0], [2.0], [4.0], [6.0]]


@pytest.mark.parametrize(("nudge", "rate"), [(0, 1.0), (1, 1.37), (2, 7.3), (3, 0.31)])
def test_the_clock_of_a_nudged_run_goes_at_another_rate(
    monkeypatch: pytest.MonkeyPatch, nudge: int, rate: float
) -> None:
    """So a number that the clock decides differs from run to run, whatever language it is named in: "Zeit 3"."""
    import datetime
    import time

    from hybridize.dynamic.child import replaying

    for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"):
        monkeypatch.setattr(time, name, getattr(time, name))
    monkeypatch.setattr(datetime, "datetime", datetime.datetime)
    real = time.monotonic_ns
    finder = SimpleNamespace(after=lambda name, callback: None)
    child: Any = SimpleNamespace(job={**JOB, "nudge": nudge}, finder=finder, send=lambda *a, **k: None)
    replaying.install(child)
    begun, passed = time.monotonic_ns(), real()
    time.sleep(0.2)
    passed, shown = real() - passed, time.monotonic_ns() - begun
    assert shown / passed == pytest.approx(rate, rel=0.1)


# When a run ends before its units are done.


def test_a_run_that_has_done_enough_for_its_time_is_cut(tf: Any, replay: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from hybridize.dynamic.child import replaying

    now, cuts = [0.0], list[int]()
    monkeypatch.setattr(replaying, "elapsed", lambda: now[0])
    replay.child.request_cut = lambda reason: cuts.append(replay.units)
    replay.patience = [(20.0, 5), (30.0, 2)]
    replay.reached = {"show": 0}
    step = replay.wrap("unit", lambda x: x + 1.0)
    for seconds in (12.0, 14.0, 15.0, 16.0, 18.0, 19.0, 21.0):
        now[0] = seconds
        step(tf.ones(2))
    assert cuts == [6], "with a function that was not called yet it goes on for a while"
    replay.units = 1
    now[0] = 31.0
    for _ in range(2):
        step(tf.ones(2))
    assert cuts == [6, 2], "the first call builds: it goes on for one after it, whatever the time"


def test_a_unit_that_hangs_is_not_waited_for_until_the_time_is_over(
    tf: Any, replay: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hybridize.dynamic.child import replaying

    now, deadlines = [0.0], list[float]()
    monkeypatch.setattr(replaying, "elapsed", lambda: now[0])
    replay.deadline = 500.0

    def work(x: Any) -> Any:
        deadlines.append(replay.child.job.get("deadline_seconds", 500.0))
        now[0] += 4.0 if replay.units == 0 else 0.1
        return x

    step = replay.wrap("unit", work)
    for _ in range(3):
        step(tf.ones(2))
        now[0] += 100.0  # an evaluation: what comes between two units is no unit that hangs
    assert deadlines == [500.0, 500.0, pytest.approx(204.1 + 80.0)], "the first unit, with a trace, took 4 s"
    assert replay.child.job["deadline_seconds"] == 500.0
    assert replay.report()["waited"] == 0.0
    replay._begin()
    now[0] += 81.0
    assert replay.report()["waited"] == pytest.approx(81.0)


@pytest.mark.parametrize("hangs", [False, True], ids=["goes on", "hangs"])
def test_a_unit_that_is_unwound_while_it_hangs_is_reported(
    tf: Any, replay: Any, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    """A signal ends the run inside of the unit if it is Python that hangs: in a trace, a lock or a callback."""
    from hybridize.dynamic.child import replaying
    from hybridize.sandbox.child.child import StopRun

    now = [0.0]
    monkeypatch.setattr(replaying, "elapsed", lambda: now[0])
    replay.deadline = 500.0

    def work(x: Any) -> Any:
        now[0] += 0.1
        if replay.units == 3:
            now[0] += 40.0 if hangs else 3.0
            raise StopRun("the time for this run was up")
        return x

    step = replay.wrap("unit", work)
    with pytest.raises(StopRun):
        for _ in range(4):
            step(tf.ones(2))
    assert replay.report()["units"] == 3
    assert replay.report()["waited"] == (pytest.approx(40.1) if hangs else 0.0)


def test_a_variable_as_a_result_counts_by_its_value(tf: Any) -> None:
    """Of one that eager code returns, a graph returns the value."""
    from hybridize.dynamic.child.replaying import scalars_of, summaries_of

    for made in (tf.Variable(3.0), tf.keras.optimizers.Adam().iterations):
        made.assign(3)
        assert scalars_of((tf.constant(0.5), made)) == [0.5, 3.0]
    assert summaries_of(tf.Variable([1.0, -2.0])) == summaries_of(tf.constant([1.0, -2.0])) != []
