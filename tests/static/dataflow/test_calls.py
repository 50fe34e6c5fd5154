"""Calls: what parameters are given and what comes back, as Python binds it."""

from __future__ import annotations

import pytest
from running import missed, strict

CASES = {
    "every kind of parameter": """
        def f(a, /, b, *c, d="s", **e):
            probe(1, a); probe(2, b); probe(3, c); probe(4, d); probe(5, e)
            return c[0] if c else e.get("z")
        probe(6, f(1, 2, "s", d=1.5)); probe(7, f(1, b="s", z=1)); probe(8, f(*(1, "s", None)))
        probe(9, f(1, **{"b": 1.5, "z": "s"})); probe(10, f(1, *[2, 3], **dict(d=2)))
        """,
    "defaults": """
        def g(x=1): probe(1, x)
        g(); g("s"); g(*[1.5]); g(**{"x": None})
        def h(*a): probe(2, a[0]); probe(3, a[1])
        h(1, "s"); h(*"ab")
        """,
    "decorators": """
        import functools
        def keep(f):
            @functools.wraps(f)
            def inner(*a, **k): return f(*a, **k)
            return inner
        def change(f):
            def inner(*a, **k):
                f(*a, **k)
                return "s"
            return inner
        def forget(f):
            def inner(*a, **k): f(*a, **k)
            return inner
        def perhaps(f):
            def inner(*a, **k):
                result = None
                while result is None:
                    result = f(*a, **k) if choose() else 1.5
                return result
            return inner
        def fixed(f): return lambda x: 1.5
        def given(n): return lambda f: lambda *a: n
        @keep
        def f1(x): return x
        @change
        def f2(x): return x
        @forget
        def f3(x): return x
        @perhaps
        def f4(x): return x
        @fixed
        def f5(x): return x
        @given("s")
        def f6(x): return x
        @functools.lru_cache(None)
        def f7(x): return x
        probe(1, f1(1)); probe(2, f2(1)); probe(3, f3(1)); probe(4, f4(1)); probe(5, f5(1)); probe(6, f6(1))
        probe(7, f7(1)); probe(8, functools.partial(f1, "s")())
        """,
    "what calls back": """
        import functools
        probe(1, list(map(lambda v: "s", [1]))[0]); probe(2, [*filter(None, [1])][0]); probe(3, next(iter([]), "s"))
        probe(4, functools.reduce(lambda p, q: p, [1, "s"])); probe(5, sorted([2, 1], key=lambda v: -v)[0])
        probe(6, getattr("a", "nothing", 1)); probe(7, max(1, 2.5)); probe(8, (lambda *a, **k: a)(1))
        """,
    "methods": """
        class A:
            @classmethod
            def c(cls, v): return cls, v
            @staticmethod
            def s(v): return v
            def __call__(self, v): return v
        class B(A): pass
        probe(1, B.c(1)[0]); probe(2, B.c("s")[1]); probe(3, A.s(1)); probe(4, A().s(1.5)); probe(5, B()("s"))
        probe(6, A.__call__(A(), None)); m = B().c; probe(7, m(1)[1])
        """,
}


@pytest.mark.slow
@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_is_given_and_what_comes_back(text: str) -> None:
    assert not list(missed(text, seeds=6))
    assert not list(missed(strict(text), seeds=12))
