"""What a parameter holds, from wherever its values come."""

from __future__ import annotations

import pytest

from hybridize.records import ParameterKind

# Each program calls ``f``; its first parameter must be seen to hold a tensor (or an array, or a container of some).
TENSORS = {
    "a call of the API": "f(tf.constant(1.0))",
    "an alias of the API": "import tensorflow as tensors\nf(tensors.ones([2]))",
    "a name of the API": "from tensorflow import ones\nf(ones([2]))",
    "compat.v1": "f(tf.compat.v1.ones([2]))",
    "raw ops": "f(tf.raw_ops.Abs(x=1.0))",
    "TensorFlow's NumPy": "import tensorflow.experimental.numpy as tnp\nf(tnp.ones([2]))",
    "an internal module": "from tensorflow.python.ops import array_ops\nf(array_ops.ones([2]))",
    "a module bound to a name": "random = tf.random\nf(random.normal([2]))",
    "an operator": "f(tf.constant(1.0) * 2)",
    "a reflected operator": "f(2 - tf.constant(1.0))",
    "a comparison": "f(tf.constant(1.0) > 0)",
    "an augmented assignment": "x = 1.0\nx *= tf.constant(2.0)\nf(x)",
    "a variable": "f(tf.Variable(1.0))",
    "an array": "f(np.ones([2]))",
    "an array's method": "f(np.ones([2]).reshape([1, 2]))",
    "a slice": "f(tf.ones([4])[:2])",
    "a sparse tensor": "f(tf.sparse.from_dense(tf.ones([2])))",
    "a ragged tensor": "f(tf.ragged.constant([[1], []]))",
    "an element of a dataset": "for x in tf.data.Dataset.range(3):\n    f(x)",
    "an enumerated dataset": "for i, x in enumerate(tf.data.Dataset.range(3)):\n    f(x)",
    "a zipped dataset": "d = tf.data.Dataset.range(3)\nfor x, y in tf.data.Dataset.zip((d, d)):\n    f(y)",
    "Python's zip over datasets": "d = tf.data.Dataset.range(3)\nfor x, y in zip(d, d):\n    f(y)",
    "next of iter": "f(next(iter(tf.data.Dataset.range(3))))",
    "a taken, shuffled, batched dataset": (
        "for x in tf.data.Dataset.range(3).shuffle(3).batch(2).prefetch(1).take(1):\n    f(x)"
    ),
    "a pair of slices": (
        "for x, y in tf.data.Dataset.from_tensor_slices((np.ones(3), np.ones(3))):\n    f(x)"
    ),
    "a dict of slices": (
        "for row in tf.data.Dataset.from_tensor_slices({'x': np.ones(3)}):\n    f(row['x'])"
    ),
    "a mapped dataset": (
        "def double(x):\n    return x * 2, x\nfor x, y in tf.data.Dataset.range(3).map(double):\n    f(y)"
    ),
    "a lambda's argument": "tf.data.Dataset.range(3).map(lambda x: f(x))",
    "a dataset from a generator": (
        "def make():\n    yield 1.0, 2.0\n"
        "for x, y in tf.data.Dataset.from_generator(make, (tf.float32, tf.float32)):\n    f(y)"
    ),
    "as_numpy_iterator": "for x in tf.data.Dataset.range(3).as_numpy_iterator():\n    f(x)",
    "a generator": "def make():\n    yield tf.ones([2])\nfor x in make():\n    f(x)",
    "a Keras layer": "f(tf.keras.layers.Dense(2)(tf.ones([1, 2])))",
    "a sequential model": "f(tf.keras.Sequential([tf.keras.layers.Dense(1)])(tf.ones([1, 2])))",
    "a loss": "f(tf.keras.losses.MeanSquaredError()(tf.ones([1]), tf.ones([1])))",
    "a metric's result": "m = tf.keras.metrics.Mean()\nf(m.result())",
    "a model's weights": "for w in tf.keras.Sequential([]).trainable_variables:\n    f(w)",
    "predictions": "f(tf.keras.Sequential([]).predict(np.ones([1, 2])))",
    "loaded data": "(x, y), _ = tf.keras.datasets.mnist.load_data()\nf(x)",
    "a gradient": (
        "w = tf.Variable(1.0)\nwith tf.GradientTape() as tape:\n    y = w * w\nf(tape.gradient(y, w))"
    ),
    "gradients": (
        "w = tf.Variable(1.0)\nwith tf.GradientTape() as tape:\n    y = w * w\n"
        "for g in tape.gradient(y, [w]):\n    f(g)"
    ),
    "an item of a tuple": "pair = (1, tf.ones([2]))\nf(pair[1])",
    "a list": "f([tf.ones([2])])",
    "an appended list": "parts = []\nparts.append(tf.ones([2]))\nf(parts[0])",
    "a comprehension": "f([tf.ones([2]) for _ in range(3)][0])",
    "a dict's value": "f({'x': tf.ones([2])}['x'])",
    "a dict's values": "for x in {'x': tf.ones([2])}.values():\n    f(x)",
    "a dict's items": "for k, x in {'x': tf.ones([2])}.items():\n    f(x)",
    "a starred argument": "args = [tf.ones([2])]\nf(*args)",
    "a double-starred argument": "args = {'x': tf.ones([2])}\nf(**args)",
    "a keyword": "f(x=tf.ones([2]))",
    "a starred target": "first, *rest = [1, tf.ones([2])]\nf(rest[0])",
    "a conditional": "f(tf.ones([2]) if tf.executing_eagerly() else None)",
    "an assignment expression": "if (x := tf.ones([2])) is not None:\n    f(x)",
    "functools.partial": "import functools\nfunctools.partial(f, tf.ones([2]))()",
    "a partial's keyword": "from functools import partial\npartial(f, x=tf.ones([2]))()",
    "map": "list(map(f, [tf.ones([2])]))",
    "a callback": "def call(g, x):\n    return g(x)\ncall(f, tf.ones([2]))",
    "a function from a table": "table = {'f': f}\ntable['f'](tf.ones([2]))",
    "tf.map_fn": "tf.map_fn(f, tf.ones([2]))",
    "tf.while_loop": "tf.while_loop(lambda x: x < 3, f, [tf.constant(0)])",
    "strategy.run": "tf.distribute.MirroredStrategy().run(f, args=(tf.ones([2]),))",
    "py_function": "tf.py_function(f, [tf.ones([2])], tf.float32)",
    "a return value": "def make():\n    return tf.ones([2])\nf(make())",
    "a part of a return value": "def make():\n    return 1, tf.ones([2])\nn, x = make()\nf(x)",
    "an attribute": (
        "class Holder:\n    def __init__(self):\n        self.x = tf.ones([2])\nf(Holder().x)"
    ),
    "a class's attribute": "class Holder:\n    x = tf.ones([2])\nf(Holder.x)",
    "an inherited attribute": (
        "class Base:\n    def __init__(self):\n        self.x = tf.ones([2])\n"
        "class Derived(Base):\n    pass\nf(Derived().x)"
    ),
    "a property": (
        "class Holder:\n    @property\n    def x(self):\n        return tf.ones([2])\nf(Holder().x)"
    ),
    "an item of an object": (
        "class Data:\n    def __getitem__(self, i):\n        return tf.ones([2])\nf(Data()[0])"
    ),
    "an iterated object": (
        "class Data:\n    def __iter__(self):\n        yield tf.ones([2])\nfor x in Data():\n    f(x)"
    ),
    "an operator of an object": (
        "class Data:\n    def __add__(self, other):\n        return tf.ones([2])\nf(Data() + 1)"
    ),
    "a called object": (
        "class Make:\n    def __call__(self):\n        return tf.ones([2])\nf(Make()())"
    ),
    "a closure": "def outer():\n    x = tf.ones([2])\n    def inner():\n        f(x)\n    inner()\nouter()",
    "a global": "x = tf.ones([2])\ndef use():\n    f(x)\nuse()",
    "a default value": "def g(x=tf.ones([2])):\n    f(x)\ng()",
    "a context manager": (
        "import contextlib\n@contextlib.contextmanager\ndef made():\n    yield tf.ones([2])\n"
        "with made() as x:\n    f(x)"
    ),
    "a named tuple": (
        "import typing\nclass Pair(typing.NamedTuple):\n    a: object\n    b: object\n"
        "f(Pair(1, tf.ones([2])).b)"
    ),
    "a dataclass": (
        "import dataclasses\n@dataclasses.dataclass\nclass Pair:\n    a: object\n    b: object\n"
        "f(Pair(1, tf.ones([2])).b)"
    ),
    "a deep container": "f({'a': [(1, tf.ones([2]))]})",
    "a loop's carried value": "x = 1\nfor _ in range(3):\n    f(x)\n    x = tf.ones([2])",
    "one of two branches": "if len(str(f)) > 3:\n    x = 1\nelse:\n    x = tf.ones([2])\nf(x)",
    "an exception's branch": "try:\n    x = tf.ones([2])\nexcept ValueError:\n    x = 1\nf(x)",
}


