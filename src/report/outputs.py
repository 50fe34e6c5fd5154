"""Writes the formats that ``--output`` asks for to their files or to standard output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from ..records import Report
from . import renderers
from .folder import write_whole

#: The file that stands for standard output.
STDOUT = "-"


def write(report: Report, outputs: Sequence[tuple[str, str]], stdout: TextIO) -> list[str]:
    """Write the report in each format, given as pairs of a format and a file.

    Returns a sentence for each file that can't be written; the others are written all the same.
    """
    results = Path(report.folder) if report.folder is not None else None
    problems = write_all(((form, file, _rendered(report, form, results)) for form, file in outputs), stdout)
    return [f"{problem} The results are in {results}." if results is not None else problem for problem in problems]


def write_all(contents: Iterable[tuple[str, str, bytes]], stdout: TextIO) -> list[str]:
    """Write contents, given as (format, file, bytes). Returns a sentence for each that can't be written."""
    problems = []
    for form, file, content in contents:
        try:
            if file == STDOUT:
                _print(content, stdout)
            else:
                _write(content, Path(file))
        except BrokenPipeError:
            pass  # The reader of our output has closed it.
        except OSError as error:
            what = "standard output" if file == STDOUT else file
            problems.append(f"The {form} output can't be written to {what} ({error.strerror or error}).")
    return problems


def _rendered(report: Report, form: str, results: Path | None) -> bytes:
    renderer = renderers.load(form)
    return renderer.render(report, results).encode("utf-8", getattr(renderer, "ERRORS", "replace"))


def _print(content: bytes, stdout: TextIO) -> None:
    binary = getattr(stdout, "buffer", None)
    stdout.flush()
    if binary is None:
        stdout.write(content.decode("utf-8", "replace"))
    else:
        # Not in the encoding of the terminal: programs that read JSON or XML expect UTF-8.
        binary.write(content)
    stdout.flush()


def _write(content: bytes, path: Path) -> None:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        # A device, a pipe or a link must not be replaced by a file.
        path.write_bytes(content)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
