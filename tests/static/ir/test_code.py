"""The intermediate representation: which argument is given for what, and which lines of a branch exclude each other."""

from __future__ import annotations

import ast
import textwrap

import pytest
from laying import calls_of, class_in, events_in, function_in

from hybridize.static.ir.code import Branch, Call, FunctionCode, Return
from hybridize.static.ir.solver import LINES


def function(text: str, name: str = "f") -> FunctionCode:
    return function_in(calls_of(text).program, name)


def call(text: str) -> Call:
    (found,) = function(f"from somewhere import g\ndef f(a, b, *c, **d):\n    {text}\n").calls
    return found


# Arguments


def test_an_argument_is_found_by_its_position_or_its_name() -> None:
    found = call("g(1, 's', key=1.5)")
    assert found.argument(0, "x") is found.arguments[0]
    assert found.argument(1, "key") is found.keywords["key"]
    assert found.argument(5, "key") is found.keywords["key"]
    assert found.argument(2, "x") is None and found.argument(0, "key") is not found.arguments[0]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("g(*c)", [False, False]),
        ("g(a, *c)", [True, False]),
        ("g(*c, a)", [False, False]),
        ("g(a, *c, b)", [True, False]),
        ("g(a, b, *c)", [True, True]),
        ("g(a, b, **d)", [True, True]),
    ],
)
def test_behind_a_star_nobody_knows_which_argument_stands_where(text: str, known: list[bool]) -> None:
    found = call(text)
    assert [found.argument(position, "x") is not None for position in (0, 1)] == known


def test_constants_are_known_by_their_place() -> None:
    assert call("g(1, a, 'x', key=None, other=b)").literals == {0: 1, 2: "x", "key": None}
    assert call("g(a)").literals is None


# Functions


def test_a_function_is_known_by_its_module_and_its_qualified_name() -> None:
    text = "class A:\n    def f(self):\n        def g(): pass\n        return g\n    def f(self): pass\ndef h(): pass\n"
    codes = [code for code in calls_of({"a/b.py": text}).program.functions if not code.is_body]
    assert {code.id for code in codes} == {"a.b:A.f", "a.b:A.f.<locals>.g", "a.b:A.f#2", "a.b:h"}


@pytest.mark.parametrize(
    ("decorator", "takes"),
    [("", True), ("@classmethod", True), ("@property", True), ("@staticmethod", False)],
)
def test_which_functions_are_given_their_object(decorator: str, takes: bool) -> None:
    text = f"class A:\n    {decorator}\n    def f(self): pass\n"
    assert function(text, "A.f").takes_self is takes
    assert not function("def f(self): pass\n").takes_self
    assert not function("class A:\n    def g(self):\n        def f(self): pass\n", "A.g.<locals>.f").takes_self


def test_the_bodies_of_modules_and_classes_are_no_functions() -> None:
    program = calls_of("class A:\n    x = 1\ndef f(): pass\n").program
    assert {code.qualname for code in program.functions if not code.is_body} == {"f"}
    assert program.modules["train"].body.is_body
    assert class_in(program, "A").instance is not class_in(program, "A").value


# Branches


CHOICES = {
    "if": """
        if x:
            y = 1
            y = 2
        else:
            y = 3
        """,
    "elif": """
        if x:
            y = 1
        elif y:
            y = 2
        elif x:
            y = 3
        else:
            y = 4
        """,
    "match": """
        match x:
            case 1:
                y = 1
            case [2, *_]:
                y = 2
            case _:
                y = 3
        """,
    "no other side": """
        if x:
            y = 1
        y = 2
        """,
    "nested": """
        if x:
            if y:
                y = 1
            else:
                y = 2
            y = 3
        else:
            y = 4
        """,
}


def exclusive(text: str) -> set[tuple[int, int]]:
    """The pairs of assignments of which one run makes one alone, by what is assigned."""

    def walk(body: list[ast.stmt]) -> list[set[int]]:
        """Which values the runs of a block assign."""
        runs: list[set[int]] = [set()]
        for statement in body:
            if isinstance(statement, ast.If):
                ways = walk(statement.body) + walk(statement.orelse)
            elif isinstance(statement, ast.Match):
                ways = [way for case in statement.cases for way in walk(case.body)]
            else:
                assert isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
                ways = [{int(statement.value.value)}]
            runs = [run | way for run in runs for way in ways]
        return runs

    runs = walk(ast.parse(text).body)
    every = sorted(set().union(*runs))
    return {(a, b) for a in every for b in every if a < b and not any({a, b} <= run for run in runs)}


@pytest.mark.parametrize("name", CHOICES)
def test_lines_on_different_sides_of_a_branch_do_not_both_run(name: str) -> None:
    text = textwrap.dedent(CHOICES[name]).strip()
    tree = ast.parse(text)
    lines = {node.value.value: node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assign)}
    under = {node.lineno: node.end_lineno for node in ast.walk(tree) if isinstance(node, (ast.If, ast.Match))}
    source = f"def f(x, y):\n{textwrap.indent(text, '    ')}\n    return y\n"
    branches = [each for each in events_in(function(source), Branch) if each.kind in ("if", "match")]
    assert branches

    def divided(a: int, b: int) -> bool:
        """Whether one of the branches that both stand under divides them."""
        return any(
            first <= min(lines[a], lines[b]) and max(lines[a], lines[b]) <= under[first]
            and branch.divides(lines[a] + 1, lines[b] + 1)
            for branch in branches
            for first in [branch.place % LINES - 1]
        )

    told = {(a, b) for a in lines for b in lines if a < b and divided(a, b)}
    assert told == exclusive(text)


def test_both_sides_of_a_conditional_expression_exclude_each_other_wherever_they_stand() -> None:
    (branch,) = events_in(function("def f(x):\n    return 1 if x else 2\n"), Branch)
    assert branch.kind == "ifexp" and branch.divides(2, 2)


def test_a_return_says_whether_a_loop_is_around_it() -> None:
    text = "def f(x):\n    for y in x:\n        if y:\n            return 1\n    return 2\n"
    assert [(each.place % LINES, each.in_loop) for each in events_in(function(text), Return)] == [(4, True), (5, False)]