@pytest.mark.slow
@pytest.mark.parametrize("how", TENSORS, ids=lambda how: how.replace(" ", "-"))
def test_a_tensor_is_followed_through(how, script):
    function = script(f"def f(x):\n    return x\n{TENSORS[how]}\n").function("f")
    assert function.has_tensor_parameter is True


NOT_TENSORS = {
    "a number": "f(5)",
    "a string": "f('text')",
    "a list of numbers": "f([1, 2])",
    "a repeated list": "f([0] * 3)",
    "a static shape": "f(tf.ones([2]).shape)",
    "a dimension": "f(tf.ones([2]).shape[0])",
    "a loop's counter": "for i in range(3):\n    f(i)",
    "an enumeration's counter": "for i, x in enumerate(tf.data.Dataset.range(3)):\n    f(i)",
    "a dataset": "f(tf.data.Dataset.range(3))",
    "a dataset's iterator": "f(iter(tf.data.Dataset.range(3)))",
    "a model": "f(tf.keras.Sequential([]))",
    "a length": "f(len([1]))",
    "a dict's keys": "for k in {'x': tf.ones([2])}:\n    f(k)",
    "a name bound again": "x = tf.ones([2])\nx = 1\nf(x)",
    "a data type": "f(tf.float32)",
}


@pytest.mark.parametrize("how", NOT_TENSORS, ids=lambda how: how.replace(" ", "-"))
def test_what_is_no_tensor_is_not_taken_for_one(how, script):
    function = script(f"def f(x):\n    return x\n{NOT_TENSORS[how]}\n").function("f")
    assert function.has_tensor_parameter is not True


