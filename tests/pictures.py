"""What the documents show of the terminal, made anew: ``python tests/pictures.py`` (``make pictures``).

docs/output.md has the result of runs that never were (tests/reports.py), docs/terminal.svg and README.md that of a run
of this repository's own training script, whose report is kept in docs/example/. README.md also has what becomes of two
workloads of bench/; its table of gains is taken from docs/subjects.md. `tests/test_pictures.py` holds all of them.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from reports import full, function
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import MONOKAI

from hybridize.records import (
    Action,
    Cost,
    Drift,
    Edit,
    FunctionKind,
    HostCost,
    Interval,
    Judgement,
    Metric,
    Move,
    Observation,
    Plan,
    Profile,
    Reason,
    Report,
    Verdict,
)
from hybridize.report import wording
from hybridize.report.document import load_report
from hybridize.report.terminal.live import Terminal
from hybridize.report.terminal.result import parts
from hybridize.rewrite import edit_project
from hybridize.rewrite.patch import diff
from hybridize.static import scan

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "docs" / "example" / "report.json"
PROJECT = Path("/home/you/project")
WIDTH = 92


# Runs that never were


def gain() -> Report:
    """One edit, measured and free of drift."""
    report = full(PROJECT)
    step = replace(
        report.judgements[0],
        reasons=(Reason("agreed", "eager and graph agree (154 calls compared, 15 retraces checked)"),),
    )
    assert report.benchmark is not None and report.drift is not None
    return replace(
        report,
        message="1 edit makes each step 7.90x faster and the whole script 2.40x faster. The patch is ready; your "
        "files are unchanged.",
        judgements=(step, *report.judgements[1:]),
        benchmark=replace(report.benchmark, end_to_end_speedup=2.4, whole_script=True, break_even_units=120),
        drift=replace(
            report.drift, level="L4",
            reason="1 result, 16 variables and 12 printed lines agree over 60 steps, to within rounding",
        ),
        warnings=(),
        folder=str(PROJECT / "results" / "20260102-101500-train"),
    )  # fmt: skip


def nothing() -> Report:
    """Nothing can be gained by an edit, and the time goes elsewhere."""
    report = gain()
    costs = (
        HostCost("agent.py:95", "td_target", 0.44, Cost.PREDICT, "keras: predict"),
        HostCost("agent.py:41", "act", 0.22, Cost.PREDICT, "keras: predict"),
        HostCost("train.py:128", "main", 0.12, Cost.ENVIRONMENT, "gymnasium: step"),
    )
    return replace(
        report,
        status="nothing-to-gain",
        message="No function in this project can be converted. -v lists every function with the reason. 184 calls of "
        "`predict` at agent.py:95 took 31 s of the 70 s of the observed run.",
        judgements=report.judgements[3:],
        plan=Plan(),
        benchmark=None,
        drift=None,
        profile=Profile(samples_before=299, rate=50, host_costs=costs),
    )


def refuted() -> Report:
    """The run shows that the only candidate must stay as it is."""
    report = gain()
    return replace(
        report,
        status="refuted",
        message="Nothing was changed. Of 2 candidates: 1 refuted, 1 never called.",
        judgements=report.judgements[1:],
        plan=Plan(),
        benchmark=None,
        drift=None,
        profile=replace(report.profile, host_costs=()) if report.profile else None,
    )


def drift() -> Report:
    """The edited script ends with other numbers."""
    report = gain()
    reason = (
        "over 5 seeds, val_acc differs by -0.041 (95% interval -0.052 to -0.03), "
        "by more than the spread of the seeds (0.01)"
    )
    step = replace(
        report.judgements[0],
        verdict=Verdict.REFUTED,
        selected=False,
        reasons=(Reason("drift", f"the edited script ends with different numbers than the original: {reason}"),),
    )
    metric = Metric("val_acc", "printed", 0.912, 0.871, -0.041, 0.01, "drift", -0.052, -0.03, 5)
    return replace(
        report,
        status="drift",
        exit_code=1,
        message=f"Nothing was changed: the edited script ends with different numbers than the original: {reason}.",
        judgements=(step, *report.judgements[1:]),
        plan=Plan(),
        drift=Drift("drift", "L3", reason, (metric,)),
        profile=None,
    )


def large() -> Report:
    """A project of sixty functions."""
    report = gain()
    names = ("attention", "embed", "norm", "mlp", "block", "head", "sample", "decode", "pad", "mask", "cache", "rope")
    found = [report.judgements[0]]
    for number in range(59):
        name = f"{names[number % len(names)]}_{number}"
        facts = {
            "id": f"model.{name}:call",
            "file": f"model/{name}.py",
            "qualname": "call",
            "kind": FunctionKind.METHOD,
        }
        kind = number % 6
        if kind == 0:
            judged = Judgement(function(name, **facts), Verdict.UNOBSERVED, (Reason("never-called", "never called"),))
        elif kind == 1:
            seen = Observation(calls=2000, seconds=1.0, share=0.02)
            covered = Reason("covered", "not needed: it runs inside train:step, which is converted")
            judged = Judgement(function(name, **facts), Verdict.CONFIRMED, (covered,), seen, covered_by="train:step")
        elif number == 8:
            seen = Observation(calls=400, seconds=0.2, share=0.01)
            why = Reason(
                "effect-attribute", f"it changes `self.past` at model/{name}.py:31 (seen in 20 of 20 sampled calls)"
            )
            judged = Judgement(function(name, **facts), Verdict.REFUTED, (why,), seen)
        elif number == 14:
            why = Reason(
                "few-calls", "it was called twice; at least 3 calls are needed to compare it", move=Move.BUDGET
            )
            judged = Judgement(function(name, **facts), Verdict.INCONCLUSIVE, (why,), Observation(calls=2, share=0.01))
        else:
            function_ = function(name, **facts, proposal=Action.NONE)
            judged = Judgement(function_, Verdict.NOT_PROPOSED, (Reason("HYB101", "prints with `print`"),))
        found.append(judged)
    assert report.benchmark is not None
    benchmark = replace(report.benchmark, speedup=Interval(2.31, 2.2, 2.43, 0.95), end_to_end_speedup=2.05)
    message = (
        "1 edit makes each step 2.31x faster and the whole script 2.05x faster. The patch is ready; your files are "
    )
    return replace(report, message=f"{message}unchanged.", judgements=tuple(found), benchmark=benchmark)


CASES: Sequence[tuple[str, str, Callable[[], Report], int, str]] = (
    ("A gain", "optimize --train-script train.py", gain, WIDTH, ""),
    (
        "Nothing to gain",
        "optimize --train-script train.py",
        nothing,
        WIDTH,
        "If nothing is changed, the result shows where the time goes instead, with advice.",
    ),
    ("A refuted candidate", "optimize --train-script train.py", refuted, WIDTH, ""),
    (
        "Drift",
        "optimize --train-script train.py --drift-runs 5",
        drift,
        WIDTH,
        "The exit code is 1, and nothing is written.",
    ),
    (
        "A large project",
        "optimize --train-script train.py",
        large,
        WIDTH,
        "Sixty functions: each tried candidate has a line, the others are counted.",
    ),
    ("Sixty columns", "optimize --train-script train.py", gain, 60, "No line is longer than the terminal."),
    ("A hundred and twenty columns", "optimize --train-script train.py", large, 120, ""),
)


def shown(report: Report, width: int) -> str:
    """The result as it is printed, without colour."""
    stream = io.StringIO()
    with mock.patch.object(wording.shutil, "which", lambda name: f"/usr/bin/{name}"):
        Terminal(stream, width=width, cwd=Path(report.command.target.cwd)).finish(report)
    return "\n".join(line.rstrip() for line in stream.getvalue().strip("\n").splitlines())


def log() -> str:
    """What a log has of a run: a line now and then, and none that is redrawn."""
    stream = io.StringIO()
    seconds = iter(range(0, 10_000, 6))
    terminal = Terminal(stream, width=80, now=lambda: float(next(seconds)))
    terminal.stage("scan", "/home/you/project")
    terminal.note("12 files, 60 functions: 4 candidates, 0 already a tf.function")
    terminal.stage("observe", "running the original script, 4 candidates watched")
    for at in range(0, 24, 6):
        terminal.progress(f"{at * 40:,} calls", 10.0 + at, 300.0)
    terminal.stage("measure", "the original and the edited script, taking turns")
    for at in range(0, 30, 6):
        terminal.progress(f"group 1, turn {at}", 90.0 + at, 300.0)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


_INTRODUCTION = """\
# What a run prints

