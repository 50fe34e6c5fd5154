"""Names that stand for numbers and texts of Python's."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hybridize.static.lifting.numbers import counters_of, numbers_of


def tree(text: str) -> ast.Module:
    return ast.parse(textwrap.dedent(text))


@pytest.mark.parametrize(
    ("text", "names"),
    (
        ("a = 1\na = 'b'", "a"),
        ("a = 1\na = f()", ""),
        ("for i in range(3): pass", "i"),
        ("for i in data: pass", ""),
        ("for i, x in enumerate(data): pass", "i"),
        ("for i in enumerate(data): pass", ""),
        ("total = 0\ntotal += float(loss)", "total"),
        ("total = 0\ntotal += loss", ""),
        ("def f(a):\n    a = 1", ""),
    ),
)
def test_numbers_of_a_scope_are(text, names):
    assert sorted(numbers_of(tree(text))) == names.split()


@pytest.mark.parametrize(
    ("text", "names"),
    (
        ("for i in range(3): pass", "i"),
        ("for i in trange(3): pass", "i"),
        ("for i, x in enumerate(data): pass", "i"),
        ("for x in data: pass", ""),
        ("step = 0\nfor x in data:\n    step += 1", "step"),
        ("step = f()\nfor x in data:\n    step += 1", ""),
        ("for x in data:\n    step += 1", ""),
        ("step = 0\nwhile True:\n    step += 2", "step"),
        ("total = 0\nfor x in data:\n    total += x", ""),
    ),
)
def test_what_counts_the_rounds_is(text, names):
    scope = tree(text)
    assert sorted(counters_of(scope, scope.body)) == names.split()


def test_without_a_loop_nothing_counts():
    assert counters_of(tree("i = 1\ni += 1"), ()) == set()
