"""What functions and methods of libraries give, in words: the more exact entry decides, and no guess is certain."""

from __future__ import annotations

import pytest
from laying import calls_of

from hybridize.static.ir.program import ATOMS
from hybridize.static.ir.words import ListOf, Made, Special, Word
from hybridize.static.libraries import attributes, methods, python, tensorflow
from hybridize.static.libraries.attributes import describe_attribute
from hybridize.static.libraries.methods import describe_call, describe_method
from hybridize.static.libraries.results import computes, describe_result


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("tensorflow.abs", "tensor"),
        ("tensorflow.anything.new", "tensor"),
        ("tensorflow.SomeClass", "object"),
        ("tensorflow.experimental.numpy.ndarray", "tensor"),
        ("tensorflow.shape", "tensor"),
        ("tensorflow.nn.moments", Special("tensor_tuple")),
        ("keras.layers.Dense", Made("layer")),
        ("keras.layers.add", Special("like_argument")),
        ("keras.losses.MeanSquaredError", Made("loss")),
        ("keras.losses.mse", "tensor"),
        ("keras.applications.ResNet50", Made("model")),
        ("keras.applications.resnet50.preprocess_input", Special("like_argument")),
        ("keras.datasets.mnist.load_data", Special("load_data")),
        ("keras.backend.mean", "tensor"),
        ("keras.something.new", "unknown"),
        ("numpy.abs", Special("numpy")),
        ("numpy.random.rand", "array"),
        ("numpy.shape", "shape"),
        ("scipy.special.expit", "array"),
        ("math.sqrt", "float"),
        ("builtins.len", "int"),
        ("builtins.ValueError", "object"),
        ("builtins.nothing", "unknown"),
        ("tensorflow_probability.distributions.Normal", Made("distribution")),
        ("tensorflow_probability.layers.DenseFlipout", Made("layer")),
        ("tensorflow_probability.distributions.kl_divergence", "tensor"),
        ("sonnet.Linear", Made("layer")),
        ("tensorflow_hub.anything", "unknown"),
        ("somewhere.anything", "unknown"),
    ],
)
def test_what_a_function_gives(path: str, word: Word) -> None:
    assert describe_result(path) == word


@pytest.mark.parametrize(
    ("path", "runs"),
    [
        ("tensorflow.abs", True),
        ("tensorflow.nn.moments", True),
        ("tensorflow.map_fn", True),
        ("tensorflow.io.decode_jpeg", True),
        ("tensorflow.debugging.check_numerics", True),
        ("keras.losses.mse", True),
        ("tensorflow_probability.mcmc.sample_chain", True),
        ("tensorflow_probability.distributions.kl_divergence", True),
        ("tensorflow.data.Dataset.range", False),
        ("tensorflow.io.read_file", False),
        ("tensorflow.summary.scalar", False),
        ("tensorflow.random.set_seed", False),
        ("tensorflow.debugging.assert_equal", False),
        ("tensorflow.Module", False),
        ("keras.layers.Dense", False),
        ("numpy.abs", False),
        ("builtins.abs", False),
        ("somewhere.abs", False),
    ],
)
def test_what_runs_operations_on_tensors(path: str, runs: bool) -> None:
    assert computes(path) is runs


@pytest.mark.parametrize(
    ("kind", "name", "word"),
    [
        ("tensor", "numpy", "array"),
        ("tensor", "get_shape", "shape"),
        ("variable", "assign_add", "variable"),
        ("tensor", "is_compatible_with", "bool"),
        ("model", "predict", "array"),
        ("model", "get_weights", "arrays"),
        ("model", "evaluate", "unknown"),
        ("nothing", "step", "unknown"),
    ],
)
def test_what_a_method_gives(kind: str, name: str, word: Word) -> None:
    assert describe_method(kind, name) == word


def test_what_calling_an_object_gives() -> None:
    assert describe_call("nothing") == "unknown"
    assert describe_call("loss") == "tensor"


@pytest.mark.parametrize(
    ("kind", "name", "word"),
    [
        ("tensor", "shape", "shape"),
        ("symbolic", "T", "symbolic"),
        ("tensor", "T", "tensor"),
        ("array", "size", "int"),
        ("model", "trainable_variables", ListOf("variable")),
        ("optimizer", "iterations", "variable"),
        # Methods are none, and of others nothing is known.
        ("tensor", "numpy", None),
        ("model", "fit", None),
        ("nothing", "shape", None),
    ],
)
def test_what_an_attribute_holds(kind: str, name: str, word: Word | None) -> None:
    assert describe_attribute(kind, name) == word


def test_no_name_is_both_an_attribute_and_a_method_of_one_kind() -> None:
    """The method would never be known to be called."""
    both = [
        (kind, name)
        for kind, names in attributes._ATTRIBUTES.items()
        for name in names
        if name in methods._METHODS.get(kind, ())
    ]
    assert not both


def test_each_word_of_a_table_means_something() -> None:
    """One that does not would be taken for unknown, or stop the analysis of each function that calls it."""
    library = calls_of("").library
    tables = [python.BUILTINS, python.NUMPY, python.OTHERS, tensorflow.TENSORFLOW, tensorflow.KERAS, methods._CALLED]
    tables += [methods._DEFAULTS, dict(tensorflow.TENSORFLOW_PREFIXES)]
    tables += [*methods._METHODS.values(), *attributes._ATTRIBUTES.values()]
    known: set[Word] = {*ATOMS, *map(Special, library._specials)}
    known |= {"unknown", "same", "self", "element", "tensors", "arrays", "dataset", "dataset_pair"}
    words = {word for table in tables for word in table.values()}
    assert not {word for word in words if word not in known and not isinstance(word, Made | ListOf)}
