"""The observing role of the child: it runs the script eagerly with hooked candidates, and records the calls.

Every call is counted and timed. The op sequence and the side effects are expensive to record, so they are recorded only
in sampled calls: the first ones, then fewer and fewer.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ... import tensorflow_internals
from ...installed import is_library
from ...records import ParameterKind
from ...sandbox.child.binding import bind, disguise
from ...sandbox.child.child import Child
from ...sandbox.child.clock import Clock, perf_counter
from .calls import Calls, introduce
from .effects import Change, Project, Snapshot
from .evidence import DRAWS
from .marks import file_of
from .modes import FIT, Modes
from .offspring import Offspring
from .outside import Watch
from .owners import UNKEPT, Owner, count_references, is_kept, receiver_of, refusal, uses_receiver
from .paths import PathNote
from .reads import LOOK_SHARE, Reading
from .record import Found, Record
from .timing import Timing

if TYPE_CHECKING:
    pass

SIGNATURES = 256
VALUES = 64
FIRST_SAMPLES = 4
#: The second call of each owner of traces is sampled, for this many owners: the first call may build state.
OWNERS = 32


def sampled(call: int, first: int = FIRST_SAMPLES) -> bool:
    """Whether a call (counted from 1) is sampled: the first ones are, then fewer and fewer."""
    if call <= first:
        return True
    while call % 2 == 0:
        call //= 2
    return call == 1 or call == 3


class Observer:
    """The hooks of an observing run."""

    def __init__(self, child: Child) -> None:
        self.child = child
        job = child.job
        self.project = Project([job["project"][1]], job.get("assigned_attributes", []))
        self.watch = Watch(self.project)
        self.modes = Modes(child, self.project, self._train)
        self.offspring = Offspring(child, self.project)
        self.records = {name: Record(name, hints) for name, hints in job["candidates"].items()}
        self.stop_after = job.get("steps")
        self.stack = threading.local()
        self.timing = Timing(job.get("timed", []), lambda: bool(self.stack.__dict__.get("frames")))
        self.busy = False
        self.batches = 0
        # A script that trains for a fixed time must not lose the time that sampling takes.
        self.clock = Clock()
        self.begun: float | None = None

    def wrap(self, candidate: str, function: Any) -> Callable[..., Any]:
        """The hook around one candidate, or around a function that is only timed."""
        if candidate in self.timing.rows:
            return self.timing.wrap(candidate, function)
        record = self.records[candidate]
        record.definitions += 1
        definition = record.definitions
        call = bind(function)
        introduce(getattr(function, "python_function", function))
        target = getattr(function, "python_function", function)
        record_call = self.record_call

        def observed(*args: Any, **kwargs: Any) -> Any:
            references = count_references(args) if args else 0
            return record_call(record, definition, references, call, target, args, kwargs)

        return disguise(observed, function)

    def record_call(
        self, record: Record, definition: int, references: int, call: Any, target: Any, args: Any, kwargs: Any
    ) -> Any:
        """Run one call of a candidate, and record it."""
        tensorflow = sys.modules.get("tensorflow")
        if tensorflow is None:
            return call(args, kwargs)
        if not tensorflow.executing_eagerly():
            record.traced_calls += 1
            return call(args, kwargs)
        from . import variables

        frames = self.stack.__dict__.setdefault("frames", [])
        if not frames:
            self._boundary(record)
        record.calls += 1
        owner = record.owners.of(definition, target, args, record.calls)
        first = owner.begin()
        receiver = receiver_of(target, args)
        if record.calls == 1:
            record.refusal = refusal(receiver)
        if owner.calls == 1 and len(record.owners.known) <= OWNERS and receiver is not None:
            kept = is_kept(args, references) or not uses_receiver(target)
            record.refusal = record.refusal or ("" if kept else UNKEPT.format(type(receiver).__name__))
        caller = frames[-1][0] if frames else ""
        record.callers[caller] += 1
        record.threads.add(threading.get_ident())
        # A call inside of a sampled call is not sampled itself, unless no call has been sampled yet.
        record.due = record.due or sampled(record.calls) or (owner.calls == 2 and len(record.owners.known) <= OWNERS)
        looked_at = record.due and (not self.busy or not record.op_calls)
        if looked_at:
            record.due = False
        begun = perf_counter()
        if self.begun is None:
            self.begun = begun
            self.timing.begin()
        record.first = record.first or begun
        try:
            if record.reading is not None:
                record.reading.look(always=looked_at)
            named = self._note_arguments(record, owner, target, args, kwargs, looked_at)
        except Exception as error:  # our failure must not become the script's
            record.blind = f"{type(error).__name__}: {str(error)[:160]}"
            named = {}
        frame = [record.candidate, 0.0, 0.0]
        frames.append(frame)
        made = variables.created()
        started = perf_counter()
        try:
            if looked_at:
                result = self._look_at(record, first, call, target, args, kwargs, named)
                started = self.stack.started
                ended = self.stack.ended
            else:
                result = call(args, kwargs)
                ended = perf_counter()
        except Exception as error:
            record.exceptions[f"{type(error).__name__}: {str(error)[:120]}"] += 1
            raise
        finally:
            frames.pop()
            owner.end()
            if not frames:
                self.timing.leave_out(perf_counter() - begun)
            if variables.created() > made and not first:
                self._note_creation(record, made)
        spent = ended - started - frame[2]
        record.seconds += spent
        record.squares += spent * spent
        record.caller_seconds[caller] = record.caller_seconds.get(caller, 0.0) + spent
        record.own_seconds += ended - started - frame[1]
        finished = record.last = perf_counter()
        overhead = finished - begun - (ended - started)
        record.overhead += overhead
        self.clock.hide(overhead)
        if frames:
            # The caller's own time excludes this call, and its time excludes the cost of sampling this call.
            frames[-1][1] += finished - begun
            frames[-1][2] += finished - begun - spent
        if looked_at:
            record.result_types[type(result).__name__] += 1
        return result

    @contextlib.contextmanager
    def _train(self) -> Iterator[None]:
        """Record a batch of ``Model.fit``, which counts as the caller of the functions that it calls."""
        begun = perf_counter()
        if self.begun is None:
            self.begun = begun
            self.timing.begin()
        self.batches += 1
        frames = self.stack.__dict__.setdefault("frames", [])
        if not frames:
            if self.stop_after is not None and self.batches > self.stop_after:
                self.child.request_cut(f"{self.stop_after} training batches were done")
            self.child.boundary()
        frames.append([FIT, 0.0, 0.0])
        try:
            yield
        finally:
            frames.pop()
            if not frames:
                self.timing.leave_out(perf_counter() - begun)

    def _boundary(self, record: Record) -> None:
        if self.stop_after is not None and record.calls >= self.stop_after:
            self.child.request_cut(f"{record.candidate} was called {record.calls} times")
        self.child.boundary()

    def _note_creation(self, record: Record, made: int) -> None:
        from . import variables

        record.creations += 1
        if not record.creation:
            names = variables.names_since(made)
            record.creation = {"call": record.calls, "number": variables.created() - made, "names": names[:1]}

    def _note_arguments(
        self, record: Record, owner: Owner, target: Any, args: Any, kwargs: Any, looked_at: bool
    ) -> dict[str, Any]:
        from . import signatures
        from .forms import Arguments

        keys = tuple(map(signatures.key, args)), tuple((k, signatures.key(v)) for k, v in kwargs.items())
        known = keys in record.signatures
        if known or len(record.signatures) < SIGNATURES:
            record.signatures[keys] += 1
        if len(owner.signatures) < SIGNATURES:
            owner.signatures.add(keys if receiver_of(target, args) is None else (keys[0][1:], keys[1]))
        if known and not looked_at:
            return {}
        named = signatures.name_arguments(target)(args, kwargs)
        if record.arguments is None:
            record.arguments = Arguments(target)
        record.arguments.note(named)
        for name, value in named.items():
            seen = record.parameters.setdefault(
                name, {"kinds": set(), "dtypes": set(), "shapes": set(), "values": set(), "objects": set()}
            )
            dtype, shape = signatures.describe_leaf(value)
            seen["kinds"].add(signatures.kind_of(value))
            if dtype is not None:
                seen["dtypes"].add(dtype)
            if shape is not None and len(seen["shapes"]) < VALUES:
                seen["shapes"].add(shape)
            if len(seen["values"]) < VALUES:
                seen["values"].add(signatures.key(value))
            if len(seen["objects"]) < VALUES and (objects := signatures.objects(signatures.key(value))):
                seen["objects"].add(objects)
            hint = record.hints.get(name)
            if hint is not None:
                if signatures.fits(value, ParameterKind(hint)):
                    record.fitting[name] += 1
                else:
                    record.misfits.setdefault(name, signatures.kind_of(value))
        return named

    def _look_at(
        self, record: Record, first: bool, call: Any, target: Any, args: Any, kwargs: Any, named: dict[str, Any]
    ) -> Any:
        """Run a sampled call between two snapshots of the Python state, and count its ops."""
        from . import variables

        busy, self.busy = self.busy, True
        before = None
        made = variables.created()
        try:
            try:
                before = Snapshot(named, target, self.project, record.company)
                record.blind = record.blind or before.unseen
            except Exception as error:  # our failure must not become the script's
                record.blind = f"{type(error).__name__}: {str(error)[:160]}"
            # Only in the second, fourth, eighth… sampled call, because recording the reads is expensive.
            reads = Calls(self.project) if record.op_calls and not record.op_calls & (record.op_calls + 1) else None
            with PathNote() as note, self.watch as outside, reads or contextlib.nullcontext():
                started = perf_counter()
                try:
                    result = call(args, kwargs)
                finally:
                    self.stack.started, self.stack.ended = started, perf_counter()
            record.ops.update(note.ops)
            record.op_calls += 1
            record.paths[note.path] += 1
            self._note_effects(record, first, before, outside, variables.created() > made)
            if reads is not None and before is not None:
                self._note_reads(record, reads, before, seeded=bool(note.ops.keys() & DRAWS))
        finally:
            self.busy = busy
        return result

    def _note_reads(self, record: Record, calls: Calls, before: Snapshot, seeded: bool) -> None:
        try:
            record.company.note(calls)
            record.reading = record.reading or Reading(self.project, LOOK_SHARE / len(self.records))
            record.reading.learn(calls, before.objects, seeded)
        except Exception as error:  # our failure must not become the script's
            record.blind = f"{type(error).__name__}: {str(error)[:160]}"

    def _note_effects(
        self, record: Record, first: bool, before: Snapshot | None, outside: list[Change], builds: bool
    ) -> None:
        try:
            changes = before.changes() if before is not None else []
        except Exception as error:  # our failure must not become the script's
            record.blind = f"{type(error).__name__}: {str(error)[:160]}"
            return
        record.effect_calls += before is not None
        for change in (*outside, *changes):
            key = change.kind, change.subject
            found = record.effects.setdefault(key, Found(change))
            if record.calls not in found.calls:
                found.calls.add(record.calls)
                found.building += builds
                found.later += not first and not builds
            if before is not None and before.beside and not change.leaves_the_process:
                record.beside.add(key)

    def report(self) -> dict[str, Any]:
        """All records so far, and the seconds since the first call of a candidate."""
        now = perf_counter()
        overhead = sum(record.overhead for record in self.records.values())
        return {
            "candidates": {
                name: record.row(self.begun or 0.0, overhead).to_json()
                for name, record in self.records.items()
                if record.calls or record.traced_calls or record.definitions
            },
            "modes": self.modes.report(),
            "offspring": self.offspring.report(),
            "timed": self.timing.report(),
            "training_seconds": now - self.begun if self.begun is not None else 0.0,
            "overhead_seconds": overhead,
            "modules": _modules(),
        }


def _modules() -> dict[str, str]:
    """The imported modules that belong to no library, with their files."""
    files = {name: file_of(module) for name, module in list(sys.modules.items())}
    return {
        name: os.path.abspath(file)
        for name, file in files.items()
        if file.endswith(".py") and not is_library(os.path.abspath(file))
    }


def install(child: Child) -> None:
    """Make the child an observing run."""
    # First of all, so that a missing name is reported before another hook into TensorFlow fails.
    child.finder.after("tensorflow", lambda _: tensorflow_internals.probe())
    observer = Observer(child)
    observer.clock.install()
    child.wrap = observer.wrap
    child.summary = observer.report
    child.finish = observer.report
    child.finder.after("tensorflow", _track)


def _track(_module: Any) -> None:
    from . import ambient, pyfuncs, variables

    variables.track()
    pyfuncs.track()
    ambient.follow_seed()
