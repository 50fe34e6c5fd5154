"""The start of a child process: prepares everything for its job, and runs the script.

``launch`` starts it directly, or ``nursery`` forks it. It does not use TensorFlow before the script has imported it.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import json
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ... import tensorflow_internals
from ..prctl import become_subreaper
from . import child as process
from . import seccomp, writers
from .binding import is_hook
from .child import UNWIND_SIGNAL, Child, flush, hard_exit
from .clock import perf_counter
from .guard import Guard
from .line import Line
from .network import Network
from .offline import keep_offline
from .script import run_script
from .sources import ENTRY_NAME, HOOK_NAME
from .stretches import STRETCH_NAME, hooked

STREAM_SECONDS = 1.0
WATCH_SECONDS = 0.05
SIGNAL_SECONDS = 0.5
#: Libraries that may fail if they are loaded after TensorFlow; a script that loads them before it is not forked.
_RIVALS = ("torch", "jax", "jaxlib", "cupy", "mxnet", "paddle", "mpi4py", "horovod", "pyarrow")


def main(job_file: str, events: int, control: int, loaded: Collection[str] = frozenset(sys.modules)) -> int:
    """Run the job in ``job_file``; returns the script's exit status, or 1 if the job can't be prepared.

    ``events`` and ``control`` are the file descriptors of the pipes to and from the parent. ``loaded`` are the
    names of the modules that a bare interpreter loads.
    """
    line = Line(events, control)
    try:
        job = json.loads(Path(job_file).read_text(encoding="utf-8"))
        job = {"environment": dict(os.environ), "quota": 10 << 30, **job}
        child = Child(job, line)
        _prepare(child)
        importlib.import_module(job["role"]).install(child)
        if not job.get("turns"):
            # A role that takes turns reads the parent's messages itself, at its boundaries; a timed run must
            # have no other threads of ours.
            threading.Thread(target=_keep_watch, args=(child,), daemon=True, name="hybridize-watch").start()
            threading.Thread(target=_obey, args=(child,), daemon=True, name="hybridize-obey").start()
    except Exception as error:
        line.send("role_error", error=f"{type(error).__name__}: {error}", trace=traceback.format_exc())
        return 1
    return run_script(child, loaded)


def _prepare(child: Child) -> None:
    job = child.job
    if os.environ != job["environment"]:
        os.environ.clear()
        os.environ.update(job["environment"])
    os.chdir(job["cwd"])
    become_subreaper()
    _be_killed_first()
    guard = Guard(
        job["scratch"],
        [pair[0] for pair in job["mapping"]],
        lambda path: child.send("blocked", path=path),
        job["quota"],
    )
    guard.install()
    guard.on_exec(lambda program: _announce_exec(child, program))
    child.explain = guard.note_denied
    child.guarding = guard.at_work
    rules = job["network"]
    network = Network(rules, rules["approved"], child.send)
    watched = rules["mode"] != "allow" and seccomp.watch(job["scratch"])
    network.install(child.finder)
    child.network = network
    child.send("started", kernel_guard=guard.kernel, kernel_network=watched, pid=os.getpid())
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, child.finder)
    sys.path[:] = [child.finder.copied(os.path.abspath(entry)) if entry else entry for entry in sys.path]
    writers.watch(child.finder, guard, network)
    if rules["mode"] != "allow":
        keep_offline(child.finder, os.environ["TMPDIR"], lambda name: network.tell("tracker", name))
    builtins.__dict__[HOOK_NAME] = lambda candidate: lambda function: child.wrap(candidate, function)
    builtins.__dict__[STRETCH_NAME] = hooked(lambda candidate, function: child.wrap(candidate, function))
    builtins.__dict__[ENTRY_NAME] = lambda candidate: child.enter(candidate)
    _note_import(child)
    # AutoGraph must not convert a hook; the hook itself converts the hooked function where needed.
    child.finder.after("tensorflow", lambda _module: tensorflow_internals.leave_alone(is_hook))
    seed = job.get("seed")
    if seed is not None:
        random.seed(seed)
        child.finder.after("numpy", lambda module: module.random.seed(seed))
        child.finder.after("tensorflow", lambda module: module.random.set_seed(seed))
    for name in ("_exit", "abort"):
        _announce_exit(child, name)
    signal.signal(UNWIND_SIGNAL, child.unwind)


def _note_import(child: Child) -> None:
    """Report what the script did before it imported TensorFlow, and undo the import's random draws.

    A forked child skips the import, and should nevertheless draw the same numbers from its seed.
    """
    before = dict(os.environ)
    states = []

    def note() -> None:
        states.append(random.getstate())
        child.send("tensorflow", changed=_changed(before), rivals=_rivals())

    child.finder.before("tensorflow", note)
    if "tensorflow" not in sys.modules:
        child.finder.after("tensorflow", lambda module: random.setstate(states[0]))


def _be_killed_first() -> None:
    """If memory runs out, let the kernel kill this process rather than its parent, which informs the user."""
    place = Path("/proc/self/oom_score_adj")
    with contextlib.suppress(OSError, ValueError):
        place.write_text(str(max(500, int(place.read_text()))))


def _changed(before: dict[str, str]) -> list[str]:
    """The names of the environment variables that the script has set or removed."""
    return sorted(name for name in {*before, *os.environ} if before.get(name) != os.environ.get(name))


def _rivals() -> list[str]:
    return [name for name in _RIVALS if name in sys.modules]


def _announce_exit(child: Child, name: str) -> None:
    original = getattr(os, name)

    def leave(*args: Any) -> None:
        if os.getpid() != child.owner:
            original(*args)
        flush()
        if args:
            child.end("exited", call=f"os.{name}", code=args[0] & 0xFF if isinstance(args[0], int) else 1)
        else:
            child.end("killed", call=f"os.{name}", code=-int(signal.SIGABRT))
        original(*args)

    setattr(os, name, leave)


def _announce_exec(child: Child, program: str) -> None:
    if os.getpid() != child.owner:
        return
    flush()
    said = f"it replaced its process with {program} (os.exec), which can't be watched; start that program directly"
    child.end("exited", call="os.exec", error=said)


def _keep_watch(child: Child) -> None:
    """Stream the role's summary, and cut the script at its deadline even if it makes no hooked calls."""
    grace = child.job.get("grace_seconds", 3.0)
    next_stream = STREAM_SECONDS
    asked = 0.0
    while not child.ended:
        time.sleep(WATCH_SECONDS)
        now = perf_counter() - process.started
        deadline = child.job.get("deadline_seconds")
        if now >= next_stream:
            next_stream = now + STREAM_SECONDS
            # A dictionary may have grown while it was read; the next attempt comes in a second.
            with contextlib.suppress(RuntimeError):
                child.stream()
        if deadline is None or now < deadline:
            continue
        asked = asked or now
        child.request_cut("the time for this run was up")
        if now >= asked + grace:
            if not child.interrupt() and child.end("cut", amid=True):
                flush()
                hard_exit(0)
            time.sleep(SIGNAL_SECONDS)


def _obey(child: Child) -> None:
    while not child.receive().get("stop"):
        pass
    child.request_cut("it was told to stop")
    child.job["deadline_seconds"] = 0.0
