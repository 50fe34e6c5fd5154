"""Which states of what is read were traced: those that the script came to, and those that it will come to."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hybridize.dynamic.child import stability
from hybridize.dynamic.child.calls import Calls, introduce
from hybridize.dynamic.child.effects import Project, Snapshot
from hybridize.dynamic.child.stability import Stability

SOURCE = "STATE = {'rate': 0.5, 'model': object()}\n\n\ndef step():\n    return STATE['rate'], STATE['model']\n"
RATE, MODEL = "STATE['rate']", "STATE['model']"


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[Any]:
    """Makes the `Stability` of a function that was traced once, where the observing run saw these states."""
    (tmp_path / "program.py").write_text(SOURCE)
    module = types.ModuleType("program")
    module.__file__ = str(tmp_path / "program.py")
    sys.modules["program"] = module
    exec(compile(SOURCE, str(tmp_path / "program.py"), "exec"), vars(module))
    introduce(module.step)
    project = Project([str(tmp_path)], [])

    def make(*states: dict[str, str], overflowed: bool = False, unfinished: bool = False) -> tuple[Stability, Any]:
        changed = {label: 1 for state in states for label in state}
        made = Stability(project, {"changes": changed, "states": list(states), "overflowed": overflowed}, unfinished)
        with Calls(project) as calls:
            module.step()
        made.note("key", calls, Snapshot({}, module.step, project).objects, 0.01, False)
        return made, module

    yield make
    sys.modules.pop("program", None)


def test_each_state_that_was_seen_and_not_traced_is_given_the_latest_first(traced: Any) -> None:
    made, module = traced({RATE: "0.5"}, {RATE: "0.25"}, {RATE: "0.125"})
    assert made.awaits
    rates = []
    for state in made.foresee("key"):
        rates.append(module.STATE["rate"])
        made.hold("key", state)
    assert rates == [0.125, 0.25] and module.STATE["rate"] == 0.5
    assert not made.awaits and not list(made.foresee("key"))


def test_a_change_that_the_source_says_will_come_is_waited_for_where_nobody_stayed_to_see_it(
    traced: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for unfinished in (True, False):
        made, module = traced(unfinished=unfinished)
        assert not made.awaits, "nothing will change it"
        monkeypatch.setattr(made.reading, "_ahead", {RATE: "program.py:9"})
        assert made.awaits is unfinished
        module.STATE["rate"] = 0.25
        made.reading.look(always=True)
        assert not made.awaits, "it has come"
        module.STATE["rate"] = 0.5


def test_what_was_found_other_in_a_state_is_explained_by_it(traced: Any) -> None:
    made, _ = traced({RATE: "0.5"}, {RATE: "0.25"})
    for state in made.foresee("key"):
        said = made.explain("key", state)
    assert said.startswith("; `STATE['rate']` changed (0.5 then 0.25, read by `step` (") and "program.py:5" in said
    assert made.awaits


def test_a_state_that_holds_an_object_is_not_made_up(traced: Any) -> None:
    made, module = traced({RATE: "0.5", MODEL: "object 1"}, {RATE: "0.25", MODEL: "object 2"})
    assert not list(made.foresee("key")) and module.STATE["rate"] == 0.5 and made.awaits


def test_the_state_is_put_back_where_the_trace_raises(traced: Any) -> None:
    made, module = traced({RATE: "0.25"})
    given = made.foresee("key")
    next(given)
    assert module.STATE["rate"] == 0.25
    given.close()
    assert module.STATE["rate"] == 0.5


def test_traces_that_only_a_change_asks_for_take_a_share_of_the_time(
    traced: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = traced(*({RATE: str(number / 16)} for number in range(1, 40)))
    now = [made._begun]

    def clock() -> float:
        now[0] += 1.0
        return now[0]

    monkeypatch.setattr(stability, "perf_counter", clock)
    assert 0 < len(list(made.foresee("key"))) < 20
