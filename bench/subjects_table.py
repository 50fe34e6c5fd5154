"""Runs `optimize` on public training scripts, one at a time, and writes a table in Markdown.

    python bench/subjects_table.py --work DIR [--only ID ...] [--budget 4m] [--out FILE] [--reports DIR] [--again]

``prepare.py`` in the folder ``--subjects`` describes the subjects and lays them out in ``--work``. Their scripts belong
to their authors and stay outside of this repository. ``--reports`` keeps each run's report.json. With ``--again`` the
table is made from these reports without a run. ``--provisional`` says in the table that the machine was not quiet.
README.md takes its table of gains from that page: `make pictures` updates it.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SUBJECTS = ROOT.parent / "shared" / "subjects"
GRACE_SECONDS = 300.0
REASON_LENGTH = 360


@dataclass(frozen=True)
class Call:
    """How a subject is run: its folder, its environment, and the command after the interpreter."""

    folder: Path
    environment: dict[str, str]
    command: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """One subject's run of `optimize`: its report (None if it wrote none), exit code, seconds, last error."""

    name: str
    source: str
    report: dict[str, Any] | None
    code: int | None
    seconds: float
    error: str = ""
    expected: str = ""


def call_of(subjects: Path, work: Path, name: str) -> Call:
    """Ask ``prepare.py`` how a subject is run: it prints ``cd FOLDER && env NAME=VALUE ... PYTHON SCRIPT ...``."""
    command = [
        sys.executable,
        str(subjects / "prepare.py"),
        "cmd",
        "--work",
        str(work),
        "--python",
        sys.executable,
        name,
    ]
    words = shlex.split(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    folder, rest = words[1], words[words.index("env") + 1 :]
    start = rest.index(sys.executable)
    return Call(Path(folder), dict(word.split("=", 1) for word in rest[:start]), tuple(rest[start + 1 :]))


def optimize(name: str, source: str, call: Call, budget: str, seconds: float) -> Result:
    """Run `optimize` on one subject, for at most ``seconds`` and GRACE_SECONDS more."""
    script, *arguments = call.command
    with tempfile.TemporaryDirectory(prefix="subjects-") as results:
        command = [str(Path(sys.executable).with_name("optimize")), "--train-script", script, "--budget", budget]
        command += ["--results", results, "--format", "json", *(["--", *arguments] if arguments else [])]
        begun = time.monotonic()
        try:
            done = subprocess.run(
                command,
                cwd=call.folder,
                env={**os.environ, **call.environment},
                capture_output=True,
                text=True,
                timeout=seconds + GRACE_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return Result(name, source, None, None, time.monotonic() - begun, "it did not end in time")
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = None
    return Result(name, source, report, done.returncode, time.monotonic() - begun, done.stderr[-400:])


def describe(results: Sequence[Result], provisional: bool) -> str:
    """The page, with a table of the outcomes and a table of the candidates."""
    environment: dict[str, str] = next((r.report["environment"] for r in results if r.report), {})
    versions = ", ".join(f"{n} {environment[n]}" for n in ("python", "tensorflow", "keras") if n in environment)
    minutes = sorted({result.report["budget"]["seconds"] / 60 for result in results if result.report})
    budgets = " or ".join(f"{each:g}" for each in minutes)
    parts = [
        "# Public training scripts",
        f"bench/subjects_table.py ran `optimize` on each script with a budget of {budgets} minutes ({versions}; "
        f"{environment.get('cpus', '?')} CPU cores). The scripts run as published, except for shorter loops, replaced "
        "retired APIs, and stand-ins for data and simulators that can't be downloaded. So what they learn has no "
        "meaning; whether it stays the same does.",
    ]
    if provisional:
        parts.append("The machine was shared with other work while these were measured: the times are provisional.")
    rows = [
        "| script | expert opinion | outcome | in the patch | steady state | end to end | drift "
        "| seconds in all | the script's own |",
        "| --- | --- | --- | --- | --- | --- | --- | ---: | ---: |",
    ]
    rows += [_outcome(result) for result in results]
    parts.append("\n".join(rows))
    parts.append(
        "*Seconds in all* is the time from the command to its verdict. *The script's own* is the time of the observed "
        "run, in which the original script runs once, to its end or to the end of its share of the budget."
    )
    parts.append("## The verdict on each function")
    rows = ["| script | function | calls | share | verdict | why |", "| --- | --- | --- | --- | --- | --- |"]
    rows += [row for result in results for row in _candidates(result)]
    parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _outcome(result: Result) -> str:
    report = result.report
    if report is None:
        failed = f"failed: {_cell(result.error)}"
        return _row(f"{result.name}<br>{result.source}", result.expected, failed, *[""] * 6)
    edits = [c["id"] for c in report["candidates"] if c["selected"]]
    bench, drift = report["benchmark"], report["drift"]
    speedup = bench and bench["speedup"]
    steady = f"{speedup['median']:.2f}x [{speedup['low']:.2f}, {speedup['high']:.2f}]" if speedup else ""
    whole = f"{bench['end_to_end_speedup']:.2f}x" if bench and bench["end_to_end_speedup"] else ""
    return _row(
        f"{result.name}<br>{result.source}",
        _cell(result.expected),
        _cell(report["status"] + (f"; benchmark: {bench['verdict']}" if bench else "")),
        "<br>".join(f"`{name}`" for name in edits) or "nothing",
        steady,
        whole,
        _cell(f"{drift['verdict']} ({drift['level']})") if drift else "",
        f"{report['budget']['spent_seconds']:.0f}",
        f"{report['timings']['observe']:.0f}" if "observe" in report["timings"] else "",
    )


def _candidates(result: Result) -> list[str]:
    if result.report is None:
        return []
    order = {"confirmed": 0, "refuted": 1, "inconclusive": 2, "unobserved": 3, "not-proposed": 4}
    seen = sorted(result.report["candidates"], key=lambda c: (order[c["verdict"]], -c["observed"]["seconds"]))
    return [
        _row(
            result.name,
            f"`{c['id']}`",
            f"{c['observed']['calls']:,}",
            f"{c['observed']['share']:.0%}" if c["observed"]["calls"] else "",
            c["verdict"] + (", in the patch" if c["selected"] else ""),
            _cell("; ".join(c["reasons"])),
        )
        for c in seen
    ]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    flat = " ".join(text.split()).replace("|", "\\|")
    return flat if len(flat) <= REASON_LENGTH else flat[: REASON_LENGTH - 1] + "…"


def _seconds(budget: str) -> float:
    from hybridize.options import parse_duration

    return parse_duration(budget)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="where the subjects are laid out")
    parser.add_argument("--subjects", type=Path, default=SUBJECTS, help="the folder of prepare.py and subjects.json")
    parser.add_argument("--only", nargs="+", default=[], metavar="ID")
    parser.add_argument("--budget", default="4m")
    parser.add_argument("--out", type=Path, help="where the page goes (standard output if not given)")
    parser.add_argument("--reports", type=Path, help="a folder to keep each run's report in")
    parser.add_argument("--again", action="store_true", help="no run: the reports as they are kept")
    parser.add_argument("--provisional", action="store_true", help="say that the machine was not quiet")
    given = parser.parse_args(arguments)
    described = json.loads((given.subjects / "subjects.json").read_text())["subjects"]
    results: list[Result] = []
    for subject in described:
        name, source = subject["id"], f"{subject['repo']}, {subject['path']}"
        expected = subject.get("expect", "")
        if given.only and name not in given.only:
            continue
        kept = given.reports / f"{name}.json" if given.reports is not None else None
        if given.again and kept is not None:
            if kept.exists():
                results.append(Result(name, source, json.loads(kept.read_text()), 0, 0.0, expected=expected))
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        call = call_of(given.subjects, given.work, name)
        result = optimize(name, source, call, given.budget, _seconds(given.budget))
        print(
            f"  exit code {result.code} after {result.seconds:.0f} s {result.error[-300:]}", file=sys.stderr, flush=True
        )
        if kept is not None and result.report is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(result.report, indent=1))
        results.append(replace(result, expected=expected))
    page = describe(results, given.provisional)
    if given.out is not None:
        given.out.write_text(page)
    else:
        print(page)
    return 0 if all(result.report is not None for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
