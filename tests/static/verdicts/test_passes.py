"""Work on tensors without a tape: a region where it pays and is nothing but that, however Python divides it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hybridize.static.project as scanning
from hybridize.records import Action, Region
from tests.static.conftest import Project

Regions = Callable[..., list[Region]]
Found = Callable[..., list[list[str]]]

HEAD = """
import time
from somewhere import load, thing

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
scale = tf.Variable(2.0)
data = tf.data.Dataset.from_tensor_slices(tf.ones([4, 2])).batch(2)
rows, losses = load(), []

"""
#: Four operations, which are worth a call.
WORK = ["y = tf.square(x)", "z = tf.tanh(y)", "z = tf.abs(z)", "z = tf.exp(z)"]


@pytest.fixture
def regions(project: Project) -> Regions:
    """The regions in a loop (or what else is ``around``) of some lines."""

    def find(lines: list[str], head: str = HEAD, around: str = "for x in data:", behind: str = "") -> list[Region]:
        body = textwrap.indent("\n".join(lines), "    ")
        project.write("train.py", f"import numpy as np\nimport tensorflow as tf\n{head}{around}\n{body}\n{behind}")
        scan = project.scan()
        assert not scan.warnings
        found = [each.region for each in scan.functions if "@" in each.id and each.proposal is Action.EXTRACT]
        assert all(found)
        return [each for each in found if each is not None]

    return find


@pytest.fixture
def found(project: Project, regions: Regions) -> Found:
    """The statements of each such region; moved ones are not in it."""

    def find(*arguments: Any, **named: Any) -> list[list[str]]:
        each_region = regions(*arguments, **named)
        text = (project.root / "train.py").read_text()
        return [
            [
                line.strip()
                for number, line in enumerate(text.splitlines(), 1)
                if each.first <= number <= each.last and not any(a <= number <= b for a, b in each.moved)
            ]
            for each in each_region
        ]

    return find


# What is worth a call


def test_so_much_work_is_a_region_and_less_is_none(found: Found) -> None:
    assert found(WORK) == [WORK]
    assert found(WORK[:3]) == []
    assert found(WORK[1:], head=HEAD + "y = tf.ones([2])\n") == []


@pytest.mark.parametrize(
    "line", ["y = model(x)", "y = model(x, training=False)", "y = model.call(x)", "y = tf.keras.layers.Dense(1)(x)"]
)
def test_a_pass_through_a_model_is_worth_one(line: str, found: Found) -> None:
    # A layer that is made in the loop builds a model; that is done once.
    assert found([line]) == ([[line]] if "Dense" not in line else [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "passed"),
    [
        ("y = model(tf.constant(x))", "tf.constant(x)"),
        ("y = tf.nn.softmax(model(tf.constant([x], tf.float32)))", "tf.constant([x], tf.float32)"),
        ("y = model(np.atleast_2d(x))", "np.atleast_2d(x)"),
        ("y = model(np.array([x.astype('float32')]), training=False)", "np.array([x.astype('float32')])"),
        ("y = model(x.reshape(1, -1))", "x.reshape(1, -1)"),
        ("y = model(tf.constant(x if x else 1))", "tf.constant(x if x else 1)"),
        ("y = model(np.random.normal(size=3))", "np.random.normal(size=3)"),
    ],
)
def test_what_a_pass_receives_is_made_before_it(line: str, passed: str, regions: Regions) -> None:
    around = "for x in [np.ones(3), np.zeros(3)]:"
    assert [[source for _, source in region.given] for region in regions([line], around=around)] == [[passed]]


@pytest.mark.parametrize(
    "line",
    [
        "y = model(tf.constant(load()))",
        "y = [model(tf.constant(each)) for each in x]",
        "y = tf.constant(x)",
    ],
)
def test_a_pass_that_is_given_what_only_the_run_knows_is_none(
    line: str, regions: Regions
) -> None:
    assert regions([line], around="for x in [np.ones(3), np.zeros(3)]:") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "expression"),
    [
        ("y = np.argmax(model(x))", "model(x)"),
        ("y = float(tf.reduce_max(model(x), axis=1)[0]) + 1.0", "tf.reduce_max(model(x), axis=1)[0]"),
        ("losses.append(model(x, training=False).numpy())", "model(x, training=False)"),
        ("thing.step(int(tf.argmax(model(x)[0])))", "tf.argmax(model(x)[0])"),
        ("y = model(x)[0] if load() else 0", "model(x)[0]"),
        ("y = np.clip(2.0 * model(x).numpy() + load(), -1, 1)", "model(x)"),
    ],
)
def test_a_pass_in_a_statement_of_python_s_is_one_with_the_operations_around_it(
    line: str, expression: str, regions: Regions
) -> None:
    (region,) = regions([line], around="for x in [np.ones([1, 3]), np.zeros([1, 3])]:")
    assert region.expression == expression and region.results == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "y = np.argmax(model(x)) - np.argmax(model(x))",
        "y = max(float(model(each)) for each in x)",
        "y = float(model(z := x)) + z",
        "y = (lambda: float(model(x)))()",
        "y = float(\n    model(x)\n)",
    ],
)
def test_no_pass_is_taken_out_of_a_statement_that_runs_it_more_than_once_or_is_not_on_its_line(
    line: str, regions: Regions
) -> None:
    assert regions([line], around="for x in [np.ones([1, 3]), np.zeros([1, 3])]:") == []


def test_operators_count_as_operations_do(found: Found) -> None:
    line = "y = (x * 2.0 + x) * x - x"
    assert found([f"{line}", "z = tf.abs(y)"]) == [[line, "z = tf.abs(y)"]]


def test_work_of_numbers_and_arrays_is_none(found: Found) -> None:
    assert found(["y = n * 2 + n * 3 - n + 1"], around="for n in range(9):") == []
    assert found(["y = np.abs(np.exp(np.tanh(np.square(rows[0]))))"]) == []


def test_what_the_project_s_functions_do_is_theirs_to_gain(found: Found) -> None:
    own = HEAD + "def work(x):\n    return tf.abs(tf.tanh(tf.exp(tf.square(x))))\n\n"
    assert found(["y = work(x)", "z = tf.abs(y)"], head=own) == []


@pytest.mark.parametrize("line", ["y = model.predict(x)", "model.fit(x)", "y = model.evaluate(x)"])
def test_what_keras_makes_a_graph_of_is_no_work(line: str, found: Found) -> None:
    assert found([line]) == []


# Where it stands


def test_what_runs_once_is_none(found: Found) -> None:
    assert found(WORK, around="if True:", head=HEAD + "x = tf.ones([2])\n") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "around", ["for x in data:", "for n, x in enumerate(data):", "while load():\n    x = tf.ones(2)"]
)
def test_each_kind_of_loop_counts(around: str, found: Found) -> None:
    assert [region[-4:] for region in found(WORK, around=around)] == [WORK]


def test_in_a_function_a_loop_of_its_own_counts(found: Found) -> None:
    inside = [f"    {line}" for line in WORK]
    head = HEAD + "def validate(data):\n    print(1)\n"
    assert found(inside, head=head, around="    for x in data:") == [WORK]


def test_in_a_function_that_is_called_in_a_loop_no_other_is_needed(found: Found) -> None:
    lines = ["print(1)", *WORK, "thing.step(z)"]
    assert found(lines, around="def validate(x):", behind="for x in data:\n    validate(x)\n") == [WORK]
    assert found(lines, around="def validate(x):", behind="validate(tf.ones([2]))\n") == []


# What divides it


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "print(time.time())",
        "thing.step()",
        "losses.append(float(z))",
        "w = z.numpy()",
        "if load(): break",
        "if load(): continue",
        "for n in range(3): pass",
        "try: load()\nexcept ValueError: pass",
        "import math",
        "assert load()",
    ],
)
def test_what_python_has_to_do_between_is_in_no_region(line: str, found: Found) -> None:
    other = [each.replace("y", "a").replace("z", "b").replace("x)", "w)") for each in WORK]
    other[0] = "a = tf.square(x)"
    regions = found([*WORK, line, *[each.replace("w)", "x)") for each in other]])
    words = line.partition("\n")[0]
    assert not any(words in each for region in regions for each in region)
    assert regions and all(len(region) >= 4 for region in regions)
    assert {each for region in regions for each in region} <= {*WORK, *other}


def test_what_may_run_behind_it_does_not_divide(found: Found) -> None:
    assert found([*WORK[:2], "print(float(y))", *WORK[2:]]) == [WORK]


def test_parts_that_are_too_little_alone_are_none(found: Found) -> None:
    assert found([*WORK[:2], "thing.step(y)", *WORK[2:]]) == []


@pytest.mark.slow
def test_arithmetic_behind_the_last_operation_stays_outside(found: Found) -> None:
    (region,) = found([*WORK, "n = 3 * 4"])
    assert region == WORK
    regions = found([*WORK, "n = 3 * 4", "thing.step(n)", "w = tf.abs(x)", *WORK[1:]])
    assert regions[0] == WORK


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", ["x = tf.constant(rows)", "x = tf.convert_to_tensor(rows)", "x = rows[n]", "x = tf.constant(rows[n])"]
)
def test_data_are_handed_over_outside(line: str, found: Found) -> None:
    """Inside of a function all of them would be given to it, or be a constant of the graph."""
    for region in found([line, *WORK], around="for n in range(9):", head=HEAD + "x = tf.ones([2])\n"):
        assert line not in region


@pytest.mark.parametrize("jump", ["return z", "yield z"])
def test_what_leaves_the_function_is_in_none(jump: str, found: Found) -> None:
    inside = [f"    {line}" for line in [*WORK, jump]]
    regions = found(inside, head=HEAD + "def validate(data):\n    print(1)\n", around="    for x in data:")
    assert all(jump not in region for region in regions)


def test_a_training_step_and_a_pass_beside_it_are_two(found: Found) -> None:
    step = [
        "with tf.GradientTape() as tape:",
        "    loss = tf.reduce_sum(scale * x)",
        "optimizer.apply_gradients([(tape.gradient(loss, scale), scale)])",
    ]
    head = HEAD + "optimizer = tf.keras.optimizers.SGD()\n"
    regions = found([*step, "losses.append(float(loss))", *WORK], head=head)
    assert [each.strip() for each in step] in regions and WORK in regions


def test_a_file_is_read_again_only_for_a_loop_with_enough_work(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few trees are needed twice. The work of a function outside of its loops is not that of a loop."""
    read = list[str]()
    read_source = scanning.read_source

    def count(root: Path, path: Path, *others: Any) -> Any:
        read.append(path.name)
        return read_source(root, path, *others)

    monkeypatch.setattr(scanning, "read_source", count)
    head = "import tensorflow as tf\nx = tf.ones([2])\n"
    project.write("worth.py", head + "for n in range(3):\n" + textwrap.indent("\n".join(WORK), "    ") + "\n")
    project.write("outside.py", head + "\n".join(WORK) + "\nfor n in range(3):\n    y = tf.square(x)\n")
    project.write("without.py", head + "\n".join(WORK) + "\n")
    scan = project.scan()
    assert [each.id for each in scan.functions if "@" in each.id] == ["worth:<module>@4-7"]
    assert sorted(read) == ["outside.py", "without.py", "worth.py", "worth.py"]
