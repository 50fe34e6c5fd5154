"""Records the project's functions that run, even when a library calls them (in the child process)."""

from __future__ import annotations

import functools
import gc
import sys
import threading
import time
import types
import weakref
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ... import tensorflow_internals
from . import marks
from .grips import reference_to
from .marks import ATOMS

if TYPE_CHECKING:
    from .effects import Project

#: At most this many executed functions are recorded in all, and of one function; each combination of first argument
#: and enclosing variables counts once.
_MOST, _MOST_OF_ONE = 20_000, 1000
# Searches for functions: this many are always made, further ones within this share of the time.
_FREE_SEARCHES, _SEARCH_SHARE = 40, 0.05


@dataclass(frozen=True)
class Ran:
    """A function that ran: its code, and the objects of its names."""

    code: types.CodeType
    space: dict[str, Any]
    parameters: Mapping[str, Any]
    cells: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The function's qualified name, without the enclosing functions."""
        return self.code.co_qualname.rpartition("<locals>.")[2]


class Calls:
    """Records the project's functions that run while it is entered, in this thread and in threads started then.

    It installs a profile function, which also sees calls by libraries. The user's own profile function is still
    called. A profiler that is not a Python function is paused; if it can't be paused, nothing is recorded.
    During tracing AutoGraph runs a rewritten copy of a function. Then the argument of AutoGraph's `converted_call` is
    recorded instead of the copy.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self._foreign: dict[int, types.CodeType] = {}
        self._functions: dict[tuple[int, int], Any] = {}
        self._frames: dict[tuple[Any, ...], tuple[types.CodeType, dict[str, Any], dict[str, Any]]] = {}
        self._before: Any = None
        self._threads: Any = None
        self._on = False
        #: The project's frames that lead here, innermost first, each with its line.
        self.stack: list[tuple[types.CodeType, int]] = []
        self._counts: Counter[int] = Counter()
        self._left_out: dict[int, types.CodeType] = {}
        #: After `ran`: a function with unknown calls or unknown enclosing variables, with its place.
        self.missed = ""

    def __enter__(self) -> Calls:
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None:
            if self.project.owns(frame.f_code):
                self.stack.append((frame.f_code, frame.f_lineno))
            frame = frame.f_back
        self._before = sys.getprofile()
        callable_ = isinstance(self._before, (types.FunctionType, types.MethodType))
        if self._before is not None and not callable_:
            if not (hasattr(self._before, "disable") and hasattr(self._before, "enable")):
                return self
            self._before.disable()
        self._on = True
        self._threads = threading.getprofile()
        threading.setprofile(self._note)
        sys.setprofile(self._joined(self._before) if callable_ else self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if not self._on:
            return
        self._on = False
        threading.setprofile(self._threads)
        if self._before is None or isinstance(self._before, (types.FunctionType, types.MethodType)):
            sys.setprofile(self._before)
        else:
            sys.setprofile(None)
            self._before.enable()

    def _joined(self, other: Callable[..., Any]) -> Callable[..., Any]:
        def both(frame: types.FrameType, event: str, argument: Any) -> None:
            self._note(frame, event, argument)
            other(frame, event, argument)

        return both

    def _note(self, frame: types.FrameType, event: str, _argument: Any) -> None:
        if event != "call":
            return
        code = frame.f_code
        if id(code) in self._foreign:
            return
        if self.project.owns(code):
            local = dict(frame.f_locals)  # a copy, since a parameter may be rebound later
            first = local.get(code.co_varnames[0]) if code.co_argcount else None
            key = id(code), _identity(first), *(_identity(local.get(name), True) for name in code.co_freevars)
            if key in self._frames:
                return
            self._counts[id(code)] += 1
            if len(self._frames) < _MOST and self._counts[id(code)] <= _MOST_OF_ONE:
                self._frames[key] = (code, frame.f_globals, local)
            else:
                self._left_out[id(code)] = code
        elif code.co_name == "converted_call" and "autograph" in code.co_filename:
            local = frame.f_locals
            self._convert(local.get("f"), local.get("args") or (), local.get("kwargs") or {})
        else:
            self._foreign[id(code)] = code

    def _convert(self, function: Any, args: Any, kwargs: Any) -> None:
        """Record a function that AutoGraph is about to call, perhaps as a rewritten copy."""
        while issubclass(type(function), (types.MethodType, functools.partial)):
            if issubclass(type(function), types.MethodType):
                args, function = (function.__self__, *args), function.__func__
            else:
                args, kwargs = (*function.args, *args), {**function.keywords, **kwargs}
                function = function.func
        if not issubclass(type(function), types.FunctionType):
            call = _in_class(type(function), "__call__")
            if issubclass(type(function), type) or not isinstance(call, types.FunctionType):
                return
            args, function = (function, *args), call
        if self.project.owns(function.__code__):
            if args:
                args = (tensorflow_internals.receiver_of(args[0]), *args[1:])
            first = args[0] if args and function.__code__.co_argcount else None
            if len(self._functions) < _MOST:
                self._functions.setdefault((id(function), _identity(first)), (function, tuple(args), dict(kwargs)))

    def ran(self) -> list[Ran]:
        """The functions that ran, once for each first argument."""
        found = [_of_function(*noted) for noted in self._functions.values()]
        frames = list(self._frames.values())
        # A function defined inside another executed one is read with that one, whose variables it uses.
        made = {id(inner) for code, _, _ in frames for inner in code.co_consts if isinstance(inner, types.CodeType)}
        for code, _, local in frames:
            for name in code.co_varnames[: code.co_argcount]:
                if issubclass(type(local.get(name)), types.FunctionType):
                    introduce(local[name])
        seen = made | {id(one.code) for one in found}
        wanted = [code for code, _, local in frames if id(code) not in seen and _lacks_cells(code, local)]
        missed = [code for code in self._left_out.values() if id(code) not in made]
        if wanted and not _find_functions(wanted):
            missed += wanted
        self.missed = next(map(_place, missed), "")
        for code, space, local in frames:
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            found.append(Ran(code, space, {name: local[name] for name in names if name in local}, _cells(code, local)))
        return found


class Member(NamedTuple):
    """A function that ran in an earlier call, and its arguments that are the project's objects, by parameter.

    Neither is kept alive. If the function is gone or was never found, ``code`` and ``space`` replace it.
    """

    code: types.CodeType
    space: dict[str, Any]
    function: Callable[[], Any]
    objects: Mapping[str, Callable[[], Any]]


class Company:
    """The functions of the project that ran in the calls of one candidate so far."""

    def __init__(self) -> None:
        self._members: dict[tuple[int, ...], Member] = {}

    def note(self, calls: Calls) -> None:
        """Add the functions that ran."""
        for ran in calls.ran():
            objects = {name: value for name, value in ran.parameters.items() if calls.project.owns_class(type(value))}
            key = id(ran.code), *map(id, objects.values())
            if len(self._members) < _MOST and key not in self._members:
                references = {name: reference_to(value, _nothing) for name, value in objects.items()}
                self._members[key] = Member(ran.code, ran.space, _function_of(ran), references)

    def members(self) -> list[Member]:
        """The functions that ran, once for each combination of the project's objects in their arguments."""
        return list(self._members.values())


