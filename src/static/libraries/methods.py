"""What the methods and attributes of library objects give and do, by the kind of the receiver.

Results are the words of ``library_results``; ``self`` is the receiver, ``element`` what it holds.
Effects: ``mutates`` changes the receiver in Python's memory, ``tensorflow`` is an effect that a graph
has as well, ``eager`` needs a tensor's value, ``fit`` is a Keras method that runs a graph of its own,
``file``, ``random``, ``creates`` makes variables.
"""

from __future__ import annotations

_TENSOR_ATTRIBUTES = {
    "shape": "shape",
    "dtype": "object",
    "name": "str",
    "device": "str",
    "graph": "object",
    "op": "object",
    "ndim": "int",
    "rank": "int",
    "T": "tensor",
    "real": "tensor",
    "imag": "tensor",
    "size": "tensor",
    "values": "tensor",
    "indices": "tensor",
    "dense_shape": "tensor",
    "flat_values": "tensor",
    "row_splits": "tensor",
    "value_index": "int",
    "trainable": "bool",
    "handle": "tensor",
    "initializer": "object",
    "_keras_history": "object",
    "_keras_mask": "tensor",
    "constraint": "object",
    "ragged_rank": "int",
}

_MODEL_ATTRIBUTES = {
    "trainable_variables": "special:variable_list",
    "trainable_weights": "special:variable_list",
    "non_trainable_variables": "special:variable_list",
    "non_trainable_weights": "special:variable_list",
    "variables": "special:variable_list",
    "weights": "special:variable_list",
    "layers": "special:layer_list",
    "submodules": "special:layer_list",
    "losses": "tensors",
    "metrics": "special:metric_list",
    "metrics_names": "object",
    "optimizer": "thing:optimizer",
    "loss": "unknown",
    "compiled_loss": "thing:loss",
    "compiled_metrics": "thing:metric",
    "input": "symbolic",
    "output": "symbolic",
    "inputs": "special:symbolic_list",
    "outputs": "special:symbolic_list",
    "input_shape": "shape",
    "output_shape": "shape",
    "input_spec": "object",
    "kernel": "variable",
    "bias": "variable",
    "embeddings": "variable",
    "gamma": "variable",
    "beta": "variable",
    "moving_mean": "variable",
    "moving_variance": "variable",
    "name": "str",
    "dtype": "str",
    "_name": "str",
    "built": "bool",
    "trainable": "bool",
    "stateful": "bool",
    "units": "int",
    "filters": "int",
    "activation": "thing:activation",
    "cell": "thing:layer",
    "stop_training": "bool",
    "supports_masking": "bool",
    "distribute_strategy": "thing:strategy",
    "dtype_policy": "object",
    "compute_dtype": "str",
    "variable_dtype": "str",
}

_ATTRIBUTES: dict[str, dict[str, str]] = {
    "tensor": _TENSOR_ATTRIBUTES,
    "variable": _TENSOR_ATTRIBUTES,
    "symbolic": {**_TENSOR_ATTRIBUTES, "T": "symbolic"},
    "array": {
        "shape": "shape",
        "dtype": "object",
        "ndim": "int",
        "size": "int",
        "itemsize": "int",
        "nbytes": "int",
        "T": "array",
        "flat": "array",
        "real": "array",
        "imag": "array",
        "loc": "array",
        "iloc": "array",
        "values": "array",
        "data": "object",
    },
    "shape": {"rank": "int", "ndims": "int", "dims": "shape"},
    "layer": _MODEL_ATTRIBUTES,
    "model": _MODEL_ATTRIBUTES,
    "module": _MODEL_ATTRIBUTES,
    "optimizer": {
        "learning_rate": "variable",
        "lr": "variable",
        "iterations": "variable",
        "variables": "special:variable_list",
        "weights": "special:variable_list",
    },
    "metric": {
        "name": "str",
        "variables": "special:variable_list",
        "weights": "special:variable_list",
        "trainable_variables": "special:variable_list",
    },
    "generator": {"state": "variable"},
    "dataset": {"element_spec": "object"},
    "checkpoint": {"latest_checkpoint": "str", "save_counter": "variable"},
    "strategy": {"num_replicas_in_sync": "int", "extended": "object"},
    "distribution": {"batch_shape": "shape", "event_shape": "shape", "loc": "tensor", "scale": "tensor"},
}

_TENSOR_METHODS = {
    "numpy": "array",
    "eval": "array",
    "get_shape": "shape",
    "set_shape": "none",
    "ref": "object",
    "experimental_ref": "object",
    "to_tensor": "tensor",
    "to_list": "object",
    "tolist": "object",
    "item": "float",
    "consumers": "object",
    "__len__": "int",
}

