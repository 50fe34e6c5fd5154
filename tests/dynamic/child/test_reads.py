"""The Python state that calls read: found through whatever the project's functions name, and watched for changes."""

from __future__ import annotations

import logging
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import COMMON, Program

from hybridize.dynamic.child import reads
from hybridize.dynamic.child.grips import Grip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "change", "label"),
    [
        ("def step(): return sorted([1], key=lambda n: schedule())", "schedule.epoch = 3", "self.epoch"),
        ("def step(): return schedule.rate", "schedule.epoch = 3", "self.epoch"),
        ("def step(): return schedule.value()", "schedule.epoch = 3", "self.epoch"),
        ("def step(): return schedule()", "Schedule.scale = 2.0", "self.scale"),
        ("def step(): return state['rate']", "state['rate'] = 0.1", "state['rate']"),
        (
            "def step(): return state.get('nested')['rate']",
            "state['nested'] = {'rate': 0.1}",
            "state['nested']['rate']",
        ),
        ("def step():\n    if FLAG: return 1", "FLAG = True", "FLAG"),
        ("def step(): return sum(c.epoch for c in callbacks)", "callbacks[1].epoch = 2", "callbacks[1].epoch"),
        ("def step(): return len(callbacks)", "callbacks.append(3)", "callbacks"),
        ("def step(s=schedule): return s.epoch", "schedule.epoch = 3", "s.epoch"),
        ("def step(): return helped(state)\ndef helped(s): return s['rate']", "state['rate'] = 0", "s['rate']"),
        ("def step(): return functools.partial(schedule.value)()", "schedule.epoch = 3", "self.epoch"),
        ("def step(): return getattr(schedule, 'epoch', 0)", "schedule.epoch = 3", "schedule.epoch"),
        ("def step(): return vars(schedule)", "schedule.seen = 3", "schedule.seen"),
        ("def step(): return schedule.value()", "Schedule.value = lambda self: 2", "schedule.value"),
        ("def step(): return schedule.value()", "schedule = Schedule()", "schedule"),
        (
            "def make(rate):\n    def step(): return rate['now']\n    return step\nstep = make(state)\n"
            "state['now'] = 1",
            "state['now'] = 2",
            "rate['now']",
        ),
        ("def step(): step.calls\nstep.calls = 0", "step.calls = 1", "step.calls"),
    ],
)
def test_a_change_of_what_a_call_reads_is_seen(
    program: Callable[[str], Program], step: str, change: str, label: str
) -> None:
    made = program(COMMON + step)
    made.call()
    assert made.changed() == {}
    exec(change, vars(made.module))
    names = [name.rpartition(": ")[2] for name in made.changed()]
    assert label in names


