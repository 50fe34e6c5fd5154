"""`make versions`: the demo and quick tests of the proof, on the lowest and the newest TensorFlow for each Python.

It needs nothing but the standard library, for it runs before anything is installed. Each pair of versions has an
environment of its own below .versions/, with a log beside it: 0.8 GB to download and some minutes each.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".versions"
PYTHONS = ("3.11", "3.12", "3.13")
DEMO = ("--train-script", "bench/workloads/mlp_functions/train.py", "--budget", "150s")
TESTS = (
    "tests/test_tensorflow_internals.py",
    "tests/dynamic/child/test_comparing.py",
    "tests/dynamic/child/test_checking.py",
    "tests/dynamic/child/test_effects.py",
)
PROBE = "import sys, ensurepip, venv; print('%d.%d' % sys.version_info[:2])"


@dataclass(frozen=True)
class Pair:
    """A Python and a TensorFlow that are to be tried together."""

    python: str
    interpreter: str
    tensorflow: str

    @property
    def name(self) -> str:
        return f"python{self.python}-tensorflow{self.tensorflow}"


def find_python(version: str) -> str | None:
    """The interpreter of a version that runs and can make an environment, and not one that is only looked up."""
    for name in (f"python{version}", "python3", "python"):
        try:
            done = subprocess.run([name, "-c", PROBE], capture_output=True, text=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0 and done.stdout.strip() == version:
            return name
    return None


def least() -> tuple[int, int]:
    """The lowest TensorFlow that the package takes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (bound,) = (each for each in project["dependencies"] if each.startswith("tensorflow"))
    major, minor = re.fullmatch(r"tensorflow>=(\d+)\.(\d+)", bound).groups()
    return int(major), int(minor)


def choose(available: Iterable[str], bound: tuple[int, int]) -> list[str]:
    """The last release of the lowest minor version that the package takes, and the newest release."""
    parts = [tuple(map(int, each.split("."))) for each in available if re.fullmatch(r"\d+\.\d+\.\d+", each)]
    taken = sorted(each for each in parts if each[:2] >= bound)
    if not taken:
        return []
    lowest = max(each for each in taken if each[:2] == taken[0][:2])
    return [".".join(map(str, each)) for each in sorted({lowest, taken[-1]})]


def available(interpreter: str) -> list[str]:
    """The releases of TensorFlow that can be installed for an interpreter, as its pip finds them."""
    done = subprocess.run(
        [interpreter, "-m", "pip", "index", "versions", "tensorflow"], capture_output=True, text=True, timeout=300
    )
    found = re.search(r"^Available versions: (.*)$", done.stdout, re.MULTILINE)
    return found[1].split(", ") if found else []


def plan(versions: Sequence[str] = PYTHONS) -> list[Pair]:
    """The pairs that can be tried here; says which Python is missing, and which has no TensorFlow."""
    pairs = []
    for version in versions:
        interpreter = find_python(version)
        if interpreter is None:
            print(f"Python {version} is missing: it is not tried.")
            continue
        chosen = choose(available(interpreter), least())
        if not chosen:
            print(f"For Python {version} no TensorFlow was found that the package takes: it is not tried.")
        pairs += [Pair(version, interpreter, tensorflow) for tensorflow in chosen]
    return pairs


def attempt(pair: Pair) -> str:
    """Set up a pair and try it. Gives the step that failed; empty where none did."""
    place = HOME / pair.name
    python = place / "bin" / "python"
    steps = {
        "environment": [pair.interpreter, "-m", "venv", "--clear", place],
        "pip": [python, "-m", "pip", "install", "--upgrade", "pip>=25.1"],
        "install": [
            *(python, "-m", "pip", "install", "--editable", ".", "--group", "dev"),
            f"tensorflow=={pair.tensorflow}",
        ],
        "demo": [place / "bin" / "optimize", *DEMO, "--results", HOME / f"{pair.name}-results"],
        "tests": [python, "-m", "pytest", *TESTS],
    }
    with (HOME / f"{pair.name}.log").open("w", encoding="utf-8") as log:
        for name, command in steps.items():
            done = subprocess.run(list(map(str, command)), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            if done.returncode != 0:
                return name
    return ""


def main(arguments: Sequence[str]) -> int:
    """Try all pairs, or those whose names begin with an argument; with --list only name them."""
    wanted = tuple(each for each in arguments if not each.startswith("-"))
    pairs = [pair for pair in plan() if not wanted or pair.name.startswith(wanted)]
    if "--list" in arguments:
        print("\n".join(pair.name for pair in pairs))
        return 0
    HOME.mkdir(exist_ok=True)
    failed = 0
    for pair in pairs:
        begun = time.monotonic()
        step = attempt(pair)
        failed += bool(step)
        what = f"failed at: {step}" if step else "works"
        log = (HOME / f"{pair.name}.log").relative_to(ROOT)
        print(f"{pair.name}: {what} ({time.monotonic() - begun:.0f} s, {log})", flush=True)
    print(f"{len(pairs)} tried, {failed} failed.")
    return 1 if failed or not pairs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
