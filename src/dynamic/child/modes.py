"""Records whether the source's graph functions run as graphs, and what switched that off (in the child process).

Four facts are recorded. Functions that are hybrid in the source report when Python enters their own code, eagerly or
during tracing; a running graph does not enter it. The function that ``Model.fit`` calls for each batch reports whether
its model runs eagerly. The debugging switches report the lines that set them. And the calls of Keras' own loops
(``Model.predict``) are counted and timed by their line: each call has the cost of setting up a loop.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from ... import tensorflow_internals
from ...sandbox.child import fitting
from ...sandbox.child.child import Child
from ...sandbox.child.clock import perf_counter
from .effects import Project

#: The caller of functions that a batch calls, and the step of a script that trains with ``Model.fit``.
FIT = "Model.fit"
#: At most this many lines of the project are reported for a switch, innermost first, and at most this many switches.
MOST_LINES, MOST_THROWS = 4, 40
#: Keras' loops that scripts call for a batch, and how many calling lines are recorded.
LOOPS, MOST_CALLERS = ("predict", "evaluate"), 40
_FUNCTIONS = ("run_functions_eagerly", "experimental_run_functions_eagerly")
_VERSION_1 = ("disable_eager_execution", "disable_v2_behavior")


class Modes:
    """The record of how the script's graph code runs."""

    def __init__(self, child: Child, project: Project, training: Callable[[], AbstractContextManager[None]]) -> None:
        self.project = project
        self.training = training
        self.eager: Counter[str] = Counter()
        self.in_batches: Counter[str] = Counter()
        self.traced: Counter[str] = Counter()
        self.batches: dict[str, dict[str, float]] = {}
        self.thrown: list[dict[str, Any]] = []
        self.loops: dict[tuple[str, str], dict[str, float]] = {}
        self._local = threading.local()
        child.enter = self.enter
        child.finder.after("tensorflow", self._watch_tensorflow)
        for package in tensorflow_internals.KERAS:
            child.finder.after(package, functools.partial(self._watch_keras, package))
        fitting.hook(child.finder, self._fit)

    def enter(self, function: str) -> None:
        """Record that Python enters the code of a function."""
        tensorflow = sys.modules.get("tensorflow")
        if tensorflow is not None and tensorflow.executing_eagerly():
            self.eager[function] += 1
            if getattr(self._local, "in_batch", False):
                self.in_batches[function] += 1
        else:
            self.traced[function] += 1

    def report(self) -> dict[str, Any]:
        """The record so far, in the form that is sent to the parent."""
        return {
            "eager": dict(self.eager),
            "in_batches": dict(self.in_batches),
            "traced": dict(self.traced),
            "batches": {name: dict(row) for name, row in self.batches.items()},
            "thrown": list(self.thrown),
            "loops": [{"name": name, "place": place, **row} for (name, place), row in self.loops.items()],
        }

    def _fit(self, model: Any, function: Callable[..., Any]) -> Callable[..., Any]:
        name = f"{type(model).__module__}.{type(model).__qualname__}"
        row = self.batches.setdefault(name, {"calls": 0, "eager": 0, "seconds": 0.0, "alone": 0})

        @functools.wraps(function)
        def batch(*args: Any, **kwargs: Any) -> Any:
            tensorflow = sys.modules["tensorflow"]
            row["calls"] += 1
            row["alone"] += sys._getframe(1).f_code.co_name == "train_on_batch"
            row["eager"] += bool(model.run_eagerly or tensorflow.config.functions_run_eagerly())
            with self.training():
                begun = perf_counter()
                self._local.in_batch = True
                try:
                    return function(*args, **kwargs)
                finally:
                    self._local.in_batch = False
                    row["seconds"] += perf_counter() - begun

        return batch

    def _throw(self, kind: str, name: str, on: bool) -> None:
        if len(self.thrown) < MOST_THROWS:
            self.thrown.append({"kind": kind, "name": name, "on": on, "places": self._places()})

    def _places(self) -> list[str]:
        """The project's lines on the stack, innermost first."""
        found: list[str] = []
        frame = sys._getframe(1)
        while frame is not None and len(found) < MOST_LINES:
            if self.project.owns(frame.f_code):
                found.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")
            frame = frame.f_back  # type: ignore[assignment]
        return found

    def _watch_tensorflow(self, module: Any) -> None:
        for api in (module, module.compat.v2, module.compat.v1):
            for name in _FUNCTIONS:
                self._watch(api.config, name, lambda name, args: self._throw("functions", name, _given(args)))
            self._watch(api.data.experimental, "enable_debug_mode", lambda name, _: self._throw("data", name, True))
        for name in _VERSION_1:
            self._watch(module.compat.v1, name, lambda name, _: self._throw("version 1", name, True))

    def _watch(self, owner: Any, name: str, note: Callable[[str, tuple[Any, ...]], None]) -> None:
        original = getattr(owner, name, None)
        if original is None or hasattr(original, "hybridize_original"):
            return

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            note(name, (*args, *kwargs.values()))
            return original(*args, **kwargs)

        watched.__dict__["hybridize_original"] = original
        setattr(owner, name, watched)

    def _watch_keras(self, package: str, _module: Any) -> None:
        trainer = tensorflow_internals.trainer(package)
        for name in LOOPS:
            self._time_loop(tensorflow_internals.batch_trainer(package), name)
        setting = getattr(trainer, "run_eagerly", None)
        if trainer is None or not isinstance(setting, property) or setting.fset is None:
            return
        throw, store = self._throw, setting.fset

        def set_run_eagerly(model: Any, value: Any) -> None:
            if value:
                throw("model", type(model).__qualname__, True)
            store(model, value)

        trainer.run_eagerly = property(setting.fget, set_run_eagerly, setting.fdel, setting.__doc__)
        if package == "tf_keras":
            # Its `compile` does not set the property.
            _watch_compile(trainer, throw)


    def _time_loop(self, trainer: Any, name: str) -> None:
        original = getattr(trainer, name, None)
        if original is None:
            return

        @functools.wraps(original)
        def timed(*args: Any, **kwargs: Any) -> Any:
            places = self._places()
            key = name, places[0] if places else ""
            if getattr(self._local, "in_loop", False) or not (key in self.loops or len(self.loops) < MOST_CALLERS):
                return original(*args, **kwargs)
            row = self.loops.setdefault(key, {"calls": 0, "seconds": 0.0})
            begun, self._local.in_loop = perf_counter(), True
            try:
                return original(*args, **kwargs)
            finally:
                self._local.in_loop = False
                row["calls"] += 1
                row["seconds"] += perf_counter() - begun

        setattr(trainer, name, timed)


def _watch_compile(trainer: Any, throw: Callable[[str, str, bool], None]) -> None:
    original = trainer.compile

    @functools.wraps(original)
    def compile(model: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("run_eagerly"):
            throw("model", type(model).__qualname__, True)
        return original(model, *args, **kwargs)

    trainer.compile = compile


def _given(args: tuple[Any, ...]) -> bool:
    return bool(args[0]) if args else False