def _nothing() -> None:
    """The reference to an object that can't be weakly referenced; returns None."""


def _function_of(ran: Ran) -> Callable[[], Any]:
    for reference in reversed(_closures.get(id(ran.code), [])):
        function = reference()
        if function is not None and function.__code__ is ran.code:
            return reference
    return _nothing


#: The functions of each code object with free variables; a frame does not show which of them it runs.
_closures: dict[int, list[weakref.ref[types.FunctionType]]] = {}
_searches = 0
_searching_seconds = 0.0
_begun = time.perf_counter()


def introduce(function: Any) -> None:
    """Register a function, so that no search for it is needed when it runs."""
    code = getattr(function, "__code__", None)
    if code is not None and code.co_freevars:
        known = _closures.setdefault(id(code), [])
        if not any(other() is function for other in known):
            known.append(weakref.ref(function))
            del known[:-_MOST_OF_ONE]


def may_search() -> bool:
    """Whether there is time for a search for functions, which scans all objects of the process."""
    spare = _SEARCH_SHARE * (time.perf_counter() - _begun)
    return _searches < _FREE_SEARCHES or _searching_seconds < spare


def _find_functions(codes: list[types.CodeType]) -> bool:
    """Search for the functions of code objects. Returns False if there was no time for it."""
    global _searches, _searching_seconds
    if not may_search():
        return False
    begun = time.perf_counter()
    for code in codes:
        _closures[id(code)] = []
    for found in gc.get_referrers(*codes):
        if isinstance(found, types.FunctionType) and id(found.__code__) in _closures:
            introduce(found)
    _searches += 1
    _searching_seconds += time.perf_counter() - begun
    return True


def _lacks_cells(code: types.CodeType, local: Mapping[str, Any]) -> bool:
    return bool(code.co_freevars) and not _cells(code, local)


def _cells(code: types.CodeType, local: Mapping[str, Any]) -> Mapping[str, Any]:
    """The cells of a code object's free variables, from the last function whose cells hold the values in ``local``."""
    living = [function for known in _closures.get(id(code), []) if (function := known()) and function.__code__ is code]
    values = {name: local[name] for name in code.co_freevars if name in local}
    for function in reversed(living):
        cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=False))
        if len(living) == 1 or all(_content(cells[name]) is value for name, value in values.items()):
            return cells
    return {}


def _in_class(cls: type, name: str) -> Any:
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def _identity(value: Any, by_value: bool = False) -> Any:
    """The identity of an argument; all tensors are the same, and all plain values too, unless compared ``by_value``."""
    kind = type(value)
    if issubclass(kind, ATOMS):
        return (id(kind), marks.text(value)) if by_value else 0
    return 0 if marks.module_of(kind).startswith("tensorflow") else id(value)


def _place(code: types.CodeType) -> str:
    return f"`{code.co_qualname.rpartition('<locals>.')[2]}` ({code.co_filename}:{code.co_firstlineno})"


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _of_function(function: types.FunctionType, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Ran:
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    defaults = function.__defaults__ or ()
    given = dict(zip(names[code.co_argcount - len(defaults) : code.co_argcount], defaults, strict=True))
    given |= function.__kwdefaults__ or {}
    given |= dict(zip(names[: code.co_argcount], args, strict=False))
    given |= {name: value for name, value in kwargs.items() if name in names}
    return Ran(code, function.__globals__, given, dict(zip(code.co_freevars, function.__closure__ or (), strict=False)))
