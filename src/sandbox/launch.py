"""Starts a child process on a scratch copy, talks with it, and ends it: politely, then by force."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from ..records import EditedFile, Ending, RunOutcome, Target
from . import processes
from . import scratch as scratch_copy
from .nursery import Nursery, admits

LINES_KEPT = 20_000
LINE_LENGTH = 2_000
LOG_BYTES = 16 << 20

Process = subprocess.Popen[bytes] | processes.Forked

# What a child can be: the module (of this package) that the role is installed from.
_ROLES = {
    "timed": "sandbox.units",
    "observe": "dynamic.observing",
    "check": "dynamic.checking",
    "replay": "dynamic.replaying",
}

_living: set[Child] = set()


def base_environment(target: Target) -> dict[str, str]:
    """The environment of every child: this process's, with defaults for what makes runs comparable."""
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

    ``job`` names the role (a key of ``_ROLES``) and what it needs. Of its keys, ``hooks`` (a list of ``{"file",
    "line", "id"}``, lines as in the files that this child runs), ``unit`` (the same, one of them), ``edited``
    (ids of the hooked functions that ``files`` decorate), ``deadline_seconds`` and ``environment`` are read
    here. Output goes to ``folder/label.log``. With a ``nursery`` that is usable, the child is forked from it.
    """
    return Child(target, job, files, folder, label, nursery)


class Child:
    """One child process: the events it sends, the lines it prints, how it ended."""

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
        self.kernel_guard = False
        self.environment_changed: tuple[str, ...] = ()
        self.final: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.role_errors: list[str] = []
        self.log = folder / f"{label}.log"
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._home = Path(tempfile.mkdtemp(prefix="hybridize-"))
        self.scratch = scratch_copy.lay(target, files, self._home / "run", leave_out=[folder])
        self._token = processes.new_token()
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
        self._process = self._spawn(target, job, nursery)
        self._readers = [
            threading.Thread(target=self._read_events, daemon=True),
            threading.Thread(target=self._read_output, args=(self._output_stream, True), daemon=True),
            threading.Thread(target=self._read_output, args=(self._errors_stream, False), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        _living.add(self)

    def _spawn(self, target: Target, job: dict[str, Any], nursery: Nursery | None) -> Process:
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
            "project": (target.root, str(self.scratch.root)),
            "scratch": str(self._home),
            "cwd": str(self.scratch.cwd),
            "script": str(self.scratch.path(target.script)),
            "module": target.module,
            "arguments": list(target.arguments),
            "seed": target.seed,
        }
        job_file = self._home / "job.json"
        job_file.write_text(json.dumps(full), encoding="utf-8")
        environment = {**base_environment(target), **job.get("environment", {})}
        environment.update(
            {
                processes.TOKEN_VARIABLE: self._token,
                "PYTHONUNBUFFERED": "1",
                "TMPDIR": str(self.scratch.temporary),
                "GIT_OPTIONAL_LOCKS": "0",
            }
        )
        events_read, events_write = os.pipe()
        control_read, control_write = os.pipe()
        output_read, output_write = os.pipe()
        errors_read, errors_write = os.pipe()
        theirs = (output_write, errors_write, events_write, control_read)
        try:
            pid = None
            if nursery is not None:
                pid = nursery.fork(str(job_file), str(self.scratch.cwd), environment, theirs)
            process = processes.Forked(pid) if pid else self._start_plainly(package, job_file, environment, theirs)
        finally:
            for fd in theirs:
                os.close(fd)
        self._events_stream = os.fdopen(events_read, "rb")
        self._output_stream = os.fdopen(output_read, "rb")
        self._errors_stream = os.fdopen(errors_read, "rb")
        self._control_fd = control_write
        return process

    def _start_plainly(
        self, package: str, job_file: Path, environment: dict[str, str], fds: tuple[int, int, int, int]
    ) -> subprocess.Popen[bytes]:
        output, errors, events, control = fds
        code = f"import sys; sys.path.pop(0); from {package}.sandbox.child import main; sys.exit(main(*sys.argv[1:2], "
        code += "*map(int, sys.argv[2:])))"
        processes.become_subreaper()
        return subprocess.Popen(
            [sys.executable, "-c", code, str(job_file), str(events), str(control)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            cwd=str(self.scratch.cwd),
            env=environment,
            pass_fds=(events, control),
            start_new_session=True,
            preexec_fn=processes.die_with_parent,
        )

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
        elif kind == "tensorflow":
            self.environment_changed = tuple(event["changed"])
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
        end = time.monotonic() + max(timeout, 0.0)
        pause = 0.001
        while self._process.poll() is None:
            if time.monotonic() >= end:
                return False
            time.sleep(pause)
            pause = min(2 * pause, 0.05)
        return True

    def _close(self) -> RunOutcome:
        if self.outcome is not None:
            return self.outcome
        forced = self._process.poll() is None
        peak = self.peak_rss_bytes
        processes.kill_group(self._process.pid)
        self._wait(10.0)
        processes.kill_marked(self._token)
        _living.discard(self)
        processes.kill_orphans({child._process.pid for child in _living if child is not self})
        for reader in self._readers:
            reader.join(timeout=5.0)
        with contextlib.suppress(OSError):
            os.close(self._control_fd)
        for stream in (self._events_stream, self._output_stream, self._errors_stream):
            stream.close()
        self.outcome = self._describe(forced, peak)
        self.scratch.remove()
        shutil.rmtree(self._home, ignore_errors=True)
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
            forkable=bool(ended) and admits(self.environment_changed, ended.get("devices", ["unknown"])),
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
