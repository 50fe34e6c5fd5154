"""Why a plan that was run cold did not run through as the script does, from how the two runs ended."""

from __future__ import annotations

from typing import Any

import pytest

from hybridize.dynamic.parent import cold
from hybridize.dynamic.parent.cold import Arm, Unit, failure, same_beginnings
from hybridize.dynamic.parent.runs import Seen
from hybridize.records import EditedFile, Ending, Region, RunOutcome


def seen(ending: Ending = Ending.FINISHED, code: int | None = 0, units: int = 20, **changes: Any) -> Seen:
    report = {
        "units": units,
        "traces": {"train:step": {"count": 1, "fault": ""}},
        **changes.pop("report", {}),
    }
    return Seen(RunOutcome(ending, code, 5.0, "log", **changes), report)


@pytest.mark.parametrize(
    ("edited", "eager", "words"),
    [
        (seen(Ending.RAISED, 1, error_type="ValueError", error="x\nValueError: no\n", error_place="train.py:3"), seen(),
         "raises ValueError: no at train.py:3"),
        (seen(Ending.KILLED, -11), seen(), "killed by signal 11"),
        (seen(Ending.EXITED, 1), seen(Ending.CUT), "ends early with exit status 1"),
        (seen(Ending.EXITED, 3), seen(), "exit status 3, not 0"),
        (seen(Ending.EXITED, 3), seen(Ending.EXITED, 2), "exit status 3, not 2"),
        (seen(report={"traces": {"train:Net.call": {"count": 1, "fault": "weights"}}}), seen(),
         "the trace of train:Net.call holds the initial values of variables as constants"),
        (seen(report={"leaks": ["self.mask"]}), seen(), "stores a symbolic tensor in self.mask"),
    ],
)  # fmt: skip
def test_what_speaks_against_a_plan(edited: Seen, eager: Seen, words: str) -> None:
    found = failure(edited, eager)
    assert found is not None and found.reason.startswith("in a fresh process ") and words in found.reason


@pytest.mark.parametrize(
    ("edited", "eager"),
    [
        (seen(), seen()),
        (seen(Ending.CUT), seen(Ending.CUT)),
        (seen(Ending.CUT), seen()),
        (seen(Ending.EXITED, 0), seen()),
        (seen(Ending.EXITED, 0), seen(Ending.CUT)),  # by the clock, perhaps: the units done are compared
        (seen(Ending.EXITED, 3), seen(Ending.EXITED, 3)),
        (seen(Ending.EXITED, None), seen(Ending.EXITED, 0)),
        (seen(Ending.RAISED, 1, error_type="KeyError"), seen(Ending.RAISED, 1, error_type="KeyError")),
        (seen(Ending.CUT, units=0), seen(Ending.CUT)),
        (seen(report={"leaks": ["OLD"]}), seen(report={"leaks": ["OLD"]})),
    ],
)
def test_what_the_script_does_itself_speaks_against_no_plan(edited: Seen, eager: Seen) -> None:
    assert failure(edited, eager) is None


def test_a_failure_names_whom_it_knows() -> None:
    raised = seen(Ending.RAISED, 1, error_type="ValueError", error="no", error_place="train.py:3")
    found = failure(raised, seen())
    assert found is not None and (found.place, found.stale) == ("train.py:3", ())
    faults = {"train:step": "", "train:a": "seeds", "train:b": "weights"}
    rows = {name: {"count": 1, "fault": fault} for name, fault in faults.items()}
    found = failure(seen(report={"traces": rows}), seen())
    assert found is not None and found.stale == ("train:a", "train:b")
    assert "the trace of train:a reads the state of a keras.random.SeedGenerator" in found.reason


def test_stale_weights_are_named_as_the_cause_where_they_make_the_caller_raise() -> None:
    rows = {"train:Net.call": {"count": 1, "fault": "weights"}, "train:step": {"count": 1, "fault": ""}}
    changes = {"error_type": "ValueError", "error": "no gradients", "error_place": "train.py:70"}
    found = failure(seen(Ending.RAISED, 1, report={"traces": rows}, **changes), seen())
    assert found is not None and found.stale == ("train:Net.call",), "not who stands where it was raised"
    assert "the graph would never see trained weights, which is why the edited script then raises" in found.reason
    assert "ValueError: no gradients at train.py:70" in found.reason
    same = failure(seen(Ending.RAISED, 1, report={"traces": rows}, **changes), seen(Ending.RAISED, 1, **changes))
    assert same is not None and "raises" not in same.reason, "the original raises as well"


