"""Faults at random moments of the whole tool's work: it never hangs, leaves nothing, and always reports.

How many are tried is set by HYBRIDIZE_FAULTS (see CONTRIBUTING.md); the moments depend on the number alone.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import hybridize

jsonschema = pytest.importorskip("jsonschema")

FAULTS = int(os.environ.get("HYBRIDIZE_FAULTS", "3"))
BUDGET_SECONDS = 30
#: The tool may overrun its budget on a busy machine; a minute is not a hang, this is.
LIMIT_SECONDS = BUDGET_SECONDS + 180

SCRIPT = """\
import os
import numpy as np
import tensorflow as tf

os.makedirs("output", exist_ok=True)
images = np.load("images.npy").astype("float32") / 255.0
labels = (images.sum(axis=1) > images.sum(axis=1).mean()).astype("int32")
weights = [tf.Variable(tf.random.stateless_normal([64, 32], [1, 2]) * 0.1), tf.Variable(tf.zeros([32, 2]))]


def step(x, y):
    with tf.GradientTape() as tape:
        logits = tf.nn.tanh(x @ weights[0]) @ weights[1]
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
    for weight, gradient in zip(weights, tape.gradient(loss, weights)):
        weight.assign_sub(0.1 * gradient)
    return loss


for number in range(600):
    batch = (number * 32) % 480
    loss = step(tf.constant(images[batch : batch + 32]), tf.constant(labels[batch : batch + 32]))
    if number % 100 == 99:
        print(f"step {number + 1}: loss {float(loss):.4f}")
        with open("output/log.txt", "a") as log:
            log.write(f"{float(loss)}\\n")
np.save("images.npy", images)
"""


def children_of(parent: int) -> list[int]:
    """The processes that a process has started and that live."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(entry.name))
    return sorted(found)


def processes_with(text: str) -> list[str]:
    """The living processes that have a text in their environment or their arguments."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes():
                found.append(f"{entry.name}: {(entry / 'cmdline').read_bytes()!r}")
        except OSError:
            continue
    return found


def is_nursery(pid: int) -> bool:
    """Whether it is the process that forks children, and not one that was forked: that has its line."""
    try:
        forked = "/files/" in os.readlink(f"/proc/{pid}/cwd")
        return not forked and b"nursery" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def strike(number: signal.Signals, choose: Callable[[list[int]], list[int]]) -> Callable[[int, random.Random], None]:
    """A fault: a signal to one of the tool's child processes."""

    def fault(tool: int, chance: random.Random) -> None:
        chosen = choose(children_of(tool))
        if chosen:
            try:
                os.kill(chance.choice(chosen), number)
            except ProcessLookupError:
                pass

    return fault


def strike_tool(number: signal.Signals) -> Callable[[int, random.Random], None]:
    return lambda tool, chance: os.kill(tool, number)


def runs(pids: list[int]) -> list[int]:
    return [pid for pid in pids if not is_nursery(pid)]


def nurseries(pids: list[int]) -> list[int]:
    return [pid for pid in pids if is_nursery(pid)]


KINDS = {
    "child-killed": strike(signal.SIGKILL, runs),
    "interrupted": strike_tool(signal.SIGINT),
    "nursery-killed": strike(signal.SIGKILL, nurseries),
    "child-crashed": strike(signal.SIGSEGV, runs),
    "terminated": strike_tool(signal.SIGTERM),
    "child-stopped": strike(signal.SIGSTOP, runs),
    "nursery-stopped": strike(signal.SIGSTOP, nurseries),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    import numpy

    root = tmp_path / "project"
    (root / "output").mkdir(parents=True)
    (root / "train.py").write_text(SCRIPT)
    (root / "output" / "log.txt").write_text("0.7\n")
    # Large enough to be linked, and the script writes over it.
    numpy.save(root / "images.npy", numpy.random.default_rng(0).integers(0, 255, (20_000, 64), dtype="uint8"))
    return root


def contents(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("number", range(FAULTS), ids=lambda n: f"{n}-{list(KINDS)[n % len(KINDS)]}")
def test_a_fault_at_a_random_moment_does_no_harm(project, tmp_path, number):
    chance = random.Random(number)
    fault = list(KINDS.values())[number % len(KINDS)]
    before = contents(project)
    temporary = tmp_path / "temporary-files"
    temporary.mkdir()
    results = tmp_path / "results"
    arguments = [
        "--train-script",
        "train.py",
        "--budget",
        f"{BUDGET_SECONDS}s",
        "--results",
        str(results),
        "--pairs",
        "2",
    ]
    tool = subprocess.Popen(
        [sys.executable, "-c", "import sys; from hybridize.cli import main; sys.exit(main())", *arguments],
        cwd=project,
        env={**os.environ, "TMPDIR": str(temporary), "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        begun = time.monotonic()
        while tool.poll() is None and not (results.is_dir() and any(results.iterdir())):
            assert time.monotonic() < begun + LIMIT_SECONDS, "it did not begin"
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, BUDGET_SECONDS))
        if tool.poll() is None:
            fault(tool.pid, chance)
        printed, _ = tool.communicate(timeout=LIMIT_SECONDS)
    finally:
        if tool.poll() is None:
            tool.kill()
            tool.communicate()
    assert tool.returncode in (0, 1, 3, 130), printed
    assert "Traceback" not in printed
    assert contents(project) == before
    assert not list(temporary.iterdir())
    assert not processes_with(str(temporary))
    schema = json.loads((Path(hybridize.__file__).parent / "report" / "schema.json").read_text())
    (report,) = results.glob("2*/report.json")
    jsonschema.validate(json.loads(report.read_text()), schema)
