"""The pipes between a child and the process that starts it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_PIECE = 1 << 16


class Pipe:
    """A pipe of which each end is either taken or closed."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe()

    def take_read(self) -> int:
        """Give the end that is read from; whoever has it closes it."""
        taken, self.read = self.read, -1
        return taken

    def take_write(self) -> int:
        """Give the end that is written to; whoever has it closes it."""
        taken, self.write = self.write, -1
        # Who does not read what it is told must not hold up who tells it.
        os.set_blocking(taken, False)
        return taken

    def close(self) -> None:
        """Close the ends that nobody has taken."""
        for fd in (self.read, self.write):
            if fd >= 0:
                os.close(fd)


@contextlib.contextmanager
def pipes(number: int) -> Iterator[list[Pipe]]:
    """So many pipes, closed at the end but for the ends that were taken."""
    with contextlib.ExitStack() as stack:
        made = []
        for _ in range(number):
            made.append(Pipe())
            stack.callback(made[-1].close)
        yield made


def pieces(fd: int) -> Iterator[bytes]:
    """What comes out of a pipe until all its writers are gone."""
    with contextlib.suppress(OSError):
        while piece := os.read(fd, _PIECE):
            yield piece
    os.close(fd)