def test_a_unit_is_found_in_an_edited_file() -> None:
    edited = EditedFile("train.py", b"", b"", "", {"train:step": 5}, (1, 3, 4, 5, 6, 7))
    assert Unit("train:step", "train.py", 4).hook_in([edited])["line"] == 5
    assert Unit("train:other", "train.py", 5).hook_in([edited])["line"] == 6, "not edited itself, but moved"
    assert Unit("model:call", "model.py", 9).hook_in([edited]) == {"id": "model:call", "file": "model.py", "line": 9}
    assert Unit("train:step", "train.py", 4).hook_in([])["line"] == 4


def test_a_region_is_hooked_where_it_is_a_function_and_else_around_its_statements() -> None:
    region = Region("train.py", 4, 6, "train_step", ("x",), ("loss",), (), 3)
    unit = Unit("train:<module>@4-6", "train.py", 4, region=region)
    outlined = EditedFile("train.py", b"", b"", "", {}, (1, 2, 6, 4, 5, 6), outlined={"train:<module>@4-6": 3})
    assert unit.hook_in([outlined]) == {"id": unit.candidate, "file": "train.py", "line": 3}
    around = {"id": unit.candidate, "file": "train.py", "line": 4, "last": 6, "results": ["loss"], "expression": ""}
    assert unit.hook_in([]) == around
    moved = EditedFile("train.py", b"", b"", "", {"train:step": 2}, (1, 3, 4, 5, 6, 7))
    assert unit.hook_in([moved]) == {**around, "line": 5, "last": 7}


def test_all_arms_follow_the_same_functions_and_run_side_by_side() -> None:
    started: list[Any] = []

    class Run:
        def replay(self, *args: Any, **more: Any) -> Any:
            unit, _, ids, _, _, label, nudge = args
            started.append((label, unit, tuple(ids), nudge, more["reach"], more["within"]))
            assert more["patience"] == [(5.0, 2)]
            return label

        def bring_home(self, child: Any, files: Any, seconds: float) -> Any:
            assert len(started) == 2, "all were started before the first is waited for"
            return child

    edited = EditedFile("train.py", b"", b"", "", {"train:step": 5}, (1, 3, 4, 5, 6, 7))
    reach = [Unit("train:other", "train.py", 5)]
    arms = [Arm("plan", (edited,)), Arm("nudged", nudge=1)]
    unit = Unit("train:step", "train.py", 4, within=("a:b",))
    cold.replay(Run(), unit, arms, 30.0, 20, reach, [(5.0, 2)])  # type: ignore[arg-type]
    assert started == [
        ("cold-plan", place("train:step", 5), ("train:step",), 0, [place("train:other", 6)], ("a:b",)),
        ("cold-nudged", place("train:step", 4), (), 1, [place("train:other", 5)], ("a:b",)),
    ]


def place(name: str, line: int) -> dict[str, Any]:
    return {"id": name, "file": "train.py", "line": line}


def born(name: str, value: str = "", shape: str = "(2,)", dtype: str = "float32") -> dict[str, Any]:
    return {"name": name, "shape": shape, "dtype": dtype, **({"value": value} if value else {})}


def test_initial_values_are_those_of_the_same_name_shape_and_dtype() -> None:
    original = [born("a/kernel", "A"), born("b/kernel", "B"), born("b/bias", "C", "(1,)")]
    original.append(born("n", "D", "()", "int64"))
    edited = [born("b/kernel"), born("b/bias", shape="(1,)"), born("a/kernel"), born("n", shape="()", dtype="int32")]
    theirs, ours = same_beginnings(original, edited[:3])
    assert ours == {"0": "B", "1": "C", "2": "A"}
    assert theirs == {"0": "A", "1": "B", "2": "C"}, "only what both begin with is given to both"
    assert "3" not in same_beginnings(original, edited)[1], "another dtype is a different variable"


def test_of_one_name_the_first_is_matched_with_the_first() -> None:
    original = [born("w", "A"), born("w", "B"), born("w", "C", "(3,)")]
    _, ours = same_beginnings(original, [born("w", shape="(3,)"), born("w"), born("w"), born("w")])
    assert ours == {"0": "C", "1": "A", "2": "B"}


def test_scopes_that_a_graph_gave_are_overlooked() -> None:
    original = [born("net/dense/kernel", "A"), born("net/dense/bias", "B", "(1,)")]
    _, ours = same_beginnings(original, [born("dense_1/kernel"), born("dense_1/bias", shape="(1,)")])
    assert ours == {"0": "A", "1": "B"}


def test_what_could_not_be_read_is_not_given() -> None:
    assert same_beginnings([born("w")], [born("w")]) == ({}, {})
