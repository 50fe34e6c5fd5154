"""Stores: what names, attributes and items hold afterwards, and that each part of a target is evaluated once."""

from __future__ import annotations

import pytest
from running import analysed, missed

from hybridize.static.ir.code import AttributeStore, ItemStore
from hybridize.static.ir.solver import LINES

CASES = {
    "stars": """
        a, *b = [1, "s", 1.5]
        probe(1, a); probe(2, b); probe(3, b[0]); probe(4, b[-1])
        (c, d), *e = [(1, "s"), 3]
        probe(5, c); probe(6, d); probe(7, e)
        *g, h = "ab"
        probe(8, g); probe(9, h)
        [i, [j, *k]] = 1, ["s", None]
        probe(10, i); probe(11, j); probe(12, k)
        """,
    "targets from left to right": """
        d = {}
        a = d["k"] = b = 1
        probe(1, a); probe(2, b); probe(3, d["k"])
        a, b = b, "s"
        probe(4, a); probe(5, b)
        """,
    "augmented": """
        class Box: pass
        def f(x):
            box = Box(); box.v = [x]; box.v += ["s"]
            probe(1, box.v[0]); probe(2, box.v[1])
            d = {"k": 1}; d["k"] /= 2
            probe(3, d["k"])
            x += 1.5
            probe(4, x)
        f(1)
        """,
    "slices": """
        a = [1, "s"]; a[:] = [None, 1.5]
        probe(1, a[0]); probe(2, a[1])
        b = [1, 2]; b[0:1] = ("s",)
        probe(3, b[0])
        """,
    "del": """
        class Box:
            def __delitem__(self, key): probe(1, key)
            def __delattr__(self, name): probe(2, name)
        a = [1, "s"]
        del a[0]
        probe(3, a[0])
        box = Box()
        del (box["k"], [box[1]])
        """,
    "a property": """
        class Box:
            def __init__(self): self._v = 1
            @property
            def v(self): return self._v
            @v.setter
            def v(self, value): self._v = value
            @v.deleter
            def v(self): self._v = None
        box = Box(); box.v = "s"
        probe(1, box.v)
        del box.v
        probe(2, box.v)
        """,
}


@pytest.mark.slow
@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_is_held_after_a_store(text: str) -> None:
    assert not list(missed(text))


@pytest.mark.parametrize(
    "text",
    [
        "hidden()[0] += 1",
        "x[hidden()] += 1",
        "hidden().a += 1",
        "x[hidden()] = y = 1",
        "hidden().a: int = 1",
        "del hidden().a",
        "del (x.a, [hidden()[0]])",
        "for hidden().a in x: pass",
        "with x as hidden()[0]: pass",
        "x, *hidden().a = x",
    ],
)
def test_every_part_of_a_target_is_evaluated_once(text: str) -> None:
    program = analysed(f"def hidden(): pass\ndef f(x):\n    {text}\n")
    called = [call for code in program.functions for call in code.calls if call.targets]
    assert [binding.code.name for call in called for binding in call.targets] == ["hidden"]


def test_the_constant_of_an_attribute_is_the_one_that_it_was_given():
    body = ("x.a = True", "quiet = False", "x.b = y = None", "x.c = x", "x.d = x.e = 2")
    program = analysed("def f(x):\n    " + "\n    ".join(body) + "\n")
    stores = [event for code in program.functions for event in code.events if isinstance(event, AttributeStore)]
    assert {store.attribute: store.literal for store in stores} == {"a": True, "b": None, "c": "…", "d": 2, "e": 2}


def test_what_is_deleted_is_a_store_of_nothing():
    program = analysed("def f(x):\n    del x.a, (x[0], [x.b])\n")
    stores = [e for code in program.functions for e in code.events if isinstance(e, AttributeStore | ItemStore)]
    assert [(type(e).__name__, e.value, e.place % LINES) for e in stores] == [
        ("AttributeStore", None, 3),
        ("ItemStore", None, 3),
        ("AttributeStore", None, 3),
    ]
