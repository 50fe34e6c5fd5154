"""Hazards: the forms they come in, and how callers inherit them."""

from __future__ import annotations

from collections import Counter

import pytest
from findings import certain_codes, codes_of

from hybridize.records import Action, AssumptionKind
from hybridize.static.facts.view import View
from hybridize.static.verdicts import inspection

# In each program, a call of ``step`` does something to Python that outlives it.
EFFECTS = {
    "a print": "def step(x):\n    print(x)\n    return x * 2\n",
    "a print in a helper": "def say(x):\n    print(x)\ndef step(x):\n    say(x)\n    return x * 2\n",
    "a print two calls down": (
        "def a(x):\n    print(x)\ndef b(x):\n    a(x)\ndef step(x):\n    b(x)\n    return x * 2\n"
    ),
    "a logger": (
        "import logging\nlog = logging.getLogger()\ndef step(x):\n    log.info('x')\n    return x * 2\n"
    ),
    "a global": "n = 0\ndef step(x):\n    global n\n    n += 1\n    return x * 2\n",
    "a global list": "seen = []\ndef step(x):\n    seen.append(1)\n    return x * 2\n",
    "a global dict": "seen = {}\ndef step(x):\n    seen['x'] = 1\n    return x * 2\n",
    "a deleted key": "seen = {'x': 1}\ndef step(x):\n    del seen['x']\n    return x * 2\n",
    "an alias of a global": "seen = []\ndef step(x):\n    s = seen\n    s.append(1)\n    return x * 2\n",
    "an item of a global": "seen = {'a': []}\ndef step(x):\n    seen['a'].append(1)\n    return x * 2\n",
    "an in-place addition": "seen = []\ndef step(x):\n    global seen\n    seen += [1]\n    return x * 2\n",
    "a global array": "total = np.zeros(2)\ndef step(x):\n    total[0] = 1\n    return x * 2\n",
    "a global set": "seen = set()\ndef step(x):\n    seen.add(1)\n    return x * 2\n",
    "a module's attribute": "import settings\ndef step(x):\n    settings.rate = 1\n    return x * 2\n",
    "a class's attribute": "class C:\n    n = 0\ndef step(x):\n    C.n = 1\n    return x * 2\n",
    "a function's attribute": "def step(x):\n    step.calls = 1\n    return x * 2\n",
    "an object's attribute": (
        "class C:\n    pass\nc = C()\ndef step(x):\n    c.n = 1\n    return x * 2\n"
    ),
    "a list on an object": (
        "class C:\n    def __init__(self):\n        self.seen = []\nc = C()\n"
        "def step(x):\n    c.seen.append(1)\n    return x * 2\n"
    ),
    "a method that counts": (
        "class C:\n    def __init__(self):\n        self.n = 0\n    def count(self):\n        self.n += 1\n"
        "c = C()\ndef step(x):\n    c.count()\n    return x * 2\n"
    ),
    "a property that counts": (
        "class C:\n    def __init__(self):\n        self.n = 0\n    @property\n    def next(self):\n"
        "        self.n += 1\n        return self.n\n"
        "c = C()\ndef step(x):\n    return x * c.next\n"
    ),
    "setattr": "class C:\n    pass\nc = C()\ndef step(x):\n    setattr(c, 'n', 1)\n    return x * 2\n",
    "an argument": "def step(x, seen):\n    seen.append(1)\n    return x * 2\nstep(tf.ones([2]), [])\n",
    "an argument of a helper": (
        "seen = []\ndef add(where):\n    where.append(1)\ndef step(x):\n    add(seen)\n    return x * 2\n"
    ),
    "a default value": "def step(x, seen=[]):\n    seen.append(1)\n    return x * 2\n",
    "a closure": (
        "def make():\n    seen = []\n    def step(x):\n        seen.append(1)\n        return x * 2\n"
        "    return step\n"
        "make()(tf.ones([2]))\n"
    ),
    "nonlocal": (
        "def make():\n    n = 0\n    def step(x):\n        nonlocal n\n        n += 1\n        return x * 2\n"
        "    return step\nmake()(tf.ones([2]))\n"
    ),
    "next": "it = iter([1, 2])\ndef step(x):\n    return x * next(it)\n",
    "a file": "def step(x):\n    with open('f', 'a') as f:\n        f.write('x')\n    return x * 2\n",
    "os": "import os\ndef step(x):\n    os.remove('f')\n    return x * 2\n",
    "a plot": "import matplotlib.pyplot as plt\ndef step(x):\n    plt.plot([1])\n    return x * 2\n",
    "Python's random numbers": "import random\ndef step(x):\n    return x * random.random()\n",
    "NumPy's": "def step(x):\n    return x * np.random.rand()\n",
    "a generator's of NumPy": "rng = np.random.default_rng(0)\ndef step(x):\n    return x * rng.normal()\n",
    "a partial": (
        "import functools\nseen = []\ndef add(where, x):\n    where.append(1)\nnote = functools.partial(add, seen)\n"
        "def step(x):\n    note(x)\n    return x * 2\n"
    ),
    "a callback": (
        "def each(g, x):\n    return g(x)\ndef say(x):\n    print(x)\n    return x\n"
        "def step(x):\n    return each(say, x) * 2\n"
    ),
    "a constructor": (
        "class C:\n    def __init__(self):\n        print(1)\ndef step(x):\n    C()\n    return x * 2\n"
    ),
    "a decorator's wrapper": (
        "def loud(g):\n    def wrapper(*args):\n        print(1)\n        return g(*args)\n    return wrapper\n"
        "@loud\ndef inner(x):\n    return x\ndef step(x):\n    return inner(x) * 2\n"
    ),
    "a context manager's end": (
        "class C:\n    def __enter__(self):\n        return self\n    def __exit__(self, *error):\n        print(1)\n"
        "c = C()\ndef step(x):\n    with c as d:\n        return x * 2\n"
    ),
    "super": (
        "class Base:\n    def note(self):\n        self.n = 1\n"
        "class D(Base):\n    def __init__(self):\n        self.n = 0\n    def note(self):\n        super().note()\n"
        "d = D()\ndef step(x):\n    d.note()\n    return x * 2\n"
    ),
    "a setter": (
        "class C:\n    def __init__(self):\n        self._n = 0\n    @property\n    def n(self):\n"
        "        return self._n\n"
        "    @n.setter\n    def n(self, v):\n        self._n = v\n"
        "c = C()\ndef step(x):\n    c.n = 1\n    return x * 2\n"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", EFFECTS, ids=lambda how: how.replace(" ", "-"))
def test_a_side_effect_is_seen_in(how, script):
    project = script(EFFECTS[how])
    project.write("settings.py", "rate = 0\n")
    found = [each for each in project.scan().functions if each.qualname.endswith("step")]
    assert len(found) == 1
    assert found[0].has_python_side_effects is True
    assert found[0].proposal is Action.NONE


# In each program, all that ``step`` changes is its own, or TensorFlow's.
CLEAN = {
    "arithmetic": "def step(x):\n    return x * 2\n",
    "a local list": "def step(x):\n    parts = []\n    parts.append(x)\n    return tf.add_n(parts)\n",
    "a local list given to a helper": (
        "def add(where, x):\n    where.append(x)\n"
        "def step(x):\n    parts = []\n    add(parts, x)\n    return tf.add_n(parts)\n"
    ),
    "a copied list": (
        "base = [1]\ndef step(x):\n    parts = list(base)\n    parts.append(2)\n    return x * len(parts)\n"
    ),
    "a slice of a list": "base = [1]\ndef step(x):\n    parts = base[:]\n    parts.append(2)\n    return x * 2\n",
    "a local dict": "def step(x):\n    d = {}\n    d['x'] = x\n    return d['x'] * 2\n",
    "its keyword arguments": "def step(x, **kw):\n    kw['a'] = 1\n    return x * 2\n",
    "a local object": (
        "class C:\n    def __init__(self, x):\n        self.x = x\n"
        "def step(x):\n    c = C(x)\n    c.x = c.x * 2\n    return c.x\n"
    ),
    "a local array": "def step(x):\n    m = np.zeros(2)\n    m[0] = 1\n    return x * m\n",
    "a nested function's list": (
        "def step(x):\n    parts = []\n    def add(y):\n        parts.append(y)\n    add(x)\n"
        "    return tf.add_n(parts)\n"
    ),
    "a nested function's counter": (
        "def step(x):\n    n = 0\n    def count():\n        nonlocal n\n        n += 1\n"
        "    count()\n    return x * n\n"
    ),
    "a rebound parameter": "def step(x):\n    x = x * 2\n    x += 1\n    return x\n",
    "a declared global": "n = 0\ndef step(x):\n    global n\n    return x * n\n",
    "a comprehension": "def step(x):\n    return tf.add_n([x * i for i in range(3)])\n",
    "tf.print": "def step(x):\n    tf.print(x)\n    return x * 2\n",
    "assign": "v = tf.Variable(1.0)\ndef step(x):\n    v.assign_add(1.0)\n    return x * v\n",
    "an optimizer": (
        "v = tf.Variable(1.0)\nopt = tf.keras.optimizers.SGD()\ndef step(x):\n    with tf.GradientTape() as t:\n"
        "        y = x * v\n    opt.apply_gradients([(t.gradient(y, v), v)])\n    return y\n"
    ),
    "a metric": "m = tf.keras.metrics.Mean()\ndef step(x):\n    m.update_state(x)\n    return x * 2\n",
    "a layer": "d = tf.keras.layers.Dense(1)\ndef step(x):\n    return d(x)\n",
    "layers of a list": (
        "layers = [tf.keras.layers.Dense(1)]\ndef step(x):\n    for layer in layers:\n        x = layer(x)\n"
        "    return x\n"
    ),
    "next of a dataset's iterator": "it = iter(tf.data.Dataset.range(3))\ndef step(x):\n    return x * next(it)\n",
    "a TensorArray": (
        "def step(x):\n    a = tf.TensorArray(tf.float32, 1)\n    a = a.write(0, x)\n    return a.stack()\n"
    ),
    "a hybrid callee": (
        "@tf.function\ndef inner(x):\n    print(x)\n    return x\ndef step(x):\n    return inner(x) * 2\n"
    ),
    "a file that it reads": "def step(x):\n    with open('f') as f:\n        return x * float(f.read())\n",
    "how many processors there are": "import os\ndef step(x):\n    return x * os.cpu_count()\n",
    "a function that it only defines": (
        "def step(x):\n    def unused():\n        print(1)\n    return x * 2\n"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", CLEAN, ids=lambda how: how.replace(" ", "-"))
def test_no_side_effect_is_seen_in(how, script):
    function = script(CLEAN[how] + "step(tf.ones([2]))\n").function("step")
    assert function.has_python_side_effects is False
    assert function.proposal is Action.HYBRIDIZE


def test_the_chain_names_each_call_and_the_line_at_its_end(project):
    project.write("helper.py", "def inner(x):\n    print(x)\n")
    project.write(
        "train.py", "import helper\n\ndef outer(x):\n    helper.inner(x)\n\ndef step(x):\n    outer(x)\n"
    )
    finding = next(each for each in project.function("train:step").findings if each.code == "HYB101")
    assert [(step.file, step.line) for step in finding.chain] == [
        ("train.py", 7),
        ("train.py", 4),
        ("helper.py", 2),
    ]
    assert finding.file == "train.py"
    assert finding.line == 7


def test_what_a_switch_guards_is_an_assumption_and_no_refusal(script):
    text = "def step(x, verbose=False):\n    if verbose:\n        print(x)\n    return x * 2\nstep(tf.ones([2]))\n"
    function = script(text).function("step")
    assert function.proposal is Action.HYBRIDIZE
    assert (AssumptionKind.NO_EFFECT, "HYB101") in {(each.kind, each.code) for each in function.assumptions}


def test_what_every_hundredth_step_does_is_certain(script):
    text = "def step(x, i):\n    if i % 100 == 0:\n        print(x)\n    return x * 2\nstep(tf.ones([2]), 1)\n"
    assert "HYB101" in certain_codes(script(text).function("step"))


def test_a_cache_that_a_first_call_fills_is_an_assumption(script):
    text = """
        cache = {}

        def step(x, key):
            if key not in cache:
                cache[key] = 2.0
            return x * cache[key]

        step(tf.ones([2]), "a")
    """
    function = script(text).function("step")
    assert "HYB105" in codes_of(function)
    assert function.proposal is Action.HYBRIDIZE


def test_an_unknown_callee_is_an_assumption(script):
    function = script("def step(x, g):\n    return tf.reduce_sum(g(x))\n").function("step")
    assert function.has_python_side_effects is None
    assert function.proposal is Action.HYBRIDIZE
    assert "HYB112" in {each.code for each in function.assumptions}


def test_one_of_several_possible_callees_is_an_assumption(script):
    text = """
        def quiet(x):
            return x

        def loud(x):
            print(x)
            return x

        def step(x, g):
            return g(x) * 2

        step(tf.ones([2]), quiet)
        step(tf.ones([2]), loud)
    """
    function = script(text).function("step")
    assert "HYB101" in codes_of(function)
    assert "HYB101" not in certain_codes(function)


def test_numpy_in_a_helper_matters_only_for_what_it_is_given(script):
    text = """
        def total(values):
            return np.sum(values)

        def on_value(x):
            return x * total(x)

        def on_constant(x):
            return x * total([1.0, 2.0])

        on_value(tf.ones([2]))
        on_constant(tf.ones([2]))
    """
    project = script(text)
    assert "HYB203" in certain_codes(project.function("on_value"))
    assert "HYB203" not in certain_codes(project.function("on_constant"))


@pytest.mark.parametrize(
    "code",
    ["np.prod(x.shape)", "np.prod(x.shape.as_list()[1:])", "np.log(x.shape[0])", "np.sqrt(float(len(x.shape)))"],
)
def test_numpy_on_static_shapes_is_fine(code, script):
    function = script(f"def step(x):\n    return x * {code}\nstep(tf.ones([2]))\n").function("step")
    assert "HYB203" not in codes_of(function)


def test_recursion_is_certain_only_where_each_step_names_the_next(script):
    text = """
        class Block(tf.keras.layers.Layer):
            def __init__(self, inner):
                super().__init__()
                self.inner = inner

            def call(self, x):
                if self.inner is not None:
                    x = self.inner(x)
                return x * 2

        Block(Block(None))(tf.ones([2]))
    """
    function = script(text).function("Block.call")
    assert function.is_recursive is not True
    assert function.proposal is Action.HYBRIDIZE


def test_mutual_recursion_is_seen(script):
    text = """
        def even(x):
            return odd(x - 1) if x > 0 else x

        def odd(x):
            return even(x - 1) if x > 0 else x

        even(tf.constant(4))
    """
    project = script(text)
    assert project.function("even").is_recursive is True
    assert project.function("odd").is_recursive is True


@pytest.mark.slow
@pytest.mark.parametrize("entry", ["first", "second", "third"])
def test_functions_that_call_each_other_in_a_circle_all_have_what_one_of_them_does(script, entry):
    """Wherever the circle is entered."""
    project = script(f"""
        history = []

        def first(x, n):
            return second(x, n) if n else x

        def second(x, n):
            return third(x, n)

        def third(x, n):
            history.append(n)
            return first(x * 2.0, n - 1)

        {entry}(tf.ones([2]), 3)
        """)
    for name in ("first", "second", "third"):
        assert "HYB105" in codes_of(project.function(name)), name


def test_a_long_chain_has_its_first_calls_and_its_last_step(script):
    calls = "".join(f"def f{n}(x):\n    return f{n + 1}(x)\n" for n in range(12))
    text = calls + "def f12(x):\n    print('far')\n    return x + 1\nf0(tf.ones([2]))\n"
    chain = next(each for each in script(text).function("f0").findings if each.code == "HYB101").chain
    assert [step.note for step in chain[:2]] == ["calls f1", "calls f2"]
    assert "print" in chain[-1].note and len(chain) == 6


def test_what_the_targets_of_a_call_have_in_common_is_found_once(script, monkeypatch):
    """A call of a method may have many targets: certainty and arguments are those of the call."""
    asked = Counter[str]()
    is_sure, keepers = inspection.is_sure, View.keepers

    def count_sure(view, call, binding):
        asked[view.code.name] += 1
        return is_sure(view, call, binding)

    def count_keepers(view, node):
        asked[f"keepers in {view.code.name}"] += 1
        return keepers(view, node)

    monkeypatch.setattr(inspection, "is_sure", count_sure)
    put = "    def put(self, x, y):\n        x.append(y)\n        return tf.square(y)\n"
    kinds = "".join(f"class C{n}:\n{put}" for n in range(7))
    things = ", ".join(f"C{n}()" for n in range(7))
    step = f"def step(x, y):\n    for c in [{things}]:\n        c.put(x, y)\n    return y\n"
    project = script(f"{kinds}{step}step([1], tf.ones([2]))\n")
    monkeypatch.setattr(View, "keepers", count_keepers)
    function = project.function("step")
    assert "HYB105" in codes_of(function)
    assert asked["step"] == 1
    assert asked["keepers in step"] < 7
