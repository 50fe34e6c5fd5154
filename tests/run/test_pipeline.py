"""How a run of the tool ends: its status, its sentence and its exit code, whatever the stages found."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybridize import static
from hybridize.dynamic.parent.proof import Observed
from hybridize.dynamic.parent.runs import Seen
from hybridize.dynamic.rows import ObservedRow
from hybridize.options import Options
from hybridize.records import (
    AutoClustering,
    Batches,
    Benchmark,
    Crash,
    Drift,
    Edit,
    Ending,
    Interval,
    KerasLoop,
    Modes,
    Observation,
    Plan,
    Reason,
    Report,
    RunOutcome,
    Scan,
    Throw,
    VariantResult,
    Verdict,
)
from hybridize.report import folder
from hybridize.rewrite import diff, edit_project
from hybridize.run import pipeline, planning, remainder
from hybridize.run.stages import check as checking
from hybridize.run.stages import last_run, profile
from hybridize.run.stages import measure as measuring
from hybridize.run.stages import observe as observing
from hybridize.run.stages import scan as scanning
from hybridize.run.work import Stop, Work
from hybridize.sandbox.parent.launch import start

SCRIPT = """\
import tensorflow as tf

w = tf.Variable(1.0)


def step(x):
    w.assign_sub(0.1 * tf.reduce_sum(x))
    return w * 2.0


def show(x):
    print(x)


for _ in range(20):
    show(step(tf.ones(3)))
"""


profiled, proved, TIMED = profile.run, pipeline.prove, measuring.run


class Silence:
    """A watcher that nobody looks at."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None


@pytest.fixture
def optimize(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Report]:
    """Runs the pipeline on a small script, with what is to stand for the proof and the measurement."""
    (tmp_path / "train.py").write_text(SCRIPT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "nursery", lambda work: contextlib.nullcontext())
    monkeypatch.setattr(profile, "run", lambda work: None)
    monkeypatch.setattr(last_run, "run", lambda work, scan: None)

    def run(prove: Callable[[Work], Any] = lambda work: None, verdict: str = "faster", **options: Any) -> Report:
        def measure(work: Work, scan: Any) -> None:
            speedup = Interval(3.0, 2.5, 3.5)
            work.benchmark = Benchmark("step", 500, (), speedup, 1.02, 3.0, 2.0, 1.0, 40, False, verdict)

        monkeypatch.setattr(pipeline, "prove", lambda work, scan: prove(work) or scan)
        monkeypatch.setattr(measuring, "run", options.pop("measure", measure))
        script = options.pop("script", Path("train.py"))
        return pipeline.run(Options(script=script, **options), Silence(), ("optimize",))  # type: ignore[arg-type]

    return run


def settle(verdict: Verdict, **changes: Any) -> Callable[[Work], None]:
    """A proof that gives the candidate a verdict."""

    def prove(work: Work) -> None:
        judgement = work.judgements["train:step"]
        seen = Observation(calls=20, seconds=1.0)
        work.add(
            [replace(judgement, verdict=verdict, reasons=(Reason("so", "so it is"),), observation=seen, **changes)]
        )

    return prove


def confirm(work: Work) -> None:
    settle(Verdict.CONFIRMED, selected=True)(work)
    work.plan = Plan((Edit("train:step", "train.py", 6, "step"),))


@pytest.mark.slow
def test_the_scan_alone_says_what_is_a_candidate(optimize: Any) -> None:
    seen: dict[str, Verdict] = {}
    optimize(lambda work: seen.update({j.function.qualname: j.verdict for j in work.judgements.values()}))
    assert seen == {"step": Verdict.UNOBSERVED, "show": Verdict.NOT_PROPOSED}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prove", "status", "code", "words"),
    [
        (settle(Verdict.REFUTED), "refuted", 0, "Of 1 candidate: 1 refuted"),
        (settle(Verdict.INCONCLUSIVE), "nothing-to-gain", 0, "1 inconclusive"),
        (settle(Verdict.UNOBSERVED), "nothing-to-gain", 0, "1 never called"),
        (settle(Verdict.NOT_PROPOSED), "nothing-to-gain", 0, "1 with nothing to gain"),
        (settle(Verdict.CONFIRMED), "nothing-to-gain", 0, "1 confirmed but not worth an edit"),
        (confirm, "optimized", 0, "1 edit makes each step 3.00x faster"),
    ],
)
def test_verdicts_become_a_status(optimize: Any, prove: Any, status: str, code: int, words: str) -> None:
    report = optimize(prove)
    assert (report.status, report.exit_code) == (status, code)
    assert words in report.message