<!-- Generated by `make pictures` (tests/pictures.py). -->

The result comes first: the speedup, the drift, the diff, and the command that applies it. Then each candidate that was
tried has one line. Functions that were never called, not proposed or not worth an edit are only counted. `-v` lists
them, and `optimize explain FUNCTION` shows the details of one. `report.html` in the results folder also has charts,
flame graphs and the source of each candidate.

The runs on this page are invented, to show the format."""
_WITHOUT_A_TERMINAL = """\
## Without a terminal

In a log, in CI, or in a pipe, progress is printed as plain lines."""


def page() -> str:
    """The text of docs/output.md."""
    lines = [_INTRODUCTION]
    for title, command, make, width, said in CASES:
        lines += ["", f"## {title}", ""]
        if said:
            lines += [said, ""]
        lines += ["```text", f"$ {command}", shown(make(), width), "```"]
    lines += ["", _WITHOUT_A_TERMINAL, "", "```text", log(), "```", ""]
    return "\n".join(lines)


# A run that was


def example() -> Report:
    """The run of `make demo` that is kept: its paths are as seen from the repository."""
    report = load_report(EXAMPLE)
    return replace(report, warnings=())


def picture() -> str:
    """The text of docs/terminal.svg: the result of that run, in colour."""
    report = example()
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(f"[bold]$ {' '.join(report.command.argv)}[/bold]", highlight=False, soft_wrap=False)
    with mock.patch.object(wording.shutil, "which", lambda name: f"/usr/bin/{name}"):
        for part in parts(report, width=WIDTH, verbosity=0, cwd=Path(report.command.target.cwd)):
            console.print(part.content, highlight=False, soft_wrap=not part.wrapped)
    # Without the fonts that it would load from elsewhere.
    form = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    form = re.sub(r"<!--.*?-->\s*", "", form)
    form = form.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")
    return console.export_svg(title="hybridize", theme=MONOKAI, code_format=form, unique_id="hybridize") + "\n"


def gains() -> Iterator[str]:
    """The table of README.md: what was measured on public scripts, from docs/subjects.md."""
    yield "| public script | becomes a `tf.function` | per step | whole run | drift |"
    yield "| --- | --- | ---: | ---: | --- |"
    text = (ROOT / "docs" / "subjects.md").read_text("utf-8")
    for source, rest in re.findall(r"^\| [a-z]\S*<br>(.*?) \| (.*) \|$", text, re.MULTILINE):
        _, outcome, patch, steady, whole, drifted, *_ = (cell.strip() for cell in rest.split(" | "))
        repository, _, path = source.partition(", ")
        where = f"[{path.rpartition('/')[2]}](https://github.com/{repository}) of {repository.partition('/')[2]}"
        if patch == "nothing" or not outcome.startswith("optimized"):
            yield f"| {where} | none: {outcome.partition(';')[0].replace('-', ' ')} | | | |"
        else:
            yield f"| {where} | {changed(patch)} | {steady} | {whole} | {drifted.partition(' (')[0]} |"
    if said := re.search(r"^The machine was shared[^.]*provisional\.", text, re.MULTILINE):
        yield ""
        yield said.group()


def changed(patch: str) -> str:
    """What a patch changes, in words: functions get a decorator, and steps that are none become functions."""
    names, steps = [], []
    for name in patch.replace("`", "").split("<br>"):
        lines = re.search(r"@(\d+)-(\d+)$", name)
        if lines is None:
            names.append(f"`{name.partition(':')[2]}`")
        else:
            steps.append(f"line {lines[1]}" if lines[1] == lines[2] else f"lines {lines[1]}–{lines[2]}")
    moved = [f"the code at {' and at '.join(steps)}"] if steps else []
    return ", ".join([*names, *moved])


def lifted(workload: str) -> str:
    """The change of a workload: all that the scan finds in it as functions, with a decorator each."""
    with TemporaryDirectory() as name:
        script = Path(name, "train.py")
        script.write_bytes((ROOT / "bench" / "workloads" / workload / "train.py").read_bytes())
        edits = [
            Edit(each.id, each.file, each.line, each.qualname, region=each.region)
            for each in scan(script.parent, script).functions
            if each.proposal is Action.EXTRACT
        ]
        files, refused = edit_project(script.parent, edits)
    assert files and not refused
    return diff(files[0]).rstrip()


def readme(text: str) -> str:
    """README.md with its generated parts made anew."""
    report = example()
    diffs = {
        "diff": "".join(edited.diff for edited in report.plan.files).rstrip(),
        "loop": lifted("loop_validation"),
        "agent": lifted("loop_actor_critic"),
    }
    made = {"gains": "\n".join(gains())} | {name: f"```diff\n{diff}\n```" for name, diff in diffs.items()}
    for name, part in made.items():
        pattern = rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)"
        assert re.search(pattern, text, re.DOTALL), name
        text = re.sub(pattern, lambda found, part=part: f"{found[1]}{part}\n{found[2]}", text, flags=re.DOTALL)
    return text


#: Each file that is made, and what it is to hold.
MADE: dict[str, Callable[[], str]] = {
    "docs/output.md": page,
    "docs/terminal.svg": picture,
    "README.md": lambda: readme((ROOT / "README.md").read_text("utf-8")),
}


if __name__ == "__main__":
    for name, make in MADE.items():
        (ROOT / name).write_text(make(), encoding="utf-8")
        print(name, file=sys.stderr)
