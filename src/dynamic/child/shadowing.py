"""The comparison of one call (in the child process): it runs eagerly and as a graph from the same state."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ... import tensorflow_internals
from ...sandbox.child.child import StopRun
from ...sandbox.child.clock import perf_counter
from ...sandbox.child.refusal import RefusedConnection
from ...sandbox.child.units import synchronize
from ...sandbox.protocol import REMEDY
from ..wording import BESIDE, TRACE_FAULTS, TRACE_REMEDY
from . import drawing, losses, rounding
from .calls import Calls
from .effects import Change, Project, Snapshot
from .evidence import ITERATION, UNRESTORABLE, Check
from .outside import Watch
from .owners import Owner, receiver_of, refusal
from .paths import PathNote
from .raising import different_errors, explain, hash_failure
from .stability import Stability

TRACES_COMPARED = 6


class Shadow:
    """One comparison: the eager call, then the graph call from the same state.

    ``own`` is the function that makes the script's call. ``first``: it is the first call of its owner. ``aside``: the
    call is not the script's, but a repetition of it; ``most_ops`` limits its number of ops. Afterwards ``computed`` is
    the number of eager ops that the call ran.
    """

    aside_seconds = 0.0  # the seconds of all comparisons so far, nested ones included

    def __init__(
        self,
        project: Project,
        watch: Watch,
        check: Check,
        function: Any,
        graph: Any,
        original: Any,
        args: Any,
        kwargs: Any,
    ) -> None:
        self.project = project
        self.watch = watch
        self.check = check
        self.stability = check.stability = check.stability or Stability(project)
        self.function = function
        self.graph = graph
        self.original = original
        self.args = args
        self.kwargs = kwargs
        self.result: Any = None
        self.error: Exception | None = None
        self.own = original
        self.first = False
        self.owner = Owner(0)
        self.aside = False
        self.most_ops: int | None = None
        self.computed = 0
        self.own_seconds = self.eager_seconds = 0.0

    def run(self) -> Any:
        """Run the comparison. Returns (or raises) the eager result, and leaves the process in the state after the eager
        call.

        Raises StopRun, and refutes nothing, if the run was told to stop meanwhile.
        """
        try:
            self._look()
        except Exception as error:
            self.give_up(error)
            return self.original(*self.args, **self.kwargs)
        path = PathNote(self.most_ops)
        refused, stopped, known = RefusedConnection.made, StopRun.made, dict(self.check.refutations)
        outside = self._call_eagerly(path)
        self.computed = path.ops.total()
        try:
            if not self._was_refused(refused) and StopRun.made == stopped:
                with losses.kept():
                    self._judge(path, outside)
        except Exception as error:
            self.give_up(error)
        if StopRun.made != stopped:
            # What the call did, or an error that replaced the request to stop, is no evidence.
            self.check.refutations = known
            raise StopRun("it was told to stop") from self.error
        if self.error is not None:
            raise self.error
        return self.result

    def give_up(self, error: Exception) -> None:
        """Record an internal failure as a doubt, so that it does not become a failure of the script."""
        what = f"{type(error).__name__}: {str(error)[:160]}"
        if isinstance(error, tensorflow_internals.MissingName):
            what = str(error)
        self.check.doubts.setdefault("own", f"it could not be compared ({what})")

    def _look(self) -> None:
        """Save the state before the call."""
        from . import iterators, signatures, streams, variables

        streams.prepare()
        self.named = signatures.name_arguments(self.original)(self.args, self.kwargs)
        self.key = signatures.key_of(self.named)
        self.trace_key: Any = self.key
        self.traced = False  # whether a trace of this call was made without side effects
        self.made = variables.created()
        self.before = variables.snapshot(streams.of_others())
        wanted = self.check.advances_iterators or self.check.rehearsal is not None
        self.positions = iterators.snapshot() if wanted else []
        self.python = self.snapshot()
        self.stability.reading.look(always=True)
        if self.python.unseen:
            self.check.doubts.setdefault("unseen", self.python.unseen)

    def _was_refused(self, before: int) -> bool:
        """Whether a connection was refused since there were ``before`` refusals. The sandbox then caused the outcome of
        the call."""
        if RefusedConnection.made == before:
            return False
        self.check.doubts.setdefault("network", f"its connection to another machine was refused; {REMEDY}")
        return True

    def _call_eagerly(self, path: PathNote) -> list[Change]:
        muted, aside = PathNote.muted, Shadow.aside_seconds
        if not self.aside:
            PathNote.muted = 0
        try:
            with self.watch as outside, path:
                started = perf_counter()
                try:
                    self.result = self.own(*self.args, **self.kwargs)
                except Exception as error:
                    self.error = error
        finally:
            PathNote.muted = muted
        synchronize()
        self.own_seconds = perf_counter() - started
        self.eager_seconds = self.own_seconds - (Shadow.aside_seconds - aside)
        return outside

    def _judge(self, path: PathNote, outside: list[Change]) -> None:
        from . import comparing, iterators, streams, variables

        check = self.check
        after = variables.snapshot(streams.of_others())
        self.values = comparing.values_of(self.result, self.check.results_read)
        effects = [*self.python.changes(), *outside]
        few = check.rehearsal
        builds = variables.created() > self.made or (effects and few is not None and few.wanted > 1)
        if few is not None and self.first and self.error is None and builds:
            few.built += 1  # later calls find the state that a first call builds; the cold run checks that one
            return
        if not self.first and check.note_creation(self.made):
            return
        way = check.note_path(path, self.error)
        if drawing.may_be_others(effects, self.python) and not drawing.draws_again(self, path, after):
            effects = []
        if effects:
            check.note_effects(effects, self.python.beside)
            return
        for op in path.ops.keys() & UNRESTORABLE.keys():
            check.doubt_state(op)
        iterates = bool(path.ops.keys() & ITERATION)
        if iterates and not check.advances_iterators:
            check.advances_iterators = True
            if few is None:
                return  # the next call is compared, with the iterators' positions saved
        if self.positions is None and (iterates or few is None):
            why = f": {iterators.blind}" if iterators.blind else ""
            check.doubts["state"] = f"it advances a tf.data iterator, which can't be restored for a comparison{why}"
        if "state" in check.doubts:
            return
        receiver = receiver_of(self.original, self.args)
        if receiver is not None and (refused := refusal(receiver) or hash_failure(receiver)):
            check.refutations.setdefault("raised", refused)
            return
        moved = iterators.snapshot() if self.positions else []
        self.rewind()
        try:
            # Tracing first: the state that it freezes explains a difference better than the values do.
            self._trace_again()
            if check.open and "state" not in check.doubts:
                self._compare(after, way, bool(path.ops))
        finally:
            variables.restore(after)
            iterators.restore(moved or [])
            self.python.restore()

    def snapshot(self) -> Snapshot:
        """A snapshot of the Python state that the call can reach."""
        return Snapshot(self.named, self.original, self.project, self.check.company)

    def rewind(self) -> None:
        """Restore variables and iterators to their state before the call."""
        from . import iterators, variables

        variables.restore(self.before)
        iterators.restore(self.positions or [])

    def _compare(self, after: Any, way: int, computed: bool) -> None:
        from . import states, streams, variables
        from .comparing import Comparison, compare_results, compare_variables

        check = self.check
        made = variables.created()
        traces = self._traces()
        raised: Exception | None = None
        graphed: Any = None
        refused = RefusedConnection.made
        started = perf_counter()
        with self.watch as outside:
            try:
                graphed = self.graph(self.args, self.kwargs)
                synchronize()
            except Exception as error:
                raised = error
        seconds = perf_counter() - started
        new_traces = self._traces() - traces
        self._note_traces(new_traces, seconds)
        left = variables.snapshot(streams.of_others())
        if self._was_refused(refused):
            return
        different = different_errors(self.error, raised, self.project)
        if different is not None:
            check.refutations.setdefault("raised", different)
            return
        changes = [*self.python.changes(), *outside]
        if drawing.may_be_others(changes, self.python) and (self.traced or not new_traces):
            changes = []  # no Python code of it ran, or a quiet trace has shown that it draws nothing
        if changes:
            check.note_effects(changes, self.python.beside, "during tracing, ")
            return
        if check.note_creation(made):
            return
        comparison = Comparison(values=self.values)
        compare_results(self.result, graphed, comparison)
        check.returned.update(place.removeprefix("the result") for place in comparison.returned)
        compare_variables(self.before, after, left, comparison)
        telling = rounding.explain(self, comparison, after) if comparison.numeric else True
        if comparison.mismatches:
            self._trace_again(explaining=True)
            if check.open and self.python.beside and not drawing.differs_again(self, after):
                check.doubts.setdefault("beside", f"{comparison.mismatches[0]}{BESIDE}")
            elif check.open:
                check.refutations["differs"] = comparison.mismatches[0]
            return
        if not telling:
            return  # rounding decides the result: agreement is no evidence
        check.max_error = max(check.max_error, comparison.max_error)
        check.compared_paths[way] += 1
        check.raised += self.error is not None
        if not computed or self.error is not None:
            return  # nothing was computed: no evidence
        check.compared += 1
        self.owner.compared += 1
        check.signatures.add(self.key)
        arguments = self.args, self.kwargs
        read = states.read(check, self.trace_key, arguments, self.before)
        nothing = states.reads_nothing(check, arguments, read)
        check.reads_nothing = nothing and (check.reads_nothing or check.compared == 1)
        mark = states.mark(check, arguments, self.key, read)
        if mark not in check.inputs:
            check.inputs.add(mark)
            check.states += 1
        check.eager_seconds.append(self.eager_seconds)
        if not new_traces:
            check.graph_seconds.append(seconds)

    def _note_traces(self, new_traces: int, seconds: float) -> None:
        from . import signatures

        check = self.check
        if not new_traces:
            return
        check.traces += new_traces
        self.owner.traces += new_traces
        check.trace_seconds.append(seconds)
        number = check.number_of(self.function)
        known = [key for owner, key in check.keys if owner == number]
        if known and self.key not in known:
            nearest = max(known, key=lambda old: sum(a == b for a, b in zip(old, self.key, strict=False)))
            for (name, old), (_, new) in zip(nearest, self.key, strict=False):
                if old != new:
                    check.causes.append(f"{name}: {signatures.difference(old, new)}")
                    break
        elif known and check.traces > 2:
            check.causes.append("the same arguments caused a retrace")
        check.keys.append((number, self.key))

    def _traces(self) -> int:
        function = self.function
        if self.args and not _is_plain_call(function, self.args):
            function = function.__get__(self.args[0], type(self.args[0]))
        return int(function.experimental_get_tracing_count())

    def _trace_again(self, explaining: bool = False) -> None:
        """Trace the signature again, and compare with an earlier trace of it.

        This does not happen in every call, unless it is for ``explaining`` an observed difference, or if the state that
        the trace reads has changed.
        """
        from . import graphs, relaxing, streams

        check = self.check
        function = self.function
        number = check.number_of(function)
        seen = check.relaxed.setdefault(number, {})
        own, args, kwargs = relaxing.trace_of(function, seen, self.key, self.args, self.kwargs)
        self.trace_key = key = (number, own)
        known = check.prints.get(key)
        looked = check.looked_of[number]
        check.looked_of[number] += not explaining
        due = known is None or looked in (1, 2, 3, 5, 9, 17) or looked % 16 == 0
        due = due or self.stability.is_due(own)
        dear = known is not None and check.retraced >= TRACES_COMPARED and sum(check.trace_seconds) > 20.0
        if not explaining and (not due or dear):
            return
        receiver = args[:1] if args and not _is_plain_call(function, args) else ()
        args = args[len(receiver) :]
        made = self._trace(receiver, args, kwargs)
        if made is None:
            return
        bound, concrete, calls, python, seconds = made
        printed = graphs.fingerprint(concrete, self._place)
        self.stability.note(own, calls, python.objects, seconds, streams.draws(printed.resources))
        check.company.note(calls)
        self.traced = True
        if printed.fault:
            stale = f"its trace {TRACE_FAULTS[printed.fault]}; {TRACE_REMEDY}"
            check.refutations.setdefault(f"stale-{printed.fault}", stale)
            return
        for kind in {row.kind for row in printed.rows} & UNRESTORABLE.keys():
            check.doubt_state(kind)
        if known is None:
            check.keep_print(key, printed)
            against = relaxing.objection(function, bound, printed, args, kwargs)
            if against is not None:
                check.refutations.setdefault("variant", against)
            check.captured = [
                f"{v} ({p})" if p else v for v, p in zip(printed.captured, printed.captured_places, strict=True)
            ] or check.captured
            return
        check.retraced += 1
        different = graphs.difference(known[0], printed)
        if different is not None:
            check.refutations.setdefault("unstable", different + self.stability.explain(own))
        elif check.retraced >= TRACES_COMPARED and not python.beside:
            self._foresee(own, known[0], receiver, args, kwargs)

    def _trace(
        self, receiver: tuple[Any, ...], args: tuple[Any, ...], kwargs: Mapping[str, Any], foreseen: bool = False
    ) -> tuple[Any, Any, Calls, Snapshot, float] | None:
        """Trace a new copy of the function. Returns the copy, its trace, the functions that ran, what was observed, and
        the seconds.

        Returns None if tracing raises or has a side effect. That is recorded, unless the trace is made in a
        ``foreseen`` state.
        """
        check, changes = self.check, list[Change]()
        for attempt in range(drawing.QUIET_ATTEMPTS):
            time.sleep(drawing.QUIET_SECONDS * attempt)
            bound = tensorflow_internals.clone(self.function)
            bound = bound.__get__(receiver[0], type(receiver[0])) if receiver else bound
            python = self.snapshot()
            begun, refused = perf_counter(), RefusedConnection.made
            try:
                with self.watch as outside, Calls(self.project) as calls:
                    concrete = bound.get_concrete_function(*args, **kwargs)
            except Exception as error:
                if self.error is None and not foreseen and not self._was_refused(refused):
                    raised = "a later trace of it raises: " + explain(error, self.project)
                    check.refutations.setdefault("raised", raised)
                return None
            finally:
                seconds = perf_counter() - begun
                changes = python.changes()
                python.restore()
            changes += outside
            if not drawing.may_be_others(changes, python):
                break
        if changes and not foreseen:
            check.note_effects(changes, python.beside, "during tracing, ")
        if changes:
            return None
        return bound, concrete, calls, python, seconds

    def _foresee(
        self, own: Any, known: Any, receiver: tuple[Any, ...], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Trace in the later states of the Python values that the trace reads, as the observing run saw them.

        The graph may differ there. An exception or a side effect in such a trace shows nothing, because only a part of
        the state was set.
        """
        from . import graphs

        for state in self.stability.foresee(own):
            made = self._trace(receiver, args, kwargs, foreseen=True)
            if made is None:
                return
            different = graphs.difference(known, graphs.fingerprint(made[1], self._place))
            if different is not None:
                self.check.refutations.setdefault("unstable", different + self.stability.explain(own, state))
                return
            self.stability.hold(own, state)

    def _place(self, op: Any) -> str | None:
        """The user's line that created an op, as file:line in the scratch copy."""
        for frame in reversed(op.traceback or ()):
            if self.project.has(str(frame.filename)):
                return f"{frame.filename}:{frame.lineno}"
        return None


def _is_plain_call(function: Any, args: Any) -> bool:
    from ...sandbox.child.binding import takes_self

    return not takes_self(function.python_function)
