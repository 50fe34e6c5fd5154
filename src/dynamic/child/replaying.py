"""A role of the child: it runs the script or a plan from a cold start, and records what it computes.

The original script and the plan each run once, with the same random stream and seed. Then the runs can be compared step
by step: the results of the step function, the values of the variables, the output.
"""

from __future__ import annotations

import math
import os
import sys
import threading
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ... import tensorflow_internals
from ...sandbox.child import child as process
from ...sandbox.child import fitting
from ...sandbox.child.binding import bind, disguise, is_graph_function
from ...sandbox.child.child import Child, StopRun
from ...sandbox.child.clock import Clock, perf_counter
from . import symbolic
from .effects import Project

if TYPE_CHECKING:
    from .births import Births

SCALARS = 5000
LATEST = 500
# Zero: before the first step.
DIGESTS = (0, 1, 2, 3, 5, 8, 12, 20, 40, 80, 160, 320, 640)
# A step hangs if it takes HANGS times as long as the longest one before it, and at least HANG_SECONDS.
HANGS, HANG_SECONDS = 20, 30.0


@dataclass(frozen=True)
class Moves:
    """The perturbations of a nudged run: before the steps with these numbers, from 0, by ``size`` machine epsilons."""

    before: range
    size: float


# A graph rounds differently from the first step on, once or in every step: the three nudges imitate this.
NUDGES = {1: Moves(range(1, 2), 1.0), 2: Moves(range(2), 4.0), 3: Moves(range(8), 1.0)}
# The clock rates of nudged runs: output and actions that depend on the clock then differ from run to run, in any
# language. The first is near one, so that a script that trains for a fixed time trains about as long.
CLOCK_RATES = {1: 1.37, 2: 7.3, 3: 0.31}


@dataclass
class Pace:
    """The start of the running step, in seconds since the process started, and the seconds of the longest step."""

    begun: float = 0.0
    longest: float = 0.0
    under_way: bool = False

    def begin(self, now: float) -> None:
        """Record the start of a step."""
        self.begun, self.under_way = now, True

    def end(self, now: float) -> None:
        """Record the end of a step."""
        self.longest, self.under_way = max(self.longest, now - self.begun), False

    @property
    def patience(self) -> float:
        """The seconds after which a step counts as hanging."""
        return max(HANG_SECONDS, HANGS * self.longest)

    def waited(self, now: float) -> float:
        """The seconds that a hanging step has taken; zero if none hangs."""
        lasted = now - self.begun
        return lasted if self.under_way and lasted >= self.patience else 0.0


def elapsed() -> float:
    """Seconds since this process started; the deadline uses the same count."""
    return perf_counter() - process.started


