"""Definitions: functions and classes, their decorators, defaults and keywords."""

from __future__ import annotations

import sys

import pytest
from running import analysed, kinds, missed

CASES = {
    "a decorator of a class may give something else": """
        def other(cls): return "s"
        def same(cls):
            probe(1, cls)
            return cls
        @other
        class A: pass
        @same
        @same
        class B: pass
        probe(2, A); probe(3, B)
        """,
    "defaults are those of the scope around": """
        def f(x):
            y = 1
            def g(a=y, *, b=x): return a, b
            y = "s"
            x = None
            probe(1, g()[0]); probe(2, g()[1]); probe(3, g(1.5, b=b"b"))
        f("s")
        """,
    "a class body is run from top to bottom": """
        class K:
            v = 1
            for each in [1, "s"]:
                if choose():
                    v = each
            w = v
            if choose():
                def m(self): return 1
            else:
                def m(self): return "s"
        probe(1, K.v); probe(2, K.w); probe(3, K().m())
        """,
    "a name is bound again": """
        def f(): return 1
        g = f
        def f(): return "s"
        probe(1, f()); probe(2, g())
        """,
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_a_definition_binds(text: str) -> None:
    assert not list(missed(text))


@pytest.mark.parametrize(
    "text",
    [
        "@hidden()\nclass A: pass",
        "class A(metaclass=hidden()): pass",
        "class A(hidden()): pass",
        "class A:\n    x = [y for y in hidden()]",
        "@hidden\nclass A: pass",
        "@hidden\ndef g(): pass",
        "@hidden()\ndef g(): pass",
        "def g(a=hidden()): pass",
        "def g(*, a=hidden()): pass",
        "async def g(): await hidden()",
    ],
)
def test_every_call_of_a_definition_is_seen_once(text: str) -> None:
    program = analysed(f"def hidden(*a): return lambda *b: b[0] if b else None\n{text}\n")
    called = [binding.code.name for code in program.functions for call in code.calls for binding in call.targets]
    assert called.count("hidden") == 1


def test_a_class_that_nothing_replaces_is_known():
    found = kinds("def same(cls):\n    return cls\n@same\nclass A: pass\nprobe(1, A)\nprobe(2, A())\n")
    assert found == {1: {"class A"}, 2: {"A object"}}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12's syntax")
def test_type_parameters_and_type_aliases_are_read():
    text = "type Batch[T] = list[T]\nclass A[T]:\n    def m[U](self, x: T, y: U) -> Batch[T]:\n        return x\n"
    program = analysed(text)
    assert [code.qualname for code in program.functions] == ["<module>", "A", "A.m"]
