"""The topics of a call. A rule examines only the calls with its topics."""

from __future__ import annotations

from ..ir.code import AttributeLoad, Call
from ..ir.engine import kind_of
from ..ir.values import UNKNOWN, Instance, Thing
from ..libraries.effects import creates_variables, draws_tensors, effect_of_call
from ..libraries.method_effects import EAGER_METHODS, FIT_METHODS, TELLING_MUTATORS, effect_of

#: Builtins that iterate over their argument in Python.
WALKING_BUILTINS = frozenset(
    {
        "builtins.list",
        "builtins.tuple",
        "builtins.set",
        "builtins.reversed",
        "builtins.zip",
        "builtins.enumerate",
        "builtins.map",
        "builtins.filter",
        "builtins.sum",
        "builtins.min",
        "builtins.max",
        "builtins.iter",
        "itertools.chain",
        "functools.reduce",
    }
)
_VALUE_BUILTINS = frozenset(
    {
        "builtins.complex",
        "builtins.hash",
        "builtins.bool",
        "builtins.round",
        "builtins.any",
        "builtins.all",
        "builtins.divmod",
    }
)
_APPLIED = frozenset({"layer", "model"})
_TELLING = EAGER_METHODS | TELLING_MUTATORS | FIT_METHODS


#: Kinds of the project's classes whose instances own variables.
CREATED_KINDS = frozenset({"layer", "model", "optimizer", "metric", "parameter"})


def topics_of(call: Call) -> list[str]:
    """The sorted topics of a call: its kinds of effects, and the kinds of its libraries."""
    found: set[str] = set()
    for path in call.externals:
        effect = effect_of_call(path)
        if effect is not None:
            found.add(effect)
        if path.startswith("builtins."):
            if path in WALKING_BUILTINS:
                found.add("walks")
            elif path in _VALUE_BUILTINS:
                found.add("value")
            elif path == "builtins.next":
                found.add("next")
            elif path in ("builtins.isinstance", "builtins.type"):
                found.add("type")
            elif path == "builtins.setattr":
                found.add("setattr")
        elif path.startswith(("numpy.", "scipy.")):
            if effect is None:
                found.add("numpy")
        elif path.startswith(("tensorflow.", "keras.", "tensorflow_hub.", "tf_slim.")):
            if creates_variables(path):
                found.add("creates")
            if draws_tensors(path):
                found.add("draws")
            if path == "tensorflow.function":
                found.add("function")
            if path.startswith("tensorflow."):
                found.add("tensorflow")
        elif path in WALKING_BUILTINS:
            found.add("walks")
    for receiver, name in call.methods:
        kind = kind_of(receiver)
        effect = effect_of(kind, name)
        if effect is not None:
            found.add(effect)
        if kind in _APPLIED and name in ("__call__", "call"):
            found.add("applies")
        if isinstance(receiver, Thing) and "dropout" in receiver.path.lower():
            found.add("draws")
        if isinstance(receiver, Instance) and name == "__init__" and kind in CREATED_KINDS:
            found.add("creates")
    if call.unknown or (not call.targets and not call.externals and not call.methods):
        found.add("unknown")
    attribute = call.attribute
    if attribute is not None and attribute in _TELLING:
        function = call.function
        if function is not None and isinstance(function.origin, AttributeLoad):
            base = function.origin.base
            if not call.targets and (not base.values or UNKNOWN in base.values):
                if attribute in EAGER_METHODS:
                    found.add("eager")
                elif attribute in TELLING_MUTATORS:
                    found.add("mutates")
                else:
                    found.add("fit")
    return sorted(found)
