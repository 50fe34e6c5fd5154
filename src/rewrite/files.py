"""Writes edited files in place of the user's: all of them or none."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..interrupts import deferred
from ..records import EditedFile

_ATTEMPTS = 3


@dataclass(frozen=True)
class Refusal:
    """Why the edits were not applied: the file that prevented it, and the reason in whole sentences.

    ``stuck`` are the files that contain the edit because their old content could not be restored; the reason then says
    where the old content is.
    """

    file: str
    reason: str
    stuck: tuple[str, ...] = ()


def apply(root: Path, files: Sequence[EditedFile]) -> Refusal | None:
    """Write the edited files into the project at ``root``. Returns None on success.

    Each file is replaced in one step by a new file in the same folder with its mode, owner and extended
    attributes, and only if every file still has the content that the edits were made from. The old
    files stay until all are replaced. If anything fails before that, they are put back, which takes no
    disk space. A request to end the process (Ctrl-C, SIGTERM) waits until this is done. A symbolic
    link inside the project stays, and its file is replaced. A file outside of the project, or one with other
    names (hard links), is refused: the user has not named all that the edit would affect.

    An exception that is not an OSError is raised again after the old files have been put back; `are_applied`
    tells what is on the disk.
    """
    replacements: dict[Path, _Replacement] = {}
    for edited in files:
        path, refusal = _target(root, edited)
        if path is None:
            return refusal
        other = replacements[path].edited if path in replacements else edited
        if other.after != edited.after:
            return Refusal(edited.file, f"{edited.file} and {other.file} are the same file on disk.")
        replacements[path] = _Replacement(root, path, edited)
    with deferred():
        return _replace(list(replacements.values()))


def are_applied(root: Path, files: Sequence[EditedFile]) -> bool:
    """Whether all of the project's files have the content that ``apply`` writes; False if there are none."""
    return bool(files) and all(_content(root / edited.file) == edited.after for edited in files)


class _Replacement:
    """One file to replace. Its new and its old content are next to it until all files are replaced."""

    def __init__(self, root: Path, path: Path, edited: EditedFile) -> None:
        self.edited, self.path, self.link = edited, path, root / edited.file
        # They are named before they are created, so that an interrupt at any moment leaves none behind.
        self.new, self.old = (_beside(path, kind) for kind in ("new", "old"))
        self.begun = self.parted = False

    def prepare(self) -> None:
        """Write the new file, and give the old one a second name, from which it can be put back."""
        _write_like(self.path, self.new, self.edited.after)
        try:
            os.link(self.path, self.old, follow_symlinks=False)
        except OSError:
            # A file system without hard links.
            _write_like(self.path, self.old, self.edited.before)

    def commit(self) -> None:
        """Put the new file in place. Raises `_Changed` if the file has changed."""
        if _content(self.path) != self.edited.before or Path(os.path.realpath(self.link)) != self.path:
            raise _Changed
        self.begun = True
        os.replace(self.new, self.path)

    def take_back(self) -> bool:
        """Put the old file back if the new one has replaced it. Returns whether the file is free of the edit."""
        self.parted = self.begun
        for put_back in (self._rename_back, self._rename_back, self._rewrite):
            if not self.parted or self._is_free():
                break
            with contextlib.suppress(OSError):
                put_back()
        self.parted = self.parted and not self._is_free()
        return not self.parted

    def _is_free(self) -> bool:
        # If the content is neither the edit's nor the old one, somebody else has changed the file: leave it.
        return _content(self.path) not in (None, self.edited.after)

    def _rename_back(self) -> None:
        os.replace(self.old, self.path)

    def _rewrite(self) -> None:
        with open(self.path, "r+b") as stream:
            stream.write(self.edited.before)
            stream.truncate()

    def tidy(self) -> None:
        """Remove the temporary files; the old one stays if it could not be put back."""
        for leftover in (self.new,) if self.parted else (self.new, self.old):
            for _ in range(_ATTEMPTS):
                with contextlib.suppress(OSError):
                    leftover.unlink(missing_ok=True)
                    break


class _Changed(Exception):
    """A file changed between the check and its replacement."""


