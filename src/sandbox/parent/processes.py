"""Starts and ends processes (complete on Linux; elsewhere as far as the system allows).

A run is a tree of processes below the child that was started. The child and this process are both
subreapers: an orphan of the script becomes a child of the run's child while that lives, and a child of this
process afterwards. So all processes of a run can be found and ended. See docs/sandbox.md.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..prctl import become_subreaper

MARK = "HYBRIDIZE_RUN"
#: The value of `MARK` in the environment of all processes of our runs.
OWNER = uuid.uuid4().hex
_KILL_ROUNDS = 200
_ROUND_SECONDS = 0.02
_ADOPTED_SECONDS, _IDLE_LOOKS = 5.0, 20

# Every process that was started and is not reaped yet; the lock prevents that a process in the middle of its
# start counts as an orphan.
_table = threading.RLock()
_started: set[int] = set()
_kept: set[int] = set()


class Process:
    """A process that we wait for. The system cannot reuse its id before `reap`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._reaped = False
        _started.add(pid)

    def poll(self) -> int | None:
        """The exit status (after a signal: minus its number), or None while it runs."""
        if self.returncode is None:
            try:
                ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                self.returncode, self._reaped = -signal.SIGKILL, True
                return self.returncode
            if ended is not None:
                exited = ended.si_code == os.CLD_EXITED
                self.returncode = ended.si_status if exited else -ended.si_status
        return self.returncode

    def wait(self, timeout: float) -> bool:
        """Wait for the end, at most ``timeout`` seconds; returns whether it has ended."""
        end = time.monotonic() + max(timeout, 0.0)
        pause = 0.001
        while self.poll() is None:
            if time.monotonic() >= end:
                return False
            time.sleep(pause)
            pause = min(2 * pause, 0.05)
        return True

    def kill(self) -> None:
        """Kill the process and the process group that it leads."""
        if not self._reaped:
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)

    def end(self, timeout: float = 10.0) -> None:
        """Kill it and all its descendants, even those that left its group or session, and reap it."""
        self.kill()
        self.wait(timeout)
        with _table:
            _kill_run(self.pid)
            self.reap()

    def reap(self) -> None:
        """Reap the process if it has ended."""
        if self.poll() is not None:
            if not self._reaped:
                self._reaped = True
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(self.pid, 0)
            _started.discard(self.pid)
            _kept.discard(self.pid)

    def keep(self) -> None:
        """Exempt it from `end_all`: it serves more than one run."""
        _kept.add(self.pid)


def spawn(
    command: Sequence[str],
    environment: Mapping[str, str],
    cwd: str,
    passed: Sequence[int] = (),
    output: int = subprocess.DEVNULL,
    errors: int = subprocess.DEVNULL,
) -> Process:
    """Start a program in a new session; ``passed`` are the file descriptors that it inherits.

    The kernel kills a child that called `die_with` when the *thread* that started it ends. So one thread that
    lives as long as this process starts all children. Raises the exception of `subprocess.Popen`.
    """
    _remember_ends()
    starter = _starter()
    order = _Order(command, environment, cwd, passed, output, errors)
    with _table:
        starter.put(order)
        try:
            order.done.wait()
        except BaseException:
            order.abandon()
            raise
    if order.error is not None:
        raise order.error
    assert order.process is not None
    return order.process


class _Order:
    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        cwd: str,
        passed: Sequence[int],
        output: int,
        errors: int,
    ) -> None:
        self.command, self.environment, self.cwd = command, environment, cwd
        self.passed, self.output, self.errors = passed, output, errors
        self.process: Process | None = None
        self.error: Exception | None = None
        self.done = threading.Event()
        self._abandoned = False

    def carry_out(self) -> None:
        try:
            started = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=self.output,
                stderr=self.errors,
                cwd=self.cwd,
                env={**self.environment, MARK: OWNER},
                pass_fds=tuple(self.passed),
                start_new_session=True,
            )
            self.process = Process(started.pid)
            # We wait for it; `subprocess` must not.
            started.returncode = 0
        except Exception as error:
            self.error = error
        self.done.set()
        if self._abandoned and self.process is not None:
            self.process.kill()

    def abandon(self) -> None:
        self._abandoned = True
        if self.process is not None:
            self.process.kill()


_orders: tuple[int, queue.SimpleQueue[_Order]] | None = None


def _starter() -> queue.SimpleQueue[_Order]:
    """The queue of the thread that starts processes; a forked copy of this process needs its own."""
    global _orders
    with _table:
        if _orders is None or _orders[0] != os.getpid():
            become_subreaper()
            orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
            threading.Thread(target=_carry_out, args=(orders,), daemon=True, name="hybridize-start").start()
            _orders = os.getpid(), orders
        return _orders[1]


