"""The clock that a script reads: it can stand still, jump, and go at another rate, and looks like the real one."""

import datetime
import pickle
import time

import pytest

from hybridize.sandbox.child.clock import Clock

DATETIME = datetime.datetime


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    for name in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(time, name, getattr(time, name))
        monkeypatch.setattr(time, f"{name}_ns", getattr(time, f"{name}_ns"))
    made = Clock()
    made.install()
    return made


@pytest.mark.parametrize("name", ["time", "monotonic", "perf_counter"])
def test_each_way_to_read_the_time_jumps_and_stands_still(clock: Clock, name: str) -> None:
    read, read_ns = getattr(time, name), getattr(time, f"{name}_ns")
    begun, begun_ns = read(), read_ns()
    clock.jump(1000.0)
    assert 1000.0 <= read() - begun < 1100.0
    assert 1000 <= (read_ns() - begun_ns) / 1e9 < 1100
    clock.hide(500.0)
    assert 500.0 <= read() - begun < 600.0
    assert clock.reads == 5


def test_the_class_of_dates_is_left_alone(clock: Clock) -> None:
    """Extensions in C, pandas above all, have its layout compiled in."""
    assert datetime.datetime is DATETIME
    assert type(datetime.datetime.now()) is DATETIME


def test_nobody_who_looks_sees_another_clock(clock: Clock) -> None:
    """Pickled by name, asked for its name."""
    assert pickle.loads(pickle.dumps(time.time)) is time.time
    assert (time.time.__name__, time.time.__module__) == ("time", "time")


def test_a_clock_of_another_rate_tells_what_depends_on_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(rate=3.0)
    clock._real = {"time": iter([10_000_000_000]).__next__}
    clock._begun = {"time": 4_000_000_000}
    assert clock._now("time") == 22_000_000_000
