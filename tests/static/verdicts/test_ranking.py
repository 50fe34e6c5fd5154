"""Candidates are ranked: training steps and what is called often first, what is hardly known last."""

from __future__ import annotations

import pytest

from hybridize.records import Action, Confidence

PROGRAM = """
from somewhere import thing, batches
w = tf.Variable(1.0)
opt = tf.keras.optimizers.SGD()

def penalty(x):
    return tf.reduce_sum(x * w)

def loss_of(x):
    return penalty(x) + 1.0

def train_step(x):
    with tf.GradientTape() as tape:
        loss = loss_of(x)
    opt.apply_gradients([(tape.gradient(loss, w), w)])
    return loss

def smooth(x):
    return x * 0.5 + 1.0

def scale(x):
    return x / tf.reduce_max(x)

def unknown(x):
    return thing(x)

for x in tf.ones([3, 2]):
    train_step(x)
    smooth(x)

def report(x):
    scale(x)
    unknown(x)

report(tf.ones([2]))
thing.use(report)
"""


@pytest.fixture
def scanned(script):
    return {each.qualname: each for each in script(PROGRAM).scan().functions if each.proposal is Action.HYBRIDIZE}


def test_steps_and_what_is_called_often_are_of_high_confidence(scanned):
    high = {name for name, each in scanned.items() if each.confidence is Confidence.HIGH}
    assert high == {"train_step", "loss_of", "penalty", "smooth"}
    assert scanned["scale"].confidence is Confidence.MEDIUM
    assert scanned["unknown"].confidence is Confidence.LOW


def test_ranks_count_from_the_step_that_a_tape_shows(scanned):
    assert scanned["train_step"].rank == 1
    assert scanned["unknown"].rank == len(scanned)
    assert sorted(each.rank for each in scanned.values()) == list(range(1, len(scanned) + 1))


def test_a_candidate_says_what_it_rests_on(scanned):
    assert scanned["train_step"].rests_on == (
        "opens a gradient tape",
        "updates variables with an optimizer",
        "is named like a step",
        "is called in a loop (train.py:30)",
        "receives tensors",
        "computes with tensors",
    )
    assert scanned["penalty"].rests_on[0].startswith("is called by loss_of, which is called by train_step")
    assert scanned["unknown"].rests_on == ("receives tensors", "passes tensors to unknown code")


def test_what_is_no_candidate_has_no_rank(script):
    function = script("def f(x):\n    return x\nf(tf.ones([2]))\n").function("f")
    assert (function.rank, function.confidence, function.rests_on) == (None, None, ())


def test_a_step_inline_in_a_loop_is_of_high_confidence(script):
    text = """
    w = tf.Variable(1.0)
    for x in tf.ones([8, 2]):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((w * x - 1.0) ** 2)
        w.assign_sub(0.1 * tape.gradient(loss, w))
    """
    (step,) = (each for each in script(text).scan().functions if each.proposal is Action.EXTRACT)
    assert (step.confidence, step.rank) == (Confidence.HIGH, 1)
    assert step.rests_on == ("is inside a loop", "takes gradients and updates variables")


def test_a_loop_in_a_test_makes_nothing_hot(project):
    project.write("work.py", "import tensorflow as tf\ndef f(x):\n    return x * tf.abs(x)\n")
    text = "import tensorflow as tf\nfrom work import f\nfor _ in range(3):\n    f(tf.ones([2]))\n"
    project.write("test_work.py", text)
    assert project.function("work:f").confidence is Confidence.MEDIUM
