"""Records the lines where the script starts other Python processes, and their CPU time (in the child process).

Those processes are not watched, so functions that only they call are unobserved. The report must say so, with the line.
"""

from __future__ import annotations

import functools
import os
import re
import shlex
import sys
import threading
from collections.abc import Iterable
from typing import Any

from ...sandbox.child.child import Child
from .effects import Project

#: At most this many lines are reported.
MOST_LINES = 20
_STARTS = frozenset({"os.fork", "os.forkpty", "subprocess.Popen", "os.posix_spawn", "os.system", "os.exec"})
_PYTHON = re.compile(r"(python[\d.]*|pythonw|torchrun|horovodrun|mpirun|mpiexec)(\.exe)?")
_SHELL_ENDS = re.compile(r"[;&|]+")


class Offspring:
    """The Python processes that were started so far."""

    def __init__(self, child: Child, project: Project) -> None:
        self.project = project
        self.started: dict[tuple[str, str], None] = {}
        self._pid = os.getpid()
        self._local = threading.local()
        sys.addaudithook(self._hear)
        child.finder.after("multiprocessing.process", self._watch)

    def report(self) -> dict[str, Any]:
        """The results so far, in the form that is sent to the parent; times are CPU seconds."""
        own = os.times()
        return {
            "started": [{"how": how, "place": place} for how, place in self.started],
            "seconds": sum(_seconds(pid) for pid in _below(self._pid)) + own.children_user + own.children_system,
            "own_seconds": own.user + own.system,
        }

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event not in _STARTS:
            return
        if os.getpid() != self._pid or getattr(self._local, "is_starting", False):
            return
        if event.startswith("os.fork") or is_python(_arguments(args[0 if event == "os.system" else 1])):
            self._note(event)

    def _watch(self, module: Any) -> None:
        original = module.BaseProcess.start

        @functools.wraps(original)
        def start(process: Any) -> Any:
            if os.getpid() == self._pid:
                self._note("multiprocessing")
            self._local.is_starting = True
            try:
                return original(process)
            finally:
                self._local.is_starting = False

        module.BaseProcess.start = start

    def _note(self, how: str) -> None:
        if len(self.started) < MOST_LINES:
            self.started[how, self.project.place() or ""] = None


def is_python(words: Iterable[str]) -> bool:
    """Whether a command runs Python, directly, through a launcher or in a shell command."""
    for word in words:
        if " " in word and is_python(_words(word)):
            return True
        if _PYTHON.fullmatch(os.path.basename(word)) or word == sys.executable or word.endswith(".py"):
            return True
    return False


def _words(command: str) -> list[str]:
    try:
        return shlex.split(_SHELL_ENDS.sub(" ", command))
    except ValueError:
        return command.split()


def _arguments(given: Any) -> list[str]:
    """The words of a command, which is a text, a path or a sequence."""
    return _words(os.fsdecode(given)) if isinstance(given, str | bytes | os.PathLike) else list(map(os.fsdecode, given))


def _below(root: int) -> list[int]:
    """The descendants of a process, from /proc (Linux)."""
    found: list[int] = []
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        try:
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError:
            continue
        for thread in threads:
            try:
                with open(f"/proc/{pid}/task/{thread}/children") as file:
                    children = [int(child) for child in file.read().split()]
            except (OSError, ValueError):
                continue
            found += children
            waiting += children
    return found


def _seconds(pid: int) -> float:
    """The CPU seconds of a process and of the children that it has waited for; 0 if unknown."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0
