"""What the script calls too rarely for the check is compared last, where its calls are soonest reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybridize.dynamic.parent import cold, proof
from hybridize.dynamic.parent.proof import Observed
from hybridize.dynamic.parent.runs import Seen
from hybridize.dynamic.rows import ObservedRow
from hybridize.options import Options
from hybridize.records import (
    Action,
    Benchmark,
    Ending,
    Function,
    FunctionKind,
    Interval,
    Judgement,
    Observation,
    Reason,
    RunOutcome,
    Scan,
    Target,
    Verdict,
)
from hybridize.run import belated, pacing
from hybridize.run.work import Work

LINES = {"step": 4, "test": 8}
SOURCE = "import tensorflow as tf\n\n\n" + "\n\n".join(f"def {name}(x):\n    return x\n" for name in LINES)
FEW = Reason("few-calls", "it was called 2 times")
LITTLE = Reason("little-evidence", "too little evidence: 3 calls compared")
FASTER = Benchmark("train:step", 100, (), Interval(5.0, 4.0, 6.0, 0.95), None, 5.0, 3.0, 1.0, 10, False, "faster")
OUTCOME = RunOutcome(Ending.CUT, 0, 3.0, "log")
#: The seconds of the observed training, in which the step was called 1000 times.
TRAINING = 20.0


class Silence:
    """A watcher that nobody looks at."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None


def judgement(name: str, verdict: Verdict, reason: Reason, **seen: Any) -> Judgement:
    kind, line = FunctionKind.FUNCTION, LINES[name]
    function = Function(
        f"train:{name}", "train.py", line, line + 1, "train", name, kind, None, (), (), (), Action.HYBRIDIZE, None
    )
    return Judgement(function, verdict, (reason,), Observation(**seen), selected=name == "step")


STEP = judgement(
    "step", Verdict.CONFIRMED, Reason("agreed", "they agree"), calls=1000, seconds=19.0, share=0.95, callers={"": 1000}
)


def rare(calls: int = 2, reason: Reason = FEW, **seen: Any) -> Judgement:
    known = {"first_seconds": 4.0, "seconds": 0.01, "share": 0.0005, "callers": {"": calls}, **seen}
    return judgement("test", Verdict.INCONCLUSIVE, reason, calls=calls, **known)


def words(found: Judgement) -> str:
    return "; ".join(reason.message for reason in found.reasons)


TWICE = rare()


@pytest.fixture
def prove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Judgement, list[Any]]]:
    """Compare the rare candidate; gives its judgement then, and the runs with the edits of each.

    ``found`` is what its check says; ``losses`` are those of a cold run with it.
    """
    (tmp_path / "train.py").write_text(SOURCE)
    monkeypatch.setattr(pacing, "cores", lambda: 2)

    def run(
        late: Judgement = TWICE,
        found: Verdict = Verdict.CONFIRMED,
        whole: bool = False,
        losses: float = 0.5,
        budget: float = 180.0,
        measured: Benchmark | None = FASTER,
        steps: int | None = None,
    ) -> tuple[Judgement, list[Any]]:
        runs: list[Any] = []

        def check(
            run: Any, observed: Observed, seconds: float, variants: Mapping[str, Any], label: str
        ) -> Sequence[Judgement]:
            runs.append((label, sorted(edit.candidate.partition(":")[2] for edit in run.outlines), sorted(variants)))
            assert [f.id for f in observed.open] == ["train:test"] and 0 < seconds < budget
            return [replace(late, verdict=found, reasons=(Reason("so", "looked at again"),))]

        def replay(run: Any, unit: Any, arms: Any, seconds: float, steps: int, reach: Any = (), _: Any = ()) -> Any:
            seen = {}
            for arm in arms:
                edited = sorted(name.partition(":")[2] for file in arm.files for name in file.def_lines)
                runs.append((arm.label, edited, unit.candidate))
                scale = losses if "test" in edited else 0.5
                rows = [[scale / (number + 1)] for number in range(60)]
                seen[arm.label] = Seen(OUTCOME, {"units": 60, "scalars": rows, "digests": {}, "traces": {}})
            return seen

        monkeypatch.setattr(proof, "check", check)
        monkeypatch.setattr(cold, "replay", replay)
        root = str(tmp_path)
        target = Target(root, root, f"{root}/train.py")
        options = Options(budget_seconds=budget, steps=steps)
        work = Work(options, Silence(), target, tmp_path / "results")  # type: ignore[arg-type]
        work.training_seconds, work.observed_whole, work.benchmark = TRAINING, whole, measured
        work.own_seconds = TRAINING if whole else None
        work.add([STEP, late])
        rows = {j.function.id: ObservedRow(calls=j.observation.calls, whole=whole) for j in (STEP, late)}
        work.observed = Observed(Seen(OUTCOME, {}), (), (STEP.function,), rows, TRAINING, {}, {})
        scan = Scan(root, (), (), {"train.py": "train"}, frozenset(["train.py"]), frozenset(), 20, True)
        belated.prove(work, scan)
        assert work.selected() == [STEP]
        return work.judgements["train:test"], runs

    return run


