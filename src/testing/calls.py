"""The function under test, and the arguments of its calls."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import tensorflow_internals
from ..sandbox.child.binding import is_graph_function


@dataclass(frozen=True)
class Call:
    """The arguments of one call."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


def call(*args: Any, **kwargs: Any) -> Call:
    """Return the arguments of one call, for calls with keyword arguments: ``call(x, training=True)``."""
    return Call(args, kwargs)


def as_call(given: Any) -> Call:
    """Read a call as given by a test: the result of `call`, a tuple of arguments, or a single argument."""
    if isinstance(given, Call):
        return given
    return Call(given if type(given) is tuple else (given,))


@dataclass(frozen=True)
class Subject:
    """A function, and the `tf.function` made from it.

    ``original`` is the Python function. For a bound method or a callable object, ``receiver`` holds the object, which
    is the first argument.
    """

    name: str
    original: Callable[..., Any]
    receiver: tuple[Any, ...]
    make: Callable[[], Any]

    @classmethod
    def of(cls, function: Callable[..., Any], options: Mapping[str, Any]) -> Subject:
        """Read a function, a bound method or a `tf.function`; ``options`` are those of `tf.function`."""
        import tensorflow as tf

        if is_graph_function(function):
            if options:
                raise TypeError("a tf.function already has options; pass the Python function instead")
            original = function.python_function  # type: ignore[attr-defined]
            # A copy, so that our traces do not appear in the user's function.
            return cls(_name(original), original, (), lambda: tensorflow_internals.clone(function))
        receiver: tuple[Any, ...] = ()
        plain, name = function, _name(function)
        if isinstance(function, types.MethodType):
            receiver, plain = (function.__self__,), function.__func__
        elif not isinstance(function, types.FunctionType):
            # A callable object becomes an argument, so that its state is compared too.
            receiver, plain = (function,), _call
        return cls(name, plain, receiver, lambda: tf.function(plain, **options))

    def arguments(self, given: Call) -> Call:
        """The arguments with which ``original`` is called."""
        return Call((*self.receiver, *given.args), given.kwargs)




def _call(target: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return target(*args, **kwargs)


def _name(function: Callable[..., Any]) -> str:
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(name).rpartition("<locals>.")[2]
