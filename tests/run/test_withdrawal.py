"""Edits that the measurement speaks against are taken back, and each conclusion names its own cause."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybridize.options import Options
from hybridize.records import (
    Action,
    Benchmark,
    Crash,
    EditedFile,
    Function,
    FunctionKind,
    Judgement,
    Observation,
    Plan,
    Reason,
    Target,
    Unclear,
    Verdict,
)
from hybridize.run.withdrawal import why_dropped, withdraw
from hybridize.run.work import Work


class Silence:
    """A watcher that nobody looks at."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None


# Each function has two lines, and a decorator in front of it in the edited file.
LINES = {"one": (3, 4), "two": (6, 7)}
EDITED = EditedFile("train.py", b"", b"", "", {"train:one": 4, "train:two": 8}, (1, 2, 4, 5, 6, 8, 9))


def judgement(name: str) -> Judgement:
    kind, (line, end) = FunctionKind.FUNCTION, LINES[name]
    function = Function(
        f"train:{name}", "train.py", line, end, "train", name, kind, None, (), (), (), Action.HYBRIDIZE, None
    )
    return Judgement(
        function, Verdict.CONFIRMED, (Reason("agreed", "agreed"),), Observation(calls=9, seconds=1.0), selected=True
    )


def measured(cause: Unclear | None = None, verdict: str = "inconclusive", crash: Crash | None = None) -> Benchmark:
    return Benchmark(
        "train:one",
        99,
        (),
        None,
        None,
        None,
        None,
        None,
        None,
        False,
        verdict,
        reason="so it is",
        cause=cause,
        crash=crash,
    )


def crashed(*names: str, places: tuple[str, ...] = ()) -> Work:
    work = Work(Options(), Silence(), Target("/p", "/p", "/p/train.py"), Path())  # type: ignore[arg-type]
    work.add([judgement(name) for name in names])
    work.plan = Plan((), (EDITED,))
    work.benchmark = measured(Unclear.EDITED_FAILED, crash=Crash("raised ValueError: singleton", places))
    return work


def test_the_candidate_of_a_plan_that_crashes_is_refuted_and_the_plan_withdrawn() -> None:
    work = crashed("one", places=("/p/train.py:5",))
    assert withdraw(work) == [] and work.plan == Plan() and not work.selected()
    refuted = work.judgements["train:one"]
    assert refuted.verdict is Verdict.REFUTED
    assert refuted.reasons[0].message == (
        "while it was timed, the edited script raised ValueError: singleton at train.py:4; the original script did not"
    )


@pytest.mark.parametrize(
    ("places", "culprit"),
    [
        (("/p/train.py:9",), "two"),
        (("/p/train.py:5",), "one"),
        (("/p/lib.py:5", "/tmp/copy/train.py:9"), "two"),
        (("train.py:8", "train.py:5"), "two"),
    ],
)
def test_of_several_the_one_that_the_error_names_is_refuted_and_the_others_are_left(
    places: tuple[str, ...], culprit: str
) -> None:
    work = crashed("one", "two", places=places)
    (other,) = withdraw(work)
    assert work.judgements[f"train:{culprit}"].verdict is Verdict.REFUTED
    assert other.function.qualname != culprit and other.verdict is Verdict.CONFIRMED


def test_where_the_error_names_nobody_none_of_several_is_called_refuted() -> None:
    work = crashed("one", "two", places=("/p/lib.py:3",))
    assert withdraw(work) == []
    assert {judgement.verdict for judgement in work.judgements.values()} == {Verdict.INCONCLUSIVE}
    assert "does not tell which of train:one, train:two is to blame" in work.judgements["train:one"].reasons[0].message


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (measured(Unclear.BUDGET), "longer --budget"),
        (measured(Unclear.NOISE), "quieter machine"),
        (measured(Unclear.FEW_UNITS), "too short to be measured"),
        (measured(Unclear.OTHER_UNITS), "--steps"),
        (measured(Unclear.HUNG), "hung"),
        (measured(Unclear.SCRIPT_FAILED), "failed"),
        (measured(verdict="slower"), "slower"),
        (measured(verdict="no difference"), "minimum of 1.05x"),
    ],
)
def test_each_conclusion_names_its_own_cause(found: Benchmark, words: str) -> None:
    why = why_dropped(found, 1.05)
    assert words in why
    assert ("budget" in why) == (found.cause is Unclear.BUDGET)
    assert ("so it is" in why) == (found.cause is not Unclear.BUDGET)


def test_what_failed_in_the_run_to_the_end_is_said_to_have_failed_there() -> None:
    work = crashed("one")
    assert work.benchmark is not None
    work.benchmark = replace(work.benchmark, crash=Crash("raised TypeError: no", timed=False))
    withdraw(work)
    said = work.judgements["train:one"].reasons[0].message
    assert said == "run to its end, the edited script raised TypeError: no; the original script did not"
