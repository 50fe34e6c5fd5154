"""A doubt is not a refusal: a caller is never more certain than the line that its certainty rests on."""

from __future__ import annotations

import tempfile
import textwrap
from pathlib import Path

import pytest
from findings import certain_codes, codes_of
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridize.records import Action, Function
from hybridize.static import scan

HEADER = """
import sys
import numpy as np
import tensorflow as tf
import library

model = library.make()
seen = []
w = tf.Variable(1.0)

"""

#: What ``inner`` may do with its parameter; each line may be a hazard, and may be doubtful in itself.
LINES = (
    "a, b = x\nr = a",
    "a, b = model(x)\nr = a",
    "a, b = model(x), x\nr = a",
    "for e, f in zip(model(x), x):\n    r = e",
    "r = [e for e in model(x)]",
    "r = [e for e in x]",
    "r = np.sum(x)",
    "r = np.sum(model(x))",
    "r = np.sum([x, 1.0])",
    "r = np.sum(x[0])",
    "r = bool(x)",
    "r = bool(model(x))",
    "r = x.mean()",
    "r = model(x).numpy()",
    "r = x in model(x)",
    "x[0] = 1.0\nr = x",
    "y = model(x)\ny[0] = 1.0\nr = y",
    "x = model(x)\na, b = x\nr = a",
    "r = x * 2.0",
    "print(x)\nr = x",
    "seen.append(1)\nr = x",
)
GUARDS = ("", "if isinstance(x, list):", "if tf.is_tensor(x):", "if len(sys.argv) > 1:", "for _ in range(2):")
ARGUMENTS = ("w", "tf.ones([2])", "tf.Variable([1.0])", "[w, tf.ones([2])]", "3.0", "np.ones([2])", "model(1)")


@st.composite
def chains(draw: st.DrawFn) -> tuple[str, str, list[str]]:
    """A function, one that hands its argument on to it, and callers of either."""
    lines = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=2))
    body = []
    if draw(st.booleans()):
        body.append("if isinstance(x, np.ndarray):\n    return x")
    for line in lines:
        guard = draw(st.sampled_from(GUARDS))
        body.append(f"{guard}\n{textwrap.indent(line, '    ')}" if guard else line)
    given = draw(st.sampled_from(("x", "model(x)", "x[0]", "x + 1.0")))
    text = f"def inner(x):\n    r = x\n{textwrap.indent(chr(10).join(body), '    ')}\n    return r\n\n"
    middle = f"def middle(x):\n    return inner({given})\n\n"
    number = draw(st.integers(1, 3))
    callers = []
    for index in range(number):
        argument = draw(st.sampled_from(ARGUMENTS))
        callee = draw(st.sampled_from(("inner", "middle")))
        callers.append(f"def caller{index}():\n    return {callee}({argument})\n\ncaller{index}()\n")
    return text, middle, callers


def _scan(text: str) -> dict[str, Function]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "train.py").write_text(HEADER + text)
        return {each.qualname: each for each in scan(Path(folder)).functions}


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(chains())
def test_what_is_certain_in_a_caller_is_certain_in_the_callee_where_that_caller_is_the_only_one(drawn):
    text, middle, callers = drawn
    found = _scan(text + middle + "\n".join(callers))
    for index, caller in enumerate(callers):
        for finding in found[f"caller{index}"].findings:
            if finding.certain and len(finding.chain) > 1:
                alone = _scan(text + (middle if "middle" in caller else "") + caller)["inner"]
                lines = {each.line for each in alone.findings if each.certain and each.code == finding.code}
                assert finding.chain[-1].line in lines, (finding, text, callers)


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "a, b = model(x)\n    return a + b",
        "pairs = zip(model(x), w)\n    return [a for a, b in pairs]",
        "return np.sum(model(x)) * x",
        "return tf.constant(bool(model(x)))",
        "return model(x).mean() * x",
    ],
)
def test_a_doubt_about_an_unknown_callees_result_stays_one_in_every_caller(line):
    text = f"def inner(x):\n    {line}\n\ndef outer(x):\n    return inner(x)\n\n"
    text += "for _ in range(3):\n    outer(tf.ones(3))\n"
    found = _scan(text)
    assert certain_codes(found["inner"]) <= {"HYB600"}
    assert found["outer"].proposal is Action.HYBRIDIZE
    assert codes_of(found["outer"]) >= codes_of(found["inner"])


