"""The measurement as pytest-benchmark stores it, read by its own command."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hybridize.records import TimedTurn
from hybridize.report.renderers import pytest_benchmark

COMMAND = Path(sys.executable).with_name("pytest-benchmark")


def varied(report):
    turns = tuple(TimedTurn(20, (each * 1e-3, each * 1e-4, each * 1e-3)) for each in (99, 20, 21, 22, 24, 60))
    pair = replace(report.benchmark.pairs[0], turns=turns, warm_turns=1)
    return replace(report, benchmark=replace(report.benchmark, pairs=(pair,)))


def benchmarks(report) -> list[dict]:
    return json.loads(pytest_benchmark.render(report, None))["benchmarks"]


def test_each_version_of_the_script_is_a_benchmark_of_its_turns(report):
    eager, edited = benchmarks(varied(report))
    assert (eager["name"], edited["name"]) == ("train:step [eager]", "train:step [edited]")
    assert eager["group"] == edited["group"] == "train:step"
    # The turn of the warm-up is not among them.
    assert eager["stats"]["data"] == pytest.approx([0.001, 0.00105, 0.0011, 0.0012, 0.003])
    assert edited["stats"]["rounds"] == 5 and edited["stats"]["median"] == pytest.approx(0.00011)
    assert eager["extra_info"]["speedup"] == {"median": 7.9, "low": 7.5, "high": 8.3, "level": 0.95}


def test_the_statistics_are_those_that_pytest_benchmark_reckons(report):
    from pytest_benchmark.stats import Stats

    (eager, _) = benchmarks(varied(report))
    theirs = Stats()
    for value in eager["stats"]["data"]:
        theirs.update(value)
    for name, value in theirs.as_dict().items():
        if isinstance(value, float):
            assert eager["stats"][name] == pytest.approx(value), name
        else:
            assert eager["stats"][name] == value, name


def test_what_was_not_measured_has_no_benchmark(report):
    assert benchmarks(replace(report, benchmark=None)) == []
    assert benchmarks(replace(report, benchmark=replace(report.benchmark, pairs=()))) == []
    odd = (TimedTurn(0, (0.0, 0.0, 0.0)), TimedTurn(5, (math.nan, math.inf, 0.0)))
    pairs = (replace(report.benchmark.pairs[0], turns=odd, warm_turns=0),)
    assert benchmarks(replace(report, benchmark=replace(report.benchmark, pairs=pairs))) == []


@pytest.mark.slow
def test_pytest_benchmark_compares_the_files_of_two_runs(report, tmp_path):
    faster = replace(varied(report), created="2026-11-23T09:30:15+00:00")
    for name, each in (("0001_one.json", varied(report)), ("0002_two.json", faster)):
        (tmp_path / name).write_text(pytest_benchmark.render(each, None), encoding="utf-8")
    command = [COMMAND, "--storage", tmp_path, "compare", "--columns=median,rounds", "0001_one.json", "0002_two.json"]
    done = subprocess.run(
        [str(part) for part in command], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    for word in ("train:step [eager] (0001_one)", "train:step [edited] (0002_two)", "Median"):
        assert word in done.stdout, done.stdout
