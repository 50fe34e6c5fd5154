"""Projects of a few files, analysed: the values are propagated, and nothing is judged."""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from hybridize.static.analysis import build_program, solve
from hybridize.static.dataflow.calls import Calls
from hybridize.static.ir.code import ClassCode, Event, FunctionCode
from hybridize.static.ir.program import Program
from hybridize.static.reading.imports import Resolver
from hybridize.static.reading.sources import Source, Unreadable, name_modules, read_source

Kind = TypeVar("Kind", bound=Event)


def read(files: Mapping[str, str]) -> list[Source]:
    """The files of a project, read."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(textwrap.dedent(text), encoding="utf-8")
        names = name_modules(root, [root / name for name in files], {})
        sources = [read_source(root, path, name) for path, name in names.items()]
    assert not any(isinstance(source, Unreadable) for source in sources), sources
    return [source for source in sources if isinstance(source, Source)]


def lowered(files: Mapping[str, str]) -> Program:
    """The program of a project, before any value is propagated."""
    sources = read(files)
    packages = [source.module for source in sources if source.is_package]
    skipped: list[Unreadable] = []
    program = build_program(Resolver([source.module for source in sources], packages), sources, skipped)
    assert not skipped, skipped
    return program


def calls_of(files: Mapping[str, str] | str) -> Calls:
    """The calls of a project, or of one file ``train.py``, with all that they reach."""
    program = lowered({"train.py": files} if isinstance(files, str) else files)
    calls = solve(program)
    assert not program.left_out and not any(code.left_out for code in program.functions)
    return calls


def function_in(program: Program, name: str) -> FunctionCode:
    """The function, or the body of a class or a module, of that qualified name."""
    (found,) = [code for code in program.functions if code.qualname == name]
    return found


def class_in(program: Program, name: str) -> ClassCode:
    """The class of that qualified name."""
    (found,) = [code for code in program.classes if code.qualname == name]
    return found


def events_in(code: FunctionCode, kind: type[Kind]) -> list[Kind]:
    """The events of one kind, in their order."""
    return [event for event in code.events if isinstance(event, kind)]