@pytest.mark.slow
@pytest.mark.parametrize("verdict", ["slower", "no difference", "inconclusive"])
def test_a_change_that_was_not_measured_faster_is_not_proposed(optimize: Any, verdict: str) -> None:
    report = optimize(confirm, verdict)
    assert report.status == "nothing-to-gain" and report.exit_code == 0 and not report.plan.edits
    assert report.message.startswith("Nothing was changed: ")
    (judgement,) = [j for j in report.judgements if j.function.qualname == "step"]
    assert judgement.verdict is Verdict.CONFIRMED and not judgement.selected


def test_a_plan_that_crashes_in_the_measurement_is_refuted_and_said_to_be(
    optimize: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(work: Work, scan: Any) -> None:
        crash = Crash("raised ValueError: tf.function only supports singleton tf.Variables", ("train.py:7",))
        work.benchmark = Benchmark(
            "step", 500, (), None, 1.02, None, None, None, None, False, "inconclusive", crash=crash
        )

    def optimizes(work: Work) -> None:
        confirm(work)
        monkeypatch.setattr(measuring, "run", measure)

    report = optimize(optimizes)
    assert (report.status, report.exit_code) == ("refuted", 0) and not report.plan.edits
    assert "raised ValueError: tf.function only supports singleton tf.Variables" in report.message
    assert "budget" not in report.message
    (judgement,) = [j for j in report.judgements if j.function.qualname == "step"]
    assert judgement.verdict is Verdict.REFUTED and not judgement.selected


def test_where_no_run_gets_past_a_refused_connection_that_is_the_conclusion(optimize: Any) -> None:
    def prove(work: Work) -> None:
        settle(Verdict.INCONCLUSIVE)(work)
        work.target.network.stopped.add("hooks.example:443")
        checking.stop_where_refused(work)

    report = optimize(prove)
    assert (report.status, report.exit_code) == ("script-failed", 3)
    assert "hooks.example:443" in report.message and "--network allow" in report.message


def test_what_was_refuted_before_a_refused_connection_stays_the_conclusion(optimize: Any) -> None:
    def prove(work: Work) -> None:
        settle(Verdict.REFUTED)(work)
        work.target.network.stopped.add("hooks.example:443")
        checking.stop_where_refused(work)

    report = optimize(prove)
    assert report.status == "refuted"
    assert "--network allow" in report.message


def test_a_plan_that_stands_is_not_lost_to_a_connection_that_was_refused_at_the_end(optimize: Any) -> None:
    def prove(work: Work) -> None:
        confirm(work)
        work.target.network.stopped.add("hooks.example:443")
        work.target.network.refused.add("hooks.example:443")
        checking.stop_where_refused(work)

    report = optimize(prove)
    assert report.status == "optimized"
    assert any("connection to hooks.example:443 was refused" in warning for warning in report.warnings)


def test_with_nothing_proposed_that_is_said(optimize: Any) -> None:
    report = optimize(skip=("train:step",))
    assert (report.status, report.exit_code) == ("nothing-to-gain", 0)
    assert "can be converted" in report.message and "-v lists" in report.message


def test_a_step_that_was_not_moved_into_a_function_is_the_answer_where_nothing_else_is(optimize: Any) -> None:
    def prove(work: Work) -> None:
        for line in (5, 9):
            work.left_alone[f"train:main@{line}-{line + 3}"] = Reason("not-outlined", "there was no time for it")

    report = optimize(prove, skip=("train:step",))
    assert "train:main@5-8" in report.message and "1 other" in report.message and "no time" in report.message
    assert "can be converted" not in report.message


@pytest.mark.slow
def test_what_ran_as_a_graph_is_said_to_and_what_ran_eagerly_never_is(optimize: Any) -> None:
    def ran(eager: int, alone: int = 0) -> Callable[[Work], None]:
        def prove(work: Work) -> None:
            thrown = Throw("model", "Net", True, (("train.py", 41),)) if eager else None
            work.modes = Modes(batches={"m.Net": Batches(86, eager, 3.0, alone)}, thrown=(thrown,) if thrown else ())

        return prove

    graph, eager = optimize(ran(0), skip=("train:step",)), optimize(ran(86), skip=("train:step",))
    assert "already runs as a graph (Model.fit: 86 batches)" in graph.message
    one_by_one = optimize(ran(0, 86), skip=("train:step",))
    assert "already runs as a graph (Model.train_on_batch: 86 batches)" in one_by_one.message
    assert "as a graph already" not in eager.message
    assert "Model.fit of Net: 86 of 86 batches" in eager.message
    assert "because of run_eagerly=True at train.py:41" in eager.message


@pytest.mark.slow
@pytest.mark.parametrize(("calls", "seconds"), [(150, 9.0), (150, 0.5), (3, 9.0)])
def test_a_loop_of_keras_that_is_called_for_each_batch_is_named(optimize: Any, calls: int, seconds: float) -> None:
    def prove(work: Work) -> None:
        work.timings["observe"] = 30.0
        loops = (KerasLoop("predict", "train.py:49", calls, seconds), KerasLoop("evaluate", "train.py:60", 1, 12.0))
        work.modes = Modes(batches={"m.Net": Batches(86, 0, 3.0)}, loops=loops)

    message = optimize(prove, skip=("train:step",)).message
    said = "150 calls of `predict` at train.py:49 took 9 s of the 30 s of the observed run"
    assert (said in message) == ((calls, seconds) == (150, 9.0))
    assert "evaluate" not in message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"only": ("train:nothing",)}, "There is no candidate train:nothing; the functions found are: train:show"),
        ({"script": Path("trian.py")}, "Did you mean --train-script train.py?"),
    ],
)
def test_a_mistake_of_the_users_is_usage(optimize: Any, options: dict[str, Any], words: str) -> None:
    report = optimize(**options)
    assert (report.status, report.exit_code) == ("usage", 2)
    assert words in report.message


