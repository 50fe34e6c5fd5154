"""Expressions: what they are worth, what they bind on the way, and every call in them."""

from __future__ import annotations

import pytest
from running import analysed, kinds, missed

CASES = {
    "what is bound behind and is bound perhaps": """
        def f(x):
            choose() and (x := "s")
            probe(1, x)
            choose() or choose() or (x := 1.5)
            probe(2, x)
        f(1)
        """,
    "what is bound on one side of a condition": """
        def f(x):
            y = (x := "s") if choose() else 1.5
            probe(1, x)
            probe(2, y)
        f(1)
        """,
    "what a comprehension binds outside of itself": """
        def f(x, y):
            made = [(y, y := "s", x := None) for each in [1, 2] if choose()]
            probe(1, x)
            probe(2, y)
            for pair in made:
                probe(3, pair[0])
            probe(4, [each for each in [x, 1] if (z := each) or True])
            probe(5, z)
        f(1, 1.5)
        """,
    "what is bound behind the first link of a chain": """
        def f(x):
            1 < 2 < (x := 3.5)
            2 < 1 < (x := "s")
            probe(1, x)
        f(1)
        """,
    "a link of a chain decides": """
        class Odd:
            def __lt__(self, other): return "s"
            def __gt__(self, other): return None
        def f(x):
            probe(1, x < Odd() < 3)
            probe(2, 3 > Odd())
        f(Odd())
        """,
    "arithmetic": """
        probe(1, 1 / 2); probe(2, 1 // 2); probe(3, not 1); probe(4, -1.5); probe(5, ~1); probe(6, True + True)
        probe(7, True & False); probe(8, "%d" % 3); probe(9, "a" * 2); probe(10, [1] * 2); probe(11, -True)
        probe(12, 1 in [1]); probe(13, None is None); probe(14, 7 % 2.0); probe(15, 1 and "s"); probe(16, "" or 1)
        probe(17, (1,) + ("s",)); probe(18, "a" "b"); probe(19, f"{1}"); probe(20, True - 1); probe(21, b"a" + b"b")
        """,
    "elements of displays": """
        probe(1, [1, "s"][-1]); probe(2, (1, "s", *[1.5])[2]); probe(3, {"k": 1, **{"j": "s"}}["j"])
        probe(4, [*"ab"][0])
        probe(5, [1, "s", 1.5][1:][0]); probe(6, (1, "s")[::-1][0])
        for key in {("a", 1): 1, 2.5: 1, None: 1, True: 1, "s": 1, b"b": 1, 7: 1}: probe(7, key)
        """,
    "generators": """
        def g(x):
            y = yield x
            probe(1, y)
            yield "s"
            return 1.5
        def h(x):
            y = yield from g(x)
            probe(2, y)
        for each in h(1): probe(3, each)
        """,
    "coroutines": """
        import asyncio
        async def g(x):
            return x
        async def each():
            yield "s"
        async def f(x):
            probe(1, await g(x))
            async for y in each():
                probe(2, y)
            probe(3, [y async for y in each()][0])
            return 1.5
        probe(4, asyncio.run(f(1)))
        """,
    "lambdas": """
        def f(x):
            g = lambda a=x, *b, c="s", **d: (a, b, c, d)
            probe(1, g()[0]); probe(2, g()[2]); probe(3, g(1.5)[0]); probe(4, g(1, None)[1]); probe(5, g(z=1)[3])
            probe(6, (lambda: (y := x, y)[1])())
        f(1)
        """,
}


@pytest.mark.slow
@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_an_expression_is_worth(text: str) -> None:
    assert not list(missed(text))


def test_what_is_known_of_an_expression_is_not_given_away():
    found = kinds(
        """
        def f(x):
            (y := "s") and choose()
            probe(1, y)
            probe(2, 1 + 2.5)
            probe(3, 1 < 2 < 3)
            probe(4, [1, "s"][1])
            probe(5, {"k": 1, "j": "s"}["j"])
            if choose() and (z := 1.5):
                probe(6, z)
        f(1)
        """
    )
    assert found == {1: {"str"}, 2: {"float"}, 3: {"bool"}, 4: {"str"}, 5: {"str"}, 6: {"float"}}


@pytest.mark.parametrize(
    "text",
    [
        "f'{x:{hidden()}}'",
        "f'{hidden()!r}' f'{x}'",
        "f'{f\"{hidden()}\"}'",
        "x[hidden():1, ..., None]",
        "x[::hidden()]",
        "[*hidden()]",
        "{**hidden()}",
        "{hidden(): 1}",
        "print(*hidden(), **x)",
        "print(**hidden())",
        "(lambda a=hidden(): a)",
        "[y for y in x if hidden()]",
        "{y: 1 for y in hidden()}",
        "x if hidden() else x",
        "x < 1 < hidden()",
        "not hidden()",
        "(y := hidden())",
        "x.a[hidden()].b",
        "(yield hidden())",
        "x + (x * (x - hidden()))",
    ],
)
def test_every_call_in_an_expression_is_seen_once(text: str) -> None:
    program = analysed(f"def hidden(): pass\ndef f(x):\n    return {text}\n")
    called = [call for code in program.functions for call in code.calls if call.targets]
    assert [binding.code.name for call in called for binding in call.targets] == ["hidden"]


def test_a_chain_of_operators_may_be_as_long_as_it_likes():
    assert kinds(f"def f(x):\n    probe(1, {'x + ' * 1000}1.5)\nf(1)\n")[1] == {"float"}
