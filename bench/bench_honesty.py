"""The error rates of the benchmark, from repeated comparisons of simulated scripts on a simulated noisy machine.

At most 5% of the comparisons may call two identical scripts different. At least 80% must find a true gain of 10%, with
the default number of groups. Run it with ``pytest bench/bench_honesty.py``, or as a script, which prints a table.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "measure"))

from simulated import FILES, TARGET, UNIT, Launcher, Machine, Script

from hybridize.measure.benchmark import run_benchmark
from hybridize.records import Benchmark

COMPARISONS = 200
# The standard deviations of the log ratio between turns, and between processes. The machine's speed drifts by 20%.
TURN_NOISE = (0.05, 0.1, 0.2)
PROCESS_NOISE = 0.03


def compare(seed: int, gain: float, turn_noise: float, budget: float = 3600.0) -> tuple[Benchmark, float]:
    """Compare a script with a copy that is ``gain`` times faster. Returns the result and the simulated seconds."""
    machine = Machine(seed, process_sd=PROCESS_NOISE / 2**0.5, turn_sd=turn_noise / 2**0.5, wander_sd=0.2)
    launcher = Launcher(machine, Script(0.02), Script(0.02 / gain, first_unit_seconds=0.5))
    found = run_benchmark(
        TARGET, UNIT, 3, FILES, Path("/nowhere"), deadline=budget, start=launcher, clock=machine.clock
    )
    return found, machine.now


def verdicts(gain: float, turn_noise: float, budget: float = 3600.0) -> tuple[Counter[str], float, float]:
    """The count of each verdict, the mean number of groups, and the mean simulated seconds."""
    results = [compare(seed, gain, turn_noise, budget) for seed in range(COMPARISONS)]
    groups = sum(len(found.pairs) for found, _ in results) / len(results)
    seconds = sum(spent for _, spent in results) / len(results)
    return Counter(found.verdict for found, _ in results), groups, seconds


@pytest.mark.parametrize("budget", [90.0, 180.0, 3600.0])
@pytest.mark.parametrize("turn_noise", TURN_NOISE)
def test_identical_scripts_are_called_different_in_at_most_5_percent(
    turn_noise: float, budget: float, benchmark: BenchmarkFixture
) -> None:
    counts, groups, _ = benchmark.pedantic(verdicts, args=(1.0, turn_noise, budget), rounds=1, iterations=1)
    benchmark.extra_info.update(counts, comparisons=COMPARISONS, groups=groups)
    assert counts["faster"] + counts["slower"] <= 0.05 * COMPARISONS


@pytest.mark.parametrize("turn_noise", TURN_NOISE)
def test_a_gain_of_10_percent_is_found_in_at_least_80_percent(turn_noise: float, benchmark: BenchmarkFixture) -> None:
    counts, groups, _ = benchmark.pedantic(verdicts, args=(1.1, turn_noise), rounds=1, iterations=1)
    benchmark.extra_info.update(counts, comparisons=COMPARISONS, groups=groups)
    assert counts["faster"] >= 0.8 * COMPARISONS


@pytest.mark.parametrize("turn_noise", TURN_NOISE)
def test_the_interval_covers_the_true_gain(turn_noise: float, benchmark: BenchmarkFixture) -> None:
    def speedups() -> list[Any]:
        return [compare(seed, 1.1, turn_noise)[0].speedup for seed in range(COMPARISONS)]

    results = benchmark.pedantic(speedups, rounds=1, iterations=1)
    missed = sum(not speedup.low <= 1.1 <= speedup.high for speedup in results if speedup is not None)
    benchmark.extra_info.update(missed=missed, comparisons=COMPARISONS)
    assert missed <= 0.05 * COMPARISONS + 3 * (0.05 * 0.95 * COMPARISONS) ** 0.5


def main() -> None:
    print(f"{COMPARISONS} comparisons each; processes differ by {PROCESS_NOISE} (sd of the log ratio)")
    print("gain  turn noise  budget  faster  slower  no difference  inconclusive  groups  seconds")
    for gain in (1.0, 1.1, 1.3, 2.0):
        for turn_noise in TURN_NOISE:
            for budget in (180.0, 3600.0):
                counts, groups, seconds = verdicts(gain, turn_noise, budget)
                row = [counts[name] / COMPARISONS for name in ("faster", "slower", "no difference", "inconclusive")]
                shares = "  ".join(f"{share:12.1%}" for share in row)
                print(f"{gain:4.1f}  {turn_noise:10.2f}  {budget:6.0f}  {shares}  {groups:6.1f}  {seconds:7.0f}")


if __name__ == "__main__":
    main()
