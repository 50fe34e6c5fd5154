"""Drift, on simulated training: what a real change looks like, and what mere rounding does."""

import math
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from hybridize.measure.drift import Trace, compare
from hybridize.records import Drift

UNITS = 60
DIGESTS = (1, 2, 3, 5, 8, 12, 20, 40)


def train(
    *,
    chaos: float = 0.9,
    nudge: float = 0.0,
    rounding: float = 0.0,
    units: int = UNITS,
    step: Callable[[int, float], float] = lambda unit, value: value,
    result: Callable[[int, float], float] = lambda unit, value: value,
    every: int = 10,
    form: Callable[[int, float], str] = lambda unit, loss: f"step {unit} loss {loss:.4f}",
) -> Trace:
    """A training whose rounding errors are multiplied by ``chaos`` in each unit (up to saturation).

    ``nudge`` moves the state after the first unit, ``rounding`` by as much in each unit, as another order of
    operations does. ``step`` and ``result`` change what a unit does to the state and what it returns.
    """
    error, scalars, digests, lines = 0.0, [], {}, []
    weight = 1.0
    for unit in range(units):
        error = math.tanh(error * chaos) + rounding * (-1) ** unit
        if unit == 1:
            error += nudge
        weight = step(unit, weight * 0.98 + 0.01 * math.sin(unit))
        loss = result(unit, (2 + math.cos(weight * 3)) * (1 + error))
        scalars.append((loss,))
        state = [weight * (1 + error * (1 + at / 8)) for at in range(8)]
        if unit + 1 in DIGESTS:
            digests[unit + 1] = {"w#1": [sum(state), sum(x * x for x in state), *state]}
        if unit % every == every - 1:
            lines.append(form(unit + 1, loss))
    return Trace(tuple(lines), units, tuple(scalars), digests, complete=True)


def judge(edited: Trace, chaos: float = 0.9, perturbed: bool = True, **options: object) -> Drift:
    reference = train(chaos=chaos, **options)  # type: ignore[arg-type]
    other = train(chaos=chaos, nudge=1e-7, **options) if perturbed else None  # type: ignore[arg-type]
    return compare(reference, edited, perturbed=[] if other is None else [other])


# Right runs are not accused.


@pytest.mark.parametrize("chaos", [0.5, 0.9, 1.0, 1.1, 1.3, 1.6, 2.0])
def test_a_graph_that_rounds_otherwise_is_not_accused_however_chaotic_the_training(chaos: float) -> None:
    found = judge(train(chaos=chaos, rounding=5e-7), chaos)
    assert found.verdict == "none", found.reason


def test_equal_runs_show_no_drift_and_the_reason_counts_what_was_compared() -> None:
    found = judge(train())
    assert (found.verdict, found.level) == ("none", "L4")
    assert "60 steps" in found.reason and "1 variable" in found.reason and "6 printed lines" in found.reason
    assert "60 loops" in judge(replace(train(), unit="loop")).reason


def test_what_is_alone_agrees_and_what_is_not_agree() -> None:
    alone = replace(train(), lines=(), digests={})
    assert "1 result agrees over 60 steps" in compare(alone, alone).reason
    assert "printed lines agree over" in judge(train()).reason


def test_a_chaotic_script_may_end_at_another_loss() -> None:
    edited = train(chaos=1.6, rounding=3e-7)
    reference = train(chaos=1.6)
    assert abs(edited.scalars[-1][0] / reference.scalars[-1][0] - 1) > 0.1  # type: ignore[operator]
    assert judge(edited, 1.6).verdict == "none"


def test_a_number_that_rounding_moves_far_is_said_to_be_no_evidence() -> None:
    reference = replace(train(), lines=("reward 105.1",))
    perturbed = replace(train(nudge=1e-7), lines=("reward 88.3",))
    found = compare(reference, replace(train(), lines=("reward 12.9",)), perturbed=[perturbed])
    assert found.verdict == "none"
    assert "ignored" in found.reason and "reward" in found.reason
    assert [metric.verdict for metric in found.metrics if metric.name == "reward"] == ["inconclusive"]


