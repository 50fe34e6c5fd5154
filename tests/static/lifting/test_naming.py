"""The name of a function that is made of a region."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hybridize.static.lifting.names import identifiers_of
from hybridize.static.lifting.naming import find_name

STEP = "grads = tape.gradient(loss, w)\n{}.apply_gradients(grads)\n"


def name(
    region: str,
    rest: str = "",
    taken: tuple[str, ...] = (),
    holder: str = "",
    function: str = "",
    results: tuple[str, ...] = (),
    trains: bool = False,
) -> str:
    tree = ast.parse(textwrap.dedent(rest) + region)
    body = ast.parse(region).body
    of_class = ast.parse(holder).body[0] if holder else None
    around = ast.parse(f"def {function}(): pass").body[0] if function else None
    assert of_class is None or isinstance(of_class, ast.ClassDef)
    assert around is None or isinstance(around, ast.FunctionDef)
    return find_name(frozenset(taken) | identifiers_of(ast.walk(tree)), body, around, of_class, results, trains)


def test_a_region_that_updates_is_a_train_step():
    assert name(STEP.format("opt")) == "train_step"


def test_so_is_one_that_leaves_gradients_and_update_to_functions():
    region = "gradients, loss = compute_gradients(model, x)\napply_gradients(optimizer, gradients)\n"
    assert name(region, trains=True) == "train_step"


def test_one_that_keeps_a_loss_or_a_metric_is_an_evaluation():
    assert name("y = model(x)\nloss = loss_of(t, y)\n", results=("loss",)) == "evaluate_step"
    assert name("accuracy.update_state(t, model(x))\n") == "evaluate_step"
    assert name("accuracy.update_state(t, model(x))\n", taken=("evaluate_step",)) == "test_step"


def test_one_that_only_computes_is_named_by_its_one_result():
    assert name("y = model(x)\n", results=("y",)) == "compute_y"
    assert name("y = model(x)\nz = y * 2\n", results=("y", "z")) == "compute_outputs"
    # A variable that is assigned to is no gradient's update.
    assert name("mean.assign_sub(x * 0.1)\n") == "compute_outputs"


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    (
        ("d_opt", "train_discriminator"),
        ("self.generator_optimizer", "train_generator"),
        ("actor_opt", "train_actor"),
        ("critic.opt", "train_critic"),
    ),
)
def test_a_part_of_a_model_is_named_by_its_optimizer(optimizer, expected):
    assert name(STEP.format(optimizer)) == expected


def test_two_optimizers_name_no_part():
    assert name(STEP.format("d_opt") + STEP.format("g_opt")) == "train_step"


@pytest.mark.parametrize(
    "rest", ("def train_step(): pass\n", "x.train_step\n", "f(train_step=1)\n", "import a as train_step\n")
)
def test_a_name_that_the_file_has_anywhere_is_not_taken(rest):
    assert name(STEP.format("opt"), rest) == "train_on_batch"


def test_nor_one_that_another_file_s_method_has():
    assert name(STEP.format("opt"), taken=("train_step", "train_on_batch")) == "update_weights"


def test_a_method_never_takes_the_place_of_one_of_keras():
    assert name(STEP.format("opt"), holder="class A(Model): pass") == "update_weights"
    assert name(STEP.format("opt"), holder="class A: pass") == "train_step"
    assert name(STEP.format("opt"), holder="class A(object): pass") == "train_step"


def test_where_all_are_taken_the_function_around_or_a_number_helps():
    all_taken = ("train_step", "train_on_batch", "update_weights", "apply_step")
    assert name(STEP.format("opt"), taken=all_taken, function="_learn") == "learn_step"
    assert name(STEP.format("opt"), taken=all_taken) == "train_step_2"
