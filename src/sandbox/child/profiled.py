"""A role: runs the script so that another process can sample where its time goes.

Each candidate is called through a short function whose code object carries the candidate's id. So the sampler
finds the same frame on the stack whether the candidate runs eagerly, as a graph, or as AutoGraph's converted code.
Nothing else is attached to the run.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from ..prctl import allow_tracing
from ..protocol import HOOK_FILE, WAITING
from .binding import bind, disguise
from .child import Child


class Gate:
    """Reports the start of training, and makes the script wait there until the sampler is ready.

    Training starts when the step function has returned ``opening_calls`` times: by then everything that happens
    once, such as tracing, is done.
    """

    def __init__(self, child: Child) -> None:
        self.unit: str = child.job["unit_id"]
        self.calls_left: int = child.job["opening_calls"]
        self.called = False
        self.open = False
        self._child = child
        self._lock = threading.Lock()
        self._wait = named(WAITING, lambda: child.receive())

    def call(
        self,
        candidate: str,
        call: Callable[[tuple[Any, ...], Mapping[str, Any]], Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Call a candidate while the gate is not open yet."""
        if candidate != self.unit or os.getpid() != self._child.owner or not _is_eager():
            return call(args, kwargs)
        with self._lock:
            first, self.called = not self.called, True
        if first:
            self._child.send("called")
        result = call(args, kwargs)
        with self._lock:
            self.calls_left -= 1
            last = self.calls_left == 0 and not self.open
            self.open = self.open or last
        if last:
            self._child.send("training")
            self._wait()
        return result


def named(name: str, function: Callable[..., Any]) -> FunctionType:
    """A copy of a Python function whose frames have the name ``name`` and the file `HOOK_FILE`."""
    assert isinstance(function, FunctionType)
    code = function.__code__.replace(co_name=name, co_qualname=name, co_filename=HOOK_FILE)
    made = FunctionType(code, function.__globals__, name, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def install(child: Child) -> None:
    """Let the child be sampled, with each candidate's calls under the candidate's id."""
    allow_tracing()
    gate = Gate(child)

    def wrap(candidate: str, function: Any) -> Callable[..., Any]:
        call = bind(function)

        def passed(*args: Any, **kwargs: Any) -> Any:
            if gate.open:
                return call(args, kwargs)
            return gate.call(candidate, call, args, kwargs)

        return disguise(named(candidate, passed), function)

    child.wrap = wrap


def _is_eager() -> bool:
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is None or bool(tensorflow.executing_eagerly())