def test_times_are_not_compared() -> None:
    slow = train(form=lambda unit, loss: f"step {unit} loss {loss:.4f} time: {unit * 2.0} ({unit * 2}s, 3 it/s)")
    fast = train(form=lambda unit, loss: f"step {unit} loss {loss:.4f} time: {unit * 0.1} ({unit}ms, 40 it/s)")
    assert compare(slow, fast, perturbed=[slow]).verdict == "none"


def test_a_time_that_is_not_named_as_one_is_no_evidence_either() -> None:
    def run(seconds: float) -> Trace:
        return train(form=lambda unit, loss: f"step {unit} loss {loss:.4f} ({unit * seconds:.2f})")

    assert compare(run(1.0), run(0.1), perturbed=[run(1.02)]).verdict == "none"


def test_lines_that_come_and_go_are_no_evidence() -> None:
    def best(places: set[int], **options: float) -> Trace:
        run = train(**options)  # type: ignore[arg-type]
        return replace(run, lines=(*run.lines, *(f"new best {place}" for place in sorted(places))))

    found = compare(best({1, 5, 9}), best({1, 9}), perturbed=[best({1, 5}, nudge=1e-7)])
    assert found.verdict == "none"


def test_a_sample_at_the_border_of_a_decision_is_no_drift() -> None:
    def accuracy(right: int, **options: float) -> Trace:
        run = train(**options)  # type: ignore[arg-type]
        return replace(run, lines=(f"test accuracy {right / 360:.4f}", f"correct {right}"))

    found = compare(accuracy(343), accuracy(342), perturbed=[accuracy(343, nudge=1e-7)])
    assert found.verdict == "none", found.reason
    assert compare(accuracy(343), accuracy(320), perturbed=[accuracy(343, nudge=1e-7)]).verdict == "drift"


def test_a_run_that_was_cut_sooner_is_compared_as_far_as_it_went() -> None:
    cut = replace(train(units=35), complete=False)
    assert judge(cut).verdict == "none"
    drifting = replace(train(units=35, result=lambda unit, loss: loss * 1.001), complete=False)
    assert judge(drifting).verdict == "drift"


def test_a_variable_that_only_rounding_moves_is_no_evidence() -> None:
    """A bias in front of a normalization has no gradient but rounding noise, which Adam makes a full step of."""

    def with_bias(sign: float, **options: float) -> Trace:
        run = train(**options)  # type: ignore[arg-type]
        rows = {
            unit: {**row, "bias#1": [0.0, 2e-6, 1e-3 if unit == 1 else sign * 1e-3, sign * 1e-3]}
            for unit, row in run.digests.items()
        }
        return replace(run, digests=rows)

    found = compare(with_bias(1), with_bias(-1), perturbed=[with_bias(-1, nudge=1e-7)])
    assert found.verdict == "none"


def test_a_variable_that_a_graph_keeps_alive_is_no_drift() -> None:
    edited = train()
    rows = {unit: {**row, "mean#1": [1.0, 1.0, 1.0]} for unit, row in edited.digests.items()}
    assert judge(replace(edited, digests=rows)).verdict == "none"


# Planted drift is caught.


@pytest.mark.parametrize("chaos", [0.5, 0.9, 1.1, 1.3])
@pytest.mark.parametrize(
    "planted",
    [
        pytest.param({"result": lambda unit, loss: loss * 1.001}, id="a result that is off by 1e-3"),
        pytest.param({"step": lambda unit, w: w / 0.98 if unit % 10 == 9 else w}, id="every tenth update skipped"),
        pytest.param({"result": lambda unit, loss: loss + 0.05 * math.sin(7 * unit)}, id="other random numbers"),
        pytest.param({"step": lambda unit, w: 1.0}, id="a step that trains nothing"),
        pytest.param({"step": lambda unit, w: w * (1 + 1e-3)}, id="a state that is off by 1e-3"),
        pytest.param({"result": lambda unit, loss: math.nan if unit == 4 else loss}, id="a result that is none"),
    ],
)
def test_planted_drift_is_caught(planted: dict[str, Callable[[int, float], float]], chaos: float) -> None:
    edited = train(chaos=chaos, rounding=5e-7, **planted)  # type: ignore[arg-type]
    found = judge(edited, chaos)
    assert found.verdict == "drift", found.reason


