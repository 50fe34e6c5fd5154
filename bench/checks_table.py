"""How often `optimize check` is right, on unchanged code and on code that lost a part of its speedup.

    python bench/checks_table.py [--checks 20] [--losses 10] [--loss 0.2] [--budget 90s]

A baseline is made of a small training script. Then the same code is checked repeatedly. After that, work is added to
each step, in both forms alike, so that the ratio falls by a fifth, and this code is checked repeatedly. A false alarm
is a check of unchanged code that exits with 1; a catch is a check of the slowed code that does. Writes checks.json and
checks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

SCRIPT = """\
import time

import tensorflow as tf

EXTRA_SECONDS = 0.0

tf.random.set_seed(1)
weights = [tf.Variable(tf.random.normal([16, 16], seed=number) * 0.1) for number in range(4)]


@tf.function
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
    for step in range(600):
        loss = train_step(data, tf.sin(data))
        until = time.perf_counter() + EXTRA_SECONDS
        while time.perf_counter() < until:
            pass
    print("loss", float(loss))


main()
"""


def checked(folder: Path, budget: str, *more: str) -> dict[str, Any]:
    """Run one check in a separate process. Returns its exit code, status, ratios and seconds."""
    command = [sys.executable, "-m", "hybridize", "check", "--baseline", "baseline.json", "--budget", budget, "-q"]
    begun = time.monotonic()
    done = subprocess.run([*command, *more], cwd=folder, capture_output=True, text=True, check=False)
    report = json.loads((folder / "results" / "latest" / "report.json").read_text())
    held = report["held"] or {}
    return {
        "exit_code": done.returncode,
        "status": report["status"],
        "message": report["message"],
        "now": held.get("now"),
        "change": held.get("change"),
        "seconds": round(time.monotonic() - begun, 1),
        "load": round(os.getloadavg()[0], 1),
    }


def extra_seconds(folder: Path, loss: float) -> float:
    """The seconds that, added to a unit of both forms, reduce the baseline's ratio by the share ``loss``."""
    pairs = json.loads((folder / "baseline.json").read_text())["benchmark"]["pairs"]
    turns = [(pair["arms"], turn) for pair in pairs for turn in pair["turns"][pair["warm_turns"] :]]

    def unit(name: str) -> float:
        return median(turn["seconds"][arms.index(name)] / turn["units"] for arms, turn in turns)

    eager, edited = unit("eager"), unit("edited")
    wanted = (1 - loss) * eager / edited
    return (eager - wanted * edited) / (wanted - 1)


def to_markdown(result: dict[str, Any]) -> str:
    """The table."""
    same, slowed = result["unchanged"], result["slowed"]
    lines = [
        "# How often a check is right",
        "",
        f"Made by `bench/checks_table.py` on {result['machine']}. The baseline's ratio is {ratio(result['baseline'])}.",
        "",
        "| code | checks | exit code 1 | not decided | ratio now over the baseline's | seconds a check |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, rows in (("unchanged", same), (f"{result['loss']:.0%} of the ratio lost", slowed)):
        failed, open_ = (sum(test(row) for row in rows) for test in (is_alarm, is_open))
        changes = sorted(row["change"]["median"] for row in rows if row["change"])
        spread = f"{changes[0]:.2f} to {changes[-1]:.2f}" if changes else "–"
        seconds = f"{median(row['seconds'] for row in rows):.0f}" if rows else "–"
        lines.append(f"| {name} | {len(rows)} | {failed} | {open_} | {spread} | {seconds} |")
    loads = [row["load"] for row in (*same, *slowed)]
    lines += ["", f"The load of the machine was {min(loads)} to {max(loads)} with {os.cpu_count()} cores."]
    return "\n".join(lines) + "\n"


def is_alarm(row: dict[str, Any]) -> bool:
    return bool(row["exit_code"] == 1)


def is_open(row: dict[str, Any]) -> bool:
    return bool(row["status"] == "undecided")


def ratio(found: dict[str, float]) -> str:
    return f"{found['median']:.2f}x [{found['low']:.2f}, {found['high']:.2f}]"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checks", type=int, default=20)
    parser.add_argument("--losses", type=int, default=10)
    parser.add_argument("--loss", type=float, default=0.2)
    parser.add_argument("--budget", default="90s")
    parser.add_argument("--out", type=Path, default=Path("results/reference"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "train.py").write_text(SCRIPT)
        made = checked(folder, options.budget, "--update-baseline", "--train-script", "train.py")
        if made["status"] != "held":
            print(made["message"], file=sys.stderr)
            return 1
        result: dict[str, Any] = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "loss": options.loss}
        result |= {"baseline": made["now"], "unchanged": [], "slowed": []}
        extra = extra_seconds(folder, options.loss)
        for kind, number, seconds in (("unchanged", options.checks, 0.0), ("slowed", options.losses, extra)):
            (folder / "train.py").write_text(SCRIPT.replace("EXTRA_SECONDS = 0.0", f"EXTRA_SECONDS = {seconds!r}"))
            for _ in range(number):
                result[kind].append(checked(folder, options.budget))
                print(kind, json.dumps(result[kind][-1]), flush=True)
                # Written after each check, so that an interrupt loses nothing.
                options.out.mkdir(parents=True, exist_ok=True)
                (options.out / "checks.json").write_text(json.dumps(result, indent=1) + "\n")
                (options.out / "checks.md").write_text(to_markdown(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
