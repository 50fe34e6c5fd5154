"""Every way of being hybrid already, and what only looks like one."""

from __future__ import annotations

import pytest

from hybridize.records import Action

HYBRID = {
    "the decorator": "@tf.function\ndef f(x):\n    return x + 1\n",
    "the decorator called": "@tf.function()\ndef f(x):\n    return x + 1\n",
    "with arguments": "@tf.function(jit_compile=True)\ndef f(x):\n    return x + 1\n",
    "with None": "@tf.function(None, autograph=False)\ndef f(x):\n    return x + 1\n",
    "another alias": "import tensorflow as t\n@t.function\ndef f(x):\n    return x + 1\n",
    "the whole name": "import tensorflow\n@tensorflow.function\ndef f(x):\n    return x + 1\n",
    "an imported name": "from tensorflow import function\n@function\ndef f(x):\n    return x + 1\n",
    "an imported name renamed": "from tensorflow import function as graph\n@graph\ndef f(x):\n    return x + 1\n",
    "a star import": "from tensorflow import *\n@function\ndef f(x):\n    return x + 1\n",
    "an internal module": (
        "from tensorflow.python.eager.def_function import function\n@function\ndef f(x):\n    return x + 1\n"
    ),
    "compat.v2": "@tf.compat.v2.function\ndef f(x):\n    return x + 1\n",
    "a name for it": "graph = tf.function\n@graph\ndef f(x):\n    return x + 1\n",
    "under another decorator": (
        "import functools\n@functools.lru_cache()\n@tf.function\ndef f(x):\n    return x + 1\n"
    ),
    "assigned": "def f(x):\n    return x + 1\ng = tf.function(f)\n",
    "assigned to its own name": "def f(x):\n    return x + 1\nf = tf.function(f)\n",
    "a partial of it": (
        "import functools\n@functools.partial(tf.function, jit_compile=True)\ndef f(x):\n    return x + 1\n"
    ),
    "a configured one": (
        "compiled = tf.function(jit_compile=True)\n@compiled\ndef f(x):\n    return x + 1\n"
    ),
    "a decorator of the project": (
        "def fast(g):\n    return tf.function(g)\n@fast\ndef f(x):\n    return x + 1\n"
    ),
    "a decorator of the project with arguments": (
        "def fast(jit):\n    def wrap(g):\n        return tf.function(g, jit_compile=jit)\n    return wrap\n"
        "@fast(True)\ndef f(x):\n    return x + 1\n"
    ),
    "passed on": "def f(x):\n    return x + 1\ndef run(g):\n    return tf.function(g)(1)\nrun(f)\n",
}


@pytest.mark.parametrize("how", HYBRID, ids=lambda how: how.replace(" ", "-"))
def test_a_function_is_hybrid_by(how, script):
    function = script(HYBRID[how]).function("f")
    assert function.hybrid is not None
    assert function.proposal is Action.NONE


EAGER = {
    "no decorator": "def f(x):\n    return x + 1\n",
    "a decorator called function": "def function(g):\n    return g\n@function\ndef f(x):\n    return x + 1\n",
    "another of TensorFlow's": "@tf.autograph.experimental.do_not_convert\ndef f(x):\n    return x + 1\n",
    "a method called function": (
        "class T:\n    def function(self, g):\n        return g\nt = T()\n@t.function\ndef f(x):\n    return x + 1\n"
    ),
    "an unknown decorator": "import pytest\n@pytest.mark.slow\ndef f(x):\n    return x + 1\n",
    "a shadowed alias": "tf = object()\n@tf.function\ndef f(x):\n    return x + 1\n",
    "the neighbour of one": "@tf.function\ndef g(x):\n    return x\ndef f(x):\n    return x + 1\n",
    "the caller of one": "@tf.function\ndef g(x):\n    return x\ndef f(x):\n    return g(x) + 1\n",
}


@pytest.mark.parametrize("how", EAGER, ids=lambda how: how.replace(" ", "-"))
def test_a_function_is_not_hybrid_by(how, script):
    assert script(EAGER[how]).function("f").hybrid is None


@pytest.mark.parametrize("name", ["tf", "tensorflow"])
def test_a_module_of_the_project_of_that_name_is_not_tensorflow(name, project):
    project.write(f"{name}.py", "def function(g):\n    return g\n")
    project.write("train.py", f"import {name} as tf\n\n@tf.function\ndef f(x):\n    return x + 1\n")
    assert project.function("train:f").hybrid is None


def test_the_text_is_the_decorator_as_it_stands(script):
    function = script("@tf.function(jit_compile=True)\ndef f(x):\n    return x + 1\n").function("f")
    assert function.hybrid == "@tf.function(jit_compile=True)"


def test_a_wrapped_use_names_the_decorator_of_the_project(script):
    text = "def fast(g):\n    return tf.function(g)\n@fast\ndef f(x):\n    return x + 1\n"
    assert script(text).function("f").hybrid == "@fast (tf.function(g))"


def test_a_method_given_to_tf_function_on_an_object_is_hybrid(script):
    text = """
        class Net(tf.keras.Model):
            def call(self, x):
                return x * 2

        net = Net()
        net.call = tf.function(net.call)
    """
    assert script(text).function("Net.call").hybrid is not None