def test_the_first_place_that_differs_is_named() -> None:
    found = judge(train(result=lambda unit, loss: loss * 1.01 if unit >= 30 else loss))
    assert "(step 31)" in found.reason
    assert found.metrics[0].verdict == "drift"


def test_a_line_that_is_lost_is_drift() -> None:
    edited = train()
    found = judge(replace(edited, lines=edited.lines[:-1]))
    assert found.verdict == "drift"
    assert "vanished (1 of 6 times)" in found.reason


def test_a_line_that_is_new_is_drift() -> None:
    edited = train()
    found = judge(replace(edited, lines=(*edited.lines, "Tensor(add:0, shape=())")))
    assert found.verdict == "drift" and "is new" in found.reason


def test_a_text_that_changes_is_a_lost_line_and_a_new_one() -> None:
    edited = train(form=lambda unit, loss: f"step {unit} loss Tensor(loss)")
    assert judge(edited).verdict == "drift"


def test_a_printed_number_is_enough_where_the_unit_returns_nothing() -> None:
    def bare(factor: float, **options: float) -> Trace:
        run = train(form=lambda unit, loss: f"loss {loss * factor:.6f}", **options)  # type: ignore[arg-type]
        return replace(run, scalars=(), digests={})

    assert compare(bare(1.0), bare(1.0), perturbed=[bare(1.0, nudge=1e-7)]).verdict == "none"
    assert compare(bare(1.0), bare(1.001), perturbed=[bare(1.0, nudge=1e-7)]).verdict == "drift"


def test_the_last_printed_place_may_round_otherwise() -> None:
    lines = ("loss 0.1234", "loss 0.1233"), ("loss 0.1235", "loss 0.1233")
    first, second = (replace(train(), lines=each) for each in lines)
    assert compare(first, second, perturbed=[first]).verdict == "none"


def test_a_whole_number_is_exact() -> None:
    first, second = (replace(train(), lines=(f"updates {count}",)) for count in (600, 599))
    assert compare(first, second, perturbed=[first]).verdict == "drift"


def test_a_script_that_ends_after_other_units_has_drifted() -> None:
    assert "60" in judge(train(units=50, every=100), every=100).reason
    assert judge(train(units=50, every=100), every=100).verdict == "drift"


def test_a_unit_that_returns_other_things_has_drifted() -> None:
    edited = train()
    found = judge(replace(edited, scalars=tuple((loss, 1.0) for (loss,) in edited.scalars)))
    assert found.verdict == "drift" and "2 numbers where the original had 1" in found.reason


# What can't be told.


def test_without_another_run_a_slow_parting_is_not_explained() -> None:
    found = judge(train(chaos=1.3, rounding=1e-6), 1.3, perturbed=False)
    assert found.verdict == "inconclusive"
    assert "no other run shows" in found.reason


def test_without_another_run_a_jump_is_drift_all_the_same() -> None:
    assert judge(train(result=lambda unit, loss: loss * 1.001), perturbed=False).verdict == "drift"
    assert judge(train(), perturbed=False).verdict == "none"


def test_a_script_whose_runs_differ_from_the_start_is_said_to_be_so() -> None:
    def random(seed: float) -> Trace:
        return train(result=lambda unit, loss: loss + math.sin(seed * (unit + 1)), step=lambda unit, w: w + seed)

    found = compare(random(1.0), random(2.0), twin=random(3.0))
    assert (found.verdict, found.level) == ("inconclusive", "L0")
    assert "differs" in found.reason and "between two runs of the original script" in found.reason


def test_a_script_that_shows_nothing_cannot_be_judged() -> None:
    silent = Trace(lines=("done",), units=9)
    found = compare(silent, silent, perturbed=[silent])
    assert found.verdict == "inconclusive" and "nothing could be compared" in found.reason


def test_a_twin_serves_where_no_perturbed_run_was_made() -> None:
    assert compare(train(), train(), twin=train()).verdict == "none"
    assert compare(train(), train(result=lambda unit, loss: loss * 1.001), twin=train()).verdict == "drift"


