"""A private name of TensorFlow that is missing is told as a failure of ours, and never blamed on the user."""

from __future__ import annotations

import ast
import importlib
import io
import json
from pathlib import Path

import pytest

from hybridize import cli
from hybridize import tensorflow_internals as internals

SOURCES = Path(internals.__file__).parent

# Private attributes of TensorFlow's objects that are read, each by an accessor here.
ATTRIBUTES = (
    "_autograph", "_clone", "_descriptor_cache", "_flatten_layers", "_function_cache", "_in_graph_mode", "_initialized",
    "_iterator_resource", "_jit_compile", "_reduce_retracing", "_trainable",
)  # fmt: skip
PRIVATE = ("tensorflow.python", "keras.src", "tf_keras.src", "tensorflow.core")


@pytest.mark.slow
def test_no_other_module_names_what_is_private_to_tensorflow() -> None:
    found = []
    for path in SOURCES.rglob("*.py"):
        if path.name == "tensorflow_internals.py" or "static" in path.relative_to(SOURCES).parts:
            continue  # the static analysis reads such names in the user's code
        text = path.read_text()
        if not any(name in text for name in (*PRIVATE, *ATTRIBUTES)):
            continue
        for node in ast.walk(ast.parse(text)):
            named: list[str] = []
            if isinstance(node, ast.ImportFrom):
                named = [node.module or ""]
            elif isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            elif isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
                # An attribute of our own that has such a name is one of self.
                named = [] if isinstance(node.value, ast.Name) and node.value.id == "self" else [node.attr]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = [node.value] if node.value in ATTRIBUTES or " " not in node.value else []
            found += [f"{path.name}: {name}" for name in named if name.startswith(PRIVATE) or name in ATTRIBUTES]
    assert not found


STAND_IN = """\
__version__ = "2.99.0"


class random:
    set_seed = staticmethod(lambda seed: None)


def executing_eagerly():
    return True


def ones(shape):
    return 1.0
"""
SCRIPT = """\
import tensorflow as tf


def step(x):
    return tf.ones(3) + x


for _ in range(20):
    step(tf.ones(3))
print("trained")
"""


@pytest.mark.slow
def test_a_release_without_the_names_is_our_failure_and_not_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "installed" / "tensorflow"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(STAND_IN)
    project = tmp_path / "project"
    project.mkdir()
    (project / "train.py").write_text(SCRIPT)
    monkeypatch.chdir(project)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    out = io.StringIO()
    code = cli.main(["--train-script", "train.py", "--budget", "30s", "--format", "json"], out, io.StringIO())
    report = json.loads(out.getvalue())
    assert (code, report["status"]) == (4, "failed")
    assert "TensorFlow 2.99.0 has no `tensorflow.python." in report["message"]
    assert f"use TensorFlow {internals.TESTED_ON}" in report["message"]
    assert "install" not in report["message"] and "train.py" not in report["message"]
    log = next((project / "results").glob("*/*observe*.log"), None) or next((project / "results").glob("**/*.log"))
    assert "Traceback" not in log.read_text(), "the user's import of TensorFlow goes on"


# With TensorFlow imported.


@pytest.mark.slow
def test_each_essential_name_is_there_and_missed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    tf = importlib.import_module("tensorflow")
    internals.probe()
    for name in internals.ESSENTIAL:
        with monkeypatch.context() as patch:
            patch.delattr(importlib.import_module(name.module), name.path)
            with pytest.raises(internals.MissingName) as missed:
                internals.probe()
        assert f"TensorFlow {tf.__version__} has no `{name.module}.{name.path}`" in str(missed.value)


@pytest.mark.slow
def test_the_names_of_keras_are_there() -> None:
    keras = importlib.import_module("keras")
    assert internals.weight_code()[1] == "value" and internals.seed_code()[1] == "next"
    assert internals.initializers_folder() in keras.initializers.GlorotUniform.__call__.__code__.co_filename
    for package in ("keras", "tf_keras"):
        keras = pytest.importorskip(package)
        model = keras.Sequential([keras.layers.Dense(2), keras.Sequential([keras.layers.Dense(1)])])
        assert len(internals.layers_in(model)) == 4 and internals.layers_in(keras.optimizers.SGD()) == []
        assert all(internals.trainable_name(layer) in vars(layer) for layer in internals.layers_in(model))


@pytest.mark.slow
def test_what_a_property_of_keras_reads_has_its_name_with_an_underscore() -> None:
    """So the state behind the properties that scripts set is found; no property is evaluated for it."""
    keras = importlib.import_module("keras")
    for value, names in {
        keras.layers.Dense(2): ("trainable",),
        keras.optimizers.SGD(0.1): ("learning_rate",),
        keras.Sequential([]): ("trainable", "run_eagerly", "jit_compile"),
    }.items():
        assert {f"_{name}" for name in names} <= vars(value).keys()
