"""Makes the edits of a plan, one file at a time, in memory."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..records import Action, Edit, EditedFile, Reason

if TYPE_CHECKING:
    from .alias import Naming
    from .source import Definition, Source, Splice

_FOLDER = str(Path(__file__).parent)
#: Makes edits below a project's root: returns the edited files, and, by candidate, why an edit was not made.
Editing = Callable[[Path, Sequence[Edit]], tuple[tuple[EditedFile, ...], Mapping[str, Reason]]]


def edit_project(root: Path, edits: Sequence[Edit]) -> tuple[tuple[EditedFile, ...], Mapping[str, Reason]]:
    """Make edits in any number of files of the project at ``root``; unchanged files are left out."""
    files: list[EditedFile] = []
    refused: dict[str, Reason] = {}
    for file in sorted({edit.file for edit in edits}):
        edited, why = edit_file(root, file, [edit for edit in edits if edit.file == file])
        files += [edited] if edited else []
        refused.update(why)
    return tuple(files), refused


def edit_file(root: Path, file: str, edits: Sequence[Edit]) -> tuple[EditedFile | None, dict[str, Reason]]:
    """Make the edits of one file.

    Takes the project root, the path of the file relative to it, and its edits. Returns the edited file (None if nothing
    could be changed) and, by candidate, the `Reason` why an edit was not made, as a sentence. Nothing is written. The
    result is checked: its syntax tree equals the original one, except for the inserted decorators and import, and the
    removed switches.
    """
    from . import source as sources

    source = sources.read(root, file)
    if isinstance(source, str):
        return None, _refused(edits, source)
    return _edit_source(source, edits)


def _refused(edits: Iterable[Edit], why: str) -> dict[str, Reason]:
    return {edit.candidate: Reason("not-editable", why) for edit in edits}


def _edit_source(source: Source, edits: Sequence[Edit]) -> tuple[EditedFile | None, dict[str, Reason]]:
    if any(edit.region is not None for edit in edits):
        return _edit_outlined(source, edits)
    return _edit(source, edits)


def _edit_outlined(source: Source, edits: Sequence[Edit]) -> tuple[EditedFile | None, dict[str, Reason]]:
    """Move the regions into functions, and make the other edits in the result."""
    from . import source as sources
    from .lines import composed
    from .outline import outline

    regions = {edit.region: edit.candidate for edit in edits if edit.region is not None}
    made = outline(source, list(regions))
    parsed = made if isinstance(made, str) else sources.parse(source.file, made.raw)
    if isinstance(made, str) or isinstance(parsed, str):
        reason = str(made if isinstance(made, str) else parsed)
        rest = [edit for edit in edits if edit.region is None]
        edited, more = _edit(source, rest) if rest else (None, {})
        return edited, _refused((edit for edit in edits if edit.region is not None), reason) | more
    inner = []
    for edit in edits:
        if edit.region is None:
            inner.append(replace(edit, line=made.line_map[edit.line - 1]))
        elif edit.action is not Action.EXTRACT:
            owner = f"{edit.region.owner}." if edit.region.owner else ""
            inner.append(
                replace(edit, line=made.def_lines[edit.region], qualname=f"{owner}{edit.region.name}", region=None)
            )
    edited, refused = _edit(parsed, inner) if inner else (None, {})
    wanted = {edit.region for edit in edits if edit.action is Action.EXTRACT}
    useless = [edit for edit in edits if edit.region is not None and edit.candidate in refused]
    if any(edit.region not in wanted for edit in useless):
        # A region that can't be decorated must not become a function for nothing.
        rest = [edit for edit in edits if edit not in useless]
        again, more = _edit_source(source, rest) if rest else (None, {})
        return again, {edit.candidate: refused[edit.candidate] for edit in useless} | more
    line_map = composed(made.line_map, edited.line_map) if edited else made.line_map
    lines = {
        candidate: made.def_lines[region] if edited is None else edited.line_map[made.def_lines[region] - 1]
        for region, candidate in regions.items()
    }
    def_lines = dict(edited.def_lines) if edited else {}
    result = EditedFile(
        file=source.file,
        before=source.raw,
        after=edited.after if edited else made.raw,
        sha256_before=hashlib.sha256(source.raw).hexdigest(),
        def_lines=def_lines,
        line_map=line_map,
        outlined={candidate: line for candidate, line in lines.items() if candidate not in def_lines},
    )
    return result, refused


def condition_at(root: Path, file: str, line: int) -> str | None:
    """The condition of a line of a file, as "`test` (line 3)": the innermost ``if`` or ``while`` around it."""
    from . import reconfigure
    from . import source as sources

    source = sources.read(root, file)
    return None if isinstance(source, str) else reconfigure.condition(source, line)


def _edit(source: Source, edits: Sequence[Edit]) -> tuple[EditedFile | None, dict[str, Reason]]:
    from . import reconfigure
    from .alias import name_tensorflow

    refused: dict[str, Reason] = {}
    located: list[tuple[Edit, Definition]] = []
    removals: list[tuple[Edit, reconfigure.Removal]] = []
    for edit in edits:
        if edit.action is reconfigure.ACTION:
            removal = reconfigure.remove(source, edit)
            if isinstance(removal, Reason):
                refused[edit.candidate] = removal
            elif any(other.node is removal.node for _, other in removals):
                refused |= _refused([edit], f"{edit.qualname} on line {edit.line} is already edited.")
            else:
                removals.append((edit, removal))
            continue
        definition = source.find(edit.line, edit.qualname)
        if definition is None:
            refused |= _refused([edit], _missing(source, edit))
        elif any(other == definition for _, other in located):
            refused |= _refused([edit], f"{edit.qualname} on line {edit.line} is already edited.")
        else:
            located.append((edit, definition))
    naming = name_tensorflow(source, {definition: edit.variant for edit, definition in located})
    made = []
    for edit, definition in located:
        outcome = _transformed(source, definition, edit, naming)
        if isinstance(outcome, Reason):
            refused[edit.candidate] = outcome
        else:
            made.append((edit, definition, outcome))
    if not made and not removals:
        return None, refused
    imported = naming.splice if any(naming.aliases[each] is naming.added for _, each, _ in made) else None
    # The import comes first if both are inserted at the top of the file.
    splices = [*([imported] if imported else []), *(splice for _, _, splice in made)]
    splices += [removal.splice for _, removal in removals]
    line_map = source.line_map(splices)
    after = source.spliced(splices)
    changed: dict[Action, set[int]] = {}
    for edit, definition, _ in made:
        changed.setdefault(edit.action, set()).add(line_map[definition.line - 1])
    before = reconfigure.without(source.tree, [removal for _, removal in removals])
    if not _differs_only_by(before, after, changed, imported, line_map):
        reason = f"The edit of {source.file} would change more than it should; its layout is not supported."
        return None, refused | _refused([*(edit for edit, _, _ in made), *(edit for edit, _ in removals)], reason)
    edited = EditedFile(
        file=source.file,
        before=source.raw,
        after=after,
        sha256_before=hashlib.sha256(source.raw).hexdigest(),
        def_lines={edit.candidate: line_map[definition.line - 1] for edit, definition, _ in made},
        line_map=line_map,
    )
    return edited, refused


def _transformed(source: Source, definition: Definition, edit: Edit, naming: Naming) -> Splice | Reason:
    transformation = _transformations().get(edit.action)
    if transformation is None:
        return Reason("not-editable", f"There is no edit that can {edit.action.value} a function.")
    alias = naming.aliases[definition]
    if isinstance(alias, str):
        return Reason("not-editable", alias)
    made: Splice | Reason = transformation.transform(source, definition, edit, alias)
    return made


@functools.cache
def _transformations() -> Mapping[Action, Any]:
    """The modules of this package that edit a function: those with an ``ACTION``, a ``transform`` and its ``undo``."""
    package = __name__.rpartition(".")[0]
    modules = [importlib.import_module(f"{package}.{info.name}") for info in pkgutil.iter_modules([_FOLDER])]
    return {module.ACTION: module for module in modules if hasattr(module, "transform")}


def _missing(source: Source, edit: Edit) -> str:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Lambda) and node.lineno == edit.line:
            return f"{edit.qualname} is a lambda, which can't be decorated."
    return (
        f"{source.file} has no def of {edit.qualname} on line {edit.line}: it has changed since it was read. "
        "Run optimize again."
    )


def _differs_only_by(
    before: ast.Module,
    after: bytes,
    changed: Mapping[Action, Iterable[int]],
    imported: Splice | None,
    line_map: Sequence[int],
) -> bool:
    """Check that undoing each edit in the tree of ``after`` gives that of ``before``.

    ``changed`` are the lines of the edited functions, by action.
    """
    from . import alias

    try:
        tree = ast.parse(after)
        undone = all(_transformations()[action].undo(tree, lines) for action, lines in changed.items())
        undone = undone and (imported is None or alias.undo(tree, imported, line_map))
        return undone and ast.dump(tree) == ast.dump(before)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
