"""A call that draws does so each time that it is made from one state; a thread beside it does not."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from hybridize.dynamic.child import drawing
from hybridize.dynamic.child.effects import Change

RANDOM, COUNT = Change("random", "random", "drawn"), Change("attribute", "self.n", "0 then 1")


@pytest.mark.parametrize(
    ("changes", "beside", "theirs"),
    [
        ([RANDOM], True, True),
        ([RANDOM, RANDOM], True, True),
        ([RANDOM], False, False),
        ([RANDOM, COUNT], True, False),
        ([], True, False),
    ],
)
def test_random_states_that_moved_beside_a_thread_may_be_its_doing(
    changes: list[Change], beside: bool, theirs: bool
) -> None:
    assert drawing.may_be_others(changes, SimpleNamespace(beside=beside)) is theirs  # type: ignore[arg-type]


class Script:
    """A call that is made again: what its attempts change, and what was put back."""

    def __init__(self, attempts: list[list[Change]], ops: tuple[str, ...] = (), raises: bool = False) -> None:
        self.attempts, self.path = list(attempts), SimpleNamespace(ops=Counter(ops))
        self.log: list[str] = []
        self.raises = raises
        self.shadow: Any = SimpleNamespace(
            check=SimpleNamespace(advances_iterators=False),
            positions=[],
            args=(),
            kwargs={},
            watch=contextlib.nullcontext(),
            rewind=lambda: self.log.append("rewind"),
            snapshot=self.snapshot,
            original=self.call,
        )

    def call(self) -> None:
        self.log.append("call")
        if self.raises:
            raise ValueError

    def snapshot(self) -> Any:
        found = self.attempts.pop(0)
        return SimpleNamespace(changes=lambda: found, restore=lambda: self.log.append("restore"), beside=True)


@pytest.fixture(autouse=True)
def left(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the variables were put back to; nobody waits."""
    put: list[Any] = []
    parts: dict[str, dict[str, Callable[..., Any]]] = {
        "variables": {"restore": put.append},
        "iterators": {"restore": put.append, "snapshot": lambda: ["moved"]},
    }
    package = sys.modules["hybridize.dynamic.child"]
    for name, functions in parts.items():
        module = ModuleType(name)
        vars(module).update(functions)
        monkeypatch.setitem(sys.modules, f"hybridize.dynamic.child.{name}", module)
        monkeypatch.setattr(package, name, module, raising=False)
    monkeypatch.setattr(drawing.time, "sleep", lambda seconds: None)
    return put


def test_a_moment_in_which_nobody_drew_tells_that_it_was_not_the_call(left: list[Any]) -> None:
    script = Script([[RANDOM], [RANDOM], []])
    assert not drawing.draws_again(script.shadow, script.path, "after")  # type: ignore[arg-type]
    assert script.log.count("call") == 3 and script.log.count("restore") == 2
    assert left == ["after", []], "the variables are as the script's own call has left them"


def test_a_call_that_draws_each_time_draws(left: list[Any]) -> None:
    script = Script([[RANDOM]] * drawing.QUIET_ATTEMPTS)
    assert drawing.draws_again(script.shadow, script.path, "after")  # type: ignore[arg-type]
    assert not script.attempts and left == ["after", []]


def test_another_change_ends_the_attempts() -> None:
    script = Script([[RANDOM], [COUNT], []])
    assert drawing.draws_again(script.shadow, script.path, "after")  # type: ignore[arg-type]
    assert len(script.attempts) == 1


def test_what_the_call_raises_is_the_scripts_own_and_no_draw() -> None:
    script = Script([[]], raises=True)
    assert not drawing.draws_again(script.shadow, script.path, "after")  # type: ignore[arg-type]


@pytest.mark.parametrize("op", ["QueueDequeueV2", "IteratorGetNext"])
def test_a_call_that_can_not_be_made_again_is_not_made(op: str, left: list[Any]) -> None:
    script = Script([], (op,))
    assert drawing.draws_again(script.shadow, script.path, "after")  # type: ignore[arg-type]
    assert not script.log and not left


def test_a_call_whose_iterators_can_be_put_back_is_made_again(left: list[Any]) -> None:
    script = Script([[]], ("IteratorGetNext",))
    script.shadow.check.advances_iterators, script.shadow.positions = True, ["before"]
    assert not drawing.draws_again(script.shadow, script.path, "after")  # type: ignore[arg-type]
    assert left == ["after", ["moved"]]
