"""Takes away this process's right to write outside given folders, with the kernel's Landlock.

A script can write from C++ (checkpoints, HDF5), where no Python hook sees it; the kernel sees it. This needs Linux
5.19 or newer; elsewhere `restrict` returns False and only the Python guard remains. The numbers are
those of ``linux/landlock.h``.
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38
# Variadic C functions read whole registers, so each argument needs a full-width type.
_NONE = ctypes.c_ulong(0)

_WRITE_FILE = 1 << 1
_REMOVE_DIR = 1 << 4
_REMOVE_FILE = 1 << 5
_MAKE = sum(1 << bit for bit in range(6, 13))
_REFER = 1 << 13
_TRUNCATE = 1 << 14


class _Ruleset(ctypes.Structure):
    _fields_ = [("handled_access_fs", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


def restrict(writable: Iterable[str]) -> bool:
    """Allow this process and its children to write only below the ``writable`` paths.

    Returns whether the kernel enforces this from now on. Reading is not restricted.
    """
    if platform.system() != "Linux" or platform.machine() not in ("x86_64", "aarch64"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_ulong(_VERSION_FLAG))
    if version < 2:
        # The first version refuses every rename between folders, and TensorFlow writes checkpoints that way.
        return False
    handled = _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE | _REFER
    if version >= 3:
        handled |= _TRUNCATE
    ruleset = _Ruleset(handled)
    fd = libc.syscall(_CREATE, ctypes.byref(ruleset), ctypes.c_size_t(ctypes.sizeof(ruleset)), _NONE)
    if fd < 0:
        return False
    try:
        for path in writable:
            _allow(libc, fd, path, handled)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), _NONE, _NONE, _NONE) != 0:
            return False
        return bool(libc.syscall(_RESTRICT, ctypes.c_long(fd), _NONE) == 0)
    finally:
        os.close(fd)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, access: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            access &= _WRITE_FILE | _TRUNCATE
        rule = _PathBeneath(access, parent)
        libc.syscall(_ADD, ctypes.c_long(ruleset), ctypes.c_long(_PATH_BENEATH), ctypes.byref(rule), _NONE)
    finally:
        os.close(parent)
