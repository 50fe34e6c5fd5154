"""`optimize scan`: what the source alone shows; nothing is run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ... import exit_codes
from ...options import nearest
from ...records import Confidence
from ..parsing import Console, Parser, WrongUsage, existing

if TYPE_CHECKING:
    from ...records import Function, Scan

USAGE = ("PATH... [--format text|json|sarif] [--min-confidence LEVEL] [--fail-on-candidates]",)


def run(arguments: list[str], console: Console) -> int:
    """Scan files and folders, and print what was found."""
    from ...report import scan as formats

    parser = Parser("optimize scan")
    parser.add_argument("paths", nargs="*", metavar="PATH", default=[], help="files and folders to read")
    parser.add_argument("--format", default="text", metavar="F", help=f"{', '.join(formats.names())} (text)")
    parser.add_argument("--select", action="append", metavar="CODES", help="only these codes: HYB104,HYB2")
    parser.add_argument("--ignore", action="append", metavar="CODES", help="without these codes")
    parser.add_argument("--min-confidence", default="low", metavar="C", help="high, medium, low: leave out less (low)")
    parser.add_argument("--fail-on-candidates", action="store_true", help="exit with 1 where there are candidates")
    parser.add_argument("-h", "--help", action="store_true", help="show this")
    parsed, extras = parser.parse_known_args(arguments)
    if "help" in parsed:
        parser.print_help(console.out)
        return exit_codes.OK
    parser.refuse_extras(extras)
    if parsed.format not in formats.names():
        raise WrongUsage(f"--format takes {', '.join(formats.names())}, not {parsed.format!r}.")
    levels = [level.value for level in Confidence]
    if parsed.min_confidence not in levels:
        raise WrongUsage(f"--min-confidence takes {', '.join(levels)}, not {parsed.min_confidence!r}.")
    if not parsed.paths:
        raise WrongUsage("Name the files or folders to scan: optimize scan .")
    paths = [existing(Path(path)) for path in parsed.paths]

    from ... import static
    from ...static.rules import all_rules

    titles = {rule.code: rule.title for rule in all_rules()}
    select, ignore = (_codes(getattr(parsed, name, []), titles) for name in ("select", "ignore"))
    scan = _narrowed(static.scan(_root_of(paths), None, paths), select, ignore)
    scan = _confident(scan, levels[: levels.index(parsed.min_confidence) + 1])
    for warning in scan.warnings:
        print(f"warning: {warning}", file=console.err)
    console.out.writelines(formats.load(parsed.format).render(scan, titles))
    found = any(function.proposal.value != "none" for function in scan.functions)
    return exit_codes.CHECK if found and "fail_on_candidates" in parsed else exit_codes.OK


def _root_of(paths: Sequence[Path]) -> Path:
    """Give the folder that modules are named from: the common one, or that above it if it is a package."""
    root = Path(os.path.commonpath([path if path.is_dir() else path.parent for path in paths]))
    while (root / "__init__.py").is_file() and root.parent != root:
        root = root.parent
    return root


def _codes(given: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    codes = tuple(code.strip().upper() for text in given for code in text.split(",") if code.strip())
    for code in codes:
        if not any(each.startswith(code) for each in known):
            raise WrongUsage(f"There is no code {code}.{nearest(code, known)} optimize explain lists them all.")
    return codes


def _confident(scan: Scan, levels: Iterable[str]) -> Scan:
    """Leave out candidates of lower confidence."""
    kept = (each for each in scan.functions if each.confidence is None or each.confidence.value in levels)
    return replace(scan, functions=tuple(kept))


def _narrowed(scan: Scan, select: tuple[str, ...], ignore: tuple[str, ...]) -> Scan:
    """Leave out findings by code; with ``select``, functions without any selected finding as well."""
    if not (select or ignore):
        return scan

    def keeps(code: str) -> bool:
        return (not select or code.startswith(select)) and not code.startswith(ignore or ("\0",))

    def narrowed(function: Function) -> Function:
        blocker = function.blocker if function.blocker is None or keeps(function.blocker.code) else None
        findings = tuple(each for each in function.findings if keeps(each.code))
        more = tuple(each for each in function.more if keeps(each[0]))
        return replace(function, findings=findings, blocker=blocker, more=more)

    functions = tuple(map(narrowed, scan.functions))
    if select:
        functions = tuple(each for each in functions if each.findings or each.blocker)
    return replace(scan, functions=functions)
