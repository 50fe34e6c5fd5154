"""Compares the "end to end" figure of `optimize` with whole runs that are timed from outside.

    python bench/whole_runs.py [--only NAME ...] [--budget 3m] [--rounds 3] [--keep DIR [--more]] [--again]

For each workload, `optimize` runs once. Then the original and the patched script run whole, one after the other,
``--rounds`` times, as a user starts them, without anything of hybridize, and are timed from outside. Writes
``results/reference/whole_runs.json`` and ``whole_runs.md``; with ``--again`` only the page. On average, the reported
figure should be within WANTED of the measured one, and as often above it as below.

On a shared machine, one whole run is off by a tenth. ``--more`` adds ``--rounds`` rounds to those that were run, with
the patches of the reports in DIR.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from racing import machine
from workloads_table import REFERENCE, SCRIPT, WORKLOADS, optimize

from hybridize.measure.statistics import standard_error

#: The workloads, with arguments for a run of half a minute that includes start-up, traces and evaluations.
ARGUMENTS = {
    "gan": ["--steps", "150"],
    "keras_subclass": ["--epochs", "8"],
    "mlp_functions": ["--epochs", "8"],
    "numpy_batches": ["--epochs", "40"],
    "physics_informed": ["--steps", "150"],
    "trainer_class": ["--epochs", "8"],
}
#: The limit of the mean of |log(reported / measured)| over the workloads.
WANTED = 0.03


def run_whole(
    scripts: Sequence[Path], arguments: Sequence[str], environment: Mapping[str, str], rounds: int
) -> list[list[float]]:
    """Run each script whole, in alternation. Returns the wall-clock seconds of each run."""
    seconds: list[list[float]] = [[] for _ in scripts]
    for number in range(rounds):
        order = list(range(len(scripts)))
        for position in order if number % 2 == 0 else reversed(order):
            begun = time.monotonic()
            subprocess.run(
                [sys.executable, scripts[position].name, *arguments],
                cwd=scripts[position].parent,
                env={**os.environ, **environment},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
                timeout=900,
            )
            seconds[position].append(time.monotonic() - begun)
    return seconds


def run_both(name: str, patched: bytes, rounds: int) -> list[list[float]]:
    """Run a workload's script and the patched one whole, in alternation. Returns the seconds of both."""
    with tempfile.TemporaryDirectory() as place:
        scripts = []
        for arm, text in (("eager", (WORKLOADS / name / SCRIPT).read_bytes()), ("edited", patched)):
            scripts.append(Path(place) / arm / SCRIPT)
            scripts[-1].parent.mkdir()
            scripts[-1].write_bytes(text)
        return run_whole(scripts, ARGUMENTS[name], _environment(name), rounds)


def run_more(entry: Mapping[str, Any], report: Mapping[str, Any], rounds: int) -> dict[str, Any]:
    """The entry with further rounds, with the patch of its report."""
    if not report["plan"]["edits"]:
        return dict(entry)
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / SCRIPT
        copy.write_bytes((WORKLOADS / entry["workload"] / SCRIPT).read_bytes())
        patch = "".join(edit["diff"] for edit in report["plan"]["edits"])
        subprocess.run(["patch", "-p1", "-s"], cwd=place, check=True, input=patch.encode())
        further = run_both(entry["workload"], copy.read_bytes(), rounds)
    seconds = [before + after for before, after in zip(entry["seconds"], further, strict=True)]
    return {**entry, "seconds": seconds}


def _environment(name: str) -> dict[str, str]:
    expected = tomllib.loads((WORKLOADS / name / "expect.toml").read_text())
    return {key: str(value) for key, value in expected.get("environment", {}).items()}


