"""A child is started on a scratch copy, listened to, and ended; whatever it does, that ends well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sandboxed import PATIENCE, eventually, follow, marked, state

from hybridize.records import Ending
from hybridize.sandbox.parent import home, launch

pytestmark = pytest.mark.slow


def test_what_is_printed_is_in_the_log_and_in_the_lines(project):
    outcome = project.run("import sys, os\nprint('one')\nprint('two', file=sys.stderr)\nos.write(1, b'caf\\xe9\\n')\n")
    assert outcome.lines == ("one", "caf\ufffd")
    # The two streams are read apart, so one may come in the midst of the other.
    assert sorted(Path(outcome.log).read_bytes()) == sorted(b"one\ntwo\ncaf\xe9\n")


def test_whether_the_kernel_guards_is_part_of_the_outcome(project, guarded):
    assert project.run("").kernel_guard == (guarded == "kernel")


def test_the_end_of_the_interpreter_is_asked_for_once_whatever_the_number_of_children(project, monkeypatch):
    asked = []
    monkeypatch.setattr(launch.atexit, "register", lambda *args: asked.append(args))
    monkeypatch.setattr(launch, "_leaving", set())
    for _ in range(2):
        project.run("")
    assert len(asked) == 1


def test_threads_that_do_not_end_are_waited_for_all_together(project, monkeypatch):
    monkeypatch.setattr(launch, "JOIN_SECONDS", 0.2)
    child = project.start("")
    follow(child)
    over = threading.Event()
    stuck = [threading.Thread(target=over.wait, args=(PATIENCE,), daemon=True) for _ in range(2)]
    granted = []
    join = threading.Thread.join

    def wait(thread, timeout=None):
        if thread in stuck:
            granted.append(timeout)
        join(thread, timeout)

    for thread in stuck:
        thread.start()
    child._threads.extend(stuck)
    monkeypatch.setattr(threading.Thread, "join", wait)
    child.wait(PATIENCE)
    over.set()
    assert len(granted) == 2 and sum(granted) <= 0.2


def test_paths_in_what_is_printed_are_the_users(project):
    project.write("data.txt")
    outcome = project.run("import os, tempfile\nprint(os.path.abspath('data.txt'), __file__)\n")
    assert outcome.lines == (f"{project.root}/data.txt {project.root}/train.py",)


@pytest.mark.parametrize("text", ["'x' * 1000 + '\\n'", "'x' * (1 << 20)", "'\\n' * 1000"])
def test_a_script_that_prints_without_end_is_cut_and_costs_no_memory(project, text):
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    child = project.start(
        f"import os\ndata = ({text}).encode()\nwhile True:\n    os.write(1, data)\n", seconds=2.0, grace_seconds=0.0
    )
    follow(child)
    outcome = child.wait(PATIENCE)
    assert outcome.ending is Ending.CUT
    assert Path(outcome.log).stat().st_size < 20 << 20
    assert sum(map(len, outcome.lines)) < 50 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10


def test_the_end_of_a_long_log_is_kept(project):
    outcome = project.run(
        "import sys\nfor _ in range(400):\n    print('x' * 100_000)\nraise ValueError('last words')\n"
    )
    # The two streams are read apart, so a little of the one may come after the end of the other.
    assert "ValueError: last words\n" in Path(outcome.log).read_text()[-(1 << 20) :]


def test_many_lines_are_counted(project):
    outcome = project.run("for number in range(30_000): print(number)")
    assert len(outcome.lines) == 20_000
    assert outcome.lines_dropped == 10_000


def test_no_word_for_some_time_is_a_timeout_and_no_end(project):
    child = project.start("import time\ntime.sleep(1000)\n")
    follow(child, "started")
    with pytest.raises(TimeoutError):
        while True:
            assert child.receive(0.2)["event"] == "summary"
    assert child.alive


def test_the_end_is_told_again_and_again(project):
    child = project.start("x = 1")
    follow(child)
    assert child.receive(PATIENCE) is None
    assert child.receive(PATIENCE) is None


def test_something_left_that_keeps_the_stream_open_is_not_waited_for(project):
    child = project.start("import os, time\nif os.fork() == 0:\n    time.sleep(1000)\n")
    assert follow(child)["how"] == "finished"
    assert child.receive(PATIENCE) is None
    assert child.wait(PATIENCE).ending is Ending.FINISHED


def test_a_process_that_has_ended_its_script_and_hangs_is_not_waited_for(project, monkeypatch):
    monkeypatch.setattr(launch, "LEAVING_SECONDS", 0.5)
    child = project.start("import atexit, time\natexit.register(time.sleep, 1000)\n")
    assert follow(child)["how"] == "finished"
    assert child.receive(PATIENCE) is None
    outcome = child.wait(0.1)
    assert (outcome.ending, outcome.code) == (Ending.FINISHED, 0)


def test_a_crash_is_the_end_of_the_events(project):
    child = project.start("import ctypes\nctypes.string_at(0)\n")
    assert follow(child) is None
    assert child.wait(PATIENCE).ending is Ending.KILLED


def test_what_is_said_to_a_child_that_is_gone_goes_nowhere(project):
    child = project.start("x = 1")
    child.wait(PATIENCE)
    child.send({"units": 1})
    assert child.stop().ending is Ending.FINISHED
    assert child.wait(1.0) is child.outcome


def test_a_child_that_does_not_listen_holds_nobody_up(project):
    child = project.start("import time\ntime.sleep(1000)\n", role="timed")
    for _ in range(20_000):
        child.send({"units": 1})
    assert child.stop(0.1).ending is Ending.CUT


def test_peak_memory_is_known_while_it_runs_and_afterwards(project):
    source = "import time\ndata = bytearray(300 << 20)\nprint('on')\ntime.sleep(1000)\n"
    child = project.start(source)
    assert eventually(lambda: child.lines == ("on",), PATIENCE)
    assert child.peak_rss_bytes > 300 << 20
    assert child.stop(0.0).peak_rss_bytes > 300 << 20


def test_a_child_that_computes_is_busy_and_one_that_sleeps_is_not(project):
    sleeping = project.start("import time\nprint('on')\ntime.sleep(1000)\n")
    assert eventually(lambda: sleeping.lines == ("on",), PATIENCE)
    before = sleeping.busy_seconds
    computing = project.start("while True: pass\n")
    assert eventually(lambda: computing.busy_seconds > 1.0, PATIENCE)
    assert sleeping.busy_seconds - before < computing.busy_seconds
    computing.stop(0.0)
    sleeping.stop(0.0)


def test_a_script_that_fills_the_disk_it_is_given_is_ended_with_a_clear_word(project, monkeypatch):
    monkeypatch.setattr(launch, "QUOTA_BYTES", 50 << 20)
    monkeypatch.setattr(launch, "QUOTA_SECONDS", 0.1)
    before = state(project.root)
    child = project.start(
        """
        import time
        with open("checkpoint", "wb") as file:
            for _ in range(100):
                file.write(bytes(4 << 20))
                file.flush()
        time.sleep(1000)
        """,
        grace_seconds=0.0,
    )
    follow(child)
    outcome = child.wait(PATIENCE)
    assert outcome.ending is Ending.CUT
    assert outcome.error == "it wrote more than 0.1 GB, the limit for a run"
    assert not (before.items() - state(project.root).items())


def test_children_that_run_at_once_do_not_meet(project):
    project.write("log.txt", "")
    source = (
        "import sys, time\nopen('log.txt', 'a').write(sys.argv[1])\ntime.sleep(0.3)\nprint(open('log.txt').read())\n"
    )
    children = [project.start(source, str(number)) for number in range(4)]
    assert [child.wait(PATIENCE).lines for child in children] == [(str(number),) for number in range(4)]


def test_closing_one_child_leaves_the_daemon_of_another_alone(project):
    source = """
        import os, time
        if os.fork() == 0:
            if os.fork() == 0:
                time.sleep(3)
                os.write(1, b"daemon\\n")
            os._exit(0)
        os.wait()
        print("on")
        time.sleep(6)
        """
    child = project.start(source)
    assert eventually(lambda: child.lines == ("on",), PATIENCE)
    project.run("x = 1", script="other.py")
    assert eventually(lambda: "daemon" in child.lines, PATIENCE)


def test_a_failed_start_leaves_nothing(project, monkeypatch):
    project.write("train.py", "")
    (project.logs.parent / "file").write_text("")
    project.logs = project.logs.parent / "file" / "below"
    with pytest.raises(OSError):
        project.start("x = 1")
    assert not launch._living


def test_the_environment_given_is_the_childs(project, monkeypatch):
    monkeypatch.setenv("MINE", "1")
    monkeypatch.setenv("ODD", os.fsdecode(b"\xff"))
    source = "import os\nprint(os.environ['MINE'], os.environ['GIVEN'], os.environb[b'ODD'], os.environ['PWD'])\n"
    outcome = project.run(source, environment={"GIVEN": "2"})
    assert outcome.lines == (f"1 2 {bytes([255])!r} {project.root}",)


def test_a_project_that_holds_the_results_runs_again_and_again(project):
    project.logs = project.root / "results" / "now"
    for _ in range(3):
        outcome = project.run("import os\nprint(sorted(os.listdir()))\n")
    assert outcome.lines == ("['results', 'train.py']",)


# All are stopped, whatever happens to this process.


def test_leaving_stops_what_runs_and_removes_what_it_had(project):
    with pytest.raises(ZeroDivisionError), launch.all_stopped():
        child = project.start("import time\ntime.sleep(1000)\n")
        raise ZeroDivisionError
    assert not child.alive
    assert child.outcome is not None and child.outcome.ending is Ending.CUT
    assert home._home is None


def test_handlers_are_put_back(project):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with launch.all_stopped():
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_stopping_works_outside_of_the_main_thread(project):
    def work() -> None:
        with launch.all_stopped():
            project.start("import time\ntime.sleep(1000)\n")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(PATIENCE)
    assert not project.children[0].alive


PARENT = """
import json, sys, tempfile
from pathlib import Path
tempfile.tempdir = sys.argv[2]
from hybridize.records import Target
from hybridize.sandbox.parent import launch
root = Path(sys.argv[1])
target = Target(str(root), str(root), str(root / "train.py"))
job = {"role": "observe", "candidates": {}, "deadline_seconds": 1000}
print("ready", flush=True)
try:
    with launch.all_stopped():
        while True:
            children = [launch.start(target, job, (), root.parent / "logs", f"run-{number}") for number in range(2)]
            print("started", flush=True)
            for child in children:
                child.wait(1.0)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.fixture
