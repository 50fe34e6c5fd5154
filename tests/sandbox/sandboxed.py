"""A project of a user's and its child processes, as the tests of this folder see them."""

from __future__ import annotations

import os
import stat
import textwrap
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hybridize.records import EditedFile, Network, RunOutcome, Target
from hybridize.sandbox.parent import launch
from hybridize.sandbox.parent.nursery import Nursery

#: Long enough for a machine that is busy with other things; a test that waits so long has failed.
PATIENCE = 120.0


class Project:
    """A project of the user's, in a folder of its own, and the means to run its script."""

    def __init__(self, root: Path, logs: Path) -> None:
        self.root = root
        self.logs = logs
        self.cwd = root
        self.seed: int | None = None
        self.network = Network()
        self.children: list[launch.Child] = []
        root.mkdir(parents=True)

    def write(self, name: str, text: str | bytes = "") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        return path

    def target(self, script: str = "train.py", *arguments: str, module: str | None = None) -> Target:
        place = str(self.root / script)
        return Target(str(self.root), str(self.cwd), place, arguments, module, self.seed, self.network)

    def start(
        self,
        source: str | None = None,
        *arguments: str,
        script: str = "train.py",
        module: str | None = None,
        seconds: float = PATIENCE,
        files: Sequence[EditedFile] = (),
        nursery: Nursery | None = None,
        **job: Any,
    ) -> launch.Child:
        """Start the script (with the text ``source``) in a child that watches no candidate."""
        if source is not None:
            self.write(script, source)
        whole = {"role": "observe", "candidates": {}, "deadline_seconds": seconds, **job}
        label = f"run-{len(self.children)}"
        child = launch.start(self.target(script, *arguments, module=module), whole, files, self.logs, label, nursery)
        self.children.append(child)
        return child

    def run(self, source: str | None = None, *arguments: str, **options: Any) -> RunOutcome:
        """Run the script to its end."""
        child = self.start(source, *arguments, **options)
        follow(child)
        outcome = child.wait(PATIENCE)
        assert not child.role_errors
        return outcome

    def log(self) -> str:
        return self.children[-1].log.read_text(errors="replace")


def follow(child: launch.Child, until: str = "ended") -> dict[str, Any] | None:
    """Read a child's events up to one of that name; None where the events end before."""
    end = time.monotonic() + PATIENCE
    while (event := child.receive(end - time.monotonic())) is not None:
        if event["event"] == until:
            return event
    return None


def state(folder: Path) -> dict[str, tuple[Any, ...]]:
    """All that a user would notice of a folder: names, kinds, modes, times and contents."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content: Any = None
        if stat.S_ISLNK(status.st_mode):
            content = os.readlink(path)
        elif stat.S_ISREG(status.st_mode):
            content = path.read_bytes()
        seen = () if stat.S_ISDIR(status.st_mode) else (status.st_mtime_ns,)
        found[str(path.relative_to(folder))] = (status.st_mode, *seen, content)
    return found


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def marked(mark: str) -> list[int]:
    """The processes whose command line holds a text."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "cmdline").read_bytes() and is_running(int(entry.name)):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Whether a condition comes true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
