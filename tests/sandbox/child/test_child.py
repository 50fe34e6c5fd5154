"""A run is cut when it is told to or its time is over: by unwinding the script, and by force if it must be."""

from __future__ import annotations

import threading
import time

import pytest
from sandboxed import PATIENCE, follow, is_running

from hybridize.records import Ending

pytestmark = pytest.mark.slow

# Each prints when it is under way. Those that unwind say so; the others are ended all the same.
_BODIES = {
    "a loop": "while True: pass",
    "a sleep": "time.sleep(1000)",
    "a caught exception": "while True:\n        try: time.sleep(1)\n        except Exception: pass",
    "a queue": "queue.Queue().get()",
    "a thread": "t = threading.Thread(target=time.sleep, args=(1000,), daemon=True); t.start(); t.join()",
    "a subprocess": "subprocess.run(['sleep', '1000'])",
    "handlers of its own": (
        "for n in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGINT, signal.SIGALRM):\n"
        "        signal.signal(n, lambda *a: print('mine'))\n    time.sleep(1000)"
    ),
}
UNWINDING = {
    name: (
        "import queue, signal, subprocess, threading, time\ntry:\n    print('on')\n    "
        f"{body}\nfinally:\n    print('unwound')\n"
    )
    for name, body in _BODIES.items()
}
STUBBORN = {
    "a bare except": "import time\nprint('on')\nwhile True:\n    try: time.sleep(0.01)\n    except: pass",
    "all signals taken": (
        "import signal, time\nfor n in signal.valid_signals():\n    try: signal.signal(n, lambda *a: None)\n"
        "    except (OSError, ValueError): pass\nprint('on')\nwhile True: time.sleep(0.1)"
    ),
    "all signals blocked": (
        "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\nprint('on')\n"
        "while True: time.sleep(0.1)"
    ),
    "all signals ignored": (
        "import signal, time\nfor n in signal.valid_signals():\n    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\nprint('on')\nwhile True: time.sleep(0.1)"
    ),
    "a training thread": (
        "import threading, time\ndef train():\n    print('on')\n    while True: time.sleep(0.1)\n"
        "t = threading.Thread(target=train)\nt.start()\nwhile True:\n    try: t.join()\n    except BaseException: pass"
    ),
}
# C code that never gives the interpreter back, or a process that is stopped.
DEAF = {
    "a call in C": "import ctypes\nprint('on', flush=True)\nctypes.PyDLL(None).pause()",
    "a stopped process": "import os, signal\nprint('on', flush=True)\nos.kill(os.getpid(), signal.SIGSTOP)",
}


def begin(project, source, **options):
    child = project.start(source, **options)
    follow(child, "started")
    end = time.monotonic() + PATIENCE
    while "on" not in child.lines:
        assert time.monotonic() < end
        time.sleep(0.02)
    return child


@pytest.mark.parametrize("source", UNWINDING.values(), ids=UNWINDING)
def test_a_script_that_is_told_to_stop_is_unwound(project, source):
    child = begin(project, source, grace_seconds=0.0)
    outcome = child.stop(grace=PATIENCE)
    assert outcome.ending is Ending.CUT
    assert "unwound" in outcome.lines
    assert "mine" not in outcome.lines


def test_a_script_whose_time_is_over_is_cut(project):
    child = project.start("import time\ntime.sleep(1000)", seconds=1.0, grace_seconds=0.0)
    event = follow(child)
    assert event is not None
    assert event["cut_reason"] == "the time for this run was up"
    assert child.wait(PATIENCE).ending is Ending.CUT


@pytest.mark.parametrize("source", STUBBORN.values(), ids=STUBBORN)
def test_a_script_that_will_not_unwind_is_ended_and_what_it_showed_is_kept(project, source):
    child = begin(project, source, grace_seconds=0.0)
    child.send({"stop": True})
    follow(child)
    assert child.wait(PATIENCE).ending is Ending.CUT
    assert "training_seconds" in child.final


@pytest.mark.parametrize("source", DEAF.values(), ids=DEAF)
def test_a_script_that_hears_nothing_is_ended_by_force(project, source):
    child = begin(project, source, seconds=0.5, grace_seconds=0.0)
    outcome = child.wait(2.0)
    assert outcome.ending is Ending.TIMEOUT
    assert outcome.code == -9


def test_a_script_that_does_not_stop_when_told_is_ended_by_force(project):
    child = begin(project, STUBBORN["a bare except"])
    process = child._process
    assert process is not None
    assert child.stop(grace=0.1).ending is Ending.CUT
    assert not is_running(process.pid)


def test_what_a_run_has_shown_is_streamed(project):
    child = begin(project, UNWINDING["a loop"])
    event = follow(child, "summary")
    assert event is not None
    assert "training_seconds" in event["summary"]
    assert "training_seconds" in child.summary


def test_a_child_outlives_the_thread_that_started_it(project):
    # The kernel ties a child to the thread that started it, not to the process.
    children = []
    thread = threading.Thread(
        target=lambda: children.append(project.start("import time\nprint('on')\ntime.sleep(2)\nprint('still')\n"))
    )
    thread.start()
    thread.join()
    follow(children[0])
    outcome = children[0].wait(PATIENCE)
    assert outcome.ending is Ending.FINISHED
    assert outcome.lines == ("on", "still")


def test_a_failure_of_the_watcher_is_told_as_such(project):
    child = project.start("x = 1", candidates=5)
    follow(child)
    child.wait(PATIENCE)
    assert child.role_errors


def test_a_child_that_cannot_begin_is_told_as_our_failure(project, monkeypatch):
    from hybridize.sandbox.parent import launch

    monkeypatch.setattr(launch, "_BOOTSTRAP", "import no_such_module")
    child = project.start("x = 1")
    assert child.receive(PATIENCE) is None
    child.wait(PATIENCE)
    assert "before it began" in child.role_errors[0]
    assert "no_such_module" in project.log()
