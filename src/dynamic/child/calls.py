"""Inside the child: which of the project's functions run meanwhile, also when a library called them."""

from __future__ import annotations

import functools
import gc
import sys
import threading
import types
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from .grips import reference_to
from .marks import ATOMS

if TYPE_CHECKING:
    from .effects import Project

_MOST = 2000
_MOST_SEARCHES = 40


@dataclass(frozen=True)
class Ran:
    """A function that ran: its code, and where the names in it lead."""

    code: types.CodeType
    space: dict[str, Any]
    parameters: Mapping[str, Any]
    cells: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The function's qualified name, without the functions that it is defined in."""
        return self.code.co_qualname.rpartition("<locals>.")[2]


class Calls:
    """Notes the project's functions that run while it is entered, in this thread and in those begun meanwhile.

    It is a profile function, since those see what a library calls. One of the user's is called as before; a profiler
    that is none of Python's functions is halted meanwhile, or, where it can't be, left alone (then nothing is noted).
    While a function is traced, AutoGraph runs a rewritten copy of it: that is known by what AutoGraph is asked to call.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self._foreign: dict[int, types.CodeType] = {}
        self._functions: dict[tuple[int, int], Any] = {}
        self._frames: dict[tuple[int, int], tuple[types.CodeType, dict[str, Any], dict[str, Any]]] = {}
        self._before: Any = None
        self._threads: Any = None
        self._on = False
        #: The project's frames that lead here, innermost first, each with its line.
        self.stack: list[tuple[types.CodeType, int]] = []

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
        if self.project.has(code.co_filename):
            local = frame.f_locals
            first = local.get(code.co_varnames[0]) if code.co_argcount else None
            if len(self._frames) < _MOST:
                self._frames.setdefault((id(code), _identity(first)), (code, frame.f_globals, local))
        elif code.co_name == "converted_call" and "autograph" in code.co_filename:
            local = frame.f_locals
            self._convert(local.get("f"), local.get("args") or (), local.get("kwargs") or {})
        else:
            self._foreign[id(code)] = code

    def _convert(self, function: Any, args: Any, kwargs: Any) -> None:
        """Note a function that AutoGraph is about to call, perhaps as a rewritten copy."""
        while isinstance(function, (types.MethodType, functools.partial)):
            if isinstance(function, types.MethodType):
                args, function = (function.__self__, *args), function.__func__
            else:
                args, kwargs = (*function.args, *args), {**function.keywords, **kwargs}
                function = function.func
        if not isinstance(function, types.FunctionType):
            call = _in_class(type(function), "__call__")
            if isinstance(function, type) or not isinstance(call, types.FunctionType):
                return
            args, function = (function, *args), call
        if self.project.owns(function.__code__):
            first = args[0] if args and function.__code__.co_argcount else None
            if len(self._functions) < _MOST:
                self._functions.setdefault((id(function), _identity(first)), (function, tuple(args), dict(kwargs)))

    def ran(self) -> list[Ran]:
        """The functions that ran, each once for each first argument."""
        found = [_of_function(*noted) for noted in self._functions.values()]
        seen = {id(one.code) for one in found}
        _find_functions([code for code, _, _ in self._frames.values() if code.co_freevars and id(code) not in seen])
        for code, space, local in self._frames.values():
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            cells = _cells(code, {name: local[name] for name in code.co_freevars if name in local})
            found.append(Ran(code, space, {name: local[name] for name in names if name in local}, cells))
        return found


class Member(NamedTuple):
    """A function that ran in an earlier call, and by parameter, the objects of the project's that it was given.

    Neither is kept alive; where the function is gone or was never known, its code tells where its names lead.
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
        """Take in what ran."""
        for ran in calls.ran():
            objects = {name: value for name, value in ran.parameters.items() if calls.project.owns_class(type(value))}
            key = id(ran.code), *map(id, objects.values())
            if len(self._members) < _MOST and key not in self._members:
                references = {name: reference_to(value, _nothing) for name, value in objects.items()}
                self._members[key] = Member(ran.code, ran.space, _function_of(ran), references)

    def members(self) -> list[Member]:
        """What ran, each function once for the objects that it was given."""
        return list(self._members.values())


def _nothing() -> None:
    """Stands for an object that can't be referred to weakly."""


def _function_of(ran: Ran) -> Callable[[], Any]:
    for reference in reversed(_closures.get(id(ran.code), [])):
        function = reference()
        if function is not None and function.__code__ is ran.code:
            return reference
    return _nothing


#: The functions of a code with free variables; a frame does not tell which of them runs in it.
_closures: dict[int, list[weakref.ref[types.FunctionType]]] = {}
_searches = 0


def introduce(function: Any) -> None:
    """Make a function known, so that it needs not be searched for when it runs."""
    code = getattr(function, "__code__", None)
    if code is not None and code.co_freevars:
        known = _closures.setdefault(id(code), [])
        known.append(weakref.ref(function))
        del known[:-8]


def _find_functions(codes: list[types.CodeType]) -> None:
    """Search for the functions of codes that no function is known for."""
    global _searches
    wanted = [code for code in codes if not any(known() is not None for known in _closures.get(id(code), []))]
    if not wanted or _searches >= _MOST_SEARCHES:
        return
    _searches += 1
    for code in wanted:
        _closures[id(code)] = []
    for found in gc.get_referrers(*wanted):
        if isinstance(found, types.FunctionType) and id(found.__code__) in _closures:
            introduce(found)


def _cells(code: types.CodeType, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The cells behind a code's free variables, which hold ``values`` at present; of the last function that fits."""
    for reference in reversed(_closures.get(id(code), [])):
        function = reference()
        if function is None or function.__code__ is not code:
            continue
        cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=False))
        if all(_content(cells[name]) is value for name, value in values.items()):
            return cells
    return {}


def _in_class(cls: type, name: str) -> Any:
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def _identity(value: Any) -> int:
    """What tells one first argument from another: of tensors and numbers, nothing does."""
    return 0 if isinstance(value, ATOMS) or type(value).__module__.startswith("tensorflow") else id(value)


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
