"""Signs that a function computes with tensors where nobody knows what it calls."""

from __future__ import annotations

import textwrap

import pytest
from running import analysed

from hybridize.static.facts.callgraph import CallGraph, find_escapes
from hybridize.static.facts.signs import find_reaching, find_signs, is_step


def signs(text: str, imports: str = "import elsewhere\nimport tensorflow as tf\n") -> set[str]:
    program = analysed(imports + textwrap.dedent(text))
    find_escapes(program)
    return {code.name for code in find_signs(program, CallGraph(program), find_reaching(program.modules.values()))}


@pytest.mark.parametrize(
    "name", ["train_step", "_train_on_batch", "update_fn", "soft_update", "compute_loss", "generator_step2"]
)
def test_what_is_called_like_a_step_may_be_one(name: str) -> None:
    assert name in signs(f"def {name}(x):\n    return x\n")


@pytest.mark.parametrize("name", ["step", "train", "make_step_table", "training", "restep", "stepper", "batch"])
def test_what_is_called_otherwise_says_nothing(name: str) -> None:
    assert name not in signs(f"def {name}(x):\n    return x\n")


@pytest.mark.parametrize(
    ("line", "tells"),
    [
        ("x.trainable_variables", True),
        ("x.optimizer.apply_gradients(x)", True),
        ("x.assign_add(1)", True),
        ("with tf.GradientTape() as tape: pass", True),
        ("x.strategy.run(f, args=(x,))", True),
        ("elsewhere.model(x, training=True)", True),
        ("elsewhere.model(x)", False),
        ("x.run(1)", False),
        ("with x: pass", False),
        ("x.append(1)", False),
        ("x.variables", False),
    ],
)
def test_what_a_line_tells(line: str, tells: bool) -> None:
    assert ("f" in signs(f"def f(x):\n    {line}\n")) == tells


def test_a_caller_has_the_signs_of_what_it_calls_and_not_those_of_its_name():
    found = signs(
        """
        def f(x): x.assign(1)
        def g(x): f(x)
        def train_step(x): return x
        def h(x): train_step(x)
        """
    )
    assert found == {"f", "g", "train_step"}


def test_a_step_is_one_by_name_tape_or_update():
    program = analysed(
        """
        import tensorflow as tf
        def one(x):
            with tf.GradientTape(): pass
        def two(x):
            x.minimize(x)
        def three(x):
            x.assign(1)
        def train_step(x): pass
        """
    )
    assert {code.name for code in program.functions if is_step(code)} == {"one", "two", "train_step"}


def test_a_name_says_nothing_where_tensorflow_is_out_of_reach():
    assert signs("def train_step(x):\n    return x\n", imports="import elsewhere\n") == set()
