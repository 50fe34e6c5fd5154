"""The script is sampled in runs of their own; what can't be had becomes a reason and never a failure."""

from __future__ import annotations

import json
import os
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybridize.measure import profile, samples, spy
from hybridize.measure.profile import Recording, compose, run_profile, worth_following
from hybridize.measure.samples import Tally
from hybridize.records import (
    Action,
    EditedFile,
    Ending,
    Function,
    FunctionKind,
    Judgement,
    Observation,
    Profile,
    RunOutcome,
    Target,
    Verdict,
)
from hybridize.sandbox.parent import launch, processes
from hybridize.sandbox.protocol import HOOK_FILE


def judgement(
    name: str, verdict: Verdict = Verdict.CONFIRMED, share: float = 0.9, calls: int = 100, **facts: Any
) -> Judgement:
    whole: dict[str, Any] = {"line": 1, "hybrid": None, "file": "train.py", **facts}
    function = Function(
        id=f"train:{name}",
        end_line=whole["line"],
        module="train",
        qualname=name,
        kind=FunctionKind.FUNCTION,
        parameters=(),
        findings=(),
        assumptions=(),
        proposal=Action.HYBRIDIZE,
        blocker=None,
        **whole,
    )
    return Judgement(function, verdict, (), Observation(calls=calls, seconds=10 * share, share=share))


# What is followed


def test_what_is_confirmed_or_took_time_is_followed_the_hottest_first() -> None:
    judgements = [
        judgement("cheap", share=0.001),
        judgement("hot", Verdict.REFUTED),
        judgement("cold", Verdict.REFUTED, share=0.001),
        judgement("never", calls=0),
        judgement("wrapped", hybrid="tf.function(wrapped)"),
        judgement("hybrid", Verdict.NOT_PROPOSED, share=0.5, hybrid="@tf.function"),
    ]
    assert [j.function.qualname for j in worth_following(judgements)] == ["hot", "hybrid", "cheap"]


def test_no_more_than_so_many_are_followed() -> None:
    assert len(worth_following([judgement(f"f{n}") for n in range(80)])) == profile.MOST_CANDIDATES


# The result


def test_shares_of_both_runs_stand_side_by_side_with_the_bound() -> None:
    before, after = Tally(400, {"train:step": 380, "train:loss": 100}), Tally(200, {"train:step": 100})
    found = compose(["train:loss", "train:step"], {"eager": Recording(before), "edited": Recording(after)})
    step, loss = found.shares
    assert (step.candidate, step.before, step.after) == ("train:step", 0.95, 0.5)
    assert (loss.candidate, loss.before, loss.after) == ("train:loss", 0.25, 0.0)
    assert (found.samples_before, found.samples_after, found.reason) == (400, 200, "")
    # At most means at most: the bound of a share that was sampled is that of its upper end.
    assert step.bound is not None and step.bound > 1 / (1 - 0.95)


def test_a_run_that_could_not_be_made_is_named_and_the_other_one_counts() -> None:
    found = compose(["a"], {"eager": Recording(Tally(100, {"a": 50})), "edited": Recording(reason="it hung")})
    assert (found.shares[0].before, found.shares[0].after) == (0.5, None)
    assert found.reason == "after: it hung"


def test_without_any_run_there_are_no_shares() -> None:
    assert compose(["a"], {"eager": Recording(reason="it may not")}).shares == ()
    assert compose(["a"], {"eager": Recording(reason="it may not")}).reason == "it may not"


def test_too_few_samples_give_no_number_and_say_so() -> None:
    found = compose(["a"], {"eager": Recording(Tally(9, {"a": 9}), (), "9 samples are too few")})
    assert (found.shares[0].before, found.shares[0].bound, found.samples_before) == (None, None, 9)
    assert found.reason == "before: 9 samples are too few"


# With a py-spy and children that only play their parts


class Copy:
    @staticmethod
    def original(text: str) -> str:
        return text.replace("/copy/", "/project/")


