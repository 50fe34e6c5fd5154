"""The pipes between a child and its parent."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_PIECE = 1 << 16


class Pipe:
    """A pipe; `close` closes each end that nobody has taken."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe()

    def take_read(self) -> int:
        """Take the read end; the caller must close it."""
        taken, self.read = self.read, -1
        return taken

    def take_write(self) -> int:
        """Take the write end, non-blocking; the caller must close it."""
        taken, self.write = self.write, -1
        # A reader that does not read must not block the writer.
        os.set_blocking(taken, False)
        return taken

    def close(self) -> None:
        """Close the ends that were not taken."""
        for fd in (self.read, self.write):
            if fd >= 0:
                os.close(fd)


@contextlib.contextmanager
def pipes(number: int) -> Iterator[list[Pipe]]:
    """Open ``number`` pipes; on exit, close the ends that were not taken."""
    with contextlib.ExitStack() as stack:
        made = []
        for _ in range(number):
            made.append(Pipe())
            stack.callback(made[-1].close)
        yield made


def pieces(fd: int) -> Iterator[bytes]:
    """Read a pipe until all its writers are gone, then close it."""
    with contextlib.suppress(OSError):
        while piece := os.read(fd, _PIECE):
            yield piece
    os.close(fd)
