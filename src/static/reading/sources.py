"""The project's files: which are read, their module names, and why some could not be read."""

from __future__ import annotations

import ast
import io
import os
import re
import tokenize
import warnings as python_warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType

#: Directories that never contain a project's own source.
SKIPPED_DIRECTORIES = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".venv",
        ".env",
        "node_modules",
        "__pycache__",
        "site-packages",
        ".tox",
        ".nox",
        ".eggs",
        ".mypy_cache",
        ".ipynb_checkpoints",
    }
)
#: Directories that tools create at a project's root. One may still be source, so a message says that it was skipped.
OUTPUT_DIRECTORIES = frozenset({"build", "dist", "results"})
#: Files that only a Python environment contains: `venv`, conda, and the old `virtualenv`.
ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta", "bin/activate_this.py", "Scripts/activate_this.py")
#: Maximum number of files of a skipped folder that are checked for Python source.
LOOKED_AT = 2000

#: A larger source file is data in Python syntax: its analysis would cost more than it tells.
MAX_BYTES = 8_000_000


def explain_failure(error: Exception) -> str:
    """Why an analysis failed, as a phrase for users: it says whose fault it is, and does not quote Python's error."""
    if isinstance(error, (RecursionError, MemoryError)):
        return "is nested too deeply to be analysed"
    return "can't be analysed, which is a fault of hybridize: please report it with this source"


@dataclass(frozen=True)
class Source:
    """One readable file: its path relative to the root, its dotted name, its text and its tree."""

    file: str
    module: str
    text: str
    tree: ast.Module
    is_package: bool

    @property
    def lines(self) -> int:
        """The number of lines in the file."""
        return self.text.count("\n") + (not self.text.endswith("\n") and bool(self.text))


@dataclass(frozen=True)
class Unreadable:
    """A file that the scan leaves out, with the reason as a phrase."""

    file: str
    reason: str


def find_python_files(root: Path, closed: list[OSError], outputs: Collection[Path] = ()) -> Iterator[Path]:
    """Each ``*.py`` under ``root`` that may be the project's own, in a stable order, but none in ``outputs``.

    The errors of folders that can't be listed are added to ``closed``.
    """
    for directory, subdirectories, names in os.walk(root, onerror=closed.append):
        subdirectories[:] = sorted(
            name
            for name in subdirectories
            if name not in SKIPPED_DIRECTORIES
            and not name.endswith(".egg-info")
            and Path(directory, name) not in outputs
            and not any(os.path.lexists(os.path.join(directory, name, mark)) for mark in ENVIRONMENT_MARKS)
        )
        for name in sorted(names):
            if name.endswith(".py"):
                yield Path(directory, name)


def find_outputs(root: Path) -> list[Path]:
    """The folders at the project's root that look generated: they have a usual name for that, and are not packages."""
    named = [root / name for name in sorted(OUTPUT_DIRECTORIES)]
    return [folder for folder in named if folder.is_dir() and not (folder / "__init__.py").exists()]


def _holds_python(folder: Path) -> bool:
    files = (name for _, _, names in os.walk(folder, onerror=lambda error: None) for name in names)
    return any(name.endswith(".py") for name in islice(files, LOOKED_AT))


def name_modules(root: Path, files: Sequence[Path], known: Mapping[Path, str]) -> dict[Path, str]:
    """A unique dotted name for each file: its ``known`` name, or one made from its path.

    A leading ``src`` is dropped if it is a source directory: it has no ``__init__.py``, no known name starts with it,
    and without it no two files have the same name.
    """
    names = {path: known[path] for path in files if path in known}
    places = {path: _name_by_place(root, path) for path in files if path not in names}
    source = root / "src"
    dropped = {path: name.removeprefix("src.") for path, name in places.items() if path.is_relative_to(source)}
    others = {*names.values(), *(name for path, name in places.items() if path not in dropped)}
    is_package = (source / "__init__.py").exists() or any(name.startswith("src.") for name in names.values())
    if not is_package and others.isdisjoint(dropped.values()):
        places |= dropped
    taken = {*names.values()}
    # A package wins over a module of its name, as in an import.
    for path in sorted(places, key=lambda path: (path.name != "__init__.py", path)):
        name, number = places[path], 2
        while name in taken:
            name, number = f"{places[path]}#{number}", number + 1
        taken.add(name)
        names[path] = name
    return {path: names[path] for path in files}


