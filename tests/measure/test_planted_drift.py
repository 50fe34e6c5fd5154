"""Drift that was planted into a real script is caught by the cold run, and a chaotic script is not accused.

Each variant is the script with ``@tf.function`` and one mistake, run beside the original script.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybridize.dynamic.parent.cold import Arm, Unit, replay, same_beginnings
from hybridize.dynamic.parent.runs import Run, Seen
from hybridize.measure.drift import compare
from hybridize.records import Drift, EditedFile, Scan, Target
from hybridize.run.likeness import trace_of
from hybridize.sandbox.parent.launch import all_stopped
from hybridize.sandbox.parent.nursery import Nursery

pytestmark = pytest.mark.slow  # starts TensorFlow in child processes

STEADY = """\
import tensorflow as tf

tf.random.set_seed(1)
weights = tf.Variable(tf.random.normal([8, 1]))
inputs = tf.random.normal([40, 16, 8])
count = tf.Variable(0)


def step(x):
    count.assign_add(1)
    with tf.GradientTape() as tape:
        noise = tf.random.normal([16, 8], stddev=0.1)
        loss = tf.reduce_mean((tf.matmul(x + noise, weights) - 1.0) ** 2)
    weights.assign_sub(0.05 * tape.gradient(loss, weights))
    return loss


for number in range(40):
    loss = step(inputs[number])
    if number % 10 == 9:
        print(f"step {number} loss {float(loss):.5f}")
"""

# The logistic map, of which a rounding error has doubled with every step.
CHAOTIC = """\
import tensorflow as tf

tf.random.set_seed(1)
weights = tf.Variable(tf.random.uniform([64], 0.1, 0.9))


def step():
    mixed = 0.9 * weights + 0.1 * tf.reduce_mean(tf.exp(tf.sin(weights)) / 2.0)
    weights.assign(3.9 * mixed * (1.0 - mixed))
    return tf.reduce_sum(tf.tanh(weights) * tf.exp(weights))


for number in range(80):
    loss = step()
    if number % 10 == 9:
        print(f"step {number} loss {float(loss):.5f}")
"""

# A model that is made in its first call, from random numbers, in the order that a line says.
LAZY = """\
import tensorflow as tf

tf.random.set_seed(1)
inputs = tf.random.normal([40, 16, 8])
made = {}


def weight(name, shape):
    if name not in made:
        made[name] = tf.Variable(lambda: tf.random.normal(shape, stddev=0.3), name=name)
    return made[name]


def step(x):
    first, second = [weight(*each) for each in (("a", (8, 4)), ("b", (4, 1)))]
    with tf.GradientTape() as tape:
        noise = tf.random.normal([16, 8], stddev=0.1)
        loss = tf.reduce_mean((tf.matmul(tf.tanh(tf.matmul(x + noise, first)), second) - 1.0) ** 2)
    gradients = tape.gradient(loss, [first, second])
    first.assign_sub(0.05 * gradients[0])
    second.assign_sub(0.05 * gradients[1])
    return loss


for number in range(40):
    print(f"step {number} loss {float(step(inputs[number])):.5f}")
