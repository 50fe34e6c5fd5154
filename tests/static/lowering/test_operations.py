"""Operators and decisions: what they give, what of them a rule sees, and which tests are switches that someone sets."""

from __future__ import annotations

import ast

import pytest
from laying import calls_of, events_in, function_in
from running import kinds, missed, strict

from hybridize.static.ir.code import Branch, Call, FunctionCode, Operation
from hybridize.static.lowering.operations import flag_of

CASES = {
    "arithmetic": """
        probe(1, 1 + 2); probe(2, 1 + 2.5); probe(3, 1 / 2); probe(4, 1.5 * 2); probe(5, "a" + "b"); probe(6, "a" * 2)
        probe(7, 7 // 2); probe(9, -1); probe(10, +1.5); probe(11, ~3); probe(12, not 1)
        probe(13, 1 + 2 + 3.5); probe(14, [1] + ["s"]); probe(15, (1,) * 2); probe(16, "%s" % 1); probe(17, 4 / 2 / 1)
        probe(18, True + True); probe(19, -True); probe(20, 1 if 7 % 2 else "s"); probe(21, 3 / 3); probe(22, 2 ** 0.5)
        """,
    "comparisons": """
        probe(1, 1 < 2); probe(2, 1 < 2 < 3); probe(3, 1 is None); probe(4, "a" in "ab"); probe(5, 1 != 2.5)
        probe(6, 1 < 2 != "s"); x = None if choose() else 1; probe(7, x is not None); probe(8, x == None)
        class A:
            def __eq__(self, other): return "s"
            def __lt__(self, other): return None
        probe(9, A() == 1); probe(10, 1 < A() < 2); probe(11, A() < 1)
        """,
    "and, or, not": """
        def one(): return 1 if choose() else 0
        def text(): return "s" if choose() else ""
        probe(1, one() and text()); probe(2, one() or text()); probe(3, one() and text() or None)
        probe(4, not one()); probe(5, (a := one()) and (b := text())); probe(6, a)
        b = None
        one() and (b := text()); probe(7, b)
        c = 1.5
        choose() or (c := None) or (c := "s"); probe(8, c)
        1 < one() < (d := 3); d = d if "d" in globals() else "s"; probe(9, d)
        """,
    "conditional expressions": """
        def one(): return 1
        probe(1, one() if choose() else "s"); probe(2, (e := 1) if choose() else (e := "s")); probe(3, e)
        f = None
        (f := 1.5) if choose() else None; probe(4, f)
        probe(5, 1 if choose() else 2.5 if choose() else "s")
        """,
}


@pytest.mark.slow
@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_an_operator_gives(text: str) -> None:
    assert not list(missed(text, seeds=8))
    assert not list(missed(strict(text), seeds=16))


def test_numbers_are_not_taken_for_more_than_they_are() -> None:
    values = ("1 + 2", "1 / 2", "-1", "1 < 2", "not 1", "1.5 * 2.5")
    found = kinds("\n".join(f"probe({number}, {value})" for number, value in enumerate(values, 1)))
    assert found == {1: {"int"}, 2: {"float"}, 3: {"int"}, 4: {"bool"}, 5: {"bool"}, 6: {"float"}}


def test_a_long_chain_is_no_limit() -> None:
    assert kinds(f"x = 1.5\nprobe(1, {' + '.join(['x'] * 600)})") == {1: {"float"}}


# What rules see


def function(line: str) -> FunctionCode:
    return function_in(calls_of(f"from somewhere import g, h\ndef f(x, y, self):\n    {line}\n").program, "f")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("x + y", ["Add"]),
        ("x @ y", ["MatMult"]),
        ("x + y * x", ["Mult", "Add"]),
        ("x + y + x", ["Add", "Add"]),
        ("-x", ["USub"]),
        ("not x", ["Not"]),
        ("x == y", ["Eq"]),
        ("x in y", ["In"]),
        ("x is y", ["Is"]),
        ("x < y < 1", ["Lt", "Lt"]),
        # No value is asked for.
        ("x is None", []),
        ("x is not None", []),
        ("None is x", []),
        ("1 + 2", []),
        ("-1", []),
        ("not 1", ["Not"]),
    ],
)
def test_each_operation_on_a_value_is_seen(line: str, names: list[str]) -> None:
    assert [each.name for each in events_in(function(line), Operation)] == names


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("g(x and y)", ["and"]),
        ("g(x and y and 1)", ["and", "and"]),
        ("g(x or y)", ["or"]),
        ("g(1 if x else 2)", ["ifexp"]),
        ("g(1 if x and y else 2)", ["and", "ifexp"]),
        ("assert x", ["assert"]),
        ("if x: pass", ["if"]),
        ("while x: pass", ["while"]),
    ],
)
def test_each_value_that_decides_is_asked(line: str, asked: list[str]) -> None:
    """The last one of an ``and`` is not."""
    assert [each.kind for each in events_in(function(line), Branch)] == asked


@pytest.mark.parametrize(
    ("line", "guards"),
    [
        ("g() and h()", [None, "and"]),
        ("g() or h() or g()", [None, "or", "or"]),
        ("g() if h() else g()", [None, "ifexp", "ifexp"]),
        ("g() < h()", [None, None]),
        ("(g() and h(), g())", [None, "and", None]),
    ],
)
def test_a_call_that_may_not_be_made_stands_under_what_decides(line: str, guards: list[str | None]) -> None:
    calls = events_in(function(line), Call)
    assert [call.guard.kind if call.guard is not None else None for call in calls] == guards


# Switches


@pytest.mark.parametrize(
    ("test", "flag"),
    [
        ("debug", "debug"),
        ("not debug", "debug"),
        ("self.debug", "self.debug"),
        ("self.options.debug", "self.options.debug"),
        ("mode == 'train'", "mode"),
        ("0 < level < 3", None),
        ("level > 0", "level"),
        ("1 < level", None),
        ("debug and x.shape[0]", "debug"),
        ("x.shape[0] or debug", "debug"),
        ("level > other", None),
        ("f(debug)", None),
        ("debug()", None),
        ("x[0]", None),
        ("x + 1", None),
        ("self.get().debug", None),
        ("True", None),
    ],
)
def test_a_test_of_a_name_and_constants_alone_is_a_switch(test: str, flag: str | None) -> None:
    found = flag_of(ast.parse(test, mode="eval").body)
    assert (None if found is None else ast.unparse(found)) == flag


def test_a_branch_says_whether_it_asks_a_switch_and_which_name_that_is() -> None:
    (named,) = events_in(function("if x: pass"), Branch)
    (attribute,) = events_in(function("if not self.debug: pass"), Branch)
    (computed,) = events_in(function("if g(x): pass"), Branch)
    assert named.flag and named.switch is not None
    assert attribute.flag and attribute.switch is None
    assert not computed.flag and computed.switch is None
