"""Measures every workload in three versions that take turns: eager, decorated by hand, and patched by `optimize`.

    python bench/workloads_table.py [--only NAME ...] [--budget 4m] [--groups 3] [--again]

For each folder of ``bench/workloads`` it runs `optimize`. Then the original script (*eager*), the copy that an engineer
decorated (*by hand*) and the patched script (*ours*) take turns at unit boundaries, in ``--groups`` groups of fresh
processes. Writes ``results/reference/workloads.json``, with one entry per workload, and
``results/reference/workloads.md`` from it. Entries of workloads that are not run again stay, each with its machine.
``--again`` only writes the page.

If a workload's loop may go into the graph (``rewrite = "loops"``), a second copy by hand takes turns as well: the step
if the best copy by hand is the loop, and the loop if it is the step.
"""

from __future__ import annotations

import argparse
import difflib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from racing import arm_of, machine, race, ratio

from hybridize.records import Target

ROOT = Path(__file__).resolve().parents[1]
WORKLOADS = ROOT / "bench" / "workloads"
REFERENCE = ROOT / "results" / "reference"
SCRIPT = "train.py"
EAGER, BY_HAND, OURS = "eager", "by hand", "ours"
#: The second copies by hand (step instead of loop, or loop instead of step), by the arm's name.
OTHERS = {"the step by hand": "by_step.py", "the loop by hand": "by_loop.py"}
#: The share of the hand-decorated copy's speed that ours should reach, and the wanted geometric mean of its speedups.
WANTED_OF_HAND, WANTED_MEAN = 0.95, 4.0


def optimize(
    folder: Path,
    budget: str,
    results: Path,
    environment: Mapping[str, str],
    arguments: Sequence[str] = (),
    rewrite: str = "outline",
) -> tuple[dict[str, Any], bytes]:
    """Run the tool on a workload with these arguments. Returns its report and the patched script."""
    command = [sys.executable, "-m", "hybridize", "--train-script", str(folder / SCRIPT), "--budget", budget]
    command += ["--rewrite", rewrite, "--results", str(results), "-q", *(["--", *arguments] if arguments else [])]
    subprocess.run(command, env={**os.environ, **environment}, check=False, timeout=1800)
    report = json.loads((results / "latest" / "report.json").read_text())
    patch = results / "latest" / "optimize.patch"
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / SCRIPT
        copy.write_bytes((folder / SCRIPT).read_bytes())
        if patch.exists():
            subprocess.run(["patch", "-p1", "-s", "-i", str(patch)], cwd=place, check=True)
        return report, copy.read_bytes()


def measure(name: str, budget: str, groups: int) -> dict[str, Any]:
    """Measure one workload. Returns its entry."""
    folder = WORKLOADS / name
    expected = tomllib.loads((folder / "expect.toml").read_text())
    environment = {key: str(value) for key, value in expected.get("environment", {}).items()}
    os.environ.update(environment)
    before, by_hand = (folder / SCRIPT).read_bytes(), (folder / "by_hand.py").read_bytes()
    with tempfile.TemporaryDirectory() as place:
        rewrite = expected.get("rewrite", "outline")
        report, ours = optimize(folder, budget, Path(place) / "results", environment, rewrite=rewrite)
        texts = {EAGER: before, BY_HAND: by_hand, OURS: ours}
        others = {arm: (folder / file).read_bytes() for arm, file in OTHERS.items() if (folder / file).exists()}
        # A version without changes needs no arm.
        changed = {arm: text for arm, text in texts.items() if arm == EAGER or text != before} | others
        arms = [arm_of(arm, SCRIPT, before, text, expected["unit"]) for arm, text in changed.items()]
        target = Target(str(folder), str(folder), str(folder / SCRIPT), (), None, 0)
        raced = race(target, arms, groups, Path(place)) if len(arms) > 1 else []
    for key in environment:
        os.environ.pop(key)
    one = {arm: (1.0, 1.0) for arm, text in texts.items() if text == before}
    hand = one.get(BY_HAND) or ratio(raced, EAGER, BY_HAND)
    mine = one.get(OURS) or ratio(raced, EAGER, OURS)
    versus = (1.0, 1.0) if ours == by_hand == before else ratio(raced, BY_HAND, OURS) or _quotient(mine, hand)
    diff = difflib.unified_diff(before.decode().splitlines(), ours.decode().splitlines(), lineterm="", n=0)
    benchmark = report.get("benchmark") or {}
    return {
        "workload": name,
        "status": report["status"],
        "edit": " ".join(line[1:].strip() for line in diff if line[0] in "+" and line[:3] != "+++"),
        "as_by_hand": ours == by_hand,
        "by_hand": hand,
        "ours": mine,
        "ours_of_by_hand": versus,
        "others": {arm: (ratio(raced, EAGER, arm), ratio(raced, arm, BY_HAND)) for arm in others},
        "reported": (benchmark.get("speedup") or {}),
        "end_to_end": benchmark.get("end_to_end_speedup"),
        "whole_script": bool(benchmark.get("whole_script")),
        "script_units": benchmark.get("script_units"),
        "drift": (report.get("drift") or {}).get("verdict"),
        "random_ops": expected["random_ops"],
        "max_rel_error": max_error(report),
        "units": [group.units for group in raced],
        "seconds": sum(report.get("timings", {}).values()),
        "machine": machine(),
    }


