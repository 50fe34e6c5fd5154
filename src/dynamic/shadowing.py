"""Inside the child: one call made eagerly and by the graph from one state, and the two compared."""

from __future__ import annotations

import time
import traceback
import zlib
from collections import Counter
from typing import Any

from ..sandbox.child import StopRun
from ..sandbox.units import synchronize
from .effects import Project, Snapshot
from .paths import PathNote

TRACES_COMPARED = 6
# Ops whose effect on a state outside of the variables can't be taken back.
UNRESTORABLE = {
    "LookupTableInsertV2": "it changes a lookup table",
    "LookupTableImportV2": "it changes a lookup table",
    "LookupTableRemoveV2": "it changes a lookup table",
    "QueueDequeueV2": "it takes from a queue",
    "QueueEnqueueV2": "it adds to a queue",
    "EagerPyFunc": "it calls back into Python (tf.py_function)",
    "PyFunc": "it calls back into Python (tf.numpy_function)",
}
ITERATION = frozenset({"IteratorGetNext", "IteratorGetNextSync", "IteratorGetNextAsOptional"})


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
        self.advances_iterators = False
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


class Shadow:
    """One comparison: the call made eagerly, then by the graph from the same state."""

    def __init__(
        self, project: Project, check: Check, function: Any, graph: Any, original: Any, args: Any, kwargs: Any
    ) -> None:
        self.project = project
        self.check = check
        self.function = function
        self.graph = graph
        self.original = original
        self.args = args
        self.kwargs = kwargs

    def run(self) -> Any:
        """Make the comparison; returns eager's result, with the process in the state that eager left."""
        from . import iterators, signatures, variables

        check = self.check
        self.named = signatures.name_arguments(self.original)(self.args, self.kwargs)
        self.key = tuple((name, signatures.key(value)) for name, value in self.named.items())
        before = variables.snapshot()
        positions = iterators.snapshot() if check.advances_iterators else []
        python = Snapshot(self.named, self.original, self.project)
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
        check.paths[path.path] += 1
        effects = python.changes()
        if effects:
            first = effects[0]
            check.refutations.setdefault("effect", f"{first.subject} {first.detail}")
            return result
        for op in path.ops.keys() & UNRESTORABLE.keys():
            check.doubts.setdefault("state", f"{UNRESTORABLE[op]}, which can't be put back for a comparison")
        if path.ops.keys() & ITERATION and not check.advances_iterators:
            check.advances_iterators = True  # the next call is compared, with the iterators' positions saved
            return result
        if positions is None:
            check.doubts["state"] = "it advances a tf.data iterator, which can't be put back for a comparison"
        if "state" in check.doubts:
            return result
        moved = iterators.snapshot() if positions else []
        variables.restore(before)
        iterators.restore(positions or [])
        try:
            # Tracing first: what it bakes in explains a difference better than the difference does.
            self._trace_again()
            if check.open:
                self._compare(before, after, result, path, eager_seconds, python)
        finally:
            variables.restore(after)
            iterators.restore(moved or [])
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
            check.refutations.setdefault("raised", _explain(error, self.project))
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
        if not path.ops:
            return  # nothing was computed: no evidence
        check.compared += 1
        check.compared_paths[path.path] += 1
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
        python = Snapshot(self.named, self.original, self.project)
        try:
            concrete = bound.get_concrete_function(*args, **self.kwargs)
        except StopRun:
            raise
        except Exception as error:
            check.refutations.setdefault("raised", "a later trace of it raises: " + _explain(error, self.project))
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
        roots = self.project.roots
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


def _explain(error: Exception, project: Project) -> str:
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
        if project.roots and frame.filename.startswith(project.roots):
            place = f"{frame.filename}:{frame.lineno}"
    for line in lines:
        if line.startswith('File "') and any(root in line for root in project.roots):
            path, _, rest = line[6:].partition('", line ')
            place = f"{path}:{rest.split(',')[0].split()[0]}"
    return f"as a graph it raises {name}: {message[:200]}" + (f" ({place})" if place else "")


def _median(values: list[float]) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
