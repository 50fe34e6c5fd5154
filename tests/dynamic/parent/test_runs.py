"""The lines that a run of edited files names are the user's, and a run ends when it has done what is wanted."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.dynamic.parent import runs
from hybridize.dynamic.parent.runs import Run, before_edits
from hybridize.records import EditedFile, Ending, RunOutcome, Scan, Target

# A decorator was put in above line 3.
EDITED = EditedFile("pkg/train.py", b"", b"", "", {"pkg.train:step": 4}, (1, 2, 4, 5, 6))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("pkg/train.py:2", "pkg/train.py:2"),
        ("pkg/train.py:3", "pkg/train.py:2"),
        ("then (pkg/train.py:5)", "then (pkg/train.py:4)"),
        ("'/copy/pkg/train.py:6'", "'/copy/pkg/train.py:5'"),
        ("/elsewhere/pkg/train.py:5", "/elsewhere/pkg/train.py:5"),
        ("old_pkg/train.py:5 other.py:5", "old_pkg/train.py:5 other.py:5"),
    ],
)
def test_a_line_of_an_edited_file_is_named_as_it_was_before_the_edit(said: str, meant: str) -> None:
    report = {"candidates": {"pkg.train:step": {"causes": [said], "calls": 3}}}
    wanted = {"candidates": {"pkg.train:step": {"causes": [meant], "calls": 3}}}
    assert before_edits(report, [EDITED], ["/copy", ""]) == wanted


# What a check is told.


def told(monkeypatch: pytest.MonkeyPatch, unfinished: bool = False, **options: Any) -> dict[str, Any]:
    """The job of a check."""
    jobs: list[dict[str, Any]] = []

    def start(target: Any, job: dict[str, Any], *_: Any) -> Any:
        jobs.append(job)
        return SimpleNamespace(
            receive=lambda timeout: None,
            wait=lambda seconds: RunOutcome(Ending.CUT, 0, 1.0, "log"),
            scratch=SimpleNamespace(root="/copy", original=lambda file: file),
            final={},
            summary={},
            role_errors=[],
        )

    monkeypatch.setattr(runs, "start", start)
    scan = Scan("/p", (), (), {}, frozenset(), frozenset(), 0, True)
    run = Run(Target("/p", "/p", "/p/train.py"), scan, Path("/p"), **options)
    run.check(["train:step"], [], 45.0, 60.0, "check", {}, {}, unfinished=unfinished)
    return jobs[0]


def test_no_more_units_are_checked_than_the_user_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, steps=7)["steps"] == 7
    assert told(monkeypatch)["steps"] is None


def test_a_check_that_takes_long_beside_the_script_is_content_with_fewer_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, thrift=12.5)["thrift"] == [12.5, runs.ENOUGH_COMPARED]
    assert told(monkeypatch)["thrift"] is None, "of a script that was cut it is not known how long it takes"


def row(compared: int = 20, awaits: bool = False, refuted: bool = False, retraced: int = 4) -> dict[str, Any]:
    refutations = {"raised": "x"} if refuted else {}
    return {"compared": compared, "retraced": retraced, "refutations": refutations, "reads": {"awaits": awaits}}


def enough(elapsed: float, **rows: dict[str, Any]) -> bool:
    callers = {"inner": ["step", "other"], "itself": ["itself"]}
    return runs._has_compared_enough(["minor"], callers, 60.0, {"candidates": rows}, elapsed)


def test_a_check_goes_beyond_its_time_only_for_what_needs_a_verdict() -> None:
    assert enough(46.0, step=row(6)) and not enough(46.0, step=row(5)) and not enough(46.0, step=row(retraced=2))
    assert enough(46.0, step=row(6), inner=row(0)), "it runs inside of what can be converted"
    assert not enough(46.0, step=row(refuted=True), inner=row(0)), "now it matters"
    assert not enough(46.0, itself=row(0)) and enough(61.0, itself=row(0))


def test_a_check_stays_for_a_change_that_is_said_to_come_where_nothing_else_is_held_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting = row(awaits=True)
    assert not enough(70.0, f=waiting) and not enough(70.0, f=waiting, minor=row(), g=row(refuted=True))
    assert enough(46.0, f=waiting, g=row()), "the others go on"
    assert enough(46.0, f=row()) and not enough(46.0, f=row(3)) and enough(61.0, f=row(3))
    assert enough(46.0, f={**row(), "reads": None})
    assert told(monkeypatch, unfinished=True)["deadline_seconds"] == runs.AWAITING_TIMES * 45.0


def test_no_run_goes_on_after_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs.time, "monotonic", lambda: 100.0)
    assert told(monkeypatch)["deadline_seconds"] == 60.0
    assert told(monkeypatch, deadline=120.0)["deadline_seconds"] == 20.0
    assert told(monkeypatch, deadline=90.0)["deadline_seconds"] == runs.SHORTEST_SECONDS