_VARIABLE_METHODS = {
    **_TENSOR_METHODS,
    "value": "tensor",
    "read_value": "tensor",
    "initialized_value": "tensor",
    "assign": "variable",
    "assign_add": "variable",
    "assign_sub": "variable",
    "scatter_update": "tensor",
    "scatter_add": "tensor",
    "scatter_nd_update": "tensor",
    "numpy": "array",
}

_MODEL_METHODS = {
    "fit": "object",
    "fit_generator": "object",
    "evaluate": "unknown",
    "evaluate_generator": "unknown",
    "predict": "array",
    "predict_generator": "array",
    "predict_on_batch": "array",
    "train_on_batch": "unknown",
    "test_on_batch": "unknown",
    "predict_classes": "array",
    "predict_proba": "array",
    "compile": "none",
    "build": "none",
    "summary": "none",
    "save": "none",
    "save_weights": "none",
    "load_weights": "object",
    "export": "none",
    "get_weights": "arrays",
    "set_weights": "none",
    "get_config": "object",
    "to_json": "str",
    "to_yaml": "str",
    "get_layer": "thing:layer",
    "add": "none",
    "pop": "none",
    "add_weight": "variable",
    "add_variable": "variable",
    "add_loss": "none",
    "add_metric": "none",
    "add_update": "none",
    "reset_states": "none",
    "reset_metrics": "none",
    "count_params": "int",
    "compute_mask": "tensor",
    "compute_output_shape": "shape",
    "compute_loss": "tensor",
    "compute_metrics": "object",
    "get_initial_state": "tensors",
    "zero_state": "tensors",
    "make_train_function": "object",
    "make_test_function": "object",
    "make_predict_function": "object",
    "train_step": "object",
    "test_step": "object",
    "predict_step": "tensor",
    "get_losses_for": "tensors",
    "get_updates_for": "object",
    "adapt": "none",
    "get_vocabulary": "object",
    "vocabulary_size": "int",
    "set_vocabulary": "none",
    "with_name_scope": "special:identity_function",
    "compute_gradients": "tensors",
    "quantize": "none",
    "call": "special:apply",
    "__call__": "special:apply",
    "encode": "tensor",
    "decode": "tensor",
    "generate": "tensor",
}

