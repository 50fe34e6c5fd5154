"""py-spy as a process of its own: found, attached to a running child, waited for, ended.

It reads the memory of the process that it looks into, which takes the right to trace it. Where that right, or
py-spy itself, is missing, there is a sentence that says so, and no error.
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

#: What py-spy may take to read the interpreter's symbols, and to write its file, in seconds.
ATTACH_SECONDS = 8.0
WRITE_SECONDS = 5.0
_PAUSE = 0.01
_YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")
_NO_ATTACH = 3
_ADMIN_ONLY = 2


def find(python: str = sys.executable) -> str | None:
    """The path of the ``py-spy`` that belongs to this environment, or else of the one that a shell would find."""
    return shutil.which("py-spy", path=os.path.dirname(python)) or shutil.which("py-spy")


def forbidden(scope: Path = _YAMA, user: int | None = None) -> str | None:
    """Why nothing can be traced on this machine, where its kernel says so beforehand; else None."""
    try:
        level = int(scope.read_text())
    except (OSError, ValueError):
        return None
    if level >= _NO_ATTACH or (level == _ADMIN_ONLY and (os.geteuid() if user is None else user)):
        return f"this machine does not allow one process to inspect another ({scope} is {level}), which py-spy needs"
    return None


class Spy:
    """One recording of a running process, in the format of speedscope."""

    def __init__(self, program: str, pid: int, rate: int, seconds: float, file: Path) -> None:
        """Start py-spy on the process ``pid``. Raises OSError where it can't be started."""
        # By itself it leaves threads out that wait, as the one does that has called a graph. It is to stop the
        # process for each look (a millisecond): the stack of a process that runs on is torn in one case of three
        # where eager Python is busy, sometimes without its noticing, and shares come out wrong.
        command = [program, "record", "--pid", str(pid), "--idle", "--threads", "--full-filenames"]
        command += ["--rate", str(rate), "--duration", str(max(1, round(seconds)))]
        command += ["--format", "speedscope", "--output", str(file)]
        # A file that has no name any more when it is written to.
        self._said, name = tempfile.mkstemp()
        os.unlink(name)
        try:
            self._process = processes.spawn(command, os.environ, str(file.parent), (), self._said, self._said)
        except BaseException:
            os.close(self._said)
            raise

    def wait_until_sampling(self, seconds: float = ATTACH_SECONDS) -> bool:
        """Wait until it looks for the first time; whether it does."""
        end = time.monotonic() + seconds
        while "Sampling process" not in self.said:
            if self._process.poll() is not None or time.monotonic() > end:
                return "Sampling process" in self.said and self._process.poll() is None
            time.sleep(_PAUSE)
        return True

    @property
    def running(self) -> bool:
        """Whether it still records."""
        return self._process.poll() is None

    @property
    def said(self) -> str:
        """All that it has printed."""
        return os.pread(self._said, 1 << 16, 0).decode(errors="replace")

    @property
    def failed_looks(self) -> int:
        """How often it could not make sense of what it had read."""
        found = re.search(r"Errors: (\d+)", self.said)
        return int(found[1]) if found else 0

    def finish(self) -> None:
        """Have it write what it has, and wait until it has done so."""
        if self.running:
            with contextlib.suppress(OSError):
                os.kill(self._process.pid, signal.SIGINT)
            self._process.wait(WRITE_SECONDS)

    def refusal(self) -> str:
        """Why it could not look into the process, as a sentence."""
        lines = [line.strip().removeprefix("Error: ") for line in self.said.splitlines() if line.strip()]
        said = "; ".join(lines[-2:])[:240]
        if "permission" in said.lower() or "not permitted" in said.lower():
            return f"py-spy is not permitted to inspect other processes here (it says: {said})"
        return f"py-spy could not inspect the script's process ({f'it says: {said}' if said else 'it says nothing'})"

    def close(self) -> None:
        """End it, whatever it does."""
        self._process.end()
        os.close(self._said)
