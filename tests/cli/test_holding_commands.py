"""`optimize check`, `confirm` and `history`, called as functions: what they ask for, and what they leave."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from reports import full

from hybridize import cli
from hybridize.records import Held, Interval, Report, Target
from hybridize.report.document import load_report, to_text
from hybridize.report.history import read

RATIO = Interval(3.0, 2.9, 3.1)


class Called:
    """The command's outcome."""

    def __init__(self, *arguments: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        self.code = cli.main(arguments, out, err)
        self.out, self.err = out.getvalue(), err.getvalue()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """A project with a script and a baseline of it, and a run that only notes what it is asked for."""
    from hybridize.run import pipeline
    from hybridize.run.held import checking, confirming

    (tmp_path / "train.py").write_text("import tensorflow as tf\n")
    monkeypatch.chdir(tmp_path)
    baseline = full(tmp_path)
    # As it was made on another machine.
    target = Target("/ci/p", "/ci/p", "/ci/p/train.py", ("--epochs", "3"), None, 7)
    command = replace(baseline.command, target=target, options={"steps": 50, "network": "deny"})
    baseline = replace(baseline, command=command)
    (tmp_path / "speed.json").write_text(to_text(baseline))
    found = SimpleNamespace(options=None, terms=None, asked=None, report=baseline, baseline=baseline)

    def run(options, watcher, command=(), job=None) -> Report:
        found.options = options
        job(None)
        return found.report

    monkeypatch.setattr(pipeline, "run", run)
    monkeypatch.setattr(checking, "check", lambda work, terms: setattr(found, "terms", terms))
    monkeypatch.setattr(confirming, "confirm", lambda work, asked: setattr(found, "asked", asked))
    return found


def ended(asked: SimpleNamespace, status: str, code: int) -> None:
    held = Held("held", ("train:step",), 0.1, now=RATIO)
    asked.report = replace(asked.baseline, status=status, exit_code=code, held=held)


def test_the_script_its_arguments_and_its_limits_are_those_of_the_baseline(asked: SimpleNamespace) -> None:
    Called("check", "--baseline", "speed.json")
    options = asked.options
    assert (options.script, options.arguments) == (Path("train.py"), ("--epochs", "3"))
    assert (options.steps, options.seed, options.network) == (50, 7, "deny")
    assert asked.terms.baseline.created == asked.baseline.created
    assert (asked.terms.fail_on, asked.terms.pass_inconclusive) == (0.1, True)


def test_what_is_given_goes_before_what_the_baseline_has(asked: SimpleNamespace) -> None:
    Path("other.py").touch()
    given = ("--train-script", "other.py", "--steps", "9", "--fail-on", "25%", "--on-inconclusive", "fail")
    Called("check", "--baseline", "speed.json", *given, "--", "--epochs", "1")
    options = asked.options
    assert (options.script, options.arguments, options.steps) == (Path("other.py"), ("--epochs", "1"), 9)
    assert (asked.terms.fail_on, asked.terms.pass_inconclusive) == (0.25, False)


@pytest.mark.slow
@pytest.mark.parametrize(("text", "share"), [("10%", 0.1), ("0.2", 0.2), ("2.5%", 0.025), (".5", 0.5)])
def test_a_loss_is_a_percentage_or_a_share(asked: SimpleNamespace, text: str, share: float) -> None:
    Called("check", "--baseline", "speed.json", "--fail-on", text)
    assert asked.terms.fail_on == pytest.approx(share)


@pytest.mark.slow
@pytest.mark.parametrize(("status", "code"), [("held", 0), ("lost", 1), ("refuted", 1), ("undecided", 0)])
def test_the_exit_code_is_the_runs(asked: SimpleNamespace, status: str, code: int) -> None:
    ended(asked, status, code)
    assert Called("check", "--baseline", "speed.json").code == code


def test_a_baseline_is_written_where_it_is_asked_for_and_there_is_something_to_hold(asked: SimpleNamespace) -> None:
    ended(asked, "refuted", 1)
    assert Called("check", "--baseline", "new/b.json", "--update-baseline", "--train-script", "train.py").code == 1
    assert not Path("new").exists()
    ended(asked, "held", 0)
    called = Called("check", "--baseline", "new/b.json", "--update-baseline", "--train-script", "train.py")
    assert (called.code, called.err) == (0, "The baseline is in new/b.json.\n")
    assert load_report("new/b.json").held == asked.report.held
    assert asked.terms.baseline is None


def test_a_check_leaves_the_baseline_as_it_is(asked: SimpleNamespace) -> None:
    before = Path("speed.json").read_bytes()
    ended(asked, "held", 0)
    Called("check", "--baseline", "speed.json")
    assert Path("speed.json").read_bytes() == before


@pytest.mark.slow
def test_a_check_is_appended_to_a_history_that_is_told(asked: SimpleNamespace) -> None:
    ended(asked, "held", 0)
    for _ in range(2):
        Called("check", "--baseline", "speed.json", "--history", "h.jsonl")
    assert [entry.ratio for entry in read(Path("h.jsonl"))] == [3.0, 3.0]
    told = Called("history", "h.jsonl")
    assert told.code == 0 and "3.00x [2.90x, 3.10x]" in told.out
    assert told.out.endswith("The speedup did not change by 10% or more in 2 measured checks.\n")


@pytest.mark.slow
def test_a_history_tells_the_step_and_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ratios = [3.0, 3.02, 2.99, 3.01, 2.98, 3.03, 2.41, 2.4, 2.39, 2.42, 2.38, 2.43]
    rows = [
        {"created": f"2026-01-{at + 1:02}", "commit": f"commit{at}", "status": "held", "ratio": r, "low": r, "high": r}
        for at, r in enumerate(ratios)
    ]
    Path("h.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert "stepped 1 time, first seen at commit6." in Called("history", "h.jsonl").out
    assert "not change by 50% or more" in Called("history", "h.jsonl", "--factor", "1.5").out


def test_confirm_asks_for_a_change_or_for_functions(asked: SimpleNamespace) -> None:
    Called("confirm", "--since", "main", "--train-script", "train.py", "--fresh")
    assert (asked.asked.since, asked.asked.candidates, asked.asked.fresh) == ("main", (), True)
    Called("confirm", "--candidate", "train:a", "--candidate", "train:b", "--train-script", "train.py")
    assert (asked.asked.since, asked.asked.candidates, asked.asked.fresh) == (None, ("train:a", "train:b"), False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["check"], "optimize check --baseline FILE"),
        (["check", "--baseline", "none.json"], "make it with optimize check --baseline none.json --update-baseline"),
        (["check", "--baseline", "train.py"], "does not contain JSON"),
        (["check", "--baseline", "speed.json", "--fail-on", "much"], "--fail-on takes a share of the speedup"),
        (["check", "--baseline", "speed.json", "--fail-on", "0"], "--fail-on takes a share of the speedup"),
        (["check", "--baseline", "speed.json", "--on-inconclusive", "no"], "takes pass or fail"),
        (["check", "--baseline", "bare.json"], "has no measured speedup to check"),
        (["check", "--baseline", "empty.json"], "has no decorated function"),
        (["check", "--baseline", "speed.json", "--fail-om", "5%"], "did you mean --fail-on?"),
        (["confirm", "--train-script", "train.py"], "either --since REVISION or --candidate ID"),
        (["confirm", "--since", "a", "--candidate", "b", "--train-script", "train.py"], "either --since REVISION or"),
        (["confirm", "--since", "main"], "Name the script to run"),
        (["history"], "history takes one file"),
        (["history", "none.jsonl"], "There is no none.jsonl"),
        (["history", "speed.json"], "line 1 of"),
        (["history", "speed.json", "--factor", "0.5"], "--factor takes a number above 1"),
    ],
)
def test_wrong_usage_ends_with_one_sentence_and_2(
    asked: SimpleNamespace, arguments: list[str], expected: str
) -> None:
    Path("bare.json").write_text(to_text(replace(asked.baseline, benchmark=None)))
    empty = replace(asked.baseline, held=None, plan=replace(asked.baseline.plan, edits=()))
    Path("empty.json").write_text(to_text(empty))
    called = Called(*arguments)
    assert called.code == 2 and expected in called.err, called.err
    assert called.err.count("\n") == 1
    assert asked.options is None


@pytest.mark.parametrize("command", ["check", "confirm", "history"])
def test_each_explains_itself(command: str) -> None:
    called = Called(command, "--help")
    assert called.code == 0 and f"optimize {command}" in called.out
    assert max(map(len, called.out.splitlines())) <= 120
