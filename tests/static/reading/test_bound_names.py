"""Which names a scope binds, where, and which of them are imports."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hybridize.static.reading.scopes import is_deep, read_scope


def scope_of(text: str):
    return read_scope(ast.parse(textwrap.dedent(text)).body, "function", is_deep(text))


@pytest.mark.parametrize(
    ("text", "names"),
    (
        ("a = b = 1", "a b"),
        ("a, (b, *c) = x", "a b c"),
        ("a: int = 1", "a"),
        ("a += 1", "a"),
        ("a.b = 1; c[0] = 2", ""),
        ("for a, b in x:\n    c = 1\nelse:\n    d = 2", "a b c d"),
        ("while (a := x):\n    b = 1", "a b"),
        ("if (a := x):\n    b = 1\nelse:\n    c = 1", "a b c"),
        ("with x as a, y as (b, c):\n    d = 1", "a b c d"),
        ("try:\n    a = 1\nexcept E as b:\n    c = 1\nelse:\n    d = 1\nfinally:\n    e = 1", "a b c d e"),
        ("def a(b):\n    c = 1\nclass d:\n    e = 1", "a d"),
        ("match x:\n    case [a, *b]:\n        c = 1\n    case {'k': d, **e}:\n        pass", "a b c d e"),
        ("import a, b.c, d.e as f\nfrom g import h, i as j", "a b f h j"),
        ("[a for a in x]", ""),
    ),
)
def test_statements_bind(text, names):
    assert sorted(scope_of(text).bound) == names.split()


def test_a_name_of_an_outer_scope_is_not_bound_here():
    scope = scope_of("global a\nnonlocal b\na = b = c = 1\n")
    assert scope.bound == {"c"}
    assert scope.outer == {"a": True, "b": False}
    assert list(scope.bound_between(1, 9)) == ["c"]


def test_imports_are_told_with_what_they_import():
    scope = scope_of("import a.b\nimport a.b as c\nfrom ..d import e\nfrom f import *\ne = 1\n")
    assert scope.imports == {"a": [("a", None, 0)], "c": [("a.b", None, 0)], "e": [("d", "e", 2)]}
    assert scope.stars == [("f", 0)]
    assert scope.others == {"e"}
    assert scope.counts == {"a": 1, "c": 1, "e": 2}


def test_bindings_are_told_in_the_order_of_their_lines():
    scope = scope_of("try:\n    a = 1\nfinally:\n    b = 1\nfor c in x:\n    d = 1\n")
    assert list(scope.bound_between(2, 5)) == ["a", "b", "c"]
    assert list(scope.bound_between(6, 6)) == ["d"]
    assert scope.lines == sorted(scope.lines)
