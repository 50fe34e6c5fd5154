"""Repeats each real call of a rare candidate from perturbed states (in the child process).

A candidate that the whole script calls a few times is never compared in enough states. So each of its real calls
is repeated, eager and graph, with its arguments: first from the state after the call, then with perturbed values of
the variables that its graph reads and of its tensor arguments. Perturbed values keep dtype and shape: floats change
by up to a tenth; integers, booleans and strings are permuted. A call that fails eagerly from a perturbed state is
no evidence, and a difference there does not refute, because the script was never in that state.
docs/conformance.md says what this proves and what it does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from . import iterators, states, streams, variables
from .paths import Runaway

if TYPE_CHECKING:
    from .evidence import Check, Rehearsed
    from .shadowing import Shadow

REPEATS = 6
#: The fewest repeats of a slow call: together with the call itself, the least that a confirmation needs.
FEWEST_REPEATS = 4
SPREAD = 0.1
SMALL = 0.01
# A repeated call with this many times the ops of the real one is abandoned (a loop that no longer ends).
MOST_OPS = 50
#: The refutations that count from any state, even a perturbed one.
_ANYWHERE = frozenset({"effect", "creation", "unstable", "stale-weights", "stale-seeds"})


def rehearse(shadow: Shadow, seconds: float) -> None:
    """Repeat the call of ``shadow``, which has just been made; restores the process's state after the call.

    If that would take longer than ``seconds``, record a doubt instead.
    """
    check = shadow.check
    record = check.rehearsal
    if record is None or not _is_undecided(check) or shadow.error is not None or not shadow.computed:
        return
    count = max(2, -(-REPEATS // record.wanted))
    if 2 * count * shadow.eager_seconds > seconds:
        # A first call that could not be compared needs one more repeat.
        count = max(2, -(-(FEWEST_REPEATS + record.built) // record.wanted))
    if 2 * count * shadow.eager_seconds > seconds:
        check.doubts["repeats"] = (
            f"one call takes {shadow.eager_seconds:.1f} s, too long to repeat it; use a longer --budget"
        )
        return
    state = variables.snapshot(streams.of_others())
    positions = iterators.snapshot() if check.advances_iterators else []
    python = shadow.snapshot()
    read = states.read(check, shadow.trace_key, (shadow.args, shadow.kwargs), state)
    record.states.add(states.mark(check, (shadow.args, shadow.kwargs), shadow.key, read))
    try:
        for number in range(count):
            variables.restore(state)
            iterators.restore(shadow.positions or [])
            if not _repeat(shadow, record, number, state):
                break
    finally:
        variables.restore(state)
        iterators.restore(positions or [])
        python.restore()


def _repeat(shadow: Shadow, record: Rehearsed, number: int, state: variables.State) -> bool:
    """Make one repeated call, perturbed from the second on; returns whether to go on."""
    from .evidence import Check
    from .shadowing import Shadow

    check = shadow.check
    seen = Check(check.candidate)
    seen.prints, seen.advances_iterators, seen.keys = check.prints, check.advances_iterators, list(check.keys)
    seen.stability = check.stability
    seen.functions = check.functions
    args, kwargs = shadow.args, shadow.kwargs
    read = states.read(check, shadow.trace_key, (args, kwargs), state)
    if number:
        move = Move(number)
        args, kwargs = move.arguments((args, kwargs))
        for value in read.values():
            value.variable.assign(move.variable(value))
    mark = states.mark(check, (args, kwargs), shadow.key, _now(read))
    again = Shadow(shadow.project, shadow.watch, seen, shadow.function, shadow.graph, shadow.original, args, kwargs)
    again.aside, again.most_ops = True, 1000 + MOST_OPS * shadow.computed
    try:
        again.run()
    except Runaway:
        record.abandoned += 1
        return True
    except Exception:  # the script's function may raise from a state that it was never in
        record.abandoned += 1
    record.retraced += seen.retraced
    _take_over(check, seen, moved=number > 0)
    if seen.compared:
        record.repeats += 1
        record.states.add(mark)
        read = states.read(check, shadow.trace_key, (args, kwargs), state)
        record.reads_nothing = record.reads_nothing or states.reads_nothing(check, (args, kwargs), read)
        check.max_error = max(check.max_error, seen.max_error)
        check.eager_seconds.extend(seen.eager_seconds)
        check.graph_seconds.extend(seen.graph_seconds)
        check.trace_seconds.extend(seen.trace_seconds)
        check.traces += seen.traces
        check.compared_paths.update(seen.compared_paths)
        check.captured = seen.captured or check.captured
    return _is_undecided(check)


def _is_undecided(check: Check) -> bool:
    return check.open and not check.doubts.keys() - {"nudge"}


def _take_over(check: Check, seen: Check, moved: bool) -> None:
    for code, reason in seen.refutations.items():
        if not moved or code in _ANYWHERE:
            check.refutations.setdefault(code, f"{reason} (in a repeated call)")
        else:
            check.doubts.setdefault("moved", f"in a perturbed state the graph differs: {reason}")
    for name, doubt in seen.doubts.items():
        if name != "nudge":
            check.doubts.setdefault(name, doubt)


class Move:
    """Perturbed values of the same dtype and shape, from a seed. The same object always gets the same replacement."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(seed))
        # Every other time integers stay: as indices and labels they may depend on other values.
        self._floats_only = seed % 2 == 0
        self._known: dict[int, Any] = {}

    def arguments(self, structure: Any) -> Any:
        """A structure of arguments with its tensors and arrays perturbed, everything else unchanged."""
        kind = type(structure)
        if kind in (list, tuple):
            return kind(self.arguments(item) for item in structure)
        if kind is dict:
            return {name: self.arguments(item) for name, item in structure.items()}
        if isinstance(structure, tuple) and hasattr(kind, "_make"):
            return kind._make(self.arguments(item) for item in structure)
        return self._leaf(structure)

    def variable(self, value: variables.Value) -> Any:
        """A perturbed value for a variable; integers (counters, seeds) stay, except our random stream's counter."""
        array = variables.as_array(value)
        if array.dtype.kind not in "fc" and array.dtype.name not in ("bfloat16", "float16"):
            return array + 1000 if variables.STREAM in str(value.variable.name) else array
        return self._floats(array)

    def _leaf(self, value: Any) -> Any:
        if id(value) not in self._known:
            self._known[id(value)] = value, self._moved(value)
        return self._known[id(value)][1]

    def _moved(self, value: Any) -> Any:
        if isinstance(value, tf.RaggedTensor):
            return value.with_flat_values(self._leaf(value.flat_values))
        if isinstance(value, tf.SparseTensor):
            return tf.SparseTensor(value.indices, self._leaf(value.values), value.dense_shape)
        if isinstance(value, tf.Tensor):
            if value.dtype in (tf.resource, tf.variant) or not hasattr(value, "numpy"):
                return value
            return tf.constant(self._array(value.numpy()), dtype=value.dtype, shape=value.shape)
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, np.generic):
            return self._array(np.asarray(value))[()]
        return value

    def _array(self, value: Any) -> Any:
        array = np.asarray(value)
        if array.dtype.kind in "fc" or array.dtype.name in ("bfloat16", "float16"):
            return self._floats(array)
        if self._floats_only or not array.size:
            return array
        flat = array.ravel()
        if (flat != flat[0]).any():
            moved = self._generator.permutation(flat)
            return (np.roll(flat, 1) if (moved == flat).all() else moved).reshape(array.shape)
        if array.dtype.kind == "b":
            return ~array
        if array.dtype.kind in "iu":
            return array - np.sign(array) if flat[0] else array + 1
        return array

    def _floats(self, array: Any) -> Any:
        """Floats within a tenth of their values. Zeros stay; an array of only zeros gets small positive values."""
        if not np.any(array):
            moved = self._generator.uniform(0.0, SMALL, array.shape)
        else:
            moved = array * (1.0 + self._generator.uniform(-SPREAD, SPREAD, array.shape))
        return np.asarray(moved).astype(array.dtype)


def _now(read: variables.State) -> variables.State:
    return {n: variables.Value(value.variable, value.variable.read_value()) for n, value in read.items()}
