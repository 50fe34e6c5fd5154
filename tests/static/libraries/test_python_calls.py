"""What Python's own functions give for their arguments: all that a run can find is known."""

from __future__ import annotations

import pytest
from laying import calls_of, function_in
from running import kinds, missed, strict

from hybridize.static.ir.code import AttributeStore
from hybridize.static.ir.values import INTEGER, STRING

CASES = {
    "containers": """
        probe(1, list((1, "s"))[1]); probe(2, tuple([1, "s"])[0]); probe(3, set([1, "s"]).pop())
        probe(4, list("ab")[0])
        probe(5, list({"x": 1})[0]); probe(6, dict([("x", 1)])["x"]); probe(7, dict(x="s")["x"])
        probe(8, dict({"x": 1}, y="s")["y"])
        probe(9, dict(zip("ab", [1, 2]))["a"]); probe(10, list(dict(x=1).items())[0]); probe(11, sorted([2, 1.5])[0])
        probe(12, sorted({"x": 1})[0]); probe(13, list(reversed([1, "s"]))[0])
        probe(15, list()); probe(16, dict())
        probe(17, list(range(3))[0]); probe(18, range(3)[1]); probe(19, len([1]))
        probe(20, sorted("ba", key=ord, reverse=True)[0])
        probe(21, list([1, "s"])[-1]); probe(22, tuple(x for x in [1, "s"])[1]); probe(23, list(map(str, [1]))[0])
        """,
    "iterators": """
        import itertools
        it = iter([1, "s"]); probe(1, next(it)); probe(2, next(it)); probe(3, next(it, None))
        probe(4, list(enumerate("ab"))[0])
        probe(5, list(enumerate(["s"], 5))[0][0]); probe(6, [v for _, v in enumerate([1, "s"])][1])
        probe(7, list(zip([1], ["s"]))[0][1]); probe(8, list(zip(*[[1, 2], ["s", "t"]]))[0])
        probe(9, [b for a, b in zip([1], [1.5])][0])
        probe(10, list(map(lambda a, b: b, [1], ["s"]))[0]); probe(11, list(filter(None, [1, 0, "s"]))[1])
        probe(12, list(filter(lambda v: v, ["s"]))[0])
        probe(13, list(itertools.chain([1], ["s"]))[1]); probe(14, list(itertools.chain(*[[1], ["s"]]))[1])
        probe(15, list(itertools.chain.from_iterable([[1], ["s"]]))[1])
        probe(16, list(itertools.islice([1, "s"], 1, 2))[0])
        probe(17, next(itertools.cycle(["s"]))); probe(18, next(itertools.count(5)))
        probe(19, list(itertools.repeat("s", 2))[0])
        probe(20, list(itertools.product([1], ["s"]))[0]); probe(21, list(itertools.product([1], ["s"]))[0][1])
        probe(22, list(itertools.zip_longest([1], []))[0][1]); probe(23, list(itertools.accumulate([1, 2]))[1])
        probe(24, list(itertools.combinations([1, "s"], 2))[0][1])
        probe(25, list(itertools.permutations("ab"))[0][0])
        probe(26, list(itertools.starmap(lambda a, b: b, [(1, "s")]))[0])
        probe(27, list(itertools.takewhile(bool, [1]))[0])
        class Odd:
            def __iter__(self): return iter(["s"])
            def __next__(self): return 1
        probe(28, next(Odd())); probe(29, [*Odd()][0]); probe(30, list(Odd())[0]); probe(31, next(iter(Odd())))
        def gen():
            yield 1
            yield "s"
        probe(32, next(gen())); probe(33, list(gen())[1]); probe(34, next(iter({"x": 1})))
        probe(35, next(reversed([1, "s"])))
        for k, g in itertools.groupby([1, 1]): probe(36, k); probe(37, list(g)[0])
        """,
    "numbers": """
        import functools, math, operator
        probe(1, sum([1, 2])); probe(2, sum([1.5, 2])); probe(3, sum([[1], ["s"]], [])); probe(4, max(1, 2.5))
        probe(5, min([1, 2.5]))
        probe(6, max("ab", "b", key=len)); probe(7, max([], default="s")); probe(8, abs(-1))
        probe(9, abs(-1.5)); probe(11, round(1.567, 1))
        probe(12, pow(2, 3)); probe(14, divmod(7, 2)); probe(15, divmod(7, 2)[0])
        probe(16, any([0])); probe(17, all([]))
        probe(18, functools.reduce(lambda a, b: a + b, [1, 2]))
        probe(19, functools.reduce(lambda a, b: b, [1], "s")); probe(20, bool(1))
        probe(21, int("1")); probe(22, float("1")); probe(23, str(1)); probe(24, repr(1)); probe(25, ord("a"))
        probe(26, chr(97)); probe(27, hash(1))
        probe(29, min({"x": 1})); probe(31, math.sqrt(4))
        probe(32, isinstance(1, int))
        probe(33, functools.reduce(operator.add, ["a", "b"])); probe(34, sum((x for x in [1]), 1.5))
        probe(35, sum([], None)); functools.reduce(lambda a, b: (probe(36, a), "s")[1], [1, 2, 3])
        """,
    "objects": """
        import functools, copy
        class A:
            x = 1
            def __init__(self): self.y = "s"
            def f(self, v=1.5): return v
            def __len__(self): return 3
        a = A()
        probe(1, getattr(a, "x")); probe(2, getattr(a, "y", None)); probe(3, getattr(a, "z", None))
        probe(4, getattr(a, "f")("s"))
        setattr(a, "z", 1.5); probe(5, a.z); name = "y" if choose() else "x"; probe(6, getattr(a, name))
        probe(7, hasattr(a, "x"))
        probe(8, functools.partial(a.f)()); probe(9, functools.partial(a.f, "s")())
        probe(10, functools.partial(a.f, v=1)()); probe(11, type(a)().y)
        probe(12, type(a)); probe(13, isinstance(a, A)); probe(14, type("B", (A,), {})().y)
        probe(15, copy.copy(a).y); probe(16, copy.deepcopy([1])[0]); probe(17, len(a))
        class B(A):
            def f(self, v=None): return super().f(v)
            @classmethod
            def make(cls): return super().__new__(cls)
        probe(18, B().f(1)); probe(19, super(B, B()).f("s")); probe(20, B.make()); probe(21, vars(a)["y"])
        probe(23, callable(a))
        setattr(a, name, None)
        """,
}


