"""Whole loops around proved steps become functions: the same program, still eager; what is more than steps is left."""

from __future__ import annotations

import pytest

from tests.rewrite.outlining import looped, pairs, run

PAIRS = pairs("loops")


@pytest.mark.slow
@pytest.mark.parametrize("name", PAIRS)
def test_a_whole_loop_becomes_a_function_where_a_person_would_put_it(name, tmp_path):
    before, after = PAIRS[name]
    edited, refused, left = looped(tmp_path, before)
    assert not refused and left == []
    assert edited is not None
    assert edited.after.decode() == after


@pytest.mark.parametrize("name", PAIRS)
def test_it_runs_the_same_operations_in_the_same_order_and_prints_the_same(name):
    before, after = PAIRS[name]
    original = run(before)
    assert original.operations and not original.ended
    assert run(after) == original


HEAD = """import tensorflow as tf

w = tf.Variable(2.0)
optimizer = tf.keras.optimizers.SGD(0.01)
data = [1.0, 2.0]
rate = 0.5


def train_step(x, rate=1.0):
    with tf.GradientTape() as tape:
        loss = tf.square(w * x)
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    return loss


"""
LOOP = """for epoch in range(2):
    for x in data:
        train_step(x)
"""
TRAINER = """import tensorflow as tf


class Trainer:
    def __init__(self, batches):
        self.batches = batches
        self.w = tf.Variable(2.0)
        self.optimizer = tf.keras.optimizers.SGD(0.01)

    def train_step(self, x, rate=1.0):
        with tf.GradientTape() as tape:
            loss = tf.square(self.w * x)
        self.optimizer.apply_gradients([(tape.gradient(loss, self.w), self.w)])

    def fit(self, epochs):
        for epoch in range(epochs):
            for x in self.batches:
                self.train_step(x)
"""

# Each loop is left as it is. The words are part of the reason that is given.
LEFT = {
    # Python would do it once, while the graph is traced.
    "a print in each round": (HEAD + LOOP + "        print(x)\n", "`print(x)` is not part of a proved step"),
    "a count in each round": (HEAD + "n = 0\n" + LOOP + "        n += 1\n", "`n += 1` is not part of a proved step"),
    "a list of the losses": (
        HEAD + "losses = []\n" + LOOP.replace("train_step(x)", "losses.append(train_step(x))"),
        "",
    ),
    "a list that is added to": (
        HEAD + "losses = []\n" + LOOP.replace("train_step(x)", "losses += train_step(x)"),
        "`losses` may not be a number",
    ),
    "a step under a condition": (HEAD + LOOP.replace("train_step(x)", "if x > 1.0:\n            train_step(x)"), ""),
    "break": (HEAD + LOOP + "        if x is None:\n            break\n", "is not part of a proved step"),
    "else": (HEAD + LOOP + "    else:\n        print('done')\n", "it has an `else` branch"),
    # A data set that is made in the graph is shuffled otherwise; numbers and pairs of Python's are no data set.
    "enumerate": (HEAD + LOOP.replace("x in data", "n, x in enumerate(data)"), "`enumerate(data)` is not a"),
    "a data set made anew": (HEAD + LOOP.replace("x in data", "x in data.shuffle(9)"), "`data.shuffle(9)` is not a"),
    "range": (HEAD + LOOP.replace("x in data", "x in range(3)"), "`range(3)` is not a fixed data set"),
    "an attribute is bound": (HEAD + LOOP.replace("x in data", "w.x in data"), "its loop variable is not a plain name"),
    # AutoGraph knows no loop over a data set with a value that there was none of before.
    "a result that is first bound in it": (
        HEAD + LOOP.replace("train_step(x)", "loss = train_step(x)") + "    print(float(loss))\n",
        "loss may be unbound",
    ),
    # The graph of the loop would read it once, and never again.
    "a name that is bound again": (
        HEAD + "\ndef train():\n    for x in data:\n        train_step(x, rate)\n\n\ntrain()\nrate = 0.1\ntrain()\n",
        "rate may change",
    ),
    "a name that a function rebinds": (
        HEAD
        + "def halve():\n    global rate\n    rate = rate / 2\n\n\ndef train():\n    for x in data:\n"
        + "        train_step(x, rate)\n\n\ntrain()\nhalve()\ntrain()\n",
        "rate may change",
    ),
    "a name of the module that is assigned from outside": (
        HEAD
        + "def train():\n    for x in data:\n        train_step(x, rate)\n\n\nimport train as me\nme.rate = 0.1\n",
        "rate may change",
    ),
    "an attribute that is handed on": (
        TRAINER.replace("self.train_step(x)", "self.train_step(x, self.rate)"),
        "may change later",
    ),
    "the data of an object that gets others": (
        TRAINER + "\n    def turn_to(self, batches):\n        self.batches = batches\n",
        "`self.batches` is not a fixed data set",
    ),
    "the data of an object that is a property": (
        TRAINER.replace("self.batches = batches", "self.whole = batches")
        + "\n    @property\n    def batches(self):\n        return list(self.whole)\n",
        "`self.batches` is not a fixed data set",
    ),
    # What is called may be another function than the one that was proved.
    "a step that is bound again": (HEAD + "step = train_step\ntrain_step = step\n\n" + LOOP, "may change later"),
    "a step that is decorated": (
        HEAD.replace("def train_step", "def log(f):\n    return f\n\n\n@log\ndef train_step") + LOOP,
        "may change later",
    ),
    "a method that another class has too": (
        TRAINER + "\n\nclass Other(Trainer):\n    def train_step(self, x):\n        print(x)\n",
        "may change later",
    ),
    "a method that is replaced": (
        TRAINER + "\n    def change(self, step):\n        self.train_step = step\n",
        "may change later",
    ),
    # The number of the round around would be another constant, so a graph, in each.
    "the number of the epoch": (
        HEAD + LOOP.replace("train_step(x)", "train_step(x, epoch)"),
        "epoch is a Python number that changes in each iteration",
    ),
    # There would be one call only, and nothing to gain by it.
    "a loop in no loop": (HEAD + "for x in data:\n    train_step(x)\n", "it is not inside a loop"),
    "what it binds is read by a function": (
        HEAD + "def show():\n    print(x)\n\n\n" + LOOP + "    show()\n",
        "it binds x, which another function reads",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LEFT)
def test_what_is_more_than_its_steps_or_may_change_is_left_with_its_reason(name, tmp_path):
    source, words = LEFT[name]
    compile(source, name, "exec")
    edited, _, left = looped(tmp_path, source)
    assert edited is None
    assert all(words in each.reason for each in left[:1]), left
    assert bool(left) == bool(words), left
