"""What runs inside the child process: the job, and the watch over it.

Started by ``launch``, plainly or forked by ``nursery``. It lays no hand on TensorFlow before the script has
imported it. A *role* (``dynamic`` and ``measure`` have several) is a module with a function
``install(child) -> None`` that registers what it needs.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import json
import os
import random
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from .. import tensorflow_internals
from . import processes, seccomp, trackers, writers
from .binding import is_hook
from .clock import perf_counter
from .guard import Guard
from .line import Line
from .network import Network
from .sources import ENTRY_NAME, HOOK_NAME, Finder, Hook
from .stretches import STRETCH_NAME, Stretch, hooked

started = perf_counter()
spared = 0.0
STREAM_SECONDS = 1.0
WATCH_SECONDS = 0.05
#: A script that swallows so many requests to unwind is ended without its consent.
UNWIND_ATTEMPTS = 25
SIGNAL_SECONDS = 0.5
SIGNAL_ATTEMPTS = 10
#: Interrupts the script's main thread; a signal that schedulers and scripts use themselves would not do.
UNWIND_SIGNAL = signal.SIGRTMAX - 2 if sys.platform == "linux" else signal.SIGUSR2
#: Libraries that may not bear being loaded after TensorFlow where the script loads them before.
_RIVALS = ("torch", "jax", "jaxlib", "cupy", "mxnet", "paddle", "mpi4py", "horovod", "pyarrow")

hard_exit = os._exit


class StopRun(BaseException):
    """Unwinds the script. A BaseException, so that ``except Exception`` lets it through."""


class Child:
    """The child's own view of its job: what the role registers with, and the line to the parent.

    ``wrap`` is called with a candidate's id and the hooked function and gives what takes its place; ``enter`` is called
    with a function's id when its own code is entered, where the job asks for that;
    ``summary`` is streamed while the script runs, ``finish`` sent at its end.
    """

    def __init__(self, job: dict[str, Any], line: Line) -> None:
        self.job = job
        self.hooks: dict[str, dict[int, Hook]] = {
            path: {int(number): _hook(int(number), hook) for number, hook in lines.items()}
            for path, lines in job["hooks"].items()
        }
        self.entries: dict[str, dict[int, str]] = {
            path: {int(number): name for number, name in lines.items()} for path, lines in job["entries"].items()
        }
        self.edited = frozenset(job["edited"])
        # What the script imports from the project is led to the copy.
        mapping = [(original, copy) for original, copy in job["mapping"] if copy == job["project"][1]]
        self.finder = Finder(mapping, self.hooks, self.edited, self.fail, self.entries)
        self.wrap: Callable[[str, Any], Any] = lambda candidate, function: function
        self.enter: Callable[[str], None] = lambda candidate: None
        self.summary: Callable[[], dict[str, Any]] = dict
        self.finish: Callable[[], dict[str, Any]] = dict
        self.cut = False
        self.cut_reason = ""
        self.running = False
        self.ended = False
        self.send = line.send
        self.receive = line.receive
        self.owner = line.owner
        self.explain: Callable[[str], None] = lambda message: None
        # Whether what this thread does to files is the guard's doing: an audit hook is to overlook it.
        self.guarding: Callable[[], bool] = lambda: False
        self.network: Network | None = None
        self._attempts = 0
        self._lock = threading.RLock()
        self._main = threading.get_ident()

    def request_cut(self, reason: str) -> None:
        """Have the script unwound at the next boundary."""
        self.cut, self.cut_reason = True, self.cut_reason or reason

    def fail(self, error: Exception) -> None:
        """Tell of a failure of ours beside the script, and end the run: what it would still see is incomplete."""
        self.send("role_error", error=str(error), trace="".join(traceback.format_exception(error)))
        self.request_cut("hybridize itself failed")
        self.job["deadline_seconds"] = 0.0

    def boundary(self) -> None:
        """A place where the script may be unwound: called by hooks before a call, outside of any trace.

        Raises StopRun when the run is to end; ends the process when the script swallows that again and
        again, or makes its calls in another thread than the main one.
        """
        if not self.cut:
            return
        self._attempts += 1
        if self._attempts > UNWIND_ATTEMPTS or threading.get_ident() != self._main:
            self.end("cut")
            flush()
            hard_exit(0)
        raise StopRun(self.cut_reason)

    def interrupt(self) -> bool:
        """Interrupt the main thread; whether there is still hope that this unwinds the script."""
        self._attempts += 1
        if signal.getsignal(UNWIND_SIGNAL) == self.unwind and self._attempts <= SIGNAL_ATTEMPTS:
            signal.pthread_kill(self._main, UNWIND_SIGNAL)
            return True
        return False

    def unwind(self, _number: int, _frame: object) -> None:
        """The signal's handler: raises StopRun in the script, and nowhere else."""
        if self.cut and self.running:
            raise StopRun(self.cut_reason)

    def end(self, how: str, amid: bool = False, **fields: Any) -> bool:
        """Send the last event, once: what the role has to say and how the script ended; whether it was sent.

        ``amid``: the script still runs in another thread, so the role may be changing what it reports.
        """
        if os.getpid() != self.owner:
            return False
        with self._lock:
            if self.ended:
                return False
            self.ended = True
        self.running = False
        usage = resource.getrusage(resource.RUSAGE_SELF)
        self.send(
            "ended",
            how=how,
            cut_reason=self.cut_reason if how == "cut" else "",
            final=self._report_amid() if amid else self._report(),
            tensorflow="tensorflow" in sys.modules,
            environment=_environment(),
            devices=[] if amid else _devices(),
            peak_rss_bytes=usage.ru_maxrss * 1024,
            **fields,
        )
        return True

    def stream(self) -> None:
        """Send what the role knows so far, unless the last event is on its way."""
        summary = self.summary()
        with self._lock:
            if summary and not self.ended:
                self.send("summary", summary=summary)

    def _report(self) -> dict[str, Any]:
        try:
            return self.finish()
        except Exception as error:  # a role's failure must not look like the script's
            self.send("role_error", error=f"{type(error).__name__}: {error}", trace=traceback.format_exc())
            return {}

    def _report_amid(self) -> dict[str, Any]:
        for _ in range(3):
            with contextlib.suppress(Exception):
                return self.finish()
        return {}


