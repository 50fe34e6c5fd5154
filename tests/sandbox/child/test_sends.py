"""What a connection carries is known whichever library, or program, has made it: so downloads are told from uploads."""

from __future__ import annotations

import shutil
import socket
import subprocess
import textwrap
import threading

import pytest
from sandboxed import eventually

from hybridize.records import Network
from hybridize.run.reach import after_first

pytestmark = pytest.mark.slow


def later(*downloads: str) -> Network:
    """What a later run may reach: what was only read from."""
    return Network(first=False, downloads=downloads)


#: Clients as they are in aiohttp (asyncio's transports) and httpx (a socket of its own, and asyncio's), in short.
BLOCKING = """
    import socket
    def ask(host, port, method):
        with socket.create_connection((host, port)) as line:
            line.sendall(f"{method} / HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nContent-Length: 1\\r\\n\\r\\n".encode())
            line.sendall(b"x")
            return line.recv(1000).decode().splitlines()[0]
"""
STREAMS = """
    import asyncio
    def ask(host, port, method):
        async def talk():
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"{method} / HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nContent-Length: 1\\r\\n\\r\\nx".encode())
            line = await reader.readline()
            writer.close()
            if not line:
                raise ConnectionResetError("closed")
            return line.decode().strip()
        return asyncio.run(talk())
"""
LOOP = """
    import asyncio, socket
    def ask(host, port, method):
        async def talk():
            loop = asyncio.get_running_loop()
            with socket.socket() as line:
                line.setblocking(False)
                await loop.sock_connect(line, (host, port))
                await loop.sock_sendall(line, f"{method} / HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n".encode())
                return (await loop.sock_recv(line, 1000)).decode().splitlines()[0]
        return asyncio.run(talk())
"""
AIOHTTP = """
    import asyncio, aiohttp
    def ask(host, port, method):
        async def talk():
            async with aiohttp.ClientSession() as session:
                async with session.request(method, f"http://{host}:{port}/") as answer:
                    return f"HTTP/1.1 {answer.status}"
        return asyncio.run(talk())
"""
HTTPX = """
    import httpx
    def ask(host, port, method):
        return f"HTTP/1.1 {httpx.request(method, f'http://{host}:{port}/').status_code}"
"""
CURL = """
    import subprocess
    def ask(host, port, method):
        more = [] if method == "GET" else ["-X", method, "-d", "x"]
        subprocess.run(["curl", "-sSfL", *more, f"http://{host}:{port}/"], check=True, capture_output=True)
        return "HTTP/1.1 200"
"""
WGET = """
    import subprocess
    def ask(host, port, method):
        more = [] if method == "GET" else ["--post-data=x"]
        command = ["wget", "-q", "-t1", *more, "-O", "/dev/null", f"http://{host}:{port}/"]
        subprocess.run(command, check=True, capture_output=True)
        return "HTTP/1.1 200"
"""
CLIENTS = {"a socket": BLOCKING, "streams": STREAMS, "loop": LOOP, "aiohttp": AIOHTTP, "httpx": HTTPX}


@pytest.fixture(params=CLIENTS)
def client(request):
    if request.param in ("aiohttp", "httpx"):
        pytest.importorskip(request.param)
    return CLIENTS[request.param]


def script(client, server, *methods):
    calls = "".join(
        f"try:\n    print(ask({server.host!r}, {server.port}, {method!r}))\n"
        "except Exception as error:\n    print(type(error).__name__, error)\n"
        for method in methods
    )
    return textwrap.dedent(client) + calls


def test_what_any_client_only_read_from_is_read_again(project, server, client):
    first = project.run(script(client, server, "GET", "HEAD"))
    assert (first.contacts.reached, first.contacts.downloads) == ((server.name,), (server.name,))
    project.network = after_first(project.network, first.contacts)
    again = project.run(script(client, server, "GET", "HEAD"))
    assert again.lines == first.lines
    assert again.contacts.refused == ()
    assert server.requests == ["GET /", "HEAD /"] * 2


def test_what_any_client_sends_to_is_no_download(project, server, client):
    outcome = project.run(script(client, server, "GET", "POST"))
    assert outcome.contacts.downloads == ()
    assert "POST /" in server.requests


def test_nothing_is_sent_to_a_download_by_any_client(project, server, client):
    project.network = later(server.name)
    outcome = project.run(script(client, server, "POST"))
    assert outcome.contacts.refused == (server.name,)
    assert server.requests == []


