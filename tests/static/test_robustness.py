"""No source makes the scan fail: what can't be analysed is left out by itself, with a warning in a user's words."""

from __future__ import annotations

import os
import re
import textwrap
from pathlib import Path

import pytest
from findings import codes_of
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridize.records import Action
from hybridize.static.dataflow.flows import Flows
from hybridize.static.reading.paths import canonical_path
from hybridize.static.reading.sources import Unreadable, read_source
from hybridize.static.verdicts import inspection, verdicts

#: What Python says of its own insides.
INTERNAL = re.compile(r"RecursionError|ast construction|Error:|codec|Traceback|object has no|index out of range")

PARTS = ("tensorflow", "tensorflow_core", "compat", "v1", "v2", "_api", "python", "keras", "keras_export", "tf_keras")
PARTS += ("src", "kerasx", "util", "ops", "math_ops", "layers", "Dense", "Dataset", "Variable", "engine", "numpy")


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=7))
def test_every_name_has_a_canonical_one(parts):
    assert canonical_path(".".join(parts))


def test_names_that_only_begin_like_keras_are_left_alone():
    assert canonical_path("tensorflow.keras_export") == "tensorflow.keras_export"
    assert canonical_path("tensorflow.compat.v1.keras.layers.Dense") == "keras.layers.Dense"
    assert canonical_path("tensorflow_core.keras.layers.Dense") == "keras.layers.Dense"


def test_a_base_class_of_an_odd_name_costs_no_file(project):
    for name in "abc":
        project.write(
            f"{name}.py",
            """
            from tensorflow.compat.v1.python.keras import keras_parameterized as k
            from tensorflow.python.util.tf_export import keras_export

            class A(k.TestCase):
                def f(self, x):
                    return x
            """,
        )
    result = project.scan()
    assert [each.id for each in result.functions] == ["a:A.f", "b:A.f", "c:A.f"]
    assert not result.warnings


#: Calls of a library with something that may hold itself.
CALLS = (
    "layer(x)",
    "model(x)",
    "tf.add_n(x)",
    "tf.zeros_like(x)",
    "tf.keras.layers.add(x)",
    "tf.keras.applications.vgg16.preprocess_input(x)",
    "tf.map_fn(lambda e: e, x)",
    "tf.while_loop(lambda e: e, lambda e: e, x)",
    "tf.case(x)",
    "tf.switch_case(0, x)",
    "tf.nest.map_structure(tf.abs, x, x)",
    "tf.nest.flatten(x)",
    "tf.data.Dataset.from_tensor_slices(x)",
    "tf.data.Dataset.zip(x)",
    "iter(tf.data.Dataset.from_tensors(x).map(lambda *e: e).as_numpy_iterator())",
    "tf.GradientTape().gradient(x, x)",
    "tf.keras.optimizers.SGD().apply_gradients(zip(x, x))",
    "tf.keras.Model(x, x)",
    "tf.keras.Sequential(x)",
    "strategy.run(f, args=(x,))",
    "np.array(x)",
    "np.concatenate(x)",
    "list(x), tuple(x), dict(x), set(x), sorted(x), next(iter(x)), list(zip(*x))",
    "map(f, x), filter(f, x), sum(x), max(x), reversed(x), x.copy(), x.items(), x.pop()",
    "functools.reduce(f, x), functools.partial(f, x)()",
    "copy.deepcopy(x), copy.copy(x)",
    "x[0][0][:2], x + x, x * 2",
)


@pytest.mark.slow
@pytest.mark.parametrize("held", ["x = [x]", "x = (x, x)", "x = {'k': x}", "x = [x, {'k': (x,)}]", "x.append(x)"])
def test_a_container_that_may_hold_itself_is_followed_to_an_end(held, project):
    header = """
        import copy, functools
        import numpy as np
        import tensorflow as tf

        inputs = tf.keras.Input([3])
        layer = tf.keras.layers.Dense(3)
        model = tf.keras.Model(inputs, layer(inputs))
        strategy = tf.distribute.MirroredStrategy()
        """
    functions = [
        f"def f{number}(x):\n    for _ in range(3):\n        {held}\n    return {call}\n\nf{number}([inputs])\n"
        for number, call in enumerate(CALLS)
    ]
    project.write("train.py", "\n".join([textwrap.dedent(header), *functions]).replace("(f, x)", "(f0, x)"))
    result = project.scan()
    assert not result.warnings
    assert len([each for each in result.functions if each.qualname.startswith("f")]) == len(CALLS)


