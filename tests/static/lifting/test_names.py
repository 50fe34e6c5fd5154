"""Which names a piece of source reads and binds."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hybridize.static.lifting.names import locals_of, names_of, parameters_of


def names(text: str):
    return names_of(ast.parse(textwrap.dedent(text)).body)


@pytest.mark.parametrize(
    ("text", "read", "bound"),
    (
        ("a = b", "b", "a"),
        ("a += b", "a b", "a"),
        ("a.b = c", "a c", ""),
        ("a[b] = c", "a b c", ""),
        ("del a", "a", ""),
        ("for a in b: c = a", "a b", "a c"),
        ("with a as b: pass", "a", "b"),
        ("import a.b, c as d", "", "a d"),
        ("from a import b as c", "", "c"),
        ("x = [a for a in b if c]", "b c", "x"),
        ("x = {a: b for a, b in c}", "c", "x"),
        ("x = [(y := a) for a in b]", "b", "x y"),
        ("x = [a for a in b for c in a]", "b", "x"),
        ("def f(a, b=c): return a + d", "c d", "f"),
        ("x = lambda a: a + b", "b", "x"),
        ("class A(B):\n    c = d", "B d", "A"),
        ("match a:\n    case [b, *c]:\n        pass", "a", "b c"),
        ("try:\n    pass\nexcept E as e:\n    pass", "E", "e"),
    ),
)
def test_code_reads_and_binds(text, read, bound):
    found = names(text)
    assert (sorted(found.read), sorted(found.bound)) == (read.split(), bound.split())


def test_what_a_function_inside_keeps_hold_of_is_captured():
    found = names("def f():\n    nonlocal a\n    a = b\n    return lambda: c + d\nx = [lambda: e for e in y]\n")
    assert found.captured == {"b", "c", "d"}
    assert found.rebound == {"a"}


def test_what_is_deleted_is_told():
    assert names("del a, b\ntry:\n    pass\nexcept E as e:\n    pass\n").deleted == {"a", "b", "e"}


def test_a_function_s_own_names_are_its_parameters_and_what_it_binds():
    function = ast.parse("def f(a, /, b, *c, d=1, **e):\n    global g\n    g = h = 1\n    def i(): j = 1\n").body[0]
    assert isinstance(function, ast.FunctionDef)
    assert parameters_of(function.args) == ["a", "b", "c", "d", "e"]
    assert locals_of(function) == {"a", "b", "c", "d", "e", "h", "i"}
