"""The check whether a function may become a `tf.function`, for the calls of a test.

It is the check of `optimize`: each call runs eagerly and as a graph from one state, and results, variables and Python
state are compared.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .calls import Call, Subject, as_call

if TYPE_CHECKING:
    from ..dynamic.child.effects import Project
    from ..dynamic.child.evidence import Check
    from ..dynamic.child.shadowing import Shadow

_LEADS = {"unstable": "its trace depends on Python state: ", "differs": "the graph computes something different: "}
# Our own seed: eager and graph draw the same random numbers during a comparison.
_SEED = 7


def assert_hybrid_safe(function: Callable[..., Any], *calls: Any, max_traces: int = 1, **options: Any) -> None:
    """Assert that a function may become a `tf.function`, for these calls.

    Each of ``calls`` is a tuple of arguments, the result of `hybridize.testing.call` (for keyword arguments), or a
    single argument. The calls run eagerly, in order, and their changes of variables are kept. Each call also runs as a
    graph, from the same state. For each call it asserts: the same results (structure, types, shapes, dtypes, integers
    and strings exactly; floats up to rounding) and the same changes of variables; no change of Python state, nothing
    printed or written to a file; no variable created after the first call; and at most ``max_traces`` traces for all
    calls together. Variables that a first call builds are built before it is compared.

    ``function`` is a Python function, a bound method or a `tf.function`; ``options`` are keyword arguments of
    `tf.function`. During the comparison random operations draw from one shared stream.

    Raises AssertionError with the number of the call and the difference, or with the reason if a call could not be
    compared. Raises TypeError without calls, and RuntimeError if every `tf.function` runs eagerly. Exceptions of the
    eager function are passed on.
    """
    if not calls:
        raise TypeError("assert_hybrid_safe needs at least one call: assert_hybrid_safe(step, (x, y))")
    import tensorflow as tf

    if not tf.executing_eagerly() or tf.config.functions_run_eagerly():
        raise RuntimeError("assert_hybrid_safe compares with a graph, and every tf.function runs eagerly here.")
    from . import plugin
    from .projects import project_of

    subject = Subject.of(function, options)
    given = [subject.arguments(as_call(each)) for each in calls]
    project = project_of(subject.original, sys._getframe(1).f_code.co_filename)
    with _instruments():
        _compare(subject, given, project, max_traces)
    if plugin.wanted is not None:
        from .benchmark import measure

        plugin.wanted.add(measure(subject, given, plugin.wanted.rounds))


@contextlib.contextmanager
def _instruments() -> Iterator[None]:
    """Install the instruments of a checking run in this process, and remove them afterwards."""
    from .. import tensorflow_internals
    from ..dynamic.child import effects, iterators, pyfuncs, streams, variables

    tensorflow_internals.probe()
    effects.disregard(threading.enumerate())
    with tensorflow_internals.unchanged():
        pyfuncs.track()
        iterators.track()
        iterators.adopt()
        variables.track()
        variables.adopt()
        streams.install(_SEED)
        try:
            yield
        finally:
            variables.forget()
            iterators.forget()


def _compare(subject: Subject, calls: Sequence[Call], project: Project, max_traces: int) -> None:
    from ..dynamic.child.evidence import Check, Rehearsed
    from ..dynamic.child.outside import Watch
    from ..dynamic.child.paths import PathNote
    from ..dynamic.child.shadowing import Shadow
    from ..dynamic.child.stability import Stability
    from ..sandbox.child.binding import bind

    function, watch, check = subject.make(), Watch(project), Check(subject.name)
    graph = bind(function)
    check.stability = Stability(project, None)
    # A first call that builds variables is repeated, which shows what every call does. So one more call is expected.
    check.rehearsal = Rehearsed(len(calls) + 1)
    for number, each in enumerate(calls, 1):
        where = f"call {number} of {len(calls)}"
        check.calls, compared = number, check.compared
        owner = check.owners.of(1, subject.original, each.args, number)
        shadow = Shadow(project, watch, check, function, graph, subject.original, each.args, each.kwargs)
        shadow.first, shadow.owner = owner.begin(), owner
        PathNote.muted += 1
        try:
            built = check.rehearsal.built
            shadow.run()
            last = number == len(calls) and not check.retraced
            if check.open and (check.rehearsal.built > built or last):
                shadow = _made_again(shadow)
        finally:
            PathNote.muted -= 1
            owner.end()
        _judge(check, subject.name, where, shadow, compared)
        if owner.traces > max_traces:
            cause = f" ({check.causes[-1]})" if check.causes else ""
            raise AssertionError(f"{subject.name} is not hybrid-safe: {where} is retraced{cause}")


def _made_again(shadow: Shadow) -> Shadow:
    """Repeat a call whose first run has built variables; the process keeps the state after the first run.

    The repetition traces again and compares the traces: a trace may hold state that a later one would not.
    """
    from ..dynamic.child import iterators, variables
    from ..dynamic.child.effects import Snapshot
    from ..dynamic.child.shadowing import Shadow

    state, positions = variables.snapshot(), iterators.snapshot()
    python = Snapshot(shadow.named, shadow.original, shadow.project)
    again = Shadow(
        *(shadow.project, shadow.watch, shadow.check, shadow.function, shadow.graph),
        *(shadow.original, shadow.args, shadow.kwargs),
    )
    again.owner, again.aside = shadow.owner, True
    try:
        iterators.restore(shadow.positions or [])
        again.run()
    finally:
        variables.restore(state)
        iterators.restore(positions or [])
        python.restore()
    return again


def _judge(check: Check, name: str, where: str, shadow: Shadow, compared: int) -> None:
    """Raise AssertionError if a call showed a difference, or could not be compared."""
    if check.refutations:
        code, reason = next(iter(check.refutations.items()))
        raise AssertionError(f"{name} is not hybrid-safe: in {where}, {_LEADS.get(code, '')}{reason}")
    doubts = [text for kind, text in check.doubts.items() if kind != "nudge"]
    if not doubts and check.compared == compared:
        doubts = ["rounding errors change its result so much that agreement shows nothing"]
        if not shadow.computed:
            doubts = ["it runs no TensorFlow operation"]
    if doubts:
        raise AssertionError(f"{name} was not shown to be hybrid-safe: in {where}, {doubts[0]}")