@pytest.mark.slow
@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_functions_give(text: str) -> None:
    assert not list(missed(text, seeds=4))
    assert not list(missed(strict(text), seeds=8))


def test_what_is_certain_is_not_taken_for_more() -> None:
    lines = ["next(iter([1]))", "[v for _, v in enumerate(['s'])][0]", "list(zip([1], ['s']))[0][1]", "max(1, 2)",
             "list(map(lambda v: 's', [1]))[0]", "getattr('s', 'whatever', 1)", "sum([1, 2])", "len([1])",
             "dict(x='s')['x']"]  # fmt: skip
    found = kinds("\n".join(f"probe({number}, {line})" for number, line in enumerate(lines, 1)))
    found.pop(6)
    expected = ["int", "str", "str", "int", "str", None, "int", "int", "str"]
    assert found == {number: {kind} for number, kind in enumerate(expected, 1) if kind}


def test_setattr_is_a_store_of_that_attribute_or_of_any() -> None:
    calls = calls_of("def f(o, name):\n    setattr(o, 'rate', 1)\n    setattr(o, name, 's')\n")
    stores = [each for each in function_in(calls.program, "f").events if isinstance(each, AttributeStore)]
    assert [(each.attribute, each.value.values) for each in stores if each.value is not None] == [
        ("rate", (INTEGER,)),
        ("?", (STRING,)),
    ]
    assert [line for _, line in calls.program.assigned_attributes["rate"]] == [2]