def measure(name: str, budget: str, rounds: int, keep: Path | None) -> dict[str, Any]:
    """Measure one workload. Returns its entry."""
    with tempfile.TemporaryDirectory() as place:
        results = Path(place) / "results"
        report, patched = optimize(WORKLOADS / name, budget, results, _environment(name), ARGUMENTS[name])
    if keep is not None:
        (keep / f"{name}.json").write_text(json.dumps(report))
    seconds = run_both(name, patched, rounds) if report["plan"]["edits"] else [[], []]
    benchmark = report.get("benchmark") or {}
    return {
        "workload": name,
        "status": report["status"],
        "per_unit": (benchmark.get("speedup") or {}).get("median"),
        # If the script's length is unknown, the figure covers the units that were run, not the script.
        "reported": benchmark.get("end_to_end_speedup") if _is_of_the_script(benchmark) else None,
        "whole_script": bool(benchmark.get("whole_script")),
        "seconds": seconds,
        "machine": machine(),
    }


def _is_of_the_script(benchmark: Mapping[str, Any]) -> bool:
    return bool(benchmark.get("whole_script")) or benchmark.get("script_units") is not None


def _measured(entry: Mapping[str, Any]) -> tuple[float, float]:
    """The measured ratio of whole runs, and its standard error as a factor."""
    logs = [math.log(eager / edited) for eager, edited in zip(*entry["seconds"], strict=True)]
    error = standard_error(logs) if len(logs) > 1 else math.nan
    return math.exp(statistics.fmean(logs)), math.exp(error)


def page(entries: Sequence[Mapping[str, Any]]) -> str:
    """The entries as a table in Markdown."""
    lines = [
        "# End to end, as reported and as a stopwatch shows it",
        "",
        "Made by `python bench/whole_runs.py`. *Reported* is what `optimize` says of the whole script; *measured* are",
        "whole runs from outside, one after the other, the process's start and end included; ± is the standard error.",
        "",
        "| workload | per unit | reported | measured | reported / measured |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    errors = []
    for entry in entries:
        if not entry["reported"] or not entry["seconds"][0]:
            said = "nothing of the whole script" if entry["seconds"][0] else entry["status"]
            lines.append(f"| {entry['workload']} | | {said} | | |")
            continue
        measured, error = _measured(entry)
        errors.append(math.log(entry["reported"] / measured))
        how = "run whole" if entry["whole_script"] else "extrapolated"
        lines.append(
            f"| {entry['workload']} | {entry['per_unit']:.2f}x | {entry['reported']:.2f}x, {how} | {measured:.2f}x "
            f"±{(error - 1) * 100:.0f}% | {math.exp(errors[-1]):.3f} |"
        )
    if errors:
        bias, away = math.exp(statistics.fmean(errors)), statistics.fmean(abs(error) for error in errors)
        lines += [
            "",
            f"On the average {away:.1%} away (wanted: {WANTED:.0%}); bias {bias - 1:+.1%}.",
        ]
    for described in {json.dumps(entry["machine"], sort_keys=True) for entry in entries}:
        lines += ["", "Machine: " + "; ".join(f"{key} {value}" for key, value in json.loads(described).items()) + "."]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=list(ARGUMENTS), choices=list(ARGUMENTS), metavar="NAME")
    parser.add_argument("--budget", default="3m")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, default=None, metavar="DIR", help="keep each report.json here")
    parser.add_argument("--more", action="store_true", help="add rounds to those that were run; needs --keep")
    parser.add_argument("--again", action="store_true", help="write the page anew, without a run")
    given = parser.parse_args(arguments)
    if given.more and given.keep is None:
        parser.error("--more needs --keep DIR, the folder with the reports of the first rounds")
    kept = REFERENCE / "whole_runs.json"
    entries = {entry["workload"]: entry for entry in (json.loads(kept.read_text()) if kept.exists() else [])}
    for name in () if given.again else given.only:
        if given.more:
            report = json.loads((given.keep / f"{name}.json").read_text())
            entries[name] = run_more(entries[name], report, given.rounds)
        else:
            entries[name] = measure(name, given.budget, given.rounds, given.keep)
        print(json.dumps(entries[name]), flush=True)
        kept.write_text(json.dumps(list(entries.values()), indent=1) + "\n")
    (REFERENCE / "whole_runs.md").write_text(page(sorted(entries.values(), key=lambda entry: entry["workload"])))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
