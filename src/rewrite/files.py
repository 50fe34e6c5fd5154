"""Writes edited files in place of the user's: all of them or none."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from beartype import beartype

from ..records import EditedFile


@dataclass(frozen=True)
class Refusal:
    """Why nothing was written: the file that stood in the way, and the reason as a sentence."""

    file: str
    reason: str


@beartype
def apply(root: Path, files: Sequence[EditedFile]) -> Refusal | None:
    """Write the edited files into the project at ``root``; None means that it is done.

    A file is replaced in one step by a copy in the same folder that has its mode, and only where every
    file still has the content that the edits were made from. A symbolic link stays, and the file that it
    points to is replaced. Where a replacement fails half-way, those already made are taken back.
    """
    targets: dict[Path, EditedFile] = {}
    for edited in files:
        path, refusal = _target(root, edited)
        if path is None:
            return refusal
        if path in targets and targets[path].after != edited.after:
            return Refusal(edited.file, f"{edited.file} and {targets[path].file} are the same file on disk.")
        targets[path] = edited
    temporaries: dict[Path, Path] = {}
    replaced: list[Path] = []
    file = ""
    try:
        for path, edited in targets.items():
            file = edited.file
            temporaries[path] = _beside(path, edited.after)
        for path, edited in targets.items():
            file = edited.file
            if not _is_unchanged(path, edited):
                raise _Changed
            os.replace(temporaries[path], path)
            replaced.append(path)
        for folder in {path.parent for path in targets}:
            _sync(folder)
    except (OSError, _Changed) as error:
        for path in replaced:
            os.replace(_beside(path, targets[path].before), path)
        reason = _CHANGED.format(file=file) if isinstance(error, _Changed) else _failure(file, error)
        return Refusal(file, reason)
    finally:
        for temporary in temporaries.values():
            temporary.unlink(missing_ok=True)
    return None


class _Changed(Exception):
    """A file changed between the check and its replacement."""


_CHANGED = "{file} has changed since it was read; nothing was written. Run optimize again."


def _target(root: Path, edited: EditedFile) -> tuple[Path | None, Refusal | None]:
    try:
        path = (root / edited.file).resolve(strict=True)
        if not _is_unchanged(path, edited):
            return None, Refusal(edited.file, _CHANGED.format(file=edited.file))
    except (OSError, RuntimeError) as error:
        return None, Refusal(edited.file, _failure(edited.file, error))
    if not os.access(path, os.W_OK):
        return None, Refusal(edited.file, f"{edited.file} is read-only; nothing was written.")
    return path, None


def _is_unchanged(path: Path, edited: EditedFile) -> bool:
    return hashlib.sha256(path.read_bytes()).hexdigest() == edited.sha256_before


def _failure(file: str, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{file} can't be written ({reason}); nothing was written."


def _beside(path: Path, content: bytes) -> Path:
    """Write content to a new file in the same folder, flushed to disk, with the mode and owner of it."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:80]}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            status = path.stat()
            try:
                os.chown(temporary, status.st_uid, status.st_gid)
            except PermissionError:
                pass
            shutil.copymode(path, temporary)
            os.fsync(stream.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
