"""Inside the child: calls a hooked function the way Python would have called it without the hook."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

from .. import tensorflow_internals


def is_graph_function(function: Any) -> bool:
    """Whether this is what ``tf.function`` returns."""
    return hasattr(function, "python_function") and hasattr(function, "get_concrete_function")


def bind(function: Any) -> Callable[[tuple[Any, ...], Mapping[str, Any]], Any]:
    """A callable ``call(args, kwargs)`` that behaves like ``function`` in its place.

    A ``tf.function`` in a class body is a descriptor, with one set of traces for each instance; calling it
    with the instance as its first argument would trace otherwise than the written code does. While
    something else is being traced, a plain function goes through AutoGraph, as it would have unhooked.
    """
    if not is_graph_function(function):
        return lambda args, kwargs: call_plain(function, args, kwargs)
    if not _takes_self(function.python_function):
        return lambda args, kwargs: function(*args, **kwargs)

    def call(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        if not args:
            return function(*args, **kwargs)
        return function.__get__(args[0], type(args[0]))(*args[1:], **kwargs)

    return call


def disguise(wrapper: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """Make a hook look like the function that it stands for.

    Keras reads the parameters of ``call`` from the signature, and not through ``__wrapped__``; AutoGraph is
    to leave the hook alone (which then converts what it calls, see `call_plain`).
    """
    functools.update_wrapper(wrapper, original)
    try:
        wrapper.__dict__["__signature__"] = inspect.signature(original)
    except (TypeError, ValueError):
        pass
    wrapper.__dict__["autograph_info__"] = {}
    return wrapper


def call_plain(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call a Python function; converted by AutoGraph where the caller is being converted."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or tensorflow.executing_eagerly():
        return function(*args, **kwargs)
    return tensorflow_internals.convert_as_caller(function)(*args, **kwargs)


def _takes_self(function: Callable[..., Any]) -> bool:
    """Whether a function was defined in a class body and takes the instance first.

    Decided by the qualified name and the first parameter's name: at the time of decoration the class does
    not exist yet.
    """
    code = getattr(function, "__code__", None)
    if code is None or not code.co_argcount:
        return False
    owner = function.__qualname__.rpartition(".")[0]
    return bool(owner) and not owner.endswith("<locals>") and code.co_varnames[0] in ("self", "this", "_self")