_METHODS: dict[str, dict[str, str]] = {
    "tensor": _TENSOR_METHODS,
    "variable": _VARIABLE_METHODS,
    "symbolic": _TENSOR_METHODS,
    "array": {
        "tolist": "object",
        "item": "float",
        "tobytes": "str",
        "tofile": "none",
        "fill": "none",
        "sort": "none",
        "itemset": "none",
        "resize": "none",
        "setflags": "none",
        "partition": "none",
        "nonzero": "arrays",
        "any": "bool",
        "all": "bool",
        "numpy": "array",
        "to_numpy": "array",
        "items": "object",
    },
    "shape": {
        "as_list": "shape",
        "num_elements": "int",
        "is_fully_defined": "bool",
        "is_compatible_with": "bool",
        "assert_has_rank": "none",
        "assert_is_compatible_with": "none",
        "with_rank": "shape",
        "with_rank_at_least": "shape",
        "concatenate": "shape",
        "merge_with": "shape",
        "ndims": "int",
        "index": "int",
        "count": "int",
        "append": "none",
        "insert": "none",
        "extend": "none",
        "pop": "int",
        "copy": "shape",
    },
    "layer": _MODEL_METHODS,
    "model": _MODEL_METHODS,
    "module": {"with_name_scope": "special:identity_function"},
    "optimizer": {
        "apply_gradients": "none",
        "apply": "none",
        "minimize": "none",
        "build": "none",
        "get_config": "object",
        "get_weights": "arrays",
        "set_weights": "none",
        "get_gradients": "tensors",
        "compute_gradients": "special:gradient_pairs",
        "get_scaled_loss": "tensor",
        "scale_loss": "tensor",
        "get_unscaled_gradients": "tensors",
        "stateless_apply": "tensors",
    },
    "loss": {"call": "tensor", "__call__": "tensor"},
    "metric": {
        "update_state": "none",
        "reset_states": "none",
        "reset_state": "none",
        "result": "tensor",
        "add_weight": "variable",
    },
    "tape": {
        "watch": "none",
        "reset": "none",
        "gradient": "special:gradient",
        "jacobian": "special:gradient",
        "batch_jacobian": "tensor",
        "stop_recording": "thing:context",
        "watched_variables": "special:variable_list",
        "__enter__": "self",
    },
    "tensorarray": {
        "write": "self",
        "read": "tensor",
        "stack": "tensor",
        "concat": "tensor",
        "gather": "tensor",
        "unstack": "self",
        "split": "self",
        "scatter": "self",
        "identity": "self",
        "size": "tensor",
        "mark_used": "none",
        "close": "none",
    },
    "strategy": {
        "run": "special:strategy_run",
        "experimental_run_v2": "special:strategy_run",
        "reduce": "tensor",
        "gather": "tensor",
        "scope": "thing:context",
        "experimental_distribute_dataset": "special:first_argument",
        "make_dataset_iterator": "special:first_argument",
        "experimental_local_results": "tensors",
        "distribute_datasets_from_function": "special:dataset_by_function",
        "experimental_distribute_datasets_from_function": "special:dataset_by_function",
        "experimental_distribute_values_from_function": "tensor",
        "all_reduce": "tensor",
        "merge_call": "tensor",
    },
    "writer": {
        "as_default": "thing:context",
        "set_as_default": "none",
        "flush": "none",
        "close": "none",
        "add_scalar": "none",
        "add_summary": "none",
    },
    "checkpoint": {
        "save": "str",
        "write": "str",
        "read": "object",
        "restore": "object",
        "restore_or_initialize": "str",
    },
    "generator": {"reset": "none", "split": "object", "next": "tensor", "make_seeds": "tensor"},
    "table": {"lookup": "tensor", "size": "tensor", "export": "tensors"},
    "moving_average": {"apply": "none", "average": "variable"},
    "distribution": {"copy": "self"},
    "graph": {"as_default": "thing:context", "get_operations": "object"},
    "context": {"__enter__": "none"},
    "initializer": {"__call__": "tensor"},
    "session": {"run": "array"},
    "image_generator": {
        "flow": "special:array_stream",
        "flow_from_directory": "special:array_stream",
        "flow_from_dataframe": "special:array_stream",
        "fit": "none",
    },
    "tokenizer": {
        "fit_on_texts": "none",
        "texts_to_sequences": "object",
        "sequences_to_texts": "object",
        "texts_to_matrix": "array",
    },
    "str": {
        "split": "special:string_list",
        "rsplit": "special:string_list",
        "splitlines": "special:string_list",
        "partition": "special:string_list",
        "encode": "str",
        "startswith": "bool",
        "endswith": "bool",
        "isdigit": "bool",
        "isalpha": "bool",
        "isupper": "bool",
        "find": "int",
        "index": "int",
        "rfind": "int",
        "count": "int",
    },
    "int": {},
    "float": {"is_integer": "bool"},
    "random generator": {
        "seed": "none",
        "shuffle": "none",
        "random": "array",
        "integers": "array",
        "choice": "array",
    },
    "file": {
        "read": "str",
        "readline": "str",
        "readlines": "special:string_list",
        "write": "none",
        "writelines": "none",
        "close": "none",
        "flush": "none",
        "seek": "int",
        "tell": "int",
        "__enter__": "self",
    },
}

#: What a method that its kind's table does not name gives.
_DEFAULTS = {
    "tensor": "tensor",
    "variable": "tensor",
    "symbolic": "symbolic",
    "array": "array",
    "shape": "unknown",
    "str": "str",
    "int": "int",
    "float": "float",
    "bool": "bool",
    "file": "unknown",
    "tensorarray": "tensor",
    "generator": "tensor",
    "distribution": "tensor",
    "random generator": "array",
    "metric": "tensor",
    "object": "unknown",
    "logger": "none",
}

_CALLED = {
    "layer": "special:apply",
    "model": "special:apply",
    "loss": "tensor",
    "metric": "tensor",
    "initializer": "tensor",
    "regularizer": "tensor",
    "activation": "special:apply",
    "distribution": "tensor",
    "optimizer": "none",
    "strategy": "unknown",
    "object": "unknown",
    "learning_rate": "tensor",
}

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


def describe_attribute(kind: str, name: str) -> str | None:
    """The word for ``receiver.name`` where that is no method; None where it is one."""
    return _ATTRIBUTES.get(kind, {}).get(name)


def describe_method(kind: str, name: str) -> str:
    """The word for what ``receiver.name(…)`` returns."""
    methods = _METHODS.get(kind)
    if methods is not None and name in methods:
        return methods[name]
    if kind in ("tensor", "variable", "symbolic") and name.startswith("is_"):
        return "bool"
    return _DEFAULTS.get(kind, "unknown")


def describe_call(kind: str) -> str:
    """The word for what calling an instance of ``kind`` returns."""
    return _CALLED.get(kind, "unknown")


def effect_of(kind: str, name: str) -> str | None:
    """What ``receiver.name(…)`` does besides returning a value, or None."""
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
