"""Which names a scope binds, where, and which of them are imports."""

from __future__ import annotations

import ast
import symtable
import sys
import textwrap
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from running import programs

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


# Python's own compiler knows which names a scope binds.

EVERY_KIND = """
import a, b.c, d.e as f
from g import h, i as j
k = l = 1
m, (n, *o) = 1, (2, 3)
p: int = 1
q: int
r = [s := 1, [t for t in [1] if (u := t)]]
v = lambda w=(x := 1): (y := 2)
for z, a1 in []:
    b1 = 1
else:
    c1 = 1
while (d1 := 0):
    e1 = 1
with open(f1 := "a") as g1, open("b") as (h1, i1[0]):
    j1 = 1
try:
    k1 = 1
except ValueError as l1:
    m1 = 1
else:
    n1 = 1
finally:
    o1 = 1
try:
    p1 = 1
except* ValueError as q1:
    r1 = 1
match k:
    case [s1, *t1] if (u1 := 1):
        v1 = 1
    case {"a": w1, **x1}:
        pass
    case (int() as a4) | [a4]:
        pass
    case y1:
        pass
def z1(a2, b2=(c2 := 1)):
    global d2
    d2 = e2 = 1
    def f2():
        nonlocal e2
        e2 = g2 = 1
    class h2(i2 := object):
        j2 = 1
        def k2(self): l2 = 1
    del e2
@(m2 := print)
class n2(o2 := object, metaclass=(p2 := type)):
    q2 = 1
    r2: int
    def t2(self, u2): return __class__
async def v2(w2):
    async for x2 in w2: y2 = 1
    async with w2 as z2: a3 = 1
    return [b3 async for b3 in w2]
b3.c3 = d3[0] = 1
e3 += 1
del f3, g3[0], h3.i3
if k: j3 = 1
elif l: k3 = 1
else: l3 = 1
f"{(m3 := 1)}"
"""
if sys.version_info >= (3, 12):
    EVERY_KIND += "type n3 = int\n"


def bound_in_comprehensions(table: symtable.SymbolTable) -> Iterator[str]:
    """What assignment expressions in the comprehensions of a scope bind: a name of the scope around."""
    for child in table.get_children():
        if child.get_name() in ("listcomp", "setcomp", "dictcomp", "genexpr"):
            yield from (each.get_name() for each in child.get_symbols() if each.is_assigned() and not each.is_local())
            yield from bound_in_comprehensions(child)


def scopes(text: str) -> Iterator[tuple[str, str, set[str], set[str]]]:
    """Each scope of a source: its kind and name, the names that it binds as Python says, and as the scan does."""
    tables = [symtable.symtable(text, "train.py", "exec")]
    told: dict[tuple[str, int], symtable.SymbolTable] = {}
    for table in tables:
        tables += table.get_children()
        told[(table.get_name(), table.get_lineno())] = table
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        name = getattr(node, "name", "top")
        kind = {ast.Module: "module", ast.ClassDef: "class"}.get(type(node), "function")
        decorators = getattr(node, "decorator_list", [])
        lines = {each.lineno for each in [*decorators, *([] if kind == "module" else [node])]} or {0}
        (table,) = [table for line in lines if (table := told.get((name, line))) is not None]
        bound = {
            each.get_name()
            for each in table.get_symbols()
            if (each.is_assigned() or each.is_imported() or each.is_namespace())
            and not each.is_parameter()
            and (kind == "module" or not (each.is_declared_global() or each.is_nonlocal()))
        }
        symbols = table.get_symbols() if kind != "module" else []
        others = {each.get_name() for each in symbols if each.is_declared_global() or each.is_nonlocal()}
        bound |= set(bound_in_comprehensions(table)) - others
        # A declaration without a value makes a name local, and binds nothing.
        hints = {each.get_name() for each in table.get_symbols() if each.is_annotated()}
        arguments = {arg.arg for arg in ast.walk(getattr(node, "args", ast.Pass())) if isinstance(arg, ast.arg)}
        found = read_scope(node.body, kind, is_deep(text)).bound
        yield kind, name, bound - arguments, {each for each in found - arguments if each in bound or each not in hints}


def test_a_scope_binds_what_python_says():
    for kind, name, expected, found in scopes(EVERY_KIND):
        assert found == expected, (kind, name)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(programs())
def test_so_it_does_in_any_program(text):
    for kind, name, expected, found in scopes(text):
        assert found == expected, (kind, name)


@pytest.mark.parametrize(
    "text",
    [
        "if (n := f()) > 1: pass",
        "def f():\n    global x",
        "def f():\n    nonlocal\tx",
        "def f(): global x",
        "def f():\n    y = 1; global x",
        "if y: \\\n global x",
    ],
)
def test_a_source_is_deep_if_a_statement_says_so(text):
    assert is_deep(text)


@pytest.mark.parametrize("text", ["# the global step", '"""A\nglobally, nonlocal one: """', "x = global_ = 1", ""])
def test_it_is_not_for_what_a_sentence_says(text):
    assert not is_deep(text)
