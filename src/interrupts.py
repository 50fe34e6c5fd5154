"""Defers requests to end this process (Ctrl-C, SIGTERM, SIGHUP) while something must not stop half-way."""

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
    """Defer requests to end the process. On exit, the first one that arrived gets its usual handling.

    This replaces the signal handlers. A signal mask would not do: it applies to one thread, and any thread may receive
    the signal. Python runs handlers only in the main thread, so in other threads this does nothing. May be nested.
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
            # A handler that was not installed from Python can't be restored.
            if (handler := signal.getsignal(number)) is not None:
                previous[number] = handler
                signal.signal(number, signal.SIG_IGN if handler is signal.SIG_IGN else hold)
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        for number in came[:1]:
            signal.raise_signal(number)
