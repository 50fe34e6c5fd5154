"""A repository's story with `optimize check` and `confirm`: what is committed, and what both say of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timed]

# Small operations and many of them: eagerly, the time is Python's.
SCRIPT = """\
import tensorflow as tf

tf.random.set_seed(1)
weights = [tf.Variable(tf.random.normal([16, 16], seed=number) * 0.1) for number in range(4)]
losses = []


def train_step(x, y):
    with tf.GradientTape() as tape:
        guess = x
        for weight in weights:
            guess = tf.tanh(tf.matmul(guess, weight))
        loss = tf.reduce_mean(tf.square(guess - y))
    for weight, gradient in zip(weights, tape.gradient(loss, weights)):
        weight.assign_sub(0.01 * gradient)
    return loss


def main():
    data = tf.random.normal([64, 16], seed=9)
    for step in range(400):
        loss = train_step(data, tf.sin(data))
    print("loss", float(loss))


main()
"""


class Story:
    """A repository with a training script in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = ""
        (folder / "train.py").write_text(SCRIPT)
        (folder / ".gitignore").write_text("results/\n")
        self.git("init", "-q")
        self.commit("the script")

    def git(self, *arguments: str) -> None:
        who = ["-c", "user.name=n", "-c", "user.email=e@x"]
        subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True)

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", message)

    def write(self, *changes: tuple[str, str]) -> None:
        """Change texts of the script, and commit that."""
        text = (self.folder / "train.py").read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (self.folder / "train.py").write_text(text)
        self.commit("a change")

    def optimize(self, *arguments: str) -> int:
        """Run the command; its exit code."""
        command = [sys.executable, "-m", "hybridize", *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=600)
        self.said = " ".join((done.stdout + done.stderr).split())
        assert "Traceback" not in self.said
        return done.returncode

    def check(self) -> int:
        return self.optimize("check", "--baseline", "baseline.json", "--budget", "2m", "--pairs", "3")

    def confirm(self, since: str) -> int:
        limits = ("--budget", "2m", "--pairs", "3")
        return self.optimize("confirm", "--since", since, "--train-script", "train.py", *limits)

    @property
    def logs(self) -> set[str]:
        """The processes that the last command ran the script in, by their logs."""
        return {path.name for path in (self.folder / "results" / "latest").glob("*.log")}


def test_the_story_of_a_speedup_that_is_held_lost_and_had_again(tmp_path: Path) -> None:
    story = Story(tmp_path)

    # The patch is applied, its report is the baseline, and what it wrote needs no second proof.
    budget = ("--train-script", "train.py", "--budget", "3m", "--pairs", "4")
    assert story.optimize(*budget, "--apply") == 0, story.said
    assert "@tf.function" in (tmp_path / "train.py").read_text(), story.said
    (tmp_path / "baseline.json").write_bytes((tmp_path / "results/latest/report.json").read_bytes())
    story.commit("optimized")
    assert story.confirm("HEAD~1") == 0, story.said
    assert "train:train_step" in story.said and not story.logs, story.said
    assert story.check() == 0, story.said
    held = json.loads((tmp_path / "results/latest/report.json").read_text())["held"]
    assert held["now"]["low"] > 1.05 and held["graph_share"] > 0.5

    # A step that is given a new number each time is traced each time.
    story.write(("(x, y):", "(x, y, rate):"), ("(data, tf.sin(data))", "(data, tf.sin(data), 0.01 + step)"))
    assert story.check() == 1, story.said
    assert "train:train_step is refuted: it is retraced repeatedly" in story.said and "`rate`" in story.said
    story.git("revert", "--no-edit", "HEAD")

    # A step with an effect in Python is not safe.
    story.write(("    return loss\n", "    losses.append(1)\n    return loss\n"))
    assert story.confirm("HEAD~1") == 1, story.said
    assert "train:train_step is refuted: it changes losses" in story.said
    story.git("revert", "--no-edit", "HEAD")

    # Reverted, it is the code that was confirmed; and moved lines and comments are no change.
    assert story.confirm("HEAD~4") == 0, story.said
    assert not story.logs, story.said
    assert story.check() == 0, story.said
    story.write(("def main():", "# What trains.\n\n\ndef main():"), ("    data =", "    # The data.\n    data ="))
    assert story.confirm("HEAD~1") == 0, story.said
    assert "there is nothing to confirm" in story.said and not story.logs
    assert story.confirm("HEAD~6") == 0, story.said
    assert not story.logs, story.said
