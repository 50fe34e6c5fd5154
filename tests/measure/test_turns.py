"""Turn-taking, on a simulated machine: what a group does, and how it ends when an arm does not play along."""

import os
import signal
from typing import Any

import pytest
from simulated import Machine, Process, Script

from hybridize.measure.seats import LEAST_TURNS, TURNS, Arm, Group, Schedule
from hybridize.measure.turns import MOST_WARM_TURNS, TURN_SECONDS, order_of_turn, run_group

ARMS = [Arm("eager", {}), Arm("edited", {}), Arm("eager twin", {})]


class Table:
    """Runs a group of simulated scripts, given by the arms' names, and remembers what was started."""

    def __init__(self, machine: Machine | None = None, **scripts: Script) -> None:
        self.machine = machine or Machine()
        self.scripts = {name.replace("_", " "): script for name, script in scripts.items()}
        self.processes: dict[str, Process] = {}
        self.started: list[str] = []

    def begin(self, arm: Arm) -> Process:
        self.started.append(arm.name)
        self.processes[arm.name] = Process(self.machine, self.scripts[arm.name])
        return self.processes[arm.name]

    def run(self, seconds: float = 600.0, soft: float | None = None, **schedule: Any) -> Group:
        now = self.machine.now
        plan = Schedule(now + seconds, now + (seconds if soft is None else soft), **schedule)
        arms = [arm for arm in ARMS if arm.name in self.scripts]
        return run_group(arms, self.begin, plan, self.machine.clock)


def three(eager: Script, edited: Script, machine: Machine | None = None) -> Table:
    return Table(machine, eager=eager, edited=edited, eager_twin=eager)


def test_every_arm_does_the_same_units_in_each_of_the_turns_wanted() -> None:
    group = three(Script(0.01), Script(0.001, first_unit_seconds=2.0)).run()
    assert group.complete and not group.whole and group.failed is None
    assert len(group.steady) == TURNS
    for turn in group.steady:
        assert turn.seconds == pytest.approx((0.01 * turn.units, 0.001 * turn.units, 0.01 * turn.units))


@pytest.mark.parametrize("unit_seconds", [0.00001, 0.003, 0.05, 0.2])
def test_a_turn_is_as_long_as_the_slowest_arm_needs_for_a_third_of_a_second(unit_seconds: float) -> None:
    group = three(Script(unit_seconds), Script(unit_seconds / 7)).run()
    for turn in group.steady:
        assert TURN_SECONDS / 2 <= max(turn.seconds) <= 2 * TURN_SECONDS


def test_a_unit_longer_than_a_turn_is_a_turn_of_its_own() -> None:
    group = three(Script(2.0), Script(1.0)).run()
    assert {turn.units for turn in group.turns} == {1}


def test_traces_in_the_first_units_stay_out_of_the_steady_state_but_not_out_of_the_total() -> None:
    group = three(Script(0.01), Script(0.001, first_unit_seconds=2.0)).run()
    assert all(turn.seconds[1] < 0.5 for turn in group.steady)
    assert group.total_seconds[1] == pytest.approx(4.0 + 2.0 + 0.001 * group.units)


def test_a_second_trace_in_the_second_unit_does_not_make_the_turns_tiny() -> None:
    group = three(Script(0.005), Script(0.0005, every=2, every_seconds=0.0)).run()
    slow_second = three(Script(0.005), Script(0.0005, first_unit_seconds=3.0)).run()
    assert slow_second.steady[0].units >= group.steady[0].units / 2


def test_startup_is_measured_for_each_arm_while_the_others_wait() -> None:
    group = three(Script(startup_seconds=5.0), Script(startup_seconds=6.0)).run()
    assert group.startup_seconds == (5.0, 6.0, 5.0)


def test_the_order_of_the_arms_is_balanced() -> None:
    """Every arm is as often first, second and last as any other, and two arms go AB BA BA AB."""
    assert [order_of_turn(2, turn) for turn in range(4)] == [[0, 1], [1, 0], [1, 0], [0, 1]]
    orders = [tuple(order_of_turn(3, turn)) for turn in range(6)]
    assert len(set(orders)) == 6


def test_the_first_to_start_is_another_arm_in_the_next_group() -> None:
    first = set()
    for offset in range(6):
        table = three(Script(), Script())
        table.run(offset=offset)
        first.add(table.started[0])
    assert first == {"eager", "edited", "eager twin"}


def test_the_results_are_in_the_order_of_the_arms_whatever_the_order_of_the_turns() -> None:
    for offset in range(6):
        group = three(Script(0.01), Script(0.002)).run(offset=offset)
        assert group.arms == ("eager", "edited", "eager twin")
        assert all(turn.seconds[1] < turn.seconds[0] for turn in group.steady)


# Short scripts, and limits.


def test_a_script_that_ends_within_the_turns_is_whole() -> None:
    group = three(Script(0.01, units=200, tail_seconds=3.0), Script(0.001, units=200, tail_seconds=3.0)).run()
    assert group.whole and group.complete
    assert group.units == 200
    assert group.total_seconds[0] == pytest.approx(4.0 + 200 * 0.01 + 3.0)