@pytest.mark.parametrize(
    ("late", "whole"),
    [(rare(), False), (rare(10, LITTLE), True), (rare(10, LITTLE), False)],
    ids=["called twice until the run was cut", "called ten times in all", "called ten times"],
)
def test_what_is_called_between_many_steps_is_compared_in_the_edited_script(
    prove: Any, late: Judgement, whole: bool
) -> None:
    judged, runs = prove(late, whole=whole)
    assert judged.verdict is Verdict.CONFIRMED
    assert "compared last, in the edited script" in words(judged)
    assert runs[0] == ("check-late", ["step"], ["train:test"])


def test_it_is_confirmed_only_when_it_has_run_cold_beside_the_edited_script_without_it(prove: Any) -> None:
    _, runs = prove()
    assert runs[1:] == [
        ("late", ["step", "test"], "train:step"),
        ("eager", ["step"], "train:step"),
        ("nudged", ["step"], "train:step"),
    ]
    judged, _ = prove(losses=0.9)
    assert judged.verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("found", "reason"), [(Verdict.REFUTED, "looked at again"), (Verdict.INCONCLUSIVE, FEW.message)]
)
def test_what_the_check_does_not_confirm_is_not_run_cold(prove: Any, found: Verdict, reason: str) -> None:
    judged, runs = prove(found=found)
    assert judged.verdict is found and judged.reasons[0].message == reason
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("late", "measured"),
    [(rare(callers={"train:step": 2}), FASTER), (rare(), replace(FASTER, verdict="no difference"))],
    ids=["the plan contains its calls", "there is no plan"],
)
def test_otherwise_it_is_compared_in_the_original_script(prove: Any, late: Judgement, measured: Benchmark) -> None:
    judged, runs = prove(late, measured=measured, budget=600.0)
    assert judged.verdict is Verdict.CONFIRMED
    assert "compared last, in the script" in words(judged)
    assert runs[0][1] == [] and runs[1:3] == [("late", ["test"], "train:step"), ("eager", [], "train:step")]


@pytest.mark.parametrize(
    "known",
    [
        {"budget": 10.0},
        {"late": rare(first_seconds=19.0, calls=1), "budget": 100.0, "measured": None},
        {"late": rare(share=0.2)},
        {"late": rare(), "whole": True},
        {"late": rare(), "steps": 1000},
        {"late": rare(10, Reason("beside", "another thread ran"))},
    ],
    ids=[
        "no time is left",
        "it would take much of the budget",
        "it takes its time",
        "all its calls were repeated",
        "--steps",
        "more calls do not help",
    ],
)
def test_otherwise_it_stays_open(prove: Any, known: dict[str, Any]) -> None:
    judged, runs = prove(**known)
    assert not runs and judged.verdict is Verdict.INCONCLUSIVE


def test_the_faster_the_edited_script_the_less_time_is_needed(prove: Any) -> None:
    slow = replace(FASTER, speedup=Interval(1.1, 1.06, 1.2, 0.95))
    assert prove(budget=100.0)[0].verdict is Verdict.CONFIRMED
    assert prove(budget=100.0, measured=slow)[0].verdict is Verdict.INCONCLUSIVE


PROGRAM = '''
import tensorflow as tf

rate = 1.0
weight = tf.Variable([0.5, -0.5])


def step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.reduce_sum(weight * x, -1) - 1.0) ** 2)
    weight.assign_sub(0.05 * tape.gradient(loss, weight))
    return loss


def evaluate(x):
    return tf.reduce_mean(tf.abs(tf.reduce_sum(weight * x, -1) - 1.0))


def scaled(x):
    return rate * tf.reduce_mean(x * weight)


for number in range(200):
    x = tf.random.normal([4, 2])
    step(x)
    if number % 10 == 9:
        print(float(evaluate(x)), float(scaled(x)))
        rate *= 0.5
'''


@pytest.mark.slow
def test_a_real_script_is_compared_with_its_plan_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step is a graph in these runs; what is called between the steps is compared as always."""
    from hybridize.run.stages import observe, scan
    from hybridize.run.target import find_target
    from hybridize.sandbox.parent.launch import all_stopped

    (tmp_path / "train.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    options = Options(script=Path("train.py"), budget_seconds=600.0)
    target = find_target(options, tmp_path)
    assert isinstance(target, Target)
    work = Work(options, Silence(), target, tmp_path / "results")  # type: ignore[arg-type]
    with all_stopped():
        found = scan.run(work)
        found, work.observed = observe.run(work, found)
        for function in work.observed.open:
            plan = function.qualname == "step"
            seen = replace(proof.observation(work.observed, function), share=0.9 if plan else 0.001)
            verdict, reason = (Verdict.CONFIRMED, STEP.reasons[0]) if plan else (Verdict.INCONCLUSIVE, LITTLE)
            work.add([Judgement(function, verdict, (reason,), seen, selected=plan)])
        work.benchmark = replace(FASTER, unit="train:step")
        belated.prove(work, found)
    verdicts = {name: judged.verdict for name, judged in work.judgements.items()}
    assert verdicts == {
        "train:step": Verdict.CONFIRMED,
        "train:evaluate": Verdict.CONFIRMED,
        "train:scaled": Verdict.REFUTED,
    }
    assert "eager and graph agree" in words(work.judgements["train:evaluate"])
    assert "depends on Python state" in words(work.judgements["train:scaled"])
    assert set(work.timings) == {"scan", "observe", "check", "cold start"}
