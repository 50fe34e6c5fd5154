"""Training steps that stand inline in a loop."""

from __future__ import annotations

import textwrap

import pytest

from hybridize.records import Action

LOOP = """
    w = tf.Variable(1.0)
    opt = tf.keras.optimizers.SGD()

    for x in tf.data.Dataset.range(3):
        x = tf.cast(x, tf.float32)
        with tf.GradientTape() as tape:
            loss = w * x
        gradient = tape.gradient(loss, w)
        opt.apply_gradients([(gradient, w)])
        print(float(loss))
"""
IN_FUNCTION = "def train():\n" + textwrap.indent(textwrap.dedent(LOOP), "    ") + "    return 1\n"


def steps(project):
    result = project.scan()
    assert not result.warnings
    return [each for each in result.functions if "@" in each.qualname or "@" in each.id.rpartition(":")[2]]


def test_a_step_in_a_modules_loop_is_found_from_its_tape_to_its_update_with_the_tensor_work_before_it(script):
    (step,) = steps(script(LOOP))
    assert step.proposal is Action.EXTRACT
    assert step.qualname == "<module>"
    assert step.id == "train:<module>@8-12"
    assert (step.line, step.end_line) == (8, 12)


def test_what_stands_around_the_step_does_not_block_it(script):
    (step,) = steps(script(LOOP))
    assert step.blocker is None
    assert "HYB101" not in {finding.code for finding in step.findings}


def test_what_must_run_in_the_middle_of_the_step_does(script):
    text = LOOP.replace("        gradient =", "        begun = time.time()\n        gradient =")
    (step,) = steps(script(text))
    assert step.proposal is Action.NONE
    assert step.blocker is not None
    assert (step.blocker.code, step.blocker.line) == ("HYB511", 11)
    assert "time.time()" in step.blocker.message


def test_what_may_as_well_run_behind_the_step_does_not(script):
    text = LOOP.replace("        gradient =", "        print(loss)\n        gradient =")
    (step,) = steps(script(text))
    assert step.proposal is Action.EXTRACT
    assert step.region is not None and step.region.moved == ((11, 11),)
    assert "HYB101" not in {finding.code for finding in step.findings}


def test_a_step_in_a_functions_loop_is_named_after_the_function(script):
    (step,) = steps(script(IN_FUNCTION))
    assert step.id == "train:train@9-13"
    assert step.qualname == "train"


def test_two_tapes_in_one_round_are_one_step(script):
    text = """
        a, b = tf.Variable(1.0), tf.Variable(2.0)
        opt = tf.keras.optimizers.SGD()
        for _ in range(3):
            with tf.GradientTape() as tape:
                loss = a * b
            opt.apply_gradients([(tape.gradient(loss, a), a)])
            with tf.GradientTape() as tape:
                loss = a * b
            opt.apply_gradients([(tape.gradient(loss, b), b)])
    """
    (step,) = steps(script(text))
    assert (step.line, step.end_line) == (7, 12)


@pytest.mark.slow
def test_a_step_that_a_function_holds_already_is_not_extracted(script):
    text = """
        w = tf.Variable(1.0)
        opt = tf.keras.optimizers.SGD()

        def step(x):
            with tf.GradientTape() as tape:
                loss = w * x
            opt.apply_gradients([(tape.gradient(loss, w), w)])

        for _ in range(3):
            step(1.0)
    """
    assert steps(script(text)) == []


def test_a_tape_without_an_update_is_no_step(script):
    text = """
        w = tf.Variable(1.0)
        for _ in range(3):
            with tf.GradientTape() as tape:
                loss = w * w
            tape.gradient(loss, w)
    """
    assert steps(script(text)) == []


def test_a_loop_in_graph_code_is_left_alone(script):
    assert steps(script("@tf.function\n" + IN_FUNCTION)) == []


OWN_RULE = """
    w, b = tf.Variable(1.0), tf.Variable(0.0)
    lr = 0.1

    for x in tf.data.Dataset.range(8).map(lambda i: tf.cast(i, tf.float32)):
        with tf.GradientTape() as tape:
            loss = (w * x + b - 1.0) ** 2
        grads = tape.gradient(loss, [w, b])
        UPDATE
        print(float(loss))
"""


def test_a_step_with_an_update_rule_of_its_own_ends_with_the_last_assignment(script):
    update = "w.assign_sub(lr * grads[0])\n        b.assign_sub(lr * grads[1])"
    (step,) = steps(script(OWN_RULE.replace("UPDATE", update)))
    assert step.proposal is Action.EXTRACT
    assert (step.line, step.end_line) == (8, 12)


def test_a_rule_that_goes_over_the_variables_ends_with_that_loop(script):
    update = "for v, g in zip([w, b], grads):\n            v.assign_sub(\n                lr * g\n            )"
    (step,) = steps(script(OWN_RULE.replace("UPDATE", update)))
    assert step.proposal is Action.EXTRACT
    assert (step.line, step.end_line) == (8, 14)


def test_a_counter_beside_an_optimizer_is_no_end_of_a_step(script):
    text = LOOP.replace("print(float(loss))", "print(float(loss))\n        w.assign_add(0.0)")
    (step,) = steps(script(text))
    assert (step.line, step.end_line) == (8, 12)


PAIR = """
    w = tf.Variable(1.0)
    opt = tf.keras.optimizers.SGD()

    def compute_gradients(w, x):
        with tf.GradientTape() as tape:
            loss = (w * x - 1.0) ** 2
        return loss, tape.gradient(loss, w)

    def apply_gradients(opt, grad, w):
        opt.apply_gradients([(grad, w)])

    for x in tf.data.Dataset.range(3):
        x = tf.cast(x, tf.float32)
        loss, grad = compute_gradients(w, x)
        apply_gradients(opt, grad, w)
        print(float(loss))
"""


def test_a_step_of_two_calls_is_a_record_of_both(script):
    (step,) = steps(script(PAIR))
    assert step.proposal is Action.EXTRACT
    assert (step.line, step.end_line) == (16, 18)


def test_a_call_that_takes_gradients_and_the_update_itself_are_one_step(script):
    text = PAIR.replace("        apply_gradients(opt, grad, w)\n", "        opt.apply_gradients([(grad, w)])\n")
    (step,) = steps(script(text))
    assert (step.line, step.end_line) == (16, 18)


def test_a_function_that_does_the_whole_step_is_no_inline_step(script):
    whole = "opt.apply_gradients([(tape.gradient(loss, w), w)])\n        return loss, w"
    text = PAIR.replace("return loss, tape.gradient(loss, w)", whole)
    assert steps(script(text)) == []


METHOD = """
class Trainer:
    def __init__(self):
        self.w, self.opt = tf.Variable(1.0), tf.keras.optimizers.SGD()

    def fit(self, data):
        for x in data:
            with tf.GradientTape() as tape:
                loss = self.w * x
            self.opt.apply_gradients([(tape.gradient(loss, self.w), self.w)])

Trainer().fit([1.0])
"""


def test_a_new_method_is_called_as_no_other_method_in_the_project(project):
    """Another file's class may inherit from this one, and its method would be called in place of the new one."""
    project.write("other.py", "class Other:\n    def train_step(self):\n        return 1\n")
    project.write("train.py", "import tensorflow as tf\n" + METHOD)
    (method,) = steps(project)
    assert method.region is not None and method.region.name == "train_on_batch"
    project.write("train.py", "import tensorflow as tf\n" + textwrap.dedent(LOOP))
    (function,) = steps(project)
    assert function.region is not None and function.region.name == "train_step"
