"""A hook looks like the function that it stands for, whoever looks at it."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from hybridize.sandbox.child.binding import disguise, is_hook, unhooked

SCALE = 3


def plain(x, y=2):
    """Adds."""
    total = x + y
    return total


def everything(a, b=1, /, c: int = 2, *rest, d, e=(), **more) -> str:
    return f"{a}{b}{c}{rest}{d}{e}{more}"


def reads_a_global(x):
    return x * SCALE


def closing() -> Callable[..., Any]:
    factor, offset = 2, 1

    def inner(x, *, keep=False):
        return [x * factor + offset + n for n in range(2)], lambda: (x, keep)

    return inner


class Base:
    def step(self, x):
        return x + 1


class Trained(Base):
    def __init__(self):
        self.calls = 0

    def step(self, x, __private=1):
        self.calls += 1
        return super().step(x) + __private


FUNCTIONS = [plain, everything, reads_a_global, closing(), Trained.step]
each_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__qualname__)


def hooked(function: Any) -> tuple[Any, list[Any]]:
    calls: list[Any] = []

    def hook(*args: Any, **kwargs: Any) -> Any:
        calls.append((args, kwargs))
        return function(*args, **kwargs)

    return disguise(hook, function), calls


CODE = "co_name co_qualname co_filename co_firstlineno co_argcount co_posonlyargcount co_kwonlyargcount co_varnames "
CODE += "co_nlocals co_flags co_freevars co_names"
FUNCTION = "__name__ __qualname__ __module__ __doc__ __defaults__ __kwdefaults__ __annotations__ __closure__ __dict__"


@each_function
def test_all_that_introspection_reads_is_the_functions(function: Any) -> None:
    hook, _ = hooked(function)
    assert hook is not function and type(hook) is types.FunctionType
    for name in CODE.split():
        assert getattr(hook.__code__, name) == getattr(function.__code__, name), name
    for name in FUNCTION.split():
        assert getattr(hook, name) == getattr(function, name), name
    assert hook.__globals__ is function.__globals__
    assert not hasattr(hook, "__wrapped__") and not vars(hook)
    assert inspect.signature(hook) == inspect.signature(function)
    assert inspect.getfullargspec(hook) == inspect.getfullargspec(function)
    assert inspect.getsource(hook) == inspect.getsource(function)
    assert inspect.getclosurevars(hook) == inspect.getclosurevars(function)
    assert inspect.unwrap(hook) is hook


@pytest.mark.parametrize(
    ("function", "args", "kwargs"),
    [
        (plain, (1,), {}),
        (plain, (), {"y": 3, "x": 1}),
        (everything, (1, 2, 3, 4, 5), {"d": 6, "z": 7}),
        (everything, (1,), {"d": 2}),
        (reads_a_global, (2,), {}),
        (Trained.step, (Trained(), 3), {}),
    ],
)
def test_a_call_reaches_the_hook_and_gives_what_the_function_gives(function: Any, args: Any, kwargs: Any) -> None:
    hook, calls = hooked(function)
    assert hook(*args, **kwargs) == function(*args, **kwargs)
    assert len(calls) == 1
    assert inspect.signature(function).bind(*calls[0][0], **calls[0][1])


def test_what_it_closes_over_is_the_functions_own() -> None:
    hook, calls = hooked(closing())
    values, inner = hook(3, keep=True)
    assert (values, inner()) == ([7, 8], (3, True))
    assert calls == [((3,), {"keep": True})]


@each_function
def test_a_wrong_call_fails_as_the_functions_own(function: Any) -> None:
    hook, calls = hooked(function)
    with pytest.raises(TypeError) as ours:
        hook(nothing=1)
    with pytest.raises(TypeError) as theirs:
        function(nothing=1)
    assert str(ours.value) == str(theirs.value) and not calls


def test_a_method_is_one() -> None:
    hook, calls = hooked(Trained.step)
    kind = type("Kind", (Trained,), {"step": hook})
    trained = kind()
    assert trained.step(1) == 3 and trained.calls == 1
    assert inspect.ismethod(trained.step) and len(calls) == 1


def test_what_is_noted_on_the_hook_is_noted_on_the_function() -> None:
    hook, _ = hooked(plain)
    hook.cache = {}
    assert plain.cache is hook.cache  # type: ignore[attr-defined]
    del plain.cache  # type: ignore[attr-defined]


def test_a_copy_by_its_parts_is_a_hook_too() -> None:
    hook, calls = hooked(plain)
    made = types.FunctionType(hook.__code__, hook.__globals__, "made", hook.__defaults__, hook.__closure__)
    assert made(1) == 3 and len(calls) == 1 and is_hook(made)
    assert copy.copy(hook) is hook


def test_a_hook_can_be_told_from_a_function() -> None:
    hook, _ = hooked(plain)
    other, _ = hooked(plain)
    assert unhooked(hook) is plain and unhooked(plain) is plain and unhooked(3) == 3
    assert is_hook(hook) and is_hook(types.MethodType(hook, 3)) and not is_hook(plain) and not is_hook(len)
    assert hook.__code__ != other.__code__


@pytest.mark.slow
def test_a_hook_that_nobody_holds_keeps_nothing_alive() -> None:
    function = closing()
    held = weakref.ref(function)
    hook, _ = hooked(function)
    del hook, function, _
    gc.collect()
    assert held() is None


def test_a_generator_function_is_wrapped_and_looks_like_one_to_most() -> None:
    def numbers(n):
        yield from range(n)

    hook, calls = hooked(numbers)
    assert list(hook(3)) == [0, 1, 2] and len(calls) == 1
    assert inspect.signature(hook) == inspect.signature(numbers)


def test_a_function_of_a_module_can_be_pickled(monkeypatch: pytest.MonkeyPatch) -> None:
    hook, _ = hooked(plain)
    monkeypatch.setitem(globals(), "plain", hook)
    assert pickle.loads(pickle.dumps(hook)) is hook


def test_a_function_that_is_sent_to_another_process_is_sent_without_its_hook():
    """As joblib does it with those of the script: by their code."""
    cloudpickle = pytest.importorskip("cloudpickle")
    lock = threading.Lock()

    def hook(*args, **kwargs):
        with lock:
            raise AssertionError("the hook was called")

    for function, arguments, expected in [(reads_a_global, (2,), 6), (closing(), (3,), [7, 8])]:
        sent = cloudpickle.loads(cloudpickle.dumps(_by_value(cloudpickle, disguise(hook, function))))
        found = sent(*arguments)
        assert (found[0] if isinstance(found, tuple) else found) == expected


def _by_value(cloudpickle, function):
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    return function