def test_the_turn_in_which_the_script_ends_is_not_part_of_the_steady_state() -> None:
    group = three(Script(0.01, units=200, tail_seconds=3.0), Script(0.001, units=200, tail_seconds=3.0)).run()
    assert group.turns[-1].last
    assert group.turns[-1] not in group.steady


def test_a_known_length_is_divided_into_the_turns_wanted() -> None:
    group = three(Script(0.001, units=60), Script(0.0001, units=60)).run(length=60, finish_seconds=5.0)
    assert group.whole
    assert len(group.steady) >= TURNS


def test_a_script_that_trains_by_the_clock_is_found_by_setting_its_clock_ahead() -> None:
    group = three(Script(0.02, clock_seconds=60.0), Script(0.002, clock_seconds=60.0)).run(probe=True)
    assert group.by_clock and group.complete and not group.whole
    assert len(group.steady) == TURNS


@pytest.mark.parametrize("units", [None, 700])
def test_a_script_that_prints_the_time_and_ends_by_count_does_not_end_by_the_clock(units: int | None) -> None:
    # With 700 units it comes to its end just when the clock has been set ahead.
    group = three(Script(0.01, units=units, reads_clock=True), Script(0.005, units=units, reads_clock=True)).run(
        probe=True
    )
    assert group.complete and not group.by_clock


def test_the_turns_before_a_clock_ran_out_count_however_many_units_each_arm_would_do() -> None:
    group = three(Script(0.02, clock_seconds=8.0), Script(0.001, clock_seconds=8.0)).run(length=800, finish_seconds=99)
    assert group.by_clock and group.complete and group.failed is None and not group.whole
    assert len(group.steady) >= LEAST_TURNS
    assert "after a fixed time" in group.note


def test_a_script_that_ends_some_units_earlier_by_rounding_is_measured_until_then() -> None:
    group = three(Script(0.02, units=500), Script(0.01, units=590)).run(length=500, finish_seconds=99)
    assert group.complete and group.failed is None and not group.by_clock
    assert "rounding" in group.note and "edited after 590" in group.note


def test_a_script_without_any_unit_is_measured_from_start_to_end() -> None:
    group = three(Script(units=0), Script(units=0)).run()
    assert group.whole and group.turns == ()
    assert group.total_seconds == (4.0, 4.0, 4.0)


def test_no_arm_does_more_units_than_allowed() -> None:
    table = three(Script(0.001), Script(0.0001))
    group = table.run(steps=30)
    assert group.complete and not group.whole
    assert len(group.steady) == TURNS
    assert {process.total for process in table.processes.values()} == {group.units}
    assert group.units <= 30
    assert three(Script(0.001), Script(0.0001)).run(steps=7).units == 7


def test_a_script_of_known_length_is_run_to_its_end_where_that_is_cheap() -> None:
    def scripts() -> Table:
        return three(Script(0.01, units=2000), Script(0.001, units=2000))

    assert scripts().run(length=2000, finish_seconds=60.0).whole
    assert not scripts().run(length=2000, finish_seconds=1.0).whole


@pytest.mark.parametrize("every", [40, 900], ids=["it stalls often", "it stalls on its way to the end"])
def test_a_machine_that_stalls_does_not_extend_the_way_to_the_scripts_end(every: int) -> None:
    script = Script(0.01, units=2000, every=every, every_seconds=20.0)
    group = three(script, script).run(seconds=3000.0, length=2000, finish_seconds=100.0)
    assert group.complete and not group.whole
    assert len(group.steady) >= TURNS
    assert group.units < 1000


def test_turns_go_on_until_enough_is_known_but_not_for_ever() -> None:
    assert len(three(Script(), Script()).run(most_turns=50, enough=lambda turns: len(turns) >= 33).steady) == 33
    assert len(three(Script(), Script()).run(most_turns=50, enough=lambda turns: False).steady) == 50


def test_fewer_turns_are_taken_where_the_time_is_short() -> None:
    group = three(Script(1.0, startup_seconds=1.0), Script(1.0, startup_seconds=1.0)).run(soft=40.0)
    assert group.complete
    assert LEAST_TURNS <= len(group.steady) < TURNS


def test_a_group_ends_before_its_deadline_and_keeps_what_it_has() -> None:
    slower = Script(2.0, startup_seconds=1.0, every=9, every_seconds=40.0)
    table = three(slower, slower)
    group = table.run(seconds=90.0)
    assert not group.complete and group.failed is None
    assert "time" in group.reason
    assert len(group.steady) > 2
    assert table.machine.now <= 91.0


# Arms that do not play along.


@pytest.mark.parametrize("name", ["eager", "edited", "eager twin"])
@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ({"raises_at": 50}, "raised KeyError: no such key"),
        ({"killed_at": 50}, "was killed by signal 9"),
        ({"hangs_at": 50}, "reached no further step"),
        ({"chatters_at": 50}, "reached no further step"),
        ({"units": 50}, "did not run the same steps"),
        ({"raises_at": 0}, "raised KeyError"),
    ],
)
def test_an_arm_that_fails_is_named_with_what_it_did(name: str, trouble: dict[str, int], said: str) -> None:
    table = three(Script(), Script())
    table.scripts[name] = Script(**trouble)  # type: ignore[arg-type]
    group = table.run()
    assert not group.complete and not group.whole
    assert said in group.reason
    # Where eager itself ended early, it is the others that went another way.
    assert group.failed == (name if "same steps" not in said or name != "eager" else "edited")
    assert all(process.stopped for process in table.processes.values())


