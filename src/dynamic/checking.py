"""A role inside the child: runs candidates eager and as a graph from one state, and compares.

The files that this child runs carry the plan's edits, so the graph is the one that would be written. The
script goes on with what eager gave: the graph's results and writes are thrown away after each comparison.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any

from ..sandbox.binding import bind, call_plain, disguise
from ..sandbox.child import Child, StopRun
from ..sandbox.units import synchronize
from .effects import Project, Snapshot

CONSECUTIVE = 12
TRACES_COMPARED = 6
# Ops whose effect on a state outside of the variables can't be taken back.
UNRESTORABLE = {
    "IteratorGetNext": "it advances a tf.data iterator",
    "IteratorGetNextSync": "it advances a tf.data iterator",
    "LookupTableInsertV2": "it changes a lookup table",
    "LookupTableImportV2": "it changes a lookup table",
    "LookupTableRemoveV2": "it changes a lookup table",
    "QueueDequeueV2": "it takes from a queue",
    "QueueEnqueueV2": "it adds to a queue",
    "EagerPyFunc": "it calls back into Python (tf.py_function)",
    "PyFunc": "it calls back into Python (tf.numpy_function)",
}


class Check:
    """What has been checked of one candidate so far."""

    def __init__(self, candidate: str) -> None:
        self.candidate = candidate
        self.calls = 0
        self.compared = 0
        self.states = 0
        self.refutations: dict[str, str] = {}
        self.doubts: dict[str, str] = {}
        self.eager_seconds: list[float] = []
        self.graph_seconds: list[float] = []
        self.trace_seconds: list[float] = []
        self.max_error = 0.0
        self.amplified = 0
        self.written = 0
        self.traces = 0
        self.causes: list[str] = []
        self.keys: list[Any] = []
        self.paths: Counter[int] = Counter()
        self.compared_paths: Counter[int] = Counter()
        self.prints: dict[Any, tuple[Any, int]] = {}
        self.retraced = 0
        self.pending = 0
        self.inputs: set[int] = set()
        self.captured: list[str] = []
        self.owners: set[int] = set()

    @property
    def open(self) -> bool:
        """Whether there is still something to find out."""
        return not self.refutations

    def as_dict(self) -> dict[str, Any]:
        """The check as it goes over the line."""
        return {
            "calls": self.calls,
            "compared": self.compared,
            "states": self.states,
            "refutations": self.refutations,
            "doubts": self.doubts,
            "eager_seconds": _median(self.eager_seconds),
            "graph_seconds": _median(self.graph_seconds),
            "trace_seconds": sum(self.trace_seconds),
            "max_error": self.max_error,
            "amplified": self.amplified,
            "written": self.written,
            "traces": self.traces,
            "causes": self.causes[:10],
            "signatures": len(set(self.keys)),
            "paths": len(self.paths),
            "compared_paths": len(self.compared_paths),
            "unseen_path_calls": sum(n for p, n in self.paths.items() if p not in self.compared_paths),
            "retraced": self.retraced,
            "captured": self.captured[:10],
        }


class Checker:
    """The hooks of a checking run."""

    def __init__(self, child: Child) -> None:
        self.child = child
        job = child.job
        self.project = Project([pair[1] for pair in job["mapping"]], job.get("assigned_attributes", []))
        self.checks = {name: Check(name) for name in job["candidates"]}
        self.enough = job.get("enough", 40)
        self.stop_after = job.get("steps")
        self.busy = False
        self.ready = False
        self.main = threading.get_ident()
        self.begun: float | None = None

    def prepare(self, _module: Any) -> None:
        """Called when TensorFlow has been imported: track variables, give both sides one random stream."""
        from . import streams, variables

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
        if self.busy or threading.get_ident() != self.main:
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
            return Shadow(self, check, function, graph, original, args, kwargs).run()
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
        check.paths[path.hash] += 1
        if path.hash not in check.compared_paths:
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


class PathNote:
    """Notes the eager ops that run while it is entered: their hash in order, and their types.

    What a comparison inside of it does besides the script's own call is not the script's: ``muted``.
    """

    muted = 0

    def __init__(self) -> None:
        self.hash = 0
        self.ops: set[str] = set()
        self.count = 0

    def _note(
        self, op_type: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None
    ) -> None:
        if graph is None and not PathNote.muted:
            text = op_type if isinstance(op_type, str) else op_type.decode()
            self.ops.add(text)
            self.count += 1
            self.hash = zlib.crc32(text.encode(), self.hash)

    def __enter__(self) -> PathNote:
        from tensorflow.python.framework import op_callbacks

        op_callbacks.add_op_callback(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        from tensorflow.python.framework import op_callbacks

        op_callbacks.remove_op_callback(self._note)


class Shadow:
    """One comparison: the call made eagerly, then by the graph from the same state."""

    def __init__(
        self, checker: Checker, check: Check, function: Any, graph: Any, original: Any, args: Any, kwargs: Any
    ) -> None:
        self.checker = checker
        self.check = check
        self.function = function
        self.graph = graph
        self.original = original
        self.args = args
        self.kwargs = kwargs

    def run(self) -> Any:
        """Make the comparison; returns eager's result, with the process in the state that eager left."""
        from . import signatures, variables

        check = self.check
        self.named = signatures.name_arguments(self.original)(self.args, self.kwargs)
        self.key = tuple((name, signatures.key(value)) for name, value in self.named.items())
        before = variables.snapshot()
        python = Snapshot(self.named, self.original, self.checker.project)
        with PathNote() as path:
            muted, PathNote.muted = PathNote.muted, 0
            started = time.perf_counter()
            try:
                result = self.original(*self.args, **self.kwargs)
            finally:
                PathNote.muted = muted
        synchronize()
        eager_seconds = time.perf_counter() - started
        after = variables.snapshot()
        check.paths[path.hash] += 1
        effects = python.changes()
        if effects:
            first = effects[0]
            check.refutations.setdefault("effect", f"{first.subject} {first.detail}")
            return result
        for op in path.ops & set(UNRESTORABLE):
            check.doubts.setdefault("state", f"{UNRESTORABLE[op]}, which can't be put back for a comparison")
        if "state" in check.doubts:
            return result
        variables.restore(before)
        try:
            # Tracing first: what it bakes in explains a difference better than the difference does.
            self._trace_again()
            if check.open:
                self._compare(before, after, result, path, eager_seconds, python)
        finally:
            variables.restore(after)
            python.restore()
        return result

    def _compare(
        self, before: Any, after: Any, result: Any, path: PathNote, eager_seconds: float, python: Snapshot
    ) -> None:
        from . import variables
        from .comparing import Comparison, compare_results, compare_variables

        check = self.check
        made = variables.created()
        traces = self._traces()
        started = time.perf_counter()
        try:
            graphed = self.graph(self.args, self.kwargs)
            synchronize()
        except StopRun:
            raise
        except Exception as error:
            check.refutations.setdefault("raised", _explain(error, self.checker))
            return
        seconds = time.perf_counter() - started
        new_traces = self._traces() - traces
        self._note_traces(new_traces, seconds)
        left = variables.snapshot()
        changes = python.changes()
        if changes:
            first = changes[0]
            check.refutations.setdefault("effect", f"tracing it changes Python state: {first.subject} {first.detail}")
            return
        if variables.created() > made:
            check.refutations.setdefault("creation", "it creates a variable in a call after the first")
            return
        comparison = Comparison()
        compare_results(result, graphed, comparison)
        check.written += compare_variables(before, after, left, comparison)
        if comparison.numeric:
            self._blame(comparison, before, after, result)
        if comparison.mismatches:
            check.refutations.setdefault("differs", comparison.mismatches[0])
            return
        check.max_error = max(check.max_error, comparison.max_error)
        if not path.count:
            return  # nothing was computed: no evidence
        check.compared += 1
        check.compared_paths[path.hash] += 1
        mark = self._mark(before)
        if mark not in check.inputs:
            check.inputs.add(mark)
            check.states += 1
        check.eager_seconds.append(eager_seconds)
        if not new_traces:
            check.graph_seconds.append(seconds)

    def _blame(self, comparison: Any, before: Any, after: Any, result: Any) -> None:
        """Tell rounding that the function amplifies from a wrong result: eager again, moved by a rounding error."""
        from . import variables
        from .comparing import Comparison, compare_results, compare_variables, perturbed_within

        reference = Comparison()
        variables.restore(before)
        try:
            with Nudge(before):
                moved = self.original(*self.args, **self.kwargs)
        except Exception as error:
            comparison.mismatches.extend(f"{p} differs by {e:.1e} relative" for p, e in comparison.numeric.items())
            self.check.doubts.setdefault("nudge", f"a perturbed run raised {type(error).__name__}")
            return
        compare_results(result, moved, reference)
        compare_variables(before, after, variables.snapshot(), reference)
        comparison.mismatches.extend(perturbed_within(comparison, reference))
        if not comparison.mismatches:
            self.check.amplified += 1

    def _note_traces(self, new_traces: int, seconds: float) -> None:
        from . import signatures

        check = self.check
        if not new_traces:
            return
        check.traces += new_traces
        check.trace_seconds.append(seconds)
        if check.keys and self.key not in check.keys:
            nearest = max(check.keys, key=lambda old: sum(a == b for a, b in zip(old, self.key, strict=False)))
            for (name, old), (_, new) in zip(nearest, self.key, strict=False):
                if old != new:
                    check.causes.append(f"{name}: {signatures.difference(old, new)}")
                    break
        elif check.keys and check.traces > 2:
            check.causes.append("the same arguments were traced again")
        check.keys.append(self.key)

    def _traces(self) -> int:
        function = self.function
        if self.args and not _is_plain_call(function, self.args):
            function = function.__get__(self.args[0], type(self.args[0]))
        return int(function.experimental_get_tracing_count())

    def _mark(self, before: Any) -> int:
        """A checksum of the inputs and the written variables: tells distinct states apart."""
        import numpy as np
        import tensorflow as tf

        mark = 0
        leaves = tf.nest.flatten(list(self.named.values()), expand_composites=True)
        for leaf in (*leaves, *(value.tensor for value in list(before.values())[:200])):
            if isinstance(leaf, (tf.Tensor, np.ndarray, np.generic)) and getattr(leaf, "dtype", None) != tf.resource:
                try:
                    mark = zlib.crc32(np.asarray(leaf).tobytes()[: 1 << 16], mark)
                except (TypeError, ValueError, NotImplementedError, tf.errors.OpError):
                    continue
        return mark

    def _trace_again(self) -> None:
        """Trace the same signature afresh and compare with an earlier trace of it."""
        from . import graphs

        check = self.check
        known = check.prints.get(self.key)
        due = known is None or check.compared in (1, 2, 3, 5, 9, 17) or check.compared % 16 == 0
        if not due or (known is not None and check.retraced >= TRACES_COMPARED and sum(check.trace_seconds) > 20.0):
            return
        function = self.function
        args = self.args
        if args and not _is_plain_call(function, args):
            bound = function._clone(None).__get__(args[0], type(args[0]))
            args = args[1:]
        else:
            bound = function._clone(None)
        python = Snapshot(self.named, self.original, self.checker.project)
        try:
            concrete = bound.get_concrete_function(*args, **self.kwargs)
        except StopRun:
            raise
        except Exception as error:
            check.refutations.setdefault("raised", "a later trace of it raises: " + _explain(error, self.checker))
            return
        finally:
            changes = python.changes()
            python.restore()
        if changes:
            check.refutations.setdefault("effect", f"tracing it changes {changes[0].subject}: {changes[0].detail}")
            return
        printed = graphs.fingerprint(concrete, self._place)
        if printed.stale_weights:
            check.refutations.setdefault(
                "stale-weights",
                "its trace holds initializer ops and captures no variable: the initial weights would be baked in; "
                "convert the step that calls the model instead",
            )
            return
        if known is None:
            if len(check.prints) < 32:
                check.prints[self.key] = (printed, 1)
            check.captured = [
                f"{v} {p}".strip() for v, p in zip(printed.captured, printed.captured_places, strict=True)
            ] or check.captured
            return
        check.retraced += 1
        different = graphs.difference(known[0], printed)
        if different is not None:
            check.refutations.setdefault("unstable", different)

    def _place(self, op: Any) -> str | None:
        """The user's line that an op was made in, as file:line of the scratch copy."""
        roots = self.checker.project._roots
        for frame in reversed(op.traceback or ()):
            if str(frame.filename).startswith(roots):
                return f"{frame.filename}:{frame.lineno}"
        return None


