"""A store that the loops under way can still come to is known before it is made, where it would change a read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from reading import COMMON, Program

from hybridize.dynamic.child import ambient

LOOP = """
def step():
    return schedule() * state['rate']

def lower(value):
    global FLAG
    FLAG = True
    state['rate'] *= 0.1
    state['waiting'] += 1

def main(call, late):
    schedule.epoch = 0
    for number in range(3):
        call()
        if late:
            {late}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("late", "label"),
    [
        ("lower(number)", "state['rate']"),
        ("schedule.epoch = number", "self.epoch"),
        ("Schedule.scale = 0.5", "self.scale"),
        ("state.update(rate=2)", "state['rate']"),
        ("setattr(schedule, 'epoch', 2)", "self.epoch"),
        ("state['waiting'] = 3", None),
        ("schedule.epoch = 0", None),  # what it is already
        ("schedule.seen = 3", None),
        ("other = Schedule(); other.count = 2", None),
        ("if schedule.epoch is None: schedule.epoch = 3", None),  # that is filled in already
    ],
)
def test_a_store_that_the_loop_can_come_to_is_known_before_it_is_made(
    program: Callable[[str], Program], late: str, label: str | None
) -> None:
    made = program(COMMON + LOOP.format(late=late))
    made.module.main(made.call, False)
    found = made.reading.as_dict()["ahead"]
    assert [name.rpartition(": ")[2] for name in found] == ([label] if label else [])


CLOSURE = """
def main(call, late):
    rate, other = 1.0, 0

    def step():
        return rate

    globals()["step"] = step
    for number in range(3):
        call()
        other = number
        if late:
            {late}
"""


@pytest.mark.parametrize(("late", "label"), [("rate = 0.1", "rate"), ("pass", None), ("rate = 1.0", None)])
def test_a_variable_of_an_enclosing_function_is_stored_to_by_that_one(
    program: Callable[[str], Program], late: str, label: str | None
) -> None:
    made = program(COMMON + "def step(): pass" + CLOSURE.format(late=late) + "\ndef helped():\n    rate = 3\n")
    made.module.main(made.call, False)
    assert list(made.reading.as_dict()["ahead"]) == ([label] if label else [])


def test_a_store_outside_of_the_loop_is_none_ahead(program: Callable[[str], Program]) -> None:
    made = program(COMMON + LOOP.format(late="pass") + "\ndef other():\n    for n in range(3): schedule.epoch = n\n")
    made.module.main(made.call, False)
    assert made.reading.as_dict()["ahead"] == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("late", "is_another"),
    [
        ("random.set_seed(number)", True),
        ("begin(7)", True),
        ("random.set_seed(4)", True),
        ("random.set_seed(3)", False),  # what it is already
        ("schedule.seed = number", False),
    ],
)
def test_another_seed_that_the_loop_can_come_to_set_is_known(
    program: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch, late: str, is_another: bool
) -> None:
    begin = "\ndef begin(seed):\n    random.set_seed(seed)\n"
    made = program(COMMON + LOOP.format(late=late) + begin)
    monkeypatch.setattr(ambient.given, "seed", 3)
    made.seeded = True
    made.module.main(made.call, False)
    assert list(made.reading.as_dict()["ahead"]) == ([ambient.SEED] if is_another else [])
