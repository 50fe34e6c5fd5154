"""Watches what Python code sends on its connections, in any library.

`http.client` reports its requests by an audit event. Other clients (aiohttp, httpx, tornado) don't, but all of them
call the methods of `socket` and `ssl` that are watched here. A connection whose first bytes are an HTTP/1 request is
judged by its requests; one that carries anything else, or whose bytes are not seen, may do more than read.
"""

from __future__ import annotations

import functools
import os
import re
import socket
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet

from ..addresses import NAME_SERVICE
from .refusal import RefusedConnection
from .sources import Finder

if TYPE_CHECKING:
    from .network import Network

#: The method recorded for a request that upgrades its connection to another protocol (a web socket).
UPGRADE = "UPGRADE"
#: The method recorded for a GET that triggers an action: a notification, a job, a heartbeat.
ACTION = "notifying GET"
_NOTIFIERS = (
    "api.telegram.org",
    "hc-ping.com",
    "healthchecks.io",
    "cronitor.link",
    "nosnch.in",
    "maker.ifttt.com",
    "ntfy.sh",
    "api.callmebot.com",
    "api.day.app",
    "sctapi.ftqq.com",
    "api.simplepush.io",
)
_ACTS = re.compile(
    r"/(?:send(?:message|photo|document|text)?|publish|trigger|ping|notify|notifications?|(?:web)?hooks?|heartbeats?)"
    r"(?=[/?]|$)",
    re.IGNORECASE,
)
#: How many bytes of a request are examined.
_LOOKED_AT = 8192
_REQUEST = re.compile(rb"([A-Z]+) (\S+) HTTP/1")
_HOST = re.compile(rb"\r\nhost: *([^\r\n/]+?) *\r\n", re.IGNORECASE)
_UPGRADES = re.compile(rb"\r\nupgrade:", re.IGNORECASE)
_REMOTE_ADDRESS = re.compile(r"(https?|wss?)://(?:[^/@]*@)?(\[[^]]*\]|[^/:?#]+)(?::(\d+))?")
# The types of TLS records, and the version byte that follows.
_TLS_TYPES, _TLS_VERSION = range(20, 25), 3


class Request(NamedTuple):
    """An HTTP/1 request: its method, its target, and its Host header (empty if missing)."""

    method: str
    target: str
    host: str


def request_in(data: Any) -> Request | None:
    """The request at the start of ``data``; None if there is none."""
    try:
        begun = bytes(memoryview(data).cast("B")[:_LOOKED_AT])
    except (TypeError, ValueError):
        return None
    found = _REQUEST.match(begun)
    if found is None:
        return None
    method = UPGRADE if _UPGRADES.search(begun) else found[1].decode()
    header = _HOST.search(begun)
    target, host = found[2].decode("ascii", "replace"), header[1].decode("ascii", "replace") if header else ""
    return Request(ACTION if method == "GET" and _acts(target, host) else method, target, host)


def _acts(target: str, host: str) -> bool:
    """Whether a GET triggers an action: its host or its path is known for that."""
    whole = _REMOTE_ADDRESS.match(target)
    name = (whole[2] if whole else re.sub(r":\d+$", "", host)).lower()
    path = target[whole.end() :] if whole else target
    known = any(name == each or name.endswith(f".{each}") for each in _NOTIFIERS)
    return known or _ACTS.search(path.partition("?")[0]) is not None


def asked_by(request: Request, otherwise: str, port: int) -> str:
    """The host and port that a request is for; behind a proxy they differ from the connected ones.

    ``otherwise`` is the result if the request names no host; ``port`` is added to a host without a port.
    """
    if request.method == "CONNECT":
        return request.target
    whole = _REMOTE_ADDRESS.match(request.target)
    if whole:
        return f"{whole[2]}:{whole[3] or (443 if whole[1] in ('https', 'wss') else 80)}"
    if not request.host:
        return otherwise
    return request.host if re.search(r":\d+$", request.host) else f"{request.host}:{port}"


