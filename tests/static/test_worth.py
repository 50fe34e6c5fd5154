"""Whether a function computes with tensors, and whether it is covered by graph code already."""

from __future__ import annotations

import pytest

from hybridize.records import Action

COMPUTING = {
    "an operation": "def f(x):\n    return tf.abs(x)\n",
    "an operator on a tensor": "def f(x):\n    return x + 1\nf(tf.ones([2]))\n",
    "a slice of a tensor": "def f(x):\n    return x[0]\nf(tf.ones([2]))\n",
    "a layer": "d = tf.keras.layers.Dense(1)\ndef f(x):\n    return d(x)\n",
    "a model": "m = tf.keras.Sequential([])\ndef f(x):\n    return m(x, training=True)\n",
    "a loss": "loss = tf.keras.losses.MeanSquaredError()\ndef f(x, y):\n    return loss(x, y)\n",
    "a loss function": "def f(x, y):\n    return tf.keras.losses.mse(x, y)\n",
    "a gradient": "def f(x, w):\n    with tf.GradientTape() as t:\n        pass\n    return t.gradient(x, w)\n",
    "an optimizer": "opt = tf.keras.optimizers.SGD()\ndef f(g, v):\n    opt.apply_gradients(zip(g, v))\n",
    "an update": "v = tf.Variable(1.0)\ndef f():\n    v.assign_add(1.0)\n",
    "a metric": "m = tf.keras.metrics.Mean()\ndef f(x):\n    m.update_state(x)\n",
    "a callee": "def g(x):\n    return tf.abs(x)\ndef f(x):\n    return g(x)\n",
    "a method": (
        "class C:\n    def g(self, x):\n        return tf.abs(x)\nc = C()\ndef f(x):\n    return c.g(x)\n"
    ),
    "strategy.run": (
        "s = tf.distribute.MirroredStrategy()\ndef g(x):\n    return tf.abs(x)\n"
        "def f(x):\n    return s.run(g, args=(x,))\n"
    ),
    "tf.cond": "def f(x):\n    return tf.cond(x, lambda: 1, lambda: 2)\n",
    "Keras' backend": "from tensorflow.keras import backend as K\ndef f(x):\n    return K.mean(x)\n",
}


@pytest.mark.parametrize("how", COMPUTING, ids=lambda how: how.replace(" ", "-"))
def test_a_function_computes_by(how, script):
    assert script(COMPUTING[how]).function("f").computes_with_tensors is True


BARREN = {
    "nothing": "def f(x):\n    return x\nf(tf.ones([2]))\n",
    "a static shape": "def f(x):\n    return x.shape[0] * 2\nf(tf.ones([2]))\n",
    "NumPy": "def f(x):\n    return np.abs(x) + 1\nf(np.ones([2]))\n",
    "Python": "def f(x):\n    return sum(i * 2 for i in range(x))\nf(3)\n",
    "building a dataset": "def f(x):\n    return tf.data.Dataset.from_tensor_slices(x).batch(2)\n",
    "a dataset's map": "def g(x):\n    return x * 2\ndef f(d):\n    return d.map(g)\nf(tf.data.Dataset.range(3))\n",
    "fit": "m = tf.keras.Sequential([])\ndef f(x):\n    m.fit(x)\n",
    "identity": "def f(x, y):\n    return x is y\nf(tf.ones([2]), 1)\n",
}


@pytest.mark.parametrize("how", BARREN, ids=lambda how: how.replace(" ", "-"))
def test_a_function_does_not_compute_by(how, script):
    function = script(BARREN[how]).function("f")
    assert function.computes_with_tensors is False
    assert function.proposal is Action.NONE


def test_an_unknown_callee_leaves_it_open(script):
    assert script("def f(x, g):\n    return g(x)\n").function("f").computes_with_tensors is None


def test_unknown_operands_leave_it_open(script):
    assert script("def f(x, y):\n    return x * y\n").function("f").computes_with_tensors is None


def test_what_is_not_known_to_compute_is_proposed_only_with_a_tensor_parameter(script):
    text = "def f(x, g):\n    return g(x)\ndef h(x, g):\n    return g(x)\nh(tf.ones([2]), len)\n"
    project = script(text)
    blocker = project.function("f").blocker
    assert blocker is not None
    assert blocker.code == "HYB501"


# In each program, every call of ``f`` comes from graph code.
COVERED = {
    "a hybrid caller": "@tf.function\ndef g(x):\n    return f(x)\ng(tf.ones([2]))\n",
    "a caller of a caller": (
        "def h(x):\n    return f(x)\n@tf.function\ndef g(x):\n    return h(x)\ng(tf.ones([2]))\n"
    ),
    "a dataset's map": "tf.data.Dataset.range(3).map(f)\n",
    "a lambda in a dataset's map": "tf.data.Dataset.range(3).map(lambda x: f(x))\n",
    "two hybrid callers": "@tf.function\ndef g(x):\n    return f(x)\n@tf.function\ndef h(x):\n    return f(x)\n",
}


@pytest.mark.parametrize("how", COVERED, ids=lambda how: how.replace(" ", "-"))
def test_a_function_is_covered_by(how, script):
    function = script("def f(x):\n    return tf.abs(x)\n" + COVERED[how]).function("f")
    assert function.blocker is not None
    assert function.blocker.code == "HYB502"


UNCOVERED = {
    "nobody": "",
    "the module": "@tf.function\ndef g(x):\n    return f(x)\ng(1.0)\nf(tf.ones([2]))\n",
    "an eager caller": "@tf.function\ndef g(x):\n    return f(x)\ndef h(x):\n    return f(x)\n",
    "a caller that the module calls too": (
        "def h(x):\n    return f(x)\n@tf.function\ndef g(x):\n    return h(x)\nh(tf.ones([2]))\n"
    ),
    "unknown code": "import library\n@tf.function\ndef g(x):\n    return f(x)\nlibrary.register(f)\n",
    "py_function": "tf.py_function(f, [1.0], tf.float32)\n",
}


@pytest.mark.parametrize("how", UNCOVERED, ids=lambda how: how.replace(" ", "-"))
def test_a_function_is_not_covered_by(how, script):
    function = script("def f(x):\n    return tf.abs(x)\n" + UNCOVERED[how]).function("f")
    assert function.blocker is None


def test_functions_that_call_each_other_do_not_cover_each_other(script):
    """The least fixpoint: a circle that nothing hybrid enters is not covered."""
    text = "def f(x):\n    return tf.abs(g(x))\ndef g(x):\n    return f(x)\n"
    assert all(each.blocker is None or each.blocker.code != "HYB502" for each in script(text).scan().functions)


def test_fit_covers_a_models_call(script):
    text = """
        class Net(tf.keras.Model):
            def call(self, x):
                return tf.abs(x)

        net = Net()
        net.compile("sgd", "mse")
        net.fit(tf.ones([2, 2]), tf.ones([2, 2]))
    """
    blocker = script(text).function("Net.call").blocker
    assert blocker is not None
    assert blocker.code == "HYB502"


def test_main_is_never_proposed(script):
    text = "def main():\n    tf.abs(1.0)\nmain()\n"
    assert script(text).function("main").proposal is Action.NONE
