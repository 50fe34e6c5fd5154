"""Starts a child process on a scratch copy, talks with it, and ends it: politely, then by force."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ...records import EditedFile, Ending, RunOutcome, Target
from .. import trackers
from ..folders import neighbours
from . import home, processes
from . import scratch as scratch_copy
from .connections import Sentry, ended_by
from .contacts import contacts
from .job import PACKAGE, whole_job
from .nursery import Nursery, admits
from .output import Lines, Log
from .pipes import pieces, pipes

#: The bytes that a run may write; at most half of the space that is free when it starts.
QUOTA_BYTES = 10 << 30
QUOTA_SECONDS = 1.0
#: Seconds to drain a dead child's pipes, and seconds that a child may take to exit after its last event.
DRAIN_SECONDS = 0.5
LEAVING_SECONDS = 10.0
#: Seconds in which all threads that listen to a child must end after the child.
JOIN_SECONDS = 5.0


_BOOTSTRAP = """\
import sys
loaded = frozenset(sys.modules)
if sys.path and sys.path[0] == "":
    sys.path.pop(0)
from {package}.sandbox.prctl import die_with
die_with(int(sys.argv[1]))
from {package}.sandbox.child.entry import main
sys.exit(main(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), loaded))
"""

_living: set[Child] = set()
# The process ids in which `_leave` is registered with `atexit`.
_leaving: set[int] = set()


def base_environment(target: Target) -> dict[str, str]:
    """The environment of every child: this process's, with defaults that make runs comparable."""
    environment = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "TF_CPP_MIN_LOG_LEVEL": "2", **os.environ}
    if target.seed is not None:
        environment.setdefault("PYTHONHASHSEED", str(target.seed))
    return environment


def start(
    target: Target,
    job: dict[str, Any],
    files: Sequence[EditedFile],
    folder: Path,
    label: str,
    nursery: Nursery | None = None,
) -> Child:
    """Start the target in a child process with ``files`` replaced in its scratch copy; returns at once.

    ``job`` names the role (a key of `ROLES`) and its parameters. Every child reads these keys: ``hooks`` (a list of
    ``{"file", "line", "id"}`` with the lines of the files that this child runs; for statements also ``last``, their
    last line, and ``results``, the names of their results), ``unit`` (one such entry), ``entries`` (a list of such
    entries: functions that report when their own code is entered), ``edited`` (ids of the hooked functions that are
    decorated), ``fit`` (the id under which the batches of ``Model.fit`` are hooked), ``deadline_seconds`` and
    ``environment``. Output goes to ``folder/label.log``. With a usable ``nursery``, the child is forked from it.
    Raises OSError if the scratch copy or the log can't be written.
    """
    return Child(target, job, files, folder, label, nursery)


