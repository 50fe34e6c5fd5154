"""Runs py-spy as a separate process: finds it, attaches it to a running child, waits for it and ends it.

py-spy reads the memory of the sampled process, which needs the permission to trace it. If this permission or py-spy is
missing, a sentence says so; no error is raised.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from ..sandbox.parent import processes

#: The seconds that py-spy may take to read the interpreter's symbols, and to write its file.
ATTACH_SECONDS = 8.0
WRITE_SECONDS = 5.0
_PAUSE = 0.01
_YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")
_NO_ATTACH = 3
_ADMIN_ONLY = 2


def find(python: str = sys.executable) -> str | None:
    """The path of this environment's ``py-spy``, or else of the one on PATH."""
    return shutil.which("py-spy", path=os.path.dirname(python)) or shutil.which("py-spy")


def forbidden(scope: Path = _YAMA, user: int | None = None) -> str | None:
    """Why the kernel does not allow tracing on this machine; None if it does or does not say."""
    try:
        level = int(scope.read_text())
    except (OSError, ValueError):
        return None
    if level >= _NO_ATTACH or (level == _ADMIN_ONLY and (os.geteuid() if user is None else user)):
        return f"this machine does not allow one process to inspect another ({scope} is {level}), which py-spy needs"
    return None


class Spy:
    """A recording of a running process in the format of speedscope."""

    def __init__(self, program: str, pid: int, rate: int, seconds: float, file: Path) -> None:
        """Start py-spy on the process ``pid``. Raises OSError if it can't be started."""
        # --idle: by default py-spy leaves out waiting threads, and a thread that has called a graph waits.
        # Not --nonblocking: py-spy must stop the process for each sample (a millisecond). Otherwise a third of the
        # samples of busy eager Python are inconsistent, some of them undetected, and the shares are wrong.
        command = [program, "record", "--pid", str(pid), "--idle", "--threads", "--full-filenames"]
        command += ["--rate", str(rate), "--duration", str(max(1, round(seconds)))]
        command += ["--format", "speedscope", "--output", str(file)]
        # The file is unlinked at once, so that nothing is left behind.
        self._said, name = tempfile.mkstemp()
        os.unlink(name)
        try:
            self._process = processes.spawn(command, os.environ, str(file.parent), (), self._said, self._said)
        except BaseException:
            os.close(self._said)
            raise

    def wait_until_sampling(self, seconds: float = ATTACH_SECONDS) -> bool:
        """Wait until py-spy starts to sample. Returns whether it does."""
        end = time.monotonic() + seconds
        while "Sampling process" not in self.said:
            if self._process.poll() is not None or time.monotonic() > end:
                return "Sampling process" in self.said and self._process.poll() is None
            time.sleep(_PAUSE)
        return True

    @property
    def running(self) -> bool:
        """Whether py-spy is still recording."""
        return self._process.poll() is None

    @property
    def said(self) -> str:
        """The output of py-spy so far."""
        return os.pread(self._said, 1 << 16, 0).decode(errors="replace")

    @property
    def failed_looks(self) -> int:
        """The number of samples that py-spy could not read."""
        found = re.search(r"Errors: (\d+)", self.said)
        return int(found[1]) if found else 0

    def finish(self) -> None:
        """Make py-spy write its file, and wait until it has."""
        if self.running:
            with contextlib.suppress(OSError):
                os.kill(self._process.pid, signal.SIGINT)
            self._process.wait(WRITE_SECONDS)

    def refusal(self) -> str:
        """Why py-spy could not sample the process, as a sentence."""
        lines = [line.strip().removeprefix("Error: ") for line in self.said.splitlines() if line.strip()]
        said = "; ".join(lines[-2:])[:240]
        if "permission" in said.lower() or "not permitted" in said.lower():
            return f"py-spy is not permitted to inspect other processes here (it says: {said})"
        return f"py-spy could not inspect the script's process ({f'it says: {said}' if said else 'it says nothing'})"

    def close(self) -> None:
        """End py-spy in any case."""
        self._process.end()
        os.close(self._said)
