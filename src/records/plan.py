"""The changes: the wanted edits, the edited files, and the skipped edits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from .notes import AsObject, Key, LeftOut, Limit, Line
from .scan import Action, Region


@dataclass(frozen=True)
class Variant:
    """A variant of the conversion."""

    name: str = "graph"
    """Its name. `graph` is the plain `@tf.function`."""
    arguments: Annotated[tuple[tuple[str, str], ...], AsObject()] = ()
    """The keyword arguments of `tf.function`, as source text."""


@dataclass(frozen=True)
class Edit:
    """One change of a plan."""

    candidate: str
    """The candidate's id."""
    file: str
    """The file, relative to the project."""
    line: Line
    """The line of the `def` in the original file; for a switch, its line."""
    qualname: str
    """The candidate's name in its module."""
    action: Action = Action.HYBRIDIZE
    """The action."""
    variant: Variant = Variant()
    """The variant."""
    region: Region | None = None
    """The statements that are moved into a function first; with the action `extract`, nothing else is done. Null for a
    function."""


@dataclass(frozen=True)
class EditedFile:
    """A file with all its edits, exactly as it is run and written."""

    file: str
    """The file, relative to the project."""
    before: Annotated[bytes, LeftOut("the project has it", b"")]
    """Its content before."""
    after: Annotated[bytes, LeftOut("the diff makes it of the original", b"")]
    """Its content with the edits."""
    sha256_before: Annotated[str, Limit("pattern", "^[0-9a-f]{64}$")]
    """The SHA-256 of the original file, in hexadecimal."""
    def_lines: Mapping[str, Line]
    """The line of the `def` in the edited file, for each candidate that is edited here."""
    line_map: Annotated[tuple[int, ...], LeftOut("the diff has it", ())]
    """For each line of the original file (index 0 is line 1), its line in the edited one (`rewrite.lines`)."""
    diff: str = ""
    """The unified diff. If the file is not UTF-8, this text contains U+FFFD, and only the patch file has the exact
    bytes."""
    outlined: Mapping[str, Line] = field(default_factory=dict)
    """The line of the `def` in the edited file, for each region that became a function without a decorator."""


@dataclass(frozen=True)
class Plan:
    """The chosen changes."""

    edits: Annotated[tuple[Edit, ...], Key("changes")] = ()
    """One edit per changed candidate."""
    files: Annotated[tuple[EditedFile, ...], Key("edits")] = ()
    """One per edited file; empty if nothing is changed."""
    patch_file: Annotated[str | None, Key("patch")] = None
    """The name of the patch file in the results folder; null if there is none."""
    applied: bool = False
    """Whether the sources were edited in place (`--apply`)."""
