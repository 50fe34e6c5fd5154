"""The temporary folder that holds the scratch copies of this process's runs.

Its owner holds a lock on it, and the kernel drops that lock when the owner dies. So a folder without a lock was left
by a killed process; the next start kills the processes that remain of its runs, then removes the folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import shutil
import stat
import tempfile
import threading
import time
import uuid
from pathlib import Path

from . import processes

PREFIX = "hybridize-"
_LOCK = "lock"

_guard = threading.RLock()
_home: Home | None = None


def new_folder() -> Path:
    """Make an empty folder for a run; `remove` deletes it. Raises OSError."""
    global _home
    with _guard:
        if _home is None or _home.process != os.getpid():
            sweep(Path(tempfile.gettempdir()))
            # Assigned before the folder exists, so that an interrupt can't lose it.
            _home = Home(Path(os.path.realpath(tempfile.gettempdir())) / f"{PREFIX}{uuid.uuid4().hex[:8]}")
            _home.make()
        return _home.new_folder()


def remove_home() -> None:
    """Remove the folder of this process's runs. A later `new_folder` makes a new one."""
    global _home
    with _guard:
        if _home is not None and _home.process == os.getpid():
            home, _home = _home, None
            home.remove()


class Home:
    """One process's folder. Only its owner holds the lock on the lock file in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = os.getpid()
        self._numbers = itertools.count(1)
        self._lock = -1

    def make(self) -> None:
        """Make the folder and lock it; the lock file gets its name only when it is locked."""
        self.folder.mkdir(mode=0o700)
        unlocked = self.folder / (_LOCK + ".new")
        self._lock = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.write(self._lock, processes.OWNER.encode())
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        os.rename(unlocked, self.folder / _LOCK)

    def new_folder(self) -> Path:
        """An empty folder. Its name is short: the path of a socket in it may have at most 107 bytes."""
        folder = self.folder / str(next(self._numbers))
        folder.mkdir()
        return folder

    def remove(self) -> None:
        """Remove everything and give up the lock."""
        remove(self.folder)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def sweep(temporary: Path) -> None:
    """Clean up after killed processes: kill the processes of their runs, then remove their folders."""
    with contextlib.suppress(OSError):
        for folder in temporary.glob(PREFIX + "*"):
            with contextlib.suppress(OSError):
                _sweep_one(folder)


def _sweep_one(folder: Path) -> None:
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(lock).st_uid != os.getuid():
            return
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        owner = os.read(lock, 100).decode("ascii", "replace")
        if owner:
            processes.kill_marked(owner)
        remove(folder)
    finally:
        os.close(lock)


def remove(folder: Path) -> None:
    """Remove a folder with its content, even if read-only; links are removed, not followed."""
    for attempt in range(3):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
        for place, _, _ in os.walk(folder):
            with contextlib.suppress(OSError):
                os.chmod(place, stat.S_IRWXU)
        # A process that was just killed may still finish a write.
        time.sleep(0.05 * attempt)
