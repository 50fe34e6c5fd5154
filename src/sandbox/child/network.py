"""Watches connections to other machines, and refuses the ones that this run may not make.

The audit hook knows host names and the script's own calls; the kernel (`connections`) sees C code and other programs.
The hook writes each address that it allows to a file that the parent reads. So each connection is reported once, by the
side that knows its name.
"""

from __future__ import annotations

import ctypes
import functools
import os
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ..addresses import NAME_SERVICE, READING, canonical, is_address, is_local
from .refusal import RefusedConnection
from .sends import Sends, asked_by, request_in
from .sources import Finder

#: The modules whose connections report their requests, by the audit event ``http.client.send``.
_TELLING = ("http.client", "urllib3.connection", "requests.packages.urllib3.connection")
_FRAMES = 40
#: At most this many different events are reported.
MOST_TOLD = 200


class Network:
    """Watches one child's connections.

    ``rules`` are those of `records.Network`, as in the job. ``approved`` is the file that lists the allowed addresses;
    ``tell`` sends an event to the parent.
    """

    def __init__(self, rules: Mapping[str, Any], approved: str, tell: Callable[..., None]) -> None:
        self.mode: str = rules["mode"]
        self.first: bool = rules["first"]
        self.downloads = frozenset(rules["downloads"])
        self.remote_reads = frozenset(rules["remote_reads"])
        self._approved = approved
        self._tell = tell
        self._told: set[tuple[str, ...]] = set()
        self._names: dict[str, str] = {}
        self._known: set[tuple[str, int]] = set()
        self._reached: set[str] = set()
        self._libc = ctypes.CDLL(None)
        self._sends = Sends(self, tells_its_requests)

    @property
    def open(self) -> bool:
        """Whether this run may reach every host."""
        return self.mode == "allow" or (self.mode == "offline" and self.first)

    def install(self, finder: Finder) -> None:
        """Start watching; ``finder`` reports modules that are imported later."""
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            self._learn_names(name)
        self._sends.install(finder)
        sys.addaudithook(self._audit)

    def refuse(self, place: str, what: str) -> None:
        """Report the refusal of ``place`` to the parent, and raise RefusedConnection in the script."""
        self.tell("refused", place)
        raise RefusedConnection(place, what)

    def tell(self, what: str, *names: str) -> None:
        """Report an event to the parent, once."""
        if (what, *names) not in self._told and len(self._told) < MOST_TOLD:
            self._told.add((what, *names))
            self._tell("network", what=what, names=names)

    def count(self, what: str, *names: str) -> None:
        """Report an event of one connection to the parent, every time."""
        self._tell("network", what=what, names=names)

    def sent_blindly(self, name: str) -> None:
        """Report or refuse data to ``name`` that is not an HTTP request. Raises RefusedConnection."""
        if not self.open:
            self.refuse(name, f"allows this run to send only read requests to {name}")
        self.tell("reached", name, "unseen")

    def requested(self, method: str, name: str, through: str) -> None:
        """Report or refuse a request for ``name`` that is sent to ``through``. Raises RefusedConnection."""
        if is_local(through.rpartition(":")[0]) and is_local(name.rpartition(":")[0]):
            if method not in READING:
                self.tell("posted", name)
            return
        if not self.open and (self.mode == "deny" or name not in self.downloads or method not in READING):
            self.refuse(name, f"does not allow this run to send a {method} request to {name}")
        self.tell("request", name, through, method)

    def peer(self, line: Any) -> str | None:
        """The host and port that a socket is connected to; None if there is no peer or it is this machine."""
        name = _peer(line, self._names)
        return name if name is not None and not is_local(name.rpartition(":")[0]) else None

    def reached_as(self, host: str | None) -> str | None:
        """The host and port of an encrypted connection to ``host``; None for this machine.

        Through a proxy's tunnel the port is unknown; 443, the default, stands for it.
        """
        if not host or is_local(host):
            return None
        return next((name for name in self._reached if name.rpartition(":")[0] == host), f"{host}:443")

    def _learn_names(self, name: str) -> None:
        """Remember the host name that each address was looked up by; the audit event has only the name."""
        original = getattr(socket, name)

        @functools.wraps(original)
        def looked_up(host: Any, *args: Any, **kwargs: Any) -> Any:
            found = original(host, *args, **kwargs)
            text = host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else host
            if isinstance(text, str) and not is_address(text):
                self._names.update((address, text) for address in _addresses(found))
            return found

        setattr(socket, name, looked_up)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            self._before_connecting(args[0], args[1])
        elif event in ("socket.sendto", "socket.sendmsg"):
            if len(args) > 1 and args[1] is not None:
                self._before_sending(args[0], args[1])
        elif event == "http.client.send":
            self._before_request(args[0], args[1])

    def _before_connecting(self, connection: Any, address: Any) -> None:
        if connection.type == socket.SOCK_STREAM:
            self._reach(connection, address)
        elif connection.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            # Connecting a datagram socket sends nothing yet.
            name = f"{self._names.get(address[0], address[0])}:{address[1]}"
            self._sends.aimed(connection, None if is_local(str(address[0])) else name)

    def _before_sending(self, connection: Any, address: Any) -> None:
        if isinstance(address, tuple) and address[1] != NAME_SERVICE:
            self._reach(connection, address)

    def _reach(self, connection: Any, place: Any) -> None:
        if connection.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(place, tuple):
            return
        host, port = str(place[0]), int(place[1])
        addresses = [host]
        if host and not is_address(host):
            # The C library will look the name up itself; this look-up finds the same addresses.
            try:
                addresses = _addresses(socket.getaddrinfo(host, port))
            except OSError:
                return
        if all(map(is_local, addresses)):
            return
        name = f"{self._names.get(host, host)}:{port}"
        is_stream = connection.type == socket.SOCK_STREAM
        if not (self.open or (is_stream and self.mode == "offline" and name in self.downloads)):
            self.refuse(name, f"does not allow this run to connect to {name}")
        self._reached.add(name)
        self.tell("reached", name, "" if is_stream else "unseen")
        if is_stream and not tells_its_requests():
            self._sends.opened(connection, name)
        for address in addresses:
            self._approve(address, port)

    def _approve(self, host: str, port: int) -> None:
        """Add an address to the list of allowed ones, with the C library: audit hooks must see only the script."""
        if (host, port) in self._known:
            return
        self._known.add((host, port))
        path, line = self._approved.encode(), f"{canonical(host)} {port}\n".encode()
        place = self._libc.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if place >= 0:
            self._libc.write(place, line, ctypes.c_size_t(len(line)))
            self._libc.close(place)

    def _before_request(self, client: Any, data: Any) -> None:
        """Judge a request of `http.client`."""
        request = request_in(data)
        through = _peer(getattr(client, "sock", None), self._names)
        if request is None or through is None:
            return
        tunnel = getattr(client, "_tunnel_host", None)
        if tunnel and request.method != "CONNECT":
            name = f"{tunnel}:{getattr(client, '_tunnel_port', None) or 443}"
        else:
            name = asked_by(request._replace(host=""), f"{client.host}:{client.port}", client.port)
        self.requested(request.method, name, through)


def _addresses(found: Any) -> list[str]:
    """The addresses in the result of one of the look-up functions."""
    if isinstance(found, str):
        return [found]
    if isinstance(found, tuple):
        return list(found[2])
    return [str(entry[4][0]) for entry in found]


def tells_its_requests() -> bool:
    """Whether the current call comes from a client whose requests an audit event reports."""
    frame, left = sys._getframe(1), _FRAMES
    while frame is not None and left:
        if frame.f_globals.get("__name__") in _TELLING:
            return True
        frame, left = frame.f_back, left - 1  # type: ignore[assignment]
    return False


def _peer(line: Any, names: Mapping[str, str]) -> str | None:
    """The host and port that a socket is connected to."""
    try:
        host, port = line.getpeername()[:2]
    except (AttributeError, OSError, ValueError, TypeError):
        return None
    return f"{names.get(host, host)}:{port}"