def max_error(report: Mapping[str, Any]) -> float | None:
    """The largest relative difference between eager and graph in the compared calls of confirmed candidates."""
    errors = [
        variant["max_rel_error"]
        for candidate in report["candidates"]
        if candidate["verdict"] == "confirmed"
        for variant in candidate["variants"]
        if variant["outcome"] == "confirmed" and variant["max_rel_error"] is not None
    ]
    return max(errors, default=None)


def _quotient(mine: tuple[float, float] | None, hand: tuple[float, float] | None) -> tuple[float, float] | None:
    return (mine[0] / hand[0], max(mine[1], hand[1])) if mine and hand else None


def page(entries: Sequence[Mapping[str, Any]]) -> str:
    """The entries as a table in Markdown."""
    eager = [entry for entry in entries if entry["by_hand"] and entry["by_hand"] != [1.0, 1.0] and entry["ours"]]
    lines = [
        "# The workloads: eager, by hand, and as optimize leaves them",
        "",
        "Made by `python bench/workloads_table.py`. Speedups are of the steady state, over the original script, in",
        "one run in which all three took turns; ± is the standard error over groups of processes. *End to end* is",
        "what `optimize` reported, start-up and traces included: over the *whole* script, as measured;",
        "*extrapolated* to it from the steady state; or to where its runs were *cut*, where longer ones gain more.",
        "",
        "*Error* is the largest difference, relative to the largest element, between eager and graph in the compared",
        "calls; *random* marks steps that draw from `tf.random`, compared on one stream.",
        "",
        "| workload | by hand | ours | ours / by hand | end to end | drift | error | what was written |",
        "| --- | ---: | ---: | ---: | ---: | --- | ---: | --- |",
    ]
    for entry in sorted(entries, key=lambda each: each["workload"]):
        end = f"{entry['end_to_end']:.2f}x, {_scope(entry)}" if entry["end_to_end"] else ""
        same = "nothing" if not entry["edit"] else "as by hand" if entry["as_by_hand"] else f"`{entry['edit']}`"
        lines.append(
            f"| {entry['workload']} | {_times(entry['by_hand'])} | {_times(entry['ours'])} | "
            f"{_times(entry['ours_of_by_hand'], '')} | {end} | {entry['drift'] or ''} | {_error(entry)} | {same} |"
        )
    levels = [(entry, arm, *found) for entry in entries for arm, found in entry.get("others", {}).items()]
    if levels:
        lines += [
            "",
            "Where a whole loop over a data set may go into the graph, by hand at the best level and at the other:",
            "",
            "| workload | by hand | at the other level | by hand / the other | ours / by hand |",
            "| --- | ---: | --- | ---: | ---: |",
        ]
    for entry, arm, other, gain in sorted(levels, key=lambda each: each[0]["workload"]):
        lines.append(
            f"| {entry['workload']} | {_times(entry['by_hand'])} | {arm} {_times(other)} | {_times(gain)} | "
            f"{_times(entry['ours_of_by_hand'], '')} |"
        )
    if eager:
        mean = math.exp(statistics.fmean(math.log(entry["ours"][0]) for entry in eager))
        short = [e["workload"] for e in eager if e["ours_of_by_hand"] and e["ours_of_by_hand"][0] < WANTED_OF_HAND]
        lines += [
            "",
            f"Geometric mean of ours over the {len(eager)} workloads that gain by hand: **{mean:.2f}x** (wanted: "
            f"{WANTED_MEAN:g}x). Below {WANTED_OF_HAND:g} of by hand: {', '.join(short) or 'none'}.",
        ]
    for described in {json.dumps(entry["machine"], sort_keys=True) for entry in entries}:
        found = json.loads(described)
        lines += ["", "Machine: " + "; ".join(f"{key} {value}" for key, value in found.items()) + "."]
    return "\n".join(lines) + "\n"


def _scope(entry: Mapping[str, Any]) -> str:
    if entry["whole_script"]:
        return "whole"
    return "cut" if entry.get("script_units") is None else "extrapolated"


def _error(entry: Mapping[str, Any]) -> str:
    error = entry["max_rel_error"]
    said = "" if error is None else "none" if error == 0 else f"{error:.0e}"
    return f"{said}, random" if said and entry["random_ops"] else said


def _times(value: Sequence[float] | None, unit: str = "x") -> str:
    if not value:
        return "not measured"
    if list(value) == [1.0, 1.0]:
        return "unchanged" if unit else "1"
    error = "" if math.isnan(value[1]) else f" ±{(value[1] - 1) * 100:.0f}%"
    return f"{value[0]:.2f}{unit}{error}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = sorted(path.parent.name for path in WORKLOADS.glob("*/expect.toml"))
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--budget", default="4m")
    parser.add_argument("--groups", type=int, default=3)
    parser.add_argument("--again", action="store_true", help="write the page anew, without a run")
    given = parser.parse_args(arguments)
    REFERENCE.mkdir(parents=True, exist_ok=True)
    kept = REFERENCE / "workloads.json"
    entries = {entry["workload"]: entry for entry in (json.loads(kept.read_text()) if kept.exists() else [])}
    for name in () if given.again else given.only:
        entries[name] = measure(name, given.budget, given.groups)
        print(json.dumps(entries[name]), flush=True)
        kept.write_text(json.dumps(sorted(entries.values(), key=lambda e: e["workload"]), indent=1) + "\n")
    entries = {entry["workload"]: entry for entry in json.loads(kept.read_text())}
    (REFERENCE / "workloads.md").write_text(page(list(entries.values())))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