HINTS = {
    "tf.Tensor": True,
    "'tf.Tensor'": True,
    "tf.Variable": True,
    "np.ndarray": True,
    "tuple[tf.Tensor, tf.Tensor]": True,
    "list[tf.Tensor]": True,
    "tf.Tensor | None": True,
    "int": False,
    "tf.RaggedTensorSpec": None,
    "object": None,
}


@pytest.mark.parametrize("hint", HINTS)
def test_a_type_hint_counts(hint, script):
    assert script(f"def f(x: {hint}):\n    return x\n").function("f").has_tensor_parameter is HINTS[hint]


def test_a_parameter_that_nobody_passes_anything_to_is_undetermined(script):
    function = script("def f(x):\n    return x\n").function("f")
    assert function.has_tensor_parameter is None
    assert function.has_primitive_parameter is None
    assert function.parameters[0].kind is ParameterKind.UNKNOWN


def test_a_default_that_is_never_replaced_is_no_primitive_argument(script):
    function = script("def f(x, scale=2):\n    return x * scale\nf(tf.ones([2]))\n").function("f")
    assert function.has_primitive_parameter is False


def test_a_default_that_is_replaced_is_one(script):
    function = script("def f(x, scale=2):\n    return x * scale\nf(tf.ones([2]), 3)\n").function("f")
    assert function.has_primitive_parameter is True


def test_an_object_that_holds_numbers_counts_as_primitive(script):
    text = "class P:\n    def __init__(self, n):\n        self.n = n\ndef f(p):\n    return p\nf(P(3))\n"
    assert script(text).function("f").has_primitive_parameter is True


def test_self_is_no_parameter(script):
    text = "class C:\n    def f(self, x):\n        return x\nC().f(tf.ones([2]))\n"
    assert [parameter.name for parameter in script(text).function("C.f").parameters] == ["x"]


def test_kinds_are_told_apart(script):
    text = """
        class Settings:
            pass

        def f(a, b, c, d, e, g):
            return a

        f(tf.ones([2]), np.ones([2]), 3, [tf.ones([2])], Settings(), tf.keras.Input([2]))
    """
    kinds = [parameter.kind for parameter in script(text).function("f").parameters]
    assert kinds == [
        ParameterKind.TENSOR,
        ParameterKind.ARRAY,
        ParameterKind.SCALAR,
        ParameterKind.CONTAINER,
        ParameterKind.OBJECT,
        ParameterKind.SYMBOLIC,
    ]


def test_the_evidence_leads_from_the_call_to_where_the_tensor_is_made(project):
    project.write("data.py", "import tensorflow as tf\n\ndef load():\n    return tf.ones([2])\n")
    project.write(
        "train.py",
        """
        from data import load

        def step(x):
            return x * 2

        batch = load()
        step(batch)
        """,
    )
    evidence = project.function("train:step").parameters[0].evidence
    places = [(each.file, each.line) for each in evidence]
    assert places[0] == ("train.py", 8)
    assert places[-1] == ("data.py", 4)


def test_arguments_are_followed_across_modules_and_packages(project):
    project.write("src/pkg/__init__.py", "from .steps import step\n")
    project.write("src/pkg/steps.py", "def step(x):\n    return x * 2\n")
    project.write("train.py", "import tensorflow as tf\nimport src.pkg as pkg\npkg.step(tf.ones([2]))\n")
    assert project.function("step").has_tensor_parameter is True


def test_keras_passes_tensors_to_call(script):
    text = "class L(tf.keras.layers.Layer):\n    def call(self, x, training=None):\n        return x * 2\n"
    function = script(text).function("L.call")
    assert function.has_tensor_parameter is True
    assert function.has_primitive_parameter is False


def test_a_call_of_a_layer_reaches_its_call_method(script):
    text = """
        class L(tf.keras.layers.Layer):
            def call(self, x, scale):
                return x * scale

        L()(tf.ones([2]), 3)
    """
    function = script(text).function("L.call")
    assert [parameter.kind for parameter in function.parameters] == [ParameterKind.TENSOR, ParameterKind.SCALAR]
