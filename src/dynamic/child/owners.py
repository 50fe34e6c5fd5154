"""Identifies the owner of the traces that a call uses (in the child process).

``tf.function`` keeps separate traces for each function object, and for each instance of a method. Each owner has its
own first call, the only one in which a graph may create variables.
"""

from __future__ import annotations

import dis
import functools
import gc
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ...sandbox.child.binding import disguise, takes_self
from .marks import identity

#: Owners beyond this number are not distinguished: all their calls count as first ones.
MOST = 10_000
UNKEPT = (
    "`tf.function` holds only a weak reference to the object of a method, and nothing else holds the `{}` that it is "
    "called on; keep that in a name of its own"
)
# With at least this many extra references to an instance, they are not checked for being bound methods.
_MOST_BOUND = 4


@dataclass
class Owner:
    """A function object, or a method with one instance.

    ``begun`` is the number of its first call among all calls of the candidate, ``calls`` its number of calls so far;
    ``traces`` and ``compared`` count a check's traces and compared calls of it.
    """

    begun: int
    calls: int = 0
    signatures: set[Any] = field(default_factory=set)
    traces: int = 0
    compared: int = 0
    open_calls: int = 0
    builds: bool = True

    def begin(self) -> bool:
        """Count a call at its start; returns whether it is the first one, or made inside of the first one."""
        self.calls += 1
        self.open_calls += 1
        return self.builds

    def end(self) -> None:
        """Record the end of a call."""
        self.open_calls -= 1
        self.builds = self.builds and self.open_calls > 0


class Owners:
    """The owners of one candidate's traces, in the order of their first calls."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int], Owner] = {}

    def of(self, definition: int, target: Callable[..., Any], args: tuple[Any, ...], call: int) -> Owner:
        """The owner of a call; ``definition`` numbers the function objects, ``call`` all calls of the candidate."""
        receiver = receiver_of(target, args)
        key = definition, identity(receiver) if receiver is not None else 0
        if key not in self.known:
            if len(self.known) >= MOST:
                return Owner(call)
            self.known[key] = Owner(call)
        return self.known[key]

    def most_traced(self) -> Owner:
        """The owner with the most traces."""
        return max(self.known.values(), key=lambda owner: owner.traces, default=Owner(0))

    def as_dict(self, calls: int) -> dict[str, Any]:
        """The number of owners, the number of late ones, and the counts of the one with the most signatures."""
        widest = max(self.known.values(), key=lambda owner: len(owner.signatures), default=Owner(0))
        return {
            "owners": len(self.known),
            "late_owners": sum(owner.begun > calls / 2 for owner in self.known.values()),
            "owner_signatures": len(widest.signatures),
            "owner_calls": widest.calls,
        }


def receiver_of(target: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """The instance of a method call, if a ``tf.function`` keeps separate traces for it; else None."""
    import tensorflow as tf

    if not args or not takes_self(target) or isinstance(args[0], tf.__internal__.CompositeTensor):
        return None
    return args[0]


def is_kept(args: tuple[Any, ...], references: int) -> bool:
    """Whether something other than the call and its bound methods holds the instance of a method call.

    ``references`` is `count_references` of the call's arguments, taken in the hook itself. A bound method of a plain
    function holds its instance; a bound method of a ``tf.function`` holds only a weak reference.
    """
    spare = references - _lone_references()
    if spare >= _MOST_BOUND:
        return True
    bound = sum(isinstance(item, types.MethodType) and item.__self__ is args[0] for item in gc.get_referrers(args[0]))
    return spare > bound


def uses_receiver(target: Callable[..., Any]) -> bool:
    """Whether the code of a method uses its first parameter."""
    code = getattr(target, "__code__", None)
    if code is None or not code.co_argcount:
        return True
    name = code.co_varnames[0]
    loads = [instruction.argval for instruction in dis.get_instructions(code) if "LOAD_FAST" in instruction.opname]
    # Since Python 3.13 one instruction may load two variables.
    return name in code.co_cellvars or any(name in (load if isinstance(load, tuple) else (load,)) for load in loads)


def count_references(args: tuple[Any, ...]) -> int:
    """The number of references to the first argument of a hooked call."""
    return sys.getrefcount(args[0])


@functools.cache
def _lone_references() -> int:
    """The number of references to an instance that nothing holds except a call of its hooked method."""
    counts = []

    class Lone:
        def method(self) -> None:
            counts.append(0)

    def hook(*args: Any, **_: Any) -> None:
        counts.append(count_references(args))

    Lone.method = disguise(hook, Lone.method)  # type: ignore[method-assign]
    Lone().method()
    return counts[0]


def refusal(receiver: Any) -> str:
    """Why a ``tf.function`` can't be a method of this object; empty if it can, and for None.

    This calls no method of the user.
    """
    if receiver is None:
        return ""
    kind = type(receiver)
    lead = f"`tf.function` keeps the traces of a method in a weak dictionary of objects, and a `{kind.__name__}` "
    if not kind.__weakrefoffset__:
        if issubclass(kind, tuple):
            return f"{lead}is a tuple and can't be weakly referenced; make the method a function that takes the tuple"
        if any("__slots__" in vars(base) for base in kind.__mro__ if base.__module__ != "builtins"):
            return f"{lead}can't be weakly referenced: its `__slots__` lack `__weakref__`; add it"
        return f"{lead}can't be weakly referenced; make the method a function"
    if kind.__hash__ is None:
        maker = next(base for base in kind.__mro__ if vars(base).get("__hash__", kind) is None)
        if hasattr(maker, "__dataclass_fields__") and maker.__module__ != "builtins":
            return f"{lead}can't be hashed: it is a dataclass with `__eq__` but no `__hash__`; use @dataclass(eq=False)"
        if maker.__module__ == "builtins":
            return f"{lead}can't be hashed, because it is a {maker.__name__}; hold the {maker.__name__} in an attribute"
        return f"{lead}can't be hashed: it defines `__eq__` but no `__hash__`; add `__hash__ = object.__hash__`"
    return ""