class Nudge:
    """While entered, the floating-point variables stand a rounding error (half a unit of the last place) off."""

    def __init__(self, before: Any) -> None:
        self.before = before

    def __enter__(self) -> None:
        import numpy as np

        from . import variables

        generator = np.random.Generator(np.random.PCG64(11))
        for value in self.before.values():
            array = variables.as_array(value)
            if array.dtype.kind == "f":
                eps = float(np.finfo(array.dtype).eps)
                noise = generator.uniform(-eps, eps, array.shape).astype(array.dtype)
                value.variable.assign(array * (1 + noise))

    def __exit__(self, *_: object) -> None:
        pass


def _is_plain_call(function: Any, args: Any) -> bool:
    from ..sandbox.binding import _takes_self

    return not _takes_self(function.python_function)


def _explain(error: Exception, checker: Checker) -> str:
    """An exception from the graph as one line, with the user's line if the traceback shows it."""
    text = str(error).strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    message = lines[-1] if lines else ""
    if "in user code" in text:
        kept = [line for line in lines if not line.startswith(("File ", "in user code", "Arguments received"))]
        starts = [line for line in kept if line.partition(":")[0].endswith(("Error", "Exception"))]
        message = (starts or kept or [message])[-1]
    name = type(error).__name__
    if message.startswith(name):
        message = message[len(name) :].lstrip(": ")
    place = None
    for frame in traceback.extract_tb(error.__traceback__):
        if checker.project._roots and frame.filename.startswith(checker.project._roots):
            place = f"{frame.filename}:{frame.lineno}"
    for line in lines:
        if line.startswith('File "') and any(root in line for root in checker.project._roots):
            path, _, rest = line[6:].partition('", line ')
            place = f"{path}:{rest.split(',')[0].split()[0]}"
    return f"as a graph it raises {name}: {message[:200]}" + (f" ({place})" if place else "")


def _median(values: list[float]) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def install(child: Child) -> None:
    """Make the child a checking run."""
    checker = Checker(child)
    child.wrap = checker.wrap
    child.summary = checker.report
    child.finish = checker.report
    child.finder.after("tensorflow", checker.prepare)
