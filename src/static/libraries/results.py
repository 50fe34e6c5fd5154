"""The results of library functions, by canonical path, in the terms of ``ir.words``."""

from __future__ import annotations

from functools import lru_cache

from ..ir.words import Made, Special, Word
from ..reading.paths import TENSOR_LIBRARIES
from .python import BUILTINS, NUMPY, OTHERS
from .tensorflow import KERAS, KERAS_KINDS, TENSORFLOW, TENSORFLOW_PREFIXES

#: Results of functions that run operations, other than tensors.
_COMPUTED = ("tensor", "tensors", Special("tensor_tuple"), Special("branches"), Special("while_loop"))
_COMPUTED_BY_TENSORFLOW = (
    *_COMPUTED,
    Special("case"),
    Special("map_fn"),
    Special("fold"),
    Special("py_function"),
    Special("clip_by_global_norm"),
)


@lru_cache(maxsize=65536)
def describe_result(path: str) -> Word:
    """The word for the result of calling ``path``; "unknown" if nothing is known."""
    found = OTHERS.get(path)
    if found is not None:
        return found
    library, _, rest = path.partition(".")
    if library == "builtins":
        if rest.endswith(("Error", "Exception", "Warning", "Interrupt", "Exit", "StopIteration")):
            return "object"
        return BUILTINS.get(rest, "unknown")
    if library == "tensorflow":
        return _describe_tensorflow(rest)
    if library == "keras":
        return _describe_keras(rest)
    if library == "numpy":
        return NUMPY.get(rest, Special("numpy") if not rest.startswith("random.") else "array")
    if library == "math":
        return "float"
    if library == "scipy":
        return "array"
    if library == "tensorflow_probability":
        return _describe_probability(rest)
    if library == "sonnet":
        return Made("layer") if rest[:1].isupper() or rest.startswith("nets.") else "unknown"
    if library in TENSOR_LIBRARIES:
        return "unknown"
    return "unknown"


def _describe_tensorflow(rest: str) -> Word:
    found = TENSORFLOW.get(rest)
    if found is not None:
        return found
    for prefix, result in TENSORFLOW_PREFIXES:
        if rest.startswith(prefix):
            return result
    last = rest.rpartition(".")[2]
    if last == "ndarray":
        return "tensor"
    if last[:1].isupper():
        return "object"
    return "tensor"


def _describe_keras(rest: str) -> Word:
    found = KERAS.get(rest)
    if found is not None:
        return found
    parts = rest.split(".")
    home, last = parts[0], parts[-1]
    if home == "datasets":
        return Special("load_data") if last == "load_data" else "object"
    if home in ("backend", "ops"):
        return "tensor"
    if home == "applications":
        if last[:1].isupper():
            return Made("model")
        return Special("decode") if last == "decode_predictions" else Special("like_argument")
    kind = KERAS_KINDS.get(home)
    if kind is not None:
        if last[:1].isupper():
            return Made(kind)
        if home in ("losses", "metrics", "activations"):
            return "tensor"
        if home == "layers":
            # ``keras.layers.add([a, b])``: the functional forms of the merging layers.
            return Special("like_argument")
        return "object"
    if len(parts) == 1 and last[:1].isupper():
        return "object"
    return "unknown"


def _describe_probability(rest: str) -> Word:
    parts = rest.split(".")
    if parts[-1][:1].isupper():
        if parts[0] == "layers":
            return Made("layer")
        return Made("distribution")
    if parts[0] in ("math", "stats", "distributions"):
        return "tensor"
    return "unknown"


@lru_cache(maxsize=65536)
def computes(path: str) -> bool:
    """Whether calling ``path`` runs TensorFlow operations on tensors (datasets and I/O do not count)."""
    library, _, rest = path.partition(".")
    if library == "tensorflow":
        if rest.startswith(("data.", "io.", "summary.", "debugging.", "nest.", "autograph.", "random.set_seed")):
            return rest.startswith(("io.decode", "io.parse", "debugging.check_numerics"))
        word = _describe_tensorflow(rest)
        return word in _COMPUTED_BY_TENSORFLOW
    if library == "keras":
        word = _describe_keras(rest)
        return word in _COMPUTED
    if library == "tensorflow_probability":
        samples = rest.startswith(("mcmc.", "vi.", "optimizer.")) and rest.rpartition(".")[2][:1].islower()
        return samples or describe_result(path) == "tensor"
    return False
