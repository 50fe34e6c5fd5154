"""Which tests ask for a type, for something's presence or for a setting."""

from __future__ import annotations

import ast

import pytest

from hybridize.static.lowering.questions import asks_for_kind

ASKING = (
    "x is None",
    "not x is not None",
    "kind == 'relu'",
    "'relu' == kind",
    "mode in ('a', 'b')",
    "name.startswith('split')",
    "isinstance(x, int)",
    "tf.is_tensor(x)",
    "hasattr(self, 'v')",
    "type(x) is int",
    "x and isinstance(y, int)",
    "x is None or y is None",
)
PLAIN = (
    "x",
    "x > 3",
    "x == y",
    "i % 100 == 0",
    "mode in modes",
    "mode in ('a', b)",
    "mode in ()",
    "name.startswith(prefix)",
    "isinstance",
    "x or isinstance(y, int)",
    "len(x)",
)


@pytest.mark.parametrize("test", ASKING)
def test_a_question_for_a_kind_is(test):
    assert asks_for_kind(ast.parse(test, mode="eval").body)


@pytest.mark.parametrize("test", PLAIN)
def test_a_question_for_a_kind_is_not(test):
    assert not asks_for_kind(ast.parse(test, mode="eval").body)
