"""What nobody could want as a graph is not proposed; what a run might find worth it stays."""

from __future__ import annotations

import textwrap

import pytest

from hybridize.records import Action

LOOP = """
def double(t):
    return t + t

for _ in range(3):
    double(tf.ones([2]))
"""

#: Each defines ``f``, which is given tensors or may be, and the code of the refusal.
POINTLESS = {
    "a part of a name": (
        "def f(values, ending):\n    return {k[: -len(ending)]: v for k, v in values.items() if k.endswith(ending)}\n"
        "f({'a_x': tf.ones([2])}, '_x')\n",
        "HYB501",
    ),
    "a check of shapes": (
        "def f(x, spec):\n    if not spec.shape.is_compatible_with(x.shape):\n        raise ValueError(spec)\n"
        "f(tf.ones([2]), spec)\n",
        "HYB501",
    ),
    "a comparison with a word": (
        "def f(x, kind):\n    return x if kind == 'none' else None\nf(tf.ones([2]), k)\n",
        "HYB501",
    ),
    "numbers in a file that has tensors elsewhere": (
        "def f(q, sigma):\n    return (q - 1) * sigma / q.total if q.total else q\n"
        "f(thing, thing.n)\nf(thing, thing.k)\n",
        "HYB501",
    ),
    "Python within a graph": (
        "def f(x):\n    return tf.py_function(thing, [x], tf.float32)\nf(tf.ones([2]))\n",
        "HYB501",
    ),
    "an initial state": ("def f(n):\n    return tf.zeros([n, 3]), tf.zeros([n, 4])\nf(tf.constant(2))\n", "HYB501"),
    "data that a dataset is made of": (
        "def f(x):\n    thing.data = tf.data.Dataset.from_tensor_slices(x / 255.0)\n    return tf.reduce_max(x)\n"
        "f(tf.ones([2]))\n",
        "HYB510",
    ),
    "what transforms a dataset": (
        "def f(data, size):\n    if size > 100:\n        return thing.own(data, tf.constant(size) * 2)\n"
        "    return data.map(lambda x: x / 255.0).batch(size)\nfor size in (3, 5):\n"
        "    f(tf.data.Dataset.range(9), size)\n",
        "HYB510",
    ),
    "what a session of TensorFlow 1 calls": (
        "class Hook(tf.compat.v1.train.SessionRunHook):\n"
        "    def f(self, context, values):\n        self.total.load(tf.reduce_sum(values) + 1, context.session)\n",
        "HYB510",
    ),
    "what a constructor calls": (
        "class Mask:\n    def __init__(self, n):\n        self.mask = self._make(n)\n"
        "    def _make(self, n):\n        return tf.linspace(0.0, 1.0, n) * 2.0\nMask(tf.constant(3))\n",
        "HYB510",
    ),
    "what a script calls outside of its loops": (
        LOOP + "def f(x):\n    return x / tf.reduce_max(x)\nf(tf.ones([2]))\n",
        "HYB510",
    ),
    "what is called by what is called once": (
        LOOP + "def f(x):\n    return x / tf.reduce_max(x)\ndef main():\n    f(tf.ones([2]))\nmain()\n",
        "HYB510",
    ),
    "what an unknown dataset maps": (
        "def f(x):\n    return tf.cast(x, tf.float32)\nthing.load().map(f).batch(2)\n",
        "HYB502",
    ),
    "what such a function calls": (
        "def f(x):\n    return tf.cast(x, tf.float32)\ndef g(x):\n    return f(x)\n"
        "thing.load().map(g, num_parallel_calls=2)\n",
        "HYB502",
    ),
    "what an unknown dataset scans": (
        "def f(x):\n    return tf.cast(x, tf.float32)\nthing.load().scan(tf.zeros([]), f)\n",
        "HYB502",
    ),
    "what a dataset of a catalogue maps": (
        "import tensorflow_datasets as tfds\ndef f(x, y):\n    return tf.cast(x, tf.float32), y\n"
        "data, info = tfds.load('flowers', split='train', as_supervised=True, with_info=True)\ndata.map(f)\n",
        "HYB502",
    ),
    "what something that is never called calls as well": (
        "def f(x):\n    return tf.cast(x, tf.float32)\ndef unused(x):\n    return f(x)\n"
        "def also_unused(x):\n    return unused(x)\ndata = tf.data.Dataset.range(3).map(f)\nthing(len(data))\n"
        "def used():\n    return 1\nused()\n",
        "HYB502",
    ),
    "a circle that only a graph enters": (
        "def f(function, x):\n    return tf.cond(x > 0.0, lambda: function(x), lambda: x)\n"
        "def part(x):\n    return f(tf.abs, x)\n"
        "@tf.function\ndef step(x):\n    return f(part, x)\nfor _ in range(3):\n    step(tf.ones([2]))\n",
        "HYB502",
    ),
    "a part of a graph of TensorFlow 1": (
        "def f(x):\n    return x * tf.abs(x)\ndef main():\n    with tf.Graph().as_default():\n"
        "        for _ in range(3):\n            f(tf.ones([2]))\nmain()\n",
        "HYB502",
    ),
    "a schedule of TensorFlow 1": (
        "def f(rate, step):\n    return tf.train.polynomial_decay(rate, step, 100) * 2.0\nf(0.1, tf.constant(1))\n",
        "HYB507",
    ),
    "a check": (
        "def check_weight(x):\n    with tf.control_dependencies([tf.debugging.assert_greater(x, 0.0)]):\n"
        "        return x * 1.0\n"
        "for _ in range(3):\n    check_weight(tf.ones([2]))\n",
        "HYB501",
    ),
    "a question for shapes": (
        "def get_shape_list(x):\n    shape = tf.shape(x)\n    return [shape[0] * 1, *x.shape[1:]]\n"
        "for _ in range(3):\n    get_shape_list(tf.ones([2, 2]))\n",
        "HYB501",
    ),
    "the number of rows": (
        "def f(xs):\n    for x in xs:\n        if x.shape[0] is not None:\n            return x.shape[0]\n"
        "    return tf.shape(xs[0])[1]\nfor _ in range(3):\n    f([tf.ones([2, 2])])\n",
        "HYB501",
    ),
    "the lengths of all axes": (
        "def f(x):\n    static = x.shape.as_list()\n    sizes = tf.unstack(tf.shape(x))\n"
        "    return [d if s is None else s for s, d in zip(static, sizes)]\n"
        "for _ in range(3):\n    f(tf.ones([2, 2]))\n",
        "HYB501",
    ),
    "a quotient of attributes": (
        "class Ball:\n    def __init__(self, a, b):\n        self.a, self.b = a, b\n"
        "    def radius(self):\n        return self.a / self.b\n"
        "ball = Ball(tf.ones([2]), 2.0)\nfor _ in range(3):\n    ball.radius()\n",
        "HYB501",
    ),
    "the paths of a structure": (
        "import tree\ndef f(x):\n"
        "    return [('/'.join(map(str, path)), item) for path, item in tree.flatten_with_path(x)]\n"
        "for _ in range(3):\n    f({'a': tf.ones([2])})\n",
        "HYB501",
    ),
    "the entry point of a script": (
        "def app_main(unused):\n    thing(tf.ones([2]) * 2.0)\nthing.run(app_main)\n",
        "HYB510",
    ),
    "what makes a layer": (
        "class Narrow(tf.keras.layers.Layer):\n    pass\nclass Wide(tf.keras.layers.Layer):\n    pass\n"
        "def f(x):\n    if thing:\n        return thing(x, clone=tf.abs)\n"
        "    return (Narrow if thing.a else Wide)(x)\nf(tf.ones([2]) * 2.0)\n",
        "HYB510",
    ),
    "a specification": (
        "def batch_spec(x):\n    return x.with_shape([None]) + x\n"
        "for _ in range(3):\n    batch_spec(tf.ones([2]))\n",
        "HYB501",
    ),
    "an initial state that is no zeros": (
        "def get_initial_state(n):\n    return tf.random.normal([n, 3]) * 0.1\nget_initial_state(tf.constant(3))\n",
        "HYB510",
    ),
    "an initializer": (
        "class Uniform(tf.keras.initializers.Initializer):\n    def __call__(self, shape, dtype=None):\n"
        "        return tf.random.uniform(shape) * 2.0\nUniform()([3])\n",
        "HYB510",
    ),
    "a loop around steps": (
        "def run_epoch(data):\n    total = 0.0\n    for x in data:\n        total += thing(x) + tf.reduce_sum(x)\n"
        "    return total\nfor i in range(3):\n    run_epoch(thing)\n",
        "HYB510",
    ),
    "what brings weights back": (
        "def load_weights(w, path):\n    w.assign(tf.abs(thing(path)) * w)\nload_weights(tf.Variable(1.0), 'a')\n",
        "HYB510",
    ),
    "summaries": (
        "def add_image_summaries(x):\n    tf.summary.scalar('mean', tf.reduce_mean(x), 0)\n"
        "for _ in range(3):\n    add_image_summaries(tf.ones([2]))\n",
        "HYB510",
    ),
    "a part of a dictionary": (
        "def f(values, ending):\n    found = {}\n    for k, v in values.items():\n        if k.endswith(ending):\n"
        "            found[k[: -len(ending)]] = v\n    return found\n"
        "for _ in range(3):\n    f({'a_x': tf.ones([2])}, '_x')\nf(thing(tf.ones([2])), '_x')\n",
        "HYB501",
    ),
    "a list of what is in a structure": (
        "def f(inputs):\n    if isinstance(inputs, dict):\n        return [inputs[k] for k in sorted(inputs.keys())]\n"
        "    return inputs\nfor _ in range(3):\n    f({'a': tf.ones([2])})\n    f(tf.ones([2]))\n",
        "HYB501",
    ),
    "another constructor": (
        "class Pair:\n    @classmethod\n    def from_parts(cls, a, b):\n"
        "        return thing(cls, tf.concat([a, b], 0))\n"
        "for _ in range(3):\n    Pair.from_parts(tf.ones([2]), tf.ones([2]))\n",
        "HYB510",
    ),
    "a class of specifications": (
        "class PairSpec:\n    def take(self, x):\n        return x * 2\n"
        "for _ in range(3):\n    PairSpec().take(tf.ones([2]))\n",
        "HYB501",
    ),
    "work with NumPy": (
        "def f(x):\n    y = np.array(x['a']) / 2.0\n    return {'a': y, 'b': thing.scale(x['b'])}\n"
        "for _ in range(3):\n    f({'a': 1.0, 'b': tf.ones([2])})\n",
        "HYB501",
    ),
    "a part of a function that can't be one": (
        "class Rate(tf.keras.optimizers.schedules.LearningRateSchedule):\n    def __call__(self, step):\n"
        "        def f():\n            return tf.cast(step, tf.float32) / 10.0\n        print(step)\n"
        "        return tf.cond(step < 10, f, lambda: 1.0)\n",
        "HYB601",
    ),
    "a lambda": ("f = lambda x: x * tf.abs(x)\nfor _ in range(3):\n    f(tf.ones([2]))\n", "HYB512"),
    "a driver with its own tf.function": (
        "def f(data, model):\n    @tf.function\n    def go(x):\n        return model(x)\n"
        "    return thing(go, tf.reduce_mean(data))\n",
        "HYB510",
    ),
    "a part that each call defines anew": (
        "def outer(x):\n    def f(y):\n        return y * tf.abs(y)\n"
        "    return tf.cond(x > 0.0, lambda: f(x), lambda: x)\n"
        "for _ in range(3):\n    outer(tf.constant(1.0))\n",
        "HYB601",
    ),
    "a part of a part": (
        "def outer(x):\n    def middle(y):\n        def f(z):\n            return z * tf.abs(z)\n"
        "        return f(y) + 1.0\n"
        "    return middle(x)\nfor _ in range(3):\n    outer(tf.constant(1.0))\n",
        "HYB601",
    ),
    "layers of TensorFlow 1": (
        "def f(x):\n    return tf.compat.v1.layers.dense(tf.compat.v1.layers.flatten(x), 3)\nf(tf.ones([2, 2]))\n",
        "HYB301",
    ),
    "a model that is loaded in each call": (
        "import tensorflow_hub as hub\ndef f(x):\n    return hub.load('model')(x)\nf(tf.ones([2]))\n",
        "HYB301",
    ),
    "the initial state of a cell": (
        "class Cell(tf.keras.layers.Layer):\n    def get_initial_state(self, n):\n"
        "        return tf.random.normal([n])\n"
        "def f(n):\n    return Cell().get_initial_state(n)\n",
        "HYB302",
    ),
    "a loop of Keras' own": (
        "class Net(tf.keras.Model):\n    def fit(self, x):\n        return super().fit(x + 1)\n"
        "Net().fit(tf.ones([2]))\n",
        "HYB302",
    ),
}


