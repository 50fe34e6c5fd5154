"""Which functions of the project run in a call: also those that a library calls. Nothing is asked of the values."""

from __future__ import annotations

import cProfile
import functools
import sys
import threading
import types
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reading import COMMON, Program

from hybridize.dynamic.child import calls
from hybridize.dynamic.child.calls import Calls, Company
from hybridize.dynamic.child.effects import Project

PROJECT = Project([str(Path(__file__).parent)], [])


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("a method of the user's was called")


def ran(function: Callable[..., Any], *args: Any) -> list[str]:
    with Calls(PROJECT) as noted:
        function(*args)
    return [each.name for each in noted.ran()]


def helped(x: Any) -> Any:
    return x


def asked(x: Any) -> Any:
    return sorted([x], key=helped)


def test_a_function_that_a_library_calls_has_run() -> None:
    assert set(ran(asked, 1)) == {"asked", "helped"}


def test_what_ran_before_and_after_has_not() -> None:
    helped(1)
    noted = Calls(PROJECT)
    with noted:
        asked(1)
    refused = [each.name for each in noted.ran()]
    helped(1)
    assert [each.name for each in noted.ran()] == refused and sys.getprofile() is None


def test_a_thread_that_is_begun_meanwhile_is_looked_at_as_well() -> None:
    def start() -> None:
        thread = threading.Thread(target=helped, args=(1,))
        thread.start()
        thread.join()

    assert "helped" in ran(start)


class Rate(float):
    """A number of the user's."""

    __eq__ = __ne__ = __repr__ = refuse  # type: ignore[assignment]
    __hash__ = refuse  # type: ignore[assignment]


class Unbound:
    __class__ = property(refuse)  # type: ignore[assignment]


class Homeless:
    __module__ = None  # type: ignore[assignment]


class Secretive:
    __getattribute__ = __eq__ = __len__ = __bool__ = refuse  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("make", [lambda: Rate(1), Unbound, Homeless, Secretive])
def test_no_argument_and_no_variable_around_is_asked_anything(make: Callable[[], Any]) -> None:
    """Whatever is raised in a profile function would reach the script."""
    value = make()

    def closure(x: Any) -> Any:
        return value

    assert set(ran(lambda: (helped(value), closure(value)))) >= {"helped", "closure"}


def test_a_parameter_is_what_was_given_also_where_it_is_bound_to_something_else() -> None:
    def step(x: Any) -> Any:
        x = [x]
        return sys._getframe().f_locals

    with Calls(PROJECT) as noted:
        step("given")
    assert [each.parameters["x"] for each in noted.ran() if each.name == "step"] == ["given"]


def test_a_function_is_noted_once_for_each_object_that_it_is_given() -> None:
    one, other = types.SimpleNamespace(), types.SimpleNamespace()
    assert ran(lambda: [helped(x) for x in (one, other, one, 1, 2)]).count("helped") == 3


def test_of_too_many_objects_it_is_said_which_function_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_MOST_OF_ONE", 3)
    with Calls(PROJECT) as noted:
        kept = [helped(types.SimpleNamespace()) for _ in range(9)]
    assert len(kept) == 9 and [each.name for each in noted.ran()].count("helped") == 3
    assert "`helped`" in noted.missed


FACTORY = """
class Holder:
    def __init__(self): self.rate = 0.1

def make(holder):
    def part(): return holder.rate
    return part

holders = [Holder() for _ in range(30)]
parts = [make(holder) for holder in holders]
import functools

def step():
    return sum(map(lambda n: parts[n](), range(30))), list(map(lambda x: x * schedule.epoch, [1.0]))
"""


def test_the_variables_of_each_of_many_closures_are_watched(program: Callable[[str], Program]) -> None:
    made = program(COMMON + FACTORY)
    made.call()
    assert made.changed() == {}
    made.module.holders[3].rate = 0.2
    assert made.changed()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (FACTORY, "`part`"),
        # What is made in the call itself is looked at with its maker.
        ("def step(w=2):\n    inner = lambda x: x * w\n    return list(map(inner, [1.0]))", ""),
    ],
)
def test_a_closure_whose_variables_were_not_looked_for_is_said(
    program: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    monkeypatch.setattr(calls, "may_search", lambda: False)
    made = program(COMMON + source)
    made.call()
    assert said in made.reading.unwatched and bool(said) == bool(made.reading.unwatched)


# A profile function of the user's


def test_a_profile_function_of_the_user_s_goes_on(program: Callable[[str], Program]) -> None:
    made = program(COMMON + "def step(): return schedule()")
    names: list[str] = []

    def profile(frame: Any, event: str, _argument: Any) -> None:
        names.append(frame.f_code.co_name)

    sys.setprofile(profile)
    try:
        made.call()
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(None)
    assert "step" in names and made.reading.as_dict()["labels"]


def test_a_profiler_of_the_user_s_is_on_again_afterwards(program: Callable[[str], Program]) -> None:
    made = program(COMMON + "def step(): return schedule()")
    profiler = cProfile.Profile()
    profiler.enable()
    try:
        made.call()
        made.module.helped = None
        made.module.schedule.value()
    finally:
        profiler.disable()
    profiler.create_stats()
    assert any(name == "value" for _, _, name in profiler.stats)  # type: ignore[attr-defined]
    assert made.reading.as_dict()["labels"]


# The company of a call


REGISTRY: Any = types.ModuleType("a_library_of_a_test")
exec(
    """
functions = []

def call_all():
    return [function() for function in functions]
""",
    vars(REGISTRY),
)


def test_an_object_that_is_gone_is_not_kept_for_its_method() -> None:
    class Tap:
        def call(self) -> None: ...

    tap = Tap()
    REGISTRY.functions[:] = [tap.call]
    company = Company()
    with Calls(PROJECT) as noted:
        REGISTRY.call_all()
    company.note(noted)
    (member,) = [each for each in company.members() if each.code is Tap.call.__code__]
    assert member.objects["self"]() is tap
    gone = weakref.ref(tap)
    REGISTRY.functions.clear()
    del tap, noted
    assert gone() is None and member.objects["self"]() is None


def test_the_company_grows_with_functions_and_not_with_calls() -> None:
    company = Company()
    for _ in range(5):
        with Calls(PROJECT) as noted:
            asked(1)
        company.note(noted)
    assert sorted(each.code.co_name for each in company.members()) == ["asked", "helped"]


def test_a_function_is_found_by_its_partial_and_its_method() -> None:
    class Tap:
        def call(self, x: Any) -> None: ...

    assert ran(functools.partial(Tap().call, 1)) == [f"{Tap.__name__}.call"]
