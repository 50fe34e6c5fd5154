"""A role of the child: it runs candidates eagerly and as a graph from the same state, and compares them.

The files of this child have the plan's edits, so the graph is the one that would be written. The script
continues with the eager results: the graph's results and writes are discarded after each comparison.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from ... import tensorflow_internals
from ...sandbox.child.binding import bind, call_plain, disguise
from ...sandbox.child.child import Child
from ...sandbox.child.clock import Clock, perf_counter
from ..rows import SETTLED_COMPARED, SETTLED_RETRACED
from .calls import introduce
from .effects import Project
from .evidence import SIGNATURES, Check, Rehearsed
from .outside import Watch
from .owners import Owner
from .paths import PathNote
from .shadowing import Shadow
from .stability import Stability

CONSECUTIVE = 12
# The share of the run's time for repeating the calls of rare candidates.
REHEARSING_SHARE = 0.4


class Checker:
    """The hooks of a checking run."""

    def __init__(self, child: Child) -> None:
        self.child = child
        job = child.job
        self.project = Project([job["project"][1]], job.get("assigned_attributes", []))
        self.watch = Watch(self.project)
        self.checks = {name: Check(name) for name in job["candidates"]}
        for name, check in self.checks.items():
            check.stability = Stability(self.project, job.get("reads", {}).get(name), job.get("unfinished", False))
            check.results_read = job.get("results_read", {}).get(name, ())
        for name, number in job.get("signatures", {}).items():
            self.checks[name].expected_signatures = number
        for name, calls in job.get("rare", {}).items():
            self.checks[name].rehearsal = Rehearsed(calls)
        self.rehearsing_seconds = REHEARSING_SHARE * job["deadline_seconds"]
        self.enough = job.get("enough", 40)
        #: Candidates with little time: after ``patience`` seconds the run does not wait for them.
        self.minor, self.patience = frozenset(job.get("minor", ())), job.get("patience", 0.0)
        self.thrift: tuple[float, int] | None = job.get("thrift")
        self.stop_after = job.get("steps")
        self.busy = False
        self.running: list[str] = []  # the candidates with running calls, outermost first
        self.live = False  # whether the script's own call runs inside of a comparison
        self.ready = False
        self.thread: int | None = None
        self.begun: float | None = None
        self.clock = Clock()

    def prepare(self, _module: Any) -> None:
        """Called when TensorFlow has been imported: track variables, install the common random stream."""
        from . import iterators, pyfuncs, streams, variables

        tensorflow_internals.probe()
        pyfuncs.track()
        iterators.track()
        variables.track()
        streams.install_for(self.child.job)
        self.ready = True

    def wrap(self, candidate: str, function: Any) -> Callable[..., Any]:
        """The hook around one candidate; ``function`` is the decorated function of the edited source."""
        check = self.checks.get(candidate)
        original = getattr(function, "python_function", function)
        if check is None or original is function:
            return function  # type: ignore[no-any-return]
        graph = bind(function)
        introduce(original)
        check.definitions += 1
        definition = check.definitions
        self_check = self.call

        def checked(*args: Any, **kwargs: Any) -> Any:
            return self_check(check, definition, function, graph, original, args, kwargs)

        return disguise(checked, function)

    def call(
        self, check: Check, definition: int, function: Any, graph: Any, original: Any, args: Any, kwargs: Any
    ) -> Any:
        """Run one call of a candidate eagerly for the script, and in sampled calls also as a graph."""
        tensorflow = sys.modules.get("tensorflow")
        if tensorflow is None or not self.ready or not tensorflow.executing_eagerly():
            return call_plain(original, args, kwargs)
        # Only the calls of the first training thread are compared.
        self.thread = self.thread or threading.get_ident()
        rehearsed = check.rehearsal is not None and check.calls < check.rehearsal.wanted
        # A candidate that is called only inside of compared calls must be compared there.
        within = self.live and (rehearsed or check.calls == check.within)
        if (self.busy and not within) or threading.get_ident() != self.thread:
            return original(*args, **kwargs)
        check.within += self.busy
        if not self.busy:  # a cut inside of a compared call would lose its result
            self._boundary(check)
        check.calls += 1
        for outer in self.running:
            self.checks[outer].inner.add(check.candidate)
        owner = check.owners.of(definition, original, args, check.calls)
        if self.begun is None:
            self.begun = perf_counter()
        first = owner.begin()
        self.running.append(check.candidate)
        try:
            return self._call(check, owner, first, rehearsed, function, graph, original, args, kwargs)
        finally:
            self.running.pop()
            owner.end()

    def _call(
        self,
        check: Check,
        owner: Owner,
        first: bool,
        rehearsed: bool,
        function: Any,
        graph: Any,
        original: Any,
        args: Any,
        kwargs: Any,
    ) -> Any:
        import tensorflow

        if tensorflow.config.functions_run_eagerly():
            check.doubts.setdefault(
                "mode", "the script runs every tf.function eagerly (tf.config.run_functions_eagerly)"
            )
            return original(*args, **kwargs)
        if not check.open or not (rehearsed or self._is_wanted(check, first, original, args, kwargs)):
            return self._eager_path(check, first, original, args, kwargs)
        busy, live = self.busy, self.live
        self.busy, self.live = True, False
        PathNote.muted += 1
        begun = perf_counter()
        try:
            shadow = Shadow(self.project, self.watch, check, function, graph, original, args, kwargs)
            shadow.first, shadow.owner = first, owner
            shadow.own = self._live(original)
            try:
                return shadow.run()
            finally:
                if rehearsed:
                    self._rehearse(shadow)
                aside = perf_counter() - begun - shadow.own_seconds
                Shadow.aside_seconds += aside
                # A script that trains for a fixed time must not lose the time of the comparisons.
                self.clock.hide(aside)
        finally:
            PathNote.muted -= 1
            self.busy, self.live = busy, live

    def _live(self, original: Any) -> Callable[..., Any]:
        """The script's own call in a comparison. Inside of it, calls of rare candidates are compared too, and calls of
        candidates that were called nowhere else.
        """

        def own(*args: Any, **kwargs: Any) -> Any:
            self.live = True
            try:
                return original(*args, **kwargs)
            finally:
                self.live = False

        return own

    def _rehearse(self, shadow: Shadow) -> None:
        from .rehearsing import rehearse

        begun = perf_counter()
        try:
            rehearse(shadow, self.rehearsing_seconds)
        except Exception as error:  # our failure must not become the script's
            shadow.give_up(error)
        finally:
            self.rehearsing_seconds -= perf_counter() - begun

    def _is_wanted(self, check: Check, first: bool, original: Any, args: Any, kwargs: Any) -> bool:
        """Whether to compare a call: the first ones, new signatures, calls after a new path or a change of the state
        that is read, about every second call until there are ``enough``, and ever fewer from then on. Fewer also while
        another candidate has hardly been compared, and none while it has not been called.

        The ``first`` call of an owner is not compared: it builds state that later calls find. The cold run checks it.
        """
        misses = self._misses_a_candidate()
        if first or (misses and self._is_inner(check)):
            return False
        if check.pending > 0:
            check.pending -= 1
            return True
        yields = self._yields(check)
        if (check.compared < CONSECUTIVE and not yields) or self._is_new(check, original, args, kwargs):
            return True
        if check.stability is not None and self._has_changed(check, check.stability, original, args, kwargs):
            return True
        if check.calls < check.due or (misses and self._is_settled(check)):
            return False
        # The gaps vary, so that alternating calls are compared equally often.
        gap = check.compared if check.compared >= self.enough else 1 + check.compared % 3
        least = 8 if yields else 4 if self._leaves_out(check) else 0
        check.due = check.calls + max(gap, least and least + check.compared % 3)
        return True

    def _misses_a_candidate(self) -> bool:
        """Whether a candidate has not been called yet, so that the script should reach it soon: what is compared often
        enough, or can be compared later, makes way. After twice the ``patience`` the script may have taken another way.
        """
        passed = perf_counter() - self.begun if self.begun is not None else 0.0
        return passed <= 2 * self.patience and any(
            each.open and not each.calls and each.rehearsal is None and name not in self.minor
            for name, each in self.checks.items()
        )

    def _is_inner(self, check: Check) -> bool:
        """Whether a candidate is called inside of the calls of an open one. A later call can be compared as well."""
        return any(
            outer.open and check.candidate in outer.inner and outer.candidate not in check.inner
            for outer in self.checks.values()
        )

    def _is_settled(self, check: Check) -> bool:
        return check.compared >= SETTLED_COMPARED and check.retraced >= SETTLED_RETRACED

    def _yields(self, check: Check) -> bool:
        """Whether a candidate leaves the time to another one: to text that is written after many steps, for example."""
        return self._is_settled(check) and any(
            each.open and each.compared < SETTLED_COMPARED and each.rehearsal is None and name not in self.minor
            for name, each in self.checks.items()
        )

    def _leaves_out(self, check: Check) -> bool:
        """Whether a candidate that is called inside of this one's calls was compared too rarely so far."""
        inner = (self.checks[name] for name in check.inner)
        return any(each.open and each.compared < CONSECUTIVE for each in inner)

    def _has_changed(self, check: Check, stability: Stability, original: Any, args: Any, kwargs: Any) -> bool:
        """Whether the state that the traces of a call's signature read has changed since they were made."""
        from .signatures import key_of, name_arguments

        try:
            stability.reading.look()
            return stability.has_news and stability.is_due(key_of(name_arguments(original)(args, kwargs)))
        except Exception:  # our failure must not become the script's; the next compared call inspects again
            return False

    def _is_new(self, check: Check, original: Any, args: Any, kwargs: Any) -> bool:
        """Whether a call has a signature that was never compared; False once SIGNATURES of them were."""
        from .signatures import key_of, name_arguments

        if len(check.signatures) >= SIGNATURES:
            return False
        try:
            return key_of(name_arguments(original)(args, kwargs)) not in check.signatures
        except Exception:  # our failure must not become the script's; other calls are still compared
            return False

    def _eager_path(self, check: Check, first: bool, original: Any, args: Any, kwargs: Any) -> Any:
        """Run an eager call and record its op sequence: a path that was never compared requests more comparisons."""
        if not check.open:
            return original(*args, **kwargs)
        from . import variables

        result: Any = None
        error: Exception | None = None
        made = variables.created()
        with PathNote() as path:
            try:
                result = original(*args, **kwargs)
            except Exception as raised:
                error = raised
        if not first:
            check.note_creation(made)
            if check.note_path(path, error) not in check.compared_paths:
                check.pending = max(check.pending, 3)
        if error is not None:
            raise error
        return result

    def _boundary(self, check: Check) -> None:
        done = self.stop_after is not None and check.calls >= self.stop_after
        passed = perf_counter() - self.begun if self.begun is not None else 0.0
        enough = min(self.enough, self.thrift[1]) if self.thrift and passed > self.thrift[0] else self.enough
        waiting = {name for name, c in self.checks.items() if c.open and not c.is_enough(enough)}
        if passed > self.patience:
            waiting -= self.minor
        if done or not waiting:
            self.child.request_cut("every candidate had been checked often enough")
        self.child.boundary()

    def report(self) -> dict[str, Any]:
        """All checks so far."""
        return {"candidates": {name: check.row().to_json() for name, check in self.checks.items()}}


def install(child: Child) -> None:
    """Make the child a checking run."""
    checker = Checker(child)
    checker.clock.install()
    child.wrap = checker.wrap
    child.summary = checker.report
    child.finish = checker.report
    child.finder.after("tensorflow", checker.prepare)
