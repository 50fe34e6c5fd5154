"""Whether instances of a class can be keys of the weak dictionary in which ``tf.function`` keeps a method's traces."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ..ir.code import ClassCode, Decorator
from ..ir.values import Class, Instance, Value

#: Decorators that add ``__eq__`` and thereby remove the hash, unless their arguments say otherwise.
_EQ_MAKERS = frozenset({"dataclasses.dataclass", "attr.s", "attr.define", "attrs.define", "attrs.mutable"})
#: Arguments with which such a decorator keeps or adds a hash, or may do so.
_LEAVES_HASH = {"eq": False, "cmp": False, "frozen": True, "unsafe_hash": True, "hash": True}
#: Class decorators that do not change equality, hash and slots.
_HARMLESS = frozenset({"typing.final", "typing.runtime_checkable", "functools.total_ordering"})
_UNHASHABLE_BASES = {"builtins.list": "list", "builtins.dict": "dict", "builtins.set": "set"}
_TUPLES = frozenset({"builtins.tuple", "typing.NamedTuple", "collections.namedtuple"})
# Bases that have no instance dictionary and no weak references, so that the slots of a class decide.
_SLOTTED_BASES = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"})


def why_no_key(code: ClassCode) -> str | None:
    """Why instances of a class certainly can't be such keys, and what to do; None if the source does not prove it."""
    if any(base in _TUPLES for base in code.library_bases):
        return "is a tuple and can't be weakly referenced; make the method a function that takes the tuple"
    return _why_no_hash(code) or _why_no_reference(code)


def _why_no_hash(code: ClassCode) -> str | None:
    for owner in _lineage(code):
        if owner is None or isinstance(owner, str):
            if owner in _UNHASHABLE_BASES:
                kind = _UNHASHABLE_BASES[owner]
                return f"can't be hashed, because it is a {kind}; hold the {kind} in an attribute"
            if owner not in _SLOTTED_BASES:
                return None
            continue
        if "__hash__" in owner.attributes or any(_may_leave_hash(decorator) for decorator in owner.decorators):
            return None
        maker = next((decorator.path for decorator in owner.decorators if decorator.path in _EQ_MAKERS), None)
        if maker is not None:
            name = maker.rpartition(".")[2]
            return f"can't be hashed: `@{name}` gives it `__eq__` but no `__hash__`; use `@{name}(eq=False)`"
        if "__eq__" in owner.attributes:
            return "can't be hashed: it defines `__eq__` but no `__hash__`; add `__hash__ = object.__hash__`"
    return None


def _lineage(code: ClassCode, active: tuple[ClassCode, ...] = ()) -> list[ClassCode | str | None]:
    """The classes in which an instance's methods are looked up, in order: libraries' by path, unknown ones as None."""
    found: list[ClassCode | str | None] = [code]
    for base in code.bases if code not in active else ():
        behind: list[ClassCode | str | None] = [base if isinstance(base, str) else None]
        if not isinstance(base, str) and len(base.values) == 1:
            (value,) = base.values
            path = getattr(value, "path", None)
            behind = _lineage(value.code, (*active, code)) if isinstance(value, Class) else [path]
        behind = [each for each in behind if each is not code]
        # What a later base has too comes behind that.
        found = [each for each in found if each is None or each not in behind] + behind
    return found


def _why_no_reference(code: ClassCode) -> str | None:
    if set(code.library_bases) <= _SLOTTED_BASES and all(_has_only_slots(owner) for owner in code.order):
        return "can't be weakly referenced: its `__slots__` lack `__weakref__`; add it"
    return None


def unkeyed_receivers(receivers: Sequence[Value]) -> tuple[list[Instance], bool]:
    """The receivers of a method that can't be keys, and whether all receivers are such."""
    instances = [value for value in receivers if isinstance(value, Instance)]
    unkeyed = [value for value in instances if why_no_key(value.code) is not None]
    return unkeyed, len(unkeyed) == len(receivers)


def _may_leave_hash(decorator: Decorator) -> bool:
    """Whether a class decorator may leave the class with a hash: by its arguments, or because it is unknown."""
    if decorator.path not in _EQ_MAKERS:
        return decorator.path not in _HARMLESS
    given = _keywords(decorator)
    told = any(given[name] not in (not leaves, None) for name, leaves in _LEAVES_HASH.items() if name in given)
    return told or "**" in given


def _has_only_slots(code: ClassCode) -> bool:
    """Whether a class certainly adds no ``__weakref__`` slot; an unknown decorator may add one."""
    for decorator in code.decorators:
        given = _keywords(decorator)
        if decorator.path == "dataclasses.dataclass" and given.get("slots") is True:
            return given.get("weakref_slot") in (None, False) and "**" not in given
        if decorator.path != "dataclasses.dataclass" and decorator.path not in _HARMLESS:
            return False
    return code.slots is not None and "__weakref__" not in code.slots


def _keywords(decorator: Decorator) -> dict[str, object]:
    """The keyword arguments of a decorator. One that is not a constant is given as its syntax node."""
    tree = ast.parse(decorator.text.removeprefix("@"), mode="eval").body
    if not isinstance(tree, ast.Call):
        return {}
    return {
        keyword.arg or "**": keyword.value.value if isinstance(keyword.value, ast.Constant) else keyword
        for keyword in tree.keywords
    }
