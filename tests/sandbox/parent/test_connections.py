"""What C code and other programs connect to: the kernel asks, and the parent answers by the same rules."""

from __future__ import annotations

import sys

import pytest

from hybridize.records import Network

pytestmark = pytest.mark.slow

PROGRAM = "import socket; socket.create_connection({place})"
C_CODE = """
    import ctypes, socket, struct
    libc = ctypes.CDLL(None, use_errno=True)
    one = socket.socket()
    place = struct.pack("=HH4s8x", socket.AF_INET, socket.htons({port}), socket.inet_aton({host!r}))
    print(libc.connect(one.fileno(), place, len(place)), ctypes.get_errno())
"""
DATAGRAM = """
    import ctypes, socket, struct
    libc = ctypes.CDLL(None, use_errno=True)
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    place = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(8125), socket.inet_aton({host!r}))
    print(libc.sendto(one.fileno(), b"x", ctypes.c_size_t(1), 0, place, len(place)), ctypes.get_errno())
"""


@pytest.fixture
def asked(project):
    """The project, where the kernel can ask."""
    if not project.run("pass\n").contacts.kernel:
        pytest.skip("this kernel does not ask about connections")
    return project


def start(source: str) -> str:
    return f"import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', {source!r}], stderr=-3).returncode)\n"


def test_a_program_that_the_script_starts_is_seen_in_the_first_run(asked, server):
    outcome = asked.run(start(PROGRAM.format(place=(server.host, server.port))))
    assert outcome.lines == ("0",)
    (name,) = outcome.contacts.reached
    assert name.startswith(f"{server.name} (python")
    assert outcome.contacts.downloads == ()


def test_a_program_that_the_script_starts_is_refused_in_later_runs(asked, server):
    asked.network = Network(first=False)
    outcome = asked.run(start(PROGRAM.format(place=(server.host, server.port))))
    assert outcome.lines == ("1",)
    (name,) = outcome.contacts.refused
    assert name.startswith(f"{server.name} (python")
    assert server.connections == 0


def test_c_code_is_seen_and_refused(asked, server):
    source = C_CODE.format(host=server.host, port=server.port)
    first = asked.run(source)
    assert (first.lines[0].split()[0], len(first.contacts.reached)) == ("0", 1)
    assert first.contacts.library_ports == (server.port,)
    asked.network = Network(first=False)
    assert asked.run(source).lines == ("-1 111",)


def test_c_code_that_reads_remote_files_may_go_on_to_do_so(asked, server):
    asked.network = Network(first=False, library_ports=(server.port,))
    assert asked.run(C_CODE.format(host=server.host, port=server.port)).lines[0].startswith("0 ")
    # It is the script's own process that has read them, and no program that it starts.
    assert asked.run(start(PROGRAM.format(place=(server.host, server.port)))).lines == ("1",)


def test_c_code_reaches_this_machine(asked, server):
    asked.network = Network("deny")
    assert asked.run(C_CODE.format(host="127.0.0.1", port=server.port)).lines[0].startswith("0 ")


def test_a_datagram_of_c_code_is_refused(asked, server):
    asked.network = Network(first=False)
    assert asked.run(DATAGRAM.format(host=server.host)).lines == ("-1 111",)


def test_a_process_that_outlives_its_parent_is_asked_about_too(asked, server):
    asked.network = Network(first=False)
    program = PROGRAM.format(place=(server.host, server.port))
    late = f"import os, time\nif os.fork() == 0:\n    time.sleep(0.5)\n    {program}\n"
    asked.run(start(late) + "import time\ntime.sleep(2)\n")
    assert server.connections == 0


def test_a_folder_whose_path_is_longer_than_that_of_a_socket_may_be(project, monkeypatch, tmp_path, server):
    import tempfile

    from hybridize.sandbox.parent import home

    deep = tmp_path / ("x" * 90) / "y"
    deep.mkdir(parents=True)
    home.remove_home()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    project.network = Network(first=False)
    source = C_CODE.format(host=server.host, port=server.port)
    try:
        assert project.run(source).lines == ("-1 111",) or sys.platform != "linux"
    finally:
        home.remove_home()


def test_where_the_kernel_does_not_ask_the_run_says_so(project, without_watching_kernel):
    assert not project.run("pass\n").contacts.kernel