# Metrics that the user names.


def test_a_named_metric_is_read_from_the_printed_lines() -> None:
    def final(value: float, **options: float) -> Trace:
        run = train(**options)  # type: ignore[arg-type]
        return replace(run, lines=(*run.lines, f"val_acc={value:.3f}"))

    wanted = [("accuracy", r"val_acc=([\d.]+)")]
    same = compare(final(0.91), final(0.91), perturbed=[final(0.91, nudge=1e-7)], metrics=wanted)
    metric = next(metric for metric in same.metrics if metric.name == "accuracy")
    assert (metric.source, metric.baseline, metric.optimized, metric.verdict) == ("metric", 0.91, 0.91, "none")
    other = compare(final(0.91), final(0.55), perturbed=[final(0.91, nudge=1e-7)], metrics=wanted)
    assert other.verdict == "drift"


def test_a_named_metric_that_is_no_longer_printed_has_drifted() -> None:
    reference = replace(train(), lines=("a 1.5", "b 2.5"))
    edited = replace(train(), lines=("a 1.5", "c 2.5"))
    found = compare(reference, edited, perturbed=[reference], metrics=[("b", r"b (\S+)")])
    assert found.verdict == "drift"


def test_a_named_metric_that_was_never_printed_is_no_evidence() -> None:
    found = compare(train(), train(), perturbed=[train(nudge=1e-7)], metrics=[("f1", r"f1 (\d+)")])
    assert found.verdict == "none"
    assert [metric.verdict for metric in found.metrics if metric.name == "f1"] == ["inconclusive"]


def test_no_metric_is_a_number_that_json_cannot_hold() -> None:
    reference = replace(train(), lines=("loss nan",))
    found = compare(reference, replace(train(), lines=("loss 0.5",)), perturbed=[reference])
    assert found.verdict == "drift"
    for metric in found.metrics:
        for value in (metric.baseline, metric.optimized, metric.difference, metric.noise_floor):
            assert value is None or math.isfinite(value)


# What agrees in any case is no evidence.


def digest(*values: float) -> list[float]:
    return [math.fsum(values), math.fsum(value * value for value in values), *values]


def unseeded(seed: float, alive: bool = True, lines: bool = True, **settings: Callable[[int], float]) -> Trace:
    """A script that draws other data in every run; ``alive`` is false where its weights are all zero."""
    rows = {}
    for unit in DIGESTS:
        weights = [math.sin(seed * at + unit) * alive for at in range(1, 9)]
        rows[unit] = {
            "dense/kernel#1": digest(*weights),
            "adam/iteration#1": digest(unit),
            "adam/learning_rate#1": digest(1e-3),
            **{f"{name}#1": digest(value(unit)) for name, value in settings.items()},
        }
    losses = tuple((abs(math.sin(seed * unit + 1)) * alive,) for unit in range(UNITS))
    printed = (
        "parameters: 1,234",
        *(f"epoch {unit // 10} lr {0.01 * 0.9**unit:.5f} dauer {unit / 10:.1f}" for unit in range(0, UNITS, 10)),
    )
    return Trace(printed if lines else (), UNITS, losses, rows)


@pytest.mark.parametrize("lines", [True, False])
@pytest.mark.parametrize("twin", [True, False])
def test_counters_and_settings_alone_prove_nothing(twin: bool, lines: bool) -> None:
    """Two runs differ from the first unit on, so the weights are no evidence; what is left never depends on them."""
    other = unseeded(3.0, lines=lines) if twin else None
    for edited in (unseeded(5.0, lines=lines), unseeded(5.0, alive=False, lines=lines)):
        found = compare(unseeded(1.0, lines=lines), edited, perturbed=[unseeded(2.0, lines=lines)], twin=other)
        assert found.verdict != "none", found.reason


def test_that_runs_differ_from_the_start_is_level_0() -> None:
    found = compare(unseeded(1.0), unseeded(5.0), perturbed=[unseeded(2.0)], twin=unseeded(3.0))
    assert (found.verdict, found.level) == ("inconclusive", "L0")
    assert "between two runs of the original script" in found.reason


