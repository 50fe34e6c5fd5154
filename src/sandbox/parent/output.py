"""Keeps a bounded part of what a child prints."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

#: How much of the beginning and of the end of the output the log keeps.
HEAD_BYTES = 8 << 20
TAIL_BYTES = 1 << 20
LINES_KEPT = 20_000
LINE_LENGTH = 2_000


class Log:
    """A log file that several threads write to. On a full disk the log is cut; the run goes on."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "wb", buffering=0)  # noqa: SIM115
        self._lock = threading.Lock()
        self._room = HEAD_BYTES
        self._tail = bytearray()
        self._left_out = 0

    def write(self, chunk: bytes) -> None:
        """Add to the log."""
        with self._lock:
            if self._file.closed:
                return
            head, rest = chunk[: self._room], chunk[self._room :]
            self._room -= len(head)
            self._put(head)
            self._tail += rest
            if len(self._tail) > 2 * TAIL_BYTES:
                self._left_out += len(self._tail) - TAIL_BYTES
                del self._tail[:-TAIL_BYTES]

    def close(self) -> None:
        """Write the end of the output, and close the file."""
        with self._lock:
            if self._file.closed:
                return
            if len(self._tail) > TAIL_BYTES:
                self._left_out += len(self._tail) - TAIL_BYTES
                del self._tail[:-TAIL_BYTES]
            if self._left_out:
                self._put(f"\n[hybridize: {self._left_out:,} bytes are left out here]\n".encode())
            self._put(bytes(self._tail))
            self._file.close()

    def _put(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            while data:
                data = data[self._file.write(data) or 0 :]


class Lines:
    """The first lines of a stream, each cut to a maximum length; further lines are only counted."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.dropped = 0
        self._pending = b""

    def write(self, chunk: bytes) -> None:
        """Add a piece of the output."""
        if len(self.kept) >= LINES_KEPT:
            self.dropped += chunk.count(b"\n")
            self._pending = chunk[chunk.rfind(b"\n") + 1 :][:1] or (b"" if b"\n" in chunk else self._pending)
            return
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._keep(self._pending + line)
            self._pending = b""
        self._pending = (self._pending + rest)[:LINE_LENGTH]

    def close(self) -> None:
        """Mark the end of the stream; text after the last newline counts as a line."""
        if self._pending:
            self._keep(self._pending)
            self._pending = b""

    def _keep(self, line: bytes) -> None:
        if len(self.kept) < LINES_KEPT:
            self.kept.append(line[:LINE_LENGTH].decode("utf-8", "replace"))
        else:
            self.dropped += 1
