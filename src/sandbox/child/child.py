"""The interface between a child process and its role: the job, and how the run ends.

A *role* (``dynamic`` and ``sandbox`` have several) is a module with a function ``install(child) -> None``, which
registers the role's callbacks.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

from .clock import perf_counter
from .line import Line
from .network import Network
from .sources import Finder, Hook
from .stretches import Stretch

started = perf_counter()
spared = 0.0
#: After this many requests to unwind that the script swallowed, the process is ended.
UNWIND_ATTEMPTS = 25
SIGNAL_ATTEMPTS = 10
#: Interrupts the script's main thread; schedulers and scripts rarely use this signal themselves.
UNWIND_SIGNAL = signal.SIGRTMAX - 2 if sys.platform == "linux" else signal.SIGUSR2

hard_exit = os._exit


class StopRun(BaseException):
    """Unwinds the script. A BaseException, so that ``except Exception`` lets it through.

    ``made`` counts all of this process, including those that were swallowed: TensorFlow's C++ code turns one that is
    raised in Python code which it calls, such as that of ``tf.py_function``, into an error of its own.
    """

    made = 0

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        StopRun.made += 1


class Child:
    """The child's job, the callbacks that the role sets, and the connection to the parent.

    ``wrap(id, function)`` returns the replacement of a hooked function. ``enter(id)`` is called when a function's own
    code is entered, if the job asks for that. The result of ``summary()`` is streamed while the script runs, that of
    ``finish()`` is sent at its end.
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
        # Imports from the project are redirected to the copy.
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
        # Whether the guard is changing files in this thread; a role's audit hook must ignore that.
        self.guarding: Callable[[], bool] = lambda: False
        self.network: Network | None = None
        self._attempts = 0
        self._lock = threading.RLock()
        self._main = threading.get_ident()

    def request_cut(self, reason: str) -> None:
        """Unwind the script at the next boundary."""
        self.cut, self.cut_reason = True, self.cut_reason or reason

    def fail(self, error: Exception) -> None:
        """Report our own failure and end the run, since its further observations would be incomplete."""
        self.send("role_error", error=str(error), trace="".join(traceback.format_exception(error)))
        self.request_cut("hybridize itself failed")
        self.job["deadline_seconds"] = 0.0

    def boundary(self) -> None:
        """Unwind the script here if requested; hooks call this before a call, outside of any trace.

        Raises StopRun if the run should end. Ends the process if the script has swallowed that too often, or
        calls from another thread than the main one.
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
        """Interrupt the main thread by a signal; False if that cannot unwind the script any more."""
        self._attempts += 1
        if signal.getsignal(UNWIND_SIGNAL) == self.unwind and self._attempts <= SIGNAL_ATTEMPTS:
            signal.pthread_kill(self._main, UNWIND_SIGNAL)
            return True
        return False

    def unwind(self, _number: int, _frame: object) -> None:
        """The signal handler: raises StopRun, but only while the script runs."""
        if self.cut and self.running:
            raise StopRun(self.cut_reason)

    def end(self, how: str, amid: bool = False, **fields: Any) -> bool:
        """Send the last event, once: the role's report and how the script ended. Returns whether it was sent.

        ``amid``: the script still runs in another thread, so the role's report may change while it is made.
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
        """Send the role's summary so far, unless the last event has been sent."""
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
    return Stretch(hook["id"], line, hook["last"], tuple(hook["results"]), hook["expression"])


def restart_clock(import_seconds: float) -> None:
    """Count the child's time from now, just after the fork, which saved ``import_seconds`` of importing TensorFlow."""
    global started, spared
    started, spared = perf_counter(), import_seconds


def flush() -> None:
    """Flush standard output and error; the script may have replaced them, so errors are ignored."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def _environment() -> dict[str, str]:
    known = {"python": sys.version.split()[0]}
    for name in ("tensorflow", "keras", "tf_keras", "numpy"):
        module = sys.modules.get(name)
        version = getattr(module, "__version__", None)
        if isinstance(version, str):
            known[name] = version
    return known


def _devices() -> list[str]:
    """The types of TensorFlow's devices; "unknown" if they can't be listed."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return []
    try:
        return sorted({device.device_type for device in tensorflow.config.list_physical_devices()})
    except Exception:  # a partial import or a stub: "unknown" also rules out a fork
        return ["unknown"]
