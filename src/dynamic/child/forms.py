"""Merges the forms of an argument in all calls into one that an input signature must admit (in the child process)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import tensorflow as tf

from ...records import Form

#: An input signature lists every part of a container, so only short containers can have one.
LEAVES = 12
DEPTH = 3


def form_of(value: object, depth: int = DEPTH) -> Form:
    """The form of one argument. It does not keep the argument alive."""
    if type(value) is tf.RaggedTensor or type(value) is tf.SparseTensor:
        return _composite_form(value)
    if isinstance(value, tf.Tensor):
        if value.shape.rank is None:
            return _other("a tensor of unknown rank")
        return Form("tensor", value.dtype.name, tuple(value.shape.as_list()))
    if isinstance(value, (bool, int, float)):
        return _number_form(value)
    if type(value) is np.ndarray or isinstance(value, np.generic):
        if value.dtype.kind not in "biufcSU":
            return _other(f"an array of {value.dtype}")
        return Form("tensor", tf.as_dtype(value.dtype).name, value.shape)
    if type(value) in (list, tuple, dict):
        return _container_form(value, depth)
    if value is None or isinstance(value, (str, bytes)):
        return _other("None" if value is None else "a Python string")
    if isinstance(value, tf.Variable):
        return _other("a variable, which a signature would turn into a tensor")
    return _other(f"an object of {type(value).__qualname__}")


def _other(note: str) -> Form:
    return Form("other", note=note)


def _number_form(value: Any) -> Form:
    # A np.float64 is a Python float too; in eager code it combines with float32 tensors like one.
    kind = "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "float"
    return Form("number", kind, value=repr(float(value) if kind == "float" else value))


def _composite_form(value: Any) -> Form:
    spec = tf.type_spec_from_value(value)
    if spec.shape.rank is None:
        return _other("a tensor of unknown rank")
    shape = tuple(spec.shape.as_list())
    if isinstance(spec, tf.SparseTensorSpec):
        return Form("sparse", spec.dtype.name, shape)
    return Form("ragged", spec.dtype.name, shape, ragged_rank=spec.ragged_rank, splits=spec.row_splits_dtype.name)


def _container_form(value: Any, depth: int) -> Form:
    name = type(value).__name__
    pairs = list(value.items()) if isinstance(value, dict) else [(str(i), item) for i, item in enumerate(value)]
    if not pairs or len(pairs) > LEAVES or depth <= 0:
        return _other(f"a {name} of {len(pairs)} items")
    if not all(type(key) is str for key, _ in pairs):
        return _other(f"a {name} whose keys are not strings")
    items = tuple((key, form_of(item, depth - 1)) for key, item in pairs)
    for key, form in items:
        if form.kind == "other":
            return _other(f"a {name} that holds {form.note} at {key}")
    return Form(name, items=items)


def merge(known: Form | None, seen: Form) -> Form:
    """The form that admits both the form from earlier calls and the form of a new call."""
    if known is None or known == seen:
        return seen
    if known.kind == "other":
        return known
    if seen.kind == "other":
        return _other(f"{seen.note} in some calls")
    if known.kind != seen.kind:
        return _other(f"a {known.kind} in some calls and a {seen.kind} in others")
    if known.kind == "number":
        return _merge_numbers(known, seen)
    if known.items or seen.items:
        return _merge_items(known, seen)
    return _merge_tensors(known, seen)


def _merge_numbers(known: Form, seen: Form) -> Form:
    varies = known.varies or seen.varies or known.value != seen.value
    if known.dtype == seen.dtype:
        return replace(known, varies=varies)
    if "bool" in (known.dtype, seen.dtype):
        return _other(f"a Python {known.dtype} in some calls and a {seen.dtype} in others")
    return replace(known, dtype="float", varies=varies)


def _merge_items(known: Form, seen: Form) -> Form:
    if [key for key, _ in known.items] != [key for key, _ in seen.items]:
        return _other(f"a {known.kind} whose items are not always the same")
    items = tuple((key, merge(one, other)) for (key, one), (_, other) in zip(known.items, seen.items, strict=True))
    for _, form in items:
        if form.kind == "other":
            return _other(f"a {known.kind} that holds {form.note}")
    return replace(known, items=items)


def _merge_tensors(known: Form, seen: Form) -> Form:
    if known.dtype != seen.dtype:
        return _other(f"a {known.kind} whose dtype varies: {known.dtype}, {seen.dtype}")
    if len(known.shape) != len(seen.shape):
        return _other(f"a {known.kind} whose rank varies: {len(known.shape)}, {len(seen.shape)}")
    if (known.ragged_rank, known.splits) != (seen.ragged_rank, seen.splits):
        return _other("a ragged tensor whose row splits vary")
    shape = tuple(one if one == other else None for one, other in zip(known.shape, seen.shape, strict=True))
    return replace(known, shape=shape)


class Arguments:
    """The forms of a candidate's arguments over the recorded calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._positions = positions_of(function)
        self._forms: dict[str, Form] = {}
        self._calls = 0
        self._given: dict[str, int] = {}

    def note(self, named: Mapping[str, Any]) -> None:
        """Record the named arguments of a call. Each signature must be recorded once; repetitions may be left out."""
        self._calls += 1
        for name, value in named.items():
            self._given[name] = self._given.get(name, 0) + 1
            known = self._forms.get(name)
            if known is None or known.kind != "other":
                self._forms[name] = merge(known, form_of(value))

    def of(self, name: str) -> dict[str, Any]:
        """The record of one parameter, in the form that is sent to the parent (fields of `ObservedParameter`)."""
        form = self._forms.get(name)
        return {
            "form": asdict(form) if form is not None else None,
            "position": self._positions.get(name),
            "in_every_call": self._given.get(name, 0) == self._calls,
        }


def positions_of(function: Callable[..., Any]) -> dict[str, int]:
    """The positions of the positional parameters, counted without ``self`` as ``tf.function`` does.

    A class method has none: ``tf.function`` would require its class in the signature.
    """
    code = getattr(function, "__code__", None)
    if code is None:
        return {}
    names = code.co_varnames[: code.co_argcount]
    if names[:1] == ("cls",):
        return {}
    if names[:1] == ("self",):
        names = names[1:]
    return {name: place for place, name in enumerate(names)}
