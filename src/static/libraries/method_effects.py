"""The effects of library objects' methods, by the kind of the receiver.

``mutates`` changes the receiver in Python's memory, ``eager`` needs a tensor's value, ``fit`` is a Keras method that
runs its own graph, and ``creates`` creates variables. ``print`` prints, ``file`` uses files, and ``random`` uses
Python's random numbers.
"""

from __future__ import annotations

FIT_METHODS = frozenset(
    {
        "fit",
        "fit_generator",
        "evaluate",
        "evaluate_generator",
        "predict",
        "predict_generator",
        "predict_on_batch",
        "train_on_batch",
        "test_on_batch",
    }
)

#: Methods whose name alone says that they need a tensor's value.
EAGER_METHODS = frozenset({"numpy"})

_MUTATORS = {
    "list": frozenset(
        {"append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "appendleft", "popleft"}
    ),
    "dict": frozenset({"update", "setdefault", "pop", "popitem", "clear", "move_to_end"}),
    "set": frozenset({"add", "discard", "remove", "pop", "clear", "update", "difference_update"}),
    "iterator": frozenset({"__next__", "send", "close"}),
    "array": frozenset({"fill", "sort", "itemset", "resize", "partition", "put", "setflags"}),
    "shape": frozenset({"append", "insert", "extend", "pop"}),
    "tokenizer": frozenset({"fit_on_texts"}),
}

#: Names of mutating methods that hardly anything but a Python container has.
TELLING_MUTATORS = frozenset({"append", "extend", "appendleft", "popleft", "setdefault", "popitem"})

_EFFECTS: dict[tuple[str, str], str] = {
    ("tensor", "numpy"): "eager",
    ("tensor", "eval"): "eager",
    ("tensor", "item"): "eager",
    ("tensor", "tolist"): "eager",
    ("tensor", "to_list"): "eager",
    ("variable", "numpy"): "eager",
    ("variable", "eval"): "eager",
    ("model", "get_weights"): "eager",
    ("model", "set_weights"): "eager",
    ("layer", "get_weights"): "eager",
    ("layer", "set_weights"): "eager",
    ("optimizer", "get_weights"): "eager",
    ("optimizer", "set_weights"): "eager",
    ("model", "compile"): "mutates",
    ("model", "build"): "creates",
    ("layer", "build"): "creates",
    ("model", "add_weight"): "creates",
    ("layer", "add_weight"): "creates",
    ("model", "add_variable"): "creates",
    ("layer", "add_variable"): "creates",
    ("model", "add"): "mutates",
    ("model", "pop"): "mutates",
    ("model", "summary"): "print",
    ("model", "save"): "file",
    ("model", "save_weights"): "file",
    ("model", "load_weights"): "file",
    ("model", "export"): "file",
    ("layer", "adapt"): "mutates",
    ("checkpoint", "save"): "file",
    ("checkpoint", "write"): "file",
    ("checkpoint", "restore"): "file",
    ("session", "run"): "eager",
    ("random generator", "seed"): "random",
    ("array", "tofile"): "file",
}


def effect_of(kind: str, name: str) -> str | None:
    """The effect of ``receiver.name(…)``, or None."""
    mutators = _MUTATORS.get(kind)
    if mutators is not None and name in mutators:
        return "mutates"
    if kind in ("layer", "model") and name in FIT_METHODS:
        return "fit"
    if kind == "random generator":
        return "random"
    if kind == "file":
        return "file"
    if kind == "logger":
        return "print"
    return _EFFECTS.get((kind, name))