def _replace(replacements: Sequence[_Replacement]) -> Refusal | None:
    file, failure, done = "", None, False
    interrupts: list[BaseException] = []
    try:
        for each in replacements:
            file = each.edited.file
            each.prepare()
        for each in replacements:
            file = each.edited.file
            each.commit()
        for folder in {each.path.parent for each in replacements}:
            _sync(folder)
        done = True
    except _Changed:
        failure = _CHANGED.format(file=file)
    except OSError as error:
        failure = _failure(file, error)
    except BaseException as error:  # an interrupt or a bug: the old files are put back all the same
        interrupts.append(error)
    stuck: list[_Replacement] = []
    for each in replacements:
        if not done and not _insist(each.take_back, interrupts):
            stuck.append(each)
        _insist(each.tidy, interrupts)
    if stuck:
        return Refusal(file, _stuck(failure or f"Writing {file} was interrupted.", stuck), _names(stuck))
    if interrupts:
        raise interrupts[0]
    return Refusal(file, failure) if failure else None


def _insist(step: Callable[[], bool | None], interrupts: list[BaseException]) -> bool | None:
    """Complete a step in spite of interrupts, which are delivered afterwards."""
    for _ in range(_ATTEMPTS):
        try:
            return step()
        except BaseException as error:
            interrupts.append(error)
    return False


_CHANGED = "{file} has changed since it was read. Run optimize again."


def _target(root: Path, edited: EditedFile) -> tuple[Path | None, Refusal | None]:
    """The file on disk that an edit changes, or why it must not be edited."""
    file = edited.file
    try:
        path, real_root = (root / file).resolve(strict=True), root.resolve(strict=True)
        status = path.stat()
        reason = None
        if not path.is_relative_to(real_root):
            reason = (
                f"{file} leads to {path}, outside of the project ({root}), which other projects may use. Edit that "
                "file yourself, or name a folder that contains both with --project."
            )
        elif not stat.S_ISREG(status.st_mode):
            reason = f"{file} is not a regular file."
        elif _content(path) != edited.before:
            reason = _CHANGED.format(file=file)
        elif not os.access(path, os.W_OK) or not status.st_mode & 0o222:
            reason = f"{file} is read-only. Make it writable, or apply the patch yourself."
        elif status.st_nlink > 1 + _left_behind(path, status):
            reason = (
                f"{file} has other names on this disk ({status.st_nlink} hard links): an edit would change those too, "
                "or separate them from it. Apply the patch yourself, or replace the file with a copy first."
            )
    except (OSError, RuntimeError) as error:
        return None, Refusal(file, _failure(file, error))
    return (None, Refusal(file, reason)) if reason else (path, None)


def _left_behind(path: Path, status: os.stat_result) -> int:
    """How many second names of a file are left from a `_Replacement` in a process that was killed."""
    kept = re.compile(rf"\.{re.escape(path.name[:80])}\.[0-9a-f]{{16}}\.old\.tmp")
    names = [name for name in path.parent.iterdir() if kept.fullmatch(name.name)]
    return sum(os.path.samestat(name.lstat(), status) for name in names)


def _content(path: Path) -> bytes | None:
    """A file's content; None if it can't be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def _failure(file: str, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{file} can't be written ({reason})."


def _names(replacements: Sequence[_Replacement]) -> tuple[str, ...]:
    return tuple(each.edited.file for each in replacements)


def _stuck(failure: str, stuck: Sequence[_Replacement]) -> str:
    kept = ", ".join(f"{each.edited.file} (the original is {each.old})" for each in stuck if each.old.exists())
    lost = ", ".join(each.edited.file for each in stuck if not each.old.exists())
    told = [f"These files contain the edit, and their original content could not be restored: {kept}."] if kept else []
    told += [f"These contain the edit; undo it with `patch -R` and the patch: {lost}."] if lost else []
    return " ".join((failure, *told))


def _beside(path: Path, kind: str) -> Path:
    return path.with_name(f".{path.name[:80]}.{secrets.token_hex(8)}.{kind}.tmp")


def _write_like(path: Path, copy: Path, content: bytes) -> None:
    """Write content to a new file, flushed to disk, with the mode, owner and extended attributes of ``path``."""
    status = path.stat()
    with os.fdopen(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        made = os.fstat(stream.fileno())
        if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid):
            try:
                os.chown(copy, status.st_uid, status.st_gid)
            except PermissionError as error:
                raise OSError(error.errno, "its owner or group can't be kept") from None
        _copy_attributes(path, copy)
        shutil.copymode(path, copy)
        os.fsync(stream.fileno())


def _copy_attributes(path: Path, copy: Path) -> None:
    """Copy extended attributes, including access control lists, as far as the system supports and permits it."""
    if hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):
            for name in os.listxattr(path):
                with contextlib.suppress(OSError):
                    os.setxattr(copy, name, os.getxattr(path, name))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems can't sync folders.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
