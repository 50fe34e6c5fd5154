"""The connection to the parent: two pipes that carry one JSON object per line."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
from typing import Any

# High numbers, within the usual limit of 1024, escape scripts that close "all" file descriptors.
_PLACES = (900, 200, 10)
_BLOCK = 1 << 16


class Line:
    """Sends events and receives messages. If the parent is gone, events are dropped and the message is a stop.

    A script may close our file descriptors and get the same numbers for its own files. So each use checks that
    the descriptor is still our pipe.
    """

    def __init__(self, events: int, control: int) -> None:
        self.events, self._events_id = _move(events)
        self.control, self._control_id = _move(control)
        self.owner = os.getpid()
        self._lock = threading.RLock()
        self._pending = b""
        os.register_at_fork(after_in_child=self._renew_lock)

    def _renew_lock(self) -> None:
        # Another thread may have held it at the fork.
        self._lock = threading.RLock()

    def send(self, event: str, **fields: Any) -> None:
        """Send one event. A forked copy of the script is not the run: it sends only the guards' events."""
        if os.getpid() != self.owner and event not in ("blocked", "network"):
            return
        data = json.dumps({"event": event, **fields}, default=repr).encode() + b"\n"
        with self._lock, contextlib.suppress(OSError):
            while data and _identity(self.events) == self._events_id:
                data = data[os.write(self.events, data) :]

    def receive(self) -> dict[str, Any]:
        """Wait for the next message."""
        while b"\n" not in self._pending:
            try:
                block = os.read(self.control, _BLOCK) if _identity(self.control) == self._control_id else b""
            except OSError:
                block = b""
            if not block:
                return {"stop": True}
            self._pending += block
        line, _, self._pending = self._pending.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message


def _move(fd: int) -> tuple[int, tuple[int, int] | None]:
    """Give a file descriptor a high number, and keep programs that the script starts from inheriting it."""
    for place in _PLACES:
        with contextlib.suppress(OSError):
            moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, place)
            os.close(fd)
            return moved, _identity(moved)
    os.set_inheritable(fd, False)
    return fd, _identity(fd)


def _identity(fd: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(fd)
    except OSError:
        return None
    return status.st_dev, status.st_ino
