"""A role inside the child: runs candidates eager and as a graph from one state, and compares.

The files that this child runs carry the plan's edits, so the graph is the one that would be written. The
script goes on with what eager gave: the graph's results and writes are thrown away after each comparison.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ..sandbox.binding import bind, call_plain, disguise
from ..sandbox.child import Child
from .effects import Project
from .paths import PathNote
from .shadowing import Check, Shadow

CONSECUTIVE = 12


class Checker:
    """The hooks of a checking run."""

    def __init__(self, child: Child) -> None:
        self.child = child
        job = child.job
        self.project = Project([job["project"][1]], job.get("assigned_attributes", []))
        self.checks = {name: Check(name) for name in job["candidates"]}
        self.enough = job.get("enough", 40)
        self.stop_after = job.get("steps")
        self.busy = False
        self.ready = False
        self.thread: int | None = None
        self.begun: float | None = None

    def prepare(self, _module: Any) -> None:
        """Called when TensorFlow has been imported: track variables, give both sides one random stream."""
        from . import iterators, streams, variables

        iterators.track()
        variables.track()
        streams.install(self.child.job.get("seed") or 7)
        self.ready = True

    def wrap(self, candidate: str, function: Any) -> Callable[..., Any]:
        """The hook around one candidate: ``function`` is what the edited source made of it."""
        check = self.checks.get(candidate)
        original = getattr(function, "python_function", function)
        if check is None or original is function:
            return function  # type: ignore[no-any-return]
        graph = bind(function)
        self_check = self.call

        def checked(*args: Any, **kwargs: Any) -> Any:
            return self_check(check, function, graph, original, args, kwargs)

        return disguise(checked, original)

    def call(self, check: Check, function: Any, graph: Any, original: Any, args: Any, kwargs: Any) -> Any:
        """One call of a candidate: eager for the script, and in sampled calls the graph beside it."""
        tensorflow = sys.modules.get("tensorflow")
        if tensorflow is None or not self.ready or not tensorflow.executing_eagerly():
            return call_plain(original, args, kwargs)
        # One thread's calls are compared: the first one's that trains. Beside it nothing else may change state.
        self.thread = self.thread or threading.get_ident()
        if self.busy or threading.get_ident() != self.thread:
            return original(*args, **kwargs)
        self._boundary(check)
        check.calls += 1
        if self.begun is None:
            self.begun = time.perf_counter()
        if not check.open or not self._is_wanted(check):
            return self._eager_path(check, original, args, kwargs)
        self.busy = True
        PathNote.muted += 1
        try:
            return Shadow(self.project, check, function, graph, original, args, kwargs).run()
        finally:
            PathNote.muted -= 1
            self.busy = False

    def _is_wanted(self, check: Check) -> bool:
        """Compare the calls after the first, then ever rarer ones, and those after a path not yet compared."""
        if check.calls < 2:
            return False
        if check.pending > 0:
            check.pending -= 1
            return True
        if check.compared < CONSECUTIVE:
            return True
        return check.calls & (check.calls - 1) == 0 or check.calls % max(16, 2 * check.compared) == 0

    def _eager_path(self, check: Check, original: Any, args: Any, kwargs: Any) -> Any:
        """An eager call whose op sequence is noted: a path that was never compared asks for more comparisons."""
        if not check.open:
            return original(*args, **kwargs)
        with PathNote() as path:
            result = original(*args, **kwargs)
        if check.calls == 1:
            return result  # it builds what later calls find built: the cold run's matter
        check.paths[path.path] += 1
        if path.path not in check.compared_paths:
            check.pending = max(check.pending, 3)
        return result

    def _boundary(self, check: Check) -> None:
        done = self.stop_after is not None and check.calls >= self.stop_after
        if done or all(not c.open or (c.compared >= self.enough and c.retraced >= 3) for c in self.checks.values()):
            self.child.request_cut("every candidate had been checked often enough")
        self.child.boundary()

    def report(self) -> dict[str, Any]:
        """All checks so far."""
        return {"candidates": {name: check.as_dict() for name, check in self.checks.items()}}


def install(child: Child) -> None:
    """Make the child a checking run."""
    checker = Checker(child)
    child.wrap = checker.wrap
    child.summary = checker.report
    child.finish = checker.report
    child.finder.after("tensorflow", checker.prepare)