class Child:
    """One child process: its events, its output, and how it ended."""

    def __init__(
        self,
        target: Target,
        job: dict[str, Any],
        files: Sequence[EditedFile],
        folder: Path,
        label: str,
        nursery: Nursery | None = None,
    ) -> None:
        self.label = label
        self.outcome: RunOutcome | None = None
        self.kernel_guard = True
        self.environment_changed: tuple[str, ...] = ()
        self.final: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.role_errors: list[str] = []
        self.log = folder / f"{label}.log"
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._started = False
        self._ended: dict[str, Any] = {}
        self._ended_at = 0.0
        self._rivals: tuple[str, ...] = ()
        self._blocked: list[str] = []
        self._network = target.network
        self._contacts: list[tuple[str, ...]] = []
        self._sentry: Sentry | None = None
        self.kernel_network = True
        self._output = Lines()
        self._stopping = ""
        self._problem = ""
        self._closed = threading.Event()
        self._closing = threading.RLock()
        self._process: processes.Process | None = None
        self._control = -1
        self._control_lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._home = home.new_folder()
        self._begun = time.monotonic()
        # Registered before it runs, so that an interrupt at any moment ends it.
        _living.add(self)
        _leave_at_exit()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.scratch = scratch_copy.lay(target, files, self._home, leave_out=[folder])
            self._quota = min(QUOTA_BYTES, shutil.disk_usage(self._home).free // 2)
            self._log = Log(self.log)
            self._spawn(target, job, nursery)
        except BaseException:
            self._abandon()
            raise

    def _spawn(self, target: Target, job: dict[str, Any], nursery: Nursery | None) -> None:
        given = {**base_environment(target), **job.get("environment", {})}
        environment = scratch_copy.environment(self.scratch, given)
        environment |= {"PYTHONUNBUFFERED": "1", "GIT_OPTIONAL_LOCKS": "0", processes.MARK: processes.OWNER}
        if nursery is not None and not nursery.suits(environment):
            nursery = None
        if self._network.mode != "allow":
            environment |= trackers.variables(environment, str(self.scratch.temporary))
            # Without a sentry the child reports that the kernel does not watch.
            with contextlib.suppress(OSError):
                self._sentry = Sentry(self._home, self._network, self._note_contact)
        whole = whole_job(job, target, self.scratch, environment, self._quota)
        job_file = self._home / "job.json"
        job_file.write_text(json.dumps(whole), encoding="utf-8")
        with pipes(4) as (events, control, output, errors):
            theirs = (output.write, errors.write, events.write, control.read)
            if nursery is not None and nursery.usable:
                beside = neighbours(target.cwd if target.module else os.path.dirname(target.script))
                with processes.adopting():
                    pid = nursery.fork(str(job_file), str(self.scratch.cwd), theirs, beside)
                    self._process = processes.Process(pid) if pid else None
            if self._process is None:
                code = _BOOTSTRAP.format(package=PACKAGE)
                fds = [str(fd) for fd in theirs[2:]]
                command = [sys.executable, "-c", code, str(os.getpid()), str(job_file), *fds]
                self._process = processes.spawn(command, environment, str(self.scratch.cwd), theirs[2:], *theirs[:2])
            self._control = control.take_write()
            self._listen(self._read_events, events.take_read())
            self._listen(self._read_output, output.take_read())
            self._listen(self._read_errors, errors.take_read())
        self._listen(self._watch_space)

    # Listening.

    def _listen(self, listener: Callable[..., None], *fds: int) -> None:
        thread = threading.Thread(target=listener, args=fds, daemon=True, name=f"hybridize-{self.label}")
        self._threads.append(thread)
        thread.start()

    def _read_events(self, fd: int) -> None:
        with os.fdopen(fd, "rb") as stream:
            for line in stream:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict):
                    self._take(event)
        if not self._ended and self._process is not None and not self._process.wait(2 * DRAIN_SECONDS):
            self._problem = "it closed its connection to hybridize, as a daemon does"
        self._events.put(None)

    def _take(self, event: dict[str, Any]) -> None:
        kind = event.get("event")
        if kind == "started":
            self._started = True
            self.kernel_guard = bool(event.get("kernel_guard"))
            self.kernel_network = bool(event.get("kernel_network"))
        elif kind == "summary":
            self.summary = event["summary"]
        elif kind == "tensorflow":
            self.environment_changed, self._rivals = tuple(event["changed"]), tuple(event["rivals"])
        elif kind == "blocked":
            self._blocked.append(_readable(event["path"]))
        elif kind == "network":
            self._note_contact(event["what"], tuple(map(_readable, event["names"])))
        elif kind == "role_error":
            self.role_errors.append(event["trace"])
        elif kind == "ended":
            self._ended, self._ended_at = event, time.monotonic()
            self.final = event.get("final", {})
        self._events.put(event)

    def _note_contact(self, what: str, names: tuple[str, ...]) -> None:
        self._contacts.append((what, *names))
        if what == "refused":
            self._network.refused.add(names[0])
        elif what == "stopped":
            self._network.stopped.add(names[0])

    def _read_output(self, fd: int) -> None:
        for piece in pieces(fd):
            self._log.write(piece)
            self._output.write(piece)
        self._output.close()

    def _read_errors(self, fd: int) -> None:
        for piece in pieces(fd):
            self._log.write(piece)

    def _watch_space(self) -> None:
        """End a run that fills the disk; its results so far count."""
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(self._home).free
            while not self._closed.wait(QUOTA_SECONDS):
                # The folder is measured only if the disk lost that much space; otherwise the run can't have used it.
                if free - shutil.disk_usage(self._home).free > self._quota < _size(self._home, self._quota):
                    self._stopping = self._stopping or "quota"
                    self._problem = f"it wrote more than {self._quota / 1e9:.1f} GB, the limit for a run"
                    self.send({"stop": True})
                    if not self._closed.wait(2 * QUOTA_SECONDS) and self._process is not None:
                        self._process.kill()
                    return

    def receive(self, timeout: float) -> dict[str, Any] | None:
        """The next event; None if no more will come. Raises TimeoutError.

        No more events come when the child's stream has ended, when the child has exited while one of its
        processes keeps the stream open, or when it does not exit although it has sent its last event.
        """
        end = time.monotonic() + max(timeout, 0.0)
        while True:
            left = end - time.monotonic()
            try:
                event = self._events.get(timeout=min(max(left, 0.0), DRAIN_SECONDS))
            except queue.Empty:
                if not self.alive or (self._ended_at and time.monotonic() > self._ended_at + LEAVING_SECONDS):
                    return None
                if left > DRAIN_SECONDS:
                    continue
                raise TimeoutError(f"{self.label} sent nothing for {timeout:.0f} s") from None
            if event is None:
                self._events.put(None)
            return event

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the child; does nothing if the child is gone."""
        with self._control_lock, contextlib.suppress(OSError):
            if self._control >= 0:
                os.write(self._control, json.dumps(message).encode() + b"\n")

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines printed so far, with paths of the scratch copy replaced by the user's."""
        return tuple(self.scratch.original(line) for line in list(self._output.kept))

    @property
    def peak_rss_bytes(self) -> int:
        """The child's peak resident memory so far, in bytes; 0 if it can't be read."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = self._process.pid if self._process is not None else 0
            for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        return int(self._ended.get("peak_rss_bytes", 0))

    @property
    def busy_seconds(self) -> float:
        """Seconds: the CPU time of all the child's threads plus the time that the first one waited for a CPU."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            entry = Path(f"/proc/{self._process.pid if self._process is not None else 0}")
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            ticks = int(fields[11]) + int(fields[12])
            waited = int((entry / "schedstat").read_text().split()[1])
            return ticks / os.sysconf("SC_CLK_TCK") + waited / 1e9
        return 0.0

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process is not None and self._process.poll() is None

    # Ending.

    def stop(self, grace: float = 5.0) -> RunOutcome:
        """Ask the child to unwind its script, wait ``grace`` seconds, then end it by force."""
        if self.outcome is None and self._process is not None:
            self._stopping = self._stopping or "stopped"
            self.send({"stop": True})
            self._process.wait(grace)
        return self.close()

    def wait(self, timeout: float) -> RunOutcome:
        """Wait for the child's end; kill it after ``timeout`` seconds."""
        if self.outcome is None and self._process is not None and not self._process.wait(timeout):
            self._stopping = self._stopping or "timeout"
        return self.close()

    def close(self) -> RunOutcome:
        """Kill the child and its descendants now, and remove its scratch copy."""
        with self._closing:
            if self.outcome is not None:
                return self.outcome
            forced = self.alive
            peak = self.peak_rss_bytes
            self._abandon()
            self.outcome = self._describe(forced, peak)
            return self.outcome

    def _abandon(self) -> None:
        self._closed.set()
        if self._process is not None:
            self._process.end()
        end = time.monotonic() + JOIN_SECONDS
        if self._sentry is not None:
            self._sentry.close(JOIN_SECONDS)
        with self._control_lock:
            if self._control >= 0:
                os.close(self._control)
            self._control = -1
        for thread in self._threads:
            thread.join(timeout=max(0.0, end - time.monotonic()))
        if hasattr(self, "_log"):
            self._log.close()
        home.remove(self._home)
        _living.discard(self)

    def _describe(self, forced: bool, peak: int) -> RunOutcome:
        ended = self._ended
        code = self._process.returncode if self._process is not None else None
        if ended:
            ending = Ending(ended["how"])
            code = 0 if ending is Ending.FINISHED else ended.get("code", code)
        elif self._stopping == "timeout":
            ending = Ending.TIMEOUT
        elif forced or self._stopping == "quota":
            ending = Ending.CUT
        else:
            ending = Ending.KILLED if code is not None and code < 0 else Ending.EXITED
        if ending in (Ending.RAISED, Ending.EXITED) and code and (refused := ended_by(self._contacts, ended)):
            # It failed because we refused a connection of a program or of C code.
            ending = Ending.CUT
            self._note_contact("stopped", (refused,))
        if not (self._started or self._stopping or self.role_errors or (code or 0) < 0):
            self.role_errors.append(f"the child process ended with status {code} before it began")
        error, place = ended.get("error") or self._problem, ended.get("error_place")
        devices = ended.get("devices") or ["unknown"]
        return RunOutcome(
            ending=ending,
            code=code,
            seconds=time.monotonic() - self._begun,
            log=str(self.log),
            error=_readable(self.scratch.original(error)) if error else None,
            error_type=ended.get("error_type"),
            error_place=_readable(self.scratch.original(place)) if place else None,
            lines=self.lines,
            lines_dropped=self._output.dropped,
            units=int(ended.get("final", {}).get("units", 0)),
            tensorflow_imported=bool(ended.get("tensorflow", False)),
            blocked_writes=tuple(dict.fromkeys(self._blocked)),
            peak_rss_bytes=max(peak, int(ended.get("peak_rss_bytes", 0))),
            environment=ended.get("environment", {}),
            forkable=admits(self.environment_changed, devices, self._rivals),
            kernel_guard=self.kernel_guard,
            contacts=contacts(self._contacts, self.kernel_network),
        )