class Script:
    """A child that says what it is told to say."""

    def __init__(self, *events: dict[str, Any] | None) -> None:
        self.events = list(events)
        self.scratch = Copy
        self.role_errors: list[str] = []
        self.told: list[dict[str, Any]] = []
        self.closed = False

    def receive(self, timeout: float) -> dict[str, Any] | None:
        if not self.events:
            time.sleep(min(timeout, 0.01))
            raise TimeoutError
        return self.events.pop(0)

    def send(self, message: dict[str, Any]) -> None:
        self.told.append(message)

    def close(self) -> RunOutcome:
        self.closed = True
        return RunOutcome(Ending.CUT, None, 1.0, "")


STARTED = {"event": "started", "pid": os.getpid()}
TRAINING = ({"event": "called"}, {"event": "training"})
TARGET = Target("/project", "/project", "/project/train.py")
FILES = (EditedFile("train.py", b"", b"", "", {"train:step": 2}, (2, 3)),)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Makes a py-spy of a few lines of Python, in which ``output`` is the file to write."""
    monkeypatch.setattr(profile, "RECORD_SECONDS", 0.2)
    monkeypatch.setattr(spy, "WRITE_SECONDS", 0.5)
    monkeypatch.setattr(spy, "ATTACH_SECONDS", 5.0)

    def make(code: str) -> str:
        path = tmp_path / "py-spy"
        start = "import sys, time\noutput = sys.argv[sys.argv.index('--output') + 1]\n"
        path.write_text(f"#!{sys.executable}\n{start}{textwrap.dedent(code)}")
        path.chmod(0o755)
        return str(path)

    return make


def recorded(share: float, moments: int = 100) -> str:
    """A py-spy that records a script in which the candidate takes a share of the time."""
    frames = [{"name": "<module>", "file": "/copy/train.py", "line": 3}, {"name": "train:step", "file": HOOK_FILE}]
    number = round(share * moments)
    stacks = [[0, 1]] * number + [[0]] * (moments - number)
    document = {"shared": {"frames": frames}, "profiles": [{"name": "MainThread", "samples": stacks}]}
    return f"""
    print("py-spy> Sampling process 50 times a second", flush=True)
    open(output, "w").write({json.dumps(document)!r})
    print("py-spy> Wrote speedscope file. Samples: {moments} Errors: 0")
    """


def attempt(
    program: str,
    folder: Path,
    *scripts: Script,
    files: Sequence[EditedFile] = (),
    seconds: float = 60.0,
    **options: Any,
) -> Profile:
    waiting = list(scripts)
    judgements = [judgement("step"), judgement("rare", share=0.2)]
    found = run_profile(
        TARGET,
        judgements,
        files,
        folder,
        deadline=time.monotonic() + seconds,
        program=program,
        start=lambda *given: waiting.pop(0),
        **options,
    )
    assert all(script.closed for script in scripts if script not in waiting)
    return found


@pytest.mark.slow
def test_both_runs_are_sampled_and_their_files_kept(fake: Any, tmp_path: Path) -> None:
    eager, edited = Script(STARTED, *TRAINING), Script(STARTED, *TRAINING)
    found = attempt(fake(recorded(0.8)), tmp_path, eager, edited, files=FILES)
    assert [(share.candidate, share.before, share.after) for share in found.shares] == [
        ("train:step", 0.8, 0.8),
        ("train:rare", 0.0, 0.0),
    ]
    assert (found.samples_before, found.samples_after, found.reason) == (100, 100, "")
    assert found.files == tuple(
        f"profile-{arm}.{kind}" for arm in ("eager", "edited") for kind in ("speedscope.json", "raw.txt")
    )
    assert "/project/train.py" in (tmp_path / "profile-eager.speedscope.json").read_text()
    assert "<module> (/project/train.py:3) 20\n" in (tmp_path / "profile-edited.raw.txt").read_text()
    # Training waits for the sampler, so it must be told that it may go on.
    assert eager.told and edited.told


@pytest.mark.slow
def test_without_edits_the_script_is_sampled_once(fake: Any, tmp_path: Path) -> None:
    found = attempt(fake(recorded(0.5)), tmp_path, Script(STARTED, *TRAINING))
    assert (found.samples_before, found.samples_after) == (100, None)


@pytest.mark.slow
def test_without_a_candidate_the_script_is_sampled_after_a_while(fake: Any, tmp_path: Path) -> None:
    script = Script(STARTED)
    options: Any = {"program": fake(recorded(0.0)), "start": lambda target, job, *_: jobs.append(job) or script}
    jobs: list[Any] = []
    begun = time.monotonic()
    found = run_profile(TARGET, [], (), tmp_path, deadline=begun + 60, after=0.3, **options)
    assert time.monotonic() - begun >= 0.3 and script.closed
    assert jobs[0]["unit_id"] == "" and jobs[0]["hooks"] == []
    assert (found.shares, found.samples_before, found.reason) == ((), 100, "")
    (cost,) = found.host_costs
    assert (cost.place, cost.share) == ("train.py:3", 1.0)
    assert run_profile(TARGET, [], (), tmp_path, deadline=begun + 60, **options).reason.startswith("no candidate took")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("sys.exit('Error: Permission Denied (os error 13)')", "is not permitted to inspect other processes here"),
        ("sys.exit('Error: Operation not permitted')", "is not permitted to inspect other processes here"),
        ("sys.exit('Error: Unsupported version of Python: 3.99')", "Unsupported version of Python: 3.99"),
        ("sys.exit(1)", "it says nothing"),
        ("print('Sampling process', flush=True)", "left no profile"),
        ("print('Sampling process', flush=True); open(output, 'w').write('{')", "can't be read"),
        (recorded(0.8, moments=20), "20 samples are too few"),
        (recorded(0.8).replace("Errors: 0", "Errors: 30"), "could not read 30 of 130 samples"),
    ],
)
def test_a_py_spy_that_does_not_do_its_work_is_a_reason(fake: Any, tmp_path: Path, code: str, words: str) -> None:
    found = attempt(fake(code), tmp_path, Script(STARTED, *TRAINING))
    assert words in found.reason
    assert all(share.before is None and share.bound is None for share in found.shares)
    assert all((tmp_path / name).exists() for name in found.files)


@pytest.mark.slow
def test_a_first_run_that_failed_is_not_tried_again_with_the_edits(fake: Any, tmp_path: Path) -> None:
    denied = fake("sys.exit('Permission Denied')")
    assert "not permitted to inspect" in attempt(denied, tmp_path, Script(STARTED, *TRAINING), files=FILES).reason


@pytest.mark.parametrize("code", ["time.sleep(600)", "print('Sampling process', flush=True)\ntime.sleep(600)"])
@pytest.mark.slow
def test_a_py_spy_that_hangs_is_ended(fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(spy, "ATTACH_SECONDS", 1.0)
    hanging = fake(f"import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n{code}")
    assert attempt(hanging, tmp_path, Script(STARTED, *TRAINING)).reason
    assert not processes._started - processes._kept


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (Script(STARTED, {"event": "ended"}), "the script ended before"),
        (Script(STARTED, None), "the script ended before"),
        (Script(STARTED), "training had not begun in time"),
        (Script(STARTED, {"event": "called"}), "training had not begun in time"),
    ],
)
@pytest.mark.slow
def test_a_script_that_does_not_come_to_train_is_a_reason(
    fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: Script, words: str
) -> None:
    monkeypatch.setattr(profile, "START_SECONDS", 0.3)
    assert words in attempt(fake(recorded(0.8)), tmp_path, script).reason


def test_a_role_that_failed_is_a_reason(fake: Any, tmp_path: Path) -> None:
    script = Script(None)
    script.role_errors = ["Traceback:\nRuntimeError: ours"]
    assert "RuntimeError: ours" in attempt(fake(recorded(0.8)), tmp_path, script).reason


def test_a_child_that_can_not_be_started_is_a_reason(fake: Any, tmp_path: Path) -> None:
    def start(*_: Any) -> Script:
        raise OSError("disk full")

    found = run_profile(
        TARGET,
        [judgement("step")],
        (),
        tmp_path,
        deadline=time.monotonic() + 60,
        program=fake(""),
        start=start,
    )
    assert "disk full" in found.reason


def test_with_too_little_of_the_budget_left_nothing_is_started(fake: Any, tmp_path: Path) -> None:
    assert "budget" in attempt(fake(""), tmp_path, seconds=1.0).reason
    assert "budget" in attempt(fake(""), tmp_path, seconds=20.0, startup_seconds=18.0).reason


def test_a_missing_py_spy_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spy, "find", lambda: None)
    assert "not found" in attempt("", tmp_path).reason


def test_where_nothing_takes_time_nothing_is_sampled(tmp_path: Path) -> None:
    found = run_profile(
        TARGET, [], (), tmp_path, deadline=time.monotonic() + 60, start=lambda *_: Script(), program="py-spy"
    )
    assert "no candidate" in found.reason


# For real

SCRIPT = """\
def work(times):
    total = 0
    for number in range(times * 20000):
        total += number * number
    return total
