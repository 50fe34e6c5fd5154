"""A role inside the child: runs the script or a plan from a cold start, and writes down what it computes.

Run once for the original script and once for the plan, on one random stream and from one seed, the two
can be compared step by step: what the unit function returns, what the variables become, what is printed.
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
from ...sandbox.child.child import Child
from ...sandbox.child.clock import Clock, perf_counter
from . import symbolic
from .effects import Project

if TYPE_CHECKING:
    from .births import Births

SCALARS = 5000
LATEST = 500
# Zero: before the first step.
DIGESTS = (0, 1, 2, 3, 5, 8, 12, 20, 40, 80, 160, 320, 640)
# A unit that lasts so many times as long as the longest one before it, and so many seconds, is said to hang.
HANGS, HANG_SECONDS = 20, 30.0


@dataclass(frozen=True)
class Moves:
    """When a nudged run's variables are moved (before the unit of each number, from 0), and by how many epsilons."""

    before: range
    size: float


# A graph rounds otherwise from the first unit on, and in every unit; it may round once, or everywhere.
NUDGES = {1: Moves(range(1, 2), 1.0), 2: Moves(range(2), 4.0), 3: Moves(range(8), 1.0)}
# How fast the clock of a nudged run goes: what is printed, or done, by the clock differs then from run to run, whatever
# language it is named in. The first is near one, so that a script which trains by the clock trains about as long.
CLOCK_RATES = {1: 1.37, 2: 7.3, 3: 0.31}


@dataclass
class Pace:
    """When the unit under way was begun, in seconds since the process started, and how long the longest one took."""

    begun: float = 0.0
    longest: float = 0.0
    under_way: bool = False

    def begin(self, now: float) -> None:
        """A unit begins."""
        self.begun, self.under_way = now, True

    def end(self, now: float) -> None:
        """The unit is done."""
        self.longest, self.under_way = max(self.longest, now - self.begun), False

    @property
    def patience(self) -> float:
        """The seconds after which a unit is said to hang."""
        return max(HANG_SECONDS, HANGS * self.longest)

    def waited(self, now: float) -> float:
        """The seconds that a unit which hangs has taken; zero where none does."""
        lasted = now - self.begun
        return lasted if self.under_way and lasted >= self.patience else 0.0


def elapsed() -> float:
    """Seconds since this process started, as its deadline is counted."""
    return perf_counter() - process.started


class Replay:
    """The hook around the unit function."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.units = 0
        self.steps = child.job.get("steps")
        self.patience = [tuple(row) for row in child.job.get("patience", ())]
        self.deadline = self.limit = float(child.job.get("deadline_seconds", math.inf))
        self.pace = Pace()
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
        """Hook the unit; count the calls of the others, and keep them at hand to read their traces at the end."""
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
            finally:
                self._end()
            self.units += 1
            self._note(result)
            return result

        return disguise(unit, function)

    def _end_in_time(self) -> None:
        """Have the run cut where its units are done, or where it has done enough for the time that it took."""
        reached = min(self.reached.values(), default=2) >= 2
        if self.steps is not None and self.units >= self.steps and reached:
            self.child.request_cut(f"{self.units} steps were done")
        now = elapsed()
        for seconds, units in self.patience:
            if now >= seconds and self.units >= units:
                self.child.request_cut(f"its time was up after {self.units} steps")

    def _begin(self) -> None:
        """A unit begins. One that hangs is not waited for until the run's time is over."""
        self.pace.begin(elapsed())
        if self.units >= 2:
            self.limit = min(self.deadline, self.pace.begun + self.pace.patience)
            self.child.job["deadline_seconds"] = self.limit

    def _end(self) -> None:
        self.pace.end(elapsed())
        # A deadline that is another by now was set because the run is to end.
        if self.units >= 2 and self.child.job["deadline_seconds"] == self.limit:
            self.child.job["deadline_seconds"] = self.deadline

    def _count(self, candidate: str) -> None:
        if candidate in self.reached:
            tensorflow = sys.modules.get("tensorflow")
            # Inside of another's trace one call is all there will be.
            self.reached[candidate] += 1 if tensorflow is None or tensorflow.executing_eagerly() else 2

    def _nudge(self) -> None:
        from . import variables
        from .nudging import Nudge, is_inexact, is_whole

        # A counter that is kept as a float would be another count.
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
        except Exception as error:  # ours: it is no evidence, and must not end the run
            self.child.send("role_error", error=str(error), trace=f"{type(error).__name__}: {error}")

    def _keep_bound(self) -> None:
        """Hold on to the functions of each instance: they would go with it, before their traces are read."""
        try:
            for name, function in self.functions.items():
                self.bound.setdefault(name, set()).update(tensorflow_internals.bound_functions(function).values())
        except tensorflow_internals.MissingName as error:
            self.unread = str(error)

    def _read_traces(self) -> dict[str, Any]:
        """How often each edited function traced, and what its traces show."""
        try:
            return {name: _traces({f, *self.bound.get(name, ())}) for name, f in self.functions.items()}
        except tensorflow_internals.MissingName as error:
            self.unread = str(error)
            return {}

    def report(self) -> dict[str, Any]:
        """What was computed, and how often the edited functions traced."""
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
            "waited": self.pace.waited(elapsed()) if self.units >= 2 else 0.0,
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
    """The scalars in a result, in order: a step's loss and metrics, NaN and infinite ones as well. At most eight."""
    import numpy as np
    import tensorflow as tf

    found: list[float] = []
    try:
        leaves = tf.nest.flatten(result)
    except (TypeError, ValueError):
        return found
    for leaf in leaves:
        if isinstance(leaf, (tf.Tensor, tf.Variable, np.ndarray, np.generic, float)) and np.ndim(leaf) == 0:
            try:
                number = float(leaf)
            except (TypeError, ValueError, tf.errors.OpError):
                continue
            found.append(number)
    return found[:8]


def summaries_of(result: Any) -> list[float]:
    """For a result without scalars, of each tensor: mean and root mean square of its magnitudes, or a checksum."""
    import numpy as np
    import tensorflow as tf

    found: list[float] = []
    try:
        leaves = tf.nest.flatten(result, expand_composites=True)
    except (TypeError, ValueError):
        return found
    for leaf in leaves[:4]:
        if not isinstance(leaf, (tf.Tensor, np.ndarray)) or getattr(leaf, "dtype", None) in (tf.resource, tf.variant):
            continue
        array = np.asarray(leaf)
        if array.dtype.kind in "fc" or array.dtype.name == "bfloat16":
            wide = np.abs(array.astype(np.complex128))
            numbers = [float(np.mean(wide)), float(np.sqrt(np.mean(wide**2)))] if array.size else [0.0]
        else:
            # Below one: a whole number would be taken for a counter.
            numbers = [zlib.crc32(repr(array.tolist()).encode()) / 2**32]
        found += numbers
    return found


def _traces(functions: set[Any]) -> dict[str, Any]:
    """How often a function traced: itself, or for each of the instances that it is a method of."""
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
