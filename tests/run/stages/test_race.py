"""Which variant a candidate gets: the logic with made-up results, the rest on programs that really run."""

import os
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.dynamic.parent.proof import Observed, check, observe
from hybridize.dynamic.parent.runs import Seen
from hybridize.dynamic.rows import ObservedRow
from hybridize.options import Options
from hybridize.records import (
    Action,
    Ending,
    Form,
    Function,
    FunctionKind,
    Judgement,
    Move,
    Observation,
    ObservedParameter,
    Reason,
    RunOutcome,
    Scan,
    Target,
    Variant,
    VariantResult,
    Verdict,
)
from hybridize.run.stages import check as checking
from hybridize.run.stages import observe as observing
from hybridize.run.stages import scan
from hybridize.run.stages.race import Race
from hybridize.run.target import find_target
from hybridize.run.trial import ColdTrial
from hybridize.run.variants import first_variants, plainer, with_story
from hybridize.run.work import Work, edits_of
from hybridize.sandbox.parent.launch import all_stopped
from hybridize.sandbox.parent.nursery import Nursery

HEAD = "import numpy as np\nimport tensorflow as tf\n\n"
SIGNATURE = (("input_signature", "[tf.TensorSpec([8], tf.float32), tf.TensorSpec([], tf.float32)]"),)
RELAXED = (("reduce_retracing", "True"),)
COMPILED = (("jit_compile", "True"),)


class Quiet:
    """A watcher that remembers what it was told."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def stage(self, name: str, detail: str = "") -> None:
        self.stages.append(name)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def progress(self, text: str, spent_seconds: float, budget_seconds: float) -> None:
        pass

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def __repr__(self) -> str:
        return f"{self.notes} {self.warnings}"


# The logic.


def function(name: str = "step") -> Function:
    kind = FunctionKind.FUNCTION
    return Function(f"m:{name}", "m.py", 1, 2, "m", name, kind, None, (), (), (), Action.HYBRIDIZE, None)


def result(
    name: str = "graph",
    arguments: tuple[tuple[str, str], ...] = (),
    call: float = 0.001,
    outcome: Verdict = Verdict.CONFIRMED,
) -> VariantResult:
    return VariantResult(name, outcome, 1, 0.2, call, 0.02, 0.0, arguments=arguments)


def judgement(*results: VariantResult, name: str = "step", calls: int = 1000, **seen: Any) -> Judgement:
    first = results[0]
    observation = Observation(calls=calls, seconds=20.0, share=0.9, signatures=1, **seen)
    variant = Variant(first.name, first.arguments)
    return Judgement(
        function(name), Verdict.CONFIRMED, (Reason("agreed", "agreed"),), observation, variants=results, variant=variant
    )


def race(*judgements: Judgement, budget: float = 300.0, growing: Sequence[str] = ()) -> tuple[Race, Quiet]:
    """The stage over candidates that were checked, in a script that ran to its end."""
    watcher = Quiet()
    work = Work(Options(budget_seconds=budget), watcher, SimpleNamespace(), Path())  # type: ignore[arg-type]
    work.add(judgements)
    work.startup_seconds = 3.0
    outcome = RunOutcome(Ending.FINISHED, 0, 25.0, "")
    observed = Observed(
        SimpleNamespace(outcome=outcome),  # type: ignore[arg-type]
        (),
        tuple(j.function for j in judgements),
        {},
        22.0,
        {},
        dict.fromkeys(growing, "it would be retraced repeatedly"),
    )
    scan = Scan("", (), (), {}, frozenset(), frozenset(), 0, True)
    return Race(work, scan, observed), watcher


def plans(*judgements: Judgement) -> list[dict[str, str]]:
    """The plans that would race, as the variant's name for each candidate."""
    stage, _ = race(*judgements)
    chosen = [replace(j, selected=True) for j in judgements]
    return [{j.function.qualname: j.variant.name for j in plan.judgements} for plan in stage._plans(chosen)]


def test_a_candidate_with_one_variant_races_with_nobody() -> None:
    assert plans(judgement(result())) == [{"step": "graph"}]


