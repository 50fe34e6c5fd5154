"""The benchmark, on a simulated machine: what it measures, when it stops, and what it says of it."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from simulated import FILES, TARGET, UNIT, Launcher, Machine, Script

from hybridize.measure import benchmark
from hybridize.measure.benchmark import Cover, run_benchmark
from hybridize.measure.summary import Tail, decide, summarize
from hybridize.records import Benchmark, Interval, Pair, Peaks, TimedTurn, Unclear

EAGER = Script(0.02)


def measure(
    eager: Script = EAGER,
    edited: Script | None = None,
    machine: Machine | None = None,
    budget: float = 3600.0,
    **options: Any,
) -> Benchmark:
    machine = machine or Machine(1, process_sd=0.02, turn_sd=0.05)
    launcher = Launcher(machine, eager, edited or eager)
    deadline = machine.now + budget
    return run_benchmark(
        TARGET, UNIT, 3, FILES, Path("/logs"), deadline=deadline, start=launcher, clock=machine.clock, **options
    )


def graph(gain: float, **script: Any) -> Script:
    return Script(0.02 / gain, **{"first_unit_seconds": 0.5, **script})


@pytest.mark.slow
def test_each_arm_runs_its_own_files_with_the_unit_on_the_line_where_they_have_it() -> None:
    machine = Machine()
    launcher = Launcher(machine, EAGER, graph(2))
    run_benchmark(TARGET, UNIT, 3, FILES, Path("/logs"), deadline=900.0, start=launcher, clock=machine.clock)
    by_label = {process.label: job for process, job in zip(launcher.processes, launcher.jobs, strict=True)}
    eager, edited, twin = (by_label[f"benchmark-1-{name}"] for name in ("eager", "edited", "eager-twin"))
    assert eager == twin
    assert (eager["unit"]["line"], edited["unit"]["line"]) == (3, 4)
    assert (eager["edited"], edited["edited"]) == ([], ["train:train_step"])
    assert eager["role"] == edited["role"] == "timed"


def test_the_unit_of_an_arm_whose_decorated_function_is_another_one_is_found_by_the_line_map() -> None:
    other = [FILES[0].__class__(**{**FILES[0].__dict__, "def_lines": {"train:other": 9}})]
    machine = Machine()
    launcher = Launcher(machine, EAGER, graph(2))
    run_benchmark(TARGET, UNIT, 3, other, Path("/logs"), deadline=900.0, start=launcher, clock=machine.clock)
    edited = [job for job in launcher.jobs if job["edited"]]
    assert {job["unit"]["line"] for job in edited} == {4}


def test_what_else_is_converted_around_the_unit_is_hooked_in_every_arm() -> None:
    cover = Cover("train:epoch", "train.py", 4)
    machine = Machine()
    launcher = Launcher(machine, EAGER, graph(2))
    run_benchmark(
        TARGET, UNIT, 3, FILES, Path("/"), covers=[cover], deadline=900.0, start=launcher, clock=machine.clock
    )
    assert all(job["covers"] == ["train:epoch"] for job in launcher.jobs)
    lines = {(bool(job["edited"]), job["hooks"][0]["line"]) for job in launcher.jobs}
    assert lines == {(False, 4), (True, 5)}


def test_a_clear_gain_is_found_at_the_first_look() -> None:
    found = measure(edited=graph(8))
    assert found.verdict == "faster"
    assert len(found.pairs) == 3
    assert found.speedup is not None and found.speedup.low > 4
    assert found.steady_state_speedup == pytest.approx(8, rel=0.1)


def test_where_ratios_are_to_be_compared_it_goes_on_until_the_interval_is_narrow() -> None:
    found = measure(edited=graph(8), width=1.1)
    assert found.verdict == "faster" and len(found.pairs) > 3
    assert found.speedup is not None and found.speedup.high <= 1.1 * found.speedup.low


def test_a_loss_is_found_too() -> None:
    found = measure(edited=graph(0.5))
    assert found.verdict == "slower"
    assert found.break_even_units is None


def test_identical_scripts_show_no_difference() -> None:
    found = measure(edited=EAGER)
    assert found.verdict == "no difference"
    assert found.break_even_units is None


def test_a_gain_below_the_minimum_is_no_gain() -> None:
    assert measure(edited=graph(1.3), min_speedup=1.5).verdict == "no difference"
    assert measure(edited=graph(1.3), min_speedup=1.1).verdict == "faster"


@pytest.mark.slow
@pytest.mark.parametrize("gain", [1.0, 1.1])
def test_identical_scripts_are_hardly_ever_called_different_and_ten_percent_is_mostly_found(gain: float) -> None:
    verdicts = [
        measure(edited=graph(gain), machine=Machine(seed, process_sd=0.021, turn_sd=0.07, wander_sd=0.2)).verdict
        for seed in range(40)
    ]
    if gain == 1.0:
        assert verdicts.count("faster") + verdicts.count("slower") <= 2
    else:
        assert verdicts.count("faster") >= 32


def test_the_noise_floor_is_what_eager_shows_against_its_twin() -> None:
    found = measure(edited=graph(8), machine=Machine(3))
    assert found.noise_floor == pytest.approx(1.0, abs=1e-9)
    noisy = measure(edited=graph(8), machine=Machine(3, process_sd=0.2))
    assert noisy.noise_floor is not None and noisy.noise_floor > 1.03
    assert all(pair.eager_ratio is not None for pair in noisy.pairs)


# Once and every time.


def test_what_is_paid_once_is_told_apart_from_the_steady_state() -> None:
    found = measure(edited=graph(4, first_unit_seconds=3.0), machine=Machine())
    assert found.cold_start_seconds == pytest.approx(3.0, rel=0.02)
    assert found.break_even_units == math.ceil(3.0 / (0.02 - 0.005))
    assert found.end_to_end_speedup is not None and found.steady_state_speedup is not None
    assert found.end_to_end_speedup < found.steady_state_speedup
    assert not found.whole_script


def test_startups_that_differ_no_more_than_eager_ones_are_not_part_of_the_price() -> None:
    found = measure(edited=graph(4, first_unit_seconds=0.0), machine=Machine(5, process_sd=0.1))
    assert found.cold_start_seconds == pytest.approx(0.0, abs=0.3)
    slow = measure(edited=graph(4, first_unit_seconds=0.0, startup_seconds=9.0), machine=Machine())
    assert slow.cold_start_seconds == pytest.approx(5.0, rel=0.02)


def test_a_trace_in_the_middle_belongs_to_the_price_and_not_to_the_steady_state() -> None:
    found = measure(edited=graph(4, every=150, every_seconds=2.0), machine=Machine())
    assert found.steady_state_speedup == pytest.approx(4.0, rel=0.02)
    assert found.cold_start_seconds is not None and found.cold_start_seconds > 2.0
    for pair in found.pairs:
        edited = [turn.seconds[pair.arms.index("edited")] for turn in pair.turns]
        assert max(range(pair.warm_turns, len(edited)), key=edited.__getitem__) in pair.late_turns


def test_the_price_is_not_reckoned_from_how_long_the_processes_took() -> None:
    """A start-up that was shorter by ten seconds, and noise in the turns of the slower arm, are no part of it."""
    eager = Script(0.02, startup_seconds=14.0, first_unit_seconds=0.5)
    for seed in range(4):
        machine = Machine(seed, process_sd=0.05, turn_sd=0.1)
        found = measure(eager, graph(10, first_unit_seconds=2.4, startup_seconds=4.0), machine)
        assert found.cold_start_seconds == pytest.approx(1.9, rel=0.2)


def test_slow_turns_that_come_again_and_again_count() -> None:
    """A graph that traces anew every 40th unit is 10 times faster in most turns, and slower as a whole."""
    found = measure(edited=graph(10, every=40, every_seconds=2.0))
    assert found.verdict == "slower"
    assert found.steady_state_speedup is not None and found.steady_state_speedup < 1
    assert "slow turns" in found.reason


def test_an_evaluation_that_takes_as_long_in_both_is_counted_in() -> None:
    eager = Script(0.02, every=40, every_seconds=1.0)
    found = measure(eager=eager, edited=graph(10, every=40, every_seconds=1.0))
    truth = (40 * 0.02 + 1.0) / (40 * 0.002 + 1.0)
    assert found.steady_state_speedup is not None
    assert found.steady_state_speedup < 2.2 * truth


# Short scripts.


def test_a_script_too_short_for_a_steady_state_still_has_its_end_to_end_ratio() -> None:
    found = measure(Script(0.5, units=4), Script(0.1, units=4, first_unit_seconds=2.0), Machine())
    assert found.whole_script
    assert found.end_to_end_speedup == pytest.approx((4 + 2.0) / (4 + 2.0 + 0.4))
    assert found.speedup is None and found.steady_state_speedup is None
    assert found.verdict == "inconclusive"
    assert "ended after 4 steps" in found.reason


def test_the_length_of_a_short_script_is_learnt_from_its_first_group() -> None:
    found = measure(Script(0.01, units=100), Script(0.001, units=100), Machine())
    assert found.pairs[0].ratio is None
    assert found.verdict == "faster"
    assert found.whole_script


def test_a_script_of_known_length_is_run_whole_in_the_first_group_only() -> None:
    found = measure(Script(0.02, units=1500), graph(8, units=1500), length=1500)
    assert [pair.whole for pair in found.pairs] == [True, False, False]
    assert found.whole_script
    assert found.verdict == "faster"


def test_a_pause_of_the_machine_in_the_one_whole_run_does_not_make_the_figure() -> None:
    """A process that waits for its turn may find its code out of memory, and take seconds to read it again."""
    tail = Tail(known=True)
    found = measure(Script(0.02, units=1500), graph(8, units=1500), length=1500, tail=tail)
    whole, at = found.pairs[0], found.pairs[0].arms.index("edited")
    paused = [seconds + 10.0 * (position == at) for position, seconds in enumerate(whole.total_seconds)]
    pairs = (replace(whole, total_seconds=tuple(paused)), *found.pairs[1:])
    again = summarize(UNIT, pairs, 0.05, 1.05, 1500, tail)
    assert again.whole_script and again.end_to_end_speedup == pytest.approx(found.end_to_end_speedup, rel=0.05)
    # What follows the last unit is not known here, so only the whole run has it.
    alone = summarize(UNIT, pairs, 0.05, 1.05, 1500, Tail()).end_to_end_speedup
    assert alone is not None and alone < 0.7 * again.end_to_end_speedup


def test_the_units_that_are_left_of_a_script_of_known_length_are_reckoned() -> None:
    found = measure(Script(0.02, units=100_000), graph(4, units=100_000), Machine(), length=100_000)
    assert not found.whole_script and found.script_units == 100_000
    assert found.end_to_end_speedup == pytest.approx((4 + 2000) / (4 + 0.5 + 500), rel=0.01)
    unknown = measure(edited=graph(4), machine=Machine())
    assert unknown.script_units is None
    assert unknown.end_to_end_speedup is not None and unknown.end_to_end_speedup < 3.5


def test_evaluations_that_slow_few_turns_are_part_of_the_whole_script() -> None:
    """Every 40th unit is followed by 0.3 s that take as long in both: left out, they would promise too much."""
    eager, edited = (replace(each, every=40, every_seconds=0.3, units=5000) for each in (EAGER, graph(8)))
    found = measure(eager, edited, Machine(2, turn_sd=0.05), budget=120.0, length=5000)
    assert not found.whole_script and found.end_to_end_speedup is not None
    truth = (4 + 5000 * 0.02 + 125 * 0.3) / (4 + 0.5 + 5000 * 0.0025 + 125 * 0.3)
    assert found.end_to_end_speedup == pytest.approx(truth, rel=0.05)


@pytest.mark.parametrize("length", [1000, 100_000])
def test_what_follows_the_last_unit_and_the_end_of_the_process_are_part_of_the_whole_script(length: int) -> None:
    """Run whole or extrapolated; a user waits until the process has ended, which no run of ours shows."""
    eager = Script(0.02, units=length, tail_seconds=30.0)
    edited = graph(4, units=length, tail_seconds=10.0)
    tail = Tail(eager=30.0, edited=10.0, leaving=2.0)
    found = measure(eager, edited, Machine(), length=length, tail=tail)
    truth = (4 + 0.02 * length + 30.0 + 2.0) / (4 + 0.5 + 0.005 * length + 10.0 + 2.0)
    assert found.whole_script == (length == 1000)
    assert found.end_to_end_speedup == pytest.approx(truth, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("once", "verdict"), [(6.0, "faster"), (9.2, "no difference"), (20.0, "slower")])
def test_what_the_scripts_own_length_does_not_win_back_is_not_faster(once: float, verdict: str) -> None:
    """Each unit saves 15 ms, 600 units 9 s: a trace that takes longer makes the whole run slower."""
    edited = graph(4, first_unit_seconds=once, units=600)
    found = measure(Script(0.02, units=600), edited, Machine(), length=600)
    assert found.verdict == verdict and found.speedup is not None and found.speedup.low > 3
    assert ("too few to make up" in found.reason) == (verdict != "faster")
    endless = measure(Script(0.02), graph(4, first_unit_seconds=once), Machine())
    assert endless.verdict == "faster"


@pytest.mark.slow
def test_a_whole_run_that_is_as_long_as_before_within_the_noise_overrules_hardly_anything() -> None:
    """At a true ratio of 1 over the whole script the point lies below 1 in about every second case."""
    found = []
    for seed in range(40):
        edited = graph(4, first_unit_seconds=9.0, units=600)
        machine = Machine(seed, process_sd=0.05, turn_sd=0.05)
        found.append(measure(Script(0.02, units=600), edited, machine, length=600))
    below = [each for each in found if each.end_to_end_speedup is not None and each.end_to_end_speedup < 1]
    overruled = [each for each in found if each.verdict != "faster"]
    assert len(below) > 10, "or these seeds would show nothing"
    assert len(overruled) <= 4, f"{len(overruled)} of {len(found)}: {overruled[0].reason}"


def test_an_interval_that_says_nothing_is_not_told() -> None:
    """Two groups have one degree of freedom: "0.03 to 150 end to end" is no information."""

    def pair(once: float) -> Pair:
        turns = (TimedTurn(10, (1.0, 1.0, once)), *(TimedTurn(10, (1.0, 1.0, 0.1)),) * 6)
        arms, totals, none = ("eager", "eager", "edited"), (9.0, 9.0, 2.6 + once), (0, 0, 0)
        return Pair(arms, turns, 10.0, 1.0, (2.0, 2.0, 2.0), totals, none, none, True, warm_turns=1)

    found = summarize(UNIT, [pair(0.2), pair(8.0)], 0.05, 1.05, length=200)
    assert "2 groups are too few for an interval" in found.reason and "may not recover" not in found.reason


def test_no_arm_does_more_units_than_asked_for() -> None:
    found = measure(edited=graph(8), steps=50)
    assert all(sum(turn.units for turn in pair.turns) <= 50 for pair in found.pairs)
    assert found.verdict == "faster"


# When the time is short, or arms fail.


@pytest.mark.slow
@pytest.mark.parametrize("budget", [1.0, 10.0, 20.0, 45.0, 80.0, 200.0])
def test_the_budget_is_kept(budget: float) -> None:
    machine = Machine(2, process_sd=0.02, turn_sd=0.05)
    found = measure(edited=graph(1.1), machine=machine, budget=budget)
    assert machine.now <= budget + 1.0
    assert found.verdict in ("inconclusive", "faster")


def test_an_answer_that_is_not_clear_when_the_budget_ends_is_inconclusive() -> None:
    found = measure(edited=graph(1.07), budget=150.0)
    assert found.verdict == "inconclusive"
    assert "budget" in found.reason


def test_a_clear_gain_is_found_within_two_minutes() -> None:
    assert measure(edited=graph(8), budget=120.0).verdict == "faster"


def test_slow_units_and_slow_starts_still_leave_room_for_three_groups() -> None:
    slow, fast = Script(1.5, startup_seconds=10.0), Script(0.3, startup_seconds=10.0, first_unit_seconds=5.0)
    found = measure(slow, fast, budget=240.0)
    assert len(found.pairs) == 3
    assert found.verdict == "faster"


def test_one_pair_alone_has_no_interval() -> None:
    found = measure(edited=graph(8), pairs=1)
    assert (found.speedup, found.verdict) == (None, "inconclusive")
    assert found.steady_state_speedup == pytest.approx(8, rel=0.2)


@pytest.mark.parametrize(
    ("trouble", "cause"),
    [
        ({"killed_at": 30}, Unclear.SCRIPT_FAILED),
        ({"hangs_at": 30}, Unclear.HUNG),
        ({"units": 30}, Unclear.OTHER_UNITS),
    ],
)
def test_an_edited_script_that_fails_is_never_called_faster(trouble: dict[str, int], cause: Unclear) -> None:
    found = measure(edited=graph(8, **trouble))
    assert found.verdict == "inconclusive" and found.cause is cause
    assert found.speedup is None
    assert "edited" in found.reason
    assert len(found.pairs) == 2, "what fails twice is not tried a third time"


@pytest.mark.parametrize("at", [0, 30, 250])
def test_an_edited_script_that_crashes_alone_is_refuted_at_once_and_has_no_speed(at: int) -> None:
    """However late it comes, and however much faster the units before it were."""
    found = measure(edited=graph(8, raises_at=at))
    assert (found.verdict, found.cause) == ("inconclusive", Unclear.EDITED_FAILED)
    assert found.crash is not None and found.crash.error == "raised KeyError: no such key"
    assert (found.speedup, found.steady_state_speedup, found.end_to_end_speedup) == (None, None, None)
    assert (found.cold_start_seconds, found.break_even_units) == (None, None)
    assert found.pairs[-1].reason.startswith("the edited version raised KeyError: no such key, after")


def test_an_error_of_many_lines_is_told_in_one() -> None:
    text = 'in user code:\n\n    File "train.py", line 7, in step  *\n        x = y\n\n    ValueError: no such shape\n'
    found = measure(edited=graph(8, raises_at=30, raises=("ValueError", text)))
    assert found.crash is not None and found.crash.error == "raised ValueError: no such shape"
    assert found.pairs[-1].reason.startswith("the edited version raised ValueError: no such shape, after")
    assert not any("\n" in pair.reason for pair in found.pairs) and "\n" not in found.reason


@pytest.mark.parametrize("at", [0, 30])
def test_where_the_script_crashes_by_itself_nobody_is_refuted(at: int) -> None:
    """The edited one comes to that point first in every second turn."""
    found = measure(eager=replace(EAGER, raises_at=at), edited=graph(8, raises_at=at))
    assert found.crash is None and found.cause is Unclear.SCRIPT_FAILED
    assert "raised KeyError" in found.reason


def test_of_a_crash_without_time_to_ask_the_script_as_it_stands_nobody_is_accused() -> None:
    slow = replace(EAGER, unit_seconds=60.0)
    found = measure(eager=slow, edited=graph(8, raises_at=3), budget=100.0)
    assert found.crash is None and found.cause is Unclear.BUDGET


def test_a_script_that_is_refused_a_connection_at_its_end_is_measured_until_there() -> None:
    found = measure(eager=replace(EAGER, refused_at=200), edited=graph(8, refused_at=200))
    assert (found.verdict, found.crash) == ("faster", None)


def test_two_runs_that_end_about_when_the_other_does_are_measured_until_then() -> None:
    """A loop that ends by a tolerance: rounding decides on a unit more or less."""
    found = measure(eager=replace(EAGER, units=200), edited=graph(8, units=203))
    assert found.verdict == "faster" and found.cause is None
    assert "depends on rounding" in found.ending and "(eager after 200, edited after 203" in found.ending
    assert not found.whole_script


def test_a_script_that_trains_by_the_clock_is_faster_by_its_units_and_takes_as_long_as_before() -> None:
    """Watched, it came to 250 units in its time: no length, and nothing that a trace would have to be won back in."""
    edited = graph(14, first_unit_seconds=6.0, clock_seconds=8.0)
    found = measure(Script(0.02, clock_seconds=8.0), edited, length=250)
    assert found.verdict == "faster" and found.by_clock
    assert found.speedup is not None and found.speedup.median == pytest.approx(14, rel=0.1)
    assert found.end_to_end_speedup is None and not found.whole_script and found.script_units is None


def test_a_longer_clock_is_found_without_waiting_for_it() -> None:
    found = measure(Script(0.02, clock_seconds=900.0), graph(14, clock_seconds=900.0), budget=120.0)
    assert found.verdict == "faster" and found.by_clock


def test_what_ends_far_apart_is_not_timed_side_by_side() -> None:
    found = measure(eager=replace(EAGER, units=250), edited=graph(8, units=120))
    assert (found.verdict, found.cause) == ("inconclusive", Unclear.OTHER_UNITS)


def test_a_script_that_is_too_short_is_not_said_to_lack_budget() -> None:
    found = measure(eager=replace(EAGER, units=3), edited=graph(8, units=3))
    assert found.cause is Unclear.FEW_UNITS and "too few to find the steady state" in found.reason


def test_the_first_turns_alone_give_no_ratio() -> None:
    found = measure(edited=graph(8, hangs_at=30))
    assert found.end_to_end_speedup is None


def test_where_memory_is_short_eager_meets_the_edit_and_its_twin_by_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "has_room", lambda _wanted: False)
    found = measure(edited=graph(8))
    assert {len(pair.arms) for pair in found.pairs} == {2}
    assert found.noise_floor is not None
    assert found.verdict == "faster"


EXHAUSTED = ("ResourceExhaustedError", "OOM when allocating tensor")


class Crowded(Launcher):
    """An accelerator whose memory holds two processes: a third runs out of it, at its ``at``-th unit."""

    at = 5
    holds = 2

    def __call__(self, *args: Any) -> Any:
        process = super().__call__(*args)
        alive = [each for each in self.processes if not each.stopped]
        if len(alive) > self.holds:
            process.script = replace(process.script, raises_at=self.at, raises=EXHAUSTED)
        return process


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 5, 40])
def test_arms_whose_memory_ran_out_are_tried_again_two_at_a_time(at: int) -> None:
    machine = Machine(1, process_sd=0.02)
    start = Crowded(machine, EAGER, graph(8))
    start.at = at
    found = run_benchmark(TARGET, UNIT, 3, FILES, Path("/logs"), deadline=900.0, start=start, clock=machine.clock)
    assert [len(pair.arms) for pair in found.pairs][:2] == [3, 2]
    assert found.verdict == "faster" and found.noise_floor is not None


def test_memory_that_does_not_hold_two_arms_ends_the_measurement_with_the_reason() -> None:
    machine = Machine(1, process_sd=0.02)
    start = Crowded(machine, EAGER, graph(8))
    start.holds = 1
    found = run_benchmark(TARGET, UNIT, 3, FILES, Path("/logs"), deadline=900.0, start=start, clock=machine.clock)
    assert found.verdict == "inconclusive" and "ResourceExhaustedError" in found.reason
    assert [len(pair.arms) for pair in found.pairs] == [3, 2]


def test_arms_killed_for_memory_are_tried_again_two_at_a_time() -> None:
    machine = Machine(1, process_sd=0.02)
    scripts = iter([graph(8, killed_at=5)])

    class Killed(Launcher):
        def __call__(self, *args: Any) -> Any:
            if args[2]:
                self.edited = next(scripts, graph(8))
            return super().__call__(*args)

    found = run_benchmark(
        TARGET, UNIT, 3, FILES, Path("/logs"), deadline=900.0, start=Killed(machine, EAGER, EAGER), clock=machine.clock
    )
    assert [len(pair.arms) for pair in found.pairs][:2] == [3, 2]
    assert found.verdict == "faster"


def test_peak_memory_is_the_largest_of_each_side() -> None:
    found = measure(Script(0.02, peak_rss_bytes=500), graph(8, peak_rss_bytes=700))
    assert found.peak_rss_bytes == Peaks(500, 700)
    assert found.peak_device_bytes is None


def test_peak_memory_on_the_device_is_told_where_there_is_one() -> None:
    found = measure(Script(0.02, device_bytes=4000), graph(8, device_bytes=6000))
    assert found.peak_device_bytes == Peaks(4000, 6000)
    assert {pair.peak_device_bytes for pair in found.pairs} == {(4000, 6000, 4000)}


def test_what_was_measured_so_far_is_handed_over_after_each_group() -> None:
    kept: list[Benchmark] = []
    found = measure(edited=graph(8), keep=kept.append)
    assert [len(each.pairs) for each in kept] == [1, 2, 3]
    assert kept[-1] == found


def test_it_says_what_it_is_doing() -> None:
    said: list[str] = []
    measure(edited=graph(8), watch=said.append)
    assert said[0] == "group 1 of at most 10"
    assert "so far" in said[-1]


# The verdict.


@pytest.mark.parametrize(
    ("low", "high", "floor", "verdict"),
    [
        (1.06, 1.20, 1.01, "faster"),
        (1.04, 1.20, 1.01, "inconclusive"),
        (1.06, 1.20, 1.08, "inconclusive"),
        (0.98, 1.03, 1.01, "no difference"),
        (0.90, 0.98, 1.01, "slower"),
        (0.90, 0.98, 1.03, "inconclusive"),
        (0.80, 1.30, 1.01, "inconclusive"),
    ],
)
def test_a_gain_counts_when_the_low_end_clears_the_noise_and_the_minimum(
    low: float, high: float, floor: float, verdict: str
) -> None:
    assert decide(Interval(math.sqrt(low * high), low, high), floor, 1.05)[0] == verdict


def test_without_a_noise_floor_nothing_is_claimed() -> None:
    assert decide(Interval(8, 7, 9), None, 1.05)[0] == "inconclusive"
