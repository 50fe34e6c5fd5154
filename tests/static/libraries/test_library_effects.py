"""What calls of libraries do besides returning a value: the more exact entry decides; the unknown does nothing."""

from __future__ import annotations

import pytest

from hybridize.static.libraries.effects import READING_CALLS, creates_variables, draws_tensors, effect_of_call
from hybridize.static.libraries.method_effects import EAGER_METHODS, FIT_METHODS, TELLING_MUTATORS, effect_of


@pytest.mark.parametrize(
    ("path", "effect"),
    [
        ("builtins.print", "print"),
        ("logging.info", "print"),
        ("absl.logging.info", "print"),
        ("builtins.open", "file"),
        ("numpy.save", "file"),
        ("shutil.rmtree", "file"),
        ("tensorflow.io.gfile.makedirs", "file"),
        ("time.time", "clock"),
        ("random.random", "random"),
        ("numpy.random.normal", "random"),
        ("numpy.random.seed", "random"),
        ("os.urandom", "random"),
        ("os.remove", "process"),
        ("threading.Thread", "process"),
        ("builtins.exec", "dynamic"),
        ("keras.backend.get_value", "eager"),
        ("tensorflow.Session", "session"),
        ("tensorflow.random.set_seed", "seed"),
        ("matplotlib.pyplot.plot", "host"),
        # More exact than the library it is of
        ("os.path.join", None),
        ("os.path.exists", "state"),
        ("os.getenv", "state"),
        ("numpy.random.default_rng", None),
        ("random.Random", None),
        ("tensorflow.get_logger", None),
        # No effect, or none that is known
        ("tensorflow.abs", None),
        ("numpy.abs", None),
        ("builtins.len", None),
        ("somewhere.print", None),
        ("randomize.shuffle", None),
        ("osmium.remove", None),
        ("tensorflow.random.normal", None),
    ],
)
def test_a_call_has_the_effect_of_its_own_path(path: str, effect: str | None) -> None:
    assert effect_of_call(path) == effect


@pytest.mark.parametrize("path", sorted(READING_CALLS))
def test_what_only_reads_is_told_as_what_it_reads_of(path: str) -> None:
    """It would be no exception from anything else."""
    assert effect_of_call(path) in ("file", "process", "state", None)


@pytest.mark.parametrize(
    ("path", "creates"),
    [
        ("tensorflow.Variable", True),
        ("keras.Sequential", True),
        ("keras.layers.Dense", True),
        ("keras.layers.LayerNormalization", True),
        ("keras.layers.AdditiveAttention", True),
        ("keras.layers.PReLU", True),
        ("keras.layers.BatchNormalization", True),
        ("keras.optimizers.Adam", True),
        ("keras.metrics.Mean", True),
        ("keras.applications.ResNet50", True),
        ("tensorflow.layers.dense", True),
        ("tf_slim.conv2d", True),
        ("keras.layers.Flatten", False),
        ("keras.layers.Add", False),
        ("keras.layers.ReLU", False),
        ("keras.layers.Layer", False),
        ("keras.layers.MaxPooling2D", False),
        ("keras.layers.add", False),
        ("keras.metrics.mean_squared_error", False),
        ("keras.losses.MeanSquaredError", False),
        ("tensorflow.layers.dropout", False),
        ("tensorflow.layers.max_pooling2d", False),
        ("tensorflow.abs", False),
        ("somewhere.layers.Dense", False),
    ],
)
def test_what_makes_variables_must_not_be_made_in_each_call(path: str, creates: bool) -> None:
    assert creates_variables(path) is creates


@pytest.mark.parametrize(
    ("path", "draws"),
    [
        ("tensorflow.random.normal", True),
        ("tensorflow.random.stateless_uniform", True),
        ("tensorflow.random_normal", True),
        ("tensorflow.nn.dropout", True),
        ("tensorflow.truncated_normal", True),
        ("tensorflow.image.random_flip_left_right", True),
        ("keras.random.normal", True),
        ("tensorflow.random.set_seed", False),
        ("tensorflow.random.Generator", False),
        ("tensorflow.random.get_global_generator", False),
        ("keras.random.SeedGenerator", False),
        ("numpy.random.normal", False),
        ("random.random", False),
        ("tensorflow.abs", False),
    ],
)
def test_what_draws_random_numbers_as_an_operation(path: str, draws: bool) -> None:
    assert draws_tensors(path) is draws


@pytest.mark.parametrize(
    ("kind", "name", "effect"),
    [
        ("list", "append", "mutates"),
        ("list", "index", None),
        ("dict", "update", "mutates"),
        ("dict", "get", None),
        ("set", "add", "mutates"),
        ("tuple", "append", None),
        ("iterator", "__next__", "mutates"),
        ("array", "fill", "mutates"),
        ("array", "sum", None),
        ("array", "tofile", "file"),
        ("tensor", "numpy", "eager"),
        ("variable", "numpy", "eager"),
        ("variable", "assign", None),
        ("array", "item", None),
        ("model", "fit", "fit"),
        ("layer", "predict", "fit"),
        ("metric", "fit", None),
        ("model", "build", "creates"),
        ("model", "summary", "print"),
        ("model", "save", "file"),
        ("model", "set_weights", "eager"),
        ("random generator", "normal", "random"),
        ("random generator", "anything", "random"),
        ("file", "write", "file"),
        ("logger", "info", "print"),
        ("unknown", "append", None),
        ("instance", "fit", None),
    ],
)
def test_a_method_has_the_effect_of_its_receiver_s_kind(kind: str, name: str, effect: str | None) -> None:
    assert effect_of(kind, name) == effect


@pytest.mark.parametrize("name", sorted(EAGER_METHODS | FIT_METHODS | TELLING_MUTATORS))
def test_a_name_that_tells_an_effect_by_itself_has_it_where_the_receiver_is_known(name: str) -> None:
    kinds = ("tensor", "model", "list", "dict")
    assert {effect_of(kind, name) for kind in kinds} & {"eager", "fit", "mutates"}
