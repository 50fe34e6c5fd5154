"""Callables that library objects are given: what they read is read in the trace of the step that uses the object."""

from __future__ import annotations

import textwrap

import pytest
from findings import codes_of

from hybridize.records import Action

STATE = """
epoch = 0
settings = {"rate": 0.1}

def advance():
    global epoch
    epoch += 1
    settings["rate"] = 0.1 / epoch

def current_rate():
    return 0.1 if epoch < 3 else 0.01

def fixed_rate():
    return 0.1

def scaled(x):
    return x * settings["rate"]

class Schedule(tf.keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self):
        self.rate = 0.1

    def decay(self):
        self.rate *= 0.5

    def __call__(self, step):
        return self.rate

w = tf.Variable(1.0)
"""
UPDATE = """
def step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(w * x)
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    return loss
"""
FORWARD = """
def step(x):
    return tf.reduce_sum(layer(x))
"""

CHANGING = {
    "a learning rate": "optimizer = tf.keras.optimizers.SGD(learning_rate=current_rate)" + UPDATE,
    "a learning rate by position": "optimizer = tf.keras.optimizers.SGD(current_rate)" + UPDATE,
    "a lambda": "optimizer = tf.keras.optimizers.Adam(learning_rate=lambda: settings['rate'])" + UPDATE,
    "a function that calls one": (
        "def outer():\n    return current_rate() * 2.0\noptimizer = tf.keras.optimizers.SGD(outer)" + UPDATE
    ),
    "a schedule of the project's": "optimizer = tf.keras.optimizers.SGD(Schedule())" + UPDATE,
    "in a wrapped optimizer": (
        "optimizer = tf.keras.mixed_precision.LossScaleOptimizer(tf.keras.optimizers.SGD(current_rate))" + UPDATE
    ),
    "an optimizer that a function makes": (
        "def make():\n    return tf.keras.optimizers.SGD(current_rate)\noptimizer = make()" + UPDATE
    ),
    "an activation": "layer = tf.keras.layers.Dense(2, activation=scaled)" + FORWARD,
    "a constraint": (
        "layer = tf.keras.layers.Dense(2, kernel_constraint=scaled)\noptimizer = tf.keras.optimizers.SGD(0.1)" + UPDATE
    ),
    "a layer of functions": "layer = tf.keras.layers.Lambda(scaled)" + FORWARD,
    "a layer in a model": (
        "layer = tf.keras.Sequential([tf.keras.layers.Dense(2, activation=scaled)])" + FORWARD
    ),
    "a layer added to a model": (
        "layer = tf.keras.Sequential()\nlayer.add(tf.keras.layers.Dense(2, activation=scaled))" + FORWARD
    ),
    "a layer of a functional model": (
        "inputs = tf.keras.Input([2])\n"
        "layer = tf.keras.Model(inputs, tf.keras.layers.Dense(2, activation=scaled)(inputs))" + FORWARD
    ),
    "the body of a map": "def step(x):\n    return tf.reduce_sum(tf.map_fn(scaled, x))\n",
    "a property": (
        "class Rates:\n    @property\n    def rate(self):\n        return settings['rate']\nrates = Rates()\n"
        "def step(x):\n    return tf.reduce_sum(x) * rates.rate\n"
    ),
}
STABLE = {
    "a function that reads nothing that changes": (
        "optimizer = tf.keras.optimizers.SGD(learning_rate=fixed_rate)" + UPDATE
    ),
    "a number": "optimizer = tf.keras.optimizers.SGD(0.1)" + UPDATE,
    "another optimizer's rate": (
        "other = tf.keras.optimizers.SGD(current_rate)\noptimizer = tf.keras.optimizers.SGD(0.1)" + UPDATE
    ),
    "the optimizer beside a functional model": (
        "optimizer = tf.keras.optimizers.SGD(current_rate)\ninputs = tf.keras.Input([2])\n"
        "layer = tf.keras.Model(inputs, tf.keras.layers.Dense(2)(inputs))" + FORWARD
    ),
    "an initializer": (
        "def initial(shape, dtype=None):\n    return tf.ones(shape) * settings['rate']\n"
        "layer = tf.keras.layers.Dense(2, kernel_initializer=initial)" + FORWARD
    ),
    "a callback of fit": (
        "callback = tf.keras.callbacks.LearningRateScheduler(lambda e: settings['rate'])\n"
        "layer = tf.keras.layers.Dense(2)" + FORWARD
    ),
}
CALLS = "\nfor _ in range(3):\n    advance()\n    step(tf.ones([2, 2]))\n"


@pytest.mark.slow
@pytest.mark.parametrize("program", CHANGING.values(), ids=CHANGING)
def test_what_a_held_callable_reads_is_a_doubt_of_the_step(script, program):
    function = script(STATE + textwrap.dedent(program) + CALLS).function("step")
    assert "HYB113" in codes_of(function)
    assert function.proposal is Action.HYBRIDIZE
    (finding, *_) = [each for each in function.findings if each.code == "HYB113"]
    assert not finding.certain


@pytest.mark.slow
@pytest.mark.parametrize("program", STABLE.values(), ids=STABLE)
def test_what_does_not_run_in_the_step_is_none(script, program):
    assert "HYB113" not in codes_of(script(STATE + textwrap.dedent(program) + CALLS).function("step"))


def test_the_chain_leads_from_the_update_to_the_state(script):
    function = script(STATE + CHANGING["a learning rate"] + CALLS).function("step")
    (finding,) = [each for each in function.findings if each.code == "HYB113"]
    assert "`current_rate` reads `epoch`" in finding.message
    assert [step.note for step in finding.chain] == ["calls current_rate", finding.message]
