"""Which of the objects that a walk finds code that may run can reach by name (in the child process).

Objects are *near* or *far*. An object is near if code that may run names it: the names in the called function, and in
the project functions that it can reach by name. An object is far if only other methods or functions name it.
"""

from __future__ import annotations

import collections
import dis
import functools
import types
from collections.abc import Mapping
from typing import Any

# Methods that create or show an object run only if code creates or shows one.
MAKING = frozenset({"__init__", "__new__", "__post_init__"})
SHOWING = frozenset(
    {"__repr__", "__str__", "__format__", "__del__", "__init_subclass__", "__set_name__"}
    | {"__getstate__", "__setstate__", "__reduce__", "__reduce_ex__", "__copy__", "__deepcopy__"}
)
_CLASS_OF = frozenset({"type", "__class__"})
# With one of these names code can reach any attribute.
_ANY_NAME = frozenset(
    {"getattr", "setattr", "delattr", "vars", "__dict__", "globals", "locals", "eval", "exec", "getmembers"}
    | {"attrgetter", "methodcaller", "__getattribute__", "__setattr__", "getattr_static"}
)
#: A value that a walk found: its label, the value, and whether it was found in an object of the project.
Entry = tuple[str, Any, bool]


class Near:
    """The near values that a walk has still to visit, and those of attributes that no code has named yet.

    ``any_name``: code that is not known may name any attribute.
    """

    def __init__(self, any_name: bool = False) -> None:
        self.entries: collections.deque[Entry] = collections.deque()
        self._waiting: dict[str, list[Entry]] = {}
        self._named: set[str] = set()
        self._any_name = any_name

    def add(self, entry: Entry, attribute: str | None) -> None:
        """Add a value. That of an attribute waits until code names the attribute."""
        if attribute is None or self.is_named(attribute):
            self.entries.append(entry)
        else:
            self._waiting.setdefault(attribute, []).append(entry)

    def name(self, names: frozenset[str]) -> None:
        """Add the names in code that may run."""
        for name in names:
            if name not in self._named:
                self._named.add(name)
                self.entries.extend(self._waiting.pop(name, ()))
        if not _CLASS_OF.isdisjoint(names) and not self._named >= MAKING:
            self.name(MAKING)
        if not self._any_name and not _ANY_NAME.isdisjoint(names):
            self._any_name = True
            self.entries.extend(self.take_unnamed())

    def is_named(self, attribute: str) -> bool:
        """Whether code that may run names the attribute, or may name any."""
        return self._any_name or attribute in self._named

    def named_in(self, space: Mapping[str, Any]) -> frozenset[str]:
        """The names in a namespace that code names. Code that reaches attributes without a name counts for none."""
        return frozenset(self._named & space.keys())

    def take_unnamed(self) -> list[Entry]:
        """The values of attributes that no code has named. They wait no longer."""
        unnamed = [entry for entries in self._waiting.values() for entry in entries]
        self._waiting.clear()
        return unnamed


@functools.lru_cache(maxsize=4096)
def names_in(code: types.CodeType) -> tuple[frozenset[str], frozenset[str]]:
    """The names that code uses, nested functions included, and the globals that it sets."""
    used = set(code.co_names)
    stored = {step.argval for step in dis.get_instructions(code) if step.opname == "STORE_GLOBAL"}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner = names_in(constant)
            used |= inner[0]
            stored |= inner[1]
    return frozenset(used), frozenset(stored)
