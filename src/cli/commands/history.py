"""`optimize history`: the trend of the checks that were appended to a file, and its steps."""

from __future__ import annotations

from pathlib import Path

from ... import exit_codes
from ..parsing import Console, Parser, WrongUsage, existing

USAGE = ("FILE.jsonl [--factor 1.1]",)


def run(arguments: list[str], console: Console) -> int:
    """Print the trend of a file that `optimize check --history` has appended to."""
    parser = Parser("optimize history")
    parser.add_argument("files", nargs="*", metavar="FILE", default=[], help="what optimize check --history wrote")
    parser.add_argument("--factor", metavar="F", help="the smallest change to report: 1.1 is 10%% (1.1)")
    parser.add_argument("-h", "--help", action="store_true", help="show this")
    parsed, extras = parser.parse_known_args(arguments)
    if "help" in parsed:
        parser.print_help(console.out)
        return exit_codes.OK
    parser.refuse_extras(extras)
    if len(parsed.files) != 1:
        raise WrongUsage("history takes one file: optimize history FILE.jsonl")
    given = getattr(parsed, "factor", "1.1")
    try:
        factor = float(given)
    except ValueError:
        factor = 0.0
    if not 1 < factor < 1000:
        raise WrongUsage(f"--factor takes a number above 1, such as 1.1, not {given!r}.")

    from ...report.history import read, render
    from ...run.held.trend import stepped

    try:
        entries = read(existing(Path(parsed.files[0])))
    except OSError as error:
        raise WrongUsage(f"{parsed.files[0]} can't be read: {error.strerror or error}.") from None
    except ValueError as problem:
        raise WrongUsage(f"{problem}.") from None
    for line in render(entries, stepped(entries, factor), factor):
        print(line.rstrip(), file=console.out)
    return exit_codes.OK
