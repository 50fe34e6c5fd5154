"""What is live behind each statement, and what is bound for certain before it."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hybridize.static.lifting.flow import (
    Certainty,
    Liveness,
    certain_after,
    read_after_deletion,
    read_before_bound,
)


def body(text: str) -> list[ast.stmt]:
    return ast.parse(textwrap.dedent(text)).body


@pytest.mark.parametrize(
    ("text", "names"),
    (
        ("a = b", "b"),
        ("a = 1\nb = a", ""),
        ("a += 1", "a"),
        ("if t:\n    a = 1\nb = a", "a t"),
        ("if t:\n    a = 1\nelse:\n    a = 2\nb = a", "t"),
        ("for i in x:\n    a = b\n    b = i", "b x"),
        ("for i in x:\n    a = i\nb = a", "a x"),
        ("while t:\n    a = 1\n    break\nb = a", "a t"),
        ("with x as a:\n    b = a", "x"),
        ("try:\n    a = f()\nexcept E:\n    b = a", "E a f"),
        ("try:\n    a = 1\nfinally:\n    b = c", "c"),
        ("match x:\n    case 1:\n        a = 1\nb = a", "a x"),
    ),
)
def test_a_block_may_read_before_it_binds(text, names):
    assert sorted(read_before_bound(body(text))) == names.split()


@pytest.mark.parametrize(
    ("text", "names"),
    (
        ("a = 1", "a"),
        ("a: int", ""),
        ("a: int = 1", "a"),
        ("f(a := 1)", "a"),
        ("f(b and (a := 1))", ""),
        ("if t:\n    a = b = 1\nelse:\n    a = 2", "a"),
        ("if t:\n    a = 1", ""),
        ("if t:\n    raise E\nelse:\n    a = 1", "a"),
        ("for i in x:\n    a = 1", ""),
        ("while True:\n    a = 1", ""),
        ("with x as a:\n    b = 1", "a b"),
        ("with suppress(E):\n    b = 1", ""),
        ("try:\n    a = 1\nexcept E:\n    a = 2", "a"),
        ("try:\n    a = 1\nexcept E:\n    pass", ""),
        ("try:\n    a = 1\nexcept E:\n    raise", "a"),
        ("a = 1\ndel a", ""),
        ("import a\ndef b(): pass\nclass c: pass", "a b c"),
        ("match x:\n    case 1:\n        a = 1", ""),
    ),
)
def test_a_block_binds_for_certain(text, names):
    assert sorted(certain_after(body(text))) == names.split()


def test_nothing_behind_a_jump_is_reached():
    assert Certainty().block(body("a = 1\nreturn\nb = 2".replace("return", "raise E")), frozenset()) is None


def test_what_a_later_round_reads_is_live_at_the_end_of_this_one():
    statements = body("for i in x:\n    b = a\n    a = i\nc = 1")
    loop = statements[0]
    assert isinstance(loop, ast.For)
    liveness = Liveness()
    liveness.block(statements, frozenset({"c"}))
    assert "a" in liveness.after[id(loop.body[1])]
    assert "b" not in liveness.after[id(loop.body[0])]


def test_what_a_handler_reads_is_live_everywhere_in_the_try():
    statements = body("try:\n    a = 1\n    b = 2\nexcept E:\n    print(a)\n")
    tried = statements[0]
    assert isinstance(tried, ast.Try)
    liveness = Liveness()
    liveness.block(statements, frozenset())
    assert "a" in liveness.raises[id(tried.body[1])]


DELETED = {
    "read behind": ("del a\nprint(a)", {"a"}),
    "bound again": ("del a\na = 1\nprint(a)", set()),
    "under a condition": ("if x:\n    del a\nprint(a)", {"a"}),
    "in the next iteration": ("for x in y:\n    print(a)\n    del a", {"a"}),
    "read before": ("print(a)\ndel a", set()),
    "in a header": ("del a\nwhile a:\n    pass", {"a"}),
}


@pytest.mark.parametrize("how", DELETED)
def test_a_name_that_is_read_after_its_deletion_is_told(how: str) -> None:
    text, names = DELETED[how]
    assert read_after_deletion(ast.parse(text).body) == names
