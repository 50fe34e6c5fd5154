"""A role inside the child: runs candidates eager and as a graph from one state, and compares.

The files that this child runs carry the plan's edits, so the graph is the one that would be written. The
script goes on with what eager gave: the graph's results and writes are thrown away after each comparison.
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
from .calls import introduce
from .effects import Project
from .evidence import SIGNATURES, Check, Rehearsed
from .outside import Watch
from .owners import Owner
from .paths import PathNote
from .shadowing import Shadow
from .stability import Stability

CONSECUTIVE = 12
# Of the run's time, what repeating the calls of rare candidates may take.
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
        #: Candidates that take hardly any time: the run is not held up for them once ``patience`` is over.
        self.minor, self.patience = frozenset(job.get("minor", ())), job.get("patience", 0.0)
        self.thrift: tuple[float, int] | None = job.get("thrift")
        self.stop_after = job.get("steps")
        self.busy = False
        self.running: list[str] = []  # the candidates whose calls are under way, the outermost first
        self.live = False  # whether the script's own call is being made inside of a comparison
        self.ready = False
        self.thread: int | None = None
        self.begun: float | None = None
        self.clock = Clock()

    def prepare(self, _module: Any) -> None:
        """Called when TensorFlow has been imported: track variables, give both sides one random stream."""
        from . import iterators, pyfuncs, streams, variables

        tensorflow_internals.probe()
        pyfuncs.track()
        iterators.track()
        variables.track()
        streams.install_for(self.child.job)
        self.ready = True

    def wrap(self, candidate: str, function: Any) -> Callable[..., Any]:
        """The hook around one candidate: ``function`` is what the edited source made of it."""
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
        """One call of a candidate: eager for the script, and in sampled calls the graph beside it."""
        tensorflow = sys.modules.get("tensorflow")
        if tensorflow is None or not self.ready or not tensorflow.executing_eagerly():
            return call_plain(original, args, kwargs)
        # One thread's calls are compared: the first one's that trains. Beside it nothing else may change state.
        self.thread = self.thread or threading.get_ident()
        rehearsed = check.rehearsal is not None and check.calls < check.rehearsal.wanted
        # What was called inside of compared calls only has no other turn than there.
        within = self.live and (rehearsed or check.calls == check.within)
        if (self.busy and not within) or threading.get_ident() != self.thread:
            return original(*args, **kwargs)
        check.within += self.busy
        if not self.busy:  # a cut inside of a compared call would lose what that was to show
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
                # A script that trains by the clock must not lose the time that comparing its calls takes.
                self.clock.hide(aside)
        finally:
            PathNote.muted -= 1
            self.busy, self.live = busy, live

    def _live(self, original: Any) -> Callable[..., Any]:
        """The script's own call in a comparison: calls of rare candidates inside of it are compared as well, and those
        of candidates that were called nowhere else.
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
        except Exception as error:  # a failure of ours must not become the script's
            shadow.give_up(error)
        finally:
            self.rehearsing_seconds -= perf_counter() - begun

    def _is_wanted(self, check: Check, first: bool, original: Any, args: Any, kwargs: Any) -> bool:
        """Whether to compare a call: the first ones, new signatures, those after a new path, every second or so until
        there are ``enough``, and ever rarer ones from then on.

        The ``first`` call of a function object, or of a method with one instance, builds what later ones find built:
        that is the cold run's matter.
        """
        if first:
            return False
        if check.pending > 0:
            check.pending -= 1
            return True
        if check.compared < CONSECUTIVE or self._is_new(check, original, args, kwargs):
            return True
        if check.stability is not None and self._has_changed(check, check.stability, original, args, kwargs):
            return True
        if check.calls < check.due:
            return False
        # Gaps of several lengths, so that calls which alternate are compared alike.
        gap = check.compared if check.compared >= self.enough else 1 + check.compared % 3
        check.due = check.calls + (max(gap, 4 + check.compared % 3) if self._leaves_out(check) else gap)
        return True

    def _leaves_out(self, check: Check) -> bool:
        """Whether candidates that are called inside of this one's calls were hardly compared so far."""
        inner = (self.checks[name] for name in check.inner)
        return any(each.open and each.compared < CONSECUTIVE for each in inner)

    def _has_changed(self, check: Check, stability: Stability, original: Any, args: Any, kwargs: Any) -> bool:
        """Whether something that the traces of a call's signature read has changed since they were made."""
        from .signatures import key_of, name_arguments

        try:
            stability.reading.look()
            return stability.has_news and stability.is_due(key_of(name_arguments(original)(args, kwargs)))
        except Exception:  # ours, and not to become the script's; the next compared call looks again
            return False

    def _is_new(self, check: Check, original: Any, args: Any, kwargs: Any) -> bool:
        """Whether a call has a signature that was never compared; of many, only the first ones are."""
        from .signatures import key_of, name_arguments

        if len(check.signatures) >= SIGNATURES:
            return False
        try:
            return key_of(name_arguments(original)(args, kwargs)) not in check.signatures
        except Exception:  # ours, and not to become the script's; other calls are compared all the same
            return False

    def _eager_path(self, check: Check, first: bool, original: Any, args: Any, kwargs: Any) -> Any:
        """An eager call whose op sequence is noted: a path that was never compared asks for more comparisons."""
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