def test_a_schedule_is_no_evidence_where_the_computation_differs_from_run_to_run() -> None:
    def run(seed: float) -> Trace:
        return unseeded(seed, lines=False, rate=lambda unit: 0.1 * 0.93**unit, decay=lambda unit: 1 - 0.5**unit)

    found = compare(run(1.0), run(5.0), perturbed=[run(2.0)], twin=run(3.0))
    assert (found.verdict, found.level) == ("inconclusive", "L0")


@pytest.mark.parametrize("size", [1.2e-7, 9.6e-7])
def test_a_schedule_of_several_elements_that_the_nudge_moves_is_no_evidence(size: float) -> None:
    def run(seed: float, nudge: float = 0.0) -> Trace:
        found = unseeded(seed, lines=False)
        betas = {unit: digest(0.1 * 0.99**unit * (1 + nudge), 0.9 * 0.99**unit) for unit in found.digests}
        return replace(found, digests={unit: {**row, "betas#1": betas[unit]} for unit, row in found.digests.items()})

    found = compare(run(1.0), run(5.0), perturbed=[run(2.0, size)], twin=run(3.0))
    assert (found.verdict, found.level) == ("inconclusive", "L0")


def test_a_counter_that_was_asked_for_as_a_metric_is_no_evidence() -> None:
    def run(seed: float) -> Trace:
        return replace(unseeded(seed), lines=tuple(f"epoch {unit} rate {0.1 * 0.9**unit:.4f}" for unit in range(9)))

    wanted = [("epoch", r"epoch (\d+)"), ("rate", r"rate (\S+)")]
    found = compare(run(1.0), run(5.0), perturbed=[run(2.0)], twin=run(3.0), metrics=wanted)
    assert (found.verdict, found.level) == ("inconclusive", "L0")
    still = Trace(tuple(f"epoch {unit}" for unit in range(9)), 9)
    assert compare(still, still, perturbed=[still], twin=still, metrics=wanted[:1]).verdict == "inconclusive"


def test_an_edited_script_that_ends_by_itself_where_the_original_goes_on_is_not_said_to_agree() -> None:
    early, cut = train(units=20), replace(train(), complete=False)
    early = replace(early, lines=(*early.lines, "done"))
    nudged = replace(train(nudge=1e-7), complete=False)
    found = compare(cut, early, perturbed=[nudged])
    assert found.verdict == "inconclusive" and "is 20, but the original continued to the planned 60" in found.reason
    assert compare(early, cut, perturbed=[train(units=20, nudge=1e-7)]).verdict == "inconclusive"
    by_clock = replace(train(units=25, nudge=1e-7), complete=True)
    assert compare(cut, early, perturbed=[nudged, by_clock]).verdict == "none", "runs of the original end so as well"
    short = replace(train(units=9), complete=False)
    assert compare(early, short, perturbed=[train(units=20, nudge=1e-7)]).verdict == "none", "as far as both went"


def test_a_counter_that_differs_is_drift_all_the_same() -> None:
    edited = unseeded(5.0)
    rows = {unit: {**row, "adam/iteration#1": digest(0)} for unit, row in edited.digests.items()}
    found = compare(unseeded(1.0), replace(edited, digests=rows), perturbed=[unseeded(2.0)], twin=unseeded(3.0))
    assert found.verdict == "drift" and "adam/iteration" in found.reason


def test_where_nothing_trains_what_agrees_is_no_evidence() -> None:
    idle = Trace((), UNITS, (), {unit: {"frozen#1": digest(0.3, 0.7), "step#1": digest(unit)} for unit in DIGESTS})
    found = compare(idle, idle, perturbed=[idle])
    assert (found.verdict, found.level) == ("inconclusive", "L0")
    thawed = {unit: {**row, "frozen#1": digest(0.3, 0.7 + unit / 100)} for unit, row in idle.digests.items()}
    assert compare(idle, replace(idle, digests=thawed), perturbed=[idle]).verdict == "drift"


@pytest.mark.parametrize("line", ["epoch {unit}", "lr 0.001", "Parameter: 25,450", "batch size 32, dropout 0.25"])
def test_printed_settings_and_counters_alone_prove_nothing(line: str) -> None:
    run = Trace(tuple(line.format(unit=unit) for unit in range(9)), 9)
    assert compare(run, run, perturbed=[run]).verdict == "inconclusive"


