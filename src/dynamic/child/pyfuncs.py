"""Tracks the Python code that TensorFlow's threads run during a call, and its random draws (in the child process).

A pipeline with a Python generator (`Dataset.from_generator`) or `tf.py_function` prefetches data during a training
step. The changes of Python state by such code are not side effects of the step.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from ... import tensorflow_internals
from . import marks

_MOST = 10_000
_lock = threading.Lock()
_numbers = itertools.count(1)
_opened: dict[int, tuple[int, int]] = {}  # by number of the call, the digests of the random states at its start
_closed: deque[tuple[int, tuple[int, int], tuple[int, int]]] = deque(maxlen=_MOST)
_count = 0
_blind = False  # whether this TensorFlow lacks the name that shows when its threads call Python code


def track() -> None:
    """Record TensorFlow's calls of Python code from now on; TensorFlow must have been imported."""
    global _blind
    try:
        tensorflow_internals.wrap_registered_calls(_noting)
    except tensorflow_internals.MissingName:
        _blind = True


def _noting(original: Callable[..., Any]) -> Callable[..., Any]:
    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:
        global _count
        number = next(_numbers)
        with _lock:
            _opened[number] = _states()
        try:
            return original(self, *args, **kwargs)
        finally:
            with _lock:
                _closed.append((number, _opened.pop(number), _states()))
                _count += 1

    return __call__


def _states() -> tuple[int, int]:
    """Digests of the states of `random` and `numpy.random`; each state has kilobytes."""
    return hash(random.getstate()), hash(marks.numpy_mark())


class Window:
    """The Python code of TensorFlow's threads since this was made, and whether other code drew random numbers."""

    def __init__(self) -> None:
        with _lock:  # no such call starts or ends during this
            self._open = frozenset(_opened)
            self._count = _count
            self.states = random.getstate(), marks.numpy_mark()
            self._digests = _states()

    @property
    def ran(self) -> bool:
        """Whether TensorFlow ran Python code, or runs it now; also True if that can't be known."""
        return _blind or bool(self._open or _opened) or _count > self._count

    def drew(self, index: int) -> bool:
        """Whether other code drew random numbers, from `random` (index 0) or `numpy.random` (1).

        If none did, the calls that started and ended since form a chain without gaps, each from one state to the
        next, from the first state to the current one. Calls that ran at either end of the window are not in the
        chain, so draws during them count as other code's.
        """
        digest = self._digests[index]
        with _lock:
            now = _states()[index]
            since = _count - self._count
            for number, before, after in list(_closed)[-since:] if since else []:
                if before[index] == digest and number not in self._open:
                    digest = after[index]
        return digest != now

    def restore(self) -> None:
        """Restore the random states, unless a pipeline may have drawn."""
        if self.ran:
            return
        if self.drew(0):
            random.setstate(self.states[0])
        if self.drew(1):
            marks.restore_numpy(self.states[1])
