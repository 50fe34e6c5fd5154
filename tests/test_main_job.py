"""The main job from end to end, on real training: what a person gets who runs the command."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).parents[1]
WORKLOADS = ROOT / "bench" / "workloads"
TUTORIAL = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "tutorial.md").read_text(), re.DOTALL)
SCHEMA = json.loads((ROOT / "src" / "report" / "schema.json").read_text())

pytestmark = pytest.mark.slow


class Result:
    """What one run of the command left."""

    def __init__(self, folder: Path, done: subprocess.CompletedProcess[str]) -> None:
        self.folder = folder
        self.code = done.returncode
        self.output = done.stdout + done.stderr
        self.report = json.loads((folder / "results" / "latest" / "report.json").read_text())

    @property
    def latest(self) -> Path:
        return self.folder / "results" / "latest"

    def candidate(self, qualname: str) -> dict:
        return next(c for c in self.report["candidates"] if c["id"].endswith(f":{qualname}"))


def digests(folder: Path) -> dict[str, str]:
    files = (p for p in folder.rglob("*") if p.is_file() and "results" not in p.relative_to(folder).parts)
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def optimize(workload: str, folder: Path, *options: str) -> Result:
    shutil.copy(WORKLOADS / workload / "train.py", folder / "train.py")
    before = digests(folder)
    command = [sys.executable, "-m", "hybridize", "--train-script", "train.py", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert digests(folder) == before, "a file of the user's was changed"
    assert "Traceback" not in done.stdout + done.stderr
    result = Result(folder, done)
    jsonschema.validate(result.report, SCHEMA)
    return result


def follow(commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run commands of the tutorial as they stand there, in an environment where the package is installed."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-ec", commands], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )


@pytest.fixture(scope="module")
def optimized(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The first step of the tutorial, in a copy of the folder that it goes to."""
    top, name = tmp_path_factory.mktemp("tutorial"), "bench/workloads/mlp_functions"
    shutil.copytree(ROOT / name, top / name)
    before = digests(top / name)
    done = follow(TUTORIAL[0], top)
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    assert digests(top / name) == before, "a file of the user's was changed"
    result = Result(top / name, done)
    jsonschema.validate(result.report, SCHEMA)
    return result


@pytest.mark.timed
def test_the_other_steps_of_the_tutorial_do_what_it_says(optimized: Result) -> None:
    explain, apply, undo = TUTORIAL[1:]
    original = digests(optimized.folder)
    told = follow(explain, optimized.folder)
    assert told.returncode == 0 and "confirmed" in told.stdout, told.stdout
    assert follow(apply, optimized.folder).returncode == 0
    assert "@tf.function" in (optimized.folder / "train.py").read_text()
    assert follow(undo, optimized.folder).returncode == 0
    assert digests(optimized.folder) == original


@pytest.mark.timed
def test_the_step_is_confirmed_and_selected(optimized: Result) -> None:
    step = optimized.candidate("train_step")
    assert step["verdict"] == "confirmed", optimized.output
    assert step["selected"]
    assert optimized.code == 0


@pytest.mark.timed
def test_nothing_drifts(optimized: Result) -> None:
    assert optimized.report["drift"]["verdict"] == "none"


@pytest.mark.timed
def test_the_speedup_is_clear_of_noise(optimized: Result) -> None:
    speedup = optimized.report["benchmark"]["speedup"]
    assert speedup["low"] > 1.05


@pytest.mark.timed
def test_the_patch_applies_and_the_patched_script_runs_alone(optimized: Result, tmp_path: Path) -> None:
    shutil.copy(optimized.folder / "train.py", tmp_path)
    patch = optimized.latest / optimized.report["plan"]["patch"]
    subprocess.run(["git", "apply", str(patch)], cwd=tmp_path, check=True)
    text = (tmp_path / "train.py").read_text()
    assert re.search(r"@tf\.function[^\n]*\ndef train_step", text)
    # An import of our package by the patched script would fail here.
    (tmp_path / "hybridize.py").write_text("raise ImportError('the patched script must not need us')")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "train.py", "--epochs", "3"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "loss" in done.stdout


@pytest.mark.timed
def test_the_folder_has_the_summary_and_the_logs(optimized: Result) -> None:
    names = {path.name for path in optimized.latest.iterdir()}
    assert {"report.json", "report.html", "summary.md", "observe.log", "check.log"} <= names
    assert os.path.islink(optimized.folder / "results" / "latest")


@pytest.mark.timed
@pytest.mark.long
def test_apply_edits_the_sources_in_place(tmp_path: Path) -> None:
    shutil.copy(WORKLOADS / "mlp_functions" / "train.py", tmp_path)
    command = [sys.executable, "-m", "hybridize", "--train-script", "train.py", "--budget", "5m", "--pairs", "3"]
    done = subprocess.run([*command, "--apply"], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout
    assert "@tf.function" in (tmp_path / "train.py").read_text()


def test_nothing_is_written_where_nothing_may_be_and_each_function_is_told_why(tmp_path: Path) -> None:
    result = optimize("untouchable", tmp_path, "--budget", "3m", "--", "--steps", "300")
    assert result.report["plan"]["edits"] == []
    assert not list(result.latest.glob("*.patch"))
    expected = tomllib.loads((WORKLOADS / "untouchable" / "expect.toml").read_text())["functions"]
    for name, row in expected.items():
        candidate = result.candidate(name)
        assert candidate["verdict"] != "confirmed"
        assert re.search(row["names"], " ".join(candidate["reasons"])), (name, candidate["reasons"])


def test_a_script_that_is_graph_already_is_left_alone(tmp_path: Path) -> None:
    result = optimize("already_hybrid", tmp_path, "--budget", "2m")
    assert result.report["plan"]["edits"] == []
    assert result.code == 0
    assert "already" in result.report["message"]
