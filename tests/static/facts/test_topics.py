"""What a call is about: a rule that looks at a topic sees each call of it, whatever way the callee is reached."""

from __future__ import annotations

import textwrap

import pytest
from laying import calls_of, function_in

from hybridize.static.facts.topics import topics_of

HEAD = """
import functools, itertools, math, os, random, sys, time
import numpy as np
import tensorflow as tf
from somewhere import thing

class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.items = []

    def call(self, x):
        return x

class Plain:
    def append(self, x):
        return x

    def numpy(self):
        return 1

net, layer, plain, model = Net(), tf.keras.layers.Dense(1), Plain(), tf.keras.Sequential()
known, table = [1], {"a": 1}
"""


def topics(line: str, head: str = HEAD) -> set[str]:
    """The topics of the last call that a line makes, in a function whose argument nobody knows."""
    text = head + "\ndef f(x, *rest):\n" + textwrap.indent(line, "    ") + "\n"
    (*_, call) = function_in(calls_of(text).program, "f").calls
    return set(topics_of(call))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # Effects
        ("print(x)", {"print"}),
        ("open('a')", {"file"}),
        ("exec(x)", {"dynamic"}),
        ("time.time()", {"clock"}),
        ("random.random()", {"random"}),
        ("np.random.rand(3)", {"random"}),
        ("os.getenv('A')", {"state"}),
        ("os.remove('a')", {"process", "unknown"}),
        ("sys.exit(1)", {"exit", "unknown"}),
        ("known.append(x)", {"mutates"}),
        ("table.update(a=x)", {"mutates"}),
        ("net.items.append(x)", {"mutates"}),
        ("net.fit(x)", {"fit"}),
        ("model.predict(x)", {"fit"}),
        ("setattr(plain, 'a', x)", {"setattr"}),
        # What Python does with a tensor
        ("list(x)", {"walks"}),
        ("zip(x, x)", {"walks"}),
        ("functools.reduce(thing, x)", {"walks"}),
        ("itertools.chain(x)", {"walks"}),
        ("bool(x)", {"value"}),
        ("round(x)", {"value"}),
        ("next(x)", {"next"}),
        ("isinstance(x, int)", {"type"}),
        ("type(x)", {"type"}),
        ("np.abs(x)", {"numpy"}),
        ("tf.ones(1).numpy()", {"eager"}),
        # TensorFlow
        ("tf.abs(x)", {"tensorflow"}),
        ("tf.Variable(x)", {"tensorflow", "creates"}),
        ("tf.keras.layers.Dense(1)", {"creates"}),
        ("tf.keras.layers.Flatten()", set()),
        ("Net()", {"creates"}),
        ("tf.random.normal([1])", {"tensorflow", "draws"}),
        ("tf.nn.dropout(x, 0.5)", {"tensorflow", "draws"}),
        ("tf.function(x)", {"tensorflow", "function"}),
        ("tf.executing_eagerly()", {"tensorflow", "mode"}),
        ("net(x)", {"applies"}),
        ("layer(x)", {"applies"}),
        ("layer.call(x)", {"applies"}),
        # Nobody knows
        ("thing(x)", {"unknown"}),
        ("x(1)", {"unknown"}),
        # Nothing of all that
        ("math.sqrt(2.0)", set()),
        ("len(known)", set()),
        ("plain.append(x)", set()),
        ("plain.numpy()", set()),
    ],
)
def test_a_call_has_the_topics_of_what_it_reaches(line: str, expected: set[str]) -> None:
    assert topics(line) == expected


@pytest.mark.parametrize(
    ("line", "topic"),
    [("x.numpy()", "eager"), ("x.append(1)", "mutates"), ("x.fit(1)", "fit"), ("x.popleft()", "mutates")],
)
def test_a_method_of_what_nobody_knows_is_told_by_its_name_where_that_tells(line: str, topic: str) -> None:
    assert topics(line) == {topic, "unknown"}
    assert topics(line.replace("x.", "thing.")) >= {"unknown"}


@pytest.mark.parametrize("line", ["x.step(1)", "x.read()", "x.get(1)", "x.apply(1)"])
def test_a_name_that_any_method_may_have_tells_nothing(line: str) -> None:
    assert topics(line) == {"unknown"}


@pytest.mark.parametrize(
    ("line", "topic"),
    [
        ("show = print\nshow(x)", "print"),
        ("(print if x else tf.abs)(x)", "print"),
        ("(print if x else tf.abs)(x)", "tensorflow"),
        ("add = known.append\nadd(x)", "mutates"),
        ("getattr(known, 'append')(x)", "mutates"),
        ("functools.partial(print, 1)(x)", "print"),
        ("(net if x else plain.append)(x)", "applies"),
        ("(tf.keras.layers.Dense if x else thing)(1)", "creates"),
        ("from tensorflow.python.ops import random_ops\nrandom_ops.random_normal([1])", "draws"),
        ("tf.keras.layers.Dropout(0.5)(x)", "applies"),
    ],
)
def test_a_topic_is_that_of_all_that_a_call_may_reach(line: str, topic: str) -> None:
    assert topic in topics(line)


def test_topics_come_in_the_same_order_in_each_run() -> None:
    text = HEAD + "def f(x):\n    (print if x else tf.random.normal if 1 else tf.Variable if 2 else next)(x)\n"
    (*_, call) = function_in(calls_of(text).program, "f").calls
    found = topics_of(call)
    assert len(found) > 4 and found == sorted(found)
