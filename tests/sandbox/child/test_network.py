"""What a script sends to other machines: the first run is seen, later ones are refused, this machine is always open."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest

from hybridize.records import Contacts, Ending, Network
from hybridize.run.reach import after_first
from hybridize.sandbox.child.network import Network as Watcher
from hybridize.sandbox.child.refusal import RefusedConnection
from hybridize.sandbox.child.sends import ACTION, request_in
from hybridize.sandbox.parent.contacts import contacts

pytestmark = pytest.mark.slow


def later(*downloads: str) -> Network:
    """What a later run may reach: what was only read from."""
    return Network(first=False, downloads=downloads)


def post(url: str) -> str:
    return f"""\
import urllib.request
urllib.request.urlopen(urllib.request.Request({url!r}, b"x", method="POST")).read()
"""


def get(url: str) -> str:
    return f"import urllib.request\nprint(urllib.request.urlopen({url!r}).read().decode())\n"


def caught(source: str) -> str:
    lines = "".join(f"    {line}\n" for line in source.splitlines())
    return f"try:\n{lines}except OSError as error:\n    print(type(error).__name__, error)\n"


def test_the_first_run_posts_and_that_is_told(project, server, watched):
    outcome = project.run(post(server.url + "/start") + "print('done')\n")
    assert outcome.lines == ("done",)
    assert outcome.contacts == Contacts(reached=(server.name,), kernel=watched == "kernel")
    assert server.requests == ["POST /start"]


def test_a_later_run_is_refused_by_name_with_what_to_do(project, server, watched):
    project.network = later()
    outcome = project.run(caught(post(server.url)) + "print('done')\n")
    assert server.connections == 0
    assert outcome.contacts.refused == (server.name,)
    assert outcome.contacts.stopped == ""
    refusal, done = outcome.lines
    assert done == "done"
    assert server.name in refusal and "--network allow" in refusal


def test_a_post_is_made_once_in_many_runs(project, server):
    source = caught(post(server.url)) + caught(get(server.url))
    first = project.run(source)
    project.network = after_first(project.network, first.contacts)
    for _ in range(3):
        project.run(source)
    assert server.requests == ["POST /", "GET /"]


def test_what_the_first_run_only_read_from_is_read_again(project, server, watched):
    first = project.run(get(server.url))
    assert (first.contacts.reached, first.contacts.downloads) == ((server.name,), (server.name,))
    project.network = after_first(project.network, first.contacts)
    assert project.run(get(server.url)).lines == ("ok",)
    assert server.requests == ["GET /", "GET /"]


@pytest.mark.parametrize(
    "target", ["/bot123/sendMessage?text=started", "/topic/publish?message=x", "/ping/0a1b", "/hooks/77"]
)
def test_a_get_by_which_the_host_tells_somebody_is_made_once(project, server, target):
    first = project.run(get(server.url + target))
    assert first.contacts.reached == (server.name,) and first.contacts.downloads == ()
    project.network = after_first(project.network, first.contacts)
    assert project.run(caught(get(server.url + target))).contacts.refused == (server.name,)
    assert len(server.requests) == 1
    # Nor where the first run has read from the same host besides.
    project.network = later(server.name)
    again = project.run(caught(get(server.url + target)))
    assert "notifying GET request" in again.lines[0] and again.contacts.refused == (server.name,)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("line", "is_action"),
    [
        (b"GET /bot1/getUpdates HTTP/1.1\r\nHost: api.telegram.org\r\n\r\n", True),
        (b"GET /0a1b-22 HTTP/1.1\r\nhost: hc-ping.com\r\n\r\n", True),
        (b"GET http://ntfy.sh/mine HTTP/1.1\r\n\r\n", True),
        (b"GET /datasets/mnist.npz?raw=1 HTTP/1.1\r\nHost: storage.example.org\r\n\r\n", False),
        (b"GET /sender/hooked/pinging.bin HTTP/1.1\r\nHost: files.example.org:8080\r\n\r\n", False),
    ],
)
def test_a_get_that_acts_is_known_by_its_host_or_path(line, is_action):
    found = request_in(line)
    assert found is not None and (found.method == ACTION) is is_action


def test_nothing_is_sent_to_a_host_that_was_read_from(project, server, watched):
    project.network = later(server.name)
    outcome = project.run(caught(post(server.url)))
    assert "POST request" in outcome.lines[0]
    assert outcome.contacts.refused == (server.name,)
    assert server.requests == []


def test_a_connection_whose_requests_are_not_known_is_no_download(project, server):
    place = server.host, server.port
    raw = f"import socket\nsocket.create_connection({place}).sendall(b'begin')\n"
    assert project.run(raw + get(server.url)).contacts.downloads == ()


def test_nothing_is_reached_where_the_user_denies_it_not_even_by_the_first_run(project, server, watched):
    project.network = Network("deny")
    outcome = project.run(caught(get(server.url)))
    assert outcome.contacts.refused == (server.name,)
    assert server.connections == 0


def test_everything_is_reached_in_each_run_where_the_user_allows_it(project, server):
    project.network = Network("allow", first=False)
    assert project.run(post(server.url)).contacts.refused == ()
    assert server.requests == ["POST /"]


LOCAL = """
    import asyncio, multiprocessing, os, socket, tempfile, threading
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    for host in ("127.0.0.1", "localhost"):
        socket.create_connection((host, port)).close()
    unix = socket.socket(socket.AF_UNIX)
    path = os.path.join(tempfile.mkdtemp(), "s")
    unix.bind(path)
    unix.listen()
    socket.socket(socket.AF_UNIX).connect(path)
    one, other = socket.socketpair()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    datagrams.sendto(b"x", datagrams.getsockname())
    socket.getaddrinfo("localhost", 80)
    asyncio.run(asyncio.sleep(0))
    with multiprocessing.get_context("fork").Pool(1) as pool:
        print(pool.map(abs, [-1]))
    with multiprocessing.Manager() as manager:
        print(manager.dict(a=1)["a"])
