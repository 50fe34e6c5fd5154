"""`optimize compare`: compares two reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ... import exit_codes
from ..parsing import Console, Parser, WrongUsage, existing

if TYPE_CHECKING:
    from ...report.comparison import Row

USAGE = ("A.json B.json",)


def run(arguments: list[str], console: Console) -> int:
    """Read two reports (or results folders), and print the changes from the first to the second."""
    parser = Parser("optimize compare")
    parser.add_argument("reports", nargs="*", metavar="REPORT", default=[], help="report.json, or a results folder")
    parser.add_argument("-h", "--help", action="store_true", help="show this")
    parsed, extras = parser.parse_known_args(arguments)
    if "help" in parsed:
        parser.print_help(console.out)
        return exit_codes.OK
    parser.refuse_extras(extras)
    if len(parsed.reports) != 2:
        raise WrongUsage("compare takes two reports, the earlier one first: optimize compare A.json B.json")
    paths = [existing(Path(path)) for path in parsed.reports]

    from ...report.comparison import compare, reason_now
    from ...report.document import UnreadableReport, load_report

    try:
        before, after = (load_report(path) for path in paths)
    except UnreadableReport as problem:
        raise WrongUsage(str(problem)) from None
    found = compare(before, after)
    for title, rows in (("differs", found.setting), ("", found.numbers), ("candidates", found.candidates)):
        _print(title, rows, parsed.reports, console)
    for row in found.candidates:
        if why := reason_now(after, row.name):
            print(f"{row.name}: {why}", file=console.out)
    print(f"\n{found.conclusion}", file=console.out)
    return exit_codes.OK


def _print(title: str, rows: Sequence[Row], names: Sequence[str], console: Console) -> None:
    """Print a table of rows under a title; nothing if there are no rows."""
    if not rows:
        return
    table = [(title, names[0], names[1]), *((row.name, row.before, row.after) for row in rows)]
    first, second = (max(len(line[column]) for line in table) for column in (0, 1))
    for name, before, after in table:
        print(f"{name:{first}}  {before:{second}}  {after}".rstrip(), file=console.out)
    print(file=console.out)
