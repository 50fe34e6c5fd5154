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


@pytest.mark.slow
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
    """A circle that nothing hybrid enters is not covered."""
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


#: In each program, nothing is known of what ``step`` is given, and something says that it may compute all the same.
SIGNS = {
    "weights that are assigned": (
        "class Trainer:\n    def __init__(self, model):\n        self.model = model\n"
        "    def step(self, other, tau):\n"
        "        for t, s in zip(self.model.trainable_weights, other.trainable_weights):\n"
        "            t.assign(tau * s + (1.0 - tau) * t)\n"
    ),
    "an unknown strategy": (
        "from somewhere import strategy, batches\ndef inner(a, b):\n    return a - b\n"
        "def step(a, b):\n    loss = strategy.run(inner, args=(a, b))\n"
        "    return strategy.reduce('sum', loss, axis=None)\n"
        "for a, b in batches():\n    step(a, b)\n"
    ),
    "an unknown strategy that is given the arguments by their position": (
        "from somewhere import strategy, batches\ndef inner(a):\n    return a.value\n"
        "def step(a):\n    return strategy.run(inner, (a,))\nfor a in batches():\n    step(a)\n"
    ),
    "a strategy of the project": (
        "from somewhere import batches\nclass Replicator(tf.distribute.MirroredStrategy):\n    pass\n"
        "strategy = Replicator()\ndef inner(a, b):\n    return tf.reduce_mean(a - b)\n"
        "def step(a, b):\n    loss = strategy.run(inner, args=(a, b))\n"
        "    return strategy.reduce('sum', loss, axis=None)\n"
        "for a, b in batches():\n    step(a, b)\n"
    ),
    "a sampler": (
        "import tensorflow_probability as tfp\nfrom somewhere import kernel, state\n"
        "def step():\n    return tfp.mcmc.sample_chain(100, current_state=state, kernel=kernel)\nstep()\n"
    ),
    "an unknown optimizer": (
        "from somewhere import opt, model\ndef step(data):\n    grads = model.backward(data)\n"
        "    opt.apply_gradients(grads)\n"
    ),
    "an unknown model's weights": (
        "from somewhere import model\ndef step(data):\n    return sum(f(v) for v in model.trainable_variables)\n"
        "def f(v):\n    return v.norm()\n"
    ),
    "what a model is called with": (
        "from somewhere import model\ndef step(data):\n    return model(data, training=False)\n"
    ),
    "a queue": "from somewhere import host\ndef step(data):\n    host.queue.enqueue_many(data)\n",
    "a name": "from somewhere import model\ndef train_step(data):\n    return model.loss(data)\n",
    "a method's name": (
        "class Agent:\n    def __init__(self, net):\n        self.net = net\n"
        "    def _train_step(self, data):\n        return self.net.loss(data)\n"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", SIGNS, ids=lambda how: how.replace(" ", "-"))
def test_what_may_compute_by_a_sign_is_a_question_for_a_run(how, script):
    found = [each for each in script(SIGNS[how]).scan().functions if each.qualname.endswith("step")]
    assert found[0].proposal is Action.HYBRIDIZE
    assert found[0].assumptions


@pytest.mark.parametrize("name", ["load", "main_loop", "stepper", "describe"])
def test_without_a_sign_what_is_not_known_to_compute_is_refused(name, script):
    function = script(f"from somewhere import model\ndef {name}(data):\n    return model.loss(data)\n").function(name)
    assert function.blocker is not None
    assert function.blocker.code == "HYB501"


def test_a_function_of_a_file_that_never_reaches_tensorflow_is_not_proposed(project):
    project.write("game.py", "def train_step(world, x):\n    return world.step(x) + 1\n")
    project.write("train.py", "import tensorflow as tf\n")
    function = project.function("game:train_step")
    assert function.blocker is not None
    assert function.blocker.code == "HYB501"


def test_a_helper_of_such_a_file_that_is_given_tensors_is_proposed(project):
    project.write("helper.py", "def loss(a, b):\n    return (a - b) ** 2\n")
    project.write("train.py", "import tensorflow as tf\nimport helper\nhelper.loss(tf.ones(2), tf.ones(2))\n")
    assert project.function("helper:loss").proposal is Action.HYBRIDIZE
