"""Keeps every write away from the user's files.

There are two lines of defence. The audit hook replaces a link of the scratch copy by a copy just before the script
opens it for writing, and refuses writes that would reach the original. Landlock, if the kernel has it, refuses the
system calls that Python does not see.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from .. import links
from ..folders import inside
from . import landlock, programs


class Change(Enum):
    """What an operation changes: a file's content, its whole content, an entry of a folder, or a folder's entries."""

    CONTENT = "content"
    TRUNCATE = "truncate"
    ENTRY = "entry"
    FOLDER = "folder"


#: At most this many refused paths are reported.
MOST_REPORTED = 100
_LOCK = "guard.lock"
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CONTENT, _TRUNCATE, _ENTRY, _FOLDER = Change.CONTENT, Change.TRUNCATE, Change.ENTRY, Change.FOLDER
# audit event -> for each path that it changes: its position, what changes, the position of its dir_fd
_CHANGING: dict[str, tuple[tuple[int, Change, int | None], ...]] = {
    "os.remove": ((0, _ENTRY, 1),),
    "os.rmdir": ((0, _FOLDER, 1),),
    "os.rename": ((0, _ENTRY, 2), (1, _ENTRY, 3)),
    "os.truncate": ((0, _CONTENT, None),),
    "os.mkdir": ((0, _ENTRY, 2),),
    # A hard link to the original would allow writes to it.
    "os.link": ((0, _CONTENT, 2), (1, _ENTRY, 3)),
    "os.symlink": ((1, _ENTRY, 2),),
    "os.chmod": ((0, _CONTENT, 2),),
    "os.chown": ((0, _CONTENT, 3),),
    "os.utime": ((0, _CONTENT, 3),),
    "os.setxattr": ((0, _CONTENT, None),),
    "os.removexattr": ((0, _CONTENT, None),),
    "shutil.rmtree": ((0, _FOLDER, 1),),
    "shutil.move": ((0, _ENTRY, None), (1, _ENTRY, None)),
}
# audit event -> the positions of the command, and of the folder and environment that it starts with
_STARTING: dict[str, tuple[int, ...]] = {
    "subprocess.Popen": (1, 2, 3),
    "os.system": (0,),
    "os.posix_spawn": (1,),
    "os.spawn": (2,),
    "os.exec": (1,),
}
_REFUSAL = "hybridize runs this script on a scratch copy and allows it to change nothing outside of it"
_DENIED = re.compile(r"permission denied|errno ?= ?13", re.IGNORECASE)
# A path in an error message: quoted, absolute, or as TensorFlow puts it ("model.h5; Permission denied").
_PATH = re.compile(r"'([^'\n]+)'|\"([^\"\n]+)\"|([^\s;]+); Permission denied|((?:/[^/\s:;,'\"]+){2,})")


class Guard:
    """Watches one child's writes.

    ``scratch`` is the folder that the script may write to, ``originals`` are the folders that it copies. ``report`` is
    called once with each refused path. A link to a file of more than ``quota`` bytes is not copied.
    """

    def __init__(self, scratch: str, originals: Iterable[str], report: Callable[[str], None], quota: int) -> None:
        self.scratch = os.path.realpath(scratch)
        # Folders outside of all writable ones need no rule; "/" would forbid everything.
        self.originals = sorted({os.path.realpath(path) for path in originals} - {"/"})
        self.report = report
        self.quota = quota
        self.kernel = False
        self._blocked: set[str] = set()
        self._exec: Callable[[str], None] = lambda program: None
        self._own = threading.local()
        self._libc = ctypes.CDLL(None)
        self._writable = list(_writable(self.originals))

    def install(self) -> None:
        """Start watching; neither audit hooks nor Landlock can be removed again."""
        _make_caches(self._writable)
        self.kernel = landlock.restrict(["/dev", "/proc", self.scratch, *self._writable])
        sys.addaudithook(self._audit)

    def on_exec(self, callback: Callable[[str], None]) -> None:
        """Call ``callback`` with the program that is about to replace this process (``exec``)."""
        self._exec = callback

    def at_work(self) -> bool:
        """Whether the guard, not the script, is changing files in this thread."""
        return getattr(self._own, "busy", False)

    def before_write(self, path: str | bytes | os.PathLike[Any], change: Change, base: str = "") -> None:
        """Make a path safe to change, or refuse. Raises PermissionError.

        A relative path starts from ``base``, by default the working directory.
        """
        if self.at_work():
            return
        self._own.busy = True
        try:
            text = os.fsdecode(path)
            if not os.path.isabs(text):
                text = os.path.join(base or os.getcwd(), text)
            place = self._settle(text, change)
        finally:
            self._own.busy = False
        if not self.may_write(place):
            self.refuse(place)

    def refuse(self, place: str) -> None:
        """Report a refused write, and raise PermissionError."""
        self._note(place)
        raise PermissionError(13, _REFUSAL, place)

    def note_denied(self, message: str) -> None:
        """Report the paths in an error message to which the kernel, not this hook, refused a write."""
        if not (self.kernel and _DENIED.search(message)):
            return
        for groups in _PATH.findall(message):
            place = os.path.realpath(next(group for group in groups if group))
            ours = os.access(place if os.path.lexists(place) else os.path.dirname(place), os.W_OK)
            if ours and not self.may_write(place):
                self._note(place)

    def may_write(self, place: str) -> bool:
        """Whether a resolved path may be changed: the innermost folder with a rule decides."""
        if inside(place, self.scratch) or place.startswith(("/dev/", "/proc/")):
            return True
        allowed = max((len(folder) for folder in self._writable if inside(place, folder)), default=-1)
        return allowed > max((len(folder) for folder in self.originals if inside(place, folder)), default=-1)

    def _note(self, place: str) -> None:
        if place not in self._blocked and len(self._blocked) < MOST_REPORTED:
            self._blocked.add(place)
            self.report(place)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            if not isinstance(path, int) and _writes(mode, flags):
                truncates = isinstance(flags, int) and flags & os.O_TRUNC
                self.before_write(path, _TRUNCATE if truncates else _CONTENT)
        elif event in _CHANGING:
            for position, change, folder in _CHANGING[event]:
                path = args[position] if position < len(args) else None
                if isinstance(path, (str, bytes, os.PathLike)):
                    self.before_write(path, change, _base(args, folder))
                elif isinstance(path, int) and (place := _base((path,), 0)).startswith("/"):
                    # An open descriptor may belong to the original, and cannot be redirected to a copy.
                    self._before_descriptor(place)
        elif event == "sqlite3.connect":
            self._before_database(args[0])
        elif event == "os.chdir":
            self._before_entering(args[0])
        elif event in _STARTING and not self.at_work():
            self._before_program(*(args[position] for position in _STARTING[event]))
            if event == "os.exec":
                self._exec(os.fsdecode(args[0]))

    def _before_database(self, path: object) -> None:
        """Replace a linked database by a copy. The script may just read one elsewhere; the kernel refuses writes."""
        if isinstance(path, (str, bytes, os.PathLike)) and os.path.exists(path):
            place = os.path.abspath(os.fsdecode(path))
            if inside(place, self.scratch):
                self.before_write(place, _CONTENT)

    def _before_descriptor(self, place: str) -> None:
        if not (self.at_work() or self.may_write(place) or place.endswith(" (deleted)")):
            self.refuse(place)

    def _before_program(self, command: object, cwd: object = None, environment: object = None) -> None:
        """Make copies of the files whose modes or times a program will change: the kernel would let it follow links."""
        start = os.path.join(os.getcwd(), os.fsdecode(cwd) if isinstance(cwd, str | bytes | os.PathLike) else "")
        known = environment if isinstance(environment, Mapping) else os.environ
        for path in programs.changed_by(command, start, known):
            self.before_write(path, _CONTENT)

    def _before_entering(self, path: object) -> None:
        """Open up a linked folder that the script enters: relative paths would lead to the original."""
        if isinstance(path, (str, bytes, os.PathLike)) and os.path.isdir(path):
            text = os.fsdecode(path)
            place = text if os.path.isabs(text) else os.path.join(os.getcwd(), text)
            if inside(place, self.scratch) and not inside(os.path.realpath(place), self.scratch):
                with contextlib.suppress(PermissionError):
                    self.before_write(place, _FOLDER)

    def _settle(self, path: str, change: Change) -> str:
        """The real path that a change of ``path`` reaches, after links on the way are replaced by copies."""
        # Another thread may replace a link during this walk; if it fails, repeat it under the lock.
        with contextlib.suppress(OSError):
            place = self._walk(path, change, None)
            if place is not None:
                return place
        with self._alone():
            settled = self._walk(path, change, self._materialize)
        return settled if settled is not None else path

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of this scratch copy: one thread of one process at a time.

        The lock file is opened each time, since forks share locks and scripts close descriptors. The C library
        opens it, so that audit hooks see only what the script does.
        """
        path = os.path.join(self.scratch, _LOCK).encode()
        lock = self._libc.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._libc.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            self._libc.close(lock)

    def _walk(
        self, path: str, change: Change, materialize: Callable[[str, str, bool, Change], bool] | None
    ) -> str | None:
        """Resolve a path part by part, as the kernel does: ``..`` after a link is the parent of the link's target.

        Without ``materialize``, returns None if a link must be replaced by a copy.
        """
        place = "/"
        parts = [part for part in path.split("/") if part not in ("", ".")]
        for number, part in enumerate(parts, 1):
            if part == "..":
                place = os.path.dirname(place)
                continue
            place = os.path.join(place, part)
            last = number == len(parts)
            if (last and change is _ENTRY) or not os.path.islink(place):
                continue
            source = os.path.realpath(place)
            if inside(place, self.scratch) and not inside(source, self.scratch):
                if materialize is None:
                    return None
                if materialize(place, source, last, change):
                    continue
            place = source
        return place

    def _materialize(self, place: str, source: str, last: bool, change: Change) -> bool:
        """Replace a link by a copy; returns whether that was possible."""
        if os.path.isdir(source):
            links.open_up(place, source)
        elif os.path.isfile(source) and last and change is _TRUNCATE:
            links.empty(place, source)
        elif os.path.isfile(source) and last:
            if os.path.getsize(source) > self.quota:
                return False
            links.copy(place, source)
        elif last and change in (_CONTENT, _TRUNCATE) and not os.path.lexists(source):
            os.unlink(place)
        else:
            return False
        return True


