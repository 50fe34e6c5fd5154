"""State in modules and classes that are not the project's: what of it is the script's, and what the library's own."""

from __future__ import annotations

import gc
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridize.dynamic.child import effects, outskirts
from hybridize.dynamic.child.effects import Project, Snapshot

PROJECT = Project([str(Path(__file__).parent)], [])
LIBRARY: Any = types.ModuleType("a_library_of_a_test")
exec("class Lazy:\n    def ask(self): return 3", vars(LIBRARY))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that other tests have left in this process are no threads of the script."""
    monkeypatch.setattr(effects, "_is_beside_others", lambda: False)


def nothing(*_: Any) -> None: ...


TALLY = """
import collections
import itertools

COUNT = 0
SEEN = []
BY_NAME = collections.defaultdict(list)
CALLS = collections.Counter()
_cache = {}
ids = itertools.count()
run = None

class Base:
    count = 0

def bump():
    global COUNT
    COUNT += 1
    SEEN.append(COUNT)
    CALLS["bump"] += 1
    BY_NAME["bump"].append(COUNT)

def recall():
    BY_NAME["bump"].append(COUNT)

def remember():
    global run, late
    _cache[len(_cache)] = next(ids)
    run, late = object(), 1
"""


@pytest.fixture(params=["installed", "a helper", "a part of what is installed"])
def tally(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module that is not below the project's root, and a function of the project's that calls its functions."""
    folder = tmp_path if request.param == "a helper" else tmp_path / "site-packages"
    folder.mkdir(exist_ok=True)
    path = folder / "tally.py"
    path.write_text(TALLY)
    made: Any = types.ModuleType("tally")
    made.__file__ = str(path)
    exec(compile(TALLY, str(path), "exec"), vars(made))
    monkeypatch.setitem(sys.modules, "tally", made)
    within = types.ModuleType("around")
    within.__file__ = str(folder / "around.py")
    within.tally = made  # type: ignore[attr-defined]
    for source in {
        "installed": ["def step(): tally.bump()", "def keep(): tally.remember()", "def more(): tally.recall()"],
        "a helper": ["def step(): bump()", "def keep(): remember()", "def more(): recall()"],
        "a part of what is installed": [
            f"def {name}(): around.tally.{inner}()"
            for name, inner in (("step", "bump"), ("keep", "remember"), ("more", "recall"))
        ],
    }[request.param]:
        space = {**vars(made), "tally": made, "around": within, "__name__": __name__}
        exec(compile(source, __file__, "exec"), space)
        name = source[4:8]
        setattr(made, f"{name}_", space[name])
    made.installed = request.param != "a helper"
    return made


def test_a_count_in_a_module_outside_of_the_project_is_seen(tally: Any) -> None:
    before = Snapshot({}, tally.step_, PROJECT)
    tally.step_()
    assert {c.subject.rpartition(".")[2] for c in before.changes()} == {
        *("COUNT", "SEEN", "CALLS['bump']", "BY_NAME['bump']")
    }
    before.restore()
    assert (tally.COUNT, tally.SEEN, tally.CALLS, tally.BY_NAME) == (0, [], {}, {}) and not before.changes()


def test_what_a_container_outside_of_the_project_holds_is_looked_at_too(tally: Any) -> None:
    tally.bump()
    before = Snapshot({}, tally.more_, PROJECT)
    tally.more_()
    assert [c.subject.rpartition(".")[2] for c in before.changes()] == ["BY_NAME['bump']"]
    before.restore()
    assert tally.BY_NAME == {"bump": [1]} and not before.changes()


def test_what_an_installed_module_keeps_for_itself_is_no_state_of_the_script(tally: Any) -> None:
    before = Snapshot({}, tally.keep_, PROJECT)
    assert not before.unseen
    tally.keep_()
    assert bool(before.changes()) != tally.installed


def use_modules() -> Any:
    return np.steps, sys.path, gc.callbacks, sys.modules, Lower.count  # type: ignore[attr-defined]


class Lower(LIBRARY.Lazy):
    pass


@pytest.mark.parametrize(
    ("change", "back", "subject"),
    [
        (lambda: setattr(np, "steps", 1), lambda: delattr(np, "steps"), "np.steps"),
        (lambda: sys.path.append("x"), lambda: sys.path.remove("x"), "sys.path"),
        (lambda: gc.callbacks.append(nothing), lambda: gc.callbacks.remove(nothing), "gc.callbacks"),
        (lambda: setattr(LIBRARY.Lazy, "steps", 1), lambda: delattr(LIBRARY.Lazy, "steps"), "Lazy.steps"),
        (lambda: setattr(LIBRARY.Lazy, "steps", nothing), lambda: delattr(LIBRARY.Lazy, "steps"), "Lazy.steps"),
        (lambda: sys.modules.update({"x of a test": sys}), lambda: sys.modules.pop("x of a test"), None),
        (lambda: setattr(LIBRARY.Lazy, "other", 1), lambda: delattr(LIBRARY.Lazy, "other"), None),
    ],
)
def test_what_the_project_sets_or_names_in_a_library_is_its_state(change: Any, back: Any, subject: str | None) -> None:
    before = Snapshot({}, use_modules, Project([str(Path(__file__).parent)], ["steps"]))
    change()
    try:
        assert [c.subject for c in before.changes()] == ([subject] if subject else [])
    finally:
        back()


def test_a_table_that_holds_itself_ends() -> None:
    table: dict[str, Any] = {}
    table["self"] = [table]
    found = list(outskirts.containers({"TABLE": table, "other": []}, frozenset({"TABLE"})))
    assert 1 < len(found) < 10 and found[0][:2] == ("TABLE", table)


def test_pythons_and_tensorflows_own_modules_are_no_packages_of_the_users() -> None:
    assert outskirts.is_package("sklearn.tree")
    own = "logging.handlers", "tensorflow.python", "keras", "numpy.random", "absl"
    assert not any(map(outskirts.is_package, own))


def test_public_are_plain_values_and_none_that_is_still_to_come() -> None:
    space = {"RATE": 1, "TABLE": {}, "_cache": {}, "later": None, "Class": LIBRARY.Lazy, "function": nothing}
    assert outskirts.public(space) == {"RATE", "TABLE"}