NAMES = (
    "get_shape_list",
    "app_main",
    "radius",
    "from_parts",
    "take",
    "_make",
    "load_weights",
    "add_image_summaries",
    "run_epoch",
    "check_weight",
    "batch_spec",
    "get_initial_state",
    "fit",
    "f",
    "__call__",
)


@pytest.mark.slow
@pytest.mark.parametrize("how", POINTLESS, ids=lambda how: how.replace(" ", "-"))
def test_not_proposed_is(how, script):
    text, code = POINTLESS[how]
    found = script("from somewhere import thing, spec, k\n" + text).scan().functions
    named = {each.qualname.rpartition(".")[2]: each for each in found}
    function = next(named[name] for name in NAMES if name in named)
    assert function.proposal is Action.NONE
    assert function.blocker is not None and function.blocker.code == code


#: Each defines ``f``, which stays a candidate.
WANTED = {
    "one that hands its tensor to something unknown": "def f(x):\n    return thing(x)\nf(tf.ones([2]))\n",
    "one that hands it on in a container": "def f(x):\n    return thing([x], k=1)\nf(tf.ones([2]))\n",
    "one that hands it to a library that is in no table": (
        "import layers_of_somebody\ndef f(x):\n    return layers_of_somebody.dense(x)\nf(tf.ones([2]))\n"
    ),
    "a step called once": LOOP + "def f(x):\n    with tf.GradientTape() as tape:\n        y = x * x\n"
    "    return tape.gradient(y, x)\nf(tf.ones([2]))\n",
    "one with the loop over data in it": LOOP + "def f(rows):\n    total = 0.0\n    for row in rows:\n"
    "        total += tf.reduce_sum(row)\n    return total\nf(tf.ones([2, 2]))\n",
    "one called once where nothing is inside a loop": "def f(x):\n    return x / tf.reduce_max(x)\nf(tf.ones([2]))\n",
    "one called in a loop": (
        LOOP + "def f(x):\n    return x / tf.reduce_max(x)\nfor i in range(2):\n    f(tf.ones([2]))\n"
    ),
    "one called once by what a loop calls": (
        "def f(x):\n    return x / tf.reduce_max(x)\ndef g(x):\n    return f(x)\n"
        "for i in range(2):\n    g(tf.ones([2]))\n"
    ),
    "an average of weights": "e = tf.train.ExponentialMovingAverage(0.9)\ndef f():\n    e.apply(thing)\nf()\n",
    "what is reduced over workers": (
        "import horovod.tensorflow as hvd\nx = tf.ones([2])\ndef f():\n    hvd.allreduce(x, name='barrier')\nf()\n"
    ),
    "a step in a function that is called once": (
        "def main(data):\n    def f(x):\n        with tf.GradientTape() as tape:\n            y = x * x\n"
        "        return tape.gradient(y, x)\n    return [f(x) for x in data] + thing(data)\n"
    ),
    "what a function calls in its loop": (
        "def main(data):\n    def f(x):\n        return x * tf.abs(x)\n    for x in data:\n        thing(f(x))\n"
        "    return data + 1.0\nmain(tf.ones([3]))\n"
    ),
    "what a function that runs once calls in its loop": (
        "def predict(data):\n    def f(x):\n        return x * tf.abs(x)\n    for x in data:\n        thing(f(x))\n"
        "    return data + 1.0\ndef main():\n    predict(tf.ones([3]))\nmain()\n"
    ),
    "what makes a tf.function and is called in a loop": (
        "def f(x):\n    @tf.function\n    def go(y):\n        return y * y\n    return go(x) + x\n"
        "for _ in range(3):\n    f(tf.ones([2]))\n"
    ),
    "one that makes a shape and a tensor of it": (
        "def f(x):\n    return tf.reshape(x, tf.stack([tf.shape(x)[1], -1]))\n"
        "for _ in range(3):\n    f(tf.ones([2, 2]))\n"
    ),
    "a method that computes with its attributes": (
        "class Ball:\n    def __init__(self, a):\n        self.a = a\n"
        "    def f(self):\n        return self.a / (self.a + 1.0)\n"
        "ball = Ball(tf.ones([2]))\nfor _ in range(3):\n    ball.f()\n"
    ),
    "one that returns a model's output or the model": (
        "def f(model, x):\n    return model(x) if thing else model\nmodel = tf.keras.Sequential()\n"
        "for _ in range(3):\n    f(model, tf.ones([2]))\n"
    ),
    "one that makes a tensor of a specification": (
        "def sample_spec(x):\n    return tf.random.normal(x.shape) * x\nsample_spec(tf.ones([2]))\n"
    ),
    "an update with a check in its name": (
        "def check_and_update(x):\n    return x * x\ncheck_and_update(tf.ones([2]))\n"
    ),
    "what is given to an unknown object to scan over something else": (
        "def f(x, y):\n    return tf.add(x, y)\nthing.scan(f, tf.ones([2]))\n"
    ),
    "one of a program that tells a session which devices to use": (
        "session = tf.compat.v1.InteractiveSession(config=thing)\n"
        "def f(x):\n    return x * tf.abs(x)\nf(tf.ones([2]))\n"
    ),
    "what returns a field of what is taken for a tensor": (
        "def f(x):\n    y = tf.abs(x)\n    return y._replace(a=1).action\nf(tf.ones([2]))\n"
    ),
    "what is given to two objects to map": (
        "def f(x, y):\n    return x + y\nthing.map(f, tf.ones([2]))\nf(tf.ones([2]), 1)\n"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", WANTED, ids=lambda how: how.replace(" ", "-"))
def test_proposed_is(how, script):
    found = script("from somewhere import thing\n" + WANTED[how]).scan().functions
    named = {each.qualname.rpartition(".")[2]: each for each in found}
    function = next(named[name] for name in ("check_and_update", "sample_spec", "f") if name in named)
    assert function.proposal is Action.HYBRIDIZE, function.blocker


def test_nobody_knows_how_often_a_library_s_function_is_called(project):
    """A script of the project calls it once; users of the library may call it in their loops."""
    library = "import tensorflow as tf\ndef loss(x, y):\n    return tf.reduce_mean((x - y) ** 2)\n"
    project.write("library/__init__.py", "from .losses import loss\n")
    project.write("library/losses.py", library)
    script = """
    import tensorflow as tf
    from library.losses import loss
    def double(t):
        return t + t
    for _ in range(3):
        double(tf.ones([2]))
    print(loss(tf.ones([2]), tf.ones([2])))
    """
    project.write("example.py", textwrap.dedent(script))
    assert project.function("library.losses:loss").proposal is Action.HYBRIDIZE


def test_a_test_s_call_says_nothing_of_how_often_a_function_is_called(project):
    project.write("work.py", "import tensorflow as tf\nclass A:\n    def _f(self, x):\n        return x * tf.abs(x)\n")
    project.write("test_work.py", "import tensorflow as tf\nfrom work import A\nA()._f(tf.ones([2]))\n" + LOOP)
    assert project.function("work:A._f").proposal is Action.HYBRIDIZE


def test_a_test_does_not_run_as_eager_code_what_the_project_runs_in_a_graph(project):
    """A dataset's function is one of a graph, although its test calls it."""
    work = "import tensorflow as tf\ndef f(x):\n    return tf.abs(x)\ndata = tf.data.Dataset.range(3).map(f)\n"
    project.write("work.py", work)
    project.write("work_test.py", "import tensorflow as tf\nfrom work import f\nf(tf.ones([2]))\n")
    function = project.function("work:f")
    assert function.blocker is not None and function.blocker.code == "HYB502"


def test_what_only_a_test_calls_is_not_covered(project):
    project.write("work.py", "import tensorflow as tf\ndef f(x):\n    return tf.abs(x)\n")
    test = "import tensorflow as tf\nfrom work import f\n@tf.function\ndef g(x):\n    return f(x)\ng(tf.ones([2]))\n"
    project.write("work_test.py", test)
    assert project.function("work:f").proposal is Action.HYBRIDIZE


WORK = "import tensorflow as tf\ndef f(x):\n    return tf.abs(x) * 2.0\n"


@pytest.mark.parametrize(
    "file", ("dataloader/ops.py", "preprocessing.py", "image_augmentation.py", "data/outbrain.py", "input_pipeline.py")
)
def test_what_a_file_of_data_preparation_has_is_not_proposed(project, file):
    project.write(file, WORK)
    function = project.function("f")
    assert function.blocker is not None
    assert function.blocker.message == "`f` prepares data, judging by its file name"


@pytest.mark.parametrize("file", ("update.py", "metadata.py", "models/data_converter.py", "process.py"))
def test_a_file_of_something_else_says_nothing(project, file):
    project.write(file, WORK)
    assert project.function("f").proposal is Action.HYBRIDIZE


def test_what_something_else_calls_as_well_is_proposed(project):
    project.write("preprocessing.py", WORK)
    script = "import tensorflow as tf\nfrom preprocessing import f\nfor i in range(3):\n    f(tf.ones([2]))\n"
    project.write("train.py", script)
    assert project.function("preprocessing:f").proposal is Action.HYBRIDIZE


def test_a_layer_in_such_a_file_is_a_layer(project):
    layer = "class Scale(tf.keras.layers.Layer):\n    def call(self, x):\n        return x / 255.0\n"
    project.write("preprocessing.py", "import tensorflow as tf\n" + layer)
    assert project.function("Scale.call").proposal is Action.HYBRIDIZE


@pytest.mark.parametrize("file", ("plotting.py", "eval/summaries.py", "work_test_lib.py"))
def test_nor_is_what_a_file_has_that_shows_or_serves_tests(project, file):
    project.write(file, WORK)
    function = project.function("f")
    assert function.blocker is not None
    assert function.blocker.code == "HYB510"
