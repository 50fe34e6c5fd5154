"""Public scripts in three versions: original, decorated by hand, and patched by `optimize`.

    python bench/subjects_race.py --work DIR [--only ID ...] [--budget 5m] [--groups 3] [--rounds 3] [--again]

It takes each subject of ``subjects.json`` with measurements of decorating by hand (``hand_ratios``). First `optimize`
runs once. Then the original script, each copy decorated by hand and the patched script take turns at unit boundaries,
in ``--groups`` groups of fresh processes. Then each of them runs whole ``--rounds`` times, one after the other. Writes
``results/reference/subjects.json`` and ``subjects.md``; with ``--again`` only the page. The layout of the subjects in
``--work`` is described in `subjects_table.py`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from racing import arm_of, definition, machine, race, ratio
from subjects_table import SUBJECTS, Call, call_of

from hybridize.measure.statistics import standard_error
from hybridize.records import Target

REFERENCE = Path(__file__).resolve().parents[1] / "results" / "reference"
EAGER, OURS = "eager", "ours"
#: The decorators that were written by hand above the hot functions, by the name of their ratio.
BY_HAND = {"fn": "@tf.function", "jit": "@tf.function(jit_compile=True)", "call_only": "@tf.function"}


def decorated(source: bytes, qualnames: Sequence[str], decorator: str) -> bytes:
    """The source with the decorator above each of the functions."""
    lines = source.decode().splitlines(keepends=True)
    for node in sorted((definition(source, name) for name in qualnames), key=lambda node: -node.lineno):
        lines.insert(node.lineno - 1, f"{' ' * node.col_offset}{decorator}\n")
    return "".join(lines).encode()


def hot_functions(source: bytes, hot: Sequence[str]) -> list[str]:
    """The hot places that are functions of the script."""
    found = []
    for name in hot:
        try:
            definition(source, name)
        except StopIteration:
            continue
        found.append(name)
    return found


def optimize(call: Call, budget: str, results: Path) -> tuple[dict[str, Any], str]:
    """Run the tool on the subject. Returns its report and the patch (empty if there is none)."""
    script, *arguments = call.command
    command = [str(Path(sys.executable).with_name("optimize")), "--train-script", script, "--budget", budget]
    command += ["--results", str(results), "-q", *(["--", *arguments] if arguments else [])]
    subprocess.run(command, cwd=call.folder, env={**os.environ, **call.environment}, check=False, timeout=1800)
    patch = results / "latest" / "optimize.patch"
    return json.loads((results / "latest" / "report.json").read_text()), patch.read_text() if patch.exists() else ""


def run_whole(call: Call, texts: Mapping[str, bytes], rounds: int, place: Path) -> dict[str, list[float]]:
    """Run each version whole, in alternation, in a copy of the folder. Returns the wall-clock seconds of each run."""
    script, *arguments = call.command
    folders = {}
    for arm, text in texts.items():
        folders[arm] = place / arm
        shutil.copytree(call.folder, folders[arm])
        (folders[arm] / script).write_bytes(text)
    seconds: dict[str, list[float]] = {arm: [] for arm in texts}
    for number in range(rounds):
        order = list(texts) if number % 2 == 0 else list(texts)[::-1]
        for arm in order:
            begun = time.monotonic()
            subprocess.run(
                [sys.executable, script, *arguments],
                cwd=folders[arm],
                env={**os.environ, **call.environment},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
                timeout=900,
            )
            seconds[arm].append(time.monotonic() - begun)
    return seconds


def measure(subject: Mapping[str, Any], call: Call, budget: str, groups: int, rounds: int) -> dict[str, Any]:
    """Measure one subject. Returns its entry."""
    script = call.command[0]
    before = (call.folder / script).read_bytes()
    hot = hot_functions(before, subject["hot"])
    ways = {way: BY_HAND[way] for way in subject["hand_ratios"] if way in BY_HAND}
    texts = {EAGER: before, **{way: decorated(before, hot, ways[way]) for way in ways}}
    kept = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="subjects-") as folder:
        place = Path(folder)
        report, patch = optimize(call, budget, place / "results")
        if patch:
            patched = place / "patched"
            shutil.copytree(call.folder, patched)
            subprocess.run(["patch", "-p1", "-s"], input=patch, text=True, cwd=patched, check=True)
            texts[OURS] = (patched / script).read_bytes()
        os.environ.update(call.environment)
        target = Target(str(call.folder), str(call.folder), str(call.folder / script), tuple(call.command[1:]), None, 0)
        arms = [arm_of(arm, script, before, text, hot[0]) for arm, text in texts.items()]
        raced = race(target, arms, groups, place / "logs")
        os.environ.clear()
        os.environ.update(kept)
        whole = run_whole(call, texts, rounds, place / "whole")
    return {
        "subject": subject["id"],
        "source": f"{subject['repo']}, {subject['path']}",
        "unit": hot[0],
        "status": report["status"],
        "edits": [line[1:].strip() for line in patch.splitlines() if line[:1] == "+" and line[:3] != "+++"],
        "steady": {arm: ratio(raced, EAGER, arm) for arm in texts if arm != EAGER},
        "ours_of": {way: ratio(raced, way, OURS) for way in ways} if OURS in texts else {},
        "units": [group.units for group in raced],
        "whole_seconds": whole,
        "machine": machine(),
    }


def page(entries: Sequence[Mapping[str, Any]]) -> str:
    """The entries as a table in Markdown."""
    lines = [
        "# Public scripts: eager, decorated by hand, and as optimize leaves them",
        "",
        "Made by `python bench/subjects_race.py`. *Steady state* over the original script, all in one run in which",
        "they took turns; ± is the standard error over groups of processes. *Whole run*: whole runs one after the",
        "other, start-up and traces included; ± is the standard error over the rounds. By hand: `fn` is `@tf.function`",
        "above the hot functions, `jit` has `jit_compile=True`, `call_only` is `@tf.function` above the model's",
        "`call`, the step being no function.",
        "",
        "| script | version | steady state | ours / by hand | whole run | what was written |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    ]
    for entry in entries:
        for arm, steady in entry["steady"].items():
            versus = entry["ours_of"].get(arm)
            whole = _ratio_of_runs(entry["whole_seconds"][EAGER], entry["whole_seconds"][arm])
            written = f"`{' '.join(entry['edits'])}`" if arm == OURS else ""
            lines.append(
                f"| {entry['subject']} | {arm} | {_times(steady)} | {_times(versus, '') if versus else ''} | "
                f"{_times(whole)} | {written} |"
            )
        if OURS not in entry["steady"]:
            lines.append(f"| {entry['subject']} | {OURS} | unchanged |  |  | nothing |")
    for described in {json.dumps(entry["machine"], sort_keys=True) for entry in entries}:
        lines += ["", "Machine: " + "; ".join(f"{key} {value}" for key, value in json.loads(described).items()) + "."]
    return "\n".join(lines) + "\n"


def _ratio_of_runs(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """The geometric mean of the rounds' ratios, and its standard error as a factor."""
    logs = [math.log(first / second) for first, second in zip(one, other, strict=True)]
    error = standard_error(logs) if len(logs) > 1 else math.nan
    return math.exp(statistics.fmean(logs)), math.exp(error)


