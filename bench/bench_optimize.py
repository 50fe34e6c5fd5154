"""The total time of `optimize` on a training script, from the command to the report, by stages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

WORKLOADS = Path(__file__).parent / "workloads"
OPTIMIZE = Path(sys.executable).with_name("optimize")
BUDGET = 120


@pytest.mark.parametrize("workload", ["mlp_functions", "already_hybrid"])
def test_optimize_from_the_command_to_the_report(workload: str, tmp_path: Path, benchmark: BenchmarkFixture) -> None:
    def optimize() -> subprocess.CompletedProcess[str]:
        script = WORKLOADS / workload / "train.py"
        command = [OPTIMIZE, "--train-script", script, "--budget", f"{BUDGET}s", "--results", tmp_path]
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600)

    done = benchmark.pedantic(optimize, rounds=1, iterations=1)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "latest" / "report.json").read_text())
    stages = {name: round(seconds, 1) for name, seconds in report["timings"].items()}
    benchmark.extra_info.update(status=report["status"], budget_seconds=BUDGET, stages=stages)