def test_a_training_steps_gradients_may_be_zipped_by_a_callee():
    found = _scan(
        """
def update(x, tape, loss):
    for g, v in zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables):
        v.assign_sub(0.1 * g)

def step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    update(x, tape, loss)
    return loss

for _ in range(3):
    step(tf.ones(3))
"""
    )
    assert found["step"].proposal is Action.HYBRIDIZE


def test_a_helper_that_is_given_a_list_by_one_and_a_tensor_by_another_refuses_neither_for_the_others_sake():
    text = "def inner(x):\n    a, b = x\n    return a + b\n\ndef fine(x):\n    return inner([x, x])\n\n"
    text += "def broken(x):\n    return inner(x)\n\nfine(tf.ones(2))\nbroken(tf.ones(2))\n"
    found = _scan(text)
    assert "HYB204" not in certain_codes(found["fine"])
    assert "HYB204" in certain_codes(found["broken"])


#: In each program, nobody can know before a run whether ``step`` does what the finding of that code says.
DOUBTS = {
    "next of an unknown iterator": (
        "HYB106",
        "iterator = iter(library.make_dataset())\ndef step(it):\n    w.assign_add(tf.reduce_mean(next(it)))\n"
        "step(iterator)\n",
    ),
    "next of an unknown argument": (
        "HYB106",
        "def step(it):\n    w.assign_add(next(it))\nstep(library.make())\nstep(iter([tf.ones(2)]))\n",
    ),
    "next of an element of something unknown": (
        "HYB106",
        "its = [iter(d) for d in library.make()]\ndef step(x):\n    return x + next(its[0])\nstep(tf.ones(2))\n",
    ),
    "next of an iterator that may be None": (
        "HYB106",
        "def make(fn):\n    if fn is None:\n        return None\n"
        "    return iter(tf.distribute.MirroredStrategy().distribute_datasets_from_function(fn))\n"
        "def step(it):\n    w.assign_add(next(it))\ndef train(fn=None):\n    step(make(fn))\n",
    ),
    "a list's method of something unknown": (
        "HYB105",
        "store = library.make()\ndef step(x):\n    return tf.reduce_sum(store.append(x, x))\nstep(tf.ones(2))\n",
    ),
    "an unknown factory's object": (
        "HYB105",
        "def build(make):\n    store = make()\n    def step(x):\n        return tf.reduce_sum(store.append(x))\n"
        "    return step\nbuild(library.make)(tf.ones(2))\n",
    ),
    "an item of something unknown": (
        "HYB105",
        "table = library.make()\ndef step(x):\n    table['x'] = x\n    return x * 2\nstep(tf.ones(2))\n",
    ),
    "an attribute of something unknown": (
        "HYB104",
        "opt = library.make()\ndef step(x):\n    opt.learning_rate = 0.1\n    return x * 2\nstep(tf.ones(2))\n",
    ),
    "a type test that no caller satisfies": (
        "HYB105",
        "def body(x):\n    if isinstance(x, list):\n        for i in range(len(x)):\n            x[i] = x[i] * 2\n"
        "    return tf.reduce_mean(x)\ndef step(x):\n    return body(x)\nstep(tf.ones(2))\nbody([tf.ones(2)])\n",
    ),
    "a type test in an else": (
        "HYB101",
        "def step(x):\n    if tf.is_tensor(x):\n        return x * 2\n    else:\n        print(x)\nstep(tf.ones(2))\n",
    ),
    "a test of the type itself": (
        "HYB101",
        "def step(x):\n    if type(x) is list:\n        print(x)\n    return tf.abs(x)\nstep(tf.ones(2))\n",
    ),
    "a cache filled through hasattr": (
        "HYB104",
        "class A:\n    def step(self, x):\n        if not hasattr(self, 'v'):\n            self.v = 3.0\n"
        "        return x * self.v\na = A()\na.step(tf.ones(2))\n",
    ),
    "a cache filled through getattr": (
        "HYB104",
        "class A:\n    def step(self, x):\n        if getattr(self, 'v', None) is None:\n            self.v = 3.0\n"
        "        return x * self.v\na = A()\na.step(tf.ones(2))\n",
    ),
    "a cache filled through the object's dict": (
        "HYB104",
        "class A:\n    def step(self, x):\n        if 'v' not in self.__dict__:\n            self.v = 3.0\n"
        "        return x * self.v\na = A()\na.step(tf.ones(2))\n",
    ),
    "a cache filled after an AttributeError": (
        "HYB104",
        "class A:\n    def step(self, x):\n        try:\n            v = self.v\n        except AttributeError:\n"
        "            v = self.v = 3.0\n        return x * v\na = A()\na.step(tf.ones(2))\n",
    ),
    "a cache filled after a KeyError": (
        "HYB105",
        "cache = {}\ndef step(x):\n    try:\n        v = cache['v']\n    except KeyError:\n"
        "        v = cache['v'] = 3.0\n"
        "    return x * v\nstep(tf.ones(2))\n",
    ),
    "a variable behind an option that is a word": (
        "HYB301",
        "kind = sys.argv[1]\ndef srelu(x):\n    return tf.maximum(x, tf.Variable(0.0))\ndef step(x):\n"
        "    if kind == 'relu':\n        return tf.nn.relu(x)\n    elif kind == 'srelu':\n        return srelu(x)\n"
        "    return x\nstep(tf.ones(2))\n",
    ),
    "a print behind an argument that is a word": (
        "HYB101",
        "def step(x, mode):\n    if mode in ('debug', 'trace'):\n        print(x)\n    return x * 2\n"
        "step(tf.ones(2), sys.argv[1])\n",
    ),
    "a print behind a local flag": (
        "HYB101",
        "def step(x, options):\n    verbose = 'v' in options\n    if verbose:\n        print(x)\n    return x * 2\n"
        "step(tf.ones(2), sys.argv)\n",
    ),
    "reading a file": (
        "HYB102",
        "def step(x):\n    with open('vocabulary.txt', 'r') as f:\n        n = len(f.readlines())\n    return x * n\n"
        "step(tf.ones(2))\n",
    ),
    "reading numbers": (
        "HYB102",
        "import json\ndef step(x):\n    return x * json.load(open('a.json'))['n']\nstep(tf.ones(2))\n",
    ),
    "a name bound twice": (
        "HYB201",
        "class Host:\n    def minimize(self, f, v):\n        return f().numpy()\nopt = Host()\n"
        "opt = tf.keras.optimizers.SGD()\ndef step():\n    opt.minimize(lambda: w ** 2, [w])\nstep()\n",
    ),
    "a name bound to a function and to something unknown": (
        "HYB101",
        "def say(x):\n    print(x)\nsay = library.quiet(say)\ndef step(x):\n    say(x)\n    return x * 2\n"
        "step(tf.ones(2))\n",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", DOUBTS, ids=lambda how: how.replace(" ", "-"))
def test_this_is_a_doubt_and_no_refusal(how):
    code, text = DOUBTS[how]
    function = next(each for name, each in _scan(text).items() if name.endswith("step"))
    assert code not in certain_codes(function)
    assert code in codes_of(function)
    assert function.proposal is Action.HYBRIDIZE


#: In each, a run can find nothing else.
CERTAINTIES = {
    "next of Python's iterator": (
        "HYB106",
        "it = iter([1.0, 2.0])\ndef step(x):\n    return x * next(it)\nstep(tf.ones(2))\n",
    ),
    "writing a file": ("HYB102", "def step(x):\n    open('a', 'w').write('x')\n    return x * 2\nstep(tf.ones(2))\n"),
    "a mode that nobody knows": (
        "HYB102",
        "def step(x, mode):\n    open('a', mode)\n    return x * 2\nstep(tf.ones(2), 'w')\n",
    ),
    "a list": ("HYB105", "def step(x):\n    seen.append(1)\n    return x * 2\nstep(tf.ones(2))\n"),
    "every third call": (
        "HYB101",
        "def step(x, i):\n    if i % 3 == 0:\n        print(i)\n    return x * 2\nstep(tf.ones(2), 1)\n",
    ),
    "a body that may fail": (
        "HYB101",
        "def step(x):\n    try:\n        print(x)\n    except ValueError:\n        pass\n    return x * 2\n"
        "step(tf.ones(2))\n",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", CERTAINTIES, ids=lambda how: how.replace(" ", "-"))
def test_this_is_certain(how):
    code, text = CERTAINTIES[how]
    assert code in certain_codes(_scan(text)["step"])


def test_an_element_of_a_distributed_dataset_is_what_the_function_returned():
    text = """
strategy = tf.distribute.MirroredStrategy()

def build(_):
    return tf.data.Dataset.from_tensor_slices((tf.ones([8, 3]), tf.ones([8]))).batch(2)

train = strategy.distribute_datasets_from_function(build)

def train_step(iterator):
    def step_fn(inputs):
        images, labels = inputs
        return np.sum(images) if UNSAFE else tf.reduce_mean(images) + tf.reduce_mean(labels)

    return strategy.run(step_fn, args=(next(iterator),))

it = iter(train)
for _ in range(3):
    train_step(it)
"""
    found = _scan(text.replace("np.sum(images) if UNSAFE else ", ""))
    assert found["train_step"].proposal is Action.HYBRIDIZE
    assert "HYB204" not in codes_of(found["train_step"])
    unsafe = _scan(text.replace(" if UNSAFE else tf.reduce_mean(images) + tf.reduce_mean(labels)", ""))
    assert "HYB203" in certain_codes(unsafe["train_step.<locals>.step_fn"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "dataset",
    [
        "strategy.distribute_datasets_from_function(library.build)",
        "tf.data.Dataset.from_tensor_slices(library.arrays())",
        "tf.data.Dataset.from_tensor_slices(model.files).map(library.read)",
        "tf.data.Dataset.zip(library.datasets())",
        "library.dataset()",
    ],
)
@pytest.mark.parametrize("line", ["a, b = batch", "a, b = np.sum(batch[0]), batch[1]", "a, b = [e for e in batch]"])
def test_an_element_of_unknown_structure_is_no_certain_tensor(dataset, line):
    text = f"strategy = tf.distribute.MirroredStrategy()\ndef step(batch):\n    {line}\n    return tf.reduce_mean(a)\n"
    found = _scan(f"{text}for batch in {dataset}:\n    step(batch)\n")
    assert found["step"].proposal is Action.HYBRIDIZE


#: Whether Keras traces the steps of a model is a question of who calls them.
STEPS = """
class Flow(tf.keras.Model):
    def train_step(self, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self(x))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables))
        return loss

flow = Flow()
"""


def test_a_step_that_the_projects_own_loop_calls_is_no_business_of_keras():
    found = _scan(STEPS + "for _ in range(3):\n    flow.train_step(tf.ones([2]))\n")
    assert found["Flow.train_step"].proposal is Action.HYBRIDIZE


@pytest.mark.parametrize("use", ["flow.fit(tf.ones([2]))", "pass"])
def test_a_step_that_keras_calls_is_left_to_keras(use):
    found = _scan(STEPS + use + "\n")
    assert found["Flow.train_step"].proposal is Action.NONE


def test_the_mark_of_keras_that_a_layer_is_built_is_no_effect():
    text = "class Group(tf.keras.layers.Layer):\n    def controls(self, x):\n        self.built = True\n"
    found = _scan(text + "        return x * 2\ngroup = Group()\ngroup.controls(tf.ones(2))\n")
    assert "HYB104" not in codes_of(found["Group.controls"])


def test_what_a_model_gives_may_be_several_tensors_although_it_was_given_one():
    text = """
inputs = tf.keras.Input([8, 8, 3])
base = tf.keras.applications.VGG19()
several = tf.keras.Model([base.input], [base.get_layer(name).output for name in ("a", "b")])

def step(x):
    return tf.add_n([tf.reduce_mean(a - b) for a, b in zip(several(x * 2.0), several(x))])

step(tf.ones([1, 8, 8, 3]))
"""
    assert _scan(text)["step"].proposal is Action.HYBRIDIZE


@pytest.mark.parametrize(
    "line", ("getattr(a, 'done', lambda: print('none'))()", "g = getattr(a, 'done', lambda: print(1))\n    g()")
)
def test_what_is_called_where_an_attribute_is_not_there_is_a_doubt(script, line):
    """Whether there is one, the run shows."""
    text = f"from somewhere import a\ndef f(x):\n    {line}\n    return x * 2.0\nf(tf.ones([2]))\n"
    found = script(text).function("f").findings
    assert {(each.code, each.certain) for each in found if each.code == "HYB101"} == {("HYB101", False)}


@pytest.mark.parametrize(("use", "certain"), (("f(x)", True), ("server.bind(f)", False)))
def test_a_function_that_a_loop_defines_and_hands_out_may_be_called_often(script, use, certain):
    """A server keeps one for each of its hosts, and calls it for each request."""
    text = "from somewhere import server\ndef main(n):\n    for x in range(n):\n"
    text += "        def f(y):\n            return tf.abs(y)\n"
    found = script(f"{text}        {use}\nmain(3)\n").function("main.<locals>.f").findings
    assert [each.certain for each in found if each.code == "HYB601"] == [certain]