def test_variants_that_were_much_slower_when_checked_do_not_race() -> None:
    slow = result("jit_compile", COMPILED, call=0.01)
    fast = result("reduce_retracing", RELAXED, call=0.0005)
    assert plans(judgement(result(), slow, fast)) == [{"step": "graph"}, {"step": "reduce_retracing"}]


def test_refuted_variants_do_not_race() -> None:
    wrong = result("jit_compile", COMPILED, call=0.0001, outcome=Verdict.REFUTED)
    assert plans(judgement(result(), wrong)) == [{"step": "graph"}]


def test_the_plainest_is_the_one_to_beat() -> None:
    mended = judgement(result("input_signature", SIGNATURE), result("reduce_retracing", RELAXED))
    assert plans(mended) == [{"step": "reduce_retracing"}, {"step": "input_signature"}]


def test_cooler_candidates_keep_their_plainest_unless_another_is_clearly_better() -> None:
    hot = judgement(result(), result("jit_compile", COMPILED, call=0.0003))
    even = judgement(result(), result("reduce_retracing", RELAXED, call=0.00095), name="even")
    better = judgement(result(), result("reduce_retracing", RELAXED, call=0.0001), name="better")
    assert plans(hot, even, better) == [
        {"step": "graph", "even": "graph", "better": "graph"},
        {"step": "jit_compile", "even": "graph", "better": "reduce_retracing"},
    ]


def test_a_caller_that_gains_little_races_against_what_it_calls() -> None:
    outer = judgement(result(call=0.015), name="epoch")
    inner = judgement(result(call=0.001), name="step", callers={"m:epoch": 1000})
    stage, _ = race(outer, inner)
    (hottest,) = [replace(outer, selected=True)]
    found = [plan.name for plan in stage._plans([hottest])]
    assert found == ["graph", "only what it calls"]
    assert plans(judgement(result(call=0.001), name="epoch"), inner)[1:] == []


def test_it_races_against_what_it_calls_however_many_variants_promise_much() -> None:
    ways = [result("reduce_retracing", RELAXED, call=0.012), result("jit_compile", COMPILED, call=0.011)]
    outer = judgement(result(call=0.015), *ways, name="epoch")
    inner = judgement(result(call=0.001), name="step", callers={"m:epoch": 1000})
    stage, _ = race(outer, inner)
    found = [plan.name for plan in stage._plans([replace(outer, selected=True)])]
    assert found == ["graph", "jit_compile", "only what it calls"]


def test_of_a_variant_that_was_never_tried_no_seconds_are_told() -> None:
    stage, _ = race(judgement(result()), growing=["m:step"])
    story = with_story(judgement(result("reduce_retracing", RELAXED)), stage.observed)
    bare = story.variants[0]
    assert bare.reason.startswith("not tried") and (bare.seconds_per_call, bare.trace_seconds) == (None, None)
    nothing = with_story(replace(story, observation=Observation(), variants=()), stage.observed)
    assert nothing.variants[0].eager_seconds_per_call is None


def test_nor_of_a_variant_whose_check_compared_no_call() -> None:
    stage, _ = race(judgement(result()))
    unseen = replace(
        judgement(result("jit_compile", COMPILED)),
        verdict=Verdict.INCONCLUSIVE,
        variants=(),
        reasons=(Reason("so", "it was never called"),),
        observation=Observation(),
    )
    stage._take(unseen)
    tried = stage.work.judgements["m:step"].variants[-1]
    assert (tried.name, tried.reason) == ("jit_compile", "it was never called")
    assert (tried.seconds_per_call, tried.trace_seconds, tried.eager_seconds_per_call) == (None, None, None)


def test_what_the_tried_variant_lacks_is_said_before_why_the_bare_graph_was_not_tried() -> None:
    lacking = replace(
        judgement(result("input_signature", RELAXED, outcome=Verdict.INCONCLUSIVE)),
        verdict=Verdict.INCONCLUSIVE,
        reasons=(Reason("little-evidence", "too little evidence", move=Move.BUDGET),),
    )
    stage, _ = race(lacking, growing=["m:step"])
    story = with_story(lacking, stage.observed)
    assert [reason.code for reason in story.reasons] == ["little-evidence", "traces-grow"]
    assert story.reasons[0].message == "with input_signature, too little evidence"
    assert story.reasons[0].move is Move.BUDGET


