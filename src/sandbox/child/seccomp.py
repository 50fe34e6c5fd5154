"""Has the kernel ask the parent about each connection of this process and its descendants.

C code and other programs connect without Python. Landlock's network rules know ports but no addresses, so they cannot
distinguish this machine from another. A seccomp filter with a listener can: the parent reads the address and decides
(`connections`). This needs Linux 5.5 or newer and a process without another listener. The numbers are those of
``linux/seccomp.h``, ``linux/audit.h`` and the tables of system calls.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import os
import platform
import re
import socket

from ..protocol import ACKNOWLEDGED, SENDTO, SOCKET_NAME

_PATIENCE = 20.0
#: For each machine: its number in the filter's data, and the system call numbers of `connect` and `seccomp`.
_MACHINES = {"x86_64": (0xC000003E, 42, 317), "aarch64": (0xC00000B7, 203, 277)}
_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2
# A listener (NEW_LISTENER), without the speculation mitigation, which would slow everything down (SPEC_ALLOW).
_FLAGS = (1 << 3) | (1 << 2)
_ALLOW, _ASK = 0x7FFF0000, 0x7FC00000
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
# Offsets in the filter's data: the system call's number, the machine, the two halves of sendto's fifth argument.
_NUMBER, _MACHINE, _ADDRESS_LOW, _ADDRESS_HIGH = 0, 4, 48, 52


class _Instruction(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_ushort),
        ("then", ctypes.c_ubyte),
        ("otherwise", ctypes.c_ubyte),
        ("k", ctypes.c_uint32),
    ]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction))]


def watch(folder: str) -> bool:
    """Have the kernel ask the parent, which listens at `SOCKET_NAME` in ``folder``, about connections from now on.

    Returns whether this worked; it cannot be undone.
    """
    numbers = _MACHINES.get(platform.machine())
    if platform.system() != "Linux" or numbers is None or _kernel() < (5, 5):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_PATIENCE)
        # A socket's path may have at most 107 bytes, and this folder's path may be longer.
        place = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        try:
            line.connect(f"/proc/self/fd/{place}/{SOCKET_NAME}")
        finally:
            os.close(place)
        name, connect, seccomp = numbers
        listener = _listener(libc, name, connect, SENDTO[platform.machine()], seccomp)
        if listener < 0:
            return False
        try:
            line.sendmsg([ACKNOWLEDGED], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener]))])
        finally:
            os.close(listener)
        return line.recv(len(ACKNOWLEDGED)) == ACKNOWLEDGED
    return False


def _kernel() -> tuple[int, ...]:
    found = re.match(r"(\d+)\.(\d+)", platform.release())
    return tuple(map(int, found.groups())) if found else (0, 0)


def _listener(libc: ctypes.CDLL, machine: int, connect: int, sendto: int, seccomp: int) -> int:
    """Install the filter; returns the listener's file descriptor, or -1."""
    instructions = (
        _Instruction(_LOAD, 0, 0, _MACHINE),
        _Instruction(_EQUAL, 0, 7, machine),
        _Instruction(_LOAD, 0, 0, _NUMBER),
        _Instruction(_EQUAL, 6, 0, connect),
        _Instruction(_EQUAL, 0, 4, sendto),
        # Without an address, `sendto` sends to the socket's connected peer; the filter has reported that `connect`.
        _Instruction(_LOAD, 0, 0, _ADDRESS_LOW),
        _Instruction(_EQUAL, 0, 3, 0),
        _Instruction(_LOAD, 0, 0, _ADDRESS_HIGH),
        _Instruction(_EQUAL, 0, 1, 0),
        _Instruction(_RETURN, 0, 0, _ALLOW),
        _Instruction(_RETURN, 0, 0, _ASK),
    )
    program = _Program(len(instructions), (_Instruction * len(instructions))(*instructions))
    none = ctypes.c_ulong(0)
    action = ctypes.c_uint32(_ASK)
    if libc.syscall(seccomp, _GET_ACTION_AVAIL, none, ctypes.byref(action)) != 0:
        return -1
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), none, none, none) != 0:
        return -1
    return int(libc.syscall(seccomp, _SET_MODE_FILTER, ctypes.c_ulong(_FLAGS), ctypes.byref(program)))
