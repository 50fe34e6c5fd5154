"""Whether a script with statements made functions is the same program: what two runs of it must agree in."""

from __future__ import annotations

from typing import Any

import pytest

from hybridize.dynamic.parent.outlines import Comparison, _compared, _differs
from hybridize.dynamic.parent.runs import Seen
from hybridize.records import Ending, RunOutcome

LINES = ("epoch 0: 1.5", "epoch 1: 0.75")


CHAIN = {"sum": 7, "updates": 60, "chain": "c", "chained": [[220, "p"], [480, "q"]]}


def seen(ending: Ending = Ending.FINISHED, code: int = 0, lines: tuple[str, ...] = LINES, **report: Any) -> Seen:
    said = {"operations": 600, "hash": "h", "marks": ["a", "b"], "values": {"250": "v"}, "last": "w", **CHAIN, **report}
    error = {"error_type": "ValueError", "error": "no", "error_place": "train.py:4"} if ending is Ending.RAISED else {}
    return Seen(RunOutcome(ending, code, 1.0, "log", lines=lines, **error), said)


def test_two_runs_that_do_the_same_are_the_same_program():
    assert _differs(seen(), seen(), None) == ""


# The words are what is said of it.
OTHERS = {
    "it raises": (seen(Ending.RAISED, 1), "it raises ValueError: no at train.py:4"),
    "another exit status": (seen(Ending.EXITED, 3), "exit status 3, not 0"),
    "another operation": (seen(marks=["a", "x"]), "different operations, from number 251 on"),
    "other operations after the last mark": (seen(hash="x"), "ends with different operations"),
    "another value on the way": (seen(values={"250": "x"}), "variables have different values"),
    "another value at the end": (seen(last="x"), "variables have different values"),
    "another line": (seen(lines=(LINES[0], "epoch 1: 0.5")), "line 2 of its output"),
    "the lines in another order": (seen(lines=LINES[::-1]), "line 1 of its output"),
    "a line less": (seen(lines=LINES[:1]), "it prints 1 lines, not 2"),
    "no operation": (seen(operations=0), "no operation that could be compared"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_whatever_is_another_is_told(name):
    other, words = OTHERS[name]
    assert words in _differs(seen(), other, None)
    assert words in _differs(seen(), other, seen()), "a second run of the original was like the first"


def test_what_two_runs_of_the_original_print_otherwise_is_no_difference():
    timed = ("epoch 0: 1.5", "took 1.23 s")
    other, twin = seen(lines=("epoch 0: 1.5", "took 1.31 s")), seen(lines=("epoch 0: 1.5", "took 1.19 s"))
    assert _differs(seen(lines=timed), other, twin) == ""
    assert _differs(seen(lines=timed), seen(lines=("epoch 0: 1.4", "took 1.31 s")), twin) != ""


def test_where_the_original_is_another_in_each_run_nothing_is_known():
    assert "two runs of the original" in _differs(seen(), seen(marks=["a", "x"]), seen(marks=["a", "y"]))
    assert "two runs of the original" in _differs(seen(), seen(last="x"), seen(last="y"))


def test_runs_that_were_cut_are_compared_as_far_as_both_came():
    cut = seen(Ending.CUT, operations=700, marks=["a", "b", "c"], hash="x", last="x", lines=LINES[:1])
    assert _compared(seen(), cut) == 500 and _compared(seen(), seen()) is None
    assert _differs(seen(Ending.CUT), cut, None) == ""
    assert "from number 1 on" in _differs(seen(Ending.CUT), seen(Ending.CUT, marks=["x"]), None)
    assert "too few operations" in _differs(seen(Ending.CUT), seen(Ending.CUT, marks=[]), None)


def test_operations_in_another_order_between_updates_are_the_same_program_where_that_is_allowed():
    other = seen(marks=["x", "y"], hash="x")
    assert "different operations" in _differs(seen(), other, None)
    assert _differs(seen(), other, None, reordered=True) == ""
    cut = seen(Ending.CUT, marks=["x"], hash="x", chained=[[220, "p"]], last="x", lines=LINES[:1])
    assert _differs(seen(Ending.CUT), cut, None, reordered=True) == ""


@pytest.mark.parametrize(
    "other",
    [
        {"chained": [[220, "p"], [480, "x"]]},
        {"sum": 8},
        {"chain": "x"},
        {"operations": 601},
        {"values": {"250": "x"}},
        {"last": "x"},
        {"lines": LINES[:1]},
    ],
    ids=str,
)
def test_no_other_difference_is_allowed_with_it(other: dict[str, Any]):
    assert _differs(seen(), seen(marks=["x", "y"], hash="x", **other), None, reordered=True) != ""


def test_in_another_order_runs_are_compared_up_to_the_last_update_that_both_recorded():
    """Updates that create variables come first: what follows them is not compared by that."""
    short = seen(Ending.CUT, marks=["x", "y", "z"], chained=[[220, "p"]])
    assert _compared(seen(Ending.CUT), short, reordered=True) == 220
    assert _compared(seen(Ending.CUT), seen(Ending.CUT, chained=[]), reordered=True) == 0
    compared = Comparison(run=None, original=seen(Ending.CUT), outlined=replace_done(short, 300), reordered=True)
    assert not compared.reached("train:step")
    compared = Comparison(run=None, original=seen(), outlined=replace_done(seen(), 300), reordered=True)
    assert compared.reached("train:step")


def replace_done(run: Seen, count: int) -> Seen:
    """The run with a function's call that ended at an operation."""
    return Seen(run.outcome, {**run.report, "done": {"train:step": count}})


def test_too_few_updates_show_nothing():
    few = seen(Ending.CUT, chained=[])
    assert "too few operations" in _differs(seen(Ending.CUT), few, None, reordered=True)