RAW = """
    import socket
    line = socket.create_connection(({host!r}, {port}))
    try:
        {send}
        print("sent")
    except OSError as error:
        print(error.errno)
"""
OTHERWISE = {
    "no request": "line.sendall(b'metric 1')",
    "a web socket": "line.sendall(b'GET / HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nUpgrade: websocket\\r\\n\\r\\n')",
    "HTTP/2": "line.sendall(b'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n')",
}


@pytest.mark.parametrize("send", OTHERWISE.values(), ids=OTHERWISE)
def test_what_is_no_request_that_reads_is_no_download_and_is_refused(project, server, send):
    source = RAW.format(host=server.host, port=server.port, send=send.format(host=server.host, port=server.port))
    get = script(BLOCKING, server, "GET")
    # A request that reads, on another connection to the same host, changes nothing.
    assert project.run(source + get).contacts.downloads == ()
    project.network = later(server.name)
    outcome = project.run(source)
    assert outcome.lines == ("111",)
    assert outcome.contacts.refused == (server.name,)


def test_what_is_sent_where_nothing_is_seen_is_no_download(project, server):
    send = "import os; os.write(line.fileno(), b'GET / HTTP/1.0\\r\\n\\r\\n')"
    source = RAW.format(host=server.host, port=server.port, send=send)
    assert project.run(source + script(BLOCKING, server, "GET")).contacts.downloads == ()


def test_an_answer_to_another_machine_is_not_asked_about(project, server):
    """A server of the script's own answers whom it likes, in whatever way."""
    project.network = later()
    listener = socket.create_server(("0.0.0.0", 0))
    port = listener.getsockname()[1]
    listener.close()

    def visit() -> None:
        assert eventually(lambda: socket.socket().connect_ex((server.host, port)) == 0)

    visitor = threading.Thread(target=visit)
    visitor.start()
    outcome = project.run(f"""
        import socket
        line, _ = socket.create_server(("0.0.0.0", {port})).accept()
        line.sendall(b"hello")
        print("sent")
    """)
    visitor.join()
    assert outcome.lines == ("sent",)
    assert outcome.contacts.refused == ()


@pytest.mark.parametrize("is_async", [False, True], ids=["blocking", "asyncio"])
def test_requests_are_seen_before_they_are_encrypted(project, server, tmp_path, is_async):
    """TLS by Python's own module; the handshake is with a server that this script has made."""
    certificate = _certificate(tmp_path)
    if certificate is None:
        pytest.skip("there is no openssl to make a certificate with")
    source = textwrap.dedent(f"""
        import asyncio, socket, ssl, threading
        host = {server.host!r}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain({str(certificate)!r})
        listener = socket.create_server(("0.0.0.0", 0))
        port = listener.getsockname()[1]
        def serve():
            while True:
                raw, _ = listener.accept()
                try:
                    with context.wrap_socket(raw, server_side=True) as line:
                        print(line.recv(1000).decode().split()[0], "came")
                        line.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
                except OSError as error:
                    print("nothing came")
        threading.Thread(target=serve, daemon=True).start()
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        def ask(method):
            request = f"{{method}} / HTTP/1.1\\r\\nHost: {{host}}:{{port}}\\r\\n\\r\\n".encode()
            if {is_async}:
                async def talk():
                    reader, writer = await asyncio.open_connection(host, port, ssl=trusting)
                    writer.write(request)
                    await reader.readline()
                    writer.close()
                asyncio.run(talk())
            else:
                with trusting.wrap_socket(socket.create_connection((host, port)), server_hostname=host) as line:
                    line.sendall(request)
                    line.recv(1000)
        ask("GET")
    """)
    first = project.run(source)
    assert first.lines == ("GET came",)
    assert len(first.contacts.downloads) == 1
    posted = project.run(source + "ask('POST')\n")
    assert posted.lines == ("GET came", "POST came")
    assert posted.contacts.downloads == ()


def _certificate(folder):
    if shutil.which("openssl") is None:
        return None
    place = folder / "both.pem"
    key = folder / "key.pem"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {key} -out {place} -days 2 -subj /CN=here"
    subprocess.run(command.split(), check=True, capture_output=True)
    place.write_bytes(place.read_bytes() + key.read_bytes())
    return place


# Calls that give an error's number instead of raising it, and datagrams.


