"""One clear sentence for each way in which the user's own script fails, or never gets to train."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from hybridize.records import Contacts, Ending, Offspring, RunOutcome
from hybridize.run.failures import explain, refused_in


def outcome(ending: Ending, code: int | None = 0, **changes: Any) -> RunOutcome:
    return RunOutcome(ending, code, 12.0, "/p/results/observe.log", **{"tensorflow_imported": True, **changes})


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (outcome(Ending.RAISED, 1, error_type="ZeroDivisionError", error="division by zero", error_place="train.py:4"),
         "train.py failed by itself, before hybridize changed anything: ZeroDivisionError: division by zero at train"),
        (outcome(Ending.RAISED, 1, error_type="SyntaxError", error="invalid syntax", error_place="train.py:9"),
         "can't be run by Python"),
        (outcome(Ending.RAISED, 1, error_type="ModuleNotFoundError", error="No module named 'wandb'"),
         "needs the package wandb, which this Python"),
        (outcome(Ending.RAISED, 1, error_type="PermissionError", error="no", blocked_writes=("/data/log",)),
         "writes to /data/log, outside of its scratch copy"),
        (outcome(Ending.EXITED, 2), "ended with exit status 2 by itself"),
        (outcome(Ending.EXITED, -int(signal.SIGABRT)), "called os.abort()"),
        (outcome(Ending.KILLED, -int(signal.SIGSEGV)), "was killed by SIGSEGV by itself"),
        (outcome(Ending.KILLED, -77), "was killed by signal 77"),
    ],
)  # fmt: skip
def test_a_script_that_fails_on_its_own(run: RunOutcome, words: str) -> None:
    stop = explain("train.py", run, missed=False, offspring=Offspring())
    assert stop is not None
    assert (stop.status, stop.exit_code) == ("script-failed", 3)
    assert words in stop.message and "\n" not in stop.message


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (outcome(Ending.FINISHED, tensorflow_imported=False), "without importing TensorFlow"),
        (outcome(Ending.EXITED, 0, tensorflow_imported=False), "without importing TensorFlow"),
        (outcome(Ending.FINISHED), "ended after 12 s without calling a candidate"),
        (outcome(Ending.CUT), "ran for 12 s without calling a candidate"),
        (outcome(Ending.TIMEOUT), "Use a longer --budget"),
    ],
)
def test_a_script_that_never_gets_to_train(run: RunOutcome, words: str) -> None:
    stop = explain("train.py", run, missed=True, offspring=Offspring())
    assert stop is not None
    assert (stop.status, stop.exit_code) == ("nothing-to-gain", 0)
    assert words in stop.message


@pytest.mark.parametrize("tensorflow_imported", [True, False])
def test_a_script_that_was_refused_a_connection_is_told_of_the_option(tensorflow_imported: bool) -> None:
    run = outcome(Ending.CUT, tensorflow_imported=tensorflow_imported, contacts=Contacts(stopped="hooks.example:443"))
    stop = explain("train.py", run, missed=True, offspring=Offspring())
    assert stop is not None and (stop.status, stop.exit_code) == ("script-failed", 3)
    assert "connection to hooks.example:443 was refused" in stop.message and "--network allow" in stop.message


def test_a_failure_that_may_come_of_a_refusal_names_it_too() -> None:
    run = outcome(Ending.EXITED, 1, contacts=Contacts(refused=("hooks.example:443",)))
    stop = explain("train.py", run, missed=True, offspring=Offspring())
    assert stop is not None and "connection to hooks.example:443 was refused; --network allow" in stop.message
    assert refused_in(run) == "hooks.example:443"
    assert refused_in(outcome(Ending.FINISHED, contacts=Contacts(refused=("hooks.example:443",)))) == ""


def test_a_script_that_trained_before_it_was_refused_a_connection_goes_on() -> None:
    run = outcome(Ending.CUT, contacts=Contacts(stopped="hooks.example:443"))
    assert explain("train.py", run, missed=False, offspring=Offspring()) is None


@pytest.mark.parametrize("tensorflow_imported", [True, False])
def test_a_script_that_trains_in_other_processes(tensorflow_imported: bool) -> None:
    run = outcome(Ending.FINISHED, tensorflow_imported=tensorflow_imported)
    stop = explain("train.py", run, tensorflow_imported, Offspring((("multiprocessing", "train.py:30"),), 0.93))
    assert stop is not None and stop.status == "nothing-to-gain"
    assert "at train.py:30 (multiprocessing), which did 93% of the computation" in stop.message
    assert "Call the function directly" in stop.message


@pytest.mark.parametrize("ending", [Ending.FINISHED, Ending.EXITED, Ending.CUT, Ending.TIMEOUT])
def test_a_script_that_went_well_enough(ending: Ending) -> None:
    assert explain("train.py", outcome(ending), missed=False, offspring=Offspring()) is None


def test_ctrl_c_in_the_script_is_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt):
        explain("train.py", outcome(Ending.INTERRUPTED, 130), missed=False, offspring=Offspring())