def _carry_out(orders: queue.SimpleQueue[_Order]) -> None:
    while True:
        orders.get().carry_out()


@contextlib.contextmanager
def adopting() -> Iterator[None]:
    """Hold the search for orphans while a forked process is being re-parented to this one."""
    _remember_ends()
    with _table:
        yield


def _remember_ends() -> None:
    """Undo an ignored SIGCHLD, which some launchers pass on: the kernel would discard the exit status of children."""
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def end_orphans() -> None:
    """End the processes that finished runs have left or were about to start."""
    with _table:
        _kill_run(None)


def end_all() -> None:
    """End every started process that is not kept, and all orphans."""
    with _table:
        for pid in _started - _kept:
            Process(pid).end()
        end_orphans()


def kill_marked(owner: str) -> None:
    """Kill every process with ``owner``'s mark in its environment; the owner itself is dead."""
    mark = f"{MARK}={owner}".encode()
    for pid in _tree():
        if mark in _environment_of(pid):
            _kill(pid)


def _kill_run(root: int | None) -> None:
    """Kill the descendants of ``root``, the processes of its session and all marked orphans, until none is left."""
    for _ in range(_KILL_ROUNDS):
        tree = _tree()
        victims = _victims(tree, root)
        for pid in victims:
            if tree[pid].state == "Z":
                with contextlib.suppress(OSError):
                    os.waitpid(pid, os.WNOHANG)
            else:
                _kill(pid)
        if not _kill_adopted() and not victims:
            return
        time.sleep(_ROUND_SECONDS)


def _kill_adopted() -> bool:
    """Kill and reap the orphans that this process has adopted, as fast as possible; returns whether there were any.

    A process that forks and exits at once is gone before a scan of the process table ends, and leaves a zombie
    each time. A zombie has no environment, so it is recognized by its session: the processes that this process
    starts for itself stay in its own session. An orphan with children is left to the full scan: its children may
    carry no mark, and are recognized only by their parent.
    """
    own, mark = os.getpid(), f"{MARK}={OWNER}".encode()
    end, idle, found = time.monotonic() + _ADOPTED_SECONDS, 0, False
    # A dying process is not a zombie at once, and its child is not adopted at once: look again.
    while idle < _IDLE_LOOKS and time.monotonic() < end:
        idle += 1
        for pid in reversed(_children(own)):
            if pid in _started:
                continue
            if mark in _environment_of(pid):
                found = True
                if not _children(pid):
                    _kill(pid)
                    idle = 0
            elif _is_foreign_zombie(pid):
                with contextlib.suppress(OSError):
                    os.waitpid(pid, os.WNOHANG)
                    found, idle = True, 0
    return found


def _children(pid: int) -> list[int]:
    """The children of a process's first thread; the kernel gives orphans to that thread."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _is_foreign_zombie(pid: int) -> bool:
    with contextlib.suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return fields[0] == "Z" and int(fields[3]) != os.getsid(0)
    return False


class _Entry:
    """One process's entry in the process table."""

    def __init__(self, parent: int, session: int, state: str) -> None:
        self.parent, self.session, self.state = parent, session, state


def _tree() -> dict[int, _Entry]:
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            found[int(entry.name)] = _Entry(int(fields[1]), int(fields[3]), fields[0])
    return found


def _victims(tree: Mapping[int, _Entry], root: int | None) -> list[int]:
    """The processes of the run ``root`` and of ended runs; of the zombies only our own children."""
    own = os.getpid()
    mark = f"{MARK}={OWNER}".encode()
    doomed: dict[int, bool] = {}

    def is_doomed(pid: int) -> bool:
        if pid in doomed:
            return doomed[pid]
        doomed[pid] = False
        entry = tree.get(pid)
        if entry is None or pid in (own, 1):
            return False
        if pid in _started and pid != root:
            return False
        if pid == root or (root is not None and entry.session == root):
            doomed[pid] = True
        elif entry.parent == own:
            doomed[pid] = mark in _environment_of(pid)
        else:
            doomed[pid] = is_doomed(entry.parent)
        return doomed[pid]

    return [pid for pid, entry in tree.items() if is_doomed(pid) and pid != root and _is_left(entry, own)]


def _is_left(entry: _Entry, own: int) -> bool:
    return entry.state not in "ZX" or (entry.state == "Z" and entry.parent == own)


def _environment_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _kill(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