def _times(value: Sequence[float] | None, unit: str = "x") -> str:
    if not value:
        return "not measured"
    error = "" if math.isnan(value[1]) else f" ±{(value[1] - 1) * 100:.0f}%"
    return f"{value[0]:.2f}{unit}{error}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="where the subjects are laid out")
    parser.add_argument("--subjects", type=Path, default=SUBJECTS, help="the folder of prepare.py and subjects.json")
    parser.add_argument("--only", nargs="+", default=[], metavar="ID")
    parser.add_argument("--budget", default="5m")
    parser.add_argument("--groups", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--again", action="store_true", help="write the page anew, without a run")
    given = parser.parse_args(arguments)
    kept = REFERENCE / "subjects.json"
    entries = {entry["subject"]: entry for entry in (json.loads(kept.read_text()) if kept.exists() else [])}
    for subject in () if given.again else json.loads((given.subjects / "subjects.json").read_text())["subjects"]:
        if (given.only and subject["id"] not in given.only) or not BY_HAND.keys() & subject["hand_ratios"].keys():
            continue
        call = call_of(given.subjects, given.work, subject["id"])
        entries[subject["id"]] = measure(subject, call, given.budget, given.groups, given.rounds)
        print(json.dumps(entries[subject["id"]]), flush=True)
        kept.write_text(json.dumps(list(entries.values()), indent=1) + "\n")
    (REFERENCE / "subjects.md").write_text(page(sorted(entries.values(), key=lambda entry: entry["subject"])))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