def _name_by_place(root: Path, path: Path) -> str:
    parts = list(path.relative_to(root).with_suffix("").parts)
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


def read_source(
    root: Path, path: Path, name: str = "", edited: Mapping[str, bytes] = MappingProxyType({})
) -> Source | Unreadable:
    """Read and parse one file as module ``name``. A failure is returned as ``Unreadable`` with the reason, not raised.

    ``edited`` maps paths relative to ``root`` to contents that replace those of the files.
    """
    file = path.relative_to(root).as_posix()
    try:
        if not path.is_file():
            return Unreadable(file, "is not a regular file")
        if path.stat().st_size > MAX_BYTES:
            return Unreadable(file, f"is larger than {MAX_BYTES // 1_000_000} MB")
        raw = edited[file] if file in edited else path.read_bytes()
    except OSError as error:
        return Unreadable(file, f"can't be read ({error.strerror or error})")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        return Unreadable(file, f"is not text in its declared encoding, {error.encoding} (byte {error.start + 1})")
    except (SyntaxError, LookupError) as error:
        return Unreadable(file, f"is not text in its declared encoding ({error})")
    if "\0" in text:
        return Unreadable(file, "contains null bytes")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except SyntaxError as error:
        return Unreadable(file, _explain_syntax_error(text, error))
    except (ValueError, RecursionError, MemoryError) as error:
        return Unreadable(file, explain_failure(error))
    return Source(file, name, text, tree, path.name == "__init__.py")


def _explain_syntax_error(text: str, error: SyntaxError) -> str:
    place = f"line {error.lineno}" if error.lineno else "unknown line"
    line = ""
    lines = text.split("\n")
    if error.lineno and error.lineno <= len(lines):
        line = lines[error.lineno - 1].strip()
    if re.match(r"(print|exec)\s+[^(=]|except\s+\w[\w.]*\s*,\s*\w+\s*:|raise\s+\w+\s*,", line):
        return f"looks like Python 2 ({place}: {line[:60]})"
    if line.startswith(("%", "!")):
        return f"contains a notebook magic command ({place}: {line[:60]})"
    return f"has a syntax error ({place}: {error.msg})"


_NOT_READ = (
    "was not read: a folder with that name at the project root usually holds generated files. If its Python "
    "files belong to the project, add an __init__.py or rename the folder"
)


def select_files(root: Path, paths: Sequence[Path]) -> tuple[list[Path], list[Unreadable]]:
    """The files under ``paths`` (files or directories; all of ``root`` if there are none), and those left out."""
    closed: list[OSError] = []
    if not paths:
        outputs = find_outputs(root)
        told = [Unreadable(folder.name, _NOT_READ) for folder in outputs if _holds_python(folder)]
        return list(find_python_files(root, closed, outputs)), told + _name_closed(root, closed)
    chosen: dict[Path, None] = {}
    problems: list[Unreadable] = []
    for path in paths:
        absolute = path if path.is_absolute() else (root / path)
        absolute = Path(os.path.abspath(absolute))
        if absolute.is_dir():
            chosen.update(dict.fromkeys(find_python_files(absolute, closed)))
        elif absolute.exists():
            chosen[absolute] = None
        else:
            problems.append(Unreadable(str(path), "does not exist"))
    inside = [path for path in chosen if path.is_relative_to(root)]
    problems += [
        Unreadable(str(path), "is outside of the project root")
        for path in chosen
        if not path.is_relative_to(root)
    ]
    return inside, problems + _name_closed(root, closed)


def _name_closed(root: Path, closed: Iterable[OSError]) -> list[Unreadable]:
    """The folders that can't be listed, each once."""
    found = {os.path.relpath(error.filename, root): error.strerror or "it can't be opened" for error in closed}
    return [Unreadable(folder, f"can't be listed ({reason})") for folder, reason in found.items()]
