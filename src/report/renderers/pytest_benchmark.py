"""The measurement in pytest-benchmark's format, for its `compare` command and for tools that read its files.

A benchmark is one version of the script, a round is one turn, and an iteration is one unit of work.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ... import __version__
from ...records import Benchmark, Report
from ..rounds import ARMS, rounds
from ..visible import visible


def render(report: Report, results: Path | None) -> str:
    """Return the seconds per unit of the original and of the edited script, turn by turn. ``results`` is not used.

    Warm-up turns are left out. If nothing was measured, there are no benchmarks.
    """
    environment = {key: visible(value) for key, value in report.environment.items()}
    document = {
        "machine_info": {
            "node": "",
            "machine": environment.get("platform", ""),
            "python_version": environment.get("python", ""),
            "cpu": {"count": environment.get("cpus", "")},
            **environment,
        },
        "commit_info": {"id": "unknown", "time": None, "dirty": None, "branch": "unknown", "project": "unknown"},
        "benchmarks": [] if report.benchmark is None else list(_benchmarks(report.benchmark)),
        "datetime": report.created,
        "version": f"hybridize {__version__}",
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _benchmarks(measured: Benchmark) -> Iterator[dict[str, Any]]:
    unit = visible(measured.unit)
    for arm in ARMS:
        found = sorted(rounds(measured, arm))
        if not found:
            continue
        yield {
            "group": unit,
            "name": f"{unit} [{arm}]",
            "fullname": f"hybridize::{unit} [{arm}]",
            "params": None,
            "param": arm,
            "extra_info": {"arm": arm, "verdict": measured.verdict, "speedup": _interval(measured)},
            "options": {
                "disable_gc": False,
                "timer": "perf_counter",
                "min_rounds": len(found),
                "max_time": 0.0,
                "min_time": 0.0,
                "warmup": True,
            },
            "stats": _stats(found),
        }


def _interval(measured: Benchmark) -> dict[str, float] | None:
    found = measured.speedup
    if found is None or not all(map(math.isfinite, (found.median, found.low, found.high))):
        return None
    return {"median": found.median, "low": found.low, "high": found.high, "level": found.level}


def _stats(found: Sequence[float]) -> dict[str, Any]:
    """The statistics of sorted values, under pytest-benchmark's names."""
    middle = statistics.median(found)
    mean = statistics.fmean(found)
    deviation = statistics.stdev(found) if len(found) > 1 else 0.0
    low, high = _quantile(found, 0.25), _quantile(found, 0.75)
    spread = high - low
    kept = [each for each in found if low - 1.5 * spread <= each <= high + 1.5 * spread]
    far = sum(abs(each - mean) > deviation for each in found)
    return {
        "min": found[0],
        "max": found[-1],
        "mean": mean,
        "stddev": deviation,
        "rounds": len(found),
        "median": middle,
        "iqr": spread,
        "q1": low,
        "q3": high,
        "iqr_outliers": len(found) - len(kept),
        "stddev_outliers": far,
        "outliers": f"{far};{len(found) - len(kept)}",
        "ld15iqr": kept[0],
        "hd15iqr": kept[-1],
        "ops": 1 / mean,
        "total": math.fsum(found),
        "iterations": 1,
        "data": list(found),
    }


def _quantile(found: Sequence[float], part: float) -> float:
    """The quantile by Hazen's positions, as pytest-benchmark computes its quartiles."""
    position = min(max(part * len(found) - 0.5, 0.0), len(found) - 1.0)
    low = math.floor(position)
    high = math.ceil(position)
    return found[low] + (found[high] - found[low]) * (position - low)
