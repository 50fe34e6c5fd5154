"""What on an object is the project's state, and what a library keeps there for itself."""

from __future__ import annotations

import logging
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybridize.dynamic.child import effects, ownership
from hybridize.dynamic.child.effects import Project, Snapshot

PROJECT = Project([str(Path(__file__).parent)], [])


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that other tests have left in this process are no threads of the script."""
    monkeypatch.setattr(effects, "_is_beside_others", lambda: False)


def nothing(x: Any) -> None:
    """A function of the project that is given something."""


class Holder:
    """Something with one thing that its step uses, and one that only another method uses."""

    def __init__(self, used: Any = None, other: Any = None) -> None:
        self.used, self.other = used, other

    def step(self) -> Any:
        return self.used


def changed(roots: dict[str, Any], function: Any, change: Callable[[], Any]) -> set[str]:
    before = Snapshot(roots, function, PROJECT)
    change()
    assert not before.unseen
    return {found.subject for found in before.changes()}


log = logging.getLogger(__name__)


LAZY: Any = types.ModuleType("a_library_of_a_test")
exec(
    """
import functools

class Lazy:
    def __init__(self):
        self._cache = {}
        self.items = []

    @functools.cached_property
    def size(self):
        return 3

    def ask(self):
        self._cache["answer"] = self.size
        return self.size

class Agent:
    def __init__(self):
        self.memory = []
        self.memoized, self.lru_cache, self.Registry, self.lazy_parts = {}, {}, {}, {}

    def remember(self):
        self.memory.append(1)
        for table in (self.memoized, self.lru_cache, self.Registry, self.lazy_parts):
            table[1] = 1
""",
    vars(LAZY),
)


def use_the_log() -> None:
    log.debug("details")


def test_a_loggers_bookkeeping_is_no_state_of_the_script() -> None:
    log.manager._clear_cache()  # type: ignore[attr-defined]
    others = logging.getLogger("another.of.a.test")
    assert not changed({}, use_the_log, lambda: (use_the_log(), others.isEnabledFor(10), others.setLevel(3)))


def test_what_the_project_sets_on_a_logger_is() -> None:
    project = Project([str(Path(__file__).parent)], ["count"])
    before = Snapshot({}, use_the_log, project)
    log.count = 1  # type: ignore[attr-defined]
    assert [c.subject for c in before.changes()] == ["log.count"]
    before.restore()
    assert not hasattr(log, "count")


def test_what_a_library_fills_on_demand_is_no_state_of_the_script() -> None:
    lazy = LAZY.Lazy()
    assert not changed({"x": lazy}, nothing, lazy.ask)
    assert changed({"x": lazy}, nothing, lambda: lazy.items.append(1)) == {"x.items"}
    assert changed({"x": lazy}, nothing, lambda: setattr(lazy, "more", 1)) == {"x.more"}


def test_what_a_library_does_beside_the_call_is_no_state_of_the_script() -> None:
    holder = Holder(other=LAZY.Lazy())
    assert not changed({"self": holder}, Holder.step, lambda: holder.other.items.append(1))


def test_a_memory_is_no_cache() -> None:
    """What an agent of a library remembers of its steps decides what it does next."""
    agent = LAZY.Agent()
    assert changed({"x": agent}, nothing, agent.remember) == {"x.memory"}


def test_a_projects_subclass_of_a_librarys_class_is_the_projects() -> None:
    class Mine(LAZY.Lazy):  # type: ignore[name-defined, misc]
        pass

    mine = Mine()
    assert not changed({"x": mine}, nothing, mine.ask)
    assert changed({"x": mine}, nothing, lambda: setattr(mine, "calls", 1)) == {"x.calls"}


def made(module: str, name: str = "Thing", *bases: type) -> Any:
    return type(name, bases or (object,), {"__module__": module})


@pytest.mark.parametrize("module", ["tensorflow.python.ops", "keras.src.layers", "tf_keras.src.engine"])
def test_of_tensorflows_and_keras_objects_only_what_the_project_hangs_on_them_counts(module: str) -> None:
    project = Project([str(Path(__file__).parent)], ["count", "built", "_mine"])
    kind = made(module)
    assert ownership.is_left_out(kind)
    attributes = {"count": 1, "built": True, "_mine": 2, "other": 3, "_x": 4}
    assert ownership.watched(kind(), attributes, project) == {"count": 1}


@pytest.mark.parametrize("own", [False, True], ids=["Keras'", "a subclass of the project"])
def test_what_is_assigned_to_a_property_is_found_where_the_class_keeps_it(own: bool) -> None:
    """``layer.trainable = False``: a layer keeps it as ``_trainable``."""

    def keep(self: Any, value: bool) -> None:
        self._trainable = value

    kind = made("keras.src.layers", "Layer")
    kind.trainable = property(lambda self: self._trainable, keep)  # type: ignore[attr-defined]
    kind.name = property(lambda self: self._name)  # type: ignore[attr-defined]
    layer = made(__name__, "Mine", kind)() if own else kind()
    attributes = {"_trainable": True, "_name": "x"}
    for assigned, watched in (["trainable", "name"], {"_trainable": True}), (["other"], {}):
        project = Project([str(Path(__file__).parent)], assigned)
        assert ownership.watched(layer, attributes, project) == watched


def test_of_a_class_of_the_projects_that_is_made_of_theirs_public_attributes_count_as_well() -> None:
    project = Project([str(Path(__file__).parent)], ["_mine"])
    kind = made(__name__, "Net", made("keras.src.models", "Model"))
    attributes = {"count": 1, "_mine": 2, "_x": 4, "built": True, "optimizer": None}
    assert ownership.watched(kind(), attributes, project) == {"count": 1, "_mine": 2}


def test_a_class_of_the_projects_own_has_all_its_attributes_watched() -> None:
    attributes = {"_cache": 1, "built": 2, "registry": 3}
    assert ownership.watched(Holder(), attributes, PROJECT) == attributes


def test_tensors_and_holders_are_known_by_their_classes() -> None:
    assert ownership.is_tensor(made("tensorflow.python.framework.ops", "EagerTensor"))
    assert not ownership.is_tensor(made("tensorflow", "Variable")) and not ownership.is_tensor(made("torch", "Tensor"))
    assert ownership.is_holder(types.SimpleNamespace) and not ownership.is_holder(Holder)


def test_a_class_that_does_not_say_where_it_is_from_is_nobodys() -> None:
    kind = made("x")
    kind.__module__ = None
    assert not ownership.is_left_out(kind) and not ownership.is_tensor(kind) and not ownership.is_holder(kind)
    assert ownership.watched(kind(), {"a": 1, "_cache": 2}, PROJECT) == {"a": 1}
