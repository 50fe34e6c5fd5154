"""The dynamic stage: who is compared with whom, what becomes of a run that breaks, and which line is quoted."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from test_judging import checked, function, observed

from hybridize.dynamic.parent import proof
from hybridize.dynamic.parent.proof import Observed
from hybridize.dynamic.parent.runs import Seen
from hybridize.records import Ending, Function, Reason, RunOutcome, Variant, Verdict

FINISHED = RunOutcome(Ending.FINISHED, 0, 1.0, "log")
NAMES = ("a", "b", "c", "d")


def candidate(name: str) -> Function:
    return replace(function(), id=name)


def outcome(ending: Ending = Ending.FINISHED, **more: Any) -> RunOutcome:
    return replace(FINISHED, ending=ending, **more)


def raised(name: str) -> RunOutcome:
    return outcome(Ending.RAISED, error_type=name)


def seen(**rows: Any) -> Seen:
    return Seen(FINISHED, {"candidates": {name: row.to_json() for name, row in rows.items()}}, copied_root="/copy")


def known(names: Sequence[str] = NAMES, eager: RunOutcome = FINISHED, **rows: Any) -> Observed:
    """What the observing run has left open."""
    rows = {name: rows.get(name, observed()) for name in names}
    open_ = tuple(candidate(name) for name in names)
    return Observed(Seen(eager, {}), (), open_, rows, 4.0, {"/copy": ""}, {})


class Run:
    """A run that breaks with the candidates of ``breaking``, and compares the others."""

    def __init__(self, root: Path, breaking: Sequence[str] = (), skipped: Sequence[str] = ()) -> None:
        self.scan = SimpleNamespace(root=str(root))
        self.outlines: list[Any] = []
        self.target = SimpleNamespace(network=SimpleNamespace(stopped=set()))
        self.breaking, self.skipped = set(breaking), skipped
        self.asked: list[tuple[str, list[str], float]] = []
        self.jobs: list[dict[str, Any]] = []
        self.rows: dict[str, Any] = {}
        self.refused: tuple[str, ...] = ()
        self.errors: tuple[str, ...] = ()

    def edit(self, root: Path, edits: Sequence[Any]) -> tuple[list[Any], dict[str, Reason]]:
        refused = [each.candidate for each in edits if each.candidate in self.skipped]
        return [], dict.fromkeys(refused, Reason("not-editable", "it is a lambda"))

    def check(
        self, names: Sequence[str], files: Any, seconds: float, longest: float, label: str, *args: Any, **more: Any
    ) -> Seen:
        self.asked.append((label, list(names), seconds))
        self.jobs.append({"rare": args[0], "minor": args[2], "longest": longest, **more})
        broken = bool(self.breaking & set(names)) or bool(self.refused)
        made = seen(**{name: self.rows.get(name, checked()) for name in names})
        died = outcome(Ending.KILLED, code=-11) if broken else FINISHED
        contacts = replace(died.contacts, refused=self.refused)
        return replace(made, outcome=replace(died, contacts=contacts), role_errors=self.errors)


def check(run: Any, observed_: Observed, names: Sequence[str] = NAMES) -> dict[str, Any]:
    judged = proof.check(run, observed_, 60.0, {name: Variant() for name in names})
    return {each.function.id: each for each in judged}


# Who breaks a run


def test_the_halves_of_a_run_that_breaks_tell_who_broke_it(tmp_path: Path) -> None:
    run = Run(tmp_path, breaking=["c"])
    found = check(run, known())
    assert {name: each.verdict for name, each in found.items()} == {
        **dict.fromkeys("abd", Verdict.CONFIRMED), "c": Verdict.INCONCLUSIVE
    }  # fmt: skip
    assert "killed by signal 11" in found["c"].reasons[0].message
    assert [names for _, names, _ in run.asked] == [list("abcd"), list("ab"), list("cd"), ["c"], ["d"]]
    assert [seconds for _, _, seconds in run.asked] == [60.0, 30.0, 30.0, 15.0, 15.0]
    assert len({label for label, _, _ in run.asked}) == 5, "each run has a log of its own"


@pytest.mark.parametrize(("most", "longest"), [(math.inf, 90.0), (75.0, 75.0), (20.0, 60.0)])
def test_a_check_goes_beyond_its_time_where_that_leaves_enough(tmp_path: Path, most: float, longest: float) -> None:
    run = Run(tmp_path)
    proof.check(run, known(), 60.0, {name: Variant() for name in NAMES}, most=most)
    assert run.jobs[0]["longest"] == longest and set(run.jobs[0]["callers"]) == set(NAMES)


def test_a_run_that_was_refused_a_connection_was_broken_by_none_of_them(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.refused = ("example.org:443",)
    found = check(run, known())
    assert len(run.asked) == 1 and run.target.network.stopped == {"example.org:443"}
    assert {each.verdict for each in found.values()} == {Verdict.INCONCLUSIVE}


def test_a_failure_of_ours_is_nobodys(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.errors = ("KeyError: 'x'",)
    found = check(run, known())
    assert {each.reasons[0].code for each in found.values()} == {"own-failure"} and len(run.asked) == 1


@pytest.mark.parametrize(
    ("ended", "eager", "words"),
    [
        (outcome(), outcome(), ""),
        (outcome(Ending.CUT), outcome(), ""),
        (outcome(Ending.EXITED, code=3), outcome(Ending.EXITED, code=3), ""),
        (outcome(Ending.EXITED, code=3), outcome(Ending.EXITED, code=0), "exit status 3"),
        (outcome(Ending.EXITED, code=3), outcome(), "exit status 3"),
        (raised("KeyError"), raised("KeyError"), ""),
        (raised("KeyError"), raised("OSError"), "raised KeyError"),
        (raised("KeyError"), outcome(), "raised KeyError"),
        (outcome(Ending.TIMEOUT), outcome(Ending.TIMEOUT), "did not end in time"),
        (outcome(Ending.KILLED, code=-9), outcome(Ending.KILLED, code=-9), "signal 9"),
    ],
)
def test_a_run_that_ends_as_the_original_does_has_not_died(ended: RunOutcome, eager: RunOutcome, words: str) -> None:
    said = proof._how_it_died(ended, eager)
    assert words in said and bool(words) == bool(said)


# Who is compared, and who waits


def test_what_can_not_be_edited_is_told_and_the_others_are_compared(tmp_path: Path) -> None:
    run = Run(tmp_path, skipped=["b"])
    found = check(run, known())
    assert found["b"].verdict is Verdict.INCONCLUSIVE and "it is a lambda" in found["b"].reasons[0].message
    assert run.asked[0][1] == list("acd") and found["a"].verdict is Verdict.CONFIRMED


def test_only_what_is_asked_for_is_compared(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert set(check(run, known(), ["b"])) == {"b"} and run.asked[0][1] == ["b"]


def test_what_a_refuted_caller_hid_is_compared_again_without_it(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.rows = {"a": checked(refutations={"differs": "x"}), "b": checked(compared=0, calls=0, states=0)}
    inner = replace(observed(), callers={"a": 100})
    calls: list[list[str]] = []
    original = run.check

    def check_again(names: Sequence[str], *args: Any, **more: Any) -> Seen:
        calls.append(list(names))
        if len(calls) == 2:
            run.rows = {}
        return original(names, *args, **more)

    run.check = check_again  # type: ignore[method-assign]
    found = check(run, known("abc", b=inner), "abc")
    assert calls == [list("abc"), ["b"]], "the caller is not converted again"
    assert found["a"].verdict is Verdict.REFUTED
    assert found["b"].verdict is found["c"].verdict is Verdict.CONFIRMED


def test_what_is_called_by_others_is_not_compared_again(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.rows = {"a": checked(refutations={"differs": "x"}), "b": checked(compared=0, calls=0, states=0)}
    check(run, known("abc", b=replace(observed(), callers={"c": 100})), "abc")
    assert len(run.asked) == 1


def test_rare_and_minor_candidates_are_told_apart(tmp_path: Path) -> None:
    run = Run(tmp_path)
    few = replace(observed(), calls=2, whole=True)
    rows = {"a": few, "b": replace(observed(), seconds=0.001, own_seconds=0.001, squares=0.0)}
    check(run, known("abc", **rows), "abc")
    assert run.jobs[0]["rare"] == {"a": 2} and run.jobs[0]["minor"] == ["b"]
    check(run, known("a", a=replace(few, whole=False)), "a")
    assert run.jobs[1]["rare"] == {}, "a longer run has more calls of it"
    alone = Run(tmp_path)
    check(alone, known("b", b=rows["b"]), "b")
    assert alone.jobs[0]["minor"] == [], "where all are minor, they are what is waited for"


@pytest.mark.parametrize(("eager", "unfinished"), [(FINISHED, False), (outcome(Ending.CUT), True)])
def test_a_check_knows_whether_the_observed_run_came_to_the_scripts_end(
    eager: RunOutcome, unfinished: bool, tmp_path: Path
) -> None:
    run = Run(tmp_path)
    check(run, known("a", eager), "a")
    assert run.jobs[0]["unfinished"] is unfinished


# What is said


@pytest.fixture
def quote(tmp_path: Path) -> Callable[[str], Reason]:
    (tmp_path / "train.py").write_text("import os\n    rate = schedule()  # decays\n")
    return lambda message: proof._quote(tmp_path, Reason("unstable", message))


def test_the_line_that_a_reason_points_at_is_quoted(quote: Callable[[str], Reason]) -> None:
    found = quote("a constant changes (train.py:2) between traces")
    assert found.message == "a constant changes (train.py:2: `rate = schedule()  # decays`) between traces"
    assert found.place == "train.py:2"


@pytest.mark.parametrize("message", ["no place", "beyond (train.py:9)", "before (train.py:0)", "gone (other.py:1)"])
def test_a_line_that_is_not_there_is_not_quoted(quote: Callable[[str], Reason], message: str) -> None:
    assert quote(message).message == message


def test_times_of_what_was_only_timed_are_shares_of_their_window() -> None:
    rows = {"a": {"calls": 3, "seconds": 1.0}, "b": {"calls": 1, "seconds": 9.0}}
    report = {"timed": {"seconds": 4.0, "functions": rows}}
    found = proof.observed_times(Seen(FINISHED, report))
    assert {name: each.share for name, each in found.items()} == {"a": 0.25, "b": 1.0}
    none = proof.observed_times(Seen(FINISHED, {"timed": {"seconds": 0.0, "functions": rows}}))
    assert {each.share for each in none.values()} == {0.0} and proof.observed_times(Seen(FINISHED, {})) == {}


def test_processes_that_were_started_are_told_by_the_users_lines() -> None:
    report = {"started": [{"how": "fork", "place": "/copy/train.py:3"}], "seconds": 3.0, "own_seconds": 1.0}
    found = proof._offspring(report, "/copy")
    assert found.started == (("fork", "train.py:3"),) and found.share == 0.75
    assert proof._offspring({**report, "started": []}, "/copy").share == 0.0


def test_switches_are_told_by_the_users_lines() -> None:
    thrown = {"kind": "run_eagerly", "name": "run_functions_eagerly", "on": True, "places": ["/copy/pkg/train.py:7"]}
    found = proof._modes({"thrown": [thrown]}, "/copy")
    assert [each.places for each in found.thrown] == [(("pkg/train.py", 7),)]