class Sends:
    """Watches what one child sends."""

    def __init__(self, network: Network, telling: Callable[[], bool]) -> None:
        """``telling()``: whether the current call comes from a client that reports its requests itself."""
        self._network = network
        self._telling = telling
        # The streams whose requests nothing else reports, and the ones that have begun with an HTTP request.
        self._streams: WeakSet[Any] = WeakSet()
        self._begun: WeakSet[Any] = WeakSet()
        # The connected datagram sockets, with the name of their peer.
        self._datagrams: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        # By peer, the numbers of the connections without a request so far.
        self._silent: dict[str, list[str]] = {}
        self._made = 0

    def install(self, finder: Finder) -> None:
        """Start watching."""
        for name in ("send", "sendall", "sendmsg"):
            self._wrap(socket.socket, name, self._before_sending)
        _give_number(socket.socket)
        finder.after("ssl", self._watch_ssl)

    def opened(self, connection: Any, name: str) -> None:
        """Note a stream that is about to connect to another machine and whose requests nothing else reports."""
        self._streams.add(connection)
        self._begun.discard(connection)
        if self._network.first:
            self._made += 1
            number = f"{os.getpid()}.{self._made}"
            self._silent.setdefault(name, []).append(number)
            self._network.count("silent", name, number)

    def aimed(self, connection: Any, name: str | None) -> None:
        """Note the peer that a datagram socket is about to connect to; None for this machine."""
        if name is None:
            self._datagrams.pop(connection, None)
        else:
            self._datagrams[connection] = name

    def _wrap(self, owner: Any, name: str, before: Callable[[Any, Any], None]) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def sent(line: Any, data: Any, *args: Any, **kwargs: Any) -> Any:
            before(line, data)
            return original(line, data, *args, **kwargs)

        setattr(owner, name, sent)

    def _watch_ssl(self, module: ModuleType) -> None:
        for name in ("send", "write"):
            self._wrap(module.SSLSocket, name, self._before_encrypting)
        self._wrap(module.SSLObject, "write", self._before_encrypting)

    def _before_sending(self, line: Any, data: Any) -> None:
        if line in self._datagrams:
            if not self._datagrams[line].endswith(f":{NAME_SERVICE}"):
                self._network.sent_blindly(self._datagrams[line])
        elif line in self._streams:
            first = data[0] if isinstance(data, list | tuple) and data else data
            name = self._network.peer(line)
            if name is not None and not _is_encrypted(first):
                self._judge(line, first, name, int(name.rpartition(":")[2]))

    def _before_encrypting(self, line: Any, data: Any) -> None:
        if not line.server_side and not self._telling():
            host = line.server_hostname
            name = self._network.peer(line) if isinstance(line, socket.socket) else self._network.reached_as(host)
            if name is not None:
                self._judge(line, data, name, int(name.rpartition(":")[2]))

    def _judge(self, line: Any, data: Any, through: str, port: int) -> None:
        """Report or refuse ``data``, which ``line`` is about to send to ``through``."""
        request = request_in(data)
        if request is not None:
            self._network.requested(request.method, asked_by(request, through, port), through)
            if request.method == "CONNECT":
                # Another protocol follows in the tunnel.
                self._begun.discard(line)
            else:
                self._begun.add(line)
            if left := self._silent.get(through):
                self._network.count("spoke", through, left.pop())
        elif line not in self._begun:
            self._network.sent_blindly(through)


def _give_number(owner: Any) -> None:
    """Make `connect_ex`, which returns an error number instead of raising, do so for a refusal too."""
    original = owner.connect_ex

    @functools.wraps(original)
    def connect_ex(line: Any, address: Any) -> int:
        try:
            return int(original(line, address))
        except RefusedConnection as refusal:
            return int(refusal.errno or 0)

    owner.connect_ex = connect_ex


def _is_encrypted(data: Any) -> bool:
    try:
        begun = bytes(memoryview(data).cast("B")[:2])
    except (TypeError, ValueError):
        return False
    return len(begun) == 2 and begun[0] in _TLS_TYPES and begun[1] == _TLS_VERSION
