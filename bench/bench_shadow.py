"""The cost of the check: a training step whose calls are compared, and the same step unchecked.

A compared call runs eagerly, is traced again, and runs as a graph. The calls between are eager, and their ops are
recorded. All take turns in one process, so that the machine's drift affects each. Run it with
``pytest bench/bench_shadow.py``, or as a script, which prints a table.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow as tf
from bench_observe import CANDIDATES, Trainer
from pytest_benchmark.fixture import BenchmarkFixture

from hybridize.dynamic.child.checking import Checker

FOLDER = str(Path(__file__).parent)
CALLS = 200


def measure(width: int) -> dict[str, float]:
    """The time of a compared step, of one between, and the average of all, as multiples of an eager step."""
    child: Any = SimpleNamespace(
        job={"project": (FOLDER, FOLDER), "candidates": ["step"], "deadline_seconds": 600.0, "enough": CALLS},
        boundary=lambda: None,
        request_cut=lambda reason: None,
    )
    checker = Checker(child)
    checker.prepare(None)
    plain, checked = (Trainer(width, lambda functions: functions) for _ in range(2))
    step = checker.wrap("step", tf.function(checked.unit))
    check = checker.checks["step"]
    spent: dict[str, list[float]] = {"eager": [], "compared": [], "between": []}
    for _ in range(CALLS):
        begun = time.perf_counter()
        plain.unit().numpy()
        between = time.perf_counter()
        compared = check.compared
        step().numpy()
        spent["eager"].append(between - begun)
        spent["compared" if check.compared > compared else "between"].append(time.perf_counter() - between)
    assert check.compared and not check.refutations, check.row()
    eager = statistics.median(spent["eager"])
    return {
        "eager_ms": 1e3 * eager,
        "compared": statistics.median(spent["compared"]) / eager,
        "between": statistics.median(spent["between"]) / eager,
        "all": sum(spent["compared"] + spent["between"]) / sum(spent["eager"]),
        "compared_calls": len(spent["compared"]),
    }


@pytest.mark.parametrize("width", [32, 256])
def test_a_checked_training_step(width: int, benchmark: BenchmarkFixture) -> None:
    found: dict[str, float] = {}
    benchmark.pedantic(lambda: found.update(measure(width)), rounds=1, iterations=1)
    benchmark.extra_info.update(found, inner_functions=CANDIDATES)


def main() -> None:
    print(f"width  eager ms  compared call  call between  average of {CALLS}")
    for width in (32, 128, 256):
        found = measure(width)
        print(
            f"{width:5d}  {found['eager_ms']:8.2f}  {found['compared']:12.1f}x  {found['between']:11.2f}x"
            f"  {found['all']:11.2f}x"
        )


if __name__ == "__main__":
    sys.exit(main())
