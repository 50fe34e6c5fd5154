"""Statements that matter by being there, and what can't be lowered: each costs itself alone."""

from __future__ import annotations

import ast

import pytest
from running import HEADER, analysed

from hybridize.static.ir.code import Mark, Return
from hybridize.static.ir.solver import LINES
from hybridize.static.lowering.statements import _STATEMENTS


def marks(text: str) -> list[tuple[str, int]]:
    """The statements of a program that are marked, with the lines below its first."""
    program = analysed(text)
    first = HEADER.count("\n")
    return [
        (event.kind, event.place % LINES - first)
        for code in program.functions
        for event in code.events
        if isinstance(event, Mark)
    ]


@pytest.mark.parametrize(
    ("statement", "kinds"),
    [
        ("raise Stop from x", ["raise"]),
        ("with x as y: pass", ["with"]),
        ("with x, y: pass", ["with", "with"]),
        ("async with x: pass", ["async with"]),
        ("try: pass\n    except* Stop: pass", ["try"]),
        ("while x: pass", ["loop"]),
        ("import os", []),
        ("from os import path", ["import"]),
        ("optimizer.apply_gradients(x)", ["update"]),
        ("x.assign_add(1)", ["assignment"]),
        ("x()", []),
        ("while x: x()", ["loop", "called"]),
        ("yield x", ["yield"]),
        ("await x", ["await"]),
        ("print(f'{x:3}')", ["format"]),
        ("print(f'{x}')", []),
        ("'a text'", []),
        ("pass", []),
    ],
)
def test_what_is_marked(statement: str, kinds: list[str]) -> None:
    found = marks(f"async def f(x, y, optimizer):\n    {statement}\n")
    assert [kind for kind, _ in found] == kinds
    assert all(line == 2 for _, line in found)


def test_a_return_says_whether_it_stands_in_a_loop():
    text = "def f(x):\n    for y in x:\n        return y\n    while x:\n        if x: return 1\n    return x\n"
    program = analysed(text)
    returns = [event for code in program.functions for event in code.events if isinstance(event, Return)]
    assert [event.in_loop for event in returns] == [True, True, False]


def test_every_kind_of_statement_is_lowered_or_has_nothing_to_it():
    silent = {ast.Pass, ast.Global, ast.Nonlocal}
    # Libraries that TensorFlow imports derive kinds of their own.
    every = {kind for kind in ast.stmt.__subclasses__() if kind.__module__ == "ast"}
    assert every == {*_STATEMENTS, *silent}


@pytest.mark.slow
def test_a_function_of_five_thousand_lines_is_lowered():
    lines = "".join(f"    if x > {n}:\n        y = x + {n}\n" for n in range(2500))
    program = analysed(f"def f(x):\n    y = x\n{lines}    return y\nf(1)\n")
    (f,) = [code for code in program.functions if code.name == "f"]
    assert len(f.events) > 7500
    assert {repr(value) for value in f.returns.values} == {"int"}
