"""Answers the kernel about the connections of a child and its descendants (see `seccomp`)."""

from __future__ import annotations

import array
import contextlib
import ctypes
import errno
import fcntl
import os
import re
import select
import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...records import Network
from ..addresses import NAME_SERVICE, canonical, is_local
from ..protocol import ACKNOWLEDGED, APPROVED_NAME, SENDTO, SOCKET_NAME
from .fetchers import fetched_from

# The listener's ioctl requests (linux/seccomp.h): receive a question, send the answer. Then the structures' layouts.
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_QUESTION, _ANSWER = struct.Struct("=QIIiIQ6Q"), struct.Struct("=QqiI")
_GO_ON = 1
_PIDFD_GETFD = 438
_ADDRESS_BYTES = 128
_BY_PROGRAM = re.compile(r" \(.*\)$")
#: Errors that report a failed connection, or the failure of a program that needed one.
_NO_CONNECTION = re.compile(
    r"^CalledProcessError|refused|unreachable|unavailable|connection error|(fail|unable|not|n't)\w* (to )?connect",
    re.IGNORECASE,
)


class Sentry:
    """Listens in ``folder`` for a child, and answers the kernel's questions by the rules of ``network``.

    ``tell(kind, names)`` reports what was reached or refused, like the child's own events. Raises OSError if the
    folder's file system does not support sockets.
    """

    def __init__(self, folder: Path, network: Network, tell: Callable[[str, tuple[str, ...]], None]) -> None:
        self._approved = folder / APPROVED_NAME
        self._network = network
        self._tell = tell
        self._process = 0
        self._socket = socket.socket(socket.AF_UNIX)
        # A socket's path may have at most 107 bytes, and this folder's path may be longer.
        place = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        try:
            self._socket.bind(f"/proc/self/fd/{place}/{SOCKET_NAME}")
            self._socket.listen(1)
        except OSError:
            self._socket.close()
            raise
        finally:
            os.close(place)
        self._closing, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="hybridize-connections")
        self._thread.start()

    def close(self, seconds: float) -> None:
        """Stop, and wait at most ``seconds`` for the thread; call it after the child has ended."""
        if self._wake >= 0:
            os.close(self._wake)
            self._wake = -1
            self._thread.join(timeout=seconds)

    def _serve(self) -> None:
        listener = -1
        try:
            listener = self._accept()
            if listener >= 0:
                while self._wait(listener):
                    self._answer(listener)
        finally:
            self._socket.close()
            for fd in (listener, self._closing):
                if fd >= 0:
                    os.close(fd)

    def _accept(self) -> int:
        """The listener that the child has sent, or -1."""
        if not self._wait(self._socket.fileno()):
            return -1
        with contextlib.suppress(OSError, ValueError):
            line, _ = self._socket.accept()
            with line:
                self._process = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
                if not self._wait(line.fileno()):
                    return -1
                _, ancillary, _, _ = line.recvmsg(len(ACKNOWLEDGED), socket.CMSG_LEN(4), socket.MSG_CMSG_CLOEXEC)
                fds = array.array("i")
                for level, kind, payload in ancillary:
                    if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                        fds.frombytes(payload[:4])
                if fds:
                    line.send(ACKNOWLEDGED)
                    return fds[0]
        return -1

    def _wait(self, fd: int) -> bool:
        """Wait until ``fd`` is readable; False if `close` comes first."""
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        poll.register(self._closing, select.POLLIN)
        return all(ready == fd and what & select.POLLIN for ready, what in poll.poll())

    def _answer(self, listener: int) -> None:
        question = bytearray(_QUESTION.size)
        try:
            fcntl.ioctl(listener, _RECEIVE, question)
        except OSError:
            # The asking thread has been killed meanwhile.
            return
        number, thread, _, call, _, _, fd, *arguments = _QUESTION.unpack(question)
        sends = call in SENDTO.values()
        # `connect` takes the address as its second argument, `sendto` as its fifth; its length comes after it.
        place, length = arguments[3:5] if sends else arguments[0:2]
        try:
            allowed = self._decide(thread, fd, sends, place, length)
        except OSError:
            # An address that can't be read can't be judged, and a connection within this machine must not fail.
            allowed = True
        answer = _ANSWER.pack(number, 0, 0 if allowed else -errno.ECONNREFUSED, _GO_ON if allowed else 0)
        with contextlib.suppress(OSError):
            fcntl.ioctl(listener, _SEND, bytearray(answer))

    def _decide(self, thread: int, fd: int, sends: bool, address: int, length: int) -> bool:
        with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:
            memory.seek(address)
            found = _read_address(memory.read(min(length, _ADDRESS_BYTES)))
        if found is None or is_local(found[0]) or found[1] == NAME_SERVICE:
            return True
        host, port = found
        process = _process_of(thread)
        # Connecting a datagram socket sends nothing; a name lookup does it to compare routes.
        if not sends and _kind(process, fd) == socket.SOCK_DGRAM:
            return True
        if self._is_approved(host, port):
            return True
        network, own = self._network, process == self._process
        asked = None if sends else fetched_from(_words(process))
        name = f"{asked or f'{host}:{port}'} ({_program(process)})"
        if network.mode == "allow" or (network.mode == "offline" and network.first):
            self._tell("reached", (name, "" if asked else "unseen"))
            if asked:
                self._tell("request", (name, name, "GET"))
            if own:
                self._tell("port", (str(port),))
            return True
        if network.mode == "offline" and (
            (own and port in network.library_ports) or (asked and name in network.downloads)
        ):
            return True
        self._tell("refused", (name,))
        return False

    def _is_approved(self, host: str, port: int) -> bool:
        try:
            return f"{host} {port}" in self._approved.read_text().splitlines()
        except OSError:
            return False


