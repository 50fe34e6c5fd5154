"""The row for reference: the original script with and without XLA's auto-clustering, on a simulated machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from simulated import TARGET, UNIT, Machine, Process, Script

from hybridize.measure.auto_clustering import FLAGS, flags_with, run_auto_clustering, seconds_needed
from hybridize.records import Benchmark, EditedFile, Interval, Pair, Target

PAIR = Pair(("eager", "edited", "eager twin"), (), 2.0, 1.0, (4.0,) * 3, (10.0, 6.0, 10.0), (1, 1, 1), (0, 0, 0), True)
BENCHMARK = Benchmark("step", 500, (PAIR,), Interval(3.0, 2.5, 3.5), 1.02, 3.0, 2.0, 1.0, 40, False, "faster")
PLAIN = Script(0.02)


class Start:
    """Stands in for ``sandbox.parent.launch.start``: the flagged arm runs its own script."""

    def __init__(self, machine: Machine, plain: Script, flagged: Script) -> None:
        self.machine, self.plain, self.flagged = machine, plain, flagged
        self.jobs: list[dict[str, Any]] = []
        self.processes: list[Process] = []

    def __call__(
        self, target: Target, job: dict[str, Any], files: Sequence[EditedFile], folder: Path, label: str
    ) -> Process:
        assert not files, "it is the original script that is measured"
        self.jobs.append(job)
        script = self.flagged if "environment" in job else self.plain
        self.processes.append(Process(self.machine, script, label))
        return self.processes[-1]


def measure(flagged: Script, plain: Script = PLAIN, left: float = 200.0, **options: Any) -> Any:
    machine = Machine()
    start = Start(machine, plain, flagged)
    given = {"environment": {}, "deadline": left, **options}
    found = run_auto_clustering(
        TARGET, UNIT, 3, BENCHMARK, Path(), start=start, clock=machine.clock, **given
    )
    return found, start, machine


@pytest.mark.parametrize("seconds, ratio", [(0.02, 1.0), (0.01, 2.0), (0.04, 0.5)])
def test_it_is_the_ratio_of_the_time_without_the_flag_to_that_with_it(seconds: float, ratio: float) -> None:
    found, start, _ = measure(Script(seconds))
    assert found.speedup == pytest.approx(ratio)
    assert found.units > 50 and found.note == ""
    assert all(process.stopped for process in start.processes)


def test_one_arm_alone_has_the_flag_beside_the_users_own() -> None:
    _, start, _ = measure(Script(0.02), environment={"TF_XLA_FLAGS": "--tf_xla_min_cluster_size=3"})
    given = [job.get("environment") for job in start.jobs]
    assert sorted(given, key=bool) == [None, {"TF_XLA_FLAGS": f"--tf_xla_min_cluster_size=3 {FLAGS}"}]
    assert all(job["role"] == "timed" and job["edited"] == [] for job in start.jobs)
    assert {job["unit"]["line"] for job in start.jobs} == {3}


@pytest.mark.parametrize("own", ["--tf_xla_auto_jit=1", "--tf_xla_auto_jit=-1 --x", "/etc/xla_flags"])
def test_where_the_users_flags_decide_nothing_runs(own: str) -> None:
    assert flags_with({"TF_XLA_FLAGS": own}) is None
    found, start, _ = measure(Script(0.02), environment={"TF_XLA_FLAGS": own})
    assert found is None and not start.jobs


def test_a_script_that_fails_under_the_flag_is_said_to() -> None:
    found, _, _ = measure(Script(0.02, raises_at=5))
    assert found.speedup is None
    assert found.note.startswith("the auto-clustered version raised KeyError: no such key, after ")


def test_a_script_that_fails_without_it_says_nothing() -> None:
    found, _, _ = measure(Script(0.02), plain=Script(0.02, killed_at=5))
    assert found is None


def test_too_few_units_say_nothing() -> None:
    found, _, _ = measure(Script(0.02, units=3), plain=Script(0.02, units=3))
    assert found is None


def test_without_room_in_the_budget_nothing_runs() -> None:
    assert seconds_needed(BENCHMARK) == pytest.approx(1.5 * 26)
    found, start, _ = measure(Script(0.02), left=38.0)
    assert found is None and not start.jobs
    found, start, _ = measure(Script(0.02), left=41.0)
    assert found is not None and start.jobs


def test_a_benchmark_without_a_group_gives_no_room() -> None:
    assert seconds_needed(replace(BENCHMARK, pairs=())) == float("inf")


def test_compiling_without_end_takes_no_more_than_its_time() -> None:
    found, start, machine = measure(Script(0.02, first_unit_seconds=1e6), left=10_000.0)
    assert machine.now <= 3 * 26 + 10
    assert found is None and all(process.stopped for process in start.processes)