def test_giving_up_goes_to_the_plainest_confirmed_variant() -> None:
    compiled = judgement(result("jit_compile", COMPILED), result())
    other = plainer(compiled)
    assert other is not None and other.variant == Variant()
    assert plainer(other) is None
    alone = judgement(result("input_signature", SIGNATURE), result(outcome=Verdict.REFUTED))
    assert plainer(alone) is None


def test_the_edit_is_the_chosen_variants() -> None:
    assert edits_of([judgement(result("jit_compile", COMPILED))])[0].variant.arguments == COMPILED


def test_a_variant_that_fails_cold_is_given_up_for_the_plainest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.py").write_text("import tensorflow as tf\n\n\ndef step(x):\n    return x\n")
    compiled = judgement(result(), result("jit_compile", COMPILED, call=0.0001))
    placed = replace(compiled.function, line=4, end_line=5)
    compiled = replace(compiled, function=placed, variant=Variant("jit_compile", COMPILED), selected=True)
    runs: list[bytes] = []

    def replay(run: Any, unit: Any, arms: Any, *_: Any) -> dict[str, Seen]:
        seen = {}
        for arm in arms:
            label, files = arm.label, arm.files
            text = b"".join(edited.after for edited in files)
            runs.append(text)
            ending = Ending.RAISED if b"jit_compile" in text else Ending.CUT
            report = {"units": 60, "scalars": [[0.5 / (unit + 1)] for unit in range(60)], "digests": {}, "traces": {}}
            seen[label] = Seen(RunOutcome(ending, 0, 1.0, "", error="no XLA", error_type="ValueError"), report)
        return seen

    monkeypatch.setattr("hybridize.dynamic.parent.cold.replay", replay)
    stage, _ = race(compiled)
    stage.work.target = Target(str(tmp_path), str(tmp_path), str(tmp_path / "m.py"))
    scan = Scan(str(tmp_path), (), (), {}, frozenset(), frozenset(), 0, True)
    drift = ColdTrial(stage.work, scan, compiled, [compiled]).settle([compiled], "plan")
    (kept,) = stage.work.selected()
    assert kept.variant == Variant() and kept.verdict is Verdict.CONFIRMED
    assert drift is not None and drift.verdict == "none"
    assert b"@tf.function\ndef step" in runs[-1], "what stands has been run in exactly that form"
    given_up = next(r for r in kept.variants if r.name == "jit_compile")
    assert given_up.outcome is Verdict.REFUTED and "ValueError: no XLA" in given_up.reason


def test_with_a_short_budget_no_variant_is_tried_and_that_is_said() -> None:
    hot = judgement(result(call=0.01))  # compiling could save seconds
    stage, watcher = race(hot, budget=20.0)
    stage.run()
    assert "jit_compile" in watcher.warnings[0] and "--budget" in watcher.warnings[0]
    assert not watcher.stages
    (chosen,) = stage.work.selected()
    assert chosen.variant == Variant()


def test_a_compilation_that_can_not_be_won_back_is_not_even_checked() -> None:
    stage, watcher = race(judgement(result(call=0.0002)))
    stage.run()
    assert not watcher.stages and not watcher.warnings
    assert [j.variant.name for j in stage.work.selected()] == ["graph"]


def test_what_gains_nothing_by_its_variant_is_taken_out() -> None:
    """The compiled variant gained, as checked, so the candidate was kept; without a race it has only its graph."""
    weak = judgement(result(call=0.0195), result("jit_compile", COMPILED, call=0.002))
    stage, _ = race(weak, budget=20.0)
    stage.run()
    assert not stage.work.selected()
    assert "not worth an edit" in stage.work.judgements["m:step"].reasons[-1].message


