"""Processes are started so that none outlives its run, and ended so that none is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from sandboxed import PATIENCE, eventually, is_running

from hybridize.sandbox.parent import processes


@pytest.fixture
def spawned(tmp_path):
    made = []

    def spawn(code: str, **environment: str) -> processes.Process:
        command = [sys.executable, "-c", code]
        process = processes.spawn(command, {**os.environ, **environment}, str(tmp_path))
        made.append(process)
        return process

    yield spawn
    for process in made:
        process.end()
        assert not is_running(process.pid)


def read(path) -> int:
    """The number in a file, once it is there."""
    assert eventually(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("", 0),
        ("import sys; sys.exit(3)", 3),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import os; os.abort()", -6),
    ],
)
def test_the_status_is_told_and_stays(spawned, code, status):
    process = spawned(code)
    assert process.wait(PATIENCE)
    assert process.poll() == status
    process.end()
    assert process.poll() == status


@pytest.mark.slow
def test_the_status_is_told_also_where_a_launcher_had_the_ends_of_children_ignored(spawned):
    previous = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        process = spawned("import sys; sys.exit(3)")
        assert process.wait(PATIENCE)
        assert process.poll() == 3
    finally:
        signal.signal(signal.SIGCHLD, previous)


@pytest.mark.slow
def test_waiting_takes_no_longer_than_it_may(spawned):
    process = spawned("import time; time.sleep(1000)")
    assert not process.wait(0.05)
    assert process.poll() is None


@pytest.mark.slow
def test_an_id_is_not_given_back_before_it_is_reaped(spawned):
    # A signal sent to it would otherwise reach whoever has got it since.
    process = spawned("")
    process.wait(PATIENCE)
    os.kill(process.pid, 0)
    process.reap()
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
    process.kill()


def test_a_command_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        processes.spawn(["/no/such/program"], {}, str(tmp_path))


DAEMON = """
import os, subprocess, sys, time
{before}
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open({path!r}, "w") as file:
            file.write(f"{{os.getpid()}}\\n")
        time.sleep(1000)
    os._exit(0)
os.wait()
{after}
"""


@pytest.mark.slow
@pytest.mark.parametrize("after", ["import time; time.sleep(1000)", "sys.exit(0)", "os.abort()"])
@pytest.mark.parametrize("before", ["", "from hybridize.sandbox.prctl import become_subreaper; become_subreaper()"])
def test_a_daemon_is_ended_with_the_run_that_it_came_from(spawned, tmp_path, before, after):
    path = tmp_path / "pid"
    process = spawned(DAEMON.format(path=str(path), before=before, after=after))
    pid = read(path)
    if "sleep" not in after:
        process.wait(PATIENCE)
    assert is_running(pid)
    process.end()
    assert not is_running(pid)


@pytest.mark.slow
def test_a_daemon_of_another_run_that_goes_on_is_spared(spawned, tmp_path):
    reaper = "from hybridize.sandbox.prctl import become_subreaper; become_subreaper()"
    path = tmp_path / "pid"
    spawned(DAEMON.format(path=str(path), before=reaper, after="import time; time.sleep(1000)"))
    pid = read(path)
    other = spawned("")
    other.wait(PATIENCE)
    other.end()
    assert is_running(pid)


def test_processes_of_the_host_are_spared(spawned):
    host = subprocess.Popen(["sleep", "1000"])
    daemon = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    spawned("").end()
    processes.end_all()
    assert host.poll() is None
    assert daemon.poll() is None
    for each in (host, daemon):
        each.kill()
        each.wait()


def children() -> set[int]:
    """The children of this process, also those that have ended and were not reaped."""
    return {pid for pid, entry in processes._tree().items() if entry.parent == os.getpid()}


@pytest.mark.slow
def test_a_process_that_forks_faster_than_it_is_killed_is_ended(spawned, tmp_path):
    path = tmp_path / "pid"
    before = children()
    process = spawned(
        f"""
import os, time
open({str(path)!r}, "w").write("1\\n")
end = time.monotonic() + 10
while time.monotonic() < end:
    if os.fork():
        os._exit(0)
    os.setsid()
"""
    )
    read(path)
    process.end()
    assert children() <= before
    time.sleep(0.3)
    assert children() <= before, "nor does one come after"


@pytest.mark.slow
def test_zombies_of_the_host_are_spared(spawned):
    host = subprocess.Popen([sys.executable, "-S", "-c", "raise SystemExit(3)"])
    assert eventually(lambda: processes._tree()[host.pid].state == "Z")
    spawned("").end()
    assert host.wait(PATIENCE) == 3


def test_ending_all_spares_what_is_kept(spawned):
    kept, other = spawned("import time; time.sleep(1000)"), spawned("import time; time.sleep(1000)")
    kept.keep()
    processes.end_all()
    assert not is_running(other.pid)
    assert is_running(kept.pid)


@pytest.mark.slow
def test_many_threads_may_start_and_end_processes_at_once(tmp_path):
    statuses = []

    def work(number: int) -> None:
        command = [sys.executable, "-S", "-c", f"import sys, time; time.sleep(0.05); sys.exit({number})"]
        process = processes.spawn(command, dict(os.environ), str(tmp_path))
        process.wait(PATIENCE)
        process.end()
        statuses.append(process.returncode)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(statuses) == list(range(12))


@pytest.mark.slow
def test_an_interrupted_start_leaves_no_process(tmp_path, monkeypatch):
    # Ctrl-C while the starting thread is at work: what it starts then must not be lost.
    real = subprocess.Popen
    begun = threading.Event()
    pids = []

    def slow(*args, **kwargs):
        begun.set()
        time.sleep(0.3)
        process = real(*args, **kwargs)
        pids.append(process.pid)
        return process

    monkeypatch.setattr(subprocess, "Popen", slow)
    main = threading.main_thread().ident

    def interrupt() -> None:
        import signal

        begun.wait()
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        processes.spawn(["sleep", "1000"], {}, str(tmp_path))
    assert eventually(lambda: bool(pids) and not is_running(pids[0]))
    processes.end_all()
    assert not processes._started - processes._kept