def ended_by(contacts: Sequence[tuple[str, ...]], ended: Mapping[str, Any]) -> str:
    """The last connection refused to a program or C code, if that can explain how the script ended; else "".

    It can if the script ended without an exception, or with one that reports a failed connection. ``contacts``
    are the run's network events, ``ended`` is its last event.
    """
    refused = [names[0] for what, *names in contacts if what == "refused" and _BY_PROGRAM.search(names[0])]
    error = f"{ended.get('error_type', '')}: {ended.get('error', '')}"
    return refused[-1] if refused and ("error_type" not in ended or _NO_CONNECTION.search(error)) else ""


def _read_address(raw: bytes) -> tuple[str, int] | None:
    """The host and port in a ``sockaddr``; None for a family other than IP."""
    family = int.from_bytes(raw[:2], sys.byteorder)
    if family == socket.AF_INET and len(raw) >= 8:
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), int.from_bytes(raw[2:4], "big")
    if family == socket.AF_INET6 and len(raw) >= 24:
        return canonical(socket.inet_ntop(socket.AF_INET6, raw[8:24])), int.from_bytes(raw[2:4], "big")
    return None


def _process_of(thread: int) -> int:
    for line in Path(f"/proc/{thread}/status").read_text(errors="replace").splitlines():
        if line.startswith("Tgid:"):
            return int(line.split()[1])
    return thread


def _program(process: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/comm").read_text(errors="replace").strip()
    return "a program"


def _words(process: int) -> list[str]:
    """The command line of a process."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    return []


def _kind(process: int, fd: int) -> int:
    """The type of another process's socket; SOCK_STREAM if it can't be read."""
    with contextlib.suppress(OSError):
        handle = os.pidfd_open(process)
        try:
            none = ctypes.c_ulong(0)
            copy = ctypes.CDLL(None).syscall(_PIDFD_GETFD, ctypes.c_long(handle), ctypes.c_long(fd), none)
        finally:
            os.close(handle)
        if copy >= 0:
            with socket.socket(fileno=copy) as twin:
                return twin.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
    return int(socket.SOCK_STREAM)