"""


@pytest.mark.parametrize("network", [{"first": False}, {"mode": "deny"}], ids=["later", "deny"])
def test_this_machine_is_always_reached(project, watched, network):
    project.network = Network(**network)
    outcome = project.run(LOCAL)
    assert outcome.lines == ("[1]", "1")
    assert outcome.contacts == Contacts(kernel=watched == "kernel")


def test_what_is_sent_to_a_server_on_this_machine_is_told(project, server):
    outcome = project.run(post(f"http://127.0.0.1:{server.port}/run") + get(f"http://127.0.0.1:{server.port}/file"))
    assert outcome.contacts.posted == (f"127.0.0.1:{server.port}",)
    assert outcome.contacts.reached == ()


def test_a_datagram_is_refused_and_an_address_looked_up_by_a_socket_is_not(project, server, watched):
    project.network = later()
    outcome = project.run(f"""
        import socket
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sender.sendto(b"metric:1|c", ({server.host!r}, 8125))
        except OSError as error:
            print(error.errno)
        sender.connect(({server.host!r}, 9))
        print(sender.getsockname()[0])
    """)
    assert outcome.lines == ("111", server.host)
    assert outcome.contacts.refused == (f"{server.host}:8125",)


def test_what_a_forked_process_reaches_is_told(project, server):
    outcome = project.run(f"""
        import multiprocessing
        def work():
            {post(server.url).replace(chr(10), chr(10) + 12 * " ").strip()}
        worker = multiprocessing.get_context("fork").Process(target=work)
        worker.start()
        worker.join()
    """)
    assert outcome.contacts.reached == (server.name,)


# A script that can't go on.


ENDINGS = {
    "an error of the library": "",
    "another error": "except OSError as error:\n    raise RuntimeError('tracker unreachable')\n",
    "from none": "except OSError as error:\n    raise ValueError(error) from None\n",
    "exit status": "except OSError as error:\n    raise SystemExit('no tracker')\n",
}


@pytest.mark.parametrize("handling", ENDINGS.values(), ids=ENDINGS)
def test_a_script_that_ends_for_a_refusal_was_cut_and_has_not_failed(project, server, handling):
    project.network = later()
    source = post(server.url)
    if handling:
        source = "try:\n" + "".join(f"    {line}\n" for line in source.splitlines()) + handling
    outcome = project.run(source)
    assert outcome.ending is Ending.CUT
    assert outcome.contacts.stopped == server.name
    assert project.network.stopped == {server.name}


def test_a_script_that_fails_for_another_reason_has_failed(project, server):
    project.network = later()
    outcome = project.run(caught(post(server.url)) + "raise KeyError('x')\n")
    assert (outcome.ending, outcome.contacts.stopped) == (Ending.RAISED, "")


# Names.


def test_a_host_is_known_by_the_name_that_it_was_looked_up_by(monkeypatch, tmp_path):
    told = []
    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("203.0.113.5", 443))
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest: [entry])
    watcher = _watcher(tmp_path, told, downloads=["files.example:443"])
    watcher._learn_names("getaddrinfo")
    connection = Stream()
    socket.getaddrinfo("files.example", 443)
    watcher._before_connecting(connection, ("203.0.113.5", 443))
    assert (tmp_path / "approved").read_text() == "203.0.113.5 443\n"
    with pytest.raises(RefusedConnection, match=r"files\.example:80"):
        watcher._before_connecting(connection, ("203.0.113.5", 80))
    assert [(event["what"], event["names"][0]) for event in told] == [
        ("reached", "files.example:443"),
        ("refused", "files.example:80"),
    ]


class Stream:
    """A socket that is not connected yet."""

    family, type = socket.AF_INET, socket.SOCK_STREAM


class Client:
    """A client as `http.client` has it, connected to a proxy."""

    def __init__(self, tunnel: str | None = None) -> None:
        self.host, self.port = "proxy.example", 3128
        self._tunnel_host, self._tunnel_port = tunnel, 443
        self.sock = SimpleNamespace(getpeername=lambda: ("203.0.113.9", 3128))


def test_behind_a_proxy_a_request_is_known_by_the_host_that_it_asks(tmp_path):
    told = []
    watcher = _watcher(tmp_path, told, first=True)
    watcher._names["203.0.113.9"] = "proxy.example"
    watcher._before_request(Client(), b"GET http://files.example/a HTTP/1.1\r\n")
    watcher._before_request(Client("tracker.example"), b"POST /run HTTP/1.1\r\n")
    events = [(event["what"], *event["names"]) for event in told]
    seen = contacts([("reached", "proxy.example:3128", ""), *events], True)
    assert seen.reached == ("files.example:80", "tracker.example:443")
    assert seen.downloads == ("files.example:80", "proxy.example:3128")
    later = _watcher(tmp_path, told, downloads=seen.downloads)
    later._before_request(Client(), b"GET http://files.example/a HTTP/1.1\r\n")
    with pytest.raises(RefusedConnection):
        later._before_request(Client("tracker.example"), b"POST /run HTTP/1.1\r\n")


def _watcher(folder, told, downloads=(), first=False):
    rules = {"mode": "offline", "first": first, "downloads": downloads, "remote_reads": ()}
    return Watcher(rules, str(folder / "approved"), lambda event, **fields: told.append(fields))
