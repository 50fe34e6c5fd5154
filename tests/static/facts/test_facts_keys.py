"""Whether the instances of a class can be keys of a weak dictionary: what is said for certain holds where it runs."""

from __future__ import annotations

import itertools
import weakref
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laying import calls_of, class_in

from hybridize.static.facts.keys import unkeyed_receivers, why_no_key
from hybridize.static.ir.values import TENSOR

HEAD = """
import abc, collections, dataclasses, fractions, functools, typing
from dataclasses import dataclass
T = typing.TypeVar("T")
WEAK = ("__weakref__",)
def same(cls): return cls
def hashed(cls):
    cls.__hash__ = object.__hash__
    return cls
"""
DECORATORS = (
    "",
    "@dataclasses.dataclass\n",
    "@dataclass()\n",
    "@dataclass(eq=False)\n",
    "@dataclass(frozen=True)\n",
    "@dataclass(eq=True, frozen=False)\n",
    "@dataclass(unsafe_hash=True)\n",
    "@dataclass(slots=True, eq=False)\n",
    "@dataclass(slots=True, eq=False, weakref_slot=True)\n",
    "@dataclass(**{'eq': False})\n",
    "@typing.final\n",
    "@same\n",
    "@hashed\n",
    "@hashed\n@dataclass\n",
)
BASES = (
    "object",
    "list",
    "dict",
    "set",
    "tuple",
    "str",
    "Exception",
    "abc.ABC",
    "typing.Generic[T]",
    "typing.NamedTuple",
    "collections.OrderedDict",
    "collections.abc.Mapping",
    "functools.partial",
)
BODIES = (
    "pass",
    "x: int = 0",
    "__slots__ = ()",
    "__slots__ = 'a'",
    "__slots__ = ['a', '__weakref__']",
    "__slots__ = ('__dict__',)",
    "__slots__ = WEAK",
    "__slots__ = ('a',)\n    __slots__ += WEAK",
    "def __eq__(self, other): return True",
    "def __eq__(self, other): return True\n    def __hash__(self): return 1",
    "def __eq__(self, other): return True\n    __hash__ = object.__hash__",
    "def __hash__(self): return 1",
    "__hash__ = None",
)


def class_of(name: str, decorator: str, bases: str, body: str) -> str:
    return f"{decorator}class {name}({bases}):\n    {body}\n"


def makes_key(text: str) -> bool | None:
    """Whether an instance of the last class can be a key; None where there is no such class or instance."""
    names: dict[str, Any] = {"__name__": "train"}
    try:
        exec(text, names)
        if names["A"].__abstractmethods__ if hasattr(names["A"], "__abstractmethods__") else False:
            return None
        made = names["A"](*([print] if issubclass(names["A"], names["functools"].partial) else []))
    except (TypeError, ValueError, AttributeError):
        return None
    try:
        weakref.WeakKeyDictionary()[made] = 1
    except TypeError:
        return False
    return True


def why(text: str) -> str | None:
    return why_no_key(class_in(calls_of(text).program, "A"))


def wrong(text: str) -> str | None:
    """What is said of class ``A`` that does not hold."""
    can = makes_key(text)
    if not can:
        return None
    said = why(text)
    return None if said is None else f"{text}\nsaid: it {said}"


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.slow
def test_of_a_class_that_can_be_one_nothing_is_said(body: str) -> None:
    every = (HEAD + class_of("A", decorator, base, body) for decorator, base in itertools.product(DECORATORS, BASES))
    assert [found for text in every if (found := wrong(text))] == []


PART = st.tuples(st.sampled_from(DECORATORS[:1] * 6 + DECORATORS), st.sampled_from(BODIES))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(PART, PART, PART, st.sampled_from(BASES), st.permutations(["B", "C", None]))
def test_nor_of_one_whose_bases_are_the_projects_too(
    one: tuple[str, str], other: tuple[str, str], own: tuple[str, str], library: str, order: list[str | None]
) -> None:
    bases = ", ".join(name or library for name in order if name or library != "object")
    text = HEAD + class_of("B", one[0], "object", one[1]) + class_of("C", other[0], "object", other[1])
    assert wrong(text + class_of("A", own[0], bases, own[1])) is None


