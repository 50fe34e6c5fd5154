"""Calls a hooked function as Python would have called it without the hook."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import sys
import warnings
import weakref
from collections.abc import Callable, Mapping
from types import CodeType, FunctionType
from typing import Any

from ... import tensorflow_internals

#: The flags of functions whose call only makes an object that runs them later.
_SUSPENDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_PLACE = "hybridize: the hook"
#: The hooked functions, by the code object of their replacement. Each replacement has its own code object.
_hidden: weakref.WeakKeyDictionary[CodeType, FunctionType] = weakref.WeakKeyDictionary()


def is_graph_function(function: Any) -> bool:
    """Whether this is a result of ``tf.function``."""
    return hasattr(function, "python_function") and hasattr(function, "get_concrete_function")


def bind(function: Any) -> Callable[[tuple[Any, ...], Mapping[str, Any]], Any]:
    """A callable ``call(args, kwargs)`` that behaves like ``function`` in its place.

    A ``tf.function`` in a class body is a descriptor with one set of traces for each instance; a call with the
    instance as first argument would make other traces than the written code does. While another function is
    being traced, AutoGraph converts a plain function, as it would without the hook.
    """
    if not is_graph_function(function):
        return lambda args, kwargs: call_plain(function, args, kwargs)
    if not takes_self(function.python_function):
        return lambda args, kwargs: function(*args, **kwargs)

    def call(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        if not args:
            return function(*args, **kwargs)
        return function.__get__(args[0], type(args[0]))(*args[1:], **kwargs)

    return call


def disguise(hook: Callable[..., Any], function: Any) -> Callable[..., Any]:
    """The replacement of a hooked function: it calls ``hook``, and looks like ``function``.

    The user's own decorators receive it, and may read its code, its parameters or its closure. So it is a function
    with the same ones: its code has the original's names and position, and a body that passes all arguments to the
    hook. A ``tf.function`` has no code of its own; its hook gets the signature and the names.
    """
    if isinstance(function, FunctionType) and not function.__code__.co_flags & _SUSPENDS:
        return _resembling(hook, function)
    original = getattr(function, "python_function", function)
    functools.update_wrapper(hook, original)
    # Keras reads the parameters of ``call`` from ``__signature__``; it does not follow ``__wrapped__``.
    with contextlib.suppress(TypeError, ValueError):
        hook.__dict__["__signature__"] = inspect.signature(original)
    hook.__dict__["autograph_info__"] = {}
    return hook


def unhooked(function: Any) -> Any:
    """The hooked function that a replacement stands for; any other function unchanged."""
    return _hidden.get(function.__code__, function) if isinstance(function, FunctionType) else function


def is_hook(entity: Any) -> bool:
    """Whether this function, or this method's function, is the replacement of a hooked function."""
    function = getattr(entity, "__func__", entity)
    return isinstance(function, FunctionType) and function.__code__ in _hidden


class _Hook(functools.partial[Any]):
    """A hook as a constant in a code object. Pickled (cloudpickle does this for other processes), it becomes the hooked
    function: other processes are not watched, and a hook's state cannot be pickled.
    """

    stands_for: Any

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial, (self.stands_for,)


def _resembling(hook: Callable[..., Any], function: FunctionType) -> FunctionType:
    constant = _Hook(hook)
    constant.stands_for = function
    code = _hand_over(constant, function.__code__)
    twin = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    twin.__kwdefaults__ = function.__kwdefaults__
    twin.__annotations__ = function.__annotations__
    twin.__qualname__, twin.__module__, twin.__doc__ = function.__qualname__, function.__module__, function.__doc__
    # Both share one dictionary, so that the body sees the attributes that a decorator sets.
    twin.__dict__ = function.__dict__
    for name in {"__type_params__"}.intersection(dir(function)):  # from Python 3.12 on
        setattr(twin, name, getattr(function, name))
    _hidden[code] = function
    return twin


def _hand_over(hook: Callable[..., Any], original: CodeType) -> CodeType:
    """Code with the names, parameters and position of ``original``, which passes all its arguments to ``hook``."""
    names, positional = original.co_varnames, original.co_argcount
    end = positional + original.co_kwonlyargcount
    keyword_only = names[positional:end]
    rest = list(names[end:])
    many = rest.pop(0) if original.co_flags & inspect.CO_VARARGS else None
    named = rest.pop(0) if original.co_flags & inspect.CO_VARKEYWORDS else None
    parameters = ast.arguments(
        posonlyargs=[ast.arg(name) for name in names[: original.co_posonlyargcount]],
        args=[ast.arg(name) for name in names[original.co_posonlyargcount : positional]],
        vararg=ast.arg(many) if many is not None else None,
        kwonlyargs=[ast.arg(name) for name in keyword_only],
        kw_defaults=[None] * len(keyword_only),
        kwarg=ast.arg(named) if named is not None else None,
        defaults=[],
    )
    given: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names[:positional]]
    given += [ast.Starred(ast.Name(many, ast.Load()), ast.Load())] if many is not None else []
    keywords = [ast.keyword(name, ast.Name(name, ast.Load())) for name in keyword_only]
    keywords += [ast.keyword(None, ast.Name(named, ast.Load()))] if named is not None else []
    # This never runs; it gives the code the closure of the original.
    closure = ast.If(ast.Constant(False), [ast.Expr(ast.Name(n, ast.Load())) for n in original.co_freevars], [])
    body = [
        *([closure] if original.co_freevars else []),
        ast.Return(ast.Call(ast.Constant(_PLACE), given, keywords)),
    ]
    tree: Any = ast.parse("def outer():\n    def inner(): pass")
    outer = tree.body[0]
    outer.args.args = [ast.arg(name) for name in original.co_freevars]
    outer.body[0].args, outer.body[0].body = parameters, body
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.expr, ast.arg, ast.keyword)):
            node.lineno = node.end_lineno = 1
            node.col_offset = node.end_col_offset = 0
    with warnings.catch_warnings():
        # The compiler warns that a string is not callable; the hook replaces the string below.
        warnings.simplefilter("ignore", SyntaxWarning)
        code: Any = compile(tree, original.co_filename, "exec", dont_inherit=True)
    for _ in range(2):
        code = next(constant for constant in code.co_consts if isinstance(constant, CodeType))
    twin: CodeType = code.replace(
        co_name=original.co_name,
        co_qualname=original.co_qualname,
        co_firstlineno=original.co_firstlineno,
        co_flags=original.co_flags,
        co_names=original.co_names,
        co_varnames=names,
        co_nlocals=len(names),
        co_consts=tuple(hook if constant == _PLACE else constant for constant in code.co_consts),
    )
    return twin


def call_plain(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call a Python function, converted by AutoGraph if the caller is."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or tensorflow.executing_eagerly():
        return function(*args, **kwargs)
    return tensorflow_internals.convert_as_caller(function)(*args, **kwargs)


def takes_self(function: Callable[..., Any]) -> bool:
    """Whether a function was defined in a class body and takes the instance first.

    The qualified name and the first parameter's name decide: the class does not exist yet when the decorator runs.
    """
    code = getattr(function, "__code__", None)
    if code is None or not code.co_argcount:
        return False
    owner = function.__qualname__.rpartition(".")[0]
    return bool(owner) and not owner.endswith("<locals>") and code.co_varnames[0] in ("self", "this", "_self")