def test_a_kill_for_memory_is_told_apart() -> None:
    assert three(Script(), Script(killed_at=3)).run().out_of_memory
    assert not three(Script(), Script(raises_at=3)).run().out_of_memory


@pytest.mark.parametrize(
    "raises",
    [
        ("ResourceExhaustedError", "{{function_node __wrapped__MatMul}} OOM when allocating tensor with shape[9,9]"),
        ("InternalError", "Failed to call cuLaunchKernel: CUDA_ERROR_OUT_OF_MEMORY: out of memory"),
        ("MemoryError", ""),
        ("_ArrayMemoryError", "Unable to allocate 7.45 GiB for an array"),
    ],
)
def test_an_error_for_want_of_memory_is_told_apart_by_its_type_and_its_text(raises: tuple[str, str]) -> None:
    group = three(Script(), Script(raises_at=3, raises=raises)).run()
    assert group.out_of_memory and group.failed == "edited"


def test_a_hang_costs_no_more_than_the_deadline() -> None:
    table = three(Script(hangs_at=0), Script())
    group = table.run(seconds=60.0)
    assert not group.complete
    assert table.machine.now <= 62.0


def test_the_turns_before_another_phase_count() -> None:
    """For all arms there is no further unit: a second phase has begun, which takes longer than a hang may."""
    group = three(Script(0.02, hangs_at=400), Script(0.01, hangs_at=400)).run(most_turns=99, enough=lambda _: False)
    assert group.complete and group.failed is None and group.cause is None
    assert len(group.steady) >= TURNS and "other work" in group.note


def test_a_phase_after_the_last_unit_is_waited_for_as_long_as_it_takes() -> None:
    script = Script(0.02, units=400, tail_seconds=200.0)
    assert "other work" in three(script, script).run(seconds=2000, length=400, finish_seconds=900).note
    group = three(script, script).run(seconds=2000, length=400, finish_seconds=900, tail_seconds=200.0)
    assert group.whole and group.turns[-1].last


@pytest.mark.parametrize(("sleeps", "failed"), [(False, None), (True, "eager")])
def test_an_arm_that_computes_for_long_between_two_units_does_not_hang(sleeps: bool, failed: str | None) -> None:
    """Its evaluation takes longer than a hang may, and the edited version's does not."""
    group = three(
        Script(0.02, every=300, every_seconds=50.0, sleeps=sleeps), Script(0.01, every=300, every_seconds=10.0)
    ).run(seconds=3000)
    assert group.failed == failed and group.complete == (failed is None)


def test_an_arm_that_cannot_be_started_is_a_reason_and_no_exception() -> None:
    table = three(Script(), Script())

    def begin(arm: Arm) -> Process:
        if arm.name == "edited":
            raise OSError("no space left on device")
        return table.begin(arm)

    plan = Schedule(600.0, 600.0)
    group = run_group(ARMS, begin, plan, table.machine.clock)
    assert "no space left" in group.reason and group.failed == "edited"
    assert all(process.stopped for process in table.processes.values())


def test_an_interrupt_leaves_no_process_behind() -> None:
    table = three(Script(), Script())

    def interrupt(_turns: object) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        table.run(enough=interrupt, most_turns=50)
    assert all(process.stopped for process in table.processes.values())


def test_arms_without_room_in_memory_are_left_out_down_to_two() -> None:
    group = three(Script(), Script()).run(room=lambda _bytes: False)
    assert group.arms == ("eager", "edited")
    assert group.complete and len(group.steady) == TURNS


def test_waiting_arms_are_frozen_so_that_they_load_no_data_in_the_turn_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frozen: dict[int, bool] = {}
    monkeypatch.setattr(os, "killpg", lambda pid, sent: frozen.__setitem__(pid, sent == signal.SIGSTOP))

    class Frozen(Process):
        pids = iter(range(1000, 1003))

        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self.pid = next(self.pids)
            self.announced = False

        def receive(self, timeout: float) -> dict[str, Any] | None:
            if not self.announced:
                self.announced = True
                return {"event": "started", "pid": self.pid}
            assert not frozen.get(self.pid, False)
            assert all(state for pid, state in frozen.items() if pid != self.pid)
            return super().receive(timeout)

    machine = Machine()
    group = run_group(
        ARMS, lambda arm: Frozen(machine, Script()), Schedule(600.0, 600.0), machine.clock
    )
    assert group.complete
    assert not any(frozen.values()), "an arm that is to unwind must run"


def test_the_warm_up_ends_even_where_no_length_of_turn_fits() -> None:
    group = three(Script(1e-7), Script(1e-7)).run()
    assert group.complete
    assert sum(turn.warm for turn in group.turns) <= MOST_WARM_TURNS
