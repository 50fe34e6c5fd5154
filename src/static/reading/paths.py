"""Canonical dotted paths of the libraries that training scripts use."""

from __future__ import annotations

from functools import lru_cache

#: Libraries. A project's module with the same name shadows one only if the import system finds the module first.
KNOWN_LIBRARIES = frozenset(
    {
        "absl",
        "cv2",
        "gpflow",
        "gym",
        "gymnasium",
        "h5py",
        "jax",
        "keras",
        "matplotlib",
        "numpy",
        "pandas",
        "PIL",
        "pytest",
        "scipy",
        "six",
        "skimage",
        "sklearn",
        "sonnet",
        "tensorboardX",
        "tensorflow",
        "tensorflow_addons",
        "tensorflow_datasets",
        "tensorflow_hub",
        "tensorflow_probability",
        "tf_keras",
        "torch",
        "tqdm",
        "wandb",
        "yaml",
    }
)

#: Libraries that create tensors.
TENSOR_LIBRARIES = frozenset(
    {
        "tensorflow",
        "keras",
        "tensorflow_probability",
        "tensorflow_addons",
        "tensorflow_datasets",
        "tensorflow_hub",
        "sonnet",
    }
)

_KERAS_HOMES = (
    "tensorflow.python.keras.",
    "tensorflow.keras.",
    "tensorflow.compat.v1.keras.",
    "tensorflow.compat.v2.keras.",
    "tensorflow._api.v2.keras.",
    "keras.src.",
    "keras.api.",
    "keras._tf_keras.keras.",
    "tf_keras.src.",
    "tf_keras.",
    "tf_keras.api.",
    "tensorflow_core.keras.",
    "tensorflow_core.python.keras.",
    "autokeras.keras.",
)

_KERAS_MODULES = {
    "keras.engine.input_layer": "keras",
    "keras.engine.training": "keras",
    "keras.engine.base_layer": "keras.layers",
    "keras.engine.topology": "keras.layers",
    "keras.engine": "keras",
    "keras.models.model": "keras.models",
    "keras.layers.core": "keras.layers",
    "keras.optimizer_v2": "keras.optimizers",
    "keras.optimizers.legacy": "keras.optimizers",
    "keras.optimizers.experimental": "keras.optimizers",
    "keras.layers.experimental": "keras.layers",
    "keras.layers.experimental.preprocessing": "keras.layers",
    "keras.utils.vis_utils": "keras.utils",
    "keras.utils.np_utils": "keras.utils",
    "keras.backend.tensorflow_backend": "keras.backend",
}

_MOVED = {
    "tensorflow.optimizers.": "keras.optimizers.",
    "tensorflow.losses.": "keras.losses.",
    "tensorflow.metrics.": "keras.metrics.",
    "tensorflow.initializers.": "keras.initializers.",
    "tensorflow.data.experimental.": "tensorflow.data.",
    "tensorflow_addons.layers.": "keras.layers.",
    "tensorflow_addons.optimizers.": "keras.optimizers.",
    "tensorflow_addons.losses.": "keras.losses.",
    "tensorflow_addons.metrics.": "keras.metrics.",
    "tensorflow_addons.activations.": "keras.activations.",
}

_ALIASES = {
    "tensorflow.Keras": "keras",
    "tensorflow.keras": "keras",
    "tf_keras": "keras",
    "tensorflow.optimizers": "keras.optimizers",
    "tensorflow.losses": "keras.losses",
    "tensorflow.metrics": "keras.metrics",
    "tensorflow.initializers": "keras.initializers",
    "tensorflow.experimental.function_executor_type": "tensorflow.function",
    "tensorflow.sparse.SparseTensor": "tensorflow.SparseTensor",
    "tensorflow.python.data.Dataset": "tensorflow.data.Dataset",
    "tensorflow.contrib.eager.Variable": "tensorflow.Variable",
    "tensorflow.contrib.eager.defun": "tensorflow.function",
    "tensorflow.get_variable": "tensorflow.Variable",
    "tensorflow.contrib.eager.GradientTape": "tensorflow.GradientTape",
    "keras.engine.input_layer.Input": "keras.Input",
    "keras.layers.Input": "keras.Input",
    "keras.models.Model": "keras.Model",
    "keras.models.Sequential": "keras.Sequential",
    "keras.engine.training.Model": "keras.Model",
    "keras.layers.Model": "keras.Model",
    "keras.training.Model": "keras.Model",
    "keras.layers.layer.Layer": "keras.layers.Layer",
    "keras.engine.base_layer.Layer": "keras.layers.Layer",
    "keras.Layer": "keras.layers.Layer",
    "keras.Variable": "tensorflow.Variable",
    "keras.KerasTensor": "keras.KerasTensor",
    "keras.backend.variable": "tensorflow.Variable",
    "sonnet.Module": "tensorflow.Module",
}