@pytest.fixture
def two_functions(project):
    """A project of which one function makes the analysis fail, by way of a fault that tests put in."""
    project.write(
        "train.py",
        """
        import tensorflow as tf

        def odd(x):
            return tf.nn.relu(x)

        def sound(x):
            return tf.abs(x) * 2

        def caller(x):
            return odd(x) * 2

        sound(tf.ones([2]))
        caller(tf.ones([2]))
        """,
    )
    return project


@pytest.mark.parametrize("stage", [(inspection.Inspection, "_inspect"), (verdicts.Verdicts, "judge")])
@pytest.mark.parametrize("error", [RecursionError("maximum recursion depth exceeded"), IndexError("tuple index")])
def test_a_function_that_makes_a_stage_fail_is_left_out_alone(stage, error, two_functions, monkeypatch):
    owner, name = stage
    genuine = getattr(owner, name)

    def fail(self, code):
        if code.name == "odd":
            raise error
        return genuine(self, code)

    monkeypatch.setattr(owner, name, fail)
    result = two_functions.scan()
    found = {each.qualname: each for each in result.functions}
    assert set(found) == {"sound", "caller"}
    assert found["sound"].proposal is Action.HYBRIDIZE
    (warning,) = result.warnings
    assert warning.startswith("train.py: `odd`")
    assert not INTERNAL.search(warning)


def test_what_calls_a_function_that_can_not_be_analysed_has_a_doubt(two_functions, monkeypatch):
    genuine = inspection.Inspection._inspect

    def fail(self, code):
        if code.name == "odd":
            raise IndexError
        return genuine(self, code)

    monkeypatch.setattr(inspection.Inspection, "_inspect", fail)
    caller = two_functions.function("caller")
    assert "HYB112" in codes_of(caller)
    assert caller.has_python_side_effects is None


def test_a_failure_while_values_are_followed_leaves_out_the_function_of_that_line(project, monkeypatch):
    project.write(
        "train.py",
        """
        import tensorflow as tf

        def odd(x):
            return x.strange

        def sound(x):
            return tf.abs(x) * 2

        sound(tf.ones([2]))
        odd(tf.ones([2]))
        """,
    )
    genuine = Flows.load_attribute

    def load(self, event, node, value):
        if event.attribute == "strange":
            raise RecursionError("maximum recursion depth exceeded")
        genuine(self, event, node, value)

    monkeypatch.setattr(Flows, "load_attribute", load)
    result = project.scan()
    assert [each.qualname for each in result.functions] == ["sound"]
    (warning,) = result.warnings
    assert warning.startswith("train.py: `odd`")


@pytest.mark.slow
def test_a_body_nested_too_deeply_costs_that_function_alone(project):
    deep = "x" + ".a" * 1500
    project.write("train.py", f"def odd(x):\n    return {deep}\n\ndef sound(x):\n    return x\n")
    result = project.scan()
    assert [each.qualname for each in result.functions] == ["sound"]
    (warning,) = result.warnings
    assert "`odd`" in warning and "nested too deeply" in warning


@pytest.mark.slow
def test_a_statement_of_a_module_that_is_nested_too_deeply_costs_no_function(project):
    deep = "z" + ".a" * 1500
    project.write("train.py", f"def first(x):\n    return x\n\ny = {deep}\n\ndef second(x):\n    return x\n")
    result = project.scan()
    assert [each.qualname for each in result.functions] == ["first", "second"]
    (warning,) = result.warnings
    assert warning.startswith("train.py: line 4 ")


@pytest.mark.parametrize(
    "content",
    [
        b"x = " + b"(" * 900 + b")" * 900,
        b"x = " + b"-" * 100000 + b"1\n",
        b"x = 1" + b"0" * 9000 + b"\n",
        b"# coding: utf-8\nx = '\xff'\n",
        b"# coding: nonsense\nx = 1\n",
        b"\xff\xfex\x00",
        b"def f(:\n",
        b"x = 1\n\x00",
    ],
)
def test_why_a_file_is_left_out_is_said_in_a_users_words(content, tmp_path: Path):
    (tmp_path / "a.py").write_bytes(content)
    found = read_source(tmp_path, tmp_path / "a.py")
    assert isinstance(found, Unreadable)
    assert not INTERNAL.search(found.reason), found.reason


def test_a_folder_that_may_not_be_read_is_named(project, monkeypatch):
    project.write("train.py", "def f(x):\n    return x\n")
    project.write("secret/a.py", "def g(x):\n    return x\n")
    genuine = os.scandir

    def look(path="."):
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return genuine(path)

    monkeypatch.setattr(os, "scandir", look)
    for paths in ((), (".",)):
        result = project.scan(paths=paths)
        assert [each.qualname for each in result.functions] == ["f"]
        assert len(result.warnings) == 1
        assert result.warnings[0].startswith("secret: ") and "Permission denied" in result.warnings[0]
