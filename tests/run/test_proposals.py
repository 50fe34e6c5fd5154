"""Which functions a run tries: the scan proposes them, the user did not exclude them, and no run refuted a part."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.options import Options
from hybridize.records import Action, Finding, Function, FunctionKind
from hybridize.run.proposals import is_proposed, is_to_time, is_wanted, tell

BLOCKER = Finding("HYB101", "`step` prints", "train.py", 2, (), True)
STEP = Function(
    "train:step", "train.py", 1, 2, "train", "step", FunctionKind.FUNCTION, None, (), (), (), Action.HYBRIDIZE, None
)
REFUSED = replace(STEP, proposal=Action.NONE, blocker=BLOCKER)


def work(only: tuple[str, ...] = (), skip: tuple[str, ...] = (), parted: tuple[str, ...] = ()) -> Any:
    notes: list[str] = []
    return SimpleNamespace(
        options=Options(only=only, skip=skip),
        parted=dict.fromkeys(parted),
        notes=notes,
        watcher=SimpleNamespace(note=notes.append),
    )


def test_what_the_scan_proposes_is_tried_unless_the_user_excludes_it() -> None:
    assert is_proposed(work(), STEP) and not is_proposed(work(), REFUSED)
    assert is_proposed(work(only=("train:step",)), STEP) and not is_proposed(work(only=("train:other",)), STEP)
    assert not is_proposed(work(skip=("train:step",)), STEP)
    assert not is_wanted(work(only=("train:step",), skip=("train:step",)), STEP), "--skip takes out of --only"


def test_a_function_of_which_a_part_is_tried_instead_is_not_tried() -> None:
    assert not is_proposed(work(parted=("train:step",)), STEP)
    assert is_wanted(work(parted=("train:step",)), STEP)


@pytest.mark.parametrize(
    ("changes", "timed"),
    [
        ({}, True),
        ({"computes_with_tensors": False}, False),
        ({"computes_with_tensors": True}, True),
        ({"hybrid": "@tf.function"}, False),
        ({"blocker": None}, False),
        ({"proposal": Action.HYBRIDIZE}, False),
        ({"qualname": "Net.__call__"}, True),
        ({"qualname": "Net.__init__"}, False),
        ({"qualname": "train.<lambda>"}, False),
    ],
)
def test_what_is_refused_and_may_take_the_time_all_the_same_is_timed(changes: dict[str, Any], timed: bool) -> None:
    assert is_to_time(replace(REFUSED, **changes)) is timed


def test_the_note_counts_what_the_script_can_reach() -> None:
    elsewhere = replace(STEP, id="other:step", file="other.py")
    hybrid = replace(REFUSED, id="train:hybrid", hybrid="@tf.function")
    known = work()
    found: Any = SimpleNamespace(functions=(STEP, REFUSED, hybrid, elsewhere), reachable=("train.py",))
    tell(known, found)
    assert known.notes == ["1 file, 3 functions: 1 candidate, 1 already a tf.function"]