def test_a_growing_candidate_is_first_checked_with_what_may_mend_it() -> None:
    rate = ObservedParameter("rate", (), (), (), 64, Form("number", "float", value="0.1", varies=True), 0)
    model = ObservedParameter("model", (), (), (), 1, Form("other", note="an object of Model"), 1)
    stage, _ = race(judgement(result()), growing=["m:step"])
    for parameters, mended in (((rate,), True), ((rate, model), False)):
        seen = Observation(calls=100, seconds=1.0, share=0.5, signatures=90, parameters=parameters)
        observed = replace(stage.observed, rows={"m:step": ObservedRow()})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("hybridize.dynamic.parent.proof.observation", lambda *_, seen=seen: seen)
            patch.setattr("hybridize.dynamic.parent.settling.check_assumptions", lambda judged, *_: judged)
            variants, hopeless = first_variants(observed)
        assert [variant.name for variant in variants.values()] == (["input_signature"] if mended else [])
        assert len(hopeless) == (0 if mended else 1)
        if hopeless:
            assert hopeless[0].verdict is Verdict.REFUTED
            assert any("`model` is an object of Model" in reason.message for reason in hopeless[0].reasons)


# Programs that really run.


class Program:
    """A small program, and the stages of the tool run over it one by one."""

    def __init__(self, folder: Path, source: str, nursery: Nursery, budget: float = 300.0) -> None:
        (folder / "train.py").write_text(HEAD + textwrap.dedent(source))
        os.chdir(folder)
        options = Options(script=Path("train.py"), budget_seconds=budget)
        self.watcher = Quiet()
        self.work = Work(options, self.watcher, find_target(options, folder), folder / "results")  # type: ignore[arg-type]
        self.work.nursery = self.work.waiting_nursery = nursery
        self.scan = scan.run(self.work)

    def observed(self, name: str) -> Observed:
        """The observing run's result, with one candidate open."""
        wanted = [replace(f, proposal=Action.HYBRIDIZE) for f in self.scan.functions if f.qualname == name]
        return observe(self.work.run_with(self.scan), wanted, wanted, 60.0, 60.0, None)

    def tried(self, name: str, *variants: Variant) -> list[Judgement]:
        """What the check says of each variant of one candidate."""
        with all_stopped():
            observed = self.observed(name)
            run = self.work.run_with(self.scan)
            found = []
            for number, variant in enumerate(variants):
                (checked,) = check(run, observed, 60.0, {f"train:{name}": variant}, f"check-{number}", 8)
                found.append(checked)
        return found

    def settled(self, name: str) -> Judgement:
        """A candidate when the checks and the race are over."""
        with all_stopped():
            observed = observing._observe(self.work, self.scan)
            checking.run(self.work, self.scan, observed)
            Race(self.work, self.scan, observed).run()
        return self.work.judgements[f"train:{name}"]


