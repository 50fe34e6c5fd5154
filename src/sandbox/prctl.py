"""Settings of the kernel for this process (`prctl`). Elsewhere than on Linux they do nothing."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_PTRACER = 0x59616D61
_PR_SET_PTRACER_ANY = -1


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ``parent`` ends; exit at once if it already has."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def become_subreaper() -> None:
    """Have the orphans of all descendants become children of this process."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def allow_tracing() -> None:
    """Let every process of this user trace this one; Yama by default permits only its ancestors."""
    _prctl(_PR_SET_PTRACER, _PR_SET_PTRACER_ANY)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            nothing = ctypes.c_ulong(0)
            ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), nothing, nothing, nothing)
