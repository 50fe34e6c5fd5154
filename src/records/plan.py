"""The changes: what is wanted, what was made of it, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from .notes import AsObject, Key, LeftOut, Limit, Line
from .scan import Action, Region


@dataclass(frozen=True)
class Variant:
    """One way to convert."""

    name: str = "graph"
    """Its name: `graph` is the bare `@tf.function`."""
    arguments: Annotated[tuple[tuple[str, str], ...], AsObject()] = ()
    """The keyword arguments of `tf.function`, as source text."""


@dataclass(frozen=True)
class Edit:
    """One change that a plan wants."""

    candidate: str
    """The candidate's id."""
    file: str
    """The file, relative to the project."""
    line: Line
    """The line of `def` in the original file; for a switch the line that it is on."""
    qualname: str
    """The candidate's name in its module."""
    action: Action = Action.HYBRIDIZE
    """What is done."""
    variant: Variant = Variant()
    """The way to convert it."""
    region: Region | None = None
    """What becomes a function first; with the action `extract`, that is all that is done. Null for a function."""


@dataclass(frozen=True)
class EditedFile:
    """A file with all its edits made, exactly as it will be run and written."""

    file: str
    """The file, relative to the project."""
    before: Annotated[bytes, LeftOut("the project has it", b"")]
    """Its content before."""
    after: Annotated[bytes, LeftOut("the diff makes it of the original", b"")]
    """Its content with the edits."""
    sha256_before: Annotated[str, Limit("pattern", "^[0-9a-f]{64}$")]
    """The SHA-256 of the file that the edit was made from, in hexadecimal."""
    def_lines: Mapping[str, Line]
    """For each candidate edited here, the line of its `def` in the edited file."""
    line_map: Annotated[tuple[int, ...], LeftOut("the diff has it", ())]
    """For each line of the original file (index 0 is line 1), its line in the edited one (`rewrite.lines`)."""
    diff: str = ""
    """The unified diff. For a file that is not UTF-8, the patch file has the exact bytes and this text has U+FFFD in
    their place."""
    outlined: Mapping[str, Line] = field(default_factory=dict)
    """For each region that was made a function here, and not decorated, the line of its `def` in the edited file."""


@dataclass(frozen=True)
class Skip:
    """An edit that was not made, and the reason, as a sentence."""

    candidate: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """The changes chosen."""

    edits: Annotated[tuple[Edit, ...], Key("changes")] = ()
    """One per candidate that is changed."""
    files: Annotated[tuple[EditedFile, ...], Key("edits")] = ()
    """One per file; empty where nothing is to be changed."""
    patch_file: Annotated[str | None, Key("patch")] = None
    """The name of the patch file in the results folder; null where there is none."""
    applied: bool = False
    """Whether the sources were edited in place (`--apply`)."""
