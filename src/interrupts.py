"""Makes requests to end this process (Ctrl-C, SIGTERM, SIGHUP) wait while something must not stop half-way."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

_REQUESTS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Hold back requests to end the process; the first one that came is answered on leaving, as it would have been.

    Handlers, and not the signal mask: a mask holds for one thread, and any thread may receive the signal. Python
    runs handlers in the main thread alone, so in any other thread there is nothing to hold back. May be nested.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    previous: dict[int, Any] = {}
    try:
        for number in _REQUESTS:
            # A handler that isn't Python's can't be put back.
            if (handler := signal.getsignal(number)) is not None:
                previous[number] = handler
                signal.signal(number, signal.SIG_IGN if handler is signal.SIG_IGN else hold)
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        for number in came[:1]:
            signal.raise_signal(number)
