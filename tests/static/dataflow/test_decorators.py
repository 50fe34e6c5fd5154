"""Which decorators of a project are looked through: those whose wrapper passes all of its arguments on."""

from __future__ import annotations

import pytest
from running import kinds


def test_a_wrapper_that_hands_on_what_it_is_given_back_is_looked_through():
    found = kinds(
        """
        def keep(f):
            def inner(*a, **k):
                result = f(*a, **k)
                return result
            return inner
        @keep
        def one(x): return x
        @keep
        def other(x): return x
        def change(f):
            def inner(*a, **k):
                f(*a, **k)
                return 1.5
            return inner
        @change
        def changed(x): return x
        probe(1, one(1))
        probe(2, other("s"))
        probe(3, changed("s"))
        """
    )
    assert found == {1: {"int"}, 2: {"str"}, 3: {"float"}}


WRAPPERS = {
    "passes all on": ("*a, **k", "return f(*a, **k)", {"int"}),
    "passes all on, and may return its own": ("*a, **k", "return f(*a, **k) if choose() else 1.5", {"int", "float"}),
    "returns nothing of it": ("*a, **k", "f(*a, **k)", {"None"}),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_what_a_decorated_function_returns_is_what_its_wrapper_does(name: str) -> None:
    parameters, body, returned = WRAPPERS[name]
    text = f"""
        def keep(f):
            def inner({parameters}):
                {body}
            return inner
        @keep
        def one(x): return x
        @keep
        def other(x): return "s"
        probe(1, one(1))
        other(1)
        """
    assert kinds(text)[1] == returned


def test_a_wrapper_of_some_arguments_is_not_looked_through_so_what_it_wraps_is_joined() -> None:
    found = kinds(
        """
        def keep(f):
            def inner(x): return f(x)
            return inner
        @keep
        def one(x): return x
        @keep
        def other(x): return "s"
        probe(1, one(1))
        """
    )
    assert found == {1: {"int", "str"}}
