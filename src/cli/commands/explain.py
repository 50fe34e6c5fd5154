"""`optimize explain`: the meaning of a finding's code, or all results of a run about one function."""

from __future__ import annotations

from pathlib import Path

from ... import exit_codes
from ...options import nearest
from ..parsing import Console, WrongUsage

USAGE = ("[CODE]", "FUNCTION [--report FILE]")
_HELP = """usage: optimize explain [CODE]
       optimize explain FUNCTION [--report FILE]

With the code of a rule, such as HYB104, explains the rule and what to do about it. Without a code, lists all rules.
With a function, shows everything that a run found out about it. Name the function by its id (train:Trainer.step), its
name (step) or a line (train.py:41). --report names a report.json or a results folder (default: results/latest).
"""


def run(arguments: list[str], console: Console) -> int:
    """Print the page of one code, the list of all codes, or a report's results about one function."""
    if "-h" in arguments or "--help" in arguments:
        print(_HELP, end="", file=console.out)
        return exit_codes.OK
    file, rest = _report_of(arguments)
    if len(rest) > 1 or any(argument.startswith("-") for argument in rest):
        raise WrongUsage("explain takes one code, such as HYB104, or one function, such as train:step, or nothing.")
    if file is not None or (rest and not rest[0].upper().startswith("HYB")):
        if not rest:
            raise WrongUsage("--report needs a function to explain, such as train:step.")
        return _explain_function(rest[0], Path(file or "results/latest"), console)
    return _explain_code(rest, console)


def _report_of(arguments: list[str]) -> tuple[str | None, list[str]]:
    """The value of --report, and the other arguments."""
    file, rest = None, []
    given = iter(arguments)
    for argument in given:
        if argument == "--report":
            file = next(given, None)
            if file is None:
                raise WrongUsage("--report needs a report.json or a folder of results.")
        elif argument.startswith("--report="):
            file = argument.removeprefix("--report=")
        else:
            rest.append(argument)
    return file, rest


def _explain_function(asked: str, path: Path, console: Console) -> int:
    import shutil

    from ...report.document import UnreadableReport, load_report
    from ...report.explanation import explain, find

    try:
        report = load_report(path)
    except UnreadableReport as error:
        raise WrongUsage(f"{error} Name a report with --report FILE, or run optimize --train-script first.") from None
    found = find(report, asked)
    if not found:
        ids = [judgement.function.id for judgement in report.judgements]
        raise WrongUsage(f"{path} has no function {asked}.{nearest(asked, ids)}")
    width = shutil.get_terminal_size((100, 24)).columns
    print("\n".join(explain(judgement, report, width) for judgement in found), end="", file=console.out)
    return exit_codes.OK


def _explain_code(arguments: list[str], console: Console) -> int:
    from ...static.rules import all_rules, explain

    rules = sorted(all_rules(), key=lambda rule: rule.code)
    if not arguments:
        for rule in rules:
            print(f"{rule.code}  {rule.title}", file=console.out)
        return exit_codes.OK
    code, known = arguments[0].upper(), [rule.code for rule in rules]
    if code not in known:
        raise WrongUsage(f"There is no code {arguments[0]}.{nearest(code, known)} optimize explain lists them all.")
    print(explain(code).rstrip("\n"), file=console.out)
    return exit_codes.OK
