"""Shows the report of a command: progress and result on the terminal, and the formats of ``--output``."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import exit_codes
from ..options import Options, nearest
from .parsing import Console, WrongUsage

if TYPE_CHECKING:
    from ..records import Report
    from ..report.watcher import Watcher

# Files of these types must not be overwritten by a report.
_SOURCES = (".py", ".pyi", ".ipynb")


def outputs_of(options: Options) -> tuple[tuple[str, str], ...]:
    """Return the requested formats with their files. Raises WrongUsage for one that can't be written.

    ``--format json`` is ``--output json=-``.
    """
    from ..report import renderers
    from ..report.outputs import STDOUT

    printed = (("json", STDOUT),) if options.format == "json" else ()
    return checked_outputs((*printed, *options.outputs), renderers.names())


def checked_outputs(outputs: tuple[tuple[str, str], ...], known: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the (format, file) pairs. Raises WrongUsage for unknown formats and files that must not be replaced."""
    from ..report.outputs import STDOUT

    for form, file in outputs:
        if form not in known:
            raise WrongUsage(f"There is no output format {form}.{nearest(form, known)} It is one of {_listed(known)}.")
        if file == STDOUT:
            continue
        path = Path(file)
        if path.is_dir():
            raise WrongUsage(f"--output {form}={file} names a folder; name a file in it.")
        if path.suffix in _SOURCES and path.exists():
            raise WrongUsage(f"--output {form}={file} would overwrite a source file; name another file.")
    files = [file if file == STDOUT else os.path.realpath(file) for _, file in outputs]
    for file in files:
        if files.count(file) > 1:
            where = "standard output" if file == STDOUT else os.path.relpath(file)
            raise WrongUsage(f"Two outputs go to {where}; give each a file of its own.")
    return outputs


def present(job: Callable[[Watcher], Report], options: Options, console: Console) -> int:
    """Run the job with visible progress, show and write its report, and return the exit code.

    If a format goes to standard output, everything else goes to standard error.
    """
    outputs = outputs_of(options)
    from ..report.outputs import STDOUT, write
    from ..report.terminal.live import Terminal

    taken = any(file == STDOUT for _, file in outputs)
    terminal = Terminal(console.err if taken else console.out, verbosity=options.verbosity)
    try:
        report = job(terminal)
        terminal.finish(report)
    finally:
        terminal.close()
    problems = write(report, outputs, console.out)
    for problem in problems:
        print(f"optimize: {problem}", file=console.err)
    return exit_codes.OURS if problems and report.exit_code == exit_codes.OK else report.exit_code


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