def _hook(line: int, hook: Any) -> Hook:
    if isinstance(hook, str):
        return hook
    return Stretch(hook["id"], line, hook["last"], tuple(hook["results"]))


def restart_clock(import_seconds: float) -> None:
    """Count the child's time from now: it was forked just now, and spared so long an import of TensorFlow."""
    global started, spared
    started, spared = perf_counter(), import_seconds


def main(job_file: str, events: int, control: int, loaded: Collection[str] = frozenset(sys.modules)) -> int:
    """Run the job in ``job_file``; the exit status is the script's own.

    ``events`` and ``control`` are file descriptors: the line to the parent and the line from it. ``loaded``
    are the names of the modules that a bare interpreter has loaded too.
    """
    line = Line(events, control)
    try:
        job = json.loads(Path(job_file).read_text(encoding="utf-8"))
        job = {"environment": dict(os.environ), "quota": 10 << 30, **job}
        child = Child(job, line)
        _prepare(child)
        importlib.import_module(job["role"]).install(child)
        if not job.get("turns"):
            # A role that takes turns reads the parent's messages itself, at its boundaries; and nothing
            # else is attached to a timed run.
            threading.Thread(target=_keep_watch, args=(child,), daemon=True, name="hybridize-watch").start()
            threading.Thread(target=_obey, args=(child,), daemon=True, name="hybridize-obey").start()
    except Exception as error:
        line.send("role_error", error=f"{type(error).__name__}: {error}", trace=traceback.format_exc())
        return 1
    from .script import run_script

    return run_script(child, loaded)


def flush() -> None:
    """Flush standard output and error, whatever the script has made of them."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def _prepare(child: Child) -> None:
    job = child.job
    if os.environ != job["environment"]:
        os.environ.clear()
        os.environ.update(job["environment"])
    os.chdir(job["cwd"])
    processes.become_subreaper()
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
        trackers.keep_offline(child.finder, os.environ["TMPDIR"], lambda name: network.tell("tracker", name))
    builtins.__dict__[HOOK_NAME] = lambda candidate: lambda function: child.wrap(candidate, function)
    builtins.__dict__[STRETCH_NAME] = hooked(lambda candidate, function: child.wrap(candidate, function))
    builtins.__dict__[ENTRY_NAME] = lambda candidate: child.enter(candidate)
    _note_import(child)
    # A hook is called as it is; what it calls is converted, where the hooked function would have been.
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
    """Tell what the script did before it imported TensorFlow, and hide that the import draws random numbers.

    A forked child is spared the import, and should draw the same numbers from its own seed all the same.
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
    """Where memory runs out, let the kernel choose this process and not the one that tells the user."""
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
    """Stream what is known so far, and cut the script at its deadline even where it makes no calls."""
    grace = child.job.get("grace_seconds", 3.0)
    next_stream = STREAM_SECONDS
    asked = 0.0
    while not child.ended:
        time.sleep(WATCH_SECONDS)
        now = perf_counter() - started
        deadline = child.job.get("deadline_seconds")
        if now >= next_stream:
            next_stream = now + STREAM_SECONDS
            # A dictionary may have grown while it was read; the next second will do.
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


def _environment() -> dict[str, str]:
    known = {"python": sys.version.split()[0]}
    for name in ("tensorflow", "keras", "tf_keras", "numpy"):
        module = sys.modules.get(name)
        version = getattr(module, "__version__", None)
        if isinstance(version, str):
            known[name] = version
    return known


def _devices() -> list[str]:
    """The types of the devices that TensorFlow sees."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return []
    try:
        return sorted({device.device_type for device in tensorflow.config.list_physical_devices()})
    except Exception:  # half an import, or a stand-in: then no fork from it either
        return ["unknown"]
