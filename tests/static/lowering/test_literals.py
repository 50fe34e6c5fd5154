"""One literal is not another: what is stored where a constant, a name or a function stood changes that place alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from random_programs import programs, solved

from hybridize.records import ParameterKind

STORES = {
    "an item of a dict": "s = {'n': 1}\ns['n'] = tf.shape(x)[0]",
    "an item of a list": "s = [1, 1]\ns[0] = tf.shape(x)[0]",
    "an item of a repeated list": "s = [1] * 3\ns[0] = tf.shape(x)[0]",
    "an item of a list of lists": "s = [[1, 1]]\ns[0][1] = tf.shape(x)[0]",
    "a name's value": "n = 1\ns = [n]\ns[0] = tf.shape(x)[0]",
    "update": "s = {'n': 1}\ns.update({'n': tf.shape(x)[0]})",
    "update with keywords": "s = {'n': 1}\ns.update(n=tf.shape(x)[0])",
    "a dict in a dict": "t = {'n': tf.shape(x)[0]}\ns = {'n': 1, **t}",
    "setdefault": "s = {'n': 1}\ns.setdefault('n', tf.shape(x)[0])",
    "an item that is added to": "s = [1, 2]\ns[0] += tf.shape(x)[0]",
    "a global table": "TABLE['n'] = tf.shape(x)[0]",
}


@pytest.mark.slow
@pytest.mark.parametrize("how", STORES, ids=lambda how: how.replace(" ", "-"))
def test_what_is_stored_over_a_literal_is_no_value_of_other_literals(how, script):
    body = "\n    ".join(STORES[how].split("\n"))
    text = f"TABLE = {{'n': 1}}\ndef step(x):\n    {body}\n    return x\nstep(tf.ones(3))\n"
    text += "def area(width, height):\n    return width * height\narea(3, 4)\n"
    function = script(text).function("area")
    assert [each.kind for each in function.parameters] == [ParameterKind.SCALAR] * 2
    assert function.has_tensor_parameter is False


def test_what_is_stored_over_a_name_is_no_value_of_the_name(script):
    text = "def f(x):\n    return x\ndef g(x):\n    print(x)\n    return x\ndef step(x):\n    table = [f]\n"
    text += "    table[0] = g\n    return f(x) * 2\nstep(tf.ones(3))\n"
    assert script(text).function("step").calls == ("train:f",)


def test_what_is_stored_is_read_by_its_key(script):
    text = "def step(x):\n    s = {'n': 1, 'm': 2}\n    s['n'] = x\n    return use(s['n']), other(s['m'])\n"
    text += "def use(a):\n    return a * 2\ndef other(a):\n    return a\nstep(tf.ones(3))\n"
    project = script(text)
    assert project.function("use").has_tensor_parameter is True
    assert project.function("other").has_tensor_parameter is False


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(programs())
def test_a_constant_holds_nothing_but_itself(text):
    with tempfile.TemporaryDirectory() as folder:
        program = solved(Path(folder), text)
    for atom, node in program.constants.items():
        assert node.values == (atom,)