"""
OTHERWISE = (
    'first, second = [weight(*each) for each in (("a", (8, 4)), ("b", (4, 1)))]',
    'second, first = [weight(*each) for each in (("b", (4, 1)), ("a", (8, 4)))]',
)

PLANTED = {
    "off by 1e-3": ("return loss", "return loss * 1.001"),
    "every tenth update skipped": ("sub(0.05 *", "sub(tf.where(count % 10 == 0, 0.0, 0.05) *"),
    "other random numbers": ("tf.random.normal([16, 8]", "tf.random.stateless_normal([16, 8], [1, 2]"),
    "a lost line": ("if number % 10 == 9:", "if number % 10 == 9 and number != 19:"),
}


def edit(source: str, mistake: tuple[str, str] = ("", ""), arguments: str = "") -> EditedFile:
    """The script with its step decorated, and with a mistake on one of its lines."""
    lines = source.splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith("def step"))
    after = "".join([*lines[:at], f"@tf.function{arguments}\n", *lines[at:]])
    assert mistake[0] in after
    after = after.replace(*mistake) if mistake[0] else after
    before = source.encode()
    line_map = tuple(number + (number > at) for number in range(1, len(lines) + 1))
    digest = hashlib.sha256(before).hexdigest()
    return EditedFile("train.py", before, after.encode(), digest, {"train:step": at + 2}, line_map)


@pytest.fixture(scope="module")
def run_all(
    tmp_path_factory: pytest.TempPathFactory, seeded_nursery: Nursery
) -> Iterator[Callable[..., dict[str, Seen]]]:
    """Runs a script in several forms side by side, from one seed."""

    def run(
        source: str,
        forms: dict[str, EditedFile],
        births: Callable[[str], Mapping[str, Any] | None] = lambda name: None,
    ) -> dict[str, Seen]:
        root = tmp_path_factory.mktemp("planted")
        (root / "train.py").write_text(source)
        target = Target(str(root), str(root), str(root / "train.py"), seed=0)
        scan = Scan(str(root), (), (), {"train.py": "train"}, frozenset({"train.py"}), frozenset(), 20, True)
        line = next(number for number, text in enumerate(source.splitlines(), 1) if text.startswith("def step"))
        arms = [Arm("eager"), Arm("nudged", nudge=1)]
        arms += [Arm(name.replace(" ", "-"), (form,)) for name, form in forms.items()]
        arms = [replace(arm, births=births(arm.label)) for arm in arms]
        seen: dict[str, Seen] = {}
        runs = Run(target, scan, Path(root) / "results", nursery=seeded_nursery)
        for start in range(0, len(arms), 3):
            seen |= replay(runs, Unit("train:step", "train.py", line), arms[start : start + 3], 60.0, 1000)
        return seen

    with all_stopped():
        yield run


def judge(seen: dict[str, Seen], name: str) -> Drift:
    edited = seen[name.replace(" ", "-")]
    assert edited.report["units"] == seen["eager"].report["units"] > 30, edited.outcome.error
    # Two where the first call makes variables.
    assert 1 <= edited.report["traces"]["train:step"]["count"] <= 2, "it did not run as a graph"
    return compare(trace_of(seen["eager"]), trace_of(edited), perturbed=[trace_of(seen["nudged"])])


@pytest.fixture(scope="module")
def steady(run_all: Callable[..., dict[str, Seen]]) -> dict[str, Seen]:
    forms = {name: edit(STEADY, mistake) for name, mistake in PLANTED.items()}
    return run_all(STEADY, {"right": edit(STEADY), **forms})


def test_without_a_mistake_nothing_drifts(steady: dict[str, Seen]) -> None:
    found = judge(steady, "right")
    assert found.verdict == "none", found.reason


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ("off by 1e-3", "the result of the step is"),
        ("every tenth update skipped", "(step 11)"),
        ("other random numbers", "(step 1)"),
        ("a lost line", "vanished (1 of 4 times)"),
    ],
)
def test_a_planted_mistake_is_drift(steady: dict[str, Seen], mistake: str, words: str) -> None:
    found = judge(steady, mistake)
    assert found.verdict == "drift", found.reason
    assert words in found.reason


def test_a_script_that_is_merely_chaotic_is_not_accused(run_all: Callable[..., dict[str, Seen]]) -> None:
    seen = run_all(CHAOTIC, {"compiled": edit(CHAOTIC, arguments="(jit_compile=True)")})
    losses = [[row[0] for row in each.report["scalars"]] for each in (seen["eager"], seen["compiled"])]
    assert abs(losses[0][-1] / losses[1][-1] - 1) > 1e-3, "the two runs must part for this to tell anything"
    found = judge(seen, "compiled")
    assert found.verdict == "none", found.reason
    wrong = edit(CHAOTIC, ("return tf", "return 1.001 * tf"), "(jit_compile=True)")
    accused = judge(run_all(CHAOTIC, {"wrong": wrong}), "wrong")
    assert accused.verdict == "drift", accused.reason


def test_initial_weights_drawn_in_another_order_agree_once_they_are_given(
    run_all: Callable[..., dict[str, Seen]],
) -> None:
    wrong = ("0.05 * gradients[1]", "0.051 * gradients[1]")
    forms = {"right": edit(LAZY, OTHERWISE), "wrong": edit(LAZY, wrong)}
    noted = run_all(LAZY, forms, lambda name: {"given": {}, "keep": name == "eager"})
    assert judge(noted, "right").verdict == "drift", "or there is nothing to excuse"
    original = noted["eager"].report["births"]
    assert [row["name"] for row in original] == ["a", "b"] and all("value" in row for row in original)
    given = {name: same_beginnings(original, noted[name].report["births"]) for name in forms}

    def births(name: str) -> Mapping[str, Any]:
        theirs, ours = given.get(name, given["right"])
        return {"given": ours if name in given else theirs, "keep": False}

    seen = run_all(LAZY, forms, births)
    found = judge(seen, "right")
    assert found.verdict == "none", found.reason
    assert judge(seen, "wrong").verdict == "drift", "a fault is a fault from whatever weights"
