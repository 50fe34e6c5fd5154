"""`optimize check`: whether the committed code still has the speedup of a baseline."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ... import exit_codes
from ...options import Options
from ..parsing import Console, Parser, WrongUsage
from ..presenting import outputs_of, present
from ..settings import add_settings, passes_inconclusive, read_settings, refuse, split

if TYPE_CHECKING:
    from ...records import Report
    from ...run.held.checking import Terms

USAGE = ("--baseline FILE [--fail-on 10%] [--update-baseline] [options]",)

_HELP = """\
usage: optimize check {usage}

Checks that the speedup of the tf.function decorators in your code is not lost. It runs the code in turns with and
without the decorators, and compares the measured speedup with a baseline: the report.json of a run whose patch was
applied, or a file that --update-baseline wrote. Your files are not changed. Exits with 1 if the speedup is lost, if a
function is newly refuted, or if results drift, and names the function and the reason.

  optimize check --baseline speedup.json --update-baseline --train-script train.py
      Create the baseline: prove all decorated functions and measure the speedup.

  optimize check --baseline speedup.json
      Compare the code with the baseline. The script and its arguments default to those of the baseline.

{options}"""


def run(arguments: list[str], console: Console) -> int:
    """Compare the current code with a baseline, or make one."""
    ours, theirs = split(arguments)
    parser = _parser()
    parsed, extras = parser.parse_known_args(ours)
    values = vars(parsed)
    if "help" in values:
        console.out.write(_HELP.format(usage=USAGE[0], options=parser.option_list()))
        return exit_codes.OK
    cwd = Path.cwd()
    refuse(extras, ours, parser, cwd)
    file = values.get("baseline")
    if file is None:
        raise WrongUsage("check needs a baseline file: optimize check --baseline FILE")
    update, path = "update_baseline" in values, cwd / file
    fail_on = _share(values.get("fail_on", "10%"))
    passes = passes_inconclusive(values)
    baseline = _baseline(path, file, update)
    options = read_settings(values, theirs, cwd, {} if baseline is None else options_of(baseline))
    outputs_of(options)
    console.results, console.verbosity = options.results, options.verbosity

    from ...run.held.checking import Terms

    terms = Terms(None if update else baseline, fail_on, passes)
    return _check(options, terms, ["optimize", "check", *arguments], console, path, values.get("history"))


def _check(
    options: Options, terms: Terms, command: Sequence[str], console: Console, path: Path, history: str | None
) -> int:
    from ...interrupts import deferred
    from ...report.document import to_text
    from ...report.folder import write_whole
    from ...report.watcher import Watcher
    from ...run import pipeline
    from ...run.held import checking

    made: list[Report] = []

    def job(watcher: Watcher) -> Report:
        made.append(pipeline.run(options, watcher, command, lambda work: checking.check(work, terms)))
        return made[-1]

    code = present(job, options, console)
    report = made[-1]
    try:
        with deferred():
            if terms.baseline is None and report.status == "held":
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, to_text(report).encode())
                print(f"The baseline is in {os.path.relpath(path)}.", file=console.err)
            if history is not None and report.held is not None:
                from ...report.history import append
                from ...run.held.repository import commit_of

                append(Path(history), report, commit_of(Path(report.command.target.root)))
    except OSError as error:
        print(f"optimize: {error.filename or path} can't be written: {error.strerror or error}.", file=console.err)
        return exit_codes.OURS
    return code


def _parser() -> Parser:
    parser = Parser("optimize check")
    parser.add_argument("--baseline", metavar="FILE", help="the report to compare the code with")
    parser.add_argument("--update-baseline", action="store_true", help="write the baseline, without comparing")
    parser.add_argument("--fail-on", metavar="LOSS", help="the smallest loss that fails: 10%% or 0.1 (10%%)")
    parser.add_argument("--on-inconclusive", metavar="pass|fail", help="the result if nothing is decided (pass)")
    parser.add_argument("--history", metavar="FILE", help="append the result to a JSONL file, for optimize history")
    add_settings(parser, without=("rewrite", "drift-runs", "min-speedup"))
    return parser


def _share(text: str) -> float:
    """Read a loss: a percentage, or a number from 0 to 1."""
    found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)(%?)", text.strip())
    share = float(found[1]) / (100 if found[2] else 1) if found else 1.0
    if not 0 < share < 1:
        raise WrongUsage(f"--fail-on takes a share of the speedup, such as 10% or 0.1, not {text!r}.")
    return share


def _baseline(path: Path, file: str, update: bool) -> Report | None:
    """The baseline; None if there is none and one is to be made. Raises WrongUsage if it can't be used."""
    from ...report.document import UnreadableReport, load_report
    from ...run.held.holding import names_of

    if not path.exists():
        if update:
            return None
        raise WrongUsage(f"There is no {file}; make it with optimize check --baseline {file} --update-baseline.")
    try:
        report = load_report(path)
    except UnreadableReport as problem:
        if update:
            return None
        raise WrongUsage(str(problem)) from None
    if not update and not names_of(report):
        raise WrongUsage(f"{file} has no decorated function to check; --update-baseline writes one.")
    if not update and (report.benchmark is None or report.benchmark.speedup is None):
        raise WrongUsage(f"{file} has no measured speedup to check; --update-baseline writes one.")
    return report


def options_of(report: Report) -> dict[str, object]:
    """The options of a report's run that a similar run needs, by fields of `Options`.

    Paths are relative to the report's working directory, which is assumed to be the current one.
    """
    target, asked = report.command.target, report.command.options
    given: dict[str, object] = {"arguments": target.arguments, "seed": target.seed}
    if target.module is not None:
        given["train_module"] = target.module
    else:
        given["script"] = Path(os.path.relpath(target.script, target.cwd))
    if isinstance(asked.get("steps"), int):
        given["steps"] = asked["steps"]
    if asked.get("network") in ("deny", "offline", "allow"):
        given["network"] = asked["network"]
    return given