def test_a_call_that_gives_an_errors_number_gives_it(project, server, watched):
    project.network = later()
    outcome = project.run(f"""
        import socket
        print(socket.socket().connect_ex(({server.host!r}, {server.port})))
        print(socket.socket().connect_ex(("127.0.0.1", {server.port})))
        try:
            socket.socket().connect_ex("no address")
        except TypeError as error:
            print(type(error).__name__)
    """)
    assert outcome.lines == ("111", "0", "TypeError")
    assert outcome.contacts.refused == (server.name,)
    assert server.connections <= 1


DATAGRAMS = {
    "sendto": "sender.sendto(b'metric:1|c', ({host!r}, 8125))",
    "connected": "sender.connect(({host!r}, 8125)); sender.send(b'metric:1|c')",
    "sendmsg": "sender.sendmsg([b'metric:1|c'], [], 0, ({host!r}, 8125))",
}


@pytest.mark.parametrize("send", DATAGRAMS.values(), ids=DATAGRAMS)
def test_datagrams_are_told_and_refused_however_they_are_sent(project, server, send):
    source = f"""
        import socket
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            {send.format(host=server.host)}
        except OSError as error:
            print(error.errno)
    """
    first = project.run(source)
    assert (first.lines, first.contacts.reached) == ((), (f"{server.host}:8125",))
    project.network = later()
    again = project.run(source)
    assert (again.lines, again.contacts.refused) == (("111",), (f"{server.host}:8125",))


def test_a_datagram_of_asyncio_is_an_error_that_its_protocol_gets(project, server):
    project.network = later()
    outcome = project.run(f"""
        import asyncio
        class Protocol(asyncio.DatagramProtocol):
            def error_received(self, error):
                print("received", error.errno)
        async def main():
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(Protocol, remote_addr=({server.host!r}, 8125))
            transport.sendto(b"metric:1|c")
            await asyncio.sleep(0)
            transport.close()
        asyncio.run(main())
    """)
    assert outcome.lines == ("received 111",)


def test_looking_a_name_up_is_free(project):
    project.network = Network("deny")
    outcome = project.run("import socket\nprint(socket.getaddrinfo('localhost', 80)[0][4][1])\n")
    assert outcome.lines == ("80",)
    assert (outcome.contacts.reached, outcome.contacts.refused) == ((), ())


# A script that can't go on for it.


ENDINGS = {
    "several tries": "raise OSError('Multiple exceptions: ' + str(refusal) + ', ' + str(refusal)) from None",
    "another library's error": "raise RuntimeError(f'tracker unreachable: {refusal}') from None",
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_an_error_that_only_cites_the_refusal_is_one_too(project, server, ending):
    project.network = later()
    outcome = project.run(f"""
        import socket
        try:
            socket.create_connection(({server.host!r}, {server.port}))
        except OSError as refusal:
            {ending}
    """)
    assert outcome.contacts.stopped == server.name


def test_a_script_that_ends_for_a_number_that_was_given_was_cut(project, server):
    project.network = later()
    outcome = project.run(f"""
        import os, socket
        number = socket.socket().connect_ex(({server.host!r}, {server.port}))
        if number:
            raise OSError(number, os.strerror(number))
    """)
    assert outcome.contacts.stopped == server.name


# Programs that only read.


@pytest.fixture(params=["curl", "wget"])
def program(request, project):
    if shutil.which(request.param) is None:
        pytest.skip(f"there is no {request.param}")
    if not project.run("pass\n").contacts.kernel:
        pytest.skip("this kernel does not ask about connections")
    return {"curl": CURL, "wget": WGET}[request.param]


def test_what_a_program_only_read_from_is_read_again(project, server, program):
    first = project.run(script(program, server, "GET"))
    (name,) = first.contacts.reached
    assert name.startswith(server.name)
    assert first.contacts.downloads == (name,)
    project.network = after_first(project.network, first.contacts)
    assert project.run(script(program, server, "GET")).lines == ("HTTP/1.1 200",)
    assert project.run(script(program, server, "POST")).lines[0].startswith("CalledProcessError")
    assert server.requests == ["GET /", "GET /"]


def test_what_a_program_sends_to_is_no_download(project, server, program):
    outcome = project.run(script(program, server, "POST") + script(program, server, "GET"))
    assert outcome.contacts.downloads == ()
    assert server.requests == ["POST /", "GET /"]


def test_a_script_that_ends_for_a_program_that_was_refused_was_cut(project, server, program):
    project.network = later()
    source = textwrap.dedent(program) + f"ask({server.host!r}, {server.port}, 'GET')\n"
    outcome = project.run(source)
    assert outcome.contacts.stopped.startswith(server.name)
