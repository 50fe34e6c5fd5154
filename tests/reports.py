"""Reports of runs that never were, for tests and for the pictures in the documentation."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from hybridize.records import (
    Action,
    Assumption,
    AssumptionKind,
    AutoClustering,
    Benchmark,
    Budget,
    CheckedAssumption,
    Command,
    Cost,
    Course,
    Crash,
    Drift,
    Edit,
    EditedFile,
    Effect,
    Finding,
    Function,
    FunctionKind,
    Held,
    HostCost,
    Interval,
    Judgement,
    Metric,
    Observation,
    ObservedParameter,
    Otherwise,
    Pair,
    Parameter,
    ParameterKind,
    Peaks,
    Plan,
    Profile,
    Reason,
    Report,
    Share,
    Step,
    Target,
    TimedTurn,
    Unclear,
    Variant,
    VariantResult,
    Verdict,
)
from hybridize.rewrite import diff

BEFORE = b"import tensorflow as tf\n\n\ndef step(x):\n    return x\n"
AFTER = b"import tensorflow as tf\n\n\n@tf.function\ndef step(x):\n    return x\n"


def function(name: str, **changes: object) -> Function:
    facts: dict[str, object] = {
        "id": f"train:{name}",
        "file": "train.py",
        "line": 4,
        "end_line": 5,
        "module": "train",
        "qualname": name,
        "kind": FunctionKind.FUNCTION,
        "hybrid": None,
        "parameters": (Parameter("x", ParameterKind.TENSOR, (Step("train.py", 9, "called with a batch"),)),),
        "findings": (),
        "assumptions": (),
        "proposal": Action.HYBRIDIZE,
        "blocker": None,
        "computes_with_tensors": True,
    }
    return Function(**{**facts, **changes})  # type: ignore[arg-type]


PRINTS = Finding("HYB101", "prints the loss", "train.py", 14, (Step("train.py", 14, "print(loss)"),), certain=True)
MAYBE = Finding("HYB102", "may append to a list", "train.py", 6)


def judgements() -> tuple[Judgement, ...]:
    assumption = Assumption(AssumptionKind.NO_EFFECT, "log", "log keeps nothing", "HYB102")
    typed = Assumption(AssumptionKind.ARGUMENT_TYPE, "x", "x is a tensor", None, "tensor")
    return (
        Judgement(
            function("step", findings=(MAYBE,), assumptions=(assumption, typed)),
            Verdict.CONFIRMED,
            (Reason("agreed", "the graph gave what eager gave in 40 of 40 calls on 2 paths"),),
            Observation(
                calls=4000,
                seconds=4.9,
                own_seconds=4.0,
                share=0.83,
                ops_per_call=212.0,
                signatures=2,
                paths=2,
                parameters=(ObservedParameter("x", ("Tensor",), ("float32",), ("(32, 10)", "(17, 10)"), 4000),),
                result_types=("Tensor",),
                callers={"train:main": 4000},
            ),
            (
                CheckedAssumption(assumption, Verdict.CONFIRMED, "4,000 calls"),
                CheckedAssumption(typed, Verdict.CONFIRMED, "4,000 calls"),
            ),
            (
                VariantResult("graph", Verdict.CONFIRMED, 2, 0.8, 0.000155, 0.00123, 1e-7, ("x: (17, 10)",)),
                VariantResult("xla", Verdict.REFUTED, 1, 9.0, float("nan"), 0.00123, None),
            ),
            selected=True,
            source="def step(x):\n    return x",
        ),
        Judgement(
            function("Trainer.log_and_validate_everything_on_the_holdout_set", line=40),
            Verdict.REFUTED,
            (Reason("effect", "self.losses grew by one element in 4,000 of 4,000 calls (train.py:44)"),),
            Observation(
                calls=4000,
                seconds=0.5,
                share=0.1,
                signatures=1,
                effects=(Effect("attribute", "self.losses", "grew by one", "train.py:44", 4000),),
            ),
        ),
        Judgement(function("evaluate", line=60), Verdict.UNOBSERVED, ()),
        Judgement(
            function("show", line=12, proposal=Action.NONE, findings=(PRINTS,), blocker=PRINTS),
            Verdict.NOT_PROPOSED,
            (),
        ),
        Judgement(function("fast", line=80, proposal=Action.NONE, hybrid="@tf.function"), Verdict.NOT_PROPOSED, ()),
    )


def benchmark() -> Benchmark:
    pair = Pair(
        arms=("eager", "edited", "twin"),
        turns=(TimedTurn(20, (0.025, 0.0031, 0.0249)), TimedTurn(20, (0.0251, 0.003, 0.025))),
        ratio=7.9,
        eager_ratio=1.01,
        startup_seconds=(3.1, 3.2, 3.1),
        total_seconds=(4.0, 3.4, 4.0),
        peak_rss_bytes=(612_000_000, 640_000_000, 612_000_000),
        peak_device_bytes=(0, 0, 0),
        complete=True,
        warm_turns=1,
        whole=False,
        late_turns=(1,),
    )
    return Benchmark(
        unit="train:step",
        units=2000,
        pairs=(pair,) * 5,
        speedup=Interval(7.9, 7.5, 8.3),
        noise_floor=1.02,
        steady_state_speedup=7.9,
        end_to_end_speedup=1.4,
        cold_start_seconds=0.9,
        break_even_units=830,
        whole_script=False,
        verdict="faster",
        peak_rss_bytes=Peaks(612_000_000, 640_000_000),
        reason="the interval 7.5 to 8.3 lies above 1.05",
        xla_auto_clustering=AutoClustering(0.97, 180),
    )


def full(root: Path) -> Report:
    """A run that found something, with every field filled."""
    edited = EditedFile("train.py", BEFORE, AFTER, hashlib.sha256(BEFORE).hexdigest(), {"train:step": 5}, ())
    folder = root / "results" / "20261122-093015-train"
    return Report(
        status="optimized",
        message="train.py runs 7.9x faster per step with one function converted; nothing drifted.",
        exit_code=0,
        created="2026-11-22T09:30:15+00:00",
        command=Command(
            ("optimize", "--train-script", "train.py"),
            Target(str(root), str(root), str(root / "train.py"), ("--epochs", "3"), None, 0),
            {"pairs": 5, "results": "results", "only": (), "steps": None},
        ),
        environment={"tensorflow": "2.21.0", "python": "3.11.7"},
        budget=Budget(300.0, 125.4),
        judgements=judgements(),
        plan=Plan(
            (Edit("train:step", "train.py", 4, "step", Action.HYBRIDIZE, Variant()),),
            (replace(edited, diff=diff(edited)),),
            "optimize.patch",
        ),
        benchmark=benchmark(),
        drift=Drift(
            "none",
            "L2",
            "40 of 40 steps of the graph gave what eager gave from the same state",
            (
                Metric("loss", "result of train:step", 0.12345678, 0.12345679, 1e-8, 2e-8, "none"),
                Metric("val_acc", "printed", 0.91, 0.912, 0.002, 0.01, "none", -0.003, 0.007, 5),
            ),
            (Course("the result of the step", (1, 2, 3), (0.9, 0.7, 0.6), (0.9, 0.7, 0.6), (0.0, 1e-8, 1e-8)),),
        ),
        profile=Profile(
            (
                Share("train:step", 0.95, 0.0107, 0.62, 0.0243, 29.7),
                Share("train:evaluate", 0.02, 0.0069, None, None, 1.04),
            ),
            412,
            400,
            50,
            ("profile-eager.speedscope.json", "profile-eager.raw.txt"),
            host_costs=(
                HostCost("train.py:9", "main", 0.31, Cost.PREDICT, "keras: predict"),
                HostCost("train.py:14", "main", 0.12, Cost.PYTHON),
            ),
        ),
        timings={"static": 0.2, "observe": 8.1},
        warnings=("pyproject.toml has no project table.",),
        folder=str(folder),
        held=Held(
            "lost", ("train:step",), 0.1, Interval(7.9, 7.5, 8.3), Interval(5.2, 5.0, 5.4),
            Interval(0.66, 0.62, 0.7), 0.95, 0.9,
            ("cpus 8, not 2",), (Otherwise("train:step", "retraced", "was traced 9 times", True),),
            "2026-11-21T09:30:15+00:00",
        ),
        keys={"train:step": "0" * 32},
    )  # fmt: skip


def crashed(report: Report) -> Report:
    """The same run with what it left empty: the edited script crashes, and each part of an observation has a value."""
    step = report.judgements[0]
    seen = replace(
        step.observation,
        traced_calls=3,
        function_objects=2,
        threads=2,
        effects=(Effect("attribute", "self.losses", "grew by one", None, 7),),
        exceptions=("ValueError: no",),
        first_seconds=0.5,
        last_seconds=5.5,
        overhead_seconds=0.25,
        draws=("RandomUniform",),
        caller_seconds={"": 0.125},
        share_at_most=0.9,
    )
    signature = (("input_signature", "[tf.TensorSpec(None)]"),)
    tried = VariantResult("signature", Verdict.INCONCLUSIVE, 1, None, None, None, None, (), signature, "a reason")
    inside = replace(step, observation=seen, variants=(*step.variants, tried), covered_by="train:main", selected=False)
    switch = function("run_eagerly@7", kind=FunctionKind.SWITCH, proposal=Action.RECONFIGURE, parameters=())
    switched = Judgement(switch, Verdict.CONFIRMED, (Reason("so", "a reason"),), selected=True)
    measured = replace(
        report.benchmark,
        verdict="inconclusive",
        cause=Unclear.EDITED_FAILED,
        crash=Crash("raised ValueError: no", ("train.py:4", "train.py:9")),
        speedup=Interval(float("nan"), 0.5, float("inf"), 0.99),
        script_units=4000,
        peak_device_bytes=Peaks(2_000_000, 3_000_000),
        by_clock=True,
        whole_script=True,
        xla_auto_clustering=AutoClustering(None, 0, "the auto-clustered arm raised ValueError: no"),
    )
    return replace(
        report,
        status="failed",
        exit_code=4,
        judgements=(inside, switched, *report.judgements[1:]),
        benchmark=measured,
        drift=Drift("inconclusive", "L0", "two runs differ"),
        profile=Profile(reason="py-spy was not found"),
        plan=replace(report.plan, applied=True),
        message="caf\udce9",
        timings={"static": float("inf")},
    )


def empty(report: Report) -> Report:
    """A run that came to nothing."""
    return replace(
        report,
        status="usage",
        exit_code=2,
        judgements=(),
        plan=Plan(),
        benchmark=None,
        drift=None,
        profile=None,
        timings={},
        warnings=(),
        folder=None,
    )


def against_a_baseline(report: Report) -> Report:
    """The same code checked against a baseline: the speedup is lost, and one function is refuted."""
    held = Held(
        "lost",
        ("train:step",),
        0.1,
        Interval(8.0, 7.8, 8.2),
        Interval(2.0, 1.9, 2.1),
        Interval(0.25, 0.23, 0.27),
        0.9,
        0.9,
        ("cpus 4, not 2",),
        (Otherwise("train:step", "retraced", "was traced 40 times, and 2 in the baseline: n: 1 then 2"),),
        "2026-11-20T09:30:15+00:00",
    )
    judged = tuple(replace(each, selected=False) for each in report.judgements)
    argv = ("optimize", "check", "--baseline", "speedup.json")
    return replace(
        report,
        status="lost",
        exit_code=1,
        message="The speedup is lost.",
        command=replace(report.command, argv=argv),
        judgements=judged,
        plan=Plan(),
        held=held,
    )