def test_a_stage_that_stops_the_run_is_reported(optimize: Any) -> None:
    def fail(work: Work) -> None:
        raise Stop("script-failed", "train.py failed on its own.", 3)

    report = optimize(fail)
    assert (report.status, report.exit_code, report.message) == ("script-failed", 3, "train.py failed on its own.")


def test_ctrl_c_reports_what_was_known_until_then(optimize: Any) -> None:
    def interrupt(work: Work) -> None:
        settle(Verdict.REFUTED)(work)
        raise KeyboardInterrupt

    report = optimize(interrupt)
    assert (report.status, report.exit_code) == ("interrupted", 130)
    assert "all processes were ended, nothing was changed" in report.message
    assert any(j.verdict is Verdict.REFUTED for j in report.judgements)


@pytest.mark.slow
def test_a_refuted_candidate_beside_a_good_patch_is_no_failure(optimize: Any) -> None:
    def prove(work: Work) -> None:
        confirm(work)
        other = next(j for j in work.judgements.values() if j.function.qualname == "show")
        work.add([replace(other, verdict=Verdict.REFUTED, reasons=(Reason("prints", "it prints"),))])

    for verdict in ("faster", "no difference"):
        assert optimize(prove, verdict).exit_code == 0


# Editing in place: the report says what the disk holds


def plan(work: Work) -> None:
    """A plan that edits two files."""
    (Path(work.target.root) / "other.py").write_text("import tensorflow as tf\n\n\ndef f(x):\n    return x\n")
    settle(Verdict.CONFIRMED, selected=True)(work)
    edits = (Edit("train:step", "train.py", 6, "step"), Edit("other:f", "other.py", 4, "f"))
    files, _ = edit_project(Path(work.target.root), edits)
    work.plan = Plan(edits, tuple(replace(f, diff=diff(f)) for f in files), "optimize.patch")


def changed(root: Path) -> set[str]:
    """The files that hold an edit."""
    return {path.name for path in root.glob("*.py") if "@tf.function" in path.read_text()}


def leftovers(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()} - {"train.py", "other.py", "results"}


BOTH = {"train.py", "other.py"}


