"""`optimize scan`: analyses the source; nothing is run."""

from __future__ import annotations

import gc
from pathlib import Path

from ... import exit_codes
from ...options import read_option
from ..parsing import Console, Parser, WrongUsage, checked, existing
from ..presenting import checked_outputs

USAGE = ("PATH... [--output FORMAT=FILE] [--min-confidence LEVEL] [--fail-on-candidates]",)


def run(arguments: list[str], console: Console) -> int:
    """Scan files and folders, and print the results."""
    collecting = gc.isenabled()
    # The millions of objects of a scan live until the command ends, so garbage collection would free nothing.
    gc.disable()
    try:
        return _run(arguments, console)
    finally:
        if collecting:
            gc.enable()


def _run(arguments: list[str], console: Console) -> int:
    from ...report import scan as formats

    names = ", ".join(formats.names())
    parser = Parser("optimize scan")
    parser.add_argument("paths", nargs="*", metavar="PATH", default=[], help="files and folders to read")
    parser.add_argument("--format", default="", metavar="F", help=f"format to print: {names} (text)")
    parser.add_argument(
        "--output", action="append", metavar="FORMAT=FILE", help=f"also write {names} to a file; repeatable"
    )
    parser.add_argument("--select", action="append", metavar="CODES", help="only these codes: HYB104,HYB2")
    parser.add_argument("--ignore", action="append", metavar="CODES", help="leave out these codes")
    parser.add_argument(
        "--min-confidence", default="low", metavar="C", help="the least confidence to list: high, medium or low (low)"
    )
    parser.add_argument("--fail-on-candidates", action="store_true", help="exit with 1 if there are candidates")
    parser.add_argument("-h", "--help", action="store_true", help="show this")
    parsed, extras = parser.parse_known_args(arguments)
    if "help" in parsed:
        parser.print_help(console.out)
        return exit_codes.OK
    parser.refuse_extras(extras)
    outputs = _outputs(parsed.format, getattr(parsed, "output", []), formats.names())
    if not parsed.paths:
        raise WrongUsage("Name the files or folders to scan: optimize scan .")
    paths = [existing(Path(path)) for path in parsed.paths]

    from ...report.outputs import STDOUT, write_all
    from ...static import rules, scan
    from ...static.selecting import read_selection, root_of, select

    titles = {rule.code: rule.title for rule in rules.all_rules()}
    codes, ignored = getattr(parsed, "select", []), getattr(parsed, "ignore", [])
    try:
        selection = read_selection(codes, ignored, parsed.min_confidence, titles)
    except ValueError as wrong:
        raise WrongUsage(str(wrong)) from None
    found = select(scan(root_of(paths), None, paths), selection)
    for warning in found.warnings:
        print(f"warning: {warning}", file=console.err)
    for form, _ in (each for each in outputs if each[1] == STDOUT):
        # In pieces, because the results for a large library are long.
        console.out.writelines(formats.load(form).render(found, titles))
    files = (each for each in outputs if each[1] != STDOUT)
    texts = ((form, file, "".join(formats.load(form).render(found, titles))) for form, file in files)
    problems = write_all(((form, file, text.encode("utf-8", "replace")) for form, file, text in texts), console.out)
    for problem in problems:
        print(f"optimize: {problem}", file=console.err)
    if problems:
        return exit_codes.OURS
    candidates = any(function.proposal.value != "none" for function in found.functions)
    return exit_codes.CHECK if candidates and "fail_on_candidates" in parsed else exit_codes.OK


def _outputs(printed: str, given: list[str], known: list[str]) -> tuple[tuple[str, str], ...]:
    """The formats with their files. The format of --format is printed, or text if nothing else is."""
    outputs: tuple[tuple[str, str], ...] = checked(read_option("output", given), "--")[1] if given else ()  # type: ignore[assignment]
    if printed and printed not in known:
        raise WrongUsage(f"--format takes {', '.join(known)}, not {printed!r}.")
    if printed or not any(file == "-" for _, file in outputs):
        outputs = ((printed or "text", "-"), *outputs)
    return checked_outputs(outputs, known)
