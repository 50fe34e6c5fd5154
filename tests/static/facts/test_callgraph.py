"""Who calls whom: recursion, an order, and what tests are."""

from __future__ import annotations

import pytest

from hybridize.static.facts.callgraph import is_test
from hybridize.static.ir.code import ModuleCode


@pytest.mark.parametrize(
    "file",
    (
        "tests/a.py",
        "pkg/test/a.py",
        "pkg/testing/a.py",
        "test_utils/a.py",
        "test_a.py",
        "pkg/a_test.py",
        "pkg/a_tests.py",
        "pkg/a_test_lib.py",
        "pkg/a_test_utils.py",
        "pkg/conftest.py",
    ),
)
def test_a_file_of_tests_is(file):
    assert is_test(ModuleCode(0, "a", file, False, 1))


@pytest.mark.parametrize("file", ("latest.py", "contest/a.py", "pkg/attest.py", "pkg/testify.py", "tested/a.py"))
def test_a_file_of_tests_is_not(file):
    assert not is_test(ModuleCode(0, "a", file, False, 1))


def test_a_function_s_calls_are_those_of_the_project_each_once(script):
    text = "def f(x):\n    return g(x) + g(x) + h(x) + tf.abs(x)\ndef g(x):\n    return x\n"
    text += "h = lambda x: x\nf(tf.ones([2]))\n"
    assert script(text).function("f").calls == ("train:g", "train:h")


@pytest.mark.parametrize(
    ("text", "recursive"),
    (
        ("def f(x):\n    return f(x)\n", True),
        ("def f(x):\n    return g(x)\ndef g(x):\n    return f(x)\n", True),
        ("class A:\n    def f(self, x):\n        return self.f(x)\nA().f(1)\n", True),
        ("def f(x):\n    return g(x)\ndef g(x):\n    return x\n", False),
    ),
)
def test_recursion_is_certain_where_each_step_names_the_next(script, text, recursive):
    found = [each for each in script(text + "f(tf.ones([2]))\n").scan().functions if each.qualname.endswith("f")]
    assert found[0].is_recursive is recursive


def test_an_operator_asks_an_object_which_may_be_another(script):
    text = "class A:\n    def __init__(self, d):\n        self.d = d\n"
    text += "    def __getitem__(self, k):\n        return self.d[k]\n"
    function = script(text + "def f(x):\n    return A(A(x))[0]\nf(tf.ones([2]))\n").function("A.__getitem__")
    assert function.is_recursive is None
