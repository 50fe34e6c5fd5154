"""Finds the trace that a variant of a candidate uses for a call, and checks that trace (in the child process)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from ... import tensorflow_internals
from . import graphs, signatures, streams

#: Ops with which a function checks values. XLA removes them.
ASSERTIONS = frozenset({"Assert", "CheckNumerics", "CheckNumericsV2"})


def trace_of(
    function: Any, seen: dict[Any, Any], key: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[Any, tuple[Any, ...], Mapping[str, Any]]:
    """The key of the trace that a call uses, and the arguments with which to make that trace.

    With an input signature the key is the same for all calls. With ``reduce_retracing``, tensors of different shapes
    share a shape with unknown axes; ``seen`` keeps the merged shapes from call to call. Else it is the call's own
    ``key``.
    """
    if function.input_signature is not None:
        return "signature", args, kwargs
    if not tensorflow_internals.reduces_retracing(function):
        return key, args, kwargs
    keys: list[Any] = []

    def relax(leaf: Any) -> Any:
        if not isinstance(leaf, tf.Tensor) and type(leaf).__module__ != "numpy":
            keys.append(signatures.key(leaf))
            return leaf
        shape, dtype = tf.TensorShape(leaf.shape), tf.as_dtype(leaf.dtype)
        place = len(keys), dtype.name, shape.rank
        merged = shape.most_specific_compatible_shape(seen.get(place, shape))
        seen[place] = merged
        keys.append((dtype.name, tuple(merged.as_list())))
        return tf.TensorSpec(merged, dtype)

    try:
        relaxed_args, relaxed_kwargs = tf.nest.map_structure(relax, (args, dict(kwargs)))
    except (TypeError, ValueError):  # keys that can't be sorted, ranks that are unknown
        return key, args, kwargs
    return tuple(keys), relaxed_args, relaxed_kwargs


def objection(function: Any, bound: Any, printed: graphs.Print, args: Any, kwargs: Any) -> str | None:
    """The objection to a variant that only its trace shows; None if there is none.

    ``bound`` is ``function`` bound to its instance, if any, so that ``args`` and ``kwargs`` do not contain it.
    """
    if tensorflow_internals.is_compiled(function):
        asserting = sorted({row.kind for row in printed.rows} & ASSERTIONS)
        if asserting:
            return f"it checks values ({', '.join(asserting)}), and XLA removes such checks"
        if streams.draws(printed.resources):
            return "it draws random numbers with tf.random, and XLA ignores the seed"
    if not tensorflow_internals.uses_autograph(function):
        converted = tf.function(bound.python_function)
        try:
            twin = graphs.fingerprint(converted.get_concrete_function(*args, **kwargs), lambda op: None)
        except Exception as error:
            return f"tracing with AutoGraph raises {type(error).__name__}; without AutoGraph it does not"
        different = graphs.difference(twin, printed)
        if different is not None:
            return f"it needs AutoGraph: without it, {different}"
    return None