def _writes(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITE_FLAGS)


def _base(args: tuple[Any, ...], position: int | None) -> str:
    """The folder of a ``dir_fd`` argument, to which a path is relative."""
    fd = args[position] if position is not None and position < len(args) else None
    if not isinstance(fd, int) or fd < 0:
        return ""
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""


def _make_caches(writable: Iterable[str]) -> None:
    """Make the cache folders that every import of Keras makes; Landlock can allow only existing folders."""
    home = os.path.realpath(os.path.expanduser("~"))
    for name in (".keras", ".cache"):
        place = os.path.join(home, name)
        if place in writable:
            with contextlib.suppress(OSError):
                os.makedirs(place, exist_ok=True)


def _writable(originals: Iterable[str]) -> Iterator[str]:
    """The folders outside the scratch copy that a script may write to: temporary folders and caches.

    A rule covers everything below its folder, so a folder that contains one of the originals is left out.
    """
    home = os.path.expanduser("~")
    named = {
        tempfile.gettempdir(),
        "/tmp",
        "/var/tmp",
        "/dev/shm",
        os.environ.get("KERAS_HOME") or os.path.join(home, ".keras"),
        os.path.join(home, ".keras"),
        os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache"),
        os.environ.get("TFDS_DATA_DIR") or os.path.join(home, "tensorflow_datasets"),
        os.environ.get("SCIKIT_LEARN_DATA") or os.path.join(home, "scikit_learn_data"),
        os.environ.get("MPLCONFIGDIR") or os.path.join(home, ".config", "matplotlib"),
        # The GPU driver's cache of compiled code.
        os.environ.get("CUDA_CACHE_PATH") or os.path.join(home, ".nv"),
    }
    for path in sorted({os.path.realpath(path) for path in named}):
        if not any(inside(original, path) for original in originals):
            yield path