class Replay:
    """The hook around the step function, and its record."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.units = 0
        self.steps = child.job.get("steps")
        self.patience = [tuple(row) for row in child.job.get("patience", ())]
        self.deadline = self.limit = float(child.job.get("deadline_seconds", math.inf))
        self.pace = Pace()
        # How long the step took in which the run was ended, beyond what steps usually take.
        self.hung = 0.0
        self.nudge = int(child.job.get("nudge", 0))
        self.scalars: list[list[float]] = []
        self.latest: deque[list[float]] = deque(maxlen=LATEST)
        self.digests: dict[int, dict[str, list[float]]] = {}
        self.functions: dict[str, Any] = {}
        self.bound: dict[str, set[Any]] = {}
        self.project = Project([child.job["project"][1]], child.job.get("assigned_attributes", []))
        self.reached = dict.fromkeys(child.job.get("reach", ()), 0)
        self.leaks: set[str] = set()
        self.unread = ""  # why the traces of the edited functions could not be read
        self.births: Births | None = None
        self.within = frozenset(child.job.get("within", ()))
        self.depth = threading.local()
        self.ready = False
        self.thread: int | None = None
        self.owner = os.getpid()

    def prepare(self, _module: Any) -> None:
        """Called when TensorFlow has been imported."""
        from . import streams, variables

        tensorflow_internals.probe()
        variables.track()
        if "births" in self.child.job:
            from .births import Births

            self.births = Births(**self.child.job["births"])
        streams.install_for(self.child.job)
        self.ready = True

    def wrap(self, candidate: str, function: Any) -> Callable[..., Any]:
        """Hook the step function; count the calls of other functions, and keep them to read their traces at the end."""
        if is_graph_function(function):
            self.functions[candidate] = function
        call = bind(function)
        if candidate != "unit" and candidate != self.child.job.get("unit_id"):

            def counted(*args: Any, **kwargs: Any) -> Any:
                self._count(candidate)
                if candidate not in self.within:
                    return call(args, kwargs)
                self.depth.now = depth = getattr(self.depth, "now", 0) + 1
                try:
                    return call(args, kwargs)
                finally:
                    self.depth.now = depth - 1

            return disguise(counted, function)

        def unit(*args: Any, **kwargs: Any) -> Any:
            tensorflow = sys.modules.get("tensorflow")
            here = (
                self.ready
                and self.thread in (None, threading.get_ident())
                and self.owner == os.getpid()
                and tensorflow is not None
                and tensorflow.executing_eagerly()
                and not getattr(self.depth, "now", 0)
            )
            if not here:
                return call(args, kwargs)
            self.thread = threading.get_ident()
            self._end_in_time()
            self.child.boundary()
            if self.units == 0:
                self._note_variables()
            if self.nudge and self.units in NUDGES[self.nudge].before:
                self._nudge()
            self._count(candidate)
            self._begin()
            try:
                result = call(args, kwargs)
            except StopRun:
                self.hung = self.pace.waited(elapsed())
                raise
            finally:
                self._end()
            self.units += 1
            self._note(result)
            return result

        return disguise(unit, function)

    def _end_in_time(self) -> None:
        """Cut the run if its steps are done, or if it has made enough steps for the time that it took."""
        reached = min(self.reached.values(), default=2) >= 2
        if self.steps is not None and self.units >= self.steps and reached:
            self.child.request_cut(f"{self.units} steps were done")
        now = elapsed()
        for seconds, units in self.patience:
            if now >= seconds and self.units >= units:
                self.child.request_cut(f"its time was up after {self.units} steps")

    def _begin(self) -> None:
        """Record the start of a step, and shorten the deadline so that a hanging step ends the run early."""
        self.pace.begin(elapsed())
        if self.units >= 2:
            self.limit = min(self.deadline, self.pace.begun + self.pace.patience)
            self.child.job["deadline_seconds"] = self.limit

    def _end(self) -> None:
        self.pace.end(elapsed())
        # A different deadline was set by a request to end the run; keep it.
        if self.units >= 2 and self.child.job["deadline_seconds"] == self.limit:
            self.child.job["deadline_seconds"] = self.deadline

    def _count(self, candidate: str) -> None:
        if candidate in self.reached:
            tensorflow = sys.modules.get("tensorflow")
            # Inside of another function's trace there is only one call, so it counts as two.
            self.reached[candidate] += 1 if tensorflow is None or tensorflow.executing_eagerly() else 2

    def _nudge(self) -> None:
        from . import variables
        from .nudging import Nudge, is_inexact, is_whole

        # Not a counter that is stored as a float: perturbed, it would count differently.
        state = {
            number: value
            for number, value in variables.snapshot().items()
            if is_inexact((array := variables.as_array(value)).dtype) and not is_whole(array)
        }
        with Nudge(state, seed=10 * self.nudge + self.units, size=NUDGES[self.nudge].size):
            pass

    def _note(self, result: Any) -> None:
        scalars = scalars_of(result)
        self.latest.append(scalars)
        if len(self.scalars) < SCALARS:
            self.scalars.append(scalars or summaries_of(result))
        self._note_variables()

    def _note_variables(self) -> None:
        from . import variables

        if self.units in DIGESTS:
            self.digests[self.units] = variables.digest(variables.snapshot())
            self._keep_bound()
            self._note_leaks()

    def _note_leaks(self) -> None:
        from . import leaks

        try:
            instances = [one for f in self.functions.values() for one in tensorflow_internals.bound_functions(f)]
            self.leaks |= leaks.find(self.functions.values(), instances, self.project)
        except tensorflow_internals.MissingName as error:
            self.unread = str(error)
        except Exception as error:  # our failure is no evidence, and must not end the run
            self.child.send("role_error", error=str(error), trace=f"{type(error).__name__}: {error}")

    def _keep_bound(self) -> None:
        """Keep the functions of each instance alive: they would die with it before their traces are read."""
        try:
            for name, function in self.functions.items():
                self.bound.setdefault(name, set()).update(tensorflow_internals.bound_functions(function).values())
        except tensorflow_internals.MissingName as error:
            self.unread = str(error)

    def _read_traces(self) -> dict[str, Any]:
        """For each edited function, the number of its traces and their fault."""
        try:
            return {name: _traces({f, *self.bound.get(name, ())}) for name, f in self.functions.items()}
        except tensorflow_internals.MissingName as error:
            self.unread = str(error)
            return {}

    def report(self) -> dict[str, Any]:
        """The record of the run, and the traces of the edited functions."""
        from . import histories, variables

        last: dict[str, list[float]] = {}
        recorded: dict[str, float | None] = {}
        if self.ready:
            last = variables.digest(variables.snapshot())
            self._keep_bound()
            self._note_leaks()
            recorded = histories.final_values() if self.child.job.get("finals") else {}
        return {
            "units": self.units,
            "waited": (self.hung or self.pace.waited(elapsed())) if self.units >= 2 else 0.0,
            "scalars": self.scalars,
            "latest": list(self.latest),
            "recorded": recorded,
            "digests": {str(unit): rows for unit, rows in self.digests.items()},
            "last": last,
            "reached": self.reached,
            "births": self.births.rows if self.births is not None else [],
            "leaks": sorted(self.leaks),
            "traces": self._read_traces(),
            "unread": self.unread,
        }


def scalars_of(result: Any) -> list[float]:
    """The first eight scalars in a result, in order (a step's loss and metrics), including NaN and infinite ones."""
    import numpy as np
    import tensorflow as tf

    found: list[float] = []
    for leaf in _leaves(result):
        if isinstance(leaf, (tf.Tensor, np.ndarray, np.generic, float)) and np.ndim(leaf) == 0:
            try:
                number = float(leaf)
            except (TypeError, ValueError, tf.errors.OpError):
                continue
            found.append(number)
    return found[:8]


def summaries_of(result: Any) -> list[float]:
    """For a result without scalars, of each of its first four tensors: mean and root mean square of the magnitudes, or
    a checksum if it is not floating-point.
    """
    import numpy as np
    import tensorflow as tf

    found: list[float] = []
    for leaf in tf.nest.flatten(_leaves(result), expand_composites=True)[:4]:
        if not isinstance(leaf, (tf.Tensor, np.ndarray)) or getattr(leaf, "dtype", None) in (tf.resource, tf.variant):
            continue
        array = np.asarray(leaf)
        if array.dtype.kind in "fc" or array.dtype.name == "bfloat16":
            wide = np.abs(array.astype(np.complex128))
            numbers = [float(np.mean(wide)), float(np.sqrt(np.mean(wide**2)))] if array.size else [0.0]
        else:
            # Scaled below one: a whole number would count as a counter.
            numbers = [zlib.crc32(repr(array.tolist()).encode()) / 2**32]
        found += numbers
    return found


def _leaves(result: Any) -> list[Any]:
    """The parts of a result, in order; of a variable its value, which is what a graph returns."""
    import tensorflow as tf

    from .variables import held_by

    try:
        leaves = tf.nest.flatten(result)
        variables = [held_by(leaf) for leaf in leaves]
        return [leaf if held is None else held.read_value() for leaf, held in zip(leaves, variables, strict=True)]
    except (TypeError, ValueError, tf.errors.OpError):
        return []


def _traces(functions: set[Any]) -> dict[str, Any]:
    """The number of traces of a function, or of a method's functions for all instances; and the first fault."""
    count = 0
    fault = ""
    for item in functions:
        try:
            count += int(item.experimental_get_tracing_count())
        except (AttributeError, TypeError):
            continue
        fault = fault or _fault(item)
    return {"count": count, "fault": fault}


def _fault(function: Any) -> str:
    try:
        cached = tensorflow_internals.cached_traces(function)
    except ValueError:
        return ""
    faults = (symbolic.fault(concrete.graph.get_operations()) for concrete in cached[:4])
    return next(filter(None, faults), "")


def install(child: Child) -> None:
    """Make the child a replaying run."""
    replay = Replay(child)
    if replay.nudge:
        Clock(CLOCK_RATES[replay.nudge]).install()
    child.wrap = replay.wrap
    child.finish = replay.report
    child.finder.after("tensorflow", replay.prepare)
    if "fit" in child.job:
        fitting.hook(child.finder, lambda model, function: replay.wrap(child.job["fit"], function))
