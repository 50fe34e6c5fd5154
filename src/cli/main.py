"""The entry point of the command line. It finds the command, and reports each mistake and failure in one sentence."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from .. import exit_codes
from . import commands
from .parsing import Console, WrongUsage


def main(argv: Sequence[str] | None = None, stdout: TextIO | None = None, stderr: TextIO | None = None) -> int:
    """Run the command with these arguments (by default those of the process) and return its exit code.

    It raises nothing: each mistake and failure ends with one sentence on ``stderr``.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    console = Console(_tolerant(stdout or sys.stdout), _tolerant(stderr or sys.stderr))
    try:
        if arguments and arguments[0] in commands.names():
            code = int(commands.load(arguments[0]).run(arguments[1:], console))
        else:
            code = int(commands.load(commands.DEFAULT).run(arguments, console))
        console.out.flush()
        return code
    except WrongUsage as wrong:
        print(f"optimize: {wrong}", file=console.err)
        return exit_codes.USAGE
    except KeyboardInterrupt:
        print("optimize: interrupted.", file=console.err)
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has closed it. Without this, the interpreter would fail when it flushes at exit.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), console.out.fileno())
        return exit_codes.OK
    except Exception as error:
        _report_failure(error, console)
        return exit_codes.OURS


def _report_failure(error: Exception, console: Console) -> None:
    """Report a failure of hybridize: the sentence on the terminal, the traceback in a file."""
    import traceback

    text = "".join(traceback.format_exception(error))
    place = _write(text, console.results)
    where = f"the traceback is in {place}" if place else "run again with -v -v for the traceback"
    reason = str(error).strip().partition("\n")[0]
    what = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
    print(f"optimize: hybridize itself failed: {what}; {where}; please report it.", file=console.err)
    if console.verbosity >= 2:
        print(text, file=console.err, end="")


def _write(text: str, results: Path | None) -> Path | None:
    import tempfile

    for wanted in (results, None) if results is not None else (None,):
        try:
            folder = wanted if wanted is not None else Path(tempfile.mkdtemp(prefix="hybridize-"))
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "error.log").write_text(text, encoding="utf-8", errors="backslashreplace")
            return folder / "error.log"
        except OSError:
            continue
    return None


def _tolerant(stream: TextIO | None) -> TextIO:
    """Return a stream that accepts any text, whatever its encoding, even if there is no stream."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        with contextlib.suppress(ValueError, OSError):
            reconfigure(errors="backslashreplace")
    return stream
