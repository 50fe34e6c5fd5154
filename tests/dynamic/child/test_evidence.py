"""What compared calls have shown: when it is enough, what refutes and what is a doubt, and that it does not grow."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.dynamic.child import evidence
from hybridize.dynamic.child.effects import Change
from hybridize.dynamic.child.evidence import Check, Rehearsed


def compared(times: int, **more: Any) -> Check:
    check = Check("f")
    check.compared, check.retraced = times, 5
    check.signatures = {(("x", 1),)}
    for name, value in more.items():
        setattr(check, name, value)
    return check


@pytest.mark.parametrize(
    ("check", "enough"),
    [
        (compared(12), True),
        (compared(11), False),
        (compared(12, retraced=2), False),
        (compared(12, expected_signatures=2), False),
        (compared(12, expected_signatures=2, signatures={1, 2}), True),
        (compared(12, expected_signatures=900, signatures=set(range(evidence.SIGNATURES))), True),
        (compared(12, stability=SimpleNamespace(awaits=True)), False),
        (compared(12, stability=SimpleNamespace(awaits=False)), True),
        (compared(2, rehearsal=Rehearsed(3), calls=3), True),
        (compared(2, rehearsal=Rehearsed(3), calls=2), False),
    ],
)
def test_when_enough_was_compared(check: Check, enough: bool) -> None:
    assert check.is_enough(12) is enough


def test_a_refutation_closes_a_check_and_a_doubt_does_not() -> None:
    check = Check("f")
    assert check.open
    check.doubt_state("RandomShuffle")
    assert check.open and "draws random numbers" in check.doubts["state"]
    check.note_effects([Change("attribute", "self.n", "0 then 1")], beside=False)
    assert not check.open


PRINTED = Change("printed", "standard output", "'a'", "train.py:3")
COUNTED = Change("attribute", "self.n", "0 then 1")


@pytest.mark.parametrize(
    ("changes", "beside", "refuted", "words"),
    [
        ([COUNTED], False, True, "self.n"),
        ([COUNTED], True, False, "another thread"),
        ([PRINTED], True, True, "prints ('a') (train.py:3)"),
        ([COUNTED, PRINTED], True, True, "prints"),
        ([COUNTED, PRINTED], False, True, "prints"),
    ],
)
def test_beside_other_threads_only_what_was_seen_as_it_was_done_refutes(
    changes: list[Change], beside: bool, refuted: bool, words: str
) -> None:
    check = Check("f")
    check.note_effects(changes, beside, "while it is traced, ")
    assert bool(check.refutations) is refuted and bool(check.doubts) is not refuted
    said = next(iter((check.refutations or check.doubts).values()))
    assert said.startswith("while it is traced, ") and words in said


def test_the_first_reason_of_a_kind_is_kept() -> None:
    check = Check("f")
    for name in ("self.n", "self.m"):
        check.note_effects([Change("attribute", name, "0 then 1")], beside=False)
    assert "self.n" in check.refutations["effect"]


def function() -> Any:
    return lambda: None


def test_function_objects_are_numbered_once_and_no_number_comes_again() -> None:
    check, other = Check("f"), Check("g")
    one = function()
    first = check.number_of(one)
    assert check.number_of(one) == first
    seen = {first, other.number_of(one)}
    for _ in range(20):  # the next takes the address of the one that is gone
        seen.add(check.number_of(function()))
    assert len(seen) == 22 and list(check.functions) == [one], "none is kept alive"


def test_of_too_many_prints_those_of_functions_that_are_gone_go_first() -> None:
    check, living = Check("f"), function()
    number = check.number_of(living)
    gone = check.number_of(function())
    check.keep_print((gone, "old"), "a")
    for key in range(evidence.PRINTS - 1):
        check.keep_print((number, key), "b")
    check.keep_print((number, "new"), "c")
    assert (gone, "old") not in check.prints and check.prints[number, "new"] == ("c", 1)
    check.keep_print((number, "more"), "d")
    assert len(check.prints) == evidence.PRINTS and (number, "more") not in check.prints
    other = check.number_of(second := function())
    check.keep_print((other, "first"), "e")
    assert len(check.prints) == evidence.PRINTS and (other, "first") in check.prints and second is not None


def test_a_call_that_raised_went_another_way() -> None:
    check = Check("f")
    path: Any = SimpleNamespace(path=7)
    ways = [check.note_path(path, error) for error in (None, ValueError(), KeyError(), ValueError(), None)]
    assert ways[0] == ways[4] and ways[1] == ways[3] and len(set(ways)) == 3
    assert check.paths[ways[0]] == 2


@pytest.mark.slow  # TensorFlow is imported
def test_a_row_says_how_many_calls_went_a_way_that_was_never_compared(tf: Any) -> None:
    check = Check("f")
    one, other = SimpleNamespace(path=1), SimpleNamespace(path=2)
    for path in (one, one, other):
        way = check.note_path(path, None)  # type: ignore[arg-type]
    check.compared_paths[1] += 1
    check.eager_seconds = [3.0, 1.0, 2.0, 9.0]
    row = check.row()
    assert way == 2 and row.unseen_path_calls == 1 and row.compared_paths == 1
    assert row.eager_seconds == 2.5 and row.graph_seconds is None
