"""Control flow: whatever a name holds in a run, the analysis says that it may hold, and little else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from random_programs import solved
from running import analysed, kinds, missed, programs

from hybridize.static.ir.code import Branch, Mark
from hybridize.static.ir.solver import LINES


@pytest.mark.slow
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(programs())
def test_what_a_run_of_any_program_holds_is_among_what_is_said(text: str) -> None:
    assert not list(missed(text, seeds=8))


LOOPS = {
    "what a break leaves is not bound by the else": """
        def f(x):
            for i in [1, 2]:
                x = 1
                if choose(): break
            else:
                x = "s"
            probe(1, x)
        f(1.5)
        """,
    "an else that raises is not come to by a break": """
        def f(x):
            for i in [1, 2]:
                if choose(): break
            else:
                raise Stop
            probe(1, i)
        f(1)
        """,
    "an else that goes on with the loop around": """
        def f(x):
            for i in [1, 2]:
                for j in [1, 2]:
                    x = "s"
                    if choose(): break
                    x = 1.5
                else:
                    x = None
                    continue
                break
            probe(1, x)
        f(1)
        """,
    "what the test binds last": """
        def f(x):
            while (x := "s" if choose() else None):
                x = 1
            probe(1, x)
        f(1.5)
        """,
    "what the last round binds before it is left": """
        def f(x):
            while True:
                x = "s"
                if choose(): break
                x = 1.5
            probe(1, x)
        f(1)
        """,
    "what is last in a round that goes on": """
        def f(x):
            for i in [1, 2]:
                probe(1, x)
                try:
                    x = 1.5
                    if choose(): continue
                finally:
                    x = "s"
                x = None
            probe(2, x)
        f(1)
        """,
}


TRIES = {
    "a handler begins anywhere": """
        def f(x):
            try:
                x = "s"
                if choose(): raise Stop
                x = 1.5
            except Stop:
                probe(1, x)
            probe(2, x)
        f(1)
        """,
    "also on a side that raises": """
        def f(x):
            try:
                if choose():
                    x = "s"
                    raise Stop
                x = 1.5
            except Stop:
                probe(1, x)
            probe(2, x)
        f(1)
        """,
    "what is last sees what is returned": """
        def f(x):
            try:
                x = "s"
                return x
            finally:
                probe(1, x)
        f(1)
        """,
    "what is last sees half of the body": """
        def f(x):
            try:
                x = "s"
                if choose(): raise Stop
                x = 1.5
            finally:
                probe(1, x)
        f(1)
        """,
    "the exception of an inner statement reaches the outer handler": """
        def f(x):
            try:
                try:
                    x = "s"
                    if choose(): raise Stop
                    x = None
                finally:
                    if choose(): x = 1.5
                    probe(1, x)
            except Stop:
                probe(2, x)
            else:
                probe(3, x)
            probe(4, x)
        f(1)
        """,
    "a return of what is last is the one that counts": """
        def f(x):
            for i in [1, 2]:
                try:
                    return 1
                finally:
                    break
            return "s"
        probe(1, f(1))
        """,
    "suppress goes on behind its body": """
        from contextlib import suppress
        def f(x):
            with suppress(Stop):
                x = "s"
                if choose(): raise Stop
                x = 1.5
                return x
            probe(1, x)
        f(1)
        """,
    "a manager of the project may end an exception": """
        class Manager:
            def __enter__(self): return self
            def __exit__(self, *error): return True
        def f(x):
            with Manager():
                raise Stop
            probe(1, x)
        f(1)
        """,
}

MATCHES = {
    "a case binds what it names, and its guard decides": """
        def f(x):
            y = None
            match x:
                case int() as y if choose():
                    x = "s"
                case [a, *y]:
                    x = y
                case {"k": v, **y}:
                    pass
                case y:
                    x = 1.5
            probe(1, x)
            probe(2, y)
        f(1); f([1, 2]); f({"k": 1, "z": 2})
        """,
    "what a pattern binds stays bound where its guard says no": """
        def f(x, y):
            match x:
                case int() as y if choose():
                    y = None
                case _:
                    probe(1, y)
            probe(2, y)
        f(1, "s"); f("s", 1.5)
        """,
    "no case may hold": """
        def f(x):
            match x:
                case 1:
                    x = "s"
                case None | True:
                    return
            probe(1, x)
        f(1); f(1.5)
        """,
}

CASES = LOOPS | TRIES | MATCHES


@pytest.mark.slow
@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_names_hold_where_ways_meet(text: str) -> None:
    assert not list(missed(text))


def test_what_can_not_be_is_not_said():
    found = kinds(
        """
        def f(x):
            for i in [1]:
                x = 1
            else:
                x = "s"
            probe(1, x)
            try:
                x = 1.5
            finally:
                y = x
            probe(2, x)
            while True:
                x = None
                if choose():
                    break
            probe(3, x if choose() else x)
            match x:
                case 1: x = "s"
                case _: x = "s"
            probe(4, x)
            if choose(): x = 1
            elif choose(): x = 1
            else: return
            probe(5, x)
        f(True)
        """
    )
    assert found[1] == {"str"}
    assert found[2] == {"float"}
    assert found[4] == {"str"}
    assert found[5] == {"int"}


@pytest.mark.parametrize(
    "body",
    [
        "while True:\n        x = 1",
        "while 1:\n        if x: return x",
        "match x:\n        case 1: return x\n        case _: raise Stop",
        "try:\n        return x\n    finally:\n        x = 1",
        "if x: return x\n    elif choose(): return x\n    else: raise Stop",
        "for i in x:\n        pass\n    else:\n        return x",
    ],
)
def test_what_is_never_come_to_is_left_out(body: str) -> None:
    assert kinds(f"def f(x):\n    {body}\n    probe(1, x)\nf(1)\n") == {}


@pytest.mark.slow
@pytest.mark.parametrize("number", [10, 500])
def test_a_chain_of_elif_may_be_as_long_as_it_likes(number: int) -> None:
    chain = "".join(f"    elif x == {each}:\n        y = 's'\n" for each in range(number))
    text = f"def f(x):\n    if x is None:\n        y = 1\n{chain}    else:\n        return\n    probe(1, y)\nf(1)\n"
    found = kinds(text)
    assert found[1] == {"int", "str"}


@pytest.mark.slow
def test_a_statement_that_fails_leaves_nothing_of_itself_behind(tmp_path: Path) -> None:
    deep = "x" + ".a" * 1500
    text = f"x = y = 1\nfor i in [1]:\n    if y:\n        z = {deep}\n\ndef g(a):\n    return a\n\ng(1)\n"
    program = solved(tmp_path, text)
    assert [file for file, _ in program.left_out] == ["train.py"]
    (module,) = program.modules.values()
    (g,) = module.functions
    assert not g.in_loop
    (call,) = [call for call in module.body.calls if call.targets]
    assert call.guard is None and not call.in_loop


def test_a_branch_knows_its_sides():
    program = analysed(
        """
        def f(x):
            if x:
                a = 1
            else:
                a = 2
            match x:
                case 1:
                    a = 1
                    b = 2
                case 2:
                    a = 2
            if x:
                a = 1
                a = 2
        """
    )
    one, other, last = (event for event in program.functions[1].events if isinstance(event, Branch))
    first = one.place % LINES
    assert one.divides(first + 1, first + 3) and not one.divides(first + 3, first + 3)
    start = other.place % LINES
    assert not other.divides(start + 2, start + 3) and other.divides(start + 3, start + 5)
    assert not last.divides(last.place % LINES + 1, last.place % LINES + 2)


def test_every_loop_says_how_far_it_reaches():
    text = "def f(x):\n    for i in x:\n        pass\n    while x:\n        x = 1\n        x = 2\n"
    marks = [event for event in analysed(text).functions[1].events if isinstance(event, Mark) and event.kind == "loop"]
    (loop,) = ast.parse(text).body[0].body[1:]
    assert [mark.end - mark.place % LINES for mark in marks] == [loop.end_lineno - loop.lineno]
