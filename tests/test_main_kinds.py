"""Scripts that end otherwise than after a number of steps, or train in other processes, through the whole command."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECTS = Path(__file__).parent / "projects"

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timed]


def optimize(project: str, how: str, budget: str, folder: Path) -> dict[str, Any]:
    shutil.copy(PROJECTS / project / "train.py", folder)
    command = [sys.executable, "-m", "hybridize", "--train-script", "train.py", "--budget", budget, "--", how]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads((folder / "results" / "latest" / "report.json").read_text())
    return report


@pytest.mark.parametrize("how", ["spawn", "fork", "os.fork", "pool", "futures", "joblib", "subprocess"])
def test_what_trains_in_another_process_is_told_with_the_line_that_starts_it(how: str, tmp_path: Path) -> None:
    if how == "joblib":
        pytest.importorskip("joblib")
    report = optimize("other_processes", how, "2m", tmp_path)
    assert report["status"] == "nothing-to-gain"
    assert re.search(r"starts other Python processes at train\.py:\d+ .*% of the computation", report["message"])
    assert {c["id"]: c["verdict"] for c in report["candidates"]}["train:train_step"] == "unobserved"
    # One run tells, and no time is spent on more.
    assert set(report["timings"]) == {"scan", "observe"}


@pytest.mark.parametrize("how", ["clock", "tolerance", "patience", "phases"])
def test_a_gain_is_found_however_the_script_ends(how: str, tmp_path: Path) -> None:
    report = optimize("other_endings", how, "3m", tmp_path)
    assert report["status"] == "optimized", report["message"]
    benchmark, edited = report["benchmark"], {c for e in report["plan"]["edits"] for c in e["candidates"]}
    assert "train:train_step" in edited and benchmark["verdict"] == "faster"
    assert benchmark["by_clock"] is (how == "clock")
    if how == "clock":
        # It takes as long as before, whatever is done in that time.
        assert benchmark["end_to_end_speedup"] is None
    if how == "phases":
        # The time of the whole is that of both phases, so the step of the second is in the patch as well.
        assert "train:refine" in edited
        # The longer one, `refine`, is measured where the machine is fast enough to reach it in time.
        words = r"the speedup per step is that of train:(\w+), and the phases of train:(\w+) (before|after) it count"
        told = re.search(words, benchmark["reason"])
        assert told is not None, benchmark["reason"]
        assert told.groups() in {("train_step", "refine", "after"), ("refine", "train_step", "before")}
