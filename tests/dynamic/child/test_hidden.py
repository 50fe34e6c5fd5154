"""State in C: what is known tells it without being disturbed, of the rest it is said that it can't be seen."""

from __future__ import annotations

import contextvars
import datetime
import io
import queue
import sqlite3
import sys
import threading
import types
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridize.dynamic.child import hidden
from hybridize.dynamic.child.marks import Unseen


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("a method of the user's was called")


def variable() -> contextvars.ContextVar[int]:
    made: contextvars.ContextVar[int] = contextvars.ContextVar("made")
    made.set(1)
    return made


def row(kind: Any = "i4") -> Any:
    return np.zeros(2, [("count", kind)])[0]


@pytest.mark.parametrize(
    ("make", "change"),
    [
        (io.StringIO, lambda x: x.write("a")),
        (io.BytesIO, lambda x: x.write(b"a")),
        (queue.SimpleQueue, lambda x: x.put(1)),
        (threading.Lock, lambda x: x.acquire()),
        (variable, lambda x: x.set(2)),
        (lambda: memoryview(bytearray(b"ab")), lambda x: x.__setitem__(0, 0)),
        (row, lambda x: x.__setitem__("count", 5)),
        (lambda: np.rec.array([(1, 2.0)], names="a,b")[0], lambda x: setattr(x, "a", 5)),
        (lambda: row("O"), lambda x: x.__setitem__("count", [])),
        (lambda: np.zeros(3).flat, next),
    ],
)
def test_another_state_has_another_mark(make: Callable[[], Any], change: Callable[[Any], Any]) -> None:
    value = make()
    before = hidden.mark(value)
    assert before is not None and hidden.mark(value) == before
    change(value)
    assert hidden.mark(value) != before


@pytest.mark.parametrize("value", [1, "a", datetime.date(2020, 1, 1), types.SimpleNamespace(), np.float32(1), object()])
def test_what_keeps_nothing_in_c_has_no_mark(value: Any) -> None:
    assert hidden.mark(value) is None


def test_an_object_larger_than_its_attributes_is_unseen() -> None:
    with pytest.raises(Unseen):
        hidden.mark(sqlite3.connect(":memory:"))


@pytest.mark.parametrize("make", [io.StringIO, io.BytesIO])
def test_a_stream_is_put_back_with_its_place(make: Any) -> None:
    text: Any = "one two" if make is io.StringIO else b"one two"
    stream = make(text)
    stream.seek(3)
    before = hidden.mark(stream)
    stream.write(text)
    hidden.restore(stream, before)
    assert hidden.mark(stream) == before and stream.getvalue() == text and stream.tell() == 3
    stream.close()
    hidden.restore(stream, before)  # nothing can be put back there
    assert hidden.mark(stream) == "closed"


class Log(io.TextIOWrapper):
    writable = __eq__ = __bool__ = refuse  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


def test_a_file_of_the_users_class_is_asked_nothing(tmp_path: Path) -> None:
    with open(tmp_path / "log.txt", "wb") as raw:
        file = Log(raw)
        before = hidden.mark(file)
        io.TextIOWrapper.write(file, "line")
        assert hidden.mark(file) != before
        io.TextIOWrapper.detach(file)


def test_what_a_process_prints_on_is_noted_elsewhere() -> None:
    assert hidden.mark(sys.__stdout__) is None


def test_what_lies_inside_is_given() -> None:
    held: Any = type("Held", (), {})()
    here = [
        {"a": held}.values(),
        weakref.ref(held),
        ValueError(held),
        [held].append,
    ]
    for value in here:
        found = hidden.inside(value)
        assert any(item is held or held in getattr(item, "values", lambda each=item: each)() for item in found)
    holding = row("O")
    holding["count"] = held
    assert hidden.inside(holding) == [held] and hidden.inside(row()) == []