def test_a_noise_of_half_a_per_cent_hides_an_update_that_is_left_out() -> None:
    """Each run draws other batches: the first losses are all about ln 10, and move by no more than they differ."""

    def run(seed: float) -> Trace:
        return Trace((), 12, tuple((2.30 + 0.01 * math.sin(seed * (unit + 1)),) for unit in range(12)))

    untrained = Trace((), 12, tuple((2.3026,) for _ in range(12)))
    assert compare(run(1.0), untrained, perturbed=[run(2.0)], twin=run(3.0)).verdict == "inconclusive"


def test_no_number_is_said_to_agree_beside_a_noise_of_its_size() -> None:
    found = judge(train(chaos=2.0, rounding=5e-7), 2.0)
    assert found.verdict == "none"
    for metric in found.metrics:
        if metric.verdict == "none":
            assert metric.noise_floor is not None and metric.baseline is not None
            assert metric.noise_floor < 0.05 * max(abs(metric.baseline), 1.0)


# What is not finite.


@pytest.mark.slow
@pytest.mark.parametrize("before", [math.nan, math.inf, -math.inf, 1.5])
@pytest.mark.parametrize("after", [math.nan, math.inf, -math.inf, 1.5])
def test_nan_and_the_infinities_are_told_apart(before: float, after: float) -> None:
    def broken(value: float, where: str) -> Trace:
        run = train(result=lambda unit, loss: value if unit > 20 and where == "result" else loss)
        rows = {
            unit: {**row, "v#1": digest(value if unit > 20 and where == "variable" else unit / 3, 0.5)}
            for unit, row in run.digests.items()
        }
        return replace(run, digests=rows)

    for where in ("result", "variable"):
        found = compare(broken(before, where), broken(after, where), perturbed=[broken(before, where)])
        alike = before == after or (math.isnan(before) and math.isnan(after))
        assert found.verdict == ("none" if alike else "drift"), (where, found.reason)


# Rounding, from several runs.


def test_the_noise_is_the_largest_of_several_perturbed_runs() -> None:
    """One nudge may leave alone what another moves: a coin that fell on the same side twice."""

    def with_bias(sign: float, **options: float) -> Trace:
        run = train(**options)  # type: ignore[arg-type]
        rows = {
            unit: {**row, "bias#1": digest(sign * 1e-3 * unit, sign * 2e-3)} for unit, row in run.digests.items()
        }
        return replace(run, digests=rows)

    reference, edited = with_bias(1), with_bias(-1)
    same, other = with_bias(1, nudge=1e-7), with_bias(-1, nudge=1e-7)
    assert compare(reference, edited, perturbed=[same]).verdict == "drift"
    assert compare(reference, edited, perturbed=[same, other]).verdict == "none"


def test_a_variable_that_moves_by_rounding_alone_is_no_evidence() -> None:
    """A large bias in front of a normalization: each step of Adam is noise, and small beside the bias."""

    def with_bias(seed: float, **options: float) -> Trace:
        run = train(**options)  # type: ignore[arg-type]
        rows = {
            unit: {**row, "b#1": digest(*(1 + 1e-4 * math.sin((seed * unit + 1) * at) * (unit > 1) for at in range(8)))}
            for unit, row in run.digests.items()
        }
        return replace(run, digests=rows)

    found = compare(with_bias(1.0), with_bias(40.0), perturbed=[with_bias(2.0, nudge=1e-7)])
    assert found.verdict == "none", found.reason
    assert "the variable b " in found.reason and "ignored" in found.reason
    (noisy,) = [metric for metric in found.metrics if metric.verdict == "inconclusive"]
    assert noisy.noise_floor is not None and noisy.noise_floor > 0


@pytest.mark.parametrize("chaos", [0.9, 1.3, 1.6])
def test_a_reason_quotes_no_noise_larger_than_the_difference(chaos: float) -> None:
    found = judge(train(chaos=chaos, result=lambda unit, loss: loss * (1.002 if unit > 3 else 1)), chaos)
    assert found.verdict == "drift"
    quoted = re.search(r"rounding explains a difference of ([\d.e-]+)", found.reason)
    assert quoted is not None and float(quoted.group(1)) < 0.002