def parent(project, tmp_path):
    """A process that starts children again and again, and the mark that these and theirs carry."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    mark = f"sleep {30_000 + os.getpid() + time.monotonic_ns() % 1000 / 1000}"
    project.write(
        "train.py",
        f"import subprocess, time\nsubprocess.Popen({mark!r}.split(), start_new_session=True)\ntime.sleep(1000)\n",
    )
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(project.root), str(temporary)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    yield process, temporary, mark.split()[1]
    process.kill()
    process.wait()
    for pid in marked(mark.split()[1]):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.2, 0.5, 1.0, 1.7])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_an_interrupt_at_any_moment_leaves_no_process_and_no_copy(parent, project, delay, number):
    process, temporary, mark = parent
    before = state(project.root)
    if delay:
        process.stdout.readline()
    time.sleep(delay)
    process.send_signal(number)
    if delay:
        assert process.wait(PATIENCE) == 0
        assert process.stdout.read().endswith("interrupted\n")
    else:
        # So early that nobody was there yet to say so.
        process.wait(PATIENCE)
    assert not marked(mark)
    assert not marked(str(temporary))
    assert not list(temporary.iterdir())
    assert state(project.root) == before


def test_a_second_interrupt_does_not_spoil_the_cleaning_up(parent):
    process, temporary, mark = parent
    process.stdout.readline()
    for _ in range(20):
        process.send_signal(signal.SIGINT)
        time.sleep(0.005)
    process.wait(PATIENCE)
    assert not marked(mark)
    assert not list(temporary.iterdir())


def test_a_killed_parent_takes_its_children_along_and_the_next_start_the_rest(parent, tmp_path):
    process, temporary, mark = parent
    process.stdout.readline()
    assert eventually(lambda: bool(marked(mark)), PATIENCE)
    process.kill()
    process.wait()
    # The kernel ends the children; what these had started is for the next start to end.
    assert eventually(lambda: not marked(str(temporary)))
    home.sweep(temporary)
    assert eventually(lambda: not marked(mark))
    assert not list(temporary.iterdir())


def test_a_process_that_ends_without_a_word_stops_its_children(project, tmp_path):
    project.write("train.py", "import time\ntime.sleep(1000)\n")
    (tmp_path / "tmp").mkdir()
    code = PARENT.replace("with launch.all_stopped():", "if True:").replace("child.wait(1.0)", "sys.exit(7)")
    done = subprocess.run(
        [sys.executable, "-c", code, str(project.root), str(tmp_path / "tmp")], timeout=PATIENCE, check=False
    )
    assert done.returncode == 7
    assert not list((tmp_path / "tmp").iterdir())
    assert not marked(str(tmp_path / "tmp"))


def test_the_parent_imports_nothing_heavy():
    code = "import sys, hybridize.sandbox.parent.launch\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert not {"numpy", "tensorflow", "keras", "libcst", "rich", "scipy"} & set(done.stdout.split())


def test_a_target_can_be_anything_that_is_no_script(project):
    for name, content in (("missing.py", None), ("binary.py", bytes(range(256)))):
        if content is not None:
            project.write(name, content)
        outcome = project.run(script=name)
        assert outcome.ending is Ending.RAISED
        assert outcome.error_type in ("FileNotFoundError", "SyntaxError", "ValueError")