@contextlib.contextmanager
def all_stopped() -> Iterator[None]:
    """On exit, for whatever reason, end all children and remove all scratch copies.

    Inside, SIGTERM and SIGHUP interrupt this process as Ctrl-C does, unless they have a handler. During the
    cleanup, which takes seconds, all three signals are ignored.
    """
    previous: dict[signal.Signals, Any] = {}
    # Only the main thread can set handlers, and only Python's handlers can be restored.
    if threading.current_thread() is threading.main_thread():
        wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        previous = {each: handler for each in wanted if (handler := signal.getsignal(each)) is not None}
    try:
        for number, handler in previous.items():
            if handler is signal.SIG_DFL:
                signal.signal(number, signal.default_int_handler)
        yield
    finally:
        for number in previous:
            signal.signal(number, signal.SIG_IGN)
        _leave(os.getpid())
        for number, handler in previous.items():
            signal.signal(number, handler)


def _leave_at_exit() -> None:
    """Register `_leave` with `atexit`, once for each process: a forked copy has children of its own."""
    if os.getpid() not in _leaving:
        _leaving.add(os.getpid())
        atexit.register(_leave, os.getpid())


def _leave(owner: int) -> None:
    """End all children and remove their files, but only in the process ``owner``, not in a forked copy of it."""
    if os.getpid() != owner:
        return
    for child in list(_living):
        child._stopping = child._stopping or "stopped"
        with contextlib.suppress(Exception):
            child.close()
    processes.end_all()
    home.remove_home()


def _size(folder: Path, enough: int) -> int:
    """The bytes that a folder takes on the disk; stops counting above ``enough``."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(f"{place}/{name}").st_blocks * 512
        if size > enough:
            break
    return size


def _readable(text: str) -> str:
    """The text with what UTF-8 cannot encode escaped: file names may contain other bytes."""
    return text.encode("utf-8", "backslashreplace").decode()
