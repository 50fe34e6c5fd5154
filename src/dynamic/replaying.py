"""A role inside the child: runs the script or a plan from a cold start, and writes down what it computes.

Run once for the script as it stands and once for the plan, on one random stream and from one seed, the two
can be compared step by step: what the unit function returns, what the variables become, what is printed.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from ..sandbox.binding import bind, disguise, is_graph_function
from ..sandbox.child import Child

SCALARS = 5000
DIGESTS = (1, 2, 3, 5, 8, 12, 20, 40, 80, 160, 320, 640)


class Replay:
    """The hook around the unit function."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.units = 0
        self.steps = child.job.get("steps")
        self.nudge = bool(child.job.get("nudge"))
        self.scalars: list[list[float | None]] = []
        self.digests: dict[int, dict[str, list[float]]] = {}
        self.functions: dict[str, Any] = {}
        self.ready = False
        self.thread: int | None = None
        self.owner = os.getpid()

    def prepare(self, _module: Any) -> None:
        """Called when TensorFlow has been imported."""
        from . import streams, variables

        variables.track()
        streams.install(self.child.job.get("seed") or 7)
        self.ready = True

    def wrap(self, candidate: str, function: Any) -> Callable[..., Any]:
        """Hook the unit; keep the other edited functions at hand to read their traces at the end."""
        if is_graph_function(function):
            self.functions[candidate] = function
        if candidate != "unit" and candidate != self.child.job.get("unit_id"):
            return function  # type: ignore[no-any-return]
        call = bind(function)

        def unit(*args: Any, **kwargs: Any) -> Any:
            tensorflow = sys.modules.get("tensorflow")
            here = (
                self.ready
                and self.thread in (None, threading.get_ident())
                and self.owner == os.getpid()
                and tensorflow is not None
                and tensorflow.executing_eagerly()
            )
            if not here:
                return call(args, kwargs)
            self.thread = threading.get_ident()
            if self.steps is not None and self.units >= self.steps:
                self.child.request_cut(f"{self.units} units were done")
            self.child.boundary()
            if self.nudge and self.units == 1:
                self._nudge()
            result = call(args, kwargs)
            self.units += 1
            self._note(result)
            return result

        return disguise(unit, getattr(function, "python_function", function))

    def _nudge(self) -> None:
        from . import variables
        from .shadowing import Nudge

        with Nudge(variables.snapshot()):
            pass

    def _note(self, result: Any) -> None:
        from . import variables

        if len(self.scalars) < SCALARS:
            self.scalars.append(scalars_of(result))
        if self.units in DIGESTS:
            self.digests[self.units] = variables.digest(variables.snapshot())

    def report(self) -> dict[str, Any]:
        """What was computed, and how often the edited functions traced."""
        from . import variables

        last: dict[str, list[float]] = {}
        if self.ready:
            last = variables.digest(variables.snapshot())
        return {
            "units": self.units,
            "scalars": self.scalars,
            "digests": {str(unit): rows for unit, rows in self.digests.items()},
            "last": last,
            "traces": {name: _traces(function) for name, function in self.functions.items()},
        }


def scalars_of(result: Any) -> list[float | None]:
    """The floating-point scalars in a result, in order: a step's loss and metrics. At most eight."""
    import numpy as np
    import tensorflow as tf

    found: list[float | None] = []
    try:
        leaves = tf.nest.flatten(result)
    except (TypeError, ValueError):
        return found
    for leaf in leaves:
        if isinstance(leaf, (tf.Tensor, np.ndarray, np.generic, float)) and np.ndim(leaf) == 0:
            try:
                number = float(leaf)
            except (TypeError, ValueError, tf.errors.OpError):
                continue
            found.append(number if math.isfinite(number) else None)
    return found[:8]


def _traces(function: Any) -> dict[str, Any]:
    """How often a function traced, over all instances that it is a method of."""
    functions = [function, *list(getattr(function, "_descriptor_cache", {}).values())]
    count = 0
    stale = False
    for item in functions:
        try:
            count += int(item.experimental_get_tracing_count())
        except (AttributeError, TypeError):
            continue
        stale = stale or _is_stale(item)
    return {"count": count, "stale_weights": stale}


def _is_stale(function: Any) -> bool:
    from . import graphs

    try:
        cached = function._list_all_concrete_functions()
    except (AttributeError, ValueError):
        return False
    return any(graphs.fingerprint(concrete, lambda op: None).stale_weights for concrete in cached[:4])


def install(child: Child) -> None:
    """Make the child a replaying run."""
    replay = Replay(child)
    child.wrap = replay.wrap
    child.finish = replay.report
    child.finder.after("tensorflow", replay.prepare)
