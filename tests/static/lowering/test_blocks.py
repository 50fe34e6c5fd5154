"""Scopes: what a name means where it is read, whoever binds it."""

from __future__ import annotations

import pytest
from running import kinds, missed

CASES = {
    "an inner function binds a name of the outer": """
        def f(x):
            y = 1
            def g():
                nonlocal x, y
                x, y = "s", None
            probe(1, x)
            g()
            probe(2, x)
            probe(3, y)
        f(1.5)
        """,
    "a function binds a global that the module reads": """
        s = None
        def f():
            global s
            s = "s"
        f()
        probe(1, s)
        """,
    "a call may change a global that the function has just bound": """
        s = None
        def g():
            global s
            s = "s"
        def f():
            global s
            s = 1
            g()
            probe(1, s)
        f()
        """,
    "a function binds a name that an import has bound": """
        from math import pi
        def g():
            global pi
            pi = "s"
        g()
        def f():
            probe(1, pi)
        f()
        """,
    "a function binds the name of another": """
        def a(): return 1
        def b(): return "s"
        def swap():
            global a
            a = b
        swap()
        probe(1, a())
        """,
    "global reaches through an enclosing function": """
        def f():
            x = 1
            def g():
                global x
                x = "s"
                def h():
                    probe(1, x)
                h()
            g()
            probe(2, x)
        f()
        probe(3, x)
        """,
    "global at the top of a module is nothing": """
        global s
        s = 1
        def f():
            probe(1, s)
        f()
        """,
    "a class body is no scope for its methods": """
        def f():
            n = 1
            class K:
                n = "s"
                for each in [1, 1.5]:
                    if choose():
                        n = each
                w = n
                def m(self):
                    return n
            return K
        probe(1, f()().m())
        probe(2, f().n)
        probe(3, f()().w)
        """,
    "a variable of a comprehension is closed over": """
        def f(x):
            made = [lambda: y for y in [1, "s"]]
            probe(1, made[0]())
        f(1)
        """,
    "one of several imports has bound the name": """
        if choose():
            from math import pi as k
        else:
            k = "s"
        def f():
            probe(1, k)
        """,
}


@pytest.mark.slow
@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_a_name_holds_whoever_binds_it(text: str) -> None:
    assert not list(missed(text))


def test_a_name_that_no_other_scope_binds_is_what_it_was_given_last():
    found = kinds(
        """
        def f(x):
            def g():
                x = "s"
                return x
            x = 1
            probe(1, x)
            x = None
            g()
            probe(2, x)
        f(1.5)
        """
    )
    assert found[1] == {"int"} and found[2] == {"None"}


def test_a_builtin_that_a_module_may_hide_is_both():
    found = kinds("if choose():\n    print = 's'\nprobe(1, print)\nlen = 1\nprobe(2, len)\n")
    assert found == {1: {"builtins.print", "str"}, 2: {"int"}}


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("from math import pi as k", "from os.path import join as k", {"math.pi", "os.path.join"}),
        ("import tensorflow.compat.v2 as k", "import tensorflow as k", {"tensorflow"}),
        ("from tensorflow.keras import layers as k", "from keras import layers as k", {"keras.layers"}),
    ],
)
def test_where_several_imports_bind_a_name_each_counts(one: str, other: str, said: set[str]) -> None:
    text = f"try:\n    {one}\nexcept ImportError:\n    {other}\ndef f():\n    probe(1, k)\n    k(1)\n"
    assert kinds(text)[1] == said


def test_an_import_that_leads_nowhere_leaves_it_to_the_other(project) -> None:
    project.write("package/__init__.py", "")
    project.write("package/model.py", "def net(x):\n    print(x)\n")
    project.write("package/other.py", "def net(x):\n    return x\n")
    head = "try:\n    from .{} import net\nexcept ImportError:\n    from {} import net\n\ndef step(x):\n    net(x)\n"
    project.write("package/train.py", head.format("model", "speedups"))
    project.write("package/both.py", head.format("model", "package.other"))
    calls = {each.id: each for each in project.scan().functions}
    alone, both = calls["package.train:step"], calls["package.both:step"]
    assert alone.has_python_side_effects is True
    assert both.has_python_side_effects is None
