"""Inside the child: the Python code that TensorFlow's own threads run beside a call, and the random numbers it draws.

A pipeline made of a Python generator (`Dataset.from_generator`), or with `tf.py_function` in it, loads data ahead
while a training step computes. What such code changes in Python is no effect of the step.
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
_opened: dict[int, tuple[int, int]] = {}  # by number, the digests of the random states at its begin
_closed: deque[tuple[int, tuple[int, int], tuple[int, int]]] = deque(maxlen=_MOST)
_count = 0
_blind = False  # whether this TensorFlow lacks what tells when its threads call Python code


def track() -> None:
    """Note from now on when TensorFlow calls Python code; TensorFlow must have been imported."""
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
    """Digests of the states of `random` and `numpy.random`, which are kilobytes each."""
    return hash(random.getstate()), hash(marks.numpy_mark())


class Window:
    """What ran beside since this was made, and whether anything else drew random numbers."""

    def __init__(self) -> None:
        with _lock:  # no such call begins or ends meanwhile
            self._open = frozenset(_opened)
            self._count = _count
            self.states = random.getstate(), marks.numpy_mark()
            self._digests = _states()

    @property
    def ran(self) -> bool:
        """Whether any Python code of TensorFlow's ran, or runs; where that can't be told, it may have."""
        return _blind or bool(self._open or _opened) or _count > self._count

    def drew(self, index: int) -> bool:
        """Whether random numbers were drawn by anyone else, from `random` (index 0) or `numpy.random` (1).

        If by nobody, those calls that began and ended since, each from one state to the next, lead without a gap from
        the state then to the state now. What was drawn while one was under way then, or is now, may be anyone's.
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
        """Take back what was drawn, unless a pipeline may have drawn it."""
        if self.ran:
            return
        if self.drew(0):
            random.setstate(self.states[0])
        if self.drew(1):
            marks.restore_numpy(self.states[1])
