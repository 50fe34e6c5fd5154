"""Fingerprints traces of a function and finds the differences between them (in the child process).

A graph may replace a function only if tracing depends on the signature alone. Tracing executes no op, so it can be
repeated at any moment of the run. Python state that a trace froze shows as a difference between two traces of one
signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from . import streams, symbolic

# Attributes that do not affect what an op computes: names, devices and hints, which may differ between traces.
_UNIMPORTANT = frozenset(
    {
        "_class",
        "_output_shapes",
        "config",
        "config_proto",
        "executor_type",
        "shared_name",
        "container",
        "_gradient_op_type",
        "_XlaSharding",
        "_lower_using_switch_merge",
        "_num_original_outputs",
        "seed",
        "seed2",
        "_read_only_resource_inputs",
        "_stateful_parallelism",
        "_xla_propagate_compile_time_consts",
        "token",
        "_disable_call_shape_inference",
        "_acd_function_control_output",
        "_forward_func_name",
        "_api_implements",
        "forward_function_name",
        "backward_function_name",
        "_construction_context",
        "debug_name",
        "_user_specified_name",
        "func_name",
    }
)

_SEED = "seed"  # the kind of the constant with the seed of random ops


@dataclass(frozen=True)
class Row:
    """One op of a trace: ``kind`` and ``detail`` are compared, ``place`` is the user's line for the report."""

    kind: str
    detail: str
    place: str | None


@dataclass(frozen=True)
class Print:
    """A trace's fingerprint. ``captured`` are the tensors, not variables, that the trace captures.

    ``fault`` is its key in `wording.TRACE_FAULTS`; empty if it has no fault.
    """

    rows: tuple[Row, ...]
    resources: tuple[int, ...]
    resource_places: tuple[str, ...]
    captured: tuple[str, ...]
    captured_places: tuple[str, ...]
    fault: str


def fingerprint(concrete: Any, place: Callable[[Any], str | None]) -> Print:
    """Fingerprint a concrete function; ``place(op)`` returns the user's line that made an op, or None."""
    rows: list[Row] = []
    definition = concrete.graph.as_graph_def()
    library = {function.signature.name: function for function in definition.library.function}
    for node in definition.node:
        _add(node, library, rows, place(concrete.graph.get_operation_by_name(node.name)), set())
    resources: list[int] = []
    resource_places: list[str] = []
    captured: list[str] = []
    places: list[str] = []
    for external, internal in concrete.graph.captures:
        if external.dtype in (tf.resource, tf.variant):
            resources.append(id(external))
            resource_places.append(_consumer_place(internal, place))
        else:
            captured.append(_value(external))
            places.append(_consumer_place(internal, place))
    fault = symbolic.fault(concrete.graph.get_operations())
    return Print(tuple(rows), tuple(resources), tuple(resource_places), tuple(captured), tuple(places), fault)


def _add(node: Any, library: Mapping[str, Any], rows: list[Row], place: str | None, inside: set[str]) -> None:
    """Add one op, then the ops of the functions that it calls (branches, loop bodies, nested functions)."""
    parts = [str(len(node.input))]
    called: list[str] = []
    for name in sorted(node.attr):
        if name in _UNIMPORTANT:
            continue
        value = node.attr[name]
        which = value.WhichOneof("value")
        if which == "func":
            called.append(value.func.name)
        elif which == "list" and value.list.func:
            called.extend(function.name for function in value.list.func)
        elif which == "tensor":
            parts.append(_constant(value.tensor))
        else:
            parts.append(f"{name}={_digest(value.SerializeToString(deterministic=True))[:12]}")
    rows.append(Row(_SEED if streams.SEED in node.name else node.op, " ".join(parts), place))
    for name in called:
        if name in library and name not in inside:
            for inner in library[name].node_def:
                _add(inner, library, rows, place, inside | {name})


def _constant(proto: Any) -> str:
    if len(proto.SerializeToString()) <= 256:
        array = tf.make_ndarray(proto)
        return f"{array.dtype}{array.shape}={array.tolist()}"
    return _digest(proto.SerializeToString(deterministic=True))


def _digest(data: bytes) -> str:
    # Not MD5, which is disabled in FIPS mode.
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _value(tensor: Any) -> str:
    try:
        array = np.asarray(tensor.numpy())
    except (AttributeError, tf.errors.OpError, NotImplementedError):
        return "symbolic"
    if array.size <= 8:
        return f"{array.dtype}{array.shape}={array.tolist()}"
    if array.dtype == object:  # strings: the array itself contains only their addresses
        return f"{array.dtype}{array.shape} {_digest(repr(array.tolist()).encode())[:12]}"
    return f"{array.dtype}{array.shape} {_digest(np.ascontiguousarray(array).tobytes())[:12]}"


def _consumer_place(internal: Any, place: Callable[[Any], str | None]) -> str:
    for consumer in internal.consumers():
        found = place(consumer)
        if found:
            return found
    return ""


def difference(first: Print, second: Print) -> str | None:
    """The difference between two traces of one signature, as a sentence's end; None if there is none."""
    if len(first.captured) != len(second.captured) and _computing(first) == _computing(second):
        return (
            f"a later trace captures a different number of tensors: {len(second.captured)}, "
            f"an earlier one {len(first.captured)}"
        )
    if len(first.rows) != len(second.rows):
        one, other = _first_unlike(first.rows, second.rows)
        where = (other or one).place if (other or one) is not None else None  # type: ignore[union-attr]
        return (
            f"a later trace has {len(second.rows)} ops, an earlier one {len(first.rows)}: "
            f"a branch on Python state was taken differently{_at(where)}"
        )
    for one, other in zip(first.rows, second.rows, strict=True):
        if one.kind != other.kind:
            return f"{one.kind} became {other.kind}: a branch on Python state was taken differently{_at(other.place)}"
        if one.detail != other.detail:
            if one.kind == _SEED:
                kept = f"the graph keeps the seed of its trace, and the script sets another one{_at(other.place)}"
                return f"{kept}: draw from a `tf.random.Generator`, and reset that"
            if one.kind == "Const":
                values = f"{_short(one.detail)} then {_short(other.detail)}"
                return f"the graph keeps a constant that changes: {values}" + _at(
                    other.place
                )
            return f"{one.kind} has different attributes in a later trace{_at(other.place)}"
    for number, (one_value, other_value) in enumerate(zip(first.captured, second.captured, strict=True)):
        if one_value != other_value:
            return (
                f"the graph keeps a tensor (not a variable) that changes: {_short(one_value)} then "
                f"{_short(other_value)}{_at(second.captured_places[number])}"
            )
    if first.resources != second.resources:
        changed = zip(first.resources, second.resources, second.resource_places, strict=False)
        where = next((place for one_id, other_id, place in changed if one_id != other_id), None)
        return f"a later trace uses different variables{_at(where)}"
    return None


def _computing(trace: Print) -> int:
    """The number of ops in a trace without placeholders, of which each captured tensor has one."""
    return sum(row.kind != "Placeholder" for row in trace.rows)


def _first_unlike(first: tuple[Row, ...], second: tuple[Row, ...]) -> tuple[Row | None, Row | None]:
    for one, other in zip(first, second, strict=False):
        if one.kind != other.kind:
            return one, other
    longer = first if len(first) > len(second) else second
    return longer[min(len(first), len(second))], None


def _at(place: str | None) -> str:
    return f" ({place})" if place else ""


def _short(text: str) -> str:
    return text.rpartition("=")[2][:40]
