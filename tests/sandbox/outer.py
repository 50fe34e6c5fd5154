"""A server that is another machine to the tool: at an address of this one by which others know it."""

from __future__ import annotations

import http.server
import socket
import threading

import pytest

from hybridize.sandbox.addresses import is_local


def outer_address() -> str:
    """An address of this machine that is no loopback address; the test is skipped where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: the kernel only looks up which of its addresses it would send from.
            probe.connect(("192.0.2.1", 9))
            address: str = probe.getsockname()[0]
        except OSError:
            address = "127.0.0.1"
    if is_local(address):
        pytest.skip("this machine has a loopback address only")
    return address


class Server:
    """Notes the method and the path of each request, and counts the connections."""

    def __init__(self) -> None:
        self.host = outer_address()
        self.requests: list[str] = []
        self.connections = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle(self) -> None:
                outer.connections += 1
                super().handle()

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.requests.append(f"{self.command} {self.path}")
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                # The answer to HEAD has no body; aiohttp takes one for an error.
                if self.command != "HEAD":
                    self.wfile.write(b"ok")

            do_GET = do_POST = do_PUT = do_HEAD = answer

            def log_message(self, *_: object) -> None:
                return

        self._server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Handler)
        self.port: int = self._server.server_address[1]
        self.name = f"{self.host}:{self.port}"
        self.url = f"http://{self.name}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