@pytest.fixture
def program(tmp_path: Path, seeded_nursery: Nursery, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    return lambda source, **options: Program(tmp_path, source, seeded_nursery, **options)


STEP = """
w = tf.Variable(np.linspace(-1, 1, 8), dtype=tf.float32)


def step(x, rate):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x * w - 1.0) ** 2)
    w.assign_sub(rate * tape.gradient(loss, w))
    return loss


"""
BATCHES = """
v = tf.Variable(np.linspace(-1, 1, 12).reshape(4, 3), dtype=tf.float32)


def step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ v) ** 2)
    v.assign_sub(0.1 * tape.gradient(loss, v))
    return loss


for number in range(160):
    step(tf.random.stateless_normal([3 + number % 40, 4], [1, number]))
"""


@pytest.mark.slow
@pytest.mark.timed
def test_a_number_that_changes_is_mended_by_a_signature(program: Any) -> None:
    loop = "for number in range(60):\n    step(tf.ones([8]) * (1 + number % 3), 0.1 * 0.99**number)\n"
    settled = program(STEP + loop).settled("step")
    assert settled.verdict is Verdict.CONFIRMED, settled.reasons
    assert settled.variant == Variant("input_signature", SIGNATURE)
    outcomes = {r.name: r.outcome for r in settled.variants}
    assert outcomes["graph"] is Verdict.REFUTED and outcomes["input_signature"] is Verdict.CONFIRMED
    assert any("bare tf.function it would be retraced repeatedly" in reason.message for reason in settled.reasons)


@pytest.mark.slow
@pytest.mark.timed
def test_shapes_that_vary_are_mended_by_relaxing_or_a_signature_and_never_compiled(program: Any) -> None:
    settled = program(BATCHES).settled("step")
    assert settled.verdict is Verdict.CONFIRMED, settled.reasons
    assert settled.variant.name in ("reduce_retracing", "input_signature")
    tried = {r.name: dict(r.arguments) for r in settled.variants}
    assert tried["input_signature"] == {"input_signature": "[tf.TensorSpec([None, 4], tf.float32)]"}
    assert not any("jit" in name for name in tried)


@pytest.mark.slow
@pytest.mark.timed
def test_a_size_that_is_read_from_an_unknown_axis_can_not_be_mended(program: Any) -> None:
    settled = program(
        """
        w = tf.Variable(0.5)


        def step(x):
            with tf.GradientTape() as tape:
                h = tf.zeros([1])
                for at in range(x.shape[1]):
                    h = tf.tanh(w * x[:, at] + h)
                loss = tf.reduce_mean(h**2)
            w.assign_sub(0.1 * tape.gradient(loss, w))
            return loss


        for number in range(40):
            step(tf.ones([1, 3 + number]) * 0.1 * number)
        """
    ).settled("step")
    assert settled.verdict is Verdict.REFUTED
    assert {r.name: r.outcome.value for r in settled.variants} == dict.fromkeys(
        ("graph", "input_signature", "reduce_retracing"), "refuted"
    )
    assert not settled.selected


@pytest.mark.slow
@pytest.mark.timed
def test_a_new_object_at_every_call_can_not_be_mended(program: Any) -> None:
    loop = """
class Rate:
    def __init__(self, value):
        self.value = value


def outer(x, rate):
    return step(x, rate.value)


for number in range(40):
    outer(tf.ones([8]) * number, Rate(0.1))
"""
    settled = program(STEP + loop).settled("outer")
    assert settled.verdict is Verdict.REFUTED
    first = settled.reasons[0].message
    assert first.startswith("it would be retraced repeatedly: 40+ signatures in 40 calls, from `rate`")
    assert sum("does not help" in reason.message for reason in settled.reasons) == 2


@pytest.mark.slow
@pytest.mark.timed
def test_elementwise_work_on_large_arrays_is_compiled(program: Any) -> None:
    small = program(
        """
        w = tf.Variable(tf.fill([250_000], 0.5))


        def step(x):
            y = x
            for _ in range(6):
                y = 0.5 * y * (1.0 - y) + w * 0.1 - 0.01 * y * w
            w.assign(0.9 * w + 0.1 * y)
            return tf.reduce_max(y)  # a sum of so many would differ with its order, by as much as is allowed


        for number in range(900):
            step(tf.fill([250_000], 0.3 + 0.0005 * number))
        """
    )
    settled = small.settled("step")
    assert settled.variant == Variant("jit_compile", COMPILED), (settled.reasons, small.watcher)
    assert any("it was the fastest variant" in reason.message for reason in settled.reasons)


@pytest.mark.slow
@pytest.mark.timed
def test_what_xla_lacks_or_does_otherwise_is_not_compiled(program: Any) -> None:
    small = program(
        """
        w = tf.Variable(1.0)


        def guarded(x):
            tf.debugging.assert_greater(x, 0.0)
            return w * tf.reduce_sum(x)


        def noisy(x):
            return w * (x + tf.random.normal([4]))


        def seeded(x):
            return w * (x + tf.random.stateless_normal([4], [1, 2]))


        def counted(x):
            return w * tf.strings.to_number(tf.strings.as_string(x))


        for number in range(40):
            w.assign_add(0.1)
            guarded(tf.ones([4]) + number)
            noisy(tf.ones([4]) + number)
            seeded(tf.ones([4]) + number)
            counted(tf.constant([1.0, 2.0, number % 3]))
        """
    )
    bare, compiled = small.tried("guarded", Variant(), Variant("jit_compile", COMPILED))
    assert bare.verdict is Verdict.CONFIRMED, bare.reasons
    assert compiled.verdict is Verdict.REFUTED
    assert "XLA removes such checks" in compiled.variants[0].reason
    bare, compiled = small.tried("noisy", Variant(), Variant("jit_compile", COMPILED))
    assert bare.verdict is Verdict.CONFIRMED, bare.reasons
    assert compiled.verdict is Verdict.REFUTED
    assert "XLA ignores the seed" in compiled.variants[0].reason
    # Of the algorithms for these numbers, XLA takes another one than eager code does.
    (compiled,) = small.tried("seeded", Variant("jit_compile", COMPILED))
    assert compiled.verdict is Verdict.REFUTED
    assert "computes something different" in compiled.variants[0].reason
    bare, compiled = small.tried("counted", Variant(), Variant("jit_compile", COMPILED))
    assert bare.verdict is Verdict.CONFIRMED, bare.reasons
    assert compiled.verdict is Verdict.REFUTED
    assert "as a graph it raises" in compiled.variants[0].reason


@pytest.mark.slow
@pytest.mark.timed
def test_autograph_is_left_out_only_where_the_trace_is_the_same_without(program: Any) -> None:
    small = program(
        """
        w = tf.Variable(1.0)


        def plain(x):
            if x.shape[0] > 2:
                w.assign_add(tf.reduce_sum(x))
            return w + 1.0


        def branching(x):
            if tf.reduce_sum(x) > 30.0:
                w.assign_sub(2.0)
            else:
                w.assign_add(1.0)
            return w.read_value()


        for number in range(40):
            plain(tf.ones([4]) + number)
            branching(tf.ones([4]) + number)
        """
    )
    without = Variant("no_autograph", (("autograph", "False"),))
    (kept,) = small.tried("plain", without)
    assert kept.verdict is Verdict.CONFIRMED, kept.reasons
    (needed,) = small.tried("branching", without)
    assert needed.verdict is Verdict.REFUTED


@pytest.mark.slow
@pytest.mark.timed
def test_relaxing_shapes_does_not_help_with_numbers(program: Any) -> None:
    loop = "for number in range(60):\n    step(tf.ones([8]) * (1 + number % 3), 0.1 * 0.99**number)\n"
    (checked,) = program(STEP + loop).tried("step", Variant("reduce_retracing", RELAXED))
    assert checked.verdict is not Verdict.CONFIRMED
    assert "retraced" in checked.variants[0].reason or "too little" in checked.variants[0].reason


@pytest.mark.slow
@pytest.mark.timed
def test_a_number_that_python_needs_as_a_number_refutes_the_signature(program: Any) -> None:
    settled = program(
        """
        import math

        w = tf.Variable(1.0)


        def step(x, number):
            return w.assign_add(math.sin(number) * tf.reduce_sum(x))


        for number in range(60):
            step(tf.ones([3]), number)
        """
    ).settled("step")
    assert settled.verdict is Verdict.REFUTED
    signature = next(r for r in settled.variants if r.name == "input_signature")
    assert dict(signature.arguments)["input_signature"].endswith("tf.TensorSpec([], tf.int64)]")
    assert "as a graph it raises" in signature.reason


@pytest.mark.slow
@pytest.mark.timed
def test_methods_containers_and_ragged_tensors_have_signatures(program: Any) -> None:
    settled = program(
        """
        class Trainer:
            def __init__(self):
                self.w = tf.Variable(0.1)

            def step(self, pair, options, words, rate):
                x, y = pair
                loss = tf.reduce_mean((self.w * x - y) ** 2) + tf.reduce_sum(tf.reduce_mean(words, axis=1))
                self.w.assign_sub(rate * options["scale"] * loss)
                return loss


        trainer = Trainer()
        for number in range(60):
            words = tf.ragged.constant([[1.0] * (1 + number % 4), [2.0]])
            pair = np.full(3, number * 0.01, "float32"), tf.ones([3])
            trainer.step(pair, {"scale": 0.5}, words, rate=0.1 / (1 + number))
        """
    ).settled("Trainer.step")
    assert settled.verdict is Verdict.CONFIRMED, settled.reasons
    assert dict(settled.variant.arguments)["input_signature"] == (
        "[(tf.TensorSpec([3], tf.float32), tf.TensorSpec([3], tf.float32)), "
        "{'scale': tf.TensorSpec([], tf.float32)}, tf.RaggedTensorSpec([2, None], tf.float32, 1, tf.int64), "
        "tf.TensorSpec([], tf.float32)]"
    )