# Names.


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("test error:", 0.0130, 0.0310), ("cart stopped at", 0.10, 0.12), ("top speed reached", 0.51, 0.52),
     ("F score of the fit", 0.91, 0.92), ("hits per game", 0.300, 0.310)],
)  # fmt: skip
def test_only_a_share_of_samples_may_differ_by_a_few(name: str, before: float, after: float) -> None:
    def run(value: float, **options: float) -> Trace:
        trained = train(**options)  # type: ignore[arg-type]
        return replace(trained, lines=(f"{name} {value:.4f}",))

    found = compare(run(before), run(after), perturbed=[run(before, nudge=1e-7)])
    assert found.verdict == ("none" if "speed" in name else "drift"), found.reason


@pytest.mark.parametrize("name", ["acc", "val_acc", "test accuracy", "binary_accuracy", "AUC", "IoU", "mIoU"])
def test_shares_of_samples_are_known_by_name(name: str) -> None:
    def run(value: float, **options: float) -> Trace:
        return replace(train(**options), lines=(f"{name}: {value:.4f}",))  # type: ignore[arg-type]

    assert compare(run(0.9), run(0.91), perturbed=[run(0.9, nudge=1e-7)]).verdict == "none"


def test_numbers_that_are_not_compared_for_their_names_are_counted() -> None:
    def run(eta: float, speed: float) -> Trace:
        return replace(train(), lines=(f"eta {eta}", f"speed of the pendulum {speed}"))

    found = compare(run(0.1, 3.25), run(0.5, 9.75), perturbed=[run(0.1, 3.25)])
    assert "2 printed numbers were not compared" in found.reason and "“eta”" in found.reason
    timed = replace(train(), lines=("period 0.3 s",))
    assert "1 printed number was not compared" in compare(timed, timed, perturbed=[timed]).reason


@pytest.mark.parametrize("name", ["dice loss", "IoU loss", "recall_error"])
def test_a_loss_that_is_named_after_a_share_is_none(name: str) -> None:
    def run(value: float, nudge: float = 0.0) -> Trace:
        return replace(train(nudge=nudge), lines=(f"{name}: {value:.4f}",))

    assert compare(run(0.013), run(0.031), perturbed=[run(0.013, nudge=1e-7)]).verdict == "drift"


def test_a_whole_script_of_a_few_calls_that_repeats_itself_agrees_by_what_it_prints():
    one = Trace(lines=("7",), units=1)
    assert compare(one, one, twin=one, perturbed=[one]).verdict == "none"
    # A second run has to show that it repeats itself, and both have to come to the script's own end.
    assert compare(one, one, perturbed=[one]).verdict == "inconclusive"
    cut = Trace(lines=("7",), units=1, complete=False)
    assert compare(cut, cut, twin=cut, perturbed=[cut]).verdict == "inconclusive"
    many = Trace(lines=("7",), units=60)
    assert compare(many, many, twin=many, perturbed=[many]).verdict == "inconclusive"


# What is kept for a picture.


def test_the_results_of_the_unit_are_kept_unit_by_unit_with_the_noise_of_the_other_runs() -> None:
    (course,) = judge(train(rounding=5e-7)).courses
    assert course.units == tuple(range(1, UNITS + 1))
    assert course.eager[0] == pytest.approx(course.edited[0], rel=1e-4) and len(course.edited) == UNITS
    assert course.noise[0] == 0 and 0 < max(course.noise) < 1e-3
    assert judge(train(), perturbed=False).courses[0].noise == ()


@pytest.mark.slow
def test_of_a_long_run_evenly_spaced_units_are_kept() -> None:
    (course,) = compare(train(units=1000), train(units=1000)).courses
    assert course.units[:3] == (1, 10, 19) and len(course.units) == 112


def test_where_the_unit_returns_no_number_there_is_no_course() -> None:
    bare = replace(train(), scalars=())
    assert compare(bare, bare).courses == ()
