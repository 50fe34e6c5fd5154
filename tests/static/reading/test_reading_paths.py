"""One spelling for each object of a library, by whatever path a script reaches it: what is known of one is of all."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridize.static.reading.paths import KNOWN_LIBRARIES, TENSOR_LIBRARIES, canonical_path

PATHS = {
    "keras.layers.Dense": [
        "tensorflow.keras.layers.Dense", "tf_keras.layers.Dense", "keras.src.layers.core.dense.Dense",
        "keras.layers.core.dense.Dense", "tensorflow.python.keras.layers.Dense",
        "tensorflow.compat.v1.keras.layers.Dense", "tensorflow.compat.v2.keras.layers.Dense",
        "keras.api.layers.Dense", "keras._tf_keras.keras.layers.Dense",
        "tf_keras.src.layers.core.dense.Dense", "tensorflow._api.v2.keras.layers.Dense",
    ],
    "keras.Model": [
        "tensorflow.keras.Model", "keras.models.Model", "tensorflow.keras.models.Model", "keras.engine.training.Model",
        "tensorflow.python.keras.engine.training.Model", "keras.src.models.model.Model",
    ],
    "keras.layers.Layer": [
        "tensorflow.keras.layers.Layer", "keras.Layer", "keras.engine.base_layer.Layer", "keras.engine.topology.Layer",
    ],
    "keras.Input": ["tensorflow.keras.Input", "tensorflow.keras.layers.Input", "keras.engine.input_layer.Input"],
    "keras.optimizers.Adam": [
        "tensorflow.optimizers.Adam", "tensorflow.keras.optimizers.Adam", "tensorflow.keras.optimizers.legacy.Adam",
        "tensorflow.keras.optimizers.experimental.Adam", "tensorflow_addons.optimizers.Adam",
        "tensorflow.compat.v2.optimizers.Adam",
    ],
    "keras.losses.MeanSquaredError": ["tensorflow.losses.MeanSquaredError", "tensorflow.keras.losses.MeanSquaredError"],
    "keras": ["tensorflow.keras", "tf_keras", "tensorflow.compat.v1.keras", "tensorflow.python.keras"],
    "tensorflow.function": [
        "tensorflow.contrib.eager.defun", "tensorflow.python.eager.def_function.function",
        "tensorflow.python.eager.polymorphic_function.polymorphic_function.function",
        "tensorflow.compat.v2.function",
    ],
    "tensorflow.Variable": [
        "tensorflow.compat.v1.Variable", "tensorflow.python.ops.variables.Variable", "tensorflow.get_variable",
        "tensorflow.python.ops.resource_variable_ops.ResourceVariable", "tensorflow.compat.v1.get_variable",
        "keras.backend.variable", "keras.Variable",
    ],
    "tensorflow.GradientTape": [
        "tensorflow.python.eager.backprop.GradientTape", "tensorflow.contrib.eager.GradientTape",
        "tensorflow.compat.v2.GradientTape",
    ],
    "tensorflow.data.Dataset": [
        "tensorflow.python.data.ops.dataset_ops.DatasetV2", "tensorflow.compat.v1.data.Dataset",
        "tensorflow.python.data.Dataset",
    ],
    "tensorflow.data.AUTOTUNE": ["tensorflow.data.experimental.AUTOTUNE"],
    "tensorflow": ["tensorflow.compat.v1", "tensorflow.compat.v2", "tensorflow_core"],
    "tensorflow.nn.relu": ["tensorflow.compat.v1.nn.relu", "tensorflow_core.nn.relu"],
    "tensorflow.math_ops.add": [],
    "numpy.dot": ["numpy.core.multiarray.dot"],
}  # fmt: skip


@pytest.mark.parametrize(("path", "others"), PATHS.items(), ids=PATHS)
def test_all_ways_to_an_object_are_one(path: str, others: list[str]) -> None:
    assert {canonical_path(each) for each in [path, *others]} == {path}


@pytest.mark.parametrize(
    "path",
    [
        "keras_core.layers.Dense", "kerasx.Model", "tensorflow_model.function", "my.tensorflow.keras.Model",
        "numpy.random.rand", "torch.nn.Linear", "keras.layers", "tensorflow.nn", "builtins.print",
        "tensorflow.experimental.numpy.dot", "tensorflow.random.normal",
        "tensorflow.lite.experimental.Tensor",
    ],
)  # fmt: skip
def test_what_only_looks_alike_stays(path: str) -> None:
    assert canonical_path(path) == path


def used() -> list[str]:
    lines = (Path(__file__).parents[1] / "libraries" / "data" / "most_used_names.txt").read_text().splitlines()
    return [line.split()[1] for line in lines]


@pytest.mark.parametrize("before", ["", "compat.v1.", "compat.v2.", "_api.v2."])
def test_a_path_that_is_the_canonical_one_stays_it(before: str) -> None:
    for path in used():
        top, _, rest = path.partition(".")
        once = canonical_path(f"{top}.{before}{rest}" if top == "tensorflow" else path)
        assert canonical_path(once) == once
        if top == "tensorflow" and before:
            assert once == canonical_path(path), "a version is another way to the same object"


def test_the_libraries_of_which_tensors_come_are_known_ones() -> None:
    assert TENSOR_LIBRARIES <= KNOWN_LIBRARIES