def step(x):
    return work(4) + x
def load():
    return work(1)
while True:
    step(load())
"""


def sample(tmp_path: Path, program: str | None = None) -> Profile:
    """Sample a script that spends four fifths of its time in ``step``."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "train.py").write_text(SCRIPT)
    target = Target(str(root), str(root), str(root / "train.py"))
    results = tmp_path / "results"
    results.mkdir()
    judgements = [judgement("step", line=6), judgement("load", line=8, share=0.2)]
    try:
        return run_profile(
            target,
            judgements,
            (),
            results,
            deadline=time.monotonic() + 60,
            program=program,
            start=launch.start,
        )
    finally:
        assert not launch._living
        assert not processes._started - processes._kept


@pytest.mark.slow
@pytest.mark.timed
def test_the_share_that_is_found_is_the_one_that_the_script_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "RECORD_SECONDS", 4.0)
    found = sample(tmp_path)
    if "may not" in found.reason or "does not allow one process" in found.reason:
        pytest.skip(found.reason)
    assert found.reason == ""
    step, load = found.shares
    assert (step.candidate, load.candidate) == ("train:step", "train:load")
    # Five standard errors, and what a busy machine does to a millisecond here and there.
    assert step.before is not None and step.before_error is not None and load.before is not None
    assert abs(step.before - 0.8) < 5 * step.before_error + 0.03
    assert abs(step.before + load.before - 1.0) < 0.05
    assert step.bound is not None and step.bound > 1 / (1 - step.before)
    raw = (tmp_path / "results" / "profile-eager.raw.txt").read_text()
    assert f"train:step ({HOOK_FILE}" in raw
    # Paths are the user's, not those of the copy that was run.
    assert str(tmp_path / "project" / "train.py") in raw
    threads = samples.parse((tmp_path / "results" / "profile-eager.speedscope.json").read_text())
    assert samples.tally(threads).moments == found.samples_before


@pytest.mark.slow
@pytest.mark.timed
def test_a_py_spy_that_may_not_trace_leaves_a_note_and_no_process(fake: Any, tmp_path: Path) -> None:
    found = sample(tmp_path, fake("sys.exit('Error: Permission Denied (os error 13)')"))
    assert found == Profile(rate=profile.RATE, reason=found.reason)
    assert "py-spy is not permitted to inspect other processes here" in found.reason


def test_the_hottest_of_the_plan_says_when_training_begins() -> None:
    outer, chosen, rare = judgement("outer"), replace(judgement("step", share=0.5), selected=True), judgement("once")
    job = profile._job([outer, chosen, rare], profile._unit([outer, chosen, rare]), FILES)
    assert (job["unit_id"], job["opening_calls"]) == ("train:step", 2)
    assert {hook["id"]: hook["line"] for hook in job["hooks"]} == {"train:outer": 2, "train:step": 2, "train:once": 2}
    assert job["edited"] == ["train:step"]
