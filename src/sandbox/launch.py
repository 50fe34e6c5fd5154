"""Starts a child process on a scratch copy, talks with it, and ends it: politely, then by force."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from ..records import EditedFile, Ending, RunOutcome, Target
from . import scratch as scratch_copy

LINES_KEPT = 20_000
LINE_LENGTH = 2_000
LOG_BYTES = 16 << 20
TOKEN_VARIABLE = "HYBRIDIZE_RUN"
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

# What a child can be: the module (of this package) that the role is installed from.
_ROLES = {
    "timed": "sandbox.units",
    "observe": "dynamic.observing",
    "check": "dynamic.checking",
    "replay": "dynamic.replaying",
}

_living: set[Child] = set()


def start(
    target: Target,
    job: dict[str, Any],
    files: Sequence[EditedFile],
    folder: Path,
    label: str,
) -> Child:
    """Start the target in a child process with ``files`` replaced in its scratch copy; returns at once.

    ``job`` names the role (a key of ``_ROLES``) and what it needs. Of its keys, ``hooks`` (a list of ``{"file",
    "line", "id"}``, lines as in the files that this child runs), ``unit`` (the same, one of them), ``edited``
    (ids of the hooked functions that ``files`` decorate), ``deadline_seconds`` and ``environment`` are read
    here. Output goes to ``folder/label.log``.
    """
    return Child(target, job, files, folder, label)


class Child:
    """One child process: the events it sends, the lines it prints, how it ended."""

    def __init__(
        self, target: Target, job: dict[str, Any], files: Sequence[EditedFile], folder: Path, label: str
    ) -> None:
        self.label = label
        self.outcome: RunOutcome | None = None
        self.kernel_guard = False
        self.final: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.role_errors: list[str] = []
        self.log = folder / f"{label}.log"
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._home = Path(tempfile.mkdtemp(prefix="hybridize-"))
        self.scratch = scratch_copy.lay(target, files, self._home / "run", leave_out=[folder])
        self._token = uuid.uuid4().hex
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._ended: dict[str, Any] | None = None
        self._blocked: list[str] = []
        self._lines: list[str] = []
        self._dropped = 0
        self._logged = 0
        self._log_lock = threading.Lock()
        self.log.write_bytes(b"")
        self._stopping = ""
        self._begun = time.monotonic()
        self._process = self._spawn(target, job)
        self._readers = [
            threading.Thread(target=self._read_events, daemon=True),
            threading.Thread(target=self._read_output, args=(self._process.stdout, True), daemon=True),
            threading.Thread(target=self._read_output, args=(self._process.stderr, False), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        _living.add(self)

    def _spawn(self, target: Target, job: dict[str, Any]) -> subprocess.Popen[bytes]:
        events_read, events_write = os.pipe()
        control_read, control_write = os.pipe()
        hooks: dict[str, dict[int, str]] = {}
        wanted = [*job.get("hooks", ()), *([{"id": "unit", **job["unit"]}] if job.get("unit") else [])]
        for hook in wanted:
            hooks.setdefault(str(self.scratch.root / hook["file"]), {})[hook["line"]] = hook["id"]
        package = __name__.rsplit(".", 2)[0]
        full = {
            **job,
            "role": f"{package}.{_ROLES[job['role']]}",
            "turns": job["role"] == "timed",
            "hooks": hooks,
            "edited": list(job.get("edited", ())),
            "mapping": self.scratch.mapping,
            "scratch": str(self._home),
            "cwd": str(self.scratch.cwd),
            "script": str(self.scratch.path(target.script)),
            "module": target.module,
            "arguments": list(target.arguments),
            "seed": target.seed,
            "events_fd": events_write,
            "control_fd": control_read,
        }
        job_file = self._home / "job.json"
        job_file.write_text(json.dumps(full), encoding="utf-8")
        environment = {**os.environ, **job.get("environment", {})}
        environment.update(
            {
                TOKEN_VARIABLE: self._token,
                "PYTHONUNBUFFERED": "1",
                "TMPDIR": str(self.scratch.temporary),
                "GIT_OPTIONAL_LOCKS": "0",
            }
        )
        environment.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
        environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        if target.seed is not None:
            environment.setdefault("PYTHONHASHSEED", str(target.seed))
        code = f"import sys; from {package}.sandbox.child import main; sys.path.pop(0); sys.exit(main(sys.argv[1]))"
        _become_subreaper()
        try:
            process = subprocess.Popen(
                [sys.executable, "-c", code, str(job_file)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=str(self.scratch.cwd),
                env=environment,
                pass_fds=(events_write, control_read),
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        finally:
            os.close(events_write)
            os.close(control_read)
        self._events_stream = os.fdopen(events_read, "rb")
        self._control_fd = control_write
        return process

    # Listening.

    def _read_events(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in self._events_stream:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                self._take(event)
        self._events.put(None)

    def _take(self, event: dict[str, Any]) -> None:
        kind = event.get("event")
        if kind == "started":
            self.kernel_guard = bool(event.get("kernel_guard"))
        elif kind == "summary":
            self.summary = event["summary"]
        elif kind == "blocked":
            self._blocked.append(event["path"])
        elif kind == "role_error":
            self.role_errors.append(event["trace"])
        elif kind == "ended":
            self._ended = event
            self.final = event.get("final", {})
        self._events.put(event)

    def _read_output(self, stream: IO[bytes], keep: bool) -> None:
        """Copy a stream to the log, up to a limit; the lines of standard output are kept for comparison."""
        with contextlib.suppress(OSError, ValueError):
            pending = b""
            while chunk := os.read(stream.fileno(), 1 << 16):
                self._log_chunk(chunk)
                if keep:
                    pending = self._keep_lines(pending + chunk)
            if pending:
                self._keep_lines(pending + b"\n")

    def _log_chunk(self, chunk: bytes) -> None:
        with self._log_lock:
            if self._logged >= LOG_BYTES:
                return
            self._logged += len(chunk)
            if self._logged >= LOG_BYTES:
                chunk += b"\n[hybridize: the log is cut here]\n"
            with open(self.log, "ab") as log:
                log.write(chunk)

    def _keep_lines(self, data: bytes) -> bytes:
        *lines, rest = data.split(b"\n")
        for line in lines:
            if len(self._lines) < LINES_KEPT:
                self._lines.append(line[:LINE_LENGTH].decode("utf-8", "replace"))
            else:
                self._dropped += 1
        return rest[-(1 << 20) :]

    def receive(self, timeout: float) -> dict[str, Any] | None:
        """The next event; None once the child's stream has ended. Raises TimeoutError."""
        try:
            event = self._events.get(timeout=max(timeout, 0.0))
        except queue.Empty:
            raise TimeoutError(f"{self.label} said nothing for {timeout:.0f} s") from None
        if event is None:
            self._events.put(None)
        return event

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the child. A child that is gone is no error."""
        with contextlib.suppress(OSError):
            os.write(self._control_fd, json.dumps(message).encode() + b"\n")

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines printed so far, paths of the scratch copy turned back into the user's."""
        return tuple(self.scratch.original(line) for line in list(self._lines))

    @property
    def peak_rss_bytes(self) -> int:
        """The child's peak resident memory so far, in bytes (0 where that can't be read)."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        return int((self._ended or {}).get("peak_rss_bytes", 0))

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    # Ending.

    def stop(self, grace: float = 5.0) -> RunOutcome:
        """Ask the child to unwind its script, wait ``grace`` seconds, then end it by force."""
        if self.outcome is None:
            self._stopping = self._stopping or "stopped"
            self.send({"stop": True})
            self._wait(grace)
        return self._close()

    def wait(self, timeout: float) -> RunOutcome:
        """Wait for the child's end; by force after ``timeout`` seconds."""
        if self.outcome is None and not self._wait(timeout):
            self._stopping = self._stopping or "timeout"
        return self._close()

    def _wait(self, timeout: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=max(timeout, 0.0))
            return True
        return False

    def _close(self) -> RunOutcome:
        if self.outcome is not None:
            return self.outcome
        forced = self._process.poll() is None
        peak = self.peak_rss_bytes
        _kill_group(self._process.pid)
        self._process.wait()
        _kill_marked(self._token)
        for reader in self._readers:
            reader.join(timeout=5.0)
        with contextlib.suppress(OSError):
            os.close(self._control_fd)
        self._events_stream.close()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        self.outcome = self._describe(forced, peak)
        self.scratch.remove()
        shutil.rmtree(self._home, ignore_errors=True)
        _living.discard(self)
        return self.outcome

    def _describe(self, forced: bool, peak: int) -> RunOutcome:
        ended = self._ended or {}
        code: int | None = self._process.returncode
        if ended:
            ending = Ending(ended["how"])
            code = ended.get("code", code)
            if ending is Ending.FINISHED and not forced:
                code = 0
        elif self._stopping == "timeout":
            ending = Ending.TIMEOUT
        elif forced:
            ending = Ending.CUT
        else:
            ending = Ending.KILLED if code is not None and code < 0 else Ending.EXITED
        place = ended.get("error_place")
        return RunOutcome(
            ending=ending,
            code=code,
            seconds=time.monotonic() - self._begun,
            log=str(self.log),
            error=self.scratch.original(ended["error"]) if ended.get("error") else None,
            error_type=ended.get("error_type"),
            error_place=self.scratch.original(place) if place else None,
            lines=self.lines,
            lines_dropped=self._dropped,
            units=int(ended.get("final", {}).get("units", 0)),
            tensorflow_imported=bool(ended.get("tensorflow", False)),
            blocked_writes=tuple(self._blocked),
            peak_rss_bytes=max(peak, int(ended.get("peak_rss_bytes", 0))),
            environment=ended.get("environment", {}),
        )


@contextlib.contextmanager
def all_stopped() -> Iterator[None]:
    """On leaving, for whatever reason, no child of ours is left running."""
    try:
        yield
    finally:
        for child in list(_living):
            child._stopping = child._stopping or "stopped"
            with contextlib.suppress(Exception):
                child._close()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _become_subreaper() -> None:
    """Have processes that the script orphans become ours, so that they can be found and ended."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _kill_marked(token: str) -> None:
    """End every process that carries this run's mark in its environment (daemons of the script, too)."""
    mark = f"{TOKEN_VARIABLE}={token}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)
                os.waitpid(int(entry.name), 0)  # ours by now, if the script had orphaned it
        except (OSError, ValueError):
            continue
