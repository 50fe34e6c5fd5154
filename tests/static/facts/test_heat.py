"""Which functions are called often, as far as source shows."""

from __future__ import annotations

import pytest


def reasons(project, name):
    return project.function(name).rests_on


@pytest.mark.parametrize(
    ("text", "reason"),
    (
        ("for i in range(3):\n    f(tf.ones([2]))\n", "is called in a loop (train.py:6)"),
        (
            "def g(x):\n    return f(x)\nfor i in range(3):\n    g(tf.ones([2]))\n",
            "is called by g, which is called in a loop (train.py:8)",
        ),
        ("def train_step(x):\n    return f(x)\ntrain_step(tf.ones([2]))\n", "is called by train_step, which is a step"),
        ("f(tf.ones([2]))\n", None),
    ),
)
def test_it_is_said_why(script, text, reason):
    project = script("def f(x):\n    return x * tf.abs(x)\n" + text)
    hot = [each for each in reasons(project, "f") if each.startswith("is called")]
    assert hot == ([reason] if reason else [])


def test_the_loop_of_a_test_says_nothing(project):
    project.write("work.py", "import tensorflow as tf\ndef f(x):\n    return x * tf.abs(x)\n")
    test = "import tensorflow as tf\nfrom work import f\nfor i in range(3):\n    f(tf.ones([2]))\n"
    project.write("test_work.py", test)
    assert not [each for each in reasons(project, "work:f") if each.startswith("is called")]