LARGE = """
rates = [0.1] * 1000
many = {n: 0.1 for n in range(5000)}
members = {f"member {n}" for n in range(700)}
deep = [[[[[{"rate": [0.1]}]]]]]
pairs = [(n, [n]) for n in range(700)]
schedules = [Schedule() for _ in range(300)]
by_name = {f"{'a long name ' * 20}{n}": n for n in range(300)}
class Settings:
    def __init__(self):
        for n in range(3000):
            setattr(self, f"part_{n}", n)
settings = Settings()
class Node:
    def __init__(self, inner): self.inner = inner
nodes = schedule
for _ in range(9): nodes = Node(nodes)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "change"),
    [
        ("def step(k=7): return rates[k]", "rates[537] = 0.0"),
        ("def step(): return sum(rates)", "rates[997] = 0.0"),
        ("def step(): return sum(many.values())", "many[2503] = 0.0"),
        ("def step(k=3): return many[k]", "many[2503] = True"),
        ("def step(): return len(members & {'a'})", "members.discard('member 333'); members.add('other')"),
        ("def step(): return str(deep)", "deep[0][0][0][0][0]['rate'][0] = 0.0"),
        ("def step(): return str(pairs)", "pairs[431][1][0] = -1"),
        ("def step(): return sum(s.epoch for s in schedules)", "schedules[199].epoch = 3"),
        ("def step(): return sum(by_name.values())", "by_name[[*by_name][123]] = 0"),
        ("def step(): return sum(vars(settings).values())", "settings.part_2777 = 0"),
        ("def step(): return nodes.inner.inner.inner.inner.inner.inner.inner.inner.inner.epoch", "schedule.epoch = 3"),
        (
            "def step(k=1):\n    a, b = (rates, many) if k else (many, rates)\n"
            "    c = a if k else b if k > 1 else members if k > 2 else deep if k > 3 else pairs if k > 4 else by_name"
            " if k > 5 else rates if k > 6 else state if k > 7 else callbacks if k > 8 else schedules\n"
            "    return len(c)",
            "schedules.append(1)",
        ),
    ],
)
def test_a_change_anywhere_in_what_is_large_is_seen(program: Callable[[str], Program], step: str, change: str) -> None:
    made = program(COMMON + LARGE + step)
    made.call()
    assert made.changed() == {} and not made.reading.unwatched
    exec(change, vars(made.module))
    assert made.changed()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner) | st.dictionaries(st.integers() | st.text(max_size=3), inner) | st.tuples(inner),
    max_leaves=12,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(st.lists(VALUES, max_size=3), VALUES, VALUES, st.sampled_from([0, 150, 400]), st.integers(0, 1000))
def test_any_change_of_an_item_is_seen_or_cut(beside: Any, old: Any, new: Any, length: int, place: int) -> None:
    table = [*([0.5] * length), *beside, old]
    place %= len(table)
    grip = Grip(table, True)
    assert grip.holds(table) and not grip.cut
    table[place] = new
    same = repr(new) == repr([*([0.5] * length), *beside, old][place])
    assert grip.holds(table) == same


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("`table` in `step`", "table = [[n] for n in range(30_000)]\ndef step(): return str(table)"),
        (
            "the items of `table` in `step`",
            "table = [Schedule() for n in range(6_000)]\ndef step(): return sum(s.epoch for s in table)",
        ),
    ],
)
def test_what_is_too_large_to_be_watched_is_said(program: Callable[[str], Program], name: str, source: str) -> None:
    made = program(COMMON + source)
    made.call()
    assert name in made.reading.unwatched
    assert made.reading.as_dict()["unwatched"] == made.reading.unwatched


def test_places_beyond_those_that_are_watched_are_said(
    program: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "MOST_PATHS", 1)
    made = program(COMMON + "def step(): return schedule.epoch, FLAG")
    made.call()
    assert "and 1 other places in `step`" in made.reading.unwatched


def test_what_contains_itself_is_no_endless_way(program: Callable[[str], Program]) -> None:
    made = program(COMMON + "table = [1]\ntable.append(table)\ndef step(): return len(table)")
    made.call()
    assert made.changed() == {} and not made.reading.unwatched
    made.module.table[0] = 2
    assert made.changed() == {"table": 1}


@pytest.mark.parametrize(
    ("step", "change"),
    [
        ("def step(): return tally.RATE", "tally.RATE = 0.1"),
        ("def step(): return tally.part.RATE", "tally.part.RATE = 0.1"),
        ("def step(): return tally.table['rate']", "tally.table['rate'] = 0.1"),
        ("def step(): return tally.Class.scale", "tally.Class.scale = 0.1"),
    ],
)
def test_a_constant_of_a_library_s_module_is_watched(
    program: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch, step: str, change: str
) -> None:
    tally: Any = types.ModuleType("tally")
    tally.part = types.ModuleType("tally.part")
    tally.RATE = tally.part.RATE = 1.0
    tally.table = {"rate": 1.0}
    tally.Class = type("Class", (), {"scale": 1.0})
    monkeypatch.setitem(sys.modules, "tally", tally)
    made = program("import tally\n" + step)
    made.call()
    assert made.changed() == {}
    exec(change, vars(made.module))
    assert made.changed()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "change"),
    [
        ("def step(): return schedule()", "schedule.seen += 1"),
        ("def step(): return state['rate']", "state['waiting'] += 1"),
        ("def step(): return helped(state)\ndef helped(s): return s['rate']", "state['waiting'] += 1"),
        ("def step(): return state['nested']['rate']", "state['nested'] = {'rate': 2.0}"),
        ("def step(): logger.debug('one')", "logger.setLevel(30); epoch = 3"),
        ("def step():\n    for c in callbacks: c.value()", "callbacks[0].seen = 7"),
        ("def step():\n    schedule = Schedule()\n    return schedule()", "schedule.epoch = 9"),
    ],
)
def test_what_a_call_does_not_read_may_change(program: Callable[[str], Program], step: str, change: str) -> None:
    made = program(COMMON + step)
    made.call()
    exec(change, vars(made.module))
    assert made.changed() == {}
    logging.getLogger("program").setLevel(0)


def test_changes_are_counted_and_the_states_kept(program: Callable[[str], Program]) -> None:
    made = program(COMMON + "def step(): return schedule()")
    made.call()
    for epoch in (1, 2, 2, 0):
        made.module.schedule.epoch = epoch
        made.changed()
    seen = made.reading.as_dict()
    assert seen["changes"] == {"Schedule: self.epoch": 3}
    assert [state["Schedule: self.epoch"] for state in seen["states"]] == ["0", "1", "2"]
    assert seen["places"]["Schedule: self.epoch"].endswith("program.py:15)")
    assert "`Schedule.__call__`" in seen["places"]["Schedule: self.epoch"]


def test_what_no_chain_leads_to_is_watched_but_no_doubt(program: Callable[[str], Program]) -> None:
    made = program(COMMON + "found = {'x': schedule}\ndef find(): return found\ndef step(): return find()['x'].seen")
    made.call()
    made.module.schedule.seen = 5
    assert made.reading.look(always=True) and not made.reading.changes


def test_what_was_read_is_known_when_the_script_has_ended(program: Callable[[str], Program]) -> None:
    made = program(COMMON + "def step(s): return s()\ndef main(call):\n    s = Schedule()\n    for n in range(2):\n"
                   "        call(s)\n        if n > 5: s.epoch = n\n")  # fmt: skip
    made.module.main(made.call)
    seen = made.reading.as_dict()
    assert "Schedule: self.epoch" in seen["labels"] and "Schedule: self.epoch" in seen["ahead"]
    assert "`Schedule.__call__`" in seen["places"]["Schedule: self.epoch"]


def test_an_object_that_is_gone_is_no_longer_watched(program: Callable[[str], Program]) -> None:
    made = program(COMMON + "def step(): return Schedule()()")
    made.call()
    made.call()
    made.changed()
    assert not made.reading.changes and "Schedule: self.epoch" not in made.reading.values()


PUT = {
    "an item of a global": ("STATE = {'rate': 0.5}\ndef step(): return STATE['rate']", "STATE['rate']", "0.25"),
    "a nested item": ("STATE = {'a': [1, 2]}\ndef step(): return STATE['a'][1]", "STATE['a'][1]", "7"),
    "a global": ("FLAG = False\ndef step(): return FLAG", "FLAG", "True"),
    "an attribute": (
        "class A:\n    def __init__(self): self.mode = 'warm'\na = A()\ndef step(): return a.mode",
        "a.mode",
        "'hot'",
    ),
    "a variable of the function around it": (
        "def outer():\n    rate = 1.0\n    def step(): return rate\n    return step\nstep = outer()",
        "rate",
        "2.0",
    ),
    "a NumPy number": ("import numpy as np\nRATE = np.float32(0.5)\ndef step(): return RATE", "RATE", "0.25"),
}


def test_a_numpy_number_that_was_seen_is_put_there_as_it_was_told(program: Any) -> None:
    """What one run tells of a state, another one puts there."""
    made = program("import numpy as np\nRATE = np.float32(0.25)\ndef step(): return RATE")
    made.call()
    told = made.reading.values()
    made.module.RATE = type(made.module.RATE)(0.5)
    made.changed()
    back = made.reading.put(told)
    assert back is not None and made.step() == 0.25
    back()
    assert made.step() == 0.5


@pytest.mark.slow
@pytest.mark.parametrize(("source", "label", "text"), PUT.values(), ids=PUT)
def test_a_value_that_was_seen_can_be_put_there_and_taken_back(
    program: Any, source: str, label: str, text: str
) -> None:
    made = program(source)
    made.call()
    before = made.reading.values()
    back = made.reading.put({label: text})
    assert back is not None and repr(getattr(made.step(), "item", made.step)()) == text
    back()
    assert not made.changed() and made.reading.values() == before


NOT_PUT = {
    "another type": ("RATE = 1.0\ndef step(): return RATE", {"RATE": "1"}),
    "an object": ("class A: pass\na = A()\ndef step(): return a.x if hasattr(a, 'x') else a", {"a": "object 2"}),
    "a class's attribute": ("class A:\n    mode = 1\ndef step(): return A.mode", {"A.mode": "2"}),
    "what is not read": ("RATE = 1.0\ndef step(): return RATE", {"other": "1.0"}),
    "one of two": (
        "RATE, MODE = 1.0, {}\ndef step(): return RATE, len(MODE)",
        {"RATE": "2.0", "MODE": "dict 12345678"},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("source", "state"), NOT_PUT.values(), ids=NOT_PUT)
def test_what_can_not_be_put_leaves_all_as_it_was(program: Any, source: str, state: dict[str, str]) -> None:
    made = program(source)
    made.call()
    before = made.reading.values()
    put = made.reading.put(state)
    assert put is None or not state.keys() & before.keys()
    assert not made.changed() and made.reading.values() == before