@pytest.mark.parametrize(
    "text",
    [
        "class H:\n    def __hash__(self): return 1\nclass A(H, list): pass",
        "class H:\n    def __hash__(self): return 1\nclass E:\n    def __eq__(self, o): return True\n"
        "class A(H, E): pass",
        "class E:\n    def __eq__(self, o): return True\nclass A(fractions.Fraction, E): pass",
        "class B:\n    def __eq__(self, o): return True\nclass C(B): pass\n"
        "class D(B):\n    def __hash__(self): return 1\nclass A(C, D): pass",
        "class B: pass\nclass A(B):\n    __slots__ = ()",
        "class A:\n    __slots__ = ('a',)\n    __slots__ += WEAK",
    ],
)
def test_what_comes_first_among_the_bases_decides(text: str) -> None:
    assert wrong(HEAD + text + "\n") is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class A(list): pass", "it is a list"),
        ("class A(dict): pass", "it is a dict"),
        ("class A(typing.NamedTuple):\n    x: int = 0", "tuple"),
        ("class A(tuple): pass", "tuple"),
        ("@dataclass\nclass A: pass", "`@dataclass(eq=False)`"),
        ("@dataclass\nclass B: pass\nclass A(B): pass", "`@dataclass(eq=False)`"),
        ("@dataclass(eq=True)\nclass A: pass", "can't be hashed"),
        ("class A:\n    def __eq__(self, o): return True", "__hash__ = object.__hash__"),
        ("class B(list): pass\nclass A(B): pass", "it is a list"),
        ("class A:\n    __slots__ = ('a',)", "__weakref__"),
        ("class A(abc.ABC):\n    __slots__ = ()", "__weakref__"),
        ("class A(typing.Generic[T]):\n    __slots__ = ()", "__weakref__"),
        ("@dataclass(slots=True, eq=False)\nclass A: pass", "__weakref__"),
        ("class B:\n    __slots__ = ()\nclass A(B):\n    __slots__ = 'a'", "__weakref__"),
    ],
)
def test_of_a_class_that_can_not_be_one_it_is_said_why(text: str, words: str) -> None:
    assert makes_key(HEAD + text + "\n") is False
    said = why(HEAD + text + "\n")
    assert said is not None and words in said


@pytest.mark.parametrize(
    "text", ["class A(list): pass", "@dataclass\nclass A: pass", "class A:\n    def __eq__(self, o): return True"]
)
def test_what_is_said_to_help_helps(text: str) -> None:
    assert not makes_key(HEAD + text + "\n")
    helped = text.replace("@dataclass", "@dataclass(eq=False)").replace("(list)", "(object)")
    helped = helped.replace("def", "__hash__ = object.__hash__\n    def")
    assert makes_key(HEAD + helped + "\n") and why(HEAD + helped + "\n") is None


def test_of_the_receivers_those_that_can_not_be_are_told_and_whether_that_is_all() -> None:
    program = calls_of("class A(list): pass\nclass B: pass\n").program
    a, b = (class_in(program, name).instance for name in "AB")
    assert unkeyed_receivers([a]) == ([a], True)
    assert unkeyed_receivers([a, b]) == ([a], False)
    assert unkeyed_receivers([a, TENSOR]) == ([a], False)
    assert unkeyed_receivers([b]) == ([], False)


@pytest.mark.parametrize("maker", ["attr.s", "attr.define", "attrs.define", "attrs.mutable"])
def test_the_makers_of_attrs_are_as_a_dataclass(maker: str) -> None:
    def told(options: str) -> str | None:
        return why(f"import attr, attrs\n@{maker}{options}\nclass A: pass\n")

    assert "can't be hashed" in (told("") or "") and "can't be hashed" in (told("()") or "")
    for options in ("(eq=False)", "(frozen=True)", "(unsafe_hash=True)", "(hash=True)", "(**options)"):
        assert "hashed" not in (told(options) or "")
