"""What the patch has no use for is run cold last, and until then it is not confirmed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybridize.dynamic.parent import cold
from hybridize.dynamic.parent.runs import Seen
from hybridize.options import Options
from hybridize.records import (
    Action,
    Ending,
    Function,
    FunctionKind,
    Judgement,
    Observation,
    Reason,
    RunOutcome,
    Scan,
    Target,
    Verdict,
)
from hybridize.run import remainder
from hybridize.run.pacing import FEWEST_UNITS, LEAST_UNITS, Pace, cold_seconds
from hybridize.run.stages import cold_start
from hybridize.run.work import Work

LINES = {"step": 4, "loss": 8, "test": 12}
AGREED = (Reason("agreed", "eager and graph agreed"),)
SOURCE = "import tensorflow as tf\n\n\n" + "\n\n".join(f"def {name}(x):\n    return x\n" for name in LINES)


class Silence:
    """A watcher that nobody looks at."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None


def judgement(name: str, calls: int = 1000, seconds: float = 10.0, selected: bool = False) -> Judgement:
    kind, line = FunctionKind.FUNCTION, LINES[name]
    function = Function(
        f"train:{name}", "train.py", line, line + 1, "train", name, kind, None, (), (), (), Action.HYBRIDIZE, None
    )
    seen = Observation(calls=calls, seconds=seconds)
    return Judgement(function, Verdict.CONFIRMED, AGREED, seen, selected=selected)


@pytest.fixture
def prove_cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Work, Scan, list[Any]]]:
    """Run the plan of some candidates cold; gives what is known then, and each run with the functions it comes to."""
    (tmp_path / "train.py").write_text(SOURCE)
    runs: list[Any] = []

    def replay(run: Any, unit: Any, arms: Any, seconds: float, steps: int, reach: Any = (), _: Any = ()) -> Any:
        seen = {}
        for arm in arms:
            edited = sorted(name.partition(":")[2] for file in arm.files for name in file.def_lines)
            runs.append((arm.label, edited, sorted(each.candidate.partition(":")[2] for each in reach)))
            losses = [[0.5 / (unit + 1)] for unit in range(60)]
            outcome = RunOutcome(Ending.CUT, 0, 3.0, "log")
            seen[arm.label] = Seen(outcome, {"units": 60, "scalars": losses, "digests": {}, "traces": {}})
        return seen

    monkeypatch.setattr(cold, "replay", replay)

    def prove(*judgements: Judgement, **known: Any) -> tuple[Work, Scan, list[Any]]:
        root = str(tmp_path)
        target = Target(root, root, f"{root}/train.py")
        work = Work(Options(budget_seconds=180.0), Silence(), target, tmp_path / "results")  # type: ignore[arg-type]
        for name, value in known.items():
            setattr(work, name, value)
        work.add(judgements)
        scan = Scan(root, (), (), {"train.py": "train"}, frozenset(["train.py"]), frozenset(), 20, True)
        cold_start.run(work, scan)
        return work, scan, runs

    return prove


def verdicts(work: Work) -> dict[str, Verdict]:
    return {judgement.function.qualname: judgement.verdict for judgement in work.judgements.values()}


def test_only_the_plan_is_run_cold_before_the_measurement(prove_cold: Any) -> None:
    work, _, runs = prove_cold(judgement("step", selected=True), judgement("loss"))
    assert [(label, edited) for label, edited, _ in runs] == [("plan", ["step"]), ("eager", []), ("nudged", [])]
    assert verdicts(work) == {"step": Verdict.CONFIRMED, "loss": Verdict.INCONCLUSIVE}
    assert work.judgements["train:loss"].reasons == (*AGREED, remainder.NOT_RUN)


def test_what_was_put_off_is_run_afterwards_against_the_same_references(prove_cold: Any) -> None:
    work, scan, runs = prove_cold(judgement("step", selected=True), judgement("loss"))
    remainder.prove(work, scan)
    assert runs[3:] == [("rest", ["loss"], ["loss"])]
    assert verdicts(work) == {"step": Verdict.CONFIRMED, "loss": Verdict.CONFIRMED}
    assert work.judgements["train:loss"].reasons == AGREED
    assert [j.function.qualname for j in work.selected()] == ["step"]


def test_the_plan_does_not_wait_for_a_function_that_is_called_late_and_the_references_come_to_it(
    prove_cold: Any,
) -> None:
    """An evaluation that is not in the plan: its results are compared with those of an original that has it too."""
    work, scan, runs = prove_cold(judgement("step", selected=True), judgement("loss"), judgement("test", 3, 0.1))
    assert all(reach == ["loss"] for _, _, reach in runs)
    remainder.prove(work, scan)
    assert [label for label, _, _ in runs[3:]] == ["rest", "eager", "nudged"]
    assert all(reach == ["loss", "test"] for _, _, reach in runs[3:])


@pytest.mark.parametrize(("own", "room"), [(60.0, True), (None, True), (5.0, False)])
def test_where_nothing_is_written_verdicts_take_no_more_than_a_few_times_the_scripts_own_time(
    prove_cold: Any, monkeypatch: pytest.MonkeyPatch, own: float | None, room: bool
) -> None:
    monkeypatch.setattr(Work, "spent", property(lambda self: 40.0))
    work, scan, runs = prove_cold(judgement("step"), judgement("loss"), own_seconds=own)
    assert not runs
    remainder.prove(work, scan, patient=False)
    assert bool(runs) == room
    assert set(verdicts(work).values()) == {Verdict.CONFIRMED if room else Verdict.INCONCLUSIVE}


def test_without_time_left_what_was_put_off_stays_open(prove_cold: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    work, scan, runs = prove_cold(judgement("step", selected=True), judgement("loss"))
    monkeypatch.setattr(Work, "left", property(lambda self: 1.0))
    remainder.prove(work, scan, patient=False)
    assert len(runs) == 3 and verdicts(work)["loss"] is Verdict.INCONCLUSIVE


def test_what_was_said_of_it_in_between_is_kept(prove_cold: Any) -> None:
    work, scan, _ = prove_cold(judgement("step", selected=True), judgement("loss"))
    waiting = work.judgements["train:loss"]
    work.add([replace(waiting, reasons=(*waiting.reasons, Reason("more", "more")))])
    remainder.prove(work, scan)
    assert work.judgements["train:loss"].reasons == (*AGREED, Reason("more", "more"))


@pytest.mark.parametrize(("left", "kept"), [(1000.0, True), (0.01, False)])
def test_the_measurement_leaves_time_for_it_where_that_costs_little(
    prove_cold: Any, monkeypatch: pytest.MonkeyPatch, left: float, kept: bool
) -> None:
    work, _, _ = prove_cold(judgement("step", selected=True), judgement("loss"))
    monkeypatch.setattr(Work, "left", property(lambda self: left))
    assert bool(remainder.kept(work)) == kept
    work.waiting.clear()
    assert remainder.kept(work) == 0.0


def test_two_steps_are_enough_for_what_the_measurement_leaves_time_for(
    prove_cold: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan may be confirmed with as few; the reason says how many they were."""
    work, _, _ = prove_cold(judgement("step", selected=True), judgement("loss"))
    work.trial.pace = Pace(2.0, 3.0, 0.0)
    monkeypatch.setattr(Work, "left", property(lambda self: 100.0))
    assert cold_seconds(work.trial.pace, FEWEST_UNITS, 1) < 15.0 < cold_seconds(work.trial.pace, LEAST_UNITS, 1)
    assert remainder.kept(work) == pytest.approx(15.0)