def test_a_model_given_to_tf_function_makes_its_call_hybrid(script):
    text = "class Net(tf.keras.Model):\n    def call(self, x):\n        return x * 2\nstep = tf.function(Net())\n"
    assert script(text).function("Net.call").hybrid is not None


def test_fit_traces_train_step(script):
    text = """
        class Net(tf.keras.Model):
            def train_step(self, data):
                return {"loss": tf.reduce_sum(data)}

        Net().fit(tf.ones([2, 2]))
    """
    assert script(text).function("Net.train_step").hybrid == "Model.fit traces it"


FITTED = """
class Net(tf.keras.Model):
    def forward(self, data):
        return tf.reduce_sum(data)

    def train_step(self, data):
        return {"loss": self.forward(data)}

net = Net()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("switch", "line"),
    {
        "in compile": ("net.compile('adam', run_eagerly=True)", 11),
        "over several lines": ("net.compile(\n    'adam',\n    run_eagerly=True,\n)", 11),
        "by a flag": ("import sys\nnet.compile('adam', run_eagerly=len(sys.argv) > 1)", 12),
        "as an attribute": ("net.run_eagerly = True", 11),
        "for every function": ("tf.config.run_functions_eagerly(True)", 11),
        "by its old name": ("tf.config.experimental_run_functions_eagerly(True)", 11),
    }.values(),
)
def test_fit_that_may_run_eagerly_traces_nothing_and_the_line_is_named(script, switch, line):
    function = script(f"{FITTED}{switch}\nnet.fit(tf.ones([2, 2]))\n").function("Net.train_step")
    assert function.hybrid is None
    assert function.blocker is not None
    assert f"train.py:{line + 1})" in function.blocker.message


def test_what_a_step_calls_that_runs_eagerly_is_looked_at(script):
    assert script(f"{FITTED}net.compile('adam')\nnet.fit(tf.ones([2, 2]))\n").function("Net.forward").blocker
    switched = script(f"{FITTED}net.compile('adam', run_eagerly=True)\nnet.fit(tf.ones([2, 2]))\n")
    assert switched.function("Net.forward").proposal is Action.HYBRIDIZE


@pytest.mark.slow
@pytest.mark.parametrize(
    "switch",
    {
        "off": "net.compile('adam', run_eagerly=False)",
        "none": "net.compile('adam', run_eagerly=None)",
        "as an attribute": "net.run_eagerly = False",
        "on and off": "tf.config.run_functions_eagerly(True)\ntf.config.run_functions_eagerly(False)",
        "of another model": "class Other(tf.keras.Model):\n    pass\nOther().compile('adam', run_eagerly=True)",
    }.values(),
)
def test_fit_traces_where_no_switch_is_left_on(script, switch):
    function = script(f"{FITTED}{switch}\nnet.fit(tf.ones([2, 2]))\n").function("Net.train_step")
    assert function.hybrid == "Model.fit traces it"


def test_a_decorated_function_names_the_switch_that_makes_it_run_eagerly(script):
    text = "tf.config.run_functions_eagerly(True)\n@tf.function\ndef f(x):\n    return x + 1\nf(tf.ones([2]))\n"
    function = script(text).function("f")
    assert function.hybrid == "@tf.function"
    assert function.blocker is not None
    assert function.blocker.code == "HYB604"
    assert "may run eagerly because of tf.config.run_functions_eagerly(True) (train.py:3)" in function.blocker.message


def test_one_wrapper_for_many_functions_does_not_make_all_of_them_hybrid(script):
    """What a common helper is given gets mixed up: only uses as a decorator say who is meant."""
    functions = "\n".join(f"def f{i}(x):\n    return x + {i}\nrun(f{i})\n" for i in range(6))
    result = script(f"def run(g):\n    return tf.function(g)\n{functions}").scan()
    assert not [function for function in result.functions if function.hybrid]


def test_a_hybrid_function_without_tensor_work_is_dehybridized(script):
    function = script("@tf.function\ndef f(x):\n    return x\nf(tf.ones([2]))\n").function("f")
    assert function.proposal is Action.DEHYBRIDIZE
    assert function.blocker is None


def test_a_hybrid_function_with_side_effects_is_left_alone(script):
    """Without the decorator it would print every time: that is the user's decision."""
    function = script("@tf.function\ndef f(x):\n    print(x)\n    return x\nf(tf.ones([2]))\n").function("f")
    assert function.proposal is Action.NONE
    assert function.blocker is not None
    assert function.blocker.code == "HYB101"


def test_a_hybrid_function_that_is_traced_for_every_number_is_reconfigured(script):
    text = "@tf.function\ndef f(x, i):\n    return x * i\nfor i in range(9):\n    f(tf.ones([2]), i)\n"
    assert script(text).function("f").proposal is Action.RECONFIGURE


@pytest.mark.parametrize("argument", ["reduce_retracing=True", "input_signature=[tf.TensorSpec(None)] * 2"])
def test_one_that_is_configured_already_is_not(argument, script):
    text = f"@tf.function({argument})\ndef f(x, i):\n    return x * i\nfor i in range(9):\n    f(tf.ones([2]), i)\n"
    assert script(text).function("f").proposal is Action.NONE
