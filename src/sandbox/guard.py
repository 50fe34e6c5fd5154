"""Inside the child: keeps every write away from the user's files.

Two lines of defence. The audit hook turns a link of the scratch copy into a copy just before the script
opens it for writing, and refuses writes that would land in the original. Landlock, where the kernel has
it, refuses at the system call what Python does not see.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from . import landlock

_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# audit event -> positions of the paths that it changes
_CHANGING = {
    "os.remove": (0,),
    "os.rmdir": (0,),
    "os.rename": (0, 1),
    "os.truncate": (0,),
    "os.mkdir": (0,),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.chmod": (0,),
    "os.utime": (0,),
    "shutil.rmtree": (0,),
    "shutil.move": (0, 1),
}


class Guard:
    """Watches one child's writes. ``blocked`` lists the paths that were refused."""

    def __init__(self, scratch: str, originals: list[str], report: Callable[[str], None]) -> None:
        self.scratch = os.path.realpath(scratch)
        self.originals = [os.path.realpath(path) for path in originals]
        self.report = report
        self.blocked: set[str] = set()
        self.kernel = False
        self._busy = False
        self._writable = [self.scratch, *_caches()]

    def install(self) -> None:
        """Start watching; there is no way back, by the design of audit hooks and of Landlock."""
        self.kernel = landlock.restrict(self._kernel_writable())
        sys.addaudithook(self._audit)

    def _kernel_writable(self) -> list[str]:
        # A rule reaches everything below its folder, so none may stand above the originals.
        safe = [p for p in self._writable if not any(_is_inside(original, p) for original in self.originals)]
        return ["/dev", "/proc", self.scratch, *safe]

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            if isinstance(path, (str, bytes)) and _writes(mode, flags):
                self._before_write(path)
        elif event in _CHANGING:
            for position in _CHANGING[event]:
                if position < len(args) and isinstance(args[position], (str, bytes, os.PathLike)):
                    self._before_write(args[position], entry=event != "os.truncate")

    def _before_write(self, path: str | bytes | os.PathLike[Any], entry: bool = False) -> None:
        """Make ``path`` safe to write to, or refuse. ``entry``: the directory entry changes, not the content."""
        if self._busy:
            return
        self._busy = True
        try:
            text = os.path.abspath(os.fsdecode(path))
            if _is_inside(text, self.scratch):
                self._materialize(text, content=not entry)
            parent = os.path.realpath(os.path.dirname(text))
            real = os.path.join(parent, os.path.basename(text)) if entry else os.path.realpath(text)
            if self._may_write(real):
                return
            if real not in self.blocked:
                self.blocked.add(real)
                self.report(real)
        finally:
            self._busy = False
        raise PermissionError(
            13, "hybridize runs this script on a scratch copy and lets it change nothing outside of it", real
        )

    def _may_write(self, real: str) -> bool:
        if _is_inside(real, self.scratch) or real.startswith(("/dev/", "/proc/")):
            return True
        if any(_is_inside(real, original) for original in self.originals):
            return False
        return any(_is_inside(real, place) for place in self._writable)

    def _materialize(self, text: str, content: bool) -> None:
        """Replace the links on the way down to ``text`` (and ``text`` itself, for its content) by copies."""
        parts = os.path.relpath(text, self.scratch).split(os.sep)
        place = self.scratch
        for number, part in enumerate(parts):
            place = os.path.join(place, part)
            if not os.path.islink(place):
                continue
            last = number == len(parts) - 1
            source = os.path.realpath(place)
            if _is_inside(source, self.scratch) or (last and not content):
                continue
            if os.path.isdir(source):
                os.unlink(place)
                os.mkdir(place)
                for name in os.listdir(source):
                    os.symlink(os.path.join(source, name), os.path.join(place, name))
            elif os.path.isfile(source):
                copy = place + ".hybridize-copy"
                shutil.copy2(source, copy)
                os.replace(copy, place)


def _writes(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITE_FLAGS)


def _is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _caches() -> list[str]:
    """Folders made for passing files: the temporary one, and the caches where data sets are kept."""
    home = os.path.expanduser("~")
    named = [
        tempfile.gettempdir(),
        "/tmp",
        "/var/tmp",
        "/dev/shm",
        os.environ.get("KERAS_HOME") or os.path.join(home, ".keras"),
        os.path.join(home, ".keras"),
        os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache"),
        os.environ.get("TFDS_DATA_DIR") or os.path.join(home, "tensorflow_datasets"),
        os.environ.get("MPLCONFIGDIR") or os.path.join(home, ".config", "matplotlib"),
    ]
    return sorted({os.path.realpath(path) for path in named})
