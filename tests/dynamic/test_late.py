"""A confirmation is a doubt where what the traces read changes, unless every state was traced to the same graph."""

from __future__ import annotations

from typing import Any

import pytest

from hybridize.dynamic.late import doubt_of
from hybridize.dynamic.rows import CheckedRow, ObservedRow

LABEL = "Schedule: self.epoch"
PLACE = {LABEL: "`Schedule.__call__` (train.py:18)"}


def states(*values: int) -> list[dict[str, str]]:
    return [{LABEL: str(value)} for value in values]


def observed(*values: int, changes: int | None = None, overflowed: bool = False) -> ObservedRow:
    number = len(values) - 1 if changes is None else changes
    reads = {"changes": {LABEL: number} if number else {}, "states": states(*values), "overflowed": overflowed}
    return ObservedRow(reads={**reads, "places": PLACE, "labels": [LABEL]})


def checked(*values: int, traced: Any = ((0,),), asked: int = 0, ahead: Any = None) -> CheckedRow:
    changes = {LABEL: len(values) - 1} if len(values) > 1 else {}
    seen = {"changes": changes, "states": states(*values), "overflowed": False, "places": PLACE, "labels": [LABEL]}
    more = {"traced": [states(*each) for each in traced], "asked": asked, "ahead": ahead or {}}
    return CheckedRow(reads={**seen, **more})


def test_what_never_changed_is_no_doubt() -> None:
    assert doubt_of(observed(0), checked(0), False) is None
    assert doubt_of(ObservedRow(), CheckedRow(), False) is None


def test_what_changed_where_no_trace_was_compared_is_a_doubt_that_names_it() -> None:
    doubt = doubt_of(observed(0, 1, 2), checked(0), True)
    assert doubt == (
        "its trace reads `self.epoch` in `Schedule.__call__` (train.py:18), which changed 2 times in the observed run; "
        "no two traces were compared across a change"
    )


def test_what_changed_without_another_graph_so_far_is_a_doubt() -> None:
    doubt = doubt_of(observed(0, 1, 2), checked(0, 1, 2, traced=[(0, 1)], asked=1), True)
    assert doubt is not None and "changed 2 times; the graph has not changed with it so far" in doubt


def test_states_that_were_all_traced_to_one_graph_are_proof_where_the_run_was_whole() -> None:
    seen, row = observed(0, 1, changes=9), checked(0, 1, traced=[(0, 1)], asked=1)
    assert doubt_of(seen, row, True) is None
    assert doubt_of(seen, row, False) is not None, "it may take another value later"
    assert doubt_of(seen, checked(0, 1, traced=[(0, 1), (0,)], asked=1), True) is not None, "one signature was not"
    assert doubt_of(observed(0, 1, changes=900, overflowed=True), row, True) is not None


def test_what_a_trace_reads_and_could_not_be_watched_is_a_doubt_also_where_nothing_was_seen_to_change() -> None:
    row = checked(0)
    assert row.reads is not None
    row.reads["unwatched"] = "`table` in `step` (train.py:3)"
    doubt = doubt_of(observed(0), row, True)
    assert doubt == (
        "its trace reads `table` in `step` (train.py:3), which is too much to watch for changes: "
        "a graph keeps the value from its trace"
    )


def test_what_the_trace_does_not_read_may_change() -> None:
    row = checked(0)
    row.reads["labels"] = []
    assert doubt_of(observed(0, 1), row, True) is None


@pytest.mark.parametrize(("whole", "known"), [(True, False), (False, True)])
def test_a_store_that_the_loop_may_still_come_to_is_a_doubt_unless_the_run_was_whole(whole: bool, known: bool) -> None:
    doubt = doubt_of(observed(0), checked(0, ahead={LABEL: "train.py:62"}), whole)
    assert (doubt is not None) == known
    assert doubt is None or "which the script may still change (train.py:62)" in doubt
