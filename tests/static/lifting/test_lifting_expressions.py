"""Which expression of a statement becomes a function: the forward pass, with the tensor operations around it."""

from __future__ import annotations

import ast

import pytest

from hybridize.records import Region
from hybridize.static.lifting.expressions import Passing, choose_expression

BARE = Passing(None, 1, frozenset())


def chosen(line: str, passing: Passing = BARE, head: str = "def act(model, x, n):") -> Region | None:
    """What is chosen of a statement of a function."""
    text = f"import numpy as np\nimport tensorflow as tf\n{head}\n    {line}\n"
    return choose_expression(ast.parse(text), "a.py", 3, 4, passing, frozenset(), frozenset())


@pytest.mark.parametrize(
    ("line", "expression"),
    [
        ("return np.argmax(model(x))", "model(x)"),
        ("return tf.argmax(model(x)[0]).numpy()", "tf.argmax(model(x)[0])"),
        ("n = float(-1.0 * model(x)[..., :-1] ** 2)", "-1.0 * model(x)[..., :-1] ** 2"),
        ("n += model(x)[n].numpy()", "model(x)"),
        ("n = float(model(x) * n)", "model(x)"),
        ("n = int(tf.argmax(model(x), axis=n))", "model(x)"),
        ("tf.summary.scalar('y', model(x))", "model(x)"),
        ("print(tf.nn.softmax(model(x)), len(x), int(n))", "tf.nn.softmax(model(x))"),
    ],
)
def test_it_reaches_as_far_as_the_tensor_operations_on_constants(line: str, expression: str) -> None:
    region = chosen(line)
    assert region is not None and (region.expression, region.results) == (expression, ())


@pytest.mark.parametrize(
    ("line", "parameters", "given"),
    [
        ("return np.argmax(model(x))", ("model", "x"), ()),
        ("return np.argmax(model(tf.constant(x)))", ("model",), (("x_tensor", "tf.constant(x)"),)),
        ("return np.argmax(model(np.array([x])))", ("model",), (("x_array", "np.array([x])"),)),
    ],
)
def test_what_it_reads_is_passed(line: str, parameters: tuple[str, ...], given: tuple[tuple[str, str], ...]) -> None:
    region = chosen(line)
    assert region is not None and (region.parameters, region.given) == (parameters, given)


@pytest.mark.parametrize(
    "line",
    [
        "n = model(x)",  # a whole statement
        "n = float(model(x)) + float(model(n))",
        "n = float(model(x)) + float(model(x))",
        "n = [float(model(each)) for each in x]",
        "n = max(model(each) for each in x)",
        "n = (lambda: float(model(x)))()",
        "n = float(model(x := x + 1))",
        "if float(model(x)): n = 1",
        "n = float(model(float(tf.constant(x))))",
        "n = print(locals(), model(x))",
    ],
)
def test_nothing_is_taken_out_that_would_not_be_the_same(line: str) -> None:
    assert chosen(line) is None


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("model", "compute_outputs"), ("net", "compute_outputs"), ("actor", "compute_actor_outputs")],
)
def test_its_name_is_that_of_the_model(name: str, wanted: str) -> None:
    region = chosen(f"return np.argmax({name}(x))", head=f"def act({name}, x):")
    assert region is not None and region.name == wanted


@pytest.mark.parametrize(
    ("call", "passing", "found"),
    [
        ("self.actor(x)", Passing("actor", 1, frozenset()), True),
        ("self.actor(x)", Passing("critic", 1, frozenset()), False),
        ("actor(x)", Passing("actor", 1, frozenset()), False),
        ("model(x, training=False)", Passing(None, 1, frozenset({"training"})), True),
        ("model(x, y)", BARE, False),
        ("int(x)", BARE, False),
        ("tf.abs(x)", Passing("abs", 1, frozenset()), False),
        ("models[0](x)", BARE, False),
    ],
)
def test_the_call_is_the_one_that_is_written_so(call: str, passing: Passing, found: bool) -> None:
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call) and passing.is_of(node) == found
