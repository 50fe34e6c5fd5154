"""A whole loop over a data set goes into the graph, through the whole command."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WORKLOADS = Path(__file__).resolve().parents[1] / "bench" / "workloads"

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timed]


@pytest.mark.parametrize(
    ("workload", "loop"), [("whole_loop_function", "train:main"), ("whole_loop_trainer", "train:Trainer.fit")]
)
def test_a_loop_whose_rounds_are_the_step_alone_is_proved_and_written_where_it_is_asked_for(
    workload: str, loop: str, tmp_path: Path
) -> None:
    shutil.copy(WORKLOADS / workload / "train.py", tmp_path)
    before = (tmp_path / "train.py").read_bytes()
    command = [sys.executable, "-m", "hybridize", "--train-script", "train.py", "--rewrite", "loops"]
    done = subprocess.run([*command, "--budget", "5m"], cwd=tmp_path, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    assert (tmp_path / "train.py").read_bytes() == before
    report = json.loads((tmp_path / "results" / "latest" / "report.json").read_text())
    (found,) = [c for c in report["candidates"] if c["id"].startswith(f"{loop}@")]
    assert found["verdict"] == "confirmed", found
    assert found["selected"], found["reasons"]
    assert report["status"] == "optimized" and report["benchmark"]["unit"] == found["id"]
    assert report["drift"]["verdict"] == "none"
    assert "def train_epoch(" in (tmp_path / "results" / "latest" / "optimize.patch").read_text()