#: Classes of the ``tensorflow`` namespace, which inner modules may also export.
_TOP_CLASSES = frozenset({"GradientTape", "IndexedSlices", "RaggedTensor", "SparseTensor", "Tensor", "Variable"})

#: Packages under ``tensorflow.python``: a path that ends in one names no object.
_INTERNAL_PACKAGES = frozenset(
    {"client", "data", "distribute", "eager", "framework", "keras", "layers", "lib", "module", "ops"}
    | {"platform", "ragged", "saved_model", "summary", "tpu", "training", "trackable", "types", "util"}
)


@lru_cache(maxsize=65536)
def canonical_path(path: str) -> str:
    """The canonical path of an object of TensorFlow, Keras or NumPy, which may have many paths."""
    if path.startswith("tensorflow_core"):
        path = "tensorflow" + path.removeprefix("tensorflow_core")
    if path.startswith(("tensorflow.", "keras.", "tf_keras", "tensorflow_")):
        for home in _KERAS_HOMES:
            if path.startswith(home) or path + "." == home:
                path = ("keras." + path[len(home) :]).rstrip(".")
                break
        if path.startswith("keras."):
            path = _canonical_keras(path)
        else:
            for version in ("compat.v1.", "compat.v2.", "_api.v2."):
                if path.startswith("tensorflow." + version):
                    path = "tensorflow." + path[11 + len(version) :]
            if path in ("tensorflow.compat.v1", "tensorflow.compat.v2"):
                path = "tensorflow"
            if path == "tensorflow.keras" or path.startswith("tensorflow.keras."):
                # Without the version it is a path of Keras. This recurses at most once.
                return canonical_path(path)
            if path.startswith("tensorflow.python."):
                path = _canonical_internal(path)
            for old, new in _MOVED.items():
                if path.startswith(old):
                    path = new + path[len(old) :]
            last = path.rpartition(".")[2]
            if last in _TOP_CLASSES and path.count(".") == 2:
                path = f"tensorflow.{last}"
    elif path.startswith("numpy.core."):
        path = "numpy." + path.rpartition(".")[2]
    return _ALIASES.get(path, path)


def _canonical_keras(path: str) -> str:
    head, _, last = path.rpartition(".")
    while head in _KERAS_MODULES:
        head = _KERAS_MODULES[head]
    parts = head.split(".")
    homes = ("layers", "losses", "metrics", "optimizers", "models")
    if len(parts) > 2 and parts[1] in homes and last[:1].isupper():
        # ``keras.layers.core.dense.Dense``: the public name is one level below ``keras.layers``.
        head = ".".join(parts[:2])
    return f"{head}.{last}"


def _canonical_internal(path: str) -> str:
    parts = path.split(".")[2:]
    if all(part in _INTERNAL_PACKAGES for part in parts):
        return path
    if parts[-1] == "function" or parts[-1] == "defun":
        return "tensorflow.function"
    for position, part in enumerate(parts):
        if part[:1].isupper():
            rest = ".".join(parts[position:])
            if part.startswith("Dataset"):
                return "tensorflow.data.Dataset" + rest[len(part) :]
            if part in ("ResourceVariable", "Variable", "RefVariable", "VariableV1"):
                return "tensorflow.Variable" + rest[len(part) :]
            return "tensorflow." + rest
    if parts[-1].endswith(("_ops", "_op", "_tensor", "_impl", "_util", "_lib")) or len(parts) < 2:
        return "tensorflow." + parts[-1]
    return "tensorflow." + ".".join(part for part in parts if part.endswith("_ops")) + "." + parts[-1] if any(
        part.endswith("_ops") for part in parts
    ) else "tensorflow." + parts[-1]