@pytest.mark.slow
def test_the_sources_are_edited_where_that_is_asked_for(optimize: Any, tmp_path: Path) -> None:
    report = optimize(plan, apply=True)
    assert (report.status, report.exit_code, report.plan.applied) == ("optimized", 0, True)
    assert changed(tmp_path) == BOTH and not leftovers(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("place", ["before the first", "between", "after the last", "fsync", "link", "unlink"])
def test_what_is_said_after_an_interruption_is_what_the_disk_holds(
    optimize: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int, place: str
) -> None:
    name = place if place in ("fsync", "link", "unlink") else "replace"
    real, calls = getattr(os, name), []

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        if name == "replace" and Path(args[1]).suffix != ".py":
            return real(*args, **kwargs)
        calls.append(args)
        if place == "before the first" and len(calls) == 1:
            os.kill(os.getpid(), number)
        try:
            return real(*args, **kwargs)
        finally:
            if place != "before the first" and len(calls) == (2 if place == "after the last" else 1):
                os.kill(os.getpid(), number)

    monkeypatch.setattr(os, name, interrupted)
    report = optimize(plan, apply=True)
    assert calls
    assert (report.status, report.exit_code) == ("interrupted", 130)
    assert changed(tmp_path) == (BOTH if report.plan.applied else set())
    assert ("nothing was changed" in report.message) == (not report.plan.applied)
    assert ("train.py" in report.message) == report.plan.applied
    assert json.loads((Path(report.folder) / "report.json").read_text())["plan"]["applied"] == report.plan.applied
    assert not leftovers(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_an_interruption_while_the_results_are_written_loses_neither_them_nor_the_truth(
    optimize: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, at: int
) -> None:
    real, calls = folder.write_whole, []

    def interrupted(*args: Any) -> None:
        calls.append(args)
        if len(calls) == at + 1:
            os.kill(os.getpid(), signal.SIGINT)
        real(*args)

    monkeypatch.setattr(folder, "write_whole", interrupted)
    report = optimize(plan, apply=True)
    assert len(calls) == 5 and report.plan.applied and "applied" in report.message
    assert changed(tmp_path) == BOTH
    assert json.loads((Path(report.folder) / "report.json").read_text())["plan"]["applied"]


@pytest.mark.slow
def test_nothing_is_edited_where_the_patch_can_not_be_kept(
    optimize: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "write_whole", full)
    report = optimize(plan, apply=True)
    assert (report.status, report.exit_code, report.plan.applied) == ("failed", 4, False)
    assert "Nothing was applied" in report.message and "No space left" in report.message
    assert not changed(tmp_path)


@pytest.mark.slow
def test_results_that_can_not_be_written_are_told_with_what_was_done(
    optimize: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "to_text", full)
    report = optimize(plan, apply=True)
    assert (report.status, report.exit_code, report.plan.applied) == ("failed", 4, True)
    assert "applied" in report.message and "No space left" in report.message
    assert changed(tmp_path) == BOTH


def test_a_folder_for_results_that_can_not_be_made_is_a_mistake_of_usage(optimize: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    report = optimize(plan, results=Path("file/results"))
    assert (report.status, report.exit_code) == ("usage", 2)
    assert "file/results" in report.message and "--results" in report.message


@pytest.mark.slow
def test_a_refusal_to_edit_in_place_is_a_failure_that_names_the_reason_and_the_patch(
    optimize: Any, tmp_path: Path
) -> None:
    def prove(work: Work) -> None:
        plan(work)
        (tmp_path / "other.py").write_text("# by hand\n")

    report = optimize(prove, apply=True)
    assert (report.status, report.exit_code, report.plan.applied) == ("failed", 4, False)
    assert report.message.startswith("Nothing was applied: other.py has changed since it was read.")
    assert report.folder in report.message and (Path(report.folder) / "optimize.patch").is_file()
    assert not changed(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("found", [Drift("inconclusive", "L3", "2 seeds are too few"), None], ids=["L3", "none"])
def test_edits_are_not_applied_where_the_seeds_asked_for_did_not_decide(
    optimize: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, found: Drift | None
) -> None:
    def compare(work: Work, scan: Any, hottest: Any) -> None:
        work.drift = found

    monkeypatch.setattr("hybridize.run.stages.seeds.compare_over_seeds", compare)
    report = optimize(plan, apply=True, drift_runs=5)
    assert (report.status, report.exit_code, report.plan.applied) == ("optimized", 0, False)
    assert "The patch is ready; your files are unchanged" in report.message and "--apply" in report.message
    assert not changed(tmp_path) and (Path(report.folder) / "optimize.patch").is_file()


@pytest.mark.slow
def test_edits_are_applied_where_the_seeds_asked_for_agree(
    optimize: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("hybridize.run.stages.seeds.compare_over_seeds", drifting("none"))
    assert optimize(plan, apply=True, drift_runs=5).plan.applied
    assert changed(tmp_path) == BOTH


@pytest.mark.slow
def test_every_ending_leaves_a_report_in_the_folder(optimize: Any) -> None:
    for prove in (settle(Verdict.REFUTED), confirm):
        report = optimize(prove)
        assert report.folder is not None
        written = json.loads((Path(report.folder) / "report.json").read_text())
        assert written["status"] == report.status


# Where nothing that is left could pay.


def little(share: float) -> Observation:
    return Observation(calls=900, seconds=1.0, share=share, share_at_most=share)


def test_candidates_that_take_too_little_of_the_time_are_not_even_checked(
    optimize: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hybridize.dynamic.parent import proof

    def prove(work: Work) -> None:
        step = work.judgements["train:step"].function
        seen = Observed(Seen(outcome(Ending.FINISHED), {}), (), (step,), {step.id: ObservedRow(calls=900)}, 1.0, {}, {})
        monkeypatch.setattr(proof, "observe", lambda *args: seen)
        monkeypatch.setattr(proof, "observation", lambda *args: little(0.02))
        monkeypatch.setattr(proof, "check", lambda *args: pytest.fail("it is checked"))
        proved(work, Scan("", (), (), {}, frozenset(), frozenset(), 0, True))

    report = optimize(prove)
    assert (report.status, report.exit_code) == ("nothing-to-gain", 0)
    assert report.message.startswith("Nothing to gain: train:step takes 2.0% of the time at most")
    (judgement,) = [j for j in report.judgements if j.function.qualname == "step"]
    assert judgement.verdict is Verdict.NOT_PROPOSED and judgement.reasons[0].message.startswith("not checked: ")


def test_a_plan_that_takes_too_little_of_the_time_is_taken_back(optimize: Any) -> None:
    def prove(work: Work) -> None:
        settle(Verdict.CONFIRMED, selected=True)(work)
        work.add([replace(work.judgements["train:step"], observation=little(0.02))])
        planning.drop_hopeless(work)

    report = optimize(prove)
    assert report.status == "nothing-to-gain" and not report.plan.edits and report.benchmark is None
    assert "1.02 times as fast at best" in report.message
    (judgement,) = [j for j in report.judgements if j.function.qualname == "step"]
    assert judgement.verdict is Verdict.CONFIRMED and "not worth an edit: " in judgement.reasons[-1].message


def timed(graph: float, share: float, calls: int = 40, seconds: float = 2.0) -> Callable[[Work], None]:
    """A proof of a plan: an eager call took 40 ms in the check, and a graph call ``graph`` seconds."""

    def prove(work: Work) -> None:
        confirm(work)
        result = VariantResult("graph", Verdict.CONFIRMED, 1, 0.5, graph, 0.04, 0.0)
        seen = Observation(calls=calls, seconds=seconds, share=share, share_at_most=share)
        work.startup_seconds = 3.0
        work.add([replace(work.judgements["train:step"], observation=seen, variants=(result,))])

    return prove


@pytest.mark.slow
@pytest.mark.parametrize(
    ("graph", "share", "budget", "words"),
    [
        # 40 steps of 0.5 s, so a group takes 22 s. To show 4.7% more than asked for takes four.
        (0.004, 0.1, 50.0, "could be 1.10 times as fast at best, and to show so little takes about 88 s more"),
        (0.036, 0.1, 900.0, "could be 1.01 times as fast at best, and --min-speedup asks for 1.05"),
        (0.036, 0.1, 50.0, "could be 1.01 times as fast at best, and --min-speedup asks for 1.05"),
    ],
)
def test_what_the_rest_of_the_budget_can_not_show_is_not_measured(
    optimize: Any, graph: float, share: float, budget: float, words: str
) -> None:
    prove = timed(graph, share, seconds=2.0)
    report = optimize(prove, budget_seconds=budget, measure=lambda *args: pytest.fail("it is measured"))
    assert (report.status, report.exit_code) == ("nothing-to-gain", 0) and not report.plan.edits
    assert words in report.message and report.message.startswith("Nothing was changed: by the timings of the check")
    assert "1 confirmed but not measured" in report.message
    (judgement,) = [j for j in report.judgements if j.function.qualname == "step"]
    assert judgement.verdict is Verdict.CONFIRMED and "not measured: " in judgement.reasons[-1].message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("graph", "share", "budget"),
    [
        (0.004, 0.1, 150.0),  # four groups fit
        (0.004, 0.9, 50.0),  # so large a gain is clear after two
        (0.004, 0.9, 5.0),  # the budget is short, which the measurement says
    ],
)
def test_what_the_rest_of_the_budget_can_show_is_measured(
    optimize: Any, graph: float, share: float, budget: float
) -> None:
    assert optimize(timed(graph, share), budget_seconds=budget).status == "optimized"


@pytest.mark.slow
@pytest.mark.parametrize(("own", "least", "measured"), [(20.0, 1.05, False), (20.0, 1.02, True), (80.0, 1.05, True)])
def test_a_small_gain_is_measured_for_at_most_three_times_the_scripts_own_time(
    optimize: Any, own: float, least: float, measured: bool
) -> None:
    def prove(work: Work) -> None:
        timed(0.004, 0.1)(work)
        work.own_seconds = own

    report = optimize(prove, budget_seconds=900.0, min_speedup=least)
    assert (report.status == "optimized") == measured
    if not measured:
        assert "long for a script of 20 s: ask for it with a smaller --min-speedup" in report.message


def test_what_was_put_off_and_never_run_cold_is_counted_as_not_worth_an_edit(optimize: Any) -> None:
    def prove(work: Work) -> None:
        settle(Verdict.CONFIRMED)(work)
        remainder.postpone(work)
        work.begun -= 1000.0

    report = optimize(prove)
    assert "Of 1 candidate: 1 not worth an edit." in report.message


INSIDE = Reason("covered", "not needed: it runs inside train:step, which is converted")


@pytest.mark.slow
@pytest.mark.parametrize("verdict", ["faster", "no difference"])
def test_a_reason_is_taken_back_when_what_it_rests_on_is(optimize: Any, verdict: str) -> None:
    def prove(work: Work) -> None:
        confirm(work)
        show = work.judgements["train:show"]
        work.add(
            [
                replace(
                    show,
                    verdict=Verdict.CONFIRMED,
                    reasons=(Reason("agreed", "agreed"), INSIDE),
                    covered_by="train:step",
                )
            ]
        )

    report = optimize(prove, verdict)
    (show,) = [j for j in report.judgements if j.function.qualname == "show"]
    if verdict == "faster":
        assert (show.reasons, show.covered_by) == ((Reason("agreed", "agreed"), INSIDE), "train:step")
    else:
        assert show.covered_by is None and INSIDE not in show.reasons
        assert "it runs inside train:step, which was proposed but not converted" in show.reasons[-1].message


# What the observed run shows before any candidate is looked at


def observed(outcome: RunOutcome, calls: int = 0, errors: tuple[str, ...] = ()) -> Observed:
    rows = {"train:step": ObservedRow(calls=calls)}
    return Observed(Seen(outcome, {}, errors), (), (), rows, 1.0, {}, {})


def outcome(ending: Ending, **changes: Any) -> RunOutcome:
    return RunOutcome(ending, 0, 9.0, "log", **{"tensorflow_imported": True, **changes})


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (Ending.FINISHED, "ran to its end in 9 s"),
        (Ending.EXITED, "ran to its end in 9 s"),
        (Ending.CUT, "was cut after 9 s"),
        (Ending.RAISED, "failed after 9 s"),
        (Ending.KILLED, "failed after 9 s"),
        (Ending.TIMEOUT, "did not stop when its time was up, and was killed after 9 s"),
    ],
)
def test_how_the_observed_run_ended_is_told_as_it_was(ending: Ending, words: str) -> None:
    assert observing._how(outcome(ending)) == words


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seen", "status", "words"),
    [
        (observed(outcome(Ending.RAISED, error_type="KeyError", error="'x'")), "script-failed", "KeyError"),
        (observed(outcome(Ending.FINISHED)), "nothing-to-gain", "without calling a candidate"),
        (observed(outcome(Ending.FINISHED), 9, ("Traceback\nOurs: x",)), "failed", "observation failed (Ours: x)"),
    ],
)
def test_a_run_that_showed_nothing_ends_before_the_check(
    optimize: Any, monkeypatch: pytest.MonkeyPatch, seen: Observed, status: str, words: str
) -> None:
    from hybridize.dynamic.parent import proof

    monkeypatch.setattr(proof, "observe", lambda *args: seen)
    report = optimize(lambda work: observing.run(work, None))  # type: ignore[arg-type]
    assert report.status == status
    assert words in report.message


def test_a_function_that_cannot_be_watched_is_left_alone(optimize: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from hybridize.dynamic.parent import proof

    failing = observed(outcome(Ending.RAISED, error_type="ValueError", error="tuple.index(x)"))
    alone = replace(observed(outcome(Ending.FINISHED)), rows={})

    def observe(_run: Any, functions: Any, *_rest: Any) -> Observed:
        return failing if "train:step" in {function.id for function in functions} else alone

    monkeypatch.setattr(proof, "observe", observe)
    report = optimize(lambda work: observing.run(work, None))  # type: ignore[arg-type]
    (judgement,) = (j for j in report.judgements if j.function.id == "train:step")
    assert (report.exit_code, judgement.verdict) == (0, Verdict.INCONCLUSIVE)
    assert "when hybridize watches its calls (ValueError: tuple.index(x))" in judgement.reasons[0].message
    assert any("train:step is not watched" in warning for warning in report.warnings)


def test_a_failure_that_comes_of_watching_alone_is_ours(optimize: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from hybridize.dynamic.parent import proof

    failing = observed(outcome(Ending.RAISED, error_type="ValueError", error="x"))
    alone = replace(observed(outcome(Ending.FINISHED)), rows={})

    def observe(_run: Any, functions: Any, proposed: Any, *_rest: Any) -> Observed:
        # Only the run that is made to try it without hooks comes to its end.
        return alone if not functions and proposed == () else failing

    monkeypatch.setattr(proof, "observe", observe)
    report = optimize(lambda work: observing.run(work, None))  # type: ignore[arg-type]
    assert (report.status, report.exit_code) == ("failed", 4)
    assert "train.py runs alone, but fails when hybridize watches it (ValueError: x)" in report.message


def test_writes_that_were_refused_are_told(optimize: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from hybridize.dynamic.parent import proof

    refused = outcome(Ending.FINISHED, blocked_writes=("/data/log.txt",))
    monkeypatch.setattr(proof, "observe", lambda *args: observed(refused, 9))
    report = optimize(lambda work: observing._observe(work, None))  # type: ignore[arg-type]
    assert any("/data/log.txt" in warning and "nothing there has changed" in warning for warning in report.warnings)


@pytest.mark.slow
def test_a_kernel_that_guards_nothing_is_told(optimize: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from hybridize.dynamic.parent import proof

    for guarded in (True, False):
        seen = outcome(Ending.FINISHED, kernel_guard=guarded)
        monkeypatch.setattr(proof, "observe", lambda *args, seen=seen: observed(seen, 9))
        report = optimize(lambda work: observing._observe(work, None))  # type: ignore[arg-type]
        assert any("does not guard your files" in warning for warning in report.warnings) != guarded


@pytest.mark.slow
def test_what_was_found_stands_where_no_profile_can_be_made(optimize: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "run", profiled)
    monkeypatch.setattr("hybridize.measure.spy.find", lambda: None)
    report = optimize(confirm)
    assert (report.status, report.exit_code) == ("optimized", 0)
    assert report.profile is not None and "py-spy was not found" in report.profile.reason


def drifting(verdict: str) -> Callable[[Work, Any, Any], None]:
    """Stands in for the runs with several seeds."""

    def compare(work: Work, scan: Any, hottest: Any) -> None:
        work.drift = Drift(verdict, "L3", "over 5 seeds, the loss differs by 0.3")

    return compare


@pytest.mark.slow
def test_what_ends_elsewhere_over_several_seeds_is_not_proposed(
    optimize: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("hybridize.run.stages.seeds.compare_over_seeds", drifting("drift"))
    report = optimize(confirm, drift_runs=5, apply=True)
    assert (report.status, report.exit_code) == ("drift", 1)
    assert "over 5 seeds, the loss differs by 0.3" in report.message
    assert not report.plan.edits and not report.plan.applied
    assert (tmp_path / "train.py").read_text() == SCRIPT
    (judgement,) = [j for j in report.judgements if j.function.qualname == "step"]
    assert judgement.verdict is Verdict.REFUTED and not judgement.selected
    assert "over 5 seeds" in judgement.reasons[-1].message


@pytest.mark.slow
@pytest.mark.parametrize("verdict", ["none", "inconclusive"])
def test_what_several_seeds_do_not_accuse_stands(optimize: Any, monkeypatch: pytest.MonkeyPatch, verdict: str) -> None:
    monkeypatch.setattr("hybridize.run.stages.seeds.compare_over_seeds", drifting(verdict))
    report = optimize(confirm, drift_runs=5)
    assert (report.status, report.exit_code) == ("optimized", 0)
    assert report.drift is not None and report.drift.level == "L3"


@pytest.mark.slow
@pytest.mark.parametrize(("options", "verdict"), [({}, "faster"), ({"drift_runs": 5}, "slower")])
def test_seeds_are_run_where_they_are_asked_for_and_there_is_a_patch(
    optimize: Any, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], verdict: str
) -> None:
    monkeypatch.setattr("hybridize.run.stages.seeds.compare_over_seeds", drifting("drift"))
    assert optimize(confirm, verdict, **options).drift is None


@pytest.mark.slow
def test_the_timed_arms_are_forked_from_the_nursery(optimize: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start of TensorFlow takes seconds. They are added to each arm's own (``sandbox.child.units``)."""
    asked: dict[str, Any] = {}
    timed = Benchmark("step", 500, (), Interval(3.0, 2.5, 3.5), 1.02, 3.0, 2.0, 1.0, 40, False, "faster")

    def run_benchmark(*args: Any, **options: Any) -> Benchmark:
        asked.update(options)
        return timed

    def prove(work: Work) -> None:
        confirm(work)
        work.nursery = kept

    kept: Any = object()
    monkeypatch.setattr("hybridize.measure.benchmark.run_benchmark", run_benchmark)
    assert optimize(prove, measure=TIMED).benchmark == timed
    assert asked["start"].func is start and asked["start"].keywords == {"nursery": kept}


@pytest.mark.slow
def test_a_row_for_reference_is_measured_without_a_nursery_and_changes_nothing_else(
    optimize: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def measure(*args: Any, **options: Any) -> AutoClustering:
        asked.update(options)
        return AutoClustering(0.97, 180)

    monkeypatch.setattr("hybridize.measure.auto_clustering.run_auto_clustering", measure)
    monkeypatch.setattr("hybridize.measure.auto_clustering.seconds_needed", lambda benchmark: 30.0)
    report = optimize(confirm)
    assert report.benchmark is not None and report.benchmark.xla_auto_clustering == AutoClustering(0.97, 180)
    assert report.exit_code == 0
    # The default starts a process anew: TensorFlow reads the flag once.
    assert "start" not in asked


@pytest.mark.slow
def test_the_row_for_reference_takes_no_time_that_is_not_left(optimize: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: Any, **options: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("hybridize.measure.auto_clustering.run_auto_clustering", never)
    report = optimize(confirm, budget_seconds=60.0)
    assert report.benchmark is not None and report.benchmark.xla_auto_clustering is None


def test_a_function_that_is_not_proposed_is_told_each_kind_of_hazard(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import random\nimport tensorflow as tf\nbuffer = []\n"
        "def replay(model):\n    if len(buffer) < 32:\n        return\n"
        "    batch = tf.stack(random.sample(buffer, 32))\n    return tf.reduce_mean(model(batch))\n"
        "for step in range(99):\n    buffer.append(tf.ones([3]))\n    replay(tf.nn.relu)\n"
    )
    scan = static.scan(tmp_path, tmp_path / "train.py")
    (function,) = scan.functions
    reasons = " ".join(reason.message for reason in scanning._why_not(function))
    assert "random.sample" in reasons and "returns early depending on the length of buffer" in reasons


# Where the time goes that no edit can save.


def taken(work: Work, name: str, share: float, own: float) -> None:
    known = work.judgements[name]
    seen = Observation(calls=300, seconds=10.0, own_seconds=10.0 * own / share, share=share)
    computes = replace(known.function, computes_with_tensors=True)
    work.add([replace(known, function=computes, observation=seen)])


@pytest.mark.slow
def test_a_refused_function_that_takes_the_time_is_named_with_its_reason(optimize: Any) -> None:
    def prove(work: Work) -> None:
        settle(Verdict.NOT_PROPOSED)(work)
        taken(work, "train:show", 0.8, 0.77)

    report = optimize(prove)
    assert "77% of the time is spent in train:show, which can't be converted: " in report.message
    assert "print" in report.message


def test_a_refused_function_that_only_calls_what_takes_the_time_is_not_named(optimize: Any) -> None:
    def prove(work: Work) -> None:
        settle(Verdict.NOT_PROPOSED)(work)
        taken(work, "train:show", 0.99, 0.03)

    assert "train:show" not in optimize(prove).message


def test_what_is_refused_from_source_and_computes_is_timed_and_nothing_else(optimize: Any) -> None:
    timed: list[str] = []

    def prove(work: Work) -> None:
        timed.extend(f.qualname for f in observing._timed(work))
        taken(work, "train:show", 0.8, 0.77)
        timed.extend(f.qualname for f in observing._timed(work))

    optimize(prove)
    assert timed == ["show"], "once it is known that it computes with tensors"
