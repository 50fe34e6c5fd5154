"""The operating system's side of starting and ending processes (Linux; elsewhere what can be had of it)."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import uuid
from collections.abc import Collection
from pathlib import Path

TOKEN_VARIABLE = "HYBRIDIZE_RUN"
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_kept: set[int] = set()


def new_token() -> str:
    """A mark for a run's processes, kept in their environment."""
    return uuid.uuid4().hex


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, however that ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def become_subreaper() -> None:
    """Have processes that a child orphans become ours, so that they can be waited for and ended."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def kill_group(pid: int) -> None:
    """Kill the process group that ``pid`` leads."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_marked(token: str) -> None:
    """Kill every process that carries a mark in its environment: what a script has started and left."""
    mark = f"{TOKEN_VARIABLE}={token}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                _kill(int(entry.name))


def keep(pid: int) -> None:
    """Take a marked child of ours out of `kill_orphans`' reach."""
    _kept.add(pid)


def release(pid: int) -> None:
    """The opposite of `keep`."""
    _kept.discard(pid)


def kill_orphans(known: Collection[int]) -> None:
    """Kill this process's children outside of ``known`` that descend from a run: forked, and orphaned to us."""
    mark = f"{TOKEN_VARIABLE}=".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            spared = {*known, *_kept}
            if parent == os.getpid() and int(entry.name) not in spared and mark in (entry / "environ").read_bytes():
                _kill(int(entry.name))


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


class Forked:
    """A child that was not started by ``subprocess`` but is ours to wait for; quacks like ``Popen``."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status (minus the signal's number) or None while it runs."""
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                self.returncode = -signal.SIGKILL
                return self.returncode
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode
